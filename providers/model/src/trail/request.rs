//! What an event asked for, as a tree of digests: enough to confirm a value that is known, and nothing more.

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{compare, policy, secret};

/// Parts of names whose values are not even digested.
const HIDDEN: &[&str] = &[
    "password",
    "passphrase",
    "secret",
    "token",
    "credential",
    "privatekey",
    "accesskey",
    "userdata",
    "connectionstring",
    "environment",
    "variables",
    "oauth",
    "authkey",
    "plaintext",
];

/// Names that sound so, and hold a setting.
const HARMLESS: &[&str] = &["httptokens"];

/// What requests call what Terraform calls otherwise, both without case and separators.
const NAMES: &[(&str, &[&str])] = &[
    ("enabled", &["status"]),
    ("acl", &["xamzacl"]),
    ("enabledeletionprotection", &["deletionprotectionenabled"]),
    ("messageretentionseconds", &["messageretentionperiod"]),
    ("receivewaittimeseconds", &["receivemessagewaittime"]),
    ("maxmessagesize", &["maximummessagesize"]),
    ("fromport", &["from"]),
    ("toport", &["to"]),
    ("nodetype", &["cachenodetype"]),
    ("isenabled", &["enabled"]),
];

/// Names and numbers of protocols, which requests use as they like.
const PROTOCOLS: &[(&str, &str)] = &[("tcp", "6"), ("udp", "17"), ("icmp", "1"), ("icmpv6", "58")];

/// Deepest nesting that is followed.
const DEPTH: usize = 16;

/// The parameters of a request: names without case and separators, values as digests under a key of the event's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    key: String,
    tree: Value,
}

/// What a request says of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// Nothing about the attribute.
    Nothing,
    /// The attribute, with another value or one that cannot be compared.
    Name,
    /// The attribute with this value.
    Value,
}

impl Request {
    /// Reduces the parameters of the event `id`.
    pub fn of(id: &str, parameters: &Value) -> Self {
        let mut request = Self { key: id.to_owned(), tree: Value::Null };
        request.tree = request.reduce("", parameters, DEPTH).unwrap_or(Value::Null);
        request
    }

    /// What it says of `path` being `value`.
    pub fn holds(&self, path: &str, value: &Value) -> Held {
        let top = path.split(['.', '[']).next().unwrap_or(path);
        if secret::holds_digest(value) {
            return if self.names(path) { Held::Name } else { Held::Nothing };
        }
        if matches!(top, "tags" | "tags_all" | "tag") {
            return self.tag(&path[top.len()..], value);
        }
        if self.other_direction(top) {
            return Held::Nothing;
        }
        let found = match value {
            Value::Null => false,
            Value::Object(_) if as_policy(value).is_some() => self.anywhere(value),
            Value::Object(atom) => self.element(atom),
            Value::Array(items) => !items.is_empty() && items.iter().all(|item| self.one(path, item)),
            scalar => self.one(path, scalar),
        };
        match found {
            true => Held::Value,
            false if self.names(path) => Held::Name,
            false => Held::Nothing,
        }
    }

    /// True when a value of the request is `text`: it names the thing.
    pub fn says(&self, text: &str) -> bool {
        let mark = self.mark(text);
        any(&self.tree, &mut |_, leaf| leaf == mark)
    }

    fn one(&self, path: &str, value: &Value) -> bool {
        match value {
            Value::Object(atom) => self.element(atom),
            _ if as_document(value).is_some() => self.anywhere(value),
            _ => {
                let marks = self.marks(value);
                let name = last_name(path);
                any(&self.tree, &mut |names, leaf| {
                    marks.iter().any(|mark| mark == leaf) && names.iter().any(|known| same_name(known, &name))
                })
            }
        }
    }

    /// A document is so much that no name is needed.
    fn anywhere(&self, value: &Value) -> bool {
        let mark = as_document(value).map(|text| self.mark(&text));
        mark.is_some_and(|mark| any(&self.tree, &mut |_, leaf| leaf == mark))
    }

