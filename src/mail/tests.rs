//! Tests of what is told, to whom and when.

use proptest::prelude::*;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::profile::{COMPONENT_KEYS, Level, Pattern};
use crate::report::mail::subject;
use crate::result::{Decision, Outcome, Service, Verdict, sample};

const NOW: OffsetDateTime = datetime!(2026-03-02 06:00 UTC);

fn profile() -> Profile {
    let mut profile = Profile::built_in_default().unwrap();
    profile.mail.name = "prod".to_owned();
    profile.mail.from = "stateward@acme.example".to_owned();
    profile
}

fn everything() -> MailRule {
    MailRule::everything("ops@acme.example".to_owned())
}

/// What is told of `new` after `old`, whose message is `hours` old.
fn told(
    old: Option<&Document>,
    new: &Document,
    rule: &MailRule,
    hours: i64,
) -> Option<(Occasion, Changes, String)> {
    let profile = profile();
    let estate = Estate::of(new, &profile);
    let components = components(crate::checks::all());
    let at = NOW - Duration::hours(hours);
    let before = old.map(slim);
    let told = before.as_ref().map(|document| Told { document, at });
    let telling = telling(
        Occurrence {
            estate: &estate,
            document: new,
            profile: &profile,
            components: &components,
            now: NOW,
            always: false,
        },
        rule,
        told,
    )?;
    Some((telling.occasion, telling.changes.clone(), subject(&telling)))
}

/// The sample, later and under another run.
fn later(document: &Document) -> Document {
    let mut later = document.clone();
    later.run.id = "another".to_owned();
    later.run.as_of = "2026-03-02T06:00:00Z".to_owned();
    later
}

/// One that could look at everything: what is not in it is gone.
fn all_seen(document: &Document) -> Document {
    let mut seen = document.clone();
    seen.collection.errors.clear();
    let kinds: Vec<String> =
        document.drift.iter().flat_map(|drift| &drift.items).map(|one| one.kind.clone()).collect();
    for kind in kinds {
        let Some(service) = stateward_model::kinds::find(&kind).map(|kind| kind.service) else { continue };
        if !seen.scope.services.iter().any(|one| one.name == service) {
            seen.scope.services.push(Service {
                name: service.to_owned(),
                outcome: Outcome::Read,
                resources: 1,
            });
        }
    }
    if let Some(drift) = &mut seen.drift {
        drift.unread_states.clear();
        drift.items.retain(|item| item.class != "unknown");
    }
    seen
}

fn without_items(document: &Document, gone: impl Fn(&DriftItem) -> bool) -> Document {
    let mut less = document.clone();
    if let Some(drift) = &mut less.drift {
        drift.items.retain(|item| !gone(item));
    }
    less
}

fn changed(item: &DriftItem) -> bool {
    item.class == "changed"
}

#[test]
fn the_first_message_tells_what_stands() {
    let document = sample::no_go();
    let (occasion, changes, subject) = told(None, &document, &everything(), 0).unwrap();
    assert_eq!(occasion, Occasion::First);
    assert!(changes.is_empty());
    assert!(
        subject.starts_with("stateward prod: first report, ") && subject.ends_with(", NO-GO"),
        "{subject}"
    );
    let (_, _, clean) = told(None, &sample::drift_clean(), &everything(), 0).unwrap();
    assert_eq!(clean, "stateward prod: first report, NO DRIFT");
}

#[test]
fn what_is_new_and_loosens_is_told_at_once() {
    let new = all_seen(&sample::no_go());
    let old = without_items(&new, |item| item.label.as_deref() == Some(LOOSENING));
    let (occasion, changes, subject) = told(Some(&old), &later(&new), &everything(), 0).unwrap();
    assert_eq!(occasion, Occasion::Change);
    assert!(!changes.new.is_empty() && changes.resolved.is_empty());
    let (number, loosening) = (objects(&changes.new).len(), changes.loosening());
    assert!(loosening > 0);
    let expected =
        format!("stateward prod: {}, {loosening} loosening, NO-GO", words::count(number, "new drift"));
    assert_eq!(subject, expected);
}

