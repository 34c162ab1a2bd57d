//! MON: monitoring and observability.

mod acls;
mod alarms;
mod alerts;
mod detection;
mod trails;

use stateward_model::kinds::cloudwatch::{composite_alarm, metric_alarm};
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::ec2::network::nat_gateway;
use stateward_model::kinds::elbv2::load_balancer;
use stateward_model::kinds::logs::log_group;
use stateward_model::kinds::rds::{cluster, cluster_instance, db_instance};
use stateward_model::kinds::sns::{subscription, topic};
use stateward_model::kinds::sqs::queue;
use stateward_model::{Cause, Gap, Kind, Place, Resource};

pub use alerts::routed;

use super::facts::{arn_account, arn_region};
use super::named;
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::inventory::Side;
use crate::profile::any_matches;

/// The family.
pub const CHECKS: &[Check] = &[
    trails::MON_01,
    trails::MON_02,
    trails::MON_03,
    trails::MON_04,
    trails::MON_05,
    detection::MON_06,
    detection::MON_07,
    detection::MON_08,
    detection::MON_09,
    MON_10,
    MON_11,
    MON_12,
    MON_13,
    alarms::MON_14,
    MON_15,
    MON_16,
    trails::MON_18,
    acls::MON_19,
    alerts::MON_20,
];

const MON_10: Check = Check {
    id: "MON-10",
    alias: "log-group-retention",
    title: "Log groups have a retention",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&log_group::KIND, log_retention),
    reads: &[Reads { kind: &log_group::KIND, attributes: &[log_group::RETENTION_IN_DAYS.any()] }],
    page: include_str!("../../docs/checks/MON-10.md"),
};

fn log_retention(resource: &Resource, view: &View) -> Verdict {
    let needed = i64::from(view.profile.logs.required_days(resource.id()));
    match resource.get_or_default(&log_group::RETENTION_IN_DAYS)? {
        0 => Ok(Outcome::Fail(format!("keeps its events for ever; set at least {needed} days"))),
        days if days >= needed => Ok(Outcome::Pass),
        days => Ok(Outcome::Fail(format!("keeps its events for {days} days; {needed} are needed"))),
    }
}

const MON_11: Check = Check {
    id: "MON-11",
    alias: "log-group-encrypted",
    title: "Log groups encrypted with a customer key",
    component: "monitoring",
    category: Category::Encryption,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&log_group::KIND, log_key),
    reads: &[Reads { kind: &log_group::KIND, attributes: &[log_group::KMS_KEY_ID.any()] }],
    page: include_str!("../../docs/checks/MON-11.md"),
};

fn log_key(resource: &Resource, view: &View) -> Verdict {
    if !any_matches(&view.profile.logs.audit_groups, resource.id()) {
        return Ok(Outcome::NotApplicable("not a group of audit logs by the profile"));
    }
    if resource.get_or_default(&log_group::KMS_KEY_ID)?.is_empty() {
        return Ok(Outcome::Fail("encrypted with the service's own key".into()));
    }
    Ok(Outcome::Pass)
}

/// What tells what an alarm does.
const ALARMS: &[&Kind] = &[&metric_alarm::KIND, &composite_alarm::KIND];

const MON_12: Check = Check {
    id: "MON-12",
    alias: "alarm-has-action",
    title: "Alarms lead to an action",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachOf(ALARMS, alarm_action),
    reads: &[
        Reads {
            kind: &metric_alarm::KIND,
            attributes: &[metric_alarm::ALARM_ACTIONS.any(), metric_alarm::ACTIONS_ENABLED.any()],
        },
        Reads {
            kind: &composite_alarm::KIND,
            attributes: &[composite_alarm::ALARM_ACTIONS.any(), composite_alarm::ACTIONS_ENABLED.any()],
        },
    ],
    page: include_str!("../../docs/checks/MON-12.md"),
};

fn alarm_action(resource: &Resource, _: &View) -> Verdict {
    if resource.get(&metric_alarm::ACTIONS_ENABLED)? == Some(false) {
        return Ok(Outcome::Fail("its actions are disabled".into()));
    }
    if resource.get_or_default(&metric_alarm::ALARM_ACTIONS)?.is_empty() {
        return Ok(Outcome::Fail("nothing happens when it goes off: it has no alarm action".into()));
    }
    Ok(Outcome::Pass)
}

const MON_13: Check = Check {
    id: "MON-13",
    alias: "alarm-topic-subscribed",
    title: "Alarm topics reach somebody",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachOf(ALARMS, alarm_topics),
    reads: &[
        Reads { kind: &metric_alarm::KIND, attributes: &[metric_alarm::ALARM_ACTIONS.any()] },
        Reads { kind: &composite_alarm::KIND, attributes: &[composite_alarm::ALARM_ACTIONS.any()] },
        Reads { kind: &topic::KIND, attributes: &[topic::SUBSCRIPTIONS.any()] },
    ],
    page: include_str!("../../docs/checks/MON-13.md"),
};

