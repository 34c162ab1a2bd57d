//! `--from DIR` over the recorded estate: what the configuration ignores, what it never sets, and what cannot be read.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use stateward::drift::ignored::{ConfigFacts, ResourceFacts};
use stateward::snapshot::Snapshot;

const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/estate/tf");
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_stateward")).args(arguments).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn drift(arguments: &[&str]) -> Value {
    let (code, out, err) = run(&[&["drift", "--format", "json"], arguments].concat());
    assert_eq!(code, 2, "{err}");
    serde_json::from_str::<Value>(&out).unwrap()["drift"].clone()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => std::fs::write(target, std::fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
}

/// The configuration of the estate, with these files in place of its own or beside them.
fn configuration(files: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(CONFIGURATION), folder.path());
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path)
}

const IGNORED: &[(&str, &str)] = &[
    (
        "override.tf",
        r#"
resource "aws_cloudwatch_log_group" "app" {
  lifecycle {
    ignore_changes = all
  }
}
resource "aws_db_instance" "orders" {
  lifecycle {
    ignore_changes = [multi_az]
  }
}
resource "aws_iam_role" "app" {
  lifecycle {
    ignore_changes = [description]
  }
}
"#,
    ),
    (
        "modules/compute/override.tf",
        r#"
resource "aws_instance" "worker" {
  lifecycle {
    ignore_changes = [instance_type, tags["Role"]]
  }
}
"#,
    ),
];

fn changes<'a>(drift: &'a Value, address: &str) -> Vec<&'a Value> {
    let items = drift["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["address"] == address && item["class"] == "changed");
    item.map(|item| item["changes"].as_array().unwrap().iter().collect()).unwrap_or_default()
}

fn number(drift: &Value, what: &str) -> u64 {
    drift["summary"][what].as_u64().unwrap()
}

#[test]
fn ignore_changes_silences_one_difference_and_not_the_next() {
    let plain = drift(&["--snapshot", DEMO]);
    let (_folder, dir) = configuration(IGNORED);
    let with = drift(&["--snapshot", DEMO, "--from", &dir]);

    assert!(!changes(&plain, "aws_cloudwatch_log_group.app").is_empty());
    assert!(changes(&with, "aws_cloudwatch_log_group.app").is_empty());
    assert!(changes(&with, "module.web_usw2.aws_instance.worker[0]").is_empty());
    assert_eq!(number(&with, "changed"), number(&plain, "changed") - 2);
    assert_eq!(number(&with, "in_sync"), number(&plain, "in_sync") + 2);
    assert_eq!(number(&with, "suppressed"), number(&plain, "suppressed") + 4);

    let labels = |address: &str| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        changes(&with, address).iter().map(|one| (text(&one["path"]), text(&one["label"]))).collect()
    };
    let pair = |path: &str, label: &str| (path.to_owned(), label.to_owned());
    let orders =
        [pair("backup_retention_period", "security-loosening"), pair("multi_az", "ignored-by-config")];
    assert_eq!(labels("aws_db_instance.orders"), orders);
    let worker = [pair("tags.Backup", "tag"), pair("tags.Role", "ignored-by-config")];
    assert_eq!(labels("module.web_usw2.aws_instance.worker[1]"), worker);

    let used = &with["configurations"][0];
    // Both modules that hold the workers count.
    assert_eq!(used["ignore_entries"], 7);
    let ignored: Vec<(&str, &str)> = used["ignored"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["address"].as_str().unwrap(), one["change"]["path"].as_str().unwrap()))
        .collect();
    assert!(ignored.contains(&("aws_cloudwatch_log_group.app", "retention_in_days")), "{ignored:?}");
    assert_eq!(ignored.len(), 4);
    let counted = with["suppressed"].as_array().unwrap().iter().filter(|one| one["rule"] == "N29").count();
    assert_eq!(counted, 4);
    assert_eq!(used["states"].as_array().unwrap().len(), 1);
    let notes = used["notes"].to_string();
    assert!(notes.contains("main.tf:") && notes.contains("aws_efs_mount_target.shared"), "{notes}");
}

