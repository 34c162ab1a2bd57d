//! The overview: what stands, since when, what is new, and whether anything is under way.

use serde_json::{Value, json};
use stateward_store::{Found, RunRow, Tally};

use super::query::address;
use super::runs::{self, answer};
use super::{Outline, Pages, Shell, findings, trend};
use crate::report::html::context;
use crate::report::{ReportError, words};
use crate::result::{DriftItem, StandingState};

/// Reasons that are shown; the brief has them all.
const REASONS: usize = 6;
/// New differences that are shown.
const NEW: usize = 8;

/// What an overview is made of.
#[derive(Debug)]
pub struct Overview<'a> {
    /// The run that is shown.
    pub run: &'a RunRow,
    /// Its result.
    pub outline: &'a Outline,
    /// Finished runs of the same question up to this one, the latest first.
    pub trend: &'a [RunRow],
    /// Runs of the same question that began after it and have no result, the latest first.
    pub unfinished: &'a [RunRow],
    /// How many findings are alike.
    pub tally: &'a [Tally],
    /// The first findings that fail since this run, and how many there are; none without a run before.
    pub new: Option<(&'a [Found], usize)>,
    /// The latest finished run of each question.
    pub others: &'a [RunRow],
}

impl Pages {
    /// The overview.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn overview(&self, shell: &Shell, of: &Overview) -> Result<String, ReportError> {
        let document = &of.outline.document;
        let (words_of, kind) = answer(of.run, shell.now);
        let reasons = match &document.verdict {
            Some(verdict) => words::reasons(document, verdict),
            None => document.drift.as_ref().map(words::drift_sentences).unwrap_or_default(),
        };
        let more = reasons.len().saturating_sub(REASONS);
        let threshold = document
            .score
            .as_ref()
            .and_then(|score| score.criteria.iter().find(|criterion| criterion.mapped_to.is_none()))
            .map(|criterion| criterion.threshold);
        let (age, is_old) = runs::last_good(of.run, shell);
        let before = of.trend.get(1);
        let components = document.score.as_ref().map(|score| {
            let row = |one: &crate::result::Component| {
                let mut row = context::component(one);
                row["href"] = shell.to("/findings", &[("component", &one.key)]).into();
                row
            };
            score.components.iter().map(row).collect::<Vec<_>>()
        });
        let context = json!({
            "answer": {
                "question": if document.verdict.is_some() { "Verdict" } else { "State against live" },
                "words": words_of,
                "kind": kind,
                "reasons": reasons.iter().take(REASONS).collect::<Vec<_>>(),
                "more": more,
            },
            "subject": words::subject(document),
            "score": document.score.as_ref().map(context::score),
            "age": age,
            "pinned": shell.pinned,
            "is_old": is_old && !shell.pinned,
            "unfinished": of.unfinished.iter().map(|run| runs::row(run, shell)).collect::<Vec<_>>(),
            "tiles": tiles(shell, of),
            "trend": trend::of(of.trend, threshold, shell),
            "drift": document.drift.as_ref().map(|drift| drift_counts(shell, of.run, words::share(drift.summary.coverage))),
            "new": new(shell, of, before),
            "components": components,
            "others": others(shell, of),
        });
        self.render("overview", shell, "Overview", context)
    }

    /// The overview of a history without a finished run.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn nothing_yet(&self, shell: &Shell, unfinished: &[RunRow]) -> Result<String, ReportError> {
        let rows: Vec<Value> = unfinished.iter().map(|run| runs::row(run, shell)).collect();
        self.render("overview", shell, "Overview", json!({ "nothing": true, "unfinished": rows }))
    }
}

/// A figure, what it counts, and where to read on.
fn tile(number: usize, label: &str, more: &str, href: String, kind: &str) -> Value {
    let (kind, more) = if number == 0 { ("", "") } else { (kind, more) };
    json!({ "number": words::thousands(number), "label": label, "more": more, "href": href, "kind": kind })
}

