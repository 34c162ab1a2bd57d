//! Amazon CloudWatch: metric alarms, composite alarms, and what was measured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Exclusion, Kind};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// The tags of the resource itself, read in a call of their own.
pub const ALARM_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["cloudwatch:ListTagsForResource"]);
/// All tags, read in a call of their own.
pub const ALARM_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["cloudwatch:ListTagsForResource"]);

/// `aws_cloudwatch_metric_alarm`.
pub mod metric_alarm {
    use super::*;

    /// The metric of a query.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Metric {
        /// What it is measured of.
        pub dimensions: Option<BTreeMap<String, String>>,
        /// Its name.
        pub metric_name: String,
        /// Its namespace.
        pub namespace: Option<String>,
        /// Seconds that one value stands for.
        pub period: Option<i64>,
        /// The statistic.
        pub stat: String,
        /// Its unit.
        pub unit: Option<String>,
    }

    /// A `metric_query` block: an expression over other queries, or a metric.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct MetricQuery {
        /// The account that the metric is in, where it is another.
        pub account_id: Option<String>,
        /// Its name in the expressions of others.
        pub id: String,
        /// Metric math, or a query of Metrics Insights.
        pub expression: Option<String>,
        /// Its name in graphs.
        pub label: Option<String>,
        /// The metric; empty for an expression.
        pub metric: Vec<Metric>,
        /// Seconds that one value of the expression stands for.
        pub period: Option<i64>,
        /// Whether the alarm watches this one.
        pub return_data: Option<bool>,
    }

    /// Whether a change of state does anything.
    pub const ACTIONS_ENABLED: Attr<bool> =
        Attr::new("actions_enabled", Exact).absent(Absent::Default("true"));
    /// What happens on ALARM: ARNs.
    pub const ALARM_ACTIONS: Attr<Vec<String>> = Attr::new("alarm_actions", Set);
    /// What it is for, in words.
    pub const ALARM_DESCRIPTION: Attr<String> = Attr::new("alarm_description", Exact);
    /// Its name: the identity.
    pub const ALARM_NAME: Attr<String> = Attr::new("alarm_name", Exact);
    /// How the value is compared with the threshold.
    pub const COMPARISON_OPERATOR: Attr<String> = Attr::new("comparison_operator", Exact);
    /// How many of the periods must breach; 0 or none is all.
    pub const DATAPOINTS_TO_ALARM: Attr<i64> = Attr::new("datapoints_to_alarm", Exact).absent(Absent::Zero);
    /// What is watched.
    pub const DIMENSIONS: Attr<BTreeMap<String, String>> = Attr::new("dimensions", Exact);
    /// Whether a percentile of few samples counts.
    pub const EVALUATE_LOW_SAMPLE_COUNT_PERCENTILES: Attr<String> =
        Attr::new("evaluate_low_sample_count_percentiles", Exact).absent(Absent::Default("\"evaluate\""));
    /// How many periods are looked at.
    pub const EVALUATION_PERIODS: Attr<i64> = Attr::new("evaluation_periods", Exact).absent(Absent::Zero);
    /// A percentile.
    pub const EXTENDED_STATISTIC: Attr<String> = Attr::new("extended_statistic", Exact);
    /// What happens on INSUFFICIENT_DATA: ARNs.
    pub const INSUFFICIENT_DATA_ACTIONS: Attr<Vec<String>> = Attr::new("insufficient_data_actions", Set);
    /// The metric; none where the alarm watches queries.
    pub const METRIC_NAME: Attr<String> = Attr::new("metric_name", Exact);
    /// The queries of an alarm on metric math.
    pub const METRIC_QUERY: Attr<Vec<MetricQuery>> = Attr::new("metric_query", Set).absent(Absent::Zero);
    /// The metric's namespace.
    pub const NAMESPACE: Attr<String> = Attr::new("namespace", Exact);
    /// What happens on OK: ARNs.
    pub const OK_ACTIONS: Attr<Vec<String>> = Attr::new("ok_actions", Set);
    /// Seconds of a period.
    pub const PERIOD: Attr<i64> = Attr::new("period", Exact).absent(Absent::Zero);
    /// `Average`, `Maximum`, `Minimum`, `SampleCount` or `Sum`.
    pub const STATISTIC: Attr<String> = Attr::new("statistic", Exact);
    /// What the value is compared with.
    pub const THRESHOLD: Attr<f64> = Attr::new("threshold", Exact).absent(Absent::Zero);
    /// The query of an anomaly detection that gives the threshold.
    pub const THRESHOLD_METRIC_ID: Attr<String> = Attr::new("threshold_metric_id", Exact);
    /// `missing`, `ignore`, `breaching` or `notBreaching`.
    pub const TREAT_MISSING_DATA: Attr<String> =
        Attr::new("treat_missing_data", Exact).absent(Absent::Default("\"missing\""));
    /// The metric's unit.
    pub const UNIT: Attr<String> = Attr::new("unit", Exact);
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub const STATE: Attr<String> = Attr::live("state_value");
    /// Since when it is in that state, RFC 3339.
    pub const STATE_SINCE: Attr<String> = Attr::live("state_transitioned_timestamp");
    /// When its configuration changed last, RFC 3339.
    pub const CONFIGURED_AT: Attr<String> = Attr::live("alarm_configuration_updated_timestamp");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_cloudwatch_metric_alarm",
        service: "cloudwatch",
        listed_by: &["cloudwatch:DescribeAlarms"],
        attributes: &[
            ARN.any(),
            ACTIONS_ENABLED.any(),
            ALARM_ACTIONS.any(),
            ALARM_DESCRIPTION.any(),
            ALARM_NAME.any(),
            COMPARISON_OPERATOR.any(),
            CONFIGURED_AT.any(),
            DATAPOINTS_TO_ALARM.any(),
            DIMENSIONS.any(),
            EVALUATE_LOW_SAMPLE_COUNT_PERCENTILES.any(),
            EVALUATION_PERIODS.any(),
            EXTENDED_STATISTIC.any(),
            INSUFFICIENT_DATA_ACTIONS.any(),
            METRIC_NAME.any(),
            METRIC_QUERY.any(),
            NAMESPACE.any(),
            OK_ACTIONS.any(),
            PERIOD.any(),
            STATE.any(),
            STATE_SINCE.any(),
            STATISTIC.any(),
            ALARM_TAGS.any(),
            ALARM_TAGS_ALL.any(),
            THRESHOLD.any(),
            THRESHOLD_METRIC_ID.any(),
            TREAT_MISSING_DATA.any(),
            UNIT.any(),
        ],
        exclusion: of_a_scaling_policy,
        ..Kind::BASE
    };

    /// Target tracking makes its alarms by itself and names them so.
    fn of_a_scaling_policy(resource: &Resource) -> Option<Exclusion> {
        resource
            .id()
            .starts_with("TargetTracking-")
            .then_some(Exclusion { rule: "N19", reason: "an alarm that a scaling policy made" })
    }
}

