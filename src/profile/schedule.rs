//! Settings of the scheduler: which jobs run when, and what of them the world may ask.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::values::{duration, duration_or_none};
use super::{Profile, ProfileError, nearest};

/// Commands that a job may be.
pub const SCHEDULED: [&str; 4] = ["audit", "drift", "recover", "collect"];
/// Commands of those that mail tells of.
pub const MAILED: [&str; 2] = ["audit", "drift"];
/// Letters of a job's name: it is a label of the metrics.
const NAME: usize = 60;

/// What is done about planned times that passed while nobody looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CatchUp {
    /// One run for all of them.
    Once,
    /// None; they are noted.
    Skip,
}

/// The scheduler.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSettings {
    /// The time zone of the expressions, by its IANA name.
    pub time_zone: String,
    /// A random delay up to this.
    #[serde(with = "duration")]
    pub jitter: Duration,
    /// What is done about planned times that passed unseen.
    pub catch_up: CatchUp,
    /// How long a run may still take to its end when the scheduler is told to stop.
    #[serde(with = "duration")]
    pub grace: Duration,
    /// How long after its planned time a good run is missed by `/readyz`.
    #[serde(with = "duration")]
    pub overdue: Duration,
    /// Address and port of health and metrics; empty for none.
    pub listen: String,
    /// The jobs.
    pub jobs: Vec<ScheduledJob>,
}

/// A job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduledJob {
    /// Its name.
    pub name: String,
    /// When it runs.
    pub cron: String,
    /// The command with its options.
    pub run: Vec<String>,
    /// Whether its results are mailed.
    #[serde(default)]
    pub mail: bool,
    /// In the place of `schedule.time_zone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// In the place of `schedule.jitter`.
    #[serde(default, with = "duration_or_none", skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Duration>,
    /// In the place of `schedule.catch_up`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_up: Option<CatchUp>,
}

impl ScheduledJob {
    /// The command that it runs.
    pub fn command(&self) -> &str {
        self.run.first().map_or("", String::as_str)
    }
}

/// The rules of the section.
pub(super) fn check(profile: &Profile) -> Result<(), ProfileError> {
    let schedule = &profile.schedule;
    let fault = |path: &str, message: &str, help: &str| {
        Err(profile.layers.fault(path, format!("`{path}` {message}"), "this value", help))
    };
    if !schedule.listen.is_empty() && schedule.listen.parse::<SocketAddr>().is_err() {
        let help = "write address and port, like \"127.0.0.1:9464\" or \"[::1]:9464\"; \"0.0.0.0:9464\" is every address of \
                    the machine, and \"\" is none";
        return fault("schedule.listen", "is no address with a port", help);
    }
    if schedule.overdue.is_zero() {
        return fault("schedule.overdue", "is zero", "write how long a run may take, like `30m`");
    }
    zone(profile, "schedule.time_zone", &schedule.time_zone)?;
    schedule.jobs.iter().enumerate().try_for_each(|(index, job)| self::job(profile, index, job))
}

