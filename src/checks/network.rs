//! NET: network exposure and zones.

use crate::check::Check;

/// The family.
pub const CHECKS: &[Check] = &[];
