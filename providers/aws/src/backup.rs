//! Reads AWS Backup: plans, selections, vaults, and the records of what was backed up.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_backup::operation::get_backup_vault_notifications::GetBackupVaultNotificationsOutput;
use aws_sdk_backup::types::{
    BackupJob, BackupPlansListMember, BackupRule, BackupSelection, BackupSelectionsListMember,
    BackupVaultListMember, ConditionParameter, CopyJob, Lifecycle, ProtectedResource,
    RecoveryPointByBackupVault, RestoreJobsListMember, RestoreTestingPlanForList,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Value, json};
use stateward_model::kinds::backup::{
    copy_job, job, plan, protected_resource, recovery_point, restore_job, restore_testing_plan, selection,
    vault,
};
use stateward_model::kinds::common::ARN;
use stateward_model::{Harvest, Kind, Resource};

use crate::call::Call;
use crate::rds::{harvest, put_tags, stamp, wants_tags};
use crate::session::{Collector, Pages, Session};

/// All listings of AWS Backup allow 1000 items a page.
const PAGE: i32 = 1000;

static PLANS: Call = Call::new("backup", "ListBackupPlans");
static PLAN: Call = Call::new("backup", "GetBackupPlan");
static SELECTIONS: Call = Call::new("backup", "ListBackupSelections");
static SELECTION: Call = Call::new("backup", "GetBackupSelection");
static VAULTS: Call = Call::new("backup", "ListBackupVaults");
static VAULT_POLICY: Call = Call::new("backup", "GetBackupVaultAccessPolicy");
static VAULT_NOTIFICATIONS: Call = Call::new("backup", "GetBackupVaultNotifications");
static LIST_TAGS: Call = Call::new("backup", "ListTags");
static PROTECTED: Call = Call::new("backup", "ListProtectedResources");
static RECOVERY_POINTS: Call = Call::new("backup", "ListRecoveryPointsByBackupVault");
static JOBS: Call = Call::new("backup", "ListBackupJobs");
static COPY_JOBS: Call = Call::new("backup", "ListCopyJobs");
static RESTORE_JOBS: Call = Call::new("backup", "ListRestoreJobs");
static TESTING_PLANS: Call = Call::new("backup", "ListRestoreTestingPlans");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &plan::KIND,
        calls: &[&PLANS, &PLAN, &LIST_TAGS],
        collect: |s| Box::pin(backup_plans(s)),
    },
    Collector {
        kind: &selection::KIND,
        calls: &[&PLANS, &SELECTIONS, &SELECTION],
        collect: |s| Box::pin(selections(s)),
    },
    Collector {
        kind: &vault::KIND,
        calls: &[&VAULTS, &VAULT_POLICY, &VAULT_NOTIFICATIONS, &LIST_TAGS],
        collect: |s| Box::pin(backup_vaults(s)),
    },
    Collector {
        kind: &protected_resource::KIND,
        calls: &[&PROTECTED],
        collect: |s| Box::pin(protected_resources(s)),
    },
    Collector {
        kind: &recovery_point::KIND,
        calls: &[&VAULTS, &RECOVERY_POINTS],
        collect: |s| Box::pin(recovery_points(s)),
    },
    Collector { kind: &job::KIND, calls: &[&JOBS], collect: |s| Box::pin(jobs(s)) },
    Collector { kind: &copy_job::KIND, calls: &[&COPY_JOBS], collect: |s| Box::pin(copy_jobs(s)) },
    Collector { kind: &restore_job::KIND, calls: &[&RESTORE_JOBS], collect: |s| Box::pin(restore_jobs(s)) },
    Collector {
        kind: &restore_testing_plan::KIND,
        calls: &[&TESTING_PLANS, &LIST_TAGS],
        collect: |s| Box::pin(restore_testing_plans(s)),
    },
];

