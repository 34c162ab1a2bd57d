//! Pure comparison of a declared and a live value under the equality that the attribute declares.
//!
//! Neither value is rewritten: a change keeps both originals, and a difference that a rule explains away is reported
//! as suppressed with the rule's number.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::attr::{Absent, AnyAttr, Equality};
use crate::policy;

/// One difference, as deep inside the attribute as it can be named.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Terraform's notation: `metadata_options[0].http_tokens`, `tags_all.Role`. An element that was added to or
    /// removed from a set carries the path of the set.
    pub path: String,
    /// The declared value; null when the state has none.
    pub declared: Value,
    /// The live value; null when there is none.
    pub live: Value,
}

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// The same.
    Equal,
    /// Different to the letter, equal by a rule of drift.md §4.
    Suppressed(&'static str),
    /// Different.
    Changed(Vec<Change>),
    /// Not compared, for this reason.
    Never(&'static str),
}

#[derive(Clone, Copy)]
struct Rule {
    equality: Equality,
    absent: Absent,
}

struct Walk<'a> {
    attr: &'a AnyAttr,
    changes: Vec<Change>,
    rule: Option<&'static str>,
}

/// Compares `declared` with `live` under the rules of `attr`.
pub fn compare(attr: &AnyAttr, declared: &Value, live: &Value) -> Comparison {
    if let Equality::Never(reason) = attr.equality {
        return Comparison::Never(reason);
    }
    if declared == live {
        return Comparison::Equal;
    }
    let mut walk = Walk { attr, changes: Vec::new(), rule: None };
    let top = Rule { equality: attr.equality, absent: attr.absent };
    walk.value(attr.path.to_owned(), "", top, declared, live);
    if !walk.changes.is_empty() {
        return Comparison::Changed(walk.changes);
    }
    walk.rule.map_or(Comparison::Equal, Comparison::Suppressed)
}

