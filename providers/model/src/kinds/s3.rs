//! Amazon S3 buckets, the resources that are parts of one, and the account's public access block.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::gap::Gap;
use crate::kind::{Exclusion, Form, Kind, Satellite, Scope};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// The four flags of a public access block, of a bucket or of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
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

impl PublicAccessBlock {
    /// True when all four flags are on.
    pub fn is_complete(&self) -> bool {
        self.block_public_acls
            && self.block_public_policy
            && self.ignore_public_acls
            && self.restrict_public_buckets
    }
}

/// `aws_s3_bucket`, in the shape of provider 3: one bucket with everything inline.
pub mod bucket {
    use super::*;

    pub use super::PublicAccessBlock;

    /// The `versioning` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Versioning {
        /// Whether new versions are kept.
        pub enabled: bool,
        /// Whether a delete needs a second factor.
        pub mfa_delete: bool,
        /// `Enabled`, `Suspended` or `Disabled` (never enabled); empty where the source does not tell them apart.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub status: String,
    }

    /// The `server_side_encryption_configuration` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Encryption {
        /// The rule; the API knows exactly one.
        pub rule: Vec<EncryptionRule>,
    }

    /// How new objects are encrypted.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct EncryptionRule {
        /// The default.
        pub apply_server_side_encryption_by_default: Vec<DefaultEncryption>,
        /// Whether a bucket key saves calls to the key service.
        pub bucket_key_enabled: Option<bool>,
    }

    /// Algorithm and key.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct DefaultEncryption {
        /// Id, ARN or alias of the key; empty for the AWS-managed one.
        pub kms_master_key_id: Option<String>,
        /// `AES256`, `aws:kms` or `aws:kms:dsse`.
        pub sse_algorithm: String,
    }

    /// Where access logs go.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Logging {
        /// The bucket that receives them.
        pub target_bucket: String,
        /// The prefix of their keys.
        pub target_prefix: Option<String>,
    }

    /// The `replication_configuration` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Replication {
        /// The role that S3 assumes.
        pub role: String,
        /// The rules.
        pub rules: Vec<ReplicationRule>,
    }

    /// One replication rule.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct ReplicationRule {
        /// Its id.
        pub id: Option<String>,
        /// `Enabled` or `Disabled`.
        pub status: String,
        /// The key prefix, in rules of the first schema version.
        pub prefix: Option<String>,
        /// Which objects, in rules of the second; empty means the first.
        pub filter: Vec<ReplicationFilter>,
        /// Where to.
        pub destination: Vec<ReplicationDestination>,
        /// Which encrypted objects.
        pub source_selection_criteria: Vec<SourceSelection>,
    }

    /// Which objects a rule covers.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct ReplicationFilter {
        /// The key prefix; empty for all.
        pub prefix: Option<String>,
        /// Tags that an object must carry.
        pub tags: Option<std::collections::BTreeMap<String, String>>,
    }

    /// Where a rule replicates to.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct ReplicationDestination {
        /// The ARN of the bucket.
        pub bucket: String,
        /// The account that owns it, where it is another one.
        pub account_id: Option<String>,
        /// The key that encrypts the replicas.
        pub replica_kms_key_id: Option<String>,
        /// Replication time control.
        pub replication_time: Vec<ReplicationTime>,
    }

    /// Replication time control.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct ReplicationTime {
        /// `Enabled` or `Disabled`.
        pub status: String,
        /// Minutes that it promises.
        pub minutes: Option<i64>,
    }

    /// Whether objects encrypted with a key are replicated.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct SourceSelection {
        /// The flag, in a block.
        pub sse_kms_encrypted_objects: Vec<Flag>,
    }

    /// A block that is nothing but a flag.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Flag {
        /// Whether it is on.
        pub enabled: bool,
    }

    impl ReplicationRule {
        /// True when the rule is on and covers every object.
        pub fn covers_all(&self) -> bool {
            let filtered = self.filter.iter().any(|filter| {
                filter.prefix.as_deref().is_some_and(|prefix| !prefix.is_empty())
                    || filter.tags.as_ref().is_some_and(|tags| !tags.is_empty())
            });
            self.status == "Enabled" && self.prefix.as_deref().unwrap_or("").is_empty() && !filtered
        }

        /// True when objects encrypted with a key of the key service are replicated too.
        pub fn covers_kms_objects(&self) -> bool {
            let mut flags =
                self.source_selection_criteria.iter().flat_map(|block| &block.sse_kms_encrypted_objects);
            flags.any(|flag| flag.enabled)
        }
    }

    /// One lifecycle rule, as far as checks read it.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct LifecycleRule {
        /// Its id.
        pub id: Option<String>,
        /// Whether it is on.
        pub enabled: bool,
        /// Days after which unfinished uploads go; 0 means never.
        pub abort_incomplete_multipart_upload_days: Option<i64>,
        /// When noncurrent versions go.
        pub noncurrent_version_expiration: Vec<NoncurrentExpiration>,
    }

    /// When noncurrent versions go.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct NoncurrentExpiration {
        /// Days after a version became noncurrent.
        pub days: Option<i64>,
    }

    /// The `object_lock_configuration` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct ObjectLock {
        /// `Enabled`, or empty.
        pub object_lock_enabled: Option<String>,
        /// The rule with the default retention.
        pub rule: Vec<ObjectLockRule>,
    }

    /// The rule of an object lock.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct ObjectLockRule {
        /// How long new objects are kept.
        pub default_retention: Vec<Retention>,
    }

    /// A retention; either days or years are set.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Retention {
        /// `GOVERNANCE` or `COMPLIANCE`.
        pub mode: Option<String>,
        /// Days.
        pub days: Option<i64>,
        /// Years.
        pub years: Option<i64>,
    }

    /// A grant of the bucket's access control list, one per grantee.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Grant {
        /// The canonical user.
        pub id: Option<String>,
        /// `CanonicalUser` or `Group`.
        #[serde(rename = "type")]
        pub grantee: String,
        /// The group.
        pub uri: Option<String>,
        /// `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP`, `FULL_CONTROL`; sorted.
        pub permissions: Vec<String>,
        /// True for the grant of the bucket's own owner; only the live side knows.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub owner: bool,
    }

    /// Everybody.
    pub const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
    /// Everybody with any AWS account.
    pub const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
    const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

    impl Grant {
        /// True when the grantee is everybody, or everybody with any AWS account.
        pub fn is_to_everyone(&self) -> bool {
            matches!(self.uri.as_deref(), Some(ALL_USERS | AUTHENTICATED_USERS))
        }

        /// True when it permits to list or read.
        pub fn reads(&self) -> bool {
            self.permissions.iter().any(|p| matches!(p.as_str(), "READ" | "READ_ACP" | "FULL_CONTROL"))
        }

        /// True when it permits to write objects or the list itself.
        pub fn writes(&self) -> bool {
            self.permissions.iter().any(|p| matches!(p.as_str(), "WRITE" | "WRITE_ACP" | "FULL_CONTROL"))
        }
    }

    /// The canned ACL that means exactly these live grants; `None` when none does.
    ///
    /// Rule: "Canned ACL" in the S3 user guide, as far as it concerns buckets.
    pub fn canned_acl(grants: &[Grant]) -> Option<&'static str> {
        let (own, others): (Vec<&Grant>, Vec<&Grant>) = grants.iter().partition(|grant| grant.owner);
        if own.len() != 1 || own[0].permissions != ["FULL_CONTROL"] {
            return None;
        }
        match others.as_slice() {
            [] => Some("private"),
            [one] => {
                let permissions: Vec<&str> = one.permissions.iter().map(String::as_str).collect();
                match (one.uri.as_deref()?, permissions.as_slice()) {
                    (ALL_USERS, ["READ"]) => Some("public-read"),
                    (ALL_USERS, ["READ", "WRITE"]) => Some("public-read-write"),
                    (AUTHENTICATED_USERS, ["READ"]) => Some("authenticated-read"),
                    // Some endpoints show only the first of the two permissions.
                    (LOG_DELIVERY, ["READ_ACP", "WRITE"] | ["READ_ACP"]) => Some("log-delivery-write"),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The `rule` of the ownership controls.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Ownership {
        /// `BucketOwnerEnforced` (ACLs are off), `BucketOwnerPreferred` or `ObjectWriter`.
        pub object_ownership: String,
    }

    /// Its name.
    pub const BUCKET: Attr<String> = Attr::new("bucket", Exact);
    /// The region it lives in. Provider 6 has an argument of this name too, with the same meaning.
    pub const REGION: Attr<String> = Attr::new("region", Exact);
    /// Versioning.
    pub const VERSIONING: Attr<Vec<Versioning>> = Attr::new("versioning", Exact)
        .absent(Absent::Zero)
        .nested(&[Nested::new("status", Never("told apart by aws_s3_bucket_versioning only"))])
        .by(&["s3:GetBucketVersioning"]);
    /// Default encryption. Since 2023 S3 encrypts with AES256 where nothing is configured.
    pub const ENCRYPTION: Attr<Vec<Encryption>> = Attr::new("server_side_encryption_configuration", Exact)
        .absent(Absent::Default(AES256))
        .nested(&[
            Nested::new("rule.apply_server_side_encryption_by_default.kms_master_key_id", Reference),
            Nested::new("rule.bucket_key_enabled", Exact).absent(Absent::Zero),
            Nested::new("rule.blocked_encryption_types", Never("not read")),
        ])
        .by(&["s3:GetBucketEncryption"]);
    const AES256: &str = r#"[{"rule":[{"apply_server_side_encryption_by_default":[{"kms_master_key_id":"","sse_algorithm":"AES256"}],"bucket_key_enabled":false}]}]"#;
    /// Access logs.
    pub const LOGGING: Attr<Vec<Logging>> = Attr::new("logging", Set).by(&["s3:GetBucketLogging"]);
    /// Lifecycle rules.
    pub const LIFECYCLE_RULE: Attr<Vec<LifecycleRule>> = Attr::new("lifecycle_rule", Exact)
        .absent(Absent::Zero)
        .nested(&[
            Nested::new("transition", Set).absent(Absent::Zero),
            Nested::new("noncurrent_version_transition", Set).absent(Absent::Zero),
            Nested::new("noncurrent_version_transition.newer_noncurrent_versions", Never(SPLIT_ONLY)),
            Nested::new("noncurrent_version_expiration.newer_noncurrent_versions", Never(SPLIT_ONLY)),
            Nested::new("object_size_greater_than", Never(SPLIT_ONLY)),
            Nested::new("object_size_less_than", Never(SPLIT_ONLY)),
            Nested::new("legacy_prefix", Never(SPLIT_ONLY)),
        ])
        .by(&["s3:GetBucketLifecycleConfiguration"]);
    const SPLIT_ONLY: &str = "only the separate resource of provider 4 and later has it";
    /// Replication.
    pub const REPLICATION: Attr<Vec<Replication>> = Attr::new("replication_configuration", Exact)
        .nested(&[
            Nested::new("rules", Set).absent(Absent::Zero),
            Nested::new("rules.delete_marker_replication_status", Exact)
                .absent(Absent::Default("\"Disabled\"")),
            Nested::new("rules.destination.replica_kms_key_id", Reference),
            Nested::new("rules.existing_object_replication", Never(SPLIT_ONLY)),
            // A rule without a filter has none, and the server gives it one.
            Nested::new("rules.priority", Exact).absent(Absent::Unclaimed),
            Nested::new("rules.source_selection_criteria.replica_modifications", Never(SPLIT_ONLY)),
        ])
        .by(&["s3:GetBucketReplication"]);
    /// The bucket policy, JSON text; null when it has none.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy).by(&["s3:GetBucketPolicy"]);
    /// The canned ACL that its grants amount to; live null when they amount to none. From provider 4 on the state leaves
    /// it null and shows the grants.
    pub const ACL: Attr<String> = Attr::new("acl", Exact).absent(Absent::Unclaimed).by(&["s3:GetBucketAcl"]);
    /// The grants of its ACL, those of the owner included. Provider 3 leaves them empty beside a canned ACL.
    pub const GRANT: Attr<Vec<Grant>> = Attr::new("grant", Set)
        .absent(Absent::Unclaimed)
        .nested(&[Nested::new("permissions", Set), Nested::new("owner", Never("live only"))])
        .by(&["s3:GetBucketAcl"]);
    /// Cross-origin rules.
    pub const CORS_RULE: Attr<Value> = Attr::new("cors_rule", Exact)
        .absent(Absent::Zero)
        .nested(&[Nested::new("id", Never(SPLIT_ONLY))])
        .by(&["s3:GetBucketCors"]);
    /// Static website.
    pub const WEBSITE: Attr<Value> = Attr::new("website", Exact)
        .nested(&[Nested::new("routing_rules", Json)])
        .by(&["s3:GetBucketWebsite"]);
    /// Object lock.
    pub const OBJECT_LOCK: Attr<Vec<ObjectLock>> = Attr::new("object_lock_configuration", Exact)
        .absent(Absent::Zero)
        .by(&["s3:GetObjectLockConfiguration"]);
    /// Whether object lock is on, as providers from 4 on say it apart from the rule.
    pub const OBJECT_LOCK_ENABLED: Attr<bool> =
        Attr::new("object_lock_enabled", Exact).absent(Absent::Zero).by(&["s3:GetObjectLockConfiguration"]);
    /// Transfer acceleration: `Enabled`, `Suspended` or empty.
    pub const ACCELERATION_STATUS: Attr<String> =
        Attr::new("acceleration_status", Exact).by(&["s3:GetBucketAccelerateConfiguration"]);
    /// Who pays for requests: `BucketOwner` or `Requester`.
    pub const REQUEST_PAYER: Attr<String> = Attr::new("request_payer", Exact)
        .absent(Absent::Default("\"BucketOwner\""))
        .by(&["s3:GetBucketRequestPayment"]);
    /// The tags, read in a call of their own.
    pub const BUCKET_TAGS: Attr<std::collections::BTreeMap<String, String>> =
        TAGS.by(&["s3:GetBucketTagging"]);
    /// All tags, read in a call of their own.
    pub const BUCKET_TAGS_ALL: Attr<std::collections::BTreeMap<String, String>> =
        TAGS_ALL.by(&["s3:GetBucketTagging"]);
    /// The bucket's own public access block; empty when it has none.
    pub const PUBLIC_ACCESS_BLOCK: Attr<Vec<PublicAccessBlock>> =
        Attr::live("public_access_block").by(&["s3:GetPublicAccessBlock"]);
    /// Whether S3 itself calls the bucket policy public; false when there is no policy.
    pub const POLICY_IS_PUBLIC: Attr<bool> = Attr::live("policy_is_public").by(&["s3:GetBucketPolicyStatus"]);
    /// The ownership controls; empty when it has none.
    pub const OWNERSHIP_CONTROLS: Attr<Vec<Ownership>> =
        Attr::live("ownership_controls").by(&["s3:GetBucketOwnershipControls"]);
    /// When it was made, RFC 3339.
    pub const CREATION_DATE: Attr<String> = Attr::live("creation_date");

    /// The kind. Buckets are listed once per account but live in a region.
    pub static KIND: Kind = Kind {
        name: "aws_s3_bucket",
        service: "s3",
        scope: Scope::Regional,
        listed_by: &["s3:ListBuckets", "s3:GetBucketLocation"],
        attributes: &[
            ARN.any(),
            BUCKET.any(),
            REGION.any(),
            VERSIONING.any(),
            ENCRYPTION.any(),
            LOGGING.any(),
            LIFECYCLE_RULE.any(),
            REPLICATION.any(),
            POLICY.any(),
            ACL.any(),
            GRANT.any(),
            CORS_RULE.any(),
            WEBSITE.any(),
            OBJECT_LOCK.any(),
            OBJECT_LOCK_ENABLED.any(),
            ACCELERATION_STATUS.any(),
            REQUEST_PAYER.any(),
            BUCKET_TAGS.any(),
            BUCKET_TAGS_ALL.any(),
            PUBLIC_ACCESS_BLOCK.any(),
            POLICY_IS_PUBLIC.any(),
            OWNERSHIP_CONTROLS.any(),
            CREATION_DATE.any(),
        ],
        satellites: &[
            part("aws_s3_bucket_public_access_block", "public_access_block", first_block, flags_block),
            part("aws_s3_bucket_versioning", "versioning", versioning_from, versioning_to),
            part(
                "aws_s3_bucket_server_side_encryption_configuration",
                "server_side_encryption_configuration",
                first_block,
                |part| block_of(part, &["rule"]),
            ),
            part(
                "aws_s3_bucket_policy",
                "policy",
                |value| text_block("policy", value),
                |part| part.raw("policy").cloned(),
            ),
            part("aws_s3_bucket_logging", "logging", first_block, |part| {
                block_of(part, &["target_bucket", "target_prefix"])
            }),
            part("aws_s3_bucket_ownership_controls", "ownership_controls", ownership_from, |part| {
                part.raw("rule").cloned()
            }),
            part(
                "aws_s3_bucket_object_lock_configuration",
                "object_lock_configuration",
                first_block,
                |part| block_of(part, &["object_lock_enabled", "rule"]),
            ),
            part(
                "aws_s3_bucket_replication_configuration",
                "replication_configuration",
                split::replication_from,
                split::replication_to,
            ),
            part(
                "aws_s3_bucket_lifecycle_configuration",
                "lifecycle_rule",
                split::lifecycle_from,
                split::lifecycle_to,
            ),
            part("aws_s3_bucket_acl", "grant", acl_from, acl_to),
            part("aws_s3_bucket_cors_configuration", "cors_rule", cors_from, |part| {
                part.raw("cors_rule").cloned()
            }),
            part("aws_s3_bucket_website_configuration", "website", split::website_from, split::website_to),
            part(
                "aws_s3_bucket_accelerate_configuration",
                "acceleration_status",
                |value| text_block("status", value),
                |part| part.raw("status").cloned(),
            ),
            part(
                "aws_s3_bucket_request_payment_configuration",
                "request_payer",
                |value| text_block("payer", value),
                |part| part.raw("payer").cloned(),
            ),
        ],
        ..Kind::BASE
    };

    const fn part(
        kind: &'static str,
        attribute: &'static str,
        from_owner: fn(&Value) -> Option<Map<String, Value>>,
        to_owner: fn(&Resource) -> Result<Value, Gap>,
    ) -> Satellite {
        Satellite { kind, owner_id: owner_bucket, form: Form::Block { attribute, from_owner, to_owner } }
    }

    fn owner_bucket(part: &Resource) -> Option<String> {
        part.raw("bucket").ok().and_then(Value::as_str).map(str::to_owned)
    }

    fn first_block(value: &Value) -> Option<Map<String, Value>> {
        value.as_array()?.first()?.as_object().cloned()
    }

    fn block_of(part: &Resource, names: &[&str]) -> Result<Value, Gap> {
        let mut block = Map::new();
        for name in names {
            block.insert((*name).to_owned(), part.raw(name)?.clone());
        }
        Ok(Value::Array(vec![Value::Object(block)]))
    }

    fn text_block(name: &str, value: &Value) -> Option<Map<String, Value>> {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        Some(Map::from_iter([(name.to_owned(), json!(text))]))
    }

    fn flags_block(part: &Resource) -> Result<Value, Gap> {
        block_of(
            part,
            &["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"],
        )
    }

    fn versioning_from(value: &Value) -> Option<Map<String, Value>> {
        let block = first_block(value)?;
        let enabled = block.get("enabled").and_then(Value::as_bool)?;
        let status = match block.get("status").and_then(Value::as_str) {
            Some(status) if !status.is_empty() => status,
            _ if enabled => "Enabled",
            _ => "Suspended",
        };
        let deletes = block.get("mfa_delete").and_then(Value::as_bool).unwrap_or(false);
        let mfa_delete = if deletes { "Enabled" } else { "Disabled" };
        let inside = json!([{ "status": status, "mfa_delete": mfa_delete }]);
        Some(Map::from_iter([("versioning_configuration".to_owned(), inside)]))
    }

    fn versioning_to(part: &Resource) -> Result<Value, Gap> {
        let inside = &part.raw("versioning_configuration")?[0];
        let status = inside["status"].as_str().unwrap_or_default();
        let mfa_delete = inside["mfa_delete"] == "Enabled";
        Ok(json!([{ "enabled": status == "Enabled", "mfa_delete": mfa_delete, "status": status }]))
    }

    fn ownership_from(value: &Value) -> Option<Map<String, Value>> {
        let rule = value.as_array().filter(|rule| !rule.is_empty())?;
        Some(Map::from_iter([("rule".to_owned(), json!(rule))]))
    }

    fn cors_from(value: &Value) -> Option<Map<String, Value>> {
        let rules = value.as_array().filter(|rules| !rules.is_empty())?;
        Some(Map::from_iter([("cors_rule".to_owned(), json!(rules))]))
    }

    fn acl_from(value: &Value) -> Option<Map<String, Value>> {
        let grants: Vec<Grant> = serde_json::from_value(value.clone()).ok()?;
        let mut flat = Vec::new();
        for grant in &grants {
            for permission in &grant.permissions {
                let grantee = json!([{ "id": grant.id, "type": grant.grantee, "uri": grant.uri }]);
                flat.push(json!({ "grantee": grantee, "permission": permission }));
            }
        }
        Some(Map::from_iter([
            ("acl".to_owned(), json!(canned_acl(&grants))),
            ("access_control_policy".to_owned(), json!([{ "grant": flat }])),
        ]))
    }

    fn acl_to(part: &Resource) -> Result<Value, Gap> {
        let policy = part.raw("access_control_policy")?;
        let owner = policy[0]["owner"][0]["id"].as_str();
        let mut grants: Vec<Grant> = Vec::new();
        for grant in policy[0]["grant"].as_array().into_iter().flatten() {
            let grantee = &grant["grantee"][0];
            let text = |name: &str| grantee[name].as_str().unwrap_or_default().to_owned();
            let (id, uri) = (text("id"), text("uri"));
            let permission = grant["permission"].as_str().unwrap_or_default().to_owned();
            let same = |known: &&mut Grant| {
                known.id.as_deref() == Some(id.as_str()) && known.uri.as_deref() == Some(uri.as_str())
            };
            match grants.iter_mut().find(same) {
                Some(known) => known.permissions.push(permission),
                None => grants.push(Grant {
                    owner: owner == Some(id.as_str()),
                    id: Some(id),
                    grantee: text("type"),
                    uri: Some(uri),
                    permissions: vec![permission],
                }),
            }
        }
        for grant in &mut grants {
            grant.permissions.sort();
        }
        Ok(json!(grants))
    }
}

/// Replication and lifecycle rules between the inline form of provider 3 and the separate resources of later ones.
mod split {
    use super::*;

    fn filled(value: &Value) -> bool {
        !crate::compare::hollow(value, Absent::Zero)
    }

    fn blocks(value: &Value) -> impl Iterator<Item = &Value> {
        value.as_array().into_iter().flatten()
    }

    fn tag_list(tags: &Value) -> Vec<Value> {
        let pairs = tags.as_object().into_iter().flatten();
        pairs.map(|(key, value)| json!({ "key": key, "value": value })).collect()
    }

    /// A filter has one condition, or several under `and`.
    fn filter(prefix: &Value, tags: &Value, sizes: &[(&str, &Value)]) -> Value {
        let tag_list = tag_list(tags);
        let sizes: Vec<_> = sizes.iter().filter(|(_, size)| filled(size)).collect();
        let conditions = usize::from(filled(prefix)) + tag_list.len() + sizes.len();
        let mut inside = Map::new();
        if filled(prefix) {
            inside.insert("prefix".into(), prefix.clone());
        }
        for (name, size) in &sizes {
            inside.insert((*name).to_owned(), (*size).clone());
        }
        match (conditions, tag_list.as_slice()) {
            (0, _) => json!([]),
            (1, [tag]) => json!([{ "tag": [tag] }]),
            (1, _) => json!([inside]),
            _ => {
                inside.insert("tags".into(), tags.clone());
                json!([{ "and": [inside] }])
            }
        }
    }

    fn unfilter(filter: &Value) -> (Value, Value, Value, Value) {
        let filter = &filter[0];
        let and = &filter["and"][0];
        let either =
            |name: &str| if filled(&filter[name]) { filter[name].clone() } else { and[name].clone() };
        let tag = &filter["tag"][0];
        let tags = match tag["key"].as_str() {
            Some(key) => json!({ key: tag["value"] }),
            None => and["tags"].clone(),
        };
        (either("prefix"), tags, either("object_size_greater_than"), either("object_size_less_than"))
    }

    fn days(count: &Value, name: &str) -> Value {
        if filled(count) { json!([{ name: count }]) } else { json!([]) }
    }

    fn noncurrent(block: &Value) -> Value {
        json!({
            "noncurrent_days": block["days"],
            "newer_noncurrent_versions": block["newer_noncurrent_versions"],
            "storage_class": block["storage_class"],
        })
    }

    fn current(block: &Value) -> Value {
        json!({
            "days": block["noncurrent_days"],
            "newer_noncurrent_versions": block["newer_noncurrent_versions"],
            "storage_class": block["storage_class"],
        })
    }

    /// The separate lifecycle configuration from the inline rules.
    pub fn lifecycle_from(value: &Value) -> Option<Map<String, Value>> {
        let rules = value.as_array().filter(|rules| !rules.is_empty())?;
        let rules: Vec<Value> = rules.iter().map(lifecycle_rule_from).collect();
        Some(Map::from_iter([("rule".to_owned(), json!(rules))]))
    }

    fn lifecycle_rule_from(rule: &Value) -> Value {
        let legacy = rule["legacy_prefix"] == true;
        let prefix = if legacy { &Value::Null } else { &rule["prefix"] };
        let sizes = [
            ("object_size_greater_than", &rule["object_size_greater_than"]),
            ("object_size_less_than", &rule["object_size_less_than"]),
        ];
        json!({
            "id": rule["id"],
            "status": if rule["enabled"] == true { "Enabled" } else { "Disabled" },
            "prefix": if legacy { rule["prefix"].clone() } else { Value::Null },
            "filter": filter(prefix, &rule["tags"], &sizes),
            "abort_incomplete_multipart_upload":
                days(&rule["abort_incomplete_multipart_upload_days"], "days_after_initiation"),
            "expiration": rule["expiration"],
            "transition": rule["transition"],
            "noncurrent_version_expiration":
                blocks(&rule["noncurrent_version_expiration"]).map(noncurrent).collect::<Vec<_>>(),
            "noncurrent_version_transition":
                blocks(&rule["noncurrent_version_transition"]).map(noncurrent).collect::<Vec<_>>(),
        })
    }

    /// The inline rules from the separate lifecycle configuration.
    pub fn lifecycle_to(part: &Resource) -> Result<Value, Gap> {
        let rules = part.raw("rule")?;
        let inline = |rule: &Value| {
            let (prefix, tags, greater, less) = unfilter(&rule["filter"]);
            let legacy = filled(&rule["prefix"]);
            json!({
                "id": rule["id"],
                "enabled": rule["status"] == "Enabled",
                "prefix": if legacy { rule["prefix"].clone() } else { prefix },
                "legacy_prefix": legacy,
                "tags": tags,
                "object_size_greater_than": greater,
                "object_size_less_than": less,
                "abort_incomplete_multipart_upload_days":
                    rule["abort_incomplete_multipart_upload"][0]["days_after_initiation"],
                "expiration": rule["expiration"],
                "transition": rule["transition"],
                "noncurrent_version_expiration":
                    blocks(&rule["noncurrent_version_expiration"]).map(current).collect::<Vec<_>>(),
                "noncurrent_version_transition":
                    blocks(&rule["noncurrent_version_transition"]).map(current).collect::<Vec<_>>(),
            })
        };
        Ok(Value::Array(blocks(rules).map(inline).collect()))
    }

    /// The separate website configuration from the inline one.
    pub fn website_from(value: &Value) -> Option<Map<String, Value>> {
        let block = value.as_array()?.first()?;
        let document = |value: &Value, name: &str| {
            if filled(value) { json!([{ name: value }]) } else { json!([]) }
        };
        let redirect = match block["redirect_all_requests_to"].as_str().filter(|to| !to.is_empty()) {
            Some(to) => {
                let (protocol, host) = to.split_once("://").unwrap_or(("", to));
                json!([{ "host_name": host, "protocol": protocol }])
            }
            None => json!([]),
        };
        Some(Map::from_iter([
            ("index_document".to_owned(), document(&block["index_document"], "suffix")),
            ("error_document".to_owned(), document(&block["error_document"], "key")),
            ("redirect_all_requests_to".to_owned(), redirect),
            ("routing_rules".to_owned(), block["routing_rules"].clone()),
        ]))
    }

    /// The inline website from the separate configuration.
    pub fn website_to(part: &Resource) -> Result<Value, Gap> {
        let to = &part.raw("redirect_all_requests_to")?[0];
        let redirect = match (to["protocol"].as_str().unwrap_or_default(), to["host_name"].as_str()) {
            (_, None) => Value::Null,
            ("", Some(host)) => json!(host),
            (protocol, Some(host)) => json!(format!("{protocol}://{host}")),
        };
        Ok(json!([{
            "index_document": part.raw("index_document")?[0]["suffix"],
            "error_document": part.raw("error_document")?[0]["key"],
            "redirect_all_requests_to": redirect,
            "routing_rules": part.raw("routing_rules")?,
        }]))
    }

    fn status(value: &Value) -> &'static str {
        if *value == json!(true) || value == "Enabled" { "Enabled" } else { "Disabled" }
    }

    /// The separate replication configuration from the inline one.
    pub fn replication_from(value: &Value) -> Option<Map<String, Value>> {
        let block = value.as_array()?.first()?;
        let rules: Vec<Value> = blocks(&block["rules"]).map(replication_rule_from).collect();
        Some(Map::from_iter([("role".to_owned(), block["role"].clone()), ("rule".to_owned(), json!(rules))]))
    }

    fn replication_rule_from(rule: &Value) -> Value {
        let filter_block = rule["filter"].as_array().and_then(|filter| filter.first());
        let filter = match filter_block {
            Some(inside) => filter(&inside["prefix"], &inside["tags"], &[]),
            None => json!([]),
        };
        let deletes = match filter_block {
            // Only rules of the second schema version, those with a filter, speak of delete markers.
            Some(_) => json!([{ "status": status(&rule["delete_marker_replication_status"]) }]),
            None => json!([]),
        };
        let criteria = &rule["source_selection_criteria"][0];
        let flag = |value: &Value| match value.as_array().and_then(|blocks| blocks.first()) {
            Some(block) => {
                json!([{ "status": status(if block.get("enabled").is_some() { &block["enabled"] } else { &block["status"] }) }])
            }
            None => json!([]),
        };
        let criteria = match criteria {
            Value::Object(_) => json!([{
                "sse_kms_encrypted_objects": flag(&criteria["sse_kms_encrypted_objects"]),
                "replica_modifications": flag(&criteria["replica_modifications"]),
            }]),
            _ => json!([]),
        };
        let to = &rule["destination"][0];
        let key = &to["replica_kms_key_id"];
        let threshold = |block: &Value, name: &str| json!({ "status": block["status"], name: days(&block["minutes"], "minutes") });
        let destination = json!([{
            "bucket": to["bucket"],
            "account": to["account_id"],
            "storage_class": to["storage_class"],
            "access_control_translation": to["access_control_translation"],
            "encryption_configuration": if filled(key) { json!([{ "replica_kms_key_id": key }]) } else { json!([]) },
            "replication_time":
                blocks(&to["replication_time"]).map(|block| threshold(block, "time")).collect::<Vec<_>>(),
            "metrics":
                blocks(&to["metrics"]).map(|block| threshold(block, "event_threshold")).collect::<Vec<_>>(),
        }]);
        json!({
            "id": rule["id"],
            "prefix": if filter_block.is_some() { Value::Null } else { rule["prefix"].clone() },
            "priority": rule["priority"],
            "status": rule["status"],
            "filter": filter,
            "delete_marker_replication": deletes,
            "existing_object_replication": rule["existing_object_replication"],
            "source_selection_criteria": criteria,
            "destination": destination,
        })
    }

    /// The inline replication from the separate configuration.
    pub fn replication_to(part: &Resource) -> Result<Value, Gap> {
        let rules = part.raw("rule")?;
        let inline = |rule: &Value| {
            let (prefix, tags, _, _) = unfilter(&rule["filter"]);
            let filtered = rule["filter"].as_array().is_some_and(|filter| !filter.is_empty());
            let criteria = &rule["source_selection_criteria"][0];
            let kms: Vec<Value> = blocks(&criteria["sse_kms_encrypted_objects"])
                .map(|block| json!({ "enabled": block["status"] == "Enabled" }))
                .collect();
            let criteria = match criteria {
                Value::Object(_) => json!([{
                    "sse_kms_encrypted_objects": kms,
                    "replica_modifications": criteria["replica_modifications"],
                }]),
                _ => json!([]),
            };
            let to = &rule["destination"][0];
            let minutes = |value: &Value, name: &str| -> Vec<Value> {
                let block = |block: &Value| json!({ "status": block["status"], "minutes": block[name][0]["minutes"] });
                blocks(value).map(block).collect()
            };
            json!({
                "id": rule["id"],
                "prefix": rule["prefix"],
                "priority": rule["priority"],
                "status": rule["status"],
                "filter": if filtered { json!([{ "prefix": prefix, "tags": tags }]) } else { json!([]) },
                "delete_marker_replication_status": rule["delete_marker_replication"][0]["status"],
                "existing_object_replication": rule["existing_object_replication"],
                "source_selection_criteria": criteria,
                "destination": [{
                    "bucket": to["bucket"],
                    "account_id": to["account"],
                    "storage_class": to["storage_class"],
                    "access_control_translation": to["access_control_translation"],
                    "replica_kms_key_id": to["encryption_configuration"][0]["replica_kms_key_id"],
                    "replication_time": minutes(&to["replication_time"], "time"),
                    "metrics": minutes(&to["metrics"], "event_threshold"),
                }],
            })
        };
        let rules: Vec<Value> = blocks(rules).map(inline).collect();
        Ok(json!([{ "role": part.raw("role")?, "rules": rules }]))
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

/// `aws_s3_account_public_access_block`: the account's own, above those of its buckets.
pub mod account_public_access_block {
    use super::*;

    pub use super::public_access_block::{
        BLOCK_PUBLIC_ACLS, BLOCK_PUBLIC_POLICY, IGNORE_PUBLIC_ACLS, RESTRICT_PUBLIC_BUCKETS,
    };

    /// The account.
    pub const ACCOUNT_ID: Attr<String> = Attr::new("account_id", Exact);
    /// Whether the account has a block at all. Without one all flags are off.
    pub const CONFIGURED: Attr<bool> = Attr::live("configured");

    /// The kind. Every account has exactly one, identified by the account id; without a block all its flags are off.
    pub static KIND: Kind = Kind {
        name: "aws_s3_account_public_access_block",
        service: "s3",
        scope: Scope::Global,
        listed_by: &["s3control:GetPublicAccessBlock"],
        attributes: &[
            ACCOUNT_ID.any(),
            BLOCK_PUBLIC_ACLS.any(),
            BLOCK_PUBLIC_POLICY.any(),
            IGNORE_PUBLIC_ACLS.any(),
            RESTRICT_PUBLIC_BUCKETS.any(),
            CONFIGURED.any(),
        ],
        exclusion: not_configured,
        ..Kind::BASE
    };

    fn not_configured(resource: &Resource) -> Option<Exclusion> {
        let configured = resource.get(&CONFIGURED).ok().flatten().unwrap_or(true);
        (!configured).then_some(Exclusion { rule: "N24", reason: "the account has no public access block" })
    }
}

macro_rules! parts {
    ($($(#[$doc:meta])* $module:ident = $name:literal { $($(#[$adoc:meta])* $key:ident: $attr:expr;)+ })+) => {
        $(
            $(#[$doc])*
            pub mod $module {
                use super::*;
                $($(#[$adoc])* pub const $key: Attr<Value> = $attr;)+
                /// The kind; a part of `aws_s3_bucket`, so nothing lists it.
                pub static KIND: Kind =
                    Kind { name: $name, service: "s3", attributes: &[$($key.any()),+], ..Kind::BASE };
            }
        )+
    };
}

parts! {
    /// `aws_s3_bucket_versioning`.
    versioning = "aws_s3_bucket_versioning" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// Status and second factor.
        CONFIGURATION: Attr::new("versioning_configuration", Exact)
            .nested(&[Nested::new("mfa_delete", Exact).absent(Absent::Default("\"Disabled\""))]);
    }
    /// `aws_s3_bucket_server_side_encryption_configuration`.
    encryption = "aws_s3_bucket_server_side_encryption_configuration" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// The rule.
        RULE: Attr::new("rule", Set).nested(&[
            Nested::new("apply_server_side_encryption_by_default.kms_master_key_id", Reference),
            Nested::new("bucket_key_enabled", Exact).absent(Absent::Zero),
            Nested::new("blocked_encryption_types", Never("not read")),
        ]);
    }
    /// `aws_s3_bucket_policy`.
    policy = "aws_s3_bucket_policy" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// JSON text.
        POLICY: Attr::new("policy", Policy);
    }
    /// `aws_s3_bucket_logging`.
    logging = "aws_s3_bucket_logging" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// The bucket that receives the logs.
        TARGET_BUCKET: Attr::new("target_bucket", Exact);
        /// The prefix of their keys.
        TARGET_PREFIX: Attr::new("target_prefix", Exact);
    }
    /// `aws_s3_bucket_ownership_controls`.
    ownership_controls = "aws_s3_bucket_ownership_controls" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// The rule.
        RULE: Attr::new("rule", Exact);
    }
    /// `aws_s3_bucket_object_lock_configuration`.
    object_lock = "aws_s3_bucket_object_lock_configuration" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// `Enabled`.
        ENABLED: Attr::new("object_lock_enabled", Exact).absent(Absent::Default("\"Enabled\""));
        /// The default retention.
        RULE: Attr::new("rule", Exact).absent(Absent::Zero);
    }
    /// `aws_s3_bucket_replication_configuration`.
    replication = "aws_s3_bucket_replication_configuration" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// The role that S3 assumes.
        ROLE: Attr::new("role", Exact);
        /// The rules.
        RULE: Attr::new("rule", Set).absent(Absent::Zero).nested(&[
            Nested::new("delete_marker_replication.status", Exact).absent(Absent::Default("\"Disabled\"")),
            Nested::new("destination.encryption_configuration.replica_kms_key_id", Reference),
        ]);
    }
    /// `aws_s3_bucket_lifecycle_configuration`.
    lifecycle = "aws_s3_bucket_lifecycle_configuration" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// The rules.
        RULE: Attr::new("rule", Exact).absent(Absent::Zero).nested(&[
            Nested::new("transition", Set).absent(Absent::Zero),
            Nested::new("noncurrent_version_transition", Set).absent(Absent::Zero),
            Nested::new("expiration.date", Never("written in another form than it is read")),
            Nested::new("transition.date", Never("written in another form than it is read")),
        ]);
    }
    /// `aws_s3_bucket_acl`.
    acl = "aws_s3_bucket_acl" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// The canned ACL; null where grants are written out.
        ACL: Attr::new("acl", Exact).absent(Absent::Unclaimed);
        /// The grants.
        ACCESS_CONTROL_POLICY: Attr::new("access_control_policy", Exact).absent(Absent::Unclaimed).nested(&[
            Nested::new("owner", Never("the account itself")),
            Nested::new("grant", Set),
            Nested::new("grant.grantee.display_name", Never("no longer returned")),
            Nested::new("grant.grantee.email_address", Never("never returned")),
        ]);
    }
    /// `aws_s3_bucket_cors_configuration`.
    cors = "aws_s3_bucket_cors_configuration" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// The rules.
        RULE: Attr::new("cors_rule", Set).absent(Absent::Zero).nested(&[
            Nested::new("allowed_headers", Set),
            Nested::new("allowed_methods", Set),
            Nested::new("allowed_origins", Set),
            Nested::new("expose_headers", Set),
            Nested::new("id", Exact).absent(Absent::Unclaimed),
        ]);
    }
    /// `aws_s3_bucket_website_configuration`. Its `routing_rule` blocks say the same as `routing_rules`.
    website = "aws_s3_bucket_website_configuration" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// What a request for a folder gets.
        INDEX_DOCUMENT: Attr::new("index_document", Exact);
        /// What a request that fails gets.
        ERROR_DOCUMENT: Attr::new("error_document", Exact);
        /// Where all requests are sent.
        REDIRECT: Attr::new("redirect_all_requests_to", Exact);
        /// JSON text.
        ROUTING_RULES: Attr::new("routing_rules", Json);
    }
    /// `aws_s3_bucket_accelerate_configuration`.
    acceleration = "aws_s3_bucket_accelerate_configuration" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// `Enabled` or `Suspended`.
        STATUS: Attr::new("status", Exact);
    }
    /// `aws_s3_bucket_request_payment_configuration`.
    request_payment = "aws_s3_bucket_request_payment_configuration" {
        /// The bucket's name.
        BUCKET: Attr::new("bucket", Exact);
        /// `BucketOwner` or `Requester`.
        PAYER: Attr::new("payer", Exact);
    }
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &bucket::KIND,
    &account_public_access_block::KIND,
    &public_access_block::KIND,
    &versioning::KIND,
    &encryption::KIND,
    &policy::KIND,
    &logging::KIND,
    &ownership_controls::KIND,
    &object_lock::KIND,
    &replication::KIND,
    &lifecycle::KIND,
    &acl::KIND,
    &cors::KIND,
    &website::KIND,
    &acceleration::KIND,
    &request_payment::KIND,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::{Place, Slot};

    fn grant(uri: &str, permissions: &[&str], owner: bool) -> bucket::Grant {
        bucket::Grant {
            id: owner.then(|| "me".to_owned()),
            grantee: if owner { "CanonicalUser" } else { "Group" }.into(),
            uri: (!uri.is_empty()).then(|| uri.to_owned()),
            permissions: permissions.iter().map(|p| (*p).to_owned()).collect(),
            owner,
        }
    }

    #[test]
    fn grants_amount_to_a_canned_acl_only_when_they_are_exactly_its_grants() {
        let own = || grant("", &["FULL_CONTROL"], true);
        assert_eq!(bucket::canned_acl(&[own()]), Some("private"));
        assert_eq!(
            bucket::canned_acl(&[own(), grant(bucket::ALL_USERS, &["READ"], false)]),
            Some("public-read")
        );
        assert_eq!(bucket::canned_acl(&[own(), grant(bucket::ALL_USERS, &["WRITE"], false)]), None);
        let foreign = bucket::Grant { owner: false, ..own() };
        assert_eq!(bucket::canned_acl(&[foreign]), None, "full control of somebody else is not private");
    }

    #[test]
    fn both_forms_of_an_acl_are_silent_and_a_public_grant_speaks() {
        let live = json!([grant("", &["FULL_CONTROL"], true), grant(bucket::ALL_USERS, &["READ"], false)]);
        // Provider 3 with a canned ACL: the grants are left empty; provider 5: the ACL is null.
        assert_eq!(compare(&bucket::GRANT.any(), &json!([]), &live), Comparison::Suppressed("N4"));
        assert_eq!(
            compare(&bucket::ACL.any(), &Value::Null, &json!("public-read")),
            Comparison::Suppressed("N4")
        );
        let five =
            json!([{ "id": "me", "type": "CanonicalUser", "uri": "", "permissions": ["FULL_CONTROL"] }]);
        assert!(matches!(compare(&bucket::GRANT.any(), &five, &live), Comparison::Changed(_)));
        assert!(matches!(
            compare(&bucket::ACL.any(), &json!("private"), &json!("public-read")),
            Comparison::Changed(_)
        ));
        assert!(matches!(
            compare(&bucket::ACL.any(), &json!("private"), &Value::Null),
            Comparison::Changed(_)
        ));
    }

    /// What the part shows after a round trip through its owner must equal what it declares.
    fn round_trip(kind: &str, declared: Value) -> Vec<String> {
        let (_, satellite) = crate::kinds::satellite(kind).unwrap();
        let table = crate::kinds::find(kind).unwrap();
        let mut part = Resource::new(Place::new("1", "us-west-2"), kind.to_owned(), "b");
        for (name, value) in declared.as_object().unwrap() {
            part.put_raw(name.clone(), Slot::Known(value.clone()));
        }
        let Form::Block { from_owner, to_owner, .. } = satellite.form else { panic!("a block") };
        let back = from_owner(&to_owner(&part).unwrap()).unwrap();
        let mut differences = Vec::new();
        for attr in table.attributes {
            let (Ok(a), Some(b)) = (part.raw(attr.path), back.get(attr.path)) else { continue };
            if let Comparison::Changed(changes) = compare(attr, a, b) {
                differences
                    .extend(changes.into_iter().map(|c| format!("{}: {} {}", c.path, c.declared, c.live)));
            }
        }
        differences
    }

    #[test]
    fn separate_resources_and_inline_blocks_say_the_same() {
        let lifecycle = json!({ "bucket": "b", "rule": [
            { "id": "a", "status": "Enabled", "prefix": "", "filter": [{ "and": [{ "prefix": "x/", "tags": {"k": "v"}, "object_size_greater_than": 5 }] }],
              "abort_incomplete_multipart_upload": [{ "days_after_initiation": 7 }],
              "expiration": [{ "date": "", "days": 90, "expired_object_delete_marker": false }],
              "noncurrent_version_expiration": [{ "newer_noncurrent_versions": 3, "noncurrent_days": 30 }],
              "noncurrent_version_transition": [], "transition": [{ "date": "", "days": 30, "storage_class": "GLACIER" }] },
            { "id": "b", "status": "Disabled", "filter": [{ "tag": [{ "key": "k", "value": "v" }] }] },
            { "id": "c", "status": "Enabled", "prefix": "old/", "filter": [] } ] });
        assert_eq!(round_trip("aws_s3_bucket_lifecycle_configuration", lifecycle), Vec::<String>::new());
        let replication = json!({ "bucket": "b", "role": "r", "rule": [
            { "id": "a", "status": "Enabled", "priority": 1, "filter": [{ "prefix": "x" }],
              "delete_marker_replication": [{ "status": "Enabled" }],
              "source_selection_criteria": [{ "sse_kms_encrypted_objects": [{ "status": "Enabled" }] }],
              "destination": [{ "bucket": "arn:aws:s3:::d", "account": "", "storage_class": "STANDARD",
                "encryption_configuration": [{ "replica_kms_key_id": "k" }],
                "replication_time": [{ "status": "Enabled", "time": [{ "minutes": 15 }] }],
                "metrics": [{ "status": "Enabled", "event_threshold": [{ "minutes": 15 }] }] }] },
            { "id": "b", "status": "Disabled", "prefix": "y", "destination": [{ "bucket": "arn:aws:s3:::d" }] } ] });
        assert_eq!(round_trip("aws_s3_bucket_replication_configuration", replication), Vec::<String>::new());
        for status in ["Enabled", "Suspended", "Disabled"] {
            let versioning = json!({ "bucket": "b", "versioning_configuration": [{ "status": status, "mfa_delete": "" }] });
            assert_eq!(round_trip("aws_s3_bucket_versioning", versioning), Vec::<String>::new());
        }
        let acl = json!({ "bucket": "b", "acl": "public-read", "access_control_policy": [{
            "owner": [{ "id": "me" }],
            "grant": [{ "grantee": [{ "id": "", "type": "Group", "uri": bucket::ALL_USERS }], "permission": "READ" },
                      { "grantee": [{ "id": "me", "type": "CanonicalUser", "uri": "" }], "permission": "FULL_CONTROL" }] }] });
        assert_eq!(round_trip("aws_s3_bucket_acl", acl), Vec::<String>::new());
        let website = json!({ "bucket": "b", "index_document": [{ "suffix": "index.html" }],
            "error_document": [], "redirect_all_requests_to": [], "routing_rules": "[]" });
        assert_eq!(round_trip("aws_s3_bucket_website_configuration", website), Vec::<String>::new());
        for protocol in ["", "https"] {
            let redirect = json!({ "bucket": "b", "index_document": [], "error_document": [], "routing_rules": "",
                "redirect_all_requests_to": [{ "host_name": "example.org", "protocol": protocol }] });
            assert_eq!(round_trip("aws_s3_bucket_website_configuration", redirect), Vec::<String>::new());
        }
    }

    #[test]
    fn a_rule_covers_everything_only_without_prefix_and_tags() {
        let rule = |value: Value| serde_json::from_value::<bucket::ReplicationRule>(value).unwrap();
        assert!(rule(json!({ "status": "Enabled", "filter": [{ "prefix": "", "tags": {} }] })).covers_all());
        assert!(!rule(json!({ "status": "Disabled" })).covers_all());
        assert!(!rule(json!({ "status": "Enabled", "filter": [{ "prefix": "a/" }] })).covers_all());
    }
}
