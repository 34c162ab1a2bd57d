//! The script that shows the scheduled path, as a new user would run it.
#![cfg(all(feature = "aws", feature = "smtp", feature = "service", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::net::TcpListener;
use std::process::Command;

use stateward_testbed::build_folder;

#[test]
fn the_demonstration_goes_from_the_timer_to_the_mail() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/localstack/scheduled"))
        .env("STATEWARD", env!("CARGO_BIN_EXE_stateward"))
        .env("CARGO_TARGET_DIR", build_folder())
        .env("PORT", port.to_string())
        .output()
        .expect("bash runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let subjects: Vec<&str> =
        out.lines().filter_map(|line| line.trim().strip_prefix("Subject:")).map(str::trim).collect();
    assert_eq!(subjects.len(), 3, "{out}");
    assert!(subjects[1].starts_with("stateward prod: 20 new drifts"), "{out}");
    assert!(out.trim_end().ends_with("Every message arrived once."), "{out}");
}
