use super::*;
use serde_json::json;
use std::path::PathBuf;

/// The configuration that made the states of the fixtures.
fn estate() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/estate/tf"))
}

/// A folder with these files, gone with the value.
struct Folder(PathBuf);

impl Folder {
    fn of(name: &str, files: &[(&str, &str)]) -> Self {
        let root = std::env::temp_dir().join(format!("stateward-config-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(root)
    }

    fn read(&self) -> Configuration {
        read(&self.0).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_backend_is_read_without_its_credentials() {
    let configuration = read(&estate()).unwrap();
    let backend = configuration.backend.clone().unwrap();
    assert_eq!(backend.kind, "s3");
    assert_eq!(backend.text("bucket"), Some("acme-tfstate"));
    assert_eq!(backend.text("key"), Some("platform/prod/terraform.tfstate"));
    assert_eq!(backend.settings["encrypt"], json!(true));
    assert_eq!(backend.settings["endpoints"]["s3"], json!("http://127.0.0.1:5601"));
    assert_eq!(backend.secret("secret_key"), Some("test"));
    assert!(!backend.settings.contains_key("secret_key"));
    assert!(
        backend.place.file.ends_with("providers.tf") && backend.place.line == Some(6),
        "{}",
        backend.place
    );
    assert_eq!(configuration.required_providers[0].source.as_deref(), Some("hashicorp/aws"));
    assert_eq!(configuration.required_providers[0].version.as_deref(), Some("3.39.0"));
    assert!(!format!("{configuration:?}").contains("\"test\""), "{configuration:?}");
}

#[test]
fn what_a_backend_leaves_to_others_is_said() {
    let folder = Folder::of(
        "partial",
        &[(
            "main.tf",
            "variable \"k\" {}\nterraform {\n  backend \"s3\" {\n    key = \"a-${var.k}\"\n    password = \"hunter2hunter2\"\n  }\n}\n",
        )],
    );
    let configuration = folder.read();
    let backend = configuration.backend.clone().unwrap();
    assert_eq!(backend.unresolved, ["key"]);
    let note = configuration.notes[0].to_string();
    assert!(
        note.ends_with(
            "does not say bucket, key: `terraform init` is given it elsewhere (-backend-config, environment)"
        ),
        "{note}"
    );
    assert!(note.contains("main.tf:3: "), "{note}");
    assert!(!format!("{configuration:?}").contains("hunter2"));
}

#[test]
fn cloud_blocks_json_and_overrides_say_where_the_state_is() {
    let cloud = Folder::of(
        "cloud",
        &[(
            "a.tf",
            "terraform {\n cloud {\n  organization = \"acme\"\n  workspaces {\n   name = \"prod\"\n  }\n }\n}\n",
        )],
    );
    let backend = cloud.read().backend.unwrap();
    assert_eq!((backend.kind.as_str(), backend.text("organization")), ("cloud", Some("acme")));
    assert_eq!(backend.settings["workspaces"]["name"], json!("prod"));

    let text = json!({"terraform": {"backend": {"gcs": {"bucket": "b", "prefix": "p"}}}}).to_string();
    let over = "terraform {\n  backend \"local\" {\n    path = \"x.tfstate\"\n  }\n}\n";
    let json_form = Folder::of("json", &[("main.tf.json", &text)]);
    assert_eq!(json_form.read().backend.unwrap().text("prefix"), Some("p"));
    let overridden = Folder::of("over", &[("main.tf.json", &text), ("a_override.tf", over)]);
    assert_eq!(overridden.read().backend.unwrap().text("path"), Some("x.tfstate"));
}

#[test]
fn what_is_no_configuration_is_refused_with_place_and_remedy() {
    let cases = [
        ("empty", ("readme.md", ""), "there is no Terraform configuration"),
        ("broken", ("main.tf", "resource \"a\" \"b\" {\n  x = = 1\n}\n"), "main.tf:2:"),
        ("json-broken", ("main.tf.json", "{\"terraform\":"), "main.tf.json:1:"),
        ("json-list", ("main.tf.json", "[]"), "not a JSON object"),
    ];
    for (name, file, expected) in cases {
        let folder = Folder::of(name, &[file]);
        let error = read(&folder.0).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("remedy:"), "{name}: {error}");
    }
    let error = read(Path::new("/nowhere/at/all")).unwrap_err().to_string();
    assert!(error.contains("cannot be read"), "{error}");
}

/// The resource at an address.
fn resource(configuration: &Configuration, address: &str) -> ConfiguredResource {
    let found = configuration.resources.iter().find(|one| one.address == address);
    found.unwrap_or_else(|| panic!("{address} in {:?}", configuration.resources)).clone()
}

fn notes(configuration: &Configuration) -> Vec<String> {
    configuration.notes.iter().map(ToString::to_string).collect()
}

#[test]
fn the_estate_is_read_with_its_modules() {
    let configuration = read(&estate()).unwrap();
    let table = resource(&configuration, "aws_dynamodb_table.t");
    let Instances::Known(instances) = &table.instances else { panic!("{table:?}") };
    assert_eq!(instances[0], "aws_dynamodb_table.t[\"audit\"]");
    assert_eq!(instances.len(), 3);
    assert!(table.set.contains(&"point_in_time_recovery.enabled".to_owned()), "{:?}", table.set);
    let replica = resource(&configuration, "aws_db_instance.orders_replica");
    assert_eq!(replica.provider.as_deref(), Some("aws.us_east_1"));
    // The default of `emu` is "moto": no selection is made.
    assert_eq!(resource(&configuration, "aws_backup_selection.tagged").instances, Instances::Known(vec![]));
    let mount = resource(&configuration, "aws_efs_mount_target.shared");
    assert_eq!(mount.instances, Instances::Any);
    let said = notes(&configuration);
    let expected = "`for_each` is not written out: every instance of aws_efs_mount_target.shared is covered";
    assert!(said.iter().any(|note| note.contains("main.tf:") && note.ends_with(expected)), "{said:?}");
    // Every managed resource of the state that this configuration made is found.
    let text = std::fs::read_to_string(estate().join("../terraform.tfstate")).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    let known: std::collections::BTreeSet<&str> =
        configuration.resources.iter().map(|one| one.address.as_str()).collect();
    let mut found = 0;
    for block in state["resources"].as_array().unwrap().iter().filter(|block| block["mode"] == "managed") {
        let own = format!("{}.{}", block["type"].as_str().unwrap(), block["name"].as_str().unwrap());
        let address = match block["module"].as_str() {
            Some(module) => format!("{module}.{own}"),
            None => own,
        };
        assert!(known.contains(address.as_str()), "{address}");
        found += 1;
    }
    assert!(found > 60, "{found}");
    let all = format!("{configuration:?}");
    assert!(!all.contains("correct-horse-battery") && !all.contains("s3cr3t-in-state"));
}

#[test]
fn ignore_changes_is_read_in_every_form() {
    let folder = Folder::of(
        "ignore",
        &[
            (
                "main.tf",
                r#"
resource "aws_instance" "a" {
  lifecycle {
    ignore_changes = [
      ami, tags["Role"], tags.Owner, root_block_device[0].volume_size, "user_data", "tags.%",
      root_block_device.0.iops, var.x[each.key],
    ]
  }
}
resource "aws_instance" "b" {
  lifecycle {
    ignore_changes = all
  }
}
resource "aws_instance" "old" {
  lifecycle {
    ignore_changes = ["*"]
  }
}
"#,
            ),
            (
                "json.tf.json",
                r#"{"resource": {"aws_instance": {
                    "j": {"ami": "x", "lifecycle": {"ignore_changes": ["tags[\"A.b\"]", "ami"]}},
                    "k": [{"lifecycle": [{"ignore_changes": "all"}]}]}}}"#,
            ),
            (
                "b_override.tf",
                "resource \"aws_instance\" \"b\" {\n  lifecycle {\n    ignore_changes = [ami]\n  }\n}\n",
            ),
        ],
    );
    let configuration = folder.read();
    let ignored = |name: &str| resource(&configuration, &format!("aws_instance.{name}")).ignored;
    assert_eq!(
        ignored("a"),
        [
            "ami",
            "root_block_device[0].iops",
            "root_block_device[0].volume_size",
            "tags",
            "tags[\"Owner\"]",
            "tags[\"Role\"]",
            "user_data"
        ]
    );
    assert_eq!(ignored("b"), ["ami"]);
    assert_eq!(ignored("old"), ["all"]);
    assert_eq!(ignored("j"), ["ami", "tags[\"A.b\"]"]);
    assert_eq!(ignored("k"), ["all"]);
    assert!(notes(&configuration)[0].ends_with("main.tf:4: an entry of ignore_changes is not a path"));
}

