//! `stateward schedule` over real processes, and what a signal does to a run.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]
#![cfg(all(unix, feature = "service"))]

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use stateward_store::{Passed, Store};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");
/// What no output may repeat.
const PASSWORD: &str = "correct-horse-battery";
/// Nothing here takes longer, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(120);

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn stateward(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stateward"));
    command.current_dir(folder).env("SMTP_USER", "stateward").env("SMTP_PASSWORD", PASSWORD);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let output = stateward(folder).args(arguments).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ran = Ran {
        code: output.status.code().expect("an exit code"),
        out: text(&output.stdout),
        err: text(&output.stderr),
    };
    assert!(!ran.err.contains(PASSWORD), "{}", ran.err);
    ran
}

/// A process whose log is read while it goes on.
struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    fn start(folder: &Path, log: &str, arguments: &[&str]) -> Self {
        let log = folder.join(log);
        let err = File::create(&log).unwrap();
        let child =
            stateward(folder).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(err).spawn();
        Self { child: child.expect("the binary runs"), log }
    }

    fn scheduler(folder: &Path, log: &str) -> Self {
        Self::start(folder, log, &["schedule", "--profile", "team.toml", "--history", "runs.db"])
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until it said `text` so often.
    fn says(&self, text: &str, times: usize) {
        until(|| self.said().matches(text).count() >= times, || format!("{text}: {}", self.said()));
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    fn ends(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "it goes on: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(holds: impl Fn() -> bool, said: impl Fn() -> String) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{}", said());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn profile(folder: &Path, settings: &str, jobs: &[(&str, &str, &str)]) {
    let jobs = jobs.iter().map(|(name, cron, more)| {
        format!("[[schedule.jobs]]\nname = \"{name}\"\ncron = \"{cron}\"\n{more}\n")
    });
    let text = format!("[schedule]\n{settings}\n{}", jobs.collect::<String>());
    std::fs::write(folder.join("team.toml"), text).unwrap();
}

fn over_demo(command: &str) -> String {
    format!(
        "run = [\"{command}\", \"--snapshot\", \"{DEMO}\", \"--format\", \"json\", \"--output\", \"{command}.json\"]"
    )
}

/// A job that goes on until it is stopped: nobody writes into the pipe that it reads its estate from.
fn endless(folder: &Path) -> String {
    pipe(folder);
    "run = [\"audit\", \"--snapshot\", \"pipe\"]".to_owned()
}

fn pipe(folder: &Path) {
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().expect("mkfifo runs").success());
}

fn list(folder: &Path) -> Vec<Value> {
    let ran = run(folder, &["history", "--history", "runs.db", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).expect("a list")
}

fn outcomes(folder: &Path) -> Vec<String> {
    if !folder.join("runs.db").exists() {
        return Vec::new();
    }
    list(folder).iter().map(|run| run["outcome"].as_str().unwrap().to_owned()).collect()
}

fn ask(port: u16, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (code, body.to_owned())
}

fn port(scheduler: &Process) -> u16 {
    scheduler.says("health and metrics on http://127.0.0.1:", 1);
    let said = scheduler.said();
    let rest = said.split("http://127.0.0.1:").nth(1).unwrap();
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

fn job(folder: &Path) -> stateward_store::JobRow {
    Store::open_existing(&folder.join("runs.db")).unwrap().jobs().unwrap().remove(0)
}

#[test]
fn jobs_run_at_their_times_are_stored_and_told_over_http() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (often, never) = (over_demo("drift"), over_demo("audit"));
    profile(
        at,
        "listen = \"127.0.0.1:0\"\noverdue = \"1s\"",
        &[("often", "*/2 * * * * *", &often), ("yearly", "0 0 1 1 *", &never)],
    );
    let mut scheduler = Process::scheduler(at, "log");
    let port = port(&scheduler);
    assert_eq!(ask(port, "GET /healthz"), (200, "alive\n".to_owned()));
    scheduler.says("finished after", 2);
    scheduler.says("exit code 2", 2);
    let (code, text) = ask(port, "GET /metrics");
    assert_eq!(code, 200);
    let run = list(at).into_iter().find(|run| run["outcome"] == "finished").unwrap();
    let estate = run["estate"].as_str().unwrap();
    for line in [
        format!(
            "stateward_drift_items{{estate=\"{estate}\",command=\"drift\",job=\"often\",class=\"changed\"}} {}",
            run["drift"]["changed"]
        ),
        format!("stateward_calls{{estate=\"{estate}\",command=\"drift\",job=\"often\"}} {}", run["calls"]),
        "stateward_job_overdue{job=\"yearly\",command=\"audit\"} 0".to_owned(),
        "stateward_history_usable 1".to_owned(),
        format!("stateward_unread_states{{estate=\"{estate}\",command=\"drift\",job=\"often\"}} 0"),
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line} in {text}");
    }
    assert!(
        text.contains("stateward_next_run_timestamp_seconds{job=\"yearly\",command=\"audit\"} "),
        "{text}"
    );
    assert!(!text.contains("outcome=\"finished\"} 0\nstateward_runs_total{job=\"often\",command=\"drift\",outcome=\"failed\"} 1"), "{text}");
    let effective = std::fs::metadata(at.join("runs.db-schedule.toml")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&effective.permissions()) & 0o777, 0o600);
    assert_eq!(ask(port, "POST /metrics").0, 405);
    assert_eq!(ask(port, "GET /../etc/passwd").0, 404);
    scheduler.signal("TERM");
    assert_eq!(scheduler.ends(), Some(0), "{}", scheduler.said());
    let result: Value =
        serde_json::from_str(&std::fs::read_to_string(at.join("drift.json")).unwrap()).unwrap();
    assert_eq!(result["run"]["command"], "drift");
    assert!(outcomes(at).iter().all(|outcome| outcome != "running"), "{:?}", outcomes(at));
}

