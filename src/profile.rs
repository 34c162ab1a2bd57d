//! Profiles: regions and roles, weights, thresholds, settings of checks, waivers and ignore rules, in layers of TOML.

mod accept;
mod error;
mod layers;
mod mail;
mod print;
mod recovery;
mod region;
mod rules;
mod schedule;
#[cfg(test)]
mod tests;
mod values;
mod waiver;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::Date;

pub use accept::{ACCEPT_DAYS, Acceptance};
pub use error::{Fault, Invalid, ProfileError};
use layers::Layers;
pub use mail::{
    MailPart, MailRule, MailSettings, MailTls, MailTransport, Webhook, WebhookForm, not_an_address,
};
pub use recovery::{
    COMMITMENTS, Commitment, RecoverySettings, ScenarioObjectives, Strategy, TIMES, Time, WorkloadRule,
};
pub use region::{KNOWN_REGIONS, Region, Role, UnknownRegion, check_region, is_shaped_like_a_region};
pub use schedule::{CatchUp, MAILED, SCHEDULED, ScheduleSettings, ScheduledJob};
pub(crate) use values::decimal;
pub use values::{Exact, Pattern, any_matches, parse_duration};
use values::{duration, exact};
pub use waiver::{IgnoreRule, Standing, WAIVER_DAYS, Waiver};

/// The profiles that the binary carries, by name. `default` is always the first layer.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("default", include_str!("../profiles/default.toml")),
    ("dr-verification", include_str!("../profiles/dr-verification.toml")),
    ("impact", include_str!("../profiles/impact.toml")),
    ("strict", include_str!("../profiles/strict.toml")),
];

/// Everything a run may be told besides its inputs. Plain data; every rule that it has to obey was checked on loading.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The audited regions with their roles.
    pub regions: Vec<Region>,
    /// Settings of the scoring model.
    pub score: ScoreSettings,
    /// Weights of the ten components.
    pub weights: Weights,
    /// Thresholds of the gate.
    pub criteria: Criteria,
    /// Recovery objectives.
    pub objectives: Objectives,
    /// Recovery.
    pub recovery: RecoverySettings,
    /// Exposure settings.
    pub network: NetworkSettings,
    /// Availability zones.
    pub zones: Zones,
    /// Backups.
    pub backup: BackupSettings,
    /// Buckets.
    pub storage: StorageSettings,
    /// Log groups.
    pub logs: LogSettings,
    /// Alarms.
    pub alarms: AlarmSettings,
    /// Accounts.
    pub accounts: AccountSettings,
    /// Terraform providers.
    pub providers: ProviderSettings,
    /// Builds.
    pub delivery: DeliverySettings,
    /// Environments.
    pub environments: Environments,
    /// Terraform states.
    pub state: StateSettings,
    /// Age of evidence.
    pub evidence: Evidence,
    /// Drift.
    pub drift: DriftSettings,
    /// Checks left out, and severities changed.
    pub checks: CheckSettings,
    /// Where runs are stored.
    pub history: HistorySettings,
    /// Mail, which changes no verdict either.
    pub mail: MailSettings,
    /// Which jobs run when; no more does this.
    pub schedule: ScheduleSettings,
    /// Limits of the collection. They do not enter the hash, since they change no verdict.
    pub collection: Collection,
    /// Accepted failures.
    pub waivers: Vec<Waiver>,
    /// Known differences.
    pub ignore: Vec<IgnoreRule>,
    #[serde(skip)]
    layers: Layers,
}

/// Critical, high, medium or low: the impact of a component, or the severity of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Level {
    /// The word that profiles and reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// How a criterion is scored (scoring.md §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// The lower of the mapped component and the breadth over all components.
    Min,
    /// The mapped component alone, as the published brief has it.
    Mapped,
}

/// Settings of the scoring model.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreSettings {
    /// The name of the arithmetic.
    pub model: String,
    /// How a criterion is scored.
    pub gate: Gate,
    /// Coverage from which a component counts as assessed, in percent.
    #[serde(with = "exact")]
    pub minimum_coverage: Exact,
    /// Evaluated checks from which a component counts as assessed.
    pub minimum_checks: u32,
    /// The highest overall score beside a critical failure.
    #[serde(with = "exact")]
    pub overall_cap: Exact,
    /// A release gate: an unproven recovery objective blocks.
    pub prerelease: bool,
    /// What a check weighs by its severity.
    pub severity: SeverityWeights,
}

