//! Amazon Kinesis Data Streams.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::Kind;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_kinesis_stream`.
pub mod stream {
    use super::*;

    const READ: &[&str] = &["kinesis:DescribeStreamSummary"];
    const LIST_TAGS: &[&str] = &["kinesis:ListTagsForStream"];

    /// The `stream_mode_details` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Mode {
        /// `PROVISIONED` or `ON_DEMAND`.
        pub stream_mode: Option<String>,
    }

    /// `KMS`, or `NONE`.
    pub const ENCRYPTION_TYPE: Attr<String> =
        Attr::new("encryption_type", Exact).absent(Absent::Default("\"NONE\"")).by(READ);
    /// Only an argument of Terraform.
    pub const ENFORCE_CONSUMER_DELETION: Attr<bool> =
        Attr::new("enforce_consumer_deletion", Never("an argument of Terraform alone"));
    /// Its key; none where it is not encrypted.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference).by(READ);
    /// The largest record, in KiB; an argument that came with a later version of the provider.
    pub const MAX_RECORD_SIZE_IN_KIB: Attr<i64> =
        Attr::new("max_record_size_in_kib", Exact).absent(Absent::Unclaimed).by(READ);
    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// Hours that records are kept.
    pub const RETENTION_PERIOD: Attr<i64> =
        Attr::new("retention_period", Exact).absent(Absent::Default("24")).by(READ);
    /// Open shards; none where the service decides how many there are.
    pub const SHARD_COUNT: Attr<i64> = Attr::new("shard_count", Exact).absent(Absent::Zero).by(READ);
    /// Metrics that are taken of each shard.
    pub const SHARD_LEVEL_METRICS: Attr<Vec<String>> = Attr::new("shard_level_metrics", Set).by(READ);
    /// Who decides how many shards there are.
    pub const STREAM_MODE_DETAILS: Attr<Vec<Mode>> = Attr::new("stream_mode_details", Exact)
        .absent(Absent::Unclaimed)
        .nested(&[Nested::new("stream_mode", Exact).absent(Absent::Default("\"PROVISIONED\""))])
        .by(READ);
    /// The tags of the resource itself.
    pub const STREAM_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(LIST_TAGS);
    /// All tags.
    pub const STREAM_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(LIST_TAGS);

    /// The kind; its id is the name. A state has the ARN for its id.
    pub static KIND: Kind = Kind {
        name: "aws_kinesis_stream",
        service: "kinesis",
        listed_by: &["kinesis:ListStreams"],
        attributes: &[
            ARN.any(),
            ENCRYPTION_TYPE.any(),
            ENFORCE_CONSUMER_DELETION.any(),
            KMS_KEY_ID.any(),
            MAX_RECORD_SIZE_IN_KIB.any(),
            NAME.any(),
            RETENTION_PERIOD.any(),
            SHARD_COUNT.any(),
            SHARD_LEVEL_METRICS.any(),
            STREAM_MODE_DETAILS.any(),
            STREAM_TAGS.any(),
            STREAM_TAGS_ALL.any(),
        ],
        identity: |resource| resource.get(&NAME).ok().flatten().filter(|name| !name.is_empty()),
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&stream::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::{Place, Resource};
    use serde_json::json;

    #[test]
    fn a_stream_is_known_by_its_name_whatever_the_id_of_its_state() {
        let arn = "arn:aws:kinesis:r:1:stream/orders";
        let mut declared = Resource::new(Place::new("1", "r"), stream::KIND.name, arn);
        assert_eq!((stream::KIND.identity)(&declared), None);
        declared.set(&stream::NAME, "orders".to_owned());
        assert_eq!((stream::KIND.identity)(&declared).as_deref(), Some("orders"));
    }

    #[test]
    fn a_stream_that_lost_its_key_or_its_mode_differs_and_one_that_said_nothing_does_not() {
        let differs = |attr: crate::AnyAttr, declared, live| {
            matches!(compare(&attr, &declared, &live), Comparison::Changed(_))
        };
        let encryption = stream::ENCRYPTION_TYPE.any();
        assert!(differs(encryption, json!("KMS"), json!("NONE")));
        assert!(!differs(encryption, json!(null), json!("NONE")));
        let mode = stream::STREAM_MODE_DETAILS.any();
        let of = |mode: &str| json!([{ "stream_mode": mode }]);
        assert!(differs(mode, of("PROVISIONED"), of("ON_DEMAND")));
        assert!(!differs(mode, json!([]), of("ON_DEMAND")));
        assert!(differs(stream::SHARD_COUNT.any(), json!(4), json!(2)));
        assert!(!differs(stream::SHARD_COUNT.any(), json!(0), json!(null)));
    }
}
