//! The summary of a GitHub Actions job: the answer first, what could not be read in the open, and the rest in folds.
//!
//! GitHub takes a mebibyte of Markdown a step, and refuses more as a whole. So tables end after some rows, a part that
//! would be too much is left out, and the page says both.

use super::ci::{self, Gap, recovery};
use super::markdown::{self, Page, code, text};
use super::words::{self, SEVERITIES};
use super::{Look, ReportError, history};
use crate::result::{Document, Drift, Status};

/// Bytes that GitHub takes of a step.
pub const LIMIT: usize = 1 << 20;

/// Bytes for the sentence that names what is left out.
const RESERVE: usize = 1 << 10;

/// Rows of one table, and items of one class of drift.
const ROWS: usize = 50;

/// Steps of the plan.
const STEPS: usize = 10;

/// The summary.
///
/// # Errors
/// None.
pub fn render(document: &Document, _: &Look) -> Result<String, ReportError> {
    let mut page = Page::default();
    markdown::head(&mut page, document);
    counts(&mut page, document);
    let mut left_out = Vec::new();
    for (name, part) in parts(document) {
        // One byte parts it from what stands before.
        if page.text.len() + 1 + part.text.len() + RESERVE > LIMIT {
            left_out.push(name);
            continue;
        }
        if !part.text.is_empty() {
            page.text.push('\n');
            page.text.push_str(&part.text);
        }
    }
    if !left_out.is_empty() {
        page.paragraph(&format!(
            "Left out, because a summary has its limits: {}. The JSON result has all of it.",
            left_out.join(", ")
        ));
    }
    Ok(page.text)
}

/// The parts after the answer, gravest first.
fn parts(document: &Document) -> Vec<(String, Page)> {
    let mut parts = vec![("what could not be read".to_owned(), unread(document))];
    if let Some(found) = &document.recovery {
        let mut page = Page::default();
        markdown::recovery::matrix(&mut page, found);
        parts.push(("the scenarios of recovery".to_owned(), page));
        parts.extend(found.scenarios.iter().map(|scenario| {
            let mut page = Page::default();
            let title = format!("{}: {}", scenario.workload, scenario.name.title().to_lowercase());
            let open = scenario.gated && recovery::severity(scenario).is_some();
            fold(&mut page, &format!("{title}: {}", scenario.outcome.words()), open, |page| {
                markdown::recovery::details(page, scenario);
            });
            (title, page)
        }));
        return parts;
    }
    if !document.plan.is_empty() {
        parts.push(("what to fix first".to_owned(), plan(document)));
    }
    for severity in SEVERITIES {
        let page = findings(document, severity, &[Status::Fail, Status::Partial], "failing");
        parts.push((format!("failing {severity} findings"), page));
    }
    if let Some(drift) = &document.drift {
        parts.extend(words::classes(drift).into_iter().map(|(title, meaning, items)| {
            let mut page = Page::default();
            let name = format!("{title} ({})", items.len());
            let loose = items.iter().any(|item| item.label.as_deref() == Some(words::LOOSENING));
            fold(&mut page, &format!("Drift: {name}"), loose, |page| {
                page.paragraph(&format!("{meaning}."));
                for item in items.iter().take(ROWS) {
                    // An import block is for a file, not for a summary.
                    let item = crate::result::DriftItem { import_block: None, ..(*item).clone() };
                    markdown::drift_item(page, &item);
                }
                more(page, items.len());
            });
            (format!("drift: {title}"), page)
        }));
        parts.push(("drift over time".to_owned(), over_time(drift)));
    }
    for severity in SEVERITIES {
        let page = findings(document, severity, &[Status::Unknown], "not decided");
        parts.push((format!("undecided {severity} findings"), page));
    }
    for severity in SEVERITIES {
        let page = findings(document, severity, &[Status::Waived], "lifted by a waiver");
        parts.push((format!("waived {severity} findings"), page));
    }
    if let Some(score) = &document.score {
        let mut page = Page::default();
        fold(&mut page, "The gate", false, |page| markdown::gate(page, score));
        parts.push(("the gate".to_owned(), page));
    }
    parts
}

