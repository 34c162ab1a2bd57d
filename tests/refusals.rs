//! The refusal matrix: each declared call is refused in turn, and what was not read never becomes clean, false or gone.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, reason = "a test fails that way")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::Command;
use std::time::Duration;

use stateward::audit::Question;
use stateward::plan::Selection;
use stateward::profile::Profile;
use stateward_aws::{Aws, Collected, Options, all_calls, call::Call, calls_for, fetch_state, list_states};
use stateward_model::{
    Cause, CollectionError, Gap, Kind, Place, Reading, Resource, Scope, Slot, Wanted, kinds,
};
use stateward_testbed::{Emulator, Fake, FakeOptions, Fault, Proxy, Rule, Traffic, aws_environment};

/// Set for the run of this test that has credentials in its environment.
const MARK: &str = "STATEWARD_TEST_REFUSALS";

/// Kinds that are always read beside those that a call touches, to see that they do not change.
const BYSTANDERS: &[&str] = &["aws_sqs_queue", "aws_ecr_repository", "aws_cloudwatch_log_group"];

/// The calls that read a state from S3. Without the first two there is no state, without the others only no lock and no
/// history.
const STATE_CALLS: &[(&str, &str)] = &[
    ("s3", "GetBucketLocation"),
    ("s3", "GetObject"),
    ("s3", "HeadObject"),
    ("s3", "ListObjectVersions"),
    ("dynamodb", "ListTables"),
    ("dynamodb", "GetItem"),
];

