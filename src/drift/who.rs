//! Who changed it: which events to look up, and which of them explains a difference (drift.md §7). Never a guess.

mod subject;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use stateward_model::Resource;
use stateward_model::kinds::lambda::function;
use stateward_model::trail::table::{self, Effect, Row};
use stateward_model::trail::{
    Actor, ActorKind, Agent, DAYS, Held, LookedUp, Lookup, LookupOutcome, Request, Trail, TrailEvent,
};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::drift::controller::is_publication;
use crate::drift::fresh::is_fresh;
use crate::drift::{Class, Drift, Item, ItemChange, Label, Suppressed, in_order};
use crate::live::LiveSide;
use crate::profile::{Pattern, any_matches};
pub use subject::{Subject, is_asked};

/// The rule of what pipelines publish.
const PUBLISHED: &str = "N15";

/// How sure it is that an event made a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Nothing was found.
    None,
    /// An event that writes to the same resource, and may or may not touch what differs.
    Possible,
    /// The right event on the right resource.
    Likely,
    /// The request held the value that is live.
    Certain,
}

impl Confidence {
    /// The word in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// Who made a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// How sure it is.
    pub confidence: Confidence,
    /// The event, where one was found.
    pub act: Option<Act>,
    /// Why nothing was found, or what to make of it.
    pub reason: Option<String>,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When, RFC 3339.
    pub time: String,
    /// Who: a user, `role/session`, a person with the permission set, a service.
    pub actor: String,
    /// What sort of identity.
    pub kind: ActorKind,
    /// The service through which it was done.
    pub through: Option<String>,
    /// The event.
    pub event: String,
    /// The service that was called, as events name it.
    pub source: String,
    /// From where.
    pub address: Option<String>,
    /// With what.
    pub agent: Agent,
    /// True for a role of the pipeline.
    pub pipeline: bool,
    /// The attributes that the event explains; empty for an object as a whole.
    pub paths: Vec<String>,
}

/// The time to look at, and how to speak of what is found.
pub struct Scene<'a> {
    /// Now.
    pub as_of: OffsetDateTime,
    /// When states were written, RFC 3339, by their URI, where that is known.
    pub written: BTreeMap<String, String>,
    /// The region that has the events of global services.
    pub home: String,
    /// Roles of pipelines.
    pub pipeline_roles: &'a [Pattern],
    /// The key of pseudonyms, where persons and addresses get one.
    pub pseudonyms: Option<Vec<u8>>,
}

impl Scene<'_> {
    /// From when on an event can have made the item: what a state says was true when it was written.
    fn since(&self, item: &Item) -> (String, bool) {
        let oldest = stamp(self.as_of - Duration::days(DAYS));
        let written = item.state.as_ref().and_then(|state| self.written.get(state));
        // A part that no state has may have been there when the state was written.
        match written.filter(|written| item.class != Class::Unmanaged && **written > oldest) {
            Some(written) => (written.clone(), true),
            None => (oldest, false),
        }
    }

    fn until(&self) -> String {
        stamp(self.as_of)
    }
}

