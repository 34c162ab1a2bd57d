//! Checks: what one is, what it may answer, and what it may look at.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stateward_model::{AnyAttr, Gap, Kind, Resource, Slot, StateHistory};
use time::OffsetDateTime;

use crate::drift::ignored::ConfigFacts;
use crate::inventory::{Inventory, Side};
use crate::profile::{Environments, Profile};
use crate::recover::Verification;
use crate::tagged::TagFacts;

/// How much a failing check matters; drives weights and caps (scoring.md §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Weight 1.
    Low,
    /// Weight 2.
    Medium,
    /// Weight 5.
    High,
    /// Weight 10, and caps its component.
    Critical,
}

impl Severity {
    /// The word in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// The catalogue's categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Survives the loss of a zone.
    MultiAz,
    /// Data unreadable to others, at rest and in transit.
    Encryption,
    /// Copies to go back to.
    Backup,
    /// State and live agree.
    Drift,
    /// Survives the loss of a region.
    Dr,
    /// Reachable only by those who should.
    Exposure,
    /// Failures become known.
    Observability,
    /// Load is followed.
    Scaling,
    /// Changes arrive safely.
    Delivery,
    /// The estate is code.
    Iac,
    /// Money.
    Cost,
}

impl Category {
    /// The word in results, profiles and `--category`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::MultiAz => "multi-az",
            Self::Encryption => "encryption",
            Self::Backup => "backup",
            Self::Drift => "drift",
            Self::Dr => "dr",
            Self::Exposure => "exposure",
            Self::Observability => "observability",
            Self::Scaling => "scaling",
            Self::Delivery => "delivery",
            Self::Iac => "iac",
            Self::Cost => "cost",
        }
    }
}

/// How much work a fix is, for "gain per effort" (scoring.md §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// A flag.
    Small = 1,
    /// A change that wants care.
    Medium = 3,
    /// A project.
    Large = 8,
}

/// What a check found about one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Pass,
    /// Not as it should be; the sentence says what was found.
    Fail(String),
    /// A failure that a rule written in the catalogue's row downgrades (a group attached to nothing).
    FailAs(Severity, String),
    /// Partly: credit of numerator over denominator, below 1, with the sentence.
    Partial(i64, i64, String),
    /// The check does not apply, by positive evidence, which the sentence gives.
    NotApplicable(&'static str),
    /// As `NotApplicable`, in the words of a custom check.
    NotApplicableAs(String),
}

impl Outcome {
    /// The outcome of a graded check whose measure is `numerator / denominator` times worse than its objective: 1 or
    /// less passes; then credit falls along straight lines through (2, 1/2), (4, 1/4) and (8, 0) (scoring.md §4).
    pub fn graded(numerator: i64, denominator: i64, message: String) -> Self {
        let times = |n: i64| denominator.saturating_mul(n);
        let (credit, whole) = match numerator {
            n if n <= times(1) => return Self::Pass,
            n if n <= times(2) => (times(3) - n, times(2)),
            n if n <= times(4) => (times(6) - n, times(8)),
            n => (times(8).saturating_sub(n).max(0), times(16)),
        };
        Self::Partial(credit, whole.max(1), message)
    }
}

/// An outcome, or the gap that makes it unknown.
pub type Verdict = Result<Outcome, Gap>;

