//! A verification of recovery: the matrix of scenarios, the critical paths, what is lost, what fails first.

use super::canvas::{Canvas, Cell, Paint, number, plain, text};
use super::{soft, strong};
use crate::report::recovery::{self as view, shown};
use crate::report::words;
use crate::result::{
    Recovery, RecoveryOutcome, RecoveryRange, RecoveryResource, RecoveryScenario, RecoverySegment,
    RecoveryWorkload,
};

/// Resources that are listed for a scenario; the JSON result has them all.
const RESOURCES: usize = 15;

/// Everything of a verification.
pub fn sections(canvas: &mut Canvas, of: &Recovery) {
    since(canvas, of);
    matrix(canvas, of);
    for scenario in of.scenarios.iter().filter(|scenario| !scenario.resources.is_empty()) {
        details(canvas, scenario);
    }
    for workload in &of.workloads {
        availability(canvas, workload);
    }
    if !of.assumptions.is_empty() {
        canvas.part("What is taken for granted", "replace it in the profile by what you know");
        let columns = [text("Key"), text("Value"), text("Owner"), text("Date"), number("Uses")];
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
    let rows = of.rehearsals.iter().take(RESOURCES);
    let rows: Vec<Vec<Cell>> = rows.map(|it| view::rehearsal(it).map(plain).to_vec()).collect();
    canvas.grid(&columns, &rows);
    if of.rehearsals.len() > RESOURCES {
        let more = of.rehearsals.len() - RESOURCES;
        canvas.line(0, &[soft(format!("{more} more in the JSON result, under recovery.rehearsals"))]);
    }
}

fn since(canvas: &mut Canvas, of: &Recovery) {
    let Some(since) = &of.since else { return };
    canvas.part("Since the earlier verification", "");
    canvas.line(0, &[plain(view::since(since, &words::moment(&since.as_of)))]);
    for change in &since.changes {
        let tone = match change.direction.as_str() {
            "worse" => Paint::Bad,
            "better" => Paint::Good,
            _ => Paint::Warn,
        };
        canvas.line(0, &[Cell::new(view::change(change), tone)]);
        for cause in change.causes.iter().take(RESOURCES) {
            canvas.line(2, &[plain("-"), plain(cause)]);
        }
        if change.causes.len() > RESOURCES {
            canvas.line(2, &[soft(format!("{} more in the JSON result", change.causes.len() - RESOURCES))]);
        }
    }
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
        vec![
            plain(&scenario.workload),
            plain(view::title(scenario)),
            range(&scenario.rpo),
            range(&scenario.rto),
            Cell::new(scenario.outcome.words(), paint(scenario.outcome)),
            if scenario.gated { plain("yes") } else { soft("reported") },
        ]
    };
    canvas.grid(&columns, &of.scenarios.iter().map(row).collect::<Vec<_>>());
    canvas.line(0, &[soft(view::LEGEND)]);
}

fn details(canvas: &mut Canvas, of: &RecoveryScenario) {
    canvas.part(&format!("{}: {}", of.workload, of.name.title().to_lowercase()), &view::objectives(of));
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
    let columns = [
        text("Resource"),
        text("Data lost"),
        text("Act"),
        text("Way that counts"),
        text("Runner-up"),
        number("Slack"),
    ];
    let rows: Vec<Vec<Cell>> = of.resources.iter().take(RESOURCES).map(resource).collect();
    canvas.grid(&columns, &rows);
    if of.resources.len() > RESOURCES {
        let more = of.resources.len() - RESOURCES;
        canvas.line(0, &[soft(format!("{more} more in the JSON result, under recovery.scenarios"))]);
    }
    if let Some(spread) = view::spread(of) {
        canvas.line(0, &[plain(spread)]);
    }
    list(canvas, "What keeps a way shut", of.gates.iter().map(view::gate));
    list(canvas, "What was not read and would decide", of.unread.iter().cloned());
    list(canvas, "What would help most", of.advice.iter().cloned());
    list(canvas, "Data that leave their part of the world", of.flows.iter().map(view::flow));
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
        view::slack(of).map_or_else(|| soft("–"), plain),
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
    canvas.line(0, &[soft(view::measured(found))]);
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
