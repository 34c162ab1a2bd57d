//! What changed between two results, for a pull request.

use super::{Page, code, text};
use crate::report::comparison as words;
use crate::report::{Look, ReportError};
use crate::result::{Comparison, DriftComparison, Interval, ScoreChange};

/// The report.
///
/// # Errors
/// None.
pub fn render(comparison: &Comparison, _: &Look) -> Result<String, ReportError> {
    let mut page = Page::default();
    let title = match words::verdicts(comparison) {
        Some(both) => words::verdict(both),
        None => "What changed".to_owned(),
    };
    page.heading(1, &text(&title));
    page.paragraph(&format!(
        "{} → {}",
        text(&words::run(&comparison.old)),
        text(&words::run(&comparison.new))
    ));
    if let Some(line) = words::score_line(comparison) {
        page.paragraph(&text(&line));
    }
    page.list(comparison.notes.iter().map(|note| text(note)));
    if let Some(change) = &comparison.score {
        score(&mut page, change);
    }
    for list in words::lists(&comparison.findings) {
        page.heading(2, &format!("{} ({})", list.title, list.rows.len() + list.fine));
        if !list.rows.is_empty() {
            let rows: Vec<Vec<String>> = list.rows.iter().map(|change| finding(change)).collect();
            page.table(&["Check", "Severity", "Status", "Resource", "What was found"], &rows);
        }
        if list.fine > 0 {
            page.paragraph(&format!("{} that pass or do not apply.", list.fine));
        }
    }
    if let Some(change) = &comparison.drift {
        drift(&mut page, change);
    }
    let nothing = words::nothing(comparison).map(|sentence| format!("{sentence} ")).unwrap_or_default();
    page.paragraph(&format!("{nothing}{}.", text(&words::unchanged(&comparison.findings))));
    Ok(page.text)
}

fn finding(change: &crate::result::FindingChange) -> Vec<String> {
    vec![
        format!("{} {}", code(&change.check), text(&change.title)),
        text(&change.severity),
        text(&words::transition(change)),
        code(words::subject(change)),
        text(&change.message),
    ]
}

fn score(page: &mut Page, change: &ScoreChange) {
    let parts = words::parts(change);
    let row = |name: String, findings: String, of: Interval| {
        vec![name, findings, words::signed(of.evidenced), words::signed(of.possible)]
    };
    if !parts.is_empty() {
        page.heading(2, "What moved the score");
        let mut rows: Vec<Vec<String>> = parts
            .iter()
            .map(|(name, findings, of)| row((*name).to_owned(), findings.to_string(), *of))
            .collect();
        rows.push(row("**sum**".to_owned(), String::new(), change.change));
        page.table(&["Change", "Findings:", "Evidenced:", "Possible:"], &rows);
    }
    for remark in words::remarks(change) {
        page.paragraph(&text(&remark));
    }
    let shown = |of: Option<Interval>| of.map_or("not assessed".to_owned(), crate::report::words::interval);
    let changed = change.components.iter().filter(|one| one.old != one.new);
    let rows: Vec<Vec<String>> =
        changed.map(|one| vec![text(&one.title), shown(one.old), shown(one.new)]).collect();
    if !rows.is_empty() {
        page.heading(2, "Components");
        page.table(&["Component", "Before:", "After:"], &rows);
    }
}

fn drift(page: &mut Page, change: &DriftComparison) {
    page.heading(2, "Drift");
    page.paragraph(&format!("{}.", words::drift_line(change)));
    let rows = words::drift_lists(change).into_iter().flat_map(|(title, list)| {
        list.iter()
            .map(move |one| vec![title.to_owned(), code(&one.subject()), text(&words::difference(one))])
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if !rows.is_empty() {
        page.table(&["Drift", "What", "How"], &rows);
    }
}
