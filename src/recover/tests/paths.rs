//! Single paths, with numbers that were worked out by hand.

use stateward_model::kinds::backup::{copy_job, recovery_point, restore_job};
use stateward_model::kinds::cloudwatch::metric;
use stateward_model::kinds::ec2::compute::{snapshot, volume};
use stateward_model::kinds::rds::{cluster, db_instance, global_cluster};
use stateward_model::kinds::s3::bucket;
use stateward_model::{GLOBAL, Resource};

use super::*;
use crate::check::StateFacts;
use crate::recover::Grade;
use crate::result::{Decision, RecoveryFigure, RecoveryOutcome, RecoveryPath};

fn only(lab: &Lab, name: Scenario, id: &str) -> RecoveryResource {
    lost(scenario(&lab.run().0, name), id).clone()
}

fn way<'r>(resource: &'r RecoveryResource, name: &str) -> &'r RecoveryPath {
    resource
        .paths
        .iter()
        .find(|path| path.name == name)
        .unwrap_or_else(|| panic!("{name}: {:?}", resource.paths))
}

fn number(figure: &RecoveryFigure) -> (Option<u64>, Option<u64>, Grade) {
    (figure.low_s, figure.high_s, figure.grade)
}

/// A restore of 100 GiB that took twenty minutes.
fn rehearsal(day: &str, validation: Option<&str>) -> Resource {
    let mut job = resource("aws_backup_restore_job", HOME, "job-1");
    job.set(&restore_job::RESOURCE_TYPE, "RDS".to_owned())
        .set(&restore_job::STATUS, "COMPLETED".to_owned())
        .set_opt(&restore_job::VALIDATION_STATUS, validation.map(str::to_owned))
        .set(&restore_job::CREATED_AT, format!("{day}T08:00:00Z"))
        .set(&restore_job::COMPLETED_AT, format!("{day}T08:20:00Z"))
        .set(&restore_job::BACKUP_SIZE, 100i64 << 30);
    job
}

fn restored(size: i64, job: Resource) -> (Option<u64>, Option<u64>, Grade) {
    let mut lab = Lab::new();
    let mut orders = database(HOME, "orders");
    orders.set(&db_instance::ALLOCATED_STORAGE, size);
    lab.add(orders).add(key_in(HOME, "data")).add(job);
    number(&way(&only(&lab, Scenario::Corruption, "orders"), "point-in-time restore").act)
}

#[test]
fn a_rehearsal_takes_the_place_of_an_assumption_and_is_scaled_by_size() {
    // 20 minutes for 100 GiB: the same for the same size.
    assert_eq!(restored(100, rehearsal("2026-02-20", None)), (Some(1_200), Some(1_200), Grade::A));
    // Twice the size is still alike, and takes twice as long.
    assert_eq!(restored(200, rehearsal("2026-02-20", None)), (Some(2_400), Some(2_400), Grade::A));
    // Three times is not alike, and only a measurement.
    assert_eq!(restored(300, rehearsal("2026-02-20", None)), (Some(3_600), Some(3_600), Grade::B));
    // A smaller one is not scaled down.
    assert_eq!(restored(10, rehearsal("2026-02-20", None)), (Some(1_200), Some(1_200), Grade::B));
    // After 90 days it is no rehearsal any more.
    assert_eq!(restored(100, rehearsal("2025-11-01", None)), (Some(1_200), Some(1_200), Grade::B));
    // One that did not pass its validation proves nothing: 10 to 45 min, and 2 to 17 min for 100 GiB.
    assert_eq!(restored(100, rehearsal("2026-02-20", Some("FAILED"))), (Some(720), Some(3_720), Grade::D));
}

#[test]
fn a_standby_that_is_not_there_yet_does_not_take_over() {
    let mut lab = Lab::new();
    let mut orders = database(HOME, "orders");
    orders.set_opt(&db_instance::SECONDARY_AVAILABILITY_ZONE, None);
    lab.add(orders);
    let found = only(&lab, Scenario::Zone, "orders");
    assert_eq!((found.path, found.rpo_high_s), (None, None));
    assert!(found.paths[0].gates[0].why.as_deref().is_some_and(|why| why.contains("no standby exists")));
}

#[test]
fn a_replica_that_stands_still_is_no_way_back() {
    let mut lab = Lab::new();
    let mut replica = database(AWAY, "copy");
    replica
        .set(&db_instance::REPLICATE_SOURCE_DB, database_arn(HOME, "orders"))
        .set(&db_instance::REPLICATION_STATUS, "replicating".to_owned());
    let lag = |newest| {
        measured(AWAY, &metric::REPLICA_LAG, &[("DBInstanceIdentifier", "copy")], newest, 90.0, 200.0)
    };
    lab.add(database(HOME, "orders")).add(replica).add(key_in(AWAY, "data"));
    let mut well = lab.clone();
    // The newest value is 70 s, and 95 % were up to 90 s.
    let found = only(well.add(lag(70.0)), Scenario::Region, "orders");
    assert_eq!((found.rpo_low_s, found.rpo_high_s), (Some(70), Some(90)));
    let found = only(lab.add(lag(-1.0)), Scenario::Region, "orders");
    assert_eq!((found.rpo_low_s, found.rpo_high_s), (None, None));
}

