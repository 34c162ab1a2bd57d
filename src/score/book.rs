//! The arithmetic of checks and components: what is counted once, and what it sums up to in either case.
//!
//! All sums are whole numbers in units of `1 / Book::unit`. With M and T the mass of a finding and of its check,
//! a the weight of a severity, β the any-failure share, and `missing` the part of a finding that is not good:
//!
//! ```text
//! loss of a check = (1 − β)·Σ M·missing·a(finding) / T  +  β·max a(imperfect finding)
//! score of a pool = 100 − 100·Σ loss / Σ a(check), at most the cap
//! ```
//!
//! That is `w·(1 − g)` of scoring.md §4, with one addition: a failure that a rule of the catalogue downgrades costs what
//! a failure of the lower severity weighs, in both parts, and never caps.

use std::sync::Arc;

use num_traits::ToPrimitive;

use super::grade::PARTS;
use super::number::{Whole, gcd};
use crate::check::{Category, Check, Severity};
use crate::profile::{COMPONENT_KEYS, Exact, Profile};

/// Components, then the breadths of the four criteria.
pub(super) const COMPONENTS: usize = COMPONENT_KEYS.len();
const POOLS: usize = COMPONENTS + 4;

/// Whether the unknown counts as failed or as passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Worst,
    Best,
}

/// What is known of a finding: how many parts it misses, nothing, or not even what there is to ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    Known(u64),
    Unknown,
    Blind,
}

/// A finding as it enters the sums. Findings with equal entries are worth the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Index of its check among the rows.
    pub row: usize,
    /// Weight of the resource.
    pub mass: u64,
    pub answer: Answer,
    pub severity: Severity,
    pub waived: bool,
}

impl Entry {
    /// The parts that it misses in a case. Blind entries are looked at before.
    fn missing(&self, case: Case) -> u64 {
        match (self.answer, case) {
            (Answer::Known(missing), _) => missing,
            (_, Case::Worst) => PARTS,
            (_, Case::Best) => 0,
        }
    }

    /// True for an unwaived critical failure, or what may be one in the worst case.
    pub(super) fn is_cause(&self, case: Case) -> bool {
        self.severity == Severity::Critical && !self.waived && self.missing(case) == PARTS
    }

    pub(super) fn is_imperfect(&self) -> bool {
        self.answer != Answer::Known(0)
    }
}

/// One check with at least one applicable finding.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub check: &'a Check<'a>,
    /// The check's severity under the profile.
    pub severity: Severity,
    /// Findings, by their index in the input.
    pub findings: Vec<usize>,
    /// Mass of its resources; one for a check that only saw failed listings.
    mass: u64,
    /// True when every finding stands for a failed listing.
    only_blind: bool,
    pools: Vec<usize>,
    /// What one `1/mass` is in units over all checks.
    unit: Whole,
}

impl Row<'_> {
    pub(super) fn component(&self) -> Option<usize> {
        self.pools.first().copied().filter(|pool| *pool < COMPONENTS)
    }
}

/// What a check's findings sum up to.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Σ mass · missing · weight of severity, of the findings that are not blind.
    missing: u128,
    /// Imperfect findings that are not blind, by severity.
    imperfect: [u64; 4],
    pub blind: u64,
    /// Findings that cap.
    pub causes: u64,
    known: u64,
}

/// What the checks of a component, or of a criterion's breadth, sum up to.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    missing: Whole,
    /// Checks that cap.
    pub causes: u64,
    known: Whole,
    /// Checks of which something is known.
    pub evaluated: u64,
}

/// The estate in one case.
#[derive(Debug, Clone)]
pub(super) struct Situation {
    pub case: Case,
    pub tallies: Vec<Tally>,
    pools: Vec<Sums>,
}

impl Situation {
    pub(super) fn pool(&self, pool: usize) -> &Sums {
        &self.pools[pool]
    }
}

/// What stays the same in every case and with every repair.
#[derive(Debug)]
pub(super) struct Book<'a> {
    pub entries: Vec<Option<Entry>>,
    pub rows: Vec<Row<'a>>,
    /// Weights of the four severities as whole numbers.
    levels: [u64; 4],
    /// Σ weight of the checks of each pool.
    weights: [u64; POOLS],
    /// What one unit of a pool's weight is in units over all pools.
    scales: Vec<Whole>,
    /// How many units make one.
    pub unit: Arc<Whole>,
}

/// Tenths of a check's weight that only perfection earns.
const fn any_failure_tenths(severity: Severity) -> u64 {
    match severity {
        Severity::Critical => 5,
        Severity::High => 3,
        Severity::Medium => 1,
        Severity::Low => 0,
    }
}

/// The criterion that a category feeds, by its place.
const fn breadth(category: Category) -> Option<usize> {
    match category {
        Category::Exposure | Category::Encryption => Some(0),
        Category::MultiAz | Category::Backup | Category::Dr | Category::Observability => Some(1),
        Category::Scaling => Some(2),
        Category::Drift | Category::Iac | Category::Delivery => Some(3),
        Category::Cost => None,
    }
}

