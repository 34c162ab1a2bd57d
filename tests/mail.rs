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
fn a_template_that_cannot_be_used_is_named_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    profile(at, "templates = \"team\"");
    let result = result(at, "one", 0);
    let none = mail(at, &[&result, "--spool", "spool"]);
    assert!(none.code == 1 && none.err.contains("mail.templates"), "{}", none.err);
    std::fs::create_dir(at.join("team")).unwrap();
    std::fs::write(at.join("team/letter.txt"), "{{ answer }}\n{{ nothing.at.all }}\n").unwrap();
    let bad = mail(at, &[&result, "--spool", "spool"]);
    assert!(
        bad.code == 1 && bad.err.contains("team/letter.txt:2: ") && bad.err.contains("remedy"),
        "{}",
        bad.err
    );
    assert_eq!(spooled(at, "waiting"), 0);
    std::fs::write(at.join("team/letter.txt"), "Our own: {{ answer }}\n").unwrap();
    let good = mail(at, &[&result, "--dry-run", "out"]);
    assert_eq!(good.code, 0, "{}", good.err);
    assert!(letters(&at.join("out"))[0].contains("Our own: DRIFT FOUND"));
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
        // One of its own, since one of its changes is taken back.
        let (calm, drifted) = (Emulator::shared_estate(), Emulator::drifted());
        let subject = |got: &[Kept]| header(&got[0].text, "Subject");
        let body = |one: &Kept| {
            let letter = mail_parser::MessageParser::default().parse(one.text.as_bytes()).expect("a message");
            letter.body_text(0).expect("a text").into_owned()
        };
        // What no state has is asked for with more calls than the emulator knows, and every message says so.
        const CALM: &str = "NO DRIFT FOUND, NOT ALL READ";
        let first = round(calm, 3);
        assert_eq!(subject(&first), format!("stateward prod: first report, {CALM}"));
        assert!(body(&first[0]).contains("\nNot read ("));

        let changed = round(&drifted, 2);
        assert_eq!(changed.len(), 2);
        let said = subject(&changed);
        // Twelve changed, three missing, five unmanaged: tests/estate.rs lists them.
        assert!(
            said.starts_with("stateward prod: 20 new drifts, ")
                && said.ends_with(&format!(", DRIFT FOUND (was {CALM})")),
            "{said}"
        );
        let text = body(&changed[0]);
        let recorded: Value =
            serde_json::from_str(include_str!("fixtures/estate/drift-applied.json")).unwrap();
        for change in recorded.as_array().unwrap() {
            let name = change["address"].as_str().or(change["detail"].as_str()).unwrap();
            assert!(text.contains(name), "{change} in {text}");
        }
        let named = text.split("\nNot read (").next().expect("what changed");
        assert_eq!(named.lines().filter(|line| line.starts_with("* ")).count(), 20, "{text}");

        assert!(round(&drifted, 2).is_empty(), "the same again is no news");
        profile(at, &to_relay(relay.port(), "digest = \"0s\"\nheartbeat = \"1s\""));
        std::thread::sleep(std::time::Duration::from_secs(1));
        let alive = round(&drifted, 2);
        assert!(
            subject(&alive).starts_with("stateward prod: nothing changed, 20 drifts, "),
            "{}",
            subject(&alive)
        );
        profile(at, &to_relay(relay.port(), ""));
        let fix = "Action=ModifyDBInstance&Version=2014-10-31&DBInstanceIdentifier=acme-orders&MultiAZ=true&BackupRetentionPeriod=14&ApplyImmediately=true";
        let fix = stateward_testbed::Request::query_form("rds", "us-west-2", fix);
        let fixed = fix.send(drifted.endpoint(), std::time::Duration::from_secs(30)).unwrap();
        assert_eq!(fixed.status, 200, "{}", fixed.text());
        let one = round(&drifted, 2);
        assert_eq!(subject(&one), "stateward prod: 1 resolved, DRIFT FOUND");
        assert!(body(&one[0]).contains("aws_db_instance.orders"), "{}", body(&one[0]));
        let resolved = round(calm, 3);
        assert_eq!(subject(&resolved), format!("stateward prod: 19 resolved, {CALM} (was DRIFT FOUND)"));
    }
}

#[cfg(feature = "webhooks")]
mod webhooks {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use hmac::{Hmac, Mac};
    use sha2::Sha256;

    use super::*;

    /// The key of the signature.
    const KEY: &str = "swordfish-and-anchovy";

