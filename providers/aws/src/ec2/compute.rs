//! Reads instances, volumes, snapshots, images and launch templates.

use crate::session::Collector;

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[];
