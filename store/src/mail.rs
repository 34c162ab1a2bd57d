//! Messages that wait for their delivery, and what became of those that do not.

use rusqlite::params;

use crate::{Store, StoreError};

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub id: i64,
    /// The run that it tells of.
    pub run: Option<String>,
    /// How it travels: `smtp`, `ses`, `webhook`.
    pub transport: String,
    /// Who gets it: an address, or a digest of one.
    pub recipient: String,
    /// The same for the same message: it is spooled once.
    pub key: String,
    /// The message as it is sent.
    pub message: Vec<u8>,
    /// When it was made.
    pub created_at: String,
    /// When it is to be tried next.
    pub next_at: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What the last attempt met with.
    pub last_error: Option<String>,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The run that the message tells of.
    pub run: Option<String>,
    /// How it travelled.
    pub transport: String,
    /// Who got it.
    pub recipient: String,
    /// When.
    pub at: String,
    /// Whether it arrived at its relay; else it was given up.
    pub delivered: bool,
    /// The id that the message bears.
    pub message_id: Option<String>,
    /// What the relay said.
    pub detail: Option<String>,
}

impl Store {
    /// Puts a message where it waits; false where one of its key waits already. Its number and attempts are given here.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn spool(&mut self, message: &Waiting) -> Result<bool, StoreError> {
        let sql = "INSERT INTO spool (run, transport, recipient, key, message, created_at, next_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (key) DO NOTHING";
        let Waiting { run, transport, recipient, key, message, created_at, next_at, .. } = message;
        let added = self.write(|db| {
            db.execute(sql, params![run, transport, recipient, key, message, created_at, next_at])
        })?;
        Ok(added > 0)
    }

    /// Messages that are to be tried by `now`, in the order in which they were made.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn waiting(&self, now: &str) -> Result<Vec<Waiting>, StoreError> {
        let sql =
            "SELECT id, run, transport, recipient, key, message, created_at, next_at, attempts, last_error
                   FROM spool WHERE next_at <= ?1 ORDER BY id";
        self.all(sql, [now], |row| {
            Ok(Waiting {
                id: row.get(0)?,
                run: row.get(1)?,
                transport: row.get(2)?,
                recipient: row.get(3)?,
                key: row.get(4)?,
                message: row.get(5)?,
                created_at: row.get(6)?,
                next_at: row.get(7)?,
                attempts: row.get(8)?,
                last_error: row.get(9)?,
            })
        })
    }

    /// Lets a message wait longer after an attempt that failed.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn postpone(&mut self, id: i64, error: &str, next_at: &str) -> Result<(), StoreError> {
        let sql = "UPDATE spool SET attempts = attempts + 1, last_error = ?2, next_at = ?3 WHERE id = ?1";
        self.write(|db| db.execute(sql, params![id, error, next_at]).map(drop))
    }

    /// Takes a message from where it waits, and keeps the receipt; in one step, so that none is lost or sent twice.
    /// False where somebody else was faster.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn settle(&mut self, id: i64, receipt: &Receipt) -> Result<bool, StoreError> {
        let sql = "INSERT INTO receipt (run, transport, recipient, at, outcome, message_id, detail)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let Receipt { run, transport, recipient, at, delivered, message_id, detail } = receipt;
        let outcome = if *delivered { "delivered" } else { "failed" };
        self.write(|db| {
            if db.execute("DELETE FROM spool WHERE id = ?1", [id])? == 0 {
                return Ok(false);
            }
            db.execute(sql, params![run, transport, recipient, at, outcome, message_id, detail])?;
            Ok(true)
        })
    }

    /// Keeps the receipt of a message that waited elsewhere; once, however often it is given.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn receive(&mut self, receipt: &Receipt) -> Result<bool, StoreError> {
        let sql = "INSERT INTO receipt (run, transport, recipient, at, outcome, message_id, detail)
                   SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (
                     SELECT 1 FROM receipt WHERE recipient = ?3 AND outcome = ?5 AND message_id = ?6)";
        let Receipt { run, transport, recipient, at, delivered, message_id, detail } = receipt;
        let outcome = if *delivered { "delivered" } else { "failed" };
        let added = self.write(|db| {
            db.execute(sql, params![run, transport, recipient, at, outcome, message_id, detail])
        })?;
        Ok(added > 0)
    }

    /// The receipts of a run, in the order in which they were kept.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn receipts(&self, run: &str) -> Result<Vec<Receipt>, StoreError> {
        let sql = "SELECT run, transport, recipient, at, outcome = 'delivered', message_id, detail
                   FROM receipt WHERE run = ?1 ORDER BY id";
        self.all(sql, [run], |row| {
            Ok(Receipt {
                run: row.get(0)?,
                transport: row.get(1)?,
                recipient: row.get(2)?,
                at: row.get(3)?,
                delivered: row.get(4)?,
                message_id: row.get(5)?,
                detail: row.get(6)?,
            })
        })
    }
}
