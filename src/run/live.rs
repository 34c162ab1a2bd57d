//! Reads live AWS into a snapshot in memory: the only place that names the AWS provider.

use std::time::Duration;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stateward::audit::Question;
use stateward::check::StateFacts;
use stateward::profile::Profile;
use stateward::shelf::Shelf;
use stateward::snapshot::{FORMAT, RecordedAccount, RecordedRegion, RecordedState, Snapshot};
use stateward_aws::{Aws, LockKind, Options, calls_for, fetch_state, policy_document};
use stateward_model::{Cause, Gap};
use time::OffsetDateTime;

use super::states::{self, States};
use super::{Outside, stamp};
use crate::cli::LiveArgs;

/// How long a lock is waited for before the state is read all the same, and called in flight.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// Connects, fetches the states that are in S3, and reads what the question needs.
///
/// # Errors
/// No account could be entered, or none of the states could be read.
pub fn read(
    question: &Question,
    states: States,
    args: &LiveArgs,
    as_of: OffsetDateTime,
    outside: &Outside,
) -> anyhow::Result<Snapshot> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(read_all(question, states, args, as_of, outside))
}

async fn read_all(
    question: &Question<'_>,
    mut states: States,
    args: &LiveArgs,
    as_of: OffsetDateTime,
    outside: &Outside,
) -> anyhow::Result<Snapshot> {
    let started = tokio::time::Instant::now();
    let aws = Aws::connect(options(question.profile, args, outside)).await;
    if let [.., one] = aws.accounts.as_slice()
        && aws.accounts.iter().all(|account| account.gap.is_some())
    {
        let gap = one.gap.as_ref().map(ToString::to_string).unwrap_or_default();
        let remedy = match one.gap.as_ref().map(|gap| gap.cause) {
            Some(Cause::Unreachable | Cause::Timeout) => "check the endpoint, the network and its proxy",
            _ => {
                "set credentials up as for the AWS command line, and try `aws sts get-caller-identity` with them"
            }
        };
        bail!("no account could be entered: {gap}\n  remedy: {remedy}");
    }
    for (bucket, key) in std::mem::take(&mut states.remote) {
        let state = remote_state(&aws, &bucket, &key, &mut states).await;
        states.push(state);
    }
    let account = aws.accounts.iter().find(|account| account.gap.is_none());
    let account = account.map(|account| account.id.clone()).unwrap_or_default();
    let states = states.settled(&account)?;
    if let Some(gap) = states.first().and_then(|state| state.gap.clone())
        && states.iter().all(|state| state.gap.is_some())
    {
        bail!(
            "no state could be read: {}: {gap}\n  remedy: check bucket and key, and that the credentials may read them",
            states[0].facts.uri
        );
    }
    let wanted = question.wanted(&states);
    let bar = progress(aws.listings(&wanted), outside);
    let mut collected = aws.collect(wanted, &stamp(outside.now), &|_| bar.inc(1)).await;
    bar.finish_and_clear();
    // What looks like a credential, in a tag or a description, goes no further than this.
    for resource in collected.readings.iter_mut().flat_map(|reading| &mut reading.harvest.resources) {
        resource.hide_credentials(&|_| serde_json::Value::String("(looks like a secret)".to_owned()));
    }
    Ok(Snapshot {
        format: FORMAT.to_owned(),
        recorded_by: env!("CARGO_PKG_VERSION").to_owned(),
        as_of: stamp(as_of),
        accounts: aws
            .accounts
            .iter()
            .map(|account| RecordedAccount { id: account.id.clone(), gap: account.gap.clone() })
            .collect(),
        regions: collected
            .regions
            .into_iter()
            .map(|region| RecordedRegion { place: region.place, read: region.read, failed: region.failed })
            .collect(),
        readings: collected.readings,
        operations: collected.operations,
        errors: collected.errors,
        wall_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        states,
        configurations: Vec::new(),
    })
}

