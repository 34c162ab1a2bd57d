//! What silently breaks recovery: policies of keys, quotas, groups, images, certificates; and of a region as a whole,
//! whether the account may use it, and whether the Terraform definition is there and can be reached.

use std::cell::RefCell;
use std::collections::BTreeMap;

use stateward_model::kinds::acm::certificate;
use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::ec2::compute::{ami, instance, launch_template};
use stateward_model::kinds::ec2::network::subnet;
use stateward_model::kinds::ecr::repository;
use stateward_model::kinds::ecs::{service, task_definition};
use stateward_model::kinds::kms::key;
use stateward_model::kinds::quotas::tracked;
use stateward_model::kinds::rds::{cluster, cluster_parameter_group, db_instance, parameter_group};
use stateward_model::policy::{Document, Principal, Statement};
use stateward_model::{Attr, Cause, Gap, Kind, Place, Resource};

use super::edges::template_of;
use super::estate::Declaration;
use super::grants::definition_of;
use super::index::arn;
use super::names::without_region;
use super::path::{Gate, Path};
use super::reads;
use super::scene::Scene;
use crate::check::Outcome;
use crate::checks::quotas::shortage;
use crate::checks::recovery::copies::state_survives;
use crate::checks::recovery::preparation::{covers, is_issued, names};

