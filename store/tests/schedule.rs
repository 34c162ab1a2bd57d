//! What a history keeps of the scheduler's jobs, and that a file of the first version gets a place for it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

mod common;

use std::path::Path;

use common::{Estate, json, write};
use rusqlite::Connection;
use stateward_store::{JobEnd, JobOutcome, Keep, Passed, Store};

const NOON: &str = "2026-03-01T12:00:00Z";

#[test]
fn a_job_is_remembered_until_it_is_planned_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let mut store = Store::open(&path).unwrap();
    let row = store.plan_job("nightly", "0 6 * * * UTC", NOON).unwrap();
    assert_eq!((row.planned_at.as_str(), row.outcome), (NOON, None));
    store.begin_job("nightly", Some("2026-03-02T06:00:00Z"), "run-1", "2026-03-02T06:00:01Z").unwrap();
    let end = JobEnd {
        outcome: JobOutcome::Finished,
        code: Some(2),
        reason: None,
        at: "2026-03-02T06:01:00Z",
        seconds: 59.0,
        planned_at: None,
    };
    store.end_job("nightly", &end).unwrap();
    store.end_job("nightly", &end).unwrap();
    store.pass_job("nightly", Passed::Missed, 3, Some("2026-03-05T06:00:00Z")).unwrap();
    store.pass_job("nightly", Passed::Skipped, 1, None).unwrap();
    drop(store);

    let mut store = Store::open(&path).unwrap();
    let row = store.plan_job("nightly", "0 6 * * * UTC", "2026-03-06T00:00:00Z").unwrap();
    assert_eq!((row.finished, row.missed, row.skipped, row.seconds), (1, 3, 1, 59.0), "an end counts once");
    assert_eq!(row.planned_at, "2026-03-05T06:00:00Z");
    assert_eq!(row.good_run.as_deref(), Some("run-1"));
    assert_eq!(row.good_began_at.as_deref(), Some("2026-03-02T06:00:01Z"));

    store.begin_job("nightly", None, "run-2", NOON).unwrap();
    let stopped =
        JobEnd { outcome: JobOutcome::Interrupted, reason: Some("SIGTERM"), planned_at: Some(NOON), ..end };
    store.end_job("nightly", &stopped).unwrap();
    let row = store.jobs().unwrap().remove(0);
    assert_eq!((row.run.as_deref(), row.good_run.as_deref()), (Some("run-2"), Some("run-1")));
    assert_eq!((row.planned_at.as_str(), row.interrupted), (NOON, 1));

    let row = store.plan_job("nightly", "0 7 * * * UTC", "2026-03-06T00:00:00Z").unwrap();
    assert_eq!((row.planned_at.as_str(), row.finished), ("2026-03-06T00:00:00Z", 1));
}

/// A history as the first version left it, with one run.
fn first_version(path: &Path) {
    let db = Connection::open(path).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.execute_batch(include_str!("../src/version1.sql")).unwrap();
    db.execute_batch(
        "INSERT INTO run (id, asked, estate, command, version, outcome, started_at, deadline)
         VALUES ('before', 'a', 'prod', 'audit', '0.1.0', 'failed', '2026-03-01T06:00:00Z', '2026-03-01T07:00:00Z');
         PRAGMA application_id = 0x53545744; PRAGMA user_version = 1;",
    )
    .unwrap();
}

#[test]
fn a_look_at_the_first_version_leaves_it_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a history? 100%.db");
    first_version(&path);
    let before = std::fs::read(&path).unwrap();
    let seen = Store::look(&path).unwrap();
    assert_eq!((seen.version, seen.is_current, seen.runs), (1, false, 1));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing stays beside it");

    let mut store = Store::open(&path).unwrap();
    let text = json(10, 1);
    write(&mut store, &Estate::of(10), "run-0001", 1, &text, &Keep::default()).unwrap();
    // The run is in the log alone while somebody has the file open.
    let seen = Store::look(&path).unwrap();
    assert_eq!((seen.version, seen.is_current, seen.runs), (2, true, 2));
}

#[test]
fn a_history_of_the_first_version_goes_on_with_all_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    first_version(&path);
    let mut store = Store::open(&path).unwrap();
    let text = json(10, 1);
    write(&mut store, &Estate::of(10), "run-0001", 1, &text, &Keep::default()).unwrap();
    assert_eq!(
        store.run_of_job("before").unwrap().map(|(run, throttled)| (run.estate, throttled)),
        Some(("prod".to_owned(), None))
    );
    assert_eq!(store.run_of_job("run-0001").unwrap().unwrap().1, Some(3));
    assert!(store.run_of_job("run").unwrap().is_none(), "an id is whole");
    assert!(store.jobs().unwrap().is_empty());
    store.verify().unwrap();
}
