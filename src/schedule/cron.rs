//! Cron expressions: which are good, and when they fire.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::profile::nearest;

/// The fields, with what they may hold.
const FIELDS: [(&str, &str); 6] = [
    ("second", "0 to 59"),
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, L or 15W"),
    ("month", "1 to 12 or JAN to DEC"),
    ("day of the week", "0 to 7 or SUN to SAT, MON#1 or FRIL"),
];
/// The short names, which have no fields.
const NAMES: [&str; 6] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@hourly"];
/// Where the search for the first time of all begins: 2000-01-01. It ends in the year 5000.
const BEGINNING: i64 = 946_684_800;
/// No field is that long; what is longer is not repeated.
const LONGEST: usize = 200;

/// Why a text is no cron expression that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadExpression {
    /// Too few or too many fields.
    #[error(
        "it has {found} fields: write five, like `0 6 * * *` (minute, hour, day of the month, month, day of the week), or six with the second before them"
    )]
    Fields {
        /// How many there are.
        found: usize,
    },
    /// A field that cannot be read.
    #[error(
        "`{text}` in the place of the {field} is not understood: write {allowed}, with `*`, `-`, `,` and `/`"
    )]
    Field {
        /// Which.
        field: &'static str,
        /// What stands there.
        text: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// A short name that is none.
    #[error("`{name}` is not a name of a time: write one of {}, or five fields like `0 6 * * *`", NAMES.join(", "))]
    Name {
        /// The name.
        name: String,
    },
    /// It is well formed, and no day fits.
    #[error("it never fires: no day fits; check the day of the month against the month")]
    Never,
}

/// A cron expression.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    /// One for each time of the day where these are listed: each is then a fixed time, which runs once a day whatever the
    /// clocks do.
    parts: Vec<Cron>,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Expression {
    /// Reads an expression of five fields, of six with the second before them, or one of the short names like `@daily`.
    ///
    /// # Errors
    /// The field that cannot be read, or that it never fires.
    pub fn parse(text: &str) -> Result<Self, BadExpression> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if let [name] = fields.as_slice()
            && name.starts_with('@')
        {
            let known = NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
            return match parser().parse(name).ok().filter(|_| known) {
                Some(cron) => Ok(Self { text: name.to_lowercase(), parts: vec![cron] }),
                None => Err(BadExpression::Name { name: short(name) }),
            };
        }
        if !(5..=6).contains(&fields.len()) {
            return Err(BadExpression::Fields { found: fields.len() });
        }
        for (at, field) in fields.iter().enumerate() {
            let at = at + 6 - fields.len();
            let mut alone = ["*"; 6];
            alone[at] = field;
            let (name, allowed) = FIELDS[at];
            let bad = || BadExpression::Field { field: name, text: short(field), allowed };
            if field.contains('@') || parser().parse(&alone.join(" ")).is_err() {
                return Err(bad());
            }
        }
        let text = fields.join(" ");
        let whole = parser().parse(&text).map_err(|_| BadExpression::Fields { found: fields.len() })?;
        let parts = times_of_day(&whole, &fields).unwrap_or_else(|| vec![whole]);
        let expression = Self { text, parts };
        let beginning = Timestamp::from_second(BEGINNING).unwrap_or_default();
        match expression.next(beginning, &TimeZone::UTC) {
            Some(_) => Ok(expression),
            None => Err(BadExpression::Never),
        }
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first time after `then`.
    pub fn next(&self, then: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let then = then.to_zoned(zone.clone());
        let next = |cron: &Cron| cron.find_next_occurrence(&then, false).ok();
        self.parts.iter().filter_map(next).map(|zoned| zoned.timestamp()).min()
    }
}

fn parser() -> CronParser {
    CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build()
}

