//! Declared against live: join by identity, compare by declared equality, one class for every managed instance.

pub mod accept;
pub mod atoms;
pub mod canonical;
mod conflicts;
pub mod controller;
pub mod fresh;
pub mod ignored;
pub mod import;
pub mod label;
pub mod print;
pub mod rules;
pub mod time;
pub mod unmanaged;
pub mod who;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use ::time::Date;
use serde_json::{Map, Value};
use stateward_model::compare::{Change, hollow, last_segment};
use stateward_model::kind::{Form, Satellite};
use stateward_model::kinds::kms;
use stateward_model::policy::Document;
use stateward_model::{
    Absent, Address, AnyAttr, Cause, Comparison, Equality, Gap, Kind, Place, Resource, Scope, Slot, compare,
    kinds, schema, secret,
};

use crate::declared::DeclaredSide;
use crate::inventory::exclusion;
use crate::live::LiveSide;
use crate::profile::{IgnoreRule, Pattern, Profile, Standing, any_matches};
use crate::text::{Text, Texts};
use atoms::Claims;
pub use canonical::{Difference, Object, canonical};
use conflicts::Conflicts;
use controller::Families;
pub use label::Label;

/// The classes of drift.md §1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// In one state and live, and equal.
    InSync,
    /// In both, and different.
    Changed,
    /// In a state, and proved not to exist.
    Missing,
    /// Live and manageable, in no audited state.
    Unmanaged,
    /// In a state, but outside the audited accounts and regions, or a deposed object that still lives.
    Ghost,
    /// One identity claimed by two state instances.
    Conflict,
    /// Cannot be decided.
    Unknown,
    /// Live, but AWS's own or another controller's.
    Excluded,
}

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemChange {
    /// Terraform's notation.
    pub path: String,
    /// As declared.
    pub declared: Value,
    /// As live.
    pub live: Value,
    /// What kind of change it is.
    pub label: Label,
    /// True when values must not be shown.
    pub sensitive: bool,
    /// What is worth knowing of it, in a clause.
    pub note: Option<String>,
}

/// What became of one managed instance or one live object.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The class.
    pub class: Class,
    /// The Terraform address, for managed instances.
    pub address: Option<String>,
    /// For an unmanaged part of a managed object: the address of the owner.
    pub owner: Option<String>,
    /// The state's URI, for managed instances.
    pub state: Option<String>,
    /// The provider address as the state writes it.
    pub provider: Option<String>,
    /// Identity; that of a part names it within its owner.
    pub identity: Address,
    /// ARN, where known.
    pub arn: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// What `terraform import` takes, for whole unmanaged objects.
    pub import_id: Option<String>,
    /// The differences.
    pub changes: Vec<ItemChange>,
    /// What could not be compared.
    pub gaps: Vec<Gap>,
    /// A sentence where the class wants one (rule and reason of an exclusion, the other address of a conflict).
    pub reason: Option<String>,
    /// For a part: the object that it belongs to, and what differs of it.
    pub object: Option<Object>,
    /// Who made the difference, where that was asked for.
    pub who: Option<who::Who>,
}

impl Item {
    fn managed(resource: &Resource, class: Class) -> Self {
        let declared = resource.declared.clone().unwrap_or_default();
        Self {
            class,
            address: Some(declared.address),
            owner: None,
            state: Some(declared.state),
            provider: Some(declared.provider),
            identity: resource.address.clone(),
            arn: resource.arn.clone(),
            name: resource.name.clone(),
            import_id: None,
            changes: Vec::new(),
            gaps: Vec::new(),
            reason: None,
            object: None,
            who: None,
        }
    }

    fn live(resource: &Resource, class: Class) -> Self {
        Self {
            class,
            address: None,
            owner: None,
            state: None,
            provider: None,
            identity: resource.address.clone(),
            arn: resource.arn.clone(),
            name: resource.name.clone(),
            import_id: None,
            changes: Vec::new(),
            gaps: Vec::new(),
            reason: None,
            object: None,
            who: None,
        }
    }

    fn unknown(resource: &Resource, gap: Gap) -> Self {
        Self { gaps: vec![gap], ..Self::managed(resource, Class::Unknown) }
    }

    /// The Terraform address; empty for what no state has.
    fn declared_address(&self) -> &str {
        self.address.as_deref().unwrap_or_default()
    }

    /// The label of the whole: the gravest of its changes.
    pub fn label(&self) -> Option<Label> {
        match self.class {
            Class::Missing => label::of_missing(&self.identity.kind),
            _ => self.changes.iter().map(|change| change.label).max(),
        }
    }
}

/// A difference that a rule explained away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suppressed {
    /// The rule of drift.md §4.
    pub rule: Text,
    /// The address.
    pub address: Text,
    /// The attribute.
    pub path: Text,
}

