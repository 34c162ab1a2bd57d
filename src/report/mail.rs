//! The letter to operators: a subject that says the verdict and what changed, text, and HTML that mail clients without
//! modern CSS can show. A pure function of what is to be told.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::words::{self, DriftAnswer, LOOSENING};
use super::{ReportError, ci, history, who};
use crate::mail::{Occasion, Telling, answer, item_of, objects};
use crate::profile::MailPart;
use crate::result::{
    Decision, Difference, Document, DriftChange, DriftItem, Finding, FindingChange, ResourceRef,
};

/// Entries of a list of what changed; the result has them all.
const ENTRIES: usize = 40;
/// Entries of a list of what stands. Large clients cut off a message of more than 100 kB.
const STANDING: usize = 25;
/// Changes of one object.
const CHANGES: usize = 10;
/// Letters of a value.
const VALUE: usize = 160;
/// Letters of a sentence that a service or a check said.
const SENTENCE: usize = 400;
/// Reasons of the verdict.
const REASONS: usize = 6;
/// Letters of the subject.
const SUBJECT: usize = 200;
/// Letters of the estate's name in it.
const NAME: usize = 80;

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject, on one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The page.
    pub html: String,
}

/// The name of the template of the subject, of the plain text, and of the page.
pub const TEMPLATES: [&str; 3] = ["subject.txt", "letter.txt", "letter.html"];

/// Templates in the place of the built-in ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// What messages call the folder that they come from.
    pub folder: String,
    /// The sources that are there, by the name of [`TEMPLATES`].
    pub sources: BTreeMap<&'static str, String>,
}

