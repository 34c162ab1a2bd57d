//! Four estates with numbers that were worked out by hand.

use stateward_model::kinds::backup::recovery_point;
use stateward_model::kinds::cloudwatch::metric;
use stateward_model::kinds::ec2::compute::{ami, instance};
use stateward_model::kinds::elbv2::target_group;
use stateward_model::kinds::rds::db_instance;
use stateward_model::kinds::route53::{health_check, record};
use stateward_model::{GLOBAL, Resource};
use time::Duration;

use super::*;
use crate::check::Outcome;
use crate::recover::Grade;
use crate::result::{Decision, RecoveryGateEffect, RecoveryOutcome, RecoveryRange};

fn ends(range: &RecoveryRange) -> (Option<u64>, Option<u64>) {
    (range.low_s, range.high_s)
}

/// (a) One region: a Multi-AZ database with 30 days of backups, a scaling group over three zones, a load balancer, and a
/// versioned bucket. Everything is encrypted, and nothing is in another region.
fn one_region() -> Lab {
    let mut lab = Lab::new();
    lab.add(database(HOME, "orders"))
        .add(key_in(HOME, "data"))
        .add(bucket_in(HOME, "acme-orders"))
        .add(group_in(HOME, "web", 3))
        .add(balancer_in(HOME, "web"));
    lab
}

