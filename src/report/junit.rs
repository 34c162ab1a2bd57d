//! JUnit XML, as Jenkins, GitLab and other pipelines read it: a test case for every finding and every item of drift.
//!
//! A failure is a `failure`, what could not be decided an `error`, and what does not apply or is waived `skipped`, so
//! that a suite is green only where everything was read and is as it should be.

use std::collections::BTreeMap;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::ci::recovery;
use super::{Look, ReportError, ci, words};
use crate::generate::COMPONENTS;
use crate::result::{
    Decision, Definition, Document, DriftItem, Finding, Gate, Recovery, RecoveryGate, RecoveryOutcome,
    RecoveryScenario, RecoveryWorkload, Score, Status, Verdict,
};

/// The report: the gate, a suite for each component, the drift, and what could not be read.
///
/// # Errors
/// None: it is written to memory.
pub fn render(document: &Document, _: &Look) -> Result<String, ReportError> {
    let suites = suites(document);
    let number = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>().to_string();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let wall = document.collection.wall_ms;
    let root = element(
        "testsuites",
        &[
            ("name", &format!("stateward {}", document.run.command)),
            ("tests", &number(Suite::tests)),
            ("failures", &number(Suite::failures)),
            ("errors", &number(Suite::errors)),
            ("time", &format!("{}.{:03}", wall / 1000, wall % 1000)),
        ],
    );
    writer.write_event(Event::Start(root))?;
    for suite in &suites {
        suite.write(&mut writer, document)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    text.push('\n');
    Ok(text)
}

/// What came of a case; each but a pass with a message and what is to be known.
enum Came {
    Pass,
    Failure { kind: String, message: String, text: String },
    Error { kind: String, message: String, text: String },
    Skipped { message: String },
}

struct Case {
    class: String,
    name: String,
    came: Came,
}

struct Suite {
    name: String,
    properties: Vec<(&'static str, String)>,
    cases: Vec<Case>,
}

impl Suite {
    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), properties: Vec::new(), cases: Vec::new() }
    }

    fn tests(&self) -> usize {
        self.cases.len()
    }

    fn failures(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.came, Came::Failure { .. })).count()
    }

    fn errors(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.came, Came::Error { .. })).count()
    }

    fn skipped(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.came, Came::Skipped { .. })).count()
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>, document: &Document) -> Result<(), ReportError> {
        let start = element(
            "testsuite",
            &[
                ("name", &self.name),
                ("tests", &self.tests().to_string()),
                ("failures", &self.failures().to_string()),
                ("errors", &self.errors().to_string()),
                ("skipped", &self.skipped().to_string()),
                ("timestamp", &document.run.started_at),
                ("id", &document.run.id),
            ],
        );
        writer.write_event(Event::Start(start))?;
        if !self.properties.is_empty() {
            writer.write_event(Event::Start(BytesStart::new("properties")))?;
            for (name, value) in &self.properties {
                writer.write_event(Event::Empty(element("property", &[("name", name), ("value", value)])))?;
            }
            writer.write_event(Event::End(BytesEnd::new("properties")))?;
        }
        for case in &self.cases {
            case.write(writer)?;
        }
        writer.write_event(Event::End(BytesEnd::new("testsuite")))?;
        Ok(())
    }
}

impl Case {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> Result<(), ReportError> {
        let start = element("testcase", &[("classname", &self.class), ("name", &self.name)]);
        let (tag, kind, message, text) = match &self.came {
            Came::Pass => return Ok(writer.write_event(Event::Empty(start))?),
            Came::Failure { kind, message, text } => ("failure", Some(kind), message, text.as_str()),
            Came::Error { kind, message, text } => ("error", Some(kind), message, text.as_str()),
            Came::Skipped { message } => ("skipped", None, message, ""),
        };
        writer.write_event(Event::Start(start))?;
        let mut inner = element(tag, &[("message", message)]);
        if let Some(kind) = kind {
            inner.push_attribute(("type", written(kind, true).as_str()));
        }
        match text {
            "" => writer.write_event(Event::Empty(inner))?,
            text => {
                writer.write_event(Event::Start(inner))?;
                writer.write_event(Event::Text(BytesText::new(&written(text, false))))?;
                writer.write_event(Event::End(BytesEnd::new(tag)))?;
            }
        }
        writer.write_event(Event::End(BytesEnd::new("testcase")))?;
        Ok(())
    }
}

fn element<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        start.push_attribute((*key, written(value, true).as_str()));
    }
    start
}

