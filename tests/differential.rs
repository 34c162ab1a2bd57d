//! Terraform's own word on drift against ours: every `resource_drift` of genuine plans, attribute by attribute.
//!
//! Two sorts of live sides are used. The recorded estate was read by this program's collectors, so it shows what they
//! see. The other plans show the live side themselves: `prior_state` is what Terraform's refresh read, so there both
//! judge the very same facts.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stateward::audit::{Question, evaluate};
use stateward::check::StateFacts;
use stateward::fold;
use stateward::plan::Selection;
use stateward::profile::Profile;
use stateward::result::{Document, DriftChange, DriftItem, Run};
use stateward::snapshot::{FORMAT, RecordedAccount, RecordedState, Snapshot};
use stateward_model::kind::Form;
use stateward_model::{Address, Equality, GLOBAL, Harvest, Place, Reading, Resource, Scope, Slot, kinds};
use stateward_terraform::{Drifted, Places, Plan, read_plan, read_state};
use time::OffsetDateTime;

const ACCOUNT: &str = "123456789012";

/// One plan with its state and its live side.
struct Case {
    name: &'static str,
    plan: Plan,
    drift: Document,
    /// What Terraform says of each drifted instance, by address: before and after.
    values: BTreeMap<String, (Value, Value)>,
}

fn values(plan: &[u8]) -> BTreeMap<String, (Value, Value)> {
    let plan: Value = serde_json::from_slice(plan).expect("JSON");
    let drifted = plan["resource_drift"].as_array().expect("a list").iter();
    drifted
        .map(|one| {
            let address = one["address"].as_str().expect("an address").to_owned();
            (address, (one["change"]["before"].clone(), one["change"]["after"].clone()))
        })
        .collect()
}

fn unpack(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes).expect("a packed fixture")
}

fn cases() -> Vec<Case> {
    let refreshed = unpack(include_bytes!("fixtures/plans/refreshed.tfstate.zst"));
    vec![
        as_refreshed(
            "applied",
            include_bytes!("fixtures/baseline/planfile-refresh-only.json"),
            include_bytes!("fixtures/baseline/terraform.tfstate"),
        ),
        as_refreshed("refreshed", &unpack(include_bytes!("fixtures/plans/refreshed.json.zst")), &refreshed),
        as_refreshed("changed", &unpack(include_bytes!("fixtures/plans/drifted.json.zst")), &refreshed),
        as_recorded(
            "read live",
            include_bytes!("fixtures/estate/planfile-refresh-only-after-drift.json"),
            include_bytes!("../demo/estate.stw"),
        ),
    ]
}

/// The live side as Terraform's own refresh read it.
fn as_refreshed(name: &'static str, plan: &[u8], state: &[u8]) -> Case {
    let values = values(plan);
    let plan = read_plan("plan.json", plan).expect("a genuine plan");
    let state = read_state("terraform.tfstate", state).expect("a genuine state");
    let mut places = Places::default();
    state.resources.iter().for_each(|resource| places.observe(resource));
    let settled = state.resources.into_iter().map(|mut resource| {
        places.settle(&mut resource, ACCOUNT);
        resource
    });
    let declared: Vec<Resource> = settled.collect();
    let profile = Profile::built_in_default().expect("the profile");
    let regions: Vec<&str> = profile.regions.iter().map(|region| region.name.as_str()).collect();
    let readings = readings(live(&plan, &declared), &regions);
    let facts = StateFacts { uri: "terraform.tfstate".into(), ..StateFacts::default() };
    let recorded =
        RecordedState { facts, gap: None, outcome: "read".into(), resources: declared.into_iter().collect() };
    let snapshot = Snapshot {
        format: FORMAT.into(),
        recorded_by: "0".into(),
        as_of: "1970-01-01T00:00:00Z".into(),
        accounts: vec![RecordedAccount { id: ACCOUNT.into(), gap: None }],
        regions: vec![],
        readings: readings.into_iter().map(Into::into).collect(),
        operations: vec![],
        errors: vec![],
        wall_ms: 0,
        states: vec![recorded],
        configurations: vec![],
        trail: None,
    };
    Case { name, drift: drift(snapshot), plan, values }
}

