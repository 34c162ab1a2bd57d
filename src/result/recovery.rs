//! Recovery in the result: per scenario and workload what is lost, how long it takes, on what that rests, and what fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Decision;
use crate::recover::{Grade, Input, Scenario};

/// What `stateward recover` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recovery {
    /// The region that serves production.
    pub home: String,
    /// The regions in which it is brought back, in the order of the profile.
    pub targets: Vec<String>,
    /// The workloads, in the order of the profile.
    pub workloads: Vec<RecoveryWorkload>,
    /// By workload, then in the order instance, zone, region, corruption, account, key.
    pub scenarios: Vec<RecoveryScenario>,
    /// What is taken for granted, sorted by key.
    pub assumptions: Vec<RecoveryAssumption>,
    /// What was rehearsed, the newest first.
    #[serde(default)]
    pub rehearsals: Vec<RecoveryRehearsal>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// How it differs from an earlier verification; absent unless one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<RecoverySince>,
}

/// An earlier verification, and what differs from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoverySince {
    /// The run of the earlier verification.
    pub run_id: String,
    /// When it was made: its as-of time, RFC 3339 in UTC.
    pub as_of: String,
    /// What it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Why it cannot be held against this one, or what to mind when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Scenarios that differ: those that became worse first, then in the order of the scenarios.
    pub changes: Vec<RecoveryChange>,
}

/// A scenario that differs from the earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryChange {
    /// The workload.
    pub workload: String,
    /// The scenario.
    pub scenario: Scenario,
    /// Whether it became `worse`, `better` or only `different`.
    pub direction: String,
    /// The earlier outcome.
    pub outcome_before: RecoveryOutcome,
    /// The present outcome.
    pub outcome: RecoveryOutcome,
    /// The earlier data lost.
    pub rpo_before: RecoveryRange,
    /// The present data lost.
    pub rpo: RecoveryRange,
    /// The earlier time to recover.
    pub rto_before: RecoveryRange,
    /// The present time to recover.
    pub rto: RecoveryRange,
    /// What made the difference, as far as it can be told: one sentence each, sorted.
    pub causes: Vec<String>,
}

/// A workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryWorkload {
    /// Its name.
    pub name: String,
    /// The declared strategy, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// Where users enter, sorted.
    pub entry_points: Vec<String>,
    /// Resources that have to be brought back.
    pub resources: usize,
    /// Those of them that hold data.
    pub stores: usize,
    /// Dependencies that were found in the whole home region.
    pub dependencies: usize,
    /// What each resource needs, sorted; absent where there are more than can be drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<Vec<RecoveryNeeds>>,
    /// What services commit themselves to, in series.
    pub availability: RecoveryAvailability,
}

/// A resource and what it needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryNeeds {
    /// The resource.
    pub resource: String,
    /// `entry`, `compute` or `store`.
    pub part: String,
    /// What it needs, sorted.
    pub needs: Vec<String>,
}

/// The modelled availability, and the measured one beside it. The lower of both decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryAvailability {
    /// What services commit themselves to, in series; in percent, rounded down.
    pub percent: f64,
    /// What users got; absent where nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<RecoveryMeasured>,
    /// What it has to be.
    pub objective: f64,
    /// What the lower of both rests on.
    pub grade: Grade,
    /// Whether the lower of both reaches it.
    pub outcome: RecoveryOutcome,
    /// The factors, the weakest first.
    pub factors: Vec<RecoveryFactor>,
    /// What was not read.
    pub unread: Vec<String>,
}

/// The share of requests that were not answered with 5xx, over 30 days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryMeasured {
    /// In percent, rounded down.
    pub percent: f64,
    /// Requests for which load balancers chose a target.
    pub requests: u64,
    /// Answers 5xx of load balancers and of their targets.
    pub failed: u64,
    /// Days of these 30 on which something was asked.
    pub days: u64,
    /// Load balancers that counted.
    pub balancers: usize,
}

/// One factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryFactor {
    /// The key of the commitment in the profile.
    pub commitment: String,
    /// In percent.
    pub percent: f64,
    /// What it stands for.
    pub stands_for: String,
    /// How many resources share it.
    pub resources: usize,
}

/// What came of an objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryOutcome {
    /// Reached even in the worst case.
    Pass,
    /// Reached even in the worst case, which rests on an assumption.
    PassOnAssumption,
    /// More evidence is needed.
    Undetermined,
    /// Missed even in the best case.
    Fail,
}

impl RecoveryOutcome {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::PassOnAssumption => "PASS ON ASSUMPTION",
            Self::Undetermined => "UNDETERMINED",
            Self::Fail => "FAIL",
        }
    }
}

/// A number in seconds with its best and its worst case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryRange {
    /// The best case; absent where there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_s: Option<u64>,
    /// The worst case; absent where there is no end, or none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_s: Option<u64>,
    /// What it has to be at most.
    pub objective_s: u64,
    /// What it rests on.
    pub grade: Grade,
    /// What came of it.
    pub outcome: RecoveryOutcome,
    /// The resource that decides, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
}

