//! Attempts to raise the number without improving the estate.

use super::estate::{check_waiver, component_waiver};
use super::*;

const ANY: &str = "[score]\nminimum_checks = 1\nminimum_coverage = 1\n";

fn storage(id: &'static str, severity: Severity) -> &'static Check<'static> {
    check(id, "storage", Category::Encryption, severity)
}

fn in_region(mut findings: Vec<Finding<'static>>, region: &str) -> Vec<Finding<'static>> {
    for finding in &mut findings {
        finding.target.identity.place.region = region.to_owned();
    }
    findings
}

#[test]
fn removing_the_permission_that_shows_a_failure_gains_nothing() {
    let (encrypted, other) = (storage("ENC", Severity::High), storage("OTHER", Severity::High));
    let good = [row(encrypted, "pppp"), row(other, "pppf")].concat();
    let seen = [good.clone(), in_region(row(encrypted, "fff"), "eu-west-1")].concat();
    let hidden = [good.clone(), in_region(row(encrypted, "b"), "eu-west-1")].concat();
    let [seen, hidden] = [seen, hidden].map(|all| scored(&all, &profile_with(ANY)));
    assert!(interval(&hidden, "storage").0 < interval(&seen, "storage").0);
    assert!(hidden.evidenced < seen.evidenced && hidden.coverage < seen.coverage);
    assert_eq!(hidden.plan[0].name, "allow svc:DescribeThings", "the permission comes first");
    // A region that was left out whole is as blind as one that was refused.
    assert!(interval(&hidden, "storage").1 >= interval(&seen, "storage").1, "learning stays inside");
}

#[test]
fn a_hidden_region_may_hold_any_number_of_failures() {
    let encrypted = storage("ENC", Severity::Medium);
    let known = row(encrypted, "pppf");
    let blind = scored(
        &[known.clone(), in_region(row(encrypted, "b"), "eu-west-1")].concat(),
        &profile_with("[score]\nminimum_checks = 1\n"),
    );
    assert_eq!(
        component(&blind, "storage").standing,
        ComponentStanding::NotAssessed,
        "a blind check has share 0"
    );

    let steady = storage("STEADY", Severity::Medium);
    let with = |more: Vec<Finding<'static>>| {
        let all = [known.clone(), row(steady, "p"), in_region(more, "eu-west-1")].concat();
        interval(&scored(&all, &profile_with(ANY)), "storage")
    };
    let (low, high) = with(row(encrypted, "b"));
    // Half of the weight is steady; the rest is nothing at worst, and all but the any-failure share at best.
    assert_eq!((low, high), (Exact::from_integer(50), Exact::from_integer(50) + Exact::new(90, 2)));
    let all_fail = with(row(encrypted, &"f".repeat(5_000))).0;
    let all_pass = with(row(encrypted, &"p".repeat(5_000))).1;
    let near = Exact::new(1, 10);
    assert!(
        low < all_fail && all_fail < low + near,
        "{all_fail}: as near to the bound as there are failures"
    );
    assert!(high > all_pass && all_pass > high - near, "{all_pass}");
}

#[test]
fn a_failed_listing_costs_what_the_rest_has_earned() {
    let encrypted = storage("ENC", Severity::Medium);
    let all = [row(encrypted, "pppf"), row(storage("STEADY", Severity::Medium), "p")].concat();
    let blind = [all.clone(), in_region(row(encrypted, "bb"), "eu-west-1")].concat();
    let [without, with] = [&all, &blind].map(|all| scored(all, &profile_with(ANY)));
    let lost = |card: &Scorecard, at: usize| exact(&card.findings[at].component_points_lost);
    assert_eq!(lost(&without, 3), lost(&with, 3), "what was seen to fail costs what it costs");
    assert_eq!(
        lost(&with, 5) + lost(&with, 6),
        interval(&without, "storage").0 - interval(&with, "storage").0
    );
    assert_eq!(lost(&with, 5), lost(&with, 6));
    assert!(with.findings[5].gain.is_zero(), "one of two failed listings alone tells nothing");
    let both = with.plan.iter().find(|one| one.findings == [5, 6]).unwrap();
    assert_eq!(
        exact(&both.gain),
        (lost(&with, 5) + lost(&with, 6)) / Exact::from_integer(10),
        "storage weighs 10 %"
    );
}

