//! Amazon ElastiCache: replication groups, clusters and subnet groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Exclusion, Kind};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// The tags of the resource itself.
pub const CACHE_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["elasticache:ListTagsForResource"]);
/// The tags.
pub const CACHE_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["elasticache:ListTagsForResource"]);

/// `aws_elasticache_subnet_group`.
pub mod subnet_group {
    use super::*;

    /// The description.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The subnets.
    pub const SUBNET_IDS: Attr<Vec<String>> = Attr::new("subnet_ids", Set);
    /// The VPC.
    pub const VPC_ID: Attr<String> = Attr::new("vpc_id", Never("computed"));

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_elasticache_subnet_group",
        service: "elasticache",
        listed_by: &["elasticache:DescribeCacheSubnetGroups"],
        attributes: &[
            ARN.any(),
            DESCRIPTION.any(),
            NAME.any(),
            SUBNET_IDS.any(),
            CACHE_TAGS.any(),
            CACHE_TAGS_ALL.any(),
            VPC_ID.any(),
        ],
        exclusion: default_group,
        ..Kind::BASE
    };

    fn default_group(resource: &Resource) -> Option<Exclusion> {
        (resource.id() == "default")
            .then_some(Exclusion { rule: "N18", reason: "the default group that AWS makes" })
    }
}

/// `aws_elasticache_replication_group`.
pub mod replication_group {
    use super::*;

