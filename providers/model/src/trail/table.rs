//! Which events of CloudTrail change what: by service, event and type, with the attributes that they touch.

use Effect::{Adds, Alters, Clears, Ends, Makes, Means, Sets, Takes};

/// What an event does to its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Makes it.
    Makes,
    /// Ends it.
    Ends,
    /// Replaces attributes as a whole.
    Sets(&'static [&'static str]),
    /// Takes attributes away as a whole.
    Clears(&'static [&'static str]),
    /// Adds elements to attributes.
    Adds(&'static [&'static str]),
    /// Takes elements away from attributes.
    Takes(&'static [&'static str]),
    /// Gives an attribute this value (as JSON) by its very name.
    Means(&'static str, &'static str),
    /// Changes those attributes that its parameters name.
    Alters,
}

/// One thing that an event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The event.
    pub event: &'static str,
    /// The type of the resource; `*` for every type of the service.
    pub kind: &'static str,
    /// What it does.
    pub effect: Effect,
}

/// The events of one service.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Its prefix in IAM spelling, as kinds have it.
    pub name: &'static str,
    /// Its name in events.
    pub source: &'static str,
    /// What its events do.
    pub rows: &'static [Row],
}

const fn row(event: &'static str, kind: &'static str, effect: Effect) -> Row {
    Row { event, kind, effect }
}

const TAGS: Effect = Adds(&["tags", "tags_all", "tag"]);
const UNTAGS: Effect = Takes(&["tags", "tags_all", "tag"]);

const AUTOSCALING: &[Row] = &[
    row("CreateAutoScalingGroup", "aws_autoscaling_group", Makes),
    row("DeleteAutoScalingGroup", "aws_autoscaling_group", Ends),
    row("UpdateAutoScalingGroup", "aws_autoscaling_group", Alters),
    row("SetDesiredCapacity", "aws_autoscaling_group", Sets(&["desired_capacity"])),
    row("SuspendProcesses", "aws_autoscaling_group", Adds(&["suspended_processes"])),
    row("ResumeProcesses", "aws_autoscaling_group", Takes(&["suspended_processes"])),
    row("EnableMetricsCollection", "aws_autoscaling_group", Adds(&["enabled_metrics"])),
    row("DisableMetricsCollection", "aws_autoscaling_group", Takes(&["enabled_metrics"])),
    row("AttachLoadBalancerTargetGroups", "aws_autoscaling_group", Adds(&["target_group_arns"])),
    row("DetachLoadBalancerTargetGroups", "aws_autoscaling_group", Takes(&["target_group_arns"])),
    row("AttachLoadBalancers", "aws_autoscaling_group", Adds(&["load_balancers"])),
    row("DetachLoadBalancers", "aws_autoscaling_group", Takes(&["load_balancers"])),
    row("PutLifecycleHook", "aws_autoscaling_group", Adds(&["initial_lifecycle_hook"])),
    row("DeleteLifecycleHook", "aws_autoscaling_group", Takes(&["initial_lifecycle_hook"])),
    row("PutWarmPool", "aws_autoscaling_group", Sets(&["warm_pool"])),
    row("DeleteWarmPool", "aws_autoscaling_group", Clears(&["warm_pool"])),
    row("CreateOrUpdateTags", "aws_autoscaling_group", TAGS),
    row("DeleteTags", "aws_autoscaling_group", UNTAGS),
    row("PutScalingPolicy", "aws_autoscaling_policy", Makes),
    row("PutScalingPolicy", "aws_autoscaling_policy", Alters),
    row("DeletePolicy", "aws_autoscaling_policy", Ends),
    row("PutScheduledUpdateGroupAction", "aws_autoscaling_schedule", Makes),
    row("PutScheduledUpdateGroupAction", "aws_autoscaling_schedule", Alters),
    row("DeleteScheduledAction", "aws_autoscaling_schedule", Ends),
    row("RegisterScalableTarget", "aws_appautoscaling_target", Makes),
    row("RegisterScalableTarget", "aws_appautoscaling_target", Alters),
    row("DeregisterScalableTarget", "aws_appautoscaling_target", Ends),
    row("PutScalingPolicy", "aws_appautoscaling_policy", Makes),
    row("PutScalingPolicy", "aws_appautoscaling_policy", Alters),
    row("DeleteScalingPolicy", "aws_appautoscaling_policy", Ends),
    row("CreateLaunchConfiguration", "aws_launch_configuration", Makes),
    row("DeleteLaunchConfiguration", "aws_launch_configuration", Ends),
];

const ES: &[Row] = &[
    row("CreateDomain", "aws_opensearch_domain", Makes),
    row("CreateElasticsearchDomain", "aws_opensearch_domain", Makes),
    row("UpdateDomainConfig", "aws_opensearch_domain", Alters),
    row("UpdateElasticsearchDomainConfig", "aws_opensearch_domain", Alters),
    row("UpgradeDomain", "aws_opensearch_domain", Sets(&["engine_version"])),
    row("DeleteDomain", "aws_opensearch_domain", Ends),
    row("DeleteElasticsearchDomain", "aws_opensearch_domain", Ends),
];

const REDSHIFT: &[Row] = &[
    row("CreateCluster", "aws_redshift_cluster", Makes),
    row("RestoreFromClusterSnapshot", "aws_redshift_cluster", Makes),
    row("ModifyCluster", "aws_redshift_cluster", Alters),
    row("ModifyClusterIamRoles", "aws_redshift_cluster", Sets(&["iam_roles"])),
    row("ResizeCluster", "aws_redshift_cluster", Sets(&["node_type", "number_of_nodes"])),
    row("EnableSnapshotCopy", "aws_redshift_cluster", Sets(&["snapshot_copy"])),
    row("DisableSnapshotCopy", "aws_redshift_cluster", Clears(&["snapshot_copy"])),
    row("DeleteCluster", "aws_redshift_cluster", Ends),
];

const REDSHIFT_SERVERLESS: &[Row] = &[
    row("CreateWorkgroup", "aws_redshiftserverless_workgroup", Makes),
    row("UpdateWorkgroup", "aws_redshiftserverless_workgroup", Alters),
    row("DeleteWorkgroup", "aws_redshiftserverless_workgroup", Ends),
    row("CreateNamespace", "aws_redshiftserverless_namespace", Makes),
    row("UpdateNamespace", "aws_redshiftserverless_namespace", Alters),
    row("DeleteNamespace", "aws_redshiftserverless_namespace", Ends),
];

