//! Drift over time on the recorded estate: what is new, what continues, and that nothing is resolved without proof.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stateward::audit::{Question, evaluate};
use stateward::plan::Selection;
use stateward::profile::Profile;
use stateward::result::{Document, DriftItem, Past, Run, StandingState};
use stateward::snapshot::Snapshot;
use stateward_model::{Cause, Gap, Resource, Slot};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const DEMO: &[u8] = include_bytes!("../demo/estate.stw");
const START: OffsetDateTime = datetime!(2026-03-01 06:00 UTC);

fn estate() -> Snapshot {
    Snapshot::from_reader("the recorded estate", DEMO).unwrap()
}

fn day(number: i64) -> OffsetDateTime {
    START + Duration::days(number)
}

/// What is asked, and of which regions.
#[derive(Clone)]
struct Ask {
    regions: Vec<String>,
    services: Vec<String>,
    unmanaged: bool,
}

impl Default for Ask {
    fn default() -> Self {
        Self { regions: Vec::new(), services: Vec::new(), unmanaged: true }
    }
}

fn asked(ask: &Ask, snapshot: Snapshot, previous: Option<&Document>, as_of: OffsetDateTime) -> Document {
    let mut profile = Profile::built_in_default().unwrap();
    profile.select_regions(&ask.regions).unwrap();
    let selection = Selection { services: ask.services.clone(), ..Selection::default() };
    let question = Question::drift(&profile, &selection, ask.unmanaged).unwrap();
    let format = time::format_description::well_known::Rfc3339;
    let run = Run {
        id: format!("run-{}", as_of.unix_timestamp()),
        as_of: as_of.format(&format).unwrap(),
        command: "drift".into(),
        ..Run::default()
    };
    let document = evaluate(snapshot, &Question { previous, ..question }, as_of, run);
    // A result is stored before it is anybody's previous one.
    let stored = document.to_json().unwrap();
    assert_eq!(Document::from_json("stored", &stored).unwrap(), document);
    document
}

fn run(snapshot: Snapshot, previous: Option<&Document>, as_of: OffsetDateTime) -> Document {
    asked(&Ask::default(), snapshot, previous, as_of)
}

fn items(document: &Document) -> impl Iterator<Item = &DriftItem> {
    document.drift.as_ref().unwrap().items.iter()
}

fn resolved(document: &Document) -> &[Past] {
    &document.drift.as_ref().unwrap().resolved
}

fn unseen(document: &Document) -> &[Past] {
    &document.drift.as_ref().unwrap().unseen
}

/// The differences of a result by fingerprint.
fn differences(document: &Document) -> BTreeSet<&str> {
    let known = items(document).filter(|item| item.class != "unknown");
    known
        .flat_map(|item| match item.class.as_str() {
            "changed" => item.changes.iter().map(|change| change.fingerprint.as_deref().unwrap()).collect(),
            _ => vec![item.fingerprint.as_str()],
        })
        .collect()
}

fn item<'a>(document: &'a Document, id: &str) -> &'a DriftItem {
    items(document).find(|item| item.id == id).unwrap_or_else(|| panic!("no {id}"))
}

fn state_of(document: &Document, id: &str) -> StandingState {
    item(document, id).standing.as_ref().unwrap().state
}

/// Without an object that was found.
fn without(mut snapshot: Snapshot, id: &str) -> Snapshot {
    let mut removed = 0;
    for reading in &mut snapshot.readings {
        let before = reading.harvest.resources.len();
        reading.harvest.resources.edit(|all| all.retain(|resource| resource.id() != id));
        removed += before - reading.harvest.resources.len();
    }
    assert!(removed > 0, "there is no {id}");
    snapshot
}

/// With another declaration of some instances.
fn declared(mut snapshot: Snapshot, change: impl Fn(&mut Resource)) -> Snapshot {
    for state in &mut snapshot.states {
        let changed = |mut resource: Resource| {
            change(&mut resource);
            resource
        };
        state.resources = state.resources.iter().map(changed).collect();
    }
    snapshot
}

/// With another attribute of a live object.
fn altered(mut snapshot: Snapshot, id: &str, path: &'static str, value: &Value) -> Snapshot {
    for reading in &mut snapshot.readings {
        reading.harvest.resources.edit(|all| {
            for resource in all.iter_mut().filter(|resource| resource.id() == id) {
                resource.put_raw(path, Slot::Known(value.clone()));
            }
        });
    }
    snapshot
}

