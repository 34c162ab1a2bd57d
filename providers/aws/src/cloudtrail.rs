//! Looks events up in CloudTrail, two requests a second, and no more of them than the run allows.

use std::collections::BTreeMap;

use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use futures::future::join_all;
use stateward_model::trail::{
    self, LOOKUP, LookedUp, Lookup, LookupBy, LookupOutcome, Trail, TrailEvent, TrailResource, table,
};
use stateward_model::{Cause, Gap, Place};

use crate::account::Aws;
use crate::call::Call;
use crate::session::Session;

/// "The rate of lookup requests is limited to two per second, per account, per Region."
static LOOKUP_EVENTS: Call = Call::new("cloudtrail", "LookupEvents")
    .quota(2, 2)
    .docs("https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html");

/// What finding out who made a difference may call.
pub(crate) static TRAIL_CALLS: &[&Call] = &[&LOOKUP_EVENTS];

/// The most events a page.
const PAGE: i32 = 50;
/// Pages of one name. Events come newest first, and what reads a busy resource all day must not use up the run.
const PAGES: usize = 4;

impl Aws {
    /// Looks up what was asked, in the order in which it was asked; `budget` requests in each account and region.
    pub async fn look_up(&self, lookups: &[Lookup], budget: u32) -> Trail {
        let mut by_place: BTreeMap<&Place, Vec<&Lookup>> = BTreeMap::new();
        for lookup in lookups {
            by_place.entry(&lookup.place).or_default().push(lookup);
        }
        let places = by_place.into_iter().map(|(place, lookups)| async move {
            match self.session_in(&place.account, &place.region) {
                Some(session) => in_place(&session, &lookups, budget).await,
                None => {
                    let gap = Gap::new(LOOKUP, Cause::Denied, "the account could not be entered");
                    let gap = |lookup: &&Lookup| looked_up(lookup, LookupOutcome::Gap(gap.clone()));
                    Trail { events: Vec::new(), lookups: lookups.iter().map(gap).collect() }
                }
            }
        });
        let mut trail = Trail::default();
        for found in join_all(places).await {
            trail.events.extend(found.events);
            trail.lookups.extend(found.lookups);
        }
        trail.events.sort_by(|a, b| (&a.time, &a.id).cmp(&(&b.time, &b.id)));
        trail.events.dedup_by(|a, b| a.id == b.id);
        trail
    }
}

fn looked_up(lookup: &Lookup, outcome: LookupOutcome) -> LookedUp {
    LookedUp { place: lookup.place.clone(), by: lookup.by, names: lookup.names.clone(), outcome }
}

async fn in_place(s: &Session, lookups: &[&Lookup], budget: u32) -> Trail {
    let mut trail = Trail::default();
    let mut left = budget;
    let mut refused: Option<Gap> = None;
    for lookup in lookups {
        let outcome = match &refused {
            Some(gap) => LookupOutcome::Gap(gap.clone()),
            None => one(s, lookup, &mut left, &mut trail.events).await,
        };
        if let LookupOutcome::Gap(gap) = &outcome
            && !matches!(gap.cause, Cause::Timeout | Cause::Malformed)
        {
            // Whoever may not ask about one resource may not ask about the next one either.
            refused = Some(gap.clone());
        }
        trail.lookups.push(looked_up(lookup, outcome));
    }
    trail
}

async fn one(s: &Session, lookup: &Lookup, left: &mut u32, events: &mut Vec<TrailEvent>) -> LookupOutcome {
    let mut outcome = LookupOutcome::Read;
    for name in &lookup.names {
        let mut found = Vec::new();
        match named(s, lookup, name, left, &mut found).await {
            LookupOutcome::Read => {}
            broken @ (LookupOutcome::Budget | LookupOutcome::Gap(_)) => {
                events.extend(found);
                return broken;
            }
            LookupOutcome::Cut => outcome = LookupOutcome::Cut,
        }
        // Under the name that its service uses, the others have nothing to add.
        let enough = found.iter().any(|event| table::knows(&event.source, &event.name));
        events.extend(found);
        if enough && lookup.by == LookupBy::Resource {
            break;
        }
    }
    outcome
}

