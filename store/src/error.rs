//! What may go wrong, each with the file and the remedy.

use rusqlite::ErrorCode;

/// Why the history could not be used. Whatever it is, what was finished before is still there.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file.
    #[error(
        "{file}: there is no history yet\n  remedy: check the path, or run `stateward audit --history {file}` first"
    )]
    Absent {
        /// The file.
        file: String,
    },
    /// The file cannot be opened or made.
    #[error(
        "{file}: the history cannot be opened ({detail})\n  remedy: check that the folder is there and writable"
    )]
    Unopened {
        /// The file.
        file: String,
        /// What the system said.
        detail: String,
    },
    /// Something else.
    #[error(
        "{file}: this is no history of stateward ({detail})\n  remedy: name another file; this one was not touched"
    )]
    Foreign {
        /// The file.
        file: String,
        /// What it is.
        detail: String,
    },
    /// A later program wrote it.
    #[error(
        "{file}: this history has version {found}, and this program knows {known}\n  remedy: use the version of stateward that wrote it, or a later one; the file was not touched"
    )]
    Newer {
        /// The file.
        file: String,
        /// Its version.
        found: u32,
        /// The version of this program.
        known: u32,
    },
    /// Pages are missing or do not fit together.
    #[error(
        "{file}: the history is damaged ({detail})\n  remedy: put a copy of it back, or move it away and start another; it was not touched"
    )]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong.
        detail: String,
    },
    /// There is no room left.
    #[error(
        "{file}: the disk is full, and this run was not stored\n  remedy: make room, or keep fewer runs with `history.keep_runs`; every earlier run is still there"
    )]
    Full {
        /// The file.
        file: String,
    },
    /// Somebody else is writing.
    #[error("{file}: another process has been writing for too long\n  remedy: try again when it is done")]
    Busy {
        /// The file.
        file: String,
    },
    /// The file may not be written.
    #[error("{file}: the history is not writable\n  remedy: check who may write the file and its folder")]
    ReadOnly {
        /// The file.
        file: String,
    },
    /// No such run.
    #[error("{file}: there is no run '{wanted}'\n  remedy: `stateward history --history {file}` lists them")]
    NoRun {
        /// The file.
        file: String,
        /// What was asked for.
        wanted: String,
    },
    /// Several runs begin so.
    #[error("{file}: several runs begin with '{wanted}'\n  remedy: write more of the id")]
    Ambiguous {
        /// The file.
        file: String,
        /// What was asked for.
        wanted: String,
    },
    /// The run has no result.
    #[error("{file}: run {run} has no result: it {outcome}")]
    NoResult {
        /// The file.
        file: String,
        /// The run.
        run: String,
        /// What became of it.
        outcome: String,
    },
    /// Anything else that SQLite says.
    #[error("{file}: the history cannot be used ({detail})")]
    Other {
        /// The file.
        file: String,
        /// What SQLite said.
        detail: String,
    },
}

impl StoreError {
    pub(crate) fn of(file: &str, error: &rusqlite::Error) -> Self {
        let (file, detail) = (file.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { file },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { file },
            Some(ErrorCode::NotADatabase) => Self::Foreign { file, detail },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { file, detail },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { file },
            Some(ErrorCode::CannotOpen) => Self::Unopened { file, detail },
            _ => Self::Other { file, detail },
        }
    }
}
