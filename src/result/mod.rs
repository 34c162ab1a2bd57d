//! Result version 1: the one document that every report is a pure function of.
//!
//! Keys are snake_case, times RFC 3339 in UTC, and every list is sorted by the key that its field names, so that the
//! same inputs give the same bytes apart from [`Document::run`] and the wall time of [`Collection`]. Percentages and
//! scores are rounded half up to two decimals, points to six, so that they add up.

pub mod build;
mod comparison;
mod evidence;
mod history;
mod numbers;
mod recovery;
mod skim;
mod who;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::text::Text;

pub use comparison::{
    COMPARISON_SCHEMA, Cause, Compared, Comparison, ComponentChange, Difference, DriftComparison,
    FindingChange, FindingChanges, LikeForLike, Part, ScoreChange,
};
pub use evidence::{
    CheckEvidence, ControlCounts, ControlEvidence, EvidenceResult, FindingCounts, FrameworkEvidence,
};
pub use recovery::{
    Recovery, RecoveryAssumption, RecoveryAvailability, RecoveryChange, RecoveryFactor, RecoveryFigure,
    RecoveryFlow, RecoveryGate, RecoveryGateEffect, RecoveryMeasured, RecoveryNeeds, RecoveryOutcome,
    RecoveryPath, RecoveryRange, RecoveryRehearsal, RecoveryResource, RecoveryScenario, RecoverySegment,
    RecoverySince, RecoveryWorkload,
};
pub use who::Who;

pub use history::{AcceptanceUse, Accepted, Past, Perpetual, Since, Standing, StandingState, UnmanagedGroup};

#[cfg(test)]
pub(crate) mod sample;

/// How a note of [`Score::notes`] begins that says what stands on the way to GO after every repair.
pub const OBSTACLE: &str = "no repair leads past this: ";

/// The version of this format.
pub const SCHEMA: &str = "stateward.result/1";

/// A result of Stateward.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "stateward.result/1")]
pub struct Document {
    /// `stateward.result/1`.
    pub schema: String,
    /// This run; the only part that differs between two runs over the same inputs.
    pub run: Run,
    /// What was asked for, and what became of it.
    pub scope: Scope,
    /// The answer; absent from `stateward drift`, which asks another question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The numbers behind the answer; absent from `stateward drift`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// What the checks found, sorted by check and resource.
    pub findings: Vec<Finding>,
    /// State against live; absent when no state was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// What `stateward recover` found; absent from every other command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
    /// What to fix first, sorted by gain for the effort.
    pub plan: Vec<Step>,
    /// The shortest way to GO that was found; empty when the answer is GO already. Where repairs alone do not lead there
    /// it goes as far as they do, and [`Score::notes`] name what stands beyond.
    pub route_to_go: Vec<Step>,
    /// Waivers of the profile and what became of them, in the order of the profile.
    pub waivers: Vec<Waiver>,
    /// Supporting evidence for the frameworks that were asked for, in the order asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compliance: Vec<FrameworkEvidence>,
    /// What the collection cost, and what could not be read.
    pub collection: Collection,
}

/// One run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// A random id.
    pub id: String,
    /// Start.
    pub started_at: String,
    /// End.
    pub finished_at: String,
    /// The version of the program.
    pub version: String,
    /// The moment that ages are counted from.
    pub as_of: String,
    /// SHA-256 over the catalogue of checks.
    pub catalogue_hash: String,
    /// SHA-256 over the effective profile.
    pub profile_hash: String,
    /// The layers of the profile, first to last.
    pub profile: Vec<String>,
    /// `audit`, `audit --plan`, `drift` or `demo`.
    pub command: String,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// Accounts, sorted by id.
    pub accounts: Vec<Account>,
    /// Regions, in the order of the profile.
    pub regions: Vec<Region>,
    /// States, sorted by URI.
    pub states: Vec<State>,
    /// Services that were read, sorted by name.
    pub services: Vec<Service>,
    /// Checks that the profile or the selection left out, by id; of a plan also those that it cannot show.
    pub checks_left_out: Vec<String>,
    /// The Terraform plan that was judged in the place of a live estate, with `audit --plan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
}

