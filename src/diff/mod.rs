//! Two results → what changed between them: findings by what became of them, the score taken apart, drift.

mod drift;
mod score;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::result::{
    COMPARISON_SCHEMA, Cause, Compared, Comparison, Document, Finding, FindingChange, FindingChanges,
    Interval, Status,
};
use crate::score::replay::{self, Says};

/// What changed from `old` to `new`.
pub fn compare(old: &Document, new: &Document) -> Comparison {
    let pairs = pairs(old, new);
    let comparable = is_comparable(old, new);
    Comparison {
        schema: COMPARISON_SCHEMA.to_owned(),
        old: compared(old),
        new: compared(new),
        comparable,
        notes: notes(old, new),
        score: score::change(old, new, &pairs, comparable),
        findings: findings(&pairs),
        drift: drift::change(old, new),
    }
}

fn compared(document: &Document) -> Compared {
    let score = document.score.as_ref();
    Compared {
        run: document.run.id.clone(),
        command: document.run.command.clone(),
        as_of: document.run.as_of.clone(),
        decision: document.verdict.as_ref().map(|verdict| verdict.decision),
        score: score.map(|score| Interval { evidenced: score.evidenced, possible: score.possible }),
        coverage: score.map(|score| score.coverage),
    }
}

fn model(document: &Document) -> Option<&str> {
    document.score.as_ref().map(|score| score.model.as_str())
}

fn is_comparable(old: &Document, new: &Document) -> bool {
    model(old) == model(new)
        && old.run.catalogue_hash == new.run.catalogue_hash
        && old.run.profile_hash == new.run.profile_hash
}

/// What sets the two apart before anything was judged, in sentences.
fn notes(old: &Document, new: &Document) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |differs: bool, sentence: String| {
        if differs {
            notes.push(sentence);
        }
    };
    let (was, is) = (&old.run, &new.run);
    note(
        was.command != is.command,
        format!("the earlier is of `{}`, the later of `{}`", was.command, is.command),
    );
    note(
        was.as_of > is.as_of,
        format!("the first result is of {}, which is later than the second", was.as_of),
    );
    note(model(old) != model(new), "the score has another model".to_owned());
    note(was.catalogue_hash != is.catalogue_hash, "the catalogue of checks is another".to_owned());
    let layers = |run: &crate::result::Run| run.profile.join(", ");
    note(
        was.profile_hash != is.profile_hash,
        format!("the profile is another ({}, then {})", layers(was), layers(is)),
    );
    let left_out =
        |document: &Document| document.scope.checks_left_out.iter().cloned().collect::<BTreeSet<_>>();
    note(left_out(old) != left_out(new), "the selection of checks is another".to_owned());
    for (what, of) in
        [("accounts", accounts as fn(&Document) -> BTreeSet<&str>), ("regions", regions), ("states", states)]
    {
        let (was, is) = (of(old), of(new));
        let list = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| {
            one.difference(other).copied().collect::<Vec<_>>().join(", ")
        };
        let (gone, more) = (list(&was, &is), list(&is, &was));
        note(!gone.is_empty(), format!("{what} that only the earlier looked at: {gone}"));
        note(!more.is_empty(), format!("{what} that only the later looked at: {more}"));
    }
    notes
}

fn accounts(document: &Document) -> BTreeSet<&str> {
    document.scope.accounts.iter().map(|account| account.id.as_str()).collect()
}

fn regions(document: &Document) -> BTreeSet<&str> {
    document.scope.regions.iter().map(|region| region.name.as_str()).collect()
}

fn states(document: &Document) -> BTreeSet<&str> {
    document.scope.states.iter().map(|state| state.uri.as_str()).collect()
}

/// One pair of check and resource in both results.
#[derive(Debug, Clone, Copy)]
struct Pair<'a> {
    old: Option<&'a Finding>,
    new: Option<&'a Finding>,
    /// What sort of change it is; none where it is the same.
    cause: Option<Cause>,
}

