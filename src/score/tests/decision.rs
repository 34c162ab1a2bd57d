//! The verdict: criteria, blockers, waivers and what leads to which exit code.

use std::time::Duration;

use super::estate::{check_waiver, component_waiver, waiver};
use super::*;

/// An estate that passes everything: three checks for each component, over every category that feeds a criterion.
fn good() -> Vec<Finding<'static>> {
    const FEEDS: [Category; 4] = [Category::Exposure, Category::Backup, Category::Scaling, Category::Iac];
    let severities = [Severity::Critical, Severity::High, Severity::Medium];
    let rows = COMPONENT_KEYS.into_iter().enumerate().flat_map(|(at, key)| {
        severities.map(|severity| {
            let id = Box::leak(format!("{key}-{}", severity.word()).into_boxed_str());
            row(check(id, key, FEEDS[at % FEEDS.len()], severity), "pp")
        })
    });
    rows.collect::<Vec<_>>().concat()
}

/// The good estate with the first finding of a check changed.
fn but(id: &str, change: impl Fn(&mut Finding)) -> Vec<Finding<'static>> {
    let mut all = good();
    change(all.iter_mut().find(|finding| finding.check.id == id).unwrap());
    all
}

fn status(status: Status) -> impl Fn(&mut Finding) {
    move |finding| {
        finding.status = status;
        finding.gap = (status == Status::Unknown).then(|| Gap::new("svc:DescribeThings", Cause::Denied, ""));
    }
}

