//! Reads live AWS into a snapshot in memory: the only place that names the AWS provider.

use std::time::Duration;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stateward::audit::{Question, lookups};
use stateward::profile::Profile;
use stateward::settle;
use stateward::snapshot::{FORMAT, RecordedAccount, RecordedReading, RecordedRegion, Snapshot};
use stateward_aws::{Aws, Options, attribution_calls, calls_for, policy_document};
use stateward_model::{Cause, CollectionError, Reading, Wanted, trail};
use time::OffsetDateTime;

use super::progress::Progress;
use super::states::{Opened, States};
use super::{Outside, s3, stamp};
use crate::cli::{LiveArgs, StateArgs};

/// How long the second look waits.
const PAUSE: Duration = Duration::from_secs(10);

/// Connects, fetches the states that are in S3, and reads what the question needs.
///
/// # Errors
/// No account could be entered, or none of the states could be read.
pub fn read(
    question: &Question,
    states: States,
    args: &LiveArgs,
    as_of: OffsetDateTime,
    progress: &Progress,
    outside: &Outside,
) -> anyhow::Result<Snapshot> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(read_all(question, states, args, as_of, progress, outside))
}

async fn read_all(
    question: &Question<'_>,
    mut states: States,
    args: &LiveArgs,
    as_of: OffsetDateTime,
    progress: &Progress,
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
    let in_s3 = std::mem::take(&mut states.in_s3);
    let history = question.looks_at_history();
    let opened: Vec<Opened> = in_s3.iter().map(|source| (source, s3::open(&aws, source, history))).collect();
    states.gather(&opened).await?;
    drop(opened);
    let account = aws.accounts.iter().find(|account| account.gap.is_none());
    let account = account.map(|account| account.id.clone()).unwrap_or_default();
    let states = states.settled(&account)?;
    let wanted = question.wanted(&states);
    let listings = aws.listings(&wanted);
    let bar = progress_bar(listings, outside);
    progress.phase("reading AWS");
    progress.expect(listings);
    let so_far = || {
        let calls = aws.ledger().counts().iter().map(|count| count.calls).sum();
        (calls, aws.ledger().errors().len())
    };
    let step = |_: &Reading| {
        bar.inc(1);
        progress.step(so_far);
    };
    let mut collected = aws.collect(wanted.clone(), &stamp(outside.now), &step).await;
    bar.finish_and_clear();
    hide_credentials(&mut collected.readings);
    let mut snapshot = Snapshot {
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
        readings: collected.readings.into_iter().map(RecordedReading::from).collect(),
        operations: collected.operations,
        errors: collected.errors,
        wall_ms: 0,
        states,
        configurations: Vec::new(),
        trail: None,
    };
    progress.phase("reading again what has just changed");
    look_again(&aws, question, &wanted, &mut snapshot, outside).await;
    if question.profile.drift.attribution && question.drift && !snapshot.states.is_empty() {
        progress.phase("asking who made the differences");
        who_made_it(&aws, &mut snapshot, question, as_of).await;
    }
    snapshot.wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(snapshot)
}

/// What looks like a credential, in a tag or a description, goes no further than this.
fn hide_credentials(readings: &mut [Reading]) {
    for resource in readings.iter_mut().flat_map(|reading| &mut reading.harvest.resources) {
        resource.hide_credentials(&|_| serde_json::Value::String("(looks like a secret)".to_owned()));
    }
}

/// Reads once more, after a pause, what differs and was touched so lately that AWS may not tell it right yet (N28).
async fn look_again(
    aws: &Aws,
    question: &Question<'_>,
    wanted: &Wanted,
    snapshot: &mut Snapshot,
    outside: &Outside,
) {
    let unsettled = settle::unsettled(snapshot, question, outside.now);
    if unsettled.is_empty() {
        return;
    }
    tokio::time::sleep(PAUSE).await;
    let wanted = settle::wanted_again(wanted, &unsettled);
    let mut again = aws.collect(wanted, &stamp(outside.now), &|_| ()).await;
    hide_credentials(&mut again.readings);
    snapshot.operations = again.operations;
    settle::replace(&mut snapshot.readings, again.readings, &unsettled);
}

/// Asks CloudTrail about what differs. Whatever comes of it, the comparison stands.
async fn who_made_it(aws: &Aws, snapshot: &mut Snapshot, question: &Question<'_>, as_of: OffsetDateTime) {
    let lookups = lookups(snapshot, question, as_of);
    snapshot.trail = Some(aws.look_up(&lookups, question.profile.collection.attribution_lookups).await);
    snapshot.operations = aws.ledger().counts();
    // Of what failed since, only this call: a second look that failed left the first one standing.
    let of_trail =
        |error: &CollectionError| format!("{}:{}", error.service, error.operation) == trail::LOOKUP;
    snapshot.errors.extend(aws.ledger().errors().into_iter().filter(of_trail));
    snapshot.errors.sort();
}

/// As [`options`], with the patience of somebody who waits for the answer.
pub fn hurried(profile: &Profile, args: &LiveArgs, outside: &Outside) -> Options {
    const WHOLE: Duration = Duration::from_secs(60);
    const ATTEMPT: Duration = Duration::from_secs(8);
    let whole = options(profile, args, outside);
    Options { deadline: whole.deadline.min(WHOLE), attempt: whole.attempt.min(ATTEMPT), ..whole }
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

fn progress_bar(listings: usize, outside: &Outside) -> ProgressBar {
    let target = if outside.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(listings as u64), target);
    // A template of this program's own is valid; if it were not, the plain bar does.
    let style = ProgressStyle::with_template("reading AWS {bar:32} {pos}/{len} listings {elapsed}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The account of the credentials at hand, without much patience; none where there are none that work.
pub fn whose(region: String, outside: &Outside) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let options = Options {
        regions: vec![region],
        endpoint_url: outside.endpoint.clone(),
        deadline: Duration::from_secs(8),
        attempt: Duration::from_secs(4),
        ..Options::default()
    };
    let aws = runtime.block_on(Aws::connect(options));
    aws.accounts.into_iter().find(|account| account.gap.is_none()).map(|account| account.id)
}

/// The IAM policy that the question needs, as JSON text.
///
/// # Errors
/// A state that cannot be read.
pub fn policy(question: &Question, args: &StateArgs, outside: &Outside) -> anyhow::Result<String> {
    let mut states = States::read(args, question.profile, outside)?;
    let in_s3 = s3::named(&std::mem::take(&mut states.in_s3), question.looks_at_history());
    let states = states.settled("")?;
    let mut wanted = question.wanted(&states);
    if (states.is_empty() || !in_s3.is_empty()) && question.selection.is_everything() {
        // What a state will need is not known before it is read.
        stateward::plan::for_everything(&mut wanted);
    }
    let mut calls = calls_for(&wanted, !in_s3.is_empty());
    if question.profile.drift.attribution {
        calls.extend(attribution_calls());
    }
    let mut text = serde_json::to_string_pretty(&policy_document(&calls, &in_s3))?;
    text.push('\n');
    Ok(text)
}
