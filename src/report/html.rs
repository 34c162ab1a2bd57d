//! The brief as one HTML file that loads nothing: readable on a phone, on paper, in the dark and by a screen reader.

pub(crate) mod context;
pub(crate) mod recovery;
#[cfg(test)]
pub(super) mod tests;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, UndefinedBehavior};

use super::prose::{self, Block, Span};
use super::{Look, ReportError, words};
use crate::result::Document;

/// The templates. Those that end in `.html` escape whatever they print.
const TEMPLATES: [(&str, &str); 13] = [
    ("brief.html", include_str!("html/brief.html")),
    ("macros.html", include_str!("html/macros.html")),
    ("answer.html", include_str!("html/answer.html")),
    ("score.html", include_str!("html/score.html")),
    ("plan.html", include_str!("html/plan.html")),
    ("places.html", include_str!("html/places.html")),
    ("findings.html", include_str!("html/findings.html")),
    ("drift.html", include_str!("html/drift.html")),
    ("recovery.html", include_str!("html/recovery.html")),
    ("evidence.html", include_str!("html/evidence.html")),
    ("unread.html", include_str!("html/unread.html")),
    ("scope.html", include_str!("html/scope.html")),
    ("style.css", include_str!("html/style.css")),
];

/// The page.
///
/// # Errors
/// [`ReportError::Template`] when a template names what the context does not have.
pub fn render(document: &Document, _: &Look) -> Result<String, ReportError> {
    let environment = environment()?;
    let context = value(context::of(document));
    Ok(environment.get_template("brief.html")?.render(context)?)
}

/// The templates, ready to be rendered.
///
/// # Errors
/// [`ReportError::Template`] for a template that cannot be parsed.
pub(crate) fn environment() -> Result<Environment<'static>, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_syntax(
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?,
    );
    environment.add_filter("prose", |text: String| Value::from_safe_string(repair(&text)));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// The context for the templates, with each hidden character written out.
pub(crate) fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(yes) => Value::from(yes),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::from(whole),
            None => Value::from(number.as_f64()),
        },
        serde_json::Value::String(text) => Value::from(words::visible(&text)),
        serde_json::Value::Array(items) => items.into_iter().map(value).collect(),
        serde_json::Value::Object(map) => {
            Value::from_pairs(map.into_iter().map(|(key, item)| (key, value(item))))
        }
    }
}

/// A remediation as HTML.
fn repair(markdown: &str) -> String {
    prose::read(markdown).iter().map(block).collect()
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(inside) => format!("<p>{}</p>\n", spans(inside)),
        Block::List(items, numbered) => {
            let tag = if *numbered { "ol" } else { "ul" };
            let items: String = items.iter().map(|item| format!("<li>{}</li>", spans(item))).collect();
            format!("<{tag}>{items}</{tag}>\n")
        }
        Block::Code(text) => format!("<pre><code>{}</code></pre>\n", escape(text)),
    }
}

fn spans(inside: &[Span]) -> String {
    inside
        .iter()
        .map(|span| match span {
            Span::Text(text) => escape(text),
            Span::Strong(text) => format!("<strong>{}</strong>", escape(text)),
            Span::Code(text) => format!("<code>{}</code>", escape(text)),
        })
        .collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
