//! Where results go: standard output, or files that are written beside and then renamed, so that none is half-written.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use miette::{GraphicalReportHandler, GraphicalTheme};
use stateward::profile::ProfileError;
use stateward::report::{Format, Look};
use stateward::result::Document;
use tempfile::NamedTempFile;

use super::Outside;
use crate::cli::Output;

/// Files that have no name yet: a process that is told to stop leaves none of them.
static ON_THEIR_WAY: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Removes the files that have no name yet, before the process ends.
pub fn abandon() {
    for path in ON_THEIR_WAY.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let _ = std::fs::remove_file(path);
    }
}

/// That a file is on its way.
struct OnItsWay(PathBuf);

impl OnItsWay {
    fn new(path: PathBuf) -> Self {
        ON_THEIR_WAY.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        Self(path)
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        ON_THEIR_WAY.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// A file on its way: it takes its name when it is whole.
pub struct Beside {
    path: PathBuf,
    file: NamedTempFile,
    /// Whether it stays for its owner alone.
    private: bool,
    /// Whether its name is that of a device or a pipe, which is written into and never replaced.
    special: bool,
    _on_its_way: OnItsWay,
}

impl Beside {
    /// Opens a file beside `path`, so that an unwritable place is found before the work is done.
    ///
    /// # Errors
    /// A folder that is not there or cannot be written to.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let shown = path.display();
        if path.is_dir() {
            anyhow::bail!("{shown}: this is a folder; name a file in it");
        }
        let special = path.metadata().is_ok_and(|about| !about.is_file());
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix(".stateward-");
        let made = if special { builder.tempfile() } else { builder.tempfile_in(folder) };
        let file = made.with_context(|| {
            format!("{shown}: cannot be written; check that the folder is there and writable")
        })?;
        let on_its_way = OnItsWay::new(file.path().to_owned());
        Ok(Self { path: path.to_owned(), file, private: false, special, _on_its_way: on_its_way })
    }

    /// The same for a file that only its owner may read.
    ///
    /// # Errors
    /// As [`Beside::open`].
    pub fn private(path: &Path) -> anyhow::Result<Self> {
        Ok(Self { private: true, ..Self::open(path)? })
    }

    /// Writes `bytes` and gives the file its name.
    ///
    /// # Errors
    /// A full disk, or a name that cannot be taken.
    pub fn write(mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.file.write_all(bytes).with_context(|| format!("{}: cannot be written", self.path.display()))?;
        self.keep().map(drop)
    }

    /// Gives the file its name when all of it is on the disk; its bytes.
    ///
    /// # Errors
    /// A full disk, or a name that cannot be taken.
    pub fn keep(mut self) -> anyhow::Result<u64> {
        if self.special {
            return self.pour();
        }
        let failed = || format!("{}: cannot be written", self.path.display());
        self.file.as_file().sync_all().with_context(failed)?;
        if !self.private {
            open_to_readers(self.file.as_file()).with_context(failed)?;
        }
        let bytes = self.file.as_file().metadata().with_context(failed)?.len();
        self.file.persist(&self.path).map_err(|error| error.error).with_context(|| {
            format!("{}: cannot take its name; check that nothing else holds it", self.path.display())
        })?;
        Ok(bytes)
    }
}

impl Beside {
    /// Writes into a device or a pipe. A file in its place would take `/dev/null` from the whole machine.
    fn pour(&mut self) -> anyhow::Result<u64> {
        let failed = || format!("{}: cannot be written", self.path.display());
        self.file.rewind().with_context(failed)?;
        let mut into = std::fs::File::options().write(true).open(&self.path).with_context(failed)?;
        std::io::copy(&mut self.file, &mut into).with_context(failed)
    }
}

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Temporary files are for their owner alone; a report is as readable as its folder lets it be.
#[cfg(unix)]
fn open_to_readers(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_readers(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

/// The reports of a run, their files open already.
pub struct Outputs {
    reports: Vec<(&'static Format, Option<Beside>)>,
}

impl Outputs {
    /// Opens the files.
    ///
    /// # Errors
    /// The first that cannot be written.
    pub fn open(outputs: &[Output]) -> anyhow::Result<Self> {
        let open = |output: &Output| {
            let file = output.file.as_deref().map(Beside::open).transpose()?;
            Ok((output.format, file))
        };
        Ok(Self { reports: outputs.iter().map(open).collect::<anyhow::Result<_>>()? })
    }

    /// The brief in `folder`, and what else was asked for.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn demo(folder: &Path, outputs: &[Output]) -> anyhow::Result<Self> {
        let files = [("html", "brief.html"), ("markdown", "brief.md"), ("json", "result.json")];
        let mut demo = Self::within(folder, &files)?;
        demo.reports.extend(Self::open(outputs)?.reports);
        Ok(demo)
    }

    /// Files of a folder, each in its format.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn within(folder: &Path, files: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut reports = Vec::new();
        for (name, file) in files {
            let format = stateward::report::find(name).context("a format of the demo is missing")?;
            reports.push((format, Some(Beside::open(&folder.join(file))?)));
        }
        Ok(Self { reports })
    }

    /// Renders everything, then writes everything.
    ///
    /// # Errors
    /// What could not be rendered or written.
    pub fn write(&mut self, document: &Document, outside: &Outside) -> anyhow::Result<()> {
        let mut texts = Vec::new();
        for (format, file) in &self.reports {
            let plain = file.is_some();
            let look = Look { width: outside.width.filter(|_| !plain), colour: outside.colour && !plain };
            texts.push((format.render)(document, &look)?);
        }
        for ((_, file), text) in self.reports.drain(..).zip(texts) {
            match file {
                Some(file) => file.write(text.as_bytes())?,
                None => {
                    print(&text)?;
                }
            }
        }
        Ok(())
    }
}

/// Writes text to standard output; the exit code of success.
///
/// # Errors
/// A standard output that cannot be written to. A reader that has seen enough (`| head`) is no error.
pub fn print(text: &str) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
        Err(error) => Err(error).context("standard output cannot be written"),
        Ok(()) => Ok(0),
    }
}

/// A fault of a profile with the lines it is in.
pub fn diagnostic(error: &ProfileError, colour: bool) -> String {
    let theme = match (colour, std::io::stderr().is_terminal()) {
        (true, _) => GraphicalTheme::unicode(),
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (false, false) => GraphicalTheme::none(),
    };
    let mut text = String::new();
    // Writing into a string cannot fail; if rendering did, the plain message says what happened.
    match GraphicalReportHandler::new_themed(theme).render_report(&mut text, error) {
        Ok(()) => text,
        Err(_) => error.to_string(),
    }
}
