//! The allow list and the least-privilege policy, both made from the collectors' declared calls.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stateward_model::Wanted;

use crate::account::ACCOUNT_CALLS;
use crate::call::Call;
use crate::collectors;
use crate::state_s3::STATE_CALLS;

/// Every call that Stateward may ever make, sorted by name.
pub fn all_calls() -> Vec<&'static Call> {
    let declared = collectors().flat_map(|collector| collector.calls.iter().copied());
    unique(ACCOUNT_CALLS.iter().chain(STATE_CALLS).copied().chain(declared))
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

/// An IAM policy document that permits exactly `calls`, one statement a service.
pub fn policy_document(calls: &[&Call]) -> Value {
    let mut services: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for call in calls {
        let action = call.iam_action();
        let service = action.split_once(':').map_or(call.service, |_| call.service);
        services.entry(service).or_default().insert(action);
    }
    let statements: Vec<Value> = services
        .into_iter()
        .map(|(service, actions)| {
            let sid: String = service.chars().filter(char::is_ascii_alphanumeric).collect();
            json!({ "Sid": format!("Stateward{sid}"), "Effect": "Allow", "Action": actions, "Resource": "*" })
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_declared_call_writes() {
        for call in all_calls() {
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
