//! IAC: Terraform states and drift.

use crate::check::Check;

/// The family.
pub const CHECKS: &[Check] = &[];
