//! The ways back of each kind of resource in each scenario.

mod balancer;
mod cache;
mod compute;
mod disk;
mod document;
mod object;
mod other;
mod relational;

use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::backup::{copy_job, recovery_point};
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::ec2::compute::{instance, volume};
use stateward_model::kinds::efs::file_system;
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::elbv2::load_balancer;
use stateward_model::kinds::kms::key;
use stateward_model::kinds::lambda::function;
use stateward_model::kinds::rds::{cluster, db_instance};
use stateward_model::kinds::s3::bucket;
use stateward_model::kinds::secretsmanager::secret;
use stateward_model::kinds::{ecs, eks, opensearch, redshift, sqs};
use stateward_model::{Cause, Gap, Kind, Resource};

pub use relational::members_standing;

use super::figure::{Figure, Span};
use super::index::arn;
use super::path::{Fate, Path};
use super::scenario::Scenario;
use super::scene::{Restore, Scene};
use crate::checks::facts::{KeyOwner, arn_account, arn_region, key_owner};

/// What part a resource plays in recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Users enter through it.
    Entry,
    /// It does the work, and holds nothing.
    Compute,
    /// It holds data.
    Store,
}

/// The kinds that recovery knows, with their parts.
pub const KINDS: &[(&Kind, Part)] = &[
    (&load_balancer::KIND, Part::Entry),
    (&group::KIND, Part::Compute),
    (&instance::KIND, Part::Compute),
    (&ecs::service::KIND, Part::Compute),
    (&eks::cluster::KIND, Part::Compute),
    (&function::KIND, Part::Compute),
    (&cluster::KIND, Part::Store),
    (&db_instance::KIND, Part::Store),
    (&table::KIND, Part::Store),
    (&bucket::KIND, Part::Store),
    (&volume::KIND, Part::Store),
    (&file_system::KIND, Part::Store),
    (&replication_group::KIND, Part::Store),
    (&opensearch::domain::KIND, Part::Store),
    (&redshift::cluster::KIND, Part::Store),
    (&secret::KIND, Part::Store),
    (&sqs::queue::KIND, Part::Store),
];

/// The part of a kind; none of one that recovery does not know.
pub fn part(kind: &str) -> Option<Part> {
    KINDS.iter().find(|(known, _)| known.name == kind).map(|(_, part)| *part)
}

/// What a scenario does to a resource, and the ways back; for the loss of a region those to `target`.
pub fn fate(resource: &Resource, scenario: Scenario, target: Option<&str>, scene: &Scene) -> Fate {
    let holds = part(resource.kind()) == Some(Part::Store);
    match scenario {
        Scenario::Account if holds => Fate::Lost(other_account(resource, scene)),
        Scenario::Account => {
            let detail = "what of another account could take over is not read";
            Fate::Lost(vec![Path::unseen("compute in another account", "", unsupported(detail))])
        }
        Scenario::Key if holds => without_key(resource, scene),
        Scenario::Corruption | Scenario::Key if !holds => Fate::Unaffected("it holds no data".into()),
        Scenario::Region if target.is_none() => {
            let gap = Gap::new("profile", Cause::NotRequested, "no other region is audited");
            Fate::Lost(vec![Path::unseen("copy in another region", "", gap)])
        }
        _ => of_kind(resource, scenario, target.unwrap_or_default(), scene),
    }
}

fn of_kind(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    let of = match resource.kind() {
        kind if kind == db_instance::KIND.name => relational::instance,
        kind if kind == cluster::KIND.name => relational::cluster,
        kind if kind == table::KIND.name => document::table,
        kind if kind == bucket::KIND.name => object::bucket,
        kind if kind == volume::KIND.name => disk::volume,
        kind if kind == file_system::KIND.name => disk::file_system,
        kind if kind == replication_group::KIND.name => cache::group,
        kind if kind == secret::KIND.name => other::secret,
        kind if kind == sqs::queue::KIND.name => other::queue,
        kind if kind == redshift::cluster::KIND.name => other::warehouse,
        kind if kind == opensearch::domain::KIND.name => other::search,
        kind if kind == load_balancer::KIND.name => balancer::balancer,
        kind if kind == group::KIND.name => compute::group,
        kind if kind == instance::KIND.name => compute::instance,
        kind if kind == ecs::service::KIND.name => compute::service,
        kind if kind == eks::cluster::KIND.name => compute::kubernetes,
        _ => compute::function,
    };
    of(resource, scenario, target, scene)
}

fn unsupported(detail: &str) -> Gap {
    Gap::new("recovery", Cause::Unsupported, detail)
}

