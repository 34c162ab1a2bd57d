//! Health and metrics over HTTP. What they tell is read from the history, so that a restart forgets nothing.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use stateward::mail::post::Spool;
use stateward::schedule::metrics::{CONTENT_TYPE, GoodView, JobView, RecordView, View, render};
use stateward::schedule::{Job, overdue};
use stateward_store::{JobRow, RunRow, Store, StoreError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::run::spool::Folder;

/// A loop that was not seen for so long is stuck.
const STUCK: Duration = Duration::from_secs(120);
/// What was read is told for so long: many questions cost no more than one.
const FRESH: Duration = Duration::from_secs(1);

/// A job, as the scheduler knows it.
pub struct Told {
    /// When it runs.
    pub job: Job,
    /// Its command.
    pub command: String,
    /// When it is to run next.
    pub next: Option<Timestamp>,
    /// Whether it runs now.
    pub runs: bool,
}

struct Inner {
    history: PathBuf,
    started_at: Timestamp,
    seen: Instant,
    jobs: Vec<Told>,
    patience: Duration,
    spool: Option<PathBuf>,
}

/// What the scheduler and its answers share.
#[derive(Clone)]
pub struct Shared {
    inner: Arc<Mutex<Inner>>,
    fresh: Arc<tokio::sync::Mutex<Option<(Instant, Seen)>>>,
}

/// What was read, and why the history could not be.
type Seen = Arc<(View, Option<String>)>;

impl Shared {
    /// Nothing is told yet.
    pub fn new(history: PathBuf, started_at: Timestamp) -> Self {
        let inner = Inner {
            history,
            started_at,
            seen: Instant::now(),
            jobs: Vec::new(),
            patience: Duration::ZERO,
            spool: None,
        };
        Self { inner: Arc::new(Mutex::new(inner)), fresh: Arc::default() }
    }

    /// The loop came by.
    pub fn tell(&self, jobs: Vec<Told>, patience: Duration, spool: Option<PathBuf>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        *inner = Inner {
            history: std::mem::take(&mut inner.history),
            started_at: inner.started_at,
            seen: Instant::now(),
            jobs,
            patience,
            spool,
        };
    }

    fn is_stuck(&self) -> bool {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).seen.elapsed() > STUCK
    }

    async fn seen(&self) -> Result<Seen, StatusCode> {
        let mut fresh = self.fresh.lock().await;
        if let Some((at, seen)) = fresh.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            let _ = at;
            return Ok(seen.clone());
        }
        let inner = self.inner.clone();
        let seen = tokio::task::spawn_blocking(move || look(&inner)).await;
        let seen = Arc::new(seen.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?);
        *fresh = Some((Instant::now(), seen.clone()));
        Ok(seen)
    }
}

/// The server; it ends when it is dropped.
pub struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    /// Listens where the profile says; none where it says nowhere.
    ///
    /// # Errors
    /// An address that cannot be had.
    pub async fn open(listen: &str, shared: &Shared) -> anyhow::Result<Option<Self>> {
        if listen.is_empty() {
            return Ok(None);
        }
        let address: SocketAddr =
            listen.parse().with_context(|| format!("{listen}: is no address with a port"))?;
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("{listen}: cannot be listened on\n  remedy: end what listens there, or set another `schedule.listen`")
        })?;
        let address = listener.local_addr()?;
        info!(target: "schedule", "health and metrics on http://{address}");
        if !address.ip().is_loopback() {
            warn!(target: "schedule", "{address} is no loopback address: whoever reaches it reads scores and names of estates");
        }
        let router = Router::new()
            .route("/healthz", get(health))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .with_state(shared.clone());
        Ok(Some(Self(tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        }))))
    }
}

fn plain(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], text)
        .into_response()
}

async fn health(State(shared): State<Shared>) -> Response {
    if shared.is_stuck() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "the scheduler is stuck\n".to_owned());
    }
    plain(StatusCode::OK, "alive\n".to_owned())
}

