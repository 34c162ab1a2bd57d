//! The answer: what gated scenarios and their reasons come to.

use super::figure::{Interval, Span};
use crate::profile::Profile;
use crate::result::{Decision, Recovery, RecoveryOutcome, RecoveryRange, RecoveryScenario, Verdict};

/// Reasons that are given; the scenarios have the rest.
const MOST: usize = 20;

/// The decision over all gated scenarios: one that fails is NO-GO, one that is open is UNDETERMINED.
pub fn verdict(recovery: &Recovery, profile: &Profile) -> Verdict {
    let gated: Vec<&RecoveryScenario> = recovery.scenarios.iter().filter(|scenario| scenario.gated).collect();
    let mut outcomes: Vec<(RecoveryOutcome, Vec<String>)> =
        gated.iter().map(|scenario| (scenario.outcome, reasons(scenario))).collect();
    for workload in &recovery.workloads {
        if workload.resources == 0 {
            let said = format!("{}: nothing was found that has to be brought back", workload.name);
            outcomes.push((RecoveryOutcome::Undetermined, vec![said]));
        }
        let availability = &workload.availability;
        if profile.recovery.gate_availability {
            let weakest = availability.factors.first().map_or_else(String::new, |factor| {
                format!("; the weakest factor is {} at {} %", factor.stands_for, factor.percent)
            });
            let measured = availability.measured.as_ref();
            let measured = measured.map_or_else(String::new, |it| format!(", measured {} %", it.percent));
            let said = format!(
                "{}: modelled availability {} %{measured}, objective {} %: {}{weakest}",
                workload.name,
                availability.percent,
                availability.objective,
                availability.outcome.words()
            );
            outcomes.push((availability.outcome, vec![said]));
        }
    }
    let worst = outcomes.iter().map(|(outcome, _)| *outcome).max();
    let decision = match worst {
        Some(RecoveryOutcome::Fail) => Decision::NoGo,
        // A gate without a scenario decides nothing.
        Some(RecoveryOutcome::Undetermined) | None => Decision::Undetermined,
        Some(RecoveryOutcome::Pass | RecoveryOutcome::PassOnAssumption) => Decision::Go,
    };
    outcomes.sort_by_key(|(outcome, _)| std::cmp::Reverse(*outcome));
    let mut said: Vec<String> = outcomes.into_iter().flat_map(|(_, reasons)| reasons).collect();
    if worst.is_none() {
        said.push("the profile gates no scenario".to_owned());
    }
    said.truncate(MOST);
    Verdict { decision, reasons: said, waivers_used: 0 }
}

/// What a scenario adds to the verdict.
pub fn reasons(scenario: &RecoveryScenario) -> Vec<String> {
    let subject = format!("{}: {}", scenario.workload, scenario.name.title().to_lowercase());
    let to = scenario.target.as_ref().map(|target| format!(" (to {target})")).unwrap_or_default();
    let said = |what: &str, range: &RecoveryRange| {
        let by = range.decided_by.as_ref().map(|by| format!(", decided by {by}")).unwrap_or_default();
        format!(
            "{subject}{to}: {what} {} (objective {}, grade {}): {}{by}",
            interval(range.low_s, range.high_s),
            Span::Seconds(range.objective_s),
            range.grade,
            range.outcome.words()
        )
    };
    let mut reasons: Vec<(RecoveryOutcome, String)> = vec![
        (scenario.rpo.outcome, said("data lost", &scenario.rpo)),
        (scenario.rto.outcome, said("time to recover", &scenario.rto)),
    ];
    reasons.sort_by_key(|(outcome, _)| std::cmp::Reverse(*outcome));
    let open = scenario.outcome == RecoveryOutcome::Undetermined;
    let unread = scenario.unread.iter().filter(|_| open).map(|gap| format!("{subject}: not read: {gap}"));
    reasons.into_iter().map(|(_, said)| said).chain(unread).collect()
}

/// An interval of the result.
pub fn interval(low: Option<u64>, high: Option<u64>) -> Interval {
    let span = |seconds: Option<u64>| seconds.map_or(Span::Never, Span::Seconds);
    Interval { low: span(low), high: span(high) }
}
