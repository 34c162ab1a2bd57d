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

/// True for a document that says nothing beyond what holds without it (N24): one without statements, and the policy with
/// which AWS makes a queue or a topic, which lets in nobody but their own account.
pub fn says_nothing(text: &str) -> bool {
    let Some(document) = canonical(text) else { return false };
    match document.get("Statement").and_then(Value::as_array).map(Vec::as_slice) {
        Some([]) => true,
        Some([one]) => {
            document.get("Id").and_then(Value::as_str) == Some("__default_policy_ID") && is_default(one)
        }
        _ => false,
    }
}

/// The default statement of a queue (`__owner_statement`) or a topic (`__default_statement_ID`), for its own account.
fn is_default(statement: &Value) -> bool {
    let only = |pointer: &str| {
        let list = statement.pointer(pointer).and_then(Value::as_array);
        list.filter(|list| list.len() == 1).and_then(|list| list[0].as_str())
    };
    let account = only("/Resource").and_then(|arn| arn.split(':').nth(4)).unwrap_or_default();
    if account.is_empty() || statement["Effect"] != "Allow" {
        return false;
    }
    match statement["Sid"].as_str() {
        Some("__owner_statement") => {
            only("/Principal/AWS").and_then(|arn| arn.split(':').nth(4)) == Some(account)
                && only("/Action") == Some("sqs:*")
                && statement.get("Condition").is_none()
        }
        Some("__default_statement_ID") => only("/Condition/StringEquals/aws:sourceowner") == Some(account),
        _ => false,
    }
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
        // Everybody, in the short form.
        Value::String(text) if text == "*" => serde_json::json!({ "AWS": ["*"] }),
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

    #[test]
    fn the_policy_that_aws_gives_a_queue_says_nothing_and_another_account_in_it_does() {
        let queue = |principal: &str| {
            serde_json::json!({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [{
                "Sid": "__owner_statement", "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "SQS:*",
                "Resource": "arn:aws:sqs:us-west-2:111111111111:q"}]})
            .to_string()
        };
        assert!(
            says_nothing(&queue("arn:aws:iam::111111111111:root")) && says_nothing(&queue("111111111111"))
        );
        assert!(!says_nothing(&queue("arn:aws:iam::222222222222:root")) && !says_nothing(&queue("*")));
        let topic = |account: &str| {
            serde_json::json!({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [{
                "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
                "Action": ["SNS:Publish", "SNS:Subscribe"], "Resource": "arn:aws:sns:us-west-2:111111111111:t",
                "Condition": {"StringEquals": {"AWS:SourceOwner": account}}}]})
            .to_string()
        };
        assert!(says_nothing(&topic("111111111111")) && !says_nothing(&topic("222222222222")));
        assert!(says_nothing(r#"{"Statement":[]}"#) && !says_nothing("no policy"));
    }
}
