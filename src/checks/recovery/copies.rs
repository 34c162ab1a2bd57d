//! Copies in another region or account: that they exist, that they work, that they can be opened.

use stateward_model::kinds::backup::{
    BACKUP_TAGS, BACKUP_TAGS_ALL, copy_job, plan, recovery_point, selection, vault,
};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::kms::{alias, key};
use stateward_model::kinds::rds::{
    backups_replication, cluster, cluster_snapshot, db_instance, db_snapshot, global_cluster,
};
use stateward_model::kinds::s3::bucket;
use stateward_model::kinds::secretsmanager::secret;
use stateward_model::{Cause, Gap, Place, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, StateFacts, Subject, Verdict, View};
use crate::checks::facts::{
    any_holds, arn_account, arn_of, arn_region, copy_regions, find_key, in_production, not_in_state, records,
    records_in,
};
use crate::inventory::{Side, exclusion};
use crate::profile::{BucketClass, Role, any_matches};

/// What a copied recovery point is known by.
const POINTS: Reads = Reads {
    kind: &recovery_point::KIND,
    attributes: &[recovery_point::RESOURCE_ARN.any(), recovery_point::STATUS.any()],
};

/// Whether AWS Backup holds a whole recovery point of `arn` in a region that `wanted` accepts.
pub fn has_copied_point(arn: &str, wanted: impl Fn(&str) -> bool, view: &View) -> Result<bool, Gap> {
    let points = view.inventory.of(&recovery_point::KIND).filter(|point| wanted(point.region()));
    let is_copy = |point: &Resource| {
        let of_it = point.get(&recovery_point::RESOURCE_ARN)?.as_deref() == Some(arn);
        Ok(of_it && is_whole(&point.get_or_default(&recovery_point::STATUS)?))
    };
    if any_holds(points.map(is_copy))? {
        return Ok(true);
    }
    records(&recovery_point::KIND, view).map(|_| false)
}

/// Continuous recovery points are `AVAILABLE`, all others `COMPLETED`.
pub fn is_whole(status: &str) -> bool {
    matches!(status, "COMPLETED" | "AVAILABLE")
}

pub const DR_10: Check = Check {
    id: "DR-10",
    alias: "rds-copy-elsewhere",
    title: "Each relational database has a recovery copy elsewhere",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Critical,
    effort: Effort::Large,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster::KIND], database_copy),
    reads: &[
        Reads {
            kind: &db_instance::KIND,
            attributes: &[
                ARN.any(),
                db_instance::REPLICATE_SOURCE_DB.any(),
                db_instance::REPLICATION_STATUS.any(),
            ],
        },
        Reads {
            kind: &cluster::KIND,
            attributes: &[ARN.any(), cluster::REPLICATION_SOURCE_IDENTIFIER.any()],
        },
        Reads {
            kind: &backups_replication::KIND,
            attributes: &[
                backups_replication::SOURCE_DB_INSTANCE_ARN.any(),
                backups_replication::STATUS.any(),
            ],
        },
        Reads { kind: &global_cluster::KIND, attributes: &[global_cluster::GLOBAL_CLUSTER_MEMBERS.any()] },
        POINTS,
    ],
    page: include_str!("../../../docs/checks/DR-10.md"),
};

fn database_copy(resource: &Resource, view: &View) -> Verdict {
    if is_copy(resource, view)? {
        return Ok(Outcome::NotApplicable("a copy itself; its source is judged"));
    }
    let arn = arn_of(resource)?;
    let elsewhere = |region: &str| region != resource.region();
    let points = has_copied_point(&arn, elsewhere, view);
    if any_holds([has_continuous_copy(resource, view), points])? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(
        "no replica, replicated backup, global cluster or copied recovery point in another region".into(),
    ))
}

/// True for a replica, and for a secondary of a global cluster.
pub fn is_copy(resource: &Resource, view: &View) -> Result<bool, Gap> {
    if resource.kind() != cluster::KIND.name {
        return Ok(resource.get(&db_instance::REPLICATE_SOURCE_DB)?.is_some_and(|source| !source.is_empty()));
    }
    if resource.get(&cluster::REPLICATION_SOURCE_IDENTIFIER)?.is_some_and(|source| !source.is_empty()) {
        return Ok(true);
    }
    let arn = arn_of(resource)?;
    let reads = |global: &Resource| {
        let members = global.get_or_default(&global_cluster::GLOBAL_CLUSTER_MEMBERS)?;
        Ok(members.iter().any(|member| member.db_cluster_arn == arn && !member.is_writer))
    };
    any_holds(view.inventory.of(&global_cluster::KIND).map(reads))
}

