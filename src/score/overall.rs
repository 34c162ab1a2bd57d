//! From components to the overall score: which component counts, with what, and the cap beside critical failures.

use std::sync::Arc;

use super::book::{Book, COMPONENTS, Case, Situation, proportional};
use super::number::{Number, Whole};
use crate::profile::{Exact, Profile};

/// How a component enters the overall score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// With its score.
    Assessed,
    /// As 0 in the worst case and 100 in the best.
    NotAssessed,
    /// As its score, at most the last evidenced one: a component that went blind and was waived.
    Held,
    /// Not at all: waived, and never assessed.
    LeftOut,
}

/// The terms under which components are summed up; the same for every case and repair.
#[derive(Debug)]
pub(super) struct Terms {
    weights: [u64; COMPONENTS],
    /// Σ weight of those that are not left out.
    weight: u64,
    pub standings: [Standing; COMPONENTS],
    /// Components whose mandatory collector failed, whatever else was read.
    outages: [bool; COMPONENTS],
    /// Ceilings of the held, in units.
    ceilings: [Option<Whole>; COMPONENTS],
    minimum_coverage: Whole,
    minimum_checks: u64,
    cap: Whole,
    /// How many units of an overall score make one.
    pub unit: Arc<Whole>,
}

/// What is waived and remembered of each component.
#[derive(Debug, Clone, Default)]
pub(super) struct Exceptions {
    pub waived: [bool; COMPONENTS],
    pub outages: [bool; COMPONENTS],
    /// The last evidenced score in the memory of waivers.
    pub last: [Option<Exact>; COMPONENTS],
}

impl Terms {
    pub(super) fn new(book: &Book, worst: &Situation, profile: &Profile, exceptions: &Exceptions) -> Self {
        let terms = Self::settled(book, profile, exceptions, [Standing::NotAssessed; COMPONENTS]);
        let standings = std::array::from_fn(|component| {
            match (terms.is_assessed(book, component, worst), exceptions.waived[component]) {
                (true, _) => Standing::Assessed,
                (false, false) => Standing::NotAssessed,
                (false, true) if exceptions.last[component].is_some() => Standing::Held,
                (false, true) => Standing::LeftOut,
            }
        });
        Self::settled(book, profile, exceptions, standings)
    }

    /// The terms under given standings.
    pub(super) fn settled(
        book: &Book,
        profile: &Profile,
        exceptions: &Exceptions,
        standings: [Standing; COMPONENTS],
    ) -> Self {
        let weights = proportional(profile.weights.each().map(|(_, component)| component.weight));
        let counted = weights.iter().zip(&standings).filter(|(_, standing)| **standing != Standing::LeftOut);
        let weight = counted.map(|(weight, _)| weight).sum::<u64>();
        Self {
            weights,
            weight,
            standings,
            outages: exceptions.outages,
            ceilings: exceptions.last.map(|last| last.map(|last| book.units(decimal(last)))),
            minimum_coverage: book.units(profile.score.minimum_coverage),
            minimum_checks: u64::from(profile.score.minimum_checks),
            cap: book.units(profile.score.overall_cap).scaled(weight),
            unit: Arc::new(book.unit.scaled(weight.max(1))),
        }
    }

    /// Components that are in the sums.
    pub(super) fn counted(&self) -> impl Iterator<Item = usize> {
        (0..COMPONENTS).filter(|component| self.standings[*component] != Standing::LeftOut)
    }

    /// The weight of a component in the overall score: 0 for one that is left out.
    pub(super) fn weight_of(&self, component: usize) -> u64 {
        if self.standings[component] == Standing::LeftOut { 0 } else { self.weights[component] }
    }

    /// The share of all weight that is in the sums, in percent.
    pub(super) fn share(&self) -> Number {
        let all: u64 = self.weights.iter().sum();
        Number::new(Whole::from(self.weight).scaled(100), &Arc::new(Whole::from(all.max(1))))
    }

    fn is_assessed(&self, book: &Book, component: usize, situation: &Situation) -> bool {
        !self.outages[component]
            && !book.is_empty(component)
            && situation.pool(component).evaluated >= self.minimum_checks
            && book.coverage(component, situation) >= self.minimum_coverage
    }

    /// The standing under a repair. What was left out stays out, so that learning about it cannot cost anything.
    pub(super) fn standing(&self, book: &Book, component: usize, situation: &Situation) -> Standing {
        match self.standings[component] {
            kept @ (Standing::Assessed | Standing::LeftOut) => kept,
            _ if self.is_assessed(book, component, situation) => Standing::Assessed,
            kept => kept,
        }
    }

    /// What a component enters with, in units; nothing for one that is left out.
    pub(super) fn score(&self, book: &Book, component: usize, situation: &Situation) -> Option<Whole> {
        match self.standing(book, component, situation) {
            Standing::Assessed => Some(book.score(component, situation)),
            Standing::NotAssessed => Some(unread(book, situation.case)),
            Standing::Held => {
                let ceiling = self.ceilings[component].clone().unwrap_or_default();
                let score = if book.is_empty(component) {
                    unread(book, situation.case)
                } else {
                    book.score(component, situation)
                };
                Some(score.min(ceiling))
            }
            Standing::LeftOut => None,
        }
    }

    /// The weighted mean, in units of the overall score.
    pub(super) fn mean(&self, book: &Book, situation: &Situation) -> Whole {
        if self.weight == 0 {
            return unread(book, situation.case);
        }
        let mut sum = Whole::default();
        for component in self.counted() {
            let score = self.score(book, component, situation).unwrap_or_default();
            sum.add(&score.scaled(self.weights[component]));
        }
        sum
    }

    /// The overall score: the mean, capped while any component has a critical failure.
    pub(super) fn overall(&self, book: &Book, situation: &Situation) -> Number {
        let mean = self.mean(book, situation);
        let capped = if is_capped(situation) { mean.min(self.cap.clone()) } else { mean };
        Number::new(capped, &self.unit)
    }

    /// The known share of the weight in percent.
    pub(super) fn coverage(&self, book: &Book, situation: &Situation) -> Number {
        let mut sum = Whole::default();
        for component in self.counted() {
            sum.add(&book.coverage(component, situation).scaled(self.weights[component]));
        }
        Number::new(sum, &self.unit)
    }
}

/// True while a critical check of any component fails, whether the component counts or not.
pub(super) fn is_capped(situation: &Situation) -> bool {
    (0..COMPONENTS).any(|component| situation.pool(component).causes > 0)
}

/// The score of what nobody read.
pub(super) fn unread(book: &Book, case: Case) -> Whole {
    match case {
        Case::Worst => Whole::default(),
        Case::Best => book.unit.scaled(100),
    }
}

/// A remembered score as a decimal of six digits, rounded down.
fn decimal(score: Exact) -> Exact {
    const DIGITS: i128 = 1_000_000;
    Exact::new((score * Exact::from_integer(DIGITS)).to_integer(), DIGITS)
}
