//! States in S3, read through the AWS provider.

use std::time::Duration;

use stateward_aws::{Aws, LockKind, NamedState, StateObject, fetch_state, list_states};
use stateward_model::{Cause, Gap};
use stateward_terraform::{Answer, Backend, Entry, Fetched, Objects, Source, Told, Unread, object_uri};

/// How long a lock is waited for before the state is read all the same, and called in flight.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

struct InS3<'a> {
    aws: &'a Aws,
    bucket: &'a str,
    objects: &'a Objects,
    history: bool,
}

/// The backend of a source in S3; `history` looks at the older versions too.
///
/// # Errors
/// When the source is elsewhere.
pub fn open<'a>(aws: &'a Aws, source: &'a Source, history: bool) -> Result<Box<dyn Backend + 'a>, Unread> {
    match source {
        Source::S3 { bucket, objects } => Ok(Box::new(InS3 { aws, bucket, objects, history })),
        _ => Err(Unread::new(Cause::Unsupported, "this is not in S3", "name s3://BUCKET/KEY")),
    }
}

/// What the policy has to permit for these sources.
pub fn named(sources: &[Source], history: bool) -> Vec<NamedState> {
    let mut named = Vec::new();
    for source in sources {
        let Source::S3 { bucket, objects } = source else { continue };
        let state = |key: String, version: bool| {
            let history = history && !version;
            NamedState { bucket: bucket.clone(), key, old: version || history, history }
        };
        match objects {
            Objects::One { key, version } => named.push(state(key.clone(), version.is_some())),
            Objects::Many { patterns, .. } => {
                named.extend(patterns.iter().map(|pattern| state(format!("{}*", pattern.prefix), false)));
            }
        }
    }
    named
}

impl InS3<'_> {
    fn entry(&self, key: &str, version: Option<&str>) -> Entry {
        let uri = object_uri(&format!("s3://{}", self.bucket), key, version);
        Entry { uri, key: key.to_owned(), version: version.map(str::to_owned) }
    }

    async fn entries(&self) -> Result<Vec<Entry>, Unread> {
        let patterns = match self.objects {
            Objects::One { key, version } => return Ok(vec![self.entry(key, version.as_deref())]),
            Objects::Many { patterns, .. } => patterns,
        };
        let mut keys = Vec::new();
        for pattern in patterns {
            keys.extend(pattern.pick(list_states(self.aws, self.bucket, &pattern.prefix).await?));
        }
        keys.sort();
        keys.dedup();
        if keys.is_empty() {
            let gap = Gap::new("s3:ListBucket", Cause::Absent, "no state is there");
            let remedy = "check the address; in a folder, states end in .tfstate";
            return Err(Unread { remedy: remedy.to_owned(), ..gap.into() });
        }
        Ok(keys.iter().map(|key| self.entry(key, None)).collect())
    }

    async fn state(&self, entry: &Entry) -> Result<Fetched, Unread> {
        let version = entry.version.as_deref();
        match fetch_state(self.aws, self.bucket, &entry.key, version, LOCK_PATIENCE, self.history).await {
            Ok((file, object)) => Ok(Fetched { body: Box::new(file), told: self.told(&entry.key, object) }),
            Err(gap) => {
                let told = Box::new(self.told(&entry.key, StateObject::default()));
                Err(Unread { told, ..gap.into() })
            }
        }
    }

    fn told(&self, key: &str, object: StateObject) -> Told {
        let (lock, lock_table) = match object.lock {
            Some((LockKind::Table, table)) => (Some("dynamodb"), Some(table)),
            Some((LockKind::File, _)) => (Some("lockfile"), None),
            None => (None, None),
        };
        Told {
            s3: Some((self.bucket.to_owned(), key.to_owned())),
            region: Some(object.region).filter(|region| !region.is_empty()),
            encryption: object.encryption,
            written_at: object.written_at,
            lock,
            lock_table,
            locked: object.locked,
            locked_since: object.locked_since,
            lock_holder: object.lock_holder,
            digest_matches: object.digest_matches,
            gaps: object.gaps,
            history: object.history,
        }
    }
}

impl Backend for InS3<'_> {
    fn list(&self) -> Answer<'_, Vec<Entry>> {
        Box::pin(self.entries())
    }

    fn fetch<'a>(&'a self, entry: &'a Entry) -> Answer<'a, Fetched> {
        Box::pin(self.state(entry))
    }
}
