//! The words for drift over time, for what is accepted and for who made what is unmanaged, shared by all formats for
//! people.

use std::collections::BTreeMap;

use super::words::{count, moment};
use crate::result::{
    AcceptanceUse, Drift, DriftChange, DriftItem, Past, Standing, StandingState, UnmanagedGroup,
};

/// Groups of one sort that are named; the JSON result has them all.
const NAMED: usize = 10;

/// A list beside the classes.
#[derive(Debug)]
pub struct Section {
    /// Its title.
    pub title: &'static str,
    /// What it means, a sentence without its point; empty where the title says it.
    pub meaning: &'static str,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line of a list.
#[derive(Debug)]
pub struct Line {
    /// What it is about: an address, an id, the subject of an acceptance.
    pub subject: String,
    /// What is said of it.
    pub said: String,
}

/// The sentence on the previous result, where one was given.
pub fn since(drift: &Drift) -> Option<String> {
    let since = drift.since.as_ref()?;
    if let Some(note) = &since.note {
        return Some(format!("Not held against the previous result: {note}."));
    }
    let counts = [
        (since.new, "new"),
        (since.returned, "returned"),
        (since.continuing, "continuing"),
        (since.resolved, "resolved"),
        (since.unseen, "not seen this time"),
    ];
    // What could not be seen is worth a word only where there is any.
    let counts = counts.iter().filter(|(number, word)| *number > 0 || *word != "not seen this time");
    let counts: Vec<String> = counts.map(|(number, word)| format!("{number} {word}")).collect();
    Some(format!("Since {}: {}.", moment(&since.as_of), counts.join(", ")))
}

/// The sentence on what is accepted, where anything is.
pub fn accepted(drift: &Drift) -> Option<String> {
    match drift.summary.accepted {
        0 => None,
        1 => Some("1 of them is accepted, and does not count for the exit code.".to_owned()),
        number => Some(format!("{number} of them are accepted, and do not count for the exit code.")),
    }
}

/// How an item stands in time, for a mark beside its title.
pub fn standing(of: &Standing) -> String {
    match (of.state, &of.last_resolved) {
        (StandingState::Continuing, _) => format!("continuing for {}", age(of.age_s)),
        (StandingState::Returned, Some(last)) => format!("returned, was resolved on {}", moment(last)),
        (state, _) => state.word().to_owned(),
    }
}

/// The same of one change, where the item as a whole does not say it.
pub fn change_standing(item: &DriftItem, change: &DriftChange) -> Option<&'static str> {
    let state = change.standing.as_ref()?.state;
    (item.changes.len() > 1 && state != StandingState::Continuing).then(|| state.word())
}

/// Who accepted an item, and until when.
pub fn acceptance(item: &DriftItem) -> Option<String> {
    let accepted = item.accepted.as_ref()?;
    Some(format!("accepted by {} until {}: {}", accepted.owner, accepted.expires, accepted.reason))
}

/// Who made an unmanaged object, and when.
pub fn origin(item: &DriftItem) -> Option<String> {
    let by = item.creator.as_ref().map(|creator| format!("by {creator}"));
    let at = item.created_at.as_ref().map(|time| format!("on {}", moment(time)));
    let said: Vec<String> = by.into_iter().chain(at).collect();
    (!said.is_empty()).then(|| format!("made {}", said.join(" ")))
}

