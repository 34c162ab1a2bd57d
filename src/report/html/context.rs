//! What the templates print: texts and numbers ready to be read, in the order in which they are read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::recovery;
use crate::report::words::{self, DriftAnswer, Group, PlaceView, Unread};
use crate::report::{evidence, history, who};
use crate::result::{
    Component, Configuration, ControlEvidence, Criterion, Decision, Document, Drift, DriftItem,
    EvidenceResult, Finding, FrameworkEvidence, Gate, Outcome, Recovery, RecoveryOutcome, RecoveryScenario,
    Score, Status, Step, Waiver,
};

/// Reasons that stand open; the others unfold.
const OPEN_REASONS: usize = 6;
/// Steps that stand open; the others unfold.
const OPEN_STEPS: usize = 8;
/// Drift items of a class that stand open; the others unfold.
const OPEN_ITEMS: usize = 20;

/// Characters of two values that fit beside each other.
const ONE_LINE: usize = 70;

/// Statuses that are neither as they should be nor excused.
const FAILING: [Status; 2] = [Status::Fail, Status::Partial];

/// The whole context.
pub fn of(document: &Document) -> Value {
    let drift_first = document.verdict.is_none();
    let verified = document.recovery.is_some();
    let judged = !drift_first && !verified;
    let subjects = words::subjects(document);
    let (first, more) = document.plan.split_at(document.plan.len().min(OPEN_STEPS));
    let titles = words::titles(document);
    let steps = |steps: &[Step]| list(steps, |of| step(of, &titles, &subjects));
    let (way, rest_of_way) = document.route_to_go.split_at(document.route_to_go.len().min(OPEN_STEPS));
    let score_of = document.score.as_ref();
    let places = words::places(document);
    let (regions, elsewhere) = places.split_at(document.scope.regions.len());
    json!({
        "answer": if drift_first { drift_answer(document) } else { answer(document) },
        "kind": if verified {
            "Verification of recovery"
        } else if drift_first {
            "Drift report"
        } else {
            "Infrastructure brief"
        },
        "recovery": document.recovery.as_ref().map(recovery::of),
        "drift_first": drift_first,
        "not_compared": words::not_compared(document),
        "subject": words::subject(document),
        "as_of": words::moment(&document.run.as_of),
        "regions_line": regions_line(document),
        "run": run(document),
        "contents": contents(document),
        "tiles": match &document.recovery {
            Some(found) => recovery_tiles(document, found),
            None if drift_first => drift_tiles(document),
            None => tiles(document),
        },
        "score": score_of.map(score),
        "criteria": list(score_of.map_or(&[][..], |score| &score.criteria), criterion),
        "components": list(score_of.map_or(&[][..], |score| &score.components), component),
        "plan": steps(first),
        "plan_more": steps(more),
        "route": steps(way),
        "route_more": steps(rest_of_way),
        "places": list(regions, |of| place(of, judged)),
        "elsewhere": list(elsewhere, |of| place(of, judged)),
        "severities": severities(document),
        "findings_line": findings_line(document),
        "waived": list(&words::groups(document, &[Status::Waived]), group),
        "waived_count": findings(document, Status::Waived),
        "passing": passing(document),
        "passing_count": findings(document, Status::Pass),
        "unknown": list(&words::groups(document, &[Status::Unknown]), group),
        "unknown_count": findings(document, Status::Unknown),
        "drift": document.drift.as_ref().map(|of| drift(of, document.scope.states.len() > 1)),
        "evidence": list(&document.compliance, framework),
        "errors": list(&words::unread(document), error),
        "permissions": permissions(document),
        "waivers": list(&document.waivers, waiver),
        "scope": scope(document),
    })
}

fn list<T>(items: &[T], view: impl Fn(&T) -> Value) -> Vec<Value> {
    items.iter().map(view).collect()
}

fn findings(document: &Document, status: Status) -> String {
    words::count(words::number_of(document, status), "finding")
}