async fn plans(s: &Session) -> Arc<Pages<BackupPlansListMember>> {
    s.once(
        "backup:ListBackupPlans",
        s.pages(
            &PLANS,
            |token| s.backup().list_backup_plans().max_results(PAGE).set_next_token(token).send(),
            |out| (out.backup_plans_list.unwrap_or_default(), out.next_token),
        ),
    )
    .await
}

async fn vaults(s: &Session) -> Arc<Pages<BackupVaultListMember>> {
    s.once(
        "backup:ListBackupVaults",
        s.pages(
            &VAULTS,
            |token| s.backup().list_backup_vaults().max_results(PAGE).set_next_token(token).send(),
            |out| (out.backup_vault_list.unwrap_or_default(), out.next_token),
        ),
    )
    .await
}

/// The API reference ends the path of `ListTags` in a slash (`GET /tags/resourceArn/`) and this SDK does not; moto
/// takes a path without it for one without a resource, and answers that there are no tags.
fn with_final_slash(request: &mut HttpRequest) {
    let uri = request.uri().to_owned();
    let (path, query) = uri.split_once('?').map_or((uri.as_str(), None), |(path, query)| (path, Some(query)));
    if path.ends_with('/') {
        return;
    }
    let uri = query.map_or_else(|| format!("{path}/"), |query| format!("{path}/?{query}"));
    // A path that was valid stays valid with a slash; if not, the request goes out as the SDK made it.
    let _ = request.set_uri(uri);
}

async fn put_live_tags(s: &Session, kind: &'static Kind, r: &mut Resource) {
    if !wants_tags(s, kind) {
        return;
    }
    let Some(arn) = r.arn.clone() else { return };
    let pages = s
        .pages(
            &LIST_TAGS,
            |token| {
                let request = s.backup().list_tags().resource_arn(&arn).set_next_token(token);
                request.customize().mutate_request(with_final_slash).send()
            },
            |out| (out.tags.unwrap_or_default().into_iter().collect(), out.next_token),
        )
        .await;
    put_tags(r, pages.complete().map(|tags| tags.into_iter().collect()));
}

async fn backup_plans(s: &Session) -> Harvest {
    let all = plans(s).await;
    let resources = s.each(all.items.clone(), |member| plan_resource(s, member)).await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

async fn plan_resource(s: &Session, member: BackupPlansListMember) -> Resource {
    use plan::*;
    let id = member.backup_plan_id.clone().unwrap_or_default();
    let name = member.backup_plan_name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, id.clone()).with_name(name.clone());
    r.arn = member.backup_plan_arn.clone();
    r.set_opt(&ARN, member.backup_plan_arn.clone())
        .set_opt(&LAST_EXECUTION, member.last_execution_date.as_ref().and_then(stamp))
        .set(&NAME, name)
        .set_opt(&VERSION, member.version_id.clone());
    if s.wants(&KIND, &RULE) || s.wants(&KIND, &ADVANCED_BACKUP_SETTING) {
        let read = s.call(&PLAN, || s.backup().get_backup_plan().backup_plan_id(&id).send()).await;
        match read {
            Ok(out) => {
                let plan = out.backup_plan;
                r.set(&RULE, plan.as_ref().map(|p| p.rules.iter().map(rule).collect()).unwrap_or_default());
                let settings: Vec<Value> = plan
                    .iter()
                    .flat_map(|p| p.advanced_backup_settings())
                    .map(|setting| {
                        let options: BTreeMap<_, _> = setting.backup_options.iter().flatten().collect();
                        json!({ "backup_options": options, "resource_type": setting.resource_type })
                    })
                    .collect();
                r.set(&ADVANCED_BACKUP_SETTING, Value::Array(settings));
            }
            Err(gap) => {
                r.put(&RULE, Err(gap.clone())).put(&ADVANCED_BACKUP_SETTING, Err(gap));
            }
        }
    }
    put_live_tags(s, &KIND, &mut r).await;
    r
}

