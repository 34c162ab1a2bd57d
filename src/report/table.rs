//! Tables for a terminal: as wide as it is, and ids whole whatever it takes.

mod canvas;
pub mod comparison;
mod recovery;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::words::{self, DriftAnswer, Group, Unread};
use super::{Look, ReportError, evidence, history, who};
use crate::result::{
    Component, ControlEvidence, Criterion, Decision, Document, Drift, DriftItem, EvidenceResult, Finding,
    FrameworkEvidence, Gate, Outcome, Score, Status, Step,
};
use canvas::{Canvas, Cell, Paint, number, plain, text};

/// Steps that are listed; the JSON result has them all.
const STEPS: usize = 10;

/// Cells of the bar of a component.
const BAR: usize = 10;

/// The report.
///
/// # Errors
/// None.
pub fn render(document: &Document, look: &Look) -> Result<String, ReportError> {
    let mut canvas = Canvas::new(look);
    head(&mut canvas, document);
    if let Some(found) = &document.recovery {
        recovery::sections(&mut canvas, found);
        unread(&mut canvas, document);
        scope(&mut canvas, document);
        return Ok(canvas.into_text());
    }
    if document.verdict.is_some() {
        if let Some(score) = &document.score {
            components(&mut canvas, score);
            gate(&mut canvas, score);
        }
        failing(&mut canvas, document);
        drift(&mut canvas, document);
    } else {
        drift(&mut canvas, document);
    }
    for framework in &document.compliance {
        controls(&mut canvas, framework);
    }
    regions(&mut canvas, document);
    unread(&mut canvas, document);
    scope(&mut canvas, document);
    next_steps(&mut canvas, document);
    Ok(canvas.into_text())
}

fn soft(text: impl AsRef<str>) -> Cell {
    Cell::new(text, Paint::Soft)
}

fn strong(text: impl AsRef<str>) -> Cell {
    Cell::new(text, Paint::Strong)
}

fn head(canvas: &mut Canvas, document: &Document) {
    canvas.line(
        0,
        &[plain(words::subject(document)), soft(format!("· as of {}", words::moment(&document.run.as_of)))],
    );
    canvas.space();
    let (answer, paint, reasons) = match &document.verdict {
        Some(verdict) => {
            let paint = match verdict.decision {
                Decision::Go | Decision::GoWithWaivers => Paint::Good,
                Decision::NoGo => Paint::Bad,
                Decision::Undetermined => Paint::Warn,
            };
            (verdict.decision.words(), paint, words::reasons(document, verdict))
        }
        None => {
            let answer = words::drift_answer(document);
            let paint = match answer {
                DriftAnswer::Found => Paint::Bad,
                DriftAnswer::Incomplete => Paint::Warn,
                DriftAnswer::Accepted | DriftAnswer::None => Paint::Good,
            };
            let sentences = document.drift.as_ref().map(words::drift_sentences).unwrap_or_default();
            (answer.words(), paint, sentences)
        }
    };
    canvas.line(0, &[Cell::new(answer, paint)]);
    if let Some(score) = &document.score {
        canvas.line(0, &[plain(words::score_line(score)), soft(format!("({})", score.band))]);
        if let Some(without) = score.without_waivers {
            canvas.line(0, &[soft(format!("Without waivers: {}", words::score(without)))]);
        }
    }
    for reason in reasons {
        canvas.line(0, &[plain("-"), plain(reason)]);
    }
}

fn components(canvas: &mut Canvas, score: &Score) {
    canvas.part("Components", "");
    let columns = [
        text("Component"),
        number("Weight"),
        text("Impact"),
        text("0 to 100"),
        number("Score"),
        number("Coverage"),
        number("Lost"),
    ];
    let rows: Vec<Vec<Cell>> = score.components.iter().map(component).collect();
    canvas.grid(&columns, &rows);
    for component in &score.components {
        if let Some(why) = words::why_not(component) {
            canvas
                .line(0, &[plain(&component.title), Cell::new("is not assessed:", Paint::Warn), plain(why)]);
        } else if component.cap < 100.0 {
            canvas.line(0, &[plain(&component.title), soft("is"), soft(words::cap(component))]);
        }
    }
    for note in words::notes(score).0 {
        canvas.line(0, &[soft("Note:"), soft(note)]);
    }
}

