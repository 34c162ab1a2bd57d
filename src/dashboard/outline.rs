//! A stored result without its findings, each of which can be taken out by its fingerprint: an estate has tens of thousands,
//! and a page shows one of them, or rows of the history.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::result::{
    Collection, Document, Drift, Finding, FrameworkEvidence, Recovery, ResultError, Run, SCHEMA, Scope,
    Score, Step, Verdict, Waiver,
};

/// A result without its findings.
#[derive(Debug)]
pub struct Outline {
    /// All but the findings.
    pub document: Document,
    text: String,
    /// Where in the text each finding is.
    places: HashMap<String, Range<usize>>,
}

#[derive(Deserialize)]
struct Parts<'t> {
    schema: String,
    run: Run,
    scope: Scope,
    verdict: Option<Verdict>,
    score: Option<Score>,
    #[serde(borrow)]
    findings: Vec<&'t RawValue>,
    drift: Option<Drift>,
    recovery: Option<Recovery>,
    plan: Vec<Step>,
    route_to_go: Vec<Step>,
    waivers: Vec<Waiver>,
    #[serde(default)]
    compliance: Vec<FrameworkEvidence>,
    collection: Collection,
}

#[derive(Deserialize)]
struct Print {
    fingerprint: String,
}

impl Outline {
    /// Reads a result.
    ///
    /// # Errors
    /// [`ResultError`] with the name, as [`Document::from_json`] has it.
    pub fn read(name: &str, text: String) -> Result<Self, ResultError> {
        let broken = |error: serde_json::Error| ResultError::Broken {
            name: name.to_owned(),
            detail: format!("line {} column {}", error.line(), error.column()),
        };
        let parts: Parts = match serde_json::from_str(&text) {
            Ok(parts) => parts,
            // What is no result of this version says so itself.
            Err(error) => {
                return Err(Document::from_json(name, &text).err().unwrap_or_else(|| broken(error)));
            }
        };
        if parts.schema != SCHEMA {
            return Err(ResultError::Version { name: name.to_owned(), found: parts.schema });
        }
        let mut places = HashMap::with_capacity(parts.findings.len());
        for raw in &parts.findings {
            let from = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            places.insert(fingerprint(raw.get()).map_err(broken)?, from..from + raw.get().len());
        }
        let document = Document {
            schema: parts.schema,
            run: parts.run,
            scope: parts.scope,
            verdict: parts.verdict,
            score: parts.score,
            findings: Vec::new(),
            drift: parts.drift,
            recovery: parts.recovery,
            plan: parts.plan,
            route_to_go: parts.route_to_go,
            waivers: parts.waivers,
            compliance: parts.compliance,
            collection: parts.collection,
        };
        Ok(Self { document, text, places })
    }

    /// The finding with a fingerprint.
    pub fn finding(&self, fingerprint: &str) -> Option<Finding> {
        serde_json::from_str(self.text.get(self.places.get(fingerprint)?.clone())?).ok()
    }

    /// The result as it was stored.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A fingerprint stands first in its finding, and needs no escapes; where it does otherwise, the finding is read.
fn fingerprint(text: &str) -> Result<String, serde_json::Error> {
    let plain = text.strip_prefix("{\"fingerprint\":\"").and_then(|rest| rest.split_once('"'));
    match plain {
        Some((print, _)) if !print.contains('\\') => Ok(print.to_owned()),
        _ => serde_json::from_str::<Print>(text).map(|print| print.fingerprint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::sample;

    #[test]
    fn each_finding_can_be_taken_out_again() {
        let document = sample::no_go();
        for text in [serde_json::to_string(&document).unwrap(), document.to_json().unwrap()] {
            let outline = Outline::read("x", text.clone()).unwrap();
            assert_eq!(outline.text(), text);
            assert!(!document.findings.is_empty());
            for finding in &document.findings {
                assert_eq!(outline.finding(&finding.fingerprint).as_ref(), Some(finding));
            }
            assert_eq!(outline.finding("none"), None);
            assert_eq!(outline.document, Document { findings: Vec::new(), ..document.clone() });
        }
    }

    #[test]
    fn what_is_no_result_is_refused_as_elsewhere() {
        for text in ["", "{}", "{\"schema\":\"stateward.result/9\"}", "{\"schema\":\"stateward.result/1\"}"] {
            let error = Outline::read("run x", text.to_owned()).unwrap_err().to_string();
            assert!(error.starts_with("run x: this"), "{error}");
        }
    }
}
