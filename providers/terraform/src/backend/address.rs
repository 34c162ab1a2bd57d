//! The addresses of states: what `--state` takes, and how reports write it.

use std::fmt;
use std::path::{Path, PathBuf};

use super::objects::{Objects, Pattern};
use crate::error::StateError;

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// What stands for variables of the environment for one source alone: names and values.
pub type Given = Vec<(String, Hidden)>;

/// What a `--state` names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// Files.
    Glob(String),
    /// Objects in S3.
    S3 {
        /// The bucket.
        bucket: String,
        /// Which.
        objects: Objects,
    },
    /// Terraform's `http` backend, GitLab's among them.
    Http(HttpAddress),
    /// HCP Terraform, Terraform Enterprise, and what speaks as they do.
    Hcp(HcpAddress),
    /// Objects in Google Cloud Storage.
    Gcs {
        /// The bucket.
        bucket: String,
        /// Which.
        objects: Objects,
        /// Credentials of its own.
        given: Given,
    },
    /// Blobs in Azure.
    Azure {
        /// The storage account.
        account: String,
        /// The container.
        container: String,
        /// Which.
        objects: Objects,
        /// Credentials of its own.
        given: Given,
    },
}

/// A state behind a URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpAddress {
    /// The URL, without user and password.
    pub(crate) url: Hidden,
    /// As reports name it.
    pub(crate) shown: String,
    /// Credentials of its own.
    pub(crate) given: Given,
    /// Headers of its own.
    pub(crate) headers: Given,
}

/// Stands for the token that a configuration itself holds.
pub(crate) const OWN_TOKEN: &str = "token";

/// Workspaces of an organization.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HcpAddress {
    /// The host; none is HCP Terraform's, or that of `TFE_ADDRESS`.
    pub(crate) host: Option<String>,
    /// The organization.
    pub(crate) organization: String,
    /// The workspace, or several by `*`.
    pub(crate) workspace: String,
    /// The version of the state.
    pub(crate) version: Option<String>,
    /// Credentials of its own.
    pub(crate) given: Given,
}

impl Source {
    /// What a `--state` names.
    ///
    /// # Errors
    /// An address that is not understood, a path that is not there.
    pub fn parse(uri: &str) -> Result<Self, StateError> {
        if uri == "-" {
            return Ok(Self::Stdin);
        }
        let Some((scheme, rest)) = uri.split_once("://") else { return path(uri) };
        match scheme {
            "s3" => s3(uri, rest),
            "http" | "https" => http(uri),
            "gs" => gcs(uri, rest),
            "azurerm" => azure(uri, rest),
            "tfc" => hcp(uri, None, rest),
            "remote" => {
                let (host, rest) = rest.split_once('/').unwrap_or((rest, ""));
                hcp(uri, Some(host).filter(|host| !host.is_empty()), rest)
            }
            _ => Err(error(
                uri,
                format!("states at {scheme}:// cannot be read"),
                "name a path, a quoted glob, -, s3://, https://, tfc://, remote://, gs:// or azurerm://; of any other \
                 backend, fetch the state with `terraform state pull > FILE` and name the file",
            )),
        }
    }

    /// How reports name it.
    pub fn uri(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Glob(glob) => glob.clone(),
            Self::S3 { bucket, objects } => whole(&format!("s3://{bucket}"), objects),
            Self::Gcs { bucket, objects, .. } => whole(&format!("gs://{bucket}"), objects),
            Self::Azure { account, container, objects, .. } => {
                whole(&format!("azurerm://{account}/{container}"), objects)
            }
            Self::Http(address) => address.shown.clone(),
            Self::Hcp(address) => address.uri(&address.workspace),
        }
    }

    /// What keeps it, where that is neither this machine nor S3: the name of Terraform's backend.
    pub fn kept_by(&self) -> Option<&'static str> {
        match self {
            Self::Stdin | Self::File(_) | Self::Glob(_) | Self::S3 { .. } => None,
            Self::Http(_) => Some("http"),
            Self::Hcp(_) => Some("remote"),
            Self::Gcs { .. } => Some("gcs"),
            Self::Azure { .. } => Some("azurerm"),
        }
    }

    /// Whether it was named by itself on this machine: then a fault in it ends the run.
    pub fn is_named_file(&self) -> bool {
        matches!(self, Self::Stdin | Self::File(_))
    }

    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Stdin | Self::File(_) | Self::Glob(_))
    }
}

