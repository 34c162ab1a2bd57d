//! The kinds, one file per service, and the list of all of them.

pub mod acm;
pub mod apigateway;
pub mod appautoscaling;
pub mod autoscaling;
pub mod backup;
pub mod cloudfront;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod codebuild;
pub mod codedeploy;
pub mod common;
pub mod contacts;
pub mod credentials;
pub mod detection;
pub mod dlm;
pub mod dynamodb;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod efs;
pub mod eks;
pub mod elasticache;
pub mod elbv2;
pub mod events;
pub mod fis;
pub mod iam;
pub mod kinesis;
pub mod kms;
pub mod lambda;
pub mod logs;
pub mod opensearch;
pub mod quotas;
pub mod rds;
pub mod redshift;
pub mod route53;
pub mod s3;
pub mod secretsmanager;
pub mod sfn;
pub mod sns;
pub mod sqs;
pub mod ssm;
pub mod wafv2;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::kind::{Kind, Satellite};

/// Every kind, by service file. A kind that is not listed here does not exist.
pub const ALL: &[&[&Kind]] = &[
    acm::KINDS,
    apigateway::KINDS,
    appautoscaling::KINDS,
    autoscaling::KINDS,
    backup::KINDS,
    cloudtrail::KINDS,
    cloudwatch::KINDS,
    contacts::KINDS,
    credentials::KINDS,
    detection::KINDS,
    cloudfront::KINDS,
    codebuild::KINDS,
    codedeploy::KINDS,
    dlm::KINDS,
    dynamodb::KINDS,
    ec2::compute::KINDS,
    ec2::network::KINDS,
    ecr::KINDS,
    ecs::KINDS,
    efs::KINDS,
    eks::KINDS,
    elasticache::KINDS,
    elbv2::KINDS,
    events::KINDS,
    fis::KINDS,
    iam::KINDS,
    kinesis::KINDS,
    kms::KINDS,
    lambda::KINDS,
    logs::KINDS,
    opensearch::KINDS,
    quotas::KINDS,
    rds::KINDS,
    redshift::KINDS,
    route53::KINDS,
    s3::KINDS,
    secretsmanager::KINDS,
    sfn::KINDS,
    sns::KINDS,
    sqs::KINDS,
    ssm::KINDS,
    wafv2::KINDS,
];

/// All kinds.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    ALL.iter().flat_map(|service| service.iter().copied())
}

/// Both are asked several times for every resource, so neither may walk through all kinds.
static KINDS: LazyLock<FxHashMap<&'static str, &'static Kind>> = LazyLock::new(|| {
    let mut kinds = FxHashMap::default();
    for kind in all() {
        for name in kind.aliases.iter().copied().chain([kind.name]) {
            kinds.entry(name).or_insert(kind);
        }
    }
    kinds
});
static SATELLITES: LazyLock<FxHashMap<&'static str, (&'static Kind, &'static Satellite)>> =
    LazyLock::new(|| {
        let mut satellites = FxHashMap::default();
        for kind in all() {
            for satellite in kind.satellites {
                satellites.entry(satellite.kind).or_insert((kind, satellite));
            }
        }
        satellites
    });

/// The kind of a Terraform type name, also by a deprecated name (N27).
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.get(name).copied()
}

/// The owner kind and the relation of a type whose resources are parts of others.
pub fn satellite(name: &str) -> Option<(&'static Kind, &'static Satellite)> {
    SATELLITES.get(name).copied()
}
