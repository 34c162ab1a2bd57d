//! `audit --plan`: genuine plans, and one made by hand of what they lack: an estate that comes into being.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

const GENUINE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/baseline/planfile-full-after-drift.json");
const REFRESH_ONLY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/baseline/planfile-refresh-only.json");
const BY_HAND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/plans/made-by-hand.json");
const SECRETS: [&str; 4] = ["correct-horse-battery", "s3cr3t-in-state", "passw0rd!", "seeded-plan-secret"];

struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Without credentials, and with an endpoint where nobody answers: a plan is judged without either.
fn run(arguments: &[&str], input: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stateward"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .args(arguments)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // A program that refuses its arguments does not read its input.
    let _ = child.stdin.take().expect("standard input").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the binary ends");
    Ran {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn audit(plan: &str, options: &[&str]) -> Value {
    let ran = run(&[&["audit", "--plan", plan, "--format", "json"], options].concat(), "");
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err))
}

/// What the checks say of an address: check, status and message.
fn said(document: &Value, check: &str, address: &str) -> (String, String) {
    let findings = document["findings"].as_array().expect("findings");
    let one = findings
        .iter()
        .find(|one| one["check"] == check && one["resource"]["address"] == address)
        .unwrap_or_else(|| panic!("{check} says nothing of {address}"));
    let text = |key: &str| one[key].as_str().expect("text").to_owned();
    (text("status"), text("message"))
}

#[test]
fn a_plan_that_mends_what_drifted_introduces_nothing_and_resolves_it() {
    let document = audit(GENUINE, &[]);
    assert_eq!(document["run"]["command"], "audit --plan");
    let proposal = &document["scope"]["proposal"];
    assert_eq!(proposal["terraform_version"], "1.11.4");
    for (action, number) in [("create", 3), ("update", 13), ("delete", 0), ("unchanged", 112)] {
        assert_eq!(proposal[action], number, "{action}");
    }
    assert_eq!(proposal["introduced"], serde_json::json!([]));
    let resolved: Vec<String> = proposal["resolved"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| format!("{} {} {}", one["check"], one["address"], one["outcome"]).replace('"', ""))
        .collect();
    assert_eq!(
        resolved,
        [
            "CLD-10 module.kms_euw1.aws_kms_key.this repaired",
            "DR-01 aws_db_instance.orders repaired",
            "MON-10 aws_cloudwatch_log_group.app repaired",
            "NET-01 module.net_usw2.aws_security_group.alb repaired",
            "NET-04 module.net_usw2.aws_security_group.alb repaired",
            "STO-05 aws_s3_bucket.dr repaired",
            "STO-07 aws_s3_bucket.assets repaired",
            "STO-11 aws_ebs_encryption_by_default.euw1 repaired",
            "STO-22 aws_db_instance.orders repaired",
            "STO-26 aws_dynamodb_table.t[\\sessions\\] repaired",
        ]
    );
    // What was opened beside separate rule resources, no plan closes.
    let (status, message) = said(&document, "NET-01", "module.net_usw2.aws_security_group.db");
    assert_eq!(status, "fail");
    assert!(!message.contains("introduced"), "{message}");
}