fn component(of: &Component) -> Vec<Cell> {
    let (bar, score) = match of.evidenced.zip(of.possible) {
        Some((worst, best)) => (plain(bar(worst, best)), plain(words::range(worst, best))),
        None => (plain("·".repeat(BAR)), Cell::new("not assessed", Paint::Warn)),
    };
    vec![
        plain(&of.title),
        plain(words::percent(of.weight)),
        plain(&of.impact),
        bar,
        score,
        plain(words::percent(of.coverage)),
        plain(words::points(of.points_lost)),
    ]
}

/// Full up to the worst case, shaded up to the best. Rounded down, so that only 100 fills it.
fn bar(worst: f64, best: f64) -> String {
    let cells = |value: f64| ((value.clamp(0.0, 100.0) * BAR as f64 / 100.0).floor()) as usize;
    let (full, shaded) = (cells(worst), cells(best).saturating_sub(cells(worst)));
    format!("{}{}{}", "█".repeat(full), "▒".repeat(shaded), "·".repeat(BAR - full - shaded))
}

fn gate(canvas: &mut Canvas, score: &Score) {
    canvas.part("Gate", "");
    let columns = [
        text("Criterion"),
        number("Above"),
        text("Mapped to"),
        number("Mapped"),
        number("Breadth"),
        number("Decides"),
        text("Outcome"),
    ];
    let rows: Vec<Vec<Cell>> = score.criteria.iter().map(criterion).collect();
    canvas.grid(&columns, &rows);
}

fn criterion(of: &Criterion) -> Vec<Cell> {
    let paint = match of.outcome {
        Gate::Pass => Paint::Good,
        Gate::Fail => Paint::Bad,
        Gate::Undetermined => Paint::Warn,
    };
    let shown = |interval: Option<String>| interval.map_or_else(|| soft("–"), plain);
    vec![
        plain(&of.title),
        plain(of.threshold.to_string()),
        plain(of.mapped_to.as_deref().unwrap_or("all, weighted")),
        shown(of.mapped.map(words::interval)),
        shown(of.breadth.map(words::interval)),
        strong(words::range(of.evidenced, of.possible)),
        Cell::new(words::gate(of.outcome), paint),
    ]
}

fn severity_paint(severity: &str) -> Paint {
    match severity {
        "critical" | "high" => Paint::Bad,
        "medium" => Paint::Warn,
        _ => Paint::Soft,
    }
}

fn failing(canvas: &mut Canvas, document: &Document) {
    let groups = words::groups(document, &[Status::Fail, Status::Partial]);
    let number: usize = groups.iter().map(|group| group.findings.len()).sum();
    canvas.part(
        "Findings that fail",
        &format!(
            "{number} of {}, in {}",
            words::thousands(document.findings.len()),
            words::count(groups.len(), "check")
        ),
    );
    for group in &groups {
        canvas.space();
        findings(canvas, group);
    }
    let waived = words::groups(document, &[Status::Waived]);
    if !waived.is_empty() {
        canvas.space();
        canvas.line(0, &[strong("Lifted by a waiver; they still count as failures in every score")]);
        for group in &waived {
            findings(canvas, group);
        }
    }
}

fn findings(canvas: &mut Canvas, group: &Group) {
    let mut figures = words::count(group.findings.len(), "finding");
    if group.points_lost > 0.0 {
        figures.push_str(&format!(", {} points lost", words::points(group.points_lost)));
    }
    canvas.line(
        0,
        &[
            Cell::new(group.severity, severity_paint(group.severity)),
            strong(group.check),
            plain(group.title),
            soft(format!("({figures})")),
        ],
    );
    for finding in &group.findings {
        resource(canvas, finding);
    }
}

fn resource(canvas: &mut Canvas, finding: &Finding) {
    let of = &finding.resource;
    let mut title = vec![strong(words::resource_id(of))];
    title.extend(of.name.as_ref().filter(|name| **name != of.id).map(plain));
    title.extend(words::note(finding).map(|note| Cell::new(format!("[{note}]"), Paint::Warn)));
    canvas.line(2, &title);
    canvas.line(4, &[soft(words::whereabouts(&of.kind, &of.region, &of.account))]);
    if let Some(address) = &of.address {
        canvas.line(4, &[plain(address)]);
    }
    canvas.line(4, &[plain(&finding.message)]);
    if let Some(declared) = words::declared(finding) {
        canvas.line(4, &[soft(declared)]);
    }
}