fn tiles(shell: &Shell, of: &Overview) -> Vec<Value> {
    let number = |is: &dyn Fn(&Tally) -> bool| -> usize {
        of.tally.iter().filter(|one| is(one)).map(|one| one.number).sum()
    };
    let fails = |one: &Tally| one.status == "fail";
    let findings = |parameters: &[(&str, &str)]| shell.to("/findings", parameters);
    let mut tiles = Vec::new();
    if of.outline.document.verdict.is_some() {
        let all = format!("of {}", words::count(number(&|_| true), "finding"));
        tiles.push(tile(
            number(&|one| fails(one) && one.severity == "critical"),
            "critical failures",
            "each caps its component",
            findings(&[("status", "fail"), ("severity", "critical")]),
            "bad",
        ));
        tiles.push(tile(number(&fails), "failing findings", &all, findings(&[("status", "fail")]), "bad"));
        tiles.push(tile(
            number(&|one| one.status == "unknown"),
            "unknown findings",
            "counted as failures",
            findings(&[("status", "unknown")]),
            "warn",
        ));
    }
    if let Some(differing) = runs::differing(of.run) {
        let accepted = of.run.drift.map_or(0, |drift| drift.accepted);
        let more = if accepted > 0 { format!("{accepted} of them accepted") } else { String::new() };
        tiles.push(tile(differing, "drifted", &more, shell.to("/drift", &[]), "bad"));
    }
    let unread = of.run.errors.unwrap_or(0);
    tiles.push(tile(
        unread,
        "operations not read",
        "never counted as fine",
        shell.to("/unread", &[]),
        "warn",
    ));
    tiles
}

fn drift_counts(shell: &Shell, run: &RunRow, managed: String) -> Value {
    let counts = run.drift.unwrap_or_default();
    let rows: Vec<Value> = super::drift::counts(&counts)
        .into_iter()
        .map(|(class, title, number)| {
            json!({
                "title": title,
                "number": words::thousands(number),
                "zero": number == 0,
                "href": (class != "in_sync" && number > 0).then(|| shell.to("/drift", &[("class", class)])),
            })
        })
        .collect();
    json!({ "counts": rows, "managed": managed, "href": shell.to("/drift", &[]) })
}

fn new(shell: &Shell, of: &Overview, before: Option<&RunRow>) -> Value {
    let Some(before) = before else { return Value::Null };
    let is_new = |item: &&DriftItem| {
        let state = item.standing.as_ref().map(|standing| standing.state);
        item.class != "unknown" && matches!(state, Some(StandingState::New | StandingState::Returned))
    };
    let drift = of.outline.document.drift.as_ref();
    let items: Vec<&DriftItem> = drift.iter().flat_map(|drift| &drift.items).filter(is_new).collect();
    let since = drift.and_then(|drift| drift.since.as_ref()).filter(|since| since.note.is_none());
    let (found, number) = of.new.unwrap_or_default();
    json!({
        "since": before.as_of.as_deref().map(words::moment),
        "findings": found.iter().map(|one| findings::row(one, shell)).collect::<Vec<_>>(),
        "findings_number": words::count(number, "finding"),
        "findings_more": number.saturating_sub(found.len()),
        "findings_href": shell.to("/findings", &[("status", "fail"), ("new", "1")]),
        "drift": items.iter().take(NEW).map(|item| super::drift::row(item, shell)).collect::<Vec<_>>(),
        "drift_number": words::count(items.len(), "difference"),
        "drift_more": items.len().saturating_sub(NEW),
        "drift_href": shell.to("/drift", &[("standing", "new")]),
        "resolved": since.map(|since| words::count(since.resolved, "difference")),
        "compare": address("/compare", &[("old", &before.id), ("new", &of.run.id)]),
    })
}

/// The latest run of the other questions.
fn others(shell: &Shell, of: &Overview) -> Vec<Value> {
    let others = of.others.iter().filter(|run| of.trend.iter().all(|shown| shown.id != run.id));
    others
        .take(super::ROWS)
        .map(|run| {
            let mut row = runs::row(run, shell);
            let page = if run.command == "recover" { "/recovery" } else { "/" };
            row["page"] = address(page, &[("run", &run.id)]).into();
            row
        })
        .collect()
}
