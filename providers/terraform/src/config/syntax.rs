//! The files of a folder as HCL trees; JSON is brought into the same shape.

use std::path::Path;

use hcl_edit::Ident;
use hcl_edit::expr::{Array, Expression, Object, ObjectKey, ObjectValue};
use hcl_edit::structure::{Attribute, Block, Body};
use hcl_edit::template::{StringTemplate, Template};
use serde_json::{Map, Value};

use super::guard;
use crate::error::StateError;

/// No configuration that people write is larger.
const LARGEST: u64 = 16 << 20;

/// One file of a configuration.
#[derive(Debug)]
pub(super) struct File {
    /// The path as people know it.
    pub(super) name: String,
    /// What is in it.
    pub(super) body: Body,
    /// Where each line starts; empty for JSON.
    lines: Vec<usize>,
}

impl File {
    /// The line, from 1, of a byte.
    pub(super) fn line(&self, offset: usize) -> Option<usize> {
        let line = self.lines.partition_point(|start| *start <= offset);
        (line > 0).then_some(line)
    }
}

/// The configuration files of a folder: by name, and override files last, as Terraform lays them over the others.
pub(super) fn folder(dir: &Path) -> Result<Vec<File>, StateError> {
    let shown = dir.display().to_string();
    let fault = |error: std::io::Error| {
        let remedy = "name the folder of the root module, where the *.tf files are";
        StateError::new(&shown, format!("this folder cannot be read: {error}"), remedy)
    };
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(fault)? {
        let name = entry.map_err(fault)?.file_name().to_string_lossy().into_owned();
        if is_configuration(&name) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| (is_override(name), name.clone()));
    // OpenTofu reads x.tofu in the place of x.tf.
    let replaced: Vec<String> = names.iter().map(|name| name.replacen(".tofu", ".tf", 1)).collect();
    let hidden =
        |name: &str| replaced.iter().zip(&names).any(|(tf, original)| tf == name && original != name);
    names.iter().filter(|name| !hidden(name)).map(|name| file(&dir.join(name))).collect()
}

fn is_configuration(name: &str) -> bool {
    let scratch = name.starts_with('.') || name.ends_with('~') || name.starts_with('#');
    !scratch && [".tf", ".tf.json", ".tofu", ".tofu.json"].iter().any(|end| name.ends_with(end))
}

/// True for the files that Terraform lays over the others.
fn is_override(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    stem == "override" || stem.ends_with("_override")
}

fn file(path: &Path) -> Result<File, StateError> {
    let name = path.display().to_string();
    let text = text(path, &name)?;
    parse(&name, &text)
}

fn text(path: &Path, name: &str) -> Result<String, StateError> {
    let fault = |what: String| StateError::new(name, what, "check the file and its permissions");
    let unread = |error: std::io::Error| fault(format!("it cannot be read: {error}"));
    let size = std::fs::metadata(path).map_err(unread)?.len();
    if size > LARGEST {
        return Err(fault(format!("{size} bytes are more than a configuration file holds")));
    }
    let bytes = std::fs::read(path).map_err(unread)?;
    String::from_utf8(bytes).map_err(|_| fault("it is not UTF-8 text".to_owned()))
}

/// One file of variables (`terraform.tfvars`), which is a body of attributes.
pub(super) fn variables(path: &Path) -> Result<Option<File>, StateError> {
    if path.is_file() { file(path).map(Some) } else { Ok(None) }
}

/// Reads the text of one file.
pub(super) fn parse(name: &str, text: &str) -> Result<File, StateError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if name.ends_with(".json") {
        return json(name, text);
    }
    let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    let lines: Vec<usize> = std::iter::once(0).chain(ends).collect();
    if let Some(at) = guard::too_deep(text) {
        let line = lines.partition_point(|start| *start <= at);
        let (what, remedy) =
            ("expressions are nested too deep here", "give the inner ones names in `locals`");
        return Err(StateError::new(name, what, remedy).at(line, at + 1 - lines[line - 1]));
    }
    // Words of the parser's message come from its grammar; the line that it could quote stays out.
    let body = hcl_edit::parser::parse_body(text).map_err(|error| {
        let what = format!("this is not HCL: {}", error.message());
        let place = error.location();
        StateError::new(name, what, "see what `terraform validate` says of it")
            .at(place.line(), place.column())
    })?;
    Ok(File { name: name.to_owned(), body, lines })
}