/// The supporting evidence for a framework.
fn controls(canvas: &mut Canvas, of: &FrameworkEvidence) {
    canvas.part(&evidence::title(of), "");
    canvas.line(0, &[plain(format!("{}.", evidence::summary(of))), soft(&of.note)]);
    canvas.line(0, &[soft(evidence::CLAIM)]);
    let columns = [text("Control"), text("Result"), number("Coverage"), text("Checks")];
    let row = |control: &ControlEvidence| {
        let paint = match control.result {
            EvidenceResult::Pass => Paint::Good,
            EvidenceResult::Fail => Paint::Bad,
            EvidenceResult::Unknown | EvidenceResult::NotMade => Paint::Warn,
            EvidenceResult::NotApplicable | EvidenceResult::NotCovered => Paint::Soft,
        };
        let checks: Vec<String> = control.checks.iter().map(evidence::check).collect();
        vec![
            plain(evidence::name(control)),
            Cell::new(control.result.words(), paint),
            plain(evidence::coverage(control)),
            plain(checks.join(", ")),
        ]
    };
    let rows: Vec<Vec<Cell>> = evidence::covered(of).map(row).collect();
    if !rows.is_empty() {
        canvas.grid(&columns, &rows);
    }
    let rest = evidence::not_covered(of);
    if !rest.is_empty() {
        canvas.line(0, &[soft("Not covered by a check:"), plain(rest.join(", "))]);
    }
}

fn drift(canvas: &mut Canvas, document: &Document) {
    let Some(drift) = &document.drift else {
        let why = match document.scope.proposal {
            Some(_) => "a plan was judged, so nothing was compared",
            None => "no state was given, so nothing was compared",
        };
        canvas.part("Drift", why);
        return;
    };
    canvas.part("Drift", "");
    let counts = words::drift_counts(drift);
    let said: Vec<String> =
        counts.iter().map(|(label, number)| format!("{number} {}", label.to_lowercase())).collect();
    canvas.line(0, &[plain(said.join(", "))]);
    canvas.line(0, &[soft(format!("Managed share of the estate: {}", words::share(drift.summary.coverage)))]);
    if let Some(excluded) = words::excluded(drift.summary.excluded) {
        canvas.line(0, &[soft(excluded)]);
    }
    for sentence in history::since(drift).into_iter().chain(history::accepted(drift)) {
        canvas.line(0, &[plain(sentence)]);
    }
    for (title, meaning, items) in words::classes(drift) {
        canvas.space();
        canvas.line(0, &[strong(title), soft(format!("{}: {meaning}", items.len()))]);
        for item in items {
            drift_item(canvas, item);
        }
    }
    rest_of_drift(canvas, drift);
}

fn drift_item(canvas: &mut Canvas, item: &DriftItem) {
    let mut title = vec![strong(words::item_title(item))];
    title.extend(label(item.label.as_deref()));
    title.extend(item.standing.as_ref().map(|of| soft(format!("[{}]", history::standing(of)))));
    canvas.line(2, &title);
    let mut place = Vec::new();
    if item.address.is_some() {
        place.extend([plain(&item.id), soft("·")]);
    }
    place.push(soft(words::whereabouts(&item.kind, &item.region, &item.account)));
    place.extend(item.name.as_ref().filter(|name| **name != item.id).map(|name| soft(format!("· {name}"))));
    canvas.line(4, &place);
    if let Some(owner) = &item.owner {
        canvas.line(4, &[soft("belongs to"), plain(owner)]);
    }
    for line in history::acceptance(item).into_iter().chain(history::origin(item)) {
        canvas.line(4, &[soft(line)]);
    }
    for reason in &item.reasons {
        canvas.line(4, &[plain(reason)]);
    }
    for change in &item.changes {
        let mut path = vec![plain(&change.path)];
        path.extend(label(Some(&change.label)).filter(|_| item.changes.len() > 1));
        path.extend(history::change_standing(item, change).map(|state| soft(format!("[{state}]"))));
        canvas.pair(4, &path, &words::value(&change.declared), &words::value(&change.live));
        if let Some(note) = &change.note {
            canvas.line(6, &[soft(note)]);
        }
    }
    if let Some(who) = who::sentence(item) {
        canvas.line(4, &[soft("who:"), plain(who)]);
    }
    if !item.breaks.is_empty() {
        canvas.line(4, &[Cell::new("breaks", Paint::Bad), plain(item.breaks.join(", "))]);
    }
    if item.import_block.is_some() {
        canvas.line(4, &[soft("an import block is in the other formats")]);
    }
}