fn job(profile: &Profile, index: usize, job: &ScheduledJob) -> Result<(), ProfileError> {
    let at = format!("schedule.jobs[{index}]");
    let fault = |path: &str, message: String, help: &str| {
        Err(profile.layers.fault(path, format!("`{path}` {message}"), "this value", help))
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if job.name.is_empty() || job.name.len() > NAME || !job.name.bytes().all(plain) {
        let help = "write letters, digits, `-` and `_`, at most 60";
        return fault(&format!("{at}.name"), "is no name of a job".to_owned(), help);
    }
    if profile.schedule.jobs[..index].iter().any(|other| other.name == job.name) {
        return fault(
            &format!("{at}.name"),
            "stands there twice".to_owned(),
            "give each job a name of its own",
        );
    }
    let Some(command) = job.run.first() else {
        let help = "write the command and its options, like [\"audit\", \"--state\", \"s3://acme-tfstate/prod.tfstate\"]";
        return fault(&format!("{at}.run"), "runs nothing".to_owned(), help);
    };
    if !SCHEDULED.contains(&command.as_str()) {
        let near = nearest(command, SCHEDULED.into_iter());
        let near = near.map(|near| format!("did you mean `{near}`?\n")).unwrap_or_default();
        let help = format!("{near}a job is one of {}, without `stateward` before it", SCHEDULED.join(", "));
        return fault(&format!("{at}.run[0]"), "is no command that a job can be".to_owned(), &help);
    }
    let is_history = |word: &String| word == "--history" || word.starts_with("--history=");
    if let Some(word) = job.run.iter().position(is_history) {
        let help = "leave it out: every job is stored in the history of the scheduler";
        return fault(&format!("{at}.run[{word}]"), "names a history".to_owned(), help);
    }
    if job.mail && !MAILED.contains(&command.as_str()) {
        let help = "mail tells of audit and drift; leave `mail` out";
        return fault(&format!("{at}.mail"), format!("is for no `{command}`"), help);
    }
    if let Some(name) = &job.time_zone {
        zone(profile, &format!("{at}.time_zone"), name)?;
    }
    cron(profile, &format!("{at}.cron"), &job.cron)
}

#[cfg(feature = "service")]
fn zone(profile: &Profile, path: &str, name: &str) -> Result<(), ProfileError> {
    match crate::schedule::zone(name) {
        Ok(_) => Ok(()),
        Err(unknown) => {
            let message = format!("`{path}` names no time zone");
            Err(profile.layers.fault(path, message, "not in the IANA database", &unknown.help))
        }
    }
}

#[cfg(feature = "service")]
fn cron(profile: &Profile, path: &str, text: &str) -> Result<(), ProfileError> {
    match crate::schedule::Expression::parse(text) {
        Ok(_) => Ok(()),
        Err(bad) => {
            let help = "docs/scheduling.md#cron-expressions says what stands where";
            Err(profile.layers.fault(path, format!("`{path}`: {bad}"), "this expression", help))
        }
    }
}

#[cfg(not(feature = "service"))]
fn zone(_: &Profile, _: &str, _: &str) -> Result<(), ProfileError> {
    Ok(())
}

#[cfg(not(feature = "service"))]
fn cron(_: &Profile, _: &str, _: &str) -> Result<(), ProfileError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{over, refused};
    use super::*;

    #[test]
    fn a_whole_section_loads_and_prints_to_the_same() {
        let text = "[schedule]\ntime_zone = \"America/Los_Angeles\"\njitter = \"2m\"\ncatch_up = \"skip\"\ngrace = \"5m\"\n\
             listen = \"127.0.0.1:9464\"\n[[schedule.jobs]]\nname = \"nightly\"\ncron = \"0 6 * * *\"\n\
             run = [\"audit\", \"--state\", \"s3://acme-tfstate/prod.tfstate\"]\nmail = true\n\
             [[schedule.jobs]]\nname = \"hourly\"\ncron = \"0 * * * *\"\nrun = [\"drift\"]\ntime_zone = \"UTC\"\n\
             jitter = \"0s\"\ncatch_up = \"once\"\n";
        let profile = over(text).unwrap();
        assert_eq!(profile.schedule.jobs.len(), 2);
        assert_eq!(profile.schedule.jobs[0].command(), "audit");
        assert!(profile.schedule.jobs[0].mail && !profile.schedule.jobs[1].mail);
        let again = over(&profile.to_toml()).unwrap();
        assert_eq!(again.schedule.jobs, profile.schedule.jobs);
        assert_eq!(
            profile.hash(),
            Profile::built_in_default().unwrap().hash(),
            "a schedule changes no verdict"
        );
    }

    #[test]
    fn what_cannot_run_is_refused_with_its_place() {
        let settings = [
            ("listen = \":9464\"", "no address with a port"),
            ("listen = \"9464\"", "127.0.0.1:9464"),
            ("listen = \"localhost:9464\"", "no address with a port"),
            ("catch_up = \"all\"", "once"),
            ("jitter = \"2 minutes\"", "is not a duration"),
            ("overdue = \"0s\"", "is zero"),
            ("timezone = \"UTC\"", "did you mean `time_zone`?"),
        ];
        for (text, expected) in settings {
            let said = refused(&format!("[schedule]\n{text}"));
            assert!(said.contains(expected) && said.contains("team.toml"), "{text}: {said}");
        }
        let good = ["name = \"a\"", "cron = \"0 6 * * *\"", "run = [\"audit\"]"];
        let jobs = [
            (0, "name = \"a b\"", "no name of a job"),
            (0, "name = \"\"", "no name of a job"),
            (2, "run = []", "runs nothing"),
            (2, "run = [\"audti\"]", "did you mean `audit`?"),
            (2, "run = [\"stateward\", \"audit\"]", "without `stateward`"),
            (2, "run = [\"audit\", \"--history\", \"x.db\"]", "names a history"),
            (2, "run = [\"collect\", \"--out\", \"x\"]\nmail = true", "mail tells of audit and drift"),
            (2, "run = [\"audit\"]\nmial = true", "did you mean `mail`?"),
            (
                2,
                "run = [\"audit\"]\n[[schedule.jobs]]\nname = \"a\"\ncron = \"0 7 * * *\"\nrun = [\"drift\"]",
                "twice",
            ),
        ];
        for (at, text, expected) in jobs {
            let mut lines = good;
            lines[at] = text;
            let said = refused(&format!("[[schedule.jobs]]\n{}", lines.join("\n")));
            assert!(said.contains(expected) && said.contains("team.toml"), "{text}: {said}");
        }
    }

    #[cfg(feature = "service")]
    #[test]
    fn an_expression_and_a_zone_that_are_none_are_shown_at_their_place() {
        let job = |line: &str| format!("[[schedule.jobs]]\nname = \"a\"\nrun = [\"audit\"]\n{line}\n");
        insta::assert_snapshot!(refused(&job("cron = \"0 25 * * *\"")));
        let never = refused(&job("cron = \"0 6 30 2 *\""));
        assert!(never.contains("never fires") && never.contains("team.toml:4"), "{never}");
        let zone = refused("[schedule]\ntime_zone = \"Europe/Berlim\"\n");
        assert!(zone.contains("`Europe/Berlin`?") && zone.contains("team.toml:2"), "{zone}");
        let own = refused(&job("cron = \"0 6 * * *\"\ntime_zone = \"MESZ\""));
        assert!(own.contains("schedule.jobs[0].time_zone"), "{own}");
    }
}
