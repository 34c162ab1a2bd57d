//! What connects an estate, and what silently breaks its recovery.

use serde_json::json;
use stateward_model::kinds::acm::certificate;
use stateward_model::kinds::backup::restore_job;
use stateward_model::kinds::ec2::compute::{ami, instance, launch_template, snapshot, volume};
use stateward_model::kinds::ec2::network::security_group;
use stateward_model::kinds::ecr::repository;
use stateward_model::kinds::ecs::{service, task_definition};
use stateward_model::kinds::elbv2::target_group;
use stateward_model::kinds::iam::{InlinePolicy, instance_profile, managed_policy, role};
use stateward_model::kinds::lambda::function;

use super::golden::pilot_light;
use super::*;
use crate::check::StateFacts;
use crate::recover::Grade;
use crate::result::{RecoveryGate, RecoveryGateEffect, RecoveryOutcome};

/// What CloudWatch counts as vCPUs of Fargate.
const FARGATE: (&str, &str) = ("fargate/L-3032A538", "OnDemand");
const DATABASES: (&str, &str) = ("rds/L-7B6409FD", "Databases");

fn group_of_rules(id: &str, from: &[&str]) -> Resource {
    let mut group = resource("aws_security_group", HOME, id);
    let rule = security_group::Rule {
        security_groups: from.iter().map(|it| (*it).to_owned()).collect(),
        ..Default::default()
    };
    group.set(&security_group::INGRESS, vec![rule]);
    group
}

fn definition_in(region: &str, image: &str) -> Resource {
    let arn = format!("arn:aws:ecs:{region}:{ACCOUNT}:task-definition/api:7");
    let container =
        task_definition::Container { name: "api".into(), image: image.into(), ..Default::default() };
    let mut definition = resource("aws_ecs_task_definition", region, &arn);
    definition
        .set(&ARN, arn.clone())
        .set(&task_definition::CONTAINER_DEFINITIONS, vec![container])
        .set_opt(&task_definition::EXECUTION_ROLE_ARN, None)
        .set_opt(&task_definition::TASK_ROLE_ARN, None);
    definition
}

fn service_in(region: &str, wanted: i64) -> Resource {
    let id = format!("arn:aws:ecs:{region}:{ACCOUNT}:service/shop/api");
    let network = service::Network {
        security_groups: Some(vec!["sg-api".into()]),
        subnets: vec![format!("subnet-{region}"), format!("subnet-{region}-b")],
        ..Default::default()
    };
    let targets = json!([{"target_group_arn": targets_arn(), "container_name": "api", "container_port": 80}]);
    let mut found = resource("aws_ecs_service", region, &id).with_name("api");
    found
        .set(&service::NAME, "api".to_owned())
        .set(&service::DESIRED_COUNT, wanted)
        .set(&service::LAUNCH_TYPE, "FARGATE".to_owned())
        .set(&service::CAPACITY_PROVIDER_STRATEGY, json!([]))
        .set(&service::NETWORK_CONFIGURATION, vec![network])
        .set(&service::TASK_DEFINITION, format!("arn:aws:ecs:{region}:{ACCOUNT}:task-definition/api:7"))
        .set(&service::LOAD_BALANCER, if region == HOME { targets } else { json!([]) });
    found
}

fn targets_arn() -> String {
    format!("arn:aws:elasticloadbalancing:{HOME}:{ACCOUNT}:targetgroup/web/1")
}

fn image_in(region: &str) -> String {
    format!("{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/shop/api:42")
}

fn repository_in(region: &str) -> Resource {
    let mut found = resource("aws_ecr_repository", region, "shop/api");
    let image = repository::Image { digest: "sha256:ab".into(), tags: vec!["42".into()], pushed_at: None };
    found.set(&repository::IMAGES, vec![image]);
    found
}

fn certificate_in(region: &str, names: &[&str], by: &Resource) -> Resource {
    let mut found =
        resource("aws_acm_certificate", region, &format!("arn:aws:acm:{region}:{ACCOUNT}:certificate/1"));
    let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
    found
        .set(&certificate::DOMAIN_NAME, names[0].clone())
        .set(&certificate::SUBJECT_ALTERNATIVE_NAMES, names)
        .set(&certificate::STATUS, "ISSUED".to_owned())
        .set(&certificate::IN_USE_BY, vec![by.id().to_owned()]);
    found
}

/// A function whose role may write to a table, by a policy of its own.
fn function_in(region: &str) -> Resource {
    let arn = format!("arn:aws:lambda:{region}:{ACCOUNT}:function:pay");
    let mut found = resource("aws_lambda_function", region, "pay").with_arn(arn);
    found
        .set(&function::FUNCTION_NAME, "pay".to_owned())
        .set(&function::ROLE, format!("arn:aws:iam::{ACCOUNT}:role/pay"))
        .set(&function::VPC_CONFIG, Vec::<function::Network>::new());
    found
}

