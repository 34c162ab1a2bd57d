//! Custom checks: policies in Rego over the same inventory and vocabulary as the checks of the catalogue.
//!
//! A policy sees one resource and nothing else, and of it the attributes that it declares. A declared attribute that was
//! not read makes the answer unknown before the policy is asked; one that it does not declare it cannot name.

mod cases;
mod functions;
mod metadata;
mod sandbox;
mod scope;

use std::slice;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};
use stateward_model::{Cause, Gap, Resource};

use crate::check::{Check, Outcome, POLICY, Reads, Rule, Subject, Verdict, View};
use crate::checks;
use crate::judge::shown;
use metadata::Metadata;
use sandbox::Sandbox;

pub use cases::{CaseResult, REQUIRED, run_cases};

/// A policy is at most this long, in bytes.
pub const LONGEST_POLICY: usize = 64 * 1024;
/// A resource of which more than this would be handed to a policy, in bytes of JSON, is not judged.
const LARGEST_INPUT: usize = 256 * 1024;

/// A policy, or its cases, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {problem}\n  remedy: {remedy}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct Fault {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl Fault {
    fn new(
        file: &str,
        line: impl Into<Option<usize>>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { file: file.to_owned(), line: line.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

/// One custom check.
pub struct Policy {
    file: String,
    metadata: Metadata,
    page: String,
    reads: Vec<Reads>,
    sandbox: Sandbox,
    /// Questions begun and answered: odd while it is at one.
    turns: AtomicU64,
}

impl Policy {
    /// Reads the policy `text` of `file`.
    ///
    /// # Errors
    /// What keeps it from being one, with its place.
    pub fn read(file: &str, text: &str) -> Result<Self, Fault> {
        if text.len() > LONGEST_POLICY {
            let problem = format!("the policy has {} bytes, of at most {LONGEST_POLICY}", text.len());
            return Err(Fault::new(file, None, problem, "split it into several checks"));
        }
        let metadata = metadata::read(file, text)?;
        let sandbox = Sandbox::open(file, text)?;
        scope::verify(file, sandbox.module(), &metadata)?;
        // One entry each: an attribute of a kind is a constant, a list of chosen ones is not.
        let reads = metadata.attributes.iter();
        let reads = reads.map(|attr| Reads { kind: metadata.kind, attributes: slice::from_ref(*attr) });
        let (reads, page) = (reads.collect(), metadata.page(text));
        Ok(Self { file: file.to_owned(), page, reads, sandbox, metadata, turns: AtomicU64::new(0) })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.metadata.id
    }

    /// The file that it was read from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// A number that stays the same, and odd, while the policy is at one resource. Steps are counted, yet a single one may
    /// take for ever on values that were nested for that purpose; whoever has a clock can tell.
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// It as a check.
    pub fn check(&self) -> Check<'_> {
        let Metadata { id, alias, title, component, category, severity, effort, kind, .. } = &self.metadata;
        Check {
            id,
            alias,
            title,
            component,
            category: *category,
            severity: *severity,
            effort: *effort,
            subject: Subject::Custom(kind, self),
            reads: &self.reads,
            page: &self.page,
        }
    }

    /// What the policy is handed; the gap of the first declared attribute that was not read.
    fn input(&self, resource: &Resource) -> Result<Value, Gap> {
        let mut attributes = Map::new();
        for attr in &self.metadata.attributes {
            attributes.insert(attr.path.to_owned(), resource.raw(attr.path)?.clone());
        }
        let input = json!({
            "type": resource.kind(),
            "id": resource.id(),
            "name": resource.name,
            "arn": resource.arn,
            "account": resource.account(),
            "region": resource.region(),
            "attributes": attributes,
        });
        match input.to_string().len() {
            0..=LARGEST_INPUT => Ok(input),
            size => Err(self.gap(format!("the resource has {size} bytes, of at most {LARGEST_INPUT}"))),
        }
    }

    /// A policy needs nothing beside its resource.
    fn judge_alone(&self, resource: &Resource) -> Verdict {
        let input = self.input(resource)?;
        self.answer(input).map_err(|problem| self.gap(problem))
    }

    fn answer(&self, input: Value) -> Result<Outcome, String> {
        self.turns.fetch_add(1, Ordering::Relaxed);
        let answer = self.sandbox.ask(input);
        self.turns.fetch_add(1, Ordering::Relaxed);
        let answer = answer?;
        let words = |reasons: &[String]| {
            let reasons: Vec<String> = reasons.iter().take(5).map(|text| safe(text)).collect();
            reasons.join("; ")
        };
        match answer {
            sandbox::Answer { not_applicable, .. } if !not_applicable.is_empty() => {
                Ok(Outcome::NotApplicableAs(words(&not_applicable)))
            }
            sandbox::Answer { deny, .. } if !deny.is_empty() => Ok(Outcome::Fail(words(&deny))),
            sandbox::Answer { pass: true, .. } => Ok(Outcome::Pass),
            _ => Err("it neither passes nor denies".to_owned()),
        }
    }

    fn gap(&self, detail: impl Into<String>) -> Gap {
        Gap::new(format!("{POLICY}{}", self.id()), Cause::Malformed, detail)
    }
}

impl Rule for Policy {
    fn judge(&self, resource: &Resource, _: &View) -> Verdict {
        self.judge_alone(resource)
    }
}

/// A message as it may be shown: a policy must not carry a credential out.
fn safe(text: &str) -> String {
    match shown(&Value::String(text.to_owned())) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Reads policies, each a file's name and text.
///
/// # Errors
/// The first that cannot be used, or that shares its id or alias with another check.
pub fn read(files: &[(String, String)]) -> Result<Vec<Policy>, Fault> {
    let mut policies: Vec<Policy> = Vec::new();
    for (file, text) in files {
        let policy = Policy::read(file, text)?;
        let own = policy.check();
        for name in [own.id, own.alias] {
            let taken = policies.iter().find(|other| {
                let other = other.check();
                [other.id, other.alias].iter().any(|known| known.eq_ignore_ascii_case(name))
            });
            if let Some(other) = taken {
                let problem = format!("the check `{name}` is also in {}", other.file);
                return Err(Fault::new(file, None, problem, "give each check an id and an alias of its own"));
            }
            if checks::find(name).is_some() {
                let problem = format!("`{name}` is a check of the catalogue");
                return Err(Fault::new(file, None, problem, "choose another id or alias, like ACME-01"));
            }
        }
        policies.push(policy);
    }
    Ok(policies)
}

#[cfg(test)]
mod tests;