/// What a state file is, for checks of the Terraform estate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateFacts {
    /// Where it was read from.
    pub uri: String,
    /// Why it could not be read: of its content nothing is then known.
    pub unread: Option<Gap>,
    /// Its serial.
    pub serial: u64,
    /// Its lineage.
    pub lineage: String,
    /// The Terraform version that wrote it.
    pub terraform_version: String,
    /// The version of its format: 3 or 4, and 0 in recordings that do not tell (IAC-12).
    pub format: u64,
    /// Bucket and key, when it came from S3.
    pub s3: Option<(String, String)>,
    /// The Terraform backend that keeps it, when it is neither a local file nor in S3: `http`, `remote`, `gcs`, `azurerm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_by: Option<String>,
    /// Encryption of the object itself as its header says (`AES256`, `aws:kms`); only for S3.
    pub object_encryption: Option<String>,
    /// Whether the stored MD5 of the lock table equals that of the object; only where there is one.
    pub digest_matches: Option<bool>,
    /// The kind of lock found: `dynamodb`, `lockfile`; only for S3.
    pub lock: Option<String>,
    /// The table that holds the locks, where `lock` is `dynamodb`.
    pub lock_table: Option<String>,
    /// The region of the bucket; only for S3.
    pub region: Option<String>,
    /// When the object was written, RFC 3339; only for S3.
    pub written_at: Option<String>,
    /// Whether somebody held the lock.
    pub locked: bool,
    /// Since when, RFC 3339, where the lock tells (IAC-08).
    pub locked_since: Option<String>,
    /// Who holds it and what for, where the lock tells (IAC-08).
    pub lock_holder: Option<String>,
    /// What could not be read about lock and digest.
    pub gaps: Vec<Gap>,
    /// Its versions, the newest first (IAC-10); only for S3, and only where a check asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<StateHistory>,
    /// Resource paths whose unflagged value looks like a credential (IAC-16). Paths only, never values.
    pub secret_paths: Vec<String>,
    /// Managed instances.
    pub instances: usize,
    /// Regions of its managed resources.
    pub regions: Vec<String>,
    /// Addresses of instances that are marked as tainted (IAC-17).
    pub tainted: Vec<String>,
    /// Addresses of deposed objects of unfinished replacements (IAC-17).
    pub deposed: Vec<String>,
    /// Values of the environment tag among its managed resources, sorted, each once (ENV-01).
    pub environments: Vec<String>,
    /// What each environment consists of, as far as resources name theirs (ENV-05).
    pub composition: BTreeMap<String, Composition>,
    /// Which of its managed resources carry the tags that the profile requires; none where it requires none (IAC-25).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tagged: Option<TagFacts>,
    /// Check blocks, preconditions and postconditions that the last run recorded (IAC-18).
    pub checks: usize,
    /// Those of them that failed or broke off.
    pub failed_checks: Vec<String>,
    /// Those of them whose result was not known.
    pub open_checks: Vec<String>,
}

impl StateFacts {
    /// Confirms that its content was read.
    ///
    /// # Errors
    /// Why it was not: then nothing is known of what it holds, though its place may be.
    pub fn content(&self) -> Result<(), Gap> {
        self.unread.clone().map_or(Ok(()), Err)
    }

    /// Fills in what the state's managed instances tell.
    pub fn observe(&mut self, resources: impl Iterator<Item = Resource>, environments: &Environments) {
        let mut named: BTreeMap<String, Composition> = BTreeMap::new();
        (self.tainted, self.deposed) = (Vec::new(), Vec::new());
        for resource in resources {
            if let Some(name) = environments.named_by(&resource.tags()) {
                named.entry(name).or_default().add(&resource);
            }
            let Some(facts) = resource.declared else { continue };
            if facts.tainted {
                self.tainted.push(facts.address.clone());
            }
            if facts.deposed.is_some() {
                self.deposed.push(facts.address);
            }
        }
        self.environments = named.keys().cloned().collect();
        self.composition = named;
    }
}

/// What an environment consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Composition {
    /// The types of its managed resources.
    pub types: BTreeSet<String>,
    /// Major versions of its engines, by type and engine: `aws_db_instance postgres`.
    pub versions: BTreeMap<String, BTreeSet<String>>,
    /// Engines whose version the state does not tell, in the same words.
    pub untold: BTreeSet<String>,
}

