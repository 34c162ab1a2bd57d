//! Labels: what a change does to protection, decided per attribute by an order (drift.md §1).

use serde_json::Value;

/// What kind of change it is, gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// Made by another controller by right.
    ControllerOwned,
    /// Nothing in particular.
    Other,
    /// A tag.
    Tag,
    /// A version.
    Version,
    /// Size or number.
    Capacity,
    /// Protection grew.
    Tightening,
    /// Protection shrank.
    Loosening,
}

impl Label {
    /// The word in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ControllerOwned => "controller-owned",
            Self::Other => "other",
            Self::Tag => "tag",
            Self::Version => "version",
            Self::Capacity => "capacity",
            Self::Tightening => "security-tightening",
            Self::Loosening => "security-loosening",
        }
    }
}

/// Which way of an attribute is the safer one.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// `true`, `Enabled`, `required`, or any block at all.
    On,
    /// `false`, `Disabled`.
    Off,
    /// The larger number.
    More,
    /// Fewer elements: each one admits somebody.
    Fewer,
    /// A policy: what changed cannot be ordered by looking, so any change is taken for the worse.
    AnyChange,
}

/// The guarded attributes: type (or `*`), the path without indices, and the order.
const GUARDED: &[(&str, &str, Order)] = &[
    ("*", "encrypted", Order::On),
    ("*", "storage_encrypted", Order::On),
    ("*", "kms_key_id", Order::On),
    ("*", "kms_key_arn", Order::On),
    ("*", "kms_master_key_id", Order::On),
    ("*", "deletion_protection", Order::On),
    ("*", "deletion_protection_enabled", Order::On),
    ("*", "publicly_accessible", Order::Off),
    ("*", "map_public_ip_on_launch", Order::Off),
    ("*", "associate_public_ip_address", Order::Off),
    ("*", "metadata_options.http_tokens", Order::On),
    ("*", "iam_database_authentication_enabled", Order::On),
    ("*", "backup_retention_period", Order::More),
    ("*", "ingress", Order::Fewer),
    ("*", "egress", Order::Fewer),
    ("*", "policy", Order::AnyChange),
    ("*", "assume_role_policy", Order::AnyChange),
    ("*", "inline_policy", Order::Fewer),
    ("*", "managed_policy_arns", Order::Fewer),
    ("*", "point_in_time_recovery.enabled", Order::On),
    ("*", "server_side_encryption.enabled", Order::On),
    ("*", "server_side_encryption_configuration", Order::On),
    ("aws_ebs_encryption_by_default", "enabled", Order::On),
    ("aws_kms_key", "enable_key_rotation", Order::On),
    ("aws_kms_key", "is_enabled", Order::On),
    ("aws_s3_bucket", "versioning.enabled", Order::On),
    ("aws_s3_bucket", "versioning.mfa_delete", Order::On),
    ("aws_s3_bucket", "logging", Order::On),
    ("aws_s3_bucket", "acl", Order::AnyChange),
    ("aws_s3_bucket_public_access_block", "block_public_acls", Order::On),
    ("aws_s3_bucket_public_access_block", "block_public_policy", Order::On),
    ("aws_s3_bucket_public_access_block", "ignore_public_acls", Order::On),
    ("aws_s3_bucket_public_access_block", "restrict_public_buckets", Order::On),
    ("aws_s3_account_public_access_block", "block_public_acls", Order::On),
    ("aws_s3_account_public_access_block", "block_public_policy", Order::On),
    ("aws_s3_account_public_access_block", "ignore_public_acls", Order::On),
    ("aws_s3_account_public_access_block", "restrict_public_buckets", Order::On),
    ("aws_s3_bucket_versioning", "versioning_configuration.status", Order::On),
    ("aws_s3_bucket_versioning", "versioning_configuration.mfa_delete", Order::On),
    ("aws_s3_bucket_acl", "acl", Order::AnyChange),
    ("aws_s3_bucket_acl", "access_control_policy", Order::AnyChange),
    ("aws_cloudwatch_log_group", "retention_in_days", Order::More),
    ("aws_sqs_queue", "sqs_managed_sse_enabled", Order::On),
    ("aws_lb", "drop_invalid_header_fields", Order::On),
    ("aws_lb", "enable_deletion_protection", Order::On),
    ("aws_lb", "internal", Order::On),
];

/// Types whose disappearance takes protection away.
const GUARDS: &[&str] = &[
    "aws_s3_bucket_public_access_block",
    "aws_s3_account_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_logging",
    "aws_kms_key",
    "aws_cloudwatch_metric_alarm",
    "aws_flow_log",
    "aws_backup_plan",
    "aws_backup_vault",
    "aws_backup_selection",
];

const CAPACITY: &[&str] = &[
    "desired_capacity",
    "min_size",
    "max_size",
    "instance_type",
    "instance_class",
    "allocated_storage",
    "size",
    "iops",
    "throughput",
    "read_capacity",
    "write_capacity",
    "node_type",
];

/// The label of an instance that is missing.
pub fn of_missing(kind: &str) -> Option<Label> {
    GUARDS.contains(&kind).then_some(Label::Loosening)
}

