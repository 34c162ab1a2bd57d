//! Drift over time: what is new, continuing or returned against a previous result, and what is proved gone.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ::time::format_description::well_known::Rfc3339;
use ::time::{Duration, OffsetDateTime};
use serde_json::Value;
use stateward_model::{Address, Gap, Place, kinds};

use super::{Class, Coverage, Drift, Item, print};
use crate::live::LiveSide;
use crate::result::{
    Document, DriftChange, DriftItem, Past, Perpetual, Since, Standing, StandingState, State,
};
use crate::snapshot::RecordedState;

/// What is resolved, or cannot be seen, is remembered this long.
const MEMORY: Duration = Duration::days(90);

/// The rule of differences that applying does not end.
pub const PERPETUAL: &str = "N30";

/// What a previous result knew.
#[derive(Debug, Default)]
pub struct Memory {
    /// Differences that stood, or could not be seen, by fingerprint.
    standing: BTreeMap<String, Known>,
    /// Differences that were resolved, by fingerprint.
    resolved: BTreeMap<String, Past>,
}

#[derive(Debug, Clone)]
struct Known {
    past: Past,
    last_resolved: Option<String>,
    /// How it stood to the result before, where there was one.
    state: Option<StandingState>,
}

/// What became of a difference that stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is proved that it is gone, and how.
    Gone(String),
    /// Nothing proves it: why it could not be seen.
    Unseen(String),
    /// The same attribute differs in another way, which is listed.
    Superseded,
}

/// What this run saw, to tell what is gone from what could not be seen.
pub(crate) struct Sight<'a> {
    pub(crate) drift: &'a Drift,
    pub(crate) live: &'a dyn LiveSide,
    pub(crate) states: &'a [RecordedState],
    pub(crate) coverage: &'a Coverage,
}

/// What stands for a state in fingerprints: its lineage, which stays when the file moves.
pub fn state_key<'a>(uri: &'a str, lineage: &'a str) -> &'a str {
    if lineage.is_empty() { uri } else { lineage }
}

/// Why `previous` says nothing about an estate with these accounts and states on `as_of`.
pub fn unusable(
    previous: &Document,
    accounts: &BTreeSet<String>,
    states: &[RecordedState],
    as_of: OffsetDateTime,
) -> Option<String> {
    let Some(drift) = &previous.drift else {
        return Some("the previous result holds no comparison with a state".to_owned());
    };
    let Some(then) = moment(&previous.run.as_of) else {
        return Some(format!("the previous result is of no time: '{}'", previous.run.as_of));
    };
    if then > as_of {
        return Some(format!(
            "the previous result is of {}, which is later than this run",
            previous.run.as_of
        ));
    }
    let before: BTreeSet<&str> = previous.scope.accounts.iter().map(|account| account.id.as_str()).collect();
    if !before.is_empty() && !accounts.is_empty() && !accounts.iter().any(|id| before.contains(id.as_str())) {
        let named: Vec<&str> = before.into_iter().collect();
        return Some(format!("the previous result is of another estate: account {}", named.join(", ")));
    }
    let same = |known: &State| {
        states.iter().any(|state| {
            let facts = &state.facts;
            facts.uri == known.uri || (!facts.lineage.is_empty() && facts.lineage == known.lineage)
        })
    };
    let known = &previous.scope.states;
    if !known.is_empty() && !states.is_empty() && !known.iter().any(same) && !drift.items.is_empty() {
        let named: Vec<&str> = known.iter().take(3).map(|state| state.uri.as_str()).collect();
        return Some(format!("the previous result is of other states: {}", named.join(", ")));
    }
    None
}

