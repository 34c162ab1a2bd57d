//! What a configuration pins: the providers that it uses, the modules that it calls, and its lock file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hcl_edit::expr::Expression;

use super::literal::Scope;
use super::resources::path_text;
use super::syntax::{self, File};
use super::{At, Note, backend};

/// The lock file beside the root module.
const LOCK: &str = ".terraform.lock.hcl";

/// Registries whose name is left out of a provider's address.
const REGISTRIES: [&str; 2] = ["registry.terraform.io/", "registry.opentofu.org/"];

/// What is pinned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins {
    /// Version constraints of the providers of every module that was read, by address: `hashicorp/aws`.
    pub providers: BTreeMap<String, BTreeSet<String>>,
    /// Modules from elsewhere that the configuration's own modules call, by address.
    pub modules: Vec<ModuleCall>,
    /// Called modules whose text was not read, by address.
    pub unread: Vec<String>,
    /// Those of them that belong to the configuration itself.
    pub unread_own: Vec<String>,
    /// The lock file.
    pub lock: Lock,
}

/// A call of a module from elsewhere. Neither credentials nor queries of its source are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleCall {
    /// `module.vpc`.
    pub address: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Its source without credentials and query; empty when it is not written out.
    pub source: String,
    /// Its `version`.
    pub version: Option<String>,
    /// The `ref` of its source.
    pub reference: Option<String>,
    /// Whether a checksum, a digest or the version of an object is part of the source.
    pub fixed: bool,
    /// Where it stands.
    pub at: At,
}

/// Where a module comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A registry of modules.
    Registry,
    /// A Git or Mercurial repository.
    Repository,
    /// An archive at an address or in a bucket.
    Archive,
    /// The source is not written out, or of no known form.
    Untold,
}

/// The dependency lock file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Lock {
    /// It was not looked for, or could not be read.
    #[default]
    Unread,
    /// There is none.
    Absent,
    /// Numbers of hashes by the address of the provider.
    Read(BTreeMap<String, usize>),
}

/// Adds the providers of one module.
pub(super) fn providers(files: &[File], scope: &Scope, into: &mut Pins) {
    let required = backend::required(files, scope);
    let mut constraints: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in used(files) {
        constraints.entry(name).or_default();
    }
    for (name, version) in versions(files, scope) {
        constraints.entry(name).or_default().insert(version);
    }
    for provider in &required {
        constraints.entry(provider.name.clone()).or_default().extend(provider.version.clone());
    }
    // The provider that is built into Terraform has no version.
    constraints.remove("terraform");
    for (name, constraints) in constraints {
        let source = required.iter().find(|one| one.name == name).and_then(|one| one.source.as_deref());
        into.providers.entry(provider_address(source.unwrap_or(&name))).or_default().extend(constraints);
    }
}

/// The local names of providers that resources, data sources and configurations of providers use.
fn used(files: &[File]) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for block in files.iter().flat_map(|file| file.body.blocks()) {
        let Some(label) = block.labels.first().map(|label| label.as_str()) else { continue };
        let named = block.body.get_attribute("provider").and_then(|found| path_text(&found.value));
        match block.ident.as_str() {
            "provider" => used.insert(label.to_owned()),
            "resource" | "data" | "ephemeral" => {
                let name = named.unwrap_or_else(|| label.split('_').next().unwrap_or(label).to_owned());
                used.insert(name.split('.').next().unwrap_or(&name).to_owned())
            }
            _ => continue,
        };
    }
    used
}

/// Versions in the configurations of providers, where they stood before Terraform 0.13.
fn versions(files: &[File], scope: &Scope) -> Vec<(String, String)> {
    let blocks = files.iter().flat_map(|file| file.body.get_blocks("provider"));
    let version = |block: &hcl_edit::structure::Block| {
        let version = scope.value(&block.body.get_attribute("version")?.value)?;
        Some((block.labels.first()?.as_str().to_owned(), version.as_str()?.to_owned()))
    };
    blocks.filter_map(version).collect()
}

/// The address of a provider without the name of a public registry.
fn provider_address(source: &str) -> String {
    let source = source.to_lowercase();
    let source = REGISTRIES.iter().find_map(|host| source.strip_prefix(host)).unwrap_or(&source);
    if source.contains('/') { source.to_owned() } else { format!("hashicorp/{source}") }
}

/// Reads the lock file of a root module. One that cannot be read is noted.
pub(super) fn lock(dir: &Path, notes: &mut Vec<Note>) -> Lock {
    let path = dir.join(LOCK);
    if !path.exists() {
        return Lock::Absent;
    }
    let Ok(Some(file)) = syntax::variables(&path) else {
        let at = At { file: path.display().to_string(), line: None };
        notes.push(Note { at, text: "the lock file cannot be read".to_owned() });
        return Lock::Unread;
    };
    let hashes = |block: &hcl_edit::structure::Block| {
        let hashes = block.body.get_attribute("hashes").map(|found| &found.value);
        let hashes = hashes.and_then(Expression::as_array).map_or(0, hcl_edit::expr::Array::len);
        Some((provider_address(block.labels.first()?.as_str()), hashes))
    };
    Lock::Read(file.body.get_blocks("provider").filter_map(hashes).collect())
}

