//! What to fix first: what each repair would bring, for one finding or for many that one edit repairs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use stateward_model::{Address, Cause};

use super::book::{Book, Entry, Situation};
use super::number::Number;
use super::overall::Terms;
use crate::check::{Effort, Severity};
use crate::judge::{Finding, Target};

/// What would be repaired.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// Evidence for everything that this call did not tell: the permission, where it was denied.
    Evidence {
        /// The operation, `rds:DescribeDBInstances`.
        call: String,
        /// Why it did not tell.
        cause: Cause,
    },
    /// Everything in a module of a state, the modules within it included.
    Module {
        /// The state.
        state: String,
        /// Its path without index keys, `module.web`.
        path: String,
    },
    /// Every instance of a resource block of a state.
    Block {
        /// The state.
        state: String,
        /// Its address without index keys, `module.web.aws_instance.app`.
        address: String,
    },
    /// Every finding of a check.
    Check(String),
    /// One finding, by index.
    Finding(usize),
}

/// A repair with what it brings.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// What would be repaired.
    pub repair: Repair,
    /// How reports call it; unique among the candidates of a result.
    pub name: String,
    /// The findings that it makes pass, by index, ascending.
    pub findings: Vec<usize>,
    /// The gravest severity among them.
    pub severity: Severity,
    /// What the overall evidenced score gains.
    pub gain: Number,
    /// The work: 1 for a flag, 3 for a change that wants care, 8 for a project; added up over the edits.
    pub effort: u64,
}

/// Gains of single findings by index, and the candidates in the order in which they are worth doing.
pub(super) struct Plan {
    pub gains: Vec<Number>,
    pub candidates: Vec<Candidate>,
}

/// Computes what every repair brings.
pub(super) fn plan(book: &Book, terms: &Terms, worst: &Situation, findings: &[Finding]) -> Plan {
    let before = terms.overall(book, worst);
    let gain = |of: &[usize]| terms.overall(book, &book.repaired(worst, of.iter().copied())).minus(&before);
    // Equal findings of a check bring the same, and most findings of an estate are equal.
    let mut known: BTreeMap<Entry, Number> = BTreeMap::new();
    let none = before.minus(&before);
    let gains = (0..findings.len()).map(|index| match &book.entries[index] {
        Some(entry) if entry.is_imperfect() => known.entry(*entry).or_insert_with(|| gain(&[index])).clone(),
        _ => none.clone(),
    });
    let gains: Vec<Number> = gains.collect();
    let mut candidates = Vec::new();
    for (repair, of) in groups(book, findings) {
        let brings = match of[..] {
            [one] => gains[one].clone(),
            _ => gain(&of),
        };
        candidates.push(candidate(book, repair, of, brings, findings));
    }
    candidates.sort_by(order);
    Plan { gains, candidates }
}

/// Gain for the effort, then severity, then name.
fn order(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    let worth = a.gain.times(b.effort).cmp(&b.gain.times(a.effort)).reverse();
    worth.then(Reverse(a.severity).cmp(&Reverse(b.severity))).then_with(|| a.name.cmp(&b.name))
}

/// Every repair with the imperfect findings that it covers. One that covers a single finding stands for that finding,
/// except for missing evidence, whose repair is another.
fn groups(book: &Book, findings: &[Finding]) -> BTreeMap<Repair, Vec<usize>> {
    let mut groups: BTreeMap<Repair, Vec<usize>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        if !book.entries[index].is_some_and(|entry| entry.is_imperfect()) {
            continue;
        }
        let evidence =
            finding.gap.as_ref().map(|gap| Repair::Evidence { call: gap.call.to_string(), cause: gap.cause });
        let alone = if evidence.is_none() { Some(Repair::Finding(index)) } else { None };
        let more = [Repair::Check(finding.check.id.to_owned())].into_iter().chain(blocks(&finding.target));
        for repair in evidence.into_iter().chain(alone).chain(more) {
            groups.entry(repair).or_default().push(index);
        }
    }
    let says_more = |repair: &Repair, of: &[usize]| {
        of.len() > 1 || matches!(repair, Repair::Finding(_) | Repair::Evidence { .. })
    };
    groups.retain(|repair, of| says_more(repair, of));
    groups
}

