//! Quotas: room to grow in each region, and in the recovery region for what comes from the primary one.

use std::collections::BTreeMap;

use stateward_model::kinds::cloudwatch::metric;
use stateward_model::kinds::ec2::compute::instance;
use stateward_model::kinds::ec2::network::{eip, nat_gateway, subnet, vpc};
use stateward_model::kinds::elbv2::load_balancer;
use stateward_model::kinds::quotas::{Count, quota, tracked};
use stateward_model::kinds::rds::{cluster_instance, db_instance};
use stateward_model::kinds::{ecs, eks};
use stateward_model::{Cause, Gap, Place, Resource};

use super::facts::{copy_regions, records_in};
use super::{referred, told};
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::profile::Role;

/// The quota, and all that counts against one.
const READS: &[Reads] = &[
    Reads {
        kind: &quota::KIND,
        attributes: &[
            quota::ADJUSTABLE.any(),
            quota::NAME.any(),
            quota::USAGE_METRIC.any(),
            quota::VALUE.any(),
        ],
    },
    Reads { kind: &cluster_instance::KIND, attributes: &[] },
    Reads { kind: &db_instance::KIND, attributes: &[] },
    Reads { kind: &ecs::cluster::KIND, attributes: &[] },
    Reads { kind: &eip::KIND, attributes: &[eip::PUBLIC_IPV4_POOL.any(), eip::SERVICE_MANAGED.any()] },
    Reads { kind: &eks::cluster::KIND, attributes: &[] },
    Reads { kind: &instance::KIND, attributes: &[instance::INSTANCE_STATE.any()] },
    Reads { kind: &load_balancer::KIND, attributes: &[load_balancer::LOAD_BALANCER_TYPE.any()] },
    Reads { kind: &metric::KIND, attributes: &[metric::DIMENSIONS.any(), metric::QUOTA_USE.any()] },
    Reads {
        kind: &nat_gateway::KIND,
        attributes: &[
            nat_gateway::AVAILABILITY_MODE.any(),
            nat_gateway::STATE.any(),
            nat_gateway::SUBNET_ID.any(),
        ],
    },
    Reads { kind: &subnet::KIND, attributes: &[subnet::AVAILABILITY_ZONE.any()] },
    Reads { kind: &vpc::KIND, attributes: &[vpc::OWNER_ID.any()] },
];

const CALL: &str = "servicequotas:ListServiceQuotas";

pub const ASC_15: Check = Check {
    id: "ASC-15",
    alias: "quota-headroom",
    title: "Quotas have headroom in each region",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&quota::KIND, headroom),
    reads: READS,
    page: include_str!("../../docs/checks/ASC-15.md"),
};

fn headroom(resource: &Resource, view: &View) -> Verdict {
    let value = value_of(resource)?;
    let used = used(resource, view)?;
    if used == 0 {
        return Ok(Outcome::NotApplicable("nothing counts against it here"));
    }
    let fixed = match resource.get(&quota::ADJUSTABLE)? {
        Some(false) => ", and the quota cannot be raised",
        _ => "",
    };
    // Four fifths of the quota are the objective.
    let (measure, objective) = (used.saturating_mul(5), value.saturating_mul(4));
    Ok(Outcome::graded(measure, objective, format!("{used} of {value} are in use, more than 80 %{fixed}")))
}

pub const DR_34: Check = Check {
    id: "DR-34",
    alias: "recovery-quotas",
    title: "Quotas in the recovery region hold the primary load",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&quota::KIND, holds_primary_load),
    reads: READS,
    page: include_str!("../../docs/checks/DR-34.md"),
};

