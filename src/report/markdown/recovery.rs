//! A verification of recovery in Markdown: short enough for a pull request, with what decides first.

use super::{Page, code, text};
use crate::report::recovery as view;
use crate::report::words;
use crate::result::{
    Recovery, RecoveryOutcome, RecoveryRange, RecoveryResource, RecoveryScenario, RecoverySegment,
    RecoveryWorkload,
};

/// Rows that are listed; the JSON result has them all.
const MOST: usize = 15;

/// Everything of a verification.
pub fn sections(page: &mut Page, of: &Recovery) {
    since(page, of);
    matrix(page, of);
    let told = |it: &&RecoveryScenario| !it.resources.is_empty() || it.outcome != RecoveryOutcome::Pass;
    for scenario in of.scenarios.iter().filter(told) {
        details(page, scenario);
    }
    for workload in &of.workloads {
        availability(page, workload);
        dependencies(page, workload);
    }
    if !of.rehearsals.is_empty() {
        page.heading(2, "What was rehearsed");
        let rows = of.rehearsals.iter().take(MOST);
        let rows: Vec<Vec<String>> =
            rows.map(|it| view::rehearsal(it).map(|cell| text(&cell)).to_vec()).collect();
        page.table(&["Ended", "What", "Of", "Region", "Took:", "Counts for grade A"], &rows);
    }
    if !of.assumptions.is_empty() {
        page.heading(2, "What is taken for granted");
        let row = |it: &crate::result::RecoveryAssumption| {
            vec![code(&it.key), text(&it.value), text(&it.owner), text(&it.date), it.uses.to_string()]
        };
        let rows: Vec<Vec<String>> = of.assumptions.iter().map(row).collect();
        page.table(&["Key", "Value", "Owner", "Date", "Uses:"], &rows);
    }
    if !of.notes.is_empty() {
        page.heading(2, "Notes");
        page.list(of.notes.iter().map(|note| text(note)));
    }
}

fn since(page: &mut Page, of: &Recovery) {
    let Some(since) = &of.since else { return };
    page.heading(2, "Since the earlier verification");
    page.paragraph(&text(&view::since(since, &words::moment(&since.as_of))));
    for change in &since.changes {
        page.paragraph(&format!("**{}**", text(&view::change(change))));
        cut(page, &change.causes);
    }
}

fn cut(page: &mut Page, lines: &[String]) {
    let more = lines.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("{more} more in the JSON result"));
    page.list(lines.iter().take(MOST).map(|line| text(line)).chain(rest));
}

fn range(of: &RecoveryRange) -> String {
    format!("{} ({})", view::shown(of.low_s, of.high_s), of.grade)
}