fn counts(page: &mut Page, document: &Document) {
    if document.verdict.is_some() && document.recovery.is_none() {
        let all = [
            Status::Fail,
            Status::Partial,
            Status::Unknown,
            Status::Waived,
            Status::Pass,
            Status::NotApplicable,
        ];
        let titles = all.map(|status| format!("{}:", words::capital(status.words())));
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let numbers = all.map(|status| words::thousands(words::number_of(document, status)));
        page.table(&titles, &[numbers.to_vec()]);
    }
    let Some(drift) = &document.drift else { return };
    let counts = words::drift_counts(drift);
    let titles: Vec<String> = counts.iter().map(|(title, _)| format!("{title}:")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    page.table(&titles, &[counts.iter().map(|(_, number)| words::thousands(*number)).collect()]);
}

/// Not in a fold: what was not read is the first thing to know of an answer.
fn unread(document: &Document) -> Page {
    let mut page = Page::default();
    let errors = words::unread(document);
    let rest: Vec<Gap> =
        ci::gaps(document).into_iter().filter(|gap| gap.what == "account" || gap.what == "state").collect();
    if errors.is_empty() && rest.is_empty() {
        return page;
    }
    page.heading(2, "What could not be read");
    if !errors.is_empty() {
        let rows: Vec<Vec<String>> = errors.iter().take(ROWS).map(markdown::error_row).collect();
        page.table(&["Operation", "Where", "Reason", "What was said", "Grant", "Checks", "Types"], &rows);
        more(&mut page, errors.len());
    }
    page.list(rest.iter().take(ROWS).map(|gap| format!("{}: {}", code(&gap.name), text(&gap.why))));
    more(&mut page, rest.len());
    page
}

fn plan(document: &Document) -> Page {
    let (titles, subjects) = (words::titles(document), words::subjects(document));
    let mut page = Page::default();
    page.heading(2, "What to fix first");
    let steps = document.plan.iter().take(STEPS);
    let rows: Vec<Vec<String>> = steps
        .map(|step| {
            let about: Vec<String> =
                words::repaired(step, &subjects).into_iter().take(STEPS).map(code).collect();
            vec![
                text(&words::step_title(step, &titles)),
                text(&step.checks.join(", ")),
                text(&step.severity),
                format!("+{}", words::points(step.gain)),
                words::effort(step.effort).to_owned(),
                about.join(", "),
            ]
        })
        .collect();
    page.table(&["What to do", "Checks", "Severity", "Gain:", "Effort", "About"], &rows);
    page
}

/// Findings of a severity in one fold; those that block are unfolded.
fn findings(document: &Document, severity: &str, statuses: &[Status], word: &str) -> Page {
    let mut page = Page::default();
    let groups = words::groups(document, statuses);
    let groups: Vec<_> = groups.into_iter().filter(|group| group.severity == severity).collect();
    let number: usize = groups.iter().map(|group| group.findings.len()).sum();
    if number == 0 {
        return page;
    }
    let summary = format!(
        "{}: {} {word}, in {}",
        words::capital(severity),
        words::count(number, "finding"),
        words::count(groups.len(), "check")
    );
    let open = severity == "critical" && statuses.contains(&Status::Fail);
    fold(&mut page, &summary, open, |page| {
        for group in &groups {
            page.heading(4, &format!("{} {}", text(group.check), text(group.title)));
            let rows: Vec<Vec<String>> =
                group.findings.iter().take(ROWS).map(|finding| markdown::finding_row(finding)).collect();
            page.table(&["Resource", "Where", "Terraform address", "Found"], &rows);
            more(page, group.findings.len());
        }
    });
    page
}

fn over_time(drift: &Drift) -> Page {
    let mut page = Page::default();
    page.list(history::since(drift).into_iter().chain(history::accepted(drift)).map(|said| text(&said)));
    for section in history::sections(drift) {
        fold(&mut page, &format!("{} ({})", section.title, section.lines.len()), false, |page| {
            let lines = section.lines.iter().take(ROWS);
            page.list(lines.map(|line| format!("{}: {}", code(&line.subject), text(&line.said))));
            more(page, section.lines.len());
        });
    }
    page
}

fn more(page: &mut Page, number: usize) {
    if let Some(more) = number.checked_sub(ROWS).filter(|more| *more > 0) {
        page.paragraph(&format!("And {} more, in the JSON result.", words::thousands(more)));
    }
}

/// A part that a reader unfolds.
fn fold(page: &mut Page, summary: &str, open: bool, fill: impl FnOnce(&mut Page)) {
    let summary = words::one_line(summary).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let open = if open { " open" } else { "" };
    page.paragraph(&format!("<details{open}>\n<summary>{summary}</summary>"));
    fill(page);
    page.paragraph("</details>");
}
