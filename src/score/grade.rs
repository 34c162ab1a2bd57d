//! Credit for measures: an age, a lag, a share, a quota against its objective.

use crate::check::Outcome;
use crate::profile::Exact;

/// Parts of a whole credit. A measured credit is taken down to six digits: no measurement is more exact, and sums of
/// many stay finite.
pub(super) const PARTS: u64 = 1_000_000;

/// Corners of the credit for the ratio of measure and objective; straight lines between them.
const CORNERS: [(i128, (i128, i128)); 4] = [(1, (1, 1)), (2, (1, 2)), (4, (1, 4)), (8, (0, 1))];

/// Credit for a measure that has to be at most its objective: whole up to the objective, a half at twice, a quarter at
/// four times, none from eight times. Straight lines, since logarithms are not exactly reproducible.
///
/// An objective of zero is met by zero alone.
pub fn credit_at_most(measure: Exact, objective: Exact) -> Exact {
    let whole = |number: i128| Exact::from_integer(number);
    if measure <= objective {
        return whole(1);
    }
    if objective <= whole(0) {
        return whole(0);
    }
    let ratio = measure / objective;
    for pair in CORNERS.windows(2) {
        let [(from, high), (to, low)] = [pair[0], pair[1]];
        if ratio <= whole(to) {
            let (high, low) = (Exact::new(high.0, high.1), Exact::new(low.0, low.1));
            return high - (high - low) * (ratio - whole(from)) / whole(to - from);
        }
    }
    whole(0)
}

/// Credit for a measure that has to be at least its objective: by the reciprocal ratio.
pub fn credit_at_least(measure: Exact, objective: Exact) -> Exact {
    credit_at_most(objective, measure)
}

/// The outcome of a graded check: a pass for a whole credit, else partial with the sentence.
pub fn graded(credit: Exact, sentence: impl FnOnce() -> String) -> Outcome {
    if credit >= Exact::from_integer(1) {
        return Outcome::Pass;
    }
    let parts = (credit * Exact::from_integer(i128::from(PARTS))).to_integer().max(0);
    Outcome::Partial(i64::try_from(parts).unwrap_or(0), PARTS as i64, sentence())
}

/// What a partial credit is worth in parts; never the whole, since below 1 is no pass.
pub(super) fn parts((numerator, denominator): (i64, i64)) -> u64 {
    if numerator <= 0 || denominator <= 0 {
        return 0;
    }
    let parts = i128::from(numerator) * i128::from(PARTS) / i128::from(denominator);
    u64::try_from(parts).unwrap_or(PARTS).min(PARTS - 1)
}
