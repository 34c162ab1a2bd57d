//! Reads CodeDeploy: deployment groups, and how the deployments of the last 30 days ended.

use std::collections::BTreeMap;

use aws_sdk_codedeploy::types::{DeploymentGroupInfo, DeploymentInfo, TimeRange};
use aws_smithy_types::DateTime;
use stateward_model::kinds::codedeploy::{deployment, group};
use stateward_model::kinds::common::ARN;
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp, wants_tags};
use crate::session::{Collector, Session, put_gap};

/// `BatchGetDeployments` takes 25 ids, `BatchGetDeploymentGroups` 100 names.
const DEPLOYMENTS_BATCH: usize = 25;
const GROUPS_BATCH: usize = 100;
/// How far back deployments are read.
const DAYS: i64 = 30;

static APPLICATIONS: Call = Call::new("codedeploy", "ListApplications");
static GROUPS: Call = Call::new("codedeploy", "ListDeploymentGroups");
static GROUP: Call = Call::new("codedeploy", "BatchGetDeploymentGroups");
static LIST_TAGS: Call = Call::new("codedeploy", "ListTagsForResource");
static DEPLOYMENTS: Call = Call::new("codedeploy", "ListDeployments");
static DEPLOYMENT: Call = Call::new("codedeploy", "BatchGetDeployments");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &group::KIND,
        calls: &[&APPLICATIONS, &GROUPS, &GROUP, &LIST_TAGS],
        collect: |s| Box::pin(groups(s)),
    },
    Collector {
        kind: &deployment::KIND,
        calls: &[&DEPLOYMENTS, &DEPLOYMENT],
        collect: |s| Box::pin(deployments(s)),
    },
];

async fn groups(s: &Session) -> Harvest {
    let applications = s
        .pages(
            &APPLICATIONS,
            |token| s.codedeploy().list_applications().set_next_token(token).send(),
            |out| (out.applications.unwrap_or_default(), out.next_token),
        )
        .await;
    let mut gaps: Vec<Gap> = applications.gap.into_iter().collect();
    let listed = s
        .each(applications.items, |application| async move {
            let pages = s
                .pages(
                    &GROUPS,
                    |token| {
                        s.codedeploy()
                            .list_deployment_groups()
                            .application_name(&application)
                            .set_next_token(token)
                            .send()
                    },
                    |out| (out.deployment_groups.unwrap_or_default(), out.next_token),
                )
                .await;
            (application, pages)
        })
        .await;
    let mut chunks = Vec::new();
    for (application, pages) in listed {
        gaps.extend(pages.gap);
        chunks.extend(pages.items.chunks(GROUPS_BATCH).map(|names| (application.clone(), names.to_vec())));
    }
    let read = s.each(chunks, |(application, names)| group_batch(s, application, names)).await;
    let resources = s.each(read.into_iter().flatten().collect(), |r| with_tags(s, r)).await;
    Harvest { resources, gaps }
}

async fn group_batch(s: &Session, application: String, names: Vec<String>) -> Vec<Resource> {
    use group::*;
    let mut resources: Vec<Resource> = names
        .iter()
        .map(|name| {
            let arn = format!(
                "arn:{}:codedeploy:{}:{}:deploymentgroup:{application}/{name}",
                s.partition(),
                s.region(),
                s.account()
            );
            let mut r = Resource::new(s.place(), KIND.name, id_of(&application, name))
                .with_name(name.clone())
                .with_arn(arn.clone());
            r.set(&ARN, arn).set(&APP_NAME, application.clone()).set(&DEPLOYMENT_GROUP_NAME, name.clone());
            r
        })
        .collect();
    if !s.wants_call(&KIND, &GROUP) {
        return resources;
    }
    let read = s
        .call(&GROUP, || {
            s.codedeploy()
                .batch_get_deployment_groups()
                .application_name(&application)
                .set_deployment_group_names(Some(names.clone()))
                .send()
        })
        .await;
    let found = match read {
        Ok(out) => out.deployment_groups_info.unwrap_or_default(),
        Err(gap) => {
            resources.iter_mut().for_each(|r| put_gap(r, &KIND, &GROUP, &gap));
            return resources;
        }
    };
    let found: BTreeMap<String, &DeploymentGroupInfo> = found
        .iter()
        .filter_map(|info| Some((id_of(&application, info.deployment_group_name.as_deref()?), info)))
        .collect();
    let left_out = Gap::new(GROUP.name(), Cause::Malformed, "the answer leaves the deployment group out");
    for r in &mut resources {
        match found.get(r.id()) {
            Some(info) => put_group(r, info),
            None => put_gap(r, &KIND, &GROUP, &left_out),
        }
    }
    resources
}

