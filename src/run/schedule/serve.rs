//! Health and metrics over HTTP. What they tell is read from the history, so that a restart forgets nothing.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
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

/// What the loop told when it came by last.
#[derive(Default)]
struct Round {
    jobs: Vec<Told>,
    patience: Duration,
    spool: Option<PathBuf>,
}

/// What the scheduler and its answers share.
#[derive(Clone)]
pub struct Shared {
    history: Arc<Path>,
    started_at: Timestamp,
    began: Instant,
    /// When the loop came by last, in milliseconds since `began`.
    seen: Arc<AtomicU64>,
    /// Held as long as it takes to take what is in it, and never while a file is read.
    round: Arc<Mutex<Arc<Round>>>,
    fresh: Arc<tokio::sync::Mutex<Option<(Instant, Seen)>>>,
}

/// What was read, and why the history could not be.
type Seen = Arc<(View, Option<String>)>;

impl Shared {
    /// Nothing is told yet.
    pub fn new(history: PathBuf, started_at: Timestamp) -> Self {
        Self {
            history: history.into(),
            started_at,
            began: Instant::now(),
            seen: Arc::default(),
            round: Arc::default(),
            fresh: Arc::default(),
        }
    }

    /// The loop came by.
    pub fn tell(&self, jobs: Vec<Told>, patience: Duration, spool: Option<PathBuf>) {
        *self.round.lock().unwrap_or_else(PoisonError::into_inner) =
            Arc::new(Round { jobs, patience, spool });
        self.seen.store(self.age(), Ordering::Relaxed);
    }

    fn age(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_stuck(&self) -> bool {
        let since = self.age().saturating_sub(self.seen.load(Ordering::Relaxed));
        Duration::from_millis(since) > STUCK
    }

    async fn seen(&self) -> Result<Seen, StatusCode> {
        let mut fresh = self.fresh.lock().await;
        if let Some((_, seen)) = fresh.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(seen.clone());
        }
        let round = self.round.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (history, started_at) = (self.history.clone(), self.started_at);
        let seen = tokio::task::spawn_blocking(move || look(&history, started_at, &round)).await;
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

/// Whether two addresses cannot be listened on at once, as 127.0.0.1:9464 and 0.0.0.0:9464.
pub fn collide(one: &str, other: &str) -> bool {
    let port = |listen: &str| listen.parse().map(|address: SocketAddr| address.port()).ok();
    port(one).is_some_and(|port| port != 0) && port(one) == port(other)
}

impl Server {
    /// Listens no more, when it is over.
    pub async fn close(mut self) {
        self.0.abort();
        // It ended as it was told to.
        let _ = (&mut self.0).await;
    }

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
    let late = view.jobs.iter().filter(|job| job.overdue == Some(true));
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
fn look(history: &Path, started_at: Timestamp, round: &Round) -> (View, Option<String>) {
    let now = super::timestamp(crate::run::now());
    let kept = kept(history, round.jobs.iter().map(|told| told.job.name.as_str()));
    let (mut rows, fault) = match kept {
        Ok(rows) => (rows, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let patience = SignedDuration::try_from(round.patience).unwrap_or(SignedDuration::MAX);
    let jobs = round.jobs.iter().map(|told| {
        let view = JobView {
            name: told.job.name.clone(),
            command: told.command.clone(),
            next: told.next.map(seconds),
            runs: told.runs,
            ..JobView::default()
        };
        let found = rows.iter().position(|(row, _)| row.job == told.job.name).map(|at| rows.swap_remove(at));
        let Some((row, good)) = found else { return view };
        // A plan that has changed has no good run before it.
        let since = [Some(row.since.as_str()), row.good_began_at.as_deref()].into_iter().flatten();
        let since = since.filter_map(|at| at.parse::<Timestamp>().ok()).max();
        let good_at = row.good_ended_at.as_deref().and_then(|at| at.parse().ok());
        JobView {
            overdue: since.map(|since| overdue(&told.job, since, patience, now)),
            good_at: good_at.map(seconds),
            good: good.map(|(run, throttled)| self::good(&run, throttled)),
            record: Some(record(&row)),
            ..view
        }
    });
    let view = View {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: seconds(now),
        started_at: seconds(started_at),
        history: fault.is_none(),
        jobs: jobs.collect(),
        messages: round.spool.as_deref().and_then(messages),
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

fn record(row: &JobRow) -> RecordView {
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

fn good(run: &RunRow, throttled: Option<u64>) -> GoodView {
    const STATUSES: [&str; 6] = ["pass", "fail", "unknown", "partial", "not_applicable", "waived"];
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
    GoodView {
        estate: run.estate.clone(),
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
        unread_states: run.unread_states,
        calls: run.calls.unwrap_or(0),
        throttled,
    }
}

fn messages(spool: &Path) -> Option<(usize, usize)> {
    let folder = Folder::look(spool);
    Some((folder.waiting().ok()?.len(), folder.given_up().ok()?))
}

fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_collide_by_their_port_alone() {
        assert!(collide("127.0.0.1:9464", "0.0.0.0:9464"));
        assert!(!collide("127.0.0.1:9464", "127.0.0.1:9465"));
        assert!(!collide("127.0.0.1:0", "0.0.0.0:0"), "the system gives each its own");
        assert!(!collide("", "127.0.0.1:9464") && !collide("", ""));
    }
}