impl Composition {
    /// Types that run an engine, the attribute with its name, and the one with its version.
    const ENGINES: [(&str, Option<&str>, &str); 6] = [
        ("aws_db_instance", Some("engine"), "engine_version"),
        ("aws_rds_cluster", Some("engine"), "engine_version"),
        ("aws_elasticache_cluster", Some("engine"), "engine_version"),
        ("aws_elasticache_replication_group", Some("engine"), "engine_version"),
        ("aws_opensearch_domain", None, "engine_version"),
        ("aws_eks_cluster", None, "version"),
    ];

    fn add(&mut self, resource: &Resource) {
        if !self.types.contains(resource.kind()) {
            self.types.insert(resource.kind().to_owned());
        }
        let engine = Self::ENGINES.iter().find(|(kind, ..)| *kind == resource.kind());
        let Some((kind, name, version)) = engine else { return };
        let text = |path: &str| match resource.slot(path) {
            Some(Slot::Known(Value::String(text))) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        };
        let engine = match name.and_then(text) {
            Some(engine) => format!("{kind} {engine}"),
            None => (*kind).to_owned(),
        };
        match text(version).and_then(major) {
            Some(version) => _ = self.versions.entry(engine).or_default().insert(version),
            None => _ = self.untold.insert(engine),
        }
    }

    /// The same of both.
    pub fn extend(&mut self, other: &Self) {
        self.types.extend(other.types.iter().cloned());
        self.untold.extend(other.untold.iter().cloned());
        for (engine, versions) in &other.versions {
            self.versions.entry(engine.clone()).or_default().extend(versions.iter().cloned());
        }
    }
}

/// The major version of an engine. Kubernetes is `1.31` to all intents, and so was PostgreSQL before 10.
fn major(version: &str) -> Option<String> {
    let named = version.starts_with(|letter: char| letter.is_alphabetic());
    let (before, number) = version.split_once('_').filter(|_| named).unwrap_or(("", version));
    let mut parts = number.split('.');
    let first: u32 = parts.next()?.parse().ok()?;
    let prefix = if before.is_empty() { String::new() } else { format!("{before}_") };
    match parts.next() {
        Some(second) if first == 1 => Some(format!("{prefix}{first}.{second}")),
        _ => Some(format!("{prefix}{first}")),
    }
}

/// What became of drift, for checks on it (IAC-19 … IAC-23).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DriftFacts {
    /// Managed instances compared and equal.
    pub in_sync: usize,
    /// Managed instances that differ.
    pub changed: Vec<String>,
    /// Managed instances that do not exist.
    pub missing: Vec<String>,
    /// Live manageable objects in no state.
    pub unmanaged: usize,
    /// Managed instances that could not be compared.
    pub unknown: usize,
    /// Managed instances with a change that loosens protection.
    pub loosening: Vec<String>,
    /// Identities claimed twice.
    pub conflicts: Vec<String>,
    /// Managed instances outside of the audited accounts and regions, and deposed objects that still live.
    pub ghosts: Vec<String>,
}

/// All that a check may look at beside its resource.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Live or declared.
    pub side: Side,
    /// The inventory of that side.
    pub inventory: &'a Inventory,
    /// Thresholds and lists.
    pub profile: &'a Profile,
    /// The audit's time; the only clock.
    pub as_of: OffsetDateTime,
    /// The states of this run.
    pub states: &'a [StateFacts],
    /// What drift found; `None` when no state was read, or drift was not asked for.
    pub drift: Option<&'a DriftFacts>,
    /// The configurations of this run.
    pub configurations: &'a [ConfigFacts],
    /// What a verification of recovery found; `None` when no check asked for it.
    pub recovery: Option<&'a Verification>,
}

/// Attributes of a kind that a check reads, so that only the calls behind them are made.
#[derive(Debug, Clone, Copy)]
pub struct Reads {
    /// The kind.
    pub kind: &'static Kind,
    /// Its attributes.
    pub attributes: &'static [AnyAttr],
}

/// What the call of a gap begins with where the policy of a custom check is the reason.
pub const POLICY: &str = "policy ";

