//! Reads a Terraform configuration as far as its text tells: the backend, the resources, and what they leave to others.
//!
//! Names and paths leave this module, values do not: a configuration may hold credentials.

mod backend;
mod guard;
mod literal;
mod pins;
mod providers;
mod resources;
mod syntax;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::StateError;
use literal::Scope;
pub use pins::{Lock, ModuleCall, Origin, Pins};
pub use providers::ConfiguredProvider;
use syntax::File;

/// A place in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The file.
    pub file: String,
    /// The line, from 1; none in JSON, whose reader tells no places.
    pub line: Option<usize>,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// What the text alone does not tell, for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Where.
    pub at: At,
    /// What, in a sentence without a full stop.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.text)
    }
}

/// Where the configuration keeps its state.
#[derive(Clone, PartialEq)]
pub struct Backend {
    /// The backend's name: `s3`, `http`, `gcs`, `azurerm`, `local`, `remote`; `cloud` for a `cloud` block.
    pub kind: String,
    /// Its settings as far as they are written out; a nested block is an object. No credentials.
    pub settings: Map<String, Value>,
    /// Settings that are there and are not written out: variables, functions.
    pub unresolved: Vec<String>,
    /// Where it stands.
    pub place: At,
    secrets: Map<String, Value>,
}

impl Backend {
    /// A setting that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }

    /// A credential that the block holds (`password`, `token`, …). It is in no other field, and in no `Debug`.
    pub fn secret(&self, name: &str) -> Option<&str> {
        self.secrets.get(name).and_then(Value::as_str)
    }

    /// A credential of any shape.
    pub(crate) fn secrets(&self, name: &str) -> Option<&Value> {
        self.secrets.get(name)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("kind", &self.kind)
            .field("settings", &self.settings)
            .field("unresolved", &self.unresolved)
            .field("place", &self.place)
            .field("secrets", &self.secrets.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// A provider that the configuration requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredProvider {
    /// Its local name.
    pub name: String,
    /// `hashicorp/aws`.
    pub source: Option<String>,
    /// The version constraint as written.
    pub version: Option<String>,
    /// Where it stands.
    pub at: At,
}

/// The instances of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instances {
    /// These, by address, as far as variables keep the values that the files give them.
    Known(Vec<String>),
    /// Any: `count` or `for_each`, of it or of a module around it, is not written out.
    Any,
}

/// A resource in the configuration, once for every call of its module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredResource {
    /// The address without indices: `module.web.aws_instance.app`.
    pub address: String,
    /// The type.
    pub kind: String,
    /// The name.
    pub name: String,
    /// Its instances.
    pub instances: Instances,
    /// Its `provider`, where one is named: `aws.east`.
    pub provider: Option<String>,
    /// `ignore_changes` in Terraform's notation, sorted: `tags["Role"]`, `root_block_device[0].volume_size`, `all`.
    pub ignored: Vec<String>,
    /// Paths of the arguments that are set, sorted, without indices. What is inside of a value is set with it.
    pub set: Vec<String>,
    /// Where it stands.
    pub at: At,
}

/// A configuration as far as its text tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    /// The folder as it was given.
    pub dir: String,
    /// Where it keeps its state; none is Terraform's default, `terraform.tfstate` beside it.
    pub backend: Option<Backend>,
    /// The providers of the root module.
    pub required_providers: Vec<RequiredProvider>,
    /// How the root module sets providers up.
    pub providers: Vec<ConfiguredProvider>,
    /// The resources of the root module and of the modules that it calls.
    pub resources: Vec<ConfiguredResource>,
    /// What it pins.
    pub pins: Pins,
    /// What the text alone does not tell.
    pub notes: Vec<Note>,
}

/// Reads the configuration in `dir`.
///
/// # Errors
/// A folder without configuration, a file that cannot be read or is no HCL; with file, place and remedy.
pub fn read(dir: &Path) -> Result<Configuration, StateError> {
    let shown = dir.display().to_string();
    let files = syntax::folder(dir)?;
    if files.is_empty() {
        return Err(StateError::new(
            &shown,
            "there is no Terraform configuration in this folder",
            "name the folder of the root module, where the *.tf files are",
        ));
    }
    let mut configuration = Configuration { dir: shown, ..Configuration::default() };
    let scope = Scope::root(dir, &files)?;
    backend::read(&files, &scope, &mut configuration);
    providers::read(&files, &scope, &mut configuration);
    resources::read(Some(dir), files, &scope, &mut configuration)?;
    configuration.pins.lock = pins::lock(dir, &mut configuration.notes);
    Ok(configuration)
}

/// Reads one file alone: of modules that it calls, nothing is known.
///
/// # Errors
/// A text that is no HCL, or no JSON when the name ends in `.json`; with place and remedy.
pub fn read_text(name: &str, text: &str) -> Result<Configuration, StateError> {
    let files = vec![syntax::parse(name, text)?];
    let mut configuration = Configuration { dir: name.to_owned(), ..Configuration::default() };
    let scope = Scope::of_root(&files, Default::default());
    backend::read(&files, &scope, &mut configuration);
    providers::read(&files, &scope, &mut configuration);
    resources::read(None, files, &scope, &mut configuration)?;
    Ok(configuration)
}

/// The place of a thing in a file.
fn at(file: &File, thing: &impl hcl_edit::Span) -> At {
    At { file: file.name.clone(), line: thing.span().and_then(|span| file.line(span.start)) }
}
