//! `stateward doctor`: what is well is told, what is not fails with a remedy, and what gave no answer is never well.
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

fn run(folder: &Path, environment: &[(&str, String)], arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_stateward"))
        .current_dir(folder)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("the binary runs");
    Ran {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn doctor(folder: &Path, environment: &[(&str, String)], arguments: &[&str]) -> (i32, Value) {
    let ran = run(folder, environment, &[&["doctor", "--format", "json"], arguments].concat());
    let document: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    assert_eq!(document["exit_code"], ran.code);
    (ran.code, document)
}

/// Looks at a part: how each stands, and all that is said of it.
fn part(document: &Value, part: &str) -> (Vec<String>, String) {
    let looks = document["looks"].as_array().unwrap().iter().filter(|look| look["part"] == part);
    let looks: Vec<&Value> = looks.collect();
    let standings = looks.iter().map(|look| look["standing"].as_str().unwrap().to_owned()).collect();
    (standings, looks.iter().map(|look| look.to_string()).collect::<Vec<_>>().join("\n"))
}

fn offline(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    doctor(folder, &[], &[&["--offline"], arguments].concat())
}

#[test]
fn what_is_here_is_looked_at_and_what_is_not_is_not_called_well() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let stored = run(at, &[], &["audit", "--snapshot", DEMO, "--history", "runs.db", "-q"]);
    assert_eq!(stored.code, 2, "{}", stored.err);
    let (code, document) = offline(at, &["--state", STATE, "--history", "runs.db"]);
    assert_eq!(code, 0, "{document:#}");
    let ok = vec!["ok".to_owned()];
    for (of, word) in [("profile", "us-west-2"), ("state", "serial"), ("history", "1 run, ")] {
        let (standings, said) = part(&document, of);
        assert_eq!(standings, ok, "{said}");
        assert!(said.contains(word), "{said}");
    }
    assert!(part(&document, "history").1.contains("MiB free"), "{document:#}");
    for of in ["credentials", "clock", "endpoints", "permissions", "mail"] {
        assert_eq!(part(&document, of).0, ["not_checked"], "{document:#}");
    }
    let table = run(at, &[], &["doctor", "--offline", "--state", STATE]);
    assert!(table.out.contains("not checked  clock"), "{}", table.out);
    assert!(table.out.ends_with(" not checked\n"), "{}", table.out);
    // A history that is not there yet is made by the first run; a folder that is not there is not.
    assert_eq!(offline(at, &["--history", "new.db"]).0, 0);
    let (code, document) = offline(at, &["--history", "none/new.db"]);
    assert_eq!((code, part(&document, "history").0), (2, vec!["failed".to_owned()]));
    let mut left: Vec<_> = std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["runs.db"], "it leaves nothing");
}

/// Nobody makes files there, not even the superuser.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_history_fails_before_the_first_run_does() {
    let (code, document) = offline(Path::new("."), &["--history", "/proc/new.db"]);
    let (standings, said) = part(&document, "history");
    assert_eq!((code, standings), (2, vec!["failed".to_owned()]), "{said}");
    assert!(said.contains("no file can be made") && said.contains("remedy"), "{said}");
}

#[cfg(feature = "webhooks")]
#[test]
fn a_webhook_is_looked_at_and_gets_no_message() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let text = "[mail]\nfrom = \"stateward@acme.example\"\n[[mail.recipients]]\n\
                webhook = { name = \"ops\", form = \"slack\", url_variable = \"OPS_URL\", secret_variable = \"OPS_KEY\" }\n";
    std::fs::write(at.join("p.toml"), text).unwrap();
    let look = |url: &str, key: &str| {
        let environment = [("OPS_URL", url.to_owned()), ("OPS_KEY", key.to_owned())];
        let (code, document) = doctor(at, &environment, &["--offline", "--profile", "./p.toml"]);
        assert!(!document.to_string().contains("T0SECRET"), "{document:#}");
        let looks = document["looks"].as_array().unwrap().clone();
        let hook = looks.into_iter().find(|look| look["of"] == "webhook ops").unwrap();
        (code, hook["standing"].as_str().unwrap().to_owned(), hook["said"].as_str().unwrap().to_owned())
    };
    let (code, standing, said) = look("https://hooks.example/T0SECRET", "T0SECRET");
    assert_eq!((code, standing.as_str()), (0, "not_checked"), "{said}");
    for (url, key, word) in [
        ("", "T0SECRET", "url_variable"),
        ("https://hooks.example/T0SECRET", "", "secret_variable"),
        ("http://hooks.example/T0SECRET", "T0SECRET", "not https"),
        ("T0SECRET", "T0SECRET", "no URL"),
    ] {
        let (code, standing, said) = look(url, key);
        assert_eq!((code, standing.as_str()), (2, "failed"), "{said}");
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_profile_that_cannot_be_used_is_told_with_its_place_and_nothing_else_is_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("p.toml"), "[criteria]\nrelaibility = 85\n").unwrap();
    let (code, document) = offline(at, &["--profile", "./p.toml", "--state", STATE]);
    let (standings, said) = part(&document, "profile");
    assert_eq!((code, standings), (2, vec!["failed".to_owned()]));
    assert!(said.contains("p.toml") && said.contains("relaibility") && said.contains("remedy"), "{said}");
    assert_eq!(document["not_checked"], 7, "{document:#}");
    std::fs::write(at.join("p.toml"), "[checks]\ndisable = [\"NOPE-01\"]\n").unwrap();
    let (code, document) = offline(at, &["--profile", "./p.toml"]);
    assert_eq!(code, 2);
    assert!(part(&document, "profile").1.contains("NOPE-01"), "{document:#}");
}

