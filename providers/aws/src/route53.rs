//! Reads Amazon Route 53: hosted zones.

use crate::session::Collector;

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[];
