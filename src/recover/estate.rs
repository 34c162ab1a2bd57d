//! What has to be brought back: the resources of the home region that serve or hold data, and what belongs to a workload.

use std::collections::{BTreeMap, BTreeSet};

use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::ec2::compute::{instance, launch_template, volume};
use stateward_model::kinds::ec2::network::security_group;
use stateward_model::kinds::efs::mount_target;
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::elbv2::target_group;
use stateward_model::kinds::rds::{cluster, db_instance, global_cluster};
use stateward_model::kinds::s3::bucket;
use stateward_model::kinds::secretsmanager::secret;
use stateward_model::{Address, Cause, Gap, Kind, Place, Resource};

use super::index::arn;
use super::paths::{KINDS, Part};
use super::scene::Scene;
use crate::checks::facts::known_tags;
use crate::inventory::is_judged;
use crate::profile::{BucketClass, Pattern, Profile, WorkloadRule, any_matches};

/// Where a resource stands in a state, and what it depends on there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// Its identity.
    pub identity: Address,
    /// The Terraform address.
    pub address: String,
    /// The state.
    pub state: String,
    /// What Terraform says that it depends on, without index keys.
    pub dependencies: Vec<String>,
}

/// A resource that has to be brought back.
pub struct Node<'a> {
    /// It.
    pub resource: &'a Resource,
    /// Its part.
    pub part: Part,
    /// Its Terraform address.
    pub address: Option<&'a str>,
    /// Its state.
    pub state: Option<&'a str>,
}

impl Node<'_> {
    /// What people call it: the Terraform address, or the kind with the id.
    pub fn label(&self) -> String {
        match self.address {
            Some(address) => address.to_owned(),
            None => format!("{} {}", self.resource.kind(), self.resource.id()),
        }
    }

    /// True when any pattern covers its id, ARN, name or Terraform address.
    pub fn is_named(&self, patterns: &[Pattern]) -> bool {
        let arn = arn(self.resource);
        let names = [Some(self.resource.id()), arn.as_deref(), self.resource.name.as_deref(), self.address];
        !patterns.is_empty() && names.into_iter().flatten().any(|name| any_matches(patterns, name))
    }

    /// Why it is not known whether a workload names it by its tags, if so.
    pub fn untagged(&self, workload: &WorkloadRule) -> Option<Gap> {
        if workload.tags.is_empty() {
            return None;
        }
        match self.resource.kind() == group::KIND.name {
            true => self.resource.get(&group::TAG).err(),
            false => known_tags(self.resource).err(),
        }
    }

    /// True when a workload names it.
    pub fn belongs_to(&self, workload: &WorkloadRule) -> bool {
        let tagged = |tags: BTreeMap<String, String>| {
            tags.iter().any(|(key, value)| any_matches(&workload.tags, &format!("{key}={value}")))
        };
        let in_module = self.address.is_some_and(|address| {
            let mut ends = address.match_indices('.').map(|(at, _)| &address[..at]);
            address.starts_with("module.") && ends.any(|module| any_matches(&workload.modules, module))
        });
        (!workload.tags.is_empty() && tagged(tags(self.resource)))
            || in_module
            || self.state.is_some_and(|state| any_matches(&workload.states, state))
            || self.is_named(&workload.resources)
            || self.is_named(&workload.entry_points)
    }
}

/// The tags; scaling groups have them in blocks.
fn tags(resource: &Resource) -> BTreeMap<String, String> {
    let blocks = match resource.kind() == group::KIND.name {
        true => resource.get_or_default(&group::TAG).unwrap_or_default(),
        false => Vec::new(),
    };
    let mut tags = resource.tags();
    tags.extend(blocks.into_iter().map(|tag| (tag.key, tag.value)));
    tags
}

/// Everything that has to be brought back.
pub struct Estate<'a> {
    /// By kind and identity.
    pub nodes: Vec<Node<'a>>,
    /// Those left out because the profile says that nobody misses what they hold.
    pub empty: Vec<String>,
    /// Listings that were not whole: what is in them is not known.
    pub blind: Vec<Gap>,
}

impl<'a> Estate<'a> {
    /// The estate of the home region.
    pub fn of(scene: &Scene<'a>, declared: &'a [Declaration]) -> Self {
        let stands: BTreeMap<&Address, &Declaration> =
            declared.iter().map(|declaration| (&declaration.identity, declaration)).collect();
        let copies = destinations(scene);
        let (mut nodes, mut empty) = (Vec::new(), Vec::new());
        for (kind, part) in KINDS {
            for resource in scene.view.inventory.of(kind).filter(|it| it.region() == scene.home) {
                if !is_judged(resource) || !counts(resource, scene, &copies) {
                    continue;
                }
                let stands = stands.get(&resource.address);
                let node = Node {
                    resource,
                    part: *part,
                    address: stands.map(|it| it.address.as_str()),
                    state: stands.map(|it| it.state.as_str()),
                };
                match node.is_named(&scene.view.profile.recovery.empty) {
                    true => empty.push(node.label()),
                    false => nodes.push(node),
                }
            }
        }
        Self { nodes, empty, blind: blind(scene) }
    }
}

