//! The words and drawings for a verification of recovery, shared by the formats for people.

use std::collections::{BTreeMap, BTreeSet};

use super::words;
use crate::recover::{Grade, Interval, Span};
use crate::result::{
    RecoveryAvailability, RecoveryChange, RecoveryFlow, RecoveryGate, RecoveryGateEffect, RecoveryNeeds,
    RecoveryRehearsal, RecoveryResource, RecoveryScenario, RecoverySince,
};

/// What grades and the worst case mean, in one sentence.
pub const LEGEND: &str =
    "Best to worst case; the worst decides. A rehearsed, B measured, C documented, D assumed.";

/// The longest time on a scale: 30 days.
const SCALE_END: f64 = 2_592_000.0;

/// Resources of a workload that are drawn with what they need; of more nobody sees anything.
const DRAWN: usize = 40;

fn span(seconds: Option<u64>) -> Span {
    seconds.map_or(Span::Never, Span::Seconds)
}

/// A range of seconds.
pub fn shown(low: Option<u64>, high: Option<u64>) -> String {
    Interval { low: span(low), high: span(high) }.to_string()
}

/// The title of a scenario, with the region in which it is brought back.
pub fn title(of: &RecoveryScenario) -> String {
    let to = of.target.as_ref().map(|target| format!(" → {target}")).unwrap_or_default();
    format!("{}{to}", of.name.title())
}

/// What has to be reached.
pub fn objectives(of: &RecoveryScenario) -> String {
    let (rpo, rto) = (Span::Seconds(of.rpo.objective_s), Span::Seconds(of.rto.objective_s));
    format!("objectives: {rpo} of data, {rto} until back")
}

/// Where a time stands on a logarithmic scale from a second to 30 days, in percent; what has no end stands at the end.
pub fn at(seconds: Option<u64>) -> f64 {
    let Some(seconds) = seconds else { return 100.0 };
    ((seconds as f64 + 1.0).ln() / (SCALE_END + 1.0).ln() * 100.0).min(100.0)
}

/// The way of a resource that counts, as people read it.
pub fn way(of: &RecoveryResource, index: Option<usize>) -> Option<String> {
    let path = of.paths.get(index?)?;
    let to = if path.to.is_empty() { String::new() } else { format!(" ({})", path.to) };
    let unseen = if path.unseen { "not read: " } else { "" };
    Some(format!("{unseen}{}{to}", path.name))
}

/// A gate, in a sentence.
pub fn gate(of: &RecoveryGate) -> String {
    let way = if of.path.is_empty() { String::new() } else { format!(", of the way “{}”", of.path) };
    let why = of.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let effect = match of.effect {
        RecoveryGateEffect::Closes => "",
        RecoveryGateEffect::Delays => ", which takes time",
        RecoveryGateEffect::Warns => ", a warning",
    };
    format!("{}: {}{way}, is {}{effect}{why}", of.resource, of.name, of.state)
}

/// Data that leave their part of the world, in a sentence.
pub fn flow(of: &RecoveryFlow) -> String {
    format!("{}: {} → {}", of.resource, of.from, of.to)
}

/// How far apart the stores come back, where that is not nothing.
pub fn spread(of: &RecoveryScenario) -> Option<String> {
    let spread = of.spread_s.filter(|spread| *spread > 0)?;
    Some(format!("The stores come back to moments up to {} apart.", Span::Seconds(spread)))
}

/// The slack of a resource, where it has any.
pub fn slack(of: &RecoveryResource) -> Option<String> {
    of.slack_s.filter(|slack| *slack > 0).map(|slack| Span::Seconds(slack).to_string())
}

/// A rehearsal: when it ended, what was done, of what, where, how long it took, and whether it counts.
pub fn rehearsal(of: &RecoveryRehearsal) -> [String; 6] {
    [
        of.at.clone(),
        of.what.clone(),
        of.subject.clone(),
        of.region.clone(),
        of.took_s.map_or_else(|| "–".to_owned(), |took| Span::Seconds(took).to_string()),
        of.why.as_ref().map_or_else(|| "yes".to_owned(), |why| format!("no: {why}")),
    ]
}

/// What users got, in a sentence.
pub fn measured(of: &RecoveryAvailability) -> String {
    let Some(found) = &of.measured else { return "Not measured.".to_owned() };
    let requests = words::count(usize::try_from(found.requests).unwrap_or(usize::MAX), "request");
    format!("Measured {} %: {} of {requests} failed in 30 days.", found.percent, found.failed)
}

/// What the earlier verification was, and whether anything differs.
pub fn since(of: &RecoverySince, moment: &str) -> String {
    let came =
        of.decision.map(|decision| format!(", which came to {}", decision.words())).unwrap_or_default();
    let told = format!("Against the verification as of {moment}{came}");
    match (&of.note, of.changes.as_slice()) {
        (Some(note), []) => format!("{told}: {note}."),
        (None, []) => format!("{told}: nothing that decides has changed."),
        (Some(note), _) => format!("{told} ({note}):"),
        (None, _) => format!("{told}:"),
    }
}

