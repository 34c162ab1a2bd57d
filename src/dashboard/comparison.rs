//! Two runs held against each other.

use serde_json::{Value, json};
use stateward_store::RunRow;

use super::findings::status;
use super::query::address;
use super::shell::{clipped, short};
use super::{Pages, ROWS, Shell};
use crate::report::{ReportError, comparison as view, words};
use crate::result::{Comparison, FindingChange, Interval, ScoreChange};

/// Letters of what was found.
const MESSAGE: usize = 240;

impl Pages {
    /// The choice of two runs.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn choice(&self, shell: &Shell, runs: &[RunRow]) -> Result<String, ReportError> {
        self.render("compare", shell, "Compare two runs", json!({ "runs": choices(runs, "", "") }))
    }

    /// The page while two large results are being compared; it loads again by itself.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn comparing(&self, shell: &Shell) -> Result<String, ReportError> {
        self.render("compare", shell, "Comparing", json!({ "under_way": true }))
    }

    /// What changed between two runs.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn comparison(
        &self,
        shell: &Shell,
        old: &RunRow,
        new: &RunRow,
        found: &Comparison,
        runs: &[RunRow],
    ) -> Result<String, ReportError> {
        let title = match view::verdicts(found) {
            Some(both) => view::verdict(both),
            None => "What changed".to_owned(),
        };
        let lists: Vec<Value> = view::lists(&found.findings)
            .iter()
            .map(|list| {
                json!({
                    "title": list.title,
                    "number": words::thousands(list.rows.len() + list.fine),
                    "rows": list.rows.iter().take(ROWS).map(|change| row(change, old, new)).collect::<Vec<_>>(),
                    "more": list.rows.len().saturating_sub(ROWS),
                    "fine": list.fine,
                })
            })
            .collect();
        let drift = found.drift.as_ref().map(|drift| {
            let lists: Vec<Value> = view::drift_lists(drift)
                .into_iter()
                .map(|(title, all)| {
                    let rows = all.iter().take(ROWS).map(|one| {
                        json!({
                            "subject": clipped(&one.subject(), MESSAGE),
                            "said": clipped(&view::difference(one), MESSAGE),
                            "where": words::whereabouts(&one.kind, &one.region, &one.account),
                        })
                    });
                    json!({
                        "title": words::capital(title),
                        "number": words::thousands(all.len()),
                        "rows": rows.collect::<Vec<_>>(),
                        "more": all.len().saturating_sub(ROWS),
                    })
                })
                .collect();
            json!({ "line": view::drift_line(drift), "lists": lists })
        });
        let context = json!({
            "found": true,
            "answer": title,
            "old": side(&view::run(&found.old), old),
            "new": side(&view::run(&found.new), new),
            "swap": address("/compare", &[("old", &new.id), ("new", &old.id)]),
            "score_line": view::score_line(found),
            "notes": found.notes,
            "score": found.score.as_ref().map(score),
            "lists": lists,
            "drift": drift,
            "nothing": view::nothing(found),
            "unchanged": view::unchanged(&found.findings),
            "command": format!("stateward diff {} {}", short(&old.id), short(&new.id)),
            "runs": choices(runs, &old.id, &new.id),
        });
        self.render("compare", shell, "Comparison", context)
    }
}

fn side(words: &str, run: &RunRow) -> Value {
    json!({ "words": words, "href": format!("/runs/{}", run.id) })
}

fn choices(runs: &[RunRow], old: &str, new: &str) -> Vec<Value> {
    // What is being compared stays in the form, also where it is older than what is offered.
    runs.iter()
        .map(|run| {
            let moment = words::moment(run.as_of.as_deref().unwrap_or(&run.started_at));
            json!({
                "id": run.id,
                "title": format!("{moment} · {} · {} ({})", run.command, clipped(&run.estate, 40), short(&run.id)),
                "is_old": run.id == old,
                "is_new": run.id == new,
            })
        })
        .collect()
}

fn row(of: &FindingChange, old: &RunRow, new: &RunRow) -> Value {
    // What is gone is looked at where it was.
    let run = if of.is.is_some() { new } else { old };
    let word = |of: Option<crate::result::Status>| -> Value {
        let key = of.and_then(|of| serde_json::to_value(of).ok());
        match key.as_ref().and_then(Value::as_str) {
            Some(key) => {
                let (words, kind) = status(key);
                json!({ "words": words, "kind": kind })
            }
            None => json!({ "words": "absent", "kind": "none" }),
        }
    };
    json!({
        "href": address(&format!("/findings/{}", of.fingerprint), &[("run", &run.id)]),
        "check": of.check,
        "title": of.title,
        "severity": of.severity,
        "was": word(of.was),
        "is": word(of.is),
        "subject": clipped(view::subject(of), MESSAGE),
        "message": clipped(&of.message, MESSAGE),
    })
}

fn score(of: &ScoreChange) -> Value {
    let parts: Vec<Value> = view::parts(of)
        .into_iter()
        .map(|(name, findings, points)| {
            json!({
                "name": words::capital(name),
                "findings": words::thousands(findings),
                "evidenced": view::signed(points.evidenced),
                "possible": view::signed(points.possible),
            })
        })
        .collect();
    let shown = |of: Option<Interval>| of.map_or_else(|| "not assessed".to_owned(), words::interval);
    let changed = of.components.iter().filter(|one| one.old != one.new);
    let components: Vec<Value> = changed
        .map(|one| json!({ "title": one.title, "old": shown(one.old), "new": shown(one.new) }))
        .collect();
    json!({
        "parts": parts,
        "sum": { "evidenced": view::signed(of.change.evidenced), "possible": view::signed(of.change.possible) },
        "remarks": view::remarks(of),
        "components": components,
    })
}
