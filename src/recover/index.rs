//! Records and copies by what they belong to, so that each resource finds its own without a walk through all.

use std::collections::BTreeMap;

use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::backup::{copy_job, recovery_point, restore_job};
use stateward_model::kinds::cloudwatch::metric;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::ec2::compute::{ami, instance, snapshot};
use stateward_model::kinds::ecs;
use stateward_model::kinds::eks;
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::elbv2::load_balancer;
use stateward_model::kinds::lambda::function;
use stateward_model::kinds::rds::{
    backups_replication, cluster, cluster_snapshot, db_instance, db_snapshot, event, global_cluster,
};
use stateward_model::kinds::redshift;
use stateward_model::kinds::s3::bucket;
use stateward_model::{Gap, Kind, Resource};

use super::names::without_region;
use crate::inventory::Inventory;

/// Resources by a key; and regions in which one did not tell its key, so that what is not found may be there all the same.
#[derive(Default)]
pub struct Lookup<'a> {
    by: BTreeMap<String, Vec<&'a Resource>>,
    torn: BTreeMap<String, Gap>,
}

impl<'a> Lookup<'a> {
    fn fill(
        kind: &Kind,
        inventory: &'a Inventory,
        keys: impl Fn(&Resource) -> Result<Vec<String>, Gap>,
    ) -> Self {
        let mut lookup = Self::default();
        for resource in inventory.of(kind) {
            match keys(resource) {
                Ok(keys) => {
                    for key in keys {
                        lookup.by.entry(key).or_default().push(resource);
                    }
                }
                Err(gap) => {
                    lookup.torn.entry(resource.region().to_owned()).or_insert(gap);
                }
            }
        }
        lookup
    }

    /// Those of a key, by identity.
    pub fn of(&self, key: &str) -> &[&'a Resource] {
        self.by.get(key).map_or(&[], Vec::as_slice)
    }

    /// Why not all of a region have a key, if so.
    pub fn torn_in(&self, region: &str) -> Option<&Gap> {
        self.torn.get(region)
    }
}

/// Everything that is looked up more than once.
pub struct Index<'a> {
    /// Recovery points by the ARN of what they were taken of.
    pub points: Lookup<'a>,
    /// Completed copy jobs by the ARN of what was copied.
    pub copies: Lookup<'a>,
    /// Restore jobs by class.
    pub restores: Lookup<'a>,
    /// Events of RDS by the sort and the name of their source, `db-instance/orders`.
    pub events: Lookup<'a>,
    /// Replication groups by the global datastore that they are members of.
    pub datastores: Lookup<'a>,
    /// Snapshots of Redshift by the cluster.
    pub warehouse_snapshots: Lookup<'a>,
    /// Series by metric and dimension's value, `AWS/RDS:ReplicaLag/orders`.
    pub series: Lookup<'a>,
    /// Read replicas by the ARN of their source.
    pub replicas: Lookup<'a>,
    /// Clusters that replicate by binary log, by the ARN of their source.
    pub replica_clusters: Lookup<'a>,
    /// Replicated automated backups by the ARN of their source.
    pub backups: Lookup<'a>,
    /// Global clusters by the ARNs of their members.
    pub globals: Lookup<'a>,
    /// Snapshots of instances, by the instance's identifier.
    pub snapshots: Lookup<'a>,
    /// Snapshots of clusters, by the cluster's identifier.
    pub cluster_snapshots: Lookup<'a>,
    /// Volume snapshots by the volume, and copies by the snapshot that they were copied from.
    pub volume_snapshots: Lookup<'a>,
    /// Images by name and by the image that they were copied from.
    pub images: Lookup<'a>,
    /// Instances by id.
    pub instances: Lookup<'a>,
    /// Buckets by name.
    pub buckets: Lookup<'a>,
    /// Scaling groups by name without the region's.
    pub groups: Lookup<'a>,
    /// Container services by name without the region's.
    pub services: Lookup<'a>,
    /// Functions by name without the region's.
    pub functions: Lookup<'a>,
    /// Kubernetes clusters by name without the region's.
    pub clusters: Lookup<'a>,
    /// Load balancers by name without the region's.
    pub balancers: Lookup<'a>,
}