#[test]
fn the_same_again_says_nothing_until_the_digest_and_the_heartbeat() {
    let document = sample::no_go();
    let again = later(&document);
    let occasion = |document: &Document, again: &Document, hours| {
        told(Some(document), again, &everything(), hours).map(|(occasion, ..)| occasion)
    };
    assert_eq!(occasion(&document, &again, 0), None);
    assert_eq!(occasion(&document, &again, 22), None);
    assert_eq!(
        occasion(&document, &again, 23),
        Some(Occasion::Digest),
        "a daily run is not always a day after the last"
    );
    let clean = sample::drift_clean();
    assert_eq!(occasion(&clean, &later(&clean), 48), None, "nothing stands, so there is no digest");
    assert_eq!(occasion(&clean, &later(&clean), 24 * 7), Some(Occasion::Heartbeat));
    let never = MailRule {
        digest: Some(std::time::Duration::ZERO),
        heartbeat: Some(std::time::Duration::ZERO),
        ..everything()
    };
    assert_eq!(told(Some(&document), &again, &never, 24 * 365), None);
}

#[test]
fn what_is_repaired_is_resolved_and_what_cannot_be_seen_is_not() {
    let old = all_seen(&sample::no_go());
    let new = later(&without_items(&old, changed));
    let (_, changes, subject) = told(Some(&old), &new, &everything(), 0).unwrap();
    assert!(!changes.resolved.is_empty() && changes.unseen.is_empty());
    assert!(subject.contains(&format!("{} resolved", objects(&changes.resolved).len())), "{subject}");
    let mut blind = new.clone();
    let unread: Vec<String> = old.scope.states.iter().map(|state| state.uri.clone()).collect();
    blind.drift.as_mut().unwrap().unread_states = unread;
    let (occasion, changes, subject) = told(Some(&old), &blind, &everything(), 0).unwrap();
    assert_eq!(occasion, Occasion::Change);
    assert!(changes.resolved.is_empty() && !changes.unseen.is_empty());
    assert!(subject.contains("no longer seen") && !subject.contains("resolved"), "{subject}");
}

#[test]
fn a_run_whose_message_was_never_made_is_told_with_the_next() {
    let before = without_items(&all_seen(&sample::no_go()), changed);
    let found = all_seen(&sample::no_go());
    let continuing = later(&found);
    let (_, changes, _) = told(Some(&before), &continuing, &everything(), 0).unwrap();
    assert!(!changes.new.is_empty(), "it is old to the run before, and new to who reads");
}

#[test]
fn a_result_that_is_older_than_what_was_told_is_no_news() {
    let found = later(&all_seen(&sample::no_go()));
    let before = without_items(&all_seen(&sample::no_go()), changed);
    assert_eq!(told(Some(&found), &before, &everything(), 24 * 30), None);
}

#[test]
fn what_a_result_says_it_could_not_see_is_neither_resolved_nor_told_twice() {
    // An item that stood then, and that the later run could not see.
    let old = all_seen(&sample::no_go());
    let gone = |item: &DriftItem| item.class == "missing" && item.region == "us-west-2";
    let mut new = later(&without_items(&old, gone));
    let memory = crate::drift::time::Memory::of(&old);
    let past = memory
        .stood()
        .map(|(_, past)| past)
        .find(|past| past.class == "missing" && past.region == "us-west-2");
    let past = past.unwrap().clone();
    new.drift.as_mut().unwrap().unseen.push(past.clone());
    let (occasion, changes, _) = told(Some(&old), &new, &everything(), 0).unwrap();
    assert_eq!(occasion, Occasion::Change);
    assert_eq!(changes.unseen.iter().map(|one| &one.fingerprint).collect::<Vec<_>>(), [&past.fingerprint]);
    assert!(changes.resolved.is_empty() && changes.new.is_empty());
    assert_eq!(told(Some(&new), &later(&new), &everything(), 0), None, "it was told");
}

#[test]
fn accepted_drift_is_not_news() {
    let document = sample::over_time();
    let accepted: Vec<&DriftItem> =
        document.drift.iter().flat_map(|drift| &drift.items).filter(|item| item.accepted.is_some()).collect();
    assert!(!accepted.is_empty());
    let old = without_items(&document, |item| item.accepted.is_some());
    assert_eq!(
        told(Some(&old), &later(&document), &everything(), 0).map(|(_, changes, _)| changes.new),
        None
    );
}

