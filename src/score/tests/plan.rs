//! Gains, their order, and the route to GO.

use proptest::prelude::*;
use proptest::sample::Index;

use super::estate::{Row, Says, cases, findings, profile_layer, small, whole};
use super::*;

/// The estate with some findings passing: a failed listing that succeeds shows nothing more, unless the check has
/// nothing else.
fn with_passing(all: &[Finding<'static>], passing: &[usize]) -> Vec<Finding<'static>> {
    let sees_more = |index: usize| {
        let beside = |other: &Finding| {
            other.check.id == all[index].check.id && !other.blind && other.status != Status::NotApplicable
        };
        all.iter().any(beside)
    };
    let repaired = all.iter().enumerate().filter_map(|(index, finding)| {
        let mut finding = finding.clone();
        if passing.contains(&index) {
            if finding.blind && sees_more(index) {
                return None;
            }
            (finding.status, finding.blind, finding.gap) = (Status::Pass, false, None);
        }
        Some(finding)
    });
    repaired.collect()
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_gain_is_what_scoring_again_would_give(
        rows in prop_oneof![whole(2, 3), whole(6, 6), small()],
        at in any::<Index>(),
        layer in profile_layer(),
    ) {
        let (all, profile) = (findings(&rows), profile_with(&layer));
        let card = scored(&all, &profile);
        let one = at.index(all.len());
        prop_assume!(all[one].status != Status::NotApplicable);
        let again = scored(&with_passing(&all, &[one]), &profile).evidenced;
        prop_assert_eq!(again.minus(&card.evidenced), card.findings[one].gain.clone());
        prop_assert!(again >= card.evidenced);
        if !card.plan.is_empty() {
            let many = &card.plan[at.index(card.plan.len())];
            let again = scored(&with_passing(&all, &many.findings), &profile).evidenced;
            prop_assert_eq!(again.minus(&card.evidenced), many.gain.clone(), "{}", many.name);
        }
        let worth = |one: &Candidate| Number::from_exact(Exact::new(1, i128::from(one.effort)));
        let in_order = card.plan.windows(2).all(|pair| {
            let (a, b) = (pair[0].gain.times(pair[1].effort), pair[1].gain.times(pair[0].effort));
            a > b || a == b && (pair[0].severity, &pair[1].name) >= (pair[1].severity, &pair[0].name)
        });
        prop_assert!(in_order && card.plan.iter().all(|one| !worth(one).is_zero()));
    }

    #[test]
    fn the_route_leads_where_it_says(
        rows in prop_oneof![whole(1, 2), whole(3, 4), whole(6, 6), small()],
        layer in profile_layer(),
    ) {
        let (all, profile) = (findings(&rows), profile_with(&layer));
        let card = scored(&all, &profile);
        let chosen: Vec<usize> =
            card.route.steps.iter().flat_map(|step| card.plan[step.candidate].findings.clone()).collect();
        let there = scored(&with_passing(&all, &chosen), &profile);
        prop_assert_eq!(card.route.reaches_go, there.verdict.decision.is_go());
        prop_assert_eq!(card.route.reaches_go, card.route.obstacles.is_empty());
        if let Some(last) = card.route.steps.last() {
            prop_assert_eq!(&last.evidenced, &there.evidenced);
        }
        if card.route.reaches_go {
            prop_assert_eq!(needless(&all, &profile, &card), None);
        }
    }
}

/// A step of the route that GO does not need.
fn needless(all: &[Finding<'static>], profile: &Profile, card: &Scorecard) -> Option<String> {
    let steps = &card.route.steps;
    let candidate = |at: usize| &card.plan[steps[at].candidate];
    let is_needless = |without: &usize| {
        let others = (0..steps.len()).filter(|at| at != without);
        let others: Vec<usize> = others.flat_map(|at| candidate(at).findings.clone()).collect();
        scored(&with_passing(all, &others), profile).verdict.decision.is_go()
    };
    (0..steps.len()).find(is_needless).map(|at| candidate(at).name.clone())
}

#[test]
fn the_route_is_freed_of_steps_that_later_ones_make_needless() {
    // One call hides a listing of one check and a finding of another; the modules that fail hold both.
    let pass = |check| Row { check, region: 0, production: true, says: Says::Pass };
    let mut rows: Vec<Row> = (0..40).map(pass).collect();
    let changes = [
        (8, 1, Says::Fail),
        (12, 1, Says::Fail),
        (28, 0, Says::Fail),
        (32, 0, Says::Fail),
        (4, 0, Says::Blind),
        (12, 0, Says::Unknown),
        (31, 0, Says::Unknown),
    ];
    rows.extend(changes.map(|(check, region, says)| Row { region, says, ..pass(check) }));
    let (all, profile) = (findings(&rows), profile());
    let card = scored(&all, &profile);
    assert!(card.route.reaches_go);
    assert_eq!(needless(&all, &profile, &card), None);
}

fn declared(mut finding: Finding<'static>, address: &str) -> Finding<'static> {
    finding.target.address = Some(address.to_owned());
    finding.target.state = Some("prod.tfstate".to_owned());
    finding
}

#[test]
fn one_edit_repairs_every_instance_of_a_block_and_a_module() {
    let check = check("STO-1", "storage", Category::Backup, Severity::High);
    let failing = |at: usize, address: &str| declared(finding(check, &at.to_string(), Status::Fail), address);
    let all = [
        failing(0, r#"module.web["a.b[0]"].aws_db_instance.main[0]"#),
        failing(1, r#"module.web["x\"]y"].aws_db_instance.main[1]"#),
        failing(2, r#"module.web["c"].module.inner.aws_db_instance.other"#),
        failing(3, "aws_db_instance.main"),
    ];
    let card = scored(&all, &profile_with("[score]\nminimum_checks = 1\n"));
    let of = |name: &str| {
        card.plan.iter().find(|one| one.name == name).map(|one| (one.findings.clone(), one.effort))
    };
    assert_eq!(of("module.web.aws_db_instance.main in prod.tfstate"), Some((vec![0, 1], 1)));
    assert_eq!(of("module.web in prod.tfstate"), Some((vec![0, 1, 2], 1)));
    assert_eq!(of("STO-1 everywhere"), Some((vec![0, 1, 2, 3], 3)), "three blocks to edit");
    assert_eq!(of("STO-1 on aws_db_instance.main in prod.tfstate"), Some((vec![3], 1)));
    assert_eq!(of("module.web.module.inner in prod.tfstate"), None, "one finding needs no second name");
    // Three of four for one edit, against all for three.
    assert_eq!(card.plan[0].name, "module.web in prod.tfstate");
    let everything = card.plan.iter().find(|one| one.effort == 3).map(|one| one.gain.to_string());
    assert_eq!((card.plan[0].gain.to_string(), everything), ("5.25".into(), Some("10.00".into())));
}

#[test]
fn a_repair_is_called_by_what_people_would_look_for() {
    let check = check("X-1", "iac", Category::Iac, Severity::High);
    let mut all = row(check, "fff");
    all[1].target.state = Some("s3://bucket/prod.tfstate".into());
    all[2].target.identity.kind = "stateward_estate".into();
    let card = scored(&all, &profile());
    let mut names: Vec<&str> = card.plan.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "X-1 everywhere",
        "X-1 on aws_thing X-1-0 in 1/us-west-2",
        "X-1 on s3://bucket/prod.tfstate",
        "X-1 on the estate",
    ];
    assert_eq!(names, expected);
}

#[test]
fn missing_evidence_is_repaired_by_the_call_that_would_tell() {
    let checks = ["A", "B", "C", "D"].map(|id| check(id, "storage", Category::Backup, Severity::High));
    let mut all =
        [row(checks[0], "u"), row(checks[1], "u"), row(checks[2], "ppppp"), row(checks[3], "pppf")].concat();
    all[0].gap = Some(Gap::new("rds:DescribeDBInstances", Cause::Denied, ""));
    all[1].gap = Some(Gap::new("rds:DescribeDBInstances", Cause::Denied, ""));
    let card = scored(&all, &profile_with("[score]\nminimum_checks = 1\nminimum_coverage = 1\n"));
    let first = &card.plan[0];
    assert_eq!((first.name.as_str(), &first.findings[..]), ("allow rds:DescribeDBInstances", &[0, 1][..]));
    assert_eq!(first.effort, 1);
    assert!(
        !card.plan.iter().any(|one| matches!(one.repair, Repair::Finding(0 | 1))),
        "there is nothing to edit"
    );
}

#[test]
fn the_route_names_the_component_that_nobody_can_assess() {
    let rows: Vec<Row> =
        (0..36).map(|check| Row { check, region: 0, production: true, says: Says::Pass }).collect();
    let card = scored(&findings(&rows), &profile());
    assert!(!card.route.reaches_go);
    let obstacle = &card.route.obstacles[0];
    assert!(
        obstacle.starts_with("Cloud Integration would not be assessed even with everything read"),
        "{obstacle}"
    );
}

#[test]
fn the_route_is_short_where_one_permission_suffices() {
    let mut rows: Vec<Row> =
        (0..40).map(|check| Row { check, region: 0, production: true, says: Says::Pass }).collect();
    rows[4].says = Says::Unknown;
    rows[0].says = Says::Unknown;
    rows[5].says = Says::Fail;
    let all = findings(&rows);
    let card = scored(&all, &profile());
    let names: Vec<&str> =
        card.route.steps.iter().map(|step| card.plan[step.candidate].name.as_str()).collect();
    assert!(card.route.reaches_go, "{:?}", card.route);
    assert_eq!(names[0], "allow svc:DescribeThings");
    assert!(names.len() <= 2, "{names:?}");
}

#[test]
fn five_thousand_findings_lose_what_is_missing_and_nothing_more() {
    let checks = 240;
    let all: Vec<Finding<'static>> = (0..5_000_usize)
        .map(|at| {
            let says = match at % 7 {
                0 => Says::Fail,
                1 => Says::Unknown,
                2 => Says::Partial(at as i64 % 90, 97),
                _ => Says::Pass,
            };
            let row = Row { check: at % 40, region: at % 3, production: at % 2 == 0, says };
            let mut finding = findings(&[row]).remove(0);
            // As many checks as the catalogue has, over kinds with different numbers of resources.
            let id = format!("{}-{}", finding.check.id, (at * at + at / 40) % (checks / 40));
            finding.check =
                Box::leak(Box::new(Check { id: Box::leak(id.into_boxed_str()), ..*finding.check }));
            finding.target.identity.id = at.to_string();
            finding.target.address = Some(format!("module.m{}.aws_thing.t{}[{at}]", at % 30, at % 900));
            finding
        })
        .collect();
    let card = scored(&all, &profile_with("[score]\nminimum_coverage = 1\n"));
    assert_eq!(card.findings.len(), all.len());
    let lost = card
        .findings
        .iter()
        .map(|one| &one.points_lost)
        .chain(card.other_losses.iter().map(|one| &one.points));
    let hundred = lost.fold(card.evidenced.clone(), |sum, points| sum.plus(points));
    assert_eq!(hundred, Number::from_exact(Exact::from_integer(100)));
    assert!(!card.plan.is_empty());
}