/// What a finding says to the score; nothing where it does not apply.
fn says(finding: &Finding) -> Option<Says> {
    let is_unknown = match finding.status {
        Status::NotApplicable => return None,
        Status::Pass => return Some(Says::Credit(replay::WHOLE)),
        Status::Partial => return Some(Says::Credit(replay::credit(finding.value.unwrap_or(0.0)))),
        Status::Fail => false,
        Status::Unknown => true,
        // A waiver covers what failed, and what could not be decided; only the latter has a reason.
        Status::Waived => finding.reason.is_some(),
    };
    Some(match is_unknown {
        true if finding.resource.id == "*" => Says::Blind,
        true => Says::Unknown,
        false => Says::Credit(0),
    })
}

/// What a result looked at, to tell what is gone from what nobody looked for.
struct Sight<'a> {
    document: &'a Document,
    accounts: BTreeSet<&'a str>,
    regions: BTreeSet<&'a str>,
    checks: BTreeSet<&'a str>,
    left_out: BTreeSet<&'a str>,
    /// Check, type, account and region of listings that failed.
    blind: BTreeSet<[&'a str; 4]>,
}

fn place(finding: &Finding) -> [&str; 4] {
    let resource = &finding.resource;
    [&finding.check, &resource.kind, &resource.account, &resource.region]
}

impl<'a> Sight<'a> {
    fn of(document: &'a Document) -> Self {
        let findings = || document.findings.iter();
        Self {
            document,
            accounts: accounts(document),
            regions: regions(document),
            checks: findings().map(|finding| finding.check.as_str()).collect(),
            left_out: document.scope.checks_left_out.iter().map(String::as_str).collect(),
            blind: findings().filter(|finding| says(finding) == Some(Says::Blind)).map(place).collect(),
        }
    }

    /// Whether it looked where this finding is.
    fn covers(&self, finding: &Finding) -> bool {
        let (account, region) = (finding.resource.account.as_str(), finding.resource.region.as_str());
        let has =
            |known: &BTreeSet<&str>, word: &str| word.is_empty() || known.is_empty() || known.contains(word);
        has(&self.accounts, account) && (region == "global" || has(&self.regions, region))
    }

    /// Whether it made a check. One that it did not make says nothing of any resource.
    fn made(&self, check: &str, other: &Document) -> bool {
        let same = self.document.run.catalogue_hash == other.run.catalogue_hash;
        !self.left_out.contains(check) && (same || self.checks.contains(check))
    }

    /// Why a finding of `other` is not among its own: `blind` where its listing failed, else `absent`.
    fn why_not(&self, finding: &Finding, other: &Document, blind: Cause, absent: Cause) -> Cause {
        if !self.made(&finding.check, other) {
            return Cause::CatalogueChanged;
        }
        if !self.covers(finding) {
            return Cause::ScopeChanged;
        }
        if self.blind.contains(&place(finding)) { blind } else { absent }
    }
}

/// All findings of both, in the order of check and resource.
fn pairs<'a>(old: &'a Document, new: &'a Document) -> Vec<Pair<'a>> {
    type Key<'a> = (&'a str, [&'a str; 4], &'a str, usize);
    fn keyed(document: &Document) -> impl Iterator<Item = (Key<'_>, &Finding)> {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        document.findings.iter().map(move |finding| {
            let count = seen.entry(&finding.fingerprint).or_default();
            *count += 1;
            let resource = &finding.resource;
            let place =
                [&resource.account, &resource.region, &resource.kind, &resource.id].map(String::as_str);
            ((finding.check.as_str(), place, finding.fingerprint.as_str(), *count), finding)
        })
    }
    let mut both: BTreeMap<Key, Pair> = BTreeMap::new();
    let none = Pair { old: None, new: None, cause: None };
    for (key, finding) in keyed(old) {
        both.entry(key).or_insert(none).old = Some(finding);
    }
    for (key, finding) in keyed(new) {
        both.entry(key).or_insert(none).new = Some(finding);
    }
    let (before, after) = (Sight::of(old), Sight::of(new));
    let mut pairs: Vec<Pair> = both.into_values().collect();
    for pair in &mut pairs {
        pair.cause = cause(pair, &before, &after);
    }
    pairs
}

