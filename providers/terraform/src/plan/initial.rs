//! What AWS gives a new object where nobody says otherwise. A plan leaves such values open until it is applied, though
//! they are documented; without them every new bucket would be unknown in all that is not written down.

use std::collections::BTreeSet;

use serde_json::Value;
use stateward_model::kind::Form;
use stateward_model::{Resource, Slot, kinds};

/// Type, attribute and initial value in JSON. A bucket is private, blocks public access (since April 2023) and encrypts
/// with keys of S3 (since January 2023); a database is in one zone.
const INITIAL: &[(&str, &str, &str)] = &[
    ("aws_db_instance", "multi_az", "false"),
    ("aws_s3_bucket", "acl", "\"private\""),
    ("aws_s3_bucket", "cors_rule", "[]"),
    ("aws_s3_bucket", "grant", "[]"),
    ("aws_s3_bucket", "lifecycle_rule", "[]"),
    ("aws_s3_bucket", "logging", "[]"),
    ("aws_s3_bucket", "policy", "null"),
    (
        "aws_s3_bucket",
        "public_access_block",
        r#"[{"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true,
            "restrict_public_buckets": true}]"#,
    ),
    ("aws_s3_bucket", "replication_configuration", "[]"),
    (
        "aws_s3_bucket",
        "server_side_encryption_configuration",
        r#"[{"rule": [{"apply_server_side_encryption_by_default": [{"kms_master_key_id": "",
            "sse_algorithm": "AES256"}], "bucket_key_enabled": false}]}]"#,
    ),
    ("aws_s3_bucket", "versioning", r#"[{"enabled": false, "mfa_delete": false}]"#),
    ("aws_s3_bucket", "website", "[]"),
];

/// Attributes, each with the type of its owner, that a part in the plan may set without saying of which owner: of no
/// new one the initial value is then certain.
pub(super) fn contested<'a>(
    planned: impl Iterator<Item = &'a Resource>,
) -> BTreeSet<(&'static str, &'static str)> {
    let mut contested = BTreeSet::new();
    for part in planned {
        let Some((owner, satellite)) = kinds::satellite(part.kind()) else { continue };
        if (satellite.owner_id)(part).is_some() {
            continue;
        }
        match satellite.form {
            Form::Block { attribute, .. } => {
                contested.insert((owner.name, attribute));
            }
            Form::Atoms { attributes, .. } => {
                contested.extend(attributes.iter().map(|name| (owner.name, *name)))
            }
        }
    }
    contested
}

/// Fills in what a new object starts with, where the plan leaves it open.
pub(super) fn fill(resource: &mut Resource, contested: &BTreeSet<(&'static str, &'static str)>) {
    let of_kind: Vec<_> = INITIAL.iter().filter(|(kind, ..)| *kind == resource.kind()).collect();
    for (kind, attribute, value) in of_kind {
        let open = resource.raw(attribute).is_err();
        if !open || contested.contains(&(*kind, *attribute)) {
            continue;
        }
        if let Ok(value) = serde_json::from_str::<Value>(value) {
            resource.put_raw(*attribute, Slot::Known(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_initial_value_is_one_of_a_declared_attribute() {
        for (kind, attribute, value) in INITIAL {
            let kind = kinds::find(kind).unwrap();
            assert!(kind.attribute(attribute).is_some(), "{} {attribute}", kind.name);
            assert!(serde_json::from_str::<Value>(value).is_ok(), "{attribute}");
        }
    }
}