#[test]
fn another_verdict_is_told_even_where_nothing_else_is() {
    let old = sample::go();
    let mut new = later(&old);
    new.verdict =
        Some(Verdict { decision: Decision::NoGo, reasons: vec!["it is late".to_owned()], waivers_used: 0 });
    let (occasion, _, subject) = told(Some(&old), &new, &everything(), 0).unwrap();
    assert_eq!((occasion, subject.as_str()), (Occasion::Change, "stateward prod: NO-GO (was GO)"));
    let drift_alone = MailRule { only: Some(MailPart::Drift), ..everything() };
    assert_eq!(told(Some(&old), &new, &drift_alone, 0), None);
}

#[test]
fn what_can_no_longer_be_read_is_told_though_nothing_is_found() {
    let old = sample::drift_clean();
    let mut new = later(&old);
    let mut error = sample::no_go().collection.errors.remove(0);
    error.affects.attribution = false;
    error.affects.types.insert("aws_s3_bucket".to_owned());
    let region = error.region.clone();
    new.collection.errors.push(error);
    let (occasion, changes, subject) = told(Some(&old), &new, &everything(), 0).unwrap();
    assert_eq!((occasion, changes.unread), (Occasion::Change, 1));
    assert_eq!(subject, "stateward prod: 1 no longer read, NO DRIFT FOUND, NOT ALL READ (was NO DRIFT)");
    assert_eq!(told(Some(&new), &later(&new), &everything(), 0), None, "it was told");
    let elsewhere = MailRule { regions: vec![Pattern::new(format!("not-{region}"))], ..everything() };
    let (_, changes, _) = told(Some(&old), &new, &elsewhere, 0).unwrap();
    assert_eq!(changes.unread, 0, "the answer alone, which is of the whole estate");
}

#[test]
fn a_failure_that_is_new_is_told_with_its_component() {
    let new = later(&sample::no_go());
    let mut old = sample::no_go();
    let failing = old.findings.iter_mut().find(|one| one.status == Status::Fail).unwrap();
    failing.status = Status::Pass;
    let component = failing.component.clone();
    let (_, changes, subject) = told(Some(&old), &new, &everything(), 0).unwrap();
    assert_eq!(changes.failing.len(), 1);
    assert!(subject.contains("1 new failure, "), "{subject}");
    let (_, changes, subject) = told(Some(&sample::no_go()), &later(&old), &everything(), 0).unwrap();
    assert_eq!(changes.fixed.len(), 1);
    assert!(subject.contains("1 fixed, "), "{subject}");
    for key in COMPONENT_KEYS {
        let rule = MailRule { components: vec![key.to_owned()], ..everything() };
        assert_eq!(told(Some(&old), &new, &rule, 0).is_some(), key == component, "{key}");
    }
}

#[test]
fn an_estate_is_known_by_its_name_or_by_what_was_asked() {
    let mut profile = profile();
    let document = sample::no_go();
    let named = Estate::of(&document, &profile);
    assert_eq!(named, Estate::of(&sample::go(), &profile));
    profile.mail.name.clear();
    profile.history.estate = "prod".to_owned();
    assert_eq!(named, Estate::of(&document, &profile));
    profile.history.estate.clear();
    let by_accounts = Estate::of(&document, &profile);
    assert_eq!(by_accounts.name, "acme-production (123456789012)");
    assert_ne!(by_accounts.key, named.key);
    assert_eq!(by_accounts, Estate::of(&later(&document), &profile));
}

#[test]
fn a_rule_is_known_by_whom_it_reaches_and_what_it_lets_through() {
    let estate = Estate::of(&sample::no_go(), &profile());
    let key = |rule: &MailRule| rule_key(&estate, "audit", rule);
    let to = |to: &[&str]| MailRule {
        to: to.iter().map(|one| (*one).to_owned()).collect(),
        ..MailRule::default()
    };
    assert_eq!(key(&to(&["a@b.example", "c@d.example"])), key(&to(&["C@d.example", "a@b.example"])));
    assert_ne!(key(&to(&["a@b.example"])), key(&to(&["a@b.example", "c@d.example"])));
    let narrowed = MailRule { severity: Some(Level::High), ..to(&["a@b.example"]) };
    assert_ne!(key(&narrowed), key(&to(&["a@b.example"])));
    let often = MailRule { digest: Some(std::time::Duration::from_secs(60)), ..narrowed.clone() };
    assert_eq!(key(&often), key(&narrowed), "how often is no other message");
    assert_ne!(rule_key(&estate, "drift", &narrowed), key(&narrowed));
}

