//! Bad input of every sort: the message names the thing and the remedy, and the exit code is the contract's.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const STATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/estate/terraform.tfstate");
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(arguments: &[&str]) -> Ran {
    run_in(Path::new("."), arguments)
}

/// Without any of AWS's own configuration, so that a developer's credentials are never used.
fn run_in(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stateward"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    let output = command
        .current_dir(folder)
        .args(arguments)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .output()
        .expect("the binary runs");
    ran(&output)
}

fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn fails(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, code, "{}", ran.err);
    assert!(ran.out.is_empty(), "standard output carries the report and nothing else: {}", ran.out);
    for word in words {
        assert!(ran.err.contains(word), "'{word}' is not in: {}", ran.err);
    }
}

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path of text").to_owned()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_bad_profile_is_shown_at_its_place() {
    let folder = folder();
    let profile = file(&folder, "team.toml", "[backup]\nretention_dys = 9\n");
    let ran = run(&["audit", "--snapshot", DEMO, "--profile", &profile]);
    fails(&ran, 1, &["team.toml", "retention_dys", "retention_days"]);
    fails(&run(&["audit", "--snapshot", DEMO, "--profile", "strct"]), 1, &["strct", "strict"]);
    fails(&run(&["audit", "--snapshot", DEMO, "--profile", "./none.toml"]), 1, &["./none.toml"]);
}

#[test]
fn a_bad_state_is_named_with_place_and_remedy_before_anything_else() {
    let folder = folder();
    let whole = std::fs::read_to_string(STATE).expect("the fixture");
    let cases = [
        ("truncated.tfstate", &whole[..whole.len() / 2], "truncated"),
        ("empty.tfstate", "", "empty"),
        ("old.tfstate", "{\"version\": 2, \"serial\": 1}", "format 2"),
        ("new.tfstate", "{\"version\": 9}", "format 9"),
        ("text.tfstate", "hello", "not JSON"),
    ];
    for (name, text, word) in cases {
        let state = file(&folder, name, text);
        for command in ["audit", "drift"] {
            // No credentials are set: had a call been made before the state was read, the message would be about them.
            fails(&run(&[command, "--state", &state]), 1, &[name, word, "remedy"]);
        }
    }
    fails(&run(&["drift", "--state", "nowhere.tfstate"]), 1, &["nowhere.tfstate", "remedy"]);
    fails(&run(&["drift", "--state", "*.nothing"]), 1, &["*.nothing", "matches no file"]);
    fails(&run(&["drift"]), 1, &["--state"]);
}

#[cfg(feature = "aws")]
#[test]
fn without_credentials_the_remedy_is_to_set_them_up() {
    let ran = run(&["drift", "--state", STATE, "--endpoint-url", "http://127.0.0.1:1", "--timeout", "20s"]);
    fails(&ran, 1, &["credentials", "remedy"]);
}

#[cfg(not(feature = "aws"))]
#[test]
fn a_build_without_the_sdk_says_so() {
    fails(&run(&["audit"]), 1, &["AWS SDK", "remedy", "cargo build"]);
}

#[test]
fn an_unwritable_output_is_found_before_the_work() {
    let ran = run(&["audit", "--snapshot", DEMO, "--format", "json", "--output", "/nowhere/at/all.json"]);
    fails(&ran, 1, &["/nowhere/at/all.json", "folder"]);
    let folder = folder();
    let path = folder.path().to_str().expect("a path of text");
    fails(
        &run(&["audit", "--snapshot", DEMO, "--format", "html", "--output", path]),
        1,
        &[path, "is a folder"],
    );
}

#[test]
fn an_unknown_region_gets_the_near_name() {
    fails(&run(&["audit", "--snapshot", DEMO, "--region", "us-wset-2"]), 1, &["us-wset-2", "us-west-2"]);
}

#[test]
fn a_word_that_names_nothing_is_wrong_usage() {
    fails(&run(&["audit", "--snapshot", DEMO, "--check", "STO-7"]), 64, &["STO-7", "STO-07"]);
    fails(&run(&["audit", "--snapshot", DEMO, "--service", "s33"]), 64, &["s33", "s3"]);
    fails(&run(&["audit", "--no-such-option"]), 64, &["--no-such-option"]);
    fails(&run(&["checks", "STO-99"]), 64, &["STO-99", "stateward checks"]);
}

