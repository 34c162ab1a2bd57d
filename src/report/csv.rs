//! Findings, drift and supporting evidence for a spreadsheet: a row for each finding, for each difference of a drift
//! item, and for each check of a control.

use ::csv::WriterBuilder;

use super::{Look, ReportError, evidence, who, words};
use crate::result::{
    CheckEvidence, ControlEvidence, Document, DriftChange, DriftItem, Finding, FrameworkEvidence, Past,
};

/// The header. A row leaves empty what its record has not.
pub const HEADER: [&str; 35] = [
    // `finding`, `drift`, `resolved`, `unseen` or `control`.
    "record",
    "fingerprint",
    // Of findings.
    "check",
    "title",
    "status",
    "severity",
    "component",
    "category",
    "reason",
    // Of drift: what is worth knowing of the difference.
    "message",
    "compliance",
    "points_lost",
    "gain",
    // Of drift.
    "class",
    "label",
    "path",
    "declared",
    "live",
    "breaks",
    "who",
    "who_confidence",
    // Of both: where it is.
    "type",
    "id",
    "account",
    "region",
    "address",
    "owner",
    "state",
    // Of drift over time.
    "standing",
    "first_seen",
    "accepted",
    // Of controls.
    "framework",
    "control",
    "control_result",
    "coverage",
];

/// The rows.
///
/// # Errors
/// None: rows go to memory, and each has all columns.
pub fn render(document: &Document, _: &Look) -> Result<String, ReportError> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for found in &document.findings {
        writer.write_record(finding(found).map(guarded))?;
    }
    for item in document.drift.iter().flat_map(|drift| &drift.items) {
        if item.changes.is_empty() {
            writer.write_record(drift(item, None).map(guarded))?;
        }
        for change in &item.changes {
            writer.write_record(drift(item, Some(change)).map(guarded))?;
        }
    }
    if let Some(drift) = &document.drift {
        for (record, pasts) in [("resolved", &drift.resolved), ("unseen", &drift.unseen)] {
            for one in pasts {
                writer.write_record(past(record, one).map(guarded))?;
            }
        }
    }
    for framework in &document.compliance {
        for of in &framework.controls {
            if of.checks.is_empty() {
                writer.write_record(control(framework, of, None).map(guarded))?;
            }
            for check in &of.checks {
                writer.write_record(control(framework, of, Some(check)).map(guarded))?;
            }
        }
    }
    let bytes = writer.into_inner().map_err(|error| ::csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A spreadsheet takes text that begins so for a formula; an apostrophe makes it text again. Characters that a
/// terminal would obey are written out.
fn guarded(text: String) -> String {
    let text = words::visible(&text).into_owned();
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text }
}

