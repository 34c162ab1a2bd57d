//! `stateward schedule`: runs jobs at their times, each as a process of its own, and tells how they went.

mod child;
mod jobs;
mod serve;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use jiff::Timestamp;
use stateward::mail::post::{Spool, due};
use stateward::profile::Profile;
use stateward::schedule::{Event, Plan, Start};
use stateward_store::{Ended, JobEnd, JobOutcome, Passed, RunRow, Store, StoreError};
use tracing::{error, info, warn};

use self::child::{Exit, Ward};
use self::serve::{Shared, Told as ToldJob};
use super::interrupt::{Signals, Stop, Told};
use super::mail::{beside, spool_of};
use super::output::{Beside, print};
use super::spool::Folder;
use super::{Outside, cli, ledger};

/// How often a run that goes on is looked after.
const LOOK: Duration = Duration::from_millis(100);
/// How often the spool is looked at, and the clock, which may have been set.
const IDLE: Duration = Duration::from_secs(5);
/// How long after a failed look at the spool there is another.
const LATER: Duration = Duration::from_secs(600);
/// How often a history that cannot be read is tried, and how long apart.
const TRIES: usize = 3;
const APART: Duration = Duration::from_millis(300);
/// How long a run may take to write down that it was interrupted.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs the scheduler; the exit code.
///
/// # Errors
/// Whatever keeps it from starting.
pub fn schedule(args: &cli::Schedule, outside: &Outside) -> anyhow::Result<u8> {
    let settings = Settings::load(args)?;
    if args.check {
        return print(&jobs::preview(&settings.profile, timestamp(super::now()))?);
    }
    let once = args.once.as_deref().map(|name| settings.find(name)).transpose()?;
    let history = settings.history.clone().context(
        "there is no history: write --history FILE, or set `history.file` in the profile\n  remedy: what became of the jobs is \
         kept in it, so that a restart knows what was missed",
    )?;
    let _lock = lock(&history, outside)?;
    let scheduler = Scheduler::open(args, settings, history, outside)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let code = runtime.block_on(scheduler.run(once));
    // A request that is being answered must not hold up the end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

/// What the scheduler goes by.
struct Settings {
    profile: Profile,
    history: Option<PathBuf>,
}

impl Settings {
    fn load(args: &cli::Schedule) -> anyhow::Result<Self> {
        let mut profile = Profile::load(&args.profile, |path| std::fs::read_to_string(path))?;
        if let Some(cron) = &args.cron {
            profile.set_job(jobs::single(cron, args)?);
        }
        if let Some(zone) = &args.time_zone {
            profile.set_time_zone(zone.clone());
        }
        if let Some(listen) = &args.listen {
            profile.set_listen(listen.clone());
        }
        if profile.schedule.jobs.is_empty() {
            bail!(
                "there is no job\n  remedy: write [[schedule.jobs]] into a profile and name it with --profile, or write `--cron '0 6 * * *' \
                 -- audit …`"
            );
        }
        let history = ledger::file(args.history.as_deref(), &profile);
        jobs::verify(&profile)?;
        Ok(Self { profile, history })
    }

    fn find(&self, name: &str) -> anyhow::Result<usize> {
        let jobs = &self.profile.schedule.jobs;
        jobs.iter().position(|job| job.name == name).with_context(|| {
            let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
            format!("there is no job `{name}`\n  remedy: the profile has {}", names.join(", "))
        })
    }
}

/// Takes the history for this scheduler. The lock ends with the process, however that ends.
fn lock(history: &Path, outside: &Outside) -> anyhow::Result<File> {
    let path = beside(history, "-schedule.lock");
    let shown = path.display();
    let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
    let mut file = file
        .with_context(|| format!("{shown}: cannot be made; check that the folder is there and writable"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let holder = std::io::read_to_string(&file).unwrap_or_default();
            let holder = match holder.trim() {
                "" => "another process".to_owned(),
                holder => holder.to_owned(),
            };
            bail!(
                "{}: {holder} schedules with this history already\n  remedy: end it first, or take another history; {shown} needs not be \
                 removed",
                history.display()
            );
        }
        Err(std::fs::TryLockError::Error(error)) => {
            return Err(error).with_context(|| {
                format!("{shown}: cannot be locked; a network file system may not know how")
            });
        }
    }
    let written = file
        .set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| write!(file, "process {} (since {})", std::process::id(), super::stamp(outside.now)));
    written.with_context(|| format!("{shown}: cannot be written"))?;
    Ok(file)
}

