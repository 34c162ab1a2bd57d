//! Merges declared parts into their owners, so that a check sees one bucket however its state spells it.
//!
//! The live side needs no folding: collectors read owners whole. On the declared side a part is either a block of its
//! owner, which is put where the owner would hold it, or some elements of a list. Where the owner's own list does not
//! show the elements that parts declare, its value is not known from the state alone, and becomes a gap.

use stateward_model::kind::Form;
use stateward_model::{Address, Cause, GLOBAL, Gap, Place, Resource, Scope, Slot, kinds};

use crate::drift::atoms::{Match, match_claim};
use crate::inventory::Inventory;

/// The declared inventory with parts folded into their owners. `gaps` are the states that could not be read.
pub fn declared(resources: impl IntoIterator<Item = Resource>, gaps: Vec<Gap>) -> Inventory {
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    for resource in resources {
        if resource.declared.as_ref().is_some_and(|facts| facts.deposed.is_some()) {
            continue;
        }
        if kinds::satellite(resource.kind()).is_some() {
            parts.push(resource.clone());
        }
        whole.push(resource);
    }
    let mut inventory = Inventory::declared(whole, gaps);
    for part in &parts {
        fold_part(part, &mut inventory);
    }
    inventory
}

fn fold_part(part: &Resource, inventory: &mut Inventory) {
    let Some((owner, satellite)) = kinds::satellite(part.kind()) else { return };
    let Some(id) = (satellite.owner_id)(part) else { return };
    let place = match owner.scope {
        Scope::Global => Place::new(part.account(), GLOBAL),
        Scope::Regional => part.address.place.clone(),
    };
    let address = Address { place, kind: owner.name.into(), id };
    let Some(owner) = inventory.find_mut(&address) else { return };
    match satellite.form {
        Form::Block { attribute, to_owner, .. } => {
            let slot = match to_owner(part) {
                Ok(value) => Slot::Known(value),
                Err(gap) => Slot::Unread(gap),
            };
            owner.put_raw(attribute, slot);
        }
        // A list of what others declare adds nothing.
        Form::Whole { .. } => {}
        Form::Atoms { claims, atoms, .. } => {
            for (attribute, atom) in claims(part) {
                let shown = owner
                    .raw(attribute)
                    .is_ok_and(|value| match_claim(&atom, &atoms(owner, attribute, value)) == Match::Same);
                if !shown {
                    let detail =
                        format!("{attribute} is declared in parts that the owner's state does not show");
                    let gap = Gap::new(part.kind().to_owned(), Cause::NotInState, detail);
                    owner.put_raw(attribute, Slot::Unread(gap));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use stateward_model::kinds::s3::bucket;

    #[test]
    fn a_block_declared_apart_is_seen_on_its_owner() {
        let place = Place::new("1", "us-west-2");
        let owner = Resource::new(place.clone(), "aws_s3_bucket", "b");
        let mut part = Resource::new(place.clone(), "aws_s3_bucket_public_access_block", "b");
        part.put_raw("bucket", Slot::Known(json!("b")));
        for flag in
            ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
        {
            part.put_raw(flag, Slot::Known(json!(true)));
        }
        let inventory = declared([owner, part], vec![]);
        let bucket = inventory.by_id(&bucket::KIND, &place, "b").unwrap();
        let blocks = bucket.get(&bucket::PUBLIC_ACCESS_BLOCK).unwrap().unwrap();
        assert!(blocks[0].block_public_acls && blocks[0].restrict_public_buckets);
    }
}