/// All of them, with their names.
pub fn estates() -> [(&'static str, Lab); 3] {
    [("one region", one_region()), ("pilot light", pilot_light()), ("warm standby", warm_standby())]
}

#[test]
fn a_estate_of_one_region_survives_a_zone_and_not_the_region() {
    let lab = one_region();
    let (recovery, verdict) = lab.run();

    // The standby is written to in step, so nothing is lost; RDS fails over by itself in 60 to 120 s. The group and the
    // load balancer go on in other zones, and S3 spans them. Nobody has to see or decide anything.
    let zone = scenario(&recovery, Scenario::Zone);
    assert_eq!((ends(&zone.rpo), zone.rpo.grade), ((Some(0), Some(0)), Grade::C));
    assert_eq!((ends(&zone.rto), zone.rto.grade), ((Some(60), Some(120)), Grade::C));
    assert_eq!(zone.outcome, RecoveryOutcome::Pass);

    // Nothing is anywhere else, and everything that could show it was read: not unknown, but lost.
    let region = scenario(&recovery, Scenario::Region);
    assert_eq!((ends(&region.rpo), ends(&region.rto)), ((None, None), (None, None)));
    assert_eq!(region.outcome, RecoveryOutcome::Fail);
    assert!(region.unread.is_empty(), "{:?}", region.unread);

    // The latest restorable time is 11:56, four minutes before the as-of time: 240 s. The restore takes 10 to 45 min, and
    // 100 GiB 2 to 17 min more: 720 to 3,720 s. Restoring versions of the bucket takes 5 min to 4 h, which is longer.
    // With 1 to 3 min until it is seen and 0 to 5 min until it is decided: at best 60 + 720, at worst 180 + 300 + 14,400.
    let corruption = scenario(&recovery, Scenario::Corruption);
    assert_eq!((ends(&corruption.rpo), corruption.rpo.grade), ((Some(240), Some(240)), Grade::C));
    let orders = lost(corruption, "orders");
    assert_eq!((orders.act_low_s, orders.act_high_s), (Some(720), Some(3_720)));
    assert_eq!(ends(&corruption.rto), (Some(780), Some(14_880)));
    assert!(!corruption.gated);

    assert_eq!(verdict.decision, Decision::NoGo);
    assert!(
        verdict.reasons[0].contains("loss of the region") && verdict.reasons[0].contains("∞"),
        "{verdict:?}"
    );

    // Encryption has nothing to say about it.
    let inventory = lab.inventory();
    let check = crate::checks::find("STO-18").unwrap();
    let found = inventory.of(&db_instance::KIND).next().unwrap();
    assert_eq!(check.of_resource(found, &lab.view(&inventory)), Some(Ok(Outcome::Pass)));
}

#[test]
fn the_as_of_time_is_the_only_clock() {
    let lab = one_region();
    assert_eq!(lab.run(), lab.run());
    // A minute later the newest restorable moment lies a minute further back, and nothing else has changed.
    let later = Lab { as_of: AS_OF + Duration::minutes(1), ..lab };
    let corruption = later.run().0;
    assert_eq!(ends(&scenario(&corruption, Scenario::Corruption).rpo), (Some(300), Some(300)));
}

/// (b) Pilot light: a read replica, a replicated bucket, a global table and a copied image. The copied recovery point is
/// encrypted under a key that exists at home alone.
pub fn pilot_light() -> Lab {
    let mut lab = Lab::new();
    let mut replica = database(AWAY, "orders-replica");
    replica
        .set(&db_instance::REPLICATE_SOURCE_DB, database_arn(HOME, "orders"))
        .set(&db_instance::REPLICATION_STATUS, "replicating".to_owned());
    let mut point = resource("aws_backup_recovery_point", AWAY, "arn:aws:backup:eu-west-1::point/1");
    point
        .set(&recovery_point::RESOURCE_ARN, database_arn(HOME, "orders"))
        .set(&recovery_point::STATUS, "COMPLETED".to_owned())
        .set(&recovery_point::CREATED_AT, "2026-03-01T11:59:30Z".to_owned())
        .set(&recovery_point::ENCRYPTED, true)
        .set(&recovery_point::ENCRYPTION_KEY_ARN, key_arn(HOME, "data"));
    let mut worker = resource("aws_instance", HOME, "i-worker");
    worker
        .set(&instance::AMI, "ami-home".to_owned())
        .set(&instance::INSTANCE_STATE, "running".to_owned())
        .set(&instance::INSTANCE_TYPE, "m7g.large".to_owned())
        .set_opt(&instance::AUTOSCALING_GROUP, None)
        .set_opt(&instance::IAM_INSTANCE_PROFILE, None)
        .set(&instance::VPC_SECURITY_GROUP_IDS, Vec::<String>::new());
    let image = |region: &str, id: &str, source: Option<&str>| {
        let mut image = resource("aws_ami", region, id);
        image
            .set(&ami::NAME, "worker-42".to_owned())
            .set(&ami::STATE, "available".to_owned())
            .set_opt(&ami::SOURCE_AMI_ID, source.map(str::to_owned));
        image
    };
    let mut objects = bucket_in(HOME, "acme-orders");
    replicate(&mut objects, "acme-orders-dr");
    let latency =
        [("SourceBucket", "acme-orders"), ("DestinationBucket", "acme-orders-dr"), ("RuleId", "all")];
    lab.add(database(HOME, "orders"))
        .add(replica)
        .add(point)
        .add(key_in(HOME, "data"))
        .add(key_in(AWAY, "data"))
        .add(objects)
        .add(bucket_in(AWAY, "acme-orders-dr"))
        .add(table_in(HOME, "carts", Some(AWAY)))
        .add(worker)
        .add(image(HOME, "ami-home", None))
        .add(image(AWAY, "ami-away", Some("ami-home")))
        .add(subnet_in(AWAY))
        .add(quota_in(HOME, VCPUS, 64.0))
        .add(quota_in(AWAY, VCPUS, 5.0))
        .add(used_in(HOME, VCPUS, 2.0))
        .add(measured(
            AWAY,
            &metric::REPLICA_LAG,
            &[("DBInstanceIdentifier", "orders-replica")],
            3.0,
            12.0,
            30.0,
        ))
        .add(measured(AWAY, &metric::BUCKET_LATENCY, &latency, 5.0, 20.0, 40.0))
        .add(measured(
            HOME,
            &metric::TABLE_LATENCY,
            &[("TableName", "carts"), ("ReceivingRegion", AWAY)],
            900.0,
            1_100.0,
            1_500.0,
        ));
    lab
}

#[test]
fn b_key_of_one_region_shuts_the_restore_and_the_replica_is_taken() {
    let (recovery, verdict) = pilot_light().run();
    let region = scenario(&recovery, Scenario::Region);
    assert_eq!(region.target.as_deref(), Some(AWAY));

    // The recovery point is 30 s old and would lose least, but its key works only at home.
    let orders = lost(region, "orders");
    let chosen = &orders.paths[orders.path.unwrap()];
    assert_eq!(chosen.name, "read replica in another region");
    let other = &orders.paths[orders.runner_up.unwrap()];
    assert_eq!(other.name, "recovery point of AWS Backup");
    let shut: Vec<&str> = region.gates.iter().filter_map(|gate| gate.why.as_deref()).collect();
    assert!(shut.iter().any(|why| why.contains("works only there")), "{shut:?}");

    // p95 of the lag is 12 s, and is taken for at least 60 s; the newest value is 3 s. The bucket was at most 40 s behind,
    // the table 1.5 s, which counts as 2. The worst of them decides.
    assert_eq!((orders.rpo_low_s, orders.rpo_high_s), (Some(3), Some(60)));
    let carts = lost(region, "carts");
    assert_eq!((carts.rpo_low_s, carts.rpo_high_s), (Some(0), Some(2)));
    assert_eq!(
        (lost(region, "acme-orders").rpo_low_s, lost(region, "acme-orders").rpo_high_s),
        (Some(5), Some(40))
    );
    assert_eq!((ends(&region.rpo), region.rpo.grade), ((Some(5), Some(60)), Grade::B));
    assert_eq!(region.rpo.outcome, RecoveryOutcome::Pass);

    // Promotion takes 5 to 15 min. The worker is launched from the copied image in 2 to 10 min, and nothing tells what it
    // needs: at best it waits for nobody, at worst for the promotion. 60 + 0 + 300 to 180 + 300 + 900 + 600.
    assert_eq!(ends(&region.rto), (Some(360), Some(1_980)));
    assert_eq!(region.rto.outcome, RecoveryOutcome::Undetermined);
    assert!(recovery.notes.iter().any(|note| note.contains("wait for every store")), "{:?}", recovery.notes);

    // The image and a subnet are there, and two vCPUs fit into five of which none is used: those gates are open. The restore
    // is the one path that is shut, by its key alone.
    let restore = &orders.paths[orders.runner_up.unwrap()];
    let closed: Vec<&str> = restore
        .gates
        .iter()
        .filter(|gate| gate.state == "shut" && gate.effect == RecoveryGateEffect::Closes)
        .map(|gate| gate.name.as_str())
        .collect();
    assert_eq!(closed, ["key"]);
    let worker = lost(region, "i-worker");
    assert!(worker.paths[0].gates.iter().all(|gate| gate.state == "open"), "{:?}", worker.paths[0].gates);

    // Three kinds of data go from the US to the EU.
    assert_eq!(region.flows.len(), 3);
    // Nor does the worker certainly come back within 15 min when a zone is lost: nobody replaces it by itself.
    assert_eq!(verdict.decision, Decision::Undetermined, "{:?}", verdict.reasons);
}

fn answer(role: &str, region: &str, check: Option<&str>) -> Resource {
    let mut answer = resource("aws_route53_record", GLOBAL, &format!("Z1_shop.example_A_{role}"));
    let alias = record::Alias {
        name: format!("dualstack.web-1.{region}.elb.amazonaws.com."),
        evaluate_target_health: true,
        ..Default::default()
    };
    answer
        .set(&record::FQDN, "shop.example".to_owned())
        .set(&record::TYPE, "A".to_owned())
        .set(&record::ALIAS, vec![alias])
        .set(&record::RECORDS, Vec::<String>::new())
        .set_opt(&record::TTL, None)
        .set_opt(&record::HEALTH_CHECK_ID, check.map(str::to_owned))
        .set(&record::FAILOVER_ROUTING_POLICY, vec![record::Failover { role: role.into() }]);
    answer
}

/// (c) Warm standby: as many instances serve there as here, behind a name that fails over by a health check.
fn warm_standby() -> Lab {
    let mut lab = Lab::new();
    let mut objects = bucket_in(HOME, "acme-orders");
    replicate(&mut objects, "acme-orders-dr");
    let latency =
        [("SourceBucket", "acme-orders"), ("DestinationBucket", "acme-orders-dr"), ("RuleId", "all")];
    let mut check = resource("aws_route53_health_check", GLOBAL, "hc-1");
    check.set(&health_check::REQUEST_INTERVAL, 10).set(&health_check::FAILURE_THRESHOLD, 3);
    let home = balancer_in(HOME, "web");
    let targets = "arn:aws:elasticloadbalancing:us-west-2:111122223333:targetgroup/web/1";
    let mut behind = resource("aws_lb_target_group", HOME, targets).with_arn(targets);
    behind
        .set(&target_group::LOAD_BALANCER_ARNS, vec![home.id().to_owned()])
        .set(&target_group::TARGETS, Vec::<target_group::Target>::new())
        .set(&target_group::HEALTH_CHECK, serde_json::json!([{"interval": 10, "healthy_threshold": 5}]));
    let mut group = group_in(HOME, "web", 3);
    group.set(&stateward_model::kinds::autoscaling::group::TARGET_GROUP_ARNS, vec![targets.to_owned()]);
    lab.add(home)
        .add(balancer_in(AWAY, "web"))
        .add(behind)
        .add(group)
        .add(group_in(AWAY, "web", 3))
        .add(objects)
        .add(bucket_in(AWAY, "acme-orders-dr"))
        .add(table_in(HOME, "carts", Some(AWAY)))
        .add(check)
        .add(answer("PRIMARY", HOME, Some("hc-1")))
        .add(answer("SECONDARY", AWAY, None))
        .add(measured(AWAY, &metric::BUCKET_LATENCY, &latency, 5.0, 20.0, 40.0))
        .add(measured(
            HOME,
            &metric::TABLE_LATENCY,
            &[("TableName", "carts"), ("ReceivingRegion", AWAY)],
            900.0,
            1_100.0,
            1_500.0,
        ));
    lab
}

#[test]
fn c_warm_standby_meets_both_objectives_with_a_measured_lag() {
    let (recovery, verdict) = warm_standby().run();
    let region = scenario(&recovery, Scenario::Region);

    // The bucket was at most 40 s behind, the table 2 s: both measured.
    assert_eq!((ends(&region.rpo), region.rpo.grade), ((Some(5), Some(40)), Grade::B));
    assert_eq!(region.rpo.outcome, RecoveryOutcome::Pass);

    // Three checks in a row, 10 s apart: 30 s. Deciding to move the clients of table and bucket: up to 300 s. Moving them:
    // up to 60 s, for which the instances may wait, that serve already. Five checks of the target group, 10 s apart: 50 s.
    // Answers live 60 s, and the change travels up to 60 s. 30 + 50 at best, 30 + 300 + 60 + 50 + 120 at worst.
    assert_eq!(ends(&region.rto), (Some(80), Some(560)));
    assert_eq!(region.rto.outcome, RecoveryOutcome::PassOnAssumption);
    let steps: Vec<&str> = region.critical_path.iter().map(|segment| segment.step.as_str()).collect();
    assert_eq!(steps.first(), Some(&"detect"));
    assert_eq!(steps.last(), Some(&"dns"));
    let sum: u64 = region.critical_path.iter().filter_map(|segment| segment.high_s).sum();
    assert_eq!(Some(sum), region.rto.high_s, "the printed steps add up to the printed number");

    let zone = scenario(&recovery, Scenario::Zone);
    assert_eq!(
        (ends(&zone.rto), zone.resources.len(), zone.outcome),
        ((Some(0), Some(0)), 0, RecoveryOutcome::Pass)
    );
    assert_eq!((verdict.decision, verdict.decision.exit_code()), (Decision::Go, 0), "{:?}", verdict.reasons);

    // Each assumption under it has somebody who answers for it.
    let keys: Vec<&str> = recovery.assumptions.iter().map(|it| it.key.as_str()).collect();
    assert!(
        keys.contains(&"recovery.times.decide") && keys.contains(&"recovery.times.bucket-switch"),
        "{keys:?}"
    );
    assert!(recovery.assumptions.iter().all(|it| !it.owner.is_empty() && it.uses > 0));
}

#[test]
fn a_release_gate_that_asks_for_measurements_is_not_content_with_assumptions() {
    let mut lab = warm_standby();
    lab.layered("[recovery]\nleast_grade = \"B\"\n");
    let (recovery, verdict) = lab.run();
    assert_eq!(scenario(&recovery, Scenario::Region).rto.outcome, RecoveryOutcome::Undetermined);
    assert_eq!(verdict.decision, Decision::Undetermined);
}

#[test]
fn d_one_refused_metric_leaves_it_undetermined_and_is_named() {
    let mut lab = warm_standby();
    let gap = lab.deny("aws_cloudwatch_metric", HOME);
    let (recovery, verdict) = lab.run();
    let region = scenario(&recovery, Scenario::Region);
    assert_eq!((region.rpo.high_s, region.rpo.outcome), (None, RecoveryOutcome::Undetermined));
    assert_eq!((verdict.decision, verdict.decision.exit_code()), (Decision::Undetermined, 3));
    assert_eq!(gap.call, "cloudwatch:GetMetricData");
    assert!(
        verdict.reasons.iter().any(|reason| reason.contains("cloudwatch:GetMetricData: denied")),
        "{verdict:?}"
    );
}

#[test]
fn what_is_declared_empty_is_left_out_and_said() {
    let mut lab = warm_standby();
    let mut queue = resource("aws_sqs_queue", HOME, "https://sqs.us-west-2.amazonaws.com/111122223333/mail");
    queue.set(&stateward_model::kinds::sqs::queue::MESSAGE_RETENTION_SECONDS, 345_600);
    lab.add(queue);
    // Messages wait for up to four days, and nothing copies them.
    assert_eq!(scenario(&lab.run().0, Scenario::Region).rpo.high_s, Some(345_600));
    assert_eq!(lab.run().1.decision, Decision::Undetermined);
    lab.layered("[recovery]\nempty = [\"*/mail\"]\n");
    let (recovery, verdict) = lab.run();
    assert_eq!(verdict.decision, Decision::Go, "{:?}", verdict.reasons);
    assert!(recovery.notes.iter().any(|note| note.contains("declared empty")));
}

#[test]
fn a_workload_is_what_its_rule_names_and_what_that_needs() {
    let mut lab = one_region();
    lab.layered(
        "[[recovery.workloads]]\nname = \"shop\"\nentry_points = [\"web\"]\nstrategy = \"warm-standby\"\nrto = \"1m\"\n\
         [[recovery.workloads]]\nname = \"nothing\"\nresources = [\"no-such-thing\"]\n",
    );
    let (recovery, verdict) = lab.run();
    assert_eq!(recovery.workloads.len(), 2);
    assert_eq!(recovery.workloads[0].strategy.as_deref(), Some("warm-standby"));
    assert_eq!(recovery.scenarios[0].rto.objective_s, 60);
    assert_eq!((recovery.workloads[0].stores, recovery.workloads[1].resources), (0, 0));
    assert!(
        verdict.reasons.iter().any(|reason| reason.contains("nothing: nothing was found")),
        "{verdict:?}"
    );
}

#[test]
fn what_terraform_knows_connects_a_worker_with_its_database() {
    let mut lab = pilot_light();
    let stands = |kind: &str, id: &str, address: &str, needs: &[&str]| Declaration {
        identity: resource(stateward_model::kinds::find(kind).unwrap().name, HOME, id).address,
        address: address.to_owned(),
        state: "terraform.tfstate".to_owned(),
        dependencies: needs.iter().map(|it| (*it).to_owned()).collect(),
    };
    lab.declared = vec![
        stands("aws_db_instance", "orders", "module.data.aws_db_instance.orders", &[]),
        stands("aws_instance", "i-worker", "aws_instance.worker[0]", &["aws_security_group.worker"]),
        stands(
            "aws_security_group",
            "sg-1",
            "aws_security_group.worker",
            &["module.data.aws_db_instance.orders"],
        ),
    ];
    let (recovery, _) = lab.run();
    let region = scenario(&recovery, Scenario::Region);
    // Now the worker waits for the promotion in the best case too: 60 + 300 + 120.
    assert_eq!(ends(&region.rto), (Some(480), Some(1_980)));
    assert!(!recovery.notes.iter().any(|note| note.contains("wait for every store")));
    let way: Vec<&str> =
        region.critical_path.iter().filter_map(|segment| segment.address.as_deref()).collect();
    assert_eq!(way, ["module.data.aws_db_instance.orders", "aws_instance.worker[0]"]);
}
