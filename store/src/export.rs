//! All that is stored, row by row, for whoever takes it elsewhere.

use rusqlite::{Params, Row, params};

use crate::read::{RUN, RUN_COLUMNS, run};
use crate::{RunRow, Store, StoreError};

/// A run with what the list leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRun {
    /// The run.
    pub run: RunRow,
    /// The question that it answers; none where it has no result.
    pub series: Option<i64>,
    /// Its place in the order in which runs were finished; none where it has no result.
    pub seq: Option<i64>,
    /// The version of the program.
    pub version: String,
    /// The hash of the catalogue.
    pub catalogue_hash: Option<String>,
    /// The hash of the profile.
    pub profile_hash: Option<String>,
}

/// The score of a component in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredComponent {
    /// The run.
    pub run: String,
    /// The question that the run answers.
    pub series: i64,
    /// The run's place.
    pub seq: i64,
    /// The moment that the run's ages are counted from.
    pub as_of: Option<String>,
    /// Key of the component.
    pub key: String,
    /// Worst case; none where it is not assessed.
    pub evidenced: Option<f64>,
    /// Best case.
    pub possible: Option<f64>,
    /// Known share, in percent.
    pub coverage: f64,
}

/// An end of a span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct End {
    /// The run's place in the order in which runs were finished.
    pub seq: i64,
    /// The run; none where it is forgotten.
    pub run: Option<String>,
    /// The moment that its ages are counted from.
    pub as_of: Option<String>,
}

/// From which run to which something stayed as it is, and what it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stay {
    /// The question that the runs answer.
    pub series: i64,
    /// The first run.
    pub first: End,
    /// The last run so far.
    pub last: End,
    /// Whether the last run is the latest of its series.
    pub open: bool,
    /// The fingerprint.
    pub fingerprint: String,
    /// The check; none for drift.
    pub check: Option<String>,
    /// The check's title.
    pub title: Option<String>,
    /// Key of the component.
    pub component: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// The Terraform type.
    pub kind: String,
    /// The id.
    pub resource: String,
    /// What people call it.
    pub name: Option<String>,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The Terraform address.
    pub address: Option<String>,
    /// The state.
    pub state: Option<String>,
}

/// A finding as long as it stayed as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingStay {
    /// What, and how long.
    pub stay: Stay,
    /// Its status.
    pub status: String,
    /// Its severity.
    pub severity: String,
}

/// A difference as long as it stayed as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftStay {
    /// What, and how long.
    pub stay: Stay,
    /// Its class.
    pub class: String,
    /// Its label.
    pub label: Option<String>,
    /// Whether it is accepted.
    pub accepted: bool,
}

/// The columns of [`Stay`], whose number is that of the next one.
const STAY: &str = "here.series, here.first, begun.id, begun.as_of, coalesce(here.last, latest.seq), ended.id, ended.as_of, \
     here.last IS NULL, fingerprint, check_id, title, component, category, type, resource, name, subject.account, \
     subject.region, address, state";
const STAY_COLUMNS: usize = 20;

/// One row after the other in the order of the table, so that nothing is sorted and nothing held.
fn stays(table: &str, columns: &str) -> String {
    format!(
        "WITH latest AS MATERIALIZED (SELECT series, max(seq) AS seq FROM run WHERE seq IS NOT NULL GROUP BY series),
           earliest AS MATERIALIZED (
             SELECT series, min(seq) AS seq FROM run WHERE seq IS NOT NULL AND started_at >= ?1 GROUP BY series)
         SELECT {STAY}, {columns}
         FROM {table} AS here CROSS JOIN subject ON subject.id = here.subject
         CROSS JOIN latest ON latest.series = here.series
         CROSS JOIN earliest ON earliest.series = here.series
         LEFT JOIN run AS begun ON begun.seq = here.first
         LEFT JOIN run AS ended ON ended.seq = coalesce(here.last, latest.seq)
         WHERE coalesce(here.last, latest.seq) >= earliest.seq
         ORDER BY here.rowid"
    )
}

fn stay(row: &Row) -> rusqlite::Result<Stay> {
    Ok(Stay {
        series: row.get(0)?,
        first: End { seq: row.get(1)?, run: row.get(2)?, as_of: row.get(3)? },
        last: End { seq: row.get(4)?, run: row.get(5)?, as_of: row.get(6)? },
        open: row.get(7)?,
        fingerprint: row.get(8)?,
        check: row.get(9)?,
        title: row.get(10)?,
        component: row.get(11)?,
        category: row.get(12)?,
        kind: row.get(13)?,
        resource: row.get(14)?,
        name: row.get(15)?,
        account: row.get(16)?,
        region: row.get(17)?,
        address: row.get(18)?,
        state: row.get(19)?,
    })
}