fn role_named(name: &str, inline: Vec<InlinePolicy>, attached: &[&str]) -> Resource {
    let mut found = resource("aws_iam_role", GLOBAL, name);
    let attached: Vec<String> = attached.iter().map(|it| (*it).to_owned()).collect();
    found.set(&role::INLINE_POLICY, inline).set(&role::MANAGED_POLICY_ARNS, attached);
    found
}

fn table_arn(name: &str) -> String {
    format!("arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/{name}")
}

/// A service in a network: a load balancer before containers, which the database and its volume let in; and a function that
/// writes to a table.
fn shop() -> Lab {
    let mut lab = Lab::new();
    let (home, away) = (balancer_in(HOME, "web"), balancer_in(AWAY, "web"));
    let mut behind = resource("aws_lb_target_group", HOME, &targets_arn()).with_arn(targets_arn());
    behind
        .set(&target_group::LOAD_BALANCER_ARNS, vec![home.id().to_owned()])
        .set(&target_group::TARGETS, Vec::<target_group::Target>::new())
        .set(&target_group::HEALTH_CHECK, json!([{"interval": 10, "healthy_threshold": 5}]));
    let mut orders = database(HOME, "orders");
    orders.set(&db_instance::VPC_SECURITY_GROUP_IDS, vec!["sg-db".to_owned()]);
    let mut replica = database(AWAY, "orders-replica");
    replica
        .set(&db_instance::REPLICATE_SOURCE_DB, database_arn(HOME, "orders"))
        .set(&db_instance::REPLICATION_STATUS, "replicating".to_owned());
    let lag = &[("DBInstanceIdentifier", "orders-replica")];
    let writes = InlinePolicy {
        name: "writes".into(),
        policy: json!({"Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": table_arn("carts")}]})
            .to_string(),
    };
    let latency = &[("TableName", "carts"), ("ReceivingRegion", AWAY)];
    lab.add(certificate_in(HOME, &["shop.example"], &home))
        .add(certificate_in(AWAY, &["*.example", "shop.example"], &away))
        .add(home)
        .add(away)
        .add(behind)
        .add(service_in(HOME, 2))
        .add(service_in(AWAY, 1))
        .add(definition_in(HOME, &image_in(HOME)))
        .add(definition_in(AWAY, &image_in(AWAY)))
        .add(repository_in(AWAY))
        .add(orders)
        .add(replica)
        .add(key_in(HOME, "data"))
        .add(key_in(AWAY, "data"))
        .add(group_of_rules("sg-db", &["sg-api"]))
        .add(group_of_rules("sg-api", &[]))
        .add(measured(AWAY, &metric::REPLICA_LAG, lag, 3.0, 12.0, 30.0))
        .add(function_in(HOME))
        .add(function_in(AWAY))
        .add(role_named("pay", vec![writes], &[]))
        .add(table_in(HOME, "carts", Some(AWAY)))
        .add(measured(HOME, &metric::TABLE_LATENCY, latency, 900.0, 1_100.0, 1_500.0))
        .add(resource("aws_ecs_cluster", HOME, "shop"))
        .add(quota_in(HOME, FARGATE, 100.0))
        .add(quota_in(AWAY, FARGATE, 100.0))
        .add(used_in(HOME, FARGATE, 4.0));
    for (region, zone) in [(HOME, "a"), (HOME, "b")] {
        let id = if zone == "a" { format!("subnet-{region}") } else { format!("subnet-{region}-b") };
        let mut subnet = resource("aws_subnet", region, &id);
        subnet
            .set(&stateward_model::kinds::ec2::network::subnet::AVAILABILITY_ZONE, format!("{region}{zone}"));
        lab.add(subnet);
    }
    lab
}

/// The same, whole and as workloads that find their stores by what was read alone.
pub fn connected() -> [(&'static str, Lab); 4] {
    let mut entered = shop();
    entered.layered("[[recovery.workloads]]\nname = \"shop\"\nentry_points = [\"web\"]\n");
    let mut function = shop();
    function.layered("[[recovery.workloads]]\nname = \"pay\"\nresources = [\"pay\"]\n");
    let mut rehearsed = copied();
    let mut job = resource("aws_backup_restore_job", HOME, "job-1");
    job.set(&restore_job::RESOURCE_TYPE, "RDS".to_owned())
        .set(&restore_job::STATUS, "COMPLETED".to_owned())
        .set_opt(&restore_job::VALIDATION_STATUS, None)
        .set(&restore_job::CREATED_AT, "2026-02-20T08:00:00Z".to_owned())
        .set(&restore_job::COMPLETED_AT, "2026-02-20T18:00:00Z".to_owned())
        .set(&restore_job::BACKUP_SIZE, 100i64 << 30);
    rehearsed.add(job);
    [
        ("shop", shop()),
        ("shop by its entry", entered),
        ("pay by its function", function),
        ("a restore that was rehearsed for hours", rehearsed),
    ]
}

fn region(lab: &Lab) -> RecoveryScenario {
    scenario(&lab.run().0, Scenario::Region).clone()
}

fn gate<'r>(of: &'r RecoveryResource, name: &str) -> &'r RecoveryGate {
    let mut gates = of.paths.iter().flat_map(|path| &path.gates).filter(|gate| gate.name == name);
    gates.next().unwrap_or_else(|| panic!("{name}: {:?}", of.paths))
}