fn lifecycle(lifecycle: Option<&Lifecycle>) -> Vec<plan::Lifecycle> {
    lifecycle
        .map(|lifecycle| plan::Lifecycle {
            cold_storage_after: lifecycle.move_to_cold_storage_after_days,
            delete_after: lifecycle.delete_after_days,
            opt_in_to_archive_for_supported_resources: lifecycle.opt_in_to_archive_for_supported_resources,
        })
        .into_iter()
        .collect()
}

fn rule(rule: &BackupRule) -> plan::Rule {
    plan::Rule {
        completion_window: rule.completion_window_minutes,
        copy_action: rule
            .copy_actions()
            .iter()
            .map(|copy| plan::CopyAction {
                destination_vault_arn: copy.destination_backup_vault_arn.clone(),
                lifecycle: lifecycle(copy.lifecycle.as_ref()),
            })
            .collect(),
        enable_continuous_backup: rule.enable_continuous_backup,
        lifecycle: lifecycle(rule.lifecycle.as_ref()),
        recovery_point_tags: rule.recovery_point_tags.clone().map(|tags| tags.into_iter().collect()),
        rule_name: rule.rule_name.clone(),
        schedule: rule.schedule_expression.clone(),
        schedule_expression_timezone: rule.schedule_expression_timezone.clone(),
        start_window: rule.start_window_minutes,
        target_vault_name: rule.target_backup_vault_name.clone(),
    }
}

async fn selections(s: &Session) -> Harvest {
    let plans = plans(s).await;
    let mut gaps: Vec<_> = plans.gap.iter().cloned().collect();
    let ids: Vec<String> = plans.items.iter().filter_map(|plan| plan.backup_plan_id.clone()).collect();
    let listed = s
        .each(ids, |id| async move {
            s.pages(
                &SELECTIONS,
                |token| {
                    s.backup()
                        .list_backup_selections()
                        .backup_plan_id(&id)
                        .max_results(PAGE)
                        .set_next_token(token)
                        .send()
                },
                |out| (out.backup_selections_list.unwrap_or_default(), out.next_token),
            )
            .await
        })
        .await;
    let mut members = Vec::new();
    for pages in listed {
        members.extend(pages.items);
        gaps.extend(pages.gap);
    }
    let resources = s.each(members, |member| selection_resource(s, member)).await;
    Harvest { resources, gaps }
}

async fn selection_resource(s: &Session, member: BackupSelectionsListMember) -> Resource {
    use selection::*;
    let id = member.selection_id.clone().unwrap_or_default();
    let name = member.selection_name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, id.clone()).with_name(name.clone());
    r.set_opt(&IAM_ROLE_ARN, member.iam_role_arn.clone())
        .set(&NAME, name)
        .set_opt(&PLAN_ID, member.backup_plan_id.clone());
    let wanted = s.wants(&KIND, &RESOURCES)
        || s.wants(&KIND, &NOT_RESOURCES)
        || s.wants(&KIND, &SELECTION_TAG)
        || s.wants(&KIND, &CONDITION);
    if !wanted {
        return r;
    }
    let plan_id = member.backup_plan_id.clone().unwrap_or_default();
    let read = s
        .call(&SELECTION, || {
            s.backup().get_backup_selection().backup_plan_id(&plan_id).selection_id(&id).send()
        })
        .await;
    match read {
        Ok(out) => {
            let selection = out.backup_selection.as_ref();
            r.set(&RESOURCES, selection.map(|x| x.resources().to_vec()).unwrap_or_default())
                .set(&NOT_RESOURCES, selection.map(|x| x.not_resources().to_vec()).unwrap_or_default())
                .set(&SELECTION_TAG, selection.map_or_else(|| json!([]), selection_tags))
                .set(&CONDITION, selection.map_or_else(|| json!([]), conditions));
        }
        Err(gap) => {
            r.put(&RESOURCES, Err(gap.clone()))
                .put(&NOT_RESOURCES, Err(gap.clone()))
                .put(&SELECTION_TAG, Err(gap.clone()))
                .put(&CONDITION, Err(gap));
        }
    }
    r
}

