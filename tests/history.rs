//! The files of drift over time on the command line: a previous result, acceptances, drafts and import blocks.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run_in(folder: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_stateward"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the binary runs");
    Ran {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn drift(folder: &Path, options: &[&str]) -> Ran {
    run_in(folder, &[&["drift", "--snapshot", DEMO, "--unmanaged"], options].concat())
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("a file")
}

fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&read(folder, name)).expect("JSON")
}

#[test]
fn a_draft_is_refused_with_its_line_and_once_completed_accepts_everything() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let found = drift(at, &["--write-ignore", "accept.toml", "--format", "json", "--output", "a.json"]);
    assert_eq!(found.code, 2, "{}", found.err);
    assert!(found.err.contains("owner and a reason"), "{}", found.err);
    let refused = drift(at, &["--accept", "accept.toml"]);
    assert_eq!(refused.code, 1);
    for word in ["accept.toml", "no owner", "fill in the owner"] {
        assert!(refused.err.contains(word), "{word}: {}", refused.err);
    }
    assert!(refused.out.is_empty());

    let filled = read(at, "accept.toml")
        .replace("owner = \"\"", "owner = \"ops\"")
        .replace("reason = \"\"", "reason = \"until the sale is over\"");
    std::fs::write(at.join("accept.toml"), filled).unwrap();
    let accepted = drift(at, &["--accept", "accept.toml", "--format", "json", "--output", "b.json"]);
    // What the emulator could not answer stays open; drift is none of it any more.
    assert_ne!(accepted.code, 2, "{}", accepted.err);
    let (before, after) = (json(at, "a.json"), json(at, "b.json"));
    let items = after["drift"]["items"].as_array().unwrap();
    assert_eq!(items.len(), before["drift"]["items"].as_array().unwrap().len(), "they stay listed");
    assert!(items.iter().all(|item| item["accepted"]["owner"] == "ops" || item["class"] == "unknown"));
    assert_eq!(after["drift"]["summary"]["changed"], before["drift"]["summary"]["changed"]);
    let uses = after["drift"]["acceptances"].as_array().unwrap();
    assert!(!uses.is_empty() && uses.iter().all(|one| one["outcome"] == "used"), "{uses:#?}");
    let one_left = drift(at, &["--accept", "accept.toml", "--fail-on", "ghost"]);
    assert_ne!(one_left.code, 2);
}

#[test]
fn a_run_is_held_against_a_stored_result_and_renders_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(drift(at, &["--format", "json", "--output", "a.json"]).code, 2);
    let mut before = json(at, "a.json");
    let gone = before["drift"]["items"].as_array_mut().unwrap().remove(0);
    std::fs::write(at.join("a.json"), before.to_string()).unwrap();
    let second =
        drift(at, &["--previous", "a.json", "--format", "json", "--output", "b.json", "--format", "table"]);
    assert_eq!(second.code, 2, "{}", second.err);
    assert!(second.out.contains("1 new, 0 returned"), "{}", second.out);
    let after = json(at, "b.json");
    assert_eq!(after["drift"]["since"]["new"], 1);
    let new: Vec<&Value> = after["drift"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["standing"]["state"] == "new")
        .collect();
    assert_eq!(new.len(), 1);
    assert_eq!(new[0]["address"], gone["address"]);
    let again = run_in(at, &["report", "b.json", "--format", "table"]);
    assert_eq!(again.out, second.out, "the result holds all that a report says");
    let schema: Value = serde_json::from_str(include_str!("../docs/result.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(&after).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_is_no_previous_result_is_refused_or_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("old.json"), "{\"schema\": \"stateward.result/0\"}").unwrap();
    for (name, word) in [("old.json", "stateward.result/0"), ("none.json", "none.json")] {
        let refused = drift(at, &["--previous", name]);
        assert_eq!(refused.code, 1);
        assert!(refused.err.contains(name) && refused.err.contains(word), "{}", refused.err);
    }
    drift(at, &["--format", "json", "--output", "a.json"]);
    let mut other = json(at, "a.json");
    other["scope"]["accounts"][0]["id"] = "999999999999".into();
    std::fs::write(at.join("a.json"), other.to_string()).unwrap();
    let ran = drift(at, &["--previous", "a.json"]);
    assert!(ran.err.contains("another estate") && ran.out.contains("another estate"), "{}", ran.err);
    let plan = run_in(at, &["audit", "--plan", "p.json", "--previous", "a.json"]);
    assert_eq!(plan.code, 64, "{}", plan.err);
}

#[test]
fn import_blocks_cover_what_is_unmanaged_and_say_what_they_leave_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let ran = run_in(at, &["drift", "--snapshot", DEMO, "--import-blocks", "imports.tf"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("3 import blocks written, 2 unmanaged items left out"), "{}", ran.err);
    let text = read(at, "imports.tf");
    let (_, blocks) = text.split_once('\n').expect("a header");
    insta::assert_snapshot!("import-blocks", blocks);
    let bad = run_in(at, &["drift", "--snapshot", DEMO, "--import-blocks", "/nowhere/at/all.tf"]);
    assert_eq!(bad.code, 1);
    assert!(bad.err.contains("/nowhere/at/all.tf") && bad.out.is_empty(), "{}", bad.err);
}

/// An empty state: the whole estate is unmanaged, and `localstack/import-blocks` gives this file to real Terraform.
#[test]
fn a_whole_estate_gets_blocks_with_the_ids_that_the_provider_takes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let empty =
        r#"{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"x","outputs":{},"resources":[]}"#;
    std::fs::write(at.join("empty.tfstate"), empty).unwrap();
    let ran = run_in(
        at,
        &["drift", "--snapshot", DEMO, "--state", "empty.tfstate", "--import-blocks", "all.tf", "--quiet"],
    );
    assert_eq!(ran.code, 2, "{}", ran.err);
    let text = read(at, "all.tf");
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.trim().strip_prefix("to ")).map(str::trim).collect();
    assert!(names.len() > 100, "{}", names.len());
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), names.len(), "two blocks have one name");
    // The composed ids that real Terraform took: of an association, of a policy of a scaling group.
    for (kind, mark) in [("aws_route_table_association", "/rtb-"), ("aws_autoscaling_policy", "/acme-")] {
        let of_kind = text.split("import {").filter(|block| block.contains(&format!("= {kind}.")));
        let ids: Vec<&str> =
            of_kind.flat_map(str::lines).filter(|line| line.trim().starts_with("id ")).collect();
        assert!(!ids.is_empty() && ids.iter().all(|id| id.contains(mark)), "{ids:?}");
    }
}
