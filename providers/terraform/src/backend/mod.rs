//! Where states are kept: one trait over files, standard input, buckets and services. S3 is read by the AWS provider.

mod address;
#[cfg(feature = "remote")]
mod blob;
mod configured;
#[cfg(feature = "remote")]
mod hcp;
#[cfg(feature = "remote")]
mod http;
mod local;
mod objects;

use std::borrow::Cow;
use std::fs::File;
use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::time::Duration;

use stateward_model::{Cause, Gap, StateHistory};

use crate::error::StateError;

pub use address::{DEFAULT_WORKSPACE, Hidden, Source, object_uri, shown};
pub use configured::find;
pub use objects::{Objects, Pattern};

/// An answer on its way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unread>> + Send + 'a>>;

/// A place that keeps states.
pub trait Backend: Send + Sync {
    /// The states that the source names, sorted.
    fn list(&self) -> Answer<'_, Vec<Entry>>;

    /// One of them, as it is kept.
    fn fetch<'a>(&'a self, entry: &'a Entry) -> Answer<'a, Fetched>;
}

/// One state of a backend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// How reports name it: never with a credential.
    pub uri: String,
    /// Its name within the backend.
    pub key: String,
    /// The version that was asked for; none is the newest.
    pub version: Option<String>,
}

/// A state that was fetched.
pub struct Fetched {
    /// The document.
    pub body: Box<dyn Read + Send>,
    /// What its place tells of it.
    pub told: Told,
}

/// What the place of a state tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Bucket and key, where S3 keeps it.
    pub s3: Option<(String, String)>,
    /// The region of the bucket.
    pub region: Option<String>,
    /// Encryption of the object, as its header says.
    pub encryption: Option<String>,
    /// When it was written, seconds since 1970.
    pub written_at: Option<i64>,
    /// The kind of lock: `dynamodb`, `lockfile`.
    pub lock: Option<&'static str>,
    /// The table that holds the locks.
    pub lock_table: Option<String>,
    /// Whether somebody holds the lock.
    pub locked: bool,
    /// Since when, seconds since 1970.
    pub locked_since: Option<i64>,
    /// Who holds it and what for.
    pub lock_holder: Option<String>,
    /// Whether the digest that was kept beside it is its own; `None` where there is none.
    pub digest_matches: Option<bool>,
    /// What could not be read about lock and digest.
    pub gaps: Vec<Gap>,
    /// Its versions, where its place keeps some and they were asked for.
    pub history: Option<StateHistory>,
}

/// Why a state could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The call that would have told, in IAM spelling; `state` where it is none of AWS's.
    pub call: Cow<'static, str>,
    /// Why.
    pub cause: Cause,
    /// Line and column, both from 1, where there is a place.
    pub place: Option<(usize, usize)>,
    /// A sentence for people. Never a body, never a URL: those may hold secrets.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// What the place told all the same.
    pub told: Box<Told>,
}

impl Unread {
    /// A failure that has no call of AWS's behind it.
    pub fn new(cause: Cause, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            call: "state".into(),
            cause,
            place: None,
            what: what.into(),
            remedy: remedy.into(),
            told: Box::default(),
        }
    }

    /// The gap that stands for the whole state.
    pub fn gap(&self) -> Gap {
        let place = self.place.map(|(line, column)| format!("line {line} column {column}: "));
        let remedy =
            if self.remedy.is_empty() { String::new() } else { format!("; remedy: {}", self.remedy) };
        let detail = format!("{}{}{remedy}", place.unwrap_or_default(), self.what);
        Gap::new(self.call.clone(), self.cause, detail)
    }

    /// The error that ends a run.
    pub fn error(self, uri: &str) -> StateError {
        let error = StateError::new(uri, self.what, self.remedy);
        StateError { place: self.place, ..error }
    }
}

impl From<StateError> for Unread {
    fn from(error: StateError) -> Self {
        Self { place: error.place, ..Self::new(Cause::Malformed, error.what, error.remedy) }
    }
}

impl From<Gap> for Unread {
    fn from(gap: Gap) -> Self {
        Self { call: gap.call, ..Self::new(gap.cause, gap.detail, "") }
    }
}

/// How long and how hard a state is fetched, and how large it may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a server may be silent.
    pub silence: Duration,
    /// How long one state may take with all its attempts.
    pub whole: Duration,
    /// Bytes of one state.
    pub bytes: u64,
    /// Attempts for failures that may pass.
    pub attempts: u32,
    /// The first pause between attempts; it doubles.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(60),
            whole: Duration::from_secs(900),
            bytes: 2 << 30,
            attempts: 4,
            pause: Duration::from_millis(500),
        }
    }
}

/// What a backend takes from the run.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// A variable of the environment; an empty one is none.
    pub variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// Makes a file that leaves nothing behind.
    pub spool: fn() -> std::io::Result<File>,
    /// How long and how hard.
    pub limits: Limits,
    /// Headers for states at `http(s)://`: names and values.
    pub headers: &'a [(String, Hidden)],
}

/// The backend of a source.
///
/// # Errors
/// When this build cannot read such a source, or its settings do not suffice to try.
pub fn open<'a>(source: &'a Source, means: Means<'a>) -> Result<Box<dyn Backend + 'a>, Unread> {
    match source {
        Source::Stdin | Source::File(_) | Source::Glob(_) => Ok(Box::new(local::Local(source))),
        Source::S3 { .. } => Err(Unread::new(
            Cause::Unsupported,
            "this build leaves the AWS SDK out, and with it states in S3",
            "build it whole with `cargo build`, or fetch the state first and name the file",
        )),
        _ => open_remote(source, means),
    }
}

#[cfg(feature = "remote")]
fn open_remote<'a>(source: &'a Source, means: Means<'a>) -> Result<Box<dyn Backend + 'a>, Unread> {
    Ok(match source {
        Source::Http(address) => Box::new(http::Http::new(address, means)?),
        Source::Hcp(address) => Box::new(hcp::Hcp::new(address, means)?),
        _ => Box::new(blob::Blob::new(source, means)?),
    })
}

#[cfg(not(feature = "remote"))]
fn open_remote<'a>(_: &'a Source, _: Means<'a>) -> Result<Box<dyn Backend + 'a>, Unread> {
    Err(Unread::new(
        Cause::Unsupported,
        "this build leaves out states behind HTTP",
        "build it with `--features remote`, or fetch the state first (`terraform state pull > FILE`) and name the file",
    ))
}