fn as_recorded(name: &'static str, plan: &[u8], recording: &[u8]) -> Case {
    let values = values(plan);
    let plan = read_plan("plan.json", plan).expect("a genuine plan");
    let snapshot = Snapshot::from_reader("estate.stw", recording).expect("the recorded estate");
    Case { name, drift: drift(snapshot), plan, values }
}

fn drift(snapshot: Snapshot) -> Document {
    let profile = Profile::built_in_default().expect("the profile");
    let selection = Selection::default();
    let question = Question::drift(&profile, &selection, true).expect("a question");
    let run = Run { command: "drift".to_owned(), ..Run::default() };
    evaluate(snapshot, &question, OffsetDateTime::UNIX_EPOCH, run)
}

/// What `prior_state` holds, as collectors would bring it: parts are in their owners, and nothing says who declared it.
fn live(plan: &Plan, declared: &[Resource]) -> Vec<Resource> {
    let mut live: BTreeMap<Address, Resource> = fold::declared(plan.prior.clone(), vec![])
        .resources()
        .filter(|resource| kinds::satellite(resource.kind()).is_none())
        .cloned()
        .map(|mut resource| {
            resource.declared = None;
            (resource.address.clone(), resource)
        })
        .collect();
    // Where Terraform found a part gone, its owner has no such block.
    for part in declared.iter().filter(|part| plan.drifted.get(address_of(part)).is_some_and(|d| d.deleted)) {
        let Some((owner, satellite)) = kinds::satellite(part.kind()) else { continue };
        let Form::Block { attribute, .. } = satellite.form else { continue };
        let region = if owner.scope == Scope::Global { GLOBAL } else { part.region() };
        let id = (satellite.owner_id)(part).expect("a part of something");
        let address = Address { place: Place::new(ACCOUNT, region), kind: owner.name.into(), id };
        let owner = live.get_mut(&address).expect("an owner that lives");
        owner.put_raw(attribute, Slot::Known(Value::Null));
    }
    live.into_values().collect()
}

fn address_of(resource: &Resource) -> &str {
    resource.declared.as_ref().map(|facts| facts.address.as_str()).unwrap_or_default()
}

/// A whole reading of every kind in every place.
fn readings(live: Vec<Resource>, regions: &[&str]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for kind in kinds::all() {
        let regions = if kind.scope == Scope::Global { &[GLOBAL][..] } else { regions };
        for region in regions {
            let place = Place::new(ACCOUNT, *region);
            let here =
                live.iter().filter(|one| one.kind() == kind.name && one.address.place == place).cloned();
            let harvest = Harvest { resources: here.collect(), gaps: vec![] };
            let observed_at = "1970-01-01T00:00:00Z".to_owned();
            readings.push(Reading { kind: kind.name.into(), place, observed_at, harvest });
        }
    }
    readings
}

/// What became here of one attribute that Terraform reports.
struct Row {
    address: String,
    attribute: String,
    ours: String,
    rule: String,
}

fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// Tags and tags_all are one thing told twice.
fn same_attribute(path: &str, attribute: &str) -> bool {
    let plain = |name: &str| if name == "tags_all" { "tags" } else { name }.to_owned();
    plain(top(path)) == plain(attribute)
}

/// The items that speak of the attribute, each with the changes that do.
fn speaks<'a>(
    items: &'a [DriftItem],
    address: &str,
    attribute: &str,
) -> Vec<(&'a DriftItem, Vec<&'a DriftChange>)> {
    let stands = |item: &&DriftItem| {
        item.address.as_deref() == Some(address) || item.owner.as_deref() == Some(address)
    };
    let changes = |item: &'a DriftItem| {
        let changes = item.changes.iter().filter(|change| same_attribute(&change.path, attribute));
        (item, changes.collect::<Vec<_>>())
    };
    items.iter().filter(stands).map(changes).filter(|(_, changes)| !changes.is_empty()).collect()
}

