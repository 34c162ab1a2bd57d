//! Reads S3 and the account settings of S3 Control.

use crate::session::Collector;

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[];
