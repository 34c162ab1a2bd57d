//! What stands around every page.

use serde_json::{Map, Value, json};
use stateward_store::RunRow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::query::address;
use crate::report::history::age;
use crate::report::words;

/// A part of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The overview.
    Overview,
    /// The findings.
    Findings,
    /// The drift.
    Drift,
    /// The components.
    Components,
    /// The regions.
    Regions,
    /// The recovery.
    Recovery,
    /// What could not be read.
    Unread,
    /// The runs.
    Runs,
    /// None of them.
    Elsewhere,
}

const SECTIONS: [(Section, &str, &str); 8] = [
    (Section::Overview, "/", "Overview"),
    (Section::Findings, "/findings", "Findings"),
    (Section::Drift, "/drift", "Drift"),
    (Section::Components, "/components", "Components"),
    (Section::Regions, "/regions", "Regions"),
    (Section::Recovery, "/recovery", "Recovery"),
    (Section::Unread, "/unread", "Not read"),
    (Section::Runs, "/runs", "Runs"),
];

/// What is around a page: where it is, which run it shows, and since when.
#[derive(Debug, Clone, Copy)]
pub struct Shell<'a> {
    /// The clock.
    pub now: OffsetDateTime,
    /// Where it is.
    pub section: Section,
    /// The run that is shown.
    pub run: Option<&'a RunRow>,
    /// Whether the address names that run.
    pub pinned: bool,
    /// The estate that the address names.
    pub estate: Option<&'a str>,
    /// The run of the same question that came after the one that is shown.
    pub later: Option<&'a RunRow>,
    /// Whether there is a session to end.
    pub signed_in: bool,
}

impl<'a> Shell<'a> {
    /// Around a page that shows no run.
    pub fn bare(now: OffsetDateTime, section: Section) -> Self {
        Self { now, section, run: None, pinned: false, estate: None, later: None, signed_in: false }
    }

    /// An address of another page about the same run.
    pub(super) fn to(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let mut all = self.carried(path);
        all.extend_from_slice(parameters);
        address(path, &all)
    }

    /// What forms and links pass on: the run that the address names, or the estate. A verification of recovery is no
    /// audit, so that its run leads to no findings and an audit's to no recovery.
    pub(super) fn carried(&self, path: &str) -> Vec<(&'static str, &'a str)> {
        let Some(run) = self.run else {
            return self.estate.map(|estate| ("estate", estate)).into_iter().collect();
        };
        let recovery = run.command == "recover";
        let fits = match path.trim_start_matches('/').split('/').next() {
            Some("recovery") => recovery,
            Some("unread") => true,
            Some("runs" | "compare") => return Vec::new(),
            _ => !recovery,
        };
        match (self.pinned && fits, self.estate) {
            (true, _) => vec![("run", run.id.as_str())],
            (false, Some(estate)) => vec![("estate", estate)],
            (false, None) if self.pinned => vec![("estate", run.estate.as_str())],
            (false, None) => Vec::new(),
        }
    }

    /// How long ago a moment was, in words.
    pub(super) fn ago(&self, moment: &str) -> Option<String> {
        let then = OffsetDateTime::parse(moment, &Rfc3339).ok()?;
        let seconds = u64::try_from((self.now - then).whole_seconds()).ok()?;
        Some(if seconds < 60 { "just now".to_owned() } else { format!("{} ago", age(seconds)) })
    }

    pub(super) fn context(&self, title: &str) -> Map<String, Value> {
        let nav: Vec<Value> = SECTIONS
            .iter()
            .map(|(section, path, title)| {
                json!({ "title": title, "href": self.to(path, &[]), "here": *section == self.section })
            })
            .collect();
        let shown = self.run.map(|run| {
            json!({
                "id": run.id,
                "short": short(&run.id),
                "href": format!("/runs/{}", run.id),
                "estate": run.estate,
                "command": run.command,
                "as_of": run.as_of.as_deref().map(words::moment),
                "ago": run.as_of.as_deref().and_then(|moment| self.ago(moment)),
            })
        });
        let later = self.later.filter(|_| self.pinned).map(|run| {
            json!({ "href": format!("/runs/{}", run.id), "as_of": run.as_of.as_deref().map(words::moment) })
        });
        let all = json!({
            "page_title": title,
            "nav": nav,
            "shown": shown,
            "later_run": later,
            "signed_in": self.signed_in,
            "version": env!("CARGO_PKG_VERSION"),
        });
        match all {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

/// Letters of an id that tell runs apart.
pub(super) fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// A text that is long, with its beginning only.
pub(super) fn clipped(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The links of a list with several pages.
pub(super) fn pager(page: usize, rows: usize, total: usize, to: &dyn Fn(usize) -> String) -> Value {
    let pages = total.div_ceil(super::ROWS).max(1);
    let first = (page - 1) * super::ROWS + 1;
    json!({
        "page": page,
        "pages": pages,
        "first": words::thousands(first),
        "last": words::thousands(first + rows.saturating_sub(1)),
        "total": words::thousands(total),
        "beyond": rows == 0 && total > 0,
        "before": (page > 1).then(|| to((page - 1).min(pages))),
        "after": (page < pages).then(|| to(page + 1)),
    })
}

/// An entry of a choice.
pub(super) fn entry(value: &str, title: &str, chosen: Option<&str>) -> Value {
    json!({ "value": value, "title": title, "chosen": chosen.unwrap_or_default() == value })
}