/// What the emulator lacks, or has none of: an answer that leads to each call which it would not lead to.
const ANSWERS: &[(&str, &str, &str)] = &[
    (
        "access-analyzer",
        "ListAnalyzers",
        r#"{"analyzers": [{"arn": "arn:aws:access-analyzer:us-west-2:123456789012:analyzer/external", "name": "external",
            "type": "ACCOUNT", "status": "ACTIVE", "createdAt": "2026-01-01T00:00:00Z"}]}"#,
    ),
    ("access-analyzer", "ListFindingsV2", r#"{"findings": []}"#),
    ("account", "GetAlternateContact", r#"{"AlternateContact": {"AlternateContactType": "SECURITY"}}"#),
    (
        "cloudtrail",
        "DescribeTrails",
        r#"{"trailList": [{"Name": "main", "S3BucketName": "trail", "HomeRegion": "us-west-2", "IsMultiRegionTrail": true,
            "TrailARN": "arn:aws:cloudtrail:us-west-2:123456789012:trail/main"}]}"#,
    ),
    ("cloudtrail", "GetTrailStatus", r#"{"IsLogging": true, "LatestDeliveryTime": 1767225600}"#),
    (
        "cloudtrail",
        "GetEventSelectors",
        r#"{"EventSelectors": [{"IncludeManagementEvents": true, "ReadWriteType": "All"}]}"#,
    ),
    (
        "cloudtrail",
        "GetInsightSelectors",
        r#"{"InsightSelectors": [{"InsightType": "ApiErrorRateInsight"}]}"#,
    ),
    ("cloudtrail", "ListTags", r#"{"ResourceTagList": []}"#),
    ("config", "DescribeConfigurationRecorders", r#"{"ConfigurationRecorders": [{"name": "default"}]}"#),
    (
        "config",
        "DescribeConfigurationRecorderStatus",
        r#"{"ConfigurationRecordersStatus": [{"name": "default", "recording": true, "lastStatus": "Success"}]}"#,
    ),
    (
        "config",
        "DescribeDeliveryChannels",
        r#"{"DeliveryChannels": [{"name": "default", "s3BucketName": "config"}]}"#,
    ),
    ("events", "ListEventBuses", r#"{"EventBuses": [{"Name": "default"}]}"#),
    (
        "events",
        "ListRules",
        r#"{"Rules": [{"Name": "root", "Arn": "arn:aws:events:us-west-2:123456789012:rule/root", "State": "ENABLED"}]}"#,
    ),
    (
        "events",
        "ListTargetsByRule",
        r#"{"Targets": [{"Id": "ops", "Arn": "arn:aws:sns:us-west-2:123456789012:ops"}]}"#,
    ),
    ("events", "ListTagsForResource", r#"{"Tags": []}"#),
    ("guardduty", "ListDetectors", r#"{"detectorIds": ["d1"]}"#),
    (
        "guardduty",
        "GetDetector",
        r#"{"serviceRole": "arn:aws:iam::123456789012:role/guardduty", "status": "ENABLED"}"#,
    ),
    ("iam", "GenerateCredentialReport", "<State>COMPLETE</State>"),
    (
        "iam",
        "GetCredentialReport",
        "<Content>dXNlcixwYXNzd29yZF9lbmFibGVkCjxyb290X2FjY291bnQ+LG5vdF9zdXBwb3J0ZWQKdXNlcixmYWxzZQo=</Content>",
    ),
    (
        "iam",
        "GetAccountPasswordPolicy",
        "<PasswordPolicy><MinimumPasswordLength>14</MinimumPasswordLength></PasswordPolicy>",
    ),
    (
        "iam",
        "SimulatePrincipalPolicy",
        "<IsTruncated>false</IsTruncated><EvaluationResults>\
            <member><EvalActionName>backup:DeleteRecoveryPoint</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>cloudtrail:StopLogging</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>dynamodb:DeleteTable</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>ec2:AuthorizeSecurityGroupIngress</EvalActionName>\
            <EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>ec2:TerminateInstances</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>iam:AttachRolePolicy</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>iam:CreateAccessKey</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>kms:ScheduleKeyDeletion</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>lambda:UpdateFunctionCode</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>rds:DeleteDBInstance</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>s3:DeleteObject</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            <member><EvalActionName>s3:PutBucketPolicy</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
            </EvaluationResults>",
    ),
    (
        "servicequotas",
        "ListServiceQuotas",
        r#"{"Quotas": [{"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE", "QuotaName": "VPCs per Region", "Value": 5.0,
            "Adjustable": true}]}"#,
    ),
    ("securityhub", "DescribeHub", r#"{"HubArn": "arn:aws:securityhub:us-west-2:123456789012:hub/default"}"#),
    ("securityhub", "GetEnabledStandards", r#"{"StandardsSubscriptions": []}"#),
    (
        "ssm",
        "DescribeInstanceInformation",
        r#"{"InstanceInformationList": [{"InstanceId": "i-1", "PingStatus": "Online"}]}"#,
    ),
    ("ssm", "ListResourceComplianceSummaries", r#"{"ResourceComplianceSummaryItems": []}"#),
    ("ssm", "DescribeParameters", r#"{"Parameters": [{"Name": "/a", "Type": "String"}]}"#),
    ("ssm", "ListTagsForResource", r#"{"TagList": []}"#),
    (
        "acm",
        "ListCertificates",
        r#"{"CertificateSummaryList": [{"CertificateArn": "arn:aws:acm:us-west-2:123456789012:certificate/1",
            "DomainName": "shop.example"}]}"#,
    ),
    (
        "acm",
        "DescribeCertificate",
        r#"{"Certificate": {"CertificateArn": "arn:aws:acm:us-west-2:123456789012:certificate/1", "Status": "ISSUED",
            "DomainName": "shop.example", "KeyAlgorithm": "RSA-2048", "NotAfter": 1798761600}}"#,
    ),
    ("acm", "ListTagsForCertificate", r#"{"Tags": [{"Key": "team", "Value": "web"}]}"#),
    (
        "backup",
        "ListBackupSelections",
        r#"{"BackupSelectionsList": [{"SelectionId": "s-1", "SelectionName": "all", "BackupPlanId": "p-1",
            "IamRoleArn": "arn:aws:iam::123456789012:role/backup"}]}"#,
    ),
    (
        "backup",
        "GetBackupSelection",
        r#"{"SelectionId": "s-1", "BackupPlanId": "p-1", "BackupSelection": {"SelectionName": "all",
            "IamRoleArn": "arn:aws:iam::123456789012:role/backup", "Resources": ["*"]}}"#,
    ),
    (
        "backup",
        "ListBackupVaults",
        r#"{"BackupVaultList": [{"BackupVaultName": "vault", "NumberOfRecoveryPoints": 1,
            "BackupVaultArn": "arn:aws:backup:us-west-2:123456789012:backup-vault:vault"}]}"#,
    ),
    (
        "backup",
        "GetBackupVaultNotifications",
        r#"{"SNSTopicArn": "arn:aws:sns:us-west-2:123456789012:ops", "BackupVaultEvents": ["COPY_JOB_FAILED"]}"#,
    ),
    (
        "backup",
        "GetBackupVaultAccessPolicy",
        r#"{"Policy": "{\"Version\": \"2012-10-17\", \"Statement\": []}"}"#,
    ),
    (
        "backup",
        "ListRecoveryPointsByBackupVault",
        r#"{"RecoveryPoints": [{"RecoveryPointArn": "arn:aws:ec2:us-west-2::snapshot/snap-1", "IsEncrypted": true,
            "BackupVaultName": "vault", "Status": "COMPLETED", "CreationDate": 1767225600}]}"#,
    ),
    (
        "backup",
        "ListProtectedResources",
        r#"{"Results": [{"ResourceArn": "arn:aws:ec2:us-west-2:123456789012:volume/vol-1", "ResourceType": "EBS"}]}"#,
    ),
    ("backup", "ListBackupJobs", r#"{"BackupJobs": [{"BackupJobId": "job-1", "State": "COMPLETED"}]}"#),
    ("backup", "ListCopyJobs", r#"{"CopyJobs": [{"CopyJobId": "copy-1", "State": "COMPLETED"}]}"#),
    ("apigateway", "GetRestApis", r#"{"item": [{"id": "a1", "name": "orders"}]}"#),
    ("apigateway", "GetApis", r#"{"items": [{"apiId": "b1", "name": "shop", "protocolType": "HTTP"}]}"#),
    // The first version has its stages in `item`, the second in `items`.
    (
        "apigateway",
        "GetStages",
        r#"{"item": [{"stageName": "prod", "methodSettings": {"*/*": {"loggingLevel": "INFO"}}}],
            "items": [{"stageName": "$default", "autoDeploy": true}]}"#,
    ),
    (
        "cloudfront",
        "ListDistributions",
        "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>1</Quantity>\
            <Items><DistributionSummary><Id>E1</Id><ARN>arn:aws:cloudfront::123456789012:distribution/E1</ARN>\
            <Status>Deployed</Status><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>\
            <DomainName>d1.cloudfront.net</DomainName><Comment/><PriceClass>PriceClass_All</PriceClass>\
            <Enabled>true</Enabled><WebACLId/><HttpVersion>HTTP2</HttpVersion><IsIPV6Enabled>true</IsIPV6Enabled>\
            <Staging>false</Staging></DistributionSummary></Items></DistributionList>",
    ),
    (
        "cloudfront",
        "GetDistributionConfig",
        "<DistributionConfig><CallerReference>1</CallerReference><Comment/><Enabled>true</Enabled>\
            <DefaultRootObject>index.html</DefaultRootObject></DistributionConfig>",
    ),
    (
        "cloudfront",
        "ListTagsForResource",
        "<Tags><Items><Tag><Key>team</Key><Value>web</Value></Tag></Items></Tags>",
    ),
    ("codebuild", "ListProjects", r#"{"projects": ["shop"]}"#),
    (
        "codebuild",
        "BatchGetProjects",
        r#"{"projects": [{"name": "shop", "environment": {"type": "LINUX_CONTAINER", "image": "i",
            "computeType": "BUILD_GENERAL1_SMALL", "environmentVariables": [{"name": "STAGE", "value": "prod"}]}}]}"#,
    ),
    ("codedeploy", "ListApplications", r#"{"applications": ["shop"]}"#),
    ("codedeploy", "ListDeploymentGroups", r#"{"applicationName": "shop", "deploymentGroups": ["blue"]}"#),
    (
        "codedeploy",
        "BatchGetDeploymentGroups",
        r#"{"deploymentGroupsInfo": [{"applicationName": "shop", "deploymentGroupName": "blue",
            "deploymentConfigName": "CodeDeployDefault.OneAtATime"}]}"#,
    ),
    ("codedeploy", "ListTagsForResource", r#"{"Tags": [{"Key": "Environment", "Value": "prod"}]}"#),
    ("codedeploy", "ListDeployments", r#"{"deployments": ["d-1"]}"#),
    (
        "codedeploy",
        "BatchGetDeployments",
        r#"{"deploymentsInfo": [{"deploymentId": "d-1", "applicationName": "shop", "deploymentGroupName": "blue",
            "status": "Succeeded", "createTime": 1767225600, "completeTime": 1767225660}]}"#,
    ),
    (
        "backup",
        "ListRestoreJobs",
        r#"{"RestoreJobs": [{"RestoreJobId": "restore-1", "Status": "COMPLETED"}]}"#,
    ),
    (
        "backup",
        "ListRestoreTestingPlans",
        r#"{"RestoreTestingPlans": [{"RestoreTestingPlanName": "monthly", "ScheduleExpression": "cron(0 5 1 * ? *)",
            "RestoreTestingPlanArn": "arn:aws:backup:us-west-2:123456789012:restore-testing-plan:monthly",
            "CreationTime": 1767225600, "StartWindowHours": 24}]}"#,
    ),
    ("cloudwatch", "GetMetricData", r#"{"MetricDataResults": []}"#),
    ("ec2", "GetEbsDefaultKmsKeyId", "<kmsKeyId>alias/aws/ebs</kmsKeyId>"),
    (
        "ec2",
        "DescribeManagedPrefixLists",
        "<prefixListSet><item><prefixListId>pl-1</prefixListId><prefixListName>offices</prefixListName>\
            <ownerId>123456789012</ownerId><addressFamily>IPv4</addressFamily><maxEntries>2</maxEntries>\
            <version>1</version><state>create-complete</state></item></prefixListSet>",
    ),
    ("ec2", "GetManagedPrefixListEntries", "<entrySet><item><cidr>192.0.2.0/24</cidr></item></entrySet>"),
    (
        "ecr",
        "DescribeImageScanFindings",
        r#"{"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"imageScanCompletedAt": 1767225600,
            "findings": [{"name": "CVE-2026-1", "severity": "CRITICAL"}]}}"#,
    ),
    (
        "application-autoscaling",
        "DescribeScalableTargets",
        r#"{"ScalableTargets": [{"ServiceNamespace": "ecs", "ResourceId": "service/main/api",
            "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 1, "MaxCapacity": 3,
            "RoleARN": "arn:aws:iam::123456789012:role/scaling", "CreationTime": 1767225600}]}"#,
    ),
    (
        "application-autoscaling",
        "DescribeScalingPolicies",
        r#"{"ScalingPolicies": [{"PolicyARN": "arn:aws:autoscaling:us-west-2:123456789012:scalingPolicy:1",
            "PolicyName": "cpu", "ServiceNamespace": "ecs", "ResourceId": "service/main/api",
            "ScalableDimension": "ecs:service:DesiredCount", "PolicyType": "TargetTrackingScaling",
            "CreationTime": 1767225600}]}"#,
    ),
    ("ecs", "ListClusters", r#"{"clusterArns": ["arn:aws:ecs:us-west-2:123456789012:cluster/main"]}"#),
    (
        "ecs",
        "DescribeClusters",
        r#"{"clusters": [{"clusterArn": "arn:aws:ecs:us-west-2:123456789012:cluster/main", "clusterName": "main",
            "status": "ACTIVE", "runningTasksCount": 1, "activeServicesCount": 1}]}"#,
    ),
    ("ecs", "ListServices", r#"{"serviceArns": ["arn:aws:ecs:us-west-2:123456789012:service/main/api"]}"#),
    (
        "ecs",
        "DescribeServices",
        r#"{"services": [{"serviceArn": "arn:aws:ecs:us-west-2:123456789012:service/main/api", "serviceName": "api",
            "clusterArn": "arn:aws:ecs:us-west-2:123456789012:cluster/main", "status": "ACTIVE", "desiredCount": 1,
            "taskDefinition": "arn:aws:ecs:us-west-2:123456789012:task-definition/api:2"}]}"#,
    ),
    ("ecs", "ListTasks", r#"{"taskArns": ["arn:aws:ecs:us-west-2:123456789012:task/main/1"]}"#),
    (
        "ecs",
        "DescribeTasks",
        r#"{"tasks": [{"taskArn": "arn:aws:ecs:us-west-2:123456789012:task/main/1", "group": "service:api",
            "taskDefinitionArn": "arn:aws:ecs:us-west-2:123456789012:task-definition/api:2", "lastStatus": "RUNNING",
            "containers": [{"name": "api", "imageDigest": "sha256:1",
                "image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/shop/api:2"}]}]}"#,
    ),
    (
        "ecs",
        "ListTaskDefinitions",
        r#"{"taskDefinitionArns": ["arn:aws:ecs:us-west-2:123456789012:task-definition/api:1",
            "arn:aws:ecs:us-west-2:123456789012:task-definition/api:2"]}"#,
    ),
    (
        "ecs",
        "DescribeTaskDefinition",
        r#"{"taskDefinition": {"taskDefinitionArn": "arn:aws:ecs:us-west-2:123456789012:task-definition/api:2",
            "registeredBy": "arn:aws:sts::123456789012:assumed-role/deploy/run",
            "containerDefinitions": [{"name": "api", "image": "api"}]}}"#,
    ),
    ("eks", "ListClusters", r#"{"clusters": ["main"]}"#),
    (
        "eks",
        "DescribeCluster",
        r#"{"cluster": {"name": "main", "arn": "arn:aws:eks:us-west-2:123456789012:cluster/main",
        "version": "1.34"}}"#,
    ),
    (
        "eks",
        "DescribeClusterVersions",
        r#"{"clusterVersions": [{"clusterVersion": "1.34", "versionStatus": "STANDARD_SUPPORT"}]}"#,
    ),
    ("eks", "ListNodegroups", r#"{"nodegroups": ["workers"]}"#),
    ("eks", "DescribeNodegroup", r#"{"nodegroup": {"nodegroupName": "workers", "version": "1.34"}}"#),
    ("eks", "ListAddons", r#"{"addons": ["vpc-cni"]}"#),
    (
        "eks",
        "DescribeAddon",
        r#"{"addon": {"addonName": "vpc-cni", "addonVersion": "v1", "status": "ACTIVE"}}"#,
    ),
    ("eks", "DescribeAddonVersions", r#"{"addons": [{"addonVersions": [{"addonVersion": "v1"}]}]}"#),
    (
        "elasticache",
        "DescribeCacheEngineVersions",
        "<CacheEngineVersions><CacheEngineVersion><Engine>redis</Engine><EngineVersion>7.1</EngineVersion>\
            </CacheEngineVersion></CacheEngineVersions>",
    ),
    (
        "elasticfilesystem",
        "DescribeReplicationConfigurations",
        r#"{"Replications": [{"SourceFileSystemId": "fs-1", "SourceFileSystemRegion": "us-west-2", "CreationTime": 0,
            "SourceFileSystemArn": "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-1",
            "OriginalSourceFileSystemArn": "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-1",
            "Destinations": [{"Status": "ENABLED", "FileSystemId": "fs-2", "Region": "us-east-1"}]}]}"#,
    ),
    (
        "elasticloadbalancing",
        "DescribeListeners",
        "<Listeners><member><ListenerArn>arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/app/web/1/2\
            </ListenerArn><LoadBalancerArn>arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/web/1\
            </LoadBalancerArn><Port>443</Port><Protocol>HTTPS</Protocol><Certificates><member><CertificateArn>\
            arn:aws:acm:us-west-2:123456789012:certificate/1</CertificateArn></member></Certificates>\
            </member></Listeners>",
    ),
    (
        "elasticloadbalancing",
        "DescribeListenerCertificates",
        "<Certificates><member><CertificateArn>\
            arn:aws:acm:us-west-2:123456789012:certificate/2</CertificateArn></member></Certificates>",
    ),
    (
        "elasticloadbalancing",
        "DescribeRules",
        "<Rules><member><RuleArn>arn:aws:elasticloadbalancing:us-west-2:123456789012:listener-rule/app/web/1/2/3\
            </RuleArn><Priority>1</Priority><IsDefault>false</IsDefault></member></Rules>",
    ),
    ("dlm", "GetLifecyclePolicies", r#"{"Policies": [{"PolicyId": "policy-1"}]}"#),
    (
        "dlm",
        "GetLifecyclePolicy",
        r#"{"Policy": {"PolicyId": "policy-1", "PolicyDetails": {"Schedules": []}}}"#,
    ),
    ("es", "ListDomainNames", r#"{"DomainNames": [{"DomainName": "logs", "EngineType": "OpenSearch"}]}"#),
    (
        "es",
        "DescribeDomains",
        r#"{"DomainStatusList": [{"DomainId": "123456789012/logs", "DomainName": "logs",
            "ARN": "arn:aws:es:us-west-2:123456789012:domain/logs", "ClusterConfig": {"InstanceCount": 3}}]}"#,
    ),
    ("es", "ListTags", r#"{"TagList": [{"Key": "Environment", "Value": "prod"}]}"#),
    (
        "fis",
        "ListExperiments",
        r#"{"experiments": [{"id": "EXP1", "state": {"status": "completed"}, "creationTime": 1767225600}]}"#,
    ),
    (
        "fis",
        "GetExperiment",
        r#"{"experiment": {"id": "EXP1", "endTime": 1767225660, "targets": {},
            "actions": {"stop": {"actionId": "aws:ec2:stop-instances"}}}}"#,
    ),
    (
        "iam",
        "ListOpenIDConnectProviders",
        "<OpenIDConnectProviderList><member><Arn>arn:aws:iam::123456789012:oidc-provider/oidc.example</Arn></member>\
            </OpenIDConnectProviderList>",
    ),
    (
        "iam",
        "GetOpenIDConnectProvider",
        "<Url>oidc.example</Url><ClientIDList><member>sts.amazonaws.com</member></ClientIDList>",
    ),
    (
        "iam",
        "GetLoginProfile",
        "<LoginProfile><UserName>user</UserName><CreateDate>2026-01-01T00:00:00Z</CreateDate></LoginProfile>",
    ),
    (
        "iam",
        "ListMFADevices",
        "<MFADevices><member><UserName>user</UserName><SerialNumber>arn:aws:iam::123456789012:mfa/user</SerialNumber>\
            <EnableDate>2026-01-01T00:00:00Z</EnableDate></member></MFADevices>",
    ),
    ("lambda", "ListFunctions", r#"{"Functions": [{"FunctionName": "jobs", "Runtime": "python3.13"}]}"#),
    ("lambda", "GetPolicy", r#"{"Policy": "{\"Version\": \"2012-10-17\", \"Statement\": []}"}"#),
    (
        "rds",
        "DescribeDBMajorEngineVersions",
        "<DBMajorEngineVersions><DBMajorEngineVersion><Engine>mysql</Engine><MajorEngineVersion>8.4\
            </MajorEngineVersion></DBMajorEngineVersion></DBMajorEngineVersions>",
    ),
    (
        "rds",
        "DescribeDBSnapshots",
        "<DBSnapshots><DBSnapshot><DBSnapshotIdentifier>snap</DBSnapshotIdentifier><DBSnapshotArn>\
            arn:aws:rds:us-west-2:123456789012:snapshot:snap</DBSnapshotArn><SnapshotType>manual</SnapshotType>\
            <Status>available</Status></DBSnapshot></DBSnapshots>",
    ),
    (
        "rds",
        "DescribeDBSnapshotAttributes",
        "<DBSnapshotAttributesResult><DBSnapshotAttributes><DBSnapshotAttribute><AttributeName>restore\
            </AttributeName><AttributeValues><AttributeValue>all</AttributeValue></AttributeValues>\
            </DBSnapshotAttribute></DBSnapshotAttributes></DBSnapshotAttributesResult>",
    ),
    (
        "rds",
        "DescribeDBClusterSnapshots",
        "<DBClusterSnapshots><DBClusterSnapshot><DBClusterSnapshotIdentifier>csnap</DBClusterSnapshotIdentifier>\
            <DBClusterSnapshotArn>arn:aws:rds:us-west-2:123456789012:cluster-snapshot:csnap</DBClusterSnapshotArn>\
            <SnapshotType>manual</SnapshotType><Status>available</Status><Engine>aurora-mysql</Engine>\
            </DBClusterSnapshot></DBClusterSnapshots>",
    ),
    (
        "rds",
        "DescribeDBClusterSnapshotAttributes",
        "<DBClusterSnapshotAttributesResult><DBClusterSnapshotAttributes><DBClusterSnapshotAttribute><AttributeName>\
            restore</AttributeName><AttributeValues><AttributeValue>all</AttributeValue></AttributeValues>\
            </DBClusterSnapshotAttribute></DBClusterSnapshotAttributes></DBClusterSnapshotAttributesResult>",
    ),
    (
        "rds",
        "DescribeDBClusterParameterGroups",
        "<DBClusterParameterGroups><DBClusterParameterGroup><DBClusterParameterGroupName>strict\
            </DBClusterParameterGroupName><DBParameterGroupFamily>aurora-mysql8.0</DBParameterGroupFamily>\
            <DBClusterParameterGroupArn>arn:aws:rds:us-west-2:123456789012:cluster-pg:strict\
            </DBClusterParameterGroupArn></DBClusterParameterGroup></DBClusterParameterGroups>",
    ),
    (
        "rds",
        "DescribeDBClusterParameters",
        "<Parameters><Parameter><ParameterName>require_secure_transport</ParameterName><ParameterValue>ON\
            </ParameterValue><ApplyMethod>immediate</ApplyMethod></Parameter></Parameters>",
    ),
    (
        "rds",
        "DescribeDBParameterGroups",
        "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>strict</DBParameterGroupName>\
            <DBParameterGroupFamily>postgres16</DBParameterGroupFamily><DBParameterGroupArn>\
            arn:aws:rds:us-west-2:123456789012:pg:strict</DBParameterGroupArn></DBParameterGroup></DBParameterGroups>",
    ),
    (
        "rds",
        "DescribeDBParameters",
        "<Parameters><Parameter><ParameterName>rds.force_ssl</ParameterName><ParameterValue>1</ParameterValue>\
            <ApplyMethod>immediate</ApplyMethod></Parameter></Parameters>",
    ),
    (
        "redshift",
        "DescribeClusters",
        "<Clusters><Cluster><ClusterIdentifier>sales</ClusterIdentifier><Encrypted>true</Encrypted></Cluster></Clusters>",
    ),
    (
        "redshift-serverless",
        "ListWorkgroups",
        r#"{"workgroups": [{"workgroupName": "sales", "publiclyAccessible": false}]}"#,
    ),
    ("redshift-serverless", "ListNamespaces", r#"{"namespaces": [{"namespaceName": "sales"}]}"#),
    (
        "route53",
        "ListHostedZones",
        "<HostedZones><HostedZone><Id>/hostedzone/Z1</Id><Name>internal.example.</Name><CallerReference>1\
            </CallerReference><Config><PrivateZone>true</PrivateZone></Config></HostedZone></HostedZones>\
            <Marker></Marker><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>",
    ),
    (
        "route53",
        "GetHostedZone",
        "<HostedZone><Id>/hostedzone/Z1</Id><Name>internal.example.</Name><CallerReference>1</CallerReference>\
            </HostedZone><VPCs><VPC><VPCRegion>us-west-2</VPCRegion><VPCId>vpc-1</VPCId></VPC></VPCs>",
    ),
    (
        "route53",
        "ListResourceRecordSets",
        "<ResourceRecordSets><ResourceRecordSet><Name>www.internal.example.</Name><Type>A</Type><TTL>60</TTL>\
            <ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>\
            </ResourceRecordSet></ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>",
    ),
    (
        "route53",
        "ListHealthChecks",
        "<HealthChecks><HealthCheck><Id>check-1</Id><CallerReference>1</CallerReference><HealthCheckConfig>\
            <Type>HTTPS</Type><FullyQualifiedDomainName>www.example</FullyQualifiedDomainName></HealthCheckConfig>\
            <HealthCheckVersion>1</HealthCheckVersion></HealthCheck></HealthChecks><Marker></Marker>\
            <IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>",
    ),
    (
        "route53",
        "GetHealthCheckStatus",
        "<HealthCheckObservations><HealthCheckObservation><Region>us-west-2</Region><IPAddress>192.0.2.2</IPAddress>\
            <StatusReport><Status>Success: HTTP Status Code 200, OK</Status></StatusReport>\
            </HealthCheckObservation></HealthCheckObservations>",
    ),
    (
        "route53",
        "ListQueryLoggingConfigs",
        "<QueryLoggingConfigs><QueryLoggingConfig><Id>q-1</Id><HostedZoneId>Z1</HostedZoneId>\
            <CloudWatchLogsLogGroupArn>arn:aws:logs:us-east-1:123456789012:log-group:dns</CloudWatchLogsLogGroupArn>\
            </QueryLoggingConfig></QueryLoggingConfigs>",
    ),
    ("kinesis", "ListStreams", r#"{"StreamNames": ["orders"], "HasMoreStreams": false}"#),
    (
        "kinesis",
        "DescribeStreamSummary",
        r#"{"StreamDescriptionSummary": {"StreamName": "orders", "StreamStatus": "ACTIVE", "OpenShardCount": 2,
            "StreamARN": "arn:aws:kinesis:us-west-2:123456789012:stream/orders", "RetentionPeriodHours": 24,
            "StreamCreationTimestamp": 1767225600, "EnhancedMonitoring": [], "EncryptionType": "NONE"}}"#,
    ),
    (
        "kinesis",
        "ListTagsForStream",
        r#"{"Tags": [{"Key": "Environment", "Value": "prod"}], "HasMoreTags": false}"#,
    ),
    (
        "states",
        "ListStateMachines",
        r#"{"stateMachines": [{"name": "pay", "type": "STANDARD", "creationDate": 1767225600,
            "stateMachineArn": "arn:aws:states:us-west-2:123456789012:stateMachine:pay"}]}"#,
    ),
    (
        "states",
        "DescribeStateMachine",
        r#"{"name": "pay", "type": "STANDARD", "creationDate": 1767225600, "definition": "{\"StartAt\": \"Pay\"}",
            "stateMachineArn": "arn:aws:states:us-west-2:123456789012:stateMachine:pay",
            "roleArn": "arn:aws:iam::123456789012:role/pay"}"#,
    ),
    ("states", "ListTagsForResource", r#"{"tags": [{"key": "Environment", "value": "prod"}]}"#),
    ("s3", "GetBucketPolicy", r#"{"Version": "2012-10-17", "Statement": []}"#),
    ("s3", "GetBucketPolicyStatus", "<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>"),
    (
        "sns",
        "ListSubscriptions",
        "<Subscriptions><member><SubscriptionArn>arn:aws:sns:us-west-2:123456789012:alerts:1</SubscriptionArn>\
            <Owner>123456789012</Owner><Protocol>email</Protocol><Endpoint>ops@example.com</Endpoint>\
            <TopicArn>arn:aws:sns:us-west-2:123456789012:alerts</TopicArn></member></Subscriptions>",
    ),
    (
        "sns",
        "GetSubscriptionAttributes",
        "<Attributes><entry><key>RawMessageDelivery</key><value>false</value></entry></Attributes>",
    ),
    (
        "wafv2",
        "ListWebACLs",
        r#"{"WebACLs": [{"Name": "web", "Id": "a-1",
            "ARN": "arn:aws:wafv2:us-west-2:123456789012:regional/webacl/web/a-1"}]}"#,
    ),
    (
        "wafv2",
        "GetWebACL",
        r#"{"WebACL": {"Name": "web", "Id": "a-1", "DefaultAction": {"Allow": {}}, "Rules": [],
            "ARN": "arn:aws:wafv2:us-west-2:123456789012:regional/webacl/web/a-1", "VisibilityConfig":
            {"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": "web"}}}"#,
    ),
    (
        "wafv2",
        "ListResourcesForWebACL",
        r#"{"ResourceArns": ["arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/web/1"]}"#,
    ),
    (
        "wafv2",
        "ListLoggingConfigurations",
        r#"{"LoggingConfigurations": [{"ResourceArn": "arn:aws:wafv2:us-west-2:123456789012:regional/webacl/web/a-1",
            "LogDestinationConfigs": ["arn:aws:logs:us-west-2:123456789012:log-group:aws-waf-logs-web"]}]}"#,
    ),
    (
        "wafv2",
        "ListTagsForResource",
        r#"{"TagInfoForResource": {"TagList": [{"Key": "team", "Value": "web"}]}}"#,
    ),
];

