//! The formats for pipelines before those who read them: the published schemas, GitHub's limits, and that a result is
//! told whole and told once.

mod xsd;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::ci::recovery;
use super::{Look, ci, github, junit, markdown, ocsf, sarif};
use crate::audit::{Question, evaluate};
use crate::plan::Selection;
use crate::profile::Profile;
use crate::recover::tests::{AWAY, golden};
use crate::result::{
    Decision, Definition, Document, Finding, Outcome, RecoveryGate, RecoveryGateEffect, RecoveryOutcome,
    Status, sample,
};
use crate::snapshot::Snapshot;

static SARIF: LazyLock<Validator> =
    LazyLock::new(|| schema(include_str!("../../tests/fixtures/schemas/sarif-schema-2.1.0.json")));
static OCSF: LazyLock<Validator> =
    LazyLock::new(|| schema(include_str!("../../tests/fixtures/schemas/ocsf-1.6.0.json")));
const JUNIT: &str = include_str!("../../tests/fixtures/schemas/junit-10.xsd");

fn schema(text: &str) -> Validator {
    // A bracket of SARIF's pattern for languages, which results do not have, is one too many for a strict reader.
    let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn faults(of: &Validator, instance: &Value) -> Vec<String> {
    of.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

pub(super) fn valid_sarif(document: &Document) -> Value {
    let log: Value = serde_json::from_str(&sarif::render(document, &Look::default()).unwrap()).unwrap();
    assert_eq!(faults(&SARIF, &log), Vec::<String>::new());
    log["runs"][0].clone()
}

pub(super) fn valid_junit(document: &Document) -> String {
    let text = junit::render(document, &Look::default()).unwrap();
    assert_eq!(xsd::faults(JUNIT, &text), Vec::<String>::new());
    text
}

pub(super) fn valid_ocsf(document: &Document) -> Vec<Value> {
    let text = ocsf::render(document, &Look::default()).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for event in &events {
        assert_eq!(faults(&OCSF, event), Vec::<String>::new(), "{event}");
    }
    events
}

/// One finding of each status, one item of each class, an error and a waiver.
fn small() -> Document {
    let mut document = sample::no_go();
    let mut seen = Vec::new();
    document.findings.retain(|finding| {
        let new = !seen.contains(&finding.status);
        seen.push(finding.status);
        new
    });
    if let Some(drift) = &mut document.drift {
        let mut seen = Vec::new();
        drift.items.retain(|item| {
            let new = !seen.contains(&item.class);
            seen.push(item.class.clone());
            new
        });
        drift.items[0].definition = Some(Definition { file: "infra/orders/db.tf".into(), line: Some(12) });
    }
    for finding in &mut document.findings {
        finding.resource.definition = match finding.status {
            Status::Fail => Some(Definition { file: "infra/orders/main.tf".into(), line: Some(7) }),
            Status::Partial => Some(Definition { file: "infra/a b/x.tf.json".into(), line: None }),
            _ => None,
        };
    }
    document.collection.errors.truncate(1);
    document
}

/// What `stateward recover` makes of the golden estates, and of one of which a part was not read.
fn verified() -> Vec<(&'static str, Document)> {
    let mut labs = golden::estates().to_vec();
    let mut unread = golden::estates()[2].1.clone();
    unread.deny("aws_db_instance", AWAY);
    labs.push(("unread", unread));
    labs.into_iter()
        .map(|(name, lab)| {
            let (recovery, verdict) = lab.run();
            let mut document = sample::go();
            document.run.command = "recover".into();
            document.collection.errors.clear();
            (document.score, document.drift) = (None, None);
            document.findings.clear();
            document.plan.clear();
            document.route_to_go.clear();
            (document.verdict, document.recovery) = (Some(verdict), Some(recovery));
            (name, document)
        })
        .collect()
}

#[test]
fn each_scenario_is_told_once_and_passes_only_where_it_does() {
    let mut outcomes = std::collections::BTreeSet::new();
    for (name, document) in verified() {
        let scenarios = &document.recovery.as_ref().unwrap().scenarios;
        let (run, events, text) = (valid_sarif(&document), valid_ocsf(&document), valid_junit(&document));
        let xml = roxmltree::Document::parse(&text).unwrap();
        let results = run["results"].as_array().unwrap();
        for scenario in scenarios {
            let print = recovery::fingerprint(scenario);
            let (outcome, gated) = (scenario.outcome, scenario.gated);
            outcomes.insert((outcome, gated));
            let passes = matches!(outcome, RecoveryOutcome::Pass | RecoveryOutcome::PassOnAssumption);

            let found =
                results.iter().filter(|one| one["partialFingerprints"]["stateward/v1"] == print.as_str());
            let levels: Vec<&str> = found.map(|one| one["level"].as_str().unwrap()).collect();
            let level = match outcome {
                _ if passes => None,
                _ if !gated => Some("note"),
                RecoveryOutcome::Fail => Some("error"),
                _ => Some("warning"),
            };
            assert_eq!(levels, Vec::from_iter(level), "{name}: {}", scenario.name.word());

            let event: Vec<_> =
                events.iter().filter(|one| one["finding_info"]["uid"] == print.as_str()).collect();
            assert_eq!(event.len(), 1, "{name}");
            assert_eq!(event[0]["compliance"]["status"] == "Pass", passes, "{name}");

            let case: Vec<_> = xml
                .descendants()
                .filter(|node| {
                    node.attribute("classname") == Some(&format!("recovery.{}", scenario.workload))
                        && node.attribute("name") == Some(scenario.name.title())
                })
                .collect();
            assert_eq!(case.len(), 1, "{name}");
            let came = case[0].first_element_child().map(|node| node.tag_name().name());
            let tag = match outcome {
                _ if passes => None,
                _ if !gated => Some("skipped"),
                RecoveryOutcome::Fail => Some("failure"),
                _ => Some("error"),
            };
            assert_eq!(came, tag, "{name}: {}", scenario.name.word());
        }
        let decision = document.verdict.as_ref().unwrap().decision;
        let answer = xml.descendants().find(|node| node.attribute("name") == Some("answer")).unwrap();
        let came = answer.first_element_child().map(|node| node.tag_name().name());
        let tag = match decision {
            Decision::Go | Decision::GoWithWaivers => None,
            Decision::NoGo => Some("failure"),
            Decision::Undetermined => Some("error"),
        };
        assert_eq!(came, tag, "{name}");
        let unread = scenarios.iter().any(|scenario| !scenario.unread.is_empty());
        assert!(!unread || run["invocations"][0]["executionSuccessful"] == false, "{name}");
        assert!(unread || name != "unread");

        for render in [github::render, markdown::render] {
            let page = render(&document, &Look::default()).unwrap();
            assert!(page.starts_with(&format!("# {}", decision.words())), "{name}");
            for scenario in scenarios.iter().filter(|scenario| !scenario.resources.is_empty()) {
                assert!(page.contains(scenario.name.title()), "{name}: {}", scenario.name.word());
            }
            assert!(!page.contains("No finding fails") && !page.contains("nothing was compared"), "{name}");
        }
    }
    // Else some of this was not tested.
    for outcome in [RecoveryOutcome::Pass, RecoveryOutcome::Undetermined, RecoveryOutcome::Fail] {
        assert!(outcomes.contains(&(outcome, true)), "{outcome:?} in {outcomes:?}");
    }
}

#[test]
fn a_gate_fails_only_beside_a_gated_scenario_that_misses_its_objectives() {
    let gate = |effect, state: &str| RecoveryGate {
        resource: "aws_db_instance.orders".into(),
        path: String::new(),
        name: "key".into(),
        subject: format!("{state} {effect:?}"),
        state: state.into(),
        effect,
        why: Some("the key of that region is disabled".into()),
        delay_low_s: None,
        delay_high_s: None,
    };
    for (_, mut document) in verified() {
        let scenarios = &mut document.recovery.as_mut().unwrap().scenarios;
        for scenario in scenarios.iter_mut() {
            let effects = [RecoveryGateEffect::Closes, RecoveryGateEffect::Delays, RecoveryGateEffect::Warns];
            let gates =
                effects.iter().flat_map(|effect| ["open", "shut", "unknown"].map(|it| gate(*effect, it)));
            scenario.gates = gates.collect();
        }
        let text = valid_junit(&document);
        let xml = roxmltree::Document::parse(&text).unwrap();
        for scenario in &document.recovery.as_ref().unwrap().scenarios {
            let decides = scenario.gated && recovery::severity(scenario).is_some();
            let title = format!("{}: ", scenario.name.title());
            let cases = xml.descendants().filter(|node| {
                node.attribute("name").is_some_and(|name| name.starts_with(&title))
                    && node.attribute("classname") == Some(&format!("recovery.{}", scenario.workload))
            });
            let mut tags: Vec<&str> =
                cases.map(|case| case.first_element_child().unwrap().tag_name().name()).collect();
            tags.sort_unstable();
            let expected: &[&str] = match decides {
                true => &["error", "failure", "skipped", "skipped", "skipped", "skipped"],
                false => &["skipped"; 6],
            };
            assert_eq!(tags, expected, "{}", scenario.name.word());
        }
        valid_sarif(&document);
        valid_ocsf(&document);
    }
}

#[test]
fn recovery_as_tests() {
    let (_, document) = verified().swap_remove(1);
    insta::assert_snapshot!("recovery-junit", junit::render(&document, &Look::default()).unwrap());
}

/// All samples, with the small one and one that has everything over time.
fn documents() -> Vec<(&'static str, Document)> {
    let mut documents = sample::all();
    documents.push(("small", small()));
    documents.push(("over-time", sample::over_time()));
    documents.push(("with-evidence", sample::with_evidence()));
    documents.extend(verified());
    documents
}

fn stands(finding: &Finding) -> bool {
    !matches!(finding.status, Status::Pass | Status::NotApplicable)
}

#[test]
fn the_small_sample_holds_every_status_and_class() {
    let document = small();
    let statuses: std::collections::BTreeSet<Status> =
        document.findings.iter().map(|finding| finding.status).collect();
    assert_eq!((document.findings.len(), statuses.len()), (6, 6));
    let items = document.drift.iter().flat_map(|drift| &drift.items);
    assert_eq!(items.count(), super::words::CLASSES.len());
}

#[test]
fn every_sample_is_valid_by_the_published_schemas() {
    for (_, document) in documents() {
        valid_sarif(&document);
        valid_junit(&document);
        valid_ocsf(&document);
    }
}

#[test]
fn the_recorded_estate_is_valid_and_told_whole() {
    let snapshot = Snapshot::from_reader("demo", &include_bytes!("../../demo/estate.stw")[..]).unwrap();
    let profile = Profile::built_in_default().unwrap();
    let selection = Selection::default();
    let question = Question::audit(&profile, &selection).unwrap();
    let as_of = OffsetDateTime::parse(&snapshot.as_of, &Rfc3339).unwrap();
    let run = sample::go().run;
    let document = evaluate(snapshot, &question, as_of, run);
    let standing = document.findings.iter().filter(|finding| stands(finding)).count();
    let items = document.drift.as_ref().unwrap().items.len();
    assert!(standing > 100 && items > 10);
    assert_eq!(valid_sarif(&document)["results"].as_array().unwrap().len(), standing + items);
    assert_eq!(valid_ocsf(&document).len(), 1 + document.findings.len() + items);
    let gate = document.score.as_ref().unwrap().criteria.len();
    let cases = document.findings.len() + items + gate + ci::gaps(&document).len().max(1);
    let text = valid_junit(&document);
    assert_eq!(text.matches("<testcase ").count(), cases);
    // A pipeline that tells tests by their names must not take two for one.
    let xml = roxmltree::Document::parse(&text).unwrap();
    let tests = xml.descendants().filter(|node| node.has_tag_name("testcase"));
    let names = tests.map(|case| (case.attribute("classname").unwrap(), case.attribute("name").unwrap()));
    assert_eq!(names.collect::<std::collections::BTreeSet<_>>().len(), cases);
}

#[test]
fn the_schemas_refuse_what_is_wrong() {
    let log: Value = serde_json::from_str(&sarif::render(&small(), &Look::default()).unwrap()).unwrap();
    for (place, wrong) in [
        ("/runs/0/results/0/level", Value::from("fatal")),
        ("/runs/0/results/0/message", Value::from("text")),
        ("/runs/0/invocations/0/executionSuccessful", Value::Null),
        ("/runs/0/results/0/suppression", Value::Null),
    ] {
        let mut broken = log.clone();
        match broken.pointer_mut(place) {
            Some(value) => *value = wrong,
            None => broken["runs"][0]["results"][0]["suppression"] = wrong,
        }
        assert!(!faults(&SARIF, &broken).is_empty(), "{place}");
    }
    for event in valid_ocsf(&small()) {
        for (key, wrong) in [
            ("severity_id", Value::from(7)),
            ("class_uid", Value::from(2002)),
            ("cloud", Value::Null),
            ("time", Value::from("now")),
            ("address", Value::from("no such field")),
        ] {
            let mut broken = event.clone();
            broken[key] = wrong;
            assert!(!faults(&OCSF, &broken).is_empty(), "{key}");
        }
    }
}

/// True for what is not of a verification of recovery.
fn of_findings(rule: &str) -> bool {
    !rule.starts_with("recovery")
}

/// How often each fingerprint of the result occurs.
fn counted<'a>(prints: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    prints.for_each(|print| *counts.entry(print).or_default() += 1);
    counts
}

#[test]
fn every_finding_and_every_item_is_told_once() {
    for (name, document) in documents() {
        let items: Vec<_> = document.drift.iter().flat_map(|drift| &drift.items).collect();
        let prints = |all: bool| {
            let findings = document.findings.iter().filter(move |finding| all || stands(finding));
            let findings = findings.map(|finding| finding.fingerprint.as_str());
            counted(findings.chain(items.iter().map(|item| item.fingerprint.as_str())))
        };

        let run = valid_sarif(&document);
        let results = run["results"].as_array().unwrap();
        let told = results.iter().filter(|one| one["ruleId"].as_str().is_some_and(of_findings));
        let told = told.map(|one| one["partialFingerprints"]["stateward/v1"].as_str().unwrap());
        assert_eq!(counted(told), prints(false), "{name}");

        let events = valid_ocsf(&document);
        let told =
            events[1..].iter().filter(|one| one["compliance"]["control"].as_str().is_some_and(of_findings));
        let told = told.map(|event| event["finding_info"]["uid"].as_str().unwrap());
        assert_eq!(counted(told), prints(true), "{name}");

        let text = valid_junit(&document);
        let xml = roxmltree::Document::parse(&text).unwrap();
        let cases = xml.descendants().filter(|node| node.has_tag_name("testcase"));
        let told: Vec<&str> = cases
            .filter(|case| !["gate", "collection"].contains(&case.attribute("classname").unwrap()))
            .filter(|case| of_findings(case.attribute("classname").unwrap()))
            .map(|case| case.attribute("name").unwrap())
            .collect();
        assert_eq!(told.len(), document.findings.len() + items.len(), "{name}");
    }
}

#[test]
fn what_is_unknown_passes_nowhere() {
    for (name, document) in documents() {
        let unknown: Vec<&Finding> =
            document.findings.iter().filter(|finding| finding.status == Status::Unknown).collect();
        let run = valid_sarif(&document);
        let events = valid_ocsf(&document);
        let text = valid_junit(&document);
        let xml = roxmltree::Document::parse(&text).unwrap();
        for finding in &unknown {
            let print = finding.fingerprint.as_str();
            let mut results = run["results"].as_array().unwrap().iter();
            let result = results.find(|one| one["partialFingerprints"]["stateward/v1"] == print).unwrap();
            assert_eq!(result["kind"], "fail", "{name}");
            assert_ne!(result["level"], "none", "{name}");
            assert!(result["message"]["text"].as_str().unwrap().contains("Not decided"), "{name}");
            let event = events.iter().find(|event| event["finding_info"]["uid"] == print).unwrap();
            assert_eq!(event["compliance"]["status"], "Warning", "{name}");
            assert_ne!(event["severity"], "Informational", "{name}");
        }
        let items = document.drift.iter().flat_map(|drift| &drift.items);
        let drifts = items.filter(|item| item.class == "unknown" && item.accepted.is_none()).count();
        let errors = xml.descendants().filter(|node| node.has_tag_name("error"));
        let of_gate = |node: &roxmltree::Node| {
            let class = node.parent().unwrap().attribute("classname").unwrap();
            ["gate", "collection"].contains(&class) || !of_findings(class)
        };
        assert_eq!(errors.filter(|node| !of_gate(node)).count(), unknown.len() + drifts, "{name}");
        if !unknown.is_empty() || drifts > 0 {
            assert!(!ci::all_read(&document), "{name}");
        }
    }
}

#[test]
fn the_counts_of_a_suite_are_those_of_its_cases() {
    for (name, document) in documents() {
        let text = valid_junit(&document);
        let xml = roxmltree::Document::parse(&text).unwrap();
        let mut sums = [0; 3];
        for suite in xml.descendants().filter(|node| node.has_tag_name("testsuite")) {
            let number = |attribute: &str| suite.attribute(attribute).unwrap().parse::<usize>().unwrap();
            let count = |tag: &str| suite.descendants().filter(|node| node.has_tag_name(tag)).count();
            let (tests, failures, errors) = (number("tests"), number("failures"), number("errors"));
            assert_eq!(tests, count("testcase"), "{name}");
            assert_eq!(failures, count("failure"), "{name}");
            assert_eq!(errors, count("error"), "{name}");
            assert_eq!(number("skipped"), count("skipped"), "{name}");
            sums = [sums[0] + tests, sums[1] + failures, sums[2] + errors];
        }
        let root = xml.root_element();
        let said: [usize; 3] =
            ["tests", "failures", "errors"].map(|one| root.attribute(one).unwrap().parse().unwrap());
        assert_eq!(said, sums, "{name}");
    }
}

#[test]
fn a_run_succeeded_only_where_everything_was_read() {
    let succeeded = |document: &Document| {
        let run = valid_sarif(document);
        let event = &valid_ocsf(document)[0];
        let success = run["invocations"][0]["executionSuccessful"].as_bool().unwrap();
        assert_eq!(event["status"], if success { "Success" } else { "Failure" });
        let text = valid_junit(document);
        let xml = roxmltree::Document::parse(&text).unwrap();
        let mut cases = xml.descendants().filter(|node| node.attribute("classname") == Some("collection"));
        assert_eq!(cases.all(|case| !case.has_children()), success);
        success
    };
    let mut whole = sample::go();
    whole.collection.errors.clear();
    assert!(succeeded(&whole));

    let error = sample::no_go().collection.errors[0].clone();
    let unknown = sample::no_go().findings.into_iter().find(|one| one.status == Status::Unknown).unwrap();
    type Change<'a> = &'a dyn Fn(&mut Document);
    let changes: [Change; 7] = [
        &|document| document.collection.errors.push(error.clone()),
        &|document| document.findings.push(unknown.clone()),
        &|document| document.findings.push(Finding { status: Status::Waived, ..unknown.clone() }),
        &|document| document.scope.regions[0].outcome = Outcome::Partial,
        &|document| document.scope.states[0].outcome = Outcome::Partial,
        &|document| document.scope.accounts[0].outcome = Outcome::Unreadable,
        &|document| document.scope.services[0].outcome = Outcome::Partial,
    ];
    for (at, change) in changes.iter().enumerate() {
        let mut document = whole.clone();
        change(&mut document);
        assert!(!succeeded(&document), "change {at}");
    }
    let notifications = valid_sarif(&sample::no_go())["invocations"][0]["toolExecutionNotifications"].clone();
    for error in sample::no_go().collection.errors {
        let about = |one: &&Value| {
            let text = one["message"]["text"].as_str().unwrap();
            text.contains(&format!("{}:{}", error.service, error.operation)) && text.contains(&error.region)
        };
        assert_eq!(notifications.as_array().unwrap().iter().filter(about).count(), 1, "{error:?}");
    }
}

#[test]
fn while_a_state_is_unread_unmanaged_is_a_guess() {
    let mut document = small();
    for (unread, words) in [(true, "in no state that could be read"), (false, "in no audited state")] {
        if !unread {
            document.drift.as_mut().unwrap().unread_states.clear();
        }
        assert!(valid_junit(&document).contains(words), "{words}");
        let run = valid_sarif(&document);
        let mut results = run["results"].as_array().unwrap().iter();
        assert!(results.any(|one| one["message"]["text"].as_str().unwrap().contains(words)), "{words}");
    }
}

#[test]
fn what_github_asks_of_a_log_holds() {
    for (name, document) in documents() {
        let run = valid_sarif(&document);
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for result in run["results"].as_array().unwrap() {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"], "{name}");
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(
                !uri.is_empty() && uri.is_ascii() && !uri.contains([' ', '\\', '?', '#']),
                "{name}: {uri}"
            );
            assert!(!result["message"]["text"].as_str().unwrap().is_empty(), "{name}");
        }
        for rule in rules {
            assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 20, "{name}: {}", rule["id"]);
        }
    }
}

