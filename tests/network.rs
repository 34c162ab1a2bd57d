//! Networks whose parts may be declared inline or apart: each difference is found once, in its class (N10, N11).
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use stateward::drift::{Class, Coverage, Drift, reconcile};
use stateward::inventory::Inventory;
use stateward_model::{Declared, Harvest, Place, Reading, Resource, Slot, kinds};

fn place() -> Place {
    Place::new("1", "us-west-2")
}

fn live(kind: &'static str, id: &str, attributes: Value) -> Resource {
    let mut resource = Resource::new(place(), kind, id);
    for (path, value) in attributes.as_object().cloned().unwrap_or_default() {
        resource.put_raw(path, Slot::Known(value));
    }
    resource
}

/// As the reader of states makes it: its identity is that of its kind.
fn declared(kind: &'static str, name: &str, id: &str, attributes: Value) -> Resource {
    let mut resource = live(kind, id, attributes);
    let known = kinds::find(kind).unwrap();
    resource.address.kind = known.name.into();
    resource.address.id = (known.identity)(&resource).unwrap();
    resource.declared = Some(Declared { address: format!("{kind}.{name}"), ..Declared::default() });
    resource
}

fn drift(declared: &[Resource], resources: &[Resource]) -> Drift {
    let kinds = ["aws_security_group", "aws_route_table", "aws_route_table_association", "aws_network_acl"];
    let readings = kinds.map(|kind| Reading {
        kind: kind.to_owned(),
        place: place(),
        observed_at: String::new(),
        harvest: Harvest {
            resources: resources.iter().filter(|resource| resource.kind() == kind).cloned().collect(),
            gaps: vec![],
        },
    });
    let scope = Coverage { regions: ["us-west-2".to_owned()].into(), ..Coverage::default() };
    reconcile(|| declared.iter().cloned(), &Inventory::live(readings.into()), &scope)
}

/// Class, address or owner, and the keys of the atoms that differ.
fn summary(drift: &Drift) -> Vec<(Class, String, Vec<String>)> {
    let key = |value: &Value| value["key"].as_str().unwrap_or_default().to_owned();
    drift
        .items
        .iter()
        .map(|item| {
            let changes = item.changes.iter();
            let keys = changes.map(|c| format!("{} -> {}", key(&c.declared), key(&c.live))).collect();
            (item.class, item.address.clone().or_else(|| item.owner.clone()).unwrap_or_default(), keys)
        })
        .collect()
}

fn tcp(port: i64, cidr: &str) -> Value {
    json!({"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": [cidr], "description": ""})
}

fn rule(name: &str, port: i64, cidrs: &[&str]) -> Resource {
    let attributes = json!({
        "type": "ingress", "security_group_id": "sg-1", "protocol": "tcp", "from_port": port, "to_port": port,
        "cidr_blocks": cidrs, "self": false,
    });
    declared("aws_security_group_rule", name, &format!("sgrule-{name}"), attributes)
}

#[test]
fn a_rule_opened_beside_inline_rules_is_a_change() {
    let group = declared("aws_security_group", "web", "sg-1", json!({"ingress": [tcp(443, "0.0.0.0/0")]}));
    let same = live("aws_security_group", "sg-1", json!({"ingress": [tcp(443, "0.0.0.0/0")]}));
    assert_eq!(drift(std::slice::from_ref(&group), &[same]).in_sync, ["aws_security_group.web"]);
    let opened = json!({"ingress": [tcp(443, "0.0.0.0/0"), tcp(22, "0.0.0.0/0")]});
    let found = drift(&[group], &[live("aws_security_group", "sg-1", opened)]);
    let keys = vec![" -> tcp_22_22_0.0.0.0/0".to_owned()];
    assert_eq!(summary(&found), [(Class::Changed, "aws_security_group.web".into(), keys)]);
}

#[test]
fn a_rule_opened_beside_separate_rules_is_an_unmanaged_part() {
    // The state of the group shows the rules that its parts declare, or, before a refresh, none.
    for shown in [json!([tcp(5432, "10.0.0.0/16"), tcp(5432, "10.1.0.0/16")]), json!([])] {
        let group = declared("aws_security_group", "db", "sg-1", json!({"ingress": shown, "egress": []}));
        let part = rule("in", 5432, &["10.0.0.0/16", "10.1.0.0/16"]);
        let single = declared(
            "aws_vpc_security_group_ingress_rule",
            "ssh",
            "sgr-1",
            json!({"security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 22, "to_port": 22,
                   "referenced_security_group_id": "sg-1", "description": "from inside"}),
        );
        let mut itself = tcp(22, "");
        itself["cidr_blocks"] = json!([]);
        itself["self"] = json!(true);
        itself["description"] = json!("from inside");
        let rules = json!([tcp(5432, "10.0.0.0/16"), tcp(5432, "10.1.0.0/16"), itself, tcp(22, "0.0.0.0/0")]);
        let found = drift(
            &[group, part, single],
            &[live("aws_security_group", "sg-1", json!({"ingress": rules, "egress": []}))],
        );
        let keys = vec![" -> tcp_22_22_0.0.0.0/0".to_owned()];
        assert_eq!(summary(&found), [(Class::Unmanaged, "aws_security_group.db".into(), keys)]);
        assert_eq!(found.items[0].identity.id, "sg-1/ingress/tcp_22_22_0.0.0.0/0");
        assert_eq!(found.in_sync.len(), 3);
    }
}