impl<'a> Index<'a> {
    /// Sorts an estate.
    pub fn of(inventory: &'a Inventory) -> Self {
        let one = |value: Option<String>| Ok(value.filter(|text| !text.is_empty()).into_iter().collect());
        let named = |resource: &Resource, name: Result<Option<String>, Gap>| {
            one(name?.map(|name| without_region(&name, resource.region())))
        };
        Self {
            points: Lookup::fill(&recovery_point::KIND, inventory, |it| {
                one(it.get(&recovery_point::RESOURCE_ARN)?)
            }),
            copies: Lookup::fill(&copy_job::KIND, inventory, |it| {
                let done = it.get(&copy_job::STATE)?.as_deref() == Some("COMPLETED");
                one(it.get(&copy_job::RESOURCE_ARN)?.filter(|_| done))
            }),
            restores: Lookup::fill(&restore_job::KIND, inventory, |it| {
                one(it.get(&restore_job::RESOURCE_TYPE)?)
            }),
            events: Lookup::fill(&event::KIND, inventory, |it| one(super::rehearsal::source(it)?)),
            datastores: Lookup::fill(&replication_group::KIND, inventory, |it| {
                one(it.get(&replication_group::GLOBAL_REPLICATION_GROUP_ID)?)
            }),
            warehouse_snapshots: Lookup::fill(&redshift::snapshot::KIND, inventory, |it| {
                one(it.get(&redshift::snapshot::CLUSTER_IDENTIFIER)?)
            }),
            series: Lookup::fill(&metric::KIND, inventory, series),
            replicas: Lookup::fill(&db_instance::KIND, inventory, |it| {
                one(it.get(&db_instance::REPLICATE_SOURCE_DB)?)
            }),
            replica_clusters: Lookup::fill(&cluster::KIND, inventory, |it| {
                one(it.get(&cluster::REPLICATION_SOURCE_IDENTIFIER)?)
            }),
            backups: Lookup::fill(&backups_replication::KIND, inventory, |it| {
                one(it.get(&backups_replication::SOURCE_DB_INSTANCE_ARN)?)
            }),
            globals: Lookup::fill(&global_cluster::KIND, inventory, |it| {
                let members = it.get_or_default(&global_cluster::GLOBAL_CLUSTER_MEMBERS)?;
                Ok(members.into_iter().map(|member| member.db_cluster_arn).collect())
            }),
            snapshots: Lookup::fill(&db_snapshot::KIND, inventory, |it| {
                one(it.get(&db_snapshot::DB_INSTANCE_IDENTIFIER)?)
            }),
            cluster_snapshots: Lookup::fill(&cluster_snapshot::KIND, inventory, |it| {
                one(it.get(&cluster_snapshot::DB_CLUSTER_IDENTIFIER)?)
            }),
            volume_snapshots: Lookup::fill(&snapshot::KIND, inventory, |it| {
                let copied = it.get(&snapshot::DESCRIPTION)?.as_deref().and_then(copied_from);
                match copied {
                    Some(source) => Ok(vec![source]),
                    None => one(it.get(&snapshot::VOLUME_ID)?),
                }
            }),
            images: Lookup::fill(&ami::KIND, inventory, |it| {
                let names = it.get(&ami::NAME)?.into_iter().chain(it.get(&ami::SOURCE_AMI_ID)?);
                Ok(names.filter(|name| !name.is_empty()).collect())
            }),
            instances: Lookup::fill(&instance::KIND, inventory, |it| one(Some(it.id().to_owned()))),
            buckets: Lookup::fill(&bucket::KIND, inventory, |it| one(Some(it.id().to_owned()))),
            groups: Lookup::fill(&group::KIND, inventory, |it| {
                let tags = it.get_or_default(&group::TAG)?;
                let tagged = tags.into_iter().filter(|tag| tag.key == "Name").map(|tag| tag.value);
                let names = it.get(&group::NAME)?.into_iter().chain(tagged);
                let mut names: Vec<String> = names.map(|name| without_region(&name, it.region())).collect();
                names.sort();
                names.dedup();
                Ok(names)
            }),
            services: Lookup::fill(&ecs::service::KIND, inventory, |it| {
                named(it, it.get(&ecs::service::NAME))
            }),
            functions: Lookup::fill(&function::KIND, inventory, |it| {
                named(it, it.get(&function::FUNCTION_NAME))
            }),
            clusters: Lookup::fill(&eks::cluster::KIND, inventory, |it| {
                named(it, it.get(&eks::cluster::NAME))
            }),
            balancers: Lookup::fill(&load_balancer::KIND, inventory, |it| {
                named(it, it.get(&load_balancer::NAME))
            }),
        }
    }
}

/// A series can be asked for by every metric that it holds and every value of its dimensions.
fn series(resource: &Resource) -> Result<Vec<String>, Gap> {
    let dimensions = resource.get_or_default(&metric::DIMENSIONS)?;
    let metrics = metric::ROWS.iter().map(|row| row.key.path()).filter(|path| resource.has(path));
    Ok(metrics.flat_map(|path| dimensions.values().map(move |value| format!("{path}/{value}"))).collect())
}

/// The snapshot that a copy was made from, as EC2 writes it into the description of a copy by default:
/// `[Copied snap-0f1e from us-west-2] nightly`.
fn copied_from(description: &str) -> Option<String> {
    let (source, _) = description.strip_prefix("[Copied ")?.split_once(" from ")?;
    source.starts_with("snap-").then(|| source.to_owned())
}

/// The ARN of a resource, where it is known.
pub fn arn(resource: &Resource) -> Option<String> {
    resource.arn.clone().or_else(|| resource.get(&ARN).ok().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_snapshots_name_their_source() {
        assert_eq!(copied_from("[Copied snap-0f1e from us-west-2] nightly").as_deref(), Some("snap-0f1e"));
        assert_eq!(copied_from("nightly"), None);
        assert_eq!(copied_from("[Copied it from there]"), None);
    }
}