/// The pool of a criterion's breadth.
pub(super) const fn breadth_pool(criterion: usize) -> usize {
    COMPONENTS + criterion
}

/// Whole numbers in the proportion of `values`, which are decimals of a profile.
pub(super) fn proportional<const N: usize>(values: [Exact; N]) -> [u64; N] {
    let denominators = values.iter().filter_map(|value| value.denom().to_u64());
    let common = denominators.fold(1, |common, other| common / gcd(common, other) * other);
    let common = Exact::from_integer(i128::from(common));
    values.map(|value| (value * common).to_integer().to_u64().unwrap_or(0))
}

impl<'a> Book<'a> {
    /// Opens the book over entries whose rows are `checks`, each with its severity under the profile.
    pub(super) fn new(
        entries: Vec<Option<Entry>>,
        checks: &[(&'a Check<'a>, Severity)],
        profile: &Profile,
    ) -> Self {
        let weights = &profile.score.severity;
        let levels = proportional([weights.low, weights.medium, weights.high, weights.critical]);
        let mut rows: Vec<Row<'a>> = checks.iter().map(|(check, severity)| row(check, *severity)).collect();
        for (index, entry) in entries.iter().enumerate() {
            let Some(entry) = entry else { continue };
            rows[entry.row].findings.push(index);
            if entry.answer != Answer::Blind {
                rows[entry.row].mass += entry.mass;
                rows[entry.row].only_blind = false;
            }
        }
        for row in &mut rows {
            row.mass = row.mass.max(1);
        }
        let masses = Whole::least_multiple(rows.iter().map(|row| row.mass));
        let mut pools = [0; POOLS];
        for row in rows.iter_mut().filter(|row| !row.findings.is_empty()) {
            row.unit = masses.over(&[row.mass]);
            for pool in &row.pools {
                pools[*pool] += levels[row.severity as usize];
            }
        }
        let all = Whole::least_multiple(pools);
        let scales = pools.iter().map(|weight| all.over(&[(*weight).max(1)])).collect();
        let unit = Arc::new(masses.times(&all).scaled(10 * PARTS));
        Self { entries, rows, levels, weights: pools, scales, unit }
    }

    /// The estate in a case.
    pub(super) fn situation(&self, case: Case) -> Situation {
        let mut situation = Situation {
            case,
            tallies: vec![Tally::default(); self.rows.len()],
            pools: vec![Sums::default(); POOLS],
        };
        for entry in self.entries.iter().flatten() {
            self.count(&mut situation.tallies[entry.row], entry, case);
        }
        for (row, tally) in self.rows.iter().zip(&situation.tallies) {
            for pool in &row.pools {
                self.post(&mut situation.pools[*pool], row, tally, case);
            }
        }
        situation
    }

    /// The same with some findings passing.
    pub(super) fn repaired(
        &self,
        situation: &Situation,
        findings: impl IntoIterator<Item = usize>,
    ) -> Situation {
        let mut next = situation.clone();
        let mut touched = Vec::new();
        for entry in findings.into_iter().filter_map(|index| self.entries[index].as_ref()) {
            let tally = &mut next.tallies[entry.row];
            self.discount(tally, entry, situation.case);
            if entry.answer != Answer::Blind {
                tally.known += entry.mass;
            }
            touched.push(entry.row);
        }
        touched.sort_unstable();
        touched.dedup();
        for at in touched {
            let row = &self.rows[at];
            for pool in &row.pools {
                let sums = &mut next.pools[*pool];
                self.unpost(sums, row, &situation.tallies[at], situation.case);
                self.post(sums, row, &next.tallies[at], situation.case);
            }
        }
        next
    }

    fn count(&self, tally: &mut Tally, entry: &Entry, case: Case) {
        tally.causes += u64::from(entry.is_cause(case));
        if entry.answer == Answer::Blind {
            tally.blind += 1;
            return;
        }
        let missing = entry.missing(case);
        tally.missing += self.weighted(entry, missing);
        tally.imperfect[entry.severity as usize] += u64::from(missing > 0);
        if entry.answer != Answer::Unknown {
            tally.known += entry.mass;
        }
    }

    fn discount(&self, tally: &mut Tally, entry: &Entry, case: Case) {
        tally.causes -= u64::from(entry.is_cause(case));
        if entry.answer == Answer::Blind {
            tally.blind -= 1;
            return;
        }
        let missing = entry.missing(case);
        tally.missing -= self.weighted(entry, missing);
        tally.imperfect[entry.severity as usize] -= u64::from(missing > 0);
        if entry.answer != Answer::Unknown {
            tally.known -= entry.mass;
        }
    }

    fn weighted(&self, entry: &Entry, missing: u64) -> u128 {
        u128::from(entry.mass) * u128::from(missing) * u128::from(self.levels[entry.severity as usize])
    }

    fn post(&self, sums: &mut Sums, row: &Row, tally: &Tally, case: Case) {
        sums.missing.add(&row.unit.times(&Whole::from(self.loss(row, tally, case))));
        sums.known.add(&row.unit.times(&Whole::from(self.known(row, tally))));
        sums.causes += u64::from(tally.causes > 0);
        sums.evaluated += u64::from(self.known(row, tally) > 0);
    }

