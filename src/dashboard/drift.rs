//! Drift: a list that is narrowed down and paged, and one difference with its attributes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stateward_store::DriftCounts;

use super::route::STANDINGS;
use super::shell::{clipped, entry, pager};
use super::{DriftAsked, Outline, Pages, ROWS, Shell};
use crate::report::html::context;
use crate::report::{ReportError, history, who, words};
use crate::result::{Drift, DriftItem, Who};

/// Letters of a name in a list.
const NAME: usize = 160;
/// Lines of a list beside the differences.
const LINES: usize = 50;

/// The counts with the classes and their titles, in sync first.
pub(super) fn counts(of: &DriftCounts) -> [(&'static str, &'static str, usize); 7] {
    [
        ("in_sync", "In sync", of.in_sync),
        ("changed", "Changed", of.changed),
        ("missing", "Missing", of.missing),
        ("unmanaged", "Unmanaged", of.unmanaged),
        ("conflict", "In conflict", of.conflict),
        ("ghost", "Ghost", of.ghost),
        ("unknown", "Not compared", of.unknown),
    ]
}

fn is_asked_for(item: &DriftItem, asked: &DriftAsked) -> bool {
    let is = |wanted: Option<&str>, found: Option<&str>| wanted.is_none_or(|wanted| found == Some(wanted));
    is(asked.class, Some(&item.class))
        && is(asked.label.as_deref(), item.label.as_deref())
        && is(asked.region.as_deref(), Some(&item.region))
        && is(asked.account.as_deref(), Some(&item.account))
        && is(asked.standing, item.standing.as_ref().map(|standing| standing.state.word()))
        && holds(item, &asked.words)
}

/// Whether all words are in what an item is called, what changed and who did it; in any order, as parts of words too.
fn holds(item: &DriftItem, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let who = item.who.as_ref();
    let mut text: Vec<&str> = vec![&item.kind, &item.id, &item.account, &item.region, &item.class];
    let more = [&item.address, &item.owner, &item.state, &item.arn, &item.name, &item.label, &item.creator];
    text.extend(more.into_iter().flatten().map(String::as_str));
    text.extend(who.and_then(|who| who.actor.as_deref()));
    text.extend(who.and_then(|who| who.event.as_deref()));
    text.extend(item.changes.iter().map(|change| change.path.as_str()));
    let text = text.join(" ").to_lowercase();
    words.iter().all(|word| text.contains(&word.to_lowercase()))
}

/// Who did it and when, for a list.
fn by(who: Option<&Who>) -> Option<Value> {
    let who = who.filter(|who| who.actor.is_some())?;
    Some(json!({
        "actor": who.actor.as_deref().map(|actor| clipped(actor, 80)),
        "time": who.time.as_deref().map(words::moment),
        "confidence": who.confidence,
    }))
}

/// What a list says of a difference.
pub(super) fn row(item: &DriftItem, shell: &Shell) -> Value {
    let label = item.label.as_deref().filter(|label| *label != "other");
    let first = item.standing.as_ref().map(|standing| standing.first_seen.as_str());
    let paths: Vec<&str> = item.changes.iter().map(|change| change.path.as_str()).collect();
    let class = words::CLASSES.iter().find(|(class, ..)| *class == item.class);
    json!({
        "href": shell.to(&format!("/drift/{}", item.fingerprint), &[]),
        "subject": clipped(words::item_title(item), NAME),
        "name": item.name.as_ref().filter(|name| **name != item.id).map(|name| clipped(name, NAME)),
        "owner": item.owner.as_deref().map(|owner| clipped(owner, NAME)),
        "class": class.map_or(item.class.as_str(), |(_, title, _)| title),
        "class_key": item.class,
        "label": label,
        "label_kind": label.map(context::label_kind),
        "accepted": item.accepted.is_some(),
        "paths": clipped(&paths.join(", "), NAME),
        "where": words::whereabouts(&item.kind, &item.region, &item.account),
        "who": by(item.who.as_ref()),
        "standing": item.standing.as_ref().map(|standing| standing.state.word()),
        "since": first.map(words::moment),
        "ago": first.and_then(|first| shell.ago(first)),
    })
}

fn values<'i>(
    items: &'i [DriftItem],
    field: impl Fn(&'i DriftItem) -> &'i str,
    chosen: Option<&str>,
) -> Vec<Value> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for item in items {
        *numbers.entry(field(item)).or_default() += 1;
    }
    if let Some(chosen) = chosen {
        numbers.entry(chosen).or_default();
    }
    let mut entries = vec![entry("", "All", chosen)];
    entries.extend(numbers.into_iter().filter(|(value, _)| !value.is_empty()).map(|(value, number)| {
        entry(value, &format!("{} ({})", clipped(value, 60), words::thousands(number)), chosen)
    }));
    entries
}

