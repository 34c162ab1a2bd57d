//! Amazon EKS: clusters, node groups and add-ons.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::Kind;

use super::common::{ARN, TAGS, TAGS_ALL};

const CLUSTER: &[&str] = &["eks:DescribeCluster"];
const GROUP: &[&str] = &["eks:DescribeNodegroup"];
const ADDON: &[&str] = &["eks:DescribeAddon"];

/// `aws_eks_cluster`.
pub mod cluster {
    use super::*;

    /// The `vpc_config` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Network {
        /// The group of nodes and control plane.
        pub cluster_security_group_id: Option<String>,
        /// Whether the endpoint is reached from the VPC.
        pub endpoint_private_access: Option<bool>,
        /// Whether it is reached from the internet; yes where nothing else is said.
        pub endpoint_public_access: Option<bool>,
        /// From where in the internet; from everywhere where nothing else is said.
        pub public_access_cidrs: Option<Vec<String>>,
        /// More security groups of the control plane.
        pub security_group_ids: Option<Vec<String>>,
        /// The subnets of the control plane.
        pub subnet_ids: Vec<String>,
        /// The VPC.
        pub vpc_id: Option<String>,
    }

    /// Who encrypts.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Provider {
        /// The ARN of the key.
        pub key_arn: String,
    }

    /// The `encryption_config` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Encryption {
        /// With what.
        pub provider: Vec<Provider>,
        /// What: `secrets`.
        pub resources: Vec<String>,
    }

    /// The `compute_config` block: Auto Mode.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Compute {
        /// Whether EKS runs the nodes itself.
        pub enabled: Option<bool>,
        /// The pools that it does so with.
        pub node_pools: Option<Vec<String>>,
        /// The role of such nodes.
        pub node_role_arn: Option<String>,
    }

    /// How identities get in.
    pub const ACCESS_CONFIG: Attr<Value> = Attr::new("access_config", Exact)
        .absent(Absent::Unclaimed)
        .nested(&[Nested::new(
            "bootstrap_cluster_creator_admin_permissions",
            Never("an argument of the creation"),
        )])
        .by(CLUSTER);
    /// Auto Mode.
    pub const COMPUTE_CONFIG: Attr<Vec<Compute>> = Attr::new("compute_config", Exact)
        .absent(Absent::Unclaimed)
        .nested(&[Nested::new("node_pools", Set), Nested::new("enabled", Exact).absent(Absent::Zero)])
        .by(CLUSTER);
    /// The ARN.
    pub const CLUSTER_ARN: Attr<String> = ARN.by(CLUSTER);
    /// Whether it cannot be deleted.
    pub const DELETION_PROTECTION: Attr<bool> =
        Attr::new("deletion_protection", Exact).absent(Absent::Zero).by(CLUSTER);
    /// The logs of the control plane that are kept.
    pub const ENABLED_CLUSTER_LOG_TYPES: Attr<Vec<String>> =
        Attr::new("enabled_cluster_log_types", Set).by(CLUSTER);
    /// What is encrypted with a key of the customer.
    pub const ENCRYPTION_CONFIG: Attr<Vec<Encryption>> =
        Attr::new("encryption_config", Exact).nested(&[Nested::new("resources", Set)]).by(CLUSTER);
    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The role of the control plane.
    pub const ROLE_ARN: Attr<String> = Attr::new("role_arn", Reference).by(CLUSTER);
    /// `CREATING`, `ACTIVE`, `UPDATING`, `FAILED`, …
    pub const STATUS: Attr<String> = Attr::new("status", Never("computed")).by(CLUSTER);
    /// What happens when support of its version ends.
    pub const UPGRADE_POLICY: Attr<Value> =
        Attr::new("upgrade_policy", Exact).absent(Absent::Unclaimed).by(CLUSTER);
    /// The version of Kubernetes: major and minor.
    pub const VERSION: Attr<String> = Attr::new("version", Exact).absent(Absent::Unclaimed).by(CLUSTER);
    /// `STANDARD_SUPPORT`, `EXTENDED_SUPPORT` or `UNSUPPORTED`; none for a version that EKS no longer lists.
    pub const VERSION_STATUS: Attr<String> =
        Attr::live("version_status").by(&["eks:DescribeCluster", "eks:DescribeClusterVersions"]);
    /// The network.
    pub const VPC_CONFIG: Attr<Vec<Network>> = Attr::new("vpc_config", Exact)
        .nested(&[
            Nested::new("cluster_security_group_id", Never("computed")),
            Nested::new("vpc_id", Never("computed")),
            Nested::new("endpoint_private_access", Exact).absent(Absent::Zero),
            Nested::new("endpoint_public_access", Exact).absent(Absent::Default("true")),
            Nested::new("public_access_cidrs", Set).absent(Absent::Unclaimed),
            Nested::new("security_group_ids", Set),
            Nested::new("subnet_ids", Set),
        ])
        .by(CLUSTER);
    /// The tags of the resource itself.
    pub const CLUSTER_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(CLUSTER);
    /// All tags.
    pub const CLUSTER_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(CLUSTER);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_eks_cluster",
        service: "eks",
        listed_by: &["eks:ListClusters"],
        attributes: &[
            ACCESS_CONFIG.any(),
            CLUSTER_ARN.any(),
            COMPUTE_CONFIG.any(),
            DELETION_PROTECTION.any(),
            ENABLED_CLUSTER_LOG_TYPES.any(),
            ENCRYPTION_CONFIG.any(),
            NAME.any(),
            ROLE_ARN.any(),
            STATUS.any(),
            CLUSTER_TAGS.any(),
            CLUSTER_TAGS_ALL.any(),
            UPGRADE_POLICY.any(),
            VERSION.any(),
            VERSION_STATUS.any(),
            VPC_CONFIG.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_eks_node_group`.
pub mod node_group {
    use super::*;

    /// The `scaling_config` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Scaling {
        /// How many nodes should run.
        pub desired_size: i64,
        /// The most.
        pub max_size: i64,
        /// The least.
        pub min_size: i64,
    }

    /// The `remote_access` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct RemoteAccess {
        /// The key pair that opens the nodes over SSH.
        pub ec2_ssh_key: Option<String>,
        /// From where; from everywhere when empty.
        pub source_security_group_ids: Option<Vec<String>>,
    }

    /// The image of its nodes.
    pub const AMI_TYPE: Attr<String> = Attr::new("ami_type", Exact).absent(Absent::Unclaimed).by(GROUP);
    /// The ARN.
    pub const GROUP_ARN: Attr<String> = ARN.by(GROUP);
    /// `ON_DEMAND`, `SPOT` or `CAPACITY_BLOCK`.
    pub const CAPACITY_TYPE: Attr<String> =
        Attr::new("capacity_type", Exact).absent(Absent::Default("\"ON_DEMAND\"")).by(GROUP);
    /// The cluster's name.
    pub const CLUSTER_NAME: Attr<String> = Attr::new("cluster_name", Exact);
    /// The volume of a node, in GiB.
    pub const DISK_SIZE: Attr<i64> = Attr::new("disk_size", Exact).absent(Absent::Unclaimed).by(GROUP);
    /// What is wrong with it: codes; empty when nothing is.
    pub const ISSUES: Attr<Vec<String>> = Attr::live("health_issues").by(GROUP);
    /// The types that its nodes may have.
    pub const INSTANCE_TYPES: Attr<Vec<String>> =
        Attr::new("instance_types", Exact).absent(Absent::Unclaimed).by(GROUP);
    /// Labels of its nodes.
    pub const LABELS: Attr<BTreeMap<String, String>> = Attr::new("labels", Exact).by(GROUP);
    /// Its name.
    pub const NODE_GROUP_NAME: Attr<String> = Attr::new("node_group_name", Exact);
    /// The role of its nodes.
    pub const NODE_ROLE_ARN: Attr<String> = Attr::new("node_role_arn", Reference).by(GROUP);
    /// The release of the image.
    pub const RELEASE_VERSION: Attr<String> =
        Attr::new("release_version", Exact).absent(Absent::Unclaimed).by(GROUP);
    /// Who may log in to its nodes.
    pub const REMOTE_ACCESS: Attr<Vec<RemoteAccess>> =
        Attr::new("remote_access", Exact).nested(&[Nested::new("source_security_group_ids", Set)]).by(GROUP);
    /// Its sizes.
    pub const SCALING_CONFIG: Attr<Vec<Scaling>> = Attr::new("scaling_config", Exact).by(GROUP);
    /// `ACTIVE`, `UPDATING`, `DEGRADED`, …
    pub const STATUS: Attr<String> = Attr::new("status", Never("computed")).by(GROUP);
    /// The subnets of its nodes.
    pub const SUBNET_IDS: Attr<Vec<String>> = Attr::new("subnet_ids", Set).by(GROUP);
    /// Its taints.
    pub const TAINT: Attr<Value> = Attr::new("taint", Set).by(GROUP);
    /// The version of Kubernetes on its nodes.
    pub const VERSION: Attr<String> = Attr::new("version", Exact).absent(Absent::Unclaimed).by(GROUP);
    /// The tags of the resource itself.
    pub const GROUP_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(GROUP);
    /// All tags.
    pub const GROUP_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(GROUP);

    /// The kind; its id is that of Terraform: `CLUSTER:GROUP`.
    pub static KIND: Kind = Kind {
        name: "aws_eks_node_group",
        service: "eks",
        listed_by: &["eks:ListClusters", "eks:ListNodegroups"],
        attributes: &[
            AMI_TYPE.any(),
            GROUP_ARN.any(),
            CAPACITY_TYPE.any(),
            CLUSTER_NAME.any(),
            DISK_SIZE.any(),
            ISSUES.any(),
            INSTANCE_TYPES.any(),
            LABELS.any(),
            NODE_GROUP_NAME.any(),
            NODE_ROLE_ARN.any(),
            RELEASE_VERSION.any(),
            REMOTE_ACCESS.any(),
            SCALING_CONFIG.any(),
            STATUS.any(),
            SUBNET_IDS.any(),
            GROUP_TAGS.any(),
            GROUP_TAGS_ALL.any(),
            TAINT.any(),
            VERSION.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_eks_addon`.
pub mod addon {
    use super::*;

    /// Its name.
    pub const ADDON_NAME: Attr<String> = Attr::new("addon_name", Exact);
    /// Its version.
    pub const ADDON_VERSION: Attr<String> =
        Attr::new("addon_version", Exact).absent(Absent::Unclaimed).by(ADDON);
    /// The ARN.
    pub const ADDON_ARN: Attr<String> = ARN.by(ADDON);
    /// The cluster's name.
    pub const CLUSTER_NAME: Attr<String> = Attr::new("cluster_name", Exact);
    /// Whether EKS lists its version as one for the cluster's version of Kubernetes.
    pub const COMPATIBLE: Attr<bool> = Attr::live("compatible").by(&[
        "eks:DescribeCluster",
        "eks:DescribeAddon",
        "eks:DescribeAddonVersions",
    ]);
    /// What is wrong with it: codes; empty when nothing is.
    pub const ISSUES: Attr<Vec<String>> = Attr::live("health_issues").by(ADDON);
    /// The role of its service account.
    pub const SERVICE_ACCOUNT_ROLE_ARN: Attr<String> =
        Attr::new("service_account_role_arn", Reference).by(ADDON);
    /// `ACTIVE`, `DEGRADED`, `UPDATE_FAILED`, …
    pub const STATUS: Attr<String> = Attr::live("status").by(ADDON);
    /// The tags of the resource itself.
    pub const ADDON_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(ADDON);
    /// All tags.
    pub const ADDON_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(ADDON);

    /// The kind; its id is that of Terraform: `CLUSTER:ADDON`.
    pub static KIND: Kind = Kind {
        name: "aws_eks_addon",
        service: "eks",
        listed_by: &["eks:ListClusters", "eks:ListAddons"],
        attributes: &[
            ADDON_NAME.any(),
            ADDON_VERSION.any(),
            ADDON_ARN.any(),
            CLUSTER_NAME.any(),
            COMPATIBLE.any(),
            ISSUES.any(),
            SERVICE_ACCOUNT_ROLE_ARN.any(),
            STATUS.any(),
            ADDON_TAGS.any(),
            ADDON_TAGS_ALL.any(),
        ],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&cluster::KIND, &node_group::KIND, &addon::KIND];
