//! Labels: what a change does to protection, decided per attribute by an order (drift.md §1).

use serde_json::Value;
use stateward_model::policy::Document;
use stateward_model::{AnyAttr, Kind, kinds};

/// What kind of change it is, gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// Made by another controller by right.
    ControllerOwned,
    /// The configuration tells Terraform to ignore it.
    IgnoredByConfig,
    /// Words for people.
    Cosmetic,
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
            Self::IgnoredByConfig => "ignored-by-config",
            Self::Cosmetic => "cosmetic",
            Self::Other => "other",
            Self::Tag => "tag",
            Self::Version => "version",
            Self::Capacity => "capacity",
            Self::Tightening => "security-tightening",
            Self::Loosening => "security-loosening",
        }
    }

    /// False for a change that is shown and is no drift.
    pub const fn is_drift(self) -> bool {
        !matches!(self, Self::ControllerOwned | Self::IgnoredByConfig)
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
    /// The larger number, and none at all is the largest: what never expires.
    MoreOrForever,
    /// The smaller number.
    Less,
    /// Fewer elements: each one admits somebody.
    Fewer,
    /// More elements: each one protects.
    Kept,
    /// The later of these words; what is not among them is taken for the worse.
    Words(&'static [&'static str]),
    /// The higher TLS version that a policy of load balancers demands.
    Tls,
    /// The policy document that allows less; without one nothing is allowed.
    Policy,
    /// The policy document that allows less; without one everything is allowed.
    PolicyOverAll,
    /// Policies that are written into a principal, each with its document.
    Inline,
    /// Entries of a network ACL: those that allow admit, those that deny protect.
    Entries,
    /// Routes: one to an internet gateway exposes.
    Routes,
    /// None: the attribute only has the name of a guarded one.
    Unguarded,
}

use Order::*;

const CANNED_ACLS: &[&str] = &[
    "public-read-write",
    "public-read",
    "authenticated-read",
    "aws-exec-read",
    "log-delivery-write",
    "bucket-owner-read",
    "bucket-owner-full-control",
    "private",
];
const ALGORITHMS: &[&str] = &["", "AES256", "aws:kms", "aws:kms:dsse"];
const OWNERSHIP: &[&str] = &["ObjectWriter", "BucketOwnerPreferred", "BucketOwnerEnforced"];
const MUTABILITY: &[&str] = &["MUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION", "IMMUTABLE"];

