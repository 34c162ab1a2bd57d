//! A hundred processes are killed while they write: every run that one of them called stored is there, whole.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test fails that way, and prints what it measured"
)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Estate, json, write};
use stateward_store::{Keep, Store};

const KILLS: usize = 100;
const FINDINGS: usize = 120;
const KEPT: u32 = 200;
const FILE: &str = "STATEWARD_TEST_HISTORY";

/// The process that is killed: this same program, in this one test. It says which runs are stored, each on a line.
#[test]
#[ignore = "it writes for ever, and is started by the other test"]
fn the_child_writes() {
    let Ok(path) = std::env::var(FILE) else { return };
    let estate = Estate::of(FINDINGS);
    let mut store = Store::open(Path::new(&path)).expect("the history opens");
    let mut out = std::io::stdout().lock();
    for run in 0.. {
        let id = format!("{:08x}-{run:06}", std::process::id());
        // Old runs go while new ones come, so that deletions are interrupted, too.
        let keep = Keep { runs: Some(KEPT), since: None };
        write(&mut store, &estate, &id, run, &json(FINDINGS, run), &keep).expect("a run is stored");
        writeln!(out, "stored {id}").expect("a line");
        out.flush().expect("a line");
    }
}

#[test]
fn a_hundred_kills_lose_no_finished_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let mut stored: Vec<String> = Vec::new();
    // Pseudo-random moments, the same in every run of the test.
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_child_writes", "--ignored", "--nocapture"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let lines = lines.lines().map_while(Result::ok);
            lines.filter_map(|line| Some(line.split_once("stored ")?.1.to_owned())).collect::<Vec<_>>()
        });
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_micros(20_000 + dice % 120_000));
        child.kill().unwrap();
        child.wait().unwrap();
        stored.extend(reader.join().unwrap());

        let store = Store::open(&path).unwrap_or_else(|error| panic!("after kill {kill}: {error}"));
        store.verify().unwrap_or_else(|error| panic!("after kill {kill}: {error}"));
        // A run may be stored whose line did not get out any more: at most one for each kill.
        let kept = stored.len().saturating_sub(KEPT as usize - KILLS);
        for id in &stored[kept..] {
            let run = store.find(id).unwrap_or_else(|error| panic!("after kill {kill}: {error}"));
            assert_eq!(run.outcome, "finished");
        }
        for id in stored[kept..].iter().rev().take(10) {
            let run = store.find(id).unwrap();
            assert!(store.result(&run).unwrap().ends_with("]}"));
            assert_eq!(store.findings(id).unwrap().len(), FINDINGS);
        }
    }
    assert!(stored.len() > KILLS, "only {} runs were stored in all", stored.len());
    println!("{} runs stored over {KILLS} kills", stored.len());
}
