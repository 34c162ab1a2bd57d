//! Where every lost point went: parts over the findings that add up to exactly what is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::book::{Answer, Book, Case, Entry, Row, Situation, Tally, gravest};
use super::number::{Number, Whole};
use super::overall::{Standing, Terms, is_capped};
use crate::profile::COMPONENT_KEYS;

/// Points that no finding accounts for: a component that is not assessed, or held at what it last evidenced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherLoss {
    /// The component.
    pub component: &'static str,
    /// True for a component that is held at its last evidenced score; else it is not assessed.
    pub held: bool,
    /// Points of the component.
    pub component_points: Number,
    /// Points of the overall score.
    pub points: Number,
}

/// Points that a finding costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loss {
    pub component_points: Number,
    pub points: Number,
}

/// The whole attribution.
pub(super) struct Attribution {
    /// By index of the finding.
    pub findings: Vec<Loss>,
    pub others: Vec<OtherLoss>,
    /// How many units of overall points make one.
    pub unit: Arc<Whole>,
}

/// Splits what is missing in the worst case.
pub(super) fn attribute(book: &Book, terms: &Terms, worst: &Situation) -> Attribution {
    let split = Split::new(book, terms, worst);
    let mut worth: BTreeMap<Entry, Loss> = BTreeMap::new();
    let none =
        Loss { component_points: split.component(Whole::default()), points: split.overall(Whole::default()) };
    let findings = book.entries.iter().map(|entry| match entry {
        Some(entry) => worth.entry(*entry).or_insert_with(|| split.loss(entry)).clone(),
        None => none.clone(),
    });
    Attribution {
        findings: findings.collect(),
        others: split.others(),
        unit: Arc::clone(&split.overall_unit),
    }
}

/// Quantities are in units of the book, times `parts`, which all divisors divide.
struct Split<'a> {
    book: &'a Book<'a>,
    terms: &'a Terms,
    worst: &'a Situation,
    parts: Whole,
    component_unit: Arc<Whole>,
    overall_unit: Arc<Whole>,
    /// What the cap of each component takes beyond its raw loss.
    capped: Vec<Whole>,
    /// What the overall cap takes, and the critical checks that cause it.
    overall_capped: Whole,
    causes: u64,
}

impl<'a> Split<'a> {
    fn new(book: &'a Book, terms: &'a Terms, worst: &'a Situation) -> Self {
        let components = 0..COMPONENT_KEYS.len();
        let causes = components.clone().map(|component| worst.pool(component).causes).sum();
        let divisors = book.rows.iter().zip(&worst.tallies).flat_map(|(row, tally)| {
            let beside = row.component().map_or(0, |component| worst.pool(component).causes);
            let most = gravest(tally).map_or(0, |(_, count)| count);
            [most, tally.blind, tally.causes * beside, tally.causes * causes]
        });
        let parts = Whole::least_multiple(divisors);
        let capped =
            components.map(|component| book.raw(component, worst).less(&book.score(component, worst)));
        let mean = terms.mean(book, worst);
        let overall = terms.overall(book, worst).numerator;
        Self {
            capped: capped.collect(),
            overall_capped: if is_capped(worst) { mean.less(&overall) } else { Whole::default() },
            causes,
            component_unit: Arc::new(book.unit.times(&parts)),
            overall_unit: Arc::new(terms.unit.times(&parts)),
            parts,
            book,
            terms,
            worst,
        }
    }

    fn component(&self, parts: Whole) -> Number {
        Number::new(parts, &self.component_unit)
    }

    fn overall(&self, parts: Whole) -> Number {
        Number::new(parts, &self.overall_unit)
    }

    fn loss(&self, entry: &Entry) -> Loss {
        let (row, tally) = (&self.book.rows[entry.row], &self.worst.tallies[entry.row]);
        let Some(component) = row.component() else {
            return Loss { component_points: Number::zero(), points: Number::zero() };
        };
        let counts = matches!(
            self.terms.standing(self.book, component, self.worst),
            Standing::Assessed | Standing::Held
        );
        let own = if counts { self.own(entry, row, tally, component) } else { Whole::default() };
        let mut points = own.scaled(self.terms.weight_of(component));
        if entry.is_cause(Case::Worst) {
            points.add(&self.overall_capped.times(&self.parts.over(&[tally.causes * self.causes])));
        }
        Loss { component_points: self.component(own), points: self.overall(points) }
    }

    /// Points of the component: by rate, by the any-failure share, and by the cap.
    fn own(&self, entry: &Entry, row: &Row, tally: &Tally, component: usize) -> Whole {
        let in_points = |loss: u128| self.book.points(row, component, loss);
        let mut own = if entry.answer == Answer::Blind {
            // A failed listing costs what the rest of the check has earned; what was seen to fail costs what it would
            // without the failed listing.
            in_points(self.book.full(row) - self.book.seen_loss(row, tally))
                .times(&self.parts.over(&[tally.blind]))
        } else {
            in_points(self.book.rate_part(entry, Case::Worst)).times(&self.parts)
        };
        if let Some((severity, count)) = gravest(tally)
            && entry.answer != Answer::Blind
            && entry.is_imperfect()
            && entry.severity as usize == severity
        {
            own.add(&in_points(self.book.any_part(row, tally)).times(&self.parts.over(&[count])));
        }
        if entry.is_cause(Case::Worst) {
            let beside = self.worst.pool(component).causes;
            own.add(&self.capped[component].times(&self.parts.over(&[tally.causes * beside])));
        }
        own
    }

    /// Components whose loss no finding explains.
    fn others(&self) -> Vec<OtherLoss> {
        let whole = self.book.unit.scaled(100);
        let mut others = Vec::new();
        for (component, key) in COMPONENT_KEYS.into_iter().enumerate() {
            let standing = self.terms.standing(self.book, component, self.worst);
            let lost = match standing {
                Standing::NotAssessed => whole.clone(),
                Standing::Held => {
                    let score = self.terms.score(self.book, component, self.worst).unwrap_or_default();
                    let explained = if self.book.is_empty(component) {
                        whole.clone()
                    } else {
                        self.book.score(component, self.worst)
                    };
                    explained.less(&score)
                }
                Standing::Assessed | Standing::LeftOut => continue,
            };
            let lost = lost.times(&self.parts);
            others.push(OtherLoss {
                component: key,
                held: standing == Standing::Held,
                points: self.overall(lost.scaled(self.terms.weight_of(component))),
                component_points: self.component(lost),
            });
        }
        others
    }
}