#[test]
fn what_a_plan_says_of_what_stays_is_what_a_state_says() {
    // A plan of a refresh alone changes nothing: what would exist is what exists.
    let document = audit(REFRESH_ONLY, &[]);
    let proposal = &document["scope"]["proposal"];
    assert_eq!(
        (&proposal["introduced"], &proposal["resolved"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    let resources: u64 = document["scope"]["services"]
        .as_array()
        .expect("services")
        .iter()
        .map(|service| service["resources"].as_u64().expect("a number"))
        .sum();
    assert!(resources >= 100, "{resources}");
    assert_eq!(said(&document, "STO-18", "aws_db_instance.orders").0, "pass");
    assert_eq!(said(&document, "STO-18", "aws_db_instance.reports").0, "fail");
}

#[test]
fn what_a_plan_brings_about_is_told_from_what_was_there() {
    let document = audit(BY_HAND, &[]);
    for (check, address) in [
        ("STO-18", "aws_db_instance.orders"),
        ("NET-01", "aws_security_group.door"),
        ("NET-04", "aws_security_group.door"),
        ("NET-01", "aws_security_group.gate"),
    ] {
        let (status, message) = said(&document, check, address);
        assert_eq!(status, "fail", "{check} {address}");
        assert!(message.ends_with("(introduced by this plan)"), "{message}");
    }
    let proposal = &document["scope"]["proposal"];
    let introduced = proposal["introduced"].as_array().expect("a list");
    let failing = |one: &&Value| introduced.contains(&one["fingerprint"]);
    let named: Vec<&Value> =
        document["findings"].as_array().expect("findings").iter().filter(failing).collect();
    assert_eq!(named.len(), introduced.len(), "every fingerprint is that of a finding");
    let resolved = proposal["resolved"].as_array().expect("a list");
    let outcome = |check: &str, address: &str| {
        let one = resolved.iter().find(|one| one["check"] == check && one["address"] == address);
        one.and_then(|one| one["outcome"].as_str()).map(str::to_owned)
    };
    assert_eq!(outcome("CLD-10", "aws_kms_key.orders").as_deref(), Some("repaired"));
    assert_eq!(outcome("STO-18", "aws_db_instance.old").as_deref(), Some("gone"));
    assert_eq!(proposal["not_judged"], serde_json::json!(["aws_new_fangled_thing"]));
}

#[test]
fn what_is_known_only_later_is_unknown_and_parts_are_seen_on_their_owners() {
    let document = audit(BY_HAND, &[]);
    let finding = |check: &str, address: &str| {
        let findings = document["findings"].as_array().expect("findings");
        findings
            .iter()
            .find(|one| one["check"] == check && one["resource"]["address"] == address)
            .cloned()
            .unwrap_or_default()
    };
    let parameters = finding("STO-24", "aws_db_instance.orders");
    assert_eq!((&parameters["status"], &parameters["reason"]), (&"unknown".into(), &"not_yet_known".into()));
    // Of what nobody sets AWS documents with what it begins.
    assert_eq!(said(&document, "DR-01", "aws_db_instance.orders").0, "fail");
    assert_eq!(said(&document, "STO-03", "aws_s3_bucket.exports").0, "pass");
    // The bucket of both parts is known only later, and the configuration says which it is.
    assert_eq!(said(&document, "STO-02", "aws_s3_bucket.exports").0, "pass");
    assert_eq!(said(&document, "STO-07", "aws_s3_bucket.exports").0, "pass");
}

#[test]
fn checks_that_a_plan_cannot_answer_are_named() {
    let document = audit(GENUINE, &[]);
    let left: Vec<&str> = document["scope"]["checks_left_out"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for id in ["IAC-03", "IAC-20", "ENV-01"] {
        assert!(left.contains(&id), "{id}");
    }
    let judged =
        |id: &str| document["findings"].as_array().expect("findings").iter().any(|one| one["check"] == id);
    assert!(left.iter().all(|id| !judged(id)));
    assert!(judged("STO-18"));
    // A selection that leaves nothing says so.
    let ran = run(&["audit", "--plan", GENUINE, "--check", "IAC-20"], "");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("no check that a plan can show"), "{}", ran.err);
}

#[test]
fn exit_codes_follow_the_verdict_or_what_is_introduced() {
    assert_eq!(run(&["audit", "--plan", GENUINE], "").code, 2);
    assert_eq!(run(&["audit", "--plan", GENUINE, "--fail-on", "never"], "").code, 0);
    assert_eq!(run(&["audit", "--plan", GENUINE, "--fail-on", "introduced"], "").code, 0);
    assert_eq!(run(&["audit", "--plan", BY_HAND, "--fail-on", "introduced"], "").code, 2);
    let ran = run(&["audit", "--fail-on", "introduced"], "");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("--plan"), "{}", ran.err);
}

#[test]
fn standard_input_is_read_like_a_file() {
    let text = std::fs::read_to_string(GENUINE).expect("the plan");
    let ran = run(&["audit", "--plan", "-", "--check", "STO-18", "--format", "json"], &text);
    let document: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    let checks: std::collections::BTreeSet<&str> = document["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|one| one["check"].as_str())
        .collect();
    assert_eq!(checks.into_iter().collect::<Vec<_>>(), ["STO-18"]);
    assert_eq!(document["scope"]["proposal"]["uri"], "-");
}

#[test]
fn every_format_says_that_it_is_a_plan_and_none_holds_a_secret() {
    for format in ["table", "json", "jsonl", "csv", "markdown", "html"] {
        for plan in [GENUINE, BY_HAND] {
            let text = std::fs::read_to_string(plan).expect("the plan");
            assert!(SECRETS.iter().any(|secret| text.contains(secret)), "{plan} has lost its secrets");
            let ran = run(&["audit", "--plan", plan, "--format", format], "");
            assert_eq!(ran.code, 2, "{}", ran.err);
            for secret in SECRETS {
                assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{secret} in {format}");
            }
            if ["table", "markdown", "html"].contains(&format) {
                let flat = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(flat.contains("Nothing was read from AWS"), "{format}");
                assert!(flat.contains("The plan introduces"), "{format}");
            }
        }
        let ran = run(&["audit", "--plan", BY_HAND, "--format", format], "");
        let flat = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("(introduced by this plan)"), "{format}");
    }
}

#[test]
fn results_of_plans_follow_the_published_schema() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/result.schema.json");
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(schema).expect("the schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for plan in [GENUINE, BY_HAND, REFRESH_ONLY] {
        let document = audit(plan, &[]);
        let faults: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn what_is_no_plan_is_refused_with_file_and_remedy() {
    let state = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/estate/terraform.tfstate");
    let show = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/estate/show.json");
    for (path, words) in [
        (state, "a Terraform state"),
        (show, "a state as `terraform show -json`"),
        ("nowhere.json", "cannot be opened"),
    ] {
        let ran = run(&["audit", "--plan", path], "");
        assert_eq!(ran.code, 1, "{path}");
        assert!(ran.out.is_empty());
        assert!(ran.err.contains(words) && ran.err.contains(path), "{path}: {}", ran.err);
    }
    for (text, words) in [
        ("PK\u{3}\u{4}", "terraform show -json FILE"),
        ("", "empty"),
        ("{\"format_version\": \"1.2\", \"errored\": true}", "plan again"),
        ("{\"format_version\": \"1.2\"}", "holds no resource"),
    ] {
        let ran = run(&["audit", "--plan", "-"], text);
        assert_eq!(ran.code, 1, "{text}");
        assert!(ran.err.contains(words) && ran.err.contains("remedy"), "{text}: {}", ran.err);
    }
}

fn drift_of_the_demo(plan: &Value) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plan.json");
    std::fs::write(&path, plan.to_string()).expect("a file");
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");
    let path = path.to_str().expect("a path of text");
    let ran = run(&["drift", "--snapshot", demo, "--plan", path, "--format", "json"], "");
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err))
}