#[test]
fn a_place_is_the_block_in_the_configuration_or_says_that_it_is_no_file() {
    let run = valid_sarif(&small());
    let of = |status: &str| {
        let mut results = run["results"].as_array().unwrap().iter();
        let result = results.find(|one| one["properties"]["status"] == status).unwrap();
        result["locations"][0]["physicalLocation"].clone()
    };
    let fail = of("fail");
    assert_eq!(fail["artifactLocation"]["uri"], "infra/orders/main.tf");
    assert_eq!(fail["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert_eq!(fail["region"]["startLine"], 7);
    let partial = of("partial");
    assert_eq!(partial["artifactLocation"]["uri"], "infra/a%20b/x.tf.json");
    assert_eq!(partial.get("region"), None);
    let unknown = of("unknown");
    assert!(unknown["artifactLocation"]["uri"].as_str().unwrap().starts_with("estate/123456789012/"));
    assert!(unknown["artifactLocation"]["description"]["text"].as_str().unwrap().starts_with("No file"));
}

#[test]
fn a_waiver_suppresses_with_its_reason() {
    let run = valid_sarif(&small());
    let mut results = run["results"].as_array().unwrap().iter();
    let waived = results.find(|one| one["properties"]["status"] == "waived").unwrap();
    let suppression = &waived["suppressions"][0];
    assert_eq!((&suppression["kind"], &suppression["status"]), (&"external".into(), &"accepted".into()));
    assert!(
        suppression["justification"].as_str().unwrap().contains("The replica in us-east-1 is being built.")
    );
    for result in run["results"].as_array().unwrap() {
        let status = &result["properties"]["status"];
        assert_eq!(result.get("suppressions").is_some(), status == "waived", "{result}");
    }
}

#[test]
fn more_results_than_github_takes_are_cut_from_the_least_and_counted() {
    let document = sample::large(sarif::MOST_RESULTS);
    let standing = document.findings.iter().filter(|finding| stands(finding)).count();
    let all = standing + document.drift.iter().map(|drift| drift.items.len()).sum::<usize>();
    let text = sarif::render(&document, &Look::default()).unwrap();
    let log: Value = serde_json::from_str(&text).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), sarif::MOST_RESULTS);
    let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    let said = notifications.last().unwrap()["message"]["text"].as_str().unwrap();
    let left_out = super::words::count(all - sarif::MOST_RESULTS, "result");
    assert!(said.starts_with(&format!("{left_out} left out")), "{said}");
    let graver = document.findings.iter().filter(|one| stands(one) && one.severity == "critical").count();
    let kept = results.iter().filter(|one| one["properties"]["severity"] == "critical").count();
    assert_eq!(kept, graver);
    // What GitHub takes is 10 MB of gzip; Zstandard at its fastest is about as dense.
    let packed = zstd::encode_all(text.as_bytes(), 1).unwrap().len();
    assert!(packed < 5_000_000, "{packed} bytes");
}

