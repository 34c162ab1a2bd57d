//! The words, numbers and groups that all formats for people share.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::result::{
    Account, CollectionError, Component, Configuration, Coverage, Document, Drift, DriftItem, Finding, Gate,
    Interval, OBSTACLE, Outcome, Proposal, Region, ResourceRef, Score, State, Status, Step, Suppressed,
    Verdict, Waiver,
};

/// Severities, gravest first.
pub const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];

/// Classes of drift with their titles, in the order in which a reader wants them.
pub const CLASSES: [(&str, &str, &str); 6] = [
    ("changed", "Changed", "In a state and live, and they differ"),
    ("missing", "Missing", "In a state, and proved not to exist"),
    ("unmanaged", "Unmanaged", "Live, and in no audited state"),
    ("conflict", "In conflict", "One live object that several state entries claim"),
    ("ghost", "Ghost", "In a state, but outside the audited accounts and regions"),
    ("unknown", "Not compared", "Could not be decided; never counted as in sync"),
];

/// The label of a change that opens something.
pub const LOOSENING: &str = "security-loosening";

/// What the rules of comparison are about.
const RULES: [(&str, &str); 19] = [
    ("N1", "order of a set"),
    ("N2", "one policy or JSON text in two ways"),
    ("N4", "absent, empty or a default"),
    ("N6", "tags of AWS and of controllers"),
    ("N11", "network ACL entries and routes"),
    ("N12", "attachments and inline policies of a role"),
    ("N13", "size that a scaling policy sets"),
    ("N16", "minor version that AWS upgrades"),
    ("N17", "defaults of a network"),
    ("N18", "objects of AWS"),
    ("N19", "children of a managed parent"),
    ("N20", "objects of Kubernetes"),
    ("N21", "names of DNS records"),
    ("N22", "forms of addresses and times"),
    ("N23", "name and ARN of one thing"),
    ("N24", "empty policies and blocks"),
    ("N26", "storage that grows by itself"),
    ("N29", "what the configuration tells Terraform to ignore"),
    ("provider", "instances of other providers than AWS's"),
];

/// A score, as it is printed everywhere.
pub fn score(value: f64) -> String {
    format!("{value:.2}")
}

/// A percentage without needless zeros.
pub fn percent(value: f64) -> String {
    let text = format!("{value:.2}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Points of the overall score. Something small is not nothing.
pub fn points(value: f64) -> String {
    match value {
        value if value > 0.0 && value < 0.005 => "under 0.01".into(),
        value => score(value),
    }
}

/// One number where worst and best case agree, else both.
pub fn range(worst: f64, best: f64) -> String {
    let (worst, best) = (score(worst), score(best));
    if worst == best { worst } else { format!("{worst} – {best}") }
}

/// The same of an interval.
pub fn interval(of: Interval) -> String {
    range(of.evidenced, of.possible)
}

/// A share in percent, from the worst to the best case.
pub fn share(of: Coverage) -> String {
    let (low, high) = (percent(of.low), percent(of.high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// Why a component has no number, without the words that stand beside it anyway.
pub fn why_not(of: &Component) -> Option<&str> {
    let why = of.why_not.as_deref()?;
    let rest = why.strip_prefix(of.title.as_str()).and_then(|rest| rest.strip_prefix(" is not assessed: "));
    Some(rest.unwrap_or(why))
}

/// Notes about the numbers, and notes about what stands on the way to GO after every repair.
pub fn notes(of: &Score) -> (Vec<&str>, Vec<&str>) {
    let obstacle = |note: &&str| note.starts_with(OBSTACLE);
    let (obstacles, notes) = of.notes.iter().map(String::as_str).partition::<Vec<_>, _>(obstacle);
    (notes, obstacles.iter().filter_map(|note| note.strip_prefix(OBSTACLE)).collect())
}

/// What holds a component down.
pub fn cap(of: &Component) -> String {
    format!("capped at {} by its critical checks", of.cap)
}

/// The sentence with the numbers.
pub fn score_line(of: &Score) -> String {
    let mut line = format!("Evidenced {} — possible {}", score(of.evidenced), score(of.possible));
    if let Some(assessed) = of.assessed_only {
        let _ = write!(line, " — assessed-only {}", score(assessed));
    }
    let _ = write!(line, " — coverage {}", percent(of.coverage));
    line
}

/// A number with its noun.
pub fn count(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{} {stem}ies", thousands(number)),
        _ => format!("{} {noun}s", thousands(number)),
    }
}

/// A whole number with thin groups of three digits.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A moment for people; text that is none stays as it is.
pub fn moment(text: &str) -> String {
    let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) else { return text.to_owned() };
    format!("{} {} {}, {:02}:{:02} UTC", time.day(), time.month(), time.year(), time.hour(), time.minute())
}

/// What became of a part of the scope.
pub const fn outcome(of: Outcome) -> &'static str {
    match of {
        Outcome::Read => "read",
        Outcome::Partial => "read in part",
        Outcome::Unreadable => "not read",
    }
}

/// What came of a criterion.
pub const fn gate(of: Gate) -> &'static str {
    match of {
        Gate::Pass => "pass",
        Gate::Fail => "fail",
        Gate::Undetermined => "undetermined",
    }
}

/// What the effort classes mean.
pub fn effort(of: u64) -> &'static str {
    match of {
        0..=1 => "small",
        2..=7 => "medium",
        _ => "large",
    }
}

