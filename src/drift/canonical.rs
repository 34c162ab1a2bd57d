//! Drift by the objects that differ, whatever resource of a state declares what differs of them: a bucket with its blocks
//! inline and the same bucket with separate resources beside it have the same canonical drift, byte for byte (N9).

use serde::Serialize;
use serde_json::{Map, Value};
use stateward_model::compare::{Change, hollow};
use stateward_model::kind::{Form, Satellite};
use stateward_model::{Absent, Address, AnyAttr, Comparison, Equality, Kind, Resource, compare, policy};

use super::atoms::{self, Match};
use super::{Class, Drift, Item, Label, label};

/// What differs of an object that a part belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// The owner.
    pub address: Address,
    /// The differences of the part, under the owner's attributes.
    pub changes: Vec<Change>,
}

/// One difference of one object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The Terraform type of the object.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// `changed`, `missing`, `unmanaged`, `ghost`, `conflict` or `unknown`.
    pub class: &'static str,
    /// The attribute of the object; empty where the difference is about the object as a whole.
    pub path: String,
    /// As declared, without members that say nothing.
    pub declared: Value,
    /// As live, without members that say nothing.
    pub live: Value,
    /// What kind of change it is.
    pub label: &'static str,
    /// Why it is not known.
    pub reason: String,
}

/// Every difference by its object, sorted, each once.
pub fn canonical(drift: &Drift) -> Vec<Difference> {
    let mut all: Vec<(String, Difference)> = drift
        .items
        .iter()
        .flat_map(differences)
        .map(|difference| (serde_json::to_string(&difference).unwrap_or_default(), difference))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.dedup_by(|a, b| a.0 == b.0);
    all.into_iter().map(|(_, difference)| difference).collect()
}

fn differences(item: &Item) -> Vec<Difference> {
    let address = item.object.as_ref().map_or(&item.identity, |object| &object.address);
    let at =
        |class: &'static str, path: &str, declared: &Value, live: &Value, label: &'static str| Difference {
            kind: address.kind.clone().into_owned(),
            id: address.id.clone(),
            account: address.place.account.clone(),
            region: address.place.region.clone(),
            class,
            path: path.to_owned(),
            declared: plain(declared),
            live: plain(live),
            label,
            reason: String::new(),
        };
    let whole = |class: &'static str, label: &'static str| at(class, "", &Value::Null, &Value::Null, label);
    let hidden = item.changes.iter().any(|change| change.sensitive);
    let change = |path: &str, declared: &Value, live: &Value| {
        let label = label::of_change(&address.kind, path, declared, live);
        let shown =
            |value: &Value| if hidden { Value::String("(sensitive)".to_owned()) } else { value.clone() };
        at("changed", path, &shown(declared), &shown(live), label.word())
    };
    let own = || item.changes.iter().filter(|change| change.label.is_drift());
    let mut found: Vec<Difference> = match &item.object {
        Some(object) if !object.changes.is_empty() => {
            let real =
                item.class == Class::Missing || item.class == Class::Unmanaged || own().next().is_some();
            let changes = object.changes.iter().filter(|_| real);
            changes.map(|one| change(&one.path, &one.declared, &one.live)).collect()
        }
        // What the owner has no attribute for keeps the name of the part.
        Some(_) => own()
            .map(|one| change(&format!("{}.{}", item.identity.kind, one.path), &one.declared, &one.live))
            .collect(),
        None => own().map(|one| change(&one.path, &one.declared, &one.live)).collect(),
    };
    found.extend(item.gaps.iter().map(|gap| Difference {
        reason: gap.to_string(),
        ..at("unknown", "", &Value::Null, &Value::Null, Label::Other.word())
    }));
    let label = label::of_missing(&address.kind).unwrap_or(Label::Other).word();
    match item.class {
        // The owner is there (else that would be the reason), and has no attribute that tells what is missing of it.
        Class::Missing if found.is_empty() && item.object.is_some() && item.reason.is_none() => {
            found.push(at("changed", &item.identity.kind, &Value::Null, &Value::Null, label));
        }
        Class::Missing if found.is_empty() => found.push(whole("missing", label)),
        Class::Unmanaged if found.is_empty() => found.push(whole("unmanaged", Label::Other.word())),
        Class::Ghost => found.push(whole("ghost", Label::Other.word())),
        Class::Conflict => found.push(whole("conflict", Label::Other.word())),
        _ => {}
    }
    found
}

/// What differs between a declared part and its live owner, under the owner's attributes.
pub(super) fn of_part(owner: &Kind, satellite: &Satellite, part: &Resource, live: &Resource) -> Vec<Change> {
    match satellite.form {
        Form::Block { attribute, to_owner, .. } => {
            let canned = part.raw("acl").ok().filter(|acl| !hollow(acl, Absent::Empty));
            let (attribute, declared) = match canned {
                // A canned ACL is that of the bucket; its grants follow from it.
                Some(acl) if satellite.kind == "aws_s3_bucket_acl" => ("acl", acl.clone()),
                _ => match to_owner(part) {
                    Ok(value) => (attribute, value),
                    Err(_) => return Vec::new(),
                },
            };
            let (Some(attr), Ok(value)) = (owner.attribute(attribute), live.raw(attribute)) else {
                return Vec::new();
            };
            match compare(&as_compared(attr), &declared, value) {
                Comparison::Changed(changes) => changes,
                _ => Vec::new(),
            }
        }
        Form::Atoms { claims, atoms, .. } => {
            let claims = claims(part).into_iter();
            let differs = |(attribute, atom): (&'static str, Value)| {
                let value = live.raw(attribute).ok()?;
                let live = match atoms::match_claim(&atom, &atoms(live, attribute, value)) {
                    Match::Same => return None,
                    Match::Absent => Value::Null,
                    Match::Different(other) => other,
                };
                Some(Change { path: attribute.to_owned(), declared: atom, live })
            };
            claims.filter_map(differs).collect()
        }
        Form::Whole { .. } => Vec::new(),
    }
}

/// An attribute that only the live side has is compared all the same where a part declares it.
fn as_compared(attr: &AnyAttr) -> AnyAttr {
    match attr.live_only {
        true => AnyAttr { equality: Equality::Exact, absent: Absent::Zero, ..*attr },
        false => *attr,
    }
}

/// The value without members that say nothing, and documents in one spelling.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let said = map.iter().filter(|(_, value)| !hollow(value, Absent::Zero));
            let map: Map<String, Value> = said.map(|(key, value)| (key.clone(), plain(value))).collect();
            policy::sorted(Value::Object(map))
        }
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::String(text) => match policy::canonical(text) {
            Some(document) => Value::String(document.to_string()),
            None => value.clone(),
        },
        other => other.clone(),
    }
}
