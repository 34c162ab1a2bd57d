//! The age of evidence: what is too old is unknown, and what is older still blocks.

use std::time::Duration;

use stateward_model::{Cause, Gap};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::judge::{Evidence, Finding, Status};
use crate::profile::Profile;

/// What sort of evidence an operation gives, for its time to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Configuration,
    Metrics,
    Rehearsal,
}

fn sort(operation: &str) -> Sort {
    match operation.split_once(':') {
        Some(("cloudwatch", call)) if call.starts_with("GetMetric") => Sort::Metrics,
        Some(("fis", _)) => Sort::Rehearsal,
        Some(("backup", call)) if call.contains("RestoreJob") || call.contains("RestoreTesting") => {
            Sort::Rehearsal
        }
        _ => Sort::Configuration,
    }
}

/// The age of a piece of evidence; `None` when it does not say when it was read.
fn age(evidence: &Evidence, as_of: OffsetDateTime) -> Option<time::Duration> {
    OffsetDateTime::parse(&evidence.observed_at, &Rfc3339).ok().map(|observed| as_of - observed)
}

fn is_older(evidence: &Evidence, as_of: OffsetDateTime, limit: Duration) -> bool {
    // Evidence without a time may be of any age.
    age(evidence, as_of).is_none_or(|age| age > limit)
}

/// Makes every finding unknown that rests on evidence older than its sort may be. To be done before scoring and
/// before anything is printed, so that both say the same.
pub fn expire(findings: &mut [Finding], profile: &Profile, as_of: OffsetDateTime) {
    for finding in findings.iter_mut().filter(|finding| finding.status != Status::Unknown) {
        let stale = finding.evidence.iter().find(|evidence| {
            let limit = match sort(&evidence.operation) {
                Sort::Configuration => profile.evidence.configuration,
                Sort::Metrics => profile.evidence.metrics,
                Sort::Rehearsal => profile.evidence.rehearsal,
            };
            is_older(evidence, as_of, limit)
        });
        let Some(stale) = stale else { continue };
        let detail = match stale.observed_at.as_str() {
            "" => "the evidence does not say when it was read".to_owned(),
            observed_at => format!("read at {observed_at}, which is too long ago"),
        };
        let gap = Gap::new(stale.operation.clone(), Cause::Stale, detail);
        finding.status = Status::Unknown;
        finding.severity = finding.check.severity;
        finding.credit = None;
        finding.message = format!("not read: {gap}");
        finding.gap = Some(gap);
    }
}

/// Findings with evidence older than the profile allows for a GO, by index. A rehearsal is exempt: it has its own time
/// to live, which is longer by intent.
pub(super) fn too_old(findings: &[Finding], profile: &Profile, as_of: OffsetDateTime) -> Vec<usize> {
    let limit = profile.evidence.max_age;
    let is_old = |finding: &Finding| {
        let mut lasting =
            finding.evidence.iter().filter(|evidence| sort(&evidence.operation) != Sort::Rehearsal);
        lasting.any(|evidence| is_older(evidence, as_of, limit))
    };
    (0..findings.len()).filter(|index| is_old(&findings[*index])).collect()
}
