//! The list of runs, one run, and how far one has come.

use serde_json::{Value, json};
use stateward_store::{Progress, RunRow};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::query::address;
use super::route::{COMMANDS, OUTCOMES};
use super::shell::{clipped, entry, pager, short};
use super::{Pages, RunsAsked, Shell};
use crate::report::words;
use crate::report::{ReportError, history};

/// What became of a run: one whose time is over is not running any more.
pub fn outcome(run: &RunRow, now: OffsetDateTime) -> &str {
    let is_over = OffsetDateTime::parse(&run.deadline, &Rfc3339).is_ok_and(|deadline| deadline < now);
    if run.outcome == "running" && is_over { "interrupted" } else { &run.outcome }
}

/// The answer of a run in words, and how good it is.
pub(super) fn answer(run: &RunRow, now: OffsetDateTime) -> (String, &'static str) {
    match (outcome(run, now), run.decision.as_deref()) {
        ("finished", Some(decision)) => {
            let (words, kind) = match decision {
                "go" => ("GO", "go"),
                "go_with_waivers" => ("GO WITH WAIVERS", "waived"),
                "no_go" => ("NO-GO", "stop"),
                "undetermined" => ("UNDETERMINED", "open"),
                other => (other, "open"),
            };
            (words.to_owned(), kind)
        }
        ("finished", None) => {
            let (words, kind) = drift_answer(run);
            (words.to_owned(), kind)
        }
        ("running", _) => ("running".to_owned(), "run"),
        (other, _) => (other.to_owned(), "open"),
    }
}

fn drift_answer(run: &RunRow) -> (&'static str, &'static str) {
    let Some(drift) = run.drift else { return ("nothing compared", "open") };
    // A history of an earlier version does not say how many states were read; what is not known is not fine.
    let all_read = drift.unknown == 0 && run.errors == Some(0) && run.unread_states == Some(0);
    let found = drift.changed + drift.missing + drift.unmanaged + drift.conflict + drift.ghost;
    match found.saturating_sub(drift.accepted) {
        0 if !all_read => ("NO DRIFT FOUND, NOT ALL READ", "open"),
        0 if drift.accepted > 0 => ("NO DRIFT BEYOND WHAT IS ACCEPTED", "waived"),
        0 => ("NO DRIFT", "go"),
        _ => ("DRIFT FOUND", "stop"),
    }
}

/// Differences of a run, without what could not be compared.
pub(super) fn differing(run: &RunRow) -> Option<usize> {
    run.drift.map(|drift| drift.changed + drift.missing + drift.unmanaged + drift.conflict + drift.ghost)
}

/// What a list says of a run.
pub(super) fn row(run: &RunRow, shell: &Shell) -> Value {
    let (words, kind) = answer(run, shell.now);
    let number = |number: Option<usize>| number.map(words::thousands);
    let since = run.drift.and_then(|drift| drift.since);
    json!({
        "id": run.id,
        "short": short(&run.id),
        "href": format!("/runs/{}", run.id),
        "command": run.command,
        "estate": clipped(&run.estate, 80),
        "started": words::moment(&run.started_at),
        "started_at": run.started_at,
        "as_of": run.as_of.as_deref().map(words::moment),
        "ago": shell.ago(&run.started_at),
        "answer": words,
        "kind": kind,
        "outcome": outcome(run, shell.now),
        "reason": run.reason.as_deref().map(|reason| clipped(&words::one_line(reason), 300)),
        "score": run.evidenced.zip(run.possible).map(|(worst, best)| words::range(worst, best)),
        "coverage": run.coverage.map(words::percent),
        "failing": number(run.findings.map(|counts| counts[1] + counts[3])),
        "unknown": number(run.findings.map(|counts| counts[2])),
        "drift": number(differing(run)),
        "new": number(since.map(|[new, returned, _]| new + returned)),
        "unread": number(run.errors),
    })
}

/// How far a run has come, as a page and the events that follow it have it.
pub fn progress(run: &RunRow, progress: Option<&Progress>, now: OffsetDateTime) -> Value {
    let begun = OffsetDateTime::parse(&run.started_at, &Rfc3339).ok();
    let seconds = begun.and_then(|begun| u64::try_from((now - begun).whole_seconds()).ok()).unwrap_or(0);
    let phase = progress.map_or("beginning", |progress| progress.phase.as_str());
    let (done, total) =
        progress.map_or((0, 0), |progress| (progress.done.min(progress.total), progress.total));
    let calls = progress.map_or(0, |progress| usize::try_from(progress.calls).unwrap_or(usize::MAX));
    json!({
        "phase": words::capital(phase),
        "calls": words::thousands(calls),
        "done": done,
        "total": total,
        "listings": match total {
            0 => "–".to_owned(),
            total => format!("{} of {}", words::thousands(done), words::thousands(total)),
        },
        "gaps": words::thousands(progress.map_or(0, |progress| progress.gaps)),
        "elapsed": span(seconds),
        "outcome": outcome(run, now),
    })
}

fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