#[test]
fn arguments_are_set_where_a_value_is_given() {
    let module = r#"
variable "key" { default = null }
variable "size" { default = null }
resource "aws_instance" "app" {
  count      = 2
  ami        = "ami-1"
  key_name   = var.key
  monitoring = null
  tags       = { Name = "x" }
  root_block_device {
    volume_size = var.size
    encrypted   = true
  }
  dynamic "ebs_block_device" {
    for_each = var.disks
    content {
      device_name = ebs_block_device.value
    }
  }
}
"#;
    let root = r#"
variable "size" { default = null }
module "web" {
  source   = "./web"
  for_each = toset(["b", "a"])
  size     = var.size
}
"#;
    let folder = Folder::of("set", &[("main.tf", root), ("web/main.tf", module)]);
    let configuration = folder.read();
    let app = resource(&configuration, "module.web.aws_instance.app");
    // `key` is null for sure; `size` may be given on the command line.
    let expected = [
        "ami",
        "ebs_block_device.device_name",
        "root_block_device.encrypted",
        "root_block_device.volume_size",
        "tags",
    ];
    assert_eq!(app.set, expected);
    let Instances::Known(instances) = app.instances else { panic!("{app:?}") };
    assert_eq!(
        instances,
        [
            "module.web[\"a\"].aws_instance.app[0]",
            "module.web[\"a\"].aws_instance.app[1]",
            "module.web[\"b\"].aws_instance.app[0]",
            "module.web[\"b\"].aws_instance.app[1]"
        ]
    );
    assert!(configuration.notes.is_empty(), "{:?}", configuration.notes);
}