/// Whether the database is replicated to another region, so that recovery does not rest on recovery points.
pub fn has_continuous_copy(resource: &Resource, view: &View) -> Result<bool, Gap> {
    let arn = arn_of(resource)?;
    match resource.kind() == cluster::KIND.name {
        true => {
            any_holds([in_global_cluster(resource, &arn, view), has_replica_cluster(resource, &arn, view)])
        }
        false => any_holds([has_replica(resource, &arn, view), has_replicated_backups(&arn, view)]),
    }
}

fn has_replica(resource: &Resource, arn: &str, view: &View) -> Result<bool, Gap> {
    let replicates = |other: &Resource| {
        if other.get(&db_instance::REPLICATE_SOURCE_DB)?.as_deref() != Some(arn) {
            return Ok(false);
        }
        let status = other.get(&db_instance::REPLICATION_STATUS)?.ok_or_else(|| {
            let detail = format!("the replica {} shows no status", other.id());
            Gap::new("rds:DescribeDBInstances", Cause::Unsupported, detail)
        })?;
        Ok(status == "replicating")
    };
    let elsewhere = |other: &&Resource| other.region() != resource.region();
    if any_holds(view.inventory.of(&db_instance::KIND).filter(elsewhere).map(replicates))? {
        return Ok(true);
    }
    view.inventory.all(&db_instance::KIND).map(|_| false)
}

fn has_replicated_backups(arn: &str, view: &View) -> Result<bool, Gap> {
    // Only backups from another region are resources of this kind.
    let replicated = |backup: &Resource| {
        let of_it = backup.get(&backups_replication::SOURCE_DB_INSTANCE_ARN)?.as_deref() == Some(arn);
        Ok(of_it && backup.get_or_default(&backups_replication::STATUS)?.eq_ignore_ascii_case("active"))
    };
    if any_holds(view.inventory.of(&backups_replication::KIND).map(replicated))? {
        return Ok(true);
    }
    view.inventory.all(&backups_replication::KIND).map(|_| false)
}

fn in_global_cluster(resource: &Resource, arn: &str, view: &View) -> Result<bool, Gap> {
    let has_secondary = |global: &Resource| {
        let members = global.get_or_default(&global_cluster::GLOBAL_CLUSTER_MEMBERS)?;
        let elsewhere = |arn: &str| arn_region(arn).is_some_and(|region| region != resource.region());
        Ok(members.iter().any(|member| member.db_cluster_arn == arn)
            && members.iter().any(|member| elsewhere(&member.db_cluster_arn)))
    };
    if any_holds(view.inventory.of(&global_cluster::KIND).map(has_secondary))? {
        return Ok(true);
    }
    view.inventory.all(&global_cluster::KIND).map(|_| false)
}

/// A cluster that replicates by binary log exists, but no call says whether it still does.
fn has_replica_cluster(resource: &Resource, arn: &str, view: &View) -> Result<bool, Gap> {
    for other in view.inventory.all(&cluster::KIND)? {
        let source = other.get(&cluster::REPLICATION_SOURCE_IDENTIFIER)?;
        if other.region() != resource.region() && source.as_deref() == Some(arn) {
            let detail = format!("whether {} still replicates is only known to its engine", other.id());
            return Err(Gap::new("rds:DescribeDBClusters", Cause::Unsupported, detail));
        }
    }
    Ok(false)
}

pub const DR_11: Check = Check {
    id: "DR-11",
    alias: "dynamodb-copy-elsewhere",
    title: "Each DynamoDB table has a recovery copy elsewhere",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&table::KIND, table_copy),
    reads: &[Reads { kind: &table::KIND, attributes: &[ARN.any(), table::REPLICA.any()] }, POINTS],
    page: include_str!("../../../docs/checks/DR-11.md"),
};

fn table_copy(resource: &Resource, view: &View) -> Verdict {
    let regions = copy_regions(resource.region(), view)?;
    let replica = has_active_replica(resource, &regions, view);
    let points = || has_copied_point(&arn_of(resource)?, |region| regions.contains(&region), view);
    // The second proof costs nothing, but its ARN need not be known where the first holds.
    let found = match replica {
        Ok(true) => true,
        other => any_holds([other, points()])?,
    };
    Ok(match found {
        true => Outcome::Pass,
        false => Outcome::Fail(format!(
            "neither an active replica nor a copied recovery point in {}",
            regions.join(", ")
        )),
    })
}