    fn unpost(&self, sums: &mut Sums, row: &Row, tally: &Tally, case: Case) {
        sums.missing = sums.missing.less(&row.unit.times(&Whole::from(self.loss(row, tally, case))));
        sums.known = sums.known.less(&row.unit.times(&Whole::from(self.known(row, tally))));
        sums.causes -= u64::from(tally.causes > 0);
        sums.evaluated -= u64::from(self.known(row, tally) > 0);
    }

    /// The weight that a check loses, in units of its own.
    ///
    /// A failed listing may hide any number of resources. Whatever finite number one assumed, hiding a region with
    /// more failures than that would raise the worst case; so a check that is blind anywhere loses everything there,
    /// and in the best case as little as its known failures allow.
    fn loss(&self, row: &Row, tally: &Tally, case: Case) -> u128 {
        match (tally.blind > 0, case) {
            (true, Case::Worst) => self.full(row),
            (true, Case::Best) => self.any_part(row, tally),
            (false, _) => self.seen_loss(row, tally),
        }
    }

    /// The loss over what was seen.
    pub(super) fn seen_loss(&self, row: &Row, tally: &Tally) -> u128 {
        u128::from(10 - any_failure_tenths(row.severity)) * tally.missing + self.any_part(row, tally)
    }

    pub(super) fn full(&self, row: &Row) -> u128 {
        u128::from(10 * PARTS) * u128::from(row.mass) * u128::from(self.levels[row.severity as usize])
    }

    /// The part of the loss that any failure costs: by the gravest imperfect finding.
    pub(super) fn any_part(&self, row: &Row, tally: &Tally) -> u128 {
        let Some((severity, _)) = gravest(tally) else { return 0 };
        let tenths = u128::from(any_failure_tenths(row.severity) * PARTS) * u128::from(row.mass);
        tenths * u128::from(self.levels[severity])
    }

    /// The part of the loss that one finding costs by its rate, in units of its check.
    pub(super) fn rate_part(&self, entry: &Entry, case: Case) -> u128 {
        let tenths = 10 - any_failure_tenths(self.rows[entry.row].severity);
        u128::from(tenths) * self.weighted(entry, entry.missing(case))
    }

    /// The known share of a check, times its weight, in units of its own.
    fn known(&self, row: &Row, tally: &Tally) -> u128 {
        let share = match (tally.blind > 0, row.only_blind) {
            (true, _) => 0,
            (false, true) => row.mass,
            (false, false) => tally.known,
        };
        u128::from(share) * u128::from(self.levels[row.severity as usize])
    }

    /// True when no check of the pool applies to anything.
    pub(super) fn is_empty(&self, pool: usize) -> bool {
        self.weights[pool] == 0
    }

    /// A loss of one check, in points of the pool, as units.
    pub(super) fn points(&self, row: &Row, pool: usize, loss: u128) -> Whole {
        row.unit.times(&Whole::from(loss)).times(&self.scales[pool]).scaled(100)
    }

    /// So many points, as units; exact for decimals of six digits.
    pub(super) fn units(&self, points: Exact) -> Whole {
        let (numerator, denominator) = (points.numer().to_u64(), points.denom().to_u64());
        self.unit.scaled(numerator.unwrap_or(0)).over(&[denominator.unwrap_or(1)])
    }

    /// The score of a pool without its cap, in units. A pool without checks has none to lose.
    pub(super) fn raw(&self, pool: usize, situation: &Situation) -> Whole {
        let lost = situation.pools[pool].missing.times(&self.scales[pool]).scaled(100);
        self.unit.scaled(100).less(&lost)
    }

    /// The score of a pool, in units.
    pub(super) fn score(&self, pool: usize, situation: &Situation) -> Whole {
        let raw = self.raw(pool, situation);
        match cap(situation.pools[pool].causes) {
            Some(cap) => raw.min(self.unit.scaled(cap)),
            None => raw,
        }
    }

    /// The known share of a pool's weight in percent, in units; zero where nothing applies.
    pub(super) fn coverage(&self, pool: usize, situation: &Situation) -> Whole {
        if self.is_empty(pool) {
            return Whole::default();
        }
        situation.pools[pool].known.times(&self.scales[pool]).scaled(1_000 * PARTS)
    }
}

/// Place and number of the gravest imperfect findings.
pub(super) fn gravest(tally: &Tally) -> Option<(usize, u64)> {
    tally.imperfect.iter().copied().enumerate().rev().find(|(_, count)| *count > 0)
}

/// The highest score beside so many critical checks that fail.
pub(super) const fn cap(checks: u64) -> Option<u64> {
    match checks {
        0 => None,
        1 => Some(59),
        2 => Some(49),
        _ => Some(39),
    }
}

fn row<'a>(check: &'a Check<'a>, severity: Severity) -> Row<'a> {
    let component = COMPONENT_KEYS.iter().position(|key| *key == check.component);
    let pools = component.into_iter().chain(breadth(check.category).map(breadth_pool)).collect();
    Row { check, severity, findings: Vec::new(), mass: 0, only_blind: true, pools, unit: Whole::default() }
}
