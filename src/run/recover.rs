//! `stateward recover`: profile → collect → verify → report.

use stateward::audit::{Question, evaluate};
use stateward::plan::Selection;
use stateward::report::explain;

use super::history::stored;
use super::ledger::{Asked, Ledger, noted};
use super::progress::Progress;
use super::{Outputs, Outside, estate, finish, new_run, nothing_read, output, profile};
use crate::cli::{self, RecoverFailOn};

/// Runs the command; the exit code.
///
/// # Errors
/// Whatever keeps the run from starting or from writing its result.
pub fn recover(recover: &cli::Recover, outside: &Outside) -> anyhow::Result<u8> {
    let (profile, _) = profile(&recover.profile, &recover.source.region, Some(&recover.live))?;
    if recover.profile.print_profile {
        return output::print(&profile.to_toml());
    }
    let selection = Selection::default();
    let mut outputs = Outputs::open(&recover.output.reports)?;
    let named = recover.previous.as_deref().map(stored).transpose()?;
    let asked = Asked { states: Some(&recover.states), live: Some(&recover.live), ..Asked::default() };
    // An explanation is no run.
    let mut ledger = match recover.explain {
        Some(_) => None,
        None => Ledger::open(&recover.store, &profile, "recover", &asked, outside)?,
    };
    let previous = match (named, &ledger) {
        (None, Some(ledger)) => ledger.previous()?,
        (named, _) => named,
    };
    let question = Question { previous: previous.as_ref(), ..Question::recovery(&profile, &selection) };
    let document = noted(&mut ledger, &profile, outside, |ledger| {
        let progress = Progress::of(ledger.as_ref());
        let (snapshot, as_of) =
            estate(&question, &recover.states, &recover.source, &recover.live, &progress, outside)?;
        let run = new_run("recover", &question, as_of, outside);
        let mut document = evaluate(snapshot, &question, as_of, run);
        nothing_read(&document)?;
        if recover.explain.is_none() {
            finish(&mut document, &mut outputs, Some((ledger, &profile)), outside)?;
        }
        Ok(document)
    })?;
    if let (Some(name), Some(found)) = (&recover.explain, &document.recovery) {
        return match explain::resource(found, name) {
            Ok(text) => output::print(&text),
            Err(unknown) => anyhow::bail!("{unknown}"),
        };
    }
    let since = document.recovery.as_ref().and_then(|recovery| recovery.since.as_ref());
    if let Some(why) = since.and_then(|since| since.note.as_ref()) {
        let which = if recover.previous.is_some() { "--previous" } else { "the last run of the history" };
        outside.say(&format!("{which}: {why}"));
    }
    let decision = document.verdict.as_ref().map(|verdict| verdict.decision);
    Ok(match (recover.fail_on, decision) {
        (RecoverFailOn::Verdict, Some(decision)) => decision.exit_code(),
        _ => 0,
    })
}
