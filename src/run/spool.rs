//! The folder of messages that wait, and of what is left of those that do not.
//!
//! A file is written beside and then renamed, so that none is ever half-written; a message moves from `waiting` to `sent`
//! or `failed` in one rename. What was told last under a rule is its newest message, so that no other file has to agree
//! with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use stateward::mail::post::{PARCEL_SCHEMA, Parcel, Spool};
use stateward::mail::slim;
use stateward::result::Document;
use time::{Duration, OffsetDateTime};

/// Days for which receipts stay here; the newest of a rule always does.
const KEPT: Duration = Duration::days(90);
/// Compression of results.
const LEVEL: i32 = 3;
/// How the names of files begin that are not whole yet.
const HALF: &str = ".new-";
const WAITING: &str = "waiting";
const SENT: &str = "sent";
const FAILED: &str = "failed";
const RESULTS: &str = "results";

/// A folder of messages, for this process alone while it is open.
pub struct Folder {
    path: PathBuf,
    /// The lock goes with it, also when the process is killed.
    _lock: Option<File>,
}

impl Folder {
    /// Opens the folder, makes it where it is not there, and waits while another process uses it.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let failed =
            || format!("{shown}: the spool cannot be used; check that the folder may be made and written to");
        for name in [WAITING, SENT, FAILED, RESULTS] {
            make(&path.join(name)).with_context(failed)?;
        }
        let lock = File::options().create(true).truncate(false).write(true).open(path.join("lock"));
        let lock = lock.with_context(failed)?;
        lock.lock().with_context(|| format!("{shown}: the spool cannot be locked"))?;
        for name in [WAITING, SENT, FAILED, RESULTS] {
            remove_halves(&path.join(name)).with_context(failed)?;
        }
        Ok(Self { path: path.to_owned(), _lock: Some(lock) })
    }

    /// The folder as it is, to look at; nothing is made or changed. One that is not there is empty.
    pub fn look(path: &Path) -> Self {
        Self { path: path.to_owned(), _lock: None }
    }

    /// Whether a message was made already, whatever became of it.
    pub fn knows(&self, key: &str) -> bool {
        [WAITING, SENT, FAILED].into_iter().any(|state| self.file(state, key).exists())
    }

    /// The newest message of each rule that somebody got, or may get yet: what was given up told nobody anything.
    ///
    /// # Errors
    /// A folder that cannot be read, or a file in it that is no message.
    pub fn newest(&self) -> anyhow::Result<BTreeMap<String, Parcel>> {
        let mut newest: BTreeMap<String, Parcel> = BTreeMap::new();
        for state in [WAITING, SENT, FAILED] {
            for parcel in self.parcels(state)? {
                if state == FAILED && parcel.receipts.is_empty() {
                    continue;
                }
                let older = newest.get(&parcel.rule).is_none_or(|other| other.made_at <= parcel.made_at);
                if older {
                    newest.insert(parcel.rule.clone(), parcel);
                }
            }
        }
        Ok(newest)
    }

    /// How many messages were given up.
    ///
    /// # Errors
    /// A folder that cannot be read.
    #[cfg_attr(not(feature = "service"), allow(dead_code, reason = "only the scheduler counts them"))]
    pub fn given_up(&self) -> anyhow::Result<usize> {
        Ok(files(&self.path.join(FAILED))?.len())
    }

    /// The result that a message told of; none where it is gone.
    ///
    /// # Errors
    /// One that is there and cannot be read.
    pub fn told(&self, run: &str) -> anyhow::Result<Option<Document>> {
        let path = self.result(run);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("{}: cannot be read", path.display())),
        };
        let name = path.display().to_string();
        let bytes =
            zstd::decode_all(file).with_context(|| format!("{name}: this is no result of a spool"))?;
        let text =
            String::from_utf8(bytes).with_context(|| format!("{name}: this is no result of a spool"))?;
        Ok(Some(Document::from_json(&name, &text)?))
    }

    /// Lays messages down to wait, after the result that later ones are held against.
    ///
    /// # Errors
    /// A place that cannot be written. No message is there then that says more than was written.
    pub fn add(&mut self, document: &Document, parcels: &[Parcel]) -> anyhow::Result<()> {
        if parcels.is_empty() {
            return Ok(());
        }
        let result = self.result(&document.run.id);
        let text = serde_json::to_vec(&slim(document)).context("the result cannot be written as JSON")?;
        self.write(&result, &zstd::encode_all(text.as_slice(), LEVEL)?)?;
        parcels.iter().try_for_each(|parcel| self.keep(parcel))
    }

    /// Forgets receipts whose time is over, and results that nothing is held against any more.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn tidy(&mut self, now: OffsetDateTime) -> anyhow::Result<()> {
        let newest = self.newest()?;
        let is_newest =
            |parcel: &Parcel| newest.get(&parcel.rule).is_some_and(|other| other.key == parcel.key);
        for parcel in self.parcels(SENT)? {
            if now - parcel.made_at > KEPT && !is_newest(&parcel) {
                remove(&self.file(SENT, &parcel.key))?;
            }
        }
        let needed: BTreeSet<PathBuf> = newest.values().map(|parcel| self.result(&parcel.run)).collect();
        for path in files(&self.path.join(RESULTS))? {
            if !needed.contains(&path) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    fn parcels(&self, state: &str) -> anyhow::Result<Vec<Parcel>> {
        let mut parcels = Vec::new();
        for path in files(&self.path.join(state))? {
            let text = match fs::read_to_string(&path) {
                // Who only looks holds no lock: it may have moved on since the folder was listed.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                text => text.with_context(|| format!("{}: cannot be read", path.display()))?,
            };
            let parcel: Parcel = serde_json::from_str(&text).map_err(|error| {
                // Never the text itself: it holds what was found.
                anyhow::anyhow!(
                    "{}: this is no message of this version (line {})\n  remedy: move it away, or use the version that \
                     wrote it; nothing was lost or sent",
                    path.display(),
                    error.line()
                )
            })?;
            if parcel.schema != PARCEL_SCHEMA {
                bail!(
                    "{}: this message has the form '{}', and this program knows {PARCEL_SCHEMA}\n  remedy: use the version \
                     that wrote it; nothing was lost or sent",
                    path.display(),
                    parcel.schema
                );
            }
            parcels.push(parcel);
        }
        parcels.sort_by(|one, other| (one.made_at, &one.key).cmp(&(other.made_at, &other.key)));
        Ok(parcels)
    }

    fn file(&self, state: &str, key: &str) -> PathBuf {
        self.path.join(state).join(format!("{key}.json"))
    }

    /// Ids of runs come out of files, and may hold anything.
    fn result(&self, run: &str) -> PathBuf {
        self.path.join(RESULTS).join(format!("{}.json.zst", stateward::mail::digest(&["run", run])))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        let failed = || format!("{}: cannot be written; nothing that was there is lost", path.display());
        let folder = path.parent().unwrap_or(&self.path);
        let mut file = tempfile::Builder::new().prefix(HALF).tempfile_in(folder).with_context(failed)?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_all()).with_context(failed)?;
        file.persist(path).map_err(|error| error.error).with_context(failed)?;
        sync(folder).with_context(failed)
    }
}

