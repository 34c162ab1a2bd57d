//! Reading: the list of runs, one run, and what it found.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};

use crate::{DriftCounts, Store, StoreError};

/// A run in the list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// The command.
    pub command: String,
    /// What people call the estate.
    pub estate: String,
    /// `running`, `finished`, `interrupted` or `failed`.
    pub outcome: String,
    /// Why it has no result.
    pub reason: Option<String>,
    /// When it began.
    pub started_at: String,
    /// By when it has ended.
    pub deadline: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// The moment that its ages are counted from.
    pub as_of: Option<String>,
    /// The verdict.
    pub decision: Option<String>,
    /// The score in the worst case.
    pub evidenced: Option<f64>,
    /// The score in the best case.
    pub possible: Option<f64>,
    /// Known share, in percent.
    pub coverage: Option<f64>,
    /// Operations that ended in a gap.
    pub errors: Option<usize>,
    /// States that could not be read; none where that was not written down.
    pub unread_states: Option<usize>,
    /// Requests.
    pub calls: Option<u64>,
    /// Findings that pass, fail, are unknown, are partial, do not apply, are waived.
    pub findings: Option<[usize; 6]>,
    /// The counts of drift.
    pub drift: Option<DriftCounts>,
}

/// A finding of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// Its fingerprint.
    pub fingerprint: String,
    /// The check.
    pub check: String,
    /// Its status.
    pub status: String,
    /// Its severity.
    pub severity: String,
    /// The Terraform type.
    pub kind: String,
    /// The id.
    pub resource: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The Terraform address.
    pub address: Option<String>,
    /// The as-of time of the first run from which on it was so; none where that run is forgotten.
    pub since: Option<String>,
}

/// A difference of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftRow {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Its class.
    pub class: String,
    /// Its label.
    pub label: Option<String>,
    /// Whether it is accepted.
    pub accepted: bool,
    /// The Terraform type.
    pub kind: String,
    /// The id.
    pub resource: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The Terraform address.
    pub address: Option<String>,
    /// The as-of time of the first run from which on it was so; none where that run is forgotten.
    pub since: Option<String>,
}

pub(crate) const RUN: &str = "id, command, estate, outcome, reason, started_at, deadline, finished_at, as_of, decision, evidenced, \
     possible, coverage, errors, calls, passed, failed, unknown, partial, not_applicable, waived, in_sync, drift_changed, \
     drift_missing, drift_unmanaged, drift_ghost, drift_conflict, drift_unknown, drift_accepted, drift_new, \
     drift_returned, drift_resolved, unread_states";
/// How many they are.
pub(crate) const RUN_COLUMNS: usize = 33;

pub(crate) fn run(row: &Row) -> rusqlite::Result<RunRow> {
    const FINDINGS: usize = 15;
    const DRIFT: usize = FINDINGS + 6;
    const SINCE: usize = DRIFT + 8;
    const UNREAD: usize = SINCE + 3;
    fn counts<const N: usize>(row: &Row, from: usize) -> rusqlite::Result<Option<[usize; N]>> {
        let mut counts = [0; N];
        for (at, count) in counts.iter_mut().enumerate() {
            let Some(number) = row.get::<_, Option<usize>>(from + at)? else { return Ok(None) };
            *count = number;
        }
        Ok(Some(counts))
    }
    let drift = counts::<8>(row, DRIFT)?;
    let since = counts::<3>(row, SINCE)?;
    Ok(RunRow {
        id: row.get(0)?,
        command: row.get(1)?,
        estate: row.get(2)?,
        outcome: row.get(3)?,
        reason: row.get(4)?,
        started_at: row.get(5)?,
        deadline: row.get(6)?,
        finished_at: row.get(7)?,
        as_of: row.get(8)?,
        decision: row.get(9)?,
        evidenced: row.get(10)?,
        possible: row.get(11)?,
        coverage: row.get(12)?,
        errors: row.get(13)?,
        unread_states: row.get(UNREAD)?,
        calls: row.get::<_, Option<i64>>(14)?.map(i64::cast_unsigned),
        findings: counts(row, FINDINGS)?,
        drift: drift.map(|[in_sync, changed, missing, unmanaged, ghost, conflict, unknown, accepted]| {
            DriftCounts { in_sync, changed, missing, unmanaged, ghost, conflict, unknown, accepted, since }
        }),
    })
}

