//! Keyed digests that stand in the place of secrets.

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What every digest begins with, so that readers and reports recognise one.
pub const PREFIX: &str = "(sensitive, digest ";

/// A keyed digest of `value`: equal values under one key give equal digests, and nothing else can be told from it.
/// Only 32 bits are kept, so that even with the key a guess cannot be confirmed.
pub fn digest(key: &[u8], value: &Value) -> Value {
    // A key of any length is valid for HMAC (RFC 2104); the fallback is unreachable and still reveals nothing.
    let tag: [u8; 32] = match <Hmac<Sha256> as Mac>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(value.to_string().as_bytes());
            mac.finalize().into_bytes().into()
        }
        Err(_) => Sha256::digest(key).into(),
    };
    Value::String(format!("{PREFIX}{:02x}{:02x}{:02x}{:02x})", tag[0], tag[1], tag[2], tag[3]))
}

/// The key of the digests of one state: equal as long as its lineage and place are, so that two runs over it can be
/// compared, and of no use elsewhere.
pub fn state_key(lineage: &str, uri: &str) -> [u8; 32] {
    Sha256::digest(format!("stateward/{lineage}/{uri}")).into()
}

/// True when `value` is a digest made by [`digest`].
pub fn is_digest(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(PREFIX))
}

/// True when a digest stands somewhere in `value`.
pub fn holds_digest(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_digest),
        Value::Object(map) => map.values().any(holds_digest),
        // A policy or another document in a string may quote one.
        Value::String(text) => text.contains(PREFIX),
        _ => false,
    }
}

/// `value` with `hide` in the place of every text that looks like a credential.
pub fn without_credentials(value: &mut Value, hide: &impl Fn(&Value) -> Value) {
    match value {
        Value::String(text) if looks_secret(text) => *value = hide(value),
        Value::Array(items) => items.iter_mut().for_each(|item| without_credentials(item, hide)),
        Value::Object(map) => map.values_mut().for_each(|item| without_credentials(item, hide)),
        _ => {}
    }
}

/// True when text looks like a credential: a private key, an AWS secret, a token of a known form.
/// Deliberately narrow: a name, an id or an ARN must never match.
pub fn looks_secret(text: &str) -> bool {
    has_mark(text) || is_access_key(text) || has_password_assignment(text)
}

/// Every text of a state is looked through, so marks are only sought where the rarer of their signs is.
fn has_mark(text: &str) -> bool {
    const WITH_DASH: &[&str] = &["glpat-", "xoxb-", "xoxp-"];
    const WITH_LINE: &[&str] = &["ghp_", "github_pat_", "sk_live_"];
    const KEYS: &[&str] = &["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"];
    let any = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
    let key = || text.split("-----BEGIN ").skip(1).any(|rest| KEYS.iter().any(|key| rest.starts_with(key)));
    (text.contains('-') && (any(WITH_DASH) || key())) || (text.contains('_') && any(WITH_LINE))
}

fn is_access_key(text: &str) -> bool {
    text.len() >= 20
        && text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
            word.len() == 20
                && (word.starts_with("AKIA") || word.starts_with("ASIA"))
                && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        })
}

/// `scheme://user:password@host`, the form in which credentials hide in connection strings.
fn has_password_assignment(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':') && !user.ends_with(':'))
}

/// True when a variable holds a secret in the clear: its value looks like a credential, or its name says so and the value
/// only points to one neither by its form (an ARN, a path) nor by the name's last word (`TOKEN_FILE`, `SECRET_ARN`).
pub fn is_secret_variable(name: &str, value: &str) -> bool {
    if looks_secret(value) {
        return true;
    }
    let name = name.to_ascii_uppercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let points = words.len() > 1 && words.last().is_some_and(|last| POINTERS.contains(last));
    let pointer = ["arn:", "/", "{{resolve:"].iter().any(|start| value.starts_with(start));
    let flag = value.is_empty() || value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false");
    let pairs = || words.windows(2).any(|pair| SECRET_PAIRS.contains(&(pair[0], pair[1])));
    let named = words.iter().any(|word| SECRET_WORDS.contains(word)) || pairs();
    named && !pointer && !flag && !points
}

/// Words of a name that stand for a secret.
const SECRET_WORDS: &[&str] = &[
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PRIVATEKEY",
    "SECRET",
    "SECRETKEY",
    "TOKEN",
];

/// Two words that do so together.
const SECRET_PAIRS: &[(&str, &str)] = &[
    ("ACCESS", "KEY"),
    ("API", "KEY"),
    ("AUTH", "DATA"),
    ("ENCRYPTION", "KEY"),
    ("PRIVATE", "KEY"),
    ("SIGNING", "KEY"),
];

/// Last words of names that say where a secret is, or something about it.
const POINTERS: &[&str] = &[
    "ALGORITHM",
    "ARN",
    "AUDIENCE",
    "COUNT",
    "ENABLED",
    "ENDPOINT",
    "EXPIRATION",
    "EXPIRY",
    "FILE",
    "HEADER",
    "ID",
    "ISSUER",
    "LENGTH",
    "LIFETIME",
    "LIMIT",
    "NAME",
    "PATH",
    "PREFIX",
    "REGION",
    "TIMEOUT",
    "TTL",
    "TYPE",
    "URI",
    "URL",
    "VERSION",
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_digest_depends_on_key_and_value_and_hides_both() {
        let one = digest(b"k", &json!("correct horse"));
        assert_eq!(one, digest(b"k", &json!("correct horse")));
        assert_ne!(one, digest(b"l", &json!("correct horse")));
        assert_ne!(one, digest(b"k", &json!("battery")));
        assert!(is_digest(&one) && !one.to_string().contains("horse"));
    }

    #[test]
    fn credentials_are_recognised_and_names_are_not() {
        assert!(looks_secret("AKIAIOSFODNN7EXAMPLE"));
        assert!(looks_secret("postgres://app:hunter2@db:5432/x"));
        for kind in ["RSA ", "", "EC ", "OPENSSH "] {
            assert!(looks_secret(&format!("x-----BEGIN {kind}PRIVATE KEY-----")), "{kind}");
        }
        assert!(!looks_secret("-----BEGIN CERTIFICATE-----") && !looks_secret("-----BEGIN PUBLIC KEY-----"));
        assert!(looks_secret("token = \"ghp_x\"") && looks_secret("xoxb-1") && looks_secret("a sk_live_1"));
        assert!(!looks_secret("arn:aws:iam::123456789012:role/AKIA"));
        assert!(!looks_secret("https://sqs.us-west-2.amazonaws.com/123456789012/jobs"));
    }

    #[test]
    fn a_variable_is_a_secret_by_its_value_or_by_its_name() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("api-key", "x"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
            ("ANYTHING", "postgres://app:hunter2@db:5432/x"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("PASSWORD", "123456"),
            ("SECRET_URL", "https://app:hunter2@example.com"),
        ] {
            assert!(is_secret_variable(name, value), "{name}");
        }
        for (name, value) in [
            ("DB_PASSWORD", ""),
            ("DB_PASSWORD_FILE", "db"),
            ("SECRET_ARN", "x"),
            ("SECRET", "arn:aws:secretsmanager:us-west-2:1:secret:x"),
            ("TOKEN", "/run/secrets/token"),
            ("MAX_TOKENS", "4096"),
            ("LOG_LEVEL", "debug"),
            ("REQUIRE_TOKEN", "true"),
            ("TOKEN_TTL", "3600"),
        ] {
            assert!(!is_secret_variable(name, value), "{name}");
        }
    }
}
