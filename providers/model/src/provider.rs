//! What a provider hands over: readings, counts of calls, errors.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::gap::{Cause, Gap};
use crate::kind::Kind;
use crate::pattern;
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
    kinds: BTreeMap<String, BTreeMap<String, Reach>>,
    /// Kinds that are only looked up while others are judged, with these others.
    supporting: BTreeMap<String, BTreeSet<String>>,
}

/// Of which resources an attribute is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reach {
    /// Of all.
    All,
    /// Of those whose id one of the patterns covers.
    Named(Vec<String>),
}

impl Wanted {
    /// Asks for the existence of resources of `kind`.
    pub fn kind(&mut self, kind: &str) -> &mut Self {
        self.supporting.remove(kind);
        self.kinds.entry(kind.to_owned()).or_default();
        self
    }

    /// Asks for resources of `kind` as far as there are any of `subjects`, which are judged with their help. Kinds that
    /// were asked for by themselves stay so.
    pub fn support(&mut self, kind: &str, subjects: impl IntoIterator<Item = String>) -> &mut Self {
        if !self.kinds.contains_key(kind) {
            self.kinds.insert(kind.to_owned(), BTreeMap::new());
            self.supporting.insert(kind.to_owned(), BTreeSet::new());
        }
        if let Some(known) = self.supporting.get_mut(kind) {
            known.extend(subjects);
        }
        self
    }

    /// The kinds that `kind` only supports; none for one that is asked for by itself.
    pub fn supports(&self, kind: &str) -> Option<&BTreeSet<String>> {
        self.supporting.get(kind)
    }

    /// Asks for one attribute of `kind`, and for the kind when nobody has.
    pub fn attribute(&mut self, kind: &str, path: &str) -> &mut Self {
        self.kinds.entry(kind.to_owned()).or_default().insert(path.to_owned(), Reach::All);
        self
    }

    /// Asks for one attribute of those resources of `kind` whose id one of `patterns` covers.
    pub fn attribute_of(&mut self, kind: &str, path: &str, patterns: &[String]) -> &mut Self {
        let reach = self.kinds.entry(kind.to_owned()).or_default().entry(path.to_owned());
        match reach.or_insert_with(|| Reach::Named(Vec::new())) {
            Reach::All => {}
            Reach::Named(known) => known.extend_from_slice(patterns),
        }
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
        self.kinds.get(kind).is_some_and(|paths| paths.contains_key(path))
    }

    /// True when `path` of the resource `id` of `kind` is asked for.
    pub fn has_of(&self, kind: &str, path: &str, id: &str) -> bool {
        match self.kinds.get(kind).and_then(|paths| paths.get(path)) {
            None => false,
            Some(Reach::All) => true,
            Some(Reach::Named(patterns)) => patterns.iter().any(|pattern| pattern::covers(pattern, id)),
        }
    }

    /// The kinds asked for, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_by_itself_is_more_than_support() {
        let mut wanted = Wanted::default();
        wanted.support("aws_instance", ["aws_lb".to_owned()]).support("aws_instance", ["aws_efs".to_owned()]);
        assert_eq!(wanted.supports("aws_instance").map(BTreeSet::len), Some(2));
        wanted.kind("aws_instance");
        assert_eq!(wanted.supports("aws_instance"), None);
        wanted.support("aws_instance", ["aws_lb".to_owned()]);
        assert_eq!(wanted.supports("aws_instance"), None, "in whatever order it comes");
    }

    #[test]
    fn an_attribute_may_be_asked_of_some_resources() {
        let mut wanted = Wanted::default();
        wanted.attribute_of("aws_s3_bucket", "lock", &["*-audit".to_owned()]);
        assert!(wanted.has("aws_s3_bucket", "lock"));
        assert!(
            wanted.has_of("aws_s3_bucket", "lock", "a-audit") && !wanted.has_of("aws_s3_bucket", "lock", "a")
        );
        wanted.attribute("aws_s3_bucket", "lock").attribute_of("aws_s3_bucket", "lock", &["b".to_owned()]);
        assert!(wanted.has_of("aws_s3_bucket", "lock", "a"));
    }
}
