//! Changes that another controller makes by right (N13 to N16, N26): shown in the detail, never as drift.

use std::collections::BTreeMap;

use serde_json::Value;
use stateward_model::kinds::appautoscaling::{self, target};
use stateward_model::kinds::autoscaling::{group, policy, schedule};
use stateward_model::kinds::common::TAGS;
use stateward_model::kinds::ec2::compute::{launch_template, volume};
use stateward_model::kinds::ec2::network::network_interface;
use stateward_model::kinds::ecs::{self, service, task_definition};
use stateward_model::kinds::lambda::function;
use stateward_model::kinds::rds::cluster_instance;
use stateward_model::{Address, Gap, Kind, Place, Resource, kinds};

use super::ItemChange;
use crate::live::LiveSide;
use crate::profile::{Pattern, any_matches};

/// The rule by which a controller owns the change, if one does. That a pipeline published the code of a function (N15)
/// only events tell, and these are asked later.
pub fn owner_of(
    live: &Resource,
    inventory: &dyn LiveSide,
    pipelines: &[Pattern],
    change: &ItemChange,
) -> Option<&'static str> {
    match (live.kind(), change.path.as_str()) {
        ("aws_autoscaling_group", "desired_capacity") if is_scaled(live, inventory) => Some("N13"),
        ("aws_ecs_service" | "aws_dynamodb_table", path) if is_target(live, inventory, path, change) => {
            Some("N13")
        }
        ("aws_ecs_service", "task_definition") if is_newer_revision(change) => {
            let by = registered_by(live, inventory, change).ok()?;
            is_pipeline(&by, pipelines).then_some("N14")
        }
        (_, path) if is_pending(live, path, &change.declared) => Some("N26"),
        ("aws_db_instance" | "aws_rds_cluster", "allocated_storage") if grew_by_itself(live, change) => {
            Some("N26")
        }
        (_, "engine_version") if upgrades_itself(live, inventory) && is_minor(change) => Some("N16"),
        _ => None,
    }
}

/// Why a change that a pipeline may have made does not count as one, and what would tell (N14, N15).
pub fn why_not(
    live: &Resource,
    inventory: &dyn LiveSide,
    pipelines: &[Pattern],
    change: &ItemChange,
) -> Option<String> {
    if is_publication(live.kind(), change) {
        return Some(PUBLISHED.to_owned());
    }
    if live.kind() != "aws_ecs_service" || change.path != "task_definition" || !is_newer_revision(change) {
        return None;
    }
    if pipelines.is_empty() {
        return Some(format!("a newer revision; {ROLES}, where one registers them"));
    }
    let gap = registered_by(live, inventory, change).err()?;
    Some(format!("a newer revision, and who registered it could not be read: {gap}"))
}

/// What makes a pipeline's changes its own.
const ROLES: &str = "`drift.pipeline_roles` names the roles of pipelines";

/// The note of what only events can tell.
pub const PUBLISHED: &str = "whether a pipeline published it, `--who` tells with `drift.pipeline_roles`";

/// N14: a later revision of the family that is declared.
fn is_newer_revision(change: &ItemChange) -> bool {
    match (change.declared.as_str(), change.live.as_str()) {
        (Some(declared), Some(live)) => task_definition::is_newer(declared, live),
        _ => false,
    }
}

/// N14: who registered the revision that a service runs; empty where ECS does not know.
fn registered_by(service: &Resource, inventory: &dyn LiveSide, change: &ItemChange) -> Result<String, Gap> {
    let arn = change.live.as_str().unwrap_or_default();
    let found = inventory.lookup(&task_definition::KIND, &service.address.place, arn)?;
    found.map_or(Ok(String::new()), |revision| revision.get_or_default(&task_definition::REGISTERED_BY))
}

fn is_pipeline(registered_by: &str, pipelines: &[Pattern]) -> bool {
    task_definition::role_of(registered_by).is_some_and(|role| any_matches(pipelines, role))
}

/// N15: other code of a function, or a later version of a layer in its place: what pipelines publish.
pub fn is_publication(kind: &str, change: &ItemChange) -> bool {
    if kind != function::KIND.name {
        return false;
    }
    let (Some(declared), Some(live)) = (change.declared.as_str(), change.live.as_str()) else { return false };
    let layer = change.path.starts_with("layers[") && task_definition::is_newer(declared, live);
    layer || (function::is_hash(&change.path) && !declared.is_empty() && !live.is_empty())
}

/// The families of task definitions that states hold, with the latest revision of each that one declares.
#[derive(Debug, Default)]
pub struct Families(BTreeMap<(Place, String), u64>);

