//! Amazon RDS: instances, clusters, snapshots, groups and replicated backups.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Kind, Scope, by_id};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// The DB parameters that force TLS; which one an engine has differs.
pub const TLS_PARAMETERS: &[&str] = &["rds.force_ssl", "require_secure_transport"];

/// One parameter of a parameter group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value; none where the engine decides.
    pub value: Option<String>,
    /// `immediate` or `pending-reboot`: when a change takes effect.
    pub apply_method: Option<String>,
}

const PARAMETER_RULES: &[Nested] =
    &[Nested::new("apply_method", Never("says when a change takes effect, not what the value is"))];

/// The identity of instances: provider 5 and later store the resource id (`db-…`) in `id`, so `identifier` leads.
fn by_identifier(resource: &Resource) -> Option<String> {
    text(resource, "identifier").or_else(|| by_id(resource))
}

fn text(resource: &Resource, path: &str) -> Option<String> {
    resource.raw(path).ok()?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `aws_db_instance`: instances that are no members of a cluster.
pub mod db_instance {
    use super::*;

    /// GiB.
    pub const ALLOCATED_STORAGE: Attr<i64> = Attr::new("allocated_storage", Exact);
    /// Whether minor engine versions come by themselves.
    pub const AUTO_MINOR_VERSION_UPGRADE: Attr<bool> =
        Attr::new("auto_minor_version_upgrade", Exact).absent(Absent::Zero);
    /// The zone of the primary.
    pub const AVAILABILITY_ZONE: Attr<String> =
        Attr::new("availability_zone", Never("moves when a Multi-AZ instance fails over"));
    /// Days that automated backups are kept; 0 turns them off.
    pub const BACKUP_RETENTION_PERIOD: Attr<i64> =
        Attr::new("backup_retention_period", Exact).absent(Absent::Zero);
    /// `region` or `outposts`.
    pub const BACKUP_TARGET: Attr<String> =
        Attr::new("backup_target", Exact).absent(Absent::Default("\"region\""));
    /// Daily, `hh:mm-hh:mm` in UTC.
    pub const BACKUP_WINDOW: Attr<String> = Attr::new("backup_window", CaseFold);
    /// The certificate authority of the server certificate.
    pub const CA_CERT_IDENTIFIER: Attr<String> = Attr::new("ca_cert_identifier", Exact);
    /// Oracle and SQL Server.
    pub const CHARACTER_SET_NAME: Attr<String> = Attr::new("character_set_name", Exact);
    /// Whether snapshots inherit the tags.
    pub const COPY_TAGS_TO_SNAPSHOT: Attr<bool> =
        Attr::new("copy_tags_to_snapshot", Exact).absent(Absent::Zero);
    /// When it was made, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("instance_create_time");
    /// `standard` or `advanced`.
    pub const DATABASE_INSIGHTS_MODE: Attr<String> =
        Attr::new("database_insights_mode", Exact).absent(Absent::Default("\"standard\""));
    /// The first database (provider 4 and later).
    pub const DB_NAME: Attr<String> = Attr::new("db_name", Exact);
    /// The first database (provider 3).
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The subnet group.
    pub const DB_SUBNET_GROUP_NAME: Attr<String> = Attr::new("db_subnet_group_name", Reference);
    /// Whether it has a volume of its own for logs.
    pub const DEDICATED_LOG_VOLUME: Attr<bool> =
        Attr::new("dedicated_log_volume", Exact).absent(Absent::Zero);
    /// Whether a delete is refused.
    pub const DELETION_PROTECTION: Attr<bool> = Attr::new("deletion_protection", Exact).absent(Absent::Zero);
    /// The directory it joined.
    pub const DOMAIN: Attr<String> = Attr::new("domain", Exact);
    /// The role for the directory.
    pub const DOMAIN_IAM_ROLE_NAME: Attr<String> = Attr::new("domain_iam_role_name", Exact);
    /// Log types sent to CloudWatch Logs.
    pub const ENABLED_CLOUDWATCH_LOGS_EXPORTS: Attr<Vec<String>> =
        Attr::new("enabled_cloudwatch_logs_exports", Set);
    /// Host and port.
    pub const ENDPOINT: Attr<String> = Attr::new("endpoint", Never("computed"));
    /// The engine.
    pub const ENGINE: Attr<String> = Attr::new("engine", Exact);
    /// What happens after the end of standard support.
    pub const ENGINE_LIFECYCLE_SUPPORT: Attr<String> = Attr::new("engine_lifecycle_support", Exact)
        .absent(Absent::Default("\"open-source-rds-extended-support\""));
    /// The engine version; the state may hold the prefix that was asked for.
    pub const ENGINE_VERSION: Attr<String> = Attr::new("engine_version", Version);
    /// Whether IAM may log in.
    pub const IAM_DATABASE_AUTHENTICATION_ENABLED: Attr<bool> =
        Attr::new("iam_database_authentication_enabled", Exact).absent(Absent::Zero);
    /// Its name: the identity.
    pub const IDENTIFIER: Attr<String> = Attr::new("identifier", Exact);
    /// The instance class.
    pub const INSTANCE_CLASS: Attr<String> = Attr::new("instance_class", Exact);
    /// Provisioned I/O operations per second.
    pub const IOPS: Attr<i64> = Attr::new("iops", Exact).absent(Absent::Zero);
    /// The key of the storage.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference);
    /// Up to when it can be restored, RFC 3339; none without automated backups.
    pub const LATEST_RESTORABLE_TIME: Attr<String> =
        Attr::new("latest_restorable_time", Never("moves with time"));
    /// The licence model.
    pub const LICENSE_MODEL: Attr<String> = Attr::new("license_model", Exact);
    /// Weekly, `ddd:hh:mm-ddd:hh:mm` in UTC.
    pub const MAINTENANCE_WINDOW: Attr<String> = Attr::new("maintenance_window", CaseFold);
    /// Whether Secrets Manager holds the password.
    pub const MANAGE_MASTER_USER_PASSWORD: Attr<bool> =
        Attr::new("manage_master_user_password", Exact).absent(Absent::Zero);
    /// The key of that secret.
    pub const MASTER_USER_SECRET_KMS_KEY_ID: Attr<String> =
        Attr::new("master_user_secret_kms_key_id", Reference);
    /// GiB that storage autoscaling may reach; 0 turns it off.
    pub const MAX_ALLOCATED_STORAGE: Attr<i64> =
        Attr::new("max_allocated_storage", Exact).absent(Absent::Zero);
    /// Seconds between enhanced monitoring points; 0 turns it off.
    pub const MONITORING_INTERVAL: Attr<i64> = Attr::new("monitoring_interval", Exact).absent(Absent::Zero);
    /// The role of enhanced monitoring.
    pub const MONITORING_ROLE_ARN: Attr<String> = Attr::new("monitoring_role_arn", Exact);
    /// Whether there is a standby in another zone.
    pub const MULTI_AZ: Attr<bool> = Attr::new("multi_az", Exact).absent(Absent::Zero);
    /// `IPV4` or `DUAL`.
    pub const NETWORK_TYPE: Attr<String> =
        Attr::new("network_type", Exact).absent(Absent::Default("\"IPV4\""));
    /// The option group.
    pub const OPTION_GROUP_NAME: Attr<String> = Attr::new("option_group_name", Exact);
    /// The parameter group.
    pub const PARAMETER_GROUP_NAME: Attr<String> = Attr::new("parameter_group_name", Exact);
    /// `in-sync`, `pending-reboot`, `applying`: whether the parameter group is in effect.
    pub const PARAMETER_APPLY_STATUS: Attr<String> = Attr::live("parameter_apply_status");
    /// What will change at the next maintenance window or reboot, by attribute; never a password.
    pub const PENDING_MODIFIED_VALUES: Attr<Map<String, Value>> = Attr::live("pending_modified_values");
    /// Whether Performance Insights is on.
    pub const PERFORMANCE_INSIGHTS_ENABLED: Attr<bool> =
        Attr::new("performance_insights_enabled", Exact).absent(Absent::Zero);
    /// Its key.
    pub const PERFORMANCE_INSIGHTS_KMS_KEY_ID: Attr<String> =
        Attr::new("performance_insights_kms_key_id", Reference);
    /// Days that its data is kept.
    pub const PERFORMANCE_INSIGHTS_RETENTION_PERIOD: Attr<i64> =
        Attr::new("performance_insights_retention_period", Exact).absent(Absent::Zero);
    /// The port.
    pub const PORT: Attr<i64> = Attr::new("port", Exact);
    /// Whether its name resolves to a public address outside the VPC.
    pub const PUBLICLY_ACCESSIBLE: Attr<bool> = Attr::new("publicly_accessible", Exact).absent(Absent::Zero);
    /// `open-read-only` or `mounted` (Oracle).
    pub const REPLICA_MODE: Attr<String> = Attr::new("replica_mode", Exact);
    /// Identifiers of its read replicas; ARNs where they are in another region.
    pub const REPLICAS: Attr<Vec<String>> = Attr::new("replicas", Never("computed"));
    /// The instance or cluster that it replicates: an identifier, or an ARN from another region.
    pub const REPLICATE_SOURCE_DB: Attr<String> = Attr::new("replicate_source_db", Reference);
    /// `db-…`: never used again after a delete.
    pub const RESOURCE_ID: Attr<String> = Attr::new("resource_id", Never("computed"));
    /// ARNs of its automated backups in other regions.
    pub const BACKUP_REPLICATIONS: Attr<Vec<String>> = Attr::live("automated_backups_replications");
    /// Whether replication of a read replica is well: `replicating`, `error`, `stopped`, …; none when it is no replica.
    pub const REPLICATION_STATUS: Attr<String> = Attr::live("replication_status");
    /// The zone of the standby.
    pub const SECONDARY_AVAILABILITY_ZONE: Attr<String> = Attr::live("secondary_availability_zone");
    /// `available`, `backing-up`, …
    pub const STATUS: Attr<String> = Attr::new("status", Never("moves with time"));
    /// Groups of EC2-Classic.
    pub const SECURITY_GROUP_NAMES: Attr<Vec<String>> =
        Attr::new("security_group_names", Never("of EC2-Classic, which AWS has ended"));
    /// Whether the storage is encrypted.
    pub const STORAGE_ENCRYPTED: Attr<bool> = Attr::new("storage_encrypted", Exact).absent(Absent::Zero);
    /// MiB/s of gp3.
    pub const STORAGE_THROUGHPUT: Attr<i64> = Attr::new("storage_throughput", Exact).absent(Absent::Zero);
    /// `gp2`, `gp3`, `io1`, …
    pub const STORAGE_TYPE: Attr<String> = Attr::new("storage_type", Exact);
    /// The subnets of its subnet group.
    pub const SUBNET_IDS: Attr<Vec<String>> = Attr::live("subnet_ids");
    /// SQL Server.
    pub const TIMEZONE: Attr<String> = Attr::new("timezone", Exact);
    /// The master user's name.
    pub const USERNAME: Attr<String> = Attr::new("username", Exact);
    /// The VPC of its subnet group.
    pub const VPC_ID: Attr<String> = Attr::live("vpc_id");
    /// Security groups.
    pub const VPC_SECURITY_GROUP_IDS: Attr<Vec<String>> = Attr::new("vpc_security_group_ids", Set);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_db_instance",
        service: "rds",
        listed_by: &["rds:DescribeDBInstances"],
        attributes: &[
            ALLOCATED_STORAGE.any(),
            ARN.any(),
            AUTO_MINOR_VERSION_UPGRADE.any(),
            AVAILABILITY_ZONE.any(),
            BACKUP_REPLICATIONS.any(),
            BACKUP_RETENTION_PERIOD.any(),
            BACKUP_TARGET.any(),
            BACKUP_WINDOW.any(),
            CA_CERT_IDENTIFIER.any(),
            CHARACTER_SET_NAME.any(),
            COPY_TAGS_TO_SNAPSHOT.any(),
            CREATED_AT.any(),
            DATABASE_INSIGHTS_MODE.any(),
            DB_NAME.any(),
            DB_SUBNET_GROUP_NAME.any(),
            DEDICATED_LOG_VOLUME.any(),
            DELETION_PROTECTION.any(),
            DOMAIN.any(),
            DOMAIN_IAM_ROLE_NAME.any(),
            ENABLED_CLOUDWATCH_LOGS_EXPORTS.any(),
            ENDPOINT.any(),
            ENGINE.any(),
            ENGINE_LIFECYCLE_SUPPORT.any(),
            ENGINE_VERSION.any(),
            IAM_DATABASE_AUTHENTICATION_ENABLED.any(),
            IDENTIFIER.any(),
            INSTANCE_CLASS.any(),
            IOPS.any(),
            KMS_KEY_ID.any(),
            LATEST_RESTORABLE_TIME.any(),
            LICENSE_MODEL.any(),
            MAINTENANCE_WINDOW.any(),
            MANAGE_MASTER_USER_PASSWORD.any(),
            MASTER_USER_SECRET_KMS_KEY_ID.any(),
            MAX_ALLOCATED_STORAGE.any(),
            MONITORING_INTERVAL.any(),
            MONITORING_ROLE_ARN.any(),
            MULTI_AZ.any(),
            NAME.any(),
            NETWORK_TYPE.any(),
            OPTION_GROUP_NAME.any(),
            PARAMETER_APPLY_STATUS.any(),
            PARAMETER_GROUP_NAME.any(),
            PENDING_MODIFIED_VALUES.any(),
            PERFORMANCE_INSIGHTS_ENABLED.any(),
            PERFORMANCE_INSIGHTS_KMS_KEY_ID.any(),
            PERFORMANCE_INSIGHTS_RETENTION_PERIOD.any(),
            PORT.any(),
            PUBLICLY_ACCESSIBLE.any(),
            REPLICAS.any(),
            REPLICATE_SOURCE_DB.any(),
            REPLICATION_STATUS.any(),
            REPLICA_MODE.any(),
            RESOURCE_ID.any(),
            SECONDARY_AVAILABILITY_ZONE.any(),
            STATUS.any(),
            SECURITY_GROUP_NAMES.any(),
            STORAGE_ENCRYPTED.any(),
            STORAGE_THROUGHPUT.any(),
            STORAGE_TYPE.any(),
            SUBNET_IDS.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            TIMEZONE.any(),
            USERNAME.any(),
            VPC_ID.any(),
            VPC_SECURITY_GROUP_IDS.any(),
        ],
        identity: by_identifier,
        ..Kind::BASE
    };
}

