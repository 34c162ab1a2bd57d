//! AWS Systems Manager: the instances that it manages, and parameters without their values.

use std::collections::BTreeMap;

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Exclusion, Kind};

use super::common::{ARN, TAGS, TAGS_ALL};

/// An instance whose agent has reported, `aws_ssm_managed_instance`; no Terraform type makes it.
pub mod managed_instance {
    use super::*;

    /// The version of its agent.
    pub const AGENT_VERSION: Attr<String> = Attr::live("agent_version");
    /// When the agent reported last, RFC 3339.
    pub const LAST_PING: Attr<String> = Attr::live("last_ping_date_time");
    /// `COMPLIANT` or `NON_COMPLIANT` by its patch baseline; null where no patch state was reported.
    pub const PATCH_STATUS: Attr<String> =
        Attr::live("patch_status").by(&["ssm:ListResourceComplianceSummaries"]);
    /// `Online`, `ConnectionLost` or `Inactive`.
    pub const PING_STATUS: Attr<String> = Attr::live("ping_status");

    /// The kind; its id is the instance's.
    pub static KIND: Kind = Kind {
        name: "aws_ssm_managed_instance",
        service: "ssm",
        listed_by: &["ssm:DescribeInstanceInformation"],
        attributes: &[AGENT_VERSION.any(), LAST_PING.any(), PATCH_STATUS.any(), PING_STATUS.any()],
        exclusion: |_| Some(Exclusion { rule: "N19", reason: "a record that Systems Manager keeps" }),
        manageable: false,
        ..Kind::BASE
    };
}

/// `aws_ssm_parameter`: that there is one, never its value.
pub mod parameter {
    use super::*;

    /// What a value must look like.
    pub const ALLOWED_PATTERN: Attr<String> = Attr::new("allowed_pattern", Exact);
    /// `text`, `aws:ec2:image` or `aws:ssm:integration`.
    pub const DATA_TYPE: Attr<String> = Attr::new("data_type", Exact).absent(Absent::Default("\"text\""));
    /// In words.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// The key that encrypts a `SecureString`.
    pub const KEY_ID: Attr<String> =
        Attr::new("key_id", Reference).absent(Absent::Default("\"alias/aws/ssm\""));
    /// Its name, the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// `Standard`, `Advanced` or `Intelligent-Tiering`.
    pub const TIER: Attr<String> = Attr::new("tier", Exact).absent(Absent::Default("\"Standard\""));
    /// `String`, `StringList` or `SecureString`.
    pub const TYPE: Attr<String> = Attr::new("type", Exact);
    /// The tags of the resource itself.
    pub const PARAMETER_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["ssm:ListTagsForResource"]);
    /// The tags.
    pub const PARAMETER_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["ssm:ListTagsForResource"]);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_ssm_parameter",
        service: "ssm",
        listed_by: &["ssm:DescribeParameters"],
        attributes: &[
            ALLOWED_PATTERN.any(),
            ARN.any(),
            DATA_TYPE.any(),
            DESCRIPTION.any(),
            KEY_ID.any(),
            NAME.any(),
            PARAMETER_TAGS.any(),
            PARAMETER_TAGS_ALL.any(),
            TIER.any(),
            TYPE.any(),
        ],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&managed_instance::KIND, &parameter::KIND];