fn selection_tags(selection: &BackupSelection) -> Value {
    selection
        .list_of_tags()
        .iter()
        .map(|tag| {
            json!({ "key": tag.condition_key, "type": tag.condition_type.as_str(), "value": tag.condition_value })
        })
        .collect()
}

fn conditions(selection: &BackupSelection) -> Value {
    let Some(all) = &selection.conditions else { return json!([]) };
    let list = |items: &[ConditionParameter]| -> Value {
        items.iter().map(|c| json!({ "key": c.condition_key, "value": c.condition_value })).collect()
    };
    json!([{
        "string_equals": list(all.string_equals()),
        "string_like": list(all.string_like()),
        "string_not_equals": list(all.string_not_equals()),
        "string_not_like": list(all.string_not_like()),
    }])
}

async fn backup_vaults(s: &Session) -> Harvest {
    let all = vaults(s).await;
    let resources = s.each(all.items.clone(), |member| vault_resource(s, member)).await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

async fn vault_resource(s: &Session, member: BackupVaultListMember) -> Resource {
    use vault::*;
    let name = member.backup_vault_name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(name.clone());
    r.arn = member.backup_vault_arn.clone();
    let lock =
        Lock { min_retention_days: member.min_retention_days, max_retention_days: member.max_retention_days };
    r.set_opt(&ARN, member.backup_vault_arn.clone())
        .set_opt(&KMS_KEY_ARN, member.encryption_key_arn.clone())
        .set(&LOCK, if member.locked == Some(true) { vec![lock] } else { Vec::new() })
        .set_opt(&LOCK_DATE, member.lock_date.as_ref().and_then(stamp))
        .set(&NAME, name.clone())
        .set(&RECOVERY_POINTS, member.number_of_recovery_points);
    if s.wants(&KIND, &POLICY) {
        // "ResourceNotFoundException" is how a vault without a policy answers.
        let read = s
            .call_or_none(&VAULT_POLICY, &["ResourceNotFoundException"], || {
                s.backup().get_backup_vault_access_policy().backup_vault_name(&name).send()
            })
            .await;
        r.put_opt(&POLICY, read.map(|out| out.and_then(|out| out.policy)));
    }
    if s.wants(&KIND, &vault::NOTIFICATIONS) {
        // And so answers one that tells nobody of its events.
        let read = s
            .call_or_none(&VAULT_NOTIFICATIONS, &["ResourceNotFoundException"], || {
                s.backup().get_backup_vault_notifications().backup_vault_name(&name).send()
            })
            .await;
        r.put(&vault::NOTIFICATIONS, read.map(|out| out.iter().filter_map(notification).collect()));
    }
    put_live_tags(s, &KIND, &mut r).await;
    r
}

fn notification(out: &GetBackupVaultNotificationsOutput) -> Option<vault::Notification> {
    let events = out.backup_vault_events().iter().map(|event| event.as_str().to_owned()).collect();
    Some(vault::Notification { sns_topic_arn: out.sns_topic_arn.clone()?, backup_vault_events: events })
}

async fn protected_resources(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &PROTECTED,
            |token| s.backup().list_protected_resources().max_results(PAGE).set_next_token(token).send(),
            |out| (out.results.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |item: &ProtectedResource| {
        use protected_resource::*;
        let arn = item.resource_arn.clone().unwrap_or_default();
        let mut r = Resource::new(s.place(), KIND.name, arn)
            .with_name(item.resource_name.clone().unwrap_or_default());
        r.set_opt(&LAST_BACKUP, item.last_backup_time.as_ref().and_then(stamp))
            .set_opt(&RESOURCE_TYPE, item.resource_type.clone())
            .set_opt(&VAULT_ARN, item.last_backup_vault_arn.clone());
        r
    })
}

async fn recovery_points(s: &Session) -> Harvest {
    let vaults = vaults(s).await;
    let mut gaps: Vec<_> = vaults.gap.iter().cloned().collect();
    // The listing of vaults tells which are empty; those need no call.
    let names: Vec<String> = vaults
        .items
        .iter()
        .filter(|vault| vault.number_of_recovery_points > 0)
        .filter_map(|vault| vault.backup_vault_name.clone())
        .collect();
    let listed = s
        .each(names, |name| async move {
            s.pages(
                &RECOVERY_POINTS,
                |token| {
                    s.backup()
                        .list_recovery_points_by_backup_vault()
                        .backup_vault_name(&name)
                        .max_results(PAGE)
                        .set_next_token(token)
                        .send()
                },
                |out| (out.recovery_points.unwrap_or_default(), out.next_token),
            )
            .await
        })
        .await;
    let mut resources = Vec::new();
    for pages in listed {
        resources.extend(pages.items.iter().map(|point| recovery_point_resource(s, point)));
        gaps.extend(pages.gap);
    }
    Harvest { resources, gaps }
}

fn recovery_point_resource(s: &Session, point: &RecoveryPointByBackupVault) -> Resource {
    use recovery_point::*;
    let arn = point.recovery_point_arn.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, arn.clone()).with_arn(arn);
    r.set_opt(&COMPLETED_AT, point.completion_date.as_ref().and_then(stamp))
        .set_opt(&CREATED_AT, point.creation_date.as_ref().and_then(stamp))
        .set(&ENCRYPTED, point.is_encrypted)
        .set_opt(&ENCRYPTION_KEY_ARN, point.encryption_key_arn.clone())
        .set_opt(&RESOURCE_ARN, point.resource_arn.clone())
        .set_opt(&RESOURCE_TYPE, point.resource_type.clone())
        .set_opt(&SOURCE_VAULT_ARN, point.source_backup_vault_arn.clone())
        .set_opt(&STATUS, point.status.as_ref().map(|status| status.as_str().to_owned()))
        .set_opt(&VAULT_NAME, point.backup_vault_name.clone());
    r
}

