//! Fingerprints: the names under which differences are known from run to run.

use sha2::{Digest, Sha256};
use stateward_model::Address;

use super::label::Label;
use crate::result::DriftChange;

/// The fingerprint of an item: its class, the lineage of its state with its address, or its identity where no state has
/// it. A lineage stays when a state file moves; where there is none, the state's URI stands in.
pub fn of_item(class: &str, state: Option<&str>, address: Option<&str>, identity: &Address) -> String {
    let identity = identity.to_string();
    match (address, class) {
        // A deposed object shares its address with the one that took its place.
        (Some(address), "ghost") => hash(&[class, state.unwrap_or_default(), address, &identity]),
        (Some(address), _) => hash(&[class, state.unwrap_or_default(), address]),
        (None, _) => hash(&[class, &identity]),
    }
}

/// The fingerprint of one change of the item with the fingerprint `item`. An element of a list is known by what it is.
/// What loosens security is known by its live value too: when that changes again, it is another difference, which nobody
/// has seen or accepted yet.
pub fn of_change(item: &str, change: &DriftChange) -> String {
    let element = match (&change.declared, &change.live) {
        (declared, live) if declared.is_null() && live.is_object() => Some(live),
        (declared, live) if live.is_null() && declared.is_object() => Some(declared),
        (_, live) if change.label == Label::Loosening.word() => Some(live),
        _ => None,
    };
    let element = element.map(ToString::to_string).unwrap_or_default();
    hash(&[item, &change.path, &element])
}

/// 16 hexadecimal digits over the parts.
pub fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use stateward_model::Place;

    use super::*;

    fn identity(id: &str) -> Address {
        Address { place: Place::new("1", "us-west-2"), kind: "aws_vpc".into(), id: id.to_owned() }
    }

    fn change(path: &str, declared: Value, live: Value, label: Label) -> String {
        let label = label.word().to_owned();
        of_change("item", &DriftChange { path: path.into(), declared, live, label, ..DriftChange::default() })
    }

    #[test]
    fn a_managed_item_is_known_by_its_state_and_address() {
        let of = |state: &str, address: &str, id: &str| {
            of_item("changed", Some(state), Some(address), &identity(id))
        };
        assert_eq!(of("l", "aws_vpc.a", "vpc-1"), of("l", "aws_vpc.a", "vpc-2"), "it was replaced");
        assert_ne!(of("l", "aws_vpc.a", "vpc-1"), of("m", "aws_vpc.a", "vpc-1"));
        assert_ne!(of("l", "aws_vpc.a", "vpc-1"), of("l", "aws_vpc.b", "vpc-1"));
        let unmanaged = |id: &str| of_item("unmanaged", None, None, &identity(id));
        assert_ne!(unmanaged("vpc-1"), unmanaged("vpc-2"));
    }

    #[test]
    fn a_change_is_known_by_its_path_and_what_opens_something_by_its_value_too() {
        let size = |live: &str| change("size", json!("a"), json!(live), Label::Other);
        assert_eq!(size("b"), size("c"));
        let open = |live: &str| change("policy", json!("a"), json!(live), Label::Loosening);
        assert_ne!(open("b"), open("c"));
        let rule = |port: u16| change("ingress", Value::Null, json!({"from_port": port}), Label::Other);
        assert_ne!(rule(22), rule(80));
    }
}
