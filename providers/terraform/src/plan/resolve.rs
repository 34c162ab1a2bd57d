//! What a value that is not known yet refers to, as far as the configuration tells it without doubt.
//!
//! A plan lists what an expression refers to and not the expression itself. So a value is taken for the referred one
//! only where a schema has room for nothing else: in ids, ARNs and names of owners, and with one reference alone.

use std::collections::BTreeMap;

use serde_json::Value;
use stateward_model::Resource;

use super::configuration::{Configuration, Module, config_address, references, split};

/// Arguments that hold the id or the ARN of another resource, beside those whose name says so.
const REFERRING: &[&str] =
    &["bucket", "group", "groups", "role", "roles", "security_groups", "subnets", "user", "users"];

/// Modules may be nested; what is nested deeper than this refers to itself.
const DEEPEST: usize = 16;

pub(super) struct Resolver<'a> {
    configuration: &'a Configuration,
    /// The instances that would exist, by block.
    instances: BTreeMap<String, Vec<Target>>,
}

struct Target {
    address: String,
    /// What stands for it: its id, known or not.
    id: String,
    arn: Option<String>,
}

/// Where an expression stands: in which module instance, and with which index key.
#[derive(Clone)]
struct Scope<'a> {
    module: &'a Module,
    calls: Vec<String>,
    key: String,
}

impl<'a> Resolver<'a> {
    pub(super) fn new<'b>(
        configuration: &'a Configuration,
        coming: impl Iterator<Item = &'b Resource>,
    ) -> Self {
        let mut instances: BTreeMap<String, Vec<Target>> = BTreeMap::new();
        for resource in coming {
            let Some(facts) = &resource.declared else { continue };
            let target = Target {
                address: facts.address.clone(),
                id: resource.id().to_owned(),
                arn: resource.arn.clone(),
            };
            instances.entry(config_address(&facts.address)).or_default().push(target);
        }
        Self { configuration, instances }
    }

    /// The value of an attribute whose value is known only later; none where it is not clear what it refers to.
    pub(super) fn value(&self, resource: &Resource, attribute: &str) -> Option<Value> {
        let refers = REFERRING.contains(&attribute)
            || ["_id", "_ids", "_arn", "_arns"].iter().any(|end| attribute.ends_with(end));
        if !refers {
            return None;
        }
        let address = &resource.declared.as_ref()?.address;
        let block = self.configuration.block_of(address)?;
        let expression = block.expressions.get(attribute)?;
        let each = references(&block.for_each_expression);
        let scope = self.scope(address)?;
        let is_list = attribute.ends_with('s');
        let found = self.targets(&references(expression), &each, &scope, is_list, 0)?;
        match (is_list, found.as_slice()) {
            (true, _) => Some(Value::Array(found.into_iter().map(Value::String).collect())),
            (false, [one]) => Some(Value::String(one.clone())),
            (false, _) => None,
        }
    }

    fn scope(&self, address: &str) -> Option<Scope<'a>> {
        let (calls, own) = split(address);
        let mut module = &self.configuration.root;
        for call in &calls {
            module = &module.module_calls.get(&config_address(call))?.module;
        }
        let key = own.find('[').map(|at| own[at..].to_owned()).unwrap_or_default();
        Some(Scope { module, calls, key })
    }

    /// The ids or ARNs that the references mean. A list may name several, a scalar one alone.
    fn targets(
        &self,
        listed: &[&str],
        each: &[&str],
        scope: &Scope<'a>,
        is_list: bool,
        depth: usize,
    ) -> Option<Vec<String>> {
        if depth > DEEPEST || listed.is_empty() || (listed.len() > 1 && !is_list) {
            return None;
        }
        let mut all = Vec::new();
        for reference in listed {
            all.extend(self.target(reference, each, scope, is_list, depth)?);
        }
        Some(all)
    }

    fn target(
        &self,
        reference: &str,
        each: &[&str],
        scope: &Scope<'a>,
        is_list: bool,
        depth: usize,
    ) -> Option<Vec<String>> {
        if let Some(rest) = reference.strip_prefix("each.value") {
            let [source] = each else { return None };
            return self.instances_of(&format!("{source}{}{rest}", scope.key), scope, is_list);
        }
        if let Some(name) = reference.strip_prefix("var.") {
            let (call, outer) = scope.calls.split_last()?;
            let mut module = &self.configuration.root;
            for call in outer {
                module = &module.module_calls.get(&config_address(call))?.module;
            }
            let expression = module.module_calls.get(&config_address(call))?.expressions.get(name)?;
            let scope = Scope { module, calls: outer.to_vec(), key: String::new() };
            return self.targets(&references(expression), &[], &scope, is_list, depth + 1);
        }
        if let Some(rest) = reference.strip_prefix("module.") {
            let (calls, output) = rest.split_once('.')?;
            let module = &scope.module.module_calls.get(&config_address(calls))?.module;
            let expression = &module.outputs.get(output)?.expression;
            let mut inner = scope.calls.clone();
            inner.push(calls.to_owned());
            let scope = Scope { module, calls: inner, key: String::new() };
            return self.targets(&references(expression), &[], &scope, is_list, depth + 1);
        }
        if reference.starts_with("aws_") {
            return self.instances_of(reference, scope, is_list);
        }
        None
    }

    /// The instances that `type.name`, `type.name[key]` or `type.name.id` means in a module.
    fn instances_of(&self, reference: &str, scope: &Scope, is_list: bool) -> Option<Vec<String>> {
        let prefix: String = scope.calls.iter().map(|call| format!("module.{call}.")).collect();
        let mut parts = reference.splitn(3, '.');
        let (kind, name, attribute) = (parts.next()?, parts.next()?, parts.next());
        let block = config_address(&format!("{prefix}{kind}.{name}"));
        let instances = self.instances.get(&block)?;
        let within = |target: &&Target| target.address.starts_with(&format!("{prefix}{kind}."));
        let mut meant: Vec<&Target> = instances.iter().filter(within).collect();
        if name.contains('[') {
            let address = format!("{prefix}{kind}.{name}");
            meant.retain(|target| target.address == address);
        }
        let several_unclear = meant.len() != 1 && !(is_list && attribute.is_none());
        if several_unclear || (attribute.is_none() && !is_list) {
            return None;
        }
        let value = |target: &&Target| match attribute {
            Some("arn") => target.arn.clone().unwrap_or_else(|| target.id.clone()),
            _ => target.id.clone(),
        };
        matches!(attribute, None | Some("id" | "arn" | "name" | "bucket"))
            .then(|| meant.iter().map(value).collect())
    }
}
