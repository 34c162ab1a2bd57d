//! The brief in Markdown, for a pull request or a wiki: no HTML, tables with their pipes escaped.

pub mod comparison;
pub(super) mod recovery;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::prose::{self, Block, Span};
use super::words::{self, Group, Unread};
use super::{Look, ReportError, evidence, history, who};
use crate::result::{
    Configuration, Document, Drift, DriftItem, Finding, FrameworkEvidence, Outcome, Score, Status, Step,
};

/// Steps that are listed: a comment on a pull request has its limits. The JSON result has them all.
const STEPS: usize = 20;

/// The brief.
///
/// # Errors
/// None.
pub fn render(document: &Document, _: &Look) -> Result<String, ReportError> {
    let mut page = Page::default();
    head(&mut page, document);
    if let Some(score) = &document.score {
        gate(&mut page, score);
        components(&mut page, score);
    }
    if let Some(found) = &document.recovery {
        recovery::sections(&mut page, found);
    } else if document.verdict.is_some() {
        plan(&mut page, document);
        findings(&mut page, document);
    }
    if document.recovery.is_none() {
        drift(&mut page, document);
    }
    for framework in &document.compliance {
        controls(&mut page, framework);
    }
    regions(&mut page, document);
    unread(&mut page, document);
    scope(&mut page, document);
    Ok(page.text)
}

/// Blocks of Markdown, with an empty line between two.
#[derive(Default)]
pub(super) struct Page {
    pub(super) text: String,
}

impl Page {
    pub(super) fn heading(&mut self, level: usize, title: &str) {
        self.paragraph(&format!("{} {title}", "#".repeat(level)));
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    pub(super) fn list(&mut self, items: impl IntoIterator<Item = String>) {
        let items: Vec<String> = items.into_iter().map(|item| format!("- {item}")).collect();
        if !items.is_empty() {
            self.paragraph(&items.join("\n"));
        }
    }

    /// A table; a title that ends in a colon is a column of numbers.
    pub(super) fn table(&mut self, titles: &[&str], rows: &[Vec<String>]) {
        let mut lines = vec![
            row(titles.iter().map(|title| title.trim_end_matches(':').to_owned())),
            row(titles.iter().map(|title| if title.ends_with(':') { "---:" } else { "---" }.to_owned())),
        ];
        lines.extend(rows.iter().map(|cells| row(cells.iter().cloned())));
        self.paragraph(&lines.join("\n"));
    }

    fn code(&mut self, language: &str, text: &str) {
        let fence = "`".repeat(longest_run(text).max(2) + 1);
        self.paragraph(&format!("{fence}{language}\n{}\n{fence}", words::visible(text).trim_end()));
    }

    fn remedy(&mut self, markdown: &str) {
        for block in prose::read(markdown) {
            match block {
                Block::Paragraph(inside) => self.paragraph(&spans(&inside)),
                Block::List(items, false) => self.list(items.iter().map(|item| spans(item))),
                Block::List(items, true) => {
                    let items = items.iter().enumerate();
                    let items: Vec<String> =
                        items.map(|(at, item)| format!("{}. {}", at + 1, spans(item))).collect();
                    self.paragraph(&items.join("\n"));
                }
                Block::Code(text) => self.code("", &text),
            }
        }
    }
}

/// A row. Whatever the cell holds, even code, a bare pipe would end it.
fn row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |", cells.join(" | "))
}

/// Text that Markdown takes for text.
pub(super) fn text(of: &str) -> String {
    let of = words::one_line(of);
    let mut escaped = String::with_capacity(of.len());
    let mut before = ' ';
    let mut letters = of.chars().peekable();
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        let special = match letter {
            // Inside a word it means nothing, and types and attributes are full of it.
            '_' => !(before.is_alphanumeric() && after.is_alphanumeric()),
            '&' => after.is_alphanumeric() || after == '#',
            other => matches!(other, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '#' | '~' | '!' | '$'),
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(letter);
        before = letter;
    }
    escaped
}

