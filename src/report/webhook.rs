//! What webhooks are sent: the same as the letter says, as JSON for programs and as blocks for Slack.

use serde::Serialize;
use serde_json::{Value, json};

use super::mail::{Entry, Page, Section, page};
use super::words;
use crate::mail::{Changes, Telling};
use crate::profile::WebhookForm;
use crate::result::DriftItem;

/// The version of the JSON form.
pub const MESSAGE_SCHEMA: &str = "stateward.message/1";
/// Entries of each list of the JSON form; the count beside it is whole.
const ENTRIES: usize = 200;
/// Characters of a header block (Block Kit reference: header).
const HEADER: usize = 150;
/// Characters of a text in a section block (Block Kit reference: section).
const SECTION: usize = 3_000;
/// Blocks of one message (Block Kit reference: blocks).
const BLOCKS: usize = 50;
/// Characters of the plain text, which services without blocks show.
const TEXT: usize = 8_000;
/// Entries of a block.
const LISTED: usize = 10;

/// The body of a message, as a webhook of this form takes it.
///
/// # Errors
/// What has no form in JSON, which a result always has.
pub fn render(telling: &Telling, form: WebhookForm, id: &str) -> Result<String, serde_json::Error> {
    let page = page(telling);
    match form {
        WebhookForm::Json => serde_json::to_string(&message(telling, &page, id)?),
        WebhookForm::Slack => serde_json::to_string(&slack(&page)),
    }
}

fn message(telling: &Telling, page: &Page, id: &str) -> Result<Value, serde_json::Error> {
    let document = telling.document;
    let drift = |item: &&DriftItem| {
        json!({
            "class": item.class, "label": item.label, "address": item.address, "owner": item.owner, "type": item.kind,
            "id": item.id, "account": item.account, "region": item.region,
            "paths": item.changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(),
        })
    };
    let findings = telling.findings.iter().take(ENTRIES).map(|finding| {
        json!({
            "fingerprint": finding.fingerprint, "check": finding.check, "title": finding.title, "status": finding.status,
            "severity": finding.severity, "component": finding.component, "resource": finding.resource,
            "message": finding.message,
        })
    });
    Ok(json!({
        "schema": MESSAGE_SCHEMA,
        "id": id,
        "occasion": telling.occasion.word(),
        "estate": telling.estate.name,
        "subject": page.subject,
        "answer": page.answer,
        "answer_before": telling.changes.answer,
        "since": Some(&telling.changes.since).filter(|since| !since.is_empty()),
        "run": {
            "id": document.run.id, "command": document.run.command, "as_of": document.run.as_of,
            "started_at": document.run.started_at, "finished_at": document.run.finished_at,
        },
        "score": document.score.as_ref().map(|score| json!({
            "evidenced": score.evidenced, "possible": score.possible,
        })),
        "facts": page.facts,
        "reasons": page.reasons,
        "changes": changes(&telling.changes)?,
        "standing": {
            "drift": { "count": telling.drift.len(), "items": telling.drift.iter().take(ENTRIES).map(drift).collect::<Vec<_>>() },
            "failures": { "count": telling.findings.len(), "items": findings.collect::<Vec<_>>() },
            "unknown": telling.unknown,
        },
    }))
}

fn changes(changes: &Changes) -> Result<Value, serde_json::Error> {
    Ok(json!({
        "new": list(&changes.new)?,
        "returned": list(&changes.returned)?,
        "resolved": list(&changes.resolved)?,
        "unseen": list(&changes.unseen)?,
        "failing": list(&changes.failing)?,
        "fixed": list(&changes.fixed)?,
        "lost": list(&changes.lost)?,
        "unread": changes.unread,
    }))
}

fn list<T: Serialize>(of: &[T]) -> Result<Value, serde_json::Error> {
    Ok(json!({ "count": of.len(), "items": serde_json::to_value(&of[..of.len().min(ENTRIES)])? }))
}

/// A message of Block Kit, with a text for those who show none.
fn slack(page: &Page) -> Value {
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": cut(&page.subject, HEADER), "emoji": false },
    })];
    let mut lead = vec![escaped(&page.lead)];
    lead.extend(page.facts.iter().chain(&page.reasons).map(|fact| format!("• {}", escaped(fact))));
    blocks.push(block(&lead));
    blocks.extend(page.sections.iter().map(|section| block(&lines(section))));
    blocks.truncate(BLOCKS);
    let mut text = vec![escaped(&page.subject)];
    text.extend(page.facts.iter().map(|fact| escaped(fact)));
    text.extend(page.sections.iter().flat_map(lines));
    json!({ "text": joined(&text, TEXT), "blocks": blocks })
}