/// The guarded attributes: type (or `*`), the path without indices, and the order. The entry that says most of an
/// attribute holds: its own type before `*`, then the longer path. So their order in this list means nothing.
const GUARDED: &[(&str, &str, Order)] = &[
    ("*", "access_logs.enabled", On),
    ("*", "assume_role_policy", Policy),
    ("*", "associate_public_ip_address", Off),
    ("*", "at_rest_encryption_enabled", On),
    ("*", "backup_retention_period", More),
    ("*", "connection_logs.enabled", On),
    ("*", "deletion_protection", On),
    ("*", "deletion_protection_enabled", On),
    ("*", "drop_invalid_header_fields", On),
    ("*", "ebs_block_device.encrypted", On),
    ("*", "egress", Fewer),
    ("*", "enable_deletion_protection", On),
    ("*", "enabled_cloudwatch_logs_exports", Kept),
    ("*", "encrypted", On),
    ("*", "iam_database_authentication_enabled", On),
    ("*", "iam_instance_profile", Fewer),
    ("*", "ingress", Fewer),
    ("*", "inline_policy", Inline),
    ("*", "kms_key_arn", On),
    ("*", "kms_key_id", On),
    ("*", "kms_master_key_id", On),
    ("*", "managed_policy_arns", Fewer),
    ("*", "map_public_ip_on_launch", Off),
    ("*", "max_session_duration", Less),
    ("*", "metadata_options.http_endpoint", Off),
    ("*", "metadata_options.http_put_response_hop_limit", Less),
    ("*", "metadata_options.http_tokens", On),
    ("*", "permissions_boundary", On),
    ("*", "point_in_time_recovery.enabled", On),
    ("*", "policy", Policy),
    ("*", "policy_arns", Fewer),
    ("*", "policy_names", Fewer),
    ("*", "public", Off),
    ("*", "publicly_accessible", Off),
    ("*", "root_block_device.encrypted", On),
    ("*", "rotation_enabled", On),
    ("*", "security_group_ids", Fewer),
    ("*", "security_groups", Fewer),
    ("*", "server_side_encryption.enabled", On),
    ("*", "server_side_encryption_configuration", On),
    ("*", "shared_accounts", Fewer),
    ("*", "snapshot_retention_limit", More),
    ("*", "source_dest_check", On),
    ("*", "storage_encrypted", On),
    ("*", "transit_encryption_enabled", On),
    ("*", "transit_encryption_mode", Words(&["preferred", "required"])),
    ("*", "vpc_security_group_ids", Fewer),
    ("aws_ami", "imds_support", On),
    ("aws_api_gateway_method_settings", "settings.cache_data_encrypted", On),
    ("aws_api_gateway_method_settings", "settings.logging_level", Words(&["OFF", "ERROR", "INFO"])),
    ("aws_api_gateway_method_settings", "settings.require_authorization_for_cache_control", On),
    ("aws_api_gateway_rest_api", "disable_execute_api_endpoint", On),
    ("aws_api_gateway_rest_api", "policy", PolicyOverAll),
    ("aws_api_gateway_rest_api_policy", "policy", PolicyOverAll),
    ("aws_api_gateway_stage", "access_log_settings", On),
    ("aws_apigatewayv2_api", "cors_configuration", Fewer),
    ("aws_apigatewayv2_api", "disable_execute_api_endpoint", On),
    ("aws_apigatewayv2_stage", "access_log_settings", On),
    ("aws_backup_plan", "rule", Kept),
    ("aws_backup_plan", "rule.lifecycle.delete_after", MoreOrForever),
    ("aws_backup_selection", "not_resources", Fewer),
    ("aws_backup_selection", "resources", Kept),
    ("aws_backup_selection", "selection_tag", Kept),
    ("aws_backup_vault_lock_configuration", "max_retention_days", Less),
    ("aws_backup_vault_lock_configuration", "min_retention_days", More),
    ("aws_cloudwatch_composite_alarm", "actions_enabled", On),
    ("aws_cloudwatch_composite_alarm", "alarm_actions", Kept),
    ("aws_cloudwatch_log_group", "retention_in_days", MoreOrForever),
    ("aws_cloudwatch_metric_alarm", "actions_enabled", On),
    ("aws_cloudwatch_metric_alarm", "alarm_actions", Kept),
    ("aws_dynamodb_table", "replica", Kept),
    ("aws_ebs_encryption_by_default", "enabled", On),
    ("aws_ec2_managed_prefix_list", "entry", Fewer),
    ("aws_ec2_managed_prefix_list_entry", "entry", Fewer),
    ("aws_ecr_repository", "image_scanning_configuration", On),
    ("aws_ecr_repository", "image_scanning_configuration.scan_on_push", On),
    ("aws_ecr_repository", "image_tag_mutability", Words(MUTABILITY)),
    ("aws_ecr_lifecycle_policy", "policy", Unguarded),
    ("aws_efs_backup_policy", "backup_policy.status", On),
    ("aws_efs_file_system", "policy", PolicyOverAll),
    ("aws_efs_file_system_policy", "policy", PolicyOverAll),
    ("aws_elasticache_replication_group", "user_group_ids", Kept),
    ("aws_flow_log", "traffic_type", Words(&["REJECT", "ACCEPT", "ALL"])),
    ("aws_iam_group", "users", Fewer),
    ("aws_iam_group_membership", "users", Fewer),
    ("aws_iam_openid_connect_provider", "client_id_list", Fewer),
    ("aws_iam_openid_connect_provider", "thumbprint_list", Fewer),
    ("aws_iam_policy_attachment", "groups", Fewer),
    ("aws_iam_policy_attachment", "roles", Fewer),
    ("aws_iam_policy_attachment", "users", Fewer),
    ("aws_iam_user", "groups", Fewer),
    ("aws_iam_user_group_membership", "groups", Fewer),
    ("aws_kinesis_stream", "encryption_type", Words(&["NONE", "KMS"])),
    ("aws_kinesis_stream", "retention_period", More),
    ("aws_kms_key", "enable_key_rotation", On),
    ("aws_kms_key", "is_enabled", On),
    ("aws_kms_key", "rotation_period_in_days", Less),
    ("aws_lb", "desync_mitigation_mode", Words(&["monitor", "defensive", "strictest"])),
    ("aws_lb", "enable_waf_fail_open", Off),
    ("aws_lb", "internal", On),
    ("aws_lb_listener", "mutual_authentication.mode", Words(&["", "off", "passthrough", "verify"])),
    ("aws_lb_listener", "protocol", Words(&["HTTP", "HTTPS"])),
    ("aws_lb_listener", "ssl_policy", Tls),
    ("aws_network_acl", "egress", Entries),
    ("aws_network_acl", "ingress", Entries),
    ("aws_network_acl_rule", "egress", Entries),
    ("aws_network_acl_rule", "ingress", Entries),
    ("aws_rds_cluster", "enable_http_endpoint", Off),
    ("aws_route", "route", Routes),
    ("aws_route_table", "route", Routes),
    ("aws_s3_account_public_access_block", "block_public_acls", On),
    ("aws_s3_account_public_access_block", "block_public_policy", On),
    ("aws_s3_account_public_access_block", "ignore_public_acls", On),
    ("aws_s3_account_public_access_block", "restrict_public_buckets", On),
    ("aws_s3_bucket", "acl", Words(CANNED_ACLS)),
    ("aws_s3_bucket", "cors_rule", Fewer),
    ("aws_s3_bucket", "grant", Fewer),
    ("aws_s3_bucket", "logging", On),
    ("aws_s3_bucket", "object_lock_configuration", On),
    ("aws_s3_bucket", "object_lock_configuration.rule.default_retention.days", More),
    ("aws_s3_bucket", "object_lock_configuration.rule.default_retention.years", More),
    ("aws_s3_bucket", "object_lock_configuration.rule.default_retention.mode", Words(LOCK_MODES)),
    ("aws_s3_bucket", "object_lock_enabled", On),
    ("aws_s3_bucket", "replication_configuration", On),
    ("aws_s3_bucket", "replication_configuration.rules", Kept),
    ("aws_s3_bucket", "replication_configuration.rules.status", On),
    ("aws_s3_bucket", "server_side_encryption_configuration.rule.bucket_key_enabled", Unguarded),
    (
        "aws_s3_bucket",
        "server_side_encryption_configuration.rule.apply_server_side_encryption_by_default.sse_algorithm",
        Words(ALGORITHMS),
    ),
    ("aws_s3_bucket", "versioning.enabled", On),
    ("aws_s3_bucket", "versioning.mfa_delete", On),
    ("aws_s3_bucket_acl", "access_control_policy", Fewer),
    ("aws_s3_bucket_acl", "acl", Words(CANNED_ACLS)),
    ("aws_s3_bucket_cors_configuration", "cors_rule", Fewer),
    ("aws_s3_bucket_object_lock_configuration", "object_lock_enabled", On),
    ("aws_s3_bucket_object_lock_configuration", "rule", On),
    ("aws_s3_bucket_object_lock_configuration", "rule.default_retention.days", More),
    ("aws_s3_bucket_object_lock_configuration", "rule.default_retention.mode", Words(LOCK_MODES)),
    ("aws_s3_bucket_object_lock_configuration", "rule.default_retention.years", More),
    ("aws_s3_bucket_ownership_controls", "rule.object_ownership", Words(OWNERSHIP)),
    ("aws_s3_bucket_public_access_block", "block_public_acls", On),
    ("aws_s3_bucket_public_access_block", "block_public_policy", On),
    ("aws_s3_bucket_public_access_block", "ignore_public_acls", On),
    ("aws_s3_bucket_public_access_block", "restrict_public_buckets", On),
    ("aws_s3_bucket_replication_configuration", "rule", Kept),
    ("aws_s3_bucket_replication_configuration", "rule.status", On),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        "rule.apply_server_side_encryption_by_default.sse_algorithm",
        Words(ALGORITHMS),
    ),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        "rule.apply_server_side_encryption_by_default.kms_master_key_id",
        On,
    ),
    ("aws_s3_bucket_versioning", "versioning_configuration.mfa_delete", On),
    ("aws_s3_bucket_versioning", "versioning_configuration.status", On),
    ("aws_secretsmanager_secret", "replica", Kept),
    ("aws_secretsmanager_secret_rotation", "rotation_rules.automatically_after_days", Less),
    ("aws_sfn_state_machine", "encryption_configuration.kms_key_id", On),
    ("aws_sfn_state_machine", "logging_configuration.level", Words(&["OFF", "FATAL", "ERROR", "ALL"])),
    ("aws_sns_topic", "signature_version", More),
    ("aws_sqs_queue", "sqs_managed_sse_enabled", On),
    ("aws_vpc_endpoint", "policy", PolicyOverAll),
    ("aws_vpc_endpoint_policy", "policy", PolicyOverAll),
    ("aws_vpc_security_group_egress_rule", "egress", Fewer),
    ("aws_vpc_security_group_ingress_rule", "ingress", Fewer),
];
const LOCK_MODES: &[&str] = &["GOVERNANCE", "COMPLIANCE"];

