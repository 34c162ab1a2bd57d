//! Amazon CloudWatch Logs: log groups and their metric filters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Kind};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_cloudwatch_log_group`.
pub mod log_group {
    use super::*;

    /// Refuses a delete of the group.
    pub const DELETION_PROTECTION_ENABLED: Attr<bool> =
        Attr::new("deletion_protection_enabled", Exact).absent(Absent::Zero);
    /// The key that encrypts it; null for the service's own.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference);
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    pub const LOG_GROUP_CLASS: Attr<String> =
        Attr::new("log_group_class", Exact).absent(Absent::Default("\"STANDARD\""));
    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// Days that events are kept; 0 or none is for ever.
    pub const RETENTION_IN_DAYS: Attr<i64> = Attr::new("retention_in_days", Exact).absent(Absent::Zero);
    /// The tags of the resource itself, read in a call of their own.
    pub const GROUP_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["logs:ListTagsForResource"]);
    /// All tags, read in a call of their own.
    pub const GROUP_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["logs:ListTagsForResource"]);
    /// When it was made, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("creation_time");
    /// How many metric filters read it.
    pub const METRIC_FILTER_COUNT: Attr<i64> = Attr::live("metric_filter_count");
    /// Its size.
    pub const STORED_BYTES: Attr<i64> = Attr::live("stored_bytes");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_cloudwatch_log_group",
        service: "logs",
        listed_by: &["logs:DescribeLogGroups"],
        attributes: &[
            ARN.any(),
            CREATED_AT.any(),
            DELETION_PROTECTION_ENABLED.any(),
            KMS_KEY_ID.any(),
            LOG_GROUP_CLASS.any(),
            METRIC_FILTER_COUNT.any(),
            NAME.any(),
            RETENTION_IN_DAYS.any(),
            STORED_BYTES.any(),
            GROUP_TAGS.any(),
            GROUP_TAGS_ALL.any(),
        ],
        exclusion: of_a_service,
        ..Kind::BASE
    };

    /// Names under which services make groups by themselves when they first write (their documentation).
    const MADE: &[&str] = &[
        "/aws/",
        "/aws-glue/",
        "API-Gateway-Execution-Logs_",
        "AWSIotLogsV2",
        "RDSOSMetrics",
        "aws/spans",
        "dms-tasks-",
        "sns/",
    ];
    /// Names that services ask for, of groups that people make.
    const ASKED_FOR: &[&str] = &["/aws/events/", "/aws/vendedlogs/"];

    fn of_a_service(resource: &Resource) -> Option<Exclusion> {
        let begins = |list: &[&str]| list.iter().any(|start| resource.id().starts_with(start));
        (begins(MADE) && !begins(ASKED_FOR))
            .then_some(Exclusion { rule: "N18", reason: "a log group that a service made" })
    }
}

/// `aws_cloudwatch_log_metric_filter`.
pub mod metric_filter {
    use super::*;

    /// The `metric_transformation` block.
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Transformation {
        /// The value where no event matches; a number, which Terraform writes as text.
        pub default_value: Option<String>,
        /// Dimensions from the fields of events.
        pub dimensions: Option<BTreeMap<String, String>>,
        /// The metric.
        pub name: String,
        /// Its namespace.
        pub namespace: String,
        /// Its unit.
        pub unit: Option<String>,
        /// A number, or the field that holds it.
        pub value: String,
    }

    /// Whether it reads events after their transformation.
    pub const APPLY_ON_TRANSFORMED_LOGS: Attr<bool> =
        Attr::new("apply_on_transformed_logs", Exact).absent(Absent::Zero);
    /// The group.
    pub const LOG_GROUP_NAME: Attr<String> = Attr::new("log_group_name", Exact);
    /// The metric that it makes.
    pub const METRIC_TRANSFORMATION: Attr<Vec<Transformation>> = Attr::new("metric_transformation", Exact)
        .nested(&[Nested::new("unit", Exact).absent(Absent::Default("\"None\""))]);
    /// Its name, which is unique in its group.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// What matches.
    pub const PATTERN: Attr<String> = Attr::new("pattern", Exact);

    /// The kind; its identity is the import id, group and name.
    pub static KIND: Kind = Kind {
        name: "aws_cloudwatch_log_metric_filter",
        service: "logs",
        listed_by: &["logs:DescribeMetricFilters"],
        attributes: &[
            APPLY_ON_TRANSFORMED_LOGS.any(),
            LOG_GROUP_NAME.any(),
            METRIC_TRANSFORMATION.any(),
            NAME.any(),
            PATTERN.any(),
        ],
        identity: |resource| {
            let group = resource.get(&LOG_GROUP_NAME).ok().flatten()?;
            let name = resource.get(&NAME).ok().flatten()?;
            Some(id_of(&group, &name))
        },
        ..Kind::BASE
    };

    /// The identity of a filter of a group.
    pub fn id_of(group: &str, name: &str) -> String {
        format!("{group}:{name}")
    }
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&log_group::KIND, &metric_filter::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::Place;
    use serde_json::json;

    #[test]
    fn only_groups_that_services_make_are_excluded() {
        let excluded = |name: &str| {
            let group = Resource::new(Place::new("1", "r"), "aws_cloudwatch_log_group", name);
            (log_group::KIND.exclusion)(&group).is_some()
        };
        assert!(excluded("/aws/lambda/thumbnails") && excluded("RDSOSMetrics"));
        assert!(!excluded("/acme/app") && !excluded("/aws/vendedlogs/states/jobs"));
    }

    #[test]
    fn a_filter_is_known_by_group_and_name_whatever_its_id_is() {
        let mut filter = Resource::new(Place::new("1", "r"), "aws_cloudwatch_log_metric_filter", "errors");
        assert_eq!((metric_filter::KIND.identity)(&filter), None);
        filter.set(&metric_filter::LOG_GROUP_NAME, "/acme/app".to_owned());
        filter.set(&metric_filter::NAME, "errors".to_owned());
        assert_eq!((metric_filter::KIND.identity)(&filter).as_deref(), Some("/acme/app:errors"));
    }

    #[test]
    fn a_default_of_zero_is_not_the_same_as_none() {
        let attr = metric_filter::METRIC_TRANSFORMATION.any();
        let block = |value: serde_json::Value, unit: serde_json::Value| json!([{"default_value": value, "name": "n", "namespace": "s", "value": "1", "unit": unit}]);
        let same = compare(&attr, &block(json!("0"), json!("None")), &block(json!(0.0), json!(null)));
        assert_eq!(same, Comparison::Suppressed("N4"));
        let none = compare(&attr, &block(json!("0"), json!("None")), &block(json!(null), json!("None")));
        assert!(matches!(none, Comparison::Changed(_)));
    }
}
