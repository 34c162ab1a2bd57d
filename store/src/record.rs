//! What a run brings into the history, as plain rows.

/// A run that begins.
#[derive(Debug, Clone, Copy)]
pub struct Begun<'a> {
    /// Its id.
    pub id: &'a str,
    /// The command.
    pub command: &'a str,
    /// What was asked for, in words that are the same for the same question.
    pub asked: &'a str,
    /// What people call the estate.
    pub estate: &'a str,
    /// The version of the program.
    pub version: &'a str,
    /// When it began, RFC 3339 in UTC like every time here.
    pub started_at: &'a str,
    /// By when it has ended, one way or another: a run that has not by then was interrupted.
    pub deadline: &'a str,
}

/// How a run ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It could not start or finish.
    Failed,
    /// Somebody or something stopped it.
    Interrupted,
}

/// A finished run.
#[derive(Debug, Clone, Default)]
pub struct Record<'a> {
    /// What was asked for, and of which accounts: the runs of one series are compared with each other.
    pub series: String,
    /// The accounts: the name of an estate that has none.
    pub accounts: String,
    /// The whole result.
    pub json: &'a str,
    /// When it ended.
    pub finished_at: &'a str,
    /// The moment that its ages are counted from.
    pub as_of: &'a str,
    /// The hash of the catalogue.
    pub catalogue_hash: &'a str,
    /// The hash of the profile.
    pub profile_hash: &'a str,
    /// The verdict.
    pub decision: Option<&'a str>,
    /// The score in the worst case.
    pub evidenced: Option<f64>,
    /// The score in the best case.
    pub possible: Option<f64>,
    /// Known share, in percent.
    pub coverage: Option<f64>,
    /// Operations that ended in a gap.
    pub errors: usize,
    /// Requests.
    pub calls: u64,
    /// Those of them that were throttled.
    pub throttled: u64,
    /// States that could not be read.
    pub unread_states: usize,
    /// The components.
    pub components: Vec<ComponentRow<'a>>,
    /// The findings.
    pub findings: Vec<Judgement<'a>>,
    /// The counts of drift, where states were compared.
    pub drift: Option<DriftCounts>,
    /// The differences.
    pub items: Vec<Item<'a>>,
}

/// The score of a component.
#[derive(Debug, Clone, Copy)]
pub struct ComponentRow<'a> {
    /// Its key.
    pub key: &'a str,
    /// Worst case; none where it is not assessed.
    pub evidenced: Option<f64>,
    /// Best case.
    pub possible: Option<f64>,
    /// Known share, in percent.
    pub coverage: f64,
}

/// What a finding or a difference is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// The same from run to run.
    pub fingerprint: &'a str,
    /// The check; none for drift.
    pub check: Option<&'a str>,
    /// The check's title.
    pub title: Option<&'a str>,
    /// Key of the component.
    pub component: Option<&'a str>,
    /// Category.
    pub category: Option<&'a str>,
    /// The Terraform type.
    pub kind: &'a str,
    /// The id.
    pub resource: &'a str,
    /// What people call it.
    pub name: Option<&'a str>,
    /// The account.
    pub account: &'a str,
    /// The region.
    pub region: &'a str,
    /// The Terraform address.
    pub address: Option<&'a str>,
    /// The state.
    pub state: Option<&'a str>,
}

/// A finding.
#[derive(Debug, Clone, Copy)]
pub struct Judgement<'a> {
    /// What it is about.
    pub subject: Subject<'a>,
    /// Its status, as in the result.
    pub status: &'a str,
    /// Its severity.
    pub severity: &'a str,
}

/// A difference between a state and what lives.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// What it is about.
    pub subject: Subject<'a>,
    /// Its class.
    pub class: &'a str,
    /// Its label.
    pub label: Option<&'a str>,
    /// Whether it is accepted.
    pub accepted: bool,
}

/// Counts of drift.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DriftCounts {
    /// In sync.
    pub in_sync: usize,
    /// Changed.
    pub changed: usize,
    /// Missing.
    pub missing: usize,
    /// Unmanaged.
    pub unmanaged: usize,
    /// Ghosts.
    pub ghost: usize,
    /// In conflict.
    pub conflict: usize,
    /// Not compared.
    pub unknown: usize,
    /// Accepted.
    pub accepted: usize,
    /// New, returned and resolved against the run before; none where it was held against none.
    pub since: Option<[usize; 3]>,
}

/// How much is kept of each series. The latest finished run always is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep<'a> {
    /// So many finished runs; none for all.
    pub runs: Option<u32>,
    /// Runs that began no earlier than then; none for all.
    pub since: Option<&'a str>,
}