fn options(profile: &Profile, args: &LiveArgs, outside: &Outside) -> Options {
    Options {
        regions: profile.regions.iter().map(|region| region.name.clone()).collect(),
        roles: args.account.iter().map(|account| (account.id.clone(), account.role_arn.clone())).collect(),
        endpoint_url: args.endpoint_url.clone().or_else(|| outside.endpoint.clone()),
        profile: None,
        concurrency: usize::try_from(profile.collection.concurrency).unwrap_or(usize::MAX),
        rates: profile.collection.rates.clone(),
        deadline: profile.collection.run_timeout,
        attempt: profile.collection.call_timeout,
        ..Options::default()
    }
}

async fn remote_state(aws: &Aws, bucket: &str, key: &str, states: &mut States) -> RecordedState {
    let uri = format!("s3://{bucket}/{key}");
    let place = (bucket.to_owned(), key.to_owned());
    let unreadable = |gap: Gap, facts: StateFacts| RecordedState {
        facts: StateFacts { uri: uri.clone(), s3: Some(place.clone()), ..facts },
        gap: Some(gap),
        outcome: "unreadable".to_owned(),
        resources: Shelf::default(),
    };
    let (file, object) = match fetch_state(aws, bucket, key, LOCK_PATIENCE).await {
        Ok(fetched) => fetched,
        Err(gap) => return unreadable(gap, StateFacts::default()),
    };
    let (lock, lock_table) = match object.lock {
        Some((LockKind::Table, table)) => (Some("dynamodb".to_owned()), Some(table)),
        Some((LockKind::File, _)) => (Some("lockfile".to_owned()), None),
        None => (None, None),
    };
    let facts = StateFacts {
        s3: Some(place.clone()),
        object_encryption: object.encryption,
        digest_matches: object.digest_matches,
        lock,
        lock_table,
        region: Some(object.region),
        written_at: object.written_at.and_then(time_of).map(stamp),
        locked: object.locked,
        locked_since: object.locked_since.and_then(time_of).map(stamp),
        lock_holder: object.lock_holder,
        gaps: object.gaps,
        ..StateFacts::default()
    };
    if facts.digest_matches == Some(false) {
        let detail = "the digest in the lock table is not that of the object; the state may be half-written";
        return unreadable(Gap::new("s3:GetObject", Cause::Malformed, detail), facts);
    }
    match states::read(&uri, file, facts.clone(), &mut states.places) {
        Ok(state) if object.locked => RecordedState { outcome: "locked".to_owned(), ..state },
        Ok(state) => state,
        Err(error) => {
            let place = error
                .place
                .map(|(line, column)| format!("line {line} column {column}: "))
                .unwrap_or_default();
            let detail = format!("{place}{}; remedy: {}", error.what, error.remedy);
            unreadable(Gap::new("s3:GetObject", Cause::Malformed, detail), facts)
        }
    }
}

fn time_of(seconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

fn progress(listings: usize, outside: &Outside) -> ProgressBar {
    let target = if outside.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(listings as u64), target);
    // A template of this program's own is valid; if it were not, the plain bar does.
    let style = ProgressStyle::with_template("reading AWS {bar:32} {pos}/{len} listings {elapsed}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The IAM policy that the question needs, as JSON text.
///
/// # Errors
/// A state that cannot be read.
pub fn policy(question: &Question, states: &[String]) -> anyhow::Result<String> {
    let local: Vec<String> = states.iter().filter(|uri| !uri.starts_with("s3://")).cloned().collect();
    let in_s3 = states.iter().filter_map(|uri| uri.strip_prefix("s3://")?.split_once('/'));
    let in_s3: Vec<(String, String)> =
        in_s3.map(|(bucket, key)| (bucket.to_owned(), key.to_owned())).collect();
    let states = States::read_local(&local)?.settled("")?;
    let mut wanted = question.wanted(&states);
    if (states.is_empty() || !in_s3.is_empty()) && question.selection.is_everything() {
        // What a state will need is not known before it is read.
        stateward::plan::for_everything(&mut wanted);
    }
    let mut text =
        serde_json::to_string_pretty(&policy_document(&calls_for(&wanted, !in_s3.is_empty()), &in_s3))?;
    text.push('\n');
    Ok(text)
}
