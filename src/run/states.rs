//! The states of a run: what can be read without AWS is read before anything else, so that a broken file that was named
//! ends the run before any call. Every other state that cannot be had is an outcome, and the run goes on.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use futures::StreamExt;
use futures::stream;
use stateward::check::StateFacts;
use stateward::profile::Profile;
use stateward::shelf::Shelf;
use stateward::snapshot::RecordedState;
use stateward_model::{Cause, Gap};
use stateward_terraform::{
    Backend, Entry, Fetched, Header, Hidden, Keys, Limits, Means, Places, Source, StateError, Told, Unread,
    find, open, read_state_with,
};
use time::OffsetDateTime;

use super::{Outside, keys, stamp};
use crate::cli::StateArgs;

/// What became of a state that OpenTofu encrypted, and that no key opens.
const ENCRYPTED: &str = "encrypted";

/// Fetches under way at once.
const WIDTH: usize = 8;

/// States on their way: all are read but those in S3, which are still to be fetched.
pub struct States {
    recorded: Vec<RecordedState>,
    /// What the states read so far say of where their providers work.
    pub places: Places,
    /// What is in S3.
    pub in_s3: Vec<Source>,
    /// What opens encrypted ones.
    keys: Keys,
}

/// A source with what reads it.
pub type Opened<'a> = (&'a Source, Result<Box<dyn Backend + 'a>, Unread>);

