//! What the formats for pipelines share: whether all was read, and what is said of findings, drift and gaps.

pub mod recovery;

use super::words::{self, LOOSENING};
use super::{history, who};
use crate::result::{Document, DriftItem, Finding, Outcome, Status};

/// Differences of one item that a sentence names; the JSON result has them all.
const NAMED: usize = 20;

/// Whether nothing that was asked for is unread or undecided.
pub fn all_read(document: &Document) -> bool {
    let scope = &document.scope;
    let outcomes = scope
        .accounts
        .iter()
        .map(|of| of.outcome)
        .chain(scope.regions.iter().map(|of| of.outcome))
        .chain(scope.states.iter().map(|of| of.outcome))
        .chain(scope.services.iter().map(|of| of.outcome));
    let decided = document.findings.iter().all(|finding| !is_unknown(finding));
    let compared = document.drift.iter().all(|drift| {
        drift.unread_states.is_empty() && drift.items.iter().all(|item| item.class != "unknown")
    });
    document.recovery.as_ref().is_none_or(recovery::all_read)
        && document.collection.errors.is_empty()
        && outcomes.into_iter().all(|of| of == Outcome::Read)
        && decided
        && compared
}

/// Whether a finding could not be decided; a waiver changes nothing of that.
pub fn is_unknown(finding: &Finding) -> bool {
    finding.status == Status::Unknown || (finding.status == Status::Waived && finding.reason.is_some())
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What: an operation, a state, an account.
    pub what: String,
    /// Which one it is among all gaps: its name with its place.
    pub name: String,
    /// Why, and what it touches.
    pub why: String,
}

/// What could not be read: every operation in every place, then accounts and states.
pub fn gaps(document: &Document) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = document
        .collection
        .errors
        .iter()
        .map(|error| {
            let what = format!("{}:{}", error.service, error.operation);
            let name = words::whereabouts(&what, &error.region, &error.account);
            let mut why = format!("{}: {} ({})", error.reason, error.message, error.code);
            if let Some(permission) = &error.permission {
                why.push_str(&format!("; grant {permission}"));
            }
            let checks: Vec<&str> = error.affects.checks.iter().map(String::as_str).collect();
            if !checks.is_empty() {
                why.push_str(&format!("; checks: {}", checks.join(", ")));
            }
            Gap { what, name, why }
        })
        .collect();
    let said = |outcome, reason: &Option<String>| words::outcome_with(outcome, reason.as_deref());
    let accounts = document.scope.accounts.iter().filter(|of| of.outcome != Outcome::Read);
    gaps.extend(accounts.map(|of| Gap {
        what: "account".into(),
        name: format!("account {}", of.id),
        why: said(of.outcome, &of.reason),
    }));
    let states = document.scope.states.iter().filter(|of| of.outcome != Outcome::Read);
    gaps.extend(states.map(|of| Gap {
        what: "state".into(),
        name: format!("state {}", of.uri),
        why: said(of.outcome, &of.reason),
    }));
    gaps
}

/// The severity of an item of drift in the words of findings.
pub fn severity(item: &DriftItem) -> &'static str {
    match item.class.as_str() {
        _ if item.label.as_deref() == Some(LOOSENING) || !item.breaks.is_empty() => "high",
        "unmanaged" | "ghost" => "low",
        _ => "medium",
    }
}

/// The rule of an item of drift: its class, and the label that its gravest difference has.
pub fn rule(item: &DriftItem) -> String {
    match &item.label {
        Some(label) => format!("drift/{}/{label}", item.class),
        None => format!("drift/{}", item.class),
    }
}

/// The title and the meaning of a class of drift.
pub fn class(name: &str) -> (&str, &str) {
    let known = words::CLASSES.iter().find(|(class, ..)| *class == name);
    known.map_or((name, ""), |(_, title, meaning)| (title, meaning))
}

