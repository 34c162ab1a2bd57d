//! Amazon EC2 Auto Scaling: groups and policies.

use crate::kind::Kind;

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[];
