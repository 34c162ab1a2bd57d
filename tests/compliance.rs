//! Supporting evidence by framework, and the catalogue that it rests on, as the command line gives them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");

/// Runs the program; its exit code, standard output and standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_stateward")).args(arguments).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("an exit code"), text(&output.stdout), text(&output.stderr))
}

fn json(arguments: &[&str]) -> Value {
    let (_, out, err) = run(arguments);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {err}"))
}

fn stored(folder: &tempfile::TempDir, name: &str, command: &[&str]) -> PathBuf {
    let path = folder.path().join(name);
    let mut arguments = command.to_vec();
    arguments.extend(["--snapshot", DEMO, "--format", "json", "--output", text(&path)]);
    let (code, _, err) = run(&arguments);
    assert_ne!(code, 1, "{err}");
    assert!(path.exists(), "{err}");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

fn strings<'a>(list: &'a Value, key: &str) -> BTreeSet<&'a str> {
    list.as_array().expect("a list").iter().map(|one| one[key].as_str().expect("a string")).collect()
}

#[test]
fn a_framework_selects_its_checks_and_reports_by_control() {
    let document = json(&["audit", "--snapshot", DEMO, "--framework", "cis-aws-4.0.1", "--format", "json"]);
    let framework = &document["compliance"][0];
    assert_eq!(framework["key"], "cis-aws-4.0.1");
    assert_eq!(framework["counts"]["controls"], 64);
    let made = strings(&document["findings"], "check");
    let list = json(&["checks", "--framework", "cis-aws-4.0.1", "--format", "json"]);
    let supporting = strings(&list, "id");
    assert!(!made.is_empty() && made.is_subset(&supporting), "{made:?}");
    for control in framework["controls"].as_array().unwrap() {
        for check in control["checks"].as_array().unwrap() {
            let id = check["check"].as_str().unwrap();
            assert!(supporting.contains(id), "{id}");
            let of = |finding: &&Value| finding["check"] == id;
            let found = document["findings"].as_array().unwrap().iter().filter(of).count();
            let counted: u64 =
                check["findings"].as_object().unwrap().values().map(|number| number.as_u64().unwrap()).sum();
            assert_eq!(counted, found as u64, "{id}");
        }
    }
}

#[test]
fn without_a_framework_nothing_is_said_of_any() {
    let document = json(&["audit", "--snapshot", DEMO, "--format", "json"]);
    assert!(document.get("compliance").is_none());
}

#[test]
fn a_stored_result_tells_the_evidence_of_any_framework_later() {
    let folder = tempfile::tempdir().unwrap();
    let whole = stored(&folder, "whole.json", &["audit"]);
    let document = json(&["report", text(&whole), "--framework", "soc2,hipaa", "--format", "json"]);
    assert_eq!(strings(&document["compliance"], "key"), ["hipaa", "soc2"].into());
    for (format, word) in [
        ("table", "SUPPORTING EVIDENCE: SOC 2"),
        ("markdown", "## Supporting evidence: SOC 2"),
        ("html", "Supporting evidence: SOC 2"),
        ("csv", ",soc2,CC6.1,"),
        ("jsonl", "\"record\":\"control\""),
    ] {
        let (code, out, err) = run(&["report", text(&whole), "--framework", "soc2", "--format", format]);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains(word), "{format}");
        assert!(out.contains("CC9.1"), "{format} leaves out a control that no check covers");
        let (_, out, _) = run(&["report", text(&whole), "--format", format]);
        assert!(!out.contains(word), "{format}");
    }
}

#[test]
fn what_a_selection_left_out_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let part = stored(&folder, "part.json", &["audit", "--category", "multi-az"]);
    let document = json(&["report", text(&part), "--framework", "cis-aws-4.0.1", "--format", "json"]);
    let counts = &document["compliance"][0]["counts"];
    assert!(counts["not_made"].as_u64() > Some(10), "{counts}");
    assert_eq!(counts["not_applicable"], 0, "{counts}");
}

#[test]
fn wrong_words_and_results_without_checks_are_refused() {
    let (code, out, err) = run(&["audit", "--snapshot", DEMO, "--framework", "cis"]);
    assert_eq!((code, out.as_str()), (64, ""));
    assert!(err.contains("cis-aws-4.0.1"), "{err}");
    let folder = tempfile::tempdir().unwrap();
    let drift = stored(&folder, "drift.json", &["drift"]);
    let (code, out, err) = run(&["report", text(&drift), "--framework", "gdpr"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("stateward drift") && err.contains("remedy"), "{err}");
}

#[test]
fn the_catalogue_says_everything_of_a_check() {
    let list = json(&["checks", "--format", "json"]);
    let table: Value = serde_json::from_str(include_str!("../src/compliance.json")).unwrap();
    let mut seen = BTreeSet::new();
    for check in list.as_array().unwrap() {
        let id = check["id"].as_str().unwrap();
        for key in ["id", "alias"] {
            assert!(seen.insert(check[key].as_str().unwrap()), "{id}: its {key} is taken");
        }
        for key in ["title", "component", "category", "severity"] {
            assert!(check[key].as_str().is_some_and(|word| !word.is_empty()), "{id} lacks {key}");
        }
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(check["page"].as_str().unwrap());
        let page = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(page.matches("\n```json ").count() >= 3, "{id} has fewer than three cases");
        let mapped = table.get(id).cloned().unwrap_or_else(|| serde_json::json!({}));
        assert_eq!(check["compliance"], mapped, "{id}");
    }
}

#[test]
fn filters_narrow_the_catalogue_down() {
    let ids = |filters: &[&str]| {
        let list = json(&[&["checks", "--format", "json"], filters].concat());
        strings(&list, "id").into_iter().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let all = ids(&[]);
    let encryption = ids(&["--category", "encryption"]);
    let critical = ids(&["--severity", "critical"]);
    let buckets = ids(&["--service", "s3"]);
    assert!(buckets.contains("STO-07") && !buckets.contains("NET-01"));
    for part in [&encryption, &critical, &buckets] {
        assert!(!part.is_empty() && part.len() < all.len() && part.is_subset(&all));
    }
    let both = ids(&["--category", "encryption", "--service", "s3"]);
    assert_eq!(both, encryption.intersection(&buckets).cloned().collect());
    let either = ids(&["--severity", "critical,high"]);
    assert_eq!(either, critical.union(&ids(&["--severity", "high"])).cloned().collect());
    let (code, _, err) = run(&["checks", "--service", "s33"]);
    assert_eq!(code, 64);
    assert!(err.contains("did you mean"), "{err}");
}

#[test]
fn one_check_is_explained_whole() {
    let check = json(&["checks", "s3-bucket-versioning", "--format", "json"]);
    assert_eq!(check["id"], "STO-07");
    assert!(check["reads"]["aws_s3_bucket"].as_array().unwrap().contains(&"versioning".into()), "{check}");
    assert!(check["operations"].as_array().unwrap().contains(&"s3:GetBucketVersioning".into()));
    let page = check["text"].as_str().unwrap();
    assert!(page.contains("## Fix") && page.contains("S3.14") && !page.contains("```json pass"));
}
