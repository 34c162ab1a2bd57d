//! Schedule expressions of AWS: when something was last due.
//!
//! The form of `cron(…)` is described under "Cron expressions" in the EventBridge guide: minute, hour, day of month,
//! month, day of week (1 is Sunday) and year.

use time::{Date, Duration, Month, OffsetDateTime, Time};

/// How many days a schedule is followed back: every yearly one fires within this.
const DAYS: i64 = 370;

/// The last start of `schedule` at or before `moment`, both in UTC; `None` where the expression is not understood or
/// did not fire within about a year.
pub fn last_start(schedule: &str, moment: OffsetDateTime) -> Option<OffsetDateTime> {
    let inside = |name: &str| schedule.trim().strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inside("rate") {
        return Some(moment - interval(rate)?);
    }
    let cron = Cron::parse(inside("cron")?)?;
    (0..DAYS).find_map(|back| {
        let day = moment.date() - Duration::days(back);
        if !cron.fires_on(day) {
            return None;
        }
        let latest = if back == 0 { moment.time() } else { Time::from_hms(23, 59, 59).ok()? };
        let time = cron.last_time(latest)?;
        Some(OffsetDateTime::new_utc(day, time))
    })
}

/// A rate has no fixed starts: at most its interval may have passed since the last.
fn interval(rate: &str) -> Option<Duration> {
    let (count, unit) = rate.trim().split_once(' ')?;
    let count: i64 = count.parse().ok()?;
    match unit.trim().trim_end_matches('s') {
        "minute" => Some(Duration::minutes(count)),
        "hour" => Some(Duration::hours(count)),
        "day" => Some(Duration::days(count)),
        _ => None,
    }
}

/// The fields of a cron expression, each as the set of numbers on which it fires.
struct Cron {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    months: Vec<u32>,
    years: Vec<u32>,
    day: Day,
}

enum Day {
    OfMonth(Vec<u32>),
    LastOfMonth,
    OfWeek(Vec<u32>),
    /// Weekday and its number within the month: `6#3` is the third Friday.
    Nth(u32, u32),
    /// `6L`: the last Friday.
    LastWeekday(u32),
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, day, month, weekday, year] = fields.as_slice() else { return None };
        let day = match (*day, *weekday) {
            (day, "?") => Self::day_of_month(day)?,
            ("?" | "*", weekday) => Self::day_of_week(weekday)?,
            // AWS refuses an expression that names both.
            _ => return None,
        };
        Some(Self {
            minutes: numbers(minutes, 0, 59, &[])?,
            hours: numbers(hours, 0, 23, &[])?,
            months: numbers(month, 1, 12, MONTHS)?,
            years: numbers(year, 1970, 2199, &[])?,
            day,
        })
    }

    fn day_of_month(text: &str) -> Option<Day> {
        if text == "L" {
            return Some(Day::LastOfMonth);
        }
        numbers(text, 1, 31, &[]).map(Day::OfMonth)
    }

    fn day_of_week(text: &str) -> Option<Day> {
        if let Some((weekday, nth)) = text.split_once('#') {
            return Some(Day::Nth(number(weekday, WEEKDAYS)?, nth.parse().ok()?));
        }
        // `L` alone is the last day of the week.
        if let Some(weekday) = text.strip_suffix('L').filter(|weekday| !weekday.is_empty()) {
            return Some(Day::LastWeekday(number(weekday, WEEKDAYS)?));
        }
        if text == "L" {
            return Some(Day::OfWeek(vec![7]));
        }
        numbers(text, 1, 7, WEEKDAYS).map(Day::OfWeek)
    }

    fn fires_on(&self, date: Date) -> bool {
        let year = u32::try_from(date.year()).unwrap_or_default();
        let (month, day) = (u32::from(u8::from(date.month())), u32::from(date.day()));
        let length = u32::from(length_of(date.month(), date.year()));
        let weekday = u32::from(date.weekday().number_from_sunday());
        let by_day = match &self.day {
            Day::OfMonth(days) => days.contains(&day),
            Day::LastOfMonth => day == length,
            Day::OfWeek(days) => days.contains(&weekday),
            Day::Nth(wanted, nth) => weekday == *wanted && (day - 1) / 7 + 1 == *nth,
            Day::LastWeekday(wanted) => weekday == *wanted && day + 7 > length,
        };
        by_day && self.months.contains(&month) && self.years.contains(&year)
    }

    /// The last time of day at or before `latest`.
    fn last_time(&self, latest: Time) -> Option<Time> {
        let (hour, minute) = (u32::from(latest.hour()), u32::from(latest.minute()));
        let at = |wanted: u32, below: u32| {
            let minute = self.minutes.iter().filter(|m| **m <= below).max()?;
            Time::from_hms(u8::try_from(wanted).ok()?, u8::try_from(*minute).ok()?, 0).ok()
        };
        let this_hour = self.hours.contains(&hour).then(|| at(hour, minute)).flatten();
        this_hour.or_else(|| {
            let earlier = self.hours.iter().filter(|h| **h < hour).max()?;
            at(*earlier, 59)
        })
    }
}

