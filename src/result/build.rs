//! Puts what was found into the result.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};
use stateward_model::kind::Form;
use stateward_model::{Address, Cause, CollectionError, OperationCount, kinds, secret, trail};

use crate::audit::{Found, Question};
use crate::check::{Check, POLICY};
use crate::compliance;
use crate::drift::ignored::Used;
use crate::drift::{Class, Drift, Item, ItemChange, import, print, time, unmanaged};
use crate::judge::{self, shown};
use crate::profile::{Profile, Role};
use crate::result as out;
use crate::result::numbers;
use crate::score;
use crate::snapshot::{RecordedAccount, RecordedRegion, RecordedState};

/// The parts of a recording that are reported rather than judged.
#[derive(Default)]
pub(crate) struct Recorded {
    pub(crate) accounts: Vec<RecordedAccount>,
    pub(crate) regions: Vec<RecordedRegion>,
    pub(crate) operations: Vec<OperationCount>,
    pub(crate) errors: Vec<CollectionError>,
    pub(crate) wall_ms: u64,
    /// Without their resources.
    pub(crate) states: Vec<RecordedState>,
}

/// The whole document.
pub(crate) fn document(
    recorded: &Recorded,
    mut found: Found,
    question: &Question,
    run: out::Run,
) -> out::Document {
    // The one part that grows with the states: it is moved, not copied.
    let drift = found.drift.take();
    let found = &found;
    let scored = found.scorecard.as_ref();
    let findings = findings(recorded, found, question.profile);
    let step = |candidate: &score::Candidate| numbers::step(candidate, &found.findings, fingerprint_of);
    let plan = scored.map(|card| card.plan.iter().map(step).collect()).unwrap_or_default();
    let route_to_go = scored.map(|card| {
        let steps = card.route.steps.iter();
        steps.filter_map(|taken| card.plan.get(taken.candidate)).map(step).collect()
    });
    let mut document = out::Document {
        schema: out::SCHEMA.to_owned(),
        run,
        scope: scope(recorded, found, question),
        verdict: scored.map(numbers::verdict),
        score: scored.map(|card| numbers::numbers(card, question.profile)),
        drift: drift.map(|drift| drift_of(drift, recorded, found, question)),
        recovery: None,
        waivers: scored.map(|card| numbers::waivers(card, question.profile)).unwrap_or_default(),
        findings,
        plan,
        route_to_go: route_to_go.unwrap_or_default(),
        compliance: Vec::new(),
        collection: collection(recorded, question),
    };
    document.compliance = compliance::evidence(&document, &question.selection.frameworks, &question.all);
    document
}

