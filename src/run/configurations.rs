//! The configurations of a run, as the facts that enter its recording.

use std::path::PathBuf;

use stateward::drift::ignored::{ConfigFacts, ResourceFacts};
use stateward_terraform::StateError;
use stateward_terraform::config::{self, Configuration};

/// Reads the folders that `--from` names.
///
/// # Errors
/// The first that cannot be read, with file, place and remedy.
pub fn read(folders: &[PathBuf]) -> Result<Vec<ConfigFacts>, StateError> {
    folders.iter().map(|folder| config::read(folder).map(facts)).collect()
}

/// Names and paths of a configuration; no values.
fn facts(configuration: Configuration) -> ConfigFacts {
    let resources = configuration.resources.into_iter().map(|resource| ResourceFacts {
        address: resource.address,
        ignored: resource.ignored,
        set: Some(resource.set),
    });
    ConfigFacts {
        source: configuration.dir,
        state: None,
        resources: resources.collect(),
        notes: configuration.notes.iter().map(ToString::to_string).collect(),
    }
}
