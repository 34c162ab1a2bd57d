//! RDS and Aurora.

use std::collections::BTreeSet;

use stateward_model::kinds::cloudwatch::metric;
use stateward_model::kinds::rds::{
    backups_replication, cluster, cluster_instance, cluster_snapshot, db_instance, db_snapshot,
    global_cluster, subnet_group,
};
use stateward_model::{Attr, Cause, GLOBAL, Gap, Kind, Place, Resource};

use super::super::figure::Figure;
use super::super::gates;
use super::super::index::{Lookup, arn};
use super::super::path::{Fate, Gate, Path};
use super::super::scenario::Scenario;
use super::super::scene::{Lag, Restore, Scene};
use super::no_arn;
use crate::checks::facts::arn_region;

const STANDBY: &str = "standby in another zone";
const POINT_IN_TIME: &str = "point-in-time restore";
const REPLICA: &str = "read replica in another region";
const BACKUPS: &str = "replicated automated backups";
const SNAPSHOT: &str = "snapshot";
const GLOBAL_DATABASE: &str = "global database";

/// An RDS instance.
pub fn instance(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    let home = resource.region();
    let paths = match scenario {
        Scenario::Instance => match resource.get(&db_instance::MULTI_AZ) {
            Ok(Some(true)) => vec![standby(resource, scene)],
            Ok(_) => {
                let rpo = Figure::none("its storage outlives the host");
                vec![Path::automatic(
                    "replacement of the host",
                    home,
                    rpo,
                    scene.time("rds-host-replacement"),
                )]
            }
            Err(gap) => vec![Path::unseen(STANDBY, home, gap)],
        },
        Scenario::Zone => match resource.get(&db_instance::MULTI_AZ) {
            Ok(Some(true)) => vec![standby(resource, scene)],
            Ok(_) => {
                point_in_time(resource, scene).into_iter().chain(backups(resource, home, scene)).collect()
            }
            Err(gap) => vec![Path::unseen(STANDBY, home, gap)],
        },
        Scenario::Region => {
            let Some(arn) = arn(resource) else {
                return Fate::Lost(vec![Path::unseen(REPLICA, target, no_arn(resource))]);
            };
            let mut paths = replicas(resource, &arn, target, scene);
            let mut restores = replicated(resource, &arn, target, scene);
            restores.extend(snapshots(&INSTANCES, resource, target, scene));
            restores.extend(backups(resource, target, scene));
            paths.extend(there(restores, resource, target, scene));
            paths
        }
        _ => {
            let mut paths: Vec<Path> = point_in_time(resource, scene).into_iter().collect();
            paths.extend(snapshots(&INSTANCES, resource, home, scene));
            paths.extend(backups(resource, home, scene));
            paths
        }
    };
    Fate::Lost(paths)
}

/// Restores in another region, with what they ask for there.
fn there(
    restores: Vec<Path>,
    resource: &Resource,
    target: &str,
    scene: &Scene,
) -> impl Iterator<Item = Path> {
    restores.into_iter().map(|path| match path.is_unseen() {
        true => path,
        false => gates::restored_there(path, resource, target, scene),
    })
}

/// The standby of Multi-AZ is written to in step, so that nothing is lost.
fn standby(resource: &Resource, scene: &Scene) -> Path {
    let standby = resource.get(&db_instance::SECONDARY_AVAILABILITY_ZONE);
    let zone = standby.as_ref().ok().cloned().flatten().unwrap_or_default();
    let rpo = Figure::none("the standby is written to synchronously")
        .from("Multi-AZ", "on", "rds:DescribeDBInstances")
        .from("zone of the standby", &zone, "rds:DescribeDBInstances");
    let path = Path::automatic(STANDBY, zone, rpo, scene.failover(resource, "rds-multi-az-failover"));
    let none =
        standby.map(|zone| zone.is_none().then(|| "Multi-AZ is on, but no standby exists yet".to_owned()));
    path.gate(Gate::new("standby", resource.id(), none))
}

