//! Comparison version 1: what changed between two results.
//!
//! Like the result, it is sorted throughout, and a pure function of its two results.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Decision, Finding, Interval, Past, ResourceRef, Status};

/// The version of this format.
pub const COMPARISON_SCHEMA: &str = "stateward.comparison/1";

/// What changed between two results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "stateward.comparison/1")]
pub struct Comparison {
    /// `stateward.comparison/1`.
    pub schema: String,
    /// The earlier result.
    pub old: Compared,
    /// The later result.
    pub new: Compared,
    /// Whether both were scored by the same model, catalogue and profile.
    pub comparable: bool,
    /// What to know before reading on: another catalogue, profile or scope, each in a sentence.
    pub notes: Vec<String>,
    /// The change of the score; absent where one of the two has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<ScoreChange>,
    /// Findings by what became of them.
    pub findings: FindingChanges,
    /// The change of drift; absent where one of the two compared no state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftComparison>,
}

/// One of the two results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// Its run.
    pub run: String,
    /// The command that made it.
    pub command: String,
    /// The moment that its ages are counted from.
    pub as_of: String,
    /// Its verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Its score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Interval>,
    /// Known share of what was to be judged, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
}

/// The change of the score, taken apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoreChange {
    /// What the score won, negative where it lost.
    pub change: Interval,
    /// What it won by, in the order in which the changes are taken to have happened; they add up to `change`. Empty where
    /// the score cannot be taken apart.
    pub parts: Vec<Part>,
    /// Why it could not be taken apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_taken_apart: Option<String>,
    /// Over what both judged, under the terms of the later; given where the two are not comparable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like_for_like: Option<LikeForLike>,
    /// The components, in the published order.
    pub components: Vec<ComponentChange>,
}

/// One sort of change, and what it did to the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Which.
    pub cause: Cause,
    /// Findings that changed so.
    pub findings: usize,
    /// Points that the score won by it, negative where it lost.
    pub points: Interval,
}

/// Sorts of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Weights, severities or limits: the profile, or the environment that a resource belongs to.
    WeightsChanged,
    /// Checks that only one of the two made.
    CatalogueChanged,
    /// Accounts and regions that only one of the two looked at.
    ScopeChanged,
    /// Waivers that came or went.
    WaiversChanged,
    /// What was unknown, and is known.
    EvidenceGained,
    /// What failed, and fails no more or less.
    Fixed,
    /// What passed, and fails or fails more.
    Regressed,
    /// Resources that are judged for the first time.
    NewResources,
    /// Resources that are gone, or that a check no longer applies to.
    RemovedResources,
    /// What was known, and is unknown.
    EvidenceLost,
}

impl Cause {
    /// All, in the order in which they are taken to have happened.
    pub const ALL: [Self; 10] = [
        Self::WeightsChanged,
        Self::CatalogueChanged,
        Self::ScopeChanged,
        Self::WaiversChanged,
        Self::EvidenceGained,
        Self::Fixed,
        Self::Regressed,
        Self::NewResources,
        Self::RemovedResources,
        Self::EvidenceLost,
    ];

    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::WeightsChanged => "weights changed",
            Self::CatalogueChanged => "catalogue changed",
            Self::ScopeChanged => "scope changed",
            Self::WaiversChanged => "waivers changed",
            Self::EvidenceGained => "evidence gained",
            Self::Fixed => "fixed",
            Self::Regressed => "regressed",
            Self::NewResources => "new resources",
            Self::RemovedResources => "removed resources",
            Self::EvidenceLost => "evidence lost",
        }
    }
}

/// The scores over the pairs of check and resource that both results judged, under the terms of the later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LikeForLike {
    /// How many pairs those are.
    pub pairs: usize,
    /// As they were.
    pub old: Interval,
    /// As they are.
    pub new: Interval,
}

/// One component in both results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentChange {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its score before; absent where it was not assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Interval>,
    /// Its score after; absent where it is not assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Interval>,
}

/// Findings by what became of them, each list sorted by check and resource.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindingChanges {
    /// Failed, and fail no more or less.
    pub fixed: Vec<FindingChange>,
    /// Passed, and fail or fail more.
    pub regressed: Vec<FindingChange>,
    /// Judged for the first time.
    pub new: Vec<FindingChange>,
    /// No longer there, or no longer subject to the check.
    pub gone: Vec<FindingChange>,
    /// Were unknown, and are known.
    pub evidence_gained: Vec<FindingChange>,
    /// Were known, and are unknown.
    pub evidence_lost: Vec<FindingChange>,
    /// Only one of the two made the check, or looked in that place.
    pub not_comparable: usize,
    /// The same in both.
    pub unchanged: usize,
}