async fn jobs(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &JOBS,
            |token| s.backup().list_backup_jobs().max_results(PAGE).set_next_token(token).send(),
            |out| (out.backup_jobs.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |item: &BackupJob| {
        use job::*;
        let mut r = Resource::new(s.place(), KIND.name, item.backup_job_id.clone().unwrap_or_default());
        r.set_opt(&COMPLETED_AT, item.completion_date.as_ref().and_then(stamp))
            .set_opt(&CREATED_AT, item.creation_date.as_ref().and_then(stamp))
            .set_opt(&PLAN_ID, item.created_by.as_ref().and_then(|by| by.backup_plan_id.clone()))
            .set_opt(&RESOURCE_ARN, item.resource_arn.clone())
            .set_opt(&STATE, item.state.as_ref().map(|state| state.as_str().to_owned()))
            .set_opt(&STATUS_MESSAGE, item.status_message.clone());
        r
    })
}

async fn copy_jobs(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &COPY_JOBS,
            |token| s.backup().list_copy_jobs().max_results(PAGE).set_next_token(token).send(),
            |out| (out.copy_jobs.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |item: &CopyJob| {
        use copy_job::*;
        let mut r = Resource::new(s.place(), KIND.name, item.copy_job_id.clone().unwrap_or_default());
        r.set_opt(&COMPLETED_AT, item.completion_date.as_ref().and_then(stamp))
            .set_opt(&CREATED_AT, item.creation_date.as_ref().and_then(stamp))
            .set_opt(&DESTINATION_VAULT_ARN, item.destination_backup_vault_arn.clone())
            .set_opt(&PLAN_ID, item.created_by.as_ref().and_then(|by| by.backup_plan_id.clone()))
            .set_opt(&RESOURCE_ARN, item.resource_arn.clone())
            .set_opt(&SOURCE_VAULT_ARN, item.source_backup_vault_arn.clone())
            .set_opt(&STATE, item.state.as_ref().map(|state| state.as_str().to_owned()))
            .set_opt(&STATUS_MESSAGE, item.status_message.clone());
        r
    })
}

