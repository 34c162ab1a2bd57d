//! A verification of recovery: the matrix of scenarios, the critical paths, what is lost, what fails first.

use super::canvas::{Canvas, Cell, Paint, number, plain, text};
use super::{soft, strong};
use crate::recover::{Interval, Span};
use crate::report::words;
use crate::result::{
    Recovery, RecoveryGateEffect, RecoveryOutcome, RecoveryRange, RecoveryRehearsal, RecoveryResource,
    RecoveryScenario, RecoverySegment, RecoveryWorkload,
};

/// Resources that are listed for a scenario; the JSON result has them all.
const RESOURCES: usize = 15;

/// Everything of a verification.
pub fn sections(canvas: &mut Canvas, of: &Recovery) {
    matrix(canvas, of);
    for scenario in of.scenarios.iter().filter(|scenario| !scenario.resources.is_empty()) {
        details(canvas, scenario);
    }
    for workload in &of.workloads {
        availability(canvas, workload);
    }
    if !of.assumptions.is_empty() {
        canvas.part("What is taken for granted", "replace it in the profile by what you know");
        let columns = [text("Key"), text("Value"), text("Owner"), text("Confirmed"), number("Uses")];
        let row = |it: &crate::result::RecoveryAssumption| {
            [&it.key, &it.value, &it.owner, &it.date, &it.uses.to_string()].map(plain).to_vec()
        };
        canvas.grid(&columns, &of.assumptions.iter().map(row).collect::<Vec<_>>());
    }
    rehearsals(canvas, of);
    if !of.notes.is_empty() {
        canvas.part("Notes", "");
        for note in &of.notes {
            canvas.line(0, &[plain("-"), plain(note)]);
        }
    }
}

fn rehearsals(canvas: &mut Canvas, of: &Recovery) {
    if of.rehearsals.is_empty() {
        return;
    }
    canvas.part("What was rehearsed", "grade A rests on it, where it counts");
    let columns = [text("Ended"), text("What"), text("Of"), text("Region"), number("Took"), text("Counts")];
    let row = |it: &RecoveryRehearsal| {
        vec![
            plain(&it.at),
            plain(&it.what),
            plain(&it.subject),
            plain(&it.region),
            it.took_s.map_or_else(|| soft("–"), |took| plain(Span::Seconds(took).to_string())),
            match &it.why {
                None => plain("yes"),
                Some(why) => soft(format!("no: {why}")),
            },
        ]
    };
    canvas.grid(&columns, &of.rehearsals.iter().take(RESOURCES).map(row).collect::<Vec<_>>());
    if of.rehearsals.len() > RESOURCES {
        let more = of.rehearsals.len() - RESOURCES;
        canvas.line(0, &[soft(format!("{more} more in the JSON result, under recovery.rehearsals"))]);
    }
}

fn span(seconds: Option<u64>) -> Span {
    seconds.map_or(Span::Never, Span::Seconds)
}

fn shown(low: Option<u64>, high: Option<u64>) -> String {
    Interval { low: span(low), high: span(high) }.to_string()
}

fn paint(of: RecoveryOutcome) -> Paint {
    match of {
        RecoveryOutcome::Pass => Paint::Good,
        RecoveryOutcome::PassOnAssumption | RecoveryOutcome::Undetermined => Paint::Warn,
        RecoveryOutcome::Fail => Paint::Bad,
    }
}

fn range(of: &RecoveryRange) -> Cell {
    Cell::new(format!("{} [{}]", shown(of.low_s, of.high_s), of.grade), paint(of.outcome))
}

fn matrix(canvas: &mut Canvas, of: &Recovery) {
    let home = &of.home;
    canvas.part("Scenarios", &format!("home {home}, brought back in {}", of.targets.join(", ")));
    let columns = [
        text("Workload"),
        text("Scenario"),
        text("Data lost"),
        text("Time to recover"),
        text("Outcome"),
        text("Gated"),
    ];
    let row = |scenario: &RecoveryScenario| {
        let to = scenario.target.as_ref().map(|target| format!(" → {target}")).unwrap_or_default();
        vec![
            plain(&scenario.workload),
            plain(format!("{}{to}", scenario.name.title())),
            range(&scenario.rpo),
            range(&scenario.rto),
            Cell::new(scenario.outcome.words(), paint(scenario.outcome)),
            if scenario.gated { plain("yes") } else { soft("reported") },
        ]
    };
    canvas.grid(&columns, &of.scenarios.iter().map(row).collect::<Vec<_>>());
    canvas.line(
        0,
        &[soft("Best to worst case; the worst decides. A rehearsed, B measured, C documented, D assumed.")],
    );
}