#[test]
fn a_run_that_is_stopped_is_noted_at_once_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    pipe(at);
    let arguments =
        ["audit", "--snapshot", "pipe", "--history", "runs.db", "--format", "html", "--output", "brief.html"];
    for (signal, code, reason) in [("TERM", 143, "SIGTERM"), ("INT", 130, "SIGINT")] {
        let mut audit = Process::start(at, "log", &arguments);
        // The two may begin in one second, and then stand in the list in either order.
        until(|| outcomes(at).iter().any(|outcome| outcome == "running"), || audit.said());
        audit.signal(signal);
        assert_eq!(audit.ends(), Some(code), "{}", audit.said());
        assert!(
            audit.said().contains(&format!("interrupted by {reason}; runs.db says so")),
            "{}",
            audit.said()
        );
        let runs = list(at);
        let run = runs.iter().find(|run| run["reason"] == reason).expect("the run");
        assert_eq!(run["outcome"], "interrupted");
    }
    let left = std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<String> =
        left.filter(|name| name.starts_with(".stateward") || name.starts_with("brief")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_job_that_goes_on_is_not_begun_again_and_is_interrupted_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let run = endless(at);
    profile(at, "grace = \"1s\"", &[("slow", "* * * * * *", &run)]);
    let mut scheduler = Process::scheduler(at, "log");
    scheduler.says("skipped 1", 2);
    assert_eq!(outcomes(at), ["running"]);
    assert!(job(at).skipped >= 1);
    scheduler.signal("TERM");
    assert_eq!(scheduler.ends(), Some(0));
    let run = &list(at)[0];
    assert_eq!(
        (&run["outcome"], &run["reason"]),
        (&"interrupted".into(), &"the end of the scheduler".into())
    );
    let row = job(at);
    assert_eq!((row.outcome.as_deref(), row.interrupted, row.finished), (Some("interrupted"), 1, 0));

    // A second signal does not wait for the grace.
    profile(at, "grace = \"1h\"", &[("slow", "* * * * * *", "run = [\"audit\", \"--snapshot\", \"pipe\"]")]);
    let mut scheduler = Process::scheduler(at, "second.log");
    scheduler.says("begins", 1);
    until(|| outcomes(at)[0] == "running", || scheduler.said());
    scheduler.signal("TERM");
    scheduler.says("no run begins any more", 1);
    scheduler.signal("TERM");
    assert_eq!(scheduler.ends(), Some(143), "{}", scheduler.said());
    assert_eq!(outcomes(at), ["interrupted", "interrupted"]);
}

