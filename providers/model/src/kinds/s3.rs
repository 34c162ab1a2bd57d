//! Amazon S3 buckets, and the resources that are parts of one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attr::{Absent, Attr, Equality::*};
use crate::gap::Gap;
use crate::kind::{Form, Kind, Satellite, Scope};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_s3_bucket`, in the shape of provider 3: one bucket with everything inline.
pub mod bucket {
    use super::*;

    /// The `versioning` block.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Versioning {
        /// Whether new versions are kept.
        pub enabled: bool,
        /// Whether a delete needs a second factor.
        #[serde(default)]
        pub mfa_delete: bool,
    }

    /// The four flags of a public access block.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct PublicAccessBlock {
        /// Refuses public ACLs.
        pub block_public_acls: bool,
        /// Refuses public policies.
        pub block_public_policy: bool,
        /// Ignores public ACLs.
        pub ignore_public_acls: bool,
        /// Restricts public buckets to the account.
        pub restrict_public_buckets: bool,
    }

    /// The region it lives in.
    pub const REGION: Attr<String> = Attr::new("region", Exact);
    /// Versioning.
    pub const VERSIONING: Attr<Vec<Versioning>> =
        Attr::new("versioning", Exact).absent(Absent::Zero).by(&["s3:GetBucketVersioning"]);
    /// The bucket's own public access block; empty when it has none.
    pub const PUBLIC_ACCESS_BLOCK: Attr<Vec<PublicAccessBlock>> =
        Attr::live("public_access_block").by(&["s3:GetPublicAccessBlock"]);

    /// The kind. Buckets are listed once per account but live in a region.
    pub static KIND: Kind = Kind {
        name: "aws_s3_bucket",
        service: "s3",
        scope: Scope::Regional,
        listed_by: &["s3:ListBuckets"],
        attributes: &[
            ARN.any(),
            REGION.any(),
            VERSIONING.any(),
            PUBLIC_ACCESS_BLOCK.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_s3_bucket_public_access_block",
            owner_id: owner_bucket,
            form: Form::Block {
                attribute: "public_access_block",
                from_owner: first_block,
                to_owner: flags_block,
            },
        }],
        ..Kind::BASE
    };

    fn owner_bucket(part: &Resource) -> Option<String> {
        part.raw("bucket").ok().and_then(Value::as_str).map(str::to_owned)
    }

    fn first_block(value: &Value) -> Option<Map<String, Value>> {
        value.as_array()?.first()?.as_object().cloned()
    }

    fn flags_block(part: &Resource) -> Result<Value, Gap> {
        let names =
            ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];
        let mut block = Map::new();
        for name in names {
            block.insert(name.to_owned(), part.raw(name)?.clone());
        }
        Ok(Value::Array(vec![Value::Object(block)]))
    }
}

/// `aws_s3_bucket_public_access_block`.
pub mod public_access_block {
    use super::*;

    /// The bucket's name.
    pub const BUCKET: Attr<String> = Attr::new("bucket", Exact);
    /// Refuses public ACLs.
    pub const BLOCK_PUBLIC_ACLS: Attr<bool> = Attr::new("block_public_acls", Exact).absent(Absent::Zero);
    /// Refuses public policies.
    pub const BLOCK_PUBLIC_POLICY: Attr<bool> = Attr::new("block_public_policy", Exact).absent(Absent::Zero);
    /// Ignores public ACLs.
    pub const IGNORE_PUBLIC_ACLS: Attr<bool> = Attr::new("ignore_public_acls", Exact).absent(Absent::Zero);
    /// Restricts public buckets to the account.
    pub const RESTRICT_PUBLIC_BUCKETS: Attr<bool> =
        Attr::new("restrict_public_buckets", Exact).absent(Absent::Zero);

    /// The kind; a part of `aws_s3_bucket`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_s3_bucket_public_access_block",
        service: "s3",
        attributes: &[
            BUCKET.any(),
            BLOCK_PUBLIC_ACLS.any(),
            BLOCK_PUBLIC_POLICY.any(),
            IGNORE_PUBLIC_ACLS.any(),
            RESTRICT_PUBLIC_BUCKETS.any(),
        ],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&bucket::KIND, &public_access_block::KIND];
