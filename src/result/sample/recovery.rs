//! A verification of recovery: a workload whose replica fell behind since it passed.

use serde_json::{Value, json};

use super::{Decision, Document, Verdict, go, run};

/// A range: best and worst case with its objective.
fn range(low: Value, high: Value, objective: u64, grade: &str, outcome: &str, by: Option<&str>) -> Value {
    let mut range = json!({ "objective_s": objective, "grade": grade, "outcome": outcome });
    for (key, value) in [("low_s", low), ("high_s", high)] {
        if !value.is_null() {
            range[key] = value;
        }
    }
    if let Some(by) = by {
        range["decided_by"] = by.into();
    }
    range
}

fn path(name: &str, to: &str, lost: (u64, u64), act: (u64, u64), gates: Value) -> Value {
    let figure = |(low, high): (u64, u64), formula: &str| {
        let source = "cloudwatch:GetMetricData";
        let input = json!({ "name": "lag", "value": "42 s", "source": source });
        json!({ "low_s": low, "high_s": high, "grade": "B", "formula": formula, "inputs": [input] })
    };
    json!({
        "name": name, "to": to, "automatic": false, "unseen": false,
        "rpo": figure(lost, "p95(lag)"), "act": figure(act, "promotion"), "gates": gates,
    })
}

fn segment(step: &str, what: &str, resource: Option<&str>, time: (u64, Option<u64>), grade: &str) -> Value {
    let mut segment = json!({ "step": step, "what": what, "low_s": time.0, "grade": grade, "commands": [] });
    if let Some(high) = time.1 {
        segment["high_s"] = high.into();
    }
    if let Some(resource) = resource {
        segment["resource"] = resource.into();
        segment["address"] = resource.into();
        segment["commands"] = json!([format!("# {what}: {resource}"), "aws rds promote-read-replica"]);
    }
    segment
}