/// SHA-256 over all checks, the custom ones with them: results of two catalogues are not compared.
pub fn catalogue_hash<'a>(all: impl IntoIterator<Item = &'a Check<'a>>) -> String {
    let mut hash = Sha256::new();
    for check in all {
        let words = [check.id, check.title, check.component, check.category.word(), check.severity.word()];
        for word in words.into_iter().chain([check.page]) {
            hash.update(word);
            hash.update([0]);
        }
        hash.update([check.effort as u8]);
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The fingerprint of a finding.
pub(crate) fn fingerprint_of(finding: &judge::Finding) -> String {
    print::hash(&[finding.check.id, &finding.target.identity.to_string()])
}

fn outcome(whole: usize, broken: usize) -> out::Outcome {
    match (whole, broken) {
        (_, 0) => out::Outcome::Read,
        (0, _) => out::Outcome::Unreadable,
        _ => out::Outcome::Partial,
    }
}

fn scope(recorded: &Recorded, found: &Found, question: &Question) -> out::Scope {
    let mut accounts: Vec<out::Account> = recorded.accounts.iter().map(account).collect();
    accounts.sort_by(|a, b| a.id.cmp(&b.id));
    let mut states: Vec<out::State> = recorded.states.iter().map(state).collect();
    states.sort_by(|a, b| a.uri.cmp(&b.uri));
    out::Scope {
        accounts,
        regions: regions(recorded, found, question),
        states,
        services: services(found),
        checks_left_out: question.left_out(),
        proposal: None,
    }
}

fn account(account: &RecordedAccount) -> out::Account {
    out::Account {
        id: account.id.clone(),
        alias: None,
        outcome: if account.gap.is_none() { out::Outcome::Read } else { out::Outcome::Unreadable },
        reason: account.gap.as_ref().map(ToString::to_string),
    }
}

fn state(state: &RecordedState) -> out::State {
    let facts = &state.facts;
    let (outcome, reason) = match (&state.gap, state.outcome.as_str()) {
        (Some(gap), _) => (out::Outcome::Unreadable, Some(gap.to_string())),
        (None, "locked") => (out::Outcome::Partial, Some("locked: somebody may be changing it".to_owned())),
        (None, _) => (out::Outcome::Read, None),
    };
    out::State {
        uri: facts.uri.clone(),
        serial: facts.serial,
        lineage: facts.lineage.clone(),
        terraform_version: facts.terraform_version.clone(),
        instances: facts.instances,
        outcome,
        reason,
    }
}

fn regions(recorded: &Recorded, found: &Found, question: &Question) -> Vec<out::Region> {
    let region = |region: &crate::profile::Region| {
        let of = recorded.regions.iter().filter(|known| known.place.region == region.name);
        let (read, failed) = of.fold((0, 0), |(read, failed), one| (read + one.read, failed + one.failed));
        // Nothing was asked of any region, or nobody looked in this one.
        let elsewhere = !recorded.regions.is_empty() || recorded.accounts.iter().any(|one| one.gap.is_some());
        let nothing = read + failed == 0 && elsewhere;
        out::Region {
            name: region.name.clone(),
            role: region.role.word().to_owned(),
            outcome: if nothing { out::Outcome::Unreadable } else { outcome(read, failed) },
            unread: failed,
            resources: found.live.count_in(&region.name),
        }
    };
    question.profile.regions.iter().map(region).collect()
}

fn services(found: &Found) -> Vec<out::Service> {
    let mut services: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for kind in kinds::all() {
        for place in found.live.listings().places(kind) {
            let entry = services.entry(kind.service).or_default();
            match found.live.listing_gaps(kind, &place) {
                Some([]) => entry.0 += 1,
                _ => entry.1 += 1,
            }
        }
        if let Some(entry) = services.get_mut(kind.service) {
            entry.2 += found.live.count(kind);
        }
    }
    services
        .into_iter()
        .map(|(name, (whole, broken, resources))| out::Service {
            name: name.to_owned(),
            outcome: outcome(whole, broken),
            resources,
        })
        .collect()
}

fn status(status: judge::Status) -> out::Status {
    match status {
        judge::Status::Pass => out::Status::Pass,
        judge::Status::Fail => out::Status::Fail,
        judge::Status::Unknown => out::Status::Unknown,
        judge::Status::Partial => out::Status::Partial,
        judge::Status::NotApplicable => out::Status::NotApplicable,
    }
}

fn findings(recorded: &Recorded, found: &Found, profile: &Profile) -> Vec<out::Finding> {
    let card = found.scorecard.as_ref();
    let mut findings: Vec<out::Finding> = found
        .findings
        .iter()
        .enumerate()
        .map(|(index, finding)| {
            let scored = card.and_then(|card| card.findings.get(index));
            let declared = declared_status(found, finding);
            let definition = definition(found, &finding.target.state, &finding.target.address);
            let mut shown = one_finding(recorded, finding, declared, scored, profile);
            shown.resource.definition = definition;
            shown
        })
        .collect();
    findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    findings
}

/// Where the configuration defines what a state manages at an address.
fn definition(found: &Found, state: &Option<String>, address: &Option<String>) -> Option<out::Definition> {
    found.definitions.find(state.as_ref()?, address.as_ref()?).cloned()
}

fn declared_status(found: &Found, finding: &judge::Finding) -> Option<judge::Status> {
    found.declared.get(&(finding.check.id, finding.target.identity.clone())).copied()
}

fn sort_key(finding: &out::Finding) -> (&str, &str, &str, &str, &str) {
    let resource = &finding.resource;
    (&finding.check, &resource.account, &resource.region, &resource.kind, &resource.id)
}

fn one_finding(
    recorded: &Recorded,
    finding: &judge::Finding,
    declared: Option<judge::Status>,
    scored: Option<&score::FindingScore>,
    profile: &Profile,
) -> out::Finding {
    let check = finding.check;
    let target = &finding.target;
    let plain = status(finding.status);
    let status = match scored {
        Some(scored) if scored.waiver.is_some() => out::Status::Waived,
        _ => plain,
    };
    let severity = scored.map_or(finding.severity, |scored| scored.severity);
    let of_check = score::severity_of(check, profile);
    let weight = numbers::decimal(profile.environments.weight(&finding.tags));
    out::Finding {
        fingerprint: fingerprint_of(finding),
        check: check.id.to_owned(),
        title: check.title.to_owned(),
        component: check.component.to_owned(),
        category: check.category.word().to_owned(),
        severity: severity.word().to_owned(),
        check_severity: (of_check != severity).then(|| of_check.word().to_owned()),
        status,
        value: finding.credit.map(|(numerator, denominator)| numerator as f64 / denominator as f64),
        reason: finding.gap.as_ref().map(|gap| gap.cause.word().to_owned()),
        declared: declared.map(self::status),
        resource: out::ResourceRef {
            kind: target.identity.kind.to_string(),
            id: target.identity.id.clone(),
            arn: target.arn.clone(),
            name: target.name.clone(),
            account: target.identity.place.account.clone(),
            region: target.identity.place.region.clone(),
            address: target.address.clone(),
            state: target.state.clone(),
            definition: None,
        },
        message: finding.message.clone(),
        evidence: finding
            .evidence
            .iter()
            .map(|evidence| out::Evidence {
                operation: evidence.operation.clone(),
                request: evidence.request.clone(),
                fields: evidence.fields.clone(),
                observed_at: evidence.observed_at.clone(),
            })
            .collect(),
        remediation: remediation(recorded, finding),
        compliance: compliance::controls(check.id),
        weight: (weight != 1.0).then_some(weight),
        points_lost: scored.map_or(0.0, |scored| numbers::points(&scored.points_lost)),
        gain: scored.map_or(0.0, |scored| numbers::points(&scored.gain)),
    }
}

/// How to repair it; for what could not be read, how to make it readable.
fn remediation(recorded: &Recorded, finding: &judge::Finding) -> Option<String> {
    match finding.status {
        judge::Status::Pass | judge::Status::NotApplicable => None,
        judge::Status::Fail | judge::Status::Partial => Some(finding.check.section("Fix").to_owned()),
        judge::Status::Unknown => {
            let gap = finding.gap.as_ref()?;
            Some(match gap.cause {
                Cause::Denied if gap.call == "state" => {
                    "Let the credentials of the state's backend read it, and audit again.".into()
                }
                Cause::Denied => {
                    let action = permission(recorded, &gap.call).unwrap_or_else(|| gap.call.to_string());
                    format!("Grant `{action}` to the auditing role, and audit again.")
                }
                Cause::Throttled => {
                    "Lower the rate of the service (`--rate`), or audit at a quieter hour.".into()
                }
                Cause::Timeout => "Give the collection more time (`--timeout`), and audit again.".into(),
                Cause::Expired => "Renew the credentials, and audit again.".into(),
                Cause::Unreachable => "Audit again when the service can be reached.".into(),
                Cause::Disabled => "Enable the region for the account, or take it out of the profile.".into(),
                Cause::Malformed if gap.call.starts_with(POLICY) => {
                    format!(
                        "Repair the policy of {} or its resource; `stateward checks test` runs the policy's cases.",
                        finding.check.id
                    )
                }
                Cause::Unsupported | Cause::Malformed => {
                    "The answer could not be used; see the errors of the collection.".into()
                }
                Cause::NotRequested => "Audit with a selection that reads it.".into(),
                Cause::NotInState => "Give the state that holds it with `--state`, and audit again.".into(),
                Cause::Absent => "Name the state where it is, and audit again.".into(),
                Cause::Stale => "Collect anew: the evidence is older than the profile allows.".into(),
                Cause::NotYetKnown => "Apply the plan, and audit what came of it.".into(),
            })
        }
    }
}

fn permission(recorded: &Recorded, call: &str) -> Option<String> {
    let error =
        recorded.errors.iter().find(|error| call == format!("{}:{}", error.service, error.operation))?;
    Some(error.permission.clone())
}

fn drift_of(drift: Drift, recorded: &Recorded, found: &Found, question: &Question) -> out::Drift {
    let broken = broken_checks(found);
    let summary = drift_summary(&drift);
    let suppressed = drift.suppressed.into_iter();
    let certain = drift.unread_states.is_empty();
    let states: BTreeMap<&str, &str> = recorded
        .states
        .iter()
        .map(|state| (state.facts.uri.as_str(), time::state_key(&state.facts.uri, &state.facts.lineage)))
        .collect();
    let ids: Vec<Option<String>> = drift.items.iter().map(|item| item.import_id.clone()).collect();
    let mut items: Vec<out::DriftItem> =
        drift.items.into_iter().map(|item| drift_item(item, found, &broken, &states)).collect();
    let target = import_target(recorded, question);
    let addresses: BTreeMap<String, ()> =
        items.iter().filter_map(|item| Some((item.address.clone()?, ()))).collect();
    let taken =
        |name: &str| import::has_resource(&found.identities, name) || import::has_resource(&addresses, name);
    import::blocks(&mut items, &ids, certain, &target, taken);
    out::Drift {
        summary,
        unmanaged_groups: unmanaged::groups(&mut items, found.live.as_ref(), &drift.excluded),
        items,
        suppressed: suppressed
            .map(|one| out::Suppressed { rule: one.rule, address: one.address, path: one.path })
            .collect(),
        unread_states: drift.unread_states,
        idle_ignore_rules: found.idle_rules.clone(),
        configurations: found.configurations.iter().map(configuration).collect(),
        ..out::Drift::default()
    }
}

fn configuration(used: &Used) -> out::Configuration {
    let ignored = |(address, difference): &(String, ItemChange)| out::IgnoredChange {
        address: address.clone(),
        change: change(difference),
    };
    out::Configuration {
        source: used.source.clone(),
        states: used.states.clone(),
        resources: used.resources,
        ignore_entries: used.entries,
        ignored: used.honoured.iter().map(ignored).collect(),
        notes: used.notes.clone(),
    }
}

fn import_target<'a>(recorded: &Recorded, question: &'a Question) -> import::Target<'a> {
    let regions = &question.profile.regions;
    let primary = regions.iter().find(|region| region.role == Role::Primary).or(regions.first());
    import::Target {
        primary: primary.map(|region| region.name.as_str()).unwrap_or_default(),
        accounts: recorded.accounts.len() > 1,
    }
}