/// The role of a region.
pub fn role(of: &str) -> &str {
    match of {
        "dr" => "recovery",
        role => role,
    }
}

/// A word at the head of a line.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What the audit is about: its accounts, or the plan.
pub fn subject(document: &Document) -> String {
    if let Some(proposal) = &document.scope.proposal {
        return format!("After {}", proposal.uri);
    }
    let accounts = &document.scope.accounts;
    let name = |account: &Account| match &account.alias {
        Some(alias) => format!("{alias} ({})", account.id),
        None => account.id.clone(),
    };
    match accounts.len() {
        0 => "No account".into(),
        1..=3 => accounts.iter().map(name).collect::<Vec<_>>().join(", "),
        many => count(many, "account"),
    }
}

/// What became of a part of the scope, and why.
pub fn outcome_with(of: Outcome, reason: Option<&str>) -> String {
    let word = outcome(of);
    reason.map_or_else(|| word.to_owned(), |reason| format!("{word}: {reason}"))
}

/// What is known of a state.
pub fn state_facts(state: &State) -> String {
    let mut facts = Vec::new();
    if state.outcome != Outcome::Unreadable {
        facts.push(count(state.instances, "managed instance"));
        facts.push(format!("serial {}", state.serial));
        facts.push(format!("Terraform {}", state.terraform_version));
        facts.push(format!("lineage {}", state.lineage));
    }
    facts.extend(state.reason.clone());
    facts.join(" · ")
}

/// What leads to the verdict; of a plan first what it is and brings about.
pub fn reasons(document: &Document, verdict: &Verdict) -> Vec<String> {
    let proposal = document.scope.proposal.as_ref();
    proposal.map(proposal_sentences).unwrap_or_default().into_iter().chain(verdict.reasons.clone()).collect()
}

fn proposal_sentences(of: &Proposal) -> Vec<String> {
    let does = [
        (of.create, "to create"),
        (of.update, "to change"),
        (of.replace, "to replace"),
        (of.delete, "to destroy"),
        (of.forget, "to let go"),
        (of.unchanged, "unchanged"),
    ];
    let does: Vec<String> = does
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let does = if does.is_empty() { "nothing to do".to_owned() } else { does.join(", ") };
    let mut sentences = vec![format!(
        "Judged is what would exist after the plan of Terraform {} is applied: {does}. Nothing was read from AWS.",
        of.terraform_version
    )];
    sentences.push(match (of.introduced.len(), of.resolved.len()) {
        (0, 0) => "The plan introduces no failure and resolves none.".to_owned(),
        (new, old) => format!("The plan introduces {} and resolves {old}.", count(new, "failure")),
    });
    if !of.complete {
        sentences.push("The plan is not complete: applying it leaves more to do.".to_owned());
    }
    if !of.not_judged.is_empty() {
        let types = of.not_judged.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        sentences.push(format!("No check knows these types of it: {types}."));
    }
    sentences
}

/// Why there is no comparison in a document without one.
pub fn not_compared(document: &Document) -> &'static str {
    match document.scope.proposal {
        Some(_) => "A plan was judged, so nothing was compared.",
        None => "No state was given, so nothing was compared.",
    }
}

/// Which checks did not run.
pub fn left_out(document: &Document) -> String {
    let by = match document.scope.proposal {
        Some(_) => "by the profile or the selection, or because a plan does not show what they judge",
        None => "by the profile or the selection",
    };
    match document.scope.checks_left_out.as_slice() {
        [] => format!("No check was left out {by}."),
        ids => format!("Left out {by}: {}.", ids.join(", ")),
    }
}