#[test]
fn states_and_histories_that_are_broken_fail_each_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("broken.tfstate"), "{\"version\": 4, ").unwrap();
    std::fs::write(at.join("other.db"), "this is no database at all").unwrap();
    let states = ["--state", "broken.tfstate", "--state", STATE, "--state", "none.tfstate"];
    let (code, document) = offline(at, &[&states[..], &["--history", "other.db"]].concat());
    assert_eq!(code, 2);
    let (standings, said) = part(&document, "state");
    assert_eq!(standings, ["failed", "ok", "failed"], "{said}");
    assert!(said.contains("broken.tfstate") && said.contains("none.tfstate"), "{said}");
    let (standings, said) = part(&document, "history");
    assert_eq!(standings, ["failed"]);
    assert!(said.contains("no SQLite database") && said.contains("not touched"), "{said}");
    assert_eq!(std::fs::read_to_string(at.join("other.db")).unwrap(), "this is no database at all");
}

#[cfg(feature = "smtp")]
#[test]
fn a_relay_is_tried_as_for_a_message_and_gets_none() {
    use stateward_testbed::{Relay, kept};
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let relay = Relay::start(&at.join("relay"), 0, &[]);
    let port = relay.port();
    let text = format!(
        "[mail]\nfrom = \"stateward@acme.example\"\nrelay = \"127.0.0.1\"\nport = {port}\nca_file = \"relay/authority.pem\"\n\
         user_variable = \"SMTP_USER\"\npassword_variable = \"SMTP_PASSWORD\"\ntimeout = \"5s\"\n"
    );
    std::fs::write(at.join("p.toml"), text).unwrap();
    let arguments = ["--offline", "--profile", "./p.toml"];
    let environment =
        |password: &str| [("SMTP_USER", Relay::USER.to_owned()), ("SMTP_PASSWORD", password.to_owned())];
    let (code, document) = doctor(at, &environment(Relay::PASSWORD), &arguments);
    let (standings, said) = part(&document, "mail");
    assert_eq!((code, standings), (0, vec!["ok".to_owned()]), "{said}");
    assert!(said.contains("STARTTLS") && said.contains("credentials"), "{said}");
    assert!(kept(&at.join("relay")).is_empty());

    let (code, document) = doctor(at, &environment("not-it-at-all"), &arguments);
    let (standings, said) = part(&document, "mail");
    assert_eq!((code, standings), (2, vec!["failed".to_owned()]), "{said}");
    assert!(!document.to_string().contains("not-it-at-all"), "{document:#}");

    drop(relay);
    let (code, document) = doctor(at, &environment(Relay::PASSWORD), &arguments);
    let (standings, said) = part(&document, "mail");
    assert_eq!((code, standings), (2, vec!["failed".to_owned()]), "{said}");
    assert!(said.contains("remedy"), "{said}");
    let (code, document) = doctor(at, &[], &arguments);
    assert_eq!(code, 2);
    assert!(part(&document, "mail").1.contains("mail.user_variable"), "{document:#}");
}

#[cfg(feature = "aws")]
mod live {
    use super::*;
    use stateward_testbed::{Emulator, Fault, Proxy, Rule};

    const STATEMENT: &str = "<EvaluationResults></EvaluationResults><IsTruncated>false</IsTruncated>";

