//! What differs from an earlier verification, and what made the difference.

use std::collections::{BTreeMap, BTreeSet};

use super::verdict::interval;
use crate::result::{
    Decision, Document, Recovery, RecoveryChange, RecoveryRange, RecoveryResource, RecoveryScenario,
    RecoverySince,
};

/// Holds `now` against the verification of `earlier`.
pub fn since(earlier: &Document, now: &Recovery, accounts: &[String]) -> RecoverySince {
    let decision = earlier.verdict.as_ref().map(|verdict| verdict.decision);
    let mut since = RecoverySince {
        run_id: earlier.run.id.clone(),
        as_of: earlier.run.as_of.clone(),
        decision,
        note: None,
        changes: Vec::new(),
    };
    let Some(before) = &earlier.recovery else {
        since.note = Some("it is no verification of recovery".to_owned());
        return since;
    };
    if let Some(why) = unlike(earlier, before, now, accounts) {
        since.note = Some(why);
        return since;
    }
    if !matches!(decision, Some(Decision::Go | Decision::GoWithWaivers)) {
        since.note = Some("it did not pass itself".to_owned());
    }
    since.changes = changes(before, now);
    since
}

/// Why the two speak of different estates.
fn unlike(earlier: &Document, before: &Recovery, now: &Recovery, accounts: &[String]) -> Option<String> {
    let known: BTreeSet<&str> = earlier.scope.accounts.iter().map(|account| account.id.as_str()).collect();
    let present: BTreeSet<&str> = accounts.iter().map(String::as_str).collect();
    if known != present {
        return Some("it is of other accounts".to_owned());
    }
    (before.home != now.home).then(|| format!("its home region was {}", before.home))
}

fn changes(before: &Recovery, now: &Recovery) -> Vec<RecoveryChange> {
    let key = |it: &RecoveryScenario| (it.workload.clone(), it.name);
    let known: BTreeMap<_, &RecoveryScenario> = before.scenarios.iter().map(|it| (key(it), it)).collect();
    let both = now.scenarios.iter().filter_map(|it| Some((*known.get(&key(it))?, it)));
    let mut changes: Vec<RecoveryChange> = both.filter_map(|(old, new)| change(old, new)).collect();
    let rank = |it: &RecoveryChange| match it.direction.as_str() {
        "worse" => 0,
        "better" => 2,
        _ => 1,
    };
    changes.sort_by_key(rank);
    changes
}

fn change(old: &RecoveryScenario, new: &RecoveryScenario) -> Option<RecoveryChange> {
    let direction = direction(old, new)?;
    Some(RecoveryChange {
        workload: new.workload.clone(),
        scenario: new.name,
        direction: direction.to_owned(),
        outcome_before: old.outcome,
        outcome: new.outcome,
        rpo_before: old.rpo.clone(),
        rpo: new.rpo.clone(),
        rto_before: old.rto.clone(),
        rto: new.rto.clone(),
        causes: causes(old, new),
    })
}

/// Nothing where all that decides is the same. Ages move with the clock: a number alone that stays on its side of the
/// objective is no change.
fn direction(old: &RecoveryScenario, new: &RecoveryScenario) -> Option<&'static str> {
    if new.outcome != old.outcome {
        return Some(if new.outcome > old.outcome { "worse" } else { "better" });
    }
    let pairs = [(old.rpo.outcome, new.rpo.outcome), (old.rto.outcome, new.rto.outcome)];
    let (worse, better) =
        (pairs.iter().any(|(old, new)| new > old), pairs.iter().any(|(old, new)| new < old));
    if worse != better {
        return Some(if worse { "worse" } else { "better" });
    }
    let grades = |it: &RecoveryScenario| (it.rpo.grade, it.rto.grade);
    let ends = |it: &RecoveryRange| (it.low_s.is_none(), it.high_s.is_none(), it.outcome);
    let all = |it: &RecoveryScenario| (ends(&it.rpo), ends(&it.rto), grades(it), it.target.clone());
    let same = all(old) == all(new) && causes(old, new).is_empty();
    (!same).then_some("different")
}

