//! What a history keeps, what it refuses, and that neither a full disk nor another writer costs a run.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

mod common;

use std::path::{Path, PathBuf};

use common::{Estate, begin, json, times, write};
use rusqlite::Connection;
use stateward_store::{ComponentRow, Ended, Keep, Receipt, Store, StoreError, Waiting};

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    (folder, path)
}

fn ids(store: &Store) -> Vec<String> {
    store.runs(None, 1_000).unwrap().into_iter().map(|run| run.id).collect()
}

#[test]
fn a_run_comes_back_as_it_went_in() {
    let (_folder, path) = folder();
    let estate = Estate::of(100);
    let mut store = Store::open(&path).unwrap();
    let text = json(100, 1);
    write(&mut store, &estate, "run-0001", 1, &text, &Keep::default()).unwrap();
    drop(store);
    let store = Store::open_existing(&path).unwrap();
    let run = store.find("latest").unwrap();
    assert_eq!((run.id.as_str(), run.outcome.as_str()), ("run-0001", "finished"));
    assert_eq!(
        (run.evidenced, run.possible, run.errors, run.calls),
        (Some(50.5), Some(90.0), Some(2), Some(320))
    );
    assert_eq!(run.unread_states, Some(1));
    assert_eq!(run.findings.unwrap().iter().sum::<usize>(), 100);
    assert_eq!(run.drift.unwrap().since, Some([1, 0, 1]));
    assert_eq!(store.result(&run).unwrap(), text);
    let findings = store.findings("run-0001").unwrap();
    assert_eq!(findings.len(), 100);
    assert!(findings.iter().all(|finding| finding.since.as_deref() == Some(times(1)[2].as_str())));
    store.verify().unwrap();
}

#[test]
fn a_component_is_remembered_by_its_latest_score_within_a_time() {
    let (_folder, path) = folder();
    let mut store = Store::open(&path).unwrap();
    for (run, score) in [(1, Some(40.0)), (2, Some(62.5)), (3, None)] {
        let id = format!("run-{run}");
        begin(&mut store, &id, run).unwrap();
        let (estate, times) = (Estate::of(1), times(run));
        let mut record = estate.record(run, "{}", &times);
        record.components =
            vec![ComponentRow { key: "dr", evidenced: score, possible: score, coverage: 10.0 }];
        store.finish(&id, &record, &Keep::default()).unwrap();
    }
    let last = |asked: &str, since: usize, until: usize| {
        store.last_components(asked, &times(since)[2], &times(until)[2]).unwrap().get("dr").copied()
    };
    assert_eq!(last("audit of prod", 1, 4), Some(62.5), "what could not be assessed is no score");
    assert_eq!(last("audit of prod", 1, 1), Some(40.0));
    assert_eq!(last("audit of prod", 3, 4), None);
    assert_eq!(last("audit of test", 1, 4), None);
}

/// What each run found can be told of every run, though only what changed is stored.
#[test]
fn spans_tell_of_every_run_what_it_found() {
    let (_folder, path) = folder();
    let mut store = Store::open(&path).unwrap();
    let estates: Vec<Estate> = [60, 80, 50, 80].map(Estate::of).into();
    for (at, estate) in estates.iter().enumerate() {
        let (text, times) = (json(1, at), times(at));
        let id = format!("run-{at:04}");
        begin(&mut store, &id, at).unwrap();
        let mut record = estate.record(at, &text, &times);
        record.items = estate.items(at);
        store.finish(&id, &record, &Keep::default()).unwrap();
    }
    for (at, estate) in estates.iter().enumerate() {
        let times = times(at);
        let record = estate.record(at, "", &times);
        let mut expected: Vec<(&str, &str)> =
            record.findings.iter().map(|finding| (finding.subject.fingerprint, finding.status)).collect();
        expected.sort_unstable();
        let rows = store.findings(&format!("run-{at:04}")).unwrap();
        let mut found: Vec<(&str, &str)> =
            rows.iter().map(|row| (row.fingerprint.as_str(), row.status.as_str())).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "run {at}");
        assert_eq!(store.drift(&format!("run-{at:04}")).unwrap().len(), at);
    }
}

