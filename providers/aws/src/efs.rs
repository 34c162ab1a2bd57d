//! Reads Amazon Elastic File System: file systems and mount targets.

use crate::session::Collector;

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[];
