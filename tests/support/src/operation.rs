//! Which operation of which service in which region a request asks for, out of the request alone.

use crate::http::{Request, decode};

/// How a service wraps requests, answers and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// EC2's query protocol: form in, XML out.
    Ec2,
    /// The query protocol of RDS, IAM and others: form in, XML out.
    Query,
    /// S3's own XML.
    S3,
    /// REST with XML: Route 53.
    RestXml,
    /// JSON with `X-Amz-Target`.
    Json,
    /// REST with JSON: EFS, AWS Backup.
    RestJson,
    /// Smithy's RPC v2 with CBOR: CloudWatch.
    Cbor,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The name that IAM gives the service (`cloudwatch`, not `monitoring`); empty where the request is not signed.
    pub service: String,
    /// Of the credential scope.
    pub region: String,
    /// As in the SDK: `DescribeInstances`. Where it is not known, method and path.
    pub operation: String,
    /// How to answer.
    pub protocol: Protocol,
}

/// Reads a request.
pub fn asked(request: &Request) -> Asked {
    let (region, signed_as) = scope(request.header("authorization").unwrap_or_default());
    let signed_as = signed_as.to_ascii_lowercase();
    let service = match signed_as.as_str() {
        "monitoring" => "cloudwatch",
        "s3" if request.path().starts_with("/v20180820/") => "s3control",
        other => other,
    };
    let (operation, protocol) = operation(service, request);
    Asked { service: service.to_owned(), region, operation, protocol }
}

/// Region and service of `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn scope(authorization: &str) -> (String, String) {
    let credential = authorization.split_once("Credential=").map_or("", |(_, rest)| rest);
    let mut parts = credential.split([',', ' ']).next().unwrap_or_default().split('/').skip(2);
    let mut next = || parts.next().unwrap_or_default().to_owned();
    (next(), next())
}

fn operation(service: &str, request: &Request) -> (String, Protocol) {
    if request.header("smithy-protocol") == Some("rpc-v2-cbor") {
        let last = request.path().rsplit('/').next().unwrap_or_default();
        return (last.to_owned(), Protocol::Cbor);
    }
    if let Some(target) = request.header("x-amz-target") {
        return (target.rsplit('.').next().unwrap_or_default().to_owned(), Protocol::Json);
    }
    let mut parameters = request.form();
    parameters.extend(request.query());
    if let Some((_, action)) = parameters.into_iter().find(|(name, _)| name == "Action") {
        let protocol = if service == "ec2" { Protocol::Ec2 } else { Protocol::Query };
        return (action, protocol);
    }
    match service {
        "s3" => (s3(request), Protocol::S3),
        "cloudfront" | "s3control" | "route53" => (rest(service, request), Protocol::RestXml),
        _ => (rest(service, request), Protocol::RestJson),
    }
}

/// S3 tells its operations apart by method, depth of the path, and the name in the query.
fn s3(request: &Request) -> String {
    let path = request.path().trim_matches('/');
    let depth = match path.split_once('/') {
        _ if path.is_empty() => "service",
        None => "bucket",
        Some(_) => "object",
    };
    let query = request.query();
    let found = S3.iter().find(|(method, at, name, _)| {
        *method == request.method
            && *at == depth
            && (name.is_empty() || query.iter().any(|(key, _)| key == name))
    });
    found.map_or_else(|| unknown(request), |(_, _, _, operation)| (*operation).to_owned())
}

