//! What the keys of the key service protect, and who needs them.

use stateward_model::kinds::backup::{recovery_point, vault};
use stateward_model::kinds::cloudwatch::{composite_alarm, metric_alarm};
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::ec2::compute::{snapshot, volume};
use stateward_model::kinds::ecr::repository;
use stateward_model::kinds::efs::file_system;
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::kinds::kms::{alias, key};
use stateward_model::kinds::logs::log_group;
use stateward_model::kinds::rds::{cluster, cluster_snapshot, db_instance, db_snapshot};
use stateward_model::kinds::s3::bucket;
use stateward_model::kinds::secretsmanager::secret;
use stateward_model::kinds::{sns::topic, sqs::queue};
use stateward_model::policy::{Document, Principal, Statement};
use stateward_model::{Attr, Gap, Kind, Resource};

use super::super::facts::{arn_account, find_key};
use super::super::{named, policy_of, told};
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::inventory::Side;

/// A kind whose resources are encrypted, and the keys that one of them names.
type Keyed = (&'static Kind, fn(&Resource) -> Result<Vec<String>, Gap>);

const KEYED: &[Keyed] = &[
    (&volume::KIND, |r| one(r, &volume::KMS_KEY_ID)),
    (&snapshot::KIND, |r| one(r, &snapshot::KMS_KEY_ID)),
    (&db_instance::KIND, |r| one(r, &db_instance::KMS_KEY_ID)),
    (&db_snapshot::KIND, |r| one(r, &db_snapshot::KMS_KEY_ID)),
    (&cluster::KIND, |r| one(r, &cluster::KMS_KEY_ID)),
    (&cluster_snapshot::KIND, |r| one(r, &cluster_snapshot::KMS_KEY_ID)),
    (&table::KIND, of_table),
    (&bucket::KIND, of_bucket),
    (&file_system::KIND, |r| one(r, &file_system::KMS_KEY_ID)),
    (&replication_group::KIND, |r| one(r, &replication_group::KMS_KEY_ID)),
    (&secret::KIND, |r| one(r, &secret::KMS_KEY_ID)),
    (&topic::KIND, |r| one(r, &topic::KMS_MASTER_KEY_ID)),
    (&queue::KIND, |r| one(r, &queue::KMS_MASTER_KEY_ID)),
    (&log_group::KIND, |r| one(r, &log_group::KMS_KEY_ID)),
    (&repository::KIND, of_repository),
    (&vault::KIND, |r| one(r, &vault::KMS_KEY_ARN)),
    (&recovery_point::KIND, |r| one(r, &recovery_point::ENCRYPTION_KEY_ARN)),
];

fn one(resource: &Resource, attribute: &Attr<String>) -> Result<Vec<String>, Gap> {
    Ok(resource.get(attribute)?.into_iter().filter(|name| !name.is_empty()).collect())
}

fn of_table(resource: &Resource) -> Result<Vec<String>, Gap> {
    let blocks = resource.get_or_default(&table::SERVER_SIDE_ENCRYPTION)?;
    Ok(blocks.into_iter().filter_map(|block| block.kms_key_arn).filter(|arn| !arn.is_empty()).collect())
}

fn of_bucket(resource: &Resource) -> Result<Vec<String>, Gap> {
    let blocks = resource.get_or_default(&bucket::ENCRYPTION)?;
    let defaults = blocks
        .into_iter()
        .flat_map(|block| block.rule)
        .flat_map(|rule| rule.apply_server_side_encryption_by_default);
    Ok(defaults.filter_map(|default| default.kms_master_key_id).filter(|id| !id.is_empty()).collect())
}

fn of_repository(resource: &Resource) -> Result<Vec<String>, Gap> {
    let blocks = resource.get_or_default(&repository::ENCRYPTION_CONFIGURATION)?;
    Ok(blocks.into_iter().filter_map(|block| block.kms_key).filter(|arn| !arn.is_empty()).collect())
}

/// What the checks of this file read of keys: with the aliases by which others name them.
const ALIASES: Reads = Reads { kind: &alias::KIND, attributes: &[alias::TARGET_KEY_ID.any()] };

pub(super) const CLD_11: Check = Check {
    id: "CLD-11",
    alias: "kms-key-in-use-alive",
    title: "No key in use is about to vanish",
    component: "cloud",
    category: Category::Dr,
    severity: Severity::Critical,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&key::KIND, alive),
    reads: &[
        Reads {
            kind: &key::KIND,
            attributes: &[
                key::KEY_MANAGER.any(),
                key::KEY_STATE.any(),
                key::DELETION_DATE.any(),
                key::IS_ENABLED.any(),
            ],
        },
        ALIASES,
        Reads { kind: &volume::KIND, attributes: &[volume::KMS_KEY_ID.any()] },
        Reads { kind: &snapshot::KIND, attributes: &[snapshot::KMS_KEY_ID.any()] },
        Reads { kind: &db_instance::KIND, attributes: &[db_instance::KMS_KEY_ID.any()] },
        Reads { kind: &db_snapshot::KIND, attributes: &[db_snapshot::KMS_KEY_ID.any()] },
        Reads { kind: &cluster::KIND, attributes: &[cluster::KMS_KEY_ID.any()] },
        Reads { kind: &cluster_snapshot::KIND, attributes: &[cluster_snapshot::KMS_KEY_ID.any()] },
        Reads { kind: &table::KIND, attributes: &[table::SERVER_SIDE_ENCRYPTION.any()] },
        Reads { kind: &bucket::KIND, attributes: &[bucket::ENCRYPTION.any()] },
        Reads { kind: &file_system::KIND, attributes: &[file_system::KMS_KEY_ID.any()] },
        Reads { kind: &replication_group::KIND, attributes: &[replication_group::KMS_KEY_ID.any()] },
        Reads { kind: &secret::KIND, attributes: &[secret::KMS_KEY_ID.any()] },
        Reads { kind: &topic::KIND, attributes: &[topic::KMS_MASTER_KEY_ID.any()] },
        Reads { kind: &queue::KIND, attributes: &[queue::KMS_MASTER_KEY_ID.any()] },
        Reads { kind: &log_group::KIND, attributes: &[log_group::KMS_KEY_ID.any()] },
        Reads { kind: &repository::KIND, attributes: &[repository::ENCRYPTION_CONFIGURATION.any()] },
        Reads { kind: &vault::KIND, attributes: &[vault::KMS_KEY_ARN.any()] },
        Reads { kind: &recovery_point::KIND, attributes: &[recovery_point::ENCRYPTION_KEY_ARN.any()] },
    ],
    page: include_str!("../../../docs/checks/CLD-11.md"),
};

