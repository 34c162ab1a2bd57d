//! Grants: whose role names a store by its ARN is taken to need it.

use std::collections::BTreeMap;

use serde_json::Value;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::ec2::compute::{instance, launch_template};
use stateward_model::kinds::ecs::{service, task_definition};
use stateward_model::kinds::iam::{instance_profile, managed_policy, role};
use stateward_model::kinds::lambda::function;
use stateward_model::kinds::s3::bucket;
use stateward_model::policy::Document;
use stateward_model::{Cause, GLOBAL, Gap, Place, Resource};

use super::edges::template_of;
use super::estate::Estate;
use super::index::arn;
use super::paths::Part;
use super::scene::Scene;
use crate::checks::facts::partition;

/// Kinds that policies name by ARN to let somebody in. To databases and caches the network lets in.
const NAMED: &[&str] = &["aws_dynamodb_table", "aws_s3_bucket", "aws_secretsmanager_secret", "aws_sqs_queue"];

/// Letters that Secrets Manager appends to the name in an ARN: a hyphen and six more.
const SUFFIX: usize = 7;

/// Stores by ARN, and what roles allow.
pub struct Grants {
    stores: BTreeMap<String, u32>,
    unnamed: Vec<(u32, Gap)>,
    /// What the policies of a role name, by its name.
    roles: BTreeMap<String, Result<Vec<String>, Gap>>,
}

impl Grants {
    /// The stores of an estate.
    pub fn of(estate: &Estate, scene: &Scene) -> Self {
        let mut grants = Self { stores: BTreeMap::new(), unnamed: Vec::new(), roles: BTreeMap::new() };
        for (number, node) in (0u32..).zip(&estate.nodes) {
            if node.part != Part::Store || !NAMED.contains(&node.resource.kind()) {
                continue;
            }
            let own = match node.resource.kind() == bucket::KIND.name {
                true => Some(format!("arn:{}:s3:::{}", partition(scene.home), node.resource.id())),
                false => arn(node.resource),
            };
            match (own, node.resource.get(&ARN)) {
                (Some(arn), _) => {
                    if arn.contains(":secret:")
                        && let Some((name, _)) = arn.split_at_checked(arn.len().saturating_sub(SUFFIX))
                    {
                        grants.stores.insert(name.to_owned(), number);
                    }
                    grants.stores.insert(arn, number);
                }
                (None, Err(gap)) => grants.unnamed.push((number, gap)),
                (None, Ok(_)) => {}
            }
        }
        grants
    }

    /// Stores whose ARN was not read.
    pub fn unnamed(&mut self) -> Vec<(u32, Gap)> {
        std::mem::take(&mut self.unnamed)
    }

    /// The stores that the roles of a resource name.
    pub fn stores(&mut self, resource: &Resource, scene: &Scene) -> Result<Vec<u32>, Gap> {
        let mut stores = Vec::new();
        for name in roles_of(resource, scene)? {
            let place = Place::new(resource.account(), GLOBAL);
            let named =
                self.roles.entry(name.clone()).or_insert_with(|| named_by(&name, &place, scene)).clone()?;
            stores.extend(named.iter().filter_map(|pattern| self.store(pattern, resource)));
        }
        stores.sort_unstable();
        stores.dedup();
        Ok(stores)
    }

    /// The store that a pattern is about: its ARN, or something in it, as `table/carts/index/*` or `acme-orders/*`. A
    /// wildcard in the name itself names nobody.
    fn store(&self, pattern: &str, resource: &Resource) -> Option<u32> {
        let mut parts: Vec<&str> = pattern.splitn(6, ':').collect();
        if let [_, _, _, region, account, _] = parts.as_mut_slice() {
            if *region == "*" {
                *region = resource.region();
            }
            if *account == "*" {
                *account = resource.account();
            }
        }
        let whole = parts.join(":");
        if whole.contains(":secret:") {
            let name = ["-??????", "-*", "*"].into_iter().find_map(|end| whole.strip_suffix(end));
            return self.stores.get(name.unwrap_or(&whole)).copied();
        }
        let mut text = whole.as_str();
        loop {
            if let Some(number) = self.stores.get(text) {
                return Some(*number);
            }
            text = &text[..text.rfind('/')?];
        }
    }
}

