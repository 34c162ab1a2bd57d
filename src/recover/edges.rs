//! What needs what: by states, target groups, security groups, attachments, event sources and grants.

use std::collections::BTreeMap;

use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::ec2::compute::{instance, launch_template, volume};
use stateward_model::kinds::ec2::network::security_group;
use stateward_model::kinds::ecs::service;
use stateward_model::kinds::efs::mount_target;
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::elbv2::target_group;
use stateward_model::kinds::lambda::function;
use stateward_model::kinds::rds::db_instance;
use stateward_model::kinds::redshift;
use stateward_model::{Address, Resource};

use super::estate::{Declaration, Estate};
use super::graph::Graph;
use super::index::arn;
use super::paths::Part;
use super::scene::Scene;

/// The graph of an estate. The first numbers are its nodes; what follows only passes on, and takes no time.
pub fn graph(estate: &Estate, declared: &[Declaration], scene: &Scene) -> Graph {
    let mut builder = Builder { graph: Graph::new(estate.nodes.len()), passes: BTreeMap::new() };
    builder.states(estate, declared);
    builder.targets(estate, scene);
    builder.groups(estate, scene);
    builder.attachments(estate);
    builder.graph.settle();
    builder.graph
}

/// Links that belong to one side: whoever is `taker` in the first needs what else the link names.
const LINKS: &[(&str, &str)] = &[
    ("aws_lambda_event_source_mapping", "aws_lambda_function"),
    ("aws_iam_role_policy", "aws_iam_role"),
    ("aws_iam_role_policy_attachment", "aws_iam_role"),
    ("aws_volume_attachment", "aws_instance"),
];

struct Builder {
    graph: Graph,
    /// What only passes on, by its name.
    passes: BTreeMap<String, u32>,
}

impl Builder {
    fn pass(&mut self, name: String) -> u32 {
        if let Some(number) = self.passes.get(&name) {
            return *number;
        }
        let number = self.graph.add();
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
            self.graph.need(all, own);
            for needed in &declaration.dependencies {
                let needed = self.pass(format!("{}\n{}", declaration.state, base(needed)));
                self.graph.need(own, needed);
            }
            let link = LINKS.iter().find(|(kind, _)| *kind == declaration.identity.kind);
            let Some((_, taker)) = link else { continue };
            let (takers, others): (Vec<&String>, Vec<&String>) =
                declaration.dependencies.iter().partition(|address| type_of(address) == *taker);
            for taker in takers {
                let taker = self.pass(needs(&declaration.state, taker));
                for other in &others {
                    let other = self.pass(format!("{}\n{}", declaration.state, base(other)));
                    self.graph.need(taker, other);
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
            self.graph.need(own, needed);
        }
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
        }
        for (number, node) in (0u32..).zip(&estate.nodes) {
            for group in target_groups(node.resource) {
                let group = self.pass(group);
                self.graph.need(group, number);
            }
        }
        for found in scene.view.inventory.of(&target_group::KIND).filter(|it| it.region() == scene.home) {
            let group = self.pass(arn(found).unwrap_or_else(|| found.id().to_owned()));
            for balancer in found.get_or_default(&target_group::LOAD_BALANCER_ARNS).unwrap_or_default() {
                if let Some(balancer) = by_arn.get(&balancer) {
                    self.graph.need(*balancer, group);
                }
            }
            for target in found.get_or_default(&target_group::TARGETS).unwrap_or_default() {
                if let Some(target) = by_id.get(target.id.as_str()).or_else(|| by_arn.get(&target.id)) {
                    self.graph.need(group, *target);
                }
            }
        }
    }

