//! Reads Redshift clusters, and workgroups and namespaces of Redshift Serverless.

use aws_sdk_redshift::types::{Cluster, Snapshot};
use aws_sdk_redshiftserverless::types::{Namespace, Workgroup};
use serde_json::Value;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::redshift::{cluster, namespace, snapshot, workgroup};
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::{harvest, put_tags, stamp};
use crate::session::{Collector, Session};

/// Each of the listings allows 100 items a page.
const PAGE: i32 = 100;

static CLUSTERS: Call = Call::new("redshift", "DescribeClusters");
static SNAPSHOTS: Call = Call::new("redshift", "DescribeClusterSnapshots");
static WORKGROUPS: Call = Call::new("redshift-serverless", "ListWorkgroups");
static NAMESPACES: Call = Call::new("redshift-serverless", "ListNamespaces");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector { kind: &cluster::KIND, calls: &[&CLUSTERS], collect: |s| Box::pin(clusters(s)) },
    Collector { kind: &snapshot::KIND, calls: &[&SNAPSHOTS], collect: |s| Box::pin(snapshots(s)) },
    Collector { kind: &workgroup::KIND, calls: &[&WORKGROUPS], collect: |s| Box::pin(workgroups(s)) },
    Collector { kind: &namespace::KIND, calls: &[&NAMESPACES], collect: |s| Box::pin(namespaces(s)) },
];

async fn clusters(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &CLUSTERS,
            |token| s.redshift().describe_clusters().max_records(PAGE).set_marker(token).send(),
            |out| (out.clusters.unwrap_or_default(), out.marker),
        )
        .await;
    harvest(pages, |c| cluster_resource(s, c))
}

fn cluster_resource(s: &Session, c: &Cluster) -> Resource {
    use cluster::*;
    let id = c.cluster_identifier.clone().unwrap_or_default();
    let arn = format!("arn:{}:redshift:{}:{}:cluster:{id}", s.partition(), s.region(), s.account());
    let mut r = Resource::new(s.place(), KIND.name, id.clone()).with_name(id.clone()).with_arn(arn.clone());
    let copy = c.cluster_snapshot_copy_status.as_ref().map(|copy| SnapshotCopy {
        destination_region: copy.destination_region.clone(),
        grant_name: copy.snapshot_copy_grant_name.clone(),
        retention_period: copy.retention_period,
    });
    let groups = c.vpc_security_groups().iter().filter_map(|group| group.vpc_security_group_id.clone());
    let roles = c.iam_roles().iter().filter_map(|role| role.iam_role_arn.clone());
    let parameters = c.cluster_parameter_groups().first();
    r.set_opt(&ALLOW_VERSION_UPGRADE, c.allow_version_upgrade)
        .set(&ARN, arn)
        .set_opt(&AUTOMATED_SNAPSHOT_RETENTION_PERIOD, c.automated_snapshot_retention_period.map(i64::from))
        .set_opt(&AVAILABILITY_ZONE, c.availability_zone.clone())
        .set_opt(
            &AVAILABILITY_ZONE_RELOCATION_ENABLED,
            c.availability_zone_relocation_status.as_deref().map(is_enabled),
        )
        .set(&CLUSTER_IDENTIFIER, id)
        .set_opt(
            &CLUSTER_PARAMETER_GROUP_NAME,
            parameters.and_then(|group| group.parameter_group_name.clone()),
        )
        .set_opt(&CLUSTER_SUBNET_GROUP_NAME, c.cluster_subnet_group_name.clone())
        .set_opt(&CLUSTER_VERSION, c.cluster_version.clone())
        .set_opt(&DATABASE_NAME, c.db_name.clone())
        .set_opt(&ENCRYPTED, c.encrypted.map(Value::Bool))
        .set_opt(&ENHANCED_VPC_ROUTING, c.enhanced_vpc_routing)
        .set(&IAM_ROLES, roles.collect())
        .set_opt(&KMS_KEY_ID, c.kms_key_id.clone())
        .set_opt(&MAINTENANCE_TRACK_NAME, c.maintenance_track_name.clone())
        .set_opt(&MANUAL_SNAPSHOT_RETENTION_PERIOD, c.manual_snapshot_retention_period.map(i64::from))
        .set_opt(&MASTER_USERNAME, c.master_username.clone())
        .set_opt(&MULTI_AZ, c.multi_az.as_deref().map(is_enabled))
        .set_opt(&NODE_TYPE, c.node_type.clone())
        .set_opt(&NUMBER_OF_NODES, c.number_of_nodes.map(i64::from))
        .set_opt(&PORT, c.endpoint.as_ref().and_then(|endpoint| endpoint.port).map(i64::from))
        .set_opt(&PREFERRED_MAINTENANCE_WINDOW, c.preferred_maintenance_window.clone())
        .set_opt(&PUBLICLY_ACCESSIBLE, c.publicly_accessible)
        .set(&SNAPSHOT_COPY, copy.into_iter().collect())
        .set(&VPC_SECURITY_GROUP_IDS, groups.collect());
    let tags = c.tags().iter();
    let tags = tags.filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())));
    put_tags(&mut r, Ok(tags.collect()));
    r
}

