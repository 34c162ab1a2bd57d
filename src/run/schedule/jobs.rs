//! The jobs of a profile: when they run, and what is run.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use stateward::profile::{MAILED, Profile, SCHEDULED, ScheduledJob};
use stateward::schedule::{Expression, Job, zone};

use crate::cli;

/// Times of each job that a preview shows.
const SHOWN: usize = 5;

/// When the jobs of a profile run.
///
/// # Errors
/// None for a profile that was loaded: expressions and zones are looked at there.
pub fn planned(profile: &Profile) -> anyhow::Result<Vec<Job>> {
    let settings = &profile.schedule;
    let job = |job: &ScheduledJob| {
        let name = job.time_zone.as_ref().unwrap_or(&settings.time_zone);
        Ok(Job {
            name: job.name.clone(),
            expression: Expression::parse(&job.cron).with_context(|| format!("job `{}`", job.name))?,
            zone: zone(name).with_context(|| format!("job `{}`", job.name))?,
            jitter: SignedDuration::try_from(job.jitter.unwrap_or(settings.jitter)).unwrap_or_default(),
            catch_up: job.catch_up.unwrap_or(settings.catch_up),
        })
    };
    settings.jobs.iter().map(job).collect()
}

/// The one job of the command line.
///
/// # Errors
/// A command that no job can be, or that mail does not tell of.
pub fn single(cron: &str, args: &cli::Schedule) -> anyhow::Result<ScheduledJob> {
    let name = args.run.first().cloned().unwrap_or_default();
    if !SCHEDULED.contains(&name.as_str()) {
        bail!(
            "`{name}` is no command that a job can be\n  remedy: write one of {} behind `--`",
            SCHEDULED.join(", ")
        );
    }
    if args.mail && !MAILED.contains(&name.as_str()) {
        bail!("mail tells of audit and drift, and not of `{name}`\n  remedy: leave --mail out");
    }
    Ok(ScheduledJob {
        name,
        cron: cron.to_owned(),
        run: args.run.clone(),
        mail: args.mail,
        ..ScheduledJob::default()
    })
}

/// When a job runs, in words that are others when its times are.
pub fn words(job: &Job) -> String {
    format!("{} {}", job.expression.text(), job.zone.iana_name().unwrap_or("UTC"))
}

/// Holds each job against the command line that it is for.
///
/// # Errors
/// The first that does not fit, with what it says itself.
pub fn verify(profile: &Profile) -> anyhow::Result<()> {
    for job in &profile.schedule.jobs {
        let words = arguments(job, Path::new("profile.toml"), Path::new("history.db"));
        let line = std::iter::once("stateward").map(OsString::from).chain(words.iter().map(OsString::from));
        let command = match cli::parse(line) {
            Ok(cli) => cli.command,
            Err(stop) => bail!(
                "job `{}`: this is no command line of `stateward {}`\n  {}",
                job.name,
                job.command(),
                stop.text.trim_end().replace('\n', "\n  ")
            ),
        };
        if job.run.iter().any(|word| word == "-") {
            bail!(
                "job `{}`: `-` is standard input, which a job does not have\n  remedy: name a file or an address",
                job.name
            );
        }
        if let cli::Command::Recover(cli::Recover { explain: Some(_), .. }) = command {
            bail!("job `{}`: an explanation is no run\n  remedy: leave --explain out", job.name);
        }
        if job.run.iter().any(|word| word == "--print-profile") {
            bail!("job `{}`: `--print-profile` runs nothing\n  remedy: leave it out", job.name);
        }
    }
    Ok(())
}

/// The command line of a job.
pub fn arguments(job: &ScheduledJob, profile: &Path, history: &Path) -> Vec<String> {
    let mut words = vec![job.command().to_owned(), "--profile".to_owned(), shown(profile)];
    // A recording is no run, and is not stored.
    if job.command() != "collect" {
        words.extend(["--history".to_owned(), shown(history)]);
    }
    words.extend(job.run.iter().skip(1).cloned());
    words
}

/// Whether a process that ended so brought a result: NO-GO and drift are ones too.
pub fn has_result(command: &str, code: Option<i32>) -> bool {
    code == Some(0) || (command != "collect" && matches!(code, Some(2 | 3)))
}

/// The command line that mails a run.
pub fn mail(run: &str, profile: &Path, history: &Path) -> Vec<String> {
    ["mail", run, "--profile", &shown(profile), "--history", &shown(history)].map(str::to_owned).to_vec()
}

/// The command line that sends what waits and is due.
pub fn flush(profile: &Path, history: &Path) -> Vec<String> {
    ["mail", "--due", "--profile", &shown(profile), "--history", &shown(history)].map(str::to_owned).to_vec()
}

/// A path with a slash, so that it is a file wherever a name may stand, too.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains('/') { text } else { format!("./{text}") }
}

/// The next times of each job, in its zone.
///
/// # Errors
/// As [`planned`].
pub fn preview(profile: &Profile, now: Timestamp) -> anyhow::Result<String> {
    let mut out = String::new();
    for (job, settings) in planned(profile)?.iter().zip(&profile.schedule.jobs) {
        let zone = job.zone.iana_name().unwrap_or("UTC");
        let _ =
            writeln!(out, "{}  {}  ({zone})  {}", job.name, job.expression.text(), settings.run.join(" "));
        let mut then = now;
        for _ in 0..SHOWN {
            let Some(next) = job.expression.next(then, &job.zone) else { break };
            let _ = writeln!(out, "  {}", next.to_zoned(job.zone.clone()).strftime("%a %F %T %Z"));
            then = next;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_a_result_and_an_error_is_none() {
        for command in ["audit", "drift", "recover"] {
            for (code, expected) in [
                (Some(0), true),
                (Some(2), true),
                (Some(3), true),
                (Some(1), false),
                (Some(64), false),
                (Some(101), false),
                (Some(143), false),
                (None, false),
            ] {
                assert_eq!(has_result(command, code), expected, "{command} {code:?}");
            }
        }
        assert!(has_result("collect", Some(0)) && !has_result("collect", Some(2)));
    }
}
