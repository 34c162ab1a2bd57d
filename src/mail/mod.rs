//! What is told, to whom and when: a pure function of two results, the rules of the profile and the time.
//!
//! A result is held against the one that was last told under the same rule, and not against the run before: a run whose
//! message was never made is told of with the next.

pub mod message;
pub mod post;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::check::{Check, Subject};
use crate::diff::compare;
use crate::profile::{MailPart, MailRule, Profile, any_matches};
use crate::report::ci;
use crate::report::words::{self, LOOSENING};
use crate::result::{Difference, Document, DriftItem, Finding, FindingChange, ResourceRef, Status};

/// What is told of: runs of one command over one estate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estate {
    /// What people call it.
    pub name: String,
    /// The same from run to run, and another for every other estate.
    pub key: String,
}

impl Estate {
    /// The estate of a result, as the profile calls it.
    pub fn of(document: &Document, profile: &Profile) -> Self {
        let named = [&profile.mail.name, &profile.history.estate].into_iter().find(|name| !name.is_empty());
        let name = named.map_or_else(|| words::subject(document), Clone::clone);
        let mut parts = vec!["estate"];
        match named {
            Some(name) => parts.push(name),
            None => {
                parts.extend(document.scope.accounts.iter().map(|account| account.id.as_str()));
                parts.push("states");
                parts.extend(document.scope.states.iter().map(|state| state.uri.as_str()));
            }
        }
        Self { name: words::one_line(&name), key: digest(&parts) }
    }
}

/// A digest of words that are told apart.
pub fn digest(words: &[&str]) -> String {
    let text = words.iter().map(|word| format!("{}:{word}", word.len())).collect::<String>();
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What a rule is known by: who gets it, and what they get. How often does not count.
pub fn rule_key(estate: &Estate, command: &str, rule: &MailRule) -> String {
    let mut to: Vec<String> = rule.to.iter().map(|address| address.to_lowercase()).collect();
    to.sort();
    let narrowed = MailRule { to, digest: None, heartbeat: None, ..rule.clone() };
    // Plain lists and words always have a form in JSON.
    let text = serde_json::to_string(&narrowed).unwrap_or_default();
    digest(&[&estate.key, command, &text])
}

/// Why there is a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// Nothing was told under this rule before.
    First,
    /// Something changed since.
    Change,
    /// Nothing changed for a while, and something stands.
    Digest,
    /// Nothing was said for a while.
    Heartbeat,
}

impl Occasion {
    /// The word of receipts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Change => "change",
            Self::Digest => "digest",
            Self::Heartbeat => "heartbeat",
        }
    }
}

/// What changed since the last message, so far as the rule lets it through.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// The moment of the result that was told then.
    pub since: String,
    /// The answer before, where it is another now.
    pub answer: Option<&'static str>,
    /// Differences for the first time, or in another way.
    pub new: Vec<Difference>,
    /// Differences that were resolved once.
    pub returned: Vec<Difference>,
    /// Differences that are proved gone.
    pub resolved: Vec<Difference>,
    /// Differences that could not be seen any more. They are not resolved.
    pub unseen: Vec<Difference>,
    /// Findings that fail, or fail more, and did not before.
    pub failing: Vec<FindingChange>,
    /// Findings that fail no more, or whose resource is gone.
    pub fixed: Vec<FindingChange>,
    /// Findings that were known, and are unknown.
    pub lost: Vec<FindingChange>,
    /// Operations and states that could be read then, and now cannot.
    pub unread: usize,
    /// What else sets the two apart, in sentences.
    pub notes: Vec<String>,
}

impl Changes {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        let drift = [&self.new, &self.returned, &self.resolved, &self.unseen];
        let findings = [&self.failing, &self.fixed, &self.lost];
        self.answer.is_none()
            && self.unread == 0
            && drift.iter().all(|list| list.is_empty())
            && findings.iter().all(|list| list.is_empty())
    }

    /// Objects with a new or returned difference that loosens security.
    pub fn loosening(&self) -> usize {
        let loosens =
            |object: &Vec<&Difference>| object.iter().any(|one| one.label.as_deref() == Some(LOOSENING));
        [&self.new, &self.returned].iter().flat_map(|list| objects(list)).filter(loosens).count()
    }
}

/// Differences by the object that they are of, which people count and read as one. The list is sorted as a comparison
/// sorts it.
pub fn objects(list: &[Difference]) -> Vec<Vec<&Difference>> {
    fn object(of: &Difference) -> ([&str; 5], &Option<String>, &Option<String>) {
        ([&of.class, &of.kind, &of.id, &of.account, &of.region].map(String::as_str), &of.address, &of.owner)
    }
    list.chunk_by(|one, other| object(one) == object(other)).map(|object| object.iter().collect()).collect()
}