fn json(name: &str, text: &str) -> Result<File, StateError> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let what = "this is not JSON".to_owned();
        StateError::new(name, what, "see what `terraform validate` says of it")
            .at(error.line(), error.column())
    })?;
    let body = value.as_object().map(root).ok_or_else(|| {
        StateError::new(name, "this is not a JSON object", "see what `terraform validate` says of it")
    })?;
    Ok(File { name: name.to_owned(), body, lines: Vec::new() })
}

/// How many labels each block of the root has in the JSON form.
const ROOT: &[(&str, usize)] = &[
    ("resource", 2),
    ("data", 2),
    ("module", 1),
    ("variable", 1),
    ("provider", 1),
    ("output", 1),
    ("terraform", 0),
    ("locals", 0),
];

fn root(map: &Map<String, Value>) -> Body {
    let mut body = Body::new();
    if map.keys().all(|key| ROOT.iter().all(|(name, _)| name != key)) {
        // A file of variables.
        attributes(&mut body, map, &[]);
        return body;
    }
    for (kind, labels) in ROOT {
        if let Some(value) = map.get(*kind) {
            blocks(&mut body, kind, &mut Vec::new(), *labels, value);
        }
    }
    body
}

fn blocks(body: &mut Body, kind: &str, labels: &mut Vec<String>, missing: usize, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| blocks(body, kind, labels, missing, item)),
        Value::Object(map) if missing > 0 => {
            for (label, value) in map {
                labels.push(label.clone());
                blocks(body, kind, labels, missing - 1, value);
                labels.pop();
            }
        }
        Value::Object(map) => {
            let Ok(ident) = Ident::try_new(kind) else { return };
            let mut block = Block::new(ident);
            block.labels = labels.iter().map(|label| label.as_str().into()).collect();
            attributes(&mut block.body, map, inner(kind));
            body.push(block);
        }
        _ => {}
    }
}

/// The arguments that are blocks inside a block of the JSON form, with their labels.
fn inner(kind: &str) -> &'static [(&'static str, usize)] {
    match kind {
        "resource" => &[("lifecycle", 0), ("dynamic", 1)],
        "dynamic" => &[("content", 0)],
        "content" => &[("dynamic", 1)],
        "terraform" => &[("backend", 1), ("cloud", 0), ("required_providers", 0)],
        "cloud" | "backend" => &[("workspaces", 0)],
        _ => &[],
    }
}

fn attributes(body: &mut Body, map: &Map<String, Value>, nested: &[(&str, usize)]) {
    for (name, value) in map.iter().filter(|(name, _)| *name != "//") {
        if let Some((kind, labels)) = nested.iter().find(|(kind, _)| kind == name) {
            blocks(body, kind, &mut Vec::new(), *labels, value);
        } else if let Ok(ident) = Ident::try_new(name.as_str()) {
            body.push(Attribute::new(ident, expression(value)));
        }
    }
}

fn expression(value: &Value) -> Expression {
    match value {
        Value::Null => Expression::null(),
        Value::Bool(on) => Expression::from(*on),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Expression::from(whole),
            (None, Some(broken)) => Expression::from(broken),
            (None, None) => Expression::null(),
        },
        Value::String(text) => template(text),
        Value::Array(items) => Expression::from(items.iter().map(expression).collect::<Array>()),
        Value::Object(map) => {
            let member = |(key, value): (&String, &Value)| {
                (ObjectKey::from(template(key)), ObjectValue::new(expression(value)))
            };
            Expression::from(map.iter().map(member).collect::<Object>())
        }
    }
}

/// Text in JSON is a template.
fn template(text: &str) -> Expression {
    if !text.contains("${") && !text.contains("%{") {
        return Expression::from(text);
    }
    let parsed = if guard::template_too_deep(text) { None } else { text.parse::<Template>().ok() };
    match parsed {
        Some(template) => Expression::from(template.into_iter().collect::<StringTemplate>()),
        // What cannot be read is nothing that could be resolved.
        None => Expression::from(Ident::new_sanitized("unreadable")),
    }
}
