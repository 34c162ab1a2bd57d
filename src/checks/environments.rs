//! ENV: environments.

mod roles;

use std::collections::BTreeSet;

use ipnet::IpNet;
use stateward_model::kinds::common::{TAGS, TAGS_ALL};
use stateward_model::kinds::ec2::compute::instance;
use stateward_model::kinds::ec2::network::{route_table, subnet, vpc, vpc_peering_connection};
use stateward_model::kinds::rds::db_instance;
use stateward_model::{Attr, Cause, Gap, Kind, Resource};

use super::facts::known_tags;
use super::named;
use crate::check::{
    Category, Check, Composition, Effort, Outcome, Reads, Severity, StateFacts, Subject, Verdict, View,
};
use crate::inventory::{Side, exclusion};
use crate::profile::Role;

/// The family.
pub const CHECKS: &[Check] = &[ENV_01, ENV_02, ENV_05, ENV_06, roles::ENV_07, ENV_08];

const ENV_01: Check = Check {
    id: "ENV-01",
    alias: "state-per-environment",
    title: "One state per environment",
    component: "multienv",
    category: Category::Iac,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::State(one_environment),
    reads: &[],
    page: include_str!("../../docs/checks/ENV-01.md"),
};

fn one_environment(state: &StateFacts, view: &View) -> Verdict {
    state.content()?;
    if state.environments.is_empty() {
        return Ok(Outcome::NotApplicable("no resource of the state names its environment"));
    }
    let environments = &view.profile.environments;
    let (production, others): (Vec<&String>, Vec<&String>) =
        state.environments.iter().partition(|name| environments.means_production(name));
    if production.is_empty() || others.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("holds {} together with {}", named(&production), named(&others))))
}

const ENV_08: Check = Check {
    id: "ENV-08",
    alias: "recovery-environment",
    title: "A recovery environment is defined",
    component: "multienv",
    category: Category::Dr,
    severity: Severity::Medium,
    effort: Effort::Large,
    subject: Subject::Estate(recovery_environment),
    reads: &[],
    page: include_str!("../../docs/checks/ENV-08.md"),
};

fn recovery_environment(view: &View) -> Verdict {
    let recovery: Vec<&str> = view
        .profile
        .regions
        .iter()
        .filter(|region| region.role == Role::Dr)
        .map(|region| region.name.as_str())
        .collect();
    if recovery.is_empty() {
        return Ok(Outcome::NotApplicable("the profile gives no region the role dr"));
    }
    if view.states.is_empty() {
        return Err(Gap::new("state", Cause::NotRequested, "no state was read"));
    }
    let managed = |region: &str| view.states.iter().any(|state| state.regions.iter().any(|r| r == region));
    let bare: Vec<&str> = recovery.into_iter().filter(|region| !managed(region)).collect();
    if bare.is_empty() {
        return Ok(Outcome::Pass);
    }
    every_state(view)?;
    Ok(Outcome::Fail(format!("no state manages anything in {}", named(&bare))))
}