impl Families {
    /// Takes note of a declared revision.
    pub fn note(&mut self, resource: &Resource) {
        if resource.kind() != task_definition::KIND.name {
            return;
        }
        if let Some((family, revision)) = task_definition::revision_of(resource.id()) {
            let latest = self.0.entry((resource.address.place.clone(), family.to_owned())).or_default();
            *latest = revision.max(*latest);
        }
    }

    /// N14: why a revision that no state has is not unmanaged: it follows on one that a state has, and a pipeline made
    /// it.
    pub fn deployed(&self, resource: &Resource, pipelines: &[Pattern]) -> Option<String> {
        if resource.kind() != task_definition::KIND.name {
            return None;
        }
        let (family, revision) = task_definition::revision_of(resource.id())?;
        let latest = self.0.get(&(resource.address.place.clone(), family.to_owned()))?;
        let by = resource.get(&task_definition::REGISTERED_BY).ok().flatten()?;
        (revision > *latest && is_pipeline(&by, pipelines))
            .then(|| "N14: a newer revision of a managed family, registered by a pipeline".to_owned())
    }
}

/// N13: a group with a scaling policy has its size from the policy, one with a schedule of sizes from the schedule, and
/// one that is marked for the autoscaler of a cluster from that.
fn is_scaled(group: &Resource, inventory: &dyn LiveSide) -> bool {
    const AUTOSCALER: &str = "k8s.io/cluster-autoscaler/enabled";
    let of_group = |scaler: &Resource| {
        scaler.address.place == group.address.place
            && scaler.raw("autoscaling_group_name").ok().and_then(Value::as_str) == Some(group.id())
    };
    let size = |schedule: &Resource, path: &str| {
        schedule.raw(path).is_ok_and(|size| size.as_i64().is_some_and(|size| size >= 0))
    };
    let sizes = |schedule: &Resource| {
        ["desired_capacity", "min_size", "max_size"].iter().any(|path| size(schedule, path))
    };
    let tags = group.get(&group::TAG).ok().flatten().unwrap_or_default();
    inventory.of(&policy::KIND).any(|policy| of_group(&policy))
        || inventory.of(&schedule::KIND).any(|schedule| of_group(&schedule) && sizes(&schedule))
        || tags.iter().any(|tag| tag.key == AUTOSCALER && tag.value != "false")
}

/// N13: what Application Auto Scaling sets by itself, between the bounds of its target.
fn is_target(live: &Resource, inventory: &dyn LiveSide, path: &str, change: &ItemChange) -> bool {
    let Some((service, resource, dimension)) = scaled(live, path) else { return false };
    let id = appautoscaling::id_of(service, &resource, dimension);
    let Some(target) = inventory.by_id(&target::KIND, &live.address.place, &id) else { return false };
    let bound = |key| target.get(key).ok().flatten();
    match (change.live.as_i64(), bound(&target::MIN_CAPACITY), bound(&target::MAX_CAPACITY)) {
        (Some(now), Some(least), Some(most)) => (least..=most).contains(&now),
        _ => false,
    }
}

/// How Application Auto Scaling calls an attribute that it may set: of which service, of what, and what of it.
fn scaled(live: &Resource, path: &str) -> Option<(&'static str, String, &'static str)> {
    match (live.kind(), path) {
        ("aws_ecs_service", "desired_count") => {
            let cluster = live.get(&service::CLUSTER).ok().flatten()?;
            let name = live.get(&service::NAME).ok().flatten()?;
            Some(("ecs", format!("service/{}/{name}", ecs::last(&cluster)), "ecs:service:DesiredCount"))
        }
        ("aws_dynamodb_table", "read_capacity") => {
            Some(("dynamodb", format!("table/{}", live.id()), "dynamodb:table:ReadCapacityUnits"))
        }
        ("aws_dynamodb_table", "write_capacity") => {
            Some(("dynamodb", format!("table/{}", live.id()), "dynamodb:table:WriteCapacityUnits"))
        }
        _ => None,
    }
}

/// N26: what AWS will set by itself in the next maintenance window.
fn is_pending(live: &Resource, path: &str, value: &Value) -> bool {
    let pending = live.raw("pending_modified_values").ok().and_then(Value::as_object);
    pending.and_then(|pending| pending.get(path)).is_some_and(|pending| pending == value)
}