/// A Terraform plan, and what applying it would bring about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// Where it was read from.
    pub uri: String,
    /// The Terraform version that made it.
    pub terraform_version: String,
    /// When it was made, as it says itself.
    pub planned_at: String,
    /// Whether nothing is left to do after it; a plan of some targets alone is not complete.
    pub complete: bool,
    /// Instances that it creates.
    pub create: usize,
    /// Instances that it changes in place.
    pub update: usize,
    /// Instances that it destroys and makes anew.
    pub replace: usize,
    /// Instances that it destroys.
    pub delete: usize,
    /// Instances that Terraform lets go of.
    pub forget: usize,
    /// Instances that it leaves as they are.
    pub unchanged: usize,
    /// Fingerprints of the findings that fail after it and did not before.
    pub introduced: BTreeSet<String>,
    /// What fails before it and not after it, sorted by check and address.
    pub resolved: Vec<Resolved>,
    /// Types in it that no check knows, sorted.
    pub not_judged: BTreeSet<String>,
}

/// A failure that a plan does away with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resolved {
    /// The check's id.
    pub check: String,
    /// The check's title.
    pub title: String,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: String,
    /// The Terraform address.
    pub address: String,
    /// `repaired`, or `gone` with the resource.
    pub outcome: String,
}

/// What became of a part of the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that was asked for was read.
    Read,
    /// Some of it was not read.
    Partial,
    /// Nothing of it was read.
    Unreadable,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its alias, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it is not `read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// `primary`, `secondary`, `dr` or `other`.
    pub role: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Listings that could not be read whole.
    pub unread: usize,
    /// Live resources that were seen there.
    pub resources: usize,
}

/// A Terraform state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// Where it was read from.
    pub uri: String,
    /// Its serial.
    pub serial: u64,
    /// Its lineage.
    pub lineage: String,
    /// The Terraform version that wrote it.
    pub terraform_version: String,
    /// Managed instances in it.
    pub instances: usize,
    /// What became of it; `partial` is one that somebody had locked while it was read.
    pub outcome: Outcome,
    /// Why it is not `read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// IAM prefix.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Live resources that were seen.
    pub resources: usize,
}

/// The four answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Every criterion passes, nothing blocks, no waiver was needed.
    Go,
    /// The same with waivers.
    GoWithWaivers,
    /// A criterion fails, or something of known cause blocks.
    NoGo,
    /// More evidence is needed.
    Undetermined,
}

impl Decision {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Go => "GO",
            Self::GoWithWaivers => "GO WITH WAIVERS",
            Self::NoGo => "NO-GO",
            Self::Undetermined => "UNDETERMINED",
        }
    }

    /// The exit code of the contract.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Go | Self::GoWithWaivers => 0,
            Self::NoGo => 2,
            Self::Undetermined => 3,
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The decision.
    pub decision: Decision,
    /// Sentences that lead to it, gravest first.
    pub reasons: Vec<String>,
    /// How many waivers were needed.
    pub waivers_used: usize,
}

/// Worst and best case of one number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// With each unknown taken for a failure.
    pub evidenced: f64,
    /// With each unknown taken for a pass.
    pub possible: f64,
}

/// The numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// The name of the arithmetic.
    pub model: String,
    /// The headline: each unknown taken for a failure.
    pub evidenced: f64,
    /// Each unknown taken for a pass.
    pub possible: f64,
    /// Over assessed components alone, unknowns left out; for information. Absent when nothing is assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessed_only: Option<f64>,
    /// Known share of what was to be judged, in percent.
    pub coverage: f64,
    /// `strong`, `sound`, `fair`, `weak` or `poor`, by the evidenced value.
    pub band: String,
    /// The evidenced value without any waiver, where waivers were used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_waivers: Option<f64>,
    /// The ten components, in the published order.
    pub components: Vec<Component>,
    /// The five criteria, in the published order.
    pub criteria: Vec<Criterion>,
    /// What a reader of the numbers should know.
    pub notes: Vec<String>,
    /// What the arithmetic takes from the profile, so that two results can be held against each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<ScoreTerms>,
}

/// What the arithmetic of a score takes from the profile, as the profile has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoreTerms {
    /// What a check weighs, by severity.
    pub severities: BTreeMap<String, f64>,
    /// What a component weighs, by key.
    pub components: BTreeMap<String, f64>,
    /// Coverage from which a component counts as assessed, in percent.
    pub minimum_coverage: f64,
    /// Evaluated checks from which a component counts as assessed.
    pub minimum_checks: u32,
    /// The highest overall score beside a critical failure.
    pub overall_cap: f64,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Component {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its weight in percent of all.
    pub weight: f64,
    /// The word beside it: `critical`, `high`, `medium`, `low`.
    pub impact: String,
    /// Whether there is enough evidence for a number.
    pub assessed: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// Worst case; absent when not assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidenced: Option<f64>,
    /// Best case; absent when not assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub possible: Option<f64>,
    /// Known share of its checks' weight, in percent.
    pub coverage: f64,
    /// The highest score that its critical failures allow.
    pub cap: f64,
    /// Points of the overall score that it loses in the worst case.
    pub points_lost: f64,
    /// Checks that were judged.
    pub checks: usize,
}

