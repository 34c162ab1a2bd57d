//! Reads Amazon EC2 Auto Scaling: groups and policies.

use crate::session::Collector;

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[];