    /// A receiver on loopback that gives these answers in turn, and then `200`; what it got.
    fn receiver(answers: &[&str]) -> (u16, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, told) = channel();
        let mut answers: Vec<String> = answers.iter().rev().map(|answer| (*answer).to_owned()).collect();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                let mut text = String::new();
                let mut bytes = [0; 65_536];
                loop {
                    let read = stream.read(&mut bytes).unwrap_or(0);
                    text.push_str(&String::from_utf8_lossy(&bytes[..read]));
                    let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                        let length = head.lines().find_map(|line| {
                            line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned)
                        });
                        length
                            .and_then(|length| length.parse().ok())
                            .is_none_or(|length: usize| body.len() >= length)
                    });
                    if whole || read == 0 {
                        break;
                    }
                }
                let status = answers.pop().unwrap_or_else(|| "200 OK".to_owned());
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
                let _ = stream.write_all(answer.as_bytes());
                let _ = tell.send(text);
            }
        });
        (port, told)
    }

    fn hooked(folder: &Path, hooks: &str) {
        std::fs::write(
            folder.join("team.toml"),
            format!("[mail]\nname = \"prod\"\ntimeout = \"5s\"\n{hooks}"),
        )
        .unwrap();
    }

    fn hook(name: &str, form: &str) -> String {
        let upper = name.to_uppercase();
        format!(
            "[[mail.recipients]]\nwebhook = {{ name = \"{name}\", form = \"{form}\", url_variable = \"{upper}_URL\", \
             secret_variable = \"HOOK_KEY\" }}\n"
        )
    }

    fn send(folder: &Path, urls: &[(&'static str, String)], result: &str) -> Ran {
        let mut environment = urls.to_vec();
        environment.push(("HOOK_KEY", KEY.to_owned()));
        let ran =
            run_with(folder, &environment, &["mail", result, "--profile", "team.toml", "--spool", "spool"]);
        assert!(!ran.err.contains(KEY) && !ran.err.contains("T0SECRET"), "{}", ran.err);
        ran
    }

    fn parts(request: &str) -> (String, Value) {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), serde_json::from_str(body).unwrap())
    }

    fn field<'a>(head: &'a str, name: &str) -> &'a str {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).unwrap()
    }

    #[test]
    fn programs_get_json_that_they_can_prove_and_slack_gets_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let (port, told) = receiver(&[]);
        hooked(at, &format!("{}{}", hook("bot", "json"), hook("ops", "slack")));
        let urls = [
            ("BOT_URL", format!("http://127.0.0.1:{port}/bot/T0SECRET")),
            ("OPS_URL", format!("http://127.0.0.1:{port}/ops/T0SECRET")),
        ];
        let result = result(at, "one", 0);
        let ran = send(at, &urls, &result);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.err.contains("bot: sent: ") && ran.err.contains("ops: sent: "), "{}", ran.err);
        let got: Vec<String> = (0..2).map(|_| told.recv_timeout(Duration::from_secs(5)).unwrap()).collect();
        let whole: Value = serde_json::from_str(&std::fs::read_to_string(at.join(&result)).unwrap()).unwrap();

        let (head, message) = parts(&got[0]);
        assert!(head.starts_with("POST /bot/T0SECRET HTTP/1.1"), "{head}");
        assert_eq!(field(&head, "content-type"), "application/json");
        assert_eq!(message["schema"], "stateward.message/1");
        assert_eq!(message["id"], field(&head, "stateward-message-id"));
        assert_eq!((&message["occasion"], &message["estate"]), (&"first".into(), &"prod".into()));
        let open = |item: &&Value| item["class"] != "unknown" && item["accepted"].is_null();
        let items = whole["drift"]["items"].as_array().unwrap().iter().filter(open).count();
        assert_eq!(message["standing"]["drift"]["count"], items);
        let signature = field(&head, "stateward-signature");
        let (time, hex) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
        let body = got[0].split_once("\r\n\r\n").unwrap().1;
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(KEY.as_bytes()).unwrap();
        mac.update(format!("{time}.{body}").as_bytes());
        let expected: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);

        let (head, message) = parts(&got[1]);
        assert!(head.starts_with("POST /ops/"), "{head}");
        assert!(message["text"].as_str().unwrap().starts_with("stateward prod: first report, "));
        assert_eq!(message["blocks"][0]["type"], "header");
        let again = send(at, &urls, &result);
        assert!(again.code == 0 && again.err.contains("nothing to send"), "{}", again.err);
    }

    #[test]
    fn a_webhook_that_is_down_or_refuses_holds_back_no_other_and_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let (port, told) = receiver(&["503 Busy", "302 Found\r\nlocation: http://127.0.0.1:1/"]);
        let (other, heard) = receiver(&[]);
        hooked(at, &format!("{}{}", hook("bot", "json"), hook("ops", "slack")));
        let urls = [
            ("BOT_URL", format!("http://127.0.0.1:{port}/T0SECRET")),
            ("OPS_URL", format!("http://localhost:{other}/T0SECRET")),
        ];
        let first = send(at, &urls, &result(at, "one", 0));
        assert_eq!(first.code, 1, "{}", first.err);
        assert!(first.err.contains("ops: sent") && first.err.contains("503"), "{}", first.err);
        assert_eq!((told.iter().take(1).count(), heard.iter().take(1).count()), (1, 1));
        assert_eq!((spooled(at, "waiting"), spooled(at, "sent")), (1, 1));
        let flush = |urls: &[(&'static str, String)]| {
            let mut environment = urls.to_vec();
            environment.push(("HOOK_KEY", KEY.to_owned()));
            run_with(at, &environment, &["mail", "--flush", "--profile", "team.toml", "--spool", "spool"])
        };
        let second = flush(&urls);
        assert!(second.code == 1 && second.err.contains("302"), "a redirect is not followed: {}", second.err);
        let third = flush(&urls);
        assert_eq!((third.code, spooled(at, "waiting")), (0, 0), "{}", third.err);

        hooked(at, &hook("bot", "json"));
        let third = result(at, "three", 2);
        let unset = send(at, &[], &third);
        assert!(unset.code == 1 && unset.err.contains("url_variable"), "{}", unset.err);
        let clear = flush(&[("BOT_URL", "http://example.com/T0SECRET".to_owned())]);
        assert!(clear.code == 1 && clear.err.contains("not https"), "{}", clear.err);
        let dead = flush(&[("BOT_URL", "http://127.0.0.1:9/T0SECRET".to_owned())]);
        assert!(dead.code == 1 && !dead.err.contains("T0SECRET"), "{}", dead.err);
        assert_eq!(spooled(at, "waiting"), 1);
    }

    #[test]
    fn a_dry_run_writes_what_the_webhook_would_get() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        hooked(at, &hook("ops", "slack"));
        let ran = mail(at, &[&result(at, "one", 0), "--dry-run", "out"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let files: Vec<PathBuf> =
            std::fs::read_dir(at.join("out")).unwrap().map(|one| one.unwrap().path()).collect();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].extension().unwrap(), "json");
        let body: Value = serde_json::from_str(&std::fs::read_to_string(&files[0]).unwrap()).unwrap();
        assert!(body["blocks"].is_array());
    }
}

