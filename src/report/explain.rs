//! The arithmetic of one resource, unfolded: paths, inputs with the calls behind them, formulas, grades, gates.

use std::fmt::Write;

use super::words::one_line;
use crate::recover::{Input, Interval, Span};
use crate::result::{Recovery, RecoveryFigure, RecoveryPath, RecoveryResource, RecoveryScenario};

/// No resource of that name is lost in any scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no scenario loses a resource called '{name}'\n  remedy: name one by its id or Terraform address{near}"
)]
pub struct Unknown {
    name: String,
    near: String,
}

/// Everything that is known of a resource, by workload and scenario.
///
/// # Errors
/// [`Unknown`], with the nearest names.
pub fn resource(recovery: &Recovery, name: &str) -> Result<String, Unknown> {
    let mut text = String::new();
    for scenario in &recovery.scenarios {
        for resource in scenario.resources.iter().filter(|it| it.id == name || it.name == name) {
            section(&mut text, scenario, resource);
        }
    }
    if !text.is_empty() {
        return Ok(text);
    }
    let all =
        recovery.scenarios.iter().flat_map(|scenario| &scenario.resources).flat_map(|it| [&it.id, &it.name]);
    let distance = |known: &str| strsim::damerau_levenshtein(known, name);
    let near = all.map(|known| (distance(known), known)).min().filter(|(far, _)| *far <= name.len() / 2);
    let near = near.map(|(_, known)| format!("; did you mean '{known}'?")).unwrap_or_default();
    Err(Unknown { name: name.to_owned(), near })
}

fn span(low: Option<u64>, high: Option<u64>) -> Interval {
    let of = |seconds: Option<u64>| seconds.map_or(Span::Never, Span::Seconds);
    Interval { low: of(low), high: of(high) }
}

/// Writing into a string cannot fail.
fn line(text: &mut String, indent: usize, words: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{}{}", " ".repeat(indent), one_line(&words.to_string()));
}

fn section(text: &mut String, scenario: &RecoveryScenario, of: &RecoveryResource) {
    if !text.is_empty() {
        text.push('\n');
    }
    let to = scenario.target.as_ref().map(|target| format!(", to {target}")).unwrap_or_default();
    line(text, 0, format_args!("{} · {} · {}{to}", of.name, scenario.workload, scenario.name.title()));
    line(text, 2, format_args!("data lost        {}", span(of.rpo_low_s, of.rpo_high_s)));
    line(text, 2, format_args!("time to act      {}", span(of.act_low_s, of.act_high_s)));
    if of.paths.is_empty() {
        line(text, 2, format_args!("no way back was found, and everything that could show one was read"));
    }
    for (index, path) in of.paths.iter().enumerate() {
        let standing = match index {
            _ if path.unseen => "not known whether there is one",
            it if of.path == Some(it) => "counts",
            it if of.runner_up == Some(it) => "runner-up",
            _ => "not taken",
        };
        way(text, path, standing);
    }
    if of.paths.len() > 1 {
        let why = "the path counts that loses least in the worst case, and of equals the fastest; the best case is the \
                   best of all paths";
        line(text, 2, format_args!("{why}"));
    }
}

fn way(text: &mut String, path: &RecoveryPath, standing: &str) {
    let automatic = if path.automatic { "by itself" } else { "by decision" };
    let to = if path.to.is_empty() { String::new() } else { format!(" to {}", path.to) };
    line(text, 2, format_args!("{}{to} ({automatic}): {standing}", path.name));
    number(text, "data lost", &path.rpo);
    number(text, "time to act", &path.act);
    for gate in &path.gates {
        let why = gate.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let delay = match gate.delay_high_s {
            Some(high) => format!("; it adds {}", span(gate.delay_low_s, Some(high))),
            None => String::new(),
        };
        line(text, 4, format_args!("gate {} ({}) is {}{why}{delay}", gate.name, gate.subject, gate.state));
    }
}

fn number(text: &mut String, what: &str, of: &RecoveryFigure) {
    let interval = span(of.low_s, of.high_s);
    let grade = of.grade;
    line(text, 4, format_args!("{what} = {} = {interval} (grade {grade}, {})", of.formula, grade.words()));
    for Input { name, value, source } in &of.inputs {
        line(text, 6, format_args!("{name}: {value} [{source}]"));
    }
    if let Some(unread) = &of.unread {
        line(text, 6, format_args!("not read: {unread}"));
    }
}
