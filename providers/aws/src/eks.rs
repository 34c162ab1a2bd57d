//! Reads EKS: clusters, node groups and add-ons.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_eks::types::{Addon, Cluster, ClusterVersionInformation, Nodegroup};
use serde_json::{Value, json};
use stateward_model::kinds::eks::{addon, cluster, node_group};
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::put_tags;
use crate::session::{Collector, Pages, Session, put_gap};

/// The listings of EKS give 100 items a page at most.
const PAGE: i32 = 100;

static CLUSTERS: Call = Call::new("eks", "ListClusters");
static CLUSTER: Call = Call::new("eks", "DescribeCluster");
static VERSIONS: Call = Call::new("eks", "DescribeClusterVersions");
static GROUPS: Call = Call::new("eks", "ListNodegroups");
static GROUP: Call = Call::new("eks", "DescribeNodegroup");
static ADDONS: Call = Call::new("eks", "ListAddons");
static ADDON: Call = Call::new("eks", "DescribeAddon");
static ADDON_VERSIONS: Call = Call::new("eks", "DescribeAddonVersions");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &cluster::KIND,
        calls: &[&CLUSTERS, &CLUSTER, &VERSIONS],
        collect: |s| Box::pin(clusters(s)),
    },
    Collector {
        kind: &node_group::KIND,
        calls: &[&CLUSTERS, &GROUPS, &GROUP],
        collect: |s| Box::pin(node_groups(s)),
    },
    Collector {
        kind: &addon::KIND,
        calls: &[&CLUSTERS, &CLUSTER, &ADDONS, &ADDON, &ADDON_VERSIONS],
        collect: |s| Box::pin(addons(s)),
    },
];

async fn names(s: &Session) -> Arc<Pages<String>> {
    s.once(
        "eks:ListClusters",
        s.pages(
            &CLUSTERS,
            |token| s.eks().list_clusters().max_results(PAGE).set_next_token(token).send(),
            |out| (out.clusters.unwrap_or_default(), out.next_token),
        ),
    )
    .await
}

type Described = BTreeMap<String, Result<Cluster, Gap>>;

/// The clusters' descriptions by name: those of add-ons hang on their version.
async fn described(s: &Session) -> Arc<Described> {
    s.once("eks:DescribeCluster", async {
        let names = names(s).await;
        s.each(names.items.clone(), |name| describe(s, name)).await.into_iter().collect::<Described>()
    })
    .await
}

async fn describe(s: &Session, name: String) -> (String, Result<Cluster, Gap>) {
    let read = s.call(&CLUSTER, || s.eks().describe_cluster().name(&name).send()).await;
    let cluster = read.and_then(|out| out.cluster.ok_or_else(|| left_out(&CLUSTER)));
    (name, cluster)
}

fn left_out(call: &Call) -> Gap {
    Gap::new(call.name(), Cause::Malformed, "the answer leaves it out")
}

fn tags(map: Option<std::collections::HashMap<String, String>>) -> BTreeMap<String, String> {
    map.unwrap_or_default().into_iter().collect()
}

/// Blocks of which there is one or none.
fn block<T>(one: Option<T>) -> Vec<T> {
    one.into_iter().collect()
}

async fn clusters(s: &Session) -> Harvest {
    use cluster::*;
    let names = names(s).await;
    let all = match s.wants_call(&KIND, &CLUSTER) {
        true => described(s).await,
        false => Arc::default(),
    };
    // The versions are the same for all, and no cluster needs none.
    let wanted = s.wants_call(&KIND, &VERSIONS) && !names.items.is_empty();
    let versions = if wanted { Some(versions(s).await) } else { None };
    let resource = |name: &String| {
        let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone());
        let (partition, region, account) = (s.partition(), s.region(), s.account());
        r.arn = Some(format!("arn:{partition}:eks:{region}:{account}:cluster/{name}"));
        r.set(&NAME, name.clone());
        match all.get(name) {
            Some(Ok(item)) => put_cluster(&mut r, item, versions.as_ref()),
            Some(Err(gap)) => put_gap(&mut r, &KIND, &CLUSTER, gap),
            None => {}
        }
        r
    };
    Harvest {
        resources: names.items.iter().map(resource).collect(),
        gaps: names.gap.iter().cloned().collect(),
    }
}