#[test]
fn what_stays_continues_and_its_age_grows() {
    let first = run(estate(), None, day(0));
    assert!(items(&first).count() >= 20 && items(&first).all(|item| item.standing.is_none()));
    let second = run(estate(), Some(&first), day(1));
    let third = run(estate(), Some(&second), day(3));
    for item in items(&third).filter(|item| item.class != "unknown") {
        let standing = item.standing.as_ref().unwrap();
        assert_eq!(standing.state, StandingState::Continuing);
        assert_eq!((standing.first_seen.as_str(), standing.age_s), ("2026-03-01T06:00:00Z", 3 * 86_400));
    }
    let since = third.drift.as_ref().unwrap().since.as_ref().unwrap();
    assert_eq!(since.continuing, items(&third).filter(|item| item.class != "unknown").count());
    assert_eq!((since.new, since.returned, since.resolved, since.unseen), (0, 0, 0, 0));
    assert!(resolved(&third).is_empty() && unseen(&third).is_empty());
    assert_eq!(differences(&first), differences(&third));
}

#[test]
fn what_is_gone_is_resolved_and_what_comes_back_has_returned() {
    let first = run(estate(), None, day(0));
    let gone = run(without(estate(), "shadow-db"), Some(&first), day(1));
    let [past] = resolved(&gone) else { panic!("{:#?}", resolved(&gone)) };
    assert_eq!((past.id.as_str(), past.class.as_str()), ("shadow-db", "unmanaged"));
    assert_eq!(past.resolved_at.as_deref(), Some("2026-03-02T06:00:00Z"));
    assert_eq!(gone.drift.as_ref().unwrap().since.as_ref().unwrap().resolved, 1);

    let still = run(without(estate(), "shadow-db"), Some(&gone), day(2));
    assert_eq!(resolved(&still), resolved(&gone), "it is remembered");
    assert_eq!(still.drift.as_ref().unwrap().since.as_ref().unwrap().resolved, 0, "and told once");

    let back = run(estate(), Some(&still), day(5));
    let standing = item(&back, "shadow-db").standing.clone().unwrap();
    assert_eq!(standing.state, StandingState::Returned);
    assert_eq!(standing.first_seen, "2026-03-01T06:00:00Z");
    assert_eq!(standing.last_resolved.as_deref(), Some("2026-03-02T06:00:00Z"));
    assert!(resolved(&back).is_empty());
    let after = run(estate(), Some(&back), day(6));
    let standing = item(&after, "shadow-db").standing.clone().unwrap();
    assert_eq!(standing.state, StandingState::Continuing);
    assert!(standing.last_resolved.is_some());

    let forgotten = run(without(estate(), "shadow-db"), Some(&still), day(92));
    assert!(resolved(&forgotten).is_empty());
    assert_eq!(state_of(&run(estate(), Some(&forgotten), day(93)), "shadow-db"), StandingState::New);
}

#[test]
fn a_repaired_attribute_is_resolved_and_the_others_continue() {
    let first = run(estate(), None, day(0));
    let drifted = item(&first, "acme-orders");
    assert_eq!(drifted.class, "changed");
    let paths: Vec<&str> = drifted.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["backup_retention_period", "multi_az"]);
    let was = drifted.changes[1].declared.clone();
    let second = run(altered(estate(), "acme-orders", "multi_az", &was), Some(&first), day(1));
    let [past] = resolved(&second) else { panic!("{:#?}", resolved(&second)) };
    assert_eq!((past.path.as_deref(), past.why.as_str()), (Some("multi_az"), "in sync now"));
    assert_eq!(state_of(&second, "acme-orders"), StandingState::Continuing);
    // And the other way: an item is new while one of its changes is.
    let third = run(estate(), Some(&second), day(2));
    let changes = &item(&third, "acme-orders").changes;
    let states: Vec<StandingState> =
        changes.iter().map(|change| change.standing.as_ref().unwrap().state).collect();
    assert_eq!(states, [StandingState::Continuing, StandingState::Returned]);
    assert_eq!(state_of(&third, "acme-orders"), StandingState::Returned);
}