#[test]
fn without_ignore_changes_a_configuration_changes_no_class() {
    let (plain, with) = (drift(&["--snapshot", DEMO]), drift(&["--snapshot", DEMO, "--from", CONFIGURATION]));
    assert_eq!(plain["summary"], with["summary"]);
    assert_eq!(plain["suppressed"], with["suppressed"]);
    // What it adds is where each is defined.
    let mut items = with["items"].clone();
    for item in items.as_array_mut().expect("items") {
        item.as_object_mut().expect("an item").remove("definition");
    }
    assert_eq!(plain["items"], items);
}

#[test]
fn an_argument_that_is_never_set_carries_a_note_in_every_format() {
    let text = std::fs::read_to_string(Path::new(CONFIGURATION).join("main.tf")).unwrap();
    let without = text.replacen("  backup_retention_period = 14\n", "", 1);
    assert_ne!(text, without);
    let (_folder, dir) = configuration(&[("main.tf", &without)]);
    let with = drift(&["--snapshot", DEMO, "--from", &dir]);
    let orders = changes(&with, "aws_db_instance.orders");
    let note = "possibly server-chosen: the configuration does not set it";
    assert_eq!(orders[0]["path"], "backup_retention_period");
    assert_eq!(orders[0]["note"], note);
    assert_eq!(orders[1].get("note"), None);
    for format in ["table", "markdown", "html", "csv", "json", "jsonl"] {
        let (_, out, err) = run(&["drift", "--snapshot", DEMO, "--from", &dir, "--format", format]);
        let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(flat.matches(note).count(), 1, "{format}: {err}");
        for secret in ["correct-horse-battery", "s3cr3t-in-state"] {
            assert!(!out.contains(secret) && !err.contains(secret), "{format}");
        }
    }
}

#[test]
fn the_facts_travel_with_the_snapshot() {
    let (folder, dir) = configuration(IGNORED);
    let mut snapshot = Snapshot::from_reader("demo", std::fs::File::open(DEMO).unwrap()).unwrap();
    let fact = |address: &str, ignored: &[&str]| ResourceFacts {
        address: address.into(),
        ignored: ignored.iter().map(|path| (*path).to_owned()).collect(),
        set: None,
        definition: None,
    };
    let state = snapshot.states[0].facts.uri.clone();
    snapshot.configurations = vec![ConfigFacts {
        source: "infra".into(),
        state: Some(state),
        resources: vec![fact("aws_cloudwatch_log_group.app", &["retention_in_days"])],
        pins: None,
        notes: vec![],
    }];
    let file: PathBuf = folder.path().join("with.stw");
    std::fs::write(&file, snapshot.to_bytes().unwrap()).unwrap();
    let file = file.to_str().unwrap();
    let replayed = drift(&["--snapshot", file]);
    assert!(changes(&replayed, "aws_cloudwatch_log_group.app").is_empty());
    assert_eq!(replayed["configurations"][0]["source"], "infra");
    // What is named on the command line takes the place of what was recorded.
    let replaced = drift(&["--snapshot", file, "--from", &dir]);
    assert_eq!(replaced["configurations"].as_array().unwrap().len(), 1);
    assert_eq!(replaced["configurations"][0]["source"], dir.as_str());
}

#[test]
fn a_folder_that_is_no_configuration_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let (code, out, err) = run(&["drift", "--snapshot", DEMO, "--from", path]);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(
        err.contains("there is no Terraform configuration in this folder") && err.contains("remedy"),
        "{err}"
    );
    std::fs::write(folder.path().join("main.tf"), "resource \"a\" {\n  secret = hunter2hunter2 hunter2\n}\n")
        .unwrap();
    let (code, _, err) = run(&["audit", "--snapshot", DEMO, "--from", path]);
    assert_eq!(code, 1);
    assert!(
        err.contains("main.tf:2:") && err.contains("terraform validate") && !err.contains("hunter2"),
        "{err}"
    );
}

