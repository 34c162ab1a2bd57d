//! The recorded estate on moto.
#![allow(clippy::unwrap_used, reason = "a test fails that way")]

use std::time::Duration;

use serde_json::Value;
use stateward_testbed::{Emulator, Request, Response};

const PATIENCE: Duration = Duration::from_secs(60);

fn send(emulator: &Emulator, request: &Request) -> Response {
    let answer = request.send(emulator.endpoint(), PATIENCE).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

fn instances(emulator: &Emulator, region: &str) -> String {
    send(emulator, &Request::query_form("ec2", region, "Action=DescribeInstances&Version=2016-11-15")).text()
}

/// The values of `attribute` of all managed instances of a type.
fn declared(emulator: &Emulator, kind: &str, attribute: &str) -> Vec<String> {
    let state: Value = serde_json::from_slice(&std::fs::read(emulator.state()).unwrap()).unwrap();
    let resources = state["resources"].as_array().unwrap().iter();
    let managed = resources.filter(|resource| resource["mode"] == "managed" && resource["type"] == kind);
    let all = managed.flat_map(|resource| resource["instances"].as_array().unwrap());
    all.map(|instance| instance["attributes"][attribute].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_estate_is_the_recorded_one_at_any_port() {
    let (emulator, other) = (Emulator::estate(), Emulator::empty());
    assert_ne!(emulator.endpoint(), other.endpoint());
    let live = instances(&emulator, "us-west-2") + &instances(&emulator, "us-east-1");
    let ids = declared(&emulator, "aws_instance", "id");
    assert_eq!(ids.len(), 5);
    assert!(ids.iter().all(|id| live.contains(id)), "{ids:?}");
    assert!(!instances(&other, "us-west-2").contains("instanceId"));

    let queues = send(&emulator, &Request::json("sqs", "us-west-2", "AmazonSQS.ListQueues", "{}"));
    let queues: Value = serde_json::from_slice(&queues.body).unwrap();
    let mut live: Vec<&str> =
        queues["QueueUrls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap()).collect();
    let mut ids = declared(&emulator, "aws_sqs_queue", "id");
    live.sort_unstable();
    ids.sort_unstable();
    assert_eq!(live, ids);
}

#[test]
fn the_state_is_in_its_bucket_with_its_digest_in_the_lock_table() {
    let emulator = Emulator::shared_estate();
    let path = emulator.state_url().strip_prefix("s3:/").unwrap();
    let stored = send(emulator, &Request::signed("s3", "us-west-2", "GET", path));
    assert_eq!(stored.body, std::fs::read(emulator.state()).unwrap());
    let key = r#"{"TableName":"acme-tflock","Key":{"LockID":{"S":"acme-tfstate/platform/prod/terraform.tfstate-md5"}}}"#;
    let item = send(emulator, &Request::json("dynamodb", "us-west-2", "DynamoDB_20120810.GetItem", key));
    let item: Value = serde_json::from_slice(&item.body).unwrap();
    // S3's entity tag of a small object is its MD5.
    let etag = stored.header("etag").unwrap().trim_matches('"');
    assert_eq!(item["Item"]["Digest"]["S"], etag);
}

#[test]
fn the_drift_is_the_recorded_one() {
    let emulator = Emulator::drifted();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/estate/drift-applied.json");
    let applied: Value = serde_json::from_slice(&std::fs::read(root).unwrap()).unwrap();
    let applied = applied.as_array().unwrap();
    assert_eq!(applied.len(), 20);
    let change = |name: &str| applied.iter().find(|change| change["name"] == name).unwrap();
    let named = |name: &str| change(name)["detail"].as_str().unwrap();
    assert!(instances(&emulator, "eu-west-1").contains(named("unmanaged-instance")));
    let buckets = send(&emulator, &Request::signed("s3", "us-east-1", "GET", "/")).text();
    assert!(buckets.contains(named("unmanaged-bucket")));
    assert!(instances(&emulator, "us-west-2").contains("<instanceType>t3.2xlarge</instanceType>"));
}

#[test]
fn it_ends_with_its_owner() {
    let emulator = Emulator::empty();
    let (endpoint, state) = (emulator.endpoint().to_owned(), emulator.state());
    drop(emulator);
    assert!(Request::signed("s3", "us-east-1", "GET", "/").send(&endpoint, PATIENCE).is_err());
    assert!(!state.exists());
}
