//! Reads what is known about secrets, never their values.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::types::{ReplicationStatusType, RotationRulesType, SecretListEntry, Tag};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::secretsmanager::secret;
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp};
use crate::session::{Collector, Session};

/// `ListSecrets` allows 100 secrets a page.
const PAGE: i32 = 100;

const QUOTAS: &str = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html";

static SECRETS: Call = Call::new("secretsmanager", "ListSecrets").quota(50, 50).docs(QUOTAS);
static SECRET: Call = Call::new("secretsmanager", "DescribeSecret").quota(50, 100).docs(QUOTAS);
static RESOURCE_POLICY: Call = Call::new("secretsmanager", "GetResourcePolicy").quota(25, 50).docs(QUOTAS);

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &secret::KIND,
    calls: &[&SECRETS, &SECRET, &RESOURCE_POLICY],
    collect: |s| Box::pin(secrets(s)),
}];

async fn secrets(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &SECRETS,
            |token| {
                s.secretsmanager()
                    .list_secrets()
                    .include_planned_deletion(false)
                    .max_results(PAGE)
                    .set_next_token(token)
                    .send()
            },
            |out| (out.secret_list.unwrap_or_default(), out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |entry| secret_resource(s, entry)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn secret_resource(s: &Session, entry: SecretListEntry) -> Resource {
    use secret::*;
    let arn = entry.arn.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, arn.clone())
        .with_arn(arn.clone())
        .with_name(entry.name.clone().unwrap_or_default());
    put_listed(&mut r, &entry);
    if s.wants(&KIND, &REPLICA) {
        let read = s.call(&SECRET, || s.secretsmanager().describe_secret().secret_id(&arn).send()).await;
        r.put(&REPLICA, read.map(|out| out.replication_status().iter().map(replica).collect()));
    }
    if s.wants(&KIND, &POLICY) {
        let read = s
            .call(&RESOURCE_POLICY, || s.secretsmanager().get_resource_policy().secret_id(&arn).send())
            .await;
        r.put_opt(&POLICY, read.map(|out| out.resource_policy));
    }
    r
}

fn put_listed(r: &mut Resource, entry: &SecretListEntry) {
    use secret::*;
    let rotated = entry.rotation_enabled == Some(true);
    // A rotation that was turned off keeps its function and its rules; Terraform has none then.
    let lambda = entry.rotation_lambda_arn.clone().filter(|_| rotated);
    let rules: Vec<RotationRules> =
        entry.rotation_rules.iter().filter(|_| rotated).map(rotation_rules).collect();
    let rotation = Rotation { rotation_lambda_arn: lambda.clone(), rotation_rules: rules.clone() };
    r.set_opt(&ARN, entry.arn.clone())
        .set_opt(&NAME, entry.name.clone())
        .set_opt(&DESCRIPTION, entry.description.clone())
        .set_opt(&KMS_KEY_ID, entry.kms_key_id.clone())
        .set(&ROTATION_ENABLED, rotated)
        .set_opt(&ROTATION_LAMBDA_ARN, lambda)
        .set(&ROTATION_RULES, rules)
        .set(&ROTATION, if rotated { vec![rotation] } else { Vec::new() })
        .set(&VERSIONS, versions(entry, rotated))
        .set_opt(&OWNING_SERVICE, entry.owning_service.clone())
        .set_opt(&PRIMARY_REGION, entry.primary_region.clone())
        .set_opt(&LAST_CHANGED, entry.last_changed_date.as_ref().and_then(stamp))
        .set_opt(&LAST_ROTATED, entry.last_rotated_date.as_ref().and_then(stamp))
        .set_opt(&LAST_ACCESSED, entry.last_accessed_date.as_ref().and_then(stamp));
    put_tags(r, Ok(tags(entry.tags())));
}

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    list.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()))).collect()
}

fn rotation_rules(rules: &RotationRulesType) -> secret::RotationRules {
    secret::RotationRules {
        automatically_after_days: rules.automatically_after_days,
        duration: rules.duration.clone(),
        schedule_expression: rules.schedule_expression.clone(),
    }
}