/// `aws_rds_cluster`.
pub mod cluster {
    use super::*;

    /// A member of a cluster, as the cluster sees it.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Member {
        /// The instance's identifier.
        pub identifier: String,
        /// Whether it takes the writes.
        pub writer: bool,
        /// 0 is promoted first, 15 last.
        pub promotion_tier: i64,
        /// `in-sync` or `pending-reboot`: whether the cluster parameter group is in effect.
        pub parameter_status: String,
    }

    /// GiB; Multi-AZ DB clusters only, Aurora's is managed.
    pub const ALLOCATED_STORAGE: Attr<i64> =
        Attr::new("allocated_storage", Never("Aurora grows it by itself"));
    /// Zones in which instances may be made.
    pub const AVAILABILITY_ZONES: Attr<Vec<String>> = Attr::new("availability_zones", Set);
    /// Seconds.
    pub const BACKTRACK_WINDOW: Attr<i64> = Attr::new("backtrack_window", Exact).absent(Absent::Zero);
    /// Days that automated backups are kept.
    pub const BACKUP_RETENTION_PERIOD: Attr<i64> = Attr::new("backup_retention_period", Exact);
    /// Its name: the identity.
    pub const CLUSTER_IDENTIFIER: Attr<String> = Attr::new("cluster_identifier", Exact);
    /// Identifiers of the members. Each is an `aws_rds_cluster_instance` of its own and is compared there.
    pub const CLUSTER_MEMBERS: Attr<Vec<String>> =
        Attr::new("cluster_members", Never("members are resources of their own"));
    /// The members with their roles.
    pub const MEMBERS: Attr<Vec<Member>> = Attr::live("db_cluster_members");
    /// `cluster-…`.
    pub const CLUSTER_RESOURCE_ID: Attr<String> = Attr::new("cluster_resource_id", Never("computed"));
    /// Whether snapshots inherit the tags.
    pub const COPY_TAGS_TO_SNAPSHOT: Attr<bool> =
        Attr::new("copy_tags_to_snapshot", Exact).absent(Absent::Zero);
    /// When it was made, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("cluster_create_time");
    /// The first database.
    pub const DATABASE_NAME: Attr<String> = Attr::new("database_name", Exact);
    /// The instance class of a Multi-AZ DB cluster.
    pub const DB_CLUSTER_INSTANCE_CLASS: Attr<String> = Attr::new("db_cluster_instance_class", Exact);
    /// The cluster parameter group.
    pub const DB_CLUSTER_PARAMETER_GROUP_NAME: Attr<String> =
        Attr::new("db_cluster_parameter_group_name", Exact);
    /// The subnet group.
    pub const DB_SUBNET_GROUP_NAME: Attr<String> = Attr::new("db_subnet_group_name", Reference);
    /// Whether a delete is refused.
    pub const DELETION_PROTECTION: Attr<bool> = Attr::new("deletion_protection", Exact).absent(Absent::Zero);
    /// Whether the data API is on.
    pub const ENABLE_HTTP_ENDPOINT: Attr<bool> =
        Attr::new("enable_http_endpoint", Exact).absent(Absent::Zero);
    /// Log types sent to CloudWatch Logs.
    pub const ENABLED_CLOUDWATCH_LOGS_EXPORTS: Attr<Vec<String>> =
        Attr::new("enabled_cloudwatch_logs_exports", Set);
    /// The engine.
    pub const ENGINE: Attr<String> = Attr::new("engine", Exact);
    /// `provisioned`, `serverless`, `global`, …
    pub const ENGINE_MODE: Attr<String> =
        Attr::new("engine_mode", Exact).absent(Absent::Default("\"provisioned\""));
    /// The engine version; the state may hold the prefix that was asked for.
    pub const ENGINE_VERSION: Attr<String> = Attr::new("engine_version", Version);
    /// The global cluster that it is in.
    pub const GLOBAL_CLUSTER_IDENTIFIER: Attr<String> =
        Attr::new("global_cluster_identifier", Never("membership is compared at the global cluster"));
    /// Whether IAM may log in.
    pub const IAM_DATABASE_AUTHENTICATION_ENABLED: Attr<bool> =
        Attr::new("iam_database_authentication_enabled", Exact).absent(Absent::Zero);
    /// Roles that the cluster may take.
    pub const IAM_ROLES: Attr<Vec<String>> = Attr::new("iam_roles", Set);
    /// Provisioned I/O operations per second.
    pub const IOPS: Attr<i64> = Attr::new("iops", Exact).absent(Absent::Zero);
    /// The key of the storage.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference);
    /// Up to when it can be restored, RFC 3339.
    pub const LATEST_RESTORABLE_TIME: Attr<String> = Attr::live("latest_restorable_time");
    /// Whether Secrets Manager holds the password.
    pub const MANAGE_MASTER_USER_PASSWORD: Attr<bool> =
        Attr::new("manage_master_user_password", Exact).absent(Absent::Zero);
    /// The master user's name.
    pub const MASTER_USERNAME: Attr<String> = Attr::new("master_username", Exact);
    /// Whether there are instances in several zones.
    pub const MULTI_AZ: Attr<bool> = Attr::live("multi_az");
    /// `IPV4` or `DUAL`.
    pub const NETWORK_TYPE: Attr<String> =
        Attr::new("network_type", Exact).absent(Absent::Default("\"IPV4\""));
    /// The port.
    pub const PORT: Attr<i64> = Attr::new("port", Exact);
    /// Daily, `hh:mm-hh:mm` in UTC.
    pub const PREFERRED_BACKUP_WINDOW: Attr<String> = Attr::new("preferred_backup_window", CaseFold);
    /// Weekly, `ddd:hh:mm-ddd:hh:mm` in UTC.
    pub const PREFERRED_MAINTENANCE_WINDOW: Attr<String> =
        Attr::new("preferred_maintenance_window", CaseFold);
    /// ARNs of clusters that replicate it.
    pub const READ_REPLICAS: Attr<Vec<String>> = Attr::live("read_replica_identifiers");
    /// The ARN of the cluster or instance that it replicates.
    pub const REPLICATION_SOURCE_IDENTIFIER: Attr<String> =
        Attr::new("replication_source_identifier", Reference);
    /// Serverless version 1.
    pub const SCALING_CONFIGURATION: Attr<Value> = Attr::new("scaling_configuration", Exact)
        .absent(Absent::Zero)
        .nested(&[Nested::new("seconds_before_timeout", Exact).absent(Absent::Default("300"))]);
    /// Serverless version 2.
    pub const SERVERLESSV2_SCALING_CONFIGURATION: Attr<Value> =
        Attr::new("serverlessv2_scaling_configuration", Exact).absent(Absent::Zero);
    /// `available`, …
    pub const STATUS: Attr<String> = Attr::live("status");
    /// Whether the storage is encrypted.
    pub const STORAGE_ENCRYPTED: Attr<bool> = Attr::new("storage_encrypted", Exact).absent(Absent::Zero);
    /// `aurora`, `aurora-iopt1`, `io1`, …
    pub const STORAGE_TYPE: Attr<String> =
        Attr::new("storage_type", Exact).absent(Absent::Default("\"aurora\""));
    /// Security groups.
    pub const VPC_SECURITY_GROUP_IDS: Attr<Vec<String>> = Attr::new("vpc_security_group_ids", Set);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_rds_cluster",
        service: "rds",
        listed_by: &["rds:DescribeDBClusters"],
        attributes: &[
            ALLOCATED_STORAGE.any(),
            ARN.any(),
            AVAILABILITY_ZONES.any(),
            BACKTRACK_WINDOW.any(),
            BACKUP_RETENTION_PERIOD.any(),
            CLUSTER_IDENTIFIER.any(),
            CLUSTER_MEMBERS.any(),
            CLUSTER_RESOURCE_ID.any(),
            COPY_TAGS_TO_SNAPSHOT.any(),
            CREATED_AT.any(),
            DATABASE_NAME.any(),
            DB_CLUSTER_INSTANCE_CLASS.any(),
            DB_CLUSTER_PARAMETER_GROUP_NAME.any(),
            DB_SUBNET_GROUP_NAME.any(),
            DELETION_PROTECTION.any(),
            ENABLED_CLOUDWATCH_LOGS_EXPORTS.any(),
            ENABLE_HTTP_ENDPOINT.any(),
            ENGINE.any(),
            ENGINE_MODE.any(),
            ENGINE_VERSION.any(),
            GLOBAL_CLUSTER_IDENTIFIER.any(),
            IAM_DATABASE_AUTHENTICATION_ENABLED.any(),
            IAM_ROLES.any(),
            IOPS.any(),
            KMS_KEY_ID.any(),
            LATEST_RESTORABLE_TIME.any(),
            MANAGE_MASTER_USER_PASSWORD.any(),
            MASTER_USERNAME.any(),
            MEMBERS.any(),
            MULTI_AZ.any(),
            NETWORK_TYPE.any(),
            PORT.any(),
            PREFERRED_BACKUP_WINDOW.any(),
            PREFERRED_MAINTENANCE_WINDOW.any(),
            READ_REPLICAS.any(),
            REPLICATION_SOURCE_IDENTIFIER.any(),
            SCALING_CONFIGURATION.any(),
            SERVERLESSV2_SCALING_CONFIGURATION.any(),
            STATUS.any(),
            STORAGE_ENCRYPTED.any(),
            STORAGE_TYPE.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_SECURITY_GROUP_IDS.any(),
        ],
        identity: |resource| text(resource, "cluster_identifier").or_else(|| by_id(resource)),
        ..Kind::BASE
    };
}