impl Walk<'_> {
    fn rule_for(&self, inner: &str, inherited: Rule) -> Rule {
        self.attr
            .nested
            .iter()
            .find(|nested| nested.path == inner)
            .map_or(inherited, |nested| Rule { equality: nested.equality, absent: nested.absent })
    }

    fn value(&mut self, path: String, inner: &str, rule: Rule, declared: &Value, live: &Value) {
        if declared == live || matches!(rule.equality, Equality::Never(_)) {
            return;
        }
        if same_absence(rule.absent, declared, live) {
            self.rule = Some("N4");
            return;
        }
        if rule.equality == Equality::Policy && allows_nothing(declared) && allows_nothing(live) {
            self.rule = Some("N24");
            return;
        }
        if let Some(number) = same_by_equality(rule.equality, declared, live) {
            self.rule = Some(number);
            return;
        }
        match (rule.equality, declared, live) {
            (Equality::Set, Value::Array(a), Value::Array(b)) => self.set(path, inner, rule, a, b),
            (Equality::Set, Value::Array(a), Value::Null) => self.set(path, inner, rule, a, &[]),
            (Equality::Set, Value::Null, Value::Array(b)) => self.set(path, inner, rule, &[], b),
            (Equality::Tags, _, _) => self.tags(&path, declared, live),
            (Equality::TagBlocks, _, _) => self.tag_blocks(path, inner, rule, declared, live),
            (_, Value::Object(a), Value::Object(b)) => self.object(&path, inner, rule, a, b),
            (_, Value::Array(a), Value::Array(b)) => self.list(&path, inner, rule, a, b),
            _ => self.changed(path, declared, live),
        }
    }

    fn changed(&mut self, path: String, declared: &Value, live: &Value) {
        self.changes.push(Change { path, declared: declared.clone(), live: live.clone() });
    }

    /// What a member inherits: the equality of a set or a tag map is about the collection, not about its members.
    fn member_rule(&self, inner: &str, rule: Rule) -> Rule {
        let equality = match rule.equality {
            Equality::Set | Equality::Tags | Equality::TagBlocks => Equality::Exact,
            other => other,
        };
        self.rule_for(inner, Rule { equality, absent: inherited(rule.absent) })
    }

    fn object(
        &mut self,
        path: &str,
        inner: &str,
        rule: Rule,
        a: &Map<String, Value>,
        b: &Map<String, Value>,
    ) {
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let below = if inner.is_empty() { key.clone() } else { format!("{inner}.{key}") };
            let rule = self.member_rule(&below, rule);
            let (left, right) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
            self.value(format!("{path}.{key}"), &below, rule, left, right);
        }
    }

    fn list(&mut self, path: &str, inner: &str, rule: Rule, a: &[Value], b: &[Value]) {
        // Members of a list stand under the list's own inner path: indices never occur in rules.
        let member =
            Rule { equality: self.member_rule(inner, rule).equality, absent: inherited(rule.absent) };
        let member = if inner.is_empty() { Rule { equality: Equality::Exact, ..member } } else { member };
        for index in 0..a.len().max(b.len()) {
            let (left, right) = (a.get(index).unwrap_or(&Value::Null), b.get(index).unwrap_or(&Value::Null));
            self.value(format!("{path}[{index}]"), inner, member, left, right);
        }
    }

    /// How the members of a set are compared: by the rule for `*` below it, or else to the letter.
    fn set_member(&self, inner: &str, rule: Rule) -> Rule {
        let below = if inner.is_empty() { "*".to_owned() } else { format!("{inner}.*") };
        self.rule_for(&below, Rule { equality: Equality::Exact, absent: inherited(rule.absent) })
    }

    fn set(&mut self, path: String, inner: &str, rule: Rule, a: &[Value], b: &[Value]) {
        let member = self.set_member(inner, rule);
        let mut left: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for value in a.iter().filter(|value| !hollow(value, rule.absent)) {
            left.entry(self.canonical(inner, member, value)).or_default().push(value);
        }
        let mut added = Vec::new();
        for value in b.iter().filter(|value| !hollow(value, rule.absent)) {
            let key = self.canonical(inner, member, value);
            match left.get_mut(&key).and_then(Vec::pop) {
                Some(_) => {}
                None => added.push(value),
            }
        }
        let removed: Vec<&Value> = left.into_values().flatten().collect();
        match (removed.as_slice(), added.as_slice()) {
            ([], []) => self.rule = Some(set_rule(member.equality, a, b)),
            // One block against one block: name the attribute inside rather than the whole block.
            ([one], [other]) if one.is_object() && other.is_object() && a.len() == 1 && b.len() == 1 => {
                self.value(format!("{path}[0]"), inner, member, one, other);
            }
            _ => {
                for value in removed {
                    self.changed(path.clone(), value, &Value::Null);
                }
                for value in added {
                    self.changed(path.clone(), &Value::Null, value);
                }
            }
        }
    }

    /// A text that two members of a set share exactly when they are equal under the rules.
    fn canonical(&self, inner: &str, rule: Rule, value: &Value) -> String {
        self.canonical_value(inner, rule, value).map_or_else(String::new, |value| value.to_string())
    }

    fn canonical_value(&self, inner: &str, rule: Rule, value: &Value) -> Option<Value> {
        if matches!(rule.equality, Equality::Never(_)) {
            return None;
        }
        // A member that is the server's default is the same as none: the other side may lack its key altogether.
        let says_nothing = match rule.absent {
            Absent::Distinct => value.is_null(),
            absent => hollow(value, absent) || is_default(absent, value),
        };
        if says_nothing {
            return None;
        }
        Some(match (rule.equality, value.clone()) {
            (_, Value::Object(map)) => {
                let mut entries: Vec<(String, Value)> = Vec::new();
                for (key, value) in &map {
                    let below = if inner.is_empty() { key.clone() } else { format!("{inner}.{key}") };
                    let rule = self.member_rule(&below, rule);
                    if let Some(value) = self.canonical_value(&below, rule, value) {
                        entries.push((key.clone(), value));
                    }
                }
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                Value::Object(entries.into_iter().collect())
            }
            (equality, Value::Array(items)) => {
                let member = match equality {
                    Equality::Set => self.set_member(inner, rule),
                    _ => Rule {
                        equality: self.member_rule(inner, rule).equality,
                        absent: inherited(rule.absent),
                    },
                };
                let mut items: Vec<Value> =
                    items.iter().filter_map(|item| self.canonical_value(inner, member, item)).collect();
                if equality == Equality::Set {
                    items.sort_by_key(Value::to_string);
                }
                Value::Array(items)
            }
            (Equality::Policy, Value::String(text)) => {
                policy::canonical(&text).unwrap_or(Value::String(text))
            }
            (Equality::Json, Value::String(text)) => parsed(&text).unwrap_or(Value::String(text)),
            (Equality::UnorderedJson, Value::String(text)) => {
                parsed(&text).map_or(Value::String(text), unordered)
            }
            (Equality::Domain, Value::String(text)) => Value::String(domain_name(&text)),
            (Equality::Txt, Value::String(text)) => Value::String(txt_value(&text)),
            (Equality::CaseFold, Value::String(text)) => Value::String(folded(&text)),
            (Equality::Cidr, Value::String(text)) => {
                Value::String(network(&text).map_or(text, |network| network.to_string()))
            }
            (Equality::Reference, Value::String(text)) => {
                let name = last_segment(&text);
                Value::String(name.strip_prefix("alias/").unwrap_or(name).to_owned())
            }
            (_, Value::String(text)) => Value::String(text),
            (_, other) => Value::String(scalar_text(&other)),
        })
    }

    fn tag_blocks(&mut self, path: String, inner: &str, rule: Rule, declared: &Value, live: &Value) {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let (a, b) = (list(declared), list(live));
        let (Some(left), Some(right)) = (by_key(&a), by_key(&b)) else {
            return self.set(path, inner, rule, &a, &b);
        };
        let keys: std::collections::BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        self.rule = Some("N1");
        for key in keys {
            let differs = match (left.get(key), right.get(key)) {
                (Some(Value::Object(one)), Some(Value::Object(other))) => {
                    let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
                    let of =
                        |map: &Map<String, Value>, name: &str| map.get(name).cloned().unwrap_or_default();
                    let pairs = names.into_iter().map(|name| (name, of(one, name), of(other, name)));
                    pairs
                        .filter(|(_, one, other)| !same_scalar(one, other))
                        .map(|(name, one, other)| (format!("{path}.{key}.{name}"), one, other))
                        .collect::<Vec<_>>()
                }
                (one, other) => {
                    let whole =
                        |value: Option<&&Value>| value.map(|value| (*value).clone()).unwrap_or_default();
                    vec![(format!("{path}.{key}"), whole(one), whole(other))]
                }
            };
            if controller_tag(key) && !differs.is_empty() {
                self.rule = Some("N6");
                continue;
            }
            for (path, one, other) in differs {
                self.changed(path, &one, &other);
            }
        }
    }

    fn tags(&mut self, path: &str, declared: &Value, live: &Value) {
        let empty = Map::new();
        let a = declared.as_object().unwrap_or(&empty);
        let b = live.as_object().unwrap_or(&empty);
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let (left, right) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
            if left == right {
                continue;
            }
            if controller_tag(key) {
                self.rule = Some("N6");
                continue;
            }
            self.changed(format!("{path}.{key}"), left, right);
        }
    }
}

