//! One file per check family, and the explicit list of all checks.

mod cloud;
mod containers;
mod delivery;
mod environments;
pub(crate) mod facts;
mod iac;
pub(crate) mod measured;
mod monitoring;
mod network;
mod pins;
pub(crate) mod quotas;
pub(crate) mod recovery;
mod routing;
mod scalable;
mod scaling;
mod schedule;
mod selection;
mod storage;
mod versions;

use serde_json::Value;
use stateward_model::policy::Document;
use stateward_model::{Cause, Gap, Kind, Place, Resource};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::check::{Check, View};
use crate::inventory::Side;

/// Every check, by family. A check that is not listed in its family's `CHECKS` is dead code, and so fails the build.
pub const FAMILIES: &[&[Check]] = &[
    containers::CHECKS,
    network::CHECKS,
    storage::CHECKS,
    recovery::CHECKS,
    monitoring::CHECKS,
    delivery::CHECKS,
    iac::CHECKS,
    environments::CHECKS,
    scaling::CHECKS,
    cloud::CHECKS,
];

pub use iac::OF_HISTORY;
pub use monitoring::watchable;
pub use recovery::{OF_AVAILABILITY, OF_RECOVERY};

/// All checks, in the order of their families.
pub fn all() -> impl Iterator<Item = &'static Check<'static>> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The check of an id or an alias, whatever the case.
pub fn find(name: &str) -> Option<&'static Check<'static>> {
    all().find(|check| check.id.eq_ignore_ascii_case(name) || check.alias.eq_ignore_ascii_case(name))
}

/// What another resource refers to, where its absence is proved: what no state holds may exist all the same.
fn referred<'a>(kind: &Kind, place: &Place, id: &str, view: &View<'a>) -> Result<Option<&'a Resource>, Gap> {
    match view.inventory.lookup(kind, place, id)? {
        None if view.side == Side::Declared => {
            Err(Gap::new(kind.name, Cause::NotInState, format!("{id} is in none of the states")))
        }
        found => Ok(found),
    }
}

/// A value that the reference of `call` promises, or the gap of an answer that left it out.
fn told<T>(value: Option<T>, call: &'static str) -> Result<T, Gap> {
    value.ok_or_else(|| Gap::new(call, Cause::Malformed, "the answer leaves it out"))
}

/// A time that `call` gave.
fn time_of(text: &str, call: &'static str) -> Result<OffsetDateTime, Gap> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| Gap::new(call, Cause::Malformed, "not a time"))
}

/// A policy document that `call` gave, taken apart. No document is one without statements.
fn policy_of(text: Option<&str>, call: &'static str) -> Result<Document, Gap> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(Document { statements: Vec::new() }),
        Some(text) => {
            Document::parse(text).ok_or_else(|| Gap::new(call, Cause::Malformed, "not a policy document"))
        }
    }
}

/// The blocks of a nested argument.
fn blocks(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Some of many names, for a message: the first three, and how many more there are.
fn named<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_cut_with_their_number() {
        assert_eq!(named(&["a", "b", "c"]), "a, b, c");
        assert_eq!(named(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }

    #[test]
    fn a_broken_document_is_unknown_and_none_is_empty() {
        assert!(policy_of(Some("{"), "x:Y").is_err());
        assert!(policy_of(Some(""), "x:Y").unwrap().statements.is_empty());
        assert!(policy_of(None, "x:Y").unwrap().statements.is_empty());
    }
}
