//! The history of runs: what a run notes in it at its start and its end, and what it takes from it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;
use sha2::{Digest, Sha256};
use stateward::profile::{Exact, Profile};
use stateward::result::{Document, Outcome, Status};
use stateward_store::{
    Begun, ComponentRow, DriftCounts, Ended, Item, Judgement, Keep, Record, Store, Subject,
};
use time::{Duration, OffsetDateTime};

use super::{Outside, cli, now, stamp};

/// Beyond the deadline of the collection, a run needs time to judge and to write.
const GRACE: Duration = Duration::minutes(15);
/// How long a component that has gone blind is remembered (docs/scoring.md, waivers).
const MEMORY: Duration = Duration::days(90);

/// The history that a run is stored in.
pub struct Ledger {
    store: Store,
    path: PathBuf,
    /// What is asked for, as a digest: addresses of states may hold what is nobody's business.
    asked: String,
    command: &'static str,
    run: Option<String>,
}

/// What a run asks for, so far as it decides which runs are held against each other.
#[derive(Default)]
pub struct Asked<'a> {
    /// States and configurations.
    pub states: Option<&'a cli::StateArgs>,
    /// Accounts and roles.
    pub live: Option<&'a cli::LiveArgs>,
    /// Words of the selection.
    pub selection: Vec<&'a [String]>,
}

impl Ledger {
    /// Opens the history that the command line or the profile names; none where neither does.
    ///
    /// # Errors
    /// A history that cannot be used.
    pub fn open(
        args: &cli::StoreArgs,
        profile: &Profile,
        command: &'static str,
        asked: &Asked,
        outside: &Outside,
    ) -> anyhow::Result<Option<Self>> {
        let Some(path) = file(args.file.as_deref(), profile) else { return Ok(None) };
        let mut store = Store::open(&path)?;
        store.sweep(&stamp(outside.now))?;
        Ok(Some(Self { store, path, asked: digest(command, profile, asked), command, run: None }))
    }

    /// The last good run of the same question.
    ///
    /// # Errors
    /// A result that cannot be read any more.
    pub fn previous(&self) -> anyhow::Result<Option<Document>> {
        let Some(run) = self.store.last_good(&self.asked)? else { return Ok(None) };
        Ok(Some(document(&self.store, &run)?))
    }

    /// The last evidenced score of each component that was assessed in the last 90 days, to the two places that are
    /// printed.
    ///
    /// # Errors
    /// A history that cannot be read.
    pub fn last_evidenced(&self, as_of: OffsetDateTime) -> anyhow::Result<BTreeMap<String, Exact>> {
        let since = stamp(as_of - MEMORY);
        let last = self.store.last_components(&self.asked, &since, &stamp(as_of))?;
        Ok(last.into_iter().map(|(key, score)| (key, hundredths(score))).collect())
    }

    /// Notes that the run begins.
    ///
    /// # Errors
    /// A history that cannot be written.
    pub fn begin(&mut self, profile: &Profile, outside: &Outside) -> anyhow::Result<()> {
        let limit = Duration::try_from(profile.collection.run_timeout).unwrap_or(Duration::DAY);
        let begun = Begun {
            id: &outside.run_id,
            command: self.command,
            asked: &self.asked,
            estate: &profile.history.estate,
            version: env!("CARGO_PKG_VERSION"),
            started_at: &stamp(outside.now),
            deadline: &stamp(outside.now + limit + GRACE),
        };
        let begin = || self.store.begin(&begun);
        outside.interrupt.begin(self.path.clone(), outside.run_id.clone(), begin)?;
        self.run = Some(outside.run_id.clone());
        Ok(())
    }

    /// The file, and the run that has begun in it.
    pub fn under_way(&self) -> Option<(PathBuf, String)> {
        Some((self.path.clone(), self.run.clone()?))
    }

    /// Stores the finished run.
    ///
    /// # Errors
    /// What could not be written; earlier runs are all there.
    pub fn store(&mut self, document: &Document, profile: &Profile, outside: &Outside) -> anyhow::Result<()> {
        let Some(run) = self.run.take() else { return Ok(()) };
        let text = serde_json::to_string(document).context("the result cannot be written as JSON")?;
        let settings = &profile.history;
        let since = match settings.keep_days {
            0 => None,
            days => outside.now.checked_sub(Duration::days(i64::from(days))).map(stamp),
        };
        let runs = Some(settings.keep_runs).filter(|runs| *runs > 0);
        let record = record(document, &text, &self.asked);
        let stored = self.store.finish(&run, &record, &Keep { runs, since: since.as_deref() });
        if let Err(error) = &stored {
            // Where there is no room for the run there may be room for a line.
            let _ = self.store.end(&run, Ended::Failed, &error.to_string(), &document.run.finished_at);
        }
        Ok(stored?)
    }

    /// Notes that the run failed.
    pub fn fail(&mut self, error: &anyhow::Error) {
        if let Some(run) = self.run.take() {
            // The run's own error is what is told; this one would hide it.
            let _ = self.store.end(&run, Ended::Failed, &format!("{error:#}"), &stamp(now()));
        }
    }
}

