//! Reads OpenSearch domains: one listing of names, and descriptions of five at once.

use std::sync::Arc;

use aws_sdk_opensearch::types::{ClusterConfig, DomainEndpointOptions, DomainStatus};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::opensearch::domain;
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, wants_tags};
use crate::session::{Collector, Pages, Session};

/// `DescribeDomains` takes five names.
const BATCH: usize = 5;

static NAMES: Call = Call::new("es", "ListDomainNames");
static DOMAINS: Call = Call::new("es", "DescribeDomains");
static LIST_TAGS: Call = Call::new("es", "ListTags");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &domain::KIND,
    calls: &[&NAMES, &DOMAINS, &LIST_TAGS],
    collect: |s| Box::pin(domains(s)),
}];

async fn described(s: &Session) -> Arc<Pages<DomainStatus>> {
    s.once("es:DescribeDomains", async {
        let names = match s.call(&NAMES, || s.opensearch().list_domain_names().send()).await {
            Ok(out) => out.domain_names.unwrap_or_default(),
            Err(gap) => return Pages { items: Vec::new(), gap: Some(gap) },
        };
        s.items(&NAMES, names.len());
        let names: Vec<String> = names.into_iter().filter_map(|info| info.domain_name).collect();
        let batches: Vec<Vec<String>> = names.chunks(BATCH).map(<[String]>::to_vec).collect();
        let read = s
            .each(batches, |batch| async move {
                s.call(&DOMAINS, || {
                    s.opensearch().describe_domains().set_domain_names(Some(batch.clone())).send()
                })
                .await
            })
            .await;
        let mut pages = Pages { items: Vec::new(), gap: None };
        for answer in read {
            match answer {
                Ok(out) => pages.items.extend(out.domain_status_list),
                Err(gap) => pages.gap = Some(gap),
            }
        }
        pages
    })
    .await
}

async fn domains(s: &Session) -> Harvest {
    let all = described(s).await;
    // A domain stays in the listing for a while after it was deleted.
    let standing = all.items.iter().filter(|domain| domain.deleted != Some(true)).cloned().collect();
    let resources = s.each(standing, |status| domain_resource(s, status)).await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

async fn domain_resource(s: &Session, status: DomainStatus) -> Resource {
    use domain::*;
    let name = status.domain_name.clone();
    let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone());
    r.arn = Some(status.arn.clone());
    let at_rest = status.encryption_at_rest_options.as_ref();
    let between = status.node_to_node_encryption_options.as_ref();
    let vpc = status.vpc_options.as_ref().filter(|vpc| vpc.vpc_id.is_some());
    r.set_opt(&ACCESS_POLICIES, status.access_policies.clone().filter(|text| !text.is_empty()))
        .set(&ARN, status.arn.clone())
        .set(&CLUSTER_CONFIG, status.cluster_config.iter().map(cluster_config).collect())
        .set(&DOMAIN_ENDPOINT_OPTIONS, status.domain_endpoint_options.iter().map(endpoint_options).collect())
        .set(&DOMAIN_NAME, name)
        .set(
            &ENCRYPT_AT_REST,
            at_rest
                .map(|on| EncryptAtRest { enabled: on.enabled, kms_key_id: on.kms_key_id.clone() })
                .into_iter()
                .collect(),
        )
        .set_opt(&ENGINE_VERSION, status.engine_version.clone())
        .set(&NODE_TO_NODE_ENCRYPTION, between.map(|on| Switch { enabled: on.enabled }).into_iter().collect())
        .set(
            &VPC_OPTIONS,
            vpc.map(|vpc| VpcOptions {
                security_group_ids: vpc.security_group_ids().to_vec(),
                subnet_ids: vpc.subnet_ids().to_vec(),
            })
            .into_iter()
            .collect(),
        );
    if wants_tags(s, &KIND) {
        let read = s.call(&LIST_TAGS, || s.opensearch().list_tags().arn(&status.arn).send()).await;
        let tags = |list: Vec<aws_sdk_opensearch::types::Tag>| {
            list.into_iter().map(|tag| (tag.key, tag.value)).collect()
        };
        put_tags(&mut r, read.map(|out| tags(out.tag_list.unwrap_or_default())));
    }
    r
}

