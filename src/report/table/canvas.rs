//! Lines of a known width: words wrap, ids stay whole, colours come last.

use tabled::builder::Builder;
use tabled::grid::util::string::get_line_width;
use tabled::settings::object::Columns;
use tabled::settings::style::HorizontalLine;
use tabled::settings::{Alignment, Modify, Padding, Style};

use crate::report::{Look, words};

/// Columns where the width is not known: a file or a pipe.
const USUAL: usize = 100;
/// Nothing reads well in fewer.
const LEAST: usize = 20;

/// Blanks between columns.
const GAP: usize = 2;

/// How a piece of text is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// As it is.
    Plain,
    /// Bold.
    Strong,
    /// Dim.
    Soft,
    /// Green.
    Good,
    /// Yellow.
    Warn,
    /// Red.
    Bad,
}

impl Paint {
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Soft => Some("2"),
            Self::Good => Some("32"),
            Self::Warn => Some("33"),
            Self::Bad => Some("31"),
        }
    }
}

/// A cell or a piece of a line.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    paint: Paint,
}

impl Cell {
    /// A painted text.
    pub fn new(text: impl AsRef<str>, paint: Paint) -> Self {
        Self { text: words::one_line(text.as_ref()), paint }
    }
}

/// A plain text.
pub fn plain(text: impl AsRef<str>) -> Cell {
    Cell::new(text, Paint::Plain)
}

/// A column of a grid.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    title: &'static str,
    number: bool,
}

/// A column of words.
pub const fn text(title: &'static str) -> Column {
    Column { title, number: false }
}

/// A column of numbers, aligned to the right.
pub const fn number(title: &'static str) -> Column {
    Column { title, number: true }
}

/// What is written.
#[derive(Debug)]
pub struct Canvas {
    width: usize,
    colour: bool,
    text: String,
}

impl Canvas {
    /// An empty one.
    pub fn new(look: &Look) -> Self {
        let width = look.width.unwrap_or(USUAL).max(LEAST);
        Self { width, colour: look.colour, text: String::new() }
    }

    /// All lines.
    pub fn into_text(self) -> String {
        self.text
    }

    /// An empty line.
    pub fn space(&mut self) {
        self.text.push('\n');
    }

    /// The title of a part, with a figure behind it.
    pub fn part(&mut self, title: &str, figure: &str) {
        self.space();
        let title = Cell::new(title.to_uppercase(), Paint::Strong);
        self.line(0, &[title, Cell::new(figure, Paint::Soft)]);
    }

    /// Pieces beside each other as running text. Words wrap; one that is longer than a line stays whole.
    pub fn line(&mut self, indent: usize, cells: &[Cell]) {
        let lines = wrap(cells, self.width.saturating_sub(indent), self.width.saturating_sub(indent + 2));
        for (at, words) in lines.iter().enumerate() {
            let margin = if at == 0 { indent } else { indent + 2 };
            self.text.push_str(&" ".repeat(margin));
            self.text.push_str(&self.paint(words));
            self.text.push('\n');
        }
    }

