//! What the findings of a result say for the controls of a framework. What is not known never supports anything.

use std::collections::{BTreeMap, BTreeSet};

use super::{Control, Listing};
use crate::check::{Check, Subject};
use crate::result::build::catalogue_hash;
use crate::result::{
    CheckEvidence, ControlCounts, ControlEvidence, Document, EvidenceResult, Finding, FindingCounts,
    FrameworkEvidence, Status,
};

/// The supporting evidence of `document` for each framework by key, each once and in the order asked, by `all` checks that
/// there are. Keys that are no framework are passed over.
pub fn evidence(document: &Document, frameworks: &[String], all: &[&Check]) -> Vec<FrameworkEvidence> {
    if frameworks.is_empty() {
        return Vec::new();
    }
    let judged = judged(document, all);
    let mut seen = BTreeSet::new();
    let asked = frameworks.iter().filter(|key| seen.insert(key.as_str()));
    asked.filter_map(|key| Some(framework(key, super::listing(key)?, &judged))).collect()
}

/// A check with what became of it, and the controls that it supports.
struct Judged {
    evidence: CheckEvidence,
    controls: super::Controls,
    /// The known share, between 0 and 1.
    known: f64,
}

fn framework(key: &str, listing: &Listing, judged: &[Judged]) -> FrameworkEvidence {
    let mut by_control: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for one in judged {
        let supported: BTreeSet<&String> = one.controls.get(key).into_iter().flatten().collect();
        for control in supported {
            by_control.entry(control).or_default().push(one);
        }
    }
    let listed: BTreeSet<&str> = listing.controls.iter().map(|control| control.id.as_str()).collect();
    let unlisted = by_control.keys().filter(|id| !listed.contains(*id));
    let unlisted: Vec<Control> = unlisted.map(|id| Control { id: (*id).to_owned(), title: None }).collect();
    let all = listing.controls.iter().chain(&unlisted);
    let controls: Vec<ControlEvidence> =
        all.map(|of| control(of, by_control.get(of.id.as_str()).map_or(&[][..], Vec::as_slice))).collect();
    let mut counts = ControlCounts::default();
    for control in &controls {
        counts.add(control.result);
    }
    FrameworkEvidence {
        key: key.to_owned(),
        title: super::title(key).to_owned(),
        note: listing.note.clone(),
        counts,
        controls,
    }
}

fn control(of: &Control, by: &[&Judged]) -> ControlEvidence {
    let results: Vec<EvidenceResult> = by.iter().map(|one| one.evidence.result).collect();
    ControlEvidence {
        id: of.id.clone(),
        title: of.title.clone(),
        result: together(&results),
        coverage: (!by.is_empty()).then(|| {
            let known: f64 = by.iter().map(|one| one.known).sum();
            (known * 10_000.0 / by.len() as f64).round() / 100.0
        }),
        checks: by.iter().map(|one| one.evidence.clone()).collect(),
    }
}

/// What several checks say together. One that was not made leaves open what it would have said.
fn together(results: &[EvidenceResult]) -> EvidenceResult {
    use EvidenceResult::{Fail, NotApplicable, NotCovered, NotMade, Pass, Unknown};
    let any = |of: EvidenceResult| results.contains(&of);
    let all = |of: EvidenceResult| results.iter().all(|result| *result == of);
    match results {
        [] => NotCovered,
        _ if any(Fail) => Fail,
        _ if all(NotMade) => NotMade,
        _ if any(Unknown) || any(NotMade) => Unknown,
        _ if any(Pass) => Pass,
        _ => NotApplicable,
    }
}