/// Says in `document` why it was not held against `previous`.
pub fn refuse(document: &mut Document, previous: &Document, why: String) {
    let Some(drift) = &mut document.drift else { return };
    let (run, as_of) = (previous.run.id.clone(), previous.run.as_of.clone());
    drift.since = Some(Since { run, as_of, note: Some(why), ..Since::default() });
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// The lineages of a result's states by their URIs.
fn lineages(document: &Document) -> BTreeMap<&str, &str> {
    let states = &document.scope.states;
    states.iter().map(|state| (state.uri.as_str(), state_key(&state.uri, &state.lineage))).collect()
}

fn identity(item: &DriftItem) -> Address {
    let place = Place::new(item.account.clone(), item.region.clone());
    Address { place, kind: item.kind.clone().into(), id: item.id.clone() }
}

/// The fingerprint of an item as this version makes it, whatever version wrote the result.
fn print_of(item: &DriftItem, lineages: &BTreeMap<&str, &str>) -> String {
    let state = item.state.as_deref().map(|uri| lineages.get(uri).copied().unwrap_or(uri));
    print::of_item(&item.class, state, item.address.as_deref(), &identity(item))
}

/// The differences of an item: its changes where it is changed, else the item itself.
fn differences(item: &DriftItem) -> Vec<Option<&DriftChange>> {
    if item.class == "changed" { item.changes.iter().map(Some).collect() } else { vec![None] }
}

/// An object that could not be compared is no difference.
fn differs(item: &DriftItem) -> bool {
    item.class != "unknown"
}

impl Memory {
    /// What `previous` knows.
    pub fn of(previous: &Document) -> Self {
        let mut memory = Self::default();
        let Some(drift) = &previous.drift else { return memory };
        let as_of = &previous.run.as_of;
        let lineages = lineages(previous);
        for past in &drift.unseen {
            let known = Known { past: past.clone(), last_resolved: None, state: None };
            memory.standing.insert(past.fingerprint.clone(), known);
        }
        for past in &drift.resolved {
            memory.resolved.insert(past.fingerprint.clone(), past.clone());
        }
        for item in drift.items.iter().filter(|item| differs(item)) {
            let print = print_of(item, &lineages);
            for change in differences(item) {
                let standing = change.map_or(item.standing.as_ref(), |change| change.standing.as_ref());
                let path = change.or(item.changes.first().filter(|_| item.owner.is_some()));
                let past = Past {
                    class: item.class.clone(),
                    address: item.address.clone(),
                    kind: item.kind.clone(),
                    id: item.id.clone(),
                    path: path.map(|change| change.path.clone()),
                    fingerprint: change
                        .map_or_else(|| print.clone(), |change| print::of_change(&print, change)),
                    label: change.map(|change| change.label.clone()).or_else(|| item.label.clone()),
                    owner: item.owner.clone(),
                    state: item.state.clone(),
                    lineage: item
                        .state
                        .as_deref()
                        .map(|uri| lineages.get(uri).copied().unwrap_or(uri).to_owned()),
                    account: item.account.clone(),
                    region: item.region.clone(),
                    first_seen: standing.map_or(as_of, |standing| &standing.first_seen).clone(),
                    last_seen: as_of.clone(),
                    resolved_at: None,
                    why: String::new(),
                };
                let last_resolved = standing.and_then(|standing| standing.last_resolved.clone());
                let state = standing.map(|standing| standing.state);
                memory.standing.insert(past.fingerprint.clone(), Known { past, last_resolved, state });
            }
        }
        memory
    }

    /// Differences that stood, or could not be seen, by fingerprint.
    pub(crate) fn stood(&self) -> impl Iterator<Item = (&str, &Past)> {
        self.standing.iter().map(|(print, known)| (print.as_str(), &known.past))
    }

    /// Whether a difference stood, or could not be seen.
    pub(crate) fn has(&self, print: &str) -> bool {
        self.standing.contains_key(print)
    }

    /// How a difference stood to the result before.
    pub(crate) fn state(&self, print: &str) -> Option<StandingState> {
        self.standing.get(print)?.state
    }

    /// Whether a difference was resolved.
    pub(crate) fn had(&self, print: &str) -> bool {
        self.resolved.contains_key(print)
    }

    /// What became of everything that stood, by fingerprint.
    pub(crate) fn fates(&self, sight: &Sight) -> BTreeMap<String, Fate> {
        let pasts = || self.standing.values().map(|known| &known.past);
        let places = sight.places(pasts());
        pasts().map(|past| (past.fingerprint.clone(), sight.fate(past, &places))).collect()
    }

    /// Puts into `document` since when its differences stand, and what became of the earlier ones.
    pub fn place(self, document: &mut Document, previous: &Document, fates: &BTreeMap<String, Fate>) {
        let as_of = document.run.as_of.clone();
        let lineages: BTreeMap<String, String> =
            lineages(document).into_iter().map(|(uri, key)| (uri.to_owned(), key.to_owned())).collect();
        let mut since =
            Since { run: previous.run.id.clone(), as_of: previous.run.as_of.clone(), ..Since::default() };
        let perpetual = perpetual(document, previous);
        let Some(drift) = &mut document.drift else { return };
        let mut history = History::new(&self, &drift.items, &as_of, &lineages);
        for item in drift.items.iter_mut().filter(|item| differs(item)) {
            history.stand(item);
            match item.standing.as_ref().map(|standing| standing.state) {
                Some(StandingState::New) => since.new += 1,
                Some(StandingState::Returned) => since.returned += 1,
                Some(StandingState::Continuing) => since.continuing += 1,
                None => {}
            }
        }
        let used = history.used;
        let recent = |time: &str| {
            let age = moment(&as_of).zip(moment(time)).map(|(now, then)| now - then);
            age.is_none_or(|age| age <= MEMORY)
        };
        for (print, Known { past, .. }) in
            self.standing.into_iter().filter(|(print, _)| !used.contains(print))
        {
            match fates.get(&print).cloned() {
                Some(Fate::Gone(why)) => {
                    since.resolved += 1;
                    drift.resolved.push(Past { resolved_at: Some(as_of.clone()), why, ..past });
                }
                Some(Fate::Superseded) => {}
                Some(Fate::Unseen(why)) if recent(&past.last_seen) => {
                    since.unseen += 1;
                    drift.unseen.push(Past { why, ..past });
                }
                Some(Fate::Unseen(_)) | None => {}
            }
        }
        let carried = self
            .resolved
            .into_iter()
            .filter(|(print, past)| !used.contains(print) && past.resolved_at.as_deref().is_some_and(recent));
        drift.resolved.extend(carried.map(|(_, past)| past));
        drift.resolved.sort();
        drift.unseen.sort();
        drift.perpetual = perpetual;
        drift.since = Some(since);
    }
}

/// Matches the differences of this run with those of the memory.
struct History<'a> {
    memory: &'a Memory,
    as_of: &'a str,
    lineages: &'a BTreeMap<String, String>,
    /// Fingerprints that are taken: each stands for one difference.
    used: BTreeSet<String>,
    /// Known managed differences that nothing of this run is called like, by what they are: a rename is no news.
    renamed: BTreeMap<String, Vec<String>>,
}

