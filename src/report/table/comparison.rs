//! What changed between two results, for a terminal.

use super::canvas::{Canvas, Cell, Paint, number, plain, text};
use super::{soft, strong};
use crate::report::comparison::{self as words, List};
use crate::report::{Look, ReportError};
use crate::result::{Comparison, ComponentChange, DriftComparison, ScoreChange};

/// The report.
///
/// # Errors
/// None.
pub fn render(comparison: &Comparison, look: &Look) -> Result<String, ReportError> {
    let mut canvas = Canvas::new(look);
    head(&mut canvas, comparison);
    if let Some(change) = &comparison.score {
        score(&mut canvas, change);
        components(&mut canvas, change);
    }
    for list in words::lists(&comparison.findings) {
        findings(&mut canvas, &list);
    }
    if let Some(change) = &comparison.drift {
        drift(&mut canvas, change);
    }
    canvas.space();
    canvas.line(
        0,
        &[
            plain(words::nothing(comparison).unwrap_or_default()),
            soft(words::unchanged(&comparison.findings)),
        ],
    );
    Ok(canvas.into_text())
}

fn head(canvas: &mut Canvas, comparison: &Comparison) {
    canvas.line(0, &[plain(words::run(&comparison.old)), soft("→"), plain(words::run(&comparison.new))]);
    canvas.space();
    if let Some(both) = words::verdicts(comparison) {
        let paint = if both.1.exit_code() == 0 { Paint::Good } else { Paint::Bad };
        canvas.line(0, &[Cell::new(words::verdict(both), paint)]);
    }
    if let Some(line) = words::score_line(comparison) {
        canvas.line(0, &[plain(line)]);
    }
    for note in &comparison.notes {
        canvas.line(0, &[Cell::new("-", Paint::Warn), plain(note)]);
    }
}

fn points(value: f64) -> Cell {
    let paint = match value {
        value if value > 0.0 => Paint::Good,
        value if value < 0.0 => Paint::Bad,
        _ => Paint::Plain,
    };
    Cell::new(words::signed(value), paint)
}

fn score(canvas: &mut Canvas, change: &ScoreChange) {
    let parts = words::parts(change);
    let remarks = words::remarks(change);
    if parts.is_empty() && remarks.is_empty() {
        return;
    }
    canvas.part("What moved the score", "");
    if !parts.is_empty() {
        let columns = [text("Change"), number("Findings"), number("Evidenced"), number("Possible")];
        let row = |name: &str, findings: String, of: crate::result::Interval| {
            vec![plain(name), plain(findings), points(of.evidenced), points(of.possible)]
        };
        let mut rows: Vec<Vec<Cell>> =
            parts.iter().map(|(name, findings, of)| row(name, findings.to_string(), *of)).collect();
        rows.push(row("sum", String::new(), change.change));
        canvas.grid(&columns, &rows);
    }
    for remark in remarks {
        canvas.line(0, &[plain(remark)]);
    }
}

fn components(canvas: &mut Canvas, change: &ScoreChange) {
    let changed: Vec<&ComponentChange> = change.components.iter().filter(|one| one.old != one.new).collect();
    if changed.is_empty() {
        return;
    }
    canvas.part("Components", "");
    let score = |of: Option<crate::result::Interval>| match of {
        Some(of) => plain(crate::report::words::interval(of)),
        None => Cell::new("not assessed", Paint::Warn),
    };
    let rows: Vec<Vec<Cell>> =
        changed.iter().map(|one| vec![plain(&one.title), score(one.old), score(one.new)]).collect();
    canvas.grid(&[text("Component"), number("Before"), number("After")], &rows);
}

fn findings(canvas: &mut Canvas, list: &List) {
    canvas.part(list.title, &(list.rows.len() + list.fine).to_string());
    for change in &list.rows {
        canvas.line(
            0,
            &[
                strong(&change.check),
                plain(&change.title),
                soft(format!("({}, {})", change.severity, words::transition(change))),
            ],
        );
        canvas.line(2, &[plain(words::subject(change)), soft(&change.message)]);
    }
    if list.fine > 0 {
        canvas.line(0, &[soft(format!("{} that pass or do not apply", list.fine))]);
    }
}

fn drift(canvas: &mut Canvas, change: &DriftComparison) {
    canvas.part("Drift", &words::drift_line(change));
    for (title, list) in words::drift_lists(change) {
        for one in list {
            canvas.line(0, &[strong(title), plain(one.subject()), soft(words::difference(one))]);
        }
    }
}
