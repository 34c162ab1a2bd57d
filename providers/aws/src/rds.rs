//! Reads RDS: one listing of instances and one of clusters per region serve every kind that needs them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_rds::types::{
    DbCluster, DbClusterParameterGroup, DbClusterSnapshot, DbInstance, DbInstanceAutomatedBackup,
    DbParameterGroup, DbSnapshot, DbSubnetGroup, Event, Filter, GlobalCluster, Parameter, Tag,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Map, Value, json};
use stateward_model::kinds::common::{ARN, TAGS, TAGS_ALL};
use stateward_model::kinds::rds::{
    self as model, TLS_PARAMETERS, backups_replication, cluster, cluster_instance, cluster_parameter_group,
    cluster_snapshot, db_instance, db_snapshot, event, global_cluster, parameter_group, subnet_group,
};
use stateward_model::{Gap, Harvest, Kind, Resource};

use crate::call::Call;
use crate::session::{Collector, Pages, Session};

/// Most of the listings below allow 100 records a page.
const PAGE: i32 = 100;

static INSTANCES: Call = Call::new("rds", "DescribeDBInstances");
static CLUSTERS: Call = Call::new("rds", "DescribeDBClusters");
static SNAPSHOTS: Call = Call::new("rds", "DescribeDBSnapshots");
static SNAPSHOT_ATTRIBUTES: Call = Call::new("rds", "DescribeDBSnapshotAttributes");
static CLUSTER_SNAPSHOTS: Call = Call::new("rds", "DescribeDBClusterSnapshots");
static CLUSTER_SNAPSHOT_ATTRIBUTES: Call = Call::new("rds", "DescribeDBClusterSnapshotAttributes");
static SUBNET_GROUPS: Call = Call::new("rds", "DescribeDBSubnetGroups");
static PARAMETER_GROUPS: Call = Call::new("rds", "DescribeDBParameterGroups");
static PARAMETERS: Call = Call::new("rds", "DescribeDBParameters");
static CLUSTER_PARAMETER_GROUPS: Call = Call::new("rds", "DescribeDBClusterParameterGroups");
static CLUSTER_PARAMETERS: Call = Call::new("rds", "DescribeDBClusterParameters");
static AUTOMATED_BACKUPS: Call = Call::new("rds", "DescribeDBInstanceAutomatedBackups");
static GLOBAL_CLUSTERS: Call = Call::new("rds", "DescribeGlobalClusters");
static EVENTS: Call = Call::new("rds", "DescribeEvents");
static LIST_TAGS: Call = Call::new("rds", "ListTagsForResource");

/// Minutes that RDS keeps events for.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeEvents.html>
const KEPT: i32 = 14 * 24 * 60;

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector { kind: &db_instance::KIND, calls: &[&INSTANCES], collect: |s| Box::pin(db_instances(s)) },
    Collector { kind: &cluster::KIND, calls: &[&CLUSTERS], collect: |s| Box::pin(db_clusters(s)) },
    Collector {
        kind: &cluster_instance::KIND,
        calls: &[&INSTANCES, &CLUSTERS],
        collect: |s| Box::pin(cluster_instances(s)),
    },
    Collector {
        kind: &db_snapshot::KIND,
        calls: &[&SNAPSHOTS, &SNAPSHOT_ATTRIBUTES],
        collect: |s| Box::pin(db_snapshots(s)),
    },
    Collector {
        kind: &cluster_snapshot::KIND,
        calls: &[&CLUSTER_SNAPSHOTS, &CLUSTER_SNAPSHOT_ATTRIBUTES],
        collect: |s| Box::pin(cluster_snapshots(s)),
    },
    Collector {
        kind: &subnet_group::KIND,
        calls: &[&SUBNET_GROUPS, &LIST_TAGS],
        collect: |s| Box::pin(subnet_groups(s)),
    },
    Collector {
        kind: &parameter_group::KIND,
        calls: &[&PARAMETER_GROUPS, &PARAMETERS, &INSTANCES, &LIST_TAGS],
        collect: |s| Box::pin(parameter_groups(s)),
    },
    Collector {
        kind: &cluster_parameter_group::KIND,
        calls: &[&CLUSTER_PARAMETER_GROUPS, &CLUSTER_PARAMETERS, &CLUSTERS, &LIST_TAGS],
        collect: |s| Box::pin(cluster_parameter_groups(s)),
    },
    Collector {
        kind: &backups_replication::KIND,
        calls: &[&AUTOMATED_BACKUPS],
        collect: |s| Box::pin(backups_replications(s)),
    },
    Collector {
        kind: &global_cluster::KIND,
        calls: &[&GLOBAL_CLUSTERS],
        collect: |s| Box::pin(global_clusters(s)),
    },
    Collector { kind: &event::KIND, calls: &[&EVENTS], collect: |s| Box::pin(events(s)) },
];

/// A time as Terraform writes it: RFC 3339 in UTC, whole seconds.
pub(crate) fn stamp(time: &DateTime) -> Option<String> {
    DateTime::from_secs(time.secs()).fmt(Format::DateTime).ok()
}

/// Puts the live tags under both names that states use.
pub(crate) fn put_tags(resource: &mut Resource, tags: Result<BTreeMap<String, String>, Gap>) {
    resource.put(&TAGS, tags.clone()).put(&TAGS_ALL, tags);
}

/// True when a run needs the tags of a kind.
pub(crate) fn wants_tags(s: &Session, kind: &Kind) -> bool {
    s.wants(kind, &TAGS) || s.wants(kind, &TAGS_ALL)
}

/// A harvest of everything in `pages`, one resource an item.
pub(crate) fn harvest<T>(pages: Pages<T>, resource: impl Fn(&T) -> Resource) -> Harvest {
    Harvest { resources: pages.items.iter().map(resource).collect(), gaps: pages.gap.into_iter().collect() }
}