impl Spool for Folder {
    type Error = anyhow::Error;

    fn waiting(&self) -> anyhow::Result<Vec<Parcel>> {
        self.parcels(WAITING)
    }

    fn keep(&mut self, parcel: &Parcel) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(parcel).context("the message cannot be written as JSON")?;
        self.write(&self.file(WAITING, &parcel.key), &text)
    }

    fn settle(&mut self, parcel: &Parcel) -> anyhow::Result<()> {
        let is_sent = parcel.pending.is_empty();
        let state = if is_sent { SENT } else { FAILED };
        let message = if is_sent { String::new() } else { parcel.message.clone() };
        self.keep(&Parcel { message, ..parcel.clone() })?;
        let (from, to) = (self.file(WAITING, &parcel.key), self.file(state, &parcel.key));
        let moved = fs::rename(&from, &to).and_then(|()| sync(&self.path.join(state)));
        moved.with_context(|| format!("{}: cannot be moved to `{state}`", from.display()))
    }
}

/// The files of a folder that have their names, sorted; none where it is not there.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let failed = || format!("{}: the spool cannot be read", folder.display());
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(failed),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.with_context(failed)?;
        // What a crash left beside its name is nothing yet.
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Removes what a process that was killed left half-written. Nobody else writes while the lock is held.
fn remove_halves(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(HALF.as_bytes()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> anyhow::Result<()> {
    fs::remove_file(path).with_context(|| format!("{}: cannot be removed", path.display()))
}

/// Messages say where an estate is weak, so they are for their owner alone.
#[cfg(unix)]
fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

/// A rename is on the disk when its folder is.
#[cfg(unix)]
fn sync(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> std::io::Result<()> {
    Ok(())
}
