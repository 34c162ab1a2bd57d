//! OCSF 1.6, one event a line, for a security lake: a compliance finding for every finding and every item of drift, after
//! the scan activity that says whether all was read.
//!
//! Drift is a compliance finding too, and no detection: what is asked is whether the object is as the Terraform state,
//! its standard, declares it; nobody saw an attack.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::ci::recovery;
use super::{Look, ReportError, ci, words};
use crate::compliance;
use crate::result::{Definition, Document, DriftItem, Finding, RecoveryOutcome, RecoveryScenario, Status};

/// The version of the schema.
const VERSION: &str = "1.6.0";

/// The events.
///
/// # Errors
/// None for a document of this program.
pub fn render(document: &Document, _: &Look) -> Result<String, ReportError> {
    let mut text = String::new();
    let mut line = |event: Map<String, Value>| -> Result<(), ReportError> {
        text.push_str(&serde_json::to_string(&event)?);
        text.push('\n');
        Ok(())
    };
    line(scan(document))?;
    for of in &document.findings {
        line(finding(document, of))?;
    }
    for item in document.drift.iter().flat_map(|drift| &drift.items) {
        line(drift(document, item))?;
    }
    for scenario in document.recovery.iter().flat_map(|found| &found.scenarios) {
        line(recovered(document, scenario))?;
    }
    Ok(text)
}

/// Milliseconds since 1970; what is no time is 0, for the field has to be there.
fn millis(time: &str) -> i64 {
    let time = OffsetDateTime::parse(time, &Rfc3339).ok();
    time.map_or(0, |time| (time.unix_timestamp_nanos() / 1_000_000) as i64)
}

/// What every event has.
fn event(document: &Document, class: u32, activity: u32, severity: (u32, &str)) -> Map<String, Value> {
    let run = &document.run;
    let mut event = Map::new();
    event.insert("category_uid".into(), (class / 1000).into());
    event.insert("class_uid".into(), class.into());
    event.insert("activity_id".into(), activity.into());
    event.insert("type_uid".into(), (class * 100 + activity).into());
    event.insert("severity_id".into(), severity.0.into());
    event.insert("severity".into(), severity.1.into());
    event.insert("time".into(), millis(&run.finished_at).into());
    event.insert(
        "metadata".into(),
        json!({
            "version": VERSION,
            "product": { "name": "Stateward", "vendor_name": "Stateward", "version": run.version },
            "profiles": ["cloud"],
            "correlation_uid": run.id,
        }),
    );
    event
}

fn cloud(account: &str, region: &str) -> Value {
    let mut cloud = Map::new();
    cloud.insert("provider".into(), "AWS".into());
    if !account.is_empty() {
        let account = json!({ "uid": account, "type": "AWS Account", "type_id": 10 });
        cloud.insert("account".into(), account);
    }
    if !region.is_empty() {
        cloud.insert("region".into(), region.into());
    }
    Value::Object(cloud)
}

/// The run: whether all was read, and what was not.
fn scan(document: &Document) -> Map<String, Value> {
    const COMPLETED: u32 = 2;
    let run = &document.run;
    let mut event = event(document, 6007, COMPLETED, (1, "Informational"));
    let account = match document.scope.accounts.as_slice() {
        [only] => only.id.as_str(),
        _ => "",
    };
    event.insert("cloud".into(), cloud(account, ""));
    event.insert(
        "scan".into(),
        json!({ "uid": run.id, "name": format!("stateward {}", run.command), "type_id": 0 }),
    );
    event.insert("start_time".into(), millis(&run.started_at).into());
    event.insert("end_time".into(), millis(&run.finished_at).into());
    event.insert("duration".into(), document.collection.wall_ms.into());
    let failing = [Status::Fail, Status::Partial].map(|status| words::number_of(document, status));
    event.insert("num_detections".into(), failing.iter().sum::<usize>().into());
    event.insert("total".into(), document.findings.len().into());
    let gaps = ci::gaps(document);
    event.insert("num_skipped_items".into(), gaps.len().into());
    let answer = match &document.verdict {
        Some(verdict) => verdict.decision.words(),
        None => words::drift_answer(document).words(),
    };
    event.insert("message".into(), answer.into());
    let (id, status) = if ci::all_read(document) { (1, "Success") } else { (2, "Failure") };
    event.insert("status_id".into(), id.into());
    event.insert("status".into(), status.into());
    if id == 2 {
        let said: Vec<String> = gaps.iter().map(|gap| format!("{}: {}", gap.name, gap.why)).collect();
        let detail = match said.as_slice() {
            [] => "some of it could not be decided".to_owned(),
            said => said.join("; "),
        };
        event.insert("status_detail".into(), words::visible(&detail).into());
    }
    event
}

/// The severity of a finding. Only what is not as it should be, or not known, has one.
fn severity(word: &str, stands: bool) -> (u32, &'static str) {
    match word {
        _ if !stands => (1, "Informational"),
        "critical" => (5, "Critical"),
        "high" => (4, "High"),
        "medium" => (3, "Medium"),
        "low" => (2, "Low"),
        _ => (0, "Unknown"),
    }
}

