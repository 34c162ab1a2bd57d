//! Who changed it, on the command line: over a recording with events, in every format, without a secret and without a
//! word to the exit code.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use stateward::snapshot::Snapshot;
use stateward_model::trail::{LOOKUP, LookedUp, LookupBy, LookupOutcome, Trail, TrailResource, read_event};
use stateward_model::{Cause, CollectionError, Gap, Place};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");
const SECRETS: [&str; 3] = ["correct-horse-battery", "hunter2", "ASIAIOSFODNN7EXAMPLE"];

fn run(arguments: &[&str]) -> Output {
    run_with(arguments, "")
}

fn run_with(arguments: &[&str], key: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stateward"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).env("STATEWARD_PSEUDONYM_KEY", key).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn drift(snapshot: &str, more: &[&str]) -> Value {
    drift_with(snapshot, more, "")
}

fn drift_with(snapshot: &str, more: &[&str], key: &str) -> Value {
    let output = run_with(
        &[&["drift", "--snapshot", snapshot, "--unmanaged", "--format", "json"], more].concat(),
        key,
    );
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn items(document: &Value) -> Vec<&Value> {
    document["drift"]["items"].as_array().expect("items").iter().collect()
}

/// The demo's first changed database or instance: whatever it is, with its first change.
fn a_change(document: &Value) -> Value {
    let changed = items(document).into_iter().find(|item| {
        item["class"] == "changed"
            && item["type"] == "aws_security_group"
            && item["changes"][0]["live"].is_object()
    });
    changed.expect("a security group of the demo has drifted").clone()
}

/// The permission that an atom is made by.
fn permission(atom: &Value) -> Value {
    let source = atom["source"].as_str().expect("a source");
    json!({"ipProtocol": atom["protocol"], "fromPort": atom["from_port"], "toPort": atom["to_port"],
           "ipRanges": {"items": [{"cidrIp": source}]}, "groups": {}})
}

/// The demo's recording with the events of a console session on one of its groups.
fn recorded(folder: &tempfile::TempDir, outcome: LookupOutcome, denied: bool) -> (String, Value) {
    let item = a_change(&drift(DEMO, &[]));
    let (account, region) = (item["account"].as_str().unwrap(), item["region"].as_str().unwrap());
    let group = item["id"].as_str().unwrap();
    let mut snapshot = Snapshot::from_reader("demo", std::fs::File::open(DEMO).unwrap()).unwrap();
    let record = json!({
        "eventID": "e-1", "eventTime": snapshot.as_of, "eventName": "AuthorizeSecurityGroupIngress",
        "eventSource": "ec2.amazonaws.com", "awsRegion": region, "recipientAccountId": account, "readOnly": false,
        "userIdentity": {
            "type": "AssumedRole", "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "arn": format!("arn:aws:sts::{account}:assumed-role/AWSReservedSSO_Administrator_0123456789abcdef/alice@acme.example"),
        },
        "sourceIPAddress": "203.0.113.7", "userAgent": "console.ec2.amazonaws.com",
        "requestParameters": {
            "groupId": group, "ipPermissions": {"items": [permission(&item["changes"][0]["live"])]},
            "masterUserPassword": "correct-horse-battery", "description": "postgres://app:hunter2@db/x",
        },
    });
    let resource = TrailResource { kind: "AWS::EC2::SecurityGroup".into(), name: group.to_owned() };
    let place = Place::new(account, region);
    let looked_up = |name: &str| LookedUp {
        place: place.clone(),
        by: LookupBy::Resource,
        names: vec![name.to_owned()],
        outcome: outcome.clone(),
    };
    let events = if outcome == LookupOutcome::Read {
        vec![read_event(&record, vec![resource]).unwrap()]
    } else {
        vec![]
    };
    snapshot.trail = Some(Trail { events, lookups: vec![looked_up(group)] });
    if denied {
        snapshot.errors.push(CollectionError {
            service: "cloudtrail".into(),
            operation: "LookupEvents".into(),
            account: account.to_owned(),
            region: region.to_owned(),
            cause: Cause::Denied,
            code: "AccessDeniedException".into(),
            message: String::new(),
            permission: LOOKUP.into(),
            types: Default::default(),
        });
    }
    let path: PathBuf = folder.path().join("estate.stw");
    std::fs::write(&path, snapshot.to_bytes().unwrap()).unwrap();
    (path.to_str().unwrap().to_owned(), item)
}

fn who_of<'a>(document: &'a Value, item: &Value) -> &'a Value {
    let same = |other: &&Value| other["fingerprint"] == item["fingerprint"];
    &items(document).into_iter().find(same).expect("the same item")["who"]
}