fn run(document: &Document) -> Value {
    let run = &document.run;
    json!({
        "id": run.id,
        "version": run.version,
        "as_of": run.as_of,
        "finished_at": run.finished_at,
        "profile": run.profile.join(", "),
        "profile_hash": run.profile_hash,
        "catalogue_hash": run.catalogue_hash,
    })
}

fn regions_line(document: &Document) -> String {
    document.scope.regions.iter().map(|region| region.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn contents(document: &Document) -> Vec<Value> {
    let verified = document.recovery.is_some();
    let judged = document.verdict.is_some() && !verified;
    let scored = document.score.is_some();
    let entry = |(there, id, title): &(bool, &str, &str)| there.then(|| json!({ "id": id, "title": title }));
    let before = [
        (scored, "gate", "Gate"),
        (scored, "components", "Components"),
        (scored, "fix", "What to fix first"),
        (verified && document.recovery.as_ref().is_some_and(|it| it.since.is_some()), "since", "Since then"),
        (verified, "scenarios", "Scenarios"),
        (verified, "details", "Ways back"),
        (verified, "availability", "Availability"),
        (document.recovery.as_ref().is_some_and(|it| !it.rehearsals.is_empty()), "rehearsals", "Rehearsals"),
        (verified, "assumptions", "Assumptions"),
        (!judged && document.drift.is_some(), "drift", "Drift"),
        (true, "regions", "Regions"),
        (judged, "findings", "Findings"),
        (judged, "drift", "Drift"),
    ];
    let evidence = document.compliance.iter().map(|of| json!({ "id": evidence_id(of), "title": of.title }));
    let after = [
        (true, "unread", "Not read"),
        (!document.waivers.is_empty(), "waivers", "Waivers"),
        (true, "scope", "Scope"),
        (true, "method", "Method"),
    ];
    before.iter().filter_map(entry).chain(evidence).chain(after.iter().filter_map(entry)).collect()
}

/// The mark of a framework's section.
fn evidence_id(of: &FrameworkEvidence) -> String {
    format!("evidence-{}", of.key)
}

fn framework(of: &FrameworkEvidence) -> Value {
    let rest = evidence::not_covered(of);
    json!({
        "id": evidence_id(of),
        "title": evidence::title(of),
        "summary": evidence::summary(of),
        "note": of.note,
        "claim": evidence::CLAIM,
        "controls": evidence::covered(of).map(control).collect::<Vec<_>>(),
        "rest": rest.join(", "),
        "rest_count": rest.len(),
    })
}

fn control(of: &ControlEvidence) -> Value {
    let kind = match of.result {
        EvidenceResult::Pass => "good",
        EvidenceResult::Fail => "bad",
        EvidenceResult::Unknown | EvidenceResult::NotMade => "warn",
        EvidenceResult::NotApplicable | EvidenceResult::NotCovered => "",
    };
    let checks = of.checks.iter().map(|check| {
        let found = match check.result {
            EvidenceResult::NotMade | EvidenceResult::NotApplicable => check.result.words().to_owned(),
            _ => evidence::findings(&check.findings),
        };
        json!({ "check": check.check, "title": check.title, "findings": found })
    });
    json!({
        "id": of.id,
        "title": of.title,
        "result": of.result.words(),
        "kind": kind,
        "coverage": evidence::coverage(of),
        "checks": checks.collect::<Vec<_>>(),
    })
}

fn answer(document: &Document) -> Value {
    let Some(verdict) = &document.verdict else { return Value::Null };
    let kind = match verdict.decision {
        Decision::Go => "go",
        Decision::GoWithWaivers => "waived",
        Decision::NoGo => "stop",
        Decision::Undetermined => "open",
    };
    let reasons = words::reasons(document, verdict);
    let (first, more) = reasons.split_at(reasons.len().min(OPEN_REASONS));
    json!({
        "question": "Verdict",
        "words": verdict.decision.words(),
        "kind": kind,
        "passes": verdict.decision.exit_code() == 0,
        "reasons": first,
        "more_reasons": more,
    })
}

fn drift_answer(document: &Document) -> Value {
    let answer = words::drift_answer(document);
    let kind = match answer {
        DriftAnswer::Found => "stop",
        DriftAnswer::Incomplete => "open",
        DriftAnswer::Accepted => "waived",
        DriftAnswer::None => "go",
    };
    json!({
        "question": "State against live",
        "words": answer.words(),
        "kind": kind,
        "passes": matches!(answer, DriftAnswer::Accepted | DriftAnswer::None),
        "reasons": document.drift.as_ref().map(words::drift_sentences).unwrap_or_default(),
        "more_reasons": [],
    })
}

/// A figure, what it counts, and where to read on.
fn tile(number: usize, label: &str, more: &str, to: &str, kind: &str) -> Value {
    let (kind, more) = if number == 0 { ("", "") } else { (kind, more) };
    json!({ "number": words::thousands(number), "label": label, "more": more, "to": to, "kind": kind })
}

fn tiles(document: &Document) -> Vec<Value> {
    let groups = words::groups(document, &FAILING);
    let number = |of: &dyn Fn(&Group) -> bool| -> usize {
        groups.iter().filter(|group| of(group)).map(|group| group.findings.len()).sum()
    };
    let critical = number(&|group| group.severity == "critical");
    let unknown = words::number_of(document, Status::Unknown);
    let mut tiles = vec![
        tile(critical, "critical failures", "each caps its component", "findings", "bad"),
        tile(
            number(&|_| true),
            "failing findings",
            &format!(
                "of {}, in {}",
                words::thousands(document.findings.len()),
                words::count(groups.len(), "check")
            ),
            "findings",
            "bad",
        ),
        tile(unknown, "unknown findings", "counted as failures", "unread", "warn"),
    ];
    if let Some(drift) = &document.drift {
        tiles.push(differences(drift));
    }
    tiles.push(unread_tile(document));
    tiles
}

fn drift_tiles(document: &Document) -> Vec<Value> {
    let Some(drift) = &document.drift else { return vec![unread_tile(document)] };
    let loose = drift.items.iter().filter(|item| item.label.as_deref() == Some(words::LOOSENING)).count();
    vec![
        differences(drift),
        tile(loose, "loosen security", "listed first in each class", "drift", "bad"),
        tile(drift.summary.unknown, "not compared", "never counted as in sync", "drift", "warn"),
        unread_tile(document),
    ]
}

fn recovery_tiles(document: &Document, of: &Recovery) -> Vec<Value> {
    let gated: Vec<&RecoveryScenario> = of.scenarios.iter().filter(|it| it.gated).collect();
    let came = |outcome| gated.iter().filter(|it| it.outcome == outcome).count();
    let more = format!("of {} that are gated", gated.len());
    let lost: BTreeSet<&str> = gated
        .iter()
        .flat_map(|it| &it.resources)
        .filter(|it| it.path.is_none())
        .map(|it| it.name.as_str())
        .collect();
    let shut = gated.iter().flat_map(|it| &it.gates).filter(|gate| gate.state == "shut").count();
    vec![
        tile(came(RecoveryOutcome::Fail), "scenarios fail", &more, "scenarios", "bad"),
        tile(came(RecoveryOutcome::Undetermined), "scenarios open", &more, "scenarios", "warn"),
        tile(lost.len(), "resources without a way back", "in a gated scenario", "details", "bad"),
        tile(shut, "ways shut", "in a gated scenario", "details", "warn"),
        unread_tile(document),
    ]
}

fn differences(drift: &Drift) -> Value {
    let sum = &drift.summary;
    let parts = [
        (sum.changed, "changed"),
        (sum.missing, "missing"),
        (sum.unmanaged, "unmanaged"),
        (sum.conflict + sum.ghost, "other"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let more = parts.map(|(number, word)| format!("{number} {word}")).collect::<Vec<_>>().join(", ");
    let all = sum.changed + sum.missing + sum.unmanaged + sum.conflict + sum.ghost;
    tile(all, "drifted", &more, "drift", "bad")
}

fn unread_tile(document: &Document) -> Value {
    let errors = document.collection.errors.len();
    let calls = usize::try_from(document.collection.calls).unwrap_or(usize::MAX);
    tile(errors, "operations not read", &format!("in {}", words::count(calls, "call")), "unread", "warn")
}

/// A bar from 0 to 100: certain up to `from`, possible for `gap` more.
pub(crate) fn bar(worst: f64, best: f64, title: String) -> Value {
    json!({ "from": words::score(worst), "to": words::score(best), "gap": words::score(best - worst), "title": title })
}

pub(crate) fn score(score: &Score) -> Value {
    let overall = score.criteria.iter().find(|criterion| criterion.mapped_to.is_none());
    let threshold = overall.map(|criterion| criterion.threshold);
    let mut title = format!(
        "Evidenced {} to possible {} of 100",
        words::score(score.evidenced),
        words::score(score.possible)
    );
    if let Some(threshold) = threshold {
        title.push_str(&format!(", to lie above {threshold}"));
    }
    let (notes, obstacles) = words::notes(score);
    json!({
        "evidenced": words::score(score.evidenced),
        "band": score.band,
        "line": words::score_line(score),
        "without_waivers": score.without_waivers.map(words::score),
        "threshold": threshold.map(|threshold| threshold.to_string()),
        "bar": bar(score.evidenced, score.possible, title),
        "model": score.model,
        "notes": notes,
        "obstacles": obstacles,
    })
}

pub(crate) fn criterion(of: &Criterion) -> Value {
    let kind = match of.outcome {
        Gate::Pass => "go",
        Gate::Fail => "stop",
        Gate::Undetermined => "open",
    };
    json!({
        "title": of.title,
        "threshold": of.threshold.to_string(),
        "mapped_to": of.mapped_to,
        "mapped": of.mapped.map(words::interval),
        "breadth": of.breadth.map(words::interval),
        "decides": words::range(of.evidenced, of.possible),
        "outcome": words::gate(of.outcome),
        "kind": kind,
    })
}

pub(crate) fn component(of: &Component) -> Value {
    let scored = of.evidenced.zip(of.possible);
    json!({
        "title": of.title,
        "weight": words::percent(of.weight),
        "impact": of.impact,
        "note": (of.assessed && of.cap < 100.0).then(|| words::cap(of)),
        "bar": scored.map(|(worst, best)| bar(worst, best, format!("{} of 100", words::range(worst, best)))),
        "range": scored.map(|(worst, best)| words::range(worst, best)),
        "why_not": words::why_not(of),
        "coverage": words::percent(of.coverage),
        "points_lost": words::points(of.points_lost),
    })
}

pub(crate) fn step(of: &Step, titles: &BTreeMap<&str, &str>, subjects: &BTreeMap<&str, &str>) -> Value {
    json!({
        "title": words::step_title(of, titles),
        "severity": of.severity,
        "checks": of.checks,
        "gain": words::points(of.gain),
        "effort": words::effort(of.effort),
        "repairs": words::repairs(of),
        "subjects": words::repaired(of, subjects),
    })
}

pub(crate) fn place(of: &PlaceView, judged: bool) -> Value {
    let (outcome, kind) = match of.region.map(|region| region.outcome) {
        Some(Outcome::Read) => ("Read", "good"),
        Some(Outcome::Partial) => ("Read in part", "warn"),
        Some(Outcome::Unreadable) => ("Not read", "bad"),
        None if of.name == "global" => ("Services without a region", ""),
        None => ("Outside the audited regions", ""),
    };
    let parts = [
        ("fail", "Failing", of.number(&[Status::Fail])),
        ("partial", "Partial", of.number(&[Status::Partial])),
        ("waived", "Waived", of.number(&[Status::Waived])),
        ("unknown", "Unknown", of.number(&[Status::Unknown])),
        ("pass", "Passing", of.number(&[Status::Pass])),
    ];
    let mut total = 0;
    let mut segments = Vec::new();
    for (kind, _, width) in parts.iter().filter(|(.., width)| *width > 0) {
        segments.push(json!({ "kind": kind, "from": total, "width": width }));
        total += width;
    }
    let said: Vec<String> =
        parts.iter().map(|(_, word, number)| format!("{number} {}", word.to_lowercase())).collect();

    let mut facts = vec![("Resources seen", of.region.map_or(0, |region| region.resources))];
    facts.extend(parts.map(|(_, word, number)| (word, number)));
    facts.push(("Drifted", of.drifted));
    facts.push(("Operations not read", of.errors));
    facts.push(("Listings not read whole", of.region.map_or(0, |region| region.unread)));
    // What is nothing is worth a line only where a reader looks for it.
    let mut awaited = vec!["Resources seen", "Drifted"];
    if judged {
        awaited.extend(["Failing", "Unknown", "Passing"]);
    }
    let shown = |label: &str| of.region.is_some() && awaited.contains(&label);
    let facts: Vec<Value> = facts
        .into_iter()
        .filter(|(label, number)| *number > 0 || shown(label))
        .map(|(label, number)| json!({ "label": label, "number": words::thousands(number) }))
        .collect();
    json!({
        "name": if of.name.is_empty() { "no region" } else { of.name },
        "role": of.region.map(|region| words::role(&region.role)),
        "outcome": outcome,
        "kind": kind,
        "segments": segments,
        "total": total,
        "title": format!("Findings: {}", said.join(", ")),
        "facts": facts,
    })
}

fn findings_line(document: &Document) -> String {
    let all = words::count(document.findings.len(), "finding");
    let rest: Vec<String> = [Status::Pass, Status::Unknown, Status::Waived, Status::NotApplicable]
        .into_iter()
        .map(|status| format!("{} {}", words::number_of(document, status), status.words()))
        .collect();
    format!("{all} in all; beside those below, {}.", rest.join(", "))
}

fn severities(document: &Document) -> Vec<Value> {
    let mut by_rank: BTreeMap<usize, Vec<Group>> = BTreeMap::new();
    for group in words::groups(document, &FAILING) {
        by_rank.entry(words::rank(group.severity)).or_default().push(group);
    }
    by_rank
        .into_iter()
        .map(|(rank, groups)| {
            let findings = groups.iter().map(|group| group.findings.len()).sum();
            json!({
                "title": words::capital(words::SEVERITIES.get(rank).unwrap_or(&"other")),
                "count": format!("{}, {}", words::count(findings, "finding"), words::count(groups.len(), "check")),
                "open": rank == 0,
                "groups": list(&groups, group),
            })
        })
        .collect()
}

pub(crate) fn group(of: &Group) -> Value {
    let texts: BTreeSet<Option<&str>> =
        of.findings.iter().map(|finding| finding.remediation.as_deref()).collect();
    // Said once where it is the same for all.
    let shared = if texts.len() == 1 { texts.into_iter().next().flatten() } else { None };
    let compliance: BTreeSet<(&String, String)> = of
        .findings
        .iter()
        .flat_map(|finding| &finding.compliance)
        .map(|(name, ids)| (name, ids.join(", ")))
        .collect();
    let compliance: Vec<Value> =
        compliance.into_iter().map(|(name, ids)| json!({ "name": name, "ids": ids })).collect();
    json!({
        "check": of.check,
        "title": of.title,
        "severity": of.severity,
        "count": words::count(of.findings.len(), "finding"),
        "points": (of.points_lost > 0.0).then(|| format!("{} points lost", words::points(of.points_lost))),
        "remediation": shared,
        "compliance": compliance,
        "findings": of.findings.iter().map(|found| finding(found, shared.is_none())).collect::<Vec<_>>(),
    })
}

pub(crate) fn finding(of: &Finding, with_remediation: bool) -> Value {
    let resource = &of.resource;
    let evidence: Vec<Value> = of
        .evidence
        .iter()
        .map(|evidence| {
            let fields =
                (!evidence.fields.is_empty()).then(|| Value::Object(evidence.fields.clone()).to_string());
            json!({
                "operation": evidence.operation,
                "observed_at": words::moment(&evidence.observed_at),
                "fields": fields,
            })
        })
        .collect();
    json!({
        "id": words::resource_id(resource),
        "name": resource.name.as_ref().filter(|name| **name != resource.id),
        "note": words::note(of),
        "where": words::whereabouts(&resource.kind, &resource.region, &resource.account),
        "message": of.message,
        "declared": words::declared(of),
        "address": resource.address,
        "state": resource.state,
        "arn": resource.arn.as_ref().filter(|arn| **arn != resource.id),
        "evidence": evidence,
        "points": (of.points_lost > 0.0).then(|| words::points(of.points_lost)),
        "gain": (of.gain > 0.0).then(|| words::points(of.gain)),
        "remediation": of.remediation.as_ref().filter(|_| with_remediation),
    })
}

fn passing(document: &Document) -> Vec<Value> {
    let mut checks: BTreeMap<&str, (&str, usize, usize)> = BTreeMap::new();
    for finding in &document.findings {
        let row = checks.entry(&finding.check).or_insert((&finding.title, 0, 0));
        match finding.status {
            Status::Pass => row.1 += 1,
            Status::NotApplicable => row.2 += 1,
            _ => {}
        }
    }
    checks
        .into_iter()
        .filter(|(_, (_, pass, not_applicable))| pass + not_applicable > 0)
        .map(|(check, (title, pass, not_applicable))| {
            json!({ "check": check, "title": title, "pass": pass, "not_applicable": not_applicable })
        })
        .collect()
}

/// With several states each item says which it is of.
fn drift(of: &Drift, with_state: bool) -> Value {
    let sum = &of.summary;
    let coverage = sum.coverage;
    let managed = words::share(coverage);
    let counts: Vec<Value> = words::drift_counts(of)
        .into_iter()
        .map(|(label, number)| {
            json!({ "label": label, "number": words::thousands(number), "zero": number == 0 })
        })
        .collect();
    let classes: Vec<Value> = words::classes(of)
        .into_iter()
        .map(|(title, meaning, items)| {
            let (first, more) = items.split_at(items.len().min(OPEN_ITEMS));
            let view = |item: &&DriftItem| drift_item(item, with_state);
            json!({
                "title": title,
                "meaning": meaning,
                "number": words::thousands(items.len()),
                "first": list(first, view),
                "more": list(more, view),
            })
        })
        .collect();
    let rules: Vec<Value> = words::by_rule(of)
        .into_iter()
        .map(|(rule, places)| {
            let places: Vec<Value> =
                places.iter().map(|one| json!({ "address": one.address, "path": one.path })).collect();
            json!({ "name": words::rule(rule), "number": words::thousands(places.len()), "places": places })
        })
        .collect();
    json!({
        "line": words::drift_sentences(of).join(" "),
        "managed": managed,
        "bar": bar(coverage.low, coverage.high, format!("Managed share: {managed}")),
        "counts": counts,
        "excluded": words::excluded(sum.excluded),
        "history": history::since(of).into_iter().chain(history::accepted(of)).collect::<Vec<_>>(),
        "sections": history::sections(of).iter().map(section).collect::<Vec<_>>(),
        "classes": classes,
        "unread_states": of.unread_states,
        "suppressed": words::thousands(sum.suppressed),
        "rules": rules,
        "idle": of.idle_ignore_rules,
        "configurations": of.configurations.iter().map(configuration).collect::<Vec<_>>(),
    })
}

fn configuration(of: &Configuration) -> Value {
    let ignored: Vec<Value> = of
        .ignored
        .iter()
        .map(|one| {
            let change = &one.change;
            let (declared, live) = (words::value(&change.declared), words::value(&change.live));
            json!({ "address": one.address, "path": change.path, "declared": declared, "live": live })
        })
        .collect();
    json!({ "source": of.source, "line": words::configuration(of), "ignored": ignored, "notes": of.notes })
}

fn section(of: &history::Section) -> Value {
    json!({
        "title": of.title,
        "meaning": of.meaning,
        "lines": list(&of.lines, |line| json!({ "subject": line.subject, "said": line.said })),
    })
}

pub(crate) fn label_kind(label: &str) -> &'static str {
    match label {
        words::LOOSENING => "bad",
        "security-tightening" => "good",
        _ => "",
    }
}

pub(crate) fn drift_item(of: &DriftItem, with_state: bool) -> Value {
    let label = of.label.as_deref().filter(|label| *label != "other");
    let changes: Vec<Value> = of
        .changes
        .iter()
        .map(|change| {
            // Said once where there is but one.
            let label = (of.changes.len() > 1 && change.label != "other").then_some(&change.label);
            let (declared, live) = (words::value(&change.declared), words::value(&change.live));
            json!({
                "path": change.path,
                "label": label,
                "label_kind": label_kind(&change.label),
                "declared": declared,
                "live": live,
                "sensitive": change.sensitive,
                "note": change.note,
                "standing": history::change_standing(of, change),
                "long": declared.len() + live.len() > ONE_LINE,
            })
        })
        .collect();
    json!({
        "title": words::item_title(of),
        "id": of.id,
        "name": of.name.as_ref().filter(|name| **name != of.id),
        "label": label,
        "label_kind": label.map(label_kind),
        "where": words::whereabouts(&of.kind, &of.region, &of.account),
        "owner": of.owner,
        "state": of.state.as_ref().filter(|_| with_state),
        "arn": of.arn,
        "standing": of.standing.as_ref().map(history::standing),
        "history": history::acceptance(of).into_iter().chain(history::origin(of)).collect::<Vec<_>>(),
        "reasons": of.reasons,
        "changes": changes,
        "breaks": of.breaks.join(", "),
        "who": who::sentence(of),
        "import_block": of.import_block,
    })
}

pub(crate) fn error(of: &Unread) -> Value {
    let error = of.error;
    json!({
        "operation": format!("{}:{}", error.service, error.operation),
        "reason": error.reason,
        "places": of.places,
        "message": error.message,
        "code": error.code,
        "permission": error.permission,
        "checks": of.checks,
        "types": of.types,
    })
}

pub(crate) fn permissions(document: &Document) -> BTreeSet<&str> {
    document.collection.errors.iter().filter_map(|error| error.permission.as_deref()).collect()
}

pub(crate) fn waiver(of: &Waiver) -> Value {
    json!({
        "subject": of.subject,
        "outcome": words::waiver(&of.outcome),
        "kind": if matches!(of.outcome.as_str(), "used" | "idle") { "" } else { "warn" },
        "reason": of.reason,
        "who": words::capital(&words::waiver_terms(of)),
    })
}

fn outcome_kind(of: Outcome) -> &'static str {
    match of {
        Outcome::Read => "",
        Outcome::Partial => "warn",
        Outcome::Unreadable => "bad",
    }
}

pub(crate) fn scope(document: &Document) -> Value {
    let scope = &document.scope;
    let accounts = list(&scope.accounts, |of| {
        let outcome = words::outcome_with(of.outcome, of.reason.as_deref());
        json!({ "id": of.id, "alias": of.alias, "outcome": outcome })
    });
    let states = list(&scope.states, |of| {
        json!({
            "uri": of.uri,
            "outcome": words::outcome(of.outcome),
            "kind": outcome_kind(of.outcome),
            "facts": words::state_facts(of),
        })
    });
    let services = list(&scope.services, |of| {
        let outcome = (of.outcome != Outcome::Read).then(|| words::outcome(of.outcome));
        json!({
            "name": of.name,
            "resources": words::count(of.resources, "resource"),
            "outcome": outcome,
            "kind": outcome_kind(of.outcome),
        })
    });
    json!({
        "accounts": accounts,
        "states": states,
        "services": services,
        "left_out": words::left_out(document),
        "cost": words::cost(document),
    })
}