#[test]
fn only_so_many_runs_are_kept_and_the_latest_always_is() {
    let (_folder, path) = folder();
    let estate = Estate::of(200);
    let mut store = Store::open(&path).unwrap();
    for run in 0..10 {
        let keep = Keep { runs: Some(4), since: None };
        write(&mut store, &estate, &format!("run-{run:04}"), run, &json(200, run), &keep).unwrap();
    }
    assert_eq!(ids(&store), ["run-0009", "run-0008", "run-0007", "run-0006"]);
    for id in ids(&store) {
        assert_eq!(store.findings(&id).unwrap().len(), 200, "{id}");
    }
    // Everything is too old: the latest stays all the same.
    let keep = Keep { runs: None, since: Some("2030-01-01T00:00:00Z") };
    write(&mut store, &estate, "run-0010", 10, &json(200, 10), &keep).unwrap();
    assert_eq!(ids(&store), ["run-0010"]);
    assert_eq!(store.findings("run-0010").unwrap().len(), 200);
    store.verify().unwrap();
}

#[test]
fn a_run_that_never_ends_is_interrupted_and_one_that_fails_says_why() {
    let (_folder, path) = folder();
    let mut store = Store::open(&path).unwrap();
    begin(&mut store, "run-lost", 1).unwrap();
    begin(&mut store, "run-bad", 2).unwrap();
    store.end("run-bad", Ended::Failed, "no credentials", &times(2)[1]).unwrap();
    assert_eq!(store.sweep(&times(1)[1]).unwrap(), 0, "its time has not come");
    assert_eq!(store.sweep(&times(3)[0]).unwrap(), 1);
    let outcomes: Vec<(String, String)> =
        store.runs(None, 9).unwrap().into_iter().map(|run| (run.id, run.outcome)).collect();
    let expected = [("run-bad", "failed"), ("run-lost", "interrupted")];
    assert_eq!(outcomes, expected.map(|(id, outcome)| (id.to_owned(), outcome.to_owned())));
    let error = store.result(&store.find("run-bad").unwrap()).unwrap_err().to_string();
    assert!(error.contains("failed (no credentials)"), "{error}");
    let late = store.finish("run-lost", &Estate::of(1).record(1, "{}", &times(1)), &Keep::default());
    assert!(matches!(late, Err(StoreError::NoRun { .. })), "{late:?}");
    assert!(store.last_good("audit of prod").unwrap().is_none(), "none of them is good");
}

#[test]
fn a_run_is_found_by_its_beginning_and_by_its_place() {
    let (_folder, path) = folder();
    let (estate, mut store) = (Estate::of(1), Store::open(&path).unwrap());
    for (run, id) in ["abcd1111", "abcd2222", "ffff0000"].into_iter().enumerate() {
        write(&mut store, &estate, id, run, "{}", &Keep::default()).unwrap();
    }
    for (word, id) in
        [("abcd1", "abcd1111"), ("ffff", "ffff0000"), ("latest", "ffff0000"), ("latest~2", "abcd1111")]
    {
        assert_eq!(store.find(word).unwrap().id, id, "{word}");
    }
    assert!(matches!(store.find("abcd"), Err(StoreError::Ambiguous { .. })));
    for word in ["latest~3", "latest~x", "latestly", "abc", "%%%%", "", "none-such"] {
        assert!(matches!(store.find(word), Err(StoreError::NoRun { .. })), "{word}");
    }
}

fn untouched(path: &Path, expected: &str) {
    let before = std::fs::read(path).unwrap();
    for error in [Store::open(path).unwrap_err(), Store::open_existing(path).unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains(&path.display().to_string()) && text.contains("remedy"), "{text}");
        assert!(text.contains(expected), "{text}");
    }
    assert_eq!(std::fs::read(path).unwrap(), before, "{expected}");
}

#[test]
fn what_is_no_history_is_refused_and_left_as_it_is() {
    let (folder, path) = folder();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("text.db"), "a letter, and no database").unwrap();
    untouched(&at("text.db"), "no SQLite database");
    std::fs::write(at("short.db"), "SQLite format 3\0").unwrap();
    untouched(&at("short.db"), "ends after 16 bytes");
    Connection::open(at("other.db")).unwrap().execute_batch("CREATE TABLE music (title TEXT)").unwrap();
    untouched(&at("other.db"), "another program");
    let error = Store::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("folder"), "{error}");
    let absent = Store::open_existing(&path).unwrap_err();
    assert!(matches!(absent, StoreError::Absent { .. }) && !path.exists(), "{absent}");
    let nowhere = Store::open(&at("no/such/folder/history.db")).unwrap_err();
    assert!(matches!(nowhere, StoreError::Unopened { .. }), "{nowhere:?}");
}

