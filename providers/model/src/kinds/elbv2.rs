//! Elastic Load Balancing: balancers, listeners, target groups.

use crate::kind::Kind;

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[];
