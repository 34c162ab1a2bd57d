//! SARIF 2.1.0, for code scanning: what fails, what could not be decided, and what differs from the states.
//!
//! What passes and what does not apply is no result here: GitHub shows every result as an alert, whatever its `kind`.
//! For the same reason, and because the standard wants `level: none` with every other kind, which viewers hide, what
//! could not be decided is of kind `fail`: it counts as a failure here as it does in the score.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::ci::recovery;
use super::words::{self, rank};
use super::{Look, ReportError, ci};
use crate::check::Check;
use crate::checks;
use crate::result::{Definition, Document, DriftItem, Finding, RecoveryScenario, Status};

/// Where the schema is published.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Results of a run that GitHub takes.
pub const MOST_RESULTS: usize = 25_000;

/// Tags of a rule that GitHub takes.
const MOST_TAGS: usize = 20;

/// Why a location is no file of the repository.
const NO_FILE: &str =
    "No file: an object of the estate. `--from DIR` reads where the configuration defines it.";

/// The log, one run in it.
///
/// # Errors
/// None for a document of this program.
pub fn render(document: &Document, _: &Look) -> Result<String, ReportError> {
    let mut rules = Rules::default();
    for finding in &document.findings {
        rules.of_finding(finding);
    }
    let mut results: Vec<(usize, Value)> = Vec::new();
    let shown = |finding: &&Finding| !matches!(finding.status, Status::Pass | Status::NotApplicable);
    for of in document.findings.iter().filter(shown) {
        results.push((rank(&of.severity), finding(document, of, &mut rules)));
    }
    for item in document.drift.iter().flat_map(|drift| &drift.items) {
        results.push((rank(ci::severity(item)), drift(document, item, &mut rules)));
    }
    for scenario in document.recovery.iter().flat_map(|found| &found.scenarios) {
        if let Some(severity) = recovery::severity(scenario) {
            results.push((rank(severity), missed(document, scenario, severity, &mut rules)));
        }
    }
    let left_out = results.len().saturating_sub(MOST_RESULTS);
    if left_out > 0 {
        results.sort_by_key(|(rank, _)| *rank);
        results.truncate(MOST_RESULTS);
    }
    let results: Vec<Value> = results.into_iter().map(|(_, result)| result).collect();
    let run = &document.run;
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Stateward",
                "version": run.version,
                "semanticVersion": run.version,
                "rules": rules.list,
            }},
            // What stands before the last slash is the category on GitHub: an audit does not replace a comparison.
            "automationDetails": { "id": format!("stateward {}/{}", run.command, run.id) },
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation(document, left_out)],
            "results": results,
            "properties": about(document),
        }],
    });
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

/// What was asked, and the answer.
fn about(document: &Document) -> Value {
    let mut about = Map::new();
    about.insert("as_of".into(), document.run.as_of.as_str().into());
    about.insert("catalogue_hash".into(), document.run.catalogue_hash.as_str().into());
    about.insert("profile_hash".into(), document.run.profile_hash.as_str().into());
    match &document.verdict {
        Some(verdict) => about.insert("verdict".into(), verdict.decision.words().into()),
        None => about.insert("answer".into(), words::drift_answer(document).words().into()),
    };
    if let Some(score) = &document.score {
        about.insert("score".into(), words::score_line(score).into());
    }
    let pass = words::number_of(document, Status::Pass);
    about.insert("findings_pass".into(), pass.into());
    about.insert("findings_not_applicable".into(), words::number_of(document, Status::NotApplicable).into());
    about.insert("checks_left_out".into(), document.scope.checks_left_out.clone().into());
    Value::Object(about)
}

fn invocation(document: &Document, left_out: usize) -> Value {
    let mut notifications: Vec<Value> = ci::gaps(document)
        .into_iter()
        .map(|gap| {
            json!({
                "level": "error",
                "descriptor": { "id": gap.what },
                "message": { "text": message(&format!("{} could not be read: {}", gap.name, gap.why)) },
            })
        })
        .collect();
    if left_out > 0 {
        notifications.push(json!({
            "level": "warning",
            "descriptor": { "id": "results-left-out" },
            "message": { "text": format!(
                "{} left out: GitHub takes {MOST_RESULTS} of a run. The gravest are here, and the JSON result has all.",
                words::count(left_out, "result"),
            )},
        }));
    }
    let mut invocation = Map::new();
    invocation.insert("executionSuccessful".into(), ci::all_read(document).into());
    invocation.insert("toolExecutionNotifications".into(), notifications.into());
    for (key, time) in [("startTimeUtc", &document.run.started_at), ("endTimeUtc", &document.run.finished_at)]
    {
        if !time.is_empty() {
            invocation.insert(key.into(), time.as_str().into());
        }
    }
    Value::Object(invocation)
}