fn alive(resource: &Resource, view: &View) -> Verdict {
    let Some(fate) = fate(resource, view)? else { return Ok(Outcome::Pass) };
    let (mut users, mut gap) = (Vec::new(), None);
    for (kind, keys) in KEYED {
        gap = gap.or(view.inventory.all(kind).err());
        for user in view.inventory.of(kind) {
            match names_key(user, *keys, resource, view) {
                Ok(true) => users.push(format!("{} {}", kind.name, user.id())),
                Ok(false) => {}
                Err(unread) => gap = gap.or(Some(unread)),
            }
        }
    }
    if !users.is_empty() {
        return Ok(Outcome::Fail(format!("{fate}, and protects {}", named(&users))));
    }
    match gap {
        Some(gap) if view.side == Side::Live => Err(gap),
        _ => Ok(Outcome::NotApplicable("it protects nothing")),
    }
}

/// What is about to become of a key; `None` for one that is well.
fn fate(resource: &Resource, view: &View) -> Result<Option<String>, Gap> {
    if view.side == Side::Declared {
        let enabled = resource.get(&key::IS_ENABLED)?.unwrap_or(true);
        return Ok((!enabled).then(|| "is disabled".to_owned()));
    }
    // Keys of AWS can be neither disabled nor deleted by anybody else.
    if resource.get(&key::KEY_MANAGER)?.as_deref() == Some("AWS") {
        return Ok(None);
    }
    Ok(match told(resource.get(&key::KEY_STATE)?, "kms:DescribeKey")?.as_str() {
        "Disabled" => Some("is disabled".to_owned()),
        "PendingDeletion" | "PendingReplicaDeletion" => {
            let date = resource.get_or_default(&key::DELETION_DATE)?;
            let day = date.split('T').next().filter(|day| !day.is_empty()).unwrap_or("a date not told");
            Some(format!("will be deleted on {day}"))
        }
        _ => None,
    })
}

