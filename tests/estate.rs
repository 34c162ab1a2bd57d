//! The main job against a live API: the recorded estate on an emulator, before and after what was changed behind
//! Terraform's back.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use stateward_testbed::Emulator;

fn stateward(emulator: &Emulator, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stateward"))
        .args(arguments)
        .envs(emulator.env())
        .output()
        .expect("the binary runs")
}

fn drift(emulator: &Emulator, state: &str, options: &[&str]) -> (Value, Option<i32>) {
    let output = stateward(emulator, &[&["drift", "--state", state, "--format", "json"], options].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let document = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (document, output.status.code())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

fn word<'a>(item: &'a Value, key: &str) -> &'a str {
    item[key].as_str().unwrap_or_default()
}

#[test]
fn a_fresh_estate_has_no_drift_and_no_type_is_unsupported() {
    let emulator = Emulator::shared_estate();
    let nothing = |document: &Value| {
        let drift = &document["drift"];
        assert_eq!(drift["items"], serde_json::json!([]), "{:#}", drift["items"]);
        assert_eq!(drift["summary"]["in_sync"], 128);
        for class in ["changed", "missing", "unmanaged", "ghost", "conflict", "unknown"] {
            assert_eq!(drift["summary"][class], 0, "{class}");
        }
    };
    let (document, code) = drift(emulator, text(&emulator.state()), &[]);
    nothing(&document);
    assert_eq!(document["collection"]["errors"], serde_json::json!([]));
    assert_eq!(code, Some(0));
    // Looking for what no state has asks for more than the emulator knows, and says so.
    let (document, code) = drift(emulator, text(&emulator.state()), &["--unmanaged"]);
    nothing(&document);
    assert_ne!(document["collection"]["errors"], serde_json::json!([]));
    assert_eq!(code, Some(3));
}

/// What was changed, as one line an attribute: class, address or owner or id, path.
fn expected() -> BTreeSet<String> {
    [
        "changed aws_cloudwatch_log_group.app retention_in_days",
        "changed aws_db_instance.orders backup_retention_period",
        "changed aws_db_instance.orders multi_az",
        "changed aws_dynamodb_table.t[\"sessions\"] point_in_time_recovery[0].enabled",
        "changed aws_ebs_encryption_by_default.euw1 enabled",
        "changed aws_s3_bucket.assets versioning[0].enabled",
        "changed aws_s3_bucket.dr server_side_encryption_configuration[0]",
        "changed module.kms_euw1.aws_kms_key.this enable_key_rotation",
        "changed module.net_euw1.aws_vpc.this tags_all.ManagedBy",
        "changed module.net_usw2.aws_security_group.alb ingress",
        "changed module.web_use1.aws_autoscaling_group.this desired_capacity",
        "changed module.web_use1.aws_autoscaling_group.this min_size",
        "changed module.web_usw2.aws_instance.worker[0] instance_type",
        "changed module.web_usw2.aws_instance.worker[1] tags.Role",
        "changed module.web_usw2.aws_instance.worker[1] tags.Backup",
        "missing aws_cloudwatch_metric_alarm.rds",
        "missing aws_s3_bucket_public_access_block.assets",
        "missing module.web_usw2.aws_ebs_volume.data[\"us-west-2b\"]",
        "unmanaged aws_db_instance shadow-db",
        "unmanaged aws_instance i-52f46d1515de6d808",
        "unmanaged aws_s3_bucket acme-shadow-exports",
        "unmanaged part of aws_iam_role.app[\"web\"] inline_policy",
        "unmanaged part of module.net_usw2.aws_security_group.db ingress",
    ]
    .map(str::to_owned)
    .into_iter()
    .collect()
}

fn lines(document: &Value) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for item in document["drift"]["items"].as_array().expect("items") {
        let class = word(item, "class");
        let paths: Vec<&str> =
            item["changes"].as_array().into_iter().flatten().map(|change| word(change, "path")).collect();
        match (item["address"].as_str(), item["owner"].as_str()) {
            (Some(address), _) if paths.is_empty() => {
                lines.insert(format!("{class} {address}"));
            }
            (Some(address), _) => lines.extend(paths.iter().map(|path| format!("{class} {address} {path}"))),
            (None, Some(owner)) => {
                lines.extend(paths.iter().map(|path| format!("{class} part of {owner} {path}")));
            }
            (None, None) => {
                lines.insert(format!("{class} {} {}", word(item, "type"), word(item, "id")));
            }
        }
    }
    lines
}

#[test]
fn what_was_changed_is_found_and_nothing_else() {
    let emulator = Emulator::shared_drifted();
    let (document, code) = drift(emulator, text(&emulator.state()), &["--unmanaged"]);
    let (found, expected) = (lines(&document), expected());
    let too_many: Vec<_> = found.difference(&expected).collect();
    let too_few: Vec<_> = expected.difference(&found).collect();
    assert!(too_many.is_empty() && too_few.is_empty(), "beyond: {too_many:#?}\nnot seen: {too_few:#?}");
    let summary = &document["drift"]["summary"];
    assert_eq!(summary["changed"], 12);
    assert_eq!(summary["missing"], 3);
    assert_eq!((&summary["unmanaged"], &summary["unmanaged_parts"]), (&5.into(), &2.into()));
    assert_eq!((&summary["unknown"], &summary["in_sync"]), (&0.into(), &113.into()));
    assert_eq!(code, Some(2));
}

