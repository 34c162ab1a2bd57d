//! Restores that were rehearsed.

use std::collections::{BTreeMap, BTreeSet};

use stateward_model::Gap;
use stateward_model::kinds::backup::{protected_resource, restore_job};
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::efs::file_system;
use stateward_model::kinds::rds::{cluster, db_instance};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{age_of, records, span};
use crate::checks::told;

/// How long a rehearsal proves something, in seconds.
const FRESH: i64 = 90 * 86_400;

pub const DR_22: Check = Check {
    id: "DR-22",
    alias: "restore-rehearsed",
    title: "A restore has been rehearsed",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Critical,
    effort: Effort::Medium,
    subject: Subject::Estate(restores_rehearsed),
    reads: &[
        Reads { kind: &db_instance::KIND, attributes: &[db_instance::ENGINE.any()] },
        Reads { kind: &cluster::KIND, attributes: &[cluster::ENGINE.any()] },
        Reads { kind: &table::KIND, attributes: &[] },
        Reads { kind: &file_system::KIND, attributes: &[] },
        Reads { kind: &protected_resource::KIND, attributes: &[protected_resource::RESOURCE_TYPE.any()] },
        Reads {
            kind: &restore_job::KIND,
            attributes: &[
                restore_job::COMPLETED_AT.any(),
                restore_job::RESOURCE_TYPE.any(),
                restore_job::STATUS.any(),
                restore_job::VALIDATION_STATUS.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/DR-22.md"),
};

fn restores_rehearsed(view: &View) -> Verdict {
    // The records come first: a state has none, and cannot decide anything here.
    let newest = newest_restores(view)?;
    let classes = classes(view)?;
    if classes.is_empty() {
        return Ok(Outcome::NotApplicable("the estate holds no state that AWS Backup restores"));
    }
    let mut wrong = Vec::new();
    for class in classes {
        let Some(restore) = newest.get(&class) else {
            wrong.push(format!("{class}: no restore is on record"));
            continue;
        };
        let age = age_of(&restore.at, view)?;
        if age > FRESH {
            wrong.push(format!("{class}: the last restore was {} ago", span(age)));
        } else if restore.refuted {
            wrong.push(format!("{class}: the last restore did not pass its validation"));
        }
    }
    Ok(match wrong.is_empty() {
        true => Outcome::Pass,
        false => Outcome::Fail(wrong.join("; ")),
    })
}

struct Restore {
    at: String,
    refuted: bool,
}

/// The newest restore of each class that was completed.
fn newest_restores(view: &View) -> Result<BTreeMap<String, Restore>, Gap> {
    let mut newest: BTreeMap<String, Restore> = BTreeMap::new();
    for job in records(&restore_job::KIND, view)? {
        if job.get_or_default(&restore_job::STATUS)? != "COMPLETED" {
            continue;
        }
        let class = told(job.get(&restore_job::RESOURCE_TYPE)?, "backup:ListRestoreJobs")?;
        let at = told(job.get(&restore_job::COMPLETED_AT)?, "backup:ListRestoreJobs")?;
        let refuted = job.get_or_default(&restore_job::VALIDATION_STATUS)? == "FAILED";
        if newest.get(&class).is_none_or(|known| known.at < at) {
            newest.insert(class, Restore { at, refuted });
        }
    }
    Ok(newest)
}

/// What the estate holds that has a state of its own, in the words of AWS Backup.
fn classes(view: &View) -> Result<BTreeSet<String>, Gap> {
    let mut classes = BTreeSet::new();
    for resource in records(&protected_resource::KIND, view)? {
        classes.insert(told(
            resource.get(&protected_resource::RESOURCE_TYPE)?,
            "backup:ListProtectedResources",
        )?);
    }
    for instance in view.inventory.all(&db_instance::KIND)? {
        // Members of clusters are restored with their cluster.
        let engine = told(instance.get(&db_instance::ENGINE)?, "rds:DescribeDBInstances")?;
        if of_cluster(&engine).is_none() {
            classes.insert("RDS".to_owned());
        }
    }
    for cluster in view.inventory.all(&cluster::KIND)? {
        let engine = told(cluster.get(&cluster::ENGINE)?, "rds:DescribeDBClusters")?;
        classes.insert(of_cluster(&engine).unwrap_or("RDS").to_owned());
    }
    if !view.inventory.all(&table::KIND)?.is_empty() {
        classes.insert("DynamoDB".to_owned());
    }
    if !view.inventory.all(&file_system::KIND)?.is_empty() {
        classes.insert("EFS".to_owned());
    }
    Ok(classes)
}

/// The class of an engine that only runs in clusters.
fn of_cluster(engine: &str) -> Option<&'static str> {
    match engine {
        "docdb" => Some("DocumentDB"),
        "neptune" => Some("Neptune"),
        _ if engine.starts_with("aurora") => Some("Aurora"),
        _ => None,
    }
}
