//! Amazon CloudWatch Logs: log groups.

use crate::kind::Kind;

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[];
