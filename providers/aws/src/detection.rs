//! Reads what watches an account: AWS Config, GuardDuty, Security Hub and IAM Access Analyzer.

use aws_sdk_accessanalyzer::types::{AnalyzerStatus, AnalyzerSummary, Criterion, FindingSummaryV2, Type};
use aws_sdk_config::types::{
    ConfigurationRecorder, ConfigurationRecorderStatus, DeliveryChannel, RecordingGroup, RecordingMode,
};
use aws_sdk_guardduty::types::DetectorStatus;
use aws_sdk_securityhub::operation::describe_hub::DescribeHubOutput;
use aws_sdk_securityhub::types::StandardsSubscription;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::{Value, json};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::detection::{analyzer, delivery_channel, detector, hub, recorder};
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::put_tags;
use crate::session::{Collector, Session, put_gap};

static RECORDERS: Call = Call::new("config", "DescribeConfigurationRecorders");
static RECORDER_STATUS: Call = Call::new("config", "DescribeConfigurationRecorderStatus");
static CHANNELS: Call = Call::new("config", "DescribeDeliveryChannels");
static DETECTORS: Call = Call::new("guardduty", "ListDetectors");
static DETECTOR: Call = Call::new("guardduty", "GetDetector");
static HUB: Call = Call::new("securityhub", "DescribeHub");
static ENABLED_STANDARDS: Call = Call::new("securityhub", "GetEnabledStandards");
static ANALYZERS: Call = Call::new("access-analyzer", "ListAnalyzers");
static FINDINGS: Call = Call::new("access-analyzer", "ListFindingsV2");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &recorder::KIND,
        calls: &[&RECORDERS, &RECORDER_STATUS],
        collect: |s| Box::pin(recorders(s)),
    },
    Collector { kind: &delivery_channel::KIND, calls: &[&CHANNELS], collect: |s| Box::pin(channels(s)) },
    Collector { kind: &detector::KIND, calls: &[&DETECTORS, &DETECTOR], collect: |s| Box::pin(detectors(s)) },
    Collector { kind: &hub::KIND, calls: &[&HUB, &ENABLED_STANDARDS], collect: |s| Box::pin(hubs(s)) },
    Collector { kind: &analyzer::KIND, calls: &[&ANALYZERS, &FINDINGS], collect: |s| Box::pin(analyzers(s)) },
];

fn only(gap: Gap) -> Harvest {
    Harvest { resources: Vec::new(), gaps: vec![gap] }
}

fn all(resources: Vec<Resource>) -> Harvest {
    Harvest { resources, gaps: Vec::new() }
}

async fn recorders(s: &Session) -> Harvest {
    let read = s.call(&RECORDERS, || s.configservice().describe_configuration_recorders().send()).await;
    let listed = match read {
        Ok(out) => out.configuration_recorders.unwrap_or_default(),
        Err(gap) => return only(gap),
    };
    let mut resources: Vec<Resource> = listed.iter().map(|one| recorder_resource(s, one)).collect();
    if !resources.is_empty() && s.wants_call(&recorder::KIND, &RECORDER_STATUS) {
        let read = s
            .call(&RECORDER_STATUS, || s.configservice().describe_configuration_recorder_status().send())
            .await;
        let statuses = read.map(|out| out.configuration_recorders_status.unwrap_or_default());
        for resource in &mut resources {
            put_status(resource, &statuses);
        }
    }
    all(resources)
}

fn recorder_resource(s: &Session, one: &ConfigurationRecorder) -> Resource {
    use recorder::*;
    let name = one.name.clone().unwrap_or_else(|| DEFAULT_NAME.to_owned());
    let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone());
    r.set(&NAME, name)
        .set(&RECORDING_GROUP, one.recording_group.iter().map(group).collect())
        .set(&RECORDING_MODE, one.recording_mode.iter().map(mode).collect())
        .set_opt(&ROLE_ARN, one.role_arn.clone())
        .set_opt(&SERVICE_PRINCIPAL, one.service_principal.clone());
    r
}

fn words<T>(list: &[T], word: fn(&T) -> &str) -> Vec<String> {
    list.iter().map(|one| word(one).to_owned()).collect()
}