impl Pages {
    /// The list of runs; estates are those that there are to choose from.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn runs(
        &self,
        shell: &Shell,
        asked: &RunsAsked,
        rows: &[RunRow],
        total: usize,
        estates: &[String],
    ) -> Result<String, ReportError> {
        let estate = asked.estate.as_deref().unwrap_or_default();
        let to = |page: usize| {
            let page = page.to_string();
            let (of, outcome) = (asked.command.unwrap_or_default(), asked.outcome.unwrap_or_default());
            address("/runs", &[("of", of), ("estate", estate), ("outcome", outcome), ("page", &page)])
        };
        let mut of_estate = vec![entry("", "All", asked.estate.as_deref())];
        of_estate.extend(estates.iter().map(|name| entry(name, name, asked.estate.as_deref())));
        let context = json!({
            "rows": rows.iter().map(|run| row(run, shell)).collect::<Vec<_>>(),
            "pager": pager(asked.page, rows.len(), total, &to),
            "total": total,
            "narrowed": asked.command.is_some() || asked.estate.is_some() || asked.outcome.is_some(),
            "commands": choice(&COMMANDS, asked.command),
            "outcomes": choice(&OUTCOMES, asked.outcome),
            "estates": of_estate,
        });
        self.render("runs", shell, "Runs", context)
    }

    /// One run, with those before and after it, and how far it has come.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn run(
        &self,
        shell: &Shell,
        run: &RunRow,
        before: Option<&RunRow>,
        after: Option<&RunRow>,
        how_far: Option<&Progress>,
    ) -> Result<String, ReportError> {
        let title = format!("Run {}", short(&run.id));
        let running = outcome(run, shell.now) == "running";
        let facts: Vec<Value> = facts(run).into_iter().map(|(name, value)| json!([name, value])).collect();
        let findings = run.findings.map(|counts| {
            const NAMES: [(&str, &str); 6] = [
                ("fail", "Failing"),
                ("unknown", "Unknown"),
                ("partial", "Partial"),
                ("waived", "Waived"),
                ("pass", "Passing"),
                ("not_applicable", "Do not apply"),
            ];
            let [pass, fail, unknown, partial, not_applicable, waived] = counts;
            let numbers = [fail, unknown, partial, waived, pass, not_applicable];
            let rows = NAMES.iter().zip(numbers).map(|((status, title), number)| {
                json!({
                    "title": title,
                    "number": words::thousands(number),
                    "href": address("/findings", &[("run", &run.id), ("status", status)]),
                })
            });
            rows.collect::<Vec<_>>()
        });
        let drift = run.drift.map(|drift| {
            let rows = super::drift::counts(&drift).into_iter().map(|(class, title, number)| {
                json!({
                    "title": title,
                    "number": words::thousands(number),
                    "href": (class != "in_sync").then(|| address("/drift", &[("run", &run.id), ("class", class)])),
                })
            });
            rows.collect::<Vec<_>>()
        });
        let recovery = run.command == "recover";
        let context = json!({
            "row": row(run, shell),
            "running": running,
            "finished": run.outcome == "finished",
            "progress": running.then(|| progress(run, how_far, shell.now)),
            "facts": facts,
            "findings": findings.filter(|_| !recovery),
            "drift": drift.filter(|_| !recovery),
            "recovery": recovery,
            "page": match recovery {
                true => address("/recovery", &[("run", &run.id)]),
                false => address("/", &[("run", &run.id)]),
            },
            "before": before.map(|other| row(other, shell)),
            "after": after.map(|other| row(other, shell)),
            "compare": before.map(|other| address("/compare", &[("old", &other.id), ("new", &run.id)])),
        });
        self.render("run", shell, &title, context)
    }
}

fn facts(run: &RunRow) -> Vec<(&'static str, String)> {
    let moment = |text: &str| words::moment(text);
    let took = run.finished_at.as_deref().and_then(|end| {
        let (start, end) =
            (OffsetDateTime::parse(&run.started_at, &Rfc3339), OffsetDateTime::parse(end, &Rfc3339));
        u64::try_from((end.ok()? - start.ok()?).whole_seconds()).ok()
    });
    let all = [
        ("Id", Some(run.id.clone())),
        ("Command", Some(format!("stateward {}", run.command))),
        ("Estate", Some(run.estate.clone()).filter(|estate| !estate.is_empty())),
        ("Began", Some(moment(&run.started_at))),
        ("Ended", run.finished_at.as_deref().map(moment)),
        ("Took", took.map(span)),
        ("As of", run.as_of.as_deref().map(moment)),
        (
            "Score",
            run.evidenced.zip(run.possible).map(|(worst, best)| {
                format!("{} of 100, each unknown a failure first", words::range(worst, best))
            }),
        ),
        ("Coverage", run.coverage.map(words::percent)),
        ("Calls", run.calls.map(|calls| words::thousands(usize::try_from(calls).unwrap_or(usize::MAX)))),
        ("Operations not read", run.errors.map(words::thousands)),
        (
            "Drift since the run before",
            run.drift.and_then(|drift| drift.since).map(|[new, returned, resolved]| {
                format!("{new} new, {returned} returned, {resolved} resolved")
            }),
        ),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn choice(words: &[&str], chosen: Option<&str>) -> Vec<Value> {
    let mut all = vec![entry("", "All", chosen)];
    all.extend(words.iter().map(|word| entry(word, &words::capital(word), chosen)));
    all
}

/// The age of the last good run in words, and whether it is long ago.
pub(super) fn last_good(run: &RunRow, shell: &Shell) -> (String, bool) {
    /// Two days: a daily job has missed a run.
    const LONG: u64 = 172_800;
    let end = run.finished_at.as_deref().unwrap_or(&run.started_at);
    let seconds = OffsetDateTime::parse(end, &Rfc3339)
        .ok()
        .and_then(|end| u64::try_from((shell.now - end).whole_seconds()).ok())
        .unwrap_or(0);
    let said = if seconds < 60 { "less than a minute".to_owned() } else { history::age(seconds) };
    (said, seconds >= LONG)
}