/// What drift found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drift {
    /// Everything but in-sync instances and excluded objects, which are only counted: what loosens protection first,
    /// then by class, address and identity.
    pub items: Vec<Item>,
    /// Addresses of instances that are in sync.
    pub in_sync: Vec<String>,
    /// Excluded live objects with rule and reason.
    pub excluded: Vec<Item>,
    /// What rules explained away.
    pub suppressed: Vec<Suppressed>,
    /// States that could not be read: while there are any, "unmanaged" is only "possibly".
    pub unread_states: Vec<String>,
}

/// What a comparison is asked to cover.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Audited accounts; empty when none could be entered.
    pub accounts: BTreeSet<String>,
    /// Audited regions.
    pub regions: BTreeSet<String>,
    /// Kinds whose live objects count as unmanaged when no state has them.
    pub unmanaged: BTreeSet<String>,
    /// States that could not be read.
    pub unread_states: Vec<String>,
    /// Buckets and tables that are the backend of an audited state: kind and id.
    pub backends: BTreeSet<(String, String)>,
    /// The lineage of every state, by its URI: the key of the digests that stand for its sensitive values.
    pub lineages: BTreeMap<String, String>,
    /// Services, in IAM spelling, whose instances are compared; empty for all.
    pub services: Vec<String>,
    /// Keys of tags that are not compared, as `ignore_tags` of the provider has them.
    pub ignored_tags: Vec<Pattern>,
    /// Roles with which pipelines apply, by name (N14).
    pub pipeline_roles: Vec<Pattern>,
}

impl Coverage {
    fn compares(&self, resource: &Resource) -> bool {
        let Some(kind) = kinds::find(resource.kind()) else { return self.services.is_empty() };
        self.services.is_empty() || self.services.iter().any(|name| name == kind.service)
    }
}

/// The rule under which instances of other providers than AWS's are counted and left alone.
pub const OTHER_PROVIDER: &str = "provider";

/// Compares every declared instance with the live inventory, and looks for what no state has. `declared` gives the
/// instances, and is asked up to four times: they are not all in memory together. Their order means nothing.
pub fn reconcile(declared: impl DeclaredSide, live: &dyn LiveSide, scope: &Coverage) -> Drift {
    let claims = Claims::of(declared.claiming());
    let conflicts = Conflicts::of(&declared);
    let matched = vec![false; live.len()];
    let (drift, texts, families) = (Drift::default(), Texts::default(), Families::default());
    let mut run = Run { live, scope, claims: &claims, drift, texts, matched, families };
    for resource in declared.all().filter(|resource| scope.compares(resource)) {
        run.instance(&resource, &conflicts);
    }
    run.unmanaged_objects();
    let mut drift = run.drift;
    drift.unread_states = scope.unread_states.clone();
    for item in &mut drift.items {
        item.changes.sort_by_cached_key(|change| {
            (change.path.clone(), change.declared.to_string(), change.live.to_string())
        });
    }
    drift.items.sort_by(in_order);
    drift.in_sync.sort();
    drift.suppressed.sort();
    drift.suppressed.dedup();
    drift
}

impl Drift {
    /// Takes out what the profile's ignore rules cover on `day`, and counts it as suppressed under the rule's name.
    /// Gives the rules that covered nothing or are over, with the reason.
    pub fn ignore(&mut self, profile: &Profile, day: Date) -> Vec<String> {
        let mut idle = Vec::new();
        let mut rules = Vec::new();
        for (name, rule, standing) in profile.ignore_on(day) {
            if standing != Standing::Active {
                idle.push(format!("{name} is over"));
            } else if !self.items.iter().any(|item| covers_any(rule, item)) {
                idle.push(format!("{name} covers nothing"));
            } else {
                rules.push((name, rule));
            }
        }
        // Where several cover one difference, it counts under the first by name, whatever their order in the profile.
        rules.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, rule) in rules {
            for item in std::mem::take(&mut self.items) {
                self.ignore_in(item, &name, rule);
            }
        }
        self.in_sync.sort();
        self.suppressed.sort();
        idle
    }

    fn ignore_in(&mut self, mut item: Item, name: &str, rule: &IgnoreRule) {
        let address = called(&item);
        let suppressed = |path: &str| Suppressed {
            rule: name.into(),
            address: address.as_str().into(),
            path: path.into(),
        };
        let kind = item.identity.kind.clone();
        if item.class != Class::Changed {
            let drifts = matches!(item.class, Class::Missing | Class::Unmanaged);
            if drifts && rule.path.is_none() && rule.covers(&kind, &address, "") {
                self.suppressed.push(suppressed("*"));
                if item.class == Class::Missing {
                    self.in_sync.extend(item.address);
                }
                return;
            }
            return self.items.push(item);
        }
        for change in &item.changes {
            if rule.covers(&kind, &address, &change.path) {
                self.suppressed.push(suppressed(&change.path));
            }
        }
        item.changes.retain(|change| !rule.covers(&kind, &address, &change.path));
        self.settle(item);
    }

    /// Puts an item back of whose changes some are no drift any more. What has no other is in sync, or unknown where it
    /// has gaps.
    fn settle(&mut self, mut item: Item) {
        if item.class != Class::Changed || item.changes.iter().any(|change| change.label.is_drift()) {
            return self.items.push(item);
        }
        if item.gaps.is_empty() {
            return self.in_sync.extend(item.address);
        }
        item.class = Class::Unknown;
        self.items.push(item);
    }
}