const BACKUP: &[Row] = &[
    row("CreateBackupPlan", "aws_backup_plan", Makes),
    row("UpdateBackupPlan", "aws_backup_plan", Sets(&["rule", "name", "advanced_backup_setting"])),
    row("DeleteBackupPlan", "aws_backup_plan", Ends),
    row("CreateBackupSelection", "aws_backup_selection", Makes),
    row("DeleteBackupSelection", "aws_backup_selection", Ends),
    row("CreateBackupVault", "aws_backup_vault", Makes),
    row("DeleteBackupVault", "aws_backup_vault", Ends),
    row("CreateRestoreTestingPlan", "aws_backup_restore_testing_plan", Makes),
    row("UpdateRestoreTestingPlan", "aws_backup_restore_testing_plan", Alters),
    row("DeleteRestoreTestingPlan", "aws_backup_restore_testing_plan", Ends),
    row("PutBackupVaultAccessPolicy", "aws_backup_vault", Sets(&["policy"])),
    row("DeleteBackupVaultAccessPolicy", "aws_backup_vault", Clears(&["policy"])),
    row("PutBackupVaultNotifications", "aws_backup_vault", Sets(&["notifications"])),
    row("DeleteBackupVaultNotifications", "aws_backup_vault", Clears(&["notifications"])),
    row("PutBackupVaultLockConfiguration", "aws_backup_vault", Sets(&["lock_configuration"])),
    row("DeleteBackupVaultLockConfiguration", "aws_backup_vault", Clears(&["lock_configuration"])),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const CLOUDTRAIL: &[Row] = &[
    row("CreateTrail", "aws_cloudtrail", Makes),
    row("DeleteTrail", "aws_cloudtrail", Ends),
    row("UpdateTrail", "aws_cloudtrail", Alters),
    row("UpdateTrail", "aws_cloudtrail", Sets(&["enable_log_file_validation"])),
    row("StartLogging", "aws_cloudtrail", Means("enable_logging", "true")),
    row("StopLogging", "aws_cloudtrail", Means("enable_logging", "false")),
    row("PutEventSelectors", "aws_cloudtrail", Sets(&["event_selector", "advanced_event_selector"])),
    row("PutInsightSelectors", "aws_cloudtrail", Sets(&["insight_selector"])),
    row("AddTags", "aws_cloudtrail", TAGS),
    row("RemoveTags", "aws_cloudtrail", UNTAGS),
];

const CONFIG: &[Row] = &[
    row("PutConfigurationRecorder", "aws_config_configuration_recorder", Makes),
    row("PutConfigurationRecorder", "aws_config_configuration_recorder", Alters),
    row("DeleteConfigurationRecorder", "aws_config_configuration_recorder", Ends),
    row("StartConfigurationRecorder", "aws_config_configuration_recorder", Means("recording", "true")),
    row("StopConfigurationRecorder", "aws_config_configuration_recorder", Means("recording", "false")),
    row("PutDeliveryChannel", "aws_config_delivery_channel", Makes),
    row("PutDeliveryChannel", "aws_config_delivery_channel", Alters),
    row("DeleteDeliveryChannel", "aws_config_delivery_channel", Ends),
];

const GUARDDUTY: &[Row] = &[
    row("CreateDetector", "aws_guardduty_detector", Makes),
    row("UpdateDetector", "aws_guardduty_detector", Alters),
    row("DeleteDetector", "aws_guardduty_detector", Ends),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const SECURITYHUB: &[Row] = &[
    row("EnableSecurityHub", "aws_securityhub_account", Makes),
    row("UpdateSecurityHubConfiguration", "aws_securityhub_account", Alters),
    row("DisableSecurityHub", "aws_securityhub_account", Ends),
];

const ACCESS_ANALYZER: &[Row] = &[
    row("CreateAnalyzer", "aws_accessanalyzer_analyzer", Makes),
    row("DeleteAnalyzer", "aws_accessanalyzer_analyzer", Ends),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const ACCOUNT: &[Row] = &[
    row("PutAlternateContact", "aws_account_alternate_contact", Makes),
    row("DeleteAlternateContact", "aws_account_alternate_contact", Ends),
];

const EVENTS: &[Row] = &[
    row("PutRule", "aws_cloudwatch_event_rule", Makes),
    row("PutRule", "aws_cloudwatch_event_rule", Alters),
    row("DeleteRule", "aws_cloudwatch_event_rule", Ends),
    row("EnableRule", "aws_cloudwatch_event_rule", Means("is_enabled", "true")),
    row("DisableRule", "aws_cloudwatch_event_rule", Means("is_enabled", "false")),
    row("EnableRule", "aws_cloudwatch_event_rule", Means("state", "\"ENABLED\"")),
    row("DisableRule", "aws_cloudwatch_event_rule", Means("state", "\"DISABLED\"")),
    row("PutTargets", "aws_cloudwatch_event_target", Makes),
    row("PutTargets", "aws_cloudwatch_event_target", Alters),
    row("RemoveTargets", "aws_cloudwatch_event_target", Ends),
    row("TagResource", "aws_cloudwatch_event_rule", TAGS),
    row("UntagResource", "aws_cloudwatch_event_rule", UNTAGS),
];

const SSM: &[Row] = &[
    row("PutParameter", "aws_ssm_parameter", Makes),
    row("PutParameter", "aws_ssm_parameter", Alters),
    row("DeleteParameter", "aws_ssm_parameter", Ends),
    row("DeleteParameters", "aws_ssm_parameter", Ends),
    row("AddTagsToResource", "aws_ssm_parameter", TAGS),
    row("RemoveTagsFromResource", "aws_ssm_parameter", UNTAGS),
];

const CLOUDWATCH: &[Row] = &[
    row("PutMetricAlarm", "aws_cloudwatch_metric_alarm", Makes),
    row("PutMetricAlarm", "aws_cloudwatch_metric_alarm", Alters),
    row("PutCompositeAlarm", "aws_cloudwatch_composite_alarm", Makes),
    row("PutCompositeAlarm", "aws_cloudwatch_composite_alarm", Alters),
    row("DeleteAlarms", "*", Ends),
    row("EnableAlarmActions", "*", Means("actions_enabled", "true")),
    row("DisableAlarmActions", "*", Means("actions_enabled", "false")),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const DLM: &[Row] = &[
    row("CreateLifecyclePolicy", "aws_dlm_lifecycle_policy", Makes),
    row("DeleteLifecyclePolicy", "aws_dlm_lifecycle_policy", Ends),
    row("UpdateLifecyclePolicy", "aws_dlm_lifecycle_policy", Alters),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const DYNAMODB: &[Row] = &[
    row("CreateTable", "aws_dynamodb_table", Makes),
    row("DeleteTable", "aws_dynamodb_table", Ends),
    row("UpdateTable", "aws_dynamodb_table", Alters),
    row("UpdateContinuousBackups", "aws_dynamodb_table", Sets(&["point_in_time_recovery"])),
    row("UpdateTimeToLive", "aws_dynamodb_table", Sets(&["ttl"])),
    row("RestoreTableFromBackup", "aws_dynamodb_table", Makes),
    row("RestoreTableToPointInTime", "aws_dynamodb_table", Makes),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const EC2: &[Row] = &[
    row("CreateTags", "*", TAGS),
    row("DeleteTags", "*", UNTAGS),
    // Instances, volumes, images.
    row("RunInstances", "aws_instance", Makes),
    row("TerminateInstances", "aws_instance", Ends),
    row("ModifyInstanceAttribute", "aws_instance", Alters),
    row("ModifyInstanceMetadataOptions", "aws_instance", Sets(&["metadata_options"])),
    row("ModifyInstanceCreditSpecification", "aws_instance", Sets(&["credit_specification"])),
    row("ModifyInstanceMaintenanceOptions", "aws_instance", Sets(&["maintenance_options"])),
    row("ModifyInstancePlacement", "aws_instance", Alters),
    row("ModifyNetworkInterfaceAttribute", "aws_instance", Alters),
    row("MonitorInstances", "aws_instance", Means("monitoring", "true")),
    row("UnmonitorInstances", "aws_instance", Means("monitoring", "false")),
    row("AssociateIamInstanceProfile", "aws_instance", Sets(&["iam_instance_profile"])),
    row("ReplaceIamInstanceProfileAssociation", "aws_instance", Sets(&["iam_instance_profile"])),
    row("DisassociateIamInstanceProfile", "aws_instance", Clears(&["iam_instance_profile"])),
    row("AttachVolume", "aws_instance", Adds(&["ebs_block_device"])),
    row("DetachVolume", "aws_instance", Takes(&["ebs_block_device"])),
    row("ModifyVolume", "aws_instance", Alters),
    row("CreateVolume", "aws_ebs_volume", Makes),
    row("DeleteVolume", "aws_ebs_volume", Ends),
    row("ModifyVolume", "aws_ebs_volume", Alters),
    row("CreateSnapshot", "aws_ebs_snapshot", Makes),
    row("CreateSnapshots", "aws_ebs_snapshot", Makes),
    row("CopySnapshot", "aws_ebs_snapshot", Makes),
    row("ImportSnapshot", "aws_ebs_snapshot", Makes),
    row("DeleteSnapshot", "aws_ebs_snapshot", Ends),
    row("ModifySnapshotAttribute", "aws_ebs_snapshot", Alters),
    row("ModifySnapshotTier", "aws_ebs_snapshot", Sets(&["storage_tier"])),
    row("CreateImage", "aws_ami", Makes),
    row("CopyImage", "aws_ami", Makes),
    row("RegisterImage", "aws_ami", Makes),
    row("DeregisterImage", "aws_ami", Ends),
    row("ModifyImageAttribute", "aws_ami", Alters),
    row("CreateLaunchTemplate", "aws_launch_template", Makes),
    row("DeleteLaunchTemplate", "aws_launch_template", Ends),
    row("CreateLaunchTemplateVersion", "aws_launch_template", Alters),
    row("ModifyLaunchTemplate", "aws_launch_template", Sets(&["default_version"])),
    row("CreateKeyPair", "aws_key_pair", Makes),
    row("ImportKeyPair", "aws_key_pair", Makes),
    row("DeleteKeyPair", "aws_key_pair", Ends),
    row("EnableEbsEncryptionByDefault", "aws_ebs_encryption_by_default", Means("enabled", "true")),
    row("DisableEbsEncryptionByDefault", "aws_ebs_encryption_by_default", Means("enabled", "false")),
    row("ModifyEbsDefaultKmsKeyId", "aws_ebs_encryption_by_default", Sets(&["default_kms_key"])),
    row("ResetEbsDefaultKmsKeyId", "aws_ebs_encryption_by_default", Clears(&["default_kms_key"])),
    // Networks.
    row("CreateVpc", "aws_vpc", Makes),
    row("CreateDefaultVpc", "aws_vpc", Makes),
    row("DeleteVpc", "aws_vpc", Ends),
    row("ModifyVpcAttribute", "aws_vpc", Alters),
    row("ModifyVpcTenancy", "aws_vpc", Sets(&["instance_tenancy"])),
    row(
        "AssociateVpcCidrBlock",
        "aws_vpc",
        Adds(&["secondary_cidr_blocks", "ipv6_cidr_block", "assign_generated_ipv6_cidr_block"]),
    ),
    row(
        "DisassociateVpcCidrBlock",
        "aws_vpc",
        Takes(&["secondary_cidr_blocks", "ipv6_cidr_block", "assign_generated_ipv6_cidr_block"]),
    ),
    row("AssociateDhcpOptions", "aws_vpc", Sets(&["dhcp_options_id"])),
    row("CreateSubnet", "aws_subnet", Makes),
    row("CreateDefaultSubnet", "aws_subnet", Makes),
    row("DeleteSubnet", "aws_subnet", Ends),
    row("ModifySubnetAttribute", "aws_subnet", Alters),
    row("AssociateSubnetCidrBlock", "aws_subnet", Sets(&["ipv6_cidr_block"])),
    row("DisassociateSubnetCidrBlock", "aws_subnet", Clears(&["ipv6_cidr_block"])),
    row("CreateSecurityGroup", "aws_security_group", Makes),
    row("DeleteSecurityGroup", "aws_security_group", Ends),
    row("AuthorizeSecurityGroupIngress", "aws_security_group", Adds(&["ingress"])),
    row("AuthorizeSecurityGroupEgress", "aws_security_group", Adds(&["egress"])),
    row("RevokeSecurityGroupIngress", "aws_security_group", Takes(&["ingress"])),
    row("RevokeSecurityGroupEgress", "aws_security_group", Takes(&["egress"])),
    row("ModifySecurityGroupRules", "aws_security_group", Adds(&["ingress", "egress"])),
    row("ModifySecurityGroupRules", "aws_security_group", Takes(&["ingress", "egress"])),
    row("UpdateSecurityGroupRuleDescriptionsIngress", "aws_security_group", Adds(&["ingress"])),
    row("UpdateSecurityGroupRuleDescriptionsEgress", "aws_security_group", Adds(&["egress"])),
    row("CreateRouteTable", "aws_route_table", Makes),
    row("DeleteRouteTable", "aws_route_table", Ends),
    row("CreateRoute", "aws_route_table", Adds(&["route"])),
    row("ReplaceRoute", "aws_route_table", Adds(&["route"])),
    row("DeleteRoute", "aws_route_table", Takes(&["route"])),
    row("EnableVgwRoutePropagation", "aws_route_table", Adds(&["propagating_vgws"])),
    row("DisableVgwRoutePropagation", "aws_route_table", Takes(&["propagating_vgws"])),
    row("ReplaceRouteTableAssociation", "aws_route_table", Sets(&["main"])),
    row("AssociateRouteTable", "aws_route_table_association", Makes),
    row("ReplaceRouteTableAssociation", "aws_route_table_association", Sets(&["route_table_id"])),
    row("DisassociateRouteTable", "aws_route_table_association", Ends),
    row("CreateNetworkAcl", "aws_network_acl", Makes),
    row("DeleteNetworkAcl", "aws_network_acl", Ends),
    row("CreateNetworkAclEntry", "aws_network_acl", Adds(&["ingress", "egress"])),
    row("ReplaceNetworkAclEntry", "aws_network_acl", Adds(&["ingress", "egress"])),
    row("DeleteNetworkAclEntry", "aws_network_acl", Takes(&["ingress", "egress"])),
    row("ReplaceNetworkAclAssociation", "aws_network_acl", Adds(&["subnet_ids"])),
    row("ReplaceNetworkAclAssociation", "aws_network_acl", Takes(&["subnet_ids"])),
    row("ReplaceNetworkAclAssociation", "aws_network_acl_association", Sets(&["network_acl_id"])),
    row("CreateInternetGateway", "aws_internet_gateway", Makes),
    row("DeleteInternetGateway", "aws_internet_gateway", Ends),
    row("AttachInternetGateway", "aws_internet_gateway", Sets(&["vpc_id"])),
    row("DetachInternetGateway", "aws_internet_gateway", Clears(&["vpc_id"])),
    row("CreateEgressOnlyInternetGateway", "aws_egress_only_internet_gateway", Makes),
    row("DeleteEgressOnlyInternetGateway", "aws_egress_only_internet_gateway", Ends),
    row("CreateNatGateway", "aws_nat_gateway", Makes),
    row("DeleteNatGateway", "aws_nat_gateway", Ends),
    row("AssociateNatGatewayAddress", "aws_nat_gateway", Adds(&["secondary_allocation_ids"])),
    row("DisassociateNatGatewayAddress", "aws_nat_gateway", Takes(&["secondary_allocation_ids"])),
    row("AssignPrivateNatGatewayAddress", "aws_nat_gateway", Adds(&["secondary_private_ip_addresses"])),
    row("UnassignPrivateNatGatewayAddress", "aws_nat_gateway", Takes(&["secondary_private_ip_addresses"])),
    row("AllocateAddress", "aws_eip", Makes),
    row("ReleaseAddress", "aws_eip", Ends),
    row("AssociateAddress", "aws_eip", Sets(&["instance", "network_interface", "association"])),
    row("DisassociateAddress", "aws_eip", Clears(&["instance", "network_interface", "association"])),
    row("CreateVpcEndpoint", "aws_vpc_endpoint", Makes),
    row("DeleteVpcEndpoints", "aws_vpc_endpoint", Ends),
    row("ModifyVpcEndpoint", "aws_vpc_endpoint", Alters),
    row("CreateFlowLogs", "aws_flow_log", Makes),
    row("DeleteFlowLogs", "aws_flow_log", Ends),
    row("CreateVpcPeeringConnection", "aws_vpc_peering_connection", Makes),
    row("DeleteVpcPeeringConnection", "aws_vpc_peering_connection", Ends),
    row("ModifyVpcPeeringConnectionOptions", "aws_vpc_peering_connection", Alters),
    row("AcceptVpcPeeringConnection", "aws_vpc_peering_connection_accepter", Makes),
    row("DeleteVpcPeeringConnection", "aws_vpc_peering_connection_accepter", Ends),
    row("ModifyVpcPeeringConnectionOptions", "aws_vpc_peering_connection_accepter", Alters),
    row("CreateNetworkInterface", "aws_network_interface", Makes),
    row("DeleteNetworkInterface", "aws_network_interface", Ends),
    row("ModifyNetworkInterfaceAttribute", "aws_network_interface", Alters),
    row("AttachNetworkInterface", "aws_network_interface", Sets(&["attachment"])),
    row("DetachNetworkInterface", "aws_network_interface", Clears(&["attachment"])),
    row("AssignPrivateIpAddresses", "aws_network_interface", Adds(&["private_ips"])),
    row("UnassignPrivateIpAddresses", "aws_network_interface", Takes(&["private_ips"])),
    row("AssignIpv6Addresses", "aws_network_interface", Adds(&["ipv6_addresses"])),
    row("UnassignIpv6Addresses", "aws_network_interface", Takes(&["ipv6_addresses"])),
    row("CreateDhcpOptions", "aws_vpc_dhcp_options", Makes),
    row("DeleteDhcpOptions", "aws_vpc_dhcp_options", Ends),
    row("CreateVpnConnection", "aws_vpn_connection", Makes),
    row("DeleteVpnConnection", "aws_vpn_connection", Ends),
    row("ModifyVpnConnection", "aws_vpn_connection", Alters),
    row("ModifyVpnConnectionOptions", "aws_vpn_connection", Alters),
    row("ModifyVpnTunnelOptions", "aws_vpn_connection", Alters),
    row("CreateVpnConnectionRoute", "aws_vpn_connection", Adds(&["static_routes"])),
    row("DeleteVpnConnectionRoute", "aws_vpn_connection", Takes(&["static_routes"])),
    row("CreateManagedPrefixList", "aws_ec2_managed_prefix_list", Makes),
    row("DeleteManagedPrefixList", "aws_ec2_managed_prefix_list", Ends),
    row("ModifyManagedPrefixList", "aws_ec2_managed_prefix_list", Adds(&["entry"])),
    row("ModifyManagedPrefixList", "aws_ec2_managed_prefix_list", Takes(&["entry"])),
    row("ModifyManagedPrefixList", "aws_ec2_managed_prefix_list", Alters),
];

const ECR: &[Row] = &[
    row("CreateRepository", "aws_ecr_repository", Makes),
    row("DeleteRepository", "aws_ecr_repository", Ends),
    row("SetRepositoryPolicy", "aws_ecr_repository", Sets(&["policy"])),
    row("DeleteRepositoryPolicy", "aws_ecr_repository", Clears(&["policy"])),
    row("PutLifecyclePolicy", "aws_ecr_repository", Sets(&["lifecycle_policy"])),
    row("DeleteLifecyclePolicy", "aws_ecr_repository", Clears(&["lifecycle_policy"])),
    row("PutImageScanningConfiguration", "aws_ecr_repository", Sets(&["image_scanning_configuration"])),
    row(
        "PutImageTagMutability",
        "aws_ecr_repository",
        Sets(&["image_tag_mutability", "image_tag_mutability_exclusion_filter"]),
    ),
    row(
        "PutReplicationConfiguration",
        "aws_ecr_replication_configuration",
        Sets(&["replication_configuration"]),
    ),
    row(
        "PutRegistryScanningConfiguration",
        "aws_ecr_registry_scanning_configuration",
        Sets(&["rule", "scan_type"]),
    ),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const ECS: &[Row] = &[
    row("CreateCluster", "aws_ecs_cluster", Makes),
    row("DeleteCluster", "aws_ecs_cluster", Ends),
    row("UpdateCluster", "aws_ecs_cluster", Sets(&["configuration", "service_connect_defaults", "setting"])),
    row("UpdateClusterSettings", "aws_ecs_cluster", Sets(&["setting"])),
    row(
        "PutClusterCapacityProviders",
        "aws_ecs_cluster",
        Sets(&["capacity_providers", "default_capacity_provider_strategy"]),
    ),
    row("CreateService", "aws_ecs_service", Makes),
    row("DeleteService", "aws_ecs_service", Ends),
    row("UpdateService", "aws_ecs_service", Alters),
    row("RegisterTaskDefinition", "aws_ecs_task_definition", Makes),
    row("DeregisterTaskDefinition", "aws_ecs_task_definition", Ends),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const EKS: &[Row] = &[
    row("CreateCluster", "aws_eks_cluster", Makes),
    row("DeleteCluster", "aws_eks_cluster", Ends),
    row("UpdateClusterConfig", "aws_eks_cluster", Alters),
    row("UpdateClusterVersion", "aws_eks_cluster", Sets(&["version"])),
    row("AssociateEncryptionConfig", "aws_eks_cluster", Sets(&["encryption_config"])),
    row("CreateNodegroup", "aws_eks_node_group", Makes),
    row("DeleteNodegroup", "aws_eks_node_group", Ends),
    row("UpdateNodegroupConfig", "aws_eks_node_group", Sets(&["labels", "scaling_config", "taint"])),
    row("UpdateNodegroupVersion", "aws_eks_node_group", Sets(&["release_version", "version"])),
    row("CreateAddon", "aws_eks_addon", Makes),
    row("DeleteAddon", "aws_eks_addon", Ends),
    row("UpdateAddon", "aws_eks_addon", Sets(&["addon_version", "service_account_role_arn"])),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

/// Lambda writes the version of its API behind the names of its operations.
const LAMBDA: &[Row] = &[
    row("CreateFunction20150331", "aws_lambda_function", Makes),
    row("DeleteFunction20150331", "aws_lambda_function", Ends),
    row("UpdateFunctionConfiguration20150331v2", "aws_lambda_function", Alters),
    row(
        "UpdateFunctionCode20150331v2",
        "aws_lambda_function",
        Sets(&["architectures", "code_sha256", "source_code_hash"]),
    ),
    row("AddPermission20150331v2", "aws_lambda_function", Sets(&["policy"])),
    row("RemovePermission20150331v2", "aws_lambda_function", Sets(&["policy"])),
];

const EFS: &[Row] = &[
    row("CreateFileSystem", "aws_efs_file_system", Makes),
    row("DeleteFileSystem", "aws_efs_file_system", Ends),
    row("UpdateFileSystem", "aws_efs_file_system", Alters),
    row("UpdateFileSystemProtection", "aws_efs_file_system", Sets(&["protection"])),
    row("PutLifecycleConfiguration", "aws_efs_file_system", Sets(&["lifecycle_policy"])),
    row("PutFileSystemPolicy", "aws_efs_file_system", Sets(&["policy"])),
    row("DeleteFileSystemPolicy", "aws_efs_file_system", Clears(&["policy"])),
    row("PutBackupPolicy", "aws_efs_file_system", Sets(&["backup_policy"])),
    row("CreateMountTarget", "aws_efs_mount_target", Makes),
    row("DeleteMountTarget", "aws_efs_mount_target", Ends),
    row("ModifyMountTargetSecurityGroups", "aws_efs_mount_target", Sets(&["security_groups"])),
    row("CreateAccessPoint", "aws_efs_access_point", Makes),
    row("DeleteAccessPoint", "aws_efs_access_point", Ends),
    row("CreateReplicationConfiguration", "aws_efs_replication_configuration", Makes),
    row("DeleteReplicationConfiguration", "aws_efs_replication_configuration", Ends),
    row("CreateTags", "*", TAGS),
    row("DeleteTags", "*", UNTAGS),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const ELASTICACHE: &[Row] = &[
    row("CreateReplicationGroup", "aws_elasticache_replication_group", Makes),
    row("DeleteReplicationGroup", "aws_elasticache_replication_group", Ends),
    row("ModifyReplicationGroup", "aws_elasticache_replication_group", Alters),
    row(
        "IncreaseReplicaCount",
        "aws_elasticache_replication_group",
        Sets(&["replicas_per_node_group", "number_cache_clusters", "num_cache_clusters"]),
    ),
    row(
        "DecreaseReplicaCount",
        "aws_elasticache_replication_group",
        Sets(&["replicas_per_node_group", "number_cache_clusters", "num_cache_clusters"]),
    ),
    row(
        "ModifyReplicationGroupShardConfiguration",
        "aws_elasticache_replication_group",
        Sets(&["num_node_groups"]),
    ),
    row("CreateCacheCluster", "aws_elasticache_cluster", Makes),
    row("DeleteCacheCluster", "aws_elasticache_cluster", Ends),
    row("ModifyCacheCluster", "aws_elasticache_cluster", Alters),
    row("CreateCacheSubnetGroup", "aws_elasticache_subnet_group", Makes),
    row("DeleteCacheSubnetGroup", "aws_elasticache_subnet_group", Ends),
    row("ModifyCacheSubnetGroup", "aws_elasticache_subnet_group", Alters),
    row("AddTagsToResource", "*", TAGS),
    row("RemoveTagsFromResource", "*", UNTAGS),
];

const ELB: &[Row] = &[
    row("CreateLoadBalancer", "aws_lb", Makes),
    row("DeleteLoadBalancer", "aws_lb", Ends),
    row("ModifyLoadBalancerAttributes", "aws_lb", Alters),
    row(
        "SetSecurityGroups",
        "aws_lb",
        Sets(&["security_groups", "enforce_security_group_inbound_rules_on_private_link_traffic"]),
    ),
    row("SetSubnets", "aws_lb", Sets(&["subnets", "ip_address_type"])),
    row("SetIpAddressType", "aws_lb", Sets(&["ip_address_type"])),
    row("CreateListener", "aws_lb_listener", Makes),
    row("DeleteListener", "aws_lb_listener", Ends),
    row("ModifyListener", "aws_lb_listener", Alters),
    row("AddListenerCertificates", "aws_lb_listener", Adds(&["certificates"])),
    row("RemoveListenerCertificates", "aws_lb_listener", Takes(&["certificates"])),
    row("CreateRule", "aws_lb_listener_rule", Makes),
    row("DeleteRule", "aws_lb_listener_rule", Ends),
    row("ModifyRule", "aws_lb_listener_rule", Alters),
    row("SetRulePriorities", "aws_lb_listener_rule", Sets(&["priority"])),
    row("CreateTargetGroup", "aws_lb_target_group", Makes),
    row("DeleteTargetGroup", "aws_lb_target_group", Ends),
    row("ModifyTargetGroup", "aws_lb_target_group", Alters),
    row("ModifyTargetGroupAttributes", "aws_lb_target_group", Alters),
    row("RegisterTargets", "aws_lb_target_group", Adds(&["targets"])),
    row("DeregisterTargets", "aws_lb_target_group", Takes(&["targets"])),
    row("AddTags", "*", TAGS),
    row("RemoveTags", "*", UNTAGS),
];

const IAM: &[Row] = &[
    row("UpdateAccountPasswordPolicy", "aws_iam_account_password_policy", Makes),
    row("UpdateAccountPasswordPolicy", "aws_iam_account_password_policy", Alters),
    row("DeleteAccountPasswordPolicy", "aws_iam_account_password_policy", Ends),
    row("CreateRole", "aws_iam_role", Makes),
    row("DeleteRole", "aws_iam_role", Ends),
    row("UpdateRole", "aws_iam_role", Alters),
    row("UpdateRoleDescription", "aws_iam_role", Sets(&["description"])),
    row("UpdateAssumeRolePolicy", "aws_iam_role", Sets(&["assume_role_policy"])),
    row("PutRolePolicy", "aws_iam_role", Adds(&["inline_policy"])),
    row("DeleteRolePolicy", "aws_iam_role", Takes(&["inline_policy"])),
    row("AttachRolePolicy", "aws_iam_role", Adds(&["managed_policy_arns"])),
    row("DetachRolePolicy", "aws_iam_role", Takes(&["managed_policy_arns"])),
    row("PutRolePermissionsBoundary", "aws_iam_role", Sets(&["permissions_boundary"])),
    row("DeleteRolePermissionsBoundary", "aws_iam_role", Clears(&["permissions_boundary"])),
    row("TagRole", "aws_iam_role", TAGS),
    row("UntagRole", "aws_iam_role", UNTAGS),
    row("CreateUser", "aws_iam_user", Makes),
    row("DeleteUser", "aws_iam_user", Ends),
    row("UpdateUser", "aws_iam_user", Alters),
    row("PutUserPolicy", "aws_iam_user", Adds(&["inline_policy"])),
    row("DeleteUserPolicy", "aws_iam_user", Takes(&["inline_policy"])),
    row("AttachUserPolicy", "aws_iam_user", Adds(&["managed_policy_arns"])),
    row("DetachUserPolicy", "aws_iam_user", Takes(&["managed_policy_arns"])),
    row("AddUserToGroup", "aws_iam_user", Adds(&["groups"])),
    row("RemoveUserFromGroup", "aws_iam_user", Takes(&["groups"])),
    row("PutUserPermissionsBoundary", "aws_iam_user", Sets(&["permissions_boundary"])),
    row("DeleteUserPermissionsBoundary", "aws_iam_user", Clears(&["permissions_boundary"])),
    row("TagUser", "aws_iam_user", TAGS),
    row("UntagUser", "aws_iam_user", UNTAGS),
    row("CreateGroup", "aws_iam_group", Makes),
    row("DeleteGroup", "aws_iam_group", Ends),
    row("UpdateGroup", "aws_iam_group", Alters),
    row("PutGroupPolicy", "aws_iam_group", Adds(&["inline_policy"])),
    row("DeleteGroupPolicy", "aws_iam_group", Takes(&["inline_policy"])),
    row("AttachGroupPolicy", "aws_iam_group", Adds(&["managed_policy_arns"])),
    row("DetachGroupPolicy", "aws_iam_group", Takes(&["managed_policy_arns"])),
    row("AddUserToGroup", "aws_iam_group_membership", Adds(&["users"])),
    row("RemoveUserFromGroup", "aws_iam_group_membership", Takes(&["users"])),
    row("CreatePolicy", "aws_iam_policy", Makes),
    row("DeletePolicy", "aws_iam_policy", Ends),
    row("CreatePolicyVersion", "aws_iam_policy", Sets(&["policy"])),
    row("SetDefaultPolicyVersion", "aws_iam_policy", Sets(&["policy"])),
    row("TagPolicy", "aws_iam_policy", TAGS),
    row("UntagPolicy", "aws_iam_policy", UNTAGS),
    row("AttachRolePolicy", "aws_iam_policy_attachment", Adds(&["roles"])),
    row("DetachRolePolicy", "aws_iam_policy_attachment", Takes(&["roles"])),
    row("AttachUserPolicy", "aws_iam_policy_attachment", Adds(&["users"])),
    row("DetachUserPolicy", "aws_iam_policy_attachment", Takes(&["users"])),
    row("AttachGroupPolicy", "aws_iam_policy_attachment", Adds(&["groups"])),
    row("DetachGroupPolicy", "aws_iam_policy_attachment", Takes(&["groups"])),
    row("CreateInstanceProfile", "aws_iam_instance_profile", Makes),
    row("DeleteInstanceProfile", "aws_iam_instance_profile", Ends),
    row("AddRoleToInstanceProfile", "aws_iam_instance_profile", Sets(&["role"])),
    row("RemoveRoleFromInstanceProfile", "aws_iam_instance_profile", Clears(&["role"])),
    row("TagInstanceProfile", "aws_iam_instance_profile", TAGS),
    row("UntagInstanceProfile", "aws_iam_instance_profile", UNTAGS),
    row("CreateOpenIDConnectProvider", "aws_iam_openid_connect_provider", Makes),
    row("DeleteOpenIDConnectProvider", "aws_iam_openid_connect_provider", Ends),
    row(
        "UpdateOpenIDConnectProviderThumbprint",
        "aws_iam_openid_connect_provider",
        Sets(&["thumbprint_list"]),
    ),
    row("AddClientIDToOpenIDConnectProvider", "aws_iam_openid_connect_provider", Adds(&["client_id_list"])),
    row(
        "RemoveClientIDFromOpenIDConnectProvider",
        "aws_iam_openid_connect_provider",
        Takes(&["client_id_list"]),
    ),
    row("TagOpenIDConnectProvider", "aws_iam_openid_connect_provider", TAGS),
    row("UntagOpenIDConnectProvider", "aws_iam_openid_connect_provider", UNTAGS),
];

const KMS: &[Row] = &[
    row("CreateKey", "aws_kms_key", Makes),
    row("ReplicateKey", "aws_kms_key", Makes),
    row("ScheduleKeyDeletion", "aws_kms_key", Ends),
    row("ScheduleKeyDeletion", "aws_kms_key", Means("is_enabled", "false")),
    row("ScheduleKeyDeletion", "aws_kms_key", Means("enabled", "false")),
    row("EnableKey", "aws_kms_key", Means("is_enabled", "true")),
    row("EnableKey", "aws_kms_key", Means("enabled", "true")),
    row("DisableKey", "aws_kms_key", Means("is_enabled", "false")),
    row("DisableKey", "aws_kms_key", Means("enabled", "false")),
    row("EnableKeyRotation", "aws_kms_key", Means("enable_key_rotation", "true")),
    row("EnableKeyRotation", "aws_kms_key", Sets(&["rotation_period_in_days"])),
    row("DisableKeyRotation", "aws_kms_key", Means("enable_key_rotation", "false")),
    row("PutKeyPolicy", "aws_kms_key", Sets(&["policy"])),
    row("UpdateKeyDescription", "aws_kms_key", Sets(&["description"])),
    row("UpdatePrimaryRegion", "aws_kms_key", Sets(&["primary_key_arn", "multi_region"])),
    row("CreateAlias", "aws_kms_alias", Makes),
    row("UpdateAlias", "aws_kms_alias", Sets(&["target_key_id"])),
    row("DeleteAlias", "aws_kms_alias", Ends),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const LOGS: &[Row] = &[
    row("CreateLogGroup", "aws_cloudwatch_log_group", Makes),
    row("DeleteLogGroup", "aws_cloudwatch_log_group", Ends),
    row("PutRetentionPolicy", "aws_cloudwatch_log_group", Sets(&["retention_in_days"])),
    row("DeleteRetentionPolicy", "aws_cloudwatch_log_group", Clears(&["retention_in_days"])),
    row("AssociateKmsKey", "aws_cloudwatch_log_group", Sets(&["kms_key_id"])),
    row("DisassociateKmsKey", "aws_cloudwatch_log_group", Clears(&["kms_key_id"])),
    row("PutLogGroupDeletionProtection", "aws_cloudwatch_log_group", Sets(&["deletion_protection_enabled"])),
    row("PutMetricFilter", "aws_cloudwatch_log_metric_filter", Makes),
    row("PutMetricFilter", "aws_cloudwatch_log_metric_filter", Alters),
    row("DeleteMetricFilter", "aws_cloudwatch_log_metric_filter", Ends),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
    row("TagLogGroup", "aws_cloudwatch_log_group", TAGS),
    row("UntagLogGroup", "aws_cloudwatch_log_group", UNTAGS),
];

const RDS: &[Row] = &[
    row("CreateDBInstance", "aws_db_instance", Makes),
    row("CreateDBInstanceReadReplica", "aws_db_instance", Makes),
    row("RestoreDBInstanceFromDBSnapshot", "aws_db_instance", Makes),
    row("RestoreDBInstanceToPointInTime", "aws_db_instance", Makes),
    row("DeleteDBInstance", "aws_db_instance", Ends),
    row("ModifyDBInstance", "aws_db_instance", Alters),
    row("PromoteReadReplica", "aws_db_instance", Clears(&["replicate_source_db"])),
    row("AddRoleToDBInstance", "aws_db_instance", Alters),
    row("RemoveRoleFromDBInstance", "aws_db_instance", Alters),
    row("CreateDBInstance", "aws_rds_cluster_instance", Makes),
    row("DeleteDBInstance", "aws_rds_cluster_instance", Ends),
    row("ModifyDBInstance", "aws_rds_cluster_instance", Alters),
    row("CreateDBCluster", "aws_rds_cluster", Makes),
    row("RestoreDBClusterFromSnapshot", "aws_rds_cluster", Makes),
    row("RestoreDBClusterToPointInTime", "aws_rds_cluster", Makes),
    row("DeleteDBCluster", "aws_rds_cluster", Ends),
    row("ModifyDBCluster", "aws_rds_cluster", Alters),
    row("EnableHttpEndpoint", "aws_rds_cluster", Means("enable_http_endpoint", "true")),
    row("DisableHttpEndpoint", "aws_rds_cluster", Means("enable_http_endpoint", "false")),
    row("AddRoleToDBCluster", "aws_rds_cluster", Adds(&["iam_roles"])),
    row("RemoveRoleFromDBCluster", "aws_rds_cluster", Takes(&["iam_roles"])),
    row("CreateDBSnapshot", "aws_db_snapshot", Makes),
    row("CopyDBSnapshot", "aws_db_snapshot", Makes),
    row("DeleteDBSnapshot", "aws_db_snapshot", Ends),
    row("ModifyDBSnapshotAttribute", "aws_db_snapshot", Sets(&["shared_accounts"])),
    row("CreateDBClusterSnapshot", "aws_db_cluster_snapshot", Makes),
    row("CopyDBClusterSnapshot", "aws_db_cluster_snapshot", Makes),
    row("DeleteDBClusterSnapshot", "aws_db_cluster_snapshot", Ends),
    row("ModifyDBClusterSnapshotAttribute", "aws_db_cluster_snapshot", Sets(&["shared_accounts"])),
    row("CreateDBSubnetGroup", "aws_db_subnet_group", Makes),
    row("DeleteDBSubnetGroup", "aws_db_subnet_group", Ends),
    row("ModifyDBSubnetGroup", "aws_db_subnet_group", Alters),
    row("CreateDBParameterGroup", "aws_db_parameter_group", Makes),
    row("DeleteDBParameterGroup", "aws_db_parameter_group", Ends),
    row("ModifyDBParameterGroup", "aws_db_parameter_group", Adds(&["parameter"])),
    row("ResetDBParameterGroup", "aws_db_parameter_group", Takes(&["parameter"])),
    row("CreateDBClusterParameterGroup", "aws_rds_cluster_parameter_group", Makes),
    row("DeleteDBClusterParameterGroup", "aws_rds_cluster_parameter_group", Ends),
    row("ModifyDBClusterParameterGroup", "aws_rds_cluster_parameter_group", Adds(&["parameter"])),
    row("ResetDBClusterParameterGroup", "aws_rds_cluster_parameter_group", Takes(&["parameter"])),
    row("StartDBInstanceAutomatedBackupsReplication", "aws_db_instance_automated_backups_replication", Makes),
    row("StopDBInstanceAutomatedBackupsReplication", "aws_db_instance_automated_backups_replication", Ends),
    row("CreateGlobalCluster", "aws_rds_global_cluster", Makes),
    row("DeleteGlobalCluster", "aws_rds_global_cluster", Ends),
    row("ModifyGlobalCluster", "aws_rds_global_cluster", Alters),
    row("AddTagsToResource", "*", TAGS),
    row("RemoveTagsFromResource", "*", UNTAGS),
];

const ROUTE53: &[Row] = &[
    row("CreateHostedZone", "aws_route53_zone", Makes),
    row("DeleteHostedZone", "aws_route53_zone", Ends),
    row("UpdateHostedZoneComment", "aws_route53_zone", Sets(&["comment"])),
    row("AssociateVPCWithHostedZone", "aws_route53_zone", Adds(&["vpc"])),
    row("DisassociateVPCFromHostedZone", "aws_route53_zone", Takes(&["vpc"])),
    row("ChangeResourceRecordSets", "aws_route53_record", Alters),
    row("CreateHealthCheck", "aws_route53_health_check", Makes),
    row("DeleteHealthCheck", "aws_route53_health_check", Ends),
    row("UpdateHealthCheck", "aws_route53_health_check", Alters),
    row("CreateQueryLoggingConfig", "aws_route53_query_log", Makes),
    row("DeleteQueryLoggingConfig", "aws_route53_query_log", Ends),
    row("ChangeTagsForResource", "*", TAGS),
    row("ChangeTagsForResource", "*", UNTAGS),
];

const S3: &[Row] = &[
    row("CreateBucket", "aws_s3_bucket", Makes),
    row("DeleteBucket", "aws_s3_bucket", Ends),
    row("PutBucketPolicy", "aws_s3_bucket", Sets(&["policy"])),
    row("DeleteBucketPolicy", "aws_s3_bucket", Clears(&["policy"])),
    row("PutBucketAcl", "aws_s3_bucket", Sets(&["acl", "grant"])),
    row("PutBucketVersioning", "aws_s3_bucket", Sets(&["versioning"])),
    row("PutBucketEncryption", "aws_s3_bucket", Sets(&["server_side_encryption_configuration"])),
    row("DeleteBucketEncryption", "aws_s3_bucket", Clears(&["server_side_encryption_configuration"])),
    row("PutBucketPublicAccessBlock", "aws_s3_bucket", Sets(&["public_access_block"])),
    row("PutPublicAccessBlock", "aws_s3_bucket", Sets(&["public_access_block"])),
    row("DeleteBucketPublicAccessBlock", "aws_s3_bucket", Clears(&["public_access_block"])),
    row("DeletePublicAccessBlock", "aws_s3_bucket", Clears(&["public_access_block"])),
    row("PutBucketOwnershipControls", "aws_s3_bucket", Sets(&["ownership_controls"])),
    row("DeleteBucketOwnershipControls", "aws_s3_bucket", Clears(&["ownership_controls"])),
    row("PutBucketLogging", "aws_s3_bucket", Sets(&["logging"])),
    row("PutBucketLifecycle", "aws_s3_bucket", Sets(&["lifecycle_rule"])),
    row("PutBucketLifecycleConfiguration", "aws_s3_bucket", Sets(&["lifecycle_rule"])),
    row("DeleteBucketLifecycle", "aws_s3_bucket", Clears(&["lifecycle_rule"])),
    row("PutBucketReplication", "aws_s3_bucket", Sets(&["replication_configuration"])),
    row("DeleteBucketReplication", "aws_s3_bucket", Clears(&["replication_configuration"])),
    row("PutBucketCors", "aws_s3_bucket", Sets(&["cors_rule"])),
    row("DeleteBucketCors", "aws_s3_bucket", Clears(&["cors_rule"])),
    row("PutBucketWebsite", "aws_s3_bucket", Sets(&["website"])),
    row("DeleteBucketWebsite", "aws_s3_bucket", Clears(&["website"])),
    row(
        "PutBucketObjectLockConfiguration",
        "aws_s3_bucket",
        Sets(&["object_lock_configuration", "object_lock_enabled"]),
    ),
    row(
        "PutObjectLockConfiguration",
        "aws_s3_bucket",
        Sets(&["object_lock_configuration", "object_lock_enabled"]),
    ),
    row("PutAccelerateConfiguration", "aws_s3_bucket", Sets(&["acceleration_status"])),
    row("PutBucketRequestPayment", "aws_s3_bucket", Sets(&["request_payer"])),
    row("PutBucketTagging", "aws_s3_bucket", Sets(&["tags", "tags_all"])),
    row("DeleteBucketTagging", "aws_s3_bucket", Clears(&["tags", "tags_all"])),
    row("PutAccountPublicAccessBlock", "aws_s3_account_public_access_block", Makes),
    row("PutAccountPublicAccessBlock", "aws_s3_account_public_access_block", Alters),
    row("DeleteAccountPublicAccessBlock", "aws_s3_account_public_access_block", Ends),
];

const SECRETS: &[Row] = &[
    row("CreateSecret", "aws_secretsmanager_secret", Makes),
    row("DeleteSecret", "aws_secretsmanager_secret", Ends),
    row("UpdateSecret", "aws_secretsmanager_secret", Alters),
    row("UpdateSecret", "aws_secretsmanager_secret", Adds(&["versions"])),
    row("PutSecretValue", "aws_secretsmanager_secret", Adds(&["versions"])),
    row("UpdateSecretVersionStage", "aws_secretsmanager_secret", Adds(&["versions"])),
    row("PutResourcePolicy", "aws_secretsmanager_secret", Sets(&["policy"])),
    row("DeleteResourcePolicy", "aws_secretsmanager_secret", Clears(&["policy"])),
    row(
        "RotateSecret",
        "aws_secretsmanager_secret",
        Sets(&["rotation", "rotation_enabled", "rotation_lambda_arn", "rotation_rules"]),
    ),
    row(
        "CancelRotateSecret",
        "aws_secretsmanager_secret",
        Clears(&["rotation", "rotation_enabled", "rotation_lambda_arn", "rotation_rules"]),
    ),
    row("ReplicateSecretToRegions", "aws_secretsmanager_secret", Adds(&["replica"])),
    row("RemoveRegionsFromReplication", "aws_secretsmanager_secret", Takes(&["replica"])),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const SNS: &[Row] = &[
    row("CreateTopic", "aws_sns_topic", Makes),
    row("DeleteTopic", "aws_sns_topic", Ends),
    row("SetTopicAttributes", "aws_sns_topic", Alters),
    row("AddPermission", "aws_sns_topic", Sets(&["policy"])),
    row("RemovePermission", "aws_sns_topic", Sets(&["policy"])),
    row("Subscribe", "aws_sns_topic_subscription", Makes),
    row("Unsubscribe", "aws_sns_topic_subscription", Ends),
    row("SetSubscriptionAttributes", "aws_sns_topic_subscription", Alters),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const SQS: &[Row] = &[
    row("CreateQueue", "aws_sqs_queue", Makes),
    row("DeleteQueue", "aws_sqs_queue", Ends),
    row("SetQueueAttributes", "aws_sqs_queue", Alters),
    row("AddPermission", "aws_sqs_queue", Sets(&["policy"])),
    row("RemovePermission", "aws_sqs_queue", Sets(&["policy"])),
    row("TagQueue", "aws_sqs_queue", TAGS),
    row("UntagQueue", "aws_sqs_queue", UNTAGS),
];

const ACM: &[Row] = &[
    row("RequestCertificate", "aws_acm_certificate", Makes),
    row("ImportCertificate", "aws_acm_certificate", Makes),
    row("DeleteCertificate", "aws_acm_certificate", Ends),
    row("UpdateCertificateOptions", "aws_acm_certificate", Sets(&["options"])),
    row("AddTagsToCertificate", "aws_acm_certificate", TAGS),
    row("RemoveTagsFromCertificate", "aws_acm_certificate", UNTAGS),
];

const CLOUDFRONT: &[Row] = &[
    row("CreateDistribution", "aws_cloudfront_distribution", Makes),
    row("CreateDistributionWithTags", "aws_cloudfront_distribution", Makes),
    row("CopyDistribution", "aws_cloudfront_distribution", Makes),
    row("DeleteDistribution", "aws_cloudfront_distribution", Ends),
    row(
        // The whole configuration is sent each time.
        "UpdateDistribution",
        "aws_cloudfront_distribution",
        Sets(&[
            "aliases",
            "comment",
            "custom_error_response",
            "default_cache_behavior",
            "default_root_object",
            "enabled",
            "http_version",
            "logging_config",
            "ordered_cache_behavior",
            "origin",
            "origin_group",
            "price_class",
            "restrictions",
            "viewer_certificate",
            "web_acl_id",
        ]),
    ),
    row("AssociateDistributionWebACL", "aws_cloudfront_distribution", Sets(&["web_acl_id"])),
    row("DisassociateDistributionWebACL", "aws_cloudfront_distribution", Clears(&["web_acl_id"])),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const WAFV2: &[Row] = &[
    row("CreateWebACL", "aws_wafv2_web_acl", Makes),
    row("DeleteWebACL", "aws_wafv2_web_acl", Ends),
    row(
        "UpdateWebACL",
        "aws_wafv2_web_acl",
        Sets(&["default_action", "description", "rule", "token_domains", "visibility_config"]),
    ),
    row("AssociateWebACL", "aws_wafv2_web_acl_association", Makes),
    row("DisassociateWebACL", "aws_wafv2_web_acl_association", Ends),
    row("PutLoggingConfiguration", "aws_wafv2_web_acl_logging_configuration", Makes),
    row("PutLoggingConfiguration", "aws_wafv2_web_acl_logging_configuration", Alters),
    row("DeleteLoggingConfiguration", "aws_wafv2_web_acl_logging_configuration", Ends),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const CODEBUILD: &[Row] = &[
    row("CreateProject", "aws_codebuild_project", Makes),
    row("DeleteProject", "aws_codebuild_project", Ends),
    row("UpdateProject", "aws_codebuild_project", Alters),
    row("UpdateProjectVisibility", "aws_codebuild_project", Sets(&["project_visibility"])),
];

const CODEDEPLOY: &[Row] = &[
    row("CreateDeploymentGroup", "aws_codedeploy_deployment_group", Makes),
    row("DeleteDeploymentGroup", "aws_codedeploy_deployment_group", Ends),
    row("UpdateDeploymentGroup", "aws_codedeploy_deployment_group", Alters),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const KINESIS: &[Row] = &[
    row("CreateStream", "aws_kinesis_stream", Makes),
    row("DeleteStream", "aws_kinesis_stream", Ends),
    row("StartStreamEncryption", "aws_kinesis_stream", Sets(&["encryption_type", "kms_key_id"])),
    row("StopStreamEncryption", "aws_kinesis_stream", Clears(&["encryption_type", "kms_key_id"])),
    row("IncreaseStreamRetentionPeriod", "aws_kinesis_stream", Sets(&["retention_period"])),
    row("DecreaseStreamRetentionPeriod", "aws_kinesis_stream", Sets(&["retention_period"])),
    row("UpdateShardCount", "aws_kinesis_stream", Sets(&["shard_count"])),
    row("SplitShard", "aws_kinesis_stream", Sets(&["shard_count"])),
    row("MergeShards", "aws_kinesis_stream", Sets(&["shard_count"])),
    row("UpdateStreamMode", "aws_kinesis_stream", Sets(&["stream_mode_details", "shard_count"])),
    row("UpdateMaxRecordSize", "aws_kinesis_stream", Sets(&["max_record_size_in_kib"])),
    row("EnableEnhancedMonitoring", "aws_kinesis_stream", Adds(&["shard_level_metrics"])),
    row("DisableEnhancedMonitoring", "aws_kinesis_stream", Takes(&["shard_level_metrics"])),
    row("AddTagsToStream", "aws_kinesis_stream", TAGS),
    row("RemoveTagsFromStream", "aws_kinesis_stream", UNTAGS),
    row("TagResource", "aws_kinesis_stream", TAGS),
    row("UntagResource", "aws_kinesis_stream", UNTAGS),
];

const STATES: &[Row] = &[
    row("CreateStateMachine", "aws_sfn_state_machine", Makes),
    row("DeleteStateMachine", "aws_sfn_state_machine", Ends),
    row("UpdateStateMachine", "aws_sfn_state_machine", Alters),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

const APIGATEWAY: &[Row] = &[
    row("CreateRestApi", "aws_api_gateway_rest_api", Makes),
    row("ImportRestApi", "aws_api_gateway_rest_api", Makes),
    row("DeleteRestApi", "aws_api_gateway_rest_api", Ends),
    row("UpdateRestApi", "aws_api_gateway_rest_api", Alters),
    row("PutRestApi", "aws_api_gateway_rest_api", Alters),
    row("CreateStage", "aws_api_gateway_stage", Makes),
    row("DeleteStage", "aws_api_gateway_stage", Ends),
    row("UpdateStage", "aws_api_gateway_stage", Alters),
    // A deployment may make its stage, and becomes what is deployed there.
    row("CreateDeployment", "aws_api_gateway_stage", Makes),
    row("CreateDeployment", "aws_api_gateway_stage", Sets(&["deployment_id"])),
    row("UpdateStage", "aws_api_gateway_method_settings", Makes),
    row("UpdateStage", "aws_api_gateway_method_settings", Alters),
    row("DeleteStage", "aws_api_gateway_method_settings", Ends),
    row("CreateApi", "aws_apigatewayv2_api", Makes),
    row("ImportApi", "aws_apigatewayv2_api", Makes),
    row("DeleteApi", "aws_apigatewayv2_api", Ends),
    row("UpdateApi", "aws_apigatewayv2_api", Alters),
    row("ReimportApi", "aws_apigatewayv2_api", Alters),
    row("DeleteCorsConfiguration", "aws_apigatewayv2_api", Clears(&["cors_configuration"])),
    row("CreateStage", "aws_apigatewayv2_stage", Makes),
    row("DeleteStage", "aws_apigatewayv2_stage", Ends),
    row("UpdateStage", "aws_apigatewayv2_stage", Alters),
    row("CreateDeployment", "aws_apigatewayv2_stage", Sets(&["deployment_id"])),
    row("DeleteAccessLogSettings", "aws_apigatewayv2_stage", Clears(&["access_log_settings"])),
    row("DeleteRouteSettings", "aws_apigatewayv2_stage", Takes(&["route_settings"])),
    row("TagResource", "*", TAGS),
    row("UntagResource", "*", UNTAGS),
];

/// The events of every service that has collectors.
pub const SERVICES: &[Service] = &[
    // Both services are one to CloudTrail.
    Service { name: "application-autoscaling", source: "autoscaling.amazonaws.com", rows: AUTOSCALING },
    Service { name: "autoscaling", source: "autoscaling.amazonaws.com", rows: AUTOSCALING },
    Service { name: "es", source: "es.amazonaws.com", rows: ES },
    Service { name: "redshift", source: "redshift.amazonaws.com", rows: REDSHIFT },
    Service {
        name: "redshift-serverless",
        source: "redshift-serverless.amazonaws.com",
        rows: REDSHIFT_SERVERLESS,
    },
    Service { name: "backup", source: "backup.amazonaws.com", rows: BACKUP },
    Service { name: "cloudwatch", source: "monitoring.amazonaws.com", rows: CLOUDWATCH },
    Service { name: "dlm", source: "dlm.amazonaws.com", rows: DLM },
    Service { name: "dynamodb", source: "dynamodb.amazonaws.com", rows: DYNAMODB },
    Service { name: "ec2", source: "ec2.amazonaws.com", rows: EC2 },
    Service { name: "ecr", source: "ecr.amazonaws.com", rows: ECR },
    Service { name: "ecs", source: "ecs.amazonaws.com", rows: ECS },
    Service { name: "eks", source: "eks.amazonaws.com", rows: EKS },
    Service { name: "elasticfilesystem", source: "elasticfilesystem.amazonaws.com", rows: EFS },
    Service { name: "elasticache", source: "elasticache.amazonaws.com", rows: ELASTICACHE },
    Service { name: "elasticloadbalancing", source: "elasticloadbalancing.amazonaws.com", rows: ELB },
    Service { name: "iam", source: "iam.amazonaws.com", rows: IAM },
    Service { name: "kms", source: "kms.amazonaws.com", rows: KMS },
    Service { name: "lambda", source: "lambda.amazonaws.com", rows: LAMBDA },
    Service { name: "logs", source: "logs.amazonaws.com", rows: LOGS },
    Service { name: "rds", source: "rds.amazonaws.com", rows: RDS },
    Service { name: "route53", source: "route53.amazonaws.com", rows: ROUTE53 },
    Service { name: "s3", source: "s3.amazonaws.com", rows: S3 },
    Service { name: "secretsmanager", source: "secretsmanager.amazonaws.com", rows: SECRETS },
    Service { name: "cloudtrail", source: "cloudtrail.amazonaws.com", rows: CLOUDTRAIL },
    Service { name: "config", source: "config.amazonaws.com", rows: CONFIG },
    Service { name: "guardduty", source: "guardduty.amazonaws.com", rows: GUARDDUTY },
    Service { name: "securityhub", source: "securityhub.amazonaws.com", rows: SECURITYHUB },
    Service { name: "access-analyzer", source: "access-analyzer.amazonaws.com", rows: ACCESS_ANALYZER },
    Service { name: "account", source: "account.amazonaws.com", rows: ACCOUNT },
    Service { name: "events", source: "events.amazonaws.com", rows: EVENTS },
    Service { name: "ssm", source: "ssm.amazonaws.com", rows: SSM },
    Service { name: "apigateway", source: "apigateway.amazonaws.com", rows: APIGATEWAY },
    Service { name: "kinesis", source: "kinesis.amazonaws.com", rows: KINESIS },
    Service { name: "states", source: "states.amazonaws.com", rows: STATES },
    Service { name: "acm", source: "acm.amazonaws.com", rows: ACM },
    Service { name: "cloudfront", source: "cloudfront.amazonaws.com", rows: CLOUDFRONT },
    Service { name: "codebuild", source: "codebuild.amazonaws.com", rows: CODEBUILD },
    Service { name: "codedeploy", source: "codedeploy.amazonaws.com", rows: CODEDEPLOY },
    Service { name: "wafv2", source: "wafv2.amazonaws.com", rows: WAFV2 },
    Service { name: "sns", source: "sns.amazonaws.com", rows: SNS },
    Service { name: "sqs", source: "sqs.amazonaws.com", rows: SQS },
];

/// True when the table says what the event does.
pub fn knows(source: &str, event: &str) -> bool {
    rows(source).iter().any(|row| row.event == event)
}

/// The rows of the service that events call `source`.
pub fn rows(source: &str) -> &'static [Row] {
    SERVICES.iter().find(|service| service.source == source).map_or(&[], |service| service.rows)
}

/// What events call a service.
pub fn source(service: &str) -> Option<&'static str> {
    SERVICES.iter().find(|known| known.name == service).map(|known| known.source)
}

impl Row {
    /// True when it is about resources of `kind`.
    pub fn is_of(&self, kind: &str) -> bool {
        self.kind == "*" || self.kind == kind
    }

    /// True when it may touch `attribute` of a resource.
    pub fn touches(&self, attribute: &str) -> bool {
        match self.effect {
            Effect::Makes | Effect::Ends => false,
            Effect::Sets(names) | Effect::Clears(names) | Effect::Adds(names) | Effect::Takes(names) => {
                names.contains(&attribute)
            }
            Effect::Means(name, _) => name == attribute,
            Effect::Alters => !matches!(attribute, "tags" | "tags_all" | "tag"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Form, Kind};
    use crate::{Equality, kinds};
    use std::collections::BTreeSet;

    fn of(kind: &Kind) -> Vec<&'static Row> {
        let service = SERVICES.iter().find(|service| service.name == kind.service);
        service
            .map(|service| service.rows.iter().filter(|row| row.is_of(kind.name)).collect())
            .unwrap_or_default()
    }

    #[test]
    fn rows_name_types_and_attributes_that_there_are() {
        for service in SERVICES {
            for row in service.rows.iter().filter(|row| row.kind != "*") {
                let kind = kinds::find(row.kind).unwrap_or_else(|| panic!("{} of {}", row.kind, row.event));
                assert_eq!(source(kind.service), Some(service.source), "{}", row.event);
                let names: Vec<&str> = match row.effect {
                    Effect::Sets(n) | Effect::Clears(n) | Effect::Adds(n) | Effect::Takes(n) => n.to_vec(),
                    Effect::Means(name, json) => {
                        assert!(serde_json::from_str::<serde_json::Value>(json).is_ok());
                        vec![name]
                    }
                    _ => vec![],
                };
                let parts: BTreeSet<&str> = kind
                    .satellites
                    .iter()
                    .flat_map(|part| match part.form {
                        Form::Block { attribute, .. } | Form::Whole { attribute, .. } => vec![attribute],
                        Form::Atoms { attributes, .. } => attributes.to_vec(),
                    })
                    .collect();
                for name in names.into_iter().filter(|name| !matches!(*name, "tags" | "tags_all" | "tag")) {
                    let known = kind.attribute(name).is_some() || parts.contains(name);
                    assert!(known, "{} has no {name} ({})", row.kind, row.event);
                }
            }
        }
    }

    #[test]
    fn every_type_that_is_listed_and_can_be_managed_is_made_and_ended_by_something() {
        // Settings of the account are always there; records come and go by one call, associations of the default ACL and
        // attachments by those of what they bind.
        const ELSEWHERE: &[&str] = &[
            "aws_ebs_encryption_by_default",
            "aws_ecr_replication_configuration",
            "aws_ecr_registry_scanning_configuration",
            "aws_network_acl_association",
            "aws_default_vpc_dhcp_options",
            "aws_iam_policy_attachment",
            "aws_iam_group_membership",
            "aws_route53_record",
        ];
        let listed = kinds::all().filter(|kind| kind.manageable && !kind.listed_by.is_empty());
        for kind in listed.filter(|kind| !ELSEWHERE.contains(&kind.name)) {
            let rows = of(kind);
            for effect in [Effect::Makes, Effect::Ends] {
                assert!(rows.iter().any(|row| row.effect == effect), "{} {effect:?}", kind.name);
            }
        }
    }

    /// Attributes that only a new object can have differently: no event changes them.
    const FIXED: &[&str] = &["encrypted", "storage_encrypted", "kms_key_id", "kms_key_arn", "internal"];

    #[test]
    fn what_protects_is_changed_by_an_event_that_is_known() {
        const GUARDED: &[&str] = &[
            "ingress",
            "egress",
            "policy",
            "assume_role_policy",
            "inline_policy",
            "managed_policy_arns",
            "metadata_options",
            "publicly_accessible",
            "deletion_protection",
            "deletion_protection_enabled",
            "backup_retention_period",
            "map_public_ip_on_launch",
            "point_in_time_recovery",
            "server_side_encryption",
            "server_side_encryption_configuration",
            "enable_key_rotation",
            "is_enabled",
            "versioning",
            "logging",
            "acl",
            "public_access_block",
            "retention_in_days",
            "sqs_managed_sse_enabled",
            "drop_invalid_header_fields",
            "enable_deletion_protection",
            "iam_database_authentication_enabled",
            "kms_master_key_id",
            "block_public_acls",
            "enabled",
        ];
        let mut asked = 0;
        for kind in kinds::all().filter(|kind| kind.manageable && !kind.listed_by.is_empty()) {
            let compared = kind.attributes.iter().filter(|attr| !matches!(attr.equality, Equality::Never(_)));
            let parts = kind.satellites.iter().flat_map(|part| match part.form {
                Form::Block { attribute, .. } | Form::Whole { attribute, .. } => vec![attribute],
                Form::Atoms { attributes, .. } => attributes.to_vec(),
            });
            let names = compared.map(|attr| attr.path).chain(parts);
            for name in names.filter(|name| GUARDED.contains(name) && !FIXED.contains(name)) {
                asked += 1;
                assert!(of(kind).iter().any(|row| row.touches(name)), "{}.{name}", kind.name);
            }
        }
        assert!(asked > 30, "{asked}");
    }
}
