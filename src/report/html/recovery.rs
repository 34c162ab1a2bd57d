//! What the template of a verification of recovery prints.

use serde_json::{Value, json};

use crate::report::recovery::{self as view, Drawing};
use crate::report::words;
use crate::result::{
    Recovery, RecoveryOutcome, RecoveryRange, RecoveryResource, RecoveryScenario, RecoverySegment,
    RecoveryWorkload,
};

/// Resources and lines that stand open; the others unfold.
const OPEN: usize = 12;
/// The size of a box of the drawing, and of the room around it.
const BOX: (usize, usize) = (220, 26);
const STEP: (usize, usize) = (275, 36);
/// Letters that fit into a box.
const LETTERS: usize = 30;

/// Everything of a verification.
pub fn of(found: &Recovery) -> Value {
    let details = found.scenarios.iter().filter(|it| !it.resources.is_empty() || !it.unread.is_empty());
    json!({
        "home": found.home,
        "targets": found.targets.join(", "),
        "legend": view::LEGEND,
        "since": found.since.as_ref().map(|since| json!({
            "said": view::since(since, &words::moment(&since.as_of)),
            "changes": since.changes.iter().map(|change| json!({
                "said": view::change(change),
                "kind": match change.direction.as_str() { "worse" => "bad", "better" => "good", _ => "warn" },
                "direction": change.direction,
                "causes": change.causes,
            })).collect::<Vec<_>>(),
        })),
        "scenarios": found.scenarios.iter().map(row).collect::<Vec<_>>(),
        "details": details.enumerate().map(|(number, it)| scenario(number, it)).collect::<Vec<_>>(),
        "workloads": found.workloads.iter().enumerate().map(|(number, it)| workload(number, it)).collect::<Vec<_>>(),
        "rehearsals": found.rehearsals.iter().map(view::rehearsal).collect::<Vec<_>>(),
        "assumptions": found.assumptions,
        "notes": found.notes,
    })
}

fn kind(of: RecoveryOutcome) -> &'static str {
    match of {
        RecoveryOutcome::Pass => "go",
        RecoveryOutcome::PassOnAssumption => "waived",
        RecoveryOutcome::Undetermined => "open",
        RecoveryOutcome::Fail => "stop",
    }
}

fn range(of: &RecoveryRange) -> Value {
    json!({
        "shown": view::shown(of.low_s, of.high_s),
        "grade": of.grade.to_string(),
        "kind": kind(of.outcome),
        "objective": view::shown(Some(of.objective_s), Some(of.objective_s)),
        "by": of.decided_by,
    })
}

fn row(of: &RecoveryScenario) -> Value {
    json!({
        "workload": of.workload,
        "title": view::title(of),
        "rpo": range(&of.rpo),
        "rto": range(&of.rto),
        "outcome": of.outcome.words(),
        "kind": kind(of.outcome),
        "gated": of.gated,
    })
}

fn scenario(number: usize, of: &RecoveryScenario) -> Value {
    let (shown, more) = of.resources.split_at(of.resources.len().min(OPEN));
    let resources = |of: &[RecoveryResource], objective: u64| -> Vec<Value> {
        of.iter().map(|it| resource(it, objective)).collect()
    };
    let (parts, objective) = view::bar(of);
    let parts: Vec<Value> = parts
        .iter()
        .map(|part| {
            let grade =
                part.grade.map_or_else(|| "never".to_owned(), |grade| grade.to_string().to_lowercase());
            json!({ "from": place(part.from), "width": place(part.width), "grade": grade })
        })
        .collect();
    let told: Vec<String> = of
        .critical_path
        .iter()
        .map(|it| format!("{} {} (grade {})", it.what, view::shown(it.low_s, it.high_s), it.grade))
        .collect();
    json!({
        "id": format!("scenario-{number}"),
        "workload": of.workload,
        "title": view::title(of),
        "outcome": of.outcome.words(),
        "kind": kind(of.outcome),
        "open": of.gated && of.outcome > RecoveryOutcome::PassOnAssumption,
        "objectives": words::capital(&view::objectives(of)),
        "lost": words::count(of.resources.len(), "resource"),
        "unaffected": of.unaffected,
        "bar": {
            "parts": parts,
            "objective": objective.map(place),
            "title": format!("Worst case of the critical path: {}", told.join(", ")),
        },
        "path": of.critical_path.iter().map(segment).collect::<Vec<_>>(),
        "commands": of.critical_path.iter().flat_map(|it| &it.commands).collect::<Vec<_>>(),
        "resources": resources(shown, of.rpo.objective_s),
        "resources_more": resources(more, of.rpo.objective_s),
        "spread": view::spread(of),
        "lists": lists(of),
    })
}

