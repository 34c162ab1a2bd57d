//! Amazon Data Lifecycle Manager: policies that make, copy and delete snapshots and images.

use serde_json::Value;

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::Kind;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_dlm_lifecycle_policy`.
pub mod lifecycle_policy {
    use super::*;

    const DETAILS: &[Nested] = &[
        Nested::new("action.cross_region_copy", Set).absent(Absent::Zero),
        Nested::new("policy_language", Exact).absent(Absent::Unclaimed),
        Nested::new("policy_type", Exact).absent(Absent::Default("\"EBS_SNAPSHOT_MANAGEMENT\"")),
        Nested::new("resource_locations", Exact).absent(Absent::Default("[\"CLOUD\"]")),
        Nested::new("schedule.create_rule.interval_unit", Exact).absent(Absent::Default("\"HOURS\"")),
        Nested::new("schedule.create_rule.location", Exact).absent(Absent::Default("\"CLOUD\"")),
        Nested::new("schedule.cross_region_copy_rule", Set).absent(Absent::Zero),
        Nested::new("schedule.fast_restore_rule.availability_zones", Set),
        Nested::new("schedule.share_rule.target_accounts", Set),
    ];

    /// `VOLUME` or `INSTANCE` for the policy that covers what no other policy does; else none.
    pub const DEFAULT_POLICY: Attr<String> = Attr::new("default_policy", Exact);
    /// What it is for.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// As whom it acts.
    pub const EXECUTION_ROLE_ARN: Attr<String> = Attr::new("execution_role_arn", Reference).by(READ);
    /// What it covers, when it acts, and what it keeps.
    pub const POLICY_DETAILS: Attr<Value> =
        Attr::new("policy_details", Exact).absent(Absent::Zero).nested(DETAILS).by(READ);
    /// `ENABLED`, `DISABLED`, or `ERROR` when it cannot act.
    pub const STATE: Attr<String> = Attr::new("state", Exact).absent(Absent::Default("\"ENABLED\""));

    const READ: &[&str] = &["dlm:GetLifecyclePolicy"];

    /// The kind; its id is the policy's.
    pub static KIND: Kind = Kind {
        name: "aws_dlm_lifecycle_policy",
        service: "dlm",
        listed_by: &["dlm:GetLifecyclePolicies"],
        attributes: &[
            ARN.by(READ).any(),
            DEFAULT_POLICY.by(READ).any(),
            DESCRIPTION.any(),
            EXECUTION_ROLE_ARN.any(),
            POLICY_DETAILS.any(),
            STATE.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&lifecycle_policy::KIND];
