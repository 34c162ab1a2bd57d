//! The estate by component and by region.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stateward_store::{Scored, Tally};

use super::{Outline, Pages, Shell};
use crate::report::ReportError;
use crate::report::html::context;
use crate::report::words::{self, PlaceView};
use crate::result::{Component, Status};

impl Pages {
    /// The components, with what they were in the run before.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn components(
        &self,
        shell: &Shell,
        outline: &Outline,
        tally: &[Tally],
        before: &[Scored],
    ) -> Result<String, ReportError> {
        let score = outline.document.score.as_ref();
        let rows = score.map(|score| {
            score.components.iter().map(|one| component(one, shell, tally, before)).collect::<Vec<_>>()
        });
        let context = json!({
            "rows": rows,
            "criteria": score.map(|score| score.criteria.iter().map(context::criterion).collect::<Vec<_>>()),
            "score": score.map(context::score),
        });
        self.render("components", shell, "Components", context)
    }

    /// The regions, and other places that findings and drift name.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn regions(&self, shell: &Shell, outline: &Outline, tally: &[Tally]) -> Result<String, ReportError> {
        let document = &outline.document;
        let judged = document.verdict.is_some();
        let mut places = words::places(document);
        for one in tally {
            let Some(status) = status(&one.status) else { continue };
            let at = places.iter().position(|place| place.name == one.region).unwrap_or_else(|| {
                places.push(PlaceView {
                    name: &one.region,
                    region: None,
                    statuses: BTreeMap::new(),
                    drifted: 0,
                    errors: 0,
                });
                places.len() - 1
            });
            *places[at].statuses.entry(status).or_default() += one.number;
        }
        let regions = document.scope.regions.len();
        places[regions..].sort_by_key(|place| place.name);
        let card = |place: &PlaceView| {
            let mut card = context::place(place, judged);
            if !place.name.is_empty() {
                card["findings"] = shell.to("/findings", &[("region", place.name)]).into();
                card["differences"] =
                    (place.drifted > 0).then(|| shell.to("/drift", &[("region", place.name)])).into();
            }
            card
        };
        let context = json!({
            "places": places[..regions].iter().map(card).collect::<Vec<_>>(),
            "elsewhere": places[regions..].iter().map(card).collect::<Vec<_>>(),
            "judged": judged,
        });
        self.render("regions", shell, "Regions", context)
    }
}

fn component(of: &Component, shell: &Shell, tally: &[Tally], before: &[Scored]) -> Value {
    let number = |statuses: &[&str]| -> usize {
        let of_it =
            tally.iter().filter(|one| one.component == of.key && statuses.contains(&one.status.as_str()));
        of_it.map(|one| one.number).sum()
    };
    let was = before.iter().find(|one| one.key == of.key);
    let was = was.and_then(|one| one.evidenced.zip(one.possible));
    let is = of.evidenced.zip(of.possible);
    let mut row = context::component(of);
    row["failing"] = words::thousands(number(&["fail", "partial"])).into();
    row["unknown"] = words::thousands(number(&["unknown"])).into();
    row["passing"] = words::thousands(number(&["pass"])).into();
    row["checks"] = words::count(of.checks, "check").into();
    row["was"] = was
        .filter(|was| is.is_none_or(|is| words::range(was.0, was.1) != words::range(is.0, is.1)))
        .map(|was| words::range(was.0, was.1))
        .into();
    row["href"] = shell.to("/findings", &[("component", &of.key)]).into();
    row
}

fn status(word: &str) -> Option<Status> {
    serde_json::from_value(Value::from(word)).ok()
}
