//! Drift over time, accepted drift, and what is unmanaged by whom and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a difference stands to the previous result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StandingState {
    /// Not there before.
    New,
    /// Resolved once, and here again.
    Returned,
    /// There before.
    Continuing,
}

impl StandingState {
    /// The word of reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Returned => "returned",
            Self::Continuing => "continuing",
        }
    }
}

/// Since when a difference stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// `new`, `returned` or `continuing`; of an item the newest of its changes.
    pub state: StandingState,
    /// The as-of time of the first result that had it; of an item the oldest of its changes.
    pub first_seen: String,
    /// Seconds since then.
    pub age_s: u64,
    /// When it was last resolved, where it ever was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_resolved: Option<String>,
}

/// A difference that an earlier result had and this one has not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Past {
    /// Its class.
    pub class: String,
    /// The Terraform address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The Terraform type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id.
    pub id: String,
    /// The attribute, of a changed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Of an unmanaged part: the address of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The lineage of that state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<String>,
    /// The account.
    pub account: String,
    /// The region, or `global`.
    pub region: String,
    /// The as-of time of the first result that had it.
    pub first_seen: String,
    /// The as-of time of the last result that had it.
    pub last_seen: String,
    /// The as-of time of the result that proved it gone; absent while that is not proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<String>,
    /// How it was resolved, or why it could not be seen.
    pub why: String,
}

/// The comparison with the previous result.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Since {
    /// The run that wrote the previous result.
    pub run: String,
    /// Its as-of time.
    pub as_of: String,
    /// Items that are new, or have a change that is.
    pub new: usize,
    /// Items that were there before.
    pub continuing: usize,
    /// Items that were resolved once, and are here again.
    pub returned: usize,
    /// Differences of the previous result that this run proved gone.
    pub resolved: usize,
    /// Differences of earlier results that could not be seen this time. They are not resolved.
    pub unseen: usize,
    /// Why the previous result was not used, where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A difference that applying does not end (N30): the state was written again, and the live value stayed as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Perpetual {
    /// `N30`.
    pub rule: String,
    /// The address.
    pub address: String,
    /// The attribute.
    pub path: String,
    /// The state.
    pub state: String,
    /// Its serial in the previous result.
    pub serial_before: u64,
    /// Its serial now.
    pub serial: u64,
}

/// Who accepted an item of drift, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day; where several acceptances cover the item together, the earliest.
    pub expires: String,
}

/// An acceptance and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptanceUse {
    /// What it is for.
    pub subject: String,
    /// Where it is written.
    pub origin: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Its last day.
    pub expires: String,
    /// `used`, `idle` (it covers nothing) or `expired`.
    pub outcome: String,
    /// Differences that it covers, or would cover were it not over.
    pub covers: usize,
    /// What a reader should know of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Unmanaged objects that have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnmanagedGroup {
    /// `creator`, `day`, `type` or `tag`; or `managed_elsewhere`, whose objects are excluded and in no other group.
    pub by: String,
    /// What they have in common.
    pub name: String,
    /// How many there are.
    pub objects: usize,
    /// Fingerprints of the items, sorted; none for what is managed elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
}