/// One message: what it is about, and what its rule lets through of it.
#[derive(Debug, Clone)]
pub struct Telling<'a> {
    /// The estate.
    pub estate: &'a Estate,
    /// The result.
    pub document: &'a Document,
    /// The rule.
    pub rule: &'a MailRule,
    /// Why there is a message.
    pub occasion: Occasion,
    /// What changed; nothing on the first occasion.
    pub changes: Changes,
    /// Drift that stands and is not accepted.
    pub drift: Vec<&'a DriftItem>,
    /// Findings that fail in whole or in part, gravest first.
    pub findings: Vec<&'a Finding>,
    /// Instances that could not be compared, and findings that could not be decided.
    pub unknown: usize,
}

/// What was told last under a rule.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The result, as [`slim`] leaves it.
    pub document: &'a Document,
    /// When its message was made.
    pub at: OffsetDateTime,
}

/// The components of each type: those of the checks that judge it.
pub type Components = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// The components of the types that the catalogue judges.
pub fn components(checks: impl Iterator<Item = &'static Check<'static>>) -> Components {
    let mut components = Components::new();
    for check in checks {
        let kinds = match check.subject {
            Subject::Each(kind, _) | Subject::EachIncludingExcluded(kind, _) | Subject::Custom(kind, _) => {
                vec![kind]
            }
            Subject::EachOf(kinds, _) | Subject::EachOfIncludingExcluded(kinds, _) => kinds.to_vec(),
            Subject::Region(_) | Subject::Estate(_) | Subject::State(_) | Subject::Configuration(_) => {
                continue;
            }
        };
        for kind in kinds {
            components.entry(kind.name).or_default().insert(check.component);
        }
    }
    components
}

/// A result, and the circumstances in which it is to be told.
#[derive(Debug, Clone, Copy)]
pub struct Occurrence<'a> {
    /// The estate.
    pub estate: &'a Estate,
    /// The result.
    pub document: &'a Document,
    /// The profile, for how often.
    pub profile: &'a Profile,
    /// The components of types.
    pub components: &'a Components,
    /// Now.
    pub now: OffsetDateTime,
    /// Whether to tell what stands even where nothing changed.
    pub always: bool,
}

/// What is to be told under a rule; none where there is nothing to say now.
pub fn telling<'a>(of: Occurrence<'a>, rule: &'a MailRule, told: Option<Told>) -> Option<Telling<'a>> {
    let Occurrence { estate, document, profile, components, now, always } = of;
    if told.is_some_and(|told| is_older(document, told.document)) {
        return None;
    }
    let sieve = Sieve { rule, components };
    let changes = told.map(|told| changes(told.document, document, &sieve)).unwrap_or_default();
    let items = document.drift.iter().flat_map(|drift| &drift.items);
    let items: Vec<&DriftItem> = items.filter(|item| sieve.item(item)).collect();
    let findings: Vec<&Finding> = document.findings.iter().filter(|finding| sieve.finding(finding)).collect();
    let (unknown_items, drift): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| item.class == "unknown");
    let drift: Vec<&DriftItem> = drift.into_iter().filter(|item| item.accepted.is_none()).collect();
    let unknown = unknown_items.len() + findings.iter().filter(|one| ci::is_unknown(one)).count();
    let mut failing: Vec<&Finding> =
        findings.into_iter().filter(|one| matches!(one.status, Status::Fail | Status::Partial)).collect();
    failing.sort_by_key(|one| words::rank(&one.severity));
    // Not to see is something that stands: silence would read as all being well.
    let stands =
        !drift.is_empty() || !failing.is_empty() || unknown > 0 || !unread(document, &sieve).is_empty();
    let digest = rule.digest.unwrap_or(profile.mail.digest);
    let heartbeat = rule.heartbeat.unwrap_or(profile.mail.heartbeat);
    // A twentieth early: the run of every morning is not always a whole day after the last.
    let is_due = |at: OffsetDateTime, after: Duration| !after.is_zero() && now - at >= after * 19 / 20;
    let occasion = match told {
        None => Occasion::First,
        Some(_) if !changes.is_empty() => Occasion::Change,
        Some(told) if stands && is_due(told.at, digest) => Occasion::Digest,
        Some(told) if is_due(told.at, heartbeat) => Occasion::Heartbeat,
        Some(_) if always => Occasion::Digest,
        Some(_) => return None,
    };
    Some(Telling { estate, document, rule, occasion, changes, drift, findings: failing, unknown })
}

