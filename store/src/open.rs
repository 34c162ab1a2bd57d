//! Opening: what is no history, is of a later version or is damaged is found before anything is written.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::schema::{APPLICATION, VERSION, migrate};
use crate::{Store, StoreError};

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(30);
/// The header of a database, up to the fields that are looked at.
const HEADER: usize = 100;

/// What a look at a history found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its version.
    pub version: u32,
    /// Whether that is the version of this program; an earlier one is brought up to date by whoever opens it.
    pub is_current: bool,
    /// Runs.
    pub runs: usize,
    /// Bytes of the file, without what waits in the log beside it.
    pub bytes: u64,
}

impl Store {
    /// Opens the history at `path` to write into it, and makes it where there is none. All pages are checked before.
    ///
    /// # Errors
    /// A file that is something else, of a later version, or damaged, none of which is touched; or one that cannot be
    /// made.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let is_new = examine(path)?.is_none();
        if is_new {
            make_private(path);
        }
        let store = Self::connect(path, is_new)?;
        if !is_new {
            store.quick_check(None)?;
        }
        store.prepared()
    }

    /// Opens the history at `path` to look into it. The list of runs is checked before.
    ///
    /// # Errors
    /// As [`Store::open`], and where there is no file.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        if examine(path)?.is_none() {
            return Err(StoreError::Absent { file: path.display().to_string() });
        }
        let store = Self::connect(path, false)?;
        store.quick_check(Some("run"))?;
        store.prepared()
    }

    /// The same, and nothing can be written through it. A file of an earlier version is brought up to date before.
    ///
    /// # Errors
    /// As [`Store::open_existing`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let store = Self::open_existing(path)?;
        store.db.pragma_update(None, "query_only", "ON").map_err(|error| store.failed(&error))?;
        Ok(store)
    }

    /// Checks every page of the history at `path`, and changes nothing: a file of an earlier version stays one.
    ///
    /// # Errors
    /// As [`Store::open_existing`].
    pub fn look(path: &Path) -> Result<Seen, StoreError> {
        let file = path.display().to_string();
        if examine(path)?.is_none() {
            return Err(StoreError::Absent { file });
        }
        let whole = path.canonicalize();
        let whole = whole.map_err(|error| StoreError::Unopened { file, detail: error.to_string() })?;
        let log = wal_of(&whole);
        let written = || whole.metadata().and_then(|about| about.modified()).ok();
        let before = written();
        if !log.exists() {
            // A reader with locks would leave files beside one that nobody has open.
            let seen = Self::connect_to_read(path, &whole, "?immutable=1").and_then(|store| store.seen());
            // Without locks, what was read while somebody wrote means nothing.
            if !log.exists() && written() == before {
                return seen;
            }
        }
        Self::connect_to_read(path, &whole, "")?.seen()
    }

    fn seen(&self) -> Result<Seen, StoreError> {
        self.verify()?;
        let failed = |error: rusqlite::Error| self.failed(&error);
        let version: u32 =
            self.db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        if version > VERSION {
            return Err(StoreError::Newer { file: self.file(), found: version, known: VERSION });
        }
        let runs = match self.db.table_exists(None, "run").map_err(failed)? {
            true => self.db.query_row("SELECT count(*) FROM run", [], |row| row.get(0)).map_err(failed)?,
            false => 0,
        };
        Ok(Seen { version, is_current: version == VERSION, runs, bytes: self.bytes()? })
    }

    /// Checks every page, and every index against its table.
    ///
    /// # Errors
    /// What does not fit.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.check("PRAGMA integrity_check(1)")
    }

    fn quick_check(&self, table: Option<&str>) -> Result<(), StoreError> {
        // A file without the table is one of before the first version, which is empty.
        let known = |name: &str| self.db.table_exists(None, name).map_err(|error| self.failed(&error));
        match table {
            Some(name) if known(name)? => self.check(&format!("PRAGMA quick_check({name})")),
            Some(_) => Ok(()),
            None => self.check("PRAGMA quick_check(1)"),
        }
    }

    fn check(&self, pragma: &str) -> Result<(), StoreError> {
        let said: String =
            self.db.query_row(pragma, [], |row| row.get(0)).map_err(|error| self.failed(&error))?;
        match said.as_str() {
            "ok" => Ok(()),
            _ => Err(StoreError::Damaged { file: self.file(), detail: said }),
        }
    }

    fn connect(path: &Path, make: bool) -> Result<Self, StoreError> {
        let failed = |error: rusqlite::Error| StoreError::of(&path.display().to_string(), &error);
        let create = if make { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
        let db = Connection::open_with_flags(path, flags).map_err(failed)?;
        db.busy_timeout(PATIENCE).map_err(failed)?;
        let store = Self { db, path: path.to_owned() };
        store.is_history()?;
        Ok(store)
    }

    /// Connects to the file at `whole`, which errors call `path`.
    fn connect_to_read(path: &Path, whole: &Path, query: &str) -> Result<Self, StoreError> {
        let failed = |error: rusqlite::Error| StoreError::of(&path.display().to_string(), &error);
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let db = Connection::open_with_flags(format!("{}{query}", uri(whole)), flags).map_err(failed)?;
        db.busy_timeout(PATIENCE).map_err(failed)?;
        let store = Self { db, path: path.to_owned() };
        store.is_history()?;
        Ok(store)
    }

    /// Whether it is a history, or holds nothing at all.
    fn is_history(&self) -> Result<(), StoreError> {
        let number = |sql: &str| self.db.query_row(sql, [], |row| row.get::<_, u32>(0));
        let failed = |error: rusqlite::Error| self.failed(&error);
        let application = number("PRAGMA application_id").map_err(failed)?;
        let is_empty = application == 0 && number("SELECT count(*) FROM sqlite_schema").map_err(failed)? == 0;
        if application == APPLICATION || is_empty {
            return Ok(());
        }
        // Another process may have made it between the two questions.
        if number("PRAGMA application_id").map_err(failed)? == APPLICATION {
            return Ok(());
        }
        let detail = "it is the database of another program".to_owned();
        Err(StoreError::Foreign { file: self.file(), detail })
    }

    /// Settings and tables of this version.
    fn prepared(mut self) -> Result<Self, StoreError> {
        let file = self.file();
        let failed = |error: rusqlite::Error| StoreError::of(&file, &error);
        let version: u32 =
            self.db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        if version > VERSION {
            return Err(StoreError::Newer { file, found: version, known: VERSION });
        }
        if version == 0 {
            // Only an empty file takes it: what is deleted later then makes the file smaller.
            patiently(|| self.db.pragma_update(None, "auto_vacuum", "INCREMENTAL")).map_err(failed)?;
        }
        let mode: String = patiently(|| self.db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)))
            .map_err(failed)?;
        if mode != "wal" {
            let detail = format!("no write-ahead log, journal mode {mode}");
            return Err(StoreError::Other { file, detail });
        }
        for (name, value) in [("synchronous", "FULL"), ("foreign_keys", "ON")] {
            self.db.pragma_update(None, name, value).map_err(failed)?;
        }
        migrate(&mut self.db).map_err(failed)?;
        Ok(self)
    }
}