/// Every check there is, and what else the result has findings of, by id. A check without a finding was made
/// and found nothing that it applies to, or was not made; the result of another catalogue does not tell which.
fn judged(document: &Document, all: &[&Check]) -> Vec<Judged> {
    let mut findings: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &document.findings {
        findings.entry(&finding.check).or_default().push(finding);
    }
    let same = document.run.catalogue_hash == catalogue_hash(all.iter().copied());
    let told = document.verdict.is_some() && same;
    let mut judged: Vec<Judged> = all
        .iter()
        .map(|check| {
            let findings = findings.remove(check.id).unwrap_or_default();
            let made = told && !is_left_out(check, document);
            of_check(check, &findings, made)
        })
        .collect();
    judged.extend(findings.into_values().filter_map(|findings| of_result(&findings)));
    judged.sort_by(|a, b| a.evidence.check.cmp(&b.evidence.check));
    judged
}

fn of_check(check: &Check, findings: &[&Finding], made: bool) -> Judged {
    let (result, known) = match findings {
        [] if made => (EvidenceResult::NotApplicable, 1.0),
        [] => (EvidenceResult::NotMade, 0.0),
        findings => (result(findings), known(findings)),
    };
    let evidence = CheckEvidence {
        check: check.id.to_owned(),
        title: check.title.to_owned(),
        severity: check.severity.word().to_owned(),
        result,
        findings: counts(findings),
    };
    Judged { evidence, controls: super::controls(check.id), known }
}

/// A check that is not there any more, by what its findings say of it.
fn of_result(findings: &[&Finding]) -> Option<Judged> {
    let first = findings.first()?;
    let evidence = CheckEvidence {
        check: first.check.clone(),
        title: first.title.clone(),
        severity: first.severity.clone(),
        result: result(findings),
        findings: counts(findings),
    };
    Some(Judged { evidence, controls: first.compliance.clone(), known: known(findings) })
}

/// Whether the run left a check without findings out. One that judges states or configurations was not made where there
/// was none; of each configuration it would have a finding.
fn is_left_out(check: &Check, document: &Document) -> bool {
    let nothing_given = match check.subject {
        Subject::State(_) => document.scope.states.is_empty(),
        Subject::Configuration(_) => true,
        _ => false,
    };
    nothing_given || document.scope.checks_left_out.iter().any(|id| id == check.id)
}

fn result(findings: &[&Finding]) -> EvidenceResult {
    let each: Vec<EvidenceResult> = findings
        .iter()
        .map(|finding| match finding.status {
            Status::Pass => EvidenceResult::Pass,
            Status::NotApplicable => EvidenceResult::NotApplicable,
            Status::Unknown => EvidenceResult::Unknown,
            Status::Fail | Status::Partial => EvidenceResult::Fail,
            // What a waiver lifts is failing or unknown all the same, and only the unknown has a reason.
            Status::Waived if finding.reason.is_some() => EvidenceResult::Unknown,
            Status::Waived => EvidenceResult::Fail,
        })
        .collect();
    together(&each)
}

/// The known share. A listing that failed may hide any number of resources, so with it nothing is known.
fn known(findings: &[&Finding]) -> f64 {
    let open: Vec<&&Finding> = findings.iter().filter(|finding| finding.reason.is_some()).collect();
    let blind = open.iter().any(|finding| finding.resource.id == "*");
    match findings.len() {
        0 => 0.0,
        _ if blind => 0.0,
        all => (all - open.len()) as f64 / all as f64,
    }
}

