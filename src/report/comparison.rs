//! What changed between two results: the formats, and the words that they share.

use super::words::{count, moment, score};
use super::{Look, ReportError, markdown, table};
use crate::result::{
    Compared, Comparison, Decision, Difference, DriftComparison, FindingChange, FindingChanges, Interval,
    ScoreChange, Status,
};

/// A format: a name on the command line and a pure function of the comparison.
#[derive(Debug, Clone, Copy)]
pub struct ComparisonFormat {
    /// The name on the command line.
    pub name: &'static str,
    /// Makes the report.
    ///
    /// # Errors
    /// [`ReportError`], which a tested build never gives.
    pub render: fn(&Comparison, &Look) -> Result<String, ReportError>,
}

/// Every format, in the order in which help texts name them. The first is the default.
pub const COMPARISON_FORMATS: &[ComparisonFormat] = &[
    ComparisonFormat { name: "table", render: table::comparison::render },
    ComparisonFormat { name: "json", render: json },
    ComparisonFormat { name: "markdown", render: markdown::comparison::render },
];

fn json(comparison: &Comparison, _: &Look) -> Result<String, ReportError> {
    Ok(comparison.to_json()?)
}

/// A change with its sign.
pub(crate) fn signed(points: f64) -> String {
    match points {
        points if points > 0.0 => format!("+{}", score(points)),
        points if points < 0.0 => format!("−{}", score(-points)),
        _ => score(0.0),
    }
}

/// Which run it is.
pub(crate) fn run(of: &Compared) -> String {
    let short = of.run.get(..12).unwrap_or(&of.run);
    format!("{} of {} ({short})", of.command, moment(&of.as_of))
}

/// The verdicts, where both have one.
pub(crate) fn verdicts(comparison: &Comparison) -> Option<(Decision, Decision)> {
    comparison.old.decision.zip(comparison.new.decision)
}

/// The verdicts in words.
pub(crate) fn verdict((old, new): (Decision, Decision)) -> String {
    match old == new {
        true => format!("{}, as before", new.words()),
        false => format!("{} → {}", old.words(), new.words()),
    }
}

/// The scores in a sentence.
pub(crate) fn score_line(comparison: &Comparison) -> Option<String> {
    let change = comparison.score.as_ref()?;
    let (old, new) = (comparison.old.score?, comparison.new.score?);
    Some(format!(
        "Evidenced {} → {} ({}) — possible {} → {} ({})",
        score(old.evidenced),
        score(new.evidenced),
        signed(change.change.evidenced),
        score(old.possible),
        score(new.possible),
        signed(change.change.possible),
    ))
}

/// The parts of the change that are any: what, how many findings, and the points in the worst and the best case.
pub(crate) fn parts(change: &ScoreChange) -> Vec<(&'static str, usize, Interval)> {
    let is_any = |points: &Interval| points.evidenced != 0.0 || points.possible != 0.0;
    let parts = change.parts.iter().filter(|part| part.findings > 0 || is_any(&part.points));
    parts.map(|part| (part.cause.words(), part.findings, part.points)).collect()
}

/// What to know of the score's change beside its parts.
pub(crate) fn remarks(change: &ScoreChange) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(why) = &change.not_taken_apart {
        remarks.push(format!("The change cannot be taken apart: {why}."));
    }
    if let Some(like) = &change.like_for_like {
        remarks.push(format!(
            "Like for like, over the {} that both judged and under the terms of the later: evidenced {} → {} ({}), \
             possible {} → {} ({}).",
            count(like.pairs, "pair"),
            score(like.old.evidenced),
            score(like.new.evidenced),
            signed(like.new.evidenced - like.old.evidenced),
            score(like.old.possible),
            score(like.new.possible),
            signed(like.new.possible - like.old.possible),
        ));
    }
    remarks
}

/// A list of findings with its title, and how many more there are that are as they should be.
pub(crate) struct List<'a> {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<&'a FindingChange>,
    /// Findings that pass, which are not listed.
    pub(crate) fine: usize,
}

/// The lists that hold anything, gravest findings first.
pub(crate) fn lists(of: &FindingChanges) -> Vec<List<'_>> {
    let lists = [
        ("Regressed", &of.regressed),
        ("New", &of.new),
        ("Evidence lost", &of.evidence_lost),
        ("Fixed", &of.fixed),
        ("Evidence gained", &of.evidence_gained),
        ("Gone", &of.gone),
    ];
    let is_fine = |change: &&FindingChange| {
        let fine = |status: Option<Status>| {
            status.is_none_or(|status| matches!(status, Status::Pass | Status::NotApplicable))
        };
        fine(change.was) && fine(change.is)
    };
    let mut shown = Vec::new();
    for (title, all) in lists {
        let (fine, mut rows): (Vec<_>, Vec<_>) = all.iter().partition(is_fine);
        rows.sort_by_key(|change| super::words::rank(&change.severity));
        if !all.is_empty() {
            shown.push(List { title, rows, fine: fine.len() });
        }
    }
    shown
}

/// What a finding was and is.
pub(crate) fn transition(of: &FindingChange) -> String {
    let word = |status: Option<Status>| status.map_or("absent", Status::words);
    format!("{} → {}", word(of.was), word(of.is))
}

/// What is judged: the address, or the id where there is none.
pub(crate) fn subject(of: &FindingChange) -> &str {
    of.resource.address.as_deref().unwrap_or_else(|| super::words::resource_id(&of.resource))
}

/// The sentence on what is as it was.
pub(crate) fn unchanged(of: &FindingChanges) -> String {
    let mut text = format!("{} unchanged", count(of.unchanged, "finding"));
    if of.not_comparable > 0 {
        text.push_str(&format!(
            "; {} that only one of the two looked for",
            super::words::thousands(of.not_comparable)
        ));
    }
    text
}

/// The counts of drift.
pub(crate) fn drift_line(of: &DriftComparison) -> String {
    let counts = [
        (of.new.len(), "new"),
        (of.returned.len(), "returned"),
        (of.resolved.len(), "resolved"),
        (of.unseen.len(), "not seen this time"),
        (of.continuing, "continuing"),
    ];
    counts.iter().map(|(number, word)| format!("{number} {word}")).collect::<Vec<_>>().join(", ")
}

/// The lists of drift that hold anything.
pub(crate) fn drift_lists(of: &DriftComparison) -> Vec<(&'static str, &[Difference])> {
    let lists: [(&str, &[Difference]); 4] =
        [("new", &of.new), ("returned", &of.returned), ("resolved", &of.resolved), ("not seen", &of.unseen)];
    lists.into_iter().filter(|(_, list)| !list.is_empty()).collect()
}

/// What is said of a difference behind its subject.
pub(crate) fn difference(of: &Difference) -> String {
    let label = of.label.as_ref().filter(|label| *label != "other").map(|label| format!(" [{label}]"));
    let why = of.why.as_ref().map(|why| format!("; {why}"));
    format!("{}{}{}", of.class, label.unwrap_or_default(), why.unwrap_or_default())
}

/// The sentence where nothing at all changed.
pub(crate) fn nothing(comparison: &Comparison) -> Option<&'static str> {
    let drift = comparison.drift.as_ref();
    let is_none = lists(&comparison.findings).is_empty()
        && comparison.findings.not_comparable == 0
        && drift.is_none_or(|drift| drift_lists(drift).is_empty())
        && comparison.notes.is_empty();
    is_none.then_some("Nothing changed.")
}