fn row(case: &Case, address: &str, drifted: &Drifted, attribute: &str) -> Row {
    let drift = case.drift.drift.as_ref().expect("a comparison");
    let row = |ours: String, rule: String| Row {
        address: address.to_owned(),
        attribute: attribute.to_owned(),
        ours,
        rule,
    };
    let spoken = speaks(&drift.items, address, attribute);
    if let Some((item, _)) = spoken.first() {
        let changes: Vec<&DriftChange> = spoken.iter().flat_map(|(_, changes)| changes.clone()).collect();
        let (before, after) = &case.values[address];
        for change in changes.iter().filter(|change| change.path == attribute && item.owner.is_none()) {
            let scalar = !before[attribute].is_array() && !before[attribute].is_object();
            let same = (&change.declared, &change.live) == (&before[attribute], &after[attribute]);
            assert!(!scalar || same, "{}: {address}: {change:?}", case.name);
        }
        let paths: BTreeSet<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        let paths: Vec<String> = paths.into_iter().map(|path| format!("`{path}`")).collect();
        let rule = if changes.iter().all(|change| top(&change.path) == attribute) { "" } else { "N6" };
        let class = if item.owner.is_some() { "unmanaged part" } else { item.class.as_str() };
        return row(format!("{class}: {}", paths.join(", ")), rule.to_owned());
    }
    if let Some(rule) =
        drift.suppressed.iter().find(|one| one.address == address && top(&one.path) == attribute)
    {
        return row("suppressed".to_owned(), rule.rule.to_string());
    }
    let kind = kinds::find(&drifted.kind).unwrap_or_else(|| panic!("{} is not known", drifted.kind));
    match kind.attribute(attribute).map(|attr| attr.equality) {
        Some(Equality::Never(reason)) => row("not compared".to_owned(), format!("N5: {reason}")),
        _ => panic!("{}: nothing is said of {attribute} of {address}", case.name),
    }
}

/// Every attribute that Terraform reports, with what is said of it here.
fn rows(case: &Case) -> Vec<Row> {
    let drift = case.drift.drift.as_ref().expect("a comparison");
    let mut rows = Vec::new();
    for (address, drifted) in &case.plan.drifted {
        if drifted.deleted {
            let missing =
                |item: &&DriftItem| item.address.as_ref() == Some(address) && item.class == "missing";
            assert!(drift.items.iter().any(|item| missing(&item)), "{}: {address} is gone", case.name);
            rows.push(Row {
                address: address.clone(),
                attribute: "the whole".into(),
                ours: "missing".into(),
                rule: String::new(),
            });
            continue;
        }
        rows.extend(drifted.attributes.iter().map(|attribute| row(case, address, drifted, attribute)));
    }
    rows
}

/// What is said here and not by Terraform.
fn beyond(case: &Case) -> Vec<&DriftItem> {
    let drift = case.drift.drift.as_ref().expect("a comparison");
    let told = |item: &&DriftItem| {
        let Some(address) = item.address.as_ref().or(item.owner.as_ref()) else { return false };
        let Some(drifted) = case.plan.drifted.get(address) else { return false };
        let attributes = || drifted.attributes.iter();
        let seen = |path: &str| attributes().any(|attribute| same_attribute(path, attribute));
        match item.class.as_str() {
            "missing" => drifted.deleted,
            _ => item.changes.iter().all(|change| seen(&change.path)),
        }
    };
    drift.items.iter().filter(|item| !told(item)).collect()
}

