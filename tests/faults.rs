//! Faults between the program and the API: whatever breaks, nothing becomes clean, missing or passed because of it.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use stateward_testbed::{Emulator, Fault, Proxy, Rule, When};

fn run(proxy: &Proxy, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stateward"))
        .args(arguments)
        .args(["--format", "json"])
        .envs(proxy.env())
        .output()
        .expect("the binary runs")
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn drifted() -> (&'static Emulator, String) {
    let emulator = Emulator::shared_drifted();
    (emulator, emulator.state().to_str().expect("a path of text").to_owned())
}

/// The audit of the drifted estate with nothing broken: what every other run is held against.
fn whole() -> &'static Value {
    static WHOLE: OnceLock<Value> = OnceLock::new();
    WHOLE.get_or_init(|| audit(&[]).0)
}

fn audit(rules: &[Rule]) -> (Value, Option<i32>) {
    audit_with(rules, &[])
}

fn audit_with(rules: &[Rule], options: &[&str]) -> (Value, Option<i32>) {
    let (emulator, state) = drifted();
    let proxy = Proxy::start(emulator.endpoint(), rules.to_vec());
    let output = run(&proxy, &[&["audit", "--state", &state], options].concat());
    (document(&output), output.status.code())
}

/// A drift run over the estate that has not drifted: its exit code must say that something is missing.
fn fresh_drift(rules: &[Rule], options: &[&str]) -> (Value, Option<i32>) {
    let emulator = Emulator::shared_estate();
    let state = emulator.state();
    let state = state.to_str().expect("a path of text");
    let proxy = Proxy::start(emulator.endpoint(), rules.to_vec());
    let output = run(&proxy, &[&["drift", "--state", state, "--unmanaged"], options].concat());
    (document(&output), output.status.code())
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn findings(document: &Value) -> BTreeMap<&str, &Value> {
    list(document, "findings").iter().map(|finding| (word(finding, "fingerprint"), finding)).collect()
}

/// What an item is about, whatever its class.
fn subject(item: &Value) -> String {
    let change = list(item, "changes").first().map(|change| change["live"].to_string());
    match (item["address"].as_str(), item["owner"].as_str()) {
        (Some(address), _) => address.to_owned(),
        (None, Some(owner)) => format!("{owner} {}", change.unwrap_or_default()),
        (None, None) => format!("{} {} {}", word(item, "type"), word(item, "region"), word(item, "id")),
    }
}

fn drift(document: &Value) -> BTreeMap<String, &Value> {
    list(&document["drift"], "items").iter().map(|item| (subject(item), item)).collect()
}

/// Nothing in `broken` is better, or newly bad, than in the whole run: it is the same, or unknown.
fn nothing_is_made_up(broken: &Value) {
    let (was, now) = (findings(whole()), findings(broken));
    for (fingerprint, finding) in &now {
        let status = word(finding, "status");
        let before = was.get(fingerprint).map_or("unseen", |finding| word(finding, "status"));
        let fair = status == "unknown" || status == before;
        assert!(fair, "{before} became {status}: {finding:#}");
    }
    for (fingerprint, finding) in &was {
        if now.contains_key(fingerprint) {
            continue;
        }
        // What is not seen any more is covered by an unknown that stands for its whole listing.
        let (check, region) = (word(finding, "check"), word(&finding["resource"], "region"));
        let covered = now.values().any(|other| {
            let place = word(&other["resource"], "region");
            word(other, "check") == check
                && word(other, "status") == "unknown"
                && (place == region || place == "global")
        });
        assert!(covered, "{check} lost a finding without an unknown in its place: {finding:#}");
    }
    let (was, now) = (drift(whole()), drift(broken));
    for (subject, item) in &now {
        let class = word(item, "class");
        let before = was.get(subject).map_or("in_sync", |item| word(item, "class"));
        assert!(class == "unknown" || class == before, "{subject}: {before} became {class}: {item:#}");
    }
    for (subject, item) in &was {
        let managed = item["address"].is_string();
        assert!(
            !managed || now.contains_key(subject),
            "{subject} was {} and is now silent",
            word(item, "class")
        );
    }
    let evidenced = |document: &Value| document["score"]["evidenced"].as_f64().expect("a score");
    assert!(evidenced(broken) <= evidenced(whole()), "blindness paid");
}

/// The regions other than `region` say what they said before.
fn elsewhere_is_complete(broken: &Value, region: &str) {
    let kept = |document: &Value| -> BTreeMap<String, String> {
        let there = drift(document).into_iter().filter(|(_, item)| {
            let place = word(item, "region");
            place != region && place != "global"
        });
        there.map(|(subject, item)| (subject, word(item, "class").to_owned())).collect()
    };
    assert_eq!(kept(broken), kept(whole()));
    let resources = |document: &Value| -> BTreeMap<String, u64> {
        let regions = list(&document["scope"], "regions").iter().filter(|one| word(one, "name") != region);
        regions.map(|one| (word(one, "name").to_owned(), one["resources"].as_u64().unwrap_or(0))).collect()
    };
    assert_eq!(resources(broken), resources(whole()));
}

/// The operations in `collection.errors`, with region and reason.
fn errors(document: &Value) -> BTreeSet<(String, String, String)> {
    list(&document["collection"], "errors")
        .iter()
        .map(|error| {
            let operation = format!("{}:{}", word(error, "service"), word(error, "operation"));
            (operation, word(error, "region").to_owned(), word(error, "reason").to_owned())
        })
        .collect()
}

fn beyond_the_emulators_own(document: &Value) -> BTreeSet<(String, String, String)> {
    errors(document).difference(&errors(whole())).cloned().collect()
}

#[test]
fn one_denied_service_is_unknown_and_named_with_its_permission() {
    let (broken, _) = audit(&[Rule::new(Fault::Deny).service("rds")]);
    nothing_is_made_up(&broken);
    let found = beyond_the_emulators_own(&broken);
    assert!(found.iter().all(|(operation, _, reason)| operation.starts_with("rds:") && reason == "denied"));
    for region in ["us-west-2", "us-east-1", "eu-west-1"] {
        let named = ("rds:DescribeDBInstances".to_owned(), region.to_owned(), "denied".to_owned());
        assert!(found.contains(&named), "{region}: {found:?}");
    }
    let denied = list(&broken["collection"], "errors").iter().find(|error| word(error, "service") == "rds");
    let denied = denied.expect("an error");
    assert!(word(denied, "permission").starts_with("rds:"), "{denied:#}");
    assert!(!list(&denied["affects"], "checks").is_empty(), "{denied:#}");
    let databases = drift(&broken);
    assert_eq!(word(databases["aws_db_instance.orders"], "class"), "unknown");
}

#[test]
fn a_denied_read_of_one_bucket_touches_that_bucket_alone() {
    let rule = Rule::new(Fault::Deny).operation("GetBucketVersioning").about("acme-prod-assets-dr");
    let (broken, _) = audit(&[rule]);
    nothing_is_made_up(&broken);
    let of = |bucket: &str| -> BTreeSet<String> {
        let versioning = findings(&broken).into_values().filter(|finding| word(finding, "check") == "STO-07");
        versioning
            .filter(|finding| word(&finding["resource"], "id") == bucket)
            .map(|finding| word(finding, "status").to_owned())
            .collect()
    };
    assert_eq!(of("acme-prod-assets-dr"), BTreeSet::from(["unknown".to_owned()]));
    assert_eq!(of("acme-prod-assets"), BTreeSet::from(["fail".to_owned()]));
}

#[test]
fn a_dead_region_leaves_the_others_complete() {
    let (broken, _) = audit(&[Rule::new(Fault::Reset).region("eu-west-1")]);
    nothing_is_made_up(&broken);
    elsewhere_is_complete(&broken, "eu-west-1");
    let found = beyond_the_emulators_own(&broken);
    assert!(found.iter().all(|(_, region, _)| region == "eu-west-1"), "{found:?}");
    let dead = list(&broken["scope"], "regions").iter().find(|one| word(one, "name") == "eu-west-1");
    let dead = dead.expect("the region is listed");
    // Its buckets are listed from the home region, so something of it is known.
    assert_ne!(word(dead, "outcome"), "read");
    assert!(dead["unread"].as_u64().is_some_and(|unread| unread > 30), "{dead:#}");
    let there = drift(&broken);
    assert_eq!(word(there["module.net_euw1.aws_vpc.this"], "class"), "unknown");
}

#[test]
fn throttling_is_outlasted() {
    let (broken, _) = audit(&[Rule::new(Fault::Throttle).when(When::Percent(20))]);
    assert_eq!(beyond_the_emulators_own(&broken), BTreeSet::new());
    nothing_is_made_up(&broken);
    assert_eq!(broken["drift"], whole()["drift"]);
    let throttled: u64 = list(&broken["collection"], "operations")
        .iter()
        .map(|operation| operation["throttled"].as_u64().unwrap_or(0))
        .sum();
    assert!(throttled > 50, "{throttled}");
}

#[test]
fn truncated_answers_are_malformed_and_never_short_lists() {
    let (broken, _) = audit(&[Rule::new(Fault::Truncate).service("ec2").region("us-west-2")]);
    nothing_is_made_up(&broken);
    elsewhere_is_complete(&broken, "us-west-2");
    let found = beyond_the_emulators_own(&broken);
    assert!(!found.is_empty());
    assert!(
        found.iter().all(|(operation, region, _)| operation.starts_with("ec2:") && region == "us-west-2")
    );
}

#[test]
fn credentials_that_expire_on_the_way_end_in_unknowns() {
    let (broken, code) = fresh_drift(&[Rule::new(Fault::Expire).when(When::After(40))], &[]);
    let beyond = beyond_the_emulators_own(&broken).into_iter();
    let reasons: BTreeSet<String> = beyond.map(|(_, _, reason)| reason).collect();
    assert_eq!(reasons, BTreeSet::from(["expired".to_owned()]));
    assert!(drift(&broken).values().all(|item| word(item, "class") == "unknown"));
    assert_eq!(code, Some(3));
}

#[test]
fn a_call_that_hangs_is_a_gap_and_the_report_still_appears() {
    let rules = [Rule::new(Fault::Hang).service("dynamodb").region("us-east-1")];
    let started = std::time::Instant::now();
    // On a busy machine the emulator itself takes seconds to answer.
    let (broken, _) = audit_with(&rules, &["--timeout", "30s"]);
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
    nothing_is_made_up(&broken);
    let found = beyond_the_emulators_own(&broken);
    assert!(
        found.iter().any(|(operation, region, reason)| {
            operation == "dynamodb:ListTables" && region == "us-east-1" && reason == "timeout"
        }),
        "{found:?}"
    );
}

#[test]
fn a_page_of_a_proxy_is_not_an_answer() {
    let (broken, _) = audit(&[Rule::new(Fault::Html(404)).service("kms")]);
    nothing_is_made_up(&broken);
    assert!(!beyond_the_emulators_own(&broken).is_empty());
}

#[test]
fn no_drift_beside_a_failed_read_is_not_a_clean_exit() {
    for fault in [Fault::Deny, Fault::Html(500)] {
        let (broken, code) = fresh_drift(&[Rule::new(fault.clone()).service("sqs")], &[]);
        let classes: BTreeSet<&str> = drift(&broken).values().map(|item| word(item, "class")).collect();
        assert_eq!(classes, BTreeSet::from(["unknown"]), "{fault:?}");
        assert_eq!(code, Some(3), "{fault:?}");
    }
}

#[test]
fn nothing_read_at_all_is_a_failed_run() {
    let (emulator, state) = drifted();
    for fault in [Fault::Deny, Fault::Expire, Fault::Reset] {
        let proxy = Proxy::start(emulator.endpoint(), [Rule::new(fault.clone())]);
        let output = run(&proxy, &["drift", "--state", &state]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{fault:?}: {message}");
        assert!(message.contains("remedy"), "{message}");
        assert!(output.stdout.is_empty(), "nothing that could be taken for a result");
    }
    // The identity is told, and everything after it is refused.
    let proxy = Proxy::start(emulator.endpoint(), [Rule::new(Fault::Deny).when(When::After(1))]);
    let output = run(&proxy, &["drift", "--state", &state]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}
