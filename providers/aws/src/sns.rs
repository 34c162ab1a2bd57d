//! Reads SNS: topics with their attributes, and the subscriptions that the account owns.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sns::types::{Subscription, Tag};
use stateward_model::compare::last_segment;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::sns::{subscription, topic};
use stateward_model::{Cause, Gap, Harvest, Place, Resource};

use crate::call::Call;
use crate::rds::{put_tags, wants_tags};
use crate::session::{Collector, Session, put_gap};

const QUOTAS: &str = "https://docs.aws.amazon.com/general/latest/gr/sns.html";

static TOPICS: Call = Call::new("sns", "ListTopics").quota(20, 30).docs(QUOTAS);
static ATTRIBUTES: Call = Call::new("sns", "GetTopicAttributes");
static LIST_TAGS: Call = Call::new("sns", "ListTagsForResource").quota(7, 10).docs(QUOTAS);
static SUBSCRIPTIONS: Call = Call::new("sns", "ListSubscriptions").quota(20, 30).docs(QUOTAS);
static SUBSCRIPTION: Call = Call::new("sns", "GetSubscriptionAttributes");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &topic::KIND,
        calls: &[&TOPICS, &ATTRIBUTES, &LIST_TAGS],
        collect: |s| Box::pin(topics(s)),
    },
    Collector {
        kind: &subscription::KIND,
        calls: &[&SUBSCRIPTIONS, &SUBSCRIPTION],
        collect: |s| Box::pin(subscriptions(s)),
    },
];

/// What SNS answers: texts under names.
type Answer = HashMap<String, String>;

fn text(answer: &Answer, name: &str) -> Option<String> {
    answer.get(name).filter(|text| !text.is_empty()).cloned()
}

fn flag(answer: &Answer, name: &str) -> Option<bool> {
    answer.get(name)?.parse().ok()
}

fn number<T: std::str::FromStr>(answer: &Answer, name: &str) -> Option<T> {
    answer.get(name)?.parse().ok()
}

