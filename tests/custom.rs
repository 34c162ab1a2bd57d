//! Custom checks on the command line: their cases, and an audit of the recorded estate with them.
#![cfg(feature = "rego")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/policies");
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_stateward")).args(arguments).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("an exit code"), text(&output.stdout), text(&output.stderr))
}

/// A folder with one of the examples, changed.
fn changed(name: &str, old: &str, new: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for ending in ["rego", "cases.yaml"] {
        let file = format!("{name}.{ending}");
        let text = std::fs::read_to_string(Path::new(EXAMPLES).join(&file)).expect("an example");
        std::fs::write(folder.path().join(file), text.replace(old, new)).expect("a copy");
    }
    folder
}

fn audit(arguments: &[&str]) -> Value {
    let more = ["audit", "--snapshot", DEMO, "--format", "json", "--fail-on", "never"];
    let (code, out, err) = run(&[&more, arguments].concat());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).expect("a result")
}

fn of<'a>(document: &'a Value, check: &str) -> Vec<&'a Value> {
    document["findings"].as_array().expect("findings").iter().filter(|one| one["check"] == check).collect()
}

#[test]
fn the_cases_of_the_examples_hold() {
    let (code, out, err) = run(&["checks", "test", EXAMPLES]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("ACME-01") && out.contains("0 wrong"), "{out}");
}

#[test]
fn a_case_that_does_not_hold_ends_with_2_and_so_does_a_missing_one() {
    let folder = changed("database-owner", "Owner: team-orders", "Team: orders");
    let (code, out, _) = run(&["checks", "test", folder.path().to_str().expect("text")]);
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("expected pass, got fail: it has no tag Owner"), "{out}");
    std::fs::remove_file(folder.path().join("database-owner.cases.yaml")).expect("a file");
    let (code, out, _) = run(&["checks", "test", folder.path().to_str().expect("text")]);
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("(no case)") && out.contains("3 wrong"), "{out}");
}

#[test]
fn a_broken_policy_ends_with_1_and_names_file_line_and_remedy() {
    for (old, new, words) in [
        ("trim_space(input.attributes.tags_all.Owner) == \"\"", "http.send({}).status == 200", "http.send"),
        ("pass if", "pass iff", "database-owner.rego:"),
        ("severity: medium", "severity: extreme", "choose of low, medium, high, critical"),
        ("[tags_all]", "[tags_al]", "did you mean `tags_all`"),
    ] {
        let folder = changed("database-owner", old, new);
        let path = folder.path().to_str().expect("text");
        for arguments in [vec!["checks", "test", path], vec!["audit", "--snapshot", DEMO, "--checks", path]] {
            let (code, out, err) = run(&arguments);
            assert_eq!(code, 1, "{out}{err}");
            assert!(
                err.contains(words) && err.contains("database-owner.rego:") && err.contains("remedy:"),
                "{err}"
            );
        }
    }
    let empty = tempfile::tempdir().expect("a folder");
    let (code, _, err) = run(&["checks", "test", empty.path().to_str().expect("text")]);
    assert!(code == 1 && err.contains("no policy"), "{err}");
}

#[test]
fn an_audit_judges_and_weighs_them_beside_the_catalogue() {
    let (without, with) = (audit(&[]), audit(&["--checks", EXAMPLES]));
    let owners = of(&with, "ACME-01");
    assert!(owners.iter().any(|one| one["status"] == "fail" && one["severity"] == "medium"), "{owners:?}");
    assert!(owners.iter().all(|one| one["title"] == "Databases name their owner"));
    assert_ne!(with["run"]["catalogue_hash"], without["run"]["catalogue_hash"]);
    assert_ne!(with["score"]["evidenced"], without["score"]["evidenced"]);
    assert!(of(&without, "ACME-01").is_empty());
    let elsewhere = audit(&["--checks", EXAMPLES, "--region", "us-west-2,ap-south-1"]);
    let blind = of(&elsewhere, "ACME-01").into_iter().find(|one| one["resource"]["region"] == "ap-south-1");
    assert_eq!(blind.expect("a finding")["status"], "unknown", "where nobody looked nothing passes");
}

#[test]
fn a_profile_names_folders_and_sets_them_as_any_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("team.toml");
    let text = format!(
        "[checks]\ncustom = ['{EXAMPLES}']\ndisable = ['instance-families']\n[checks.severity]\n'ACME-01' = 'high'\n"
    );
    std::fs::write(&file, text).expect("a profile");
    let document = audit(&["--profile", file.to_str().expect("text"), "--check", "acme-01,ACME-03"]);
    assert!(of(&document, "ACME-01").iter().all(|one| one["severity"] == "high"));
    assert!(of(&document, "ACME-02").is_empty() && !of(&document, "ACME-03").is_empty());
    let left_out = document["scope"]["checks_left_out"].as_array().expect("a list");
    assert!(left_out.contains(&"ACME-02".into()));
    let (code, _, err) = run(&["audit", "--snapshot", DEMO, "--check", "ACME-01"]);
    assert!(code == 64 && err.contains("ACME-01"), "without its folder there is no such check: {err}");
}

#[test]
fn a_policy_without_end_costs_its_own_answer_and_nothing_else() {
    let folder = changed(
        "database-owner",
        "pass if trim_space",
        "many := split(\"0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9\", \",\")\n\npass if {\n\tsome a in many\n\tsome b in \
         many\n\tsome c in many\n\tsome d in many\n\tsome e in many\n\tsome f in many\n\ta == b\n\tc == \
         \"never\"\n\td == e\n\tf == \"never\"\n}\n\npass if trim_space",
    );
    let document = audit(&["--checks", folder.path().to_str().expect("text")]);
    let findings = of(&document, "ACME-01");
    let cut = "`pass` was cut off after 25000 steps";
    assert!(!findings.is_empty());
    for finding in findings.iter().filter(|one| one["status"] != "fail") {
        assert_eq!(finding["status"], "unknown");
        assert!(finding["message"].as_str().expect("text").contains(cut), "{finding}");
    }
    let (code, out, _) = run(&["checks", "test", folder.path().to_str().expect("text")]);
    assert!(code == 2 && out.contains(cut), "{out}");
}

/// Forty times each value holds the one before it twice, so that one comparison takes 2^40 steps of the machine.
#[test]
fn a_single_step_without_end_ends_the_run_with_the_name_of_the_policy() {
    let nested = |name: &str| -> String {
        (1..40).map(|n| format!("{name}{n} := [{name}{before}, {name}{before}]\n", before = n - 1)).collect()
    };
    let rules = format!(
        "a0 := [1]\nb0 := [1]\n{}{}\npass if a39 == b39\n\npass if trim_space",
        nested("a"),
        nested("b")
    );
    let folder = changed("database-owner", "pass if trim_space", &rules);
    let (code, _, err) = run(&["checks", "test", folder.path().to_str().expect("text")]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("ACME-01 took more than 10 s") && err.contains("remedy:"), "{err}");
}

#[test]
fn they_are_listed_and_explained() {
    let (code, out, _) = run(&["checks", "--checks", EXAMPLES, "--format", "json", "--component", "iac"]);
    assert_eq!(code, 0);
    let list: Vec<Value> = serde_json::from_str(&out).expect("a list");
    let one = list.iter().find(|check| check["id"] == "ACME-01").expect("it is listed");
    assert_eq!(one["types"][0], "aws_db_instance");
    let (_, out, _) = run(&["checks", "--checks", EXAMPLES, "database-owner"]);
    assert!(
        out.contains("rds:DescribeDBInstances")
            && out.contains("## Fix")
            && out.contains("package stateward")
    );
}