fn short(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

/// Each listed time of the day by itself; none where hour or minute is a step or a wildcard, which means "so often" and not
/// "then".
fn times_of_day(whole: &Cron, fields: &[&str]) -> Option<Vec<Cron>> {
    let clock = fields.len() - 3;
    if fields[..clock].iter().any(|field| field.contains(['*', '?', '/'])) {
        return None;
    }
    let pattern = &whole.pattern;
    let listed =
        |count: u32, holds: &dyn Fn(u32) -> bool| (0..count).filter(|at| holds(*at)).collect::<Vec<_>>();
    let hours = listed(24, &|hour| pattern.hour_match(hour).unwrap_or(false));
    let minutes = listed(60, &|minute| pattern.minute_match(minute).unwrap_or(false));
    let seconds = listed(60, &|second| pattern.second_match(second).unwrap_or(false));
    let [second] = seconds.as_slice() else { return None };
    let days = fields[clock..].join(" ");
    let of = |hour: &u32, minute: &u32| parser().parse(&format!("{second} {minute} {hour} {days}")).ok();
    hours.iter().flat_map(|hour| minutes.iter().map(move |minute| of(hour, minute))).collect()
}

/// A name that no time zone has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a time zone")]
pub struct UnknownZone {
    /// The name.
    pub name: String,
    /// The remedy, with a near name where there is one.
    pub help: String,
}

/// The time zone of a name of the IANA database that the program carries.
///
/// # Errors
/// A name that it does not have.
pub fn zone(name: &str) -> Result<TimeZone, UnknownZone> {
    let known = TimeZoneDatabase::bundled();
    known.get(name).map_err(|_| {
        let names: Vec<String> = known.available().map(|name| name.to_string()).collect();
        let near = nearest(name, names.iter().map(String::as_str));
        let near = near.map(|near| format!("did you mean `{near}`?\n")).unwrap_or_default();
        let help = format!("{near}write an IANA name, like `America/Los_Angeles`, `Europe/Berlin` or `UTC`");
        UnknownZone { name: short(name), help }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "[0-9*/,#LW?+@a-z \\-]{0,24}|\\PC{0,12}") {
            if let Ok(expression) = Expression::parse(&text) {
                let (then, zone) = (at("2026-03-07T12:00:00Z"), zone("America/Los_Angeles").unwrap());
                let next = expression.next(then, &zone).unwrap();
                prop_assert!(next > then);
                prop_assert!(Expression::parse(expression.text()) == Ok(expression));
            }
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The next times after a moment, in the zone's own time.
    fn times(expression: &str, name: &str, after: &str, count: usize) -> Vec<String> {
        let (expression, zone) = (Expression::parse(expression).unwrap(), zone(name).unwrap());
        let mut then = at(after);
        (0..count)
            .map(|_| {
                then = expression.next(then, &zone).unwrap();
                then.to_zoned(zone.clone()).strftime("%m-%d %H:%M:%S %Z").to_string()
            })
            .collect()
    }

    #[test]
    fn a_time_in_the_gap_of_spring_runs_at_its_end_and_once() {
        // 2026-03-08 02:00 to 03:00 does not exist there.
        let found = times("30 2 * * *", "America/Los_Angeles", "2026-03-07T12:00:00Z", 3);
        assert_eq!(found, ["03-08 03:00:00 PDT", "03-09 02:30:00 PDT", "03-10 02:30:00 PDT"]);
        let listed = times("0 2,3,14 * * *", "America/Los_Angeles", "2026-03-08T09:00:00Z", 3);
        assert_eq!(listed, ["03-08 03:00:00 PDT", "03-08 14:00:00 PDT", "03-09 02:00:00 PDT"]);
    }

    #[test]
    fn a_time_in_the_overlap_of_autumn_runs_once() {
        // 2026-11-01 01:00 to 02:00 is there twice.
        let found = times("30 1 * * *", "America/Los_Angeles", "2026-10-31T12:00:00Z", 3);
        assert_eq!(found, ["11-01 01:30:00 PDT", "11-02 01:30:00 PST", "11-03 01:30:00 PST"]);
        let listed = times("30 1,13 * * *", "America/Los_Angeles", "2026-11-01T07:00:00Z", 3);
        assert_eq!(listed, ["11-01 01:30:00 PDT", "11-01 13:30:00 PST", "11-02 01:30:00 PST"]);
        let berlin = times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
        assert_eq!(berlin, ["10-25 02:30:00 CEST", "10-26 02:30:00 CET"]);
    }

    #[test]
    fn what_runs_every_so_often_follows_the_clock_that_passes() {
        let spring = times("*/30 * * * *", "America/Los_Angeles", "2026-03-08T09:20:00Z", 3);
        assert_eq!(spring, ["03-08 01:30:00 PST", "03-08 03:00:00 PDT", "03-08 03:30:00 PDT"]);
        let autumn = times("0 * * * *", "America/Los_Angeles", "2026-11-01T07:30:00Z", 3);
        assert_eq!(autumn, ["11-01 01:00:00 PDT", "11-01 01:00:00 PST", "11-01 02:00:00 PST"]);
    }

    #[test]
    fn weekdays_names_seconds_and_leap_days_are_understood() {
        assert_eq!(times("0 6 * * MON-FRI", "UTC", "2026-11-27T12:00:00Z", 1), ["11-30 06:00:00 UTC"]);
        assert_eq!(times("0 6 L * *", "UTC", "2026-02-01T00:00:00Z", 1), ["02-28 06:00:00 UTC"]);
        assert_eq!(times("0 6 * * 1#1", "UTC", "2026-11-27T12:00:00Z", 1), ["12-07 06:00:00 UTC"]);
        assert_eq!(
            times("*/20 * * * * *", "UTC", "2026-11-27T12:00:05.5Z", 2),
            ["11-27 12:00:20 UTC", "11-27 12:00:40 UTC"]
        );
        assert_eq!(times("@daily", "UTC", "2026-11-27T12:00:00Z", 1), ["11-28 00:00:00 UTC"]);
        assert_eq!(times("0 0 29 2 *", "UTC", "2026-11-27T12:00:00Z", 1), ["02-29 00:00:00 UTC"]);
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_place_and_remedy() {
        let cases = [
            ("", "it has 0 fields"),
            ("0 6 * *", "it has 4 fields"),
            ("0 0 6 * * * 2026", "it has 7 fields"),
            ("60 6 * * *", "`60` in the place of the minute"),
            ("0 24 * * *", "`24` in the place of the hour"),
            ("0 6 32 * *", "the day of the month"),
            ("0 6 0 * *", "the day of the month"),
            ("0 6 * 13 *", "the month"),
            ("0 6 * FEBRUARY *", "the month"),
            ("0 6 * * 8", "the day of the week"),
            ("0 6 * * MONDAY", "the day of the week"),
            ("0 6-4 * * *", "`6-4` in the place of the hour"),
            ("*/0 6 * * *", "`*/0` in the place of the minute"),
            ("0 6 * * $(id)", "the day of the week"),
            ("@reboot", "`@reboot` is not a name"),
            ("@daily * * * *", "the minute"),
            ("0 0 31 2 *", "never fires"),
            ("0 0 31 4,6,9,11 *", "never fires"),
        ];
        for (text, expected) in cases {
            let said = Expression::parse(text).unwrap_err().to_string();
            assert!(said.contains(expected), "{text}: {said}");
        }
    }

    #[test]
    fn a_zone_that_is_none_gets_the_near_name() {
        assert!(zone("UTC").is_ok() && zone("Asia/Kolkata").is_ok());
        let error = zone("America/Los_Angles").unwrap_err();
        assert!(error.help.contains("`America/Los_Angeles`?"), "{}", error.help);
        assert!(zone("").is_err() && zone("../../etc/passwd").is_err() && zone("PST8PDT ").is_err());
    }
}
