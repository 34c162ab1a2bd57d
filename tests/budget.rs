//! What a run may cost in calls, counted by the fake AWS: 205 resources in three regions.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, reason = "a test fails that way")]

use std::collections::BTreeMap;
use std::process::Command;

use stateward_testbed::{Fake, FakeOptions};

const RESOURCES: u64 = 205;

/// How often each operation is sent by an audit.
fn audit(arguments: &[&str]) -> BTreeMap<(String, String), u64> {
    sent_by("audit", arguments)
}

/// How often each operation is sent by a command.
fn sent_by(command: &str, arguments: &[&str]) -> BTreeMap<(String, String), u64> {
    let fake = Fake::start(FakeOptions::default());
    assert_eq!(fake.resources() as u64, RESOURCES);
    let mut product = Command::new(env!("CARGO_BIN_EXE_stateward"));
    let run = product.arg(command).args(arguments).envs(fake.env()).output().unwrap();
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code().is_some_and(|code| code != 1), "{errors}");
    assert!(fake.unknown().is_empty(), "the fake lacks {:?}", fake.unknown());
    let mut sent = BTreeMap::new();
    for ((service, operation, _), count) in fake.traffic().counts() {
        *sent.entry((service, operation)).or_default() += count.requests;
    }
    sent
}

#[test]
fn an_audit_costs_three_calls_for_each_resource_at_most() {
    let sent = audit(&[]);
    let total: u64 = sent.values().sum();
    assert!(total <= RESOURCES * 3, "{total} calls: {sent:#?}");
    // Nothing is asked more often than there are things to ask about, and what one call tells of many, once a region.
    for ((service, operation), count) in &sent {
        let things = match service.as_str() {
            "s3" => 30,
            "dynamodb" => 20,
            "kms" => 9,
            "ec2" if operation == "DescribeVpcAttribute" => 9,
            // Those for CloudFront are a listing of their own, in one of the regions.
            "wafv2" if operation == "ListWebACLs" => 4,
            // Once for each service of which something is counted.
            "servicequotas" => 12,
            // Once for each length of time that metrics are looked back.
            "cloudwatch" if operation == "GetMetricData" => 9,
            _ => 3,
        };
        assert!(*count <= things, "{service}:{operation} was sent {count} times");
    }
    let count = |service: &str, operation: &str| sent.get(&(service.into(), operation.into())).copied();
    assert_eq!(count("s3", "ListBuckets"), Some(1));
    assert_eq!(count("s3", "GetBucketLocation"), None, "the listing tells the regions");
    for (service, operation) in [
        ("dynamodb", "ListTables"),
        ("ec2", "DescribeInstances"),
        ("kms", "ListAliases"),
        ("kms", "ListKeys"),
        ("rds", "DescribeDBInstances"),
    ] {
        assert_eq!(count(service, operation), Some(3), "{service}:{operation}");
    }
}

#[test]
fn a_narrowed_audit_asks_only_for_what_it_judges() {
    let sent = audit(&["--category", "multi-az,encryption,backup"]);
    let total: u64 = sent.values().sum();
    assert!(total < 320, "{total} calls: {sent:#?}");
    let sent = audit(&["--check", "STO-07"]);
    let names: Vec<String> =
        sent.keys().map(|(service, operation)| format!("{service}:{operation}")).collect();
    assert_eq!(names, ["s3:GetBucketVersioning", "s3:ListBuckets", "sts:GetCallerIdentity"]);
}

#[test]
fn a_verification_of_recovery_asks_in_batches_and_for_nothing_twice() {
    let sent = sent_by("recover", &[]);
    let total: u64 = sent.values().sum();
    assert!(total <= RESOURCES * 2, "{total} calls: {sent:#?}");
    let count = |service: &str, operation: &str| sent.get(&(service.into(), operation.into())).copied();
    // The account's roles with their policies, and its quotas by service, tell what paths wait for.
    assert_eq!(count("iam", "GetAccountAuthorizationDetails"), Some(1));
    assert_eq!(count("rds", "DescribeDBParameterGroups"), Some(3));
    assert!(count("servicequotas", "ListServiceQuotas").is_some_and(|calls| calls <= 12), "{sent:#?}");
    // Of what is not there, nobody asks for what belongs to it.
    assert_eq!(count("ecr", "DescribeRepositories"), None);
    assert_eq!(count("ecs", "ListTaskDefinitions"), None);
}