    /// Whoever is let in by the security group of a store is taken to need it.
    fn groups(&mut self, estate: &Estate, scene: &Scene) {
        for (number, node) in (0u32..).zip(&estate.nodes) {
            let groups = security_groups(node.resource, scene);
            for group in groups {
                match node.part {
                    Part::Store => {
                        let inside = self.pass(format!("in {group}"));
                        self.graph.need(inside, number);
                    }
                    Part::Compute => {
                        let from = self.pass(format!("from {group}"));
                        self.graph.need(number, from);
                    }
                    Part::Entry => {}
                }
            }
        }
        for found in scene.view.inventory.of(&security_group::KIND).filter(|it| it.region() == scene.home) {
            let inside = format!("in {}", found.id());
            if !self.passes.contains_key(&inside) {
                continue;
            }
            let inside = self.pass(inside);
            for rule in found.get_or_default(&security_group::INGRESS).unwrap_or_default() {
                let itself = rule.itself.then(|| found.id().to_owned());
                for source in rule.security_groups.into_iter().chain(itself) {
                    let from = self.pass(format!("from {source}"));
                    self.graph.need(from, inside);
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
            for held in node.resource.get_or_default(&volume::ATTACHMENTS).unwrap_or_default() {
                if let Some(by) = instances.get(held.instance_id.as_str()) {
                    self.graph.need(*by, number);
                }
            }
        }
    }
}

/// What links say that the instances of a block need.
fn needs(state: &str, address: &str) -> String {
    format!("{state}\n{}\nneeds", base(address))
}

/// The target groups that a resource puts its members into.
fn target_groups(resource: &Resource) -> Vec<String> {
    match resource.kind() {
        kind if kind == group::KIND.name => {
            resource.get_or_default(&group::TARGET_GROUP_ARNS).unwrap_or_default()
        }
        kind if kind == service::KIND.name => {
            let blocks = resource.get(&service::LOAD_BALANCER).ok().flatten();
            let blocks = blocks.as_ref().and_then(serde_json::Value::as_array).into_iter().flatten();
            blocks.filter_map(|block| Some(block.get("target_group_arn")?.as_str()?.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

/// The security groups that a resource is in.
fn security_groups(resource: &Resource, scene: &Scene) -> Vec<String> {
    let found = match resource.kind() {
        "aws_instance" => resource.get(&instance::VPC_SECURITY_GROUP_IDS),
        "aws_autoscaling_group" => {
            let templates = resource.get_or_default(&group::LAUNCH_TEMPLATE).unwrap_or_default();
            let template = templates.into_iter().find_map(|template| template.id);
            let place = &resource.address.place;
            let template =
                template.and_then(|id| scene.view.inventory.by_id(&launch_template::KIND, place, &id));
            return template
                .and_then(|template| template.get(&launch_template::VPC_SECURITY_GROUP_IDS).ok().flatten())
                .unwrap_or_default();
        }
        "aws_lambda_function" => {
            let networks = resource.get_or_default(&function::VPC_CONFIG).unwrap_or_default();
            return networks.into_iter().flat_map(|network| network.security_group_ids).collect();
        }
        "aws_ecs_service" => {
            let networks = resource.get_or_default(&service::NETWORK_CONFIGURATION).unwrap_or_default();
            return networks
                .into_iter()
                .flat_map(|network| network.security_groups.unwrap_or_default())
                .collect();
        }
        // Clusters have them under the same name.
        "aws_db_instance" | "aws_rds_cluster" => resource.get(&db_instance::VPC_SECURITY_GROUP_IDS),
        "aws_elasticache_replication_group" => resource.get(&replication_group::SECURITY_GROUP_IDS),
        "aws_redshift_cluster" => resource.get(&redshift::cluster::VPC_SECURITY_GROUP_IDS),
        "aws_efs_file_system" => {
            let of_it = |mount: &&Resource| {
                mount.get(&mount_target::FILE_SYSTEM_ID).ok().flatten().as_deref() == Some(resource.id())
            };
            let mounts = scene.view.inventory.of(&mount_target::KIND).filter(of_it);
            return mounts
                .flat_map(|mount| mount.get_or_default(&mount_target::SECURITY_GROUPS).unwrap_or_default())
                .collect();
        }
        _ => Ok(None),
    };
    found.ok().flatten().unwrap_or_default()
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
