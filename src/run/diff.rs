//! `stateward diff`: what changed between two results.

use std::path::Path;

use anyhow::bail;
use stateward::diff::compare;
use stateward::report::Look;
use stateward::result::{Comparison, Document};
use stateward_store::{Store, StoreError};

use super::history::stored;
use super::output::{Beside, print};
use super::{Outside, cli, ledger};
use crate::cli::DiffFailOn;

/// Compares two results, and writes what changed; the exit code.
///
/// # Errors
/// A result that cannot be read, or a file that cannot be written.
pub fn diff(args: &cli::Diff, outside: &Outside) -> anyhow::Result<u8> {
    let input = |path: &Path| path.as_os_str() == "-";
    if input(&args.old) && input(&args.new) {
        bail!("only one of the two results can come from standard input; name a file for the other");
    }
    let file = args.output.as_deref().filter(|path| path.as_os_str() != "-").map(Beside::open).transpose()?;
    let history = args.history.as_deref();
    // Most of the time goes into reading the two.
    let (old, new) = std::thread::scope(|threads| {
        let old = threads.spawn(|| result(&args.old, history));
        let new = result(&args.new, history);
        (old.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), new)
    });
    let comparison = compare(&old?, &new?);
    let plain = file.is_some();
    let look = Look { width: outside.width.filter(|_| !plain), colour: outside.colour && !plain };
    let text = (args.format.render)(&comparison, &look)?;
    match file {
        Some(file) => file.write(text.as_bytes())?,
        None => _ = print(&text)?,
    }
    Ok(code(args.fail_on, &comparison))
}

/// A run of the history, or else a file.
///
/// # Errors
/// A result that cannot be read, or a history that cannot be used.
pub fn result(word: &Path, history: Option<&Path>) -> anyhow::Result<Document> {
    let Some(history) = history else { return stored(word) };
    let store = Store::open_existing(history)?;
    match store.find(&word.to_string_lossy()) {
        Ok(run) => ledger::document(&store, &run),
        Err(StoreError::NoRun { .. }) if word.exists() || word.as_os_str() == "-" => stored(word),
        Err(error) => Err(error.into()),
    }
}

fn code(fail_on: DiffFailOn, comparison: &Comparison) -> u8 {
    match fail_on {
        DiffFailOn::Regression if comparison.is_worse() => 2,
        DiffFailOn::Regression if comparison.knows_less() => 3,
        DiffFailOn::Regression | DiffFailOn::Never => 0,
    }
}
