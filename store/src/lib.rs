//! The history of runs: one SQLite file that loses no finished run to a crash, a full disk or two writers at once.
//!
//! It knows nothing of the engine. A run comes in as plain rows with its result as text; it is written in one transaction,
//! over a write-ahead log that is synchronised before the run counts as stored. Findings and differences are kept as spans
//! from run to run, so that what stays as it is costs nothing. Times are given, never read.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod error;
mod export;
mod look;
mod mail;
mod open;
mod progress;
mod read;
mod record;
mod schedule;
mod schema;
mod write;

use std::path::PathBuf;

use rusqlite::Connection;

pub use error::StoreError;
pub use export::{DriftStay, End, FindingStay, Stay, StoredComponent, StoredRun};
pub use look::{Found, RunSieve, Scored, Sieve, Tally};
pub use mail::{Receipt, Waiting};
pub use open::Seen;
pub use progress::Progress;
pub use read::{DriftRow, FindingRow, RunRow};
pub use record::{Begun, ComponentRow, DriftCounts, Ended, Item, Judgement, Keep, Record, Subject};
pub use schedule::{JobEnd, JobOutcome, JobRow, Passed};

/// An open history.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    path: PathBuf,
}

impl Store {
    fn file(&self) -> String {
        self.path.display().to_string()
    }

    fn failed(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::of(&self.file(), error)
    }
}