fn swap(lab: &mut Lab, kind: &'static str, at: &str, id: &str, change: impl FnOnce(&mut Resource)) {
    let all = &mut lab.readings.get_mut(&(kind, at.to_owned())).unwrap().resources;
    change(all.iter_mut().find(|found| found.id() == id).unwrap_or_else(|| panic!("{kind} {id}")));
}

fn gap() -> Gap {
    Gap::new("call:It", Cause::Denied, "not authorized")
}

#[test]
fn an_entry_finds_its_stores_through_the_network_and_a_function_through_its_role() {
    let [_, (_, entered), (_, function), _] = connected();
    let (recovery, _) = entered.run();
    // The load balancer, the containers behind its target group, and the database that lets them in.
    assert_eq!((recovery.workloads[0].resources, recovery.workloads[0].stores), (3, 1));
    let way: Vec<String> = scenario(&recovery, Scenario::Region)
        .critical_path
        .iter()
        .filter_map(|segment| segment.resource.clone())
        .collect();
    assert_eq!(way[0], "aws_db_instance orders");
    assert!(!recovery.notes.iter().any(|note| note.contains("wait for")), "{:?}", recovery.notes);
    // Promotion 5 to 15 min, then one task more in 1 to 5 min; 1 to 3 min until it is seen, 0 to 5 until it is decided, 50 s
    // of health checks, and 2 to 10 min to edit names, since no name of Route 53 leads there.
    let region = scenario(&recovery, Scenario::Region);
    let low = 60 + 300 + 60 + 50 + 120;
    let high = 180 + 300 + 900 + 300 + 50 + 600;
    assert_eq!((region.rto.low_s, region.rto.high_s), (Some(low), Some(high)));

    let (recovery, _) = function.run();
    assert_eq!((recovery.workloads[0].resources, recovery.workloads[0].stores), (2, 1));
    assert_eq!(
        scenario(&recovery, Scenario::Region).rpo.decided_by.as_deref(),
        Some("aws_dynamodb_table carts")
    );
}

#[test]
fn a_group_of_which_nothing_is_known_waits_and_is_named() {
    let mut lab = shop();
    let before = region(&lab);
    swap(&mut lab, "aws_security_group", HOME, "sg-db", |group| {
        group.put(&security_group::INGRESS, Err(gap()));
    });
    let (recovery, _) = lab.run();
    let after = scenario(&recovery, Scenario::Region);
    // Whoever may need the database waits for it at worst, and nobody does at best.
    assert_eq!(after.rto.high_s, before.rto.high_s);
    assert!(after.rto.low_s < before.rto.low_s);
    assert!(
        after.unread.iter().any(|line| line.contains("call:It") && line.ends_with("orders")),
        "{after:?}"
    );
    assert!(recovery.notes.iter().any(|note| note.contains("was not read")), "{:?}", recovery.notes);
    // A workload that is declared may then hold the database, or not.
    let [_, (_, mut entered), ..] = connected();
    swap(&mut entered, "aws_security_group", HOME, "sg-db", |group| {
        group.put(&security_group::INGRESS, Err(gap()));
    });
    let after = region(&entered);
    assert_eq!((after.rpo.high_s, after.rto.high_s), (None, None));
    assert!(after.unread.iter().any(|line| line.contains("call:It")), "{:?}", after.unread);
}

