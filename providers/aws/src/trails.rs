//! Reads CloudTrail's trails: what they record, where to, and whether it arrives.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, InsightSelector, Tag,
    Trail as Listed,
};
use stateward_model::kinds::cloudtrail::trail;
use stateward_model::kinds::common::ARN;
use stateward_model::{Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp, wants_tags};
use crate::session::{Collector, Session, put_gap};

static TRAILS: Call = Call::new("cloudtrail", "DescribeTrails");
static STATUS: Call = Call::new("cloudtrail", "GetTrailStatus");
static SELECTORS: Call = Call::new("cloudtrail", "GetEventSelectors");
static INSIGHTS: Call = Call::new("cloudtrail", "GetInsightSelectors");
static LIST_TAGS: Call = Call::new("cloudtrail", "ListTags");

/// `ListTags` takes 20 trails at once.
const TAGGED: usize = 20;

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &trail::KIND,
    calls: &[&TRAILS, &STATUS, &SELECTORS, &INSIGHTS, &LIST_TAGS],
    collect: |s| Box::pin(trails(s)),
}];

type Tags = Result<BTreeMap<String, BTreeMap<String, String>>, Gap>;

/// A trail of all regions is seen from each of them. It counts where it was made, and the region that is read first
/// tells too of those that were made where nobody looks.
async fn trails(s: &Session) -> Harvest {
    let listed = match s.call(&TRAILS, || s.cloudtrail().describe_trails().send()).await {
        Ok(out) => out.trail_list.unwrap_or_default(),
        Err(gap) => return Harvest { resources: Vec::new(), gaps: vec![gap] },
    };
    let first = s.region() == s.home().region();
    let here = |trail: &Listed| trail.home_region.as_deref() == Some(s.region());
    let chosen: Vec<Listed> = listed.into_iter().filter(|trail| first || here(trail)).collect();
    let own: Vec<String> =
        chosen.iter().filter(|trail| here(trail)).filter_map(|t| t.trail_arn.clone()).collect();
    let tags = Arc::new(if wants_tags(s, &trail::KIND) { tags(s, own).await } else { Ok(BTreeMap::new()) });
    let resources = s
        .each(chosen, |found| {
            let tags = tags.clone();
            async move { trail_resource(s, found, &tags).await }
        })
        .await;
    Harvest { resources, gaps: Vec::new() }
}

async fn tags(s: &Session, arns: Vec<String>) -> Tags {
    let mut found = BTreeMap::new();
    for some in arns.chunks(TAGGED) {
        let pages = s
            .pages(
                &LIST_TAGS,
                |token| {
                    let arns = Some(some.to_vec());
                    s.cloudtrail().list_tags().set_resource_id_list(arns).set_next_token(token).send()
                },
                |out| (out.resource_tag_list.unwrap_or_default(), out.next_token),
            )
            .await;
        for tagged in pages.complete()? {
            let of: &mut BTreeMap<String, String> =
                found.entry(tagged.resource_id.clone().unwrap_or_default()).or_default();
            let pair = |tag: &Tag| (tag.key.clone(), tag.value.clone().unwrap_or_default());
            of.extend(tagged.tags_list().iter().map(pair));
        }
    }
    Ok(found)
}

async fn trail_resource(s: &Session, found: Listed, tags: &Tags) -> Resource {
    use trail::*;
    let arn = found.trail_arn.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, arn.clone())
        .with_arn(arn.clone())
        .with_name(found.name.clone().unwrap_or_default());
    put_listed(&mut r, &found);
    if s.wants_call(&KIND, &STATUS) {
        match s.call(&STATUS, || s.cloudtrail().get_trail_status().name(&arn).send()).await {
            Ok(out) => put_status(&mut r, &out),
            Err(gap) => put_gap(&mut r, &KIND, &STATUS, &gap),
        }
    }
    if s.wants_call(&KIND, &SELECTORS) {
        put_selectors(s, &mut r, &found, &arn).await;
    }
    if s.wants_call(&KIND, &INSIGHTS) {
        let read = match found.has_insight_selectors {
            Some(false) => Ok(Vec::new()),
            _ => insights(s, &arn).await,
        };
        r.put(&INSIGHT_SELECTOR, read);
    }
    // Tags are told where the trail was made.
    if wants_tags(s, &KIND) && found.home_region.as_deref() == Some(s.region()) {
        put_tags(&mut r, tags.clone().map(|all| all.get(&arn).cloned().unwrap_or_default()));
    }
    r
}

