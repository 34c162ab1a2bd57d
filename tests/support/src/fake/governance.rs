//! What watches an account: of all of it the fake has nothing, and the caller may not write.

use super::Reply::{Empty, Fixed, Missing};
use super::Row;

pub(super) const ROWS: &[Row] = &[
    Row("access-analyzer", "ListAnalyzers", Empty(&["analyzers"])),
    Row("account", "GetAlternateContact", Missing(404, "ResourceNotFoundException")),
    Row("cloudtrail", "DescribeTrails", Empty(&["trailList"])),
    Row("config", "DescribeConfigurationRecorders", Empty(&["ConfigurationRecorders"])),
    Row("config", "DescribeDeliveryChannels", Empty(&["DeliveryChannels"])),
    Row("events", "ListEventBuses", Fixed(r#"{"EventBuses":[{"Name":"default"}]}"#)),
    Row("events", "ListRules", Empty(&["Rules"])),
    Row("guardduty", "ListDetectors", Empty(&["detectorIds"])),
    Row("iam", "GenerateCredentialReport", Fixed("<State>COMPLETE</State>")),
    // user,password_last_used / <root_account>,no_information
    Row(
        "iam",
        "GetCredentialReport",
        Fixed("<Content>dXNlcixwYXNzd29yZF9sYXN0X3VzZWQKPHJvb3RfYWNjb3VudD4sbm9faW5mb3JtYXRpb24K</Content>"),
    ),
    Row("iam", "SimulatePrincipalPolicy", Fixed(NO_WRITES)),
    Row("servicequotas", "ListServiceQuotas", Fixed(QUOTAS)),
    Row("securityhub", "DescribeHub", Fixed(r#"{"HubArn":"arn:aws:securityhub:::hub/default"}"#)),
    Row("securityhub", "GetEnabledStandards", Empty(&["StandardsSubscriptions"])),
    Row("ssm", "DescribeInstanceInformation", Empty(&["InstanceInformationList"])),
    Row("ssm", "DescribeParameters", Empty(&["Parameters"])),
];

/// The quotas of all services at once: the caller takes those of the one it asked about.
const QUOTAS: &str = r#"{"Quotas":[
    {"ServiceCode":"ec2","QuotaCode":"L-0263D0A3","QuotaName":"EC2-VPC Elastic IPs","Value":5.0,"Adjustable":true},
    {"ServiceCode":"vpc","QuotaCode":"L-F678F1CE","QuotaName":"VPCs per Region","Value":5.0,"Adjustable":true},
    {"ServiceCode":"rds","QuotaCode":"L-7B6409FD","QuotaName":"DB instances","Value":40.0,"Adjustable":true}]}"#;

/// A simulation in which IAM denies the whole sample of writes.
pub(crate) const NO_WRITES: &str = "<IsTruncated>false</IsTruncated><EvaluationResults>\
    <member><EvalActionName>backup:DeleteRecoveryPoint</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    <member><EvalActionName>cloudtrail:StopLogging</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    <member><EvalActionName>dynamodb:DeleteTable</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    <member><EvalActionName>ec2:AuthorizeSecurityGroupIngress</EvalActionName><EvalDecision>implicitDeny</EvalDecision>\
    </member>\
    <member><EvalActionName>ec2:TerminateInstances</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    <member><EvalActionName>iam:AttachRolePolicy</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    <member><EvalActionName>iam:CreateAccessKey</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    <member><EvalActionName>kms:ScheduleKeyDeletion</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    <member><EvalActionName>lambda:UpdateFunctionCode</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    <member><EvalActionName>rds:DeleteDBInstance</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    <member><EvalActionName>s3:DeleteObject</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    <member><EvalActionName>s3:PutBucketPolicy</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>\
    </EvaluationResults>";
