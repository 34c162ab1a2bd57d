//! ENV: environments.

use stateward_model::{Cause, Gap};

use super::named;
use crate::check::{Category, Check, Effort, Outcome, Severity, StateFacts, Subject, Verdict, View};
use crate::profile::Role;

/// The family.
pub const CHECKS: &[Check] = &[ENV_01, ENV_08];

const ENV_01: Check = Check {
    id: "ENV-01",
    alias: "state-per-environment",
    title: "One state per environment",
    component: "multienv",
    category: Category::Iac,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::State(one_environment),
    reads: &[],
    page: include_str!("../../docs/checks/ENV-01.md"),
};

fn one_environment(state: &StateFacts, view: &View) -> Verdict {
    if state.environments.is_empty() {
        return Ok(Outcome::NotApplicable("no resource of the state names its environment"));
    }
    let environments = &view.profile.environments;
    let (production, others): (Vec<&String>, Vec<&String>) =
        state.environments.iter().partition(|name| environments.means_production(name));
    if production.is_empty() || others.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("holds {} together with {}", named(&production), named(&others))))
}

const ENV_08: Check = Check {
    id: "ENV-08",
    alias: "recovery-environment",
    title: "A recovery environment is defined",
    component: "multienv",
    category: Category::Dr,
    severity: Severity::Medium,
    effort: Effort::Large,
    subject: Subject::Estate(recovery_environment),
    reads: &[],
    page: include_str!("../../docs/checks/ENV-08.md"),
};

fn recovery_environment(view: &View) -> Verdict {
    let recovery: Vec<&str> = view
        .profile
        .regions
        .iter()
        .filter(|region| region.role == Role::Dr)
        .map(|region| region.name.as_str())
        .collect();
    if recovery.is_empty() {
        return Ok(Outcome::NotApplicable("the profile gives no region the role dr"));
    }
    if view.states.is_empty() {
        return Err(Gap::new("state", Cause::NotRequested, "no state was read"));
    }
    let managed = |region: &str| view.states.iter().any(|state| state.regions.iter().any(|r| r == region));
    let bare: Vec<&str> = recovery.into_iter().filter(|region| !managed(region)).collect();
    if bare.is_empty() {
        return Ok(Outcome::Pass);
    }
    if let Some(gap) = view.states.iter().find_map(|state| state.unread.clone()) {
        return Err(gap);
    }
    Ok(Outcome::Fail(format!("no state manages anything in {}", named(&bare))))
}