#[test]
fn a_global_database_loses_its_measured_lag() {
    let arn = |region: &str| format!("arn:aws:rds:{region}:{ACCOUNT}:cluster:shop");
    let aurora = |region: &str| {
        let mut aurora = resource("aws_rds_cluster", region, "shop").with_arn(arn(region));
        aurora
            .set(&cluster::ENGINE, "aurora-postgresql".to_owned())
            .set(&cluster::STATUS, "available".to_owned())
            .set(&cluster::MEMBERS, Vec::<cluster::Member>::new())
            .set(&cluster::BACKUP_RETENTION_PERIOD, 7)
            .set(&cluster::LATEST_RESTORABLE_TIME, "2026-03-01T11:59:00Z".to_owned())
            .set_opt(&cluster::KMS_KEY_ID, None)
            .set_opt(&cluster::REPLICATION_SOURCE_IDENTIFIER, None);
        aurora
    };
    let member =
        |region: &str, is_writer| global_cluster::GlobalMember { db_cluster_arn: arn(region), is_writer };
    let mut global = resource("aws_rds_global_cluster", GLOBAL, "shop-global");
    global.set(&global_cluster::GLOBAL_CLUSTER_MEMBERS, vec![member(HOME, true), member(AWAY, false)]);
    let mut lab = Lab::new();
    lab.add(aurora(HOME)).add(aurora(AWAY)).add(global).add(measured(
        HOME,
        &metric::AURORA_RPO_LAG,
        &[("DBClusterIdentifier", "shop")],
        200.0,
        800.0,
        4_000.0,
    ));
    let found = only(&lab, Scenario::Region, "shop");
    let chosen = way(&found, "global database");
    // 0.8 s count as 1; the failover takes 60 s to 10 min by the book.
    assert_eq!(number(&chosen.rpo), (Some(0), Some(1), Grade::B));
    assert_eq!(number(&chosen.act), (Some(60), Some(600), Grade::D));
    assert_eq!(found.path, Some(0));
    // What an engine calls a cluster need not be one of Aurora.
    let mut lab = Lab::new();
    let mut documents = aurora(HOME);
    documents.set(&cluster::ENGINE, "docdb".to_owned());
    let found = only(lab.add(documents), Scenario::Zone, "shop");
    assert!(found.paths[0].unseen, "{found:?}");
}

#[test]
fn a_promise_stands_where_nothing_was_measured_and_a_rule_that_leaves_objects_out_does_not() {
    let mut lab = Lab::new();
    let mut objects = bucket_in(HOME, "acme-orders");
    replicate(&mut objects, "acme-orders-dr");
    lab.add(objects.clone()).add(bucket_in(AWAY, "acme-orders-dr"));
    // Replication time control: 99.9 % within 15 minutes.
    let found = only(&lab, Scenario::Region, "acme-orders");
    assert_eq!(number(&way(&found, "replication to another bucket").rpo), (Some(0), Some(900), Grade::C));
    // A measurement that was refused is something else than none.
    let mut blind = lab.clone();
    blind.deny("aws_cloudwatch_metric", AWAY);
    assert_eq!(only(&blind, Scenario::Region, "acme-orders").rpo_high_s, None);

    let default = bucket::DefaultEncryption { kms_master_key_id: None, sse_algorithm: "aws:kms".into() };
    let rule = bucket::EncryptionRule {
        apply_server_side_encryption_by_default: vec![default],
        ..Default::default()
    };
    objects.set(&bucket::ENCRYPTION, vec![bucket::Encryption { rule: vec![rule] }]);
    let mut lab = Lab::new();
    let found =
        only(lab.add(objects).add(bucket_in(AWAY, "acme-orders-dr")), Scenario::Region, "acme-orders");
    assert_eq!((found.path, found.rpo_low_s), (None, None));
}

