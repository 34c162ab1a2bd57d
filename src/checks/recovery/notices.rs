//! Whether somebody hears of backups that fail.

use serde_json::Value;
use stateward_model::kinds::backup::vault;
use stateward_model::kinds::events::{self, rule, target};
use stateward_model::kinds::sns::{subscription, topic};
use stateward_model::{Gap, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{any_holds, not_in_state};
use crate::checks::monitoring::{has_subscriber, routed};
use crate::checks::named;
use crate::inventory::Side;

pub const DR_36: Check = Check {
    id: "DR-36",
    alias: "backup-failure-notices",
    title: "Backup-failure events reach people",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&vault::KIND, failures_reach_people),
    reads: &[
        Reads { kind: &vault::KIND, attributes: &[vault::NOTIFICATIONS.any(), vault::RECOVERY_POINTS.any()] },
        Reads {
            kind: &rule::KIND,
            attributes: &[
                events::EVENT_BUS_NAME.any(),
                rule::NAME.any(),
                rule::EVENT_PATTERN.any(),
                rule::STATE.any(),
            ],
        },
        Reads {
            kind: &target::KIND,
            attributes: &[events::EVENT_BUS_NAME.any(), target::RULE.any(), target::TARGET_ARN.any()],
        },
        Reads { kind: &topic::KIND, attributes: &[topic::SUBSCRIPTIONS.any()] },
        Reads {
            kind: &subscription::KIND,
            attributes: &[subscription::TOPIC_ARN.any(), subscription::PENDING_CONFIRMATION.any()],
        },
    ],
    page: include_str!("../../../docs/checks/DR-36.md"),
};

/// A sort of job: its name, the events of vaults that tell of its failure, and what EventBridge calls it.
struct Job {
    name: &'static str,
    vault: &'static [&'static str],
    detail_type: &'static str,
}

const JOBS: &[Job] = &[
    Job {
        name: "backup",
        vault: &["BACKUP_JOB_COMPLETED", "BACKUP_JOB_FAILED"],
        detail_type: "Backup Job State Change",
    },
    Job { name: "copy", vault: &["COPY_JOB_FAILED"], detail_type: "Copy Job State Change" },
    Job {
        name: "restore",
        vault: &["RESTORE_JOB_COMPLETED", "RESTORE_JOB_FAILED"],
        detail_type: "Restore Job State Change",
    },
];

fn failures_reach_people(resource: &Resource, view: &View) -> Verdict {
    if view.side == Side::Live && resource.get(&vault::RECOVERY_POINTS)? == Some(0) {
        return Ok(Outcome::NotApplicable("the vault holds no recovery point"));
    }
    let mut silent = Vec::new();
    for job in JOBS {
        if !any_holds([by_vault(resource, job, view), by_rule(resource, job, view)])? {
            silent.push(job.name);
        }
    }
    if silent.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("nobody hears of failed jobs: {}", named(&silent))))
}

/// The vault tells a topic, which somebody reads. A completed job may have failed, as its state says.
fn by_vault(resource: &Resource, job: &Job, view: &View) -> Result<bool, Gap> {
    for notification in resource.get_or_default(&vault::NOTIFICATIONS)? {
        let tells = notification.backup_vault_events.iter().any(|event| job.vault.contains(&event.as_str()));
        if tells && has_subscriber(&notification.sns_topic_arn, view)?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A rule of the region sends the event to a topic that somebody reads.
fn by_rule(resource: &Resource, job: &Job, view: &View) -> Result<bool, Gap> {
    let place = &resource.address.place;
    let found = view.inventory.all_in(&rule::KIND, place)?;
    let rules = found.into_iter().map(|rule| {
        if !matches_failure(&rule.get_or_default(&rule::EVENT_PATTERN)?, job) {
            return Ok(false);
        }
        let to = |arn: &str| Ok(arn.split(':').nth(2) == Some("sns") && has_subscriber(arn, view)?.is_none());
        routed(rule, view, to)
    });
    match any_holds(rules)? {
        false if view.side == Side::Declared => Err(not_in_state(rule::KIND.name)),
        sent => Ok(sent),
    }
}

/// Whether a pattern takes in the event of a failed job. A condition on anything but the state leaves some out.
fn matches_failure(pattern: &str, job: &Job) -> bool {
    let Ok(Value::Object(pattern)) = serde_json::from_str::<Value>(pattern) else { return false };
    let lists =
        |value: &Value, word: &str| value.as_array().is_some_and(|all| all.iter().any(|one| one == word));
    pattern.get("source").is_some_and(|source| lists(source, "aws.backup"))
        && pattern.iter().all(|(key, value)| match key.as_str() {
            "source" => true,
            "detail-type" => lists(value, job.detail_type),
            "detail" => value.as_object().is_some_and(|detail| {
                detail
                    .iter()
                    .all(|(key, value)| matches!(key.as_str(), "state" | "status") && lists(value, "FAILED"))
            }),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_in_failures_of_the_jobs_that_it_names() {
        let copy = &JOBS[1];
        assert!(matches_failure(r#"{"source":["aws.backup"]}"#, copy));
        let some = r#"{"source":["aws.backup"],"detail-type":["Copy Job State Change"],"detail":{"state":["FAILED"]}}"#;
        assert!(matches_failure(some, copy) && !matches_failure(some, &JOBS[0]));
        let done = r#"{"source":["aws.backup"],"detail":{"state":["COMPLETED"]}}"#;
        let one = r#"{"source":["aws.backup"],"resources":["arn:v"]}"#;
        assert!(
            ![done, one, r#"{"source":["aws.s3"]}"#, "", "x"].iter().any(|text| matches_failure(text, copy))
        );
    }
}
