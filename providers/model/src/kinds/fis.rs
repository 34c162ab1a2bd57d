//! AWS Fault Injection Service: the live facts of experiments, which it keeps for 120 days.

use crate::attr::Attr;
use crate::kind::{Exclusion, Kind};
use crate::resource::Resource;

const READ: &[&str] = &["fis:GetExperiment"];

/// Experiments; live only, its id is the experiment's.
pub mod experiment {
    use super::*;

    /// The actions that it ran, `aws:ec2:stop-instances`; read of completed experiments alone.
    pub const ACTIONS: Attr<Vec<String>> = Attr::live("actions").by(READ);
    /// When it was begun, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("creation_time");
    /// When it ended, RFC 3339.
    pub const ENDED_AT: Attr<String> = Attr::live("end_time").by(READ);
    /// `completed`, `stopped` (by a stop condition or by somebody), `failed`, `running`, …
    pub const STATUS: Attr<String> = Attr::live("status");
    /// Whether it chose its targets by their availability zone, or cut a zone off.
    pub const ZONAL: Attr<bool> = Attr::live("zonal").by(READ);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_fis_experiment",
        service: "fis",
        listed_by: &["fis:ListExperiments"],
        attributes: &[ACTIONS.any(), CREATED_AT.any(), ENDED_AT.any(), STATUS.any(), ZONAL.any()],
        exclusion: |_: &Resource| Some(Exclusion { rule: "N19", reason: "a record that the service keeps" }),
        manageable: false,
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&experiment::KIND];