    fn look(rules: Vec<Rule>, arguments: &[&str]) -> (i32, Value, Proxy) {
        let emulator = Emulator::shared_estate();
        let proxy = Proxy::start(emulator.endpoint(), rules);
        let environment: Vec<(&str, String)> = proxy.env();
        // Services whose cheapest listing the emulator knows.
        let fixed = ["--check", "NET-01,NET-02,STO-01,STO-02"];
        let (code, document) = doctor(Path::new("."), &environment, &[&fixed, arguments].concat());
        (code, document, proxy)
    }

    #[test]
    fn a_healthy_account_answers_in_every_region() {
        let emulator = Emulator::shared_estate();
        let state = emulator.state_url();
        let (code, document, proxy) = look(Vec::new(), &["--state", state]);
        assert_eq!(code, 0, "{document:#}");
        assert_eq!(part(&document, "credentials").0, ["ok"], "{document:#}");
        assert_eq!(part(&document, "clock").0, ["ok"], "{document:#}");
        let (standings, said) = part(&document, "endpoints");
        assert!(standings.len() >= 3 && standings.iter().all(|standing| standing == "ok"), "{said}");
        for region in ["us-west-2", "us-east-1", "eu-west-1"] {
            assert!(said.contains(region), "{said}");
        }
        let (standings, said) = part(&document, "state");
        assert_eq!(standings, ["ok"], "{said}");
        assert!(said.contains("serial") && said.contains("lock"), "{said}");
        // Nothing but reads, and few of them.
        assert!(proxy.traffic().requests() < 80, "{}", proxy.traffic().requests());
    }

    #[test]
    fn a_region_that_is_dead_fails_and_the_others_are_well() {
        let (code, document, _) = look(vec![Rule::new(Fault::Reset).region("eu-west-1")], &[]);
        assert_eq!(code, 2);
        let looks = document["looks"].as_array().unwrap();
        let of = |region: &str| {
            let here = |look: &&Value| {
                look["part"] == "endpoints" && look["of"].as_str().unwrap().starts_with(region)
            };
            looks.iter().filter(here).collect::<Vec<_>>()
        };
        let dead = of("eu-west-1");
        let failed = dead.iter().find(|look| look["standing"] == "failed");
        assert!(
            failed.is_some_and(|look| look["remedy"].as_str().unwrap().contains("network")),
            "{document:#}"
        );
        for region in ["us-west-2", "us-east-1"] {
            assert!(of(region).iter().all(|look| look["standing"] == "ok"), "{document:#}");
        }
    }

    #[test]
    fn what_is_denied_fails_and_what_was_not_tried_is_not_called_allowed() {
        let (code, document, _) = look(vec![Rule::new(Fault::Deny).service("ec2")], &[]);
        assert_eq!(code, 2);
        let (standings, said) = part(&document, "permissions");
        assert!(standings.contains(&"failed".to_owned()), "{said}");
        assert!(said.contains("ec2:") && said.contains("stateward policy"), "{said}");
        assert!(part(&document, "endpoints").0.iter().all(|standing| standing == "ok"), "{document:#}");
        // An answer of IAM that leaves actions out is no simulation.
        let rules = vec![Rule::new(Fault::Answer(STATEMENT)).operation("SimulatePrincipalPolicy")];
        let (_, document, _) = look(rules, &[]);
        let (standings, said) = part(&document, "permissions");
        assert!(standings.contains(&"not_checked".to_owned()), "{said}");
    }

    #[test]
    fn a_clock_that_is_years_off_fails() {
        let date = Fault::Date("Fri, 27 Nov 2015 08:00:00 GMT");
        let (code, document, _) = look(vec![Rule::new(date).service("sts")], &[]);
        assert_eq!(code, 2);
        let (standings, said) = part(&document, "clock");
        assert_eq!(standings, ["failed"], "{said}");
        assert!(said.contains("before that of AWS") && said.contains("NTP"), "{said}");
    }

    #[test]
    fn credentials_that_are_over_fail_and_nothing_else_is_guessed() {
        let (code, document, _) =
            look(vec![Rule::new(Fault::Expire)], &["--state", "s3://none/none.tfstate"]);
        assert_eq!(code, 2);
        assert_eq!(part(&document, "credentials").0, ["failed"], "{document:#}");
        for of in ["endpoints", "permissions", "state"] {
            assert_eq!(part(&document, of).0, ["not_checked"], "{document:#}");
        }
    }
}
