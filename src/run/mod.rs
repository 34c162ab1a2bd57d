//! The one place that reads as the diagram: profile → plan → collect → fold → drift → judge → score → result → reports.

mod carriers;
mod catalogue;
mod configurations;
mod custom;
mod diff;
mod doctor;
#[cfg(feature = "parquet")]
mod export;
mod history;
mod init;
mod interrupt;
mod keys;
mod ledger;
#[cfg(feature = "aws")]
mod live;
mod mail;
mod man;
mod output;
mod progress;
mod proposal;
mod recover;
#[cfg(feature = "smtp")]
mod relay;
mod runs;
#[cfg(feature = "aws")]
mod s3;
#[cfg(feature = "service")]
mod schedule;
#[cfg(feature = "service")]
mod serve;
#[cfg(feature = "aws")]
mod ses;
mod spool;
mod states;
#[cfg(feature = "webhooks")]
mod webhooks;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use stateward::audit::{Question, evaluate};
use stateward::compliance;
use stateward::plan::{Selection, UnknownWord};
use stateward::profile::{Profile, ProfileError};
use stateward::result::{Document, Run, build::catalogue_hash};
use stateward::snapshot::Snapshot;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cli::{self, Command, DriftFailOn, FailOn};
use custom::Custom;
use history::History;
pub use interrupt::Interrupt;
use ledger::{Asked, Ledger, noted};
use output::Outputs;
use progress::Progress;
use states::States;

/// The variable by which a scheduler names the run that it starts.
pub const SCHEDULED_RUN: &str = "STATEWARD_SCHEDULED_RUN";

/// What a run takes from the world around it.
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "a build without AWS reads nothing live"))]
pub struct Outside {
    /// The clock.
    pub now: OffsetDateTime,
    /// `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
    /// A random id.
    pub run_id: String,
    /// `STATEWARD_PSEUDONYM_KEY`; empty where it is not set.
    pub pseudonym_key: String,
    /// Columns of the terminal on standard output.
    pub width: Option<usize>,
    /// Whether standard output is coloured.
    pub colour: bool,
    /// Whether messages are coloured.
    pub colour_messages: bool,
    /// Whether to show progress.
    pub progress: bool,
    /// Whether to say nothing but errors.
    pub quiet: bool,
    /// Whether a scheduler started this run, and ends it by closing its standard input.
    pub scheduled: bool,
    /// What a signal to stop has to know.
    pub interrupt: Interrupt,
    /// A random number.
    #[cfg_attr(not(feature = "service"), allow(dead_code, reason = "only the scheduler draws any"))]
    pub random: fn() -> u64,
    /// A variable of the environment; an empty one is none.
    pub variable: fn(&str) -> Option<String>,
}

impl Outside {
    /// The value of a variable that holds a secret. Its name is not said: it may be one that was written into the wrong
    /// place.
    ///
    /// # Errors
    /// The variable is not set.
    #[cfg(any(feature = "smtp", feature = "webhooks"))]
    pub fn secret(&self, key: &str, name: &str) -> anyhow::Result<String> {
        let value = (self.variable)(name);
        value.with_context(|| format!("the variable of the environment that `{key}` names is not set"))
    }

