//! What S3 keeps of a state's past.

use serde::{Deserialize, Serialize};

use crate::gap::Gap;

/// The versions of a state that were looked at, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateHistory {
    /// Those whose beginning could be read.
    pub versions: Vec<StateVersion>,
    /// Why others could not.
    pub gap: Option<Gap>,
}

/// One version of a state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateVersion {
    /// The id that S3 gave it.
    pub id: String,
    /// Its serial.
    pub serial: u64,
    /// Its lineage.
    pub lineage: String,
    /// Its size in bytes.
    pub bytes: i64,
}
