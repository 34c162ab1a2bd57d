//! Stored runs on the command line: `--history`, `stateward history` and `stateward diff`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");
const STATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/estate/terraform.tfstate");

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
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

/// A command over the recorded estate that is stored, and its result.
fn store(folder: &Path, command: &str, options: &[&str]) -> Value {
    let fixed = [command, "--snapshot", DEMO, "--history", "runs.db", "--quiet", "--format", "json"];
    let ran = run(folder, &[&fixed, options].concat());
    assert_eq!(ran.code, 2, "{}", ran.err);
    serde_json::from_str(&ran.out).expect("JSON")
}

fn list(folder: &Path, options: &[&str]) -> Vec<Value> {
    let ran = run(folder, &[&["history", "--history", "runs.db", "--format", "json"], options].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    serde_json::from_str(&ran.out).expect("a list")
}

#[test]
fn runs_are_stored_listed_shown_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let first = store(at, "audit", &[]);
    let second = store(at, "audit", &["--profile", "strict"]);
    let drift = store(at, "drift", &["--unmanaged"]);
    let recovery = store(at, "recover", &[]);
    let runs = list(at, &[]);
    let ids: Vec<&Value> = runs.iter().map(|run| &run["id"]).collect();
    let made = [&recovery, &drift, &second, &first].map(|document| &document["run"]["id"]);
    assert!(made.iter().all(|id| ids.contains(id)) && ids.len() == 4);
    assert_eq!(list(at, &["--of", "drift"])[0]["id"], drift["run"]["id"]);
    assert_eq!(list(at, &["--limit", "2"]).len(), 2);
    let of_first = runs.iter().find(|run| run["id"] == first["run"]["id"]).unwrap();
    assert_eq!(of_first["evidenced"], first["score"]["evidenced"]);
    assert_eq!(of_first["possible"], first["score"]["possible"]);
    assert_eq!(of_first["drift"]["changed"], first["drift"]["summary"]["changed"]);
    assert_eq!(of_first["errors"], first["collection"]["errors"].as_array().unwrap().len());
    assert_eq!((&of_first["outcome"], &of_first["decision"]), (&"finished".into(), &"no_go".into()));

    // The second audit is held against the first; the drift run has no other of its kind before it.
    assert_eq!(second["drift"]["since"]["run"], first["run"]["id"]);
    assert_eq!(second["drift"]["since"]["new"], 0);
    assert!(first["drift"]["since"].is_null() && drift["drift"]["since"].is_null());

    let table = run(at, &["history", "--history", "runs.db"]);
    assert!(table.out.contains("NO-GO") && table.out.contains("Score"), "{}", table.out);
    let id = first["run"]["id"].as_str().unwrap();
    let shown = run(at, &["history", "show", &id[..8], "--history", "runs.db", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&shown.out).unwrap(), first);
    std::fs::write(at.join("first.json"), first.to_string()).unwrap();
    std::fs::write(at.join("second.json"), second.to_string()).unwrap();
    let by_file = run(at, &["diff", "first.json", "second.json", "--format", "json"]);
    let by_run = run(at, &["diff", "--history", "runs.db", id, "second.json", "--format", "json"]);
    assert_eq!((by_file.code, by_run.code), (0, 0), "{}{}", by_file.err, by_run.err);
    assert_eq!(by_file.out, by_run.out);
    let verified = run(at, &["history", "verify", "--history", "runs.db"]);
    assert_eq!(verified.code, 0, "{}", verified.err);
}