fn put_listed(r: &mut Resource, found: &Listed) {
    use trail::*;
    r.set_opt(&ARN, found.trail_arn.clone())
        .set_opt(&CLOUD_WATCH_LOGS_GROUP_ARN, found.cloud_watch_logs_log_group_arn.clone())
        .set_opt(&CLOUD_WATCH_LOGS_ROLE_ARN, found.cloud_watch_logs_role_arn.clone())
        .set_opt(&ENABLE_LOG_FILE_VALIDATION, found.log_file_validation_enabled)
        .set_opt(&HOME_REGION, found.home_region.clone())
        .set_opt(&INCLUDE_GLOBAL_SERVICE_EVENTS, found.include_global_service_events)
        .set_opt(&IS_MULTI_REGION_TRAIL, found.is_multi_region_trail)
        .set_opt(&IS_ORGANIZATION_TRAIL, found.is_organization_trail)
        .set_opt(&KMS_KEY_ID, found.kms_key_id.clone())
        .set_opt(&NAME, found.name.clone())
        .set_opt(&S3_BUCKET_NAME, found.s3_bucket_name.clone())
        .set_opt(&S3_KEY_PREFIX, found.s3_key_prefix.clone())
        .set_opt(&SNS_TOPIC_NAME, found.sns_topic_arn.clone());
}

fn put_status(r: &mut Resource, out: &GetTrailStatusOutput) {
    use trail::*;
    r.set_opt(&ENABLE_LOGGING, out.is_logging)
        .set_opt(&LATEST_DELIVERY_ERROR, out.latest_delivery_error.clone().filter(|error| !error.is_empty()))
        .set_opt(&LATEST_DELIVERY_TIME, out.latest_delivery_time.as_ref().and_then(stamp))
        .set_opt(&START_LOGGING_TIME, out.start_logging_time.as_ref().and_then(stamp));
}

/// A trail that says that it has no selectors of its own has those of a new one: all management events. Terraform has
/// no block then.
async fn put_selectors(s: &Session, r: &mut Resource, found: &Listed, arn: &str) {
    use trail::*;
    if found.has_custom_event_selectors == Some(false) {
        r.set(&EVENT_SELECTOR, Vec::new()).set(&ADVANCED_EVENT_SELECTOR, Vec::new());
        return;
    }
    match s.call(&SELECTORS, || s.cloudtrail().get_event_selectors().trail_name(arn).send()).await {
        Ok(out) => {
            r.set(&EVENT_SELECTOR, out.event_selectors().iter().map(basic).collect())
                .set(&ADVANCED_EVENT_SELECTOR, out.advanced_event_selectors().iter().map(advanced).collect());
        }
        Err(gap) => put_gap(r, &KIND, &SELECTORS, &gap),
    }
}

fn basic(selector: &EventSelector) -> trail::EventSelector {
    let data = |resource: &DataResource| trail::DataResource {
        r#type: resource.r#type.clone().unwrap_or_default(),
        values: resource.values().to_vec(),
    };
    trail::EventSelector {
        include_management_events: selector.include_management_events.unwrap_or(true),
        read_write_type: selector.read_write_type.as_ref().map_or("All", |sort| sort.as_str()).to_owned(),
        exclude_management_event_sources: selector.exclude_management_event_sources.clone(),
        data_resource: selector.data_resources().iter().map(data).collect(),
    }
}

fn advanced(selector: &AdvancedEventSelector) -> trail::AdvancedEventSelector {
    let field = |field: &AdvancedFieldSelector| trail::FieldSelector {
        field: field.field.clone(),
        equals: field.equals.clone(),
        not_equals: field.not_equals.clone(),
        starts_with: field.starts_with.clone(),
        not_starts_with: field.not_starts_with.clone(),
        ends_with: field.ends_with.clone(),
        not_ends_with: field.not_ends_with.clone(),
    };
    trail::AdvancedEventSelector {
        name: selector.name.clone(),
        field_selector: selector.field_selectors.iter().map(field).collect(),
    }
}