/// A rule that is not compiled in.
pub trait Rule: Sync {
    /// Judges one resource.
    fn judge(&self, resource: &Resource, view: &View) -> Verdict;
}

/// On what a check is evaluated.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// On every resource of the kind, without what AWS itself owns.
    Each(&'static Kind, fn(&Resource, &View) -> Verdict),
    /// As `Each`, with those that AWS owns (the default security group: NET-05).
    EachIncludingExcluded(&'static Kind, fn(&Resource, &View) -> Verdict),
    /// As `Each`, on the resources of several kinds: topics and queues, or everything that holds a policy.
    EachOf(&'static [&'static Kind], fn(&Resource, &View) -> Verdict),
    /// As `EachOf`, with those that a rule excludes (snapshots of images: STO-13).
    EachOfIncludingExcluded(&'static [&'static Kind], fn(&Resource, &View) -> Verdict),
    /// As `Each`, by a rule that was read at run time.
    Custom(&'static Kind, &'a dyn Rule),
    /// Once in every region looked at; gives the id of what it judged there.
    Region(fn(&str, &View) -> Verdict),
    /// Once for the estate.
    Estate(fn(&View) -> Verdict),
    /// On every state.
    State(fn(&StateFacts, &View) -> Verdict),
    /// Once for every configuration.
    Configuration(fn(&ConfigFacts, &View) -> Verdict),
}

/// One check: of the catalogue, which is `'static`, or a custom one, which borrows from what was read.
#[derive(Clone, Copy)]
pub struct Check<'a> {
    /// Stable id of the catalogue, `STO-18`.
    pub id: &'a str,
    /// Kebab-case alias, `rds-storage-encrypted`.
    pub alias: &'a str,
    /// What holds when it passes.
    pub title: &'a str,
    /// Key of the component that it feeds, `storage`.
    pub component: &'a str,
    /// Category.
    pub category: Category,
    /// Severity.
    pub severity: Severity,
    /// Effort of a typical fix.
    pub effort: Effort,
    /// What it is evaluated on, and how.
    pub subject: Subject<'a>,
    /// What it reads.
    pub reads: &'a [Reads],
    /// Its page: docs/checks/ID.md, embedded.
    pub page: &'a str,
}

impl<'a> Check<'a> {
    /// The page's text under a heading of level two, without the heading.
    pub fn section(&self, heading: &str) -> &'a str {
        let mark = format!("## {heading}\n");
        let Some(start) = self.page.find(&mark).map(|at| at + mark.len()) else { return "" };
        let rest = &self.page[start..];
        rest.find("\n## ").map_or(rest, |end| &rest[..end]).trim()
    }
}

impl Check<'_> {
    /// Whether its rule was read at run time.
    pub const fn is_custom(&self) -> bool {
        matches!(self.subject, Subject::Custom(..))
    }

    /// What it says of one resource; none when it judges something else than resources.
    pub fn of_resource(&self, resource: &Resource, view: &View) -> Option<Verdict> {
        match self.subject {
            Subject::Each(_, evaluate)
            | Subject::EachIncludingExcluded(_, evaluate)
            | Subject::EachOf(_, evaluate)
            | Subject::EachOfIncludingExcluded(_, evaluate) => Some(evaluate(resource, view)),
            Subject::Custom(_, rule) => Some(rule.judge(resource, view)),
            Subject::Region(_) | Subject::Estate(_) | Subject::State(_) | Subject::Configuration(_) => None,
        }
    }
}

