//! Paths and resources as the result has them.

use super::estate::Node;
use super::figure::Figure;
use super::path::{Choice, Effect, Gate, Path};
use super::paths::Part;
use super::verify::why;
use crate::result::{RecoveryFigure, RecoveryGate, RecoveryGateEffect, RecoveryPath, RecoveryResource};

/// The word for a part.
pub const fn part(of: Part) -> &'static str {
    match of {
        Part::Entry => "entry",
        Part::Compute => "compute",
        Part::Store => "store",
    }
}

/// A resource that is lost.
pub fn resource(node: &Node, choice: &Choice, paths: &[Path], slack: Option<u64>) -> RecoveryResource {
    let label = node.label();
    RecoveryResource {
        kind: node.resource.kind().to_owned(),
        id: node.resource.id().to_owned(),
        address: node.address.map(str::to_owned),
        part: part(node.part).to_owned(),
        rpo_low_s: choice.rpo.low.seconds(),
        rpo_high_s: choice.rpo.high.seconds(),
        act_low_s: choice.act.low.seconds(),
        act_high_s: choice.act.high.seconds(),
        slack_s: slack,
        path: choice.path,
        runner_up: choice.runner_up,
        paths: paths.iter().map(|path| written(&label, path)).collect(),
        name: label,
    }
}

fn written(label: &str, path: &Path) -> RecoveryPath {
    RecoveryPath {
        name: path.name.to_owned(),
        to: path.to.clone(),
        automatic: path.automatic,
        unseen: path.is_unseen(),
        rpo: figure(&path.rpo),
        act: figure(&path.act),
        gates: gates(label, path),
    }
}

fn figure(of: &Figure) -> RecoveryFigure {
    RecoveryFigure {
        low_s: of.interval.low.seconds(),
        high_s: of.interval.high.seconds(),
        grade: of.grade,
        formula: of.formula.clone(),
        inputs: of.inputs.clone(),
        unread: of.gap.as_ref().map(ToString::to_string),
    }
}

/// The gates of a path.
pub fn gates(label: &str, path: &Path) -> Vec<RecoveryGate> {
    let name = match path.to.as_str() {
        "" => path.name.to_owned(),
        to => format!("{} to {to}", path.name),
    };
    path.gates.iter().map(|one| gate(label, &name, one)).collect()
}

/// One gate; without a path, of the whole scenario.
pub fn gate(label: &str, path: &str, gate: &Gate) -> RecoveryGate {
    let (state, why) = match &gate.fault {
        Some(fault) => {
            let (state, said) = why(fault);
            (state, Some(said))
        }
        None => ("open", None),
    };
    let effect = match gate.effect {
        Effect::Closes => RecoveryGateEffect::Closes,
        Effect::Delays(_) => RecoveryGateEffect::Delays,
        Effect::Warns => RecoveryGateEffect::Warns,
    };
    let delay = gate.delay();
    RecoveryGate {
        resource: label.to_owned(),
        path: path.to_owned(),
        name: gate.name.to_owned(),
        subject: gate.subject.clone(),
        state: state.to_owned(),
        effect,
        delay_low_s: delay.and_then(|delay| delay.low.seconds()),
        delay_high_s: delay.and_then(|delay| delay.high.seconds()),
        why,
    }
}
