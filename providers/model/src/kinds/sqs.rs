//! Amazon SQS queues, and the resources that are parts of one.

use serde_json::{Map, Value};

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// The name of the queue at `url`. Names are unique in an account and region, and the host of the URL depends on the
/// endpoint that was asked, so the name is the identity.
pub fn name_of(url: &str) -> Option<&str> {
    url.rsplit('/').next().filter(|name| !name.is_empty())
}

/// `aws_sqs_queue`.
pub mod queue {
    use super::*;

    const ATTRIBUTES: &[&str] = &["sqs:GetQueueAttributes"];

    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The ARN, read with the other attributes.
    pub const QUEUE_ARN: Attr<String> = ARN;
    /// Its address.
    pub const URL: Attr<String> = Attr::new("url", Never("its host depends on the endpoint"));
    /// Seconds that new messages wait.
    pub const DELAY_SECONDS: Attr<i64> =
        Attr::new("delay_seconds", Exact).absent(Absent::Zero).by(ATTRIBUTES);
    /// Largest message in bytes.
    pub const MAX_MESSAGE_SIZE: Attr<i64> = Attr::new("max_message_size", Exact).by(ATTRIBUTES);
    /// Seconds that messages are kept.
    pub const MESSAGE_RETENTION_SECONDS: Attr<i64> =
        Attr::new("message_retention_seconds", Exact).by(ATTRIBUTES);
    /// Seconds that a receive waits.
    pub const RECEIVE_WAIT_TIME_SECONDS: Attr<i64> =
        Attr::new("receive_wait_time_seconds", Exact).absent(Absent::Zero).by(ATTRIBUTES);
    /// Seconds that a received message is hidden.
    pub const VISIBILITY_TIMEOUT_SECONDS: Attr<i64> =
        Attr::new("visibility_timeout_seconds", Exact).absent(Absent::Zero).by(ATTRIBUTES);
    /// Where messages go that cannot be handled, JSON text.
    pub const REDRIVE_POLICY: Attr<String> = Attr::new("redrive_policy", Json).by(ATTRIBUTES);
    /// Which queues may use it for that, JSON text.
    pub const REDRIVE_ALLOW_POLICY: Attr<String> = Attr::new("redrive_allow_policy", Json).by(ATTRIBUTES);
    /// The queue policy, JSON text.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy).by(ATTRIBUTES);
    /// The key that encrypts it.
    pub const KMS_MASTER_KEY_ID: Attr<String> = Attr::new("kms_master_key_id", Reference).by(ATTRIBUTES);
    /// Seconds that a data key is used again.
    pub const KMS_DATA_KEY_REUSE: Attr<i64> =
        Attr::new("kms_data_key_reuse_period_seconds", Exact).absent(Absent::Default("300")).by(ATTRIBUTES);
    /// Whether SQS encrypts it with its own key.
    pub const SQS_MANAGED_SSE_ENABLED: Attr<bool> =
        Attr::new("sqs_managed_sse_enabled", Exact).absent(Absent::Unclaimed).by(ATTRIBUTES);
    /// Whether it keeps order.
    pub const FIFO_QUEUE: Attr<bool> = Attr::new("fifo_queue", Exact).absent(Absent::Zero).by(ATTRIBUTES);
    /// Whether equal messages count once.
    pub const CONTENT_BASED_DEDUPLICATION: Attr<bool> =
        Attr::new("content_based_deduplication", Exact).absent(Absent::Zero).by(ATTRIBUTES);
    /// `queue` or `messageGroup`.
    pub const DEDUPLICATION_SCOPE: Attr<String> = Attr::new("deduplication_scope", Exact).by(ATTRIBUTES);
    /// `perQueue` or `perMessageGroupId`.
    pub const FIFO_THROUGHPUT_LIMIT: Attr<String> = Attr::new("fifo_throughput_limit", Exact).by(ATTRIBUTES);
    /// The tags, read in a call of their own.
    pub const QUEUE_TAGS: Attr<std::collections::BTreeMap<String, String>> = TAGS.by(&["sqs:ListQueueTags"]);
    /// All tags, read in a call of their own.
    pub const QUEUE_TAGS_ALL: Attr<std::collections::BTreeMap<String, String>> =
        TAGS_ALL.by(&["sqs:ListQueueTags"]);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_sqs_queue",
        service: "sqs",
        listed_by: &["sqs:ListQueues"],
        attributes: &[
            QUEUE_ARN.any(),
            NAME.any(),
            URL.any(),
            DELAY_SECONDS.any(),
            MAX_MESSAGE_SIZE.any(),
            MESSAGE_RETENTION_SECONDS.any(),
            RECEIVE_WAIT_TIME_SECONDS.any(),
            VISIBILITY_TIMEOUT_SECONDS.any(),
            REDRIVE_POLICY.any(),
            REDRIVE_ALLOW_POLICY.any(),
            POLICY.any(),
            KMS_MASTER_KEY_ID.any(),
            KMS_DATA_KEY_REUSE.any(),
            SQS_MANAGED_SSE_ENABLED.any(),
            FIFO_QUEUE.any(),
            CONTENT_BASED_DEDUPLICATION.any(),
            DEDUPLICATION_SCOPE.any(),
            FIFO_THROUGHPUT_LIMIT.any(),
            QUEUE_TAGS.any(),
            QUEUE_TAGS_ALL.any(),
        ],
        satellites: &[
            Satellite {
                kind: "aws_sqs_queue_policy",
                owner_id,
                form: Form::Block {
                    attribute: "policy",
                    from_owner: |value| text("policy", value),
                    to_owner: |part| part.raw("policy").cloned(),
                },
            },
            Satellite {
                kind: "aws_sqs_queue_redrive_policy",
                owner_id,
                form: Form::Block {
                    attribute: "redrive_policy",
                    from_owner: |value| text("redrive_policy", value),
                    to_owner: |part| part.raw("redrive_policy").cloned(),
                },
            },
            Satellite {
                kind: "aws_sqs_queue_redrive_allow_policy",
                owner_id,
                form: Form::Block {
                    attribute: "redrive_allow_policy",
                    from_owner: |value| text("redrive_allow_policy", value),
                    to_owner: |part| part.raw("redrive_allow_policy").cloned(),
                },
            },
        ],
        identity: |resource| name_of(resource.id()).map(str::to_owned),
        import_id: |resource| resource.get(&URL).ok().flatten(),
        ..Kind::BASE
    };

    fn owner_id(part: &Resource) -> Option<String> {
        let url = part.raw("queue_url").ok().and_then(Value::as_str).unwrap_or_else(|| part.id());
        name_of(url).map(str::to_owned)
    }

    fn text(name: &str, value: &Value) -> Option<Map<String, Value>> {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        Some(Map::from_iter([(name.to_owned(), Value::from(text))]))
    }
}

