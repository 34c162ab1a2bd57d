//! What does the work and holds nothing: scaling groups, instances, container services, clusters, functions.

use std::collections::BTreeSet;

use stateward_model::kinds::autoscaling::group as groups;
use stateward_model::kinds::ec2::compute::{ami, instance as instances};
use stateward_model::kinds::ec2::network::subnet;
use stateward_model::kinds::ecs::service as services;
use stateward_model::kinds::eks;
use stateward_model::kinds::lambda::function as functions;
use stateward_model::{Cause, Gap, Resource};

use super::super::figure::{Figure, Grade, Interval};
use super::super::gates;
use super::super::index::Lookup;
use super::super::names::without_region;
use super::super::path::{Fate, Gate, Path};
use super::super::scenario::Scenario;
use super::super::scene::Scene;

const STATELESS: &str = "it holds no data";
const SPANS: &str = "the service spans the zones of its region";

fn nothing_lost() -> Figure {
    Figure::none(STATELESS)
}

/// It serves already.
fn at_once(why: &str, call: &str, serving: impl ToString) -> Figure {
    Figure::new(Interval::ZERO, Grade::B, why).from("serving there", serving, call)
}

/// The same thing in another region, by its name without the region's.
fn counterpart<'a>(
    name: Option<String>,
    resource: &Resource,
    target: &str,
    lookup: &Lookup<'a>,
    scene: &Scene,
) -> Result<Option<&'a Resource>, Gap> {
    let kind = stateward_model::kinds::find(resource.kind());
    let place = scene.place(resource, target);
    let name = name.unwrap_or_else(|| resource.id().to_owned());
    let found = lookup.of(&without_region(&name, resource.region()));
    if let Some(found) = found.iter().find(|found| found.address.place == place) {
        return Ok(Some(found));
    }
    match kind.and_then(|kind| scene.unseen(kind, &place, lookup)) {
        Some(gap) => Err(gap),
        None => Ok(None),
    }
}

/// A scaling group.
pub fn group(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    const NAME: &str = "scaling group in another region";
    if scenario == Scenario::Region {
        let name = match resource.get(&groups::NAME) {
            Ok(name) => name,
            Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
        };
        return match counterpart(name, resource, target, &scene.index.groups, scene) {
            Ok(Some(found)) => Fate::Lost(vec![standby_group(resource, found, target, scene)]),
            Ok(None) => Fate::Lost(Vec::new()),
            Err(gap) => Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
        };
    }
    let members = match in_service(resource) {
        Ok(members) => members,
        Err(gap) => {
            return Fate::Lost(vec![Path::unseen("another member of the group", resource.region(), gap)]);
        }
    };
    let zones: BTreeSet<&str> = members.iter().map(|member| member.availability_zone.as_str()).collect();
    let others = if scenario == Scenario::Zone { zones.len() } else { members.len() };
    if others > 1 {
        let what = if scenario == Scenario::Zone { "zones" } else { "instances" };
        return Fate::Unaffected(format!("instances serve in {others} {what}"));
    }
    let replaced = Path::automatic(
        "replacement by the group",
        resource.region(),
        nothing_lost(),
        scene.time("replacement"),
    );
    if scenario == Scenario::Instance {
        return Fate::Lost(vec![replaced]);
    }
    let spans = configured_zones(resource)
        .map(|zones| (zones < 2).then(|| "the group is confined to one zone".to_owned()));
    Fate::Lost(vec![replaced.gate(Gate::new("zones", resource.id(), spans))])
}

fn in_service(resource: &Resource) -> Result<Vec<groups::Member>, Gap> {
    let members = resource.get_or_default(&groups::INSTANCES)?;
    Ok(members.into_iter().filter(|member| member.lifecycle_state.as_deref() == Some("InService")).collect())
}

fn configured_zones(resource: &Resource) -> Result<usize, Gap> {
    Ok(resource.get_or_default(&groups::AVAILABILITY_ZONES)?.len())
}

