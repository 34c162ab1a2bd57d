//! The allow list and the least-privilege policy, both made from the collectors' declared calls.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stateward_model::Wanted;

use crate::account::ACCOUNT_CALLS;
use crate::call::Call;
use crate::cloudtrail::TRAIL_CALLS;
use crate::collectors;
use crate::state_s3::{LOCK_WORDS, STATE_CALLS};

/// Every call that Stateward may make unasked, sorted by name.
pub fn all_calls() -> Vec<&'static Call> {
    let declared = collectors().flat_map(|collector| collector.calls.iter().copied());
    unique(ACCOUNT_CALLS.iter().chain(STATE_CALLS).copied().chain(declared))
}

/// The calls that find out who made a difference: they are made, and permitted, only where that was asked for.
pub fn attribution_calls() -> &'static [&'static Call] {
    TRAIL_CALLS
}

/// The calls that a run over `wanted` may make, those of the S3 backend included when `states_in_s3`, sorted by name.
pub fn calls_for(wanted: &Wanted, states_in_s3: bool) -> Vec<&'static Call> {
    let needed =
        collectors().filter(|collector| wanted.has_kind(collector.kind.name)).flat_map(|collector| {
            collector.calls.iter().copied().filter(|call| {
                let name = call.name();
                let optional =
                    collector.kind.attributes.iter().filter(|attr| attr.read_by.contains(&name.as_str()));
                let listed = collector.kind.listed_by.contains(&name.as_str());
                listed || optional.into_iter().any(|attr| wanted.has(collector.kind.name, attr.path))
            })
        });
    let states = STATE_CALLS.iter().filter(|_| states_in_s3);
    unique(ACCOUNT_CALLS.iter().chain(states).copied().chain(needed))
}

fn unique(calls: impl Iterator<Item = &'static Call>) -> Vec<&'static Call> {
    let by_name: BTreeMap<String, &'static Call> = calls.map(|call| (call.name(), call)).collect();
    by_name.into_values().collect()
}

/// Actions that read data and not configuration: they are permitted on the states that were named, and nowhere else.
const OF_STATES: &[&str] = &["s3:GetObject", "s3:ListBucket", "s3:ListBucketVersions", "dynamodb:GetItem"];

/// What `apigateway:GET` is permitted on: on everything, it would hand out the keys of callers with their values.
const OF_APIS: &[&str] = &[
    "arn:aws:apigateway:*::/apis",
    "arn:aws:apigateway:*::/apis/*/stages",
    "arn:aws:apigateway:*::/restapis",
    "arn:aws:apigateway:*::/restapis/*/stages",
];

/// A state in S3 as the command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedState {
    /// The bucket.
    pub bucket: String,
    /// The key; a `*` stands for anything.
    pub key: String,
    /// Whether old versions are read, which is another permission.
    pub old: bool,
    /// Whether its versions are listed.
    pub history: bool,
}

