//! The configurations of a run, as the facts that enter its recording.

use std::path::PathBuf;

use stateward::drift::ignored::{ConfigFacts, ModuleFacts, PinFacts, ProviderFacts, ResourceFacts};
use stateward::result::Definition;
use stateward_terraform::config::{self, Configuration, Lock, ModuleCall, Origin, Pins};
use stateward_terraform::{StateError, find};

use super::Outside;

/// Reads the folders that `--from` names.
///
/// # Errors
/// The first that cannot be read, with file, place and remedy.
pub fn read(folders: &[PathBuf], outside: &Outside) -> Result<Vec<ConfigFacts>, StateError> {
    let one = |folder: &PathBuf| {
        let configuration = config::read(folder)?;
        // Where the backend does not tell, the addresses do.
        let state = find(&configuration, folder, &outside.variable).ok().map(|source| source.uri());
        Ok(facts(configuration, state))
    };
    folders.iter().map(one).collect()
}

/// Names and paths of a configuration; no values.
fn facts(configuration: Configuration, state: Option<String>) -> ConfigFacts {
    let resources = configuration.resources.into_iter().map(|resource| ResourceFacts {
        address: resource.address,
        ignored: resource.ignored,
        set: Some(resource.set),
        definition: Some(Definition { file: resource.at.file, line: resource.at.line }),
    });
    ConfigFacts {
        source: configuration.dir,
        state,
        resources: resources.collect(),
        pins: Some(pins(configuration.pins)),
        notes: configuration.notes.iter().map(ToString::to_string).collect(),
    }
}

fn pins(pins: Pins) -> PinFacts {
    let lock = pins.lock;
    let hashes = |source: &str| match &lock {
        Lock::Read(entries) => entries.get(source).copied(),
        Lock::Absent | Lock::Unread => None,
    };
    let providers = pins.providers.into_iter().map(|(source, constraints)| ProviderFacts {
        hashes: hashes(&source),
        constraints: constraints.into_iter().collect(),
        source,
    });
    PinFacts {
        providers: providers.collect(),
        lock_file: match &lock {
            Lock::Read(_) => Some(true),
            Lock::Absent => Some(false),
            Lock::Unread => None,
        },
        modules: pins.modules.into_iter().map(module).collect(),
        unread_modules: pins.unread,
        unread_own_modules: pins.unread_own,
    }
}

fn module(call: ModuleCall) -> ModuleFacts {
    let origin = match call.origin {
        Origin::Registry => "registry",
        Origin::Repository => "repository",
        Origin::Archive => "archive",
        Origin::Untold => "",
    };
    ModuleFacts {
        address: call.address,
        origin: origin.to_owned(),
        source: call.source,
        version: call.version,
        reference: call.reference,
        fixed: call.fixed,
    }
}
