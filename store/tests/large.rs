//! Many runs of many findings: the list, one run and the span of a finding are found quickly, and what does not change
//! takes no room. `tests/bench/history` measures 500 runs in a release build.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails that way, and prints what it measured"
)]

mod common;

use std::time::{Duration, Instant};

use common::{Estate, begin, times};
use stateward_store::{Keep, Store};

const RUNS: usize = 30;
const FINDINGS: usize = 10_000;
/// Ten times what a release build takes on a quiet machine.
const ENOUGH: Duration = Duration::from_secs(3);
/// Bytes that a run may take beside its result.
const ROOM: u64 = 100_000;

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    let took = started.elapsed();
    println!("{what}: {} ms", took.as_millis());
    assert!(took < ENOUGH, "{what} took {took:?}");
    done
}

#[test]
fn many_runs_of_many_findings_stay_quick_and_small() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let estate = Estate::of(FINDINGS);
    let mut store = Store::open(&path).unwrap();
    let started = Instant::now();
    for run in 0..RUNS {
        let (id, times) = (format!("run-{run:06}"), times(run));
        begin(&mut store, &id, run).unwrap();
        // The results themselves are measured by the bench; here it is the rows.
        store.finish(&id, &estate.record(run, "{}", &times), &Keep::default()).unwrap();
    }
    println!("{RUNS} runs stored, each in {} ms", started.elapsed().as_millis() / RUNS as u128);
    let one = {
        let small = folder.path().join("one.db");
        let mut store = Store::open(&small).unwrap();
        begin(&mut store, "run-000000", 0).unwrap();
        store.finish("run-000000", &estate.record(0, "{}", &times(0)), &Keep::default()).unwrap();
        store.bytes().unwrap()
    };
    let more = (store.bytes().unwrap() - one) / (RUNS as u64 - 1);
    println!("the first run takes {one} bytes, each further one {more}");
    assert!(more < ROOM, "{more} bytes for each further run");
    drop(store);

    let store = timed("opened to read", || Store::open_existing(&path).unwrap());
    assert_eq!(timed("all runs", || store.runs(None, 1_000).unwrap()).len(), RUNS);
    for word in ["latest", "latest~20", "run-000000"] {
        let run = store.find(word).unwrap();
        let findings = timed(&format!("findings of {word}"), || store.findings(&run.id).unwrap());
        assert_eq!(findings.len(), FINDINGS);
        assert_eq!(run.findings.unwrap().iter().sum::<usize>(), FINDINGS);
    }
    timed("opened to write", || Store::open(&path).unwrap());
}