fn drift_summary(drift: &Drift) -> out::DriftSummary {
    let count = |class: Class| drift.items.iter().filter(|item| item.class == class).count();
    let (unmanaged, unknown) = (count(Class::Unmanaged), count(Class::Unknown));
    let managed = drift.in_sync.len()
        + count(Class::Changed)
        + count(Class::Missing)
        + count(Class::Conflict)
        + count(Class::Ghost);
    let objects =
        drift.items.iter().filter(|item| item.class == Class::Unmanaged && item.owner.is_none()).count();
    let share = |part: usize| match managed + objects + unknown {
        0 => 100.0,
        all => hundredths(part as f64 * 100.0 / all as f64),
    };
    out::DriftSummary {
        in_sync: drift.in_sync.len(),
        changed: count(Class::Changed),
        missing: count(Class::Missing),
        unmanaged,
        unmanaged_parts: unmanaged - objects,
        ghost: count(Class::Ghost),
        conflict: count(Class::Conflict),
        unknown,
        excluded: drift.excluded.len(),
        suppressed: drift.suppressed.len(),
        accepted: 0,
        // While a state is unread, it may manage what looks unmanaged.
        coverage: out::Coverage {
            low: share(managed),
            high: share(managed + unknown + if drift.unread_states.is_empty() { 0 } else { objects }),
        },
    }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn class(class: Class) -> &'static str {
    match class {
        Class::InSync => "in_sync",
        Class::Changed => "changed",
        Class::Missing => "missing",
        Class::Unmanaged => "unmanaged",
        Class::Ghost => "ghost",
        Class::Conflict => "conflict",
        Class::Unknown => "unknown",
        Class::Excluded => "excluded",
    }
}