/// What a region lacks of quotas, by quota, account and region: many resources ask for the same.
pub type Quotas = RefCell<BTreeMap<(&'static str, Place, String), Result<Option<String>, Gap>>>;

const DATABASES: &str = "rds/L-7B6409FD";
const FARGATE: &str = "fargate/L-3032A538";
const STANDARD: &str = "ec2/L-1216C47A";

/// What has to hold for a region as a whole.
pub fn of_region(target: &str, scene: &Scene, declared: &[Declaration]) -> Vec<Gate> {
    let mut gates = vec![Gate::new("region", target, enabled(target, scene))];
    let states = scene.view.states;
    if states.is_empty() {
        return gates;
    }
    gates.push(Gate::new("definition", target, defined(target, scene, declared)).warning());
    for state in states {
        let found = match state_survives(state, &scene.view) {
            Ok(Outcome::NotApplicable(_) | Outcome::NotApplicableAs(_)) => continue,
            Ok(Outcome::Pass) => Ok(None),
            Ok(Outcome::Fail(why) | Outcome::FailAs(_, why) | Outcome::Partial(.., why)) => Ok(Some(why)),
            Err(gap) => Err(gap),
        };
        gates.push(Gate::new("tooling", &state.uri, found).warning());
    }
    gates
}

/// Whether the account may use a region: EC2, which is in every region, answered there.
fn enabled(target: &str, scene: &Scene) -> Result<Option<String>, Gap> {
    let mut first: Option<Gap> = None;
    let mut disabled = false;
    for kind in reads::kinds_read().filter(|kind| kind.service == "ec2") {
        for place in scene.view.inventory.places(kind).iter().filter(|place| place.region == target) {
            match scene.view.inventory.complete(kind, place) {
                Ok(()) => return Ok(None),
                Err(gap) => {
                    disabled |= gap.cause == Cause::Disabled;
                    first = first.or(Some(gap));
                }
            }
        }
    }
    match first {
        Some(_) if disabled => Ok(Some(format!("the account has not enabled {target}"))),
        Some(gap) => Err(gap),
        None => {
            Err(Gap::new("ec2:DescribeInstances", Cause::NotRequested, format!("nobody looked in {target}")))
        }
    }
}

/// Whether a state declares anything in a region.
fn defined(target: &str, scene: &Scene, declared: &[Declaration]) -> Result<Option<String>, Gap> {
    if declared.iter().any(|declaration| declaration.identity.place.region == target) {
        return Ok(None);
    }
    match scene.view.states.iter().find_map(|state| state.unread.clone()) {
        Some(gap) => Err(gap),
        None => Ok(Some(format!("no state that was given declares anything in {target}"))),
    }
}

/// Whether the policy of a key lets anybody of its account decrypt. Who restores is not told, so that only a policy that
/// keeps everybody out is at fault; conditions of what allows are not weighed.
pub fn key_policy(found: &Resource) -> Result<Option<String>, Gap> {
    const ACTION: &str = "kms:Decrypt";
    if found.get(&key::KEY_MANAGER)?.as_deref() == Some("AWS") {
        return Ok(None);
    }
    let text = found.get_or_default(&key::POLICY)?;
    let malformed = || Gap::new("kms:GetKeyPolicy", Cause::Malformed, "not a policy document");
    let document = Document::parse(&text).ok_or_else(malformed)?;
    let about = || document.statements.iter().filter(|statement| statement.covers_action(ACTION));
    let id = found.id();
    if about().any(|statement| refuses_everybody(statement, found.account())) {
        return Ok(Some(format!("the policy of the key {id} refuses everybody to decrypt")));
    }
    let lets_in = |statement: &Statement| statement.allow && lets_somebody_in(statement, found.account());
    Ok((!about().any(lets_in))
        .then(|| format!("the policy of the key {id} lets nobody of the account decrypt with it")))
}

fn refuses_everybody(statement: &Statement, account: &str) -> bool {
    let everybody = |principal: &Principal| match principal {
        Principal::Anyone => true,
        Principal::Aws(name) => name == account || name.ends_with(&format!(":{account}:root")),
        _ => false,
    };
    let named = statement.principals.iter().any(everybody);
    !statement.allow && !statement.everybody_else && statement.conditions.is_empty() && named
}

fn lets_somebody_in(statement: &Statement, account: &str) -> bool {
    let of_account = |principal: &Principal| match principal {
        Principal::Anyone | Principal::Service(_) => true,
        Principal::Aws(name) => name == account || principal.account() == Some(account),
        Principal::Federated(_) | Principal::Other(_) => false,
    };
    statement.everybody_else || statement.principals.iter().any(of_account)
}

/// With the gate of a quota: an increase takes days.
fn within(path: Path, id: &'static str, resource: &Resource, region: &str, scene: &Scene) -> Path {
    let home = &resource.address.place;
    let known = (id, home.clone(), region.to_owned());
    let found = scene.quotas.borrow().get(&known).cloned();
    let found = found.unwrap_or_else(|| {
        let found = shortage(id, home, region, &scene.view);
        scene.quotas.borrow_mut().insert(known, found.clone());
        found
    });
    let name = tracked(id).map_or(id, |tracked| tracked.name);
    path.gate(Gate::new("quota", name, found).delaying(scene.time("quota-increase")))
}

/// With the gate of the vCPUs that instances of these types need.
fn within_vcpus(path: Path, types: &[String], resource: &Resource, region: &str, scene: &Scene) -> Path {
    let Some(special) = types.iter().find(|it| !is_standard(it)) else {
        return within(path, STANDARD, resource, region, scene);
    };
    let detail = format!("the quota of instances like {special} is not looked at");
    let gap = Gap::new("servicequotas:ListServiceQuotas", Cause::Unsupported, detail);
    path.gate(Gate::new("quota", special, Err(gap)).delaying(scene.time("quota-increase")))
}

/// Whether instances of a type count against the quota of standard instances: families A, C, D, H, I, M, R, T and Z (EC2
/// user guide, "On-Demand Instance quotas").
fn is_standard(kind: &str) -> bool {
    let family: String = kind.chars().take_while(char::is_ascii_alphabetic).collect();
    let others = ["dl", "hpc", "inf", "mac", "trn"];
    family.starts_with(|letter| "acdhimrtz".contains(letter)) && !others.contains(&family.as_str())
}

/// A database that is restored in another region: what the restore asks for besides its data.
pub fn restored_there(path: Path, resource: &Resource, region: &str, scene: &Scene) -> Path {
    let place = scene.place(resource, region);
    let of_cluster = resource.kind() == cluster::KIND.name;
    let (kind, attribute): (&Kind, &Attr<String>) = match of_cluster {
        true => (&cluster_parameter_group::KIND, &cluster::DB_CLUSTER_PARAMETER_GROUP_NAME),
        false => (&parameter_group::KIND, &db_instance::PARAMETER_GROUP_NAME),
    };
    let own = resource.get(attribute);
    let name = own.as_ref().ok().cloned().flatten().unwrap_or_default();
    let group = own.and_then(|own| match own {
        // Those that RDS makes are everywhere.
        Some(own) if !own.is_empty() && !own.starts_with("default.") => {
            missing_group(&own, kind, resource.region(), &place, scene)
        }
        _ => Ok(None),
    });
    let path =
        within(path, DATABASES, resource, region, scene).gate(Gate::new("parameter group", name, group));
    if of_cluster {
        return path;
    }
    let option = resource.get_or_default(&db_instance::OPTION_GROUP_NAME);
    let name = option.as_ref().ok().cloned().unwrap_or_default();
    let option = option.and_then(|own| match own.is_empty() || own.starts_with("default:") {
        true => Ok(None),
        false => {
            let detail = format!("whether {region} has the option group {own} is not looked at");
            Err(Gap::new("rds:DescribeOptionGroups", Cause::Unsupported, detail))
        }
    });
    path.gate(Gate::new("option group", name, option))
}

fn missing_group(
    own: &str,
    kind: &Kind,
    home: &str,
    place: &Place,
    scene: &Scene,
) -> Result<Option<String>, Gap> {
    let wanted = without_region(own, home);
    let there = scene.view.inventory.of(kind).filter(|found| found.address.place == *place);
    for found in there {
        if without_region(found.id(), &place.region) == wanted {
            return Ok(None);
        }
    }
    scene.view.inventory.complete(kind, place)?;
    Ok(Some(format!("there is no parameter group {own} in {}", place.region)))
}

/// An instance that is launched in another region.
pub fn launched_there(path: Path, resource: &Resource, region: &str, scene: &Scene) -> Path {
    let place = scene.place(resource, region);
    let path = path.gate(scene.needs_one("network", &subnet::KIND, "subnet", &place));
    match resource.get_or_default(&instance::INSTANCE_TYPE) {
        Ok(kind) => within_vcpus(path, &[kind], resource, region, scene),
        Err(gap) => path.gate(Gate::new("quota", "", Err(gap)).delaying(scene.time("quota-increase"))),
    }
}

/// A scaling group that is scaled out in another region. While it runs instances, its image is there.
pub fn scaled_out_there(
    path: Path,
    resource: &Resource,
    found: &Resource,
    running: i64,
    scene: &Scene,
) -> Path {
    let path = match resource.get_or_default(&group::INSTANCES) {
        Ok(members) => {
            let types: Vec<String> = members.into_iter().filter_map(|member| member.instance_type).collect();
            within_vcpus(path, &types, resource, found.region(), scene)
        }
        Err(gap) => path.gate(Gate::new("quota", "", Err(gap)).delaying(scene.time("quota-increase"))),
    };
    match running {
        0 => path.gate(image_gate(found, scene)),
        _ => path,
    }
}

fn image_gate(found: &Resource, scene: &Scene) -> Gate {
    let unknown = |detail: String| Gap::new("ec2:DescribeImages", Cause::Unsupported, detail);
    let image = image_of(found, scene).and_then(|image| {
        image.ok_or_else(|| unknown(format!("{} has no launch template that tells", found.id())))
    });
    let image = match image {
        Ok(image) => image,
        Err(gap) => return Gate::new("image", found.id(), Err(gap)),
    };
    let state =
        scene.view.inventory.lookup(&ami::KIND, &found.address.place, &image).and_then(|known| match known {
            Some(known) => known.get_or_default(&ami::STATE),
            None => Err(unknown(format!("{image} is no image of the account, and others are not looked up"))),
        });
    let fault = state.map(|state| (state != "available").then(|| format!("the image {image} is {state}")));
    Gate::new("image", image, fault)
}

/// The image in the version of the launch template that a group uses.
fn image_of(found: &Resource, scene: &Scene) -> Result<Option<String>, Gap> {
    let Some(template) = template_of(found, scene)? else { return Ok(None) };
    let used = found.get_or_default(&group::LAUNCH_TEMPLATE)?.into_iter().find_map(|it| it.version);
    let versions = template.get_or_default(&launch_template::VERSIONS)?;
    let version = match used.as_deref() {
        Some("$Latest") => versions.iter().max_by_key(|version| version.version),
        None | Some("" | "$Default") => versions.iter().find(|version| version.is_default),
        Some(number) => versions.iter().find(|version| version.version.to_string() == number),
    };
    Ok(version.and_then(|version| version.image_id.clone()).filter(|image| !image.is_empty()))
}

/// A container service whose tasks are started in another region.
pub fn started_there(mut path: Path, resource: &Resource, found: &Resource, scene: &Scene) -> Path {
    let region = found.region();
    match on_fargate(resource) {
        Ok(true) => path = within(path, FARGATE, resource, region, scene),
        Ok(false) => {}
        Err(gap) => {
            path = path.gate(Gate::new("quota", "", Err(gap)).delaying(scene.time("quota-increase")));
        }
    }
    let containers = definition_of(found, scene).and_then(|definition| match definition {
        Some(definition) => definition.get_or_default(&task_definition::CONTAINER_DEFINITIONS),
        None => {
            let detail = format!("{} runs no task definition that is known", found.id());
            Err(Gap::new("ecs:DescribeTaskDefinition", Cause::Unsupported, detail))
        }
    });
    match containers {
        Err(gap) => path.gate(Gate::new("image", found.id(), Err(gap))),
        Ok(containers) => {
            let images = containers.iter().filter_map(|container| Registry::of(&container.image));
            images.fold(path, |path, image| {
                path.gate(Gate::new("image", image.text, image.fault(found, scene)))
            })
        }
    }
}

fn on_fargate(resource: &Resource) -> Result<bool, Gap> {
    if let Some(kind) = resource.get(&service::LAUNCH_TYPE)?.filter(|kind| !kind.is_empty()) {
        return Ok(kind == "FARGATE");
    }
    let strategy = resource.get_or_default(&service::CAPACITY_PROVIDER_STRATEGY)?;
    let providers =
        strategy.as_array().into_iter().flatten().filter_map(|it| it.get("capacity_provider")?.as_str());
    Ok(providers.into_iter().any(|provider| provider.starts_with("FARGATE")))
}

/// An image of ECR.
struct Registry<'t> {
    text: &'t str,
    account: &'t str,
    region: &'t str,
    repository: &'t str,
    /// `latest`, or `sha256:…`.
    version: &'t str,
}

