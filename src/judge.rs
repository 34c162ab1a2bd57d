//! Checks × resources → findings, on the live and on the declared side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use stateward_model::{Address, Cause, GLOBAL, Gap, Kind, Place, Resource, Slot, secret};

use crate::check::{Check, Outcome, Severity, StateFacts, Subject, Verdict, View};
use crate::drift::ignored::ConfigFacts;
use crate::inventory::{Inventory, Side, is_judged};

/// What a check answered, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Could not be decided.
    Unknown,
    /// Credit between 0 and 1.
    Partial,
    /// Does not apply, by positive evidence.
    NotApplicable,
}

/// What was judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Identity; for estates, regions and states the kind is `stateward_estate`, `aws_region`, `terraform_state`,
    /// `terraform_configuration`.
    pub identity: Address,
    /// ARN, where known.
    pub arn: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// The Terraform address, on the declared side or where a state has it.
    pub address: Option<String>,
    /// The state that has it.
    pub state: Option<String>,
}

/// One operation's answer that a finding rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The operation, `rds:DescribeDBInstances`.
    pub operation: String,
    /// What it was asked about: the id of the resource.
    pub request: String,
    /// The decisive fields, secrets digested.
    pub fields: Map<String, Value>,
    /// When it was read, RFC 3339.
    pub observed_at: String,
}

/// What one check found about one target.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    /// The check.
    pub check: &'a Check<'a>,
    /// The target.
    pub target: Target,
    /// The status.
    pub status: Status,
    /// The severity, after any downgrade.
    pub severity: Severity,
    /// Numerator and denominator of a partial credit.
    pub credit: Option<(i64, i64)>,
    /// A sentence.
    pub message: String,
    /// Why it is unknown.
    pub gap: Option<Gap>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Tags of the resource, for environment weights.
    pub tags: BTreeMap<String, String>,
    /// True when this stands for a listing that failed: the check is blind there.
    pub blind: bool,
}

/// Where a managed identity stands in the states: address and state URI.
pub type Addresses = BTreeMap<Address, (String, String)>;

/// What checks say of resources, without the sentences.
pub type Statuses<'a> = BTreeMap<(&'a str, Address), Status>;

/// Judges the resources of `view` that live, as far as checks judge single resources.
pub fn statuses<'a>(checks: &[&'a Check<'a>], view: &View, live: &Inventory) -> Statuses<'a> {
    let mut statuses = Statuses::new();
    for check in checks {
        for resource in check.kinds().into_iter().flat_map(|kind| view.inventory.of(kind)) {
            if live.find(&resource.address).is_none() {
                continue;
            }
            let Some(verdict) = check.of_resource(resource, view) else { continue };
            statuses.insert((check.id, resource.address.clone()), status_of(&verdict));
        }
    }
    statuses
}

fn status_of(verdict: &Verdict) -> Status {
    match verdict {
        Ok(Outcome::Pass) => Status::Pass,
        Ok(Outcome::Fail(_) | Outcome::FailAs(..)) => Status::Fail,
        Ok(Outcome::Partial(..)) => Status::Partial,
        Ok(Outcome::NotApplicable(_) | Outcome::NotApplicableAs(_)) => Status::NotApplicable,
        Err(_) => Status::Unknown,
    }
}

/// Judges `checks` on one side. Findings are sorted by check and target.
pub fn judge<'a>(checks: &[&'a Check<'a>], view: &View, addresses: &Addresses) -> Vec<Finding<'a>> {
    let mut findings: Vec<Finding<'a>> =
        checks.iter().flat_map(|check| judge_one(check, view, addresses)).collect();
    findings.sort_by(|a, b| (a.check.id, &a.target).cmp(&(b.check.id, &b.target)));
    findings
}

fn judge_one<'a>(check: &'a Check<'a>, view: &View, addresses: &Addresses) -> Vec<Finding<'a>> {
    match check.subject {
        Subject::Each(..)
        | Subject::EachIncludingExcluded(..)
        | Subject::EachOf(..)
        | Subject::EachOfIncludingExcluded(..)
        | Subject::Custom(..) => {
            check.kinds().into_iter().flat_map(|kind| on_kind(check, kind, view, addresses)).collect()
        }
        Subject::Region(evaluate) => view
            .profile
            .regions
            .iter()
            .map(|region| {
                let target = plain_target("aws_region", account_of(view), &region.name, &region.name);
                finding(check, target, evaluate(&region.name, view))
            })
            .collect(),
        Subject::Estate(evaluate) => {
            let target = plain_target("stateward_estate", account_of(view), GLOBAL, "estate");
            vec![finding(check, target, evaluate(view))]
        }
        Subject::State(evaluate) => view
            .states
            .iter()
            .map(|state| finding(check, state_target(state), evaluate(state, view)))
            .collect(),
        Subject::Configuration(evaluate) => view
            .configurations
            .iter()
            .map(|of| finding(check, configuration_target(of), evaluate(of, view)))
            .collect(),
    }
}

fn on_kind<'a>(
    check: &'a Check<'a>,
    kind: &'static Kind,
    view: &View,
    addresses: &Addresses,
) -> Vec<Finding<'a>> {
    let with_excluded =
        matches!(check.subject, Subject::EachIncludingExcluded(..) | Subject::EachOfIncludingExcluded(..));
    let mut findings = blind_spots(check, kind, view);
    let resources = view.inventory.of(kind).filter(|resource| with_excluded || is_judged(resource));
    let judged = resources.filter_map(|resource| Some((resource, check.of_resource(resource, view)?)));
    findings.extend(judged.map(|(resource, verdict)| on_resource(check, resource, verdict, view, addresses)));
    findings
}