#[test]
fn a_thousand_empty_encrypted_buckets_do_not_buy_the_critical_one_off() {
    let open = storage("OPEN", Severity::Critical);
    let steady = storage("STEADY", Severity::Low);
    let [few, many] = ["pf".to_owned(), "pf".to_owned() + &"p".repeat(1_000)]
        .map(|answers| scored(&[row(open, &answers), row(steady, "p")].concat(), &profile_with(ANY)));
    let (few, many_score) = (interval(&few, "storage").0, interval(&many, "storage").0);
    assert!(few < many_score, "the rate improves");
    assert!(many_score < Exact::new(100 * 6, 11), "and the any-failure share does not: {many_score}");
    assert_eq!((component(&many, "storage").cap, many.verdict.decision), (Some(59), Decision::NoGo));
}

#[test]
fn waiving_everything_is_said_and_improves_no_rate() {
    let checks =
        [storage("A", Severity::Critical), storage("B", Severity::High), storage("C", Severity::Low)];
    let all = [row(checks[0], "pf"), row(checks[1], "pu"), row(checks[2], "ff")].concat();
    let mut waivers: String = ["A", "B", "C"].iter().map(|id| check_waiver(id, "*")).collect();
    waivers += &COMPONENT_KEYS.iter().map(|key| component_waiver(key)).collect::<String>();
    let card = scored(&all, &profile_with(&waivers));
    let plain = scored(&all, &profile());
    // Only storage was assessed, so that its own waiver is refused and all others apply.
    assert_eq!(
        card.waivers.iter().filter(|waiver| matches!(waiver.outcome, WaiverOutcome::Used(_))).count(),
        12
    );
    assert!(card.verdict.reasons.contains(&"12 waivers in use".into()));
    assert_eq!(exact(&card.weight_share), Exact::from_integer(10));
    assert_eq!(component(&card, "storage").score.as_ref().unwrap().evidenced.to_string(), "26.56");
    assert!(component(&plain, "storage").score.as_ref().unwrap().evidenced <= card.evidenced);
    assert!(!card.verdict.decision.is_go());
}

#[test]
fn deleting_what_fails_is_legitimate_and_leaves_the_sums() {
    let (backed, other) = (storage("BACKED", Severity::High), storage("OTHER", Severity::High));
    let card = |answers: &str| scored(&[row(backed, answers), row(other, "pf")].concat(), &profile_with(ANY));
    let (before, after) = (card("ff"), card("nn"));
    assert_eq!(interval(&before, "storage").0, Exact::new(35, 2));
    assert_eq!(interval(&after, "storage").0, Exact::from_integer(35));
    assert!(after.findings[0].points_lost.is_zero());
    // Without any resource left there is nothing to score, which is not a hundred.
    let nothing = scored(&[row(backed, "nn"), row(other, "n")].concat(), &profile_with(ANY));
    assert_eq!(component(&nothing, "storage").standing, ComponentStanding::NotAssessed);
    assert_eq!(exact(&nothing.evidenced), Exact::from_integer(0));
}

#[test]
fn a_disabled_low_check_cannot_weigh_its_component_away() {
    // With a weight of zero for low checks, a component of low checks has no weight to be assessed by.
    let low = ["A", "B", "C"].map(|id| storage(id, Severity::Low));
    let card =
        scored(&low.map(|check| row(check, "f")).concat(), &profile_with("[score.severity]\nlow = 0\n"));
    assert_eq!(component(&card, "storage").standing, ComponentStanding::NotAssessed);
}