impl<'a> History<'a> {
    fn new(
        memory: &'a Memory,
        items: &[DriftItem],
        as_of: &'a str,
        lineages: &'a BTreeMap<String, String>,
    ) -> Self {
        let own = items.iter().flat_map(|item| {
            differences(item).into_iter().map(|change| {
                change
                    .and_then(|change| change.fingerprint.clone())
                    .unwrap_or_else(|| item.fingerprint.clone())
            })
        });
        let own: BTreeSet<String> = own.collect();
        let addresses: BTreeSet<&String> = items.iter().filter_map(|item| item.address.as_ref()).collect();
        let mut renamed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (print, Known { past, .. }) in memory.standing.iter().filter(|(print, _)| !own.contains(*print)) {
            if past.address.as_ref().is_some_and(|address| !addresses.contains(address)) {
                let place = [&past.account, &past.region, &past.kind, &past.id].map(String::as_str);
                let key = by_identity(&past.class, past.lineage.as_deref(), place, past.path.as_deref());
                renamed.entry(key).or_default().push(print.clone());
            }
        }
        Self { memory, as_of, lineages, used: BTreeSet::new(), renamed }
    }

    fn stand(&mut self, item: &mut DriftItem) {
        if item.class != "changed" {
            item.standing = Some(self.standing(item, None, &item.fingerprint));
            return;
        }
        let all: Vec<Standing> = item
            .changes
            .iter()
            .map(|change| {
                let print = change.fingerprint.as_deref().unwrap_or_default();
                self.standing(item, Some(&change.path), print)
            })
            .collect();
        item.standing = all.iter().cloned().reduce(|one, other| Standing {
            state: one.state.min(other.state),
            age_s: one.age_s.max(other.age_s),
            first_seen: one.first_seen.min(other.first_seen),
            last_resolved: one.last_resolved.max(other.last_resolved),
        });
        for (change, standing) in item.changes.iter_mut().zip(all) {
            change.standing = Some(standing);
        }
    }

