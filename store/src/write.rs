//! Writing: a run is stored in one transaction, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, named_params, params};

use crate::{Begun, DriftCounts, Ended, Item, Judgement, Keep, Record, Store, StoreError, Subject};

/// The level at which results are compressed: the next ones take three times as long for a tenth less.
const LEVEL: i32 = 6;
/// Pages that a run gives back to the disk.
const VACUUMED: u32 = 20_000;

impl Store {
    /// Notes that a run begins.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn begin(&mut self, run: &Begun) -> Result<(), StoreError> {
        let sql = "INSERT INTO run (id, asked, estate, command, version, outcome, started_at, deadline)
                   VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6, ?7)";
        let Begun { id, command, asked, estate, version, started_at, deadline } = *run;
        self.write(|db| {
            db.execute(sql, params![id, asked, estate, command, version, started_at, deadline]).map(drop)
        })
    }

    /// Notes that a run ended without a result.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn end(&mut self, id: &str, how: Ended, reason: &str, at: &str) -> Result<(), StoreError> {
        let outcome = match how {
            Ended::Failed => "failed",
            Ended::Interrupted => "interrupted",
        };
        let sql = "UPDATE run SET outcome = ?2, reason = ?3, finished_at = ?4 WHERE id = ?1 AND outcome = 'running'";
        self.write(|db| {
            db.execute(sql, params![id, outcome, reason, at])?;
            over(db)
        })
    }

    /// Calls every run interrupted that should have ended by `now`; how many there were.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn sweep(&mut self, now: &str) -> Result<usize, StoreError> {
        let sql = "UPDATE run SET outcome = 'interrupted', reason = 'it never came to its end', finished_at = deadline
                   WHERE outcome = 'running' AND deadline < ?1";
        self.write(|db| {
            let swept = db.execute(sql, [now])?;
            over(db)?;
            Ok(swept)
        })
    }

    /// Stores the result of a run that has begun, and forgets what `keep` no longer keeps of its series. When this
    /// returns, the run is on the disk.
    ///
    /// # Errors
    /// What cannot be written; then nothing of it is.
    pub fn finish(&mut self, id: &str, record: &Record, keep: &Keep) -> Result<(), StoreError> {
        let file = self.file();
        let json = zstd::bulk::compress(record.json.as_bytes(), LEVEL)
            .map_err(|error| StoreError::Other { file: file.clone(), detail: error.to_string() })?;
        let forgotten = self.write(|db| {
            let series = series(db, &record.series)?;
            let seq: i64 = db.query_row("SELECT coalesce(max(seq), 0) + 1 FROM run", [], |row| row.get(0))?;
            let before: Option<i64> =
                db.query_row("SELECT max(seq) FROM run WHERE series = ?1", [series], |row| row.get(0))?;
            if numbers(db, id, series, seq, record)? == 0 {
                return Err(rusqlite::Error::QueryReturnedNoRows);
            }
            db.execute("INSERT INTO result (run, json) VALUES (?1, ?2)", params![id, json])?;
            components(db, id, record)?;
            let span = Span { series, seq, before: before.unwrap_or(0) };
            span.findings(db, &record.findings)?;
            span.items(db, &record.items)?;
            over(db)?;
            forget(db, series, keep)
        });
        let forgotten = forgotten.map_err(|error| match error {
            StoreError::Other { .. } if !matches!(self.is_running(id), Ok(true)) => {
                StoreError::NoRun { file, wanted: id.to_owned() }
            }
            error => error,
        })?;
        if forgotten > 0 {
            // The run is stored already; room that is not given back today is given back tomorrow.
            let _ = self.db.execute_batch(&format!("PRAGMA incremental_vacuum({VACUUMED})"));
        }
        Ok(())
    }

    /// Lets the file grow to so many pages and no further, as a disk would.
    ///
    /// # Errors
    /// A limit that SQLite does not take.
    pub fn limit_pages(&mut self, pages: u64) -> Result<(), StoreError> {
        let set = self.db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()));
        set.map_err(|error| self.failed(&error))
    }

    fn is_running(&self, id: &str) -> rusqlite::Result<bool> {
        let sql = "SELECT 1 FROM run WHERE id = ?1 AND outcome = 'running'";
        Ok(self.db.query_row(sql, [id], |_| Ok(())).optional()?.is_some())
    }

    pub(crate) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let file = self.path.display().to_string();
        let failed = |error: rusqlite::Error| StoreError::of(&file, &error);
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let done = work(&change).map_err(failed)?;
        change.commit().map_err(failed)?;
        Ok(done)
    }
}

/// A run that has ended is not on its way any more.
fn over(db: &Connection) -> rusqlite::Result<()> {
    let sql = "DELETE FROM progress WHERE run IN (SELECT id FROM run WHERE outcome <> 'running')";
    db.execute(sql, []).map(drop)
}