fn restore<'r>(resource: &'r Resource) -> Restore<'r> {
    if resource.kind() == cluster::KIND.name {
        return Restore::of(resource, "Aurora", "rds-restore");
    }
    let size = resource.get(&db_instance::ALLOCATED_STORAGE);
    Restore::of(resource, "RDS", "rds-restore").sized(size, "rds:DescribeDBInstances")
}

/// Instances and clusters have these attributes under the same names.
fn point_in_time(resource: &Resource, scene: &Scene) -> Option<Path> {
    let home = resource.region();
    let of_cluster = resource.kind() == cluster::KIND.name;
    let (call, word) = match of_cluster {
        true => ("rds:DescribeDBClusters", "db-cluster"),
        false => ("rds:DescribeDBInstances", "db-instance"),
    };
    match resource.get_or_default(&db_instance::BACKUP_RETENTION_PERIOD) {
        Ok(days) if days <= 0 => return None,
        Ok(_) => {}
        Err(gap) => return Some(Path::unseen(POINT_IN_TIME, home, gap)),
    }
    let rpo = match resource.get(&db_instance::LATEST_RESTORABLE_TIME) {
        Ok(Some(latest)) => scene.age("the latest restorable time", &latest, call),
        Ok(None) => return None,
        Err(gap) => return Some(Path::unseen(POINT_IN_TIME, home, gap)),
    };
    let id = resource.id();
    let (from, to) = match of_cluster {
        true => ("source-db-cluster-identifier", "db-cluster-identifier"),
        false => ("source-db-instance-identifier", "target-db-instance-identifier"),
    };
    let steps = vec![format!(
        "aws rds restore-{word}-to-point-in-time --region {home} --{from} {id} --{to} {id}-restored \
         --use-latest-restorable-time"
    )];
    let path = Path::manual(POINT_IN_TIME, home, rpo, scene.restore(&restore(resource)), steps);
    Some(path.gate(scene.key_gate(resource.get(&db_instance::KMS_KEY_ID), &resource.address.place)))
}

fn replicas(resource: &Resource, arn: &str, target: &str, scene: &Scene) -> Vec<Path> {
    let place = scene.place(resource, target);
    if let Some(gap) = scene.unseen(&db_instance::KIND, &place, &scene.index.replicas) {
        return vec![Path::unseen(REPLICA, target, gap)];
    }
    let here = scene.index.replicas.of(arn).iter().filter(|replica| replica.address.place == place);
    let path = |replica: &&Resource| {
        let id = replica.id();
        let rpo = scene.lag(
            &Lag {
                key: &metric::REPLICA_LAG,
                value: id,
                place: &place,
                unit: 1.0,
                pick: |figures| figures.p95,
                word: "p95",
                least: 60,
                steady: true,
            },
            |_| true,
        );
        let status = match replica.get(&db_instance::REPLICATION_STATUS) {
            Ok(Some(status)) => {
                Ok((status != "replicating").then(|| format!("the replica {id} is {status}")))
            }
            Ok(None) => {
                let detail = format!("the replica {id} shows no status");
                Err(Gap::new("rds:DescribeDBInstances", Cause::Unsupported, detail))
            }
            Err(gap) => Err(gap),
        };
        let steps =
            vec![format!("aws rds promote-read-replica --region {target} --db-instance-identifier {id}")];
        Path::manual(REPLICA, format!("{target}/{id}"), rpo, scene.time("rds-promotion"), steps)
            .gate(Gate::new("replication", id, status))
            .gate(scene.key_gate(replica.get(&db_instance::KMS_KEY_ID), &place))
    };
    here.map(path).collect()
}

