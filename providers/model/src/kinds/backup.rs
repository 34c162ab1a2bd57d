//! AWS Backup: plans, vaults, selections, and the live facts of what was backed up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::gap::Gap;
use crate::kind::{Exclusion, Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// The tags of the resource itself.
pub const BACKUP_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["backup:ListTags"]);
/// The tags.
pub const BACKUP_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["backup:ListTags"]);

/// What AWS Backup records; no Terraform type makes it.
fn a_record(_: &Resource) -> Option<Exclusion> {
    Some(Exclusion { rule: "N19", reason: "a record that AWS Backup keeps" })
}

/// `aws_backup_plan`.
pub mod plan {
    use super::*;

    /// When recovery points go to cold storage and away, in days; 0 or none is never.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Lifecycle {
        /// To cold storage.
        pub cold_storage_after: Option<i64>,
        /// Away.
        pub delete_after: Option<i64>,
        /// Only for resources that support it.
        pub opt_in_to_archive_for_supported_resources: Option<bool>,
    }

    /// A copy of each recovery point.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct CopyAction {
        /// The ARN of the vault that gets it: it names region and account.
        pub destination_vault_arn: String,
        /// Its lifecycle.
        pub lifecycle: Vec<Lifecycle>,
    }

    /// One rule of a plan.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Rule {
        /// Minutes in which it must end.
        pub completion_window: Option<i64>,
        /// Copies to other vaults.
        pub copy_action: Vec<CopyAction>,
        /// Whether it allows point-in-time restores.
        pub enable_continuous_backup: Option<bool>,
        /// How long recovery points live.
        pub lifecycle: Vec<Lifecycle>,
        /// Tags of the recovery points.
        pub recovery_point_tags: Option<BTreeMap<String, String>>,
        /// Its name.
        pub rule_name: String,
        /// A `cron(…)` expression; none or empty never runs by itself.
        pub schedule: Option<String>,
        /// The time zone of the schedule; none is UTC.
        pub schedule_expression_timezone: Option<String>,
        /// Minutes in which it must start.
        pub start_window: Option<i64>,
        /// The vault that gets the recovery points.
        pub target_vault_name: String,
    }

    const RULES: &[Nested] = &[
        Nested::new("copy_action", Set).absent(Absent::Zero),
        Nested::new("completion_window", Exact).absent(Absent::Default("180")),
        Nested::new("start_window", Exact).absent(Absent::Default("60")),
        Nested::new("schedule", CaseFold),
        Nested::new("schedule_expression_timezone", Exact).absent(Absent::Default("\"Etc/UTC\"")),
    ];

    /// Options for one resource type (Windows VSS).
    pub const ADVANCED_BACKUP_SETTING: Attr<Value> =
        Attr::new("advanced_backup_setting", Set).by(&["backup:GetBackupPlan"]);
    /// When it last ran, RFC 3339; none when it never did.
    pub const LAST_EXECUTION: Attr<String> = Attr::live("last_execution_date");
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The rules.
    pub const RULE: Attr<Vec<Rule>> =
        Attr::new("rule", Set).absent(Absent::Zero).nested(RULES).by(&["backup:GetBackupPlan"]);
    /// Changes with every edit.
    pub const VERSION: Attr<String> = Attr::new("version", Never("computed"));

    /// The kind; its id is the plan's.
    pub static KIND: Kind = Kind {
        name: "aws_backup_plan",
        service: "backup",
        listed_by: &["backup:ListBackupPlans"],
        attributes: &[
            ADVANCED_BACKUP_SETTING.any(),
            ARN.any(),
            LAST_EXECUTION.any(),
            NAME.any(),
            RULE.any(),
            BACKUP_TAGS.any(),
            BACKUP_TAGS_ALL.any(),
            VERSION.any(),
        ],
        exclusion: |resource| {
            let name = resource.get(&NAME).ok().flatten()?;
            name.starts_with("aws/").then_some(Exclusion { rule: "N18", reason: "a plan that AWS made" })
        },
        ..Kind::BASE
    };
}

/// `aws_backup_selection`.
pub mod selection {
    use super::*;

