//! What several checks ask of an inventory: regions of recovery, whose key a key is, how old something is.

use std::collections::BTreeMap;

use stateward_model::kinds::common::ARN;
use stateward_model::kinds::kms::{alias, key};
use stateward_model::{Cause, Gap, Kind, Place, Resource};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::check::View;
use crate::inventory::Side;
use crate::profile::{Pattern, Role, any_matches};

/// The tags of a resource.
///
/// # Errors
/// The gap where they were not read: no tags are something else than unread ones.
pub fn known_tags(resource: &Resource) -> Result<BTreeMap<String, String>, Gap> {
    resource.raw("tags_all").or_else(|gap| resource.raw("tags").map_err(|_| gap))?;
    Ok(resource.tags())
}

/// Whether a pattern of the profile matches the id or the ARN of a resource.
pub fn is_named_by(patterns: &[Pattern], resource: &Resource) -> bool {
    let arn = resource.arn.as_deref();
    std::iter::once(resource.id()).chain(arn).any(|name| any_matches(patterns, name))
}

/// Whether the resource belongs to production, by its tags.
///
/// # Errors
/// As [`known_tags`].
pub fn in_production(resource: &Resource, view: &View) -> Result<bool, Gap> {
    Ok(view.profile.environments.is_production(&known_tags(resource)?))
}

/// The regions from which something in `region` is brought back when that region is lost: those with the role `dr`,
/// and for what is in such a region itself, all others.
///
/// # Errors
/// That no other region is audited, so that nothing can be said about copies.
pub fn copy_regions<'a>(region: &str, view: &View<'a>) -> Result<Vec<&'a str>, Gap> {
    let others = view.profile.regions.iter().filter(|other| other.name != region);
    let (recovery, rest): (Vec<_>, Vec<_>) = others.partition(|other| other.role == Role::Dr);
    let of_dr = view.profile.role(region) == Role::Dr;
    let chosen = if recovery.is_empty() && of_dr { rest } else { recovery };
    if chosen.is_empty() {
        return Err(Gap::new(
            "profile",
            Cause::NotRequested,
            "no recovery region is among the audited regions",
        ));
    }
    Ok(chosen.into_iter().map(|region| region.name.as_str()).collect())
}

/// The region of an ARN; `None` for global ones and for what is no ARN.
pub fn arn_region(arn: &str) -> Option<&str> {
    arn_part(arn, 3)
}

/// The account of an ARN; `None` for those without one and for what is no ARN.
pub fn arn_account(arn: &str) -> Option<&str> {
    arn_part(arn, 4)
}

fn arn_part(arn: &str, index: usize) -> Option<&str> {
    if !arn.starts_with("arn:") {
        return None;
    }
    arn.split(':').nth(index).filter(|part| !part.is_empty())
}

/// The partition that the ARNs of a region begin with.
pub fn partition(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        Some("eusc") => "aws-eusc",
        _ => "aws",
    }
}

/// The ARN of a resource.
///
/// # Errors
/// The gap where it is not known.
pub fn arn_of(resource: &Resource) -> Result<String, Gap> {
    if let Some(arn) = &resource.arn {
        return Ok(arn.clone());
    }
    let none = || Gap::new(resource.kind().to_owned(), Cause::Malformed, "it has no ARN");
    resource.get(&ARN)?.ok_or_else(none)
}

/// All resources of a kind in a region.
///
/// # Errors
/// The gap of a listing that was not whole, or that nobody looked there.
pub fn here<'a>(kind: &Kind, region: &str, view: &View<'a>) -> Result<Vec<&'a Resource>, Gap> {
    let found = || view.inventory.of(kind).filter(|resource| resource.region() == region);
    if view.side == Side::Declared {
        view.inventory.all(kind)?;
        return Ok(found().collect());
    }
    let places: Vec<Place> =
        view.inventory.places(kind).into_iter().filter(|place| place.region == region).collect();
    if places.is_empty() {
        return Err(Gap::new(kind.name, Cause::NotRequested, format!("nobody looked in {region}")));
    }
    places.iter().try_for_each(|place| view.inventory.complete(kind, place))?;
    Ok(found().collect())
}

/// All resources of a kind that no state holds: records of what happened.
///
/// # Errors
/// On the declared side, that no state has them; else as [`crate::inventory::Inventory::all`].
pub fn records<'a>(kind: &Kind, view: &View<'a>) -> Result<Vec<&'a Resource>, Gap> {
    only_live(kind, view)?;
    view.inventory.all(kind)
}

/// The same in one place.
///
/// # Errors
/// As [`records`].
pub fn records_in<'a>(kind: &Kind, place: &Place, view: &View<'a>) -> Result<Vec<&'a Resource>, Gap> {
    only_live(kind, view)?;
    view.inventory.all_in(kind, place)
}

fn only_live(kind: &Kind, view: &View) -> Result<(), Gap> {
    match view.side {
        Side::Live => Ok(()),
        Side::Declared => Err(not_in_state(kind.name)),
    }
}

/// The gap of what a state does not hold.
pub fn not_in_state(what: &'static str) -> Gap {
    Gap::new(what, Cause::NotInState, "a state does not say this")
}

/// Whose a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOwner {
    /// AWS manages it: its policy cannot be changed, and other accounts cannot use it.
    Aws,
    /// The customer does.
    Customer,
    /// It does not exist.
    Nobody,
}

