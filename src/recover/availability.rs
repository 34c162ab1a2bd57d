//! Availability: what services commit themselves to for the configuration that was found, in series.

use std::collections::BTreeMap;

use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::efs::file_system;
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::rds::db_instance;
use stateward_model::{Gap, Resource};

use super::estate::Node;
use super::figure::Grade;
use super::scene::Scene;

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
fn commitment(resource: &Resource) -> Result<(&'static str, bool), Gap> {
    let either = |strong: bool, yes: &'static str, no: &'static str| if strong { yes } else { no };
    Ok(match resource.kind() {
        "aws_lb" => ("elb", true),
        "aws_autoscaling_group" => ("ec2-zones", true),
        "aws_instance" => ("ec2-instance", false),
        "aws_ecs_service" => ("ecs", true),
        "aws_eks_cluster" => ("eks", false),
        "aws_lambda_function" => ("lambda", true),
        "aws_rds_cluster" => ("aurora-multi-az", false),
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
        let (key, shared) = commitment(node.resource).unwrap_or_else(|gap| {
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
    // Rounded down, so that rounding never reaches an objective.
    let percent = (product * 100.0 * 1e4 + 1e-6).floor() / 1e4;
    let grade = factors.iter().map(|factor| factor.grade).max().unwrap_or(Grade::C);
    factors.sort_by(|a, b| a.percent.total_cmp(&b.percent).then_with(|| a.stands_for.cmp(&b.stands_for)));
    gaps.sort();
    gaps.dedup();
    Availability { percent, grade, factors, gaps }
}
