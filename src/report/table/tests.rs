use super::*;
use crate::result::sample;

fn shown(document: &Document, width: usize) -> String {
    render(document, &Look { width: Some(width), colour: false }).unwrap()
}

#[test]
fn a_line_is_longer_than_the_terminal_only_for_one_whole_word() {
    for (name, document) in sample::all() {
        for width in [40, 60, 80, 100, 120, 200] {
            let mut long = 0;
            for line in shown(&document, width).lines() {
                let wide = tabled::grid::util::string::get_line_width(line);
                if wide > width {
                    assert_eq!(line.split_whitespace().count(), 1, "{name} at {width}: {line}");
                    long += 1;
                }
            }
            // Only the hostile sample has words that no usual terminal holds.
            assert!(long == 0 || width < 120 || name == "hostile", "{name} at {width}: {long}");
        }
    }
}

#[test]
fn ids_and_addresses_are_whole_at_any_width() {
    for (name, document) in sample::all() {
        for width in [20, 60, 120] {
            let text = shown(&document, width);
            let words: std::collections::BTreeSet<&str> = text.split_whitespace().collect();
            let is_there =
                |id: &str| words::one_line(id).split(' ').all(|word| word.is_empty() || words.contains(word));
            let reported = [Status::Fail, Status::Partial, Status::Unknown, Status::Waived];
            for finding in document.findings.iter().filter(|finding| reported.contains(&finding.status)) {
                assert!(is_there(&finding.resource.id), "{name} at {width}: {}", finding.resource.id);
                assert!(finding.resource.address.as_deref().is_none_or(is_there), "{name} at {width}");
            }
            for item in document.drift.iter().flat_map(|drift| &drift.items) {
                assert!(
                    is_there(&item.id) && item.owner.as_deref().is_none_or(is_there),
                    "{name}: {}",
                    item.id
                );
                assert!(item.address.as_deref().is_none_or(is_there), "{name} at {width}");
            }
        }
    }
}

#[test]
fn colour_is_paint_and_nothing_else() {
    for (name, document) in sample::all() {
        let look = Look { width: Some(100), colour: true };
        let painted = render(&document, &look).unwrap();
        let bare = shown(&document, 100);
        assert!(!bare.contains('\u{1b}'), "{name}");
        assert!(painted.contains("\u{1b}["), "{name}");
        let mut text = String::new();
        for (at, part) in painted.split('\u{1b}').enumerate() {
            text.push_str(if at == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        assert_eq!(text, bare, "{name}");
    }
}

#[test]
fn a_narrow_terminal_gets_lists() {
    let document = sample::no_go();
    for width in [80, 100, 120] {
        assert!(!shown(&document, width).contains("Lost: 4.92"), "{width}");
    }
    assert!(shown(&document, 40).contains("Lost: 4.92"));
}

#[test]
fn a_bar_is_full_only_at_one_hundred() {
    assert_eq!(bar(99.99, 99.99), format!("{}·", "█".repeat(9)));
    assert_eq!(bar(100.0, 100.0), "█".repeat(10));
    assert_eq!(bar(50.0, 75.0), format!("{}{}{}", "█".repeat(5), "▒".repeat(2), "·".repeat(3)));
    assert_eq!(bar(0.0, 0.0), "·".repeat(10));
}

#[test]
fn nothing_of_a_large_estate_is_left_out() {
    let text = shown(&sample::large(500), 100);
    assert!(text.contains("sg-000000000000001f3") && text.contains("db-00499"));
}

#[test]
fn tables() {
    for (name, document) in sample::all().into_iter().filter(|(name, _)| *name != "hostile") {
        insta::assert_snapshot!(name, shown(&document, 100));
    }
    insta::assert_snapshot!("no-go-narrow", shown(&sample::no_go(), 48));
}
