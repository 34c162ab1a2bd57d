//! Settings of recovery: workloads, what scenarios decide, and what is taken for granted, each with who answers for it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::Date;

use super::values::{Exact, Pattern, date, duration, duration_or_none, exact};
use super::{Profile, ProfileError, nearest};
use crate::recover::{Grade, Scenario};

/// Recovery.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoverySettings {
    /// The scenarios whose outcome decides; the others are reported.
    pub gated: Vec<Scenario>,
    /// Whether the modelled availability decides too.
    pub gate_availability: bool,
    /// The worst grade that a pass may rest on.
    pub least_grade: Grade,
    /// Queues, caches and disks whose content nobody misses, by id, ARN, name or Terraform address.
    pub empty: Vec<Pattern>,
    /// Objectives of single scenarios.
    pub objectives: BTreeMap<String, ScenarioObjectives>,
    /// Workloads; none is the whole primary region as one.
    pub workloads: Vec<WorkloadRule>,
    /// How long steps take, by their names in [`TIMES`].
    pub times: BTreeMap<String, Time>,
    /// What services commit themselves to, by their names in [`COMMITMENTS`].
    pub commitments: BTreeMap<String, Commitment>,
}

/// Objectives of one scenario that differ from those of the workload.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioObjectives {
    /// Data that may be lost, as time.
    #[serde(default, with = "duration_or_none", skip_serializing_if = "Option::is_none")]
    pub rpo: Option<Duration>,
    /// Time until service is back.
    #[serde(default, with = "duration_or_none", skip_serializing_if = "Option::is_none")]
    pub rto: Option<Duration>,
}

/// How a workload is meant to be brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// From backups, with everything made anew.
    BackupRestore,
    /// Data stand ready, and compute is started.
    PilotLight,
    /// Everything runs, smaller.
    WarmStandby,
    /// Everything serves everywhere.
    ActiveActive,
}

impl Strategy {
    /// The word in profiles and results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BackupRestore => "backup-restore",
            Self::PilotLight => "pilot-light",
            Self::WarmStandby => "warm-standby",
            Self::ActiveActive => "active-active",
        }
    }
}

/// What belongs to a workload: whatever any of these names.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadRule {
    /// Its name.
    pub name: String,
    /// Tags, as `KEY=VALUE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Pattern>,
    /// Terraform modules: `module.orders`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<Pattern>,
    /// Terraform states, by URI.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<Pattern>,
    /// Single resources, by id, ARN, name or Terraform address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Pattern>,
    /// Where users enter, in the same words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entry_points: Vec<Pattern>,
    /// How it is meant to be brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// Data that may be lost, as time; none is the profile's objective.
    #[serde(default, with = "duration_or_none", skip_serializing_if = "Option::is_none")]
    pub rpo: Option<Duration>,
    /// Time until service is back; none is the profile's objective.
    #[serde(default, with = "duration_or_none", skip_serializing_if = "Option::is_none")]
    pub rto: Option<Duration>,
}

/// How long a step takes, and on whose word.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// At best.
    #[serde(with = "duration")]
    pub low: Duration,
    /// At worst.
    #[serde(with = "duration")]
    pub high: Duration,
    /// C for what the vendor documents, D for what is assumed.
    pub grade: Grade,
    /// Where it is written; empty where it is written nowhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Who answers for it.
    pub owner: String,
    /// When it was last confirmed.
    #[serde(with = "date")]
    pub date: Date,
}

/// What a service commits itself to, and where.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// In percent of a month.
    #[serde(with = "exact")]
    pub availability: Exact,
    /// C for what the vendor commits itself to, D for what is assumed.
    pub grade: Grade,
    /// Where it is written; empty where it is written nowhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Who answers for it.
    pub owner: String,
    /// When it was last confirmed.
    #[serde(with = "date")]
    pub date: Date,
}

/// The steps that take time. The default profile has a time for each.
pub const TIMES: &[&str] = &[
    "aurora-failover",
    "aurora-global-failover",
    "bucket-switch",
    "bucket-version-restore",
    "cache-failover",
    "cache-failover-loss",
    "cache-promotion",
    "cache-restore",
    "certificate-validation",
    "container-start",
    "decide",
    "detect",
    "dns-manual",
    "dns-propagation",
    "dynamodb-restore",
    "dynamodb-switch",
    "efs-failover",
    "efs-restore",
    "function-switch",
    "instance-launch",
    "instance-recovery",
    "queue-switch",
    "quota-increase",
    "rds-cluster-failover",
    "rds-host-replacement",
    "rds-multi-az-failover",
    "rds-promotion",
    "rds-restore",
    "replacement",
    "restore-per-100-gib",
    "scale-out",
    "secret-switch",
    "volume-restore",
    "warehouse-restore",
];

