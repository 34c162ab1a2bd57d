//! The cases beside a policy: what it has to say of resources that are written down.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use stateward_model::{Cause, GLOBAL, Gap, Place, Resource, Scope, Slot};

use super::metadata::yaml_value;
use super::{Fault, Policy};
use crate::check::{Outcome, Verdict};

/// Answers that the cases of every policy have to cover.
pub const REQUIRED: [&str; 3] = ["pass", "fail", "unknown"];

/// One case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    expect: Expected,
    /// What the message has to contain.
    message: Option<String>,
    #[serde(default = "id")]
    id: String,
    #[serde(default = "region")]
    region: String,
    #[serde(default = "account")]
    account: String,
    resource_name: Option<String>,
    arn: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
    /// Why attributes could not be read.
    #[serde(default)]
    unread: BTreeMap<String, Cause>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Expected {
    Pass,
    Fail,
    Unknown,
    NotApplicable,
}

impl Expected {
    const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not-applicable",
        }
    }
}

fn id() -> String {
    "case".into()
}

fn region() -> String {
    "us-west-2".into()
}

fn account() -> String {
    "123456789012".into()
}

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// The answer that it expects.
    pub expected: &'static str,
    /// The answer that the policy gave.
    pub answer: &'static str,
    /// The policy's message, or why it is unknown.
    pub message: String,
    /// What differs; none when the case holds.
    pub wrong: Option<String>,
}

/// Runs the cases of `text`, in YAML, against a policy.
///
/// # Errors
/// Cases that cannot be read.
pub fn run_cases(policy: &Policy, file: &str, text: &str) -> Result<Vec<CaseResult>, Fault> {
    const REMEDY: &str = "write a list of cases, each with name, expect (pass, fail, unknown or not-applicable) and \
                          attributes or unread; docs/custom-checks.md shows some";
    let value = yaml_value(text).map_err(|(line, problem)| Fault::new(file, line, problem, REMEDY))?;
    let cases: Vec<Case> =
        serde_json::from_value(value).map_err(|error| Fault::new(file, None, error.to_string(), REMEDY))?;
    cases.into_iter().map(|case| run(policy, file, case)).collect()
}

fn run(policy: &Policy, file: &str, case: Case) -> Result<CaseResult, Fault> {
    let resource = resource(policy, file, &case)?;
    let (answer, message) = told(policy.judge_alone(&resource));
    let wrong = match (&case.message, answer == case.expect.word()) {
        (_, false) => Some(format!("expected {}, got {answer}", case.expect.word())),
        (Some(part), true) if !message.contains(part.as_str()) => {
            Some(format!("expected a message with `{part}`"))
        }
        _ => None,
    };
    Ok(CaseResult { name: case.name, expected: case.expect.word(), answer, message, wrong })
}

fn told(verdict: Verdict) -> (&'static str, String) {
    match verdict {
        Ok(Outcome::Pass) => (Expected::Pass.word(), String::new()),
        Ok(Outcome::Fail(message) | Outcome::FailAs(_, message) | Outcome::Partial(_, _, message)) => {
            (Expected::Fail.word(), message)
        }
        Ok(Outcome::NotApplicable(message)) => (Expected::NotApplicable.word(), message.to_owned()),
        Ok(Outcome::NotApplicableAs(message)) => (Expected::NotApplicable.word(), message),
        Err(gap) => (Expected::Unknown.word(), gap.to_string()),
    }
}

fn resource(policy: &Policy, file: &str, case: &Case) -> Result<Resource, Fault> {
    let kind = policy.metadata.kind;
    let region = if kind.scope == Scope::Global { GLOBAL } else { &case.region };
    let mut resource = Resource::new(Place::new(&case.account, region), kind.name, case.id.clone());
    resource.name.clone_from(&case.resource_name);
    resource.arn.clone_from(&case.arn);
    for name in case.attributes.keys().chain(case.unread.keys()) {
        if kind.attribute(name).is_none() {
            let problem = format!("case `{}`: {} has no attribute `{name}`", case.name, kind.name);
            return Err(Fault::new(file, None, problem, "name attributes as the policy's METADATA does"));
        }
    }
    for (name, value) in &case.attributes {
        resource.put_raw(name.clone(), Slot::Known(value.clone()));
    }
    for (name, cause) in &case.unread {
        resource.put_raw(name.clone(), Slot::Unread(Gap::new("case", *cause, "")));
    }
    Ok(resource)
}