/// `aws_sqs_queue_policy`.
pub mod queue_policy {
    use super::*;

    /// JSON text.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy);
    /// The queue.
    pub const QUEUE_URL: Attr<String> = Attr::new("queue_url", Never("its host depends on the endpoint"));

    /// The kind; a part of `aws_sqs_queue`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_sqs_queue_policy",
        service: "sqs",
        attributes: &[POLICY.any(), QUEUE_URL.any()],
        ..Kind::BASE
    };
}

/// `aws_sqs_queue_redrive_policy`.
pub mod queue_redrive_policy {
    use super::queue_policy::QUEUE_URL;
    use super::*;

    /// JSON text.
    pub const REDRIVE_POLICY: Attr<String> = Attr::new("redrive_policy", Json);

    /// The kind; a part of `aws_sqs_queue`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_sqs_queue_redrive_policy",
        service: "sqs",
        attributes: &[REDRIVE_POLICY.any(), QUEUE_URL.any()],
        ..Kind::BASE
    };
}

/// `aws_sqs_queue_redrive_allow_policy`.
pub mod queue_redrive_allow_policy {
    use super::queue_policy::QUEUE_URL;
    use super::*;

    /// JSON text.
    pub const REDRIVE_ALLOW_POLICY: Attr<String> = Attr::new("redrive_allow_policy", Json);

    /// The kind; a part of `aws_sqs_queue`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_sqs_queue_redrive_allow_policy",
        service: "sqs",
        attributes: &[REDRIVE_ALLOW_POLICY.any(), QUEUE_URL.any()],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] =
    &[&queue::KIND, &queue_policy::KIND, &queue_redrive_policy::KIND, &queue_redrive_allow_policy::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Place;

    #[test]
    fn one_queue_is_one_queue_behind_any_endpoint() {
        let identity = |url: &str| {
            let queue = Resource::new(Place::new("1", "us-west-2"), "aws_sqs_queue", url.to_owned());
            (queue::KIND.identity)(&queue)
        };
        assert_eq!(identity("http://127.0.0.1:5603/123456789012/jobs").as_deref(), Some("jobs"));
        assert_eq!(
            identity("https://sqs.us-west-2.amazonaws.com/123456789012/jobs.fifo").as_deref(),
            Some("jobs.fifo")
        );
        assert_eq!(identity(""), None);
        let mut live = Resource::new(Place::new("1", "us-west-2"), "aws_sqs_queue", "jobs");
        live.set(&queue::URL, "https://sqs.us-west-2.amazonaws.com/1/jobs".to_owned());
        let import_id = (queue::KIND.import_id)(&live);
        assert_eq!(import_id.as_deref(), Some("https://sqs.us-west-2.amazonaws.com/1/jobs"));
    }
}
