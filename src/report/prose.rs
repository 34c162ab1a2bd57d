//! The Markdown of remediations, read into plain blocks: each format writes them anew and escapes as it must.

/// A piece of a remediation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Running text.
    Paragraph(Vec<Span>),
    /// Items, and whether they are numbered.
    List(Vec<Vec<Span>>, bool),
    /// Code, line by line as it is to be copied.
    Code(String),
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Plain text; a link is its text with the address in brackets.
    Text(String),
    /// Emphasised text.
    Strong(String),
    /// Code.
    Code(String),
}

/// Reads paragraphs, lists, fenced code, bold and inline code. Everything else is text: nothing is lost, nothing runs.
pub fn read(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut text: Vec<&str> = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let fence = fence_of(line);
        if let Some(fence) = fence {
            flush(&mut text, &mut blocks);
            let body: Vec<&str> = lines.by_ref().take_while(|line| !closes(line, fence)).collect();
            blocks.push(Block::Code(body.join("\n")));
            continue;
        }
        if line.trim().is_empty() {
            flush(&mut text, &mut blocks);
            continue;
        }
        if let Some((numbered, item)) = item_of(line) {
            flush(&mut text, &mut blocks);
            match blocks.last_mut() {
                Some(Block::List(items, same)) if *same == numbered => items.push(spans(item)),
                _ => blocks.push(Block::List(vec![spans(item)], numbered)),
            }
            continue;
        }
        // A line that is indented below an item goes on with it.
        if text.is_empty()
            && line.starts_with(' ')
            && let Some(Block::List(items, _)) = blocks.last_mut()
            && let Some(item) = items.last_mut()
        {
            item.push(Span::Text(" ".into()));
            item.extend(spans(line.trim()));
            continue;
        }
        text.push(line.trim());
    }
    flush(&mut text, &mut blocks);
    blocks
}

/// The marks of a fence that opens here.
fn fence_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let marks = line.len() - line.trim_start_matches('`').len();
    // Marks that follow later on the line make it inline code.
    (marks >= 3 && !line[marks..].contains('`')).then(|| &line[..marks])
}

fn closes(line: &str, fence: &str) -> bool {
    let line = line.trim();
    line.starts_with(fence) && line.trim_matches('`').is_empty()
}

fn item_of(line: &str) -> Option<(bool, &str)> {
    let line = line.trim_start();
    if let Some(item) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return Some((false, item));
    }
    let (number, item) = line.split_once(". ")?;
    let digits = !number.is_empty() && number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some((true, item))
}

fn flush(text: &mut Vec<&str>, blocks: &mut Vec<Block>) {
    if text.is_empty() {
        return;
    }
    let joined = text.join(" ");
    text.clear();
    let heading = joined.trim_start_matches('#');
    match joined.strip_prefix('#') {
        Some(_) => blocks.push(Block::Paragraph(vec![Span::Strong(heading.trim().into())])),
        None => blocks.push(Block::Paragraph(spans(&joined))),
    }
}

fn spans(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut plain = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let found = code(rest).or_else(|| strong(rest)).or_else(|| link(rest));
        let Some((span, after)) = found else {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        match span {
            Span::Text(text) => plain.push_str(&text),
            span => {
                if !plain.is_empty() {
                    spans.push(Span::Text(std::mem::take(&mut plain)));
                }
                spans.push(span);
            }
        }
        rest = after;
    }
    if !plain.is_empty() {
        spans.push(Span::Text(plain));
    }
    spans
}

fn code(rest: &str) -> Option<(Span, &str)> {
    let marks = rest.len() - rest.trim_start_matches('`').len();
    let (fence, body) = rest.split_at(marks);
    if marks == 0 {
        return None;
    }
    let (inside, after) = body.split_once(fence)?;
    (!inside.is_empty()).then(|| (Span::Code(inside.trim().into()), after))
}

fn strong(rest: &str) -> Option<(Span, &str)> {
    let (inside, after) = rest.strip_prefix("**")?.split_once("**")?;
    (!inside.is_empty()).then(|| (Span::Strong(inside.replace('`', "")), after))
}

fn link(rest: &str) -> Option<(Span, &str)> {
    let (words, after) = rest.strip_prefix('[')?.split_once("](")?;
    let (target, after) = after.split_once(')')?;
    let plain = !words.contains(['[', ']']) && !target.contains(' ');
    // Only the web is worth an address; a page of the book is named by its words.
    let text = match target.starts_with("https://") {
        true => format!("{words} ({target})"),
        false => words.to_owned(),
    };
    plain.then_some((Span::Text(text), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &str) -> Span {
        Span::Text(words.into())
    }

    #[test]
    fn a_remediation_is_read_into_its_blocks() {
        let blocks = read(
            "**CLI**: `aws x --y`\nand on.\n\n- one\n  goes on\n- two\n\n1. first\n\n```hcl\na = \"b\"\n\n  c\n```\nend",
        );
        assert_eq!(
            blocks,
            [
                Block::Paragraph(vec![
                    Span::Strong("CLI".into()),
                    text(": "),
                    Span::Code("aws x --y".into()),
                    text(" and on.")
                ]),
                Block::List(vec![vec![text("one"), text(" "), text("goes on")], vec![text("two")]], false),
                Block::List(vec![vec![text("first")]], true),
                Block::Code("a = \"b\"\n\n  c".into()),
                Block::Paragraph(vec![text("end")]),
            ]
        );
    }

    #[test]
    fn what_is_not_understood_stays_text() {
        for odd in ["a ** b", "`open", "[x] (y)", "<b>", "5 * 3", "```x``` y"] {
            let blocks = read(odd);
            assert_eq!(blocks.len(), 1, "{odd}");
            assert!(matches!(blocks[0], Block::Paragraph(_)), "{odd}: {blocks:?}");
        }
        assert_eq!(read("```\nnever closed"), [Block::Code("never closed".into())]);
        assert_eq!(read(""), []);
    }

    #[test]
    fn a_link_keeps_its_words_and_only_a_web_address() {
        assert_eq!(
            read("see [AWS](https://aws.amazon.com/x), [page](../drift.md) and [bad](javascript:alert(1))"),
            [Block::Paragraph(vec![text("see AWS (https://aws.amazon.com/x), page and bad)")])]
        );
        assert_eq!(read("# Title"), [Block::Paragraph(vec![Span::Strong("Title".into())])]);
    }
}