fn holds_primary_load(resource: &Resource, view: &View) -> Verdict {
    match view.profile.role(resource.region()) {
        Role::Dr => return Ok(Outcome::NotApplicable("the quota of the recovery region itself")),
        Role::Secondary => return Ok(Outcome::NotApplicable("the quota of a region beside the primary one")),
        Role::Primary | Role::Other => {}
    }
    if tracked(resource.id()).is_some_and(|tracked| tracked.count == Count::Networks) {
        return Ok(Outcome::NotApplicable("VPCs stand ready beforehand: no load brings them along"));
    }
    let regions = copy_regions(resource.region(), view)?;
    let needed = used(resource, view)?;
    if needed == 0 {
        return Ok(Outcome::NotApplicable("nothing counts against it in the primary region"));
    }
    let (mut short, mut gap) = (Vec::new(), None);
    for region in regions {
        match room_in(region, resource, view) {
            Ok((value, used)) if value.saturating_sub(used) >= needed => return Ok(Outcome::Pass),
            Ok((value, used)) => short.push(format!("{region} has {used} of {value} in use")),
            Err(found) => gap = gap.or(Some(found)),
        }
    }
    match gap {
        Some(gap) => Err(gap),
        None => {
            let why = format!("{needed} would have to move there from {}", resource.region());
            Ok(Outcome::Fail(format!("{}, and {why}", short.join("; "))))
        }
    }
}

/// The same quota in another region, and how much of it is used there.
fn room_in(region: &str, resource: &Resource, view: &View) -> Result<(i64, i64), Gap> {
    let place = Place::new(resource.account(), region);
    let absent = || Gap::new(CALL, Cause::Absent, format!("{} is not known in {region}", resource.id()));
    let there = view.inventory.lookup(&quota::KIND, &place, resource.id())?.ok_or_else(absent)?;
    Ok((value_of(there)?, used(there, view)?))
}

/// What a region lacks of a quota to take over all that counts against it in `home`; none where there is room. What runs
/// there already may be a part of what is taken over, or something else.
///
/// # Errors
/// What was not read, or that it hangs on whose the things there are.
pub(crate) fn shortage(id: &str, home: &Place, region: &str, view: &View) -> Result<Option<String>, Gap> {
    let absent = || Gap::new(CALL, Cause::Absent, format!("{id} is not known in {}", home.region));
    let here = view.inventory.lookup(&quota::KIND, home, id)?.ok_or_else(absent)?;
    let needed = used(here, view)?;
    if needed == 0 {
        return Ok(None);
    }
    let (value, used) = room_in(region, here, view)?;
    if value.saturating_sub(used) >= needed {
        return Ok(None);
    }
    let moved = format!("{needed} would have to move there from {}", home.region);
    if value < needed {
        return Ok(Some(format!("{region} may have {value}, and {moved}")));
    }
    let detail = format!(
        "{region} has {used} of {value} in use, and {moved}; how much of that stands there is not told"
    );
    Err(Gap::new(CALL, Cause::Unsupported, detail))
}

/// Whole things: of half a vCPU nothing can be started.
fn value_of(quota: &Resource) -> Result<i64, Gap> {
    Ok(told(quota.get(&quota::VALUE)?, CALL)?.floor() as i64)
}

/// What is there, or what CloudWatch measured at most in a day, whichever is more.
fn used(quota: &Resource, view: &View) -> Result<i64, Gap> {
    let there = counted(quota, view)?;
    let measured = measured(quota, view)?;
    there.max(measured).ok_or_else(|| {
        let detail = format!("how much of {} is in use was not measured", quota.id());
        Gap::new("cloudwatch:GetMetricData", Cause::Unsupported, detail)
    })
}

/// The peak of the last day in the series that the quota names; none where it names none, or there is no such series.
fn measured(quota: &Resource, view: &View) -> Result<Option<i64>, Gap> {
    let Some(named) = quota.get(&quota::USAGE_METRIC)? else { return Ok(None) };
    if (named.namespace.as_str(), named.name.as_str()) != ("AWS/Usage", "ResourceCount") {
        return Ok(None);
    }
    for series in records_in(&metric::KIND, &quota.address.place, view)? {
        if series.has(metric::QUOTA_USE.path())
            && series.get_or_default(&metric::DIMENSIONS)? == named.dimensions
        {
            let peak = series.get_or_default(&metric::QUOTA_USE)?.maximum;
            return Ok(Some(peak.ceil() as i64));
        }
    }
    Ok(None)
}