/// Method, depth, name in the query, operation. The first match counts, so the one without a name comes last.
const S3: &[(&str, &str, &str, &str)] = &[
    ("GET", "service", "", "ListBuckets"),
    ("GET", "bucket", "accelerate", "GetBucketAccelerateConfiguration"),
    ("GET", "bucket", "acl", "GetBucketAcl"),
    ("GET", "bucket", "analytics", "ListBucketAnalyticsConfigurations"),
    ("GET", "bucket", "cors", "GetBucketCors"),
    ("GET", "bucket", "encryption", "GetBucketEncryption"),
    ("GET", "bucket", "intelligent-tiering", "ListBucketIntelligentTieringConfigurations"),
    ("GET", "bucket", "inventory", "ListBucketInventoryConfigurations"),
    ("GET", "bucket", "lifecycle", "GetBucketLifecycleConfiguration"),
    ("GET", "bucket", "location", "GetBucketLocation"),
    ("GET", "bucket", "logging", "GetBucketLogging"),
    ("GET", "bucket", "metrics", "ListBucketMetricsConfigurations"),
    ("GET", "bucket", "notification", "GetBucketNotificationConfiguration"),
    ("GET", "bucket", "object-lock", "GetObjectLockConfiguration"),
    ("GET", "bucket", "ownershipControls", "GetBucketOwnershipControls"),
    ("GET", "bucket", "policy", "GetBucketPolicy"),
    ("GET", "bucket", "policyStatus", "GetBucketPolicyStatus"),
    ("GET", "bucket", "publicAccessBlock", "GetPublicAccessBlock"),
    ("GET", "bucket", "replication", "GetBucketReplication"),
    ("GET", "bucket", "requestPayment", "GetBucketRequestPayment"),
    ("GET", "bucket", "tagging", "GetBucketTagging"),
    ("GET", "bucket", "uploads", "ListMultipartUploads"),
    ("GET", "bucket", "versioning", "GetBucketVersioning"),
    ("GET", "bucket", "versions", "ListObjectVersions"),
    ("GET", "bucket", "website", "GetBucketWebsite"),
    ("GET", "bucket", "list-type", "ListObjectsV2"),
    ("GET", "bucket", "", "ListObjects"),
    ("HEAD", "bucket", "", "HeadBucket"),
    ("PUT", "bucket", "versioning", "PutBucketVersioning"),
    ("PUT", "bucket", "encryption", "PutBucketEncryption"),
    ("PUT", "bucket", "policy", "PutBucketPolicy"),
    ("PUT", "bucket", "tagging", "PutBucketTagging"),
    ("PUT", "bucket", "publicAccessBlock", "PutPublicAccessBlock"),
    ("PUT", "bucket", "", "CreateBucket"),
    ("DELETE", "bucket", "", "DeleteBucket"),
    ("GET", "object", "acl", "GetObjectAcl"),
    ("GET", "object", "attributes", "GetObjectAttributes"),
    ("GET", "object", "legal-hold", "GetObjectLegalHold"),
    ("GET", "object", "retention", "GetObjectRetention"),
    ("GET", "object", "tagging", "GetObjectTagging"),
    ("GET", "object", "uploadId", "ListParts"),
    ("GET", "object", "", "GetObject"),
    ("HEAD", "object", "", "HeadObject"),
    ("PUT", "object", "", "PutObject"),
    ("DELETE", "object", "", "DeleteObject"),
];

fn unknown(request: &Request) -> String {
    format!("{} {}", request.method, request.path())
}

/// REST services tell their operations apart by method and path, where `*` stands for one segment.
fn rest(service: &str, request: &Request) -> String {
    let path: Vec<&str> = request.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let found = REST.iter().find(|(of, method, pattern, _)| {
        let pattern: Vec<&str> = pattern.split('/').skip(1).collect();
        *of == service
            && *method == request.method
            && pattern.len() == path.len()
            && pattern.iter().zip(&path).all(|(wanted, given)| *wanted == "*" || *wanted == *given)
    });
    found.map_or_else(|| unknown(request), |(_, _, _, operation)| (*operation).to_owned())
}

/// The segment of the path that a pattern's `*` stands for, decoded: `segment("/a/*", 1)`.
pub(crate) fn segment(request: &Request, index: usize) -> String {
    decode(request.path().split('/').filter(|segment| !segment.is_empty()).nth(index).unwrap_or_default())
}

