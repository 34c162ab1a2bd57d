//! `stateward mail`: letters as files, the spool, and an SMTP relay that is down for a while.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");
/// What no output may repeat.
const PASSWORD: &str = "correct-horse-battery";

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    run_with(folder, &[], arguments)
}

fn run_with(folder: &Path, environment: &[(&'static str, String)], arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_stateward"))
        .current_dir(folder)
        .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
        .env("SMTP_USER", "stateward")
        .env("SMTP_PASSWORD", PASSWORD)
        .args(arguments)
        .output()
        .expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ran = Ran {
        code: output.status.code().expect("an exit code"),
        out: text(&output.stdout),
        err: text(&output.stderr),
    };
    assert!(!ran.err.contains(PASSWORD) && !ran.out.contains(PASSWORD), "{}", ran.err);
    ran
}

/// The result of `stateward drift` over the recorded estate, as the run `id`, without the first `less` items.
fn result(folder: &Path, id: &str, less: usize) -> String {
    let whole = folder.join("whole.json");
    if !whole.exists() {
        let arguments =
            ["drift", "--snapshot", DEMO, "--quiet", "--format", "json", "--output", "whole.json"];
        let ran = run(folder, &arguments);
        assert_eq!(ran.code, 2, "{}", ran.err);
    }
    let mut result: Value = serde_json::from_str(&std::fs::read_to_string(whole).unwrap()).unwrap();
    result["run"]["id"] = id.into();
    let items = result["drift"]["items"].as_array_mut().unwrap();
    items.sort_by_key(|item| item["class"] != "changed");
    items.drain(..less);
    let name = format!("{id}.json");
    std::fs::write(folder.join(&name), result.to_string()).unwrap();
    name
}

fn profile(folder: &Path, more: &str) {
    let recipients = "[[mail.recipients]]\nto = [\"ops@acme.example\", \"dba@acme.example\"]\n";
    let text = format!(
        "[mail]\nname = \"prod\"\nfrom = \"Stateward <stateward@acme.example>\"\n{more}\n{recipients}"
    );
    std::fs::write(folder.join("team.toml"), text).unwrap();
}

fn mail(folder: &Path, options: &[&str]) -> Ran {
    run(folder, &[&["mail", "--profile", "team.toml"], options].concat())
}

fn letters(folder: &Path) -> Vec<String> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

fn headers(letter: &str) -> Vec<(String, String)> {
    let head = letter.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    let split = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    head.split("\r\n").map(|line| split(line).unwrap_or_else(|| panic!("no header: {line}"))).collect()
}

fn header(letter: &str, name: &str) -> String {
    let found: Vec<String> =
        headers(letter).into_iter().filter(|(one, _)| one == name).map(|(_, value)| value).collect();
    assert_eq!(found.len(), 1, "{name} in {letter}");
    found[0].clone()
}

/// The files of a spool, by what became of them.
fn spooled(folder: &Path, state: &str) -> usize {
    std::fs::read_dir(folder.join("spool").join(state)).map_or(0, |entries| {
        entries
            .filter(|entry| !entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'))
            .count()
    })
}

#[test]
fn a_dry_run_writes_letters_that_clients_can_read_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    profile(at, "");
    let result = result(at, "one", 0);
    let ran = mail(at, &[&result, "--dry-run", "letters", "--spool", "spool"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(!at.join("spool").exists());
    let letters = letters(&at.join("letters"));
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert!(
        header(letter, "Subject").starts_with("stateward prod: first report, "),
        "{}",
        header(letter, "Subject")
    );
    assert_eq!(header(letter, "From"), "Stateward <stateward@acme.example>");
    assert_eq!(header(letter, "To"), "ops@acme.example, dba@acme.example");
    assert_eq!(header(letter, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(letter, "References"), header(letter, "In-Reply-To"));
    assert!(header(letter, "Content-Type").starts_with("multipart/alternative; boundary="));
    assert!(header(letter, "Message-ID").ends_with("@acme.example>"));
    let read = mail_parser::MessageParser::default().parse(letter.as_bytes()).expect("a message");
    assert_eq!(read.subject(), Some(header(letter, "Subject").as_str()));
    assert_eq!(
        read.from().and_then(|from| from.first()).and_then(|one| one.address()),
        Some("stateward@acme.example")
    );
    let (text, html) = (read.body_text(0).expect("a text"), read.body_html(0).expect("a page"));
    assert!(html.starts_with("<!DOCTYPE html>") && !text.contains("<td"), "{text}");
    let whole: Value = serde_json::from_str(&std::fs::read_to_string(at.join(&result)).unwrap()).unwrap();
    let items = whole["drift"]["items"].as_array().unwrap();
    let addresses: Vec<&str> = items
        .iter()
        .filter(|item| item["class"] == "changed")
        .map(|item| item["address"].as_str().unwrap())
        .collect();
    assert!(!addresses.is_empty());
    for address in addresses {
        assert!(text.contains(address), "{address} in {text}");
    }
    let again = mail(at, &[&result, "--dry-run", "again"]);
    assert_eq!(again.code, 0, "{}", again.err);
    let id = |folder: &str| header(&self::letters(&at.join(folder))[0], "Message-ID");
    assert_eq!(id("letters"), id("again"), "the same run and recipients");
}

#[test]
fn what_cannot_be_mailed_is_said_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    profile(at, "");
    let result = result(at, "one", 0);
    std::fs::write(at.join("nobody.toml"), "[mail]\nfrom = \"a@b.example\"\n").unwrap();
    std::fs::write(at.join("broken.json"), "{\"schema\":\"stateward.result/1\"}").unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["mail", &result, "--profile", "team.toml"], "no place for messages to wait"),
        (&["mail", &result, "--profile", "nobody.toml", "--dry-run", "x"], "nobody is to get mail"),
        (&["mail", &result, "--to", "a@b.example", "--dry-run", "x"], "nobody sends"),
        (&["mail", "broken.json", "--profile", "team.toml", "--dry-run", "x"], "not a result"),
        (&["mail", "none.json", "--profile", "team.toml", "--dry-run", "x"], "none.json"),
    ];
    for (arguments, expected) in cases {
        let ran = run(at, arguments);
        assert_eq!(ran.code, 1, "{arguments:?}");
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn without_a_relay_the_message_waits_and_a_broken_spool_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    profile(at, "");
    let result = result(at, "one", 0);
    let ran = mail(at, &[&result, "--spool", "spool"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("what waits there was not sent"), "{}", ran.err);
    assert_eq!((spooled(at, "waiting"), spooled(at, "sent")), (1, 0));
    let again = mail(at, &[&result, "--spool", "spool"]);
    assert_eq!((again.code, spooled(at, "waiting")), (1, 1), "{}", again.err);
    std::fs::write(at.join("spool/waiting/zz.json"), "{\"schema\": \"stateward.parcel/1\", ").unwrap();
    let broken = mail(at, &["--flush", "--spool", "spool"]);
    assert_eq!(broken.code, 1);
    assert!(broken.err.contains("zz.json") && broken.err.contains("remedy"), "{}", broken.err);
    assert_eq!(spooled(at, "waiting"), 2);
}

#[cfg(feature = "smtp")]
mod relay {
    use stateward_testbed::{Kept, Relay, kept};

    use super::*;

    fn to_relay(port: u16, more: &str) -> String {
        format!(
            "relay = \"127.0.0.1\"\nport = {port}\nca_file = \"relay/authority.pem\"\nuser_variable = \"SMTP_USER\"\n\
             password_variable = \"SMTP_PASSWORD\"\ntimeout = \"5s\"\n{more}"
        )
    }

    fn subjects(kept: &[Kept], to: &str) -> Vec<String> {
        let of = kept.iter().filter(|one| one.to == [to]);
        of.map(|one| header(&one.text, "Subject")).collect()
    }

    #[test]
    fn while_the_relay_is_down_for_three_runs_everything_waits_and_then_arrives_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let port = Relay::start(&at.join("relay"), 0, &[]).port();
        profile(at, &to_relay(port, ""));
        for (id, less) in [("one", 3), ("two", 1), ("three", 2)] {
            let ran = mail(at, &[&result(at, id, less), "--spool", "spool"]);
            assert_eq!(ran.code, 1, "{}", ran.err);
            assert!(ran.err.contains("waits until"), "{}", ran.err);
        }
        assert_eq!(spooled(at, "waiting"), 3);
        assert!(kept(&at.join("relay")).is_empty());

        let relay = Relay::start(&at.join("relay"), port, &[]);
        let ran = mail(at, &["--flush", "--spool", "spool"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!((spooled(at, "waiting"), spooled(at, "sent")), (0, 3));
        let got = kept(&at.join("relay"));
        assert!(got.iter().all(|one| one.tls && one.from == "stateward@acme.example"));
        for to in ["ops@acme.example", "dba@acme.example"] {
            let subjects = subjects(&got, to);
            assert_eq!(subjects.len(), 3, "{subjects:?}");
            assert!(subjects[0].contains("first report"), "{subjects:?}");
            assert!(subjects[1].contains("new drift"), "{subjects:?}");
            assert!(
                subjects[2].contains("resolved") || subjects[2].contains("no longer seen"),
                "{subjects:?}"
            );
        }
        let threads: std::collections::BTreeSet<String> =
            got.iter().map(|one| header(&one.text, "References")).collect();
        assert_eq!(threads.len(), 1, "one thread");

        // The same runs, and one that found the same: nothing more.
        for (id, less) in [("three", 2), ("four", 2)] {
            let ran = mail(at, &[&result(at, id, less), "--spool", "spool"]);
            assert_eq!(ran.code, 0, "{}", ran.err);
            assert!(ran.err.contains("nothing to send"), "{}", ran.err);
        }
        assert_eq!(kept(&at.join("relay")).len(), got.len());
        drop(relay);
    }

    #[test]
    fn a_refused_address_and_a_wrong_password_lose_nothing_and_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let relay = Relay::start(&at.join("relay"), 0, &["--refuse", "dba@acme.example"]);
        profile(at, &to_relay(relay.port(), ""));
        let ran = mail(at, &[&result(at, "one", 0), "--spool", "spool"]);
        assert_eq!(ran.code, 1);
        assert!(
            ran.err.contains("no such user") && ran.err.contains("ops@acme.example: sent"),
            "{}",
            ran.err
        );
        assert_eq!(kept(&at.join("relay")).len(), 1);

        let wrong = to_relay(relay.port(), "").replace("\"SMTP_PASSWORD\"", "\"SMTP_USER\"");
        profile(at, &wrong);
        let ran = mail(at, &["--flush", "--spool", "spool"]);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains("535"), "{}", ran.err);

        let unset = to_relay(relay.port(), "").replace("\"SMTP_PASSWORD\"", "\"SMTP_NOT_SET\"");
        profile(at, &unset);
        let ran = mail(at, &["--flush", "--spool", "spool"]);
        assert_eq!(ran.code, 1);
        assert!(
            ran.err.contains("mail.password_variable") && !ran.err.contains("SMTP_NOT_SET"),
            "{}",
            ran.err
        );
        assert_eq!(spooled(at, "waiting"), 1);
    }

    #[test]
    fn a_relay_whose_certificate_nobody_vouches_for_gets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let relay = Relay::start(&at.join("relay"), 0, &[]);
        profile(at, &to_relay(relay.port(), "").replace("ca_file = \"relay/authority.pem\"\n", ""));
        let ran = mail(at, &[&result(at, "one", 0), "--spool", "spool"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.err.contains("certificate"), "{}", ran.err);
        assert!(kept(&at.join("relay")).is_empty());
        profile(at, &to_relay(relay.port(), ""));
        assert_eq!(mail(at, &["--flush", "--spool", "spool"]).code, 0);
    }

    #[test]
    fn implicit_tls_and_the_receipts_of_a_history() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let relay = Relay::start(&at.join("relay"), 0, &["--implicit-tls"]);
        profile(at, &to_relay(relay.port(), "tls = \"implicit\""));
        let stored =
            run(at, &["drift", "--snapshot", DEMO, "--history", "runs.db", "--quiet", "--format", "json"]);
        assert_eq!(stored.code, 2, "{}", stored.err);
        let ran = mail(at, &["latest", "--history", "runs.db"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(at.join("runs.db-mail/sent").is_dir());
        let got = kept(&at.join("relay"));
        assert_eq!(got.len(), 2);
        let run: Value = serde_json::from_str(&stored.out).unwrap();
        let store = stateward_store::Store::open_existing(&at.join("runs.db")).unwrap();
        let receipts = store.receipts(run["run"]["id"].as_str().unwrap()).unwrap();
        let to: Vec<&str> = receipts.iter().map(|one| one.recipient.as_str()).collect();
        assert_eq!(to, ["ops@acme.example", "dba@acme.example"]);
        assert!(receipts.iter().all(|one| one.delivered));
        assert_eq!(receipts[0].message_id.as_deref(), Some(header(&got[0].text, "Message-ID").as_str()));
    }

    #[test]
    fn a_process_that_is_killed_at_any_moment_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let relay = Relay::start(&at.join("relay"), 0, &[]);
        profile(at, &to_relay(relay.port(), ""));
        for number in 0..16 {
            let result = result(at, &format!("run-{number}"), number % 3);
            let mut child = Command::new(env!("CARGO_BIN_EXE_stateward"))
                .current_dir(at)
                .env("SMTP_USER", "stateward")
                .env("SMTP_PASSWORD", PASSWORD)
                .args(["mail", &result, "--profile", "team.toml", "--spool", "spool", "--quiet"])
                .spawn()
                .expect("the binary runs");
            std::thread::sleep(std::time::Duration::from_millis(12 * number as u64));
            child.kill().expect("it may have ended, too");
            child.wait().expect("an end");
        }
        let last = mail(at, &[&result(at, "last", 1), "--spool", "spool", "--flush"]);
        assert_eq!(last.code, 0, "{}", last.err);
        assert_eq!(spooled(at, "waiting"), 0);
        let got = kept(&at.join("relay"));
        assert!(!got.is_empty());
        // What was sent again, because nobody wrote down that it had left, is the same to the letter.
        let mut texts = std::collections::BTreeMap::new();
        for one in &got {
            let text = texts.entry(header(&one.text, "Message-ID")).or_insert_with(|| one.text.clone());
            assert_eq!(*text, one.text);
        }
        let after = mail(at, &[&result(at, "after", 1), "--spool", "spool"]);
        assert!(after.code == 0 && after.err.contains("nothing to send"), "{}", after.err);
    }

    /// Through the changes of the recording, as a scheduled job would see them.
    #[cfg(feature = "aws")]
    #[test]
    fn the_mail_names_exactly_what_was_changed_and_then_that_it_is_resolved() {
        use stateward_testbed::Emulator;

        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let relay = Relay::start(&at.join("relay"), 0, &[]);
        profile(at, &to_relay(relay.port(), ""));
        let round = |emulator: &Emulator, code: i32| {
            let state = emulator.state();
            let drift = [
                "drift",
                "--unmanaged",
                "--quiet",
                "--history",
                "runs.db",
                "--profile",
                "team.toml",
                "--state",
            ];
            let ran = run_with(at, &emulator.env(), &[&drift[..], &[state.to_str().unwrap()]].concat());
            assert_eq!(ran.code, code, "{}", ran.err);
            let before = kept(&at.join("relay")).len();
            let ran = mail(at, &["latest", "--history", "runs.db"]);
            assert_eq!(ran.code, 0, "{}", ran.err);
            kept(&at.join("relay")).split_off(before)
        };
        let (calm, drifted) = (Emulator::shared_estate(), Emulator::shared_drifted());
        let subject = |got: &[Kept]| header(&got[0].text, "Subject");
        let first = round(calm, 0);
        assert_eq!(subject(&first), "stateward prod: first report, NO DRIFT");

        let changed = round(drifted, 2);
        assert_eq!(changed.len(), 2);
        let said = subject(&changed);
        // Twelve changed, three missing, five unmanaged: tests/estate.rs lists them.
        assert!(
            said.starts_with("stateward prod: 20 new drifts, ")
                && said.ends_with(", DRIFT FOUND (was NO DRIFT)"),
            "{said}"
        );
        let letter =
            mail_parser::MessageParser::default().parse(changed[0].text.as_bytes()).expect("a message");
        let text = letter.body_text(0).expect("a text").into_owned();
        let recorded: Value =
            serde_json::from_str(include_str!("fixtures/estate/drift-applied.json")).unwrap();
        for change in recorded.as_array().unwrap() {
            let name = change["address"].as_str().or(change["detail"].as_str()).unwrap();
            assert!(text.contains(name), "{change} in {text}");
        }
        assert_eq!(text.lines().filter(|line| line.starts_with("* ")).count(), 20, "{text}");

        assert!(round(drifted, 2).is_empty(), "the same again is no news");
        let resolved = round(calm, 0);
        assert_eq!(subject(&resolved), "stateward prod: 20 resolved, NO DRIFT (was DRIFT FOUND)");
    }
}