/// What ignore rules call an item: by its address, that of its owner, or its id.
fn called(item: &Item) -> String {
    let owner = item.owner.clone();
    item.address.clone().or(owner).unwrap_or_else(|| item.identity.id.clone())
}

fn covers_any(rule: &IgnoreRule, item: &Item) -> bool {
    let (kind, address) = (&item.identity.kind, called(item));
    match item.class {
        Class::Changed => item.changes.iter().any(|change| rule.covers(kind, &address, &change.path)),
        Class::Missing | Class::Unmanaged => rule.path.is_none() && rule.covers(kind, &address, ""),
        _ => false,
    }
}

/// What loosens protection comes first; then by class, address and identity.
fn in_order(a: &Item, b: &Item) -> Ordering {
    let key = |item: &Item| {
        let first = item.changes.first().map(|change| format!("{}{}", change.path, change.live));
        (item.label() != Some(Label::Loosening), item.class, first.unwrap_or_default())
    };
    let ((a_safe, a_class, a_first), (b_safe, b_class, b_first)) = (key(a), key(b));
    (a_safe, a_class, &a.address, &a.owner, &a.identity, &a.state, a_first).cmp(&(
        b_safe,
        b_class,
        &b.address,
        &b.owner,
        &b.identity,
        &b.state,
        b_first,
    ))
}

struct Run<'a> {
    live: &'a dyn LiveSide,
    scope: &'a Coverage,
    claims: &'a Claims,
    drift: Drift,
    /// What drift names over and over.
    texts: Texts,
    /// By position on the live side: whether an instance stands for the object.
    matched: Vec<bool>,
    /// The families of task definitions that the states hold.
    families: Families,
}