/// What came of a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Above its threshold even in the worst case.
    Pass,
    /// Not above its threshold even in the best case.
    Fail,
    /// Between.
    Undetermined,
}

/// A criterion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// It has to lie above this.
    pub threshold: f64,
    /// The title of the component that it is mapped to; absent for the overall one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped_to: Option<String>,
    /// The score of that component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped: Option<Interval>,
    /// The score over every check of its categories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breadth: Option<Interval>,
    /// Worst case of what decides.
    pub evidenced: f64,
    /// Best case of what decides.
    pub possible: f64,
    /// What came of it.
    pub outcome: Gate,
}

/// What a check answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Could not be decided.
    Unknown,
    /// Credit between 0 and 1.
    Partial,
    /// Does not apply, by positive evidence.
    NotApplicable,
    /// Fails or is unknown, and a waiver lifts the block.
    Waived,
}

impl Status {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Partial => "partial",
            Self::NotApplicable => "not applicable",
            Self::Waived => "waived",
        }
    }
}

/// What one check found about one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The same from run to run for the same check and resource.
    pub fingerprint: String,
    /// The check's id.
    pub check: String,
    /// The check's title.
    pub title: String,
    /// Key of the component.
    pub component: String,
    /// Category.
    pub category: String,
    /// `critical`, `high`, `medium` or `low`, after any downgrade.
    pub severity: String,
    /// The severity of the check, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_severity: Option<String>,
    /// The status.
    pub status: Status,
    /// The credit of a partial, between 0 and 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Why it is unknown: one of the reason words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the same check says of the state: whether the configuration asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Status>,
    /// What was judged.
    pub resource: ResourceRef,
    /// What was found, in a sentence.
    pub message: String,
    /// What it rests on, sorted by operation.
    pub evidence: Vec<Evidence>,
    /// How to repair it, Markdown; absent where nothing is to be repaired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
    /// Controls that it supports, by framework.
    pub compliance: BTreeMap<String, Vec<String>>,
    /// What its resource weighs in the score, where that is not 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Points of the overall score that it loses in the worst case.
    pub points_lost: f64,
    /// Points that the overall score wins when this alone is repaired.
    pub gain: f64,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceRef {
    /// The Terraform type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id; `*` stands for everything that a failed listing would have shown.
    pub id: String,
    /// The ARN, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account.
    pub account: String,
    /// The region, or `global`.
    pub region: String,
    /// The Terraform address, where a state has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The state that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Where the configuration defines it, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Definition>,
}

/// Where the configuration defines a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Definition {
    /// The file, as it was found from the folder that was given.
    pub file: String,
    /// The line of its block, from 1; absent for JSON, whose reader tells no places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// One operation's answer that a finding rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The operation, `rds:DescribeDBInstances`.
    pub operation: String,
    /// What it was asked about.
    pub request: String,
    /// The decisive fields.
    pub fields: Map<String, Value>,
    /// When it was read.
    pub observed_at: String,
}

/// State against live.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// Counts.
    pub summary: DriftSummary,
    /// Everything but instances in sync and excluded objects: what loosens protection first, then by class and address.
    pub items: Vec<DriftItem>,
    /// Differences that a rule explains, sorted.
    pub suppressed: Vec<Suppressed>,
    /// States that could not be read; while there are any, *unmanaged* is only *possibly unmanaged*.
    pub unread_states: Vec<String>,
    /// Ignore rules of the profile that matched nothing, or that are over.
    pub idle_ignore_rules: Vec<String>,
    /// Configurations, and what became of their `ignore_changes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configurations: Vec<Configuration>,
    /// The comparison with the previous result, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// What earlier results had and is proved gone, sorted; kept for 90 days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<Past>,
    /// What earlier results had and could not be seen this time, sorted. It is not resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<Past>,
    /// Differences that applying does not end, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub perpetual: Vec<Perpetual>,
    /// Acceptances and what became of them, in the order in which they were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acceptances: Vec<AcceptanceUse>,
    /// Unmanaged objects by creator, day of creation, type and tag, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmanaged_groups: Vec<UnmanagedGroup>,
}

