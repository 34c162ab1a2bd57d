//! What has to be read to verify recovery.

use stateward_model::{Kind, Wanted, kinds};

/// Kinds that tell of copies, of rehearsals, of gates and of dependencies, with the attributes that are looked at.
const BESIDE: &[(&str, &[&str])] = &[
    (
        "aws_backup_recovery_point",
        &["resource_arn", "status", "creation_date", "is_encrypted", "encryption_key_arn"],
    ),
    (
        "aws_backup_copy_job",
        &[
            "resource_arn",
            "state",
            "creation_date",
            "completion_date",
            "destination_backup_vault_arn",
            "backup_plan_id",
        ],
    ),
    (
        "aws_backup_restore_job",
        &[
            "resource_type",
            "status",
            "validation_status",
            "restore_testing_plan_arn",
            "creation_date",
            "completion_date",
            "backup_size_in_bytes",
        ],
    ),
    ("aws_fis_experiment", &["actions", "creation_time", "end_time", "status", "zonal"]),
    (
        "aws_db_instance_automated_backups_replication",
        &["source_db_instance_arn", "status", "latest_restorable_time", "kms_key_id"],
    ),
    ("aws_rds_global_cluster", &["global_cluster_members"]),
    ("aws_rds_cluster_instance", &["status", "availability_zone"]),
    (
        "aws_db_snapshot",
        &[
            "db_instance_identifier",
            "source_db_snapshot_identifier",
            "status",
            "original_snapshot_create_time",
            "kms_key_id",
        ],
    ),
    (
        "aws_db_cluster_snapshot",
        &[
            "db_cluster_identifier",
            "source_db_cluster_snapshot_arn",
            "status",
            "snapshot_create_time",
            "kms_key_id",
        ],
    ),
    ("aws_db_subnet_group", &[]),
    ("aws_ebs_snapshot", &["description", "volume_id", "start_time", "state", "kms_key_id"]),
    ("aws_ami", &["name", "state", "source_ami_id"]),
    ("aws_efs_replication_configuration", &["destination"]),
    ("aws_efs_mount_target", &["file_system_id", "security_groups"]),
    ("aws_kms_key", &["key_state", "key_manager", "policy"]),
    ("aws_kms_alias", &["target_key_id"]),
    ("aws_lb_target_group", &["arn", "load_balancer_arns", "targets", "health_check"]),
    (
        "aws_launch_template",
        &["iam_instance_profile", "network_interfaces", "versions", "vpc_security_group_ids"],
    ),
    ("aws_security_group", &["ingress"]),
    ("aws_subnet", &["availability_zone"]),
    (
        "aws_route53_record",
        &["fqdn", "type", "alias", "records", "ttl", "health_check_id", "failover_routing_policy"],
    ),
    ("aws_route53_health_check", &["request_interval", "failure_threshold"]),
    (
        "aws_cloudwatch_metric",
        &[
            "dimensions",
            "AWS/RDS:ReplicaLag",
            "AWS/RDS:AuroraGlobalDBRPOLag",
            "AWS/RDS:AuroraGlobalDBReplicationLag",
            "AWS/DynamoDB:ReplicationLatency",
            "AWS/S3:ReplicationLatency",
            "AWS/S3:OperationsFailedReplication",
            "AWS/ElastiCache:GlobalDatastoreReplicationLag",
            "AWS/ApplicationELB:RequestCount",
            "AWS/ApplicationELB:HTTPCode_ELB_5XX_Count",
            "AWS/ApplicationELB:HTTPCode_Target_5XX_Count",
            "AWS/Usage:ResourceCount",
        ],
    ),
];

/// What acts with a role.
const ACTING: &[&str] = &["aws_ecs_service", "aws_instance", "aws_lambda_function", "aws_launch_template"];

/// Kinds that tell of others, and are asked for only where there are any of those: with the others, and the attributes
/// that are looked at.
const ABOUT: &[(&str, &[&str], &[&str])] = &[
    (
        "aws_acm_certificate",
        &["aws_lb"],
        &["domain_name", "in_use_by", "status", "subject_alternative_names"],
    ),
    ("aws_db_parameter_group", &["aws_db_instance"], &[]),
    ("aws_ecr_repository", &["aws_ecs_service"], &["images"]),
    ("aws_ecs_cluster", &["aws_ecs_service"], &[]),
    (
        "aws_ecs_task_definition",
        &["aws_ecs_service"],
        &["container_definitions", "execution_role_arn", "task_role_arn"],
    ),
    ("aws_iam_instance_profile", &["aws_instance", "aws_launch_template"], &["role"]),
    ("aws_iam_policy", ACTING, &["policy"]),
    ("aws_iam_role", ACTING, &["inline_policy", "managed_policy_arns"]),
    ("aws_rds_cluster_parameter_group", &["aws_rds_cluster"], &[]),
    (
        "aws_service_quota",
        &["aws_autoscaling_group", "aws_db_instance", "aws_ecs_service", "aws_instance", "aws_rds_cluster"],
        &["quota_name", "usage_metric", "value"],
    ),
    (
        "aws_rds_event",
        &["aws_db_instance", "aws_rds_cluster"],
        &["date", "message", "source_identifier", "source_type"],
    ),
    (
        "aws_redshift_snapshot",
        &["aws_redshift_cluster"],
        &["cluster_identifier", "encrypted", "kms_key_id", "snapshot_create_time", "source_region", "status"],
    ),
];