fn put_group(r: &mut Resource, info: &DeploymentGroupInfo) {
    use group::*;
    let rollback = info.auto_rollback_configuration.as_ref().map(|read| AutoRollback {
        enabled: Some(read.enabled),
        events: read.events().iter().map(|event| event.as_str().to_owned()).collect(),
    });
    let scaling = info.auto_scaling_groups().iter().filter_map(|found| found.name.clone());
    r.set(&AUTO_ROLLBACK_CONFIGURATION, rollback.into_iter().collect())
        .set(&AUTOSCALING_GROUPS, scaling.collect())
        .set_opt(&DEPLOYMENT_CONFIG_NAME, info.deployment_config_name.clone())
        .set(&ECS_SERVICE, info.ecs_services().iter().map(ecs_service).collect())
        .set_opt(&SERVICE_ROLE_ARN, info.service_role_arn.clone());
}

fn ecs_service(read: &aws_sdk_codedeploy::types::EcsService) -> group::EcsService {
    group::EcsService {
        cluster_name: read.cluster_name.clone().unwrap_or_default(),
        service_name: read.service_name.clone().unwrap_or_default(),
    }
}

async fn with_tags(s: &Session, mut r: Resource) -> Resource {
    if !wants_tags(s, &group::KIND) {
        return r;
    }
    let arn = r.arn.clone().unwrap_or_default();
    let pages = s
        .pages(
            &LIST_TAGS,
            |token| s.codedeploy().list_tags_for_resource().resource_arn(&arn).set_next_token(token).send(),
            |out| (out.tags.unwrap_or_default(), out.next_token),
        )
        .await;
    let pairs = pages.complete().map(|tags| {
        let tags = tags.into_iter();
        tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
    });
    put_tags(&mut r, pairs);
    r
}

/// The last 30 days, by the time of the run.
fn lately(now: i64) -> TimeRange {
    TimeRange::builder().start(DateTime::from_secs(now - DAYS * 86_400)).build()
}

async fn deployments(s: &Session) -> Harvest {
    let range = s.observed_at().map(lately);
    let pages = s
        .pages(
            &DEPLOYMENTS,
            |token| {
                s.codedeploy()
                    .list_deployments()
                    .set_create_time_range(range.clone())
                    .set_next_token(token)
                    .send()
            },
            |out| (out.deployments.unwrap_or_default(), out.next_token),
        )
        .await;
    let chunks: Vec<Vec<String>> = pages.items.chunks(DEPLOYMENTS_BATCH).map(<[String]>::to_vec).collect();
    let read = s.each(chunks, |ids| deployment_batch(s, ids)).await;
    Harvest { resources: read.into_iter().flatten().collect(), gaps: pages.gap.into_iter().collect() }
}

