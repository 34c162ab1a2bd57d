//! The engine of Stateward: collect → reconcile → check → score → report, with no arrow pointing back.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod audit;
pub mod check;
pub mod checks;
pub mod compliance;
pub mod declared;
pub mod drift;
pub mod fold;
pub mod generate;
pub mod inventory;
pub mod judge;
pub mod live;
pub mod pack;
pub mod packed;
pub mod plan;
pub mod profile;
pub mod proposal;
pub mod report;
pub mod result;
pub mod score;
pub mod settle;
pub mod shelf;
pub mod snapshot;
pub mod tagged;
pub mod text;
