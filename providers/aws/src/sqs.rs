//! Reads SQS queues.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;
use stateward_model::kinds::sqs::{name_of, queue};
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, wants_tags};
use crate::session::{Collector, Session, put_gap};

/// `ListQueues` allows 1000 queues a page, and gives no token unless a size was asked for.
const PAGE: i32 = 1000;

static QUEUES: Call = Call::new("sqs", "ListQueues");
static ATTRIBUTES: Call = Call::new("sqs", "GetQueueAttributes");
static LIST_TAGS: Call = Call::new("sqs", "ListQueueTags");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &queue::KIND,
    calls: &[&QUEUES, &ATTRIBUTES, &LIST_TAGS],
    collect: |s| Box::pin(queues(s)),
}];

async fn queues(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &QUEUES,
            |token| s.sqs().list_queues().max_results(PAGE).set_next_token(token).send(),
            |out| (out.queue_urls.unwrap_or_default(), out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |url| queue_resource(s, url)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn queue_resource(s: &Session, url: String) -> Resource {
    use queue::*;
    let name = name_of(&url).unwrap_or_default().to_owned();
    let arn = format!("arn:{}:sqs:{}:{}:{name}", s.partition(), s.region(), s.account());
    let mut r =
        Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone()).with_arn(arn.clone());
    r.set(&QUEUE_ARN, arn).set(&NAME, name).set(&URL, url.clone());
    if s.wants_call(&KIND, &ATTRIBUTES) {
        let read = s
            .call(&ATTRIBUTES, || {
                s.sqs().get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All).send()
            })
            .await;
        match read {
            Ok(out) => put_attributes(&mut r, &out.attributes.unwrap_or_default()),
            Err(gap) => put_gap(&mut r, &KIND, &ATTRIBUTES, &gap),
        }
    }
    if wants_tags(s, &KIND) {
        let read = s.call(&LIST_TAGS, || s.sqs().list_queue_tags().queue_url(&url).send()).await;
        put_tags(&mut r, read.map(|out| out.tags.unwrap_or_default().into_iter().collect()));
    }
    r
}

/// Puts what one call brings: texts under the names of the API. What a queue does not have is left out of the answer.
fn put_attributes(r: &mut Resource, answer: &HashMap<QueueAttributeName, String>) {
    use QueueAttributeName as Name;
    use queue::*;
    let text = |name: Name| answer.get(&name).cloned();
    let number = |name: Name| answer.get(&name).and_then(|text| text.parse::<i64>().ok());
    let flag = |name: Name| answer.get(&name).and_then(|text| text.parse::<bool>().ok());
    r.set_opt(&DELAY_SECONDS, number(Name::DelaySeconds))
        .set_opt(&MAX_MESSAGE_SIZE, number(Name::MaximumMessageSize))
        .set_opt(&MESSAGE_RETENTION_SECONDS, number(Name::MessageRetentionPeriod))
        .set_opt(&RECEIVE_WAIT_TIME_SECONDS, number(Name::ReceiveMessageWaitTimeSeconds))
        .set_opt(&VISIBILITY_TIMEOUT_SECONDS, number(Name::VisibilityTimeout))
        .set_opt(&REDRIVE_POLICY, text(Name::RedrivePolicy))
        .set_opt(&REDRIVE_ALLOW_POLICY, text(Name::RedriveAllowPolicy))
        .set_opt(&POLICY, text(Name::Policy))
        .set_opt(&KMS_MASTER_KEY_ID, text(Name::KmsMasterKeyId))
        .set_opt(&KMS_DATA_KEY_REUSE, number(Name::KmsDataKeyReusePeriodSeconds))
        .set_opt(&SQS_MANAGED_SSE_ENABLED, flag(Name::SqsManagedSseEnabled))
        .set_opt(&FIFO_QUEUE, flag(Name::FifoQueue))
        .set_opt(&CONTENT_BASED_DEDUPLICATION, flag(Name::ContentBasedDeduplication))
        .set_opt(&DEDUPLICATION_SCOPE, text(Name::DeduplicationScope))
        .set_opt(&FIFO_THROUGHPUT_LIMIT, text(Name::FifoThroughputLimit));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting, wanting_all};
    use serde_json::json;
    use stateward_model::Place;

    #[test]
    fn texts_become_numbers_and_flags_and_what_is_left_out_is_none() {
        let answer = HashMap::from([
            (QueueAttributeName::VisibilityTimeout, "30".to_owned()),
            (QueueAttributeName::SqsManagedSseEnabled, "true".to_owned()),
            (QueueAttributeName::RedrivePolicy, r#"{"maxReceiveCount":5}"#.to_owned()),
        ]);
        let mut r = Resource::new(Place::new("1", "r"), queue::KIND.name, "jobs");
        put_attributes(&mut r, &answer);
        assert_eq!(r.raw("visibility_timeout_seconds"), Ok(&json!(30)));
        assert_eq!(r.raw("sqs_managed_sse_enabled"), Ok(&json!(true)));
        assert_eq!(r.raw("redrive_policy"), Ok(&json!(r#"{"maxReceiveCount":5}"#)));
        assert_eq!(r.raw("policy"), Ok(&json!(null)));
        let by_call =
            queue::KIND.attributes.iter().filter(|attr| attr.read_by.contains(&"sqs:GetQueueAttributes"));
        assert!(by_call.into_iter().all(|attr| r.has(attr.path)), "the call fills what the kind says");
    }

    #[tokio::test]
    async fn a_refusal_leaves_the_attributes_of_its_call() {
        let account = Account::new(wanting_all(&queue::KIND), |asked| match asked.operation.as_str() {
            "ListQueues" => (200, r#"{"QueueUrls":["http://127.0.0.1:1/123456789012/jobs"]}"#.into()),
            "GetQueueAttributes" => (400, r#"{"__type":"AccessDeniedException"}"#.into()),
            _ => (200, r#"{"Tags":{"a":"b"}}"#.into()),
        });
        let harvest = queues(account.home()).await;
        let [found] = harvest.resources.as_slice() else { panic!("one queue") };
        assert_eq!(
            (found.id(), found.arn.as_deref()),
            ("jobs", Some("arn:aws:sqs:us-west-2:123456789012:jobs"))
        );
        for attr in queue::KIND.attributes {
            let refused = attr.read_by.contains(&"sqs:GetQueueAttributes");
            assert_eq!(found.raw(attr.path).is_err(), refused, "{}", attr.path);
        }
    }

    #[tokio::test]
    async fn a_queue_that_only_has_to_exist_costs_nothing_more() {
        let account =
            Account::new(wanting(&queue::KIND, &[]), |_| (200, r#"{"QueueUrls":["http://h/1/a"]}"#.into()));
        assert_eq!(queues(account.home()).await.resources.len(), 1);
        assert_eq!(account.calls("GetQueueAttributes") + account.calls("ListQueueTags"), 0);
    }
}
