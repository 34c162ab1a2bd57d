//! Reads live AWS accounts through one rate-limited, read-only door.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod account;
#[cfg(feature = "edge")]
mod acm;
#[cfg(feature = "edge")]
mod apigateway;
#[cfg(feature = "containers")]
mod applicationautoscaling;
mod autoscaling;
mod backup;
pub mod call;
#[cfg(test)]
mod canned;
mod classify;
#[cfg(feature = "edge")]
mod cloudfront;
mod cloudtrail;
mod cloudwatch;
#[cfg(feature = "delivery")]
mod codebuild;
#[cfg(feature = "delivery")]
mod codedeploy;
#[cfg(feature = "governance")]
mod contacts;
mod credentials;
#[cfg(feature = "governance")]
mod detection;
#[cfg(feature = "data")]
mod dlm;
mod doctor;
mod dynamodb;
mod ec2;
mod ecr;
#[cfg(feature = "containers")]
mod ecs;
mod efs;
#[cfg(feature = "containers")]
mod eks;
mod elasticache;
mod elbv2;
mod engines;
#[cfg(feature = "events")]
mod events;
#[cfg(feature = "delivery")]
mod fis;
mod guard;
mod iam;
#[cfg(feature = "data")]
mod kinesis;
mod kms;
#[cfg(feature = "containers")]
mod lambda;
pub mod ledger;
pub mod limiter;
mod logs;
mod metrics;
#[cfg(feature = "data")]
mod opensearch;
mod policy;
#[cfg(feature = "governance")]
mod quotas;
mod rds;
#[cfg(feature = "data")]
mod redshift;
mod route53;
mod s3;
mod secretsmanager;
mod ses;
pub mod session;
#[cfg(feature = "events")]
mod sfn;
mod sns;
mod sqs;
#[cfg(feature = "governance")]
mod ssm;
mod state_s3;
mod state_versions;
mod trails;
#[cfg(feature = "edge")]
mod wafv2;

pub use account::{AccountOutcome, Aws, Collected, Options, RegionOutcome};
pub use doctor::Answered;
pub use policy::{NamedState, all_calls, attribution_calls, calls_for, policy_document};
pub use ses::{Mailer, NotSent};
pub use session::{Collector, Pages, Pending, Session};
pub use state_s3::{LockKind, StateObject, fetch_state, list_states};

/// Every collector, by service file. A collector that is not listed here does not exist.
pub const COLLECTORS: &[&[Collector]] = &[
    #[cfg(feature = "edge")]
    acm::COLLECTORS,
    #[cfg(feature = "edge")]
    apigateway::COLLECTORS,
    #[cfg(feature = "containers")]
    applicationautoscaling::COLLECTORS,
    autoscaling::COLLECTORS,
    backup::COLLECTORS,
    #[cfg(feature = "edge")]
    cloudfront::COLLECTORS,
    cloudwatch::COLLECTORS,
    #[cfg(feature = "governance")]
    contacts::COLLECTORS,
    credentials::COLLECTORS,
    #[cfg(feature = "governance")]
    detection::COLLECTORS,
    #[cfg(feature = "delivery")]
    codebuild::COLLECTORS,
    #[cfg(feature = "delivery")]
    codedeploy::COLLECTORS,
    #[cfg(feature = "data")]
    dlm::COLLECTORS,
    dynamodb::COLLECTORS,
    ec2::compute::COLLECTORS,
    ec2::network::COLLECTORS,
    ecr::COLLECTORS,
    #[cfg(feature = "containers")]
    ecs::COLLECTORS,
    efs::COLLECTORS,
    #[cfg(feature = "containers")]
    eks::COLLECTORS,
    elasticache::COLLECTORS,
    elbv2::COLLECTORS,
    #[cfg(feature = "events")]
    events::COLLECTORS,
    #[cfg(feature = "delivery")]
    fis::COLLECTORS,
    engines::COLLECTORS,
    iam::COLLECTORS,
    #[cfg(feature = "data")]
    kinesis::COLLECTORS,
    kms::COLLECTORS,
    #[cfg(feature = "containers")]
    lambda::COLLECTORS,
    logs::COLLECTORS,
    metrics::COLLECTORS,
    #[cfg(feature = "data")]
    opensearch::COLLECTORS,
    #[cfg(feature = "governance")]
    quotas::COLLECTORS,
    rds::COLLECTORS,
    #[cfg(feature = "data")]
    redshift::COLLECTORS,
    route53::COLLECTORS,
    s3::COLLECTORS,
    secretsmanager::COLLECTORS,
    #[cfg(feature = "events")]
    sfn::COLLECTORS,
    sns::COLLECTORS,
    sqs::COLLECTORS,
    #[cfg(feature = "governance")]
    ssm::COLLECTORS,
    trails::COLLECTORS,
    #[cfg(feature = "edge")]
    wafv2::COLLECTORS,
];

/// All collectors.
pub fn collectors() -> impl Iterator<Item = &'static Collector> {
    COLLECTORS.iter().flat_map(|service| service.iter())
}