/// The region that has the events of global services, for an estate with these regions (AWS CloudTrail user guide,
/// "Global service events").
pub fn home_of_global_services(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "cn-north-1",
        _ if region.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

fn stamp(time: OffsetDateTime) -> String {
    let whole = time.to_offset(UtcOffset::UTC).replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}

/// What to look up, gravest first, each resource once.
pub fn lookups(drift: &Drift, declared: impl Iterator<Item = Resource>, scene: &Scene) -> Vec<Lookup> {
    let subjects = subject::subjects(drift, declared);
    let mut order: Vec<(usize, &Subject)> =
        subjects.iter().map(|(index, subject)| (*index, subject)).collect();
    order.sort_by_key(|(index, _)| (urgency(&drift.items[*index]), *index));
    let mut lookups: Vec<Lookup> = Vec::new();
    for (index, subject) in order {
        let (since, _) = scene.since(&drift.items[index]);
        let place = subject.looked_up_in(&scene.home);
        let same = |known: &&mut Lookup| {
            known.place == place && known.by == subject.by && known.names == subject.names
        };
        match lookups.iter_mut().find(same) {
            Some(known) => known.since = since.min(known.since.clone()),
            None => lookups.push(Lookup {
                place,
                by: subject.by,
                names: subject.names.clone(),
                since,
                until: scene.until(),
            }),
        }
    }
    lookups
}

fn urgency(item: &Item) -> u8 {
    match (item.label(), item.class) {
        (Some(Label::Loosening), _) => 0,
        (_, Class::Missing) => 1,
        (_, Class::Changed) => 2,
        _ => 3,
    }
}

/// N15: what roles of pipelines published is theirs, where an event says so of this very change. Nothing that events do
/// not tell is taken for a pipeline's.
pub fn publications(drift: &mut Drift, live: &dyn LiveSide, trail: &Trail, scene: &Scene) {
    for mut item in std::mem::take(&mut drift.items) {
        let address = item.address.clone().unwrap_or_default();
        for index in published(&item) {
            let owned = is_by_pipeline(&item, index, live, trail, scene);
            let change = &mut item.changes[index];
            if owned {
                (change.label, change.note) = (Label::ControllerOwned, None);
                let (rule, path) = (PUBLISHED.into(), change.path.as_str().into());
                drift.suppressed.push(Suppressed { rule, address: address.as_str().into(), path });
            } else if !scene.pipeline_roles.is_empty() {
                // It has been asked: who made it, or why nobody knows, stands beside.
                change.note = None;
            }
        }
        drift.settle(item);
    }
    drift.items.sort_by(in_order);
    drift.in_sync.sort();
    drift.suppressed.sort();
    drift.suppressed.dedup();
}

/// The changes of an item that a pipeline may have published.
fn published(item: &Item) -> Vec<usize> {
    let is_one = |(_, change): &(usize, &ItemChange)| is_publication(&item.identity.kind, change);
    match item.class {
        Class::Changed => item.changes.iter().enumerate().filter(is_one).map(|(index, _)| index).collect(),
        _ => Vec::new(),
    }
}

/// True where the event that explains the change is a pipeline's: the latest of those that explain it best. While a later
/// one may be on its way, or was not looked for, nobody knows.
fn is_by_pipeline(item: &Item, index: usize, live: &dyn LiveSide, trail: &Trail, scene: &Scene) -> bool {
    let Some(subject) = subject::of_whole(item) else { return false };
    let read = lookup_of(&subject, trail, scene)
        .is_some_and(|lookup| matches!(lookup.outcome, LookupOutcome::Read | LookupOutcome::Cut));
    let settled = live.find(&item.identity).and_then(|resource| touched_at(&resource));
    if !read || settled.is_none_or(|moment| is_fresh(moment, scene.as_of)) {
        return false;
    }
    let alone = Item { changes: vec![item.changes[index].clone()], ..item.clone() };
    best(&alone, &subject, trail, scene).is_some_and(|(explained, event)| {
        explained.confidence >= Confidence::Likely && is_of_pipeline(&event.actor, scene)
    })
}

/// When a function was last touched; Lambda writes `2026-03-01T10:00:00.000+0000`.
fn touched_at(function: &Resource) -> Option<OffsetDateTime> {
    let text = function.get(&function::LAST_MODIFIED).ok().flatten()?;
    let text = text.strip_suffix("+0000").map_or(text.clone(), |moment| format!("{moment}Z"));
    OffsetDateTime::parse(&text, &Rfc3339).ok()
}

fn is_of_pipeline(actor: &Actor, scene: &Scene) -> bool {
    actor.kind == ActorKind::Role && any_matches(scene.pipeline_roles, &actor.name)
}

/// Says of every item that is asked for who made it, as far as the events tell.
pub fn attribute(drift: &mut Drift, declared: impl Iterator<Item = Resource>, trail: &Trail, scene: &Scene) {
    let mut subjects = subject::subjects(drift, declared);
    for (index, item) in drift.items.iter_mut().enumerate().filter(|(_, item)| is_asked(item)) {
        item.who = Some(match subjects.remove(&index) {
            Some(subject) => of_item(item, &subject, trail, scene),
            None => nobody("CloudTrail has no name for it".to_owned()),
        });
    }
}

fn nobody(reason: String) -> Who {
    Who { confidence: Confidence::None, act: None, reason: Some(reason) }
}

fn of_item(item: &Item, subject: &Subject, trail: &Trail, scene: &Scene) -> Who {
    match best(item, subject, trail, scene) {
        Some((explained, event)) => found(item, &explained, event, scene),
        None => nobody(why_nobody(subject, trail, scene, &scene.since(item))),
    }
}

/// The event that explains an item best; of several as good, the latest.
fn best<'a>(
    item: &Item,
    subject: &Subject,
    trail: &'a Trail,
    scene: &Scene,
) -> Option<(Explained, &'a TrailEvent)> {
    let (since, until) = (scene.since(item), scene.until());
    let in_time = |event: &&TrailEvent| event.time >= since.0 && event.time <= until;
    trail
        .events
        .iter()
        .filter(in_time)
        .filter(|event| !event.read_only && event.error.is_none() && !is_rehearsal(event))
        .filter(|event| subject.is_of(event))
        .filter_map(|event| Some((explain(item, subject, event)?, event)))
        .max_by(|(a, earlier), (b, later)| {
            let rank = |of: &Explained| (of.confidence, of.gravest(item));
            rank(a).cmp(&rank(b)).then_with(|| (&earlier.time, &earlier.id).cmp(&(&later.time, &later.id)))
        })
}