    fn standing(&mut self, item: &DriftItem, path: Option<&str>, print: &str) -> Standing {
        let known = self.memory.standing.get_key_value(print).or_else(|| {
            let state = item.state.as_ref()?;
            let lineage = self.lineages.get(state).unwrap_or(state);
            let place = [&item.account, &item.region, &item.kind, &item.id].map(String::as_str);
            item.address.as_ref()?;
            let prints = self.renamed.get_mut(&by_identity(&item.class, Some(lineage), place, path))?;
            self.memory.standing.get_key_value(prints.pop()?.as_str())
        });
        if let Some((print, known)) = known {
            self.used.insert(print.clone());
            let last = known.last_resolved.clone();
            return self.since(StandingState::Continuing, &known.past.first_seen, last);
        }
        if let Some(past) = self.memory.resolved.get(print) {
            self.used.insert(print.to_owned());
            return self.since(StandingState::Returned, &past.first_seen, past.resolved_at.clone());
        }
        self.since(StandingState::New, self.as_of, None)
    }

    fn since(&self, state: StandingState, first_seen: &str, last_resolved: Option<String>) -> Standing {
        let age = moment(self.as_of).zip(moment(first_seen)).map(|(now, then)| (now - then).whole_seconds());
        let age_s = age.and_then(|age| u64::try_from(age).ok()).unwrap_or(0);
        Standing { state, first_seen: first_seen.to_owned(), age_s, last_resolved }
    }
}

fn by_identity(class: &str, lineage: Option<&str>, place: [&str; 4], path: Option<&str>) -> String {
    let [account, region, kind, id] = place;
    let state = lineage.unwrap_or_default();
    print::hash(&[class, state, account, region, kind, id, path.unwrap_or_default()])
}

/// Attributes that changed in both results though their state was written again in between, with another declared value
/// and the same live one: no apply ends that.
fn perpetual(document: &Document, previous: &Document) -> Vec<Perpetual> {
    let (Some(now), Some(before)) = (&document.drift, &previous.drift) else { return Vec::new() };
    let (lineages_now, lineages_before) = (lineages(document), lineages(previous));
    let serials = |document: &Document, keys: &BTreeMap<&str, &str>| -> BTreeMap<String, u64> {
        let states = document.scope.states.iter();
        states
            .map(|state| (keys.get(state.uri.as_str()).copied().unwrap_or_default().to_owned(), state.serial))
            .collect()
    };
    let (serials_now, serials_before) =
        (serials(document, &lineages_now), serials(previous, &lineages_before));
    let known: BTreeMap<String, &DriftItem> = before
        .items
        .iter()
        .filter(|item| item.class == "changed")
        .map(|item| (print_of(item, &lineages_before), item))
        .collect();
    let mut found = Vec::new();
    for item in now.items.iter().filter(|item| item.class == "changed") {
        let Some(earlier) = known.get(&print_of(item, &lineages_now)) else { continue };
        let (Some(address), Some(state)) = (&item.address, &item.state) else { continue };
        let key = lineages_now.get(state.as_str()).copied().unwrap_or(state);
        let (Some(&serial), Some(&serial_before)) = (serials_now.get(key), serials_before.get(key)) else {
            continue;
        };
        if serial <= serial_before {
            continue;
        }
        for change in only_of_its_path(item) {
            let stayed = only_of_its_path(earlier).any(|other| {
                other.path == change.path
                    && is_shown(&change.live)
                    && is_shown(&change.declared)
                    && other.live == change.live
                    && other.declared != change.declared
            });
            if stayed {
                found.push(Perpetual {
                    rule: PERPETUAL.to_owned(),
                    address: address.clone(),
                    path: change.path.clone(),
                    state: state.clone(),
                    serial_before,
                    serial,
                });
            }
        }
    }
    found.sort();
    found
}