/// The listing names each version that has a label, and a version without one is on its way out.
fn versions(entry: &SecretListEntry, rotated: bool) -> Vec<secret::Version> {
    let labelled: BTreeMap<_, _> = entry.secret_versions_to_stages.iter().flatten().collect();
    labelled
        .into_iter()
        .map(|(id, stages)| {
            let mut stages = stages.clone();
            stages.sort();
            secret::Version { version_id: id.clone(), stages, rotated }
        })
        .collect()
}

fn replica(status: &ReplicationStatusType) -> secret::Replica {
    secret::Replica {
        region: status.region.clone().unwrap_or_default(),
        kms_key_id: status.kms_key_id.clone(),
        status: status.status.as_ref().map(|status| status.as_str().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting, wanting_all};
    use stateward_model::Place;

    fn read(entry: &SecretListEntry) -> Resource {
        let mut r = Resource::new(Place::new("1", "r"), secret::KIND.name, "arn:s");
        put_listed(&mut r, entry);
        r
    }

    #[test]
    fn a_rotation_that_was_turned_off_is_none() {
        let rules = RotationRulesType::builder().automatically_after_days(30).build();
        let entry = SecretListEntry::builder().rotation_lambda_arn("arn:f").rotation_rules(rules);
        let off = read(&entry.clone().rotation_enabled(false).build());
        assert_eq!(off.get(&secret::ROTATION_LAMBDA_ARN), Ok(None));
        assert_eq!(off.get(&secret::ROTATION), Ok(Some(Vec::new())));
        let on = read(&entry.rotation_enabled(true).build());
        let rotation = on.get(&secret::ROTATION).unwrap().unwrap();
        assert_eq!(rotation[0].rotation_lambda_arn.as_deref(), Some("arn:f"));
        assert_eq!(rotation[0].rotation_rules[0].automatically_after_days, Some(30));
    }

    #[test]
    fn versions_are_known_by_their_labels() {
        let entry = SecretListEntry::builder()
            .secret_versions_to_stages("v2", vec!["blue".into(), "AWSCURRENT".into()])
            .secret_versions_to_stages("v1", vec!["AWSPREVIOUS".into()])
            .build();
        let versions = read(&entry).get(&secret::VERSIONS).unwrap().unwrap();
        let plain: Vec<_> = versions.iter().map(|v| (v.version_id.as_str(), v.stages.join(","))).collect();
        assert_eq!(plain, [("v1", "AWSPREVIOUS".to_owned()), ("v2", "AWSCURRENT,blue".to_owned())]);
        assert_eq!(read(&SecretListEntry::builder().build()).get(&secret::VERSIONS), Ok(Some(Vec::new())));
    }

    const ONE_SECRET: &str =
        r#"{"SecretList":[{"ARN":"arn:s","Name":"s","Tags":[{"Key":"a","Value":"b"}]}]}"#;

    #[tokio::test]
    async fn a_secret_costs_one_listing_until_more_is_wanted() {
        let account = Account::new(wanting(&secret::KIND, &["tags_all", "rotation_enabled"]), |asked| {
            assert!(asked.body.contains(r#""IncludePlannedDeletion":false"#), "{}", asked.body);
            (200, ONE_SECRET.into())
        });
        let harvest = secrets(account.home()).await;
        assert_eq!(harvest.resources[0].tags()["a"], "b");
        assert_eq!(account.calls("DescribeSecret") + account.calls("GetResourcePolicy"), 0);
    }

    #[tokio::test]
    async fn replicas_come_with_their_state_and_a_secret_without_policy_has_none() {
        let account = Account::new(wanting_all(&secret::KIND), |asked| match asked.operation.as_str() {
            "ListSecrets" => (200, ONE_SECRET.into()),
            "DescribeSecret" => {
                (200, r#"{"ReplicationStatus":[{"Region":"us-east-1","Status":"InSync"}]}"#.into())
            }
            _ => (200, r#"{"ARN":"arn:s","Name":"s"}"#.into()),
        });
        let harvest = secrets(account.home()).await;
        let found = &harvest.resources[0];
        let replicas = found.get(&secret::REPLICA).unwrap().unwrap();
        assert_eq!(
            (replicas[0].region.as_str(), replicas[0].status.as_deref()),
            ("us-east-1", Some("InSync"))
        );
        assert_eq!(found.get(&secret::POLICY), Ok(None));
        assert!(secret::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }
}
