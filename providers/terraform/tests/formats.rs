//! The formats in which states were written over the years, and what each must come to.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::{Value, json};
use stateward_model::{Resource, Slot};
use stateward_terraform::{State, StateError, read_state};

fn read(document: &Value) -> State {
    read_state("x.tfstate", document.to_string().as_bytes()).unwrap()
}

fn refused(document: &Value) -> StateError {
    read_state("x.tfstate", document.to_string().as_bytes()).expect_err("must be refused")
}

fn format_3(modules: Value) -> Value {
    json!({"version": 3, "terraform_version": "0.11.14", "serial": 3, "lineage": "l", "modules": modules})
}

fn one_of(provider: &str, instance: Value) -> Value {
    json!({"version": 4, "terraform_version": "1.12.2", "serial": 3, "lineage": "l", "resources": [
        {"module": "module.a", "mode": "managed", "type": "aws_vpc", "name": "this", "provider": provider, "instances": [instance]}
    ]})
}

fn address(resource: &Resource) -> &str {
    &resource.declared.as_ref().unwrap().address
}

#[test]
fn format_3_is_read_with_modules_counts_and_leftovers() {
    let state = read(&format_3(json!([
        {"path": ["root"], "outputs": {"token": {"sensitive": false, "type": "string", "value": "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB"}},
         "resources": {
            "data.aws_ami.base": {"type": "aws_ami", "primary": {"id": "ami-1", "attributes": {"id": "ami-1"}}},
            "aws_vpc.main": {"type": "aws_vpc", "depends_on": [], "provider": "provider.aws",
                "primary": {"id": "vpc-1", "attributes": {"id": "vpc-1", "cidr_block": "10.0.0.0/16",
                    "enable_dns_support": "true", "tags.%": "1", "tags.Name": "main"}, "meta": {"schema_version": "1"}, "tainted": false}}
         }},
        {"path": ["root", "net", "nat"], "outputs": {}, "depends_on": [], "resources": {
            "aws_subnet.a.0": {"type": "aws_subnet", "provider": "provider.aws.east", "depends_on": ["aws_vpc.main", "data.aws_ami.base"],
                "primary": {"id": "subnet-1", "attributes": {"id": "subnet-1"}, "tainted": true},
                "deposed": [{"id": "subnet-0", "attributes": {"id": "subnet-0"}, "meta": {"schema_version": 1}}]},
            "aws_subnet.a.1": {"type": "aws_subnet", "primary": null, "deposed": [{"id": "subnet-9"}]}
        }}
    ])));
    let addresses: Vec<&str> = state.resources.iter().map(address).collect();
    assert_eq!(
        addresses,
        [
            "aws_vpc.main",
            "module.net.module.nat.aws_subnet.a[0]",
            "module.net.module.nat.aws_subnet.a[0]",
            "module.net.module.nat.aws_subnet.a[1]"
        ]
    );
    let vpc = &state.resources[0];
    assert_eq!(vpc.raw("enable_dns_support").unwrap(), &json!(true));
    assert_eq!(vpc.raw("tags").unwrap(), &json!({"Name": "main"}));
    assert_eq!((vpc.name.as_deref(), vpc.id()), (Some("main"), "vpc-1"));
    let facts: Vec<_> = state.resources.iter().map(|resource| resource.declared.clone().unwrap()).collect();
    assert_eq!((facts[0].schema_version, facts[2].schema_version), (1, 1));
    assert_eq!(facts[1].dependencies, ["module.net.module.nat.aws_vpc.main"]);
    assert_eq!(facts[1].provider, "provider[\"registry.terraform.io/hashicorp/aws\"].east");
    assert_eq!(facts[3].provider, "module.net.module.nat.provider[\"registry.terraform.io/hashicorp/aws\"]");
    let of = |at: usize| (state.resources[at].id(), facts[at].tainted, facts[at].deposed.as_deref());
    assert_eq!(of(1), ("subnet-1", true, None));
    assert_eq!(of(2), ("subnet-0", false, Some("00000001")));
    assert_eq!(of(3), ("subnet-9", false, Some("00000001")));
    assert_eq!((state.header.version, state.header.instances), (3, 4));
    assert_eq!(state.header.secret_paths, ["output.token"]);
}