impl<'t> Registry<'t> {
    /// `111122223333.dkr.ecr.us-west-2.amazonaws.com/shop/api:42`; none of images elsewhere, which are lost with no region.
    fn of(text: &'t str) -> Option<Self> {
        let (host, path) = text.split_once('/')?;
        let (account, rest) = host.split_once(".dkr.ecr.")?;
        let region = rest.split('.').next()?;
        let (repository, version) = match path.split_once('@') {
            Some((name, digest)) => (name.split(':').next().unwrap_or(name), digest),
            None => path.split_once(':').unwrap_or((path, "latest")),
        };
        Some(Self { text, account, region, repository, version })
    }

    /// Why it cannot be pulled when the home region is lost.
    fn fault(&self, by: &Resource, scene: &Scene) -> Result<Option<String>, Gap> {
        if self.region == scene.home {
            return Ok(Some(format!("it is pulled from {}, which is lost", self.region)));
        }
        if self.account != by.account() {
            let detail = format!("{} is in the registry of another account", self.text);
            return Err(Gap::new("ecr:DescribeImages", Cause::Unsupported, detail));
        }
        let place = Place::new(by.account(), self.region);
        let Some(found) = scene.view.inventory.lookup(&repository::KIND, &place, self.repository)? else {
            return Ok(Some(format!("there is no repository {} in {}", self.repository, self.region)));
        };
        let images = found.get_or_default(&repository::IMAGES)?;
        let is_it = |image: &repository::Image| {
            image.digest == self.version || image.tags.iter().any(|tag| tag == self.version)
        };
        Ok((!images.iter().any(is_it)).then(|| format!("the repository in {} does not have it", self.region)))
    }
}