/// `aws_cloudwatch_composite_alarm`.
pub mod composite_alarm {
    use super::*;

    pub use super::metric_alarm::{
        ACTIONS_ENABLED, ALARM_ACTIONS, ALARM_DESCRIPTION, ALARM_NAME, CONFIGURED_AT,
        INSUFFICIENT_DATA_ACTIONS, OK_ACTIONS, STATE, STATE_SINCE,
    };

    /// The `actions_suppressor` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Suppressor {
        /// The alarm that keeps this one quiet.
        pub alarm: String,
        /// Seconds that it still does after it went back.
        pub extension_period: Option<i64>,
        /// Seconds that this one waits for it.
        pub wait_period: Option<i64>,
    }

    /// The alarm that keeps this one quiet.
    pub const ACTIONS_SUPPRESSOR: Attr<Vec<Suppressor>> =
        Attr::new("actions_suppressor", Exact).absent(Absent::Zero);
    /// The states of other alarms that it follows.
    pub const ALARM_RULE: Attr<String> = Attr::new("alarm_rule", Exact);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_cloudwatch_composite_alarm",
        service: "cloudwatch",
        listed_by: &["cloudwatch:DescribeAlarms"],
        attributes: &[
            ARN.any(),
            ACTIONS_ENABLED.any(),
            ACTIONS_SUPPRESSOR.any(),
            ALARM_ACTIONS.any(),
            ALARM_DESCRIPTION.any(),
            ALARM_NAME.any(),
            ALARM_RULE.any(),
            CONFIGURED_AT.any(),
            INSUFFICIENT_DATA_ACTIONS.any(),
            OK_ACTIONS.any(),
            STATE.any(),
            STATE_SINCE.any(),
            ALARM_TAGS.any(),
            ALARM_TAGS_ALL.any(),
        ],
        ..Kind::BASE
    };
}

/// Measured series of CloudWatch; live only. Each resource is one series, and its id tells metric and dimensions.
///
/// A metric is one row of [`metric::ROWS`] and one key of its own, by which a check says that it reads it: only the
/// rows that somebody reads are asked for.
pub mod metric {
    use super::*;
    use crate::attr::AnyAttr;

    /// What was measured over the window of a row.
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Figures {
        /// The largest value.
        pub maximum: f64,
        /// The newest value.
        pub newest: f64,
        /// When that was, RFC 3339.
        pub newest_at: String,
        /// The 95th percentile, by nearest rank.
        pub p95: f64,
        /// How many values there are.
        pub points: i64,
        /// The sum of all values; only means something where they are sums.
        pub total: f64,
    }