/// `aws_rds_cluster_instance`: the members of clusters.
pub mod cluster_instance {
    use super::*;

    pub use super::db_instance::{
        AUTO_MINOR_VERSION_UPGRADE, CA_CERT_IDENTIFIER, COPY_TAGS_TO_SNAPSHOT, CREATED_AT,
        DB_SUBNET_GROUP_NAME, ENGINE, ENGINE_VERSION, IDENTIFIER, INSTANCE_CLASS, MONITORING_INTERVAL,
        MONITORING_ROLE_ARN, PARAMETER_APPLY_STATUS, PENDING_MODIFIED_VALUES, PERFORMANCE_INSIGHTS_ENABLED,
        PERFORMANCE_INSIGHTS_KMS_KEY_ID, PERFORMANCE_INSIGHTS_RETENTION_PERIOD, PUBLICLY_ACCESSIBLE,
        SUBNET_IDS, VPC_ID,
    };

    /// Its zone.
    pub const AVAILABILITY_ZONE: Attr<String> = Attr::new("availability_zone", Exact);
    /// The cluster.
    pub const CLUSTER_IDENTIFIER: Attr<String> = Attr::new("cluster_identifier", Exact);
    /// The parameter group of the instance.
    pub const DB_PARAMETER_GROUP_NAME: Attr<String> = Attr::new("db_parameter_group_name", Exact);
    /// `db-…`.
    pub const DBI_RESOURCE_ID: Attr<String> = Attr::new("dbi_resource_id", Never("computed"));
    /// The key of the storage; the cluster's.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Never("computed"));
    /// The port; the cluster's.
    pub const PORT: Attr<i64> = Attr::new("port", Never("computed"));
    /// Daily, `hh:mm-hh:mm` in UTC; the cluster's.
    pub const PREFERRED_BACKUP_WINDOW: Attr<String> =
        Attr::new("preferred_backup_window", Never("follows the cluster"));
    /// Weekly, `ddd:hh:mm-ddd:hh:mm` in UTC.
    pub const PREFERRED_MAINTENANCE_WINDOW: Attr<String> =
        Attr::new("preferred_maintenance_window", CaseFold);
    /// 0 is promoted first, 15 last.
    pub const PROMOTION_TIER: Attr<i64> = Attr::new("promotion_tier", Exact).absent(Absent::Zero);
    /// `available`, …
    pub const STATUS: Attr<String> = Attr::live("status");
    /// Whether the storage is encrypted; the cluster's.
    pub const STORAGE_ENCRYPTED: Attr<bool> = Attr::new("storage_encrypted", Never("computed"));
    /// Whether it takes the writes.
    pub const WRITER: Attr<bool> =
        Attr::new("writer", Never("moves when the cluster fails over")).by(&["rds:DescribeDBClusters"]);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_rds_cluster_instance",
        service: "rds",
        listed_by: &["rds:DescribeDBInstances"],
        attributes: &[
            ARN.any(),
            AUTO_MINOR_VERSION_UPGRADE.any(),
            AVAILABILITY_ZONE.any(),
            CA_CERT_IDENTIFIER.any(),
            CLUSTER_IDENTIFIER.any(),
            COPY_TAGS_TO_SNAPSHOT.any(),
            CREATED_AT.any(),
            DBI_RESOURCE_ID.any(),
            DB_PARAMETER_GROUP_NAME.any(),
            DB_SUBNET_GROUP_NAME.any(),
            ENGINE.any(),
            ENGINE_VERSION.any(),
            IDENTIFIER.any(),
            INSTANCE_CLASS.any(),
            KMS_KEY_ID.any(),
            MONITORING_INTERVAL.any(),
            MONITORING_ROLE_ARN.any(),
            PARAMETER_APPLY_STATUS.any(),
            PENDING_MODIFIED_VALUES.any(),
            PERFORMANCE_INSIGHTS_ENABLED.any(),
            PERFORMANCE_INSIGHTS_KMS_KEY_ID.any(),
            PERFORMANCE_INSIGHTS_RETENTION_PERIOD.any(),
            PORT.any(),
            PREFERRED_BACKUP_WINDOW.any(),
            PREFERRED_MAINTENANCE_WINDOW.any(),
            PROMOTION_TIER.any(),
            PUBLICLY_ACCESSIBLE.any(),
            STATUS.any(),
            STORAGE_ENCRYPTED.any(),
            SUBNET_IDS.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_ID.any(),
            WRITER.any(),
        ],
        identity: by_identifier,
        exclusion: made_by_its_cluster,
        ..Kind::BASE
    };

    fn made_by_its_cluster(resource: &Resource) -> Option<Exclusion> {
        let engine = text(resource, "engine").unwrap_or_default();
        if !engine.is_empty() && !engine.starts_with("aurora") {
            return Some(Exclusion { rule: "N19", reason: "made by its Multi-AZ DB cluster" });
        }
        let scaled = text(resource, "identifier")?.starts_with("application-autoscaling-");
        scaled.then_some(Exclusion { rule: "N19", reason: "made by the autoscaling of its cluster" })
    }
}

