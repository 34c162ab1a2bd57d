//! What was rehearsed and what was measured, with numbers that were worked out by hand.

use stateward_model::kinds::cloudwatch::metric::{self, Figures};
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::elbv2::load_balancer;
use stateward_model::kinds::fis::experiment;
use stateward_model::kinds::rds::event;
use stateward_model::kinds::redshift;
use stateward_model::{Attr, Resource};

use super::*;
use crate::recover::Grade;
use crate::result::{RecoveryAvailability, RecoveryOutcome, RecoveryRehearsal};

fn noted(at: &str, message: &str) -> Resource {
    let mut noted = resource("aws_rds_event", HOME, &format!("db-instance/orders/{at}/{message}"));
    noted
        .set(&event::AT, at.to_owned())
        .set(&event::MESSAGE, message.to_owned())
        .set(&event::SOURCE, "orders".to_owned())
        .set(&event::SOURCE_TYPE, "db-instance".to_owned());
    noted
}

fn failed_over() -> Lab {
    let mut lab = Lab::new();
    lab.add(database(HOME, "orders"))
        .add(noted("2026-02-25T08:00:00Z", "Multi-AZ instance failover started."))
        .add(noted("2026-02-25T08:00:40Z", "Multi-AZ instance failover completed"))
        .add(noted("2026-02-27T08:00:00Z", "Multi-AZ instance failover started."))
        .add(noted("2026-02-27T08:01:35Z", "Multi-AZ instance failover completed"));
    lab
}

fn act(lab: &Lab) -> (Option<u64>, Option<u64>, Grade) {
    let zone = lost(scenario(&lab.run().0, Scenario::Zone), "orders").clone();
    let act = &zone.paths[0].act;
    (act.low_s, act.high_s, act.grade)
}

#[test]
fn a_failover_on_record_takes_the_place_of_what_the_vendor_says() {
    // It took 40 s once, and 95 s another time.
    assert_eq!(act(&failed_over()), (Some(40), Some(95), Grade::A));
    // Half a year later both are too old, and the vendor's 60 to 120 s stand again.
    let old = Lab { as_of: AS_OF + time::Duration::days(180), ..failed_over() };
    assert_eq!(act(&old), (Some(60), Some(120), Grade::C));
    // The failover of another instance says nothing of this one.
    let mut lab = Lab::new();
    lab.add(database(HOME, "orders")).add(database(HOME, "carts"));
    assert_eq!(act(&lab), (Some(60), Some(120), Grade::C));
}

#[test]
fn whether_a_failover_took_longer_is_not_known_where_its_record_was_refused() {
    let mut lab = failed_over();
    let gap = lab.deny("aws_rds_event", HOME);
    assert_eq!(act(&lab), (Some(60), None, Grade::C));
    let zone = scenario(&lab.run().0, Scenario::Zone).clone();
    assert!(zone.unread.iter().any(|unread| unread.contains(&gap.call.to_string())), "{:?}", zone.unread);
}

fn on_record(lab: &Lab) -> Vec<RecoveryRehearsal> {
    lab.run().0.rehearsals
}

#[test]
fn what_tells_no_duration_is_listed_and_proves_no_number() {
    let mut lab = Lab::new();
    let mut fault = resource("aws_fis_experiment", HOME, "EXP1");
    fault
        .set(&experiment::STATUS, "completed".to_owned())
        .set(&experiment::ACTIONS, vec!["aws:ec2:stop-instances".to_owned()])
        .set(&experiment::CREATED_AT, "2026-02-26T08:00:00Z".to_owned())
        .set(&experiment::ENDED_AT, "2026-02-26T08:10:00Z".to_owned())
        .set(&experiment::ZONAL, true);
    lab.add(database(HOME, "orders"))
        .add(fault)
        .add(noted("2026-02-25T08:00:00Z", "Multi-AZ instance failover started."));
    assert_eq!(act(&lab), (Some(60), Some(120), Grade::C));
    let found = on_record(&lab);
    let told: Vec<(&str, Option<u64>, bool)> =
        found.iter().map(|it| (it.sort.as_str(), it.took_s, it.counts)).collect();
    assert_eq!(told, [("experiment", None, false), ("failover", None, false)]);
    assert_eq!(found[0].what, "fault injection on a zone");
    assert!(found[1].why.as_deref().is_some_and(|why| why.contains("no end")));
}

#[test]
fn a_failed_failover_is_told_and_takes_no_time() {
    let mut lab = Lab::new();
    let failed = "Cluster failover failed, check the health of your cluster instances and try again.";
    lab.add(database(HOME, "orders"))
        .add(noted("2026-02-25T08:00:00Z", "Started cross AZ failover to DB instance: orders-2"))
        .add(noted("2026-02-25T08:01:00Z", failed));
    assert_eq!(act(&lab), (Some(60), Some(120), Grade::C));
    let found = on_record(&lab);
    assert_eq!((found.len(), found[0].counts, found[0].why.as_deref()), (1, false, Some("it failed")));
}