#[test]
fn the_copy_of_a_snapshot_is_as_old_as_its_source() {
    let snapshot = |region: &str, id: &str, description: &str, start: &str| {
        let mut taken = resource("aws_ebs_snapshot", region, id);
        taken
            .set(&snapshot::VOLUME_ID, if region == HOME { "vol-1" } else { "vol-ffffffff" }.to_owned())
            .set(&snapshot::DESCRIPTION, description.to_owned())
            .set(&snapshot::START_TIME, start.to_owned())
            .set(&snapshot::STATE, "completed".to_owned())
            .set_opt(&snapshot::KMS_KEY_ID, None);
        taken
    };
    let mut disk =
        resource("aws_ebs_volume", HOME, "vol-1").with_arn("arn:aws:ec2:us-west-2:111122223333:volume/vol-1");
    disk.set(&volume::ATTACHMENTS, Vec::<volume::Attachment>::new())
        .set(&volume::SIZE, 100)
        .set_opt(&volume::KMS_KEY_ID, None);
    let mut lab = Lab::new();
    lab.add(disk)
        .add(snapshot(HOME, "snap-1", "nightly", "2026-03-01T06:00:00Z"))
        .add(snapshot(HOME, "snap-2", "nightly", "2026-03-01T11:00:00Z"))
        .add(snapshot(AWAY, "snap-9", "[Copied snap-1 from us-west-2] nightly", "2026-03-01T11:50:00Z"));
    // At home the newest is an hour old; of the copy the source counts, and that is six hours old.
    assert_eq!(only(&lab, Scenario::Zone, "vol-1").rpo_high_s, Some(3_600));
    assert_eq!(only(&lab, Scenario::Region, "vol-1").rpo_high_s, Some(6 * 3_600));
}

#[test]
fn a_copied_recovery_point_is_as_old_as_it_is_and_as_its_copy_takes() {
    let mut point = resource("aws_backup_recovery_point", AWAY, "point-1");
    point
        .set(&recovery_point::RESOURCE_ARN, database_arn(HOME, "orders"))
        .set(&recovery_point::STATUS, "COMPLETED".to_owned())
        .set(&recovery_point::CREATED_AT, "2026-03-01T11:00:00Z".to_owned())
        .set(&recovery_point::ENCRYPTED, true)
        .set(&recovery_point::ENCRYPTION_KEY_ARN, key_arn(AWAY, "vault"));
    let copy = |number: usize, account: &str| {
        let mut job = resource("aws_backup_copy_job", HOME, &format!("copy-{number}"));
        job.set(&copy_job::RESOURCE_ARN, database_arn(HOME, "orders"))
            .set(&copy_job::STATE, "COMPLETED".to_owned())
            .set(&copy_job::CREATED_AT, "2026-03-01T11:00:00Z".to_owned())
            .set(&copy_job::COMPLETED_AT, format!("2026-03-01T11:{number:02}:00Z"))
            .set(&copy_job::PLAN_ID, "plan".to_owned())
            .set(
                &copy_job::DESTINATION_VAULT_ARN,
                format!("arn:aws:backup:{AWAY}:{account}:backup-vault:dr"),
            );
        job
    };
    let mut lab = Lab::new();
    lab.add(database(HOME, "orders")).add(key_in(AWAY, "vault")).add(point);
    for number in 1..=20 {
        lab.add(copy(number, ACCOUNT));
    }
    // An hour old; of twenty copies that took 1 to 20 minutes, the nineteenth stands for 95 %.
    let found = only(&lab, Scenario::Region, "orders");
    let chosen = way(&found, "recovery point of AWS Backup");
    assert_eq!(number(&chosen.rpo), (Some(3_600), Some(3_600 + 19 * 60), Grade::B));
    // None of them left the account.
    assert!(only(&lab, Scenario::Account, "orders").paths.is_empty());
    lab.add(copy(30, "999988887777"));
    let found = only(&lab, Scenario::Account, "orders");
    assert_eq!((found.rpo_low_s, found.rpo_high_s), (Some(3_600), None), "its point is no longer listed");
}

#[test]
fn without_another_region_nothing_is_known_of_its_loss() {
    let mut lab = Lab::new();
    lab.layered("[[regions]]\nname = \"us-west-2\"\nrole = \"primary\"\n");
    lab.add(database(HOME, "orders"));
    let (recovery, verdict) = lab.run();
    assert_eq!(scenario(&recovery, Scenario::Region).outcome, RecoveryOutcome::Undetermined);
    assert_eq!(verdict.decision, Decision::Undetermined);
    assert!(
        verdict.reasons.iter().any(|reason| reason.contains("no other region is audited")),
        "{verdict:?}"
    );
}

#[test]
fn locks_of_states_and_nodes_of_clusters_are_not_brought_back_by_themselves() {
    let mut lab = Lab::new();
    let mut nodes = group_in(HOME, "eks-nodes-1f", 2);
    let tag = stateward_model::kinds::autoscaling::group::Tag {
        key: "eks:cluster-name".into(),
        value: "shop".into(),
        propagate_at_launch: true,
    };
    nodes.set(&stateward_model::kinds::autoscaling::group::TAG, vec![tag]);
    lab.add(table_in(HOME, "locks", None)).add(table_in(HOME, "carts", None)).add(nodes);
    let inventory = lab.inventory();
    let facts = [StateFacts { lock_table: Some("locks".into()), ..StateFacts::default() }];
    let recovery = verify(View { states: &facts, ..lab.view(&inventory) }, &[]).recovery;
    assert_eq!(recovery.workloads[0].resources, 1, "the carts");
}