fn lists(of: &RecoveryScenario) -> Vec<Value> {
    let gates: Vec<String> = of.gates.iter().map(view::gate).collect();
    let flows: Vec<String> = of.flows.iter().map(view::flow).collect();
    let all: [(&str, &[String]); 4] = [
        ("What keeps a way shut", &gates),
        ("What was not read and would decide", &of.unread),
        ("What would help most", &of.advice),
        ("Data that leave their part of the world", &flows),
    ];
    all.into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(title, lines)| {
            let (shown, more) = lines.split_at(lines.len().min(OPEN));
            json!({ "title": title, "lines": shown, "more": more })
        })
        .collect()
}

/// A place on a bar, with as many digits as can be seen.
fn place(percent: f64) -> String {
    format!("{percent:.2}")
}

fn segment(of: &RecoverySegment) -> Value {
    json!({
        "step": of.step,
        "resource": of.resource,
        "what": of.what,
        "time": view::shown(of.low_s, of.high_s),
        "grade": of.grade.to_string(),
        "mark": if of.high_s.is_none() { "never".to_owned() } else { of.grade.to_string().to_lowercase() },
    })
}

fn resource(of: &RecoveryResource, objective: u64) -> Value {
    let stored = of.part == "store";
    let (low, high) = (view::at(of.rpo_low_s), view::at(of.rpo_high_s));
    let late = of.rpo_high_s.is_none_or(|seconds| seconds > objective);
    json!({
        "name": of.name,
        "lost": stored.then(|| view::shown(of.rpo_low_s, of.rpo_high_s)),
        "scale": stored.then(|| json!({
            // What is certainly lost, and what may be besides; a point is as wide as a hair, so that it is seen.
            "sure": place(low),
            "maybe": place((high - low).max(if high > 0.0 && low >= high { 0.0 } else { 0.5 })),
            "late": late,
            "objective": place(view::at(Some(objective))),
            "title": format!(
                "Data lost: {} of an objective of {}",
                view::shown(of.rpo_low_s, of.rpo_high_s),
                view::shown(Some(objective), Some(objective))
            ),
        })),
        "act": view::shown(of.act_low_s, of.act_high_s),
        "way": view::way(of, of.path),
        "runner_up": view::way(of, of.runner_up),
        "slack": view::slack(of),
    })
}

fn workload(number: usize, of: &RecoveryWorkload) -> Value {
    let found = &of.availability;
    let (shown, more) = found.factors.split_at(found.factors.len().min(OPEN));
    json!({
        "name": of.name,
        "strategy": of.strategy,
        "resources": words::count(of.resources, "resource"),
        "stores": words::count(of.stores, "store"),
        "entry_points": of.entry_points,
        "percent": found.percent,
        "objective": found.objective,
        "grade": found.grade.to_string(),
        "outcome": found.outcome.words(),
        "kind": kind(found.outcome),
        "measured": view::measured(found),
        "factors": shown,
        "factors_more": more.len(),
        "unread": found.unread,
        "drawing": of.graph.as_deref().and_then(view::drawing).map(|it| drawing(number, &it)),
    })
}

/// Boxes with their corners, and lines between their sides.
fn drawing(number: usize, of: &Drawing) -> Value {
    let corner = |column: usize, row: usize| (column * STEP.0 + 4, row * STEP.1 + 4);
    let boxes: Vec<Value> = of
        .boxes
        .iter()
        .map(|(name, part, column, row)| {
            let (x, y) = corner(*column, *row);
            json!({ "x": x, "y": y, "text_x": x + 8, "text_y": y + 18, "part": part, "label": short(name), "name": name })
        })
        .collect();
    let lines: Vec<Value> = of
        .lines
        .iter()
        .filter_map(|(from, to)| {
            let (a, b) = (of.boxes.get(*from)?, of.boxes.get(*to)?);
            let ((x1, y1), (x2, y2)) = (corner(a.2, a.3), corner(b.2, b.3));
            Some(json!({ "x1": x1 + BOX.0, "y1": y1 + BOX.1 / 2, "x2": x2, "y2": y2 + BOX.1 / 2 }))
        })
        .collect();
    let columns = of.boxes.iter().map(|it| it.2).max().unwrap_or(0) + 1;
    let rows = of.boxes.iter().map(|it| it.3).max().unwrap_or(0) + 1;
    let needs: Vec<String> = of
        .lines
        .iter()
        .filter_map(|(from, to)| Some(format!("{} needs {}", of.boxes.get(*from)?.0, of.boxes.get(*to)?.0)))
        .collect();
    json!({
        "id": format!("drawing-{number}"),
        "width": (columns - 1) * STEP.0 + BOX.0 + 8,
        "height": (rows - 1) * STEP.1 + BOX.1 + 8,
        "box_width": BOX.0,
        "box_height": BOX.1,
        "boxes": boxes,
        "lines": lines,
        "alone": of.alone,
        "title": needs.join("; "),
    })
}

/// The end of a long name tells more than its beginning.
fn short(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= LETTERS {
        return name.to_owned();
    }
    let tail: String = letters[letters.len() - LETTERS + 1..].iter().collect();
    format!("…{tail}")
}