/// The label of one change.
pub fn of_change(kind: &str, path: &str, declared: &Value, live: &Value) -> Label {
    let plain = without_indices(path);
    let guarded = GUARDED.iter().find(|(name, guarded, _)| {
        (*name == "*" || *name == kind) && (plain == *guarded || plain.starts_with(&format!("{guarded}.")))
    });
    if let Some((_, _, order)) = guarded {
        return by_order(*order, declared, live);
    }
    let top = plain.split('.').next().unwrap_or(&plain);
    if top == "tags" || top == "tags_all" || top == "tag" {
        return Label::Tag;
    }
    if top.ends_with("version") {
        return Label::Version;
    }
    if CAPACITY.contains(&top) {
        return Label::Capacity;
    }
    Label::Other
}

fn by_order(order: Order, declared: &Value, live: &Value) -> Label {
    let better = |yes: bool| if yes { Label::Tightening } else { Label::Loosening };
    match order {
        Order::AnyChange => Label::Loosening,
        Order::On => match (is_on(declared), is_on(live)) {
            (true, true) | (false, false) => Label::Other,
            (_, now) => better(now),
        },
        Order::Off => match (is_on(declared), is_on(live)) {
            (true, true) | (false, false) => Label::Other,
            (_, now) => better(!now),
        },
        Order::More => match (declared.as_f64().unwrap_or(0.0), live.as_f64().unwrap_or(0.0)) {
            (was, now) if was == now => Label::Other,
            (was, now) => better(now > was),
        },
        Order::Fewer if live.is_null() => Label::Tightening,
        Order::Fewer if differs_in_words_alone(declared, live) => Label::Other,
        Order::Fewer => Label::Loosening,
    }
}

/// The same rule with another description.
fn differs_in_words_alone(declared: &Value, live: &Value) -> bool {
    let (Some(declared), Some(live)) = (declared.as_object(), live.as_object()) else { return false };
    let names = declared.keys().chain(live.keys());
    names.into_iter().all(|name| name == "description" || declared.get(name) == live.get(name))
}

/// True when the rule `added` admits only what the rule `removed` admitted: protocol and ports the same, and its range
/// inside the other's.
pub fn narrows(removed: &Value, added: &Value) -> bool {
    let range = |rule: &Value| rule["source"].as_str()?.parse::<ipnet::IpNet>().ok();
    let same = ["protocol", "from_port", "to_port"].iter().all(|name| removed[*name] == added[*name]);
    same && matches!((range(removed), range(added)), (Some(was), Some(now)) if was.contains(&now))
}

fn is_on(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(
            text.to_lowercase().as_str(),
            "" | "false" | "disabled" | "suspended" | "off" | "none" | "optional" | "0"
        ),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn without_indices(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => plain.push(letter),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn loosening_and_tightening_follow_the_attributes_order() {
        let label = |path: &str, a: Value, b: Value| of_change("aws_db_instance", path, &a, &b);
        assert_eq!(label("storage_encrypted", json!(true), json!(false)), Label::Loosening);
        assert_eq!(label("storage_encrypted", json!(false), json!(true)), Label::Tightening);
        assert_eq!(label("publicly_accessible", json!(false), json!(true)), Label::Loosening);
        assert_eq!(label("backup_retention_period", json!(14), json!(1)), Label::Loosening);
        assert_eq!(label("backup_retention_period", json!(1), json!(14)), Label::Tightening);
        assert_eq!(
            label("metadata_options[0].http_tokens", json!("required"), json!("optional")),
            Label::Loosening
        );
        assert_eq!(label("tags_all.Role", json!("a"), json!("b")), Label::Tag);
        assert_eq!(label("instance_class", json!("a"), json!("b")), Label::Capacity);
        assert_eq!(label("engine_version", json!("1"), json!("2")), Label::Version);
        assert_eq!(label("description", json!("1"), json!("2")), Label::Other);
    }

    #[test]
    fn a_narrower_rule_and_other_words_do_not_loosen() {
        let rule = |source: &str, words: &str| json!({"key": source, "protocol": "tcp", "from_port": 22, "to_port": 22, "source": source, "description": words});
        assert!(narrows(&rule("0.0.0.0/0", ""), &rule("10.0.0.0/8", "")));
        assert!(!narrows(&rule("10.0.0.0/8", ""), &rule("0.0.0.0/0", "")));
        assert!(!narrows(&rule("sg-1", ""), &rule("10.0.0.0/8", "")));
        let words = of_change("aws_security_group", "ingress", &rule("sg-1", "a"), &rule("sg-1", "b"));
        assert_eq!(words, Label::Other);
        let label = |kind: &str, path: &str, a: Value, b: Value| of_change(kind, path, &a, &b);
        assert_eq!(
            label("aws_s3_account_public_access_block", "block_public_acls", json!(true), json!(false)),
            Label::Loosening
        );
        assert_eq!(
            label(
                "aws_s3_bucket_versioning",
                "versioning_configuration[0].status",
                json!("Enabled"),
                json!("Suspended")
            ),
            Label::Loosening
        );
    }

    #[test]
    fn a_rule_that_came_loosens_and_one_that_went_tightens() {
        let rule = json!({"cidr": "0.0.0.0/0"});
        assert_eq!(of_change("aws_security_group", "ingress", &Value::Null, &rule), Label::Loosening);
        assert_eq!(of_change("aws_security_group", "ingress", &rule, &Value::Null), Label::Tightening);
    }
}
