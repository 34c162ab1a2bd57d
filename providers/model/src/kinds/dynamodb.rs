//! Amazon DynamoDB tables.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Kind};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_dynamodb_table`. The tables of one global table are one table in each of its regions.
pub mod table {
    use super::*;

    const TABLE: &[&str] = &["dynamodb:DescribeTable"];

    /// An attribute definition.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Definition {
        /// Its name.
        pub name: String,
        /// `S`, `N` or `B`.
        #[serde(rename = "type")]
        pub of: String,
    }

    /// The `point_in_time_recovery` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct PointInTimeRecovery {
        /// Whether it is on.
        pub enabled: bool,
        /// Days that it reaches back; 0 or null where the source does not say.
        pub recovery_period_in_days: Option<i64>,
    }

    /// The `server_side_encryption` block; there is none when AWS's own key is used.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Encryption {
        /// Whether a key of the key service is used.
        pub enabled: bool,
        /// The ARN of the key.
        pub kms_key_arn: Option<String>,
    }

    /// A copy of the table in another region.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Replica {
        /// The region.
        pub region_name: String,
        /// The key that encrypts it.
        pub kms_key_arn: Option<String>,
        /// `ACTIVE`, `CREATING`, … ; only the live side knows.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status: Option<String>,
    }

    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// `PROVISIONED` or `PAY_PER_REQUEST`.
    pub const BILLING_MODE: Attr<String> =
        Attr::new("billing_mode", Exact).absent(Absent::Default("\"PROVISIONED\"")).by(TABLE);
    /// The partition key.
    pub const HASH_KEY: Attr<String> = Attr::new("hash_key", Exact).by(TABLE);
    /// The sort key.
    pub const RANGE_KEY: Attr<String> = Attr::new("range_key", Exact).by(TABLE);
    /// Provisioned reads a second.
    pub const READ_CAPACITY: Attr<i64> = Attr::new("read_capacity", Exact).absent(Absent::Zero).by(TABLE);
    /// Provisioned writes a second.
    pub const WRITE_CAPACITY: Attr<i64> = Attr::new("write_capacity", Exact).absent(Absent::Zero).by(TABLE);
    /// The attributes that keys use.
    pub const ATTRIBUTE: Attr<Vec<Definition>> = Attr::new("attribute", Set).by(TABLE);
    /// Global secondary indexes.
    pub const GLOBAL_SECONDARY_INDEX: Attr<Value> = Attr::new("global_secondary_index", Set)
        .absent(Absent::Zero)
        .nested(&[
            Nested::new("non_key_attributes", Set),
            Nested::new("key_schema", Never("the same as hash_key and range_key")),
            Nested::new("on_demand_throughput", Never("not read")),
            Nested::new("warm_throughput", Never("computed")),
        ])
        .by(TABLE);
    /// Local secondary indexes.
    pub const LOCAL_SECONDARY_INDEX: Attr<Value> =
        Attr::new("local_secondary_index", Set).nested(&[Nested::new("non_key_attributes", Set)]).by(TABLE);
    /// Whether it has a stream.
    pub const STREAM_ENABLED: Attr<bool> = Attr::new("stream_enabled", Exact).absent(Absent::Zero).by(TABLE);
    /// What the stream shows.
    pub const STREAM_VIEW_TYPE: Attr<String> = Attr::new("stream_view_type", Exact).by(TABLE);
    /// Encryption with a key of the key service.
    pub const SERVER_SIDE_ENCRYPTION: Attr<Vec<Encryption>> = Attr::new("server_side_encryption", Exact)
        .absent(Absent::Zero)
        .nested(&[Nested::new("kms_key_arn", Reference).absent(Absent::Unclaimed)])
        .by(TABLE);
    /// Its copies in other regions.
    pub const REPLICA: Attr<Vec<Replica>> = Attr::new("replica", Set)
        .nested(&[
            Nested::new("kms_key_arn", Reference),
            Nested::new("status", Never("live only")),
            Nested::new("arn", Never("computed")),
            Nested::new("stream_arn", Never("computed")),
            Nested::new("stream_label", Never("computed")),
            Nested::new("propagate_tags", Never("never returned by the API")),
            Nested::new("point_in_time_recovery", Never("read on the table of that region")),
            Nested::new("deletion_protection_enabled", Never("read on the table of that region")),
            Nested::new("consistency_mode", Never("not read")),
        ])
        .by(TABLE);
    /// Whether it refuses to be deleted.
    pub const DELETION_PROTECTION_ENABLED: Attr<bool> =
        Attr::new("deletion_protection_enabled", Exact).absent(Absent::Zero).by(TABLE);
    /// `STANDARD` or `STANDARD_INFREQUENT_ACCESS`.
    pub const TABLE_CLASS: Attr<String> =
        Attr::new("table_class", Exact).absent(Absent::Default("\"STANDARD\"")).by(TABLE);
    /// Point-in-time recovery.
    pub const POINT_IN_TIME_RECOVERY: Attr<Vec<PointInTimeRecovery>> =
        Attr::new("point_in_time_recovery", Exact)
            .absent(Absent::Zero)
            .nested(&[Nested::new("recovery_period_in_days", Exact).absent(Absent::Default("35"))])
            .by(&["dynamodb:DescribeContinuousBackups"]);
    /// Expiry of items.
    pub const TTL: Attr<Value> = Attr::new("ttl", Exact)
        .absent(Absent::Zero)
        .nested(&[Nested::new("kms_key_arn", Never("never returned by the API"))])
        .by(&["dynamodb:DescribeTimeToLive"]);
    /// The tags, read in a call of their own.
    pub const TABLE_TAGS: Attr<std::collections::BTreeMap<String, String>> =
        TAGS.by(&["dynamodb:ListTagsOfResource"]);
    /// All tags, read in a call of their own.
    pub const TABLE_TAGS_ALL: Attr<std::collections::BTreeMap<String, String>> =
        TAGS_ALL.by(&["dynamodb:ListTagsOfResource"]);
    /// `EVENTUAL` or `STRONG`: how the copies of a global table agree; null for a table without copies.
    pub const CONSISTENCY: Attr<String> = Attr::live("multi_region_consistency").by(TABLE);
    /// The tags of a table that lacks deletion protection or point-in-time recovery; null for one that has both, whose
    /// environment decides nothing and costs no call.
    pub const ENVIRONMENT_TAGS: Attr<std::collections::BTreeMap<String, String>> =
        Attr::live("environment_tags").by(&[
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:ListTagsOfResource",
        ]);
    /// `ACTIVE`, `INACCESSIBLE_ENCRYPTION_CREDENTIALS`, …
    pub const STATUS: Attr<String> = Attr::live("status").by(TABLE);
    /// Its size in bytes, about six hours old at most.
    pub const SIZE_BYTES: Attr<i64> = Attr::live("table_size_bytes").by(TABLE);
    /// Its items, about six hours old at most.
    pub const ITEM_COUNT: Attr<i64> = Attr::live("item_count").by(TABLE);
    /// When it was made, RFC 3339.
    pub const CREATION_DATE: Attr<String> = Attr::live("creation_date").by(TABLE);
    /// How far back it can be restored, RFC 3339; null without point-in-time recovery.
    pub const EARLIEST_RESTORABLE: Attr<String> =
        Attr::live("earliest_restorable_date_time").by(&["dynamodb:DescribeContinuousBackups"]);
    /// How recent a state can be restored, RFC 3339; null without point-in-time recovery.
    pub const LATEST_RESTORABLE: Attr<String> =
        Attr::live("latest_restorable_date_time").by(&["dynamodb:DescribeContinuousBackups"]);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_dynamodb_table",
        service: "dynamodb",
        listed_by: &["dynamodb:ListTables"],
        attributes: &[
            ARN.any(),
            NAME.any(),
            BILLING_MODE.any(),
            HASH_KEY.any(),
            RANGE_KEY.any(),
            READ_CAPACITY.any(),
            WRITE_CAPACITY.any(),
            ATTRIBUTE.any(),
            GLOBAL_SECONDARY_INDEX.any(),
            LOCAL_SECONDARY_INDEX.any(),
            STREAM_ENABLED.any(),
            STREAM_VIEW_TYPE.any(),
            SERVER_SIDE_ENCRYPTION.any(),
            REPLICA.any(),
            DELETION_PROTECTION_ENABLED.any(),
            TABLE_CLASS.any(),
            POINT_IN_TIME_RECOVERY.any(),
            TTL.any(),
            TABLE_TAGS.any(),
            TABLE_TAGS_ALL.any(),
            ENVIRONMENT_TAGS.any(),
            CONSISTENCY.any(),
            STATUS.any(),
            SIZE_BYTES.any(),
            ITEM_COUNT.any(),
            CREATION_DATE.any(),
            EARLIEST_RESTORABLE.any(),
            LATEST_RESTORABLE.any(),
        ],
        exclusion: being_deleted,
        ..Kind::BASE
    };

    fn being_deleted(resource: &Resource) -> Option<Exclusion> {
        let status = resource.get(&STATUS).ok().flatten();
        (status.as_deref() == Some("DELETING"))
            .then_some(Exclusion { rule: "N28", reason: "it is being deleted" })
    }
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&table::KIND];