#[cfg(feature = "aws")]
#[test]
fn ses_takes_what_it_is_allowed_to_send_and_what_it_refuses_waits() {
    use std::time::Duration;

    use stateward_testbed::{Emulator, Request};

    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let emulator = Emulator::empty();
    let patient = Duration::from_secs(30);
    profile(at, "transport = \"ses\"\nregion = \"us-west-2\"");
    let stored =
        run(at, &["drift", "--snapshot", DEMO, "--history", "runs.db", "--quiet", "--format", "json"]);
    assert_eq!(stored.code, 2, "{}", stored.err);
    let send = |what: &str| {
        run_with(at, &emulator.env(), &["mail", what, "--profile", "team.toml", "--history", "runs.db"])
    };
    let refused = send("latest");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("Did not have authority to send"), "{}", refused.err);

    let verify = Request::signed("ses", "us-west-2", "POST", "/v2/email/identities");
    let verify = verify.with("Content-Type", "application/json");
    let verified = verify
        .body("{\"EmailIdentity\": \"stateward@acme.example\"}")
        .send(emulator.endpoint(), patient)
        .unwrap();
    assert_eq!(verified.status, 200, "{}", verified.text());
    let taken = send("--flush");
    assert_eq!(taken.code, 0, "{}", taken.err);
    assert!(taken.err.contains("dba@acme.example: sent: stateward prod: first report"), "{}", taken.err);
    let quota = Request::query_form("ses", "us-west-2", "Action=GetSendQuota&Version=2010-12-01");
    let sent = quota.send(emulator.endpoint(), patient).unwrap().text();
    assert!(sent.contains("<SentLast24Hours>") && !sent.contains("<SentLast24Hours>0"), "{sent}");
    let run: Value = serde_json::from_str(&stored.out).unwrap();
    let store = stateward_store::Store::open_existing(&at.join("runs.db")).unwrap();
    let receipts = store.receipts(run["run"]["id"].as_str().unwrap()).unwrap();
    assert_eq!(receipts.len(), 2);
    assert!(receipts.iter().all(|one| one.delivered && one.transport == "ses"));
}