/// Tag keys that AWS or a controller writes (N6).
pub fn controller_tag(key: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "aws:",
        "ebs.csi.aws.com/",
        "eks:",
        "elasticbeanstalk:",
        "elbv2.k8s.aws/",
        "ingress.k8s.aws/",
        "kubernetes.io/cluster/",
        "kubernetes.io/created-for/",
        "service.k8s.aws/",
    ];
    PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// True when the value says nothing: null, empty text, empty collections, and collections of such values; under
/// [`Absent::Zero`] also `false` and `0`.
pub fn hollow(value: &Value, absent: Absent) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => absent == Absent::Zero && !on,
        Value::Number(number) => absent == Absent::Zero && number.as_f64() == Some(0.0),
        Value::String(text) => {
            text.is_empty() || (absent == Absent::Zero && (text == "false" || text == "0"))
        }
        Value::Array(items) => items.iter().all(|item| hollow(item, absent)),
        Value::Object(map) => map.values().all(|item| hollow(item, absent)),
    }
}

/// What holds for the members of a value: a default, or the absence of a claim, is about the value as a whole.
fn inherited(absent: Absent) -> Absent {
    match absent {
        Absent::Default(_) | Absent::Unclaimed => Absent::Empty,
        other => other,
    }
}

/// Whether absence explains the difference between the declared `a` and the live `b`.
fn same_absence(absent: Absent, a: &Value, b: &Value) -> bool {
    match absent {
        Absent::Distinct => false,
        Absent::Empty | Absent::Zero => hollow(a, absent) && hollow(b, absent),
        Absent::Unclaimed => hollow(a, absent),
        Absent::Default(_) => {
            let unset = |value| hollow(value, absent) || is_default(absent, value);
            unset(a) && unset(b)
        }
    }
}

