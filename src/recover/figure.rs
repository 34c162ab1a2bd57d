//! How a number of recovery is written: a span, an interval with the worst and the best case, a grade, and the arithmetic.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stateward_model::Gap;

/// What a number rests on, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Grade {
    /// Rehearsed: a restore test, a failover or a fault injection is on record.
    A,
    /// Measured: the lag or the age was read from a live API.
    B,
    /// Documented: what the vendor says of the configuration that was read.
    C,
    /// Assumed: what the profile takes for granted, with an owner and a date.
    D,
}

impl Grade {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::A => "rehearsed",
            Self::B => "measured",
            Self::C => "documented",
            Self::D => "assumed",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A span of time in whole seconds, or for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// This many seconds.
    Seconds(u64),
    /// It has no end: the data are lost, or nothing brings the service back.
    Never,
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self::Seconds(0);

    /// One after the other.
    pub fn then(self, other: Self) -> Self {
        match (self, other) {
            (Self::Seconds(a), Self::Seconds(b)) => Self::Seconds(a.saturating_add(b)),
            _ => Self::Never,
        }
    }

    /// The seconds, unless it has no end.
    pub const fn seconds(self) -> Option<u64> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            Self::Never => None,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Seconds(seconds) = *self else { return f.write_str("∞") };
        match seconds {
            0..120 => write!(f, "{seconds} s"),
            120..7_200 => pair(f, seconds, (60, "min"), (1, "s")),
            7_200..172_800 => pair(f, seconds, (3_600, "h"), (60, "min")),
            _ => pair(f, seconds, (86_400, "d"), (3_600, "h")),
        }
    }
}

/// `12 min 30 s`: the rest is left out where there is none.
fn pair(f: &mut fmt::Formatter<'_>, seconds: u64, large: (u64, &str), small: (u64, &str)) -> fmt::Result {
    write!(f, "{} {}", seconds / large.0, large.1)?;
    match seconds % large.0 / small.0 {
        0 => Ok(()),
        rest => write!(f, " {rest} {}", small.1),
    }
}

/// The best and the worst case of a span. The worst one decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The best case.
    pub low: Span,
    /// The worst case; never below `low`.
    pub high: Span,
}

impl Interval {
    /// No time at all.
    pub const ZERO: Self = Self { low: Span::ZERO, high: Span::ZERO };
    /// Certainly without an end.
    pub const NEVER: Self = Self { low: Span::Never, high: Span::Never };
    /// Nothing is known.
    pub const OPEN: Self = Self { low: Span::ZERO, high: Span::Never };

    /// From `low` to `high` seconds, in either order.
    pub fn new(low: u64, high: u64) -> Self {
        Self { low: Span::Seconds(low.min(high)), high: Span::Seconds(low.max(high)) }
    }

    /// Exactly this many seconds.
    pub fn exactly(seconds: u64) -> Self {
        Self::new(seconds, seconds)
    }

    /// One after the other.
    pub fn then(self, other: Self) -> Self {
        Self { low: self.low.then(other.low), high: self.high.then(other.high) }
    }

    /// Both at once: the longer one counts.
    pub fn beside(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high) }
    }

    /// What is left of it when what it rests on was not read: the best case.
    pub fn opened(self) -> Self {
        Self { low: self.low, high: Span::Never }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::OPEN => f.write_str("unknown"),
            Self { low, high } if low == high => write!(f, "{high}"),
            Self { low, high } => write!(f, "{low} to {high}"),
        }
    }
}

/// One thing that a number was worked out from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// What it is.
    pub name: String,
    /// What it says.
    pub value: String,
    /// The call that read it, or the key of the profile.
    pub source: String,
}

impl Input {
    /// An input.
    pub fn new(name: impl Into<String>, value: impl ToString, source: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.to_string(), source: source.into() }
    }
}

/// A number with its grade and its arithmetic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The number.
    pub interval: Interval,
    /// What it rests on.
    pub grade: Grade,
    /// How it comes about.
    pub formula: String,
    /// What it was worked out from.
    pub inputs: Vec<Input>,
    /// What was not read, so that the worst case is open.
    pub gap: Option<Gap>,
    /// The keys of the profile that it takes for granted.
    pub assumptions: Vec<String>,
}