#[test]
fn a_snapshot_that_is_none_is_refused() {
    let folder = folder();
    let text = file(&folder, "x.stw", "hello");
    fails(&run(&["audit", "--snapshot", &text]), 1, &["x.stw", "remedy"]);
    fails(&run(&["audit", "--snapshot", "nowhere.stw"]), 1, &["nowhere.stw"]);
    let result = file(&folder, "x.json", "{}");
    fails(&run(&["report", &result]), 1, &["x.json", "remedy"]);
}

fn demo(folder: &tempfile::TempDir) -> (Ran, PathBuf) {
    let out = folder.path().join("brief");
    (run(&["demo", "--out", out.to_str().expect("a path of text")]), out)
}

#[test]
fn the_demo_needs_nothing_and_leaves_the_brief() {
    let folder = folder();
    let (ran, out) = demo(&folder);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("NO-GO"), "{}", ran.out);
    for name in ["brief.html", "brief.md", "result.json", "recovery.html", "recovery.json"] {
        let text = std::fs::read_to_string(out.join(name)).expect("the brief");
        assert!(text.contains("module.web_usw2"), "{name}");
    }
}

/// Everything that the checks of this version read was recorded: else the recording has to be made again.
#[test]
fn the_recorded_estate_lacks_nothing() {
    let folder = folder();
    let (_, out) = demo(&folder);
    let text = std::fs::read_to_string(out.join("result.json")).expect("the result");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let findings = document["findings"].as_array().expect("findings");
    let stale: Vec<String> = findings
        .iter()
        .filter(|finding| finding["reason"] == "not_requested")
        .map(|finding| format!("{} {}", finding["check"], finding["message"]))
        .collect();
    assert!(stale.is_empty(), "record it anew (localstack/record-demo): {stale:#?}");
}