    /// Further conditions on tags.
    pub const CONDITION: Attr<Value> = Attr::new("condition", Set).by(&["backup:GetBackupSelection"]);
    /// The role that takes the backups.
    pub const IAM_ROLE_ARN: Attr<String> = Attr::new("iam_role_arn", Exact);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// ARNs and patterns left out.
    pub const NOT_RESOURCES: Attr<Vec<String>> =
        Attr::new("not_resources", Set).by(&["backup:GetBackupSelection"]);
    /// The plan.
    pub const PLAN_ID: Attr<String> = Attr::new("plan_id", Exact);
    /// ARNs and patterns taken in.
    pub const RESOURCES: Attr<Vec<String>> = Attr::new("resources", Set).by(&["backup:GetBackupSelection"]);
    /// Tags that take a resource in.
    pub const SELECTION_TAG: Attr<Value> = Attr::new("selection_tag", Set).by(&["backup:GetBackupSelection"]);

    /// The kind; its id is the selection's.
    pub static KIND: Kind = Kind {
        name: "aws_backup_selection",
        service: "backup",
        listed_by: &["backup:ListBackupPlans", "backup:ListBackupSelections"],
        attributes: &[
            CONDITION.any(),
            IAM_ROLE_ARN.any(),
            NAME.any(),
            NOT_RESOURCES.any(),
            PLAN_ID.any(),
            RESOURCES.any(),
            SELECTION_TAG.any(),
        ],
        exclusion: |resource| {
            let name = resource.get(&NAME).ok().flatten()?;
            name.starts_with("aws/")
                .then_some(Exclusion { rule: "N18", reason: "a selection of a plan that AWS made" })
        },
        // https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/backup_selection#import
        import_id: |resource| {
            Some(format!("{}|{}", resource.get(&PLAN_ID).ok().flatten()?, crate::kind::by_id(resource)?))
        },
        ..Kind::BASE
    };
}

/// `aws_backup_vault`.
pub mod vault {
    use super::*;

    /// The lock of a vault.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Lock {
        /// Days that a recovery point must at least be kept.
        pub min_retention_days: Option<i64>,
        /// Days that a recovery point may at most be kept.
        pub max_retention_days: Option<i64>,
    }

    /// Whom the vault tells of its events.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Notification {
        /// The topic.
        pub sns_topic_arn: String,
        /// The events, `BACKUP_JOB_COMPLETED` for example.
        pub backup_vault_events: Vec<String>,
    }

    /// The ARN of the key.
    pub const KMS_KEY_ARN: Attr<String> = Attr::new("kms_key_arn", Reference);
    /// Whom it tells of its events; empty when it tells nobody.
    pub const NOTIFICATIONS: Attr<Vec<Notification>> =
        Attr::live("notifications").by(&["backup:GetBackupVaultNotifications"]);
    /// Its lock; empty when it is not locked.
    pub const LOCK: Attr<Vec<Lock>> = Attr::live("lock_configuration");
    /// When the lock can no longer be removed, RFC 3339; none for a lock in governance mode.
    pub const LOCK_DATE: Attr<String> = Attr::live("lock_date");
    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// Its access policy, JSON; none when it has none.
    pub const POLICY: Attr<String> = Attr::live("policy").by(&["backup:GetBackupVaultAccessPolicy"]);
    /// How many recovery points it holds.
    pub const RECOVERY_POINTS: Attr<i64> = Attr::new("recovery_points", Never("moves with time"));

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_backup_vault",
        service: "backup",
        listed_by: &["backup:ListBackupVaults"],
        attributes: &[
            ARN.any(),
            KMS_KEY_ARN.any(),
            LOCK.any(),
            LOCK_DATE.any(),
            NAME.any(),
            NOTIFICATIONS.any(),
            POLICY.any(),
            RECOVERY_POINTS.any(),
            BACKUP_TAGS.any(),
            BACKUP_TAGS_ALL.any(),
        ],
        satellites: &[
            Satellite {
                kind: "aws_backup_vault_policy",
                owner_id: owner,
                form: Form::Block {
                    attribute: "policy",
                    from_owner: |value| {
                        let text = value.as_str().filter(|text| !text.is_empty())?;
                        Some(Map::from_iter([("policy".to_owned(), json!(text))]))
                    },
                    to_owner: |part| part.raw("policy").cloned(),
                },
            },
            Satellite {
                kind: "aws_backup_vault_lock_configuration",
                owner_id: owner,
                form: Form::Block {
                    attribute: "lock_configuration",
                    from_owner: |value| value.as_array()?.first()?.as_object().cloned(),
                    to_owner: lock_block,
                },
            },
            Satellite {
                kind: "aws_backup_vault_notifications",
                owner_id: owner,
                form: Form::Block {
                    attribute: "notifications",
                    from_owner: |value| value.as_array()?.first()?.as_object().cloned(),
                    to_owner: notifications_block,
                },
            },
        ],
        exclusion: |resource| {
            let id = resource.id();
            (id == "Default" || id.starts_with("aws/"))
                .then_some(Exclusion { rule: "N18", reason: "a vault that AWS made" })
        },
        ..Kind::BASE
    };

    fn notifications_block(part: &Resource) -> Result<Value, Gap> {
        let known = |path| part.raw(path).cloned();
        Ok(json!([{
            "sns_topic_arn": known("sns_topic_arn")?,
            "backup_vault_events": known("backup_vault_events")?,
        }]))
    }

    fn owner(part: &Resource) -> Option<String> {
        part.raw("backup_vault_name").ok()?.as_str().map(str::to_owned)
    }

    fn lock_block(part: &Resource) -> Result<Value, Gap> {
        let days = |path| part.raw(path).cloned();
        Ok(json!([{
            "min_retention_days": days("min_retention_days")?,
            "max_retention_days": days("max_retention_days")?,
        }]))
    }
}