/// Checks that pass on the state and fail on the live object, by the object's identity.
fn broken_checks<'a>(found: &Found<'a>) -> BTreeMap<Address, Vec<&'a Check<'a>>> {
    let mut broken: BTreeMap<Address, Vec<&'a Check<'a>>> = BTreeMap::new();
    for finding in &found.findings {
        let worse = matches!(finding.status, judge::Status::Fail | judge::Status::Partial);
        if worse && declared_status(found, finding) == Some(judge::Status::Pass) {
            broken.entry(finding.target.identity.clone()).or_default().push(finding.check);
        }
    }
    broken
}

/// Of the checks that the object breaks, those that read what changed.
fn breaks(item: &Item, found: &Found, broken: &BTreeMap<Address, Vec<&Check>>) -> Vec<String> {
    let identity = item.address.as_ref().or(item.owner.as_ref()).and_then(|name| found.identities.get(name));
    let satellite = kinds::satellite(&item.identity.kind);
    let (subject, paths): (&Address, BTreeSet<&str>) = match (identity, satellite) {
        (Some(identity), Some((_, satellite))) => {
            let subject = identity.owner.as_ref().unwrap_or(&identity.own);
            let paths = match satellite.form {
                Form::Block { attribute, .. } | Form::Whole { attribute, .. } => BTreeSet::from([attribute]),
                Form::Atoms { attributes, .. } => attributes.iter().copied().collect(),
            };
            (subject, paths)
        }
        (Some(identity), None) => {
            (&identity.own, item.changes.iter().map(|change| top(&change.path)).collect())
        }
        (None, _) => return Vec::new(),
    };
    let reads = |check: &Check| {
        let own = check.reads.iter().filter(|reads| reads.kind.name == subject.kind);
        own.flat_map(|reads| reads.attributes).any(|attr| paths.contains(attr.path))
    };
    let checks = broken.get(subject).into_iter().flatten().filter(|check| reads(check));
    checks.map(|check| check.id.to_owned()).collect()
}

