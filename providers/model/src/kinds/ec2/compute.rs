//! Amazon EC2: instances, volumes, snapshots, images, launch templates.

use crate::kind::Kind;

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[];