fn alarm_topics(resource: &Resource, view: &View) -> Verdict {
    let actions = resource.get_or_default(&metric_alarm::ALARM_ACTIONS)?;
    let topics: Vec<&String> =
        actions.iter().filter(|arn| arn.split(':').nth(2).is_some_and(|service| service == "sns")).collect();
    if topics.is_empty() {
        return Ok(Outcome::NotApplicable("no topic is among its actions"));
    }
    let (mut mute, mut gap) = (Vec::new(), None);
    for arn in topics {
        match has_subscriber(arn, view) {
            Ok(None) => {}
            Ok(Some(why)) => mute.push(format!("{arn} {why}")),
            Err(unread) => gap = gap.or(Some(unread)),
        }
    }
    if !mute.is_empty() {
        return Ok(Outcome::Fail(named(&mute)));
    }
    gap.map_or(Ok(Outcome::Pass), Err)
}

/// Why nobody gets what is sent to a topic; `None` when somebody does.
///
/// # Errors
/// The gap of the topic.
pub fn has_subscriber(arn: &str, view: &View) -> Result<Option<&'static str>, Gap> {
    if view.side == Side::Declared {
        return declared_subscriber(arn, view);
    }
    let place = Place::new(arn_account(arn).unwrap_or_default(), arn_region(arn).unwrap_or_default());
    let Some(found) = view.inventory.lookup(&topic::KIND, &place, arn)? else {
        return Ok(Some("does not exist"));
    };
    let confirmed = found.get_or_default(&topic::SUBSCRIPTIONS)?.confirmed;
    Ok((confirmed == 0).then_some("has no confirmed subscription"))
}

/// A state knows its own subscriptions only.
fn declared_subscriber(arn: &str, view: &View) -> Result<Option<&'static str>, Gap> {
    for subscription in view.inventory.all(&subscription::KIND)? {
        let to = subscription.get_or_default(&subscription::TOPIC_ARN)?;
        if to == arn && !subscription.get_or_default(&subscription::PENDING_CONFIRMATION)? {
            return Ok(None);
        }
    }
    Err(Gap::new("aws_sns_topic_subscription", Cause::NotInState, format!("no state subscribes to {arn}")))
}

/// The kinds for which a profile may require alarms.
const WATCHED: &[&Kind] = &[
    &db_instance::KIND,
    &cluster::KIND,
    &cluster_instance::KIND,
    &load_balancer::KIND,
    &queue::KIND,
    &table::KIND,
    &nat_gateway::KIND,
];

/// The types for which a profile may require alarms.
pub fn watchable() -> Vec<&'static str> {
    WATCHED.iter().map(|kind| kind.name).collect()
}

const MON_15: Check = Check {
    id: "MON-15",
    alias: "required-alarms",
    title: "Required alarms exist for each resource class",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::EachOf(WATCHED, required_alarms),
    reads: &[
        Reads { kind: &load_balancer::KIND, attributes: &[load_balancer::LOAD_BALANCER_TYPE.any()] },
        Reads {
            kind: &metric_alarm::KIND,
            attributes: &[
                metric_alarm::METRIC_NAME.any(),
                metric_alarm::NAMESPACE.any(),
                metric_alarm::DIMENSIONS.any(),
                metric_alarm::METRIC_QUERY.any(),
            ],
        },
    ],
    page: include_str!("../../docs/checks/MON-15.md"),
};

/// How CloudWatch names a resource: namespace, dimension and its value.
struct Watched {
    namespace: &'static str,
    dimension: &'static str,
    value: String,
}

fn required_alarms(resource: &Resource, view: &View) -> Verdict {
    let Some(required) = view.profile.alarms.required.get(resource.kind()) else {
        return Ok(Outcome::NotApplicable("the profile requires no alarm for its type"));
    };
    let (watched, required) = match resource.kind() {
        "aws_lb" => balancer(resource, required)?,
        _ => (watched(resource), required.iter().collect()),
    };
    if required.is_empty() {
        return Ok(Outcome::NotApplicable(
            "none of the required metrics exists for a load balancer of its type",
        ));
    }
    let alarms = view.inventory.all_in(&metric_alarm::KIND, &resource.address.place)?;
    let mut missing = Vec::new();
    for metric in required {
        let mut found = false;
        for alarm in &alarms {
            found = found || watches(alarm, metric, &watched)?;
        }
        if !found {
            missing.push(metric);
        }
    }
    if missing.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("no alarm watches its {}", named(&missing))))
}

fn watched(resource: &Resource) -> Watched {
    let (namespace, dimension) = match resource.kind() {
        "aws_rds_cluster" => ("AWS/RDS", "DBClusterIdentifier"),
        "aws_sqs_queue" => ("AWS/SQS", "QueueName"),
        "aws_dynamodb_table" => ("AWS/DynamoDB", "TableName"),
        "aws_nat_gateway" => ("AWS/NATGateway", "NatGatewayId"),
        _ => ("AWS/RDS", "DBInstanceIdentifier"),
    };
    Watched { namespace, dimension, value: resource.id().to_owned() }
}