/// Service, method, path, operation, after the services' models. The first match counts.
const REST: &[(&str, &str, &str, &str)] = &[
    ("access-analyzer", "GET", "/analyzer", "ListAnalyzers"),
    ("access-analyzer", "POST", "/findingv2", "ListFindingsV2"),
    ("apigateway", "GET", "/restapis", "GetRestApis"),
    ("apigateway", "GET", "/restapis/*/stages", "GetStages"),
    ("apigateway", "GET", "/v2/apis", "GetApis"),
    ("apigateway", "GET", "/v2/apis/*/stages", "GetStages"),
    ("account", "POST", "/getAlternateContact", "GetAlternateContact"),
    ("guardduty", "GET", "/detector", "ListDetectors"),
    ("guardduty", "GET", "/detector/*", "GetDetector"),
    ("securityhub", "GET", "/accounts", "DescribeHub"),
    ("securityhub", "POST", "/standards/get", "GetEnabledStandards"),
    ("dlm", "GET", "/policies", "GetLifecyclePolicies"),
    ("dlm", "GET", "/policies/*", "GetLifecyclePolicy"),
    ("es", "GET", "/2021-01-01/domain", "ListDomainNames"),
    ("es", "GET", "/2021-01-01/tags", "ListTags"),
    ("es", "POST", "/2021-01-01/opensearch/domain-info", "DescribeDomains"),
    ("elasticfilesystem", "GET", "/2015-02-01/access-points", "DescribeAccessPoints"),
    ("elasticfilesystem", "GET", "/2015-02-01/account-preferences", "DescribeAccountPreferences"),
    ("elasticfilesystem", "GET", "/2015-02-01/file-systems", "DescribeFileSystems"),
    (
        "elasticfilesystem",
        "GET",
        "/2015-02-01/file-systems/replication-configurations",
        "DescribeReplicationConfigurations",
    ),
    ("elasticfilesystem", "GET", "/2015-02-01/file-systems/*/backup-policy", "DescribeBackupPolicy"),
    (
        "elasticfilesystem",
        "GET",
        "/2015-02-01/file-systems/*/lifecycle-configuration",
        "DescribeLifecycleConfiguration",
    ),
    ("elasticfilesystem", "GET", "/2015-02-01/file-systems/*/policy", "DescribeFileSystemPolicy"),
    ("elasticfilesystem", "GET", "/2015-02-01/mount-targets", "DescribeMountTargets"),
    (
        "elasticfilesystem",
        "GET",
        "/2015-02-01/mount-targets/*/security-groups",
        "DescribeMountTargetSecurityGroups",
    ),
    ("elasticfilesystem", "GET", "/2015-02-01/resource-tags/*", "ListTagsForResource"),
    ("elasticfilesystem", "GET", "/2015-02-01/tags/*", "DescribeTags"),
    ("backup", "GET", "/account-settings", "DescribeRegionSettings"),
    ("backup", "GET", "/global-settings", "DescribeGlobalSettings"),
    ("backup", "GET", "/backup-jobs", "ListBackupJobs"),
    ("backup", "GET", "/copy-jobs", "ListCopyJobs"),
    ("backup", "GET", "/restore-jobs", "ListRestoreJobs"),
    ("backup", "GET", "/restore-testing/plans", "ListRestoreTestingPlans"),
    ("backup", "GET", "/backup-vaults", "ListBackupVaults"),
    ("backup", "GET", "/backup-vaults/*", "DescribeBackupVault"),
    ("backup", "GET", "/backup-vaults/*/access-policy", "GetBackupVaultAccessPolicy"),
    ("backup", "GET", "/backup-vaults/*/notification-configuration", "GetBackupVaultNotifications"),
    ("backup", "GET", "/backup-vaults/*/recovery-points", "ListRecoveryPointsByBackupVault"),
    ("backup", "GET", "/backup/plans", "ListBackupPlans"),
    ("backup", "GET", "/backup/plans/*", "GetBackupPlan"),
    ("backup", "GET", "/backup/plans/*/selections", "ListBackupSelections"),
    ("backup", "GET", "/backup/plans/*/selections/*", "GetBackupSelection"),
    ("backup", "GET", "/backup/plans/*/versions", "ListBackupPlanVersions"),
    ("backup", "GET", "/legal-holds", "ListLegalHolds"),
    ("backup", "GET", "/resources", "ListProtectedResources"),
    ("backup", "GET", "/resources/*", "DescribeProtectedResource"),
    ("backup", "GET", "/resources/*/recovery-points", "ListRecoveryPointsByResource"),
    ("backup", "GET", "/tags/*", "ListTags"),
    ("eks", "GET", "/addons/supported-versions", "DescribeAddonVersions"),
    ("eks", "GET", "/cluster-versions", "DescribeClusterVersions"),
    ("eks", "GET", "/clusters", "ListClusters"),
    ("eks", "GET", "/clusters/*", "DescribeCluster"),
    ("eks", "GET", "/clusters/*/addons", "ListAddons"),
    ("eks", "GET", "/clusters/*/addons/*", "DescribeAddon"),
    ("eks", "GET", "/clusters/*/node-groups", "ListNodegroups"),
    ("eks", "GET", "/clusters/*/node-groups/*", "DescribeNodegroup"),
    ("lambda", "GET", "/2015-03-31/functions", "ListFunctions"),
    ("lambda", "GET", "/2015-03-31/functions/*/policy", "GetPolicy"),
    ("cloudfront", "GET", "/2020-05-31/distribution", "ListDistributions"),
    ("cloudfront", "GET", "/2020-05-31/distribution/*/config", "GetDistributionConfig"),
    ("cloudfront", "GET", "/2020-05-31/tagging", "ListTagsForResource"),
    ("fis", "GET", "/experiments", "ListExperiments"),
    ("fis", "GET", "/experiments/*", "GetExperiment"),
    ("route53", "GET", "/2013-04-01/delegationset", "ListReusableDelegationSets"),
    ("route53", "GET", "/2013-04-01/healthcheck", "ListHealthChecks"),
    ("route53", "GET", "/2013-04-01/healthcheck/*", "GetHealthCheck"),
    ("route53", "GET", "/2013-04-01/healthcheck/*/status", "GetHealthCheckStatus"),
    ("route53", "GET", "/2013-04-01/hostedzone", "ListHostedZones"),
    ("route53", "GET", "/2013-04-01/hostedzone/*", "GetHostedZone"),
    ("route53", "GET", "/2013-04-01/hostedzone/*/dnssec", "GetDNSSEC"),
    ("route53", "GET", "/2013-04-01/hostedzone/*/rrset", "ListResourceRecordSets"),
    ("route53", "GET", "/2013-04-01/hostedzonesbyname", "ListHostedZonesByName"),
    ("route53", "GET", "/2013-04-01/hostedzonesbyvpc", "ListHostedZonesByVPC"),
    ("route53", "GET", "/2013-04-01/queryloggingconfig", "ListQueryLoggingConfigs"),
    ("route53", "GET", "/2013-04-01/tags/*/*", "ListTagsForResource"),
    ("route53", "POST", "/2013-04-01/tags/*", "ListTagsForResources"),
    ("s3control", "GET", "/v20180820/accesspoint", "ListAccessPoints"),
    ("s3control", "GET", "/v20180820/accesspoint/*", "GetAccessPoint"),
    ("s3control", "GET", "/v20180820/configuration/publicAccessBlock", "GetPublicAccessBlock"),
    ("s3control", "GET", "/v20180820/mrap/instances", "ListMultiRegionAccessPoints"),
    ("s3control", "GET", "/v20180820/tags/*", "ListTagsForResource"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn request(service: &str, method: &str, target: &str, more: &[(&str, &str)], body: &str) -> Request {
        let request = Request::signed(service, "eu-west-1", method, target).body(body);
        more.iter().fold(request, |request, (name, value)| request.with(name, value))
    }

    fn named(request: &Request) -> (String, String, Protocol) {
        let asked = asked(request);
        assert_eq!(asked.region, "eu-west-1");
        (asked.service, asked.operation, asked.protocol)
    }

    const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");

    #[test]
    fn each_protocol_names_its_operation_in_its_own_way() {
        let cases = [
            (
                request("ec2", "POST", "/", &[FORM], "Action=DescribeVpcs&Version=2016-11-15"),
                ("ec2", "DescribeVpcs", Protocol::Ec2),
            ),
            (
                request("rds", "POST", "/", &[FORM], "Version=2014-10-31&Action=DescribeDBInstances"),
                ("rds", "DescribeDBInstances", Protocol::Query),
            ),
            (
                request("dynamodb", "POST", "/", &[("X-Amz-Target", "DynamoDB_20120810.ListTables")], "{}"),
                ("dynamodb", "ListTables", Protocol::Json),
            ),
            (
                request(
                    "monitoring",
                    "POST",
                    "/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
                    &[("smithy-protocol", "rpc-v2-cbor")],
                    "",
                ),
                ("cloudwatch", "DescribeAlarms", Protocol::Cbor),
            ),
            (
                request("backup", "GET", "/backup/plans/p-1/selections/?maxResults=9", &[], ""),
                ("backup", "ListBackupSelections", Protocol::RestJson),
            ),
            (
                request("elasticfilesystem", "GET", "/2015-02-01/file-systems/fs-1/policy", &[], ""),
                ("elasticfilesystem", "DescribeFileSystemPolicy", Protocol::RestJson),
            ),
            (
                request("route53", "POST", "/2013-04-01/tags/hostedzone", &[], "<x/>"),
                ("route53", "ListTagsForResources", Protocol::RestXml),
            ),
            (
                request("s3", "GET", "/v20180820/configuration/publicAccessBlock", &[], ""),
                ("s3control", "GetPublicAccessBlock", Protocol::RestXml),
            ),
        ];
        for (request, (service, operation, protocol)) in cases {
            assert_eq!(named(&request), (service.into(), operation.into(), protocol));
        }
    }

    #[test]
    fn s3_tells_its_operations_apart_by_depth_and_query() {
        let cases = [
            ("GET", "/", "ListBuckets"),
            ("GET", "/?max-buckets=1000&x-id=ListBuckets", "ListBuckets"),
            ("GET", "/bucket?versioning", "GetBucketVersioning"),
            ("GET", "/bucket/?policyStatus=", "GetBucketPolicyStatus"),
            ("GET", "/bucket?list-type=2&prefix=a", "ListObjectsV2"),
            ("HEAD", "/bucket", "HeadBucket"),
            ("GET", "/bucket/a/b.tfstate?x-id=GetObject", "GetObject"),
            ("HEAD", "/bucket/a/b.tfstate", "HeadObject"),
            ("PATCH", "/bucket", "PATCH /bucket"),
        ];
        for (method, target, operation) in cases {
            assert_eq!(named(&request("s3", method, target, &[], "")).1, operation, "{method} {target}");
        }
    }

    #[test]
    fn a_request_without_a_signature_has_no_service() {
        let request = Request { method: "GET".into(), target: "/".into(), headers: vec![], body: vec![] };
        assert_eq!(asked(&request).service, "");
    }

    #[test]
    fn an_encoded_arn_is_one_segment() {
        let request = request("backup", "GET", "/tags/arn%3Aaws%3Abackup%3A%3A1%3Aplan%3Aa%2Fb/", &[], "");
        assert_eq!(named(&request).1, "ListTags");
        assert_eq!(segment(&request, 1), "arn:aws:backup::1:plan:a/b");
    }
}