/// Makes an empty file for its owner alone: what is stored says where an estate is weak. SQLite gives its log the same
/// mode. What stands in the way is told by whoever opens it then.
#[cfg(unix)]
fn make_private(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt;
    let _ = File::options().write(true).create_new(true).mode(0o600).open(path);
}

#[cfg(not(unix))]
fn make_private(_: &Path) {}

/// Tries again while somebody else makes the file: where two want to turn the log on, SQLite refuses one at once and
/// does not wait (<https://www.sqlite.org/c3ref/busy_handler.html>).
fn patiently<T>(mut act: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    const STEP: Duration = Duration::from_millis(10);
    let begun = Instant::now();
    loop {
        let done = act();
        let busy = |error: &rusqlite::Error| {
            matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
        };
        if !done.as_ref().err().is_some_and(busy) || begun.elapsed() >= PATIENCE {
            return done;
        }
        std::thread::sleep(STEP);
    }
}

/// Looks at the first bytes without SQLite, which might write; nothing where there is no file, or an empty one.
fn examine(path: &Path) -> Result<Option<()>, StoreError> {
    let name = path.display().to_string();
    let unopened =
        |error: std::io::Error| StoreError::Unopened { file: name.clone(), detail: error.to_string() };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unopened(error)),
    };
    let about = file.metadata().map_err(unopened)?;
    let foreign = |detail: &str| StoreError::Foreign { file: name.clone(), detail: detail.to_owned() };
    if about.is_dir() {
        return Err(foreign("it is a folder"));
    }
    if about.len() == 0 {
        return Ok(None);
    }
    let mut header = [0; HEADER];
    let mut read = 0;
    while read < HEADER {
        match file.read(&mut header[read..]).map_err(unopened)? {
            0 => break,
            more => read += more,
        }
    }
    if !header[..read].starts_with(&b"SQLite format 3\0"[..read.min(16)]) {
        return Err(foreign("it is no SQLite database"));
    }
    if read < HEADER {
        let detail = format!("it ends after {read} bytes");
        return Err(StoreError::Damaged { file: name, detail });
    }
    let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (version, application) = (word(60), word(68));
    // Until the first checkpoint the header is that of an empty file: then SQLite tells what it holds.
    if application != APPLICATION && application != 0 {
        return Err(foreign("it is the database of another program"));
    }
    if version > VERSION {
        return Err(StoreError::Newer { file: name, found: version, known: VERSION });
    }
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let expected = page * u64::from(word(28));
    let waiting = wal_of(path).metadata().map_or(0, |log| log.len());
    // With a log beside it, pages may still be there alone.
    if waiting == 0 && about.len() < expected {
        let detail = format!("{} of {expected} bytes are there", about.len());
        return Err(StoreError::Damaged { file: name, detail });
    }
    Ok(Some(()))
}

/// A file as SQLite takes it in an address (<https://www.sqlite.org/uri.html>).
fn uri(path: &Path) -> String {
    let mut text = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => text.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(*byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn wal_of(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