/// A scenario that differs, in a sentence.
pub fn change(of: &RecoveryChange) -> String {
    let range = |it: &crate::result::RecoveryRange| shown(it.low_s, it.high_s);
    let mut parts = vec![format!("{} → {}", of.outcome_before.words(), of.outcome.words())];
    if range(&of.rpo_before) != range(&of.rpo) {
        parts.push(format!("data lost {} → {}", range(&of.rpo_before), range(&of.rpo)));
    }
    if range(&of.rto_before) != range(&of.rto) {
        parts.push(format!("time to recover {} → {}", range(&of.rto_before), range(&of.rto)));
    }
    format!("{}, {}: {}: {}", of.workload, of.scenario.title().to_lowercase(), of.direction, parts.join(", "))
}

/// A part of a bar: from where, how wide (both in percent), and what it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Where it begins.
    pub from: f64,
    /// How wide it is.
    pub width: f64,
    /// The grade; none where the time has no end.
    pub grade: Option<Grade>,
}

/// The critical path as a bar of the worst case, and where the objective lies on it. What has no end takes a fixed part
/// of the bar, at its end or not: it cannot be drawn to scale.
pub fn bar(of: &RecoveryScenario) -> (Vec<Part>, Option<f64>) {
    let segments = || of.critical_path.iter().filter(|segment| segment.high_s != Some(0));
    let endless = segments().filter(|segment| segment.high_s.is_none()).count();
    let total: u64 = segments().filter_map(|segment| segment.high_s).sum();
    let share = if endless == 0 { 0.0 } else { (60.0 / endless as f64).min(25.0) };
    let room = if total == 0 && endless > 0 { 0.0 } else { 100.0 - share * endless as f64 };
    let scale = if total == 0 { 0.0 } else { room / total as f64 };
    let (mut parts, mut from, mut before) = (Vec::new(), 0.0, 0u64);
    let mut objective = None;
    for segment in segments() {
        let width = match segment.high_s {
            Some(seconds) => {
                let until = before + seconds;
                if objective.is_none() && until > of.rto.objective_s {
                    objective = Some(from + (of.rto.objective_s.saturating_sub(before)) as f64 * scale);
                }
                before = until;
                seconds as f64 * scale
            }
            None => {
                objective = objective.or(Some(from));
                if total == 0 { 100.0 / endless as f64 } else { share }
            }
        };
        parts.push(Part { from, width, grade: segment.high_s.map(|_| segment.grade) });
        from += width;
    }
    (parts, objective)
}

/// Resources with what they need, laid out in columns: who needs something stands before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawing {
    /// What is drawn: name, part, column, row.
    pub boxes: Vec<(String, String, usize, usize)>,
    /// From which box to which.
    pub lines: Vec<(usize, usize)>,
    /// Resources that need nothing and that nothing needs.
    pub alone: usize,
}

/// The drawing of a workload; nothing where there is too much or nothing to draw.
pub fn drawing(graph: &[RecoveryNeeds]) -> Option<Drawing> {
    let needed: BTreeSet<&str> = graph.iter().flat_map(|it| it.needs.iter().map(String::as_str)).collect();
    let linked = |it: &&RecoveryNeeds| !it.needs.is_empty() || needed.contains(it.resource.as_str());
    let shown: Vec<&RecoveryNeeds> = graph.iter().filter(linked).collect();
    if shown.is_empty() || shown.len() > DRAWN {
        return None;
    }
    let number: BTreeMap<&str, usize> =
        shown.iter().enumerate().map(|(number, it)| (it.resource.as_str(), number)).collect();
    let edges: Vec<Vec<usize>> = shown
        .iter()
        .map(|it| it.needs.iter().filter_map(|name| number.get(name.as_str()).copied()).collect())
        .collect();
    let columns = columns(&edges);
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    let boxes = shown.iter().zip(&columns).map(|(it, column)| {
        let row = rows.entry(*column).or_default();
        *row += 1;
        (it.resource.clone(), it.part.clone(), *column, *row - 1)
    });
    let boxes = boxes.collect();
    let lines = edges.iter().enumerate().flat_map(|(from, to)| to.iter().map(move |to| (from, *to)));
    Some(Drawing { boxes, lines: lines.collect(), alone: graph.len() - shown.len() })
}

