//! Properties of the comparison of two results: what the score won is taken apart without a rest.

use proptest::prelude::*;

use super::estate::{
    Row, Says, cases, check_waiver, component_waiver, findings, profile_layer, says, small, whole,
};
use super::*;
use crate::diff::compare;
use crate::result::{Cause, Comparison, Document, build};

/// What becomes of a row.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Stays,
    Says(Says),
    Goes,
    Comes,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Stays),
        3 => says(5, 7).prop_map(Fate::Says),
        1 => Just(Fate::Goes),
        1 => Just(Fate::Comes),
    ]
}

fn document(rows: &[(usize, Row)], profile: &Profile) -> Document {
    let all: Vec<Row> = rows.iter().map(|(_, row)| *row).collect();
    let mut findings = findings(&all);
    for (finding, (at, row)) in findings.iter_mut().zip(rows) {
        // The same resource in both results, whatever its place in the list.
        finding.target.identity.id = if row.says == Says::Blind { "*".to_owned() } else { format!("r{at}") };
    }
    let input = Input::new(&findings, profile, NOW);
    build::scored(&findings, profile, &input)
}

fn results(rows: &[(Row, Fate)], profiles: [&Profile; 2]) -> [Document; 2] {
    let all = || rows.iter().copied().enumerate();
    let old: Vec<(usize, Row)> =
        all().filter(|(_, (_, fate))| !matches!(fate, Fate::Comes)).map(|(at, (row, _))| (at, row)).collect();
    let new = all().filter_map(|(at, (row, fate))| match fate {
        Fate::Stays | Fate::Comes => Some((at, row)),
        Fate::Says(says) => Some((at, Row { says, ..row })),
        Fate::Goes => None,
    });
    [document(&old, profiles[0]), document(&new.collect::<Vec<_>>(), profiles[1])]
}

fn hundredths(value: f64) -> i64 {
    (value * 100.0).round() as i64
}

fn points(comparison: &Comparison, cause: Cause) -> i64 {
    let parts = &comparison.score.as_ref().unwrap().parts;
    hundredths(parts.iter().find(|part| part.cause == cause).unwrap().points.evidenced)
}

fn changing() -> impl Strategy<Value = Vec<(Row, Fate)>> {
    let rows = prop_oneof![whole(2, 3), whole(5, 6), small()];
    rows.prop_flat_map(|rows| {
        let fates = proptest::collection::vec(fate(), rows.len());
        (Just(rows), fates).prop_map(|(rows, fates)| rows.into_iter().zip(fates).collect())
    })
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn the_parts_add_up_whatever_changes(
        rows in changing(), layers in [profile_layer(), profile_layer()], waivers in any::<[bool; 3]>(),
    ) {
        let [one, other] = layers;
        let waived = |on: bool, waiver: String| if on { waiver } else { String::new() };
        let before = profile_with(&(one + &waived(waivers[0], check_waiver("NETWORK-critical", "*"))));
        let after = profile_with(&(other + &waived(waivers[1], check_waiver("STORAGE-*", "*"))
            + &waived(waivers[2], component_waiver("dr"))));
        let [old, new] = results(&rows, [&before, &after]);
        let comparison = compare(&old, &new);
        let change = comparison.score.as_ref().unwrap();
        prop_assert_eq!(&change.not_taken_apart, &None);
        for side in [|of: &crate::result::Interval| of.evidenced, |of: &crate::result::Interval| of.possible] {
            let sum: i64 = change.parts.iter().map(|part| hundredths(side(&part.points))).sum();
            prop_assert_eq!(sum, hundredths(side(&change.change)));
        }
        prop_assert_eq!(
            hundredths(change.change.evidenced),
            hundredths(new.score.unwrap().evidenced) - hundredths(old.score.unwrap().evidenced)
        );
        let counted: usize = change.parts.iter().map(|part| part.findings).sum();
        let lists = &comparison.findings;
        let listed = [&lists.fixed, &lists.regressed, &lists.new, &lists.gone, &lists.evidence_gained, &lists.evidence_lost];
        prop_assert!(counted >= listed.iter().map(|list| list.len()).sum::<usize>());
    }

    #[test]
    fn every_part_points_where_its_name_says(rows in changing(), layer in profile_layer()) {
        // A downgraded failure against a partial one of full severity is better by rate and worse by gravity, or the
        // other way round.
        let plain = |says| if matches!(says, Says::Partial(..)) { Says::Fail } else { says };
        let rows: Vec<(Row, Fate)> = rows.into_iter().map(|(row, fate)| {
            let fate = if let Fate::Says(says) = fate { Fate::Says(plain(says)) } else { fate };
            (Row { says: plain(row.says), ..row }, fate)
        }).collect();
        let profile = profile_with(&layer);
        let [old, new] = results(&rows, [&profile, &profile]);
        let comparison = compare(&old, &new);
        prop_assert!(comparison.comparable);
        for (cause, sign) in [(Cause::Fixed, 1), (Cause::EvidenceGained, 1), (Cause::Regressed, -1), (Cause::EvidenceLost, -1)] {
            prop_assert!(points(&comparison, cause) * sign >= 0, "{cause:?}: {}", points(&comparison, cause));
        }
        for cause in [Cause::WeightsChanged, Cause::CatalogueChanged, Cause::ScopeChanged, Cause::WaiversChanged] {
            prop_assert_eq!(points(&comparison, cause), 0, "{:?}", cause);
        }
    }

    #[test]
    fn a_result_against_itself_shows_nothing(rows in prop_oneof![whole(3, 4), small()], layer in profile_layer()) {
        let rows: Vec<(Row, Fate)> = rows.into_iter().map(|row| (row, Fate::Stays)).collect();
        let profile = profile_with(&layer);
        let [old, new] = results(&rows, [&profile, &profile]);
        let comparison = compare(&old, &new);
        prop_assert!(!comparison.is_worse() && !comparison.knows_less());
        prop_assert_eq!(comparison.findings.unchanged, old.findings.len());
        prop_assert!(comparison.score.unwrap().parts.iter().all(|part| part.findings == 0));
    }
}