#[test]
fn a_module_that_says_its_path_last_is_read_all_the_same() {
    let text = r#"{"version":3,"modules":[{"resources":{"aws_vpc.a":{"primary":{"id":"vpc-1"}}},"path":["root","m"]}]}"#;
    assert_eq!(address(&read_state("x", text.as_bytes()).unwrap().resources[0]), "module.m.aws_vpc.a");
    let text =
        r#"{"modules":[{"path":["root"],"resources":{"aws_vpc.a":{"primary":{"id":"vpc-1"}}}}],"version":3}"#;
    assert_eq!(read_state("x", text.as_bytes()).unwrap().resources.len(), 1);
}

#[test]
fn what_is_odd_in_format_3_is_refused_without_quoting_it() {
    let odd = refused(&format_3(json!([{"path": ["root"], "resources": {"hush-hush": {"primary": null}}}])));
    assert!(odd.what.contains("TYPE.NAME") && !odd.to_string().contains("hush"), "{odd}");
    assert!(refused(&format_3(json!({"path": []}))).what.contains("not shaped like"));
    let empty = read(&format_3(Value::Null));
    assert_eq!(empty.header.instances, 0);
}

#[test]
fn no_secret_of_a_flattened_state_enters() {
    let state = read(&format_3(json!([{"path": ["root"], "resources": {"aws_db_instance.a": {"primary": {
        "id": "db", "attributes": {"id": "db", "password": "correct-horse-battery", "engine": "mysql"}}}}}])));
    assert!(!format!("{:?}", state.resources).contains("horse"));
    assert_eq!(state.header.secret_paths, ["aws_db_instance.a.password"]);
    assert_eq!(state.resources[0].raw("engine").unwrap(), &json!("mysql"));
}

#[test]
fn flattened_attributes_in_format_4_are_expanded() {
    let state = read(&one_of(
        "provider.aws",
        json!({"schema_version": 1, "attributes_flat": {"id": "vpc-1", "cidr_block": "10.0.0.0/16",
            "enable_dns_hostnames": "false", "tags.%": "0"}}),
    ));
    let vpc = &state.resources[0];
    assert_eq!(vpc.raw("enable_dns_hostnames").unwrap(), &json!(false));
    assert_eq!(vpc.raw("tags").unwrap(), &json!({}));
    assert!(vpc.slots().all(|(_, slot)| matches!(slot, Slot::Known(_))));
    let facts = vpc.declared.as_ref().unwrap();
    assert_eq!(facts.provider, "provider[\"registry.terraform.io/hashicorp/aws\"]");
}

#[test]
fn the_identity_that_a_provider_gives_comes_first() {
    let state = read(&one_of(
        "p",
        json!({"schema_version": 1, "attributes": {"id": "vpc-1", "cidr_block": "10.0.0.0/16"},
            "identity_schema_version": 0, "identity": {"id": "vpc-7", "account_id": "210987654321", "region": "eu-west-3"}}),
    ));
    let vpc = &state.resources[0];
    assert_eq!((vpc.id(), vpc.account(), vpc.region()), ("vpc-7", "210987654321", "eu-west-3"));
    // What it leaves out, or another provider means by other names, changes nothing.
    for identity in [Value::Null, json!({}), json!({"id": null, "region": 7, "name": "x"})] {
        let state = read(&one_of("p", json!({"attributes": {"id": "vpc-1"}, "identity": identity})));
        assert_eq!(state.resources[0].id(), "vpc-1");
    }
}

#[test]
fn a_global_kind_stays_global_whatever_its_identity_says() {
    let text = json!({"version": 4, "resources": [{"mode": "managed", "type": "aws_iam_role", "name": "r", "provider": "p",
        "instances": [{"attributes": {"id": "r", "name": "r"}, "identity": {"account_id": "210987654321", "region": "eu-west-3", "name": "r"}}]}]});
    let state = read(&text);
    assert_eq!(state.resources[0].address.place.to_string(), "210987654321/global");
}

#[test]
fn what_is_not_known_is_read_over() {
    let mut document =
        one_of("p", json!({"attributes": {"id": "vpc-1"}, "private": "e30=", "later": [1, {"a": 2}]}));
    document["later"] = json!({"x": [1]});
    document["resources"][0]["each"] = json!("list");
    document["resources"][0]["later"] = json!("x");
    assert_eq!(read(&document).resources.len(), 1);
}
