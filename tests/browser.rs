//! The dashboard in a real browser: Debian's chromium, driven by playwright-core, judged by axe-core.
//!
//! Where node, npm or chromium are missing, or the packages cannot be had, the test says so and is skipped; with `CI=true` it
//! fails instead. Screenshots stay in `target/browser/screenshots`.
#![cfg(feature = "service")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails that way, and says that it is skipped"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use stateward_store::{Begun, Ended, Progress, Store};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const RUN: &str = "aaaabbbbccccdddd";
const TOKEN: &str = "correct-horse-battery-staple";

/// What ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Says that the test is skipped, or fails where it may not be.
fn skipped(why: &str) {
    let line = format!("the browser tests of the dashboard were SKIPPED: {why}");
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{line}");
    // Past the test harness, which keeps what a passing test prints to itself.
    let _ = writeln!(std::io::stderr().lock(), "\n*** {line} ***\n");
}

fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The folder of the packages, which are fetched once.
fn packages(npm: &Path) -> Result<PathBuf, String> {
    // `tmp` of the target folder, which cargo makes for tests.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target folder").join("browser");
    let from = Path::new(ROOT).join("tests/browser");
    std::fs::create_dir_all(folder.join("screenshots")).map_err(|error| error.to_string())?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        std::fs::copy(from.join(name), folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    if ["playwright-core", "axe-core"].iter().all(|name| folder.join("node_modules").join(name).is_dir()) {
        return Ok(folder);
    }
    let ran = Command::new(npm).args(["ci", "--ignore-scripts"]).current_dir(&folder).output();
    let ran = ran.map_err(|error| format!("npm: {error}"))?;
    match ran.status.success() {
        true => Ok(folder),
        false => Err(format!("`npm ci` failed: {}", String::from_utf8_lossy(&ran.stderr))),
    }
}

fn stored(history: &Path, command: &str, options: &[&str]) {
    let ran = Command::new(env!("CARGO_BIN_EXE_stateward"))
        .args([command, "--quiet", "--snapshot"])
        .arg(Path::new(ROOT).join("demo/estate.stw"))
        .args(["--format", "json", "--output"])
        .arg(history.with_extension("json"))
        .arg("--history")
        .arg(history)
        .args(options)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// Three audits that differ, a verification of recovery, and an audit that is under way.
fn filled(history: &Path) -> Store {
    stored(history, "audit", &[]);
    stored(history, "audit", &["--profile", "strict"]);
    stored(history, "audit", &[]);
    stored(history, "recover", &[]);
    let mut store = Store::open(history).unwrap();
    // The same question as the audits before, so that the overview tells of it.
    let db = history.to_str().unwrap();
    let asked = Command::new("python3")
        .args(["-c", "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(\"SELECT asked FROM run WHERE command = 'audit'\").fetchone()[0])", db])
        .output()
        .unwrap();
    let asked = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    let begun = Begun {
        id: RUN,
        command: "audit",
        asked: &asked,
        estate: "",
        version: "0.1.0",
        started_at: "2998-01-01T00:00:00Z",
        deadline: "2999-01-01T00:00:00Z",
    };
    store.begin(&begun).unwrap();
    store
}

fn progress(done: usize) -> Progress {
    let at = "2998-01-01T00:00:01Z".to_owned();
    Progress { at, phase: "reading AWS".to_owned(), calls: 1_234, done, total: 40, gaps: 2 }
}

/// A dashboard, and its address.
fn board(history: &Path, options: &[&str]) -> (Process, String) {
    let board = Command::new(env!("CARGO_BIN_EXE_stateward"))
        .args(["serve", "--listen", "127.0.0.1:0", "--history"])
        .arg(history)
        .args(options)
        .env("STATEWARD_TEST_TOKEN", TOKEN)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut board = Process(board);
    let mut said = BufReader::new(board.0.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    let from = line.find("http://").unwrap_or_else(|| panic!("it did not come up: {line}"));
    (board, line[from..].split("/ ").next().unwrap().to_owned())
}

#[test]
fn the_dashboard_in_a_browser() {
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(found);
    let (Some(node), Some(npm), Some(chromium)) = (found("node"), found("npm"), chromium) else {
        return skipped("node, npm or chromium is not installed (`apt-get install chromium nodejs npm`)");
    };
    let packages = match packages(&npm) {
        Ok(packages) => packages,
        Err(why) => return skipped(&why),
    };
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("runs.db");
    let mut store = filled(&history);
    store.advance(RUN, &progress(3)).unwrap();

    let (_board, address) = board(&history, &[]);
    let (_guarded, guarded) = board(&history, &["--token-variable", "STATEWARD_TEST_TOKEN"]);

    let driver = Command::new(node)
        .arg(Path::new(ROOT).join("tests/browser/drive.mjs"))
        .arg(&address)
        .arg(&packages)
        .arg(packages.join("screenshots"))
        .arg(chromium)
        .args([RUN, &guarded, TOKEN])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut driver = Process(driver);
    let mut errors = driver.0.stderr.take().unwrap();
    let errors = std::thread::spawn(move || std::io::read_to_string(&mut errors).unwrap_or_default());
    let mut is_done = false;
    for line in BufReader::new(driver.0.stdout.take().unwrap()).lines() {
        match line.unwrap().as_str() {
            "ready" => store.advance(RUN, &progress(30)).unwrap(),
            "end" => {
                store.end(RUN, Ended::Interrupted, "somebody stopped it", "2998-01-01T00:02:00Z").unwrap()
            }
            "done" => is_done = true,
            other => eprintln!("{other}"),
        }
    }
    let status = driver.0.wait().unwrap();
    assert!(status.success() && is_done, "{}", errors.join().unwrap_or_default());
    assert!(packages.join("screenshots/overview-phone-dark.png").is_file());
}