/// What stands in the other region: as much as here, less, or a definition alone.
fn standby_group(resource: &Resource, found: &Resource, target: &str, scene: &Scene) -> Path {
    const NAME: &str = "scaling group in another region";
    let call = "autoscaling:DescribeAutoScalingGroups";
    let to = format!("{target}/{}", found.id());
    let counts = resource
        .get_or_default(&groups::DESIRED_CAPACITY)
        .and_then(|here| Ok((here, i64::try_from(in_service(found)?.len()).unwrap_or(i64::MAX))));
    let (here, there) = match counts {
        Ok(counts) => counts,
        Err(gap) => return Path::unseen(NAME, to, gap),
    };
    if there >= here {
        return Path::automatic(
            NAME,
            to,
            nothing_lost(),
            at_once("as many serve there as here", call, there),
        );
    }
    let act = scene.time("scale-out").from("serving there", there, call).from("serving here", here, call);
    let steps = vec![format!(
        "aws autoscaling update-auto-scaling-group --region {target} --auto-scaling-group-name {} --min-size {here} \
         --desired-capacity {here}",
        found.id()
    )];
    let path = Path::manual(NAME, to, nothing_lost(), act, steps);
    gates::scaled_out_there(path, resource, found, there, scene)
}

/// An instance that no group replaces.
pub fn instance(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    const NAME: &str = "launch from its image";
    let home = resource.region();
    if scenario == Scenario::Instance {
        let act = scene.time("instance-recovery");
        return Fate::Lost(vec![Path::automatic("recovery on another host", home, nothing_lost(), act)]);
    }
    let region = if scenario == Scenario::Region { target } else { home };
    let image = match resource.get(&instances::AMI) {
        Ok(Some(image)) => image,
        Ok(None) => return Fate::Lost(Vec::new()),
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, region, gap)]),
    };
    let found = match image_in(&image, resource, region, scene) {
        Ok(Some(found)) => found,
        Ok(None) => return Fate::Lost(Vec::new()),
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, region, gap)]),
    };
    let kind = resource.get_or_default(&instances::INSTANCE_TYPE).unwrap_or_default();
    let steps = vec![format!(
        "aws ec2 run-instances --region {region} --image-id {} --instance-type {kind} --subnet-id SUBNET",
        found.id()
    )];
    let act = scene.time("instance-launch").from("image", found.id(), "ec2:DescribeImages");
    let path = Path::manual(NAME, region, nothing_lost(), act, steps);
    Fate::Lost(vec![match region == home {
        true => path,
        false => gates::launched_there(path, resource, region, scene),
    }])
}

/// The image of an instance in a region: itself, an available copy of it, or one of its name.
fn image_in<'a>(
    id: &str,
    resource: &Resource,
    region: &str,
    scene: &Scene<'a>,
) -> Result<Option<&'a Resource>, Gap> {
    let here = &resource.address.place;
    let Some(image) = scene.view.inventory.lookup(&ami::KIND, here, id)? else {
        let detail = format!("{id} is an image of others, which are not looked up");
        return Err(Gap::new("ec2:DescribeImages", Cause::Unsupported, detail));
    };
    let available = |image: &Resource| Ok(image.get(&ami::STATE)?.as_deref() == Some("available"));
    if region == resource.region() {
        return Ok(available(image)?.then_some(image));
    }
    let place = scene.place(resource, region);
    let name = image.get_or_default(&ami::NAME)?;
    for key in [id, name.as_str()] {
        for copy in scene.index.images.of(key).iter().filter(|copy| copy.address.place == place) {
            if available(copy)? {
                return Ok(Some(copy));
            }
        }
    }
    match scene.unseen(&ami::KIND, &place, &scene.index.images) {
        Some(gap) => Err(gap),
        None => Ok(None),
    }
}