#[test]
fn a_comparison_tells_what_moved_the_score_and_what_it_exits_with() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let old = store(at, "audit", &[]);
    let mut denied = old.clone();
    // As if the listing of a passing check's resources had been refused: known before, unknown now.
    let findings = denied["findings"].as_array_mut().unwrap();
    let gone = findings.iter().position(|finding| finding["status"] == "pass").unwrap();
    findings[gone]["status"] = "unknown".into();
    findings[gone]["reason"] = "denied".into();
    for (name, document) in [("old.json", &old), ("denied.json", &denied)] {
        std::fs::write(at.join(name), document.to_string()).unwrap();
    }
    let same = run(at, &["diff", "old.json", "old.json", "--fail-on", "regression"]);
    assert_eq!(same.code, 0, "{}", same.err);
    assert!(same.out.contains("Nothing changed."), "{}", same.out);
    let less = run(at, &["diff", "old.json", "denied.json", "--fail-on", "regression", "--format", "json"]);
    assert_eq!(less.code, 3, "{}", less.err);
    let comparison: Value = serde_json::from_str(&less.out).unwrap();
    assert_eq!(comparison["findings"]["evidence_lost"].as_array().unwrap().len(), 1);
    assert!(comparison["score"]["not_taken_apart"].as_str().unwrap().contains("the later result"));
    let back = run(
        at,
        &[
            "diff",
            "denied.json",
            "old.json",
            "--fail-on",
            "never",
            "--output",
            "change.md",
            "--format",
            "markdown",
        ],
    );
    assert_eq!((back.code, back.out.as_str()), (0, ""));
    assert!(std::fs::read_to_string(at.join("change.md")).unwrap().contains("## Evidence gained (1)"));
    let mut worse = old.clone();
    worse["findings"][gone]["status"] = "fail".into();
    std::fs::write(at.join("worse.json"), worse.to_string()).unwrap();
    assert_eq!(run(at, &["diff", "old.json", "worse.json", "--fail-on", "regression"]).code, 2);
    assert_eq!(run(at, &["diff", "old.json", "worse.json"]).code, 0);
    for (arguments, word) in
        [(["diff", "-", "-"], "only one"), (["diff", "old.json", "none.json"], "none.json")]
    {
        let refused = run(at, &arguments);
        assert_eq!((refused.code, refused.out.as_str()), (1, ""));
        assert!(refused.err.contains(word), "{}", refused.err);
    }
}

/// Evidence that is too old leaves its component unassessed; that it was assessed before is in the history.
#[test]
fn a_component_that_went_blind_and_is_waived_stays_in_the_sums_with_its_last_score() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let first = store(at, "audit", &[]);
    let assessed =
        first["score"]["components"].as_array().unwrap().iter().find(|one| one["assessed"] == true);
    let assessed = assessed.expect("a component that is assessed");
    let key = assessed["key"].as_str().unwrap();
    let waiver = format!(
        "[[waivers]]\ncomponent = \"{key}\"\nowner = \"ops\"\napprover = \"cto\"\nreason = \"blind for a week\"\n\
         ticket = \"OPS-1\"\ngranted = @granted@\nexpires = @expires@\n"
    );
    let of = |document: &Value| {
        let components = document["score"]["components"].as_array().unwrap();
        components.iter().find(|one| one["key"] == key).expect("the component").clone()
    };
    let blind = time::OffsetDateTime::parse(
        first["run"]["as_of"].as_str().unwrap(),
        &time::format_description::well_known::Rfc3339,
    );
    let granted = blind.as_ref().unwrap().date();
    let blind = blind.unwrap() + time::Duration::days(3);
    let expires = (blind + time::Duration::days(7)).date();
    std::fs::write(
        at.join("waived.toml"),
        waiver.replace("@granted@", &granted.to_string()).replace("@expires@", &expires.to_string()),
    )
    .unwrap();
    let as_of = blind.format(&time::format_description::well_known::Rfc3339).unwrap();
    let audit = |more: &[&str]| -> Value {
        let fixed = ["audit", "--snapshot", DEMO, "--quiet", "--format", "json", "--profile", "waived.toml"];
        let ran = run(at, &[&fixed[..], &["--as-of", as_of.as_str()], more].concat());
        assert!(matches!(ran.code, 2 | 3), "{}", ran.err);
        serde_json::from_str(&ran.out).expect("JSON")
    };
    let forgotten = audit(&[]);
    let remembered = audit(&["--history", "runs.db"]);
    assert_eq!((&of(&forgotten)["assessed"], &of(&remembered)["assessed"]), (&false.into(), &false.into()));
    let why = of(&remembered)["why_not"].as_str().unwrap().to_owned();
    assert_eq!(why, "waived after it went blind: held at its last score");
    assert_ne!(of(&forgotten)["why_not"], why.as_str(), "without a history it leaves the sums");
    let leaves = |document: &Value| document.to_string().contains("the rest is waived");
    assert!(leaves(&forgotten) && !leaves(&remembered), "it stays in the sums");
}

