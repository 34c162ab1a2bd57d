//! Reads ElastiCache: one listing of clusters per region serves replication groups and clusters.

use std::sync::Arc;

use aws_sdk_elasticache::types::{
    AutomaticFailoverStatus, CacheCluster, CacheSubnetGroup, MultiAzStatus, ReplicationGroup,
};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::elasticache::{cluster, replication_group, subnet_group};
use stateward_model::{Gap, Harvest, Kind, Resource};

use crate::call::Call;
use crate::rds::{put_tags, wants_tags};
use crate::session::{Collector, Pages, Session};

const PAGE: i32 = 100;

static SUBNET_GROUPS: Call = Call::new("elasticache", "DescribeCacheSubnetGroups");
static REPLICATION_GROUPS: Call = Call::new("elasticache", "DescribeReplicationGroups");
static CLUSTERS: Call = Call::new("elasticache", "DescribeCacheClusters");
static LIST_TAGS: Call = Call::new("elasticache", "ListTagsForResource");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &subnet_group::KIND,
        calls: &[&SUBNET_GROUPS, &LIST_TAGS],
        collect: |s| Box::pin(subnet_groups(s)),
    },
    Collector {
        kind: &replication_group::KIND,
        calls: &[&REPLICATION_GROUPS, &CLUSTERS, &LIST_TAGS],
        collect: |s| Box::pin(replication_groups(s)),
    },
    Collector {
        kind: &cluster::KIND,
        calls: &[&CLUSTERS, &LIST_TAGS],
        collect: |s| Box::pin(cache_clusters(s)),
    },
];

async fn put_live_tags(s: &Session, kind: &'static Kind, r: &mut Resource) {
    if !wants_tags(s, kind) {
        return;
    }
    let Some(arn) = r.arn.clone() else { return };
    let read = s
        .call(&LIST_TAGS, || s.elasticache().list_tags_for_resource().resource_name(&arn).send())
        .await
        .map(|out| {
            out.tag_list()
                .iter()
                .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())))
                .collect()
        });
    put_tags(r, read);
}

fn new_resource(s: &Session, kind: &'static Kind, id: Option<&str>, arn: Option<&str>) -> Resource {
    let id = id.unwrap_or_default();
    let mut resource = Resource::new(s.place(), kind.name, id).with_name(id);
    resource.arn = arn.map(str::to_owned);
    resource
}