/// The events under one name that write.
async fn named(
    s: &Session,
    lookup: &Lookup,
    name: &str,
    left: &mut u32,
    found: &mut Vec<TrailEvent>,
) -> LookupOutcome {
    let key = match lookup.by {
        LookupBy::Resource => LookupAttributeKey::ResourceName,
        LookupBy::Event => LookupAttributeKey::EventName,
    };
    let Ok(attribute) = LookupAttribute::builder().attribute_key(key).attribute_value(name).build() else {
        return malformed("the lookup could not be built");
    };
    let mut token: Option<String> = None;
    for _ in 0..PAGES {
        if *left == 0 {
            return LookupOutcome::Budget;
        }
        *left -= 1;
        let answer = s.call(&LOOKUP_EVENTS, || {
            s.cloudtrail()
                .lookup_events()
                .lookup_attributes(attribute.clone())
                .set_start_time(DateTime::from_str(&lookup.since, Format::DateTime).ok())
                .set_end_time(DateTime::from_str(&lookup.until, Format::DateTime).ok())
                .max_results(PAGE)
                .set_next_token(token.clone())
                .send()
        });
        let answer = match answer.await {
            Ok(answer) => answer,
            Err(gap) => return LookupOutcome::Gap(gap),
        };
        s.items(&LOOKUP_EVENTS, answer.events().len());
        for event in answer.events() {
            match read(event) {
                Some(event) if event.read_only => {}
                Some(event) => found.push(event),
                None => return malformed("an event was not of the documented form"),
            }
        }
        let next = answer.next_token.filter(|next| !next.is_empty());
        if next.is_none() {
            return LookupOutcome::Read;
        }
        if next == token {
            return malformed("the same page token came twice");
        }
        token = next;
    }
    LookupOutcome::Cut
}

fn malformed(detail: &str) -> LookupOutcome {
    LookupOutcome::Gap(Gap::new(LOOKUP, Cause::Malformed, detail))
}

