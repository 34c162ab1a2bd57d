//! The `provider` blocks of the root module: where and as whom Terraform works.

use hcl_edit::structure::Body;
use serde_json::Value;

use super::literal::Scope;
use super::syntax::File;
use super::{At, Configuration, at};

/// A provider as the root module sets it up. What is not written out is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredProvider {
    /// Its name: `aws`.
    pub name: String,
    /// Its alias; none for the one that resources take by themselves.
    pub alias: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// The accounts that it may work in.
    pub accounts: Vec<String>,
    /// The role that it takes.
    pub role_arn: Option<String>,
    /// Keys of tags that it ignores; a prefix ends in `*`.
    pub ignored_tags: Vec<String>,
    /// Of these, what is there and is not written out: variables without a value, functions.
    pub unresolved: Vec<String>,
    /// Where it stands.
    pub at: At,
}

/// Reads the blocks in the order of the files.
pub(super) fn read(files: &[File], scope: &Scope, into: &mut Configuration) {
    for file in files {
        for block in file.body.get_blocks("provider") {
            let Some(name) = block.labels.first() else { continue };
            let mut unresolved = Vec::new();
            let mut value = |body: &Body, name: &str| {
                let attribute = body.get_attribute(name)?;
                let value = scope.value(&attribute.value);
                if value.is_none() {
                    unresolved.push(name.to_owned());
                }
                value
            };
            let alias = value(&block.body, "alias");
            let region = value(&block.body, "region");
            let accounts = value(&block.body, "allowed_account_ids");
            let nested = |name: &str| block.body.get_blocks(name).next().map(|nested| nested.body.clone());
            let role = nested("assume_role").and_then(|body| value(&body, "role_arn"));
            let mut ignored_tags = Vec::new();
            if let Some(body) = nested("ignore_tags") {
                ignored_tags.extend(texts(value(&body, "keys")));
                let prefixes = texts(value(&body, "key_prefixes"));
                ignored_tags.extend(prefixes.into_iter().map(|prefix| format!("{prefix}*")));
            }
            into.providers.push(ConfiguredProvider {
                name: name.as_str().to_owned(),
                alias: text(alias),
                region: text(region),
                accounts: texts(accounts),
                role_arn: text(role),
                ignored_tags,
                unresolved,
                at: at(file, block),
            });
        }
    }
}

fn text(value: Option<Value>) -> Option<String> {
    value?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Texts of a list; account ids are now and then written as numbers.
fn texts(value: Option<Value>) -> Vec<String> {
    let Some(Value::Array(list)) = value else { return Vec::new() };
    let one = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(format!("{number:0>12}")),
        _ => None,
    };
    list.into_iter().filter_map(one).collect()
}
