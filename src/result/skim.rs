//! A result without the parts that no comparison looks at. They are two thirds of it, and reading is what a comparison of
//! large results takes its time for: what is left out is passed over in the text, and neither built nor freed.
//!
//! The mirrors have the fields of what they mirror, or they do not compile.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{
    Collection, Document, Drift, Evidence, Finding, FrameworkEvidence, Recovery, ResourceRef, Run, Scope,
    Score, Status, Step, Verdict, Waiver,
};

#[derive(Deserialize)]
#[serde(remote = "Document")]
struct SkimmedDocument {
    schema: String,
    run: Run,
    scope: Scope,
    #[serde(default)]
    verdict: Option<Verdict>,
    #[serde(default)]
    score: Option<Score>,
    #[serde(deserialize_with = "findings")]
    findings: Vec<Finding>,
    #[serde(default)]
    drift: Option<Drift>,
    #[serde(skip_deserializing)]
    recovery: Option<Recovery>,
    #[serde(skip_deserializing)]
    plan: Vec<Step>,
    #[serde(skip_deserializing)]
    route_to_go: Vec<Step>,
    waivers: Vec<Waiver>,
    #[serde(skip_deserializing)]
    compliance: Vec<FrameworkEvidence>,
    collection: Collection,
}

#[derive(Deserialize)]
#[serde(remote = "Finding")]
struct SkimmedFinding {
    fingerprint: String,
    check: String,
    title: String,
    component: String,
    category: String,
    severity: String,
    #[serde(default)]
    check_severity: Option<String>,
    status: Status,
    #[serde(default)]
    value: Option<f64>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(skip_deserializing)]
    declared: Option<Status>,
    resource: ResourceRef,
    message: String,
    #[serde(skip_deserializing)]
    evidence: Vec<Evidence>,
    #[serde(skip_deserializing)]
    remediation: Option<String>,
    #[serde(skip_deserializing)]
    compliance: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    weight: Option<f64>,
    #[serde(skip_deserializing)]
    points_lost: f64,
    #[serde(skip_deserializing)]
    gain: f64,
}

fn findings<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Finding>, D::Error> {
    #[derive(Deserialize)]
    struct One(#[serde(with = "SkimmedFinding")] Finding);
    let list = Vec::<One>::deserialize(from)?;
    Ok(list.into_iter().map(|One(finding)| finding).collect())
}

/// Reads what a comparison looks at.
pub(super) fn document(text: &str) -> Result<Document, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let document = SkimmedDocument::deserialize(&mut reader)?;
    reader.end()?;
    Ok(document)
}

#[cfg(test)]
mod tests {
    use crate::diff::compare;
    use crate::result::{Document, sample};

    #[test]
    fn a_comparison_of_skimmed_results_is_that_of_whole_ones() {
        let pair = [sample::no_go(), sample::go()];
        let texts = pair.each_ref().map(|document| document.to_json().unwrap());
        let skimmed = texts.each_ref().map(|text| Document::skimmed("x.json", text).unwrap());
        assert!(!pair[0].findings.iter().all(|finding| finding.evidence.is_empty()));
        assert!(skimmed[0].findings.iter().all(|finding| finding.evidence.is_empty()));
        let [old, new] = &pair;
        let [light_old, light_new] = &skimmed;
        assert_eq!(compare(light_old, light_new), compare(old, new));
        assert_eq!(compare(light_new, light_old), compare(new, old));
    }

    #[test]
    fn what_is_no_result_is_refused_alike() {
        let whole = sample::no_go().to_json().unwrap();
        let broken = [
            "".to_owned(),
            "{\"schema\":\"stateward.result/9\"}".to_owned(),
            whole.replace("stateward.result/1", "stateward.result/9"),
            format!("{whole}x"),
            whole[..whole.len() / 2].to_owned(),
        ];
        for text in broken {
            let said = Document::skimmed("x.json", &text).unwrap_err().to_string();
            assert_eq!(said, Document::from_json("x.json", &text).unwrap_err().to_string());
        }
    }
}