fn series(db: &Connection, key: &str) -> rusqlite::Result<i64> {
    db.execute("INSERT INTO series (key) VALUES (?1) ON CONFLICT DO NOTHING", [key])?;
    db.query_row("SELECT id FROM series WHERE key = ?1", [key], |row| row.get(0))
}

fn numbers(db: &Connection, id: &str, series: i64, seq: i64, record: &Record) -> rusqlite::Result<usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &record.findings {
        *counts.entry(finding.status).or_default() += 1;
    }
    let of = |status: &str| counts.get(status).copied().unwrap_or(0);
    let drift = |count: fn(&DriftCounts) -> usize| record.drift.as_ref().map(count);
    let since = |at: usize| record.drift.and_then(|drift| drift.since).map(|since| since[at]);
    db.execute(
        "UPDATE run SET outcome = 'finished', series = :series, seq = :seq,
           estate = CASE estate WHEN '' THEN :accounts ELSE estate END, finished_at = :finished_at, as_of = :as_of,
           catalogue_hash = :catalogue, profile_hash = :profile, decision = :decision, evidenced = :evidenced,
           possible = :possible, coverage = :coverage, errors = :errors, calls = :calls, throttled = :throttled, unread_states = :unread_states, passed = :passed,
           failed = :failed, unknown = :unknown, partial = :partial, not_applicable = :not_applicable, waived = :waived,
           in_sync = :in_sync, drift_changed = :changed, drift_missing = :missing, drift_unmanaged = :unmanaged,
           drift_ghost = :ghost, drift_conflict = :conflict, drift_unknown = :not_compared, drift_accepted = :accepted,
           drift_new = :new, drift_returned = :returned, drift_resolved = :resolved
         WHERE id = :id AND outcome = 'running'",
        named_params! {
            ":id": id, ":series": series, ":seq": seq, ":accounts": record.accounts,
            ":finished_at": record.finished_at, ":as_of": record.as_of,
            ":catalogue": record.catalogue_hash, ":profile": record.profile_hash,
            ":decision": record.decision, ":evidenced": record.evidenced, ":possible": record.possible,
            ":coverage": record.coverage, ":errors": record.errors, ":calls": record.calls.cast_signed(),
            ":throttled": record.throttled.cast_signed(),
            ":unread_states": record.unread_states,
            ":passed": of("pass"), ":failed": of("fail"), ":unknown": of("unknown"), ":partial": of("partial"),
            ":not_applicable": of("not_applicable"), ":waived": of("waived"),
            ":in_sync": drift(|one| one.in_sync), ":changed": drift(|one| one.changed),
            ":missing": drift(|one| one.missing), ":unmanaged": drift(|one| one.unmanaged),
            ":ghost": drift(|one| one.ghost), ":conflict": drift(|one| one.conflict),
            ":not_compared": drift(|one| one.unknown), ":accepted": drift(|one| one.accepted),
            ":new": since(0), ":returned": since(1), ":resolved": since(2),
        },
    )
}

fn components(db: &Connection, id: &str, record: &Record) -> rusqlite::Result<()> {
    let mut insert = db.prepare(
        "INSERT INTO component (run, key, evidenced, possible, coverage) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for one in &record.components {
        insert.execute(params![id, one.key, one.evidenced, one.possible, one.coverage])?;
    }
    Ok(())
}

/// Class, label and whether it is accepted.
type Class = (String, Option<String>, bool);

/// Where a run stands in its series.
struct Span {
    series: i64,
    seq: i64,
    /// The run before; what is over was last so there.
    before: i64,
}

impl Span {
    fn findings(&self, db: &Connection, findings: &[Judgement]) -> rusqlite::Result<()> {
        let sql = "SELECT fingerprint, finding.rowid, status, severity FROM finding JOIN subject ON subject.id = subject
                   WHERE series = ?1 AND last IS NULL";
        let mut select = db.prepare(sql)?;
        let row = |row: &rusqlite::Row| Ok((row.get(0)?, (row.get(1)?, (row.get(2)?, row.get(3)?))));
        let open: BTreeMap<String, (i64, (String, String))> =
            select.query_map([self.series], row)?.collect::<rusqlite::Result<_>>()?;
        let is = |finding: &Judgement, was: &(String, String)| {
            was.0 == finding.status && was.1 == finding.severity
        };
        let mut insert = db.prepare(
            "INSERT INTO finding (series, subject, first, status, severity) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let add = |subject: i64, finding: &Judgement| {
            insert
                .execute(params![self.series, subject, self.seq, finding.status, finding.severity])
                .map(drop)
        };
        self.settle(db, "finding", open, findings, |finding| finding.subject, is, add)
    }