/// What the collection cost, by service too: where the next saving is.
pub fn cost(document: &Document) -> String {
    if document.scope.proposal.is_some() {
        return "Nothing was read from AWS.".to_owned();
    }
    let collection = &document.collection;
    let calls = usize::try_from(collection.calls).unwrap_or(usize::MAX);
    let throttled: u64 = collection.operations.iter().map(|operation| operation.throttled).sum();
    let seconds = collection.wall_ms / 1000;
    let tenths = collection.wall_ms % 1000 / 100;
    let all = format!("{} in {seconds}.{tenths} s, {throttled} throttled.", count(calls, "call"));
    let mut services: BTreeMap<&str, u64> = BTreeMap::new();
    for operation in &collection.operations {
        *services.entry(&operation.service).or_default() += operation.calls;
    }
    let mut services: Vec<(&str, u64)> = services.into_iter().collect();
    services.sort_by_key(|(service, calls)| (Reverse(*calls), *service));
    let services: Vec<String> =
        services.into_iter().map(|(service, calls)| format!("{service} {calls}")).collect();
    if services.is_empty() { all } else { format!("{all} By service: {}.", services.join(", ")) }
}

/// Type, region and account, as far as there are any.
pub fn whereabouts(kind: &str, region: &str, account: &str) -> String {
    [kind, region, account].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// The id of a resource; a star is explained.
pub fn resource_id(resource: &ResourceRef) -> &str {
    match resource.id.as_str() {
        "*" => "* (whatever the listing would have shown)",
        id => id,
    }
}

/// What a status alone does not say: the reason of an unknown, the credit of a partial.
pub fn note(finding: &Finding) -> Option<String> {
    match finding.status {
        Status::Unknown => finding.reason.clone(),
        Status::Partial => finding.value.map(|value| format!("partial, credit {}", score(value))),
        _ => None,
    }
}

/// What became of a waiver.
pub fn waiver(outcome: &str) -> &str {
    match outcome {
        "idle" => "idle: it matches nothing",
        "not_yet" => "not yet in force",
        outcome => outcome,
    }
}

/// Who answers for a waiver, and until when.
pub fn waiver_terms(of: &Waiver) -> String {
    format!("until {} · owner {} · approved by {} · {}", of.expires, of.owner, of.approver, of.ticket)
}

/// Live objects that are nobody's business here.
pub fn excluded(number: usize) -> Option<String> {
    let objects = count(number, "live object");
    (number > 0).then(|| format!("{objects} left aside, because AWS or another controller owns them."))
}

/// What the state says about a finding that is not as it should be.
pub fn declared(finding: &Finding) -> Option<&'static str> {
    if finding.status == Status::Unknown {
        return match finding.declared? {
            Status::Pass => Some("By the state alone it passes."),
            Status::Fail | Status::Partial | Status::Waived => Some("By the state alone it fails."),
            Status::Unknown | Status::NotApplicable => None,
        };
    }
    match finding.declared? {
        Status::Pass => Some("The state is right: this is drift."),
        Status::Fail | Status::Partial | Status::Waived => {
            Some("The state has the same fault: change the configuration.")
        }
        Status::Unknown => Some("The state does not say."),
        Status::NotApplicable => Some("The state knows nothing of it."),
    }
}

/// A value of an attribute.
pub fn value(of: &Value) -> String {
    match of {
        Value::Null => "(none)".into(),
        // A digest is not the value, so it does not wear its quotes.
        Value::String(text) if stateward_model::secret::is_digest(of) => text.clone(),
        other => other.to_string(),
    }
}

/// Characters that change how their neighbours read, or that a terminal obeys, written out. Line ends stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\r' => shown.push_str("\\r"),
            hidden if is_hidden(hidden) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(hidden));
            }
            plain => shown.push(plain),
        }
    }
    Cow::Owned(shown)
}

/// The same on one line.
pub fn one_line(text: &str) -> String {
    visible(text).replace('\n', "\\n").replace('\t', "\\t")
}

