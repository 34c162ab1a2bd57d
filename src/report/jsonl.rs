//! One JSON object a line, for log pipelines: each says what it is in `record`, and which run it is of in `run_id`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Look, ReportError};
use crate::result::{ControlEvidence, Document};

/// The lines, in the order of the document.
///
/// # Errors
/// None for a document of this program.
pub fn render(document: &Document, _: &Look) -> Result<String, ReportError> {
    let mut lines = Lines { run_id: &document.run.id, text: String::new() };
    let scope = &document.scope;
    lines.one("run", &document.run)?;
    lines.each("account", &scope.accounts)?;
    lines.each("region", &scope.regions)?;
    lines.each("state", &scope.states)?;
    lines.each("service", &scope.services)?;
    lines.each("verdict", document.verdict.as_slice())?;
    if let Some(score) = &document.score {
        lines.without("score", score, &["components", "criteria"])?;
        lines.each("component", &score.components)?;
        lines.each("criterion", &score.criteria)?;
    }
    lines.each("finding", &document.findings)?;
    if let Some(drift) = &document.drift {
        let lists =
            ["items", "suppressed", "resolved", "unseen", "perpetual", "acceptances", "unmanaged_groups"];
        lines.without("drift_summary", drift, &lists)?;
        lines.each("drift", &drift.items)?;
        lines.each("suppressed", &drift.suppressed)?;
        lines.each("resolved", &drift.resolved)?;
        lines.each("unseen", &drift.unseen)?;
        lines.each("perpetual", &drift.perpetual)?;
        lines.each("acceptance", &drift.acceptances)?;
        lines.each("unmanaged_group", &drift.unmanaged_groups)?;
    }
    lines.each("plan", &document.plan)?;
    lines.each("route_to_go", &document.route_to_go)?;
    lines.each("waiver", &document.waivers)?;
    for framework in &document.compliance {
        lines.without("framework", framework, &["controls"])?;
        let controls = framework.controls.iter();
        let controls: Vec<OfFramework> =
            controls.map(|control| OfFramework { framework: &framework.key, control }).collect();
        lines.each("control", &controls)?;
    }
    lines.without("collection", &document.collection, &["operations", "errors"])?;
    lines.each("operation", &document.collection.operations)?;
    lines.each("error", &document.collection.errors)?;
    Ok(lines.text)
}

/// A control that says whose it is.
#[derive(Serialize)]
struct OfFramework<'a> {
    framework: &'a str,
    #[serde(flatten)]
    control: &'a ControlEvidence,
}

struct Lines<'a> {
    run_id: &'a str,
    text: String,
}

impl Lines<'_> {
    fn each<T: Serialize>(&mut self, record: &str, items: &[T]) -> Result<(), ReportError> {
        items.iter().try_for_each(|item| self.one(record, item))
    }

    fn one<T: Serialize>(&mut self, record: &str, item: &T) -> Result<(), ReportError> {
        self.without(record, item, &[])
    }

    /// The object without the lists that have lines of their own.
    fn without<T: Serialize>(&mut self, record: &str, item: &T, lists: &[&str]) -> Result<(), ReportError> {
        let mut line = Map::new();
        line.insert("record".into(), record.into());
        line.insert("run_id".into(), self.run_id.into());
        if let Value::Object(fields) = serde_json::to_value(item)? {
            line.extend(fields.into_iter().filter(|(key, _)| !lists.contains(&key.as_str())));
        }
        self.text.push_str(&serde_json::to_string(&line)?);
        self.text.push('\n');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::result::sample;

    fn records(document: &Document) -> Vec<Map<String, Value>> {
        let text = render(document, &Look::default()).unwrap();
        assert!(text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_line_is_an_object_that_says_what_it_is() {
        for (name, document) in sample::all() {
            let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
            for line in records(&document) {
                assert_eq!(line["run_id"].as_str(), Some(document.run.id.as_str()), "{name}");
                *numbers.entry(line["record"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            let of = |record: &str| numbers.get(record).copied().unwrap_or(0);
            assert_eq!(of("run"), 1, "{name}");
            assert_eq!(of("verdict"), usize::from(document.verdict.is_some()), "{name}");
            assert_eq!(of("finding"), document.findings.len(), "{name}");
            assert_eq!(of("drift"), document.drift.as_ref().map_or(0, |drift| drift.items.len()), "{name}");
            assert_eq!(of("error"), document.collection.errors.len(), "{name}");
            assert_eq!(of("component"), document.score.as_ref().map_or(0, |_| 10), "{name}");
        }
    }

    #[test]
    fn a_line_holds_what_the_document_holds() {
        let document = sample::no_go();
        let lines = records(&document);
        let finding = lines.iter().find(|line| line["record"] == "finding").unwrap();
        let expected = serde_json::to_value(&document.findings[0]).unwrap();
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&finding[key], value, "{key}");
        }
        let score = lines.iter().find(|line| line["record"] == "score").unwrap();
        assert!(score.contains_key("evidenced") && !score.contains_key("components"));
    }
}