#[test]
fn a_second_scheduler_is_refused_and_after_a_kill_the_next_begins_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let run = endless(at);
    profile(at, "", &[("slow", "* * * * * *", &run)]);
    let mut first = Process::scheduler(at, "first.log");
    until(|| outcomes(at) == ["running"], || first.said());
    let refused = self::run(at, &["schedule", "--profile", "team.toml", "--history", "runs.db"]);
    assert_eq!(refused.code, 1);
    let holder = format!("process {} (since ", first.child.id());
    assert!(refused.err.contains(&holder) && refused.err.contains("remedy"), "{}", refused.err);
    let once =
        self::run(at, &["schedule", "--profile", "team.toml", "--history", "runs.db", "--once", "slow"]);
    assert_eq!(once.code, 1, "{}", once.err);

    first.signal("KILL");
    assert_eq!(first.ends(), None);
    let mut second = Process::scheduler(at, "second.log");
    second.says("the scheduler ended while it ran", 1);
    second.says("begins", 1);
    // The run of the one that was killed does not outlive it.
    until(|| outcomes(at).contains(&"interrupted".to_owned()), || format!("{:?}", outcomes(at)));
    second.signal("INT");
    second.signal("INT");
    second.ends();
    assert_eq!(job(at).interrupted, 2);
}

#[test]
fn what_was_missed_is_made_up_for_once_or_noted() {
    for (catch_up, expected) in [("once", "one run makes up for it"), ("skip", "none makes up for it")] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        profile(at, &format!("catch_up = \"{catch_up}\""), &[("nightly", "0 6 * * *", &over_demo("drift"))]);
        let mut scheduler = Process::scheduler(at, "first.log");
        scheduler.says("next: ", 1);
        scheduler.signal("TERM");
        assert_eq!(scheduler.ends(), Some(0));
        assert!(outcomes(at).is_empty(), "what was before the first start was never planned");
        let mut store = Store::open(&at.join("runs.db")).unwrap();
        store.pass_job("nightly", Passed::Missed, 0, Some("2026-03-01T06:00:00Z")).unwrap();
        drop(store);
        let mut scheduler = Process::scheduler(at, "second.log");
        scheduler.says(expected, 1);
        if catch_up == "once" {
            scheduler.says("finished after", 1);
        }
        scheduler.signal("TERM");
        assert_eq!(scheduler.ends(), Some(0));
        let runs = usize::from(catch_up == "once");
        assert_eq!(outcomes(at).len(), runs, "{}", scheduler.said());
        let row = job(at);
        assert!(row.missed > 100 && row.planned_at.as_str() > "2026-03-02", "{row:?}");
        let mut scheduler = Process::scheduler(at, "third.log");
        scheduler.says("next: ", 1);
        std::thread::sleep(Duration::from_millis(500));
        scheduler.signal("TERM");
        scheduler.ends();
        assert!(!scheduler.said().contains("missed"), "{}", scheduler.said());
        assert_eq!(outcomes(at).len(), runs);
    }
}

#[test]
fn a_run_that_was_stopped_in_order_is_made_up_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let run = endless(at);
    profile(at, "grace = \"0s\"", &[("slow", "0 6 * * *", &run)]);
    let set_back = || {
        let mut store = Store::open(&at.join("runs.db")).unwrap();
        store.plan_job("slow", "0 6 * * * UTC", "2026-03-01T06:00:00Z").unwrap();
    };
    set_back();
    for round in 1..3 {
        let mut scheduler = Process::scheduler(at, &format!("{round}.log"));
        until(
            || outcomes(at).iter().filter(|outcome| *outcome == "running").count() == 1,
            || scheduler.said(),
        );
        scheduler.signal("TERM");
        assert_eq!(scheduler.ends(), Some(0));
        assert_eq!(outcomes(at), vec!["interrupted"; round]);
        assert_eq!(job(at).planned_at, "2026-03-01T06:00:00Z");
    }
}

#[test]
fn a_profile_is_read_again_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    profile(at, "", &[("yearly", "0 0 1 1 *", &over_demo("drift"))]);
    let mut scheduler = Process::scheduler(at, "log");
    scheduler.says("next: ", 1);
    profile(
        at,
        "",
        &[("yearly", "0 0 1 1 *", &over_demo("drift")), ("often", "61 * * * *", &over_demo("drift"))],
    );
    scheduler.signal("HUP");
    scheduler.says("the one before goes on", 1);
    scheduler.says("`61` in the place of the minute", 1);
    profile(at, "listen = \"127.0.0.1:0\"", &[("often", "* * * * * *", &over_demo("drift"))]);
    scheduler.signal("HUP");
    scheduler.says("read again: 1 jobs", 1);
    scheduler.says("finished after", 1);
    assert_eq!(ask(port(&scheduler), "GET /readyz"), (200, "ready\n".to_owned()));
    scheduler.signal("TERM");
    assert_eq!(scheduler.ends(), Some(0));
}