impl std::fmt::Debug for Check<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use stateward_model::{Declared, Place};

    #[test]
    fn credit_falls_along_the_published_lines() {
        let credit = |n: i64, d: i64| match Outcome::graded(n, d, String::new()) {
            Outcome::Partial(credit, whole, _) => credit as f64 / whole as f64,
            _ => 1.0,
        };
        for (times, expected) in [
            (50, 1.0),
            (100, 1.0),
            (150, 0.75),
            (200, 0.5),
            (300, 0.375),
            (400, 0.25),
            (600, 0.125),
            (800, 0.0),
        ] {
            assert_eq!(credit(times, 100), expected, "{times} %");
        }
        assert_eq!(credit(100_000, 100), 0.0);
        assert_eq!(credit(1, 0), 0.0, "an objective of nothing is missed by anything");
    }

    #[test]
    fn a_state_tells_what_is_unfinished_and_whose_it_is() {
        let instance = |address: &str, tainted: bool, deposed: Option<&str>, tags: serde_json::Value| {
            let mut resource = Resource::new(Place::new("1", "r"), "aws_instance", address.to_owned());
            resource.put_raw("tags", Slot::Known(tags));
            resource.declared = Some(Declared {
                address: address.into(),
                tainted,
                deposed: deposed.map(str::to_owned),
                ..Declared::default()
            });
            resource
        };
        let mut facts = StateFacts::default();
        let resources = [
            instance("aws_instance.a", true, None, json!({ "Environment": "prod" })),
            instance("aws_instance.b", false, Some("00000001"), json!({ "env": "staging" })),
            instance("aws_instance.c", false, None, json!({ "Environment": "prod", "env": "ignored" })),
        ];
        let profile = Profile::built_in_default().unwrap();
        facts.observe(resources.iter().cloned(), &profile.environments);
        assert_eq!(facts.tainted, ["aws_instance.a"]);
        assert_eq!(facts.deposed, ["aws_instance.b"]);
        assert_eq!(facts.environments, ["prod", "staging"]);
    }
    #[test]
    fn an_environment_consists_of_types_and_major_versions() {
        let instance = |address: &str, kind: &'static str, attributes: serde_json::Value| {
            let mut resource = Resource::new(Place::new("1", "r"), kind, address.to_owned());
            for (path, value) in attributes.as_object().unwrap() {
                resource.put_raw(path.clone(), Slot::Known(value.clone()));
            }
            resource.declared = Some(Declared { address: address.into(), ..Declared::default() });
            resource
        };
        let tags = json!({ "Environment": "staging" });
        let engine = |engine: &str, version: &str| json!({ "engine": engine, "engine_version": version, "tags": tags });
        let resources = [
            instance("a", "aws_db_instance", engine("postgres", "16.3")),
            instance("b", "aws_db_instance", engine("mysql", "")),
            instance("c", "aws_eks_cluster", json!({ "version": "1.31", "tags": tags })),
            instance("d", "aws_sqs_queue", json!({ "tags": tags })),
            instance("e", "aws_sns_topic", json!({})),
        ];
        let mut facts = StateFacts::default();
        facts.observe(resources.into_iter(), &Profile::built_in_default().unwrap().environments);
        let staging = &facts.composition["staging"];
        let types: Vec<&str> = staging.types.iter().map(String::as_str).collect();
        assert_eq!(types, ["aws_db_instance", "aws_eks_cluster", "aws_sqs_queue"]);
        assert_eq!(staging.versions["aws_db_instance postgres"], ["16".to_owned()].into());
        assert_eq!(staging.versions["aws_eks_cluster"], ["1.31".to_owned()].into());
        assert_eq!(staging.untold, ["aws_db_instance mysql".to_owned()].into());
    }

    #[test]
    fn major_versions_are_those_that_people_mean() {
        for (version, expected) in [
            ("16.3", "16"),
            ("8.0.39", "8"),
            ("8.0.mysql_aurora.3.05.2", "8"),
            ("7.1", "7"),
            ("1.31", "1.31"),
            ("OpenSearch_2.13", "OpenSearch_2"),
            ("6.x", "6"),
        ] {
            assert_eq!(major(version).as_deref(), Some(expected), "{version}");
        }
        assert_eq!((major(""), major("latest")), (None, None));
    }
}