/// Text without the characters that XML 1.0 forbids, not even escaped: they are written out, as are those that hide.
fn written(text: &str, on_one_line: bool) -> String {
    let text = if on_one_line { words::one_line(text) } else { words::visible(text).into_owned() };
    text.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

fn suites(document: &Document) -> Vec<Suite> {
    let mut suites = Vec::new();
    suites.extend(document.score.as_ref().map(gate));
    let mut by_component: BTreeMap<&str, Suite> = BTreeMap::new();
    for of in &document.findings {
        let suite = by_component.entry(&of.component).or_insert_with(|| Suite::new(&of.component));
        suite.cases.push(finding(document, of));
    }
    // In the published order of the components; those of another version after them.
    for (key, _) in COMPONENTS {
        suites.extend(by_component.remove(key));
    }
    suites.extend(by_component.into_values());
    suites.extend(document.drift.as_ref().map(|drift| {
        let summary = &drift.summary;
        Suite {
            properties: vec![
                ("in_sync", summary.in_sync.to_string()),
                ("suppressed", summary.suppressed.to_string()),
                ("accepted", summary.accepted.to_string()),
            ],
            cases: drift.items.iter().map(|of| item(document, of)).collect(),
            ..Suite::new("drift")
        }
    }));
    if let Some(found) = &document.recovery {
        suites.extend(document.verdict.as_ref().map(recovered));
        suites.extend(found.workloads.iter().map(|workload| of_workload(found, workload)));
    }
    suites.push(collection(document));
    suites
}

fn gate(score: &Score) -> Suite {
    let cases = score.criteria.iter().map(|of| {
        let said =
            format!("{}, and it has to lie above {}", words::range(of.evidenced, of.possible), of.threshold);
        let (kind, text) = (of.key.clone(), String::new());
        Case {
            class: "gate".into(),
            name: of.title.clone(),
            came: match of.outcome {
                Gate::Pass => Came::Pass,
                Gate::Fail => Came::Failure { kind, message: said, text },
                Gate::Undetermined => Came::Error { kind, message: said, text },
            },
        }
    });
    Suite { cases: cases.collect(), ..Suite::new("gate") }
}

fn finding(document: &Document, of: &Finding) -> Case {
    let resource = &of.resource;
    // Not the address: a moved block would make it another test.
    let place = words::whereabouts(&resource.kind, &resource.region, &resource.account);
    let message = ci::said(of);
    let kind = of.severity.clone();
    Case {
        class: format!("{}.{}", of.component, of.check),
        name: format!("{} on {} ({place})", of.check, resource.id),
        came: match of.status {
            Status::Pass => Came::Pass,
            Status::Fail | Status::Partial => Came::Failure { kind, message, text: details(of) },
            Status::Unknown => Came::Error { kind, message, text: details(of) },
            Status::NotApplicable => Came::Skipped { message: format!("Does not apply: {message}") },
            Status::Waived => {
                Came::Skipped { message: format!("Waived, {}: {message}", ci::justification(document, of)) }
            }
        },
    }
}

fn details(of: &Finding) -> String {
    let resource = &of.resource;
    let mut lines = vec![format!("{}: {} ({})", of.check, of.title, of.severity)];
    lines.push(format!("resource: {}", resource.arn.as_ref().unwrap_or(&resource.id)));
    lines.extend(resource.name.as_ref().map(|name| format!("name: {name}")));
    lines.extend(resource.address.as_ref().map(|address| format!("address: {address}")));
    lines.extend(resource.state.as_ref().map(|state| format!("state: {state}")));
    lines.extend(resource.definition.as_ref().map(defined));
    lines.push(format!("fingerprint: {}", of.fingerprint));
    if let Some(remediation) = &of.remediation {
        lines.push(String::new());
        lines.push(remediation.trim_end().to_owned());
    }
    lines.join("\n")
}

fn defined(at: &Definition) -> String {
    match at.line {
        Some(line) => format!("defined in: {}:{line}", at.file),
        None => format!("defined in: {}", at.file),
    }
}

fn item(document: &Document, of: &DriftItem) -> Case {
    let message = ci::item_said(document, of);
    let mut lines = vec![format!("resource: {}", of.arn.as_ref().unwrap_or(&of.id))];
    lines.extend(of.address.as_ref().map(|address| format!("address: {address}")));
    lines.extend(of.state.as_ref().map(|state| format!("state: {state}")));
    lines.extend(of.definition.as_ref().map(defined));
    lines.push(format!("fingerprint: {}", of.fingerprint));
    let text = lines.join("\n");
    let kind = of.label.clone().unwrap_or_else(|| of.class.clone());
    let came = match of.class.as_str() {
        _ if of.accepted.is_some() => Came::Skipped { message },
        "unknown" => Came::Error { kind, message, text },
        // Nobody looked where it is, and the exit code does not count it either.
        "ghost" => Came::Skipped { message },
        _ => Came::Failure { kind, message, text },
    };
    let place = words::whereabouts(&of.kind, &of.region, &of.account);
    let name = match words::item_title(of) {
        title if title == of.id => format!("{title} ({place})"),
        title => format!("{title}: {} ({place})", of.id),
    };
    Case { class: format!("drift.{}", of.class), name, came }
}

/// The answer of a verification. It also weighs what no scenario says: a workload without anything to bring back.
fn recovered(verdict: &Verdict) -> Suite {
    let (kind, text) = (verdict.decision.words().to_owned(), String::new());
    let message = verdict.reasons.first().cloned().unwrap_or_default();
    let came = match verdict.decision {
        Decision::Go | Decision::GoWithWaivers => Came::Pass,
        Decision::NoGo => Came::Failure { kind, message, text: verdict.reasons.join("\n") },
        Decision::Undetermined => Came::Error { kind, message, text },
    };
    let case = Case { class: "recovery".into(), name: "answer".into(), came };
    Suite { cases: vec![case], ..Suite::new("recovery") }
}

fn of_workload(found: &Recovery, workload: &RecoveryWorkload) -> Suite {
    let scenarios = found.scenarios.iter().filter(|scenario| scenario.workload == workload.name);
    let mut cases: Vec<Case> = scenarios
        .flat_map(|scenario| {
            let gates = recovery::gates(scenario).map(|gate| gate_case(scenario, gate));
            std::iter::once(scenario_case(scenario)).chain(gates)
        })
        .collect();
    let message = recovery::availability(workload);
    cases.push(Case {
        class: format!("recovery.{}", workload.name),
        name: "Availability".into(),
        came: match workload.availability.outcome {
            RecoveryOutcome::Pass | RecoveryOutcome::PassOnAssumption => Came::Pass,
            // Whether it is gated, the answer tells.
            RecoveryOutcome::Fail | RecoveryOutcome::Undetermined => Came::Skipped { message },
        },
    });
    Suite { cases, ..Suite::new(format!("recovery of {}", workload.name)) }
}

fn scenario_case(of: &RecoveryScenario) -> Case {
    let message = recovery::said(of);
    let kind = of.outcome.words().to_owned();
    let advice = of.advice.iter().map(|advice| format!("would help: {advice}"));
    let text = advice.collect::<Vec<_>>().join("\n");
    Case {
        class: format!("recovery.{}", of.workload),
        name: of.name.title().to_owned(),
        came: match of.outcome {
            RecoveryOutcome::Pass | RecoveryOutcome::PassOnAssumption => Came::Pass,
            _ if !of.gated => Came::Skipped { message },
            RecoveryOutcome::Fail => Came::Failure { kind, message, text },
            RecoveryOutcome::Undetermined => Came::Error { kind, message, text },
        },
    }
}

/// A gate that is not open. Where its scenario comes out well by another way, it is told and fails nothing.
fn gate_case(scenario: &RecoveryScenario, of: &RecoveryGate) -> Case {
    let message = recovery::gate_said(of);
    let kind = of.name.clone();
    let decides = scenario.gated && recovery::severity(scenario).is_some() && recovery::decides(scenario, of);
    let text = String::new();
    Case {
        class: format!("recovery.{}", scenario.workload),
        name: format!("{}: {}", scenario.name.title(), recovery::gate_name(of)),
        came: match of.state.as_str() {
            _ if !decides => Came::Skipped { message },
            "unknown" => Came::Error { kind, message, text },
            _ => Came::Failure { kind, message, text },
        },
    }
}

/// What could not be read, each an error; one case that passes where all was read.
fn collection(document: &Document) -> Suite {
    let gaps = ci::gaps(document);
    let mut cases: Vec<Case> = gaps
        .iter()
        .map(|gap| Case {
            class: "collection".into(),
            name: gap.name.clone(),
            came: Came::Error { kind: gap.what.clone(), message: gap.why.clone(), text: String::new() },
        })
        .collect();
    if cases.is_empty() {
        let came = match ci::all_read(document) {
            true => Came::Pass,
            false => Came::Error {
                kind: "unknown".into(),
                message: "some of it could not be decided; see the errors of the other suites".into(),
                text: String::new(),
            },
        };
        cases.push(Case { class: "collection".into(), name: "everything was read".into(), came });
    }
    Suite { cases, ..Suite::new("collection") }
}
