//! Tests of letters.

use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::mail::{Estate, Occurrence, Told, components, slim, telling};
use crate::profile::{Level, MailRule, Profile};
use crate::result::sample;

/// The letter on `new` after `old`.
fn letter(old: Option<&Document>, new: &Document, rule: &MailRule, name: &str, always: bool) -> Letter {
    let mut profile = Profile::built_in_default().unwrap();
    profile.mail.name = name.to_owned();
    let estate = Estate::of(new, &profile);
    let components = components(crate::checks::all());
    let now = datetime!(2026-03-02 06:00 UTC);
    let before = old.map(slim);
    let told = before.as_ref().map(|document| Told { document, at: now });
    let of = Occurrence {
        estate: &estate,
        document: new,
        profile: &profile,
        components: &components,
        now,
        always,
    };
    render(&telling(of, rule, told).unwrap(), &Templates::default()).unwrap()
}

fn templated(sources: &[(&'static str, &str)]) -> Result<Letter, LetterError> {
    let document = sample::no_go();
    let profile = Profile::built_in_default().unwrap();
    let (estate, components) = (Estate::of(&document, &profile), components(crate::checks::all()));
    let now = datetime!(2026-03-02 06:00 UTC);
    let of = Occurrence {
        estate: &estate,
        document: &document,
        profile: &profile,
        components: &components,
        now,
        always: false,
    };
    let sources = sources.iter().map(|(name, source)| (*name, (*source).to_owned())).collect();
    render(&telling(of, &everything(), None).unwrap(), &Templates { folder: "team".to_owned(), sources })
}

#[test]
fn a_template_of_ones_own_takes_the_place_of_one_file() {
    let plain = templated(&[]).unwrap();
    let own = templated(&[
        ("subject.txt", "[{{ estate }}]\r\nBcc: a@b.example {{ answer }}\n"),
        ("letter.txt", "{% for section in sections %}{{ section.title }}\n{% endfor %}"),
    ])
    .unwrap();
    assert!(!own.subject.contains(['\r', '\n']) && own.subject.ends_with("NO-GO"), "{}", own.subject);
    assert!(own.text.starts_with("Drift (") && own.text.lines().count() > 2, "{}", own.text);
    assert_eq!(own.html, plain.html);
    let hostile = templated(&[("letter.html", "<p>{{ \"<script>\" }}{{ lead }}</p>")]).unwrap();
    assert!(hostile.html.starts_with("<p>&lt;script&gt;"), "{}", hostile.html);
}

#[test]
fn a_bad_template_is_named_with_its_line_and_a_remedy() {
    for (name, source, expected) in [
        ("letter.txt", "fine\n{% for x in %}", "team/letter.txt:2: "),
        ("letter.txt", "fine\nfine\n{{ verdict.answer }}", "team/letter.txt:3: "),
        ("letter.html", "{{ estate | shout }}", "team/letter.html:1: "),
        ("subject.txt", "{% include \"other.txt\" %}", "team/subject.txt:1: "),
    ] {
        let said = templated(&[(name, source)]).unwrap_err().to_string();
        assert!(said.starts_with(expected) && said.contains("remedy"), "{source}: {said}");
    }
}

fn everything() -> MailRule {
    MailRule::everything("ops@acme.example".to_owned())
}

/// An estate in which two differences appear, and one goes.
fn changed() -> (Document, Document) {
    let (mut old, mut new) = (sample::no_go(), sample::no_go());
    new.run.id = "another".to_owned();
    new.run.as_of = "2026-03-02T06:00:00Z".to_owned();
    if let (Some(before), Some(after)) = (&mut old.drift, &mut new.drift) {
        before.items.remove(0);
        let gone = after.items.iter().position(|item| item.class == "missing").unwrap();
        after.items.remove(gone);
    }
    let failing = old.findings.iter_mut().find(|one| one.status == crate::result::Status::Fail).unwrap();
    failing.status = crate::result::Status::Pass;
    (old, new)
}

#[test]
fn a_change_reads_so() {
    let (old, new) = changed();
    let letter = letter(Some(&old), &new, &everything(), "prod", false);
    insta::assert_snapshot!("change.txt", letter.text);
    insta::assert_snapshot!("change.html", letter.html);
    insta::assert_snapshot!("change.subject", letter.subject);
}

#[test]
fn every_first_report_and_digest_reads_so() {
    for (name, document) in sample::all() {
        let first = letter(None, &document, &everything(), "prod", false);
        insta::assert_snapshot!(format!("first-{name}.txt"), format!("{}\n\n{}", first.subject, first.text));
    }
    let document = sample::no_go();
    let rule = MailRule {
        severity: Some(Level::Critical),
        regions: vec![],
        components: vec!["network".to_owned()],
        ..everything()
    };
    let digest = letter(Some(&document), &document, &rule, "prod", true);
    insta::assert_snapshot!("digest.txt", format!("{}\n\n{}", digest.subject, digest.text));
}

#[test]
fn a_letter_says_every_difference_and_every_gap() {
    let document = sample::no_go();
    let letter = letter(None, &document, &everything(), "prod", false);
    let plain = letter.html.replace("&quot;", "\"").replace("&#x27;", "'").replace("&#x2f;", "/");
    for item in document.drift.iter().flat_map(|drift| &drift.items).filter(|item| item.class != "unknown") {
        let title = words::item_title(item);
        assert!(letter.text.contains(title), "{title}");
        assert!(plain.contains(title), "{title}");
    }
    for error in &document.collection.errors {
        assert!(letter.text.contains(&format!("{}:{}", error.service, error.operation)));
    }
    assert!(letter.text.contains("never counted as fine"));
}

#[test]
fn a_page_needs_no_modern_style_no_script_and_nothing_from_elsewhere() {
    // What is hostile names such things in its own texts; that those are escaped is another test.
    for (name, document) in sample::all().into_iter().filter(|(name, _)| *name != "hostile") {
        let html = letter(None, &document, &everything(), "prod", false).html.to_lowercase();
        for unwanted in [
            "<script", "<img", "<link", "<style", "src=", "href=", "url(", "@import", "flex", "grid", "var(",
            "<svg",
        ] {
            let found = html.contains(unwanted);
            assert!(!found, "{name}: {unwanted}");
        }
        assert!(html.matches("<table").count() == html.matches("</table>").count(), "{name}");
        assert!(html.starts_with("<!doctype html>"), "{name}");
    }
}

#[test]
fn what_was_found_can_neither_break_out_nor_hide() {
    let document = sample::hostile();
    let name = "</h1><b>x\u{202e}";
    let letter = letter(None, &document, &everything(), name, false);
    assert!(letter.html.contains("&lt;script&gt;") && !letter.html.contains("<b>x"), "escaped");
    for text in [&letter.subject, &letter.text, &letter.html] {
        let hidden = |one: char| {
            (one.is_control() && one != '\n') || matches!(one, '\u{202e}' | '\u{2066}' | '\u{200f}')
        };
        assert!(!text.contains(hidden));
    }
}

#[test]
fn a_large_estate_makes_a_small_letter() {
    let letter = letter(None, &sample::large(5_000), &everything(), "prod", false);
    // Clients cut a message off that has more.
    assert!(letter.html.len() < 102_400, "{}", letter.html.len());
    assert!(letter.text.contains("more, which the result has"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_subject_is_one_short_line_whatever_the_estate_is_called(name in ".{0,300}") {
        let letter = letter(None, &sample::drift_only(), &everything(), &name, false);
        prop_assert!(!letter.subject.contains(char::is_control));
        prop_assert!(letter.subject.starts_with("stateward "));
        prop_assert!(letter.subject.chars().count() <= SUBJECT + 1);
    }
}