/// N18, N19: snapshots that RDS or AWS Backup made by itself.
fn automatic_snapshot(resource: &Resource) -> Option<Exclusion> {
    match text(resource, "snapshot_type")?.as_str() {
        "automated" => Some(Exclusion { rule: "N19", reason: "an automated backup of its database" }),
        "awsbackup" => Some(Exclusion { rule: "N18", reason: "a recovery point of AWS Backup" }),
        _ => None,
    }
}

/// `aws_db_snapshot`.
pub mod db_snapshot {
    use super::*;

    /// GiB.
    pub const ALLOCATED_STORAGE: Attr<i64> = Attr::new("allocated_storage", Never("computed"));
    /// When it was taken, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("snapshot_create_time");
    /// The instance.
    pub const DB_INSTANCE_IDENTIFIER: Attr<String> = Attr::new("db_instance_identifier", Exact);
    /// Its ARN.
    pub const DB_SNAPSHOT_ARN: Attr<String> = Attr::new("db_snapshot_arn", Never("computed"));
    /// Its name: the identity.
    pub const DB_SNAPSHOT_IDENTIFIER: Attr<String> = Attr::new("db_snapshot_identifier", Exact);
    /// Whether it is encrypted.
    pub const ENCRYPTED: Attr<bool> = Attr::new("encrypted", Never("cannot change"));
    /// The engine.
    pub const ENGINE: Attr<String> = Attr::new("engine", Never("cannot change"));
    /// Its key.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Never("cannot change"));
    /// When the first of its copies was taken, RFC 3339: the moment whose data it holds.
    pub const ORIGINAL_CREATED_AT: Attr<String> = Attr::live("original_snapshot_create_time");
    /// Accounts that may restore it; `all` is everyone. Automated ones cannot be shared.
    pub const SHARED_ACCOUNTS: Attr<Vec<String>> =
        Attr::new("shared_accounts", Set).by(&["rds:DescribeDBSnapshotAttributes"]);
    /// `manual`, `automated` or `awsbackup`.
    pub const SNAPSHOT_TYPE: Attr<String> = Attr::new("snapshot_type", Never("computed"));
    /// The region that it was copied from.
    pub const SOURCE_REGION: Attr<String> = Attr::new("source_region", Never("computed"));
    /// The snapshot that it is a copy of.
    pub const SOURCE_SNAPSHOT: Attr<String> = Attr::new("source_db_snapshot_identifier", Never("computed"));
    /// `available`, `creating`, …
    pub const STATUS: Attr<String> = Attr::new("status", Never("computed"));

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_db_snapshot",
        service: "rds",
        listed_by: &["rds:DescribeDBSnapshots"],
        attributes: &[
            ALLOCATED_STORAGE.any(),
            CREATED_AT.any(),
            DB_INSTANCE_IDENTIFIER.any(),
            DB_SNAPSHOT_ARN.any(),
            DB_SNAPSHOT_IDENTIFIER.any(),
            ENCRYPTED.any(),
            ENGINE.any(),
            KMS_KEY_ID.any(),
            ORIGINAL_CREATED_AT.any(),
            SHARED_ACCOUNTS.any(),
            SNAPSHOT_TYPE.any(),
            SOURCE_REGION.any(),
            SOURCE_SNAPSHOT.any(),
            STATUS.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        identity: |resource| text(resource, "db_snapshot_identifier").or_else(|| by_id(resource)),
        exclusion: automatic_snapshot,
        ..Kind::BASE
    };
}