    /// A text that nobody copies by the word, such as a JSON value: it breaks wherever the line ends.
    pub fn block(&mut self, indent: usize, label: &str, value: &str, paint: Paint) {
        let margin = indent + label.len() + 1;
        let room = self.width.saturating_sub(margin).max(8);
        for (at, piece) in pieces(&words::one_line(value), room).into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            self.text.push_str(&" ".repeat(indent));
            self.text.push_str(&self.painted(label, Paint::Soft));
            self.text.push_str(&" ".repeat(margin - indent - label.len()));
            self.text.push_str(&self.painted(&piece, paint));
            self.text.push('\n');
        }
    }

    /// A name with two values, on one line where they fit.
    pub fn pair(&mut self, indent: usize, name: &[Cell], declared: &str, live: &str) {
        let values = [plain(declared), Cell::new("→", Paint::Soft), plain(live)];
        let cells = [name, &values].concat();
        let wide: usize = cells.iter().map(|cell| get_line_width(&cell.text) + 1).sum();
        if indent + wide <= self.width + 1 {
            self.line(indent, &cells);
            return;
        }
        self.line(indent, name);
        self.block(indent + 2, "declared", declared, Paint::Plain);
        self.block(indent + 2, "live    ", live, Paint::Plain);
    }

    /// Rows under titles, as a table where there is room for it, else as a list.
    pub fn grid(&mut self, columns: &[Column], rows: &[Vec<Cell>]) {
        match self.fit(columns, rows) {
            Some(widths) => self.table(columns, rows, &widths),
            None => self.list(columns, rows),
        }
    }

    /// Widths of the columns; none where even one word a line is too much.
    fn fit(&self, columns: &[Column], rows: &[Vec<Cell>]) -> Option<Vec<usize>> {
        let measure = |at: usize, of: &dyn Fn(&str) -> usize| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| of(&cell.text));
            cells.chain([of(columns[at].title)]).max().unwrap_or(0)
        };
        let longest_word = |text: &str| text.split(' ').map(get_line_width).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns.len()).map(|at| measure(at, &get_line_width)).collect();
        let least: Vec<usize> = (0..columns.len())
            .map(|at| if columns[at].number { widths[at] } else { measure(at, &longest_word) })
            .collect();
        let room = self.width.checked_sub(GAP * columns.len().saturating_sub(1))?;
        while widths.iter().sum::<usize>() > room {
            let slack = |at: usize| widths[at] - least[at];
            let most = (0..columns.len()).max_by_key(|at| slack(*at)).filter(|at| slack(*at) > 0)?;
            widths[most] -= 1;
        }
        Some(widths)
    }

    fn table(&mut self, columns: &[Column], rows: &[Vec<Cell>], widths: &[usize]) {
        let mut builder = Builder::new();
        let titles: Vec<Cell> = columns.iter().map(|column| Cell::new(column.title, Paint::Soft)).collect();
        for row in [&titles].into_iter().chain(rows) {
            builder.push_record(row.iter().zip(widths).map(|(cell, width)| {
                let lines = wrap(std::slice::from_ref(cell), *width, *width);
                lines.iter().map(|words| self.paint(words)).collect::<Vec<_>>().join("\n")
            }));
        }
        let mut table = builder.build();
        table.with(Style::empty().horizontals([(1, HorizontalLine::new('─'))]));
        table.with(Padding::new(0, GAP, 0, 0));
        for (at, _) in columns.iter().enumerate().filter(|(_, column)| column.number) {
            table.with(Modify::new(Columns::one(at)).with(Alignment::right()));
        }
        let table = table.to_string();
        // The last column has its gap too, and the rule runs under it.
        let lines: Vec<&str> = table.lines().map(str::trim_end).collect();
        let ruled = |line: &&str| line.starts_with('─');
        let total = lines.iter().filter(|line| !ruled(line)).map(|line| get_line_width(line)).max();
        for line in &lines {
            match ruled(line) {
                true => self.text.push_str(&"─".repeat(total.unwrap_or(0))),
                false => self.text.push_str(line),
            }
            self.text.push('\n');
        }
    }

    fn list(&mut self, columns: &[Column], rows: &[Vec<Cell>]) {
        for row in rows {
            let mut cells = row.iter().zip(columns).filter(|(cell, _)| !cell.text.is_empty());
            if let Some((first, _)) = cells.next() {
                self.line(0, &[Cell { paint: Paint::Strong, ..first.clone() }]);
            }
            let rest: Vec<Cell> = cells
                .flat_map(|(cell, column)| {
                    [
                        Cell::new("·", Paint::Soft),
                        Cell::new(format!("{}:", column.title), Paint::Soft),
                        cell.clone(),
                    ]
                })
                .skip(1)
                .collect();
            self.line(2, &rest);
        }
    }

    /// Words beside each other, neighbours of one paint in one go.
    fn paint(&self, words: &[(&str, Paint)]) -> String {
        let mut painted: Vec<String> = Vec::new();
        for run in words.chunk_by(|a, b| a.1 == b.1) {
            let text = run.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" ");
            painted.extend(run.first().map(|(_, paint)| self.painted(&text, *paint)));
        }
        painted.join(" ")
    }

    fn painted(&self, text: &str, paint: Paint) -> String {
        match paint.code().filter(|_| self.colour && !text.is_empty()) {
            Some(code) => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            None => text.to_owned(),
        }
    }
}

