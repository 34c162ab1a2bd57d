//! Reads Lambda: functions and who may call them. Code and the values of variables are never kept.

use aws_sdk_lambda::types::FunctionConfiguration;
use serde_json::json;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::lambda::function;
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::session::{Collector, Session};

/// `ListFunctions` gives 50 items a page at most, whatever is asked for.
const PAGE: i32 = 50;

static FUNCTIONS: Call = Call::new("lambda", "ListFunctions");
static POLICY: Call = Call::new("lambda", "GetPolicy");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &function::KIND,
    calls: &[&FUNCTIONS, &POLICY],
    collect: |s| Box::pin(functions(s)),
}];

async fn functions(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &FUNCTIONS,
            |marker| s.lambda().list_functions().max_items(PAGE).set_marker(marker).send(),
            |out| (out.functions.unwrap_or_default(), out.next_marker),
        )
        .await;
    let resources = s.each(pages.items, |item| function_resource(s, item)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn function_resource(s: &Session, item: FunctionConfiguration) -> Resource {
    let name = item.function_name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), function::KIND.name, name.clone()).with_name(name.clone());
    put_function(&mut r, &item);
    if s.wants(&function::KIND, &function::POLICY) {
        // "ResourceNotFoundException" is how a function without a policy answers.
        let read = s
            .call_or_none(&POLICY, &["ResourceNotFoundException"], || {
                s.lambda().get_policy().function_name(&name).send()
            })
            .await;
        r.put_opt(&function::POLICY, read.map(|out| out.and_then(|out| out.policy)));
    }
    r
}

fn put_function(r: &mut Resource, item: &FunctionConfiguration) {
    use function::*;
    r.arn = item.function_arn.clone();
    let network = item.vpc_config.as_ref().map(|vpc| Network {
        security_group_ids: vpc.security_group_ids().to_vec(),
        subnet_ids: vpc.subnet_ids().to_vec(),
        vpc_id: vpc.vpc_id.clone(),
    });
    // A function that left its VPC keeps an empty configuration.
    let network = network.filter(|network| !network.subnet_ids.is_empty());
    let dead = item.dead_letter_config.as_ref().and_then(|dead| dead.target_arn.as_ref());
    let tracing = item.tracing_config.as_ref().and_then(|tracing| tracing.mode.as_ref());
    r.set(&ARCHITECTURES, item.architectures().iter().map(|one| one.as_str().to_owned()).collect())
        .set_opt(&ARN, item.function_arn.clone())
        .set_opt(&CODE_SHA256, item.code_sha256.clone())
        .set(&DEAD_LETTER_CONFIG, dead.map_or_else(|| json!([]), |arn| json!([{ "target_arn": arn }])))
        .set_opt(&DESCRIPTION, item.description.clone())
        .set_opt(&FUNCTION_NAME, item.function_name.clone())
        .set_opt(&HANDLER, item.handler.clone())
        .set_opt(&KMS_KEY_ARN, item.kms_key_arn.clone())
        .set_opt(&LAST_MODIFIED, item.last_modified.clone())
        .set(&LAYERS, item.layers().iter().filter_map(|layer| layer.arn.clone()).collect())
        .set_opt(&MEMORY_SIZE, item.memory_size.map(i64::from))
        .set_opt(&PACKAGE_TYPE, item.package_type.as_ref().map(|sort| sort.as_str().to_owned()))
        .set_opt(&ROLE, item.role.clone())
        .set_opt(&RUNTIME, item.runtime.as_ref().map(|runtime| runtime.as_str().to_owned()))
        .set_opt(&SOURCE_CODE_HASH, item.code_sha256.clone())
        .set_opt(&TIMEOUT, item.timeout.map(i64::from))
        .set(&TRACING_CONFIG, tracing.map_or_else(|| json!([]), |mode| json!([{ "mode": mode.as_str() }])))
        .set(&VPC_CONFIG, network.into_iter().collect());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    const LISTED: &str = r#"{"Functions":[{"FunctionName":"f","Runtime":"python3.13","CodeSha256":"aGFzaA==",
        "Environment":{"Variables":{"DB_PASSWORD":"hunter2"}},"VpcConfig":{"SubnetIds":[],"SecurityGroupIds":[]}}]}"#;

    #[tokio::test]
    async fn a_function_without_a_policy_has_none_and_a_refusal_is_not_none() {
        for (status, code, known) in
            [(404, "ResourceNotFoundException", true), (403, "AccessDeniedException", false)]
        {
            let account = Account::new(wanting_all(&function::KIND), move |asked| {
                match asked.target.contains("/policy") {
                    true => (status, format!(r#"{{"__type":"{code}"}}"#)),
                    false => (200, LISTED.to_owned()),
                }
            });
            let found = functions(account.home()).await.resources.remove(0);
            assert_eq!(found.get(&function::POLICY).is_ok(), known, "{code}");
            assert_eq!(found.get(&function::VPC_CONFIG), Ok(Some(vec![])));
            let hash = Ok(Some("aGFzaA==".to_owned()));
            assert_eq!(
                (found.get(&function::CODE_SHA256), found.get(&function::SOURCE_CODE_HASH)),
                (hash.clone(), hash)
            );
            assert!(!format!("{found:?}").contains("hunter2"), "variables are not kept");
        }
    }
}