    /// Every member of an element inside one object of the request, so that two elements of one request are not mixed.
    fn element(&self, atom: &Map<String, Value>) -> bool {
        let composed = atom.contains_key("source");
        let members: Vec<(&String, &Value)> = atom
            .iter()
            .filter(|(name, value)| {
                let beside = name.as_str() == "description" || (composed && name.as_str() == "key");
                !beside && !value.is_null()
            })
            .collect();
        let Some((first, value)) = members.iter().find(|(name, _)| *name != "source").or(members.first())
        else {
            return false;
        };
        let mut found = false;
        objects(&self.tree, &mut |object| {
            let direct = object.iter().any(|(name, leaf)| {
                leaf.is_string()
                    && self.member(first, value, &[name.as_str()], leaf.as_str().unwrap_or_default())
            });
            let inside = Value::Object(object.clone());
            found |= direct
                && members.iter().all(|(name, value)| {
                    any(&inside, &mut |names, leaf| self.member(name, value, names, leaf))
                });
        });
        found
    }

    fn member(&self, name: &str, value: &Value, names: &[&str], leaf: &str) -> bool {
        let plain = normal(name);
        // Elsewhere in an element a number would be anybody's: ports and protocols go by their names.
        let by_name = matches!(name, "protocol" | "from_port" | "to_port");
        let named = !by_name || names.iter().any(|known| same_name(known, &plain));
        named && self.marks(value).iter().any(|mark| mark == leaf)
    }

    fn tag(&self, rest: &str, value: &Value) -> Held {
        let key = rest.trim_start_matches(['.', '[', '"']).trim_end_matches([']', '"']);
        let (key, wanted) = (self.mark(key), self.marks(value));
        let mut held = Held::Nothing;
        objects(&self.tree, &mut |object| {
            let has = |names: [&str; 2], marks: &[String]| {
                names.iter().any(|name| {
                    object
                        .get(*name)
                        .and_then(Value::as_str)
                        .is_some_and(|leaf| marks.iter().any(|mark| mark == leaf))
                })
            };
            if has(["key", "tagkey"], std::slice::from_ref(&key)) {
                let same = has(["value", "tagvalue"], &wanted) || value.is_null();
                held = held.max(if same { Held::Value } else { Held::Name });
            }
        });
        // Calls that take tags away list bare keys.
        let bare = any(&self.tree, &mut |names, leaf| {
            leaf == key && names.iter().any(|name| name.ends_with("tagkeys"))
        });
        if bare && value.is_null() { Held::Value } else { held }
    }

    /// Rules of network ACLs go in or out by a flag and not by the name of the call.
    fn other_direction(&self, top: &str) -> bool {
        let outward = match top {
            "egress" => "true",
            "ingress" => "false",
            _ => return false,
        };
        let mark = self.mark(outward);
        any(&self.tree, &mut |names, leaf| names.last() == Some(&"egress") && leaf != mark)
    }

    fn names(&self, path: &str) -> bool {
        let name = last_name(path);
        any(&self.tree, &mut |names, _| names.iter().any(|known| same_name(known, &name)))
    }

    fn reduce(&self, name: &str, value: &Value, depth: usize) -> Option<Value> {
        let hidden = HIDDEN.iter().any(|word| name.contains(word)) && !HARMLESS.contains(&name);
        if depth == 0 || hidden {
            return None;
        }
        match value {
            Value::Null => None,
            Value::String(text) if secret::looks_secret(text) => None,
            _ if as_document(value).is_some() => as_document(value).map(|text| self.leaf(&text)),
            Value::Object(map) => Some(self.object(name, map, depth)),
            Value::Array(items) => {
                Some(items.iter().filter_map(|item| self.reduce(name, item, depth - 1)).collect())
            }
            scalar => Some(self.leaf(&plain(scalar))),
        }
    }

    fn object(&self, name: &str, map: &Map<String, Value>, depth: usize) -> Value {
        let scalars = map.values().all(|value| !value.is_object() && !value.is_array());
        if let Some((attribute, value)) = pair(map).filter(|_| !name.contains("tag")) {
            // Attributes by name and value, as SNS and load balancers take them.
            let attribute = normal(attribute);
            let value = self.reduce(&attribute, value, depth - 1);
            return Value::Object(value.map(|value| (attribute, value)).into_iter().collect());
        }
        let is_tag = map.keys().any(|key| matches!(normal(key).as_str(), "key" | "tagkey"));
        if name.ends_with("tags") && scalars && !is_tag {
            let tag = |(key, value): (&String, &Value)| {
                Some(
                    serde_json::json!({ "key": self.mark(key), "value": self.reduce("value", value, depth - 1)? }),
                )
            };
            return map.iter().filter_map(tag).collect();
        }
        let member = |(key, value): (&String, &Value)| {
            let api = key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let own = normal(key);
            // EC2 wraps lists: what counts is what the list is called.
            let called =
                if matches!(own.as_str(), "items" | "item" | "member") { name } else { own.as_str() };
            let value =
                self.reduce(called, value, depth - 1).filter(|_| api && !secret::looks_secret(key))?;
            Some((own, value))
        };
        Value::Object(map.iter().filter_map(member).collect())
    }

