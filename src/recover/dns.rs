//! How users find the other region: by names that fail over, or by somebody who edits them.

use std::collections::{BTreeMap, BTreeSet};

use stateward_model::kinds::common::ARN;
use stateward_model::kinds::elbv2::{load_balancer, target_group};
use stateward_model::kinds::route53::{health_check, record};
use stateward_model::{GLOBAL, Gap, Place, Resource};

use super::figure::{Figure, Grade, Interval, Span};
use super::index::arn;
use super::scene::Scene;

/// What users wait for besides the resources themselves.
pub struct Switch {
    /// Until the failure is seen, where names watch it by themselves.
    pub detect: Option<Figure>,
    /// Until users find the other region.
    pub dns: Figure,
    /// Whether nobody has to edit a name.
    pub automatic: bool,
}

/// An alias answers for this long (Route 53 developer guide, "Choosing between alias and non-alias records": that of the
/// load balancer, which is 60 seconds).
const ALIAS_TTL: u64 = 60;

/// The names of Route 53, by where they lead.
pub struct Names<'a> {
    answers: BTreeMap<(String, String), Vec<&'a Resource>>,
    leading_to: BTreeMap<String, BTreeSet<(String, String)>>,
    gap: Option<Gap>,
}

impl<'a> Names<'a> {
    /// Sorts the records.
    pub fn of(scene: &Scene<'a>) -> Self {
        let gap = scene.view.inventory.all(&record::KIND).err();
        let mut names = Self { answers: BTreeMap::new(), leading_to: BTreeMap::new(), gap };
        for found in scene.view.inventory.of(&record::KIND) {
            let key = found
                .get_or_default(&record::FQDN)
                .and_then(|name| Ok((plain(&name), found.get_or_default(&record::TYPE)?)));
            match key {
                Ok(key) => {
                    match targets(found) {
                        Ok(targets) => {
                            for target in targets {
                                names.leading_to.entry(plain(&target)).or_default().insert(key.clone());
                            }
                        }
                        Err(gap) => names.gap = names.gap.or(Some(gap)),
                    }
                    names.answers.entry(key).or_default().push(found);
                }
                Err(gap) => names.gap = names.gap.or(Some(gap)),
            }
        }
        names
    }

    /// How the names that lead to a load balancer switch; the slowest counts.
    pub fn switch(&self, balancer: &Resource, scene: &Scene) -> Switch {
        let manual = |figure: Figure| Switch { detect: None, dns: figure, automatic: false };
        let host = balancer.get_or_default(&load_balancer::DNS_NAME);
        let host = match (self.gap.clone(), host) {
            (Some(gap), _) | (None, Err(gap)) => {
                return manual(Figure::unread(Span::ZERO, "switching names", gap));
            }
            (None, Ok(host)) => plain(&host),
        };
        let mut worst: Option<Switch> = None;
        for name in self.leading_to.get(&host).into_iter().flatten() {
            let Some(all) = self.answers.get(name) else { continue };
            let found = of_name(&name.0, all, scene);
            let later = worst.as_ref().is_none_or(|known| {
                (!found.automatic, found.dns.interval.high) > (!known.automatic, known.dns.interval.high)
            });
            if later {
                worst = Some(found);
            }
        }
        worst.unwrap_or_else(|| {
            manual(scene.time("dns-manual").from("names in Route 53", 0, "route53:ListResourceRecordSets"))
        })
    }
}

fn targets(found: &Resource) -> Result<Vec<String>, Gap> {
    let aliases = found.get_or_default(&record::ALIAS)?.into_iter().map(|alias| alias.name);
    Ok(aliases.chain(found.get_or_default(&record::RECORDS)?).collect())
}

/// Names of load balancers, without what makes no difference.
fn plain(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.strip_prefix("dualstack.").map(str::to_owned).unwrap_or(host)
}

fn of_name(name: &str, all: &[&Resource], scene: &Scene) -> Switch {
    let call = "route53:ListResourceRecordSets";
    let known = switches(all).and_then(|switched| {
        let all: Vec<u64> = all.iter().map(|found| ttl(found)).collect::<Result<_, Gap>>()?;
        Ok((switched, all.into_iter().max().unwrap_or(ALIAS_TTL)))
    });
    let (switched, ttl) = match known {
        Ok(known) => known,
        Err(gap) => {
            return Switch {
                detect: None,
                dns: Figure::unread(Span::ZERO, "switching names", gap),
                automatic: false,
            };
        }
    };
    let ttl = Figure::new(Interval::new(0, ttl), Grade::C, "time to live of the answers").from(
        name,
        format!("{ttl} s"),
        call,
    );
    match switched {
        true => Switch {
            detect: Some(detection(all, scene)),
            dns: ttl.then(scene.time("dns-propagation")),
            automatic: true,
        },
        false => Switch { detect: None, dns: scene.time("dns-manual").then(ttl), automatic: false },
    }
}