fn is_default(absent: Absent, value: &Value) -> bool {
    let Absent::Default(text) = absent else { return false };
    serde_json::from_str::<Value>(text).is_ok_and(|default| same_scalar(value, &default))
}

fn same_scalar(a: &Value, b: &Value) -> bool {
    a == b || (!a.is_object() && !a.is_array() && scalar_text(a) == scalar_text(b))
}

/// Numbers and booleans that one side writes as text are the same value (flatmap heritage of the schema).
fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |n| n.to_string()),
        other => other.to_string(),
    }
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str::<Value>(text).ok().map(policy::sorted)
}

/// The same value with every list sorted.
fn unordered(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().map(|(k, v)| (k, unordered(v))).collect()),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(unordered).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        scalar => scalar,
    }
}

/// A domain name in one spelling (N21): lower case, without the trailing dot, octal escapes such as `\052` resolved.
pub fn domain_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        name.push_str(before);
        match octal(after) {
            Some(byte) => {
                name.push(char::from(byte));
                rest = &after[3..];
            }
            None => {
                name.push('\\');
                rest = after;
            }
        }
    }
    name.push_str(rest);
    name.trim_end_matches('.').to_lowercase()
}

/// The value of a TXT record in one spelling (N21): its strings joined, octal escapes resolved. Outer quotes are left away
/// on both sides; a quote inside a string is escaped, and stays.
fn txt_value(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '\\' => match octal(rest) {
                Some(byte) => {
                    value.push(char::from(byte));
                    rest = &rest[3..];
                }
                None => {
                    value.push('\\');
                    let Some(escaped) = rest.chars().next() else { break };
                    value.push(escaped);
                    rest = &rest[escaped.len_utf8()..];
                }
            },
            '"' => match rest.trim_start().strip_prefix('"') {
                Some(next) => rest = next,
                None => value.push('"'),
            },
            _ => value.push(letter),
        }
    }
    value
}

