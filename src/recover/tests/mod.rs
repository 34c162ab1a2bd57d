//! Estates made by hand, and what their recovery comes to.

mod evidence;
mod gates;
pub mod golden;
mod lose;
mod paths;
mod scale;
mod since;

use std::collections::BTreeMap;

use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::cloudwatch::metric::{self, Figures};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::elbv2::load_balancer;
use stateward_model::kinds::kms::key;
use stateward_model::kinds::quotas::quota;
use stateward_model::kinds::rds::db_instance;
use stateward_model::kinds::s3::bucket;
use stateward_model::{Attr, Cause, GLOBAL, Gap, Harvest, Place, Reading, Resource, Scope};
use time::OffsetDateTime;
use time::macros::datetime;

use super::{Declaration, Scenario, reads, verdict, verify};
use crate::check::View;
use crate::inventory::{Inventory, Side};
use crate::profile::Profile;
use crate::result::{Recovery, RecoveryResource, RecoveryScenario, Verdict};

pub const ACCOUNT: &str = "111122223333";
pub const HOME: &str = "us-west-2";
pub const AWAY: &str = "eu-west-1";
pub const REGIONS: [&str; 3] = [HOME, "us-east-1", AWAY];
pub const AS_OF: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

/// An estate of which everything was read, and nothing is there but what is added.
#[derive(Clone)]
pub struct Lab {
    pub readings: BTreeMap<(&'static str, String), Harvest>,
    pub declared: Vec<Declaration>,
    pub profile: Profile,
    pub as_of: OffsetDateTime,
}

impl Lab {
    pub fn new() -> Self {
        let mut readings = BTreeMap::new();
        for kind in reads::kinds_read() {
            let places: &[&str] = if kind.scope == Scope::Global { &[GLOBAL] } else { &REGIONS };
            for place in places {
                readings.insert((kind.name, (*place).to_owned()), Harvest::default());
            }
        }
        let profile = Profile::built_in_default().unwrap();
        Self { readings, declared: Vec::new(), profile, as_of: AS_OF }
    }

    pub fn add(&mut self, resource: Resource) -> &mut Self {
        let kind = stateward_model::kinds::find(resource.kind()).unwrap().name;
        let place = resource.region().to_owned();
        self.readings.get_mut(&(kind, place)).expect("a kind that is read").resources.push(resource);
        self
    }

    pub fn deny(&mut self, kind: &str, region: &str) -> Gap {
        let found = stateward_model::kinds::find(kind).unwrap();
        let gap = Gap::new(found.listed_by[0], Cause::Denied, "not authorized");
        let reading = self.readings.get_mut(&(found.name, region.to_owned())).unwrap();
        *reading = Harvest { resources: Vec::new(), gaps: vec![gap.clone()] };
        gap
    }

    pub fn layered(&mut self, text: &str) {
        self.profile = Profile::load(&["team.toml".to_owned()], |_| Ok(text.to_owned())).unwrap();
    }

    pub fn inventory(&self) -> Inventory {
        let readings = self.readings.iter().map(|((kind, region), harvest)| Reading {
            kind: (*kind).to_owned(),
            place: Place::new(ACCOUNT, region.clone()),
            observed_at: "2026-03-01T11:55:00Z".to_owned(),
            harvest: harvest.clone(),
        });
        Inventory::live(readings.collect())
    }

    pub fn view<'a>(&'a self, inventory: &'a Inventory) -> View<'a> {
        View {
            side: Side::Live,
            inventory,
            profile: &self.profile,
            as_of: self.as_of,
            states: &[],
            drift: None,
            configurations: &[],
            recovery: None,
        }
    }

    pub fn run(&self) -> (Recovery, Verdict) {
        let inventory = self.inventory();
        let recovery = verify(self.view(&inventory), &self.declared).recovery;
        let verdict = verdict(&recovery, &self.profile);
        (recovery, verdict)
    }
}

pub fn scenario(recovery: &Recovery, name: Scenario) -> &RecoveryScenario {
    recovery.scenarios.iter().find(|scenario| scenario.name == name).unwrap()
}

pub fn lost<'r>(scenario: &'r RecoveryScenario, id: &str) -> &'r RecoveryResource {
    scenario.resources.iter().find(|resource| resource.id == id).unwrap_or_else(|| panic!("{id} is not lost"))
}