impl Run<'_> {
    fn instance(&mut self, resource: &Resource, conflicts: &Conflicts) {
        if !resource.kind().starts_with("aws") {
            // Another provider's: nothing that a reading of AWS could confirm or miss.
            let address = resource.declared.as_ref().map(|facts| facts.address.clone()).unwrap_or_default();
            return self.suppress(&address, OTHER_PROVIDER, "*");
        }
        let Some(kind) = kinds::find(resource.kind()) else {
            let gap =
                Gap::new(resource.kind().to_owned(), Cause::Unsupported, "this type cannot be read yet");
            return self.drift.items.push(Item::unknown(resource, gap));
        };
        if let Some(matched) =
            self.live.position(&resource.address).and_then(|position| self.matched.get_mut(position))
        {
            *matched = true;
        }
        self.families.note(resource);
        if let Some(reason) = self.outside(kind, resource) {
            let item = Item { reason: Some(reason), ..Item::managed(resource, Class::Ghost) };
            return self.drift.items.push(item);
        }
        if resource.declared.as_ref().is_some_and(|facts| facts.deposed.is_some()) {
            return self.deposed(kind, resource);
        }
        let reason = conflicts.reason(resource);
        if reason.is_some() && conflicts.is_whole(resource) {
            return self.drift.items.push(Item { reason, ..Item::managed(resource, Class::Conflict) });
        }
        let before = (self.drift.items.len(), self.drift.in_sync.len());
        match kinds::satellite(resource.kind()) {
            Some((owner, satellite)) => self.part(owner, satellite, kind, resource),
            None => self.whole(kind, resource),
        }
        if let Some(reason) = reason {
            self.contest(resource, before, reason);
        }
    }

    /// Calls the instance that was just compared a conflict. What differs of it stays to be seen.
    fn contest(&mut self, resource: &Resource, (items, in_sync): (usize, usize), reason: String) {
        if self.drift.in_sync.len() > in_sync {
            self.drift.in_sync.truncate(in_sync);
            let item = Item { reason: Some(reason), ..Item::managed(resource, Class::Conflict) };
            return self.drift.items.push(item);
        }
        if let Some(item) = self.drift.items[items..].iter_mut().find(|item| item.address.is_some()) {
            item.class = Class::Conflict;
            item.reason = Some(match item.reason.take() {
                Some(known) => format!("{reason}; {known}"),
                None => reason,
            });
        }
    }

    /// Why an instance lies outside of what is audited.
    fn outside(&self, kind: &Kind, resource: &Resource) -> Option<String> {
        let place = &resource.address.place;
        let accounts = &self.scope.accounts;
        if !place.account.is_empty() && !accounts.is_empty() && !accounts.contains(&place.account) {
            return Some(format!("account {} is not audited", place.account));
        }
        let regional = kind.scope == Scope::Regional && !place.region.is_empty();
        if regional && !self.scope.regions.contains(&place.region) {
            return Some(format!("region {} is not audited", place.region));
        }
        None
    }

    fn deposed(&mut self, kind: &Kind, resource: &Resource) {
        let item = match self.live.lookup(kind, &resource.address.place, resource.id()) {
            Ok(Some(_)) => Item {
                reason: Some("a deposed object of an unfinished replacement still exists".into()),
                ..Item::managed(resource, Class::Ghost)
            },
            Ok(None) => Item {
                reason: Some("a deposed object that is gone already".into()),
                ..Item::managed(resource, Class::Missing)
            },
            Err(gap) => Item::unknown(resource, gap),
        };
        self.drift.items.push(item);
    }

    /// An instance with a live identity of its own.
    fn whole(&mut self, kind: &'static Kind, resource: &Resource) {
        let live = match self.live.lookup(kind, &resource.address.place, resource.id()) {
            Ok(Some(live)) => live,
            Ok(None) => return self.drift.items.push(Item::managed(resource, Class::Missing)),
            Err(gap) => return self.drift.items.push(Item::unknown(resource, gap)),
        };
        let mut item = Item::managed(resource, Class::InSync);
        item.arn = item.arn.or_else(|| live.arn.clone());
        item.name = item.name.or_else(|| live.name.clone());
        for attr in kind.attributes {
            if self.claims.covers_block(kind, resource, attr.path) {
                continue;
            }
            match kind.satellites.iter().find(|satellite| has_atoms(satellite, attr.path)) {
                Some(_) if !atoms::tells_of_others(kind, attr) => {}
                Some(satellite) => self.atoms(&mut item, satellite, attr, resource, &live),
                None => self.attribute(&mut item, kind, attr, resource, &live),
            }
        }
        for path in controller::pending(resource, &live) {
            self.suppress(item.declared_address(), "N26", &path);
        }
        distrust(&mut item, resource);
        self.finish(item, &live);
    }

    fn attribute(
        &mut self,
        item: &mut Item,
        kind: &Kind,
        attr: &AnyAttr,
        resource: &Resource,
        live: &Resource,
    ) {
        let rule = &(kind.refine)(resource, *attr);
        if matches!(attr.equality, Equality::Never(_)) || matches!(rule.equality, Equality::Never(_)) {
            return;
        }
        // States of providers before default_tags have no tags_all: there, tags are all tags.
        let path = match attr.path {
            "tags_all" if !resource.has("tags_all") => "tags",
            path => path,
        };
        let declared = match resource.slot(path) {
            Some(Slot::Known(value)) => value,
            Some(Slot::Unread(gap)) => return item.gaps.push(gap.clone()),
            None => return,
        };
        let value = match live.raw(attr.path) {
            Ok(value) => value,
            Err(gap) => return item.gaps.push(gap),
        };
        if secret::is_digest(declared) {
            return self.digests(item, path, resource, declared, value);
        }
        match compare(rule, declared, value) {
            Comparison::Equal | Comparison::Never(_) => {}
            Comparison::Suppressed(number) => self.suppress(item.declared_address(), number, path),
            Comparison::Changed(changes) => {
                for change in changes {
                    let path = own_tag_path(resource, &change.path);
                    if let Some(number) = self.explained(resource, rule, &change) {
                        self.suppress(item.declared_address(), number, &path);
                        continue;
                    }
                    if secret::holds_digest(&change.declared) {
                        // Only a digest of it is known, and equal by meaning is more than equal by digest.
                        item.gaps.push(digest_gap(&path));
                        continue;
                    }
                    let label = label::of_change(&item.identity.kind, &path, &change.declared, &change.live);
                    let sensitive = attr.secret || is_sensitive(resource, &path);
                    item.reason = item.reason.take().or_else(|| deleted_principals(rule, &change));
                    item.changes.push(ItemChange {
                        path,
                        declared: change.declared,
                        live: change.live,
                        label,
                        sensitive,
                        note: None,
                    });
                }
            }
        }
    }

    /// The rule that explains a change by more than its two values: tags that nobody audits (N6), an alias and the key
    /// behind it (N23).
    fn explained(&self, resource: &Resource, rule: &AnyAttr, change: &Change) -> Option<&'static str> {
        let tag = match rule.equality {
            Equality::Tags | Equality::TagBlocks => change.path.strip_prefix(rule.path)?.strip_prefix('.'),
            _ => None,
        };
        if let Some(tag) = tag {
            let key = tag.strip_suffix(".value").or_else(|| tag.strip_suffix(".propagate_at_launch"));
            let key = key.filter(|_| rule.equality == Equality::TagBlocks).unwrap_or(tag);
            return any_matches(&self.scope.ignored_tags, key).then_some("N6");
        }
        let place = &resource.address.place;
        let same = is_key(&change.path) && same_key(self.live, place, &change.declared, &change.live);
        same.then_some("N23")
    }

    /// A value that the state marks as sensitive: all that is known of it is a digest (N8).
    fn digests(&self, item: &mut Item, path: &str, resource: &Resource, declared: &Value, live: &Value) {
        let state = resource.declared.as_ref().map(|facts| facts.state.as_str()).unwrap_or_default();
        let lineage = self.scope.lineages.get(state).map(String::as_str).unwrap_or_default();
        let live_digest = match secret::is_digest(live) {
            true => live.clone(),
            false => secret::digest(&secret::state_key(lineage, state), live),
        };
        if live_digest == *declared {
            return;
        }
        if live.is_array() || live.is_object() {
            // Equal by meaning and equal by digest are two things where order or defaults play a part.
            return item.gaps.push(digest_gap(path));
        }
        let label = label::of_change(&item.identity.kind, path, declared, &live_digest);
        item.changes.push(ItemChange {
            path: path.to_owned(),
            declared: declared.clone(),
            live: live_digest,
            label,
            sensitive: true,
            note: None,
        });
    }

    fn suppress(&mut self, address: &str, rule: &str, path: &str) {
        let suppressed = &mut self.drift.suppressed;
        // What is suppressed of one instance comes together.
        let address = match suppressed.last() {
            Some(last) if last.address == *address => last.address.clone(),
            _ => address.into(),
        };
        suppressed.push(Suppressed { rule: self.texts.share(rule), address, path: self.texts.share(path) });
    }

    /// A list whose elements may also be resources of their own (N10, N11, N12).
    fn atoms(
        &mut self,
        item: &mut Item,
        satellite: &Satellite,
        attr: &AnyAttr,
        resource: &Resource,
        live: &Resource,
    ) {
        let value = match live.raw(attr.path) {
            Ok(value) => value,
            // Nobody wanted it, and the state does not carry it either: nothing to say.
            Err(gap) if gap.cause == Cause::NotRequested && !resource.has(attr.path) => return,
            Err(gap) => return item.gaps.push(gap),
        };
        let Form::Atoms { atoms, .. } = satellite.form else { return };
        let hidden = resource.raw(attr.path).is_ok_and(secret::holds_digest);
        if hidden || self.claims.is_hidden(&resource.address, attr.path) {
            return item.gaps.push(digest_gap(attr.path));
        }
        let present = atoms(live, attr.path, value);
        let inline = match resource.raw(attr.path) {
            Ok(value) => atoms(resource, attr.path, value),
            Err(_) => Vec::new(),
        };
        let claimed = self.claims.of_owner(&resource.address, attr.path);
        let found = atoms::match_owner(&inline, &claimed, &present);
        let removed: Vec<Value> =
            found.changes.iter().filter(|(_, live)| live.is_null()).map(|(was, _)| was.clone()).collect();
        for (declared, live) in found.changes {
            let narrower = declared.is_null() && removed.iter().any(|was| label::narrows(was, &live));
            let label = match narrower {
                true => Label::Tightening,
                false => label::of_change(&item.identity.kind, attr.path, &declared, &live),
            };
            item.changes.push(ItemChange {
                path: attr.path.to_owned(),
                declared,
                live,
                label,
                sensitive: false,
                note: None,
            });
        }
        let elsewhere =
            |atom: &Value| self.claims.is_told_elsewhere(&resource.address, attr.path, atom_key(atom));
        for atom in found.unmanaged.into_iter().filter(|atom| !elsewhere(atom)).collect::<Vec<_>>() {
            let mut part = Item::live(live, Class::Unmanaged);
            part.owner = item.address.clone();
            part.state = item.state.clone();
            part.identity.kind = satellite.kind.into();
            part.identity.id = atoms::part_id(live.id(), attr.path, &atom);
            part.arn = None;
            part.name = None;
            let change = Change { path: attr.path.to_owned(), declared: Value::Null, live: atom.clone() };
            part.object = Some(Object { address: live.address.clone(), changes: vec![change] });
            let label = label::of_change(&item.identity.kind, attr.path, &Value::Null, &atom);
            part.changes.push(ItemChange {
                path: attr.path.to_owned(),
                declared: Value::Null,
                live: atom,
                label,
                sensitive: false,
                note: None,
            });
            self.drift.items.push(part);
        }
    }

    /// An instance that is a part of another resource.
    fn part(
        &mut self,
        owner: &'static Kind,
        satellite: &Satellite,
        kind: &'static Kind,
        resource: &Resource,
    ) {
        let Some(owner_id) = (satellite.owner_id)(resource) else {
            let gap = Gap::new(
                resource.kind().to_owned(),
                Cause::NotInState,
                "the state does not say whose part it is",
            );
            return self.drift.items.push(Item::unknown(resource, gap));
        };
        let place = owner_place(owner, &resource.address.place);
        let address = Address { place: place.clone(), kind: owner.name.into(), id: owner_id.clone() };
        let object = |changes| Some(Object { address: address.clone(), changes });
        let live = match self.live.lookup(owner, &place, &owner_id) {
            Ok(Some(live)) => live,
            Ok(None) => {
                let reason = Some(format!("its owner {} {owner_id} does not exist", owner.name));
                let item =
                    Item { reason, object: object(Vec::new()), ..Item::managed(resource, Class::Missing) };
                return self.drift.items.push(item);
            }
            Err(gap) => {
                let item = Item { object: object(Vec::new()), ..Item::unknown(resource, gap) };
                return self.drift.items.push(item);
            }
        };
        let object = object(canonical::of_part(owner, satellite, resource, &live));
        match satellite.form {
            Form::Block { attribute, .. } | Form::Whole { attribute, .. } => {
                let value = match live.raw(attribute) {
                    Ok(value) => value,
                    Err(gap) => {
                        return self.drift.items.push(Item { object, ..Item::unknown(resource, gap) });
                    }
                };
                let block = match satellite.form {
                    Form::Block { from_owner, .. } => from_owner(value),
                    Form::Whole { listed, members, .. } => {
                        Some(Map::from_iter([(listed.to_owned(), Value::Array(members(value)))]))
                    }
                    Form::Atoms { .. } => None,
                };
                let Some(block) = block else {
                    if says_nothing(owner, satellite, resource) {
                        let address = resource.declared.as_ref().map(|facts| facts.address.clone());
                        let address = address.unwrap_or_default();
                        self.suppress(&address, "N24", "*");
                        return self.drift.in_sync.push(address);
                    }
                    let item = Item { object, ..Item::managed(resource, Class::Missing) };
                    return self.drift.items.push(item);
                };
                let mut part = Resource::new(place, kind.name, resource.id());
                for (name, value) in block {
                    part.put_raw(name, Slot::Known(value));
                }
                let mut item = Item { object, ..Item::managed(resource, Class::InSync) };
                for attr in kind.attributes.iter().filter(|attr| part.has(attr.path)) {
                    self.attribute(&mut item, kind, attr, resource, &part);
                }
                distrust(&mut item, resource);
                self.finish(item, &live);
            }
            Form::Atoms { claims, atoms, .. } => {
                let mut item = Item { object, ..Item::managed(resource, Class::InSync) };
                let claims = claims(resource);
                if claims.is_empty() {
                    let detail = "the state does not say which part of its owner it is";
                    let gap = Gap::new(resource.kind().to_owned(), Cause::NotInState, detail);
                    return self.drift.items.push(Item::unknown(resource, gap));
                }
                if let Some((attribute, _)) = claims.iter().find(|(_, atom)| secret::holds_digest(atom)) {
                    return self.drift.items.push(Item::unknown(resource, digest_gap(attribute)));
                }
                let mut absent = 0;
                for (attribute, atom) in &claims {
                    let value = match live.raw(attribute) {
                        Ok(value) => value,
                        Err(gap) => {
                            item.gaps.push(gap);
                            continue;
                        }
                    };
                    match atoms::match_claim(atom, &atoms(&live, attribute, value)) {
                        atoms::Match::Same => {}
                        atoms::Match::Absent => {
                            absent += 1;
                            item.changes.push(self.atom_change(kind, attribute, atom.clone(), Value::Null));
                        }
                        atoms::Match::Different(other) => {
                            item.changes.push(self.atom_change(kind, attribute, atom.clone(), other));
                        }
                    }
                }
                distrust(&mut item, resource);
                if item.gaps.is_empty() && absent == claims.len() {
                    item.changes.clear();
                    item.class = Class::Missing;
                    return self.drift.items.push(item);
                }
                self.finish(item, &live);
            }
        }
    }

    fn atom_change(&self, kind: &Kind, path: &str, declared: Value, live: Value) -> ItemChange {
        let label = label::of_change(kind.name, path, &declared, &live);
        ItemChange { path: path.to_owned(), declared, live, label, sensitive: false, note: None }
    }

    /// Decides the class of an instance whose attributes have been compared.
    fn finish(&mut self, mut item: Item, live: &Resource) {
        let address = item.address.as_deref().unwrap_or_default();
        for change in &mut item.changes {
            if let Some(rule) = controller::owner_of(live, self.live, &self.scope.pipeline_roles, change) {
                change.label = Label::ControllerOwned;
                self.suppress(address, rule, &change.path);
            } else {
                change.note = controller::why_not(live, self.live, &self.scope.pipeline_roles, change);
            }
        }
        let real = item.changes.iter().any(|change| change.label.is_drift());
        if real {
            item.class = Class::Changed;
        } else if !item.gaps.is_empty() {
            item.class = Class::Unknown;
        } else {
            return self.drift.in_sync.push(item.address.unwrap_or_default());
        }
        self.drift.items.push(item);
    }

    fn unmanaged_objects(&mut self) {
        let interfaces = controller::interfaces_in_use(self.live);
        let unmatched = self.matched.iter().enumerate().filter(|(_, matched)| !**matched);
        for resource in unmatched.filter_map(|(position, _)| self.live.at(position)) {
            let resource = resource.as_ref();
            if !self.scope.unmanaged.contains(resource.kind()) {
                continue;
            }
            let backend = (resource.kind().to_owned(), resource.id().to_owned());
            if self.scope.backends.contains(&backend) || is_backend_by_name(resource) {
                let reason = "holds Terraform states or their locks".to_owned();
                self.drift
                    .excluded
                    .push(Item { reason: Some(reason), ..Item::live(resource, Class::Excluded) });
                continue;
            }
            let mut possibly = None;
            let excluded = exclusion(resource)
                .map(|excluded| format!("{}: {}", excluded.rule, excluded.reason))
                .or_else(|| unmanaged::managed_elsewhere(resource))
                .or_else(|| self.families.deployed(resource, &self.scope.pipeline_roles))
                .or_else(|| match controller::left_by_a_member(resource, self.live) {
                    Ok(why) => why.map(|why| format!("N19: {why}")),
                    Err(gap) => {
                        possibly = Some(format!("a scaling group may have left it behind ({gap})"));
                        None
                    }
                });
            if let Some(reason) = excluded {
                self.drift
                    .excluded
                    .push(Item { reason: Some(reason), ..Item::live(resource, Class::Excluded) });
                continue;
            }
            if let Some(owner) = interfaces.get(&resource.address) {
                let reason = format!("N18: the interface of {owner}");
                self.drift
                    .excluded
                    .push(Item { reason: Some(reason), ..Item::live(resource, Class::Excluded) });
                continue;
            }
            if let Err(gap) = controller::interface_may_be_in_use(resource, self.live) {
                possibly = Some(format!("another object may own it ({gap})"));
            }
            let import = || kinds::find(resource.kind()).and_then(|kind| (kind.import_id)(resource));
            // What may belong to another object must not be imported on its own.
            let import_id = if possibly.is_none() { import() } else { None };
            let item = Item { import_id, reason: possibly, ..Item::live(resource, Class::Unmanaged) };
            self.drift.items.push(item);
        }
    }
}