#[test]
fn a_newer_a_truncated_and_a_damaged_history_are_refused_and_left_as_they_are() {
    let (folder, path) = folder();
    let (estate, mut store) = (Estate::of(500), Store::open(&path).unwrap());
    for run in 0..5 {
        write(&mut store, &estate, &format!("run-{run:04}"), run, &json(500, run), &Keep::default()).unwrap();
    }
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(at("newer.db"), newer).unwrap();
    untouched(&at("newer.db"), "version 99");
    for length in [whole.len() - 1, whole.len() / 2, 4_096, 99] {
        std::fs::write(at("cut.db"), &whole[..length]).unwrap();
        untouched(&at("cut.db"), "damaged");
    }
    // A page in the middle that was overwritten is found before anything is written.
    let mut damaged = whole.clone();
    let middle = damaged.len() / 8_192 * 4_096;
    damaged[middle..middle + 4_096].fill(0x5a);
    std::fs::write(at("damaged.db"), &damaged).unwrap();
    let error = Store::open(&at("damaged.db")).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert_eq!(std::fs::read(at("damaged.db")).unwrap(), damaged);
}

/// The disk is full at some moment of the writing: the run is not stored, and says so; what was stored is there, and what
/// comes later fits when there is room again.
#[test]
fn a_full_disk_costs_no_finished_run() {
    let (_folder, path) = folder();
    let (small, large) = (Estate::of(50), Estate::of(4_000));
    let mut store = Store::open(&path).unwrap();
    write(&mut store, &small, "run-0001", 1, &json(50, 1), &Keep::default()).unwrap();
    let full_after = |pages: u64| {
        let db = store_pages(&path);
        db + pages
    };
    for (at, pages) in [1, 3, 10, 30].into_iter().enumerate() {
        let limit = full_after(pages);
        store.limit_pages(limit).unwrap();
        let id = format!("run-full{at}");
        let _ = begin(&mut store, &id, 2);
        let error =
            store.finish(&id, &large.record(2, &json(4_000, 2), &times(2)), &Keep::default()).unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error}");
        assert!(
            error.to_string().contains("keep_runs") && error.to_string().contains("history.db"),
            "{error}"
        );
        let good = store.last_good("audit of prod").unwrap().unwrap();
        assert_eq!(good.id, "run-0001");
        assert_eq!(store.result(&good).unwrap(), json(50, 1));
        store.verify().unwrap();
    }
    store.limit_pages(u64::from(u32::MAX - 1)).unwrap();
    write(&mut store, &large, "run-0003", 3, &json(4_000, 3), &Keep::default()).unwrap();
    assert_eq!(Store::open(&path).unwrap().find("latest").unwrap().id, "run-0003");
}

fn store_pages(path: &Path) -> u64 {
    let db = Connection::open(path).unwrap();
    db.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0)).unwrap().cast_unsigned()
}

#[test]
fn two_writers_at_once_wait_for_each_other() {
    let (_folder, path) = folder();
    // Both find no file, and make it.
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let path = path.clone();
            std::thread::spawn(move || {
                let estate = Estate::of(200);
                let mut store = Store::open(&path).unwrap();
                for run in 0..10 {
                    let id = format!("w{writer}-{run:04}");
                    write(&mut store, &estate, &id, run, &json(200, run), &Keep::default()).unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let store = Store::open(&path).unwrap();
    assert_eq!(ids(&store).len(), 40);
    for id in ids(&store) {
        assert_eq!(store.findings(&id).unwrap().len(), 200, "{id}");
    }
    store.verify().unwrap();
}

#[test]
fn many_that_make_it_at_once_wait_for_each_other() {
    for _ in 0..25 {
        let (_folder, path) = folder();
        let makers: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || Store::open(&path).map(drop))
            })
            .collect();
        for maker in makers {
            maker.join().unwrap().unwrap();
        }
    }
}