/// A time span in its largest whole unit.
pub fn age(seconds: u64) -> String {
    let (unit, noun) = match seconds {
        0..3_600 => (60, "minute"),
        3_600..172_800 => (3_600, "hour"),
        _ => (86_400, "day"),
    };
    let number = seconds / unit;
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The lists beside the classes; those that are empty are left out.
pub fn sections(drift: &Drift) -> Vec<Section> {
    let section = |title, meaning, lines| Section { title, meaning, lines };
    let perpetual = drift.perpetual.iter().map(|one| Line {
        subject: format!("{} {}", one.address, one.path),
        said: format!("{}: differed at serial {} and at serial {}", one.rule, one.serial_before, one.serial),
    });
    let sections = [
        section(
            "Resolved",
            "Found by earlier runs, and proved gone; kept for 90 days",
            drift.resolved.iter().map(resolved).collect(),
        ),
        section(
            "Not seen this time",
            "Found by earlier runs, and not proved gone",
            drift.unseen.iter().map(unseen).collect(),
        ),
        section(
            "Perpetual differences",
            "The state was written again and the live value stayed as it was, so applying does not end them",
            perpetual.collect(),
        ),
        section("Acceptances", "", drift.acceptances.iter().map(usage).collect()),
        section("Unmanaged objects by what they share", "", groups(&drift.unmanaged_groups)),
    ];
    sections.into_iter().filter(|section| !section.lines.is_empty()).collect()
}

fn past(of: &Past) -> String {
    let name = of.address.as_ref().unwrap_or(&of.id);
    let path =
        of.path.as_ref().filter(|_| of.owner.is_none()).map(|path| format!(" {path}")).unwrap_or_default();
    format!("{name}{path}")
}

fn resolved(of: &Past) -> Line {
    let at = of.resolved_at.as_deref().map(moment).unwrap_or_default();
    let said = format!("{}, first seen {}; resolved {at}: {}", of.class, moment(&of.first_seen), of.why);
    Line { subject: past(of), said }
}

fn unseen(of: &Past) -> Line {
    let label = of.label.as_ref().filter(|label| *label != "other").map(|label| format!(" [{label}]"));
    let said = format!(
        "{}{}, first seen {}, last seen {}; {}",
        of.class,
        label.unwrap_or_default(),
        moment(&of.first_seen),
        moment(&of.last_seen),
        of.why
    );
    Line { subject: past(of), said }
}

fn usage(of: &AcceptanceUse) -> Line {
    let outcome = match of.outcome.as_str() {
        "idle" => "covers nothing".to_owned(),
        "expired" => format!("expired, so {} again", count_again(of.covers)),
        _ => format!("covers {}", count(of.covers, "difference")),
    };
    let note = of.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
    let said = format!(
        "{outcome}{note} · until {} · owner {} · {} · {}",
        of.expires, of.owner, of.reason, of.origin
    );
    Line { subject: of.subject.clone(), said }
}

fn count_again(number: usize) -> String {
    match number {
        0 => "nothing counts".to_owned(),
        1 => "1 difference counts".to_owned(),
        more => format!("{} count", count(more, "difference")),
    }
}

fn groups(of: &[UnmanagedGroup]) -> Vec<Line> {
    const TITLES: [(&str, &str); 5] = [
        ("creator", "By creator"),
        ("day", "By day of creation"),
        ("type", "By type"),
        ("tag", "By tag"),
        ("managed_elsewhere", "Managed elsewhere, and left aside"),
    ];
    let mut by: BTreeMap<&str, Vec<&UnmanagedGroup>> = BTreeMap::new();
    for group in of {
        by.entry(&group.by).or_default().push(group);
    }
    let line = |(key, title): &(&str, &str)| {
        let mut groups = by.get(key)?.clone();
        if *key != "day" {
            groups.sort_by_key(|group| std::cmp::Reverse(group.objects));
        }
        let mut said: Vec<String> =
            groups.iter().take(NAMED).map(|group| format!("{}: {}", group.name, group.objects)).collect();
        if let Some(more) = groups.len().checked_sub(NAMED).filter(|more| *more > 0) {
            said.push(format!("{more} more in the JSON result"));
        }
        Some(Line { subject: (*title).to_owned(), said: said.join("; ") })
    };
    TITLES.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Look, find};
    use crate::result::sample;

    #[test]
    fn ages_are_said_in_their_largest_unit() {
        let said = [90, 3_600, 90_000, 172_800, 864_000].map(age);
        assert_eq!(said, ["1 minute", "1 hour", "25 hours", "2 days", "10 days"]);
    }

    #[test]
    fn nothing_is_said_without_a_previous_result_or_an_acceptance() {
        let drift = sample::no_go().drift.unwrap();
        assert!(since(&drift).is_none() && accepted(&drift).is_none() && sections(&drift).is_empty());
    }

    #[test]
    fn every_format_tells_the_time() {
        let document = sample::over_time();
        for name in ["table", "markdown", "csv", "jsonl"] {
            let text = (find(name).unwrap().render)(&document, &Look::default()).unwrap();
            insta::assert_snapshot!(format!("over-time-{name}"), text);
        }
        let html = (find("html").unwrap().render)(&document, &Look::default()).unwrap();
        for words in
            ["1 new, 1 returned", "continuing for 9 days", "accepted by ", "Not seen this time", "By creator"]
        {
            assert!(html.contains(words), "{words}");
        }
    }

    #[test]
    fn nothing_in_a_list_breaks_out_of_its_format() {
        let mut document = sample::over_time();
        let nasty = "</details><script>alert(1)</script> | `x` \u{202e}\u{1b}[31m";
        let drift = document.drift.as_mut().unwrap();
        for past in drift.resolved.iter_mut().chain(&mut drift.unseen) {
            (past.why, past.id, past.address) = (nasty.into(), nasty.into(), None);
        }
        drift.acceptances[0].reason = nasty.into();
        drift.unmanaged_groups[0].name = nasty.into();
        for item in &mut drift.items {
            if let Some(accepted) = &mut item.accepted {
                accepted.reason = nasty.into();
            }
            item.creator = Some(nasty.into());
        }
        for name in ["table", "markdown", "html", "csv"] {
            let text = (find(name).unwrap().render)(&document, &Look::default()).unwrap();
            assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'), "{name}");
            assert!(name != "html" || !text.contains("<script"));
        }
    }
}
