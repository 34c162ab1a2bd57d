//! The configurations of a run, as the facts that enter its recording.

use std::path::PathBuf;

use stateward::drift::ignored::{ConfigFacts, ResourceFacts};
use stateward_terraform::config::{self, Configuration};
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
    });
    ConfigFacts {
        source: configuration.dir,
        state,
        resources: resources.collect(),
        notes: configuration.notes.iter().map(ToString::to_string).collect(),
    }
}
