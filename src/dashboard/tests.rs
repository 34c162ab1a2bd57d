//! The pages over results of every sort, and over text that would break out of them.

use stateward_store::{DriftCounts, FindingRow, Found, Progress, RunRow, Tally};
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::diff::compare;
use crate::report::words;
use crate::result::{Document, Outcome, Status, sample};

const NOW: OffsetDateTime = datetime!(2026-03-03 12:00 UTC);
const NASTY: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)> ' & \u{202e}x {{ 7 * 7 }}";

fn word(status: Status) -> String {
    serde_json::to_value(status).unwrap().as_str().unwrap().to_owned()
}

fn row(document: &Document) -> RunRow {
    let count = |status| document.findings.iter().filter(|finding| finding.status == status).count();
    let drift = document.drift.as_ref().map(|drift| DriftCounts {
        in_sync: drift.summary.in_sync,
        changed: drift.summary.changed,
        missing: drift.summary.missing,
        unmanaged: drift.summary.unmanaged,
        ghost: drift.summary.ghost,
        conflict: drift.summary.conflict,
        unknown: drift.summary.unknown,
        accepted: drift.summary.accepted,
        since: None,
    });
    RunRow {
        id: "0123456789abcdef".into(),
        command: if document.recovery.is_some() { "recover" } else { "audit" }.into(),
        estate: "prod".into(),
        outcome: "finished".into(),
        started_at: "2026-03-01T06:00:00Z".into(),
        deadline: "2026-03-01T07:00:00Z".into(),
        finished_at: Some("2026-03-01T06:05:00Z".into()),
        as_of: Some("2026-03-01T06:00:00Z".into()),
        decision: document.verdict.as_ref().map(|_| "no_go".to_owned()),
        evidenced: document.score.as_ref().map(|score| score.evidenced),
        possible: document.score.as_ref().map(|score| score.possible),
        coverage: document.score.as_ref().map(|score| score.coverage),
        errors: Some(document.collection.errors.len()),
        unread_states: Some(unread_states(document)),
        calls: Some(1_234),
        findings: Some(
            [
                Status::Pass,
                Status::Fail,
                Status::Unknown,
                Status::Partial,
                Status::NotApplicable,
                Status::Waived,
            ]
            .map(count),
        ),
        drift,
        ..RunRow::default()
    }
}

fn unread_states(document: &Document) -> usize {
    let of_drift = document.drift.as_ref().map_or(0, |drift| drift.unread_states.len());
    let of_scope = document.scope.states.iter().filter(|state| state.outcome != Outcome::Read).count();
    of_drift.max(of_scope)
}

fn outline(document: &Document) -> Outline {
    Outline::read("test", serde_json::to_string(document).unwrap()).unwrap()
}

fn found(document: &Document) -> Vec<Found> {
    let one = |finding: &crate::result::Finding| Found {
        finding: FindingRow {
            fingerprint: finding.fingerprint.clone(),
            check: finding.check.clone(),
            status: word(finding.status),
            severity: finding.severity.clone(),
            kind: finding.resource.kind.clone(),
            resource: finding.resource.id.clone(),
            account: finding.resource.account.clone(),
            region: finding.resource.region.clone(),
            address: finding.resource.address.clone(),
            since: Some("2026-02-20T06:00:00Z".into()),
        },
        title: Some(finding.title.clone()),
        component: Some(finding.component.clone()),
        name: finding.resource.name.clone(),
    };
    document.findings.iter().map(one).collect()
}

fn tally(document: &Document) -> Vec<Tally> {
    let one = |finding: &crate::result::Finding| Tally {
        component: finding.component.clone(),
        region: finding.resource.region.clone(),
        account: finding.resource.account.clone(),
        check: finding.check.clone(),
        title: finding.title.clone(),
        severity: finding.severity.clone(),
        status: word(finding.status),
        number: 1,
    };
    document.findings.iter().map(one).collect()
}

