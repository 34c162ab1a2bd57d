//! The states of a run: local ones are read before anything else, so that a broken one ends the run before any call.

use std::collections::BTreeSet;

use stateward::check::StateFacts;
use stateward::shelf::Shelf;
use stateward::snapshot::RecordedState;
use stateward_model::Resource;
use stateward_terraform::{Header, Places, Source, StateError, expand, read_state_into};

/// States on their way: local ones are read, those in S3 are still to be fetched.
pub struct States {
    recorded: Vec<RecordedState>,
    /// What the states read so far say of where their providers work.
    pub places: Places,
    /// Bucket and key of states in S3.
    pub remote: Vec<(String, String)>,
}

impl States {
    /// Reads what is local.
    ///
    /// # Errors
    /// The first state that cannot be used, with place and remedy.
    pub fn read_local(uris: &[String]) -> Result<Self, StateError> {
        let mut sources: Vec<Source> = Vec::new();
        for uri in uris {
            for source in expand(uri)? {
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
        let mut states = Self { recorded: Vec::new(), places: Places::default(), remote: Vec::new() };
        for source in sources {
            let uri = source.uri();
            let state = match source {
                Source::S3 { bucket, key } => {
                    states.remote.push((bucket, key));
                    continue;
                }
                Source::Stdin => {
                    read(&uri, std::io::stdin().lock(), StateFacts::default(), &mut states.places)?
                }
                Source::File(path) => {
                    let file = std::fs::File::open(&path).map_err(|error| {
                        StateError::new(
                            &uri,
                            format!("it cannot be opened: {error}"),
                            "check path and permissions",
                        )
                    })?;
                    read(&uri, file, StateFacts::default(), &mut states.places)?
                }
            };
            states.recorded.push(state);
        }
        Ok(states)
    }

    /// True when no state was named.
    pub fn is_empty(&self) -> bool {
        self.recorded.is_empty() && self.remote.is_empty()
    }

    /// Adds one that was fetched, or could not be.
    #[cfg(feature = "aws")]
    pub fn push(&mut self, state: RecordedState) {
        self.recorded.push(state);
    }

    /// The states, every instance with its place; `account` stands in where a state names none.
    ///
    /// # Errors
    /// When states in S3 would have to be fetched, and nobody did.
    pub fn settled(mut self, account: &str) -> Result<Vec<RecordedState>, StateError> {
        if let Some((bucket, key)) = self.remote.first() {
            return Err(StateError::new(
                &format!("s3://{bucket}/{key}"),
                "a recorded estate is judged without any call, so this state cannot be fetched",
                "record it with `stateward collect --state`, or fetch it first and name the file",
            ));
        }
        for state in &mut self.recorded {
            let settled = |mut resource: Resource| {
                self.places.settle(&mut resource, account);
                resource
            };
            state.resources = state.resources.iter().map(settled).collect();
            state.facts.regions = regions(&state.resources);
        }
        Ok(self.recorded)
    }
}

/// Reads one state; `facts` holds what its place told.
///
/// # Errors
/// The state's fault with place and remedy.
pub fn read(
    uri: &str,
    reader: impl std::io::Read,
    facts: StateFacts,
    places: &mut Places,
) -> Result<RecordedState, StateError> {
    let mut resources = Shelf::default();
    let header = read_state_into(uri, reader, &mut |resource| {
        places.observe(&resource);
        resources.push(resource);
    })?;
    let facts = said_of_itself(header, facts);
    Ok(RecordedState { facts, gap: None, outcome: "read".to_owned(), resources })
}

fn said_of_itself(header: Header, facts: StateFacts) -> StateFacts {
    StateFacts {
        uri: header.uri,
        terraform_version: header.terraform_version,
        serial: header.serial,
        lineage: header.lineage,
        instances: header.instances,
        secret_paths: header.secret_paths,
        checks: header.checks,
        failed_checks: header.failed_checks,
        open_checks: header.open_checks,
        ..facts
    }
}

fn regions(resources: &Shelf) -> Vec<String> {
    let regions: BTreeSet<String> = resources.iter().map(|resource| resource.address.place.region).collect();
    regions.into_iter().filter(|region| !region.is_empty()).collect()
}
