use std::collections::BTreeSet;

use super::*;
use crate::result::sample;

/// Elements without an end tag.
const VOID: [&str; 3] = ["meta", "br", "!doctype"];
/// Everything that the templates write; text of the document can add nothing.
const ELEMENTS: [&str; 48] = [
    "!doctype", "a", "abbr", "body", "br", "caption", "circle", "code", "dd", "details", "div", "dl", "dt",
    "em", "footer", "g", "h1", "h2", "h3", "h4", "head", "header", "html", "li", "line", "main", "meta",
    "nav", "ol", "p", "path", "pre", "rect", "section", "span", "strong", "style", "summary", "svg", "table",
    "tbody", "td", "text", "th", "thead", "title", "tr", "ul",
];

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
    closing: bool,
    empty: bool,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn page(document: &Document) -> String {
    render(document, &Look::default()).unwrap()
}

/// The tags of a page. Strict: whatever is not a tag as the templates write them panics.
fn tags(html: &str) -> Vec<Tag> {
    let (before, styled) = html.split_once("<style>").unwrap();
    let (_, after) = styled.split_once("</style>").unwrap();
    let mut tags = Vec::new();
    for part in [before, after] {
        let mut rest = part;
        while let Some(at) = rest.find('<') {
            rest = &rest[at + 1..];
            let (inside, after) = rest.split_once('>').unwrap();
            tags.push(tag(inside));
            rest = after;
        }
    }
    tags
}

fn tag(inside: &str) -> Tag {
    let closing = inside.starts_with('/');
    let empty = inside.ends_with('/');
    let inside = inside.trim_start_matches('/').trim_end_matches('/');
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        rest = &rest[end..];
        let value = match rest.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"').unwrap();
                rest = after;
                value.to_owned()
            }
            None => String::new(),
        };
        attributes.push((key, value));
    }
    Tag { name: name.to_owned(), attributes, closing, empty }
}

#[test]
fn a_page_loads_nothing_and_runs_nothing() {
    for (name, document) in sample::all() {
        let html = page(&document);
        let css = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        for word in ["url(", "@import", "@font-face", "expression", "http"] {
            assert!(!css.contains(word), "{name}: {word}");
        }
        let tags = tags(&html);
        let ids: BTreeSet<&str> = tags.iter().filter_map(|tag| tag.get("id")).collect();
        for tag in &tags {
            assert!(ELEMENTS.contains(&tag.name.as_str()), "{name}: <{}>", tag.name);
            for (key, value) in &tag.attributes {
                assert!(!key.starts_with("on") && key != "src" && key != "srcset", "{name}: {key}");
                if key == "href" {
                    assert!(value.strip_prefix('#').is_some_and(|id| ids.contains(id)), "{name}: {value}");
                }
            }
        }
    }
}

/// Panics unless every tag is one of the templates' and is closed where it was opened.
pub fn assert_well_formed(html: &str) {
    let mut open: Vec<String> = Vec::new();
    for tag in tags(html) {
        assert!(ELEMENTS.contains(&tag.name.as_str()), "<{}>", tag.name);
        if tag.closing {
            assert_eq!(open.pop().as_ref(), Some(&tag.name), "{open:?}");
        } else if !tag.empty && !VOID.contains(&tag.name.as_str()) {
            open.push(tag.name);
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn every_tag_is_closed_where_it_was_opened() {
    for (_, document) in sample::all() {
        assert_well_formed(&page(&document));
    }
}

#[test]
fn a_page_can_be_read_without_seeing_it() {
    for (name, document) in sample::all() {
        let html = page(&document);
        let tags = tags(&html);
        let opened = |wanted: &str| tags.iter().filter(|tag| tag.name == wanted && !tag.closing).count();
        for landmark in ["header", "nav", "main", "footer", "h1"] {
            assert_eq!(opened(landmark), 1, "{name}: {landmark}");
        }
        let mut level = 0;
        for tag in tags.iter().filter(|tag| !tag.closing) {
            if let Some(next) = tag.name.strip_prefix('h').and_then(|level| level.parse::<u8>().ok()) {
                assert!(next <= level + 1, "{name}: h{next} after h{level}");
                level = next;
            }
            if tag.name == "th" {
                assert!(tag.get("scope").is_some(), "{name}");
            }
            let drawn = tag.get("role") == Some("img") || tag.get("aria-hidden") == Some("true");
            assert!(tag.name != "svg" || drawn, "{name}");
        }
        assert_eq!(opened("table"), opened("caption"), "{name}");
        let images = tags.iter().filter(|tag| tag.get("role") == Some("img")).count();
        // One more title is the page's own.
        assert_eq!(opened("title"), images + 1, "{name}");
        let ids: Vec<&str> = tags.iter().filter_map(|tag| tag.get("id")).collect();
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{name}: {ids:?}");
    }
}

#[test]
fn text_of_the_estate_stays_text() {
    let html = page(&sample::hostile());
    // Once by the template's escape, once by the one for remediations.
    for escaped in ["&lt;script&gt;alert(1)&lt;&#x2f;script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"] {
        assert!(html.contains(escaped));
    }
    assert!(html.contains("{{ 7 * 7 }}") && !html.contains("49 {% raw"));
    for hidden in ['\u{202e}', '\u{2066}', '\u{200f}', '\u{1b}', '\u{7}', '\r'] {
        assert!(!html.contains(hidden), "{hidden:?}");
    }
    assert!(html.contains("\\u{202e}gnp.exe"));
    assert!(html.contains(&"very-long-bucket-name-".repeat(30)));
}

#[test]
fn names_of_a_verification_stay_text() {
    let text = serde_json::to_string(&sample::recovery()).unwrap();
    let hostile = text.replace("aws_lb.shop", "</title><script>x()</script>{{ 7 * 7 }}");
    let html = page(&Document::from_json("hostile", &hostile).unwrap());
    assert_well_formed(&html);
    assert!(!html.contains("<script") && html.contains("{{ 7 * 7 }}"));
}

#[test]
fn nothing_of_a_large_estate_is_left_out() {
    let document = sample::large(2_000);
    let html = page(&document);
    for at in [0, 1, 999, 1_999] {
        assert!(html.contains(&format!("sg-{at:017x}")));
        assert!(html.contains(&format!("db-{at:05}")));
    }
    assert_eq!(
        html.matches("<span class=\"title\">No data-store port open to the internet</span>").count(),
        1
    );
}

#[test]
fn each_answer_says_what_it_is_in_words() {
    let expected =
        ["NO-GO", "GO", "GO WITH WAIVERS", "UNDETERMINED", "DRIFT FOUND", "NO DRIFT", "NO-GO", "NO-GO"];
    for ((name, document), words) in sample::all().into_iter().zip(expected) {
        assert!(page(&document).contains(&format!("<span>{words}</span></p>")), "{name}");
    }
    let html = page(&sample::no_go());
    assert!(html.contains("Evidenced 51.55 — possible 79.00 — assessed-only 70.62 — coverage 67.97 %"));
}

#[test]
fn pages() {
    for (name, document) in
        [("no-go", sample::no_go()), ("drift-only", sample::drift_only()), ("recovery", sample::recovery())]
    {
        let html = page(&document);
        let (before, styled) = html.split_once("<style>").unwrap();
        let (_, after) = styled.split_once("</style>").unwrap();
        insta::assert_snapshot!(name, format!("{before}{after}"));
    }
}
