//! Amazon SNS topics, and the resources that are parts of one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_sns_topic`.
pub mod topic {
    use super::*;

    const ATTRIBUTES: &[&str] = &["sns:GetTopicAttributes"];

    /// Who a topic reaches, as numbers: endpoints may carry credentials and do not enter the model.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Subscriptions {
        /// Subscriptions that were confirmed.
        pub confirmed: u64,
        /// Subscriptions that nobody confirmed yet.
        pub pending: u64,
        /// The protocols of the confirmed ones, sorted, each once.
        pub protocols: Vec<String>,
    }

    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The sender's name in messages.
    pub const DISPLAY_NAME: Attr<String> = Attr::new("display_name", Exact).by(ATTRIBUTES);
    /// The topic policy, JSON text.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy).by(ATTRIBUTES);
    /// How failed deliveries are tried again, JSON text.
    pub const DELIVERY_POLICY: Attr<String> = Attr::new("delivery_policy", Json).by(ATTRIBUTES);
    /// How long messages are archived, JSON text.
    pub const ARCHIVE_POLICY: Attr<String> = Attr::new("archive_policy", Json).by(ATTRIBUTES);
    /// The key that encrypts it.
    pub const KMS_MASTER_KEY_ID: Attr<String> = Attr::new("kms_master_key_id", Reference).by(ATTRIBUTES);
    /// Whether it keeps order.
    pub const FIFO_TOPIC: Attr<bool> = Attr::new("fifo_topic", Exact).absent(Absent::Zero).by(ATTRIBUTES);
    /// Whether equal messages count once.
    pub const CONTENT_BASED_DEDUPLICATION: Attr<bool> =
        Attr::new("content_based_deduplication", Exact).absent(Absent::Zero).by(ATTRIBUTES);
    /// `Topic` or `MessageGroup`.
    pub const FIFO_THROUGHPUT_SCOPE: Attr<String> = Attr::new("fifo_throughput_scope", Exact).by(ATTRIBUTES);
    /// `1` or `2`.
    pub const SIGNATURE_VERSION: Attr<i64> =
        Attr::new("signature_version", Exact).absent(Absent::Zero).by(ATTRIBUTES);
    /// `PassThrough` or `Active`.
    pub const TRACING_CONFIG: Attr<String> =
        Attr::new("tracing_config", Exact).absent(Absent::Default("\"PassThrough\"")).by(ATTRIBUTES);
    /// Who is subscribed.
    pub const SUBSCRIPTIONS: Attr<Subscriptions> = Attr::live("subscriptions").by(&["sns:ListSubscriptions"]);
    /// The tags, read in a call of their own.
    pub const TOPIC_TAGS: Attr<std::collections::BTreeMap<String, String>> =
        TAGS.by(&["sns:ListTagsForResource"]);
    /// All tags, read in a call of their own.
    pub const TOPIC_TAGS_ALL: Attr<std::collections::BTreeMap<String, String>> =
        TAGS_ALL.by(&["sns:ListTagsForResource"]);

    const fn feedback<T>(path: &'static str) -> Attr<T> {
        Attr::new(path, Exact).absent(Absent::Zero).by(ATTRIBUTES)
    }

    /// Roles that log deliveries: Terraform's attribute, and the API's name of it.
    pub const FEEDBACK_ROLES: &[(Attr<String>, &str)] = &[
        (feedback("application_failure_feedback_role_arn"), "ApplicationFailureFeedbackRoleArn"),
        (feedback("application_success_feedback_role_arn"), "ApplicationSuccessFeedbackRoleArn"),
        (feedback("firehose_failure_feedback_role_arn"), "FirehoseFailureFeedbackRoleArn"),
        (feedback("firehose_success_feedback_role_arn"), "FirehoseSuccessFeedbackRoleArn"),
        (feedback("http_failure_feedback_role_arn"), "HTTPFailureFeedbackRoleArn"),
        (feedback("http_success_feedback_role_arn"), "HTTPSuccessFeedbackRoleArn"),
        (feedback("lambda_failure_feedback_role_arn"), "LambdaFailureFeedbackRoleArn"),
        (feedback("lambda_success_feedback_role_arn"), "LambdaSuccessFeedbackRoleArn"),
        (feedback("sqs_failure_feedback_role_arn"), "SQSFailureFeedbackRoleArn"),
        (feedback("sqs_success_feedback_role_arn"), "SQSSuccessFeedbackRoleArn"),
    ];

    /// Share of successful deliveries that is logged, in percent, under both names.
    pub const FEEDBACK_RATES: &[(Attr<i64>, &str)] = &[
        (feedback("application_success_feedback_sample_rate"), "ApplicationSuccessFeedbackSampleRate"),
        (feedback("firehose_success_feedback_sample_rate"), "FirehoseSuccessFeedbackSampleRate"),
        (feedback("http_success_feedback_sample_rate"), "HTTPSuccessFeedbackSampleRate"),
        (feedback("lambda_success_feedback_sample_rate"), "LambdaSuccessFeedbackSampleRate"),
        (feedback("sqs_success_feedback_sample_rate"), "SQSSuccessFeedbackSampleRate"),
    ];

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_sns_topic",
        service: "sns",
        listed_by: &["sns:ListTopics"],
        attributes: &[
            ARN.any(),
            NAME.any(),
            DISPLAY_NAME.any(),
            POLICY.any(),
            DELIVERY_POLICY.any(),
            ARCHIVE_POLICY.any(),
            KMS_MASTER_KEY_ID.any(),
            FIFO_TOPIC.any(),
            CONTENT_BASED_DEDUPLICATION.any(),
            FIFO_THROUGHPUT_SCOPE.any(),
            SIGNATURE_VERSION.any(),
            TRACING_CONFIG.any(),
            SUBSCRIPTIONS.any(),
            TOPIC_TAGS.any(),
            TOPIC_TAGS_ALL.any(),
            FEEDBACK_ROLES[0].0.any(),
            FEEDBACK_ROLES[1].0.any(),
            FEEDBACK_ROLES[2].0.any(),
            FEEDBACK_ROLES[3].0.any(),
            FEEDBACK_ROLES[4].0.any(),
            FEEDBACK_ROLES[5].0.any(),
            FEEDBACK_ROLES[6].0.any(),
            FEEDBACK_ROLES[7].0.any(),
            FEEDBACK_ROLES[8].0.any(),
            FEEDBACK_ROLES[9].0.any(),
            FEEDBACK_RATES[0].0.any(),
            FEEDBACK_RATES[1].0.any(),
            FEEDBACK_RATES[2].0.any(),
            FEEDBACK_RATES[3].0.any(),
            FEEDBACK_RATES[4].0.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_sns_topic_policy",
            owner_id,
            form: Form::Block {
                attribute: "policy",
                from_owner: policy_from,
                to_owner: |part| part.raw("policy").cloned(),
            },
        }],
        ..Kind::BASE
    };

    fn owner_id(part: &Resource) -> Option<String> {
        let arn = part.raw("arn").ok().and_then(Value::as_str).unwrap_or_else(|| part.id());
        (!arn.is_empty()).then(|| arn.to_owned())
    }

    fn policy_from(value: &Value) -> Option<Map<String, Value>> {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        Some(Map::from_iter([("policy".to_owned(), Value::from(text))]))
    }
}

/// `aws_sns_topic_policy`.
pub mod topic_policy {
    use super::*;

    /// JSON text.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy);

    /// The kind; a part of `aws_sns_topic`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_sns_topic_policy",
        service: "sns",
        attributes: &[ARN.any(), POLICY.any()],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&topic::KIND, &topic_policy::KIND];
