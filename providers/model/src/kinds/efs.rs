//! Amazon EFS: file systems with their policies, mount targets, access points, replication.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::compare::last_segment;
use crate::kind::{Exclusion, Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

fn going_away(state: Option<String>) -> Option<Exclusion> {
    matches!(state.as_deref(), Some("deleting" | "deleted"))
        .then_some(Exclusion { rule: "N28", reason: "it is being deleted" })
}

/// `aws_efs_file_system`.
pub mod file_system {
    use super::*;

    /// One step of the life of files. The API gives one block a step, as Terraform does from provider 4 on.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Lifecycle {
        /// When files that nobody read go to the archive class.
        pub transition_to_archive: Option<String>,
        /// When files that nobody read go to the infrequent-access class.
        pub transition_to_ia: Option<String>,
        /// When files come back.
        pub transition_to_primary_storage_class: Option<String>,
    }

    /// The `backup_policy` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Backup {
        /// `ENABLED`, `ENABLING`, `DISABLED` or `DISABLING`.
        pub status: String,
    }

    /// The zone of a One Zone file system; none for a regional one.
    pub const AVAILABILITY_ZONE_NAME: Attr<String> = Attr::new("availability_zone_name", Exact);
    /// Names the request that made it.
    pub const CREATION_TOKEN: Attr<String> = Attr::new("creation_token", Exact);
    /// Whether it is encrypted.
    pub const ENCRYPTED: Attr<bool> = Attr::new("encrypted", Exact).absent(Absent::Zero);
    /// The key that encrypts it.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference);
    /// Where files go that nobody reads.
    pub const LIFECYCLE_POLICY: Attr<Vec<Lifecycle>> =
        Attr::new("lifecycle_policy", Set).by(&["elasticfilesystem:DescribeLifecycleConfiguration"]);
    /// How many mount targets it has.
    pub const NUMBER_OF_MOUNT_TARGETS: Attr<i64> =
        Attr::new("number_of_mount_targets", Never("compared as mount targets"));
    /// `generalPurpose` or `maxIO`.
    pub const PERFORMANCE_MODE: Attr<String> =
        Attr::new("performance_mode", Exact).absent(Absent::Default("\"generalPurpose\""));
    /// `replication_overwrite`: whether it may be the destination of a replication.
    pub const PROTECTION: Attr<Value> = Attr::new("protection", Exact).absent(Absent::Unclaimed);
    /// MiB a second, where they are provisioned.
    pub const PROVISIONED_THROUGHPUT: Attr<f64> =
        Attr::new("provisioned_throughput_in_mibps", Exact).absent(Absent::Zero);
    /// `bursting`, `elastic` or `provisioned`.
    pub const THROUGHPUT_MODE: Attr<String> =
        Attr::new("throughput_mode", Exact).absent(Absent::Default("\"bursting\""));
    /// Whether AWS Backup takes it every day; empty when that was never decided.
    pub const BACKUP_POLICY: Attr<Vec<Backup>> =
        Attr::live("backup_policy").by(&["elasticfilesystem:DescribeBackupPolicy"]);
    /// The file system policy, JSON text; none when everybody in the network may mount it.
    pub const POLICY: Attr<String> = Attr::live("policy").by(&["elasticfilesystem:DescribeFileSystemPolicy"]);
    /// When it was made, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("creation_time");
    /// `available`, `creating`, `error`, `deleting`, …
    pub const STATE: Attr<String> = Attr::live("life_cycle_state");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_efs_file_system",
        service: "elasticfilesystem",
        listed_by: &["elasticfilesystem:DescribeFileSystems"],
        attributes: &[
            ARN.any(),
            AVAILABILITY_ZONE_NAME.any(),
            BACKUP_POLICY.any(),
            CREATED_AT.any(),
            CREATION_TOKEN.any(),
            ENCRYPTED.any(),
            KMS_KEY_ID.any(),
            LIFECYCLE_POLICY.any(),
            NUMBER_OF_MOUNT_TARGETS.any(),
            PERFORMANCE_MODE.any(),
            POLICY.any(),
            PROTECTION.any(),
            PROVISIONED_THROUGHPUT.any(),
            STATE.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            THROUGHPUT_MODE.any(),
        ],
        satellites: &[
            Satellite {
                kind: "aws_efs_backup_policy",
                owner_id,
                form: Form::Block {
                    attribute: "backup_policy",
                    from_owner: backup_from,
                    to_owner: |part| part.raw("backup_policy").cloned(),
                },
            },
            Satellite {
                kind: "aws_efs_file_system_policy",
                owner_id,
                form: Form::Block {
                    attribute: "policy",
                    from_owner: policy_from,
                    to_owner: |part| part.raw("policy").cloned(),
                },
            },
        ],
        exclusion: |resource| going_away(resource.get(&STATE).ok().flatten()),
        ..Kind::BASE
    };

    fn owner_id(part: &Resource) -> Option<String> {
        part.raw("file_system_id").ok()?.as_str().map(str::to_owned)
    }

    fn backup_from(value: &Value) -> Option<Map<String, Value>> {
        value.as_array().filter(|blocks| !blocks.is_empty())?;
        Some(Map::from_iter([("backup_policy".to_owned(), value.clone())]))
    }

    fn policy_from(value: &Value) -> Option<Map<String, Value>> {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        Some(Map::from_iter([("policy".to_owned(), Value::from(text))]))
    }
}

