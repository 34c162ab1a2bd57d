//! What a partial credit is worth.

/// Parts of a whole credit. A measured credit is taken down to six digits: no measurement is more exact, and sums of
/// many stay finite.
pub(super) const PARTS: u64 = 1_000_000;

/// What a partial credit is worth in parts; never the whole, since below 1 is no pass.
pub(super) fn parts((numerator, denominator): (i64, i64)) -> u64 {
    if numerator <= 0 || denominator <= 0 {
        return 0;
    }
    let parts = i128::from(numerator) * i128::from(PARTS) / i128::from(denominator);
    u64::try_from(parts).unwrap_or(PARTS).min(PARTS - 1)
}
