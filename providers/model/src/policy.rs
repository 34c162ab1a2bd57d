//! IAM-style policy documents by meaning (N2).

mod access;
mod breadth;

pub use access::{Condition, Document, Principal, Statement, matches};

use serde_json::{Map, Value};

/// The canonical form of a policy document, or `None` when the text is not a JSON object.
///
/// Follows the IAM policy grammar: one-element arrays equal scalars, the order of actions, resources, principals,
/// condition values and statements means nothing, actions are case-insensitive, an account id equals its root ARN,
/// booleans and numbers in conditions equal their text, an empty Sid is no Sid.
pub fn canonical(text: &str) -> Option<Value> {
    let document: Value = serde_json::from_str(text).ok()?;
    let mut document = document.as_object()?.clone();
    let statements = match document.remove("Statement") {
        Some(Value::Array(items)) => items,
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one],
    };
    let mut statements: Vec<Value> = statements.iter().map(statement).collect();
    statements.sort_by_key(Value::to_string);
    document.insert("Statement".into(), Value::Array(statements));
    drop_empty(&mut document, "Id");
    Some(sorted(Value::Object(document)))
}

fn statement(value: &Value) -> Value {
    let Some(map) = value.as_object() else { return value.clone() };
    let mut out = Map::new();
    for (key, value) in map {
        let value = match key.as_str() {
            "Action" | "NotAction" => list(value, |text| text.to_ascii_lowercase()),
            "Resource" | "NotResource" => list(value, str::to_owned),
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => condition(value),
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    drop_empty(&mut out, "Sid");
    sorted(Value::Object(out))
}

fn drop_empty(map: &mut Map<String, Value>, key: &str) {
    if map.get(key).is_some_and(|value| value.is_null() || value.as_str() == Some("")) {
        map.remove(key);
    }
}

fn principal(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let map = map.iter().map(|(k, v)| (k.clone(), list(v, account_root))).collect();
            sorted(Value::Object(map))
        }
        other => other.clone(),
    }
}

fn account_root(text: &str) -> String {
    let id = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    if id { format!("arn:aws:iam::{text}:root") } else { text.to_owned() }
}

fn condition(value: &Value) -> Value {
    let Value::Object(operators) = value else { return value.clone() };
    let operators = operators
        .iter()
        .map(|(operator, keys)| {
            let keys = match keys {
                Value::Object(keys) => Value::Object(
                    keys.iter().map(|(k, v)| (k.to_ascii_lowercase(), list(v, str::to_owned))).collect(),
                ),
                other => other.clone(),
            };
            (operator.clone(), sorted(keys))
        })
        .collect();
    sorted(Value::Object(operators))
}

fn list(value: &Value, map: impl Fn(&str) -> String) -> Value {
    let text = |item: &Value| match item {
        Value::String(text) => map(text),
        other => map(&other.to_string()),
    };
    let mut items: Vec<String> = match value {
        Value::Array(items) => items.iter().map(text).collect(),
        one => vec![text(one)],
    };
    items.sort();
    items.dedup();
    Value::Array(items.into_iter().map(Value::String).collect())
}

/// The same value with object keys in order, so that its text is canonical.
pub fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_by_meaning() {
        let one = r#"{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","Action":["S3:Get*"],"Principal":{"AWS":"123456789012"},"Resource":["b","a"],"Condition":{"Bool":{"aws:SecureTransport":false}}}]}"#;
        let two = r#"{"Statement":{"Resource":["a","b"],"Action":"s3:get*","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root"]},"Condition":{"Bool":{"AWS:SecureTransport":["false"]}}},"Version":"2012-10-17"}"#;
        assert_eq!(canonical(one), canonical(two));
    }

    #[test]
    fn different_meaning_differs() {
        let allow = r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        let deny = r#"{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
        assert_ne!(canonical(allow), canonical(deny));
        assert_eq!(canonical("[]"), None);
    }
}