/// Why a letter could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// A template of the profile's.
    #[error(
        "{place}: {what}\n  remedy: correct the template, or take its file out of the folder, so that the built-in one is used; \
         docs/mail.md lists what a template may print"
    )]
    Template {
        /// The file, and the line where it is known.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A built-in one, which a tested build never gives.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// Writes the letter.
///
/// # Errors
/// [`LetterError`] when a template cannot be read, or prints what there is not.
pub fn render(telling: &Telling, templates: &Templates) -> Result<Letter, LetterError> {
    write(telling, templates).map_err(|error| match error {
        ReportError::Template(error)
            if error.name().is_some_and(|name| templates.sources.contains_key(name)) =>
        {
            fault(&error, templates)
        }
        error => error.into(),
    })
}

fn fault(error: &minijinja::Error, templates: &Templates) -> LetterError {
    let line = error.line().map(|line| format!(":{line}")).unwrap_or_default();
    let place = format!("{}/{}{line}", templates.folder, error.name().unwrap_or_default());
    let detail = error.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    LetterError::Template { place, what: words::one_line(&format!("{}{detail}", error.kind())) }
}

fn write(telling: &Telling, templates: &Templates) -> Result<Letter, ReportError> {
    let page = page(telling);
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_syntax(
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?,
    );
    environment.set_auto_escape_callback(|name| match name {
        "letter.html" => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    let [subject, text, html] = TEMPLATES;
    let built_in = [
        (subject, "{{ subject }}"),
        (text, include_str!("mail/letter.txt")),
        (html, include_str!("mail/letter.html")),
    ];
    for (name, source) in built_in {
        let source = templates.sources.get(name).map_or(source, String::as_str);
        environment.add_template(name, source)?;
    }
    let context = super::html::value(serde_json::to_value(&page)?);
    let made = |name: &str| environment.get_template(name)?.render(context.clone());
    // It begins a header, whatever a template makes of it.
    let subject = cut(made(subject)?.trim(), SUBJECT);
    Ok(Letter { subject, text: made(text)?, html: made(html)? })
}

/// What both templates print. Each text is on one line and holds no hidden character.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    pub(super) subject: String,
    pub(super) answer: String,
    pub(super) kind: &'static str,
    pub(super) estate: String,
    pub(super) lead: String,
    pub(super) facts: Vec<String>,
    pub(super) reasons: Vec<String>,
    pub(super) sections: Vec<Section>,
    pub(super) foot: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) meaning: String,
    pub(super) entries: Vec<Entry>,
    pub(super) more: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Entry {
    pub(super) title: String,
    pub(super) mark: String,
    pub(super) grave: bool,
    pub(super) place: String,
    pub(super) lines: Vec<String>,
}

pub(super) fn page(telling: &Telling) -> Page {
    let document = telling.document;
    let reasons = match &document.verdict {
        Some(verdict) if wants(telling, MailPart::Brief) => words::reasons(document, verdict),
        _ => document.drift.as_ref().map(words::drift_sentences).unwrap_or_default(),
    };
    Page {
        subject: subject(telling),
        answer: answer(document).to_owned(),
        kind: kind(document),
        estate: telling.estate.name.clone(),
        lead: lead(telling),
        facts: facts(telling),
        reasons: reasons.iter().take(REASONS).map(|reason| cut(reason, SENTENCE)).collect(),
        sections: sections(telling),
        foot: foot(telling),
    }
}

fn wants(telling: &Telling, part: MailPart) -> bool {
    telling.rule.only.is_none_or(|only| only == part)
}

/// `go`, `waived`, `stop` or `open`.
fn kind(document: &Document) -> &'static str {
    let decision = document.verdict.as_ref().map(|verdict| verdict.decision);
    match (decision, words::drift_answer(document)) {
        (Some(Decision::Go), _) | (None, DriftAnswer::None) => "go",
        (Some(Decision::GoWithWaivers), _) | (None, DriftAnswer::Accepted) => "waived",
        (Some(Decision::NoGo), _) | (None, DriftAnswer::Found) => "stop",
        (Some(Decision::Undetermined), _) | (None, DriftAnswer::Incomplete) => "open",
    }
}

/// `stateward NAME: 2 new drifts, 1 loosening, NO-GO`.
pub fn subject(telling: &Telling) -> String {
    let changes = &telling.changes;
    let mut said = Vec::new();
    let mut say = |number: usize, words: String| {
        if number > 0 {
            said.push(words);
        }
    };
    match telling.occasion {
        Occasion::Change => {
            let loosening = changes.loosening();
            let new = objects(&changes.new).len();
            let returned = objects(&changes.returned).len();
            say(new, words::count(new, "new drift"));
            say(returned, format!("{} returned", words::thousands(returned)));
            say(loosening, format!("{} loosening", words::thousands(loosening)));
            say(changes.failing.len(), words::count(changes.failing.len(), "new failure"));
            let resolved = objects(&changes.resolved).len();
            say(resolved, format!("{} resolved", words::thousands(resolved)));
            say(changes.fixed.len(), format!("{} fixed", words::thousands(changes.fixed.len())));
            let unseen = objects(&changes.unseen).len() + changes.lost.len();
            say(changes.unread, format!("{} no longer read", words::thousands(changes.unread)));
            say(unseen, format!("{} no longer seen", words::thousands(unseen)));
        }
        occasion => {
            let loosening = telling.drift.iter().filter(|item| loosens(item)).count();
            say(
                1,
                match occasion {
                    Occasion::First => "first report",
                    Occasion::Heartbeat => "nothing changed",
                    _ => "digest",
                }
                .to_owned(),
            );
            say(telling.drift.len(), words::count(telling.drift.len(), "drift"));
            say(loosening, format!("{} loosening", words::thousands(loosening)));
            say(telling.findings.len(), words::count(telling.findings.len(), "failure"));
        }
    }
    let answer = answer(telling.document);
    said.push(match changes.answer {
        Some(was) => format!("{answer} (was {was})"),
        None => answer.to_owned(),
    });
    let name = cut(&telling.estate.name, NAME);
    cut(&format!("stateward {name}: {}", said.join(", ")), SUBJECT)
}

fn lead(telling: &Telling) -> String {
    let since = words::moment(&telling.changes.since);
    let said = match telling.occasion {
        Occasion::First => "The first report of this estate.".to_owned(),
        Occasion::Change => format!("What changed since {since}, and where it stands now."),
        Occasion::Digest => format!("Nothing changed since {since}. This is what stands."),
        Occasion::Heartbeat => {
            format!("Nothing changed since {since}, and nothing was to be told. Stateward is alive.")
        }
    };
    words::one_line(&said)
}

fn facts(telling: &Telling) -> Vec<String> {
    let document = telling.document;
    let mut facts = Vec::new();
    let narrowed = if telling.rule.narrows() { " within this rule" } else { "" };
    if let Some(was) = telling.changes.answer {
        facts.push(format!("The answer was {was} before."));
    }
    if telling.changes.unread > 0 {
        let number = words::thousands(telling.changes.unread);
        facts.push(format!("No longer read, and now unknown: {number}."));
    }
    if let Some(score) = document.score.as_ref().filter(|_| wants(telling, MailPart::Brief)) {
        facts.push(words::score_line(score));
    }
    let mut stands = Vec::new();
    if document.drift.is_some() && wants(telling, MailPart::Drift) {
        stands.push(words::count(telling.drift.len(), "drift"));
    }
    if document.verdict.is_some() && wants(telling, MailPart::Brief) {
        stands.push(words::count(telling.findings.len(), "failure"));
    }
    if !stands.is_empty() {
        facts.push(format!("Standing{narrowed}: {}.", stands.join(", ")));
    }
    if telling.unknown > 0 {
        let number = words::thousands(telling.unknown);
        facts.push(format!("Not known{narrowed}, and never counted as fine: {number}."));
    }
    facts.extend(telling.changes.notes.iter().map(|note| format!("{}.", words::capital(note))));
    facts.iter().map(|fact| cut(fact, SENTENCE)).collect()
}

fn sections(telling: &Telling) -> Vec<Section> {
    let changes = &telling.changes;
    let document = telling.document;
    let drift = |title: &str, meaning: &str, of: &[Difference]| {
        let objects = objects(of);
        let entries = objects.iter().take(ENTRIES).filter_map(|one| differences(document, one)).collect();
        section(title, meaning, entries, objects.len())
    };
    let findings = |title: &str, meaning: &str, of: &[FindingChange]| {
        section(title, meaning, of.iter().take(ENTRIES).map(finding_change).collect(), of.len())
    };
    let mut sections = vec![
        drift("New drift", "Not there when the last message was made", &changes.new),
        drift("Returned drift", "Resolved once, and here again", &changes.returned),
        findings("New failures", "Checks that fail, or fail more, and did not before", &changes.failing),
        drift("Resolved drift", "Looked for, and no longer there", &changes.resolved),
        findings("Fixed", "Checks that fail no more, or whose resource is gone", &changes.fixed),
        drift(
            "Drift that is no longer seen",
            "It could not be looked at, so it is not resolved",
            &changes.unseen,
        ),
        findings("No longer known", "Checks that could be decided before, and cannot now", &changes.lost),
    ];
    if matches!(telling.occasion, Occasion::First | Occasion::Digest) {
        let items = &telling.drift;
        let entries = items.iter().take(STANDING).map(|one| item(one)).collect();
        sections.push(section("Drift", "State against live", entries, items.len()));
        let failing = &telling.findings;
        let entries = failing.iter().take(STANDING).map(|one| finding(one)).collect();
        sections.push(section("Failures", "Checks that do not pass, gravest first", entries, failing.len()));
    }
    let unread = words::unread(document);
    let entries = unread.iter().take(STANDING).map(unread_entry).collect();
    sections.push(section(
        "Not read",
        "What it touches is unknown, and never counted as fine",
        entries,
        unread.len(),
    ));
    let states: Vec<Entry> =
        document.drift.iter().flat_map(|drift| &drift.unread_states).map(|uri| plain(uri)).collect();
    let number = states.len();
    sections.push(section("States that could not be read", "", states, number));
    sections.retain(|section| !section.entries.is_empty());
    sections
}

fn section(title: &str, meaning: &str, entries: Vec<Entry>, number: usize) -> Section {
    let more = match number.saturating_sub(entries.len()) {
        0 => String::new(),
        more => format!("and {} more, which the result has", words::thousands(more)),
    };
    let title = format!("{title} ({})", words::thousands(number));
    Section { title, meaning: meaning.to_owned(), entries, more }
}

fn loosens(item: &DriftItem) -> bool {
    item.label.as_deref() == Some(LOOSENING)
}

/// The differences of one object.
fn differences(document: &Document, of: &[&Difference]) -> Option<Entry> {
    let first = of.first()?;
    let found = item_of(document, first);
    let mut lines = Vec::new();
    for one in of.iter().take(CHANGES) {
        let path = one.path.as_ref();
        let change = found.and_then(|item| item.changes.iter().find(|change| Some(&change.path) == path));
        lines.extend(change.map(values).or_else(|| path.map(|path| cut(path, VALUE))));
        lines.extend(one.why.as_ref().map(|why| cut(&words::capital(why), SENTENCE)));
    }
    if let Some(more) = of.len().checked_sub(CHANGES).filter(|more| *more > 0) {
        lines.push(format!("and {more} more, which the result has"));
    }
    if let Some(item) = found {
        lines.extend(about(item));
    }
    let loosening = of.iter().find(|one| one.label.as_deref() == Some(LOOSENING));
    let label = loosening.unwrap_or(first).label.as_deref();
    let title = first.address.as_deref().or(first.owner.as_deref()).unwrap_or(&first.id);
    let place = words::whereabouts(&first.kind, &first.region, &first.account);
    Some(entry(title, &first.class, label, &place, lines))
}

fn item(of: &DriftItem) -> Entry {
    let place = words::whereabouts(&of.kind, &of.region, &of.account);
    let mut lines: Vec<String> = of.changes.iter().take(CHANGES).map(values).collect();
    if let Some(more) = of.changes.len().checked_sub(CHANGES).filter(|more| *more > 0) {
        lines.push(format!("and {more} more, which the result has"));
    }
    lines.extend(about(of));
    lines.extend(of.standing.as_ref().map(|standing| words::capital(&history::standing(standing))));
    entry(words::item_title(of), &of.class, of.label.as_deref(), &place, lines)
}

fn entry(title: &str, class: &str, label: Option<&str>, place: &str, lines: Vec<String>) -> Entry {
    let grave = label == Some(LOOSENING);
    let (title_of_class, _) = ci::class(class);
    let mark = if grave { format!("{title_of_class}, loosens security") } else { title_of_class.to_owned() };
    Entry {
        title: cut(title, VALUE),
        mark: words::one_line(&mark),
        grave,
        place: cut(place, SENTENCE),
        lines: lines.iter().map(|line| words::one_line(line)).collect(),
    }
}

/// What is said of an item besides its values.
fn about(item: &DriftItem) -> Vec<String> {
    let mut said = Vec::new();
    if item.class != "changed" {
        said.extend(item.reasons.iter().take(CHANGES).map(|reason| cut(reason, SENTENCE)));
    }
    if let Some(owner) = item.owner.as_ref().filter(|_| item.address.is_some()) {
        said.push(format!("It belongs to {}", cut(owner, VALUE)));
    }
    if !item.breaks.is_empty() {
        said.push(format!("It breaks {}", cut(&item.breaks.join(", "), VALUE)));
    }
    said.extend(who::sentence(item).map(|who| cut(&format!("Who: {who}"), SENTENCE)));
    said.extend(history::origin(item).map(|origin| cut(&words::capital(&origin), SENTENCE)));
    said
}

fn values(change: &DriftChange) -> String {
    let (declared, live) = (words::value(&change.declared), words::value(&change.live));
    format!("{}: {} → {}", cut(&change.path, VALUE), cut(&declared, VALUE), cut(&live, VALUE))
}

fn finding(of: &Finding) -> Entry {
    judged(&of.check, &of.title, &of.severity, &of.resource, &ci::said(of))
}

fn finding_change(of: &FindingChange) -> Entry {
    let mut entry = judged(&of.check, &of.title, &of.severity, &of.resource, &of.message);
    let word =
        |status: Option<crate::result::Status>| status.map_or("not there", crate::result::Status::words);
    entry.lines.push(format!("It was: {}; it is: {}", word(of.was), word(of.is)));
    entry
}

fn judged(check: &str, title: &str, severity: &str, resource: &ResourceRef, said: &str) -> Entry {
    let name = resource.address.as_deref().unwrap_or_else(|| words::resource_id(resource));
    let place = words::whereabouts(&resource.kind, &resource.region, &resource.account);
    Entry {
        title: cut(&format!("{check}: {title}"), SENTENCE),
        mark: words::one_line(severity),
        grave: severity == "critical",
        place: cut(&format!("{name} · {place}"), SENTENCE),
        lines: vec![cut(said, SENTENCE)],
    }
}

fn unread_entry(of: &words::Unread) -> Entry {
    let error = of.error;
    let mut lines = vec![cut(&format!("{} ({})", error.message, error.code), SENTENCE)];
    lines.extend(error.permission.as_ref().map(|permission| cut(&format!("Grant {permission}"), VALUE)));
    Entry {
        title: cut(&format!("{}:{}", error.service, error.operation), VALUE),
        mark: words::one_line(&error.reason),
        grave: false,
        place: cut(&of.places.join(", "), SENTENCE),
        lines,
    }
}

fn plain(text: &str) -> Entry {
    Entry {
        title: cut(text, SENTENCE),
        mark: String::new(),
        grave: false,
        place: String::new(),
        lines: Vec::new(),
    }
}

fn foot(telling: &Telling) -> Vec<String> {
    let run = &telling.document.run;
    let mut foot = vec![
        format!(
            "As of {}, run {} of stateward {}, {}.",
            words::moment(&run.as_of),
            run.id,
            run.version,
            run.command
        ),
        format!(
            "Regions: {}.",
            telling
                .document
                .scope
                .regions
                .iter()
                .map(|region| region.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        ),
    ];
    if telling.rule.narrows() {
        foot.push(format!(
            "This rule lets through {}; the verdict is that of the whole estate.",
            narrowed(telling)
        ));
    }
    foot.iter().map(|line| cut(line, SENTENCE)).collect()
}

/// What a rule lets through, in words.
fn narrowed(telling: &Telling) -> String {
    let rule = telling.rule;
    let mut said = Vec::new();
    said.extend(rule.only.map(|only| match only {
        MailPart::Drift => "drift alone".to_owned(),
        MailPart::Brief => "the brief alone".to_owned(),
    }));
    said.extend(rule.severity.map(|least| format!("severity {} and above", least.word())));
    let mut list = |name: &str, words: Vec<&str>| {
        if !words.is_empty() {
            said.push(format!("{name} {}", words.join(", ")));
        }
    };
    list("components", rule.components.iter().map(String::as_str).collect());
    list("regions", rule.regions.iter().map(crate::profile::Pattern::as_str).collect());
    list("addresses", rule.addresses.iter().map(crate::profile::Pattern::as_str).collect());
    said.join("; ")
}

/// Text on one line, and not more of it than a reader wants.
fn cut(text: &str, letters: usize) -> String {
    let line = words::one_line(text);
    match line.char_indices().nth(letters) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
