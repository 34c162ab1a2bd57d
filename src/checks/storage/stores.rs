//! DynamoDB tables, caches, queues and topics.

use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::elasticache::{CACHE_TAGS, CACHE_TAGS_ALL, replication_group};
use stateward_model::kinds::kms::{alias, key};
use stateward_model::kinds::{sns::topic, sqs::queue};
use stateward_model::{Gap, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{KeyOwner, in_production, is_named_by, key_owner, known_tags};
use crate::inventory::Side;
use crate::profile::any_matches;

pub const STO_26: Check = Check {
    id: "STO-26",
    alias: "dynamodb-point-in-time-recovery",
    title: "DynamoDB point-in-time recovery on",
    component: "storage",
    category: Category::Backup,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&table::KIND, point_in_time_recovery),
    reads: &[Reads { kind: &table::KIND, attributes: &[table::POINT_IN_TIME_RECOVERY.any()] }],
    page: include_str!("../../../docs/checks/STO-26.md"),
};

fn point_in_time_recovery(resource: &Resource, _: &View) -> Verdict {
    if resource.get_or_default(&table::POINT_IN_TIME_RECOVERY)?.iter().any(|block| block.enabled) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("point-in-time recovery is off: what is overwritten is gone".into()))
}

pub const STO_27: Check = Check {
    id: "STO-27",
    alias: "dynamodb-deletion-protection",
    title: "DynamoDB tables protected from deletion",
    component: "storage",
    category: Category::Backup,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&table::KIND, deletion_protection),
    reads: &[Reads {
        kind: &table::KIND,
        attributes: &[table::DELETION_PROTECTION_ENABLED.any(), table::ENVIRONMENT_TAGS.any()],
    }],
    page: include_str!("../../../docs/checks/STO-27.md"),
};

fn deletion_protection(resource: &Resource, view: &View) -> Verdict {
    if resource.get_or_default(&table::DELETION_PROTECTION_ENABLED)? {
        return Ok(Outcome::Pass);
    }
    if !table_in_production(resource, view)? {
        return Ok(Outcome::NotApplicable("its tags name an environment that is not production"));
    }
    Ok(Outcome::Fail("one call deletes it: deletion protection is off".into()))
}

/// Whether a table that lacks a protection belongs to production. Tags of tables cost a call each, and are read for such
/// tables only; a state has them all.
pub fn table_in_production(resource: &Resource, view: &View) -> Result<bool, Gap> {
    match view.side {
        Side::Live => {
            let tags = resource.get_or_default(&table::ENVIRONMENT_TAGS)?;
            Ok(view.profile.environments.is_production(&tags))
        }
        Side::Declared => in_production(resource, view),
    }
}