/// The status of the check. OCSF calls *warning* what gave no result for want of information.
fn check_status(of: &Finding) -> (u32, &'static str) {
    match of.status {
        _ if ci::is_unknown(of) => (2, "Warning"),
        Status::Pass => (1, "Pass"),
        Status::NotApplicable => (99, "Not Applicable"),
        Status::Fail | Status::Partial | Status::Waived | Status::Unknown => (3, "Fail"),
    }
}

/// New, or waived and accepted.
fn standing(suppressed: bool) -> (u32, &'static str) {
    if suppressed { (3, "Suppressed") } else { (1, "New") }
}

struct Thing<'a> {
    id: &'a str,
    arn: Option<&'a str>,
    name: Option<&'a str>,
    kind: &'a str,
    region: &'a str,
}

fn resource(of: &Thing) -> Value {
    let mut resource = Map::new();
    resource.insert("uid".into(), words::visible(of.arn.unwrap_or(of.id)).into());
    if of.arn.is_some() {
        resource.insert("uid_alt".into(), words::visible(of.id).into());
    }
    resource.insert("type".into(), of.kind.into());
    let name = of.name.map(words::visible).map(Value::from);
    resource.extend(name.map(|name| ("name".to_owned(), name)));
    if !of.region.is_empty() {
        resource.insert("region".into(), of.region.into());
    }
    Value::Object(resource)
}

/// What OCSF has no field for.
fn unmapped(
    address: Option<&String>,
    state: Option<&String>,
    definition: Option<&Definition>,
) -> Map<String, Value> {
    let mut unmapped = Map::new();
    let mut add = |key: &str, value: Option<Value>| {
        unmapped.extend(value.map(|value| (key.to_owned(), value)));
    };
    add("terraform_address", address.map(|address| words::visible(address).into()));
    add("terraform_state", state.map(|state| words::visible(state).into()));
    add("file", definition.map(|at| at.file.as_str().into()));
    add("line", definition.and_then(|at| at.line).map(Value::from));
    unmapped
}

fn finding(document: &Document, of: &Finding) -> Map<String, Value> {
    const CREATE: u32 = 1;
    let as_it_should = matches!(of.status, Status::Pass | Status::NotApplicable);
    let mut event = event(document, 2003, CREATE, severity(&of.severity, !as_it_should));
    let subject = &of.resource;
    let message = ci::said(of);
    event.insert("cloud".into(), cloud(&subject.account, &subject.region));
    event.insert("message".into(), words::visible(&message).into());
    let (id, status) = standing(of.status == Status::Waived);
    event.insert("status_id".into(), id.into());
    event.insert("status".into(), status.into());
    if of.status == Status::Waived {
        let why = ci::justification(document, of);
        event.insert("status_detail".into(), words::visible(&why).into());
    }
    event.insert(
        "finding_info".into(),
        json!({
            "uid": of.fingerprint,
            "title": words::visible(&of.title),
            "desc": words::visible(&message),
            "types": [of.category],
            "analytic": { "uid": of.check, "name": words::visible(&of.title), "type_id": 1, "type": "Rule" },
        }),
    );
    let (id, status) = check_status(of);
    let standards: Vec<&str> = of.compliance.keys().map(|key| compliance::title(key)).collect();
    let controls = |(framework, ids): (&String, &Vec<String>)| {
        ids.iter().map(|id| format!("{} {id}", compliance::title(framework))).collect::<Vec<_>>()
    };
    let requirements: Vec<String> = of.compliance.iter().flat_map(controls).collect();
    event.insert(
        "compliance".into(),
        json!({
            "control": of.check,
            "desc": words::visible(&of.title),
            "category": of.category,
            "standards": standards,
            "requirements": requirements,
            "status_id": id,
            "status": status,
            "status_code": of.status.words(),
            "status_details": [words::visible(&message)],
        }),
    );
    if let Some(remediation) = &of.remediation {
        event.insert("remediation".into(), json!({ "desc": words::visible(remediation) }));
    }
    let thing = Thing {
        id: &subject.id,
        arn: subject.arn.as_deref(),
        name: subject.name.as_deref(),
        kind: &subject.kind,
        region: &subject.region,
    };
    event.insert("resources".into(), json!([resource(&thing)]));
    let mut rest = unmapped(subject.address.as_ref(), subject.state.as_ref(), subject.definition.as_ref());
    rest.insert("component".into(), of.component.as_str().into());
    rest.insert("points_lost".into(), of.points_lost.into());
    rest.insert("gain".into(), of.gain.into());
    rest.extend(of.reason.as_ref().map(|reason| ("reason".to_owned(), reason.as_str().into())));
    event.insert("unmapped".into(), Value::Object(rest));
    event
}