/// A load balancer is named by the end of its ARN. One for networks knows nothing of requests.
fn balancer<'a>(resource: &Resource, required: &'a [String]) -> Result<(Watched, Vec<&'a String>), Gap> {
    let (_, value) = resource.id().split_once(":loadbalancer/").unwrap_or_default();
    let sort = resource.get_or_default(&load_balancer::LOAD_BALANCER_TYPE)?;
    let of_requests =
        |metric: &&String| metric.starts_with("HTTP") || metric.as_str() == "TargetResponseTime";
    let (namespace, required) = match sort.as_str() {
        "network" => ("AWS/NetworkELB", required.iter().filter(|metric| !of_requests(metric)).collect()),
        "gateway" => ("AWS/GatewayELB", required.iter().filter(|metric| !of_requests(metric)).collect()),
        _ => ("AWS/ApplicationELB", required.iter().collect()),
    };
    Ok((Watched { namespace, dimension: "LoadBalancer", value: value.to_owned() }, required))
}

/// Whether an alarm watches a metric of a resource: directly, in metric math, or by a query over its namespace.
fn watches(alarm: &Resource, metric: &str, of: &Watched) -> Result<bool, Gap> {
    let names = |dimension: Option<&String>| dimension == Some(&of.value);
    let direct = alarm.get_or_default(&metric_alarm::METRIC_NAME)? == metric
        && alarm.get_or_default(&metric_alarm::NAMESPACE)? == of.namespace
        && names(alarm.get_or_default(&metric_alarm::DIMENSIONS)?.get(of.dimension));
    if direct {
        return Ok(true);
    }
    let queries = alarm.get_or_default(&metric_alarm::METRIC_QUERY)?;
    Ok(queries.iter().any(|query| {
        let by_metric = query.metric.iter().any(|one| {
            one.metric_name == metric
                && one.namespace.as_deref() == Some(of.namespace)
                && names(one.dimensions.as_ref().and_then(|dimensions| dimensions.get(of.dimension)))
        });
        by_metric || query.expression.as_deref().is_some_and(|text| selects(text, metric, of))
    }))
}

/// Whether a query of Metrics Insights is about this metric of all resources of a dimension.
fn selects(expression: &str, metric: &str, of: &Watched) -> bool {
    let words: Vec<&str> =
        expression.split(|letter: char| !letter.is_alphanumeric() && !"/_".contains(letter)).collect();
    let first = words.iter().find(|word| !word.is_empty());
    first.is_some_and(|word| word.eq_ignore_ascii_case("select"))
        && [metric, of.namespace, of.dimension].iter().all(|wanted| words.contains(wanted))
        && !words.iter().any(|word| word.eq_ignore_ascii_case("where"))
}

const MON_16: Check = Check {
    id: "MON-16",
    alias: "rds-monitoring-logs",
    title: "RDS enhanced monitoring and log export",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::Each(&db_instance::KIND, database_logs),
    reads: &[Reads {
        kind: &db_instance::KIND,
        attributes: &[
            db_instance::MONITORING_INTERVAL.any(),
            db_instance::ENABLED_CLOUDWATCH_LOGS_EXPORTS.any(),
            db_instance::ENGINE.any(),
        ],
    }],
    page: include_str!("../../docs/checks/MON-16.md"),
};

fn database_logs(resource: &Resource, _: &View) -> Verdict {
    let engine = resource.get_or_default(&db_instance::ENGINE)?;
    let exported = resource.get_or_default(&db_instance::ENABLED_CLOUDWATCH_LOGS_EXPORTS)?;
    let log = engine_log(&engine);
    let mut lacks = Vec::new();
    if resource.get_or_default(&db_instance::MONITORING_INTERVAL)? == 0 {
        lacks.push("enhanced monitoring is off".to_owned());
    }
    if !exported.iter().any(|name| name == log) {
        lacks.push(format!("its {log} log is not exported"));
    }
    if lacks.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(lacks.join(", and ")))
}

/// The log in which an engine writes what goes wrong, by its name in the API.
fn engine_log(engine: &str) -> &'static str {
    match engine.split('-').next().unwrap_or_default() {
        "postgres" => "postgresql",
        "oracle" | "custom" => "alert",
        "db2" => "diag.log",
        _ => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_over_all_resources_watches_each_of_them() {
        let of = Watched { namespace: "AWS/RDS", dimension: "DBInstanceIdentifier", value: "orders".into() };
        let query = "SELECT MAX(CPUUtilization) FROM SCHEMA(\"AWS/RDS\", DBInstanceIdentifier)";
        assert!(selects(query, "CPUUtilization", &of));
        assert!(!selects(query, "FreeStorageSpace", &of));
        let some = format!("{query} WHERE DBInstanceIdentifier = 'other'");
        assert!(!selects(&some, "CPUUtilization", &of), "it may leave this one out");
        assert!(!selects("m1 / m2", "CPUUtilization", &of));
    }
}
