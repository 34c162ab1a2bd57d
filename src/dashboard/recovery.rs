//! The verification of recovery, as the brief has it, with what would make a page long left to the result.

use serde_json::json;

use super::runs::answer;
use super::{Outline, Pages, Shell};
use crate::report::html::recovery;
use crate::report::{ReportError, words};
use crate::result::Recovery;

/// Resources that are shown of all scenarios together.
const RESOURCES: usize = 120;
/// Lines of each list.
const LINES: usize = 12;
/// Workloads whose drawing is shown.
const DRAWN: usize = 3;

impl Pages {
    /// The verification of recovery.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn recovery(&self, shell: &Shell, outline: &Outline) -> Result<String, ReportError> {
        let document = &outline.document;
        let Some(found) = &document.recovery else {
            return self.no_recovery(shell);
        };
        let (shown, left_out) = shortened(found.clone());
        let verdict = document.verdict.as_ref();
        let (words_of, kind) = shell.run.map_or((String::new(), "open"), |run| answer(run, shell.now));
        let context = json!({
            "recovery": recovery::of(&shown),
            "left_out": (left_out > 0).then(|| words::count(left_out, "line")),
            "subject": words::subject(document),
            "answer": {
                "words": words_of,
                "kind": kind,
                "reasons": verdict.map(|verdict| verdict.reasons.iter().take(LINES).collect::<Vec<_>>()),
            },
            "result": shell.run.map(|run| format!("/runs/{}/result.json", run.id)),
        });
        self.render("recovery", shell, "Recovery", context)
    }

    /// The page where no recovery was verified.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn no_recovery(&self, shell: &Shell) -> Result<String, ReportError> {
        self.render("recovery", shell, "Recovery", json!({ "recovery": null }))
    }
}

/// What fits on a page, and how many resources and lines do not.
fn shortened(mut of: Recovery) -> (Recovery, usize) {
    let each = (RESOURCES / of.scenarios.len().max(1)).max(4);
    let mut left_out = 0;
    let mut cut = |length: usize, most: usize| {
        left_out += length.saturating_sub(most);
        most
    };
    for one in &mut of.scenarios {
        one.resources.truncate(cut(one.resources.len(), each));
        one.gates.truncate(cut(one.gates.len(), LINES));
        one.unread.truncate(cut(one.unread.len(), LINES));
        one.advice.truncate(cut(one.advice.len(), LINES));
        one.flows.truncate(cut(one.flows.len(), LINES));
        one.critical_path.truncate(cut(one.critical_path.len(), RESOURCES));
    }
    for one in of.workloads.iter_mut().skip(DRAWN) {
        one.graph = None;
    }
    of.rehearsals.truncate(cut(of.rehearsals.len(), LINES * 2));
    of.assumptions.truncate(cut(of.assumptions.len(), RESOURCES));
    (of, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::sample;

    #[test]
    fn what_is_left_out_is_counted() {
        let (_, found) = sample::all().into_iter().find(|(_, it)| it.recovery.is_some()).unwrap();
        let mut found = found.recovery.unwrap();
        let (same, none) = shortened(found.clone());
        assert_eq!((same.scenarios.len(), none), (found.scenarios.len(), 0));
        let one = found.scenarios.iter_mut().find(|it| !it.resources.is_empty()).unwrap();
        let more = one.resources[0].clone();
        let there = one.resources.len();
        one.resources.extend(std::iter::repeat_n(more, 1_000));
        let scenarios = found.scenarios.len();
        let (short, left_out) = shortened(found);
        assert_eq!(left_out, 1_000 + there - (RESOURCES / scenarios).max(4));
        assert!(short.scenarios.iter().all(|it| it.resources.len() <= RESOURCES));
    }
}
