use crate::diff::compare;
use crate::drift::time::Memory;
use crate::report::Look;
use crate::report::comparison::COMPARISON_FORMATS;
use crate::result::{Document, DriftComparison, DriftItem, Outcome, Past, Standing, StandingState, sample};

fn drift(old: &Document, new: &Document) -> DriftComparison {
    compare(old, new).drift.unwrap()
}

/// The earlier result, and a later one without one of its items, which has a place, a type and a state.
fn one_gone() -> (Document, Document, DriftItem) {
    let mut old = sample::no_go();
    for (at, state) in old.scope.states.iter_mut().enumerate() {
        state.lineage = format!("lineage-{at}");
    }
    let mut new = old.clone();
    let items = &mut new.drift.as_mut().unwrap().items;
    let at = items.iter().position(|item| item.class == "missing" && item.state.is_some()).unwrap();
    let gone = items.remove(at);
    new.collection.errors.clear();
    new.drift.as_mut().unwrap().unread_states.clear();
    // The sample's type belongs to a service that its scope need not name.
    let service = stateward_model::kinds::find(&gone.kind).unwrap().service;
    if !new.scope.services.iter().any(|one| one.name == service) {
        let (name, outcome) = (service.to_owned(), Outcome::Read);
        new.scope.services.push(crate::result::Service { name, outcome, resources: 1 });
    }
    (old, new, gone)
}

#[test]
fn what_the_later_result_looked_for_in_vain_is_resolved() {
    let (old, new, gone) = one_gone();
    let change = drift(&old, &new);
    assert_eq!(change.resolved.len(), 1);
    assert_eq!((&change.resolved[0].address, &change.resolved[0].id), (&gone.address, &gone.id));
    assert!(change.new.is_empty() && change.returned.is_empty() && change.unseen.is_empty());
    let back = drift(&new, &old);
    assert_eq!((back.new.len(), back.resolved.len()), (1, 0));
    assert_eq!(back.continuing, change.continuing);
}

#[test]
fn what_the_later_result_could_not_look_at_is_not_resolved() {
    let (old, new, gone) = one_gone();
    type Blind<'a> = &'a dyn Fn(&mut Document);
    let blinded: [(&str, Blind); 7] = [
        ("another account", &|new| new.scope.accounts[0].id = "999999999999".into()),
        ("another region", &|new| new.scope.regions.retain(|region| region.name != gone.region)),
        ("another state", &|new| new.scope.states.retain(|state| Some(&state.uri) != gone.state.as_ref())),
        ("a state that was not read", &|new| {
            new.drift.as_mut().unwrap().unread_states.extend(gone.state.clone());
        }),
        ("a type that was not read", &|new| {
            let mut error = sample::no_go().collection.errors.remove(0);
            (error.account, error.region) = (gone.account.clone(), gone.region.clone());
            error.affects.types.insert(gone.kind.clone());
            error.affects.attribution = false;
            new.collection.errors.push(error);
        }),
        ("what it says that it could not see", &|new| {
            let known = Memory::of(&old);
            let past = known.stood().find(|(_, past)| past.id == gone.id && past.class == gone.class);
            let past = Past { why: "not read".into(), ..past.unwrap().1.clone() };
            new.drift.as_mut().unwrap().unseen.push(past);
        }),
        ("an instance that was not compared", &|new| {
            let item = DriftItem { class: "unknown".into(), fingerprint: "u".into(), ..gone.clone() };
            new.drift.as_mut().unwrap().items.push(item);
        }),
    ];
    for (name, blind) in blinded {
        let mut later = new.clone();
        blind(&mut later);
        let change = drift(&old, &later);
        assert!(change.resolved.iter().all(|one| one.id != gone.id), "{name}");
        let unseen = change.unseen.iter().find(|one| one.id == gone.id && one.class == gone.class);
        assert!(unseen.is_some_and(|one| one.why.as_ref().is_some_and(|why| !why.is_empty())), "{name}");
    }
}

#[test]
fn what_a_run_proved_against_the_earlier_result_is_told_as_it_proved_it() {
    let mut new = sample::over_time();
    let items = &mut new.drift.as_mut().unwrap().items;
    let changed = items.iter_mut().find(|item| item.class == "changed").unwrap();
    let returned = Standing { state: StandingState::Returned, ..changed.standing.clone().unwrap() };
    changed.changes[0].standing = Some(returned);
    let since = new.drift.as_ref().unwrap().since.clone().unwrap();
    let mut old = sample::no_go();
    old.run.id = since.run.clone();
    let change = drift(&old, &new);
    assert_eq!(change.new.len() + change.returned.len(), count(&new, true));
    assert_eq!(change.returned.len(), 1);
    for past in &change.unseen {
        assert!(new.drift.as_ref().unwrap().unseen.iter().any(|one| one.fingerprint == past.fingerprint));
    }
}

/// Differences of a document that its run called new or returned.
fn count(document: &Document, fresh: bool) -> usize {
    let items = document.drift.iter().flat_map(|drift| &drift.items).filter(|item| item.class != "unknown");
    let standings = items.flat_map(|item| match item.class.as_str() {
        "changed" => item.changes.iter().map(|change| change.standing.as_ref()).collect(),
        _ => vec![item.standing.as_ref()],
    });
    standings.filter(|one| one.is_some_and(|one| (one.state == StandingState::Continuing) != fresh)).count()
}

#[test]
fn every_format_tells_the_same_and_lets_nothing_break_out() {
    for (name, old, new) in [
        ("better", sample::no_go(), sample::go()),
        ("worse", sample::go(), sample::undetermined()),
        ("drift-only", sample::drift_only(), sample::drift_clean()),
        ("hostile", sample::go(), sample::hostile()),
    ] {
        let comparison = compare(&old, &new);
        for format in COMPARISON_FORMATS {
            let text = (format.render)(&comparison, &Look::default()).unwrap();
            assert!(text.ends_with('\n') && !text.contains('\u{1b}'), "{}: {name}", format.name);
            assert!(format.name == "json" || !text.contains('\u{202e}'), "{}: {name}", format.name);
            if name != "hostile" && format.name != "json" {
                insta::assert_snapshot!(format!("{name}-{}", format.name), text);
            }
        }
        let text = comparison.to_json().unwrap();
        assert_eq!(serde_json::from_str::<crate::result::Comparison>(&text).unwrap(), comparison, "{name}");
    }
}

#[test]
fn the_schema_admits_what_is_written() {
    let schema = serde_json::from_str(include_str!("../../docs/comparison.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut value = serde_json::to_value(compare(&sample::no_go(), &sample::go())).unwrap();
    let faults: Vec<String> = validator.iter_errors(&value).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    value["score"]["parts"] = serde_json::json!([{ "cause": "splendid" }]);
    assert!(!validator.is_valid(&value), "a schema that admits anything proves nothing");
}
