//! ASC: auto-scaling.

use crate::check::Check;

/// The family.
pub const CHECKS: &[Check] = &[];