impl States {
    /// Reads what is local or behind HTTP.
    ///
    /// # Errors
    /// The first address that is not understood, the first fault of a file that was named, or that no state was read.
    pub fn read(args: &StateArgs, profile: &Profile, outside: &Outside) -> anyhow::Result<Self> {
        let sources = sources(args, outside)?;
        let headers = headers(args, outside)?;
        let keys = keys::read(args, outside)?;
        let limits = Limits {
            silence: profile.collection.call_timeout,
            whole: profile.collection.run_timeout,
            ..Limits::default()
        };
        let means =
            Means { variable: &outside.variable, spool: tempfile::tempfile, limits, headers: &headers };
        let (in_s3, others): (Vec<Source>, Vec<Source>) =
            sources.into_iter().partition(|source| matches!(source, Source::S3 { .. }));
        let (local, remote): (Vec<&Source>, Vec<&Source>) =
            others.iter().partition(|source| source.is_local());
        let mut states = Self { recorded: Vec::new(), places: Places::default(), in_s3, keys };
        futures::executor::block_on(states.gather(&opened(&local, means)))?;
        if !remote.is_empty() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(states.gather(&opened(&remote, means)))?;
        }
        if states.in_s3.is_empty() {
            states.some_read()?;
        }
        Ok(states)
    }

    /// True when no state was named.
    pub fn is_empty(&self) -> bool {
        self.recorded.is_empty() && self.in_s3.is_empty()
    }

    /// Lists and fetches, several at once, and reads one after the other, in the order in which they were named.
    ///
    /// # Errors
    /// The fault of a file that was named, or of a glob.
    pub async fn gather(&mut self, opened: &[Opened<'_>]) -> Result<(), StateError> {
        let lists = stream::iter(opened.iter().map(|(_, backend)| async move {
            match backend {
                Ok(backend) => backend.list().await,
                Err(fault) => Err(fault.clone()),
            }
        }));
        let lists: Vec<_> = lists.buffered(WIDTH).collect().await;
        let mut wanted = Vec::new();
        for ((source, backend), list) in opened.iter().zip(lists) {
            match (list, backend) {
                (Ok(entries), Ok(backend)) => {
                    wanted.extend(entries.into_iter().map(|entry| (*source, backend, entry)));
                }
                (Err(fault), _) if source.is_local() => return Err(fault.error(&source.uri())),
                (Err(fault), _) => self.unreadable(source, &source.uri(), fault),
                (Ok(_), Err(_)) => {}
            }
        }
        self.name_apart(&mut wanted);
        let mut fetched = stream::iter(
            wanted
                .iter()
                .map(|(source, backend, entry)| async move { (*source, entry, backend.fetch(entry).await) }),
        )
        .buffered(WIDTH);
        while let Some((source, entry, answer)) = fetched.next().await {
            match answer.and_then(|fetched| self.take(source, entry, fetched)) {
                Ok(state) => self.recorded.push(state),
                Err(fault) if source.is_named_file() => return Err(fault.error(&entry.uri)),
                Err(fault) => self.unreadable(source, &entry.uri, fault),
            }
        }
        Ok(())
    }

    /// A state that was named twice is read once. Two URLs that differ only in what is hidden are two states.
    fn name_apart<T>(&self, wanted: &mut Vec<(&Source, T, Entry)>) {
        let mut seen: BTreeSet<String> = self.recorded.iter().map(|state| state.facts.uri.clone()).collect();
        wanted.retain_mut(|(source, _, entry)| {
            if seen.insert(entry.uri.clone()) {
                return true;
            }
            if !matches!(source, Source::Http(_)) {
                return false;
            }
            let free = (2..).map(|number| format!("{}#{number}", entry.uri)).find(|uri| !seen.contains(uri));
            entry.uri = free.unwrap_or_default();
            seen.insert(entry.uri.clone())
        });
    }

    fn take(&mut self, source: &Source, entry: &Entry, fetched: Fetched) -> Result<RecordedState, Unread> {
        let Fetched { body, told } = fetched;
        let call = if told.s3.is_some() { "s3:GetObject" } else { "state" };
        if told.digest_matches == Some(false) {
            let what =
                "the digest in the lock table is not that of the object; the state may be half-written";
            let fault =
                Unread::new(Cause::Malformed, what, "wait for the run that writes it, and audit again");
            return Err(Unread { call: call.into(), told: Box::new(told), ..fault });
        }
        match read(&entry.uri, body, facts_of(source, &told), &self.keys, &mut self.places) {
            Ok(state) if told.locked => Ok(RecordedState { outcome: "locked".to_owned(), ..state }),
            Ok(state) => Ok(state),
            Err(error) => Err(Unread { call: call.into(), told: Box::new(told), ..error.into() }),
        }
    }

    fn unreadable(&mut self, source: &Source, uri: &str, fault: Unread) {
        self.recorded.push(RecordedState {
            facts: StateFacts { uri: uri.to_owned(), ..facts_of(source, &fault.told) },
            gap: Some(fault.gap()),
            outcome: "unreadable".to_owned(),
            resources: Shelf::default(),
        });
    }

    /// States of which not one was read are nothing to compare with; those that are only encrypted are there.
    fn some_read(&self) -> anyhow::Result<()> {
        let Some(gap) = self.recorded.first().and_then(|state| state.gap.as_ref()) else { return Ok(()) };
        if self.recorded.iter().any(|state| state.gap.is_none() || state.outcome == ENCRYPTED) {
            return Ok(());
        }
        let uri = &self.recorded[0].facts.uri;
        let others = match self.recorded.len() - 1 {
            0 => String::new(),
            others => format!(", and {others} more failed"),
        };
        let (what, remedy) = gap
            .detail
            .rsplit_once("; remedy: ")
            .unwrap_or((&gap.detail, "check the address, and that the credentials may read what is there"));
        bail!("no state could be read: {uri}: {} ({what}){others}\n  remedy: {remedy}", gap.cause)
    }

    /// The states, every instance with its place; `account` stands in where a state names none.
    ///
    /// # Errors
    /// When states in S3 would have to be fetched, and nobody did; when not one was read.
    pub fn settled(mut self, account: &str) -> anyhow::Result<Vec<RecordedState>> {
        if let Some(source) = self.in_s3.first() {
            return Err(anyhow!(StateError::new(
                &source.uri(),
                "a recorded estate is judged without any call to AWS, so this state cannot be fetched",
                "record it with `stateward collect --state`, or fetch it first and name the file",
            )));
        }
        self.some_read()?;
        let places = Arc::new(self.places);
        for state in &mut self.recorded {
            let (places, account) = (Arc::clone(&places), account.to_owned());
            state.resources.finish(move |resource| places.settle(resource, &account));
            state.facts.regions = regions(&state.resources);
        }
        Ok(self.recorded)
    }
}