/// `aws_db_cluster_snapshot`.
pub mod cluster_snapshot {
    use super::*;

    /// When it was taken, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("snapshot_create_time");
    /// The cluster.
    pub const DB_CLUSTER_IDENTIFIER: Attr<String> = Attr::new("db_cluster_identifier", Exact);
    /// Its ARN.
    pub const DB_CLUSTER_SNAPSHOT_ARN: Attr<String> = Attr::new("db_cluster_snapshot_arn", Never("computed"));
    /// Its name: the identity.
    pub const DB_CLUSTER_SNAPSHOT_IDENTIFIER: Attr<String> =
        Attr::new("db_cluster_snapshot_identifier", Exact);
    /// The engine.
    pub const ENGINE: Attr<String> = Attr::new("engine", Never("cannot change"));
    /// Its key.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Never("cannot change"));
    /// Accounts that may restore it; `all` is everyone. Automated ones cannot be shared.
    pub const SHARED_ACCOUNTS: Attr<Vec<String>> =
        Attr::new("shared_accounts", Set).by(&["rds:DescribeDBClusterSnapshotAttributes"]);
    /// `manual`, `automated` or `awsbackup`.
    pub const SNAPSHOT_TYPE: Attr<String> = Attr::new("snapshot_type", Never("computed"));
    /// The snapshot that it is a copy of.
    pub const SOURCE_SNAPSHOT: Attr<String> = Attr::new("source_db_cluster_snapshot_arn", Never("computed"));
    /// `available`, `creating`, …
    pub const STATUS: Attr<String> = Attr::new("status", Never("computed"));
    /// Whether it is encrypted.
    pub const STORAGE_ENCRYPTED: Attr<bool> = Attr::new("storage_encrypted", Never("cannot change"));

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_db_cluster_snapshot",
        service: "rds",
        listed_by: &["rds:DescribeDBClusterSnapshots"],
        attributes: &[
            CREATED_AT.any(),
            DB_CLUSTER_IDENTIFIER.any(),
            DB_CLUSTER_SNAPSHOT_ARN.any(),
            DB_CLUSTER_SNAPSHOT_IDENTIFIER.any(),
            ENGINE.any(),
            KMS_KEY_ID.any(),
            SHARED_ACCOUNTS.any(),
            SNAPSHOT_TYPE.any(),
            SOURCE_SNAPSHOT.any(),
            STATUS.any(),
            STORAGE_ENCRYPTED.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        identity: |resource| text(resource, "db_cluster_snapshot_identifier").or_else(|| by_id(resource)),
        exclusion: automatic_snapshot,
        ..Kind::BASE
    };
}

