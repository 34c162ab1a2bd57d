//! `stateward history`: the list of runs, and one of them.

use anyhow::bail;
use serde_json::{Value, json};
use stateward::profile::Profile;
use stateward::report::{history::age as span, words};
use stateward_store::{RunRow, Store};
use tabled::builder::Builder;
use tabled::settings::Style;

use super::output::{Outputs, print};
use super::{Outside, cli, ledger, stamp};
use crate::cli::{HistoryAction, ListFormat};

/// Letters of an id that tell runs apart.
const SHORT: usize = 12;

/// Lists runs, or shows one.
///
/// # Errors
/// A history that is not there or cannot be used, or a run that is not in it.
pub fn history(args: &cli::History, outside: &Outside) -> anyhow::Result<u8> {
    let profile = Profile::load(&args.profile, |path| std::fs::read_to_string(path))?;
    let Some(path) = ledger::file(args.file.as_deref(), &profile) else {
        bail!("there is no history named: write --history FILE, or name a profile that has `history.file`");
    };
    let store = Store::open_existing(&path)?;
    match &args.action {
        Some(HistoryAction::Show { run, output }) => {
            let document = ledger::document(&store, &store.find(run)?)?;
            Outputs::open(&output.reports)?.write(&document, outside)?;
            Ok(0)
        }
        Some(HistoryAction::Verify) => {
            store.verify()?;
            outside.say(&format!("{}: every page and every index is as it should be", path.display()));
            Ok(0)
        }
        Some(HistoryAction::Export { parquet, since }) => {
            let since = since.map(stamp);
            export(&store, parquet, since.as_deref(), outside)?;
            Ok(0)
        }
        None => {
            let runs = store.runs(args.of.as_deref(), args.limit as usize)?;
            match args.format {
                ListFormat::Json => {
                    let list: Vec<Value> = runs.iter().map(|run| describe(run, outside)).collect();
                    print(&format!("{:#}\n", Value::Array(list)))
                }
                ListFormat::Table => print(&table(&runs, outside)),
            }
        }
    }
}

#[cfg(feature = "parquet")]
use super::export::parquet as export;

#[cfg(not(feature = "parquet"))]
fn export(_: &Store, _: &std::path::Path, _: Option<&str>, _: &Outside) -> anyhow::Result<()> {
    bail!(
        "this build leaves Parquet out\n  remedy: build it with `--features parquet`, or read the tables with sqlite3 \
         (docs/history.md)"
    )
}

/// What became of a run: one whose time is over is not running any more.
pub(super) fn outcome<'a>(run: &'a RunRow, outside: &Outside) -> &'a str {
    let is_over = ledger::age(&run.deadline, outside.now).is_some_and(|age| age > 0);
    if run.outcome == "running" && is_over { "interrupted" } else { &run.outcome }
}

fn describe(run: &RunRow, outside: &Outside) -> Value {
    let findings = run.findings.map(|[pass, fail, unknown, partial, not_applicable, waived]| {
        json!({
            "pass": pass, "fail": fail, "unknown": unknown, "partial": partial, "not_applicable": not_applicable,
            "waived": waived,
        })
    });
    let drift = run.drift.map(|drift| {
        json!({
            "in_sync": drift.in_sync, "changed": drift.changed, "missing": drift.missing,
            "unmanaged": drift.unmanaged, "ghost": drift.ghost, "conflict": drift.conflict, "unknown": drift.unknown,
            "accepted": drift.accepted,
            "since": drift.since.map(|[new, returned, resolved]| {
                json!({ "new": new, "returned": returned, "resolved": resolved })
            }),
        })
    });
    json!({
        "id": run.id, "command": run.command, "estate": run.estate, "outcome": outcome(run, outside),
        "reason": run.reason, "started_at": run.started_at, "finished_at": run.finished_at, "as_of": run.as_of,
        "age_s": ledger::age(&run.started_at, outside.now), "decision": run.decision, "evidenced": run.evidenced,
        "possible": run.possible, "coverage": run.coverage, "errors": run.errors, "unread_states": run.unread_states, "calls": run.calls,
        "findings": findings, "drift": drift,
    })
}

fn table(runs: &[RunRow], outside: &Outside) -> String {
    if runs.is_empty() {
        return "No run is stored yet.\n".to_owned();
    }
    let mut builder = Builder::new();
    builder.push_record([
        "Run", "Age", "Command", "Estate", "Answer", "Score", "Coverage", "Fail", "Unknown", "Drift", "New",
        "Unread",
    ]);
    for run in runs {
        builder.push_record(row(run, outside));
    }
    let mut table = builder.build();
    table.with(Style::blank());
    let lines: Vec<String> = table.to_string().lines().map(|line| line.trim_end().to_owned()).collect();
    format!("{}\n", lines.join("\n"))
}

/// Whether a comparison read everything that it asked for. Where that was not written down, it is not known to have.
fn all_read(run: &RunRow) -> bool {
    run.errors == Some(0) && run.unread_states == Some(0) && run.drift.is_some_and(|drift| drift.unknown == 0)
}

fn row(run: &RunRow, outside: &Outside) -> [String; 12] {
    let number = |number: Option<usize>| number.map_or_else(|| "-".to_owned(), words::thousands);
    let findings = |at: usize| number(run.findings.map(|counts| counts[at]));
    let drift = run.drift.map(|drift| {
        let found = drift.changed + drift.missing + drift.unmanaged + drift.ghost + drift.conflict;
        found.saturating_sub(drift.accepted)
    });
    let new = run.drift.and_then(|drift| drift.since).map(|[new, returned, _]| new + returned);
    let answer = match (outcome(run, outside), run.decision.as_deref()) {
        ("finished", Some(decision)) => decision.replace('_', " ").to_uppercase().replace("NO GO", "NO-GO"),
        ("finished", None) if drift.is_some_and(|drift| drift > 0) => "DRIFT".to_owned(),
        // Nothing was found where not everything was looked at: that is not clean.
        ("finished", None) if !all_read(run) => "not all read".to_owned(),
        ("finished", None) => "no drift".to_owned(),
        (other, _) => other.to_owned(),
    };
    let age = ledger::age(&run.started_at, outside.now).and_then(|seconds| u64::try_from(seconds).ok());
    [
        run.id.get(..SHORT).unwrap_or(&run.id).to_owned(),
        age.map_or_else(|| "-".to_owned(), span),
        run.command.clone(),
        words::one_line(&run.estate),
        answer,
        run.evidenced
            .zip(run.possible)
            .map_or_else(|| "-".to_owned(), |(worst, best)| words::range(worst, best)),
        run.coverage.map_or_else(|| "-".to_owned(), words::percent),
        findings(1),
        findings(2),
        number(drift),
        number(new),
        number(run.errors),
    ]
}
