//! A look at the brackets of a text before it is parsed: the parser reads an operand that fails twice, so that operands
//! inside of operands would take time that doubles with each of them.

/// Operands inside of operands; people write two or three.
const DEEPEST: usize = 10;
/// Brackets and quotes of any sort; the parser itself takes 64 of a sort.
const MOST: usize = 256;

/// Something that is open.
struct Level<'a> {
    kind: Kind<'a>,
    /// How many of the levels around it had an operator before it.
    operands: usize,
    /// Whether an operator came before what follows.
    operator: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind<'a> {
    /// Expressions and blocks, up to this bracket.
    Code(u8),
    /// Text in quotes.
    Quote,
    /// Text up to a line of this word.
    Heredoc(&'a [u8]),
    /// Text up to its end.
    Text,
}

/// Where, in bytes, operands are nested deeper than anything that people write.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    deep(text.as_bytes(), Kind::Code(0))
}

/// The same of a text that is a template by itself.
pub(super) fn template_too_deep(text: &str) -> bool {
    deep(text.as_bytes(), Kind::Text).is_some()
}

fn deep<'a>(bytes: &'a [u8], kind: Kind<'a>) -> Option<usize> {
    let mut levels = vec![Level { kind, operands: 0, operator: false }];
    let mut at = 0;
    while at < bytes.len() {
        let kind = levels.last().map_or(Kind::Code(0), |level| level.kind);
        let rest = &bytes[at..];
        let (step, opened) = match kind {
            Kind::Code(close) => code(bytes, at, close, &mut levels),
            Kind::Quote if rest[0] == b'"' => (close(&mut levels), None),
            Kind::Quote if rest[0] == b'\\' => (2, None),
            Kind::Heredoc(word) if ends_heredoc(bytes, at, word) => {
                close(&mut levels);
                (line(rest), None)
            }
            _ if rest.starts_with(b"$${") || rest.starts_with(b"%%{") => (3, None),
            _ if rest.starts_with(b"${") || rest.starts_with(b"%{") => (2, Some(Kind::Code(b'}'))),
            _ => (1, None),
        };
        if let Some(kind) = opened {
            let around = levels.last().map_or(0, |level| level.operands + usize::from(level.operator));
            if around > DEEPEST || levels.len() > MOST {
                return Some(at);
            }
            levels.push(Level { kind, operands: around, operator: false });
        }
        at += step;
    }
    None
}

/// One step in code: how many bytes it takes, and what it opens.
fn code<'a>(
    bytes: &'a [u8],
    at: usize,
    close_with: u8,
    levels: &mut Vec<Level<'a>>,
) -> (usize, Option<Kind<'a>>) {
    let rest = &bytes[at..];
    // Where newlines may stand inside of an expression they end nothing.
    let loose = levels.iter().any(|level| matches!(level.kind, Kind::Code(b')' | b']')));
    let Some(level) = levels.last_mut() else { return (1, None) };
    match rest[0] {
        byte if byte == close_with && close_with != 0 => (close(levels), None),
        b'"' => (1, Some(Kind::Quote)),
        b'{' => (1, Some(Kind::Code(b'}'))),
        b'[' => (1, Some(Kind::Code(b']'))),
        b'(' => (1, Some(Kind::Code(b')'))),
        b'#' => (line(rest), None),
        b'/' if rest.starts_with(b"//") => (line(rest), None),
        b'/' if rest.starts_with(b"/*") => {
            let end = rest.windows(2).skip(2).position(|pair| pair == b"*/");
            (end.map_or(rest.len(), |end| end + 4), None)
        }
        b'<' if rest.starts_with(b"<<") => match heredoc(rest) {
            Some((word, length)) => (length, Some(Kind::Heredoc(word))),
            None => {
                level.operator = true;
                (2, None)
            }
        },
        b',' => {
            level.operator = false;
            (1, None)
        }
        b'\n' => {
            level.operator &= loose;
            (1, None)
        }
        // A hyphen inside of a name is none.
        b'-' if at > 0 && is_name(bytes[at - 1]) => (1, None),
        b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'&' | b'|' | b'!' => {
            level.operator = true;
            (1, None)
        }
        b'=' if rest.starts_with(b"==") => {
            level.operator = true;
            (2, None)
        }
        _ => (1, None),
    }
}

fn close(levels: &mut Vec<Level>) -> usize {
    if levels.len() > 1 {
        levels.pop();
    }
    1
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte >= 0x80
}

/// The bytes of the line that starts here, without its end.
fn line(rest: &[u8]) -> usize {
    rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
}

/// The word of a heredoc that starts here, and the length of its first line.
fn heredoc(rest: &[u8]) -> Option<(&[u8], usize)> {
    let start = if rest.get(2) == Some(&b'-') { 3 } else { 2 };
    let length = line(rest);
    let word = rest.get(start..length)?.trim_ascii_end();
    (!word.is_empty() && word.iter().all(|byte| is_name(*byte))).then_some((word, length))
}

/// True at the end of the line before the word, or on the word itself.
fn ends_heredoc(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    if bytes[at] != b'\n' {
        return false;
    }
    let next = &bytes[at + 1..];
    let next = &next[..line(next)];
    next.trim_ascii().starts_with(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(open: &str, depth: usize) -> String {
        format!("a = {}", open.repeat(depth))
    }

    #[test]
    fn operands_inside_of_operands_are_counted() {
        for open in ["a+b/{ ", "a + b + \"${", "a+b+[", "a+b+f(", "a == b && ("] {
            assert_eq!(too_deep(&nested(open, 5)), None, "{open}");
            assert!(too_deep(&nested(open, 40)).is_some(), "{open}");
        }
        let heredoc = format!("a = <<E\n${{{}", "a+b+{".repeat(40));
        assert!(too_deep(&heredoc).is_some());
        assert!(template_too_deep(&format!("\"x${{{}", "a+b+{".repeat(40))));
        assert!(!template_too_deep("\"x\" ${a + \"${b}\"}"));
        assert!(too_deep(&"[".repeat(100_000)).is_some());
    }

    #[test]
    fn what_people_write_is_not() {
        let deep = "a-b = { \"c/d*\" = [f({ // +\n".repeat(60);
        assert_eq!(too_deep(&deep), None);
        let lines = "a = 1 + 2\nb = {\n".repeat(60);
        assert_eq!(too_deep(&lines), None);
        let heredoc = format!("a = <<-EOT\n{}\n  EOT\n", "(1 + \" { [".repeat(60));
        assert_eq!(too_deep(&heredoc), None);
        assert_eq!(too_deep(&"a = \"$${ + \\\" %%{ + \"\n".repeat(60)), None);
        for text in ["\"\\", "<<", "<<-", "<<é\n", "/*", "\n", "a = <<E", "a = <<E\n"] {
            too_deep(text);
        }
    }
}