fn decision(findings: &[Finding<'static>], profile: &Profile) -> Decision {
    scored(findings, profile).verdict.decision
}

#[test]
fn go_without_anything_in_the_way() {
    let card = scored(&good(), &profile());
    assert_eq!(card.verdict.decision, Decision::Go);
    assert_eq!(exact(&card.evidenced), Exact::from_integer(100));
    assert_eq!(card.verdict.reasons, ["every criterion passes in the worst case, and nothing blocks"]);
    assert!(card.route.reaches_go && card.route.steps.is_empty() && card.plan.is_empty());
}

#[test]
fn a_critical_failure_is_no_go_and_caps_the_number() {
    let card = scored(&but("storage-critical", status(Status::Fail)), &profile());
    assert_eq!(card.verdict.decision, Decision::NoGo);
    assert_eq!(exact(&card.evidenced), Exact::from_integer(79));
    assert_eq!(component(&card, "storage").cap, Some(59));
    let reason = "storage-critical (something holds) is critical and fails on storage-critical-0";
    assert!(card.verdict.reasons.iter().any(|said| said == reason), "{:?}", card.verdict.reasons);
}

#[test]
fn an_unknown_critical_is_undetermined() {
    let card = scored(&but("storage-critical", status(Status::Unknown)), &profile());
    assert_eq!(card.verdict.decision, Decision::Undetermined);
    assert_eq!(
        (exact(&card.evidenced), exact(&card.possible)),
        (Exact::from_integer(79), Exact::from_integer(100))
    );
    assert!(card.verdict.blockers.is_empty(), "nothing blocks; a criterion is open");
    let said = "Overall is undetermined: 79.00 is evidenced and 100.00 possible, and more than 80 is needed";
    assert!(card.verdict.reasons.iter().any(|reason| reason == said), "{:?}", card.verdict.reasons);
}

#[test]
fn two_three_and_more_critical_checks_cap_lower() {
    for (failing, cap) in [(1, 59), (2, 49), (3, 39), (4, 39)] {
        let rows = (0..12).map(|at| {
            let id = Box::leak(format!("K{at}").into_boxed_str());
            let severity = if at < 4 { Severity::Critical } else { Severity::High };
            row(
                check(id, "network", Category::Exposure, severity),
                if at < failing { "fppppppppppp" } else { "p" },
            )
        });
        let card = scored(&rows.collect::<Vec<_>>().concat(), &profile());
        assert_eq!(
            interval(&card, "network"),
            (Exact::from_integer(cap), Exact::from_integer(cap)),
            "{failing}"
        );
    }
}

#[test]
fn nothing_read_is_undetermined_and_never_go() {
    let card = scored(&[], &profile());
    assert_eq!(card.verdict.decision, Decision::Undetermined);
    assert_eq!(
        (exact(&card.evidenced), exact(&card.possible)),
        (Exact::from_integer(0), Exact::from_integer(100))
    );
    assert_eq!(card.assessed_only, None);
    assert_eq!(card.verdict.blockers.len(), 10);
    assert!(!card.route.reaches_go);
    assert!(card.route.obstacles[0].contains("Container Orchestration would not be assessed"));
}

#[test]
fn a_component_counts_from_its_minimum_of_coverage_and_checks() {
    let dr = |id, severity| check(id, "dr", Category::Dr, severity);
    let with = |last: &str| {
        [
            row(dr("A", Severity::High), "p"),
            row(dr("B", Severity::Low), "p"),
            row(dr("C", Severity::Low), last),
        ]
        .concat()
    };
    let standing =
        |all: &[Finding<'static>], layer: &str| component(&scored(all, &profile_with(layer)), "dr").standing;
    assert_eq!(standing(&with("p"), ""), ComponentStanding::Assessed);
    assert_eq!(standing(&with("n"), ""), ComponentStanding::NotAssessed, "two checks remain");
    assert_eq!(standing(&with("u"), ""), ComponentStanding::NotAssessed, "of the third nothing is known");
    assert_eq!(standing(&with("ppu"), ""), ComponentStanding::Assessed);
    // 5 + 1 + 1/5 of 7: 88.57 %.
    let coverage = |percent: &str| format!("[score]\nminimum_coverage = {percent}\n");
    assert_eq!(standing(&with("puuuu"), &coverage("88.571428")), ComponentStanding::Assessed);
    assert_eq!(standing(&with("puuuu"), &coverage("88.571429")), ComponentStanding::NotAssessed);
}

#[test]
fn a_failed_mandatory_collector_is_never_assessed() {
    let (all, profile) = (good(), profile());
    let mut input = Input::new(&all, &profile, NOW);
    input.outages.insert("dr".into(), "the states could not be read".into());
    let card = score(&input);
    assert_eq!(component(&card, "dr").standing, ComponentStanding::NotAssessed);
    assert_eq!(card.verdict.decision, Decision::Undetermined);
    assert!(
        card.verdict
            .reasons
            .contains(&"Disaster Recovery is not assessed: the states could not be read".into())
    );
    assert_eq!(exact(&card.evidenced), Exact::from_integer(92));
    let lost: Vec<_> =
        card.other_losses.iter().map(|other| (other.component, exact(&other.points))).collect();
    assert_eq!(lost, [("dr", Exact::from_integer(8))]);
}

#[test]
fn waivers_lift_blocks_and_are_said() {
    let failing = but("storage-critical", status(Status::Fail));
    let card = scored(&failing, &profile_with(&check_waiver("storage-critical", "storage-critical-0")));
    assert_eq!(card.verdict.decision, Decision::GoWithWaivers);
    assert_eq!(component(&card, "storage").cap, None);
    assert_eq!(interval(&card, "storage").0, Exact::new(950, 17), "the rate stays");
    assert!(card.verdict.reasons.contains(&"1 waiver in use".into()));
    let unwaived = card.without_waivers.unwrap();
    assert_eq!((unwaived.decision, exact(&unwaived.evidenced)), (Decision::NoGo, Exact::from_integer(79)));
    assert_eq!(card.findings.iter().filter(|finding| finding.waiver == Some(0)).count(), 1);

    let elsewhere = scored(&failing, &profile_with(&check_waiver("storage-critical", "other")));
    assert_eq!(elsewhere.verdict.decision, Decision::NoGo);
    assert_eq!(elsewhere.waivers[0].outcome, WaiverOutcome::Unneeded);
}

#[test]
fn a_waiver_covers_by_address_arn_id_and_alias() {
    let mut failing = but("storage-critical", status(Status::Fail));
    let at = failing.iter().position(|finding| finding.status == Status::Fail).unwrap();
    failing[at].target.address = Some("aws_db_instance.main".into());
    failing[at].target.arn = Some("arn:aws:rds:us-west-2:1:db:main".into());
    let aliased = Check { alias: "backed-up", ..*failing[at].check };
    failing[at].check = Box::leak(Box::new(aliased));
    for (check, resource) in [
        ("storage-critical", "aws_db_instance.*"),
        ("storage-critical", "arn:aws:rds:*:db:main"),
        ("storage-critical", "storage-critical-0"),
        ("backed-up", "*"),
    ] {
        let found = decision(&failing, &profile_with(&check_waiver(check, resource)));
        assert_eq!(found, Decision::GoWithWaivers, "{check} on {resource}");
    }
}

#[test]
fn a_waiver_that_is_over_is_not_applied_and_is_said() {
    let failing = but("storage-critical", status(Status::Fail));
    let over = check_waiver("storage-critical", "*").replace("2026-04-01", "2026-02-28");
    let card = scored(&failing, &profile_with(&over));
    assert_eq!((card.verdict.decision, card.waivers[0].outcome), (Decision::NoGo, WaiverOutcome::Expired));
    let said = "the waiver T-1 for storage-critical on * expired on 2026-02-28 and was not applied";
    assert!(card.verdict.reasons.iter().any(|reason| reason == said), "{:?}", card.verdict.reasons);
    let last_day = check_waiver("storage-critical", "*").replace("2026-04-01", "2026-03-01");
    assert_eq!(decision(&failing, &profile_with(&last_day)), Decision::GoWithWaivers);
    let early = check_waiver("storage-critical", "*").replace("2026-02-01", "2026-03-02");
    assert_eq!(scored(&failing, &profile_with(&early)).waivers[0].outcome, WaiverOutcome::NotYet);
}

#[test]
fn a_waived_component_leaves_both_sums() {
    let blind: Vec<Finding<'static>> =
        good().into_iter().filter(|finding| finding.check.component != "multienv").collect();
    assert_eq!(decision(&blind, &profile()), Decision::Undetermined);
    let card = scored(&blind, &profile_with(&component_waiver("multienv")));
    assert_eq!(card.verdict.decision, Decision::GoWithWaivers);
    assert_eq!(
        (exact(&card.evidenced), exact(&card.weight_share)),
        (Exact::from_integer(100), Exact::from_integer(92))
    );
    assert_eq!(component(&card, "multienv").standing, ComponentStanding::Waived);
}

#[test]
fn a_criterion_without_anything_to_measure_never_passes() {
    let nothing_scales = |finding: &Finding| {
        finding.check.component != "autoscaling" && finding.check.category != Category::Scaling
    };
    let all: Vec<Finding<'static>> = good().into_iter().filter(nothing_scales).collect();
    let keys = ["autoscaling", "storage", "multienv"];
    let waivers: String = keys.iter().map(|key| component_waiver(key)).collect();
    let card = scored(&all, &profile_with(&waivers));
    assert!(card.criteria[2].mapped.is_none() && card.criteria[2].breadth.is_none());
    assert_eq!(card.criteria[2].outcome, CriterionOutcome::Undetermined);
    assert_eq!(card.verdict.decision, Decision::Undetermined);
}

#[test]
fn going_blind_and_waiving_gains_nothing() {
    let all: Vec<Finding<'static>> = good()
        .into_iter()
        .map(|mut finding| {
            if finding.check.component == "multienv" {
                status(Status::Unknown)(&mut finding);
            }
            finding
        })
        .collect();
    let profile = profile_with(&component_waiver("multienv"));
    let mut input = Input::new(&all, &profile, NOW);
    assert_eq!(exact(&score(&input).evidenced), Exact::from_integer(79), "the unread critical check caps");
    input.last_evidenced.insert("multienv".into(), Exact::new(425, 10));
    let card = score(&input);
    assert_eq!(component(&card, "multienv").standing, ComponentStanding::Held);
    assert_eq!(exact(&card.weight_share), Exact::from_integer(100), "it stays in the sums");
    assert_eq!(
        exact(&card.possible),
        Exact::from_integer(92) + Exact::new(34, 10),
        "at most as last evidenced"
    );
    let lost: Number =
        card.findings.iter().fold(Number::zero(), |sum, finding| sum.plus(&finding.points_lost));
    let lost = card.other_losses.iter().fold(lost, |sum, other| sum.plus(&other.points));
    assert_eq!(lost.plus(&card.evidenced), Number::from_exact(Exact::from_integer(100)));
}

#[test]
fn the_lower_of_component_and_breadth_decides() {
    // A high failure in a storage check about exposure leaves the network component whole.
    let open = check("OPEN", "storage", Category::Exposure, Severity::High);
    let all = [good(), row(open, "fffff")].concat();
    let card = scored(&all, &profile());
    let security = &card.criteria[0];
    let (mapped, breadth) = (security.mapped.clone().unwrap(), security.breadth.clone().unwrap());
    assert_eq!(exact(&mapped.evidenced), Exact::from_integer(100));
    assert_eq!(security.score, breadth);
    assert!(breadth.evidenced < mapped.evidenced);
    let literal = scored(&all, &profile_with("[score]\ngate = \"mapped\"\n"));
    assert_eq!(literal.criteria[0].score, mapped, "the brief to the letter");
    assert_eq!(literal.criteria[0].breadth, Some(breadth), "and both are there to print");
}

#[test]
fn a_release_needs_proof_of_its_objectives() {
    let prerelease = profile_with("[score]\nprerelease = true\n");
    let objectives = |rpo: &str, rto: &str| {
        let objective = |id| check(id, "dr", Category::Dr, Severity::Critical);
        [good(), row(objective("DR-38"), rpo), row(objective("DR-39"), rto)].concat()
    };
    assert_eq!(decision(&objectives("p", "p"), &prerelease), Decision::Go);
    assert_eq!(
        decision(&objectives("p", "n"), &prerelease),
        Decision::Go,
        "without a workload there is none to prove"
    );
    assert_eq!(decision(&objectives("p", "f"), &prerelease), Decision::NoGo);
    assert_eq!(decision(&objectives("u", "p"), &prerelease), Decision::Undetermined);
    let missing = scored(&good(), &prerelease);
    assert_eq!(missing.verdict.decision, Decision::Undetermined);
    assert_eq!(missing.verdict.blockers.len(), 2);
    assert!(!missing.route.reaches_go);
    assert_eq!(decision(&good(), &profile()), Decision::Go, "outside of a release gate nobody asks");

    let mut partly = objectives("p", "p");
    let rto = partly.last_mut().unwrap();
    (rto.status, rto.credit) = (Status::Partial, Some((9, 10)));
    assert_eq!(decision(&partly, &prerelease), Decision::NoGo, "partly is not proved");
    assert_eq!(decision(&partly, &profile()), Decision::Go);
}

#[test]
fn facts_from_outside_block() {
    let (all, profile) = (good(), profile());
    let mut input = Input::new(&all, &profile, NOW);
    input.blocking.push("the catalogue is not the approved one".into());
    let card = score(&input);
    assert_eq!(card.verdict.decision, Decision::NoGo);
    assert_eq!(card.verdict.reasons, ["the catalogue is not the approved one"]);
    assert_eq!(card.route.obstacles, ["the catalogue is not the approved one"]);
}

fn read_before(finding: &mut Finding, operation: &str, before: Duration) {
    let format = time::format_description::well_known::Rfc3339;
    finding.evidence = vec![Evidence {
        operation: operation.into(),
        request: String::new(),
        fields: Default::default(),
        observed_at: (NOW - before).format(&format).unwrap(),
    }];
}

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn evidence_has_a_time_to_live_by_its_sort() {
    let stale = |operation: &str, hours: u32, layer: &str| {
        let mut all = good();
        all.truncate(1);
        read_before(&mut all[0], operation, HOUR * hours);
        expire(&mut all, &profile_with(layer), NOW);
        let gap = all[0].gap.as_ref().map(|gap| (gap.call.to_string(), gap.cause));
        assert_eq!(gap.is_some(), all[0].status == Status::Unknown);
        gap
    };
    let expired = |operation: &str| Some((operation.to_owned(), Cause::Stale));
    assert_eq!(stale("rds:DescribeDBInstances", 24, ""), None);
    assert_eq!(stale("rds:DescribeDBInstances", 25, ""), expired("rds:DescribeDBInstances"));
    let metrics = "[evidence]\nmetrics = \"2h\"\n";
    assert_eq!(stale("cloudwatch:GetMetricData", 3, metrics), expired("cloudwatch:GetMetricData"));
    assert_eq!(stale("cloudwatch:DescribeAlarms", 3, metrics), None, "an alarm is configuration");
    assert_eq!(stale("backup:ListRestoreJobs", 24 * 90, ""), None);
    assert_eq!(stale("backup:ListRestoreJobs", 24 * 91, ""), expired("backup:ListRestoreJobs"));
}

#[test]
fn evidence_without_a_time_is_of_any_age() {
    let mut all = good();
    read_before(&mut all[0], "rds:DescribeDBInstances", HOUR);
    all[0].evidence[0].observed_at.clear();
    assert_eq!(decision(&all, &profile()), Decision::Undetermined);
    expire(&mut all, &profile(), NOW);
    assert_eq!(all[0].gap.as_ref().unwrap().cause, Cause::Stale);
}

#[test]
fn old_evidence_blocks_though_it_is_believed() {
    let believed = profile_with("[evidence]\nconfiguration = \"72h\"\n");
    let mut all = good();
    read_before(&mut all[0], "rds:DescribeDBInstances", 48 * HOUR);
    expire(&mut all, &believed, NOW);
    let card = scored(&all, &believed);
    assert_eq!(exact(&card.evidenced), Exact::from_integer(100));
    assert_eq!(card.verdict.decision, Decision::Undetermined);
    assert_eq!(card.verdict.blockers[0].obstacle, Obstacle::OldEvidence);
    read_before(&mut all[0], "backup:ListRestoreJobs", 48 * HOUR);
    assert_eq!(decision(&all, &believed), Decision::Go, "a rehearsal is meant to last");
}

#[test]
fn the_profile_changes_severities() {
    let failing = but("storage-critical", status(Status::Fail));
    let card = scored(&failing, &profile_with("[checks.severity]\nstorage-critical = \"low\"\n"));
    assert_eq!(card.verdict.decision, Decision::Go, "no critical failure is left");
    let scores = failing.iter().zip(&card.findings);
    let own: Vec<_> = scores.filter(|(finding, _)| finding.status == Status::Fail).collect();
    assert_eq!(own[0].1.severity, Severity::Low);
    assert_eq!(interval(&card, "storage").0, Exact::from_integer(100) - Exact::new(50, 8));
    let raised = but("storage-medium", status(Status::Fail));
    let raised = scored(&raised, &profile_with("[checks.severity]\nstorage-medium = \"critical\"\n"));
    assert_eq!(raised.verdict.decision, Decision::NoGo);
}

#[test]
fn a_downgraded_failure_costs_what_its_severity_weighs_and_never_caps() {
    let downgraded = but("storage-critical", |finding| {
        finding.status = Status::Fail;
        finding.severity = Severity::Medium;
    });
    let card = scored(&downgraded, &profile());
    assert_eq!(component(&card, "storage").cap, None);
    assert!(card.verdict.blockers.is_empty());
    // Of the weight 10 it loses what a medium failure would: 2 · (1/2 · 1/2 + 1/2).
    assert_eq!(interval(&card, "storage").0, Exact::from_integer(100) - Exact::new(150, 17));
    // A full failure beside it caps, and takes the any-failure share alone.
    let both: Vec<Finding<'static>> = downgraded
        .into_iter()
        .map(|mut finding| {
            if finding.target.identity.id == "storage-critical-1" {
                finding.status = Status::Fail;
            }
            finding
        })
        .collect();
    let card = scored(&both, &profile());
    assert_eq!(component(&card, "storage").cap, Some(59));
    let lost = both.iter().zip(&card.findings).filter(|(finding, _)| finding.status == Status::Fail);
    let lost: Vec<Exact> = lost.map(|(_, score)| exact(&score.component_points_lost)).collect();
    assert_eq!(lost[0], Exact::new(100, 17) * Exact::new(1, 2), "its rate alone: 2 · 1/2 · 1/2");
    assert_eq!(lost.iter().sum::<Exact>(), Exact::from_integer(100) - interval(&card, "storage").0);
}

#[test]
fn a_partial_credit_of_zero_is_a_failure() {
    let credit = |numerator| {
        but("storage-critical", move |finding| {
            finding.status = Status::Partial;
            finding.credit = Some((numerator, 10));
        })
    };
    assert_eq!(decision(&credit(0), &profile()), Decision::NoGo);
    assert_eq!(component(&scored(&credit(1), &profile()), "storage").cap, None);
}

#[test]
fn test_environments_may_weigh_a_quarter() {
    let all = but("storage-high", |finding| {
        finding.status = Status::Fail;
        finding.tags.insert("Environment".into(), "test".into());
    });
    let at = |layer: &str| interval(&scored(&all, &profile_with(layer)), "storage").0;
    // Half of the resources fail; with a quarter of the weight it is a fifth.
    assert_eq!(at(""), Exact::from_integer(100) - Exact::new(500, 17) * Exact::new(65, 100));
    let light = "[environments]\nnonproduction_weight = 0.25\n";
    assert_eq!(at(light), Exact::from_integer(100) - Exact::new(500, 17) * Exact::new(44, 100));
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let codes = [Decision::Go, Decision::GoWithWaivers, Decision::NoGo, Decision::Undetermined];
    assert_eq!(codes.map(Decision::exit_code), [0, 0, 2, 3]);
    assert_eq!(codes.map(Decision::word), ["go", "go_with_waivers", "no_go", "undetermined"]);
}

#[test]
fn words_that_contradict_the_weights_are_noted() {
    let notes = contradictions(&profile());
    let dr = "Disaster Recovery is called critical and weighs 8.00 %, as much as Multi-Environment, which is called \
              medium and weighs 8.00 %";
    assert!(notes.iter().any(|note| note == dr), "{notes:#?}");
    let impact = Profile::load(&["impact".to_owned()], |_| Err(std::io::ErrorKind::NotFound.into())).unwrap();
    assert_eq!(contradictions(&impact), Vec::<String>::new());
    let one = profile_with(
        "[weights]\ndr = { weight = 12.5 }\nnetwork = { weight = 12.5 }\nautoscaling = { weight = 9 }\ncloud = { weight = 9 }\n",
    );
    assert_eq!(contradictions(&one), Vec::<String>::new());
    assert_eq!(scored(&[], &profile()).notes, notes);
}

#[test]
fn bands_follow_the_evidenced_value() {
    let band = |hundredths: i128| Band::of(Some(&Number::from_exact(Exact::new(hundredths, 100)))).word();
    assert_eq!(
        [9_000, 8_999, 8_000, 7_000, 6_999, 5_000, 4_999].map(band),
        ["strong", "sound", "sound", "fair", "weak", "weak", "poor"]
    );
    assert_eq!(Band::of(None).word(), "not assessed");
}

#[test]
fn every_component_has_a_title_and_every_check_of_the_catalogue_a_component() {
    assert!(COMPONENT_KEYS.iter().all(|key| !title(key).is_empty()));
    assert!(crate::checks::all().all(|check| COMPONENT_KEYS.contains(&check.component)));
    assert_eq!(waiver("").matches("expires").count(), 1);
}