fn label(of: Option<&str>) -> Option<Cell> {
    let label = of.filter(|label| *label != "other")?;
    let paint = match label {
        words::LOOSENING => Paint::Bad,
        "security-tightening" => Paint::Good,
        _ => Paint::Soft,
    };
    Some(Cell::new(format!("[{label}]"), paint))
}

/// Notes on a configuration that the table shows.
const NOTES: usize = 3;

fn rest_of_drift(canvas: &mut Canvas, drift: &Drift) {
    for section in history::sections(drift) {
        canvas.space();
        canvas.line(0, &[strong(section.title), soft(section.meaning)]);
        for line in section.lines {
            canvas.line(2, &[plain(line.subject)]);
            canvas.line(4, &[soft(line.said)]);
        }
    }
    if !drift.unread_states.is_empty() {
        canvas.space();
        canvas.line(0, &[strong("States that could not be read")]);
        for state in &drift.unread_states {
            canvas.line(2, &[plain(state)]);
        }
    }
    let rules = words::by_rule(drift);
    if !rules.is_empty() {
        canvas.space();
        canvas.line(
            0,
            &[strong("Differences that a rule explains"), soft(drift.summary.suppressed.to_string())],
        );
        for (rule, places) in rules {
            canvas.line(2, &[plain(words::rule(rule)), soft(format!("({})", places.len()))]);
        }
    }
    if !drift.configurations.is_empty() {
        canvas.space();
        canvas.line(0, &[strong("Configurations")]);
    }
    for one in &drift.configurations {
        canvas.line(2, &[plain(&one.source), soft(words::configuration(one))]);
        for note in one.notes.iter().take(NOTES) {
            canvas.line(4, &[soft(note)]);
        }
        if let Some(more) = one.notes.len().checked_sub(NOTES).filter(|more| *more > 0) {
            canvas.line(4, &[soft(format!("and {more} more notes in the other formats"))]);
        }
    }
    if !drift.idle_ignore_rules.is_empty() {
        canvas.space();
        canvas.line(0, &[strong("Ignore rules without effect")]);
        for rule in &drift.idle_ignore_rules {
            canvas.line(2, &[plain(rule)]);
        }
    }
}

fn regions(canvas: &mut Canvas, document: &Document) {
    canvas.part("Regions", "");
    // Where nothing was judged, zeros would look like an answer.
    let judged = document.verdict.is_some() && document.recovery.is_none();
    let mut columns =
        vec![text("Region"), text("Outcome"), number("Seen"), number("Drifted"), number("Unread")];
    if judged {
        columns.extend([number("Failing"), number("Unknown"), number("Passing")]);
    }
    let count = |number: usize| plain(words::thousands(number));
    let rows: Vec<Vec<Cell>> = words::places(document)
        .iter()
        .map(|place| {
            let region = place.region;
            let outcome = match region.map(|region| region.outcome) {
                Some(outcome) => Cell::new(words::outcome(outcome), outcome_paint(outcome)),
                None => soft("–"),
            };
            let role = region.map_or_else(String::new, |region| format!(" ({})", words::role(&region.role)));
            let mut row = vec![
                plain(format!("{}{role}", place.name)),
                outcome,
                region.map_or_else(|| soft("–"), |region| count(region.resources)),
                count(place.drifted),
                count(place.errors),
            ];
            if judged {
                row.push(count(place.number(&[Status::Fail, Status::Partial])));
                row.push(count(place.number(&[Status::Unknown])));
                row.push(count(place.number(&[Status::Pass])));
            }
            row
        })
        .collect();
    canvas.grid(&columns, &rows);
}

fn outcome_paint(of: Outcome) -> Paint {
    match of {
        Outcome::Read => Paint::Good,
        Outcome::Partial => Paint::Warn,
        Outcome::Unreadable => Paint::Bad,
    }
}

fn unread(canvas: &mut Canvas, document: &Document) {
    canvas.part("What could not be read", &words::count(document.collection.errors.len(), "operation"));
    for operation in words::unread(document) {
        unread_operation(canvas, &operation);
    }
    let unknown = words::groups(document, &[Status::Unknown]);
    if !unknown.is_empty() {
        canvas.space();
        let number = words::count(words::number_of(document, Status::Unknown), "finding");
        canvas.line(0, &[strong("Unknown, and counted as failures:"), plain(number)]);
        for group in &unknown {
            findings(canvas, group);
        }
    }
}