/// What a check weighs by its severity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityWeights {
    /// Weight of a critical check.
    #[serde(with = "exact")]
    pub critical: Exact,
    /// Weight of a high check.
    #[serde(with = "exact")]
    pub high: Exact,
    /// Weight of a medium check.
    #[serde(with = "exact")]
    pub medium: Exact,
    /// Weight of a low check.
    #[serde(with = "exact")]
    pub low: Exact,
}

/// Weight and impact word of one component.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentWeight {
    /// Its share of the overall score, against the sum of all.
    #[serde(with = "exact")]
    pub weight: Exact,
    /// The word printed beside it.
    pub impact: Level,
}

/// The ten components.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Container Orchestration.
    pub container: ComponentWeight,
    /// Network Security.
    pub network: ComponentWeight,
    /// Storage & Backup.
    pub storage: ComponentWeight,
    /// Monitoring & Observability.
    pub monitoring: ComponentWeight,
    /// CI/CD Pipeline.
    pub cicd: ComponentWeight,
    /// Infrastructure as Code.
    pub iac: ComponentWeight,
    /// Multi-Environment.
    pub multienv: ComponentWeight,
    /// Disaster Recovery.
    pub dr: ComponentWeight,
    /// Auto-scaling.
    pub autoscaling: ComponentWeight,
    /// Cloud Integration.
    pub cloud: ComponentWeight,
}

/// Keys of the ten components, in the published order.
pub const COMPONENT_KEYS: [&str; 10] = [
    "container",
    "network",
    "storage",
    "monitoring",
    "cicd",
    "iac",
    "multienv",
    "dr",
    "autoscaling",
    "cloud",
];

impl Weights {
    /// The components with their keys, in the published order.
    pub fn each(&self) -> [(&'static str, &ComponentWeight); 10] {
        let all = [
            &self.container,
            &self.network,
            &self.storage,
            &self.monitoring,
            &self.cicd,
            &self.iac,
            &self.multienv,
            &self.dr,
            &self.autoscaling,
            &self.cloud,
        ];
        std::array::from_fn(|i| (COMPONENT_KEYS[i], all[i]))
    }

    /// The component of a key.
    pub fn get(&self, key: &str) -> Option<&ComponentWeight> {
        self.each().into_iter().find(|(name, _)| *name == key).map(|(_, component)| component)
    }

    /// The component of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut ComponentWeight> {
        let at = COMPONENT_KEYS.iter().position(|known| *known == key)?;
        let all = [
            &mut self.container,
            &mut self.network,
            &mut self.storage,
            &mut self.monitoring,
            &mut self.cicd,
            &mut self.iac,
            &mut self.multienv,
            &mut self.dr,
            &mut self.autoscaling,
            &mut self.cloud,
        ];
        all.into_iter().nth(at)
    }
}

/// Thresholds in percent; a criterion passes above its threshold.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criteria {
    /// Security.
    #[serde(with = "exact")]
    pub security: Exact,
    /// Reliability.
    #[serde(with = "exact")]
    pub reliability: Exact,
    /// Scalability.
    #[serde(with = "exact")]
    pub scalability: Exact,
    /// Automation.
    #[serde(with = "exact")]
    pub automation: Exact,
    /// The weighted mean of the components.
    #[serde(with = "exact")]
    pub overall: Exact,
}

impl Criteria {
    /// The thresholds with their keys, in the published order.
    pub fn each(&self) -> [(&'static str, Exact); 5] {
        [
            ("security", self.security),
            ("reliability", self.reliability),
            ("scalability", self.scalability),
            ("automation", self.automation),
            ("overall", self.overall),
        ]
    }
}

/// Recovery objectives.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objectives {
    /// Data that may be lost, as time.
    #[serde(with = "duration")]
    pub rpo: Duration,
    /// Time until service is back.
    #[serde(with = "duration")]
    pub rto: Duration,
    /// Availability in percent.
    #[serde(with = "exact")]
    pub availability: Exact,
}

