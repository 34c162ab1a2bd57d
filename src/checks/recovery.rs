//! DR: zones, copies, rehearsal.

use crate::check::Check;

/// The family.
pub const CHECKS: &[Check] = &[];
