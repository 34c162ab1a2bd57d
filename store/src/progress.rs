//! How far a run has come, for whoever watches it from another process.

use rusqlite::params;

use crate::{Store, StoreError};

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// When that was.
    pub at: String,
    /// What it is doing, in words.
    pub phase: String,
    /// Requests so far.
    pub calls: u64,
    /// Listings that are read.
    pub done: usize,
    /// Listings that are to be read.
    pub total: usize,
    /// Operations that ended in a gap so far.
    pub gaps: usize,
}

impl Store {
    /// Notes how far a run has come; nothing where it has ended.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn advance(&mut self, run: &str, progress: &Progress) -> Result<(), StoreError> {
        let sql = "INSERT INTO progress (run, at, phase, calls, done, total, gaps)
                   SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM run WHERE id = ?1 AND outcome = 'running'
                   ON CONFLICT (run) DO UPDATE SET at = excluded.at, phase = excluded.phase, calls = excluded.calls,
                     done = excluded.done, total = excluded.total, gaps = excluded.gaps";
        let Progress { at, phase, calls, done, total, gaps } = progress;
        self.write(|db| {
            db.execute(sql, params![run, at, phase, calls.cast_signed(), done, total, gaps]).map(drop)
        })
    }

    /// How far a run has come; none where it has not said so, or has ended.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn progress(&self, run: &str) -> Result<Option<Progress>, StoreError> {
        let sql = "SELECT at, phase, calls, done, total, gaps FROM progress WHERE run = ?1";
        let rows = self.all(sql, [run], |row| {
            Ok(Progress {
                at: row.get(0)?,
                phase: row.get(1)?,
                calls: row.get::<_, i64>(2)?.cast_unsigned(),
                done: row.get(3)?,
                total: row.get(4)?,
                gaps: row.get(5)?,
            })
        })?;
        Ok(rows.into_iter().next())
    }
}