/// N18: groups that AWS makes, one for each engine family and VPC.
fn default_group(resource: &Resource) -> Option<Exclusion> {
    let name = resource.id();
    let made = name == "default" || name.starts_with("default.") || name.starts_with("default-vpc-");
    made.then_some(Exclusion { rule: "N18", reason: "a default group that AWS makes" })
}

/// `aws_db_subnet_group`.
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
    /// The zones of the subnets.
    pub const ZONES: Attr<Vec<String>> = Attr::live("availability_zones");
    /// The tags.
    pub const GROUP_TAGS_ALL: Attr<std::collections::BTreeMap<String, String>> =
        TAGS_ALL.by(&["rds:ListTagsForResource"]);
    /// The tags of the resource itself.
    pub const GROUP_TAGS: Attr<std::collections::BTreeMap<String, String>> =
        TAGS.by(&["rds:ListTagsForResource"]);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_db_subnet_group",
        service: "rds",
        listed_by: &["rds:DescribeDBSubnetGroups"],
        attributes: &[
            ARN.any(),
            DESCRIPTION.any(),
            NAME.any(),
            SUBNET_IDS.any(),
            GROUP_TAGS.any(),
            GROUP_TAGS_ALL.any(),
            VPC_ID.any(),
            ZONES.any(),
        ],
        exclusion: default_group,
        ..Kind::BASE
    };
}

