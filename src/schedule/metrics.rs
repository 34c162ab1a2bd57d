//! The metrics of a scheduler in the text format of Prometheus.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use std::fmt::Write;

/// The content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is told, at one moment. Times are seconds since 1970 in UTC.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    /// The version of the program.
    pub version: String,
    /// Now.
    pub now: f64,
    /// When the scheduler began.
    pub started_at: f64,
    /// Whether the history can be read.
    pub history: bool,
    /// The jobs, in the order in which they are declared.
    pub jobs: Vec<JobView>,
    /// Messages that wait, and that were given up; none where the spool cannot be read, or there is none.
    pub messages: Option<(usize, usize)>,
}

/// A job.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobView {
    /// Its name.
    pub name: String,
    /// Its command.
    pub command: String,
    /// When it is to run next.
    pub next: Option<f64>,
    /// Whether it runs now.
    pub runs: bool,
    /// Whether a good run is missing; none where the history does not tell.
    pub overdue: Option<bool>,
    /// What the history knows of it; none where it does not tell. A count that nobody knows is no 0.
    pub record: Option<RecordView>,
    /// When the last run that brought a result ended.
    pub good_at: Option<f64>,
    /// That run, while it is stored.
    pub good: Option<GoodView>,
}

/// What became of the runs of a job.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordView {
    /// Runs that ended with a result.
    pub finished: u64,
    /// Runs that ended without.
    pub failed: u64,
    /// Runs that were stopped.
    pub interrupted: u64,
    /// Planned times that passed while the former run went on.
    pub skipped: u64,
    /// Planned times that passed while there was no scheduler.
    pub missed: u64,
    /// Seconds that all ended runs took.
    pub seconds: f64,
    /// Seconds that the last one took.
    pub last_seconds: Option<f64>,
}