async fn snapshots(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &SNAPSHOTS,
            |token| s.redshift().describe_cluster_snapshots().max_records(PAGE).set_marker(token).send(),
            |out| (out.snapshots.unwrap_or_default(), out.marker),
        )
        .await;
    harvest(pages, |found| snapshot_resource(s, found))
}

fn snapshot_resource(s: &Session, found: &Snapshot) -> Resource {
    use snapshot::*;
    let mut r = Resource::new(s.place(), KIND.name, found.snapshot_identifier.clone().unwrap_or_default());
    r.set_opt(&CLUSTER_IDENTIFIER, found.cluster_identifier.clone())
        .set_opt(&CREATED_AT, found.snapshot_create_time.as_ref().and_then(stamp))
        .set_opt(&ENCRYPTED, found.encrypted)
        .set_opt(&KMS_KEY_ID, found.kms_key_id.clone())
        .set_opt(&SOURCE_REGION, found.source_region.clone().filter(|region| !region.is_empty()))
        .set_opt(&STATUS, found.status.clone());
    r
}

/// The service writes `enabled`, and for `MultiAZ` also `Enabled`; while it changes over, it is not yet so.
fn is_enabled(status: &str) -> bool {
    status.eq_ignore_ascii_case("enabled")
}

async fn workgroups(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &WORKGROUPS,
            |token| s.redshiftserverless().list_workgroups().max_results(PAGE).set_next_token(token).send(),
            |out| (out.workgroups, out.next_token),
        )
        .await;
    harvest(pages, |w| workgroup_resource(s, w))
}

fn workgroup_resource(s: &Session, w: &Workgroup) -> Resource {
    use workgroup::*;
    let name = w.workgroup_name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone());
    r.arn = w.workgroup_arn.clone();
    r.set_opt(&ARN, w.workgroup_arn.clone())
        .set_opt(&BASE_CAPACITY, w.base_capacity.map(i64::from))
        .set_opt(&ENHANCED_VPC_ROUTING, w.enhanced_vpc_routing)
        .set_opt(&MAX_CAPACITY, w.max_capacity.map(i64::from))
        .set_opt(&NAMESPACE_NAME, w.namespace_name.clone())
        .set_opt(&PORT, w.port.map(i64::from))
        .set_opt(&PUBLICLY_ACCESSIBLE, w.publicly_accessible)
        .set(&SECURITY_GROUP_IDS, w.security_group_ids().to_vec())
        .set(&SUBNET_IDS, w.subnet_ids().to_vec())
        .set(&WORKGROUP_NAME, name);
    r
}

async fn namespaces(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &NAMESPACES,
            |token| s.redshiftserverless().list_namespaces().max_results(PAGE).set_next_token(token).send(),
            |out| (out.namespaces, out.next_token),
        )
        .await;
    harvest(pages, |n| namespace_resource(s, n))
}

