//! Amazon Redshift and Redshift Serverless.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Exclusion, Kind};

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_redshift_cluster`.
pub mod cluster {
    use super::*;

    /// The `snapshot_copy` block of providers before 6.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct SnapshotCopy {
        /// Where snapshots are copied.
        pub destination_region: Option<String>,
        /// The grant for its key there.
        pub grant_name: Option<String>,
        /// Days that copies are kept.
        pub retention_period: Option<i64>,
    }

    /// Whether major versions come in the maintenance window.
    pub const ALLOW_VERSION_UPGRADE: Attr<bool> =
        Attr::new("allow_version_upgrade", Exact).absent(Absent::Default("true"));
    /// Days that automated snapshots are kept; 0 turns them off.
    pub const AUTOMATED_SNAPSHOT_RETENTION_PERIOD: Attr<i64> =
        Attr::new("automated_snapshot_retention_period", Exact).absent(Absent::Default("1"));
    /// The zone.
    pub const AVAILABILITY_ZONE: Attr<String> = Attr::new("availability_zone", Exact);
    /// Whether it moves to another zone when its own fails.
    pub const AVAILABILITY_ZONE_RELOCATION_ENABLED: Attr<bool> =
        Attr::new("availability_zone_relocation_enabled", Exact).absent(Absent::Zero);
    /// Its name: the identity.
    pub const CLUSTER_IDENTIFIER: Attr<String> = Attr::new("cluster_identifier", CaseFold);
    /// The parameter group.
    pub const CLUSTER_PARAMETER_GROUP_NAME: Attr<String> = Attr::new("cluster_parameter_group_name", Exact);
    /// The subnet group.
    pub const CLUSTER_SUBNET_GROUP_NAME: Attr<String> = Attr::new("cluster_subnet_group_name", Exact);
    /// The engine version.
    pub const CLUSTER_VERSION: Attr<String> = Attr::new("cluster_version", Exact);
    /// The database made with it.
    pub const DATABASE_NAME: Attr<String> = Attr::new("database_name", Exact);
    /// Whether it is encrypted; provider 6 keeps it as text.
    pub const ENCRYPTED: Attr<Value> = Attr::new("encrypted", CaseFold).absent(Absent::Zero);
    /// Whether its traffic stays in the VPC.
    pub const ENHANCED_VPC_ROUTING: Attr<bool> =
        Attr::new("enhanced_vpc_routing", Exact).absent(Absent::Zero);
    /// Roles that it may take on.
    pub const IAM_ROLES: Attr<Vec<String>> = Attr::new("iam_roles", Set);
    /// Its key.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference);
    /// Which versions it gets.
    pub const MAINTENANCE_TRACK_NAME: Attr<String> =
        Attr::new("maintenance_track_name", Exact).absent(Absent::Default("\"current\""));
    /// Days that manual snapshots are kept; -1 is for ever.
    pub const MANUAL_SNAPSHOT_RETENTION_PERIOD: Attr<i64> =
        Attr::new("manual_snapshot_retention_period", Exact).absent(Absent::Default("-1"));
    /// The first user.
    pub const MASTER_USERNAME: Attr<String> = Attr::new("master_username", Exact);
    /// Whether it stands in two zones.
    pub const MULTI_AZ: Attr<bool> = Attr::new("multi_az", Exact).absent(Absent::Zero);
    /// The node type.
    pub const NODE_TYPE: Attr<String> = Attr::new("node_type", Exact);
    /// Compute nodes.
    pub const NUMBER_OF_NODES: Attr<i64> = Attr::new("number_of_nodes", Exact).absent(Absent::Default("1"));
    /// The port.
    pub const PORT: Attr<i64> = Attr::new("port", Exact).absent(Absent::Default("5439"));
    /// Weekly, `ddd:hh:mm-ddd:hh:mm` in UTC.
    pub const PREFERRED_MAINTENANCE_WINDOW: Attr<String> =
        Attr::new("preferred_maintenance_window", CaseFold);
    /// Whether it has a public address.
    pub const PUBLICLY_ACCESSIBLE: Attr<bool> = Attr::new("publicly_accessible", Exact).absent(Absent::Zero);
    /// Copies of its snapshots in another region. The separate resource of provider 5 and later makes the same.
    pub const SNAPSHOT_COPY: Attr<Vec<SnapshotCopy>> =
        Attr::new("snapshot_copy", Exact).absent(Absent::Unclaimed);
    /// Security groups.
    pub const VPC_SECURITY_GROUP_IDS: Attr<Vec<String>> = Attr::new("vpc_security_group_ids", Set);

    /// The kind; its id is the cluster's name.
    pub static KIND: Kind = Kind {
        name: "aws_redshift_cluster",
        service: "redshift",
        listed_by: &["redshift:DescribeClusters"],
        attributes: &[
            ALLOW_VERSION_UPGRADE.any(),
            ARN.any(),
            AUTOMATED_SNAPSHOT_RETENTION_PERIOD.any(),
            AVAILABILITY_ZONE.any(),
            AVAILABILITY_ZONE_RELOCATION_ENABLED.any(),
            CLUSTER_IDENTIFIER.any(),
            CLUSTER_PARAMETER_GROUP_NAME.any(),
            CLUSTER_SUBNET_GROUP_NAME.any(),
            CLUSTER_VERSION.any(),
            DATABASE_NAME.any(),
            ENCRYPTED.any(),
            ENHANCED_VPC_ROUTING.any(),
            IAM_ROLES.any(),
            KMS_KEY_ID.any(),
            MAINTENANCE_TRACK_NAME.any(),
            MANUAL_SNAPSHOT_RETENTION_PERIOD.any(),
            MASTER_USERNAME.any(),
            MULTI_AZ.any(),
            NODE_TYPE.any(),
            NUMBER_OF_NODES.any(),
            PORT.any(),
            PREFERRED_MAINTENANCE_WINDOW.any(),
            PUBLICLY_ACCESSIBLE.any(),
            SNAPSHOT_COPY.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_SECURITY_GROUP_IDS.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_redshiftserverless_workgroup`.