/// A bucket or table that is named for holding Terraform states or locks: made by hand before any state can be, so that
/// no state has it. A state that is given as a file does not tell where it lives.
fn is_backend_by_name(resource: &Resource) -> bool {
    const STATES: &[&str] = &["tfstate", "terraform-state", "terraform_state", "tf-state"];
    const LOCKS: &[&str] = &["tflock", "terraform-lock", "terraform_lock", "tf-lock", "tfstate"];
    let name = resource.id().to_lowercase();
    let named = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match resource.kind() {
        "aws_s3_bucket" => named(STATES),
        "aws_dynamodb_table" => named(LOCKS),
        _ => false,
    }
}

fn digest_gap(path: &str) -> Gap {
    Gap::new(path.to_owned(), Cause::NotInState, "sensitive: only a digest of it is known")
}

fn atom_key(atom: &Value) -> &Value {
    atoms::key(atom)
}

/// N31: a state of a newer provider than this program knows may write attributes in another way. What is equal is equal;
/// what is not is not known.
fn distrust(item: &mut Item, resource: &Resource) {
    let written = resource.declared.as_ref().map(|facts| facts.schema_version).unwrap_or_default();
    let known = schema::newest_known(resource.kind());
    if written <= known {
        return;
    }
    for change in std::mem::take(&mut item.changes) {
        let detail =
            format!("the state has schema version {written} of this type, and {known} is the newest known");
        item.gaps.push(Gap::new(change.path, Cause::Unsupported, detail));
    }
}