/// Rules in the order in which results name them.
#[derive(Default)]
struct Rules {
    list: Vec<Value>,
    known: BTreeMap<String, usize>,
}

impl Rules {
    fn index(&mut self, id: &str, make: impl FnOnce() -> Value) -> usize {
        if let Some(at) = self.known.get(id) {
            return *at;
        }
        self.list.push(make());
        self.known.insert(id.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }

    fn of_finding(&mut self, finding: &Finding) -> usize {
        self.index(&finding.check, || {
            // A custom check, or one that this version no longer has, is what its finding says.
            let check = checks::find(&finding.check).filter(|check| check.id == finding.check);
            rule(finding, check)
        })
    }

    fn of_drift(&mut self, item: &DriftItem) -> usize {
        let id = ci::rule(item);
        self.index(&id, || drift_rule(&id, item))
    }
}

fn rule(finding: &Finding, check: Option<&Check>) -> Value {
    let severity = check.map_or(finding.severity.as_str(), |check| check.severity.word());
    let section = |heading: &str| check.map(|check| check.section(heading)).unwrap_or_default();
    let why = section("Why");
    let fix = match section("Fix") {
        "" => finding.remediation.as_deref().unwrap_or_default(),
        fix => fix,
    };
    let mut help = format!("# {}: {}\n", finding.check, finding.title);
    for (title, text) in [("Why", why), ("What is checked", section("What is checked")), ("Fix", fix)] {
        if !text.is_empty() {
            let _ = write!(help, "\n## {title}\n\n{text}\n");
        }
    }
    let full = if why.is_empty() { finding.title.clone() } else { why.replace('\n', " ") };
    let mut tags = vec![
        "security".to_owned(),
        format!("severity/{severity}"),
        format!("component/{}", finding.component),
        format!("category/{}", finding.category),
    ];
    let controls = finding.compliance.iter();
    tags.extend(controls.flat_map(|(framework, ids)| ids.iter().map(move |id| format!("{framework}/{id}"))));
    tags.truncate(MOST_TAGS);
    json!({
        "id": finding.check,
        "name": finding.check.replace('-', ""),
        "shortDescription": { "text": message(&finding.title) },
        "fullDescription": { "text": message(&full) },
        "help": { "text": words::visible(&help), "markdown": words::visible(&help) },
        "defaultConfiguration": { "level": level(severity) },
        "properties": { "tags": tags, "security-severity": security_severity(severity) },
    })
}

fn drift_rule(id: &str, item: &DriftItem) -> Value {
    let (title, meaning) = ci::class(&item.class);
    let label = item.label.as_deref().filter(|label| *label != "other");
    let short = match label {
        Some(label) => format!("{title} ({label})"),
        None => title.to_owned(),
    };
    let help = match item.class.as_str() {
        "unmanaged" => {
            "Bring it under management (the JSON result holds import blocks), remove it, or accept it with a day on which \
             that ends."
        }
        "ghost" => "Audit its account and region too, or take it out of the state.",
        "conflict" => "Let one state manage it, and take it out of the others.",
        "unknown" => "Make it readable, and compare again. It is never counted as in sync.",
        "missing" => "Apply the configuration to make it again, or take it out of configuration and state.",
        _ => "Apply the configuration, or write into it what the live object says.",
    };
    // The rule is of all that bear its id, so it has the severity without what the item alone breaks.
    let severity = ci::severity(&DriftItem { breaks: Vec::new(), ..item.clone() });
    let mut tags = vec!["drift".to_owned(), format!("class/{}", item.class)];
    tags.extend(item.label.iter().map(|label| format!("label/{label}")));
    let mut properties = Map::new();
    if item.label.as_deref() == Some(words::LOOSENING) {
        tags.push("security".into());
        properties.insert("security-severity".into(), security_severity(severity).into());
    }
    properties.insert("tags".into(), tags.into());
    json!({
        "id": id,
        "name": name_of(id),
        "shortDescription": { "text": short },
        "fullDescription": { "text": format!("{meaning}.") },
        "help": { "text": help, "markdown": help },
        "defaultConfiguration": { "level": level(severity) },
        "properties": properties,
    })
}

/// `drift/changed/security-loosening` as `DriftChangedSecurityLoosening`.
fn name_of(id: &str) -> String {
    id.split(['/', '-', '_']).map(words::capital).collect()
}

fn finding(document: &Document, of: &Finding, rules: &mut Rules) -> Value {
    let resource = &of.resource;
    // What could not be read is no proof of a grave fault.
    let level = match level(&of.severity) {
        "error" if ci::is_unknown(of) => "warning",
        level => level,
    };
    let said = format!("{}: {}", ci::subject(of), ci::said(of));
    let status = serde_json::to_value(of.status).unwrap_or_default();
    let mut properties = json!({
        "status": status,
        "severity": of.severity,
        "component": of.component,
        "category": of.category,
        "points_lost": of.points_lost,
        "gain": of.gain,
    });
    let parts = [
        ("reason", &of.reason),
        ("arn", &resource.arn),
        ("name", &resource.name),
        ("state", &resource.state),
    ];
    fill(&mut properties, &parts);
    let place = Place {
        kind: &resource.kind,
        id: &resource.id,
        account: &resource.account,
        region: &resource.region,
        address: resource.address.as_deref(),
        arn: resource.arn.as_deref(),
        definition: resource.definition.as_ref(),
    };
    let mut result = result(rules.of_finding(of), &of.check, level, &said, &of.fingerprint, &place);
    if of.status == Status::Waived {
        result.insert("suppressions".into(), suppressed(&ci::justification(document, of)));
    }
    result.insert("properties".into(), properties);
    Value::Object(result)
}

fn drift(document: &Document, item: &DriftItem, rules: &mut Rules) -> Value {
    let said = format!("{}: {}", ci::item_subject(item), ci::item_said(document, item));
    let mut properties = json!({
        "class": item.class,
        "severity": ci::severity(item),
        "paths": item.changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(),
        "breaks": item.breaks,
    });
    let standing = item.standing.as_ref().map(|standing| standing.state.word().to_owned());
    let parts = [
        ("label", &item.label),
        ("arn", &item.arn),
        ("name", &item.name),
        ("owner", &item.owner),
        ("state", &item.state),
        ("standing", &standing),
    ];
    fill(&mut properties, &parts);
    let place = Place {
        kind: &item.kind,
        id: &item.id,
        account: &item.account,
        region: &item.region,
        address: item.address.as_deref().or(item.owner.as_deref()),
        arn: item.arn.as_deref(),
        definition: item.definition.as_ref(),
    };
    let (index, id) = (rules.of_drift(item), ci::rule(item));
    let mut result = result(index, &id, level(ci::severity(item)), &said, &item.fingerprint, &place);
    if let Some(accepted) = &item.accepted {
        let why = format!("{} ({} until {})", accepted.reason, accepted.owner, accepted.expires);
        result.insert("suppressions".into(), suppressed(&why));
    }
    result.insert("properties".into(), properties);
    Value::Object(result)
}

/// A scenario whose objectives are missed, or not known to be met.
fn missed(document: &Document, of: &RecoveryScenario, severity: &str, rules: &mut Rules) -> Value {
    let id = recovery::rule(of);
    let index = rules.index(&id, || recovery_rule(&id, of));
    let account = document.scope.accounts.first().map(|account| account.id.as_str()).unwrap_or_default();
    let home = document.recovery.as_ref().map(|found| found.home.as_str()).unwrap_or_default();
    let place = Place {
        kind: "recovery",
        id: &format!("{}/{}", of.workload, of.name.word()),
        account,
        region: home,
        address: None,
        arn: None,
        definition: None,
    };
    let said = recovery::said(of);
    let mut result = result(index, &id, level(severity), &said, &recovery::fingerprint(of), &place);
    let deciding = recovery::deciding(of);
    if let (false, Some(place)) = (deciding.is_empty(), result.get_mut("locations")) {
        let mut names: Vec<&str> =
            deciding.iter().map(|one| one.address.as_deref().unwrap_or(&one.id)).collect();
        names.sort_unstable();
        names.dedup();
        let logical = names
            .iter()
            .map(|name| json!({ "fullyQualifiedName": words::visible(name), "kind": "resource" }));
        place[0]["logicalLocations"] = logical.collect();
    }
    let gates = recovery::gates(of)
        .map(|gate| format!("{}: {}", recovery::gate_name(gate), recovery::gate_said(gate)));
    let properties = json!({
        "workload": of.workload,
        "outcome": of.outcome.words(),
        "severity": severity,
        "gated": of.gated,
        "gates": gates.collect::<Vec<_>>(),
        "unread": of.unread,
        "advice": of.advice,
    });
    result.insert("properties".into(), properties);
    Value::Object(result)
}

fn recovery_rule(id: &str, of: &RecoveryScenario) -> Value {
    let help = "Every number is a range from the best to the worst case, and the worst case has to be within the \
                objective. What could not be read leaves the worst case open.";
    json!({
        "id": id,
        "name": name_of(id),
        "shortDescription": { "text": format!("{}: objectives of recovery", of.name.title()) },
        "fullDescription": { "text": "Data lost and time to recover stay within their objectives." },
        "help": { "text": help, "markdown": help },
        "defaultConfiguration": { "level": "error" },
        "properties": { "tags": ["recovery"] },
    })
}

fn fill(properties: &mut Value, parts: &[(&str, &Option<String>)]) {
    let Some(properties) = properties.as_object_mut() else { return };
    for (key, value) in parts {
        if let Some(value) = value {
            properties.insert((*key).to_owned(), words::visible(value).into());
        }
    }
}

fn suppressed(why: &str) -> Value {
    json!([{ "kind": "external", "status": "accepted", "justification": words::visible(why) }])
}

/// Where something is.
struct Place<'a> {
    kind: &'a str,
    id: &'a str,
    account: &'a str,
    region: &'a str,
    address: Option<&'a str>,
    arn: Option<&'a str>,
    definition: Option<&'a Definition>,
}