/// A dry run succeeds and changes nothing.
fn is_rehearsal(event: &TrailEvent) -> bool {
    let dry = |request: &Request| request.holds("dry_run", &Value::Bool(true)) == Held::Value;
    event.request.as_ref().is_some_and(dry)
}

fn lookup_of<'a>(subject: &Subject, trail: &'a Trail, scene: &Scene) -> Option<&'a LookedUp> {
    let place = subject.looked_up_in(&scene.home);
    let same = |one: &&LookedUp| one.place == place && one.by == subject.by && one.names == subject.names;
    trail.lookups.iter().find(same)
}

fn why_nobody(subject: &Subject, trail: &Trail, scene: &Scene, since: &(String, bool)) -> String {
    match (lookup_of(subject, trail, scene).map(|lookup| &lookup.outcome), since) {
        (None, _) => "not looked up when the estate was read".to_owned(),
        (Some(LookupOutcome::Gap(gap)), _) => gap.to_string(),
        (Some(LookupOutcome::Budget), _) => {
            "the lookups of this run were used up before (collection.attribution_lookups)".to_owned()
        }
        (Some(LookupOutcome::Cut), _) => {
            "not among its newest events; the older ones were not read".to_owned()
        }
        (Some(LookupOutcome::Read), (since, true)) => {
            format!("no event since the state was written ({since}) explains it")
        }
        (Some(LookupOutcome::Read), _) => {
            format!("no event of the {DAYS} days that can be looked up explains it")
        }
    }
}

/// What an event explains of an item.
struct Explained {
    confidence: Confidence,
    /// Indices of the changes.
    changes: Vec<usize>,
}

impl Explained {
    fn whole(confidence: Confidence) -> Self {
        Self { confidence, changes: Vec::new() }
    }

    fn gravest(&self, item: &Item) -> Option<Label> {
        self.changes.iter().filter_map(|index| item.changes.get(*index)).map(|change| change.label).max()
    }
}