/// N24: a part that says nothing, or no more than the server's default, is the same as none: a public access block with
/// every flag off, a policy without statements.
fn says_nothing(owner: &Kind, satellite: &Satellite, part: &Resource) -> bool {
    let Form::Block { attribute, to_owner, .. } = satellite.form else { return false };
    let Ok(value) = to_owner(part) else { return false };
    let same = owner.attribute(attribute).map(|attr| compare(attr, &value, &Value::Null));
    hollow(&value, Absent::Zero) || matches!(same, Some(Comparison::Equal | Comparison::Suppressed(_)))
}

/// N3: why ids stand where the state has principals.
fn deleted_principals(attr: &AnyAttr, change: &Change) -> Option<String> {
    let document = |value: &Value| Document::parse(value.as_str()?);
    if attr.equality != Equality::Policy {
        return None;
    }
    let (was, now) = (document(&change.declared)?, document(&change.live)?);
    let known = was.deleted_principals();
    let gone: Vec<&str> = now.deleted_principals().into_iter().filter(|id| !known.contains(id)).collect();
    let (last, verb) = (gone.last()?, if gone.len() == 1 { "is" } else { "are" });
    let ids = if gone.len() == 1 { (*last).to_owned() } else { gone.join(", ") };
    Some(format!("{ids} {verb} what AWS shows of a deleted principal: it lets nobody in any more (N3)"))
}

