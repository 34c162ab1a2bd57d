//! What a Terraform plan would leave behind, judged by the same checks before anything is applied.
//!
//! A plan shows what its configuration manages, and nothing else of the account. So what a check does not find in it is
//! not known to be absent, and a check that a plan can say nothing to is left out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use stateward_model::{Cause, Gap, Resource, Slot, kinds};
use time::OffsetDateTime;

use crate::audit::{Found, Question};
use crate::check::{Check, View};
use crate::drift::ignored::{Belonging, ConfigFacts, Definitions};
use crate::fold;
use crate::inventory::{Inventory, Side};
use crate::judge::{self, Addresses, Evidence, Finding, Status, Statuses, shown};
use crate::result::{self, Document, Resolved, Run, build};
use crate::score;

/// A plan, as far as it is judged.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    /// What it is and does; which findings come and go is filled in by [`evaluate`].
    pub facts: result::Proposal,
    /// What would exist after it is applied.
    pub planned: Vec<Resource>,
    /// What existed when it was made.
    pub prior: Vec<Resource>,
    /// The configurations that it was made of, to say where each resource is defined.
    pub configurations: Vec<ConfigFacts>,
}

/// The operation that tells what a plan holds.
const SHOW: &str = "terraform:show";

/// Judges what would exist after `proposal` is applied, and what of it the proposal brings about. `None` when the
/// selection leaves no check that a plan can say anything to.
pub fn evaluate(
    proposal: Proposal,
    question: &Question,
    as_of: OffsetDateTime,
    run: Run,
) -> Option<Document> {
    let Proposal { mut facts, planned, prior, configurations } = proposal;
    let belonging = match configurations.as_slice() {
        [] => Belonging::default(),
        some => Belonging::of(some, planned.iter().cloned()),
    };
    let checks: Vec<&Check> = question.checks.iter().copied().filter(may_be_shown).collect();
    let planned = inventory(planned);
    let view = |inventory| View {
        side: Side::Declared,
        inventory,
        profile: question.profile,
        as_of,
        states: &[],
        drift: None,
        configurations: &[],
        recovery: None,
    };
    let mut findings = judge::judge(&checks, &view(&planned), &Addresses::new());
    let hidden = hidden(&checks, &findings);
    findings.retain(|finding| !hidden.contains(finding.check.id));
    let checks: Vec<&Check> = checks.into_iter().filter(|check| !hidden.contains(check.id)).collect();
    if checks.is_empty() {
        return None;
    }
    for finding in &mut findings {
        finding.evidence = evidence(finding, &planned, &run.as_of);
    }
    let prior = inventory(prior);
    let before = by_address(judge::judge(&checks, &view(&prior), &Addresses::new()));
    facts.resolved = resolved(&before, &findings);
    for finding in findings.iter_mut().filter(|finding| is_introduced(finding, &before)) {
        finding.message.push_str(" (introduced by this plan)");
        facts.introduced.insert(build::fingerprint_of(finding));
    }
    let scorecard = score::score(&score::Input::new(&findings, question.profile, as_of));
    let services = services(&planned);
    let found = Found {
        live: Box::new(planned),
        drift: None,
        idle_rules: Vec::new(),
        configurations: Vec::new(),
        findings,
        declared: Statuses::new(),
        scorecard: Some(scorecard),
        identities: BTreeMap::new(),
        definitions: Definitions::of(&configurations, belonging),
    };
    let all = question.all.clone();
    let last_evidenced = BTreeMap::new();
    let question = Question { checks, all, drift: false, unmanaged: false, last_evidenced, ..*question };
    let mut document = build::document(&build::Recorded::default(), found, &question, run);
    // Regions that the plan has nothing in were not looked at.
    document.scope.regions.retain(|region| region.resources > 0);
    document.scope.services = services;
    document.scope.proposal = Some(facts);
    for finding in &mut document.findings {
        if finding.reason.as_deref() == Some(Cause::NotInState.word()) {
            finding.remediation = Some("Apply the plan, and audit the live estate.".to_owned());
        }
    }
    Some(document)
}

fn inventory(resources: Vec<Resource>) -> Inventory {
    let beyond = Gap::new("live estate", Cause::NotInState, "a plan shows only what it manages");
    fold::declared(resources, vec![beyond])
}