/// One finding that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindingChange {
    /// Its fingerprint.
    pub fingerprint: String,
    /// The check's id.
    pub check: String,
    /// The check's title.
    pub title: String,
    /// Its severity: as it is, or as it was where it is gone.
    pub severity: String,
    /// What is judged.
    pub resource: ResourceRef,
    /// What it was; absent where it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Status>,
    /// What it is; absent where it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Status>,
    /// What was found, as it is, or as it was where it is gone.
    pub message: String,
}

impl FindingChange {
    /// The change between two findings of one fingerprint, one of which may be absent.
    pub(crate) fn between(old: Option<&Finding>, new: Option<&Finding>) -> Option<Self> {
        let shown = new.or(old)?;
        Some(Self {
            fingerprint: shown.fingerprint.clone(),
            check: shown.check.clone(),
            title: shown.title.clone(),
            severity: shown.severity.clone(),
            resource: shown.resource.clone(),
            was: old.map(|finding| finding.status),
            is: new.map(|finding| finding.status),
            message: shown.message.clone(),
        })
    }
}

/// The change of drift.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DriftComparison {
    /// Differences that are there for the first time.
    pub new: Vec<Difference>,
    /// Differences that were resolved once, and are here again.
    pub returned: Vec<Difference>,
    /// Differences of the earlier result that the later one looked for in vain.
    pub resolved: Vec<Difference>,
    /// Differences of the earlier result that the later one could not see. They are not resolved.
    pub unseen: Vec<Difference>,
    /// Differences in both.
    pub continuing: usize,
}

/// One difference between a state and what lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The class of its item.
    pub class: String,
    /// The Terraform address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The address of the owner, of an unmanaged part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The Terraform type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id.
    pub id: String,
    /// The account.
    pub account: String,
    /// The region, or `global`.
    pub region: String,
    /// The attribute, of a changed object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Why it could not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl From<&Past> for Difference {
    fn from(past: &Past) -> Self {
        Self {
            class: past.class.clone(),
            address: past.address.clone(),
            owner: past.owner.clone(),
            kind: past.kind.clone(),
            id: past.id.clone(),
            account: past.account.clone(),
            region: past.region.clone(),
            path: past.path.clone(),
            label: past.label.clone(),
            fingerprint: past.fingerprint.clone(),
            why: None,
        }
    }
}

impl Difference {
    /// What people call it.
    pub fn subject(&self) -> String {
        let name = self.address.as_ref().or(self.owner.as_ref()).unwrap_or(&self.id);
        match &self.path {
            Some(path) => format!("{name} {path}"),
            None => name.clone(),
        }
    }
}

impl Comparison {
    /// Whether something got worse: a finding regressed, a new one fails, drift is new or returned, or the verdict fell.
    pub fn is_worse(&self) -> bool {
        let fails =
            |change: &FindingChange| change.is.is_some_and(|is| matches!(is, Status::Fail | Status::Partial));
        let rank = |decision| match decision {
            Decision::Go => 0,
            Decision::GoWithWaivers => 1,
            Decision::Undetermined => 2,
            Decision::NoGo => 3,
        };
        let fell = self.old.decision.zip(self.new.decision).is_some_and(|(old, new)| rank(new) > rank(old));
        let drift =
            self.drift.as_ref().is_some_and(|drift| !drift.new.is_empty() || !drift.returned.is_empty());
        let findings = &self.findings;
        fell || drift
            || !findings.regressed.is_empty()
            || findings.new.iter().chain(&findings.evidence_gained).any(fails)
    }

    /// Whether the later result knows less than the earlier one of something.
    pub fn knows_less(&self) -> bool {
        !self.findings.evidence_lost.is_empty()
            || self.drift.as_ref().is_some_and(|drift| !drift.unseen.is_empty())
    }

    /// The document as JSON text, pretty, with a final newline.
    ///
    /// # Errors
    /// None for a document of this program; the signature spares a panic.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// The JSON Schema of the document, pretty, with a final newline.
    ///
    /// # Errors
    /// None in a build whose tests pass; the signature spares a panic.
    pub fn json_schema() -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Self))?;
        text.push('\n');
        Ok(text)
    }
}