/// Kinds that tell what needs what: without them a dependency may be missing, and a time too short.
const CONNECTING: &[&Kind] =
    &[&launch_template::KIND, &mount_target::KIND, &security_group::KIND, &target_group::KIND];

/// Kinds that hold data, serve or connect, and could not be listed whole at home: a resource that was not seen may be lost.
fn blind(scene: &Scene) -> Vec<Gap> {
    // A state that was not read may connect what nothing else connects.
    let mut gaps: BTreeSet<Gap> = scene.view.states.iter().filter_map(|state| state.unread.clone()).collect();
    let kinds = KINDS.iter().map(|(kind, _)| *kind);
    for kind in kinds.chain(CONNECTING.iter().copied()) {
        let places: Vec<Place> = scene
            .view
            .inventory
            .places(kind)
            .into_iter()
            .filter(|place| place.region == scene.home)
            .collect();
        if places.is_empty() {
            let detail = format!("nobody looked for {} in {}", kind.name, scene.home);
            gaps.insert(Gap::new(
                kind.listed_by.first().copied().unwrap_or(kind.name),
                Cause::NotRequested,
                detail,
            ));
        }
        for place in &places {
            gaps.extend(scene.view.inventory.complete(kind, place).err());
            gaps.extend(scene.is_fresh(kind, place).err());
        }
    }
    gaps.into_iter().collect()
}

/// Buckets that hold the copies of others.
fn destinations(scene: &Scene) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for resource in scene.view.inventory.of(&bucket::KIND) {
        let rules = resource.get_or_default(&bucket::REPLICATION).unwrap_or_default();
        let rules = rules.into_iter().flat_map(|block| block.rules).filter(|rule| rule.status == "Enabled");
        for to in rules.flat_map(|rule| rule.destination) {
            names.insert(to.bucket.rsplit(':').next().unwrap_or(&to.bucket).to_owned());
        }
    }
    names
}

/// Whether a resource has to be brought back by itself. What is not known counts: an unread attribute must not make a
/// resource vanish.
fn counts(resource: &Resource, scene: &Scene, copies: &BTreeSet<String>) -> bool {
    let filled = |text: Result<Option<String>, Gap>| text.ok().flatten().is_some_and(|text| !text.is_empty());
    let profile: &Profile = scene.view.profile;
    match resource.kind() {
        "aws_db_instance" => !filled(resource.get(&db_instance::REPLICATE_SOURCE_DB)),
        "aws_rds_cluster" => {
            !filled(resource.get(&cluster::REPLICATION_SOURCE_IDENTIFIER)) && !follows(resource, scene)
        }
        "aws_s3_bucket" => {
            profile.storage.class(resource.id()) == BucketClass::Data && !copies.contains(resource.id())
        }
        "aws_instance" => {
            let state = resource.get_or_default(&instance::INSTANCE_STATE).unwrap_or_default();
            let gone = matches!(state.as_str(), "terminated" | "shutting-down");
            !gone && !filled(resource.get(&instance::AUTOSCALING_GROUP))
        }
        "aws_autoscaling_group" => {
            // The nodes of a cluster come back with it.
            let of_cluster = tags(resource).contains_key("eks:cluster-name");
            let desired = resource.get(&group::DESIRED_CAPACITY).ok().flatten();
            !of_cluster && desired.is_none_or(|desired| desired > 0)
        }
        // Nobody misses who held a lock.
        "aws_dynamodb_table" => {
            let mut states = scene.view.states.iter();
            !states.any(|state| state.lock_table.as_deref() == Some(resource.id()))
        }
        "aws_ebs_volume" => {
            let held = resource.get_or_default(&volume::ATTACHMENTS).unwrap_or_default();
            !held.iter().any(|by| {
                let by = scene.index.instances.of(&by.instance_id).first();
                by.is_some_and(|by| filled(by.get(&instance::AUTOSCALING_GROUP)))
            })
        }
        "aws_elasticache_replication_group" => {
            let pure = resource
                .tags()
                .iter()
                .any(|(key, value)| any_matches(&profile.backup.cache_tags, &format!("{key}={value}")));
            let engine = resource.get_or_default(&replication_group::ENGINE).unwrap_or_default();
            let role = resource.get(&replication_group::GLOBAL_ROLE).ok().flatten();
            !pure && engine != "memcached" && role.as_deref() != Some("SECONDARY")
        }
        "aws_secretsmanager_secret" => {
            let primary = resource.get(&secret::PRIMARY_REGION).ok().flatten();
            let copy = primary.is_some_and(|region| !region.is_empty() && region != resource.region());
            !copy && !filled(resource.get(&secret::OWNING_SERVICE))
        }
        _ => true,
    }
}

/// True for a cluster of a global cluster that does not write.
fn follows(resource: &Resource, scene: &Scene) -> bool {
    let Some(arn) = arn(resource) else { return false };
    scene.index.globals.of(&arn).iter().any(|global| {
        let members = global.get_or_default(&global_cluster::GLOBAL_CLUSTER_MEMBERS).unwrap_or_default();
        members.iter().any(|member| member.db_cluster_arn == arn && !member.is_writer)
    })
}