async fn topics(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &TOPICS,
            |token| s.sns().list_topics().set_next_token(token).send(),
            |out| (out.topics.unwrap_or_default(), out.next_token),
        )
        .await;
    let arns = pages.items.into_iter().filter_map(|topic| topic.topic_arn).collect();
    let resources = s.each(arns, |arn| topic_resource(s, arn)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn topic_resource(s: &Session, arn: String) -> Resource {
    use topic::*;
    let name = last_segment(&arn).to_owned();
    let mut r =
        Resource::new(s.place(), KIND.name, arn.clone()).with_arn(arn.clone()).with_name(name.clone());
    r.set(&ARN, arn.clone()).set(&NAME, name);
    if s.wants_call(&KIND, &ATTRIBUTES) {
        match s.call(&ATTRIBUTES, || s.sns().get_topic_attributes().topic_arn(&arn).send()).await {
            Ok(out) => put_topic(&mut r, &out.attributes.unwrap_or_default()),
            Err(gap) => put_gap(&mut r, &KIND, &ATTRIBUTES, &gap),
        }
    }
    if wants_tags(s, &KIND) {
        let read = s.call(&LIST_TAGS, || s.sns().list_tags_for_resource().resource_arn(&arn).send()).await;
        put_tags(&mut r, read.map(|out| tags(out.tags())));
    }
    r
}

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    list.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

fn put_topic(r: &mut Resource, answer: &Answer) {
    use topic::*;
    r.set_opt(&DISPLAY_NAME, text(answer, "DisplayName"))
        .set_opt(&POLICY, text(answer, "Policy"))
        .set_opt(&DELIVERY_POLICY, text(answer, "DeliveryPolicy"))
        .set_opt(&ARCHIVE_POLICY, text(answer, "ArchivePolicy"))
        .set_opt(&KMS_MASTER_KEY_ID, text(answer, "KmsMasterKeyId"))
        .set_opt(&FIFO_TOPIC, flag(answer, "FifoTopic"))
        .set_opt(&CONTENT_BASED_DEDUPLICATION, flag(answer, "ContentBasedDeduplication"))
        .set_opt(&FIFO_THROUGHPUT_SCOPE, text(answer, "FifoThroughputScope"))
        .set_opt(&SIGNATURE_VERSION, number(answer, "SignatureVersion"))
        .set_opt(&TRACING_CONFIG, text(answer, "TracingConfig"))
        .put(&topic::SUBSCRIPTIONS, counts(answer));
    for (key, name) in FEEDBACK_ROLES {
        r.set_opt(key, text(answer, name));
    }
    for (key, name) in FEEDBACK_RATES {
        r.set_opt(key, number(answer, name));
    }
}

fn counts(answer: &Answer) -> Result<topic::Subscriptions, Gap> {
    let count = |name| {
        number(answer, name)
            .ok_or_else(|| Gap::new(ATTRIBUTES.name(), Cause::Malformed, format!("no number in {name}")))
    };
    Ok(topic::Subscriptions {
        confirmed: count("SubscriptionsConfirmed")?,
        pending: count("SubscriptionsPending")?,
    })
}

async fn subscriptions(s: &Session) -> Harvest {
    let mut pages = s
        .pages(
            &SUBSCRIPTIONS,
            |token| s.sns().list_subscriptions().set_next_token(token).send(),
            |out| (out.subscriptions.unwrap_or_default(), out.next_token),
        )
        .await;
    pages.items.retain(|item| item.subscription_arn.as_deref() != Some("Deleted"));
    let resources = s.each(pages.items, |item| subscription_resource(s, item)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn subscription_resource(s: &Session, item: Subscription) -> Resource {
    use subscription::*;
    let mut r = listed(s.place(), &item);
    if !s.wants_call(&KIND, &SUBSCRIPTION) {
        return r;
    }
    let Some(arn) = r.arn.clone() else {
        let detail = "SNS does not tell the ARN of a subscription that nobody confirmed";
        let gap = Gap::new(SUBSCRIPTION.name(), Cause::Unsupported, detail);
        put_gap(&mut r, &KIND, &SUBSCRIPTION, &gap);
        return r;
    };
    let read =
        s.call(&SUBSCRIPTION, || s.sns().get_subscription_attributes().subscription_arn(&arn).send()).await;
    match read {
        Ok(out) => put_subscription(&mut r, &out.attributes.unwrap_or_default()),
        Err(gap) => put_gap(&mut r, &KIND, &SUBSCRIPTION, &gap),
    }
    r
}

/// What the listing tells. In the place of the ARN of one that nobody confirmed there is a word.
fn listed(place: Place, item: &Subscription) -> Resource {
    use subscription::*;
    let topic_arn = item.topic_arn.clone().unwrap_or_default();
    let protocol = item.protocol.clone().unwrap_or_default();
    let id = id_of(&topic_arn, &protocol, item.endpoint.as_deref().unwrap_or_default());
    let name = format!("{protocol} of {}", last_segment(&topic_arn));
    let mut r = Resource::new(place, KIND.name, id).with_name(name);
    let arn = item.subscription_arn.clone().filter(|arn| arn.starts_with("arn:"));
    r.arn = arn.clone();
    r.set(&PENDING_CONFIRMATION, arn.is_none())
        .set_opt(&ARN, arn)
        .set(&PROTOCOL, protocol)
        .set(&TOPIC_ARN, topic_arn);
    r
}

fn put_subscription(r: &mut Resource, answer: &Answer) {
    use subscription::*;
    r.set_opt(&DELIVERY_POLICY, text(answer, "DeliveryPolicy"))
        .set_opt(&FILTER_POLICY, text(answer, "FilterPolicy"))
        .set_opt(&FILTER_POLICY_SCOPE, text(answer, "FilterPolicyScope"))
        .set_opt(&RAW_MESSAGE_DELIVERY, flag(answer, "RawMessageDelivery"))
        .set_opt(&REDRIVE_POLICY, text(answer, "RedrivePolicy"))
        .set_opt(&REPLAY_POLICY, text(answer, "ReplayPolicy"))
        .set_opt(&SUBSCRIPTION_ROLE_ARN, text(answer, "SubscriptionRoleArn"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    fn answer(pairs: &[(&str, &str)]) -> Answer {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_topic_without_counts_is_not_a_topic_without_subscriptions() {
        let full = answer(&[("SubscriptionsConfirmed", "2"), ("SubscriptionsPending", "0")]);
        assert_eq!(counts(&full), Ok(topic::Subscriptions { confirmed: 2, pending: 0 }));
        assert_eq!(counts(&answer(&[])).unwrap_err().cause, Cause::Malformed);
    }

    #[test]
    fn the_attributes_of_a_topic_fill_what_the_kind_says() {
        let mut r = Resource::new(Place::new("1", "r"), topic::KIND.name, "arn:aws:sns:r:1:t");
        put_topic(&mut r, &answer(&[("KmsMasterKeyId", "alias/aws/sns"), ("SignatureVersion", "2")]));
        assert_eq!(r.get(&topic::KMS_MASTER_KEY_ID).unwrap().as_deref(), Some("alias/aws/sns"));
        assert_eq!(r.get(&topic::SIGNATURE_VERSION), Ok(Some(2)));
        let mut filled = topic::KIND.attributes.iter();
        let by_call =
            filled.all(|attr| !attr.read_by.contains(&"sns:GetTopicAttributes") || r.has(attr.path));
        assert!(by_call);
    }

    #[test]
    fn a_pending_subscription_is_the_declared_one() {
        let pending = Subscription::builder()
            .subscription_arn("PendingConfirmation")
            .topic_arn("arn:aws:sns:r:1:t")
            .protocol("email")
            .endpoint("ops@acme.example")
            .build();
        let r = listed(Place::new("1", "r"), &pending);
        assert_eq!(r.id(), subscription::id_of("arn:aws:sns:r:1:t", "email", "ops@acme.example"));
        assert_eq!((r.arn.as_deref(), r.get(&subscription::PENDING_CONFIRMATION)), (None, Ok(Some(true))));
        assert!(!serde_json::to_string(&r).unwrap().contains("ops@"), "an endpoint is never kept");
    }

    #[tokio::test]
    async fn what_cannot_be_read_of_a_pending_subscription_is_a_gap() {
        let member = |arn: &str, endpoint: &str| {
            format!(
                "<member><SubscriptionArn>{arn}</SubscriptionArn><TopicArn>arn:aws:sns:r:1:t</TopicArn>\
                 <Protocol>email</Protocol><Endpoint>{endpoint}</Endpoint></member>"
            )
        };
        let members = [
            member("PendingConfirmation", "a@x"),
            member("Deleted", "b@x"),
            member("arn:aws:sns:r:1:t:1", "c@x"),
        ];
        let listing = format!(
            "<ListSubscriptionsResponse><ListSubscriptionsResult><Subscriptions>{}</Subscriptions>\
             </ListSubscriptionsResult></ListSubscriptionsResponse>",
            members.concat()
        );
        let account = Account::new(wanting_all(&subscription::KIND), move |asked| {
            let attributes = "<GetSubscriptionAttributesResponse><GetSubscriptionAttributesResult><Attributes>\
                <entry><key>RawMessageDelivery</key><value>false</value></entry></Attributes>\
                </GetSubscriptionAttributesResult></GetSubscriptionAttributesResponse>";
            match asked.body.contains("Action=ListSubscriptions") {
                true => (200, listing.clone()),
                false => (200, attributes.to_owned()),
            }
        });
        let harvest = subscriptions(account.home()).await;
        let [pending, confirmed] = harvest.resources.as_slice() else { panic!("the deleted one is gone") };
        assert!(pending.get(&subscription::RAW_MESSAGE_DELIVERY).is_err());
        assert_eq!(confirmed.get(&subscription::RAW_MESSAGE_DELIVERY), Ok(Some(false)));
        assert_eq!(account.calls("GetSubscriptionAttributes"), 1);
    }
}
