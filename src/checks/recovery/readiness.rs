//! What has to stand ready in the recovery region: images, compute, networks, names.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::ec2::compute::{ami, instance, launch_template};
use stateward_model::kinds::ec2::network::{security_group, subnet, vpc, vpc_peering_connection};
use stateward_model::kinds::route53::{health_check, record, zone};
use stateward_model::{Cause, Gap, Place, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{copy_regions, here};
use crate::inventory::{Side, exclusion};
use crate::profile::Role;
use crate::recover::names::without_region;

pub const DR_24: Check = Check {
    id: "DR-24",
    alias: "images-in-recovery-region",
    title: "Every image in use exists in the recovery region",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Region(images_copied),
    reads: &[
        Reads { kind: &instance::KIND, attributes: &[instance::AMI.any(), instance::INSTANCE_STATE.any()] },
        Reads {
            kind: &launch_template::KIND,
            attributes: &[launch_template::VERSIONS.any(), launch_template::IMAGE_ID.any()],
        },
        Reads {
            kind: &ami::KIND,
            attributes: &[
                ami::NAME.any(),
                ami::STATE.any(),
                ami::SOURCE_AMI_ID.any(),
                ami::SOURCE_AMI_REGION.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/DR-24.md"),
};

fn images_copied(region: &str, view: &View) -> Verdict {
    if view.profile.role(region) == Role::Dr {
        return Ok(Outcome::NotApplicable("the recovery region itself"));
    }
    let regions = copy_regions(region, view)?;
    let used = images_in_use(region, view)?;
    if used.is_empty() {
        return Ok(Outcome::NotApplicable("no instance and no launch template uses an image here"));
    }
    let mut missing = Vec::new();
    let mut foreign = Vec::new();
    for (place, id) in &used {
        match view.inventory.lookup(&ami::KIND, place, id)? {
            Some(image) if has_copy(image, &regions, view)? => {}
            Some(_) => missing.push(id.as_str()),
            None => foreign.push(id.as_str()),
        }
    }
    if !missing.is_empty() {
        return Ok(Outcome::Fail(format!("no copy in {} of {}", regions.join(", "), missing.join(", "))));
    }
    if !foreign.is_empty() {
        let detail = format!("images of others are not looked up by name: {}", foreign.join(", "));
        return Err(Gap::new("ec2:DescribeImages", Cause::Unsupported, detail));
    }
    Ok(Outcome::Pass)
}

/// Images of running and stopped instances, and of the versions of launch templates that somebody may launch.
fn images_in_use(region: &str, view: &View) -> Result<BTreeSet<(Place, String)>, Gap> {
    let mut used = BTreeSet::new();
    for found in here(&instance::KIND, region, view)? {
        let state = found.get_or_default(&instance::INSTANCE_STATE)?;
        if !matches!(state.as_str(), "terminated" | "shutting-down") {
            used.extend(found.get(&instance::AMI)?.map(|id| (found.address.place.clone(), id)));
        }
    }
    for template in here(&launch_template::KIND, region, view)? {
        let images: Vec<String> = match view.side {
            Side::Live => {
                let versions = template.get_or_default(&launch_template::VERSIONS)?;
                versions.into_iter().filter_map(|version| version.image_id).collect()
            }
            Side::Declared => template.get(&launch_template::IMAGE_ID)?.into_iter().collect(),
        };
        let images = images.into_iter().filter(|id| !id.is_empty());
        used.extend(images.map(|id| (template.address.place.clone(), id)));
    }
    Ok(used)
}

/// An available image of the same name, or one whose source is this image.
fn has_copy(image: &Resource, regions: &[&str], view: &View) -> Result<bool, Gap> {
    let name = image.get(&ami::NAME)?;
    for region in regions {
        for other in here(&ami::KIND, region, view)? {
            let copied = other.get(&ami::SOURCE_AMI_ID)?.as_deref() == Some(image.id())
                && other.get(&ami::SOURCE_AMI_REGION)?.as_deref() == Some(image.region());
            let same = copied || (name.is_some() && other.get(&ami::NAME)? == name);
            if same
                && (view.side == Side::Declared || other.get(&ami::STATE)?.as_deref() == Some("available"))
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

pub const DR_25: Check = Check {
    id: "DR-25",
    alias: "compute-in-recovery-region",
    title: "Compute is defined in the recovery region",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Each(&group::KIND, compute_defined),
    reads: &[
        Reads {
            kind: &group::KIND,
            attributes: &[group::NAME.any(), group::TAG.any(), group::LAUNCH_TEMPLATE.any()],
        },
        Reads { kind: &launch_template::KIND, attributes: &[launch_template::NAME.any()] },
    ],
    page: include_str!("../../../docs/checks/DR-25.md"),
};

fn compute_defined(resource: &Resource, view: &View) -> Verdict {
    if view.profile.role(resource.region()) == Role::Dr {
        return Ok(Outcome::NotApplicable("it is in the recovery region itself"));
    }
    let regions = copy_regions(resource.region(), view)?;
    let names = names_of(resource)?;
    let templates = templates_of(resource)?;
    for region in &regions {
        for other in here(&group::KIND, region, view)? {
            if names_of(other)?.intersection(&names).next().is_some() {
                return Ok(Outcome::Pass);
            }
        }
        for template in here(&launch_template::KIND, region, view)? {
            let name = template.get(&launch_template::NAME)?.unwrap_or_default();
            if templates.contains(&without_region(&name, region)) {
                return Ok(Outcome::Pass);
            }
        }
    }
    Ok(Outcome::Fail(format!("neither a group nor a launch template of its name in {}", regions.join(", "))))
}

/// Its own name and that of its Name tag, without the name of its region.
fn names_of(resource: &Resource) -> Result<BTreeSet<String>, Gap> {
    let tags = resource.get_or_default(&group::TAG)?;
    let tagged = tags.into_iter().filter(|tag| tag.key == "Name").map(|tag| tag.value);
    let names = resource.get(&group::NAME)?.into_iter().chain(tagged);
    Ok(names.filter(|name| !name.is_empty()).map(|name| without_region(&name, resource.region())).collect())
}

fn templates_of(resource: &Resource) -> Result<BTreeSet<String>, Gap> {
    let templates = resource.get_or_default(&group::LAUNCH_TEMPLATE)?;
    let names = templates.into_iter().filter_map(|template| template.name);
    Ok(names.filter(|name| !name.is_empty()).map(|name| without_region(&name, resource.region())).collect())
}

pub const DR_26: Check = Check {
    id: "DR-26",
    alias: "recovery-network-ready",
    title: "Recovery network is ready",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Region(network_ready),
    reads: &[
        Reads {
            kind: &vpc::KIND,
            attributes: &[
                vpc::CIDR_BLOCK.any(),
                vpc::SECONDARY_CIDR_BLOCKS.any(),
                vpc::IS_DEFAULT.any(),
                vpc::OWNER_ID.any(),
            ],
        },
        Reads { kind: &subnet::KIND, attributes: &[subnet::VPC_ID.any(), subnet::AVAILABILITY_ZONE.any()] },
        Reads {
            kind: &security_group::KIND,
            attributes: &[security_group::VPC_ID.any(), security_group::NAME.any()],
        },
        Reads {
            kind: &vpc_peering_connection::KIND,
            attributes: &[vpc_peering_connection::SIDES.any(), vpc_peering_connection::ACCEPT_STATUS.any()],
        },
    ],
    page: include_str!("../../../docs/checks/DR-26.md"),
};

fn network_ready(region: &str, view: &View) -> Verdict {
    if view.profile.role(region) != Role::Dr {
        return Ok(Outcome::NotApplicable("not a recovery region"));
    }
    let mut faults = Vec::new();
    for network in here(&vpc::KIND, region, view)?.into_iter().filter(|vpc| exclusion(vpc).is_none()) {
        match fault_of(network, view)? {
            None => return Ok(Outcome::Pass),
            Some(fault) => faults.push(format!("{}: {fault}", network.id())),
        }
    }
    Ok(Outcome::Fail(match faults.is_empty() {
        true => format!("{region} has no VPC but those that AWS makes"),
        false => faults.join("; "),
    }))
}

/// Why a workload could not start in a VPC.
fn fault_of(network: &Resource, view: &View) -> Result<Option<String>, Gap> {
    let place = &network.address.place;
    let mut zones = BTreeSet::new();
    for found in view.inventory.all_in(&subnet::KIND, place)? {
        if found.get(&subnet::VPC_ID)?.as_deref() == Some(network.id()) {
            zones.extend(found.get(&subnet::AVAILABILITY_ZONE)?);
        }
    }
    if zones.len() < 2 {
        return Ok(Some(format!("its subnets stand in {} of 2 zones", zones.len())));
    }
    if let Some(peer) = overlapping_peer(network, view)? {
        return Ok(Some(format!("its range overlaps that of its peer {peer}")));
    }
    for found in view.inventory.all_in(&security_group::KIND, place)? {
        let of_it = found.get(&security_group::VPC_ID)?.as_deref() == Some(network.id());
        if of_it && found.get(&security_group::NAME)?.as_deref() != Some("default") {
            return Ok(None);
        }
    }
    Ok(Some("it has no security group but the default one".into()))
}

fn overlapping_peer(network: &Resource, view: &View) -> Result<Option<String>, Gap> {
    let mut own: Vec<String> = network.get(&vpc::CIDR_BLOCK)?.into_iter().collect();
    if view.side == Side::Live {
        own.extend(network.get_or_default(&vpc::SECONDARY_CIDR_BLOCKS)?);
    }
    for peering in view.inventory.all_in(&vpc_peering_connection::KIND, &network.address.place)? {
        let sides = peering.get_or_default(&vpc_peering_connection::SIDES)?;
        let active = peering.get(&vpc_peering_connection::ACCEPT_STATUS)?.as_deref() == Some("active");
        if !active || !sides.iter().any(|side| side.vpc_id == network.id()) {
            continue;
        }
        for side in sides.iter().filter(|side| side.vpc_id != network.id()) {
            if side.cidr_blocks.iter().any(|range| own.iter().any(|mine| overlap(mine, range))) {
                return Ok(Some(side.vpc_id.clone()));
            }
        }
    }
    Ok(None)
}

fn overlap(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (one.parse::<IpNet>(), other.parse::<IpNet>()) else { return false };
    one.contains(&other.network()) || other.contains(&one.network())
}

const RECORDS: Reads = Reads {
    kind: &record::KIND,
    attributes: &[
        record::ZONE_ID.any(),
        record::FQDN.any(),
        record::TYPE.any(),
        record::ALIAS.any(),
        record::RECORDS.any(),
        record::SET_IDENTIFIER.any(),
        record::FAILOVER_ROUTING_POLICY.any(),
        record::LATENCY_ROUTING_POLICY.any(),
        record::WEIGHTED_ROUTING_POLICY.any(),
        record::HEALTH_CHECK_ID.any(),
        record::TTL.any(),
    ],
};

pub const DR_27: Check = Check {
    id: "DR-27",
    alias: "dns-failover",
    title: "DNS fails over by health check",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&zone::KIND, names_fail_over),
    reads: &[Reads { kind: &zone::KIND, attributes: &[zone::PRIVATE.any(), zone::VPC.any()] }, RECORDS],
    page: include_str!("../../../docs/checks/DR-27.md"),
};

fn names_fail_over(resource: &Resource, view: &View) -> Verdict {
    each_entry_name(resource, view, fails_over, "no failover to another region")
}

/// Judges every entry name of a public zone.
fn each_entry_name(
    resource: &Resource,
    view: &View,
    holds: fn(&[Answer]) -> Result<bool, Gap>,
    fault: &str,
) -> Verdict {
    let private = match view.side {
        Side::Live => resource.get_or_default(&zone::PRIVATE)?,
        Side::Declared => !resource.get_or_default(&zone::VPC)?.is_empty(),
    };
    if private {
        return Ok(Outcome::NotApplicable("a private zone, whose names nobody enters from outside"));
    }
    let entries = entry_names(resource, view)?;
    if entries.is_empty() {
        return Ok(Outcome::NotApplicable("no name of the zone leads to a workload in a region"));
    }
    let mut stuck = Vec::new();
    let mut gap = None;
    for (name, answers) in &entries {
        match holds(answers) {
            Ok(true) => {}
            Ok(false) => stuck.push(name.as_str()),
            Err(found) => gap = gap.or(Some(found)),
        }
    }
    match (stuck.is_empty(), gap) {
        (true, None) => Ok(Outcome::Pass),
        (true, Some(gap)) => Err(gap),
        (false, _) => Ok(Outcome::Fail(format!("{fault}: {}", stuck.join(", ")))),
    }
}

/// One answer to a name.
struct Answer {
    role: Option<String>,
    latency_region: Option<String>,
    weighted: bool,
    watched: bool,
    targets: Vec<String>,
}

/// Names of a zone that lead to a workload: addresses, and names of load balancers. What AWS serves from everywhere
/// fails over by itself, and an alias of another name of the zone follows that name.
fn entry_names(zone: &Resource, view: &View) -> Result<BTreeMap<String, Vec<Answer>>, Gap> {
    let mut entries: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    for found in view.inventory.all(&record::KIND)? {
        let sort = found.get_or_default(&record::TYPE)?;
        let of_zone = found.get(&record::ZONE_ID)?.as_deref() == Some(zone.id());
        if !of_zone || !matches!(sort.as_str(), "A" | "AAAA" | "CNAME") {
            continue;
        }
        let aliases = found.get_or_default(&record::ALIAS)?;
        let mut targets: Vec<String> = aliases.iter().map(|alias| alias.name.clone()).collect();
        if targets.is_empty() {
            targets = found.get_or_default(&record::RECORDS)?;
        }
        let follows_zone = aliases.iter().any(|alias| alias.zone_id == zone.id());
        let entry = match sort.as_str() {
            "CNAME" => targets.iter().any(|target| is_balancer(target)),
            _ => !follows_zone && !targets.iter().any(|target| is_everywhere(target)),
        };
        if !entry {
            continue;
        }
        let checked = found.get(&record::HEALTH_CHECK_ID)?.is_some_and(|id| !id.is_empty());
        let answer = Answer {
            role: found.get_or_default(&record::FAILOVER_ROUTING_POLICY)?.pop().map(|policy| policy.role),
            latency_region: found.get_or_default(&record::LATENCY_ROUTING_POLICY)?.pop().map(|p| p.region),
            weighted: !found.get_or_default(&record::WEIGHTED_ROUTING_POLICY)?.is_empty(),
            watched: checked || aliases.iter().any(|alias| alias.evaluate_target_health),
            targets,
        };
        let name = found.get(&record::FQDN)?.unwrap_or_else(|| found.id().to_owned());
        // A name with both sorts of addresses fails over in both.
        entries.entry(format!("{} {sort}", name.trim_end_matches('.'))).or_default().push(answer);
    }
    Ok(entries)
}

fn host(target: &str) -> String {
    target.trim_end_matches('.').to_ascii_lowercase()
}

fn is_balancer(target: &str) -> bool {
    host(target).ends_with(".elb.amazonaws.com")
}

fn is_everywhere(target: &str) -> bool {
    [".cloudfront.net", ".awsglobalaccelerator.com"].iter().any(|suffix| host(target).ends_with(suffix))
}

/// Whether the answers to a name lead to another region when one is ill.
fn fails_over(answers: &[Answer]) -> Result<bool, Gap> {
    let role = |wanted: &str| answers.iter().find(|answer| answer.role.as_deref() == Some(wanted));
    if let (Some(primary), Some(_)) = (role("PRIMARY"), role("SECONDARY")) {
        return Ok(primary.watched);
    }
    if answers.len() < 2 || !answers.iter().all(|answer| answer.watched) {
        return Ok(false);
    }
    let by_latency: BTreeSet<&String> =
        answers.iter().filter_map(|answer| answer.latency_region.as_ref()).collect();
    if by_latency.len() > 1 {
        return Ok(true);
    }
    if !answers.iter().all(|answer| answer.weighted) {
        return Ok(false);
    }
    let regions: Vec<Option<&str>> = answers.iter().map(|answer| region_of(&answer.targets)).collect();
    let known: BTreeSet<&str> = regions.iter().flatten().copied().collect();
    match known.len() {
        2.. => Ok(true),
        _ if regions.iter().all(Option::is_some) => Ok(false),
        _ => {
            let detail = "weighted answers do not tell the region of their targets";
            Err(Gap::new("route53:ListResourceRecordSets", Cause::Unsupported, detail))
        }
    }
}

pub const DR_29: Check = Check {
    id: "DR-29",
    alias: "failover-without-control-plane",
    title: "Failover needs no control-plane write",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&zone::KIND, names_switch_by_health),
    reads: &[Reads { kind: &zone::KIND, attributes: &[zone::PRIVATE.any(), zone::VPC.any()] }, RECORDS],
    page: include_str!("../../../docs/checks/DR-29.md"),
};

fn names_switch_by_health(resource: &Resource, view: &View) -> Verdict {
    each_entry_name(
        resource,
        view,
        |answers| Ok(switches_by_health(answers)),
        "switched only by editing records",
    )
}

/// Whether another answer takes over by itself. A routing control acts through a health check that follows it.
fn switches_by_health(answers: &[Answer]) -> bool {
    let primary = answers.iter().find(|answer| answer.role.as_deref() == Some("PRIMARY"));
    let watched =
        primary.map_or_else(|| answers.iter().all(|answer| answer.watched), |primary| primary.watched);
    answers.len() > 1 && watched
}

/// The region in a name of AWS: `web-123.us-west-2.elb.amazonaws.com`.
fn region_of(targets: &[String]) -> Option<&str> {
    let mut labels = targets.iter().flat_map(|target| target.split('.'));
    labels.find(|label| crate::profile::KNOWN_REGIONS.contains(label))
}

pub const DR_28: Check = Check {
    id: "DR-28",
    alias: "failover-health-checks",
    title: "Health checks are green and independent",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&health_check::KIND, check_is_green),
    reads: &[
        Reads {
            kind: &health_check::KIND,
            attributes: &[
                health_check::DISABLED.any(),
                health_check::INVERT_HEALTHCHECK.any(),
                health_check::OBSERVATIONS.any(),
            ],
        },
        Reads {
            kind: &record::KIND,
            attributes: &[
                record::HEALTH_CHECK_ID.any(),
                record::FAILOVER_ROUTING_POLICY.any(),
                record::FQDN.any(),
                record::TTL.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/DR-28.md"),
};

fn check_is_green(resource: &Resource, view: &View) -> Verdict {
    const LONGEST: i64 = 60;
    let mut slow = Vec::new();
    let mut guards = 0;
    for found in view.inventory.all(&record::KIND)? {
        let policies = found.get_or_default(&record::FAILOVER_ROUTING_POLICY)?;
        let primary = policies.iter().any(|policy| policy.role == "PRIMARY");
        if !primary || found.get(&record::HEALTH_CHECK_ID)?.as_deref() != Some(resource.id()) {
            continue;
        }
        guards += 1;
        // An alias has no time of its own; that of AWS's names is 60 seconds.
        if let Some(ttl) = found.get(&record::TTL)?.filter(|ttl| *ttl > LONGEST) {
            let name = found.get(&record::FQDN)?.unwrap_or_else(|| found.id().to_owned());
            slow.push(format!("{name} ({ttl} s)"));
        }
    }
    if guards == 0 {
        return Ok(Outcome::NotApplicable("no primary record of a failover uses it"));
    }
    if resource.get_or_default(&health_check::DISABLED)? {
        return Ok(Outcome::Fail("it is disabled, and so counts as healthy whatever happens".into()));
    }
    if resource.get_or_default(&health_check::INVERT_HEALTHCHECK)? {
        return Ok(Outcome::Fail("it is inverted: the primary counts as ill while it is well".into()));
    }
    if !slow.is_empty() {
        return Ok(Outcome::Fail(format!(
            "answers are remembered for longer than 60 s: {}",
            slow.join(", ")
        )));
    }
    let observations = resource.get_or_default(&health_check::OBSERVATIONS)?;
    if observations.is_empty() {
        let detail = "Route 53 shows no observations of checks that follow others, an alarm or a control";
        return Err(Gap::new("route53:GetHealthCheckStatus", Cause::Unsupported, detail));
    }
    let well = observations.iter().filter(|observation| observation.success).count();
    // Route 53 takes an endpoint for healthy when more than 18 % of the checkers reach it.
    if well * 100 > observations.len() * 18 {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("{well} of {} checkers reach the primary", observations.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_overlap_whichever_is_wider() {
        assert!(overlap("10.0.0.0/16", "10.0.4.0/24") && overlap("10.0.4.0/24", "10.0.0.0/16"));
        assert!(!overlap("10.0.0.0/16", "10.1.0.0/16") && !overlap("10.0.0.0/16", "fd00::/8"));
    }

    #[test]
    fn the_region_is_read_from_names_of_aws_only() {
        let region = |name: &str| region_of(&[name.to_owned()]).map(str::to_owned);
        assert_eq!(region("web-1.us-west-2.elb.amazonaws.com").as_deref(), Some("us-west-2"));
        assert_eq!(region("203.0.113.7"), None);
        assert!(is_everywhere("d111.cloudfront.net.") && !is_everywhere("cloudfront.net.example"));
    }
}