fn drift(document: &Document, item: &DriftItem) -> Map<String, Value> {
    const CREATE: u32 = 1;
    let mut event = event(document, 2003, CREATE, severity(ci::severity(item), true));
    let message = ci::item_said(document, item);
    let rule = ci::rule(item);
    event.insert("cloud".into(), cloud(&item.account, &item.region));
    event.insert("message".into(), words::visible(&message).into());
    let (id, status) = standing(item.accepted.is_some());
    event.insert("status_id".into(), id.into());
    event.insert("status".into(), status.into());
    let (title, meaning) = ci::class(&item.class);
    let title = format!("{title}: {}", words::item_title(item));
    let mut info = json!({
        "uid": item.fingerprint,
        "title": words::visible(&title),
        "desc": words::visible(&message),
        "types": ["drift"],
        "analytic": { "uid": rule, "name": rule, "type_id": 1, "type": "Rule" },
    });
    let first_seen = item.standing.as_ref().map(|standing| millis(&standing.first_seen));
    if let (Some(time), Some(info)) = (first_seen, info.as_object_mut()) {
        info.insert("first_seen_time".into(), time.into());
    }
    event.insert("finding_info".into(), info);
    let (id, status) = if item.class == "unknown" { (2, "Warning") } else { (3, "Fail") };
    event.insert(
        "compliance".into(),
        json!({
            "control": rule,
            "desc": meaning,
            "category": "drift",
            "standards": ["Terraform state"],
            "status_id": id,
            "status": status,
            "status_code": item.class,
            "status_details": [words::visible(&message)],
        }),
    );
    let thing = Thing {
        id: &item.id,
        arn: item.arn.as_deref(),
        name: item.name.as_deref(),
        kind: &item.kind,
        region: &item.region,
    };
    event.insert("resources".into(), json!([resource(&thing)]));
    let mut rest = unmapped(item.address.as_ref(), item.state.as_ref(), item.definition.as_ref());
    rest.insert("changes".into(), serde_json::to_value(&item.changes).unwrap_or_default());
    rest.insert("breaks".into(), item.breaks.clone().into());
    rest.extend(item.owner.as_ref().map(|owner| ("owner".to_owned(), words::visible(owner).into())));
    event.insert("unmapped".into(), Value::Object(rest));
    event
}

/// A scenario of recovery: whether the workload keeps to its objectives.
fn recovered(document: &Document, of: &RecoveryScenario) -> Map<String, Value> {
    const CREATE: u32 = 1;
    let missed = recovery::severity(of);
    let mut event = event(document, 2003, CREATE, severity(missed.unwrap_or_default(), missed.is_some()));
    let account = document.scope.accounts.first().map(|account| account.id.as_str()).unwrap_or_default();
    let home = document.recovery.as_ref().map(|found| found.home.as_str()).unwrap_or_default();
    let (message, rule) = (recovery::said(of), recovery::rule(of));
    event.insert("cloud".into(), cloud(account, home));
    event.insert("message".into(), words::visible(&message).into());
    let (id, status) = standing(false);
    event.insert("status_id".into(), id.into());
    event.insert("status".into(), status.into());
    let title = format!("{}: {}", of.workload, of.name.title());
    event.insert(
        "finding_info".into(),
        json!({
            "uid": recovery::fingerprint(of),
            "title": words::visible(&title),
            "desc": words::visible(&message),
            "types": ["recovery"],
            "analytic": { "uid": rule, "name": of.name.title(), "type_id": 1, "type": "Rule" },
        }),
    );
    let (id, status) = match of.outcome {
        RecoveryOutcome::Pass | RecoveryOutcome::PassOnAssumption => (1, "Pass"),
        RecoveryOutcome::Undetermined => (2, "Warning"),
        RecoveryOutcome::Fail => (3, "Fail"),
    };
    let details: Vec<String> = std::iter::once(message)
        .chain(
            recovery::gates(of)
                .map(|gate| format!("{}: {}", recovery::gate_name(gate), recovery::gate_said(gate))),
        )
        .map(|text| words::visible(&text).into_owned())
        .collect();
    event.insert(
        "compliance".into(),
        json!({
            "control": rule,
            "desc": "Data lost and time to recover stay within their objectives",
            "category": "recovery",
            "standards": ["Recovery objectives of the profile"],
            "status_id": id,
            "status": status,
            "status_code": of.outcome.words(),
            "status_details": details,
        }),
    );
    let resources: Vec<Value> = recovery::deciding(of)
        .into_iter()
        .map(|one| {
            let (kind, region) = (one.kind.as_str(), "");
            resource(&Thing { id: &one.id, arn: None, name: Some(&one.name), kind, region })
        })
        .collect();
    if !resources.is_empty() {
        event.insert("resources".into(), resources.into());
    }
    let rest =
        json!({ "workload": of.workload, "gated": of.gated, "unread": of.unread, "advice": of.advice });
    event.insert("unmapped".into(), rest);
    event
}
