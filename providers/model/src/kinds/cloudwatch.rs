//! Amazon CloudWatch: alarms.

use crate::kind::Kind;

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[];