fn is_hidden(letter: char) -> bool {
    let breaks_line = letter.is_control() && !matches!(letter, '\n' | '\t');
    let turns = matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}');
    breaks_line || turns || matches!(letter, '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// Findings of one check and severity.
#[derive(Debug)]
pub struct Group<'a> {
    /// The check's id.
    pub check: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Their severity.
    pub severity: &'a str,
    /// Points that they lose together.
    pub points_lost: f64,
    /// The findings, in the order of the document.
    pub findings: Vec<&'a Finding>,
}

/// Where a severity stands among [`SEVERITIES`].
pub fn rank(severity: &str) -> usize {
    SEVERITIES.iter().position(|word| *word == severity).unwrap_or(SEVERITIES.len())
}

/// Findings of these statuses by severity and check: gravest first, then by points, then by id.
pub fn groups<'a>(document: &'a Document, statuses: &[Status]) -> Vec<Group<'a>> {
    let mut by_check: BTreeMap<(usize, &str), Group> = BTreeMap::new();
    for finding in document.findings.iter().filter(|finding| statuses.contains(&finding.status)) {
        let group = by_check.entry((rank(&finding.severity), &finding.check)).or_insert_with(|| Group {
            check: &finding.check,
            title: &finding.title,
            severity: &finding.severity,
            points_lost: 0.0,
            findings: Vec::new(),
        });
        group.points_lost += finding.points_lost;
        group.findings.push(finding);
    }
    let mut groups: Vec<Group> = by_check.into_values().collect();
    groups.sort_by(|a, b| {
        let by_rank = rank(a.severity).cmp(&rank(b.severity));
        by_rank.then(b.points_lost.total_cmp(&a.points_lost)).then(a.check.cmp(b.check))
    });
    groups
}

/// How many findings have a status.
pub fn number_of(document: &Document, status: Status) -> usize {
    document.findings.iter().filter(|finding| finding.status == status).count()
}

/// Items by class, those that loosen security first.
pub fn classes(drift: &Drift) -> Vec<(String, &'static str, Vec<&DriftItem>)> {
    let known = |item: &DriftItem| CLASSES.iter().any(|(class, ..)| *class == item.class);
    let mut found: Vec<_> = CLASSES
        .iter()
        .map(|(class, title, meaning)| {
            let items = drift.items.iter().filter(|item| item.class == *class).collect();
            let guess = *class == "unmanaged" && !drift.unread_states.is_empty();
            let meaning = if guess { "Live, and in no state that could be read" } else { meaning };
            (class_title(drift, class, title), meaning, items)
        })
        .collect();
    let others: Vec<&DriftItem> = drift.items.iter().filter(|item| !known(item)).collect();
    found.push(("Other".into(), "", others));
    found.retain(|(.., items)| !items.is_empty());
    for (.., items) in &mut found {
        // What is new stands before what has long been there.
        let old = |item: &DriftItem| item.standing.as_ref().map(|standing| standing.state);
        items.sort_by_key(|item| (item.label.as_deref() != Some(LOOSENING), old(item)));
    }
    found
}

/// While a state is unread, *unmanaged* is a guess.
fn class_title(drift: &Drift, class: &str, title: &str) -> String {
    match class {
        "unmanaged" if !drift.unread_states.is_empty() => "Possibly unmanaged".into(),
        _ => title.to_owned(),
    }
}

/// The counts of drift with their titles, in the order of [`CLASSES`], in sync first.
pub fn drift_counts(drift: &Drift) -> Vec<(String, usize)> {
    let summary = &drift.summary;
    let number = |class: &str| match class {
        "changed" => summary.changed,
        "missing" => summary.missing,
        "unmanaged" => summary.unmanaged,
        "conflict" => summary.conflict,
        "ghost" => summary.ghost,
        _ => summary.unknown,
    };
    let mut counts = vec![("In sync".to_owned(), summary.in_sync)];
    counts.extend(CLASSES.iter().map(|(class, title, _)| (class_title(drift, class, title), number(class))));
    counts
}

/// Differences that a rule explains, by rule.
pub fn by_rule(drift: &Drift) -> BTreeMap<&str, Vec<&Suppressed>> {
    let mut rules: BTreeMap<&str, Vec<&Suppressed>> = BTreeMap::new();
    for suppressed in &drift.suppressed {
        rules.entry(&suppressed.rule).or_default().push(suppressed);
    }
    rules
}

