//! Looking around: pages of runs and of findings, and how many there are of what, without reading any result.

use rusqlite::types::Value;
use rusqlite::{Row, params, params_from_iter};

use crate::read::{RUN, run};
use crate::{FindingRow, RunRow, Store, StoreError};

/// Which runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunSieve<'a> {
    /// Of this command.
    pub command: Option<&'a str>,
    /// Of this estate.
    pub estate: Option<&'a str>,
    /// With this outcome.
    pub outcome: Option<&'a str>,
}

/// Which findings of a run. What is empty or none lets everything through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sieve<'a> {
    /// With one of these statuses.
    pub statuses: &'a [&'a str],
    /// Of one of these severities.
    pub severities: &'a [&'a str],
    /// Of this component.
    pub component: Option<&'a str>,
    /// In this region.
    pub region: Option<&'a str>,
    /// In this account.
    pub account: Option<&'a str>,
    /// Of this check.
    pub check: Option<&'a str>,
    /// With all of these words in what they are about, in any order, as parts of words too.
    pub words: &'a [String],
    /// That are as they are since this run.
    pub only_new: bool,
}

/// A finding in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The finding.
    pub finding: FindingRow,
    /// The check's title.
    pub title: Option<String>,
    /// Key of the component.
    pub component: Option<String>,
    /// What people call the resource.
    pub name: Option<String>,
}

/// How many findings of a run are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Key of the component.
    pub component: String,
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
    /// The check.
    pub check: String,
    /// The check's title.
    pub title: String,
    /// Their severity.
    pub severity: String,
    /// Their status.
    pub status: String,
    /// How many.
    pub number: usize,
}

/// The score of a component of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Its key.
    pub key: String,
    /// Worst case; none where it is not assessed.
    pub evidenced: Option<f64>,
    /// Best case.
    pub possible: Option<f64>,
    /// Known share, in percent.
    pub coverage: f64,
}

/// The gravest first.
const RANK: &str = "CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END";
/// What is to be done first.
const URGENCY: &str =
    "CASE status WHEN 'fail' THEN 0 WHEN 'partial' THEN 1 WHEN 'unknown' THEN 2 WHEN 'waived' THEN 3
   WHEN 'pass' THEN 4 ELSE 5 END";
/// What is searched for words.
const TEXT: &str = "check_id || ' ' || coalesce(title, '') || ' ' || type || ' ' || resource || ' ' || coalesce(name, '') || ' '
   || coalesce(address, '') || ' ' || coalesce(state, '') || ' ' || account || ' ' || region";