/// The services that it has resources of.
fn services(planned: &Inventory) -> Vec<result::Service> {
    let mut services: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in kinds::all() {
        *services.entry(kind.service).or_default() += planned.of(kind).count();
    }
    services.retain(|_, resources| *resources > 0);
    let service = |(name, resources): (&str, usize)| result::Service {
        name: name.to_owned(),
        outcome: result::Outcome::Read,
        resources,
    };
    services.into_iter().map(service).collect()
}

/// Whether a check judges single resources of a sort that configurations make. The estate as a whole, its states and
/// what happened in it are in no plan.
fn may_be_shown(check: &&Check) -> bool {
    check.kinds().iter().any(|kind| kind.manageable)
}

/// Checks that found nothing but what a plan does not show.
fn hidden<'a>(checks: &[&'a Check<'a>], findings: &[Finding<'a>]) -> BTreeSet<&'a str> {
    let unseen = |finding: &Finding| {
        finding.gap.as_ref().is_some_and(|gap| matches!(gap.cause, Cause::NotInState | Cause::NotRequested))
    };
    let mut hidden: BTreeSet<&'a str> = checks.iter().map(|check| check.id).collect();
    let judged: BTreeSet<&'a str> = findings.iter().map(|finding| finding.check.id).collect();
    hidden.retain(|id| judged.contains(id));
    for finding in findings.iter().filter(|finding| !unseen(finding)) {
        hidden.remove(finding.check.id);
    }
    hidden
}

/// The fields of the resource that the check reads, as the plan shows them.
fn evidence(finding: &Finding, planned: &Inventory, as_of: &str) -> Vec<Evidence> {
    let Some(resource) = planned.find(&finding.target.identity) else { return Vec::new() };
    let read = finding.check.reads.iter().filter(|reads| reads.kind.name == resource.kind());
    let mut fields = Map::new();
    for attr in read.flat_map(|reads| reads.attributes) {
        if let Some(Slot::Known(value)) = resource.slot(attr.path) {
            let value = if attr.secret { Value::String("(sensitive)".into()) } else { shown(value) };
            fields.insert(attr.path.to_owned(), value);
        }
    }
    if fields.is_empty() {
        return Vec::new();
    }
    vec![Evidence {
        operation: SHOW.to_owned(),
        request: finding.target.address.clone().unwrap_or_default(),
        fields,
        observed_at: as_of.to_owned(),
    }]
}

/// Findings by check and Terraform address: a replacement changes the id, and stays the same resource.
type ByAddress<'a> = BTreeMap<(&'a str, String), Finding<'a>>;

fn by_address(findings: Vec<Finding<'_>>) -> ByAddress<'_> {
    findings
        .into_iter()
        .filter_map(|finding| Some(((finding.check.id, finding.target.address.clone()?), finding)))
        .collect()
}

fn is_wrong(status: Status) -> bool {
    matches!(status, Status::Fail | Status::Partial)
}

/// Whether something is wrong that was not before. Where it is not known how it was before, nothing is said.
fn is_introduced(finding: &Finding, before: &ByAddress) -> bool {
    let Some(address) = finding.target.address.clone().filter(|_| is_wrong(finding.status)) else {
        return false;
    };
    let before = before.get(&(finding.check.id, address));
    before.is_none_or(|before| matches!(before.status, Status::Pass | Status::NotApplicable))
}

/// What was wrong and will not be, or will be gone.
fn resolved(before: &ByAddress, findings: &[Finding]) -> Vec<Resolved> {
    let after: BTreeMap<(&str, &str), Status> = findings
        .iter()
        .filter_map(|finding| Some(((finding.check.id, finding.target.address.as_deref()?), finding.status)))
        .collect();
    let mut resolved = Vec::new();
    for ((id, address), finding) in before.iter().filter(|(_, finding)| is_wrong(finding.status)) {
        let outcome = match after.get(&(*id, address.as_str())) {
            Some(Status::Pass | Status::NotApplicable) => "repaired",
            Some(_) => continue,
            None => "gone",
        };
        resolved.push(Resolved {
            check: (*id).to_owned(),
            title: finding.check.title.to_owned(),
            severity: finding.severity.word().to_owned(),
            address: address.clone(),
            outcome: outcome.to_owned(),
        });
    }
    resolved
}

/// Types of AWS that no kind is known for: nothing of them is judged.
pub fn unknown_types(resources: &[Resource]) -> BTreeSet<String> {
    let types = resources.iter().map(Resource::kind).filter(|kind| kind.starts_with("aws"));
    let unknown = types.filter(|kind| kinds::find(kind).is_none());
    unknown.map(str::to_owned).collect()
}