/// Whether a global table has an active replica in one of `regions`. A state lists replicas without their status.
pub fn has_active_replica(resource: &Resource, regions: &[&str], view: &View) -> Result<bool, Gap> {
    let replicas = resource.get_or_default(&table::REPLICA)?;
    Ok(replicas.iter().any(|replica| {
        let active = view.side == Side::Declared || replica.status.as_deref() == Some("ACTIVE");
        active && regions.contains(&replica.region_name.as_str())
    }))
}

const REPLICATED: Reads = Reads {
    kind: &bucket::KIND,
    attributes: &[bucket::REPLICATION.any(), bucket::VERSIONING.any(), bucket::ENCRYPTION.any()],
};

pub const DR_12: Check = Check {
    id: "DR-12",
    alias: "s3-replicated-elsewhere",
    title: "Data buckets replicate to another region",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&bucket::KIND, bucket_replicates),
    reads: &[REPLICATED],
    page: include_str!("../../../docs/checks/DR-12.md"),
};

fn bucket_replicates(resource: &Resource, view: &View) -> Verdict {
    if view.profile.storage.class(resource.id()) != BucketClass::Data {
        return Ok(Outcome::NotApplicable("not classed as data by the profile"));
    }
    let everything = bucket::ReplicationRule::covers_all;
    let outcome = replication(resource, view, everything)?;
    if matches!(outcome, Outcome::Fail(_)) && is_destination(resource, view)? {
        return Ok(Outcome::NotApplicable("it holds the copies of another bucket"));
    }
    Ok(outcome)
}

/// Whether an enabled rule that `covers` what matters replicates to another region, objects under KMS keys included
/// where the bucket encrypts with one.
fn replication(
    resource: &Resource,
    view: &View,
    covers: impl Fn(&bucket::ReplicationRule) -> bool,
) -> Verdict {
    let rules: Vec<bucket::ReplicationRule> = resource
        .get_or_default(&bucket::REPLICATION)?
        .into_iter()
        .flat_map(|replication| replication.rules)
        .filter(|rule| rule.status == "Enabled")
        .collect();
    let whole: Vec<&bucket::ReplicationRule> = rules.iter().filter(|rule| covers(rule)).collect();
    if whole.is_empty() {
        return Ok(Outcome::Fail(match rules.len() {
            0 => "nothing is replicated".into(),
            count => format!("none of the {count} enabled replication rules covers all that matters"),
        }));
    }
    let crosses = |rule: &&bucket::ReplicationRule| leads_elsewhere(rule, resource, view);
    let mut far = Vec::new();
    let mut gap = None;
    for rule in &whole {
        match crosses(rule) {
            Ok(true) => far.push(*rule),
            Ok(false) => {}
            Err(found) => gap = gap.or(Some(found)),
        }
    }
    if far.is_empty() {
        return gap
            .map_or_else(|| Ok(Outcome::Fail("it is replicated only within its own region".into())), Err);
    }
    let encryption = resource.get_or_default(&bucket::ENCRYPTION)?;
    let defaults = encryption.iter().flat_map(|block| &block.rule);
    let mut defaults = defaults.flat_map(|rule| &rule.apply_server_side_encryption_by_default);
    let under_kms = defaults.any(|default| default.sse_algorithm.starts_with("aws:kms"));
    if under_kms && !far.iter().any(|rule| rule.covers_kms_objects()) {
        return Ok(Outcome::Fail(
            "its objects are encrypted with KMS, and the replication rule leaves such objects out".into(),
        ));
    }
    if !resource.get_or_default(&bucket::VERSIONING)?.iter().any(|block| block.enabled) {
        return Ok(Outcome::Fail("replication stands still: versioning is not enabled".into()));
    }
    Ok(Outcome::Pass)
}