/// True for a path beside the caller.
pub(super) fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../") || matches!(source, "." | "..")
}

/// A call of a module that is not local; `source` is none where it is not written out.
pub(super) fn call(address: String, source: Option<&str>, version: Option<String>, at: At) -> ModuleCall {
    let untold = ModuleCall {
        address,
        origin: Origin::Untold,
        source: String::new(),
        version,
        reference: None,
        fixed: false,
        at,
    };
    let Some(source) = source else { return untold };
    let (location, query) = source.split_once('?').unwrap_or((source, ""));
    let value = |names: &[&str]| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(name, value)| names.contains(name) && !value.is_empty())
            .map(|(_, value)| value.to_owned())
    };
    ModuleCall {
        origin: origin(location),
        source: without_credentials(location),
        reference: value(&["ref", "rev"]),
        fixed: value(&["checksum", "versionId", "version", "generation", "digest"]).is_some(),
        ..untold
    }
}

/// After "Module Sources" of Terraform's documentation.
fn origin(location: &str) -> Origin {
    if let Some((getter, _)) = location.split_once("::") {
        return match getter {
            "git" | "hg" => Origin::Repository,
            _ => Origin::Archive,
        };
    }
    if let Some((scheme, _)) = location.split_once("://") {
        return if matches!(scheme, "git" | "ssh") { Origin::Repository } else { Origin::Archive };
    }
    let host = location.split('/').next().unwrap_or_default();
    if matches!(host, "github.com" | "bitbucket.org") || host.contains('@') {
        return Origin::Repository;
    }
    if host.ends_with(".amazonaws.com") || host.ends_with("googleapis.com") {
        return Origin::Archive;
    }
    let package = location.split("//").next().unwrap_or(location);
    let parts: Vec<&str> = package.split('/').collect();
    let word = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
    };
    let named = parts.iter().all(word);
    match parts.len() {
        3 if named => Origin::Registry,
        4 if named && host.contains('.') => Origin::Registry,
        _ => Origin::Untold,
    }
}

/// The location without a user and a password.
fn without_credentials(location: &str) -> String {
    let (scheme, rest) = match location.find("://") {
        Some(at) => location.split_at(at + 3),
        None => match location.find("::") {
            Some(at) => location.split_at(at + 2),
            None => ("", location),
        },
    };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}{}", &rest[at + 1..]),
        None => location.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str) -> ModuleCall {
        call("module.x".into(), Some(source), None, At { file: "main.tf".into(), line: Some(1) })
    }

    #[test]
    fn sources_are_told_apart_as_terraform_does() {
        use Origin::{Archive, Registry, Repository, Untold};
        for (source, expected) in [
            ("terraform-aws-modules/vpc/aws", Registry),
            ("terraform-aws-modules/iam/aws//modules/iam-user", Registry),
            ("app.terraform.io/acme/vpc/aws", Registry),
            ("github.com/hashicorp/example", Repository),
            ("git@github.com:hashicorp/example.git", Repository),
            ("git::https://example.com/vpc.git?ref=v1.2.0", Repository),
            ("git::ssh://git@example.com/vpc.git", Repository),
            ("hg::http://example.com/vpc.hg?rev=v1", Repository),
            ("https://example.com/vpc.zip", Archive),
            ("s3::https://s3-eu-west-1.amazonaws.com/modules/vpc.zip", Archive),
            ("acme-modules.s3.amazonaws.com/vpc/x.zip", Archive),
            ("vpc", Untold),
            ("a/b/c/d", Untold),
        ] {
            assert_eq!(told(source).origin, expected, "{source}");
        }
    }

    #[test]
    fn what_fixes_a_source_is_kept_and_credentials_are_not() {
        let call = told("git::https://user:s3cr3t@example.com/vpc.git//net?ref=v1.2.0&token=t0ken");
        assert_eq!(call.source, "git::https://example.com/vpc.git//net");
        assert_eq!(call.reference.as_deref(), Some("v1.2.0"));
        assert!(!format!("{call:?}").contains("s3cr3t") && !format!("{call:?}").contains("t0ken"));
        assert_eq!(told("git::user:s3cr3t@example.com:vpc.git").source, "git::example.com:vpc.git");
        assert_eq!(told("git@github.com:acme/vpc.git").source, "github.com:acme/vpc.git");
        assert!(told("https://example.com/vpc.zip?checksum=sha256:ab").fixed);
        assert!(!told("https://example.com/vpc.zip?archive=zip").fixed);
        assert!(told("git::https://example.com/vpc.git?ref=").reference.is_none());
    }

    #[test]
    fn addresses_of_providers_leave_out_the_public_registries() {
        for (source, expected) in [
            ("aws", "hashicorp/aws"),
            ("hashicorp/AWS", "hashicorp/aws"),
            ("registry.terraform.io/hashicorp/aws", "hashicorp/aws"),
            ("registry.opentofu.org/hashicorp/aws", "hashicorp/aws"),
            ("terraform.acme.example/acme/cloud", "terraform.acme.example/acme/cloud"),
        ] {
            assert_eq!(provider_address(source), expected);
        }
    }
}
