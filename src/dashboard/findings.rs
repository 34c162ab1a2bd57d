//! Findings: a list that is narrowed down and paged, and one of them with its evidence and its repair.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stateward_store::{Found, Tally};

use super::route::{SEVERITIES, STATUSES};
use super::shell::{clipped, entry, pager};
use super::{FindingsAsked, Pages, Shell};
use crate::report::ReportError;
use crate::report::html::context;
use crate::report::words::{self, Group};
use crate::result::{Component, Finding};

/// Letters of a name in a list.
const NAME: usize = 160;

impl FindingsAsked {
    /// The statuses that are let through; none for all.
    pub fn statuses(&self) -> &'static [&'static str] {
        match self.status {
            None | Some("open") => &["fail", "partial", "unknown"],
            Some("all") => &[],
            Some(one) => {
                let at = STATUSES.iter().position(|word| *word == one).unwrap_or(0);
                &STATUSES[at..=at]
            }
        }
    }

    /// The severities that are let through; none for all.
    pub fn severities(&self) -> &'static [&'static str] {
        let at = self.severity.and_then(|one| SEVERITIES.iter().position(|word| *word == one));
        at.map_or(&[], |at| &SEVERITIES[at..=at])
    }

    /// How many findings are let through, where counts alone tell.
    pub fn counted(&self, tally: &[Tally]) -> Option<usize> {
        if !self.words.is_empty() || self.only_new {
            return None;
        }
        let (statuses, severities) = (self.statuses(), self.severities());
        let is =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        let of = |one: &&Tally| {
            (statuses.is_empty() || statuses.contains(&one.status.as_str()))
                && (severities.is_empty() || severities.contains(&one.severity.as_str()))
                && is(&self.component, &one.component)
                && is(&self.region, &one.region)
                && is(&self.account, &one.account)
                && is(&self.check, &one.check)
        };
        Some(tally.iter().filter(of).map(|one| one.number).sum())
    }
}

/// How a status is said, and how good it is.
pub(super) fn status(word: &str) -> (&'static str, &'static str) {
    match word {
        "fail" => ("fails", "stop"),
        "partial" => ("partial", "stop"),
        "unknown" => ("unknown", "open"),
        "waived" => ("waived", "waived"),
        "pass" => ("passes", "go"),
        _ => ("does not apply", "none"),
    }
}

/// What a list says of a finding.
pub(super) fn row(of: &Found, shell: &Shell) -> Value {
    let finding = &of.finding;
    let (words, kind) = status(&finding.status);
    let id =
        if finding.resource == "*" { "whatever the listing would have shown" } else { &finding.resource };
    let subject = finding.address.as_deref().unwrap_or(id);
    json!({
        "href": shell.to(&format!("/findings/{}", finding.fingerprint), &[]),
        "check": finding.check,
        "title": of.title.as_deref().map_or_else(|| finding.check.clone(), |title| clipped(title, NAME)),
        "severity": finding.severity,
        "status": words,
        "kind": kind,
        "subject": clipped(subject, NAME),
        "name": of.name.as_deref().filter(|name| *name != subject).map(|name| clipped(name, NAME)),
        "where": words::whereabouts(&finding.kind, &finding.region, &finding.account),
        "since": finding.since.as_deref().map(words::moment),
        "ago": finding.since.as_deref().and_then(|since| shell.ago(since)),
    })
}

