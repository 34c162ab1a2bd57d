//! Attributes that most kinds share.

use std::collections::BTreeMap;

use crate::attr::{Attr, Equality};

/// The ARN; computed.
pub const ARN: Attr<String> = Attr::new("arn", Equality::Never("computed"));
/// The tags of the resource itself. Compared through [`TAGS_ALL`], unless the state has no such attribute.
pub const TAGS: Attr<BTreeMap<String, String>> =
    Attr::new("tags", Equality::Never("compared through tags_all"));
/// All tags, those of the provider's default_tags included: what the live tags are compared with (N6).
pub const TAGS_ALL: Attr<BTreeMap<String, String>> = Attr::new("tags_all", Equality::Tags);