fn details(canvas: &mut Canvas, of: &RecoveryScenario) {
    let objective = format!(
        "objectives: {} of data, {} until back",
        Span::Seconds(of.rpo.objective_s),
        Span::Seconds(of.rto.objective_s)
    );
    canvas.part(&format!("{}: {}", of.workload, of.name.title().to_lowercase()), &objective);
    if !of.critical_path.is_empty() {
        canvas.line(0, &[strong("Critical path")]);
        let columns = [text("Step"), text("Resource"), text("Way"), number("Time"), text("Grade")];
        let row = |segment: &RecoverySegment| {
            vec![
                plain(&segment.step),
                segment.resource.as_ref().map_or_else(|| soft("–"), plain),
                plain(&segment.what),
                plain(shown(segment.low_s, segment.high_s)),
                plain(segment.grade.to_string()),
            ]
        };
        canvas.grid(&columns, &of.critical_path.iter().map(row).collect::<Vec<_>>());
        for command in of.critical_path.iter().flat_map(|segment| &segment.commands) {
            canvas.line(2, &[soft("to approve and run:"), plain(command)]);
        }
    }
    canvas.space();
    canvas.line(
        0,
        &[
            strong("Lost"),
            soft(format!("{}; {} go on", words::count(of.resources.len(), "resource"), of.unaffected)),
        ],
    );
    let columns =
        [text("Resource"), text("Data lost"), text("Act"), text("Way that counts"), text("Runner-up")];
    let rows: Vec<Vec<Cell>> = of.resources.iter().take(RESOURCES).map(resource).collect();
    canvas.grid(&columns, &rows);
    if of.resources.len() > RESOURCES {
        let more = of.resources.len() - RESOURCES;
        canvas.line(0, &[soft(format!("{more} more in the JSON result, under recovery.scenarios"))]);
    }
    if let Some(spread) = of.spread_s.filter(|spread| *spread > 0) {
        let sentence = format!("The stores come back to moments up to {} apart.", Span::Seconds(spread));
        canvas.line(0, &[plain(sentence)]);
    }
    list(
        canvas,
        "What keeps a way shut",
        of.gates.iter().map(|gate| {
            let why = gate.why.as_deref().unwrap_or_default();
            let effect = match gate.effect {
                RecoveryGateEffect::Closes => "",
                RecoveryGateEffect::Delays => ", which takes time",
                RecoveryGateEffect::Warns => ", a warning",
            };
            format!("{}: {} is {}{effect}: {why}", gate.resource, gate.name, gate.state)
        }),
    );
    list(canvas, "What was not read and would decide", of.unread.iter().cloned());
    list(canvas, "What would help most", of.advice.iter().cloned());
    list(
        canvas,
        "Data that leave their part of the world",
        of.flows.iter().map(|flow| format!("{}: {} → {}", flow.resource, flow.from, flow.to)),
    );
}

fn list(canvas: &mut Canvas, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    canvas.space();
    canvas.line(0, &[strong(title)]);
    for line in lines.iter().take(RESOURCES) {
        canvas.line(2, &[plain("-"), plain(line)]);
    }
    if lines.len() > RESOURCES {
        canvas.line(2, &[soft(format!("{} more in the JSON result", lines.len() - RESOURCES))]);
    }
}

fn resource(of: &RecoveryResource) -> Vec<Cell> {
    let way = |index: Option<usize>| {
        let path = index.and_then(|index| of.paths.get(index));
        match path {
            Some(path) if path.unseen => Cell::new(format!("not read: {}", path.name), Paint::Warn),
            Some(path) if path.to.is_empty() => plain(&path.name),
            Some(path) => plain(format!("{} ({})", path.name, path.to)),
            None => soft("–"),
        }
    };
    let counts = match of.path {
        None => Cell::new("no way back", Paint::Bad),
        index => way(index),
    };
    vec![
        plain(&of.name),
        if of.part == "store" { plain(shown(of.rpo_low_s, of.rpo_high_s)) } else { soft("–") },
        plain(shown(of.act_low_s, of.act_high_s)),
        counts,
        way(of.runner_up),
    ]
}

fn availability(canvas: &mut Canvas, of: &RecoveryWorkload) {
    let found = &of.availability;
    if found.factors.is_empty() {
        return;
    }
    canvas.part(&format!("{}: availability", of.name), "what services commit themselves to, in series");
    canvas.line(
        0,
        &[
            plain(format!("{} %", found.percent)),
            soft(format!("of {} %, grade {}", found.objective, found.grade)),
            Cell::new(found.outcome.words(), paint(found.outcome)),
        ],
    );
    let measured = found.measured.as_ref().map_or_else(
        || soft("not measured"),
        |it| {
            let of = words::count(usize::try_from(it.requests).unwrap_or(usize::MAX), "request");
            plain(format!("measured {} %: {} of {of} failed in 30 days", it.percent, it.failed))
        },
    );
    canvas.line(0, &[measured]);
    let columns = [text("Factor"), number("Percent"), text("Commitment"), number("Resources")];
    let row = |factor: &crate::result::RecoveryFactor| {
        vec![
            plain(&factor.stands_for),
            plain(factor.percent.to_string()),
            plain(&factor.commitment),
            plain(factor.resources.to_string()),
        ]
    };
    canvas.grid(&columns, &found.factors.iter().take(RESOURCES).map(row).collect::<Vec<_>>());
}
