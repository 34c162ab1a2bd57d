//! Reads Amazon CloudWatch: alarms.

use crate::session::Collector;

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[];
