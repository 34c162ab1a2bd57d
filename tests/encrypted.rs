//! States that OpenTofu encrypted: without a key the run goes on and says what it could not see, with one it sees.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::process::Command;

use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");
const STATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/states/hand-made-opentofu");
const PASSPHRASE: &str = "correct-horse-battery-staple";

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no result: {}", self.err))
    }
}

fn drift(state: &str, arguments: &[&str], passphrase: Option<&str>) -> Ran {
    let state = format!("{STATES}-{state}.tfstate");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stateward"));
    command.args(["drift", "--snapshot", DEMO, "--unmanaged", "--format", "json", "--state", &state]);
    command.args(arguments).env_remove("STATE_KEY").env_remove("STATE_PASSPHRASE");
    if let Some(passphrase) = passphrase {
        command.env("STATE_PASSPHRASE", passphrase);
    }
    let output = command.output().expect("the binary runs");
    let ran = Ran {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    for secret in ["hush-hush-hush", PASSPHRASE, "000102030405060708"] {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "a key must never be shown");
    }
    ran
}

const WITH_PASSPHRASE: &[&str] = &["--state-passphrase-env", "STATE_PASSPHRASE"];

#[test]
fn without_a_key_the_run_goes_on_and_names_what_it_could_not_see() {
    let ran = drift("pbkdf2", &[], None);
    let document = ran.document();
    assert_ne!(ran.code, 1, "{}", ran.err);
    assert_ne!(ran.code, 0, "what was not read is not fine: {}", ran.err);
    let unread = &document["drift"]["unread_states"];
    assert_eq!(unread.as_array().map(Vec::len), Some(1));
    assert!(unread[0].as_str().unwrap().ends_with("pbkdf2.tfstate"));
    let state = &document["scope"]["states"][0];
    let reason = state["reason"].as_str().unwrap();
    assert_eq!(state["outcome"], "unreadable");
    assert!(reason.contains("encrypted by OpenTofu with the key provider pbkdf2.main"), "{reason}");
    assert!(reason.contains("--state-passphrase-env"), "{reason}");
    assert!(document["drift"]["summary"]["unmanaged"].as_u64().unwrap() > 0);
    assert_eq!(document["drift"]["summary"]["coverage"]["high"], 100.0, "all of it may be managed");
}

#[test]
fn with_the_passphrase_it_is_read_like_any_other() {
    let ran = drift("pbkdf2", WITH_PASSPHRASE, Some(PASSPHRASE));
    let document = ran.document();
    let state = &document["scope"]["states"][0];
    assert_eq!(
        (&state["outcome"], &state["instances"], &state["serial"]),
        (&"read".into(), &7.into(), &7.into())
    );
    assert_eq!(document["drift"]["unread_states"], Value::Array(Vec::new()));
}

#[test]
fn a_key_in_a_file_does_too() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("state.key");
    std::fs::write(&key, "000102030405060708090a0b0c0d0e0f\n").unwrap();
    let ran = drift("static", &["--state-key-file", key.to_str().unwrap()], None);
    assert_eq!(ran.document()["scope"]["states"][0]["instances"], 7);

    std::fs::write(&key, "hush-hush-hush").unwrap();
    let ran = drift("static", &["--state-key-file", key.to_str().unwrap()], None);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("state.key") && ran.err.contains("hexadecimal") && ran.err.contains("remedy"));
    let ran = drift("static", &["--state-key-file", "/nowhere/at/all"], None);
    assert!(
        ran.code == 1 && ran.err.contains("/nowhere/at/all") && ran.err.contains("remedy"),
        "{}",
        ran.err
    );
}

#[test]
fn a_wrong_passphrase_is_said_with_state_and_remedy() {
    let document = drift("pbkdf2", WITH_PASSPHRASE, Some("hush-hush-hush-hush")).document();
    let state = &document["scope"]["states"][0];
    assert!(state["uri"].as_str().unwrap().ends_with("pbkdf2.tfstate"));
    let reason = state["reason"].as_str().unwrap();
    assert!(
        reason.contains("none of the given keys opens this state") && reason.contains("remedy"),
        "{reason}"
    );
}

#[test]
fn a_variable_that_is_not_set_is_named() {
    for option in ["--state-passphrase-env", "--state-key-env"] {
        let ran = drift("pbkdf2", &[option, "STATE_KEY"], None);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains(option) && ran.err.contains("STATE_KEY, which is not set"), "{}", ran.err);
    }
}
