//! The kinds, one file per service, and the list of all of them.

pub mod autoscaling;
pub mod backup;
pub mod cloudwatch;
pub mod common;
pub mod dynamodb;
pub mod ec2;
pub mod ecr;
pub mod efs;
pub mod elasticache;
pub mod elbv2;
pub mod iam;
pub mod kms;
pub mod logs;
pub mod rds;
pub mod route53;
pub mod s3;
pub mod secretsmanager;
pub mod sns;
pub mod sqs;

use crate::kind::{Kind, Satellite};

/// Every kind, by service file. A kind that is not listed here does not exist.
pub const ALL: &[&[&Kind]] = &[
    autoscaling::KINDS,
    backup::KINDS,
    cloudwatch::KINDS,
    dynamodb::KINDS,
    ec2::compute::KINDS,
    ec2::network::KINDS,
    ecr::KINDS,
    efs::KINDS,
    elasticache::KINDS,
    elbv2::KINDS,
    iam::KINDS,
    kms::KINDS,
    logs::KINDS,
    rds::KINDS,
    route53::KINDS,
    s3::KINDS,
    secretsmanager::KINDS,
    sns::KINDS,
    sqs::KINDS,
];

/// All kinds.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    ALL.iter().flat_map(|service| service.iter().copied())
}

/// The kind of a Terraform type name, also by a deprecated name (N27).
pub fn find(name: &str) -> Option<&'static Kind> {
    all().find(|kind| kind.name == name || kind.aliases.contains(&name))
}

/// The owner kind and the relation of a type whose resources are parts of others.
pub fn satellite(name: &str) -> Option<(&'static Kind, &'static Satellite)> {
    all().find_map(|kind| {
        kind.satellites.iter().find(|satellite| satellite.kind == name).map(|satellite| (kind, satellite))
    })
}