/// `aws_db_parameter_group`.
pub mod parameter_group {
    use super::*;

    pub use super::subnet_group::{DESCRIPTION, GROUP_TAGS, GROUP_TAGS_ALL, NAME};

    /// The engine family.
    pub const FAMILY: Attr<String> = Attr::new("family", Exact);
    /// The parameters that somebody set.
    pub const PARAMETER: Attr<Vec<Parameter>> =
        Attr::new("parameter", Set).nested(PARAMETER_RULES).by(&["rds:DescribeDBParameters"]);
    /// Those of [`TLS_PARAMETERS`] that the family has, whoever set them; read for groups that an instance uses.
    pub const TLS: Attr<Vec<Parameter>> =
        Attr::live("tls_parameters").by(&["rds:DescribeDBInstances", "rds:DescribeDBParameters"]);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_db_parameter_group",
        service: "rds",
        listed_by: &["rds:DescribeDBParameterGroups"],
        attributes: &[
            ARN.any(),
            DESCRIPTION.any(),
            FAMILY.any(),
            NAME.any(),
            PARAMETER.any(),
            GROUP_TAGS.any(),
            GROUP_TAGS_ALL.any(),
            TLS.any(),
        ],
        exclusion: default_group,
        ..Kind::BASE
    };
}

/// `aws_rds_cluster_parameter_group`.
pub mod cluster_parameter_group {
    use super::*;

    pub use super::parameter_group::{DESCRIPTION, FAMILY, GROUP_TAGS, GROUP_TAGS_ALL, NAME};

    /// The parameters that somebody set.
    pub const PARAMETER: Attr<Vec<Parameter>> =
        Attr::new("parameter", Set).nested(PARAMETER_RULES).by(&["rds:DescribeDBClusterParameters"]);
    /// Those of [`TLS_PARAMETERS`] that the family has, whoever set them; read for groups that a cluster uses.
    pub const TLS: Attr<Vec<Parameter>> =
        Attr::live("tls_parameters").by(&["rds:DescribeDBClusters", "rds:DescribeDBClusterParameters"]);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_rds_cluster_parameter_group",
        service: "rds",
        listed_by: &["rds:DescribeDBClusterParameterGroups"],
        attributes: &[
            ARN.any(),
            DESCRIPTION.any(),
            FAMILY.any(),
            NAME.any(),
            PARAMETER.any(),
            GROUP_TAGS.any(),
            GROUP_TAGS_ALL.any(),
            TLS.any(),
        ],
        exclusion: default_group,
        ..Kind::BASE
    };
}

/// `aws_db_instance_automated_backups_replication`: automated backups of an instance of another region.
pub mod backups_replication {
    use super::*;

    /// Days that the copies are kept.
    pub const RETENTION_PERIOD: Attr<i64> = Attr::new("retention_period", Exact);
    /// The ARN of the instance whose backups these are.
    pub const SOURCE_DB_INSTANCE_ARN: Attr<String> = Attr::new("source_db_instance_arn", Exact);
    /// The key of the copies.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference);
    /// Whether the copies are encrypted.
    pub const ENCRYPTED: Attr<bool> = Attr::live("encrypted");
    /// `active`, `retained`, `creating`, `replicating`, …
    pub const STATUS: Attr<String> = Attr::live("status");
    /// Up to when the instance can be restored here, RFC 3339.
    pub const LATEST_RESTORABLE_TIME: Attr<String> = Attr::live("latest_restorable_time");

