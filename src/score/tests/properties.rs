//! The properties P1 to P11 of the specification.

use proptest::prelude::*;
use proptest::sample::Index;

use super::estate::{
    Row, Says, cases, check_waiver, component_waiver, findings, id, profile_layer, says, small, waiver, whole,
};
use super::*;

fn sheet(findings: &[Finding<'static>], profile: &Profile) -> Sheet<'static> {
    let input = Input::new(findings, profile, NOW);
    let day = NOW.date();
    Sheet::new(&input, &waive::covering(findings, profile, day), waive::components(profile, day))
}

fn of(rows: &[Row], profile: &Profile) -> Sheet<'static> {
    sheet(&findings(rows), profile)
}

/// Everything that has a worst and a best case: components as they enter, criteria, and the overall score.
fn intervals(sheet: &Sheet) -> Vec<(String, Number, Number)> {
    let number = |units| Number::new(units, &sheet.book.unit);
    let score = |component, situation| sheet.terms.score(&sheet.book, component, situation).map(number);
    let components = (0..COMPONENTS).filter_map(|component| {
        let (low, high) = (score(component, &sheet.worst)?, score(component, &sheet.best)?);
        Some((COMPONENT_KEYS[component].to_owned(), low, high))
    });
    let criteria = sheet.criteria.iter();
    let criteria =
        criteria.map(|one| (one.title.to_owned(), one.score.evidenced.clone(), one.score.possible.clone()));
    components.chain(criteria).collect()
}

fn decision(sheet: &Sheet) -> Decision {
    gate::decide(&sheet.criteria, &sheet.blockers, 0)
}

fn standings(sheet: &Sheet) -> Vec<Standing> {
    sheet.terms.standings.to_vec()
}

/// Some findings, most of them good, over every check.
fn estates() -> impl Strategy<Value = Vec<Row>> {
    prop_oneof![whole(2, 3), whole(0, 1), whole(6, 6), small()]
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn p1_the_interval_is_one(rows in estates(), layer in profile_layer()) {
        let hundred = Number::from_exact(Exact::from_integer(100));
        for (name, low, high) in intervals(&of(&rows, &profile_with(&layer))) {
            prop_assert!(low <= high && high <= hundred, "{name}: {low:?} to {high:?}");
        }
    }

    #[test]
    fn p2_a_repair_never_lowers_anything(rows in estates(), at in any::<Index>(), layer in profile_layer()) {
        let profile = profile_with(&layer);
        let mut better = rows.clone();
        let repaired = at.index(rows.len());
        prop_assume!(rows[repaired].says != Says::NotApplicable);
        better[repaired].says = Says::Pass;
        let (before, after) = (of(&rows, &profile), of(&better, &profile));
        // What is not assessed counts as 100 in the best case, and a failed listing as any number of passes, until it
        // is known to be less.
        let same = standings(&before) == standings(&after) && rows[repaired].says != Says::Blind;
        for ((name, low, high), (_, new_low, new_high)) in intervals(&before).into_iter().zip(intervals(&after)) {
            prop_assert!(new_low >= low, "{name}: worst case from {low:?} to {new_low:?}");
            prop_assert!(!same || new_high >= high, "{name}: best case from {high:?} to {new_high:?}");
        }
    }

    #[test]
    fn p2_a_failing_resource_that_goes_lowers_nothing(rows in estates(), at in any::<Index>(), layer in profile_layer()) {
        let failing: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].says == Says::Fail).collect();
        prop_assume!(!failing.is_empty());
        let mut fewer = rows.clone();
        fewer.remove(failing[at.index(failing.len())]);
        let profile = profile_with(&layer);
        let (before, after) = (of(&rows, &profile), of(&fewer, &profile));
        // The last resources of a component may take its assessment with them.
        prop_assume!(standings(&before) == standings(&after));
        for ((name, low, high), (_, new_low, new_high)) in intervals(&before).into_iter().zip(intervals(&after)) {
            prop_assert!(new_low >= low && new_high >= high, "{name}: {low:?} {high:?} to {new_low:?} {new_high:?}");
        }
    }

    #[test]
    fn p3_blindness_never_pays(rows in estates(), at in any::<Index>(), how in 0..4, layer in profile_layer()) {
        let profile = profile_with(&layer);
        let chosen = rows[at.index(rows.len())];
        let is_hidden = |row: &Row| row.check == chosen.check && (how == 3 || row.region == chosen.region);
        let mut blinded = rows.clone();
        // To see which resource a failed listing was about would be learning.
        prop_assume!(how > 1 || chosen.says != Says::Blind);
        let is_seen = |row: &Row| is_hidden(row) && row.says != Says::Blind;
        match how {
            0 => blinded[at.index(rows.len())].says = Says::Unknown,
            1 => blinded.iter_mut().filter(|row| is_seen(row)).for_each(|row| row.says = Says::Unknown),
            // A listing fails in one region, or in all: its resources vanish, and one finding says so.
            _ => {
                blinded.retain(|row| !is_hidden(row));
                blinded.push(Row { says: Says::Blind, ..chosen });
            }
        }
        let (before, after) = (of(&rows, &profile), of(&blinded, &profile));
        for ((name, low, _), (_, new_low, _)) in intervals(&before).into_iter().zip(intervals(&after)) {
            prop_assert!(new_low <= low, "{name}: worst case from {low:?} to {new_low:?}");
        }
        let cover = |sheet: &Sheet| sheet.terms.coverage(&sheet.book, &sheet.worst);
        prop_assert!(cover(&after) <= cover(&before));
        prop_assert!(decision(&before).is_go() || !decision(&after).is_go());
    }

    #[test]
    fn p4_the_interval_is_exact(rows in small()) {
        let unknown: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].says == Says::Unknown).collect();
        prop_assume!(!rows.iter().any(|row| row.says == Says::Blind) && (1..=6).contains(&unknown.len()));
        let profile = profile_with("[score]\nminimum_coverage = 1\nminimum_checks = 1\n");
        let before = of(&rows, &profile);
        let mut extremes: Option<Vec<(Number, Number)>> = None;
        for completion in 0..(1_u32 << unknown.len()) {
            let mut known = rows.clone();
            for (bit, at) in unknown.iter().enumerate() {
                known[*at].says = if completion >> bit & 1 == 1 { Says::Pass } else { Says::Fail };
            }
            let complete = of(&known, &profile);
            prop_assume!(standings(&complete) == standings(&before));
            let found = intervals(&complete);
            prop_assert!(extremes.is_some() || found.iter().zip(intervals(&before)).all(|(a, b)| a.0 == b.0));
            let read = |component: usize| standings(&before)[component] == Standing::Assessed;
            for (name, low, high) in &found {
                let assessed = COMPONENT_KEYS.iter().position(|key| key == name).is_some_and(read);
                prop_assert!(!assessed || low == high, "{name} has nothing unknown left");
            }
            let found = found.into_iter().map(|(_, low, high)| (low, high));
            extremes = Some(match extremes {
                None => found.collect(),
                Some(extremes) => extremes
                    .into_iter()
                    .zip(found)
                    .map(|((least, most), (low, high))| (least.min(low), most.max(high)))
                    .collect(),
            });
        }
        for ((name, low, high), (least, most)) in intervals(&before).into_iter().zip(extremes.unwrap()) {
            prop_assert_eq!((&low, &high), (&least, &most), "{}", name);
        }
    }

    #[test]
    fn p5_learning_narrows(
        rows in prop_oneof![whole(6, 8), small()],
        at in any::<Index>(),
        learned in prop_oneof![
            proptest::collection::vec(says(0, 12), 0..4),
            (1_usize..30).prop_map(|passing| vec![Says::Pass; passing]),
        ],
        layer in profile_layer(),
    ) {
        let unknown: Vec<usize> =
            (0..rows.len()).filter(|at| matches!(rows[*at].says, Says::Unknown | Says::Blind)).collect();
        prop_assume!(!unknown.is_empty());
        let profile = profile_with(&layer);
        let chosen = unknown[at.index(unknown.len())];
        let resolved = rows[chosen];
        let known = |says: &Says| !matches!(says, Says::Unknown | Says::Blind);
        let mut learned: Vec<Says> = learned.into_iter().filter(known).collect();
        if resolved.says == Says::Unknown {
            learned.truncate(1);
            prop_assume!(!learned.is_empty());
        }
        let mut wiser = rows.clone();
        wiser.remove(chosen);
        wiser.extend(learned.into_iter().map(|says| Row { says, ..resolved }));
        for ((name, low, high), (_, new_low, new_high)) in
            intervals(&of(&rows, &profile)).into_iter().zip(intervals(&of(&wiser, &profile)))
        {
            prop_assert!(low <= new_low && new_high <= high, "{name}: {low:?} {high:?} to {new_low:?} {new_high:?}");
        }
    }

    #[test]
    fn p6_the_number_of_resources_does_not_matter(rows in estates(), times in 2_usize..5, layer in profile_layer()) {
        let profile = profile_with(&layer);
        let replicated: Vec<Row> = rows.iter().flat_map(|row| vec![*row; times]).collect();
        let (once, more) = (of(&rows, &profile), of(&replicated, &profile));
        prop_assert_eq!(intervals(&once), intervals(&more));
        let cover = |sheet: &Sheet| sheet.terms.coverage(&sheet.book, &sheet.worst);
        prop_assert_eq!(cover(&once), cover(&more));
    }

    #[test]
    fn p8_every_lost_point_has_its_place(rows in estates(), layer in profile_layer(), waived in 0_usize..40) {
        let layer = format!("{layer}{}{}", check_waiver(id(waived), "*"), component_waiver("cloud"));
        let (all, profile) = (findings(&rows), profile_with(&layer));
        let card = scored(&all, &profile);
        let hundred = Number::from_exact(Exact::from_integer(100));
        let zero = Number::zero;
        let of_findings = card.findings.iter().map(|finding| &finding.points_lost);
        let of_others = card.other_losses.iter().map(|other| &other.points);
        let sum = of_findings.chain(of_others).fold(zero(), |sum, points| sum.plus(points));
        prop_assert_eq!(sum, hundred.minus(&card.evidenced));
        let sum = card.components.iter().fold(zero(), |sum, component| sum.plus(&component.points_lost));
        prop_assert_eq!(sum, hundred.minus(&card.evidenced));
        for component in &card.components {
            let Some(score) = &component.score else { continue };
            let own = all.iter().zip(&card.findings).filter(|(finding, _)| finding.check.component == component.key);
            let sum = own.fold(zero(), |sum, (_, finding)| sum.plus(&finding.component_points_lost));
            prop_assert_eq!(sum, hundred.minus(&score.evidenced), "{}", component.key);
        }
        for (finding, score) in all.iter().zip(&card.findings) {
            let is_good = matches!(finding.status, Status::Pass | Status::NotApplicable);
            prop_assert!(!is_good || score.points_lost.is_zero(), "what passes costs nothing");
        }
    }

    #[test]
    fn p9_the_order_of_the_input_does_not_matter(rows in estates(), layer in profile_layer()) {
        let layer = format!("{layer}{}", check_waiver(id(4), "*"));
        let (all, profile) = (findings(&rows), profile_with(&layer));
        let mut turned = all.clone();
        turned.reverse();
        let said = |all: &[Finding<'static>]| {
            let card = scored(all, &profile);
            let name = |index: usize| (all[index].check.id, all[index].target.identity.id.clone());
            let mut scores: Vec<_> = (0..all.len()).map(|index| (name(index), card.findings[index].clone())).collect();
            scores.sort_by(|(a, _), (b, _)| a.cmp(b));
            let plan: Vec<_> = card.plan.iter().map(|one| (one.name.clone(), one.gain.clone(), one.effort)).collect();
            let route: Vec<_> = card.route.steps.iter().map(|step| &card.plan[step.candidate].name).collect();
            format!("{scores:?} {plan:?} {route:?} {:?} {:?}", card.verdict.reasons, card.components)
        };
        prop_assert_eq!(said(&all), said(&turned));
    }

    #[test]
    fn p10_a_waiver_makes_nothing_pass(
        rows in estates(),
        waived in proptest::collection::vec(0_usize..40, 1..4),
        layer in profile_layer(),
    ) {
        let checks: std::collections::BTreeSet<usize> = waived.into_iter().collect();
        let waivers: String = checks.iter().map(|check| check_waiver(id(*check), "*")).collect();
        let (all, plain) = (findings(&rows), profile_with(&layer));
        let profile = profile_with(&format!("{layer}{waivers}"));
        let (without, with) = (sheet(&all, &plain), sheet(&all, &profile));
        for component in 0..COMPONENTS {
            for (a, b) in [(&without.worst, &with.worst), (&without.best, &with.best)] {
                prop_assert_eq!(without.book.raw(component, a), with.book.raw(component, b), "the rate stays");
            }
            let coverage = |sheet: &Sheet| sheet.book.coverage(component, &sheet.worst);
            prop_assert_eq!(coverage(&without), coverage(&with));
        }
        prop_assert_eq!(standings(&without), standings(&with));
        for ((name, low, high), (_, new_low, new_high)) in intervals(&without).into_iter().zip(intervals(&with)) {
            prop_assert!(low <= new_low && high <= new_high, "{name}: a waiver never costs");
        }
        let card = scored(&all, &profile);
        if let Some(unwaived) = card.without_waivers {
            prop_assert_eq!(&unwaived.evidenced, &scored(&all, &plain).evidenced);
            prop_assert_ne!(card.verdict.decision, Decision::Go, "a waiver in use is said");
        }
    }

    #[test]
    fn p11_no_go_beside_a_critical_failure_or_what_was_not_assessed(
        rows in prop_oneof![whole(0, 0), whole(1, 1), whole(2, 3)],
        layer in profile_layer(),
        waived in 0_usize..40,
    ) {
        let layer = format!("{layer}{}", check_waiver(id(waived), "*"));
        let (all, profile) = (findings(&rows), profile_with(&layer));
        let card = scored(&all, &profile);
        let failing = all.iter().zip(&card.findings).any(|(finding, score)| {
            finding.status == Status::Fail && score.severity == Severity::Critical && score.waiver.is_none()
        });
        let unassessed = card.components.iter().any(|one| one.standing == ComponentStanding::NotAssessed);
        prop_assert!(!(card.verdict.decision.is_go() && (failing || unassessed)));
        prop_assert!(!failing || card.verdict.decision == Decision::NoGo);
        prop_assert!(!failing || card.evidenced <= Number::from_exact(Exact::from_integer(79)));
    }
}