    fn leaf(&self, text: &str) -> Value {
        Value::String(self.mark(text))
    }

    /// 32 bits under a key of the event: equal texts of one event have equal marks, and nothing else can be told.
    fn mark(&self, text: &str) -> String {
        let key = format!("stateward/trail/{}", self.key);
        let tag: [u8; 32] = match <Hmac<Sha256> as Mac>::new_from_slice(key.as_bytes()) {
            Ok(mut mac) => {
                mac.update(text.to_lowercase().as_bytes());
                mac.finalize().into_bytes().into()
            }
            // A key of any length is valid for HMAC (RFC 2104).
            Err(_) => Sha256::digest(key).into(),
        };
        tag[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The marks of the ways to write a value.
    fn marks(&self, value: &Value) -> Vec<String> {
        let text = plain(value).to_lowercase();
        let mut ways = vec![text.clone()];
        match text.as_str() {
            "true" => ways.push("enabled".into()),
            "enabled" => ways.push("true".into()),
            "false" => ways.extend(["disabled".into(), "suspended".into()]),
            "disabled" | "suspended" => ways.push("false".into()),
            _ => {}
        }
        let protocols = PROTOCOLS.iter();
        ways.extend(protocols.filter(|(name, _)| *name == text).map(|(_, number)| (*number).to_owned()));
        ways.push(compare::last_segment(&text).to_owned());
        ways.dedup();
        ways.iter().map(|way| self.mark(way)).collect()
    }
}

/// `{attributeName, attributeValue}`, `{key, value}`.
fn pair(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let find = |names: [&str; 2]| {
        map.iter().find(|(name, _)| names.contains(&normal(name).as_str())).map(|(_, value)| value)
    };
    Some((find(["attributename", "key"])?.as_str()?, find(["attributevalue", "value"])?))
}

/// The canonical text of a policy or of another JSON document.
fn as_document(value: &Value) -> Option<String> {
    if let Some(policy) = as_policy(value) {
        return Some(policy);
    }
    let text = value.as_str().filter(|text| text.trim_start().starts_with(['{', '[']))?;
    let document: Value = serde_json::from_str(text).ok()?;
    Some(policy::sorted(document).to_string())
}

fn as_policy(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) if text.contains("Statement") => text.clone(),
        Value::Object(map) if map.contains_key("Statement") => value.to_string(),
        _ => return None,
    };
    policy::canonical(&text).map(|policy| policy.to_string())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |n| n.to_string()),
        other => other.to_string(),
    }
}

