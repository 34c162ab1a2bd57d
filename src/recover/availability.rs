//! Availability: what services commit themselves to for the configuration that was found, in series.

use std::collections::{BTreeMap, BTreeSet};

use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::cloudwatch::metric::{self, Figures};
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::efs::file_system;
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::elbv2::load_balancer;
use stateward_model::kinds::rds::{cluster, db_instance};
use stateward_model::{Attr, Gap, Resource};

use super::estate::Node;
use super::figure::Grade;
use super::paths::members_standing;
use super::scene::Scene;
use crate::result::RecoveryMeasured;

/// One factor of the product.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// The key of the commitment.
    pub commitment: String,
    /// In percent.
    pub percent: f64,
    /// What it rests on.
    pub grade: Grade,
    /// What it stands for: one resource, or a service of the region.
    pub stands_for: String,
    /// How many resources share it.
    pub resources: usize,
}

/// The product of all factors.
#[derive(Debug, Clone, PartialEq)]
pub struct Availability {
    /// In percent.
    pub percent: f64,
    /// The worst grade.
    pub grade: Grade,
    /// Weakest first.
    pub factors: Vec<Factor>,
    /// What was not read: the configuration behind a factor is then taken for the weaker one.
    pub gaps: Vec<Gap>,
}

/// Which commitment stands for a resource, and whether the resources of a region share it: what is lost together is not
/// independent, and counts once.
fn commitment(resource: &Resource, scene: &Scene) -> Result<(&'static str, bool), Gap> {
    let either = |strong: bool, yes: &'static str, no: &'static str| if strong { yes } else { no };
    Ok(match resource.kind() {
        "aws_lb" => {
            let zones = resource.get_or_default(&load_balancer::AVAILABILITY_ZONES)?.len() > 1;
            (either(zones, "elb", "elb-single-az"), zones)
        }
        "aws_autoscaling_group" => {
            let members = resource.get_or_default(&group::INSTANCES)?;
            let zones: BTreeSet<&str> = members.iter().map(|it| it.availability_zone.as_str()).collect();
            (either(zones.len() > 1, "ec2-zones", "ec2-instance"), zones.len() > 1)
        }
        "aws_instance" => ("ec2-instance", false),
        "aws_ecs_service" => ("ecs", true),
        "aws_eks_cluster" => ("eks", false),
        "aws_lambda_function" => ("lambda", true),
        "aws_rds_cluster" => {
            let aurora = resource.get_or_default(&cluster::ENGINE)?.starts_with("aurora");
            match aurora {
                true => {
                    let zones = members_standing(resource, scene)?.1.len() > 1;
                    (either(zones, "aurora-multi-az", "aurora-single-az"), false)
                }
                false => ("rds-multi-az", false),
            }
        }
        "aws_db_instance" => {
            let zones = resource.get_or_default(&db_instance::MULTI_AZ)?;
            (either(zones, "rds-multi-az", "rds-single-az"), false)
        }
        "aws_dynamodb_table" => {
            let global = !resource.get_or_default(&table::REPLICA)?.is_empty();
            (either(global, "dynamodb-global", "dynamodb"), true)
        }
        "aws_s3_bucket" => ("s3", true),
        "aws_efs_file_system" => {
            let zone = resource.get(&file_system::AVAILABILITY_ZONE_NAME)?;
            (either(zone.is_none_or(|zone| zone.is_empty()), "efs", "efs-one-zone"), true)
        }
        "aws_elasticache_replication_group" => {
            let zones = resource.get_or_default(&replication_group::MULTI_AZ_ENABLED)?;
            (either(zones, "cache-multi-az", "cache-single-az"), false)
        }
        "aws_secretsmanager_secret" => ("secrets-manager", true),
        "aws_sqs_queue" => ("sqs", true),
        _ => ("other", false),
    })
}

/// The weaker of the commitments that the unread configuration could have.
fn weaker(kind: &str) -> &'static str {
    match kind {
        "aws_lb" => "elb-single-az",
        "aws_autoscaling_group" => "ec2-instance",
        "aws_rds_cluster" => "aurora-single-az",
        "aws_db_instance" => "rds-single-az",
        "aws_dynamodb_table" => "dynamodb",
        "aws_efs_file_system" => "efs-one-zone",
        "aws_elasticache_replication_group" => "cache-single-az",
        _ => "other",
    }
}