pub fn resource(kind: &'static str, region: &str, id: &str) -> Resource {
    Resource::new(Place::new(ACCOUNT, region), kind, id)
}

pub fn database_arn(region: &str, id: &str) -> String {
    format!("arn:aws:rds:{region}:{ACCOUNT}:db:{id}")
}

pub fn key_arn(region: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{ACCOUNT}:key/{id}")
}

pub fn key_in(region: &str, id: &str) -> Resource {
    let mut key = resource("aws_kms_key", region, id);
    let own = format!("arn:aws:iam::{ACCOUNT}:root");
    key.set(&key::KEY_STATE, "Enabled".to_owned())
        .set(&key::KEY_MANAGER, "CUSTOMER".to_owned())
        .set(&key::POLICY, policy("Allow", &own, "kms:*", "*"));
    key
}

/// A policy document of one statement.
pub fn policy(effect: &str, principal: &str, action: &str, resource: &str) -> String {
    let statement = serde_json::json!({
        "Effect": effect, "Principal": {"AWS": principal}, "Action": action, "Resource": resource,
    });
    serde_json::json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// A Multi-AZ database of 100 GiB with 30 days of backups, four minutes behind.
pub fn database(region: &str, id: &str) -> Resource {
    let mut database = resource("aws_db_instance", region, id).with_arn(database_arn(region, id));
    database
        .set(&db_instance::MULTI_AZ, true)
        .set(&db_instance::SECONDARY_AVAILABILITY_ZONE, format!("{region}b"))
        .set(&db_instance::ALLOCATED_STORAGE, 100)
        .set(&db_instance::BACKUP_RETENTION_PERIOD, 30)
        .set(&db_instance::LATEST_RESTORABLE_TIME, "2026-03-01T11:56:00Z".to_owned())
        .set(&db_instance::STORAGE_ENCRYPTED, true)
        .set(&db_instance::KMS_KEY_ID, key_arn(region, "data"))
        .set(&db_instance::OPTION_GROUP_NAME, "default:postgres-16".to_owned())
        .set(&db_instance::PARAMETER_GROUP_NAME, "default.postgres16".to_owned())
        .set_opt(&db_instance::REPLICATE_SOURCE_DB, None)
        .set_opt(&db_instance::REPLICATION_STATUS, None)
        .set(&db_instance::VPC_SECURITY_GROUP_IDS, Vec::<String>::new());
    database
}

pub fn bucket_in(region: &str, name: &str) -> Resource {
    let mut bucket = resource("aws_s3_bucket", region, name);
    bucket
        .set(&bucket::VERSIONING, vec![bucket::Versioning { enabled: true, ..Default::default() }])
        .set(&bucket::REPLICATION, Vec::<bucket::Replication>::new())
        .set(&bucket::ENCRYPTION, Vec::<bucket::Encryption>::new());
    bucket
}

/// Replicates everything to a bucket, with replication time control.
pub fn replicate(from: &mut Resource, to: &str) {
    let destination = bucket::ReplicationDestination {
        bucket: format!("arn:aws:s3:::{to}"),
        replication_time: vec![bucket::ReplicationTime { status: "Enabled".into(), minutes: Some(15) }],
        ..Default::default()
    };
    let rule = bucket::ReplicationRule {
        status: "Enabled".into(),
        destination: vec![destination],
        ..Default::default()
    };
    from.set(&bucket::REPLICATION, vec![bucket::Replication { rules: vec![rule], ..Default::default() }]);
}

pub fn table_in(region: &str, name: &str, replica: Option<&str>) -> Resource {
    let mut table = resource("aws_dynamodb_table", region, name)
        .with_arn(format!("arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}"));
    let replicas = replica.map(|region| table::Replica {
        region_name: region.to_owned(),
        kms_key_arn: None,
        status: Some("ACTIVE".into()),
    });
    let on = table::PointInTimeRecovery { enabled: true, recovery_period_in_days: Some(35) };
    table
        .set(&table::REPLICA, replicas.into_iter().collect::<Vec<_>>())
        .set_opt(&table::CONSISTENCY, Some("EVENTUAL".to_owned()))
        .set(&table::POINT_IN_TIME_RECOVERY, vec![on])
        .set(&table::LATEST_RESTORABLE, "2026-03-01T11:55:00Z".to_owned())
        .set(&table::SERVER_SIDE_ENCRYPTION, Vec::<table::Encryption>::new());
    table
}

/// A scaling group with one instance in service in each of so many zones.
pub fn group_in(region: &str, name: &str, serving: usize) -> Resource {
    let zones: Vec<String> = ["a", "b", "c"].map(|zone| format!("{region}{zone}")).into();
    let member = |zone: &String| group::Member {
        instance_id: format!("i-{zone}"),
        availability_zone: zone.clone(),
        instance_type: None,
        health_status: Some("Healthy".into()),
        lifecycle_state: Some("InService".into()),
    };
    let mut group = resource("aws_autoscaling_group", region, name);
    group
        .set(&group::NAME, name.to_owned())
        .set(&group::TAG, Vec::<group::Tag>::new())
        .set(&group::DESIRED_CAPACITY, serving as i64)
        .set(&group::INSTANCES, zones.iter().take(serving).map(member).collect::<Vec<_>>())
        .set(&group::AVAILABILITY_ZONES, zones)
        .set(&group::LAUNCH_TEMPLATE, Vec::<group::TemplateReference>::new())
        .set(&group::MIXED_INSTANCES_POLICY, serde_json::json!([]))
        .set(&group::TARGET_GROUP_ARNS, Vec::<String>::new());
    group
}

pub fn balancer_in(region: &str, name: &str) -> Resource {
    let arn = format!("arn:aws:elasticloadbalancing:{region}:{ACCOUNT}:loadbalancer/app/{name}/1");
    let mut balancer = resource("aws_lb", region, &arn).with_arn(arn.clone()).with_name(name);
    balancer
        .set(&ARN, arn)
        .set(&load_balancer::NAME, name.to_owned())
        .set(&load_balancer::STATE, "active".to_owned())
        .set(&load_balancer::DNS_NAME, format!("{name}-1.{region}.elb.amazonaws.com"))
        .set(&load_balancer::AVAILABILITY_ZONES, vec![format!("{region}a"), format!("{region}b")]);
    balancer
}

/// A subnet.
pub fn subnet_in(region: &str) -> Resource {
    resource("aws_subnet", region, &format!("subnet-{region}"))
}

/// The vCPUs of standard instances, and how CloudWatch names their use.
pub const VCPUS: (&str, &str) = ("ec2/L-1216C47A", "vCPU");

/// A quota, by its id and what CloudWatch counts against it.
pub fn quota_in(region: &str, (id, counted): (&str, &str), value: f64) -> Resource {
    let mut found = resource("aws_service_quota", region, id);
    let usage = quota::UsageMetric {
        namespace: "AWS/Usage".into(),
        name: "ResourceCount".into(),
        dimensions: BTreeMap::from([("Resource".to_owned(), counted.to_owned())]),
    };
    found.set(&quota::NAME, id.to_owned()).set(&quota::VALUE, value).set(&quota::USAGE_METRIC, usage);
    found
}

/// At most so many were in use in a day.
pub fn used_in(region: &str, (_, counted): (&str, &str), most: f64) -> Resource {
    measured(region, &metric::QUOTA_USE, &[("Resource", counted)], most, most, most)
}

/// A series without a hole.
pub fn measured(
    region: &str,
    key: &Attr<Figures>,
    dimensions: &[(&str, &str)],
    newest: f64,
    p95: f64,
    maximum: f64,
) -> Resource {
    let named = dimensions.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let named: BTreeMap<String, String> = named.collect();
    let id = format!("{}{named:?}", key.path());
    let mut series = resource("aws_cloudwatch_metric", region, &id);
    let figures =
        Figures { maximum, newest, newest_at: "2026-03-01T11:55:00Z".into(), p95, points: 288, total: 0.0 };
    series.set(&metric::DIMENSIONS, named).set(key, figures);
    series
}
