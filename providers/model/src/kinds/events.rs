//! Amazon EventBridge: rules and their targets.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Exclusion, Kind, by_id};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// The bus on which the events of AWS services arrive.
pub const DEFAULT_BUS: &str = "default";

/// The bus of a rule or target; it is the default one where a state does not say.
pub const EVENT_BUS_NAME: Attr<String> =
    Attr::new("event_bus_name", Reference).absent(Absent::Default("\"default\""));
/// The AWS service that made it for itself.
pub const MANAGED_BY: Attr<String> = Attr::live("managed_by");

fn bus_of(resource: &Resource) -> String {
    let bus = resource.get(&EVENT_BUS_NAME).ok().flatten().filter(|bus| !bus.is_empty());
    bus.unwrap_or_else(|| DEFAULT_BUS.to_owned())
}

fn of_a_service(resource: &Resource) -> Option<Exclusion> {
    let service = resource.get(&MANAGED_BY).ok().flatten().unwrap_or_default();
    (!service.is_empty())
        .then_some(Exclusion { rule: "N18", reason: "a rule that an AWS service made for itself" })
}

/// `aws_cloudwatch_event_rule`.
pub mod rule {
    use super::*;

    /// In words.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// Which events it matches, JSON text.
    pub const EVENT_PATTERN: Attr<String> = Attr::new("event_pattern", Json);
    /// Whether it is on; what providers before 5 write.
    pub const IS_ENABLED: Attr<bool> = Attr::new("is_enabled", Exact).absent(Absent::Unclaimed);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The role that it acts with.
    pub const ROLE_ARN: Attr<String> = Attr::new("role_arn", Exact);
    /// When it fires by the clock.
    pub const SCHEDULE_EXPRESSION: Attr<String> = Attr::new("schedule_expression", Exact);
    /// `ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    pub const STATE: Attr<String> = Attr::new("state", Exact).absent(Absent::Unclaimed);
    /// The tags of the resource itself.
    pub const RULE_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["events:ListTagsForResource"]);
    /// The tags.
    pub const RULE_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["events:ListTagsForResource"]);

    /// The kind; its id is the name, after the bus and a slash for those of other buses.
    pub static KIND: Kind = Kind {
        name: "aws_cloudwatch_event_rule",
        service: "events",
        listed_by: &["events:ListEventBuses", "events:ListRules"],
        attributes: &[
            ARN.any(),
            DESCRIPTION.any(),
            EVENT_BUS_NAME.any(),
            EVENT_PATTERN.any(),
            IS_ENABLED.any(),
            MANAGED_BY.any(),
            NAME.any(),
            ROLE_ARN.any(),
            RULE_TAGS.any(),
            RULE_TAGS_ALL.any(),
            SCHEDULE_EXPRESSION.any(),
            STATE.any(),
        ],
        identity: |resource| match resource.get(&NAME).ok().flatten() {
            Some(name) if !name.is_empty() => Some(id_of(&bus_of(resource), &name)),
            _ => by_id(resource),
        },
        exclusion: of_a_service,
        ..Kind::BASE
    };

    /// The id of a rule of a bus.
    pub fn id_of(bus: &str, name: &str) -> String {
        let bus = bus.rsplit('/').next().unwrap_or(bus);
        if bus == DEFAULT_BUS { name.to_owned() } else { format!("{bus}/{name}") }
    }
}

/// `aws_cloudwatch_event_target`. What is sent may hold anything, so constants and templates stay out.
pub mod target {
    use super::*;

    /// What gets the events.
    pub const TARGET_ARN: Attr<String> = Attr::new("arn", Exact);
    /// The queue of events that could not be delivered.
    pub const DEAD_LETTER_CONFIG: Attr<Value> = Attr::new("dead_letter_config", Exact);
    /// Which part of the event is sent.
    pub const INPUT_PATH: Attr<String> = Attr::new("input_path", Exact);
    /// The role that it acts with.
    pub const ROLE_ARN: Attr<String> = Attr::new("role_arn", Exact);
    /// The name of the rule.
    pub const RULE: Attr<String> = Attr::new("rule", Exact);
    /// Its id within the rule.
    pub const TARGET_ID: Attr<String> = Attr::new("target_id", Exact);

    /// The kind; its id is what `terraform import` takes: bus, rule and target, with slashes between them.
    pub static KIND: Kind = Kind {
        name: "aws_cloudwatch_event_target",
        service: "events",
        listed_by: &["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"],
        attributes: &[
            TARGET_ARN.any(),
            DEAD_LETTER_CONFIG.any(),
            EVENT_BUS_NAME.any(),
            INPUT_PATH.any(),
            MANAGED_BY.any(),
            ROLE_ARN.any(),
            RULE.any(),
            TARGET_ID.any(),
        ],
        identity: |resource| {
            let text = |key: &Attr<String>| resource.get(key).ok().flatten().filter(|text| !text.is_empty());
            Some(id_of(&bus_of(resource), &text(&RULE)?, &text(&TARGET_ID)?))
        },
        exclusion: of_a_service,
        ..Kind::BASE
    };

    /// The id of a target of a rule of a bus.
    pub fn id_of(bus: &str, rule: &str, target: &str) -> String {
        format!("{}/{rule}/{target}", bus.rsplit('/').next().unwrap_or(bus))
    }
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&rule::KIND, &target::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Place;

    #[test]
    fn a_rule_is_the_same_however_its_bus_is_written() {
        let rule = |bus: Option<&str>| {
            let mut rule = Resource::new(Place::new("1", "r"), rule::KIND.name, "x");
            rule.set(&rule::NAME, "root".to_owned()).set_opt(&EVENT_BUS_NAME, bus.map(str::to_owned));
            (rule::KIND.identity)(&rule).unwrap()
        };
        assert_eq!((rule(None), rule(Some("default"))), ("root".into(), "root".into()));
        assert_eq!(rule(Some("arn:aws:events:r:1:event-bus/orders")), "orders/root");
    }

    #[test]
    fn a_target_is_known_by_bus_rule_and_name() {
        let mut target = Resource::new(Place::new("1", "r"), target::KIND.name, "root-ops");
        assert_eq!((target::KIND.identity)(&target), None);
        target.set(&target::RULE, "root".to_owned()).set(&target::TARGET_ID, "ops".to_owned());
        assert_eq!((target::KIND.identity)(&target).as_deref(), Some("default/root/ops"));
    }
}
