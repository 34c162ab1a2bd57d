//! ECS, EKS, Lambda and what scales them: the fake has none of them.

use super::Reply::Empty;
use super::Row;

pub(super) const ROWS: &[Row] = &[
    Row("application-autoscaling", "DescribeScalableTargets", Empty(&["ScalableTargets"])),
    Row("application-autoscaling", "DescribeScalingPolicies", Empty(&["ScalingPolicies"])),
    Row("ecs", "ListClusters", Empty(&["clusterArns"])),
    Row("ecs", "ListTaskDefinitions", Empty(&["taskDefinitionArns"])),
    Row("eks", "ListClusters", Empty(&["clusters"])),
    Row("lambda", "ListFunctions", Empty(&["Functions"])),
];
