//! Whom a policy document lets in, and to what.

use serde_json::Value;

use super::canonical;

/// A policy document, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its statements; their order means nothing.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// Its name; may be empty.
    pub sid: String,
    /// `Allow` rather than `Deny`.
    pub allow: bool,
    /// Whom it names.
    pub principals: Vec<Principal>,
    /// True when it is about everybody but those that it names (`NotPrincipal`).
    pub everybody_else: bool,
    /// Actions, in lower case.
    pub actions: Vec<String>,
    /// True when it is about every action but those (`NotAction`).
    pub other_actions: bool,
    /// Resources.
    pub resources: Vec<String>,
    /// True when it is about every resource but those (`NotResource`).
    pub other_resources: bool,
    /// Conditions; all of them have to hold.
    pub conditions: Vec<Condition>,
}

/// Whom a statement names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// `*`: everybody, with or without an account.
    Anyone,
    /// An account, user, role or session by ARN, or the unique id of a deleted one.
    Aws(String),
    /// A service, `logs.amazonaws.com`.
    Service(String),
    /// An identity provider: its ARN, or the name of a public one.
    Federated(String),
    /// Anything else, as a canonical user.
    Other(String),
}

/// One operator on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator as written, `StringEquals`, `ForAnyValue:StringLike`.
    pub operator: String,
    /// The key, in lower case.
    pub key: String,
    /// The values; one of them has to match.
    pub values: Vec<String>,
}

/// Condition keys that tell who calls, or for whom a service calls (IAM reference, global condition keys; the list in
/// "The meaning of public" of the S3 guide).
const CALLER_KEYS: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:username",
    "elasticfilesystem:accessedviamounttarget",
    "elasticfilesystem:accesspointarn",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
];

impl Document {
    /// Takes a document apart; `None` when the text is not a policy.
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = canonical(text)?;
        let statements = canonical.get("Statement")?.as_array()?;
        Some(Self { statements: statements.iter().map(statement).collect::<Option<_>>()? })
    }

    /// The statements that allow something.
    pub fn allowing(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.allow)
    }

    /// True when a statement lets everybody in.
    pub fn is_public(&self) -> bool {
        self.statements.iter().any(Statement::is_public)
    }

    /// True when a statement allows every action on every resource.
    pub fn is_administrator(&self) -> bool {
        self.statements.iter().any(Statement::is_administrator)
    }

    /// True when a statement refuses every request to `resource` that does not come over TLS.
    pub fn refuses_plain_http(&self, resource: &str) -> bool {
        self.statements.iter().any(|statement| statement.refuses_plain_http(resource))
    }
}

impl Statement {
    /// True when it allows something to everybody, and no condition says who may call. A condition on anything else,
    /// as on the transport, leaves the door open to everybody. Denials elsewhere are not weighed against it.
    pub fn is_public(&self) -> bool {
        let everybody = self.everybody_else || self.principals.contains(&Principal::Anyone);
        self.allow && everybody && !self.conditions.iter().any(Condition::limits_callers)
    }

    /// True when it allows every action on every resource, whatever its conditions.
    pub fn is_administrator(&self) -> bool {
        let all = |patterns: &[String]| {
            patterns.iter().any(|pattern| pattern.contains('*') && pattern.chars().all(|c| "*:".contains(c)))
        };
        self.allow
            && !self.other_actions
            && !self.other_resources
            && all(&self.actions)
            && all(&self.resources)
    }

    /// True when it is about this action (in any case).
    pub fn covers_action(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| matches(pattern, &action)) != self.other_actions
    }

    /// True when it is about this resource.
    pub fn covers_resource(&self, resource: &str) -> bool {
        self.resources.iter().any(|pattern| matches(pattern, resource)) != self.other_resources
    }

    /// True when it is about this service (`logs.amazonaws.com`), by name or as everybody.
    pub fn names_service(&self, service: &str) -> bool {
        self.principals.iter().any(|principal| match principal {
            Principal::Anyone => true,
            Principal::Service(name) => name == service,
            _ => false,
        })
    }

    /// True when it refuses every action on `resource` to everybody without TLS, under no further condition.
    pub fn refuses_plain_http(&self, resource: &str) -> bool {
        let [condition] = self.conditions.as_slice() else { return false };
        let plain = ["Bool", "BoolIfExists"].contains(&condition.operator.as_str())
            && condition.key == "aws:securetransport"
            && condition.values == ["false"];
        let service = resource.split(':').nth(2).unwrap_or_default();
        let every_action = [format!("{service}:*"), "*".to_owned()];
        !self.allow
            && plain
            && self.principals.contains(&Principal::Anyone)
            && !self.other_actions
            && self.actions.iter().any(|action| every_action.contains(action))
            && self.covers_resource(resource)
    }

    /// The values of which a condition demands one for `key` (in any case); `None` when no condition does.
    pub fn demanded(&self, key: &str) -> Option<&[String]> {
        let key = key.to_ascii_lowercase();
        self.conditions
            .iter()
            .find(|condition| condition.key == key && condition.demands())
            .map(|condition| condition.values.as_slice())
    }

    /// The accounts that it names as principals, sorted, each once.
    pub fn accounts(&self) -> Vec<&str> {
        let mut accounts: Vec<&str> = self.principals.iter().filter_map(Principal::account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }
}