/// True for an attribute that names a key of KMS.
fn is_key(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    name.starts_with("kms_") || name.ends_with("_kms_key_id") || name == "target_key_id"
}

/// True when one names an alias that points to the key which the other names (N23).
fn same_key(live: &dyn LiveSide, place: &Place, a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.as_str(), b.as_str()) else { return false };
    let alias = |text: &str| text.rfind("alias/").map(|at| text[at..].to_owned());
    let key_of = |text: &str| match alias(text) {
        Some(alias) => {
            let alias = live.by_id(&kms::alias::KIND, place, &alias)?;
            Some(last_segment(alias.raw("target_key_id").ok()?.as_str()?).to_owned())
        }
        None => Some(last_segment(text).to_owned()),
    };
    let (Some(a), Some(b)) = (key_of(a), key_of(b)) else { return false };
    !a.is_empty() && a == b
}

fn has_atoms(satellite: &Satellite, path: &str) -> bool {
    matches!(satellite.form, Form::Atoms { attributes, .. } if attributes.contains(&path))
}

/// Parts of a global resource are global, whatever region their provider has.
fn owner_place(owner: &Kind, place: &Place) -> Place {
    match owner.scope {
        Scope::Global => Place::new(place.account.clone(), stateward_model::GLOBAL),
        Scope::Regional => place.clone(),
    }
}