/// Whether the destination of a rule lies in another region. Names of buckets are unique, so one of this account is
/// known by its name.
fn leads_elsewhere(rule: &bucket::ReplicationRule, from: &Resource, view: &View) -> Result<bool, Gap> {
    let foreign = |account: &str| !account.is_empty() && account != from.account();
    let destinations = rule.destination.iter().map(|destination| {
        let name = bucket_name(&destination.bucket);
        if let Some(found) = view.inventory.of(&bucket::KIND).find(|other| other.id() == name) {
            return Ok(found.region() != from.region());
        }
        if !destination.account_id.as_deref().is_some_and(foreign) {
            view.inventory.all(&bucket::KIND)?;
        }
        let detail = format!("the region of the destination {name} is not known");
        Err(Gap::new("s3:GetBucketLocation", Cause::Unsupported, detail))
    });
    any_holds(destinations)
}

fn bucket_name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn is_destination(resource: &Resource, view: &View) -> Result<bool, Gap> {
    let sends = |other: &Resource| {
        let rules = other.get_or_default(&bucket::REPLICATION)?.into_iter().flat_map(|block| block.rules);
        let mut enabled = rules.filter(|rule| rule.status == "Enabled");
        let here = |rule: bucket::ReplicationRule| {
            rule.destination.iter().any(|to| bucket_name(&to.bucket) == resource.id())
        };
        Ok(enabled.any(here))
    };
    if any_holds(view.inventory.of(&bucket::KIND).filter(|other| other.id() != resource.id()).map(sends))? {
        return Ok(true);
    }
    // The bucket that sends may be one of those that could not be listed.
    view.inventory.all(&bucket::KIND).map(|_| false)
}

pub const DR_17: Check = Check {
    id: "DR-17",
    alias: "backup-plan-copies",
    title: "Backup plan copies to the recovery region",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&plan::KIND, plan_copies),
    reads: &[
        Reads {
            kind: &plan::KIND,
            attributes: &[plan::RULE.any(), BACKUP_TAGS.any(), BACKUP_TAGS_ALL.any()],
        },
        Reads { kind: &selection::KIND, attributes: &[selection::PLAN_ID.any()] },
        Reads { kind: &vault::KIND, attributes: &[] },
        JOBS,
    ],
    page: include_str!("../../../docs/checks/DR-17.md"),
};

const JOBS: Reads = Reads {
    kind: &copy_job::KIND,
    attributes: &[
        copy_job::PLAN_ID.any(),
        copy_job::DESTINATION_VAULT_ARN.any(),
        copy_job::STATE.any(),
        copy_job::CREATED_AT.any(),
    ],
};

fn plan_copies(resource: &Resource, view: &View) -> Verdict {
    if !in_production(resource, view)? {
        return Ok(Outcome::NotApplicable("its tags name an environment that is not production"));
    }
    if !has_selection(resource, view)? {
        return Ok(Outcome::NotApplicable("it has no selection, and so guards nothing"));
    }
    let regions = copy_regions(resource.region(), view)?;
    for rule in resource.get_or_default(&plan::RULE)? {
        let name = &rule.rule_name;
        let destinations = rule.copy_action.iter().map(|copy| copy.destination_vault_arn.as_str());
        let wanted: Vec<&str> = destinations
            .filter(|arn| arn_region(arn).is_some_and(|region| regions.contains(&region)))
            .collect();
        if wanted.is_empty() {
            return Ok(Outcome::Fail(format!("rule {name} copies nothing to {}", regions.join(", "))));
        }
        let works = |arn: &&str| Ok(copy_fault(arn, resource, view)?.is_none());
        if any_holds(wanted.iter().map(works))? {
            continue;
        }
        let fault = copy_fault(wanted[0], resource, view)?.unwrap_or_default();
        return Ok(Outcome::Fail(format!("rule {name}: {fault}")));
    }
    Ok(Outcome::Pass)
}

fn has_selection(plan: &Resource, view: &View) -> Result<bool, Gap> {
    let place = &plan.address.place;
    let here = view.inventory.of(&selection::KIND).filter(|found| &found.address.place == place);
    let of_plan = |found: &Resource| Ok(found.get(&selection::PLAN_ID)?.as_deref() == Some(plan.id()));
    if any_holds(here.map(of_plan))? {
        return Ok(true);
    }
    view.inventory.complete(&selection::KIND, place).map(|()| false)
}