async fn versions(s: &Session) -> Result<Vec<ClusterVersionInformation>, Gap> {
    s.pages(
        &VERSIONS,
        |token| {
            let request = s.eks().describe_cluster_versions().include_all(true);
            request.max_results(PAGE).set_next_token(token).send()
        },
        |out| (out.cluster_versions.unwrap_or_default(), out.next_token),
    )
    .await
    .complete()
}

fn put_cluster(
    r: &mut Resource,
    item: &Cluster,
    versions: Option<&Result<Vec<ClusterVersionInformation>, Gap>>,
) {
    use cluster::*;
    let logs = item.logging.iter().flat_map(|logging| logging.cluster_logging());
    let logs = logs.filter(|setup| setup.enabled == Some(true)).flat_map(|setup| setup.types());
    r.set(&ACCESS_CONFIG, access(item))
        .set_opt(&CLUSTER_ARN, item.arn.clone())
        .set(&COMPUTE_CONFIG, block(compute(item)))
        .set_opt(&DELETION_PROTECTION, item.deletion_protection)
        .set(&ENABLED_CLUSTER_LOG_TYPES, logs.map(|sort| sort.as_str().to_owned()).collect())
        .set(&ENCRYPTION_CONFIG, item.encryption_config().iter().map(encryption).collect())
        .set_opt(&ROLE_ARN, item.role_arn.clone())
        .set_opt(&STATUS, item.status.as_ref().map(|status| status.as_str().to_owned()))
        .set(&UPGRADE_POLICY, upgrades(item))
        .set_opt(&VERSION, item.version.clone())
        .set(&VPC_CONFIG, block(network(item)));
    put_tags(r, Ok(tags(item.tags.clone())));
    if let Some(versions) = versions {
        r.put_opt(&VERSION_STATUS, versions.as_ref().map(|all| status_of(item, all)).map_err(Clone::clone));
    }
}

fn status_of(item: &Cluster, versions: &[ClusterVersionInformation]) -> Option<String> {
    let found = versions.iter().find(|version| version.cluster_version == item.version)?;
    found.version_status.as_ref().map(|status| status.as_str().to_owned())
}

fn access(item: &Cluster) -> Value {
    let access = item.access_config.as_ref();
    let mode = access.and_then(|access| access.authentication_mode.as_ref());
    json!(block(mode.map(|mode| json!({ "authentication_mode": mode.as_str() }))))
}

fn upgrades(item: &Cluster) -> Value {
    let support = item.upgrade_policy.as_ref().and_then(|policy| policy.support_type.as_ref());
    json!(block(support.map(|support| json!({ "support_type": support.as_str() }))))
}

fn compute(item: &Cluster) -> Option<cluster::Compute> {
    item.compute_config.as_ref().map(|compute| cluster::Compute {
        enabled: compute.enabled,
        node_pools: compute.node_pools.clone(),
        node_role_arn: compute.node_role_arn.clone(),
    })
}

#[allow(
    deprecated,
    reason = "it no longer decides what is encrypted, and Terraform declares it all the same"
)]
fn encryption(of: &aws_sdk_eks::types::EncryptionConfig) -> cluster::Encryption {
    let key = of.provider.as_ref().and_then(|provider| provider.key_arn.clone());
    cluster::Encryption {
        provider: block(key.map(|key_arn| cluster::Provider { key_arn })),
        resources: of.resources().to_vec(),
    }
}

fn network(item: &Cluster) -> Option<cluster::Network> {
    item.resources_vpc_config.as_ref().map(|vpc| cluster::Network {
        cluster_security_group_id: vpc.cluster_security_group_id.clone(),
        endpoint_private_access: Some(vpc.endpoint_private_access),
        endpoint_public_access: Some(vpc.endpoint_public_access),
        public_access_cidrs: vpc.public_access_cidrs.clone(),
        security_group_ids: vpc.security_group_ids.clone(),
        subnet_ids: vpc.subnet_ids().to_vec(),
        vpc_id: vpc.vpc_id.clone(),
    })
}

