//! What needs what: by states, target groups, security groups, attachments, event sources and grants; and where that
//! was not read.

use std::collections::BTreeMap;

use serde_json::Value;
use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::ec2::compute::{instance, launch_template, volume};
use stateward_model::kinds::ec2::network::security_group;
use stateward_model::kinds::ecs::service;
use stateward_model::kinds::efs::mount_target;
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::elbv2::target_group;
use stateward_model::kinds::lambda::function;
use stateward_model::kinds::opensearch::domain;
use stateward_model::kinds::rds::db_instance;
use stateward_model::kinds::redshift;
use stateward_model::{Address, Gap, Resource};

use super::estate::{Declaration, Estate};
use super::grants::Grants;
use super::graph::Graph;
use super::index::arn;
use super::paths::Part;
use super::scene::Scene;

/// What needs what in an estate.
pub struct Web {
    /// The graph. The first numbers are the nodes of the estate; what follows only passes on, and takes no time.
    pub graph: Graph,
    /// Nodes of which it was not read what they need. In the worst case that is everything further in: stores and, for
    /// an entry, compute.
    pub blind: BTreeMap<u32, Gap>,
    /// Nodes of which it was not read who needs them. In the worst case that is everything further out.
    pub hidden: BTreeMap<u32, Gap>,
}

impl Web {
    /// Of an estate.
    pub fn of(estate: &Estate, declared: &[Declaration], scene: &Scene) -> Self {
        let graph = Graph::new(estate.nodes.len());
        let web = Self { graph, blind: BTreeMap::new(), hidden: BTreeMap::new() };
        let mut builder = Builder { web, passes: BTreeMap::new() };
        builder.states(estate, declared);
        builder.targets(estate, scene);
        builder.groups(estate, scene);
        builder.attachments(estate);
        builder.grants(estate, scene);
        builder.web.graph.settle();
        builder.web
    }

    /// The graph of the nodes of a workload: what was not read is waited for in the worst case. Of `open` nothing is known.
    pub fn worst(&self, nodes: &[u32], open: &[u32], part: impl Fn(u32) -> Option<Part>) -> Graph {
        let mut graph = self.graph.clone();
        let of = |wanted| nodes.iter().copied().filter(|it| part(*it) == Some(wanted)).collect::<Vec<u32>>();
        let (entries, compute, stores) = (of(Part::Entry), of(Part::Compute), of(Part::Store));
        let among = |all: &[u32], gaps: &BTreeMap<u32, Gap>| {
            all.iter().copied().filter(|it| gaps.contains_key(it)).collect::<Vec<u32>>()
        };
        let unsure = [open, &among(&compute, &self.blind)].concat();
        wait(&mut graph, &unsure, &stores);
        wait(&mut graph, &among(&entries, &self.blind), &[compute.as_slice(), &stores].concat());
        wait(&mut graph, &[entries.as_slice(), &compute].concat(), &among(&stores, &self.hidden));
        wait(&mut graph, &entries, &among(&compute, &self.hidden));
        graph
    }

    /// Why it is not known what a node needs, or who needs it.
    pub fn gap(&self, number: u32) -> Option<&Gap> {
        self.blind.get(&number).or_else(|| self.hidden.get(&number))
    }

    /// Why a workload may have more members than these, if so: what its members need, or who needs others, was not read.
    pub fn missing(&self, nodes: &[u32]) -> Vec<Gap> {
        let is_member = |number: &u32| nodes.binary_search(number).is_ok();
        let blind = self.blind.iter().filter(|(number, _)| is_member(number));
        let hidden = self.hidden.iter().filter(|(number, _)| !is_member(number));
        blind.chain(hidden).map(|(_, gap)| gap.clone()).collect()
    }
}

/// In the worst case each of `from` waits for each of `to`: through one number, so that many with many stays linear.
fn wait(graph: &mut Graph, from: &[u32], to: &[u32]) {
    if from.is_empty() || to.is_empty() {
        return;
    }
    let every = graph.add();
    for one in to {
        graph.need(every, *one);
    }
    for one in from {
        graph.may_need(*one, every);
    }
}

/// Links that belong to one side: whoever is `taker` in the first needs what else the link names.
const LINKS: &[(&str, &str)] = &[
    ("aws_lambda_event_source_mapping", "aws_lambda_function"),
    ("aws_iam_role_policy", "aws_iam_role"),
    ("aws_iam_role_policy_attachment", "aws_iam_role"),
    ("aws_volume_attachment", "aws_instance"),
];

