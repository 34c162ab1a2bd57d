//! Reads Amazon Elastic Container Registry: repositories.

use crate::session::Collector;

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[];