/// The byte of three octal digits, where it is ASCII.
fn octal(text: &str) -> Option<u8> {
    let digits = text.get(..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    u8::from_str_radix(digits, 8).ok().filter(u8::is_ascii)
}

/// Text in lower case, each run of spaces as one.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The network of a range, or of a single address, without host bits.
fn network(text: &str) -> Option<ipnet::IpNet> {
    let address = || text.parse::<std::net::IpAddr>().ok().map(ipnet::IpNet::from);
    text.parse::<ipnet::IpNet>().ok().or_else(address).map(|network| network.trunc())
}

/// Blocks by their key; `None` where one has none, or two have the same.
fn by_key(blocks: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    let keyed: Option<BTreeMap<&str, &Value>> =
        blocks.iter().map(|block| Some((block.get("key")?.as_str()?, block))).collect();
    keyed.filter(|keyed| keyed.len() == blocks.len())
}

/// The rule by which two sets are equal: their order, or that of their members.
fn set_rule(member: Equality, a: &[Value], b: &[Value]) -> &'static str {
    let sorted = |list: &[Value]| {
        let mut texts: Vec<String> = list.iter().map(Value::to_string).collect();
        texts.sort();
        texts
    };
    match member {
        Equality::Domain | Equality::Txt if sorted(a) != sorted(b) => "N21",
        Equality::Cidr | Equality::CaseFold if sorted(a) != sorted(b) => "N22",
        Equality::Reference if sorted(a) != sorted(b) => "N23",
        _ => "N1",
    }
}

/// True for no policy, and for one that says nothing beyond what holds without it (N24).
fn allows_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() || policy::says_nothing(text),
        _ => false,
    }
}

/// True when one is an ARN and the other the name or id at its end (N23).
fn same_reference(a: &str, b: &str) -> bool {
    let ends_with = |arn: &str, name: &str| {
        let bare = !name.is_empty() && !name.starts_with("arn:");
        arn.starts_with("arn:")
            && bare
            && arn.strip_suffix(name).is_some_and(|head| head.ends_with([':', '/']))
    };
    ends_with(a, b) || ends_with(b, a)
}

/// The last segment of an ARN (after `/`, or else after `:`), or the text itself when it is no ARN.
pub fn last_segment(text: &str) -> &str {
    if !text.starts_with("arn:") {
        return text;
    }
    text.rsplit(['/', ':']).next().unwrap_or(text)
}