/// One scenario of one workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryScenario {
    /// What happens.
    pub name: Scenario,
    /// To which workload.
    pub workload: String,
    /// Whether its outcome decides.
    pub gated: bool,
    /// Where the workload is brought back; absent where that is the home region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Data lost, as time.
    pub rpo: RecoveryRange,
    /// Time until service is back.
    pub rto: RecoveryRange,
    /// The worse of both.
    pub outcome: RecoveryOutcome,
    /// Newest minus oldest moment that stores come back to; absent where one does not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread_s: Option<u64>,
    /// The longest way in the worst case, first step first.
    pub critical_path: Vec<RecoverySegment>,
    /// Resources that are lost, those that lose most first.
    pub resources: Vec<RecoveryResource>,
    /// How many resources go on.
    pub unaffected: usize,
    /// What keeps paths shut, sorted by resource.
    pub gates: Vec<RecoveryGate>,
    /// What was not read and would decide, sorted.
    pub unread: Vec<String>,
    /// Where data go that leave their part of the world, sorted.
    pub flows: Vec<RecoveryFlow>,
    /// What would help most, the most first.
    pub advice: Vec<String>,
}

/// A step of the critical path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoverySegment {
    /// `detect`, `decide`, `act`, `verify` or `dns`.
    pub step: String,
    /// What is done.
    pub what: String,
    /// The resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Its Terraform address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// At best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_s: Option<u64>,
    /// At worst.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_s: Option<u64>,
    /// What it rests on.
    pub grade: Grade,
    /// What a person does, in order; nothing where it happens by itself.
    pub commands: Vec<String>,
}

/// A resource that is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryResource {
    /// What people call it.
    pub name: String,
    /// Its Terraform type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its Terraform address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `entry`, `compute` or `store`.
    pub part: String,
    /// Data lost in the best case; absent where there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpo_low_s: Option<u64>,
    /// Data lost in the worst case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpo_high_s: Option<u64>,
    /// Until it is back by itself, without what it needs; best case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_low_s: Option<u64>,
    /// The same in the worst case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_high_s: Option<u64>,
    /// How much longer it may take in the worst case before the workload takes longer; absent where that has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack_s: Option<u64>,
    /// The path that counts; absent where no path is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<usize>,
    /// The next best one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_up: Option<usize>,
    /// All paths that were found.
    pub paths: Vec<RecoveryPath>,
}

/// A way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryPath {
    /// What it is.
    pub name: String,
    /// Where it leads.
    pub to: String,
    /// Whether nobody has to decide.
    pub automatic: bool,
    /// True when it could not be read whether there is such a path.
    pub unseen: bool,
    /// Data lost, before its gates.
    pub rpo: RecoveryFigure,
    /// How long it takes, before its gates.
    pub act: RecoveryFigure,
    /// What has to hold.
    pub gates: Vec<RecoveryGate>,
}

/// A number with its arithmetic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryFigure {
    /// At best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_s: Option<u64>,
    /// At worst.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_s: Option<u64>,
    /// What it rests on.
    pub grade: Grade,
    /// How it comes about.
    pub formula: String,
    /// What it was worked out from.
    pub inputs: Vec<Input>,
    /// What was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

/// What a gate does while it is shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecoveryGateEffect {
    /// The path is worthless; without a path, the scenario is.
    Closes,
    /// The path takes longer.
    Delays,
    /// It is told, and counts for nothing.
    Warns,
}

/// What has to hold so that a path can be taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryGate {
    /// The resource; the region where it is about the whole scenario.
    pub resource: String,
    /// The path; empty where it is about the whole scenario.
    pub path: String,
    /// `key`, `status`, `subnet group`, …
    pub name: String,
    /// What it is about.
    pub subject: String,
    /// `open`, `shut` or `unknown`.
    pub state: String,
    /// What it does while it is shut.
    pub effect: RecoveryGateEffect,
    /// How much longer the path takes for it at best; absent where it delays nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_low_s: Option<u64>,
    /// The same in the worst case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_high_s: Option<u64>,
    /// What was found, or why it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Data that leave their part of the world.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryFlow {
    /// The resource.
    pub resource: String,
    /// From this region.
    pub from: String,
    /// To this one.
    pub to: String,
}

/// What is taken for granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryAssumption {
    /// The key of the profile.
    pub key: String,
    /// What it says.
    pub value: String,
    /// Who answers for it.
    pub owner: String,
    /// When it was last confirmed.
    pub date: String,
    /// How many numbers of this result rest on it.
    pub uses: usize,
}

/// A restore, an experiment or a failover on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryRehearsal {
    /// `restore`, `experiment` or `failover`.
    pub sort: String,
    /// What was done.
    pub what: String,
    /// Of what: a class of AWS Backup, or the identifier of a resource.
    pub subject: String,
    /// In which region.
    pub region: String,
    /// When it ended, RFC 3339; of one of which no end is told when it began.
    pub at: String,
    /// How long it took, where that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_s: Option<u64>,
    /// Whether a number may rest on it with grade A.
    pub counts: bool,
    /// Why not, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The call that told of it.
    pub source: String,
}