/// What is wrong with the copies of a plan to a vault; `None` where its last copy job completed. A vault of another
/// account cannot be looked up, but a job that completed proves it.
fn copy_fault(vault_arn: &str, plan: &Resource, view: &View) -> Result<Option<String>, Gap> {
    let vault_name = vault_arn.rsplit(':').next().unwrap_or(vault_arn);
    if arn_account(vault_arn) == Some(plan.account()) {
        let place = Place::new(plan.account(), arn_region(vault_arn).unwrap_or_default());
        if view.inventory.lookup(&vault::KIND, &place, vault_name)?.is_none() {
            return Ok(Some(format!("the vault {vault_name} does not exist in {}", place.region)));
        }
    }
    let mut last: Option<(String, String)> = None;
    for job in records_in(&copy_job::KIND, &plan.address.place, view)? {
        let of_plan = job.get(&copy_job::PLAN_ID)?.as_deref() == Some(plan.id());
        let there = job.get(&copy_job::DESTINATION_VAULT_ARN)?.as_deref() == Some(vault_arn);
        let state = job.get_or_default(&copy_job::STATE)?;
        let finished = matches!(state.as_str(), "COMPLETED" | "FAILED" | "PARTIAL");
        if of_plan && there && finished {
            last = last.max(Some((job.get_or_default(&copy_job::CREATED_AT)?, state)));
        }
    }
    Ok(match last {
        Some((_, state)) if state == "COMPLETED" => None,
        Some((_, state)) => Some(format!("the last copy to {vault_name} ended as {state}")),
        None => Some(format!("no copy to {vault_name} ended in the last 30 days")),
    })
}

pub const DR_18: Check = Check {
    id: "DR-18",
    alias: "backup-copies-other-account",
    title: "Backups also live in another account",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Medium,
    effort: Effort::Large,
    subject: Subject::Estate(copies_in_other_account),
    reads: &[
        Reads { kind: &plan::KIND, attributes: &[plan::NAME.any(), plan::RULE.any()] },
        Reads {
            kind: &copy_job::KIND,
            attributes: &[copy_job::DESTINATION_VAULT_ARN.any(), copy_job::STATE.any()],
        },
    ],
    page: include_str!("../../../docs/checks/DR-18.md"),
};

fn copies_in_other_account(view: &View) -> Verdict {
    let foreign =
        |arn: &str, from: &Resource| arn_account(arn).is_some_and(|account| account != from.account());
    let configured = |plan: &Resource| {
        let rules = plan.get_or_default(&plan::RULE)?;
        let mut copies = rules.iter().flat_map(|rule| &rule.copy_action);
        Ok(copies.any(|copy| foreign(&copy.destination_vault_arn, plan)))
    };
    let plans = || view.inventory.of(&plan::KIND).filter(|plan| exclusion(plan).is_none()).map(configured);
    if view.side == Side::Declared {
        return match any_holds(plans())? {
            true => Ok(Outcome::Pass),
            false => {
                view.inventory.all(&plan::KIND)?;
                Ok(Outcome::Fail("no backup plan copies to another account".into()))
            }
        };
    }
    let copied = |job: &Resource| {
        let destination = job.get_or_default(&copy_job::DESTINATION_VAULT_ARN)?;
        let completed = job.get_or_default(&copy_job::STATE)? == "COMPLETED";
        Ok(completed && foreign(&destination, job))
    };
    if any_holds(view.inventory.of(&copy_job::KIND).map(copied))? {
        return Ok(Outcome::Pass);
    }
    records(&copy_job::KIND, view)?;
    Ok(Outcome::Fail(match any_holds(plans()) {
        Ok(true) => {
            "a backup plan copies to another account, but no copy completed in the last 30 days".into()
        }
        _ => "no backup was copied to another account in the last 30 days".into(),
    }))
}