#[test]
fn whatever_terraform_reports_is_reported_or_ruled_out_by_name() {
    for case in cases() {
        let rows = rows(&case);
        let reported: usize = case
            .plan
            .drifted
            .values()
            .map(|drifted| if drifted.deleted { 1 } else { drifted.attributes.len() })
            .sum();
        assert_eq!(rows.len(), reported, "{}", case.name);
        assert!(reported > 0, "{}", case.name);
    }
}

#[test]
fn whatever_is_reported_beyond_terraform_is_in_no_state_or_a_part() {
    for case in cases() {
        for item in beyond(&case) {
            assert_eq!(item.class, "unmanaged", "{}: {item:#?}", case.name);
            assert!(item.address.is_none(), "{}: {item:#?}", case.name);
        }
        let summary = &case.drift.drift.as_ref().expect("a comparison").summary;
        assert_eq!((summary.unknown, summary.ghost, summary.conflict), (0, 0, 0), "{}", case.name);
    }
}

#[test]
fn a_fresh_estate_is_in_sync_whatever_terraform_says() {
    for case in cases().iter().take(2) {
        let drift = case.drift.drift.as_ref().expect("a comparison");
        assert!(drift.items.is_empty(), "{}: {:#?}", case.name, drift.items);
        assert_eq!(drift.summary.in_sync, 128, "{}", case.name);
    }
}

/// One line of the table: all attributes of a resource of which the same is said.
#[derive(PartialEq)]
struct Line {
    resource: String,
    attributes: Vec<String>,
    terraform: &'static str,
    ours: String,
    rule: String,
    seen: Vec<&'static str>,
}

/// The table of the book: what several plans say stands once.
fn table(cases: &[Case]) -> String {
    let mut lines: Vec<Line> = Vec::new();
    let mut note = |line: Line| {
        let same = |known: &&mut Line| {
            (&known.resource, &known.attributes, &known.ours)
                == (&line.resource, &line.attributes, &line.ours)
        };
        match lines.iter_mut().find(same) {
            Some(known) => known.seen.extend(&line.seen),
            None => lines.push(line),
        }
    };
    for case in cases {
        for row in rows(case) {
            note(Line {
                resource: format!("`{}`", row.address),
                attributes: vec![row.attribute],
                terraform: "reported",
                ours: row.ours,
                rule: row.rule,
                seen: vec![case.name],
            });
        }
        for item in beyond(case) {
            let name = item.owner.as_ref().unwrap_or(&item.id);
            let class = if item.owner.is_some() { "unmanaged part" } else { item.class.as_str() };
            note(Line {
                resource: format!("{} `{name}`", item.kind),
                attributes: vec!["the whole".into()],
                terraform: "cannot see it",
                ours: class.to_owned(),
                rule: "in no state".into(),
                seen: vec![case.name],
            });
        }
    }
    let mut joined: Vec<Line> = Vec::new();
    for line in lines {
        let same = |known: &&mut Line| {
            (&known.resource, &known.ours, &known.rule, &known.seen)
                == (&line.resource, &line.ours, &line.rule, &line.seen)
        };
        match joined.iter_mut().find(same) {
            Some(known) => known.attributes.extend(line.attributes),
            None => joined.push(line),
        }
    }
    let mut table = String::from(
        "| Resource | Attribute | Terraform | Stateward | Rule | Seen |\n|---|---|---|---|---|---|\n",
    );
    for line in joined {
        let Line { resource, attributes, terraform, ours, rule, seen } = line;
        let (attributes, seen) = (attributes.join(", "), seen.join(", "));
        table.push_str(&format!("| {resource} | {attributes} | {terraform} | {ours} | {rule} | {seen} |\n"));
    }
    table
}

#[test]
#[allow(clippy::print_stdout, reason = "the comparison is to be seen where the test runs with --nocapture")]
fn the_table_of_the_book_is_what_the_comparison_says() {
    let table = table(&cases());
    println!("{table}");
    let page = include_str!("../docs/drift.md");
    assert!(page.contains(&table), "docs/drift.md should hold this table:\n\n{table}");
}