fn same_by_equality(equality: Equality, a: &Value, b: &Value) -> Option<&'static str> {
    let is_scalar = |v: &Value| matches!(v, Value::String(_) | Value::Number(_) | Value::Bool(_));
    if is_scalar(a) && is_scalar(b) && std::mem::discriminant(a) != std::mem::discriminant(b) {
        return (scalar_text(a) == scalar_text(b)).then_some("N4");
    }
    if let (Value::Number(a), Value::Number(b)) = (a, b) {
        return (a.as_f64() == b.as_f64()).then_some("N22");
    }
    let (Value::String(a), Value::String(b)) = (a, b) else { return None };
    match equality {
        Equality::Json => (parsed(a).is_some() && parsed(a) == parsed(b)).then_some("N2"),
        Equality::UnorderedJson => {
            let a = parsed(a).map(unordered)?;
            (Some(a) == parsed(b).map(unordered)).then_some("N2")
        }
        Equality::Domain => (domain_name(a) == domain_name(b)).then_some("N21"),
        Equality::Txt => (txt_value(a) == txt_value(b)).then_some("N21"),
        Equality::Policy => {
            (policy::canonical(a).is_some() && policy::canonical(a) == policy::canonical(b)).then_some("N2")
        }
        Equality::Version => {
            b.strip_prefix(a.as_str()).is_some_and(|rest| rest.starts_with('.')).then_some("N16")
        }
        Equality::CaseFold => (folded(a) == folded(b)).then_some("N22"),
        Equality::Reference => same_reference(a, b).then_some("N23"),
        Equality::Cidr => (network(a)? == network(b)?).then_some("N22"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attr::{Attr, Nested};
    use serde_json::json;

    fn run(attr: Attr<Value>, declared: Value, live: Value) -> Comparison {
        compare(&attr.any(), &declared, &live)
    }

    #[test]
    fn emptiness_equals_absence_and_false_does_not() {
        let plain = || Attr::<Value>::new("a", Equality::Exact);
        assert_eq!(run(plain(), json!(null), json!([])), Comparison::Suppressed("N4"));
        assert_eq!(
            run(plain(), json!([]), json!([{"prefix": "", "tags": {}}])),
            Comparison::Suppressed("N4")
        );
        assert!(matches!(run(plain(), json!(null), json!(false)), Comparison::Changed(_)));
        assert_eq!(
            run(plain().absent(Absent::Zero), json!([{"enabled": false}]), json!([])),
            Comparison::Suppressed("N4")
        );
        assert_eq!(
            run(plain().absent(Absent::Default("\"x\"")), json!(null), json!("x")),
            Comparison::Suppressed("N4")
        );
        assert!(matches!(
            run(plain().absent(Absent::Default("\"x\"")), json!(null), json!("y")),
            Comparison::Changed(_)
        ));
    }

    #[test]
    fn what_nobody_claims_is_not_compared_but_what_is_claimed_is() {
        let key = || Attr::<Value>::new("grant", Equality::Set).absent(Absent::Unclaimed);
        assert_eq!(run(key(), json!([]), json!(["a"])), Comparison::Suppressed("N4"));
        assert!(matches!(run(key(), json!(["a"]), json!([])), Comparison::Changed(_)));
        assert!(matches!(run(key(), json!(["a"]), json!(["a", "b"])), Comparison::Changed(_)));
        let list = Attr::<Value>::new("rule", Equality::Exact).absent(Absent::Unclaimed);
        assert!(matches!(run(list, json!(["a"]), json!(["a", "b"])), Comparison::Changed(_)));
    }

    #[test]
    fn a_default_that_one_side_leaves_away_does_not_tell_members_apart() {
        const INSIDE: &[Nested] =
            &[Nested::new("deletes", Equality::Exact).absent(Absent::Default("\"Disabled\""))];
        let key = || Attr::<Value>::new("rules", Equality::Set).nested(INSIDE);
        let live = json!([{"id": "b", "deletes": "Disabled"}, {"id": "a", "deletes": "Disabled"}]);
        assert_eq!(run(key(), json!([{"id": "a"}, {"id": "b"}]), live.clone()), Comparison::Suppressed("N1"));
        let other = json!([{"id": "a", "deletes": "Enabled"}, {"id": "b"}]);
        assert!(matches!(run(key(), other, live), Comparison::Changed(_)));
    }

    #[test]
    fn a_change_is_named_as_deep_as_it_is() {
        let key = Attr::<Value>::new("point_in_time_recovery", Equality::Exact);
        let Comparison::Changed(changes) = run(key, json!([{"enabled": true}]), json!([{"enabled": false}]))
        else {
            panic!("must speak");
        };
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].path, "point_in_time_recovery[0].enabled");
        assert_eq!((&changes[0].declared, &changes[0].live), (&json!(true), &json!(false)));
    }

    #[test]
    fn sets_ignore_order_and_name_what_came_and_went() {
        let key = || Attr::<Value>::new("subnet_ids", Equality::Set);
        assert_eq!(run(key(), json!(["a", "b"]), json!(["b", "a"])), Comparison::Suppressed("N1"));
        let Comparison::Changed(changes) = run(key(), json!(["a", "b"]), json!(["b", "c"])) else {
            panic!("must speak");
        };
        assert_eq!(changes.len(), 2);
        assert!(matches!(run(key(), json!(["a"]), json!(["a", "a"])), Comparison::Changed(_)));
    }

    #[test]
    fn nested_rules_hold_inside_blocks() {
        const INSIDE: &[Nested] = &[
            Nested::new("volume_id", Equality::Never("server-chosen")),
            Nested::new("kms", Equality::Reference),
        ];
        let key = || Attr::<Value>::new("root", Equality::Exact).nested(INSIDE);
        let left = json!([{"volume_id": "vol-1", "kms": "arn:aws:kms:r:1:key/abc", "size": 8}]);
        assert_eq!(
            run(key(), left.clone(), json!([{"volume_id": "vol-2", "kms": "abc", "size": 8}])),
            Comparison::Suppressed("N23")
        );
        assert!(matches!(
            run(key(), left, json!([{"volume_id": "vol-2", "kms": "abc", "size": 9}])),
            Comparison::Changed(_)
        ));
    }

    #[test]
    fn a_member_that_is_the_default_equals_a_member_without_it() {
        const INSIDE: &[Nested] =
            &[Nested::new("zone", Equality::Exact).absent(Absent::Default("\"Etc/UTC\""))];
        let key = || Attr::<Value>::new("rule", Equality::Set).nested(INSIDE);
        let declared = json!([{"name": "a"}, {"name": "b"}]);
        let live = json!([{"name": "b", "zone": null}, {"name": "a", "zone": "Etc/UTC"}]);
        assert_eq!(run(key(), declared.clone(), live), Comparison::Suppressed("N1"));
        let live = json!([{"name": "b"}, {"name": "a", "zone": "Europe/Rome"}]);
        assert!(matches!(run(key(), declared, live), Comparison::Changed(_)));
    }

    #[test]
    fn a_declared_version_may_be_a_prefix_of_the_live_one() {
        let key = || Attr::<Value>::new("engine_version", Equality::Version);
        assert_eq!(run(key(), json!("13"), json!("13.7")), Comparison::Suppressed("N16"));
        assert!(matches!(run(key(), json!("13.7"), json!("13")), Comparison::Changed(_)));
        assert!(matches!(run(key(), json!("1"), json!("13.7")), Comparison::Changed(_)));
        assert!(matches!(run(key(), json!("13.7"), json!("13.9")), Comparison::Changed(_)));
    }

    #[test]
    fn tags_of_controllers_do_not_count() {
        let key = || Attr::<Value>::new("tags_all", Equality::Tags);
        assert_eq!(
            run(key(), json!({"a": "1"}), json!({"a": "1", "aws:autoscaling:groupName": "g"})),
            Comparison::Suppressed("N6")
        );
        let Comparison::Changed(changes) = run(key(), json!({"a": "1"}), json!({})) else {
            panic!("must speak")
        };
        assert_eq!(changes[0].path, "tags_all.a");
    }

    #[test]
    fn a_domain_name_has_many_spellings() {
        let key = || Attr::<Value>::new("name", Equality::Domain);
        assert_eq!(
            run(key(), json!("*.Acme.example"), json!("\\052.acme.example.")),
            Comparison::Suppressed("N21")
        );
        assert!(matches!(
            run(key(), json!("a.acme.example"), json!("acme.example.")),
            Comparison::Changed(_)
        ));
        assert_eq!(domain_name("a\\1"), "a\\1");
        assert_eq!(domain_name("a\\éb\\100"), "a\\éb@");
    }

    #[test]
    fn where_a_text_record_is_cut_means_nothing() {
        const TXT: &[Nested] = &[Nested::new("*", Equality::Txt)];
        let key = || Attr::<Value>::new("records", Equality::Set).nested(TXT);
        let one = json!([r#"v=DKIM1; p=abc""def"#, "spf"]);
        assert_eq!(
            run(key(), one.clone(), json!(["spf", r#"v=DKIM1; p=abc" "def"#])),
            Comparison::Suppressed("N21")
        );
        assert_eq!(
            run(key(), one.clone(), json!(["spf", r#"v=DKIM1; p=abc""def"#])),
            Comparison::Suppressed("N1")
        );
        assert!(matches!(run(key(), one, json!(["SPF", r#"v=DKIM1; p=abcdef"#])), Comparison::Changed(_)));
        assert_eq!(txt_value(r#"a\"\"b"#), r#"a\"\"b"#, "escaped quotes are of the value");
        assert_eq!(txt_value(r"a\073b\"), r"a;b\");
    }

    #[test]
    fn members_of_a_set_may_have_a_rule_of_their_own() {
        const NETWORKS: &[Nested] = &[Nested::new("*", Equality::Cidr)];
        let key = || Attr::<Value>::new("ranges", Equality::Set).nested(NETWORKS);
        assert_eq!(
            run(key(), json!(["10.0.0.0/8", "2001:DB8::/32"]), json!(["2001:db8:0::/32", "10.1.0.0/8"])),
            Comparison::Suppressed("N22")
        );
        assert!(matches!(run(key(), json!(["10.0.0.0/8"]), json!(["10.0.0.0/9"])), Comparison::Changed(_)));
        let address = Attr::<Value>::new("ip", Equality::Cidr);
        assert_eq!(
            run(address, json!("2001:DB8::1"), json!("2001:db8:0:0::1")),
            Comparison::Suppressed("N22")
        );
    }

    #[test]
    fn an_alias_is_the_end_of_its_arn() {
        let key = || Attr::<Value>::new("kms_key_id", Equality::Reference);
        let arn = "arn:aws:kms:us-west-2:111111111111:alias/app";
        assert_eq!(run(key(), json!("alias/app"), json!(arn)), Comparison::Suppressed("N23"));
        assert!(matches!(run(key(), json!("alias/ap"), json!(arn)), Comparison::Changed(_)));
        assert!(matches!(run(key(), json!("pp"), json!(arn)), Comparison::Changed(_)));
        assert!(matches!(run(key(), json!(""), json!(arn)), Comparison::Changed(_)));
    }

    #[test]
    fn a_policy_that_says_nothing_is_no_policy() {
        let key = || Attr::<Value>::new("policy", Equality::Policy);
        let empty = json!(r#"{"Version":"2012-10-17","Statement":[]}"#);
        assert_eq!(run(key(), empty.clone(), json!(null)), Comparison::Suppressed("N24"));
        let some = json!(r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#);
        assert!(matches!(run(key(), empty, some), Comparison::Changed(_)));
    }

    #[test]
    fn tag_blocks_are_a_map_with_their_flag() {
        let key = || Attr::<Value>::new("tag", Equality::TagBlocks);
        let tag = |key: &str, value: &str, flag: Value| json!({"key": key, "value": value, "propagate_at_launch": flag});
        let declared = json!([tag("Team", "a", json!(true)), tag("Role", "web", json!("true"))]);
        let live = json!([tag("Role", "web", json!(true)), tag("Team", "a", json!(true))]);
        assert_eq!(run(key(), declared.clone(), live), Comparison::Suppressed("N1"));
        let live = json!([
            tag("Role", "web", json!(true)),
            tag("Team", "a", json!(true)),
            tag("eks:x", "y", json!(false))
        ]);
        assert_eq!(run(key(), declared.clone(), live), Comparison::Suppressed("N6"));
        let live = json!([tag("Role", "db", json!(true)), tag("Team", "a", json!(false))]);
        let Comparison::Changed(changes) = run(key(), declared, live) else { panic!("must speak") };
        let paths: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["tag.Role.value", "tag.Team.propagate_at_launch"]);
    }

    #[test]
    fn lists_in_unordered_json_are_sets() {
        let key = || Attr::<Value>::new("filter_policy", Equality::UnorderedJson);
        let one = json!(r#"{"a":["x","y"],"b":[{"anything-but":["p","q"]}]}"#);
        let other = json!(r#"{ "b": [{"anything-but": ["q", "p"]}], "a": ["y", "x"] }"#);
        assert_eq!(run(key(), one.clone(), other), Comparison::Suppressed("N2"));
        assert!(matches!(run(key(), one, json!(r#"{"a":["x"]}"#)), Comparison::Changed(_)));
        assert!(matches!(run(key(), json!("not json"), json!("nor this")), Comparison::Changed(_)));
    }

    #[test]
    fn text_that_is_a_number_or_a_flag_is_that_value() {
        let key = || Attr::<Value>::new("encrypted", Equality::Exact);
        assert_eq!(run(key(), json!("true"), json!(true)), Comparison::Suppressed("N4"));
        assert!(matches!(run(key(), json!("true"), json!(false)), Comparison::Changed(_)));
    }
}