impl Principal {
    /// The account of an ARN.
    pub fn account(&self) -> Option<&str> {
        let Self::Aws(arn) = self else { return None };
        arn.split(':').nth(4).filter(|account| account.len() == 12)
    }
}

impl Condition {
    /// True when it cannot hold where the key is absent or has another value: neither negated, nor `…IfExists`, nor
    /// `ForAllValues`, which holds for a key that is not there.
    pub fn demands(&self) -> bool {
        let name = self.operator.strip_prefix("ForAnyValue:").unwrap_or(&self.operator);
        const POSITIVE: &[&str] = &[
            "StringEquals",
            "StringEqualsIgnoreCase",
            "StringLike",
            "ArnEquals",
            "ArnLike",
            "IpAddress",
            "Bool",
            "NumericEquals",
        ];
        POSITIVE.contains(&name)
    }

    /// True when it leaves only callers of a certain account, organisation, network or identity.
    pub fn limits_callers(&self) -> bool {
        self.demands()
            && CALLER_KEYS.contains(&self.key.as_str())
            && !self.values.is_empty()
            && self.values.iter().all(|value| is_fixed(&self.key, value))
    }
}

/// True when the value names somebody: no wildcard where the account or the name would stand, no network of everybody.
fn is_fixed(key: &str, value: &str) -> bool {
    if key == "aws:sourceip" {
        return !value.ends_with("/0");
    }
    if key == "elasticfilesystem:accessedviamounttarget" {
        return value == "true";
    }
    if let Some(rest) = value.strip_prefix("arn:") {
        let parts: Vec<&str> = rest.splitn(5, ':').collect();
        let [_, _, _, account, name] = parts.as_slice() else { return false };
        let open = |text: &str| text.starts_with(['*', '?']);
        return if account.is_empty() { !open(name) } else { !account.contains(['*', '?']) };
    }
    !value.starts_with(['*', '?'])
}

