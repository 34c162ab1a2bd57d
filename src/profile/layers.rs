//! Layers of TOML, merged key by key, where every value still knows the layer and the place it came from.

use std::collections::BTreeMap;
use std::ops::Range;

use miette::NamedSource;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Fault, Invalid, ProfileError};
use super::nearest;

/// One file or built-in profile.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// What reports call it.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Where its text begins in the one virtual document that all spans refer to.
    offset: usize,
}

/// The layers of a profile, with the place of every effective key.
#[derive(Debug, Clone, Default)]
pub(super) struct Layers {
    layers: Vec<Layer>,
    places: BTreeMap<String, Range<usize>>,
    /// Whether it is an acceptance file and no profile: the remedies differ.
    acceptances: bool,
}

impl Layers {
    /// Layers that hold acceptances alone.
    pub fn of_acceptances() -> Self {
        Self { acceptances: true, ..Self::default() }
    }

    /// Appends a layer; later ones win.
    pub fn push(&mut self, name: String, text: String) {
        // One byte apart, so that the end of one layer is not the start of the next.
        let offset = self.layers.last().map_or(0, |last| last.offset + last.text.len() + 1);
        self.layers.push(Layer { name, text, offset });
    }

    /// The names, first to last.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|layer| layer.name.as_str())
    }

    /// Merges the layers and reads the result.
    pub fn read<T: DeserializeOwned>(&mut self) -> Result<T, ProfileError> {
        // Blank lines in front shift the spans of a layer to its place in the virtual document.
        let padded = |layer: &Layer| format!("{}{}", "\n".repeat(layer.offset), layer.text);
        let texts: Vec<String> = self.layers.iter().map(padded).collect();
        let mut merged = DeTable::new();
        for text in &texts {
            let table = DeTable::parse(text).map_err(|error| self.syntax(&error))?;
            merge(&mut merged, table.into_inner());
        }
        self.places.clear();
        record(&merged, "", &mut self.places);
        let whole = Spanned::new(0..0, merged);
        T::deserialize(toml::Deserializer::from(whole)).map_err(|error| self.typed(&error))
    }

    /// The layer that a key came from; none for a key that the command line set.
    pub fn origin(&self, path: &str) -> Option<&str> {
        Some(self.layer_at(self.places.get(path)?.start)?.name.as_str())
    }

    /// Forgets where the keys under `path` came from, because the command line replaced them.
    pub fn forget(&mut self, path: &str) {
        let under = |key: &str| {
            key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.places.retain(|key, _| !under(key));
    }

    /// A fault against a rule at the key `path`, or at the nearest table around it.
    pub fn fault(&self, path: &str, message: String, label: &str, help: &str) -> ProfileError {
        let mut at = path;
        let span = loop {
            if let Some(span) = self.places.get(at) {
                break span.clone();
            }
            match at.rfind(['.', '[']) {
                Some(cut) => at = &at[..cut],
                None => break 0..0,
            }
        };
        self.located(Fault::Rule, span, message, label.to_owned(), help.to_owned())
    }

    fn syntax(&self, error: &toml::de::Error) -> ProfileError {
        let span = error.span().unwrap_or(0..0);
        let what = if self.acceptances { "acceptance files" } else { "profiles" };
        let help = format!("{what} are TOML 1.0: https://toml.io");
        let message = format!("this is not TOML: {}", error.message());
        self.located(Fault::Syntax, span, message, "here".to_owned(), help)
    }

    fn typed(&self, error: &toml::de::Error) -> ProfileError {
        let span = error.span().unwrap_or(0..0);
        // Names of Rust types mean nothing to the author of a profile.
        let said = &error
            .message()
            .replace("expected u32", "expected a whole number")
            .replace("expected u16", "expected a whole number up to 65535");
        let mut quoted = said.split('`').skip(1).step_by(2);
        if said.starts_with("unknown field") {
            let key = quoted.next().unwrap_or_default().to_owned();
            let allowed: Vec<&str> = quoted.collect();
            let near = nearest(&key, allowed.iter().copied());
            let mut help = near.map(|near| format!("did you mean `{near}`?\n")).unwrap_or_default();
            help += &format!("keys known here: {}", allowed.join(", "));
            let message = format!("unknown key `{key}`");
            let what = if self.acceptances { "acceptance file" } else { "profile" };
            let label = format!("no {what} has this key here");
            return self.located(Fault::UnknownKey, span, message, label, help);
        }
        let path = self.path_at(&span);
        let mut help = match self.acceptances {
            true => "an acceptance has owner, reason and expires, and names what it accepts: docs/drift.md",
            false => "`stateward audit --print-profile` shows every key with a valid value",
        }
        .to_owned();
        if said.starts_with("unknown variant") {
            let word = quoted.next().unwrap_or_default().to_owned();
            let allowed: Vec<&str> = quoted.collect();
            let near = nearest(&word, allowed.iter().copied());
            help = near.map(|near| format!("did you mean `{near}`?\n")).unwrap_or_default();
            help += &format!("words known here: {}", allowed.join(", "));
        } else if said.to_lowercase().contains("datetime") {
            help = "write a date without quotes, like `expires = 2026-09-01`".to_owned();
        }
        let message = if path.is_empty() { said.to_owned() } else { format!("`{path}`: {said}") };
        self.located(Fault::BadValue, span, message, "this value".to_owned(), help)
    }

    /// The key whose value is nearest around a span.
    fn path_at(&self, span: &Range<usize>) -> String {
        let around = |place: &&Range<usize>| place.start <= span.start && span.end <= place.end;
        let best = self.places.iter().filter(|(_, place)| around(place)).min_by_key(|(_, place)| place.len());
        best.map(|(path, _)| path.clone()).unwrap_or_default()
    }

    fn layer_at(&self, position: usize) -> Option<&Layer> {
        self.layers.iter().rev().find(|layer| layer.offset <= position)
    }

    fn located(
        &self,
        fault: Fault,
        span: Range<usize>,
        message: String,
        label: String,
        help: String,
    ) -> ProfileError {
        let layer = self.layer_at(span.start);
        let (name, text, offset) = layer
            .map_or(("profile", "", 0), |layer| (layer.name.as_str(), layer.text.as_str(), layer.offset));
        let start = span.start.saturating_sub(offset).min(text.len());
        let end = span.end.saturating_sub(offset).clamp(start, text.len());
        let source_code = NamedSource::new(name, text.to_owned());
        ProfileError::Invalid(Box::new(Invalid {
            fault,
            message,
            source_code,
            span: (start..end).into(),
            label,
            help,
        }))
    }
}

/// Tables merge key by key; anything else replaces what was there.
fn merge<'i>(base: &mut DeTable<'i>, later: DeTable<'i>) {
    for (key, mut value) in later {
        if let DeValue::Table(table) = value.get_mut()
            && let Some(below) = base.get_mut(key.get_ref().as_ref())
            && let DeValue::Table(below) = below.get_mut()
        {
            merge(below, std::mem::take(table));
            continue;
        }
        // The map keeps an old key when it is inserted again, and with it the old place.
        base.remove(key.get_ref().as_ref());
        base.insert(key, value);
    }
}

/// Notes the place of every value below `prefix`.
fn record(table: &DeTable<'_>, prefix: &str, places: &mut BTreeMap<String, Range<usize>>) {
    for (key, value) in table {
        let path =
            if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        record_value(value, path, places);
    }
}

fn record_value(value: &Spanned<DeValue<'_>>, path: String, places: &mut BTreeMap<String, Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => record(table, &path, places),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                record_value(item, format!("{path}[{index}]"), places);
            }
        }
        _ => {}
    }
    places.insert(path, value.span());
}