fn namespace_resource(s: &Session, n: &Namespace) -> Resource {
    use namespace::*;
    let name = n.namespace_name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone());
    r.arn = n.namespace_arn.clone();
    r.set_opt(&ADMIN_USERNAME, n.admin_username.clone())
        .set_opt(&ARN, n.namespace_arn.clone())
        .set_opt(&DB_NAME, n.db_name.clone())
        .set_opt(&DEFAULT_IAM_ROLE_ARN, n.default_iam_role_arn.clone())
        .set(&IAM_ROLES, n.iam_roles().iter().map(|role| role_arn(role)).collect())
        .set_opt(&KMS_KEY_ID, n.kms_key_id.clone().filter(|key| key.starts_with("arn:")))
        .set(&LOG_EXPORTS, n.log_exports().iter().map(|log| log.as_str().to_owned()).collect())
        .set(&NAMESPACE_NAME, name);
    r
}

/// The service writes `IamRole(applyStatus=in-sync, iamRoleArn=arn:…)`.
fn role_arn(role: &str) -> String {
    let arn = role.split("iamRoleArn=").nth(1).unwrap_or(role);
    arn.trim_end_matches(')').split(',').next().unwrap_or(arn).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    #[tokio::test]
    async fn a_cluster_is_read_with_its_switches_and_tags() {
        let account = Account::new(wanting_all(&cluster::KIND), |_| {
            let body = "<DescribeClustersResponse><DescribeClustersResult><Clusters><Cluster>\
                <ClusterIdentifier>sales</ClusterIdentifier><Encrypted>true</Encrypted>\
                <MultiAZ>Enabled</MultiAZ><AvailabilityZoneRelocationStatus>disabled\
                </AvailabilityZoneRelocationStatus><AutomatedSnapshotRetentionPeriod>7\
                </AutomatedSnapshotRetentionPeriod><Tags><Tag><Key>env</Key><Value>prod</Value></Tag></Tags>\
                </Cluster></Clusters></DescribeClustersResult></DescribeClustersResponse>";
            (200, body.to_owned())
        });
        let harvest = clusters(account.home()).await;
        let [found] = harvest.resources.as_slice() else { panic!("one cluster") };
        assert_eq!(found.arn.as_deref(), Some("arn:aws:redshift:us-west-2:123456789012:cluster:sales"));
        assert_eq!(found.get(&cluster::MULTI_AZ), Ok(Some(true)));
        assert_eq!(found.get(&cluster::AVAILABILITY_ZONE_RELOCATION_ENABLED), Ok(Some(false)));
        assert_eq!(found.tags()["env"], "prod");
        assert!(cluster::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }

    #[tokio::test]
    async fn a_copied_snapshot_tells_where_it_came_from() {
        let account = Account::new(wanting_all(&snapshot::KIND), |_| {
            let body = "<DescribeClusterSnapshotsResponse><DescribeClusterSnapshotsResult><Snapshots><Snapshot>\
                <SnapshotIdentifier>copy:rs:sales-1</SnapshotIdentifier><ClusterIdentifier>sales</ClusterIdentifier>\
                <SnapshotCreateTime>2026-01-01T00:00:00Z</SnapshotCreateTime><Status>available</Status>\
                <Encrypted>false</Encrypted><SourceRegion>us-west-2</SourceRegion></Snapshot></Snapshots>\
                </DescribeClusterSnapshotsResult></DescribeClusterSnapshotsResponse>";
            (200, body.to_owned())
        });
        let harvest = snapshots(account.home()).await;
        let [found] = harvest.resources.as_slice() else { panic!("one snapshot") };
        assert_eq!(found.get(&snapshot::SOURCE_REGION).unwrap().as_deref(), Some("us-west-2"));
        assert_eq!(found.get(&snapshot::CREATED_AT).unwrap().as_deref(), Some("2026-01-01T00:00:00Z"));
        assert!(snapshot::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }

    #[test]
    fn a_role_is_its_arn_in_either_form() {
        let arn = "arn:aws:iam::1:role/load";
        assert_eq!(role_arn(arn), arn);
        assert_eq!(role_arn(&format!("IamRole(applyStatus=in-sync, iamRoleArn={arn})")), arn);
    }
}
