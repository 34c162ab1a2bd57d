//! Reads EventBridge: rules of every bus, and their targets without what is sent to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_eventbridge::types::{Rule, Tag, Target};
use serde_json::json;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::events::{DEFAULT_BUS, EVENT_BUS_NAME, MANAGED_BY, rule, target};
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, wants_tags};
use crate::session::{Collector, Pages, Session};

/// All listings of EventBridge allow 100 items a page.
const PAGE: i32 = 100;

static BUSES: Call = Call::new("events", "ListEventBuses");
static RULES: Call = Call::new("events", "ListRules");
static TARGETS: Call = Call::new("events", "ListTargetsByRule");
static LIST_TAGS: Call = Call::new("events", "ListTagsForResource");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector { kind: &rule::KIND, calls: &[&BUSES, &RULES, &LIST_TAGS], collect: |s| Box::pin(rules(s)) },
    Collector { kind: &target::KIND, calls: &[&BUSES, &RULES, &TARGETS], collect: |s| Box::pin(targets(s)) },
];

/// The rules of all buses. EventBridge lists those of one bus at a time.
async fn listed(s: &Session) -> Arc<Pages<Rule>> {
    s.once("events:ListRules", async {
        let buses = s
            .pages(
                &BUSES,
                |token| s.eventbridge().list_event_buses().limit(PAGE).set_next_token(token).send(),
                |out| (out.event_buses.unwrap_or_default(), out.next_token),
            )
            .await;
        let names: Vec<String> = buses.items.into_iter().filter_map(|bus| bus.name).collect();
        let mut all = Pages { items: Vec::new(), gap: buses.gap };
        for pages in s.each(names, |bus| rules_of(s, bus)).await {
            all.items.extend(pages.items);
            all.gap = all.gap.or(pages.gap);
        }
        all
    })
    .await
}

async fn rules_of(s: &Session, bus: String) -> Pages<Rule> {
    s.pages(
        &RULES,
        |token| s.eventbridge().list_rules().event_bus_name(&bus).limit(PAGE).set_next_token(token).send(),
        |out| (out.rules.unwrap_or_default(), out.next_token),
    )
    .await
}

fn bus_of(found: &Rule) -> String {
    found.event_bus_name.clone().unwrap_or_else(|| DEFAULT_BUS.to_owned())
}

async fn rules(s: &Session) -> Harvest {
    let all = listed(s).await;
    let resources = s.each(all.items.clone(), |found| rule_resource(s, found)).await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

async fn rule_resource(s: &Session, found: Rule) -> Resource {
    use rule::*;
    let name = found.name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, id_of(&bus_of(&found), &name)).with_name(name.clone());
    r.arn = found.arn.clone();
    let state = found.state.as_ref().map(|state| state.as_str().to_owned());
    r.set_opt(&ARN, found.arn.clone())
        .set_opt(&DESCRIPTION, found.description.clone())
        .set(&EVENT_BUS_NAME, bus_of(&found))
        .set_opt(&EVENT_PATTERN, found.event_pattern.clone())
        .set_opt(&IS_ENABLED, state.as_deref().map(|state| state != "DISABLED"))
        .set_opt(&MANAGED_BY, found.managed_by.clone())
        .set(&NAME, name)
        .set_opt(&ROLE_ARN, found.role_arn.clone())
        .set_opt(&SCHEDULE_EXPRESSION, found.schedule_expression.clone())
        .set_opt(&STATE, state);
    if wants_tags(s, &KIND) {
        let arn = found.arn.unwrap_or_default();
        let read =
            s.call(&LIST_TAGS, || s.eventbridge().list_tags_for_resource().resource_arn(&arn).send()).await;
        put_tags(&mut r, read.map(|out| tags(out.tags())));
    }
    r
}

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    list.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