fn ttl(found: &Resource) -> Result<u64, Gap> {
    let ttl = found.get(&record::TTL)?.and_then(|ttl| u64::try_from(ttl).ok());
    Ok(ttl.filter(|ttl| *ttl > 0).unwrap_or(ALIAS_TTL))
}

/// Whether another answer takes over by itself.
fn switches(all: &[&Resource]) -> Result<bool, Gap> {
    let mut watched = Vec::new();
    let (mut primary, mut secondary) = (None, false);
    for found in all {
        let checked = found.get(&record::HEALTH_CHECK_ID)?.is_some_and(|id| !id.is_empty());
        let aliases = found.get_or_default(&record::ALIAS)?;
        let watches = checked || aliases.iter().any(|alias| alias.evaluate_target_health);
        watched.push(watches);
        match found
            .get_or_default(&record::FAILOVER_ROUTING_POLICY)?
            .pop()
            .map(|policy| policy.role)
            .as_deref()
        {
            Some("PRIMARY") => primary = Some(watches),
            Some("SECONDARY") => secondary = true,
            _ => {}
        }
    }
    match (primary, secondary) {
        (Some(watches), true) => Ok(watches),
        _ => Ok(watched.len() > 1 && watched.into_iter().all(|watches| watches)),
    }
}

/// Interval × failure threshold of the health checks; the slowest counts.
fn detection(all: &[&Resource], scene: &Scene) -> Figure {
    let call = "route53:ListHealthChecks";
    let mut worst: Option<Figure> = None;
    for found in all {
        let Some(id) = found.get(&record::HEALTH_CHECK_ID).ok().flatten().filter(|id| !id.is_empty()) else {
            continue;
        };
        let place = Place::new(found.account(), GLOBAL);
        let figure = match scene.view.inventory.lookup(&health_check::KIND, &place, &id) {
            Ok(Some(check)) => watch(check, call),
            Ok(None) => continue,
            Err(gap) => Figure::unread(Span::ZERO, "interval × failure threshold", gap),
        };
        if worst.as_ref().is_none_or(|known| figure.interval.high > known.interval.high) {
            worst = Some(figure);
        }
    }
    // An alias that evaluates the health of its target has no interval of its own.
    worst.unwrap_or_else(|| scene.time("detect"))
}

fn watch(check: &Resource, call: &str) -> Figure {
    let number = |value: Result<Option<i64>, Gap>, default: u64| {
        value.map(|value| {
            value.and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0).unwrap_or(default)
        })
    };
    let interval = number(check.get(&health_check::REQUEST_INTERVAL), 30);
    let threshold = number(check.get(&health_check::FAILURE_THRESHOLD), 3);
    match (interval, threshold) {
        (Ok(interval), Ok(threshold)) => {
            let whole = interval.saturating_mul(threshold);
            Figure::new(Interval::exactly(whole), Grade::C, "request interval × failure threshold")
                .from("request interval", format!("{interval} s"), call)
                .from("failure threshold", threshold, call)
        }
        (Err(gap), _) | (_, Err(gap)) => {
            Figure::unread(Span::ZERO, "request interval × failure threshold", gap)
        }
    }
}

/// Until a load balancer takes its targets for healthy: interval × healthy threshold of the slowest target group.
pub fn verify(balancer: &Resource, scene: &Scene) -> Option<Figure> {
    const FORMULA: &str = "interval × healthy threshold";
    let call = "elasticloadbalancing:DescribeTargetGroups";
    let unread = |gap: Gap| Some(Figure::unread(Span::ZERO, FORMULA, gap));
    let Some(own) = arn(balancer) else { return balancer.get(&ARN).err().and_then(unread) };
    let mut worst: Option<(u64, Figure)> = None;
    for found in scene.view.inventory.of(&target_group::KIND).filter(|it| it.region() == balancer.region()) {
        match found.get_or_default(&target_group::LOAD_BALANCER_ARNS) {
            Ok(balancers) if balancers.contains(&own) => {}
            Ok(_) => continue,
            Err(gap) => return unread(gap),
        }
        let check = match found.get(&target_group::HEALTH_CHECK) {
            Ok(Some(check)) => check,
            Ok(None) => continue,
            Err(gap) => return unread(gap),
        };
        let block = check.as_array().and_then(|blocks| blocks.first()).cloned().unwrap_or(check);
        let number = |key: &str| block.get(key).and_then(serde_json::Value::as_u64);
        let Some((interval, threshold)) = number("interval").zip(number("healthy_threshold")) else {
            continue;
        };
        let whole = interval.saturating_mul(threshold);
        if worst.as_ref().is_none_or(|(known, _)| whole > *known) {
            let figure = Figure::new(Interval::exactly(whole), Grade::C, FORMULA)
                .from("interval", format!("{interval} s"), call)
                .from("healthy threshold", threshold, call);
            worst = Some((whole, figure));
        }
    }
    worst.map(|(_, figure)| figure)
}
