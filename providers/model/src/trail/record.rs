//! From a record as CloudTrail writes it to an event as it is kept.

use serde_json::Value;

use super::{Actor, ActorKind, Agent, Request, TrailEvent, TrailResource, table};
use crate::resource::Place;
use crate::secret;

/// Verbs of calls that change nothing, for records without `readOnly`.
const READS: &[&str] = &["Describe", "List", "Get", "Head", "Lookup", "BatchGet", "Search"];

/// Reads a record (AWS CloudTrail user guide, "CloudTrail record contents"). `resources` are those that the lookup named
/// beside it. `None` when it is no record of an event.
pub fn read_event(record: &Value, mut resources: Vec<TrailResource>) -> Option<TrailEvent> {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, time, name, source) =
        (text("eventID"), text("eventTime"), text("eventName"), text("eventSource"));
    if [&id, &time, &name, &source].iter().any(|field| field.is_empty()) {
        return None;
    }
    let identity = &record["userIdentity"];
    resources.extend(own_resources(record));
    resources.retain(|resource| !resource.name.is_empty() && !secret::looks_secret(&resource.name));
    resources.sort();
    resources.dedup();
    let account = match record.get("recipientAccountId").and_then(Value::as_str) {
        Some(account) => account,
        None => identity["accountId"].as_str().unwrap_or_default(),
    };
    let request = &record["requestParameters"];
    let known = table::knows(&source, &name) && request.is_object();
    Some(TrailEvent {
        read_only: read_only(record, &name),
        actor: actor(identity),
        address: shown(record, "sourceIPAddress"),
        agent: agent(record),
        error: shown(record, "errorCode"),
        place: Place::new(account, text("awsRegion")),
        request: known.then(|| Request::of(&id, request)),
        resources,
        id,
        time,
        name,
        source,
    })
}

/// A text that is no credential.
fn shown(record: &Value, name: &str) -> Option<String> {
    let text = record.get(name)?.as_str()?;
    (!text.is_empty() && !secret::looks_secret(text)).then(|| text.to_owned())
}

fn own_resources(record: &Value) -> Vec<TrailResource> {
    let listed = record["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let resource = |one: &Value| {
        let name = one.get("ARN").or_else(|| one.get("arn"))?.as_str()?.to_owned();
        let kind = one.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(TrailResource { kind, name })
    };
    listed.iter().filter_map(resource).collect()
}

fn read_only(record: &Value, name: &str) -> bool {
    match &record["readOnly"] {
        Value::Bool(only) => *only,
        Value::String(only) => only == "true",
        _ => READS.iter().any(|verb| name.starts_with(verb)),
    }
}

/// AWS CloudTrail user guide, "CloudTrail userIdentity element".
fn actor(identity: &Value) -> Actor {
    let text = |name: &str| shown(identity, name);
    let session_of = &identity["sessionContext"];
    let (kind, name, session) = match identity["type"].as_str().unwrap_or_default() {
        "Root" => (ActorKind::Root, Some("root".to_owned()), None),
        "IAMUser" => (ActorKind::User, text("userName"), None),
        "AssumedRole" => role(identity),
        "Role" => (ActorKind::Role, last(identity, "arn"), None),
        "IdentityCenterUser" => (ActorKind::SsoUser, None, shown(&identity["onBehalfOf"], "userId")),
        "FederatedUser" => (ActorKind::Federated, last(identity, "arn"), None),
        "SAMLUser" | "WebIdentityUser" => {
            let name = text("userName").or_else(|| text("principalId"));
            (ActorKind::Federated, name, None)
        }
        "AWSService" => (ActorKind::Service, text("invokedBy"), None),
        "AWSAccount" => (ActorKind::Account, text("accountId"), None),
        _ => (ActorKind::Unknown, text("userName").or_else(|| last(identity, "arn")), None),
    };
    // The console names itself where services do.
    let invoked_by = text("invokedBy").filter(|by| kind != ActorKind::Service && !is_console(by));
    Actor {
        kind,
        name: name.unwrap_or_default(),
        session,
        source_identity: shown(session_of, "sourceIdentity"),
        invoked_by,
    }
}

/// Role and session of `arn:aws:sts::123456789012:assumed-role/ROLE/SESSION`.
fn role(identity: &Value) -> (ActorKind, Option<String>, Option<String>) {
    let arn = identity["arn"].as_str().unwrap_or_default();
    let mut parts = arn.splitn(3, '/').skip(1);
    let issuer = shown(&identity["sessionContext"]["sessionIssuer"], "userName");
    let role = issuer.or_else(|| parts.clone().next().map(str::to_owned));
    let session = parts.nth(1).filter(|session| !secret::looks_secret(session)).map(str::to_owned);
    // AWSReservedSSO_PERMISSIONSET_0123456789abcdef: the session is called after the person.
    let permission_set = role.as_deref().and_then(|role| role.strip_prefix("AWSReservedSSO_"));
    match permission_set.and_then(|name| name.rsplit_once('_')) {
        Some((set, _)) => (ActorKind::SsoUser, Some(set.to_owned()), session),
        None => (ActorKind::Role, role, session),
    }
}

fn last(identity: &Value, name: &str) -> Option<String> {
    let text = shown(identity, name)?;
    text.rsplit(['/', ':']).next().map(str::to_owned)
}

fn is_console(text: &str) -> bool {
    text.starts_with("signin.amazonaws.com") || text.starts_with("console.")
}