/// Code in a line, between more backticks than it holds.
pub(super) fn code(of: &str) -> String {
    let of = words::one_line(of);
    // In the code of a cell this cannot be written: the backslash would be escaped, and the pipe would end the cell.
    if of.contains("\\|") {
        return text(&of);
    }
    let fence = "`".repeat(longest_run(&of) + 1);
    let blank = if of.starts_with('`') || of.ends_with('`') || of.is_empty() { " " } else { "" };
    format!("{fence}{blank}{of}{blank}{fence}")
}

fn longest_run(of: &str) -> usize {
    of.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

fn spans(inside: &[Span]) -> String {
    inside
        .iter()
        .map(|span| match span {
            Span::Text(words) => text(words),
            Span::Strong(words) => format!("**{}**", text(words)),
            Span::Code(words) => code(words),
        })
        .collect()
}

/// The answer, and what leads to it.
pub(super) fn head(page: &mut Page, document: &Document) {
    let (answer, reasons) = match &document.verdict {
        Some(verdict) => (verdict.decision.words(), words::reasons(document, verdict)),
        None => (
            words::drift_answer(document).words(),
            document.drift.as_ref().map(words::drift_sentences).unwrap_or_default(),
        ),
    };
    page.heading(1, &format!("{answer}: {}", text(&words::subject(document))));
    let regions: Vec<String> = document.scope.regions.iter().map(|region| text(&region.name)).collect();
    page.paragraph(&format!("As of {} · {}", words::moment(&document.run.as_of), regions.join(", ")));
    if let Some(score) = &document.score {
        page.paragraph(&format!("**{}** ({})", words::score_line(score), text(&score.band)));
        if let Some(without) = score.without_waivers {
            page.paragraph(&format!("Without waivers: {}", words::score(without)));
        }
    }
    page.list(reasons.iter().map(|reason| text(reason)));
}

pub(super) fn gate(page: &mut Page, score: &Score) {
    page.heading(2, "The gate");
    let rows: Vec<Vec<String>> = score
        .criteria
        .iter()
        .map(|of| {
            vec![
                text(&of.title),
                of.threshold.to_string(),
                of.mapped_to.as_deref().map_or_else(|| "all ten, weighted".into(), text),
                of.mapped.map_or_else(|| "–".into(), words::interval),
                of.breadth.map_or_else(|| "–".into(), words::interval),
                words::range(of.evidenced, of.possible),
                format!("**{}**", words::gate(of.outcome)),
            ]
        })
        .collect();
    page.table(&["Criterion", "Above:", "Mapped to", "Mapped:", "Breadth:", "Decides:", "Outcome"], &rows);
}

fn components(page: &mut Page, score: &Score) {
    page.heading(2, "The ten components");
    let rows: Vec<Vec<String>> = score
        .components
        .iter()
        .map(|of| {
            let scored = match of.evidenced.zip(of.possible) {
                Some((worst, best)) => words::range(worst, best),
                None => "not assessed".into(),
            };
            let note = match words::why_not(of) {
                Some(why) => text(why),
                None if of.cap < 100.0 => words::cap(of),
                None => String::new(),
            };
            vec![
                text(&of.title),
                words::percent(of.weight),
                text(&of.impact),
                scored,
                words::percent(of.coverage),
                words::points(of.points_lost),
                note,
            ]
        })
        .collect();
    page.table(
        &["Component", "Weight:", "Impact", "Evidenced to possible:", "Coverage:", "Points lost:", "Note"],
        &rows,
    );
    page.list(words::notes(score).0.into_iter().map(text));
}

fn plan(page: &mut Page, document: &Document) {
    let (titles, subjects) = (words::titles(document), words::subjects(document));
    let steps = |page: &mut Page, steps: &[Step], key: &str| {
        let rows: Vec<Vec<String>> = steps
            .iter()
            .take(STEPS)
            .enumerate()
            .map(|(at, step)| {
                let about: Vec<String> = words::repaired(step, &subjects).into_iter().map(code).collect();
                vec![
                    (at + 1).to_string(),
                    text(&words::step_title(step, &titles)),
                    text(&step.checks.join(", ")),
                    text(&step.severity),
                    format!("+{}", words::points(step.gain)),
                    words::effort(step.effort).to_owned(),
                    about.join(", "),
                ]
            })
            .collect();
        page.table(&["#:", "What to do", "Checks", "Severity", "Gain:", "Effort", "About"], &rows);
        if steps.len() > STEPS {
            page.paragraph(&format!("{} more in the JSON result, under `{key}`.", steps.len() - STEPS));
        }
    };
    if !document.plan.is_empty() {
        page.heading(2, "What to fix first");
        page.paragraph("By gain for the effort. Gains overlap, so they do not add up.");
        steps(page, &document.plan, "plan");
    }
    let obstacles = document.score.as_ref().map(|score| words::notes(score).1).unwrap_or_default();
    if !document.route_to_go.is_empty() {
        let title = if obstacles.is_empty() { "The shortest route to GO" } else { "As far as repairs lead" };
        page.heading(2, title);
        steps(page, &document.route_to_go, "route_to_go");
    }
    if !obstacles.is_empty() {
        page.heading(2, "What no repair leads past");
        page.list(obstacles.into_iter().map(text));
    }
}

fn findings(page: &mut Page, document: &Document) {
    page.heading(2, "Findings that fail");
    let failing = words::groups(document, &[Status::Fail, Status::Partial]);
    if failing.is_empty() {
        page.paragraph("No finding fails.");
    }
    for of in &failing {
        group(page, of);
    }
    let waived = words::groups(document, &[Status::Waived]);
    if !waived.is_empty() {
        page.heading(2, "Lifted by a waiver");
        page.paragraph("These findings still count as failures in every score.");
    }
    for of in &waived {
        group(page, of);
    }
    page.paragraph(&format!(
        "{} findings in all; {} pass and {} do not apply. Each is in the JSON result.",
        words::thousands(document.findings.len()),
        words::thousands(words::number_of(document, Status::Pass)),
        words::thousands(words::number_of(document, Status::NotApplicable)),
    ));
}

fn group(page: &mut Page, of: &Group) {
    page.heading(
        3,
        &format!("{}: {} {}", words::capital(&text(of.severity)), text(of.check), text(of.title)),
    );
    if of.points_lost > 0.0 {
        let findings = words::count(of.findings.len(), "finding");
        page.paragraph(&format!("{findings}, {} points lost.", words::points(of.points_lost)));
    }
    let rows: Vec<Vec<String>> = of.findings.iter().map(|finding| finding_row(finding)).collect();
    page.table(&["Resource", "Where", "Terraform address", "Found"], &rows);
    let mut said: Vec<&str> =
        of.findings.iter().filter_map(|finding| finding.remediation.as_deref()).collect();
    said.sort_unstable();
    said.dedup();
    for remediation in said {
        page.remedy(remediation);
    }
    let mut controls: Vec<String> = of
        .findings
        .iter()
        .flat_map(|finding| &finding.compliance)
        .map(|(name, ids)| text(&format!("{name} {}", ids.join(", "))))
        .collect();
    controls.sort_unstable();
    controls.dedup();
    if !controls.is_empty() {
        page.paragraph(&format!("Supports {}.", controls.join(" · ")));
    }
}

/// The supporting evidence for a framework.
fn controls(page: &mut Page, of: &FrameworkEvidence) {
    page.heading(2, &text(&evidence::title(of)));
    page.paragraph(&format!("{}. {}", evidence::summary(of), text(&of.note)));
    page.paragraph(evidence::CLAIM);
    let rows: Vec<Vec<String>> = evidence::covered(of)
        .map(|control| {
            let checks: Vec<String> = control.checks.iter().map(evidence::check).collect();
            vec![
                text(&evidence::name(control)),
                format!("**{}**", control.result.words()),
                evidence::coverage(control),
                text(&checks.join(", ")),
            ]
        })
        .collect();
    if !rows.is_empty() {
        page.table(&["Control", "Result", "Coverage:", "Checks"], &rows);
    }
    let rest = evidence::not_covered(of);
    if !rest.is_empty() {
        page.heading(3, "Not covered by a check");
        page.paragraph(&text(&rest.join(", ")));
    }
}

pub(super) fn finding_row(finding: &Finding) -> Vec<String> {
    let resource = &finding.resource;
    let mut name = code(&resource.id);
    if let Some(other) = resource.name.as_ref().filter(|name| **name != resource.id) {
        let _ = write!(name, " {}", text(other));
    }
    let mut found = text(&finding.message);
    if let Some(note) = words::note(finding) {
        let _ = write!(found, " ({})", text(&note));
    }
    if let Some(declared) = words::declared(finding) {
        let _ = write!(found, ". {declared}");
    }
    vec![
        name,
        text(&words::whereabouts(&resource.kind, &resource.region, &resource.account)),
        resource.address.as_deref().map(code).unwrap_or_default(),
        found,
    ]
}

fn drift(page: &mut Page, document: &Document) {
    page.heading(2, "Drift");
    let Some(drift) = &document.drift else {
        page.paragraph(words::not_compared(document));
        return;
    };
    let counts = words::drift_counts(drift);
    let titles: Vec<String> = counts.iter().map(|(title, _)| format!("{title}:")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    page.table(&titles, &[counts.iter().map(|(_, number)| words::thousands(*number)).collect()]);
    page.paragraph(&format!("Managed share of the estate: {}.", words::share(drift.summary.coverage)));
    let sentences = history::since(drift).into_iter().chain(history::accepted(drift));
    page.list(words::excluded(drift.summary.excluded).into_iter().chain(sentences.map(|said| text(&said))));
    for (title, meaning, items) in words::classes(drift) {
        page.heading(3, &format!("{title} ({})", items.len()));
        page.paragraph(&format!("{meaning}."));
        for item in items {
            drift_item(page, item);
        }
    }
    rest_of_drift(page, drift);
}

pub(super) fn drift_item(page: &mut Page, item: &DriftItem) {
    let mut head = code(words::item_title(item));
    if let Some(label) = item.label.as_ref().filter(|label| *label != "other") {
        let _ = write!(head, " **{}**", text(label));
    }
    let _ = write!(head, " {}", text(&words::whereabouts(&item.kind, &item.region, &item.account)));
    if item.address.is_some() {
        let _ = write!(head, " · {}", code(&item.id));
    }
    if let Some(standing) = &item.standing {
        let _ = write!(head, " · {}", text(&history::standing(standing)));
    }
    let mut lines = vec![head];
    let said = history::acceptance(item).into_iter().chain(history::origin(item));
    lines.extend(said.map(|said| format!("  - {}", text(&said))));
    lines.extend(item.owner.as_ref().map(|owner| format!("  - belongs to {}", code(owner))));
    lines.extend(item.reasons.iter().map(|reason| format!("  - {}", text(reason))));
    lines.extend(item.changes.iter().map(|change| {
        let (declared, live) = (words::value(&change.declared), words::value(&change.live));
        let note = change.note.as_ref().map(|note| format!(" ({})", text(note))).unwrap_or_default();
        let state = history::change_standing(item, change).map(|state| format!(" ({state})"));
        let state = state.unwrap_or_default();
        format!("  - {}: {} → {}{state}{note}", code(&change.path), code(&declared), code(&live))
    }));
    lines.extend(who::sentence(item).map(|who| format!("  - who: {}", text(&who))));
    if !item.breaks.is_empty() {
        lines.push(format!("  - breaks {}", text(&item.breaks.join(", "))));
    }
    page.list([lines.join("\n")]);
    if let Some(block) = &item.import_block {
        page.code("hcl", block);
    }
}

fn configuration(of: &Configuration) -> String {
    let mut lines = vec![format!("{}: {}", code(&of.source), text(&words::configuration(of)))];
    lines.extend(of.ignored.iter().map(|one| {
        let change = &one.change;
        let (declared, live) = (words::value(&change.declared), words::value(&change.live));
        format!(
            "  - ignored: {} {}: {} → {}",
            code(&one.address),
            code(&change.path),
            code(&declared),
            code(&live)
        )
    }));
    lines.extend(of.notes.iter().map(|note| format!("  - {}", text(note))));
    lines.join("\n")
}

fn rest_of_drift(page: &mut Page, drift: &Drift) {
    for section in history::sections(drift) {
        page.heading(3, section.title);
        if !section.meaning.is_empty() {
            page.paragraph(&format!("{}.", section.meaning));
        }
        page.list(section.lines.iter().map(|line| format!("{}: {}", code(&line.subject), text(&line.said))));
    }
    if !drift.unread_states.is_empty() {
        page.heading(3, "States that could not be read");
        page.list(drift.unread_states.iter().map(|state| code(state)));
    }
    let rules = words::by_rule(drift);
    if !rules.is_empty() {
        page.heading(3, &format!("Differences that a rule explains ({})", drift.summary.suppressed));
        page.list(
            rules.iter().map(|(rule, places)| format!("{}: {}", text(&words::rule(rule)), places.len())),
        );
    }
    if !drift.configurations.is_empty() {
        page.heading(3, "Configurations");
        page.list(drift.configurations.iter().map(configuration));
    }
    if !drift.idle_ignore_rules.is_empty() {
        page.heading(3, "Ignore rules without effect");
        page.list(drift.idle_ignore_rules.iter().map(|rule| text(rule)));
    }
}

fn regions(page: &mut Page, document: &Document) {
    page.heading(2, "Regions");
    // Where nothing was judged, zeros would look like an answer.
    let judged = document.verdict.is_some() && document.recovery.is_none();
    let mut titles = vec!["Region", "Role", "Outcome", "Resources seen:", "Drifted:", "Operations not read:"];
    if judged {
        titles.extend(["Failing:", "Unknown:", "Passing:"]);
    }
    let rows: Vec<Vec<String>> = words::places(document)
        .iter()
        .map(|place| {
            let region = place.region;
            let mut row = vec![
                text(place.name),
                region.map(|region| text(words::role(&region.role))).unwrap_or_default(),
                region.map_or("–", |region| words::outcome(region.outcome)).to_owned(),
                region.map_or_else(|| "–".into(), |region| words::thousands(region.resources)),
                words::thousands(place.drifted),
                words::thousands(place.errors),
            ];
            if judged {
                row.push(words::thousands(place.number(&[Status::Fail, Status::Partial])));
                row.push(words::thousands(place.number(&[Status::Unknown])));
                row.push(words::thousands(place.number(&[Status::Pass])));
            }
            row
        })
        .collect();
    page.table(&titles, &rows);
}

fn unread(page: &mut Page, document: &Document) {
    page.heading(2, "What could not be read");
    let errors = words::unread(document);
    let unknown = words::groups(document, &[Status::Unknown]);
    if errors.is_empty() && unknown.is_empty() {
        page.paragraph("Everything that was asked for was read.");
        return;
    }
    if !errors.is_empty() {
        let rows: Vec<Vec<String>> = errors.iter().map(error_row).collect();
        page.table(&["Operation", "Where", "Reason", "What was said", "Grant", "Checks", "Types"], &rows);
    }
    for of in &unknown {
        group(page, of);
    }
}

pub(super) fn error_row(of: &Unread) -> Vec<String> {
    let list = |names: &BTreeSet<&str>| names.iter().map(|name| text(name)).collect::<Vec<_>>().join(", ");
    let error = of.error;
    vec![
        code(&format!("{}:{}", error.service, error.operation)),
        text(&of.places.join("; ")),
        text(&error.reason),
        text(&format!("{} ({})", error.message, error.code)),
        error.permission.as_deref().map(code).unwrap_or_default(),
        list(&of.checks),
        list(&of.types),
    ]
}

fn scope(page: &mut Page, document: &Document) {
    if !document.waivers.is_empty() {
        page.heading(2, "Waivers");
        let rows: Vec<Vec<String>> = document
            .waivers
            .iter()
            .map(|of| {
                let outcome = text(words::waiver(&of.outcome));
                vec![text(&of.subject), outcome, text(&of.reason), text(&words::waiver_terms(of))]
            })
            .collect();
        page.table(&["Subject", "Outcome", "Reason", "Terms"], &rows);
    }
    let scope = &document.scope;
    page.heading(2, "Scope");
    page.list(scope.accounts.iter().map(|of| {
        format!("account {}: {}", code(&of.id), text(&words::outcome_with(of.outcome, of.reason.as_deref())))
    }));
    page.list(scope.states.iter().map(|of| {
        format!("state {}: {} · {}", code(&of.uri), words::outcome(of.outcome), text(&words::state_facts(of)))
    }));
    let services: Vec<String> = scope
        .services
        .iter()
        .map(|of| match of.outcome {
            Outcome::Read => format!("{} {}", text(&of.name), of.resources),
            outcome => format!("{} {} ({})", text(&of.name), of.resources, words::outcome(outcome)),
        })
        .collect();
    page.list([
        format!("services: {}", services.join(", ")),
        text(&words::left_out(document)),
        words::cost(document),
    ]);
    let run = &document.run;
    page.paragraph(&format!(
        "Stateward {} · run {} · profile {} ({}) · catalogue {}",
        text(&run.version),
        code(&run.id),
        text(&run.profile.join(", ")),
        code(&run.profile_hash),
        code(&run.catalogue_hash),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::sample;

    fn page(document: &Document) -> String {
        render(document, &Look::default()).unwrap()
    }

    /// The cells of a row as a reader of Markdown splits it.
    fn cells(row: &str) -> usize {
        row.replace("\\|", "").matches('|').count()
    }

    #[test]
    fn every_row_has_the_columns_of_its_table() {
        for (name, document) in sample::all() {
            let mut columns = None;
            for line in page(&document).lines() {
                if line.starts_with('|') {
                    let number = cells(line);
                    assert_eq!(*columns.get_or_insert(number), number, "{name}: {line}");
                } else {
                    columns = None;
                }
            }
        }
    }

    #[test]
    fn text_of_the_estate_stays_text() {
        let markdown = page(&sample::hostile());
        let mut fence: Option<String> = None;
        for line in markdown.lines() {
            let marks: String = line.chars().take_while(|letter| *letter == '`').collect();
            if marks.len() >= 3 && !line[marks.len()..].contains('`') {
                match &fence {
                    None => fence = Some(marks),
                    Some(open) if marks.len() >= open.len() && line == marks => fence = None,
                    Some(_) => {}
                }
                continue;
            }
            if fence.is_none() {
                let plain = without_code(line);
                for (at, _) in plain.match_indices(['<', '[', '`', '*', '!']) {
                    let escaped = plain[..at].ends_with('\\');
                    let bold = plain[at..].starts_with('*')
                        && (plain[at..].starts_with("**") || plain[..at].ends_with('*'));
                    assert!(escaped || bold, "{line}");
                }
            }
        }
        assert_eq!(fence, None);
        for hidden in ['\u{202e}', '\u{1b}', '\r'] {
            assert!(!markdown.contains(hidden));
        }
    }

    /// The line without its code, which opens and closes with runs of as many backticks.
    fn without_code(line: &str) -> String {
        let mut plain = String::new();
        let mut rest = line;
        while let Some(at) = rest.find('`') {
            if rest[..at].ends_with('\\') {
                plain.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
                continue;
            }
            plain.push_str(&rest[..at]);
            let marks: String = rest[at..].chars().take_while(|letter| *letter == '`').collect();
            let body = &rest[at + marks.len()..];
            let end = (0..body.len())
                .filter(|start| body.is_char_boundary(*start) && body[*start..].starts_with(&marks))
                .find(|start| {
                    !body[*start + marks.len()..].starts_with('`') && !body[..*start].ends_with('`')
                });
            rest = match end {
                Some(end) => &body[end + marks.len()..],
                None => panic!("code stays open: {line}"),
            };
        }
        plain + rest
    }

    #[test]
    fn code_and_text_are_escaped_by_their_own_rules() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a`"), "`` `a` ``");
        assert_eq!(code(""), "`  `");
        assert_eq!(row(["\\|"].into_iter().map(code)), "| \\\\\\| |");
        assert_eq!(text("a_b <c> *d* [e](f) \\ g\nh"), "a_b \\<c\\> \\*d\\* \\[e\\](f) \\\\ g\\\\nh");
        assert_eq!(text("_a_ b & c &lt; &#60;"), "\\_a\\_ b & c \\&lt; \\&\\#60;");
        assert_eq!(row(["a|b".to_owned(), "`c|d`".to_owned()].into_iter()), "| a\\|b | `c\\|d` |");
    }

    #[test]
    fn nothing_of_a_large_estate_is_left_out() {
        let markdown = page(&sample::large(500));
        assert!(markdown.contains("sg-000000000000001f3") && markdown.contains("db-00499"));
    }

    #[test]
    fn briefs() {
        for (name, document) in sample::all().into_iter().filter(|(name, _)| *name != "hostile") {
            insta::assert_snapshot!(name, page(&document));
        }
    }
}