impl HcpAddress {
    /// How reports name one of its workspaces.
    pub(crate) fn uri(&self, workspace: &str) -> String {
        let version = self.version.as_ref().map(|id| format!("?version={id}")).unwrap_or_default();
        match &self.host {
            None => format!("tfc://{}/{workspace}{version}", self.organization),
            Some(host) => format!("remote://{host}/{}/{workspace}{version}", self.organization),
        }
    }
}

fn whole(place: &str, objects: &Objects) -> String {
    match objects {
        Objects::One { key, version } => object_uri(place, key, version.as_deref()),
        Objects::Many { named, .. } => format!("{place}/{named}"),
    }
}

/// How reports name an object.
pub fn object_uri(place: &str, key: &str, version: Option<&str>) -> String {
    let version = version.map(|id| format!("?version={id}")).unwrap_or_default();
    format!("{place}/{key}{version}")
}

fn error(uri: &str, what: impl Into<String>, remedy: impl Into<String>) -> StateError {
    StateError::new(&shown(uri), what, remedy)
}

fn path(uri: &str) -> Result<Source, StateError> {
    let path = Path::new(uri);
    if path.is_file() {
        return Ok(Source::File(path.to_owned()));
    }
    if path.is_dir() {
        let remedy = format!("name the files in it, for example '{uri}/**/*.tfstate'");
        return Err(StateError::new(uri, "this is a folder", remedy));
    }
    if uri.contains(['*', '?', '[', '{']) {
        return Ok(Source::Glob(uri.to_owned()));
    }
    Err(StateError::new(uri, "there is no such file", "check the path; a glob must be quoted from the shell"))
}

/// Parameters behind `?`.
#[derive(Default)]
pub(super) struct Query {
    pub(super) workspace: Option<String>,
    pub(super) all: bool,
    pub(super) workspace_key_prefix: Option<String>,
    pub(super) version: Option<String>,
}

fn query<'a>(uri: &str, rest: &'a str, known: &[&str]) -> Result<(&'a str, Query), StateError> {
    let Some((path, text)) = rest.split_once('?') else { return Ok((rest, Query::default())) };
    let mut query = Query::default();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !known.contains(&name) || value.is_empty() {
            return Err(error(
                uri,
                format!("the parameter `{name}` is not one of this address, or has no value"),
                format!("write {}", known.iter().map(|name| example(name)).collect::<Vec<_>>().join(" or ")),
            ));
        }
        let value = decode(value);
        match name {
            "workspace" => query.workspace = Some(value),
            "workspaces" if value == "all" => query.all = true,
            "workspaces" => {
                return Err(error(
                    uri,
                    "`workspaces` takes only `all`",
                    "write ?workspaces=all, or ?workspace=NAME",
                ));
            }
            "workspace_key_prefix" => query.workspace_key_prefix = Some(value),
            _ => query.version = Some(value),
        }
    }
    if query.version.is_some() && query.all {
        return Err(error(uri, "a version belongs to one state", "leave `version` or `workspaces` out"));
    }
    Ok((path, query))
}

