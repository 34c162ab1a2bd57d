//! How old the data is that recovery would bring back.

use stateward_model::kinds::backup::recovery_point;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::efs::{file_system, replication};
use stateward_model::kinds::rds::{
    backups_replication, cluster, cluster_snapshot, db_instance, db_snapshot, global_cluster,
};
use stateward_model::{Gap, Resource};

use super::copies::{has_active_replica, has_continuous_copy, is_copy, is_whole};
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{age_of, arn_of, arn_region, copy_regions, not_in_state, records, span};
use crate::checks::storage::databases;
use crate::inventory::Side;

/// The recovery point objective, in seconds.
pub(super) fn objective(view: &View) -> i64 {
    i64::try_from(view.profile.objectives.rpo.as_secs()).unwrap_or(i64::MAX)
}

pub const DR_15: Check = Check {
    id: "DR-15",
    alias: "efs-replicates",
    title: "File systems replicate",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&file_system::KIND, file_system_replicates),
    reads: &[
        Reads { kind: &file_system::KIND, attributes: &[] },
        Reads { kind: &replication::KIND, attributes: &[replication::DESTINATION.any()] },
    ],
    page: include_str!("../../../docs/checks/DR-15.md"),
};

fn file_system_replicates(resource: &Resource, view: &View) -> Verdict {
    let regions = copy_regions(resource.region(), view)?;
    let Some(found) = view.inventory.lookup(&replication::KIND, &resource.address.place, resource.id())?
    else {
        if is_replica(resource, view)? {
            return Ok(Outcome::NotApplicable("the copy of another file system"));
        }
        return Ok(Outcome::Fail("it is not replicated".into()));
    };
    let destinations = found.get_or_default(&replication::DESTINATION)?;
    let there = destinations.iter().filter(|destination| regions.contains(&destination.region.as_str()));
    let Some(destination) =
        there.clone().find(|destination| is_enabled(destination)).or(there.clone().next())
    else {
        return Ok(Outcome::Fail(format!("it is not replicated to {}", regions.join(", "))));
    };
    if view.side == Side::Declared {
        return Err(not_in_state("when a file system was last replicated"));
    }
    let Some(synced) = destination.last_replicated_timestamp.as_deref().filter(|_| is_enabled(destination))
    else {
        let status = destination.status.as_deref().unwrap_or("not enabled");
        return Ok(Outcome::Fail(format!("its replication to {} is {status}", destination.region)));
    };
    let age = age_of(synced, view)?;
    Ok(match age <= objective(view) {
        true => Outcome::Pass,
        false => Outcome::Fail(format!(
            "its copy in {} is {} behind; the objective is {}",
            destination.region,
            span(age),
            span(objective(view))
        )),
    })
}

fn is_enabled(destination: &replication::Destination) -> bool {
    destination.status.as_deref() == Some("ENABLED")
}

/// A replication is listed where its source is, and names its destination.
fn is_replica(resource: &Resource, view: &View) -> Result<bool, Gap> {
    for found in view.inventory.all(&replication::KIND)? {
        let destinations = found.get_or_default(&replication::DESTINATION)?;
        let here = |destination: &replication::Destination| {
            // A state may name the destination by its ARN.
            let id = destination.file_system_id.as_deref().and_then(|id| id.rsplit('/').next());
            destination.region == resource.region() && id == Some(resource.id())
        };
        if destinations.iter().any(here) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub const DR_19: Check = Check {
    id: "DR-19",
    alias: "point-in-time-lag",
    title: "Point-in-time lag inside the RPO",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster::KIND, &table::KIND], restore_lag),
    reads: &[
        Reads {
            kind: &db_instance::KIND,
            attributes: &[
                db_instance::BACKUP_RETENTION_PERIOD.any(),
                db_instance::LATEST_RESTORABLE_TIME.any(),
                db_instance::REPLICATE_SOURCE_DB.any(),
            ],
        },
        Reads {
            kind: &cluster::KIND,
            attributes: &[
                cluster::BACKUP_RETENTION_PERIOD.any(),
                cluster::LATEST_RESTORABLE_TIME.any(),
                cluster::REPLICATION_SOURCE_IDENTIFIER.any(),
            ],
        },
        Reads {
            kind: &table::KIND,
            attributes: &[table::POINT_IN_TIME_RECOVERY.any(), table::LATEST_RESTORABLE.any()],
        },
    ],
    page: include_str!("../../../docs/checks/DR-19.md"),
};

