//! What parts of a plan do to the lists of their owners: rules that are added to a security group, policies that are
//! attached to a role. A state shows such lists as they were; after the plan they are longer, or shorter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use stateward_model::kind::{Form, Satellite};
use stateward_model::{Cause, Gap, Resource, Scope, Slot, kinds};

use super::{Action, Change};

/// Lists of sources in a rule of a security group.
const SOURCES: &[&str] = &["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups"];

/// Brings the lists of owners in step with what happens to their parts.
pub(super) fn join(planned: &mut [Resource], prior: &[Resource], changes: &BTreeMap<String, Change>) {
    let action_of = |part: &Resource| {
        let address = &part.declared.as_ref()?.address;
        changes.get(address).map(|change| change.action)
    };
    let goes =
        |part: &&Resource| matches!(action_of(part), Some(Action::Delete | Action::Update | Action::Replace));
    let comes =
        |part: &&Resource| matches!(action_of(part), Some(Action::Create | Action::Update | Action::Replace));
    let mut index: Index = BTreeMap::new();
    for (at, resource) in planned.iter().enumerate() {
        index.entry((resource.kind().to_owned(), resource.id().to_owned())).or_default().push(at);
    }
    for at in 0..planned.len() {
        if planned[at].region().is_empty()
            && let [(owner, _)] = owners_of(&planned[at], planned, &index)[..]
        {
            planned[at].address.place = planned[owner].address.place.clone();
        }
    }
    for part in prior.iter().filter(goes) {
        for (at, satellite) in owners_of(part, planned, &index) {
            remove(&mut planned[at], satellite, part);
        }
    }
    let coming: Vec<Resource> = planned.iter().filter(comes).cloned().collect();
    for part in &coming {
        for (at, satellite) in owners_of(part, planned, &index) {
            add(&mut planned[at], satellite, part);
        }
    }
}

/// Where resources of a type and id stand in the plan.
type Index = BTreeMap<(String, String), Vec<usize>>;

/// The owner of a part. A part whose region cannot be told may be of any that bears the id.
fn owners_of(part: &Resource, planned: &[Resource], index: &Index) -> Vec<(usize, &'static Satellite)> {
    let Some((kind, satellite)) = kinds::satellite(part.kind()) else { return Vec::new() };
    let Some(id) = (satellite.owner_id)(part) else { return Vec::new() };
    let all = index.get(&(kind.name.to_owned(), id)).map_or(&[][..], Vec::as_slice);
    let here = |at: &&usize| kind.scope == Scope::Global || planned[**at].region() == part.region();
    let near: Vec<usize> = all.iter().filter(here).copied().collect();
    let owners = if near.is_empty() { all.to_vec() } else { near };
    owners.into_iter().map(|at| (at, satellite)).collect()
}

/// Takes out of the owner's lists what the part claimed.
fn remove(owner: &mut Resource, satellite: &Satellite, part: &Resource) {
    let Form::Atoms { claims, atoms, .. } = satellite.form else { return };
    let mut by_attribute: BTreeMap<&'static str, Vec<Value>> = BTreeMap::new();
    for (attribute, atom) in claims(part) {
        by_attribute.entry(attribute).or_default().push(atom);
    }
    for (attribute, claimed) in by_attribute {
        let Ok(Value::Array(elements)) = owner.raw(attribute).cloned() else { continue };
        let claims = |element: &Value| {
            let all = atoms(owner, attribute, &Value::Array(vec![element.clone()]));
            !all.is_empty() && all.iter().all(|atom| claimed.contains(atom))
        };
        let kept = elements.into_iter().filter_map(|element| without(element, &claims)).collect();
        owner.put_raw(attribute, Slot::Known(Value::Array(kept)));
    }
}

/// An element without the sources that are claimed; none when nothing is left of it.
fn without(element: Value, is_claimed: &impl Fn(&Value) -> bool) -> Option<Value> {
    if is_claimed(&element) {
        return None;
    }
    let Value::Object(block) = &element else { return Some(element) };
    let alone: Map<String, Value> = {
        let mut alone = block.clone();
        SOURCES.iter().for_each(|name| drop(alone.remove(*name)));
        alone.insert("self".into(), json!(false));
        alone
    };
    let mut left = block.clone();
    for name in SOURCES {
        let Some(Value::Array(sources)) = left.get_mut(*name) else { continue };
        sources.retain(|source| {
            let mut one = alone.clone();
            one.insert((*name).to_owned(), json!([source]));
            !is_claimed(&Value::Object(one))
        });
    }
    Some(Value::Object(left))
}

