//! CLD: identity, keys, certificates, services.

use crate::check::Check;

/// The family.
pub const CHECKS: &[Check] = &[];