#[test]
fn a_role_names_a_store_by_what_is_in_it_and_by_policies_of_its_own() {
    let stores = |pattern: &str| {
        let mut lab = Lab::new();
        lab.layered("[[recovery.workloads]]\nname = \"pay\"\nresources = [\"pay\"]\n");
        let document =
            json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": pattern}]}).to_string();
        let mut own = resource("aws_iam_policy", GLOBAL, "arn:aws:iam::111122223333:policy/pay");
        own.set(&managed_policy::DOCUMENT, document);
        let secret = format!("arn:aws:secretsmanager:{HOME}:{ACCOUNT}:secret:shop/db-AbCdEf");
        lab.add(function_in(HOME))
            .add(own)
            .add(role_named(
                "pay",
                vec![],
                &["arn:aws:iam::111122223333:policy/pay", "arn:aws:iam::aws:policy/X"],
            ))
            .add(table_in(HOME, "carts", None))
            .add(bucket_in(HOME, "acme-orders"))
            .add(resource("aws_secretsmanager_secret", HOME, &secret).with_arn(secret.clone()));
        lab.run().0.workloads[0].stores
    };
    assert_eq!(stores(&format!("{}/index/*", table_arn("carts"))), 1);
    assert_eq!(stores("arn:aws:dynamodb:*:*:table/carts"), 1);
    assert_eq!(stores("arn:aws:s3:::acme-orders/*"), 1);
    assert_eq!(stores("arn:aws:secretsmanager:us-west-2:111122223333:secret:shop/db-??????"), 1);
    // What names everything names nobody.
    assert_eq!(stores("*"), 0);
    assert_eq!(stores("arn:aws:dynamodb:*:*:table/*"), 0);
    assert_eq!(stores("arn:aws:s3:::acme-*"), 0);
    assert_eq!(stores("arn:aws:secretsmanager:us-west-2:111122223333:secret:shop"), 0);
}