impl Store {
    /// Does `work` over the history as it is now, whatever others write meanwhile.
    ///
    /// # Errors
    /// Those of the work, and of a file that cannot be read.
    pub fn still<T, E: From<StoreError>>(&self, work: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        self.db.execute_batch("BEGIN").map_err(|error| self.failed(&error))?;
        let done = work(self);
        // Nothing was written, so nothing can be lost here.
        let _ = self.db.execute_batch("ROLLBACK");
        done
    }

    /// Gives every run that began at `since` or later, the earliest first; without it, every run.
    ///
    /// # Errors
    /// A file that cannot be read, and what `give` meets with.
    pub fn each_run<E: From<StoreError>>(
        &self,
        since: Option<&str>,
        give: impl FnMut(StoredRun) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT {RUN}, series, seq, version, catalogue_hash, profile_hash FROM run WHERE started_at >= ?1
             ORDER BY started_at, seq, id"
        );
        let row = |row: &Row| {
            Ok(StoredRun {
                run: run(row)?,
                series: row.get(RUN_COLUMNS)?,
                seq: row.get(RUN_COLUMNS + 1)?,
                version: row.get(RUN_COLUMNS + 2)?,
                catalogue_hash: row.get(RUN_COLUMNS + 3)?,
                profile_hash: row.get(RUN_COLUMNS + 4)?,
            })
        };
        self.each(&sql, params![since.unwrap_or_default()], row, give)
    }

    /// Gives the components of those runs.
    ///
    /// # Errors
    /// A file that cannot be read, and what `give` meets with.
    pub fn each_component<E: From<StoreError>>(
        &self,
        since: Option<&str>,
        give: impl FnMut(StoredComponent) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT run.id, series, seq, as_of, key, component.evidenced, component.possible, component.coverage
                   FROM run CROSS JOIN component ON component.run = run.id
                   WHERE seq IS NOT NULL AND started_at >= ?1 ORDER BY seq";
        let row = |row: &Row| {
            Ok(StoredComponent {
                run: row.get(0)?,
                series: row.get(1)?,
                seq: row.get(2)?,
                as_of: row.get(3)?,
                key: row.get(4)?,
                evidenced: row.get(5)?,
                possible: row.get(6)?,
                coverage: row.get(7)?,
            })
        };
        self.each(sql, params![since.unwrap_or_default()], row, give)
    }

    /// Gives the findings of those runs, each as long as it stayed as it is.
    ///
    /// # Errors
    /// A file that cannot be read, and what `give` meets with.
    pub fn each_finding<E: From<StoreError>>(
        &self,
        since: Option<&str>,
        give: impl FnMut(FindingStay) -> Result<(), E>,
    ) -> Result<(), E> {
        let row = |row: &Row| {
            Ok(FindingStay {
                stay: stay(row)?,
                status: row.get(STAY_COLUMNS)?,
                severity: row.get(STAY_COLUMNS + 1)?,
            })
        };
        let sql = stays("finding", "here.status, here.severity");
        self.each(&sql, params![since.unwrap_or_default()], row, give)
    }

    /// Gives the differences of those runs, each as long as it stayed as it is.
    ///
    /// # Errors
    /// A file that cannot be read, and what `give` meets with.
    pub fn each_difference<E: From<StoreError>>(
        &self,
        since: Option<&str>,
        give: impl FnMut(DriftStay) -> Result<(), E>,
    ) -> Result<(), E> {
        let row = |row: &Row| {
            Ok(DriftStay {
                stay: stay(row)?,
                class: row.get(STAY_COLUMNS)?,
                label: row.get(STAY_COLUMNS + 1)?,
                accepted: row.get(STAY_COLUMNS + 2)?,
            })
        };
        let sql = stays("drift", "here.class, here.label, here.accepted");
        self.each(&sql, params![since.unwrap_or_default()], row, give)
    }

    fn each<T, E: From<StoreError>>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row) -> rusqlite::Result<T>,
        mut give: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: rusqlite::Error| E::from(self.failed(&error));
        let mut select = self.db.prepare(sql).map_err(failed)?;
        let mut rows = select.query(params).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            give(read(row).map_err(failed)?)?;
        }
        Ok(())
    }
}