fn unread_operation(canvas: &mut Canvas, of: &Unread) {
    let error = of.error;
    let operation = strong(format!("{}:{}", error.service, error.operation));
    canvas.line(0, &[operation, Cell::new(format!("[{}]", error.reason), Paint::Warn)]);
    canvas.line(4, &[soft(of.places.join("; "))]);
    canvas.line(4, &[plain(&error.message), soft(format!("({})", error.code))]);
    if let Some(permission) = &error.permission {
        canvas.line(4, &[soft("grant"), plain(permission)]);
    }
    let list = |names: &BTreeSet<&str>| plain(names.iter().copied().collect::<Vec<_>>().join(", "));
    if !of.checks.is_empty() {
        canvas.line(4, &[soft("checks"), list(&of.checks)]);
    }
    if !of.types.is_empty() {
        canvas.line(4, &[soft("types"), list(&of.types)]);
    }
}

fn scope(canvas: &mut Canvas, document: &Document) {
    let scope = &document.scope;
    canvas.part("Scope", "");
    for account in &scope.accounts {
        let outcome = words::outcome_with(account.outcome, account.reason.as_deref());
        canvas.line(0, &[soft("account"), plain(&account.id), soft(format!("· {outcome}"))]);
    }
    for state in &scope.states {
        let outcome = Cell::new(words::outcome(state.outcome), outcome_paint(state.outcome));
        let facts = soft(format!("· {}", words::state_facts(state)));
        canvas.line(0, &[soft("state"), plain(&state.uri), soft("·"), outcome, facts]);
    }
    let services: Vec<String> = scope
        .services
        .iter()
        .map(|service| match service.outcome {
            Outcome::Read => format!("{} {}", service.name, service.resources),
            outcome => format!("{} {} ({})", service.name, service.resources, words::outcome(outcome)),
        })
        .collect();
    canvas.line(0, &[soft("services"), plain(services.join(", "))]);
    for waiver in &document.waivers {
        let terms = format!("· {} · {}", words::waiver(&waiver.outcome), words::waiver_terms(waiver));
        canvas.line(0, &[soft("waiver"), plain(&waiver.subject), soft(terms)]);
        canvas.line(2, &[soft(&waiver.reason)]);
    }
    canvas.line(0, &[soft(words::left_out(document))]);
    canvas.line(0, &[soft(words::cost(document))]);
    let run = &document.run;
    let profile = run.profile.join(", ");
    canvas.line(0, &[soft(format!("stateward {} · run {} · profile {profile}", run.version, run.id))]);
}

fn next_steps(canvas: &mut Canvas, document: &Document) {
    if !document.plan.is_empty() {
        canvas.part("What to fix first", "gain for the effort; gains overlap");
        steps(canvas, document, &document.plan, "plan");
    }
    let obstacles = document.score.as_ref().map(|score| words::notes(score).1).unwrap_or_default();
    if !document.route_to_go.is_empty() {
        let title = if obstacles.is_empty() { "The shortest route to GO" } else { "As far as repairs lead" };
        canvas.part(title, "");
        steps(canvas, document, &document.route_to_go, "route_to_go");
    }
    if !obstacles.is_empty() {
        canvas.part("What no repair leads past", "");
        for obstacle in obstacles {
            canvas.line(0, &[plain("-"), plain(obstacle)]);
        }
    }
    if document.verdict.is_some() {
        canvas.space();
        canvas.line(
            0,
            &[soft(
                "`stateward checks ID` explains a check and its repair; `--format html` writes the brief.",
            )],
        );
    }
}

fn steps(canvas: &mut Canvas, document: &Document, steps: &[Step], key: &str) {
    let (titles, subjects) = (words::titles(document), words::subjects(document));
    let columns = [number("Gain"), text("Effort"), text("Severity"), text("Checks"), text("What to do")];
    let rows: Vec<Vec<Cell>> = steps
        .iter()
        .take(STEPS)
        .map(|step| {
            vec![
                Cell::new(format!("+{}", words::points(step.gain)), Paint::Good),
                plain(words::effort(step.effort)),
                Cell::new(&step.severity, severity_paint(&step.severity)),
                plain(step.checks.join(", ")),
                plain(words::step_line(step, &titles, &subjects)),
            ]
        })
        .collect();
    canvas.grid(&columns, &rows);
    if steps.len() > STEPS {
        let more = steps.len() - STEPS;
        canvas.line(0, &[soft(format!("{more} more in the JSON result, under {key}"))]);
    }
}