fn read(event: &Event) -> Option<TrailEvent> {
    let record: serde_json::Value = serde_json::from_str(event.cloud_trail_event()?).ok()?;
    let resource = |one: &aws_sdk_cloudtrail::types::Resource| TrailResource {
        kind: one.resource_type().unwrap_or_default().to_owned(),
        name: one.resource_name().unwrap_or_default().to_owned(),
    };
    trail::read_event(&record, event.resources().iter().map(resource).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{ACCOUNT, Account, Asked};
    use serde_json::{Value, json};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use stateward_model::Wanted;
    use stateward_model::trail::{ActorKind, Agent, Held};

    fn lookup(names: &[&str]) -> Lookup {
        Lookup {
            place: Place::new(ACCOUNT, "us-west-2"),
            by: LookupBy::Resource,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            since: "2026-02-20T00:00:00Z".into(),
            until: "2026-03-01T12:00:00Z".into(),
        }
    }

    /// An event as the service answers with it: the record is text inside.
    fn event(
        id: &str,
        name: &str,
        source: &str,
        read_only: bool,
        resource: (&str, &str),
        parameters: Value,
    ) -> Value {
        let record = json!({
            "eventVersion": "1.10",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLE:alice@acme.example",
                "arn": "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Administrator_0123456789abcdef/alice@acme.example",
                "accountId": ACCOUNT,
                "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role", "principalId": "AROAEXAMPLE", "accountId": ACCOUNT,
                        "arn": "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Administrator_0123456789abcdef",
                        "userName": "AWSReservedSSO_Administrator_0123456789abcdef"
                    },
                    "attributes": {"creationDate": "2026-02-25T09:00:00Z", "mfaAuthenticated": "false"}
                }
            },
            "eventTime": "2026-02-25T10:00:00Z",
            "eventSource": source,
            "eventName": name,
            "awsRegion": "us-west-2",
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
            "requestParameters": parameters,
            "responseElements": {"requestId": "r", "_return": true},
            "requestID": "r", "eventID": id, "readOnly": read_only, "eventType": "AwsApiCall",
            "managementEvent": true, "recipientAccountId": ACCOUNT, "eventCategory": "Management",
            "sessionCredentialFromConsole": "true"
        });
        json!({
            "EventId": id, "EventName": name, "ReadOnly": read_only.to_string(), "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "EventTime": 1772013600.0, "EventSource": source, "Username": "alice@acme.example",
            "Resources": [{"ResourceType": resource.0, "ResourceName": resource.1}],
            "CloudTrailEvent": record.to_string()
        })
    }

    fn authorized(id: &str) -> Value {
        let parameters = json!({"groupId": "sg-1", "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {}, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}, "ipv6Ranges": {}, "prefixListIds": {}}]}});
        event(
            id,
            "AuthorizeSecurityGroupIngress",
            "ec2.amazonaws.com",
            false,
            ("AWS::EC2::SecurityGroup", "sg-1"),
            parameters,
        )
    }

    fn account(answer: impl Fn(&Asked, usize) -> (u16, String) + Send + Sync + 'static) -> Account {
        let number = Arc::new(AtomicUsize::new(0));
        Account::new(Wanted::default(), move |asked| {
            assert_eq!(asked.operation, "LookupEvents");
            answer(asked, number.fetch_add(1, Ordering::Relaxed))
        })
    }

    async fn ask(account: &Account, lookups: &[Lookup], budget: u32) -> Trail {
        in_place(account.home(), &lookups.iter().collect::<Vec<_>>(), budget).await
    }

    #[tokio::test]
    async fn an_event_is_read_with_its_actor_and_what_it_held() {
        let account = account(|asked, _| {
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            assert_eq!(
                body["LookupAttributes"][0],
                json!({"AttributeKey": "ResourceName", "AttributeValue": "sg-1"})
            );
            assert_eq!((&body["MaxResults"], &body["StartTime"]), (&json!(50), &json!(1771545600)));
            (200, json!({ "Events": [authorized("e-1")] }).to_string())
        });
        let trail = ask(&account, &[lookup(&["sg-1"])], 60).await;
        assert_eq!(trail.lookups[0].outcome, LookupOutcome::Read);
        let event = &trail.events[0];
        assert_eq!((event.actor.kind, event.actor.name.as_str()), (ActorKind::SsoUser, "Administrator"));
        assert_eq!(event.actor.session.as_deref(), Some("alice@acme.example"));
        assert_eq!((event.agent, event.time.as_str()), (Agent::Console, "2026-02-25T10:00:00Z"));
        assert_eq!(event.resources[0].name, "sg-1");
        let rule =
            json!({"key": "x", "protocol": "tcp", "from_port": 22, "to_port": 22, "source": "0.0.0.0/0"});
        assert_eq!(event.request.as_ref().unwrap().holds("ingress", &rule), Held::Value);
        let kept = serde_json::to_string(&trail).unwrap();
        for hidden in ["ASIAIOSFODNN7EXAMPLE", "AROAEXAMPLE", "0.0.0.0/0", "Mozilla"] {
            assert!(!kept.contains(hidden), "{hidden} in {kept}");
        }
    }

    #[tokio::test]
    async fn all_pages_are_read_and_reads_are_left_out() {
        let account = account(|asked, number| {
            let read =
                event("r", "DescribeSecurityGroups", "ec2.amazonaws.com", true, ("", "sg-1"), Value::Null);
            assert_eq!(asked.body.contains("\"NextToken\":\"more\""), number == 1);
            let next = if number == 0 { json!("more") } else { Value::Null };
            let events = json!([read, authorized(&format!("e-{number}"))]);
            (200, json!({ "Events": events, "NextToken": next }).to_string())
        });
        let trail = ask(&account, &[lookup(&["sg-1"])], 60).await;
        assert_eq!(account.calls("LookupEvents"), 2);
        let ids: Vec<&str> = trail.events.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids, ["e-0", "e-1"]);
    }

    #[tokio::test]
    async fn a_busy_resource_is_cut_and_a_loop_is_no_answer() {
        let pages =
            |number: usize| (200, json!({ "Events": [], "NextToken": number.to_string() }).to_string());
        let busy = account(move |_, number| pages(number));
        let trail = ask(&busy, &[lookup(&["sg-1"])], 60).await;
        assert_eq!((&trail.lookups[0].outcome, busy.calls("LookupEvents")), (&LookupOutcome::Cut, 4));
        let looping = account(move |_, _| pages(7));
        let trail = ask(&looping, &[lookup(&["sg-1"])], 60).await;
        assert!(
            matches!(&trail.lookups[0].outcome, LookupOutcome::Gap(gap) if gap.cause == Cause::Malformed)
        );
    }

    #[tokio::test]
    async fn the_budget_of_a_region_is_kept() {
        let account = account(|_, _| (200, r#"{"Events":[]}"#.into()));
        let trail = ask(&account, &[lookup(&["a"]), lookup(&["b", "c"]), lookup(&["d"])], 2).await;
        let outcomes: Vec<&LookupOutcome> = trail.lookups.iter().map(|one| &one.outcome).collect();
        assert_eq!(outcomes, [&LookupOutcome::Read, &LookupOutcome::Budget, &LookupOutcome::Budget]);
        assert_eq!(account.calls("LookupEvents"), 2);
    }

    #[tokio::test]
    async fn a_further_name_is_tried_only_where_the_first_has_nothing() {
        let account = account(|asked, _| {
            let events =
                if asked.body.contains("arn:aws:ec2") { json!([]) } else { json!([authorized("e-1")]) };
            (200, json!({ "Events": events }).to_string())
        });
        let first = ask(&account, &[lookup(&["sg-1", "arn:aws:ec2:x"])], 60).await;
        assert_eq!((first.events.len(), account.calls("LookupEvents")), (1, 1));
        let second = ask(&account, &[lookup(&["arn:aws:ec2:x", "sg-1"])], 60).await;
        assert_eq!((second.events.len(), account.calls("LookupEvents")), (1, 3));
    }

    #[tokio::test]
    async fn who_may_not_ask_is_told_so_once() {
        let account = account(|_, _| {
            (400, r#"{"__type":"AccessDeniedException","Message":"User is not authorized to perform: cloudtrail:LookupEvents"}"#.into())
        });
        let trail = ask(&account, &[lookup(&["a"]), lookup(&["b"])], 60).await;
        for one in &trail.lookups {
            assert!(matches!(&one.outcome, LookupOutcome::Gap(gap) if gap.cause == Cause::Denied), "{one:?}");
        }
        assert_eq!(account.calls("LookupEvents"), 1, "the second is not even sent");
    }

    #[tokio::test]
    async fn throttling_that_does_not_end_is_a_reason() {
        let account =
            account(|_, _| (400, r#"{"__type":"ThrottlingException","Message":"Rate exceeded"}"#.into()));
        let trail = ask(&account, &[lookup(&["a"])], 60).await;
        assert!(
            matches!(&trail.lookups[0].outcome, LookupOutcome::Gap(gap) if gap.cause == Cause::Throttled)
        );
    }

    #[tokio::test]
    async fn a_page_in_the_place_of_an_answer_is_an_operation_that_is_not_there() {
        let page = "<!doctype html>\n<title>500 Internal Server Error</title>";
        let account = account(move |_, _| (500, page.into()));
        let trail = ask(&account, &[lookup(&["a"])], 60).await;
        assert!(
            matches!(&trail.lookups[0].outcome, LookupOutcome::Gap(gap) if gap.cause == Cause::Unsupported)
        );
    }

    #[tokio::test]
    async fn no_secret_of_a_request_is_kept() {
        let account = account(|_, _| {
            let parameters = json!({"dBInstanceIdentifier": "orders", "masterUserPassword": "correct-horse-battery", "description": "postgres://app:hunter2@db/x"});
            let event = event(
                "e",
                "ModifyDBInstance",
                "rds.amazonaws.com",
                false,
                ("AWS::RDS::DBInstance", "orders"),
                parameters,
            );
            (200, json!({ "Events": [event] }).to_string())
        });
        let trail = ask(&account, &[lookup(&["orders"])], 60).await;
        assert_eq!(trail.events.len(), 1);
        let kept = serde_json::to_string(&trail).unwrap();
        assert!(!kept.contains("correct-horse") && !kept.contains("hunter2"), "{kept}");
    }

    #[tokio::test]
    async fn an_event_of_another_form_is_no_answer() {
        let account = account(|_, _| (200, r#"{"Events":[{"EventId":"x","CloudTrailEvent":"{"}]}"#.into()));
        let trail = ask(&account, &[lookup(&["a"])], 60).await;
        assert!(
            matches!(&trail.lookups[0].outcome, LookupOutcome::Gap(gap) if gap.cause == Cause::Malformed)
        );
    }
}
