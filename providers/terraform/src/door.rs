//! The one door from a document of Terraform into the vocabulary: what a kind declares enters, secrets as digests.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};
use stateward_model::kinds::common::{TAGS, TAGS_ALL};
use stateward_model::{AnyAttr, Declared, Kind, Place, Resource, Slot, kinds, secret};

use crate::place::own_place;

/// An instance as a document shows it.
pub(crate) struct Entry<'a> {
    /// The Terraform type name.
    pub(crate) kind: &'a str,
    /// Every attribute, whether or not it may enter.
    pub(crate) attributes: &'a Map<String, Value>,
    /// The paths that the document marks as sensitive, as lists of `get_attr` and `index` steps.
    pub(crate) sensitive: &'a [Value],
    /// The key of the digests that stand for secrets.
    pub(crate) key: &'a [u8],
}

impl Entry<'_> {
    /// The resource, with what its kind declares and with its tags; of a type without a kind nothing else.
    pub(crate) fn admit(&self, declared: Declared) -> Resource {
        let Self { attributes, sensitive, key, .. } = *self;
        let kind = kinds::find(self.kind);
        let id = attributes.get("id").and_then(Value::as_str).unwrap_or_default();
        let name: Cow<'static, str> =
            kind.map_or_else(|| self.kind.to_owned().into(), |kind| kind.name.into());
        let mut resource = Resource::new(Place::new("", ""), name, id);
        resource.address.place = own_place(kind, attributes);
        resource.arn = attributes.get("arn").and_then(Value::as_str).map(str::to_owned);
        resource.name = human_name(attributes, &sensitive_names(sensitive));
        resource.declared = Some(declared);
        let kind = kind.unwrap_or(&Kind::BASE);
        let entering = || {
            let own = kind.attributes.iter().filter(|attr| !attr.live_only);
            let tags = TAGGED.iter().filter(|attr| kind.attribute(attr.path).is_none());
            own.chain(tags).filter_map(|attr| Some((attr, attributes.get(attr.path)?)))
        };
        for (attr, value) in entering() {
            resource.put_raw(attr.path, Slot::Known(value.clone()));
        }
        // An identity may hang on a value that must not be kept.
        let identity = (kind.identity)(&resource);
        for (attr, value) in entering().filter(|(_, value)| !value.is_null()) {
            let kept = (kind.kept)(attr.path, value);
            let hidden = without_secrets(attr, kept.as_ref().unwrap_or(value), sensitive, key);
            if let Some(entering) = hidden.or(kept) {
                resource.put_raw(attr.path, Slot::Known(entering));
            }
        }
        resource.hide_credentials(&|value| secret::digest(key, value));
        if let Some(id) = identity {
            resource.address.id = id;
        }
        resource
    }
}

/// What is judged of every type that has it.
const TAGGED: &[AnyAttr] = &[TAGS.any(), TAGS_ALL.any()];

/// The steps of a path that a state marks as sensitive; a path of one step may stand without its list.
fn steps_of(path: &Value) -> &[Value] {
    path.as_array().map_or(std::slice::from_ref(path), Vec::as_slice)
}

fn step_name(steps: &[Value]) -> Option<&str> {
    steps.first()?.get("value")?.as_str()
}

/// Top-level names of the paths that a state marks as sensitive.
pub(crate) fn sensitive_names(paths: &[Value]) -> BTreeSet<String> {
    paths.iter().filter_map(|path| step_name(steps_of(path))).map(str::to_owned).collect()
}

/// The value with its secrets digested; `None` when there are none in it.
fn without_secrets(attr: &AnyAttr, value: &Value, paths: &[Value], key: &[u8]) -> Option<Value> {
    if attr.secret {
        return Some(secret::digest(key, value));
    }
    let mut marked =
        paths.iter().map(steps_of).filter(|steps| step_name(steps) == Some(attr.path)).peekable();
    let mut named = attr.nested.iter().filter(|nested| nested.secret).peekable();
    if marked.peek().is_none() && named.peek().is_none() {
        return None;
    }
    let mut hidden = value.clone();
    marked.for_each(|steps| hide(&mut hidden, &steps[1..], key));
    named.for_each(|nested| hide_named(&mut hidden, nested.path, key));
    Some(hidden)
}

/// Digests what the steps lead to: the secret in a block, and not all that stands around it. Where they lead nowhere
/// (members of a set have no index), everything from there on is digested.
fn hide(value: &mut Value, steps: &[Value], key: &[u8]) {
    if let Some((step, rest)) = steps.split_first()
        && let Some(inner) = inner(value, step)
    {
        return hide(inner, rest, key);
    }
    if !value.is_null() && !secret::is_digest(value) {
        *value = secret::digest(key, value);
    }
}

/// What one step leads to: `get_attr` carries a name, `index` a typed key.
fn inner<'a>(value: &'a mut Value, step: &Value) -> Option<&'a mut Value> {
    let to = step.get("value")?;
    match to.get("value").unwrap_or(to) {
        Value::String(name) => value.get_mut(name.as_str()),
        number => value.get_mut(usize::try_from(number.as_u64()?).ok()?),
    }
}

/// Digests what a kind names as a secret inside a block, whether or not the state marks it.
fn hide_named(value: &mut Value, path: &str, key: &[u8]) {
    if let Value::Array(items) = value {
        items.iter_mut().for_each(|item| hide_named(item, path, key));
        return;
    }
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(inner) = value.get_mut(name) else { return };
    if !rest.is_empty() {
        hide_named(inner, rest, key);
    } else if !inner.is_null() && !secret::is_digest(inner) {
        *inner = secret::digest(key, inner);
    }
}

fn human_name(attributes: &Map<String, Value>, sensitive: &BTreeSet<String>) -> Option<String> {
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let open = |name: &str| attributes.get(name).filter(|_| !sensitive.contains(name));
    let tag = open("tags").and_then(|tags| tags.get("Name"));
    text(tag).or_else(|| {
        ["name", "bucket", "identifier", "cluster_identifier", "alarm_name", "function_name"]
            .iter()
            .find_map(|key| text(open(key)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn admitted(kind: &str, attributes: &Value, sensitive: &[Value]) -> Resource {
        let attributes = attributes.as_object().cloned().unwrap_or_default();
        let entry = Entry { kind, attributes: &attributes, sensitive, key: b"k" };
        entry.admit(Declared::default())
    }

    #[test]
    fn of_a_type_that_is_not_read_tags_enter_and_nothing_else() {
        let attributes = json!({ "id": "x", "password": "hunter2", "tags": { "a": "b" }, "tags_all": null });
        let resource = admitted("aws_dax_cluster", &attributes, &[]);
        let paths: Vec<&str> = resource.slots().map(|(path, _)| path).collect();
        assert_eq!((resource.id(), paths), ("x", vec!["tags", "tags_all"]));
        let untagged = admitted("aws_iam_role_policy_something", &json!({ "id": "x", "name": "y" }), &[]);
        assert_eq!(untagged.slots().count(), 0);
    }

    #[test]
    fn tags_that_a_state_marks_are_hidden_whatever_the_type() {
        let marked = [json!([{ "type": "get_attr", "value": "tags" }])];
        for kind in ["aws_dax_cluster", "aws_lambda_function", "aws_sqs_queue"] {
            let attributes = json!({ "id": "x", "function_name": "x", "tags": { "owner": "hunter2" } });
            let resource = admitted(kind, &attributes, &marked);
            assert!(resource.raw("tags").is_ok_and(secret::holds_digest), "{kind}");
            assert!(!serde_json::to_string(&resource).is_ok_and(|text| text.contains("hunter2")), "{kind}");
        }
    }
}
