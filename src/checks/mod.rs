//! One file per check family, and the explicit list of all checks.

mod cloud;
mod environments;
mod iac;
mod monitoring;
mod network;
mod recovery;
mod scaling;
mod storage;

use crate::check::Check;

/// Every check, by family. A check that is not listed in its family's `CHECKS` is dead code, and so fails the build.
pub const FAMILIES: &[&[Check]] = &[
    network::CHECKS,
    storage::CHECKS,
    recovery::CHECKS,
    monitoring::CHECKS,
    iac::CHECKS,
    environments::CHECKS,
    scaling::CHECKS,
    cloud::CHECKS,
];

/// All checks, in the order of their families.
pub fn all() -> impl Iterator<Item = &'static Check> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The check of an id or an alias, whatever the case.
pub fn find(name: &str) -> Option<&'static Check> {
    all().find(|check| check.id.eq_ignore_ascii_case(name) || check.alias.eq_ignore_ascii_case(name))
}