#[test]
fn a_recording_with_events_says_who_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, item) = recorded(&folder, LookupOutcome::Read, false);
    let document = drift(&snapshot, &[]);
    let who = who_of(&document, &item);
    assert_eq!((&who["confidence"], &who["actor_kind"]), (&json!("certain"), &json!("sso_user")), "{who}");
    assert_eq!(who["actor"], "alice@acme.example (Administrator)");
    assert_eq!((&who["event"], &who["agent"]), (&json!("AuthorizeSecurityGroupIngress"), &json!("console")));
    for format in ["table", "markdown", "html", "csv", "jsonl"] {
        let output = run(&["drift", "--snapshot", &snapshot, "--format", format]);
        assert!(text(&output.stdout).contains("alice@acme.example"), "{format}");
    }
    let others: Vec<&Value> = items(&document).into_iter().filter(|one| one["class"] == "missing").collect();
    assert!(!others.is_empty() && others.iter().all(|one| one["who"]["confidence"] == "none"), "{others:#?}");
}

#[test]
fn the_same_recording_without_events_asks_nobody() {
    let document = drift(DEMO, &[]);
    assert!(items(&document).iter().all(|item| item.get("who").is_none()));
    let asked = run(&["drift", "--snapshot", DEMO, "--who"]);
    assert!(text(&asked.stderr).contains("collect --who"), "{}", text(&asked.stderr));
}

#[test]
fn no_secret_of_a_request_is_in_any_output_or_recording() {
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, _) = recorded(&folder, LookupOutcome::Read, false);
    for format in ["table", "json", "jsonl", "csv", "markdown", "html"] {
        let output = run(&["audit", "--snapshot", &snapshot, "--format", format]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains("alice@acme.example"), "{format}");
        for secret in SECRETS {
            assert!(!said.contains(secret), "{secret} in {format}");
        }
    }
    let recording = zstd::decode_all(std::fs::File::open(&snapshot).unwrap()).unwrap();
    let recording = text(&recording);
    for secret in SECRETS {
        assert!(!recording.contains(secret), "{secret} in the recording");
    }
}

#[test]
fn who_may_not_ask_has_the_same_drift_and_the_same_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let gap = Gap::new(LOOKUP, Cause::Denied, "");
    let (snapshot, item) = recorded(&folder, LookupOutcome::Gap(gap), true);
    let document = drift(&snapshot, &[]);
    let who = who_of(&document, &item);
    assert_eq!(who["confidence"], "none");
    assert!(who["reason"].as_str().unwrap().contains("denied"), "{who}");
    let errors = document["collection"]["errors"].as_array().unwrap();
    let error = errors.iter().find(|error| error["operation"] == "LookupEvents").expect("it is listed");
    assert_eq!(error["affects"], json!({"checks": [], "types": [], "attribution": true}));
    assert_eq!(document["drift"]["summary"], drift(DEMO, &[])["drift"]["summary"]);
    // Where nothing that counts was found, an attribution that failed leaves nothing open.
    let code =
        |snapshot: &str| run(&["drift", "--snapshot", snapshot, "--fail-on", "conflict"]).status.code();
    assert_eq!(code(&snapshot), code(DEMO));
}

#[test]
fn persons_get_pseudonyms_where_the_profile_wants_them() {
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, item) = recorded(&folder, LookupOutcome::Read, false);
    let profile = folder.path().join("team.toml");
    std::fs::write(&profile, "[drift]\npseudonyms = true\n").unwrap();
    let options = ["--profile", profile.to_str().unwrap()];
    let (one, again) = (drift_with(&snapshot, &options, "a"), drift_with(&snapshot, &options, "a"));
    let other = drift_with(&snapshot, &options, "b");
    let actor = |document: &Value| who_of(document, &item)["actor"].as_str().unwrap().to_owned();
    assert!(
        actor(&one).starts_with("person-") && actor(&one).ends_with(" (Administrator)"),
        "{}",
        actor(&one)
    );
    assert_eq!(actor(&one), actor(&again));
    assert_ne!(actor(&one), actor(&other));
    for name in ["alice", "203.0.113.7"] {
        assert!(!one.to_string().contains(name), "{name}");
    }
    assert_eq!(
        one["run"]["profile_hash"],
        drift(&snapshot, &[])["run"]["profile_hash"],
        "it changes no verdict"
    );
}