impl Figure {
    /// A number.
    pub fn new(interval: Interval, grade: Grade, formula: impl Into<String>) -> Self {
        let formula = formula.into();
        Self { interval, grade, formula, inputs: Vec::new(), gap: None, assumptions: Vec::new() }
    }

    /// What the vendor says: no time at all.
    pub fn none(why: impl Into<String>) -> Self {
        Self::new(Interval::ZERO, Grade::C, why)
    }

    /// A number that could not be read: everything from `best` on is possible.
    pub fn unread(best: Span, formula: impl Into<String>, gap: Gap) -> Self {
        let interval = Interval { low: best, high: Span::Never };
        Self { gap: Some(gap), ..Self::new(interval, Grade::D, formula) }
    }

    /// With an input.
    pub fn from(mut self, name: impl Into<String>, value: impl ToString, source: impl Into<String>) -> Self {
        self.inputs.push(Input::new(name, value, source));
        self
    }

    /// One after the other; the worse grade counts.
    pub fn then(mut self, other: Self) -> Self {
        self.interval = self.interval.then(other.interval);
        self.grade = self.grade.max(other.grade);
        self.formula = format!("{} + {}", self.formula, other.formula);
        self.inputs.extend(other.inputs);
        self.gap = self.gap.or(other.gap);
        self.assumptions.extend(other.assumptions);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stateward_model::Cause;

    fn span() -> impl Strategy<Value = Span> {
        prop_oneof![4 => (0u64..200_000).prop_map(Span::Seconds), 1 => Just(Span::Never)]
    }

    fn interval() -> impl Strategy<Value = Interval> {
        (span(), span()).prop_map(|(a, b)| Interval { low: a.min(b), high: a.max(b) })
    }

    proptest! {
        #[test]
        fn the_best_case_never_exceeds_the_worst(a in interval(), b in interval()) {
            for whole in [a.then(b), a.beside(b), a.opened()] {
                prop_assert!(whole.low <= whole.high);
            }
        }

        #[test]
        fn in_a_row_takes_at_least_as_long_as_side_by_side(a in interval(), b in interval()) {
            prop_assert!(a.then(b).low >= a.beside(b).low && a.then(b).high >= a.beside(b).high);
            prop_assert_eq!(a.then(b), b.then(a));
            prop_assert_eq!(a.beside(b), b.beside(a));
        }
    }

    #[test]
    fn spans_are_written_for_people() {
        let shown = |seconds| Span::Seconds(seconds).to_string();
        assert_eq!(shown(0), "0 s");
        assert_eq!(shown(119), "119 s");
        assert_eq!(shown(750), "12 min 30 s");
        assert_eq!(shown(900), "15 min");
        assert_eq!(shown(7_260), "2 h 1 min");
        assert_eq!(shown(190_000), "2 d 4 h");
        assert_eq!(Span::Never.to_string(), "∞");
    }

    #[test]
    fn intervals_are_written_for_people() {
        assert_eq!(Interval::new(60, 120).to_string(), "60 s to 2 min");
        assert_eq!(Interval::exactly(5).to_string(), "5 s");
        assert_eq!(Interval::OPEN.to_string(), "unknown");
        assert_eq!(Interval::exactly(60).opened().to_string(), "60 s to ∞");
        assert_eq!(Interval::NEVER.to_string(), "∞");
    }

    #[test]
    fn a_sum_takes_the_worse_grade_and_keeps_what_is_not_known() {
        let measured = Figure::new(Interval::exactly(5), Grade::B, "lag").from("lag", 5, "x:GetLag");
        let gap = Gap::new("x:Describe", Cause::Denied, "");
        let sum = measured.then(Figure::unread(Span::ZERO, "restore", gap.clone()));
        assert_eq!(sum.interval, Interval { low: Span::Seconds(5), high: Span::Never });
        assert_eq!((sum.grade, sum.gap, sum.formula.as_str()), (Grade::D, Some(gap), "lag + restore"));
    }
}