/// The block and the modules that a target was made by.
fn blocks(target: &Target) -> Vec<Repair> {
    let (Some(address), Some(state)) = (&target.address, &target.state) else { return Vec::new() };
    let parts = parts(address);
    let mut repairs = vec![Repair::Block { state: state.clone(), address: parts.join(".") }];
    let mut path = 0;
    while parts.get(path).is_some_and(|part| part == "module") && parts.len() > path + 1 {
        path += 2;
        repairs.push(Repair::Module { state: state.clone(), path: parts[..path].join(".") });
    }
    repairs
}

/// The parts of an address without index keys. Keys are quoted and may hold dots and brackets.
fn parts(address: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut in_key, mut in_quotes, mut escaped) = (false, false, false);
    for c in address.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' if in_key => in_quotes = !in_quotes,
            ']' if in_key && !in_quotes => in_key = false,
            _ if in_key => {}
            '[' => in_key = true,
            '.' => parts.push(String::new()),
            _ => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    parts
}

fn candidate(book: &Book, repair: Repair, of: Vec<usize>, gain: Number, findings: &[Finding]) -> Candidate {
    let severities = of.iter().filter_map(|index| book.entries[*index].map(|entry| entry.severity));
    Candidate {
        severity: severities.max().unwrap_or(Severity::Low),
        effort: effort(&repair, &of, findings),
        name: name(&repair, findings),
        repair,
        findings: of,
        gain,
    }
}

/// One edit takes what the hardest of its checks takes, and a check is repaired in as many places as it fails. Missing
/// evidence is a line in a policy for each call, however much it hides.
fn effort(repair: &Repair, of: &[usize], findings: &[Finding]) -> u64 {
    let mut edits: BTreeMap<(String, String), u64> = BTreeMap::new();
    for finding in of.iter().map(|index| &findings[*index]) {
        let is_one_edit = matches!(repair, Repair::Block { .. } | Repair::Module { .. });
        let (place, work) = match &finding.gap {
            Some(gap) => ((String::new(), gap.call.to_string()), Effort::Small as u64),
            None if is_one_edit => (Default::default(), finding.check.effort as u64),
            None => (place(finding), finding.check.effort as u64),
        };
        let hardest = edits.entry(place).or_default();
        *hardest = work.max(*hardest);
    }
    edits.values().sum()
}

/// Where a finding is repaired: its block, else the object itself.
fn place(finding: &Finding) -> (String, String) {
    match (&finding.target.address, &finding.target.state) {
        (Some(address), Some(state)) => (state.clone(), parts(address).join(".")),
        _ => (finding.target.identity.place.to_string(), finding.target.identity.to_string()),
    }
}

fn name(repair: &Repair, findings: &[Finding]) -> String {
    match repair {
        Repair::Evidence { call, cause: Cause::Denied } => format!("allow {call}"),
        Repair::Evidence { call, cause } => format!("read {call} ({cause})"),
        Repair::Module { state, path } => format!("{path} in {state}"),
        Repair::Block { state, address } => format!("{address} in {state}"),
        Repair::Check(id) => format!("{id} everywhere"),
        Repair::Finding(index) => {
            let Finding { check, target, .. } = &findings[*index];
            let Address { place, kind, id } = &target.identity;
            match (&target.address, &target.state) {
                (Some(address), Some(state)) => format!("{} on {address} in {state}", check.id),
                (None, Some(state)) => format!("{} on {state}", check.id),
                _ if kind == "stateward_estate" => format!("{} on the estate", check.id),
                _ => format!("{} on {kind} {id} in {place}", check.id),
            }
        }
    }
}