struct Builder {
    web: Web,
    /// What only passes on, by its name.
    passes: BTreeMap<String, u32>,
}

impl Builder {
    fn pass(&mut self, name: String) -> u32 {
        if let Some(number) = self.passes.get(&name) {
            return *number;
        }
        let number = self.web.graph.add();
        self.passes.insert(name, number);
        number
    }

    /// What Terraform knows: each instance needs what its configuration refers to. All instances of a block stand behind
    /// one number, so that many of one needing many of another stays linear.
    fn states(&mut self, estate: &Estate, declared: &[Declaration]) {
        let nodes: BTreeMap<&Address, u32> =
            (0u32..).zip(&estate.nodes).map(|(number, node)| (&node.resource.address, number)).collect();
        for declaration in declared {
            let block = base(&declaration.address);
            let all = self.pass(format!("{}\n{block}", declaration.state));
            let own = match nodes.get(&declaration.identity) {
                Some(node) => *node,
                None => self.pass(format!("{}\n{}\n", declaration.state, declaration.address)),
            };
            self.web.graph.need(all, own);
            for needed in &declaration.dependencies {
                let needed = self.pass(format!("{}\n{}", declaration.state, base(needed)));
                self.web.graph.need(own, needed);
            }
            let link = LINKS.iter().find(|(kind, _)| *kind == declaration.identity.kind);
            let Some((_, taker)) = link else { continue };
            let (takers, others): (Vec<&String>, Vec<&String>) =
                declaration.dependencies.iter().partition(|address| type_of(address) == *taker);
            for taker in takers {
                let taker = self.pass(needs(&declaration.state, taker));
                for other in &others {
                    let other = self.pass(format!("{}\n{}", declaration.state, base(other)));
                    self.web.graph.need(taker, other);
                }
            }
        }
        for declaration in
            declared.iter().filter(|it| LINKS.iter().any(|(_, kind)| *kind == it.identity.kind))
        {
            let Some(needed) = self.passes.get(&needs(&declaration.state, &declaration.address)).copied()
            else {
                continue;
            };
            let own = match nodes.get(&declaration.identity) {
                Some(node) => *node,
                None => self.pass(format!("{}\n{}\n", declaration.state, declaration.address)),
            };
            self.web.graph.need(own, needed);
        }
    }

    /// It was not read what a node needs, or who needs it.
    fn unread(&mut self, number: u32, part: Part, gap: Gap) {
        let gaps = if part == Part::Store { &mut self.web.hidden } else { &mut self.web.blind };
        gaps.entry(number).or_insert(gap);
    }

    /// A load balancer needs who stands behind its target groups.
    fn targets(&mut self, estate: &Estate, scene: &Scene) {
        let mut by_arn: BTreeMap<String, u32> = BTreeMap::new();
        let mut by_id: BTreeMap<&str, u32> = BTreeMap::new();
        for (number, node) in (0u32..).zip(&estate.nodes) {
            by_arn.extend(arn(node.resource).map(|arn| (arn, number)));
            if node.part != Part::Store {
                by_id.insert(node.resource.id(), number);
            }
            match (node.part, arn(node.resource), node.resource.get(&ARN)) {
                (Part::Entry, None, Err(gap)) => self.unread(number, node.part, gap),
                // A target group names functions by their ARN.
                (Part::Compute, None, Err(gap)) if node.resource.kind() == function::KIND.name => {
                    self.web.hidden.insert(number, gap);
                }
                _ => {}
            }
        }
        for (number, node) in (0u32..).zip(&estate.nodes) {
            match target_groups(node.resource) {
                Ok(groups) => {
                    for group in groups {
                        let group = self.pass(group);
                        self.web.graph.need(group, number);
                    }
                }
                Err(gap) => {
                    self.web.hidden.insert(number, gap);
                }
            }
        }
        let entries = || (0u32..).zip(&estate.nodes).filter(|(_, node)| node.part == Part::Entry);
        for found in scene.view.inventory.of(&target_group::KIND).filter(|it| it.region() == scene.home) {
            let group = self.pass(arn(found).unwrap_or_else(|| found.id().to_owned()));
            let before: Vec<u32> = match found.get_or_default(&target_group::LOAD_BALANCER_ARNS) {
                Ok(arns) => arns.iter().filter_map(|arn| by_arn.get(arn).copied()).collect(),
                Err(gap) => {
                    entries().for_each(|(number, node)| self.unread(number, node.part, gap.clone()));
                    Vec::new()
                }
            };
            for balancer in &before {
                self.web.graph.need(*balancer, group);
            }
            match found.get_or_default(&target_group::TARGETS) {
                Ok(targets) => {
                    for target in targets {
                        if let Some(target) = by_id.get(target.id.as_str()).or_else(|| by_arn.get(&target.id))
                        {
                            self.web.graph.need(group, *target);
                        }
                    }
                }
                Err(gap) => before.iter().for_each(|one| self.unread(*one, Part::Entry, gap.clone())),
            }
        }
    }

