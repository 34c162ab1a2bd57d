//! Reads ECR: repositories, and what holds for the registry of the region.

use std::collections::BTreeMap;

use aws_sdk_ecr::types::{
    ImageDetail, RegistryScanningConfiguration, ReplicationConfiguration, Repository, Tag,
};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::ecr::{Filter, REGISTRY_ID, registry_scanning, replication, repository};
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp, wants_tags};
use crate::session::{Collector, Session};

/// The listings of ECR allow 1000 items a page.
const PAGE: i32 = 1000;

static REPOSITORIES: Call = Call::new("ecr", "DescribeRepositories");
static LIST_TAGS: Call = Call::new("ecr", "ListTagsForResource");
static LIFECYCLE: Call = Call::new("ecr", "GetLifecyclePolicy");
static REPOSITORY_POLICY: Call = Call::new("ecr", "GetRepositoryPolicy");
static LIST_IMAGES: Call = Call::new("ecr", "DescribeImages");
static REGISTRY: Call = Call::new("ecr", "DescribeRegistry");
static SCANNING: Call = Call::new("ecr", "GetRegistryScanningConfiguration");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &repository::KIND,
        calls: &[&REPOSITORIES, &LIST_TAGS, &LIFECYCLE, &REPOSITORY_POLICY, &LIST_IMAGES],
        collect: |s| Box::pin(repositories(s)),
    },
    Collector { kind: &replication::KIND, calls: &[&REGISTRY], collect: |s| Box::pin(replication_rules(s)) },
    Collector {
        kind: &registry_scanning::KIND,
        calls: &[&SCANNING],
        collect: |s| Box::pin(scanning_rules(s)),
    },
];

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    list.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

