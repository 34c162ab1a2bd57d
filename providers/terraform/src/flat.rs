//! Flattened attributes, as Terraform kept them before 0.12: `tags.%`, `ingress.#`, `ingress.1234.cidr_blocks.0`. The
//! types come from a table of the provider's schema; what it does not know stays text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Map, Number, Value};
use stateward_model::kinds;

/// What Terraform wrote where a value was not known yet.
const UNKNOWN: &str = "74D93920-ED26-11E3-AC10-0800200C9A66";

/// Nothing in a provider's schema is nested deeper than this.
const DEPTH: usize = 24;

/// The type of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Text,
    Number,
    Bool,
    /// A list or a set, and what it is when there are no elements: null, or nothing but no blocks.
    Sequence {
        of: Box<Shape>,
        blocks: bool,
        set: bool,
    },
    Map(Box<Shape>),
    Object(Vec<(&'static str, Shape)>),
}

type Table = BTreeMap<&'static str, Vec<(&'static str, Shape)>>;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    include_str!("shapes.txt")
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let kind = words.next()?;
            let attribute = |word: &'static str| {
                let (name, mut shape) = word.split_once(':')?;
                Some((name, parse(&mut shape)?))
            };
            Some((kind, words.filter_map(attribute).collect()))
        })
        .collect()
});

/// One shape from the beginning of `text`, which is left behind it.
fn parse(text: &mut &'static str) -> Option<Shape> {
    let blocks = text.strip_prefix('+').inspect(|rest| *text = rest).is_some();
    let mark = text.chars().next()?;
    *text = &text[mark.len_utf8()..];
    Some(match mark {
        's' => Shape::Text,
        'n' => Shape::Number,
        'b' => Shape::Bool,
        '[' | '{' => Shape::Sequence { of: Box::new(parse(text)?), blocks, set: mark == '{' },
        '%' => Shape::Map(Box::new(parse(text)?)),
        '(' => {
            let mut fields = Vec::new();
            while let Some((name, rest)) = text.split_once(':').filter(|_| !text.starts_with(')')) {
                *text = rest;
                fields.push((name, parse(text)?));
                *text = text.strip_prefix(',').unwrap_or(text);
            }
            *text = text.strip_prefix(')')?;
            Shape::Object(fields)
        }
        _ => return None,
    })
}

fn shapes(kind: &str) -> &'static [(&'static str, Shape)] {
    let known = TABLE.get(kind).or_else(|| TABLE.get(kinds::find(kind)?.name));
    known.map(Vec::as_slice).unwrap_or_default()
}

/// The attributes in the shape that the provider's schema gives them. What the schema has and the text does not is null,
/// or no blocks.
pub(crate) fn expand(kind: &str, flat: &BTreeMap<String, String>) -> Map<String, Value> {
    let known = shapes(kind);
    let mut attributes: Map<String, Value> =
        known.iter().map(|(name, shape)| ((*name).to_owned(), shaped(flat, name, shape))).collect();
    for name in names(flat, "") {
        if !attributes.contains_key(name)
            && let Some(value) = guessed(flat, name, 0)
        {
            attributes.insert(name.to_owned(), value);
        }
    }
    attributes
}

fn shaped(flat: &BTreeMap<String, String>, path: &str, shape: &Shape) -> Value {
    match shape {
        Shape::Text => flat.get(path).map_or(Value::Null, |text| scalar(text)),
        Shape::Number => {
            flat.get(path).map_or(Value::Null, |text| match serde_json::from_str::<Number>(text) {
                Ok(number) => Value::Number(number),
                Err(_) => unless_empty(text),
            })
        }
        Shape::Bool => flat.get(path).map_or(Value::Null, |text| match text.as_str() {
            "true" | "1" => Value::Bool(true),
            "false" | "0" => Value::Bool(false),
            other => unless_empty(other),
        }),
        Shape::Sequence { of, blocks, set } => {
            if !flat.contains_key(&format!("{path}.#")) {
                return if *blocks { Value::Array(Vec::new()) } else { Value::Null };
            }
            let item = |name: &str| shaped(flat, &format!("{path}.{name}"), of);
            let mut items: Vec<Value> = elements(flat, path).into_iter().map(item).collect();
            if *set {
                items.sort_by_cached_key(Value::to_string);
            }
            Value::Array(items)
        }
        Shape::Map(of) => {
            if !flat.contains_key(&format!("{path}.%")) {
                return Value::Null;
            }
            let entries = below(flat, path).filter(|(key, _)| *key != "%");
            entries.map(|(key, _)| (key.to_owned(), shaped(flat, &format!("{path}.{key}"), of))).collect()
        }
        Shape::Object(fields) => fields
            .iter()
            .map(|(name, shape)| ((*name).to_owned(), shaped(flat, &format!("{path}.{name}"), shape)))
            .collect(),
    }
}

