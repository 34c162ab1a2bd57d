//! AWS CloudTrail: trails, what they record, and whether they deliver.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Kind, by_id};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_cloudtrail`.
pub mod trail {
    use super::*;

    const STATUS: &[&str] = &["cloudtrail:GetTrailStatus"];
    const SELECTORS: &[&str] = &["cloudtrail:GetEventSelectors"];

    /// Objects or functions of which a basic selector records what is done with the data.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct DataResource {
        /// `AWS::S3::Object`, `AWS::Lambda::Function` or `AWS::DynamoDB::Table`.
        pub r#type: String,
        /// ARNs, or beginnings of ARNs.
        pub values: Vec<String>,
    }

    /// A basic selector, the block `event_selector`.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct EventSelector {
        /// Whether it records management events.
        pub include_management_events: bool,
        /// `All`, `ReadOnly` or `WriteOnly`.
        pub read_write_type: String,
        /// Services whose management events it leaves out.
        pub exclude_management_event_sources: Option<Vec<String>>,
        /// Of what it records data events.
        pub data_resource: Vec<DataResource>,
    }

    impl Default for EventSelector {
        fn default() -> Self {
            Self {
                include_management_events: true,
                read_write_type: "All".into(),
                exclude_management_event_sources: None,
                data_resource: Vec::new(),
            }
        }
    }

    /// A condition of an advanced selector.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct FieldSelector {
        /// `eventCategory`, `readOnly`, `resources.type`, `resources.ARN`, `eventSource`, `eventName`, …
        pub field: String,
        /// Is one of these.
        pub equals: Option<Vec<String>>,
        /// Is none of these.
        pub not_equals: Option<Vec<String>>,
        /// Begins with one of these.
        pub starts_with: Option<Vec<String>>,
        /// Begins with none of these.
        pub not_starts_with: Option<Vec<String>>,
        /// Ends with one of these.
        pub ends_with: Option<Vec<String>>,
        /// Ends with none of these.
        pub not_ends_with: Option<Vec<String>>,
    }

    /// An advanced selector, the block `advanced_event_selector`: all of its conditions must hold.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct AdvancedEventSelector {
        /// Its name.
        pub name: Option<String>,
        /// Its conditions.
        pub field_selector: Vec<FieldSelector>,
    }

    /// The block `insight_selector`.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct InsightSelector {
        /// `ApiCallRateInsight` or `ApiErrorRateInsight`.
        pub insight_type: String,
    }

    const BASIC: &[Nested] = &[
        Nested::new("data_resource", Set),
        Nested::new("data_resource.values", Set),
        Nested::new("exclude_management_event_sources", Set),
    ];
    const ADVANCED: &[Nested] = &[
        Nested::new("field_selector", Set),
        Nested::new("field_selector.equals", Set),
        Nested::new("field_selector.not_equals", Set),
    ];

    /// Advanced selectors; empty where basic ones are in force.
    pub const ADVANCED_EVENT_SELECTOR: Attr<Vec<AdvancedEventSelector>> =
        Attr::new("advanced_event_selector", Set).nested(ADVANCED).by(SELECTORS);
    /// The log group to which events go as well.
    pub const CLOUD_WATCH_LOGS_GROUP_ARN: Attr<String> = Attr::new("cloud_watch_logs_group_arn", Exact);
    /// The role that writes there.
    pub const CLOUD_WATCH_LOGS_ROLE_ARN: Attr<String> = Attr::new("cloud_watch_logs_role_arn", Exact);
    /// Whether digests prove that no log file was changed.
    pub const ENABLE_LOG_FILE_VALIDATION: Attr<bool> =
        Attr::new("enable_log_file_validation", Exact).absent(Absent::Zero);
    /// Whether it records now.
    pub const ENABLE_LOGGING: Attr<bool> =
        Attr::new("enable_logging", Exact).absent(Absent::Default("true")).by(STATUS);
    /// Basic selectors; empty where the trail records as a new one does: all management events.
    pub const EVENT_SELECTOR: Attr<Vec<EventSelector>> =
        Attr::new("event_selector", Set).nested(BASIC).by(SELECTORS);
    /// The region in which it was made.
    pub const HOME_REGION: Attr<String> = Attr::new("home_region", Never("computed"));
    /// Whether it records events of global services.
    pub const INCLUDE_GLOBAL_SERVICE_EVENTS: Attr<bool> =
        Attr::new("include_global_service_events", Exact).absent(Absent::Default("true"));
    /// What unusual activity it looks for.
    pub const INSIGHT_SELECTOR: Attr<Vec<InsightSelector>> =
        Attr::new("insight_selector", Set).by(&["cloudtrail:GetInsightSelectors"]);
    /// Whether it records in all regions.
    pub const IS_MULTI_REGION_TRAIL: Attr<bool> =
        Attr::new("is_multi_region_trail", Exact).absent(Absent::Zero);
    /// Whether it records for all accounts of the organization.
    pub const IS_ORGANIZATION_TRAIL: Attr<bool> =
        Attr::new("is_organization_trail", Exact).absent(Absent::Zero);
    /// The key that encrypts the log files; null for a key of S3.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference);
    /// Why the last delivery failed, in CloudTrail's words; null where it did not.
    pub const LATEST_DELIVERY_ERROR: Attr<String> = Attr::live("latest_delivery_error").by(STATUS);
    /// When log files were delivered last, RFC 3339; null where none ever was.
    pub const LATEST_DELIVERY_TIME: Attr<String> = Attr::live("latest_delivery_time").by(STATUS);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The bucket that gets the log files.
    pub const S3_BUCKET_NAME: Attr<String> = Attr::new("s3_bucket_name", Exact);
    /// Where in the bucket.
    pub const S3_KEY_PREFIX: Attr<String> = Attr::new("s3_key_prefix", Exact);
    /// The topic that hears of each log file.
    pub const SNS_TOPIC_NAME: Attr<String> = Attr::new("sns_topic_name", Reference);
    /// When it began to record, RFC 3339.
    pub const START_LOGGING_TIME: Attr<String> = Attr::live("start_logging_time").by(STATUS);
    /// The tags of the resource itself.
    pub const TRAIL_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["cloudtrail:ListTags"]);
    /// The tags.
    pub const TRAIL_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["cloudtrail:ListTags"]);

    /// The kind; its id is its ARN, which older providers keep beside the name.
    pub static KIND: Kind = Kind {
        name: "aws_cloudtrail",
        service: "cloudtrail",
        listed_by: &["cloudtrail:DescribeTrails"],
        attributes: &[
            ADVANCED_EVENT_SELECTOR.any(),
            ARN.any(),
            CLOUD_WATCH_LOGS_GROUP_ARN.any(),
            CLOUD_WATCH_LOGS_ROLE_ARN.any(),
            ENABLE_LOG_FILE_VALIDATION.any(),
            ENABLE_LOGGING.any(),
            EVENT_SELECTOR.any(),
            HOME_REGION.any(),
            INCLUDE_GLOBAL_SERVICE_EVENTS.any(),
            INSIGHT_SELECTOR.any(),
            IS_MULTI_REGION_TRAIL.any(),
            IS_ORGANIZATION_TRAIL.any(),
            KMS_KEY_ID.any(),
            LATEST_DELIVERY_ERROR.any(),
            LATEST_DELIVERY_TIME.any(),
            NAME.any(),
            S3_BUCKET_NAME.any(),
            S3_KEY_PREFIX.any(),
            SNS_TOPIC_NAME.any(),
            START_LOGGING_TIME.any(),
            TRAIL_TAGS.any(),
            TRAIL_TAGS_ALL.any(),
        ],
        identity: |resource| resource.get(&ARN).ok().flatten().or_else(|| by_id(resource)),
        exclusion: of_elsewhere,
        ..Kind::BASE
    };

    fn of_elsewhere(resource: &Resource) -> Option<Exclusion> {
        let home = resource.get(&HOME_REGION).ok().flatten()?;
        if home != resource.region() {
            return Some(Exclusion {
                rule: "N19",
                reason: "a trail of another region, as it is seen from here",
            });
        }
        let owner = resource.arn.as_deref()?.split(':').nth(4)?;
        (owner != resource.account())
            .then_some(Exclusion { rule: "N19", reason: "a trail of the organization's management account" })
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::resource::Place;

        #[test]
        fn what_is_recorded_elsewhere_is_nobodys_omission_here() {
            let arn = |account: &str| format!("arn:aws:cloudtrail:us-west-2:{account}:trail/main");
            let seen = |region: &str, account: &str| {
                let mut trail =
                    Resource::new(Place::new("1", region), KIND.name, arn(account)).with_arn(arn(account));
                trail.set(&HOME_REGION, "us-west-2".to_owned());
                (KIND.exclusion)(&trail)
            };
            assert_eq!(seen("us-west-2", "1"), None);
            assert!(seen("us-east-1", "1").is_some() && seen("us-west-2", "2").is_some());
        }

        #[test]
        fn states_of_old_providers_identify_a_trail_by_its_name_and_are_joined_by_its_arn() {
            let mut declared = Resource::new(Place::new("1", "r"), KIND.name, "main");
            assert_eq!((KIND.identity)(&declared).as_deref(), Some("main"));
            declared.set(&ARN, "arn:t".to_owned());
            assert_eq!((KIND.identity)(&declared).as_deref(), Some("arn:t"));
        }
    }
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&trail::KIND];