async fn targets(s: &Session) -> Harvest {
    let all = listed(s).await;
    let mut gaps: Vec<_> = all.gap.iter().cloned().collect();
    let pages = s
        .each(all.items.clone(), |found| async move {
            let (bus, name) = (bus_of(&found), found.name.clone().unwrap_or_default());
            let pages = s
                .pages(
                    &TARGETS,
                    |token| {
                        s.eventbridge()
                            .list_targets_by_rule()
                            .event_bus_name(&bus)
                            .rule(&name)
                            .limit(PAGE)
                            .set_next_token(token)
                            .send()
                    },
                    |out| (out.targets.unwrap_or_default(), out.next_token),
                )
                .await;
            (found, pages)
        })
        .await;
    let mut resources = Vec::new();
    for (of, pages) in pages {
        resources.extend(pages.items.iter().map(|target| target_resource(s, &of, target)));
        gaps.extend(pages.gap);
    }
    Harvest { resources, gaps }
}

fn target_resource(s: &Session, of: &Rule, found: &Target) -> Resource {
    use target::*;
    let (bus, name) = (bus_of(of), of.name.clone().unwrap_or_default());
    let mut r = Resource::new(s.place(), KIND.name, id_of(&bus, &name, &found.id))
        .with_name(format!("{} of {name}", found.id));
    let queue = found.dead_letter_config.as_ref().and_then(|config| config.arn.clone());
    r.set(&TARGET_ARN, found.arn.clone())
        .set(&DEAD_LETTER_CONFIG, queue.iter().map(|arn| json!({ "arn": arn })).collect())
        .set(&EVENT_BUS_NAME, bus)
        .set_opt(&INPUT_PATH, found.input_path.clone())
        .set_opt(&MANAGED_BY, of.managed_by.clone())
        .set_opt(&ROLE_ARN, found.role_arn.clone())
        .set(&RULE, name)
        .set(&TARGET_ID, found.id.clone());
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting, wanting_all};

    fn account() -> Account {
        Account::new(wanting_all(&target::KIND), |asked| match asked.operation.as_str() {
            "ListEventBuses" => (200, r#"{"EventBuses":[{"Name":"default"},{"Name":"orders"}]}"#.into()),
            "ListRules" if asked.body.contains("orders") => (200, r#"{"Rules":[]}"#.into()),
            "ListRules" => {
                (200, r#"{"Rules":[{"Name":"root","State":"DISABLED","EventBusName":"default"}]}"#.into())
            }
            _ => (
                200,
                r#"{"Targets":[{"Id":"ops","Arn":"arn:aws:sns:us-west-2:1:ops","Input":"hush"}]}"#.into(),
            ),
        })
    }

    #[tokio::test]
    async fn what_is_sent_to_a_target_is_never_kept() {
        let account = account();
        let harvest = targets(account.home()).await;
        let found = &harvest.resources[0];
        assert_eq!(found.id(), "default/root/ops");
        assert_eq!((target::KIND.identity)(found).as_deref(), Some("default/root/ops"));
        assert!(!serde_json::to_string(found).unwrap().contains("hush"));
        assert!(target::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }

    #[tokio::test]
    async fn rules_are_listed_once_for_both_kinds_and_tags_only_when_wanted() {
        let account = account();
        let harvest = rules(account.home()).await;
        assert_eq!(harvest.resources[0].get(&rule::IS_ENABLED), Ok(Some(false)));
        targets(account.home()).await;
        assert_eq!((account.calls("ListEventBuses"), account.calls("ListRules")), (1, 2));
        assert_eq!(account.calls("ListTagsForResource"), 0);
        let tagged =
            Account::new(wanting(&rule::KIND, &["tags_all"]), |asked| match asked.operation.as_str() {
                "ListEventBuses" => (200, r#"{"EventBuses":[{"Name":"default"}]}"#.into()),
                "ListRules" => (200, r#"{"Rules":[{"Name":"root","Arn":"arn:r"}]}"#.into()),
                _ => (200, r#"{"Tags":[{"Key":"a","Value":"b"}]}"#.into()),
            });
        assert_eq!(rules(tagged.home()).await.resources[0].tags()["a"], "b");
    }
}