/// A run that brought a result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GoodView {
    /// What people call the estate.
    pub estate: String,
    /// The verdict.
    pub decision: Option<String>,
    /// The score in the worst and in the best case, in percent.
    pub score: Option<(f64, f64)>,
    /// The known share, in percent.
    pub coverage: Option<f64>,
    /// Findings by status.
    pub findings: Vec<(&'static str, usize)>,
    /// Differences by class.
    pub drift: Vec<(&'static str, usize)>,
    /// Operations that could not be read.
    pub unread: usize,
    /// States that could not be read; none where the history does not know.
    pub unread_states: Option<usize>,
    /// Requests.
    pub calls: u64,
    /// Requests that were throttled; none where the history does not know.
    pub throttled: Option<u64>,
}

/// The verdicts that there are.
const DECISIONS: [&str; 4] = ["go", "go_with_waivers", "no_go", "undetermined"];

type Labels<'a> = [(&'a str, &'a str)];

#[derive(Default)]
struct Text(String);

impl Text {
    /// Begins a family of samples.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &Labels, value: f64) {
        self.0.push_str(name);
        for (at, (label, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
            let _ = write!(self.0, "{}{label}=\"{value}\"", if at == 0 { '{' } else { ',' });
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let value = match value {
            value if value.is_nan() => "NaN".to_owned(),
            value if value.is_infinite() => if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
            value => value.to_string(),
        };
        let _ = writeln!(self.0, " {value}");
    }

    /// A family with one sample for each job that has one.
    fn of_jobs(&mut self, view: &View, family: [&str; 3], value: impl Fn(&JobView) -> Option<f64>) {
        let [name, kind, help] = family;
        let samples: Vec<_> = view.jobs.iter().filter_map(|job| Some((job, value(job)?))).collect();
        if samples.is_empty() {
            return;
        }
        self.family(name, kind, help);
        for (job, value) in samples {
            self.sample(name, &[("job", &job.name), ("command", &job.command)], value);
        }
    }

    /// A family of what the last good runs found, each sample with a label of its own where it has a name.
    fn of_results<'v>(
        &mut self,
        view: &'v View,
        family: [&str; 3],
        label: &str,
        values: impl Fn(&'v GoodView) -> Vec<(&'v str, f64)>,
    ) {
        let [name, kind, help] = family;
        let good = view.jobs.iter().filter_map(|job| Some((job, job.good.as_ref()?)));
        let samples: Vec<_> = good.map(|(job, good)| (job, good, values(good))).collect();
        if samples.iter().all(|(.., values)| values.is_empty()) {
            return;
        }
        self.family(name, kind, help);
        for (job, good, values) in samples {
            for (of, value) in values {
                let mut labels =
                    vec![("estate", good.estate.as_str()), ("command", &job.command), ("job", &job.name)];
                if !label.is_empty() {
                    labels.push((label, of));
                }
                self.sample(name, &labels, value);
            }
        }
    }
}

/// All metrics.
pub fn render(view: &View) -> String {
    let mut text = Text::default();
    text.family("stateward_build_info", "gauge", "The version of the program.");
    text.sample("stateward_build_info", &[("version", &view.version)], 1.0);
    text.family("stateward_scheduler_start_timestamp_seconds", "gauge", "When the scheduler began.");
    text.sample("stateward_scheduler_start_timestamp_seconds", &[], view.started_at);
    text.family("stateward_history_usable", "gauge", "1 while the history can be read.");
    text.sample("stateward_history_usable", &[], f64::from(u8::from(view.history)));
    if let Some((waiting, given_up)) = view.messages {
        text.family("stateward_messages_waiting", "gauge", "Messages that wait for their delivery.");
        text.sample("stateward_messages_waiting", &[], count(waiting));
        text.family("stateward_messages_given_up", "gauge", "Messages that were given up and are kept.");
        text.sample("stateward_messages_given_up", &[], count(given_up));
    }
    jobs(&mut text, view);
    results(&mut text, view);
    text.0
}

fn jobs(text: &mut Text, view: &View) {
    let flag = |flag: bool| Some(f64::from(u8::from(flag)));
    let next = ["stateward_next_run_timestamp_seconds", "gauge", "When the job is to run next."];
    text.of_jobs(view, next, |job| job.next);
    text.of_jobs(view, ["stateward_job_running", "gauge", "1 while the job runs."], |job| flag(job.runs));
    let overdue = ["stateward_job_overdue", "gauge", "1 while a good run of the job is missing."];
    text.of_jobs(view, overdue, |job| job.overdue.and_then(flag));
    let known: Vec<_> = view.jobs.iter().filter_map(|job| Some((job, job.record.as_ref()?))).collect();
    if !known.is_empty() {
        let name = "stateward_runs_total";
        text.family(name, "counter", "Runs that ended: finished with a result, failed, or interrupted.");
        for (job, of) in &known {
            for (outcome, count) in
                [("finished", of.finished), ("failed", of.failed), ("interrupted", of.interrupted)]
            {
                let labels = [("job", job.name.as_str()), ("command", &job.command), ("outcome", outcome)];
                text.sample(name, &labels, count as f64);
            }
        }
    }
    let skipped = [
        "stateward_skipped_runs_total",
        "counter",
        "Planned times that passed while the former run went on.",
    ];
    text.of_jobs(view, skipped, |job| job.record.as_ref().map(|of| of.skipped as f64));
    let missed =
        ["stateward_missed_runs_total", "counter", "Planned times that passed while there was no scheduler."];
    text.of_jobs(view, missed, |job| job.record.as_ref().map(|of| of.missed as f64));
    if !known.is_empty() {
        let name = "stateward_run_duration_seconds";
        text.family(name, "summary", "How long runs took that ended.");
        for (job, of) in &known {
            let labels = [("job", job.name.as_str()), ("command", &job.command)];
            text.sample(&format!("{name}_sum"), &labels, of.seconds);
            text.sample(&format!("{name}_count"), &labels, (of.finished + of.failed + of.interrupted) as f64);
        }
    }
    let last = ["stateward_last_run_duration_seconds", "gauge", "How long the last run took."];
    text.of_jobs(view, last, |job| job.record.as_ref()?.last_seconds);
    // Of the job and not of the run, which may be forgotten.
    let at = ["stateward_last_good_run_timestamp_seconds", "gauge", "When the last run with a result ended."];
    text.of_jobs(view, at, |job| job.good_at);
    let age =
        ["stateward_last_good_run_age_seconds", "gauge", "How long ago the last run with a result ended."];
    text.of_jobs(view, age, |job| job.good_at.map(|at| view.now - at));
}

fn results(text: &mut Text, view: &View) {
    let one = |value: Option<f64>| value.map(|value| ("", value)).into_iter().collect::<Vec<_>>();
    let score =
        ["stateward_score_percent", "gauge", "The score: evidenced is the worst case, possible the best."];
    text.of_results(view, score, "case", |good| {
        good.score.map_or_else(Vec::new, |(worst, best)| vec![("evidenced", worst), ("possible", best)])
    });
    let verdict = ["stateward_verdict", "gauge", "1 for the verdict of the last run with a result."];
    text.of_results(view, verdict, "decision", |good| {
        let Some(decision) = &good.decision else { return Vec::new() };
        DECISIONS.iter().map(|known| (*known, f64::from(u8::from(known == decision)))).collect()
    });
    let coverage = ["stateward_coverage_percent", "gauge", "The known share of the score."];
    text.of_results(view, coverage, "", |good| one(good.coverage));
    let findings = ["stateward_findings", "gauge", "Findings by status."];
    text.of_results(view, findings, "status", |good| {
        good.findings.iter().map(|(status, number)| (*status, count(*number))).collect()
    });
    let drift = [
        "stateward_drift_items",
        "gauge",
        "What was compared with the states, by class; in_sync is no drift.",
    ];
    text.of_results(view, drift, "class", |good| {
        good.drift.iter().map(|(class, number)| (*class, count(*number))).collect()
    });
    let unread = ["stateward_unread_operations", "gauge", "Operations that could not be read."];
    text.of_results(view, unread, "", |good| one(Some(count(good.unread))));
    let states = ["stateward_unread_states", "gauge", "States that could not be read."];
    text.of_results(view, states, "", |good| one(good.unread_states.map(count)));
    let calls = ["stateward_calls", "gauge", "Requests that the run made."];
    text.of_results(view, calls, "", |good| one(Some(good.calls as f64)));
    let throttled = ["stateward_throttled_calls", "gauge", "Requests of the run that were throttled."];
    text.of_results(view, throttled, "", |good| one(good.throttled.map(|calls| calls as f64)));
}

fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let good = GoodView {
            estate: "prod \"eu\"\\\n".to_owned(),
            decision: Some("no_go".to_owned()),
            score: Some((61.5, 78.25)),
            coverage: Some(93.0),
            findings: vec![("pass", 120), ("fail", 4)],
            drift: vec![("changed", 2), ("missing", 0)],
            unread: 1,
            unread_states: Some(2),
            calls: 567,
            throttled: Some(3),
        };
        let record = RecordView {
            finished: 3,
            failed: 1,
            seconds: 42.5,
            last_seconds: Some(9.5),
            ..RecordView::default()
        };
        View {
            version: "0.1.0".to_owned(),
            now: 1_772_348_400.0,
            started_at: 1_772_300_000.0,
            history: true,
            jobs: vec![
                JobView {
                    name: "nightly".to_owned(),
                    command: "audit".to_owned(),
                    next: Some(1_772_431_200.0),
                    overdue: Some(false),
                    record: Some(record),
                    good_at: Some(1_772_344_800.0),
                    good: Some(good),
                    ..JobView::default()
                },
                JobView {
                    name: "hourly".to_owned(),
                    command: "drift".to_owned(),
                    runs: true,
                    overdue: Some(false),
                    record: Some(RecordView::default()),
                    ..JobView::default()
                },
            ],
            messages: Some((2, 0)),
        }
    }

    #[test]
    fn the_text_is_what_prometheus_reads() {
        insta::assert_snapshot!(render(&view()));
    }

    #[test]
    fn what_the_history_does_not_tell_is_left_out() {
        let mut view = view();
        view.history = false;
        for job in &mut view.jobs {
            (job.overdue, job.record, job.good_at, job.good) = (None, None, None, None);
        }
        let text = render(&view);
        let families: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        assert_eq!(
            families,
            [
                "stateward_build_info gauge",
                "stateward_scheduler_start_timestamp_seconds gauge",
                "stateward_history_usable gauge",
                "stateward_messages_waiting gauge",
                "stateward_messages_given_up gauge",
                "stateward_next_run_timestamp_seconds gauge",
                "stateward_job_running gauge",
            ]
        );
        assert!(text.contains("stateward_history_usable 0\n"), "{text}");
    }

    #[test]
    fn the_age_of_a_good_run_is_told_when_the_run_is_forgotten() {
        let mut view = view();
        view.jobs[0].good = None;
        let text = render(&view);
        let line = "stateward_last_good_run_age_seconds{job=\"nightly\",command=\"audit\"} 3600\n";
        assert!(text.contains(line) && !text.contains("stateward_score_percent"), "{text}");
    }

    #[test]
    fn every_sample_belongs_to_the_family_before_it_and_stands_once() {
        let text = render(&view());
        let (mut family, mut seen) = (String::new(), std::collections::BTreeSet::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                family = rest.split(' ').next().unwrap().to_owned();
                continue;
            }
            if line.starts_with('#') {
                continue;
            }
            let (sample, value) = line.rsplit_once(' ').unwrap();
            assert!(sample.starts_with(&family), "{line} in {family}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(seen.insert(sample.to_owned()), "{line} stands twice");
        }
        assert!(text.ends_with('\n') && seen.len() > 30);
    }
}