/// The attribute that a path is inside of.
fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

fn drift_item(
    item: Item,
    found: &Found,
    broken: &BTreeMap<Address, Vec<&Check>>,
    states: &BTreeMap<&str, &str>,
) -> out::DriftItem {
    let mut changes: Vec<out::DriftChange> = item.changes.iter().map(change).collect();
    changes.sort_by(|a, b| {
        (&a.path, a.declared.to_string(), a.live.to_string()).cmp(&(
            &b.path,
            b.declared.to_string(),
            b.live.to_string(),
        ))
    });
    let state = item.state.as_deref().map(|uri| states.get(uri).copied().unwrap_or(uri));
    let fingerprint = print::of_item(class(item.class), state, item.address.as_deref(), &item.identity);
    if item.class == Class::Changed {
        for change in &mut changes {
            change.fingerprint = Some(print::of_change(&fingerprint, change));
        }
    }
    let label = item.label().map(|label| label.word().to_owned());
    let breaks = breaks(&item, found, broken);
    let definition =
        definition(found, &item.state, if item.address.is_some() { &item.address } else { &item.owner });
    let Address { place, kind, id } = item.identity;
    out::DriftItem {
        fingerprint,
        definition,
        class: class(item.class).to_owned(),
        label,
        address: item.address,
        owner: item.owner,
        state: item.state,
        kind: kind.into_owned(),
        id,
        arn: item.arn,
        name: item.name,
        account: place.account,
        region: place.region,
        changes,
        reasons: item.reason.into_iter().chain(item.gaps.iter().map(ToString::to_string)).collect(),
        breaks,
        who: item.who.map(out::Who::from),
        ..out::DriftItem::default()
    }
}