/// Elements of one list share a path, and cannot be told from one result to the next by it.
fn only_of_its_path(item: &DriftItem) -> impl Iterator<Item = &DriftChange> {
    let twice = |path: &str| item.changes.iter().filter(|change| change.path == path).count() > 1;
    item.changes.iter().filter(move |change| !twice(&change.path))
}

/// Where nothing stands for a sensitive value, two of them cannot be compared.
fn is_shown(value: &Value) -> bool {
    value.as_str() != Some("(sensitive)")
}

/// Where the states have what an earlier result spoke of.
struct Places {
    /// Identities of declared instances, by lineage and address.
    declared: BTreeMap<(String, String), Address>,
    /// Of the unmanaged objects of before, those that a state has now.
    claimed: BTreeSet<Address>,
}

impl Sight<'_> {
    fn key_of(&self, state: &RecordedState) -> String {
        state_key(&state.facts.uri, &state.facts.lineage).to_owned()
    }

    fn places<'p>(&self, pasts: impl Iterator<Item = &'p Past>) -> Places {
        let (mut wanted, mut objects) = (BTreeSet::new(), BTreeSet::new());
        for past in pasts {
            match (&past.lineage, past.address.as_ref().or(past.owner.as_ref())) {
                (Some(lineage), Some(address)) => {
                    wanted.insert((lineage.clone(), address.clone()));
                }
                _ => {
                    objects.insert(identity_of(past));
                }
            }
        }
        let mut places = Places { declared: BTreeMap::new(), claimed: BTreeSet::new() };
        if wanted.is_empty() && objects.is_empty() {
            return places;
        }
        for state in self.states {
            let lineage = self.key_of(state);
            for resource in state.resources.bare().map(Cow::into_owned) {
                if objects.contains(&resource.address) {
                    places.claimed.insert(resource.address.clone());
                }
                let Some(facts) = resource.declared else { continue };
                let key = (lineage.clone(), facts.address);
                if wanted.contains(&key) {
                    places.declared.insert(key, resource.address);
                }
            }
        }
        places
    }

    fn fate(&self, past: &Past, places: &Places) -> Fate {
        match (past.class.as_str(), &past.owner) {
            ("unmanaged", None) => self.object(past, places),
            ("unmanaged", Some(owner)) => self.part(past, owner, places),
            _ => self.managed(past, places),
        }
    }

    /// An object that no state had.
    fn object(&self, past: &Past, places: &Places) -> Fate {
        let looked = kinds::find(&past.kind).filter(|_| self.coverage.unmanaged.contains(&past.kind));
        let Some(kind) = looked else {
            return Fate::Unseen("this run did not look for unmanaged objects of its type".to_owned());
        };
        let identity = identity_of(past);
        if places.claimed.contains(&identity) {
            return Fate::Gone("a state has it now".to_owned());
        }
        match self.live.lookup(kind, &identity.place, &identity.id) {
            Ok(Some(_)) => Fate::Gone("a rule leaves it aside now".to_owned()),
            Ok(None) => Fate::Gone("does not exist any more".to_owned()),
            Err(gap) => unread(&gap),
        }
    }

    /// Whether the state of before was read, and what became of the instance in it.
    fn instance<'s>(&'s self, past: &Past, address: &str, places: &Places) -> Result<Now<'s>, Fate> {
        let lineage = past.lineage.clone().unwrap_or_default();
        let Some(state) = self.states.iter().find(|state| self.key_of(state) == lineage) else {
            let unread = self.states.iter().find(|state| past.state.as_ref() == Some(&state.facts.uri));
            return Err(match unread.and_then(|state| state.gap.as_ref()) {
                Some(gap) => unread_state(&state_name(past), gap),
                None => Fate::Unseen(format!("its state {} was not given", state_name(past))),
            });
        };
        if let Some(gap) = &state.gap {
            return Err(unread_state(&state.facts.uri, gap));
        }
        let here = |item: &&Item| {
            item.address.as_deref() == Some(address) && item.state.as_ref() == Some(&state.facts.uri)
        };
        if let Some(item) = self.drift.items.iter().find(here) {
            return Ok(Now::Item(item));
        }
        if self.drift.in_sync.binary_search_by(|known| known.as_str().cmp(address)).is_ok() {
            return Ok(Now::InSync);
        }
        match places.declared.contains_key(&(lineage, address.to_owned())) {
            true => Err(Fate::Unseen("this run did not compare it".to_owned())),
            false => Ok(Now::Left),
        }
    }

    fn managed(&self, past: &Past, places: &Places) -> Fate {
        let Some(address) = past.address.as_deref() else {
            return Fate::Unseen("it has no address".to_owned());
        };
        let item = match self.instance(past, address, places) {
            Err(fate) => return fate,
            Ok(Now::InSync) => return Fate::Gone("in sync now".to_owned()),
            Ok(Now::Left) => return Fate::Gone("its state does not hold it any more".to_owned()),
            Ok(Now::Item(item)) => item,
        };
        match item.class {
            Class::Unknown => unread_item(item),
            Class::Changed if past.class == "changed" => {
                let same = |path: &str| {
                    item.changes.iter().any(|change| {
                        change.path == path && !change.declared.is_null() && !change.live.is_null()
                    })
                };
                if past.path.as_deref().is_some_and(same) {
                    return Fate::Superseded;
                }
                if item.gaps.is_empty() { Fate::Gone("in sync now".to_owned()) } else { unread_item(item) }
            }
            Class::Changed => Fate::Gone("exists, and differs now".to_owned()),
            Class::Missing => Fate::Gone("is missing now".to_owned()),
            Class::Ghost | Class::Conflict => {
                let why = item.reason.clone().unwrap_or_default();
                Fate::Unseen(format!("it was not compared: {why}"))
            }
            Class::Unmanaged | Class::InSync | Class::Excluded => {
                Fate::Unseen("this run did not compare it".to_owned())
            }
        }
    }

    /// A part that nothing declared, of an object that a state has.
    fn part(&self, past: &Past, owner: &str, places: &Places) -> Fate {
        let gone = |why: &str| Fate::Gone(why.to_owned());
        match self.instance(past, owner, places) {
            Err(fate) => return fate,
            Ok(Now::Left) => return gone("its owner is in no state any more"),
            Ok(Now::InSync) => {}
            Ok(Now::Item(item)) => match item.class {
                Class::Missing => return gone("its owner is missing now"),
                Class::Changed if item.gaps.is_empty() => {}
                _ => return unread_item(item),
            },
        }
        // The parts of an owner are read on demand: that none was found proves something only where somebody looked.
        let key = (past.lineage.clone().unwrap_or_default(), owner.to_owned());
        let live = places.declared.get(&key).and_then(|address| self.live.find(address));
        match (live, past.path.as_deref()) {
            (Some(live), Some(path)) if live.raw(path).is_ok() => {
                gone("does not exist any more, or is declared now")
            }
            _ => Fate::Unseen("this run did not look for parts of its owner".to_owned()),
        }
    }
}

/// What became of a managed instance.
enum Now<'a> {
    Item(&'a Item),
    InSync,
    /// No instance of its state has its address.
    Left,
}

fn identity_of(past: &Past) -> Address {
    let place = Place::new(past.account.clone(), past.region.clone());
    Address { place, kind: past.kind.clone().into(), id: past.id.clone() }
}

fn state_name(past: &Past) -> String {
    past.state.clone().or_else(|| past.lineage.clone()).unwrap_or_default()
}

fn unread(gap: &Gap) -> Fate {
    Fate::Unseen(format!("it could not be read: {gap}"))
}

fn unread_state(uri: &str, gap: &Gap) -> Fate {
    Fate::Unseen(format!("its state {uri} could not be read: {gap}"))
}

fn unread_item(item: &Item) -> Fate {
    match item.gaps.first() {
        Some(gap) => unread(gap),
        None => Fate::Unseen("it was not compared".to_owned()),
    }
}
