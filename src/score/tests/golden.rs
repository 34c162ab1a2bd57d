//! The golden tests of the specification, to the last digit.

use super::*;

/// The component of golden tests 4 to 6; A as given.
fn four_checks(a: &str) -> Vec<Finding<'static>> {
    let storage = |id, severity| check(id, "storage", Category::Backup, severity);
    [
        row(storage("A", Severity::Critical), a),
        row(storage("B", Severity::High), "pppf"),
        row(storage("C", Severity::Medium), "ppu"),
        row(storage("D", Severity::Low), "ff"),
    ]
    .concat()
}

#[test]
fn golden_4_one_component() {
    let findings = four_checks("pppp");
    let card = scored(&findings, &profile());
    assert_eq!(interval(&card, "storage"), (Exact::new(2765, 36), Exact::new(325, 4)));
    let storage = component(&card, "storage");
    assert_eq!(exact(&storage.coverage), Exact::new(2600, 27));
    assert_eq!(storage.cap, None);
    let lost: Vec<Exact> =
        card.findings.iter().map(|finding| exact(&finding.component_points_lost)).collect();
    let zero = Exact::from_integer(0);
    let d = Exact::new(25, 9);
    let expected = [
        vec![zero; 4],
        vec![zero, zero, zero, Exact::new(475, 36)],
        vec![zero, zero, Exact::new(40, 9)],
        vec![d, d],
    ];
    assert_eq!(lost, expected.concat());
    let sum: Exact = lost.iter().sum();
    assert_eq!(sum, Exact::from_integer(100) - Exact::new(2765, 36));
}

#[test]
fn golden_5_a_critical_failure_below_its_cap() {
    let card = scored(&four_checks("pppf"), &profile());
    let (low, high) = interval(&card, "storage");
    assert_eq!((low, high), (Exact::new(505, 12), Exact::new(1675, 36)));
    let score = component(&card, "storage").score.clone().unwrap();
    assert_eq!((score.evidenced.to_string(), score.possible.to_string()), ("42.08".into(), "46.53".into()));
    assert_eq!(component(&card, "storage").cap, Some(59), "it stands, and does not bite");
}

#[test]
fn golden_6_the_interval_says_what_a_permission_is_worth() {
    let card = scored(&four_checks("pppu"), &profile());
    assert_eq!(interval(&card, "storage"), (Exact::new(505, 12), Exact::new(325, 4)));
}

/// The ten published scores, as estates: of a hundred equal resources so many pass.
const PUBLISHED: [usize; 10] = [95, 94, 90, 97, 92, 95, 88, 89, 93, 91];

/// An estate whose components have exactly these scores, without anything for the breadth of a criterion.
fn estate(scores: [usize; 10]) -> Vec<Finding<'static>> {
    let keys = COMPONENT_KEYS.into_iter().zip(scores);
    let rows = keys.map(|(key, score)| {
        let answers = "p".repeat(score) + &"f".repeat(100 - score);
        row(check(key, key, Category::Cost, Severity::Low), &answers)
    });
    rows.collect::<Vec<_>>().concat()
}

const ONE_CHECK: &str = "[score]\nminimum_checks = 1\ngate = \"mapped\"\n";

#[test]
fn golden_1_the_published_figure() {
    let card = scored(&estate(PUBLISHED), &profile_with(ONE_CHECK));
    assert_eq!(exact(&card.evidenced), Exact::new(4649, 50));
    assert_eq!(card.evidenced.to_string(), "92.98");
    assert_eq!((card.possible, card.assessed_only.unwrap()), (card.evidenced.clone(), card.evidenced));
}

#[test]
fn golden_1_what_other_weights_give() {
    let words =
        ["critical", "critical", "high", "critical", "high", "high", "medium", "critical", "high", "high"];
    let mean = |critical: u32, high: u32, medium: u32| {
        let weights = COMPONENT_KEYS.iter().zip(words).map(|(key, word)| {
            let weight = match word {
                "critical" => critical,
                "high" => high,
                _ => medium,
            };
            format!("{key} = {{ weight = {weight} }}\n")
        });
        let layer = format!("{ONE_CHECK}[weights]\n{}", weights.collect::<String>());
        exact(&scored(&estate(PUBLISHED), &profile_with(&layer)).evidenced)
    };
    assert_eq!(mean(1, 1, 1), Exact::new(924, 10));
    assert_eq!(mean(4, 2, 1), Exact::new(2510, 27), "92.9630, as the profile `impact` has it");
    assert_eq!(mean(3, 2, 1), Exact::new(2135, 23), "92.8261");
    assert_eq!(mean(9, 2, 4), Exact::new(4649, 50));
    assert_eq!(mean(51, 39, 1), Exact::new(4649, 50));
}

#[test]
fn golden_2_every_published_criterion_passes() {
    let card = scored(&estate(PUBLISHED), &profile_with(ONE_CHECK));
    let found: Vec<_> =
        card.criteria.iter().map(|one| (one.title, exact(&one.score.evidenced), one.outcome)).collect();
    let pass = CriterionOutcome::Pass;
    let whole = |score: i128| Exact::from_integer(score);
    let expected = [
        ("Security", whole(94), pass),
        ("Reliability", whole(89), pass),
        ("Scalability", whole(93), pass),
        ("Automation", whole(92), pass),
        ("Overall", Exact::new(4649, 50), pass),
    ];
    assert_eq!(found, expected);
    assert_eq!(card.verdict.decision, Decision::Go);
}

#[test]
fn golden_3_equal_to_the_threshold_does_not_pass() {
    let mut scores = PUBLISHED;
    scores[1] = 85;
    let card = scored(&estate(scores), &profile_with(ONE_CHECK));
    assert_eq!(card.criteria[0].outcome, CriterionOutcome::Fail);
    assert_eq!(card.verdict.decision, Decision::NoGo);
    scores[1] = 86;
    assert_eq!(scored(&estate(scores), &profile_with(ONE_CHECK)).verdict.decision, Decision::Go);
}