/// The job that runs.
struct Active {
    job: usize,
    name: String,
    /// The id that the run has, where it gets one.
    run: String,
    /// The time that it was planned for; none out of turn.
    planned: Option<Timestamp>,
    /// The planned time before, to which a stopped run goes back.
    before: String,
    clock: Instant,
    ward: Ward,
    /// Whether the run is done, and its mail is on its way.
    mails: bool,
}

/// The end that was asked for.
struct Stopping {
    by: Stop,
    /// When a run that goes on is told to stop.
    tell_at: Instant,
    told: bool,
    /// When it is ended, if it does not stop.
    kill_at: Instant,
}

struct Scheduler<'a> {
    args: &'a cli::Schedule,
    outside: &'a Outside,
    profile: Profile,
    history: PathBuf,
    /// The profile as it was read: what a job is told, whatever becomes of the files meanwhile.
    effective: PathBuf,
    plan: Plan,
    active: Option<Active>,
    flush: Option<Ward>,
    look_at: Instant,
    reload: bool,
    stopping: Option<Stopping>,
    shared: Shared,
    server: Option<serve::Server>,
    /// The exit code of the job that was to run once.
    code: Option<u8>,
    /// Whether mail waits that was to be sent, or none could be made.
    mail_waits: bool,
}

impl<'a> Scheduler<'a> {
    fn open(
        args: &'a cli::Schedule,
        settings: Settings,
        history: PathBuf,
        outside: &'a Outside,
    ) -> anyhow::Result<Self> {
        let mut store = Store::open(&history)?;
        let now = super::now();
        let mut entries = Vec::new();
        for (job, settings) in
            jobs::planned(&settings.profile)?.into_iter().zip(&settings.profile.schedule.jobs)
        {
            let row = store.plan_job(&job.name, &jobs::words(&job), &super::stamp(now))?;
            if row.outcome.as_deref() == Some("running") {
                warn!(target: "schedule", job = %job.name, "the scheduler ended while it ran; it counts as interrupted");
                let reason = Some("the scheduler ended while it ran");
                let end = JobEnd {
                    outcome: JobOutcome::Interrupted,
                    code: None,
                    reason,
                    at: &super::stamp(now),
                    seconds: 0.0,
                    planned_at: None,
                };
                store.end_job(&settings.name, &end)?;
            }
            let handled = row.planned_at.parse().with_context(|| {
                format!("{}: the last planned time of job `{}` is no time", history.display(), job.name)
            })?;
            entries.push((job, handled));
        }
        let effective = beside(&history, "-schedule.toml");
        let shared = Shared::new(history.clone(), timestamp(now));
        let scheduler = Self {
            args,
            outside,
            profile: settings.profile,
            history,
            effective,
            plan: Plan::new(entries),
            active: None,
            flush: None,
            look_at: Instant::now(),
            reload: false,
            stopping: None,
            shared,
            server: None,
            code: None,
            mail_waits: false,
        };
        scheduler.write_profile(&scheduler.profile)?;
        Ok(scheduler)
    }

    /// It may hold addresses that are secret, as those of webhooks.
    fn write_profile(&self, profile: &Profile) -> anyhow::Result<()> {
        Beside::private(&self.effective)?.write(profile.to_toml().as_bytes())
    }

    /// The history as it is there now: one that was moved in the place of another is the one that counts.
    fn store(&self) -> Result<Store, StoreError> {
        match Store::open_existing(&self.history) {
            Err(StoreError::Absent { .. }) => Store::open(&self.history),
            other => other,
        }
    }