#[cfg(feature = "aws")]
mod live {
    use stateward_testbed::{Emulator, Fault, Proxy, Rule};

    use super::*;

    fn drifted(rules: Vec<Rule>, options: &[&str]) -> (Value, Option<i32>, u64) {
        let emulator = Emulator::shared_drifted();
        let state = emulator.state();
        let proxy = Proxy::start(emulator.endpoint(), rules);
        let output = Command::new(env!("CARGO_BIN_EXE_stateward"))
            .args(["drift", "--state", state.to_str().unwrap(), "--unmanaged", "--format", "json"])
            .args(options)
            .envs(proxy.env())
            .output()
            .expect("the binary runs");
        let document = serde_json::from_slice(&output.stdout);
        let document = document.unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
        (document, output.status.code(), proxy.traffic().requests_for("cloudtrail", "LookupEvents"))
    }

    /// The event as the service wraps it.
    fn answer(document: &Value) -> (&'static str, Value) {
        let item = a_change(document);
        let record = json!({
            "eventID": "e-1", "eventTime": document["run"]["as_of"], "eventName": "AuthorizeSecurityGroupIngress",
            "eventSource": "ec2.amazonaws.com", "awsRegion": item["region"], "recipientAccountId": item["account"],
            "readOnly": false, "userIdentity": {"type": "IAMUser", "userName": "bob"},
            "sourceIPAddress": "203.0.113.7", "userAgent": "aws-cli/2.15.0",
            "requestParameters": {
                "groupId": item["id"], "ipPermissions": {"items": [permission(&item["changes"][0]["live"])]},
            },
        });
        let event = json!({
            "EventId": "e-1", "EventName": "AuthorizeSecurityGroupIngress", "ReadOnly": "false",
            "Resources": [{"ResourceType": "AWS::EC2::SecurityGroup", "ResourceName": item["id"]}],
            "CloudTrailEvent": record.to_string(),
        });
        (json!({ "Events": [event] }).to_string().leak(), item)
    }

    #[test]
    fn a_live_run_asks_after_it_has_compared() {
        let (plain, code, calls) = drifted(vec![], &[]);
        assert_eq!((code, calls), (Some(2), 0), "nobody is asked unless that was wanted");
        let (answer, item) = answer(&plain);
        let rule = Rule::new(Fault::Answer(answer)).service("cloudtrail");
        let (asked, code, calls) = drifted(vec![rule], &["--who"]);
        assert_eq!(code, Some(2));
        assert!(calls > 0 && asked["drift"]["summary"] == plain["drift"]["summary"]);
        let who = who_of(&asked, &item);
        assert_eq!((&who["confidence"], &who["actor"]), (&json!("certain"), &json!("bob")), "{who}");
        let found = items(&asked).into_iter().filter(|one| one["who"]["actor"].is_string()).count();
        assert_eq!(found, 1, "the same answer for every lookup is about one resource all the same");
    }

    /// The emulator knows no `LookupEvents`, and answers with a page.
    #[test]
    fn an_endpoint_without_events_is_a_reason_and_nothing_else() {
        let (plain, code, _) = drifted(vec![], &[]);
        let (asked, with, _) = drifted(vec![], &["--who"]);
        assert_eq!(code, with);
        assert_eq!(asked["drift"]["summary"], plain["drift"]["summary"]);
        let errors = asked["collection"]["errors"].as_array().unwrap();
        let mut events = errors.iter().filter(|error| error["operation"] == "LookupEvents").peekable();
        assert!(events.peek().is_some());
        for error in events {
            assert_eq!(
                (&error["reason"], &error["affects"]["attribution"]),
                (&json!("unsupported"), &json!(true))
            );
        }
        let all = items(&asked);
        let mut changed = all.iter().filter(|item| item["class"] == "changed").peekable();
        assert!(changed.peek().is_some());
        assert!(changed.all(|item| item["who"]["reason"].as_str().unwrap().contains("unsupported")));
    }

    #[test]
    fn the_permission_is_asked_for_where_the_question_is() {
        let policy = |options: &[&str]| text(&run(&[&["policy"], options].concat()).stdout);
        assert!(!policy(&[]).contains("cloudtrail:LookupEvents"));
        assert!(policy(&["--who"]).contains("cloudtrail:LookupEvents"));
    }
}