    fn items(&self, db: &Connection, items: &[Item]) -> rusqlite::Result<()> {
        let sql = "SELECT fingerprint, drift.rowid, class, label, accepted FROM drift JOIN subject ON subject.id = subject
                   WHERE series = ?1 AND last IS NULL";
        let mut select = db.prepare(sql)?;
        let row =
            |row: &rusqlite::Row| Ok((row.get(0)?, (row.get(1)?, (row.get(2)?, row.get(3)?, row.get(4)?))));
        let open: BTreeMap<String, (i64, Class)> =
            select.query_map([self.series], row)?.collect::<rusqlite::Result<_>>()?;
        let is = |item: &Item, was: &Class| {
            was.0 == item.class && was.1.as_deref() == item.label && was.2 == item.accepted
        };
        let mut insert = db.prepare(
            "INSERT INTO drift (series, subject, first, class, label, accepted) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let add = |subject: i64, item: &Item| {
            let values = params![self.series, subject, self.seq, item.class, item.label, item.accepted];
            insert.execute(values).map(drop)
        };
        self.settle(db, "drift", open, items, |item| item.subject, is, add)
    }

    /// Ends the spans of what is over or has changed, and begins those of what is new or has changed.
    #[allow(clippy::too_many_arguments, reason = "one table's words, and nothing else")]
    fn settle<'r, R, W>(
        &self,
        db: &Connection,
        table: &str,
        mut open: BTreeMap<String, (i64, W)>,
        rows: &'r [R],
        subject: impl Fn(&'r R) -> Subject<'r>,
        is: impl Fn(&'r R, &W) -> bool,
        mut add: impl FnMut(i64, &'r R) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut close = db.prepare(&format!("UPDATE {table} SET last = ?2 WHERE rowid = ?1"))?;
        let mut subjects = Subjects::new(db)?;
        let mut seen = BTreeSet::new();
        for row in rows {
            let about = subject(row);
            if !seen.insert(about.fingerprint) {
                continue;
            }
            match open.remove(about.fingerprint) {
                Some((_, was)) if is(row, &was) => continue,
                Some((at, _)) => _ = close.execute([at, self.before])?,
                None => {}
            }
            add(subjects.id(&about)?, row)?;
        }
        for (at, _) in open.into_values() {
            close.execute([at, self.before])?;
        }
        Ok(())
    }
}

struct Subjects<'c> {
    insert: rusqlite::Statement<'c>,
    select: rusqlite::Statement<'c>,
}

impl<'c> Subjects<'c> {
    fn new(db: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            insert: db.prepare(
                "INSERT INTO subject (fingerprint, check_id, title, component, category, type, resource, name, account,
                   region, address, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                 ON CONFLICT (fingerprint) DO UPDATE SET title = excluded.title, name = excluded.name,
                   address = excluded.address, state = excluded.state",
            )?,
            select: db.prepare("SELECT id FROM subject WHERE fingerprint = ?1")?,
        })
    }

    fn id(&mut self, of: &Subject) -> rusqlite::Result<i64> {
        self.insert.execute(params![
            of.fingerprint,
            of.check,
            of.title,
            of.component,
            of.category,
            of.kind,
            of.resource,
            of.name,
            of.account,
            of.region,
            of.address,
            of.state,
        ])?;
        self.select.query_row([of.fingerprint], |row| row.get(0))
    }
}

/// Deletes runs of a series that are no longer kept; how many.
fn forget(db: &Connection, series: i64, keep: &Keep) -> rusqlite::Result<usize> {
    let latest: i64 =
        db.query_row("SELECT max(seq) FROM run WHERE series = ?1", [series], |row| row.get(0))?;
    let mut forgotten = 0;
    if let Some(runs) = keep.runs {
        forgotten += db.execute(
            "DELETE FROM run WHERE series = ?1 AND seq <= (SELECT seq FROM run WHERE series = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
            params![series, runs.max(1)],
        )?;
    }
    if let Some(since) = keep.since {
        forgotten += db.execute(
            "DELETE FROM run WHERE series = ?1 AND started_at < ?2 AND seq < ?3",
            params![series, since, latest],
        )?;
    }
    if forgotten == 0 {
        return Ok(0);
    }
    let oldest: i64 =
        db.query_row("SELECT min(seq) FROM run WHERE series = ?1", [series], |row| row.get(0))?;
    // Runs without a result belong to no series; they go with the runs of the same question that came after them.
    db.execute(
        "DELETE FROM run WHERE outcome IN ('failed', 'interrupted')
           AND asked = (SELECT asked FROM run WHERE seq = ?1) AND started_at < (SELECT started_at FROM run WHERE seq = ?1)",
        [oldest],
    )?;
    for table in ["finding", "drift"] {
        db.execute(&format!("DELETE FROM {table} WHERE series = ?1 AND last < ?2"), [series, oldest])?;
    }
    db.execute(
        "DELETE FROM subject WHERE NOT EXISTS (SELECT 1 FROM finding WHERE subject = subject.id)
           AND NOT EXISTS (SELECT 1 FROM drift WHERE subject = subject.id)",
        [],
    )?;
    db.execute("DELETE FROM receipt WHERE run IS NOT NULL AND run NOT IN (SELECT id FROM run)", [])?;
    Ok(forgotten)
}