    async fn run(mut self, once: Option<usize>) -> anyhow::Result<u8> {
        let mut signals = Signals::open(true)?;
        match once {
            Some(job) => self.begin(job, None, timestamp(super::now())),
            None => self.start().await?,
        }
        loop {
            let pause = self.step(once.is_some()).await;
            self.tell();
            if self.is_done(once.is_some()) {
                break;
            }
            let told = tokio::select! {
                told = signals.next() => told,
                () = tokio::time::sleep(pause) => continue,
            };
            match told {
                Told::Reload => self.reload = once.is_none(),
                Told::Stop(by) if self.stopping.is_some() => {
                    warn!(target: "schedule", "{} again: ends at once", by.word());
                    self.kill();
                    return Ok(by.code());
                }
                Told::Stop(by) => self.stop(by),
            }
        }
        match (once, &self.stopping) {
            (None, _) => {
                info!(target: "schedule", "ends");
                Ok(0)
            }
            (Some(_), Some(stopping))
                if self.mail_waits || self.code.is_none_or(|code| code == Stop::Scheduler.code()) =>
            {
                Ok(stopping.by.code())
            }
            // Nobody tries again by himself where something else keeps the time.
            (Some(_), None) if self.mail_waits => Ok(1),
            (Some(_), _) => Ok(self.code.unwrap_or(1)),
        }
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        self.tell();
        self.server = serve::Server::open(&self.profile.schedule.listen, &self.shared).await?;
        let now = timestamp(super::now());
        for (at, job) in self.plan.jobs().enumerate() {
            let next = self.plan.next(at, now).map(|next| next.to_zoned(job.zone.clone()));
            let next = next.map_or_else(|| "never".to_owned(), |next| next.strftime("%F %T %Z").to_string());
            info!(target: "schedule", job = %job.name, "next: {next}");
        }
        Ok(())
    }

    fn is_done(&self, once: bool) -> bool {
        let idle = self.active.is_none() && self.flush.is_none();
        idle && (once || self.stopping.is_some())
    }

    /// Does what is to be done now; how long nothing has to be done then.
    async fn step(&mut self, once: bool) -> Duration {
        self.look_after();
        if self.stopping.is_some() {
            self.hurry();
            return LOOK;
        }
        if once {
            if self.active.is_none() {
                self.flush();
            }
            return LOOK;
        }
        if self.reload && self.active.is_none() {
            self.reload = false;
            if let Err(error) = self.read_again().await {
                error!(target: "schedule", "the profile was not read again, and the one before goes on: {}", super::explain(&error, self.outside));
            }
        }
        let now = timestamp(super::now());
        for event in self.plan.tick(now, self.outside.random) {
            self.pass(event);
        }
        if let Some(Start { job, planned }) = self.plan.begin(now) {
            self.begin(job, Some(planned), now);
        }
        self.flush();
        if self.active.is_some() || self.flush.is_some() {
            return LOOK;
        }
        let wake = self.plan.wake().map(|wake| wake.duration_since(timestamp(super::now())));
        let wake = wake.map_or(IDLE, |wake| Duration::try_from(wake).unwrap_or_default());
        wake.clamp(Duration::from_millis(1), IDLE)
    }

    /// Planned times that passed without a run.
    fn pass(&mut self, event: Event) {
        let (job, how, count, last) = match event {
            Event::Skipped { job, last, count, waits } => {
                let why = if waits { "its former run has not begun" } else { "its former run goes on" };
                warn!(target: "schedule", job = %self.name(job), "skipped {count} (last planned for {last}): {why}");
                // One that waits is not dealt with before it begins.
                (job, Passed::Skipped, count, Some(last).filter(|_| !waits))
            }
            Event::Missed { job, last, count, caught_up } => {
                let then = if caught_up { "one run makes up for it" } else { "none makes up for it" };
                warn!(target: "schedule", job = %self.name(job), "missed {count} (last planned for {last}): {then}");
                (job, Passed::Missed, count, Some(last).filter(|_| !caught_up))
            }
        };
        let (name, last) = (self.name(job), last.map(text));
        self.note(|store| store.pass_job(&name, how, count, last.as_deref()));
    }