/// Types whose disappearance takes protection away.
const GUARDS: &[&str] = &[
    "aws_api_gateway_rest_api_policy",
    "aws_backup_plan",
    "aws_backup_selection",
    "aws_backup_vault",
    "aws_backup_vault_lock_configuration",
    "aws_backup_vault_policy",
    "aws_cloudwatch_composite_alarm",
    "aws_cloudwatch_log_metric_filter",
    "aws_cloudwatch_metric_alarm",
    "aws_db_instance_automated_backups_replication",
    "aws_ebs_encryption_by_default",
    "aws_efs_backup_policy",
    "aws_efs_file_system_policy",
    "aws_flow_log",
    "aws_kms_key",
    "aws_s3_account_public_access_block",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_object_lock_configuration",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_replication_configuration",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_secretsmanager_secret_rotation",
];

const CAPACITY: &[&str] = &[
    "allocated_storage",
    "desired_capacity",
    "desired_count",
    "instance_class",
    "instance_type",
    "iops",
    "max_size",
    "min_size",
    "node_type",
    "num_cache_clusters",
    "num_cache_nodes",
    "num_node_groups",
    "number_cache_clusters",
    "provisioned_throughput_in_mibps",
    "read_capacity",
    "replicas_per_node_group",
    "shard_count",
    "size",
    "storage_throughput",
    "throughput",
    "write_capacity",
];

