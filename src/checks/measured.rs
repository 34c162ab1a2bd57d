//! What CloudWatch measured, and when that is enough to judge by.

use std::collections::BTreeMap;

use stateward_model::kinds::cloudwatch::metric::{self, Figures};
use stateward_model::{Attr, Cause, Gap, Place};

use super::facts::{records, records_in};
use crate::check::View;

/// The call behind every figure.
const CALL: &str = "cloudwatch:GetMetricData";

/// Of how many values a figure stands at least.
#[derive(Debug, Clone, Copy)]
pub enum Enough {
    /// Half of those of a series without a hole.
    Half,
    /// This many, of a metric that is only measured while something happens.
    Points(i64),
}

/// The figures of the series of a metric whose dimensions `chosen` accepts, in `place` or everywhere.
///
/// # Errors
/// That there is no such series, that one has too few values, or the gap of the reading.
pub fn series(
    key: &Attr<Figures>,
    place: Option<&Place>,
    enough: Enough,
    chosen: impl Fn(&BTreeMap<String, String>) -> bool,
    view: &View,
) -> Result<Vec<Figures>, Gap> {
    let all = match place {
        Some(place) => records_in(&metric::KIND, place, view)?,
        None => records(&metric::KIND, view)?,
    };
    let name = key.path();
    let least = match enough {
        Enough::Half => metric::of(key).map_or(1, metric::Row::most_points) / 2,
        Enough::Points(least) => least,
    };
    let mut found = Vec::new();
    for resource in all.into_iter().filter(|resource| resource.has(name)) {
        if !chosen(&resource.get_or_default(&metric::DIMENSIONS)?) {
            continue;
        }
        let figures = resource.get_or_default(key)?;
        if figures.points < least {
            let detail = format!("{name} has {} values; at least {least} are needed", figures.points);
            return Err(Gap::new(CALL, Cause::Unsupported, detail));
        }
        found.push(figures);
    }
    match found.is_empty() {
        true => Err(Gap::new(CALL, Cause::Unsupported, format!("nothing was measured as {name}"))),
        false => Ok(found),
    }
}

/// A measured value for people: whole, or with one digit.
pub fn shown(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_without_needless_digits() {
        assert_eq!((shown(12.0), shown(0.25)), ("12".to_owned(), "0.2".to_owned()));
    }
}
