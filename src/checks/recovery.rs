//! DR: zones, copies, rehearsal.

mod copies;
mod zones;

use crate::check::Check;

/// The family.
pub const CHECKS: &[Check] = &[
    zones::DR_01,
    zones::DR_02,
    zones::DR_03,
    zones::DR_05,
    zones::DR_08,
    copies::DR_10,
    copies::DR_11,
    copies::DR_12,
    copies::DR_17,
    copies::DR_18,
    copies::DR_30,
    copies::DR_31,
    copies::DR_35,
];
