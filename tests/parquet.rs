//! The history as Parquet files, read back with another program's eyes: every column has its type, and nothing is lost.
#![cfg(feature = "parquet")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::process::Command;

use parquet::basic::{Compression, ConvertedType};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use stateward_store::Store;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");
const PAGE: &str = include_str!("../docs/history.md");
const FILES: [&str; 4] = ["runs", "components", "findings", "drift"];

fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_stateward"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the binary runs");
    (output.status.code().expect("an exit code"), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn store(folder: &Path, command: &str, options: &[&str]) {
    let fixed = [
        command,
        "--snapshot",
        DEMO,
        "--history",
        "runs.db",
        "--quiet",
        "--format",
        "json",
        "--output",
        "x.json",
    ];
    let (code, said) = run(folder, &[&fixed, options].concat());
    assert_eq!(code, 2, "{said}");
}

type Row = BTreeMap<String, Field>;

fn open(folder: &Path, name: &str) -> SerializedFileReader<File> {
    SerializedFileReader::new(File::open(folder.join(format!("{name}.parquet"))).unwrap()).unwrap()
}

fn rows(folder: &Path, name: &str) -> Vec<Row> {
    let row = |row: parquet::record::Row| {
        row.get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect()
    };
    open(folder, name).get_row_iter(None).unwrap().map(|read| row(read.unwrap())).collect()
}

fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    match &row[column] {
        Field::Str(text) => Some(text),
        Field::Null => None,
        other => panic!("{column}: {other:?}"),
    }
}

fn long(row: &Row, column: &str) -> Option<i64> {
    match row[column] {
        Field::Long(number) => Some(number),
        Field::Null => None,
        ref other => panic!("{column}: {other:?}"),
    }
}

fn real(row: &Row, column: &str) -> Option<f64> {
    match row[column] {
        Field::Double(number) => Some(number),
        Field::Null => None,
        ref other => panic!("{column}: {other:?}"),
    }
}

fn exported() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), "audit", &[]);
    store(folder.path(), "audit", &["--profile", "strict"]);
    store(folder.path(), "drift", &["--unmanaged"]);
    // One that fails: there is no such snapshot.
    let (code, _) = run(folder.path(), &["audit", "--snapshot", "none.stw", "--history", "runs.db"]);
    assert_eq!(code, 1);
    let (code, said) =
        run(folder.path(), &["history", "export", "--parquet", "lake", "--history", "runs.db"]);
    assert_eq!(code, 0, "{said}");
    assert!(FILES.iter().all(|name| said.contains(&format!("{name}.parquet: "))), "{said}");
    let store = Store::open_existing(&folder.path().join("runs.db")).unwrap();
    (folder, store)
}