    /// One shard.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Shard {
        /// Its id.
        pub id: String,
        /// `available`, …
        pub status: String,
        /// Its nodes.
        pub nodes: Vec<Node>,
    }

    /// One node of a shard.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Node {
        /// The cache cluster's id.
        pub cluster_id: String,
        /// Its zone.
        pub availability_zone: Option<String>,
        /// `primary` or `replica`; none in cluster mode.
        pub role: Option<String>,
    }

    /// Whether the storage is encrypted.
    pub const AT_REST_ENCRYPTION_ENABLED: Attr<bool> =
        Attr::new("at_rest_encryption_enabled", Exact).absent(Absent::Zero);
    /// The token that clients give; a secret that the service never shows.
    pub const AUTH_TOKEN: Attr<String> = Attr::new("auth_token", Never("never returned by the API")).secret();
    /// Whether clients have to give a token.
    pub const AUTH_TOKEN_ENABLED: Attr<bool> = Attr::live("auth_token_enabled");
    /// Whether minor engine versions come by themselves.
    pub const AUTO_MINOR_VERSION_UPGRADE: Attr<bool> = Attr::new("auto_minor_version_upgrade", Exact);
    /// Whether a replica takes over.
    pub const AUTOMATIC_FAILOVER_ENABLED: Attr<bool> =
        Attr::new("automatic_failover_enabled", Exact).absent(Absent::Zero);
    /// Whether cluster mode is on.
    pub const CLUSTER_ENABLED: Attr<bool> = Attr::new("cluster_enabled", Never("computed"));
    /// The description (provider 4 and later).
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// The description (provider 3).
    pub const REPLICATION_GROUP_DESCRIPTION: Attr<String> = Attr::new("replication_group_description", Exact);
    /// The engine.
    pub const ENGINE: Attr<String> = Attr::new("engine", Exact).absent(Absent::Default("\"redis\""));
    /// The engine version; the state may hold the prefix that was asked for (`6.x`).
    pub const ENGINE_VERSION: Attr<String> =
        Attr::new("engine_version", Version).by(&["elasticache:DescribeCacheClusters"]);
    /// The global datastore that it is a member of.
    pub const GLOBAL_REPLICATION_GROUP_ID: Attr<String> = Attr::new(
        "global_replication_group_id",
        Never("a primary gets it when somebody else makes its global datastore"),
    );
    /// `PRIMARY` or `SECONDARY` in that.
    pub const GLOBAL_ROLE: Attr<String> = Attr::live("global_replication_group_member_role");
    /// The key of the storage.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference);
    /// Weekly, `ddd:hh:mm-ddd:hh:mm` in UTC.
    pub const MAINTENANCE_WINDOW: Attr<String> =
        Attr::new("maintenance_window", CaseFold).by(&["elasticache:DescribeCacheClusters"]);
    /// Whether replicas are in other zones.
    pub const MULTI_AZ_ENABLED: Attr<bool> = Attr::new("multi_az_enabled", Exact).absent(Absent::Zero);
    /// The node type.
    pub const NODE_TYPE: Attr<String> = Attr::new("node_type", Exact);
    /// Topic for events.
    pub const NOTIFICATION_TOPIC_ARN: Attr<String> =
        Attr::new("notification_topic_arn", Exact).by(&["elasticache:DescribeCacheClusters"]);
    /// Nodes (provider 4 and later).
    pub const NUM_CACHE_CLUSTERS: Attr<i64> = Attr::new("num_cache_clusters", Exact);
    /// Nodes (provider 3).
    pub const NUMBER_CACHE_CLUSTERS: Attr<i64> = Attr::new("number_cache_clusters", Exact);
    /// Shards.
    pub const NUM_NODE_GROUPS: Attr<i64> = Attr::new("num_node_groups", Exact);
    /// Replicas of each shard.
    pub const REPLICAS_PER_NODE_GROUP: Attr<i64> = Attr::new("replicas_per_node_group", Exact);
    /// The parameter group.
    pub const PARAMETER_GROUP_NAME: Attr<String> =
        Attr::new("parameter_group_name", Exact).by(&["elasticache:DescribeCacheClusters"]);
    /// The port.
    pub const PORT: Attr<i64> = Attr::new("port", Exact);
    /// Its name: the identity.
    pub const REPLICATION_GROUP_ID: Attr<String> = Attr::new("replication_group_id", CaseFold);
    /// Security groups.
    pub const SECURITY_GROUP_IDS: Attr<Vec<String>> =
        Attr::new("security_group_ids", Set).by(&["elasticache:DescribeCacheClusters"]);
    /// The shards with their nodes.
    pub const SHARDS: Attr<Vec<Shard>> = Attr::live("node_groups");
    /// Days that snapshots are kept; 0 turns them off.
    pub const SNAPSHOT_RETENTION_LIMIT: Attr<i64> =
        Attr::new("snapshot_retention_limit", Exact).absent(Absent::Zero);
    /// Daily, `hh:mm-hh:mm` in UTC.
    pub const SNAPSHOT_WINDOW: Attr<String> = Attr::new("snapshot_window", CaseFold);
    /// `available`, …
    pub const STATUS: Attr<String> = Attr::live("status");
    /// The subnet group.
    pub const SUBNET_GROUP_NAME: Attr<String> =
        Attr::new("subnet_group_name", Exact).by(&["elasticache:DescribeCacheClusters"]);
    /// Whether connections are encrypted.
    pub const TRANSIT_ENCRYPTION_ENABLED: Attr<bool> =
        Attr::new("transit_encryption_enabled", Exact).absent(Absent::Zero);
    /// `required` or `preferred`; engines before 7.0 know only the first and may not show it.
    pub const TRANSIT_ENCRYPTION_MODE: Attr<String> =
        Attr::new("transit_encryption_mode", Exact).absent(Absent::Default("\"required\""));
    /// User groups of access control.
    pub const USER_GROUP_IDS: Attr<Vec<String>> = Attr::new("user_group_ids", Set);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_elasticache_replication_group",
        service: "elasticache",
        listed_by: &["elasticache:DescribeReplicationGroups"],
        attributes: &[
            ARN.any(),
            AT_REST_ENCRYPTION_ENABLED.any(),
            AUTH_TOKEN.any(),
            AUTH_TOKEN_ENABLED.any(),
            AUTOMATIC_FAILOVER_ENABLED.any(),
            AUTO_MINOR_VERSION_UPGRADE.any(),
            CLUSTER_ENABLED.any(),
            DESCRIPTION.any(),
            ENGINE.any(),
            ENGINE_VERSION.any(),
            GLOBAL_REPLICATION_GROUP_ID.any(),
            GLOBAL_ROLE.any(),
            KMS_KEY_ID.any(),
            MAINTENANCE_WINDOW.any(),
            MULTI_AZ_ENABLED.any(),
            NODE_TYPE.any(),
            NOTIFICATION_TOPIC_ARN.any(),
            NUMBER_CACHE_CLUSTERS.any(),
            NUM_CACHE_CLUSTERS.any(),
            NUM_NODE_GROUPS.any(),
            PARAMETER_GROUP_NAME.any(),
            PORT.any(),
            REPLICAS_PER_NODE_GROUP.any(),
            REPLICATION_GROUP_DESCRIPTION.any(),
            REPLICATION_GROUP_ID.any(),
            SECURITY_GROUP_IDS.any(),
            SHARDS.any(),
            SNAPSHOT_RETENTION_LIMIT.any(),
            SNAPSHOT_WINDOW.any(),
            STATUS.any(),
            SUBNET_GROUP_NAME.any(),
            CACHE_TAGS.any(),
            CACHE_TAGS_ALL.any(),
            TRANSIT_ENCRYPTION_ENABLED.any(),
            TRANSIT_ENCRYPTION_MODE.any(),
            USER_GROUP_IDS.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_elasticache_cluster`: Memcached clusters, and single Redis nodes outside replication groups.
pub mod cluster {
    use super::*;

    /// Whether minor engine versions come by themselves.
    pub const AUTO_MINOR_VERSION_UPGRADE: Attr<String> =
        Attr::new("auto_minor_version_upgrade", Exact).absent(Absent::Default("true"));
    /// The zone; none when the nodes are in several.
    pub const AVAILABILITY_ZONE: Attr<String> = Attr::new("availability_zone", Exact);
    /// `single-az` or `cross-az`.
    pub const AZ_MODE: Attr<String> = Attr::new("az_mode", Exact);
    /// Its name: the identity.
    pub const CLUSTER_ID: Attr<String> = Attr::new("cluster_id", CaseFold);
    /// The engine.
    pub const ENGINE: Attr<String> = Attr::new("engine", Exact);
    /// The engine version; the state may hold the prefix that was asked for.
    pub const ENGINE_VERSION: Attr<String> = Attr::new("engine_version", Version);
    /// Weekly, `ddd:hh:mm-ddd:hh:mm` in UTC.
    pub const MAINTENANCE_WINDOW: Attr<String> = Attr::new("maintenance_window", CaseFold);
    /// The node type.
    pub const NODE_TYPE: Attr<String> = Attr::new("node_type", Exact);
    /// Topic for events.
    pub const NOTIFICATION_TOPIC_ARN: Attr<String> = Attr::new("notification_topic_arn", Exact);
    /// Nodes.
    pub const NUM_CACHE_NODES: Attr<i64> = Attr::new("num_cache_nodes", Exact);
    /// The parameter group.
    pub const PARAMETER_GROUP_NAME: Attr<String> = Attr::new("parameter_group_name", Exact);
    /// The port.
    pub const PORT: Attr<i64> = Attr::new("port", Exact);
    /// The replication group that it is a node of.
    pub const REPLICATION_GROUP_ID: Attr<String> = Attr::new("replication_group_id", Exact);
    /// Security groups.
    pub const SECURITY_GROUP_IDS: Attr<Vec<String>> = Attr::new("security_group_ids", Set);
    /// Days that snapshots are kept; 0 turns them off.
    pub const SNAPSHOT_RETENTION_LIMIT: Attr<i64> =
        Attr::new("snapshot_retention_limit", Exact).absent(Absent::Zero);
    /// Daily, `hh:mm-hh:mm` in UTC.
    pub const SNAPSHOT_WINDOW: Attr<String> = Attr::new("snapshot_window", CaseFold);
    /// `available`, …
    pub const STATUS: Attr<String> = Attr::live("status");
    /// The subnet group.
    pub const SUBNET_GROUP_NAME: Attr<String> = Attr::new("subnet_group_name", Exact);
    /// Whether connections are encrypted.
    pub const TRANSIT_ENCRYPTION_ENABLED: Attr<bool> =
        Attr::new("transit_encryption_enabled", Exact).absent(Absent::Zero);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_elasticache_cluster",
        service: "elasticache",
        listed_by: &["elasticache:DescribeCacheClusters"],
        attributes: &[
            ARN.any(),
            AUTO_MINOR_VERSION_UPGRADE.any(),
            AVAILABILITY_ZONE.any(),
            AZ_MODE.any(),
            CLUSTER_ID.any(),
            ENGINE.any(),
            ENGINE_VERSION.any(),
            MAINTENANCE_WINDOW.any(),
            NODE_TYPE.any(),
            NOTIFICATION_TOPIC_ARN.any(),
            NUM_CACHE_NODES.any(),
            PARAMETER_GROUP_NAME.any(),
            PORT.any(),
            REPLICATION_GROUP_ID.any(),
            SECURITY_GROUP_IDS.any(),
            SNAPSHOT_RETENTION_LIMIT.any(),
            SNAPSHOT_WINDOW.any(),
            STATUS.any(),
            SUBNET_GROUP_NAME.any(),
            CACHE_TAGS.any(),
            CACHE_TAGS_ALL.any(),
            TRANSIT_ENCRYPTION_ENABLED.any(),
        ],
        exclusion: node_of_a_group,
        ..Kind::BASE
    };

    fn node_of_a_group(resource: &Resource) -> Option<Exclusion> {
        let group = resource.get(&REPLICATION_GROUP_ID).ok().flatten().unwrap_or_default();
        (!group.is_empty()).then_some(Exclusion { rule: "N19", reason: "a node of a replication group" })
    }
}

/// Engine versions that ElastiCache offers; live only, its id is `ENGINE/VERSION`.
pub mod engine_version {
    use super::*;

    /// The engine.
    pub const ENGINE: Attr<String> = Attr::live("engine");
    /// The version.
    pub const VERSION: Attr<String> = Attr::live("engine_version");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_elasticache_engine_version",
        service: "elasticache",
        listed_by: &["elasticache:DescribeCacheEngineVersions"],
        attributes: &[ENGINE.any(), VERSION.any()],
        exclusion: |_| Some(Exclusion { rule: "N18", reason: "what ElastiCache offers" }),
        manageable: false,
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] =
    &[&subnet_group::KIND, &replication_group::KIND, &cluster::KIND, &engine_version::KIND];