fn cluster_config(c: &ClusterConfig) -> domain::ClusterConfig {
    domain::ClusterConfig {
        dedicated_master_count: c.dedicated_master_count.map(i64::from),
        dedicated_master_enabled: c.dedicated_master_enabled,
        dedicated_master_type: c.dedicated_master_type.as_ref().map(|of| of.as_str().to_owned()),
        instance_count: c.instance_count.map(i64::from),
        instance_type: c.instance_type.as_ref().map(|of| of.as_str().to_owned()),
        multi_az_with_standby_enabled: c.multi_az_with_standby_enabled,
        warm_count: c.warm_count.map(i64::from),
        warm_enabled: c.warm_enabled,
        warm_type: c.warm_type.as_ref().map(|of| of.as_str().to_owned()),
        zone_awareness_config: c
            .zone_awareness_config
            .iter()
            .map(|zones| domain::ZoneAwareness {
                availability_zone_count: zones.availability_zone_count.map(i64::from),
            })
            .collect(),
        zone_awareness_enabled: c.zone_awareness_enabled,
    }
}

fn endpoint_options(o: &DomainEndpointOptions) -> domain::EndpointOptions {
    domain::EndpointOptions {
        custom_endpoint: o.custom_endpoint.clone(),
        custom_endpoint_certificate_arn: o.custom_endpoint_certificate_arn.clone(),
        custom_endpoint_enabled: o.custom_endpoint_enabled,
        enforce_https: o.enforce_https,
        tls_security_policy: o.tls_security_policy.as_ref().map(|policy| policy.as_str().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};
    use serde_json::json;

    #[tokio::test]
    async fn six_domains_are_described_in_two_calls_and_one_that_is_gone_is_none() {
        let account = Account::new(wanting_all(&domain::KIND), |asked| match asked.target.as_str() {
            target if target.contains("/domain-info") => {
                let domain = |name: &str| {
                    json!({ "DomainId": format!("1/{name}"), "DomainName": name, "Deleted": name == "d6",
                        "ARN": format!("arn:aws:es:us-west-2:123456789012:domain/{name}"),
                        "ClusterConfig": { "InstanceCount": 3, "ZoneAwarenessEnabled": true },
                        "AccessPolicies": "", "DomainEndpointOptions": { "EnforceHTTPS": true } })
                };
                let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
                let names = body["DomainNames"].as_array().unwrap().iter();
                let all: Vec<_> = names.map(|name| domain(name.as_str().unwrap())).collect();
                (200, json!({ "DomainStatusList": all }).to_string())
            }
            target if target.contains("/tags") => (403, r#"{"message":"no"}"#.into()),
            _ => {
                let names: Vec<_> = (1..=6).map(|n| json!({ "DomainName": format!("d{n}") })).collect();
                (200, json!({ "DomainNames": names }).to_string())
            }
        });
        let harvest = domains(account.home()).await;
        assert_eq!((harvest.resources.len(), account.calls("DescribeDomains")), (5, 2));
        let first = &harvest.resources[0];
        assert_eq!(first.id(), "d1");
        assert_eq!(first.get(&domain::CLUSTER_CONFIG).unwrap().unwrap()[0].instance_count, Some(3));
        assert_eq!(first.get(&domain::ACCESS_POLICIES), Ok(None));
        assert_eq!(first.get(&domain::VPC_OPTIONS), Ok(Some(Vec::new())));
        assert!(
            first.get(&stateward_model::kinds::opensearch::DOMAIN_TAGS).is_err(),
            "no tags are something else than refused ones"
        );
        assert!(domain::KIND.attributes.iter().all(|attr| first.has(attr.path)));
    }
}