    /// Begins a run.
    fn begin(&mut self, job: usize, planned: Option<Timestamp>, now: Timestamp) {
        let Some(settings) = self.profile.schedule.jobs.get(job).cloned() else { return self.plan.end() };
        let plan = self.plan.jobs().nth(job).map(jobs::words).unwrap_or_default();
        let run = format!("{:016x}{:016x}", (self.outside.random)(), (self.outside.random)());
        let arguments = jobs::arguments(&settings, &self.effective, &self.history);
        let planned_at = planned.map(text);
        let begin = || -> anyhow::Result<(String, Ward)> {
            let mut store = self.store()?;
            // A history that has taken the place of another does not know the job yet.
            let before = store.plan_job(&settings.name, &plan, &text(now))?.planned_at;
            store.begin_job(&settings.name, planned_at.as_deref(), &run, &text(now))?;
            Ok((before, Ward::start(&settings.name, &arguments, Some(&run))?))
        };
        match begin() {
            Ok((before, ward)) => {
                info!(target: "schedule", job = %settings.name, "begins{}", planned.map_or_else(String::new, |at| format!(" (planned for {at})")));
                let (name, clock) = (settings.name, Instant::now());
                self.active = Some(Active { job, name, run, planned, before, clock, ward, mails: false });
            }
            Err(error) => {
                error!(target: "schedule", job = %settings.name, "could not begin: {error:#}");
                let (reason, at) = (format!("{error:#}"), text(now));
                let end = JobEnd {
                    outcome: JobOutcome::Failed,
                    code: None,
                    reason: Some(&reason),
                    at: &at,
                    seconds: 0.0,
                    planned_at: None,
                };
                self.note(|store| store.end_job(&settings.name, &end));
                self.plan.end();
            }
        }
    }

    /// Sees whether a process has ended.
    fn look_after(&mut self) {
        if let Some(exit) = self.flush.as_mut().and_then(Ward::exit) {
            self.flush = None;
            if !exit.is_good() {
                self.mail_waits("mail", &format!("messages wait on: {}", exit.words()));
            }
        }
        let Some(mut active) = self.active.take() else { return };
        let Some(exit) = active.ward.exit() else {
            self.active = Some(active);
            return;
        };
        if active.mails {
            // It tried what waits, too.
            self.look_at = Instant::now() + IDLE * 6;
            match exit.is_good() {
                true => info!(target: "schedule", job = %active.name, "mail is done"),
                false => self
                    .mail_waits(&active.name, &format!("mail waits, or could not be made: {}", exit.words())),
            }
            return self.plan.end();
        }
        let is_good = self.ended(&active, &exit);
        let mails = self.profile.schedule.jobs.get(active.job).is_some_and(|job| job.mail);
        if is_good && mails && self.stopping.is_some() {
            self.mail_waits(&active.name, "no mail was made, since the end was asked for");
        } else if is_good && mails {
            let arguments = jobs::mail(&active.run, &self.effective, &self.history);
            match Ward::start(&active.name, &arguments, None) {
                Ok(ward) => {
                    self.active = Some(Active { ward, mails: true, ..active });
                    return;
                }
                Err(error) => {
                    self.mail_waits = true;
                    error!(target: "schedule", job = %active.name, "mail could not be made: {error:#}");
                }
            }
        }
        self.plan.end();
    }

    /// Says that mail did not leave. Where a job runs once, it is an error: there is no next round.
    fn mail_waits(&mut self, job: &str, said: &str) {
        self.mail_waits = true;
        match self.args.once {
            Some(_) => error!(target: "schedule", job = %job, "{said}"),
            None => warn!(target: "schedule", job = %job, "{said}"),
        }
    }

    /// The run of a job, as it is stored. Whether it is cannot be told by a history that is locked or being copied back, so
    /// that is tried again.
    fn stored(&self, run: &str) -> Result<Option<RunRow>, StoreError> {
        let read = || Store::open_existing(&self.history)?.run_of_job(run);
        let mut found = read();
        for _ in 1..TRIES {
            if found.is_ok() {
                break;
            }
            std::thread::sleep(APART);
            found = read();
        }
        Ok(found?.map(|(run, _)| run))
    }

