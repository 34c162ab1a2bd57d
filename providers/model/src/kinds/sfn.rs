//! AWS Step Functions: state machines. Of a definition everything is compared, and no text that may be a secret is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::Kind;
use crate::secret::{self, is_secret_variable, looks_secret};

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_sfn_state_machine`.
pub mod state_machine {
    use super::*;

    const READ: &[&str] = &["states:DescribeStateMachine"];
    const LIST_TAGS: &[&str] = &["states:ListTagsForResource"];

    /// The `encryption_configuration` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Encryption {
        /// Seconds that a data key is used again.
        pub kms_data_key_reuse_period_seconds: Option<i64>,
        /// The key; none where AWS owns it.
        pub kms_key_id: Option<String>,
        /// `AWS_OWNED_KEY` or `CUSTOMER_MANAGED_KMS_KEY`.
        pub r#type: Option<String>,
    }

    /// The `logging_configuration` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Logging {
        /// Whether inputs and outputs are logged too.
        pub include_execution_data: Option<bool>,
        /// `ALL`, `ERROR`, `FATAL` or `OFF`.
        pub level: Option<String>,
        /// The log group.
        pub log_destination: Option<String>,
    }

    /// The `tracing_configuration` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Tracing {
        /// Whether executions are traced.
        pub enabled: Option<bool>,
    }

    /// What it does, in Amazon States Language. In a state it is JSON text; here it is the document, in which digests
    /// stand in the place of texts that may be secrets. Unread where its key may not be used.
    pub const DEFINITION: Attr<Value> = Attr::new("definition", Exact).absent(Absent::Distinct).by(READ);
    /// With which key it is encrypted; providers before 5 have no such block.
    pub const ENCRYPTION_CONFIGURATION: Attr<Vec<Encryption>> = Attr::new("encryption_configuration", Exact)
        .absent(Absent::Unclaimed)
        .nested(&[
            Nested::new("kms_data_key_reuse_period_seconds", Exact).absent(Absent::Unclaimed),
            Nested::new("kms_key_id", Reference),
            Nested::new("type", Exact).absent(Absent::Default("\"AWS_OWNED_KEY\"")),
        ])
        .by(READ);
    /// What is logged of executions.
    pub const LOGGING_CONFIGURATION: Attr<Vec<Logging>> = Attr::new("logging_configuration", Exact)
        .absent(Absent::Unclaimed)
        .nested(&[
            Nested::new("include_execution_data", Exact).absent(Absent::Zero),
            Nested::new("level", Exact).absent(Absent::Default("\"OFF\"")),
        ])
        .by(READ);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The role that executions have.
    pub const ROLE_ARN: Attr<String> = Attr::new("role_arn", Exact).by(READ);
    /// Whether executions are traced.
    pub const TRACING_CONFIGURATION: Attr<Vec<Tracing>> =
        Attr::new("tracing_configuration", Exact).absent(Absent::Zero).by(READ);
    /// `STANDARD` or `EXPRESS`.
    pub const TYPE: Attr<String> = Attr::new("type", Exact).absent(Absent::Default("\"STANDARD\""));
    /// The tags of the resource itself.
    pub const MACHINE_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(LIST_TAGS);
    /// All tags.
    pub const MACHINE_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(LIST_TAGS);

    /// The kind; its id is the ARN.
    pub static KIND: Kind = Kind {
        name: "aws_sfn_state_machine",
        service: "states",
        listed_by: &["states:ListStateMachines"],
        attributes: &[
            ARN.any(),
            DEFINITION.any(),
            ENCRYPTION_CONFIGURATION.any(),
            LOGGING_CONFIGURATION.any(),
            NAME.any(),
            ROLE_ARN.any(),
            MACHINE_TAGS.any(),
            MACHINE_TAGS_ALL.any(),
            TRACING_CONFIGURATION.any(),
            TYPE.any(),
        ],
        kept: |path, value| (path == DEFINITION.path()).then(|| document(value)),
        ..Kind::BASE
    };

    fn document(value: &Value) -> Value {
        value.as_str().map_or_else(|| hidden(value), without_secrets)
    }
}

/// The document of a definition, with digests in the place of texts that may be secrets: texts that look like
/// credentials, values that a name calls secret (of a parameter, a header, or a variable of a container), and command
/// lines.
pub fn without_secrets(definition: &str) -> Value {
    match serde_json::from_str(definition) {
        Ok(mut document @ Value::Object(_)) => {
            hide(&mut document);
            document
        }
        // The service takes no such text; that it changed is still to be seen.
        _ => hidden(&json!(definition)),
    }
}

/// Both sides must come to the same digest, and the live one knows nothing of the state; so the key is the type's.
fn hidden(value: &Value) -> Value {
    secret::digest(b"aws_sfn_state_machine", value)
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let variable = map.get("Name").and_then(Value::as_str).map(str::to_owned);
            for (key, inner) in map.iter_mut() {
                let name = match &variable {
                    Some(variable) if key == "Value" => variable,
                    _ => key,
                };
                hide_named(name, inner);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::String(text) if is_credential(text) => *value = hidden(value),
        _ => {}
    }
}

/// Lists that are command lines: of containers, of steps of a cluster, of Systems Manager.
const COMMANDS: &[&str] = &["args", "command", "commands", "entrypoint"];

fn hide_named(name: &str, value: &mut Value) {
    let command = || COMMANDS.iter().any(|known| name.eq_ignore_ascii_case(known));
    match value {
        Value::Array(items) if command() => items.iter_mut().for_each(|item| *item = hidden(item)),
        Value::String(text) if is_secret(name, text) => *value = hidden(value),
        Value::Number(number) if is_secret(name, &number.to_string()) => *value = hidden(value),
        _ => hide(value),
    }
}

fn is_secret(name: &str, text: &str) -> bool {
    if is_credential(text) {
        return true;
    }
    if refers(name, text) {
        return false;
    }
    let words = in_words(name.trim_end_matches(".$"));
    words.eq_ignore_ascii_case("authorization") || is_secret_variable(&words, text)
}

fn is_credential(text: &str) -> bool {
    let scheme = ["Bearer ", "Basic "].iter().any(|scheme| text.starts_with(scheme));
    scheme || looks_secret(text) || holds_secrets(text)
}

/// Whether the text is a document of its own with a secret in it: the body of a request.
fn holds_secrets(text: &str) -> bool {
    if !text.trim_start().starts_with(['{', '[']) {
        return false;
    }
    let Ok(document) = serde_json::from_str::<Value>(text) else { return false };
    let mut without = document.clone();
    hide(&mut without);
    without != document
}

/// Whether the text says where a value is, and not what it is: a path (`Token.$`), or an expression without a text in it.
fn refers(name: &str, text: &str) -> bool {
    let path = name.ends_with(".$") && text.starts_with('$');
    let expression = text.starts_with("{%") && !text.contains(['\'', '"']);
    path || expression
}

/// `clientSecret` and `DBPassword` as `client_Secret` and `DB_Password`.
fn in_words(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut words = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(at + 1);
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if begins {
            words.push('_');
        }
        words.push(*letter);
    }
    words
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&state_machine::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Change, Comparison, compare};

    fn kept(definition: &Value) -> Value {
        (state_machine::KIND.kept)("definition", &json!(definition.to_string())).unwrap()
    }

    fn changes(declared: &Value, live: &Value) -> Vec<Change> {
        match compare(&state_machine::DEFINITION.any(), declared, live) {
            Comparison::Changed(changes) => changes,
            _ => Vec::new(),
        }
    }

    fn call(parameters: &Value) -> Value {
        json!({ "StartAt": "Pay", "States": { "Pay": { "Type": "Task", "End": true,
            "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters } } })
    }

    #[test]
    fn no_text_that_may_be_a_secret_stays_in_a_definition() {
        for parameters in [
            json!({ "Headers": { "Authorization": "hunter2" } }),
            json!({ "Headers": { "X-Auth": "Bearer hunter2" } }),
            json!({ "clientSecret": "hunter2" }),
            json!({ "DBPassword": "hunter2" }),
            json!({ "Password.$": "States.Format('hunter2{}', $.x)" }),
            json!({ "ApiKey": "{% 'hunter2' %}" }),
            json!({ "Url": "https://app:hunter2@shop.example" }),
            json!({ "Body": "{\"user\":\"a\",\"password\":\"hunter2\"}" }),
            json!({ "Overrides": { "ContainerOverrides": [{ "Command": ["--key", "hunter2"],
                "Environment": [{ "Name": "DB_PASSWORD", "Value": "hunter2" }] }] } }),
        ] {
            let kept = kept(&call(&parameters)).to_string();
            assert!(!kept.contains("hunter2"), "{kept}");
            assert!(kept.contains("http:invoke"), "{kept}");
        }
        assert!(!kept(&json!({ "Password": 42_4242 })).to_string().contains("424242"));
        for text in [json!("not json hunter2"), json!(["hunter2"])] {
            let kept = (state_machine::KIND.kept)("definition", &text).unwrap();
            assert!(secret::is_digest(&kept), "{kept}");
        }
        assert_eq!((state_machine::KIND.kept)("name", &json!("pay")), None);
    }

    #[test]
    fn what_only_refers_to_a_secret_stays() {
        for parameters in [
            json!({ "TaskToken.$": "$$.Task.Token" }),
            json!({ "TaskToken": "{% $states.context.Task.Token %}" }),
            json!({ "SecretId": "shop/payment" }),
            json!({ "Authentication": { "ConnectionArn": "arn:aws:events:us-west-2:1:connection/pay/1" } }),
            json!({ "MaxTokens": 4096, "Environment": [{ "Name": "LEVEL", "Value": "info" }] }),
        ] {
            assert_eq!(kept(&call(&parameters)), call(&parameters));
        }
    }

    #[test]
    fn definitions_are_compared_by_meaning_and_a_change_is_named_by_its_place() {
        let declared = kept(&call(&json!({ "Url": "https://shop.example", "token": "one" })));
        let spaced = format!("{:#}", call(&json!({ "token": "one", "Url": "https://shop.example" })));
        assert_eq!(changes(&declared, &without_secrets(&spaced)), []);
        let live = kept(&call(&json!({ "Url": "https://elsewhere.example", "token": "two" })));
        let paths: Vec<String> = changes(&declared, &live).into_iter().map(|change| change.path).collect();
        assert_eq!(paths, ["definition.States.Pay.Parameters.Url", "definition.States.Pay.Parameters.token"]);
        let emptied = json!({ "StartAt": "Pay", "States": {}, "Comment": "" });
        let without = json!({ "StartAt": "Pay", "States": {} });
        assert_eq!(changes(&kept(&emptied), &kept(&without)).len(), 1, "an empty text is not none here");
    }

    #[test]
    fn a_machine_that_stopped_to_log_or_lost_its_key_differs_and_one_that_said_nothing_does_not() {
        let same = |attr: crate::AnyAttr, declared: &Value, live: &Value| {
            !matches!(compare(&attr, declared, live), Comparison::Changed(_))
        };
        let logging = state_machine::LOGGING_CONFIGURATION.any();
        let off = json!([{ "level": "OFF", "include_execution_data": false, "log_destination": null }]);
        let all = json!([{ "level": "ALL", "include_execution_data": true, "log_destination": "arn:x:*" }]);
        assert!(same(logging, &json!([]), &off) && same(logging, &json!([{ "log_destination": "" }]), &off));
        assert!(!same(logging, &all, &off) && !same(logging, &off, &all));
        let encryption = state_machine::ENCRYPTION_CONFIGURATION.any();
        let owned = json!([{ "type": "AWS_OWNED_KEY", "kms_key_id": null,
            "kms_data_key_reuse_period_seconds": null }]);
        let own = json!([{ "type": "CUSTOMER_MANAGED_KMS_KEY", "kms_key_id": "arn:aws:kms:r:1:key/k",
            "kms_data_key_reuse_period_seconds": 300 }]);
        assert!(same(encryption, &json!([]), &owned) && !same(encryption, &own, &owned));
        let tracing = state_machine::TRACING_CONFIGURATION.any();
        assert!(same(tracing, &json!([]), &json!([{ "enabled": false }])));
        assert!(!same(tracing, &json!([{ "enabled": true }]), &json!([{ "enabled": false }])));
    }
}