/// What counts against the quota in its place; none where that cannot be seen from what there is.
fn counted(quota: &Resource, view: &View) -> Result<Option<i64>, Gap> {
    let place = &quota.address.place;
    let all = |kind| view.inventory.all_in(kind, place);
    let unknown =
        || Gap::new(CALL, Cause::Unsupported, format!("{} is not a quota that is known", quota.id()));
    let found = match tracked(quota.id()).ok_or_else(unknown)?.count {
        Count::Addresses => addresses(&all(&eip::KIND)?)?,
        Count::Balancers(of) => count(&all(&load_balancer::KIND)?, |one| {
            Ok(told(one.get(&load_balancer::LOAD_BALANCER_TYPE)?, BALANCERS)? == of)
        })?,
        Count::Clusters => all(&eks::cluster::KIND)?.len(),
        Count::Databases => all(&db_instance::KIND)?.len() + all(&cluster_instance::KIND)?.len(),
        Count::Gateways => gateways(&all(&nat_gateway::KIND)?, view)?,
        Count::Networks => count(&all(&vpc::KIND)?, |one| {
            Ok(told(one.get(&vpc::OWNER_ID)?, "ec2:DescribeVpcs")? == place.account)
        })?,
        Count::FargateVcpus => match all(&ecs::cluster::KIND)?.len() + all(&eks::cluster::KIND)?.len() {
            0 => 0,
            _ => return Ok(None),
        },
        Count::InstanceVcpus => match count(&all(&instance::KIND)?, is_up)? {
            0 => 0,
            _ => return Ok(None),
        },
    };
    Ok(Some(i64::try_from(found).unwrap_or(i64::MAX)))
}

const BALANCERS: &str = "elasticloadbalancing:DescribeLoadBalancers";

fn count(all: &[&Resource], counts: impl Fn(&Resource) -> Result<bool, Gap>) -> Result<usize, Gap> {
    all.iter().try_fold(0, |sum, one| Ok(sum + usize::from(counts(one)?)))
}

fn is_up(one: &Resource) -> Result<bool, Gap> {
    let state = told(one.get(&instance::INSTANCE_STATE)?, "ec2:DescribeInstances")?;
    Ok(matches!(state.as_str(), "pending" | "running" | "stopping"))
}

/// Addresses that a service manages are its own.
fn addresses(all: &[&Resource]) -> Result<usize, Gap> {
    count(all, |one| {
        if !one.get_or_default(&eip::SERVICE_MANAGED)?.is_empty() {
            return Ok(false);
        }
        match one.get_or_default(&eip::PUBLIC_IPV4_POOL)?.as_str() {
            "" | "amazon" => Ok(true),
            pool => {
                let detail = format!("whether addresses of the pool {pool} count is not documented");
                Err(Gap::new("ec2:DescribeAddresses", Cause::Unsupported, detail))
            }
        }
    })
}

/// Gateways of the zone that has most; one that failed does not count.
fn gateways(all: &[&Resource], view: &View) -> Result<usize, Gap> {
    const CALL: &str = "ec2:DescribeNatGateways";
    let mut zones: BTreeMap<String, usize> = BTreeMap::new();
    for gateway in all {
        if told(gateway.get(&nat_gateway::STATE)?, CALL)? == "failed" {
            continue;
        }
        if gateway.get(&nat_gateway::AVAILABILITY_MODE)?.as_deref() == Some("regional") {
            let detail = format!("in how many zones {} counts is not documented", gateway.id());
            return Err(Gap::new(CALL, Cause::Unsupported, detail));
        }
        let id = told(gateway.get(&nat_gateway::SUBNET_ID)?, CALL)?;
        let found = referred(&subnet::KIND, &gateway.address.place, &id, view)?;
        let subnet = told(found, "ec2:DescribeSubnets")?;
        let zone = told(subnet.get(&subnet::AVAILABILITY_ZONE)?, "ec2:DescribeSubnets")?;
        *zones.entry(zone).or_default() += 1;
    }
    Ok(zones.into_values().max().unwrap_or(0))
}