    /// Notes how a run ended; whether it brought a result.
    fn ended(&mut self, active: &Active, exit: &Exit) -> bool {
        let at = super::stamp(super::now());
        let stored = self.stored(&active.run).unwrap_or_else(|error| {
            error!(target: "schedule", job = %active.name, "what became of its run is told by its exit code alone: {error}");
            None
        });
        let command = self.profile.schedule.jobs.get(active.job).map_or("", |job| job.command());
        let (outcome, reason) = match stored.as_ref().map(|run| (run.outcome.as_str(), &run.reason)) {
            Some(("finished", _)) => (JobOutcome::Finished, None),
            Some(("interrupted", reason)) => (JobOutcome::Interrupted, reason.clone()),
            Some(("failed", reason)) => (JobOutcome::Failed, reason.clone()),
            Some(_) => {
                // It came to no end of its own.
                let reason = exit.words();
                let how = if self.stopping.is_some() { Ended::Interrupted } else { Ended::Failed };
                self.note(|store| store.end(&active.run, how, &reason, &at));
                let outcome =
                    if self.stopping.is_some() { JobOutcome::Interrupted } else { JobOutcome::Failed };
                (outcome, Some(reason))
            }
            None if jobs::has_result(command, exit.code) => (JobOutcome::Finished, None),
            None if exit.is_stopped() || self.stopping.is_some() => {
                (JobOutcome::Interrupted, Some(exit.words()))
            }
            None => (JobOutcome::Failed, Some(exit.words())),
        };
        let seconds = active.clock.elapsed().as_secs_f64();
        // What was stopped in order is made up for after the next start; what fell over by itself would do so again.
        let back = outcome == JobOutcome::Interrupted && self.stopping.is_some() && active.planned.is_some();
        let planned_at = Some(active.before.as_str()).filter(|before| back && !before.is_empty());
        let end =
            JobEnd { outcome, code: exit.code, reason: reason.as_deref(), at: &at, seconds, planned_at };
        self.note(|store| store.end_job(&active.name, &end));
        let code = exit.code.map_or_else(String::new, |code| format!(", exit code {code}"));
        let why = reason.map_or_else(String::new, |why| format!(": {why}"));
        let said = format!("{} after {seconds:.1} s{code}{why}", outcome.word());
        match outcome {
            JobOutcome::Finished => info!(target: "schedule", job = %active.name, "{said}"),
            _ => error!(target: "schedule", job = %active.name, "{said}"),
        }
        self.code = Some(exit.code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1));
        outcome == JobOutcome::Finished
    }

    /// Sends what waits and is due.
    fn flush(&mut self) {
        // While a job mails, it does this too.
        let mails = self.active.as_ref().is_some_and(|active| active.mails);
        if mails || self.flush.is_some() || self.look_at > Instant::now() {
            return;
        }
        self.look_at = Instant::now() + IDLE;
        let Some(path) = spool_of(&self.profile, Some(&self.history)).filter(|path| path.exists()) else {
            return;
        };
        let waiting = match Folder::look(&path).waiting() {
            Ok(waiting) => waiting,
            Err(error) => {
                error!(target: "schedule", "{error:#}");
                self.mail_waits = true;
                self.look_at = Instant::now() + LATER;
                return;
            }
        };
        if due(&waiting).is_none_or(|due| due > super::now()) {
            return;
        }
        match Ward::start("mail", &jobs::flush(&self.effective, &self.history), None) {
            Ok(ward) => self.flush = Some(ward),
            Err(error) => {
                self.mail_waits = true;
                error!(target: "schedule", "what waits could not be sent: {error:#}");
            }
        }
        self.look_at = Instant::now() + IDLE * 6;
    }

    /// Reads the profile again.
    async fn read_again(&mut self) -> anyhow::Result<()> {
        let mut settings = Settings::load(self.args)?;
        if settings.history.as_deref() != Some(self.history.as_path()) {
            bail!("`history.file` names another history\n  remedy: start the scheduler anew for that");
        }
        let planned = jobs::planned(&settings.profile)?;
        let now = super::now();
        let mut store = self.store()?;
        for job in &planned {
            store.plan_job(&job.name, &jobs::words(job), &super::stamp(now))?;
        }
        self.write_profile(&settings.profile)?;
        // Nothing fails from here on but the address, and no job waits for that.
        if let Err(error) = self.listen(&settings.profile.schedule.listen).await {
            let then = if self.server.is_some() { "the address before goes on" } else { "nothing listens" };
            error!(target: "schedule", "{then}: {}", super::explain(&error, self.outside));
            settings.profile.set_listen(self.profile.schedule.listen.clone());
        }
        self.plan = self.plan.replaced(planned, timestamp(now));
        self.profile = settings.profile;
        info!(target: "schedule", "the profile was read again: {} jobs", self.profile.schedule.jobs.len());
        Ok(())
    }

    /// Listens at another address, and at the one before where that cannot be had.
    async fn listen(&mut self, listen: &str) -> anyhow::Result<()> {
        let before = &self.profile.schedule.listen;
        if listen == before && (self.server.is_some() || listen.is_empty()) {
            return Ok(());
        }
        if serve::collide(before, listen)
            && let Some(server) = self.server.take()
        {
            server.close().await;
        }
        match serve::Server::open(listen, &self.shared).await {
            Ok(server) => {
                self.server = server;
                Ok(())
            }
            Err(error) if self.server.is_some() => Err(error),
            Err(error) => {
                self.server = serve::Server::open(before, &self.shared).await?;
                Err(error)
            }
        }
    }

    /// Begins nothing more.
    fn stop(&mut self, by: Stop) {
        let grace = self.profile.schedule.grace;
        let tell_at = Instant::now() + grace;
        let kill_at = tell_at + LAST_WORDS;
        let on = self.active.as_ref().map_or_else(String::new, |active| {
            format!("; job {} has {} s to its end", active.name, grace.as_secs())
        });
        info!(target: "schedule", "{}: no run begins any more{on}", by.word());
        self.stopping = Some(Stopping { by, tell_at, told: false, kill_at });
    }

    /// Ends what does not end by itself.
    fn hurry(&mut self) {
        let Some(stopping) = &mut self.stopping else { return };
        let now = Instant::now();
        if !stopping.told && now >= stopping.tell_at {
            stopping.told = true;
            if let Some(active) = &mut self.active {
                active.ward.tell();
            }
            // What it had in hand goes on waiting.
            if let Some(mut flush) = self.flush.take() {
                flush.kill();
            }
        }
        if self.stopping.as_ref().is_some_and(|stopping| now >= stopping.kill_at) {
            self.kill();
        }
    }

    /// Ends everything at once. The spool and the history bear that.
    fn kill(&mut self) {
        if let Some(mut flush) = self.flush.take() {
            flush.kill();
        }
        if let Some(mut active) = self.active.take() {
            let exit = active.ward.kill();
            if !active.mails {
                self.ended(&active, &exit);
            }
        }
    }

    /// Writes into the history; what cannot be written is said, and the jobs go on.
    fn note(&mut self, write: impl FnOnce(&mut Store) -> Result<(), StoreError>) {
        if let Err(error) = self.store().and_then(|mut store| write(&mut store)) {
            error!(target: "schedule", "{error}");
        }
    }

    fn name(&self, job: usize) -> String {
        self.plan.jobs().nth(job).map(|job| job.name.clone()).unwrap_or_default()
    }

    /// Tells the metrics what goes on.
    fn tell(&mut self) {
        let now = timestamp(super::now());
        let runs = self.active.as_ref().map(|active| active.job);
        let jobs = self.plan.jobs().zip(&self.profile.schedule.jobs).enumerate();
        let told = jobs.map(|(at, (job, settings))| ToldJob {
            job: job.clone(),
            command: settings.command().to_owned(),
            next: self.plan.next(at, now),
            runs: runs == Some(at),
        });
        self.shared.tell(
            told.collect(),
            self.profile.schedule.overdue,
            spool_of(&self.profile, Some(&self.history)),
        );
    }
}

fn timestamp(time: time::OffsetDateTime) -> Timestamp {
    Timestamp::from_nanosecond(time.unix_timestamp_nanos()).unwrap_or_default()
}

/// RFC 3339 in UTC, whole seconds, as everything in the history.
fn text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
