//! Search domains, warehouses, metrics, quotas and engine versions, of which the fake has nothing.

use super::Reply::{Empty, Fixed};
use super::Row;

pub(super) const ROWS: &[Row] = &[
    Row("cloudwatch", "GetMetricData", Empty(&["MetricDataResults"])),
    Row("dlm", "GetLifecyclePolicies", Empty(&["Policies"])),
    Row("elasticache", "DescribeCacheEngineVersions", Empty(&["CacheEngineVersions"])),
    Row("es", "ListDomainNames", Empty(&["DomainNames"])),
    Row("rds", "DescribeDBMajorEngineVersions", Empty(&["DBMajorEngineVersions"])),
    Row("rds", "DescribeEvents", Empty(&["Events"])),
    Row("redshift", "DescribeClusterSnapshots", Empty(&["Snapshots"])),
    Row("redshift", "DescribeClusters", Empty(&["Clusters"])),
    Row("redshift-serverless", "ListNamespaces", Fixed(r#"{"namespaces":[]}"#)),
    Row("redshift-serverless", "ListWorkgroups", Fixed(r#"{"workgroups":[]}"#)),
    Row("servicequotas", "ListServiceQuotas", Empty(&["Quotas"])),
];