#[test]
fn a_good_run_that_is_missing_is_told_and_a_failure_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let run = "run = [\"audit\", \"--snapshot\", \"none.stw\"]";
    profile(at, "listen = \"127.0.0.1:0\"\noverdue = \"1s\"", &[("broken", "* * * * * *", run)]);
    let mut scheduler = Process::scheduler(at, "log");
    let port = port(&scheduler);
    scheduler.says("failed after", 2);
    scheduler.says("none.stw: the snapshot cannot be opened", 2);
    until(|| ask(port, "GET /readyz").0 == 503, || scheduler.said());
    assert!(ask(port, "GET /readyz").1.contains("job broken: a good run is overdue"));
    assert!(
        ask(port, "GET /metrics").1.contains("stateward_job_overdue{job=\"broken\",command=\"audit\"} 1\n")
    );
    assert_eq!(ask(port, "GET /healthz").0, 200);
    scheduler.signal("TERM");
    assert_eq!(scheduler.ends(), Some(0));
    let row = job(at);
    assert!(row.failed >= 2 && row.reason.unwrap().contains("none.stw"), "the reason is kept");
}

#[test]
fn a_job_runs_once_now_and_a_preview_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    profile(at, "time_zone = \"America/Los_Angeles\"", &[("nightly", "30 2 * * *", &over_demo("audit"))]);
    let preview = run(at, &["schedule", "--profile", "team.toml", "--check"]);
    assert_eq!(preview.code, 0, "{}", preview.err);
    assert_eq!(
        preview.out.matches(":30:00 P").count() + preview.out.matches("03:00:00 PDT").count(),
        5,
        "{}",
        preview.out
    );
    assert!(!at.join("runs.db").exists());
    let once = run(at, &["schedule", "--profile", "team.toml", "--history", "runs.db", "--once", "nightly"]);
    assert_eq!(once.code, 2, "{}", once.err);
    assert_eq!(outcomes(at), ["finished"]);
    assert_eq!(job(at).finished, 1);
    let line = [
        "schedule",
        "--history",
        "runs.db",
        "--cron",
        "0 6 * * *",
        "--time-zone",
        "Asia/Tokyo",
        "--once",
        "drift",
        "--",
    ];
    let single = run(at, &[&line[..], &["drift", "--snapshot", DEMO, "--fail-on", "never"]].concat());
    assert_eq!(single.code, 0, "{}", single.err);
    assert_eq!(outcomes(at).len(), 2);
}

#[test]
fn what_cannot_be_scheduled_is_refused_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("listen = \"{}\"", taken.local_addr().unwrap());
    let good = over_demo("drift");
    let cases = [
        ("", "0 25 * * *", good.as_str(), "`25` in the place of the hour"),
        ("", "0 0 31 2 *", good.as_str(), "never fires"),
        ("time_zone = \"Mars/Olympus\"", "0 6 * * *", good.as_str(), "names no time zone"),
        ("", "0 6 * * *", "run = [\"audit\", \"--stat\", \"a\"]", "a similar argument exists: '--state'"),
        ("", "0 6 * * *", "run = [\"audit\", \"--state\", \"-\"]", "standard input"),
        ("", "0 6 * * *", "run = [\"audit\", \"--plan\", \"p.json\"]", "cannot be used with"),
        (taken.as_str(), "0 6 * * *", good.as_str(), "cannot be listened on"),
    ];
    for (settings, cron, run, expected) in cases {
        profile(at, settings, &[("nightly", cron, run)]);
        let ran = self::run(at, &["schedule", "--profile", "team.toml", "--history", "runs.db"]);
        assert_eq!(ran.code, 1, "{cron} {run}");
        assert!(ran.err.contains(expected), "{expected}: {}", ran.err);
    }
    profile(at, "", &[("nightly", "0 6 * * *", &good)]);
    let lines: [(&[&str], i32, &str); 6] = [
        (&["schedule", "--profile", "team.toml"], 1, "there is no history"),
        (&["schedule", "--history", "runs.db"], 1, "there is no job"),
        (
            &["schedule", "--profile", "team.toml", "--history", "runs.db", "--once", "daily"],
            1,
            "the profile has nightly",
        ),
        (&["schedule", "--history", "runs.db", "--cron", "0 6 * *", "--", "drift"], 64, "it has 4 fields"),
        (
            &["schedule", "--history", "runs.db", "--cron", "@daily", "--time-zone", "UCT+1", "--", "drift"],
            64,
            "IANA",
        ),
        (
            &["schedule", "--history", "runs.db", "--cron", "@daily", "--", "history"],
            1,
            "no command that a job can be",
        ),
    ];
    for (line, code, expected) in lines {
        let ran = self::run(at, line);
        assert_eq!(ran.code, code, "{line:?}: {}", ran.err);
        assert!(ran.err.contains(expected), "{line:?}: {}", ran.err);
    }
    std::fs::write(at.join("notes.db"), "these are notes, and no history at all").unwrap();
    let foreign = self::run(at, &["schedule", "--profile", "team.toml", "--history", "notes.db"]);
    assert!(foreign.code == 1 && foreign.err.contains("no history of stateward"), "{}", foreign.err);
}