async fn repositories(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &REPOSITORIES,
            |token| s.ecr().describe_repositories().max_results(PAGE).set_next_token(token).send(),
            |out| (out.repositories.unwrap_or_default(), out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |item| repository_resource(s, item)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn repository_resource(s: &Session, item: Repository) -> Resource {
    use repository::*;
    let name = item.repository_name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone());
    r.arn = item.repository_arn.clone();
    put_listed(&mut r, &item);
    if wants_tags(s, &KIND) {
        let arn = item.repository_arn.clone().unwrap_or_default();
        let read = s.call(&LIST_TAGS, || s.ecr().list_tags_for_resource().resource_arn(&arn).send()).await;
        put_tags(&mut r, read.map(|out| tags(out.tags())));
    }
    if s.wants(&KIND, &LIFECYCLE_POLICY) {
        let read = s
            .call_or_none(&LIFECYCLE, &["LifecyclePolicyNotFoundException"], || {
                s.ecr().get_lifecycle_policy().repository_name(&name).send()
            })
            .await;
        r.put_opt(&LIFECYCLE_POLICY, read.map(|out| out.and_then(|out| out.lifecycle_policy_text)));
    }
    if s.wants(&KIND, &POLICY) {
        let read = s
            .call_or_none(&REPOSITORY_POLICY, &["RepositoryPolicyNotFoundException"], || {
                s.ecr().get_repository_policy().repository_name(&name).send()
            })
            .await;
        r.put_opt(&POLICY, read.map(|out| out.and_then(|out| out.policy_text)));
    }
    if s.wants(&KIND, &IMAGES) {
        let pages = s
            .pages(
                &LIST_IMAGES,
                |token| {
                    s.ecr()
                        .describe_images()
                        .repository_name(&name)
                        .max_results(PAGE)
                        .set_next_token(token)
                        .send()
                },
                |out| (out.image_details.unwrap_or_default(), out.next_token),
            )
            .await;
        r.put(&IMAGES, pages.complete().map(|all| all.iter().map(image).collect()));
    }
    r
}

fn put_listed(r: &mut Resource, item: &Repository) {
    use repository::*;
    let encryption = item.encryption_configuration.as_ref().map(|encryption| Encryption {
        encryption_type: Some(encryption.encryption_type.as_str().to_owned()),
        kms_key: encryption.kms_key.clone(),
    });
    let scanning = item.image_scanning_configuration.as_ref();
    let scanning = scanning.map(|scanning| Scanning { scan_on_push: scanning.scan_on_push });
    let excluded = item.image_tag_mutability_exclusion_filters().iter();
    let excluded = excluded.map(|one| filter(&one.filter, one.filter_type.as_str()));
    r.set_opt(&ARN, item.repository_arn.clone())
        .set_opt(&CREATED_AT, item.created_at.as_ref().and_then(stamp))
        .set(&ENCRYPTION_CONFIGURATION, encryption.into_iter().collect())
        .set(&IMAGE_SCANNING_CONFIGURATION, scanning.into_iter().collect())
        .set_opt(
            &IMAGE_TAG_MUTABILITY,
            item.image_tag_mutability.as_ref().map(|setting| setting.as_str().to_owned()),
        )
        .set(&IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER, excluded.collect())
        .set_opt(&NAME, item.repository_name.clone())
        .set_opt(&REGISTRY_ID, item.registry_id.clone())
        .set_opt(&REPOSITORY_URL, item.repository_uri.clone());
}

fn filter(filter: &str, filter_type: &str) -> Filter {
    Filter { filter: filter.to_owned(), filter_type: filter_type.to_owned() }
}

fn image(detail: &ImageDetail) -> repository::Image {
    let mut tags = detail.image_tags().to_vec();
    tags.sort();
    repository::Image {
        digest: detail.image_digest.clone().unwrap_or_default(),
        tags,
        pushed_at: detail.image_pushed_at.as_ref().and_then(stamp),
    }
}

async fn replication_rules(s: &Session) -> Harvest {
    use replication::*;
    let out = match s.call(&REGISTRY, || s.ecr().describe_registry().send()).await {
        Ok(out) => out,
        Err(gap) => return Harvest::failed(gap),
    };
    let Some(rules) = out.replication_configuration.filter(|config| !config.rules.is_empty()) else {
        return Harvest::default();
    };
    let id = out.registry_id.unwrap_or_else(|| s.account().to_owned());
    let mut r = Resource::new(s.place(), KIND.name, id.clone()).with_name(id.clone());
    r.set(&REGISTRY_ID, id).set(&REPLICATION_CONFIGURATION, vec![configuration(&rules)]);
    Harvest { resources: vec![r], gaps: Vec::new() }
}

fn configuration(config: &ReplicationConfiguration) -> replication::Configuration {
    let rule = |rule: &aws_sdk_ecr::types::ReplicationRule| replication::Rule {
        destination: rule
            .destinations
            .iter()
            .map(|to| replication::Destination {
                region: to.region.clone(),
                registry_id: to.registry_id.clone(),
            })
            .collect(),
        repository_filter: rule
            .repository_filters()
            .iter()
            .map(|one| filter(&one.filter, one.filter_type.as_str()))
            .collect(),
    };
    replication::Configuration { rule: config.rules.iter().map(rule).collect() }
}

async fn scanning_rules(s: &Session) -> Harvest {
    use registry_scanning::*;
    let out = match s.call(&SCANNING, || s.ecr().get_registry_scanning_configuration().send()).await {
        Ok(out) => out,
        Err(gap) => return Harvest::failed(gap),
    };
    let id = out.registry_id.unwrap_or_else(|| s.account().to_owned());
    let mut r = Resource::new(s.place(), KIND.name, id.clone()).with_name(id.clone());
    let config = out.scanning_configuration.as_ref();
    r.set(&REGISTRY_ID, id).set(&RULE, config.map(scan_rules).unwrap_or_default()).set_opt(
        &SCAN_TYPE,
        config.and_then(|config| config.scan_type.as_ref()).map(|kind| kind.as_str().to_owned()),
    );
    Harvest { resources: vec![r], gaps: Vec::new() }
}

fn scan_rules(config: &RegistryScanningConfiguration) -> Vec<registry_scanning::Rule> {
    let filters = |rule: &aws_sdk_ecr::types::RegistryScanningRule| {
        let filters = rule.repository_filters.iter();
        filters.map(|one| filter(&one.filter, one.filter_type.as_str())).collect()
    };
    config
        .rules()
        .iter()
        .map(|rule| registry_scanning::Rule {
            scan_frequency: rule.scan_frequency.as_str().to_owned(),
            repository_filter: filters(rule),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};
    use aws_sdk_ecr::types::{
        EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ReplicationDestination,
        ReplicationRule,
    };
    use serde_json::json;
    use stateward_model::{Comparison, Place, compare};

    #[test]
    fn a_repository_with_aws_s_own_encryption_is_the_declared_one() {
        let encryption =
            EncryptionConfiguration::builder().encryption_type(EncryptionType::Aes256).build().unwrap();
        let item = Repository::builder()
            .repository_name("app")
            .encryption_configuration(encryption)
            .image_scanning_configuration(ImageScanningConfiguration::builder().scan_on_push(true).build())
            .build();
        let mut r = Resource::new(Place::new("1", "r"), repository::KIND.name, "app");
        put_listed(&mut r, &item);
        let attr = repository::ENCRYPTION_CONFIGURATION.any();
        let declared = json!([{ "encryption_type": "AES256", "kms_key": "" }]);
        let result = compare(&attr, &declared, r.raw("encryption_configuration").unwrap());
        assert!(!matches!(result, Comparison::Changed(_)));
        assert!(r.get(&repository::IMAGE_SCANNING_CONFIGURATION).unwrap().unwrap()[0].scan_on_push);
    }

    #[test]
    fn replication_names_region_and_account() {
        let to = ReplicationDestination::builder().region("us-east-1").registry_id("1").build().unwrap();
        let rule = ReplicationRule::builder().destinations(to).build().unwrap();
        let config = ReplicationConfiguration::builder().rules(rule).build().unwrap();
        assert_eq!(
            serde_json::to_value(configuration(&config)).unwrap(),
            json!({ "rule": [{
                "destination": [{ "region": "us-east-1", "registry_id": "1" }],
                "repository_filter": [],
            }] })
        );
    }

    #[tokio::test]
    async fn a_registry_that_copies_nothing_has_no_replication() {
        let none = r#"{"registryId":"123456789012","replicationConfiguration":{"rules":[]}}"#;
        let account = Account::new(wanting_all(&replication::KIND), move |_| (200, none.to_owned()));
        assert_eq!(replication_rules(account.home()).await, Harvest::default());
        let refused = |_: &crate::canned::Asked| (400, r#"{"__type":"AccessDeniedException"}"#.to_owned());
        let account = Account::new(wanting_all(&replication::KIND), refused);
        assert_eq!(replication_rules(account.home()).await.gaps.len(), 1);
    }

    #[tokio::test]
    async fn a_repository_without_policies_has_none_and_a_refusal_is_not_none() {
        let account = Account::new(wanting_all(&repository::KIND), |asked| match asked.operation.as_str() {
            "DescribeRepositories" => (200, r#"{"repositories":[{"repositoryName":"app"}]}"#.into()),
            "GetLifecyclePolicy" => (400, r#"{"__type":"LifecyclePolicyNotFoundException"}"#.into()),
            "GetRepositoryPolicy" => (400, r#"{"__type":"AccessDeniedException"}"#.into()),
            "DescribeImages" => {
                let image = r#"{"imageDigest":"sha256:1","imageTags":["b","a"],"imagePushedAt":0}"#;
                (200, format!(r#"{{"imageDetails":[{image}]}}"#))
            }
            _ => (200, r#"{"tags":[]}"#.into()),
        });
        let harvest = repositories(account.home()).await;
        let [found] = harvest.resources.as_slice() else { panic!("one repository") };
        assert_eq!(found.get(&repository::LIFECYCLE_POLICY), Ok(None));
        assert!(found.get(&repository::POLICY).is_err());
        assert_eq!(found.get(&repository::IMAGES).unwrap().unwrap()[0].tags, ["a", "b"]);
        assert!(
            repository::KIND
                .attributes
                .iter()
                .all(|attr| attr.path == "force_delete" || found.has(attr.path))
        );
    }
}
