//! Trails: what CloudTrail records, where it goes, and who could read or change it there.

use std::collections::BTreeSet;

use stateward_model::kinds::cloudtrail::trail;
use stateward_model::kinds::s3::bucket;
use stateward_model::{AnyAttr, Cause, Gap, Place, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{age_of, any_holds, not_in_state, partition, span};
use crate::checks::storage::buckets;
use crate::checks::{named, told};
use crate::inventory::Side;
use crate::profile::BucketClass;

/// What tells whether a trail records now, and what.
const RECORDED: &[AnyAttr] = &[
    trail::IS_MULTI_REGION_TRAIL.any(),
    trail::HOME_REGION.any(),
    trail::ENABLE_LOGGING.any(),
    trail::EVENT_SELECTOR.any(),
    trail::ADVANCED_EVENT_SELECTOR.any(),
    trail::INCLUDE_GLOBAL_SERVICE_EVENTS.any(),
];

/// A trail that was made in another audited region is judged there.
fn judged_elsewhere(resource: &Resource, view: &View) -> Result<bool, Gap> {
    if view.side == Side::Declared {
        return Ok(false);
    }
    let home = resource.get_or_default(&trail::HOME_REGION)?;
    let audited = |place: &Place| place.account == resource.account() && place.region == home;
    Ok(home != resource.region() && view.inventory.places(&trail::KIND).iter().any(audited))
}

const ELSEWHERE: Outcome = Outcome::NotApplicable("the same trail is judged in the region where it was made");

pub const MON_01: Check = Check {
    id: "MON-01",
    alias: "cloudtrail-multi-region",
    title: "Multi-region CloudTrail records management events",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Estate(multi_region),
    reads: &[Reads { kind: &trail::KIND, attributes: RECORDED }],
    page: include_str!("../../../docs/checks/MON-01.md"),
};

fn multi_region(view: &View) -> Verdict {
    let mut without = Vec::new();
    for account in accounts(view)? {
        let of = view.inventory.of(&trail::KIND).filter(|trail| trail.account() == account);
        let found = any_holds(of.map(records_management))?;
        if !found {
            without.push(account);
        }
    }
    if without.is_empty() {
        return Ok(Outcome::Pass);
    }
    if view.side == Side::Declared {
        return Err(not_in_state(trail::KIND.name));
    }
    // A trail may hide behind the listing that failed, but only one that is seen proves anything.
    view.inventory.all(&trail::KIND)?;
    let message = "no trail that is on records the management events of all regions, reads and writes";
    Ok(Outcome::Fail(format!("{message}, in account {}", named(&without))))
}

fn accounts(view: &View) -> Result<BTreeSet<String>, Gap> {
    if view.side == Side::Declared {
        let of = view.inventory.of(&trail::KIND).map(|trail| trail.account().to_owned());
        let found: BTreeSet<String> = of.collect();
        return if found.is_empty() { Err(not_in_state(trail::KIND.name)) } else { Ok(found) };
    }
    let places = view.inventory.places(&trail::KIND);
    if places.is_empty() {
        view.inventory.all(&trail::KIND)?;
    }
    Ok(places.into_iter().map(|place| place.account).collect())
}

fn records_management(trail: &Resource) -> Result<bool, Gap> {
    if !trail.get_or_default(&trail::IS_MULTI_REGION_TRAIL)? || !is_on(trail)? {
        return Ok(false);
    }
    let advanced = trail.get_or_default(&trail::ADVANCED_EVENT_SELECTOR)?;
    if !advanced.is_empty() {
        return Ok(advanced.iter().any(advanced_management));
    }
    let basic = trail.get_or_default(&trail::EVENT_SELECTOR)?;
    let whole = |selector: &trail::EventSelector| {
        selector.include_management_events
            && selector.read_write_type == "All"
            && selector.exclude_management_event_sources.iter().flatten().all(|source| is_noise(source))
    };
    Ok(basic.is_empty() || basic.iter().any(whole))
}

/// A state that does not say it means the default.
fn is_on(trail: &Resource) -> Result<bool, Gap> {
    Ok(trail.get(&trail::ENABLE_LOGGING)?.unwrap_or(true))
}

/// The two services whose events CloudTrail lets leave out, because there are so many of them.
fn is_noise(source: &str) -> bool {
    matches!(source, "kms.amazonaws.com" | "rdsdata.amazonaws.com")
}

/// Management events without a condition that leaves out more than those.
fn advanced_management(selector: &trail::AdvancedEventSelector) -> bool {
    let category = selector.field_selector.iter().any(|field| {
        field.field == "eventCategory" && field.equals.iter().flatten().any(|one| one == "Management")
    });
    let narrows = |field: &&trail::FieldSelector| match field.field.as_str() {
        "eventCategory" => false,
        "eventSource" => {
            let others = [&field.equals, &field.starts_with, &field.not_starts_with, &field.ends_with];
            others.iter().any(|list| list.iter().flatten().next().is_some())
                || !field.not_equals.iter().flatten().all(|source| is_noise(source))
        }
        _ => true,
    };
    category && !selector.field_selector.iter().any(|field| narrows(&field))
}

pub const MON_02: Check = Check {
    id: "MON-02",
    alias: "cloudtrail-delivering",
    title: "The trail is delivering now",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&trail::KIND, delivering),
    reads: &[Reads {
        kind: &trail::KIND,
        attributes: &[
            trail::ENABLE_LOGGING.any(),
            trail::LATEST_DELIVERY_ERROR.any(),
            trail::LATEST_DELIVERY_TIME.any(),
            trail::START_LOGGING_TIME.any(),
            trail::HOME_REGION.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/MON-02.md"),
};

const DAY: i64 = 86_400;

fn delivering(resource: &Resource, view: &View) -> Verdict {
    if judged_elsewhere(resource, view)? {
        return Ok(ELSEWHERE);
    }
    if !is_on(resource)? {
        return Ok(Outcome::Fail("it is turned off".into()));
    }
    if let Some(error) = resource.get(&trail::LATEST_DELIVERY_ERROR)? {
        return Ok(Outcome::Fail(format!("its last delivery failed: {error}")));
    }
    let last = match resource.get(&trail::LATEST_DELIVERY_TIME)? {
        Some(last) => last,
        None => {
            let started = told(resource.get(&trail::START_LOGGING_TIME)?, "cloudtrail:GetTrailStatus")?;
            if age_of(&started, view)? <= DAY {
                return Ok(Outcome::NotApplicable(
                    "turned on less than a day ago, and has delivered nothing yet",
                ));
            }
            return Ok(Outcome::Fail("it has never delivered a log file".into()));
        }
    };
    match age_of(&last, view)? {
        age if age <= DAY => Ok(Outcome::Pass),
        age => Ok(Outcome::Fail(format!("it delivered last {} ago", span(age)))),
    }
}

pub const MON_03: Check = Check {
    id: "MON-03",
    alias: "cloudtrail-validation",
    title: "Trail integrity validation on",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&trail::KIND, validated),
    reads: &[Reads {
        kind: &trail::KIND,
        attributes: &[trail::ENABLE_LOG_FILE_VALIDATION.any(), trail::HOME_REGION.any()],
    }],
    page: include_str!("../../../docs/checks/MON-03.md"),
};

fn validated(resource: &Resource, view: &View) -> Verdict {
    if judged_elsewhere(resource, view)? {
        return Ok(ELSEWHERE);
    }
    if resource.get_or_default(&trail::ENABLE_LOG_FILE_VALIDATION)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("nothing would show that a log file was changed or deleted: validation is off".into()))
}

pub const MON_04: Check = Check {
    id: "MON-04",
    alias: "cloudtrail-encrypted",
    title: "Trail encrypted with a customer key",
    component: "monitoring",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&trail::KIND, encrypted),
    reads: &[Reads { kind: &trail::KIND, attributes: &[trail::KMS_KEY_ID.any(), trail::HOME_REGION.any()] }],
    page: include_str!("../../../docs/checks/MON-04.md"),
};