/// Counts of the load balancer `web` over a month.
fn counted(key: &Attr<Figures>, total: f64) -> Resource {
    let id = format!("{}/web", key.path());
    let mut series = resource("aws_cloudwatch_metric", HOME, &id);
    let dimensions = [("LoadBalancer".to_owned(), "app/web/1".to_owned())];
    let figures = Figures { total, points: 30, ..Figures::default() };
    series.set(&metric::DIMENSIONS, dimensions.into()).set(key, figures);
    series
}

fn availability(lab: &Lab) -> RecoveryAvailability {
    lab.run().0.workloads[0].availability.clone()
}

fn behind_a_balancer(requests: f64, failures: f64) -> Lab {
    let mut lab = Lab::new();
    lab.add(balancer_in(HOME, "web"))
        .add(counted(&metric::BALANCER_REQUESTS, requests))
        .add(counted(&metric::BALANCER_FAILURES, failures))
        .add(counted(&metric::TARGET_FAILURES, failures));
    lab
}

#[test]
fn the_lower_of_the_modelled_and_the_measured_availability_decides() {
    // A load balancer in two zones is committed to 99.99 %. Of a million requests 20 failed: 99.998 %.
    let found = availability(&behind_a_balancer(1_000_000.0, 10.0));
    let measured = found.measured.unwrap();
    assert_eq!((found.percent, measured.percent), (99.99, 99.998));
    assert_eq!((measured.requests, measured.failed, measured.balancers), (1_000_000, 20, 1));
    assert_eq!((found.outcome, found.grade), (RecoveryOutcome::Pass, Grade::C));
    // 2,000 of a million are 99.8 %, and the objective is 99.9 %.
    let found = availability(&behind_a_balancer(1_000_000.0, 1_000.0));
    assert_eq!(found.measured.unwrap().percent, 99.8);
    assert_eq!((found.outcome, found.grade), (RecoveryOutcome::Fail, Grade::B));
    // Nothing came through at all.
    assert_eq!(availability(&behind_a_balancer(0.0, 5.0)).measured.unwrap().percent, 0.0);
}

#[test]
fn what_nobody_measured_is_neither_good_nor_bad_and_what_was_refused_is_open() {
    let mut lab = Lab::new();
    lab.add(balancer_in(HOME, "web"));
    let found = availability(&lab);
    assert_eq!((found.measured, found.outcome), (None, RecoveryOutcome::Pass));
    lab.deny("aws_cloudwatch_metric", HOME);
    let found = availability(&lab);
    assert_eq!((found.measured, found.outcome), (None, RecoveryOutcome::Undetermined));
    assert!(found.unread[0].contains("cloudwatch:GetMetricData"), "{:?}", found.unread);
}

#[test]
fn what_stands_in_one_zone_has_the_commitment_of_one_zone() {
    let commitments = |lab: &Lab| -> Vec<String> {
        availability(lab).factors.into_iter().map(|factor| factor.commitment).collect()
    };
    let mut lab = Lab::new();
    lab.add(balancer_in(HOME, "web")).add(group_in(HOME, "web", 2));
    assert_eq!(commitments(&lab), ["ec2-zones", "elb"]);
    let mut narrow = Lab::new();
    let mut balancer = balancer_in(HOME, "web");
    balancer.set(&load_balancer::AVAILABILITY_ZONES, vec![format!("{HOME}a")]);
    narrow.add(balancer).add(group_in(HOME, "web", 1));
    assert_eq!(commitments(&narrow), ["ec2-instance", "elb-single-az"]);
}

#[test]
fn a_commitment_that_nobody_confirmed_is_an_assumption_with_an_owner() {
    let mut lab = Lab::new();
    lab.add(group_in(HOME, "web", 2));
    let recovery = lab.run().0;
    assert_eq!(recovery.workloads[0].availability.outcome, RecoveryOutcome::PassOnAssumption);
    let told = recovery.assumptions.iter().find(|it| it.key == "recovery.commitments.ec2-zones").unwrap();
    assert_eq!((told.value.as_str(), told.uses, told.owner.is_empty()), ("99.99 %", 1, false));
}

/// A replication group that keeps snapshots, and is a member of the global datastore `carts`.
fn cache_in(region: &str, id: &str, role: &str) -> Resource {
    let mut cache = resource("aws_elasticache_replication_group", region, id);
    cache
        .set(&replication_group::ENGINE, "redis".to_owned())
        .set(&replication_group::AUTOMATIC_FAILOVER_ENABLED, true)
        .set(&replication_group::MULTI_AZ_ENABLED, true)
        .set(&replication_group::SNAPSHOT_RETENTION_LIMIT, 7)
        .set(&replication_group::GLOBAL_REPLICATION_GROUP_ID, "carts".to_owned())
        .set(&replication_group::GLOBAL_ROLE, role.to_owned())
        .set(&replication_group::STATUS, "available".to_owned())
        .set_opt(&replication_group::KMS_KEY_ID, None);
    cache
}

