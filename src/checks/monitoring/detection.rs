//! Whether anything watches a region: AWS Config, GuardDuty, Security Hub, IAM Access Analyzer.

use stateward_model::kinds::detection::{analyzer, detector, hub, recorder};
use stateward_model::{Gap, Kind, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{here, not_in_state};
use crate::checks::{named, told};
use crate::inventory::Side;

/// What one resource of a kind says: nothing is wrong, this is wrong, or only this far right.
type Judge = fn(&Resource) -> Result<Outcome, Gap>;

/// Every account needs a resource of the kind in the region, and the best one counts.
fn each_account(kind: &'static Kind, region: &str, view: &View, missing: &str, judge: Judge) -> Verdict {
    let found = here(kind, region, view)?;
    let mut accounts: Vec<String> = match view.side {
        Side::Declared => found.iter().map(|resource| resource.account().to_owned()).collect(),
        Side::Live => {
            let places = view.inventory.places(kind).into_iter();
            places.filter(|place| place.region == region).map(|place| place.account).collect()
        }
    };
    accounts.sort();
    accounts.dedup();
    if accounts.is_empty() {
        return Err(not_in_state(kind.name));
    }
    let several = accounts.len() > 1;
    let (mut partial, mut gap) = (None, None);
    for account in accounts {
        let of = found.iter().filter(|resource| resource.account() == account);
        let at = if several { format!(" in account {account}") } else { String::new() };
        match best(of.map(|resource| judge(resource))) {
            None => return Ok(Outcome::Fail(format!("{missing}{at}"))),
            Some(Ok(Outcome::Fail(why))) => return Ok(Outcome::Fail(format!("{why}{at}"))),
            Some(Ok(Outcome::Partial(part, whole, why))) => {
                partial = Some(Outcome::Partial(part, whole, format!("{why}{at}")));
            }
            Some(Ok(_)) => {}
            Some(Err(unread)) => gap = gap.or(Some(unread)),
        }
    }
    match gap {
        Some(gap) => Err(gap),
        None => Ok(partial.unwrap_or(Outcome::Pass)),
    }
}

/// The best of several verdicts; a gap may hide a better one than a failure.
fn best(verdicts: impl Iterator<Item = Verdict>) -> Option<Verdict> {
    let rank = |verdict: &Verdict| match verdict {
        Ok(Outcome::Pass) => 0,
        Ok(Outcome::Partial(..)) => 1,
        Err(_) => 2,
        Ok(_) => 3,
    };
    verdicts.min_by_key(rank)
}

pub const MON_06: Check = Check {
    id: "MON-06",
    alias: "config-recording",
    title: "AWS Config records in each audited region",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Region(config_records),
    reads: &[Reads {
        kind: &recorder::KIND,
        attributes: &[recorder::RECORDING.any(), recorder::LAST_STATUS.any(), recorder::LAST_ERROR.any()],
    }],
    page: include_str!("../../../docs/checks/MON-06.md"),
};

fn config_records(region: &str, view: &View) -> Verdict {
    each_account(&recorder::KIND, region, view, "no configuration recorder", |recorder| {
        if !told(recorder.get(&recorder::RECORDING)?, "config:DescribeConfigurationRecorderStatus")? {
            return Ok(Outcome::Fail(format!("the recorder {} is stopped", recorder.id())));
        }
        match recorder.get(&recorder::LAST_STATUS)?.as_deref() {
            Some("SUCCESS") => Ok(Outcome::Pass),
            Some(status) => {
                let why =
                    recorder.get(&recorder::LAST_ERROR)?.map(|why| format!(" ({why})")).unwrap_or_default();
                Ok(Outcome::Fail(format!("the last delivery of {} ended as {status}{why}", recorder.id())))
            }
            None => Ok(Outcome::Fail(format!("the recorder {} has never delivered", recorder.id()))),
        }
    })
}

pub const MON_07: Check = Check {
    id: "MON-07",
    alias: "guardduty-enabled",
    title: "GuardDuty on in each audited region",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Region(guardduty_on),
    reads: &[Reads { kind: &detector::KIND, attributes: &[detector::ENABLE.any()] }],
    page: include_str!("../../../docs/checks/MON-07.md"),
};

fn guardduty_on(region: &str, view: &View) -> Verdict {
    each_account(&detector::KIND, region, view, "GuardDuty is off: no detector", |detector| {
        match told(detector.get(&detector::ENABLE)?, "guardduty:GetDetector")? {
            true => Ok(Outcome::Pass),
            false => Ok(Outcome::Fail(format!("the detector {} is suspended", detector.id()))),
        }
    })
}

pub const MON_08: Check = Check {
    id: "MON-08",
    alias: "security-hub-enabled",
    title: "Security Hub on",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Region(security_hub_on),
    reads: &[Reads { kind: &hub::KIND, attributes: &[hub::STANDARDS.any()] }],
    page: include_str!("../../../docs/checks/MON-08.md"),
};

fn security_hub_on(region: &str, view: &View) -> Verdict {
    each_account(&hub::KIND, region, view, "Security Hub is off", |hub| {
        let standards = hub.get_or_default(&hub::STANDARDS)?;
        if standards.iter().any(|standard| standard.status == "READY") {
            return Ok(Outcome::Pass);
        }
        if standards.is_empty() {
            return Ok(Outcome::Fail("Security Hub is on, and holds resources against no standard".into()));
        }
        let words: Vec<&str> = standards.iter().map(|standard| standard.status.as_str()).collect();
        Ok(Outcome::Fail(format!("none of the standards of Security Hub is ready: {}", named(&words))))
    })
}

pub const MON_09: Check = Check {
    id: "MON-09",
    alias: "access-analyzer-enabled",
    title: "Access Analyzer on in each region",
    component: "monitoring",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Region(access_analyzer_on),
    reads: &[Reads {
        kind: &analyzer::KIND,
        attributes: &[analyzer::STATUS.any(), analyzer::TYPE.any(), analyzer::EXTERNAL_ACCESS.any()],
    }],
    page: include_str!("../../../docs/checks/MON-09.md"),
};

fn access_analyzer_on(region: &str, view: &View) -> Verdict {
    each_account(&analyzer::KIND, region, view, "no analyzer looks for access from outside", |analyzer| {
        let sort = told(analyzer.get(&analyzer::TYPE)?, "access-analyzer:ListAnalyzers")?;
        if !matches!(sort.as_str(), "ACCOUNT" | "ORGANIZATION") {
            return Ok(Outcome::Fail("no analyzer looks for access from outside".into()));
        }
        let status = told(analyzer.get(&analyzer::STATUS)?, "access-analyzer:ListAnalyzers")?;
        if status != "ACTIVE" {
            return Ok(Outcome::Fail(format!("the analyzer {} is {status}", analyzer.id())));
        }
        let mut open: Vec<String> = analyzer
            .get_or_default(&analyzer::EXTERNAL_ACCESS)?
            .into_iter()
            .map(|access| access.resource)
            .collect();
        open.sort();
        open.dedup();
        if open.is_empty() {
            return Ok(Outcome::Pass);
        }
        let count = open.len();
        Ok(Outcome::Partial(
            1,
            2,
            format!("{count} open to principals outside, by active findings: {}", named(&open)),
        ))
    })
}