/// Exposure settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSettings {
    /// Ports that may be open to the internet (NET-04).
    pub public_ports: Vec<u16>,
    /// Ports of remote administration (NET-01).
    pub administration_ports: Vec<u16>,
    /// Ports of data stores (NET-03).
    pub data_store_ports: Vec<u16>,
    /// Instances that may hold a public address, by id, ARN or Name tag (NET-09).
    pub public_instances: Vec<Pattern>,
    /// The same by tag, as `KEY=VALUE`.
    pub public_instance_tags: Vec<Pattern>,
    /// Services that every VPC in use reaches through an interface endpoint, by the end of their name (NET-12).
    pub interface_endpoints: Vec<String>,
    /// TLS policies that load balancers may use (NET-15).
    pub tls_policies: Vec<String>,
}

/// Zones that a zone-spanning resource needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zones {
    /// In the primary region.
    pub primary: u32,
    /// Elsewhere.
    pub other: u32,
    /// Network load balancers that serve each zone from that zone alone on purpose, by name or ARN (DR-06).
    pub isolated_balancers: Vec<Pattern>,
}

/// Backups.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupSettings {
    /// Least retention of automated backups, in days.
    pub retention_days: u32,
    /// Tags of caches that hold nothing worth keeping, as `KEY=VALUE` (STO-32).
    pub cache_tags: Vec<Pattern>,
    /// Keys with which applications themselves encrypt data, by id, ARN or alias (DR-30).
    pub application_keys: Vec<Pattern>,
}

/// What a bucket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketClass {
    /// Holds data that has to survive.
    Data,
    /// Receives logs.
    Log,
    /// Neither.
    Plain,
}

/// Buckets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageSettings {
    /// Names of buckets with data.
    pub data_buckets: Vec<Pattern>,
    /// Names of buckets with logs; they win over `data_buckets`.
    pub log_buckets: Vec<Pattern>,
    /// Names of buckets with backups or audit trails, which nobody may change (STO-09).
    pub immutable_buckets: Vec<Pattern>,
    /// Tables that are encrypted with a key of the customer's own, by name or ARN (STO-28).
    pub customer_key_tables: Vec<Pattern>,
}

impl StorageSettings {
    /// What the bucket of this name is for.
    pub fn class(&self, bucket: &str) -> BucketClass {
        if any_matches(&self.log_buckets, bucket) {
            return BucketClass::Log;
        }
        if any_matches(&self.data_buckets, bucket) { BucketClass::Data } else { BucketClass::Plain }
    }
}

/// Log groups.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// Least retention, in days.
    pub retention_days: u32,
    /// Least retention of audit logs, in days.
    pub audit_retention_days: u32,
    /// Names of log groups with audit logs.
    pub audit_groups: Vec<Pattern>,
}

impl LogSettings {
    /// The retention that the log group of this name needs, in days.
    pub fn required_days(&self, group: &str) -> u32 {
        if any_matches(&self.audit_groups, group) { self.audit_retention_days } else { self.retention_days }
    }
}

/// Alarms.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmSettings {
    /// Metrics that need an alarm, by Terraform type.
    pub required: BTreeMap<String, Vec<String>>,
}

/// Accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSettings {
    /// Accounts that may appear as a foreign principal.
    pub known: Vec<String>,
}

/// Terraform providers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Sources that configurations may take providers from; none allows every source (IAC-13).
    pub allowed: Vec<Pattern>,
}

/// Builds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliverySettings {
    /// Build projects that make container images, by name or ARN (CICD-04).
    pub image_builders: Vec<Pattern>,
}

/// Environments.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environments {
    /// Tags that name the environment; the first that is there counts.
    pub tag_keys: Vec<String>,
    /// Values that mean production, in any case.
    pub production: Vec<String>,
    /// Values that mean the environment in which production is rehearsed, in any case (ENV-05).
    pub staging: Vec<String>,
    /// The weight of a resource outside production.
    #[serde(with = "exact")]
    pub nonproduction_weight: Exact,
}

impl Environments {
    /// The environment that the tags name.
    pub fn named_by(&self, tags: &BTreeMap<String, String>) -> Option<String> {
        self.tag_keys.iter().find_map(|key| tags.get(key)).cloned()
    }

