//! The score over the runs of one question, as a drawing with words for those who do not see it.

use serde_json::{Value, json};
use stateward_store::RunRow;

use super::Shell;
use super::runs::answer;
use crate::report::words;

/// The width that the drawing is worked out in; it stretches with the page.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 100.0;

/// The trend over runs, the latest first; none where no run has a score.
pub fn of(runs: &[RunRow], threshold: Option<f64>, shell: &Shell) -> Option<Value> {
    let scored: Vec<(&RunRow, f64, f64)> =
        runs.iter().rev().filter_map(|run| Some((run, run.evidenced?, run.possible?))).collect();
    let (first, last) = (scored.first()?, scored.last()?);
    let at = |index: usize| match scored.len() {
        1 => 0.0,
        many => WIDTH * index as f64 / (many - 1) as f64,
    };
    // One run alone is a line over the whole width.
    let line = |value: fn(&(&RunRow, f64, f64)) -> f64| -> Vec<String> {
        let mut points: Vec<String> = scored
            .iter()
            .enumerate()
            .map(|(index, of)| format!("{:.1},{:.1}", at(index), HEIGHT - value(of).clamp(0.0, HEIGHT)))
            .collect();
        if let [one] = scored.as_slice() {
            points.push(format!("{WIDTH:.1},{:.1}", HEIGHT - value(one).clamp(0.0, HEIGHT)));
        }
        points
    };
    let (evidenced, possible) = (line(|of| of.1), line(|of| of.2));
    let area: Vec<&String> = evidenced.iter().chain(possible.iter().rev()).collect();
    let moment = |run: &RunRow| words::moment(run.as_of.as_deref().unwrap_or(&run.started_at));
    let rows: Vec<Value> = scored
        .iter()
        .rev()
        .map(|(run, worst, best)| {
            let (answer, kind) = answer(run, shell.now);
            json!({
                "as_of": moment(run),
                "href": format!("/runs/{}", run.id),
                "answer": answer,
                "kind": kind,
                "score": words::range(*worst, *best),
                "coverage": run.coverage.map(words::percent),
            })
        })
        .collect();
    Some(json!({
        "width": WIDTH,
        "height": HEIGHT,
        "area": joined(area),
        "evidenced": joined(evidenced.iter().collect()),
        "possible": joined(possible.iter().collect()),
        "threshold": threshold.map(|threshold| format!("{:.1}", HEIGHT - threshold)),
        "above": threshold.map(|threshold| threshold.to_string()),
        "from": moment(first.0),
        "to": moment(last.0),
        "runs": words::count(scored.len(), "run"),
        "said": said(&scored, threshold, &moment),
        "rows": rows,
    }))
}

fn joined(points: Vec<&String>) -> String {
    points.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn said(
    scored: &[(&RunRow, f64, f64)],
    threshold: Option<f64>,
    moment: &dyn Fn(&RunRow) -> String,
) -> String {
    let [first, .., last] = scored else {
        let one = scored.first().map(|(_, worst, best)| words::range(*worst, *best));
        return format!("One run, with a score of {} of 100.", one.unwrap_or_default());
    };
    let evidenced = || scored.iter().map(|of| of.1);
    let mut text = format!(
        "{} from {} to {}: evidenced from {} to {}, possible from {} to {}; evidenced between {} and {} in all of them.",
        words::count(scored.len(), "run"),
        moment(first.0),
        moment(last.0),
        words::score(first.1),
        words::score(last.1),
        words::score(first.2),
        words::score(last.2),
        words::score(evidenced().fold(f64::INFINITY, f64::min)),
        words::score(evidenced().fold(0.0, f64::max)),
    );
    if let Some(threshold) = threshold {
        text.push_str(&format!(" The threshold is {threshold}."));
    }
    text
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::super::Section;
    use super::*;

    fn run(day: u32, worst: f64, best: f64) -> RunRow {
        RunRow {
            id: format!("run-{day:04}"),
            outcome: "finished".into(),
            as_of: Some(format!("2026-03-{day:02}T06:00:00Z")),
            evidenced: Some(worst),
            possible: Some(best),
            ..RunRow::default()
        }
    }

    #[test]
    fn a_trend_is_drawn_and_told() {
        let shell = Shell::bare(OffsetDateTime::UNIX_EPOCH, Section::Overview);
        let runs = [run(3, 80.0, 120.0), run(2, 20.0, 30.0), run(1, 40.0, 60.0), RunRow::default()];
        let drawn = of(&runs, Some(70.0), &shell).unwrap();
        assert_eq!(drawn["evidenced"], "0.0,60.0 300.0,80.0 600.0,20.0");
        assert_eq!(drawn["possible"], "0.0,40.0 300.0,70.0 600.0,0.0", "never beyond the drawing");
        assert_eq!(drawn["area"], "0.0,60.0 300.0,80.0 600.0,20.0 600.0,0.0 300.0,70.0 0.0,40.0");
        assert_eq!((&drawn["threshold"], drawn["rows"].as_array().unwrap().len()), (&"30.0".into(), 3));
        let said = drawn["said"].as_str().unwrap();
        for part in [
            "3 runs from 1 March 2026",
            "evidenced from 40.00 to 80.00",
            "between 20.00 and 80.00",
            "threshold is 70",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn one_run_is_a_line_and_none_is_nothing() {
        let shell = Shell::bare(OffsetDateTime::UNIX_EPOCH, Section::Overview);
        let drawn = of(&[run(1, 50.0, 50.0)], None, &shell).unwrap();
        assert_eq!(drawn["evidenced"], "0.0,50.0 600.0,50.0");
        assert_eq!(drawn["said"], "One run, with a score of 50.00 of 100.");
        assert!(of(&[RunRow::default()], None, &shell).is_none() && of(&[], None, &shell).is_none());
    }
}