/// Words by line: the first line has this much room, the others that much. Blanks inside a text stay as they are.
fn wrap(cells: &[Cell], first: usize, others: usize) -> Vec<Vec<(&str, Paint)>> {
    let mut lines: Vec<Vec<(&str, Paint)>> = Vec::new();
    let mut line: Vec<(&str, Paint)> = Vec::new();
    let mut used = 0;
    let cells = cells.iter().filter(|cell| !cell.text.is_empty());
    for (word, paint) in cells.flat_map(|cell| cell.text.split(' ').map(|word| (word, cell.paint))) {
        let room = if lines.is_empty() { first } else { others };
        let wide = get_line_width(word);
        if !line.is_empty() && used + 1 + wide > room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        used += wide + usize::from(!line.is_empty());
        line.push((word, paint));
    }
    lines.push(line);
    lines
}

/// Text in pieces of at most this width.
fn pieces(text: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for letter in text.chars() {
        let wide = get_line_width(letter.encode_utf8(&mut [0; 4]));
        if used > 0 && used + wide > room {
            pieces.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(piece) = pieces.last_mut() {
            piece.push(letter);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(width: usize, write: impl Fn(&mut Canvas)) -> Vec<String> {
        let mut canvas = Canvas::new(&Look { width: Some(width), colour: false });
        write(&mut canvas);
        canvas.into_text().lines().map(str::to_owned).collect()
    }

    #[test]
    fn words_wrap_and_long_ones_stay_whole() {
        let wrapped = lines(24, |canvas| canvas.line(2, &[plain("one two"), plain("three four five six")]));
        assert_eq!(wrapped, ["  one two three four", "    five six"]);
        let id = "sg-0123456789abcdef0123456789";
        assert_eq!(
            lines(24, |canvas| canvas.line(0, &[plain("a"), plain(id), plain("b")])),
            ["a".to_owned(), format!("  {id}"), "  b".to_owned()]
        );
        assert_eq!(
            lines(24, |canvas| canvas.line(0, &[plain(" a  b "), plain(""), plain("c")])),
            [" a  b  c"]
        );
    }

    #[test]
    fn values_break_where_the_line_ends_and_lose_nothing() {
        let value = "{\"a\":\"0123456789\"}";
        let broken = lines(20, |canvas| canvas.block(0, "live", value, Paint::Plain));
        assert_eq!(broken, ["live {\"a\":\"012345678", "     9\"}"]);
    }

    #[test]
    fn a_pair_is_one_line_where_it_fits() {
        let name = [plain("size")];
        assert_eq!(lines(20, |canvas| canvas.pair(2, &name, "1", "2")), ["  size 1 → 2"]);
        let apart = lines(24, |canvas| canvas.pair(2, &name, "1234567890", "2"));
        assert_eq!(apart, ["  size 1234567890 → 2"]);
        let apart = lines(22, |canvas| canvas.pair(2, &name, "123456789012", "2"));
        assert_eq!(apart, ["  size", "    declared 123456789", "             012", "    live     2"]);
    }

    #[test]
    fn numbers_never_wrap_and_words_give_way_first() {
        let columns = [text("Name"), number("Points")];
        let rows = [vec![plain("a long name of it"), plain("1 – 2")]];
        let shown = lines(20, |canvas| canvas.grid(&columns, &rows));
        assert_eq!(shown, ["Name         Points", "───────────────────", "a long name   1 – 2", "of it"]);
    }
}
