//! What survives the loss of a zone.

use std::collections::BTreeSet;

use stateward_model::kinds::common::ARN;
use stateward_model::kinds::ec2::network::vpn_connection;
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::elbv2::{load_balancer, target_group};
use stateward_model::kinds::opensearch::{DOMAIN_TAGS, DOMAIN_TAGS_ALL, domain};
use stateward_model::kinds::rds::{cluster, cluster_instance, db_instance};
use stateward_model::kinds::redshift;
use stateward_model::{Gap, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{any_holds, arn_of, arn_region, in_production, not_in_state};
use crate::inventory::Side;
use crate::profile::any_matches;

pub const DR_01: Check = Check {
    id: "DR-01",
    alias: "rds-multi-az",
    title: "RDS instances are Multi-AZ",
    component: "dr",
    category: Category::MultiAz,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&db_instance::KIND, multi_az),
    reads: &[Reads {
        kind: &db_instance::KIND,
        attributes: &[
            db_instance::MULTI_AZ.any(),
            db_instance::SECONDARY_AVAILABILITY_ZONE.any(),
            db_instance::REPLICATE_SOURCE_DB.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/DR-01.md"),
};

fn multi_az(resource: &Resource, view: &View) -> Verdict {
    let source = resource.get(&db_instance::REPLICATE_SOURCE_DB)?.unwrap_or_default();
    // A replica of another region is what recovery promotes; one beside its source only serves reads.
    let beside = arn_region(&source).is_none_or(|region| region == resource.region());
    if !source.is_empty() && beside {
        return Ok(Outcome::NotApplicable(
            "a read replica in the region of its source, which is not promoted",
        ));
    }
    if !resource.get_or_default(&db_instance::MULTI_AZ)? {
        return Ok(Outcome::Fail("it runs in one zone: losing that zone stops it".into()));
    }
    if view.side == Side::Live && resource.get(&db_instance::SECONDARY_AVAILABILITY_ZONE)?.is_none() {
        return Ok(Outcome::Fail("Multi-AZ is on, but no standby exists yet".into()));
    }
    Ok(Outcome::Pass)
}

pub const DR_02: Check = Check {
    id: "DR-02",
    alias: "aurora-two-zones",
    title: "Aurora clusters have members in two zones",
    component: "dr",
    category: Category::MultiAz,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&cluster::KIND, members_in_two_zones),
    reads: &[
        Reads { kind: &cluster::KIND, attributes: &[cluster::ENGINE.any(), cluster::ENGINE_MODE.any()] },
        Reads {
            kind: &cluster_instance::KIND,
            attributes: &[
                cluster_instance::CLUSTER_IDENTIFIER.any(),
                cluster_instance::AVAILABILITY_ZONE.any(),
                cluster_instance::PROMOTION_TIER.any(),
                cluster_instance::STATUS.any(),
                cluster_instance::WRITER.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/DR-02.md"),
};

fn members_in_two_zones(resource: &Resource, view: &View) -> Verdict {
    if !resource.get_or_default(&cluster::ENGINE)?.starts_with("aurora") {
        return Ok(Outcome::NotApplicable("a Multi-AZ DB cluster, which always spans three zones"));
    }
    if resource.get(&cluster::ENGINE_MODE)?.as_deref() == Some("serverless") {
        return Ok(Outcome::NotApplicable(
            "Aurora Serverless v1 has no members; AWS moves it to another zone",
        ));
    }
    let mut members = Vec::new();
    for member in view.inventory.all_in(&cluster_instance::KIND, &resource.address.place)? {
        if member.get(&cluster_instance::CLUSTER_IDENTIFIER)?.as_deref() != Some(resource.id()) {
            continue;
        }
        let available = view.side == Side::Declared
            || member.get(&cluster_instance::STATUS)?.as_deref() == Some("available");
        if available {
            members.push(member);
        }
    }
    let mut zones = BTreeSet::new();
    for member in &members {
        zones.extend(member.get(&cluster_instance::AVAILABILITY_ZONE)?);
    }
    if zones.len() < 2 {
        let count = members.len();
        return Ok(Outcome::Fail(format!("{count} available members stand in {} of 2 zones", zones.len())));
    }
    for member in &members {
        let follows = !member.get_or_default(&cluster_instance::WRITER)?;
        if follows && member.get_or_default(&cluster_instance::PROMOTION_TIER)? <= 1 {
            return Ok(Outcome::Pass);
        }
    }
    Ok(Outcome::Fail("no reader has promotion tier 0 or 1, so that none is sized for a failover".into()))
}

pub const DR_03: Check = Check {
    id: "DR-03",
    alias: "elasticache-multi-az",
    title: "ElastiCache fails over across zones",
    component: "dr",
    category: Category::MultiAz,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&replication_group::KIND, cache_fails_over),
    reads: &[Reads {
        kind: &replication_group::KIND,
        attributes: &[
            replication_group::AUTOMATIC_FAILOVER_ENABLED.any(),
            replication_group::MULTI_AZ_ENABLED.any(),
            replication_group::SHARDS.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/DR-03.md"),
};

fn cache_fails_over(resource: &Resource, view: &View) -> Verdict {
    if !resource.get_or_default(&replication_group::AUTOMATIC_FAILOVER_ENABLED)? {
        return Ok(Outcome::Fail("automatic failover is off: a lost primary stays lost".into()));
    }
    if !resource.get_or_default(&replication_group::MULTI_AZ_ENABLED)? {
        return Ok(Outcome::Fail("Multi-AZ is off: replicas may stand in the zone of their primary".into()));
    }
    if view.side == Side::Declared {
        return Ok(Outcome::Pass);
    }
    for shard in resource.get_or_default(&replication_group::SHARDS)? {
        let zones: BTreeSet<&String> =
            shard.nodes.iter().filter_map(|node| node.availability_zone.as_ref()).collect();
        if zones.len() < 2 {
            return Ok(Outcome::Fail(format!("shard {} has no replica in another zone", shard.id)));
        }
    }
    Ok(Outcome::Pass)
}

pub const DR_04: Check = Check {
    id: "DR-04",
    alias: "opensearch-zones",
    title: "OpenSearch spans zones",
    component: "dr",
    category: Category::MultiAz,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&domain::KIND, domain_spans_zones),
    reads: &[Reads {
        kind: &domain::KIND,
        attributes: &[domain::CLUSTER_CONFIG.any(), DOMAIN_TAGS.any(), DOMAIN_TAGS_ALL.any()],
    }],
    page: include_str!("../../../docs/checks/DR-04.md"),
};

/// Data nodes, and in production dedicated masters, that outlive a zone.
const NODES: i64 = 3;

fn domain_spans_zones(resource: &Resource, view: &View) -> Verdict {
    let config = resource.get_or_default(&domain::CLUSTER_CONFIG)?.into_iter().next().unwrap_or_default();
    if config.zone_awareness_enabled != Some(true) {
        return Ok(Outcome::Fail("zone awareness is off: all nodes may stand in one zone".into()));
    }
    // Where a state says nothing, the provider asks for one node.
    let nodes = config.instance_count.unwrap_or(1);
    if nodes < NODES {
        return Ok(Outcome::Fail(format!("it has {nodes} data nodes; {NODES} are needed")));
    }
    let masters = match config.dedicated_master_enabled {
        Some(true) => config.dedicated_master_count.unwrap_or(0),
        _ => 0,
    };
    if masters < NODES && in_production(resource, view)? {
        return Ok(Outcome::Fail(format!(
            "it has {masters} dedicated masters; production needs {NODES}, so that a majority survives a zone"
        )));
    }
    Ok(Outcome::Pass)
}

pub const DR_05: Check = Check {
    id: "DR-05",
    alias: "load-balancer-zones",
    title: "Load balancers span zones",
    component: "dr",
    category: Category::MultiAz,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&load_balancer::KIND, balancer_spans_zones),
    reads: &[
        Reads {
            kind: &load_balancer::KIND,
            attributes: &[ARN.any(), load_balancer::AVAILABILITY_ZONES.any(), load_balancer::SUBNETS.any()],
        },
        Reads {
            kind: &target_group::KIND,
            attributes: &[
                target_group::LOAD_BALANCER_ARNS.any(),
                target_group::TARGET_TYPE.any(),
                target_group::TARGETS.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/DR-05.md"),
};

fn balancer_spans_zones(resource: &Resource, view: &View) -> Verdict {
    let needed = usize::try_from(view.profile.zones_in(resource.region())).unwrap_or(usize::MAX);
    // A load balancer has one subnet in each of its zones, which is all that a state says of them.
    let zones = match view.side {
        Side::Live => resource.get_or_default(&load_balancer::AVAILABILITY_ZONES)?,
        Side::Declared => resource.get_or_default(&load_balancer::SUBNETS)?,
    };
    if zones.len() < needed {
        return Ok(Outcome::Fail(format!("it stands in {} of {needed} zones", zones.len())));
    }
    if view.side == Side::Declared {
        return Ok(Outcome::Pass);
    }
    let Some(served) = served_zones(resource, view)? else { return Ok(Outcome::Pass) };
    let empty: Vec<&str> = zones.iter().filter(|zone| !served.covers(zone)).map(String::as_str).collect();
    match (empty.is_empty(), served.unknown) {
        (true, _) => Ok(Outcome::Pass),
        (false, Some(gap)) => Err(gap),
        (false, None) => Ok(Outcome::Fail(format!("no healthy target in {}", empty.join(", ")))),
    }
}

/// Where healthy targets of a load balancer are.
#[derive(Default)]
struct Served {
    zones: BTreeSet<String>,
    everywhere: bool,
    unknown: Option<Gap>,
}

impl Served {
    fn covers(&self, zone: &str) -> bool {
        self.everywhere || self.zones.contains(zone)
    }
}

/// `None` for a load balancer without target groups, which answers by itself.
fn served_zones(resource: &Resource, view: &View) -> Result<Option<Served>, Gap> {
    let arn = arn_of(resource)?;
    let mut served = Served::default();
    let mut groups = 0;
    for group in view.inventory.all_in(&target_group::KIND, &resource.address.place)? {
        if !group.get_or_default(&target_group::LOAD_BALANCER_ARNS)?.contains(&arn) {
            continue;
        }
        groups += 1;
        let one_place = group.get_or_default(&target_group::TARGET_TYPE)? == "instance";
        let targets = match group.get_or_default(&target_group::TARGETS) {
            Ok(targets) => targets,
            Err(gap) => {
                served.unknown = Some(gap);
                continue;
            }
        };
        for target in targets.into_iter().filter(|target| target.state.as_deref() == Some("healthy")) {
            match target.availability_zone {
                Some(zone) => {
                    served.zones.insert(zone);
                }
                None if one_place => served.unknown = Some(not_seen(&target.id)),
                // Functions, other balancers and addresses outside of the VPC serve every zone.
                None => served.everywhere = true,
            }
        }
    }
    Ok((groups > 0).then_some(served))
}

fn not_seen(instance: &str) -> Gap {
    let detail = format!("the zone of target {instance} is not known");
    Gap::new("ec2:DescribeInstances", stateward_model::Cause::Malformed, detail)
}

pub const DR_06: Check = Check {
    id: "DR-06",
    alias: "nlb-cross-zone",
    title: "Network load balancers balance across zones or are zonal by design",
    component: "dr",
    category: Category::MultiAz,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::Each(&load_balancer::KIND, crosses_zones),
    reads: &[Reads {
        kind: &load_balancer::KIND,
        attributes: &[
            load_balancer::ENABLE_CROSS_ZONE_LOAD_BALANCING.any(),
            load_balancer::LOAD_BALANCER_TYPE.any(),
            load_balancer::NAME.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/DR-06.md"),
};

fn crosses_zones(resource: &Resource, view: &View) -> Verdict {
    if resource.get_or_default(&load_balancer::LOAD_BALANCER_TYPE)? != "network" {
        return Ok(Outcome::NotApplicable("not a network load balancer"));
    }
    if resource.get_or_default(&load_balancer::ENABLE_CROSS_ZONE_LOAD_BALANCING)? {
        return Ok(Outcome::Pass);
    }
    let name = resource.get_or_default(&load_balancer::NAME)?;
    if [resource.id(), &name].iter().any(|name| any_matches(&view.profile.zones.isolated_balancers, name)) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(
        "each of its zones serves from that zone alone, and the profile does not name it as zonal by design"
            .into(),
    ))
}

pub const DR_07: Check = Check {
    id: "DR-07",
    alias: "redshift-survives-zone",
    title: "Redshift survives a zone",
    component: "dr",
    category: Category::MultiAz,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&redshift::cluster::KIND, warehouse_survives_zone),
    reads: &[Reads {
        kind: &redshift::cluster::KIND,
        attributes: &[
            redshift::cluster::MULTI_AZ.any(),
            redshift::cluster::AVAILABILITY_ZONE_RELOCATION_ENABLED.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/DR-07.md"),
};

fn warehouse_survives_zone(resource: &Resource, _: &View) -> Verdict {
    let relocates = resource.get_or_default(&redshift::cluster::AVAILABILITY_ZONE_RELOCATION_ENABLED);
    let twice = resource.get_or_default(&redshift::cluster::MULTI_AZ);
    Ok(match any_holds([twice, relocates])? {
        true => Outcome::Pass,
        false => Outcome::Fail("it stands in one zone, and does not move to another when that fails".into()),
    })
}

pub const DR_08: Check = Check {
    id: "DR-08",
    alias: "vpn-tunnels-up",
    title: "VPN tunnels are both up",
    component: "dr",
    category: Category::MultiAz,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&vpn_connection::KIND, both_tunnels_up),
    reads: &[Reads {
        kind: &vpn_connection::KIND,
        attributes: &[vpn_connection::STATE.any(), vpn_connection::VGW_TELEMETRY.any()],
    }],
    page: include_str!("../../../docs/checks/DR-08.md"),
};

fn both_tunnels_up(resource: &Resource, view: &View) -> Verdict {
    // What a state keeps of tunnels is how they fared when it was written.
    if view.side == Side::Declared {
        return Err(not_in_state("aws_vpn_connection.vgw_telemetry"));
    }
    if matches!(resource.get(&vpn_connection::STATE)?.as_deref(), Some("deleting" | "deleted")) {
        return Ok(Outcome::NotApplicable("it is being deleted, or already gone"));
    }
    let tunnels = resource.get_or_default(&vpn_connection::VGW_TELEMETRY)?;
    let up = tunnels.iter().filter(|tunnel| tunnel.status.as_deref() == Some("UP")).count();
    Ok(match up {
        2.. => Outcome::Pass,
        _ => Outcome::Fail(format!("{up} of 2 tunnels are up")),
    })
}
