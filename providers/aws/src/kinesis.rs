//! Reads Kinesis Data Streams: one listing of names, and a summary and the tags of each stream that is looked at.

use std::collections::BTreeMap;

use aws_sdk_kinesis::types::{StreamDescriptionSummary, StreamMode, Tag};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::kinesis::stream;
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, wants_tags};
use crate::session::{Collector, Session, put_gap};

/// More than 100 names are never given at once.
const PAGE: i32 = 100;
/// A stream has 50 tags at most.
const TAG_PAGE: i32 = 50;

static STREAMS: Call = Call::new("kinesis", "ListStreams")
    .quota(4, 4)
    .docs("https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreams.html");
static SUMMARY: Call = Call::new("kinesis", "DescribeStreamSummary")
    .quota(10, 10)
    .docs("https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html");
static LIST_TAGS: Call = Call::new("kinesis", "ListTagsForStream")
    .quota(4, 4)
    .docs("https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListTagsForStream.html");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &stream::KIND,
    calls: &[&STREAMS, &SUMMARY, &LIST_TAGS],
    collect: |s| Box::pin(streams(s)),
}];

async fn streams(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &STREAMS,
            |last| s.kinesis().list_streams().limit(PAGE).set_exclusive_start_stream_name(last).send(),
            |out| {
                let last = out.stream_names.last().cloned().filter(|_| out.has_more_streams);
                (out.stream_names, last)
            },
        )
        .await;
    let resources = s.each(pages.items, |name| stream_resource(s, name)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn stream_resource(s: &Session, name: String) -> Resource {
    use stream::*;
    let arn = format!("arn:{}:kinesis:{}:{}:stream/{name}", s.partition(), s.region(), s.account());
    let mut r =
        Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone()).with_arn(arn.clone());
    r.set(&ARN, arn).set(&NAME, name.clone());
    if s.wants_call(&KIND, &SUMMARY) {
        let read = s.call(&SUMMARY, || s.kinesis().describe_stream_summary().stream_name(&name).send()).await;
        match read.map(|out| out.stream_description_summary) {
            Ok(Some(summary)) => put_summary(&mut r, &summary),
            Ok(None) => put_gap(&mut r, &KIND, &SUMMARY, &left_out()),
            Err(gap) => put_gap(&mut r, &KIND, &SUMMARY, &gap),
        }
    }
    if wants_tags(s, &KIND) {
        let pages = s
            .pages(
                &LIST_TAGS,
                |last| {
                    s.kinesis()
                        .list_tags_for_stream()
                        .stream_name(&name)
                        .limit(TAG_PAGE)
                        .set_exclusive_start_tag_key(last)
                        .send()
                },
                |out| {
                    let last = out.tags.last().map(|tag| tag.key.clone()).filter(|_| out.has_more_tags);
                    (out.tags, last)
                },
            )
            .await;
        put_tags(&mut r, pages.complete().map(tags));
    }
    r
}

fn left_out() -> Gap {
    Gap::new(SUMMARY.name(), Cause::Malformed, "the answer leaves the stream out")
}

fn tags(list: Vec<Tag>) -> BTreeMap<String, String> {
    list.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()
}

fn put_summary(r: &mut Resource, of: &StreamDescriptionSummary) {
    use stream::*;
    let mode = of.stream_mode_details.as_ref().map(|details| &details.stream_mode);
    let metrics = of.enhanced_monitoring.iter().flat_map(|metrics| metrics.shard_level_metrics());
    // The provider keeps no number of shards where the service decides over it.
    let shards = (mode != Some(&StreamMode::OnDemand)).then(|| i64::from(of.open_shard_count));
    r.set_opt(&ENCRYPTION_TYPE, of.encryption_type.as_ref().map(|how| how.as_str().to_owned()))
        .set_opt(&KMS_KEY_ID, of.key_id.clone())
        .set_opt(&MAX_RECORD_SIZE_IN_KIB, of.max_record_size_in_kib.map(i64::from))
        .set(&RETENTION_PERIOD, i64::from(of.retention_period_hours))
        .set_opt(&SHARD_COUNT, shards)
        .set(&SHARD_LEVEL_METRICS, metrics.map(|metric| metric.as_str().to_owned()).collect())
        .set(
            &STREAM_MODE_DETAILS,
            mode.map(|mode| Mode { stream_mode: Some(mode.as_str().to_owned()) }).into_iter().collect(),
        );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting, wanting_all};
    use serde_json::json;

    fn summary(name: &str) -> serde_json::Value {
        json!({ "StreamDescriptionSummary": {
            "StreamName": name, "StreamARN": "arn:aws:kinesis:us-west-2:123456789012:stream/orders",
            "StreamStatus": "ACTIVE", "StreamCreationTimestamp": 1767225600, "RetentionPeriodHours": 48,
            "StreamModeDetails": { "StreamMode": "ON_DEMAND" }, "OpenShardCount": 4, "EncryptionType": "KMS",
            "KeyId": "alias/aws/kinesis",
            "EnhancedMonitoring": [{ "ShardLevelMetrics": ["IncomingBytes"] }] } })
    }

    #[tokio::test]
    async fn the_listing_goes_on_after_its_last_name_and_refused_tags_are_not_none() {
        let account = Account::new(wanting_all(&stream::KIND), |asked| match asked.operation.as_str() {
            "ListStreams" if asked.body.contains("\"orders\"") => {
                (200, json!({ "StreamNames": ["refunds"], "HasMoreStreams": false }).to_string())
            }
            "ListStreams" => (200, json!({ "StreamNames": ["orders"], "HasMoreStreams": true }).to_string()),
            "DescribeStreamSummary" => (200, summary("orders").to_string()),
            _ => (400, r#"{"__type":"AccessDeniedException","message":"no"}"#.into()),
        });
        let harvest = streams(account.home()).await;
        let names: Vec<&str> = harvest.resources.iter().map(Resource::id).collect();
        assert_eq!((names, harvest.gaps), (vec!["orders", "refunds"], Vec::new()));
        let first = &harvest.resources[0];
        assert_eq!(first.arn.as_deref(), Some("arn:aws:kinesis:us-west-2:123456789012:stream/orders"));
        assert_eq!(first.get(&stream::ENCRYPTION_TYPE), Ok(Some("KMS".to_owned())));
        assert_eq!(first.get(&stream::SHARD_COUNT), Ok(None), "the service decides over the shards");
        assert_eq!(first.get(&stream::SHARD_LEVEL_METRICS), Ok(Some(vec!["IncomingBytes".to_owned()])));
        assert_eq!(first.get(&stream::STREAM_TAGS_ALL).unwrap_err().cause, Cause::Denied);
        let read = |attr: &&stateward_model::AnyAttr| attr.path != "enforce_consumer_deletion";
        assert!(stream::KIND.attributes.iter().filter(read).all(|attr| first.has(attr.path)));
    }

    #[tokio::test]
    async fn names_alone_cost_one_call() {
        let account = Account::new(wanting(&stream::KIND, &["name"]), |_| {
            (200, json!({ "StreamNames": ["orders"], "HasMoreStreams": false }).to_string())
        });
        assert_eq!(streams(account.home()).await.resources.len(), 1);
        assert_eq!((account.calls("ListStreams"), account.calls("DescribeStreamSummary")), (1, 0));
        assert_eq!(account.calls("ListTagsForStream"), 0);
    }
}
