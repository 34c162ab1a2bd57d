//! Amazon Elastic Container Registry: repositories.

use crate::kind::Kind;

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[];