/// Whether a resource names the key, by id, ARN or alias.
fn names_key(
    user: &Resource,
    keys: fn(&Resource) -> Result<Vec<String>, Gap>,
    key: &Resource,
    view: &View,
) -> Result<bool, Gap> {
    for reference in keys(user)? {
        let of_another = arn_account(&reference).is_some_and(|account| account != key.account());
        let found = if of_another { None } else { find_key(&reference, &user.address.place, view)? };
        if found.is_some_and(|found| found.address == key.address) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) const CLD_13: Check = Check {
    id: "CLD-13",
    alias: "kms-key-admits-services",
    title: "Key policy admits the services that need it",
    component: "cloud",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&key::KIND, admits_services),
    reads: &[
        Reads {
            kind: &key::KIND,
            attributes: &[key::KEY_MANAGER.any(), key::KEY_STATE.any(), key::POLICY.any()],
        },
        ALIASES,
        Reads { kind: &log_group::KIND, attributes: &[log_group::KMS_KEY_ID.any()] },
        Reads { kind: &topic::KIND, attributes: &[topic::KMS_MASTER_KEY_ID.any()] },
        Reads { kind: &metric_alarm::KIND, attributes: &[metric_alarm::ALARM_ACTIONS.any()] },
        Reads { kind: &composite_alarm::KIND, attributes: &[composite_alarm::ALARM_ACTIONS.any()] },
        Reads { kind: &vault::KIND, attributes: &[vault::KMS_KEY_ARN.any()] },
    ],
    page: include_str!("../../../docs/checks/CLD-13.md"),
};

fn admits_services(resource: &Resource, view: &View) -> Verdict {
    let policy = told(resource.get(&key::POLICY)?, "kms:GetKeyPolicy")?;
    let policy = policy_of(Some(&policy), "kms:GetKeyPolicy")?;
    let uses = [
        (Service::Logs, users(&log_group::KIND, resource, view)),
        (Service::Alarms, alarm_topics(resource, view)),
        (Service::Backup, users(&vault::KIND, resource, view)),
    ];
    let (mut refused, mut used, mut gap) = (Vec::new(), false, None);
    for (service, users) in uses {
        match users {
            Err(unread) => gap = gap.or(Some(unread)),
            Ok(users) if users.is_empty() => {}
            Ok(users) => {
                used = true;
                if !service.is_admitted(&policy, resource) {
                    refused.push(format!("{}, which {} needs", service.principal(resource), named(&users)));
                }
            }
        }
    }
    if !refused.is_empty() {
        return Ok(Outcome::Fail(format!("its policy does not admit {}", refused.join("; nor "))));
    }
    match gap {
        Some(gap) => Err(gap),
        None if used => Ok(Outcome::Pass),
        None => Ok(Outcome::NotApplicable("used for no logs, no topic of an alarm and no backup vault")),
    }
}

/// A service that uses the key in its own name.
#[derive(Debug, Clone, Copy)]
enum Service {
    Logs,
    Alarms,
    Backup,
}

impl Service {
    fn principal(self, key: &Resource) -> String {
        match self {
            Self::Logs => format!("logs.{}.amazonaws.com", key.region()),
            Self::Alarms => "cloudwatch.amazonaws.com".to_owned(),
            Self::Backup => "backup.amazonaws.com".to_owned(),
        }
    }

    /// Whether the policy lets the service encrypt and decrypt. Backups are made in the name of a role of the account:
    /// for them the account as a whole will do.
    fn is_admitted(self, policy: &Document, key: &Resource) -> bool {
        let principal = self.principal(key);
        let admits = |statement: &&Statement| {
            statement.names_service(&principal)
                || (matches!(self, Self::Backup) && names_account(statement, key.account()))
        };
        ["kms:Decrypt", "kms:GenerateDataKey"]
            .iter()
            .all(|action| policy.allowing().filter(admits).any(|statement| statement.covers_action(action)))
    }
}

fn names_account(statement: &Statement, account: &str) -> bool {
    statement.principals.iter().any(|principal| principal.account() == Some(account))
        || statement.principals.contains(&Principal::Anyone)
}

/// The resources of a kind that name the key.
fn users(kind: &'static Kind, key: &Resource, view: &View) -> Result<Vec<String>, Gap> {
    let Some((_, keys)) = KEYED.iter().find(|(keyed, _)| keyed.name == kind.name) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for user in view.inventory.all_in(kind, &key.address.place)? {
        if names_key(user, *keys, key, view)? {
            found.push(user.id().to_owned());
        }
    }
    Ok(found)
}

/// The topics that name the key and are an action of an alarm.
fn alarm_topics(key: &Resource, view: &View) -> Result<Vec<String>, Gap> {
    let mut topics = users(&topic::KIND, key, view)?;
    if topics.is_empty() {
        return Ok(topics);
    }
    let mut actions = Vec::new();
    for kind in [&metric_alarm::KIND, &composite_alarm::KIND] {
        for alarm in view.inventory.all_in(kind, &key.address.place)? {
            actions.extend(alarm.get_or_default(&metric_alarm::ALARM_ACTIONS)?);
        }
    }
    topics.retain(|topic| actions.contains(topic));
    Ok(topics)
}