fn tags(list: Option<&[Tag]>) -> BTreeMap<String, String> {
    list.unwrap_or_default()
        .iter()
        .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())))
        .collect()
}

/// Neptune and DocumentDB answer through the same operations, but have types of their own in Terraform.
fn is_rds(engine: Option<&str>) -> bool {
    !matches!(engine, Some("neptune" | "docdb"))
}

async fn instances(s: &Session) -> Arc<Pages<DbInstance>> {
    s.once("rds:DescribeDBInstances", async {
        let mut pages = s
            .pages(
                &INSTANCES,
                |marker| s.rds().describe_db_instances().max_records(PAGE).set_marker(marker).send(),
                |out| (out.db_instances.unwrap_or_default(), out.marker),
            )
            .await;
        pages.items.retain(|instance| is_rds(instance.engine.as_deref()));
        pages
    })
    .await
}

async fn clusters(s: &Session) -> Arc<Pages<DbCluster>> {
    s.once("rds:DescribeDBClusters", async {
        let mut pages = s
            .pages(
                &CLUSTERS,
                |marker| s.rds().describe_db_clusters().max_records(PAGE).set_marker(marker).send(),
                |out| (out.db_clusters.unwrap_or_default(), out.marker),
            )
            .await;
        pages.items.retain(|cluster| is_rds(cluster.engine.as_deref()));
        pages
    })
    .await
}

/// Members of clusters are `aws_rds_cluster_instance`; all others are `aws_db_instance`.
fn is_member(instance: &DbInstance) -> bool {
    instance.db_cluster_identifier.as_deref().is_some_and(|cluster| !cluster.is_empty())
}