fn restore_lag(resource: &Resource, view: &View) -> Verdict {
    let of_table = resource.kind() == table::KIND.name;
    if !of_table && databases::is_replica(resource)? {
        return Ok(Outcome::NotApplicable("a read replica; its source is restored"));
    }
    let on = match of_table {
        true => resource.get_or_default(&table::POINT_IN_TIME_RECOVERY)?.iter().any(|block| block.enabled),
        false => resource.get_or_default(&db_instance::BACKUP_RETENTION_PERIOD)? > 0,
    };
    if !on {
        return Ok(Outcome::Fail("it cannot be restored to any point in time".into()));
    }
    // What a state keeps is how it was when it was written.
    if view.side == Side::Declared {
        return Err(not_in_state("the latest restorable time"));
    }
    // Instances and clusters have it under the same name.
    let latest = match of_table {
        true => resource.get(&table::LATEST_RESTORABLE)?,
        false => resource.get(&db_instance::LATEST_RESTORABLE_TIME)?,
    };
    let Some(latest) = latest else {
        return Ok(Outcome::Fail("no point in time can be restored yet".into()));
    };
    let (lag, rpo) = (age_of(&latest, view)?, objective(view));
    let message =
        format!("the latest point that can be restored is {} old; the objective is {}", span(lag), span(rpo));
    Ok(Outcome::graded(lag, rpo, message))
}