    /// A message on standard error.
    pub fn say(&self, text: &str) {
        use std::io::Write;
        if !self.quiet {
            // A closed standard error must not end the run.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}

/// A message for standard error, with the source excerpt where the error has one.
pub fn explain(error: &anyhow::Error, outside: &Outside) -> String {
    match error.downcast_ref::<ProfileError>() {
        Some(profile) => output::diagnostic(profile, outside.colour_messages),
        None => format!("{error:#}"),
    }
}

/// The exit code of an error: a word of the command line that names nothing is wrong usage.
pub fn code(error: &anyhow::Error) -> u8 {
    const FAILED: u8 = 1;
    if error.is::<UnknownWord>() { cli::USAGE } else { FAILED }
}

/// Runs a command; the exit code.
///
/// # Errors
/// Whatever keeps the run from starting or from writing its result.
pub fn run(command: Command, outside: &Outside) -> anyhow::Result<u8> {
    use Command::{Audit, Collect, Drift, Recover};
    if matches!(command, Audit(_) | Drift(_) | Recover(_) | Collect(_)) {
        outside.interrupt.watch(outside.scheduled)?;
    }
    match command {
        Command::Demo(demo) => self::demo(&demo, outside),
        Command::Audit(audit) => self::audit(&audit, outside),
        Command::Drift(drift) => self::drift(&drift, outside),
        Command::Recover(recover) => recover::recover(&recover, outside),
        Command::Collect(collect) => self::collect(&collect, outside),
        Command::Report(report) => self::report(&report, outside),
        Command::Diff(diff) => diff::diff(&diff, outside),
        Command::Mail(mail) => self::mail::mail(&mail, outside),
        Command::History(history) => runs::history(&history, outside),
        Command::Schedule(schedule) => self::schedule(&schedule, outside),
        Command::Serve(serve) => self::serve(&serve, outside),
        Command::Doctor(doctor) => doctor::doctor(&doctor, outside),
        Command::Init(init) => init::init(&init, outside),
        Command::Man(man) => man::man(&man, outside),
        Command::Checks(checks) => catalogue::checks(&checks, outside),
        Command::Policy(policy) => self::policy(&policy, outside),
        Command::Completions(completions) => catalogue::completions(completions.shell),
        Command::Generate(generate) => catalogue::generate(&generate, outside),
    }
}

/// The recorded estate of `stateward demo`: what `localstack/record-demo` made.
const DEMO: &[u8] = include_bytes!("../../demo/estate.stw");

fn demo(demo: &cli::Demo, outside: &Outside) -> anyhow::Result<u8> {
    let snapshot = Snapshot::from_reader("the built-in estate", DEMO)?;
    let profile = Profile::built_in_default()?;
    let selection = Selection::default();
    let question = Question::audit(&profile, &selection)?;
    let as_of = moment(&snapshot.as_of)?;
    let run = new_run("demo", &question, as_of, outside);
    let mut document = evaluate(snapshot, &question, as_of, run);
    std::fs::create_dir_all(&demo.out).with_context(|| {
        format!("the folder {} cannot be made; name another with --out", demo.out.display())
    })?;
    let mut outputs = Outputs::demo(&demo.out, &demo.output.reports)?;
    let mut pages = Outputs::within(&demo.out, &[("html", "recovery.html"), ("json", "recovery.json")])?;
    finish(&mut document, &mut outputs, None, outside)?;
    let question = Question::recovery(&profile, &selection);
    let run = new_run("demo", &question, as_of, outside);
    let mut recovery = evaluate(Snapshot::from_reader("the built-in estate", DEMO)?, &question, as_of, run);
    finish(&mut recovery, &mut pages, None, outside)?;
    outside.say(&format!(
        "\nThe brief is in {}, and what the loss of a zone or of the region would mean in {}. This estate is recorded; \
         audit your own with `stateward audit --state URI`, and verify its recovery with `stateward recover`.",
        demo.out.join("brief.html").display(),
        demo.out.join("recovery.html").display()
    ));
    Ok(0)
}

fn audit(audit: &cli::Audit, outside: &Outside) -> anyhow::Result<u8> {
    let (profile, custom) = profile(&audit.profile, &audit.source.region, Some(&audit.live))?;
    let mut profile = asking(&audit.who, outside, profile);
    if audit.profile.print_profile {
        return output::print(&profile.to_toml());
    }
    if let Some(plan) = &audit.plan {
        return proposal::audit(audit, plan, outside);
    }
    if audit.fail_on == FailOn::Introduced {
        bail!("only a plan introduces anything; name one with --plan, or take `--fail-on verdict`");
    }
    let selection = selection(&audit.select);
    let mut history = History::open(&audit.history, None, &mut profile, outside)?;
    let select = &audit.select;
    let asked = Asked {
        states: Some(&audit.states),
        live: Some(&audit.live),
        selection: vec![&select.service, &select.check, &select.category, &select.component],
    };
    let mut ledger = Ledger::open(&audit.store, &profile, "audit", &asked, outside)?;
    history.recall(ledger.as_ref())?;
    let previous = history.previous.as_ref();
    let custom = custom.checks();
    let question = Question { previous, ..Question::audit_with(&profile, &selection, &custom)? };
    if question.checks.is_empty() {
        bail!("the selection leaves no check; widen it, or look with `stateward checks`");
    }
    let mut outputs = Outputs::open(&audit.output.reports)?;
    let document = noted(&mut ledger, &profile, outside, |ledger| {
        let progress = Progress::of(ledger.as_ref());
        let (snapshot, as_of) =
            estate(&question, &audit.states, &audit.source, &audit.live, &progress, outside)?;
        let last_evidenced = ledger.as_ref().map(|ledger| ledger.last_evidenced(as_of)).transpose()?;
        let question = Question { last_evidenced: last_evidenced.unwrap_or_default(), ..question };
        let run = new_run("audit", &question, as_of, outside);
        let mut document = evaluate(snapshot, &question, as_of, run);
        nothing_read(&document)?;
        finish(&mut document, &mut outputs, Some((ledger, &profile)), outside)?;
        Ok(document)
    })?;
    history.finish(&document, outside)?;
    Ok(audit_code(audit, &document))
}

fn audit_code(audit: &cli::Audit, document: &Document) -> u8 {
    let decision = document.verdict.as_ref().map(|verdict| verdict.decision);
    let proposal = document.scope.proposal.as_ref();
    match (audit.fail_on, decision) {
        (FailOn::Verdict, Some(decision)) => decision.exit_code(),
        (FailOn::Introduced, _) if proposal.is_some_and(|plan| !plan.introduced.is_empty()) => 2,
        _ => 0,
    }
}

fn drift(drift: &cli::Drift, outside: &Outside) -> anyhow::Result<u8> {
    let (profile, _) = profile(&drift.profile, &drift.source.region, Some(&drift.live))?;
    let mut profile = asking(&drift.who, outside, profile);
    if drift.profile.print_profile {
        return output::print(&profile.to_toml());
    }
    let selection = Selection { services: drift.service.clone(), ..Selection::default() };
    let mut history = History::open(&drift.history, drift.write_ignore.as_deref(), &mut profile, outside)?;
    let asked =
        Asked { states: Some(&drift.states), live: Some(&drift.live), selection: vec![&drift.service] };
    let mut ledger = Ledger::open(&drift.store, &profile, "drift", &asked, outside)?;
    history.recall(ledger.as_ref())?;
    let unmanaged = drift.unmanaged || drift.history.import_blocks.is_some();
    let previous = history.previous.as_ref();
    let question = Question { previous, ..Question::drift(&profile, &selection, unmanaged)? };
    if drift.states.state.is_empty() && drift.states.from.is_empty() && drift.source.snapshot.is_none() {
        bail!(
            "there is nothing to compare with: name a state with --state (a path, a glob, -, or an address like \
             s3://bucket/key), or the folder of its configuration with --from"
        );
    }
    let mut outputs = Outputs::open(&drift.output.reports)?;
    let planned = drift.plan.as_deref().map(proposal::configuration).transpose()?;
    let document = noted(&mut ledger, &profile, outside, |ledger| {
        let progress = Progress::of(ledger.as_ref());
        let (mut snapshot, as_of) =
            estate(&question, &drift.states, &drift.source, &drift.live, &progress, outside)?;
        snapshot.configurations.extend(planned);
        if snapshot.states.is_empty() {
            bail!(
                "the snapshot holds no state: name one with --state, or record the states with `stateward collect --state`"
            );
        }
        let run = new_run("drift", &question, as_of, outside);
        let mut document = evaluate(snapshot, &question, as_of, run);
        nothing_read(&document)?;
        finish(&mut document, &mut outputs, Some((ledger, &profile)), outside)?;
        Ok(document)
    })?;
    history.finish(&document, outside)?;
    Ok(drift_code(&document, &drift.fail_on))
}

/// 2 when a class counts that was found and not accepted, else 3 when something could not be read.
fn drift_code(document: &Document, fail_on: &[DriftFailOn]) -> u8 {
    let Some(drift) = &document.drift else { return 0 };
    let counts = &drift.summary;
    let open = |classes: &[&str]| {
        let items = drift.items.iter().filter(|item| item.accepted.is_none());
        items.filter(|item| classes.contains(&item.class.as_str())).count()
    };
    let counted = |which: &DriftFailOn| match which {
        DriftFailOn::Drift => open(&["changed", "missing", "unmanaged", "conflict"]),
        DriftFailOn::Changed => open(&["changed"]),
        DriftFailOn::Missing => open(&["missing"]),
        DriftFailOn::Unmanaged => open(&["unmanaged"]),
        DriftFailOn::Conflict => open(&["conflict"]),
        DriftFailOn::Ghost => open(&["ghost"]),
        DriftFailOn::Never => 0,
    };
    if fail_on.contains(&DriftFailOn::Never) {
        return 0;
    }
    if fail_on.iter().map(counted).sum::<usize>() > 0 {
        return 2;
    }
    // Not to know who did it leaves nothing open of what differs.
    let mut errors = document.collection.errors.iter().filter(|error| !error.affects.attribution);
    let unread = counts.unknown > 0 || !drift.unread_states.is_empty() || errors.next().is_some();
    if unread { 3 } else { 0 }
}

/// An estate of which nothing at all could be read is no estate: the run has failed, and writes no result that could
/// take the place of a good one.
fn nothing_read(document: &Document) -> anyhow::Result<()> {
    let mut errors = document.collection.errors.iter().filter(|error| !error.affects.attribution);
    let scope = &document.scope;
    let read = scope.services.iter().any(|service| service.outcome != stateward::result::Outcome::Unreadable);
    let first = errors.next();
    match first {
        Some(error) if !read && !scope.services.is_empty() => Err(anyhow!(
            "nothing could be read: {} operations failed, the first being {}:{} in {} ({}: {})\n  remedy: check \
             credentials, network and permissions; `stateward policy` prints what is needed",
            errors.count() + 1,
            error.service,
            error.operation,
            error.region,
            error.code,
            error.message
        )),
        _ => Ok(()),
    }
}

fn collect(collect: &cli::Collect, outside: &Outside) -> anyhow::Result<u8> {
    let (profile, custom) = profile(&collect.profile, &collect.region, Some(&collect.live))?;
    let profile = asking(&collect.who, outside, profile);
    if collect.profile.print_profile {
        return output::print(&profile.to_toml());
    }
    let selection = selection(&collect.select);
    let custom = custom.checks();
    // A recording of everything serves `stateward recover` too.
    let recovery = selection.is_everything();
    let question = Question { recovery, ..Question::audit_with(&profile, &selection, &custom)? };
    let file = output::Beside::open(&collect.out)?;
    let states = States::read(&collect.states, &profile, outside)?;
    let configurations = configurations::read(&collect.states.from, outside)?;
    let as_of = collect.as_of.unwrap_or(outside.now);
    let snapshot = Snapshot {
        configurations,
        ..live(&question, states, &collect.live, as_of, &Progress::default(), outside)?
    };
    let resources: usize = snapshot.readings.iter().map(|reading| reading.harvest.resources.len()).sum();
    let errors = snapshot.errors.len();
    let bytes = snapshot.to_bytes()?;
    outside.interrupt.settle();
    file.write(&bytes)?;
    outside.say(&format!(
        "{}: {resources} resources, {} states, {errors} operations that could not be read",
        collect.out.display(),
        snapshot.states.len()
    ));
    Ok(0)
}

fn report(report: &cli::Report, outside: &Outside) -> anyhow::Result<u8> {
    let mut document = history::stored(&report.result)?;
    if !report.framework.is_empty() {
        if document.verdict.is_none() {
            bail!(
                "{}: this is the result of `stateward {}`, which makes no check\n  remedy: name the result of an audit, \
                 or leave --framework out",
                report.result.display(),
                document.run.command
            );
        }
        let all: Vec<_> = stateward::checks::all().collect();
        document.compliance = compliance::evidence(&document, &report.framework, &all);
    }
    let unfit = report.output.reports.iter().find(|it| !stateward::report::shows_recovery(it.format));
    if let Some(unfit) = unfit.filter(|_| document.recovery.is_some()) {
        bail!(
            "{}: this is the result of `stateward recover`, which `{}` cannot show\n  remedy: take one of --format {}",
            report.result.display(),
            unfit.format.name,
            stateward::report::recovery_formats()
        );
    }
    let mut outputs = Outputs::open(&report.output.reports)?;
    outputs.write(&document, outside)?;
    Ok(0)
}

#[cfg(feature = "service")]
fn serve(serve: &cli::Serve, outside: &Outside) -> anyhow::Result<u8> {
    serve::serve(serve, outside)
}

#[cfg(not(feature = "service"))]
fn serve(_: &cli::Serve, _: &Outside) -> anyhow::Result<u8> {
    bail!(
        "this build leaves the dashboard out\n  remedy: build it whole with `cargo build`, or with `--features service`"
    )
}

#[cfg(feature = "aws")]
fn policy(policy: &cli::Policy, outside: &Outside) -> anyhow::Result<u8> {
    let (profile, custom) = profile(&policy.profile, &[], None)?;
    let profile = asking(&policy.who, outside, profile);
    if policy.profile.print_profile {
        return output::print(&profile.to_toml());
    }
    let selection = selection(&policy.select);
    let custom = custom.checks();
    let recovery = selection.is_everything();
    let question = Question { recovery, ..Question::audit_with(&profile, &selection, &custom)? };
    output::print(&live::policy(&question, &policy.states, outside)?)
}

#[cfg(not(feature = "aws"))]
fn policy(_: &cli::Policy, _: &Outside) -> anyhow::Result<u8> {
    bail!("{NO_AWS}")
}

#[cfg(not(feature = "aws"))]
const NO_AWS: &str = "this build leaves the AWS SDK out, so it knows recorded estates only\n  remedy: build it whole with \
     `cargo build`, or name a recording with --snapshot";

#[cfg(feature = "service")]
fn schedule(schedule: &cli::Schedule, outside: &Outside) -> anyhow::Result<u8> {
    self::schedule::schedule(schedule, outside)
}

#[cfg(not(feature = "service"))]
fn schedule(_: &cli::Schedule, _: &Outside) -> anyhow::Result<u8> {
    bail!("this build leaves the scheduler out\n  remedy: build it whole with `cargo build`")
}

/// The estate to judge: recorded, or read live.
fn estate(
    question: &Question,
    states: &cli::StateArgs,
    source: &cli::SourceArgs,
    options: &cli::LiveArgs,
    progress: &Progress,
    outside: &Outside,
) -> anyhow::Result<(Snapshot, OffsetDateTime)> {
    progress.phase("reading configurations and states");
    let configurations = configurations::read(&states.from, outside)?;
    if let Some(path) = &source.snapshot {
        let mut snapshot = open_snapshot(path)?;
        let mut named = states.clone();
        if !snapshot.states.is_empty() {
            // The states were recorded with the estate; another is compared only where it is named itself.
            named.from.clear();
        }
        let states = States::read(&named, question.profile, outside)?;
        if !states.is_empty() {
            let account = snapshot.accounts.iter().find(|account| account.gap.is_none());
            let account = account.map(|account| account.id.clone()).unwrap_or_default();
            snapshot.states = states.settled(&account)?;
        }
        if !configurations.is_empty() {
            snapshot.configurations = configurations;
        }
        if question.profile.drift.attribution && snapshot.trail.is_none() {
            outside.say(&format!(
                "{}: the recording holds no events, so it cannot tell who made the differences; record it with `stateward collect --who`",
                path.display()
            ));
        }
        let recorded = moment(&snapshot.as_of)?;
        let as_of = source.as_of.unwrap_or(recorded);
        if as_of < recorded {
            bail!(
                "--as-of {} lies before the recording of {}: evidence from later proves nothing of that moment\n  \
                 remedy: name a moment from {} onward",
                stamp(as_of),
                path.display(),
                stamp(recorded)
            );
        }
        progress.phase("judging");
        return Ok((snapshot, as_of));
    }
    let states = States::read(states, question.profile, outside)?;
    let as_of = source.as_of.unwrap_or(outside.now);
    let snapshot = Snapshot { configurations, ..live(question, states, options, as_of, progress, outside)? };
    progress.phase("judging");
    Ok((snapshot, as_of))
}

#[cfg(feature = "aws")]
fn live(
    question: &Question,
    states: States,
    options: &cli::LiveArgs,
    as_of: OffsetDateTime,
    progress: &Progress,
    outside: &Outside,
) -> anyhow::Result<Snapshot> {
    live::read(question, states, options, as_of, progress, outside)
}

#[cfg(not(feature = "aws"))]
fn live(
    _: &Question,
    _: States,
    _: &cli::LiveArgs,
    _: OffsetDateTime,
    _: &Progress,
    _: &Outside,
) -> anyhow::Result<Snapshot> {
    bail!("{NO_AWS}")
}

fn open_snapshot(path: &Path) -> anyhow::Result<Snapshot> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path)
        .with_context(|| format!("{name}: the snapshot cannot be opened; check the path"))?;
    Ok(Snapshot::from_reader(&name, file)?)
}

fn selection(args: &cli::SelectArgs) -> Selection {
    Selection {
        services: args.service.clone(),
        checks: args.check.clone(),
        categories: args.category.clone(),
        components: args.component.clone(),
        frameworks: args.framework.clone(),
    }
}

/// The profile, and the custom checks that it and the command line name.
fn profile(
    args: &cli::ProfileArgs,
    regions: &[String],
    live: Option<&cli::LiveArgs>,
) -> anyhow::Result<(Profile, Custom)> {
    let mut profile = Profile::load(&args.profile, |path| std::fs::read_to_string(path))?;
    let folders = profile.checks.custom.iter().map(Path::new);
    let custom = Custom::open(folders.chain(args.checks.iter().map(PathBuf::as_path)))?;
    let mut known: Vec<&str> = stateward::checks::all().flat_map(|check| [check.id, check.alias]).collect();
    known.extend(custom.checks().iter().flat_map(|check| [check.id, check.alias]));
    profile.verify_checks(&known)?;
    profile.select_regions(regions)?;
    if let Some(live) = live {
        if let Some(requests) = live.concurrency {
            profile.set_concurrency(requests);
        }
        for rate in &live.rate {
            profile.set_rate(&rate.service, rate.per_second);
        }
        if let Some(deadline) = live.timeout {
            profile.set_run_timeout(deadline);
        }
    }
    Ok((profile, custom))
}

/// The profile as the command line wants the question of who to be put.
fn asking(who: &cli::WhoArgs, outside: &Outside, mut profile: Profile) -> Profile {
    if who.who {
        profile.ask_who();
    }
    profile.set_pseudonym_key(outside.pseudonym_key.clone());
    profile
}

fn new_run(command: &str, question: &Question, as_of: OffsetDateTime, outside: &Outside) -> Run {
    let profile = question.profile;
    Run {
        id: outside.run_id.clone(),
        started_at: stamp(outside.now),
        finished_at: String::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        as_of: stamp(as_of),
        catalogue_hash: catalogue_hash(question.all.iter().copied()),
        profile_hash: profile.hash(),
        profile: profile.layer_names().map(str::to_owned).collect(),
        command: command.to_owned(),
    }
}

/// Stores a document where there is a history for it, and writes its reports. What cannot be stored is reported all the
/// same, before the run ends in that error.
fn finish(
    document: &mut Document,
    outputs: &mut Outputs,
    kept: Option<(&mut Option<Ledger>, &Profile)>,
    outside: &Outside,
) -> anyhow::Result<()> {
    outside.interrupt.settle();
    document.run.finished_at = stamp(now());
    let stored = match kept {
        Some((Some(ledger), profile)) => ledger.store(document, profile, outside),
        _ => Ok(()),
    };
    outputs.write(document, outside)?;
    stored
}

/// The end of a run; its start came in with [`Outside`].
#[allow(clippy::disallowed_methods, reason = "the end of a run is outside of everything that is judged")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// RFC 3339 in UTC, whole seconds.
pub fn stamp(time: OffsetDateTime) -> String {
    let whole = time.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}

fn moment(text: &str) -> anyhow::Result<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339)
        .with_context(|| format!("the recording's time '{text}' is not a time; record it again"))
}