#[test]
fn a_result_renders_again_to_the_same_bytes() {
    let folder = folder();
    let (_, out) = demo(&folder);
    let result = out.join("result.json");
    let html = folder.path().join("again.html");
    let (result, again) = (result.to_str().expect("text"), html.to_str().expect("text"));
    let ran = run(&["report", result, "--format", "html", "--output", again]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let bytes = |path: &Path| std::fs::read(path).expect("a file");
    assert_eq!(bytes(&html), bytes(&out.join("brief.html")));
}

#[test]
fn the_formats_for_pipelines_come_from_the_demo_and_from_its_result_alike() {
    let folder = folder();
    let out = folder.path().join("brief");
    let result = out.join("result.json");
    let (out, result) = (out.to_str().expect("text"), result.to_str().expect("text"));
    for format in ["sarif", "junit", "ocsf", "github"] {
        let demo = run(&["demo", "--out", out, "--format", format]);
        assert_eq!(demo.code, 0, "{}", demo.err);
        let again = run(&["report", result, "--format", format]);
        assert_eq!(again.code, 0, "{}", again.err);
        assert!(demo.out == again.out && demo.out.contains("module.web_usw2"), "{format}");
    }
    let recover = run(&["recover", "--snapshot", DEMO, "--format", "junit", "--fail-on", "never"]);
    assert_eq!(recover.code, 0, "{}", recover.err);
    assert!(recover.out.contains("<testcase classname=\"recovery\" name=\"answer\">"), "{}", recover.out);
    let drift = run(&["drift", "--snapshot", DEMO, "--format", "junit"]);
    assert_eq!(drift.code, 2, "{}", drift.err);
    assert!(drift.out.contains("<testsuite name=\"drift\""), "{}", drift.out);
}

fn audit_of_the_demo(options: &[&str]) -> serde_json::Value {
    let ran = run(&[&["audit", "--snapshot", DEMO, "--format", "json"], options].concat());
    assert_eq!(ran.code, 2, "{}", ran.err);
    serde_json::from_str(&ran.out).expect("JSON")
}

#[test]
fn the_same_recording_gives_the_same_bytes_apart_from_the_run() {
    let without_run = || {
        let mut document = audit_of_the_demo(&[]);
        document.as_object_mut().expect("an object").remove("run");
        document.to_string()
    };
    assert_eq!(without_run(), without_run());
}

#[test]
fn results_follow_the_published_schema() {
    let schema: serde_json::Value = serde_json::from_str(
        &std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/result.schema.json"))
            .expect("the schema"),
    )
    .expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut document = audit_of_the_demo(&[]);
    let faults: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    document["findings"][0]["status"] = "splendid".into();
    assert!(!validator.is_valid(&document), "a schema that admits anything proves nothing");
    let ran = run(&["drift", "--snapshot", DEMO, "--unmanaged", "--format", "json"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert!(validator.is_valid(&document));
}

/// The fixture's passwords are in its state, on purpose.
const SECRETS: [&str; 3] = ["correct-horse-battery", "s3cr3t-in-state", "passw0rd!"];

#[test]
fn no_secret_is_in_any_output_log_or_snapshot() {
    let state = std::fs::read_to_string(STATE).expect("the fixture");
    assert!(state.contains(SECRETS[0]) && state.contains(SECRETS[1]), "the fixture has lost its secrets");
    let formats = ["table", "json", "jsonl", "csv", "markdown", "html"];
    for format in formats {
        // The fixture's own state beside the recording, so that what is secret in it passes through everything.
        let ran = run(&["audit", "--snapshot", DEMO, "--state", STATE, "--format", format]);
        assert_eq!(ran.code, 2, "{}", ran.err);
        for secret in SECRETS {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{secret} in {format}");
        }
    }
    let packed = std::fs::File::open(DEMO).expect("the recording");
    let recording = zstd::decode_all(packed).expect("zstd");
    let recording = String::from_utf8_lossy(&recording);
    for secret in SECRETS {
        assert!(!recording.contains(secret), "{secret} in the recording");
    }
}

#[test]
fn the_brief_loads_nothing_from_elsewhere() {
    let folder = folder();
    let (_, out) = demo(&folder);
    let html = std::fs::read_to_string(out.join("brief.html")).expect("the brief");
    for mark in [" src=", "<script", "<link", "@import", "url(http", "<iframe", "<img"] {
        assert!(!html.contains(mark), "{mark}");
    }
}

#[test]
fn an_effective_profile_can_be_printed_and_used_again() {
    let ran = run(&["audit", "--profile", "strict", "--print-profile"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let folder = folder();
    let again = file(&folder, "again.toml", &ran.out);
    let twice = run(&["audit", "--profile", &again, "--print-profile"]);
    assert_eq!(twice.code, 0, "{}", twice.err);
}

#[test]
fn the_catalogue_is_listed_and_explained() {
    let ran = run(&["checks", "--format", "json"]);
    let list: Vec<serde_json::Value> = serde_json::from_str(&ran.out).expect("a list");
    assert!(list.len() >= 60, "{} checks", list.len());
    let ran = run(&["checks", "s3-bucket-versioning"]);
    assert!(ran.out.contains("GetBucketVersioning") && ran.out.contains("## Fix"), "{}", ran.out);
}

#[test]
fn completions_hold_every_command_and_every_check() {
    let list = run(&["checks", "--format", "json"]);
    let checks: Vec<serde_json::Value> = serde_json::from_str(&list.out).expect("a list");
    let ids: Vec<&str> = checks.iter().filter_map(|check| check["id"].as_str()).collect();
    assert!(ids.len() > 100);
    for shell in ["bash", "fish", "zsh"] {
        let script = run(&["completions", shell]);
        assert_eq!((script.code, script.err.as_str()), (0, ""));
        for word in ["audit", "drift", "completions", "fail-on"].iter().chain(&ids) {
            assert!(script.out.contains(word), "{word} is not completed in {shell}");
        }
    }
    fails(&run(&["completions", "dos"]), 64, &["dos", "bash"]);
}

#[test]
fn the_generated_reference_is_in_step() {
    let ran = run_in(Path::new(env!("CARGO_MANIFEST_DIR")), &["generate", "--check"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

/// A region of the profile that the recording lacks does not drop out: its checks are unknown, and the score falls.
#[test]
fn a_region_that_nobody_read_is_unknown() {
    let whole = audit_of_the_demo(&[]);
    let more = audit_of_the_demo(&["--region", "us-west-2,us-east-1,eu-west-1,ap-south-1"]);
    let there = |finding: &&serde_json::Value| finding["resource"]["region"] == "ap-south-1";
    let findings = more["findings"].as_array().expect("findings");
    assert!(findings.iter().any(|finding| there(&finding) && finding["check"] == "STO-07"));
    // That it plays no part in recovery, the profile says; everything else would have to be read.
    let open = |finding: &serde_json::Value| {
        ["unknown", "not_applicable"].map(Into::into).contains(&finding["status"])
    };
    assert!(findings.iter().filter(there).all(open));
    let evidenced = |document: &serde_json::Value| document["score"]["evidenced"].as_f64().expect("a score");
    assert!(evidenced(&more) < evidenced(&whole));
    let region =
        more["scope"]["regions"].as_array().expect("regions").iter().find(|one| one["name"] == "ap-south-1");
    assert_eq!(region.expect("the region")["outcome"], "unreadable");
}

#[test]
fn recovery_of_a_recording_is_the_same_each_time_and_unfolds() {
    let once = run(&["recover", "--snapshot", DEMO, "--format", "json"]);
    assert_eq!(once.code, 2, "{}", once.err);
    let read = |ran: &Ran| -> serde_json::Value {
        let mut value: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        value.as_object_mut().expect("an object").remove("run");
        value
    };
    let first = read(&once);
    assert_eq!(first, read(&run(&["recover", "--snapshot", DEMO, "--format", "json"])));
    assert_eq!(first["recovery"]["home"], "us-west-2");
    let notes = first["recovery"]["notes"].as_array().expect("notes");
    assert!(
        notes.iter().any(|note| note.as_str().is_some_and(|note| note.contains("no workload is declared")))
    );

    let never = run(&["recover", "--snapshot", DEMO, "--fail-on", "never"]);
    assert_eq!(never.code, 0, "{}", never.err);
    let unfolded = run(&["recover", "--snapshot", DEMO, "--explain", "aws_db_instance.orders"]);
    assert_eq!(unfolded.code, 0, "{}", unfolded.err);
    for word in [
        "point-in-time restore",
        "grade",
        "rds:DescribeDBInstances",
        "recovery.times.rds-restore",
        "gate key",
    ] {
        assert!(unfolded.out.contains(word), "'{word}' is not in: {}", unfolded.out);
    }
    fails(
        &run(&["recover", "--snapshot", DEMO, "--explain", "aws_db_instance.order"]),
        1,
        &["aws_db_instance.orders"],
    );
    fails(&run(&["recover", "--snapshot", DEMO, "--format", "csv"]), 64, &["table, json, markdown"]);
}

#[test]
fn a_stored_verification_is_shown_again_only_in_formats_that_show_it() {
    let folder = folder();
    let path = folder.path().join("recovery.json");
    let path = path.to_str().expect("a path of text");
    let ran = run(&["recover", "--snapshot", DEMO, "--format", "json", "--output", path]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    let again = run(&["report", path]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.out.contains("Critical path"), "{}", again.out);
    let page = run(&["report", path, "--format", "html"]);
    assert!(page.out.contains("Verification of recovery"), "{}", page.err);
    fails(&run(&["report", path, "--format", "csv"]), 1, &["stateward recover", "remedy"]);
}

#[test]
fn a_verification_is_held_against_an_earlier_one() {
    let folder = folder();
    let path = folder.path().join("earlier.json");
    let path = path.to_str().expect("a path of text");
    run(&["recover", "--snapshot", DEMO, "--format", "json", "--output", path]);
    let now = run(&["recover", "--snapshot", DEMO, "--previous", path]);
    assert_eq!(now.code, 2, "{}", now.err);
    let words = now.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("which came to NO-GO: it did not pass itself."), "{}", now.out);
    let (_, out) = demo(&folder);
    let audit = out.join("result.json");
    let now = run(&["recover", "--snapshot", DEMO, "--previous", audit.to_str().expect("text")]);
    assert!(now.err.contains("--previous: it is no verification of recovery"), "{}", now.err);
    fails(&run(&["recover", "--snapshot", DEMO, "--previous", "nowhere.json"]), 1, &["nowhere.json"]);
}

/// A file in its place would take `/dev/null` from the whole machine.
#[cfg(unix)]
#[test]
fn a_device_or_a_pipe_is_written_into_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;

    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe)
    });
    let ran = run_in(
        folder.path(),
        &["drift", "--snapshot", DEMO, "--quiet", "--format", "json", "--output", "pipe"],
    );
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(pipe.symlink_metadata().expect("the pipe").file_type().is_fifo());
    let text = reader.join().expect("a reader").expect("a text");
    let result: serde_json::Value = serde_json::from_str(&text).expect("a result");
    assert_eq!(result["run"]["command"], "drift");
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder").collect();
    assert_eq!(left.len(), 1, "nothing lies beside it");
}
