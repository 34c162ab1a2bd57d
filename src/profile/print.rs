//! Prints the effective profile, with the layer of each key.

use std::fmt::Write as _;

use toml::{Table, Value};

use super::Profile;

/// Lines longer than this are broken at the items of their array.
const WIDTH: usize = 100;

/// The profile as TOML that loads again.
pub(super) fn print(profile: &Profile) -> String {
    let mut out = String::from("# The effective profile. Layers, later ones win:\n");
    for (at, name) in profile.layer_names().enumerate() {
        let _ = writeln!(out, "#   {}. {name}", at + 1);
    }
    let _ = writeln!(out, "# Hash: {}\n", profile.hash());
    table(profile, "", &profile.table(), &mut out);
    out
}

fn table(profile: &Profile, prefix: &str, values: &Table, out: &mut String) {
    let path = |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    let is_block = |value: &Value| match value {
        Value::Table(_) => true,
        Value::Array(items) => items.first().is_some_and(Value::is_table),
        _ => false,
    };
    for (key, value) in values.iter().filter(|(_, value)| !is_block(value)) {
        let _ = writeln!(out, "{}{}", entry(key, value), origin(profile, &path(key)));
    }
    for (key, value) in values.iter().filter(|(_, value)| is_block(value)) {
        let path = path(key);
        match value {
            Value::Table(inner) => {
                let _ = writeln!(out, "\n[{path}]");
                table(profile, &path, inner, out);
            }
            Value::Array(items) => {
                for (index, item) in items.iter().filter_map(Value::as_table).enumerate() {
                    let at = format!("{path}[{index}]");
                    let _ = writeln!(out, "\n[[{path}]]{}", origin(profile, &at));
                    for (key, value) in item {
                        let _ = writeln!(out, "{}", entry(key, value));
                    }
                }
            }
            _ => {}
        }
    }
}

/// A key as TOML writes it: quoted unless it is a plain word.
fn word(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain { key.to_owned() } else { Value::from(key).to_string() }
}

fn entry(key: &str, value: &Value) -> String {
    let key = word(key);
    let line = format!("{key} = {value}");
    match value {
        Value::Array(items) if line.len() > WIDTH => {
            let items: String = items.iter().map(|item| format!("  {item},\n")).collect();
            format!("{key} = [\n{items}]")
        }
        _ => line,
    }
}

fn origin(profile: &Profile, path: &str) -> String {
    format!("  # {}", profile.layers.origin(path).unwrap_or("command line"))
}