async fn restore_jobs(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &RESTORE_JOBS,
            |token| s.backup().list_restore_jobs().max_results(PAGE).set_next_token(token).send(),
            |out| (out.restore_jobs.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |item: &RestoreJobsListMember| {
        use restore_job::*;
        let mut r = Resource::new(s.place(), KIND.name, item.restore_job_id.clone().unwrap_or_default());
        let by = item.created_by.as_ref();
        r.set_opt(&BACKUP_SIZE, item.backup_size_in_bytes)
            .set_opt(&COMPLETED_AT, item.completion_date.as_ref().and_then(stamp))
            .set_opt(&CREATED_AT, item.creation_date.as_ref().and_then(stamp))
            .set_opt(&CREATED_RESOURCE_ARN, item.created_resource_arn.clone())
            .set_opt(&RECOVERY_POINT_ARN, item.recovery_point_arn.clone())
            .set_opt(&RESOURCE_TYPE, item.resource_type.clone())
            .set_opt(&STATUS, item.status.as_ref().map(|status| status.as_str().to_owned()))
            .set_opt(&TESTING_PLAN_ARN, by.and_then(|by| by.restore_testing_plan_arn.clone()))
            .set_opt(
                &VALIDATION_STATUS,
                item.validation_status.as_ref().map(|status| status.as_str().to_owned()),
            );
        r
    })
}

async fn restore_testing_plans(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &TESTING_PLANS,
            |token| s.backup().list_restore_testing_plans().max_results(PAGE).set_next_token(token).send(),
            |out| (out.restore_testing_plans, out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |plan| testing_plan_resource(s, plan)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn testing_plan_resource(s: &Session, plan: RestoreTestingPlanForList) -> Resource {
    use restore_testing_plan::*;
    let name = plan.restore_testing_plan_name;
    let mut r = Resource::new(s.place(), KIND.name, name.clone())
        .with_name(name.clone())
        .with_arn(plan.restore_testing_plan_arn.clone());
    r.set(&ARN, plan.restore_testing_plan_arn)
        .set(&NAME, name)
        .set(&SCHEDULE_EXPRESSION, plan.schedule_expression)
        .set_opt(&SCHEDULE_EXPRESSION_TIMEZONE, plan.schedule_expression_timezone)
        .set(&START_WINDOW_HOURS, i64::from(plan.start_window_hours));
    put_live_tags(s, &KIND, &mut r).await;
    r
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slash_goes_before_the_query() {
        let slashed = |uri: &str| {
            let mut request = HttpRequest::empty();
            request.set_uri(uri.to_owned()).unwrap();
            with_final_slash(&mut request);
            request.uri().to_owned()
        };
        assert_eq!(slashed("http://h/tags/arn%3Ax"), "http://h/tags/arn%3Ax/");
        assert_eq!(slashed("http://h/tags/arn%3Ax?nextToken=a/"), "http://h/tags/arn%3Ax/?nextToken=a/");
        assert_eq!(slashed("http://h/tags/arn%3Ax/"), "http://h/tags/arn%3Ax/");
    }

    #[test]
    fn a_rule_keeps_its_copies_and_lifecycles() {
        let copy = aws_sdk_backup::types::CopyAction::builder()
            .destination_backup_vault_arn("arn:aws:backup:eu-west-1:1:backup-vault:dr")
            .build()
            .unwrap();
        let read = BackupRule::builder()
            .rule_name("daily")
            .target_backup_vault_name("main")
            .lifecycle(Lifecycle::builder().delete_after_days(35).build())
            .copy_actions(copy)
            .build()
            .unwrap();
        let rule = rule(&read);
        assert_eq!(rule.lifecycle[0].delete_after, Some(35));
        assert_eq!(rule.copy_action[0].destination_vault_arn, "arn:aws:backup:eu-west-1:1:backup-vault:dr");
        assert!(rule.copy_action[0].lifecycle.is_empty());
    }
}
