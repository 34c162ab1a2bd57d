//! Amazon SNS topics, and the resources that are parts of one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_sns_topic`.
pub mod topic {
    use super::*;

    const ATTRIBUTES: &[&str] = &["sns:GetTopicAttributes"];

    /// Who a topic reaches, as numbers; subscriptions of other accounts count.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Subscriptions {
        /// Subscriptions that were confirmed.
        pub confirmed: u64,
        /// Subscriptions that nobody confirmed yet.
        pub pending: u64,
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
    /// How many are subscribed.
    pub const SUBSCRIPTIONS: Attr<Subscriptions> = Attr::live("subscriptions").by(ATTRIBUTES);
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

/// `aws_sns_topic_subscription`. Only those that this account owns are listed; a topic's own count,
/// [`topic::SUBSCRIPTIONS`], knows them all.
pub mod subscription {
    use super::*;

    const ATTRIBUTES: &[&str] = &["sns:GetSubscriptionAttributes"];

    /// How failed deliveries are tried again, JSON text.
    pub const DELIVERY_POLICY: Attr<String> = Attr::new("delivery_policy", Json).by(ATTRIBUTES);
    /// Who is reached: a part of the identity. It may carry credentials, so it is never shown.
    pub const ENDPOINT: Attr<String> = Attr::new("endpoint", Never("is the identity")).secret();
    /// Which messages are delivered, JSON text.
    pub const FILTER_POLICY: Attr<String> = Attr::new("filter_policy", UnorderedJson).by(ATTRIBUTES);
    /// What the filter looks at: `MessageAttributes` or `MessageBody`.
    pub const FILTER_POLICY_SCOPE: Attr<String> = Attr::new("filter_policy_scope", Exact)
        .absent(Absent::Default("\"MessageAttributes\""))
        .by(ATTRIBUTES);
    /// Whether somebody still has to confirm it.
    pub const PENDING_CONFIRMATION: Attr<bool> = Attr::new("pending_confirmation", Never("computed"));
    /// `email`, `https`, `lambda`, `sqs`, …
    pub const PROTOCOL: Attr<String> = Attr::new("protocol", Exact);
    /// Whether the message comes without an envelope.
    pub const RAW_MESSAGE_DELIVERY: Attr<bool> =
        Attr::new("raw_message_delivery", Exact).absent(Absent::Zero).by(ATTRIBUTES);
    /// Where messages go that cannot be delivered, JSON text.
    pub const REDRIVE_POLICY: Attr<String> = Attr::new("redrive_policy", Json).by(ATTRIBUTES);
    /// Which archived messages are delivered again, JSON text.
    pub const REPLAY_POLICY: Attr<String> = Attr::new("replay_policy", Json).by(ATTRIBUTES);
    /// The role that writes to a Firehose stream.
    pub const SUBSCRIPTION_ROLE_ARN: Attr<String> = Attr::new("subscription_role_arn", Exact).by(ATTRIBUTES);
    /// The topic.
    pub const TOPIC_ARN: Attr<String> = Attr::new("topic_arn", Exact);

    /// The kind. Its identity is what SNS itself takes for the same subscription: topic, protocol and endpoint, the
    /// last as a digest. The ARN would not do: SNS does not list it before the subscription is confirmed.
    pub static KIND: Kind = Kind {
        name: "aws_sns_topic_subscription",
        service: "sns",
        listed_by: &["sns:ListSubscriptions"],
        attributes: &[
            ARN.any(),
            DELIVERY_POLICY.any(),
            ENDPOINT.any(),
            FILTER_POLICY.any(),
            FILTER_POLICY_SCOPE.any(),
            PENDING_CONFIRMATION.any(),
            PROTOCOL.any(),
            RAW_MESSAGE_DELIVERY.any(),
            REDRIVE_POLICY.any(),
            REPLAY_POLICY.any(),
            SUBSCRIPTION_ROLE_ARN.any(),
            TOPIC_ARN.any(),
        ],
        identity: |resource| {
            let text = |key: &Attr<String>| resource.get(key).ok().flatten();
            Some(id_of(&text(&TOPIC_ARN)?, &text(&PROTOCOL)?, &text(&ENDPOINT)?))
        },
        import_id: |resource| resource.arn.clone(),
        ..Kind::BASE
    };

    /// The identity of a subscription. The digest is so short that no guess at an endpoint can be confirmed.
    pub fn id_of(topic_arn: &str, protocol: &str, endpoint: &str) -> String {
        let endpoint = without_password(endpoint);
        let digest: String = Sha256::digest(format!("{topic_arn}/{protocol}/{endpoint}"))
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{topic_arn}/{protocol}/{digest}")
    }

    /// SNS itself hides the password in an address that carries one.
    fn without_password(endpoint: &str) -> String {
        let hide = || {
            let (scheme, rest) = endpoint.split_once("://")?;
            let (login, host) = rest.split_once('@')?;
            let (user, _) = login.split_once(':').filter(|_| !login.contains('/'))?;
            Some(format!("{scheme}://{user}:****@{host}"))
        };
        hide().unwrap_or_else(|| endpoint.to_owned())
    }
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&topic::KIND, &topic_policy::KIND, &subscription::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Place;

    #[test]
    fn a_subscription_is_the_same_before_and_after_somebody_confirms_it() {
        let mut declared =
            Resource::new(Place::new("1", "r"), "aws_sns_topic_subscription", "pending confirmation");
        assert_eq!((subscription::KIND.identity)(&declared), None);
        declared
            .set(&subscription::TOPIC_ARN, "arn:aws:sns:r:1:alerts".to_owned())
            .set(&subscription::PROTOCOL, "email".to_owned())
            .set(&subscription::ENDPOINT, "ops@acme.example".to_owned());
        let id = (subscription::KIND.identity)(&declared).unwrap();
        assert_eq!(id, subscription::id_of("arn:aws:sns:r:1:alerts", "email", "ops@acme.example"));
        assert!(id.starts_with("arn:aws:sns:r:1:alerts/email/") && !id.contains("ops"));
        assert_ne!(id, subscription::id_of("arn:aws:sns:r:1:alerts", "email", "dev@acme.example"));
        assert_eq!(
            (subscription::KIND.import_id)(&declared),
            None,
            "without an ARN there is nothing to import"
        );
    }

    #[test]
    fn a_password_in_an_address_is_no_part_of_the_identity() {
        let id = |endpoint: &str| subscription::id_of("t", "https", endpoint);
        assert_eq!(id("https://u:secret@acme.example/x"), id("https://u:****@acme.example/x"));
        assert_ne!(id("https://acme.example/x:y@z"), id("https://acme.example/x:w@z"));
    }
}