impl Pages {
    /// The list of differences.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn drift(&self, shell: &Shell, asked: &DriftAsked, outline: &Outline) -> Result<String, ReportError> {
        let document = &outline.document;
        let Some(drift) = &document.drift else {
            let context = json!({ "not_compared": words::not_compared(document) });
            return self.render("drift", shell, "Drift", context);
        };
        let found: Vec<&DriftItem> = words::classes(drift)
            .into_iter()
            .flat_map(|(.., items)| items)
            .filter(|item| is_asked_for(item, asked))
            .collect();
        let page: Vec<&&DriftItem> = found.iter().skip((asked.page - 1) * ROWS).take(ROWS).collect();
        let words = asked.words.join(" ");
        let to = |page: usize| {
            let page = page.to_string();
            let (label, region) =
                (asked.label.clone().unwrap_or_default(), asked.region.clone().unwrap_or_default());
            let account = asked.account.clone().unwrap_or_default();
            let parameters = [
                ("class", asked.class.unwrap_or_default()),
                ("label", label.as_str()),
                ("standing", asked.standing.unwrap_or_default()),
                ("region", region.as_str()),
                ("account", account.as_str()),
                ("q", words.as_str()),
                ("page", page.as_str()),
            ];
            shell.to("/drift", &parameters)
        };
        let mut classes = vec![entry("", "All", asked.class)];
        classes.extend(words::CLASSES.iter().map(|(class, title, _)| entry(class, title, asked.class)));
        let mut standings = vec![entry("", "All", asked.standing)];
        standings.extend(STANDINGS.iter().map(|word| entry(word, &words::capital(word), asked.standing)));
        let items = &drift.items;
        let context = json!({
            "rows": page.iter().map(|item| row(item, shell)).collect::<Vec<_>>(),
            "pager": pager(asked.page, page.len(), found.len(), &to),
            "total": words::count(found.len(), "difference"),
            "all": words::count(items.len(), "difference"),
            "any": !items.is_empty(),
            "counts": summary(drift, shell),
            "managed": words::share(drift.summary.coverage),
            "said": history::since(drift).into_iter().chain(history::accepted(drift)).collect::<Vec<_>>(),
            "unread_states": drift.unread_states.iter().take(LINES).collect::<Vec<_>>(),
            "sections": history::sections(drift).iter().map(section).collect::<Vec<_>>(),
            "suppressed": words::by_rule(drift)
                .into_iter()
                .map(|(rule, places)| json!([words::rule(rule), words::thousands(places.len())]))
                .collect::<Vec<_>>(),
            "carried": shell.carried("/drift"),
            "clear": shell.to("/drift", &[]),
            "classes": classes,
            "standings": standings,
            "labels": values(items, |item| item.label.as_deref().unwrap_or_default(), asked.label.as_deref()),
            "regions": values(items, |item| &item.region, asked.region.as_deref()),
            "accounts": values(items, |item| &item.account, asked.account.as_deref()),
            "words": words,
        });
        self.render("drift", shell, "Drift", context)
    }

    /// One difference with its attributes; `since` is the as-of time of the first run that had it as it is.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn difference(
        &self,
        shell: &Shell,
        item: &DriftItem,
        outline: &Outline,
    ) -> Result<String, ReportError> {
        let subject = words::item_title(item);
        let class = words::CLASSES.iter().find(|(class, ..)| *class == item.class);
        let standing = item.standing.as_ref();
        let loose: BTreeSet<&str> = item.changes.iter().map(|change| change.label.as_str()).collect();
        let context = json!({
            "item": context::drift_item(item, true),
            "subject": subject,
            "class": class.map_or(item.class.as_str(), |(_, title, _)| title),
            "meaning": class.map(|(.., meaning)| *meaning),
            "loosens": loose.contains(words::LOOSENING) || item.label.as_deref() == Some(words::LOOSENING),
            "first_seen": standing.map(|standing| words::moment(&standing.first_seen)),
            "first_seen_ago": standing.and_then(|standing| shell.ago(&standing.first_seen)),
            "who": who::sentence(item),
            "event": item.who.as_ref().filter(|who| who.event.is_some()),
            "event_time": item.who.as_ref().and_then(|who| who.time.as_deref()).map(words::moment),
            "no_import": item.no_import,
            "definition": item.definition.as_ref().map(|at| match at.line {
                Some(line) => format!("{}:{line}", at.file),
                None => at.file.clone(),
            }),
            "breaks": item.breaks.iter().map(|check| json!({
                "check": check,
                "href": shell.to("/findings", &[("check", check), ("status", "all")]),
            })).collect::<Vec<_>>(),
            "asked_who": outline.document.drift.as_ref().is_some_and(|drift| drift.items.iter().any(|it| it.who.is_some())),
            "list": shell.to("/drift", &[]),
        });
        self.render("difference", shell, &format!("Drift of {subject}"), context)
    }
}

fn summary(drift: &Drift, shell: &Shell) -> Vec<Value> {
    let sum = &drift.summary;
    let counts = counts(&DriftCounts {
        in_sync: sum.in_sync,
        changed: sum.changed,
        missing: sum.missing,
        unmanaged: sum.unmanaged,
        ghost: sum.ghost,
        conflict: sum.conflict,
        unknown: sum.unknown,
        ..DriftCounts::default()
    });
    let guess = !drift.unread_states.is_empty();
    counts
        .into_iter()
        .map(|(class, title, number)| {
            json!({
                "title": if class == "unmanaged" && guess { "Possibly unmanaged" } else { title },
                "number": words::thousands(number),
                "zero": number == 0,
                "href": (class != "in_sync" && number > 0).then(|| shell.to("/drift", &[("class", class)])),
            })
        })
        .collect()
}

fn section(of: &history::Section) -> Value {
    let shown = of.lines.iter().take(LINES);
    json!({
        "title": of.title,
        "meaning": of.meaning,
        "number": words::thousands(of.lines.len()),
        "lines": shown
            .map(|line| json!({ "subject": clipped(&line.subject, NAME), "said": clipped(&line.said, 400) }))
            .collect::<Vec<_>>(),
        "more": of.lines.len().saturating_sub(LINES),
    })
}