/// `aws_efs_backup_policy`.
pub mod backup_policy {
    use super::*;

    /// Whether AWS Backup takes it every day.
    pub const BACKUP_POLICY: Attr<Vec<file_system::Backup>> = Attr::new("backup_policy", Exact);
    /// The file system.
    pub const FILE_SYSTEM_ID: Attr<String> = Attr::new("file_system_id", Never("names the owner"));

    /// The kind; a part of `aws_efs_file_system`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_efs_backup_policy",
        service: "elasticfilesystem",
        attributes: &[BACKUP_POLICY.any(), FILE_SYSTEM_ID.any()],
        ..Kind::BASE
    };
}

/// `aws_efs_file_system_policy`.
pub mod file_system_policy {
    use super::*;

    pub use super::backup_policy::FILE_SYSTEM_ID;

    /// JSON text.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy);

    /// The kind; a part of `aws_efs_file_system`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_efs_file_system_policy",
        service: "elasticfilesystem",
        attributes: &[FILE_SYSTEM_ID.any(), POLICY.any()],
        ..Kind::BASE
    };
}

/// `aws_efs_mount_target`.
pub mod mount_target {
    use super::*;

    /// The zone of its subnet.
    pub const AVAILABILITY_ZONE_NAME: Attr<String> = Attr::new("availability_zone_name", Never("computed"));
    /// The file system.
    pub const FILE_SYSTEM_ID: Attr<String> = Attr::new("file_system_id", Exact);
    /// Its address in the subnet.
    pub const IP_ADDRESS: Attr<String> = Attr::new("ip_address", Exact);
    /// Its IPv6 address in the subnet.
    pub const IPV6_ADDRESS: Attr<String> = Attr::new("ipv6_address", Exact);
    /// Its interface.
    pub const NETWORK_INTERFACE_ID: Attr<String> = Attr::new("network_interface_id", Never("computed"));
    /// Who may reach it.
    pub const SECURITY_GROUPS: Attr<Vec<String>> =
        Attr::new("security_groups", Set).by(&["elasticfilesystem:DescribeMountTargetSecurityGroups"]);
    /// The subnet.
    pub const SUBNET_ID: Attr<String> = Attr::new("subnet_id", Exact);
    /// `available`, `creating`, `error`, `deleting`, …
    pub const STATE: Attr<String> = Attr::live("life_cycle_state");

    /// The kind; its id is the mount target's.
    pub static KIND: Kind = Kind {
        name: "aws_efs_mount_target",
        service: "elasticfilesystem",
        listed_by: &["elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeMountTargets"],
        attributes: &[
            AVAILABILITY_ZONE_NAME.any(),
            FILE_SYSTEM_ID.any(),
            IP_ADDRESS.any(),
            IPV6_ADDRESS.any(),
            NETWORK_INTERFACE_ID.any(),
            SECURITY_GROUPS.any(),
            STATE.any(),
            SUBNET_ID.any(),
        ],
        exclusion: |resource| going_away(resource.get(&STATE).ok().flatten()),
        ..Kind::BASE
    };
}

/// `aws_efs_access_point`.
pub mod access_point {
    use super::*;

    /// The file system.
    pub const FILE_SYSTEM_ID: Attr<String> = Attr::new("file_system_id", Exact);
    /// The user that every file operation counts as.
    pub const POSIX_USER: Attr<Value> =
        Attr::new("posix_user", Exact).nested(&[Nested::new("secondary_gids", Set)]);
    /// The directory that clients see as the root.
    pub const ROOT_DIRECTORY: Attr<Value> = Attr::new("root_directory", Exact)
        .nested(&[Nested::new("path", Exact).absent(Absent::Default("\"/\""))]);
    /// `available`, `creating`, `error`, `deleting`, …
    pub const STATE: Attr<String> = Attr::live("life_cycle_state");

