//! AWS Key Management Service: keys and aliases.

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Exclusion, Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_kms_key`.
pub mod key {
    use serde_json::{Map, Value};

    use super::*;

    const KEY: &[&str] = &["kms:DescribeKey"];

    /// The key id.
    pub const KEY_ID: Attr<String> = Attr::new("key_id", Exact);
    /// What it is for, in words.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact).by(KEY);
    /// `ENCRYPT_DECRYPT`, `SIGN_VERIFY`, …
    pub const KEY_USAGE: Attr<String> = Attr::new("key_usage", Exact).by(KEY);
    /// `SYMMETRIC_DEFAULT`, `RSA_2048`, …
    pub const KEY_SPEC: Attr<String> =
        Attr::new("customer_master_key_spec", Exact).absent(Absent::Default("\"SYMMETRIC_DEFAULT\"")).by(KEY);
    /// Whether it may be used.
    pub const IS_ENABLED: Attr<bool> = Attr::new("is_enabled", Exact).by(KEY);
    /// The same under the name that external and replica keys have for it.
    pub const ENABLED: Attr<bool> = Attr::new("enabled", Exact).by(KEY);
    /// Whether it may have copies in other regions.
    pub const MULTI_REGION: Attr<bool> = Attr::new("multi_region", Exact).absent(Absent::Zero).by(KEY);
    /// The key that it is a copy of; null for one that is none.
    pub const PRIMARY_KEY_ARN: Attr<String> = Attr::new("primary_key_arn", Exact).by(KEY);
    /// When imported key material expires, RFC 3339.
    pub const VALID_TO: Attr<String> = Attr::new("valid_to", Exact).by(KEY);
    /// Only keys of some sorts can rotate, and the metadata tells which.
    const ROTATION: &[&str] = &["kms:DescribeKey", "kms:GetKeyRotationStatus"];
    /// Whether its material is renewed by itself. False for keys that cannot.
    pub const ENABLE_KEY_ROTATION: Attr<bool> =
        Attr::new("enable_key_rotation", Exact).absent(Absent::Zero).by(ROTATION);
    /// Days between renewals; null while it is off.
    pub const ROTATION_PERIOD: Attr<i64> =
        Attr::new("rotation_period_in_days", Exact).absent(Absent::Default("365")).by(ROTATION);
    /// The key policy, JSON text.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy).by(&["kms:GetKeyPolicy"]);
    /// Only an argument of the deletion.
    pub const DELETION_WINDOW: Attr<i64> =
        Attr::new("deletion_window_in_days", Never("an argument of the deletion, never returned by the API"));
    /// The tags, read in a call of their own.
    pub const KEY_TAGS: Attr<std::collections::BTreeMap<String, String>> = TAGS.by(&["kms:ListResourceTags"]);
    /// All tags, read in a call of their own.
    pub const KEY_TAGS_ALL: Attr<std::collections::BTreeMap<String, String>> =
        TAGS_ALL.by(&["kms:ListResourceTags"]);
    /// `CUSTOMER` or `AWS`. Of keys that AWS manages the aliases tell it already.
    pub const KEY_MANAGER: Attr<String> = Attr::live("key_manager").by(KEY);
    /// `Enabled`, `Disabled`, `PendingDeletion`, `PendingImport`, `Unavailable`, …
    pub const KEY_STATE: Attr<String> = Attr::live("key_state").by(KEY);
    /// `AWS_KMS`, `EXTERNAL`, `AWS_CLOUDHSM`, `EXTERNAL_KEY_STORE`.
    pub const ORIGIN: Attr<String> = Attr::live("origin").by(KEY);
    /// When it vanishes, RFC 3339; null unless its deletion is scheduled.
    pub const DELETION_DATE: Attr<String> = Attr::live("deletion_date").by(KEY);
    /// When it was made, RFC 3339.
    pub const CREATION_DATE: Attr<String> = Attr::live("creation_date").by(KEY);
    /// The regions that hold this key, its own included, sorted; empty for a key of one region.
    pub const KEY_REGIONS: Attr<Vec<String>> = Attr::live("multi_region_key_regions").by(KEY);
    /// The aliases that point to it, sorted.
    pub const ALIASES: Attr<Vec<String>> = Attr::live("aliases");

    /// The kind. Keys with imported material and copies of multi-Region keys have types of their own in Terraform, but
    /// KMS tells them apart from others only in their metadata.
    pub static KIND: Kind = Kind {
        name: "aws_kms_key",
        aliases: &["aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"],
        service: "kms",
        listed_by: &["kms:ListKeys", "kms:ListAliases"],
        attributes: &[
            ARN.any(),
            KEY_ID.any(),
            DESCRIPTION.any(),
            KEY_USAGE.any(),
            KEY_SPEC.any(),
            IS_ENABLED.any(),
            ENABLED.any(),
            MULTI_REGION.any(),
            PRIMARY_KEY_ARN.any(),
            VALID_TO.any(),
            ENABLE_KEY_ROTATION.any(),
            ROTATION_PERIOD.any(),
            POLICY.any(),
            DELETION_WINDOW.any(),
            KEY_TAGS.any(),
            KEY_TAGS_ALL.any(),
            KEY_MANAGER.any(),
            KEY_STATE.any(),
            ORIGIN.any(),
            DELETION_DATE.any(),
            CREATION_DATE.any(),
            KEY_REGIONS.any(),
            ALIASES.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_kms_key_policy",
            owner_id,
            form: Form::Block {
                attribute: "policy",
                from_owner: policy_from,
                to_owner: |part| part.raw("policy").cloned(),
            },
        }],
        exclusion: not_for_users,
        ..Kind::BASE
    };

    fn owner_id(part: &Resource) -> Option<String> {
        let id = part.raw("key_id").ok()?.as_str()?;
        Some(crate::compare::last_segment(id).to_owned())
    }

    fn policy_from(value: &Value) -> Option<Map<String, Value>> {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        Some(Map::from_iter([("policy".to_owned(), Value::from(text))]))
    }

    fn not_for_users(resource: &Resource) -> Option<Exclusion> {
        if resource.get(&KEY_MANAGER).ok().flatten().as_deref() == Some("AWS") {
            return Some(Exclusion { rule: "N18", reason: "a key that AWS manages" });
        }
        let leaving = resource.get(&KEY_STATE).ok().flatten();
        matches!(leaving.as_deref(), Some("PendingDeletion" | "PendingReplicaDeletion"))
            .then_some(Exclusion { rule: "N28", reason: "its deletion is scheduled" })
    }
}

/// `aws_kms_key_policy`.
pub mod key_policy {
    use super::*;

    /// The key.
    pub const KEY_ID: Attr<String> = Attr::new("key_id", Reference);
    /// JSON text.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy);

    /// The kind; a part of `aws_kms_key`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_kms_key_policy",
        service: "kms",
        attributes: &[KEY_ID.any(), POLICY.any()],
        ..Kind::BASE
    };
}

/// `aws_kms_alias`.
pub mod alias {
    use super::*;

    /// The name, `alias/…`.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The key that it points to.
    pub const TARGET_KEY_ID: Attr<String> = Attr::new("target_key_id", Reference);
    /// The ARN of that key.
    pub const TARGET_KEY_ARN: Attr<String> =
        Attr::new("target_key_arn", Never("compared through target_key_id"));

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_kms_alias",
        service: "kms",
        listed_by: &["kms:ListAliases"],
        attributes: &[ARN.any(), NAME.any(), TARGET_KEY_ID.any(), TARGET_KEY_ARN.any()],
        exclusion: of_aws,
        ..Kind::BASE
    };

    fn of_aws(resource: &Resource) -> Option<Exclusion> {
        resource
            .id()
            .starts_with("alias/aws/")
            .then_some(Exclusion { rule: "N18", reason: "the alias of a key that AWS manages" })
    }
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&key::KIND, &key_policy::KIND, &alias::KIND];