#[test]
fn what_a_configuration_pins_is_judged() {
    let pins = "[providers]\nallowed = ['hashicorp/*']\n";
    let (folder, path) = configuration(&[(
        "more.tf",
        "resource \"random_id\" \"x\" {}\nmodule \"net\" {\n  source = \"git::https://user:t0ken@example.com/net.git?ref=main\"\n}\n",
    )]);
    let profile = folder.path().join("team.toml");
    std::fs::write(&profile, pins).unwrap();
    let profile = profile.to_str().unwrap();
    let arguments = ["audit", "--snapshot", DEMO, "--from", &path, "--profile", profile, "--format", "json"];
    let (_, out, err) = run(&[&arguments[..], &["--check", "IAC-13,IAC-14"]].concat());
    let document: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {err}"));
    assert!(!out.contains("t0ken") && !err.contains("t0ken"));
    let found = |check: &str| {
        let findings = document["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["check"] == check).unwrap().clone();
        assert_eq!(finding["resource"]["type"], "terraform_configuration");
        assert_eq!(finding["resource"]["id"], path.as_str());
        (finding["status"].as_str().unwrap().to_owned(), finding["message"].as_str().unwrap().to_owned())
    };
    let (status, message) = found("IAC-13");
    assert_eq!(status, "fail");
    assert!(message.starts_with("hashicorp/random has no version constraint"), "{message}");
    assert_eq!(found("IAC-14"), ("fail".to_owned(), "module.net follows the branch main".to_owned()));
}

/// What a result says of the place of a resource, held against the file itself.
fn assert_defined(of: &Value, address: &str) {
    let place = &of["definition"];
    let text = std::fs::read_to_string(place["file"].as_str().unwrap()).unwrap();
    let line = text.lines().nth(usize::try_from(place["line"].as_u64().unwrap()).unwrap() - 1).unwrap();
    let bare = address.split('[').next().unwrap();
    let names: Vec<&str> = bare.rsplitn(3, '.').collect();
    assert!(line.starts_with(&format!("resource \"{}\" \"{}\" {{", names[1], names[0])), "{address}: {line}");
}

#[test]
fn results_point_to_the_line_that_defines_a_resource() {
    let (_, out, err) = run(&[
        "audit",
        "--snapshot",
        DEMO,
        "--from",
        CONFIGURATION,
        "--format",
        "json",
        "--fail-on",
        "never",
    ]);
    let document: Value = serde_json::from_str(&out).expect(&err);
    let mut addresses = std::collections::BTreeSet::new();
    for finding in document["findings"].as_array().unwrap() {
        match finding["resource"]["address"].as_str() {
            Some(address) => {
                assert_defined(&finding["resource"], address);
                addresses.insert(address.to_owned());
            }
            None => assert!(finding["resource"]["definition"].is_null(), "{finding}"),
        }
    }
    // Those with an index, and those inside of modules, among them.
    assert!(addresses.iter().any(|address| address.starts_with("module.") && address.ends_with(']')));
    assert!(addresses.len() > 50, "{}", addresses.len());
    for item in document["drift"]["items"].as_array().unwrap() {
        match item["address"].as_str().or(item["owner"].as_str()) {
            Some(address) => assert_defined(item, address),
            None => assert!(item["definition"].is_null(), "{item}"),
        }
    }
    let plain = drift(&["--snapshot", DEMO]);
    assert!(plain["items"].as_array().unwrap().iter().all(|item| item["definition"].is_null()));
}

#[test]
fn the_findings_of_a_plan_point_into_its_configuration() {
    let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/plans/made-by-hand.json");
    let text: Value = serde_json::from_str(&std::fs::read_to_string(plan).unwrap()).unwrap();
    let mut blocks = std::collections::BTreeSet::new();
    for change in text["resource_changes"].as_array().unwrap() {
        if change.get("module_address").is_none() && change["mode"] == "managed" {
            let (kind, name) = (change["type"].as_str().unwrap(), change["name"].as_str().unwrap());
            blocks.insert(format!("resource \"{kind}\" \"{name}\" {{\n}}\n"));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), blocks.into_iter().collect::<String>()).unwrap();
    let from = folder.path().to_str().unwrap();
    let (code, out, err) =
        run(&["audit", "--plan", plan, "--from", from, "--format", "json", "--fail-on", "never"]);
    assert_eq!(code, 0, "{err}");
    let document: Value = serde_json::from_str(&out).unwrap();
    let mut known = 0;
    for finding in document["findings"].as_array().unwrap() {
        let address = finding["resource"]["address"].as_str().unwrap_or("module.");
        if !address.starts_with("module.") {
            assert_defined(&finding["resource"], address);
            known += 1;
        }
    }
    assert!(known > 0);
}
