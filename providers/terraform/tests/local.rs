//! States on this machine: files and globs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::future::Future;
use std::io::Read;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use stateward_model::Cause;
use stateward_terraform::{Limits, Means, Source, Unread, open};

/// Files are there at once or not at all: nothing waits.
fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn means() -> Means<'static> {
    Means {
        variable: &|_| None,
        spool: || Err(std::io::ErrorKind::Unsupported.into()),
        limits: Limits::default(),
        headers: &[],
    }
}

fn texts(uri: &str) -> Result<Vec<(String, String)>, Unread> {
    let source = Source::parse(uri).unwrap();
    let backend = open(&source, means())?;
    let mut texts = Vec::new();
    for entry in now(backend.list())? {
        let mut text = String::new();
        now(backend.fetch(&entry))?.body.read_to_string(&mut text).unwrap();
        texts.push((entry.uri, text));
    }
    Ok(texts)
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("stateward-{name}-{}", std::process::id()));
        std::fs::create_dir_all(path.join("deep/er")).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, name).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_glob_names_files_in_order_and_a_file_itself() {
    let folder = Folder::new("glob");
    let (b, a, c) =
        (folder.file("b.tfstate"), folder.file("deep/a.tfstate"), folder.file("deep/er/c.tfstate"));
    folder.file("notes.txt");
    let root = folder.0.display();
    let names = |uri: String| texts(&uri).unwrap().into_iter().map(|(uri, _)| uri).collect::<Vec<_>>();
    assert_eq!(names(format!("{root}/*.tfstate")), [b.as_str()]);
    assert_eq!(names(format!("{root}/**/*.tfstate")), [b.clone(), a, c]);
    assert_eq!(texts(&b).unwrap(), [(b, "b.tfstate".to_owned())]);
    let fault = texts(&format!("{root}/*.nothing")).unwrap_err();
    assert!(fault.cause == Cause::Absent && fault.what.contains("matches no file"), "{fault:?}");
}

#[test]
fn sources_say_what_is_wrong_with_them() {
    let fault = |uri: &str| Source::parse(uri).unwrap_err();
    assert!(fault("/does/not/exist.tfstate").what.contains("no such file"));
    assert!(fault("/tmp").remedy.contains("**/*.tfstate"));
    assert!(fault("ftp://x/y").what.contains("ftp"));
    assert!(texts("/does/not/*.tfstate").unwrap_err().what.contains("matches no file"));
}

#[test]
fn states_in_s3_are_not_for_this_crate() {
    let source = Source::parse("s3://b/k").unwrap();
    let fault = open(&source, means()).err().unwrap();
    assert!(fault.cause == Cause::Unsupported && fault.remedy.contains("cargo build"), "{fault:?}");
}

#[cfg(not(feature = "remote"))]
#[test]
fn a_build_without_remote_states_says_so() {
    for uri in ["https://h/x", "tfc://acme/x", "remote://h/acme/x", "gs://b/p", "azurerm://a/c/k"] {
        let source = Source::parse(uri).unwrap();
        let fault = open(&source, means()).err().unwrap();
        assert!(
            fault.remedy.contains("--features remote") && fault.remedy.contains("state pull"),
            "{fault:?}"
        );
    }
}
