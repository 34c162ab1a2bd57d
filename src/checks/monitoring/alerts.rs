//! Alerts on changes to what guards the account.

use serde_json::Value;
use stateward_model::kinds::cloudtrail::trail;
use stateward_model::kinds::cloudwatch::metric_alarm;
use stateward_model::kinds::events::{self, DEFAULT_BUS, rule, target};
use stateward_model::kinds::logs::metric_filter;
use stateward_model::{Cause, Gap, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{any_holds, not_in_state};
use crate::inventory::Side;

/// Whether a rule is on and one of its targets is as wanted.
///
/// # Errors
/// The gap of the rule or of the listing of targets.
pub fn routed(rule: &Resource, view: &View, wanted: impl Fn(&str) -> Result<bool, Gap>) -> Result<bool, Gap> {
    let bus = bus_of(rule)?;
    if bus != DEFAULT_BUS || rule.get(&rule::STATE)?.is_some_and(|state| state == "DISABLED") {
        return Ok(false);
    }
    let name = rule.get_or_default(&rule::NAME)?;
    let targets = view.inventory.all_in(&target::KIND, &rule.address.place)?;
    any_holds(targets.into_iter().map(|target| {
        let of = target.get_or_default(&target::RULE)? == name && bus_of(target)? == bus;
        Ok(of && wanted(&target.get_or_default(&target::TARGET_ARN)?)?)
    }))
}

fn bus_of(resource: &Resource) -> Result<String, Gap> {
    let bus = resource.get_or_default(&events::EVENT_BUS_NAME)?;
    let name = bus.rsplit('/').next().unwrap_or_default();
    Ok(if name.is_empty() { DEFAULT_BUS.to_owned() } else { name.to_owned() })
}

pub const MON_20: Check = Check {
    id: "MON-20",
    alias: "sensitive-change-alerts",
    title: "Sensitive control-plane changes raise an alert",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Estate(sensitive_changes),
    reads: &[
        Reads {
            kind: &trail::KIND,
            attributes: &[
                trail::IS_MULTI_REGION_TRAIL.any(),
                trail::ENABLE_LOGGING.any(),
                trail::CLOUD_WATCH_LOGS_GROUP_ARN.any(),
            ],
        },
        Reads {
            kind: &metric_filter::KIND,
            attributes: &[
                metric_filter::LOG_GROUP_NAME.any(),
                metric_filter::PATTERN.any(),
                metric_filter::METRIC_TRANSFORMATION.any(),
            ],
        },
        Reads {
            kind: &metric_alarm::KIND,
            attributes: &[
                metric_alarm::ACTIONS_ENABLED.any(),
                metric_alarm::ALARM_ACTIONS.any(),
                metric_alarm::METRIC_NAME.any(),
                metric_alarm::NAMESPACE.any(),
            ],
        },
        Reads {
            kind: &rule::KIND,
            attributes: &[
                events::EVENT_BUS_NAME.any(),
                rule::NAME.any(),
                rule::EVENT_PATTERN.any(),
                rule::STATE.any(),
            ],
        },
        Reads {
            kind: &target::KIND,
            attributes: &[events::EVENT_BUS_NAME.any(), target::RULE.any(), target::TARGET_ARN.any()],
        },
    ],
    page: include_str!("../../../docs/checks/MON-20.md"),
};

/// Changes that somebody should hear of: what they are, the events, and whether these come up in us-east-1 alone.
struct Change {
    name: &'static str,
    events: &'static [&'static str],
    global: bool,
}

/// The use of root is no single event, so the principal stands in the place of events.
const ROOT: &str = "root use";

const CHANGES: &[Change] = &[
    Change { name: ROOT, events: &["Root"], global: true },
    Change {
        name: "IAM policies",
        events: &[
            "CreatePolicyVersion",
            "PutRolePolicy",
            "PutUserPolicy",
            "PutGroupPolicy",
            "AttachRolePolicy",
            "AttachUserPolicy",
            "AttachGroupPolicy",
        ],
        global: true,
    },
    Change { name: "trails", events: &["StopLogging", "DeleteTrail", "UpdateTrail"], global: false },
    Change {
        name: "security groups",
        events: &["AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"],
        global: false,
    },
    Change { name: "routes", events: &["CreateRoute", "ReplaceRoute", "DeleteRoute"], global: false },
    Change {
        name: "gateways",
        events: &["AttachInternetGateway", "CreateInternetGateway", "DeleteInternetGateway"],
        global: false,
    },
    Change { name: "deletion of keys", events: &["ScheduleKeyDeletion", "DisableKey"], global: false },
];

fn sensitive_changes(view: &View) -> Verdict {
    let mut silent = Vec::new();
    for change in CHANGES {
        if !any_holds([by_filter(change, view), by_rules(change, view)])? {
            silent.push(change.name);
        }
    }
    if silent.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("{} of {} raise no alert: {}", silent.len(), CHANGES.len(), silent.join(", "))))
}

/// A filter on the log group of a trail of all regions counts the change, and an alarm with an action watches it.
fn by_filter(change: &Change, view: &View) -> Result<bool, Gap> {
    let filters = view.inventory.all(&metric_filter::KIND)?;
    any_holds(filters.into_iter().map(|filter| {
        let pattern = filter.get_or_default(&metric_filter::PATTERN)?;
        Ok(mentions(&pattern, change) && fed_by_trail(filter, view)? && has_alarm(filter, view)?)
    }))
}

/// Whether a filter's pattern takes in the change, as far as its words tell: each event by name, and root by its type.
fn mentions(pattern: &str, change: &Change) -> bool {
    let words: Vec<&str> =
        pattern.split(|letter: char| !letter.is_alphanumeric() && !"$.*".contains(letter)).collect();
    let excludes = pattern.contains("!=") && change.name != ROOT;
    let named = change.events.iter().all(|event| words.contains(event));
    let by_type = change.name != ROOT || words.contains(&"$.userIdentity.type");
    named && by_type && !excludes
}

