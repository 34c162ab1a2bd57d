//! One portable file that holds a recorded estate.

use std::io::Read;

use serde::{Deserialize, Serialize};
use stateward_model::trail::Trail;
use stateward_model::{CollectionError, Gap, OperationCount, Place, Reading};

use crate::check::StateFacts;
use crate::drift::ignored::ConfigFacts;
use crate::shelf::Shelf;

/// The format of snapshots that this program writes and reads.
pub const FORMAT: &str = "stateward.snapshot/1";

/// An account and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedAccount {
    /// Account id.
    pub id: String,
    /// Why it could not be entered.
    pub gap: Option<Gap>,
}

/// A region and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedRegion {
    /// Where.
    pub place: Place,
    /// Listings that answered.
    pub read: usize,
    /// Listings that ended in a gap.
    pub failed: usize,
}

/// A state as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedState {
    /// What it is.
    pub facts: StateFacts,
    /// Why it could not be read.
    pub gap: Option<Gap>,
    /// What became of it in a word: `read`, `locked` (read while somebody held the lock), `encrypted`, `unreadable`.
    pub outcome: String,
    /// Its managed instances.
    pub resources: Shelf,
}

/// A recorded estate: everything that a run reads from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`FORMAT`].
    pub format: String,
    /// The version of the program that recorded it.
    pub recorded_by: String,
    /// The audit time of the recording, RFC 3339; an audit over the snapshot is as of this time.
    pub as_of: String,
    /// Accounts asked for.
    pub accounts: Vec<RecordedAccount>,
    /// Regions read.
    pub regions: Vec<RecordedRegion>,
    /// What was seen.
    pub readings: Vec<Reading>,
    /// What it cost.
    pub operations: Vec<OperationCount>,
    /// What could not be seen.
    pub errors: Vec<CollectionError>,
    /// Wall time of the collection, milliseconds.
    pub wall_ms: u64,
    /// The states of the run.
    pub states: Vec<RecordedState>,
    /// What configurations tell of the resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configurations: Vec<ConfigFacts>,
    /// The events of CloudTrail on what drifted, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<Trail>,
}

/// Why a snapshot could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Not a zstd file, or cut short.
    #[error(
        "{name}: this is not a whole snapshot ({detail})\n  remedy: record it again with `stateward collect --out FILE`"
    )]
    Broken {
        /// The file.
        name: String,
        /// What was wrong.
        detail: String,
    },
    /// Another format version.
    #[error(
        "{name}: this snapshot has the format '{found}', and this program reads {FORMAT}\n  remedy: record it again, or use the version of stateward that wrote it"
    )]
    Format {
        /// The file.
        name: String,
        /// Its format.
        found: String,
    },
    /// It could not be written.
    #[error("the snapshot could not be packed: {0}")]
    Pack(String),
}

impl Snapshot {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`SnapshotError::Pack`], when memory does not suffice.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SnapshotError> {
        let pack = |error: &dyn std::fmt::Display| SnapshotError::Pack(error.to_string());
        let mut encoder = zstd::Encoder::new(Vec::new(), 12).map_err(|error| pack(&error))?;
        serde_json::to_writer(&mut encoder, self).map_err(|error| pack(&error))?;
        encoder.finish().map_err(|error| pack(&error))
    }

    /// Reads a snapshot as a stream.
    ///
    /// # Errors
    /// [`SnapshotError`] naming the file and the remedy.
    pub fn from_reader(name: &str, reader: impl Read) -> Result<Self, SnapshotError> {
        #[derive(Deserialize)]
        struct Versioned {
            format: String,
        }
        let broken = |detail: String| SnapshotError::Broken { name: name.to_owned(), detail };
        let mut decoder = zstd::Decoder::new(reader).map_err(|error| broken(error.to_string()))?;
        let mut text = Vec::new();
        decoder.read_to_end(&mut text).map_err(|error| broken(error.to_string()))?;
        let versioned: Versioned =
            serde_json::from_slice(&text).map_err(|_| broken("it holds no snapshot".to_owned()))?;
        if versioned.format != FORMAT {
            return Err(SnapshotError::Format { name: name.to_owned(), found: versioned.format });
        }
        serde_json::from_slice(&text)
            .map_err(|error| broken(format!("line {} column {}", error.line(), error.column())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Snapshot {
        Snapshot {
            format: FORMAT.into(),
            recorded_by: "0".into(),
            as_of: "2026-01-01T00:00:00Z".into(),
            accounts: vec![],
            regions: vec![],
            readings: vec![],
            operations: vec![],
            errors: vec![],
            wall_ms: 0,
            states: vec![],
            configurations: vec![],
            trail: None,
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = sample().to_bytes().unwrap();
        assert_eq!(Snapshot::from_reader("x", bytes.as_slice()).unwrap(), sample());
    }

    #[test]
    fn a_broken_or_foreign_snapshot_is_refused_with_a_remedy() {
        let bytes = sample().to_bytes().unwrap();
        let cut = Snapshot::from_reader("x", &bytes[..bytes.len() / 2]).unwrap_err();
        assert!(cut.to_string().contains("remedy"), "{cut}");
        assert!(matches!(Snapshot::from_reader("x", &b"hello"[..]), Err(SnapshotError::Broken { .. })));
        let other = Snapshot { format: "stateward.snapshot/9".into(), ..sample() };
        let error = Snapshot::from_reader("x", other.to_bytes().unwrap().as_slice()).unwrap_err();
        assert!(error.to_string().contains("stateward.snapshot/9"), "{error}");
    }
}