/// What tells whose a network is, and where its routes lead.
const NETWORKS: &[Reads] = &[
    Reads {
        kind: &vpc::KIND,
        attributes: &[
            vpc::CIDR_BLOCK.any(),
            vpc::SECONDARY_CIDR_BLOCKS.any(),
            vpc::OWNER_ID.any(),
            vpc::IS_DEFAULT.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
    },
    Reads { kind: &subnet::KIND, attributes: &[subnet::VPC_ID.any(), TAGS.any(), TAGS_ALL.any()] },
    Reads { kind: &instance::KIND, attributes: &[instance::VPC_ID.any(), TAGS.any(), TAGS_ALL.any()] },
    Reads { kind: &db_instance::KIND, attributes: &[db_instance::VPC_ID.any(), TAGS.any(), TAGS_ALL.any()] },
    Reads { kind: &route_table::KIND, attributes: &[route_table::VPC_ID.any(), route_table::ROUTE.any()] },
    Reads {
        kind: &vpc_peering_connection::KIND,
        attributes: &[vpc_peering_connection::SIDES.any(), vpc_peering_connection::ACCEPT_STATUS.any()],
    },
];

const ENV_02: Check = Check {
    id: "ENV-02",
    alias: "production-isolated",
    title: "Production is isolated by account or VPC",
    component: "multienv",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Each(&vpc::KIND, production_isolated),
    reads: NETWORKS,
    page: include_str!("../../docs/checks/ENV-02.md"),
};

fn production_isolated(resource: &Resource, view: &View) -> Verdict {
    let environments = environments_in(resource, view)?;
    let (production, others): (Vec<&String>, Vec<&String>) =
        environments.iter().partition(|name| view.profile.environments.means_production(name));
    if production.is_empty() {
        return Ok(Outcome::NotApplicable("nothing in it says that it is production"));
    }
    if !others.is_empty() {
        return Ok(Outcome::Fail(format!("holds {} together with {}", named(&production), named(&others))));
    }
    let mut gap = None;
    for other in view.inventory.all(&vpc::KIND)? {
        let apart = other.address == resource.address || other.account() != resource.account();
        if apart || exclusion(other).is_some() {
            continue;
        }
        let names = environments_in(other, view)?;
        let strangers: Vec<&String> =
            names.iter().filter(|name| !view.profile.environments.means_production(name)).collect();
        if strangers.is_empty() {
            continue;
        }
        match link(resource, other, view)? {
            Link::Peering(id) => {
                let message = format!("{id} connects it with {} ({})", other.id(), named(&strangers));
                return Ok(Outcome::Fail(message));
            }
            Link::Perhaps(id) => {
                let detail =
                    format!("{id} is reached from it and from {}; its routes are not read", other.id());
                gap = gap.or(Some(Gap::new("ec2:SearchTransitGatewayRoutes", Cause::Unsupported, detail)));
            }
            Link::None => {}
        }
    }
    gap.map_or(Ok(Outcome::Pass), Err)
}

/// The environments that a VPC or what is in it names by tag.
fn environments_in(resource: &Resource, view: &View) -> Result<BTreeSet<String>, Gap> {
    let environments = &view.profile.environments;
    let mut found: BTreeSet<String> = environments.named_by(&known_tags(resource)?).into_iter().collect();
    let members: [(&'static Kind, &Attr<String>); 3] = [
        (&subnet::KIND, &subnet::VPC_ID),
        (&instance::KIND, &instance::VPC_ID),
        (&db_instance::KIND, &db_instance::VPC_ID),
    ];
    for (kind, attribute) in members {
        for member in view.inventory.all_in(kind, &resource.address.place)? {
            if member.get_or_default(attribute)? == resource.id() {
                found.extend(environments.named_by(&known_tags(member)?));
            }
        }
    }
    Ok(found)
}

/// How two networks are connected.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    /// By an active peering connection to which one of them has a route.
    Peering(String),
    /// Both have routes to one transit gateway.
    Perhaps(String),
    /// Not at all.
    None,
}

fn link(one: &Resource, other: &Resource, view: &View) -> Result<Link, Gap> {
    let (from_one, from_other) = (route_targets(one, view)?, route_targets(other, view)?);
    for id in peerings(one, Some(other), view)? {
        if from_one.contains(&id) || from_other.contains(&id) {
            return Ok(Link::Peering(id));
        }
    }
    let shared = from_one.iter().find(|id| id.starts_with("tgw-") && from_other.contains(*id));
    Ok(shared.map_or(Link::None, |id| Link::Perhaps(id.clone())))
}

/// Where the routes of a VPC lead.
fn route_targets(resource: &Resource, view: &View) -> Result<BTreeSet<String>, Gap> {
    let mut targets = BTreeSet::new();
    for table in view.inventory.all_in(&route_table::KIND, &resource.address.place)? {
        if table.get_or_default(&route_table::VPC_ID)? == resource.id() {
            let routes = table.get_or_default(&route_table::ROUTE)?;
            targets.extend(routes.iter().filter_map(|route| route.target().map(str::to_owned)));
        }
    }
    Ok(targets)
}

/// Active peering connections of a VPC: with a certain other one, or with any.
fn peerings(one: &Resource, other: Option<&Resource>, view: &View) -> Result<Vec<String>, Gap> {
    let mut found = Vec::new();
    for connection in view.inventory.all_in(&vpc_peering_connection::KIND, &one.address.place)? {
        if connection.get_or_default(&vpc_peering_connection::ACCEPT_STATUS)? != "active" {
            continue;
        }
        let sides = connection.get_or_default(&vpc_peering_connection::SIDES)?;
        let has = |vpc: &Resource| sides.iter().any(|side| side.vpc_id == vpc.id());
        if has(one) && other.is_none_or(has) {
            found.push(connection.id().to_owned());
        }
    }
    Ok(found)
}

const ENV_05: Check = Check {
    id: "ENV-05",
    alias: "staging-resembles-production",
    title: "Staging resembles production",
    component: "multienv",
    category: Category::Iac,
    severity: Severity::Medium,
    effort: Effort::Large,
    subject: Subject::Estate(staging_resembles_production),
    reads: &[],
    page: include_str!("../../docs/checks/ENV-05.md"),
};

fn staging_resembles_production(view: &View) -> Verdict {
    if view.states.is_empty() {
        return Err(Gap::new("state", Cause::NotRequested, "no state was read"));
    }
    let environments = &view.profile.environments;
    let whole = |is: &dyn Fn(&str) -> bool| {
        let mut whole = Composition::default();
        let named = view.states.iter().flat_map(|state| &state.composition);
        named.filter(|(name, _)| is(name)).for_each(|(_, part)| whole.extend(part));
        whole
    };
    let production = whole(&|name| environments.means_production(name));
    let staging = whole(&|name| environments.means_staging(name));
    // What an unread state holds may be the very thing that is lacking.
    every_state(view)?;
    if staging.types.is_empty() {
        return Ok(Outcome::NotApplicable("no managed resource names a staging environment"));
    }
    if production.types.is_empty() {
        return Ok(Outcome::NotApplicable("no managed resource names the production environment"));
    }
    let differences = differences(&production, &staging);
    if !differences.is_empty() {
        return Ok(Outcome::Fail(differences.join("; ")));
    }
    if let Some(engine) = production.untold.iter().chain(&staging.untold).next() {
        let detail = format!("the version of {engine} is in no state");
        return Err(Gap::new("state", Cause::NotInState, detail));
    }
    Ok(Outcome::Pass)
}

fn every_state(view: &View) -> Result<(), Gap> {
    view.states.iter().try_for_each(StateFacts::content)
}

fn differences(production: &Composition, staging: &Composition) -> Vec<String> {
    let mut found = Vec::new();
    let lacks = |one: &Composition, other: &Composition| {
        one.types.difference(&other.types).cloned().collect::<Vec<String>>()
    };
    let (missing, more) = (lacks(production, staging), lacks(staging, production));
    if !missing.is_empty() {
        found.push(format!("staging has no {}", named(&missing)));
    }
    if !more.is_empty() {
        found.push(format!("production has no {}", named(&more)));
    }
    let none = BTreeSet::new();
    let engines: BTreeSet<&String> = production.versions.keys().chain(staging.versions.keys()).collect();
    for engine in engines {
        // An engine whose version is nowhere told is neither the same nor another.
        if production.untold.contains(engine) || staging.untold.contains(engine) {
            continue;
        }
        let of = |side: &Composition| side.versions.get(engine).unwrap_or(&none).clone();
        let (here, there) = (of(production), of(staging));
        if here != there {
            let said = |versions: BTreeSet<String>| match versions.is_empty() {
                true => "none".to_owned(),
                false => versions.into_iter().collect::<Vec<_>>().join(" and "),
            };
            found.push(format!("{engine} is {} in production and {} in staging", said(here), said(there)));
        }
    }
    found
}

const ENV_06: Check = Check {
    id: "ENV-06",
    alias: "no-address-overlap",
    title: "Address ranges do not overlap",
    component: "multienv",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Large,
    subject: Subject::Each(&vpc::KIND, address_ranges),
    reads: NETWORKS,
    page: include_str!("../../docs/checks/ENV-06.md"),
};

fn address_ranges(resource: &Resource, view: &View) -> Verdict {
    let own = ranges_of(resource, view)?;
    let mut related: Vec<(String, Vec<String>)> = peer_ranges(resource, view)?;
    let targets = route_targets(resource, view)?;
    let in_recovery = view.profile.role(resource.region()) == Role::Dr;
    for other in view.inventory.all(&vpc::KIND)? {
        if other.address == resource.address || exclusion(other).is_some() {
            continue;
        }
        let recovers = in_recovery != (view.profile.role(other.region()) == Role::Dr);
        let shares = || {
            let theirs = route_targets(other, view)?;
            Ok::<bool, Gap>(theirs.iter().any(|id| id.starts_with("tgw-") && targets.contains(id)))
        };
        if recovers || shares()? {
            related.push((other.id().to_owned(), ranges_of(other, view)?));
        }
    }
    let mut overlaps = BTreeSet::new();
    for (id, ranges) in &related {
        for (one, two) in own.iter().flat_map(|one| ranges.iter().map(move |two| (one, two))) {
            if overlap(one, two) {
                overlaps.insert(format!("{one} with {two} of {id}"));
            }
        }
    }
    if !overlaps.is_empty() {
        let overlaps: Vec<String> = overlaps.into_iter().collect();
        return Ok(Outcome::Fail(format!("overlaps: {}", named(&overlaps))));
    }
    if let Some(gateway) = targets.iter().find(|id| id.starts_with("tgw-")) {
        let detail = format!("what else is attached to {gateway} is not read");
        return Err(Gap::new("ec2:DescribeTransitGatewayAttachments", Cause::Unsupported, detail));
    }
    if related.is_empty() {
        return Ok(Outcome::NotApplicable("connected with no other VPC, and none stands in for it"));
    }
    Ok(Outcome::Pass)
}

/// The IPv4 ranges of a VPC. AWS gives out IPv6 ranges without overlap.
fn ranges_of(resource: &Resource, view: &View) -> Result<Vec<String>, Gap> {
    let mut ranges: Vec<String> = resource.get(&vpc::CIDR_BLOCK)?.into_iter().collect();
    if view.side == Side::Live {
        ranges.extend(resource.get_or_default(&vpc::SECONDARY_CIDR_BLOCKS)?);
    }
    Ok(ranges)
}

/// The peers of a VPC with their ranges, those of other accounts and regions too.
fn peer_ranges(resource: &Resource, view: &View) -> Result<Vec<(String, Vec<String>)>, Gap> {
    let mut peers = Vec::new();
    for id in peerings(resource, None, view)? {
        let place = &resource.address.place;
        let Some(connection) = view.inventory.lookup(&vpc_peering_connection::KIND, place, &id)? else {
            continue;
        };
        let sides = connection.get_or_default(&vpc_peering_connection::SIDES)?;
        let others = sides.into_iter().filter(|side| side.vpc_id != resource.id());
        peers.extend(others.map(|side| (side.vpc_id, side.cidr_blocks)));
    }
    Ok(peers)
}

fn overlap(one: &str, two: &str) -> bool {
    match (one.parse::<IpNet>(), two.parse::<IpNet>()) {
        (Ok(one), Ok(two)) => one.contains(&two) || two.contains(&one),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_overlap_when_one_holds_the_other() {
        assert!(overlap("10.0.0.0/16", "10.0.5.0/24") && overlap("10.0.5.0/24", "10.0.0.0/16"));
        assert!(overlap("10.0.0.0/16", "10.0.0.0/16"));
        assert!(!overlap("10.0.0.0/16", "10.1.0.0/16") && !overlap("10.0.0.0/16", "fd00::/8"));
    }
}