/// A name without case and separators.
fn normal(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The last name of a path, without indices.
fn last_name(path: &str) -> String {
    let bare =
        path.split('.').rev().find(|part| !part.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(path);
    normal(bare.split('[').next().unwrap_or(bare))
}

/// Whether a parameter is called as an attribute is, give or take what the services put around it
/// (`dBInstanceClass`, `instance_class`).
fn same_name(parameter: &str, attribute: &str) -> bool {
    let inside = attribute.len() >= 4 && parameter.contains(attribute);
    let around = parameter.len() >= 6 && attribute.contains(parameter);
    let otherwise = NAMES.iter().any(|(name, others)| *name == attribute && others.contains(&parameter));
    parameter == attribute || inside || around || otherwise
}

/// Whether a leaf, with the names that lead to it, satisfies `test`.
fn any(tree: &Value, test: &mut impl FnMut(&[&str], &str) -> bool) -> bool {
    fn walk<'a>(
        tree: &'a Value,
        names: &mut Vec<&'a str>,
        test: &mut impl FnMut(&[&str], &str) -> bool,
    ) -> bool {
        match tree {
            Value::String(leaf) => test(names, leaf),
            Value::Array(items) => items.iter().any(|item| walk(item, names, test)),
            Value::Object(map) => map.iter().any(|(name, value)| {
                names.push(name);
                let found = walk(value, names, test);
                names.pop();
                found
            }),
            _ => false,
        }
    }
    walk(tree, &mut Vec::new(), test)
}

fn objects(tree: &Value, look: &mut impl FnMut(&Map<String, Value>)) {
    match tree {
        Value::Array(items) => items.iter().for_each(|item| objects(item, look)),
        Value::Object(map) => {
            look(map);
            map.values().for_each(|value| objects(value, look));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn request(parameters: Value) -> Request {
        Request::of("e-1", &parameters)
    }

    fn rule(port: u16, source: &str) -> Value {
        json!({"key": format!("tcp_{port}_{port}_{source}"), "protocol": "tcp", "from_port": port, "to_port": port, "source": source, "description": null})
    }

    #[test]
    fn a_rule_is_held_by_one_permission_and_not_by_two() {
        let permission = |port: u16, cidr: &str| json!({"ipProtocol": "tcp", "fromPort": port, "toPort": port, "groups": {}, "ipRanges": {"items": [{"cidrIp": cidr}]}, "prefixListIds": {}});
        let request = request(
            json!({"groupId": "sg-1", "ipPermissions": {"items": [permission(22, "10.0.0.0/8"), permission(443, "0.0.0.0/0")]}}),
        );
        assert_eq!(request.holds("ingress", &rule(443, "0.0.0.0/0")), Held::Value);
        assert_eq!(request.holds("ingress", &rule(22, "10.0.0.0/8")), Held::Value);
        assert_ne!(request.holds("ingress", &rule(22, "0.0.0.0/0")), Held::Value, "of two permissions");
        assert_ne!(request.holds("ingress", &rule(8080, "0.0.0.0/0")), Held::Value);
        let all = json!({"key": "-1_0_0_10.0.0.0/8", "protocol": "-1", "from_port": null, "to_port": null, "source": "10.0.0.0/8"});
        assert_ne!(request.holds("ingress", &all), Held::Value);
    }

    #[test]
    fn settings_go_by_their_names() {
        let request = request(
            json!({"dBInstanceIdentifier": "orders", "publiclyAccessible": true, "backupRetentionPeriod": 1, "dBInstanceClass": "db.r6g.large", "applyImmediately": false}),
        );
        assert_eq!(request.holds("publicly_accessible", &json!(true)), Held::Value);
        assert_eq!(request.holds("publicly_accessible", &json!(false)), Held::Name);
        assert_eq!(request.holds("backup_retention_period", &json!(1)), Held::Value);
        assert_eq!(request.holds("instance_class", &json!("db.r6g.large")), Held::Value);
        assert_eq!(request.holds("deletion_protection", &json!(false)), Held::Nothing, "not another flag's");
        assert!(request.says("orders") && !request.says("payments"));
    }

    #[test]
    fn policies_are_held_by_meaning() {
        let request = request(
            json!({"bucketName": "b", "bucketPolicy": {"Version": "2012-10-17", "Statement": [{"Sid": "", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::b/*"]}]}, "policy": [""]}),
        );
        let live = r#"{"Statement":[{"Action":["s3:getobject"],"Effect":"Allow","Principal":"*","Resource":"arn:aws:s3:::b/*"}],"Version":"2012-10-17"}"#;
        assert_eq!(request.holds("policy", &json!(live)), Held::Value);
        assert_eq!(request.holds("policy", &json!(live.replace("Allow", "Deny"))), Held::Name);
        let inline =
            Request::of("e", &json!({"roleName": "r", "policyName": "debug", "policyDocument": live}));
        let canonical = policy::canonical(live).unwrap();
        assert_eq!(inline.holds("inline_policy", &json!({"key": "debug", "policy": canonical})), Held::Value);
        assert_ne!(inline.holds("inline_policy", &json!({"key": "other", "policy": canonical})), Held::Value);
    }

    #[test]
    fn services_write_one_thing_in_many_ways() {
        let cases = [
            (
                json!({"VersioningConfiguration": {"Status": "Suspended"}}),
                "versioning[0].enabled",
                json!(false),
            ),
            (
                json!({"topicArn": "t", "attributeName": "DisplayName", "attributeValue": "x"}),
                "display_name",
                json!("x"),
            ),
            (
                json!({"attributes": [{"key": "deletion_protection.enabled", "value": "false"}]}),
                "enable_deletion_protection",
                json!(false),
            ),
            (
                json!({"attributes": [{"key": "routing.http.drop_invalid_header_fields.enabled", "value": "true"}]}),
                "drop_invalid_header_fields",
                json!(true),
            ),
            (
                json!({"subnetId": "s", "mapPublicIpOnLaunch": {"value": true}}),
                "map_public_ip_on_launch",
                json!(true),
            ),
            (
                json!({"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
                "managed_policy_arns",
                json!("arn:aws:iam::aws:policy/AdministratorAccess"),
            ),
            (
                json!({"queueUrl": "q", "attributes": {"VisibilityTimeout": "30"}}),
                "visibility_timeout_seconds",
                json!(30),
            ),
            (json!({"ModifyVolumeRequest": {"VolumeId": "v", "Size": 200}}), "size", json!(200)),
            (
                json!({"instanceId": "i", "groupSet": {"items": [{"groupId": "sg-9"}]}}),
                "vpc_security_group_ids",
                json!(["sg-9"]),
            ),
            (
                json!({"instanceId": "i", "httpTokens": "optional"}),
                "metadata_options[0].http_tokens",
                json!("optional"),
            ),
        ];
        for (parameters, path, live) in cases {
            assert_eq!(request(parameters.clone()).holds(path, &live), Held::Value, "{path} in {parameters}");
        }
    }

    #[test]
    fn tags_go_by_key_and_value() {
        let lists = [
            json!({"resourcesSet": {"items": [{"resourceId": "i"}]}, "tagSet": {"items": [{"key": "Owner", "value": "x"}]}}),
            json!({"resourceName": "arn", "tags": [{"key": "Owner", "value": "x"}]}),
            json!({"keyId": "k", "tags": [{"tagKey": "Owner", "tagValue": "x"}]}),
            json!({"queueUrl": "q", "tags": {"Owner": "x"}}),
        ];
        for parameters in lists {
            let request = request(parameters.clone());
            assert_eq!(request.holds("tags_all.Owner", &json!("x")), Held::Value, "{parameters}");
            assert_eq!(request.holds("tags_all.Owner", &json!("y")), Held::Name, "{parameters}");
            assert_eq!(request.holds("tags[\"Other\"]", &json!("x")), Held::Nothing, "{parameters}");
        }
        let gone = request(json!({"roleName": "r", "tagKeys": ["Owner"]}));
        assert_eq!(gone.holds("tags.Owner", &Value::Null), Held::Value);
    }

    #[test]
    fn the_direction_of_an_entry_is_a_flag() {
        let request = request(
            json!({"networkAclId": "acl", "ruleNumber": 90, "egress": false, "ruleAction": "allow", "portRange": {"from": 22, "to": 22}, "aclProtocol": "6", "cidrBlock": "0.0.0.0/0"}),
        );
        let atom = json!({"key": "90", "action": "allow", "protocol": "6", "range": "0.0.0.0/0", "from_port": 22, "to_port": 22, "icmp_type": null, "icmp_code": null});
        assert_eq!(request.holds("ingress", &atom), Held::Value);
        assert_eq!(request.holds("egress", &atom), Held::Nothing);
    }

    #[test]
    fn no_value_is_kept_and_secrets_are_not_even_digested() {
        let parameters = json!({
            "dBInstanceIdentifier": "orders",
            "masterUserPassword": "correct-horse-battery",
            "userData": "c2VjcmV0",
            "environment": {"variables": {"API_KEY": "hunter2"}},
            "description": "postgres://app:hunter2@db/x",
            "tags": {"Owner": "alice"},
            "hunter 2": "x",
        });
        let request = request(parameters);
        let text = serde_json::to_string(&request).unwrap();
        for secret in
            ["correct-horse", "hunter2", "c2VjcmV0", "alice", "Owner", "orders", "password", "hunter 2"]
        {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        let digests = ["correct-horse-battery", "hunter2", "c2VjcmV0"].map(|secret| request.mark(secret));
        assert!(digests.iter().all(|digest| !text.contains(digest)), "{text}");
    }

    #[test]
    fn a_value_that_the_state_hides_is_never_confirmed() {
        let request = request(json!({"description": "x"}));
        assert_eq!(request.holds("description", &secret::digest(b"k", &json!("x"))), Held::Name);
    }

    proptest! {
        #[test]
        fn any_parameters_are_reduced_and_asked_without_a_word_left(
            words in proptest::collection::vec("[A-Za-z]{9,14}", 1..6),
            depth in 0_usize..20,
        ) {
            let mut parameters = json!(words);
            for _ in 0..depth {
                parameters = json!({ "inside": [parameters] });
            }
            let request = Request::of("e", &json!({ "wrapped": parameters }));
            let text = serde_json::to_string(&request).unwrap();
            for word in &words {
                prop_assert!(!text.contains(word.as_str()));
            }
            request.holds("a[0].b", &json!(words));
        }
    }
}