fn agent(record: &Value) -> Agent {
    let text = record["userAgent"].as_str().unwrap_or_default();
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["terraform", "opentofu"]) {
        return Agent::Terraform;
    }
    if record["sessionCredentialFromConsole"].as_str() == Some("true") {
        return Agent::Console;
    }
    if has(&["aws-cli/"]) {
        return Agent::Cli;
    }
    if is_console(text) || has(&["s3console", "awsconsole", "aws-internal/3 aws-sdk-java", "mozilla/"]) {
        return Agent::Console;
    }
    if lower.ends_with(".amazonaws.com") || lower == "aws internal" {
        return Agent::Service;
    }
    if has(&["aws-sdk", "boto3", "botocore", "aws-chalice", "sdk"]) {
        return Agent::Sdk;
    }
    Agent::Other
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(identity: Value, more: Value) -> Value {
        let mut record = json!({
            "eventVersion": "1.08",
            "userIdentity": identity,
            "eventTime": "2026-03-01T09:58:00Z",
            "eventSource": "ec2.amazonaws.com",
            "eventName": "AuthorizeSecurityGroupIngress",
            "awsRegion": "us-west-2",
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "console.amazonaws.com",
            "requestParameters": {"groupId": "sg-1"},
            "responseElements": {"secretAccessKey": "wJalrXUtnFEMI"},
            "requestID": "r",
            "eventID": "e-1",
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": "123456789012",
        });
        for (name, value) in more.as_object().unwrap() {
            record[name] = value.clone();
        }
        record
    }

    fn assumed(role: &str, session: &str) -> Value {
        json!({
            "type": "AssumedRole",
            "principalId": format!("AROAEXAMPLEID:{session}"),
            "arn": format!("arn:aws:sts::123456789012:assumed-role/{role}/{session}"),
            "accountId": "123456789012",
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "userName": role, "accountId": "123456789012"},
                "attributes": {"mfaAuthenticated": "false"}
            }
        })
    }

    fn actor_of(identity: Value) -> Actor {
        read_event(&record(identity, json!({})), vec![]).unwrap().actor
    }

    #[test]
    fn every_sort_of_identity_is_told_apart() {
        let role = actor_of(assumed("deploy", "gha-42"));
        assert_eq!((role.kind, role.name.as_str()), (ActorKind::Role, "deploy"));
        assert_eq!(role.session.as_deref(), Some("gha-42"));
        let person = actor_of(assumed("AWSReservedSSO_Power_User_0123456789abcdef", "alice@acme.example"));
        assert_eq!((person.kind, person.name.as_str()), (ActorKind::SsoUser, "Power_User"));
        assert_eq!(person.session.as_deref(), Some("alice@acme.example"));
        let root =
            json!({"type": "Root", "arn": "arn:aws:iam::123456789012:root", "accountId": "123456789012"});
        assert_eq!(actor_of(root).kind, ActorKind::Root);
        let user =
            actor_of(json!({"type": "IAMUser", "userName": "bob", "invokedBy": "signin.amazonaws.com"}));
        assert_eq!((user.kind, user.name.as_str(), user.invoked_by), (ActorKind::User, "bob", None));
        let service = actor_of(json!({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}));
        assert_eq!((service.kind, service.name.as_str()), (ActorKind::Service, "autoscaling.amazonaws.com"));
        let mut through = assumed("deploy", "cfn");
        through["invokedBy"] = json!("cloudformation.amazonaws.com");
        through["sessionContext"]["sourceIdentity"] = json!("carol");
        let through = actor_of(through);
        assert_eq!(through.invoked_by.as_deref(), Some("cloudformation.amazonaws.com"));
        assert_eq!(through.source_identity.as_deref(), Some("carol"));
        assert_eq!(actor_of(json!({"type": "SomethingNew"})).kind, ActorKind::Unknown);
    }

    #[test]
    fn agents_are_told_by_what_they_call_themselves() {
        let agent =
            |text: &str| read_event(&record(json!({}), json!({"userAgent": text})), vec![]).unwrap().agent;
        let terraform = "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.60.0 aws-sdk-go-v2/1.30.3";
        assert_eq!(agent(terraform), Agent::Terraform);
        assert_eq!(agent("aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64 prompt/off"), Agent::Cli);
        assert_eq!(agent("console.ec2.amazonaws.com"), Agent::Console);
        assert_eq!(agent("signin.amazonaws.com"), Agent::Console);
        assert_eq!(agent("[S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.1002]"), Agent::Console);
        assert_eq!(agent("Boto3/1.34.0 md/Botocore#1.34.0"), Agent::Sdk);
        assert_eq!(agent("autoscaling.amazonaws.com"), Agent::Service);
        assert_eq!(agent("curl/8"), Agent::Other);
        let console = json!({"userAgent": "anything", "sessionCredentialFromConsole": "true"});
        assert_eq!(read_event(&record(json!({}), console), vec![]).unwrap().agent, Agent::Console);
    }

    #[test]
    fn nothing_of_the_answer_and_no_key_is_kept() {
        let event = read_event(&record(assumed("deploy", "gha-42"), json!({})), vec![]).unwrap();
        let text = serde_json::to_string(&event).unwrap();
        for secret in ["wJalrXUtnFEMI", "ASIAIOSFODNN7EXAMPLE", "AROAEXAMPLEID", "sg-1"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }

    #[test]
    fn a_record_that_does_not_say_whether_it_reads_is_judged_by_its_verb() {
        let of = |name: &str, only: Value| {
            let more = json!({"eventName": name, "readOnly": only});
            read_event(&record(json!({}), more), vec![]).unwrap().read_only
        };
        assert!(of("DescribeVpcs", Value::Null) && !of("CreateVpc", Value::Null));
        assert!(of("CreateVpc", json!("true")) && !of("DescribeVpcs", json!(false)));
    }

    #[test]
    fn what_is_no_record_is_none() {
        for text in ["{}", "[]", "null", r#"{"eventName":"X"}"#] {
            assert_eq!(read_event(&serde_json::from_str(text).unwrap(), vec![]), None, "{text}");
        }
    }
}
