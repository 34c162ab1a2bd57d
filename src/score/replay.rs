//! The overall score once more, from what a stored result tells of each finding: what it would have been with some of
//! them as they were before.

use std::collections::BTreeMap;

use num_traits::ToPrimitive;

use super::book::{Answer, Book, COMPONENTS, Case, Entry};
use super::gate::Interval;
use super::grade::PARTS;
use super::number::gcd;
use super::overall::{Exceptions, Standing, Terms};
use crate::check::{Check, Severity};
use crate::profile::{Exact, Profile};

/// What a finding says, as far as the score is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// So much credit, from 0 for a failure to [`WHOLE`] for a pass.
    Credit(u64),
    /// Nothing.
    Unknown,
    /// Not even what there is to ask about.
    Blind,
}

/// The credit of a pass.
pub(crate) const WHOLE: u64 = PARTS;

/// One finding that counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) check: &'a Check<'a>,
    /// The severity of its check under the profile.
    pub(crate) of_check: Severity,
    /// Its own severity.
    pub(crate) severity: Severity,
    /// What its resource weighs.
    pub(crate) weight: Exact,
    pub(crate) says: Says,
    pub(crate) waived: bool,
}

/// Components that are waived, and those whose mandatory collector failed, in the published order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Special {
    pub(crate) waived: [bool; COMPONENTS],
    pub(crate) outages: [bool; COMPONENTS],
}

/// What comes of it.
#[derive(Debug, Clone)]
pub(crate) struct Replayed {
    pub(crate) overall: Interval,
    /// Whether each component is assessed, in the published order.
    pub(crate) assessed: [bool; COMPONENTS],
}

/// Scores `judged` under the weights and limits of `profile`.
pub(crate) fn replay(judged: &[Judged], profile: &Profile, special: &Special) -> Replayed {
    let checks: BTreeMap<&str, &Judged> = judged.iter().map(|one| (one.check.id, one)).collect();
    let rows: BTreeMap<&str, usize> = checks.keys().enumerate().map(|(row, id)| (*id, row)).collect();
    let common = judged.iter().fold(1, |common, one| {
        let denominator = one.weight.denom().to_u64().unwrap_or(1);
        common / gcd(common, denominator) * denominator
    });
    let entry = |one: &Judged| {
        let mass = one.weight * Exact::from_integer(i128::from(common));
        Some(Entry {
            row: *rows.get(one.check.id)?,
            mass: mass.to_integer().to_u64().unwrap_or(0),
            answer: match one.says {
                Says::Credit(credit) => Answer::Known(PARTS - credit.min(PARTS)),
                Says::Unknown => Answer::Unknown,
                Says::Blind => Answer::Blind,
            },
            severity: one.severity,
            waived: one.waived,
        })
    };
    let checks: Vec<_> = checks.values().map(|one| (one.check, one.of_check)).collect();
    let book = Book::new(judged.iter().map(entry).collect(), &checks, profile);
    let (worst, best) = (book.situation(Case::Worst), book.situation(Case::Best));
    let exceptions = Exceptions { waived: special.waived, outages: special.outages, ..Exceptions::default() };
    let terms = Terms::new(&book, &worst, profile, &exceptions);
    Replayed {
        overall: Interval { evidenced: terms.overall(&book, &worst), possible: terms.overall(&book, &best) },
        assessed: terms.standings.map(|standing| standing == Standing::Assessed),
    }
}

/// The credit of a partial from its value in a result, in the parts in which it was scored.
pub(crate) fn credit(value: f64) -> u64 {
    // The fraction itself is not in the result; no measured one is nearer to the next part than this.
    const SLACK: f64 = 1e-5;
    let parts = (value * PARTS as f64 + SLACK).floor();
    parts.to_u64().unwrap_or(0).min(PARTS - 1)
}