fn explain(item: &Item, subject: &Subject, event: &TrailEvent) -> Option<Explained> {
    if !table::knows(&event.source, &event.name) {
        return Some(Explained::whole(Confidence::Possible));
    }
    let rows: Vec<&Row> = table::rows(&event.source)
        .iter()
        .filter(|row| row.event == event.name && row.is_of(subject.kind.name))
        .collect();
    // Of a container's events, only those that say the name.
    let said = match (&subject.own, &event.request) {
        (None, _) => true,
        (Some(own), Some(request)) => request.says(own) || request.says(&format!("{own}.")),
        (Some(_), None) => return (!rows.is_empty()).then(|| Explained::whole(Confidence::Possible)),
    };
    if !said {
        return None;
    }
    match item.class {
        Class::Missing => {
            rows.iter().filter_map(|row| ended(subject, event, row)).max().map(Explained::whole)
        }
        Class::Unmanaged if item.owner.is_none() => {
            let makes = rows.iter().any(|row| row.effect == Effect::Makes);
            makes.then(|| Explained::whole(naming(subject, event)))
        }
        _ => changed(item, subject, event, &rows),
    }
}

/// An event that makes or ends a thing is certain where the request itself names it.
fn naming(subject: &Subject, event: &TrailEvent) -> Confidence {
    let named =
        event.request.as_ref().is_some_and(|request| subject.names.iter().any(|name| request.says(name)));
    if named { Confidence::Certain } else { Confidence::Likely }
}

fn ended(subject: &Subject, event: &TrailEvent, row: &Row) -> Option<Confidence> {
    let touched = subject.whole_part().iter().any(|attribute| row.touches(attribute));
    match row.effect {
        Effect::Ends => Some(naming(subject, event)),
        Effect::Clears(_) if touched => Some(naming(subject, event)),
        Effect::Takes(_) if touched => Some(match &event.request {
            None => Confidence::Likely,
            Some(request) => {
                let held = |(attribute, atom): &(&str, Value)| request.holds(attribute, atom) == Held::Value;
                if subject.claims.iter().any(held) { Confidence::Certain } else { Confidence::Possible }
            }
        }),
        Effect::Sets(_) | Effect::Alters if touched => Some(Confidence::Possible),
        _ => None,
    }
}

fn changed(item: &Item, subject: &Subject, event: &TrailEvent, rows: &[&Row]) -> Option<Explained> {
    let mut best: Option<Explained> = None;
    for (index, change) in item.changes.iter().enumerate() {
        if !change.label.is_drift() {
            continue;
        }
        let attributes = subject.attributes(&change.path);
        let touching = rows.iter().filter(|row| attributes.iter().any(|attribute| row.touches(attribute)));
        let Some(confidence) = touching.filter_map(|row| of_change(row, event, change)).max() else {
            continue;
        };
        match &mut best {
            Some(known) if known.confidence == confidence => known.changes.push(index),
            Some(known) if known.confidence > confidence => {}
            _ => best = Some(Explained { confidence, changes: vec![index] }),
        }
    }
    best
}

fn of_change(row: &Row, event: &TrailEvent, change: &ItemChange) -> Option<Confidence> {
    // Of a value that must not be shown, not even a digest is compared.
    let holds = |value: &Value| match &event.request {
        Some(request) if change.sensitive => Some(request.holds(&change.path, &Value::Null)),
        Some(request) => Some(request.holds(&change.path, value)),
        None => None,
    };
    let element = |value: &Value| match holds(value) {
        _ if value.is_null() => None,
        Some(Held::Value) => Some(Confidence::Certain),
        None => Some(Confidence::Likely),
        Some(_) => Some(Confidence::Possible),
    };
    match row.effect {
        Effect::Makes | Effect::Ends => None,
        Effect::Means(_, value) => {
            let meant = serde_json::from_str::<Value>(value).is_ok_and(|value| value == change.live);
            meant.then_some(Confidence::Certain)
        }
        Effect::Clears(_) if is_hollow(&change.live) => Some(Confidence::Certain),
        Effect::Clears(_) => Some(Confidence::Likely),
        Effect::Sets(_) if holds(&change.live) == Some(Held::Value) => Some(Confidence::Certain),
        Effect::Sets(_) => Some(Confidence::Likely),
        Effect::Adds(_) => element(&change.live),
        Effect::Takes(_) => element(&change.declared),
        Effect::Alters => Some(match holds(&change.live) {
            Some(Held::Value) => Confidence::Certain,
            Some(Held::Name) | None => Confidence::Likely,
            Some(Held::Nothing) => Confidence::Possible,
        }),
    }
}

fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Bool(true) => false,
    }
}

fn found(item: &Item, explained: &Explained, event: &TrailEvent, scene: &Scene) -> Who {
    let actor = &event.actor;
    let pipeline = is_of_pipeline(actor, scene);
    let paths: BTreeSet<&String> = explained.changes.iter().map(|index| &item.changes[*index].path).collect();
    let reason = pipeline.then(|| "a role of the pipeline: look for an apply that broke off".to_owned());
    Who {
        confidence: explained.confidence,
        act: Some(Act {
            time: event.time.clone(),
            actor: called(actor, scene),
            kind: actor.kind,
            through: actor.invoked_by.clone(),
            event: event.name.clone(),
            source: event.source.clone(),
            address: event.address.as_ref().map(|address| address_of(address, scene)),
            agent: event.agent,
            pipeline,
            paths: paths.into_iter().cloned().collect(),
        }),
        reason,
    }
}

/// A name for people; persons get their pseudonyms where they should.
fn called(actor: &Actor, scene: &Scene) -> String {
    let person = |name: &str| pseudonym(scene, "person", name);
    let session = actor.session.as_deref().map(person);
    let called = match (actor.kind, session) {
        (ActorKind::Root | ActorKind::Service | ActorKind::Account, _) => actor.name.clone(),
        (ActorKind::SsoUser, Some(session)) if actor.name.is_empty() => session,
        (ActorKind::SsoUser, Some(session)) => format!("{session} ({})", actor.name),
        (ActorKind::Role, Some(session)) => format!("{}/{session}", actor.name),
        (ActorKind::Role | ActorKind::SsoUser, None) => actor.name.clone(),
        (_, _) if actor.name.is_empty() => "somebody".to_owned(),
        _ => person(&actor.name),
    };
    match &actor.source_identity {
        Some(identity) => format!("{called} for {}", person(identity)),
        None => called,
    }
}

/// Names of services are no addresses of persons.
fn address_of(address: &str, scene: &Scene) -> String {
    match address.parse::<std::net::IpAddr>() {
        Ok(_) => pseudonym(scene, "address", address),
        Err(_) => address.to_owned(),
    }
}

/// The same for the same name under one key.
fn pseudonym(scene: &Scene, what: &str, name: &str) -> String {
    let Some(key) = &scene.pseudonyms else { return name.to_owned() };
    // A key of any length is valid for HMAC (RFC 2104).
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else { return what.to_owned() };
    mac.update(what.as_bytes());
    mac.update(&[0]);
    mac.update(name.to_lowercase().as_bytes());
    let tag = mac.finalize().into_bytes();
    let digits: String = tag.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{what}-{digits}")
}

/// The key of pseudonyms: the one that was given, or one that other accounts do not have.
pub fn key_of(given: &str, accounts: impl Iterator<Item = String>) -> Vec<u8> {
    if !given.is_empty() {
        return given.as_bytes().to_vec();
    }
    let accounts: BTreeSet<String> = accounts.collect();
    let accounts: Vec<String> = accounts.into_iter().collect();
    format!("stateward/pseudonyms/{}", accounts.join("/")).into_bytes()
}
