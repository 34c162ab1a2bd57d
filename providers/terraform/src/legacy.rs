//! Format 3, which Terraform wrote up to 0.11: modules with their path, and resources with flattened attributes. It is
//! brought into the terms of format 4 while it is read.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::read::{Block, Context, Instance, Outputs};

/// The list of modules.
pub(crate) struct Modules<'a, 'b>(pub(crate) &'a Context<'b>);

impl<'de> DeserializeSeed<'de> for Modules<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Modules<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the list of modules of a state")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Module(self.0))?.is_some() {}
        Ok(())
    }
}

struct Module<'a, 'b>(&'a Context<'b>);

impl<'de> DeserializeSeed<'de> for Module<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Module<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a module of a state")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut path = None;
        // Terraform writes the path first. Should another writer not, the rest waits as text.
        let mut waiting: Vec<(bool, Box<RawValue>)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), &path) {
                ("path", _) => {
                    path = Some(module_of(&map.next_value::<Option<Vec<String>>>()?.unwrap_or_default()))
                }
                ("resources", Some(module)) => map.next_value_seed(Resources(self.0, module))?,
                ("outputs", Some(module)) => map.next_value_seed(Outputs(self.0, module))?,
                ("resources" | "outputs", None) => waiting.push((key == "resources", map.next_value()?)),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let module = path.unwrap_or_default();
        for (resources, text) in waiting {
            let mut json = serde_json::Deserializer::from_str(text.get());
            if resources {
                Resources(self.0, &module).deserialize(&mut json).map_err(A::Error::custom)?;
            } else {
                Outputs(self.0, &module).deserialize(&mut json).map_err(A::Error::custom)?;
            }
        }
        Ok(())
    }
}

/// `["root", "net", "nat"]` is `module.net.module.nat`.
fn module_of(path: &[String]) -> String {
    let inner = path.iter().skip(usize::from(path.first().is_some_and(|name| name == "root")));
    inner.map(|name| format!("module.{name}")).collect::<Vec<_>>().join(".")
}

struct Resources<'a, 'b, 'c>(&'a Context<'b>, &'c str);

impl<'de> DeserializeSeed<'de> for Resources<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Resources<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the resources of a module")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key.starts_with("data.") {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let (kind, name, index) = named(&key)
                .ok_or_else(|| A::Error::custom("a resource is not named TYPE.NAME or TYPE.NAME.INDEX"))?;
            let found: Found = map.next_value()?;
            let block = Block {
                module: self.1.to_owned(),
                mode: "managed".to_owned(),
                kind: kind.to_owned(),
                name: name.to_owned(),
                provider: provider_of(found.provider.as_deref().unwrap_or_default(), kind, self.1),
            };
            let dependencies: Vec<String> =
                found.depends_on.unwrap_or_default().iter().filter_map(|on| dependency(on, self.1)).collect();
            let deposed = found.deposed.unwrap_or_default().into_iter().flatten();
            // As Terraform 0.12 numbers them when it upgrades such a state.
            let deposed = deposed.zip(1_u32..).map(|(object, at)| (object, Some(format!("{at:08x}"))));
            for (object, key) in found.primary.map(|object| (object, None)).into_iter().chain(deposed) {
                self.0.take(&block, object.upgraded(index, key, &dependencies));
            }
        }
        Ok(())
    }
}

/// Type, name and index of a resource's key.
fn named(key: &str) -> Option<(&str, &str, Option<u64>)> {
    let (kind, name) = key.split_once('.')?;
    match name.rsplit_once('.') {
        Some((name, index)) => Some((kind, name, Some(index.parse().ok()?))),
        None => Some((kind, name, None)),
    }
    .filter(|(kind, name, _)| !kind.is_empty() && !name.is_empty())
}

/// A dependency as an address; those on data sources are left out, as these are no resources.
fn dependency(on: &str, module: &str) -> Option<String> {
    if on.is_empty() || on.starts_with("data.") {
        return None;
    }
    let mut parts: Vec<&str> = on.split('.').collect();
    if !on.starts_with("module.") {
        parts.truncate(2);
    }
    let here = parts.join(".");
    Some(if module.is_empty() { here } else { format!("{module}.{here}") })
}

