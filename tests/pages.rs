//! Every page's cases are run against its check: the documentation is the test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use stateward::check::{Check, DriftFacts, Outcome, Severity, StateFacts, Subject, Verdict, View};
use stateward::drift::ignored::ConfigFacts;
use stateward::inventory::{Inventory, Side};
use stateward::profile::Profile;
use stateward_model::{Cause, GLOBAL, Gap, Harvest, Place, Reading, Resource, Scope, Slot, Wanted, kinds};

const ACCOUNT: &str = "123456789012";
const NOW: &str = "2026-01-02T03:04:05Z";

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Case {
    /// What is judged; for checks on every resource of a kind.
    resource: Option<Thing>,
    /// What else exists.
    others: Vec<Thing>,
    /// Listings that failed.
    gaps: Vec<Listing>,
    /// The region judged, for checks on regions.
    region: Option<String>,
    /// States, for checks on states.
    states: Vec<StateFacts>,
    /// What drift found.
    drift: Option<DriftFacts>,
    /// Configurations, for checks on configurations.
    configurations: Vec<ConfigFacts>,
    /// A profile layer as TOML text.
    profile: Option<String>,
    /// The audit's time.
    as_of: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    r#type: String,
    id: String,
    #[serde(default = "primary")]
    region: String,
    #[serde(default)]
    attributes: Map<String, Value>,
    #[serde(default)]
    unread: BTreeMap<String, Cause>,
}

fn primary() -> String {
    "us-west-2".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    r#type: String,
    #[serde(default = "primary")]
    region: String,
    cause: Cause,
}

fn place(kind: &str, region: &str) -> Place {
    let global = kinds::find(kind).is_some_and(|kind| kind.scope == Scope::Global);
    Place::new(ACCOUNT, if global { GLOBAL } else { region })
}

/// Policy documents stand in the cases as they read best, and in attributes as JSON text.
fn as_read(value: &Value) -> Value {
    match value {
        Value::Object(map) if map.contains_key("Statement") => Value::String(value.to_string()),
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), as_read(v))).collect()),
        Value::Array(items) => Value::Array(items.iter().map(as_read).collect()),
        other => other.clone(),
    }
}

