//! What the checks say for the controls of the frameworks that were asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The supporting evidence for one framework.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FrameworkEvidence {
    /// Its key, `cis-aws-4.0.1`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Which of its controls are listed.
    pub note: String,
    /// Controls by result.
    pub counts: ControlCounts,
    /// Controls, in the order of the framework.
    pub controls: Vec<ControlEvidence>,
}

/// Controls by result; the results add up to the controls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ControlCounts {
    /// All of them.
    pub controls: usize,
    /// A check passes, and no other of theirs does anything but pass or not apply.
    pub pass: usize,
    /// A check fails.
    pub fail: usize,
    /// None fails, and something could not be decided or was not looked at.
    pub unknown: usize,
    /// Their checks found nothing that they apply to.
    pub not_applicable: usize,
    /// None of their checks was made.
    pub not_made: usize,
    /// No check is mapped to them.
    pub not_covered: usize,
}

impl ControlCounts {
    /// Counts one control.
    pub fn add(&mut self, result: EvidenceResult) {
        self.controls += 1;
        *match result {
            EvidenceResult::Pass => &mut self.pass,
            EvidenceResult::Fail => &mut self.fail,
            EvidenceResult::Unknown => &mut self.unknown,
            EvidenceResult::NotApplicable => &mut self.not_applicable,
            EvidenceResult::NotMade => &mut self.not_made,
            EvidenceResult::NotCovered => &mut self.not_covered,
        } += 1;
    }
}

/// What is known for a control, or what one check contributes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceResult {
    /// Something passes, and nothing does anything but pass or not apply.
    Pass,
    /// Something fails; a waiver does not change that.
    Fail,
    /// Nothing fails, and something is not known.
    Unknown,
    /// There is nothing that it applies to.
    NotApplicable,
    /// The check was not made, or none of the control's checks was.
    NotMade,
    /// No check is mapped to the control.
    NotCovered,
}

impl EvidenceResult {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not applicable",
            Self::NotMade => "not made",
            Self::NotCovered => "not covered by a check",
        }
    }
}

/// A control, and the checks that support it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ControlEvidence {
    /// Its id in the framework.
    pub id: String,
    /// Its title, where the framework's licence lets it be repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What is known for it.
    pub result: EvidenceResult,
    /// The known share of its checks in percent, each check counted alike; absent without any check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// The checks that are mapped to it, by id.
    pub checks: Vec<CheckEvidence>,
}

/// What one check contributes to a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckEvidence {
    /// The check's id.
    pub check: String,
    /// The check's title.
    pub title: String,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: String,
    /// What it found.
    pub result: EvidenceResult,
    /// Its findings by status.
    pub findings: FindingCounts,
}

/// Findings by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingCounts {
    /// As it should be.
    pub pass: usize,
    /// Not as it should be.
    pub fail: usize,
    /// Credit between 0 and 1.
    pub partial: usize,
    /// Could not be decided.
    pub unknown: usize,
    /// Does not apply.
    pub not_applicable: usize,
    /// Fails or is unknown, and a waiver lifts the block.
    pub waived: usize,
}
