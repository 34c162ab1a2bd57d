//! Reads CodeBuild projects. Values of environment variables are looked at and dropped.

use std::collections::BTreeMap;

use aws_sdk_codebuild::types::{
    CacheType, EnvironmentVariable, EnvironmentVariableType, LogsConfig, Project, ProjectArtifacts,
    ProjectCache, ProjectEnvironment, ProjectSource, VpcConfig,
};
use serde_json::{Value, json};
use stateward_model::kinds::codebuild::project;
use stateward_model::kinds::common::ARN;
use stateward_model::{Cause, Gap, Harvest, Resource, secret};

use crate::call::Call;
use crate::rds::put_tags;
use crate::session::{Collector, Session, put_gap};

/// `BatchGetProjects` takes 100 names.
const BATCH: usize = 100;

static PROJECTS: Call = Call::new("codebuild", "ListProjects");
static READ: Call = Call::new("codebuild", "BatchGetProjects");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] =
    &[Collector { kind: &project::KIND, calls: &[&PROJECTS, &READ], collect: |s| Box::pin(projects(s)) }];

async fn projects(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &PROJECTS,
            |token| s.codebuild().list_projects().set_next_token(token).send(),
            |out| (out.projects.unwrap_or_default(), out.next_token),
        )
        .await;
    let chunks: Vec<Vec<String>> = pages.items.chunks(BATCH).map(<[String]>::to_vec).collect();
    let read = s.each(chunks, |names| batch(s, names)).await;
    Harvest { resources: read.into_iter().flatten().collect(), gaps: pages.gap.into_iter().collect() }
}

async fn batch(s: &Session, names: Vec<String>) -> Vec<Resource> {
    let mut resources: Vec<Resource> = names.iter().map(|name| named(s, name)).collect();
    if !s.wants_call(&project::KIND, &READ) {
        return resources;
    }
    let read =
        s.call(&READ, || s.codebuild().batch_get_projects().set_names(Some(names.clone())).send()).await;
    let found = match read {
        Ok(out) => out.projects.unwrap_or_default(),
        Err(gap) => {
            resources.iter_mut().for_each(|r| put_gap(r, &project::KIND, &READ, &gap));
            return resources;
        }
    };
    let found: BTreeMap<&str, &Project> =
        found.iter().filter_map(|project| Some((project.name.as_deref()?, project))).collect();
    let left_out = Gap::new(READ.name(), Cause::Malformed, "the answer leaves the project out");
    for r in &mut resources {
        match found.get(r.id()) {
            Some(project) => put_project(r, project),
            None => put_gap(r, &project::KIND, &READ, &left_out),
        }
    }
    resources
}

fn named(s: &Session, name: &str) -> Resource {
    let arn = format!("arn:{}:codebuild:{}:{}:project/{name}", s.partition(), s.region(), s.account());
    let mut r = Resource::new(s.place(), project::KIND.name, name).with_name(name).with_arn(arn.clone());
    r.set(&ARN, arn).set(&project::NAME, name.to_owned());
    r
}

fn put_project(r: &mut Resource, item: &Project) {
    use project::*;
    let variables = item.environment.as_ref().map(|read| read.environment_variables()).unwrap_or_default();
    r.set(&ARTIFACTS, item.artifacts.iter().map(artifacts).collect())
        .set(&BADGE_ENABLED, item.badge.as_ref().is_some_and(|badge| badge.badge_enabled))
        .set_opt(&BUILD_TIMEOUT, item.timeout_in_minutes.map(i64::from))
        .set(
            &CACHE,
            item.cache.iter().filter(|cache| cache.r#type != CacheType::NoCache).map(cache).collect(),
        )
        .set_opt(&CONCURRENT_BUILD_LIMIT, item.concurrent_build_limit.map(i64::from))
        .set(&CREDENTIAL_VARIABLES, credentials(variables))
        .set_opt(&DESCRIPTION, item.description.clone())
        .set_opt(&ENCRYPTION_KEY, item.encryption_key.clone())
        .set(&ENVIRONMENT, item.environment.iter().map(environment).collect())
        .set(&LOGS_CONFIG, item.logs_config.iter().map(logs).collect())
        .set_opt(&PROJECT_VISIBILITY, item.project_visibility.as_ref().map(|word| word.as_str().to_owned()))
        .set_opt(&QUEUED_TIMEOUT, item.queued_timeout_in_minutes.map(i64::from))
        .set_opt(&SERVICE_ROLE, item.service_role.clone())
        .set(&SOURCE, item.source.iter().map(source).collect())
        .set_opt(&SOURCE_VERSION, item.source_version.clone())
        .set(&VPC_CONFIG, item.vpc_config.iter().filter(|vpc| vpc.vpc_id.is_some()).map(network).collect());
    let tags = item.tags.iter().flatten();
    let tags = tags.filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())));
    put_tags(r, Ok(tags.collect()));
}