#[test]
fn an_instance_needs_its_volume_and_what_the_role_of_its_profile_names() {
    let mut lab = Lab::new();
    lab.layered("[[recovery.workloads]]\nname = \"w\"\nresources = [\"i-worker\"]\n");
    let mut worker = resource("aws_instance", HOME, "i-worker");
    worker
        .set(&instance::AMI, "ami-1".to_owned())
        .set(&instance::INSTANCE_STATE, "running".to_owned())
        .set(&instance::INSTANCE_TYPE, "m7g.large".to_owned())
        .set_opt(&instance::AUTOSCALING_GROUP, None)
        .set(&instance::IAM_INSTANCE_PROFILE, "worker".to_owned())
        .set(&instance::VPC_SECURITY_GROUP_IDS, Vec::<String>::new());
    let mut profile = resource("aws_iam_instance_profile", GLOBAL, "worker");
    profile.set(&instance_profile::ROLE, "worker".to_owned());
    let reads = InlinePolicy {
        name: "reads".into(),
        policy: json!({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-orders"}})
            .to_string(),
    };
    let mut disk =
        resource("aws_ebs_volume", HOME, "vol-1").with_arn("arn:aws:ec2:us-west-2:111122223333:volume/vol-1");
    let held = volume::Attachment { instance_id: "i-worker".into(), ..Default::default() };
    disk.set(&volume::ATTACHMENTS, vec![held]).set(&volume::SIZE, 100).set_opt(&volume::KMS_KEY_ID, None);
    let mut taken = resource("aws_ebs_snapshot", HOME, "snap-1");
    taken
        .set(&snapshot::VOLUME_ID, "vol-1".to_owned())
        .set(&snapshot::DESCRIPTION, "nightly".to_owned())
        .set(&snapshot::START_TIME, "2026-03-01T06:00:00Z".to_owned())
        .set(&snapshot::STATE, "completed".to_owned())
        .set_opt(&snapshot::KMS_KEY_ID, None);
    lab.add(worker)
        .add(profile)
        .add(role_named("worker", vec![reads], &[]))
        .add(bucket_in(HOME, "acme-orders"))
        .add(bucket_in(HOME, "acme-others"))
        .add(disk)
        .add(taken);
    assert_eq!(lab.run().0.workloads[0].stores, 2);
    // What a profile holds and a volume hangs on is no longer known: more may belong to the workload.
    let mut blind = lab.clone();
    swap(&mut blind, "aws_ebs_volume", HOME, "vol-1", |disk| {
        disk.put(&volume::ATTACHMENTS, Err(gap()));
    });
    let zone = scenario(&blind.run().0, Scenario::Zone).clone();
    assert_eq!((zone.rpo.high_s, zone.rpo.outcome), (None, RecoveryOutcome::Undetermined));
    lab.deny("aws_iam_instance_profile", GLOBAL);
    let found = scenario(&lab.run().0, Scenario::Zone).clone();
    assert!(found.unread.iter().any(|line| line.contains("iam:ListInstanceProfiles")), "{:?}", found.unread);
}

#[test]
fn a_state_that_was_not_read_leaves_the_worst_case_open() {
    let lab = shop();
    let inventory = lab.inventory();
    let facts = [StateFacts { unread: Some(gap()), ..StateFacts::default() }];
    let recovery = verify(View { states: &facts, ..lab.view(&inventory) }, &[]).recovery;
    let found = scenario(&recovery, Scenario::Region);
    assert_eq!((found.rpo.high_s, found.rto.high_s), (None, None));
    assert!(found.unread.iter().any(|line| line.starts_with("call:It")), "{:?}", found.unread);
}

#[test]
fn a_key_has_to_let_somebody_of_its_account_decrypt() {
    let judged = |change: &dyn Fn(&mut Resource)| {
        let mut lab = pilot_light();
        swap(&mut lab, "aws_kms_key", AWAY, "data", change);
        let found = region(&lab);
        let orders = lost(&found, "orders");
        let gate = gate(orders, "key").clone();
        (gate.state, gate.why.unwrap_or_default(), orders.path.is_some(), orders.rpo_high_s)
    };
    let with = |text: String| {
        judged(&move |key| {
            key.set(&key::POLICY, text.clone());
        })
    };
    let own = format!("arn:aws:iam::{ACCOUNT}:role/restore");
    assert_eq!(with(policy("Allow", &own, "kms:Decrypt", "*")).0, "open");
    assert_eq!(with(policy("Allow", ACCOUNT, "kms:*", "*")).0, "open");

    // The replica is of no use under a key that nobody can use, however short its lag is.
    let (state, why, chosen, lost) = with(policy("Deny", "*", "kms:*", "*"));
    assert_eq!((state.as_str(), chosen, lost), ("shut", false, None));
    assert!(why.contains("refuses everybody"), "{why}");
    let (state, why, ..) = with(policy("Allow", "arn:aws:iam::999988887777:root", "kms:*", "*"));
    assert_eq!(state, "shut");
    assert!(why.contains("lets nobody of the account decrypt"), "{why}");
    assert_eq!(with(policy("Allow", &own, "kms:Describe*", "*")).0, "shut");

    let (state, why, chosen, lost) = judged(&|key| {
        key.put(&key::POLICY, Err(gap()));
    });
    assert_eq!((state.as_str(), chosen, lost), ("unknown", true, None));
    assert!(why.contains("call:It"), "{why}");
    let (state, why, ..) = judged(&|key| {
        key.set(&key::KEY_STATE, "PendingDeletion".to_owned());
    });
    assert_eq!(state, "shut");
    assert!(why.contains("about to be deleted"), "{why}");
}

#[test]
fn a_quota_that_is_too_small_costs_days_and_no_data() {
    let judged = |value: f64, used: f64| {
        let mut lab = pilot_light();
        swap(&mut lab, "aws_service_quota", AWAY, VCPUS.0, |quota| {
            quota.set(&stateward_model::kinds::quotas::quota::VALUE, value);
        });
        lab.add(used_in(AWAY, VCPUS, used));
        let found = region(&lab);
        let worker = lost(&found, "i-worker");
        let gate = gate(worker, "quota").clone();
        assert_eq!(gate.effect, RecoveryGateEffect::Delays);
        // What it adds is told with it.
        let added = worker.act_high_s.zip(gate.delay_high_s).map(|(whole, delay)| whole - delay);
        assert_eq!(added, (gate.state != "open").then_some(600));
        (gate.state, (worker.act_low_s, worker.act_high_s), found.rpo.high_s)
    };
    // Two vCPUs run at home; a launch takes 2 to 10 min.
    assert_eq!(judged(2.0, 0.0), ("open".into(), (Some(120), Some(600)), Some(60)));
    // Of one vCPU nothing of two can be started: an increase takes 1 to 5 days. The data are where they were.
    assert_eq!(judged(1.0, 0.0), ("shut".into(), (Some(120 + 86_400), Some(600 + 432_000)), Some(60)));
    // Two are in use of three: if they are the standby it fits, and else it does not.
    assert_eq!(judged(3.0, 2.0), ("unknown".into(), (Some(120), Some(600 + 432_000)), Some(60)));

    let mut lab = pilot_light();
    swap(&mut lab, "aws_instance", HOME, "i-worker", |worker| {
        worker.set(&instance::INSTANCE_TYPE, "g5.xlarge".to_owned());
    });
    let found = region(&lab);
    assert_eq!(gate(lost(&found, "i-worker"), "quota").state, "unknown");
    let assumed = lab.run().0.assumptions;
    assert!(assumed.iter().any(|it| it.key == "recovery.times.quota-increase"), "{assumed:?}");
    assert_eq!(found.rto.grade, Grade::D);
}

#[test]
fn an_instance_needs_a_network_to_be_launched_into() {
    let mut lab = pilot_light();
    lab.readings.get_mut(&("aws_subnet", AWAY.to_owned())).unwrap().resources.clear();
    let found = region(&lab);
    let worker = lost(&found, "i-worker");
    assert_eq!((gate(worker, "network").state.as_str(), worker.path, worker.act_low_s), ("shut", None, None));
    lab.deny("aws_subnet", AWAY);
    let found = region(&lab);
    let worker = lost(&found, "i-worker");
    assert_eq!((gate(worker, "network").state.as_str(), worker.act_high_s), ("unknown", None));
}

/// A group of three at home, and one of `serving` there, whose template names an image.
fn standby(serving: usize, version: Option<&str>) -> Lab {
    let mut lab = Lab::new();
    let mut there = group_in(AWAY, "web", serving);
    let template =
        group::TemplateReference { id: Some("lt-1".into()), name: None, version: version.map(str::to_owned) };
    there.set(&group::LAUNCH_TEMPLATE, vec![template]);
    let of = |version, is_default, image: &str| launch_template::Version {
        version,
        is_default,
        image_id: Some(image.into()),
        ..Default::default()
    };
    let mut template = resource("aws_launch_template", AWAY, "lt-1");
    template.set(&launch_template::VERSIONS, vec![of(1, true, "ami-old"), of(2, false, "ami-new")]);
    let mut image = resource("aws_ami", AWAY, "ami-new");
    image
        .set(&ami::NAME, "web-2".to_owned())
        .set(&ami::STATE, "available".to_owned())
        .set_opt(&ami::SOURCE_AMI_ID, None);
    lab.add(group_in(HOME, "web", 3))
        .add(there)
        .add(template)
        .add(image)
        .add(quota_in(HOME, VCPUS, 64.0))
        .add(quota_in(AWAY, VCPUS, 64.0));
    lab
}

#[test]
fn a_group_that_runs_nothing_needs_the_image_of_its_version() {
    let judged = |lab: &Lab| {
        let found = region(lab);
        let web = lost(&found, "web");
        let gate = web.paths[0].gates.iter().find(|gate| gate.name == "image").map(|gate| gate.state.clone());
        (gate, web.act_high_s.is_some())
    };
    assert_eq!(judged(&standby(0, Some("$Latest"))), (Some("open".into()), true));
    assert_eq!(judged(&standby(0, Some("2"))), (Some("open".into()), true));
    // The default version names an image that the account does not have: it may be somebody else's.
    assert_eq!(judged(&standby(0, None)), (Some("unknown".into()), false));
    // One that is being given up is of no use.
    let mut gone = standby(0, Some("2"));
    swap(&mut gone, "aws_ami", AWAY, "ami-new", |image| {
        image.set(&ami::STATE, "deregistered".to_owned());
    });
    assert_eq!(judged(&gone), (Some("shut".into()), false));
    // While it runs instances, the image is there.
    assert_eq!(judged(&standby(1, None)), (None, true));
}

#[test]
fn containers_have_to_be_pulled_from_a_registry_that_is_left() {
    let judged = |image: &str, change: &dyn Fn(&mut Lab)| {
        let mut lab = shop();
        let container =
            task_definition::Container { name: "api".into(), image: image.into(), ..Default::default() };
        let id = format!("arn:aws:ecs:{AWAY}:{ACCOUNT}:task-definition/api:7");
        swap(&mut lab, "aws_ecs_task_definition", AWAY, &id, |definition| {
            definition.set(&task_definition::CONTAINER_DEFINITIONS, vec![container]);
        });
        change(&mut lab);
        let found = region(&lab);
        let api = lost(&found, &format!("arn:aws:ecs:{HOME}:{ACCOUNT}:service/shop/api"));
        let gate = api.paths[0].gates.iter().find(|gate| gate.name == "image").cloned();
        (gate.as_ref().map(|gate| gate.state.clone()), gate.and_then(|gate| gate.why).unwrap_or_default())
    };
    let nothing = |_: &mut Lab| {};
    assert_eq!(judged(&image_in(AWAY), &nothing).0.as_deref(), Some("open"));
    let by_digest = image_in(AWAY).replace(":42", "@sha256:ab");
    assert_eq!(judged(&by_digest, &nothing).0.as_deref(), Some("open"));
    let (state, why) = judged(&image_in(HOME), &nothing);
    assert_eq!(state.as_deref(), Some("shut"));
    assert!(why.contains("which is lost"), "{why}");
    let (state, why) = judged(&image_in(AWAY).replace(":42", ":43"), &nothing);
    assert_eq!((state.as_deref(), why.contains("does not have it")), (Some("shut"), true));
    let (state, why) = judged(&image_in(AWAY).replace("shop/api", "shop/web"), &nothing);
    assert_eq!((state.as_deref(), why.contains("no repository")), (Some("shut"), true));
    let blind = |lab: &mut Lab| {
        lab.deny("aws_ecr_repository", AWAY);
    };
    assert_eq!(judged(&image_in(AWAY), &blind).0.as_deref(), Some("unknown"));
    assert_eq!(
        judged(&image_in(AWAY).replace(ACCOUNT, "999988887777"), &nothing).0.as_deref(),
        Some("unknown")
    );
    // A public registry is lost with no region.
    assert_eq!(judged("nginx:1.27", &nothing).0, None);
}

#[test]
fn a_load_balancer_without_the_certificate_waits_for_its_validation() {
    let judged = |names: &[&str], change: &dyn Fn(&mut Lab)| {
        let mut lab = shop();
        let mut found = certificate_in(AWAY, names, &balancer_in(AWAY, "web"));
        lab.readings.get_mut(&("aws_acm_certificate", AWAY.to_owned())).unwrap().resources.clear();
        found.set(&certificate::STATUS, "ISSUED".to_owned());
        lab.add(found);
        change(&mut lab);
        let found = region(&lab);
        let web = lost(&found, balancer_in(HOME, "web").id());
        (gate(web, "certificate").state.clone(), (web.act_low_s, web.act_high_s))
    };
    let nothing = |_: &mut Lab| {};
    assert_eq!(judged(&["shop.example"], &nothing), ("open".into(), (Some(0), Some(0))));
    // 10 min to 72 h.
    let late = (Some(600), Some(259_200));
    assert_eq!(judged(&["other.example"], &nothing), ("shut".into(), late));
    let id = format!("arn:aws:acm:{AWAY}:{ACCOUNT}:certificate/1");
    let pending = |lab: &mut Lab| {
        swap(lab, "aws_acm_certificate", AWAY, &id, |found| {
            found.set(&certificate::STATUS, "PENDING_VALIDATION".to_owned());
        });
    };
    assert_eq!(judged(&["shop.example"], &pending), ("shut".into(), late));
    let blind = |lab: &mut Lab| {
        lab.deny("aws_acm_certificate", AWAY);
    };
    assert_eq!(judged(&["shop.example"], &blind), ("unknown".into(), (Some(0), Some(259_200))));
}

/// A database with a snapshot that was copied an hour ago.
fn copied() -> Lab {
    use stateward_model::kinds::rds::db_snapshot;
    let mut lab = Lab::new();
    let mut snapshot = resource("aws_db_snapshot", AWAY, "copy");
    snapshot
        .set(&db_snapshot::DB_INSTANCE_IDENTIFIER, "orders".to_owned())
        .set(&db_snapshot::STATUS, "available".to_owned())
        .set(&db_snapshot::ORIGINAL_CREATED_AT, "2026-03-01T11:00:00Z".to_owned())
        .set(&db_snapshot::KMS_KEY_ID, key_arn(AWAY, "data"))
        .put_raw(
            "source_db_snapshot_identifier",
            stateward_model::Slot::Known(json!(format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:nightly"))),
        );
    lab.add(database(HOME, "orders"))
        .add(key_in(AWAY, "data"))
        .add(snapshot)
        .add(resource("aws_db_subnet_group", AWAY, "data"))
        .add(quota_in(HOME, DATABASES, 40.0))
        .add(quota_in(AWAY, DATABASES, 40.0));
    lab
}

#[test]
fn a_restored_database_asks_for_the_groups_that_it_had() {
    let lab = copied();
    let found = region(&lab);
    let orders = lost(&found, "orders");
    assert!(orders.paths[0].gates.iter().all(|gate| gate.state == "open"), "{:?}", orders.paths[0].gates);
    assert_eq!((orders.rpo_low_s, orders.rpo_high_s), (Some(3_600), Some(3_600)));

    let mut tuned = copied();
    swap(&mut tuned, "aws_db_instance", HOME, "orders", |orders| {
        orders.set(&db_instance::PARAMETER_GROUP_NAME, "orders-us-west-2".to_owned());
    });
    let found = region(&tuned);
    assert_eq!(gate(lost(&found, "orders"), "parameter group").state, "shut");
    assert_eq!((lost(&found, "orders").path, lost(&found, "orders").rpo_low_s), (None, None));
    let mut blind = tuned.clone();
    blind.deny("aws_db_parameter_group", AWAY);
    let found = region(&blind);
    assert_eq!(gate(lost(&found, "orders"), "parameter group").state, "unknown");
    assert_eq!((lost(&found, "orders").rpo_low_s, lost(&found, "orders").rpo_high_s), (Some(3_600), None));
    tuned.add(resource("aws_db_parameter_group", AWAY, "orders-eu-west-1"));
    let found = region(&tuned);
    assert_eq!(gate(lost(&found, "orders"), "parameter group").state, "open");

    let mut options = copied();
    swap(&mut options, "aws_db_instance", HOME, "orders", |orders| {
        orders.set(&db_instance::OPTION_GROUP_NAME, "audit".to_owned());
    });
    assert_eq!(gate(lost(&region(&options), "orders"), "option group").state, "unknown");

    // One database runs at home, and none may run there: that costs days, and no data.
    let mut full = copied();
    swap(&mut full, "aws_service_quota", AWAY, DATABASES.0, |quota| {
        quota.set(&stateward_model::kinds::quotas::quota::VALUE, 0.0);
    });
    let found = region(&full);
    let orders = lost(&found, "orders");
    assert_eq!((gate(orders, "quota").state.as_str(), orders.rpo_high_s), ("shut", Some(3_600)));
    assert_eq!(orders.act_low_s, Some(720 + 86_400));
}

#[test]
fn a_region_that_is_not_enabled_takes_nobody_in() {
    let mut lab = pilot_light();
    lab.layered(
        "[[regions]]\nname = \"us-west-2\"\nrole = \"primary\"\n[[regions]]\nname = \"eu-west-1\"\nrole = \"dr\"\n",
    );
    assert_eq!(region(&lab).rpo.high_s, Some(60));
    let names: Vec<&'static str> =
        lab.readings.keys().filter(|(_, at)| at == AWAY).map(|(kind, _)| *kind).collect();
    let refuse = |lab: &Lab, cause: Cause| {
        let mut lab = lab.clone();
        for kind in &names {
            let gap = Gap::new("ec2:DescribeIt", cause, "");
            let reading = lab.readings.get_mut(&(*kind, AWAY.to_owned())).unwrap();
            *reading = Harvest { resources: Vec::new(), gaps: vec![gap] };
        }
        region(&lab)
    };
    let found = refuse(&lab, Cause::Disabled);
    assert_eq!((found.rpo.low_s, found.rto.low_s, found.outcome), (None, None, RecoveryOutcome::Fail));
    let shut = found.gates.iter().find(|gate| gate.name == "region").unwrap();
    assert_eq!((shut.state.as_str(), shut.resource.as_str(), shut.path.as_str()), ("shut", AWAY, ""));
    // Of a refusal nothing follows.
    let found = refuse(&lab, Cause::Denied);
    assert_eq!((found.rto.low_s.is_some(), found.rto.high_s), (true, None));
    assert_eq!(found.gates.iter().find(|gate| gate.name == "region").unwrap().state, "unknown");
}

#[test]
fn tooling_and_definition_are_told_and_change_no_number() {
    let lab = pilot_light();
    let inventory = lab.inventory();
    let kept = |bucket: &str| StateFacts {
        uri: format!("s3://{bucket}/app.tfstate"),
        s3: Some((bucket.to_owned(), "app.tfstate".to_owned())),
        region: Some(HOME.to_owned()),
        ..StateFacts::default()
    };
    // One state is kept in the bucket that is replicated to the recovery region, one in the copy, and one where nothing is
    // known of it.
    let facts = [kept("acme-orders"), kept("acme-orders-dr"), kept("foreign")];
    let view = View { states: &facts, ..lab.view(&inventory) };
    let before = region(&lab);
    let found = scenario(&verify(view, &[]).recovery, Scenario::Region).clone();
    assert_eq!((&found.rpo, &found.rto), (&before.rpo, &before.rto));
    let told = |name: &str| -> Vec<(String, String)> {
        let gates = found.gates.iter().filter(|gate| gate.name == name);
        gates.map(|gate| (gate.subject.clone(), gate.state.clone())).collect()
    };
    assert_eq!(told("definition"), [(AWAY.to_owned(), "shut".to_owned())]);
    assert_eq!(told("tooling"), [("s3://foreign/app.tfstate".to_owned(), "unknown".to_owned())]);
    assert!(
        found
            .gates
            .iter()
            .filter(|gate| gate.path.is_empty())
            .all(|it| it.effect == RecoveryGateEffect::Warns)
    );

    let declared = [Declaration {
        identity: resource("aws_db_instance", AWAY, "orders-replica").address,
        address: "aws_db_instance.replica".into(),
        state: facts[0].uri.clone(),
        dependencies: Vec::new(),
    }];
    let found = scenario(&verify(view, &declared).recovery, Scenario::Region).clone();
    assert!(!found.gates.iter().any(|gate| gate.name == "definition"), "{:?}", found.gates);

    // A bucket at home that nothing copies takes the state with it.
    let mut alone = pilot_light();
    alone.add(bucket_in(HOME, "acme-state"));
    let inventory = alone.inventory();
    let facts = [kept("acme-state")];
    let found = verify(View { states: &facts, ..alone.view(&inventory) }, &[]).recovery;
    let found = scenario(&found, Scenario::Region);
    let tooling = found.gates.iter().find(|gate| gate.name == "tooling").unwrap();
    assert_eq!(tooling.state, "shut");
}