/// What a finding is about: the address, or the id where there is none, with type, region and account.
pub fn subject(finding: &Finding) -> String {
    let resource = &finding.resource;
    let name = resource.address.as_deref().unwrap_or_else(|| words::resource_id(resource));
    format!("{name} ({})", words::whereabouts(&resource.kind, &resource.region, &resource.account))
}

/// What was found, with its status where that is not plain failure.
pub fn said(finding: &Finding) -> String {
    let mut said = match finding.status {
        Status::Unknown => {
            let reason = finding.reason.as_deref().unwrap_or("no reason given");
            format!("Not decided, and counted as a failure ({reason}): {}", finding.message)
        }
        Status::Partial => {
            let credit = finding.value.map(words::score).unwrap_or_default();
            format!("In part (credit {credit}): {}", finding.message)
        }
        _ => finding.message.clone(),
    };
    let stands = !matches!(finding.status, Status::Pass | Status::NotApplicable);
    if let Some(declared) = words::declared(finding).filter(|_| stands) {
        end_sentence(&mut said);
        said.push_str(declared);
    }
    said
}

fn end_sentence(text: &mut String) {
    text.push_str(if text.ends_with(['.', '!', '?']) { " " } else { ". " });
}

/// What an item of drift is about.
pub fn item_subject(item: &DriftItem) -> String {
    let place = words::whereabouts(&item.kind, &item.region, &item.account);
    format!("{} ({place})", words::item_title(item))
}

/// What became of an item of drift, in sentences.
pub fn item_said(document: &Document, item: &DriftItem) -> String {
    let unread = document.drift.as_ref().is_some_and(|drift| !drift.unread_states.is_empty());
    let (_, meaning) = class(&item.class);
    let mut sentences = vec![match meaning {
        "" => item.class.clone(),
        // While a state is unread, that nothing manages it is a guess.
        _ if unread && item.class == "unmanaged" => "Live, and in no state that could be read".to_owned(),
        meaning => meaning.to_owned(),
    }];
    if !item.changes.is_empty() {
        let changes = item.changes.iter().take(NAMED).map(|change| {
            let (declared, live) = (words::value(&change.declared), words::value(&change.live));
            let note = change.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            format!("{}: {declared} → {live}{note}", change.path)
        });
        let mut said = changes.collect::<Vec<_>>().join("; ");
        if let Some(more) = item.changes.len().checked_sub(NAMED).filter(|more| *more > 0) {
            said.push_str(&format!("; and {more} more, which the JSON result has"));
        }
        sentences.push(said);
    }
    sentences.extend(item.owner.as_ref().map(|owner| format!("It belongs to {owner}")));
    sentences.extend(item.reasons.iter().cloned());
    if !item.breaks.is_empty() {
        sentences.push(format!("It breaks {}", item.breaks.join(", ")));
    }
    sentences.extend(who::sentence(item).map(|said| format!("Who: {said}")));
    sentences.extend(history::origin(item).map(|said| words::capital(&said)));
    sentences.extend(item.standing.as_ref().map(|of| words::capital(&history::standing(of))));
    sentences.extend(history::acceptance(item).map(|said| words::capital(&said)));
    sentences.iter().map(|one| one.trim_end_matches('.')).collect::<Vec<_>>().join(". ") + "."
}

/// Why a waived finding does not block: the waivers in use for its check or its component.
pub fn justification(document: &Document, finding: &Finding) -> String {
    let components = document.score.iter().flat_map(|score| &score.components);
    let title = components.filter(|of| of.key == finding.component).map(|of| of.title.as_str()).next();
    let of_check = format!("{} on ", finding.check);
    let used = document.waivers.iter().filter(|waiver| {
        waiver.outcome == "used"
            && (waiver.subject.starts_with(&of_check) || Some(waiver.subject.as_str()) == title)
    });
    let said: Vec<String> = used
        .map(|waiver| format!("{}: {} ({})", waiver.subject, waiver.reason, words::waiver_terms(waiver)))
        .collect();
    if said.is_empty() { "lifted by a waiver of the profile".into() } else { said.join("; ") }
}