impl Store {
    /// How many runs there are of some sort.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn count_runs(&self, sieve: &RunSieve) -> Result<usize, StoreError> {
        let sql = format!("SELECT count(*) FROM run WHERE {RUNS_OF}");
        self.db
            .query_row(&sql, params![sieve.command, sieve.estate, sieve.outcome], |row| row.get(0))
            .map_err(|error| self.failed(&error))
    }

    /// A page of runs, the latest first.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn page_of_runs(
        &self,
        sieve: &RunSieve,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!(
            "SELECT {RUN} FROM run WHERE {RUNS_OF} ORDER BY started_at DESC, seq DESC, id LIMIT ?4 OFFSET ?5"
        );
        self.all(&sql, params![sieve.command, sieve.estate, sieve.outcome, limit, offset], run)
    }

    /// The latest finished run of each question, by estate and command.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn latest_of_each(&self) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!(
            "SELECT {RUN} FROM run WHERE seq IN (SELECT max(seq) FROM run WHERE seq IS NOT NULL GROUP BY series)
             ORDER BY estate, command, seq DESC"
        );
        self.all(&sql, [], run)
    }

    /// Finished runs of the same question up to this one, the latest first.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn up_to(&self, id: &str, limit: usize) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!(
            "SELECT {RUN} FROM run WHERE series = (SELECT series FROM run WHERE id = ?1)
               AND seq <= (SELECT seq FROM run WHERE id = ?1) ORDER BY seq DESC LIMIT ?2"
        );
        self.all(&sql, params![id, limit], run)
    }

    /// The finished run of the same question that came after this one.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn next(&self, id: &str) -> Result<Option<RunRow>, StoreError> {
        let sql = format!(
            "SELECT {RUN} FROM run WHERE series = (SELECT series FROM run WHERE id = ?1)
               AND seq > (SELECT seq FROM run WHERE id = ?1) ORDER BY seq LIMIT 1"
        );
        Ok(self.all(&sql, [id], run)?.pop())
    }

    /// Runs of the same question that began after this one and have no result, the latest first.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn unfinished_since(&self, id: &str, limit: usize) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!(
            "SELECT {RUN} FROM run WHERE asked = (SELECT asked FROM run WHERE id = ?1) AND seq IS NULL
               AND started_at >= (SELECT started_at FROM run WHERE id = ?1) ORDER BY started_at DESC, id LIMIT ?2"
        );
        self.all(&sql, params![id, limit], run)
    }

    /// The components of a run, by key.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn components(&self, run: &str) -> Result<Vec<Scored>, StoreError> {
        let sql = "SELECT key, evidenced, possible, coverage FROM component WHERE run = ?1 ORDER BY key";
        self.all(sql, [run], |row| {
            Ok(Scored {
                key: row.get(0)?,
                evidenced: row.get(1)?,
                possible: row.get(2)?,
                coverage: row.get(3)?,
            })
        })
    }

    /// How many findings of a run there are, by all that a list can be narrowed down by.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn tally(&self, run: &str) -> Result<Vec<Tally>, StoreError> {
        let sql = "SELECT coalesce(component, ''), region, account, coalesce(check_id, ''), max(coalesce(title, '')), severity,
                     status, count(*)
                   FROM finding_of_run WHERE run = ?1 GROUP BY 1, 2, 3, 4, 6, 7";
        self.all(sql, [run], |row| {
            Ok(Tally {
                component: row.get(0)?,
                region: row.get(1)?,
                account: row.get(2)?,
                check: row.get(3)?,
                title: row.get(4)?,
                severity: row.get(5)?,
                status: row.get(6)?,
                number: row.get(7)?,
            })
        })
    }

    /// How many findings of a run go through a sieve.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn count_findings(&self, run: &str, sieve: &Sieve) -> Result<usize, StoreError> {
        let (condition, values) = conditions(run, sieve);
        let sql = format!("SELECT count(*) FROM finding_of_run WHERE {condition}");
        self.db
            .query_row(&sql, params_from_iter(values), |row| row.get(0))
            .map_err(|error| self.failed(&error))
    }

    /// A page of the findings of a run, the most urgent first.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn page_of_findings(
        &self,
        run: &str,
        sieve: &Sieve,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Found>, StoreError> {
        let (condition, values) = conditions(run, sieve);
        const ORDER: &str = "check_id, account, region, type, resource";
        // Of tens of thousands only what they are sorted by goes through the sorter; the page alone is read whole.
        let sql = format!(
            "SELECT fingerprint, check_id, status, severity, type, resource, account, region, address,
               (SELECT as_of FROM run WHERE seq = first), title, component, name
             FROM (SELECT span AS at FROM finding_of_run WHERE {condition}
               ORDER BY {URGENCY}, {RANK}, {ORDER} LIMIT {limit} OFFSET {offset})
             JOIN finding ON finding.rowid = at JOIN subject ON subject.id = finding.subject
             ORDER BY {URGENCY}, {RANK}, {ORDER}"
        );
        self.all(&sql, params_from_iter(values), found)
    }
}

const RUNS_OF: &str =
    "(?1 IS NULL OR command = ?1) AND (?2 IS NULL OR estate = ?2) AND (?3 IS NULL OR outcome = ?3)";

fn found(row: &Row) -> rusqlite::Result<Found> {
    Ok(Found {
        finding: FindingRow {
            fingerprint: row.get(0)?,
            check: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            status: row.get(2)?,
            severity: row.get(3)?,
            kind: row.get(4)?,
            resource: row.get(5)?,
            account: row.get(6)?,
            region: row.get(7)?,
            address: row.get(8)?,
            since: row.get(9)?,
        },
        title: row.get(10)?,
        component: row.get(11)?,
        name: row.get(12)?,
    })
}

/// The condition of a sieve and what goes into its places.
fn conditions(run: &str, sieve: &Sieve) -> (String, Vec<Value>) {
    let mut terms = vec!["run = ?".to_owned()];
    let mut values = vec![Value::from(run.to_owned())];
    for (column, one_of) in [("status", sieve.statuses), ("severity", sieve.severities)] {
        if !one_of.is_empty() {
            terms.push(format!("{column} IN ({})", vec!["?"; one_of.len()].join(", ")));
            values.extend(one_of.iter().map(|word| Value::from((*word).to_owned())));
        }
    }
    let equal = [
        ("component", sieve.component),
        ("region", sieve.region),
        ("account", sieve.account),
        ("check_id", sieve.check),
    ];
    for (column, wanted) in equal {
        if let Some(wanted) = wanted {
            terms.push(format!("{column} = ?"));
            values.push(Value::from(wanted.to_owned()));
        }
    }
    for word in sieve.words {
        terms.push(format!("{TEXT} LIKE ? ESCAPE '\\'"));
        values.push(Value::from(format!("%{}%", literal(word))));
    }
    if sieve.only_new {
        terms.push("first = (SELECT seq FROM run WHERE id = ?)".to_owned());
        values.push(Value::from(run.to_owned()));
    }
    (terms.join(" AND "), values)
}

/// A word that stands for itself in a pattern.
fn literal(word: &str) -> String {
    word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_for_themselves_in_a_pattern() {
        assert_eq!(literal("a_b%c\\d"), "a\\_b\\%c\\\\d");
    }
}