async fn subnet_groups(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &SUBNET_GROUPS,
            |marker| {
                s.elasticache().describe_cache_subnet_groups().max_records(PAGE).set_marker(marker).send()
            },
            |out| (out.cache_subnet_groups.unwrap_or_default(), out.marker),
        )
        .await;
    let resources = s.each(pages.items, |group| subnet_group_resource(s, group)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn subnet_group_resource(s: &Session, group: CacheSubnetGroup) -> Resource {
    use subnet_group::*;
    let mut r = new_resource(s, &KIND, group.cache_subnet_group_name.as_deref(), group.arn.as_deref());
    r.set_opt(&ARN, group.arn.clone())
        .set_opt(&DESCRIPTION, group.cache_subnet_group_description.clone())
        .set_opt(&NAME, group.cache_subnet_group_name.clone())
        .set(
            &SUBNET_IDS,
            group.subnets().iter().filter_map(|subnet| subnet.subnet_identifier.clone()).collect(),
        )
        .set_opt(&VPC_ID, group.vpc_id.clone());
    put_live_tags(s, &KIND, &mut r).await;
    r
}

async fn clusters(s: &Session) -> Arc<Pages<CacheCluster>> {
    s.once(
        "elasticache:DescribeCacheClusters",
        s.pages(
            &CLUSTERS,
            |marker| {
                s.elasticache()
                    .describe_cache_clusters()
                    .show_cache_node_info(true)
                    .max_records(PAGE)
                    .set_marker(marker)
                    .send()
            },
            |out| (out.cache_clusters.unwrap_or_default(), out.marker),
        ),
    )
    .await
}

async fn replication_groups(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &REPLICATION_GROUPS,
            |marker| {
                s.elasticache().describe_replication_groups().max_records(PAGE).set_marker(marker).send()
            },
            |out| (out.replication_groups.unwrap_or_default(), out.marker),
        )
        .await;
    let resources = s.each(pages.items, |group| replication_group_resource(s, group)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn replication_group_resource(s: &Session, group: ReplicationGroup) -> Resource {
    use replication_group::*;
    let mut r = new_resource(s, &KIND, group.replication_group_id.as_deref(), group.arn.as_deref());
    let members = group.member_clusters();
    let global = group.global_replication_group_info.as_ref();
    let shards = shards(&group);
    let replicas = shards.first().map(|shard| shard.nodes.len().saturating_sub(1));
    let port = group
        .configuration_endpoint
        .as_ref()
        .or_else(|| group.node_groups().first().and_then(|shard| shard.primary_endpoint.as_ref()))
        .and_then(|endpoint| endpoint.port);
    r.set_opt(&ARN, group.arn.clone())
        .set_opt(&AT_REST_ENCRYPTION_ENABLED, group.at_rest_encryption_enabled)
        .set_opt(&AUTH_TOKEN_ENABLED, group.auth_token_enabled)
        .set_opt(&AUTO_MINOR_VERSION_UPGRADE, group.auto_minor_version_upgrade)
        .set(
            &AUTOMATIC_FAILOVER_ENABLED,
            matches!(
                group.automatic_failover,
                Some(AutomaticFailoverStatus::Enabled | AutomaticFailoverStatus::Enabling)
            ),
        )
        .set_opt(&CLUSTER_ENABLED, group.cluster_enabled)
        .set_opt(&DESCRIPTION, group.description.clone())
        .set_opt(&REPLICATION_GROUP_DESCRIPTION, group.description.clone())
        .set_opt(&ENGINE, group.engine.clone())
        .set_opt(
            &GLOBAL_REPLICATION_GROUP_ID,
            global.and_then(|global| global.global_replication_group_id.clone()),
        )
        .set_opt(&GLOBAL_ROLE, global.and_then(|global| global.global_replication_group_member_role.clone()))
        .set_opt(&KMS_KEY_ID, group.kms_key_id.clone())
        .set(&MULTI_AZ_ENABLED, group.multi_az == Some(MultiAzStatus::Enabled))
        .set_opt(&NODE_TYPE, group.cache_node_type.clone())
        .set_opt(&NUM_CACHE_CLUSTERS, i64::try_from(members.len()).ok())
        .set_opt(&NUMBER_CACHE_CLUSTERS, i64::try_from(members.len()).ok())
        .set_opt(&NUM_NODE_GROUPS, i64::try_from(shards.len()).ok())
        .set_opt(&REPLICAS_PER_NODE_GROUP, replicas.and_then(|count| i64::try_from(count).ok()))
        .set_opt(&PORT, port.map(i64::from))
        .set_opt(&REPLICATION_GROUP_ID, group.replication_group_id.clone())
        .set(&SHARDS, shards)
        .set_opt(&SNAPSHOT_RETENTION_LIMIT, group.snapshot_retention_limit.map(i64::from))
        .set_opt(&SNAPSHOT_WINDOW, group.snapshot_window.clone())
        .set_opt(&STATUS, group.status.clone())
        .set_opt(&TRANSIT_ENCRYPTION_ENABLED, group.transit_encryption_enabled)
        .set_opt(
            &TRANSIT_ENCRYPTION_MODE,
            group.transit_encryption_mode.as_ref().map(|mode| mode.as_str().to_owned()),
        )
        .set(&USER_GROUP_IDS, group.user_group_ids().to_vec());
    put_facts_of_nodes(s, &group, &mut r).await;
    put_live_tags(s, &KIND, &mut r).await;
    r
}

/// What only the nodes tell: the group's own answer leaves it out, and all nodes have it in common.
async fn put_facts_of_nodes(s: &Session, group: &ReplicationGroup, r: &mut Resource) {
    use replication_group::*;
    let wanted = s.wants(&KIND, &ENGINE_VERSION)
        || s.wants(&KIND, &MAINTENANCE_WINDOW)
        || s.wants(&KIND, &NOTIFICATION_TOPIC_ARN)
        || s.wants(&KIND, &PARAMETER_GROUP_NAME)
        || s.wants(&KIND, &SECURITY_GROUP_IDS)
        || s.wants(&KIND, &SUBNET_GROUP_NAME);
    if !wanted {
        return;
    }
    let all = clusters(s).await;
    let node = all.items.iter().find(|c| c.replication_group_id == group.replication_group_id);
    let fact = |read: &dyn Fn(&CacheCluster) -> Option<String>| -> Result<Option<String>, Gap> {
        match (node, &all.gap) {
            (Some(node), _) => Ok(read(node)),
            (None, Some(gap)) => Err(gap.clone()),
            (None, None) => Ok(None),
        }
    };
    r.put_opt(&ENGINE_VERSION, fact(&|c| c.engine_version.clone()))
        .put_opt(&MAINTENANCE_WINDOW, fact(&|c| c.preferred_maintenance_window.clone()))
        .put_opt(&NOTIFICATION_TOPIC_ARN, fact(&topic))
        .put_opt(&PARAMETER_GROUP_NAME, fact(&parameter_group))
        .put_opt(&SUBNET_GROUP_NAME, fact(&|c| c.cache_subnet_group_name.clone()));
    let groups = match (node, &all.gap) {
        (None, Some(gap)) => Err(gap.clone()),
        (node, _) => Ok(node.map(security_groups).unwrap_or_default()),
    };
    r.put(&SECURITY_GROUP_IDS, groups);
}

fn shards(group: &ReplicationGroup) -> Vec<replication_group::Shard> {
    group
        .node_groups()
        .iter()
        .map(|shard| replication_group::Shard {
            id: shard.node_group_id.clone().unwrap_or_default(),
            status: shard.status.clone().unwrap_or_default(),
            nodes: shard
                .node_group_members()
                .iter()
                .map(|node| replication_group::Node {
                    cluster_id: node.cache_cluster_id.clone().unwrap_or_default(),
                    availability_zone: node.preferred_availability_zone.clone(),
                    role: node.current_role.clone(),
                })
                .collect(),
        })
        .collect()
}

fn topic(c: &CacheCluster) -> Option<String> {
    let notification = c.notification_configuration.as_ref()?;
    // A topic that is switched off is none to Terraform.
    (notification.topic_status.as_deref() == Some("active")).then(|| notification.topic_arn.clone())?
}

fn parameter_group(c: &CacheCluster) -> Option<String> {
    c.cache_parameter_group.as_ref()?.cache_parameter_group_name.clone()
}

fn security_groups(c: &CacheCluster) -> Vec<String> {
    c.security_groups().iter().filter_map(|group| group.security_group_id.clone()).collect()
}

async fn cache_clusters(s: &Session) -> Harvest {
    let all = clusters(s).await;
    let resources = s.each(all.items.clone(), |c| cluster_resource(s, c)).await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

async fn cluster_resource(s: &Session, c: CacheCluster) -> Resource {
    use cluster::*;
    let c = &c;
    let mut r = new_resource(s, &KIND, c.cache_cluster_id.as_deref(), c.arn.as_deref());
    // The API says "Multiple" where the nodes are in several zones; Terraform keeps none then.
    let zone = c.preferred_availability_zone.clone().filter(|zone| zone != "Multiple");
    let mode = if zone.is_some() { "single-az" } else { "cross-az" };
    let port = c
        .configuration_endpoint
        .as_ref()
        .or_else(|| c.cache_nodes().first().and_then(|node| node.endpoint.as_ref()))
        .and_then(|endpoint| endpoint.port);
    r.set_opt(&ARN, c.arn.clone())
        .set_opt(&AUTO_MINOR_VERSION_UPGRADE, c.auto_minor_version_upgrade.map(|on| on.to_string()))
        .set_opt(&AVAILABILITY_ZONE, zone)
        .set(&AZ_MODE, mode.to_owned())
        .set_opt(&CLUSTER_ID, c.cache_cluster_id.clone())
        .set_opt(&ENGINE, c.engine.clone())
        .set_opt(&ENGINE_VERSION, c.engine_version.clone())
        .set_opt(&MAINTENANCE_WINDOW, c.preferred_maintenance_window.clone())
        .set_opt(&NODE_TYPE, c.cache_node_type.clone())
        .set_opt(&NOTIFICATION_TOPIC_ARN, topic(c))
        .set_opt(&NUM_CACHE_NODES, c.num_cache_nodes.map(i64::from))
        .set_opt(&PARAMETER_GROUP_NAME, parameter_group(c))
        .set_opt(&PORT, port.map(i64::from))
        .set_opt(&REPLICATION_GROUP_ID, c.replication_group_id.clone())
        .set(&SECURITY_GROUP_IDS, security_groups(c))
        .set_opt(&SNAPSHOT_RETENTION_LIMIT, c.snapshot_retention_limit.map(i64::from))
        .set_opt(&SNAPSHOT_WINDOW, c.snapshot_window.clone())
        .set_opt(&STATUS, c.cache_cluster_status.clone())
        .set_opt(&SUBNET_GROUP_NAME, c.cache_subnet_group_name.clone())
        .set_opt(&TRANSIT_ENCRYPTION_ENABLED, c.transit_encryption_enabled);
    // Nodes of a replication group have its tags, and are not compared by themselves.
    if c.replication_group_id.is_none() {
        put_live_tags(s, &KIND, &mut r).await;
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_elasticache::types::NotificationConfiguration;

    #[test]
    fn a_topic_that_is_off_is_none() {
        let with = |status: &str| {
            let notification =
                NotificationConfiguration::builder().topic_arn("arn:t").topic_status(status).build();
            CacheCluster::builder().notification_configuration(notification).build()
        };
        assert_eq!(topic(&with("active")).as_deref(), Some("arn:t"));
        assert_eq!(topic(&with("inactive")), None);
    }
}
