//! Reads Elastic Load Balancing: balancers, listeners, target groups.

use crate::session::Collector;

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[];