/// The names of the roles that a resource acts with.
fn roles_of(resource: &Resource, scene: &Scene) -> Result<Vec<String>, Gap> {
    let last = |reference: String| reference.rsplit('/').next().unwrap_or_default().to_owned();
    let profile = match resource.kind() {
        kind if kind == function::KIND.name => {
            return Ok(resource.get(&function::ROLE)?.map(last).into_iter().collect());
        }
        kind if kind == service::KIND.name => {
            let Some(definition) = definition_of(resource, scene)? else { return Ok(Vec::new()) };
            let roles = [
                definition.get(&task_definition::TASK_ROLE_ARN)?,
                definition.get(&task_definition::EXECUTION_ROLE_ARN)?,
            ];
            return Ok(roles.into_iter().flatten().filter(|role| !role.is_empty()).map(last).collect());
        }
        kind if kind == instance::KIND.name => resource.get(&instance::IAM_INSTANCE_PROFILE)?,
        "aws_autoscaling_group" => match template_of(resource, scene)? {
            Some(template) => {
                let block = template.get_or_default(&launch_template::IAM_INSTANCE_PROFILE)?;
                let text = |key: &str| block.pointer(&format!("/0/{key}")).and_then(Value::as_str);
                text("name").or_else(|| text("arn")).map(str::to_owned)
            }
            None => None,
        },
        _ => None,
    };
    let Some(profile) = profile.map(last).filter(|name| !name.is_empty()) else { return Ok(Vec::new()) };
    let place = Place::new(resource.account(), GLOBAL);
    let found = scene.view.inventory.lookup(&instance_profile::KIND, &place, &profile)?;
    Ok(found.map_or(Ok(None), |found| found.get(&instance_profile::ROLE))?.into_iter().collect())
}

/// The task definition that a container service runs.
pub(super) fn definition_of<'a>(resource: &Resource, scene: &Scene<'a>) -> Result<Option<&'a Resource>, Gap> {
    match resource.get(&service::TASK_DEFINITION)?.filter(|arn| !arn.is_empty()) {
        Some(arn) => scene.view.inventory.lookup(&task_definition::KIND, &resource.address.place, &arn),
        None => Ok(None),
    }
}

/// The patterns of resources to which the policies of a role let it. Policies of AWS name nobody's resources.
fn named_by(name: &str, place: &Place, scene: &Scene) -> Result<Vec<String>, Gap> {
    let Some(found) = scene.view.inventory.lookup(&role::KIND, place, name)? else { return Ok(Vec::new()) };
    let mut documents: Vec<String> = Vec::new();
    for inline in found.get_or_default(&role::INLINE_POLICY)? {
        documents.push(inline.policy);
    }
    let attached = found.get_or_default(&role::MANAGED_POLICY_ARNS)?;
    for arn in attached.iter().filter(|arn| !arn.contains(":iam::aws:")) {
        if let Some(managed) = scene.view.inventory.lookup(&managed_policy::KIND, place, arn)? {
            documents.extend(managed.get(&managed_policy::DOCUMENT)?);
        }
    }
    let mut named = Vec::new();
    for text in documents {
        let malformed = || Gap::new(role::KIND.name, Cause::Malformed, format!("a policy of {name} is none"));
        let document = Document::parse(&text).ok_or_else(malformed)?;
        let allowed = document.allowing().filter(|statement| !statement.other_resources);
        named.extend(allowed.flat_map(|statement| statement.resources.iter().cloned()));
    }
    named.retain(|pattern| pattern.starts_with("arn:"));
    Ok(named)
}
