//! Reads CloudWatch Logs: log groups and their metric filters, one listing a region each.

use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::types::{LogGroup, MetricFilter, MetricTransformation};
use aws_smithy_types::DateTime;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::logs::{log_group, metric_filter};
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::{harvest, put_tags, stamp, wants_tags};
use crate::session::{Collector, Session};

/// Both listings allow 50 items a page.
const PAGE: i32 = 50;

const QUOTAS: &str = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html";

static GROUPS: Call = Call::new("logs", "DescribeLogGroups").quota(5, 10).docs(QUOTAS);
static FILTERS: Call = Call::new("logs", "DescribeMetricFilters").quota(3, 5).docs(QUOTAS);
static LIST_TAGS: Call = Call::new("logs", "ListTagsForResource");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector { kind: &log_group::KIND, calls: &[&GROUPS, &LIST_TAGS], collect: |s| Box::pin(log_groups(s)) },
    Collector { kind: &metric_filter::KIND, calls: &[&FILTERS], collect: |s| Box::pin(metric_filters(s)) },
];

async fn log_groups(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &GROUPS,
            |token| s.logs().describe_log_groups().limit(PAGE).set_next_token(token).send(),
            |out| (out.log_groups.unwrap_or_default(), out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |group| group_resource(s, group)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

/// The older of the two ARNs ends in `:*`, and neither Terraform nor the tagging calls write it so.
fn arn_of(group: &LogGroup) -> Option<String> {
    let older = || group.arn.as_deref().map(|arn| arn.trim_end_matches(":*").to_owned());
    group.log_group_arn.clone().or_else(older)
}

async fn group_resource(s: &Session, group: LogGroup) -> Resource {
    use log_group::*;
    let name = group.log_group_name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone());
    r.arn = arn_of(&group);
    r.set_opt(&ARN, r.arn.clone())
        .set_opt(&CREATED_AT, group.creation_time.and_then(|millis| stamp(&DateTime::from_millis(millis))))
        .set_opt(&DELETION_PROTECTION_ENABLED, group.deletion_protection_enabled)
        .set_opt(&KMS_KEY_ID, group.kms_key_id.clone())
        .set_opt(&LOG_GROUP_CLASS, group.log_group_class.as_ref().map(|class| class.as_str().to_owned()))
        .set_opt(&METRIC_FILTER_COUNT, group.metric_filter_count.map(i64::from))
        .set(&NAME, name)
        .set_opt(&RETENTION_IN_DAYS, group.retention_in_days.map(i64::from))
        .set_opt(&STORED_BYTES, group.stored_bytes);
    if wants_tags(s, &KIND) {
        let arn = r.arn.clone().unwrap_or_default();
        let read = s.call(&LIST_TAGS, || s.logs().list_tags_for_resource().resource_arn(&arn).send()).await;
        put_tags(&mut r, read.map(|out| out.tags.unwrap_or_default().into_iter().collect()));
    }
    r
}

async fn metric_filters(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &FILTERS,
            |token| s.logs().describe_metric_filters().limit(PAGE).set_next_token(token).send(),
            |out| (out.metric_filters.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |filter| filter_resource(s, filter))
}

fn filter_resource(s: &Session, filter: &MetricFilter) -> Resource {
    use metric_filter::*;
    let name = filter.filter_name.clone().unwrap_or_default();
    let group = filter.log_group_name.clone().unwrap_or_default();
    let id = id_of(&group, &name);
    let mut r = Resource::new(s.place(), KIND.name, id).with_name(name.clone());
    r.set(&APPLY_ON_TRANSFORMED_LOGS, filter.apply_on_transformed_logs)
        .set(&LOG_GROUP_NAME, group)
        .set(&METRIC_TRANSFORMATION, filter.metric_transformations().iter().map(transformation).collect())
        .set(&NAME, name)
        .set_opt(&PATTERN, filter.filter_pattern.clone());
    r
}

fn transformation(t: &MetricTransformation) -> metric_filter::Transformation {
    let dimensions: Option<BTreeMap<_, _>> = t.dimensions.clone().map(|map| map.into_iter().collect());
    metric_filter::Transformation {
        default_value: t.default_value.map(|value| value.to_string()),
        dimensions: dimensions.filter(|map| !map.is_empty()),
        name: t.metric_name.clone(),
        namespace: t.metric_namespace.clone(),
        unit: t.unit.as_ref().map(|unit| unit.as_str().to_owned()),
        value: t.metric_value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};
    use serde_json::json;
    use stateward_model::{Comparison, compare};

    #[test]
    fn the_arn_of_a_group_is_terraform_s() {
        let group = LogGroup::builder().arn("arn:aws:logs:r:1:log-group:/a:*").build();
        assert_eq!(arn_of(&group).as_deref(), Some("arn:aws:logs:r:1:log-group:/a"));
        let both = LogGroup::builder().arn("arn:x:*").log_group_arn("arn:y").build();
        assert_eq!(arn_of(&both).as_deref(), Some("arn:y"));
    }

    #[test]
    fn a_default_value_is_text_as_terraform_writes_it() {
        let live = MetricTransformation::builder()
            .metric_name("n")
            .metric_namespace("s")
            .metric_value("1")
            .default_value(0.0)
            .build()
            .unwrap();
        let live = serde_json::to_value([transformation(&live)]).unwrap();
        let attr = metric_filter::METRIC_TRANSFORMATION.any();
        let declared =
            |value: &str| json!([{"default_value": value, "name": "n", "namespace": "s", "value": "1"}]);
        assert!(!matches!(compare(&attr, &declared("0"), &live), Comparison::Changed(_)));
        assert!(matches!(compare(&attr, &declared(""), &live), Comparison::Changed(_)));
    }

    #[tokio::test]
    async fn tags_are_asked_for_by_the_arn_without_its_tail() {
        let account = Account::new(wanting_all(&log_group::KIND), |asked| match asked.operation.as_str() {
            "DescribeLogGroups" => {
                let group =
                    r#"{"logGroupName":"/a","arn":"arn:aws:logs:r:1:log-group:/a:*","creationTime":60000}"#;
                (200, format!(r#"{{"logGroups":[{group}]}}"#))
            }
            _ => {
                assert!(asked.body.contains(r#""arn:aws:logs:r:1:log-group:/a""#), "{}", asked.body);
                (200, r#"{"tags":{"a":"b"}}"#.into())
            }
        });
        let harvest = log_groups(account.home()).await;
        let found = &harvest.resources[0];
        assert_eq!(found.tags()["a"], "b");
        assert_eq!(found.get(&log_group::CREATED_AT).unwrap().as_deref(), Some("1970-01-01T00:01:00Z"));
        assert_eq!(found.get(&log_group::RETENTION_IN_DAYS), Ok(None), "kept for ever");
    }
}