fn encrypted(resource: &Resource, view: &View) -> Verdict {
    if judged_elsewhere(resource, view)? {
        return Ok(ELSEWHERE);
    }
    if resource.get_or_default(&trail::KMS_KEY_ID)?.is_empty() {
        return Ok(Outcome::Fail("its log files are encrypted with a key of S3, not of a customer".into()));
    }
    Ok(Outcome::Pass)
}

pub const MON_05: Check = Check {
    id: "MON-05",
    alias: "cloudtrail-bucket-private",
    title: "Trail bucket is private and logged",
    component: "monitoring",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&trail::KIND, bucket_of_trail),
    reads: &[
        Reads {
            kind: &trail::KIND,
            attributes: &[
                trail::S3_BUCKET_NAME.any(),
                trail::IS_MULTI_REGION_TRAIL.any(),
                trail::HOME_REGION.any(),
                trail::ENABLE_LOGGING.any(),
                trail::EVENT_SELECTOR.any(),
                trail::ADVANCED_EVENT_SELECTOR.any(),
            ],
        },
        Reads {
            kind: &bucket::KIND,
            attributes: &[
                bucket::LOGGING.any(),
                bucket::POLICY.any(),
                bucket::POLICY_IS_PUBLIC.any(),
                bucket::ACL.any(),
                bucket::GRANT.any(),
                bucket::PUBLIC_ACCESS_BLOCK.any(),
            ],
        },
        buckets::ACCOUNT_BLOCK,
    ],
    page: include_str!("../../../docs/checks/MON-05.md"),
};