fn group(group: &RecordingGroup) -> Value {
    let excluded = group.exclusion_by_resource_types.as_ref().map(|types| types.resource_types());
    let excluded = excluded.filter(|types| !types.is_empty());
    let strategy = group.recording_strategy.as_ref().and_then(|strategy| strategy.use_only.as_ref());
    json!({
        "all_supported": group.all_supported,
        "exclusion_by_resource_types": excluded
            .iter()
            .map(|types| json!({ "resource_types": words(types, |one| one.as_str()) }))
            .collect::<Vec<_>>(),
        "include_global_resource_types": group.include_global_resource_types,
        "recording_strategy": strategy.iter().map(|one| json!({ "use_only": one.as_str() })).collect::<Vec<_>>(),
        "resource_types": words(group.resource_types(), |one| one.as_str()),
    })
}

fn mode(mode: &RecordingMode) -> Value {
    let overrides: Vec<Value> = mode
        .recording_mode_overrides()
        .iter()
        .map(|one| {
            json!({
                "description": one.description,
                "recording_frequency": one.recording_frequency.as_str(),
                "resource_types": words(&one.resource_types, |one| one.as_str()),
            })
        })
        .collect();
    json!({ "recording_frequency": mode.recording_frequency.as_str(), "recording_mode_override": overrides })
}

fn put_status(r: &mut Resource, statuses: &Result<Vec<ConfigurationRecorderStatus>, Gap>) {
    use recorder::*;
    let found = match statuses {
        Ok(all) => all.iter().find(|status| status.name.as_deref() == Some(r.id())),
        Err(gap) => return put_gap(r, &KIND, &RECORDER_STATUS, gap),
    };
    let Some(status) = found else {
        let gap = Gap::new(RECORDER_STATUS.name(), Cause::Malformed, "the answer leaves the recorder out");
        return put_gap(r, &KIND, &RECORDER_STATUS, &gap);
    };
    r.set(&RECORDING, status.recording)
        .set_opt(&LAST_STATUS, status.last_status.as_ref().map(|word| word.as_str().to_ascii_uppercase()))
        .set_opt(&LAST_ERROR, status.last_error_message.clone().filter(|text| !text.is_empty()));
}

async fn channels(s: &Session) -> Harvest {
    match s.call(&CHANNELS, || s.configservice().describe_delivery_channels().send()).await {
        Ok(out) => all(out.delivery_channels().iter().map(|channel| channel_resource(s, channel)).collect()),
        Err(gap) => only(gap),
    }
}

fn channel_resource(s: &Session, channel: &DeliveryChannel) -> Resource {
    use delivery_channel::*;
    let name = channel.name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone());
    let properties = channel.config_snapshot_delivery_properties.as_ref();
    let frequency = properties.and_then(|properties| properties.delivery_frequency.as_ref());
    r.set(&NAME, name)
        .set_opt(&S3_BUCKET_NAME, channel.s3_bucket_name.clone())
        .set_opt(&S3_KEY_PREFIX, channel.s3_key_prefix.clone())
        .set_opt(&S3_KMS_KEY_ARN, channel.s3_kms_key_arn.clone())
        .set(
            &SNAPSHOT_DELIVERY_PROPERTIES,
            frequency.iter().map(|frequency| json!({ "delivery_frequency": frequency.as_str() })).collect(),
        )
        .set_opt(&SNS_TOPIC_ARN, channel.sns_topic_arn.clone());
    r
}