/// Cluster and name of what the clusters hold, by a listing of each.
async fn node_groups(s: &Session) -> Harvest {
    let clusters = names(s).await;
    let listed = s.each(clusters.items.clone(), |cluster| groups_of(s, cluster)).await;
    let mut gaps: Vec<Gap> = clusters.gap.iter().cloned().collect();
    let mut found = Vec::new();
    for (cluster, pages) in listed {
        gaps.extend(pages.gap);
        found.extend(pages.items.into_iter().map(|name| (cluster.clone(), name)));
    }
    let resources = s.each(found, |(cluster, name)| group_resource(s, cluster, name)).await;
    Harvest { resources, gaps }
}

async fn groups_of(s: &Session, cluster: String) -> (String, Pages<String>) {
    let pages = s
        .pages(
            &GROUPS,
            |token| {
                let request = s.eks().list_nodegroups().cluster_name(&cluster).max_results(PAGE);
                request.set_next_token(token).send()
            },
            |out| (out.nodegroups.unwrap_or_default(), out.next_token),
        )
        .await;
    (cluster, pages)
}

async fn group_resource(s: &Session, cluster: String, name: String) -> Resource {
    use node_group::*;
    let id = format!("{cluster}:{name}");
    let mut r = Resource::new(s.place(), KIND.name, id).with_name(name.clone());
    r.set(&CLUSTER_NAME, cluster.clone()).set(&NODE_GROUP_NAME, name.clone());
    if s.wants_call(&KIND, &GROUP) {
        let read = s.call(&GROUP, || {
            s.eks().describe_nodegroup().cluster_name(&cluster).nodegroup_name(&name).send()
        });
        match read.await.and_then(|out| out.nodegroup.ok_or_else(|| left_out(&GROUP))) {
            Ok(item) => put_group(&mut r, &item),
            Err(gap) => put_gap(&mut r, &KIND, &GROUP, &gap),
        }
    }
    r
}

fn put_group(r: &mut Resource, item: &Nodegroup) {
    use node_group::*;
    r.arn = item.nodegroup_arn.clone();
    let issues = item.health.iter().flat_map(|health| health.issues());
    let issues = issues.filter_map(|issue| issue.code.as_ref()).map(|code| code.as_str().to_owned());
    let scaling = item.scaling_config.as_ref().map(|scaling| Scaling {
        desired_size: i64::from(scaling.desired_size.unwrap_or_default()),
        max_size: i64::from(scaling.max_size.unwrap_or_default()),
        min_size: i64::from(scaling.min_size.unwrap_or_default()),
    });
    let remote = item.remote_access.as_ref().map(|remote| RemoteAccess {
        ec2_ssh_key: remote.ec2_ssh_key.clone(),
        source_security_group_ids: remote.source_security_groups.clone(),
    });
    r.set_opt(&AMI_TYPE, item.ami_type.as_ref().map(|sort| sort.as_str().to_owned()))
        .set_opt(&GROUP_ARN, item.nodegroup_arn.clone())
        .set_opt(&CAPACITY_TYPE, item.capacity_type.as_ref().map(|sort| sort.as_str().to_owned()))
        .set_opt(&DISK_SIZE, item.disk_size.map(i64::from))
        .set(&ISSUES, issues.collect())
        .set(&INSTANCE_TYPES, item.instance_types().to_vec())
        .set(&LABELS, tags(item.labels.clone()))
        .set_opt(&NODE_ROLE_ARN, item.node_role.clone())
        .set_opt(&RELEASE_VERSION, item.release_version.clone())
        .set(&REMOTE_ACCESS, block(remote))
        .set(&SCALING_CONFIG, block(scaling))
        .set_opt(&STATUS, item.status.as_ref().map(|status| status.as_str().to_owned()))
        .set(&SUBNET_IDS, item.subnets().to_vec())
        .set(&TAINT, taints(item))
        .set_opt(&VERSION, item.version.clone());
    put_tags(r, Ok(tags(item.tags.clone())));
}

fn taints(item: &Nodegroup) -> Value {
    let taint = |taint: &aws_sdk_eks::types::Taint| {
        let effect = taint.effect.as_ref().map(|effect| effect.as_str());
        json!({ "effect": effect, "key": taint.key, "value": taint.value })
    };
    item.taints().iter().map(taint).collect()
}

