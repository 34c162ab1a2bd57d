//! DR: zones, copies, rehearsal.

pub(crate) mod copies;
mod images;
mod lag;
mod measured_lag;
mod notices;
mod objectives;
pub(crate) mod preparation;
mod readiness;
mod rehearsal;
mod volumes;
mod zones;

use crate::check::Check;

pub use objectives::{OF_AVAILABILITY, OF_RECOVERY};

/// The family.
pub const CHECKS: &[Check] = &[
    zones::DR_01,
    zones::DR_02,
    zones::DR_03,
    zones::DR_04,
    zones::DR_05,
    zones::DR_06,
    zones::DR_07,
    zones::DR_08,
    copies::DR_10,
    copies::DR_11,
    copies::DR_12,
    measured_lag::DR_13,
    volumes::DR_14,
    lag::DR_15,
    measured_lag::DR_16,
    copies::DR_17,
    copies::DR_18,
    lag::DR_19,
    measured_lag::DR_20,
    lag::DR_21,
    rehearsal::DR_22,
    objectives::DR_23,
    readiness::DR_24,
    readiness::DR_25,
    readiness::DR_26,
    readiness::DR_27,
    readiness::DR_28,
    readiness::DR_29,
    copies::DR_30,
    copies::DR_31,
    preparation::DR_32,
    images::DR_33,
    super::quotas::DR_34,
    copies::DR_35,
    notices::DR_36,
    preparation::DR_37,
    objectives::DR_38,
    objectives::DR_39,
    objectives::DR_40,
];
