//! The golden tests of the specification, to the last digit.

use super::*;

/// The component of golden tests 4 to 6; A as given.
fn four_checks(a: &str) -> Vec<Finding> {
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