/// All scenarios with their numbers.
pub fn matrix(page: &mut Page, of: &Recovery) {
    page.heading(2, "Scenarios");
    let targets: Vec<String> = of.targets.iter().map(|target| text(target)).collect();
    page.paragraph(&format!("Home is {}, brought back in {}.", text(&of.home), targets.join(", ")));
    let row = |scenario: &RecoveryScenario| {
        vec![
            text(&scenario.workload),
            text(&view::title(scenario)),
            range(&scenario.rpo),
            range(&scenario.rto),
            format!("**{}**", scenario.outcome.words()),
            if scenario.gated { "yes" } else { "reported" }.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = of.scenarios.iter().map(row).collect();
    page.table(&["Workload", "Scenario", "Data lost", "Time to recover", "Outcome", "Gated"], &rows);
    page.paragraph(view::LEGEND);
}

/// What decides a scenario.
pub fn details(page: &mut Page, of: &RecoveryScenario) {
    page.heading(2, &format!("{}: {}", text(&of.workload), text(&of.name.title().to_lowercase())));
    page.paragraph(&format!(
        "{}; {} lost, {} go on.",
        words::capital(&view::objectives(of)),
        words::count(of.resources.len(), "resource"),
        of.unaffected
    ));
    if !of.critical_path.is_empty() {
        page.heading(3, "Critical path");
        let row = |segment: &RecoverySegment| {
            vec![
                text(&segment.step),
                segment.resource.as_deref().map_or_else(|| "–".to_owned(), code),
                text(&segment.what),
                view::shown(segment.low_s, segment.high_s),
                segment.grade.to_string(),
            ]
        };
        let rows: Vec<Vec<String>> = of.critical_path.iter().map(row).collect();
        page.table(&["Step", "Resource", "Way", "Time:", "Grade"], &rows);
        let commands: Vec<&str> =
            of.critical_path.iter().flat_map(|segment| &segment.commands).map(String::as_str).collect();
        if !commands.is_empty() {
            page.paragraph("For a person to approve and run, in this order:");
            page.code("sh", &commands.join("\n"));
        }
    }
    if !of.resources.is_empty() {
        page.heading(3, "What is lost");
        let rows: Vec<Vec<String>> = of.resources.iter().take(MOST).map(resource).collect();
        page.table(
            &["Resource", "Data lost:", "Time to act:", "Way that counts", "Runner-up", "Slack:"],
            &rows,
        );
        if of.resources.len() > MOST {
            page.paragraph(&format!("{} more in the JSON result.", of.resources.len() - MOST));
        }
    }
    if let Some(spread) = view::spread(of) {
        page.paragraph(&spread);
    }
    let gates: Vec<String> = of.gates.iter().map(view::gate).collect();
    let flows: Vec<String> = of.flows.iter().map(view::flow).collect();
    let lists: [(&str, &[String]); 4] = [
        ("What keeps a way shut", &gates),
        ("What was not read and would decide", &of.unread),
        ("What would help most", &of.advice),
        ("Data that leave their part of the world", &flows),
    ];
    for (title, lines) in lists.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        page.heading(3, title);
        cut(page, lines);
    }
}

fn resource(of: &RecoveryResource) -> Vec<String> {
    let none = || "–".to_owned();
    vec![
        code(&of.name),
        if of.part == "store" { view::shown(of.rpo_low_s, of.rpo_high_s) } else { none() },
        view::shown(of.act_low_s, of.act_high_s),
        view::way(of, of.path).map_or_else(|| "**no way back**".to_owned(), |way| text(&way)),
        view::way(of, of.runner_up).map_or_else(none, |way| text(&way)),
        view::slack(of).unwrap_or_else(none),
    ]
}

fn availability(page: &mut Page, of: &RecoveryWorkload) {
    let found = &of.availability;
    if found.factors.is_empty() {
        return;
    }
    page.heading(2, &format!("{}: availability", text(&of.name)));
    page.paragraph(&format!(
        "{} % of {} %, grade {}: **{}**. What services commit themselves to, in series; a bound on the design. {}",
        found.percent,
        found.objective,
        found.grade,
        found.outcome.words(),
        view::measured(found)
    ));
    let row = |it: &crate::result::RecoveryFactor| {
        vec![text(&it.stands_for), it.percent.to_string(), code(&it.commitment), it.resources.to_string()]
    };
    let rows: Vec<Vec<String>> = found.factors.iter().take(MOST).map(row).collect();
    page.table(&["Factor", "Percent:", "Commitment", "Resources:"], &rows);
}

/// A drawing that GitHub and GitLab show as such.
fn dependencies(page: &mut Page, of: &RecoveryWorkload) {
    let Some(drawing) = of.graph.as_deref().and_then(view::drawing) else { return };
    page.heading(2, &format!("{}: what needs what", text(&of.name)));
    let mut lines = vec!["flowchart LR".to_owned()];
    for (number, (name, part, ..)) in drawing.boxes.iter().enumerate() {
        let label = words::one_line(name).replace('"', "#quot;").replace('`', "'");
        lines.push(match part.as_str() {
            "store" => format!("  n{number}[(\"{label}\")]"),
            "entry" => format!("  n{number}([\"{label}\"])"),
            _ => format!("  n{number}[\"{label}\"]"),
        });
    }
    lines.extend(drawing.lines.iter().map(|(from, to)| format!("  n{from} --> n{to}")));
    page.code("mermaid", &lines.join("\n"));
    if drawing.alone > 0 {
        page.paragraph(&format!(
            "{} more: nothing tells what they need, and nothing needs them.",
            words::count(drawing.alone, "resource")
        ));
    }
}