fn finding(of: &Finding) -> [String; 35] {
    let resource = &of.resource;
    let controls = |(framework, ids): (&String, &Vec<String>)| format!("{framework}: {}", ids.join(" "));
    let compliance: Vec<String> = of.compliance.iter().map(controls).collect();
    [
        "finding".into(),
        of.fingerprint.clone(),
        of.check.clone(),
        of.title.clone(),
        of.status.words().into(),
        of.severity.clone(),
        of.component.clone(),
        of.category.clone(),
        of.reason.clone().unwrap_or_default(),
        of.message.clone(),
        compliance.join("; "),
        of.points_lost.to_string(),
        of.gain.to_string(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        resource.kind.clone(),
        resource.id.clone(),
        resource.account.clone(),
        resource.region.clone(),
        resource.address.clone().unwrap_or_default(),
        String::new(),
        resource.state.clone().unwrap_or_default(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]
}

fn drift(of: &DriftItem, change: Option<&DriftChange>) -> [String; 35] {
    let label = change.map(|change| change.label.clone()).or_else(|| of.label.clone());
    let standing = change.and_then(|change| change.standing.as_ref()).or(of.standing.as_ref());
    let [path, declared, live] = match change {
        Some(change) => [change.path.clone(), words::value(&change.declared), words::value(&change.live)],
        None => Default::default(),
    };
    [
        "drift".into(),
        of.fingerprint.clone(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        of.reasons.join("; "),
        change.and_then(|change| change.note.clone()).unwrap_or_default(),
        String::new(),
        String::new(),
        String::new(),
        of.class.clone(),
        label.unwrap_or_default(),
        path,
        declared,
        live,
        of.breaks.join(" "),
        who::sentence(of).unwrap_or_default(),
        of.who.as_ref().map(|who| who.confidence.clone()).unwrap_or_default(),
        of.kind.clone(),
        of.id.clone(),
        of.account.clone(),
        of.region.clone(),
        of.address.clone().unwrap_or_default(),
        of.owner.clone().unwrap_or_default(),
        of.state.clone().unwrap_or_default(),
        standing.map(|standing| standing.state.word().to_owned()).unwrap_or_default(),
        standing.map(|standing| standing.first_seen.clone()).unwrap_or_default(),
        if of.accepted.is_some() || change.is_some_and(|change| change.accepted) { "yes" } else { "" }
            .to_owned(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]
}

/// What an earlier result had: as a row, and with an empty column where it has none.
fn past(record: &str, of: &Past) -> [String; 35] {
    let filled = [
        ("record", record),
        ("fingerprint", &of.fingerprint),
        ("reason", &of.why),
        ("class", &of.class),
        ("label", of.label.as_deref().unwrap_or_default()),
        ("path", of.path.as_deref().unwrap_or_default()),
        ("type", &of.kind),
        ("id", &of.id),
        ("account", &of.account),
        ("region", &of.region),
        ("address", of.address.as_deref().unwrap_or_default()),
        ("owner", of.owner.as_deref().unwrap_or_default()),
        ("state", of.state.as_deref().unwrap_or_default()),
        ("standing", record),
        ("first_seen", &of.first_seen),
    ];
    row(&filled)
}

/// What a check found for a control; a control without any check has a row of its own.
fn control(framework: &FrameworkEvidence, of: &ControlEvidence, by: Option<&CheckEvidence>) -> [String; 35] {
    let coverage = of.coverage.map(|share| share.to_string()).unwrap_or_default();
    let found = by.map(|check| evidence::findings(&check.findings)).unwrap_or_default();
    row(&[
        ("record", "control"),
        ("check", by.map_or("", |check| &check.check)),
        ("title", by.map_or("", |check| &check.title)),
        ("status", by.map_or("", |check| check.result.words())),
        ("severity", by.map_or("", |check| &check.severity)),
        ("message", &found),
        ("framework", &framework.key),
        ("control", &of.id),
        ("control_result", of.result.words()),
        ("coverage", &coverage),
    ])
}

/// A row that is empty but for these columns.
fn row(filled: &[(&str, &str)]) -> [String; 35] {
    HEADER.map(|column| {
        filled
            .iter()
            .find(|(name, _)| *name == column)
            .map(|(_, text)| (*text).to_owned())
            .unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::sample;

    fn rows(document: &Document) -> Vec<::csv::StringRecord> {
        let text = render(document, &Look::default()).unwrap();
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), HEADER.as_slice());
        reader.records().map(|row| row.unwrap()).collect()
    }

    fn column(name: &str) -> usize {
        HEADER.iter().position(|title| *title == name).unwrap()
    }

    #[test]
    fn every_finding_and_every_difference_reads_back() {
        for (name, document) in sample::all() {
            let items = document.drift.iter().flat_map(|drift| &drift.items);
            let differences: usize = items.map(|item| item.changes.len().max(1)).sum();
            let rows = rows(&document);
            assert_eq!(rows.len(), document.findings.len() + differences, "{name}");
            for (row, finding) in rows.iter().zip(&document.findings) {
                assert_eq!(&row[column("id")], guarded(finding.resource.id.clone()), "{name}");
                assert_eq!(&row[column("message")], guarded(finding.message.clone()), "{name}");
            }
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        let mut guards = 0;
        for row in rows(&sample::hostile()) {
            for cell in &row {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
                guards += usize::from(cell.starts_with('\''));
            }
        }
        assert!(guards >= 4, "{guards}");
    }

    #[test]
    fn a_row_is_what_the_header_says() {
        let rows = rows(&sample::no_go());
        let drifted = rows.iter().find(|row| &row[column("path")] == "publicly_accessible").unwrap();
        let expected = [
            ("record", "drift"),
            ("class", "changed"),
            ("label", "security-loosening"),
            ("declared", "false"),
            ("live", "true"),
            ("breaks", "STO-19 STO-22"),
            ("type", "aws_db_instance"),
            ("id", "orders-prod"),
            ("region", "us-west-2"),
            ("address", "module.orders.aws_db_instance.main"),
        ];
        for (name, value) in expected {
            assert_eq!(&drifted[column(name)], value, "{name}");
        }
        let failed = rows.iter().find(|row| &row[column("check")] == "NET-03").unwrap();
        let expected =
            [("record", "finding"), ("status", "fail"), ("severity", "critical"), ("points_lost", "2.76")];
        for (name, value) in expected {
            assert_eq!(&failed[column(name)], value, "{name}");
        }
    }
}