/// `aws_backup_vault_policy`.
pub mod vault_policy {
    use super::*;

    /// The vault's name.
    pub const BACKUP_VAULT_NAME: Attr<String> = Attr::new("backup_vault_name", Never("names the owner"));
    /// The policy document.
    pub const DOCUMENT: Attr<String> = Attr::new("policy", Policy);

    /// The kind; a part of `aws_backup_vault`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_backup_vault_policy",
        service: "backup",
        attributes: &[BACKUP_VAULT_NAME.any(), DOCUMENT.any()],
        ..Kind::BASE
    };
}

/// `aws_backup_vault_notifications`.
pub mod vault_notifications {
    use super::*;

    pub use super::vault_policy::BACKUP_VAULT_NAME;

    /// The events.
    pub const BACKUP_VAULT_EVENTS: Attr<Vec<String>> = Attr::new("backup_vault_events", Set);
    /// The topic.
    pub const SNS_TOPIC_ARN: Attr<String> = Attr::new("sns_topic_arn", Exact);

    /// The kind; a part of `aws_backup_vault`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_backup_vault_notifications",
        service: "backup",
        attributes: &[BACKUP_VAULT_EVENTS.any(), BACKUP_VAULT_NAME.any(), SNS_TOPIC_ARN.any()],
        ..Kind::BASE
    };
}

/// `aws_backup_vault_lock_configuration`.
pub mod vault_lock {
    use super::*;

    pub use super::vault_policy::BACKUP_VAULT_NAME;

    /// Days that a recovery point must at least be kept.
    pub const MIN_RETENTION_DAYS: Attr<i64> = Attr::new("min_retention_days", Exact).absent(Absent::Zero);
    /// Days that a recovery point may at most be kept.
    pub const MAX_RETENTION_DAYS: Attr<i64> = Attr::new("max_retention_days", Exact).absent(Absent::Zero);

    /// The kind; a part of `aws_backup_vault`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_backup_vault_lock_configuration",
        service: "backup",
        attributes: &[BACKUP_VAULT_NAME.any(), MIN_RETENTION_DAYS.any(), MAX_RETENTION_DAYS.any()],
        ..Kind::BASE
    };
}

/// Resources that have a recovery point in this region; live only, its id is the resource's ARN.
pub mod protected_resource {
    use super::*;

    /// When it was last backed up, RFC 3339.
    pub const LAST_BACKUP: Attr<String> = Attr::live("last_backup_time");
    /// `RDS`, `EBS`, `DynamoDB`, …
    pub const RESOURCE_TYPE: Attr<String> = Attr::live("resource_type");
    /// The vault of the last backup.
    pub const VAULT_ARN: Attr<String> = Attr::live("last_backup_vault_arn");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_backup_protected_resource",
        service: "backup",
        listed_by: &["backup:ListProtectedResources"],
        attributes: &[LAST_BACKUP.any(), RESOURCE_TYPE.any(), VAULT_ARN.any()],
        exclusion: a_record,
        manageable: false,
        ..Kind::BASE
    };
}

/// Recovery points of the vaults of this region; live only, its id is the point's ARN.
pub mod recovery_point {
    use super::*;