/// The value of an attribute that no table describes: its counts tell what it is, and scalars stay text.
fn guessed(flat: &BTreeMap<String, String>, path: &str, depth: usize) -> Option<Value> {
    if let Some(text) = flat.get(path) {
        return Some(scalar(text));
    }
    if depth > DEPTH {
        return None;
    }
    if flat.contains_key(&format!("{path}.%")) {
        let entries = below(flat, path).filter(|(key, _)| *key != "%");
        return Some(entries.map(|(key, text)| (key.to_owned(), scalar(text))).collect());
    }
    let nested = |name: &str| guessed(flat, &format!("{path}.{name}"), depth + 1);
    if flat.contains_key(&format!("{path}.#")) {
        return Some(elements(flat, path).into_iter().filter_map(nested).collect());
    }
    let fields = names(flat, path).into_iter();
    let object: Map<String, Value> =
        fields.filter_map(|name| Some((name.to_owned(), nested(name)?))).collect();
    (!object.is_empty()).then_some(Value::Object(object))
}

fn scalar(text: &str) -> Value {
    if text == UNKNOWN { Value::Null } else { Value::String(text.to_owned()) }
}

/// A number or a bool that was not set may stand as an empty text.
fn unless_empty(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { scalar(text) }
}

/// What stands below `path`, with the rest of each key; at the top with an empty path.
fn below<'a>(flat: &'a BTreeMap<String, String>, path: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
    let from = flat.range::<String, _>(prefix.clone()..);
    from.map_while(move |(key, text)| Some((key.strip_prefix(prefix.as_str())?, text.as_str())))
}

/// The distinct first parts of the keys below `path`.
fn names<'a>(flat: &'a BTreeMap<String, String>, path: &str) -> BTreeSet<&'a str> {
    below(flat, path).map(|(key, _)| key.split('.').next().unwrap_or(key)).collect()
}

