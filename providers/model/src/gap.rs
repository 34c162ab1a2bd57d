//! Gaps: what could not be read, as data that travels with the inventory.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a value is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The caller lacks the permission, or a service control policy forbids the call.
    Denied,
    /// The service kept throttling until the retries or the deadline were used up.
    Throttled,
    /// No answer within the deadline of the call or of the run.
    Timeout,
    /// No connection, a reset, or a server-side failure that did not pass.
    Unreachable,
    /// The credentials are expired or not valid.
    Expired,
    /// The region is not enabled for the account, or the service is not in the region.
    Disabled,
    /// The endpoint does not implement the operation, or the type has no collector.
    Unsupported,
    /// The answer could not be understood: truncated, not of the documented shape, or looping pages.
    Malformed,
    /// The plan did not ask for this attribute, so nobody read it.
    NotRequested,
    /// The state does not carry this attribute (another provider version wrote it).
    NotInState,
    /// What was named by hand is not there.
    Absent,
    /// It was read too long ago to be believed.
    Stale,
    /// It comes into being only when a plan is applied.
    NotYetKnown,
}

impl Cause {
    /// The reason word that reports print, after checks.md rule 4.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
            Self::Unsupported => "unsupported",
            Self::Malformed => "malformed",
            Self::NotRequested => "not_requested",
            Self::NotInState => "not_in_state",
            Self::Absent => "absent",
            Self::Stale => "stale",
            Self::NotYetKnown => "not_yet_known",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One thing that could not be read: the call that would have told, why it did not, and the detail for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gap {
    /// The operation in IAM spelling, for example `s3:GetBucketVersioning`.
    pub call: Cow<'static, str>,
    /// Why.
    pub cause: Cause,
    /// A sentence for people. Never a response body: those may hold secrets.
    pub detail: String,
}

impl Gap {
    /// A gap of `cause` at `call`.
    pub fn new(call: impl Into<Cow<'static, str>>, cause: Cause, detail: impl Into<String>) -> Self {
        Self { call: call.into(), cause, detail: detail.into() }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.cause)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

impl std::error::Error for Gap {}
