use proptest::prelude::*;

use super::*;
use crate::result::sample;

#[test]
fn every_format_renders_every_answer_the_same_each_time_and_without_colour() {
    for format in FORMATS {
        for (name, document) in sample::all() {
            let text = (format.render)(&document, &Look::default()).unwrap();
            assert_eq!(
                (format.render)(&document, &Look::default()).unwrap(),
                text,
                "{}: {name}",
                format.name
            );
            assert!(!text.contains('\u{1b}'), "{}: {name}", format.name);
            assert!(text.ends_with('\n'), "{}: {name}", format.name);
        }
    }
}

#[test]
fn names_are_unique_and_the_book_lists_them() {
    let book = include_str!("../../docs/commands/README.md");
    for (at, format) in FORMATS.iter().enumerate() {
        assert_eq!(FORMATS.iter().position(|other| other == format), Some(at));
        assert_eq!(find(format.name), Some(format));
        assert!(
            book.contains(&format!("\n| `{}` | `.{}` | ", format.name, format.extension)),
            "{}",
            format.name
        );
    }
    assert_eq!(find("xml"), None);
}

#[test]
fn the_book_lists_the_columns_of_csv_and_the_records_of_jsonl() {
    let book = include_str!("../../docs/commands/README.md");
    for column in csv::HEADER {
        assert!(book.contains(&format!("`{column}`")), "{column}");
    }
    let lines = jsonl::render(&sample::no_go(), &Look::default()).unwrap();
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let record = line["record"].as_str().unwrap();
        assert!(book.contains(&format!("`{record}`")), "{record}");
    }
}

/// Letters that mean something somewhere, and a few that do not.
fn odd_text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "<",
        ">",
        "&",
        "\"",
        "'",
        "|",
        "`",
        "``",
        "```",
        "\\",
        "*",
        "_",
        "[",
        "](",
        ")",
        "#",
        "!",
        "~",
        "$",
        "{{",
        "}}",
        "{%",
        "%}",
        "=",
        "+",
        "-",
        "@",
        ",",
        ";",
        "\n",
        "\r\n",
        "\t",
        " ",
        "  ",
        "\u{202e}",
        "\u{200f}",
        "\u{1b}[31m",
        "\0",
        "</style>",
        "<script>",
        "a",
        "Zebra",
        "0",
        "é",
        "漢字",
        "🦓",
    ]);
    prop::collection::vec(odd, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_out_of_its_place(texts in prop::collection::vec(odd_text(), 8)) {
        let mut document = sample::no_go();
        document.findings.truncate(6);
        let finding = &mut document.findings[2];
        finding.title = texts[0].clone();
        finding.message = texts[1].clone();
        finding.remediation = Some(texts[2].clone());
        finding.resource.id = format!("id{}", texts[3]);
        finding.resource.address = Some(texts[4].clone());
        if let Some(drift) = &mut document.drift {
            drift.items.truncate(1);
            drift.items[0].changes[0].path = texts[5].clone();
            drift.items[0].changes[0].live = serde_json::Value::String(texts[6].clone());
            drift.items[0].import_block = Some(texts[7].clone());
        }

        html::tests::assert_well_formed(&html::render(&document, &Look::default()).unwrap());

        for line in jsonl::render(&document, &Look::default()).unwrap().lines() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        }

        let rows = csv::render(&document, &Look::default()).unwrap();
        let rows: Vec<_> = ::csv::Reader::from_reader(rows.as_bytes()).into_records().map(Result::unwrap).collect();
        prop_assert_eq!(rows.len(), document.findings.len() + 2);
        prop_assert!(rows.iter().all(|row| row.len() == csv::HEADER.len()));

        let mut columns = None;
        for line in markdown::render(&document, &Look::default()).unwrap().lines() {
            let cells = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
            match line.starts_with("| ") {
                true => prop_assert_eq!(*columns.get_or_insert(cells), cells, "{}", line),
                false => columns = None,
            }
        }

        published::valid_sarif(&document);
        published::valid_junit(&document);
        published::valid_ocsf(&document);
        let summary = github::render(&document, &Look::default()).unwrap();
        prop_assert_eq!(summary.matches("<details").count(), summary.matches("\n</details>\n").count());
        let tags = summary.lines().filter(|line| line.starts_with('<'));
        prop_assert_eq!(tags.clone().count(), tags.filter(|line| line.contains("details") || line.starts_with("<summary>")).count());

        for line in table::render(&document, &Look { width: Some(72), colour: false }).unwrap().lines() {
            let wide = tabled::grid::util::string::get_line_width(line);
            prop_assert!(wide <= 72 || line.split_whitespace().count() == 1, "{line}");
            prop_assert!(!line.contains(|letter: char| letter.is_control()), "{line:?}");
        }
    }
}
