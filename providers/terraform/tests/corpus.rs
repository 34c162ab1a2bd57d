//! The corpus of states: one estate comes out the same whatever wrote it down.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stateward_model::{Resource, Slot, kinds};
use stateward_terraform::{Header, Keys, read_state_with};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

fn read(path: &Path) -> (Header, Vec<Resource>) {
    let mut keys = Keys::default();
    keys.add_passphrase("correct-horse-battery-staple");
    keys.add_hex("000102030405060708090a0b0c0d0e0f").unwrap();
    let mut resources = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    let header = read_state_with("x.tfstate", file, &keys, &mut |resource| resources.push(resource));
    (header.unwrap_or_else(|error| panic!("{}: {error}", path.display())), resources)
}

fn member(name: &str) -> (Header, Vec<Resource>) {
    read(&fixtures().join("states").join(name))
}

/// A value with every list in one order: the order of a set is nobody's, and formats keep different ones.
fn unordered(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(unordered).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), unordered(value))).collect(),
        scalar => scalar.clone(),
    }
}

/// All that drift looks at, by address; who wrote the state, and which provider it names, is not among it.
fn content(resources: &[Resource]) -> BTreeMap<String, Value> {
    let one = |resource: &Resource| {
        let facts = resource.declared.clone().unwrap();
        let slots: BTreeMap<&str, Value> = resource
            .slots()
            .map(|(path, slot)| match slot {
                Slot::Known(value) => (path, unordered(value)),
                Slot::Unread(gap) => (path, json!(gap)),
            })
            .collect();
        let key = format!("{} {}", facts.address, facts.deposed.clone().unwrap_or_default());
        let content = json!({
            "identity": resource.address, "arn": resource.arn, "name": resource.name,
            "tainted": facts.tainted, "deposed": facts.deposed, "schema_version": facts.schema_version, "slots": slots,
        });
        (key, content)
    };
    let content: BTreeMap<String, Value> = resources.iter().map(one).collect();
    assert_eq!(content.len(), resources.len(), "each under its own address");
    content
}

#[test]
fn one_estate_is_the_same_whatever_wrote_it_down() {
    let (header, resources) = member("hand-made-1.0.tfstate");
    let wanted = content(&resources);
    assert_eq!((header.version, header.instances, wanted.len()), (4, 7, 7));
    assert!(wanted.contains_key("module.network.aws_subnet.private[1] "));
    assert_eq!(wanted["aws_ebs_volume.data 00000001"]["identity"]["id"], "vol-0a0");
    assert_eq!(wanted["aws_ebs_volume.data "]["tainted"], true);
    assert_eq!(wanted["module.network.aws_vpc.main "]["identity"]["place"]["account"], "123456789012");

    let others: [(&str, u64, &str); 9] = [
        ("hand-made-0.11.tfstate", 3, "0.11.14"),
        ("hand-made-0.12.tfstate", 4, "0.12.31"),
        ("hand-made-0.13.tfstate", 4, "0.13.7"),
        ("hand-made-1.5.tfstate", 4, "1.5.7"),
        ("hand-made-1.9.tfstate", 4, "1.9.8"),
        ("hand-made-1.12.tfstate", 4, "1.12.2"),
        ("hand-made-opentofu.tfstate", 4, "1.8.3"),
        ("hand-made-opentofu-pbkdf2.tfstate", 4, "1.8.3"),
        ("hand-made-opentofu-static.tfstate", 4, "1.8.3"),
    ];
    for (name, version, terraform) in others {
        let (header, resources) = member(name);
        assert_eq!((header.version, header.terraform_version.as_str()), (version, terraform), "{name}");
        assert_eq!(header.secret_paths, ["aws_db_instance.main.password"], "{name}");
        let found = content(&resources);
        assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{name}");
        for (address, resource) in &wanted {
            assert_eq!(&found[address], resource, "{name}: {address}");
        }
    }
}

#[test]
fn providers_of_all_formats_have_one_form() {
    for name in ["hand-made-0.11.tfstate", "hand-made-0.12.tfstate", "hand-made-1.9.tfstate"] {
        let providers: BTreeSet<String> =
            member(name).1.into_iter().map(|resource| resource.declared.unwrap().provider).collect();
        assert_eq!(
            providers.into_iter().collect::<Vec<_>>(),
            ["provider[\"registry.terraform.io/hashicorp/aws\"]"]
        );
    }
}

/// The flattening of the fixture knows the whole schema of the provider; the reader only its own table.
#[test]
fn the_genuine_estate_is_the_same_in_format_3() {
    let genuine = content(&read(&fixtures().join("estate/terraform.tfstate")).1);
    let (header, resources) = member("hand-made-estate-0.11.tfstate");
    let flattened = content(&resources);
    assert_eq!(header.version, 3);
    assert!(flattened.len() > 50, "{}", flattened.len());
    let types: BTreeSet<&str> = resources.iter().map(Resource::kind).collect();
    assert!(types.len() > 30, "{}", types.len());
    for (address, resource) in &flattened {
        let wanted = &genuine[address];
        let (found, wanted) = (resource["slots"].as_object().unwrap(), wanted["slots"].as_object().unwrap());
        for (path, value) in found.iter().filter(|(path, value)| wanted.get(*path) != Some(value)) {
            // A digest is in the place of what the state marks as sensitive; format 3 marks nothing.
            let marked = wanted.get(path).is_some_and(stateward_model::secret::is_digest);
            assert!(marked, "{address}.{path}: {value} and not {:?}", wanted.get(path));
        }
        assert_eq!(resource["identity"], genuine[address]["identity"], "{address}");
        assert_eq!(found.len(), wanted.len(), "{address}");
    }
}

#[test]
fn the_two_forms_of_an_estate_name_the_same_owners() {
    let owners = |name: &str| -> BTreeSet<String> {
        let (_, resources) = member(name);
        let owner = |resource: &Resource| match kinds::satellite(resource.kind()) {
            Some((kind, satellite)) => {
                format!("{} {}", kind.name, (satellite.owner_id)(resource).expect("a part names its owner"))
            }
            None => format!("{} {}", resource.kind(), resource.id()),
        };
        resources.iter().map(owner).collect()
    };
    let inline = owners("hand-made-inline.tfstate");
    assert_eq!(inline.len(), 4);
    assert_eq!(inline, owners("hand-made-split.tfstate"));
}

#[test]
fn the_readme_lists_every_member() {
    let folder = fixtures().join("states");
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".tfstate") {
            assert!(name.starts_with("hand-made-") && readme.contains(&format!("`{name}`")), "{name}");
        }
    }
}
