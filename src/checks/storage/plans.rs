//! AWS Backup: plans, vaults, recovery points and jobs.

use stateward_model::kinds::backup::{
    job, plan, protected_resource, recovery_point, selection as selection_kind, vault,
};
use stateward_model::kinds::common::{ARN, TAGS, TAGS_ALL};
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::ec2::compute::{instance, volume};
use stateward_model::kinds::efs::file_system;
use stateward_model::kinds::kms::key;
use stateward_model::kinds::rds::{cluster, db_instance};
use stateward_model::policy::{Condition, Document, Principal, Statement};
use stateward_model::{Cause, Gap, Kind, Resource};
use time::{Duration, OffsetDateTime};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{
    KeyOwner, age_of, any_holds, arn_region, in_production, key_owner, partition, records, records_in, span,
    time_of,
};
use crate::checks::schedule::last_start;
use crate::checks::selection::{self, is_protected};
use crate::checks::storage::databases::is_replica;
use crate::checks::storage::stores::table_in_production;
use crate::inventory::{Side, exclusion};

pub const STO_36: Check = Check {
    id: "STO-36",
    alias: "backup-plan-scheduled",
    title: "A backup plan with a schedule exists",
    component: "storage",
    category: Category::Backup,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Estate(plan_scheduled),
    reads: &[
        Reads { kind: &plan::KIND, attributes: &[plan::NAME.any(), plan::RULE.any()] },
        Reads { kind: &selection_kind::KIND, attributes: &[selection_kind::PLAN_ID.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-36.md"),
};

fn plan_scheduled(view: &View) -> Verdict {
    let own = || view.inventory.of(&plan::KIND).filter(|plan| exclusion(plan).is_none());
    if any_holds(own().map(|plan| runs(plan, view)))? {
        return Ok(Outcome::Pass);
    }
    view.inventory.all(&plan::KIND)?;
    Ok(Outcome::Fail(match own().count() {
        0 => "there is no backup plan".into(),
        count => format!("none of the {count} backup plans has both a schedule and a selection"),
    }))
}

/// True when a rule of the plan has a schedule, and a selection gives it something to back up.
fn runs(plan: &Resource, view: &View) -> Result<bool, Gap> {
    if !plan.get_or_default(&plan::RULE)?.iter().any(is_scheduled) {
        return Ok(false);
    }
    let place = &plan.address.place;
    let here = view.inventory.of(&selection_kind::KIND).filter(|found| &found.address.place == place);
    let of_plan = |found: &Resource| Ok(found.get(&selection_kind::PLAN_ID)?.as_deref() == Some(plan.id()));
    if any_holds(here.map(of_plan))? {
        return Ok(true);
    }
    view.inventory.complete(&selection_kind::KIND, place).map(|()| false)
}

fn is_scheduled(rule: &plan::Rule) -> bool {
    rule.schedule.as_deref().is_some_and(|schedule| !schedule.is_empty())
}

pub const STO_37: Check = Check {
    id: "STO-37",
    alias: "stateful-resources-protected",
    title: "Every stateful production resource is protected",
    component: "storage",
    category: Category::Backup,
    severity: Severity::High,
    effort: Effort::Medium,
    // Attached volumes are excluded as parts of their instances.
    subject: Subject::EachOfIncludingExcluded(
        &[&db_instance::KIND, &cluster::KIND, &table::KIND, &volume::KIND, &file_system::KIND],
        stateful_protected,
    ),
    reads: &[
        Reads {
            kind: &db_instance::KIND,
            attributes: &[
                ARN.any(),
                TAGS.any(),
                TAGS_ALL.any(),
                db_instance::BACKUP_RETENTION_PERIOD.any(),
                db_instance::REPLICATE_SOURCE_DB.any(),
            ],
        },
        Reads {
            kind: &cluster::KIND,
            attributes: &[
                ARN.any(),
                TAGS.any(),
                TAGS_ALL.any(),
                cluster::BACKUP_RETENTION_PERIOD.any(),
                cluster::REPLICATION_SOURCE_IDENTIFIER.any(),
            ],
        },
        Reads {
            kind: &table::KIND,
            attributes: &[
                ARN.any(),
                table::ENVIRONMENT_TAGS.any(),
                table::POINT_IN_TIME_RECOVERY.any(),
                table::STATUS.any(),
            ],
        },
        Reads {
            kind: &volume::KIND,
            attributes: &[ARN.any(), TAGS.any(), TAGS_ALL.any(), volume::ATTACHMENTS.any()],
        },
        Reads {
            kind: &file_system::KIND,
            attributes: &[ARN.any(), TAGS.any(), TAGS_ALL.any(), file_system::STATE.any()],
        },
        selection::PROTECTED,
        selection::READS,
    ],
    page: include_str!("../../../docs/checks/STO-37.md"),
};

fn stateful_protected(resource: &Resource, view: &View) -> Verdict {
    let of_volume = resource.kind() == volume::KIND.name;
    if !of_volume && exclusion(resource).is_some() {
        return Ok(Outcome::NotApplicable("it is being deleted"));
    }
    if of_volume && let Some(reason) = holds_no_state(resource, view)? {
        return Ok(Outcome::NotApplicable(reason));
    }
    let native = native_protection(resource);
    if native == Ok(Some(true)) {
        return Ok(Outcome::Pass);
    }
    if native == Ok(None) {
        return Ok(Outcome::NotApplicable("a read replica; its source is judged"));
    }
    if is_protected(resource, view)? || instance_protected(resource, view)? {
        return Ok(Outcome::Pass);
    }
    native?;
    let production = match resource.kind() == table::KIND.name {
        true => table_in_production(resource, view)?,
        false => in_production(resource, view)?,
    };
    if !production {
        return Ok(Outcome::NotApplicable("its tags name an environment that is not production"));
    }
    Ok(Outcome::Fail("neither AWS Backup nor point-in-time recovery of its service protects it".into()))
}

/// Why nothing on a volume has to survive, if so. A state does not tell of its attachments.
///
/// # Errors
/// The gap of its attachments.
pub fn holds_no_state(volume: &Resource, view: &View) -> Result<Option<&'static str>, Gap> {
    if view.side == Side::Declared {
        return Ok(None);
    }
    let attachments = volume.get_or_default(&volume::ATTACHMENTS)?;
    if attachments.is_empty() {
        return Ok(Some("attached to nothing"));
    }
    let goes = attachments.iter().all(|attachment| attachment.delete_on_termination == Some(true));
    Ok(goes.then_some("it goes with its instance, and so holds nothing that has to survive"))
}

/// Whether the service itself can go back in time; `None` for a replica, whose source can.
fn native_protection(resource: &Resource) -> Result<Option<bool>, Gap> {
    let kind = resource.kind();
    if kind == table::KIND.name {
        let recovery = resource.get_or_default(&table::POINT_IN_TIME_RECOVERY)?;
        return Ok(Some(recovery.iter().any(|block| block.enabled)));
    }
    if kind == db_instance::KIND.name || kind == cluster::KIND.name {
        if is_replica(resource)? {
            return Ok(None);
        }
        return Ok(Some(resource.get_or_default(&db_instance::BACKUP_RETENTION_PERIOD)? > 0));
    }
    Ok(Some(false))
}

/// A backup of an instance holds all of its volumes.
fn instance_protected(resource: &Resource, view: &View) -> Result<bool, Gap> {
    if resource.kind() != volume::KIND.name || view.side == Side::Declared {
        return Ok(false);
    }
    let place = &resource.address.place;
    let attachments = resource.get_or_default(&volume::ATTACHMENTS)?;
    any_holds(attachments.iter().map(|attachment| {
        let (partition, id) = (partition(&place.region), &attachment.instance_id);
        let arn = format!("arn:{partition}:ec2:{}:{}:instance/{id}", place.region, place.account);
        Ok(view.inventory.lookup(&protected_resource::KIND, place, &arn)?.is_some())
    }))
}

pub const STO_38: Check = Check {
    id: "STO-38",
    alias: "backup-vault-customer-key",
    title: "Backup vaults use a customer key",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&vault::KIND, vault_key),
    reads: &[
        Reads { kind: &vault::KIND, attributes: &[vault::KMS_KEY_ARN.any()] },
        Reads { kind: &key::KIND, attributes: &[key::KEY_MANAGER.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-38.md"),
};

fn vault_key(resource: &Resource, view: &View) -> Verdict {
    let Some(reference) = resource.get(&vault::KMS_KEY_ARN)?.filter(|arn| !arn.is_empty()) else {
        return Ok(Outcome::Fail("the vault names no key".into()));
    };
    Ok(match key_owner(&reference, &resource.address.place, view)? {
        KeyOwner::Customer => Outcome::Pass,
        KeyOwner::Aws => Outcome::Fail(
            "the vault uses a key that AWS manages, so that its recovery points cannot go to another account"
                .into(),
        ),
        KeyOwner::Nobody => Outcome::Fail(format!("the key of the vault, {reference}, does not exist")),
    })
}

pub const STO_39: Check = Check {
    id: "STO-39",
    alias: "recovery-points-encrypted",
    title: "Recovery points are encrypted",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&recovery_point::KIND, point_encrypted),
    reads: &[Reads {
        kind: &recovery_point::KIND,
        attributes: &[recovery_point::ENCRYPTED.any(), recovery_point::RESOURCE_ARN.any()],
    }],
    page: include_str!("../../../docs/checks/STO-39.md"),
};

fn point_encrypted(resource: &Resource, _: &View) -> Verdict {
    if resource.get_or_default(&recovery_point::ENCRYPTED)? {
        return Ok(Outcome::Pass);
    }
    let of = resource.get(&recovery_point::RESOURCE_ARN)?.unwrap_or_else(|| "a resource".into());
    Ok(Outcome::Fail(format!("the recovery point of {of} is not encrypted")))
}

pub const STO_40: Check = Check {
    id: "STO-40",
    alias: "backup-vault-locked",
    title: "Vaults are locked against deletion",
    component: "storage",
    category: Category::Backup,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&vault::KIND, vault_locked),
    reads: &[Reads { kind: &vault::KIND, attributes: &[vault::LOCK.any(), vault::POLICY.any()] }],
    page: include_str!("../../../docs/checks/STO-40.md"),
};

fn vault_locked(resource: &Resource, _: &View) -> Verdict {
    let lock = resource.get(&vault::LOCK);
    if lock.as_ref().is_ok_and(|lock| lock.as_ref().is_some_and(|lock| !lock.is_empty())) {
        return Ok(Outcome::Pass);
    }
    let text = resource.get(&vault::POLICY)?.filter(|text| !text.is_empty());
    let policy = match &text {
        None => None,
        Some(text) => Some(Document::parse(text).ok_or_else(|| {
            Gap::new("backup:GetBackupVaultAccessPolicy", Cause::Malformed, "the vault policy is no policy")
        })?),
    };
    if policy.is_some_and(|policy| policy.statements.iter().any(refuses_deletes)) {
        return Ok(Outcome::Pass);
    }
    lock?;
    Ok(Outcome::Fail("neither a lock nor its policy keeps recovery points from being deleted".into()))
}

/// True when it denies the delete of recovery points to everybody, but for those whom it names (break-glass).
fn refuses_deletes(statement: &Statement) -> bool {
    const IDENTITY: &[&str] = &["aws:principalarn", "aws:userid", "aws:username", "aws:principalid"];
    let exempts = |condition: &Condition| {
        let operator = condition.operator.as_str();
        let negated = operator.starts_with("StringNot") || operator.starts_with("ArnNot");
        let named = !condition.values.is_empty() && !condition.values.iter().any(|value| value == "*");
        negated
            && named
            && (IDENTITY.contains(&condition.key.as_str()) || condition.key.starts_with("aws:principaltag/"))
    };
    !statement.allow
        && statement.covers_action("backup:DeleteRecoveryPoint")
        && !statement.other_resources
        && statement.resources.iter().any(|resource| resource == "*")
        && (statement.everybody_else || statement.principals.contains(&Principal::Anyone))
        && statement.conditions.iter().all(exempts)
}

pub const STO_41: Check = Check {
    id: "STO-41",
    alias: "backup-jobs-succeed",
    title: "Recent backup jobs succeeded",
    component: "storage",
    category: Category::Backup,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&protected_resource::KIND, jobs_succeed),
    reads: &[
        Reads { kind: &protected_resource::KIND, attributes: &[protected_resource::LAST_BACKUP.any()] },
        Reads {
            kind: &job::KIND,
            attributes: &[
                job::RESOURCE_ARN.any(),
                job::STATE.any(),
                job::CREATED_AT.any(),
                job::COMPLETED_AT.any(),
                job::PLAN_ID.any(),
                job::STATUS_MESSAGE.any(),
            ],
        },
        Reads { kind: &plan::KIND, attributes: &[plan::RULE.any()] },
        Reads { kind: &recovery_point::KIND, attributes: &[recovery_point::RESOURCE_ARN.any()] },
        Reads { kind: &db_instance::KIND, attributes: &[] },
        Reads { kind: &cluster::KIND, attributes: &[] },
        Reads { kind: &table::KIND, attributes: &[] },
        Reads { kind: &volume::KIND, attributes: &[] },
        Reads { kind: &instance::KIND, attributes: &[] },
        Reads { kind: &file_system::KIND, attributes: &[] },
    ],
    page: include_str!("../../../docs/checks/STO-41.md"),
};

fn jobs_succeed(resource: &Resource, view: &View) -> Verdict {
    let arn = resource.id();
    if arn_region(arn).is_some_and(|region| region != resource.region()) {
        return Ok(Outcome::NotApplicable("only copies of it are here; its own region is judged"));
    }
    match last_jobs(resource, view)? {
        Outcome::Fail(_) if is_gone(resource, view)? => {
            Ok(Outcome::NotApplicable("it no longer exists; only its recovery points do"))
        }
        outcome => Ok(outcome),
    }
}

fn last_jobs(resource: &Resource, view: &View) -> Verdict {
    const FINISHED: &[&str] = &["COMPLETED", "FAILED", "EXPIRED", "PARTIAL", "ABORTED"];
    let mut finished = Vec::new();
    for found in records_in(&job::KIND, &resource.address.place, view)? {
        let state = found.get_or_default(&job::STATE)?;
        if found.get(&job::RESOURCE_ARN)?.as_deref() == Some(resource.id())
            && FINISHED.contains(&state.as_str())
        {
            finished.push((found.get_or_default(&job::CREATED_AT)?, state, found));
        }
    }
    finished.sort_by(|a, b| a.0.cmp(&b.0));
    let Some((_, state, last)) = finished.last() else { return without_jobs(resource, view) };
    if state != "COMPLETED" {
        let why = last.get(&job::STATUS_MESSAGE)?.map(|message| format!(": {message}")).unwrap_or_default();
        return Ok(Outcome::Fail(format!("its last backup job ended as {state}{why}")));
    }
    let planned = finished.iter().rev().find_map(|(_, _, found)| found.get(&job::PLAN_ID).transpose());
    let Some(plan) = planned.transpose()? else {
        return Ok(Outcome::NotApplicable("it is only backed up on demand, so that no schedule says when"));
    };
    let Some(plan) = view.inventory.lookup(&plan::KIND, &resource.address.place, &plan)? else {
        return Ok(Outcome::Fail("the backup plan that backed it up no longer exists".into()));
    };
    let ended = time_of(&last.get_or_default(&job::COMPLETED_AT)?)?;
    Ok(match due_since(plan, view)? {
        Some(due) if ended < due => Outcome::Fail(format!(
            "its last backup ended {} ago, and the schedule wanted one since",
            span((view.as_of - ended).whole_seconds())
        )),
        _ => Outcome::Pass,
    })
}

/// Jobs are listed for 30 days. Continuous backups run without any.
fn without_jobs(resource: &Resource, view: &View) -> Verdict {
    for point in records(&recovery_point::KIND, view)? {
        let continuous = point.id().contains(":recovery-point:continuous:");
        if continuous && point.get(&recovery_point::RESOURCE_ARN)?.as_deref() == Some(resource.id()) {
            return Ok(Outcome::NotApplicable("it is backed up continuously, without jobs"));
        }
    }
    let last = resource.get(&protected_resource::LAST_BACKUP)?;
    let age = last.map(|stamp| age_of(&stamp, view)).transpose()?;
    let last = age.map(|age| format!("; the last backup is {} old", span(age))).unwrap_or_default();
    Ok(Outcome::Fail(format!("no backup job of it ended in the last 30 days{last}")))
}

/// The last scheduled start whose windows have passed, so that its job must have ended; `None` where the plan has no
/// schedule for jobs.
fn due_since(plan: &Resource, view: &View) -> Result<Option<OffsetDateTime>, Gap> {
    // Defaults of the API where a rule has no windows.
    const START: i64 = 8 * 60;
    const COMPLETION: i64 = 7 * 24 * 60;
    let mut due = None;
    for rule in plan.get_or_default(&plan::RULE)? {
        if !is_scheduled(&rule) || rule.enable_continuous_backup == Some(true) {
            continue;
        }
        let windows = rule.start_window.unwrap_or(START) + rule.completion_window.unwrap_or(COMPLETION);
        let schedule = rule.schedule.unwrap_or_default();
        let start = last_start(&schedule, view.as_of - Duration::minutes(windows)).ok_or_else(|| {
            Gap::new(
                "backup:GetBackupPlan",
                Cause::Unsupported,
                format!("the schedule {schedule} is not understood"),
            )
        })?;
        // Without a table of time zones, a day more is allowed: no zone is further from UTC.
        let utc = matches!(rule.schedule_expression_timezone.as_deref(), None | Some("" | "UTC" | "Etc/UTC"));
        let start = if utc { start } else { start - Duration::days(1) };
        due = due.max(Some(start));
    }
    Ok(due)
}

/// Whether it is proved that the protected resource was deleted. Types that are not read may exist.
fn is_gone(resource: &Resource, view: &View) -> Result<bool, Gap> {
    let Some((kind, id)) = resource_of(resource.id()) else { return Ok(false) };
    Ok(view.inventory.lookup(kind, &resource.address.place, id)?.is_none())
}

/// Kind and id of the resource that an ARN names.
fn resource_of(arn: &str) -> Option<(&'static Kind, &str)> {
    const FORMS: &[(&str, &str, &Kind)] = &[
        ("rds", "db:", &db_instance::KIND),
        ("rds", "cluster:", &cluster::KIND),
        ("dynamodb", "table/", &table::KIND),
        ("ec2", "volume/", &volume::KIND),
        ("ec2", "instance/", &instance::KIND),
        ("elasticfilesystem", "file-system/", &file_system::KIND),
    ];
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, _, _, name] = parts.as_slice() else { return None };
    FORMS.iter().find_map(|(of, prefix, kind)| {
        let id = name.strip_prefix(prefix).filter(|_| of == service)?;
        Some((*kind, id))
    })
}