/// A load balancer that takes over with the names that the one at home is entered by.
pub fn entered_there(path: Path, resource: &Resource, found: &Resource, scene: &Scene) -> Path {
    let fault = match certified(resource, scene) {
        Ok(served) if served.is_empty() => return path,
        Ok(served) => certified(found, scene).map(|there| {
            let uncovered = served.iter().find(|name| !there.iter().any(|pattern| covers(pattern, name)));
            uncovered.map(|name| format!("no issued certificate of {} is good for {name}", found.id()))
        }),
        Err(gap) => Err(gap),
    };
    let gate = Gate::new("certificate", found.id(), fault);
    path.gate(gate.delaying(scene.time("certificate-validation")))
}

/// The names of the issued certificates that a load balancer shows.
fn certified(balancer: &Resource, scene: &Scene) -> Result<Vec<String>, Gap> {
    let place = &balancer.address.place;
    scene.view.inventory.complete(&certificate::KIND, place)?;
    let arn = arn(balancer).unwrap_or_else(|| balancer.id().to_owned());
    let mut shown = Vec::new();
    for found in scene.view.inventory.of(&certificate::KIND).filter(|found| found.address.place == *place) {
        if found.get_or_default(&certificate::IN_USE_BY)?.contains(&arn) && is_issued(found)? {
            shown.extend(names(found)?);
        }
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_ecr_tell_their_registry() {
        fn of(text: &str) -> Option<(&str, &str, &str, &str)> {
            Registry::of(text).map(|it| (it.account, it.region, it.repository, it.version))
        }
        let host = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
        let images = ["shop/api:42", "api", "api:42@sha256:ab"].map(|path| format!("{host}/{path}"));
        assert_eq!(of(&images[0]), Some(("111122223333", "eu-west-1", "shop/api", "42")));
        assert_eq!(of(&images[1]), Some(("111122223333", "eu-west-1", "api", "latest")));
        assert_eq!(of(&images[2]), Some(("111122223333", "eu-west-1", "api", "sha256:ab")));
        assert_eq!(of("nginx:1.27"), None);
        assert_eq!(of("public.ecr.aws/nginx/nginx:1.27"), None);
    }

    #[test]
    fn families_count_against_their_quotas() {
        assert!(["m7g.large", "im4gn.large", "t3.micro", "z1d.large"].into_iter().all(is_standard));
        assert!(
            !["g5.xlarge", "inf2.xlarge", "hpc7g.4xlarge", "mac2.metal", "p5.48xlarge", "u-6tb1.metal"]
                .into_iter()
                .any(is_standard)
        );
    }
}
