//! Reads Systems Manager: which instances it manages, how they are patched, and parameters without their values.

use std::collections::BTreeMap;

use aws_sdk_ssm::types::{
    ComplianceQueryOperatorType, ComplianceStringFilter, InstanceInformation, ParameterMetadata,
    ResourceComplianceSummaryItem, ResourceTypeForTagging, Tag,
};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::ssm::{managed_instance, parameter};
use stateward_model::{Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp, wants_tags};
use crate::session::{Collector, Session};

/// Listings of Systems Manager allow 50 items a page.
const PAGE: i32 = 50;

static INSTANCES: Call = Call::new("ssm", "DescribeInstanceInformation");
static COMPLIANCE: Call = Call::new("ssm", "ListResourceComplianceSummaries");
static PARAMETERS: Call = Call::new("ssm", "DescribeParameters").quota(3, 5);
static LIST_TAGS: Call = Call::new("ssm", "ListTagsForResource");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &managed_instance::KIND,
        calls: &[&INSTANCES, &COMPLIANCE],
        collect: |s| Box::pin(managed_instances(s)),
    },
    Collector {
        kind: &parameter::KIND,
        calls: &[&PARAMETERS, &LIST_TAGS],
        collect: |s| Box::pin(parameters(s)),
    },
];

async fn managed_instances(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &INSTANCES,
            |token| s.ssm().describe_instance_information().max_results(PAGE).set_next_token(token).send(),
            |out| (out.instance_information_list.unwrap_or_default(), out.next_token),
        )
        .await;
    let mut resources: Vec<Resource> = pages.items.iter().map(|one| instance_resource(s, one)).collect();
    if !resources.is_empty() && s.wants_call(&managed_instance::KIND, &COMPLIANCE) {
        let patched = patch_states(s).await;
        for resource in &mut resources {
            let status = patched.clone().map(|all| all.get(resource.id()).cloned());
            resource.put_opt(&managed_instance::PATCH_STATUS, status);
        }
    }
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

fn instance_resource(s: &Session, one: &InstanceInformation) -> Resource {
    use managed_instance::*;
    let id = one.instance_id.clone().unwrap_or_default();
    let name = one.computer_name.clone().or_else(|| one.name.clone()).unwrap_or_else(|| id.clone());
    let mut r = Resource::new(s.place(), KIND.name, id).with_name(name);
    r.set_opt(&AGENT_VERSION, one.agent_version.clone())
        .set_opt(&LAST_PING, one.last_ping_date_time.as_ref().and_then(stamp))
        .set_opt(&PING_STATUS, one.ping_status.as_ref().map(|status| status.as_str().to_owned()));
    r
}

/// By instance, whether it is patched as its baseline wants it.
async fn patch_states(s: &Session) -> Result<BTreeMap<String, String>, Gap> {
    let patches = ComplianceStringFilter::builder()
        .key("ComplianceType")
        .values("Patch")
        .r#type(ComplianceQueryOperatorType::Equal)
        .build();
    let pages = s
        .pages(
            &COMPLIANCE,
            |token| {
                s.ssm()
                    .list_resource_compliance_summaries()
                    .filters(patches.clone())
                    .max_results(PAGE)
                    .set_next_token(token)
                    .send()
            },
            |out| (out.resource_compliance_summary_items.unwrap_or_default(), out.next_token),
        )
        .await;
    let of_patches = |item: &ResourceComplianceSummaryItem| item.compliance_type.as_deref() == Some("Patch");
    let state =
        |item: ResourceComplianceSummaryItem| Some((item.resource_id?, item.status?.as_str().to_owned()));
    Ok(pages.complete()?.into_iter().filter(of_patches).filter_map(state).collect())
}

async fn parameters(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &PARAMETERS,
            |token| s.ssm().describe_parameters().max_results(PAGE).set_next_token(token).send(),
            |out| (out.parameters.unwrap_or_default(), out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |one| parameter_resource(s, one)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn parameter_resource(s: &Session, one: ParameterMetadata) -> Resource {
    use parameter::*;
    let name = one.name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone());
    r.arn = one.arn.clone();
    r.set_opt(&ALLOWED_PATTERN, one.allowed_pattern.clone().filter(|pattern| !pattern.is_empty()))
        .set_opt(&ARN, one.arn.clone())
        .set_opt(&DATA_TYPE, one.data_type.clone())
        .set_opt(&DESCRIPTION, one.description.clone())
        .set_opt(&KEY_ID, one.key_id.clone())
        .set(&NAME, name.clone())
        .set_opt(&TIER, one.tier.as_ref().map(|tier| tier.as_str().to_owned()))
        .set_opt(&TYPE, one.r#type.as_ref().map(|sort| sort.as_str().to_owned()));
    if wants_tags(s, &KIND) {
        let read = s
            .call(&LIST_TAGS, || {
                s.ssm()
                    .list_tags_for_resource()
                    .resource_type(ResourceTypeForTagging::Parameter)
                    .resource_id(&name)
                    .send()
            })
            .await;
        put_tags(&mut r, read.map(|out| tags(out.tag_list())));
    }
    r
}

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    list.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    #[tokio::test]
    async fn an_instance_without_a_patch_state_has_none_and_an_empty_fleet_is_not_asked_about() {
        let account = |fleet: &'static str| {
            Account::new(wanting_all(&managed_instance::KIND), move |asked| match asked.operation.as_str() {
                "DescribeInstanceInformation" => (200, fleet.into()),
                _ => (
                    200,
                    r#"{"ResourceComplianceSummaryItems":[
                    {"ResourceId":"i-1","ComplianceType":"Patch","Status":"NON_COMPLIANT"},
                    {"ResourceId":"i-2","ComplianceType":"Association","Status":"COMPLIANT"}]}"#
                        .into(),
                ),
            })
        };
        let none = account(r#"{"InstanceInformationList":[]}"#);
        assert_eq!(managed_instances(none.home()).await.resources.len(), 0);
        assert_eq!(none.calls("ListResourceComplianceSummaries"), 0);
        let two = account(
            r#"{"InstanceInformationList":[{"InstanceId":"i-1","PingStatus":"Online"},
                {"InstanceId":"i-2","PingStatus":"ConnectionLost"}]}"#,
        );
        let harvest = managed_instances(two.home()).await;
        let patched = |index: usize| harvest.resources[index].get(&managed_instance::PATCH_STATUS).unwrap();
        assert_eq!((patched(0).as_deref(), patched(1)), (Some("NON_COMPLIANT"), None));
    }

    #[tokio::test]
    async fn a_parameter_comes_without_its_value() {
        let account = Account::new(wanting_all(&parameter::KIND), |asked| match asked.operation.as_str() {
            "DescribeParameters" => (
                200,
                r#"{"Parameters":[{"Name":"/a","Type":"SecureString","KeyId":"alias/aws/ssm"}]}"#.into(),
            ),
            "ListTagsForResource" => (200, r#"{"TagList":[{"Key":"a","Value":"b"}]}"#.into()),
            other => panic!("{other}"),
        });
        let harvest = parameters(account.home()).await;
        assert_eq!(harvest.resources[0].tags()["a"], "b");
        assert!(parameter::KIND.attributes.iter().all(|attr| harvest.resources[0].has(attr.path)));
    }
}