fn statement(value: &Value) -> Option<Statement> {
    let map = value.as_object()?;
    let texts = |name: &str| map.get(name).map(strings).unwrap_or_default();
    let (principals, everybody_else) = match (map.get("Principal"), map.get("NotPrincipal")) {
        (Some(principal), _) => (principals(principal), false),
        (None, Some(others)) => (principals(others), true),
        (None, None) => (Vec::new(), false),
    };
    let other_actions = !map.contains_key("Action") && map.contains_key("NotAction");
    let other_resources = !map.contains_key("Resource") && map.contains_key("NotResource");
    Some(Statement {
        sid: map.get("Sid").and_then(Value::as_str).unwrap_or_default().to_owned(),
        allow: match map.get("Effect")?.as_str()? {
            "Allow" => true,
            "Deny" => false,
            _ => return None,
        },
        principals,
        everybody_else,
        actions: texts(if other_actions { "NotAction" } else { "Action" }),
        other_actions,
        resources: texts(if other_resources { "NotResource" } else { "Resource" }),
        other_resources,
        conditions: conditions(map.get("Condition")),
    })
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn principals(value: &Value) -> Vec<Principal> {
    let Some(map) = value.as_object() else {
        return (value.as_str() == Some("*")).then_some(Principal::Anyone).into_iter().collect();
    };
    map.iter()
        .flat_map(|(sort, names)| {
            strings(names).into_iter().map(move |name| match sort.as_str() {
                "AWS" if name == "*" => Principal::Anyone,
                "AWS" => Principal::Aws(name),
                "Service" => Principal::Service(name),
                "Federated" => Principal::Federated(name),
                _ => Principal::Other(name),
            })
        })
        .collect()
}

fn conditions(value: Option<&Value>) -> Vec<Condition> {
    let Some(operators) = value.and_then(Value::as_object) else { return Vec::new() };
    operators
        .iter()
        .filter_map(|(operator, keys)| Some((operator, keys.as_object()?)))
        .flat_map(|(operator, keys)| {
            keys.iter().map(move |(key, values)| Condition {
                operator: operator.clone(),
                key: key.clone(),
                values: strings(values),
            })
        })
        .collect()
}

/// IAM's patterns: `*` stands for any run of characters, `?` for one.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                // Let the last star swallow one character more.
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(statement: Value) -> Statement {
        let text = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        Document::parse(&text).unwrap().statements.remove(0)
    }

    fn open(condition: Value) -> Statement {
        one(json!({ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "sqs:*", "Resource": "*",
                    "Condition": condition }))
    }

    #[test]
    fn everybody_is_public_however_it_is_spelled() {
        for principal in [json!("*"), json!({ "AWS": "*" }), json!({ "AWS": ["123456789012", "*"] })] {
            let statement = one(json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:*" }));
            assert!(statement.is_public());
        }
        let but_one =
            json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "123456789012" }, "Action": "s3:*" });
        assert!(one(but_one).is_public());
        let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*" });
        assert!(!one(deny).is_public());
        let account = json!({ "Effect": "Allow", "Principal": { "AWS": "123456789012" }, "Action": "s3:*" });
        assert!(!one(account).is_public());
    }

    #[test]
    fn only_a_condition_on_the_caller_closes_the_door() {
        for limits in [
            json!({ "StringEquals": { "aws:PrincipalOrgID": "o-abc" } }),
            json!({ "StringEquals": { "AWS:SourceAccount": "123456789012" } }),
            json!({ "ArnLike": { "aws:SourceArn": "arn:aws:sns:*:123456789012:*" } }),
            json!({ "ArnEquals": { "aws:SourceArn": "arn:aws:s3:::uploads" } }),
            json!({ "IpAddress": { "aws:SourceIp": ["203.0.113.0/24"] } }),
            json!({ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": "o-abc/*" } }),
        ] {
            assert!(!open(limits.clone()).is_public(), "{limits}");
        }
        for idle in [
            json!({ "Bool": { "aws:SecureTransport": "true" } }),
            json!({ "StringNotEquals": { "aws:PrincipalOrgID": "o-abc" } }),
            json!({ "StringEqualsIfExists": { "aws:PrincipalOrgID": "o-abc" } }),
            json!({ "ForAllValues:StringLike": { "aws:PrincipalOrgPaths": "o-abc/*" } }),
            json!({ "ArnLike": { "aws:SourceArn": "arn:aws:sns:*:*:*" } }),
            json!({ "ArnLike": { "aws:SourceArn": "arn:aws:s3:::*" } }),
            json!({ "StringLike": { "aws:PrincipalArn": "*" } }),
            json!({ "IpAddress": { "aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"] } }),
        ] {
            assert!(open(idle.clone()).is_public(), "{idle}");
        }
    }

    #[test]
    fn an_administrator_may_do_everything_everywhere() {
        let admin = |action: &str, resource: &str| {
            one(json!({ "Effect": "Allow", "Action": action, "Resource": resource })).is_administrator()
        };
        assert!(admin("*", "*") && admin("*:*", "*"));
        assert!(!admin("s3:*", "*") && !admin("*", "arn:aws:s3:::b"));
        assert!(!one(json!({ "Effect": "Deny", "Action": "*", "Resource": "*" })).is_administrator());
        assert!(
            !one(json!({ "Effect": "Allow", "NotAction": "*", "Resource": "*" })).is_administrator(),
            "all but everything is nothing"
        );
    }

    #[test]
    fn accounts_are_read_from_ids_and_arns_of_any_partition() {
        let statement = one(json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": [
            "111111111111", "arn:aws:iam::111111111111:role/x", "arn:aws-us-gov:iam::222222222222:root",
            "AROAEXAMPLE" ] } }));
        assert_eq!(statement.accounts(), ["111111111111", "222222222222"]);
    }

    #[test]
    fn patterns_match_as_iam_does() {
        assert!(matches("kms:generatedatakey*", "kms:generatedatakeywithoutplaintext"));
        assert!(
            matches("*", "") && matches("a?c", "abc") && matches("*b*", "abc") && matches("a*c*c", "abcbc")
        );
        assert!(!matches("kms:decrypt", "kms:decryptx") && !matches("a?c", "ac") && !matches("", "a"));
        let statement = one(json!({ "Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*" }));
        assert!(statement.covers_action("s3:GetObject") && !statement.covers_action("IAM:CreateUser"));
    }

    #[test]
    fn a_refusal_of_plain_http_is_whole() {
        let refuses = |action: &str, resource: Value, condition: Value| {
            one(json!({ "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource,
                        "Condition": condition }))
            .refuses_plain_http("arn:aws:s3:::b/key")
        };
        let plain = json!({ "Bool": { "aws:SecureTransport": false } });
        let both = json!(["arn:aws:s3:::b", "arn:aws:s3:::b/*"]);
        assert!(refuses("s3:*", both.clone(), plain.clone()));
        assert!(!refuses("s3:PutObject", both.clone(), plain.clone()));
        assert!(!refuses("s3:*", json!("arn:aws:s3:::b"), plain), "the objects are left out");
        let narrow = json!({ "Bool": { "aws:SecureTransport": "false" },
                             "StringEquals": { "aws:PrincipalAccount": "123456789012" } });
        assert!(!refuses("s3:*", both, narrow));
    }

    #[test]
    fn what_is_no_policy_is_not_taken_for_an_empty_one() {
        assert!(Document::parse("").is_none() && Document::parse("[]").is_none());
        assert!(Document::parse(r#"{"Statement":[{"Effect":"Maybe"}]}"#).is_none());
        assert_eq!(Document::parse(r#"{"Statement":[]}"#).unwrap().statements, []);
    }
}