/// Answers to what asks about something else than the rest of the answers are about, told by a word of the request.
const OTHERWISE: &[(&str, &str, &str, &str)] = &[
    ("wafv2", "ListWebACLs", "CLOUDFRONT", r#"{"WebACLs": []}"#),
    ("wafv2", "ListLoggingConfigurations", "CLOUDFRONT", r#"{"LoggingConfigurations": []}"#),
];

/// What an audit may ask and this estate gives no occasion for: it has no cache, and no bucket that has to be immutable.
const WITHOUT_OCCASION: &[&str] = &[
    "elasticache:DescribeCacheClusters",
    "elasticache:ListTagsForResource",
    "s3:GetBucketObjectLockConfiguration",
];

/// The kinds whose listing or attributes the operation reads.
fn touched(name: &str) -> Vec<&'static Kind> {
    kinds::all()
        .filter(|kind| {
            kind.listed_by.contains(&name) || kind.attributes.iter().any(|a| a.read_by.contains(&name))
        })
        .collect()
}

/// Everything of these kinds.
fn everything<'a>(kinds: impl IntoIterator<Item = &'a Kind>) -> Wanted {
    let mut wanted = Wanted::default();
    for kind in kinds {
        wanted.kind(kind.name);
        for attribute in kind.attributes {
            wanted.attribute(kind.name, attribute.path);
        }
    }
    wanted
}