pub const DR_21: Check = Check {
    id: "DR-21",
    alias: "recovery-point-age",
    title: "Newest recovery point inside the RPO",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::EachOf(
        &[&db_instance::KIND, &cluster::KIND, &table::KIND, &file_system::KIND],
        newest_point,
    ),
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
        Reads { kind: &table::KIND, attributes: &[ARN.any(), table::REPLICA.any()] },
        Reads { kind: &file_system::KIND, attributes: &[ARN.any()] },
        Reads { kind: &replication::KIND, attributes: &[replication::DESTINATION.any()] },
        Reads {
            kind: &backups_replication::KIND,
            attributes: &[
                backups_replication::SOURCE_DB_INSTANCE_ARN.any(),
                backups_replication::STATUS.any(),
            ],
        },
        Reads { kind: &global_cluster::KIND, attributes: &[global_cluster::GLOBAL_CLUSTER_MEMBERS.any()] },
        Reads {
            kind: &recovery_point::KIND,
            attributes: &[
                recovery_point::RESOURCE_ARN.any(),
                recovery_point::STATUS.any(),
                recovery_point::CREATED_AT.any(),
            ],
        },
        Reads {
            kind: &db_snapshot::KIND,
            attributes: &[
                db_snapshot::DB_INSTANCE_IDENTIFIER.any(),
                db_snapshot::SOURCE_SNAPSHOT.any(),
                db_snapshot::STATUS.any(),
                db_snapshot::ORIGINAL_CREATED_AT.any(),
            ],
        },
        Reads {
            kind: &cluster_snapshot::KIND,
            attributes: &[
                cluster_snapshot::DB_CLUSTER_IDENTIFIER.any(),
                cluster_snapshot::SOURCE_SNAPSHOT.any(),
                cluster_snapshot::STATUS.any(),
                cluster_snapshot::CREATED_AT.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/DR-21.md"),
};

fn newest_point(resource: &Resource, view: &View) -> Verdict {
    let regions = copy_regions(resource.region(), view)?;
    let age = age_of_newest(resource, &regions, view);
    let rpo = objective(view);
    if age.as_ref().is_ok_and(|age| age.is_some_and(|age| age <= rpo)) {
        return Ok(Outcome::Pass);
    }
    if let Some(reason) = does_not_rest_on_points(resource, &regions, view)? {
        return Ok(Outcome::NotApplicable(reason));
    }
    let there = regions.join(", ");
    Ok(Outcome::Fail(match age? {
        Some(age) => {
            format!(
                "its newest recovery point in {there} is {} old; the objective is {}",
                span(age),
                span(rpo)
            )
        }
        None => format!("it has no recovery point in {there}"),
    }))
}

/// Why recovery of the resource does not rest on recovery points, if so.
fn does_not_rest_on_points(
    resource: &Resource,
    regions: &[&str],
    view: &View,
) -> Result<Option<&'static str>, Gap> {
    const COPY: &str = "a copy itself; its source is judged";
    const REPLICATED: &str = "it is replicated, so that recovery does not rest on recovery points";
    let kind = resource.kind();
    if kind == table::KIND.name {
        return Ok(has_active_replica(resource, regions, view)?.then_some(REPLICATED));
    }
    if kind == file_system::KIND.name {
        if is_replica(resource, view)? {
            return Ok(Some(COPY));
        }
        let place = &resource.address.place;
        let Some(found) = view.inventory.lookup(&replication::KIND, place, resource.id())? else {
            return Ok(None);
        };
        let destinations = found.get_or_default(&replication::DESTINATION)?;
        let there = |destination: &replication::Destination| {
            is_enabled(destination) && regions.contains(&destination.region.as_str())
        };
        return Ok(destinations.iter().any(there).then_some(REPLICATED));
    }
    if is_copy(resource, view)? {
        return Ok(Some(COPY));
    }
    Ok(has_continuous_copy(resource, view)?.then_some(REPLICATED))
}

/// The age in seconds of the newest whole recovery point or copied snapshot in `regions`; `None` where there is none.
fn age_of_newest(resource: &Resource, regions: &[&str], view: &View) -> Result<Option<i64>, Gap> {
    let arn = arn_of(resource)?;
    let mut newest: Option<String> = None;
    for point in records(&recovery_point::KIND, view)? {
        let of_it = point.get(&recovery_point::RESOURCE_ARN)?.as_deref() == Some(arn.as_str());
        if of_it
            && regions.contains(&point.region())
            && is_whole(&point.get_or_default(&recovery_point::STATUS)?)
        {
            newest = newest.max(point.get(&recovery_point::CREATED_AT)?);
        }
    }
    newest = newest.max(newest_snapshot(resource, regions, view)?);
    newest.map(|stamp| age_of(&stamp, view)).transpose()
}

/// When the data of the newest snapshot that was copied from the database's region was taken.
fn newest_snapshot(resource: &Resource, regions: &[&str], view: &View) -> Result<Option<String>, Gap> {
    let of_cluster = resource.kind() == cluster::KIND.name;
    if !of_cluster && resource.kind() != db_instance::KIND.name {
        return Ok(None);
    }
    let kind = if of_cluster { &cluster_snapshot::KIND } else { &db_snapshot::KIND };
    let mut newest: Option<String> = None;
    for snapshot in view.inventory.all(kind)? {
        let (of, source, taken) = match of_cluster {
            true => (
                snapshot.get(&cluster_snapshot::DB_CLUSTER_IDENTIFIER)?,
                snapshot.get_or_default(&cluster_snapshot::SOURCE_SNAPSHOT)?,
                snapshot.get(&cluster_snapshot::CREATED_AT)?,
            ),
            false => (
                snapshot.get(&db_snapshot::DB_INSTANCE_IDENTIFIER)?,
                snapshot.get_or_default(&db_snapshot::SOURCE_SNAPSHOT)?,
                snapshot.get(&db_snapshot::ORIGINAL_CREATED_AT)?,
            ),
        };
        let copied = arn_region(&source) == Some(resource.region());
        let available = snapshot.get_or_default(&db_snapshot::STATUS)? == "available";
        if regions.contains(&snapshot.region()) && of.as_deref() == Some(resource.id()) && copied && available
        {
            newest = newest.max(taken);
        }
    }
    Ok(newest)
}
