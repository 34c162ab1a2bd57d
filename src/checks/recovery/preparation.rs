//! What has to be there, and to be tried, before a region is lost: certificates, experiments.

use stateward_model::kinds::acm::certificate;
use stateward_model::kinds::fis::experiment;
use stateward_model::{Gap, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{age_of, any_holds, copy_regions, here, records};
use crate::checks::told;

pub const DR_32: Check = Check {
    id: "DR-32",
    alias: "certificate-in-recovery-region",
    title: "Certificates exist in the recovery region",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&certificate::KIND, certificate_elsewhere),
    reads: &[Reads {
        kind: &certificate::KIND,
        attributes: &[
            certificate::DOMAIN_NAME.any(),
            certificate::IN_USE_BY.any(),
            certificate::STATUS.any(),
            certificate::SUBJECT_ALTERNATIVE_NAMES.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/DR-32.md"),
};

/// The region whose certificates CloudFront shows.
const EDGE: &str = "us-east-1";

fn certificate_elsewhere(resource: &Resource, view: &View) -> Verdict {
    if !is_issued(resource)? {
        return Ok(Outcome::NotApplicable("it is not issued, so nothing can be served with it"));
    }
    let users = resource.get_or_default(&certificate::IN_USE_BY)?;
    if users.is_empty() {
        return Ok(Outcome::NotApplicable("nothing uses it"));
    }
    // CloudFront takes it from there, and has what it needs at its edges.
    if resource.region() == EDGE && users.iter().all(|user| user.contains(":cloudfront:")) {
        return Ok(Outcome::Pass);
    }
    let regions = copy_regions(resource.region(), view)?;
    let names = names(resource)?;
    if any_holds(regions.iter().map(|region| is_covered(&names, region, view)))? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("no issued certificate in {} covers all its names", regions.join(", "))))
}

/// Whether something can be served with a certificate.
pub(crate) fn is_issued(resource: &Resource) -> Result<bool, Gap> {
    Ok(told(resource.get(&certificate::STATUS)?, "acm:DescribeCertificate")? == "ISSUED")
}

/// The names of a certificate.
pub(crate) fn names(resource: &Resource) -> Result<Vec<String>, Gap> {
    let mut names = resource.get_or_default(&certificate::SUBJECT_ALTERNATIVE_NAMES)?;
    names.extend(resource.get(&certificate::DOMAIN_NAME)?);
    Ok(names)
}

/// Whether one certificate of a region covers all names.
fn is_covered(wanted: &[String], region: &str, view: &View) -> Result<bool, Gap> {
    let there = view.inventory.of(&certificate::KIND).filter(|found| found.region() == region);
    let serves = |found: &Resource| {
        let own = names(found)?;
        let covered = wanted.iter().all(|name| own.iter().any(|pattern| covers(pattern, name)));
        Ok(covered && is_issued(found)?)
    };
    if any_holds(there.map(serves))? {
        return Ok(true);
    }
    here(&certificate::KIND, region, view).map(|_| false)
}

/// Whether a name of a certificate is good for a name. A wildcard stands for one label (RFC 6125, section 6.4.3).
pub(crate) fn covers(pattern: &str, name: &str) -> bool {
    let under = |name: &str| name.split_once('.').map(|(_, parent)| parent.to_owned());
    pattern.eq_ignore_ascii_case(name)
        || pattern
            .strip_prefix("*.")
            .is_some_and(|parent| under(name).is_some_and(|of_name| of_name.eq_ignore_ascii_case(parent)))
}

pub const DR_37: Check = Check {
    id: "DR-37",
    alias: "fault-injection-run",
    title: "Fault-injection experiments are run",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Medium,
    effort: Effort::Large,
    subject: Subject::Estate(experiments_run),
    reads: &[Reads {
        kind: &experiment::KIND,
        attributes: &[
            experiment::ACTIONS.any(),
            experiment::ENDED_AT.any(),
            experiment::STATUS.any(),
            experiment::ZONAL.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/DR-37.md"),
};

/// Days for which an experiment counts.
const DAYS: i64 = 90;

/// Parts of the names of actions that take a zone or a connection between regions away, whatever their targets.
/// <https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html>
const OF_ZONE_OR_REGION: &[&str] = &[
    "az-power",
    "cross-region-connectivity",
    "insufficient-instance-capacity",
    "pause-replication",
    "zonal-autoshift",
];

fn experiments_run(view: &View) -> Verdict {
    let found = view.inventory.of(&experiment::KIND).map(|found| proves(found, view));
    if any_holds(found)? {
        return Ok(Outcome::Pass);
    }
    records(&experiment::KIND, view)?;
    Ok(Outcome::Fail(format!("no experiment on a zone or a region was completed in the last {DAYS} days")))
}

/// An experiment that a stop condition ended is `stopped`, so a completed one left them untouched.
fn proves(found: &Resource, view: &View) -> Result<bool, Gap> {
    const CALL: &str = "fis:GetExperiment";
    if told(found.get(&experiment::STATUS)?, "fis:ListExperiments")? != "completed" {
        return Ok(false);
    }
    if age_of(&told(found.get(&experiment::ENDED_AT)?, CALL)?, view)? > DAYS * 86_400 {
        return Ok(false);
    }
    if told(found.get(&experiment::ZONAL)?, CALL)? {
        return Ok(true);
    }
    let actions = found.get_or_default(&experiment::ACTIONS)?;
    Ok(actions.iter().any(|action| OF_ZONE_OR_REGION.iter().any(|part| action.contains(part))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(covers("*.example.com", "shop.Example.com"));
        assert!(covers("shop.example.com", "SHOP.example.com"));
        assert!(covers("*.example.com", "*.example.com"));
        assert!(!covers("*.example.com", "example.com"));
        assert!(!covers("*.example.com", "a.shop.example.com"));
        assert!(!covers("shop.example.com", "*.example.com"));
    }
}
