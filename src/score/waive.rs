//! Waivers against findings: which one covers what, and which do nothing.

use time::Date;

use crate::check::Check;
use crate::judge::{Finding, Status, Target};
use crate::profile::{Profile, Standing, Waiver};

/// What became of a waiver of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaiverOutcome {
    /// It covers so many failed or unknown findings, or a component that is not assessed.
    Used(usize),
    /// Nothing that it names fails or is unknown.
    Unneeded,
    /// It names a component that is assessed, which cannot be waived.
    Refused,
    /// It is over, and was not applied.
    Expired,
    /// It begins later, and was not applied.
    NotYet,
}

/// A waiver of the profile and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiverReport {
    /// Its place among the waivers of the profile.
    pub index: usize,
    /// What it is for: check and resource, or the component.
    pub subject: String,
    /// Its ticket.
    pub ticket: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// What became of it.
    pub outcome: WaiverOutcome,
}

/// The active waiver that covers each finding, by its index in the profile, where one does.
pub(super) fn covering(findings: &[Finding], profile: &Profile, day: Date) -> Vec<Option<usize>> {
    let active: Vec<(usize, &Waiver)> = profile
        .waivers_on(day)
        .filter(|(_, _, standing)| *standing == Standing::Active)
        .map(|(index, waiver, _)| (index, waiver))
        .collect();
    let first = |finding: &Finding| active.iter().find(|(_, waiver)| covers(waiver, finding));
    findings.iter().map(|finding| first(finding).map(|(index, _)| *index)).collect()
}

/// Components that an active waiver names.
pub(super) fn components(profile: &Profile, day: Date) -> Vec<&str> {
    let active = profile.waivers_on(day).filter(|(_, _, standing)| *standing == Standing::Active);
    active.filter_map(|(_, waiver, _)| waiver.component.as_deref()).collect()
}

/// A waiver is for what failed or could not be decided; there is nothing to accept in anything else.
fn covers(waiver: &Waiver, finding: &Finding) -> bool {
    matches!(finding.status, Status::Fail | Status::Unknown) && names(waiver, finding.check, &finding.target)
}

fn names(waiver: &Waiver, check: &Check, target: &Target) -> bool {
    let resource = || {
        let known = [target.address.as_deref(), target.arn.as_deref(), Some(target.identity.id.as_str())];
        known.into_iter().flatten()
    };
    waiver.covers(check.id, resource()) || waiver.covers(check.alias, resource())
}

/// What became of every waiver. `lifts` tells whether a waived component is not assessed.
pub(super) fn report(
    findings: &[Finding],
    profile: &Profile,
    day: Date,
    lifts: impl Fn(&str) -> bool,
) -> Vec<WaiverReport> {
    let outcome = |waiver: &Waiver, standing| match (standing, &waiver.component) {
        (Standing::Expired, _) => WaiverOutcome::Expired,
        (Standing::NotYet, _) => WaiverOutcome::NotYet,
        (Standing::Active, Some(key)) if lifts(key) => WaiverOutcome::Used(1),
        (Standing::Active, Some(_)) => WaiverOutcome::Refused,
        (Standing::Active, None) => match findings.iter().filter(|finding| covers(waiver, finding)).count() {
            0 => WaiverOutcome::Unneeded,
            count => WaiverOutcome::Used(count),
        },
    };
    profile
        .waivers_on(day)
        .map(|(index, waiver, standing)| WaiverReport {
            index,
            subject: subject(waiver),
            ticket: waiver.ticket.clone(),
            expires: waiver.expires,
            outcome: outcome(waiver, standing),
        })
        .collect()
}

fn subject(waiver: &Waiver) -> String {
    match (&waiver.component, &waiver.check, &waiver.resource) {
        (Some(key), _, _) => super::title(key).to_owned(),
        (None, Some(check), Some(resource)) => format!("{check} on {resource}"),
        _ => String::new(),
    }
}