/// Values of a field with their numbers, as entries of a choice.
fn values<'t>(tally: &'t [Tally], field: fn(&'t Tally) -> &'t str, chosen: Option<&str>) -> Vec<Value> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for one in tally {
        *numbers.entry(field(one)).or_default() += one.number;
    }
    // What was asked for stays in the form, also where there is none of it.
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
    /// The list of findings.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn findings(
        &self,
        shell: &Shell,
        asked: &FindingsAsked,
        rows: &[Found],
        total: usize,
        tally: &[Tally],
        components: &[Component],
    ) -> Result<String, ReportError> {
        let words = asked.words.join(" ");
        let to = |page: usize| {
            let page = page.to_string();
            let text = |value: &'_ Option<String>| value.clone().unwrap_or_default();
            let (component, region) = (text(&asked.component), text(&asked.region));
            let (account, check) = (text(&asked.account), text(&asked.check));
            let parameters = [
                ("status", asked.status.unwrap_or_default()),
                ("severity", asked.severity.unwrap_or_default()),
                ("component", component.as_str()),
                ("region", region.as_str()),
                ("account", account.as_str()),
                ("check", check.as_str()),
                ("q", words.as_str()),
                ("new", if asked.only_new { "1" } else { "" }),
                ("page", page.as_str()),
            ];
            shell.to("/findings", &parameters)
        };
        let title = |key: &str| {
            components
                .iter()
                .find(|one| one.key == key)
                .map_or_else(|| key.to_owned(), |one| one.title.clone())
        };
        let mut of_component = values(tally, |one| &one.component, asked.component.as_deref());
        for one in &mut of_component {
            let key = one["value"].as_str().unwrap_or_default().to_owned();
            if !key.is_empty() {
                one["title"] = title(&key).into();
            }
        }
        let statuses: Vec<Value> = STATUSES
            .iter()
            .map(|word| {
                let title = match *word {
                    "open" => "Failing or unknown",
                    "fail" => "Failing",
                    "partial" => "Partial",
                    "unknown" => "Unknown",
                    "waived" => "Waived",
                    "pass" => "Passing",
                    "not_applicable" => "Does not apply",
                    _ => "All",
                };
                entry(word, title, Some(asked.status.unwrap_or("open")))
            })
            .collect();
        let mut severities = vec![entry("", "All", asked.severity)];
        severities.extend(SEVERITIES.iter().map(|word| entry(word, &words::capital(word), asked.severity)));
        let all: usize = tally.iter().map(|one| one.number).sum();
        let context = json!({
            "rows": rows.iter().map(|found| row(found, shell)).collect::<Vec<_>>(),
            "pager": pager(asked.page, rows.len(), total, &to),
            "total": words::count(total, "finding"),
            "all": words::count(all, "finding"),
            "any": all > 0,
            "carried": shell.carried("/findings"),
            "clear": shell.to("/findings", &[]),
            "statuses": statuses,
            "severities": severities,
            "components": of_component,
            "regions": values(tally, |one| &one.region, asked.region.as_deref()),
            "accounts": values(tally, |one| &one.account, asked.account.as_deref()),
            "checks": values(tally, |one| &one.check, asked.check.as_deref()),
            "words": words,
            "only_new": asked.only_new,
        });
        self.render("findings", shell, "Findings", context)
    }

    /// One finding.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn finding(&self, shell: &Shell, finding: &Finding) -> Result<String, ReportError> {
        let alone = Group {
            check: &finding.check,
            title: &finding.title,
            severity: &finding.severity,
            points_lost: finding.points_lost,
            findings: vec![finding],
        };
        let word = serde_json::to_value(finding.status)?;
        let (words, kind) = status(word.as_str().unwrap_or_default());
        let subject =
            finding.resource.address.as_deref().unwrap_or_else(|| words::resource_id(&finding.resource));
        let definition = finding.resource.definition.as_ref();
        let context = json!({
            "group": context::group(&alone),
            "item": context::finding(finding, true),
            "subject": subject,
            "status": words,
            "kind": kind,
            "severity": finding.severity,
            "was_severity": finding.check_severity,
            "category": finding.category,
            "definition": definition.map(|at| match at.line {
                Some(line) => format!("{}:{line}", at.file),
                None => at.file.clone(),
            }),
            "list": shell.to("/findings", &[]),
            "same_check": shell.to("/findings", &[("check", &finding.check), ("status", "all")]),
            "same_resource": shell.to("/findings", &[("q", subject), ("status", "all")]),
        });
        self.render("finding", shell, &format!("{}: {subject}", finding.title), context)
    }
}