/// A configuration that was compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Configuration {
    /// Its folder, or the plan's file.
    pub source: String,
    /// The states that it belongs to.
    pub states: Vec<String>,
    /// Its resources, each once for all its instances.
    pub resources: usize,
    /// Entries of `ignore_changes` in it.
    pub ignore_entries: usize,
    /// The differences that they ignore.
    pub ignored: Vec<IgnoredChange>,
    /// What its text alone does not tell, with file and line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A difference that the configuration tells Terraform to ignore.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IgnoredChange {
    /// The Terraform address.
    pub address: String,
    /// The difference.
    pub change: DriftChange,
}

/// Counts of drift. `in_sync + changed + missing + ghost + conflict + unknown` is the number of managed instances.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DriftSummary {
    /// Managed instances that are in sync.
    pub in_sync: usize,
    /// Managed instances that differ.
    pub changed: usize,
    /// Managed instances that do not exist.
    pub missing: usize,
    /// Live objects, and parts of managed objects, that no state has.
    pub unmanaged: usize,
    /// Of them, parts of managed objects: a rule beside separate rules, an inline policy.
    pub unmanaged_parts: usize,
    /// Managed instances outside the audited accounts and regions, or deposed.
    pub ghost: usize,
    /// Managed instances whose object another instance claims too.
    pub conflict: usize,
    /// Managed instances that could not be compared.
    pub unknown: usize,
    /// Live objects that are AWS's own or another controller's.
    pub excluded: usize,
    /// Differences that a rule explains.
    pub suppressed: usize,
    /// Of all items, those that are accepted; they count in their class too.
    #[serde(default)]
    pub accepted: usize,
    /// Managed share of the estate in percent, from the worst to the best case of what is unknown.
    pub coverage: Coverage,
}

/// A share in percent, with the unknown taken both ways.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Worst case.
    pub low: f64,
    /// Best case.
    pub high: f64,
}

/// What became of one managed instance or one live object.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DriftItem {
    /// The same from run to run for the same difference.
    pub fingerprint: String,
    /// `changed`, `missing`, `unmanaged`, `ghost`, `conflict` or `unknown`.
    pub class: String,
    /// The gravest label of its changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The Terraform address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The address of the managed object that an unmanaged part belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Where the configuration defines it, or the owner of an unmanaged part, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Definition>,
    /// The Terraform type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id.
    pub id: String,
    /// The ARN, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account.
    pub account: String,
    /// The region, or `global`.
    pub region: String,
    /// The differences, sorted by path.
    pub changes: Vec<DriftChange>,
    /// What could not be compared, or why it has its class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Checks that pass on the state and fail on the live object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<String>,
    /// Who made the difference, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    /// For an unmanaged object: the block that would bring it under management.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_block: Option<String>,
    /// For an unmanaged object without such a block: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_import: Option<String>,
    /// For an unmanaged object: who made it, as a tag says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
    /// For an unmanaged object: when it was made, where its service tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// Since when it stands; absent without a previous result, and where nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// Set when all of it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DriftChange {
    /// Terraform's notation.
    pub path: String,
    /// The declared value; null where there is none.
    pub declared: Value,
    /// The live value; null where there is none.
    pub live: Value,
    /// What kind of change it is.
    pub label: String,
    /// True when digests stand in the place of the values.
    pub sensitive: bool,
    /// What is worth knowing of it, in a clause: that the configuration does not set it, and AWS may have chosen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of a changed object: the same from run to run for the same difference. What loosens security counts as another
    /// difference when the live value changes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Since when it stands, where a previous result was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// True when it is accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
}

/// A difference that a rule explains.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Suppressed {
    /// The rule.
    pub rule: Text,
    /// The address.
    pub address: Text,
    /// The attribute.
    pub path: Text,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// What to do, in words.
    pub candidate: String,
    /// `finding`, `check`, `address`, `module` or `evidence`.
    pub group: String,
    /// Fingerprints of the findings that it repairs.
    pub findings: Vec<String>,
    /// Checks that it is about, by id.
    pub checks: Vec<String>,
    /// The gravest severity among them.
    pub severity: String,
    /// Points that the overall score wins.
    pub gain: f64,
    /// The work: 1 for a flag, 3 for a change that wants care, 8 for a project; added up over the edits.
    pub effort: u64,
}

/// A waiver and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    /// What it is for: a check and a resource, or a component.
    pub subject: String,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approver: String,
    /// Why.
    pub reason: String,
    /// Where it was decided.
    pub ticket: String,
    /// Its last day.
    pub expires: String,
    /// `used`, `idle` (it matches nothing), `expired`, `not_yet` or `refused`.
    pub outcome: String,
}