/// A listing that failed, or was never made although the check needs it, makes the check blind there: one unknown
/// finding stands for everything that may be behind it.
fn blind_spots<'a>(check: &'a Check<'a>, kind: &'static Kind, view: &View) -> Vec<Finding<'a>> {
    if view.side == Side::Declared {
        return Vec::new();
    }
    let places = view.inventory.places(kind);
    if places.is_empty() {
        let gap = Gap::new(kind.name, Cause::NotRequested, "this kind was not read");
        let target = plain_target(kind.name, account_of(view), GLOBAL, "*");
        return vec![Finding { blind: true, ..finding(check, target, Err(gap)) }];
    }
    places
        .iter()
        .filter_map(|place| {
            let gap = view.inventory.listing_gaps(kind, place)?.first()?.clone();
            let target = plain_target(kind.name, place.account.clone(), &place.region, "*");
            Some(Finding { blind: true, ..finding(check, target, Err(gap)) })
        })
        .collect()
}

fn account_of(view: &View) -> String {
    let accounts: BTreeSet<String> =
        view.inventory.all_places().into_iter().map(|place| place.account).collect();
    match accounts.len() {
        1 => accounts.into_iter().next().unwrap_or_default(),
        _ => String::new(),
    }
}

fn plain_target(kind: &str, account: String, region: &str, id: &str) -> Target {
    let identity =
        Address { place: Place::new(account, region), kind: kind.to_owned().into(), id: id.to_owned() };
    Target { identity, arn: None, name: None, address: None, state: None }
}

fn configuration_target(configuration: &ConfigFacts) -> Target {
    let mut target = plain_target("terraform_configuration", String::new(), GLOBAL, &configuration.source);
    target.state = configuration.state.clone();
    target
}

fn state_target(state: &StateFacts) -> Target {
    let mut target = plain_target("terraform_state", String::new(), GLOBAL, &state.uri);
    target.state = Some(state.uri.clone());
    target
}

fn on_resource<'a>(
    check: &'a Check<'a>,
    resource: &Resource,
    verdict: Verdict,
    view: &View,
    addresses: &Addresses,
) -> Finding<'a> {
    let stands = match &resource.declared {
        Some(facts) => Some((facts.address.clone(), facts.state.clone())),
        None => addresses.get(&resource.address).cloned(),
    };
    let (address, state) = stands.unzip();
    let target = Target {
        identity: resource.address.clone(),
        arn: resource.arn.clone(),
        name: resource.name.clone(),
        address,
        state,
    };
    Finding {
        evidence: evidence(check, resource, view),
        tags: resource.tags(),
        ..finding(check, target, verdict)
    }
}

fn finding<'a>(check: &'a Check<'a>, target: Target, verdict: Verdict) -> Finding<'a> {
    let mut finding = Finding {
        check,
        target,
        status: Status::Pass,
        severity: check.severity,
        credit: None,
        message: check.title.to_owned(),
        gap: None,
        evidence: Vec::new(),
        tags: BTreeMap::new(),
        blind: false,
    };
    match verdict {
        Ok(Outcome::Pass) => {}
        Ok(Outcome::Fail(message)) => {
            finding.status = Status::Fail;
            finding.message = message;
        }
        Ok(Outcome::FailAs(severity, message)) => {
            finding.status = Status::Fail;
            finding.severity = severity;
            finding.message = message;
        }
        Ok(Outcome::Partial(numerator, denominator, message)) => {
            finding.status = Status::Partial;
            finding.credit = Some((numerator, denominator));
            finding.message = message;
        }
        Ok(Outcome::NotApplicable(reason)) => {
            finding.status = Status::NotApplicable;
            finding.message = reason.to_owned();
        }
        Ok(Outcome::NotApplicableAs(reason)) => {
            finding.status = Status::NotApplicable;
            finding.message = reason;
        }
        Err(gap) => {
            finding.status = Status::Unknown;
            finding.message = format!("not read: {gap}");
            finding.gap = Some(gap);
        }
    }
    finding
}

/// The fields of the resource that the check reads, by the operation that read them.
fn evidence(check: &Check, resource: &Resource, view: &View) -> Vec<Evidence> {
    if view.side == Side::Declared {
        return Vec::new();
    }
    let Some(kind) = stateward_model::kinds::find(resource.kind()) else { return Vec::new() };
    let observed_at = view.inventory.observed_at(kind.name, &resource.address.place).to_owned();
    let mut by_operation: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let read = check.reads.iter().filter(|reads| reads.kind.name == kind.name);
    for attr in read.flat_map(|reads| reads.attributes) {
        let Some(Slot::Known(value)) = resource.slot(attr.path) else {
            continue;
        };
        let operations = if attr.read_by.is_empty() { kind.listed_by } else { attr.read_by };
        let value = if attr.secret { Value::String("(sensitive)".into()) } else { shown(value) };
        for operation in operations {
            by_operation.entry(operation).or_default().insert(attr.path.to_owned(), value.clone());
        }
    }
    by_operation
        .into_iter()
        .map(|(operation, fields)| Evidence {
            operation: operation.to_owned(),
            request: resource.id().to_owned(),
            fields,
            observed_at: observed_at.clone(),
        })
        .collect()
}

/// A value as it may be shown: whatever looks like a credential is replaced, long text is cut.
pub fn shown(value: &Value) -> Value {
    const LONGEST: usize = 400;
    match value {
        Value::String(text) if secret::looks_secret(text) => Value::String("(looks like a secret)".into()),
        Value::String(text) => match text.char_indices().nth(LONGEST) {
            Some((end, _)) => Value::String(format!("{}…", &text[..end])),
            None => value.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(shown).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), shown(v))).collect()),
        other => other.clone(),
    }
}
