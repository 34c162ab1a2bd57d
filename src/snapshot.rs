//! One portable file that holds a recorded estate.

use std::io::Read;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::error::Category;
use stateward_model::trail::Trail;
use stateward_model::{CollectionError, Gap, Harvest, OperationCount, Place, Reading};

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

/// What was seen of one kind in one place, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedReading {
    /// The Terraform type name.
    pub kind: String,
    /// Where.
    pub place: Place,
    /// When the reading began, RFC 3339 in UTC.
    pub observed_at: String,
    /// What was seen.
    pub harvest: RecordedHarvest,
}

/// What was seen, packed where it is much, and what could not be seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordedHarvest {
    /// What was seen.
    pub resources: Shelf,
    /// Gaps of the listing itself.
    #[serde(default)]
    pub gaps: Vec<Gap>,
}

impl From<Reading> for RecordedReading {
    fn from(reading: Reading) -> Self {
        let Harvest { resources, gaps } = reading.harvest;
        let harvest = RecordedHarvest { resources: resources.into_iter().collect(), gaps };
        Self { kind: reading.kind, place: reading.place, observed_at: reading.observed_at, harvest }
    }
}

impl From<RecordedReading> for Reading {
    fn from(reading: RecordedReading) -> Self {
        let RecordedHarvest { resources, gaps } = reading.harvest;
        let harvest = Harvest { resources: resources.into_iter().collect(), gaps };
        Self { kind: reading.kind, place: reading.place, observed_at: reading.observed_at, harvest }
    }
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
    #[serde(deserialize_with = "known_format")]
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
    pub readings: Vec<RecordedReading>,
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
    /// What was seen, unpacked.
    pub fn unpacked(&self) -> Vec<Reading> {
        self.readings.iter().cloned().map(Reading::from).collect()
    }

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
        let broken = |detail: String| SnapshotError::Broken { name: name.to_owned(), detail };
        let decoder = zstd::Decoder::new(reader).map_err(|error| broken(error.to_string()))?;
        // One resource at a time is in memory as it was written; the rest is packed.
        let text = std::io::BufReader::with_capacity(1 << 18, decoder);
        serde_json::from_reader(text).map_err(|error| match (foreign_format(&error), error.classify()) {
            (Some(found), _) => SnapshotError::Format { name: name.to_owned(), found },
            (None, Category::Io) => broken(error.to_string()),
            (None, _) => broken(format!("line {} column {}", error.line(), error.column())),
        })
    }
}

/// Opens the message about another format, which is what a stream can carry out of the middle of a document.
const FOREIGN: &str = "another format: ";

fn known_format<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let found = String::deserialize(from)?;
    if found == FORMAT { Ok(found) } else { Err(D::Error::custom(format!("{FOREIGN}{found}"))) }
}

fn foreign_format(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let (found, _place) = text.strip_prefix(FOREIGN)?.rsplit_once(" at line ")?;
    Some(found.to_owned())
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
