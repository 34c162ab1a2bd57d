//! Twenty thousand instances: what is drifted is found, and the memory that it takes stays small. `tests/bench/scale`
//! measures a million in a release build.
// With the AWS SDK in it the program itself takes more address space than the comparison may.
#![cfg(all(target_os = "linux", not(feature = "aws")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

#[path = "bench/big.rs"]
mod big;

use std::process::Command;

use serde_json::Value;

/// Address space that the whole program may take, KiB. Unpacked, the two sides alone would take more.
const ROOM: usize = 160 * 1024;

#[test]
fn a_large_estate_is_compared_in_little_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = big::write(folder.path(), 20_000, 10).expect("a large estate");
    assert!(made.changed >= 200 && made.missing >= 20 && made.unmanaged >= 20, "{made:?}");
    let command = format!(
        "ulimit -v {ROOM} && exec '{}' drift -q --unmanaged --snapshot big.stw --state 'states/*.tfstate' --format json \
         --output result.json",
        env!("CARGO_BIN_EXE_stateward")
    );
    let ran = Command::new("sh").args(["-c", &command]).current_dir(&folder).output().expect("a shell");
    assert_eq!(ran.status.code(), Some(2), "{}", String::from_utf8_lossy(&ran.stderr));
    let result = std::fs::read(folder.path().join("result.json")).expect("a result");
    let result: Value = serde_json::from_slice(&result).expect("a result in JSON");
    let summary = &result["drift"]["summary"];
    let counts = ["in_sync", "changed", "missing", "unmanaged", "ghost", "conflict", "unknown"]
        .map(|class| summary[class].as_u64().expect("a count") as usize);
    let in_sync = made.instances - made.changed - made.missing;
    assert_eq!(counts, [in_sync, made.changed, made.missing, made.unmanaged, 0, 0, 0]);
}
