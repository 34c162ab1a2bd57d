//! STO: storage and backup.

mod analytics;
pub mod buckets;
pub mod databases;
pub mod plans;
pub mod stores;
mod volumes;

use crate::check::Check;

/// The family.
pub const CHECKS: &[Check] = &[
    buckets::STO_01,
    buckets::STO_02,
    buckets::STO_03,
    buckets::STO_04,
    buckets::STO_05,
    buckets::STO_06,
    buckets::STO_07,
    buckets::STO_08,
    buckets::STO_09,
    buckets::STO_10,
    volumes::STO_11,
    volumes::STO_12,
    volumes::STO_13,
    volumes::STO_14,
    volumes::STO_15,
    volumes::STO_16,
    volumes::STO_17,
    databases::STO_18,
    databases::STO_19,
    databases::STO_20,
    databases::STO_21,
    databases::STO_22,
    databases::STO_23,
    databases::STO_24,
    databases::STO_25,
    stores::STO_26,
    stores::STO_27,
    stores::STO_28,
    stores::STO_29,
    stores::STO_30,
    stores::STO_31,
    stores::STO_32,
    analytics::STO_33,
    analytics::STO_34,
    analytics::STO_35,
    plans::STO_36,
    plans::STO_37,
    plans::STO_38,
    plans::STO_39,
    plans::STO_40,
    plans::STO_41,
    stores::STO_42,
];