#[test]
fn a_rule_that_lost_a_source_has_changed_and_one_that_lost_all_is_missing() {
    let group = declared("aws_security_group", "db", "sg-1", json!({"ingress": []}));
    let both = rule("in", 5432, &["10.0.0.0/16", "10.1.0.0/16"]);
    let gone = rule("gone", 6379, &["10.0.0.0/16"]);
    let mut described = tcp(5432, "10.0.0.0/16");
    described["description"] = json!("by hand");
    let found =
        drift(&[group, both, gone], &[live("aws_security_group", "sg-1", json!({"ingress": [described]}))]);
    let changed = vec![
        "tcp_5432_5432_10.0.0.0/16 -> tcp_5432_5432_10.0.0.0/16".to_owned(),
        "tcp_5432_5432_10.1.0.0/16 -> ".to_owned(),
    ];
    assert_eq!(
        summary(&found),
        [
            (Class::Changed, "aws_security_group_rule.in".into(), changed),
            (Class::Missing, "aws_security_group_rule.gone".into(), vec![]),
        ]
    );
}

#[test]
fn routes_and_entries_are_atoms_too() {
    let table = declared("aws_default_route_table", "private", "rtb-1", json!({"route": []}));
    let route = declared(
        "aws_route",
        "nat",
        "r-1",
        json!({"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": "nat-1"}),
    );
    let acl = declared(
        "aws_network_acl",
        "db",
        "acl-1",
        json!({"ingress": [{"rule_no": 100, "action": "deny", "protocol": "tcp", "cidr_block": "0.0.0.0/0",
                            "from_port": 22, "to_port": 22}], "egress": []}),
    );
    let routes = json!([
        {"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1", "state": "active"},
        {"cidr_block": "10.9.0.0/16", "vpc_peering_connection_id": "pcx-1", "state": "active"},
    ]);
    let entries = json!([{"rule_no": 100, "action": "allow", "protocol": "6", "cidr_block": "0.0.0.0/0",
                          "from_port": 22, "to_port": 22}]);
    let found = drift(
        &[table, route, acl],
        &[
            live("aws_route_table", "rtb-1", json!({"route": routes, "main": true})),
            live("aws_network_acl", "acl-1", json!({"ingress": entries, "egress": []})),
        ],
    );
    assert_eq!(
        summary(&found),
        [
            (Class::Changed, "aws_network_acl.db".into(), vec!["100 -> 100".into()]),
            (Class::Changed, "aws_route.nat".into(), vec!["0.0.0.0/0 -> 0.0.0.0/0".into()]),
            (Class::Unmanaged, "aws_default_route_table.private".into(), vec![" -> 10.9.0.0/16".into()]),
        ]
    );
}

#[test]
fn a_subnet_that_moved_to_another_table_is_one_change() {
    let association = declared(
        "aws_route_table_association",
        "a",
        "rtbassoc-1",
        json!({"subnet_id": "subnet-1", "gateway_id": null, "route_table_id": "rtb-1"}),
    );
    let main = declared(
        "aws_main_route_table_association",
        "m",
        "rtbassoc-2",
        json!({"vpc_id": "vpc-1", "route_table_id": "rtb-1"}),
    );
    let moved = json!({"subnet_id": "subnet-1", "gateway_id": null, "route_table_id": "rtb-2"});
    let found = drift(
        &[association, main],
        &[
            live("aws_route_table_association", "subnet-1", moved),
            live("aws_route_table", "rtb-1", json!({"route": [], "main": false})),
        ],
    );
    let classes: Vec<(Class, &str)> =
        found.items.iter().map(|item| (item.class, item.address.as_deref().unwrap())).collect();
    assert_eq!(
        classes,
        [
            (Class::Changed, "aws_route_table_association.a"),
            (Class::Missing, "aws_main_route_table_association.m"),
        ]
    );
    assert_eq!(found.items[0].changes[0].path, "route_table_id");
}

#[test]
fn a_part_that_claims_nothing_is_unknown() {
    let route = declared("aws_route", "odd", "r-1", json!({"route_table_id": "rtb-1"}));
    let found = drift(&[route], &[live("aws_route_table", "rtb-1", json!({"route": [], "main": false}))]);
    assert_eq!(found.items[0].class, Class::Unknown);
    assert!(!found.items[0].gaps.is_empty());
}