    /// When it was complete, RFC 3339.
    pub const COMPLETED_AT: Attr<String> = Attr::live("completion_date");
    /// When it was begun, RFC 3339. It stands for the data of this time.
    pub const CREATED_AT: Attr<String> = Attr::live("creation_date");
    /// Whether it is encrypted.
    pub const ENCRYPTED: Attr<bool> = Attr::live("is_encrypted");
    /// The ARN of its key; none where it is not encrypted.
    pub const ENCRYPTION_KEY_ARN: Attr<String> = Attr::live("encryption_key_arn");
    /// The ARN of what was backed up, in its own region and account.
    pub const RESOURCE_ARN: Attr<String> = Attr::live("resource_arn");
    /// `RDS`, `EBS`, `DynamoDB`, …
    pub const RESOURCE_TYPE: Attr<String> = Attr::live("resource_type");
    /// The vault that it was copied from.
    pub const SOURCE_VAULT_ARN: Attr<String> = Attr::live("source_backup_vault_arn");
    /// `COMPLETED`, `PARTIAL`, `DELETING`, `EXPIRED`, …
    pub const STATUS: Attr<String> = Attr::live("status");
    /// The vault that holds it.
    pub const VAULT_NAME: Attr<String> = Attr::live("backup_vault_name");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_backup_recovery_point",
        service: "backup",
        listed_by: &["backup:ListBackupVaults", "backup:ListRecoveryPointsByBackupVault"],
        attributes: &[
            COMPLETED_AT.any(),
            CREATED_AT.any(),
            ENCRYPTED.any(),
            ENCRYPTION_KEY_ARN.any(),
            RESOURCE_ARN.any(),
            RESOURCE_TYPE.any(),
            SOURCE_VAULT_ARN.any(),
            STATUS.any(),
            VAULT_NAME.any(),
        ],
        exclusion: a_record,
        manageable: false,
        ..Kind::BASE
    };
}

/// Backup jobs of the last 30 days; live only, its id is the job's.
pub mod job {
    use super::*;

    /// When it ended, RFC 3339.
    pub const COMPLETED_AT: Attr<String> = Attr::live("completion_date");
    /// When it was begun, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("creation_date");
    /// The plan that ran it; none for a job on demand.
    pub const PLAN_ID: Attr<String> = Attr::live("backup_plan_id");
    /// The ARN of what was backed up.
    pub const RESOURCE_ARN: Attr<String> = Attr::live("resource_arn");
    /// `COMPLETED`, `FAILED`, `EXPIRED`, `PARTIAL`, `ABORTED`, `RUNNING`, …
    pub const STATE: Attr<String> = Attr::live("state");
    /// The service's words on a failure.
    pub const STATUS_MESSAGE: Attr<String> = Attr::live("status_message");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_backup_job",
        service: "backup",
        listed_by: &["backup:ListBackupJobs"],
        attributes: &[
            COMPLETED_AT.any(),
            CREATED_AT.any(),
            PLAN_ID.any(),
            RESOURCE_ARN.any(),
            STATE.any(),
            STATUS_MESSAGE.any(),
        ],
        exclusion: a_record,
        manageable: false,
        ..Kind::BASE
    };
}

/// Copy jobs of the last 30 days; live only, its id is the job's.
pub mod copy_job {
    use super::*;

    pub use super::job::{COMPLETED_AT, CREATED_AT, PLAN_ID, RESOURCE_ARN, STATE, STATUS_MESSAGE};

    /// The vault that gets the copy: its ARN names region and account.
    pub const DESTINATION_VAULT_ARN: Attr<String> = Attr::live("destination_backup_vault_arn");
    /// The vault that it is copied from.
    pub const SOURCE_VAULT_ARN: Attr<String> = Attr::live("source_backup_vault_arn");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_backup_copy_job",
        service: "backup",
        listed_by: &["backup:ListCopyJobs"],
        attributes: &[
            COMPLETED_AT.any(),
            CREATED_AT.any(),
            DESTINATION_VAULT_ARN.any(),
            PLAN_ID.any(),
            RESOURCE_ARN.any(),
            SOURCE_VAULT_ARN.any(),
            STATE.any(),
            STATUS_MESSAGE.any(),
        ],
        exclusion: a_record,
        manageable: false,
        ..Kind::BASE
    };
}

/// Restore jobs; live only, its id is the job's.
pub mod restore_job {
    use super::*;

    pub use super::job::{COMPLETED_AT, CREATED_AT};

