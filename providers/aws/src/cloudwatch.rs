//! Reads CloudWatch alarms: one listing brings metric alarms and composite alarms.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_cloudwatch::types::{AlarmType, CompositeAlarm, Dimension, MetricAlarm, MetricDataQuery, Tag};
use aws_smithy_types::DateTime;
use stateward_model::kinds::cloudwatch::{composite_alarm, metric_alarm};
use stateward_model::kinds::common::ARN;
use stateward_model::{Gap, Harvest, Kind, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp, wants_tags};
use crate::session::{Collector, Session};

/// `DescribeAlarms` allows 100 records a page.
const PAGE: i32 = 100;

const QUOTAS: &str = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html";

static ALARMS: Call = Call::new("cloudwatch", "DescribeAlarms").quota(6, 9).docs(QUOTAS);
static LIST_TAGS: Call = Call::new("cloudwatch", "ListTagsForResource");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &metric_alarm::KIND,
        calls: &[&ALARMS, &LIST_TAGS],
        collect: |s| Box::pin(metric_alarms(s)),
    },
    Collector {
        kind: &composite_alarm::KIND,
        calls: &[&ALARMS, &LIST_TAGS],
        collect: |s| Box::pin(composite_alarms(s)),
    },
];

/// Everything that the one listing brings.
#[derive(Debug, Default)]
struct Alarms {
    metric: Vec<MetricAlarm>,
    composite: Vec<CompositeAlarm>,
    gap: Option<Gap>,
}

enum Alarm {
    Metric(Box<MetricAlarm>),
    Composite(Box<CompositeAlarm>),
}

async fn alarms(s: &Session) -> Arc<Alarms> {
    s.once("cloudwatch:DescribeAlarms", async {
        let pages = s
            .pages(
                &ALARMS,
                |token| {
                    s.cloudwatch()
                        .describe_alarms()
                        .alarm_types(AlarmType::MetricAlarm)
                        .alarm_types(AlarmType::CompositeAlarm)
                        .max_records(PAGE)
                        .set_next_token(token)
                        .send()
                },
                |out| {
                    let metric = out.metric_alarms.unwrap_or_default().into_iter();
                    let composite = out.composite_alarms.unwrap_or_default().into_iter();
                    let metric = metric.map(|alarm| Alarm::Metric(Box::new(alarm)));
                    let composite = composite.map(|alarm| Alarm::Composite(Box::new(alarm)));
                    (metric.chain(composite).collect(), out.next_token)
                },
            )
            .await;
        let mut alarms = Alarms { gap: pages.gap, ..Alarms::default() };
        for alarm in pages.items {
            match alarm {
                Alarm::Metric(alarm) => alarms.metric.push(*alarm),
                Alarm::Composite(alarm) => alarms.composite.push(*alarm),
            }
        }
        alarms
    })
    .await
}

async fn put_live_tags(s: &Session, kind: &Kind, r: &mut Resource) {
    if !wants_tags(s, kind) {
        return;
    }
    let Some(arn) = r.arn.clone() else { return };
    let read = s.call(&LIST_TAGS, || s.cloudwatch().list_tags_for_resource().resource_arn(&arn).send()).await;
    put_tags(r, read.map(|out| tags(out.tags())));
}

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    list.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()))).collect()
}

fn dimensions(list: &[Dimension]) -> BTreeMap<String, String> {
    list.iter().filter_map(|dimension| Some((dimension.name.clone()?, dimension.value.clone()?))).collect()
}

fn new_resource(s: &Session, kind: &'static Kind, name: Option<&str>, arn: Option<&str>) -> Resource {
    let name = name.unwrap_or_default();
    let mut resource = Resource::new(s.place(), kind.name, name).with_name(name);
    resource.arn = arn.map(str::to_owned);
    resource
}