/// Every page over a document, with its name.
fn every_page(document: &Document, run: &RunRow) -> Vec<(&'static str, String)> {
    let pages = Pages::new().unwrap();
    let (outline, found, tally) = (outline(document), found(document), tally(document));
    let estate = run.estate.clone();
    let shell = |section| Shell {
        run: Some(run),
        pinned: true,
        estate: Some(&estate),
        later: Some(run),
        signed_in: true,
        ..Shell::bare(NOW, section)
    };
    let failed = RunRow { outcome: "failed".into(), reason: Some(NASTY.into()), ..run.clone() };
    let running =
        RunRow { outcome: "running".into(), deadline: "2027-01-01T00:00:00Z".into(), ..run.clone() };
    let before = RunRow { id: "fedcba9876543210".into(), ..run.clone() };
    let trend = [run.clone(), before.clone()];
    let overview = Overview {
        run,
        outline: &outline,
        trend: &trend,
        unfinished: &[failed.clone(), running.clone()],
        tally: &tally,
        new: Some((&found, found.len() + 1)),
        others: std::slice::from_ref(&failed),
    };
    let asked = FindingsAsked {
        chosen: Chosen { run: Some(run.id.clone()), estate: Some(estate.clone()) },
        check: Some(NASTY.into()),
        words: vec![NASTY.into()],
        page: 1,
        ..FindingsAsked::default()
    };
    let components = document.score.as_ref().map_or(&[][..], |score| &score.components);
    let progress = Progress { phase: NASTY.into(), calls: 12, done: 3, total: 9, gaps: 1, at: String::new() };
    let all = |region: Option<&str>| DriftAsked {
        region: region.map(str::to_owned),
        page: 1,
        ..DriftAsked::default()
    };
    let mut made = vec![
        ("overview", pages.overview(&shell(Section::Overview), &overview).unwrap()),
        ("nothing", pages.nothing_yet(&shell(Section::Overview), std::slice::from_ref(&failed)).unwrap()),
        ("components", pages.components(&shell(Section::Components), &outline, &tally, &[]).unwrap()),
        ("regions", pages.regions(&shell(Section::Regions), &outline, &tally).unwrap()),
        (
            "findings",
            pages.findings(&shell(Section::Findings), &asked, &found, 120, &tally, components).unwrap(),
        ),
        ("drift", pages.drift(&shell(Section::Drift), &all(None), &outline).unwrap()),
        ("drift, none", pages.drift(&shell(Section::Drift), &all(Some(NASTY)), &outline).unwrap()),
        ("recovery", pages.recovery(&shell(Section::Recovery), &outline).unwrap()),
        ("unread", pages.unread(&shell(Section::Unread), &outline, &tally).unwrap()),
        (
            "runs",
            pages
                .runs(
                    &shell(Section::Runs),
                    &RunsAsked { estate: Some(NASTY.into()), page: 2, ..RunsAsked::default() },
                    &[run.clone(), failed.clone(), running.clone()],
                    120,
                    &[NASTY.into()],
                )
                .unwrap(),
        ),
        ("run", pages.run(&shell(Section::Runs), run, Some(&before), Some(&running), None).unwrap()),
        ("run, failed", pages.run(&shell(Section::Runs), &failed, None, None, None).unwrap()),
        ("run, under way", pages.run(&shell(Section::Runs), &running, None, None, Some(&progress)).unwrap()),
        ("choice", pages.choice(&shell(Section::Runs), &trend).unwrap()),
        ("comparing", pages.comparing(&shell(Section::Runs)).unwrap()),
        (
            "comparison",
            pages
                .comparison(&shell(Section::Runs), run, &before, &compare(&sample::go(), document), &trend)
                .unwrap(),
        ),
        ("refusal", pages.refusal(&Refusal::Missing(NASTY.into()), &shell(Section::Elsewhere))),
        ("sign in", pages.refusal(&Refusal::WrongToken, &shell(Section::Elsewhere))),
    ];
    for finding in &document.findings {
        made.push(("finding", pages.finding(&shell(Section::Findings), finding).unwrap()));
    }
    for item in document.drift.iter().flat_map(|drift| &drift.items) {
        made.push(("difference", pages.difference(&shell(Section::Drift), item, &outline).unwrap()));
    }
    made
}

#[test]
fn every_page_can_be_made_of_every_result() {
    for (name, document) in sample::all().into_iter().chain([("over time", sample::over_time())]) {
        let run = row(&document);
        for (page, text) in every_page(&document, &run) {
            assert!(text.starts_with("<!doctype html>"), "{name}, {page}");
            assert!(text.trim_end().ends_with("</html>"), "{name}, {page}");
            assert_eq!(text.matches("<h1").count(), 1, "{name}, {page}");
            assert_eq!(text.matches("<main").count(), 1, "{name}, {page}");
        }
    }
}

