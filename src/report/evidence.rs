//! What reports say of the supporting evidence for a framework.

use super::words;
use crate::result::{CheckEvidence, ControlEvidence, EvidenceResult, FindingCounts, FrameworkEvidence};

/// What it is and what it is not.
pub const CLAIM: &str = "A check that passes is supporting evidence for a control, never proof of it. What is unknown or \
                         was not made supports nothing.";

/// The title of the part.
pub fn title(of: &FrameworkEvidence) -> String {
    format!("Supporting evidence: {}", of.title)
}

/// The controls by result.
pub fn summary(of: &FrameworkEvidence) -> String {
    let counts = &of.counts;
    let parts = [
        (counts.pass, EvidenceResult::Pass),
        (counts.fail, EvidenceResult::Fail),
        (counts.unknown, EvidenceResult::Unknown),
        (counts.not_applicable, EvidenceResult::NotApplicable),
        (counts.not_made, EvidenceResult::NotMade),
        (counts.not_covered, EvidenceResult::NotCovered),
    ];
    let parts = parts.map(|(number, result)| format!("{} {}", words::thousands(number), result.words()));
    format!("{}: {}", words::count(counts.controls, "control"), parts.join(", "))
}

/// The controls that a check supports.
pub fn covered(of: &FrameworkEvidence) -> impl Iterator<Item = &ControlEvidence> {
    of.controls.iter().filter(|control| control.result != EvidenceResult::NotCovered)
}

/// The others, each with its title where it has one.
pub fn not_covered(of: &FrameworkEvidence) -> Vec<String> {
    of.controls.iter().filter(|control| control.result == EvidenceResult::NotCovered).map(name).collect()
}

/// The id of a control with its title.
pub fn name(of: &ControlEvidence) -> String {
    match &of.title {
        Some(title) => format!("{} {title}", of.id),
        None => of.id.clone(),
    }
}

/// The coverage of a control that has one.
pub fn coverage(of: &ControlEvidence) -> String {
    of.coverage.map(words::percent).unwrap_or_default()
}

/// A check with what it found.
pub fn check(of: &CheckEvidence) -> String {
    format!("{} {}", of.check, of.result.words())
}

/// Findings by status; those that there are.
pub fn findings(of: &FindingCounts) -> String {
    let parts = [
        (of.pass, "pass"),
        (of.fail, "fail"),
        (of.partial, "partial"),
        (of.unknown, "unknown"),
        (of.not_applicable, "not applicable"),
        (of.waived, "waived"),
    ];
    let there: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{} {word}", words::thousands(*number)))
        .collect();
    if there.is_empty() { "no finding".to_owned() } else { there.join(", ") }
}

#[cfg(test)]
mod tests {
    use crate::report::{FORMATS, Look, csv, find};
    use crate::result::sample;

    fn shown(name: &str) -> String {
        (find(name).unwrap().render)(&sample::with_evidence(), &Look::default()).unwrap()
    }

    /// What the evidence adds to a report.
    fn added(name: &str) -> String {
        let with = shown(name);
        if name == "html" {
            let from = with.find("<section id=\"evidence-").unwrap();
            let to = with.find("<section id=\"unread\"").unwrap();
            return with[from..to].to_owned();
        }
        let without = (find(name).unwrap().render)(&sample::no_go(), &Look::default()).unwrap();
        let (with, without): (Vec<&str>, Vec<&str>) = (with.lines().collect(), without.lines().collect());
        let same = with.iter().zip(&without).take_while(|(a, b)| a == b).count();
        let tail = with.iter().rev().zip(without.iter().rev()).take_while(|(a, b)| a == b).count();
        with[same..with.len() - tail].join("\n")
    }

    #[test]
    fn every_format_tells_the_evidence() {
        for name in ["table", "markdown", "csv", "jsonl", "html"] {
            insta::assert_snapshot!(format!("evidence-{name}"), added(name));
        }
        assert!(shown("html").contains("href=\"#evidence-hipaa\""));
        assert!(shown("json").contains("\"compliance\": ["));
    }

    #[test]
    fn nothing_is_said_of_evidence_that_nobody_asked_for() {
        for format in FORMATS {
            let text = (format.render)(&sample::no_go(), &Look::default()).unwrap();
            assert!(!text.contains("Supporting evidence: "), "{}", format.name);
            assert!(!text.contains("\"compliance\": ["), "{}", format.name);
        }
    }

    #[test]
    fn the_book_lists_the_records() {
        let book = include_str!("../../docs/commands/README.md");
        for line in shown("jsonl").lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let record = line["record"].as_str().unwrap();
            assert!(book.contains(&format!("`{record}`")), "{record}");
        }
    }

    #[test]
    fn each_control_has_a_row_for_each_of_its_checks() {
        let document = sample::with_evidence();
        let rows: usize = document
            .compliance
            .iter()
            .flat_map(|framework| &framework.controls)
            .map(|control| control.checks.len().max(1))
            .sum();
        let text = csv::render(&document, &Look::default()).unwrap();
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let controls = reader.records().map(Result::unwrap).filter(|row| &row[0] == "control");
        assert_eq!(controls.count(), rows);
    }

    #[test]
    fn no_title_breaks_out_of_its_format() {
        let nasty = "</details><script>alert(1)</script> | `x` \u{202e}\u{1b}[31m";
        let mut document = sample::with_evidence();
        document.compliance[0].controls[0].title = Some(nasty.into());
        document.compliance[0].controls[1].title = Some(nasty.into());
        document.compliance[0].controls[1].checks[0].title = nasty.into();
        for name in ["table", "markdown", "html", "csv"] {
            let text = (find(name).unwrap().render)(&document, &Look::default()).unwrap();
            assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'), "{name}");
            assert!(name != "html" || !text.contains("<script"));
        }
    }
}