async fn ready(State(shared): State<Shared>) -> Response {
    let seen = match shared.seen().await {
        Ok(seen) => seen,
        Err(status) => return status.into_response(),
    };
    let (view, fault) = seen.as_ref();
    let late = view.jobs.iter().filter(|job| job.overdue);
    let faults: Vec<String> = fault
        .iter()
        .cloned()
        .chain(late.map(|job| format!("job {}: a good run is overdue", job.name)))
        .collect();
    if faults.is_empty() {
        return plain(StatusCode::OK, "ready\n".to_owned());
    }
    plain(StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", faults.join("\n")))
}

async fn metrics(State(shared): State<Shared>) -> Response {
    match shared.seen().await {
        Ok(seen) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], render(&seen.0)).into_response(),
        Err(status) => status.into_response(),
    }
}

/// Reads what is told.
fn look(inner: &Mutex<Inner>) -> (View, Option<String>) {
    let inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
    let now = super::timestamp(crate::run::now());
    let kept = kept(&inner.history, inner.jobs.iter().map(|told| told.job.name.as_str()));
    let (mut rows, fault) = match kept {
        Ok(rows) => (rows, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let patience = SignedDuration::try_from(inner.patience).unwrap_or(SignedDuration::MAX);
    let jobs = inner.jobs.iter().map(|told| {
        let found = rows.iter().position(|(row, _)| row.job == told.job.name).map(|at| rows.swap_remove(at));
        let (row, good) = found.unwrap_or_default();
        // A plan that has changed has no good run before it.
        let since = [Some(row.since.as_str()), row.good_began_at.as_deref()].into_iter().flatten();
        let since = since.filter_map(|at| at.parse::<Timestamp>().ok()).max();
        JobView {
            name: told.job.name.clone(),
            command: told.command.clone(),
            next: told.next.map(seconds),
            runs: told.runs,
            overdue: since.is_some_and(|since| overdue(&told.job, since, patience, now)),
            good: good.and_then(|(run, throttled)| self::good(&row, &run, throttled)),
            record: record(row),
        }
    });
    let view = View {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: seconds(now),
        started_at: seconds(inner.started_at),
        history: fault.is_none(),
        jobs: jobs.collect(),
        messages: inner.spool.as_deref().and_then(messages),
    };
    (view, fault)
}

type Kept = (JobRow, Option<(RunRow, Option<u64>)>);

fn kept<'n>(history: &Path, names: impl Iterator<Item = &'n str>) -> Result<Vec<Kept>, StoreError> {
    let store = Store::open_existing(history)?;
    let mut rows = store.jobs()?;
    let names: Vec<&str> = names.collect();
    rows.retain(|row| names.contains(&row.job.as_str()));
    let with_run = |row: JobRow| {
        let good = row.good_run.as_deref().map(|run| store.run_of_job(run)).transpose()?.flatten();
        Ok((row, good))
    };
    rows.into_iter().map(with_run).collect()
}

fn record(row: JobRow) -> RecordView {
    RecordView {
        finished: row.finished,
        failed: row.failed,
        interrupted: row.interrupted,
        skipped: row.skipped,
        missed: row.missed,
        seconds: row.seconds,
        last_seconds: row.last_seconds,
    }
}

fn good(row: &JobRow, run: &RunRow, throttled: Option<u64>) -> Option<GoodView> {
    const STATUSES: [&str; 6] = ["pass", "fail", "unknown", "partial", "not_applicable", "waived"];
    let at: Timestamp = row.good_ended_at.as_deref()?.parse().ok()?;
    let drift = run.drift.map(|of| {
        vec![
            ("in_sync", of.in_sync),
            ("changed", of.changed),
            ("missing", of.missing),
            ("unmanaged", of.unmanaged),
            ("ghost", of.ghost),
            ("conflict", of.conflict),
            ("unknown", of.unknown),
            ("accepted", of.accepted),
        ]
    });
    Some(GoodView {
        estate: run.estate.clone(),
        at: seconds(at),
        decision: run.decision.clone(),
        score: run.evidenced.zip(run.possible),
        coverage: run.coverage,
        // A comparison alone judges nothing.
        findings: run
            .findings
            .filter(|_| run.command != "drift")
            .map_or_else(Vec::new, |counts| STATUSES.into_iter().zip(counts).collect()),
        drift: drift.unwrap_or_default(),
        unread: run.errors.unwrap_or(0),
        calls: run.calls.unwrap_or(0),
        throttled,
    })
}

fn messages(spool: &Path) -> Option<(usize, usize)> {
    let folder = Folder::look(spool);
    Some((folder.waiting().ok()?.len(), folder.given_up().ok()?))
}

fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1_000.0
}