fn replicated(resource: &Resource, arn: &str, target: &str, scene: &Scene) -> Vec<Path> {
    let place = scene.place(resource, target);
    if let Some(gap) = scene.unseen(&backups_replication::KIND, &place, &scene.index.backups) {
        return vec![Path::unseen(BACKUPS, target, gap)];
    }
    let here = scene.index.backups.of(arn).iter().filter(|backup| backup.address.place == place);
    let path = |backup: &&Resource| {
        let call = "rds:DescribeDBInstanceAutomatedBackups";
        let rpo = match backup.get(&backups_replication::LATEST_RESTORABLE_TIME) {
            Ok(Some(latest)) => scene.age("the latest restorable time there", &latest, call),
            Ok(None) => return None,
            Err(gap) => return Some(Path::unseen(BACKUPS, target, gap)),
        };
        let status = backup.get_or_default(&backups_replication::STATUS).map(|status| {
            (!status.eq_ignore_ascii_case("active")).then(|| format!("the replication is {status}"))
        });
        let id = resource.id();
        let steps = vec![format!(
            "aws rds restore-db-instance-to-point-in-time --region {target} --source-db-instance-automated-backups-arn {} \
             --target-db-instance-identifier {id} --use-latest-restorable-time",
            backup.id()
        )];
        let path = Path::manual(BACKUPS, target, rpo, scene.restore(&restore(resource)), steps);
        Some(
            path.gate(Gate::new("status", backup.id(), status))
                .gate(scene.key_gate(backup.get(&backups_replication::KMS_KEY_ID), &place))
                .gate(scene.needs_one("subnet group", &subnet_group::KIND, "DB subnet group", &place)),
        )
    };
    here.filter_map(path).collect()
}

/// Where the snapshots of a kind are, and how they tell of themselves.
struct Snapshots {
    kind: &'static Kind,
    lookup: for<'s, 'a> fn(&'s Scene<'a>) -> &'s Lookup<'a>,
    status: &'static Attr<String>,
    taken: &'static Attr<String>,
    key: &'static Attr<String>,
    call: &'static str,
    verb: &'static str,
}

static INSTANCES: Snapshots = Snapshots {
    kind: &db_snapshot::KIND,
    lookup: |scene| &scene.index.snapshots,
    status: &db_snapshot::STATUS,
    taken: &db_snapshot::ORIGINAL_CREATED_AT,
    key: &db_snapshot::KMS_KEY_ID,
    call: "rds:DescribeDBSnapshots",
    verb: "aws rds restore-db-instance-from-db-snapshot --db-instance-identifier",
};

static CLUSTERS: Snapshots = Snapshots {
    kind: &cluster_snapshot::KIND,
    lookup: |scene| &scene.index.cluster_snapshots,
    status: &cluster_snapshot::STATUS,
    taken: &cluster_snapshot::CREATED_AT,
    key: &cluster_snapshot::KMS_KEY_ID,
    call: "rds:DescribeDBClusterSnapshots",
    verb: "aws rds restore-db-cluster-from-snapshot --db-cluster-identifier",
};

/// The newest available snapshot in a region; in another one it was copied there.
fn snapshots(of: &Snapshots, resource: &Resource, region: &str, scene: &Scene) -> Option<Path> {
    let place = scene.place(resource, region);
    let lookup = (of.lookup)(scene);
    if let Some(gap) = scene.unseen(of.kind, &place, lookup) {
        return Some(Path::unseen(SNAPSHOT, region, gap));
    }
    let here = lookup.of(resource.id()).iter().filter(|snapshot| snapshot.address.place == place);
    let available = here.filter_map(|snapshot| {
        // A database of the same name may live in the other region: its own snapshots are not copies of this one.
        let source = snapshot
            .raw("source_db_snapshot_identifier")
            .or_else(|_| snapshot.raw("source_db_cluster_snapshot_arn"));
        let source = source.ok().and_then(|value| value.as_str()).and_then(arn_region);
        let of_it = region == resource.region() || source == Some(resource.region());
        let available = snapshot.get(of.status).ok()?.as_deref() == Some("available");
        let taken = snapshot.get(of.taken).ok()??;
        (of_it && available).then_some((taken, *snapshot))
    });
    let (taken, snapshot) = available.max_by(|a, b| a.0.cmp(&b.0))?;
    let rpo = scene.age("the newest snapshot", &taken, of.call);
    let steps = vec![format!(
        "{} {} --snapshot-identifier {} --region {region}",
        of.verb,
        resource.id(),
        snapshot.id()
    )];
    let path = Path::manual(SNAPSHOT, region, rpo, scene.restore(&restore(resource)), steps);
    let path = path.gate(scene.key_gate(snapshot.get(of.key), &place));
    Some(path.gate(scene.needs_one("subnet group", &subnet_group::KIND, "DB subnet group", &place)))
}

