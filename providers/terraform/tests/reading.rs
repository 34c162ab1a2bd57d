//! States as they come: whole, broken, foreign, large.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Read;

use serde_json::{Value, json};
use stateward_model::kinds;
use stateward_terraform::{StateError, read_state, read_state_into};

fn state(resources: Value) -> String {
    json!({"version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "l", "outputs": {}, "resources": resources})
        .to_string()
}

fn refused(text: &str) -> StateError {
    read_state("x.tfstate", text.as_bytes()).expect_err("must be refused")
}

#[test]
fn a_broken_state_is_refused_with_place_and_remedy() {
    let whole =
        state(json!([{"mode": "managed", "type": "aws_vpc", "name": "a", "provider": "p", "instances": []}]));
    let cut = refused(&whole[..whole.len() - 20]);
    assert!(
        cut.what.contains("truncated") && cut.place.is_some() && cut.remedy.contains("state pull"),
        "{cut}"
    );
    assert!(refused("").what.contains("empty"));
    assert!(refused(" \n ").what.contains("empty"));
    assert!(refused("not json").what.contains("not JSON"));
    assert!(refused("[]").what.contains("not shaped like"));
    assert!(refused("{}").what.contains("no state format version"));
    assert!(refused(r#"{"version": 1}"#).what.contains("format 1"));
    assert!(refused(r#"{"version": 2}"#).what.contains("format 2"));
    let future = refused(r#"{"version": 5, "resources": {}}"#);
    assert!(future.what.contains("newer") && future.remedy.contains("update"), "{future}");
    let encrypted = refused(
        r#"{"serial": 1, "lineage": "x", "meta": {}, "encrypted_data": "abc", "encryption_version": "v0"}"#,
    );
    assert!(encrypted.what.contains("encrypted by OpenTofu") && encrypted.remedy.contains("tofu state pull"));
}

#[test]
fn a_refusal_never_quotes_the_document() {
    let secret = r#"{"version": 4, "serial": "correct-horse-battery", "resources": []}"#;
    let error = refused(secret);
    assert!(!error.to_string().contains("horse"), "{error}");
    assert_eq!(error.place.map(|(line, _)| line), Some(1));
}

#[test]
fn addresses_carry_module_and_typed_index() {
    let instances = json!([
        {"index_key": 0, "attributes": {"id": "vpc-0"}},
        {"index_key": "0", "attributes": {"id": "vpc-1"}, "status": "tainted"},
        {"attributes": {"id": "vpc-2"}, "deposed": "abcd"}
    ]);
    let text = state(json!([
        {"module": "module.net[\"a\"]", "mode": "managed", "type": "aws_vpc", "name": "this", "provider": "p", "instances": instances},
        {"mode": "data", "type": "aws_vpc", "name": "other", "provider": "p", "instances": [{"attributes": {"id": "vpc-9"}}]}
    ]));
    let state = read_state("x", text.as_bytes()).unwrap();
    let facts: Vec<_> = state.resources.iter().map(|resource| resource.declared.clone().unwrap()).collect();
    assert_eq!(facts[0].address, "module.net[\"a\"].aws_vpc.this[0]");
    assert_eq!(facts[1].address, "module.net[\"a\"].aws_vpc.this[\"0\"]");
    assert!(facts[1].tainted && facts[2].deposed.as_deref() == Some("abcd"));
    assert_eq!(state.header.instances, 3, "data sources are no resources");
}

#[test]
fn instances_written_before_their_type_are_read_all_the_same() {
    let text = r#"{"version":4,"resources":[{"instances":[{"attributes":{"id":"vpc-1"}}],"type":"aws_vpc","name":"a","mode":"managed","provider":"p"}]}"#;
    assert_eq!(read_state("x", text.as_bytes()).unwrap().resources[0].id(), "vpc-1");
}

#[test]
fn what_no_kind_declares_never_enters() {
    let text = state(
        json!([{"mode": "managed", "type": "aws_vpc", "name": "a", "provider": "p", "instances": [
            {"attributes": {"id": "vpc-1", "cidr_block": "10.0.0.0/16", "password": "correct-horse-battery", "made_up": "s3cr3t-in-state"}}
        ]}]),
    );
    let state = read_state("x", text.as_bytes()).unwrap();
    let kept = serde_json::to_string(&state.resources).unwrap();
    assert!(
        kept.contains("10.0.0.0/16") && !kept.contains("correct-horse") && !kept.contains("s3cr3t"),
        "{kept}"
    );
    assert_eq!(state.header.secret_paths, ["aws_vpc.a.password"], "named by path, never by value");
}

#[test]
fn flagged_values_are_digested_at_the_door() {
    let text =
        state(json!([{"mode": "managed", "type": "aws_vpc", "name": "a", "provider": "p", "instances": [
            {"attributes": {"id": "vpc-1", "cidr_block": "10.0.0.0/16"},
             "sensitive_attributes": [[{"type": "get_attr", "value": "cidr_block"}]]}
        ]}]));
    let state = read_state("x", text.as_bytes()).unwrap();
    let value = state.resources[0].raw("cidr_block").unwrap().clone();
    assert!(stateward_model::secret::is_digest(&value), "{value}");
}

#[test]
fn of_a_block_only_the_secret_in_it_is_digested() {
    let login = json!([{"type": "authenticate-oidc", "authenticate_oidc": [{"issuer": "i", "client_secret": "hush"}]}]);
    let path = json!([
        {"type": "get_attr", "value": "default_action"},
        {"type": "index", "value": {"value": 0, "type": "number"}},
        {"type": "get_attr", "value": "authenticate_oidc"},
        {"type": "index", "value": {"value": 0, "type": "number"}},
        {"type": "get_attr", "value": "client_secret"}
    ]);
    let set =
        json!([{"type": "get_attr", "value": "default_action"}, {"type": "get_attr", "value": "nothing"}]);
    let read = |marks: Value| {
        let text = state(
            json!([{"mode": "managed", "type": "aws_lb_listener", "name": "l", "provider": "p", "instances": [
                {"attributes": {"id": "arn:l", "default_action": login.clone()}, "sensitive_attributes": marks}
            ]}]),
        );
        let resources = read_state("x", text.as_bytes()).unwrap().resources;
        assert!(!format!("{resources:?}").contains("hush"));
        resources[0].raw("default_action").unwrap().clone()
    };
    // Marked by the state, or known to be a secret by its kind alone.
    for marks in [json!([path]), json!([])] {
        let value = read(marks);
        assert_eq!(value[0]["authenticate_oidc"][0]["issuer"], "i");
        assert!(stateward_model::secret::is_digest(&value[0]["authenticate_oidc"][0]["client_secret"]));
    }
    // Where a path leads nowhere, nothing is kept in clear.
    assert!(stateward_model::secret::is_digest(&read(json!([set]))));
}

#[test]
fn an_identity_may_hang_on_a_value_that_is_not_kept() {
    let text =
        state(json!([{"mode": "managed", "type": "aws_sns_topic_subscription", "name": "a", "provider": "p",
        "instances": [{"attributes": {"id": "pending confirmation", "topic_arn": "arn:aws:sns:us-west-2:1:t",
            "protocol": "email", "endpoint": "ops@acme.example"}}]}]));
    let state = read_state("x", text.as_bytes()).unwrap();
    let live = kinds::sns::subscription::id_of("arn:aws:sns:us-west-2:1:t", "email", "ops@acme.example");
    assert_eq!(state.resources[0].id(), live);
    let kept = serde_json::to_string(&state.resources).unwrap();
    assert!(!kept.contains("ops@acme.example"), "{kept}");
}

/// A state that is made while it is read, so that only the reader's own memory counts.
struct Endless {
    pending: Vec<u8>,
    at: usize,
    instances: usize,
    made: usize,
    bytes: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.pending.len() {
            self.at = 0;
            self.pending.clear();
            if self.made == 0 {
                self.pending.extend_from_slice(br#"{"version":4,"serial":1,"lineage":"l","resources":[{"mode":"managed","type":"aws_vpc","name":"a","provider":"p","instances":["#);
            }
            if self.made < self.instances {
                let comma = if self.made == 0 { "" } else { "," };
                let filler = "x".repeat(3200);
                let text = format!(
                    r#"{comma}{{"index_key":{0},"attributes":{{"id":"vpc-{0}","cidr_block":"10.0.0.0/16","filler":"{filler}"}}}}"#,
                    self.made
                );
                self.pending.extend_from_slice(text.as_bytes());
                self.made += 1;
            } else if self.made == self.instances {
                self.pending.extend_from_slice(b"]}]}");
                self.made += 1;
            } else {
                return Ok(0);
            }
        }
        let length = buffer.len().min(self.pending.len() - self.at);
        buffer[..length].copy_from_slice(&self.pending[self.at..self.at + length]);
        self.at += length;
        self.bytes += length;
        Ok(length)
    }
}

/// Peak resident memory of this process in KiB, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .trim()
        .strip_suffix(" kB")?
        .trim()
        .parse()
        .ok()
}

#[test]
fn a_state_of_200_megabytes_is_never_in_memory_whole() {
    let before = peak_kib();
    let mut source = Endless { pending: Vec::new(), at: 0, instances: 60_000, made: 0, bytes: 0 };
    let mut seen = 0_usize;
    let header = read_state_into("x", &mut source, &mut |_| seen += 1).unwrap();
    assert_eq!((seen, header.instances), (60_000, 60_000));
    assert!(source.bytes > 190_000_000, "{}", source.bytes);
    if let (Some(before), Some(after)) = (before, peak_kib()) {
        assert!(after - before < 30_000, "reading took {} KiB", after - before);
    }
}

#[test]
fn results_of_check_blocks_are_told_apart_without_their_messages() {
    let text = json!({"version": 4, "resources": [], "check_results": [
        {"object_kind": "check", "config_addr": "check.health", "status": "fail",
         "objects": [{"object_addr": "check.health", "status": "fail", "failure_messages": ["token was s3cr3t"]}]},
        {"object_kind": "resource", "config_addr": "aws_vpc.a", "status": "pass", "objects": null},
        {"object_kind": "output", "config_addr": "output.url", "status": "unknown", "objects": null},
        {"object_kind": "check", "config_addr": "check.dns", "status": "error", "objects": null}
    ]})
    .to_string();
    let header = read_state("x", text.as_bytes()).unwrap().header;
    assert_eq!(header.checks, 4);
    assert_eq!(header.failed_checks, ["check.health", "check.dns"]);
    assert_eq!(header.open_checks, ["output.url"]);
    assert!(!format!("{header:?}").contains("s3cr3t"));
    let none = r#"{"version":4,"resources":[],"check_results":null}"#;
    assert_eq!(read_state("x", none.as_bytes()).unwrap().header.checks, 0);
}