    /// Whoever is let in by the security group of a store is taken to need it.
    fn groups(&mut self, estate: &Estate, scene: &Scene) {
        let mut stores: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (number, node) in (0u32..).zip(&estate.nodes).filter(|(_, node)| node.part != Part::Entry) {
            let groups = match security_groups(node.resource, scene) {
                Ok(groups) => groups,
                Err(gap) => {
                    self.unread(number, node.part, gap);
                    continue;
                }
            };
            for group in groups {
                match node.part {
                    Part::Store => {
                        let inside = self.pass(format!("in {group}"));
                        self.web.graph.need(inside, number);
                        stores.entry(group).or_default().push(number);
                    }
                    Part::Compute | Part::Entry => {
                        let from = self.pass(format!("from {group}"));
                        self.web.graph.need(number, from);
                    }
                }
            }
        }
        for found in scene.view.inventory.of(&security_group::KIND).filter(|it| it.region() == scene.home) {
            let Some(behind) = stores.get(found.id()) else { continue };
            let rules = match found.get_or_default(&security_group::INGRESS) {
                Ok(rules) => rules,
                Err(gap) => {
                    behind.iter().for_each(|store| self.unread(*store, Part::Store, gap.clone()));
                    continue;
                }
            };
            let inside = self.pass(format!("in {}", found.id()));
            for rule in rules {
                let itself = rule.itself.then(|| found.id().to_owned());
                for source in rule.security_groups.into_iter().chain(itself) {
                    let from = self.pass(format!("from {source}"));
                    self.web.graph.need(from, inside);
                }
            }
        }
    }

    /// An instance needs its volumes.
    fn attachments(&mut self, estate: &Estate) {
        let instances: BTreeMap<&str, u32> = (0u32..)
            .zip(&estate.nodes)
            .filter(|(_, node)| node.resource.kind() == instance::KIND.name)
            .map(|(number, node)| (node.resource.id(), number))
            .collect();
        for (number, node) in (0u32..).zip(&estate.nodes) {
            if node.resource.kind() != volume::KIND.name {
                continue;
            }
            match node.resource.get_or_default(&volume::ATTACHMENTS) {
                Ok(held) => {
                    for held in held {
                        if let Some(by) = instances.get(held.instance_id.as_str()) {
                            self.web.graph.need(*by, number);
                        }
                    }
                }
                Err(gap) => self.unread(number, node.part, gap),
            }
        }
    }

    /// Whose role names a store by its ARN is taken to need it.
    fn grants(&mut self, estate: &Estate, scene: &Scene) {
        let mut grants = Grants::of(estate, scene);
        for (number, gap) in grants.unnamed() {
            self.unread(number, Part::Store, gap);
        }
        for (number, node) in (0u32..).zip(&estate.nodes).filter(|(_, node)| node.part == Part::Compute) {
            match grants.stores(node.resource, scene) {
                Ok(stores) => stores.iter().for_each(|store| self.web.graph.need(number, *store)),
                Err(gap) => self.unread(number, node.part, gap),
            }
        }
    }
}

/// What links say that the instances of a block need.
fn needs(state: &str, address: &str) -> String {
    format!("{state}\n{}\nneeds", base(address))
}