    /// True for a name of production.
    pub fn means_production(&self, name: &str) -> bool {
        self.production.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// True for a name of the environment in which production is rehearsed.
    pub fn means_staging(&self, name: &str) -> bool {
        self.staging.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// True for production, and for resources that do not say: a missing tag must not lower the demand.
    pub fn is_production(&self, tags: &BTreeMap<String, String>) -> bool {
        self.named_by(tags).is_none_or(|name| self.means_production(&name))
    }

    /// The weight of a resource with these tags.
    pub fn weight(&self, tags: &BTreeMap<String, String>) -> Exact {
        if self.is_production(tags) { Exact::from_integer(1) } else { self.nonproduction_weight }
    }
}

/// Terraform states.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateSettings {
    /// Require KMS on state objects (IAC-03).
    pub kms_required: bool,
    /// Oldest state that counts as fresh (IAC-11).
    #[serde(with = "duration")]
    pub max_age: Duration,
    /// Keys of tags that every managed resource carries which can; none requires none (IAC-25).
    pub required_tags: Vec<String>,
}

/// Age of evidence (scoring.md §3).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Time to live of configuration.
    #[serde(with = "duration")]
    pub configuration: Duration,
    /// Time to live of metrics.
    #[serde(with = "duration")]
    pub metrics: Duration,
    /// Time to live of restore rehearsals and fault injection.
    #[serde(with = "duration")]
    pub rehearsal: Duration,
    /// Evidence older than this blocks GO.
    #[serde(with = "duration")]
    pub max_age: Duration,
}

/// Drift.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftSettings {
    /// Age from which a live object in no state is called unmanaged.
    #[serde(with = "duration")]
    pub unmanaged_grace: Duration,
    /// Least share of managed resources, in percent (IAC-19).
    #[serde(with = "exact")]
    pub managed_share: Exact,
    /// Greatest share of changed resources, in percent (IAC-21).
    #[serde(with = "exact")]
    pub changed_share: Exact,
    /// Keys of tags that are not compared, as `ignore_tags` of the provider has them.
    pub ignore_tags: Vec<Pattern>,
    /// Whether CloudTrail is asked who made the differences.
    pub attribution: bool,
    /// Roles with which pipelines apply and deploy, by name.
    pub pipeline_roles: Vec<Pattern>,
    /// Whether persons and addresses get pseudonyms in results.
    pub pseudonyms: bool,
    /// The key of the pseudonyms; empty for one of the account. It comes from outside and is written nowhere.
    #[serde(skip)]
    pub pseudonym_key: String,
    /// Drift that is accepted for a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<Acceptance>,
}

/// Checks left out, and severities changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckSettings {
    /// Ids or aliases of checks that do not run.
    pub disable: Vec<String>,
    /// Folders of custom checks.
    pub custom: Vec<String>,
    /// Severities by id or alias.
    pub severity: BTreeMap<String, Level>,
}

/// Where runs are stored, and for how long.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistorySettings {
    /// The file; empty for none.
    pub file: String,
    /// What people call the estate; empty where it has no name.
    pub estate: String,
    /// Runs that are kept of each estate and command; 0 for all.
    pub keep_runs: u32,
    /// Days for which they are kept; 0 for ever.
    pub keep_days: u32,
}

/// Limits of the collection.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// Requests in flight together.
    pub concurrency: u32,
    /// Deadline of one call with its retries.
    #[serde(with = "duration")]
    pub call_timeout: Duration,
    /// Deadline of the whole collection.
    #[serde(with = "duration")]
    pub run_timeout: Duration,
    /// Requests per second by service prefix.
    pub rates: BTreeMap<String, u32>,
    /// Requests to CloudTrail that a run may make in one account and region to find out who made the differences.
    pub attribution_lookups: u32,
}

impl Profile {
    /// Loads `default` and then each of `names` in order; later layers win key by key. A name with a slash or ending
    /// in `.toml` is a file, which `read` opens; any other is a built-in profile.
    ///
    /// # Errors
    /// A name or file that is not there, text that is not TOML, an unknown key, a value of the wrong form, or a value
    /// against a rule; the last four with their place in the file.
    pub fn load(names: &[String], read: impl Fn(&Path) -> io::Result<String>) -> Result<Self, ProfileError> {
        let mut layers = Layers::default();
        for (at, name) in std::iter::once("default").chain(names.iter().map(String::as_str)).enumerate() {
            // `--profile default` adds nothing before other layers, and resets them after.
            if at == 1 && name == "default" {
                continue;
            }
            let (title, text) = open(name, &read)?;
            layers.push(title, text);
        }
        let mut profile: Self = layers.read()?;
        profile.layers = layers;
        rules::check(&profile)?;
        Ok(profile)
    }

