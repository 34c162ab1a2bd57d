//! What the formats for pipelines and pull requests say of a verification of recovery.

use crate::drift::print;
use crate::recover;
use crate::result::{
    Recovery, RecoveryGate, RecoveryGateEffect, RecoveryOutcome, RecoveryResource, RecoveryScenario,
    RecoveryWorkload,
};

/// The rule of a scenario.
pub fn rule(of: &RecoveryScenario) -> String {
    format!("recovery/{}", of.name.word())
}

/// The same from run to run for the same scenario of the same workload.
pub fn fingerprint(of: &RecoveryScenario) -> String {
    print::hash(&["recovery", &of.workload, of.name.word()])
}

/// Both numbers with objective, grade and outcome, the worse one first, and what would have to be read.
pub fn said(of: &RecoveryScenario) -> String {
    let mut said = recover::reasons(of).join("; ");
    if !of.gated {
        said.push_str("; reported, and not gated");
    }
    said
}

/// The gates of a scenario that are not open.
pub fn gates(of: &RecoveryScenario) -> impl Iterator<Item = &RecoveryGate> {
    of.gates.iter().filter(|gate| gate.state != "open")
}

/// What a gate is, in the words that tell it from the others of its scenario.
pub fn gate_name(of: &RecoveryGate) -> String {
    let path = if of.path.is_empty() { String::new() } else { format!(" by {}", of.path) };
    let subject = if of.subject.is_empty() { String::new() } else { format!(" ({})", of.subject) };
    format!("{}{path}: {}{subject}", of.resource, of.name)
}

/// What keeps a gate from being open, and what that does.
pub fn gate_said(of: &RecoveryGate) -> String {
    let effect = match of.effect {
        RecoveryGateEffect::Closes => "the path is worthless while it is not open",
        RecoveryGateEffect::Delays => "the path takes longer",
        RecoveryGateEffect::Warns => "a warning",
    };
    let why = of.why.as_deref().map(|why| format!("{why}; ")).unwrap_or_default();
    format!("{}: {why}{effect}", of.state)
}

/// Whether a gate that is not open closes the whole scenario, or the one way that counts: what another way lacks
/// matters to nobody who does not take it.
pub fn decides(scenario: &RecoveryScenario, of: &RecoveryGate) -> bool {
    let taken = |resource: &RecoveryResource| {
        let path = resource.path.and_then(|at| resource.paths.get(at));
        path.is_none_or(|path| path.name == of.path)
    };
    let mut mine = scenario.resources.iter().filter(|one| one.name == of.resource || one.id == of.resource);
    of.effect == RecoveryGateEffect::Closes && (of.path.is_empty() || mine.any(taken))
}

/// The resources that decide the numbers of a scenario.
pub fn deciding(of: &RecoveryScenario) -> Vec<&RecoveryResource> {
    let names = [&of.rpo.decided_by, &of.rto.decided_by];
    let is_named = |resource: &&RecoveryResource| {
        names.into_iter().flatten().any(|name| {
            *name == resource.name || *name == resource.id || Some(name) == resource.address.as_ref()
        })
    };
    of.resources.iter().filter(is_named).collect()
}

/// The modelled availability of a workload against its objective.
pub fn availability(of: &RecoveryWorkload) -> String {
    let found = &of.availability;
    let weakest = found.factors.first();
    let weakest = weakest.map(|factor| format!("; the weakest factor is {}", factor.stands_for));
    format!(
        "modelled availability {} %, objective {} %, grade {}: {}{}",
        found.percent,
        found.objective,
        found.grade,
        found.outcome.words(),
        weakest.unwrap_or_default()
    )
}

/// Whether everything was read that could decide.
pub fn all_read(of: &Recovery) -> bool {
    of.scenarios.iter().all(|scenario| scenario.unread.is_empty())
        && of.workloads.iter().all(|workload| workload.availability.unread.is_empty())
}

/// The severity of a scenario in the words of findings; none where it is reached.
pub fn severity(of: &RecoveryScenario) -> Option<&'static str> {
    match (of.outcome, of.gated) {
        (RecoveryOutcome::Pass | RecoveryOutcome::PassOnAssumption, _) => None,
        (RecoveryOutcome::Fail, true) => Some("critical"),
        (RecoveryOutcome::Undetermined, true) => Some("medium"),
        (_, false) => Some("low"),
    }
}