fn rule() -> impl Strategy<Value = MailRule> {
    let level = prop_oneof![Just(Level::Low), Just(Level::Medium), Just(Level::High), Just(Level::Critical)];
    let region = prop::sample::select(vec!["us-*", "eu-west-1", "global", "*", "none"]);
    let address = prop::sample::select(vec!["module.orders.*", "aws_*", "*", "sg-*", "none"]);
    let part = prop_oneof![Just(MailPart::Drift), Just(MailPart::Brief)];
    (
        prop::option::of(level),
        prop::collection::vec(region, 0..3),
        prop::collection::vec(address, 0..3),
        prop::sample::subsequence(COMPONENT_KEYS.to_vec(), 0..4),
        prop::option::of(part),
    )
        .prop_map(|(severity, regions, addresses, components, only)| MailRule {
            severity,
            regions: regions.into_iter().map(Pattern::new).collect(),
            addresses: addresses.into_iter().map(Pattern::new).collect(),
            components: components.into_iter().map(str::to_owned).collect(),
            only,
            ..everything()
        })
}

/// Fingerprints of drift, and of findings.
type Prints = (Vec<String>, Vec<String>);

/// What a rule lets through of what stands.
fn through(document: &Document, rule: &MailRule) -> Prints {
    let profile = profile();
    let estate = Estate::of(document, &profile);
    let components = components(crate::checks::all());
    let telling = telling(
        Occurrence {
            estate: &estate,
            document,
            profile: &profile,
            components: &components,
            now: NOW,
            always: false,
        },
        rule,
        None,
    )
    .unwrap();
    let drift = telling.drift.iter().map(|item| item.fingerprint.clone()).collect();
    (drift, telling.findings.iter().map(|finding| finding.fingerprint.clone()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_rule_never_lets_more_through_than_any_of_its_parts(rule in rule()) {
        let document = sample::no_go();
        let whole = through(&document, &rule);
        let parts = [
            MailRule { severity: rule.severity, ..everything() },
            MailRule { regions: rule.regions.clone(), ..everything() },
            MailRule { addresses: rule.addresses.clone(), ..everything() },
            MailRule { components: rule.components.clone(), ..everything() },
            MailRule { only: rule.only, ..everything() },
        ];
        let all = through(&document, &everything());
        let each: Vec<_> = parts.iter().map(|part| through(&document, part)).collect();
        let in_each = |print: &String, of: fn(&Prints) -> &Vec<String>| {
            each.iter().all(|part| of(part).contains(print))
        };
        // It is exactly what every one of them lets through.
        let drift: Vec<String> = all.0.iter().filter(|print| in_each(print, |part| &part.0)).cloned().collect();
        let findings: Vec<String> = all.1.iter().filter(|print| in_each(print, |part| &part.1)).cloned().collect();
        prop_assert_eq!(whole, (drift, findings));
    }

    #[test]
    fn nothing_is_told_twice_and_nothing_that_is_new_is_left_out(rule in rule(), hidden in prop::collection::vec(any::<bool>(), 40)) {
        let new = all_seen(&sample::no_go());
        let mut at = 0;
        let mut old = new.clone();
        if let Some(drift) = &mut old.drift {
            drift.items.retain(|_| {
                at += 1;
                !hidden.get(at - 1).copied().unwrap_or(false)
            });
        }
        let again = later(&new);
        // Held against itself there is no change, whatever the rule.
        prop_assert!(told(Some(&new), &again, &rule, 0).is_none());
        let changes = told(Some(&old), &again, &rule, 0).map(|(_, changes, _)| changes).unwrap_or_default();
        let (drift, _) = through(&new, &rule);
        let was: Vec<&DriftItem> = old.drift.iter().flat_map(|drift| &drift.items).collect();
        for item in new.drift.iter().flat_map(|drift| &drift.items) {
            let is_news = drift.contains(&item.fingerprint) && !was.contains(&item);
            let is_told = changes.new.iter().any(|one| item_of(&new, one) == Some(item));
            prop_assert_eq!(is_told, is_news, "{} {}", &item.class, words::item_title(item));
        }
    }
}
