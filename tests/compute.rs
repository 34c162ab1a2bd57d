//! Compute whose parts may be declared apart: each difference is found once, in its class (N13, N19, N25).
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use stateward::drift::{Class, Coverage, Drift, Label, reconcile};
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
    resource.address.id = (kinds::find(kind).unwrap().identity)(&resource).unwrap();
    resource.declared = Some(Declared { address: format!("{kind}.{name}"), ..Declared::default() });
    resource
}

fn drift(declared: &[Resource], resources: &[Resource]) -> Drift {
    let kinds = [
        "aws_instance",
        "aws_ebs_volume",
        "aws_ebs_encryption_by_default",
        "aws_autoscaling_group",
        "aws_autoscaling_policy",
        "aws_lb_listener",
        "aws_lb_target_group",
    ];
    let readings = kinds.map(|kind| Reading {
        kind: kind.to_owned(),
        place: place(),
        observed_at: String::new(),
        harvest: Harvest {
            resources: resources.iter().filter(|resource| resource.kind() == kind).cloned().collect(),
            gaps: vec![],
        },
    });
    let scope = Coverage {
        regions: ["us-west-2".to_owned()].into(),
        unmanaged: kinds.map(str::to_owned).into(),
        ..Coverage::default()
    };
    reconcile(|| declared.iter().cloned(), &Inventory::live(readings.into()), &scope)
}

/// Class, and the address, or else the owner, or else the id.
fn summary(drift: &Drift) -> Vec<(Class, String)> {
    drift
        .items
        .iter()
        .map(|item| {
            let name = item.address.clone().or_else(|| item.owner.clone());
            (item.class, name.unwrap_or_else(|| item.identity.id.clone()))
        })
        .collect()
}

fn device(name: &str, volume: &str, size: i64) -> Value {
    json!({
        "device_name": name, "volume_id": volume, "volume_size": size, "encrypted": true, "volume_type": "gp3",
        "delete_on_termination": false, "tags": {"Name": volume},
    })
}

fn attachment(device: &str, volume: &str) -> Resource {
    let attributes = json!({"device_name": device, "instance_id": "i-1", "volume_id": volume});
    declared("aws_volume_attachment", volume, &format!("vai-{volume}"), attributes)
}

fn volume(id: &str) -> Resource {
    let attachments = json!([{"instance_id": "i-1", "device": "/dev/sdf"}]);
    live("aws_ebs_volume", id, json!({"size": 8, "attachments": attachments}))
}

#[test]
fn a_volume_that_is_gone_is_missed_once_and_not_by_its_instance() {
    // The state of the instance shows what is attached, or, before a refresh, nothing.
    for shown in [json!([device("/dev/sdf", "vol-1", 8)]), json!([])] {
        let all = [
            declared("aws_instance", "a", "i-1", json!({"ebs_block_device": shown})),
            attachment("/dev/sdf", "vol-1"),
            declared("aws_ebs_volume", "data", "vol-1", json!({"size": 8})),
        ];
        let attached = json!({"ebs_block_device": [device("/dev/sdf", "vol-1", 8)]});
        let same = drift(&all, &[live("aws_instance", "i-1", attached), volume("vol-1")]);
        assert_eq!((summary(&same), same.in_sync.len()), (vec![], 3));
        let gone = drift(&all, &[live("aws_instance", "i-1", json!({"ebs_block_device": []}))]);
        let missing = ["aws_ebs_volume.data", "aws_volume_attachment.vol-1"];
        assert_eq!(summary(&gone), missing.map(|name| (Class::Missing, name.to_owned())));
        assert_eq!(gone.in_sync, ["aws_instance.a"]);
    }
}

#[test]
fn a_volume_that_somebody_attached_is_an_unmanaged_part_and_not_an_unmanaged_volume() {
    let all = [
        declared("aws_instance", "a", "i-1", json!({"ebs_block_device": []})),
        attachment("/dev/sdf", "vol-1"),
        declared("aws_ebs_volume", "data", "vol-1", json!({"size": 8})),
    ];
    let devices =
        json!({"ebs_block_device": [device("/dev/sdf", "vol-1", 8), device("/dev/sdg", "vol-2", 8)]});
    let found = drift(&all, &[live("aws_instance", "i-1", devices), volume("vol-1"), volume("vol-2")]);
    assert_eq!(summary(&found), [(Class::Unmanaged, "aws_instance.a".to_owned())]);
    assert_eq!(found.items[0].identity.kind, "aws_volume_attachment");
    assert_eq!(found.excluded.iter().map(|item| item.identity.id.as_str()).collect::<Vec<_>>(), ["vol-2"]);
}

#[test]
fn the_size_of_a_volume_is_compared_where_it_is_declared() {
    let inline =
        declared("aws_instance", "a", "i-1", json!({"ebs_block_device": [device("/dev/sdf", "vol-1", 8)]}));
    let grown = live("aws_instance", "i-1", json!({"ebs_block_device": [device("/dev/sdf", "vol-1", 16)]}));
    let found = drift(std::slice::from_ref(&inline), std::slice::from_ref(&grown));
    assert_eq!(summary(&found), [(Class::Changed, "aws_instance.a".to_owned())]);
    // With a resource of its own, the volume is held to what that says, and the attachment only to which volume it is.
    let found = drift(&[inline, attachment("/dev/sdf", "vol-1")], &[grown]);
    assert_eq!((summary(&found), found.in_sync.len()), (vec![], 2));
}

