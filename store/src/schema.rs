//! The tables, and how an older file becomes one of this version.

use rusqlite::{Connection, TransactionBehavior};

/// What makes a SQLite file a history: `STWD`, as a number.
pub(crate) const APPLICATION: u32 = 0x5354_5744;

/// The version that this program writes: the number of migrations.
pub(crate) const VERSION: u32 = MIGRATIONS.len() as u32;

/// Each brings the tables one version further. One that was published is never changed.
const MIGRATIONS: &[&str] = &[include_str!("version1.sql"), include_str!("version2.sql")];

/// Brings the tables to this version; nothing happens where they are.
pub(crate) fn migrate(db: &mut Connection) -> rusqlite::Result<()> {
    let version = |db: &Connection| db.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    if version(db)? >= VERSION {
        return Ok(());
    }
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let from = version(&change)?;
    for migration in MIGRATIONS.iter().skip(from as usize) {
        change.execute_batch(migration)?;
    }
    change.pragma_update(None, "application_id", APPLICATION)?;
    change.pragma_update(None, "user_version", VERSION.max(from))?;
    change.commit()
}
