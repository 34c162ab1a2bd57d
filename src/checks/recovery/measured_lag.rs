//! How far copies in other regions were behind, as CloudWatch measured it.

use std::collections::BTreeMap;

use stateward_model::kinds::cloudwatch::metric::{self, Figures};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::elasticache::{CACHE_TAGS, CACHE_TAGS_ALL, replication_group};
use stateward_model::kinds::rds::{cluster, db_instance, global_cluster};
use stateward_model::kinds::s3::bucket;
use stateward_model::{Gap, Resource};

use super::lag::objective;
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{arn_of, arn_region, copy_regions, here, not_in_state, span};
use crate::checks::measured::{Enough, series, shown};
use crate::checks::storage::stores::is_pure_cache;
use crate::inventory::Side;
use crate::profile::BucketClass;

/// Metrics that are only measured while something is written need an hour of values.
const WRITTEN: Enough = Enough::Points(12);

pub const DR_20: Check = Check {
    id: "DR-20",
    alias: "replica-lag",
    title: "Replica lag inside the RPO",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster::KIND, &table::KIND], replica_lag),
    reads: &[
        Reads { kind: &db_instance::KIND, attributes: &[db_instance::REPLICATE_SOURCE_DB.any()] },
        Reads { kind: &cluster::KIND, attributes: &[ARN.any()] },
        Reads { kind: &table::KIND, attributes: &[table::REPLICA.any()] },
        Reads { kind: &global_cluster::KIND, attributes: &[global_cluster::GLOBAL_CLUSTER_MEMBERS.any()] },
        Reads {
            kind: &metric::KIND,
            attributes: &[
                metric::DIMENSIONS.any(),
                metric::AURORA_REPLICATION_LAG.any(),
                metric::AURORA_RPO_LAG.any(),
                metric::REPLICA_LAG.any(),
                metric::TABLE_LATENCY.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/DR-20.md"),
};

fn replica_lag(resource: &Resource, view: &View) -> Verdict {
    if resource.kind() == table::KIND.name {
        return table_lag(resource, view);
    }
    if resource.kind() == cluster::KIND.name {
        return global_lag(resource, view);
    }
    let source = resource.get(&db_instance::REPLICATE_SOURCE_DB)?.unwrap_or_default();
    if arn_region(&source).is_none_or(|region| region == resource.region()) {
        return Ok(Outcome::NotApplicable("not the replica of another region"));
    }
    let own = |name: Option<&String>| name.is_some_and(|name| name == resource.id());
    let found = series(
        &metric::REPLICA_LAG,
        Some(&resource.address.place),
        Enough::Half,
        |dimensions| own(dimensions.get("DBInstanceIdentifier")),
        view,
    )?;
    if found.iter().any(|figures| figures.newest < 0.0) {
        return Ok(Outcome::Fail("replication stands still: the newest lag measured is -1".into()));
    }
    Ok(against_objective(&found, 1.0, view))
}

/// A global cluster is judged at the cluster that writes.
fn global_lag(resource: &Resource, view: &View) -> Verdict {
    const OUTSIDE: Outcome = Outcome::NotApplicable("it does not write for another region");
    let arn = arn_of(resource)?;
    let mut members = Vec::new();
    for global in view.inventory.all(&global_cluster::KIND)? {
        let all = global.get_or_default(&global_cluster::GLOBAL_CLUSTER_MEMBERS)?;
        if all.iter().any(|member| member.is_writer && member.db_cluster_arn == arn) {
            members = all.into_iter().map(|member| member.db_cluster_arn).collect();
        }
    }
    let elsewhere = |arn: &String| arn_region(arn).is_some_and(|region| region != resource.region());
    if !members.iter().any(elsewhere) {
        return Ok(OUTSIDE);
    }
    let names: Vec<&str> = members.iter().filter_map(|arn| arn.rsplit(':').next()).collect();
    let of_it = |dimensions: &BTreeMap<String, String>| {
        dimensions.get("DBClusterIdentifier").is_some_and(|name| names.contains(&name.as_str()))
    };
    // Older engines only tell how far the storage is behind, not the commits.
    let found = series(&metric::AURORA_RPO_LAG, None, Enough::Half, of_it, view).or_else(|gap| {
        series(&metric::AURORA_REPLICATION_LAG, None, Enough::Half, of_it, view).map_err(|_| gap)
    })?;
    Ok(against_objective(&found, 1000.0, view))
}

fn table_lag(resource: &Resource, view: &View) -> Verdict {
    let replicas = resource.get_or_default(&table::REPLICA)?;
    let regions: Vec<&str> = replicas
        .iter()
        .map(|replica| replica.region_name.as_str())
        .filter(|region| *region != resource.region())
        .collect();
    if regions.is_empty() {
        return Ok(Outcome::NotApplicable("it has no replica in another region"));
    }
    let found = series(
        &metric::TABLE_LATENCY,
        Some(&resource.address.place),
        WRITTEN,
        |dimensions| {
            dimensions.get("TableName").is_some_and(|name| name == resource.id())
                && dimensions.get("ReceivingRegion").is_some_and(|region| regions.contains(&region.as_str()))
        },
        view,
    )?;
    Ok(against_objective(&found, 1000.0, view))
}

/// The worst 95th percentile against the objective; `unit` of the measured value are a second.
fn against_objective(found: &[Figures], unit: f64, view: &View) -> Outcome {
    let worst = found.iter().map(|figures| figures.p95).fold(0.0, f64::max) / unit;
    match worst <= view.profile.objectives.rpo.as_secs_f64() {
        true => Outcome::Pass,
        false => Outcome::Fail(format!(
            "in 5 % of the last 24 hours it was {} seconds behind or more; the objective is {}",
            shown(worst),
            span(objective(view))
        )),
    }
}

/// What S3 promises with replication time control, in seconds.
const PROMISED: i64 = 15 * 60;

pub const DR_13: Check = Check {
    id: "DR-13",
    alias: "s3-replication-time",
    title: "Replication time control where the objective needs it",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&bucket::KIND, replication_time),
    reads: &[
        Reads { kind: &bucket::KIND, attributes: &[bucket::REPLICATION.any()] },
        Reads {
            kind: &metric::KIND,
            attributes: &[
                metric::DIMENSIONS.any(),
                metric::BUCKET_FAILURES.any(),
                metric::BUCKET_LATENCY.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/DR-13.md"),
};

fn replication_time(resource: &Resource, view: &View) -> Verdict {
    if objective(view) > PROMISED {
        return Ok(Outcome::NotApplicable(
            "the objective allows more than replication time control promises",
        ));
    }
    if view.profile.storage.class(resource.id()) != BucketClass::Data {
        return Ok(Outcome::NotApplicable("not classed as data by the profile"));
    }
    let rules: Vec<bucket::ReplicationRule> = resource
        .get_or_default(&bucket::REPLICATION)?
        .into_iter()
        .flat_map(|replication| replication.rules)
        .filter(|rule| rule.status == "Enabled")
        .collect();
    if rules.is_empty() {
        return Ok(Outcome::NotApplicable("nothing is replicated"));
    }
    let controlled = |rule: &bucket::ReplicationRule| {
        rule.destination
            .iter()
            .all(|to| to.replication_time.iter().any(|time| time.status.as_str() == "Enabled"))
    };
    if let Some(rule) = rules.iter().find(|rule| !controlled(rule)) {
        let name = rule.id.as_deref().unwrap_or("without a name");
        return Ok(Outcome::Fail(format!("the rule {name} has no replication time control")));
    }
    let of_it = |dimensions: &BTreeMap<String, String>| {
        dimensions.get("SourceBucket").is_some_and(|name| name == resource.id())
    };
    let latency = series(&metric::BUCKET_LATENCY, None, WRITTEN, of_it, view)?;
    // Failures are only measured where there are some.
    let failures = series(&metric::BUCKET_FAILURES, None, Enough::Points(1), of_it, view).unwrap_or_default();
    if let Some(failed) = failures.iter().map(|figures| figures.maximum).reduce(f64::max).filter(|n| *n > 0.0)
    {
        return Ok(Outcome::Fail(format!(
            "{} objects in five minutes could not be replicated",
            shown(failed)
        )));
    }
    Ok(against_objective(&latency, 1.0, view))
}

pub const DR_16: Check = Check {
    id: "DR-16",
    alias: "caches-second-region",
    title: "Caches that hold state have a second region",
    component: "dr",
    category: Category::Dr,
    severity: Severity::Medium,
    effort: Effort::Large,
    subject: Subject::Each(&replication_group::KIND, cache_copied),
    reads: &[
        Reads {
            kind: &replication_group::KIND,
            attributes: &[
                replication_group::GLOBAL_REPLICATION_GROUP_ID.any(),
                replication_group::GLOBAL_ROLE.any(),
                replication_group::SHARDS.any(),
                replication_group::SNAPSHOT_RETENTION_LIMIT.any(),
                replication_group::STATUS.any(),
                CACHE_TAGS.any(),
                CACHE_TAGS_ALL.any(),
            ],
        },
        Reads { kind: &metric::KIND, attributes: &[metric::DIMENSIONS.any(), metric::CACHE_LAG.any()] },
    ],
    page: include_str!("../../../docs/checks/DR-16.md"),
};

fn cache_copied(resource: &Resource, view: &View) -> Verdict {
    let datastore = datastore(resource)?;
    let Some(name) = datastore else { return without_datastore(resource, view) };
    if view.side == Side::Declared {
        return Err(not_in_state("which member of a global datastore is the primary"));
    }
    if resource.get(&replication_group::GLOBAL_ROLE)?.as_deref() == Some("SECONDARY") {
        return Ok(Outcome::NotApplicable("a copy itself; its source is judged"));
    }
    let regions = copy_regions(resource.region(), view)?;
    let (mut secondary, mut gap) = (None, None);
    for region in &regions {
        match member(&name, region, view) {
            Ok(found) => secondary = secondary.or(found),
            Err(found) => gap = gap.or(Some(found)),
        }
    }
    let Some(secondary) = secondary else {
        let none = format!("its global datastore {name} has no member in {}", regions.join(", "));
        return gap.map_or(Ok(Outcome::Fail(none)), Err);
    };
    let status = secondary.get_or_default(&replication_group::STATUS)?;
    if status != "available" {
        let (id, region) = (secondary.id(), secondary.region());
        return Ok(Outcome::Fail(format!("its secondary {id} in {region} is {status}")));
    }
    let nodes =
        secondary.get_or_default(&replication_group::SHARDS)?.into_iter().flat_map(|shard| shard.nodes);
    let mut names: Vec<String> = nodes.map(|node| node.cluster_id).collect();
    names.extend([name, secondary.id().to_owned()]);
    let of_it =
        |dimensions: &BTreeMap<String, String>| dimensions.values().any(|value| names.contains(value));
    let found = series(&metric::CACHE_LAG, Some(&secondary.address.place), Enough::Half, of_it, view)?;
    Ok(against_objective(&found, 1.0, view))
}

fn datastore(group: &Resource) -> Result<Option<String>, Gap> {
    Ok(group.get(&replication_group::GLOBAL_REPLICATION_GROUP_ID)?.filter(|name| !name.is_empty()))
}

fn without_datastore(group: &Resource, view: &View) -> Verdict {
    if group.get_or_default(&replication_group::SNAPSHOT_RETENTION_LIMIT)? < 1 {
        return Ok(Outcome::NotApplicable("it keeps no snapshots, and so holds nothing that has to survive"));
    }
    if is_pure_cache(group, view)? {
        return Ok(Outcome::NotApplicable("its tags say that it is a pure cache"));
    }
    let regions = copy_regions(group.region(), view)?.join(", ");
    Ok(Outcome::Fail(format!("it keeps snapshots, and no global datastore replicates it to {regions}")))
}

/// The replication group of a region that is in a global datastore.
fn member<'a>(name: &str, region: &str, view: &View<'a>) -> Result<Option<&'a Resource>, Gap> {
    for group in here(&replication_group::KIND, region, view)? {
        if datastore(group)?.as_deref() == Some(name) {
            return Ok(Some(group));
        }
    }
    Ok(None)
}
