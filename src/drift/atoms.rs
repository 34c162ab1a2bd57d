//! Atoms: single elements of lists whose elements may be declared inline or as resources of their own.
//!
//! An atom that is an object with the member `key` is identified by that member and compared by the rest (an inline
//! policy has a name and a document); any other atom is its own identity (a rule of a security group). A declared atom
//! may say less than the live one (an attachment names a volume, a block its size too), and is held to what it says.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stateward_model::kind::{Form, Kind};
use stateward_model::{Address, AnyAttr, GLOBAL, Place, Resource, Scope, kinds, secret};

/// What declared satellites claim, by owner and attribute.
#[derive(Debug, Default)]
pub struct Claims {
    atoms: BTreeMap<(Address, &'static str), Vec<Value>>,
    blocks: BTreeSet<(Address, &'static str)>,
    /// Lists of which a part claims what the state hides.
    hidden: BTreeSet<(Address, &'static str)>,
    /// Lists that a part claims whole.
    whole: BTreeSet<(Address, &'static str)>,
    /// Atoms that somebody claims for itself wherever they are: account, list, atom.
    everywhere: BTreeSet<(String, &'static str, String)>,
}

impl Claims {
    /// Collects the claims of all declared satellites.
    pub fn of<'a>(declared: impl Iterator<Item = Cow<'a, Resource>>) -> Self {
        let mut claims = Self::default();
        for resource in declared {
            let Some((owner, satellite)) = kinds::satellite(resource.kind()) else {
                claims.add_elsewhere(&resource);
                continue;
            };
            let Some(owner_id) = (satellite.owner_id)(&resource) else { continue };
            let address = owner_address(owner, &resource.address.place, owner_id);
            match satellite.form {
                Form::Block { attribute, .. } => {
                    claims.blocks.insert((address, attribute));
                }
                Form::Whole { attribute, .. } => {
                    claims.whole.insert((address, attribute));
                }
                Form::Atoms { claims: of, .. } => {
                    for (attribute, atom) in of(&resource) {
                        if secret::holds_digest(&atom) {
                            claims.hidden.insert((address.clone(), attribute));
                        }
                        claims.atoms.entry((address.clone(), attribute)).or_default().push(atom);
                    }
                }
            }
        }
        claims
    }

    /// Claims of a resource that is no part of what it claims (N12).
    fn add_elsewhere(&mut self, resource: &Resource) {
        let Some(kind) = kinds::find(resource.kind()) else { return };
        for claim in (kind.claims)(resource) {
            let Some(owner) = kinds::find(claim.owner) else { continue };
            let address = owner_address(owner, &resource.address.place, claim.id);
            let account = address.place.account.clone();
            self.everywhere.insert((account, claim.attribute, claim.atom.to_string()));
            self.atoms.entry((address, claim.attribute)).or_default().push(claim.atom);
        }
    }

    /// True when what nobody declares of an owner's list is told elsewhere: by a part that claims the list whole, or by a
    /// resource that claims the atom wherever it is.
    pub fn is_told_elsewhere(&self, owner: &Address, attribute: &'static str, atom: &Value) -> bool {
        self.whole.contains(&(owner.clone(), attribute))
            || self.everywhere.contains(&(owner.place.account.clone(), attribute, atom.to_string()))
    }

    /// The atoms that satellites claim of one attribute of an owner.
    pub fn of_owner(&self, owner: &Address, attribute: &'static str) -> Vec<Value> {
        self.atoms.get(&(owner.clone(), attribute)).cloned().unwrap_or_default()
    }

    /// True when a part claims something of the list that only its digest is known of.
    pub fn is_hidden(&self, owner: &Address, attribute: &'static str) -> bool {
        !self.hidden.is_empty() && self.hidden.contains(&(owner.clone(), attribute))
    }

    /// True when a satellite stands for the attribute, so that it is compared there and not on the owner (N9).
    pub fn covers_block(&self, kind: &Kind, owner: &Resource, attribute: &'static str) -> bool {
        !kind.satellites.is_empty() && self.blocks.contains(&(owner.address.clone(), attribute))
    }
}

/// The identity of the owner of a part.
pub fn owner_address(owner: &'static Kind, place: &Place, id: String) -> Address {
    let place = match owner.scope {
        Scope::Global => Place::new(place.account.clone(), GLOBAL),
        Scope::Regional => place.clone(),
    };
    Address { place, kind: owner.name.into(), id }
}

/// True when an element that nobody declares is worth telling. A list that Terraform has no attribute for (targets of a
/// target group) is nobody's claim to be whole, and controllers move what is in it; what a user or a group may do is not
/// theirs to move.
pub fn tells_of_others(kind: &Kind, attr: &AnyAttr) -> bool {
    let of_principals = ["aws_iam_user", "aws_iam_group"].contains(&kind.name)
        && ["inline_policy", "managed_policy_arns"].contains(&attr.path);
    !attr.live_only || of_principals
}

/// What identifies an atom.
pub(super) fn key(atom: &Value) -> &Value {
    atom.get("key").unwrap_or(atom)
}

/// What became of an owner's list.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    /// Changes of the owner: declared and live atom, null where there is none.
    pub changes: Vec<(Value, Value)>,
    /// Live atoms that nothing declares, where nothing claims to list all.
    pub unmanaged: Vec<Value>,
}

/// Compares the atoms of an owner. With inline atoms and no satellite, the inline list claims to be whole (N10).
pub fn match_owner(inline: &[Value], claimed: &[Value], present: &[Value]) -> Found {
    let exclusive = !inline.is_empty() && claimed.is_empty();
    let mut found = Found::default();
    for atom in inline.iter().filter(|atom| !claimed.iter().any(|claim| key(claim) == key(atom))) {
        match match_claim(atom, present) {
            Match::Same => {}
            Match::Absent => found.changes.push((atom.clone(), Value::Null)),
            Match::Different(live) => found.changes.push((atom.clone(), live)),
        }
    }
    for atom in present {
        let known = |list: &[Value]| list.iter().any(|other| key(other) == key(atom));
        if known(inline) || known(claimed) {
            continue;
        }
        if exclusive {
            found.changes.push((Value::Null, atom.clone()));
        } else {
            found.unmanaged.push(atom.clone());
        }
    }
    found
}

/// How a claimed atom stands among those present.
#[derive(Debug, PartialEq)]
pub enum Match {
    /// There, and the same.
    Same,
    /// Not there.
    Absent,
    /// There, with another value.
    Different(Value),
}

/// Looks for a claimed atom among those present.
pub fn match_claim(atom: &Value, present: &[Value]) -> Match {
    let alike = || present.iter().filter(|other| key(other) == key(atom));
    if alike().any(|other| other == atom || covers(other, atom)) {
        return Match::Same;
    }
    // Of several with one key, which is named must not hang on their order.
    alike()
        .min_by_key(|other| other.to_string())
        .map_or(Match::Absent, |other| Match::Different(other.clone()))
}

/// True when every member of the claimed atom is the same in the live one.
fn covers(live: &Value, claim: &Value) -> bool {
    let (Value::Object(live), Value::Object(claim)) = (live, claim) else { return false };
    claim.iter().all(|(name, value)| live.get(name) == Some(value))
}

/// An id for a part that has none of its own: the owner's id, the attribute, and the atom's identity in words.
pub fn part_id(owner: &str, attribute: &str, atom: &Value) -> String {
    format!("{owner}/{attribute}/{}", words(key(atom)))
}

/// The identity of an atom in words.
pub(super) fn words(key: &Value) -> String {
    match key {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let words: Vec<String> = map.values().filter(|v| !v.is_null()).map(plain).collect();
            words.join("-")
        }
        other => plain(other),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_inline_list_claims_to_be_whole() {
        let found = match_owner(&[json!("a")], &[], &[json!("a"), json!("b")]);
        assert_eq!(found, Found { changes: vec![(Value::Null, json!("b"))], unmanaged: vec![] });
    }

    #[test]
    fn beside_separate_rules_an_extra_one_is_unmanaged() {
        let found = match_owner(&[json!("a")], &[json!("a")], &[json!("a"), json!("b")]);
        assert_eq!(found, Found { changes: vec![], unmanaged: vec![json!("b")] });
        let nothing_declared = match_owner(&[], &[], &[json!("b")]);
        assert_eq!(nothing_declared.unmanaged, vec![json!("b")]);
    }

    #[test]
    fn a_claim_that_is_gone_is_the_satellites_business() {
        let found = match_owner(&[json!("a")], &[json!("a")], &[]);
        assert_eq!(found, Found::default());
        assert_eq!(match_claim(&json!("a"), &[]), Match::Absent);
    }

    #[test]
    fn a_keyed_atom_is_compared_by_value() {
        let old = json!({"key": "p", "policy": "x"});
        let new = json!({"key": "p", "policy": "y"});
        assert_eq!(match_claim(&old, std::slice::from_ref(&new)), Match::Different(new.clone()));
        let found = match_owner(std::slice::from_ref(&old), &[], std::slice::from_ref(&new));
        assert_eq!(found.changes, vec![(old, new)]);
    }

    #[test]
    fn a_claim_is_held_to_what_it_says_and_to_no_more() {
        let live = json!({"key": "/dev/sdf", "volume_id": "vol-1", "volume_size": 8});
        let present = std::slice::from_ref(&live);
        assert_eq!(match_claim(&json!({"key": "/dev/sdf", "volume_id": "vol-1"}), present), Match::Same);
        let other = json!({"key": "/dev/sdf", "volume_id": "vol-2"});
        assert_eq!(match_claim(&other, present), Match::Different(live.clone()));
        let more = json!({"key": "/dev/sdf", "volume_id": "vol-1", "encrypted": true});
        assert_eq!(match_claim(&more, present), Match::Different(live.clone()));
    }
}