#[test]
fn an_address_moves_to_other_interfaces_and_stays_where_the_new_one_cannot_be_had() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let yearly = over_demo("drift");
    let listen = |address: &str| {
        profile(at, &format!("listen = \"{address}\""), &[("yearly", "0 0 1 1 *", &yearly)]);
    };
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    listen(&format!("127.0.0.1:{free}"));
    let mut scheduler = Process::scheduler(at, "log");
    assert_eq!(port(&scheduler), free);
    listen(&format!("0.0.0.0:{free}"));
    scheduler.signal("HUP");
    scheduler.says(&format!("health and metrics on http://0.0.0.0:{free}"), 1);
    scheduler.says("read again", 1);
    assert_eq!(ask(free, "GET /healthz").0, 200);
    // No interface has this address (RFC 5737), so it cannot be bound, at the same port or another.
    for (round, port) in [free, 1].into_iter().enumerate() {
        listen(&format!("192.0.2.1:{port}"));
        scheduler.signal("HUP");
        scheduler.says("the address before goes on", round + 1);
        scheduler.says("read again", round + 2);
        assert_eq!(ask(free, "GET /healthz").0, 200);
    }
    scheduler.signal("TERM");
    assert_eq!(scheduler.ends(), Some(0));
}

#[test]
fn a_history_that_is_broken_tells_no_counts_and_one_in_its_place_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let listen = "listen = \"127.0.0.1:0\"";
    profile(at, listen, &[("drift", "0 0 1 1 *", &over_demo("drift"))]);
    let mut scheduler = Process::scheduler(at, "log");
    let port = port(&scheduler);
    let total = "stateward_runs_total{job=\"drift\",command=\"drift\",outcome=\"finished\"} ";
    assert!(ask(port, "GET /metrics").1.contains(&format!("{total}0\n")));
    std::fs::write(at.join("runs.db"), "these are notes, and no history at all").unwrap();
    until(|| ask(port, "GET /metrics").1.contains("stateward_history_usable 0\n"), || scheduler.said());
    let text = ask(port, "GET /metrics").1;
    for family in ["stateward_runs_total", "stateward_job_overdue", "stateward_run_duration_seconds"] {
        assert!(!text.contains(family), "{family} in {text}");
    }
    assert!(text.contains("stateward_next_run_timestamp_seconds{job=\"drift\""), "{text}");
    assert_eq!(ask(port, "GET /readyz").0, 503);

    std::fs::remove_file(at.join("runs.db")).unwrap();
    profile(at, listen, &[("drift", "* * * * * *", &over_demo("drift"))]);
    scheduler.signal("HUP");
    scheduler.says("finished after", 1);
    until(|| ask(port, "GET /metrics").1.contains(total), || scheduler.said());
    scheduler.signal("TERM");
    assert_eq!(scheduler.ends(), Some(0));
    assert!(job(at).finished >= 1 && outcomes(at).contains(&"finished".to_owned()));
}

#[cfg(feature = "smtp")]
fn parcels(folder: &Path) -> Vec<PathBuf> {
    let waiting = std::fs::read_dir(folder.join("runs.db-mail/waiting")).unwrap();
    waiting.map(|entry| entry.unwrap().path()).collect()
}

/// Makes a message due as a look at the clock some minutes later would find it.
#[cfg(feature = "smtp")]
fn is_due(parcel: &Path) {
    let mut text: Value = serde_json::from_str(&std::fs::read_to_string(parcel).unwrap()).unwrap();
    text["next_at"] = text["made_at"].clone();
    let beside = parcel.with_file_name(".new");
    std::fs::write(&beside, text.to_string()).unwrap();
    std::fs::rename(beside, parcel).unwrap();
}