/// The indices of a list in their order, the hashes of a set in theirs.
fn elements<'a>(flat: &'a BTreeMap<String, String>, path: &str) -> Vec<&'a str> {
    let mut found: Vec<&str> = names(flat, path).into_iter().filter(|name| *name != "#").collect();
    found.sort_by_key(|name| name.parse::<u64>().unwrap_or(u64::MAX));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn expanded(kind: &str, flat: &[(&str, &str)]) -> Map<String, Value> {
        expand(kind, &flat.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn every_line_of_the_table_is_read_whole() {
        fn written(shape: &Shape) -> String {
            match shape {
                Shape::Text => "s".into(),
                Shape::Number => "n".into(),
                Shape::Bool => "b".into(),
                Shape::Map(of) => format!("%{}", written(of)),
                Shape::Sequence { of, blocks, set } => {
                    format!(
                        "{}{}{}",
                        if *blocks { "+" } else { "" },
                        if *set { "{" } else { "[" },
                        written(of)
                    )
                }
                Shape::Object(fields) => {
                    let fields: Vec<String> =
                        fields.iter().map(|(name, of)| format!("{name}:{}", written(of))).collect();
                    format!("({})", fields.join(","))
                }
            }
        }
        for line in include_str!("shapes.txt").lines() {
            let (kind, _) = line.split_once(' ').unwrap();
            let words: Vec<String> =
                shapes(kind).iter().map(|(name, shape)| format!("{name}:{}", written(shape))).collect();
            assert_eq!(line, format!("{kind} {}", words.join(" ")));
        }
        assert!(TABLE.len() > 100);
    }

    /// A later attribute is in no flattened state, and then unknown, as in any state that an old provider wrote.
    #[test]
    fn the_table_knows_what_kinds_declare_but_for_later_attributes() {
        let unknown = |kind: &str| -> Vec<&str> {
            let declared = kinds::find(kind).unwrap().attributes.iter().filter(|attr| !attr.live_only);
            let known = shapes(kind);
            declared
                .map(|attr| attr.path)
                .filter(|path| !known.iter().any(|(name, _)| name == path))
                .collect()
        };
        assert_eq!(unknown("aws_security_group"), [""; 0]);
        assert_eq!(unknown("aws_iam_role"), [""; 0]);
        assert_eq!(unknown("aws_s3_bucket"), ["object_lock_enabled"]);
        assert_eq!(unknown("aws_instance"), ["maintenance_options", "placement_partition_number"]);
    }

    #[test]
    fn counts_and_types_give_back_the_shape() {
        let group = expanded(
            "aws_security_group",
            &[
                ("id", "sg-1"),
                ("name", "7"),
                ("revoke_rules_on_delete", "false"),
                ("tags.%", "2"),
                ("tags.Name", "web"),
                ("tags.kubernetes.io/cluster/blue", "owned"),
                ("ingress.#", "1"),
                ("ingress.2541437006.cidr_blocks.#", "2"),
                ("ingress.2541437006.cidr_blocks.0", "10.1.0.0/16"),
                ("ingress.2541437006.cidr_blocks.1", "10.0.0.0/16"),
                ("ingress.2541437006.from_port", "22"),
                ("ingress.2541437006.to_port", "22"),
                ("ingress.2541437006.protocol", "tcp"),
                ("ingress.2541437006.self", "false"),
                ("ingress.2541437006.description", ""),
                ("ingress.2541437006.security_groups.#", "0"),
                ("egress.#", "0"),
            ],
        );
        assert_eq!(group["name"], json!("7"), "text stays text");
        assert_eq!(group["tags"], json!({"Name": "web", "kubernetes.io/cluster/blue": "owned"}));
        assert_eq!(group["egress"], json!([]));
        assert_eq!(group["tags_all"], Value::Null);
        assert_eq!(
            group["ingress"],
            json!([{"cidr_blocks": ["10.1.0.0/16", "10.0.0.0/16"], "description": "", "from_port": 22, "to_port": 22,
                "ipv6_cidr_blocks": null, "prefix_list_ids": null, "protocol": "tcp", "security_groups": [], "self": false}])
        );
    }

    #[test]
    fn blocks_that_are_not_there_are_none_and_not_null() {
        let bucket = expanded(
            "aws_s3_bucket",
            &[("id", "b"), ("versioning.#", "1"), ("versioning.0.enabled", "true")],
        );
        assert_eq!(bucket["versioning"], json!([{"enabled": true, "mfa_delete": null}]));
        assert_eq!(bucket["logging"], json!([]));
        assert_eq!(bucket["policy"], Value::Null);
    }

    #[test]
    fn lists_of_more_than_ten_keep_their_order() {
        let flat: Vec<(String, String)> = (0..12)
            .map(|at| (format!("x.{at}"), at.to_string()))
            .chain([("x.#".into(), "12".into())])
            .collect();
        let value = expand("other_thing", &flat.into_iter().collect());
        let wanted: Vec<String> = (0..12).map(|at| at.to_string()).collect();
        assert_eq!(value["x"], json!(wanted));
    }

    #[test]
    fn what_no_table_describes_stays_text() {
        let value = expanded(
            "other_thing",
            &[
                ("id", "1"),
                ("on", "true"),
                ("later", UNKNOWN),
                ("part.#", "1"),
                ("part.77.size", "4"),
                ("part.77.labels.%", "1"),
                ("part.77.labels.a.b", "c"),
            ],
        );
        let wanted =
            json!({"id": "1", "on": "true", "later": null, "part": [{"size": "4", "labels": {"a.b": "c"}}]});
        assert_eq!(Value::Object(value), wanted);
    }

    #[test]
    fn numbers_that_are_none_stay_what_they_are() {
        let volume = expanded("aws_ebs_volume", &[("size", "many"), ("encrypted", "perhaps"), ("iops", "")]);
        assert_eq!((&volume["size"], &volume["encrypted"]), (&json!("many"), &json!("perhaps")));
        assert_eq!(volume["iops"], Value::Null);
    }

    /// Flattens as Terraform did; sets get the hash that `hash` gives to a position.
    fn flatten(path: &str, value: &Value, shape: &Shape, hash: u32, into: &mut BTreeMap<String, String>) {
        match (value, shape) {
            (Value::Array(items), Shape::Sequence { of, set, .. }) => {
                into.insert(format!("{path}.#"), items.len().to_string());
                for (at, item) in items.iter().enumerate() {
                    let at =
                        if *set { (at as u32 + 1).wrapping_mul(2_654_435_761) ^ hash } else { at as u32 };
                    flatten(&format!("{path}.{at}"), item, of, hash, into);
                }
            }
            (Value::Object(map), Shape::Map(of)) => {
                into.insert(format!("{path}.%"), map.len().to_string());
                map.iter().for_each(|(key, item)| flatten(&format!("{path}.{key}"), item, of, hash, into));
            }
            (Value::Object(map), Shape::Object(fields)) => {
                fields
                    .iter()
                    .for_each(|(name, of)| flatten(&format!("{path}.{name}"), &map[*name], of, hash, into));
            }
            (Value::String(text), _) => {
                into.insert(path.to_owned(), text.clone());
            }
            (Value::Null, _) => {}
            (other, _) => {
                into.insert(path.to_owned(), other.to_string());
            }
        }
    }

    fn value_of(shape: &Shape) -> BoxedStrategy<Value> {
        match shape {
            Shape::Text => "[a-z0-9.#%]{1,6}".prop_map(Value::from).boxed(),
            Shape::Number => any::<i32>().prop_map(Value::from).boxed(),
            Shape::Bool => any::<bool>().prop_map(Value::from).boxed(),
            Shape::Sequence { of, set, .. } => {
                let set = *set;
                prop::collection::vec(value_of(of), 0..3)
                    .prop_map(move |mut items| {
                        if set {
                            items.sort_by_cached_key(Value::to_string);
                        }
                        Value::Array(items)
                    })
                    .boxed()
            }
            Shape::Map(of) => prop::collection::btree_map("[a-z./]{1,6}", value_of(of), 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect()))
                .boxed(),
            Shape::Object(fields) => {
                let each: Vec<_> = fields.iter().map(|(_, of)| value_of(of)).collect();
                let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
                each.prop_map(move |values| {
                    Value::Object(names.iter().map(|name| (*name).to_owned()).zip(values).collect())
                })
                .boxed()
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_flattened_comes_back(
            (kind, values, hash) in prop::sample::select(vec!["aws_security_group", "aws_s3_bucket", "aws_lb_listener", "aws_launch_template"])
                .prop_flat_map(|kind| {
                    let each: Vec<_> = shapes(kind).iter().map(|(_, shape)| value_of(shape)).collect();
                    (Just(kind), each, any::<u32>())
                })
        ) {
            let mut flat = BTreeMap::new();
            let mut wanted = Map::new();
            for ((name, shape), value) in shapes(kind).iter().zip(values) {
                flatten(name, &value, shape, hash, &mut flat);
                wanted.insert((*name).to_owned(), value);
            }
            prop_assert_eq!(expand(kind, &flat), wanted);
        }

        #[test]
        fn no_text_is_too_odd(flat in prop::collection::btree_map("[a-c.#%0-2]{0,8}", "[a0.]{0,3}", 0..20)) {
            expand("other_thing", &flat);
            expand("aws_instance", &flat);
        }
    }
}
