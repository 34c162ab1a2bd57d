//! Values that profiles hold: exact numbers, durations, dates and patterns.

use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact number. Profiles write decimals; no float ever reaches the score.
pub type Exact = num_rational::Ratio<i128>;

/// Digits after the decimal point that a profile may write.
const DECIMALS: usize = 6;
/// Numbers beyond this are typing errors, and would make the sums overflow.
const LARGEST: f64 = 1e9;

/// Reads an [`Exact`] from a TOML integer or decimal, and writes it back as one.
pub mod exact {
    use super::*;

    /// Reads the decimal as written, without a detour over binary fractions.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Exact, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Exact;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Exact, E> {
                self.visit_f64(value as f64).map(|_| Exact::from_integer(i128::from(value)))
            }
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Exact, E> {
                self.visit_f64(value as f64).map(|_| Exact::from_integer(i128::from(value)))
            }
            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Exact, E> {
                if !value.is_finite() || value.abs() > LARGEST {
                    return Err(E::custom("a number between -1000000000 and 1000000000 is expected"));
                }
                decimal(&format!("{value}")).ok_or_else(|| E::custom("a number has at most 6 decimals"))
            }
        }
        from.deserialize_any(Visitor)
    }

    /// Writes an integer where the number is whole.
    pub fn serialize<S: Serializer>(value: &Exact, to: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(*value.numer()) {
            Ok(whole) if value.is_integer() => to.serialize_i64(whole),
            _ => to.serialize_f64(*value.numer() as f64 / *value.denom() as f64),
        }
    }
}

/// The exact value of a plain decimal such as `99.9`.
pub(crate) fn decimal(text: &str) -> Option<Exact> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > DECIMALS {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(Exact::new(digits, 10_i128.pow(u32::try_from(fraction.len()).ok()?)))
}

/// Reads and writes a duration such as `15m`.
pub mod duration {
    use super::*;

    /// Reads a number with its unit.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(from)?;
        parse_duration(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not a duration: write a whole number and s, m, h or d, like `15m`"
            ))
        })
    }

    /// Writes the largest unit that leaves no remainder.
    pub fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&print_duration(*value))
    }
}

/// Units of durations, largest first.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a duration such as `90s`, `15m`, `24h` or `90d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let number = text.strip_suffix(unit)?;
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(*seconds)?))
}

fn print_duration(value: Duration) -> String {
    let seconds = value.as_secs();
    let fits = UNITS.iter().find(|(_, unit)| seconds > 0 && seconds.is_multiple_of(*unit));
    let (name, unit) = fits.unwrap_or(&('s', 1));
    format!("{}{name}", seconds / unit)
}

/// The same for a duration that may be absent.
pub mod duration_or_none {
    use super::*;

    /// Reads a duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        duration::deserialize(from).map(Some)
    }

    /// Writes a duration; an absent one has to be skipped by the field.
    pub fn serialize<S: Serializer>(value: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => duration::serialize(value, to),
            None => to.serialize_none(),
        }
    }
}

/// Reads and writes a TOML date without a time.
pub mod date {
    use super::*;
    use toml::value::Datetime;

    /// Reads a local date.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<time::Date, D::Error> {
        let read = Datetime::deserialize(from)?;
        calendar(&read)
            .ok_or_else(|| D::Error::custom(format!("`{read}` is not a plain date like 2026-09-01")))
    }

    /// Writes a local date.
    pub fn serialize<S: Serializer>(value: &time::Date, to: S) -> Result<S::Ok, S::Error> {
        let year = u16::try_from(value.year()).map_err(serde::ser::Error::custom)?;
        let date = toml::value::Date { year, month: u8::from(value.month()), day: value.day() };
        Datetime { date: Some(date), time: None, offset: None }.serialize(to)
    }

    fn calendar(read: &Datetime) -> Option<time::Date> {
        let (Some(date), None, None) = (read.date, read.time, read.offset) else { return None };
        let month = time::Month::try_from(date.month).ok()?;
        time::Date::from_calendar_date(i32::from(date.year), month, date.day).ok()
    }
}

/// The same for a date that may be absent.
pub mod date_or_none {
    use super::*;

    /// Reads a local date.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<time::Date>, D::Error> {
        date::deserialize(from).map(Some)
    }

    /// Writes a local date; an absent one has to be skipped by the field.
    pub fn serialize<S: Serializer>(value: &Option<time::Date>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => date::serialize(value, to),
            None => to.serialize_none(),
        }
    }
}

/// A pattern over names, addresses and ARNs: `*` is any run of characters, `?` is one character, and everything else
/// stands for itself. Brackets are literal, because Terraform addresses are full of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern of this text. Every text is a pattern.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when the pattern covers the whole of `text`.
    pub fn matches(&self, text: &str) -> bool {
        stateward_model::pattern::covers(&self.0, text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// True when any of the patterns covers `text`.
pub fn any_matches(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_brackets_literally() {
        let pattern = Pattern::new(r#"module.web["blue"].aws_instance.app[?]"#);
        assert!(pattern.matches(r#"module.web["blue"].aws_instance.app[0]"#));
        assert!(!pattern.matches(r#"module.web["blue"].aws_instance.app[10]"#));
    }

    #[test]
    fn a_star_covers_any_run_and_backtracks() {
        assert!(Pattern::new("*-logs").matches("a-logs-b-logs"));
        assert!(!Pattern::new("*-logs").matches("a-logs-b"));
        assert!(Pattern::new("*").matches(""));
        assert!(Pattern::new("a*b*c").matches("a--b-b--c"));
        assert!(!Pattern::new("").matches("a"));
    }

    #[test]
    fn durations_read_back_as_written() {
        for text in ["0s", "90s", "15m", "24h", "90d"] {
            let value = parse_duration(text).unwrap();
            assert_eq!(parse_duration(&print_duration(value)), Some(value), "{text}");
        }
        assert_eq!(print_duration(Duration::from_secs(86_400)), "1d");
        for text in ["", "m", "15", "1.5h", "-1h", "1w", "99999999999999999999d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(decimal("99.9"), Some(Exact::new(999, 10)));
        assert_eq!(decimal("-0.5"), Some(Exact::new(-1, 2)));
        assert_eq!(decimal("0.1234567"), None);
    }
}