/// N26: attributes in sync that AWS will change in the next maintenance window, by path.
pub fn pending(declared: &Resource, live: &Resource) -> Vec<String> {
    let pending = live.raw("pending_modified_values").ok().and_then(Value::as_object);
    let differs = |(path, value): (&String, &Value)| {
        let now = declared.raw(path).ok()?;
        (now != value && live.raw(path).ok()? == now).then(|| format!("{path} (pending)"))
    };
    pending.into_iter().flatten().filter_map(differs).collect()
}

/// N26: storage autoscaling may grow up to its limit, and never shrinks.
fn grew_by_itself(live: &Resource, change: &ItemChange) -> bool {
    let limit = live.raw("max_allocated_storage").ok().and_then(Value::as_i64).unwrap_or(0);
    match (change.declared.as_i64(), change.live.as_i64()) {
        (Some(declared), Some(now)) => now > declared && now <= limit,
        _ => false,
    }
}

/// N19: a volume that a former member of a scaling group left behind. It carries no tag and hangs on nothing, so what
/// tells is its shape: zone, size, type and key of a volume in the template of a group of the region.
///
/// # Errors
/// The gap of the groups or templates of the region, where such a volume may be one of theirs.
pub fn left_by_a_member(resource: &Resource, inventory: &dyn LiveSide) -> Result<Option<String>, Gap> {
    let Some(zone) = adrift(resource) else { return Ok(None) };
    let place = &resource.address.place;
    for kind in [&group::KIND, &launch_template::KIND] {
        inventory.complete(kind, place)?;
    }
    for group in inventory.of(&group::KIND).filter(|group| &group.address.place == place) {
        let template = group.get_or_default(&group::LAUNCH_TEMPLATE)?;
        let id = template.first().and_then(|template| template.id.as_deref());
        let Some(template) = id.and_then(|id| inventory.by_id(&launch_template::KIND, place, id)) else {
            continue;
        };
        let here = group.get_or_default(&group::AVAILABILITY_ZONES)?.contains(&zone);
        if here && has_volume_like(&template, resource)? {
            return Ok(Some(format!("left behind by a member of the scaling group {}", group.id())));
        }
    }
    Ok(None)
}

/// The zone of a volume without tags that hangs on nothing.
fn adrift(resource: &Resource) -> Option<String> {
    let adrift = resource.kind() == volume::KIND.name
        && resource.get(&volume::STATE).ok()?.as_deref() == Some("available")
        && resource.get(&TAGS).ok()?.is_none_or(|tags| tags.is_empty());
    if adrift { resource.get(&volume::AVAILABILITY_ZONE).ok()? } else { None }
}

fn has_volume_like(template: &Resource, volume: &Resource) -> Result<bool, Gap> {
    let mappings = template.get(&launch_template::BLOCK_DEVICE_MAPPINGS)?.unwrap_or_default();
    let volumes = mappings.as_array().into_iter().flatten().filter_map(|mapping| mapping.pointer("/ebs/0"));
    let same = |ours: &str, theirs: &Value| volume.raw(ours).is_ok_and(|value| value == theirs);
    Ok(volumes.into_iter().any(|ebs| {
        same("size", &ebs["volume_size"])
            && same("type", &ebs["volume_type"])
            && same("kms_key_id", &ebs["kms_key_id"])
    }))
}

/// N16: whether minor versions come by themselves; to a cluster of databases they come with its members.
fn upgrades_itself(live: &Resource, inventory: &dyn LiveSide) -> bool {
    let is_on = |resource: &Resource| {
        let flag = resource.raw("auto_minor_version_upgrade").ok();
        flag.is_some_and(|flag| flag == &Value::Bool(true) || flag == "true")
    };
    match live.kind() {
        "aws_db_instance" | "aws_rds_cluster_instance" => is_on(live),
        "aws_elasticache_cluster" | "aws_elasticache_replication_group" => is_on(live),
        "aws_rds_cluster" => {
            let of_cluster = |member: &Resource| {
                member.address.place == live.address.place
                    && member.raw("cluster_identifier").ok().and_then(Value::as_str) == Some(live.id())
            };
            let members = inventory.of(&cluster_instance::KIND);
            let mut members = members.filter(|member| of_cluster(member)).peekable();
            members.peek().is_some() && members.all(|member| is_on(&member))
        }
        _ => false,
    }
}

/// N16: a later version of the same major release.
fn is_minor(change: &ItemChange) -> bool {
    let numbers = |value: &Value| -> Option<Vec<u64>> {
        value.as_str()?.split('.').map(|part| part.parse().ok()).collect()
    };
    match (numbers(&change.declared), numbers(&change.live)) {
        (Some(declared), Some(now)) => declared.first() == now.first() && now > declared,
        _ => false,
    }
}

