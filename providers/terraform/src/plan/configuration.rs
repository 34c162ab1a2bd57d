//! What a plan repeats of its configuration: which arguments are set, what they refer to, and where providers work.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

/// `configuration` of a plan.
#[derive(Deserialize, Default)]
pub(super) struct Parsed {
    #[serde(default)]
    provider_config: BTreeMap<String, Provider>,
    #[serde(default)]
    root_module: Module,
}

#[derive(Deserialize, Default)]
pub(super) struct Module {
    #[serde(default)]
    resources: Vec<Block>,
    #[serde(default)]
    pub(super) module_calls: BTreeMap<String, Call>,
    #[serde(default)]
    pub(super) outputs: BTreeMap<String, Output>,
    /// The blocks by address, once they are sorted in.
    #[serde(skip)]
    blocks: BTreeMap<String, Block>,
}

#[derive(Deserialize, Default)]
pub(super) struct Call {
    #[serde(default)]
    pub(super) expressions: Map<String, Value>,
    #[serde(default)]
    pub(super) module: Module,
}

#[derive(Deserialize, Default)]
pub(super) struct Output {
    #[serde(default)]
    pub(super) expression: Value,
}

#[derive(Deserialize, Default)]
pub(super) struct Block {
    address: String,
    #[serde(default)]
    provider_config_key: String,
    #[serde(default)]
    pub(super) expressions: Map<String, Value>,
    #[serde(default)]
    pub(super) for_each_expression: Value,
}

/// A `provider` block. Credentials in it are read over.
#[derive(Deserialize, Default)]
struct Provider {
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    module_address: Option<String>,
    #[serde(default)]
    expressions: Region,
}

#[derive(Deserialize, Default)]
struct Region {
    #[serde(default)]
    region: Value,
}

/// The value of an input variable.
#[derive(Deserialize)]
pub(super) struct Variable {
    #[serde(default)]
    value: Value,
}

/// The configuration, to ask.
#[derive(Default)]
pub(super) struct Configuration {
    providers: BTreeMap<String, Provider>,
    pub(super) root: Module,
    pub(super) variables: BTreeMap<String, Variable>,
}

/// Where an instance's provider works.
pub(super) struct Works<'a> {
    provider: &'a Provider,
    variables: &'a BTreeMap<String, Variable>,
}

impl Works<'_> {
    /// The provider's address, as states write it.
    pub(super) fn name(&self) -> String {
        let module =
            self.provider.module_address.as_ref().map(|module| format!("{module}.")).unwrap_or_default();
        let alias = self.provider.alias.as_ref().map(|alias| format!(".{alias}")).unwrap_or_default();
        format!("{module}provider[\"{}\"]{alias}", self.provider.full_name)
    }

    /// The region that is written down, or stands in an input variable.
    pub(super) fn region(&self) -> Option<String> {
        let region = &self.provider.expressions.region;
        if let Some(text) = region.get("constant_value").and_then(Value::as_str) {
            return Some(text.to_owned());
        }
        let [name] = references(region)[..] else { return None };
        let variable = self.variables.get(name.strip_prefix("var.")?)?;
        variable.value.as_str().map(str::to_owned)
    }
}

impl Configuration {
    pub(super) fn take(&mut self, parsed: Parsed) {
        self.providers = parsed.provider_config;
        self.root = parsed.root_module;
        self.root.sort_in();
    }

    /// The block that an instance came from.
    pub(super) fn block_of(&self, address: &str) -> Option<&Block> {
        let (modules, own) = split(address);
        let mut module = &self.root;
        for call in modules {
            module = &module.module_calls.get(&config_address(&call))?.module;
        }
        module.blocks.get(&config_address(&own))
    }

    pub(super) fn provider_of(&self, address: &str) -> Option<Works<'_>> {
        let provider = self.providers.get(&self.block_of(address)?.provider_config_key)?;
        Some(Works { provider, variables: &self.variables })
    }

    /// The arguments that each block sets, by its address.
    pub(super) fn arguments(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut arguments = BTreeMap::new();
        self.root.arguments("", &mut arguments);
        arguments
    }
}

