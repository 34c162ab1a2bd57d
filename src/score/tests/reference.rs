//! A second implementation, straight from the formulas of the specification, in plain fractions. It holds small
//! estates only, which is why it is not the first.

use proptest::prelude::*;

use super::estate::{self, findings, profile_layer};
use super::*;

/// Worst and best case of a check, with its known share; `None` when it applies to nothing.
struct Checked {
    check: &'static Check<'static>,
    g: [Exact; 2],
    causes: [bool; 2],
    known: Exact,
}

const BETA: [(i128, i128); 4] = [(0, 1), (1, 10), (3, 10), (1, 2)];

fn weight(severity: Severity) -> Exact {
    Exact::from_integer([1, 2, 5, 10][severity as usize])
}

fn checked(all: &[Finding<'static>], profile: &Profile) -> Vec<Checked> {
    let ids: std::collections::BTreeSet<&str> = all.iter().map(|finding| finding.check.id).collect();
    let of = |id: &str| -> Vec<&Finding<'static>> {
        let applies = |finding: &&Finding| finding.check.id == id && finding.status != Status::NotApplicable;
        all.iter().filter(applies).collect()
    };
    ids.into_iter().map(of).filter(|of| !of.is_empty()).map(|of| one(&of, profile)).collect()
}

fn one(of: &[&Finding<'static>], profile: &Profile) -> Checked {
    let (one, zero) = (Exact::from_integer(1), Exact::from_integer(0));
    let check = of[0].check;
    let (numerator, denominator) = BETA[check.severity as usize];
    let beta = Exact::new(numerator, denominator);
    let blind = of.iter().any(|finding| finding.blind);
    let seen: Vec<_> = of.iter().filter(|finding| !finding.blind).collect();
    let mass: Exact = seen.iter().map(|finding| profile.environments.weight(&finding.tags)).sum();
    let case = |unknown_is_good: bool| {
        let (mut rate, mut all, mut cause) = (zero, one, false);
        for finding in &seen {
            let (good, share) = match finding.status {
                Status::Pass => (one, one),
                Status::Unknown if unknown_is_good => (one, one),
                Status::Partial => {
                    let (numerator, denominator) = finding.credit.unwrap();
                    (Exact::new(i128::from(numerator * 1_000_000 / denominator), 1_000_000), one)
                }
                Status::Fail => (zero, weight(finding.severity) / weight(check.severity)),
                _ => (zero, one),
            };
            rate += profile.environments.weight(&finding.tags) * (one - (one - good) * share) / mass;
            if good < one {
                all = all.min(one - share);
            }
            cause |= good == zero && share == one && check.severity == Severity::Critical;
        }
        if blind {
            rate = if unknown_is_good { one } else { zero };
            all = if unknown_is_good { all } else { zero };
            cause |= !unknown_is_good && check.severity == Severity::Critical;
        }
        ((one - beta) * rate + beta * all, cause)
    };
    let known = seen.iter().filter(|finding| finding.status != Status::Unknown);
    let known: Exact = known.map(|finding| profile.environments.weight(&finding.tags)).sum();
    let [(low, low_cause), (high, high_cause)] = [case(false), case(true)];
    let known = if blind { zero } else { known / mass };
    Checked { check, g: [low, high], causes: [low_cause, high_cause], known }
}

fn pool(checks: &[&Checked], case: usize) -> Exact {
    let sum: Exact = checks.iter().map(|row| weight(row.check.severity)).sum();
    let good: Exact = checks.iter().map(|row| weight(row.check.severity) * row.g[case]).sum();
    let raw = Exact::from_integer(100) * good / sum;
    let causes = checks.iter().filter(|row| row.causes[case]).count();
    raw.min(Exact::from_integer([100, 59, 49, 39][causes.min(3)]))
}

/// Worst and best case of each component, whether or not it is assessed; then those of the overall score.
fn scored_by_reference(all: &[Finding<'static>], profile: &Profile) -> (Vec<Option<[Exact; 2]>>, [Exact; 2]) {
    let checks = checked(all, profile);
    let hundred = Exact::from_integer(100);
    let (mut components, mut sums, mut weights) = (Vec::new(), [Exact::default(); 2], Exact::default());
    for (key, settings) in profile.weights.each() {
        let own: Vec<&Checked> = checks.iter().filter(|row| row.check.component == key).collect();
        let sum: Exact = own.iter().map(|row| weight(row.check.severity)).sum();
        let known: Exact = own.iter().map(|row| weight(row.check.severity) * row.known).sum();
        let evaluated = own.iter().filter(|row| row.known > Exact::default()).count();
        let assessed = sum > Exact::default()
            && hundred * known / sum >= profile.score.minimum_coverage
            && evaluated >= profile.score.minimum_checks as usize;
        let score = if assessed { [pool(&own, 0), pool(&own, 1)] } else { [Exact::default(), hundred] };
        components.push(assessed.then_some(score));
        weights += settings.weight;
        for case in [0, 1] {
            sums[case] += settings.weight * score[case];
        }
    }
    let overall = [0, 1].map(|case| {
        let mean = sums[case] / weights;
        let capped = checks.iter().any(|row| row.causes[case]);
        if capped { mean.min(Exact::from_integer(79)) } else { mean }
    });
    (components, overall)
}

proptest! {
    #[test]
    fn two_implementations_agree_to_the_last_digit(rows in estate::small(), layer in profile_layer()) {
        let (all, profile) = (findings(&rows), profile_with(&layer));
        let (components, overall) = scored_by_reference(&all, &profile);
        let card = scored(&all, &profile);
        prop_assert_eq!([exact(&card.evidenced), exact(&card.possible)], overall);
        for (component, expected) in card.components.iter().zip(components) {
            let found = component.score.as_ref().map(|score| [exact(&score.evidenced), exact(&score.possible)]);
            prop_assert_eq!(found, expected, "{}", component.key);
        }
    }
}