    /// The kind; its id is the ARN of the automated backup.
    pub static KIND: Kind = Kind {
        name: "aws_db_instance_automated_backups_replication",
        service: "rds",
        listed_by: &["rds:DescribeDBInstanceAutomatedBackups"],
        attributes: &[
            ENCRYPTED.any(),
            KMS_KEY_ID.any(),
            LATEST_RESTORABLE_TIME.any(),
            RETENTION_PERIOD.any(),
            SOURCE_DB_INSTANCE_ARN.any(),
            STATUS.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_rds_global_cluster`: Aurora clusters of several regions that replicate one.
pub mod global_cluster {
    use super::*;

    /// A cluster in a global cluster.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct GlobalMember {
        /// The cluster's ARN.
        pub db_cluster_arn: String,
        /// Whether it takes the writes.
        pub is_writer: bool,
    }

    /// The first database.
    pub const DATABASE_NAME: Attr<String> = Attr::new("database_name", Exact);
    /// Whether a delete is refused.
    pub const DELETION_PROTECTION: Attr<bool> = Attr::new("deletion_protection", Exact).absent(Absent::Zero);
    /// The engine.
    pub const ENGINE: Attr<String> = Attr::new("engine", Exact);
    /// The engine version; the state may hold the prefix that was asked for.
    pub const ENGINE_VERSION: Attr<String> = Attr::new("engine_version", Version);
    /// Its name: the identity.
    pub const GLOBAL_CLUSTER_IDENTIFIER: Attr<String> = Attr::new("global_cluster_identifier", Exact);
    /// The clusters in it. Which of them writes changes with a switch-over.
    pub const GLOBAL_CLUSTER_MEMBERS: Attr<Vec<GlobalMember>> = Attr::new("global_cluster_members", Set)
        .absent(Absent::Zero)
        .nested(&[Nested::new("is_writer", Never("moves when the cluster fails over"))]);
    /// Whether the storage is encrypted.
    pub const STORAGE_ENCRYPTED: Attr<bool> = Attr::new("storage_encrypted", Exact).absent(Absent::Zero);
    /// `available`, …
    pub const STATUS: Attr<String> = Attr::live("status");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_rds_global_cluster",
        service: "rds",
        scope: Scope::Global,
        listed_by: &["rds:DescribeGlobalClusters"],
        attributes: &[
            ARN.any(),
            DATABASE_NAME.any(),
            DELETION_PROTECTION.any(),
            ENGINE.any(),
            ENGINE_VERSION.any(),
            GLOBAL_CLUSTER_IDENTIFIER.any(),
            GLOBAL_CLUSTER_MEMBERS.any(),
            STATUS.any(),
            STORAGE_ENCRYPTED.any(),
        ],
        ..Kind::BASE
    };
}

/// Major engine versions that RDS offers; live only, its id is `ENGINE/VERSION`.
pub mod major_version {
    use super::*;

    /// One kind of support for a version.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Support {
        /// `open-source-rds-standard-support` or `open-source-rds-extended-support`.
        pub name: String,
        /// When it begins, RFC 3339.
        pub start: Option<String>,
        /// When it ends, RFC 3339.
        pub end: Option<String>,
    }

    /// The engine.
    pub const ENGINE: Attr<String> = Attr::live("engine");
    /// The support that it gets; empty for engines whose makers support them.
    pub const SUPPORT: Attr<Vec<Support>> = Attr::live("supported_engine_lifecycles");
    /// The version.
    pub const VERSION: Attr<String> = Attr::live("major_engine_version");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_rds_major_engine_version",
        service: "rds",
        listed_by: &["rds:DescribeDBMajorEngineVersions"],
        attributes: &[ENGINE.any(), SUPPORT.any(), VERSION.any()],
        exclusion: |_| Some(Exclusion { rule: "N18", reason: "what RDS offers" }),
        manageable: false,
        ..Kind::BASE
    };
}

/// Failovers of instances and clusters, as RDS notes them; live only, and kept for 14 days.
pub mod event {
    use super::*;

    /// When it happened, RFC 3339.
    pub const AT: Attr<String> = Attr::live("date");
    /// What happened, in the words of RDS: `Multi-AZ instance failover started.`
    pub const MESSAGE: Attr<String> = Attr::live("message");
    /// The identifier of the instance or cluster.
    pub const SOURCE: Attr<String> = Attr::live("source_identifier");
    /// `db-instance`, `db-cluster`, …
    pub const SOURCE_TYPE: Attr<String> = Attr::live("source_type");

    /// The kind; its id is made of the source and the time, since events have none.
    pub static KIND: Kind = Kind {
        name: "aws_rds_event",
        service: "rds",
        listed_by: &["rds:DescribeEvents"],
        attributes: &[AT.any(), MESSAGE.any(), SOURCE.any(), SOURCE_TYPE.any()],
        exclusion: |_| Some(Exclusion { rule: "N19", reason: "a record that the service keeps" }),
        manageable: false,
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &db_instance::KIND,
    &cluster::KIND,
    &cluster_instance::KIND,
    &db_snapshot::KIND,
    &cluster_snapshot::KIND,
    &subnet_group::KIND,
    &parameter_group::KIND,
    &cluster_parameter_group::KIND,
    &backups_replication::KIND,
    &global_cluster::KIND,
    &major_version::KIND,
    &event::KIND,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Place;

    fn instance(id: &str) -> Resource {
        Resource::new(Place::new("1", "us-west-2"), "aws_db_instance", id)
    }

    #[test]
    fn an_instance_is_known_by_its_name_whatever_its_id_is() {
        let mut modern = instance("db-ABC");
        modern.set(&db_instance::IDENTIFIER, "orders".to_owned());
        assert_eq!((db_instance::KIND.identity)(&modern).as_deref(), Some("orders"));
        assert_eq!((db_instance::KIND.identity)(&instance("orders")).as_deref(), Some("orders"));
    }

    #[test]
    fn only_what_aws_made_is_excluded() {
        let mut snapshot = Resource::new(Place::new("1", "r"), "aws_db_snapshot", "s");
        assert_eq!((db_snapshot::KIND.exclusion)(&snapshot), None);
        snapshot.set(&db_snapshot::SNAPSHOT_TYPE, "manual".to_owned());
        assert_eq!((db_snapshot::KIND.exclusion)(&snapshot), None);
        snapshot.set(&db_snapshot::SNAPSHOT_TYPE, "automated".to_owned());
        assert_eq!((db_snapshot::KIND.exclusion)(&snapshot).map(|e| e.rule), Some("N19"));

        let group = |name: &str| Resource::new(Place::new("1", "r"), "aws_db_parameter_group", name);
        assert!((parameter_group::KIND.exclusion)(&group("default.postgres13")).is_some());
        assert!((parameter_group::KIND.exclusion)(&group("defaults-of-ours")).is_none());

        let mut member = Resource::new(Place::new("1", "r"), "aws_rds_cluster_instance", "a");
        member.set(&cluster_instance::IDENTIFIER, "a".to_owned());
        member.set(&cluster_instance::ENGINE, "aurora-mysql".to_owned());
        assert!((cluster_instance::KIND.exclusion)(&member).is_none());
        member.set(&cluster_instance::ENGINE, "mysql".to_owned());
        assert!((cluster_instance::KIND.exclusion)(&member).is_some());
    }
}