/// The commitments of services. The default profile has one for each.
pub const COMMITMENTS: &[&str] = &[
    "aurora-multi-az",
    "aurora-single-az",
    "cache-multi-az",
    "cache-single-az",
    "dynamodb",
    "dynamodb-global",
    "ec2-instance",
    "ec2-zones",
    "ecs",
    "efs",
    "efs-one-zone",
    "eks",
    "elb",
    "elb-single-az",
    "lambda",
    "other",
    "rds-multi-az",
    "rds-single-az",
    "s3",
    "secrets-manager",
    "sqs",
];

/// Checks the rules of recovery.
pub(super) fn check(profile: &Profile) -> Result<(), ProfileError> {
    let recovery = &profile.recovery;
    let fault = |path: &str, message: &str, help: &str| {
        Err(profile.layers.fault(path, format!("`{path}` {message}"), "this value", help))
    };
    for name in recovery.objectives.keys() {
        let words = Scenario::ALL.map(Scenario::word);
        if !words.contains(&name.as_str()) {
            let path = format!("recovery.objectives.{name}");
            return fault(&path, "is no scenario", &format!("choose of {}", words.join(", ")));
        }
    }
    for (name, time) in &recovery.times {
        let path = format!("recovery.times.{name}");
        if !TIMES.contains(&name.as_str()) {
            return fault(&path, "is no step that takes time", &near(name, TIMES));
        }
        if time.low > time.high {
            return fault(&path, "takes longer at best than at worst", "put the shorter time into `low`");
        }
        said(profile, &path, time.grade, &time.source, &time.owner)?;
    }
    for (name, commitment) in &recovery.commitments {
        let path = format!("recovery.commitments.{name}");
        if !COMMITMENTS.contains(&name.as_str()) {
            return fault(&path, "is no commitment that is looked for", &near(name, COMMITMENTS));
        }
        let hundred = Exact::from_integer(100);
        if commitment.availability <= Exact::from_integer(0) || commitment.availability > hundred {
            let path = format!("{path}.availability");
            return fault(&path, "is out of range", "write a percentage above 0 and up to 100, like 99.95");
        }
        said(profile, &path, commitment.grade, &commitment.source, &commitment.owner)?;
    }
    workloads(profile)
}

/// A number of a profile is no evidence: it is documented somewhere, or somebody answers for it.
fn said(profile: &Profile, path: &str, grade: Grade, source: &str, owner: &str) -> Result<(), ProfileError> {
    let fault = |key: &str, message: &str, help: &str| {
        let path = format!("{path}.{key}");
        Err(profile.layers.fault(&path, format!("`{path}` {message}"), "this value", help))
    };
    if grade < Grade::C {
        let help = "write C with a source, or D: rehearsals and measurements are read, and not written down";
        return fault("grade", "is not for a profile to give", help);
    }
    if grade == Grade::C && !source.starts_with("https://") {
        return fault("source", "is no address", "name the page that documents it, or give it the grade D");
    }
    if owner.trim().is_empty() {
        return fault("owner", "is empty", "an assumption that nobody answers for is none");
    }
    Ok(())
}

fn near(name: &str, known: &[&str]) -> String {
    let near = nearest(name, known.iter().copied());
    let near = near.map(|near| format!("did you mean `{near}`?\n")).unwrap_or_default();
    format!("{near}known here: {}", known.join(", "))
}

