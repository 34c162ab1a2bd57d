//! What a provider hands over: readings, counts of calls, errors.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::gap::{Cause, Gap};
use crate::kind::Kind;
use crate::resource::{Place, Resource};

/// What one collector saw in one place, and what it could not see. A harvest cannot fail.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Harvest {
    /// What was seen.
    pub resources: Vec<Resource>,
    /// Gaps of the listing itself. While there is any, nothing may be called missing.
    #[serde(default)]
    pub gaps: Vec<Gap>,
}

impl Harvest {
    /// A harvest of nothing but a gap.
    pub fn failed(gap: Gap) -> Self {
        Self { resources: Vec::new(), gaps: vec![gap] }
    }
}

/// A harvest with its kind, place and time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The Terraform type name.
    pub kind: String,
    /// Where.
    pub place: Place,
    /// When the reading began, RFC 3339 in UTC.
    pub observed_at: String,
    /// What was seen.
    pub harvest: Harvest,
}

/// How often an operation was called in one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OperationCount {
    /// Service prefix, for example `ec2`.
    pub service: String,
    /// Operation name, for example `DescribeInstances`.
    pub operation: String,
    /// Account id.
    pub account: String,
    /// Region or `global`.
    pub region: String,
    /// Requests sent, retries included.
    pub calls: u64,
    /// Requests that were throttled.
    pub throttled: u64,
    /// Requests that were retries.
    pub retried: u64,
    /// Calls that ended in a gap.
    pub failed: u64,
    /// Items that the answers held.
    pub items: u64,
}

/// A call that ended in a gap, with what it touches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CollectionError {
    /// Service prefix.
    pub service: String,
    /// Operation name.
    pub operation: String,
    /// Account id.
    pub account: String,
    /// Region or `global`.
    pub region: String,
    /// Why.
    pub cause: Cause,
    /// The error code of the service, where it gave one.
    pub code: String,
    /// A sentence for people, never a response body.
    pub message: String,
    /// The IAM action that permits the call.
    pub permission: String,
    /// The Terraform types that it touches.
    pub types: BTreeSet<String>,
}

/// Which attributes of which kinds a run needs, so that no other call is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    kinds: BTreeMap<String, BTreeSet<String>>,
}

impl Wanted {
    /// Asks for the existence of resources of `kind`.
    pub fn kind(&mut self, kind: &str) -> &mut Self {
        self.kinds.entry(kind.to_owned()).or_default();
        self
    }

    /// Asks for one attribute of `kind`.
    pub fn attribute(&mut self, kind: &str, path: &str) -> &mut Self {
        self.kinds.entry(kind.to_owned()).or_default().insert(path.to_owned());
        self
    }

    /// Asks for every attribute of `kind` that is compared between state and live.
    pub fn compared(&mut self, kind: &Kind) -> &mut Self {
        self.kind(kind.name);
        for attr in kind.attributes.iter().filter(|a| !matches!(a.equality, crate::Equality::Never(_))) {
            self.attribute(kind.name, attr.path);
        }
        self
    }

    /// True when anything of `kind` is asked for.
    pub fn has_kind(&self, kind: &str) -> bool {
        self.kinds.contains_key(kind)
    }

    /// True when `path` of `kind` is asked for.
    pub fn has(&self, kind: &str, path: &str) -> bool {
        self.kinds.get(kind).is_some_and(|paths| paths.contains(path))
    }

    /// The kinds asked for, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }
}