/// Puts into the owner's list what the part brings; where that is not known yet, neither is the list.
fn add(owner: &mut Resource, satellite: &Satellite, part: &Resource) {
    let Form::Atoms { attributes, claims, .. } = satellite.form else { return };
    match element(part) {
        Ok(Some((attribute, element))) => {
            if let Ok(Value::Array(mut elements)) = owner.raw(attribute).cloned() {
                elements.push(element);
                owner.put_raw(attribute, Slot::Known(Value::Array(elements)));
            }
        }
        Ok(None) if !claims(part).is_empty() => {}
        _ => attributes.iter().for_each(|attribute| leave_open(owner, attribute)),
    }
}

/// Says that an attribute of an owner is known only after the plan is applied.
pub(super) fn leave_open(owner: &mut Resource, attribute: &'static str) {
    let detail = format!("a part of {attribute} is known only after the plan is applied");
    owner.put_raw(attribute, Slot::Unread(Gap::new("plan", Cause::NotYetKnown, detail)));
}

/// The element that a part is in its owner's list; none for parts that are not known to be one.
fn element(part: &Resource) -> Result<Option<(&'static str, Value)>, Gap> {
    let value = |name: &str| match part.raw(name) {
        Err(gap) if gap.cause == Cause::NotYetKnown => Err(gap),
        Err(_) => Ok(Value::Null),
        Ok(value) => Ok(value.clone()),
    };
    let list = |name: &str| {
        let value = value(name)?;
        Ok(if value.is_null() || value == "" { json!([]) } else { json!([value]) })
    };
    let many = |name: &str| value(name).map(|value| if value.is_null() { json!([]) } else { value });
    let directions = |outward: bool| if outward { "egress" } else { "ingress" };
    let found = match part.kind() {
        "aws_security_group_rule" => (
            directions(value("type")? == "egress"),
            json!({
                "protocol": value("protocol")?, "from_port": value("from_port")?, "to_port": value("to_port")?,
                "cidr_blocks": many("cidr_blocks")?, "ipv6_cidr_blocks": many("ipv6_cidr_blocks")?,
                "prefix_list_ids": many("prefix_list_ids")?, "self": value("self")? == true,
                "security_groups": list("source_security_group_id")?, "description": text(value("description")?),
            }),
        ),
        kind @ ("aws_vpc_security_group_ingress_rule" | "aws_vpc_security_group_egress_rule") => (
            directions(kind.contains("egress")),
            json!({
                "protocol": value("ip_protocol")?, "from_port": number(value("from_port")?),
                "to_port": number(value("to_port")?), "cidr_blocks": list("cidr_ipv4")?,
                "ipv6_cidr_blocks": list("cidr_ipv6")?, "prefix_list_ids": list("prefix_list_id")?, "self": false,
                "security_groups": list("referenced_security_group_id")?, "description": text(value("description")?),
            }),
        ),
        "aws_iam_role_policy" | "aws_iam_user_policy" | "aws_iam_group_policy" => {
            ("inline_policy", json!({ "name": value("name")?, "policy": value("policy")? }))
        }
        "aws_iam_role_policy_attachment"
        | "aws_iam_user_policy_attachment"
        | "aws_iam_group_policy_attachment" => ("managed_policy_arns", value("policy_arn")?),
        _ => return Ok(None),
    };
    Ok(Some(found))
}

fn text(value: Value) -> Value {
    if value.is_null() { json!("") } else { value }
}

/// Where every protocol is meant, ports are absent in one form and 0 in the other.
fn number(value: Value) -> Value {
    if value.is_null() { json!(0) } else { value }
}

/// Attributes, each with the type of its owner, that a part in the plan may set without saying of which owner. What it
/// belongs to is then new, or else its id would be known.
pub(super) fn contested<'a>(
    planned: impl Iterator<Item = &'a Resource>,
) -> BTreeSet<(&'static str, &'static str)> {
    let mut contested = BTreeSet::new();
    for part in planned {
        let Some((owner, satellite)) = kinds::satellite(part.kind()) else { continue };
        if (satellite.owner_id)(part).is_some() {
            continue;
        }
        match satellite.form {
            Form::Block { attribute, .. } | Form::Whole { attribute, .. } => {
                contested.insert((owner.name, attribute));
            }
            Form::Atoms { attributes, .. } => {
                contested.extend(attributes.iter().map(|name| (owner.name, *name)));
            }
        }
    }
    contested
}

/// The ids of owners that parts in the plan name.
pub(super) fn owners<'a>(planned: impl Iterator<Item = &'a Resource>) -> BTreeSet<String> {
    planned.filter_map(|part| (kinds::satellite(part.kind())?.1.owner_id)(part)).collect()
}