/// What `stateward recover` writes: no score, no findings.
pub fn recovery() -> Document {
    let shut = json!([{
        "resource": "aws_db_instance.orders", "path": "backup to eu-west-1", "name": "key",
        "subject": "alias/backup", "state": "shut", "effect": "closes", "why": "its key is of us-west-2",
    }]);
    let replica = path("read replica", "eu-west-1", (60, 420), (300, 900), json!([]));
    let backup = path("backup", "eu-west-1", (3_600, 7_200), (2_400, 4_800), shut.clone());
    let orders = json!({
        "name": "aws_db_instance.orders", "type": "aws_db_instance", "id": "orders",
        "address": "aws_db_instance.orders", "part": "store", "rpo_low_s": 60, "rpo_high_s": 420,
        "act_low_s": 300, "act_high_s": 900, "slack_s": 0, "path": 0, "runner_up": 1, "paths": [replica, backup],
    });
    let assets = json!({
        "name": "aws_s3_bucket.assets", "type": "aws_s3_bucket", "id": "assets", "part": "store",
        "rpo_low_s": 0, "rpo_high_s": 5, "act_low_s": 0, "act_high_s": 0, "slack_s": 900, "path": 0,
        "paths": [path("replication to another bucket", "eu-west-1", (0, 5), (0, 0), json!([]))],
    });
    let queue = json!({
        "name": "aws_sqs_queue.mail", "type": "aws_sqs_queue", "id": "mail", "part": "store", "paths": [],
    });
    let balancer = json!({
        "name": "aws_lb.shop", "type": "aws_lb", "id": "shop", "part": "entry", "act_low_s": 0,
        "act_high_s": 60, "rpo_low_s": 0, "rpo_high_s": 0, "slack_s": 0, "path": 0,
        "paths": [path("one of the same name", "eu-west-1", (0, 0), (0, 60), json!([]))],
    });
    let region = json!({
        "name": "region", "workload": "orders", "gated": true, "target": "eu-west-1",
        "rpo": range(json!(60), json!(420), 300, "B", "undetermined", Some("aws_db_instance.orders")),
        "rto": range(json!(420), json!(1_560), 900, "D", "undetermined", Some("aws_lb.shop")),
        "outcome": "undetermined", "spread_s": 415,
        "critical_path": [
            segment("detect", "the failure is seen", None, (60, Some(180)), "D"),
            segment("decide", "somebody decides to act", None, (0, Some(300)), "D"),
            segment("act", "read replica", Some("aws_db_instance.orders"), (300, Some(900)), "B"),
            segment("act", "one of the same name", Some("aws_lb.shop"), (0, Some(60)), "C"),
            segment("dns", "users find the other region", None, (60, Some(120)), "C"),
        ],
        "resources": [orders, assets, balancer], "unaffected": 2, "gates": shut,
        "unread": ["ec2:DescribeImages: denied (not authorized in eu-west-1)"],
        "flows": [{ "resource": "aws_db_instance.orders", "from": "us-west-2", "to": "eu-west-1" }],
        "advice": ["aws_db_instance.orders: keep a read replica in eu-west-1, and rehearse its promotion"],
    });
    let corruption = json!({
        "name": "corruption", "workload": "orders", "gated": true,
        "rpo": range(Value::Null, Value::Null, 300, "B", "fail", Some("aws_sqs_queue.mail")),
        "rto": range(Value::Null, Value::Null, 900, "B", "fail", Some("aws_sqs_queue.mail")),
        "outcome": "fail",
        "critical_path": [
            segment("decide", "somebody decides to act", None, (0, Some(300)), "D"),
            segment("act", "no way back", Some("aws_sqs_queue.mail"), (0, None), "B"),
        ],
        "resources": [queue], "unaffected": 4, "gates": [], "unread": [], "flows": [], "advice": [],
    });
    let zone = json!({
        "name": "zone", "workload": "orders", "gated": true,
        "rpo": range(json!(0), json!(0), 300, "C", "pass", None),
        "rto": range(json!(60), json!(120), 900, "C", "pass", Some("aws_db_instance.orders")),
        "outcome": "pass", "critical_path": [], "resources": [], "unaffected": 5, "gates": [],
        "unread": [], "flows": [], "advice": [],
    });
    let before = range(json!(60), json!(240), 300, "B", "pass", Some("aws_db_instance.orders"));
    let rto = region["rto"].clone();
    let needs = |resource: &str, part: &str, needs: &[&str]| json!({ "resource": resource, "part": part, "needs": needs });
    let found = json!({
        "home": "us-west-2", "targets": ["eu-west-1", "us-east-1"],
        "workloads": [{
            "name": "orders", "strategy": "pilot-light", "entry_points": ["aws_lb.shop"],
            "resources": 5, "stores": 3, "dependencies": 2,
            "graph": [
                needs("aws_db_instance.orders", "store", &[]),
                needs("aws_lb.shop", "entry", &["aws_db_instance.orders", "aws_s3_bucket.assets"]),
                needs("aws_s3_bucket.assets", "store", &[]),
                needs("aws_sqs_queue.mail", "store", &[]),
            ],
            "availability": {
                "percent": 99.85, "objective": 99.9, "grade": "C", "outcome": "fail",
                "measured": { "percent": 99.97, "requests": 1_000_000, "failed": 271, "days": 30, "balancers": 1 },
                "factors": [
                    { "commitment": "rds_multi_az", "percent": 99.95, "stands_for": "aws_db_instance.orders", "resources": 1 },
                    { "commitment": "s3", "percent": 99.9, "stands_for": "S3 in us-west-2", "resources": 3 },
                ],
                "unread": [],
            },
        }],
        "scenarios": [zone, region, corruption],
        "assumptions": [{
            "key": "recovery.times.decide", "value": "0 s to 5 min", "owner": "platform team",
            "date": "2026-02-01", "uses": 2,
        }],
        "rehearsals": [{
            "sort": "restore", "what": "restore job of AWS Backup", "subject": "rds/orders", "region": "eu-west-1",
            "at": "2026-01-20T02:40:00Z", "took_s": 2_400, "counts": true, "source": "backup:ListRestoreJobs",
        }, {
            "sort": "failover", "what": "PromoteReadReplica", "subject": "orders-replica", "region": "eu-west-1",
            "at": "2025-06-01T09:00:00Z", "counts": false, "why": "it is older than 90 days",
            "source": "cloudtrail:LookupEvents",
        }],
        "notes": ["aws_elasticache_cluster.sessions is declared empty in the profile, and left out"],
        "since": {
            "run_id": "7b1d", "as_of": "2026-02-22T06:00:00Z", "decision": "go",
            "changes": [{
                "workload": "orders", "scenario": "region", "direction": "worse",
                "outcome_before": "pass", "outcome": "undetermined",
                "rpo_before": before, "rpo": range(json!(60), json!(420), 300, "B", "undetermined", Some("aws_db_instance.orders")),
                "rto_before": rto, "rto": rto,
                "causes": ["aws_db_instance.orders: data lost 60 s to 7 min instead of 60 s to 4 min"],
            }],
        },
    });
    let reason = "orders: damaged or deleted data: data lost ∞ (objective 5 min, grade B): FAIL, decided by aws_sqs_queue.mail";
    Document {
        run: run("recover"),
        verdict: Some(Verdict { decision: Decision::NoGo, reasons: vec![reason.into()], waivers_used: 0 }),
        score: None,
        findings: Vec::new(),
        drift: None,
        plan: Vec::new(),
        route_to_go: Vec::new(),
        waivers: Vec::new(),
        recovery: Some(serde_json::from_value(found).unwrap()),
        ..go()
    }
}