fn resource(thing: &Thing) -> Resource {
    let kind = kinds::find(&thing.r#type).unwrap_or_else(|| panic!("no kind {}", thing.r#type));
    let mut resource = Resource::new(place(kind.name, &thing.region), kind.name, thing.id.clone());
    for (path, value) in &thing.attributes {
        assert!(kind.attribute(path).is_some(), "{} has no attribute {path}", kind.name);
        resource.put_raw(path.clone(), Slot::Known(as_read(value)));
    }
    for (path, cause) in &thing.unread {
        resource.put_raw(path.clone(), Slot::Unread(Gap::new("test:Call", *cause, "")));
    }
    resource
}

/// Every kind is taken as read whole in the three regions, with what the case names in it, but for its gaps.
fn inventory(case: &Case) -> Inventory {
    let mut readings: BTreeMap<(String, Place), Harvest> = BTreeMap::new();
    for kind in kinds::all().filter(|kind| !kind.listed_by.is_empty()) {
        for region in ["us-west-2", "us-east-1", "eu-west-1"] {
            readings.entry((kind.name.into(), place(kind.name, region))).or_default();
        }
    }
    for thing in case.resource.iter().chain(&case.others) {
        let resource = resource(thing);
        let key = (resource.kind().to_owned(), resource.address.place.clone());
        readings.entry(key).or_default().resources.push(resource);
    }
    for gap in &case.gaps {
        let key = (gap.r#type.clone(), place(&gap.r#type, &gap.region));
        readings.entry(key).or_default().gaps.push(Gap::new("test:List", gap.cause, ""));
    }
    let reading = |((kind, place), harvest)| Reading { kind, place, observed_at: NOW.to_owned(), harvest };
    Inventory::live(readings.into_iter().map(reading).collect())
}

fn run(check: &Check, case: &Case) -> Verdict {
    let names: Vec<String> = case.profile.iter().map(|_| "case.toml".to_owned()).collect();
    let profile = Profile::load(&names, |_| Ok(case.profile.clone().unwrap_or_default())).unwrap();
    let as_of = case.as_of.as_deref().unwrap_or(NOW);
    let as_of = time::OffsetDateTime::parse(as_of, &time::format_description::well_known::Rfc3339).unwrap();
    let inventory = inventory(case);
    let view = View {
        side: Side::Live,
        inventory: &inventory,
        profile: &profile,
        as_of,
        states: &case.states,
        drift: case.drift.as_ref(),
        configurations: &case.configurations,
        recovery: None,
    };
    let of_recovery = stateward::checks::OF_RECOVERY.contains(&check.id);
    let verified = of_recovery.then(|| stateward::recover::verify(view, &[]));
    let view = View { recovery: verified.as_ref(), ..view };
    match check.subject {
        Subject::Each(..)
        | Subject::EachIncludingExcluded(..)
        | Subject::EachOf(..)
        | Subject::EachOfIncludingExcluded(..)
        | Subject::Custom(..) => {
            let resource = resource(case.resource.as_ref().expect("a resource"));
            check.of_resource(&resource, &view).expect("it judges resources")
        }
        Subject::Region(evaluate) => evaluate(case.region.as_deref().unwrap_or("us-west-2"), &view),
        Subject::Estate(evaluate) => evaluate(&view),
        Subject::State(evaluate) => evaluate(case.states.first().expect("a state"), &view),
        Subject::Configuration(evaluate) => {
            evaluate(case.configurations.first().expect("a configuration"), &view)
        }
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Ok(Outcome::Pass) => "pass",
        Ok(Outcome::Fail(_)) => "fail",
        Ok(Outcome::FailAs(Severity::Low, _)) => "fail-low",
        Ok(Outcome::FailAs(Severity::Medium, _)) => "fail-medium",
        Ok(Outcome::FailAs(Severity::High, _)) => "fail-high",
        Ok(Outcome::FailAs(Severity::Critical, _)) => "fail-critical",
        Ok(Outcome::Partial(..)) => "partial",
        Ok(Outcome::NotApplicable(_) | Outcome::NotApplicableAs(_)) => "not-applicable",
        Err(_) => "unknown",
    }
}

/// The fenced blocks of a page whose info string is `json WORD`.
fn cases(page: &str) -> Vec<(String, String)> {
    let mut cases = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(expected) = line.strip_prefix("```json ") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        cases.push((expected.trim().to_owned(), body.join("\n")));
    }
    cases
}

#[test]
fn every_case_of_every_page_holds() {
    let mut ran = 0;
    let mut wrong = Vec::new();
    for check in stateward::checks::all() {
        for (number, (expected, body)) in cases(check.page).into_iter().enumerate() {
            let case: Case = serde_json::from_str(&body)
                .unwrap_or_else(|error| panic!("{} case {}: {error}", check.id, number + 1));
            let verdict = run(check, &case);
            if word(&verdict) != expected {
                wrong.push(format!("{} case {}: expected {expected}, got {verdict:?}", check.id, number + 1));
            }
            ran += 1;
        }
    }
    assert!(wrong.is_empty(), "{ran} cases run\n{}", wrong.join("\n"));
    assert!(ran >= 3 * stateward::checks::all().count());
}

#[test]
fn every_page_is_whole() {
    for check in stateward::checks::all() {
        for heading in ["Why", "What is checked", "Fix", "Cases"] {
            assert!(!check.section(heading).is_empty(), "{} lacks ## {heading}", check.id);
        }
        for way in ["**Console**", "**CLI**", "**Terraform**"] {
            assert!(check.section("Fix").contains(way), "{} lacks {way}", check.id);
        }
        assert!(check.page.starts_with(&format!("# {}: {}\n", check.id, check.title)), "{} title", check.id);
        let words: Vec<String> = cases(check.page).into_iter().map(|(word, _)| word).collect();
        assert!(words.len() >= 3, "{} has {} cases", check.id, words.len());
        for needed in ["pass", "fail", "unknown"] {
            let graded = needed == "fail" && words.iter().any(|word| word == "partial");
            assert!(graded || words.iter().any(|word| word == needed), "{} lacks a case {needed}", check.id);
        }
    }
}

#[test]
fn ids_and_aliases_are_unique() {
    let mut seen = std::collections::BTreeSet::new();
    for check in stateward::checks::all() {
        assert!(seen.insert(check.id.to_owned()), "{} twice", check.id);
        assert!(seen.insert(check.alias.to_owned()), "{} twice", check.alias);
    }
}

/// What a check says that it reads is all that it reads: with everything else taken away, no case changes.
#[test]
fn checks_read_only_what_they_declare() {
    let mut recovery = Wanted::default();
    stateward::recover::wanted(&mut recovery);
    for check in stateward::checks::all() {
        // An audit that makes one of these checks reads what a verification of recovery does.
        let verifies = stateward::checks::OF_RECOVERY.contains(&check.id)
            && check.id != stateward::checks::OF_AVAILABILITY;
        for (number, (expected, body)) in cases(check.page).into_iter().enumerate() {
            let mut case: Case = serde_json::from_str(&body).unwrap();
            let declared = |kind: &str, path: &str| {
                let reads = check.reads.iter().filter(|reads| reads.kind.name == kind);
                reads.flat_map(|reads| reads.attributes).any(|attr| attr.path == path)
                    || (verifies && recovery.has(kind, path))
            };
            for thing in case.resource.iter_mut().chain(&mut case.others) {
                let name = kinds::find(&thing.r#type).unwrap().name;
                thing.attributes.retain(|path, _| declared(name, path));
            }
            let verdict = run(check, &case);
            assert_eq!(
                word(&verdict),
                expected,
                "{} case {}: it reads more than it declares",
                check.id,
                number + 1
            );
        }
    }
}