/// The target groups that a resource puts its members into.
fn target_groups(resource: &Resource) -> Result<Vec<String>, Gap> {
    match resource.kind() {
        kind if kind == group::KIND.name => resource.get_or_default(&group::TARGET_GROUP_ARNS),
        kind if kind == service::KIND.name => {
            let blocks = resource.get_or_default(&service::LOAD_BALANCER)?;
            let blocks = blocks.as_array().into_iter().flatten();
            Ok(blocks.filter_map(|block| Some(block.get("target_group_arn")?.as_str()?.to_owned())).collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// The security groups that a resource is in.
fn security_groups(resource: &Resource, scene: &Scene) -> Result<Vec<String>, Gap> {
    match resource.kind() {
        "aws_instance" => resource.get_or_default(&instance::VPC_SECURITY_GROUP_IDS),
        "aws_autoscaling_group" => {
            let Some(template) = template_of(resource, scene)? else { return Ok(Vec::new()) };
            let mut groups = template.get_or_default(&launch_template::VPC_SECURITY_GROUP_IDS)?;
            let interfaces = template.get_or_default(&launch_template::NETWORK_INTERFACES)?;
            let of_interfaces = interfaces.as_array().into_iter().flatten();
            let of_interfaces = of_interfaces.filter_map(|one| one.get("security_groups")?.as_array());
            groups.extend(of_interfaces.flatten().filter_map(Value::as_str).map(str::to_owned));
            Ok(groups)
        }
        "aws_lambda_function" => {
            let networks = resource.get_or_default(&function::VPC_CONFIG)?;
            Ok(networks.into_iter().flat_map(|network| network.security_group_ids).collect())
        }
        "aws_ecs_service" => {
            let networks = resource.get_or_default(&service::NETWORK_CONFIGURATION)?;
            Ok(networks.into_iter().flat_map(|network| network.security_groups.unwrap_or_default()).collect())
        }
        // Clusters have them under the same name.
        "aws_db_instance" | "aws_rds_cluster" => {
            resource.get_or_default(&db_instance::VPC_SECURITY_GROUP_IDS)
        }
        "aws_elasticache_replication_group" => {
            resource.get_or_default(&replication_group::SECURITY_GROUP_IDS)
        }
        "aws_redshift_cluster" => resource.get_or_default(&redshift::cluster::VPC_SECURITY_GROUP_IDS),
        "aws_opensearch_domain" => {
            let networks = resource.get_or_default(&domain::VPC_OPTIONS)?;
            Ok(networks.into_iter().flat_map(|network| network.security_group_ids).collect())
        }
        "aws_efs_file_system" => {
            let mut groups = Vec::new();
            let mounts = scene.view.inventory.of(&mount_target::KIND);
            for mount in mounts.filter(|mount| mount.address.place == resource.address.place) {
                if mount.get(&mount_target::FILE_SYSTEM_ID)?.as_deref() == Some(resource.id()) {
                    groups.extend(mount.get_or_default(&mount_target::SECURITY_GROUPS)?);
                }
            }
            Ok(groups)
        }
        _ => Ok(Vec::new()),
    }
}

/// The launch template of a scaling group, its own or that of its mixture; none where it has none that is known.
pub(super) fn template_of<'a>(resource: &Resource, scene: &Scene<'a>) -> Result<Option<&'a Resource>, Gap> {
    let own = resource.get_or_default(&group::LAUNCH_TEMPLATE)?.into_iter().find_map(|template| template.id);
    let id = match own {
        Some(id) => Some(id),
        None => {
            let mixed = resource.get_or_default(&group::MIXED_INSTANCES_POLICY)?;
            let id = mixed.pointer("/0/launch_template/0/launch_template_specification/0/launch_template_id");
            id.and_then(Value::as_str).map(str::to_owned)
        }
    };
    match id {
        Some(id) => scene.view.inventory.lookup(&launch_template::KIND, &resource.address.place, &id),
        None => Ok(None),
    }
}

/// An address without index keys: `module.web.aws_instance.app` for `module.web["blue"].aws_instance.app[0]`.
fn base(address: &str) -> String {
    let (mut out, mut depth, mut quoted) = (String::with_capacity(address.len()), 0usize, false);
    for letter in address.chars() {
        match letter {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}

/// The type in an address without index keys.
fn type_of(address: &str) -> &str {
    let mut parts = address.rsplit('.');
    parts.next();
    parts.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_keys() {
        assert_eq!(base(r#"module.web["a.b"].aws_instance.app[0]"#), "module.web.aws_instance.app");
        assert_eq!(base(r#"aws_instance.app["]x"]"#), "aws_instance.app");
        assert_eq!(type_of("module.web.aws_iam_role.app"), "aws_iam_role");
        assert_eq!(type_of("aws_iam_role"), "");
    }
}