pub mod workgroup {
    use super::*;

    /// The least capacity, in RPU.
    pub const BASE_CAPACITY: Attr<i64> = Attr::new("base_capacity", Exact);
    /// Whether its traffic stays in the VPC.
    pub const ENHANCED_VPC_ROUTING: Attr<bool> =
        Attr::new("enhanced_vpc_routing", Exact).absent(Absent::Zero);
    /// The most capacity, in RPU.
    pub const MAX_CAPACITY: Attr<i64> = Attr::new("max_capacity", Exact).absent(Absent::Zero);
    /// What holds its data.
    pub const NAMESPACE_NAME: Attr<String> = Attr::new("namespace_name", Exact);
    /// The port.
    pub const PORT: Attr<i64> = Attr::new("port", Exact).absent(Absent::Default("5439"));
    /// Whether it has a public address.
    pub const PUBLICLY_ACCESSIBLE: Attr<bool> = Attr::new("publicly_accessible", Exact).absent(Absent::Zero);
    /// Security groups.
    pub const SECURITY_GROUP_IDS: Attr<Vec<String>> = Attr::new("security_group_ids", Set);
    /// Subnets.
    pub const SUBNET_IDS: Attr<Vec<String>> = Attr::new("subnet_ids", Set);
    /// Its name: the identity.
    pub const WORKGROUP_NAME: Attr<String> = Attr::new("workgroup_name", Exact);

    /// The kind; its id is the workgroup's name.
    pub static KIND: Kind = Kind {
        name: "aws_redshiftserverless_workgroup",
        service: "redshift-serverless",
        listed_by: &["redshift-serverless:ListWorkgroups"],
        attributes: &[
            ARN.any(),
            BASE_CAPACITY.any(),
            ENHANCED_VPC_ROUTING.any(),
            MAX_CAPACITY.any(),
            NAMESPACE_NAME.any(),
            PORT.any(),
            PUBLICLY_ACCESSIBLE.any(),
            SECURITY_GROUP_IDS.any(),
            SUBNET_IDS.any(),
            WORKGROUP_NAME.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_redshiftserverless_namespace`.
pub mod namespace {
    use super::*;

    /// The first user.
    pub const ADMIN_USERNAME: Attr<String> = Attr::new("admin_username", Exact);
    /// The database made with it.
    pub const DB_NAME: Attr<String> = Attr::new("db_name", Exact);
    /// The role that it takes on unasked.
    pub const DEFAULT_IAM_ROLE_ARN: Attr<String> = Attr::new("default_iam_role_arn", Exact);
    /// Roles that it may take on.
    pub const IAM_ROLES: Attr<Vec<String>> = Attr::new("iam_roles", Set);
    /// Its key; AWS's own where none was named.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference).absent(Absent::Unclaimed);
    /// Which logs it exports.
    pub const LOG_EXPORTS: Attr<Vec<String>> = Attr::new("log_exports", Set);
    /// Its name: the identity.
    pub const NAMESPACE_NAME: Attr<String> = Attr::new("namespace_name", Exact);

    /// The kind; its id is the namespace's name.
    pub static KIND: Kind = Kind {
        name: "aws_redshiftserverless_namespace",
        service: "redshift-serverless",
        listed_by: &["redshift-serverless:ListNamespaces"],
        attributes: &[
            ADMIN_USERNAME.any(),
            ARN.any(),
            DB_NAME.any(),
            DEFAULT_IAM_ROLE_ARN.any(),
            IAM_ROLES.any(),
            KMS_KEY_ID.any(),
            LOG_EXPORTS.any(),
            NAMESPACE_NAME.any(),
        ],
        ..Kind::BASE
    };
}

/// Snapshots of clusters in the region that they are restored in; live only, its id is the snapshot's.
pub mod snapshot {
    use super::*;

    /// The cluster that it was taken of.
    pub const CLUSTER_IDENTIFIER: Attr<String> = Attr::live("cluster_identifier");
    /// The moment whose data it holds, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("snapshot_create_time");
    /// Whether it is encrypted.
    pub const ENCRYPTED: Attr<bool> = Attr::live("encrypted");
    /// Its key.
    pub const KMS_KEY_ID: Attr<String> = Attr::live("kms_key_id");
    /// The region that it was copied from; none of one that was taken here.
    pub const SOURCE_REGION: Attr<String> = Attr::live("source_region");
    /// `available`, `creating`, `failed`, …
    pub const STATUS: Attr<String> = Attr::live("status");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_redshift_snapshot",
        service: "redshift",
        listed_by: &["redshift:DescribeClusterSnapshots"],
        attributes: &[
            CLUSTER_IDENTIFIER.any(),
            CREATED_AT.any(),
            ENCRYPTED.any(),
            KMS_KEY_ID.any(),
            SOURCE_REGION.any(),
            STATUS.any(),
        ],
        exclusion: |_| Some(Exclusion { rule: "N19", reason: "a copy that the service keeps" }),
        manageable: false,
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&cluster::KIND, &workgroup::KIND, &namespace::KIND, &snapshot::KIND];
