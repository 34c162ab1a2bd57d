//! The equality of policies on any two texts, divided by a line that says `---`: no panic; reflexive, symmetric, blind to
//! order, and what is equal allows nothing beyond the other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use stateward_model::policy::{Document, canonical, says_nothing};
use stateward_model::{Attr, Comparison, Equality, compare};

const POLICY: Attr<String> = Attr::new("policy", Equality::Policy);

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (one, other) = text.split_once("\n---\n").unwrap_or((text, text));
    for text in [one, other] {
        alone(text);
    }
    let differ = |a: &str, b: &str| {
        matches!(compare(&POLICY.any(), &Value::from(a), &Value::from(b)), Comparison::Changed(_))
    };
    assert_eq!(differ(one, other), differ(other, one), "symmetric");
    let (Some(a), Some(b)) = (Document::parse(one), Document::parse(other)) else { return };
    if canonical(one) == canonical(other) && small(&a) {
        assert!(!a.allows_beyond(&b) && !b.allows_beyond(&a), "equal policies allow the same");
    }
});

/// What holds of one text.
fn alone(text: &str) {
    let Some(form) = canonical(text) else {
        assert!(!says_nothing(text));
        return;
    };
    if holds_a_fraction(&form) {
        return;
    }
    let turned = reversed(text).to_string();
    assert_eq!(canonical(&turned).as_ref(), Some(&form), "order means nothing");
    let found = compare(&POLICY.any(), &Value::from(text), &Value::from(turned.as_str()));
    assert!(!matches!(found, Comparison::Changed(_)), "reflexive");
    assert_eq!(canonical(&form.to_string()).as_ref(), Some(&form), "the canonical form is its own");
    if let Some(document) = Document::parse(text).filter(small) {
        assert!(!document.allows_beyond(&document), "nothing goes beyond itself");
        document.deleted_principals();
    }
}

/// Beyond a number of combinations the careful answer is given, which is that a policy allows more.
fn small(document: &Document) -> bool {
    document.statements.len() < 40
}

/// The same document with every list whose order means nothing turned round.
fn reversed(text: &str) -> Value {
    let mut document: Value = serde_json::from_str(text).unwrap_or_default();
    let turn = |value: &mut Value| {
        if let Value::Array(items) = value {
            items.reverse();
        }
    };
    let Some(statements) = document.get_mut("Statement") else { return document };
    turn(statements);
    let statements = match statements {
        Value::Array(items) => items.iter_mut().collect(),
        one => vec![one],
    };
    for statement in statements {
        let Value::Object(members) = statement else { continue };
        for (name, value) in members {
            match name.as_str() {
                "Action" | "NotAction" | "Resource" | "NotResource" => turn(value),
                "Principal" | "NotPrincipal" => {
                    value.as_object_mut().into_iter().flatten().for_each(|(_, names)| turn(names));
                }
                "Condition" => {
                    let operators = value.as_object_mut().into_iter().flatten();
                    let keys = operators.filter_map(|(_, keys)| keys.as_object_mut()).flatten();
                    keys.for_each(|(_, values)| turn(values));
                }
                _ => {}
            }
        }
    }
    document
}

/// A fraction that is written and read again may come back as its neighbour, and no policy has one.
fn holds_a_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(holds_a_fraction),
        Value::Object(members) => members.values().any(holds_a_fraction),
        _ => false,
    }
}