#[test]
fn variables_come_from_their_files_and_locals_are_followed() {
    let root = r#"
variable "zones" { default = ["a"] }
variable "names" {}
locals {
  all  = concat(var.zones, ["z"])
  loop = local.loop
}
resource "aws_subnet" "s" { for_each = toset(local.all) }
resource "aws_eip" "e" { count = length(var.names) > 1 ? length(var.names) : 0 }
resource "aws_eip" "loop" { count = local.loop }
"#;
    let folder = Folder::of(
        "vars",
        &[
            ("main.tf", root),
            ("terraform.tfvars", "names = [\"x\"]\n"),
            ("z.auto.tfvars.json", "{\"names\": [\"x\", \"y\"]}"),
        ],
    );
    let configuration = folder.read();
    let known = |address: &str| match resource(&configuration, address).instances {
        Instances::Known(all) => all.len(),
        Instances::Any => usize::MAX,
    };
    assert_eq!((known("aws_subnet.s"), known("aws_eip.e")), (2, 2));
    assert_eq!(known("aws_eip.loop"), usize::MAX);
}

#[test]
fn modules_that_cannot_be_followed_are_said_and_end() {
    let root = r#"
module "self" { source = "./loop" }
module "far" { source = "git::https://user:hunter2hunter2@example.com/m.git" }
module "vpc" { source = "registry.example/vpc" }
module "gone" { source = "./gone" }
"#;
    let twice = "module \"a\" { source = \"../loop\" }\nmodule \"b\" { source = \"../other\" }\nresource \"aws_vpc\" \"x\" {}\n";
    let manifest =
        r#"{"Modules": [{"Key": "", "Dir": "."}, {"Key": "vpc", "Dir": ".terraform/modules/vpc"}]}"#;
    let folder = Folder::of(
        "modules",
        &[
            ("main.tf", root),
            ("loop/main.tf", twice),
            ("other/main.tf", "module \"c\" { source = \"../loop\" }\n"),
            (".terraform/modules/modules.json", manifest),
            (".terraform/modules/vpc/main.tf", "resource \"aws_vpc\" \"v\" {}\n"),
        ],
    );
    let configuration = folder.read();
    resource(&configuration, "module.vpc.aws_vpc.v");
    resource(&configuration, "module.self.aws_vpc.x");
    let said = notes(&configuration).join("\n");
    for expected in [
        "module.self.module.a calls itself",
        "module.self.module.b.module.c calls itself",
        "the source of module.far is not in this folder",
        "the folder of module.gone is not there",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(!said.contains("hunter2"));
}

#[test]
fn what_doubles_at_every_step_ends() {
    let locals: String =
        (0..60).map(|at| format!("  l{at} = [local.l{}, local.l{}]\n", at + 1, at + 1)).collect();
    let calls: Vec<(String, String)> = (0..40)
        .map(|at| {
            let next = at + 1;
            let call = |name: &str| format!("module \"{name}\" {{ source = \"../m{next}\" }}\n");
            (format!("m{at}/main.tf"), call("a") + &call("b"))
        })
        .collect();
    let root = format!(
        "locals {{\n{locals}}}\nresource \"a\" \"b\" {{ count = length(local.l0) }}\nmodule \"m\" {{ source = \"./m0\" }}\n"
    );
    let mut files: Vec<(&str, &str)> = vec![("main.tf", &root)];
    files.extend(calls.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let configuration = Folder::of("double", &files).read();
    assert!(notes(&configuration).iter().any(|note| note.contains("too deep, or too often")));
}

#[test]
fn deep_nesting_is_refused_and_never_overflows() {
    let deep = |open: &str, close: &str, depth: usize| {
        format!("a = {}1{}\n", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [
        ("[", "]"),
        ("(", ")"),
        ("{ a = ", " }"),
        ("f(", ")"),
        ("\"${", "}\""),
        ("!", ""),
        ("-", ""),
        ("1 + ", ""),
        ("true ? 1 : ", ""),
        ("[for x in ", " : x]"),
    ] {
        for depth in [10, 60, 100_000] {
            let read = syntax::parse("x.tf", &deep(open, close, depth));
            assert!(depth < 100_000 || read.is_err(), "{open}");
            if let Ok(file) = read {
                Scope::default().value(&file.body.get_attribute("a").unwrap().value);
            }
        }
    }
    // The parser reads an operand that fails twice: without a guard this would take hours.
    for text in ["a+b/{ ", "a + b + \"${", "-a + b + !{ "] {
        let started = std::time::Instant::now();
        assert!(syntax::parse("x.tf", &format!("a = {}", text.repeat(50))).is_err());
        let json = serde_json::json!({"locals": {"a": format!("${{{}", text.repeat(50))}}).to_string();
        assert!(syntax::parse("x.tf.json", &json).is_ok());
        assert!(started.elapsed().as_secs() < 10, "{text}");
    }
    let blocks = format!("{}{}", "a {\n".repeat(100_000), "}\n".repeat(100_000));
    assert!(syntax::parse("x.tf", &blocks).is_err());
    let json = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(syntax::parse("x.tf.json", &json).is_err());
}

#[test]
fn pins_are_collected_over_the_modules() {
    let folder = Folder::of(
        "pins",
        &[
            (
                "main.tf",
                r#"
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}
resource "aws_vpc" "main" {
  provider = aws.east
}
resource "random_id" "x" {}
resource "terraform_data" "y" {}
module "own" {
  source = "./own"
}
module "gone" {
  source = "./gone"
}
module "far" {
  source  = "acme/net/aws"
  version = "1.2.3"
}
"#,
            ),
            (
                "own/main.tf",
                r#"
terraform {
  required_providers {
    aws = {
      source  = "registry.terraform.io/hashicorp/aws"
      version = "< 6.0"
    }
  }
}
module "inner" {
  source = "git::https://token@example.com/inner.git?ref=main"
}
"#,
            ),
            (
                ".terraform.lock.hcl",
                r#"
provider "registry.terraform.io/hashicorp/aws" {
  version = "5.1.0"
  hashes  = ["h1:a", "zh:b"]
}
"#,
            ),
        ],
    );
    let pins = folder.read().pins;
    let constraints = |source: &str| pins.providers[source].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(pins.providers.keys().collect::<Vec<_>>(), ["hashicorp/aws", "hashicorp/random"]);
    assert_eq!(constraints("hashicorp/aws"), ["< 6.0", ">= 5.0"]);
    assert!(constraints("hashicorp/random").is_empty());
    let modules: Vec<(&str, Origin, Option<&str>, Option<&str>)> = pins
        .modules
        .iter()
        .map(|call| (call.address.as_str(), call.origin, call.version.as_deref(), call.reference.as_deref()))
        .collect();
    let far = ("module.far", Origin::Registry, Some("1.2.3"), None);
    let inner = ("module.own.module.inner", Origin::Repository, None, Some("main"));
    assert_eq!(modules, [far, inner]);
    assert_eq!(pins.unread, ["module.far", "module.gone", "module.own.module.inner"]);
    assert_eq!(pins.unread_own, ["module.gone"]);
    assert_eq!(pins.lock, Lock::Read([("hashicorp/aws".to_owned(), 2)].into()));
    assert!(!format!("{pins:?}").contains("token"));
}

#[test]
fn a_lock_file_that_is_none_is_noted_and_one_that_is_not_there_is_absent() {
    let main = ("main.tf", "resource \"aws_vpc\" \"main\" {}\n");
    let broken = Folder::of("lock-broken", &[main, (".terraform.lock.hcl", "provider {{{")]).read();
    assert_eq!(broken.pins.lock, Lock::Unread);
    assert!(broken.notes.iter().any(|note| note.text.contains("lock file")), "{:?}", broken.notes);
    assert_eq!(Folder::of("lock-absent", &[main]).read().pins.lock, Lock::Absent);
}

#[test]
fn providers_tell_where_and_as_whom_they_work() {
    let text = r#"
variable "region" { default = "eu-west-1" }
variable "role" {}
provider "aws" {
  region              = "us-west-2"
  allowed_account_ids = ["111122223333"]
  ignore_tags {
    keys         = ["LastScanned"]
    key_prefixes = ["kubernetes.io/"]
  }
}
provider "aws" {
  alias  = "dr"
  region = var.region
  assume_role { role_arn = var.role }
}
provider "random" {}
"#;
    let configuration = read_text("main.tf", text).unwrap();
    let [first, second, third] = configuration.providers.as_slice() else { panic!("three providers") };
    assert_eq!((first.alias.as_deref(), first.region.as_deref()), (None, Some("us-west-2")));
    assert_eq!(first.accounts, ["111122223333"]);
    assert_eq!(first.ignored_tags, ["LastScanned", "kubernetes.io/*"]);
    assert_eq!((second.alias.as_deref(), second.region.as_deref()), (Some("dr"), Some("eu-west-1")));
    assert_eq!((second.role_arn.as_deref(), second.at.line), (None, Some(12)));
    assert_eq!(second.unresolved, ["role_arn"]);
    assert_eq!((third.name.as_str(), third.region.as_deref()), ("random", None));
}