fn bucket_of_trail(resource: &Resource, view: &View) -> Verdict {
    if judged_elsewhere(resource, view)? {
        return Ok(ELSEWHERE);
    }
    let name = told(resource.get(&trail::S3_BUCKET_NAME)?, "cloudtrail:DescribeTrails")?;
    let Some(found) = view.inventory.of(&bucket::KIND).find(|bucket| bucket.id() == name) else {
        view.inventory.all(&bucket::KIND)?;
        let detail =
            format!("the bucket {name} is in none of the accounts, regions and states that were read");
        return Err(Gap::new("s3:ListBuckets", Cause::NotRequested, detail));
    };
    for open in [buckets::publicly_readable, buckets::publicly_writable] {
        if let Outcome::Fail(why) = open(found, view)? {
            return Ok(Outcome::Fail(format!("log files are in {name}: {why}")));
        }
    }
    if is_logged(found, view)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("nothing records who reads {name}: no access logging, and no data events")))
}

pub const MON_18: Check = Check {
    id: "MON-18",
    alias: "s3-access-logged",
    title: "Bucket access is logged",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::Each(&bucket::KIND, access_logged),
    reads: &[
        Reads { kind: &bucket::KIND, attributes: &[bucket::LOGGING.any()] },
        Reads {
            kind: &trail::KIND,
            attributes: &[
                trail::IS_MULTI_REGION_TRAIL.any(),
                trail::HOME_REGION.any(),
                trail::ENABLE_LOGGING.any(),
                trail::EVENT_SELECTOR.any(),
                trail::ADVANCED_EVENT_SELECTOR.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/MON-18.md"),
};

fn access_logged(resource: &Resource, view: &View) -> Verdict {
    if is_logged(resource, view)? {
        return Ok(Outcome::Pass);
    }
    // A bucket that receives access logs cannot keep its own without an end.
    if view.profile.storage.class(resource.id()) == BucketClass::Log {
        return Ok(Outcome::NotApplicable("classed as a log bucket by the profile"));
    }
    Ok(Outcome::Fail("neither server access logging nor data events of a trail record who reads it".into()))
}

/// Whether the bucket logs access itself, or a trail that is on records the data events of all its objects.
fn is_logged(resource: &Resource, view: &View) -> Result<bool, Gap> {
    let own = resource.get_or_default(&bucket::LOGGING).map(|logging| !logging.is_empty());
    let trails = view.inventory.of(&trail::KIND).filter(|trail| trail.account() == resource.account());
    let by_trail = any_holds(trails.map(|trail| covers(trail, resource)));
    // What no trail that was seen does, one that was not seen may do.
    let by_trail = match by_trail {
        Ok(false) if view.side == Side::Declared => Err(not_in_state(trail::KIND.name)),
        Ok(false) => view.inventory.all(&trail::KIND).map(|_| false),
        other => other,
    };
    any_holds([own, by_trail])
}

/// Whether a trail records what is done with every object of a bucket, reads and writes.
fn covers(trail: &Resource, bucket: &Resource) -> Result<bool, Gap> {
    let here = trail.get_or_default(&trail::IS_MULTI_REGION_TRAIL)? || trail.region() == bucket.region();
    if !here || !is_on(trail)? {
        return Ok(false);
    }
    let arn = format!("arn:{}:s3:::{}/", partition(bucket.region()), bucket.id());
    let advanced = trail.get_or_default(&trail::ADVANCED_EVENT_SELECTOR)?;
    if !advanced.is_empty() {
        return Ok(advanced.iter().any(|selector| advanced_objects(selector, &arn)));
    }
    let basic = trail.get_or_default(&trail::EVENT_SELECTOR)?;
    Ok(basic.iter().filter(|selector| selector.read_write_type == "All").any(|selector| {
        let objects = selector.data_resource.iter().filter(|data| data.r#type == "AWS::S3::Object");
        objects.flat_map(|data| &data.values).any(|value| is_beginning(value, &arn))
    }))
}

/// `arn:aws:s3` and `arn:aws:s3:::` stand for all buckets; that of a bucket may lack the final slash.
fn is_beginning(value: &str, arn: &str) -> bool {
    arn.starts_with(value) && (value.matches(':').count() < 5 || value.ends_with(':') || value.ends_with('/'))
        || value == arn.trim_end_matches('/')
}

fn advanced_objects(selector: &trail::AdvancedEventSelector, arn: &str) -> bool {
    let equals = |name: &str, value: &str| {
        selector
            .field_selector
            .iter()
            .any(|field| field.field == name && field.equals.iter().flatten().any(|one| one == value))
    };
    let admits = |field: &trail::FieldSelector| match field.field.as_str() {
        "eventCategory" | "resources.type" => true,
        "resources.ARN" => {
            let begins = field.starts_with.iter().flatten().any(|value| is_beginning(value, arn));
            let other = [
                &field.equals,
                &field.not_equals,
                &field.not_starts_with,
                &field.ends_with,
                &field.not_ends_with,
            ];
            begins && other.iter().all(|list| list.iter().flatten().next().is_none())
        }
        _ => false,
    };
    equals("eventCategory", "Data")
        && equals("resources.type", "AWS::S3::Object")
        && selector.field_selector.iter().all(admits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(fields: &[(&str, &str)]) -> trail::AdvancedEventSelector {
        let field = |(field, value): &(&str, &str)| trail::FieldSelector {
            field: (*field).to_owned(),
            equals: Some(vec![(*value).to_owned()]),
            ..trail::FieldSelector::default()
        };
        trail::AdvancedEventSelector { name: None, field_selector: fields.iter().map(field).collect() }
    }

    #[test]
    fn a_selector_that_leaves_out_writes_does_not_record_management_events() {
        assert!(advanced_management(&selector(&[("eventCategory", "Management")])));
        assert!(!advanced_management(&selector(&[("eventCategory", "Management"), ("readOnly", "true")])));
        assert!(!advanced_management(&selector(&[("eventCategory", "Data")])));
        let mut quiet = selector(&[("eventCategory", "Management"), ("eventSource", "x")]);
        quiet.field_selector[1].equals = None;
        quiet.field_selector[1].not_equals = Some(vec!["kms.amazonaws.com".into()]);
        assert!(advanced_management(&quiet));
        quiet.field_selector[1].not_equals = Some(vec!["iam.amazonaws.com".into()]);
        assert!(!advanced_management(&quiet));
    }

    #[test]
    fn data_events_of_another_bucket_are_not_those_of_this_one() {
        let arn = "arn:aws:s3:::orders/";
        assert!(
            ["arn:aws:s3", "arn:aws:s3:::", "arn:aws:s3:::orders/", "arn:aws:s3:::orders"]
                .iter()
                .all(|value| is_beginning(value, arn))
        );
        assert!(!is_beginning("arn:aws:s3:::ord", arn) && !is_beginning("arn:aws:s3:::orders/2026/", arn));
        let mut all = selector(&[("eventCategory", "Data"), ("resources.type", "AWS::S3::Object")]);
        assert!(advanced_objects(&all, arn));
        all.field_selector.push(trail::FieldSelector {
            field: "resources.ARN".into(),
            starts_with: Some(vec!["arn:aws:s3:::other/".into()]),
            ..trail::FieldSelector::default()
        });
        assert!(!advanced_objects(&all, arn));
    }
}