pub const DR_30: Check = Check {
    id: "DR-30",
    alias: "copies-have-usable-key",
    title: "A usable key exists where each copy must be restored",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Critical,
    effort: Effort::Medium,
    subject: Subject::EachOfIncludingExcluded(
        &[
            &recovery_point::KIND,
            &db_snapshot::KIND,
            &cluster_snapshot::KIND,
            &backups_replication::KIND,
            &key::KIND,
        ],
        usable_key,
    ),
    reads: &[
        Reads {
            kind: &recovery_point::KIND,
            attributes: &[
                recovery_point::RESOURCE_ARN.any(),
                recovery_point::SOURCE_VAULT_ARN.any(),
                recovery_point::ENCRYPTED.any(),
                recovery_point::ENCRYPTION_KEY_ARN.any(),
            ],
        },
        Reads {
            kind: &db_snapshot::KIND,
            attributes: &[
                db_snapshot::SNAPSHOT_TYPE.any(),
                db_snapshot::SOURCE_SNAPSHOT.any(),
                db_snapshot::KMS_KEY_ID.any(),
            ],
        },
        Reads {
            kind: &cluster_snapshot::KIND,
            attributes: &[
                cluster_snapshot::SNAPSHOT_TYPE.any(),
                cluster_snapshot::SOURCE_SNAPSHOT.any(),
                cluster_snapshot::KMS_KEY_ID.any(),
            ],
        },
        Reads { kind: &backups_replication::KIND, attributes: &[backups_replication::KMS_KEY_ID.any()] },
        Reads {
            kind: &key::KIND,
            attributes: &[
                ARN.any(),
                key::KEY_STATE.any(),
                key::IS_ENABLED.any(),
                key::MULTI_REGION.any(),
                key::ALIASES.any(),
            ],
        },
        Reads { kind: &alias::KIND, attributes: &[alias::TARGET_KEY_ID.any()] },
    ],
    page: include_str!("../../../docs/checks/DR-30.md"),
};

fn usable_key(resource: &Resource, view: &View) -> Verdict {
    if resource.kind() == key::KIND.name {
        return application_key(resource, view);
    }
    let Some(reference) = key_of_copy(resource)? else {
        return Ok(Outcome::NotApplicable("not a copy, or not encrypted"));
    };
    let place = &resource.address.place;
    if arn_account(&reference).is_some_and(|account| account != place.account) {
        let detail = format!("the key {reference} belongs to another account");
        return Err(Gap::new("kms:DescribeKey", Cause::Unsupported, detail));
    }
    let Some(found) = find_key(&reference, place, view)? else {
        return match view.side {
            Side::Declared => Err(not_in_state(key::KIND.name)),
            Side::Live => {
                Ok(Outcome::Fail(format!("its key {reference} does not exist: it cannot be restored")))
            }
        };
    };
    key_works(found, view)
}

/// The key of a copied recovery point, snapshot or automated backup; `None` for everything else.
fn key_of_copy(resource: &Resource) -> Result<Option<String>, Gap> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    if resource.kind() == recovery_point::KIND.name {
        let source = filled(resource.get(&recovery_point::SOURCE_VAULT_ARN)?);
        let of = resource.get_or_default(&recovery_point::RESOURCE_ARN)?;
        let copied = source.is_some() || arn_region(&of).is_some_and(|region| region != resource.region());
        if !copied || !resource.get_or_default(&recovery_point::ENCRYPTED)? {
            return Ok(None);
        }
        let key = filled(resource.get(&recovery_point::ENCRYPTION_KEY_ARN)?);
        let unnamed = || {
            let call = "backup:ListRecoveryPointsByBackupVault";
            Gap::new(call, Cause::Malformed, "the copy is encrypted, but names no key")
        };
        return key.ok_or_else(unnamed).map(Some);
    }
    if resource.kind() == backups_replication::KIND.name {
        return Ok(filled(resource.get(&backups_replication::KMS_KEY_ID)?));
    }
    // Those of AWS Backup are recovery points, and judged as such.
    let own = resource.get(&db_snapshot::SNAPSHOT_TYPE)?.as_deref() == Some("manual");
    let source = match resource.kind() == cluster_snapshot::KIND.name {
        true => resource.get(&cluster_snapshot::SOURCE_SNAPSHOT)?,
        false => resource.get(&db_snapshot::SOURCE_SNAPSHOT)?,
    };
    let copied =
        filled(source).is_some_and(|arn| arn_region(&arn).is_some_and(|from| from != resource.region()));
    if !own || !copied {
        return Ok(None);
    }
    Ok(filled(resource.get(&db_snapshot::KMS_KEY_ID)?))
}

fn key_works(key: &Resource, view: &View) -> Verdict {
    if view.side == Side::Declared {
        return Ok(match key.get(&key::IS_ENABLED)? {
            Some(false) => Outcome::Fail(format!("the key {} is disabled", key.id())),
            _ => Outcome::Pass,
        });
    }
    Ok(match key.get_or_default(&key::KEY_STATE)?.as_str() {
        "Enabled" => Outcome::Pass,
        state => {
            Outcome::Fail(format!("the key {} is {state}: what it protects cannot be restored", key.id()))
        }
    })
}