/// Attributes that are words for people and change nothing else.
const WORDS_FOR_PEOPLE: &[&str] =
    &["alarm_description", "comment", "description", "display_name", "replication_group_description"];

/// The label of an instance that is missing.
pub fn of_missing(kind: &str) -> Option<Label> {
    GUARDS.contains(&kind).then_some(Label::Loosening)
}

/// True for a type that protects something, or has an attribute that does.
pub fn guards(kind: &str) -> bool {
    GUARDS.contains(&kind) || kinds::find(kind).is_some_and(|kind| !guarded(kind).is_empty())
}

/// The attributes of a type of which one way is the safer one.
pub fn guarded(kind: &Kind) -> Vec<&'static str> {
    let top = |path: &'static str| path.split('.').next().unwrap_or(path);
    let of_it = |attr: &&AnyAttr| {
        GUARDED.iter().any(|(name, path, _)| (*name == "*" || *name == kind.name) && top(path) == attr.path)
    };
    kind.attributes.iter().filter(of_it).map(|attr| attr.path).collect()
}

/// The label of one change.
pub fn of_change(kind: &str, path: &str, declared: &Value, live: &Value) -> Label {
    let plain = without_indices(path);
    if let Some(order) = guard(kind, &plain) {
        return by_order(order, declared, live);
    }
    let top = plain.split('.').next().unwrap_or(&plain);
    if top == "tags" || top == "tags_all" || top == "tag" {
        return Label::Tag;
    }
    if WORDS_FOR_PEOPLE.contains(&plain.rsplit('.').next().unwrap_or(&plain)) {
        return Label::Cosmetic;
    }
    if top.ends_with("version") {
        return Label::Version;
    }
    if CAPACITY.contains(&top) {
        return Label::Capacity;
    }
    Label::Other
}