/// What the collection cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Collection {
    /// Operations, sorted by service, operation, account and region.
    pub operations: Vec<Operation>,
    /// Operations that ended in a gap, sorted likewise.
    pub errors: Vec<CollectionError>,
    /// Requests in all.
    pub calls: u64,
    /// Wall time in milliseconds.
    pub wall_ms: u64,
}

/// One operation in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operation {
    /// IAM prefix.
    pub service: String,
    /// Operation.
    pub operation: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Requests, retries included.
    pub calls: u64,
    /// Requests that were throttled.
    pub throttled: u64,
    /// Requests that were retries.
    pub retried: u64,
    /// Calls that ended in a gap.
    pub failed: u64,
    /// Items in the answers.
    pub items: u64,
}

/// An operation that ended in a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CollectionError {
    /// IAM prefix.
    pub service: String,
    /// Operation.
    pub operation: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// One of the reason words.
    pub reason: String,
    /// The service's code.
    pub code: String,
    /// For people; never a response body.
    pub message: String,
    /// The IAM action that would have permitted it, where it was denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// What it touches.
    pub affects: Affects,
}

/// What an error touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Affects {
    /// Checks, by id.
    pub checks: BTreeSet<String>,
    /// Terraform types.
    pub types: BTreeSet<String>,
    /// True when it keeps from finding out who made a difference, and nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attribution: bool,
}

/// Why a stored result could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// Not a result.
    #[error(
        "{name}: this is not a result of stateward ({detail})\n  remedy: name a file that `--format json` wrote"
    )]
    Broken {
        /// The file.
        name: String,
        /// What was wrong.
        detail: String,
    },
    /// Another version.
    #[error(
        "{name}: this result has the schema '{found}', and this program reads {SCHEMA}\n  remedy: use the version of stateward that wrote it, or audit again"
    )]
    Version {
        /// The file.
        name: String,
        /// Its schema.
        found: String,
    },
}

impl Document {
    /// The document as JSON text, pretty, with a final newline.
    ///
    /// # Errors
    /// None for a document of this program; the signature spares a panic.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads a stored result.
    ///
    /// # Errors
    /// [`ResultError`] naming the file and the remedy.
    pub fn from_json(name: &str, text: &str) -> Result<Self, ResultError> {
        Self::read(name, text, |text| serde_json::from_str(text))
    }

    /// Reads of a stored result what [`compare`](crate::diff::compare) looks at, in half the time: no evidence, no
    /// remediation, no plan.
    ///
    /// # Errors
    /// As [`Document::from_json`].
    pub fn skimmed(name: &str, text: &str) -> Result<Self, ResultError> {
        Self::read(name, text, skim::document)
    }

    fn read(
        name: &str,
        text: &str,
        how: fn(&str) -> Result<Self, serde_json::Error>,
    ) -> Result<Self, ResultError> {
        #[derive(Deserialize)]
        struct Versioned {
            schema: String,
        }
        let broken = |error: serde_json::Error| ResultError::Broken {
            name: name.to_owned(),
            detail: format!("line {} column {}", error.line(), error.column()),
        };
        let other = |found: String| ResultError::Version { name: name.to_owned(), found };
        match how(text) {
            Ok(document) if document.schema == SCHEMA => Ok(document),
            Ok(document) => Err(other(document.schema)),
            // A result may be large, and is read once; what is none may still say which version it is of.
            Err(error) => match serde_json::from_str::<Versioned>(text) {
                Ok(versioned) if versioned.schema != SCHEMA => Err(other(versioned.schema)),
                _ => Err(broken(error)),
            },
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_document_is_refused_with_a_remedy() {
        let error =
            Document::from_json("x.json", "{\"schema\":\"stateward.result/9\"}").unwrap_err().to_string();
        assert!(error.contains("stateward.result/9") && error.contains("remedy"), "{error}");
        for text in ["", "[]", "{\"version\":4}", "{\"schema\":\"stateward.result/1\"}"] {
            let error = Document::from_json("x.json", text).unwrap_err().to_string();
            assert!(error.starts_with("x.json: this is not a result"), "{error}");
        }
    }

    #[test]
    fn exit_codes_are_those_of_the_contract() {
        let codes = [Decision::Go, Decision::GoWithWaivers, Decision::NoGo, Decision::Undetermined];
        assert_eq!(codes.map(Decision::exit_code), [0, 0, 2, 3]);
    }
}