/// Every type refused in turn, everywhere: nothing may be resolved by not having been looked at.
#[test]
fn what_could_not_be_read_is_never_resolved() {
    let first = run(estate(), None, day(0));
    let before = differences(&first);
    let kinds: BTreeSet<String> = estate().readings.iter().map(|reading| reading.kind.clone()).collect();
    let mut hidden = 0;
    for kind in kinds {
        let mut snapshot = estate();
        for reading in snapshot.readings.iter_mut().filter(|reading| reading.kind == kind) {
            reading.harvest.resources.edit(Vec::clear);
            reading.harvest.gaps = vec![Gap::new("x:Denied", Cause::Denied, "refused")];
        }
        let second = run(snapshot, Some(&first), day(1));
        assert!(resolved(&second).is_empty(), "{kind}: {:#?}", resolved(&second));
        let lost: BTreeSet<&str> = before.difference(&differences(&second)).copied().collect();
        let said: BTreeSet<&str> = unseen(&second).iter().map(|past| past.fingerprint.as_str()).collect();
        assert_eq!(lost, said, "{kind}");
        hidden += lost.len();
        // When it can be read again it continues, and was never resolved.
        let third = run(estate(), Some(&second), day(2));
        let fresh = |item: &DriftItem| item.standing.as_ref().is_some_and(|one| one.age_s < 2 * 86_400);
        assert!(!items(&third).any(fresh), "{kind}");
    }
    assert!(hidden >= 20, "{hidden}");
}

#[test]
fn a_narrower_question_resolves_nothing() {
    let first = run(estate(), None, day(0));
    let asks = [
        Ask { unmanaged: false, ..Ask::default() },
        Ask { services: vec!["s3".into()], ..Ask::default() },
        Ask { regions: vec!["us-east-1".into()], ..Ask::default() },
    ];
    for ask in asks {
        let second = asked(&ask, estate(), Some(&first), day(1));
        assert!(resolved(&second).is_empty(), "{:#?}", resolved(&second));
        assert!(!unseen(&second).is_empty());
        let known: BTreeSet<&str> = differences(&second)
            .into_iter()
            .chain(unseen(&second).iter().map(|past| past.fingerprint.as_str()))
            .collect();
        assert!(known.is_superset(&differences(&first)));
    }
}

#[test]
fn an_unread_or_absent_state_resolves_nothing() {
    let first = run(estate(), None, day(0));
    let mut unread = estate();
    for state in &mut unread.states {
        state.gap = Some(Gap::new("state", Cause::Malformed, "truncated"));
        state.resources = std::iter::empty().collect();
        state.facts.lineage = String::new();
    }
    let second = run(unread, Some(&first), day(1));
    assert!(resolved(&second).is_empty(), "{:#?}", resolved(&second));
    let managed = items(&first).filter(|item| item.state.is_some()).count();
    assert!(managed > 0 && unseen(&second).len() >= managed);
    assert!(unseen(&second).iter().all(|past| past.why.contains("could not be read")));
    let blind = run(estate(), Some(&second), day(200));
    assert!(items(&blind).all(|item| item.standing.as_ref().is_none_or(|one| one.age_s == 200 * 86_400)));
}

#[test]
fn a_moved_state_and_a_renamed_resource_are_no_news() {
    let first = run(estate(), None, day(0));
    let mut moved = estate();
    for state in &mut moved.states {
        state.facts.uri = "elsewhere.tfstate".into();
    }
    let moved = declared(moved, |resource| {
        let facts = resource.declared.as_mut().unwrap();
        facts.state = "elsewhere.tfstate".into();
        facts.address = facts.address.replace("module.web_usw2", "module.renamed");
    });
    let second = run(moved, Some(&first), day(1));
    let since = second.drift.as_ref().unwrap().since.clone().unwrap();
    assert!(items(&second).any(|item| item.address.as_deref().is_some_and(|a| a.contains("renamed"))));
    assert_eq!((since.new, since.resolved, since.unseen), (0, 0, 0), "{since:?} {:#?}", resolved(&second));
}

#[test]
fn a_resource_that_leaves_its_state_is_resolved_by_that() {
    let first = run(estate(), None, day(0));
    let mut left = estate();
    for state in &mut left.states {
        let stays = |resource: &Resource| resource.id() != "acme-orders";
        state.resources = state.resources.iter().filter(stays).collect();
    }
    let second = run(left, Some(&first), day(1));
    let gone: Vec<&Past> = resolved(&second).iter().filter(|past| past.id == "acme-orders").collect();
    assert_eq!(gone.len(), 2);
    assert!(gone.iter().all(|past| past.why.contains("does not hold it")));
    assert_eq!(item(&second, "acme-orders").class, "unmanaged");
    assert_eq!(state_of(&second, "acme-orders"), StandingState::New);
}