/// The order of an attribute, by the entry that says most of it.
fn guard(kind: &str, plain: &str) -> Option<Order> {
    let covers = |guarded: &str| {
        plain.strip_prefix(guarded).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let fitting = GUARDED.iter().filter(|(name, path, _)| (*name == "*" || *name == kind) && covers(path));
    let closest = fitting.max_by_key(|(name, path, _)| (*name == kind, path.len()));
    closest.map(|(_, _, order)| *order)
}

fn by_order(order: Order, declared: &Value, live: &Value) -> Label {
    match order {
        On => steps(is_on(declared), is_on(live)),
        Off => steps(!is_on(declared), !is_on(live)),
        More => steps(number(declared), number(live)),
        Less => steps(-number(declared), -number(live)),
        MoreOrForever => {
            let span =
                |value: &Value| Some(number(value)).filter(|span| *span > 0.0).unwrap_or(f64::INFINITY);
            steps(span(declared), span(live))
        }
        Fewer if live.is_null() => Label::Tightening,
        Fewer if differs_in_words_alone(declared, live) => Label::Cosmetic,
        Fewer => Label::Loosening,
        Kept if live.is_null() => Label::Loosening,
        Kept if declared.is_null() => Label::Tightening,
        Kept => Label::Other,
        Words(words) => ranked(word_rank(words, declared), word_rank(words, live)),
        Tls => ranked(tls_rank(declared), tls_rank(live)),
        Policy => by_document(declared, live, r#"{"Statement":[]}"#),
        PolicyOverAll => by_document(
            declared,
            live,
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#,
        ),
        Inline => by_document(&declared["policy"], &live["policy"], r#"{"Statement":[]}"#),
        Entries => by_entry(declared, live),
        Routes => match (exposes(declared), exposes(live)) {
            (false, true) => Label::Loosening,
            (true, false) => Label::Tightening,
            _ => Label::Other,
        },
        Unguarded => Label::Other,
    }
}

/// The step from one degree of protection to another.
fn steps<T: PartialOrd>(was: T, now: T) -> Label {
    if now > was {
        return Label::Tightening;
    }
    if now < was { Label::Loosening } else { Label::Other }
}

/// As [`steps`]; what has no rank may be anything, and is taken for the worse.
fn ranked(was: Option<usize>, now: Option<usize>) -> Label {
    match (was, now) {
        (Some(was), Some(now)) => steps(was, now),
        _ => Label::Loosening,
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0.0)
}

fn word_rank(words: &[&str], value: &Value) -> Option<usize> {
    let word = value.as_str().unwrap_or_default();
    words.iter().position(|known| known.eq_ignore_ascii_case(word))
}

/// The lowest TLS version that a policy of load balancers lets in, by its name ("Security policies" in the guides of
/// the load balancers).
fn tls_rank(value: &Value) -> Option<usize> {
    const NAMES: &[(&str, usize)] = &[
        ("TLS13-1-0", 0),
        ("TLS13-1-1", 1),
        ("TLS13-1-2", 2),
        ("TLS13-1-3", 3),
        ("TLS-1-1", 1),
        ("TLS-1-2", 2),
        ("FS-1-1", 1),
        ("FS-1-2", 2),
        ("FS-2018-06", 0),
        ("2016-08", 0),
        ("2015-05", 0),
        ("TLS-1-0", 0),
    ];
    let name = value.as_str()?;
    NAMES.iter().find(|(part, _)| name.contains(part)).map(|(_, rank)| *rank)
}

/// Looser when the live document allows anything that the declared one does not, or when one of them is no policy.
fn by_document(declared: &Value, live: &Value, absent: &str) -> Label {
    let document = |value: &Value| match value {
        Value::Null => Document::parse(absent),
        Value::String(text) if text.is_empty() => Document::parse(absent),
        Value::String(text) => Document::parse(text),
        other => Document::parse(&other.to_string()),
    };
    let (Some(was), Some(now)) = (document(declared), document(live)) else { return Label::Loosening };
    if now.allows_beyond(&was) {
        return Label::Loosening;
    }
    if was.allows_beyond(&now) { Label::Tightening } else { Label::Other }
}

/// An entry that came or went, or one that changed under its number.
fn by_entry(declared: &Value, live: &Value) -> Label {
    let allows = |entry: &Value| entry["action"] == "allow";
    let looser = match (declared.is_null(), live.is_null()) {
        (true, _) => allows(live),
        (_, true) => !allows(declared),
        _ => allows(live) || !allows(declared),
    };
    if looser { Label::Loosening } else { Label::Tightening }
}

/// True for a route from everywhere else to an internet gateway.
fn exposes(route: &Value) -> bool {
    let everywhere = matches!(route["key"].as_str(), Some("0.0.0.0/0" | "::/0"));
    everywhere && route["target"].as_str().is_some_and(|target| target.starts_with("igw-"))
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
    use stateward_model::kinds;

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
        assert_eq!(label("description", json!("1"), json!("2")), Label::Cosmetic);
        assert_eq!(label("port", json!(1), json!(2)), Label::Other);
    }

    #[test]
    fn a_narrower_rule_and_other_words_do_not_loosen() {
        let rule = |source: &str, words: &str| json!({"key": source, "protocol": "tcp", "from_port": 22, "to_port": 22, "source": source, "description": words});
        assert!(narrows(&rule("0.0.0.0/0", ""), &rule("10.0.0.0/8", "")));
        assert!(!narrows(&rule("10.0.0.0/8", ""), &rule("0.0.0.0/0", "")));
        assert!(!narrows(&rule("sg-1", ""), &rule("10.0.0.0/8", "")));
        let words = of_change("aws_security_group", "ingress", &rule("sg-1", "a"), &rule("sg-1", "b"));
        assert_eq!(words, Label::Cosmetic);
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

    #[test]
    fn every_guard_names_an_attribute_once() {
        for (index, (kind, path, _)) in GUARDED.iter().enumerate() {
            let top = path.split('.').next().unwrap();
            let has = |kind: &stateward_model::Kind| {
                let of_parts =
                    kinds::satellite(kind.name).is_some_and(|(owner, _)| owner.attribute(top).is_some());
                kind.attribute(top).is_some() || of_parts
            };
            let known = match *kind {
                "*" => kinds::all().any(has),
                name => kinds::find(name).is_some_and(has),
            };
            assert!(known, "{kind} {path}");
            let again =
                GUARDED[index + 1..].iter().any(|(other, other_path, _)| other == kind && other_path == path);
            assert!(!again, "{kind} {path} stands there twice");
        }
        for kind in GUARDS {
            assert!(kinds::find(kind).is_some(), "{kind}");
        }
    }

    #[test]
    fn a_change_of_a_policy_loosens_only_when_it_allows_more() {
        let allow = |action: &str| {
            json!({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}).to_string()
        };
        let deny =
            json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})
                .to_string();
        let label = |kind: &str, a: &str, b: &str| of_change(kind, "policy", &json!(a), &json!(b));
        assert_eq!(label("aws_iam_policy", &allow("s3:*"), &allow("s3:GetObject")), Label::Tightening);
        assert_eq!(label("aws_iam_policy", &allow("s3:GetObject"), &allow("s3:*")), Label::Loosening);
        assert_eq!(label("aws_s3_bucket_policy", "", &deny), Label::Tightening);
        assert_eq!(label("aws_s3_bucket_policy", &deny, ""), Label::Loosening);
        assert_eq!(label("aws_s3_bucket_policy", "", &allow("s3:GetObject")), Label::Loosening);
        let account = json!({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111111111111"},
                                            "Action": "elasticfilesystem:*", "Resource": "*"}]})
        .to_string();
        assert_eq!(label("aws_efs_file_system_policy", &account, ""), Label::Loosening);
        assert_eq!(label("aws_efs_file_system_policy", "", &account), Label::Tightening);
        assert_eq!(label("aws_iam_policy", &allow("s3:*"), "not a policy"), Label::Loosening);
        let inline = |action: &str| json!({"key": "own", "policy": serde_json::from_str::<Value>(&allow(action)).unwrap()});
        let narrower = of_change("aws_iam_role", "inline_policy", &inline("s3:*"), &inline("s3:GetObject"));
        assert_eq!(narrower, Label::Tightening);
    }

    #[test]
    fn attributes_with_an_order_of_their_own_follow_it() {
        let label = |kind: &str, path: &str, a: Value, b: Value| of_change(kind, path, &a, &b);
        let entry = |action: &str| json!({"key": "1", "action": action});
        let acl = |a: Value, b: Value| label("aws_network_acl", "ingress", a, b);
        assert_eq!(acl(Value::Null, entry("allow")), Label::Loosening);
        assert_eq!(acl(Value::Null, entry("deny")), Label::Tightening);
        assert_eq!(acl(entry("deny"), Value::Null), Label::Loosening);
        assert_eq!(acl(entry("allow"), Value::Null), Label::Tightening);
        assert_eq!(acl(entry("allow"), entry("deny")), Label::Tightening);
        let days =
            |a: i64, b: i64| label("aws_cloudwatch_log_group", "retention_in_days", json!(a), json!(b));
        assert_eq!(
            (days(0, 30), days(30, 0), days(30, 7)),
            (Label::Loosening, Label::Tightening, Label::Loosening)
        );
        let route = |target: &str| json!({"key": "0.0.0.0/0", "target": target});
        assert_eq!(label("aws_route", "route", route("nat-1"), route("igw-1")), Label::Loosening);
        assert_eq!(label("aws_route", "route", route("igw-1"), Value::Null), Label::Tightening);
        let tls = |a: &str, b: &str| label("aws_lb_listener", "ssl_policy", json!(a), json!(b));
        assert_eq!(tls("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08"), Label::Loosening);
        assert_eq!(tls("ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS-1-2-2017-01"), Label::Tightening);
        assert_eq!(label("aws_s3_bucket", "acl", json!("private"), json!("public-read")), Label::Loosening);
        assert_eq!(label("aws_s3_bucket", "acl", json!("public-read"), json!("private")), Label::Tightening);
        assert_eq!(
            label("aws_s3_bucket", "acl", json!("private"), Value::Null),
            Label::Loosening,
            "no canned one"
        );
        let alarm = |a: Value, b: Value| label("aws_cloudwatch_metric_alarm", "alarm_actions", a, b);
        assert_eq!(alarm(json!("arn:a"), Value::Null), Label::Loosening);
        assert_eq!(alarm(Value::Null, json!("arn:a")), Label::Tightening);
    }

    #[test]
    fn what_is_shown_and_is_no_drift_weighs_least() {
        assert!(!Label::ControllerOwned.is_drift() && !Label::IgnoredByConfig.is_drift());
        for drift in [Label::Cosmetic, Label::Other, Label::Tag, Label::Version, Label::Capacity] {
            assert!(drift.is_drift() && drift > Label::IgnoredByConfig && drift < Label::Loosening);
        }
    }
}