async fn insights(s: &Session, arn: &str) -> Result<Vec<trail::InsightSelector>, Gap> {
    let read = s
        .call_or_none(&INSIGHTS, &["InsightNotEnabledException"], || {
            s.cloudtrail().get_insight_selectors().trail_name(arn).send()
        })
        .await?;
    let sort = |selector: &InsightSelector| trail::InsightSelector {
        insight_type: selector.insight_type.as_ref().map(|sort| sort.as_str().to_owned()).unwrap_or_default(),
    };
    Ok(read.map(|out| out.insight_selectors().iter().map(sort).collect()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting, wanting_all};

    fn listed(more: &str) -> String {
        let arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/all";
        format!(
            r#"{{"trailList":[{{"Name":"all","S3BucketName":"b","HomeRegion":"us-east-1","IsMultiRegionTrail":true,
                "TrailARN":"{arn}"{more}}}]}}"#
        )
    }

    #[tokio::test]
    async fn a_trail_of_all_regions_counts_where_it_was_made_and_where_is_read_first() {
        let account = Account::new(wanting(&trail::KIND, &["kms_key_id"]), |_| (200, listed("")));
        let first = trails(account.home()).await;
        assert_eq!(first.resources[0].region(), "us-west-2");
        assert!((trail::KIND.exclusion)(&first.resources[0]).is_some(), "it is no unmanaged one there");
        assert_eq!(trails(&account.region("us-east-1")).await.resources.len(), 1);
        assert_eq!(trails(&account.region("eu-west-1")).await.resources.len(), 0);
        assert_eq!(account.calls("GetTrailStatus") + account.calls("ListTags"), 0);
    }

    #[tokio::test]
    async fn a_trail_without_selectors_of_its_own_needs_no_call_for_them() {
        let account = Account::new(wanting_all(&trail::KIND), |asked| match asked.operation.as_str() {
            "DescribeTrails" => {
                (200, listed(r#","HasCustomEventSelectors":false,"HasInsightSelectors":false"#))
            }
            "GetTrailStatus" => {
                (200, r#"{"IsLogging":true,"LatestDeliveryTime":1767225600,"LatestDeliveryError":""}"#.into())
            }
            "ListTags" => (
                200,
                r#"{"ResourceTagList":[{"ResourceId":"arn:aws:cloudtrail:us-east-1:123456789012:trail/all",
                "TagsList":[{"Key":"a","Value":"b"}]}]}"#
                    .into(),
            ),
            other => panic!("{other}"),
        });
        let harvest = trails(&account.region("us-east-1")).await;
        let found = &harvest.resources[0];
        assert_eq!(found.get(&trail::EVENT_SELECTOR), Ok(Some(Vec::new())));
        assert_eq!(found.get(&trail::LATEST_DELIVERY_ERROR), Ok(None));
        assert_eq!(found.get(&trail::LATEST_DELIVERY_TIME).unwrap().as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(found.tags()["a"], "b");
        assert!(trail::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }

    #[tokio::test]
    async fn selectors_are_told_in_the_shape_of_terraform() {
        let account = Account::new(wanting(&trail::KIND, &["event_selector"]), |asked| {
            match asked.operation.as_str() {
                "DescribeTrails" => (200, listed(r#","HasCustomEventSelectors":true"#)),
                _ => (
                    200,
                    r#"{"AdvancedEventSelectors":[{"Name":"data","FieldSelectors":[
                    {"Field":"eventCategory","Equals":["Data"]},
                    {"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]}"#
                        .into(),
                ),
            }
        });
        let harvest = trails(account.home()).await;
        let advanced = harvest.resources[0].get(&trail::ADVANCED_EVENT_SELECTOR).unwrap().unwrap();
        assert_eq!(
            advanced[0].field_selector[1].equals.as_deref(),
            Some(&["AWS::S3::Object".to_owned()][..])
        );
        assert_eq!(harvest.resources[0].get(&trail::EVENT_SELECTOR), Ok(Some(Vec::new())));
    }
}
