//! Claims that cannot both hold: two instances of one object, two of one part of an object, and one that claims a whole
//! list for itself beside another that claims an element of it (drift.md §5).

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;
use serde_json::Value;
use stateward_model::compare::hollow;
use stateward_model::kind::Form;
use stateward_model::{Absent, Address, Comparison, Kind, Resource, compare, kinds, secret};

use super::atoms::{self, key, owner_address};
use crate::declared::{DeclaredSide, claims_parts};

/// Parts of which an owner may have several at once.
const SHARED: &[&str] = &["aws_secretsmanager_secret_version"];

/// What an instance claims: an object, or a part of one by its list and key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Subject {
    object: Address,
    part: Option<(&'static str, String)>,
}

impl Subject {
    fn hash(&self) -> u64 {
        let mut hasher = FxHasher::default();
        Hash::hash(self, &mut hasher);
        hasher.finish()
    }

    fn words(&self) -> String {
        let Some((attribute, key)) = &self.part else { return String::new() };
        let key = serde_json::from_str(key).map_or_else(|_| key.clone(), |key| atoms::words(&key));
        let space = if key.is_empty() { "" } else { " " };
        format!("{attribute}{space}{key} of {} {} is ", self.object.kind, self.object.id)
    }
}

/// A list that one instance claims whole.
struct Whole {
    by: String,
    listed: BTreeSet<String>,
}

/// Which claims contradict each other.
#[derive(Debug, Default)]
pub struct Conflicts {
    claimants: BTreeMap<Subject, Vec<String>>,
    broken: BTreeMap<String, BTreeSet<String>>,
}

impl Conflicts {
    /// Looks through all declared instances, twice at most. Hashes are counted first: of a large state only what is
    /// claimed twice is kept.
    pub fn of(declared: &impl DeclaredSide) -> Self {
        let mut hashes: Vec<u64> = Vec::new();
        let mut whole: BTreeMap<Subject, Whole> = BTreeMap::new();
        for resource in declared.sketched(tells_more) {
            hashes.extend(subjects(&resource).iter().map(Subject::hash));
            whole.extend(claimed_whole(&resource));
        }
        hashes.sort_unstable();
        let twice: BTreeSet<u64> =
            hashes.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0]).collect();
        drop(hashes);
        let mut found = Self::default();
        if twice.is_empty() && whole.is_empty() {
            return found;
        }
        for resource in declared.sketched(tells_more) {
            let subjects = subjects(&resource);
            found.weigh(&resource, &subjects, &whole);
            for subject in subjects {
                if twice.contains(&subject.hash()) {
                    found.claimants.entry(subject).or_default().push(who(&resource));
                }
            }
        }
        found.claimants.retain(|_, claimants| claimants.len() > 1);
        found.claimants.values_mut().for_each(|claimants| claimants.sort());
        found
    }

    /// Holds the single elements that an instance claims against the lists that others claim whole.
    fn weigh(&mut self, resource: &Resource, subjects: &BTreeSet<Subject>, whole: &BTreeMap<Subject, Whole>) {
        if whole.is_empty() || claimed_whole(resource).is_some() {
            return;
        }
        for subject in subjects {
            let Some((attribute, key)) = &subject.part else { continue };
            let everywhere = every(&subject.object, attribute, key);
            let list = Subject { part: Some((attribute, WHOLE.to_owned())), ..subject.clone() };
            let claims =
                [(whole.get(&list), key.clone()), (whole.get(&everywhere), subject.object.id.clone())];
            for (whole, element) in claims.into_iter().filter_map(|(whole, key)| Some((whole?, key))) {
                let me = who(resource);
                if whole.listed.contains(&element) {
                    continue;
                }
                let sentence = format!("{}claimed by {me}, and all others by {}", subject.words(), whole.by);
                self.broken.entry(me).or_default().insert(sentence.clone());
                self.broken.entry(whole.by.clone()).or_default().insert(sentence);
            }
        }
    }

    /// True when the object as a whole is claimed twice.
    pub fn is_whole(&self, resource: &Resource) -> bool {
        !self.claimants.is_empty() && self.claimants.contains_key(&own(resource))
    }

    /// A sentence with every address, where claims of this instance contradict others.
    pub fn reason(&self, resource: &Resource) -> Option<String> {
        if self.claimants.is_empty() && self.broken.is_empty() {
            return None;
        }
        let of = subjects(resource);
        let twice = of.iter().filter_map(|subject| {
            Some(format!("{}claimed by {}", subject.words(), few(self.claimants.get(subject)?)))
        });
        let broken = self.broken.get(&who(resource)).into_iter().flatten().cloned();
        let sentences: Vec<String> = twice.chain(broken).collect();
        (!sentences.is_empty()).then(|| few(&sentences))
    }
}

const WHOLE: &str = "*";
const BUCKET: &str = "aws_s3_bucket";