#[cfg(feature = "smtp")]
#[test]
fn what_is_due_leaves_with_a_run_that_mails_nothing_itself() {
    use stateward_testbed::{Relay, kept};

    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let port = Relay::start(&at.join("relay"), 0, &[]).port();
    let mails = format!("{}\nmail = true", over_demo("drift"));
    profile(at, "", &[("mails", "0 0 1 1 *", &mails), ("plain", "0 0 1 1 *", &over_demo("audit"))]);
    let mail = format!(
        "[mail]\nname = \"prod\"\nfrom = \"stateward@acme.example\"\nrelay = \"127.0.0.1\"\nport = {port}\n\
         ca_file = \"relay/authority.pem\"\nuser_variable = \"SMTP_USER\"\npassword_variable = \"SMTP_PASSWORD\"\n\
         timeout = \"5s\"\n[[mail.recipients]]\nto = [\"ops@acme.example\"]\n"
    );
    let schedule = std::fs::read_to_string(at.join("team.toml")).unwrap();
    std::fs::write(at.join("team.toml"), format!("{mail}{schedule}")).unwrap();
    let once = |job: &str| {
        run(at, &["schedule", "--profile", "team.toml", "--history", "runs.db", "--once", job, "--quiet"])
    };
    assert_eq!(once("mails").code, 1);
    assert_eq!(once("plain").code, 2, "it is not due, and another run's");
    let parcel = parcels(at).remove(0);
    is_due(&parcel);
    let failed = once("plain");
    assert!(failed.code == 1 && failed.err.contains("messages wait on"), "{}", failed.err);
    is_due(&parcel);
    let relay = Relay::start(&at.join("relay"), port, &[]);
    let sent = once("plain");
    assert_eq!(sent.code, 2, "{}", sent.err);
    assert_eq!(kept(&at.join("relay")).len(), 1);
    drop(relay);
}

#[cfg(feature = "smtp")]
#[test]
fn results_are_mailed_and_what_waits_leaves_when_the_relay_is_back() {
    use stateward_testbed::{Relay, kept};

    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let port = Relay::start(&at.join("relay"), 0, &[]).port();
    profile(at, "", &[("yearly", "0 0 1 1 *", &format!("{}\nmail = true", over_demo("drift")))]);
    let mail = format!(
        "[mail]\nname = \"prod\"\nfrom = \"stateward@acme.example\"\nrelay = \"127.0.0.1\"\nport = {port}\n\
         ca_file = \"relay/authority.pem\"\nuser_variable = \"SMTP_USER\"\npassword_variable = \"SMTP_PASSWORD\"\n\
         timeout = \"5s\"\n[[mail.recipients]]\nto = [\"ops@acme.example\"]\n"
    );
    let schedule = std::fs::read_to_string(at.join("team.toml")).unwrap();
    std::fs::write(at.join("team.toml"), format!("{mail}{schedule}")).unwrap();
    // The relay is down: the run is as good as ever, and its message waits. Nobody but the exit code tells a timer.
    let once = run(
        at,
        &["schedule", "--profile", "team.toml", "--history", "runs.db", "--once", "yearly", "--quiet"],
    );
    assert_eq!(once.code, 1, "{}", once.err);
    assert!(once.err.contains("mail waits, or could not be made"), "{}", once.err);
    assert_eq!((outcomes(at), job(at).finished), (vec!["finished".to_owned()], 1));
    let parcel = parcels(at).remove(0);

    let relay = Relay::start(&at.join("relay"), port, &[]);
    let mut scheduler = Process::scheduler(at, "log");
    scheduler.says("next: ", 1);
    std::thread::sleep(Duration::from_secs(1));
    assert!(kept(&at.join("relay")).is_empty(), "it is not due yet");
    is_due(&parcel);
    until(|| kept(&at.join("relay")).len() == 1, || scheduler.said());
    scheduler.says("ops@acme.example: sent: stateward prod: first report", 1);
    scheduler.signal("TERM");
    assert_eq!(scheduler.ends(), Some(0));
    assert!(!scheduler.said().contains(PASSWORD));
    let store = Store::open_existing(&at.join("runs.db")).unwrap();
    assert_eq!(store.receipts(&job(at).good_run.unwrap()).unwrap().len(), 1);
    drop(relay);
}
