//! What a run takes from earlier ones and leaves for people to complete: the previous result, acceptances, import
//! blocks and drafts.

use std::path::Path;

use anyhow::Context;
use stateward::drift::{accept, import};
use stateward::profile::Profile;
use stateward::result::Document;
use time::Duration;

use super::ledger::Ledger;
use super::output::Beside;
use super::{Outside, moment};
use crate::cli::HistoryArgs;

/// Days after which a drafted acceptance is over; a person may write another day.
const DRAFT_DAYS: i64 = 30;

/// The files of a run that are neither its inputs nor its reports, opened before the work.
pub struct History {
    /// The previous result.
    pub previous: Option<Document>,
    /// Whether it was named on the command line.
    named: bool,
    import_blocks: Option<Beside>,
    draft: Option<Beside>,
}

impl History {
    /// Reads the acceptances into `profile` and the previous result, and opens what is to be written.
    ///
    /// # Errors
    /// A file that cannot be read or written, or that does not hold what it should.
    pub fn open(
        args: &HistoryArgs,
        draft: Option<&Path>,
        profile: &mut Profile,
        outside: &Outside,
    ) -> anyhow::Result<Self> {
        profile.accept(&args.accept, outside.now.date(), |path| std::fs::read_to_string(path))?;
        Ok(Self {
            previous: args.previous.as_deref().map(stored).transpose()?,
            named: args.previous.is_some(),
            import_blocks: args.import_blocks.as_deref().map(Beside::open).transpose()?,
            draft: draft.map(Beside::open).transpose()?,
        })
    }

    /// Takes the last good run of the history where no previous result was named.
    ///
    /// # Errors
    /// A history that cannot be read.
    pub fn recall(&mut self, ledger: Option<&Ledger>) -> anyhow::Result<()> {
        if let (None, Some(ledger)) = (&self.previous, ledger) {
            self.previous = ledger.previous()?;
        }
        Ok(())
    }

    /// Writes the import blocks and the draft of `document`, and says why the previous result was not used.
    ///
    /// # Errors
    /// What could not be written.
    pub fn finish(self, document: &Document, outside: &Outside) -> anyhow::Result<()> {
        let drift = document.drift.as_ref();
        if self.previous.is_some() {
            let unused = match drift {
                None => Some("no state was compared, so there is nothing to hold against it"),
                Some(drift) => drift.since.as_ref().and_then(|since| since.note.as_deref()),
            };
            match unused {
                Some(why) if self.named => outside.say(&format!("--previous was not used: {why}")),
                Some(why) if drift.is_some() => {
                    outside.say(&format!("the last run of the history was not used: {why}"))
                }
                _ => {}
            }
        }
        if let Some(file) = self.import_blocks {
            file.write(import::file(document).as_bytes())?;
            let items = || drift.iter().flat_map(|drift| &drift.items);
            let (blocks, skipped) = (
                items().filter(|item| item.import_block.is_some()).count(),
                items().filter(|item| item.no_import.is_some()).count(),
            );
            outside.say(&format!("{blocks} import blocks written, {skipped} unmanaged items left out"));
        }
        if let (Some(file), Some(drift)) = (self.draft, drift) {
            let expires = (moment(&document.run.as_of)?.max(outside.now) + Duration::days(DRAFT_DAYS)).date();
            file.write(accept::draft(drift, expires).as_bytes())?;
            outside.say("The draft accepts nothing until every entry that stays has an owner and a reason.");
        }
        Ok(())
    }
}

/// A stored result.
///
/// # Errors
/// A file that cannot be read, or that holds something else.
pub fn stored(path: &Path) -> anyhow::Result<Document> {
    let (name, text) = text(path)?;
    Ok(Document::from_json(&name, &text)?)
}

/// The name and the text of a file, or of standard input.
///
/// # Errors
/// A file that cannot be read.
pub fn text(path: &Path) -> anyhow::Result<(String, String)> {
    let name = path.display().to_string();
    let text = if name == "-" {
        std::io::read_to_string(std::io::stdin()).context("standard input could not be read")?
    } else {
        std::fs::read_to_string(path)
            .with_context(|| format!("{name}: the result cannot be read; check the path"))?
    };
    Ok((name, text))
}
