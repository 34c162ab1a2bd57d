//! The scorecard in the words and roundings of the result.

use crate::profile::{Exact, Profile};
use crate::result as out;
use crate::score::{self, ComponentStanding, Number, Scorecard, WaiverOutcome};

/// Points to six decimals: enough of them that those of many findings still add up.
pub(super) fn points(number: &Number) -> f64 {
    number.times(10_000).hundredths() as f64 / 1_000_000.0
}

fn plain(value: Exact) -> f64 {
    Number::from_exact(value).rounded()
}

fn interval(interval: &score::Interval) -> out::Interval {
    out::Interval { evidenced: interval.evidenced.rounded(), possible: interval.possible.rounded() }
}

pub(super) fn verdict(card: &Scorecard) -> out::Verdict {
    let used = card.waivers.iter().filter(|waiver| matches!(waiver.outcome, WaiverOutcome::Used(_)));
    out::Verdict {
        decision: match card.verdict.decision {
            score::Decision::Go => out::Decision::Go,
            score::Decision::GoWithWaivers => out::Decision::GoWithWaivers,
            score::Decision::NoGo => out::Decision::NoGo,
            score::Decision::Undetermined => out::Decision::Undetermined,
        },
        reasons: card.verdict.reasons.clone(),
        waivers_used: used.count(),
    }
}

pub(super) fn numbers(card: &Scorecard, profile: &Profile) -> out::Score {
    let mut notes = card.notes.clone();
    let hundred = Number::from_exact(Exact::from_integer(100));
    if card.weight_share < hundred {
        notes.push(format!("the score is over {} % of the weight: the rest is waived", card.weight_share));
    }
    if !card.route.reaches_go {
        notes.extend(card.route.obstacles.iter().map(|obstacle| format!("{}{obstacle}", out::OBSTACLE)));
    }
    out::Score {
        model: profile.score.model.clone(),
        evidenced: card.evidenced.rounded(),
        possible: card.possible.rounded(),
        assessed_only: card.assessed_only.as_ref().map(Number::rounded),
        coverage: card.coverage.rounded(),
        band: score::Band::of(Some(&card.evidenced)).word().to_owned(),
        without_waivers: card.without_waivers.as_ref().map(|unwaived| unwaived.evidenced.rounded()),
        components: components(card, profile),
        criteria: card.criteria.iter().map(criterion).collect(),
        notes,
        terms: Some(terms(profile)),
    }
}

fn terms(profile: &Profile) -> out::ScoreTerms {
    let settings = &profile.score;
    let weights = &settings.severity;
    let severities = [
        ("critical", weights.critical),
        ("high", weights.high),
        ("medium", weights.medium),
        ("low", weights.low),
    ];
    let named = |(name, weight): (&str, Exact)| (name.to_owned(), decimal(weight));
    out::ScoreTerms {
        severities: severities.into_iter().map(named).collect(),
        components: profile.weights.each().map(|(key, component)| named((key, component.weight))).into(),
        minimum_coverage: decimal(settings.minimum_coverage),
        minimum_checks: settings.minimum_checks,
        overall_cap: decimal(settings.overall_cap),
    }
}

/// A decimal of a profile; those have at most six digits, so that the number says all of it.
pub(super) fn decimal(value: Exact) -> f64 {
    *value.numer() as f64 / *value.denom() as f64
}

fn components(card: &Scorecard, profile: &Profile) -> Vec<out::Component> {
    let sum: Exact = profile.weights.each().iter().map(|(_, component)| component.weight).sum();
    let component = |component: &score::Component| out::Component {
        key: component.key.to_owned(),
        title: component.title.to_owned(),
        weight: plain(component.weight * Exact::from_integer(100) / sum),
        impact: component.impact.word().to_owned(),
        assessed: component.standing == ComponentStanding::Assessed,
        why_not: why_not(component, card, profile),
        evidenced: component.score.as_ref().map(|score| score.evidenced.rounded()),
        possible: component.score.as_ref().map(|score| score.possible.rounded()),
        coverage: component.coverage.rounded(),
        cap: component.cap.map_or(100.0, |cap| cap as f64),
        points_lost: points(&component.points_lost),
        checks: usize::try_from(component.evaluated).unwrap_or(usize::MAX),
    };
    card.components.iter().map(component).collect()
}