#[test]
fn a_summary_stays_under_the_limit_and_says_what_it_leaves_out() {
    let mut document = sample::large(2_000);
    let plain = github::render(&document, &Look::default()).unwrap();
    assert!(plain.len() <= github::LIMIT && !plain.contains("Left out, because"), "{}", plain.len());
    assert!(plain.contains("more, in the JSON result."));
    for finding in document.findings.iter_mut().filter(|finding| finding.severity == "high") {
        finding.message = "long ".repeat(20_000);
    }
    let cut = github::render(&document, &Look::default()).unwrap();
    assert!(cut.len() <= github::LIMIT, "{}", cut.len());
    assert!(cut.contains("Left out, because a summary has its limits: failing high findings"), "{cut}");
    assert!(cut.starts_with("# NO-GO"));
}

#[test]
fn a_digest_stands_for_a_secret_as_it_does_in_the_result() {
    let digest = "hmac-sha256:9f2b7c41d0e85a6f3b1c9d7e2a4f6071";
    let mut document = small();
    let item = &mut document.drift.as_mut().unwrap().items[0];
    item.changes[0].sensitive = true;
    item.changes[0].declared = digest.into();
    item.changes[0].live = "(sensitive)".into();
    let print = item.fingerprint.clone();
    let changes = serde_json::to_value(&item.changes).unwrap();
    let run = valid_sarif(&document);
    let result = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["ruleId"].as_str().unwrap().starts_with("drift/"))
        .unwrap();
    assert!(result["message"]["text"].as_str().unwrap().contains(digest));
    let events = valid_ocsf(&document);
    let event = events.iter().find(|event| event["finding_info"]["uid"] == print.as_str()).unwrap();
    assert_eq!(event["unmapped"]["changes"], changes);
    assert!(valid_junit(&document).contains(digest));
}