/// Every change that is told of an address: path and label.
fn changes_of(document: &Value, address: &str) -> Vec<(String, String)> {
    let items = document["drift"]["items"].as_array().expect("items");
    let of = items.iter().filter(|item| item["address"] == address);
    of.flat_map(|item| item["changes"].as_array().expect("changes"))
        .map(|change| {
            let text = |key: &str| change[key].as_str().expect("text").to_owned();
            (text("path"), text("label"))
        })
        .collect()
}

/// The recorded estate and the genuine plan are of one configuration that was applied twice.
#[test]
fn what_a_plan_leaves_alone_though_it_is_set_is_no_drift() {
    const GROUP: &str = "aws_cloudwatch_log_group.app";
    const DATABASE: &str = "aws_db_instance.orders";
    let mut plan: Value =
        serde_json::from_str(&std::fs::read_to_string(GENUINE).expect("the plan")).expect("JSON");
    let summary = |document: &Value, key: &str| document["drift"]["summary"][key].as_u64().expect("a number");
    let mended = drift_of_the_demo(&plan);
    assert_eq!(changes_of(&mended, GROUP)[0].0, "retention_in_days");
    // As it is with `ignore_changes = [retention_in_days]` and `[multi_az]`: the plan proposes to leave them.
    for change in plan["resource_changes"].as_array_mut().expect("changes") {
        let name = match change["address"].as_str() {
            Some(GROUP) => "retention_in_days",
            Some(DATABASE) => "multi_az",
            _ => continue,
        };
        change["change"]["after"][name] = change["change"]["before"][name].clone();
    }
    let left = drift_of_the_demo(&plan);
    assert_eq!(summary(&left, "changed"), summary(&mended, "changed") - 1);
    assert_eq!(summary(&left, "in_sync"), summary(&mended, "in_sync") + 1);
    let counted = left["drift"]["suppressed"].as_array().expect("a list").iter();
    let counted: Vec<&str> =
        counted.filter(|one| one["rule"] == "N29").filter_map(|one| one["address"].as_str()).collect();
    assert_eq!(counted, [GROUP, DATABASE]);
    // The database drifted in two places, and only one of them is ignored.
    let labels: Vec<String> =
        changes_of(&left, DATABASE).into_iter().map(|(path, label)| format!("{path} {label}")).collect();
    assert!(labels.iter().any(|line| line.starts_with("backup_retention_period ")), "{labels:?}");
    assert!(!labels.contains(&"backup_retention_period ignored-by-config".to_owned()), "{labels:?}");
    assert!(labels.contains(&"multi_az ignored-by-config".to_owned()), "{labels:?}");
}