#[test]
fn p7_one_in_a_thousand_still_shows() {
    let critical = check("NET-1", "network", Category::Exposure, Severity::Critical);
    let others = [Severity::High, Severity::Medium, Severity::Low]
        .map(|severity| check(severity.word(), "network", Category::Exposure, severity));
    let mut all = row(critical, &format!("f{}", "p".repeat(999)));
    all.extend(others.into_iter().flat_map(|check| row(check, "pp")));
    let card = scored(&all, &profile());
    let score = component(&card, "network").score.clone().unwrap();
    assert_eq!(
        (exact(&score.evidenced), exact(&score.possible)),
        (Exact::from_integer(59), Exact::from_integer(59))
    );
    // Its own check falls to 49.95, and the cap takes the rest; all of it is the one finding's.
    let raw = Exact::from_integer(100) * (Exact::from_integer(8) + Exact::new(4995, 1000))
        / Exact::from_integer(18);
    assert!(raw > Exact::from_integer(59), "{raw}: the cap bites");
    assert_eq!(exact(&card.findings[0].component_points_lost), Exact::from_integer(41));
    let alone = scored(
        &row(critical, &format!("f{}", "p".repeat(999))),
        &profile_with("[score]\nminimum_checks = 1\n"),
    );
    assert_eq!(interval(&alone, "network").0, Exact::new(4995, 100));
}

#[test]
fn a_component_waiver_takes_only_what_was_never_assessed() {
    let layer = component_waiver("network") + &waiver("component = \"storage\"");
    let network = check("N", "network", Category::Exposure, Severity::High);
    let storage = ["S1", "S2", "S3"].map(|id| check(id, "storage", Category::Backup, Severity::High));
    let all: Vec<Finding<'static>> =
        [row(network, "u"), storage.map(|check| row(check, "pf")).concat()].concat();
    let card = scored(&all, &profile_with(&layer));
    assert_eq!(component(&card, "network").standing, ComponentStanding::Waived);
    assert_eq!(component(&card, "storage").standing, ComponentStanding::Assessed);
    assert_eq!(exact(&card.weight_share), Exact::from_integer(88));
    let outcomes: Vec<WaiverOutcome> = card.waivers.iter().map(|waiver| waiver.outcome).collect();
    assert_eq!(outcomes, [WaiverOutcome::Used(1), WaiverOutcome::Refused]);
    assert!(card.verdict.reasons.iter().any(|reason| reason.contains("Storage & Backup is refused")));
}