/// Somewhere to collect from, and what comes from there when nothing is refused.
struct Bed {
    endpoint: String,
    traffic: Traffic,
    /// What stands in for the real answers.
    answers: Vec<Rule>,
    /// Whether it is so fast that the whole service can be read for each call, and not only what the call touches.
    fast: bool,
    runtime: tokio::runtime::Runtime,
    whole: Collected,
    /// The operations, as `service:operation`, that were asked for and answered.
    answered: BTreeSet<String>,
}

impl Bed {
    fn new(endpoint: String, traffic: &Traffic, answers: &[(&str, &str, &'static str)], fast: bool) -> Self {
        let answers = answers.iter().map(|(service, operation, answer)| {
            Rule::new(Fault::Answer(answer)).service(service).operation(operation)
        });
        let otherwise = OTHERWISE.iter().map(|(service, operation, about, answer)| {
            Rule::new(Fault::Answer(answer)).service(service).operation(operation).about(about)
        });
        let mut bed = Self {
            endpoint,
            traffic: traffic.clone(),
            answers: otherwise.chain(answers).collect(),
            fast,
            runtime: tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap(),
            whole: Collected::default(),
            answered: BTreeSet::new(),
        };
        bed.traffic.set_rules(bed.answers.clone());
        bed.whole = bed.collect(everything(kinds::all()));
        bed.answered = bed
            .whole
            .operations
            .iter()
            .filter(|count| count.calls > count.failed)
            .map(|count| format!("{}:{}", count.service, count.operation))
            .collect();
        bed
    }

    /// Lets `service:operation` be refused, and everything else be answered.
    fn set_refusal(&self, service: &str, operation: &str) {
        let refusal = Rule::new(Fault::Deny).service(service).operation(operation);
        self.traffic.set_rules(std::iter::once(refusal).chain(self.answers.iter().cloned()));
    }

    /// Connects as a run does, but without a care for rates.
    async fn connect(&self) -> Aws {
        let services: BTreeSet<&str> = all_calls().iter().map(|call| call.service).collect();
        let options = Options {
            regions: Fake::regions().map(str::to_owned).to_vec(),
            endpoint_url: Some(self.endpoint.clone()),
            concurrency: 8,
            rates: services.into_iter().map(|service| (service.to_owned(), 10_000)).collect(),
            pause: Duration::from_millis(1),
            ..Options::default()
        };
        Aws::connect(options).await
    }

    fn collect(&self, wanted: Wanted) -> Collected {
        self.runtime.block_on(async {
            let aws = self.connect().await;
            assert!(aws.accounts.iter().all(|account| account.gap.is_none()), "{:?}", aws.accounts);
            aws.collect(wanted, "2026-01-01T00:00:00Z", &|_| {}).await
        })
    }

    /// Refuses `call`, reads what it touches and more, and says what is wrong with what came. `None` when the estate
    /// gave no reason to make the call.
    fn refuse(&self, call: &Call) -> Option<Vec<String>> {
        let touched = touched(&call.name());
        let is_touched = |kind: &str| touched.iter().any(|touched| touched.name == kind);
        let more = kinds::all()
            .filter(|kind| BYSTANDERS.contains(&kind.name) || (self.fast && kind.service == call.service));
        let read = touched.iter().copied().chain(more);
        self.set_refusal(call.service, call.operation);
        let broken = self.collect(everything(read));
        let struck = self.traffic.counts().into_iter().filter(|(_, count)| count.faults > 0);
        let regions: BTreeSet<String> = struck.map(|((_, _, region), _)| region).collect();
        if regions.is_empty() {
            return None;
        }
        let mut found = Found { name: call.name(), ..Found::default() };
        found.compare_errors(call, &touched, &regions, &self.whole, &broken);
        for reading in &broken.readings {
            let same = |other: &&Reading| other.kind == reading.kind && other.place == reading.place;
            let whole = self.whole.readings.iter().find(same).unwrap();
            if is_touched(&reading.kind) {
                found.compare(whole, reading);
            } else if whole != reading {
                found.fault(format!("{} in {} changed, untouched", reading.kind, reading.place));
            }
        }
        found.judge_traces(&touched, &self.whole);
        Some(found.faults)
    }
}

/// What a refusal changed, and what is wrong with that.
#[derive(Default)]
struct Found {
    /// The refused operation.
    name: String,
    faults: Vec<String>,
    /// How many values and listings became gaps.
    gaps: usize,
    /// Whether an attribute that only this operation reads became a gap in any resource, by type and attribute.
    shown: BTreeMap<(&'static str, &'static str), bool>,
}

impl Found {
    fn fault(&mut self, fault: String) {
        self.faults.push(format!("{}: {fault}", self.name));
    }

    fn is_by_refusal(&self, gap: &Gap) -> bool {
        gap.call == self.name && gap.cause == Cause::Denied
    }

    /// The refusal is in the list of errors, with its regions and types; and no other call failed for it.
    fn compare_errors(
        &mut self,
        call: &Call,
        touched: &[&Kind],
        regions: &BTreeSet<String>,
        whole: &Collected,
        broken: &Collected,
    ) {
        let is_refused =
            |error: &CollectionError| (&*error.service, &*error.operation) == (call.service, call.operation);
        let (own, others): (Vec<_>, Vec<_>) = broken.errors.iter().partition(|error| is_refused(error));
        let named: BTreeSet<String> = own.iter().map(|error| error.region.clone()).collect();
        // What the account has once is asked in the region of its service, and reported for the one that is read first.
        let global = touched.iter().all(|kind| kind.scope == Scope::Global);
        if named.is_empty() || (!global && named != *regions) {
            self.fault(format!("the errors name {named:?}, and it was refused in {regions:?}"));
        }
        for error in own {
            let types = touched.iter().all(|kind| error.types.contains(kind.name));
            if error.cause != Cause::Denied || error.permission != call.iam_action() || !types {
                self.fault(format!("is reported as {error:?}"));
            }
        }
        for error in others {
            let same = |other: &CollectionError| {
                (&other.service, &other.operation, &other.region, other.cause)
                    == (&error.service, &error.operation, &error.region, error.cause)
            };
            if !whole.errors.iter().any(same) {
                self.fault(format!("{}:{} failed too: {}", error.service, error.operation, error.message));
            }
        }
    }

    /// One reading of a kind that the operation touches.
    fn compare(&mut self, whole: &Reading, broken: &Reading) {
        let kind = kinds::find(&broken.kind).unwrap();
        let (refused, other): (Vec<_>, Vec<_>) =
            broken.harvest.gaps.iter().partition(|gap| self.is_by_refusal(gap));
        if other.iter().any(|gap| !whole.harvest.gaps.contains(gap)) {
            self.fault(format!("the listing of {} in {} has other gaps: {other:?}", kind.name, broken.place));
        }
        let read: BTreeMap<_, &Resource> = broken.harvest.resources.iter().map(|r| (&r.address, r)).collect();
        let before: BTreeSet<_> = whole.harvest.resources.iter().map(|r| &r.address).collect();
        for address in read.keys().filter(|address| !before.contains(*address)) {
            self.fault(format!("{address} appeared"));
        }
        self.gaps += refused.len();
        for resource in &whole.harvest.resources {
            match read.get(&resource.address) {
                Some(read) => self.compare_slots(kind, resource, read, !refused.is_empty()),
                None if refused.is_empty() => self.fault(format!("{} is missing", resource.address)),
                None => {}
            }
        }
    }

    /// One resource of a kind that the operation touches.
    fn compare_slots(&mut self, kind: &'static Kind, whole: &Resource, broken: &Resource, unlisted: bool) {
        if whole.arn != broken.arn {
            self.fault(format!("{}: the ARN {:?} became {:?}", whole.address, whole.arn, broken.arn));
        }
        let now: BTreeMap<&str, &Slot> = broken.slots().collect();
        let before: BTreeMap<&str, &Slot> = whole.slots().collect();
        for attribute in kind.attributes {
            let path = attribute.path;
            let reads = attribute.read_by.contains(&self.name.as_str())
                || (attribute.read_by.is_empty() && kind.listed_by.contains(&self.name.as_str()));
            match (before.get(path), now.get(path)) {
                (None, None | Some(Slot::Unread(_))) => {}
                // Something that another call tells, and that was not worth a call before.
                (None, Some(Slot::Known(_))) if !reads => {}
                (Some(slot), Some(after)) if slot == after => {}
                (Some(_), Some(Slot::Unread(gap))) if self.is_by_refusal(gap) && (reads || unlisted) => {
                    self.gaps += 1;
                }
                (slot, after) => self.fault(format!("{}.{path}: {slot:?} became {after:?}", whole.address)),
            }
            if attribute.read_by == [self.name.as_str()] && before.contains_key(path) {
                let shown = self.shown.entry((kind.name, path)).or_default();
                *shown |= matches!(now.get(path), Some(Slot::Unread(_)));
            }
        }
        for path in before.keys().chain(now.keys()).filter(|path| kind.attribute(path).is_none()) {
            self.fault(format!("{}.{path} is in no table", whole.address));
        }
    }

    /// A refusal that leaves no trace was taken for "there is none".
    fn judge_traces(&mut self, touched: &[&Kind], whole: &Collected) {
        let is_listing = touched.iter().any(|kind| kind.listed_by.contains(&self.name.as_str()));
        let is_there = |kind: &&Kind| {
            let mut readings = whole.readings.iter().filter(|reading| reading.kind == kind.name);
            readings.any(|reading| !reading.harvest.resources.is_empty())
        };
        if self.gaps == 0 && (is_listing || touched.iter().any(is_there)) {
            self.fault("was refused, and nothing shows it".to_owned());
        }
        let silent =
            self.shown.iter().filter(|(_, shown)| !**shown).map(|(name, _)| *name).collect::<Vec<_>>();
        for (kind, path) in silent {
            self.fault(format!("{kind}.{path} is read by nothing else, and was known without it"));
        }
    }
}

/// Refuses the calls of the collectors one by one; notes what was refused and what went wrong.
fn refuse_all(bed: &Bed, done: &mut BTreeSet<String>, wrong: &mut Vec<String>) {
    for call in all_calls() {
        let name = call.name();
        if !bed.answered.contains(&name) || touched(&name).is_empty() {
            continue;
        }
        let Some(faults) = bed.refuse(call) else { continue };
        wrong.extend(faults);
        done.insert(name);
    }
}

/// Without an identity there is no account, and nothing that could be taken for an empty one.
fn refuse_identity(bed: &Bed, done: &mut BTreeSet<String>) {
    bed.set_refusal("sts", "GetCallerIdentity");
    let (aws, collected) = bed.runtime.block_on(async {
        let aws = bed.connect().await;
        let collected = aws.collect(everything(kinds::all()), "2026-01-01T00:00:00Z", &|_| {}).await;
        (aws, collected)
    });
    let gap = aws.accounts[0].gap.as_ref().unwrap();
    assert_eq!(
        (aws.accounts.len(), gap.call.as_ref(), gap.cause),
        (1, "sts:GetCallerIdentity", Cause::Denied)
    );
    assert_eq!(collected.readings, []);
    let errors: Vec<_> = collected.errors.iter().map(|e| (e.operation.as_str(), e.cause)).collect();
    assert_eq!(errors, [("GetCallerIdentity", Cause::Denied)]);
    done.insert("sts:GetCallerIdentity".to_owned());
}

/// A state is there or it is a gap; a lock and a digest that could not be looked at are gaps beside it.
fn refuse_state(bed: &Bed, bucket: &str, key: &str, done: &mut BTreeSet<String>) {
    let fetch = || {
        bed.runtime.block_on(async {
            let fetched = fetch_state(&bed.connect().await, bucket, key, None, Duration::ZERO, true).await;
            fetched.map(|(mut file, object)| {
                let mut text = String::new();
                file.read_to_string(&mut text).map(|_| (text, object)).unwrap()
            })
        })
    };
    bed.traffic.set_rules([]);
    let (whole, found) = fetch().unwrap();
    assert_eq!((&found.gaps, found.digest_matches), (&Vec::new(), Some(true)));
    assert!(
        found.history.as_ref().is_some_and(|history| !history.versions.is_empty() && history.gap.is_none())
    );
    for (service, operation) in STATE_CALLS {
        bed.set_refusal(service, operation);
        let name = format!("{service}:{operation}");
        let refused = |gap: &Gap| gap.call == name && gap.cause == Cause::Denied;
        match fetch() {
            Err(gap) => {
                assert!(
                    matches!(*operation, "GetBucketLocation" | "GetObject") && refused(&gap),
                    "{name}: {gap}"
                );
            }
            Ok((text, object)) => {
                assert_eq!(text, whole, "{name}");
                let mut gaps =
                    object.gaps.iter().chain(object.history.iter().filter_map(|all| all.gap.as_ref()));
                assert!(gaps.clone().count() > 0 && gaps.all(refused), "{name}: {object:?}");
                let known = (object.lock.is_none() || object.lock == found.lock)
                    && (object.digest_matches.is_none() || object.digest_matches == Some(true));
                assert!(known && !object.locked, "{name}: {object:?}");
            }
        }
        done.insert(name);
    }
}

/// A listing is whole or it is a gap.
fn refuse_listing(bed: &Bed, bucket: &str, key: &str, done: &mut BTreeSet<String>) {
    let list = || bed.runtime.block_on(async { list_states(&bed.connect().await, bucket, &key[..1]).await });
    bed.traffic.set_rules([]);
    assert!(list().unwrap().iter().any(|found| found == key));
    bed.set_refusal("s3", "ListObjectsV2");
    let gap = list().unwrap_err();
    assert_eq!((gap.call.as_ref(), gap.cause), ("s3:ListObjectsV2", Cause::Denied));
    done.insert("s3:ListObjectsV2".to_owned());
}

/// What a reading lacks: of the listing, and of each resource.
fn missed(reading: &Reading) -> (&str, &Place, usize, Vec<(&str, &str)>) {
    let unread = reading.harvest.resources.iter().flat_map(|resource| {
        let slots = resource.slots().filter(|(_, slot)| matches!(slot, Slot::Unread(_)));
        slots.map(|(path, _)| (resource.id(), path))
    });
    (&reading.kind, &reading.place, reading.harvest.gaps.len(), unread.collect())
}

/// What an audit of the default profile asks is what its policy permits: with everything else refused, nothing more is
/// missing than before, and each permitted action is asked. That each of them is missed when it alone is refused, by its
/// name, is what the rest of the matrix shows.
fn audit_within_its_policy(bed: &Bed, wrong: &mut Vec<String>) {
    let (profile, selection) = (Profile::built_in_default().unwrap(), Selection::default());
    let wanted = Question::audit(&profile, &selection).unwrap().wanted(&[]);
    let permitted: BTreeSet<String> =
        calls_for(&wanted, false).iter().map(|call| call.iam_action()).collect();
    bed.traffic.set_rules(bed.answers.clone());
    let whole = bed.collect(wanted.clone());
    let asked: BTreeSet<String> = bed
        .traffic
        .counts()
        .into_keys()
        .map(|(service, operation, _)| {
            match all_calls().iter().find(|call| (call.service, call.operation) == (&*service, &*operation)) {
                Some(call) => call.iam_action(),
                None => format!("{service}:{operation}"),
            }
        })
        .collect();
    let idle = permitted.difference(&asked).filter(|action| !WITHOUT_OCCASION.contains(&action.as_str()));
    wrong.extend(idle.map(|action| format!("{action} is permitted and never asked")));
    wrong.extend(asked.difference(&permitted).map(|action| format!("{action} is asked and not permitted")));
    let outside = all_calls().into_iter().filter(|call| !permitted.contains(&call.iam_action()));
    let refusals = outside.map(|call| Rule::new(Fault::Deny).service(call.service).operation(call.operation));
    bed.traffic.set_rules(refusals.chain(bed.answers.iter().cloned()));
    let within = bed.collect(wanted);
    if within.errors != whole.errors {
        wrong.push(format!("within its policy an audit misses {:?}", within.errors));
    }
    let pairs = within.readings.iter().zip(&whole.readings);
    let changed = pairs.filter(|(one, other)| missed(one) != missed(other));
    wrong.extend(changed.map(|(one, _)| format!("within its policy an audit misses more of {}", one.kind)));
    assert_eq!(within.readings.len(), whole.readings.len());
}

fn matrix() {
    let (mut done, mut wrong) = (BTreeSet::new(), Vec::new());
    let emulator = Emulator::shared_drifted();
    let proxy = Proxy::start(emulator.endpoint(), []);
    let bed = Bed::new(proxy.endpoint(), proxy.traffic(), ANSWERS, false);
    audit_within_its_policy(&bed, &mut wrong);
    refuse_identity(&bed, &mut done);
    refuse_all(&bed, &mut done, &mut wrong);
    let (bucket, key) = emulator.state_url().trim_start_matches("s3://").split_once('/').unwrap();
    refuse_state(&bed, bucket, key, &mut done);
    refuse_listing(&bed, bucket, key, &mut done);
    let fake = Fake::start(FakeOptions::default());
    refuse_all(&Bed::new(fake.endpoint(), fake.traffic(), &[], true), &mut done, &mut wrong);
    let declared: BTreeSet<String> = all_calls().iter().map(|call| call.name()).collect();
    wrong.extend(declared.difference(&done).map(|name| format!("{name}: no test refuses it")));
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

/// The SDK takes its credentials from the environment, and a process cannot safely change its own: this test runs
/// itself again in an environment that has them.
#[test]
#[allow(clippy::disallowed_methods, reason = "the mark is for this test alone")]
fn a_refused_call_is_a_gap_and_nothing_else() {
    if std::env::var_os(MARK).is_some() {
        return matrix();
    }
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_refused_call_is_a_gap_and_nothing_else", "--nocapture"])
        .envs(aws_environment("http://127.0.0.1:1"))
        .env(MARK, "1")
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