fn cause(pair: &Pair, before: &Sight, after: &Sight) -> Option<Cause> {
    let (old, new) = match (pair.old, pair.new) {
        (Some(old), Some(new)) => (old, new),
        (Some(old), None) => {
            let says = says(old)?;
            let absent = if says == Says::Blind { Cause::EvidenceGained } else { Cause::RemovedResources };
            return Some(after.why_not(old, before.document, Cause::EvidenceLost, absent));
        }
        (None, Some(new)) => {
            let says = says(new)?;
            let absent = if says == Says::Blind { Cause::EvidenceLost } else { Cause::NewResources };
            return Some(before.why_not(new, after.document, Cause::EvidenceGained, absent));
        }
        (None, None) => return None,
    };
    match (says(old), says(new)) {
        (None, None) => None,
        (None, Some(Says::Credit(_))) => Some(Cause::NewResources),
        (Some(Says::Credit(_)), None) => Some(Cause::RemovedResources),
        (None | Some(Says::Credit(_)), Some(_)) if !matches!(says(new), Some(Says::Credit(_))) => {
            Some(Cause::EvidenceLost)
        }
        (Some(Says::Credit(was)), Some(Says::Credit(is))) if was != is => {
            let is_graver =
                was < replay::WHOLE && is < replay::WHOLE && graver(old, new) == Ordering::Greater;
            Some(if is > was && !is_graver { Cause::Fixed } else { Cause::Regressed })
        }
        (Some(Says::Unknown | Says::Blind), None | Some(Says::Credit(_))) => Some(Cause::EvidenceGained),
        _ => among_equals(old, new),
    }
}

/// What changed where both say the same.
fn among_equals(old: &Finding, new: &Finding) -> Option<Cause> {
    if (old.status == Status::Waived) != (new.status == Status::Waived) {
        return Some(Cause::WaiversChanged);
    }
    if of_check(old) != of_check(new) || old.weight != new.weight {
        return Some(Cause::WeightsChanged);
    }
    match graver(old, new) {
        Ordering::Less => Some(Cause::Fixed),
        Ordering::Greater => Some(Cause::Regressed),
        Ordering::Equal => None,
    }
}

fn of_check(finding: &Finding) -> &str {
    finding.check_severity.as_ref().unwrap_or(&finding.severity)
}

/// How a failure stands to an earlier one of a check that is as severe as it was: a rule of the catalogue may call one
/// less grave than the other.
fn graver(old: &Finding, new: &Finding) -> Ordering {
    if of_check(old) != of_check(new) {
        return Ordering::Equal;
    }
    score::severity(&new.severity).cmp(&score::severity(&old.severity))
}

fn findings(pairs: &[Pair]) -> FindingChanges {
    let mut changes = FindingChanges::default();
    for pair in pairs {
        let list = match pair.cause {
            Some(Cause::Fixed) => &mut changes.fixed,
            Some(Cause::Regressed) => &mut changes.regressed,
            Some(Cause::NewResources) => &mut changes.new,
            Some(Cause::RemovedResources) => &mut changes.gone,
            Some(Cause::EvidenceGained) => &mut changes.evidence_gained,
            Some(Cause::EvidenceLost) => &mut changes.evidence_lost,
            Some(Cause::CatalogueChanged | Cause::ScopeChanged) => {
                changes.not_comparable += 1;
                continue;
            }
            Some(Cause::WaiversChanged | Cause::WeightsChanged) | None => {
                changes.unchanged += usize::from(pair.old.is_some() && pair.new.is_some());
                continue;
            }
        };
        list.extend(FindingChange::between(pair.old, pair.new));
    }
    changes
}
