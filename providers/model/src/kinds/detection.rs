//! What watches an account: AWS Config, GuardDuty, Security Hub and IAM Access Analyzer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::gap::Gap;
use crate::kind::{Exclusion, Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_config_configuration_recorder`.
pub mod recorder {
    use super::*;

    const STATUS: &[&str] = &["config:DescribeConfigurationRecorderStatus"];

    /// The name that a recorder has unless it is given another.
    pub const DEFAULT_NAME: &str = "default";

    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// Which resources it records.
    pub const RECORDING_GROUP: Attr<Value> =
        Attr::new("recording_group", Exact).absent(Absent::Unclaimed).nested(&[
            Nested::new("resource_types", Set),
            Nested::new("exclusion_by_resource_types.resource_types", Set),
            Nested::new("include_global_resource_types", Exact).absent(Absent::Zero),
            Nested::new("recording_strategy", Exact).absent(Absent::Unclaimed),
        ]);
    /// How often it records.
    pub const RECORDING_MODE: Attr<Value> =
        Attr::new("recording_mode", Exact).absent(Absent::Unclaimed).nested(&[
            Nested::new("recording_mode_override", Set),
            Nested::new("recording_mode_override.resource_types", Set),
        ]);
    /// The role that it reads with.
    pub const ROLE_ARN: Attr<String> = Attr::new("role_arn", Exact);
    /// Whether it records now.
    pub const RECORDING: Attr<bool> = Attr::live("recording").by(STATUS);
    /// `SUCCESS`, `PENDING` or `FAILURE`; null before it has ever delivered.
    pub const LAST_STATUS: Attr<String> = Attr::live("last_status").by(STATUS);
    /// Why it failed last, in Config's words.
    pub const LAST_ERROR: Attr<String> = Attr::live("last_error_message").by(STATUS);
    /// The AWS service that made it for itself.
    pub const SERVICE_PRINCIPAL: Attr<String> = Attr::live("service_principal");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_config_configuration_recorder",
        service: "config",
        listed_by: &["config:DescribeConfigurationRecorders"],
        attributes: &[
            LAST_ERROR.any(),
            LAST_STATUS.any(),
            NAME.any(),
            RECORDING.any(),
            RECORDING_GROUP.any(),
            RECORDING_MODE.any(),
            ROLE_ARN.any(),
            SERVICE_PRINCIPAL.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_config_configuration_recorder_status",
            owner_id: |part| part.raw("name").ok().and_then(Value::as_str).map(str::to_owned),
            form: Form::Block { attribute: "recording", from_owner: enabled, to_owner: recording_of },
        }],
        exclusion: |resource| {
            let service = resource.get(&SERVICE_PRINCIPAL).ok().flatten().unwrap_or_default();
            (!service.is_empty()).then_some(Exclusion {
                rule: "N18",
                reason: "a recorder that another service made for itself",
            })
        },
        ..Kind::BASE
    };

    fn enabled(value: &Value) -> Option<Map<String, Value>> {
        Some(Map::from_iter([("is_enabled".to_owned(), json!(value.as_bool()?))]))
    }

    fn recording_of(part: &Resource) -> Result<Value, Gap> {
        Ok(json!(part.raw("is_enabled")?.as_bool().unwrap_or_default()))
    }
}

/// `aws_config_configuration_recorder_status`.
pub mod recorder_status {
    use super::*;

    /// Whether it records.
    pub const IS_ENABLED: Attr<bool> = Attr::new("is_enabled", Exact).absent(Absent::Zero);
    /// The recorder.
    pub const NAME: Attr<String> = Attr::new("name", Never("names the owner"));

    /// The kind; a part of `aws_config_configuration_recorder`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_config_configuration_recorder_status",
        service: "config",
        attributes: &[IS_ENABLED.any(), NAME.any()],
        ..Kind::BASE
    };
}

/// `aws_config_delivery_channel`.
pub mod delivery_channel {
    use super::*;

    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The bucket that gets histories and snapshots.
    pub const S3_BUCKET_NAME: Attr<String> = Attr::new("s3_bucket_name", Exact);
    /// Where in the bucket.
    pub const S3_KEY_PREFIX: Attr<String> = Attr::new("s3_key_prefix", Exact);
    /// The key that encrypts them.
    pub const S3_KMS_KEY_ARN: Attr<String> = Attr::new("s3_kms_key_arn", Exact);
    /// How often it delivers a snapshot.
    pub const SNAPSHOT_DELIVERY_PROPERTIES: Attr<Value> = Attr::new("snapshot_delivery_properties", Exact);
    /// The topic that hears of changes.
    pub const SNS_TOPIC_ARN: Attr<String> = Attr::new("sns_topic_arn", Exact);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_config_delivery_channel",
        service: "config",
        listed_by: &["config:DescribeDeliveryChannels"],
        attributes: &[
            NAME.any(),
            S3_BUCKET_NAME.any(),
            S3_KEY_PREFIX.any(),
            S3_KMS_KEY_ARN.any(),
            SNAPSHOT_DELIVERY_PROPERTIES.any(),
            SNS_TOPIC_ARN.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_guardduty_detector`.
pub mod detector {
    use super::*;

    const DETECTOR: &[&str] = &["guardduty:GetDetector"];

    /// Whether it watches.
    pub const ENABLE: Attr<bool> = Attr::new("enable", Exact).absent(Absent::Default("true")).by(DETECTOR);
    /// `FIFTEEN_MINUTES`, `ONE_HOUR` or `SIX_HOURS`.
    pub const FINDING_PUBLISHING_FREQUENCY: Attr<String> = Attr::new("finding_publishing_frequency", Exact)
        .absent(Absent::Default("\"SIX_HOURS\""))
        .by(DETECTOR);
    /// The tags of the resource itself.
    pub const DETECTOR_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(DETECTOR);
    /// The tags.
    pub const DETECTOR_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(DETECTOR);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_guardduty_detector",
        service: "guardduty",
        listed_by: &["guardduty:ListDetectors"],
        attributes: &[
            ARN.any(),
            DETECTOR_TAGS.any(),
            DETECTOR_TAGS_ALL.any(),
            ENABLE.any(),
            FINDING_PUBLISHING_FREQUENCY.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_securityhub_account`. An account that has not turned the service on has none to list.
pub mod hub {
    use super::*;

    /// A standard against which resources are held.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Standard {
        /// Its ARN.
        pub arn: String,
        /// `PENDING`, `READY`, `FAILED`, `DELETING` or `INCOMPLETE`.
        pub status: String,
    }

    /// Whether new controls of standards are turned on by themselves.
    pub const AUTO_ENABLE_CONTROLS: Attr<bool> =
        Attr::new("auto_enable_controls", Exact).absent(Absent::Default("true"));
    /// `STANDARD_CONTROL` or `SECURITY_CONTROL`.
    pub const CONTROL_FINDING_GENERATOR: Attr<String> =
        Attr::new("control_finding_generator", Exact).absent(Absent::Unclaimed);
    /// Only an argument of the call that turns it on.
    pub const ENABLE_DEFAULT_STANDARDS: Attr<bool> =
        Attr::new("enable_default_standards", Never("an argument of the change, never returned by the API"));
    /// The standards.
    pub const STANDARDS: Attr<Vec<Standard>> =
        Attr::live("standards").by(&["securityhub:GetEnabledStandards"]);

    /// The kind; its id is the account's.
    pub static KIND: Kind = Kind {
        name: "aws_securityhub_account",
        service: "securityhub",
        listed_by: &["securityhub:DescribeHub"],
        attributes: &[
            ARN.any(),
            AUTO_ENABLE_CONTROLS.any(),
            CONTROL_FINDING_GENERATOR.any(),
            ENABLE_DEFAULT_STANDARDS.any(),
            STANDARDS.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_accessanalyzer_analyzer`.
pub mod analyzer {
    use super::*;

    /// Something that principals outside may use.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct ExternalAccess {
        /// Its ARN.
        pub resource: String,
        /// For example `AWS::S3::Bucket`.
        pub resource_type: String,
    }

    /// Its name, the identity.
    pub const ANALYZER_NAME: Attr<String> = Attr::new("analyzer_name", Exact);
    /// Active findings about access from outside; read of active analyzers that look for it.
    pub const EXTERNAL_ACCESS: Attr<Vec<ExternalAccess>> =
        Attr::live("external_access").by(&["access-analyzer:ListFindingsV2"]);
    /// `ACTIVE`, `CREATING`, `DISABLED` or `FAILED`.
    pub const STATUS: Attr<String> = Attr::live("status");
    /// `ACCOUNT` or `ORGANIZATION` look for access from outside; the others for unused or internal access.
    pub const TYPE: Attr<String> = Attr::new("type", Exact).absent(Absent::Default("\"ACCOUNT\""));

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_accessanalyzer_analyzer",
        service: "access-analyzer",
        listed_by: &["access-analyzer:ListAnalyzers"],
        attributes: &[
            ANALYZER_NAME.any(),
            ARN.any(),
            EXTERNAL_ACCESS.any(),
            STATUS.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            TYPE.any(),
        ],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &recorder::KIND,
    &recorder_status::KIND,
    &delivery_channel::KIND,
    &detector::KIND,
    &hub::KIND,
    &analyzer::KIND,
];