async fn deployment_batch(s: &Session, ids: Vec<String>) -> Vec<Resource> {
    use deployment::KIND;
    let mut resources: Vec<Resource> =
        ids.iter().map(|id| Resource::new(s.place(), KIND.name, id.clone())).collect();
    if !s.wants_call(&KIND, &DEPLOYMENT) {
        return resources;
    }
    let read = s
        .call(&DEPLOYMENT, || {
            s.codedeploy().batch_get_deployments().set_deployment_ids(Some(ids.clone())).send()
        })
        .await;
    let found = match read {
        Ok(out) => out.deployments_info.unwrap_or_default(),
        Err(gap) => {
            resources.iter_mut().for_each(|r| put_gap(r, &KIND, &DEPLOYMENT, &gap));
            return resources;
        }
    };
    let found: BTreeMap<&str, &DeploymentInfo> =
        found.iter().filter_map(|info| Some((info.deployment_id.as_deref()?, info))).collect();
    let left_out = Gap::new(DEPLOYMENT.name(), Cause::Malformed, "the answer leaves the deployment out");
    for r in &mut resources {
        match found.get(r.id()) {
            Some(info) => put_deployment(r, info),
            None => put_gap(r, &KIND, &DEPLOYMENT, &left_out),
        }
    }
    resources
}

fn put_deployment(r: &mut Resource, info: &DeploymentInfo) {
    use deployment::*;
    r.set_opt(&APPLICATION, info.application_name.clone())
        .set_opt(&COMPLETED_AT, info.complete_time.as_ref().and_then(stamp))
        .set_opt(&CREATED_AT, info.create_time.as_ref().and_then(stamp))
        .set_opt(&GROUP, info.deployment_group_name.clone())
        .set_opt(&STATUS, info.status.as_ref().map(|status| status.as_str().to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    #[tokio::test]
    async fn deployments_are_read_in_batches_and_from_the_last_30_days() {
        let ids: Vec<String> = (0..30).map(|number| format!("d-{number}")).collect();
        let listed = serde_json::json!({ "deployments": ids }).to_string();
        let account = Account::new(wanting_all(&deployment::KIND), move |asked| {
            if asked.operation == "ListDeployments" {
                // 2025-12-03T03:04:05Z, 30 days before the run.
                assert!(asked.body.contains(r#""createTimeRange":{"start":1764731045"#), "{}", asked.body);
                return (200, listed.clone());
            }
            let asked: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
            let infos: Vec<_> = asked["deploymentIds"].as_array().unwrap().iter().map(|id| {
                serde_json::json!({ "deploymentId": id, "applicationName": "shop", "deploymentGroupName": "blue",
                    "status": "Failed", "createTime": 1767225600, "completeTime": 1767225660 })
            }).collect();
            (200, serde_json::json!({ "deploymentsInfo": infos }).to_string())
        });
        let harvest = deployments(account.home()).await;
        assert_eq!((harvest.resources.len(), account.calls("BatchGetDeployments")), (30, 2));
        let found = &harvest.resources[29];
        assert_eq!(found.get(&deployment::STATUS).unwrap().as_deref(), Some("Failed"));
        assert_eq!(found.get(&deployment::COMPLETED_AT).unwrap().as_deref(), Some("2026-01-01T00:01:00Z"));
    }

    #[tokio::test]
    async fn a_group_is_known_though_it_cannot_be_looked_into() {
        let account = Account::new(wanting_all(&group::KIND), |asked| match asked.operation.as_str() {
            "ListApplications" => (200, r#"{"applications":["shop"]}"#.to_owned()),
            "ListDeploymentGroups" => {
                (200, r#"{"applicationName":"shop","deploymentGroups":["blue"]}"#.to_owned())
            }
            "ListTagsForResource" => (200, r#"{"Tags":[{"Key":"Environment","Value":"prod"}]}"#.to_owned()),
            _ => (400, r#"{"__type":"AccessDeniedException"}"#.to_owned()),
        });
        let found = groups(account.home()).await.resources.remove(0);
        assert_eq!(found.id(), "shop:blue");
        assert_eq!(found.tags()["Environment"], "prod");
        let gap = found.get(&group::AUTO_ROLLBACK_CONFIGURATION).unwrap_err();
        assert_eq!(gap.cause, Cause::Denied);
    }
}