/// Whose the key is that a resource in `place` names by id, ARN or alias.
///
/// # Errors
/// The gap of the listing or of the key.
pub fn key_owner(reference: &str, place: &Place, view: &View) -> Result<KeyOwner, Gap> {
    let name = local_name(reference);
    if name.starts_with("alias/aws/") {
        return Ok(KeyOwner::Aws);
    }
    // Customers cannot point an alias at a key that AWS manages, nor use one of another account.
    let foreign = arn_account(reference).is_some_and(|account| account != place.account);
    if name.starts_with("alias/") || foreign {
        return Ok(KeyOwner::Customer);
    }
    match find_key(reference, place, view)? {
        Some(_) if view.side == Side::Declared => Ok(KeyOwner::Customer),
        Some(found) => match found.get(&key::KEY_MANAGER)?.as_deref() {
            Some("AWS") => Ok(KeyOwner::Aws),
            _ => Ok(KeyOwner::Customer),
        },
        None if view.side == Side::Declared => Err(not_in_state("aws_kms_key")),
        None => Ok(KeyOwner::Nobody),
    }
}

/// The key that a resource in `place` names by id, ARN or alias; `None` where it is proved that there is none.
///
/// # Errors
/// The gap of a listing.
pub fn find_key<'a>(reference: &str, place: &Place, view: &View<'a>) -> Result<Option<&'a Resource>, Gap> {
    let region = arn_region(reference).unwrap_or(&place.region);
    let place = Place::new(place.account.clone(), region);
    let name = local_name(reference);
    if !name.starts_with("alias/") {
        return view.inventory.lookup(&key::KIND, &place, name);
    }
    let Some(found) = view.inventory.lookup(&alias::KIND, &place, name)? else { return Ok(None) };
    match found.get(&alias::TARGET_KEY_ID)? {
        Some(id) => view.inventory.lookup(&key::KIND, &place, local_name(&id)),
        None => Ok(None),
    }
}

/// `alias/orders` of an alias, the id of a key, also from their ARNs.
fn local_name(reference: &str) -> &str {
    let resource = reference.rsplit(':').next().unwrap_or(reference);
    resource.strip_prefix("key/").unwrap_or(resource)
}

/// A time of the inventory.
///
/// # Errors
/// That it is not RFC 3339.
pub fn time_of(stamp: &str) -> Result<OffsetDateTime, Gap> {
    OffsetDateTime::parse(stamp, &Rfc3339)
        .map_err(|error| Gap::new("time", Cause::Malformed, format!("`{stamp}` is no time: {error}")))
}

/// How long ago, at the audit's time, `stamp` was, in whole seconds; 0 for the future.
///
/// # Errors
/// As [`time_of`].
pub fn age_of(stamp: &str, view: &View) -> Result<i64, Gap> {
    Ok((view.as_of - time_of(stamp)?).whole_seconds().max(0))
}

/// A time span for people: the largest unit of which there is at least one.
pub fn span(seconds: i64) -> String {
    const UNITS: &[(i64, &str)] = &[(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = UNITS.iter().find(|(unit, _)| seconds >= *unit).unwrap_or(&(1, "second"));
    let count = seconds / unit;
    if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
}

/// The first of several proofs that holds. Where none does, a gap is stronger than a plain no.
///
/// # Errors
/// The first gap, when no proof holds.
pub fn any_holds(proofs: impl IntoIterator<Item = Result<bool, Gap>>) -> Result<bool, Gap> {
    let mut gap = None;
    for proof in proofs {
        match proof {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(found) => gap = gap.or(Some(found)),
        }
    }
    gap.map_or(Ok(false), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_taken_apart() {
        assert_eq!(arn_region("arn:aws:rds:eu-west-1:1:db:orders"), Some("eu-west-1"));
        assert_eq!(arn_region("arn:aws:s3:::orders"), None);
        assert_eq!(arn_region("orders"), None);
        assert_eq!(arn_account("arn:aws:kms:us-west-2:123456789012:key/k"), Some("123456789012"));
        assert_eq!(local_name("arn:aws:kms:us-west-2:1:key/abc"), "abc");
        assert_eq!(local_name("arn:aws:kms:us-west-2:1:alias/app/orders"), "alias/app/orders");
        assert_eq!(local_name("alias/aws/s3"), "alias/aws/s3");
        assert_eq!((partition("us-gov-west-1"), partition("cn-north-1")), ("aws-us-gov", "aws-cn"));
    }

    #[test]
    fn spans_are_written_in_their_largest_unit() {
        assert_eq!(span(59), "59 seconds");
        assert_eq!(span(60), "1 minute");
        assert_eq!(span(7_300), "2 hours");
        assert_eq!(span(200_000), "2 days");
        assert_eq!(span(0), "0 seconds");
    }

    #[test]
    fn a_gap_is_stronger_than_a_no_and_weaker_than_a_yes() {
        let gap = Gap::new("x", Cause::Denied, "");
        assert_eq!(any_holds([Err(gap.clone()), Ok(true)]), Ok(true));
        assert_eq!(any_holds([Ok(false), Err(gap.clone())]), Err(gap));
        assert_eq!(any_holds([Ok(false)]), Ok(false));
    }
}