async fn db_instances(s: &Session) -> Harvest {
    let all = instances(s).await;
    let resources = all.items.iter().filter(|i| !is_member(i)).map(|i| instance_resource(s, i)).collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn new_resource(s: &Session, kind: &'static Kind, id: Option<&str>, arn: Option<&str>) -> Resource {
    let id = id.unwrap_or_default();
    let mut resource = Resource::new(s.place(), kind.name, id).with_name(id);
    resource.arn = arn.map(str::to_owned);
    resource
}

fn instance_resource(s: &Session, i: &DbInstance) -> Resource {
    use db_instance::*;
    let id = i.db_instance_identifier.as_deref();
    let mut r = new_resource(s, &KIND, id, i.db_instance_arn.as_deref());
    let endpoint = i.endpoint.as_ref();
    let domain = i.domain_memberships().first();
    let secret = i.master_user_secret.as_ref();
    r.set_opt(&ARN, i.db_instance_arn.clone())
        .set_opt(&ALLOCATED_STORAGE, i.allocated_storage.map(i64::from))
        .set_opt(&AVAILABILITY_ZONE, i.availability_zone.clone())
        .set_opt(&BACKUP_RETENTION_PERIOD, i.backup_retention_period.map(i64::from))
        .set_opt(&BACKUP_TARGET, i.backup_target.clone())
        .set_opt(&BACKUP_WINDOW, i.preferred_backup_window.clone())
        .set_opt(&CHARACTER_SET_NAME, i.character_set_name.clone())
        .set_opt(&DATABASE_INSIGHTS_MODE, i.database_insights_mode.as_ref().map(|m| m.as_str().to_owned()))
        .set_opt(&DB_NAME, i.db_name.clone())
        .set_opt(&NAME, i.db_name.clone())
        .set_opt(&DEDICATED_LOG_VOLUME, i.dedicated_log_volume)
        .set_opt(&DELETION_PROTECTION, i.deletion_protection)
        .set_opt(&DOMAIN, domain.and_then(|d| d.domain.clone()))
        .set_opt(&DOMAIN_IAM_ROLE_NAME, domain.and_then(|d| d.iam_role_name.clone()))
        .set(&ENABLED_CLOUDWATCH_LOGS_EXPORTS, i.enabled_cloudwatch_logs_exports().to_vec())
        .set_opt(
            &ENDPOINT,
            endpoint.and_then(|e| Some(format!("{}:{}", e.address.as_ref()?, e.port.unwrap_or_default()))),
        )
        .set_opt(&ENGINE_LIFECYCLE_SUPPORT, i.engine_lifecycle_support.clone())
        .set_opt(&IAM_DATABASE_AUTHENTICATION_ENABLED, i.iam_database_authentication_enabled)
        .set_opt(&IOPS, i.iops.map(i64::from))
        .set_opt(&KMS_KEY_ID, i.kms_key_id.clone())
        .set_opt(&LATEST_RESTORABLE_TIME, i.latest_restorable_time.as_ref().and_then(stamp))
        .set_opt(&LICENSE_MODEL, i.license_model.clone())
        .set_opt(&MAINTENANCE_WINDOW, i.preferred_maintenance_window.clone())
        .set(&MANAGE_MASTER_USER_PASSWORD, secret.is_some())
        .set_opt(&MASTER_USER_SECRET_KMS_KEY_ID, secret.and_then(|secret| secret.kms_key_id.clone()))
        .set_opt(&MAX_ALLOCATED_STORAGE, i.max_allocated_storage.map(i64::from))
        .set_opt(&MULTI_AZ, i.multi_az)
        .set_opt(&NETWORK_TYPE, i.network_type.clone())
        .set_opt(
            &OPTION_GROUP_NAME,
            i.option_group_memberships().first().and_then(|g| g.option_group_name.clone()),
        )
        .set_opt(&PARAMETER_GROUP_NAME, parameter_group_of(i).map(str::to_owned))
        .set_opt(&PORT, endpoint.and_then(|e| e.port).or(i.db_instance_port).map(i64::from))
        .set_opt(&REPLICA_MODE, i.replica_mode.as_ref().map(|mode| mode.as_str().to_owned()))
        .set(&REPLICAS, i.read_replica_db_instance_identifiers().to_vec())
        .set_opt(
            &REPLICATE_SOURCE_DB,
            i.read_replica_source_db_instance_identifier
                .clone()
                .or_else(|| i.read_replica_source_db_cluster_identifier.clone()),
        )
        .set_opt(&RESOURCE_ID, i.dbi_resource_id.clone())
        .set(
            &BACKUP_REPLICATIONS,
            i.db_instance_automated_backups_replications()
                .iter()
                .filter_map(|copy| copy.db_instance_automated_backups_arn.clone())
                .collect(),
        )
        .set_opt(
            &REPLICATION_STATUS,
            i.status_infos()
                .iter()
                .find(|info| info.status_type.as_deref() == Some("read replication"))
                .and_then(|info| info.status.clone()),
        )
        .set_opt(&SECONDARY_AVAILABILITY_ZONE, i.secondary_availability_zone.clone())
        .set_opt(&STATUS, i.db_instance_status.clone())
        .set_opt(&STORAGE_ENCRYPTED, i.storage_encrypted)
        .set_opt(&STORAGE_THROUGHPUT, i.storage_throughput.map(i64::from))
        .set_opt(&STORAGE_TYPE, i.storage_type.clone())
        .set_opt(&TIMEZONE, i.timezone.clone())
        .set_opt(&USERNAME, i.master_username.clone())
        .set(
            &VPC_SECURITY_GROUP_IDS,
            i.vpc_security_groups().iter().filter_map(|g| g.vpc_security_group_id.clone()).collect(),
        );
    put_shared(&mut r, i);
    r
}

fn parameter_group_of(i: &DbInstance) -> Option<&str> {
    i.db_parameter_groups().first()?.db_parameter_group_name.as_deref()
}

/// What instances have in common, whether they are members of a cluster or not.
fn put_shared(r: &mut Resource, i: &DbInstance) {
    use db_instance::*;
    let group = i.db_subnet_group.as_ref();
    r.set_opt(&AUTO_MINOR_VERSION_UPGRADE, i.auto_minor_version_upgrade)
        .set_opt(&CA_CERT_IDENTIFIER, i.ca_certificate_identifier.clone())
        .set_opt(&COPY_TAGS_TO_SNAPSHOT, i.copy_tags_to_snapshot)
        .set_opt(&CREATED_AT, i.instance_create_time.as_ref().and_then(stamp))
        .set_opt(&DB_SUBNET_GROUP_NAME, group.and_then(|g| g.db_subnet_group_name.clone()))
        .set_opt(&ENGINE, i.engine.clone())
        .set_opt(&ENGINE_VERSION, i.engine_version.clone())
        .set_opt(&IDENTIFIER, i.db_instance_identifier.clone())
        .set_opt(&INSTANCE_CLASS, i.db_instance_class.clone())
        .set_opt(&MONITORING_INTERVAL, i.monitoring_interval.map(i64::from))
        .set_opt(&MONITORING_ROLE_ARN, i.monitoring_role_arn.clone())
        .set_opt(
            &PARAMETER_APPLY_STATUS,
            i.db_parameter_groups().first().and_then(|g| g.parameter_apply_status.clone()),
        )
        .set(&PENDING_MODIFIED_VALUES, pending(i))
        .set_opt(&PERFORMANCE_INSIGHTS_ENABLED, i.performance_insights_enabled)
        .set_opt(&PERFORMANCE_INSIGHTS_KMS_KEY_ID, i.performance_insights_kms_key_id.clone())
        .set_opt(
            &PERFORMANCE_INSIGHTS_RETENTION_PERIOD,
            i.performance_insights_retention_period.map(i64::from),
        )
        .set_opt(&PUBLICLY_ACCESSIBLE, i.publicly_accessible)
        .set(
            &SUBNET_IDS,
            group
                .map(|g| g.subnets().iter().filter_map(|subnet| subnet.subnet_identifier.clone()).collect())
                .unwrap_or_default(),
        )
        .set_opt(&VPC_ID, group.and_then(|g| g.vpc_id.clone()));
    put_tags(r, Ok(tags(i.tag_list.as_deref())));
}

/// Pending changes under the names of Terraform's attributes. A pending password is left where it is.
fn pending(i: &DbInstance) -> Map<String, Value> {
    let Some(p) = &i.pending_modified_values else { return Map::new() };
    let all = [
        ("allocated_storage", json!(p.allocated_storage)),
        ("backup_retention_period", json!(p.backup_retention_period)),
        ("ca_cert_identifier", json!(p.ca_certificate_identifier)),
        ("db_subnet_group_name", json!(p.db_subnet_group_name)),
        ("engine_version", json!(p.engine_version)),
        ("iam_database_authentication_enabled", json!(p.iam_database_authentication_enabled)),
        ("identifier", json!(p.db_instance_identifier)),
        ("instance_class", json!(p.db_instance_class)),
        ("iops", json!(p.iops)),
        ("license_model", json!(p.license_model)),
        ("multi_az", json!(p.multi_az)),
        ("port", json!(p.port)),
        ("storage_throughput", json!(p.storage_throughput)),
        ("storage_type", json!(p.storage_type)),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

async fn cluster_instances(s: &Session) -> Harvest {
    let all = instances(s).await;
    let members: Vec<&DbInstance> = all.items.iter().filter(|i| is_member(i)).collect();
    let mut resources: Vec<Resource> = members.iter().map(|i| member_resource(s, i)).collect();
    if s.wants(&cluster_instance::KIND, &cluster_instance::WRITER) && !resources.is_empty() {
        let clusters = clusters(s).await;
        for resource in &mut resources {
            let writer = clusters
                .items
                .iter()
                .flat_map(DbCluster::db_cluster_members)
                .find(|member| member.db_instance_identifier.as_deref() == Some(resource.id()))
                .map(|member| member.is_cluster_writer.unwrap_or(false));
            let writer = match (&writer, &clusters.gap) {
                (None, Some(gap)) => Err(gap.clone()),
                _ => Ok(writer),
            };
            resource.put_opt(&cluster_instance::WRITER, writer);
        }
    }
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn member_resource(s: &Session, i: &DbInstance) -> Resource {
    use cluster_instance::*;
    let id = i.db_instance_identifier.as_deref();
    let mut r = new_resource(s, &KIND, id, i.db_instance_arn.as_deref());
    r.set_opt(&ARN, i.db_instance_arn.clone())
        .set_opt(&AVAILABILITY_ZONE, i.availability_zone.clone())
        .set_opt(&CLUSTER_IDENTIFIER, i.db_cluster_identifier.clone())
        .set_opt(&DB_PARAMETER_GROUP_NAME, parameter_group_of(i).map(str::to_owned))
        .set_opt(&DBI_RESOURCE_ID, i.dbi_resource_id.clone())
        .set_opt(&KMS_KEY_ID, i.kms_key_id.clone())
        .set_opt(&PORT, i.endpoint.as_ref().and_then(|e| e.port).or(i.db_instance_port).map(i64::from))
        .set_opt(&PREFERRED_BACKUP_WINDOW, i.preferred_backup_window.clone())
        .set_opt(&PREFERRED_MAINTENANCE_WINDOW, i.preferred_maintenance_window.clone())
        .set_opt(&PROMOTION_TIER, i.promotion_tier.map(i64::from))
        .set_opt(&STATUS, i.db_instance_status.clone())
        .set_opt(&STORAGE_ENCRYPTED, i.storage_encrypted);
    put_shared(&mut r, i);
    r
}

async fn db_clusters(s: &Session) -> Harvest {
    let all = clusters(s).await;
    let resources = all.items.iter().map(|c| cluster_resource(s, c)).collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn cluster_resource(s: &Session, c: &DbCluster) -> Resource {
    use cluster::*;
    let id = c.db_cluster_identifier.as_deref();
    let mut r = new_resource(s, &KIND, id, c.db_cluster_arn.as_deref());
    let members: Vec<Member> = c
        .db_cluster_members()
        .iter()
        .map(|m| Member {
            identifier: m.db_instance_identifier.clone().unwrap_or_default(),
            writer: m.is_cluster_writer.unwrap_or(false),
            promotion_tier: m.promotion_tier.map(i64::from).unwrap_or_default(),
            parameter_status: m.db_cluster_parameter_group_status.clone().unwrap_or_default(),
        })
        .collect();
    r.set_opt(&ARN, c.db_cluster_arn.clone())
        .set_opt(&ALLOCATED_STORAGE, c.allocated_storage.map(i64::from))
        .set(&AVAILABILITY_ZONES, c.availability_zones().to_vec())
        .set_opt(&BACKTRACK_WINDOW, c.backtrack_window)
        .set_opt(&BACKUP_RETENTION_PERIOD, c.backup_retention_period.map(i64::from))
        .set_opt(&CLUSTER_IDENTIFIER, c.db_cluster_identifier.clone())
        .set(&CLUSTER_MEMBERS, members.iter().map(|m| m.identifier.clone()).collect())
        .set(&MEMBERS, members)
        .set_opt(&CLUSTER_RESOURCE_ID, c.db_cluster_resource_id.clone())
        .set_opt(&COPY_TAGS_TO_SNAPSHOT, c.copy_tags_to_snapshot)
        .set_opt(&CREATED_AT, c.cluster_create_time.as_ref().and_then(stamp))
        .set_opt(&DATABASE_NAME, c.database_name.clone())
        .set_opt(&DB_CLUSTER_INSTANCE_CLASS, c.db_cluster_instance_class.clone())
        .set_opt(&DB_CLUSTER_PARAMETER_GROUP_NAME, c.db_cluster_parameter_group.clone())
        .set_opt(&DB_SUBNET_GROUP_NAME, c.db_subnet_group.clone())
        .set_opt(&DELETION_PROTECTION, c.deletion_protection)
        .set_opt(&ENABLE_HTTP_ENDPOINT, c.http_endpoint_enabled)
        .set(&ENABLED_CLOUDWATCH_LOGS_EXPORTS, c.enabled_cloudwatch_logs_exports().to_vec())
        .set_opt(&ENGINE, c.engine.clone())
        .set_opt(&ENGINE_MODE, c.engine_mode.clone())
        .set_opt(&ENGINE_VERSION, c.engine_version.clone())
        .set_opt(&GLOBAL_CLUSTER_IDENTIFIER, c.global_cluster_identifier.clone())
        .set_opt(&IAM_DATABASE_AUTHENTICATION_ENABLED, c.iam_database_authentication_enabled)
        .set(&IAM_ROLES, c.associated_roles().iter().filter_map(|role| role.role_arn.clone()).collect())
        .set_opt(&IOPS, c.iops.map(i64::from))
        .set_opt(&KMS_KEY_ID, c.kms_key_id.clone())
        .set_opt(&LATEST_RESTORABLE_TIME, c.latest_restorable_time.as_ref().and_then(stamp))
        .set(&MANAGE_MASTER_USER_PASSWORD, c.master_user_secret.is_some())
        .set_opt(&MASTER_USERNAME, c.master_username.clone())
        .set_opt(&MULTI_AZ, c.multi_az)
        .set_opt(&NETWORK_TYPE, c.network_type.clone())
        .set_opt(&PORT, c.port.map(i64::from))
        .set_opt(&PREFERRED_BACKUP_WINDOW, c.preferred_backup_window.clone())
        .set_opt(&PREFERRED_MAINTENANCE_WINDOW, c.preferred_maintenance_window.clone())
        .set(&READ_REPLICAS, c.read_replica_identifiers().to_vec())
        .set_opt(&REPLICATION_SOURCE_IDENTIFIER, c.replication_source_identifier.clone())
        .set(&SCALING_CONFIGURATION, scaling(c))
        .set(&SERVERLESSV2_SCALING_CONFIGURATION, serverless_v2(c))
        .set_opt(&STATUS, c.status.clone())
        .set_opt(&STORAGE_ENCRYPTED, c.storage_encrypted)
        .set_opt(&STORAGE_TYPE, c.storage_type.clone())
        .set(
            &VPC_SECURITY_GROUP_IDS,
            c.vpc_security_groups().iter().filter_map(|g| g.vpc_security_group_id.clone()).collect(),
        );
    put_tags(&mut r, Ok(tags(c.tag_list.as_deref())));
    r
}

fn scaling(c: &DbCluster) -> Value {
    let Some(info) = &c.scaling_configuration_info else { return json!([]) };
    json!([{
        "auto_pause": info.auto_pause,
        "max_capacity": info.max_capacity,
        "min_capacity": info.min_capacity,
        "seconds_before_timeout": info.seconds_before_timeout,
        "seconds_until_auto_pause": info.seconds_until_auto_pause,
        "timeout_action": info.timeout_action,
    }])
}

fn serverless_v2(c: &DbCluster) -> Value {
    let Some(info) = &c.serverless_v2_scaling_configuration else { return json!([]) };
    json!([{
        "max_capacity": info.max_capacity,
        "min_capacity": info.min_capacity,
        "seconds_until_auto_pause": info.seconds_until_auto_pause,
    }])
}

async fn db_snapshots(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &SNAPSHOTS,
            |marker| s.rds().describe_db_snapshots().max_records(PAGE).set_marker(marker).send(),
            |out| (out.db_snapshots.unwrap_or_default(), out.marker),
        )
        .await;
    let resources = s.each(pages.items, |snapshot| db_snapshot_resource(s, snapshot)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn db_snapshot_resource(s: &Session, snapshot: DbSnapshot) -> Resource {
    use db_snapshot::*;
    let id = snapshot.db_snapshot_identifier.as_deref();
    let mut r = new_resource(s, &KIND, id, snapshot.db_snapshot_arn.as_deref());
    r.set_opt(&ALLOCATED_STORAGE, snapshot.allocated_storage.map(i64::from))
        .set_opt(&CREATED_AT, snapshot.snapshot_create_time.as_ref().and_then(stamp))
        .set_opt(&DB_INSTANCE_IDENTIFIER, snapshot.db_instance_identifier.clone())
        .set_opt(&DB_SNAPSHOT_ARN, snapshot.db_snapshot_arn.clone())
        .set_opt(&DB_SNAPSHOT_IDENTIFIER, snapshot.db_snapshot_identifier.clone())
        .set_opt(&ENCRYPTED, snapshot.encrypted)
        .set_opt(&ENGINE, snapshot.engine.clone())
        .set_opt(&KMS_KEY_ID, snapshot.kms_key_id.clone())
        .set_opt(
            &ORIGINAL_CREATED_AT,
            snapshot
                .original_snapshot_create_time
                .as_ref()
                .or(snapshot.snapshot_create_time.as_ref())
                .and_then(stamp),
        )
        .set_opt(&SNAPSHOT_TYPE, snapshot.snapshot_type.clone())
        .set_opt(&SOURCE_REGION, snapshot.source_region.clone())
        .set_opt(&SOURCE_SNAPSHOT, snapshot.source_db_snapshot_identifier.clone())
        .set_opt(&STATUS, snapshot.status.clone());
    put_tags(&mut r, Ok(tags(snapshot.tag_list.as_deref())));
    if !s.wants(&KIND, &SHARED_ACCOUNTS) {
        return r;
    }
    if snapshot.snapshot_type.as_deref() != Some("manual") {
        r.set(&SHARED_ACCOUNTS, Vec::new());
        return r;
    }
    let shared = s
        .call(&SNAPSHOT_ATTRIBUTES, || {
            s.rds()
                .describe_db_snapshot_attributes()
                .set_db_snapshot_identifier(snapshot.db_snapshot_identifier.clone())
                .send()
        })
        .await
        .map(|out| {
            let result = out
                .db_snapshot_attributes_result
                .unwrap_or_else(|| aws_sdk_rds::types::DbSnapshotAttributesResult::builder().build());
            let restore = result
                .db_snapshot_attributes()
                .iter()
                .find(|a| a.attribute_name.as_deref() == Some("restore"));
            restore.map(|attribute| attribute.attribute_values().to_vec()).unwrap_or_default()
        });
    r.put(&SHARED_ACCOUNTS, shared);
    r
}

async fn cluster_snapshots(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &CLUSTER_SNAPSHOTS,
            |marker| s.rds().describe_db_cluster_snapshots().max_records(PAGE).set_marker(marker).send(),
            |out| (out.db_cluster_snapshots.unwrap_or_default(), out.marker),
        )
        .await;
    let snapshots: Vec<DbClusterSnapshot> =
        pages.items.into_iter().filter(|snapshot| is_rds(snapshot.engine.as_deref())).collect();
    let resources = s.each(snapshots, |snapshot| cluster_snapshot_resource(s, snapshot)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn cluster_snapshot_resource(s: &Session, snapshot: DbClusterSnapshot) -> Resource {
    use cluster_snapshot::*;
    let id = snapshot.db_cluster_snapshot_identifier.as_deref();
    let mut r = new_resource(s, &KIND, id, snapshot.db_cluster_snapshot_arn.as_deref());
    r.set_opt(&CREATED_AT, snapshot.snapshot_create_time.as_ref().and_then(stamp))
        .set_opt(&DB_CLUSTER_IDENTIFIER, snapshot.db_cluster_identifier.clone())
        .set_opt(&DB_CLUSTER_SNAPSHOT_ARN, snapshot.db_cluster_snapshot_arn.clone())
        .set_opt(&DB_CLUSTER_SNAPSHOT_IDENTIFIER, snapshot.db_cluster_snapshot_identifier.clone())
        .set_opt(&ENGINE, snapshot.engine.clone())
        .set_opt(&KMS_KEY_ID, snapshot.kms_key_id.clone())
        .set_opt(&SNAPSHOT_TYPE, snapshot.snapshot_type.clone())
        .set_opt(&SOURCE_SNAPSHOT, snapshot.source_db_cluster_snapshot_arn.clone())
        .set_opt(&STATUS, snapshot.status.clone())
        .set_opt(&STORAGE_ENCRYPTED, snapshot.storage_encrypted);
    put_tags(&mut r, Ok(tags(snapshot.tag_list.as_deref())));
    if !s.wants(&KIND, &SHARED_ACCOUNTS) {
        return r;
    }
    if snapshot.snapshot_type.as_deref() != Some("manual") {
        r.set(&SHARED_ACCOUNTS, Vec::new());
        return r;
    }
    let shared = s
        .call(&CLUSTER_SNAPSHOT_ATTRIBUTES, || {
            s.rds()
                .describe_db_cluster_snapshot_attributes()
                .set_db_cluster_snapshot_identifier(snapshot.db_cluster_snapshot_identifier.clone())
                .send()
        })
        .await
        .map(|out| {
            let result = out
                .db_cluster_snapshot_attributes_result
                .unwrap_or_else(|| aws_sdk_rds::types::DbClusterSnapshotAttributesResult::builder().build());
            let restore = result
                .db_cluster_snapshot_attributes()
                .iter()
                .find(|a| a.attribute_name.as_deref() == Some("restore"));
            restore.map(|attribute| attribute.attribute_values().to_vec()).unwrap_or_default()
        });
    r.put(&SHARED_ACCOUNTS, shared);
    r
}

/// Reads the tags of a group, when the run needs them; the listings of groups do not bring them.
async fn put_group_tags(s: &Session, kind: &'static Kind, r: &mut Resource) {
    if !wants_tags(s, kind) {
        return;
    }
    let Some(arn) = r.arn.clone() else { return };
    let read = s
        .call(&LIST_TAGS, || s.rds().list_tags_for_resource().resource_name(&arn).send())
        .await
        .map(|out| tags(out.tag_list.as_deref()));
    put_tags(r, read);
}

fn is_default(name: &str) -> bool {
    name == "default" || name.starts_with("default.")
}

async fn subnet_groups(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &SUBNET_GROUPS,
            |marker| s.rds().describe_db_subnet_groups().max_records(PAGE).set_marker(marker).send(),
            |out| (out.db_subnet_groups.unwrap_or_default(), out.marker),
        )
        .await;
    let resources = s.each(pages.items, |group| subnet_group_resource(s, group)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn subnet_group_resource(s: &Session, group: DbSubnetGroup) -> Resource {
    use subnet_group::*;
    let id = group.db_subnet_group_name.as_deref();
    let mut r = new_resource(s, &KIND, id, group.db_subnet_group_arn.as_deref());
    let zones: BTreeSet<String> = group
        .subnets()
        .iter()
        .filter_map(|subnet| subnet.subnet_availability_zone.as_ref()?.name.clone())
        .collect();
    r.set_opt(&ARN, group.db_subnet_group_arn.clone())
        .set_opt(&DESCRIPTION, group.db_subnet_group_description.clone())
        .set_opt(&NAME, group.db_subnet_group_name.clone())
        .set(
            &SUBNET_IDS,
            group.subnets().iter().filter_map(|subnet| subnet.subnet_identifier.clone()).collect(),
        )
        .set_opt(&VPC_ID, group.vpc_id.clone())
        .set(&ZONES, zones.into_iter().collect());
    put_group_tags(s, &KIND, &mut r).await;
    r
}

fn parameters(items: Vec<Parameter>) -> Vec<model::Parameter> {
    items.into_iter().filter(|parameter| parameter.parameter_value.is_some()).map(parameter).collect()
}

fn parameter(parameter: Parameter) -> model::Parameter {
    model::Parameter {
        name: parameter.parameter_name.unwrap_or_default().to_lowercase(),
        value: parameter.parameter_value,
        apply_method: parameter.apply_method.map(|method| method.as_str().to_owned()),
    }
}

/// Asks for the TLS parameters by name: the only filter that the operation knows.
fn tls_filter() -> Filter {
    let names = TLS_PARAMETERS.iter().map(|name| (*name).to_owned()).collect();
    Filter::builder().name("parameter-name").set_values(Some(names)).build()
}

/// Emulators ignore the filter, so that the answer is sifted again. A parameter without a value stays: the family has
/// it, and leaves it to the engine.
fn tls(items: Vec<Parameter>) -> Vec<model::Parameter> {
    let mut found: Vec<model::Parameter> = items.into_iter().map(parameter).collect();
    found.retain(|parameter| TLS_PARAMETERS.contains(&parameter.name.as_str()));
    found
}

async fn parameter_groups(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &PARAMETER_GROUPS,
            |marker| s.rds().describe_db_parameter_groups().max_records(PAGE).set_marker(marker).send(),
            |out| (out.db_parameter_groups.unwrap_or_default(), out.marker),
        )
        .await;
    let resources = s.each(pages.items, |group| parameter_group_resource(s, group)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn parameter_group_resource(s: &Session, group: DbParameterGroup) -> Resource {
    use parameter_group::*;
    let name = group.db_parameter_group_name.clone().unwrap_or_default();
    let mut r = new_resource(s, &KIND, Some(&name), group.db_parameter_group_arn.as_deref());
    r.set_opt(&ARN, group.db_parameter_group_arn.clone())
        .set_opt(&DESCRIPTION, group.description.clone())
        .set_opt(&FAMILY, group.db_parameter_group_family.clone())
        .set(&NAME, name.clone());
    if s.wants(&KIND, &TLS) {
        let all = instances(s).await;
        let used = all.items.iter().any(|i| parameter_group_of(i) == Some(name.as_str()));
        match &all.gap {
            _ if used => {
                let read = s
                    .pages(
                        &PARAMETERS,
                        |marker| {
                            s.rds()
                                .describe_db_parameters()
                                .db_parameter_group_name(&name)
                                .filters(tls_filter())
                                .set_marker(marker)
                                .send()
                        },
                        |out| (out.parameters.unwrap_or_default(), out.marker),
                    )
                    .await;
                r.put(&TLS, read.complete().map(tls));
            }
            Some(gap) => {
                r.put(&TLS, Err(gap.clone()));
            }
            None => {}
        }
    }
    if is_default(&name) {
        return r;
    }
    if s.wants(&KIND, &PARAMETER) {
        let read = s
            .pages(
                &PARAMETERS,
                |marker| {
                    s.rds()
                        .describe_db_parameters()
                        .db_parameter_group_name(&name)
                        .source("user")
                        .max_records(PAGE)
                        .set_marker(marker)
                        .send()
                },
                |out| (out.parameters.unwrap_or_default(), out.marker),
            )
            .await;
        r.put(&PARAMETER, read.complete().map(parameters));
    }
    put_group_tags(s, &KIND, &mut r).await;
    r
}

async fn cluster_parameter_groups(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &CLUSTER_PARAMETER_GROUPS,
            |marker| {
                s.rds().describe_db_cluster_parameter_groups().max_records(PAGE).set_marker(marker).send()
            },
            |out| (out.db_cluster_parameter_groups.unwrap_or_default(), out.marker),
        )
        .await;
    let resources = s.each(pages.items, |group| cluster_parameter_group_resource(s, group)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn cluster_parameter_group_resource(s: &Session, group: DbClusterParameterGroup) -> Resource {
    use cluster_parameter_group::*;
    let name = group.db_cluster_parameter_group_name.clone().unwrap_or_default();
    let mut r = new_resource(s, &KIND, Some(&name), group.db_cluster_parameter_group_arn.as_deref());
    r.set_opt(&ARN, group.db_cluster_parameter_group_arn.clone())
        .set_opt(&DESCRIPTION, group.description.clone())
        .set_opt(&FAMILY, group.db_parameter_group_family.clone())
        .set(&NAME, name.clone());
    if s.wants(&KIND, &TLS) {
        let all = clusters(s).await;
        let used = all.items.iter().any(|c| c.db_cluster_parameter_group.as_deref() == Some(name.as_str()));
        match &all.gap {
            _ if used => {
                let read = s
                    .pages(
                        &CLUSTER_PARAMETERS,
                        |marker| {
                            s.rds()
                                .describe_db_cluster_parameters()
                                .db_cluster_parameter_group_name(&name)
                                .filters(tls_filter())
                                .set_marker(marker)
                                .send()
                        },
                        |out| (out.parameters.unwrap_or_default(), out.marker),
                    )
                    .await;
                r.put(&TLS, read.complete().map(tls));
            }
            Some(gap) => {
                r.put(&TLS, Err(gap.clone()));
            }
            None => {}
        }
    }
    if is_default(&name) {
        return r;
    }
    if s.wants(&KIND, &PARAMETER) {
        let read = s
            .pages(
                &CLUSTER_PARAMETERS,
                |marker| {
                    s.rds()
                        .describe_db_cluster_parameters()
                        .db_cluster_parameter_group_name(&name)
                        .source("user")
                        .max_records(PAGE)
                        .set_marker(marker)
                        .send()
                },
                |out| (out.parameters.unwrap_or_default(), out.marker),
            )
            .await;
        r.put(&PARAMETER, read.complete().map(parameters));
    }
    put_group_tags(s, &KIND, &mut r).await;
    r
}

async fn backups_replications(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &AUTOMATED_BACKUPS,
            |marker| {
                s.rds().describe_db_instance_automated_backups().max_records(PAGE).set_marker(marker).send()
            },
            |out| (out.db_instance_automated_backups.unwrap_or_default(), out.marker),
        )
        .await;
    let resources = pages
        .items
        .iter()
        .filter(|backup| is_from_elsewhere(s.region(), backup))
        .map(|backup| replication_resource(s, backup))
        .collect();
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

/// Automated backups of the region's own instances are listed too; only copies are resources.
fn is_from_elsewhere(region: &str, backup: &DbInstanceAutomatedBackup) -> bool {
    let source = backup.db_instance_arn.as_deref().and_then(|arn| arn.split(':').nth(3));
    source.is_some_and(|source| source != region) && backup.db_instance_automated_backups_arn.is_some()
}

fn replication_resource(s: &Session, backup: &DbInstanceAutomatedBackup) -> Resource {
    use backups_replication::*;
    let arn = backup.db_instance_automated_backups_arn.as_deref();
    let mut r = new_resource(s, &KIND, arn, arn);
    r.name = backup.db_instance_identifier.clone();
    r.set_opt(&ENCRYPTED, backup.encrypted)
        .set_opt(&KMS_KEY_ID, backup.kms_key_id.clone())
        .set_opt(
            &LATEST_RESTORABLE_TIME,
            backup.restore_window.as_ref().and_then(|window| stamp(window.latest_time.as_ref()?)),
        )
        .set_opt(&RETENTION_PERIOD, backup.backup_retention_period.map(i64::from))
        .set_opt(&SOURCE_DB_INSTANCE_ARN, backup.db_instance_arn.clone())
        .set_opt(&STATUS, backup.status.clone());
    r
}

async fn global_clusters(s: &Session) -> Harvest {
    let mut pages = s
        .pages(
            &GLOBAL_CLUSTERS,
            |marker| s.rds().describe_global_clusters().max_records(PAGE).set_marker(marker).send(),
            |out| (out.global_clusters.unwrap_or_default(), out.marker),
        )
        .await;
    pages.items.retain(|global| is_rds(global.engine.as_deref()));
    harvest(pages, |global| global_cluster_resource(s, global))
}

fn global_cluster_resource(s: &Session, global: &GlobalCluster) -> Resource {
    use global_cluster::*;
    let id = global.global_cluster_identifier.clone().unwrap_or_default();
    let mut r = Resource::new(s.global(), KIND.name, id.clone()).with_name(id);
    r.arn = global.global_cluster_arn.clone();
    let members = global
        .global_cluster_members()
        .iter()
        .map(|member| GlobalMember {
            db_cluster_arn: member.db_cluster_arn.clone().unwrap_or_default(),
            is_writer: member.is_writer.unwrap_or(false),
        })
        .collect();
    r.set_opt(&ARN, global.global_cluster_arn.clone())
        .set_opt(&DATABASE_NAME, global.database_name.clone())
        .set_opt(&DELETION_PROTECTION, global.deletion_protection)
        .set_opt(&ENGINE, global.engine.clone())
        .set_opt(&ENGINE_VERSION, global.engine_version.clone())
        .set_opt(&GLOBAL_CLUSTER_IDENTIFIER, global.global_cluster_identifier.clone())
        .set(&GLOBAL_CLUSTER_MEMBERS, members)
        .set_opt(&STATUS, global.status.clone())
        .set_opt(&STORAGE_ENCRYPTED, global.storage_encrypted);
    r
}

/// Failovers alone; what else RDS notes tells nothing of recovery.
async fn events(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &EVENTS,
            |marker| {
                s.rds()
                    .describe_events()
                    .duration(KEPT)
                    .event_categories("failover")
                    .event_categories("global-failover")
                    .max_records(PAGE)
                    .set_marker(marker)
                    .send()
            },
            |out| (out.events.unwrap_or_default(), out.marker),
        )
        .await;
    harvest(pages, |noted| event_resource(s, noted))
}

fn event_resource(s: &Session, noted: &Event) -> Resource {
    use event::*;
    let at = noted.date.as_ref().and_then(stamp);
    let source = noted.source_identifier.clone().unwrap_or_default();
    let sort = noted.source_type.as_ref().map(|sort| sort.as_str().to_owned());
    let message = noted.message.clone().unwrap_or_default();
    let id = format!("{source}/{}/{message}", at.as_deref().unwrap_or_default());
    let mut r = Resource::new(s.place(), KIND.name, id);
    r.set_opt(&AT, at).set(&MESSAGE, message).set(&SOURCE, source).set_opt(&SOURCE_TYPE, sort);
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};
    use aws_sdk_rds::types::PendingModifiedValues;

    #[tokio::test]
    async fn failovers_are_asked_for_over_all_days_that_they_are_kept() {
        let account = Account::new(wanting_all(&event::KIND), |_| {
            let noted = "<DescribeEventsResponse><DescribeEventsResult><Events><Event>\
                <SourceIdentifier>orders</SourceIdentifier><SourceType>db-instance</SourceType>\
                <Message>Multi-AZ instance failover started.</Message><EventCategories><EventCategory>failover\
                </EventCategory></EventCategories><Date>2026-01-01T00:00:00.500Z</Date></Event></Events>\
                </DescribeEventsResult></DescribeEventsResponse>";
            (200, noted.to_owned())
        });
        let harvest = events(account.home()).await;
        let [found] = harvest.resources.as_slice() else { panic!("one event") };
        assert_eq!(found.get(&event::AT).unwrap().as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(found.get(&event::SOURCE).unwrap().as_deref(), Some("orders"));
        assert_eq!(found.get(&event::SOURCE_TYPE).unwrap().as_deref(), Some("db-instance"));
        assert!(found.get_or_default(&event::MESSAGE).unwrap().contains("started"));
        assert_eq!(account.calls("DescribeEvents"), 1);
    }

    #[test]
    fn a_pending_password_is_never_taken() {
        let pending_values =
            PendingModifiedValues::builder().master_user_password("hunter2").port(5433).build();
        let instance = DbInstance::builder().pending_modified_values(pending_values).build();
        assert_eq!(Value::Object(pending(&instance)), json!({"port": 5433}));
    }

    #[test]
    fn a_time_is_written_in_whole_seconds() {
        let time = DateTime::from_secs_and_nanos(1_700_000_000, 500_000_000);
        assert_eq!(stamp(&time).as_deref(), Some("2023-11-14T22:13:20Z"));
    }

    #[test]
    fn only_backups_of_other_regions_are_copies() {
        let backup = |region: &str| {
            DbInstanceAutomatedBackup::builder()
                .db_instance_arn(format!("arn:aws:rds:{region}:1:db:orders"))
                .db_instance_automated_backups_arn("arn:aws:rds:us-west-2:1:auto-backup:ab-1")
                .build()
        };
        assert!(is_from_elsewhere("us-west-2", &backup("us-east-1")));
        assert!(!is_from_elsewhere("us-west-2", &backup("us-west-2")));
        assert!(!is_from_elsewhere("us-west-2", &DbInstanceAutomatedBackup::builder().build()));
    }

    #[test]
    fn only_tls_parameters_pass_even_when_the_filter_was_ignored() {
        let parameter = |name: &str, value: &str| {
            Parameter::builder().parameter_name(name).parameter_value(value).build()
        };
        let found = tls(vec![parameter("max_connections", "5"), parameter("rds.force_ssl", "1")]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].value.as_deref(), Some("1"));
        let unset = Parameter::builder().parameter_name("require_secure_transport").build();
        assert_eq!(tls(vec![unset])[0].value, None, "the family has it, though nobody set it");
    }
}