    /// The default profile alone.
    ///
    /// # Errors
    /// None in a build whose tests pass; the signature spares a panic.
    pub fn built_in_default() -> Result<Self, ProfileError> {
        Self::load(&[], |_| Err(io::ErrorKind::NotFound.into()))
    }

    /// The names of the layers, first to last.
    pub fn layer_names(&self) -> impl Iterator<Item = &str> {
        self.layers.names()
    }

    /// SHA-256 over the canonical form, in hexadecimal. Profiles that judge alike hash alike: comments, order and
    /// layers do not count, nor do the limits of the collection and the search for who made a difference, unless roles of
    /// pipelines are named: what these made is no drift.
    pub fn hash(&self) -> String {
        let mut table = self.table();
        table.remove("collection");
        table.remove("history");
        table.remove("mail");
        table.remove("schedule");
        if let Some(drift) = table.get_mut("drift").and_then(toml::Value::as_table_mut) {
            drift.remove("pseudonyms");
            if self.drift.pipeline_roles.is_empty() {
                drift.remove("attribution");
                drift.remove("pipeline_roles");
            }
        }
        hex(&Sha256::digest(table.to_string()))
    }

    /// The effective profile as TOML that loads again, with the layer of each key in a comment.
    pub fn to_toml(&self) -> String {
        print::print(self)
    }

    /// The role of a region; `other` for one that the profile does not name.
    pub fn role(&self, region: &str) -> Role {
        self.regions.iter().find(|known| known.name == region).map_or(Role::Other, |known| known.role)
    }

    /// How many zones a zone-spanning resource needs in a region.
    pub fn zones_in(&self, region: &str) -> u32 {
        if self.role(region) == Role::Primary { self.zones.primary } else { self.zones.other }
    }

    /// Restricts the run to the regions of the command line. Those that the profile knows keep their role.
    ///
    /// # Errors
    /// A name that AWS does not have and the profile does not vouch for.
    pub fn select_regions(&mut self, names: &[String]) -> Result<(), ProfileError> {
        let mut selected: Vec<Region> = Vec::new();
        for name in names {
            if selected.iter().any(|region| region.name == *name) {
                continue;
            }
            if let Some(known) = self.regions.iter().find(|region| region.name == *name) {
                selected.push(known.clone());
                continue;
            }
            check_region(name)?;
            selected.push(Region { name: name.clone(), role: Role::Other, unlisted: false });
        }
        if !selected.is_empty() {
            self.regions = selected;
            self.layers.forget("regions");
        }
        Ok(())
    }

    /// Sets the requests in flight from the command line.
    pub fn set_concurrency(&mut self, requests: u32) {
        self.collection.concurrency = requests;
        self.layers.forget("collection.concurrency");
    }

    /// Sets the rate of a service from the command line, in requests per second.
    pub fn set_rate(&mut self, service: &str, per_second: u32) {
        self.collection.rates.insert(service.to_owned(), per_second);
        self.layers.forget(&format!("collection.rates.{service}"));
    }

    /// Sets the deadline of the collection from the command line.
    pub fn set_run_timeout(&mut self, deadline: Duration) {
        self.collection.run_timeout = deadline;
        self.collection.call_timeout = self.collection.call_timeout.min(deadline);
        self.layers.forget("collection.run_timeout");
        self.layers.forget("collection.call_timeout");
    }

    /// Asks CloudTrail who made the differences, as the command line wants it.
    pub fn ask_who(&mut self) {
        self.drift.attribution = true;
        self.layers.forget("drift.attribution");
    }

    /// Puts one job of the command line in the place of those of the profile.
    pub fn set_job(&mut self, job: ScheduledJob) {
        self.schedule.jobs = vec![job];
        self.layers.forget("schedule.jobs");
    }

    /// Sets the time zone of cron expressions from the command line.
    pub fn set_time_zone(&mut self, name: String) {
        self.schedule.time_zone = name;
        self.layers.forget("schedule.time_zone");
    }