/// What is older than what was told is no news, and would read as if all of it had come back.
fn is_older(one: &Document, other: &Document) -> bool {
    let moment = |document: &Document| OffsetDateTime::parse(&document.run.as_of, &Rfc3339).ok();
    moment(one).zip(moment(other)).is_some_and(|(one, other)| one < other)
}

fn changes(old: &Document, new: &Document, sieve: &Sieve) -> Changes {
    let comparison = compare(old, new);
    let (was, is) = (answer(old), answer(new));
    let is_of_brief = new.verdict.is_some();
    let wanted = sieve.rule.only.is_none_or(|only| (only == MailPart::Brief) == is_of_brief);
    let mut changes = Changes {
        since: old.run.as_of.clone(),
        answer: Some(was).filter(|_| wanted && was != is),
        unread: unread(new, sieve).difference(&unread(old, sieve)).count(),
        notes: comparison.notes,
        ..Changes::default()
    };
    let find = Finder::of(new);
    let through = |list: Vec<Difference>| -> Vec<Difference> {
        list.into_iter()
            .filter(|one| sieve.difference(one, find.item(one)) && !find.is_accepted(one))
            .collect()
    };
    if let Some(drift) = comparison.drift {
        changes.new = through(drift.new);
        changes.returned = through(drift.returned);
        changes.resolved = through(drift.resolved);
        // What could not be seen then either was told of then.
        let known: BTreeSet<&str> =
            old.drift.iter().flat_map(|drift| &drift.unseen).map(|past| past.fingerprint.as_str()).collect();
        let unseen = drift.unseen.into_iter().filter(|one| !known.contains(one.fingerprint.as_str()));
        changes.unseen = through(unseen.collect());
    }
    let fails = |status: Option<Status>| matches!(status, Some(Status::Fail | Status::Partial));
    let findings = comparison.findings;
    let judged = old.findings.iter().chain(&new.findings);
    let of_check: BTreeMap<&str, &str> =
        judged.map(|one| (one.check.as_str(), one.component.as_str())).collect();
    let passing = |one: &FindingChange| {
        let component = of_check.get(one.check.as_str()).copied().unwrap_or_default();
        sieve.judged(component, &one.severity, &one.resource)
    };
    let failing = findings.regressed.into_iter().chain(findings.new).chain(findings.evidence_gained);
    changes.failing = failing.filter(|one| fails(one.is) && passing(one)).collect();
    let fixed = findings.fixed.into_iter().chain(findings.gone);
    changes.fixed = fixed.filter(|one| fails(one.was) && passing(one)).collect();
    changes.lost = findings.evidence_lost.into_iter().filter(passing).collect();
    for list in [&mut changes.failing, &mut changes.fixed, &mut changes.lost] {
        list.sort_by_key(|one| words::rank(&one.severity));
    }
    changes
}

/// The answer of a result, as people read it.
pub fn answer(document: &Document) -> &'static str {
    match &document.verdict {
        Some(verdict) => verdict.decision.words(),
        None => words::drift_answer(document).words(),
    }
}

/// What could not be read and leaves something unknown.
fn unread<'a>(document: &'a Document, sieve: &Sieve) -> BTreeSet<[&'a str; 4]> {
    let errors = document.collection.errors.iter();
    let errors = errors.filter(|error| !(error.affects.checks.is_empty() && error.affects.types.is_empty()));
    let here = errors.filter(|error| sieve.region(&error.region));
    let operations = here
        .map(|error| [&error.service, &error.operation, &error.account, &error.region].map(String::as_str));
    let states = document.drift.iter().flat_map(|drift| &drift.unread_states);
    operations.chain(states.map(|uri| ["", "", "", uri.as_str()])).collect()
}

/// Finds the item of a difference.
struct Finder<'a> {
    items: BTreeMap<[&'a str; 5], Vec<&'a DriftItem>>,
}

impl<'a> Finder<'a> {
    fn of(document: &'a Document) -> Self {
        let mut items: BTreeMap<[&str; 5], Vec<&DriftItem>> = BTreeMap::new();
        for item in document.drift.iter().flat_map(|drift| &drift.items) {
            items.entry(place(item)).or_default().push(item);
        }
        Self { items }
    }