#[test]
fn a_global_datastore_loses_what_its_secondary_is_behind() {
    let mut lab = Lab::new();
    lab.add(cache_in(HOME, "carts-us", "PRIMARY")).add(cache_in(AWAY, "carts-eu", "SECONDARY"));
    let lag = [("GlobalReplicationGroupId", ""), ("ReplicationGroupId", "carts-eu")];
    let blind = lab.clone();
    lab.add(measured(AWAY, &metric::CACHE_LAG, &lag, 0.4, 2.5, 9.0));
    let recovery = lab.run().0;
    let found = lost(scenario(&recovery, Scenario::Region), "carts-us");
    let chosen = &found.paths[found.path.unwrap()];
    // 2.5 s count as 3, and the promotion is taken for 1 to 5 min.
    assert_eq!((chosen.name.as_str(), chosen.to.as_str()), ("global datastore", "eu-west-1/carts-eu"));
    assert_eq!((chosen.rpo.low_s, chosen.rpo.high_s, chosen.rpo.grade), (Some(0), Some(3), Grade::B));
    assert_eq!((chosen.act.low_s, chosen.act.high_s, chosen.act.grade), (Some(60), Some(300), Grade::D));
    // Without a measurement nobody knows how far it is behind.
    let recovery = blind.run().0;
    assert_eq!(lost(scenario(&recovery, Scenario::Region), "carts-us").rpo_high_s, None);
    assert!(!scenario(&recovery, Scenario::Region).unread.is_empty());
    // The secondary is no resource of its own.
    let mut away = Lab::new();
    away.add(cache_in(HOME, "carts-us", "SECONDARY"));
    assert_eq!(away.run().0.workloads[0].resources, 0);
}

fn snapshot_in(region: &str, id: &str, taken: &str, source: Option<&str>) -> Resource {
    let mut snapshot = resource("aws_redshift_snapshot", region, id);
    snapshot
        .set(&redshift::snapshot::CLUSTER_IDENTIFIER, "sales".to_owned())
        .set(&redshift::snapshot::CREATED_AT, taken.to_owned())
        .set(&redshift::snapshot::ENCRYPTED, true)
        .set(&redshift::snapshot::KMS_KEY_ID, key_arn(region, "data"))
        .set_opt(&redshift::snapshot::SOURCE_REGION, source.map(str::to_owned))
        .set(&redshift::snapshot::STATUS, "available".to_owned());
    snapshot
}

#[test]
fn a_warehouse_comes_back_from_the_newest_snapshot_that_was_copied() {
    let arn = format!("arn:aws:redshift:{HOME}:{ACCOUNT}:cluster:sales");
    let mut sales = resource("aws_redshift_cluster", HOME, "sales").with_arn(arn);
    sales.set(&redshift::cluster::MULTI_AZ, false).set_opt(&redshift::cluster::KMS_KEY_ID, None);
    let mut lab = Lab::new();
    lab.add(sales)
        .add(key_in(HOME, "data"))
        .add(snapshot_in(HOME, "rs:sales-2", "2026-03-01T11:00:00Z", None))
        .add(snapshot_in(HOME, "rs:sales-1", "2026-03-01T04:00:00Z", None));
    // At home the newest one is an hour old. Nothing was copied, and everything that could show it was read.
    let recovery = lab.run().0;
    let zone = lost(scenario(&recovery, Scenario::Zone), "sales");
    assert_eq!((zone.rpo_low_s, zone.rpo_high_s), (Some(3_600), Some(3_600)));
    assert!(lost(scenario(&recovery, Scenario::Region), "sales").paths.is_empty());
    // One of a warehouse of the same name there is no copy of this one, and the copy is six hours old.
    lab.add(key_in(AWAY, "data"))
        .add(snapshot_in(AWAY, "rs:sales-9", "2026-03-01T11:30:00Z", None))
        .add(snapshot_in(AWAY, "copy:rs:sales-0", "2026-03-01T06:00:00Z", Some(HOME)));
    let recovery = lab.run().0;
    let away = lost(scenario(&recovery, Scenario::Region), "sales");
    assert_eq!((away.rpo_low_s, away.rpo_high_s), (Some(21_600), Some(21_600)));
    lab.deny("aws_redshift_snapshot", AWAY);
    let recovery = lab.run().0;
    assert_eq!(lost(scenario(&recovery, Scenario::Region), "sales").rpo_high_s, None);
    assert_eq!(scenario(&recovery, Scenario::Region).rpo.outcome, RecoveryOutcome::Undetermined);
}