#[test]
fn what_is_stored_is_what_is_exported() {
    let (folder, store) = exported();
    let lake = folder.path().join("lake");
    let [runs, components, findings, drift] = FILES.map(|name| rows(&lake, name));
    let stored = store.runs(None, 100).unwrap();
    assert_eq!(runs.len(), stored.len());
    assert_eq!(stored.len(), 4);
    let mut scored = 0;
    for run in &stored {
        let row = runs.iter().find(|row| text(row, "run") == Some(&run.id)).unwrap();
        assert_eq!(text(row, "outcome"), Some(run.outcome.as_str()));
        assert_eq!(text(row, "reason"), run.reason.as_deref());
        assert_eq!(text(row, "decision"), run.decision.as_deref());
        assert_eq!((real(row, "evidenced"), real(row, "coverage")), (run.evidenced, run.coverage));
        let count = |number: usize| i64::try_from(number).unwrap();
        assert_eq!(long(row, "failed"), run.findings.map(|counts| count(counts[1])));
        assert_eq!(long(row, "drift_changed"), run.drift.map(|drift| count(drift.changed)));
        let Field::TimestampMillis(started) = row["started_at"] else { panic!("{:?}", row["started_at"]) };
        let expected =
            time::OffsetDateTime::parse(&run.started_at, &time::format_description::well_known::Rfc3339);
        assert_eq!(started, expected.unwrap().unix_timestamp() * 1_000);

        let Some(seq) = long(row, "seq") else {
            assert_eq!(run.outcome, "failed");
            continue;
        };
        let series = long(row, "series");
        let here = |row: &&Row| {
            let span = long(row, "first_seq").unwrap()..=long(row, "last_seq").unwrap();
            long(row, "series") == series && span.contains(&seq)
        };
        let exported: BTreeSet<[&str; 4]> = findings
            .iter()
            .filter(here)
            .map(|row| {
                ["fingerprint", "status", "severity", "check"].map(|column| text(row, column).unwrap())
            })
            .collect();
        let of_run = store.findings(&run.id).unwrap();
        let expected: BTreeSet<[&str; 4]> = of_run
            .iter()
            .map(|it| [it.fingerprint.as_str(), it.status.as_str(), it.severity.as_str(), it.check.as_str()])
            .collect();
        assert_eq!(exported, expected);
        let of_run = store.drift(&run.id).unwrap();
        let expected: BTreeSet<(&str, &str, Option<&str>)> = of_run
            .iter()
            .map(|it| (it.fingerprint.as_str(), it.class.as_str(), it.address.as_deref()))
            .collect();
        let exported: BTreeSet<(&str, &str, Option<&str>)> = drift
            .iter()
            .filter(here)
            .map(|row| (text(row, "fingerprint").unwrap(), text(row, "class").unwrap(), text(row, "address")))
            .collect();
        assert_eq!(exported, expected);
        let of_run = components.iter().filter(|row| text(row, "run") == Some(&run.id)).count();
        assert_eq!(of_run, if run.command == "audit" { 10 } else { 0 });
        scored += of_run;
    }
    assert_eq!(components.len(), scored);
    assert!(!findings.is_empty() && !drift.is_empty());
}

#[test]
fn the_columns_are_typed_compressed_and_documented() {
    let (folder, _store) = exported();
    for name in FILES {
        let reader = open(&folder.path().join("lake"), name);
        let about = reader.metadata();
        for column in about.file_metadata().schema_descr().columns() {
            assert!(
                PAGE.contains(&format!("`{}`", column.name())),
                "{name}: {} is not documented",
                column.name()
            );
            if column.name().ends_with("_at") || column.name() == "as_of" {
                assert_eq!(column.converted_type(), ConvertedType::TIMESTAMP_MILLIS, "{}", column.name());
            }
        }
        let column = about.row_group(0).column(0);
        assert_eq!(column.compression(), Compression::SNAPPY);
    }
}

#[test]
fn since_leaves_out_what_began_before_and_no_file_is_ever_half() {
    let (folder, store) = exported();
    let at = folder.path();
    let export =
        |options: &[&str]| run(at, &[&["history", "export", "--history", "runs.db"], options].concat());
    let (code, said) = export(&["--parquet", "later", "--since", "2999-01-01T00:00:00Z"]);
    assert_eq!(code, 0, "{said}");
    assert!(FILES.iter().all(|name| rows(&at.join("later"), name).is_empty()), "{said}");
    let (code, said) = export(&["--parquet", "all", "--since", "2000-01-01T00:00:00Z"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(rows(&at.join("all"), "findings").len(), rows(&at.join("lake"), "findings").len());

    // A folder where a file should be, and a file where the folder should be: refused, and nothing is left behind.
    std::fs::create_dir_all(at.join("blocked/drift.parquet")).unwrap();
    let (code, said) = export(&["--parquet", "blocked"]);
    assert_eq!(code, 1);
    assert!(said.contains("drift.parquet") && said.contains("folder"), "{said}");
    let left: Vec<_> =
        std::fs::read_dir(at.join("blocked")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["drift.parquet"]);
    let (code, said) = export(&["--parquet", "runs.db"]);
    assert_eq!(code, 1);
    assert!(said.contains("runs.db"), "{said}");
    store.verify().unwrap();
    for (line, word) in [(vec!["--parquet", "x", "--since", "yesterday"], "RFC 3339"), (vec![], "--parquet")]
    {
        let (code, said) = export(&line);
        assert_eq!(code, 64);
        assert!(said.contains(word), "{said}");
    }
    let (code, said) = run(at, &["history", "export", "--parquet", "y", "--history", "none.db"]);
    assert_eq!(code, 1);
    assert!(said.contains("none.db") && said.contains("remedy") && !at.join("y").exists(), "{said}");
}