fn causes(old: &RecoveryScenario, new: &RecoveryScenario) -> Vec<String> {
    let mut causes = BTreeSet::new();
    if old.target != new.target {
        let named = |target: &Option<String>| target.clone().unwrap_or_else(|| "the home region".to_owned());
        causes.insert(format!("brought back in {} instead of {}", named(&new.target), named(&old.target)));
    }
    let of = |it: &RecoveryScenario| -> BTreeMap<(String, String), RecoveryResource> {
        let resources = it.resources.iter();
        resources.map(|found| ((found.kind.clone(), found.id.clone()), found.clone())).collect()
    };
    let (known, present) = (of(old), of(new));
    let objectives = (new.rpo.objective_s, new.rto.objective_s);
    for (key, resource) in &present {
        match known.get(key) {
            None => {
                causes.insert(format!("{}: now among what is lost", resource.name));
            }
            Some(before) => causes.extend(resource_changes(before, resource, objectives)),
        }
    }
    let gone = known.iter().filter(|(key, _)| !present.contains_key(*key));
    causes.extend(gone.map(|(_, resource)| format!("{}: no longer among what is lost", resource.name)));
    let gate = |it: &crate::result::RecoveryGate| {
        let why = it.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let way = if it.path.is_empty() { String::new() } else { format!(" of {}", it.path) };
        format!("{}: {}{way} is {}{why}", it.resource, it.name, it.state)
    };
    let shut = |it: &RecoveryScenario| -> BTreeSet<String> { it.gates.iter().map(gate).collect() };
    causes.extend(shut(new).difference(&shut(old)).cloned());
    let unread = |it: &RecoveryScenario| -> BTreeSet<String> { it.unread.iter().cloned().collect() };
    causes.extend(unread(new).difference(&unread(old)).map(|gap| format!("now not read: {gap}")));
    causes.extend(unread(old).difference(&unread(new)).map(|gap| format!("now read: {gap}")));
    causes.into_iter().collect()
}

/// What differs of a resource: its way back, and a number that lost or gained its end.
fn resource_changes(old: &RecoveryResource, new: &RecoveryResource, objectives: (u64, u64)) -> Vec<String> {
    let way = |it: &RecoveryResource| {
        let path = it.path.and_then(|index| it.paths.get(index));
        path.map_or_else(|| "no way back".to_owned(), |path| path.name.clone())
    };
    let mut found = Vec::new();
    if way(old) != way(new) {
        found.push(format!("{}: {} instead of {}", new.name, way(new), way(old)));
    }
    let lost = |it: &RecoveryResource| (it.rpo_low_s, it.rpo_high_s);
    let act = |it: &RecoveryResource| (it.act_low_s, it.act_high_s);
    if new.part == "store" && sides(lost(old), objectives.0) != sides(lost(new), objectives.0) {
        found.push(moved(&new.name, "data lost", lost(old), lost(new)));
    }
    if sides(act(old), objectives.1) != sides(act(new), objectives.1) || slower(act(old).1, act(new).1) {
        found.push(moved(&new.name, "time to act", act(old), act(new)));
    }
    found
}

/// Of both ends, on which side of the objective they are, or that there is none. Within a side ages move with the clock.
fn sides(ends: Ends, objective: u64) -> [Option<bool>; 2] {
    [ends.0, ends.1].map(|end| end.map(|seconds| seconds > objective))
}

/// By a tenth and by a minute: less is the size of a disk that grew.
fn slower(old: Option<u64>, new: Option<u64>) -> bool {
    old.zip(new).is_some_and(|(old, new)| new.abs_diff(old) >= 60 && new.abs_diff(old) * 10 > old)
}

type Ends = (Option<u64>, Option<u64>);

fn moved(name: &str, what: &str, old: Ends, new: Ends) -> String {
    format!("{name}: {what} {} instead of {}", interval(new.0, new.1), interval(old.0, old.1))
}