fn workloads(profile: &Profile) -> Result<(), ProfileError> {
    let all = &profile.recovery.workloads;
    for (index, workload) in all.iter().enumerate() {
        let at = format!("recovery.workloads[{index}]");
        let fault = |key: &str, message: String, help: &str| {
            Err(profile.layers.fault(&format!("{at}{key}"), message, "this workload", help))
        };
        if workload.name.trim().is_empty() {
            return fault(".name", "a workload needs a name".to_owned(), "name it after what it does");
        }
        if all[..index].iter().any(|other| other.name == workload.name) {
            let message = format!("two workloads are called `{}`", workload.name);
            return fault(".name", message, "give each its own name");
        }
        let lists = [&workload.tags, &workload.modules, &workload.states, &workload.resources];
        if lists.iter().all(|list| list.is_empty()) && workload.entry_points.is_empty() {
            let message = format!("the workload `{}` names nothing", workload.name);
            return fault("", message, "add tags, modules, states, resources or entry_points");
        }
        if let Some(tag) = workload.tags.iter().find(|tag| !tag.as_str().contains('=')) {
            return fault(".tags", format!("`{tag}` has no `=`"), "write KEY=VALUE, like `App=orders`");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(text: &str) -> Result<Profile, ProfileError> {
        Profile::load(&["team.toml".to_owned()], |_| Ok(text.to_owned()))
    }

    fn refused(text: &str) -> String {
        let mut out = String::new();
        let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor());
        handler.render_report(&mut out, &over(text).unwrap_err()).unwrap();
        out
    }

    #[test]
    fn the_default_has_every_time_and_every_commitment() {
        let profile = Profile::built_in_default().unwrap();
        assert!(profile.recovery.times.keys().eq(TIMES));
        assert!(profile.recovery.commitments.keys().eq(COMMITMENTS));
        assert!(profile.recovery.workloads.is_empty());
    }

    #[test]
    fn a_profile_gives_no_evidence() {
        let text = |grade: &str, source: &str, owner: &str| {
            format!(
                "[recovery.times.detect]\nlow = \"1m\"\nhigh = \"2m\"\ngrade = \"{grade}\"\nsource = \"{source}\"\n\
                 owner = \"{owner}\"\ndate = 2026-11-01\n"
            )
        };
        assert!(refused(&text("A", "", "sre")).contains("rehearsals and measurements are read"));
        assert!(refused(&text("C", "", "sre")).contains("name the page"));
        assert!(refused(&text("D", "", " ")).contains("nobody answers for"));
        assert_eq!(over(&text("D", "", "sre")).unwrap().recovery.times["detect"].high.as_secs(), 120);
    }

    #[test]
    fn a_wrong_word_gets_the_near_one() {
        let time = "low = \"1m\"\nhigh = \"2m\"\ngrade = \"D\"\nowner = \"sre\"\ndate = 2026-11-01\n";
        assert!(refused(&format!("[recovery.times.detct]\n{time}")).contains("did you mean `detect`"));
        let swapped = time.replace("\"1m\"", "\"3m\"");
        assert!(refused(&format!("[recovery.times.detect]\n{swapped}")).contains("longer at best"));
        assert!(refused("[recovery.objectives.flood]\nrpo = \"1h\"\n").contains("corruption"));
    }

    #[test]
    fn a_workload_names_something_and_once() {
        assert!(refused("[[recovery.workloads]]\nname = \"orders\"\n").contains("names nothing"));
        let one = "[[recovery.workloads]]\nname = \"orders\"\ntags = [\"App=orders\"]\n";
        assert!(refused(&format!("{one}{one}")).contains("two workloads"));
        assert!(refused(&one.replace("App=orders", "orders")).contains("has no `=`"));
        let profile = over(&format!("{one}strategy = \"pilot-light\"\nrpo = \"1m\"\n")).unwrap();
        assert_eq!(profile.recovery.workloads[0].strategy, Some(Strategy::PilotLight));
        assert_eq!(profile.recovery.workloads[0].rpo, Some(Duration::from_secs(60)));
    }

    #[test]
    fn the_printed_profile_loads_again_with_its_dates() {
        let profile = Profile::built_in_default().unwrap();
        let printed = profile.to_toml();
        assert!(printed.contains("date = 2026-11-27"));
        assert_eq!(over(&printed).unwrap().hash(), profile.hash());
    }

    #[test]
    fn one_time_of_a_team_leaves_the_others_alone() {
        let text = "[recovery.times.rds-promotion]\nlow = \"2m\"\nhigh = \"6m\"\ngrade = \"D\"\nowner = \"dba\"\n\
                    date = 2026-11-01\n";
        let times = over(text).unwrap().recovery.times;
        assert_eq!(times["rds-promotion"].high, Duration::from_secs(360));
        assert!(times.keys().eq(TIMES));
    }
}