/// A container service.
pub fn service(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    const NAME: &str = "container service in another region";
    let call = "ecs:DescribeServices";
    let wanted = match resource.get_or_default(&services::DESIRED_COUNT) {
        Ok(wanted) => wanted,
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
    };
    let replaced = |scene: &Scene| {
        let act = scene.time("container-start");
        Path::automatic("new tasks of the service", resource.region(), nothing_lost(), act)
    };
    match scenario {
        Scenario::Region => {}
        Scenario::Instance if wanted > 1 => return Fate::Unaffected(format!("{wanted} tasks serve")),
        Scenario::Instance => return Fate::Lost(vec![replaced(scene)]),
        _ => {
            let zones = match zones_of_tasks(resource, scene) {
                Ok(zones) => zones,
                Err(gap) => {
                    return Fate::Lost(vec![Path::unseen("tasks in several zones", resource.region(), gap)]);
                }
            };
            let fault = (zones < 2).then(|| "the service is confined to one zone".to_owned());
            return match zones > 1 && wanted > 1 {
                true => Fate::Unaffected(format!("{wanted} tasks serve in {zones} zones")),
                false => Fate::Lost(vec![replaced(scene).gate(Gate::new("zones", resource.id(), Ok(fault)))]),
            };
        }
    }
    let name = match resource.get(&services::NAME) {
        Ok(name) => name,
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
    };
    let found = match counterpart(name, resource, target, &scene.index.services, scene) {
        Ok(Some(found)) => found,
        Ok(None) => return Fate::Lost(Vec::new()),
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
    };
    let there = match found.get_or_default(&services::DESIRED_COUNT) {
        Ok(there) => there,
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
    };
    let to = format!("{target}/{}", found.name.as_deref().unwrap_or(found.id()));
    if there >= wanted {
        let act = at_once("as many tasks are wanted there as here", call, there);
        return Fate::Lost(vec![Path::automatic(NAME, to, nothing_lost(), act)]);
    }
    let act =
        scene.time("container-start").from("wanted there", there, call).from("wanted here", wanted, call);
    let steps = vec![format!(
        "aws ecs update-service --region {target} --service {} --desired-count {wanted}",
        found.id()
    )];
    let path = Path::manual(NAME, to, nothing_lost(), act, steps);
    Fate::Lost(vec![gates::started_there(path, resource, found, scene)])
}

fn zones_of_tasks(resource: &Resource, scene: &Scene) -> Result<usize, Gap> {
    let networks = resource.get_or_default(&services::NETWORK_CONFIGURATION)?;
    let subnets: Vec<String> = networks.into_iter().flat_map(|network| network.subnets).collect();
    if subnets.is_empty() {
        let detail = "its tasks run on instances, and where those are is not looked at";
        return Err(Gap::new("ecs:DescribeTasks", Cause::Unsupported, detail));
    }
    zones_of(&subnets, resource, scene)
}

fn zones_of(subnets: &[String], resource: &Resource, scene: &Scene) -> Result<usize, Gap> {
    let mut zones = BTreeSet::new();
    for id in subnets {
        let found = scene.view.inventory.lookup(&subnet::KIND, &resource.address.place, id)?;
        if let Some(found) = found {
            zones.extend(found.get(&subnet::AVAILABILITY_ZONE)?);
        }
    }
    Ok(zones.len())
}

/// A Kubernetes cluster. What runs in it is not read.
pub fn kubernetes(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    const NAME: &str = "cluster in another region";
    let inside = || {
        let detail = "what runs in the cluster is not read";
        Gap::new("eks:DescribeCluster", Cause::Unsupported, detail)
    };
    match scenario {
        Scenario::Instance => Fate::Unaffected("the control plane does not run on one host".into()),
        Scenario::Zone => {
            Fate::Lost(vec![Path::unseen("nodes in several zones", resource.region(), inside())])
        }
        _ => match counterpart(
            resource.get(&eks::cluster::NAME).ok().flatten(),
            resource,
            target,
            &scene.index.clusters,
            scene,
        ) {
            Ok(Some(_)) => Fate::Lost(vec![Path::unseen(NAME, target, inside())]),
            Ok(None) => Fate::Lost(Vec::new()),
            Err(gap) => Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
        },
    }
}

/// A function.
pub fn function(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    const NAME: &str = "function in another region";
    if scenario != Scenario::Region {
        return Fate::Unaffected(SPANS.into());
    }
    let name = resource.get(&functions::FUNCTION_NAME).ok().flatten();
    match counterpart(name, resource, target, &scene.index.functions, scene) {
        Ok(Some(found)) => {
            let to = format!("{target}/{}", found.id());
            Fate::Lost(vec![Path::automatic(NAME, to, nothing_lost(), scene.time("function-switch"))])
        }
        Ok(None) => Fate::Lost(Vec::new()),
        Err(gap) => Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
    }
}