    /// How one metric is searched.
    #[derive(Debug)]
    pub struct Row {
        /// The key that holds the figures of its series.
        pub key: &'static Attr<Figures>,
        /// `AWS/RDS`, …
        pub namespace: &'static str,
        /// Its name.
        pub name: &'static str,
        /// The dimensions by which its series are told apart. Those of the last may hold any character.
        pub dimensions: &'static [&'static str],
        /// `Maximum`, `Sum`, …
        pub statistic: &'static str,
        /// Seconds that one value stands for.
        pub period: i32,
        /// Hours that are looked back.
        pub hours: i64,
        /// Whether only series count that have these dimensions and no others: sums over zones or target groups stand
        /// beside the whole, and would be counted twice.
        pub alone: bool,
    }

    impl Row {
        /// How many values a series without a hole has.
        pub fn most_points(&self) -> i64 {
            self.hours * 3600 / i64::from(self.period)
        }
    }

    /// Its dimensions.
    pub const DIMENSIONS: Attr<BTreeMap<String, String>> = Attr::live("dimensions");
    /// Requests for which a load balancer chose a target.
    pub const BALANCER_REQUESTS: Attr<Figures> = Attr::live("AWS/ApplicationELB:RequestCount");
    /// Answers 5xx that a load balancer gave by itself.
    pub const BALANCER_FAILURES: Attr<Figures> = Attr::live("AWS/ApplicationELB:HTTPCode_ELB_5XX_Count");
    /// Answers 5xx that came from its targets.
    pub const TARGET_FAILURES: Attr<Figures> = Attr::live("AWS/ApplicationELB:HTTPCode_Target_5XX_Count");
    /// Milliseconds that the newest commit of a global database needs to a secondary region (Aurora).
    pub const AURORA_RPO_LAG: Attr<Figures> = Attr::live("AWS/RDS:AuroraGlobalDBRPOLag");
    /// The same of engines that do not tell the former.
    pub const AURORA_REPLICATION_LAG: Attr<Figures> = Attr::live("AWS/RDS:AuroraGlobalDBReplicationLag");
    /// Seconds that a secondary of a global datastore is behind its primary.
    pub const CACHE_LAG: Attr<Figures> = Attr::live("AWS/ElastiCache:GlobalDatastoreReplicationLag");
    /// Instances in service of a scaling group whose metrics are on.
    pub const INSTANCES_IN_SERVICE: Attr<Figures> = Attr::live("AWS/AutoScaling:GroupInServiceInstances");
    /// Seconds that a replica of RDS is behind.
    pub const REPLICA_LAG: Attr<Figures> = Attr::live("AWS/RDS:ReplicaLag");
    /// Milliseconds that a write to a global table needs to another region.
    pub const TABLE_LATENCY: Attr<Figures> = Attr::live("AWS/DynamoDB:ReplicationLatency");
    /// Seconds that an object needs to another bucket, where the rule has metrics.
    pub const BUCKET_LATENCY: Attr<Figures> = Attr::live("AWS/S3:ReplicationLatency");
    /// How much of a quota is used, where its service tells.
    pub const QUOTA_USE: Attr<Figures> = Attr::live("AWS/Usage:ResourceCount");
    /// Objects that could not be replicated.
    pub const BUCKET_FAILURES: Attr<Figures> = Attr::live("AWS/S3:OperationsFailedReplication");

    const DAY: i64 = 24;
    const FORTNIGHT: i64 = 14 * 24;
    const MONTH: i64 = 30 * 24;
    const BUCKETS: &[&str] = &["SourceBucket", "DestinationBucket", "RuleId"];

    /// The metrics that checks read. To read one more, add its key and its row.
    pub const ROWS: &[Row] = &[
        sums_of_balancers(&BALANCER_REQUESTS, "RequestCount"),
        sums_of_balancers(&BALANCER_FAILURES, "HTTPCode_ELB_5XX_Count"),
        sums_of_balancers(&TARGET_FAILURES, "HTTPCode_Target_5XX_Count"),
        row(&AURORA_RPO_LAG, "AWS/RDS", "AuroraGlobalDBRPOLag", &["DBClusterIdentifier"], DAY),
        row(
            &AURORA_REPLICATION_LAG,
            "AWS/RDS",
            "AuroraGlobalDBReplicationLag",
            &["DBClusterIdentifier"],
            DAY,
        ),
        // Which of them it is told apart by is not documented.
        row(
            &CACHE_LAG,
            "AWS/ElastiCache",
            "GlobalDatastoreReplicationLag",
            &["GlobalReplicationGroupId", "ReplicationGroupId", "CacheClusterId"],
            DAY,
        ),
        row(
            &INSTANCES_IN_SERVICE,
            "AWS/AutoScaling",
            "GroupInServiceInstances",
            &["AutoScalingGroupName"],
            FORTNIGHT,
        ),
        row(&QUOTA_USE, "AWS/Usage", "ResourceCount", &["Class", "Resource", "Service", "Type"], DAY),
        row(&REPLICA_LAG, "AWS/RDS", "ReplicaLag", &["DBInstanceIdentifier"], DAY),
        row(&TABLE_LATENCY, "AWS/DynamoDB", "ReplicationLatency", &["TableName", "ReceivingRegion"], DAY),
        row(&BUCKET_LATENCY, "AWS/S3", "ReplicationLatency", BUCKETS, DAY),
        Row {
            statistic: "Sum",
            ..row(&BUCKET_FAILURES, "AWS/S3", "OperationsFailedReplication", BUCKETS, DAY)
        },
    ];

    /// The largest of each five minutes of a day, or of each hour of a longer time.
    const fn row(
        key: &'static Attr<Figures>,
        namespace: &'static str,
        name: &'static str,
        dimensions: &'static [&'static str],
        hours: i64,
    ) -> Row {
        let period = if hours > DAY { 3600 } else { 300 };
        Row { key, namespace, name, dimensions, statistic: "Maximum", period, hours, alone: false }
    }

    /// What load balancers counted on each day of a month.
    const fn sums_of_balancers(key: &'static Attr<Figures>, name: &'static str) -> Row {
        let of_month = row(key, "AWS/ApplicationELB", name, &["LoadBalancer"], MONTH);
        Row { statistic: "Sum", period: 86_400, alone: true, ..of_month }
    }

    /// The row of a key.
    pub fn of(key: &Attr<Figures>) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.key.path() == key.path())
    }

    const ATTRIBUTES: &[AnyAttr] = &[
        AURORA_REPLICATION_LAG.any(),
        AURORA_RPO_LAG.any(),
        BALANCER_FAILURES.any(),
        BALANCER_REQUESTS.any(),
        BUCKET_FAILURES.any(),
        BUCKET_LATENCY.any(),
        CACHE_LAG.any(),
        DIMENSIONS.any(),
        INSTANCES_IN_SERVICE.any(),
        QUOTA_USE.any(),
        REPLICA_LAG.any(),
        TABLE_LATENCY.any(),
        TARGET_FAILURES.any(),
    ];

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_cloudwatch_metric",
        service: "cloudwatch",
        listed_by: &["cloudwatch:GetMetricData"],
        attributes: ATTRIBUTES,
        exclusion: |_| Some(Exclusion { rule: "N19", reason: "a series that CloudWatch keeps" }),
        manageable: false,
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&metric_alarm::KIND, &composite_alarm::KIND, &metric::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::Place;
    use serde_json::json;

    #[test]
    fn alarms_of_scaling_policies_are_their_policies() {
        let alarm = |name: &str| Resource::new(Place::new("1", "r"), "aws_cloudwatch_metric_alarm", name);
        let made = alarm("TargetTracking-web-AlarmHigh-1f1f");
        assert_eq!((metric_alarm::KIND.exclusion)(&made).map(|e| e.rule), Some("N19"));
        assert_eq!((metric_alarm::KIND.exclusion)(&alarm("web-cpu")), None);
    }

    #[test]
    fn queries_are_a_set_and_what_a_version_of_the_provider_lacks_is_no_change() {
        let attr = metric_alarm::METRIC_QUERY.any();
        let declared = json!([
            {"id": "e1", "expression": "m1/m2", "label": "", "return_data": true, "metric": []},
            {"id": "m1", "expression": "", "label": "", "return_data": false, "metric": [{
                "dimensions": {"LoadBalancer": "app/web/1"}, "metric_name": "RequestCount",
                "namespace": "AWS/ApplicationELB", "period": 60, "stat": "Sum", "unit": "",
            }]},
        ]);
        let live = json!([
            {"account_id": null, "id": "m1", "expression": null, "label": null, "period": null,
             "return_data": false, "metric": [{
                "dimensions": {"LoadBalancer": "app/web/1"}, "metric_name": "RequestCount",
                "namespace": "AWS/ApplicationELB", "period": 60, "stat": "Sum", "unit": null,
            }]},
            {"id": "e1", "expression": "m1/m2", "return_data": true, "metric": []},
        ]);
        assert_eq!(compare(&attr, &declared, &live), Comparison::Suppressed("N1"));
        let mut other = live;
        other[0]["metric"][0]["dimensions"]["LoadBalancer"] = json!("app/web/2");
        assert!(matches!(compare(&attr, &declared, &other), Comparison::Changed(_)));
    }
}