fn example(name: &str) -> String {
    match name {
        "workspaces" => "?workspaces=all".to_owned(),
        "workspace_key_prefix" => "?workspace_key_prefix=PREFIX".to_owned(),
        "version" => "?version=ID".to_owned(),
        name => format!("?{name}=NAME"),
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut at, mut decoded) = (0, Vec::with_capacity(bytes.len()));
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex.filter(|_| bytes[at] == b'%').and_then(|two| u8::from_str_radix(two, 16).ok());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The name that a folder or a glob stands in the place of; none where `key` is a key.
fn many(uri: &str, key: &str, query: &Query) -> Result<Option<Objects>, StateError> {
    let pattern = match key {
        "" => Pattern::below(""),
        folder if folder.ends_with('/') => Pattern::below(folder),
        glob if glob.contains('*') => Pattern::glob(glob),
        _ => return Ok(None),
    };
    if query.workspace.is_some() || query.version.is_some() || query.all {
        return Err(error(uri, "these are several states already", "leave the parameters out"));
    }
    pattern.check().map_err(|fault| error(uri, format!("this glob is not valid: {fault}"), "correct it"))?;
    Ok(Some(Objects::Many { named: key.to_owned(), patterns: vec![pattern] }))
}

/// The workspace that every configuration has.
pub const DEFAULT_WORKSPACE: &str = "default";

/// Where Terraform's S3 backend keeps the other workspaces, unless told otherwise.
pub const S3_WORKSPACES: &str = "env:";

fn s3(uri: &str, rest: &str) -> Result<Source, StateError> {
    let known = ["workspace", "workspaces", "workspace_key_prefix", "version"];
    let (path, query) = query(uri, rest, &known)?;
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket.is_empty() || (key.is_empty() && !path.contains('/')) {
        let remedy = "write s3://BUCKET/KEY, or s3://BUCKET/FOLDER/ for every state in it";
        return Err(error(uri, "this names no object", remedy));
    }
    let objects = match many(uri, key, &query)? {
        Some(objects) => objects,
        None => s3_objects(key, &query),
    };
    Ok(Source::S3 { bucket: bucket.to_owned(), objects })
}

pub(super) fn s3_objects(key: &str, query: &Query) -> Objects {
    let folder = query.workspace_key_prefix.as_deref().unwrap_or(S3_WORKSPACES).trim_end_matches('/');
    if query.all {
        let others = Pattern::between(&format!("{folder}/"), &format!("/{key}"));
        return all_workspaces(key, vec![others, Pattern::exactly(key)]);
    }
    let key = match query.workspace.as_deref() {
        None | Some(DEFAULT_WORKSPACE) => key.to_owned(),
        Some(workspace) => format!("{folder}/{workspace}/{key}"),
    };
    Objects::One { key, version: query.version.clone() }
}

fn all_workspaces(key: &str, patterns: Vec<Pattern>) -> Objects {
    Objects::Many { named: format!("{key}?workspaces=all"), patterns }
}

fn gcs(uri: &str, rest: &str) -> Result<Source, StateError> {
    let (path, query) = query(uri, rest, &["workspace", "workspaces", "version"])?;
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    if bucket.is_empty() {
        return Err(error(
            uri,
            "this names no bucket",
            "write gs://BUCKET/PREFIX, as in the backend's block",
        ));
    }
    let objects = match many(uri, prefix, &query)? {
        Some(objects) if !prefix.is_empty() => objects,
        _ => gcs_objects(prefix, &query),
    };
    Ok(Source::Gcs { bucket: bucket.to_owned(), objects, given: Given::new() })
}

/// Terraform's gcs backend keeps the state of a workspace at `PREFIX/WORKSPACE.tfstate`.
pub(super) fn gcs_objects(prefix: &str, query: &Query) -> Objects {
    let folder = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    if query.all {
        return all_workspaces(prefix, vec![Pattern::between(&folder, ".tfstate")]);
    }
    let version = query.version.clone();
    if prefix.ends_with(".tfstate") && query.workspace.is_none() {
        return Objects::One { key: prefix.to_owned(), version };
    }
    let workspace = query.workspace.as_deref().unwrap_or(DEFAULT_WORKSPACE);
    Objects::One { key: format!("{folder}{workspace}.tfstate"), version }
}

fn azure(uri: &str, rest: &str) -> Result<Source, StateError> {
    let (path, query) = query(uri, rest, &["workspace", "workspaces", "version"])?;
    let mut parts = path.splitn(3, '/');
    let (account, container) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let key = parts.next();
    let (Some(key), false, false) = (key, account.is_empty(), container.is_empty()) else {
        return Err(error(uri, "this names no blob", "write azurerm://ACCOUNT/CONTAINER/KEY"));
    };
    let objects = match many(uri, key, &query)? {
        Some(objects) => objects,
        None => azure_objects(key, &query),
    };
    Ok(Source::Azure {
        account: account.to_owned(),
        container: container.to_owned(),
        objects,
        given: Given::new(),
    })
}

/// Terraform's azurerm backend keeps the state of a workspace other than the default at `KEYenv:WORKSPACE`.
pub(super) fn azure_objects(key: &str, query: &Query) -> Objects {
    if query.all {
        return all_workspaces(key, vec![Pattern::between(&format!("{key}env:"), ""), Pattern::exactly(key)]);
    }
    let key = match query.workspace.as_deref() {
        None | Some(DEFAULT_WORKSPACE) => key.to_owned(),
        Some(workspace) => format!("{key}env:{workspace}"),
    };
    Objects::One { key, version: query.version.clone() }
}

fn hcp(uri: &str, host: Option<&str>, rest: &str) -> Result<Source, StateError> {
    let (path, query) = query(uri, rest, &["version"])?;
    let form = match host {
        None => "write tfc://ORGANIZATION/WORKSPACE; a * in the workspace's name stands for several",
        Some(_) => {
            "write remote://HOST/ORGANIZATION/WORKSPACE; a * in the workspace's name stands for several"
        }
    };
    let Some((organization, workspace)) = path.trim_end_matches('/').split_once('/') else {
        return Err(error(uri, "this names no workspace", form));
    };
    if organization.is_empty() || workspace.is_empty() || workspace.contains('/') {
        return Err(error(uri, "this names no workspace", form));
    }
    if uri.contains('@') {
        return Err(error(
            uri,
            "a token does not belong into an address",
            "set TF_TOKEN_<host>, or run `terraform login`",
        ));
    }
    if query.version.is_some() && workspace.contains('*') {
        return Err(error(
            uri,
            "a version belongs to one state",
            "leave `version` out, or name the workspace",
        ));
    }
    Ok(Source::Hcp(HcpAddress {
        host: host.map(str::to_owned),
        organization: organization.to_owned(),
        workspace: workspace.to_owned(),
        version: query.version,
        given: Given::new(),
    }))
}

/// The variables of Terraform's http backend.
pub(crate) const HTTP_USER: &str = "TF_HTTP_USERNAME";
/// See [`HTTP_USER`].
pub(crate) const HTTP_PASSWORD: &str = "TF_HTTP_PASSWORD";

fn http(uri: &str) -> Result<Source, StateError> {
    let (scheme, rest) = uri.split_once("://").unwrap_or_default();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, host) =
        authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    if host.is_empty() {
        return Err(error(uri, "this names no host", "write https://HOST/PATH"));
    }
    let path = path.split('#').next().unwrap_or_default();
    let mut given = Given::new();
    if let Some(user) = user {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        given.push((HTTP_USER.to_owned(), Hidden(decode(name))));
        given.push((HTTP_PASSWORD.to_owned(), Hidden(decode(password))));
    }
    let url = Hidden(format!("{scheme}://{host}{path}"));
    Ok(Source::Http(HttpAddress { url, shown: shown(uri), given, headers: Given::new() }))
}