/// What was named; where nothing was, what the configurations name.
fn sources(args: &StateArgs, outside: &Outside) -> Result<Vec<Source>, StateError> {
    let named = args.state.iter().map(|uri| Source::parse(uri));
    let configured = args.from.iter().filter(|_| args.state.is_empty()).map(|dir| {
        let configuration = stateward_terraform::config::read(dir)?;
        find(&configuration, dir, &outside.variable)
    });
    let mut sources: Vec<Source> = Vec::new();
    for source in named.chain(configured) {
        let source = source?;
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    Ok(sources)
}

fn opened<'a>(sources: &[&'a Source], means: Means<'a>) -> Vec<Opened<'a>> {
    sources.iter().map(|source| (*source, open(source, means))).collect()
}

/// The headers of `--state-header`, their values out of the environment.
fn headers(args: &StateArgs, outside: &Outside) -> anyhow::Result<Vec<(String, Hidden)>> {
    let value = |header: &crate::cli::StateHeader| match (outside.variable)(&header.variable) {
        Some(value) => Ok((header.name.clone(), Hidden(value))),
        None => Err(anyhow!(
            "the header {} is to be sent with the value of {}, which is not set\n  remedy: export {} with the value",
            header.name,
            header.variable,
            header.variable
        )),
    };
    args.state_header.iter().map(value).collect()
}

/// Reads one state; `facts` holds what its place told. One that stays encrypted is whole and unread: an outcome of its own.
///
/// # Errors
/// The state's fault with place and remedy.
pub fn read(
    uri: &str,
    reader: impl std::io::Read,
    facts: StateFacts,
    keys: &Keys,
    places: &mut Places,
) -> Result<RecordedState, StateError> {
    let mut resources = Shelf::default();
    let header = read_state_with(uri, reader, keys, &mut |resource| {
        places.observe(&resource);
        resources.push(resource);
    });
    let header = match header {
        Err(error) if error.encrypted => return Ok(still_encrypted(uri, &error, facts)),
        header => header?,
    };
    resources.seal();
    let facts = said_of_itself(header, facts);
    Ok(RecordedState { facts, gap: None, outcome: "read".to_owned(), resources })
}

fn facts_of(source: &Source, told: &Told) -> StateFacts {
    let time = |seconds: Option<i64>| {
        seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()).map(stamp)
    };
    StateFacts {
        s3: told.s3.clone(),
        kept_by: source.kept_by().map(str::to_owned),
        object_encryption: told.encryption.clone(),
        digest_matches: told.digest_matches,
        lock: told.lock.map(str::to_owned),
        lock_table: told.lock_table.clone(),
        region: told.region.clone(),
        written_at: time(told.written_at),
        locked: told.locked,
        locked_since: time(told.locked_since),
        lock_holder: told.lock_holder.clone(),
        gaps: told.gaps.clone(),
        history: told.history.clone(),
        ..StateFacts::default()
    }
}

fn still_encrypted(uri: &str, error: &StateError, facts: StateFacts) -> RecordedState {
    let detail = format!("{}; remedy: {}", error.what, error.remedy);
    RecordedState {
        facts: StateFacts { uri: uri.to_owned(), ..facts },
        gap: Some(Gap::new("state", Cause::Unsupported, detail)),
        outcome: ENCRYPTED.to_owned(),
        resources: Shelf::default(),
    }
}

fn said_of_itself(header: Header, facts: StateFacts) -> StateFacts {
    StateFacts {
        uri: header.uri,
        terraform_version: header.terraform_version,
        format: header.version,
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
    let mut regions = BTreeSet::new();
    for resource in resources.bare().filter(|resource| !resource.region().is_empty()) {
        if !regions.contains(resource.region()) {
            regions.insert(resource.region().to_owned());
        }
    }
    regions.into_iter().collect()
}
