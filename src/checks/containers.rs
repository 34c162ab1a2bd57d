//! CON: containers and functions.

pub(super) mod clusters;
mod functions;
mod rollback;
pub(super) mod tasks;

use std::collections::BTreeSet;

use stateward_model::kinds::ec2::network::subnet;
use stateward_model::kinds::ecr::{registry_scanning, repository};
use stateward_model::policy::matches;
use stateward_model::{Gap, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::referred;

/// The family.
pub const CHECKS: &[Check] = &[
    clusters::CON_01,
    clusters::CON_02,
    clusters::CON_03,
    clusters::CON_04,
    clusters::CON_05,
    clusters::CON_06,
    clusters::CON_07,
    clusters::CON_08,
    tasks::CON_09,
    tasks::CON_10,
    tasks::CON_11,
    tasks::CON_12,
    tasks::CON_13,
    rollback::CON_14,
    CON_15,
    tasks::CON_16,
    CON_17,
    CON_18,
    functions::CON_19,
];

const CON_15: Check = Check {
    id: "CON-15",
    alias: "ecr-image-scanning",
    title: "Images are scanned",
    component: "container",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&repository::KIND, image_scanning),
    reads: &[
        Reads {
            kind: &repository::KIND,
            attributes: &[repository::IMAGE_SCANNING_CONFIGURATION.any(), repository::NAME.any()],
        },
        Reads { kind: &registry_scanning::KIND, attributes: &[registry_scanning::RULE.any()] },
    ],
    page: include_str!("../../docs/checks/CON-15.md"),
};

fn image_scanning(resource: &Resource, view: &View) -> Verdict {
    let own = resource.get_or_default(&repository::IMAGE_SCANNING_CONFIGURATION)?;
    if own.iter().any(|scanning| scanning.scan_on_push) || registry_scans(resource, view)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("neither the repository nor a rule of its registry scans new images".into()))
}

/// Whether a rule of the registry scans the images of a repository without being asked.
fn registry_scans(resource: &Resource, view: &View) -> Result<bool, Gap> {
    let name = resource.get_or_default(&repository::NAME)?;
    let name = if name.is_empty() { resource.id().to_owned() } else { name };
    for registry in view.inventory.all_in(&registry_scanning::KIND, &resource.address.place)? {
        let rules = registry.get_or_default(&registry_scanning::RULE)?;
        let covers = |rule: &registry_scanning::Rule| {
            rule.scan_frequency != "MANUAL"
                && rule.repository_filter.iter().any(|filter| takes(&filter.filter, &name))
        };
        if rules.iter().any(covers) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A filter without a wildcard takes every name that holds it (ECR user guide, "Filters").
fn takes(filter: &str, name: &str) -> bool {
    if filter.contains('*') { matches(filter, name) } else { name.contains(filter) }
}

const CON_17: Check = Check {
    id: "CON-17",
    alias: "ecr-immutable-tags",
    title: "Image tags are immutable",
    component: "container",
    category: Category::Drift,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&repository::KIND, immutable_tags),
    reads: &[Reads { kind: &repository::KIND, attributes: &[repository::IMAGE_TAG_MUTABILITY.any()] }],
    page: include_str!("../../docs/checks/CON-17.md"),
};

fn immutable_tags(resource: &Resource, _: &View) -> Verdict {
    if resource.get_or_default(&repository::IMAGE_TAG_MUTABILITY)?.starts_with("IMMUTABLE") {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("a tag may be moved to another image".into()))
}

const CON_18: Check = Check {
    id: "CON-18",
    alias: "ecr-lifecycle",
    title: "Image lifecycle policy present",
    component: "container",
    category: Category::Cost,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::Each(&repository::KIND, lifecycle),
    reads: &[Reads { kind: &repository::KIND, attributes: &[repository::LIFECYCLE_POLICY.any()] }],
    page: include_str!("../../docs/checks/CON-18.md"),
};

fn lifecycle(resource: &Resource, _: &View) -> Verdict {
    if resource.get_or_default(&repository::LIFECYCLE_POLICY)?.is_empty() {
        return Ok(Outcome::Fail("its images stay for ever".into()));
    }
    Ok(Outcome::Pass)
}

/// The zones of subnets in the region of a resource.
fn zones_of(subnets: &[String], resource: &Resource, view: &View) -> Result<BTreeSet<String>, Gap> {
    let mut zones = BTreeSet::new();
    for id in subnets {
        if let Some(found) = referred(&subnet::KIND, &resource.address.place, id, view)? {
            zones.extend(found.get(&subnet::AVAILABILITY_ZONE)?);
        }
    }
    Ok(zones)
}