async fn addons(s: &Session) -> Harvest {
    let clusters = names(s).await;
    let listed = s.each(clusters.items.clone(), |cluster| addons_of(s, cluster)).await;
    let mut gaps: Vec<Gap> = clusters.gap.iter().cloned().collect();
    let mut found = Vec::new();
    for (cluster, pages) in listed {
        gaps.extend(pages.gap);
        found.extend(pages.items.into_iter().map(|name| (cluster.clone(), name)));
    }
    let resources = s.each(found, |(cluster, name)| addon_resource(s, cluster, name)).await;
    Harvest { resources, gaps }
}

async fn addons_of(s: &Session, cluster: String) -> (String, Pages<String>) {
    let pages = s
        .pages(
            &ADDONS,
            |token| {
                let request = s.eks().list_addons().cluster_name(&cluster).max_results(PAGE);
                request.set_next_token(token).send()
            },
            |out| (out.addons.unwrap_or_default(), out.next_token),
        )
        .await;
    (cluster, pages)
}

async fn addon_resource(s: &Session, cluster: String, name: String) -> Resource {
    use addon::*;
    let id = format!("{cluster}:{name}");
    let mut r = Resource::new(s.place(), KIND.name, id).with_name(name.clone());
    r.set(&CLUSTER_NAME, cluster.clone()).set(&ADDON_NAME, name.clone());
    if !s.wants_call(&KIND, &ADDON) {
        return r;
    }
    let read = s.call(&ADDON, || s.eks().describe_addon().cluster_name(&cluster).addon_name(&name).send());
    match read.await.and_then(|out| out.addon.ok_or_else(|| left_out(&ADDON))) {
        Ok(item) => {
            put_addon(&mut r, &item);
            if s.wants_call(&KIND, &ADDON_VERSIONS) {
                r.put(&COMPATIBLE, compatible(s, &cluster, &item).await);
            }
        }
        Err(gap) => put_gap(&mut r, &KIND, &ADDON, &gap),
    }
    r
}

fn put_addon(r: &mut Resource, item: &Addon) {
    use addon::*;
    r.arn = item.addon_arn.clone();
    let issues = item.health.iter().flat_map(|health| health.issues());
    let issues = issues.filter_map(|issue| issue.code.as_ref()).map(|code| code.as_str().to_owned());
    r.set_opt(&ADDON_VERSION, item.addon_version.clone())
        .set_opt(&ADDON_ARN, item.addon_arn.clone())
        .set(&ISSUES, issues.collect())
        .set_opt(&SERVICE_ACCOUNT_ROLE_ARN, item.service_account_role_arn.clone())
        .set_opt(&STATUS, item.status.as_ref().map(|status| status.as_str().to_owned()));
    put_tags(r, Ok(tags(item.tags.clone())));
}

