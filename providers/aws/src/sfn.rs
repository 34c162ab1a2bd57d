//! Reads Step Functions: state machines with their definitions, of which no text that may be a secret is kept.

use std::collections::BTreeMap;

use aws_sdk_sfn::operation::describe_state_machine::DescribeStateMachineOutput;
use aws_sdk_sfn::types::{
    EncryptionConfiguration, IncludedData, LoggingConfiguration, StateMachineListItem, Tag,
};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::sfn::{state_machine, without_secrets};
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, wants_tags};
use crate::session::{Collector, Session, put_gap};

/// The listing gives 1000 machines at once.
const PAGE: i32 = 1000;
/// The key of a definition may not or cannot be used. Everything else of the machine can still be read.
const OF_THE_KEY: &[&str] = &["KmsAccessDeniedException", "KmsInvalidStateException"];
const QUOTAS: &str = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html";

static MACHINES: Call = Call::new("states", "ListStateMachines").quota(4, 20).docs(QUOTAS);
static MACHINE: Call = Call::new("states", "DescribeStateMachine").docs(QUOTAS);
static LIST_TAGS: Call = Call::new("states", "ListTagsForResource").quota(1, 50).docs(QUOTAS);

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &state_machine::KIND,
    calls: &[&MACHINES, &MACHINE, &LIST_TAGS],
    collect: |s| Box::pin(machines(s)),
}];