#[test]
fn a_message_waits_until_it_is_settled_and_is_settled_once() {
    let (_folder, path) = folder();
    let mut store = Store::open(&path).unwrap();
    let message = Waiting {
        id: 0,
        run: Some("run-0001".into()),
        transport: "smtp".into(),
        recipient: "ops@example.com".into(),
        key: "run-0001 ops@example.com".into(),
        message: b"Subject: drift\r\n\r\n".to_vec(),
        created_at: times(1)[1].clone(),
        next_at: times(1)[1].clone(),
        attempts: 0,
        last_error: None,
    };
    assert!(store.spool(&message).unwrap());
    assert!(!store.spool(&message).unwrap(), "the same message waits once");
    assert!(store.waiting(&times(0)[0]).unwrap().is_empty(), "its time has not come");
    let waiting = store.waiting(&times(2)[0]).unwrap().remove(0);
    assert_eq!((&waiting.message, waiting.attempts), (&message.message, 0));
    store.postpone(waiting.id, "the relay is down", &times(5)[0]).unwrap();
    assert!(store.waiting(&times(4)[0]).unwrap().is_empty());
    let later = store.waiting(&times(5)[0]).unwrap().remove(0);
    assert_eq!((later.attempts, later.last_error.as_deref()), (1, Some("the relay is down")));
    let receipt = Receipt {
        run: later.run.clone(),
        transport: later.transport.clone(),
        recipient: later.recipient.clone(),
        at: times(5)[1].clone(),
        delivered: true,
        message_id: Some("<1@stateward>".into()),
        detail: Some("250 OK".into()),
    };
    assert!(store.settle(later.id, &receipt).unwrap());
    assert!(!store.settle(later.id, &receipt).unwrap(), "somebody else was faster");
    assert!(!store.receive(&receipt).unwrap(), "it is kept already");
    let another = Receipt { recipient: "dba@acme.example".to_owned(), ..receipt.clone() };
    assert!(store.receive(&another).unwrap());
    assert!(!store.receive(&another).unwrap());
    assert_eq!(store.receipts("run-0001").unwrap(), [receipt, another]);
    assert!(store.waiting("9999").unwrap().is_empty());
}

/// What is given to be taken elsewhere says of every run what the run found, and leaves out what lies before.
#[test]
fn stays_tell_of_every_run_what_it_found() {
    let (_folder, path) = folder();
    let mut store = Store::open(&path).unwrap();
    let estates: Vec<Estate> = [60, 80, 50, 80].map(Estate::of).into();
    for (at, estate) in estates.iter().enumerate() {
        let (text, times) = (json(1, at), times(at));
        let id = format!("run-{at:04}");
        begin(&mut store, &id, at).unwrap();
        let mut record = estate.record(at, &text, &times);
        record.items = estate.items(at);
        store.finish(&id, &record, &Keep::default()).unwrap();
    }
    begin(&mut store, "run-9999", 9).unwrap();
    store.end("run-9999", Ended::Failed, "no credentials", &times(9)[1]).unwrap();

    let all = |since: Option<&str>| {
        let (mut runs, mut components, mut findings, mut drift) = (vec![], vec![], vec![], vec![]);
        store
            .still::<_, StoreError>(|store| {
                store.each_run(since, |row| {
                    runs.push(row);
                    Ok::<_, StoreError>(())
                })?;
                store.each_component(since, |row| {
                    components.push(row);
                    Ok::<_, StoreError>(())
                })?;
                store.each_finding(since, |row| {
                    findings.push(row);
                    Ok::<_, StoreError>(())
                })?;
                store.each_difference(since, |row| {
                    drift.push(row);
                    Ok::<_, StoreError>(())
                })
            })
            .unwrap();
        (runs, components, findings, drift)
    };
    let (runs, components, findings, drift) = all(None);
    assert_eq!(runs.len(), 5);
    let failed = runs.iter().find(|run| run.run.id == "run-9999").unwrap();
    assert_eq!((failed.seq, failed.run.reason.as_deref()), (None, Some("no credentials")));
    for run in runs.iter().filter(|run| run.seq.is_some()) {
        let (id, seq) = (run.run.id.as_str(), run.seq.unwrap());
        let mut expected: Vec<(String, String)> =
            store.findings(id).unwrap().into_iter().map(|row| (row.fingerprint, row.status)).collect();
        let of = |stay: &stateward_store::Stay| stay.first.seq <= seq && seq <= stay.last.seq;
        let mut found: Vec<(String, String)> = findings
            .iter()
            .filter(|row| of(&row.stay))
            .map(|row| (row.stay.fingerprint.clone(), row.status.clone()))
            .collect();
        expected.sort();
        found.sort();
        assert!(!found.is_empty());
        assert_eq!(found, expected, "{id}");
        let differences = drift.iter().filter(|row| of(&row.stay)).count();
        assert_eq!(differences, store.drift(id).unwrap().len(), "{id}");
    }
    let latest = runs.iter().filter_map(|run| run.seq).max().unwrap();
    for stay in findings.iter().map(|row| &row.stay) {
        assert_eq!(stay.open, stay.last.seq == latest);
        assert!(stay.first.run.is_some() && stay.last.as_of.is_some());
    }
    let scored: usize = components.len();
    assert!(scored > 0 && scored.is_multiple_of(4), "{scored}");

    let since = &times(2)[0];
    let (later, fewer, stays, _) = all(Some(since));
    assert_eq!(later.len(), 3);
    assert_eq!(fewer.len(), scored / 2);
    assert!(stays.len() < findings.len());
    assert!(stays.iter().all(|row| row.stay.last.seq >= later[0].seq.unwrap()));
}