fn fed_by_trail(filter: &Resource, view: &View) -> Result<bool, Gap> {
    let group = filter.get_or_default(&metric_filter::LOG_GROUP_NAME)?;
    let trails = view.inventory.all(&trail::KIND)?;
    any_holds(trails.into_iter().map(|trail| {
        let arn = trail.get_or_default(&trail::CLOUD_WATCH_LOGS_GROUP_ARN)?;
        let feeds = arn.split(":log-group:").nth(1).is_some_and(|name| name.trim_end_matches(":*") == group);
        Ok(feeds
            && trail.get_or_default(&trail::IS_MULTI_REGION_TRAIL)?
            && trail.get(&trail::ENABLE_LOGGING)?.unwrap_or(true))
    }))
}

fn has_alarm(filter: &Resource, view: &View) -> Result<bool, Gap> {
    let counted = filter.get_or_default(&metric_filter::METRIC_TRANSFORMATION)?;
    let alarms = view.inventory.all_in(&metric_alarm::KIND, &filter.address.place)?;
    any_holds(alarms.into_iter().map(|alarm| {
        let name = alarm.get_or_default(&metric_alarm::METRIC_NAME)?;
        let namespace = alarm.get_or_default(&metric_alarm::NAMESPACE)?;
        let watches = counted.iter().any(|metric| metric.name == name && metric.namespace == namespace);
        Ok(watches
            && alarm.get(&metric_alarm::ACTIONS_ENABLED)? != Some(false)
            && !alarm.get_or_default(&metric_alarm::ALARM_ACTIONS)?.is_empty())
    }))
}

/// In every audited region a rule sends the event somewhere; for global services one in us-east-1 is enough.
fn by_rules(change: &Change, view: &View) -> Result<bool, Gap> {
    if view.side == Side::Declared {
        view.inventory.all(&rule::KIND)?;
        return Err(not_in_state(rule::KIND.name));
    }
    let mut places = view.inventory.places(&rule::KIND);
    if change.global {
        places.retain(|place| place.region == "us-east-1");
    }
    if places.is_empty() {
        return Err(Gap::new("events:ListRules", Cause::NotRequested, "us-east-1 is not audited"));
    }
    for place in places {
        let rules = view.inventory.all_in(&rule::KIND, &place)?;
        let found = any_holds(rules.into_iter().map(|rule| {
            let pattern = rule.get_or_default(&rule::EVENT_PATTERN)?;
            Ok(takes_in(&pattern, change) && routed(rule, view, |_| Ok(true))?)
        }))?;
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a pattern of EventBridge takes in the change: by the names of its events, and root by its type.
fn takes_in(pattern: &str, change: &Change) -> bool {
    let Ok(Value::Object(pattern)) = serde_json::from_str::<Value>(pattern) else { return false };
    let lists =
        |value: &Value, word: &str| value.as_array().is_some_and(|all| all.iter().any(|one| one == word));
    let by_api = |value: &Value| lists(value, "AWS API Call via CloudTrail");
    let admits = pattern.iter().all(|(key, value)| match key.as_str() {
        "source" => change.name != ROOT || value.is_null(),
        "detail-type" if change.name == ROOT => {
            by_api(value) && lists(value, "AWS Console Sign In via CloudTrail")
        }
        "detail-type" => by_api(value),
        "detail" => true,
        _ => false,
    });
    let detail = pattern.get("detail").unwrap_or(&Value::Null);
    let allowed: &[&str] =
        if change.name == ROOT { &["userIdentity"] } else { &["eventSource", "eventName"] };
    let narrow = detail.as_object().is_some_and(|all| all.keys().any(|key| !allowed.contains(&key.as_str())));
    let names = match change.name {
        ROOT => &detail["userIdentity"]["type"],
        _ => &detail["eventName"],
    };
    admits && !narrow && change.events.iter().all(|event| lists(names, event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_counts_a_change_only_when_it_names_all_of_its_events() {
        let routes = &CHANGES[4];
        let all =
            "{ ($.eventName = CreateRoute) || ($.eventName = ReplaceRoute) || ($.eventName = DeleteRoute) }";
        assert!(mentions(all, routes));
        assert!(!mentions("{ ($.eventName = CreateRoute) || ($.eventName = DeleteRouteTable) }", routes));
        assert!(!mentions(&format!("{all} && ($.userIdentity.arn != x)"), routes));
        let root = "{ $.userIdentity.type = \"Root\" && $.eventType != \"AwsServiceEvent\" }";
        assert!(mentions(root, &CHANGES[0]) && !mentions("{ $.eventName = Root }", &CHANGES[0]));
    }

    #[test]
    fn a_rule_takes_in_a_change_by_the_names_of_its_events() {
        let keys = &CHANGES[6];
        let rule = |names: &str| {
            format!(
                r#"{{"source":["aws.kms"],"detail-type":["AWS API Call via CloudTrail"],"detail":{{"eventName":{names}}}}}"#
            )
        };
        assert!(takes_in(&rule(r#"["ScheduleKeyDeletion","DisableKey"]"#), keys));
        assert!(!takes_in(&rule(r#"["ScheduleKeyDeletion"]"#), keys));
        assert!(!takes_in("", keys) && !takes_in("[]", keys));
        let root = r#"{"detail-type":["AWS API Call via CloudTrail","AWS Console Sign In via CloudTrail"],
            "detail":{"userIdentity":{"type":["Root"]}}}"#;
        assert!(takes_in(root, &CHANGES[0]) && !takes_in(root, keys));
    }
}