fn who(resource: &Resource) -> String {
    let Some(facts) = &resource.declared else { return String::new() };
    format!("{} in {}", facts.address, facts.state)
}

fn own(resource: &Resource) -> Subject {
    Subject { object: resource.address.clone(), part: None }
}

/// A policy at every principal of its account.
fn every(object: &Address, attribute: &'static str, key: &str) -> Subject {
    let policy = Address { kind: "aws_iam_policy_attachment".into(), id: String::new(), ..object.clone() };
    Subject { object: policy, part: Some((attribute, key.to_owned())) }
}

/// True when instances of a type claim more than themselves, and their attributes tell what.
fn tells_more(kind: &str) -> bool {
    claims_parts(kind) || kind == BUCKET
}

/// Everything that an instance claims.
fn subjects(resource: &Resource) -> BTreeSet<Subject> {
    let deposed = resource.declared.as_ref().is_none_or(|facts| facts.deposed.is_some());
    if deposed {
        return BTreeSet::new();
    }
    if let Some((owner, satellite)) = kinds::satellite(resource.kind()) {
        let Some(id) = (satellite.owner_id)(resource) else { return BTreeSet::new() };
        let object = owner_address(owner, &resource.address.place, id);
        let part = |attribute, key: String| Subject { object: object.clone(), part: Some((attribute, key)) };
        return match satellite.form {
            Form::Block { .. } if SHARED.contains(&satellite.kind) => BTreeSet::new(),
            Form::Block { attribute, .. } => BTreeSet::from([part(attribute, String::new())]),
            Form::Whole { attribute, .. } => BTreeSet::from([part(attribute, WHOLE.to_owned())]),
            Form::Atoms { claims, .. } => claims(resource)
                .into_iter()
                .filter(|(_, atom)| !secret::holds_digest(atom))
                .map(|(attribute, atom)| part(attribute, key(&atom).to_string()))
                .collect(),
        };
    }
    let mut subjects = BTreeSet::new();
    if resource.id().is_empty() {
        return subjects;
    }
    subjects.insert(own(resource));
    let Some(kind) = kinds::find(resource.kind()) else { return subjects };
    for claim in (kind.claims)(resource) {
        let Some(owner) = kinds::find(claim.owner) else { continue };
        let object = owner_address(owner, &resource.address.place, claim.id);
        subjects.insert(Subject { object, part: Some((claim.attribute, key(&claim.atom).to_string())) });
    }
    subjects.extend(inline_blocks(kind, resource));
    subjects
}

/// Blocks that a bucket itself declares (N9). Only a state in the form of provider 3 tells: later ones show on the bucket
/// what separate resources declare. The ACL is always there.
fn inline_blocks(kind: &Kind, resource: &Resource) -> Vec<Subject> {
    if kind.name != BUCKET || resource.has("object_lock_enabled") {
        return Vec::new();
    }
    let says = |attribute: &&str| {
        let (Some(attr), Ok(value)) = (kind.attribute(attribute), resource.raw(attribute)) else {
            return false;
        };
        let silent =
            matches!(compare(attr, value, &Value::Null), Comparison::Equal | Comparison::Suppressed(_));
        !attr.live_only && *attribute != "grant" && !silent && !hollow(value, Absent::Zero)
    };
    let blocks = kind.satellites.iter().filter_map(|satellite| match satellite.form {
        Form::Block { attribute, .. } => Some(attribute),
        _ => None,
    });
    let part =
        |attribute| Subject { object: resource.address.clone(), part: Some((attribute, String::new())) };
    blocks.filter(says).map(part).collect()
}

/// The list that an instance claims whole, with what it puts on it.
fn claimed_whole(resource: &Resource) -> Option<(Subject, Whole)> {
    let deposed = resource.declared.as_ref().is_none_or(|facts| facts.deposed.is_some());
    if deposed {
        return None;
    }
    if let Some((owner, satellite)) = kinds::satellite(resource.kind()) {
        let Form::Whole { attribute, listed, .. } = satellite.form else { return None };
        let id = (satellite.owner_id)(resource)?;
        let object = owner_address(owner, &resource.address.place, id);
        let listed = resource.raw(listed).ok()?.as_array().into_iter().flatten();
        let listed = listed.map(Value::to_string).collect();
        return Some((
            Subject { object, part: Some((attribute, WHOLE.to_owned())) },
            Whole { by: who(resource), listed },
        ));
    }
    let kind = kinds::find(resource.kind())?;
    let claims = (kind.claims)(resource);
    let first = claims.first()?;
    let place = owner_address(kinds::find(first.owner)?, &resource.address.place, String::new());
    let subject = every(&place, first.attribute, &key(&first.atom).to_string());
    Some((subject, Whole { by: who(resource), listed: claims.into_iter().map(|claim| claim.id).collect() }))
}

/// Some of many names: a list that grows with every claim would grow with their square.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 4;
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} more", names[..SHOWN].join(", ")),
        _ => names.join(" and "),
    }
}