fn why_not(component: &score::Component, card: &Scorecard, profile: &Profile) -> Option<String> {
    match component.standing {
        ComponentStanding::Assessed => return None,
        ComponentStanding::Waived => return Some("waived: it is in neither sum".to_owned()),
        ComponentStanding::Held => {
            return Some("waived after it went blind: held at its last score".to_owned());
        }
        ComponentStanding::NotAssessed => {}
    }
    let blocker = card.verdict.blockers.iter().find(|blocker| match &blocker.obstacle {
        score::Obstacle::NotAssessed(key) => *key == component.key,
        _ => false,
    });
    blocker.map(|blocker| blocker.sentence.clone()).or_else(|| {
        let needed = profile.score.minimum_checks;
        Some(format!("{} checks were evaluated, {needed} are needed", component.evaluated))
    })
}

fn criterion(criterion: &score::Criterion) -> out::Criterion {
    out::Criterion {
        key: criterion.key.to_owned(),
        title: criterion.title.to_owned(),
        threshold: plain(criterion.threshold),
        mapped_to: score::mapped_component(criterion.key).map(|key| score::title(key).to_owned()),
        mapped: criterion.mapped.as_ref().map(interval),
        breadth: criterion.breadth.as_ref().map(interval),
        evidenced: criterion.score.evidenced.rounded(),
        possible: criterion.score.possible.rounded(),
        outcome: match criterion.outcome {
            score::CriterionOutcome::Pass => out::Gate::Pass,
            score::CriterionOutcome::Fail => out::Gate::Fail,
            score::CriterionOutcome::Undetermined => out::Gate::Undetermined,
        },
    }
}

/// A repair with the findings of the result that it makes pass.
pub(super) fn step(
    candidate: &score::Candidate,
    raw: &[crate::judge::Finding],
    fingerprint: impl Fn(&crate::judge::Finding) -> String,
) -> out::Step {
    let findings: Vec<&crate::judge::Finding> =
        candidate.findings.iter().filter_map(|index| raw.get(*index)).collect();
    let mut checks: Vec<String> = findings.iter().map(|finding| finding.check.id.to_owned()).collect();
    checks.sort();
    checks.dedup();
    let group = match candidate.repair {
        score::Repair::Evidence { .. } => "evidence",
        score::Repair::Module { .. } => "module",
        score::Repair::Block { .. } => "address",
        score::Repair::Check(_) => "check",
        score::Repair::Finding(_) => "finding",
    };
    let mut prints: Vec<String> = findings.into_iter().map(fingerprint).collect();
    prints.sort();
    out::Step {
        candidate: candidate.name.clone(),
        group: group.to_owned(),
        findings: prints,
        checks,
        severity: candidate.severity.word().to_owned(),
        gain: points(&candidate.gain),
        effort: candidate.effort,
    }
}

pub(super) fn waivers(card: &Scorecard, profile: &Profile) -> Vec<out::Waiver> {
    let waiver = |report: &score::WaiverReport| {
        let waiver = profile.waivers.get(report.index)?;
        Some(out::Waiver {
            subject: report.subject.clone(),
            owner: waiver.owner.clone(),
            approver: waiver.approver.clone(),
            reason: waiver.reason.clone(),
            ticket: report.ticket.clone(),
            expires: report.expires.to_string(),
            outcome: match report.outcome {
                WaiverOutcome::Used(_) => "used",
                WaiverOutcome::Unneeded => "idle",
                WaiverOutcome::Refused => "refused",
                WaiverOutcome::Expired => "expired",
                WaiverOutcome::NotYet => "not_yet",
            }
            .to_owned(),
        })
    };
    card.waivers.iter().filter_map(waiver).collect()
}