/// Every change of the recording stands in the list above, so that the list cannot forget one.
#[test]
fn the_list_of_changes_is_the_recorded_one() {
    let recorded: Value = serde_json::from_str(include_str!("fixtures/estate/drift-applied.json"))
        .expect("the recorded changes");
    let expected = expected();
    for change in recorded.as_array().expect("a list") {
        let detail = change["detail"].as_str().unwrap_or_default();
        let name = change["address"].as_str().unwrap_or(detail);
        assert!(expected.iter().any(|line| line.contains(name)), "{change}");
    }
}

#[test]
fn the_state_in_its_bucket_says_the_same() {
    let emulator = Emulator::shared_drifted();
    let (from_file, _) = drift(emulator, text(&emulator.state()), &["--unmanaged"]);
    let (from_bucket, code) = drift(emulator, emulator.state_url(), &["--unmanaged"]);
    assert_eq!(lines(&from_file), lines(&from_bucket));
    let state = &from_bucket["scope"]["states"][0];
    assert_eq!(state["uri"], emulator.state_url());
    assert_eq!(state["outcome"], "read");
    assert_eq!(code, Some(2));
}

/// What differs between two runs over one estate by nature: the run itself, times of reading, and the time it took.
fn timeless(mut document: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.retain(|key, _| !["observed_at", "run", "wall_ms"].contains(&key.as_str()));
                map.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut document);
    document
}

#[test]
fn a_replay_says_what_the_live_run_said() {
    let emulator = Emulator::shared_estate();
    let folder = tempfile::tempdir().expect("a folder");
    let recording = folder.path().join("estate.stw");
    let (state, recording) = (emulator.state(), text(&recording));
    let collected = stateward(emulator, &["collect", "--state", text(&state), "--out", recording]);
    assert!(collected.status.success(), "{}", String::from_utf8_lossy(&collected.stderr));
    let replay = |options: &[&str]| {
        let output =
            stateward(emulator, &[&["drift", "--snapshot", recording, "--format", "json"], options].concat());
        let document: Value = serde_json::from_slice(&output.stdout).expect("a result");
        (document, output.status.code())
    };
    // The recording was made for an audit, and holds errors that a drift run does not meet.
    for options in [&[][..], &["--region", "us-west-2"], &["--service", "s3"]] {
        let (live, code) = drift(emulator, text(&state), options);
        let (replayed, replayed_code) = replay(options);
        assert_eq!(timeless(replayed)["drift"], timeless(live)["drift"], "{options:?}");
        assert_eq!((code, replayed_code), (Some(0), Some(0)), "{options:?}");
    }
}

#[test]
fn a_state_that_is_not_there_is_named_with_a_remedy() {
    let emulator = Emulator::shared_estate();
    for (uri, words) in
        [("s3://acme-tfstate/nope", "no object nope"), ("s3://acme-nothing/x", "no bucket acme-nothing")]
    {
        let output = stateward(emulator, &["drift", "--state", uri]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(words) && message.contains("remedy"), "{message}");
    }
}

/// Of each scenario: what came of it, the way that counts for each resource, and its gates. Ages differ, since a live run
/// is a moment later than the recording.
fn verified(document: &Value) -> Vec<Value> {
    let way = |resource: &Value| {
        let path = resource["path"].as_u64().and_then(|index| resource["paths"].get(index as usize));
        serde_json::json!([resource["name"], path.map(|path| &path["name"])])
    };
    let of = |scenario: &Value| {
        let ways: Vec<Value> = scenario["resources"].as_array().expect("resources").iter().map(way).collect();
        serde_json::json!({
            "name": scenario["name"], "outcome": scenario["outcome"], "target": scenario["target"], "ways": ways,
            "rpo": scenario["rpo"]["outcome"], "rto": scenario["rto"]["outcome"], "gates": scenario["gates"],
            "unread": scenario["unread"], "flows": scenario["flows"],
        })
    };
    document["recovery"]["scenarios"].as_array().expect("scenarios").iter().map(of).collect()
}

#[test]
fn recovery_from_a_recording_is_that_of_the_live_estate() {
    let emulator = Emulator::shared_estate();
    let folder = tempfile::tempdir().expect("a folder");
    let recording = folder.path().join("estate.stw");
    let state = emulator.state();
    let collected = stateward(emulator, &["collect", "--state", text(&state), "--out", text(&recording)]);
    assert!(collected.status.success(), "{}", String::from_utf8_lossy(&collected.stderr));
    let verify = |arguments: &[&str]| -> (Value, Option<i32>) {
        let ran = stateward(emulator, &[&["recover", "--format", "json"], arguments].concat());
        let found = serde_json::from_slice(&ran.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&ran.stderr)));
        (found, ran.status.code())
    };
    let (live, code) = verify(&["--state", text(&state)]);
    assert_eq!(verified(&live), verified(&verify(&["--snapshot", text(&recording)]).0));

    // Its databases have no copy in another region, and that was seen: the loss of the region is no open question.
    assert_eq!(code, Some(2));
    let region =
        verified(&live).into_iter().find(|scenario| scenario["name"] == "region").expect("the scenario");
    assert_eq!((&region["outcome"], &region["rpo"]), (&"fail".into(), &"fail".into()));
    let orders =
        region["ways"].as_array().expect("ways").iter().find(|way| way[0] == "aws_db_instance.orders");
    assert_eq!(orders.expect("the database")[1], Value::Null, "no way back");
    // The graph comes from the state.
    let graph = live["recovery"]["workloads"][0]["graph"].as_array().expect("what needs what").clone();
    assert!(graph.iter().any(|node| !node["needs"].as_array().expect("needs").is_empty()));
}
