//! Pages of runs and findings, counts, and how far a run has come.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

mod common;

use common::{Estate, begin, times, write};
use stateward_store::{Ended, Keep, Progress, RunSieve, Sieve, Store};

const FINDINGS: usize = 400;

fn filled(runs: usize) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let estate = Estate::of(FINDINGS);
    let mut store = Store::open(&path).unwrap();
    for run in 0..runs {
        write(&mut store, &estate, &format!("run-{run:04}"), run, "{}", &Keep::default()).unwrap();
    }
    (folder, store)
}

/// A page is what the whole list has there, whatever it is narrowed down by.
#[test]
fn pages_add_up_to_the_list() {
    let (_folder, store) = filled(4);
    for run in ["run-0003", "run-0001"] {
        let all = store.findings(run).unwrap();
        let words = ["acme-0000".to_owned(), "m1".to_owned()];
        let sieves = [
            Sieve::default(),
            Sieve { statuses: &["fail", "unknown"], ..Sieve::default() },
            Sieve { severities: &["critical"], region: Some("us-west-2"), ..Sieve::default() },
            Sieve { check: Some("NET-01"), component: Some("storage"), ..Sieve::default() },
            Sieve { words: &words, ..Sieve::default() },
            Sieve { account: Some("nobody"), ..Sieve::default() },
        ];
        for sieve in &sieves {
            let fits = |one: &&stateward_store::FindingRow| {
                let text = format!("{} {}", one.resource, one.address.as_deref().unwrap_or_default());
                (sieve.statuses.is_empty() || sieve.statuses.contains(&one.status.as_str()))
                    && (sieve.severities.is_empty() || sieve.severities.contains(&one.severity.as_str()))
                    && sieve.check.is_none_or(|check| check == one.check)
                    && sieve.account.is_none_or(|account| account == one.account)
                    && sieve.words.iter().all(|word| text.contains(word.as_str()))
            };
            let mut expected: Vec<&str> =
                all.iter().filter(fits).map(|one| one.fingerprint.as_str()).collect();
            let total = store.count_findings(run, sieve).unwrap();
            assert_eq!(total, expected.len(), "{sieve:?}");
            let mut paged = Vec::new();
            for offset in (0..total).step_by(50) {
                let page = store.page_of_findings(run, sieve, offset, 50).unwrap();
                assert!(page.len() == 50 || offset + page.len() == total);
                paged.extend(page.into_iter().map(|one| one.finding.fingerprint));
            }
            paged.sort();
            expected.sort_unstable();
            assert_eq!(paged, expected, "{sieve:?}");
        }
        let counted: usize = store.tally(run).unwrap().iter().map(|one| one.number).sum();
        assert_eq!(counted, FINDINGS);
    }
}

#[test]
fn the_most_urgent_comes_first_and_words_are_no_patterns() {
    let (_folder, store) = filled(1);
    let page = store.page_of_findings("run-0000", &Sieve::default(), 0, FINDINGS).unwrap();
    assert_eq!((page[0].finding.status.as_str(), page[0].finding.severity.as_str()), ("fail", "critical"));
    assert_eq!(page[0].title.as_deref(), Some("Something holds"));
    assert_eq!(page.last().unwrap().finding.status, "pass");
    for word in ["%", "_", "\\", "' OR 1=1 --", "acme_00000"] {
        let words = [word.to_owned()];
        let sieve = Sieve { words: &words, ..Sieve::default() };
        let expected = if word == "_" { FINDINGS } else { 0 };
        assert_eq!(store.count_findings("run-0000", &sieve).unwrap(), expected, "{word}");
    }
    let words = ["ACME-00001".to_owned()];
    let sieve = Sieve { words: &words, ..Sieve::default() };
    assert_eq!(store.count_findings("run-0000", &sieve).unwrap(), 20, "letters of either case");
}

#[test]
fn what_is_new_began_with_the_run() {
    let (_folder, store) = filled(4);
    let new = Sieve { only_new: true, ..Sieve::default() };
    let of = |run: &str| {
        let rows = store.findings(run).unwrap();
        rows.into_iter()
            .map(|row| (row.fingerprint, row.status))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let (before, after) = (of("run-0002"), of("run-0003"));
    let changed = after.iter().filter(|(print, status)| before.get(*print) != Some(status)).count();
    assert!(changed > 0);
    assert_eq!(store.count_findings("run-0003", &new).unwrap(), changed);
}

#[test]
fn runs_are_paged_and_put_in_their_order() {
    let (_folder, mut store) = filled(5);
    begin(&mut store, "run-late", 9).unwrap();
    store.end("run-late", Ended::Failed, "no credentials", &times(9)[1]).unwrap();
    let all = RunSieve::default();
    assert_eq!(store.count_runs(&all).unwrap(), 6);
    let page: Vec<String> = store.page_of_runs(&all, 1, 2).unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(page, ["run-0004", "run-0003"]);
    let failed = RunSieve { outcome: Some("failed"), ..all };
    assert_eq!(store.page_of_runs(&failed, 0, 9).unwrap()[0].id, "run-late");
    assert_eq!(store.count_runs(&RunSieve { estate: Some("staging"), ..all }).unwrap(), 0);
    assert_eq!(
        store.count_runs(&RunSieve { command: Some("audit"), estate: Some("prod"), ..all }).unwrap(),
        6
    );
    let ids = |runs: Vec<stateward_store::RunRow>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    assert_eq!(ids(store.up_to("run-0002", 2).unwrap()), ["run-0002", "run-0001"]);
    assert_eq!(store.next("run-0002").unwrap().unwrap().id, "run-0003");
    assert!(store.next("run-0004").unwrap().is_none());
    assert_eq!(ids(store.unfinished_since("run-0004", 9).unwrap()), ["run-late"]);
    assert_eq!(ids(store.latest_of_each().unwrap()), ["run-0004"]);
    assert_eq!(store.components("run-0004").unwrap()[0].key, "storage");
}

#[test]
fn progress_is_told_while_a_run_is_under_way_and_not_after() {
    let (folder, mut store) = filled(1);
    let progress = |done| Progress {
        at: times(1)[0].clone(),
        phase: "reading AWS".into(),
        calls: 300,
        done,
        total: 90,
        gaps: 2,
    };
    begin(&mut store, "run-0001", 1).unwrap();
    assert_eq!(store.progress("run-0001").unwrap(), None);
    store.advance("run-0001", &progress(1)).unwrap();
    store.advance("run-0001", &progress(7)).unwrap();
    let other = Store::open_read_only(&folder.path().join("history.db")).unwrap();
    assert_eq!(other.progress("run-0001").unwrap(), Some(progress(7)));
    let record = Estate::of(1);
    store.finish("run-0001", &record.record(1, "{}", &times(1)), &Keep::default()).unwrap();
    assert_eq!(other.progress("run-0001").unwrap(), None);
    // What comes late, or of no run, is not told.
    store.advance("run-0001", &progress(9)).unwrap();
    store.advance("nobody", &progress(9)).unwrap();
    assert_eq!(store.progress("run-0001").unwrap(), None);
    assert_eq!(store.progress("nobody").unwrap(), None);
}

#[test]
fn whoever_only_looks_cannot_write() {
    let (folder, _store) = filled(1);
    let mut looking = Store::open_read_only(&folder.path().join("history.db")).unwrap();
    assert!(begin(&mut looking, "run-9999", 9).is_err());
    assert!(looking.end("run-0000", Ended::Failed, "", "").is_err());
    assert_eq!(looking.find("latest").unwrap().id, "run-0000");
}