impl Store {
    /// Runs, the latest first: at most `limit`, and only those of `command` where one is named.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn runs(&self, command: Option<&str>, limit: usize) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!(
            "SELECT {RUN} FROM run WHERE ?1 IS NULL OR command = ?1 ORDER BY started_at DESC, seq DESC, id LIMIT ?2"
        );
        self.all(&sql, params![command, limit], run)
    }

    /// The run of an id; none where it is not there.
    pub(crate) fn run(&self, id: &str) -> Result<Option<RunRow>, StoreError> {
        Ok(self.all(&format!("SELECT {RUN} FROM run WHERE id = ?1"), [id], run)?.pop())
    }

    /// The run that `word` names: its id, the beginning of it, `latest`, or `latest~N` for the Nth finished one before.
    ///
    /// # Errors
    /// No such run, or several.
    pub fn find(&self, word: &str) -> Result<RunRow, StoreError> {
        let none = || StoreError::NoRun { file: self.file(), wanted: word.to_owned() };
        let found = match word.strip_prefix("latest") {
            Some(rest) => {
                let back: usize = match rest.strip_prefix('~') {
                    Some(number) => number.parse().map_err(|_| none())?,
                    None if rest.is_empty() => 0,
                    None => return Err(none()),
                };
                let sql = format!(
                    "SELECT {RUN} FROM run WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1 OFFSET ?1"
                );
                self.all(&sql, [back], run)?
            }
            None => {
                let plain =
                    word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                if !plain {
                    return Err(none());
                }
                let sql = format!("SELECT {RUN} FROM run WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2");
                self.all(&sql, [word], run)?
            }
        };
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(one), Some(_)) if one.id == word => Ok(one),
            (Some(_), Some(_)) => Err(StoreError::Ambiguous { file: self.file(), wanted: word.to_owned() }),
            (None, _) => Err(none()),
        }
    }

    /// The result of a run, as it was stored.
    ///
    /// # Errors
    /// A run without one, or one that cannot be read.
    pub fn result(&self, run: &RunRow) -> Result<String, StoreError> {
        let packed: Option<Vec<u8>> = self
            .db
            .query_row("SELECT json FROM result WHERE run = ?1", [&run.id], |row| row.get(0))
            .optional()
            .map_err(|error| self.failed(&error))?;
        let packed = packed.ok_or_else(|| StoreError::NoResult {
            file: self.file(),
            run: run.id.clone(),
            outcome: match run.outcome.as_str() {
                "running" => "has not ended".to_owned(),
                other => format!(
                    "{other}{}",
                    run.reason.as_ref().map(|why| format!(" ({why})")).unwrap_or_default()
                ),
            },
        })?;
        let damaged = |detail: String| StoreError::Damaged { file: self.file(), detail };
        let text = zstd::decode_all(packed.as_slice())
            .map_err(|error| damaged(format!("run {}: {error}", run.id)))?;
        String::from_utf8(text).map_err(|_| damaged(format!("run {} is no text", run.id)))
    }

    /// The latest finished run of a question.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn last_good(&self, asked: &str) -> Result<Option<RunRow>, StoreError> {
        let sql =
            format!("SELECT {RUN} FROM run WHERE asked = ?1 AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1");
        Ok(self.all(&sql, [asked], run)?.pop())
    }

    /// The latest score of each component that had one in a finished run of a question, between two as-of times.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn last_components(
        &self,
        asked: &str,
        since: &str,
        until: &str,
    ) -> Result<BTreeMap<String, f64>, StoreError> {
        let sql = "SELECT key, component.evidenced FROM component JOIN run ON run.id = component.run
                   WHERE asked = ?1 AND seq IS NOT NULL AND as_of >= ?2 AND as_of <= ?3 AND component.evidenced IS NOT NULL
                   ORDER BY seq";
        let rows = self.all(sql, [asked, since, until], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.into_iter().collect())
    }

    /// What a run found, by check and resource, with the run since which it is so.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn findings(&self, run: &str) -> Result<Vec<FindingRow>, StoreError> {
        let sql = "SELECT fingerprint, check_id, status, severity, type, resource, account, region, address,
                     (SELECT as_of FROM run WHERE seq = first)
                   FROM finding_of_run WHERE run = ?1 ORDER BY check_id, account, region, type, resource";
        self.all(sql, [run], |row| {
            Ok(FindingRow {
                fingerprint: row.get(0)?,
                check: row.get(1)?,
                status: row.get(2)?,
                severity: row.get(3)?,
                kind: row.get(4)?,
                resource: row.get(5)?,
                account: row.get(6)?,
                region: row.get(7)?,
                address: row.get(8)?,
                since: row.get(9)?,
            })
        })
    }

    /// How a run's estate differed from its states, with the run since which it does.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn drift(&self, run: &str) -> Result<Vec<DriftRow>, StoreError> {
        let sql = "SELECT fingerprint, class, label, accepted, type, resource, account, region, address,
                     (SELECT as_of FROM run WHERE seq = first)
                   FROM drift_of_run WHERE run = ?1 ORDER BY class, address, type, resource";
        self.all(sql, [run], |row| {
            Ok(DriftRow {
                fingerprint: row.get(0)?,
                class: row.get(1)?,
                label: row.get(2)?,
                accepted: row.get(3)?,
                kind: row.get(4)?,
                resource: row.get(5)?,
                account: row.get(6)?,
                region: row.get(7)?,
                address: row.get(8)?,
                since: row.get(9)?,
            })
        })
    }

    /// Bytes of the file, without what waits in the log beside it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        self.db
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map(i64::cast_unsigned)
            .map_err(|error| self.failed(&error))
    }

    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&Row) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = || self.db.prepare(sql)?.query_map(params, read)?.collect::<rusqlite::Result<Vec<T>>>();
        rows().map_err(|error| self.failed(&error))
    }
}