#[test]
fn a_result_of_another_estate_or_time_is_not_used_and_says_why() {
    let first = run(estate(), None, day(5));
    let note = |previous: &Document, as_of: OffsetDateTime| {
        let document = run(estate(), Some(previous), as_of);
        assert!(items(&document).all(|item| item.standing.is_none()) && unseen(&document).is_empty());
        document.drift.unwrap().since.unwrap().note.unwrap()
    };
    assert!(note(&first, day(4)).contains("later"));
    let mut other = first.clone();
    other.scope.accounts[0].id = "999999999999".into();
    assert!(note(&other, day(6)).contains("999999999999"));
    let mut other = first.clone();
    other.scope.states[0].uri = "other.tfstate".into();
    other.scope.states[0].lineage = "other".into();
    assert!(note(&other, day(6)).contains("other.tfstate"));
    let audit = Document { drift: None, ..first };
    assert!(note(&audit, day(6)).contains("no comparison"));
}

#[test]
fn a_difference_that_applying_does_not_end_is_told_once() {
    let id = "acme-orders";
    let applied = |days: &Value, serial: u64| {
        let mut snapshot = declared(estate(), |resource| {
            if resource.id() == id && resource.kind() == "aws_db_instance" {
                resource.put_raw("backup_retention_period", Slot::Known(days.clone()));
            }
        });
        snapshot.states[0].facts.serial = serial;
        snapshot
    };
    let first = run(applied(&json!(20), 10), None, day(0));
    let perpetual = |snapshot: Snapshot| run(snapshot, Some(&first), day(1)).drift.unwrap().perpetual;
    let found = perpetual(applied(&json!(21), 11));
    let [one] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((one.rule.as_str(), one.path.as_str()), ("N30", "backup_retention_period"));
    assert_eq!((one.serial_before, one.serial), (10, 11));
    // Nobody applied; the declared value stayed; the live value moved: each may still end.
    assert!(perpetual(applied(&json!(21), 10)).is_empty());
    assert!(perpetual(applied(&json!(20), 11)).is_empty());
    let moved = altered(applied(&json!(21), 11), id, "backup_retention_period", &json!(3));
    assert!(perpetual(moved).is_empty());
}

/// What loosens security is another difference when it opens further: what was accepted or known was less.
#[test]
fn what_opens_further_is_new_again() {
    let first = run(estate(), None, day(0));
    let opened = |item: &&DriftItem| item.kind == "aws_security_group" && item.class == "changed";
    let group = items(&first).find(opened).expect("a group that drifted").id.clone();
    let mut further = estate();
    let open = |resource: &mut Resource| {
        let mut rules = resource.raw("ingress").unwrap().clone();
        let known = rules.as_array().unwrap().iter().find(|rule| rule["from_port"] == 3389).unwrap().clone();
        let mut more = known.clone();
        (more["from_port"], more["to_port"]) = (json!(22), json!(22));
        rules.as_array_mut().unwrap().push(more);
        resource.put_raw("ingress", Slot::Known(rules));
    };
    for reading in &mut further.readings {
        let edit = |all: &mut Vec<Resource>| {
            all.iter_mut().filter(|resource| resource.id() == group).for_each(open);
        };
        reading.harvest.resources.edit(edit);
    }
    let second = run(further, Some(&first), day(1));
    assert_eq!(state_of(&second, &group), StandingState::New);
    let states = item(&second, &group).changes.iter().map(|change| change.standing.as_ref().unwrap().state);
    assert_eq!(
        states.collect::<BTreeSet<_>>(),
        BTreeSet::from([StandingState::New, StandingState::Continuing])
    );
    let policy = "days that logs are kept: less is looser, and still less is news";
    let kept = |days: u32| altered(estate(), "/acme/app", "retention_in_days", &json!(days));
    let first = run(kept(3), None, day(0));
    let second = run(kept(1), Some(&first), day(1));
    assert_eq!(state_of(&second, "/acme/app"), StandingState::New, "{policy}");
    assert!(resolved(&second).is_empty() && unseen(&second).is_empty(), "it did not get better");
}