async fn metric_alarms(s: &Session) -> Harvest {
    let all = alarms(s).await;
    let resources = s
        .each(all.metric.clone(), |alarm| async move {
            let mut r =
                new_resource(s, &metric_alarm::KIND, alarm.alarm_name.as_deref(), alarm.alarm_arn.as_deref());
            put_metric(&mut r, &alarm);
            put_live_tags(s, &metric_alarm::KIND, &mut r).await;
            r
        })
        .await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn put_metric(r: &mut Resource, a: &MetricAlarm) {
    use metric_alarm::*;
    r.set_opt(&ARN, a.alarm_arn.clone())
        .set_opt(&ACTIONS_ENABLED, a.actions_enabled)
        .set(&ALARM_ACTIONS, a.alarm_actions().to_vec())
        .set_opt(&ALARM_DESCRIPTION, a.alarm_description.clone())
        .set_opt(&ALARM_NAME, a.alarm_name.clone())
        .set_opt(&COMPARISON_OPERATOR, a.comparison_operator.as_ref().map(|o| o.as_str().to_owned()))
        .set_opt(&CONFIGURED_AT, a.alarm_configuration_updated_timestamp.as_ref().and_then(stamp))
        .set_opt(&DATAPOINTS_TO_ALARM, a.datapoints_to_alarm.map(i64::from))
        .set(&DIMENSIONS, dimensions(a.dimensions()))
        .set_opt(&EVALUATE_LOW_SAMPLE_COUNT_PERCENTILES, a.evaluate_low_sample_count_percentile.clone())
        .set_opt(&EVALUATION_PERIODS, a.evaluation_periods.map(i64::from))
        .set_opt(&EXTENDED_STATISTIC, a.extended_statistic.clone())
        .set(&INSUFFICIENT_DATA_ACTIONS, a.insufficient_data_actions().to_vec())
        .set_opt(&METRIC_NAME, a.metric_name.clone())
        .set(&METRIC_QUERY, a.metrics().iter().map(query).collect())
        .set_opt(&NAMESPACE, a.namespace.clone())
        .set(&OK_ACTIONS, a.ok_actions().to_vec())
        .set_opt(&PERIOD, a.period.map(i64::from))
        .set_opt(&STATE, a.state_value.as_ref().map(|state| state.as_str().to_owned()))
        .set_opt(&STATE_SINCE, since(a.state_transitioned_timestamp, a.state_updated_timestamp))
        .set_opt(&STATISTIC, a.statistic.as_ref().map(|statistic| statistic.as_str().to_owned()))
        .set_opt(&THRESHOLD, a.threshold)
        .set_opt(&THRESHOLD_METRIC_ID, a.threshold_metric_id.clone())
        .set_opt(&TREAT_MISSING_DATA, a.treat_missing_data.clone())
        .set_opt(&UNIT, a.unit.as_ref().map(|unit| unit.as_str().to_owned()));
}

/// Alarms that kept their state since before transitions were recorded only have the time of the last update.
fn since(transitioned: Option<DateTime>, updated: Option<DateTime>) -> Option<String> {
    transitioned.or(updated).as_ref().and_then(stamp)
}

fn query(q: &MetricDataQuery) -> metric_alarm::MetricQuery {
    let metric = q.metric_stat.as_ref().map(|stat| {
        let metric = stat.metric.as_ref();
        metric_alarm::Metric {
            dimensions: metric.map(|m| dimensions(m.dimensions())).filter(|map| !map.is_empty()),
            metric_name: metric.and_then(|m| m.metric_name.clone()).unwrap_or_default(),
            namespace: metric.and_then(|m| m.namespace.clone()),
            period: stat.period.map(i64::from),
            stat: stat.stat.clone().unwrap_or_default(),
            unit: stat.unit.as_ref().map(|unit| unit.as_str().to_owned()),
        }
    });
    metric_alarm::MetricQuery {
        account_id: q.account_id.clone(),
        id: q.id.clone().unwrap_or_default(),
        expression: q.expression.clone(),
        label: q.label.clone(),
        metric: metric.into_iter().collect(),
        period: q.period.map(i64::from),
        return_data: q.return_data,
    }
}

async fn composite_alarms(s: &Session) -> Harvest {
    let all = alarms(s).await;
    let resources = s.each(all.composite.clone(), |alarm| composite_resource(s, alarm)).await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

async fn composite_resource(s: &Session, a: CompositeAlarm) -> Resource {
    use composite_alarm::*;
    let mut r = new_resource(s, &KIND, a.alarm_name.as_deref(), a.alarm_arn.as_deref());
    let suppressor = a.actions_suppressor.clone().map(|alarm| Suppressor {
        alarm,
        extension_period: a.actions_suppressor_extension_period.map(i64::from),
        wait_period: a.actions_suppressor_wait_period.map(i64::from),
    });
    r.set_opt(&ARN, a.alarm_arn.clone())
        .set_opt(&ACTIONS_ENABLED, a.actions_enabled)
        .set(&ACTIONS_SUPPRESSOR, suppressor.into_iter().collect())
        .set(&ALARM_ACTIONS, a.alarm_actions().to_vec())
        .set_opt(&ALARM_DESCRIPTION, a.alarm_description.clone())
        .set_opt(&ALARM_NAME, a.alarm_name.clone())
        .set_opt(&ALARM_RULE, a.alarm_rule.clone())
        .set_opt(&CONFIGURED_AT, a.alarm_configuration_updated_timestamp.as_ref().and_then(stamp))
        .set(&INSUFFICIENT_DATA_ACTIONS, a.insufficient_data_actions().to_vec())
        .set(&OK_ACTIONS, a.ok_actions().to_vec())
        .set_opt(&STATE, a.state_value.as_ref().map(|state| state.as_str().to_owned()))
        .set_opt(&STATE_SINCE, since(a.state_transitioned_timestamp, a.state_updated_timestamp));
    put_live_tags(s, &KIND, &mut r).await;
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::types::{Metric, MetricStat, StateValue};
    use serde_json::json;
    use stateward_model::{Comparison, Place, compare};

    #[test]
    fn an_alarm_on_metric_math_is_read_in_terraform_s_shape() {
        let dimension = Dimension::builder().name("LoadBalancer").value("app/web/1").build();
        let metric = Metric::builder().namespace("AWS/ApplicationELB").metric_name("RequestCount");
        let stat = MetricStat::builder().metric(metric.dimensions(dimension).build()).period(60).stat("Sum");
        let alarm = MetricAlarm::builder()
            .alarm_name("errors")
            .metrics(MetricDataQuery::builder().id("m1").metric_stat(stat.build()).return_data(false).build())
            .metrics(MetricDataQuery::builder().id("e1").expression("m1*2").return_data(true).build())
            .build();
        let mut r = Resource::new(Place::new("1", "r"), metric_alarm::KIND.name, "errors");
        put_metric(&mut r, &alarm);
        let declared = json!([
            {"id": "e1", "expression": "m1*2", "label": "", "return_data": true, "metric": []},
            {"id": "m1", "expression": "", "label": "", "return_data": false, "metric": [{
                "dimensions": {"LoadBalancer": "app/web/1"}, "metric_name": "RequestCount",
                "namespace": "AWS/ApplicationELB", "period": 60, "stat": "Sum", "unit": ""}]},
        ]);
        let live = r.raw("metric_query").unwrap();
        let result = compare(&metric_alarm::METRIC_QUERY.any(), &declared, live);
        assert_eq!(result, Comparison::Suppressed("N1"));
    }

    #[test]
    fn the_state_counts_from_its_last_transition() {
        let alarm = MetricAlarm::builder()
            .state_value(StateValue::InsufficientData)
            .state_transitioned_timestamp(DateTime::from_secs(0))
            .state_updated_timestamp(DateTime::from_secs(86_400))
            .build();
        let mut r = Resource::new(Place::new("1", "r"), metric_alarm::KIND.name, "a");
        put_metric(&mut r, &alarm);
        assert_eq!(r.get(&metric_alarm::STATE).unwrap().as_deref(), Some("INSUFFICIENT_DATA"));
        let since = r.get(&metric_alarm::STATE_SINCE).unwrap();
        assert_eq!(since.as_deref(), Some("1970-01-01T00:00:00Z"));
    }
}
