//! STO: storage and backup.

use stateward_model::Resource;
use stateward_model::kinds::s3::bucket;

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::profile::BucketClass;

/// The family.
pub const CHECKS: &[Check] = &[STO_07];

const STO_07: Check = Check {
    id: "STO-07",
    alias: "s3-bucket-versioning",
    title: "Versioning on data buckets",
    component: "storage",
    category: Category::Backup,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&bucket::KIND, bucket_versioning),
    reads: &[Reads { kind: &bucket::KIND, attributes: &[bucket::VERSIONING.any()] }],
    page: include_str!("../../docs/checks/STO-07.md"),
};

fn bucket_versioning(resource: &Resource, view: &View) -> Verdict {
    if view.profile.storage.class(resource.id()) == BucketClass::Log {
        return Ok(Outcome::NotApplicable("classed as a log bucket by the profile"));
    }
    let versioning = resource.get(&bucket::VERSIONING)?.unwrap_or_default();
    if versioning.iter().any(|block| block.enabled) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(
        "versioning is not enabled: a deleted or overwritten object cannot be brought back".into(),
    ))
}
