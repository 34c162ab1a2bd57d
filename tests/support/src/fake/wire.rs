//! The protocols' wrappings, and the little XML and CBOR that the fake needs.

use serde_json::{Map, Value};

use crate::http::Response;
use crate::operation::{Asked, Protocol};

const REQUEST_ID: &str = "00000000-0000-0000-0000-000000000000";

/// An element.
pub(super) fn tag(name: &str, inner: impl AsRef<str>) -> String {
    let inner = inner.as_ref();
    if inner.is_empty() { format!("<{name}/>") } else { format!("<{name}>{inner}</{name}>") }
}

/// A list with one element for each item.
pub(super) fn list<T>(name: &str, member: &str, items: &[T], item: impl Fn(&T) -> String) -> String {
    tag(name, items.iter().map(|one| tag(member, item(one))).collect::<String>())
}

/// An element that is left out where there is no value.
pub(super) fn maybe(name: &str, value: &Option<String>) -> String {
    value.as_deref().map_or_else(String::new, |value| tag(name, value))
}

/// The body that says "there are none" in the protocol's way.
pub(super) fn empty(protocol: Protocol, lists: &[&str]) -> String {
    match protocol {
        Protocol::Json | Protocol::RestJson | Protocol::Cbor => {
            let lists: Map<String, Value> =
                lists.iter().map(|name| ((*name).to_owned(), Value::Array(Vec::new()))).collect();
            Value::Object(lists).to_string()
        }
        _ => lists.iter().map(|name| tag(name, "")).collect(),
    }
}

/// Wraps a body.
pub(crate) fn success(asked: &Asked, body: &str) -> Response {
    let operation = &asked.operation;
    match asked.protocol {
        Protocol::Ec2 => {
            let inner = tag("requestId", REQUEST_ID) + body;
            Response::new(200, "text/xml;charset=UTF-8", tag(&format!("{operation}Response"), inner))
        }
        Protocol::Query => {
            let metadata = tag("ResponseMetadata", tag("RequestId", REQUEST_ID));
            let inner = tag(&format!("{operation}Result"), body) + &metadata;
            Response::new(200, "text/xml", tag(&format!("{operation}Response"), inner))
        }
        // S3's and CloudFront's documents have names of their own, and so do some of Route 53's.
        Protocol::S3 => Response::new(200, "application/xml", body),
        Protocol::RestXml if asked.service == "cloudfront" => Response::new(200, "text/xml", body),
        Protocol::RestXml => Response::new(200, "text/xml", tag(&format!("{operation}Response"), body)),
        Protocol::Json => Response::new(200, "application/x-amz-json-1.1", body),
        Protocol::RestJson => Response::new(200, "application/json", body),
        Protocol::Cbor => {
            let value: Value = serde_json::from_str(body).unwrap_or(Value::Null);
            Response::new(200, "application/cbor", cbor(&value)).with("smithy-protocol", "rpc-v2-cbor")
        }
    }
}

/// JSON's values as CBOR (RFC 8949), of definite length.
pub(crate) fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(value, &mut bytes);
    bytes
}

fn encode(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.push(0xf6),
        Value::Bool(value) => bytes.push(if *value { 0xf5 } else { 0xf4 }),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(positive), _) => head(0, positive, bytes),
            (None, Some(negative)) => head(1, negative.unsigned_abs() - 1, bytes),
            (None, None) => {
                bytes.push(0xfb);
                bytes.extend_from_slice(&number.as_f64().unwrap_or_default().to_be_bytes());
            }
        },
        Value::String(text) => {
            head(3, text.len() as u64, bytes);
            bytes.extend_from_slice(text.as_bytes());
        }
        Value::Array(items) => {
            head(4, items.len() as u64, bytes);
            items.iter().for_each(|item| encode(item, bytes));
        }
        Value::Object(members) => {
            head(5, members.len() as u64, bytes);
            for (name, member) in members {
                head(3, name.len() as u64, bytes);
                bytes.extend_from_slice(name.as_bytes());
                encode(member, bytes);
            }
        }
    }
}

/// Major type and argument.
fn head(major: u8, argument: u64, bytes: &mut Vec<u8>) {
    let major = major << 5;
    match argument {
        0..24 => bytes.push(major | argument as u8),
        24..0x100 => bytes.extend_from_slice(&[major | 24, argument as u8]),
        0x100..0x1_0000 => {
            bytes.push(major | 25);
            bytes.extend_from_slice(&(argument as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            bytes.push(major | 26);
            bytes.extend_from_slice(&(argument as u32).to_be_bytes());
        }
        _ => {
            bytes.push(major | 27);
            bytes.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The examples of RFC 8949, appendix A.
    #[test]
    fn cbor_follows_the_examples_of_its_standard() {
        let hex = |value: Value| cbor(&value).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(json!(23)), "17");
        assert_eq!(hex(json!(24)), "1818");
        assert_eq!(hex(json!(1000)), "1903e8");
        assert_eq!(hex(json!(1_000_000)), "1a000f4240");
        assert_eq!(hex(json!(1_000_000_000_000_u64)), "1b000000e8d4a51000");
        assert_eq!(hex(json!(-100)), "3863");
        assert_eq!(hex(json!(1.1)), "fb3ff199999999999a");
        assert_eq!(hex(json!({"a": 1, "b": [2, 3]})), "a26161016162820203");
        assert_eq!(hex(json!(["IETF", true, false, null])), "846449455446f5f4f6");
    }

    #[test]
    fn nothing_is_said_in_each_protocol() {
        assert_eq!(empty(Protocol::Ec2, &["volumeSet"]), "<volumeSet/>");
        assert_eq!(empty(Protocol::Json, &["A", "B"]), r#"{"A":[],"B":[]}"#);
    }
}