fn length_of(month: Month, year: i32) -> u8 {
    month.length(year)
}

/// The numbers of a field: `*`, `5`, `1-5`, `MON-FRI`, `0/15`, and lists of them.
fn numbers(text: &str, low: u32, high: u32, names: &[&str]) -> Option<Vec<u32>> {
    let mut found = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let stepped = part.contains('/');
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (number(first, names)?, number(last, names)?),
            None if matches!(range, "*" | "?") => (low, high),
            None => {
                let first = number(range, names)?;
                (first, if stepped { high } else { first })
            }
        };
        if first < low || last > high {
            return None;
        }
        // `FRI-MON` runs over the end of the week.
        let span = if first <= last { last - first } else { high - first + 1 + last - low };
        let width = high - low + 1;
        found.extend((0..=span).step_by(step).map(|offset| low + (first - low + offset) % width));
    }
    Some(found)
}

fn number(text: &str, names: &[&str]) -> Option<u32> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    match named {
        Some(index) => u32::try_from(index + 1).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::format_description::well_known::Rfc3339;

    /// A Friday.
    const NOW: &str = "2026-01-02T03:04:05Z";

    fn last(schedule: &str) -> Option<String> {
        let now = OffsetDateTime::parse(NOW, &Rfc3339).unwrap();
        last_start(schedule, now).map(|start| start.format(&Rfc3339).unwrap())
    }

    fn at(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn daily_and_hourly() {
        assert_eq!(last("cron(0 5 ? * * *)"), at("2026-01-01T05:00:00Z"), "not yet today");
        assert_eq!(last("cron(0 3 * * ? *)"), at("2026-01-02T03:00:00Z"));
        assert_eq!(last("cron(15 * ? * * *)"), at("2026-01-02T02:15:00Z"));
        assert_eq!(last("cron(0/30 1-2,5 ? * * *)"), at("2026-01-02T02:30:00Z"));
        assert_eq!(last("cron(0 0/12 ? * * *)"), at("2026-01-02T00:00:00Z"));
    }

    #[test]
    fn weekly_monthly_and_yearly() {
        assert_eq!(last("cron(0 5 ? * SUN *)"), at("2025-12-28T05:00:00Z"));
        assert_eq!(last("cron(0 5 ? * 2-6 *)"), at("2026-01-01T05:00:00Z"), "1 is Sunday, so Thursday is 5");
        assert_eq!(last("cron(0 1 ? * FRI-SUN *)"), at("2026-01-02T01:00:00Z"));
        assert_eq!(last("cron(0 5 1 * ? *)"), at("2026-01-01T05:00:00Z"));
        assert_eq!(last("cron(0 5 L * ? *)"), at("2025-12-31T05:00:00Z"));
        assert_eq!(last("cron(0 5 ? * 6L *)"), at("2025-12-26T05:00:00Z"));
        assert_eq!(last("cron(0 5 ? * FRI#3 *)"), at("2025-12-19T05:00:00Z"));
        assert_eq!(last("cron(0 5 1 MAR ? *)"), at("2025-03-01T05:00:00Z"));
    }

    #[test]
    fn a_rate_is_at_most_its_interval_ago() {
        assert_eq!(last("rate(12 hours)"), at("2026-01-01T15:04:05Z"));
        assert_eq!(last("rate(1 day)"), at("2026-01-01T03:04:05Z"));
    }

    #[test]
    fn what_is_not_understood_is_none() {
        for schedule in ["", "daily", "cron(0 5 ? * *)", "cron(0 5 1 * MON *)", "cron(61 5 ? * * *)"] {
            assert_eq!(last(schedule), None, "{schedule}");
        }
        assert_eq!(last("cron(0 5 15W * ? *)"), None);
        assert_eq!(last("cron(0 5 ? * * 2020)"), None, "it is over");
        assert_eq!(last("rate(1 fortnight)"), None);
    }
}