/// What became of a configuration.
pub fn configuration(of: &Configuration) -> String {
    let states = match of.states.as_slice() {
        [] => "it covers no state that was given".to_owned(),
        states => format!("for {}", states.join(", ")),
    };
    let counted = |number: usize, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{} {many}", thousands(number)),
    };
    format!(
        "{}, {} of ignore_changes, {} ignored by them; {states}",
        counted(of.resources, "resource", "resources"),
        counted(of.ignore_entries, "entry", "entries"),
        counted(of.ignored.len(), "difference", "differences"),
    )
}

/// A rule with what it is about.
pub fn rule(name: &str) -> String {
    match RULES.iter().find(|(rule, _)| *rule == name) {
        Some((rule, about)) => format!("{rule}: {about}"),
        None => name.to_owned(),
    }
}

/// What an item of drift is called: its address, or its owner's with the part, or its id.
pub fn item_title(item: &DriftItem) -> &str {
    item.address.as_deref().unwrap_or(&item.id)
}

/// The answer of a comparison, as the exit codes have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftAnswer {
    /// Something differs.
    Found,
    /// Nothing was found, and something could not be read.
    Incomplete,
    /// Everything was read, and what differs is accepted.
    Accepted,
    /// Everything was read, and nothing differs.
    None,
}

impl DriftAnswer {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Found => "DRIFT FOUND",
            Self::Incomplete => "NO DRIFT FOUND, NOT ALL READ",
            Self::Accepted => "NO DRIFT BEYOND WHAT IS ACCEPTED",
            Self::None => "NO DRIFT",
        }
    }
}

/// The answer of the comparison in a document.
pub fn drift_answer(document: &Document) -> DriftAnswer {
    let Some(drift) = &document.drift else { return DriftAnswer::Incomplete };
    let sum = &drift.summary;
    let all_read = document.collection.errors.iter().all(|error| error.affects.attribution)
        && drift.unread_states.is_empty()
        && document.scope.states.iter().all(|state| state.outcome == Outcome::Read);
    let found = sum.changed + sum.missing + sum.unmanaged + sum.ghost + sum.conflict;
    match found.saturating_sub(sum.accepted) {
        0 if sum.unknown > 0 || !all_read => DriftAnswer::Incomplete,
        0 if sum.accepted > 0 => DriftAnswer::Accepted,
        0 => DriftAnswer::None,
        _ => DriftAnswer::Found,
    }
}

/// Sentences about the comparison.
pub fn drift_sentences(drift: &Drift) -> Vec<String> {
    let sum = &drift.summary;
    let managed = sum.in_sync + sum.changed + sum.missing + sum.ghost + sum.conflict + sum.unknown;
    let mut sentences =
        vec![format!("{} of {} in the states are in sync.", sum.in_sync, count(managed, "instance"))];
    let loose = drift.items.iter().filter(|item| item.label.as_deref() == Some(LOOSENING)).count();
    if loose > 0 {
        sentences.push(match loose {
            1 => "1 difference loosens security.".into(),
            more => format!("{more} differences loosen security."),
        });
    }
    if sum.unknown > 0 {
        sentences.push(format!("{} could not be compared.", count(sum.unknown, "instance")));
    }
    let unread = drift.unread_states.len();
    if unread > 0 {
        sentences.push(format!(
            "{} could not be read, so what looks unmanaged may be managed there.",
            count(unread, "state")
        ));
    }
    sentences
}

/// One region, or another place that findings name.
#[derive(Debug)]
pub struct PlaceView<'a> {
    /// The region's name, `global`, or empty for what has no place.
    pub name: &'a str,
    /// The region of the scope; none for another place.
    pub region: Option<&'a Region>,
    /// Findings by status.
    pub statuses: BTreeMap<Status, usize>,
    /// Items of drift, without those that could not be compared.
    pub drifted: usize,
    /// Operations that failed there.
    pub errors: usize,
}

impl<'a> PlaceView<'a> {
    fn new(name: &'a str, region: Option<&'a Region>) -> Self {
        Self { name, region, statuses: BTreeMap::new(), drifted: 0, errors: 0 }
    }

    /// How many findings have one of these statuses.
    pub fn number(&self, statuses: &[Status]) -> usize {
        statuses.iter().filter_map(|status| self.statuses.get(status)).sum()
    }
}

