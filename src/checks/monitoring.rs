//! MON: monitoring and observability.

use crate::check::Check;

/// The family.
pub const CHECKS: &[Check] = &[];