    /// The kind; its id is the access point's.
    pub static KIND: Kind = Kind {
        name: "aws_efs_access_point",
        service: "elasticfilesystem",
        listed_by: &["elasticfilesystem:DescribeAccessPoints"],
        attributes: &[
            ARN.any(),
            FILE_SYSTEM_ID.any(),
            POSIX_USER.any(),
            ROOT_DIRECTORY.any(),
            STATE.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        exclusion: |resource| going_away(resource.get(&STATE).ok().flatten()),
        ..Kind::BASE
    };
}

/// `aws_efs_replication_configuration`, in the region of its source.
pub mod replication {
    use super::*;

    /// The `destination` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Destination {
        /// The copy.
        pub file_system_id: Option<String>,
        /// Where the copy is.
        pub region: String,
        /// `ENABLED`, `PAUSED`, `ERROR`, …
        pub status: Option<String>,
        /// Everything written before then is in the copy, RFC 3339; only the live side knows.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_replicated_timestamp: Option<String>,
    }

    /// Where copies go.
    pub const DESTINATION: Attr<Vec<Destination>> = Attr::new("destination", Set).nested(&[
        Nested::new("availability_zone_name", Never("never returned by the API")),
        Nested::new("file_system_id", Reference).absent(Absent::Unclaimed),
        Nested::new("kms_key_id", Never("never returned by the API")),
        Nested::new("last_replicated_timestamp", Never("live only")),
        Nested::new("status", Never("computed")),
    ]);
    /// The file system that is copied: the identity.
    pub const SOURCE_FILE_SYSTEM_ID: Attr<String> = Attr::new("source_file_system_id", Reference);
    /// The region of the source.
    pub const SOURCE_FILE_SYSTEM_REGION: Attr<String> =
        Attr::new("source_file_system_region", Never("computed"));

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_efs_replication_configuration",
        service: "elasticfilesystem",
        listed_by: &["elasticfilesystem:DescribeReplicationConfigurations"],
        attributes: &[DESTINATION.any(), SOURCE_FILE_SYSTEM_ID.any(), SOURCE_FILE_SYSTEM_REGION.any()],
        identity: |resource| {
            let source = resource.get(&SOURCE_FILE_SYSTEM_ID).ok().flatten();
            let id = source.unwrap_or_else(|| resource.id().to_owned());
            (!id.is_empty()).then(|| last_segment(&id).to_owned())
        },
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &file_system::KIND,
    &backup_policy::KIND,
    &file_system_policy::KIND,
    &mount_target::KIND,
    &access_point::KIND,
    &replication::KIND,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::Place;
    use serde_json::json;

    fn block(kind: &str) -> fn(&Value) -> Option<Map<String, Value>> {
        let satellite = file_system::KIND.satellites.iter().find(|part| part.kind == kind).unwrap();
        match satellite.form {
            Form::Block { from_owner, .. } => from_owner,
            Form::Atoms { .. } | Form::Whole { .. } => panic!("a block"),
        }
    }

    #[test]
    fn a_file_system_without_a_policy_has_no_such_part() {
        assert!(block("aws_efs_file_system_policy")(&json!(null)).is_none());
        assert_eq!(block("aws_efs_file_system_policy")(&json!("{}")).unwrap()["policy"], "{}");
        assert!(block("aws_efs_backup_policy")(&json!([])).is_none());
        let off = block("aws_efs_backup_policy")(&json!([{"status": "DISABLED"}])).unwrap();
        let on = json!([{"status": "ENABLED"}]);
        let attr = backup_policy::BACKUP_POLICY.any();
        assert!(matches!(compare(&attr, &on, &off["backup_policy"]), Comparison::Changed(_)));
    }

    #[test]
    fn an_access_point_of_root_is_not_one_of_nobody() {
        let attr = access_point::POSIX_USER.any();
        let root = json!([{"uid": 0, "gid": 0, "secondary_gids": []}]);
        assert!(matches!(compare(&attr, &root, &json!([])), Comparison::Changed(_)));
        let live = json!([{"uid": 0, "gid": 0, "secondary_gids": null}]);
        assert_eq!(compare(&attr, &root, &live), Comparison::Suppressed("N4"));
    }

    #[test]
    fn a_replication_is_known_by_its_source() {
        let mut config = Resource::new(Place::new("1", "r"), "aws_efs_replication_configuration", "fs-1");
        assert_eq!((replication::KIND.identity)(&config).as_deref(), Some("fs-1"));
        let arn = "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-2";
        config.set(&replication::SOURCE_FILE_SYSTEM_ID, arn.to_owned());
        assert_eq!((replication::KIND.identity)(&config).as_deref(), Some("fs-2"));
    }
}