#[test]
fn nothing_breaks_out_of_a_page() {
    let document = sample::hostile();
    let run =
        RunRow { estate: NASTY.into(), reason: Some(NASTY.into()), command: NASTY.into(), ..row(&document) };
    let wanted = r#"<script src="/assets/live.js" defer></script>"#;
    // Beside text and the values of attributes nothing runs or loads, nor is there a style, which the policy forbids.
    let value = regex::Regex::new(r#"="[^"]*""#).unwrap();
    let forbidden =
        regex::Regex::new(r"(?i)<script|<img|<iframe|<object|<embed|<style|<[^>]*\s(?:on[a-z]+|style)\s*=")
            .unwrap();
    for (page, text) in every_page(&document, &run) {
        assert!(!text.contains("href=\"javascript") && !text.contains("href=\"http"), "{page}");
        let bare = text.replace(wanted, "");
        let bare = value.replace_all(&bare, "=\"\"");
        if let Some(found) = forbidden.find(&bare) {
            panic!("{page}: {}", found.as_str());
        }
        for hidden in ['\u{202e}', '\u{2066}', '\u{1b}', '\u{7}'] {
            assert!(!text.contains(hidden), "{page}");
        }
    }
}

#[test]
fn a_page_does_not_grow_with_the_estate() {
    let document = sample::large(3_000);
    let run = row(&document);
    let pages = Pages::new().unwrap();
    let (outline, tally) = (outline(&document), tally(&document));
    let shell = Shell { run: Some(&run), ..Shell::bare(NOW, Section::Drift) };
    let drift = pages.drift(&shell, &DriftAsked { page: 1, ..DriftAsked::default() }, &outline).unwrap();
    assert!(drift.len() < 200_000, "{}", drift.len());
    assert_eq!(drift.matches("<th role=\"rowheader\"").count(), ROWS);
    assert!(drift.contains("rel=\"next\"") && !drift.contains("rel=\"prev\""));
    let found: Vec<Found> = found(&document).into_iter().take(ROWS).collect();
    let asked = FindingsAsked { page: 3, ..FindingsAsked::default() };
    let list = pages.findings(&shell, &asked, &found, 3_000, &tally, &[]).unwrap();
    assert!(list.len() < 200_000, "{}", list.len());
    assert!(list.contains("101 to 150 of 3,000") && list.contains("rel=\"prev\""));
    let beyond = pages.drift(&shell, &DriftAsked { page: 999, ..DriftAsked::default() }, &outline).unwrap();
    assert!(beyond.contains("There is no such page"));
}

#[test]
fn drift_is_found_by_class_label_place_and_words() {
    let document = sample::no_go();
    let run = row(&document);
    let pages = Pages::new().unwrap();
    let outline = outline(&document);
    let items = &document.drift.as_ref().unwrap().items;
    let shell = Shell { run: Some(&run), ..Shell::bare(NOW, Section::Drift) };
    let rows = |asked: DriftAsked| {
        let page = pages.drift(&shell, &DriftAsked { page: 1, ..asked }, &outline).unwrap();
        page.matches("<th role=\"rowheader\"").count()
    };
    assert_eq!(rows(DriftAsked::default()), items.len());
    for class in ["changed", "missing", "unmanaged"] {
        let expected = items.iter().filter(|item| item.class == class).count();
        assert_eq!(rows(DriftAsked { class: Some(class), ..DriftAsked::default() }), expected, "{class}");
    }
    let first = &items[0];
    let name = first.address.clone().unwrap_or_else(|| first.id.clone()).to_uppercase();
    assert!(rows(DriftAsked { words: vec![name], ..DriftAsked::default() }) >= 1);
    assert_eq!(rows(DriftAsked { words: vec!["nothing-is-called-so".into()], ..DriftAsked::default() }), 0);
    assert_eq!(rows(DriftAsked { account: Some("000000000000".into()), ..DriftAsked::default() }), 0);
}

#[test]
fn counts_tell_how_many_findings_fit() {
    let document = sample::no_go();
    let tally = tally(&document);
    let asked = |status| FindingsAsked { status: Some(status), ..FindingsAsked::default() };
    let of =
        |statuses: &[Status]| document.findings.iter().filter(|it| statuses.contains(&it.status)).count();
    assert_eq!(asked("fail").counted(&tally), Some(of(&[Status::Fail])));
    assert_eq!(
        FindingsAsked::default().counted(&tally),
        Some(of(&[Status::Fail, Status::Partial, Status::Unknown]))
    );
    assert_eq!(asked("all").counted(&tally), Some(document.findings.len()));
    let searched = FindingsAsked { words: vec!["x".into()], ..FindingsAsked::default() };
    assert_eq!(searched.counted(&tally), None, "words are not in the counts");
}

#[test]
fn links_stay_with_the_run_that_was_chosen() {
    let document = sample::no_go();
    let run = row(&document);
    let shell = Shell { run: Some(&run), pinned: true, ..Shell::bare(NOW, Section::Findings) };
    assert_eq!(shell.to("/drift", &[("class", "changed")]), "/drift?run=0123456789abcdef&class=changed");
    assert_eq!(shell.to("/recovery", &[]), "/recovery?estate=prod", "an audit verifies no recovery");
    assert_eq!(shell.to("/runs", &[]), "/runs");
    let latest = Shell { pinned: false, ..shell };
    assert_eq!(latest.to("/drift", &[]), "/drift");
    let of_estate = Shell { estate: Some("prod"), ..latest };
    assert_eq!(of_estate.to("/drift", &[]), "/drift?estate=prod");
}

#[test]
fn no_drift_is_told_only_where_all_was_read() {
    let whole = RunRow {
        command: "drift".into(),
        outcome: "finished".into(),
        errors: Some(0),
        unread_states: Some(0),
        drift: Some(DriftCounts { in_sync: 5, ..DriftCounts::default() }),
        ..RunRow::default()
    };
    let said = |run: &RunRow| runs::answer(run, NOW);
    let with = |drift: DriftCounts| said(&RunRow { drift: Some(drift), ..whole.clone() });
    assert_eq!(said(&whole), ("NO DRIFT".into(), "go"));
    let not_all = ("NO DRIFT FOUND, NOT ALL READ".to_owned(), "open");
    for unread_states in [Some(1), None] {
        assert_eq!(said(&RunRow { unread_states, ..whole.clone() }), not_all, "{unread_states:?}");
    }
    for errors in [Some(1), None] {
        assert_eq!(said(&RunRow { errors, ..whole.clone() }), not_all, "{errors:?}");
    }
    assert_eq!(with(DriftCounts { unknown: 1, ..DriftCounts::default() }), not_all);
    let accepted = DriftCounts { changed: 1, ghost: 1, accepted: 2, ..DriftCounts::default() };
    assert_eq!(with(accepted), ("NO DRIFT BEYOND WHAT IS ACCEPTED".into(), "waived"));
    let unread = RunRow { drift: Some(accepted), unread_states: Some(2), ..whole.clone() };
    assert_eq!(said(&unread), not_all, "what is accepted does not make it whole");
    let ghosts = DriftCounts { ghost: 1, ..DriftCounts::default() };
    assert_eq!(with(ghosts), ("DRIFT FOUND".into(), "stop"));
    let found = RunRow { drift: Some(ghosts), unread_states: None, ..whole };
    assert_eq!(said(&found), ("DRIFT FOUND".into(), "stop"), "what was found stays found");
}

/// The list of runs and the result itself say the same.
#[test]
fn a_row_answers_as_its_result_does() {
    let mut documents: Vec<Document> = sample::all().into_iter().map(|(_, document)| document).collect();
    for document in &mut documents {
        // What fails to be read for its authors alone is beside the point, and a row does not know of it.
        document.collection.errors.retain(|error| !error.affects.attribution);
    }
    let mut seen = std::collections::BTreeSet::new();
    for document in documents.iter().filter(|document| document.drift.is_some()) {
        let answer = words::drift_answer(document).words();
        let run = RunRow { decision: None, ..row(document) };
        assert_eq!(runs::answer(&run, NOW).0, answer);
        seen.insert(answer);
    }
    assert!(seen.len() > 1, "{seen:?}");
}

#[test]
fn a_run_whose_time_is_over_is_not_under_way() {
    let run = RunRow {
        outcome: "running".into(),
        started_at: "2026-03-03T11:58:30Z".into(),
        deadline: "2026-03-03T12:30:00Z".into(),
        ..RunRow::default()
    };
    assert_eq!(outcome(&run, NOW), "running");
    assert_eq!(outcome(&run, datetime!(2026-03-03 13:00 UTC)), "interrupted");
    let told = progress(&run, None, NOW);
    assert_eq!(
        (&told["elapsed"], &told["listings"], &told["phase"]),
        (&"1 min 30 s".into(), &"–".into(), &"Beginning".into())
    );
    let far =
        Progress { phase: "reading AWS".into(), calls: 1_200, done: 7, total: 5, gaps: 2, at: String::new() };
    let told = progress(&run, Some(&far), NOW);
    assert_eq!((&told["listings"], &told["calls"]), (&"5 of 5".into(), &"1,200".into()));
}