async fn machines(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &MACHINES,
            |token| s.sfn().list_state_machines().max_results(PAGE).set_next_token(token).send(),
            |out| (out.state_machines, out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |item| machine_resource(s, item)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn machine_resource(s: &Session, item: StateMachineListItem) -> Resource {
    use state_machine::*;
    let arn = item.state_machine_arn;
    let mut r =
        Resource::new(s.place(), KIND.name, arn.clone()).with_name(item.name.clone()).with_arn(arn.clone());
    r.set(&ARN, arn.clone()).set(&NAME, item.name).set(&TYPE, item.r#type.as_str().to_owned());
    if s.wants_call(&KIND, &MACHINE) {
        match described(s, &arn).await {
            Ok((machine, definition)) => put_machine(&mut r, &machine, definition),
            Err(gap) => put_gap(&mut r, &KIND, &MACHINE, &gap),
        }
    }
    if wants_tags(s, &KIND) {
        let read = s.call(&LIST_TAGS, || s.sfn().list_tags_for_resource().resource_arn(&arn).send()).await;
        put_tags(&mut r, read.map(|out| tags(out.tags.unwrap_or_default())));
    }
    r
}

/// The machine, and why its definition is not among it where its key may not be used.
async fn described(s: &Session, arn: &str) -> Result<(DescribeStateMachineOutput, Option<Gap>), Gap> {
    let ask = || s.sfn().describe_state_machine().state_machine_arn(arn);
    if let Some(whole) = s.call_or_none(&MACHINE, OF_THE_KEY, || ask().send()).await? {
        return Ok((whole, None));
    }
    let rest = s.call(&MACHINE, || ask().included_data(IncludedData::MetadataOnly).send()).await?;
    let gap = Gap::new(MACHINE.name(), Cause::Denied, "the key of the definition may not be used");
    Ok((rest, Some(gap)))
}

fn put_machine(r: &mut Resource, of: &DescribeStateMachineOutput, definition: Option<Gap>) {
    use state_machine::*;
    let tracing = of.tracing_configuration.as_ref().map(|tracing| Tracing { enabled: Some(tracing.enabled) });
    r.put(&DEFINITION, definition.map_or_else(|| Ok(without_secrets(&of.definition)), Err))
        .set(&ENCRYPTION_CONFIGURATION, of.encryption_configuration.iter().map(encryption).collect())
        .set(&LOGGING_CONFIGURATION, of.logging_configuration.iter().map(logging).collect())
        .set(&ROLE_ARN, of.role_arn.clone())
        .set(&TRACING_CONFIGURATION, tracing.into_iter().collect())
        // Emulators leave it out of the listing.
        .set(&TYPE, of.r#type.as_str().to_owned());
}

fn encryption(of: &EncryptionConfiguration) -> state_machine::Encryption {
    state_machine::Encryption {
        kms_data_key_reuse_period_seconds: of.kms_data_key_reuse_period_seconds.map(i64::from),
        kms_key_id: of.kms_key_id.clone(),
        r#type: Some(of.r#type.as_str().to_owned()),
    }
}

fn logging(of: &LoggingConfiguration) -> state_machine::Logging {
    let group = of.destinations().first().and_then(|to| to.cloud_watch_logs_log_group.as_ref());
    state_machine::Logging {
        include_execution_data: Some(of.include_execution_data),
        level: of.level.as_ref().map(|level| level.as_str().to_owned()),
        log_destination: group.and_then(|group| group.log_group_arn.clone()),
    }
}

fn tags(list: Vec<Tag>) -> BTreeMap<String, String> {
    list.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting, wanting_all};
    use serde_json::json;

    const ARN_OF_PAY: &str = "arn:aws:states:us-west-2:123456789012:stateMachine:pay";

    fn listing() -> String {
        json!({ "stateMachines": [{ "stateMachineArn": ARN_OF_PAY, "name": "pay", "type": "EXPRESS",
            "creationDate": 1767225600 }] })
        .to_string()
    }

    fn machine(definition: &serde_json::Value) -> String {
        json!({ "stateMachineArn": ARN_OF_PAY, "name": "pay", "type": "EXPRESS", "status": "ACTIVE",
            "creationDate": 1767225600, "roleArn": "arn:aws:iam::123456789012:role/pay",
            "definition": definition.to_string(), "tracingConfiguration": { "enabled": true },
            "encryptionConfiguration": { "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/pay",
                "kmsDataKeyReusePeriodSeconds": 300 },
            "loggingConfiguration": { "level": "ALL", "includeExecutionData": false, "destinations": [
                { "cloudWatchLogsLogGroup": { "logGroupArn": "arn:aws:logs:us-west-2:1:log-group:pay:*" } }] } })
        .to_string()
    }

    #[tokio::test]
    async fn a_machine_is_read_whole_and_without_its_secrets() {
        let definition = json!({ "StartAt": "Pay", "States": { "Pay": { "Type": "Pass", "End": true,
            "Result": { "apiKey": "hunter2" } } } });
        let account =
            Account::new(wanting_all(&state_machine::KIND), move |asked| match asked.operation.as_str() {
                "ListStateMachines" => (200, listing()),
                "DescribeStateMachine" => (200, machine(&definition)),
                _ => (200, r#"{"tags":[{"key":"team","value":"pay"}]}"#.into()),
            });
        let harvest = machines(account.home()).await;
        let found = &harvest.resources[0];
        assert_eq!((found.id(), account.calls("DescribeStateMachine")), (ARN_OF_PAY, 1));
        assert!(!serde_json::to_string(found).unwrap().contains("hunter2"));
        let definition = found.get(&state_machine::DEFINITION).unwrap().unwrap();
        assert_eq!(definition["States"]["Pay"]["Type"], "Pass");
        let logging = found.get(&state_machine::LOGGING_CONFIGURATION).unwrap().unwrap();
        assert_eq!(logging[0].log_destination.as_deref(), Some("arn:aws:logs:us-west-2:1:log-group:pay:*"));
        assert_eq!(found.tags()["team"], "pay");
        assert!(state_machine::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }

    #[tokio::test]
    async fn a_key_that_may_not_be_used_hides_the_definition_and_nothing_else() {
        let account = Account::new(wanting(&state_machine::KIND, &["definition", "role_arn"]), |asked| {
            match asked.operation.as_str() {
                "ListStateMachines" => (200, listing()),
                _ if asked.body.contains("METADATA_ONLY") => (200, machine(&json!(""))),
                _ => (400, r#"{"__type":"KmsAccessDeniedException","message":"no"}"#.into()),
            }
        });
        let found = &machines(account.home()).await.resources[0];
        let gap = found.get(&state_machine::DEFINITION).unwrap_err();
        assert_eq!((gap.call.as_ref(), gap.cause), ("states:DescribeStateMachine", Cause::Denied));
        assert!(found.get(&state_machine::ROLE_ARN).unwrap().is_some());
        assert_eq!(account.calls("ListTagsForResource"), 0);
    }

    #[tokio::test]
    async fn a_refused_description_leaves_gaps_and_the_name_stays() {
        let account =
            Account::new(wanting_all(&state_machine::KIND), |asked| match asked.operation.as_str() {
                "ListStateMachines" => (200, listing()),
                _ => (400, r#"{"__type":"AccessDeniedException","message":"no"}"#.into()),
            });
        let found = &machines(account.home()).await.resources[0];
        assert_eq!(found.get(&state_machine::NAME), Ok(Some("pay".to_owned())));
        assert!(found.get(&state_machine::LOGGING_CONFIGURATION).is_err() && found.get(&ARN).is_ok());
    }
}