/// The availability of what stands in series.
pub fn modelled<'n>(nodes: impl Iterator<Item = &'n Node<'n>>, scene: &Scene) -> Availability {
    let mut gaps = Vec::new();
    let mut found: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    // A volume has the availability of its instance.
    for node in nodes.filter(|node| node.resource.kind() != "aws_ebs_volume") {
        let (key, shared) = commitment(node.resource, scene).unwrap_or_else(|gap| {
            gaps.push(gap);
            (weaker(node.resource.kind()), false)
        });
        let stands_for = if shared { format!("the service in {}", scene.home) } else { node.label() };
        *found.entry((key, stands_for)).or_default() += 1;
    }
    let mut factors: Vec<Factor> = Vec::new();
    for ((key, stands_for), resources) in found {
        let known = scene.view.profile.recovery.commitments.get(key);
        let percent =
            known.map_or(0.0, |it| *it.availability.numer() as f64 / *it.availability.denom() as f64);
        let grade = known.map_or(Grade::D, |it| it.grade);
        factors.push(Factor { commitment: key.to_owned(), percent, grade, stands_for, resources });
    }
    let product = factors.iter().fold(1.0f64, |product, factor| product * factor.percent / 100.0);
    let percent = in_percent(product);
    let grade = factors.iter().map(|factor| factor.grade).max().unwrap_or(Grade::C);
    factors.sort_by(|a, b| a.percent.total_cmp(&b.percent).then_with(|| a.stands_for.cmp(&b.stands_for)));
    gaps.sort();
    gaps.dedup();
    Availability { percent, grade, factors, gaps }
}

/// Rounded down, so that rounding never reaches an objective.
fn in_percent(share: f64) -> f64 {
    (share * 100.0 * 1e4 + 1e-6).floor() / 1e4
}

/// What application load balancers counted of the requests of a workload over 30 days; none where nothing was counted,
/// which is no evidence either way.
///
/// # Errors
/// Why it was not read: the measured share may then be lower than the modelled one.
pub fn measured<'n>(
    nodes: impl Iterator<Item = &'n Node<'n>>,
    scene: &Scene,
) -> Result<Option<RecoveryMeasured>, Gap> {
    let (mut requests, mut failed, mut days, mut balancers) = (0.0f64, 0.0f64, 0i64, 0usize);
    for node in nodes {
        // `app/web/50dc6c495c0c9188`; load balancers of other layers count no answers.
        let name = node.resource.id().split_once(":loadbalancer/").map(|(_, name)| name);
        let Some(name) = name.filter(|name| name.starts_with("app/")) else { continue };
        let asked = counted(&metric::BALANCER_REQUESTS, name, node, scene)?;
        let own = counted(&metric::BALANCER_FAILURES, name, node, scene)?;
        let behind = counted(&metric::TARGET_FAILURES, name, node, scene)?;
        if asked.points == 0 && own.points == 0 && behind.points == 0 {
            continue;
        }
        requests += asked.total;
        failed += own.total + behind.total;
        days = days.max(asked.points);
        balancers += 1;
    }
    if balancers == 0 {
        return Ok(None);
    }
    // What a load balancer refused without a target is counted among the failures, and not among the requests.
    let share = if requests > 0.0 { (1.0 - failed / requests).max(0.0) } else { 0.0 };
    Ok(Some(RecoveryMeasured {
        percent: in_percent(share),
        requests: requests.max(0.0) as u64,
        failed: failed.max(0.0) as u64,
        days: u64::try_from(days).unwrap_or(0),
        balancers,
    }))
}

/// The counts of one load balancer; all are zero where CloudWatch has no series, as it keeps none of zeroes.
fn counted(key: &Attr<Figures>, name: &str, node: &Node, scene: &Scene) -> Result<Figures, Gap> {
    let place = &node.resource.address.place;
    if let Some(gap) = scene.unseen(&metric::KIND, place, &scene.index.series) {
        return Err(gap);
    }
    scene.is_fresh(&metric::KIND, place)?;
    let series = scene.index.series.of(&format!("{}/{name}", key.path()));
    match series.iter().find(|series| series.address.place == *place) {
        Some(series) => series.get_or_default(key),
        None => Ok(Figures::default()),
    }
}