fn counts(findings: &[&Finding]) -> FindingCounts {
    let mut counts = FindingCounts::default();
    for finding in findings {
        *match finding.status {
            Status::Pass => &mut counts.pass,
            Status::Fail => &mut counts.fail,
            Status::Partial => &mut counts.partial,
            Status::Unknown => &mut counts.unknown,
            Status::NotApplicable => &mut counts.not_applicable,
            Status::Waived => &mut counts.waived,
        } += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks;
    use crate::result::sample;

    /// A result of this catalogue without a finding, and a finding for the making of others.
    fn empty() -> (Document, Finding) {
        let mut document = sample::go();
        document.run.catalogue_hash = catalogue_hash(checks::all());
        document.scope.checks_left_out.clear();
        let mut finding = document.findings[0].clone();
        finding.reason = None;
        document.findings.clear();
        (document, finding)
    }

    fn catalogue() -> Vec<&'static Check<'static>> {
        checks::all().collect()
    }

    fn finding(of: &Finding, check: &str, status: Status) -> Finding {
        let reason = (status == Status::Unknown).then(|| "denied".to_owned());
        Finding { check: check.into(), status, reason, ..of.clone() }
    }

    fn of(document: &Document, framework: &str, control: &str) -> ControlEvidence {
        let found = evidence(document, &[framework.to_owned()], &catalogue());
        found[0].controls.iter().find(|one| one.id == control).unwrap().clone()
    }

    #[test]
    fn one_failure_decides_and_what_is_unknown_supports_nothing() {
        use EvidenceResult::{Fail, NotApplicable, NotCovered, NotMade, Pass, Unknown};
        for (results, expected) in [
            (&[][..], NotCovered),
            (&[Pass, NotApplicable], Pass),
            (&[Pass, Unknown, Fail], Fail),
            (&[Pass, Unknown], Unknown),
            (&[Pass, NotMade], Unknown),
            (&[NotApplicable, NotMade], Unknown),
            (&[NotMade, NotMade], NotMade),
            (&[NotApplicable, NotApplicable], NotApplicable),
            (&[Fail, NotMade], Fail),
        ] {
            assert_eq!(together(results), expected, "{results:?}");
        }
    }

    #[test]
    fn a_control_tells_each_check_with_its_findings() {
        let (mut document, sample) = empty();
        for status in [Status::Pass, Status::Pass, Status::Unknown, Status::Fail] {
            document.findings.push(finding(&sample, "STO-07", status));
        }
        let control = of(&document, "aws-fsbp", "S3.14");
        let check = control.checks.iter().find(|check| check.check == "STO-07").unwrap();
        let expected = FindingCounts { pass: 2, fail: 1, unknown: 1, ..FindingCounts::default() };
        assert_eq!((check.result, check.findings), (EvidenceResult::Fail, expected));
        assert_eq!(control.result, EvidenceResult::Fail);
    }

    #[test]
    fn a_waiver_turns_nothing_into_support() {
        let (document, sample) = empty();
        for (reason, expected) in [(None, EvidenceResult::Fail), (Some("denied"), EvidenceResult::Unknown)] {
            let mut waived = finding(&sample, "STO-07", Status::Waived);
            waived.reason = reason.map(str::to_owned);
            assert_eq!(result(&[&waived]), expected);
        }
        assert!(document.findings.is_empty());
    }

    #[test]
    fn a_listing_that_failed_leaves_nothing_known() {
        let (_, sample) = empty();
        let pass = finding(&sample, "STO-07", Status::Pass);
        let mut unknown = finding(&sample, "STO-07", Status::Unknown);
        assert_eq!(known(&[&pass, &unknown]), 0.5);
        unknown.resource.id = "*".into();
        assert_eq!(known(&[&pass, &unknown]), 0.0);
    }

    #[test]
    fn what_was_not_made_is_neither_passed_nor_inapplicable() {
        let (mut document, _) = empty();
        let result = |document: &Document| {
            let control = of(document, "aws-fsbp", "S3.14");
            control.checks.iter().find(|check| check.check == "STO-07").unwrap().result
        };
        assert_eq!(result(&document), EvidenceResult::NotApplicable);
        let other_catalogue = Document {
            run: crate::result::Run { catalogue_hash: "other".into(), ..document.run.clone() },
            ..document.clone()
        };
        assert_eq!(result(&other_catalogue), EvidenceResult::NotMade);
        assert_eq!(result(&Document { verdict: None, ..document.clone() }), EvidenceResult::NotMade);
        document.scope.checks_left_out.push("STO-07".into());
        assert_eq!(result(&document), EvidenceResult::NotMade);
        assert!(of(&document, "aws-fsbp", "S3.14").coverage < Some(100.0));
    }

    #[test]
    fn checks_on_states_are_not_made_without_a_state() {
        let (mut document, _) = empty();
        let state = checks::all().find(|check| matches!(check.subject, Subject::State(_))).unwrap();
        assert!(!is_left_out(state, &document));
        document.scope.states.clear();
        assert!(is_left_out(state, &document));
    }

    #[test]
    fn controls_without_a_check_are_listed_and_have_no_coverage() {
        let (document, _) = empty();
        let control = of(&document, "gdpr", "Art. 37");
        assert_eq!((control.result, control.coverage), (EvidenceResult::NotCovered, None));
        assert_eq!(control.title.as_deref(), Some("Designation of the data protection officer"));
        assert!(control.checks.is_empty());
    }

    #[test]
    fn a_framework_is_told_once_and_an_unknown_one_not_at_all() {
        let (document, _) = empty();
        let keys = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|key| (*key).to_owned()).collect();
            evidence(&document, &asked, &catalogue()).into_iter().map(|one| one.key).collect::<Vec<_>>()
        };
        assert_eq!(keys(&["soc2", "gdpr", "soc2", "none"]), ["soc2", "gdpr"]);
        assert!(keys(&[]).is_empty());
    }

    #[test]
    fn checks_of_ones_own_count_by_the_controls_that_they_name() {
        let (mut document, sample) = empty();
        let mut own = finding(&sample, "ACME-01", Status::Fail);
        own.compliance = [("soc2".to_owned(), vec!["CC9.9".to_owned(), "CC9.2".to_owned()])].into();
        document.findings.push(own);
        for control in ["CC9.2", "CC9.9"] {
            let control = of(&document, "soc2", control);
            assert_eq!(control.result, EvidenceResult::Fail);
            assert_eq!(control.checks[0].check, "ACME-01");
        }
    }

    fn status() -> impl Strategy<Value = Status> {
        prop::sample::select(vec![
            Status::Pass,
            Status::Fail,
            Status::Unknown,
            Status::Partial,
            Status::NotApplicable,
            Status::Waived,
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn counts_add_up(
            found in prop::collection::vec((any::<prop::sample::Index>(), status()), 0..60),
            left_out in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let all: Vec<&str> = checks::all().map(|check| check.id).collect();
            let (mut document, sample) = empty();
            document.scope.checks_left_out = left_out.iter().map(|at| (*at.get(&all)).to_owned()).collect();
            document.findings =
                found.iter().map(|(at, status)| finding(&sample, at.get::<&str>(&all), *status)).collect();
            let keys = super::super::KEYS.map(str::to_owned);
            for framework in evidence(&document, &keys, &catalogue()) {
                let counts = framework.counts;
                let sum = counts.pass + counts.fail + counts.unknown + counts.not_applicable + counts.not_made
                    + counts.not_covered;
                prop_assert_eq!(counts.controls, framework.controls.len());
                prop_assert_eq!(sum, counts.controls);
                for control in &framework.controls {
                    prop_assert_eq!(control.coverage.is_none(), control.result == EvidenceResult::NotCovered);
                    prop_assert!(control.coverage.is_none_or(|share| (0.0..=100.0).contains(&share)));
                    let known = control.coverage == Some(100.0);
                    prop_assert!(control.result != EvidenceResult::Pass || known, "{}", control.id);
                    for check in &control.checks {
                        let of = check.findings;
                        let sum = of.pass + of.fail + of.partial + of.unknown + of.not_applicable + of.waived;
                        let there = document.findings.iter().filter(|one| one.check == check.check).count();
                        prop_assert_eq!(sum, there, "{}", check.check);
                        let open = of.unknown + of.fail + of.partial + of.waived;
                        prop_assert!(check.result != EvidenceResult::Pass || (open == 0 && of.pass > 0));
                    }
                }
            }
        }
    }
}