fn backups(resource: &Resource, region: &str, scene: &Scene) -> Vec<Path> {
    let Some(arn) = arn(resource) else {
        return vec![Path::unseen("recovery point of AWS Backup", region, no_arn(resource))];
    };
    scene.backup(&restore(resource), &arn, region)
}

/// An Aurora cluster, or a Multi-AZ DB cluster.
pub fn cluster(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    let home = resource.region();
    Fate::Lost(match scenario {
        Scenario::Instance | Scenario::Zone => vec![members(resource, scenario, scene)],
        Scenario::Region => {
            let Some(arn) = arn(resource) else {
                return Fate::Lost(vec![Path::unseen(GLOBAL_DATABASE, target, no_arn(resource))]);
            };
            let mut paths = global(resource, &arn, target, scene);
            paths.extend(replica_clusters(resource, &arn, target, scene));
            let mut restores: Vec<Path> = snapshots(&CLUSTERS, resource, target, scene).into_iter().collect();
            restores.extend(backups(resource, target, scene));
            paths.extend(there(restores, resource, target, scene));
            paths
        }
        _ => {
            let mut paths: Vec<Path> = point_in_time(resource, scene).into_iter().collect();
            paths.extend(snapshots(&CLUSTERS, resource, home, scene));
            paths.extend(backups(resource, home, scene));
            paths
        }
    })
}

/// The storage of Aurora spans zones: what has to be there is a member that takes over.
fn members(resource: &Resource, scenario: Scenario, scene: &Scene) -> Path {
    const NAME: &str = "another member of the cluster";
    let home = resource.region();
    let rpo = Figure::none("the storage of the cluster spans zones");
    match resource.get_or_default(&cluster::ENGINE) {
        Ok(engine) if engine.starts_with("aurora") => {}
        // A Multi-AZ DB cluster always has members in three zones.
        Ok(engine) if matches!(engine.as_str(), "mysql" | "postgres") => {
            return Path::automatic(NAME, home, rpo, scene.failover(resource, "rds-cluster-failover"));
        }
        Ok(engine) => {
            let detail = format!("how a cluster of {engine} fails over is not looked at");
            let gap = Gap::new("rds:DescribeDBClusters", Cause::Unsupported, detail);
            return Path::unseen(NAME, home, gap);
        }
        Err(gap) => return Path::unseen(NAME, home, gap),
    }
    let (ready, zones) = match members_standing(resource, scene) {
        Ok(found) => found,
        Err(gap) => return Path::unseen(NAME, home, gap),
    };
    let rpo = rpo.from("available members", ready, "rds:DescribeDBInstances").from(
        "zones",
        zones.len(),
        "rds:DescribeDBInstances",
    );
    let enough = if scenario == Scenario::Zone { zones.len() > 1 } else { ready > 1 };
    match enough {
        true => Path::automatic(NAME, home, rpo, scene.failover(resource, "aurora-failover")),
        // Without another member Aurora makes a new one.
        false => {
            Path::automatic("a new member of the cluster", home, rpo, scene.time("rds-host-replacement"))
        }
    }
}