/// The regions of the scope in their order, then whatever other places findings and drift name.
pub fn places(document: &Document) -> Vec<PlaceView<'_>> {
    let regions = &document.scope.regions;
    let mut places: Vec<PlaceView> =
        regions.iter().map(|region| PlaceView::new(&region.name, Some(region))).collect();
    for finding in &document.findings {
        *place(&mut places, &finding.resource.region).statuses.entry(finding.status).or_default() += 1;
    }
    let items = document.drift.iter().flat_map(|drift| &drift.items);
    for item in items.filter(|item| item.class != "unknown") {
        place(&mut places, &item.region).drifted += 1;
    }
    for error in &document.collection.errors {
        place(&mut places, &error.region).errors += 1;
    }
    places[regions.len()..].sort_by_key(|place| place.name);
    places
}

fn place<'p, 'a>(places: &'p mut Vec<PlaceView<'a>>, name: &'a str) -> &'p mut PlaceView<'a> {
    let at = places.iter().position(|place| place.name == name).unwrap_or_else(|| {
        places.push(PlaceView::new(name, None));
        places.len() - 1
    });
    &mut places[at]
}

/// Titles of the checks that have findings, by id.
pub fn titles(document: &Document) -> BTreeMap<&str, &str> {
    document.findings.iter().map(|finding| (finding.check.as_str(), finding.title.as_str())).collect()
}

/// What a step is, as the title of its check says it; what else it names is shown beside it.
pub fn step_title(step: &Step, titles: &BTreeMap<&str, &str>) -> String {
    let title = match step.checks.as_slice() {
        [check] => titles.get(check.as_str()).copied(),
        _ => None,
    };
    match (step.group.as_str(), title) {
        ("finding" | "check", Some(title)) => title.to_owned(),
        ("address" | "module", _) => format!("Everything in {}", step.candidate),
        _ => capital(&step.candidate),
    }
}

/// How many findings a step is about.
pub fn repairs(step: &Step) -> String {
    let findings = count(step.findings.len(), "finding");
    if step.group == "evidence" { format!("settles {findings}") } else { format!("repairs {findings}") }
}

/// The same with the one thing that it is about.
pub fn step_line(step: &Step, titles: &BTreeMap<&str, &str>, subjects: &BTreeMap<&str, &str>) -> String {
    let title = step_title(step, titles);
    match repaired(step, subjects).as_slice() {
        [subject] if step.group == "finding" => format!("{title}: {subject}"),
        _ => format!("{title} ({})", repairs(step)),
    }
}

/// Operations that ended alike in several places.
#[derive(Debug)]
pub struct Unread<'a> {
    /// The first of them.
    pub error: &'a CollectionError,
    /// Where, in the order of the document.
    pub places: Vec<String>,
    /// Checks of any of them.
    pub checks: BTreeSet<&'a str>,
    /// Types of any of them.
    pub types: BTreeSet<&'a str>,
}

/// What could not be read, each operation once for each way in which it ended.
pub fn unread(document: &Document) -> Vec<Unread<'_>> {
    let mut unread: Vec<Unread> = Vec::new();
    for error in &document.collection.errors {
        let at = unread.iter().position(|one| ended_alike(one.error, error)).unwrap_or_else(|| {
            let empty = Unread { error, places: Vec::new(), checks: BTreeSet::new(), types: BTreeSet::new() };
            unread.push(empty);
            unread.len() - 1
        });
        let one = &mut unread[at];
        one.places.push(whereabouts("", &error.region, &error.account));
        one.checks.extend(error.affects.checks.iter().map(String::as_str));
        one.types.extend(error.affects.types.iter().map(String::as_str));
    }
    unread
}

fn ended_alike(a: &CollectionError, b: &CollectionError) -> bool {
    (&a.service, &a.operation, &a.reason, &a.code, &a.message, &a.permission)
        == (&b.service, &b.operation, &b.reason, &b.code, &b.message, &b.permission)
}

/// What each finding is about, by fingerprint: the address, or the id where there is none.
pub fn subjects(document: &Document) -> BTreeMap<&str, &str> {
    document.findings.iter().map(|finding| (finding.fingerprint.as_str(), subject_of(finding))).collect()
}

fn subject_of(finding: &Finding) -> &str {
    finding.resource.address.as_deref().unwrap_or(&finding.resource.id)
}

/// The subjects of what a step repairs, each once.
pub fn repaired<'a>(step: &Step, subjects: &BTreeMap<&str, &'a str>) -> Vec<&'a str> {
    let found: BTreeSet<&str> =
        step.findings.iter().filter_map(|fingerprint| subjects.get(fingerprint.as_str()).copied()).collect();
    found.into_iter().collect()
}