/// Attributes of what is brought back that are looked at, besides tags and ARN.
const OWN: &[(&str, &[&str])] = &[
    ("aws_lb", &["name", "dns_name", "state", "availability_zones"]),
    (
        "aws_autoscaling_group",
        &[
            "name",
            "tag",
            "desired_capacity",
            "instances",
            "availability_zones",
            "launch_template",
            "mixed_instances_policy",
            "target_group_arns",
        ],
    ),
    (
        "aws_instance",
        &[
            "ami",
            "instance_state",
            "instance_type",
            "iam_instance_profile",
            "vpc_security_group_ids",
            "autoscaling_group_name",
        ],
    ),
    (
        "aws_ecs_service",
        &[
            "name",
            "capacity_provider_strategy",
            "desired_count",
            "launch_type",
            "load_balancer",
            "network_configuration",
            "task_definition",
        ],
    ),
    ("aws_eks_cluster", &["name"]),
    ("aws_lambda_function", &["function_name", "role", "vpc_config"]),
    (
        "aws_rds_cluster",
        &[
            "engine",
            "status",
            "db_cluster_members",
            "backup_retention_period",
            "latest_restorable_time",
            "db_cluster_parameter_group_name",
            "kms_key_id",
            "replication_source_identifier",
            "vpc_security_group_ids",
        ],
    ),
    (
        "aws_db_instance",
        &[
            "multi_az",
            "secondary_availability_zone",
            "allocated_storage",
            "backup_retention_period",
            "latest_restorable_time",
            "kms_key_id",
            "option_group_name",
            "parameter_group_name",
            "replicate_source_db",
            "replication_status",
            "vpc_security_group_ids",
        ],
    ),
    (
        "aws_dynamodb_table",
        &[
            "replica",
            "multi_region_consistency",
            "point_in_time_recovery",
            "latest_restorable_date_time",
            "server_side_encryption",
        ],
    ),
    ("aws_s3_bucket", &["versioning", "replication_configuration", "server_side_encryption_configuration"]),
    ("aws_ebs_volume", &["attachments", "size", "kms_key_id"]),
    ("aws_efs_file_system", &["availability_zone_name", "kms_key_id"]),
    (
        "aws_elasticache_replication_group",
        &[
            "engine",
            "automatic_failover_enabled",
            "multi_az_enabled",
            "global_replication_group_id",
            "global_replication_group_member_role",
            "node_groups",
            "status",
            "snapshot_retention_limit",
            "kms_key_id",
            "security_group_ids",
        ],
    ),
    ("aws_opensearch_domain", &["vpc_options"]),
    ("aws_redshift_cluster", &["multi_az", "snapshot_copy", "kms_key_id", "vpc_security_group_ids"]),
    ("aws_secretsmanager_secret", &["replica", "owning_service", "primary_region", "kms_key_id"]),
    ("aws_sqs_queue", &["message_retention_seconds", "kms_master_key_id"]),
];

/// Attributes by which a workload may name a resource.
const NAMES: &[&str] = &["arn", "tags", "tags_all"];

/// Adds what recovery reads.
pub fn wanted(wanted: &mut Wanted) {
    for (name, paths) in OWN {
        add(wanted, name, paths);
        add(wanted, name, NAMES);
    }
    for (name, paths) in BESIDE {
        add(wanted, name, paths);
    }
    for (name, subjects, paths) in ABOUT {
        let Some(kind) = kinds::find(name) else { continue };
        wanted.support(kind.name, subjects.iter().map(|subject| (*subject).to_owned()));
        for path in paths.iter().filter(|path| has(kind, path)) {
            wanted.attribute(kind.name, path);
        }
    }
}

/// Every kind that is read.
pub(super) fn kinds_read() -> impl Iterator<Item = &'static Kind> {
    let about = ABOUT.iter().map(|(name, ..)| *name);
    OWN.iter().chain(BESIDE).map(|(name, _)| *name).chain(about).filter_map(kinds::find)
}

fn add(wanted: &mut Wanted, name: &str, paths: &[&str]) {
    let Some(kind) = kinds::find(name) else { return };
    wanted.kind(kind.name);
    for path in paths.iter().filter(|path| has(kind, path)) {
        wanted.attribute(kind.name, path);
    }
}

fn has(kind: &Kind, path: &str) -> bool {
    kind.attribute(path).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recover::paths::KINDS;

    #[test]
    fn every_name_is_one_of_the_model() {
        let about = ABOUT.iter().map(|(name, _, paths)| (name, paths));
        for (name, paths) in OWN.iter().chain(BESIDE).map(|(name, paths)| (name, paths)).chain(about) {
            let kind = kinds::find(name).unwrap_or_else(|| panic!("{name}"));
            for path in *paths {
                assert!(has(kind, path), "{name}.{path}");
            }
        }
        let own: Vec<&str> = OWN.iter().map(|(name, _)| *name).collect();
        assert_eq!(own, KINDS.iter().map(|(kind, _)| kind.name).collect::<Vec<_>>());
    }
}
