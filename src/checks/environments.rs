//! ENV: environments.

use crate::check::Check;

/// The family.
pub const CHECKS: &[Check] = &[];