/// The API leaves the type of a plain variable out.
fn is_plain(variable: &EnvironmentVariable) -> bool {
    matches!(variable.r#type, None | Some(EnvironmentVariableType::Plaintext))
}

/// The plain variables whose value looks like a credential; nothing of the values is kept.
fn credentials(variables: &[EnvironmentVariable]) -> Vec<String> {
    let found =
        variables.iter().filter(|variable| is_plain(variable) && secret::looks_secret(&variable.value));
    found.map(|variable| variable.name.clone()).collect()
}

fn environment(read: &ProjectEnvironment) -> project::Environment {
    let variable = |variable: &EnvironmentVariable| project::Variable {
        name: variable.name.clone(),
        kind: variable.r#type.as_ref().map(|kind| kind.as_str().to_owned()),
    };
    project::Environment {
        certificate: read.certificate.clone(),
        compute_type: read.compute_type.as_str().to_owned(),
        environment_variable: read.environment_variables().iter().map(variable).collect(),
        image: read.image.clone(),
        image_pull_credentials_type: read
            .image_pull_credentials_type
            .as_ref()
            .map(|word| word.as_str().to_owned()),
        privileged_mode: read.privileged_mode,
        kind: read.r#type.as_str().to_owned(),
    }
}

fn artifacts(read: &ProjectArtifacts) -> Value {
    json!({
        "artifact_identifier": read.artifact_identifier,
        "bucket_owner_access": read.bucket_owner_access.as_ref().map(|word| word.as_str()),
        "encryption_disabled": read.encryption_disabled,
        "location": read.location,
        "name": read.name,
        "namespace_type": read.namespace_type.as_ref().map(|word| word.as_str()),
        "override_artifact_name": read.override_artifact_name,
        "packaging": read.packaging.as_ref().map(|word| word.as_str()),
        "path": read.path,
        "type": read.r#type.as_str(),
    })
}

fn cache(read: &ProjectCache) -> Value {
    let modes: Vec<&str> = read.modes().iter().map(|mode| mode.as_str()).collect();
    json!({
        "cache_namespace": read.cache_namespace,
        "location": read.location,
        "modes": modes,
        "type": read.r#type.as_str(),
    })
}

fn logs(read: &LogsConfig) -> Value {
    let groups = read.cloud_watch_logs.iter().map(|logs| {
        json!({ "group_name": logs.group_name, "status": logs.status.as_str(), "stream_name": logs.stream_name })
    });
    let buckets = read.s3_logs.iter().map(|logs| {
        json!({
            "bucket_owner_access": logs.bucket_owner_access.as_ref().map(|word| word.as_str()),
            "encryption_disabled": logs.encryption_disabled,
            "location": logs.location,
            "status": logs.status.as_str(),
        })
    });
    json!({ "cloudwatch_logs": groups.collect::<Value>(), "s3_logs": buckets.collect::<Value>() })
}

fn source(read: &ProjectSource) -> Value {
    let submodules = read
        .git_submodules_config
        .iter()
        .map(|config| json!({ "fetch_submodules": config.fetch_submodules }))
        .collect::<Value>();
    json!({
        "buildspec": read.buildspec,
        "git_clone_depth": read.git_clone_depth,
        "git_submodules_config": submodules,
        "insecure_ssl": read.insecure_ssl,
        "location": read.location,
        "report_build_status": read.report_build_status,
        "type": read.r#type.as_str(),
    })
}

fn network(read: &VpcConfig) -> Value {
    json!({
        "security_group_ids": read.security_group_ids(),
        "subnets": read.subnets(),
        "vpc_id": read.vpc_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    const LISTED: &str = r#"{"projects":["shop","gone"]}"#;
    const READ_ONE: &str = r#"{"projects":[{"name":"shop","environment":{"type":"LINUX_CONTAINER",
        "image":"i","computeType":"BUILD_GENERAL1_SMALL","privilegedMode":true,"environmentVariables":[
        {"name":"STAGE","value":"prod","type":"PLAINTEXT"},
        {"name":"MIRROR","value":"https://ci:hunter2@mirror.example.com/"},
        {"name":"TOKEN","value":"/ci/token","type":"PARAMETER_STORE"}]}}]}"#;

    fn answered() -> Account {
        Account::new(wanting_all(&project::KIND), |asked| match asked.operation.as_str() {
            "ListProjects" => (200, LISTED.into()),
            _ => (200, READ_ONE.into()),
        })
    }

    #[tokio::test]
    async fn no_value_of_a_variable_is_kept() {
        let account = answered();
        let harvest = projects(account.home()).await;
        let shop = &harvest.resources[0];
        assert_eq!(shop.get(&project::CREDENTIAL_VARIABLES), Ok(Some(vec!["MIRROR".to_owned()])));
        let environment = shop.get(&project::ENVIRONMENT).unwrap().unwrap().remove(0);
        assert_eq!(environment.environment_variable.len(), 3);
        assert_eq!(environment.privileged_mode, Some(true));
        let kept = format!("{harvest:?}");
        assert!(!kept.contains("hunter2") && !kept.contains("/ci/token"), "{kept}");
        assert_eq!(account.calls("BatchGetProjects"), 1);
        assert!(project::KIND.attributes.iter().all(|attr| shop.has(attr.path)));
    }

    #[tokio::test]
    async fn a_project_that_the_answer_leaves_out_is_not_known() {
        let harvest = projects(answered().home()).await;
        let gap = harvest.resources[1].get(&project::ENVIRONMENT).unwrap_err();
        assert_eq!((harvest.resources[1].id(), gap.cause), ("gone", Cause::Malformed));
        assert_eq!(harvest.resources[1].get(&project::NAME).unwrap().as_deref(), Some("gone"));
    }
}