#[test]
fn characters_that_xml_forbids_are_written_out() {
    let mut document = small();
    document.findings[0].message = "a\u{0}b\u{8}c\u{fffe}d\u{ffff}e<f>&\"'\u{1b}[31m".into();
    document.findings[0].status = Status::Fail;
    document.findings[0].resource.id = "x\"\n\u{2}<y>".into();
    let text = valid_junit(&document);
    let xml = roxmltree::Document::parse(&text).unwrap();
    let failure = xml.descendants().find(|node| {
        node.has_tag_name("failure") && node.attribute("message").is_some_and(|text| text.starts_with("a\\u"))
    });
    let failure = failure.unwrap();
    let message = failure.attribute("message").unwrap();
    assert!(message.starts_with("a\\u{0}b\\u{8}c\\u{fffe}d\\u{ffff}e<f>&\"'\\u{1b}[31m"), "{message}");
    assert!(failure.parent().unwrap().attribute("name").unwrap().contains("x\"\\n\\u{2}<y>"));
}

#[test]
fn a_message_is_neither_link_nor_template() {
    let mut document = small();
    document.findings[0].message = "see [it](https://example.com) {0} {\"a\": 1}".into();
    document.findings[0].status = Status::Fail;
    let run = valid_sarif(&document);
    let text = run["results"][0]["message"]["text"].as_str().unwrap();
    assert!(text.contains("see [it] (https://example.com) { 0} {\"a\": 1}"), "{text}");
}

/// Without the pages of the checks, which change for reasons of their own.
fn without_help(mut log: Value) -> Value {
    for rule in log["runs"][0]["tool"]["driver"]["rules"].as_array_mut().unwrap() {
        if rule["properties"]["tags"][0] == "security" {
            rule["help"] = "(the page)".into();
            rule["fullDescription"] = "(the page)".into();
        }
    }
    log
}

#[test]
fn small_reports() {
    let document = small();
    let log = serde_json::from_str(&sarif::render(&document, &Look::default()).unwrap()).unwrap();
    insta::assert_snapshot!("small-sarif", serde_json::to_string_pretty(&without_help(log)).unwrap());
    insta::assert_snapshot!("small-junit", junit::render(&document, &Look::default()).unwrap());
    let events: Vec<String> =
        valid_ocsf(&document).iter().map(|event| serde_json::to_string_pretty(event).unwrap()).collect();
    insta::assert_snapshot!("small-ocsf", events.join("\n"));
    insta::assert_snapshot!("small-github", github::render(&document, &Look::default()).unwrap());
}