fn block(lines: &[String]) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": joined(lines, SECTION) } })
}

fn lines(section: &Section) -> Vec<String> {
    let mut lines = vec![format!("*{}*", escaped(&section.title))];
    for Entry { title, mark, place, lines: about, .. } in section.entries.iter().take(LISTED) {
        let head = [mark, title].into_iter().filter(|text| !text.is_empty()).map(|text| escaped(text));
        let place = if place.is_empty() { String::new() } else { format!(" ({})", escaped(place)) };
        lines.push(format!("• {}{place}", head.collect::<Vec<_>>().join(": ")));
        lines.extend(about.iter().map(|line| format!("    {}", escaped(line))));
    }
    let left = section.entries.len().saturating_sub(LISTED);
    if left > 0 {
        lines.push(format!("and {} more", words::thousands(left)));
    }
    if !section.more.is_empty() {
        lines.push(escaped(&section.more));
    }
    lines
}

/// As many whole lines as there is room for: half an escape would be something else.
fn joined(lines: &[String], limit: usize) -> String {
    const MORE: &str = "…";
    let mut text = String::new();
    for line in lines {
        if text.chars().count() + line.chars().count() + MORE.len() + 1 > limit {
            text.push_str(MORE);
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}

fn cut(text: &str, letters: usize) -> String {
    match text.chars().count() > letters {
        true => text.chars().take(letters - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// The three characters that mean something else to Slack, so that no name calls a channel or makes a link
/// (Slack API: formatting text, escaping). What marks letters as bold or code is left: it hides nothing.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(title: &str, entries: usize) -> Section {
        let entry = |at: usize| Entry {
            title: format!("aws_s3_bucket.b{at}"),
            mark: "Changed".to_owned(),
            grave: false,
            place: "us-west-2".to_owned(),
            lines: vec!["versioning: on → off".to_owned()],
        };
        let entries = (0..entries).map(entry).collect();
        Section { title: title.to_owned(), meaning: String::new(), entries, more: String::new() }
    }

    fn a_page(sections: Vec<Section>) -> Page {
        Page {
            subject: "stateward <!channel>: 1 new drift, NO-GO".to_owned(),
            answer: "NO-GO".to_owned(),
            kind: "stop",
            estate: "<!channel>".to_owned(),
            lead: "What changed.".to_owned(),
            facts: vec!["Standing: 1 drift & more.".to_owned()],
            reasons: Vec::new(),
            sections,
            foot: Vec::new(),
        }
    }

    #[test]
    fn slack_gets_blocks_within_its_limits_and_nobody_is_called_by_a_name() {
        let sections = (0..80).map(|at| section(&format!("Section {at}"), 60)).collect();
        let message = slack(&a_page(sections));
        let blocks = message["blocks"].as_array().unwrap();
        assert_eq!(blocks.len(), BLOCKS);
        for block in &blocks[1..] {
            let text = block["text"]["text"].as_str().unwrap();
            assert!((1..=SECTION).contains(&text.chars().count()), "{text}");
            assert!(!text.contains("<!") && !text.contains("& more"), "{text}");
        }
        assert_eq!(blocks[0]["text"]["type"], "plain_text", "which is not formatted");
        let text = message["text"].as_str().unwrap();
        assert!(text.starts_with("stateward &lt;!channel&gt;: 1 new drift"), "{text}");
        assert!(text.chars().count() <= TEXT && text.ends_with('…'));
    }

    #[test]
    fn a_list_that_is_cut_says_how_much_is_left() {
        let lines = lines(&section("New drift", 12));
        assert_eq!(lines[1], "• Changed: aws_s3_bucket.b0 (us-west-2)");
        assert_eq!(lines.last().map(String::as_str), Some("and 2 more"));
    }

    #[test]
    fn cutting_leaves_escapes_whole() {
        let line = "&amp;".repeat(700);
        let text = joined(&["first".to_owned(), line], SECTION);
        assert_eq!(text, "first…");
        assert_eq!(cut("äöü", 2), "ä…");
    }
}