/// A permission that is taken away costs points and is called by its name; nothing is called gone.
#[test]
fn blindness_is_evidence_lost() {
    let bucket = check("ENC", "storage", Category::Encryption, Severity::High);
    let steady = check("STEADY", "storage", Category::Encryption, Severity::High);
    let profile = profile_with("[score]\nminimum_checks = 1\nminimum_coverage = 1\n");
    let make = |findings: &[Finding<'static>]| {
        build::scored(findings, &profile, &Input::new(findings, &profile, NOW))
    };
    let seen = [row(bucket, "pppf"), row(steady, "p")].concat();
    let mut hidden = [row(bucket, "b"), row(steady, "p")].concat();
    hidden[0].target.identity.id = "*".to_owned();
    let comparison = compare(&make(&seen), &make(&hidden));
    assert!(points(&comparison, Cause::EvidenceLost) < 0 && comparison.knows_less());
    assert_eq!((comparison.findings.gone.len(), comparison.findings.fixed.len()), (0, 0));
    assert_eq!(comparison.findings.evidence_lost.len(), 5, "four that are hidden, and the listing");
    let back = compare(&make(&hidden), &make(&seen));
    assert!(points(&back, Cause::EvidenceGained) > 0);
    assert!(back.is_worse(), "one of those that are seen again fails");
}

/// A number that somebody wrote into a result is not explained away.
#[test]
fn an_edited_score_is_not_taken_apart() {
    let bucket = check("ENC", "storage", Category::Encryption, Severity::High);
    let findings = row(bucket, "pppf");
    let profile = profile();
    let old = build::scored(&findings, &profile, &Input::new(&findings, &profile, NOW));
    let mut new = old.clone();
    new.score.as_mut().unwrap().evidenced = 99.0;
    let change = compare(&old, &new).score.unwrap();
    assert!(change.parts.is_empty());
    assert!(change.not_taken_apart.unwrap().contains("the later result"));
}

/// A check that only one result made moves the score under its own name, and both are compared over what they share.
#[test]
fn another_catalogue_is_told_apart_from_better_resources() {
    let (one, two) = (
        check("ONE", "storage", Category::Encryption, Severity::High),
        check("TWO", "storage", Category::Encryption, Severity::High),
    );
    let profile = profile_with("[score]\nminimum_checks = 1\nminimum_coverage = 1\n");
    let make = |findings: &[Finding<'static>], hash: &str| {
        let mut document = build::scored(findings, &profile, &Input::new(findings, &profile, NOW));
        document.run.catalogue_hash = hash.to_owned();
        document
    };
    let old = make(&row(one, "pf"), "a");
    let new = make(&[row(one, "pp"), row(two, "ff")].concat(), "b");
    let comparison = compare(&old, &new);
    assert!(!comparison.comparable && points(&comparison, Cause::CatalogueChanged) < 0);
    assert!(points(&comparison, Cause::Fixed) > 0);
    let like = comparison.score.unwrap().like_for_like.unwrap();
    assert_eq!(like.pairs, 2);
    assert!(like.new.evidenced > like.old.evidenced);
    assert!(comparison.notes.iter().any(|note| note.contains("catalogue")));
}