pub const STO_28: Check = Check {
    id: "STO-28",
    alias: "dynamodb-customer-key",
    title: "DynamoDB uses a customer key where policy asks",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::Each(&table::KIND, table_key),
    reads: &[
        Reads { kind: &table::KIND, attributes: &[table::SERVER_SIDE_ENCRYPTION.any()] },
        Reads { kind: &alias::KIND, attributes: &[alias::TARGET_KEY_ID.any()] },
        Reads { kind: &key::KIND, attributes: &[key::KEY_MANAGER.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-28.md"),
};

fn table_key(resource: &Resource, view: &View) -> Verdict {
    if !is_named_by(&view.profile.storage.customer_key_tables, resource) {
        return Ok(Outcome::NotApplicable("the profile does not ask for a key of the customer's own"));
    }
    let encryption = resource.get_or_default(&table::SERVER_SIDE_ENCRYPTION)?;
    let Some(block) = encryption.into_iter().find(|block| block.enabled) else {
        return Ok(Outcome::Fail("it is encrypted with a key that DynamoDB owns".into()));
    };
    let by_aws = Outcome::Fail("it is encrypted with the key that AWS manages for DynamoDB".into());
    // Without a key in the argument, DynamoDB takes `alias/aws/dynamodb`.
    let Some(key) = block.kms_key_arn.filter(|key| !key.is_empty()) else { return Ok(by_aws) };
    Ok(match key_owner(&key, &resource.address.place, view)? {
        KeyOwner::Customer => Outcome::Pass,
        KeyOwner::Aws => by_aws,
        KeyOwner::Nobody => Outcome::Fail(format!("its key, {key}, does not exist")),
    })
}

pub const STO_29: Check = Check {
    id: "STO-29",
    alias: "elasticache-encrypted-at-rest",
    title: "ElastiCache encrypted at rest",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Each(&replication_group::KIND, encrypted_at_rest),
    reads: &[Reads {
        kind: &replication_group::KIND,
        attributes: &[replication_group::AT_REST_ENCRYPTION_ENABLED.any()],
    }],
    page: include_str!("../../../docs/checks/STO-29.md"),
};

fn encrypted_at_rest(resource: &Resource, _: &View) -> Verdict {
    if resource.get_or_default(&replication_group::AT_REST_ENCRYPTION_ENABLED)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("disks and snapshots of the cache are not encrypted".into()))
}

pub const STO_30: Check = Check {
    id: "STO-30",
    alias: "elasticache-encrypted-in-transit",
    title: "ElastiCache encrypted in transit",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&replication_group::KIND, encrypted_in_transit),
    reads: &[Reads {
        kind: &replication_group::KIND,
        attributes: &[
            replication_group::TRANSIT_ENCRYPTION_ENABLED.any(),
            replication_group::TRANSIT_ENCRYPTION_MODE.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/STO-30.md"),
};

fn encrypted_in_transit(resource: &Resource, _: &View) -> Verdict {
    if !resource.get_or_default(&replication_group::TRANSIT_ENCRYPTION_ENABLED)? {
        return Ok(Outcome::Fail("clients talk to the cache in clear".into()));
    }
    // Engines that do not show a mode know no other than `required`.
    Ok(match resource.get(&replication_group::TRANSIT_ENCRYPTION_MODE)?.as_deref() {
        Some("preferred") => Outcome::Fail("the cache prefers TLS, but also answers in clear".into()),
        _ => Outcome::Pass,
    })
}

pub const STO_31: Check = Check {
    id: "STO-31",
    alias: "elasticache-clients-authenticate",
    title: "ElastiCache clients authenticate",
    component: "storage",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&replication_group::KIND, clients_authenticate),
    reads: &[Reads {
        kind: &replication_group::KIND,
        attributes: &[
            replication_group::AUTH_TOKEN.any(),
            replication_group::AUTH_TOKEN_ENABLED.any(),
            replication_group::USER_GROUP_IDS.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/STO-31.md"),
};

fn clients_authenticate(resource: &Resource, view: &View) -> Verdict {
    if !resource.get_or_default(&replication_group::USER_GROUP_IDS)?.is_empty() {
        return Ok(Outcome::Pass);
    }
    let token = match view.side {
        Side::Live => resource.get_or_default(&replication_group::AUTH_TOKEN_ENABLED)?,
        Side::Declared => {
            resource.get(&replication_group::AUTH_TOKEN)?.is_some_and(|token| !token.is_empty())
        }
    };
    Ok(match token {
        true => Outcome::Pass,
        false => Outcome::Fail("whoever reaches it may read and write: no token, no user group".into()),
    })
}

pub const STO_32: Check = Check {
    id: "STO-32",
    alias: "elasticache-snapshots",
    title: "ElastiCache snapshots kept",
    component: "storage",
    category: Category::Backup,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&replication_group::KIND, snapshots_kept),
    reads: &[Reads {
        kind: &replication_group::KIND,
        attributes: &[
            replication_group::SNAPSHOT_RETENTION_LIMIT.any(),
            CACHE_TAGS.any(),
            CACHE_TAGS_ALL.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/STO-32.md"),
};

fn snapshots_kept(resource: &Resource, view: &View) -> Verdict {
    if resource.get_or_default(&replication_group::SNAPSHOT_RETENTION_LIMIT)? >= 1 {
        return Ok(Outcome::Pass);
    }
    if is_pure_cache(resource, view)? {
        return Ok(Outcome::NotApplicable("its tags say that it is a pure cache"));
    }
    Ok(Outcome::Fail("no snapshot is kept, and no tag says that it is a pure cache".into()))
}

/// Whether the tags of a cache say that it holds nothing worth keeping.
///
/// # Errors
/// The gap of its tags.
pub fn is_pure_cache(resource: &Resource, view: &View) -> Result<bool, Gap> {
    let is_cache = |(key, value): (&String, &String)| {
        any_matches(&view.profile.backup.cache_tags, &format!("{key}={value}"))
    };
    Ok(known_tags(resource)?.iter().any(is_cache))
}

pub const STO_42: Check = Check {
    id: "STO-42",
    alias: "queues-topics-encrypted",
    title: "Queues and topics encrypted",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachOf(&[&queue::KIND, &topic::KIND], messages_encrypted),
    reads: &[
        Reads {
            kind: &queue::KIND,
            attributes: &[queue::KMS_MASTER_KEY_ID.any(), queue::SQS_MANAGED_SSE_ENABLED.any()],
        },
        Reads { kind: &topic::KIND, attributes: &[topic::KMS_MASTER_KEY_ID.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-42.md"),
};

fn messages_encrypted(resource: &Resource, _: &View) -> Verdict {
    // Queues and topics have the key under the same name.
    if resource.get(&queue::KMS_MASTER_KEY_ID)?.is_some_and(|key| !key.is_empty()) {
        return Ok(Outcome::Pass);
    }
    if resource.kind() == topic::KIND.name {
        return Ok(Outcome::Fail("the topic has no key: messages are stored in clear".into()));
    }
    if resource.get_or_default(&queue::SQS_MANAGED_SSE_ENABLED)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(
        "the queue has no key, and encryption by SQS is off: messages are stored in clear".into(),
    ))
}