/// N18: interfaces that a live object names as its own (a NAT gateway, a mount target), with that object. AWS flags
/// them as managed by their requester; an emulator may not.
pub fn interfaces_in_use(inventory: &dyn LiveSide) -> BTreeMap<Address, String> {
    let name = |resource: &Resource| {
        let id = resource.raw("network_interface_id").ok()?.as_str().filter(|id| !id.is_empty())?;
        let place = resource.address.place.clone();
        let address = Address { place, kind: network_interface::KIND.name.into(), id: id.to_owned() };
        Some((address, format!("{} {}", resource.kind(), resource.id())))
    };
    // Only of these types is the attribute kept at all, and a pass over everything is dear.
    let named = |kind: &&Kind| kind.attribute("network_interface_id").is_some();
    let mut naming: Vec<&'static Kind> = kinds::all().filter(named).collect();
    naming.sort_by_key(|kind| kind.name);
    naming.into_iter().flat_map(|kind| inventory.of(kind)).filter_map(|resource| name(&resource)).collect()
}

/// Why an interface that nothing names may still be a live object's own: what could name it was not read whole.
///
/// # Errors
/// The gap of that listing.
pub fn interface_may_be_in_use(resource: &Resource, inventory: &dyn LiveSide) -> Result<(), Gap> {
    if resource.kind() != network_interface::KIND.name {
        return Ok(());
    }
    let names_interfaces = |kind: &&Kind| kind.attribute("network_interface_id").is_some();
    let gaps = kinds::all()
        .filter(names_interfaces)
        .filter_map(|kind| inventory.listing_gaps(kind, &resource.address.place)?.first());
    gaps.cloned().map(Err).next().unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::Label;
    use crate::inventory::Inventory;
    use serde_json::json;
    use stateward_model::{Harvest, Place, Reading, Slot};

    fn change(path: &str, declared: Value, live: Value) -> ItemChange {
        ItemChange { path: path.into(), declared, live, label: Label::Other, sensitive: false, note: None }
    }

    fn database(attributes: &[(&'static str, Value)]) -> Resource {
        let mut resource = Resource::new(Place::new("1", "r"), "aws_db_instance", "db");
        for (path, value) in attributes {
            resource.put_raw(*path, Slot::Known(value.clone()));
        }
        resource
    }

    #[test]
    fn storage_grows_within_its_limit_only() {
        let inventory = Inventory::default();
        let db = database(&[("max_allocated_storage", json!(200))]);
        let grown = change("allocated_storage", json!(100), json!(150));
        assert_eq!(owner_of(&db, &inventory, &[], &grown), Some("N26"));
        let shrunk = change("allocated_storage", json!(100), json!(50));
        assert_eq!(owner_of(&db, &inventory, &[], &shrunk), None);
        let beyond = change("allocated_storage", json!(100), json!(300));
        assert_eq!(owner_of(&db, &inventory, &[], &beyond), None);
    }

    #[test]
    fn a_minor_upgrade_is_the_services_own_only_where_it_was_allowed() {
        let inventory = Inventory::default();
        let minor = change("engine_version", json!("13.7"), json!("13.9"));
        let allowed = database(&[("auto_minor_version_upgrade", json!(true))]);
        let forbidden = database(&[("auto_minor_version_upgrade", json!(false))]);
        assert_eq!(owner_of(&allowed, &inventory, &[], &minor), Some("N16"));
        assert_eq!(owner_of(&forbidden, &inventory, &[], &minor), None);
        let major = change("engine_version", json!("13.7"), json!("14.1"));
        assert_eq!(owner_of(&allowed, &inventory, &[], &major), None);
    }

    #[test]
    fn what_would_tell_stands_beside_a_deployment_that_is_not_known_to_be_a_pipelines() {
        const ARN: &str = "arn:aws:ecs:r:1:task-definition/app:8";
        let service = Resource::new(Place::new("1", "r"), "aws_ecs_service", "web");
        let deployed = change("task_definition", json!("app:7"), json!(ARN));
        let inventory = |by: Slot| {
            let mut reading = live("aws_ecs_task_definition", ARN, json!({}));
            reading.harvest.resources[0].put_raw("registered_by", by);
            Inventory::live(vec![reading])
        };
        let roles = [Pattern::new("deploy-*")];
        let said = |by: Slot, roles: &[Pattern]| {
            let inventory = inventory(by);
            let owner = owner_of(&service, &inventory, roles, &deployed);
            (owner, why_not(&service, &inventory, roles, &deployed).unwrap_or_default())
        };
        let by = |role: &str| Slot::Known(json!(format!("arn:aws:sts::1:assumed-role/{role}")));
        assert_eq!(said(by("deploy-app"), &roles).0, Some("N14"));
        let (owner, note) = said(by("deploy-app"), &[]);
        assert!(owner.is_none() && note.contains("`drift.pipeline_roles`"), "{note}");
        let gap = Gap::new("ecs:DescribeTaskDefinition", stateward_model::Cause::Denied, "no");
        let (owner, note) = said(Slot::Unread(gap), &roles);
        assert!(owner.is_none() && note.contains("ecs:DescribeTaskDefinition"), "{note}");
        assert_eq!(said(by("ann"), &roles), (None, String::new()), "it is known, and nobody's name is told");
        assert_eq!(said(Slot::Known(Value::Null), &roles), (None, String::new()));
        // A listing that failed does not tell either.
        let unlisted = why_not(&service, &Inventory::default(), &roles, &deployed);
        assert!(unlisted.is_some_and(|note| note.contains("could not be read")));
        let function = Resource::new(Place::new("1", "r"), "aws_lambda_function", "f");
        let code = change("code_sha256", json!("old"), json!("new"));
        let note = why_not(&function, &Inventory::default(), &roles, &code);
        assert_eq!(note.as_deref(), Some(PUBLISHED));
        let timeout = change("timeout", json!(3), json!(9));
        assert_eq!(why_not(&function, &Inventory::default(), &roles, &timeout), None);
    }

    fn live(kind: &'static str, id: &str, attributes: Value) -> Reading {
        let place = Place::new("1", "r");
        let mut resource = Resource::new(place.clone(), kind, id);
        for (path, value) in attributes.as_object().unwrap() {
            resource.put_raw(path.clone(), Slot::Known(value.clone()));
        }
        let harvest = Harvest { resources: vec![resource], gaps: vec![] };
        Reading { kind: kind.into(), place, observed_at: String::new(), harvest }
    }

    #[test]
    fn a_volume_shaped_like_those_of_a_group_was_left_by_a_member() {
        let volume = |size: i64, tags: Value| {
            let reading = live(
                "aws_ebs_volume",
                "vol-1",
                json!({"state": "available", "tags": tags, "availability_zone": "ra", "size": size, "type": "gp3", "kms_key_id": "k"}),
            );
            reading.harvest.resources[0].clone()
        };
        let inventory = Inventory::live(vec![
            live(
                "aws_autoscaling_group",
                "g",
                json!({"availability_zones": ["ra"], "launch_template": [{"id": "lt-1"}]}),
            ),
            live(
                "aws_launch_template",
                "lt-1",
                json!({"block_device_mappings": [{"ebs": [{"volume_size": 50, "volume_type": "gp3", "kms_key_id": "k"}]}]}),
            ),
        ]);
        let left = left_by_a_member(&volume(50, json!({})), &inventory);
        assert!(left.unwrap().is_some_and(|reason| reason.ends_with("scaling group g")));
        assert_eq!(left_by_a_member(&volume(51, json!({})), &inventory), Ok(None), "another shape");
        let owned = volume(50, json!({"Name": "mine"}));
        assert_eq!(left_by_a_member(&owned, &inventory), Ok(None), "somebody's own");
        let unread = left_by_a_member(&volume(50, json!({})), &Inventory::default());
        assert!(unread.is_err(), "nobody knows whose it is");
    }

    #[test]
    fn a_group_without_a_policy_owns_its_size() {
        let mut group = Resource::new(Place::new("1", "r"), "aws_autoscaling_group", "g");
        group.put_raw("desired_capacity", Slot::Known(json!(1)));
        let resize = change("desired_capacity", json!(3), json!(1));
        assert_eq!(owner_of(&group, &Inventory::default(), &[], &resize), None);
    }

    #[test]
    fn an_interface_belongs_to_the_object_that_names_it() {
        let mut gateway = Resource::new(Place::new("1", "r"), "aws_nat_gateway", "nat-1");
        gateway.put_raw("network_interface_id", Slot::Known(json!("eni-1")));
        let inventory = Inventory::declared(vec![gateway], vec![]);
        let owners = interfaces_in_use(&inventory);
        let interface = Resource::new(Place::new("1", "r"), "aws_network_interface", "eni-1");
        assert_eq!(owners.get(&interface.address).map(String::as_str), Some("aws_nat_gateway nat-1"));
        let elsewhere = Resource::new(Place::new("1", "other"), "aws_network_interface", "eni-1");
        assert_eq!(owners.get(&elsewhere.address), None);
    }
}
