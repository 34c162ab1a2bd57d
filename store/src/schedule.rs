//! What became of the jobs of the scheduler, so that a restart knows what was missed and forgets no count.

use rusqlite::{OptionalExtension, Row, params};

use crate::{RunRow, Store, StoreError};

/// A job.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobRow {
    /// Its name.
    pub job: String,
    /// Since when it is planned as it is.
    pub since: String,
    /// The last planned time that was dealt with.
    pub planned_at: String,
    /// What became of the last run: `running`, `finished`, `failed` or `interrupted`.
    pub outcome: Option<String>,
    /// Why it brought no result.
    pub reason: Option<String>,
    /// The last run.
    pub run: Option<String>,
    /// How long it took.
    pub last_seconds: Option<f64>,
    /// The last run that brought a result.
    pub good_run: Option<String>,
    /// When that began.
    pub good_began_at: Option<String>,
    /// When that ended.
    pub good_ended_at: Option<String>,
    /// Runs that ended with a result.
    pub finished: u64,
    /// Runs that ended without.
    pub failed: u64,
    /// Runs that were stopped.
    pub interrupted: u64,
    /// Planned times that passed while the former run went on.
    pub skipped: u64,
    /// Planned times that passed while there was no scheduler.
    pub missed: u64,
    /// Seconds that all ended runs took.
    pub seconds: f64,
}

/// How a run of a job ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JobEnd<'a> {
    /// `finished`, `failed` or `interrupted`.
    pub outcome: JobOutcome,
    /// The exit code; none where there was none.
    pub code: Option<i32>,
    /// Why it brought no result.
    pub reason: Option<&'a str>,
    /// When it ended.
    pub at: &'a str,
    /// How long it took.
    pub seconds: f64,
    /// The last planned time that counts as dealt with, where it is not the one of this run.
    pub planned_at: Option<&'a str>,
}

/// What became of a run of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOutcome {
    /// It brought a result.
    Finished,
    /// It brought none.
    Failed,
    /// It was stopped.
    Interrupted,
}

impl JobOutcome {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Why a planned time passed without a run of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// The former run went on.
    Skipped,
    /// There was no scheduler.
    Missed,
}

const JOB: &str = "job, since, planned_at, outcome, reason, run, last_seconds, good_run, good_began_at, good_ended_at, \
     finished, failed, interrupted, skipped, missed, seconds";

fn row(row: &Row) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        job: row.get(0)?,
        since: row.get(1)?,
        planned_at: row.get(2)?,
        outcome: row.get(3)?,
        reason: row.get(4)?,
        run: row.get(5)?,
        last_seconds: row.get(6)?,
        good_run: row.get(7)?,
        good_began_at: row.get(8)?,
        good_ended_at: row.get(9)?,
        finished: row.get(10)?,
        failed: row.get(11)?,
        interrupted: row.get(12)?,
        skipped: row.get(13)?,
        missed: row.get(14)?,
        seconds: row.get(15)?,
    })
}

impl Store {
    /// The jobs that ever were.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn jobs(&self) -> Result<Vec<JobRow>, StoreError> {
        self.all(&format!("SELECT {JOB} FROM schedule ORDER BY job"), [], row)
    }

    /// Notes that a job is planned so. One that is new, or was planned otherwise, has nothing behind it at `now`.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn plan_job(&mut self, job: &str, plan: &str, now: &str) -> Result<JobRow, StoreError> {
        let sql = "INSERT INTO schedule (job, plan, since, planned_at) VALUES (?1, ?2, ?3, ?3)
                   ON CONFLICT (job) DO UPDATE SET plan = excluded.plan, since = excluded.since,
                     planned_at = excluded.planned_at WHERE plan <> excluded.plan";
        self.write(|db| {
            db.execute(sql, [job, plan, now])?;
            db.query_row(&format!("SELECT {JOB} FROM schedule WHERE job = ?1"), [job], row)
        })
    }

    /// Notes that a run of a job begins; without a planned time it is one out of turn.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn begin_job(
        &mut self,
        job: &str,
        planned: Option<&str>,
        run: &str,
        at: &str,
    ) -> Result<(), StoreError> {
        let sql =
            "UPDATE schedule SET planned_at = coalesce(?2, planned_at), outcome = 'running', reason = NULL,
                     code = NULL, run = ?3, began_at = ?4, ended_at = NULL WHERE job = ?1";
        self.write(|db| db.execute(sql, params![job, planned, run, at]).map(drop))
    }

    /// Notes how the run of a job ended.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn end_job(&mut self, job: &str, end: &JobEnd) -> Result<(), StoreError> {
        let count = end.outcome.word();
        let sql = format!(
            "UPDATE schedule SET outcome = ?2, code = ?3, reason = ?4, ended_at = ?5, last_seconds = ?6,
               seconds = seconds + ?6, {count} = {count} + 1, planned_at = coalesce(?7, planned_at),
               good_run = iif(?8, run, good_run), good_began_at = iif(?8, began_at, good_began_at),
               good_ended_at = iif(?8, ?5, good_ended_at)
             WHERE job = ?1 AND outcome = 'running'"
        );
        let is_good = end.outcome == JobOutcome::Finished;
        let JobEnd { code, reason, at, seconds, planned_at, .. } = *end;
        self.write(|db| {
            db.execute(&sql, params![job, count, code, reason, at, seconds, planned_at, is_good]).map(drop)
        })
    }

    /// Counts planned times that passed without a run, up to `last` where these are dealt with.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn pass_job(
        &mut self,
        job: &str,
        how: Passed,
        count: u64,
        last: Option<&str>,
    ) -> Result<(), StoreError> {
        let column = match how {
            Passed::Skipped => "skipped",
            Passed::Missed => "missed",
        };
        let sql = format!(
            "UPDATE schedule SET {column} = {column} + ?2, planned_at = coalesce(?3, planned_at) WHERE job = ?1"
        );
        self.write(|db| db.execute(&sql, params![job, count.cast_signed(), last]).map(drop))
    }

    /// A run by its whole id, and how many of its requests were throttled; none where it is not there.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn run_of_job(&self, id: &str) -> Result<Option<(RunRow, Option<u64>)>, StoreError> {
        let sql = "SELECT throttled FROM run WHERE id = ?1";
        let throttled = self.db.query_row(sql, [id], |row| row.get::<_, Option<u64>>(0)).optional();
        let Some(throttled) = throttled.map_err(|error| self.failed(&error))? else { return Ok(None) };
        Ok(self.run(id)?.map(|run| (run, throttled)))
    }
}