/// A changed tag that the resource's own `tags` hold is named there: that is where a person edits it.
fn own_tag_path(resource: &Resource, path: &str) -> String {
    let Some(key) = path.strip_prefix("tags_all.") else { return path.to_owned() };
    let own = resource.raw("tags").ok().and_then(Value::as_object).is_some_and(|tags| tags.contains_key(key));
    if own { format!("tags.{key}") } else { path.to_owned() }
}

fn is_sensitive(resource: &Resource, path: &str) -> bool {
    let top = path.split(['.', '[']).next().unwrap_or(path);
    resource.declared.as_ref().is_some_and(|facts| facts.sensitive.iter().any(|name| name == top))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use serde_json::json;
    use stateward_model::{Declared, Harvest, Reading};

    fn place(kind: &str) -> Place {
        match kinds::find(kind).map(|kind| kind.scope) {
            Some(Scope::Global) => Place::new("1", stateward_model::GLOBAL),
            _ => Place::new("1", "us-west-2"),
        }
    }

    fn declared(kind: &'static str, id: &str, attributes: Value) -> Resource {
        let mut resource = Resource::new(place(kind), kind, id);
        resource.declared =
            Some(Declared { address: format!("{kind}.{id}"), state: "s".into(), ..Declared::default() });
        put(&mut resource, attributes);
        resource
    }

    fn put(resource: &mut Resource, attributes: Value) {
        for (path, value) in attributes.as_object().unwrap() {
            resource.put_raw(path.clone(), Slot::Known(value.clone()));
        }
    }

    fn live(kind: &'static str, id: &str, attributes: Value) -> Inventory {
        let place = place(kind);
        let mut resource = Resource::new(place.clone(), kind, id);
        put(&mut resource, attributes);
        let harvest = Harvest { resources: vec![resource], gaps: vec![] };
        Inventory::live(vec![Reading { kind: kind.into(), place, observed_at: String::new(), harvest }])
    }

    fn compared(states: &[Resource], live: &Inventory) -> Drift {
        let scope = Coverage {
            accounts: BTreeSet::from(["1".to_owned()]),
            regions: BTreeSet::from(["us-west-2".to_owned()]),
            ..Coverage::default()
        };
        reconcile(|| states.iter().cloned(), live, &scope)
    }

    #[test]
    fn what_a_state_hides_of_a_part_is_unknown_and_never_shown() {
        let hidden = secret::digest(b"k", &json!("{\"Statement\":[]}"));
        let policy = declared(
            "aws_iam_role_policy",
            "web:own",
            json!({"role": "web", "name": "own", "policy": hidden}),
        );
        let role = declared("aws_iam_role", "web", json!({"name": "web"}));
        let inventory = live(
            "aws_iam_role",
            "web",
            json!({"name": "web", "inline_policy": [{"name": "own", "policy": "{\"Statement\":[\"open\"]}"}]}),
        );
        let drift = compared(&[policy, role], &inventory);
        assert!(drift.items.iter().all(|item| item.class == Class::Unknown), "{:#?}", drift.items);
        assert!(!format!("{:?}", drift.items).contains("open"));
    }

    #[test]
    fn instances_of_other_providers_are_counted_and_left_alone() {
        let random = declared("random_id", "x", json!({}));
        let drift = compared(&[random], &Inventory::default());
        assert!(drift.items.is_empty() && drift.in_sync.is_empty());
        assert_eq!(drift.suppressed[0].rule, OTHER_PROVIDER);
        let unsupported = declared("aws_lex_bot", "x", json!({}));
        assert_eq!(compared(&[unsupported], &Inventory::default()).items[0].class, Class::Unknown);
    }

    #[test]
    fn one_object_in_two_states_is_a_conflict_that_names_both() {
        let one = declared("aws_s3_bucket", "b", json!({"bucket": "b"}));
        let mut other = one.clone();
        other.declared.as_mut().unwrap().state = "t".into();
        let drift = compared(&[one, other], &live("aws_s3_bucket", "b", json!({"bucket": "b"})));
        assert_eq!(drift.items.iter().filter(|item| item.class == Class::Conflict).count(), 2);
        let reason = drift.items[0].reason.clone().unwrap();
        assert!(reason.contains("in s") && reason.contains("in t"), "{reason}");
    }
}
