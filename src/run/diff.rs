//! `stateward diff`: what changed between two results.

use std::path::Path;

use anyhow::bail;
use stateward::diff::compare;
use stateward::report::Look;
use stateward::result::{Comparison, Document, ResultError};
use stateward_store::{Store, StoreError};

use super::history::text;
use super::output::{Beside, print};
use super::{Outside, cli};
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
        let old = threads.spawn(|| read(&args.old, history, Document::skimmed));
        let new = read(&args.new, history, Document::skimmed);
        (old.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), new)
    });
    let (old, new) = (old?, new?);
    let comparison = compare(&old, &new);
    // The process ends soon, and takes them with it in less time than it would take to free them.
    std::mem::forget((old, new));
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
    read(word, history, Document::from_json)
}

/// How much of a result is read.
type Reading = fn(&str, &str) -> Result<Document, ResultError>;

fn read(word: &Path, history: Option<&Path>, reading: Reading) -> anyhow::Result<Document> {
    let of_file = || {
        let (name, text) = text(word)?;
        Ok(reading(&name, &text)?)
    };
    let Some(history) = history else { return of_file() };
    let store = Store::open_existing(history)?;
    match store.find(&word.to_string_lossy()) {
        Ok(run) => Ok(reading(&format!("run {}", run.id), &store.result(&run)?)?),
        Err(StoreError::NoRun { .. }) if word.exists() || word.as_os_str() == "-" => of_file(),
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
