//! Where states come from: files, globs and standard input. `s3://` is read by the AWS provider.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;

use crate::error::StateError;

/// One state to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// An object in S3: bucket and key.
    S3 {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
}

impl Source {
    /// How reports name it.
    pub fn uri(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
            Self::S3 { bucket, key } => format!("s3://{bucket}/{key}"),
        }
    }
}

/// The sources that a `--state` names; a glob names several, sorted.
///
/// # Errors
/// A URI of another scheme, a glob that matches nothing, a path that is not there.
pub fn expand(uri: &str) -> Result<Vec<Source>, StateError> {
    if uri == "-" {
        return Ok(vec![Source::Stdin]);
    }
    if let Some(rest) = uri.strip_prefix("s3://") {
        return match rest.split_once('/') {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
                Ok(vec![Source::S3 { bucket: bucket.to_owned(), key: key.to_owned() }])
            }
            _ => Err(StateError::new(uri, "this names no object", "write s3://BUCKET/KEY")),
        };
    }
    if let Some((scheme, _)) = uri.split_once("://") {
        let what = format!("states at {scheme}:// cannot be read yet");
        return Err(StateError::new(
            uri,
            what,
            "fetch it with `terraform state pull > FILE` and name the file",
        ));
    }
    let path = Path::new(uri);
    if path.is_file() {
        return Ok(vec![Source::File(path.to_owned())]);
    }
    if path.is_dir() {
        let what = "this is a folder";
        return Err(StateError::new(
            uri,
            what,
            format!("name the files in it, for example '{uri}/**/*.tfstate'"),
        ));
    }
    if uri.contains(['*', '?', '[', '{']) {
        return glob(uri);
    }
    Err(StateError::new(uri, "there is no such file", "check the path; a glob must be quoted from the shell"))
}

fn glob(pattern: &str) -> Result<Vec<Source>, StateError> {
    let matcher = GlobBuilder::new(pattern.trim_start_matches("./"))
        .literal_separator(true)
        .build()
        .map_err(|error| {
            StateError::new(pattern, format!("this glob is not valid: {}", error.kind()), "correct it")
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
            found.push(Source::File(path.to_owned()));
        }
    });
    if found.is_empty() {
        return Err(StateError::new(
            pattern,
            "this glob matches no file",
            "check the path, and quote the glob",
        ));
    }
    found.sort();
    Ok(found)
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