/// How many members of a cluster are available, and the zones that they stand in.
pub fn members_standing(resource: &Resource, scene: &Scene) -> Result<(usize, BTreeSet<String>), Gap> {
    let place = &resource.address.place;
    let (mut ready, mut zones) = (0, BTreeSet::new());
    for member in resource.get_or_default(&cluster::MEMBERS)? {
        let found = scene.view.inventory.lookup(&cluster_instance::KIND, place, &member.identifier)?;
        let Some(found) = found else { continue };
        if found.get(&cluster_instance::STATUS)?.as_deref() == Some("available") {
            ready += 1;
            zones.extend(found.get(&cluster_instance::AVAILABILITY_ZONE)?);
        }
    }
    Ok((ready, zones))
}

fn global(resource: &Resource, arn: &str, target: &str, scene: &Scene) -> Vec<Path> {
    let everywhere = Place::new(resource.account(), GLOBAL);
    if let Some(gap) = scene.unseen(&global_cluster::KIND, &everywhere, &scene.index.globals) {
        return vec![Path::unseen(GLOBAL_DATABASE, target, gap)];
    }
    let mut paths = Vec::new();
    for found in scene.index.globals.of(arn) {
        let members = found.get_or_default(&global_cluster::GLOBAL_CLUSTER_MEMBERS).unwrap_or_default();
        let there = members.into_iter().map(|member| member.db_cluster_arn);
        for other in there.filter(|arn| arn_region(arn) == Some(target)) {
            paths.push(secondary(resource, found, &other, target, scene));
        }
    }
    paths
}

fn secondary(resource: &Resource, global: &Resource, other: &str, target: &str, scene: &Scene) -> Path {
    let place = scene.place(resource, target);
    let id = other.rsplit(':').next().unwrap_or(other);
    let lag = |key, value, place| {
        let of = Lag {
            key,
            value,
            place,
            unit: 1000.0,
            pick: |figures: &metric::Figures| figures.p95,
            word: "p95",
            least: 1,
            steady: true,
        };
        scene.lag(&of, |_| true)
    };
    let mut rpo = lag(&metric::AURORA_RPO_LAG, resource.id(), &resource.address.place);
    if rpo.gap.is_some() {
        // Older engines only tell how far the storage is behind, and do so where the copy is.
        let storage = lag(&metric::AURORA_REPLICATION_LAG, id, &place);
        if storage.gap.is_none() {
            rpo = storage;
        }
    }
    let found = scene.view.inventory.lookup(&cluster::KIND, &place, id);
    let status = found.as_ref().map_err(Clone::clone).and_then(|found| match found {
        Some(found) => found
            .get_or_default(&cluster::STATUS)
            .map(|status| (status != "available").then(|| format!("the cluster {id} is {status}"))),
        None => Ok(Some(format!("the cluster {id} does not exist"))),
    });
    let key = found.and_then(|found| found.map_or(Ok(None), |found| found.get(&cluster::KMS_KEY_ID)));
    let steps = vec![format!(
        "aws rds failover-global-cluster --allow-data-loss --region {target} --global-cluster-identifier {} \
         --target-db-cluster-identifier {other}",
        global.id()
    )];
    Path::manual(GLOBAL_DATABASE, format!("{target}/{id}"), rpo, scene.time("aurora-global-failover"), steps)
        .gate(Gate::new("status", id, status))
        .gate(scene.key_gate(key, &place))
}

/// A cluster that replicates by binary log exists, but no call says whether it still does.
fn replica_clusters(resource: &Resource, arn: &str, target: &str, scene: &Scene) -> Option<Path> {
    const NAME: &str = "replica cluster";
    let place = scene.place(resource, target);
    if let Some(gap) = scene.unseen(&cluster::KIND, &place, &scene.index.replica_clusters) {
        return Some(Path::unseen(NAME, target, gap));
    }
    let here = scene.index.replica_clusters.of(arn).iter().find(|other| other.address.place == place)?;
    let detail = format!("whether {} still replicates is only known to its engine", here.id());
    let gap = Gap::new("rds:DescribeDBClusters", Cause::Unsupported, detail);
    Some(Path::unseen(NAME, target, gap))
}
