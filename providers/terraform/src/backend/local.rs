//! States on this machine: files, globs and standard input.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use stateward_model::Cause;

use super::{Answer, Backend, Entry, Fetched, Source, Told, Unread};

/// A file, files, or standard input.
pub(super) struct Local<'a>(pub &'a Source);

impl Backend for Local<'_> {
    fn list(&self) -> Answer<'_, Vec<Entry>> {
        let entry = |name: String| Entry { uri: name.clone(), key: name, version: None };
        let listed = match self.0 {
            Source::Glob(pattern) => glob(pattern).map(|found| found.into_iter().map(entry).collect()),
            other => Ok(vec![entry(other.uri())]),
        };
        Box::pin(std::future::ready(listed))
    }

    fn fetch<'a>(&'a self, entry: &'a Entry) -> Answer<'a, Fetched> {
        Box::pin(std::future::ready(open(self.0, &entry.key)))
    }
}

fn open(source: &Source, name: &str) -> Result<Fetched, Unread> {
    let told = Told::default();
    if *source == Source::Stdin {
        return Ok(Fetched { body: Box::new(std::io::stdin()), told });
    }
    match std::fs::File::open(name) {
        Ok(file) => Ok(Fetched { body: Box::new(file), told }),
        Err(error) => {
            let cause = match error.kind() {
                std::io::ErrorKind::NotFound => Cause::Absent,
                std::io::ErrorKind::PermissionDenied => Cause::Denied,
                _ => Cause::Unreachable,
            };
            Err(Unread::new(cause, format!("it cannot be opened: {error}"), "check path and permissions"))
        }
    }
}

fn glob(pattern: &str) -> Result<Vec<String>, Unread> {
    let matcher = GlobBuilder::new(pattern.trim_start_matches("./"))
        .literal_separator(true)
        .build()
        .map_err(|error| {
            let what = format!("this glob is not valid: {}", error.kind());
            Unread::new(Cause::Malformed, what, "correct it")
        })?
        .compile_matcher();
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']))
        .collect();
    let root = if fixed.as_os_str().is_empty() { PathBuf::from(".") } else { fixed };
    let mut found = Vec::new();
    walk(&root, &mut |path| {
        if matcher.is_match(path.strip_prefix("./").unwrap_or(path)) {
            found.push(path.to_owned());
        }
    });
    if found.is_empty() {
        let remedy = "check the path, and quote the glob";
        return Err(Unread::new(Cause::Absent, "this glob matches no file", remedy));
    }
    found.sort();
    Ok(found.into_iter().map(|path| path.display().to_string()).collect())
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            // Links are not followed: a loop must not hang the audit.
            Ok(kind) if kind.is_dir() => walk(&path, visit),
            Ok(kind) if kind.is_file() => visit(&path),
            _ => {}
        }
    }
}