/// An IAM policy document that permits exactly `calls`, one statement a service, and the reading of `states`: the object
/// and its lock file, the lock tables by their names, and the key of the bucket where S3 asks for it.
pub fn policy_document(calls: &[&Call], states: &[NamedState]) -> Value {
    let mut services: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for call in calls.iter().filter(|call| !OF_STATES.contains(&call.iam_action().as_str())) {
        services.entry(call.service).or_default().insert(call.iam_action());
    }
    let mut statements: Vec<Value> = services
        .into_iter()
        .map(|(service, actions)| {
            let sid: String = service.chars().filter(char::is_ascii_alphanumeric).collect();
            let resource = if service == "apigateway" { json!(OF_APIS) } else { json!("*") };
            json!({ "Sid": format!("Stateward{sid}"), "Effect": "Allow", "Action": actions, "Resource": resource })
        })
        .collect();
    if !states.is_empty() {
        statements.extend(of_states(states));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn of_states(states: &[NamedState]) -> [Value; 4] {
    let arn = |state: &NamedState, end: &str| format!("arn:aws:s3:::{}/{}{end}", state.bucket, state.key);
    let objects: BTreeSet<String> =
        states.iter().flat_map(|state| ["", ".tflock"].map(|end| arn(state, end))).collect();
    let buckets: BTreeSet<String> =
        states.iter().map(|state| format!("arn:aws:s3:::{}", state.bucket)).collect();
    let read = match states.iter().any(|state| state.old) {
        true => json!(["s3:GetObject", "s3:GetObjectVersion"]),
        false => json!("s3:GetObject"),
    };
    let list = match states.iter().any(|state| state.history) {
        true => json!(["s3:ListBucket", "s3:ListBucketVersions"]),
        false => json!("s3:ListBucket"),
    };
    let tables = LOCK_WORDS.map(|word| format!("arn:aws:dynamodb:*:*:table/*{word}*"));
    let allow = |sid: &str, action: Value, resource: Value| json!({ "Sid": format!("StatewardStates{sid}"), "Effect": "Allow", "Action": action, "Resource": resource });
    let mut key = allow("Key", json!("kms:Decrypt"), json!("*"));
    key["Condition"] = json!({ "StringLike": { "kms:ViaService": "s3.*.amazonaws.com" } });
    [
        allow("Objects", read, json!(objects)),
        // Without it, an object that is not there answers like one that is forbidden.
        allow("Buckets", list, json!(buckets)),
        allow("Locks", json!("dynamodb:GetItem"), json!(tables)),
        key,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_read_of_the_named_states_alone() {
        let everything = policy_document(&all_calls(), &[]).to_string();
        assert!(
            !everything.contains("GetObject\"")
                && !everything.contains("GetItem")
                && !everything.contains("Decrypt")
        );
        let named = |old, history| NamedState { bucket: "b".into(), key: "k".into(), old, history };
        let document = policy_document(&all_calls(), &[named(false, false)]);
        let statement = |sid: &str| {
            let all = document["Statement"].as_array().unwrap().iter();
            all.clone().find(|one| one["Sid"] == sid).unwrap().clone()
        };
        let objects = statement("StatewardStatesObjects");
        assert_eq!(objects["Resource"], json!(["arn:aws:s3:::b/k", "arn:aws:s3:::b/k.tflock"]));
        assert_eq!(objects["Action"], "s3:GetObject");
        let of_history = ["s3:ListBucketVersions\"", "s3:GetObjectVersion\""];
        assert!(of_history.iter().all(|action| !document.to_string().contains(action)));
        assert!(policy_document(&[], &[named(true, false)]).to_string().contains("s3:GetObjectVersion\""));
        assert!(policy_document(&[], &[named(true, true)]).to_string().contains("s3:ListBucketVersions\""));
        assert_eq!(statement("StatewardStatesBuckets")["Resource"], json!(["arn:aws:s3:::b"]));
        assert_eq!(statement("StatewardStatesLocks")["Resource"].as_array().unwrap().len(), LOCK_WORDS.len());
        assert!(statement("StatewardStatesKey")["Condition"].is_object());
    }

    #[test]
    fn keys_of_callers_are_not_read() {
        let document = policy_document(&all_calls(), &[]);
        let statements = document["Statement"].as_array().unwrap();
        let of_apis: Vec<&Value> =
            statements.iter().filter(|one| one["Sid"] == "Statewardapigateway").collect();
        let [statement] = of_apis.as_slice() else { panic!("one statement") };
        assert_eq!(statement["Action"], json!(["apigateway:GET"]));
        let paths: Vec<&str> =
            statement["Resource"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let of_an_api = |path: &&str| path.contains("::/apis") || path.contains("::/restapis");
        assert!(!paths.is_empty() && paths.iter().all(of_an_api), "{paths:?}");
    }

    #[test]
    fn no_declared_call_writes() {
        for call in all_calls().iter().chain(attribution_calls()) {
            assert!(call.only_reads(), "{} is not a read", call.name());
            // Reads that hand out secrets are not reads for an auditor.
            for secret in ["GetSecretValue", "GetParameter", "GetPasswordData", "Decrypt"] {
                assert_ne!(call.operation, secret);
            }
        }
    }

    #[test]
    fn kinds_and_collectors_name_the_same_calls() {
        for collector in collectors() {
            let declared: BTreeSet<String> = collector.calls.iter().map(|call| call.name()).collect();
            let kind = collector.kind;
            let named: BTreeSet<String> = kind
                .listed_by
                .iter()
                .chain(kind.attributes.iter().flat_map(|attr| attr.read_by))
                .map(|name| (*name).to_owned())
                .collect();
            assert_eq!(declared, named, "{}", kind.name);
        }
    }

    #[test]
    fn every_kind_that_is_listed_has_one_collector() {
        for kind in stateward_model::kinds::all() {
            let collectors = collectors().filter(|collector| collector.kind.name == kind.name).count();
            assert_eq!(collectors, usize::from(!kind.listed_by.is_empty()), "{}", kind.name);
        }
    }
}
