//! What AWS gives a new object where nobody says otherwise. A plan leaves such values open until it is applied, though
//! they are documented; without them every new bucket would be unknown in all that is not written down.

use std::collections::BTreeSet;

use serde_json::Value;
use stateward_model::{Resource, Slot};

use super::parts::leave_open;

/// Type, attribute and initial value in JSON. A bucket is private, blocks public access (since April 2023) and encrypts
/// with keys of S3 (since January 2023); a database is in one zone. Terraform takes from a new security group what AWS lets
/// it send.
const INITIAL: &[(&str, &str, &str)] = &[
    ("aws_db_instance", "multi_az", "false"),
    ("aws_iam_group", "inline_policy", "[]"),
    ("aws_iam_group", "managed_policy_arns", "[]"),
    ("aws_iam_role", "inline_policy", "[]"),
    ("aws_iam_role", "managed_policy_arns", "[]"),
    ("aws_iam_user", "inline_policy", "[]"),
    ("aws_iam_user", "managed_policy_arns", "[]"),
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
    ("aws_security_group", "egress", "[]"),
    ("aws_security_group", "ingress", "[]"),
];

/// Fills in what a new object starts with, where the plan leaves it open and the configuration sets nothing: `set` are
/// the arguments that it does. What a part may set of which it is not known whose it is, is open.
pub(super) fn fill(
    resource: &mut Resource,
    set: &BTreeSet<String>,
    contested: &BTreeSet<(&'static str, &'static str)>,
    has_rules: bool,
) {
    for (kind, attribute) in contested.iter().copied() {
        if kind == resource.kind() {
            leave_open(resource, attribute);
        }
    }
    let of_kind: Vec<_> = INITIAL.iter().filter(|(kind, ..)| *kind == resource.kind()).collect();
    for (kind, attribute, value) in of_kind {
        if resource.raw(attribute).is_ok() || set.contains(*attribute) {
            continue;
        }
        // A plan keeps quiet about `dynamic` blocks. Only separate rules tell that there are none inside.
        let may_be_dynamic = resource.kind() == "aws_security_group" && !has_rules;
        if may_be_dynamic || contested.contains(&(*kind, *attribute)) {
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
    use stateward_model::kinds;

    #[test]
    fn every_initial_value_is_one_of_a_declared_attribute() {
        for (kind, attribute, value) in INITIAL {
            let kind = kinds::find(kind).unwrap();
            assert!(kind.attribute(attribute).is_some(), "{} {attribute}", kind.name);
            assert!(serde_json::from_str::<Value>(value).is_ok(), "{attribute}");
        }
    }
}