/// A key with which an application encrypts data itself has to be there in the recovery region too.
fn application_key(resource: &Resource, view: &View) -> Verdict {
    let patterns = &view.profile.backup.application_keys;
    if patterns.is_empty() {
        return Ok(Outcome::NotApplicable("the profile names no key of application data"));
    }
    let mut names = vec![resource.id().to_owned(), arn_of(resource)?];
    names.extend(
        resource
            .get(&key::ALIASES)
            .or_else(|gap| match view.side {
                Side::Declared => Ok(None),
                Side::Live => Err(gap),
            })?
            .unwrap_or_default(),
    );
    if !names.iter().any(|name| any_matches(patterns, name)) {
        return Ok(Outcome::NotApplicable("not among the profile's keys of application data"));
    }
    if !resource.get_or_default(&key::MULTI_REGION)? {
        return Ok(Outcome::Fail("applications encrypt with it, and it exists in one region only".into()));
    }
    let regions = copy_regions(resource.region(), view)?;
    // The replicas of a multi-Region key have its id.
    for region in &regions {
        let place = Place::new(resource.account(), *region);
        if let Some(replica) = view.inventory.lookup(&key::KIND, &place, resource.id())? {
            return key_works(replica, view);
        }
    }
    Ok(Outcome::Fail(format!(
        "applications encrypt with it, and it has no replica in {}",
        regions.join(", ")
    )))
}

pub const DR_31: Check = Check {
    id: "DR-31",
    alias: "secrets-replicated",
    title: "Secrets are replicated",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&secret::KIND, secret_replicated),
    reads: &[Reads { kind: &secret::KIND, attributes: &[secret::REPLICA.any()] }],
    page: include_str!("../../../docs/checks/DR-31.md"),
};

fn secret_replicated(resource: &Resource, view: &View) -> Verdict {
    let regions = copy_regions(resource.region(), view)?;
    let replicas = resource.get_or_default(&secret::REPLICA)?;
    let there: Vec<_> =
        replicas.iter().filter(|replica| regions.contains(&replica.region.as_str())).collect();
    let in_sync = |replica: &&secret::Replica| {
        view.side == Side::Declared || replica.status.as_deref() == Some("InSync")
    };
    if there.iter().any(in_sync) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(match there.first() {
        Some(replica) => {
            let status = replica.status.as_deref().unwrap_or("not in sync");
            format!("its replica in {} is {status}", replica.region)
        }
        None => format!("it has no replica in {}", regions.join(", ")),
    }))
}

pub const DR_35: Check = Check {
    id: "DR-35",
    alias: "state-survives-region",
    title: "Terraform state survives the primary region",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::State(state_survives),
    reads: &[REPLICATED],
    page: include_str!("../../../docs/checks/DR-35.md"),
};

/// Whether a state is still there when the primary region is not.
pub(crate) fn state_survives(state: &StateFacts, view: &View) -> Verdict {
    let Some((name, object)) = &state.s3 else {
        return Ok(Outcome::NotApplicable("the state is not kept in S3"));
    };
    let found = view.inventory.of(&bucket::KIND).find(|bucket| bucket.id() == name);
    let region = match (&state.region, found) {
        (_, Some(bucket)) => bucket.region(),
        (Some(region), None) => region.as_str(),
        (None, None) => "",
    };
    let Some(primary) = view.profile.regions.iter().find(|region| region.role == Role::Primary) else {
        return Err(Gap::new("profile", Cause::NotRequested, "no audited region has the role primary"));
    };
    if !region.is_empty() && region != primary.name {
        return Ok(Outcome::Pass);
    }
    let Some(bucket) = found else {
        if view.side == Side::Declared {
            return Err(not_in_state(bucket::KIND.name));
        }
        view.inventory.all(&bucket::KIND)?;
        let detail = format!("the bucket {name} belongs to another account");
        return Err(Gap::new("s3:GetBucketReplication", Cause::Unsupported, detail));
    };
    let covers = |rule: &bucket::ReplicationRule| {
        let filters = rule.filter.iter();
        let tagged = filters.clone().any(|filter| filter.tags.as_ref().is_some_and(|tags| !tags.is_empty()));
        let mut prefixes =
            filters.filter_map(|filter| filter.prefix.as_deref()).chain(rule.prefix.as_deref());
        !tagged && prefixes.all(|prefix| object.starts_with(prefix))
    };
    replication(bucket, view, covers)
}