/// The column of each: one more than that of whoever needs it. An edge that closes a cycle counts for nothing.
fn columns(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut columns = vec![0; edges.len()];
    let needed: BTreeSet<usize> = edges.iter().flatten().copied().collect();
    let mut roots: Vec<usize> = (0..edges.len()).filter(|it| !needed.contains(it)).collect();
    roots.extend(0..edges.len());
    let mut seen = vec![false; edges.len()];
    let mut order = Vec::new();
    for root in roots {
        visit(root, edges, &mut seen, &mut order);
    }
    // Backwards, everybody comes before what it needs.
    let mut place = vec![0; edges.len()];
    order.iter().rev().enumerate().for_each(|(at, one)| place[*one] = at);
    for one in order.iter().rev() {
        for to in &edges[*one] {
            if place[*to] > place[*one] {
                columns[*to] = columns[*to].max(columns[*one] + 1);
            }
        }
    }
    columns
}

/// Depth first: at most as deep as what is drawn is many.
fn visit(one: usize, edges: &[Vec<usize>], seen: &mut [bool], order: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[one], true) {
        return;
    }
    for to in &edges[one] {
        visit(*to, edges, seen, order);
    }
    order.push(one);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::{RecoveryOutcome, RecoveryRange, RecoverySegment};

    fn needs(resource: &str, needs: &[&str]) -> RecoveryNeeds {
        let needs = needs.iter().map(|it| (*it).to_owned()).collect();
        RecoveryNeeds { resource: resource.to_owned(), part: "compute".to_owned(), needs }
    }

    #[test]
    fn who_needs_something_stands_before_it() {
        let graph = [
            needs("alone", &[]),
            needs("app", &["db", "cache"]),
            needs("cache", &["db"]),
            needs("db", &[]),
            needs("lb", &["app"]),
        ];
        let drawing = drawing(&graph).unwrap();
        let columns: Vec<(&str, usize)> =
            drawing.boxes.iter().map(|(name, _, column, _)| (name.as_str(), *column)).collect();
        assert_eq!(columns, [("app", 1), ("cache", 2), ("db", 3), ("lb", 0)]);
        assert_eq!((drawing.lines.len(), drawing.alone), (4, 1));
    }

    #[test]
    fn a_cycle_is_drawn_and_a_crowd_is_not() {
        let cycle = [needs("a", &["b"]), needs("b", &["a"])];
        assert_eq!(drawing(&cycle).unwrap().lines, [(0, 1), (1, 0)]);
        let crowd: Vec<RecoveryNeeds> = (0..=DRAWN).map(|it| needs(&it.to_string(), &["0"])).collect();
        assert_eq!(drawing(&crowd), None);
        assert_eq!(drawing(&[needs("a", &[])]), None);
    }

    fn scenario(segments: &[Option<u64>]) -> RecoveryScenario {
        let range = |objective_s| RecoveryRange {
            low_s: None,
            high_s: None,
            objective_s,
            grade: Grade::B,
            outcome: RecoveryOutcome::Fail,
            decided_by: None,
        };
        let segment = |high_s: &Option<u64>| RecoverySegment {
            step: "act".to_owned(),
            what: "restore".to_owned(),
            resource: None,
            address: None,
            low_s: Some(0),
            high_s: *high_s,
            grade: Grade::B,
            commands: Vec::new(),
        };
        RecoveryScenario {
            name: crate::recover::Scenario::Region,
            workload: "estate".to_owned(),
            gated: true,
            target: None,
            rpo: range(300),
            rto: range(900),
            outcome: RecoveryOutcome::Fail,
            spread_s: None,
            critical_path: segments.iter().map(segment).collect(),
            resources: Vec::new(),
            unaffected: 0,
            gates: Vec::new(),
            unread: Vec::new(),
            flows: Vec::new(),
            advice: Vec::new(),
        }
    }

    #[test]
    fn a_bar_is_to_scale_and_marks_the_objective() {
        let (parts, objective) = bar(&scenario(&[Some(600), Some(0), Some(1_200)]));
        assert_eq!(parts.len(), 2, "what takes no time is not drawn");
        assert!((parts[0].width - 100.0 / 3.0).abs() < 1e-9);
        assert!((parts[1].from + parts[1].width - 100.0).abs() < 1e-9);
        assert!((objective.unwrap() - 50.0).abs() < 1e-9);
        assert_eq!(bar(&scenario(&[Some(600)])).1, None, "within the objective");
        let (parts, objective) = bar(&scenario(&[Some(600), None]));
        assert_eq!(parts[1].grade, None);
        assert!((parts[0].width - 75.0).abs() < 1e-9 && (objective.unwrap() - 75.0).abs() < 1e-9);
        let (parts, _) = bar(&scenario(&[None, None]));
        assert!((parts[0].width - 50.0).abs() < 1e-9);
    }

    #[test]
    fn times_stand_in_their_order() {
        let all = [Some(0), Some(1), Some(300), Some(86_400), Some(2_592_000), None].map(at);
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(all[0].abs() < 1e-9 && (all[5] - 100.0).abs() < 1e-9);
    }
}