fn change(change: &ItemChange) -> out::DriftChange {
    // A digest may be shown; a value that is sensitive on one side only may not.
    let safe = |value: &Value| match change.sensitive && !value.is_null() && !secret::is_digest(value) {
        true => Value::String("(sensitive)".to_owned()),
        false => shown(value),
    };
    out::DriftChange {
        path: change.path.clone(),
        declared: safe(&change.declared),
        live: safe(&change.live),
        label: change.label.word().to_owned(),
        sensitive: change.sensitive,
        note: change.note.clone(),
        ..out::DriftChange::default()
    }
}

fn collection(recorded: &Recorded, question: &Question) -> out::Collection {
    let operations: Vec<out::Operation> = recorded.operations.iter().map(operation).collect();
    out::Collection {
        calls: operations.iter().map(|operation| operation.calls).sum(),
        operations,
        errors: recorded.errors.iter().map(|error| collection_error(error, question)).collect(),
        wall_ms: recorded.wall_ms,
    }
}

fn operation(count: &OperationCount) -> out::Operation {
    out::Operation {
        service: count.service.clone(),
        operation: count.operation.clone(),
        account: count.account.clone(),
        region: count.region.clone(),
        calls: count.calls,
        throttled: count.throttled,
        retried: count.retried,
        failed: count.failed,
        items: count.items,
    }
}

fn collection_error(error: &CollectionError, question: &Question) -> out::CollectionError {
    let name = format!("{}:{}", error.service, error.operation);
    let touched = |check: &&&Check| {
        let kinds = check.kinds().into_iter().chain(check.reads.iter().map(|reads| reads.kind));
        let listed = kinds.into_iter().any(|kind| kind.listed_by.contains(&name.as_str()));
        let attributes = check.reads.iter().flat_map(|reads| reads.attributes);
        listed || attributes.into_iter().any(|attr| attr.read_by.contains(&name.as_str()))
    };
    out::CollectionError {
        service: error.service.clone(),
        operation: error.operation.clone(),
        account: error.account.clone(),
        region: error.region.clone(),
        reason: error.cause.word().to_owned(),
        code: error.code.clone(),
        message: error.message.clone(),
        permission: (error.cause == Cause::Denied).then(|| error.permission.clone()),
        affects: out::Affects {
            checks: question.checks.iter().filter(touched).map(|check| check.id.to_owned()).collect(),
            types: error.types.clone(),
            attribution: name == trail::LOOKUP,
        },
    }
}

/// A document of findings alone, for tests of what is made of results.
#[cfg(test)]
pub(crate) fn scored(findings: &[judge::Finding], profile: &Profile, input: &score::Input) -> out::Document {
    let card = score::score(input);
    let recorded = Recorded::default();
    let each = findings.iter().zip(&card.findings);
    let each = each.map(|(finding, scored)| one_finding(&recorded, finding, None, Some(scored), profile));
    out::Document {
        schema: out::SCHEMA.to_owned(),
        run: out::Run { profile_hash: profile.hash(), ..out::Run::default() },
        scope: out::Scope {
            accounts: Vec::new(),
            regions: Vec::new(),
            states: Vec::new(),
            services: Vec::new(),
            checks_left_out: Vec::new(),
            proposal: None,
        },
        verdict: Some(numbers::verdict(&card)),
        score: Some(numbers::numbers(&card, profile)),
        findings: each.collect(),
        drift: None,
        plan: Vec::new(),
        route_to_go: Vec::new(),
        waivers: numbers::waivers(&card, profile),
        compliance: Vec::new(),
        recovery: None,
        collection: out::Collection { operations: Vec::new(), errors: Vec::new(), calls: 0, wall_ms: 0 },
    }
}