impl Module {
    fn sort_in(&mut self) {
        let blocks = std::mem::take(&mut self.resources).into_iter();
        self.blocks = blocks.map(|block| (block.address.clone(), block)).collect();
        self.module_calls.values_mut().for_each(|call| call.module.sort_in());
    }

    fn arguments(&self, prefix: &str, all: &mut BTreeMap<String, BTreeSet<String>>) {
        for (address, block) in &self.blocks {
            let mut set = BTreeSet::new();
            set_paths(&block.expressions, "", &mut set);
            all.insert(format!("{prefix}{address}"), set);
        }
        for (name, call) in &self.module_calls {
            call.module.arguments(&format!("{prefix}module.{name}."), all);
        }
    }
}

/// The paths of arguments and blocks, without indices. What is neither a value nor a reference is a block.
fn set_paths(expressions: &Map<String, Value>, prefix: &str, set: &mut BTreeSet<String>) {
    for (name, expression) in expressions {
        let path = format!("{prefix}{name}");
        let blocks = match expression {
            Value::Array(blocks) => blocks.as_slice(),
            one => std::slice::from_ref(one),
        };
        for block in blocks.iter().filter_map(Value::as_object) {
            if !block.contains_key("constant_value") && !block.contains_key("references") {
                set_paths(block, &format!("{path}."), set);
            }
        }
        set.insert(path);
    }
}

/// What an expression refers to, the most specific of each only: Terraform lists `a.b.id` and `a.b`.
pub(super) fn references(expression: &Value) -> Vec<&str> {
    let Some(listed) = expression.get("references").and_then(Value::as_array) else { return Vec::new() };
    let all: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
    let within = |shorter: &str, longer: &str| {
        longer.len() > shorter.len()
            && longer.starts_with(shorter)
            && longer[shorter.len()..].starts_with(['.', '['])
    };
    all.iter().filter(|one| !all.iter().any(|other| within(one, other))).copied().collect()
}

/// An address without its index keys, as the configuration writes it.
pub(super) fn config_address(address: &str) -> String {
    let mut plain = String::with_capacity(address.len());
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for letter in address.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    plain
}

/// The module calls of an address with their index keys, and what stands in the last module.
pub(super) fn split(address: &str) -> (Vec<String>, String) {
    let mut parts = parts(address).into_iter().peekable();
    let mut modules = Vec::new();
    while parts.peek().is_some_and(|part| part == "module") {
        parts.next();
        modules.extend(parts.next());
    }
    (modules, parts.collect::<Vec<_>>().join("."))
}

/// The parts between dots; dots in index keys do not count.
fn parts(address: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for letter in address.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            '.' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn index_keys_are_no_part_of_a_configuration() {
        let address = r#"module.a["x.]\"y"].module.b[0].aws_s3_bucket.logs["k"]"#;
        assert_eq!(config_address(address), "module.a.module.b.aws_s3_bucket.logs");
        let (modules, own) = split(address);
        assert_eq!(modules, [r#"a["x.]\"y"]"#, "b[0]"]);
        assert_eq!(own, r#"aws_s3_bucket.logs["k"]"#);
        assert_eq!(split("aws_vpc.this"), (vec![], "aws_vpc.this".to_owned()));
    }

    #[test]
    fn blocks_are_set_with_what_stands_in_them() {
        let mut set = BTreeSet::new();
        let expressions = json!({
            "ami": { "constant_value": { "x": 1 } }, "user_data": {},
            "root_block_device": [{ "volume_size": { "references": ["var.size"] }, "nested": [{ "a": {} }] }]
        });
        set_paths(expressions.as_object().unwrap(), "", &mut set);
        let paths: Vec<&str> = set.iter().map(String::as_str).collect();
        let block = ["root_block_device", "root_block_device.nested", "root_block_device.nested.a"];
        assert_eq!(paths, [&["ami"][..], &block, &["root_block_device.volume_size", "user_data"]].concat());
    }

    #[test]
    fn of_what_is_referred_to_the_most_specific_counts() {
        let expression =
            json!({ "references": ["aws_vpc.a.id", "aws_vpc.a", "aws_vpc.ab", "var.x[0]", "var.x"] });
        assert_eq!(references(&expression), ["aws_vpc.a.id", "aws_vpc.ab", "var.x[0]"]);
        assert!(references(&json!({ "constant_value": "x" })).is_empty());
    }
}