/// Copies that AWS Backup made into another account.
fn other_account(resource: &Resource, scene: &Scene) -> Vec<Path> {
    const NAME: &str = "recovery point in another account";
    let call = "backup:ListCopyJobs";
    let place = &resource.address.place;
    if let Some(gap) = scene.unseen(&copy_job::KIND, place, &scene.index.copies) {
        return vec![Path::unseen(NAME, "", gap)];
    }
    let Some(arn) = arn(resource) else { return vec![Path::unseen(NAME, "", no_arn(resource))] };
    let jobs = scene.index.copies.of(&arn).iter().filter_map(|job| {
        let vault = job.get(&copy_job::DESTINATION_VAULT_ARN).ok()??;
        let begun = job.get(&copy_job::CREATED_AT).ok()??;
        let foreign = arn_account(&vault).is_some_and(|account| account != resource.account());
        foreign.then(|| (begun, vault, job.get(&copy_job::PLAN_ID).ok().flatten().is_some()))
    });
    let Some((begun, vault, planned)) = jobs.max() else { return Vec::new() };
    let points = scene.index.points.of(&arn).iter();
    let made = points
        .filter(|point| point.address.place == *place)
        .filter_map(|point| point.get(&recovery_point::CREATED_AT).ok().flatten())
        .filter(|made| *made <= begun)
        .max();
    // The job says when it was begun; of which moment its data are, the point that it copied says.
    let rpo = match made.filter(|_| planned) {
        Some(made) => scene
            .age("the recovery point that the plan copied", &made, "backup:ListRecoveryPointsByBackupVault")
            .from("copy job begun", &begun, call),
        None => {
            let age = scene.seconds_since(&begun).unwrap_or(0);
            let gap = unsupported("the recovery point that was copied is no longer listed");
            Figure::unread(Span::Seconds(age), "as-of time − the copied recovery point", gap).from(
                "copy job begun",
                &begun,
                call,
            )
        }
    };
    let (class, time) = class(resource.kind());
    let region = arn_region(&vault).unwrap_or_default().to_owned();
    let steps = vec![format!("aws backup copy the newest point of {arn} back from {vault}, and restore it")];
    vec![Path::manual(NAME, region, rpo, scene.restore(&Restore::of(resource, class, time)), steps)]
}

/// The class of a kind in the words of AWS Backup, and the time of the profile for its restore.
fn class(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "aws_rds_cluster" => ("Aurora", "rds-restore"),
        "aws_dynamodb_table" => ("DynamoDB", "dynamodb-restore"),
        "aws_s3_bucket" => ("S3", "bucket-version-restore"),
        "aws_ebs_volume" => ("EBS", "volume-restore"),
        "aws_efs_file_system" => ("EFS", "efs-restore"),
        "aws_elasticache_replication_group" => ("ElastiCache", "cache-restore"),
        _ => ("RDS", "rds-restore"),
    }
}

fn no_arn(resource: &Resource) -> Gap {
    Gap::new(resource.kind().to_owned(), Cause::Malformed, "it has no ARN")
}

/// What is left when the key of a store is gone: copies under other keys. A key works only in its region, so those of
/// other regions are.
fn without_key(resource: &Resource, scene: &Scene) -> Fate {
    const NAME: &str = "copy under another key";
    let place = &resource.address.place;
    let owner = match own_key(resource) {
        Ok(Some(reference)) => key_owner(&reference, place, &scene.view),
        Ok(None) => return Fate::Unaffected("no key of the account protects it".into()),
        Err(gap) => Err(gap),
    };
    match owner {
        Ok(KeyOwner::Aws) => return Fate::Unaffected("AWS manages its key, which nobody can delete".into()),
        Ok(KeyOwner::Customer | KeyOwner::Nobody) => {}
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, "", gap)]),
    }
    let mut paths = Vec::new();
    for region in scene.targets() {
        if let Fate::Lost(found) = of_kind(resource, Scenario::Region, region, scene) {
            paths.extend(found);
        }
    }
    Fate::Lost(paths)
}

/// The key that protects a store: a reference, or none.
fn own_key(resource: &Resource) -> Result<Option<String>, Gap> {
    let key = match resource.kind() {
        "aws_db_instance" => resource.get(&db_instance::KMS_KEY_ID),
        "aws_rds_cluster" => resource.get(&cluster::KMS_KEY_ID),
        "aws_dynamodb_table" => resource
            .get_or_default(&table::SERVER_SIDE_ENCRYPTION)
            .map(|blocks| blocks.into_iter().find_map(|block| block.kms_key_arn)),
        "aws_s3_bucket" => resource.get_or_default(&bucket::ENCRYPTION).map(|blocks| {
            let rules = blocks.into_iter().flat_map(|block| block.rule);
            let defaults = rules.flat_map(|rule| rule.apply_server_side_encryption_by_default);
            defaults.into_iter().find_map(|default| default.kms_master_key_id)
        }),
        "aws_ebs_volume" => resource.get(&volume::KMS_KEY_ID),
        "aws_efs_file_system" => resource.get(&file_system::KMS_KEY_ID),
        "aws_elasticache_replication_group" => resource.get(&replication_group::KMS_KEY_ID),
        "aws_secretsmanager_secret" => resource.get(&secret::KMS_KEY_ID),
        "aws_sqs_queue" => resource.get(&sqs::queue::KMS_MASTER_KEY_ID),
        "aws_redshift_cluster" => resource.get(&redshift::cluster::KMS_KEY_ID),
        _ => {
            let detail = "its key is not looked at";
            Err(Gap::new(key::KIND.name, Cause::Unsupported, detail))
        }
    }?;
    Ok(key.filter(|key| !key.is_empty()))
}
