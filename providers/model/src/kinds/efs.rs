//! Amazon Elastic File System: file systems and mount targets.

use crate::kind::Kind;

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[];