/// Whether EKS lists the add-on's version for the version of its cluster.
async fn compatible(s: &Session, cluster: &str, item: &Addon) -> Result<bool, Gap> {
    let all = described(s).await;
    let of = all.get(cluster).ok_or_else(|| left_out(&CLUSTERS))?.as_ref().map_err(Clone::clone)?;
    let version = of.version.as_ref().ok_or_else(|| left_out(&CLUSTER))?;
    let name = item.addon_name.as_ref().ok_or_else(|| left_out(&ADDON))?;
    let pages = s
        .pages(
            &ADDON_VERSIONS,
            |token| {
                let request = s.eks().describe_addon_versions().addon_name(name);
                request.kubernetes_version(version).max_results(PAGE).set_next_token(token).send()
            },
            |out| (out.addons.unwrap_or_default(), out.next_token),
        )
        .await;
    let listed = pages.complete()?;
    let mut versions = listed.iter().flat_map(|info| info.addon_versions());
    Ok(versions.any(|one| one.addon_version == item.addon_version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, Asked, wanting_all};

    const CLUSTER_JSON: &str = r#"{"cluster":{"name":"main","arn":"arn:main","version":"1.33",
        "resourcesVpcConfig":{"subnetIds":["subnet-1"],"endpointPublicAccess":true,"publicAccessCidrs":["0.0.0.0/0"]},
        "logging":{"clusterLogging":[{"types":["api","audit"],"enabled":true},{"types":["scheduler"],"enabled":false}]},
        "encryptionConfig":[{"resources":["secrets"],"provider":{"keyArn":"arn:key"}}]}}"#;

    fn answer(asked: &Asked) -> (u16, String) {
        let path = asked.target.split('?').next().unwrap_or_default();
        let body = match path {
            "/clusters" => r#"{"clusters":["main"]}"#,
            "/clusters/main" => CLUSTER_JSON,
            "/cluster-versions" => {
                r#"{"clusterVersions":[{"clusterVersion":"1.33","versionStatus":"STANDARD_SUPPORT"}]}"#
            }
            "/clusters/main/node-groups" => r#"{"nodegroups":["a"]}"#,
            "/clusters/main/node-groups/a" => {
                r#"{"nodegroup":{"nodegroupName":"a","scalingConfig":{"minSize":1,"maxSize":3,"desiredSize":2},
                    "health":{"issues":[{"code":"AsgInstanceLaunchFailures"}]},"subnets":["subnet-1"]}}"#
            }
            "/clusters/main/addons" => r#"{"addons":["vpc-cni"]}"#,
            "/clusters/main/addons/vpc-cni" => {
                r#"{"addon":{"addonName":"vpc-cni","addonVersion":"v1","status":"ACTIVE","health":{"issues":[]}}}"#
            }
            "/addons/supported-versions" => r#"{"addons":[{"addonVersions":[{"addonVersion":"v2"}]}]}"#,
            other => panic!("{other}"),
        };
        (200, body.to_owned())
    }

    fn refusing(path: &'static str) -> impl Fn(&Asked) -> (u16, String) + Send + Sync {
        move |asked| match asked.target.split('?').next() == Some(path) {
            true => (403, r#"{"__type":"AccessDeniedException"}"#.to_owned()),
            false => answer(asked),
        }
    }

    #[tokio::test]
    async fn a_cluster_tells_its_logs_its_key_and_the_support_of_its_version() {
        use cluster::*;
        let account = Account::new(wanting_all(&KIND), answer);
        let found = clusters(account.home()).await.resources.remove(0);
        assert_eq!(found.get(&ENABLED_CLUSTER_LOG_TYPES), Ok(Some(vec!["api".into(), "audit".into()])));
        assert_eq!(found.get(&VERSION_STATUS), Ok(Some("STANDARD_SUPPORT".into())));
        assert_eq!(found.get(&ENCRYPTION_CONFIG).unwrap().unwrap()[0].provider[0].key_arn, "arn:key");
        let account = Account::new(wanting_all(&KIND), refusing("/cluster-versions"));
        let found = clusters(account.home()).await.resources.remove(0);
        assert!(found.get(&VERSION_STATUS).is_err() && found.get(&VERSION).is_ok());
    }

    #[tokio::test]
    async fn a_node_group_has_the_id_of_terraform() {
        let account = Account::new(wanting_all(&node_group::KIND), answer);
        let found = node_groups(account.home()).await.resources.remove(0);
        assert_eq!(found.id(), "main:a");
        assert_eq!(found.get(&node_group::ISSUES), Ok(Some(vec!["AsgInstanceLaunchFailures".into()])));
        let account = Account::new(wanting_all(&node_group::KIND), refusing("/clusters/main/node-groups/a"));
        assert!(node_groups(account.home()).await.resources[0].get(&node_group::SUBNET_IDS).is_err());
    }

    #[tokio::test]
    async fn an_add_on_is_compatible_where_its_version_is_listed() {
        let account = Account::new(wanting_all(&addon::KIND), answer);
        let found = addons(account.home()).await.resources.remove(0);
        assert_eq!(found.get(&addon::COMPATIBLE), Ok(Some(false)));
        let account = Account::new(wanting_all(&addon::KIND), refusing("/clusters/main"));
        let found = addons(account.home()).await.resources.remove(0);
        assert!(found.get(&addon::COMPATIBLE).is_err() && found.get(&addon::STATUS).is_ok());
    }
}