async fn detectors(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &DETECTORS,
            |token| s.guardduty().list_detectors().max_results(50).set_next_token(token).send(),
            |out| (out.detector_ids.unwrap_or_default(), out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |id| detector_resource(s, id)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn detector_resource(s: &Session, id: String) -> Resource {
    use detector::*;
    let arn = format!("arn:{}:guardduty:{}:{}:detector/{id}", s.partition(), s.region(), s.account());
    let mut r = Resource::new(s.place(), KIND.name, id.clone()).with_arn(arn.clone()).with_name(id.clone());
    r.set(&ARN, arn);
    if !s.wants_call(&KIND, &DETECTOR) {
        return r;
    }
    match s.call(&DETECTOR, || s.guardduty().get_detector().detector_id(&id).send()).await {
        Ok(out) => {
            let frequency = out.finding_publishing_frequency.as_ref().map(|word| word.as_str().to_owned());
            r.set_opt(&ENABLE, out.status.as_ref().map(|status| *status == DetectorStatus::Enabled))
                .set_opt(&FINDING_PUBLISHING_FREQUENCY, frequency);
            put_tags(&mut r, Ok(out.tags.unwrap_or_default().into_iter().collect()));
        }
        Err(gap) => put_gap(&mut r, &KIND, &DETECTOR, &gap),
    }
    r
}

/// Security Hub says with one code that an account has not turned it on, and that the account may not ask. Only the
/// text tells them apart.
fn is_off(error: &impl ProvideErrorMetadata) -> bool {
    let text = error.message().unwrap_or_default();
    matches!(error.code(), Some("InvalidAccessException" | "ResourceNotFoundException"))
        && (text.contains("not subscribed") || text.contains("not enabled"))
}

async fn hubs(s: &Session) -> Harvest {
    let read = s
        .call(&HUB, || async {
            match s.securityhub().describe_hub().send().await {
                Err(error) if is_off(&error) => Ok(None),
                other => other.map(Some),
            }
        })
        .await;
    match read {
        Ok(Some(out)) => all(vec![hub_resource(s, &out).await]),
        Ok(None) => all(Vec::new()),
        Err(gap) => only(gap),
    }
}

async fn hub_resource(s: &Session, out: &DescribeHubOutput) -> Resource {
    use hub::*;
    let mut r = Resource::new(s.place(), KIND.name, s.account()).with_name("Security Hub");
    r.arn = out.hub_arn.clone();
    r.set_opt(&ARN, out.hub_arn.clone()).set_opt(&AUTO_ENABLE_CONTROLS, out.auto_enable_controls).set_opt(
        &CONTROL_FINDING_GENERATOR,
        out.control_finding_generator.as_ref().map(|word| word.as_str().to_owned()),
    );
    if s.wants(&KIND, &hub::STANDARDS) {
        let pages = s
            .pages(
                &ENABLED_STANDARDS,
                |token| s.securityhub().get_enabled_standards().max_results(100).set_next_token(token).send(),
                |out| (out.standards_subscriptions.unwrap_or_default(), out.next_token),
            )
            .await;
        r.put(&hub::STANDARDS, pages.complete().map(|all| all.iter().map(standard).collect()));
    }
    r
}

fn standard(subscription: &StandardsSubscription) -> hub::Standard {
    hub::Standard {
        arn: subscription.standards_arn.clone().unwrap_or_default(),
        status: subscription.standards_status.as_ref().map_or("", |status| status.as_str()).to_owned(),
    }
}

async fn analyzers(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &ANALYZERS,
            |token| s.accessanalyzer().list_analyzers().set_next_token(token).send(),
            |out| (out.analyzers, out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |one| analyzer_resource(s, one)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn analyzer_resource(s: &Session, one: AnalyzerSummary) -> Resource {
    use analyzer::*;
    let mut r = Resource::new(s.place(), KIND.name, one.name.clone())
        .with_arn(one.arn.clone())
        .with_name(one.name.clone());
    r.set(&ANALYZER_NAME, one.name.clone())
        .set(&ARN, one.arn.clone())
        .set(&STATUS, one.status.as_str().to_owned())
        .set(&TYPE, one.r#type.as_str().to_owned());
    put_tags(&mut r, Ok(one.tags.unwrap_or_default().into_iter().collect()));
    if s.wants(&KIND, &EXTERNAL_ACCESS) {
        let looks =
            one.status == AnalyzerStatus::Active && matches!(one.r#type, Type::Account | Type::Organization);
        let found = if looks { external_access(s, &one.arn).await } else { Ok(Vec::new()) };
        r.put(&EXTERNAL_ACCESS, found);
    }
    r
}

/// What analyzers of these types find is access from outside, and nothing else.
async fn external_access(s: &Session, arn: &str) -> Result<Vec<analyzer::ExternalAccess>, Gap> {
    let active = Criterion::builder().eq("ACTIVE").build();
    let pages = s
        .pages(
            &FINDINGS,
            |token| {
                s.accessanalyzer()
                    .list_findings_v2()
                    .analyzer_arn(arn)
                    .filter("status", active.clone())
                    .max_results(100)
                    .set_next_token(token)
                    .send()
            },
            |out| (out.findings, out.next_token),
        )
        .await;
    let access = |finding: &FindingSummaryV2| analyzer::ExternalAccess {
        resource: finding.resource.clone().unwrap_or_else(|| finding.id.clone()),
        resource_type: finding.resource_type.as_str().to_owned(),
    };
    Ok(pages.complete()?.iter().map(access).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    #[tokio::test]
    async fn a_recorder_comes_with_its_state_and_without_one_nobody_asks_for_it() {
        let answers = |listed: &'static str| {
            Account::new(wanting_all(&recorder::KIND), move |asked| match asked.operation.as_str() {
                "DescribeConfigurationRecorders" => (200, listed.into()),
                _ => (
                    200,
                    r#"{"ConfigurationRecordersStatus":[{"name":"default","recording":true,
                    "lastStatus":"Success"}]}"#
                        .into(),
                ),
            })
        };
        let none = answers(r#"{"ConfigurationRecorders":[]}"#);
        assert_eq!(recorders(none.home()).await.resources.len(), 0);
        assert_eq!(none.calls("DescribeConfigurationRecorderStatus"), 0);
        let one = answers(
            r#"{"ConfigurationRecorders":[{"name":"default","roleARN":"arn:r","recordingGroup":{"allSupported":true,
                "includeGlobalResourceTypes":true,"resourceTypes":[]}}]}"#,
        );
        let harvest = recorders(one.home()).await;
        let found = &harvest.resources[0];
        assert_eq!(found.get(&recorder::RECORDING), Ok(Some(true)));
        assert_eq!(found.get(&recorder::LAST_STATUS).unwrap().as_deref(), Some("SUCCESS"));
        assert!(recorder::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }

    #[tokio::test]
    async fn security_hub_is_off_only_where_it_says_so() {
        let answer = |message: &'static str| {
            Account::new(wanting_all(&hub::KIND), move |_| {
                (401, format!(r#"{{"__type":"InvalidAccessException","Message":"{message}"}}"#))
            })
        };
        let off = answer("Account 123456789012 is not subscribed to AWS Security Hub");
        let harvest = hubs(off.home()).await;
        assert_eq!((harvest.resources.len(), harvest.gaps.len()), (0, 0));
        let refused = answer("There is an issue with the account used to make the request");
        assert_eq!(hubs(refused.home()).await.gaps.len(), 1);
    }

    #[tokio::test]
    async fn only_active_analyzers_of_outside_access_are_asked_for_findings() {
        let analyzer = |name: &str, sort: &str, status: &str| {
            format!(
                r#"{{"arn":"arn:aws:access-analyzer:us-west-2:1:analyzer/{name}","name":"{name}","type":"{sort}",
                    "createdAt":"2026-01-01T00:00:00Z","status":"{status}"}}"#
            )
        };
        let listed = [
            analyzer("a", "ACCOUNT", "ACTIVE"),
            analyzer("b", "ACCOUNT", "DISABLED"),
            analyzer("c", "ACCOUNT_UNUSED_ACCESS", "ACTIVE"),
        ]
        .join(",");
        let account = Account::new(wanting_all(&analyzer::KIND), move |asked| {
            if asked.target.starts_with("/analyzer/findingsv2") || asked.target.contains("findingv2") {
                return (
                    200,
                    r#"{"findings":[{"analyzedAt":"2026-01-01T00:00:00Z","id":"f",
                    "createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z","status":"ACTIVE",
                    "resource":"arn:aws:s3:::open","resourceType":"AWS::S3::Bucket",
                    "resourceOwnerAccount":"1","findingType":"ExternalAccess"}]}"#
                        .into(),
                );
            }
            (200, format!(r#"{{"analyzers":[{listed}]}}"#))
        });
        let harvest = analyzers(account.home()).await;
        let found =
            |index: usize| harvest.resources[index].get(&analyzer::EXTERNAL_ACCESS).unwrap().unwrap().len();
        assert_eq!((found(0), found(1), found(2)), (1, 0, 0));
        assert_eq!(account.calls("ListFindingsV2"), 1);
    }

    #[tokio::test]
    async fn a_detector_whose_state_is_refused_is_a_detector_of_unknown_state() {
        let account = Account::new(wanting_all(&detector::KIND), |asked| match asked.target.as_str() {
            target if target.starts_with("/detector/") => {
                (403, r#"{"__type":"AccessDeniedException","message":"no"}"#.into())
            }
            _ => (200, r#"{"detectorIds":["d1"]}"#.into()),
        });
        let harvest = detectors(account.home()).await;
        assert_eq!(harvest.resources[0].get(&detector::ENABLE).unwrap_err().cause, Cause::Denied);
        assert!(harvest.resources[0].arn.as_deref().unwrap().ends_with(":detector/d1"));
    }
}