/// A provider's name in the form of Terraform 0.13 and later. Before, it was `provider.aws.east`, with the module before
/// it where it was configured there, or no more than `aws.east`; a resource that names none has the one of its type.
pub(crate) fn provider_of(written: &str, kind: &str, module: &str) -> String {
    if written.contains('[') {
        return written.to_owned();
    }
    let (module, name) = match written.split_once("provider.") {
        Some((module, name)) => (module.trim_end_matches('.'), name),
        None if written.is_empty() => (module, kind.split('_').next().unwrap_or(kind)),
        None => (module, written),
    };
    let (name, alias) = name.split_once('.').map_or((name, None), |(name, alias)| (name, Some(alias)));
    // The names of that time had no namespace. Only of this one is it certain.
    let namespace = if name == "aws" { "hashicorp" } else { "-" };
    let mut full = String::new();
    if !module.is_empty() {
        full.push_str(module);
        full.push('.');
    }
    full.push_str(&format!("provider[\"registry.terraform.io/{namespace}/{name}\"]"));
    if let Some(alias) = alias {
        full.push('.');
        full.push_str(alias);
    }
    full
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Found {
    depends_on: Option<Vec<String>>,
    primary: Option<Object>,
    deposed: Option<Vec<Option<Object>>>,
    provider: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Object {
    id: Option<String>,
    attributes: Option<BTreeMap<String, Value>>,
    meta: Option<BTreeMap<String, Value>>,
    tainted: Option<bool>,
}

impl Object {
    fn upgraded(self, index: Option<u64>, deposed: Option<String>, dependencies: &[String]) -> Instance {
        let mut flat = self.attributes.unwrap_or_default();
        if let Some(id) = self.id {
            flat.entry("id".to_owned()).or_insert(Value::String(id));
        }
        let version = self.meta.as_ref().and_then(|meta| meta.get("schema_version"));
        let version = version.and_then(|version| match version {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64(),
        });
        Instance {
            index_key: index.map(Value::from),
            status: self.tainted.unwrap_or_default().then(|| "tainted".to_owned()),
            deposed,
            schema_version: version.unwrap_or_default(),
            attributes_flat: Some(flat),
            dependencies: Some(dependencies.to_vec()),
            ..Instance::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_addresses() {
        assert_eq!(named("aws_vpc.main"), Some(("aws_vpc", "main", None)));
        assert_eq!(named("aws_instance.web.12"), Some(("aws_instance", "web", Some(12))));
        assert_eq!((named("aws_vpc"), named("aws_vpc.a.b"), named(".a")), (None, None, None));
        assert_eq!(module_of(&["root".into(), "net".into(), "nat".into()]), "module.net.module.nat");
        assert_eq!(module_of(&["root".into()]), "");
    }

    #[test]
    fn providers_get_one_form() {
        let aws = "provider[\"registry.terraform.io/hashicorp/aws\"]";
        for (written, module, wanted) in [
            ("provider.aws", "module.a", aws.to_owned()),
            ("provider.aws.east", "", format!("{aws}.east")),
            ("module.a.provider.aws.east", "module.b", format!("module.a.{aws}.east")),
            ("aws.east", "module.a", format!("module.a.{aws}.east")),
            ("", "", aws.to_owned()),
            (aws, "module.a", aws.to_owned()),
            ("provider.random", "", "provider[\"registry.terraform.io/-/random\"]".to_owned()),
        ] {
            assert_eq!(provider_of(written, "aws_vpc", module), wanted);
        }
    }

    #[test]
    fn dependencies_become_addresses() {
        assert_eq!(dependency("aws_vpc.main.*", "module.a").as_deref(), Some("module.a.aws_vpc.main"));
        assert_eq!(dependency("module.b", "module.a").as_deref(), Some("module.a.module.b"));
        assert_eq!(dependency("data.aws_ami.x", ""), None);
    }
}
