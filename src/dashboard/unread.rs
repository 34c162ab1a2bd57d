//! What could not be read, and what that leaves open.

use serde_json::{Value, json};
use stateward_store::Tally;

use super::shell::clipped;
use super::{Outline, Pages, ROWS, Shell};
use crate::report::html::context;
use crate::report::{ReportError, words};
use crate::result::Outcome;

/// Places and checks of one operation that are named.
const NAMED: usize = 12;

impl Pages {
    /// What could not be read.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn unread(&self, shell: &Shell, outline: &Outline, tally: &[Tally]) -> Result<String, ReportError> {
        let document = &outline.document;
        let unread = words::unread(document);
        let rows: Vec<Value> = unread
            .iter()
            .take(ROWS)
            .map(|one| {
                let mut row = context::error(one);
                row["message"] = clipped(&one.error.message, 500).into();
                for key in ["places", "checks", "types"] {
                    let named = row[key].as_array().map_or(0, Vec::len);
                    row[format!("more_{key}")] = named.saturating_sub(NAMED).into();
                    if let Some(list) = row[key].as_array_mut() {
                        list.truncate(NAMED);
                    }
                }
                row
            })
            .collect();
        let unknown: usize = tally.iter().filter(|one| one.status == "unknown").map(|one| one.number).sum();
        let scope = &document.scope;
        let accounts = scope.accounts.iter().map(|it| ("account", &it.id, it.outcome, it.reason.clone()));
        let states = scope.states.iter().map(|it| ("state", &it.uri, it.outcome, it.reason.clone()));
        let services = scope.services.iter().map(|it| ("service", &it.name, it.outcome, None));
        let regions = scope.regions.iter().map(|it| ("region", &it.name, it.outcome, None));
        let parts: Vec<Value> = accounts
            .chain(regions)
            .chain(states)
            .chain(services)
            .filter(|(.., outcome, _)| *outcome != Outcome::Read)
            .take(ROWS)
            .map(|(sort, name, outcome, reason)| {
                json!({
                    "sort": words::capital(sort),
                    "name": name,
                    "outcome": words::outcome_with(outcome, reason.as_deref()),
                    "kind": if outcome == Outcome::Partial { "warn" } else { "bad" },
                })
            })
            .collect();
        let drift = document.drift.as_ref();
        let context = json!({
            "rows": rows,
            "more": unread.len().saturating_sub(ROWS),
            "permissions": context::permissions(document),
            "unknown": words::count(unknown, "finding"),
            "any_unknown": unknown > 0,
            "unknown_href": shell.to("/findings", &[("status", "unknown")]),
            "not_compared": drift.map_or(0, |drift| drift.summary.unknown),
            "not_compared_href": shell.to("/drift", &[("class", "unknown")]),
            "parts": parts,
            "left_out": words::left_out(document),
            "cost": words::cost(document),
        });
        self.render("unread", shell, "What could not be read", context)
    }
}