    /// Sets the address of health and metrics from the command line.
    pub fn set_listen(&mut self, listen: String) {
        self.schedule.listen = listen;
        self.layers.forget("schedule.listen");
    }

    /// Sets the key of the pseudonyms.
    pub fn set_pseudonym_key(&mut self, key: String) {
        self.drift.pseudonym_key = key;
    }

    /// The waivers with their standing on `day`, the day of the as-of time in UTC.
    pub fn waivers_on(&self, day: Date) -> impl Iterator<Item = (usize, &Waiver, Standing)> {
        self.waivers.iter().enumerate().map(move |(index, waiver)| (index, waiver, waiver.standing(day)))
    }

    /// The ignore rules with their names and standing on `day`.
    pub fn ignore_on(&self, day: Date) -> impl Iterator<Item = (String, &IgnoreRule, Standing)> {
        self.ignore.iter().enumerate().map(move |(index, rule)| (rule.name(index), rule, rule.standing(day)))
    }

    /// Confirms that every check which the profile names is in the catalogue; `known` holds ids and aliases.
    ///
    /// # Errors
    /// The first name that is not, with its place and a near one.
    pub fn verify_checks(&self, known: &[&str]) -> Result<(), ProfileError> {
        let disabled =
            self.checks.disable.iter().enumerate().map(|(i, id)| (format!("checks.disable[{i}]"), id));
        let severities = self.checks.severity.keys().map(|id| (format!("checks.severity.{id}"), id));
        let waived = self.waivers.iter().enumerate();
        let waived =
            waived.filter_map(|(i, waiver)| Some((format!("waivers[{i}].check"), waiver.check.as_ref()?)));
        for (path, id) in disabled.chain(severities).chain(waived) {
            if known.contains(&id.as_str()) {
                continue;
            }
            let near = nearest(id, known.iter().copied());
            let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let help = format!("{near}`stateward checks` lists the catalogue");
            return Err(self.layers.fault(
                &path,
                format!("there is no check `{id}`"),
                "not in the catalogue",
                &help,
            ));
        }
        Ok(())
    }

    /// The effective values without comments. Keys are sorted, so the text of the table is canonical.
    fn table(&self) -> toml::Table {
        // Every field is a plain table, array or scalar, which TOML always has a form for; a test holds this.
        let mut table = toml::Table::try_from(self).unwrap_or_default();
        table.iter_mut().for_each(|(_, value)| with_dates(value));
        table
    }
}

/// Puts a date in the place of the table by which the serializer of TOML passes one on inside of maps.
fn with_dates(value: &mut toml::Value) {
    const MARK: &str = "$__toml_private_datetime";
    match value {
        toml::Value::Table(table) => {
            let date = table.get(MARK).and_then(toml::Value::as_str).and_then(|text| text.parse().ok());
            if let Some(date) = date {
                *value = toml::Value::Datetime(date);
                return;
            }
            table.iter_mut().for_each(|(_, inner)| with_dates(inner));
        }
        toml::Value::Array(items) => items.iter_mut().for_each(with_dates),
        _ => {}
    }
}

/// Title and text of a profile.
fn open(name: &str, read: &impl Fn(&Path) -> io::Result<String>) -> Result<(String, String), ProfileError> {
    if name.contains(['/', '\\']) || name.ends_with(".toml") {
        let text = read(Path::new(name));
        let text = text.map_err(|source| ProfileError::Unreadable { path: name.to_owned(), source })?;
        return Ok((name.to_owned(), text));
    }
    if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
        return Ok((format!("{name} (built in)"), (*text).to_owned()));
    }
    let names = || BUILT_IN.iter().map(|(known, _)| *known);
    let near = nearest(name, names()).map(|near| format!("did you mean `{near}`?\n")).unwrap_or_default();
    let all = names().collect::<Vec<_>>().join(", ");
    let help = format!(
        "{near}built-in profiles: {all}\na file needs a slash or `.toml` in its name: `./{name}.toml`"
    );
    Err(ProfileError::UnknownProfile { name: name.to_owned(), help })
}

/// The candidate that `word` was probably meant to be.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance =
        |candidate: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase());
    let (far, best) = candidates.map(|candidate| (distance(candidate), candidate)).min()?;
    // A third of the word may be wrong; beyond that a suggestion misleads more than it helps.
    (far <= (word.len() / 3).max(1)).then_some(best)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