    /// Bytes that were restored.
    pub const BACKUP_SIZE: Attr<i64> = Attr::live("backup_size_in_bytes");
    /// What it made.
    pub const CREATED_RESOURCE_ARN: Attr<String> = Attr::live("created_resource_arn");
    /// The recovery point that it started from.
    pub const RECOVERY_POINT_ARN: Attr<String> = Attr::live("recovery_point_arn");
    /// `RDS`, `Aurora`, `EBS`, `DynamoDB`, …
    pub const RESOURCE_TYPE: Attr<String> = Attr::live("resource_type");
    /// `COMPLETED`, `FAILED`, `ABORTED`, `RUNNING`, `PENDING`.
    pub const STATUS: Attr<String> = Attr::live("status");
    /// The ARN of the plan that ran it as a test; none for a restore on demand.
    pub const TESTING_PLAN_ARN: Attr<String> = Attr::live("restore_testing_plan_arn");
    /// `SUCCESSFUL`, `FAILED`, `TIMED_OUT`, `VALIDATING`; none where nobody validates.
    pub const VALIDATION_STATUS: Attr<String> = Attr::live("validation_status");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_backup_restore_job",
        service: "backup",
        listed_by: &["backup:ListRestoreJobs"],
        attributes: &[
            BACKUP_SIZE.any(),
            COMPLETED_AT.any(),
            CREATED_AT.any(),
            CREATED_RESOURCE_ARN.any(),
            RECOVERY_POINT_ARN.any(),
            RESOURCE_TYPE.any(),
            STATUS.any(),
            TESTING_PLAN_ARN.any(),
            VALIDATION_STATUS.any(),
        ],
        exclusion: a_record,
        manageable: false,
        ..Kind::BASE
    };
}

/// `aws_backup_restore_testing_plan`.
pub mod restore_testing_plan {
    use super::*;

    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// A `cron(…)` expression.
    pub const SCHEDULE_EXPRESSION: Attr<String> = Attr::new("schedule_expression", CaseFold);
    /// The time zone of the schedule.
    pub const SCHEDULE_EXPRESSION_TIMEZONE: Attr<String> =
        Attr::new("schedule_expression_timezone", Exact).absent(Absent::Default("\"Etc/UTC\""));
    /// Hours in which it must start.
    pub const START_WINDOW_HOURS: Attr<i64> =
        Attr::new("start_window_hours", Exact).absent(Absent::Default("24"));

    /// The kind; its id is the plan's name, since a state has no other.
    pub static KIND: Kind = Kind {
        name: "aws_backup_restore_testing_plan",
        service: "backup",
        listed_by: &["backup:ListRestoreTestingPlans"],
        attributes: &[
            ARN.any(),
            NAME.any(),
            SCHEDULE_EXPRESSION.any(),
            SCHEDULE_EXPRESSION_TIMEZONE.any(),
            START_WINDOW_HOURS.any(),
            BACKUP_TAGS.any(),
            BACKUP_TAGS_ALL.any(),
        ],
        identity: |resource| resource.get(&NAME).ok().flatten().filter(|name| !name.is_empty()),
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &plan::KIND,
    &selection::KIND,
    &vault::KIND,
    &vault_policy::KIND,
    &vault_lock::KIND,
    &vault_notifications::KIND,
    &protected_resource::KIND,
    &recovery_point::KIND,
    &job::KIND,
    &copy_job::KIND,
    &restore_job::KIND,
    &restore_testing_plan::KIND,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};

    #[test]
    fn a_selection_is_imported_with_its_plan() {
        let mut live = Resource::new(crate::Place::new("1", "r"), selection::KIND.name, "s-1");
        assert_eq!((selection::KIND.import_id)(&live), None);
        live.set(&selection::PLAN_ID, "p-1".to_owned());
        assert_eq!((selection::KIND.import_id)(&live).as_deref(), Some("p-1|s-1"));
    }

    #[test]
    fn a_plan_of_provider_3_equals_its_live_self() {
        let declared = json!([{
            "completion_window": 180,
            "copy_action": [{"destination_vault_arn": "arn:aws:backup:eu-west-1:1:backup-vault:dr", "lifecycle": []}],
            "enable_continuous_backup": false,
            "lifecycle": [{"cold_storage_after": 0, "delete_after": 35}],
            "recovery_point_tags": {}, "rule_name": "daily", "schedule": "cron(0 5 ? * * *)",
            "start_window": 60, "target_vault_name": "main"
        }, {"rule_name": "weekly", "target_vault_name": "main", "start_window": 60, "completion_window": 180}]);
        let live: Vec<plan::Rule> = serde_json::from_value(declared.clone()).unwrap();
        let mut live = serde_json::to_value(live).unwrap();
        live[0]["schedule_expression_timezone"] = json!("Etc/UTC");
        assert!(matches!(compare(&plan::RULE.any(), &declared, &live), Comparison::Suppressed(_)));
        live[0]["lifecycle"][0]["delete_after"] = json!(7);
        assert!(matches!(compare(&plan::RULE.any(), &declared, &live), Comparison::Changed(_)));
    }
}