/// Does the work of a run, and notes in the history if it fails.
///
/// # Errors
/// Those of the work, and of a history that cannot be written.
pub fn noted<T>(
    ledger: &mut Option<Ledger>,
    profile: &Profile,
    outside: &Outside,
    work: impl FnOnce(&mut Option<Ledger>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if let Some(ledger) = ledger {
        ledger.begin(profile, outside)?;
    }
    let done = work(ledger);
    outside.interrupt.settle();
    if let (Err(error), Some(ledger)) = (&done, ledger) {
        ledger.fail(error);
    }
    done
}

/// The file of the history, from the command line or the profile.
pub fn file(named: Option<&Path>, profile: &Profile) -> Option<PathBuf> {
    let of_profile = Some(PathBuf::from(&profile.history.file)).filter(|path| !path.as_os_str().is_empty());
    named.map(Path::to_owned).or(of_profile)
}

/// The result of a stored run.
///
/// # Errors
/// A run without a result, or one of another version.
pub fn document(store: &Store, run: &stateward_store::RunRow) -> anyhow::Result<Document> {
    Ok(Document::from_json(&format!("run {}", run.id), &store.result(run)?)?)
}

fn digest(command: &str, profile: &Profile, asked: &Asked) -> String {
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort();
        words
    };
    let question = match profile.history.estate.as_str() {
        "" => json!({
            "states": asked.states.map(|states| sorted(&states.state)),
            "from": asked.states.map(|states| &states.from),
            "accounts": asked.live.map(|live| live.account.iter().map(|one| one.role_arn.as_str()).collect::<Vec<_>>()),
            "selection": asked.selection.iter().map(|words| sorted(words)).collect::<Vec<_>>(),
        }),
        estate => json!({ "estate": estate }),
    };
    let text = json!([command, question]).to_string();
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::Unknown => "unknown",
        Status::Partial => "partial",
        Status::NotApplicable => "not_applicable",
        Status::Waived => "waived",
    }
}

fn record<'a>(document: &'a Document, json: &'a str, asked: &str) -> Record<'a> {
    let run = &document.run;
    let score = document.score.as_ref();
    let accounts: Vec<&str> = document.scope.accounts.iter().map(|account| account.id.as_str()).collect();
    let component = |one: &'a stateward::result::Component| ComponentRow {
        key: &one.key,
        // One that is held at its last score was not assessed, and must not refresh the memory of it.
        evidenced: one.evidenced.filter(|_| one.assessed),
        possible: one.possible.filter(|_| one.assessed),
        coverage: one.coverage,
    };
    let drift = document.drift.as_ref();
    Record {
        series: format!("{asked} {}", accounts.join(",")),
        accounts: accounts.join(", "),
        json,
        finished_at: &run.finished_at,
        as_of: &run.as_of,
        catalogue_hash: &run.catalogue_hash,
        profile_hash: &run.profile_hash,
        decision: document.verdict.as_ref().map(|verdict| match verdict.decision {
            stateward::result::Decision::Go => "go",
            stateward::result::Decision::GoWithWaivers => "go_with_waivers",
            stateward::result::Decision::NoGo => "no_go",
            stateward::result::Decision::Undetermined => "undetermined",
        }),
        evidenced: score.map(|score| score.evidenced),
        possible: score.map(|score| score.possible),
        coverage: score.map(|score| score.coverage),
        errors: document.collection.errors.len(),
        calls: document.collection.calls,
        unread_states: unread_states(document),
        throttled: document.collection.operations.iter().map(|operation| operation.throttled).sum(),
        components: score.map(|score| score.components.iter().map(component).collect()).unwrap_or_default(),
        findings: document.findings.iter().map(judgement).collect(),
        drift: drift.map(counts),
        items: drift.map(|drift| drift.items.iter().map(item).collect()).unwrap_or_default(),
    }
}

fn unread_states(document: &Document) -> usize {
    let of_drift = document.drift.as_ref().map_or(0, |drift| drift.unread_states.len());
    document.scope.states.iter().filter(|state| state.outcome != Outcome::Read).count().max(of_drift)
}

fn judgement(finding: &stateward::result::Finding) -> Judgement<'_> {
    let resource = &finding.resource;
    Judgement {
        subject: Subject {
            fingerprint: &finding.fingerprint,
            check: Some(&finding.check),
            title: Some(&finding.title),
            component: Some(&finding.component),
            category: Some(&finding.category),
            kind: &resource.kind,
            resource: &resource.id,
            name: resource.name.as_deref(),
            account: &resource.account,
            region: &resource.region,
            address: resource.address.as_deref(),
            state: resource.state.as_deref(),
        },
        status: word(finding.status),
        severity: &finding.severity,
    }
}

fn item(item: &stateward::result::DriftItem) -> Item<'_> {
    Item {
        subject: Subject {
            fingerprint: &item.fingerprint,
            kind: &item.kind,
            resource: &item.id,
            name: item.name.as_deref(),
            account: &item.account,
            region: &item.region,
            address: item.address.as_deref().or(item.owner.as_deref()),
            state: item.state.as_deref(),
            ..Subject::default()
        },
        class: &item.class,
        label: item.label.as_deref(),
        accepted: item.accepted.is_some(),
    }
}

fn counts(drift: &stateward::result::Drift) -> DriftCounts {
    let of = &drift.summary;
    let since = drift.since.as_ref().filter(|since| since.note.is_none());
    DriftCounts {
        in_sync: of.in_sync,
        changed: of.changed,
        missing: of.missing,
        unmanaged: of.unmanaged,
        ghost: of.ghost,
        conflict: of.conflict,
        unknown: of.unknown,
        accepted: of.accepted,
        since: since.map(|since| [since.new, since.returned, since.resolved]),
    }
}

fn hundredths(score: f64) -> Exact {
    #[allow(clippy::cast_possible_truncation, reason = "a score lies between 0 and 100")]
    Exact::new((score * 100.0).round() as i128, 100)
}

/// How old a moment of the history is, in seconds.
pub fn age(moment: &str, now: OffsetDateTime) -> Option<i64> {
    super::moment(moment).ok().map(|then| (now - then).whole_seconds())
}
