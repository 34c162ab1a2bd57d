//! Reads live AWS accounts through one rate-limited, read-only door.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod account;
mod backup;
pub mod call;
mod classify;
mod elasticache;
mod guard;
mod iam;
pub mod ledger;
pub mod limiter;
mod policy;
mod rds;
pub mod session;
mod state_s3;

pub use account::{AccountOutcome, Aws, Collected, Options, RegionOutcome};
pub use policy::{all_calls, calls_for, policy_document};
pub use session::{Collector, Pages, Pending, Session};
pub use state_s3::{LockKind, StateObject, fetch_state};

/// Every collector, by service file. A collector that is not listed here does not exist.
pub const COLLECTORS: &[&[Collector]] =
    &[backup::COLLECTORS, elasticache::COLLECTORS, iam::COLLECTORS, rds::COLLECTORS];

/// All collectors.
pub fn collectors() -> impl Iterator<Item = &'static Collector> {
    COLLECTORS.iter().flat_map(|service| service.iter())
}