/// Parameters of a URL that name a state and open nothing.
const HARMLESS: &[&str] = &[
    "workspace",
    "workspaces",
    "workspace_key_prefix",
    "version",
    "name",
    "state",
    "project",
    "environment",
    "env",
    "ref",
];

/// An address as it may be printed: without user and password, and without the values of parameters that may be keys.
pub fn shown(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let end = path.find('/').unwrap_or(path.len());
    let (authority, path) = path.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let mut text = format!("{scheme}://{host}{path}");
    for (at, pair) in
        query.iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()).enumerate()
    {
        text.push(if at == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if HARMLESS.contains(&name) => text.push_str(pair),
            Some((name, _)) => text.push_str(&format!("{name}=(hidden)")),
            None => text.push_str("(hidden)"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(uri: &str) -> String {
        Source::parse(uri).unwrap().uri()
    }

    fn fault(uri: &str) -> String {
        Source::parse(uri).unwrap_err().to_string()
    }

    #[test]
    fn workspaces_are_where_terraform_keeps_them() {
        assert_eq!(one("s3://b/prod/x.tfstate"), "s3://b/prod/x.tfstate");
        assert_eq!(one("s3://b/x.tfstate?workspace=default"), "s3://b/x.tfstate");
        assert_eq!(one("s3://b/x.tfstate?workspace=dev"), "s3://b/env:/dev/x.tfstate");
        assert_eq!(
            one("s3://b/x.tfstate?workspace_key_prefix=w/s&workspace=dev&version=3sL4"),
            "s3://b/w/s/dev/x.tfstate?version=3sL4"
        );
        assert_eq!(one("gs://b/prod"), "gs://b/prod/default.tfstate");
        assert_eq!(one("gs://b"), "gs://b/default.tfstate");
        assert_eq!(one("gs://b/prod?workspace=dev"), "gs://b/prod/dev.tfstate");
        assert_eq!(one("gs://b/prod/dev.tfstate?version=17"), "gs://b/prod/dev.tfstate?version=17");
        assert_eq!(one("azurerm://acc/c/prod.tfstate"), "azurerm://acc/c/prod.tfstate");
        assert_eq!(one("azurerm://acc/c/prod.tfstate?workspace=dev"), "azurerm://acc/c/prod.tfstateenv:dev");
        assert_eq!(one("tfc://acme/shop-prod"), "tfc://acme/shop-prod");
        assert_eq!(one("remote://tfe.acme.org/acme/shop-*"), "remote://tfe.acme.org/acme/shop-*");
    }

    #[test]
    fn several_states_are_a_folder_a_glob_or_all_workspaces() {
        let many = |uri: &str| match Source::parse(uri).unwrap() {
            Source::S3 { objects: Objects::Many { patterns, .. }, .. }
            | Source::Gcs { objects: Objects::Many { patterns, .. }, .. }
            | Source::Azure { objects: Objects::Many { patterns, .. }, .. } => patterns,
            other => panic!("{other:?}"),
        };
        assert_eq!(many("s3://b/prod/"), [Pattern::below("prod/")]);
        assert_eq!(many("s3://b/prod/**"), [Pattern::below("prod/")]);
        assert_eq!(many("s3://b/"), [Pattern::below("")]);
        assert_eq!(many("gs://b/prod/"), [Pattern::below("prod/")]);
        assert_eq!(
            many("s3://b/x.tfstate?workspaces=all"),
            [Pattern::between("env:/", "/x.tfstate"), Pattern::exactly("x.tfstate")]
        );
        assert_eq!(many("gs://b/prod?workspaces=all"), [Pattern::between("prod/", ".tfstate")]);
        assert_eq!(many("azurerm://a/c/k?workspaces=all").len(), 2);
        for uri in
            ["s3://b/prod/", "s3://b/x.tfstate?workspaces=all", "gs://b/p?workspaces=all", "azurerm://a/c/**"]
        {
            assert_eq!(one(uri), uri);
        }
    }

    #[test]
    fn what_is_not_understood_is_told_with_a_remedy() {
        for (uri, word) in [
            ("s3://bucket", "s3://BUCKET/KEY"),
            ("s3:///key", "s3://BUCKET/KEY"),
            ("s3://b/k?versoin=1", "?version=ID"),
            ("s3://b/k?version=", "has no value"),
            ("s3://b/k?workspaces=some", "takes only `all`"),
            ("s3://b/k?workspaces=all&version=1", "belongs to one state"),
            ("s3://b/p/?workspace=dev", "several states already"),
            ("s3://b/p[*", "not valid"),
            ("gs://", "gs://BUCKET/PREFIX"),
            ("azurerm://account/container", "azurerm://ACCOUNT/CONTAINER/KEY"),
            ("tfc://acme", "tfc://ORGANIZATION/WORKSPACE"),
            ("remote://tfe.acme.org/acme", "remote://HOST/ORGANIZATION/WORKSPACE"),
            ("remote://token@tfe.acme.org/acme/x", "does not belong into an address"),
            ("tfc://acme/x-*?version=sv-1", "belongs to one state"),
            ("https:///path", "https://HOST/PATH"),
            ("consul://host/path", "terraform state pull"),
            ("nowhere.tfstate", "no such file"),
        ] {
            let text = fault(uri);
            assert!(text.contains(word) && text.contains("remedy: "), "{uri}: {text}");
        }
    }

    #[test]
    fn no_credential_of_an_address_is_shown() {
        let uri = "https://ada:hunter2@tf.acme.org/state/prod?private_token=glpat-1&name=prod#hunter2";
        let source = Source::parse(uri).unwrap();
        assert_eq!(source.uri(), "https://tf.acme.org/state/prod?private_token=(hidden)&name=prod");
        let texts =
            [source.uri(), format!("{source:?}"), fault("ftp://ada:hunter2@x/y?token=glpat-1"), shown(uri)];
        for text in texts {
            assert!(!text.contains("hunter2") && !text.contains("glpat-1"), "{text}");
        }
        let Source::Http(address) = source else { panic!("not http") };
        assert_eq!(address.url.0, "https://tf.acme.org/state/prod?private_token=glpat-1&name=prod");
        assert_eq!(address.given[1], (HTTP_PASSWORD.to_owned(), Hidden("hunter2".into())));
    }

    #[test]
    fn percent_encoding_is_undone_in_parameters() {
        assert_eq!(decode("a%2Fb%20%zz%"), "a/b %zz%");
        assert_eq!(one("s3://b/k?workspace=a%2Fb"), "s3://b/env:/a/b/k");
    }
}