fn result(
    index: usize,
    rule: &str,
    level: &str,
    said: &str,
    fingerprint: &str,
    place: &Place,
) -> Map<String, Value> {
    let mut result = Map::new();
    result.insert("ruleId".into(), rule.into());
    result.insert("ruleIndex".into(), index.into());
    result.insert("kind".into(), "fail".into());
    result.insert("level".into(), level.into());
    result.insert("message".into(), json!({ "text": message(said) }));
    result.insert("locations".into(), json!([location(place)]));
    // GitHub knows an alert again by this key alone. It is not the hash of a line, since many objects share one.
    let prints = json!({ "primaryLocationLineHash": fingerprint, "stateward/v1": fingerprint });
    result.insert("partialFingerprints".into(), prints);
    result
}

fn location(place: &Place) -> Value {
    let id = place.arn.unwrap_or(place.id);
    let names = place.address.into_iter().chain((place.address != Some(id)).then_some(id));
    let logical: Vec<Value> =
        names.map(|name| json!({ "fullyQualifiedName": words::visible(name), "kind": "resource" })).collect();
    json!({ "physicalLocation": physical(place), "logicalLocations": logical })
}

/// The block in the configuration. GitHub refuses a log with a result that has no place in a file, so what has none
/// gets one that no repository has, and says so.
fn physical(place: &Place) -> Value {
    let Some(definition) = place.definition else {
        let parts = ["estate", place.account, place.region, place.kind, place.id];
        let parts: Vec<String> =
            parts.iter().filter(|part| !part.is_empty()).map(|part| encoded(part, false)).collect();
        return json!({ "artifactLocation": { "uri": parts.join("/"), "description": { "text": NO_FILE } } });
    };
    let file = definition.file.replace('\\', "/");
    let file = file.strip_prefix("./").unwrap_or(&file);
    let mut physical = match file.starts_with('/') {
        true => json!({ "artifactLocation": { "uri": format!("file://{}", encoded(file, true)) } }),
        false => json!({ "artifactLocation": { "uri": encoded(file, true), "uriBaseId": "%SRCROOT%" } }),
    };
    // Without a line it is about the file as a whole.
    if let (Some(line), Some(physical)) = (definition.line, physical.as_object_mut()) {
        physical.insert("region".into(), json!({ "startLine": line }));
    }
    physical
}

/// Text as a part of a URI, or as the path of one.
fn encoded(text: &str, path: bool) -> String {
    let mut uri = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        match plain || (path && byte == b'/') {
            true => uri.push(char::from(byte)),
            false => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

/// Plain text in a message: `[a](b)` would be a link, and `{0}` the place of an argument.
fn message(text: &str) -> String {
    let text = words::visible(text).replace("](", "] (");
    let mut parts = text.split('{');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let space = if part.starts_with(|letter: char| letter.is_ascii_digit()) { " " } else { "" };
        plain.push_str(&format!("{{{space}{part}"));
    }
    plain
}

fn level(severity: &str) -> &'static str {
    match severity {
        "critical" | "high" => "error",
        "low" => "note",
        _ => "warning",
    }
}

/// The number in which GitHub reads a severity: critical above 9, high from 7, medium from 4, low below.
fn security_severity(severity: &str) -> &'static str {
    match severity {
        "critical" => "9.5",
        "high" => "8.0",
        "low" => "2.0",
        _ => "5.5",
    }
}