    fn item(&self, of: &Difference) -> Option<&'a DriftItem> {
        let place = [&of.class, &of.kind, &of.id, &of.account, &of.region].map(String::as_str);
        self.items.get(&place)?.iter().find(|item| names_it(item, of)).copied()
    }

    fn is_accepted(&self, of: &Difference) -> bool {
        let Some(item) = self.item(of) else { return false };
        let change = item.changes.iter().find(|change| Some(&change.path) == of.path.as_ref());
        item.accepted.is_some() || change.is_some_and(|change| change.accepted)
    }
}

fn place(item: &DriftItem) -> [&str; 5] {
    [&item.class, &item.kind, &item.id, &item.account, &item.region].map(String::as_str)
}

fn names_it(item: &DriftItem, of: &Difference) -> bool {
    item.address == of.address && item.owner == of.owner
}

/// The item of a difference in a document.
pub fn item_of<'a>(document: &'a Document, of: &Difference) -> Option<&'a DriftItem> {
    let mut items = document.drift.iter().flat_map(|drift| &drift.items);
    items.find(|item| {
        place(item) == [&of.class, &of.kind, &of.id, &of.account, &of.region].map(String::as_str)
            && names_it(item, of)
    })
}

/// Lets through what a rule asks for.
#[derive(Clone, Copy)]
struct Sieve<'a> {
    rule: &'a MailRule,
    components: &'a Components,
}

impl Sieve<'_> {
    fn item(&self, item: &DriftItem) -> bool {
        let names =
            [item.address.as_deref(), item.owner.as_deref(), Some(item.id.as_str()), item.arn.as_deref()];
        self.rule.only != Some(MailPart::Brief)
            && self.severity(ci::severity(item))
            && self.region(&item.region)
            && self.names(&names)
            && self.kind(&item.kind)
    }

    fn difference(&self, of: &Difference, item: Option<&DriftItem>) -> bool {
        match item {
            Some(item) => self.item(item),
            // It is gone: of what it broke nothing is known any more.
            None => self.item(&DriftItem {
                class: of.class.clone(),
                label: of.label.clone(),
                address: of.address.clone(),
                owner: of.owner.clone(),
                kind: of.kind.clone(),
                id: of.id.clone(),
                region: of.region.clone(),
                ..DriftItem::default()
            }),
        }
    }

    fn finding(&self, of: &Finding) -> bool {
        self.judged(&of.component, &of.severity, &of.resource)
    }

    fn judged(&self, component: &str, severity: &str, resource: &ResourceRef) -> bool {
        let names = [resource.address.as_deref(), Some(resource.id.as_str()), resource.arn.as_deref()];
        let wanted = &self.rule.components;
        self.rule.only != Some(MailPart::Drift)
            && self.severity(severity)
            && self.region(&resource.region)
            && self.names(&names)
            && (wanted.is_empty() || wanted.iter().any(|key| key == component))
    }

    fn severity(&self, word: &str) -> bool {
        self.rule.severity.is_none_or(|least| words::rank(word) <= words::rank(least.word()))
    }

    fn region(&self, name: &str) -> bool {
        self.rule.regions.is_empty() || any_matches(&self.rule.regions, name)
    }

    fn names(&self, names: &[Option<&str>]) -> bool {
        let patterns = &self.rule.addresses;
        patterns.is_empty() || names.iter().flatten().any(|name| any_matches(patterns, name))
    }

    /// A type that no check judges belongs to Infrastructure as Code: somebody has to get it.
    fn kind(&self, kind: &str) -> bool {
        let wanted = &self.rule.components;
        let of_kind = self.components.get(kind);
        let has = |key: &String| of_kind.map_or(key == "iac", |known| known.contains(key.as_str()));
        wanted.is_empty() || wanted.iter().any(has)
    }
}

/// What later results are held against: everything but what only a reader needs.
pub fn slim(document: &Document) -> Document {
    let mut slim = Document {
        score: None,
        plan: Vec::new(),
        route_to_go: Vec::new(),
        waivers: Vec::new(),
        compliance: Vec::new(),
        recovery: None,
        ..document.clone()
    };
    slim.collection.operations.clear();
    for finding in &mut slim.findings {
        finding.evidence.clear();
        finding.remediation = None;
        finding.compliance.clear();
    }
    for item in slim.drift.iter_mut().flat_map(|drift| &mut drift.items) {
        item.who = None;
        item.import_block = None;
        item.no_import = None;
    }
    if let Some(drift) = &mut slim.drift {
        drift.suppressed.clear();
        drift.configurations.clear();
        drift.unmanaged_groups.clear();
    }
    slim
}