#[test]
fn capacity_is_a_scaling_policys_and_limits_are_not() {
    let group = declared("aws_autoscaling_group", "g", "g", json!({"desired_capacity": 3, "min_size": 3}));
    let now = |min: i64| live("aws_autoscaling_group", "g", json!({"desired_capacity": 1, "min_size": min}));
    let policy =
        live("aws_autoscaling_policy", "g/cpu", json!({"autoscaling_group_name": "g", "name": "cpu"}));
    let alone = drift(std::slice::from_ref(&group), &[now(3)]);
    assert_eq!(summary(&alone), [(Class::Changed, "aws_autoscaling_group.g".to_owned())]);
    let scaled = drift(
        &[
            group.clone(),
            declared(
                "aws_autoscaling_policy",
                "cpu",
                "cpu",
                json!({"autoscaling_group_name": "g", "name": "cpu"}),
            ),
        ],
        &[now(3), policy.clone()],
    );
    assert_eq!((summary(&scaled), scaled.suppressed.len()), (vec![], 1));
    let lowered = drift(&[group], &[now(1), policy]);
    let changed = lowered.items.iter().find(|item| item.class == Class::Changed).unwrap();
    let labels: Vec<_> = changed.changes.iter().map(|c| (c.path.as_str(), c.label)).collect();
    assert_eq!(labels, [("desired_capacity", Label::ControllerOwned), ("min_size", Label::Capacity)]);
}

#[test]
fn a_target_group_attached_apart_is_no_change_of_the_group() {
    let part = json!({"autoscaling_group_name": "g", "lb_target_group_arn": "arn:tg"});
    for shown in [json!(["arn:tg"]), json!([])] {
        let all = [
            declared("aws_autoscaling_group", "g", "g", json!({"target_group_arns": shown})),
            declared("aws_autoscaling_attachment", "a", "g-1", part.clone()),
        ];
        let attached = live(
            "aws_autoscaling_group",
            "g",
            json!({"target_group_arns": ["arn:tg"], "load_balancers": [], "initial_lifecycle_hook": []}),
        );
        let same = drift(&all, &[attached]);
        assert_eq!((summary(&same), same.in_sync.len()), (vec![], 2));
        let detached = live(
            "aws_autoscaling_group",
            "g",
            json!({"target_group_arns": [], "load_balancers": [], "initial_lifecycle_hook": []}),
        );
        assert_eq!(
            summary(&drift(&all, &[detached])),
            [(Class::Missing, "aws_autoscaling_attachment.a".to_owned())]
        );
    }
}

#[test]
fn targets_that_controllers_register_are_nobodys_drift() {
    let attached = |id: &str| {
        declared(
            "aws_lb_target_group_attachment",
            id,
            "made-up",
            json!({"target_group_arn": "arn:tg", "target_id": id}),
        )
    };
    let group = declared("aws_lb_target_group", "tg", "arn:tg", json!({"port": 80}));
    let targets = json!({"port": 80, "targets": [{"id": "i-1", "port": 80}, {"id": "i-9", "port": 80}]});
    let found =
        drift(&[group, attached("i-1"), attached("i-2")], &[live("aws_lb_target_group", "arn:tg", targets)]);
    assert_eq!(summary(&found), [(Class::Missing, "aws_lb_target_group_attachment.i-2".to_owned())]);
    assert_eq!(found.in_sync.len(), 2);
}

#[test]
fn a_further_certificate_that_is_gone_is_missing() {
    let part = |arn: &str| {
        declared(
            "aws_lb_listener_certificate",
            arn,
            "l_c",
            json!({"listener_arn": "arn:l", "certificate_arn": arn}),
        )
    };
    let listener = declared("aws_lb_listener", "l", "arn:l", json!({"port": 443}));
    let shown = live("aws_lb_listener", "arn:l", json!({"port": 443, "certificates": ["one", "another"]}));
    let found = drift(&[listener, part("one"), part("two")], &[shown]);
    assert_eq!(summary(&found), [(Class::Missing, "aws_lb_listener_certificate.two".to_owned())]);
}

#[test]
fn encryption_by_default_is_found_under_any_id_and_its_key_with_it() {
    let all = [
        declared("aws_ebs_encryption_by_default", "e", "terraform-2026", json!({"enabled": true})),
        declared(
            "aws_ebs_default_kms_key",
            "k",
            "arn:aws:kms:r:1:key/a",
            json!({"key_arn": "arn:aws:kms:r:1:key/a"}),
        ),
    ];
    let setting = |enabled: bool, key: &str| {
        live("aws_ebs_encryption_by_default", "default", json!({"enabled": enabled, "default_kms_key": key}))
    };
    let same = drift(&all, &[setting(true, "arn:aws:kms:r:1:key/a")]);
    assert_eq!((summary(&same), same.in_sync.len()), (vec![], 2));
    let off = drift(&all, &[setting(false, "alias/aws/ebs")]);
    let names = ["aws_ebs_encryption_by_default.e", "aws_ebs_default_kms_key.k"];
    assert_eq!(summary(&off), names.map(|name| (Class::Changed, name.to_owned())), "loosening comes first");
    assert_eq!(off.items[0].label(), Some(Label::Loosening));
}