#[test]
fn a_run_that_fails_is_in_the_list_and_not_held_against() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    store(at, "drift", &[]);
    let failed = run(at, &["drift", "--history", "runs.db", "--snapshot", DEMO, "--state", "nope.tfstate"]);
    assert_eq!(failed.code, 1);
    let runs = list(at, &[]);
    let outcomes: Vec<&str> = runs.iter().map(|run| run["outcome"].as_str().unwrap()).collect();
    assert!(outcomes.contains(&"failed") && outcomes.contains(&"finished"), "{outcomes:?}");
    let bad = runs.iter().find(|run| run["outcome"] == "failed").unwrap();
    assert!(bad["reason"].as_str().unwrap().contains("nope.tfstate"));
    let shown = run(at, &["history", "show", bad["id"].as_str().unwrap(), "--history", "runs.db"]);
    assert_eq!(shown.code, 1);
    assert!(shown.err.contains("has no result") && shown.err.contains("nope.tfstate"), "{}", shown.err);
    assert!(!store(at, "drift", &[])["drift"]["since"].is_null(), "the last good one is used");
}

#[test]
fn the_profile_names_the_history_the_estate_and_what_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let profile = "[history]\nfile = \"kept.db\"\nestate = \"prod\"\nkeep_runs = 2\n";
    std::fs::write(at.join("team.toml"), profile).unwrap();
    for service in ["rds", "s3", "ec2"] {
        // Runs of one estate are of one series, whatever else differs.
        let ran = run(
            at,
            &["drift", "--snapshot", DEMO, "--profile", "./team.toml", "--service", service, "--quiet"],
        );
        assert!([0, 2, 3].contains(&ran.code), "{}", ran.err);
    }
    let ran = run(at, &["history", "--profile", "./team.toml", "--format", "json"]);
    let runs: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(runs.len(), 2, "{}", ran.out);
    assert!(runs.iter().all(|run| run["estate"] == "prod"));
}

#[test]
fn a_history_that_cannot_be_used_stops_the_run_before_it_begins_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    store(at, "drift", &[]);
    let whole = std::fs::read(at.join("runs.db")).unwrap();
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&77_u32.to_be_bytes());
    let cases: [(&str, &[u8], &str); 3] = [
        ("text.db", b"no database", "no history of stateward"),
        ("newer.db", &newer, "version 77"),
        ("cut.db", &whole[..whole.len() / 2], "damaged"),
    ];
    for (name, bytes, word) in cases {
        std::fs::write(at.join(name), bytes).unwrap();
        for arguments in [
            vec!["drift", "--snapshot", DEMO, "--history", name],
            vec!["history", "--history", name],
            vec!["diff", "--history", name, "latest~1", "latest"],
        ] {
            let ran = run(at, &arguments);
            assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{arguments:?}");
            assert!(
                ran.err.contains(name) && ran.err.contains(word) && ran.err.contains("remedy"),
                "{}",
                ran.err
            );
        }
        assert_eq!(std::fs::read(at.join(name)).unwrap(), bytes, "{name}");
    }
    let none = run(at, &["history"]);
    assert_eq!(none.code, 1);
    assert!(none.err.contains("--history FILE"), "{}", none.err);
}

#[test]
fn no_secret_is_in_the_history() {
    const SECRETS: [&str; 3] = ["correct-horse-battery", "s3cr3t-in-state", "passw0rd!"];
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let state = std::fs::read_to_string(STATE).unwrap();
    assert!(state.contains(SECRETS[0]) && state.contains(SECRETS[1]), "the fixture has lost its secrets");
    for command in ["audit", "drift", "recover"] {
        store(at, command, &["--state", STATE]);
    }
    let shown = run(at, &["history", "show", "latest~2", "--history", "runs.db", "--format", "json"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let rows = run(at, &["history", "--history", "runs.db", "--format", "json"]).out;
    let bytes = std::fs::read(at.join("runs.db")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("aws_db_instance"), "what is looked at is not what is stored");
    for secret in SECRETS {
        assert!(!text.contains(secret) && !shown.out.contains(secret) && !rows.contains(secret), "{secret}");
    }
}
