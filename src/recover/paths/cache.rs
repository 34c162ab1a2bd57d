//! ElastiCache.

use stateward_model::kinds::cloudwatch::metric;
use stateward_model::kinds::elasticache::replication_group;
use stateward_model::{Cause, Gap, Resource};

use super::super::figure::{Figure, Grade, Interval};
use super::super::path::{Fate, Gate, Path};
use super::super::scenario::Scenario;
use super::super::scene::{Lag, Restore, Scene};

/// Seconds between two automatic snapshots, with an hour for the window (ElastiCache user guide, "Scheduling automatic
/// backups": one a day).
const BETWEEN_SNAPSHOTS: u64 = 25 * 3_600;

/// A replication group that holds what somebody would miss.
pub fn group(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    match scenario {
        Scenario::Instance | Scenario::Zone => {
            let mut paths = vec![failover(resource, scenario, scene)];
            paths.extend(snapshots(resource, scene));
            Fate::Lost(paths)
        }
        Scenario::Region => {
            let mut paths = datastore(resource, target, scene);
            // A snapshot comes to another region only by way of a bucket, and nobody tells which object it is.
            if resource.get_or_default(&replication_group::SNAPSHOT_RETENTION_LIMIT) != Ok(0) {
                let detail = "whether a snapshot was exported to a bucket is not read";
                let gap = Gap::new("elasticache:DescribeSnapshots", Cause::Unsupported, detail);
                paths.push(Path::unseen("exported snapshot", target, gap));
            }
            Fate::Lost(paths)
        }
        _ => Fate::Lost(snapshots(resource, scene).into_iter().collect()),
    }
}

/// The member of the same global datastore in another region.
fn datastore(resource: &Resource, target: &str, scene: &Scene) -> Vec<Path> {
    const NAME: &str = "global datastore";
    let name = match resource.get(&replication_group::GLOBAL_REPLICATION_GROUP_ID) {
        Ok(name) => name.filter(|name| !name.is_empty()),
        Err(gap) => return vec![Path::unseen(NAME, target, gap)],
    };
    let Some(name) = name else { return Vec::new() };
    let place = scene.place(resource, target);
    if let Some(gap) = scene.unseen(&replication_group::KIND, &place, &scene.index.datastores) {
        return vec![Path::unseen(NAME, target, gap)];
    }
    let members = scene.index.datastores.of(&name);
    let Some(secondary) = members.iter().find(|member| member.address.place == place) else {
        return Vec::new();
    };
    let id = secondary.id();
    let status = secondary
        .get_or_default(&replication_group::STATUS)
        .map(|status| (status != "available").then(|| format!("the secondary {id} is {status}")));
    let steps = vec![format!(
        "aws elasticache failover-global-replication-group --region {target} --global-replication-group-id {name} \
         --primary-region {target} --primary-replication-group-id {id}"
    )];
    let rpo = behind(&name, secondary, scene);
    let path = Path::manual(NAME, format!("{target}/{id}"), rpo, scene.time("cache-promotion"), steps)
        .gate(Gate::new("status", id, status))
        .gate(scene.key_gate(secondary.get(&replication_group::KMS_KEY_ID), &place));
    vec![path]
}

/// How far the secondary is behind: the worst of its nodes. By which dimension they are told apart is not documented.
fn behind(name: &str, secondary: &Resource, scene: &Scene) -> Figure {
    let shards = secondary.get_or_default(&replication_group::SHARDS).unwrap_or_default();
    let nodes = shards.into_iter().flat_map(|shard| shard.nodes).map(|node| node.cluster_id);
    let names: Vec<String> = nodes.chain([name.to_owned(), secondary.id().to_owned()]).collect();
    let lag = |value: &str| {
        let of = Lag {
            key: &metric::CACHE_LAG,
            value,
            place: &secondary.address.place,
            unit: 1.0,
            pick: |figures| figures.p95,
            word: "p95",
            least: 1,
            steady: true,
        };
        scene.lag(&of, |_| true)
    };
    let key = metric::CACHE_LAG.path();
    let measured = names.iter().filter(|name| !scene.index.series.of(&format!("{key}/{name}")).is_empty());
    let worst =
        measured.map(|name| lag(name)).max_by_key(|figure| (figure.interval.high, figure.interval.low));
    worst.unwrap_or_else(|| lag(secondary.id()))
}

/// Replication between nodes is asynchronous, so that the newest writes may be lost.
fn failover(resource: &Resource, scenario: Scenario, scene: &Scene) -> Path {
    const NAME: &str = "replica of the cache";
    let call = "elasticache:DescribeReplicationGroups";
    let on = resource.get_or_default(&replication_group::AUTOMATIC_FAILOVER_ENABLED).and_then(|failover| {
        let zones = resource.get_or_default(&replication_group::MULTI_AZ_ENABLED)?;
        Ok(match (failover, zones || scenario == Scenario::Instance) {
            (true, true) => None,
            (false, _) => Some("automatic failover is off".to_owned()),
            (true, false) => Some("Multi-AZ is off".to_owned()),
        })
    });
    let rpo = scene.time("cache-failover-loss").from("automatic failover", on.is_ok(), call);
    let path = Path::automatic(NAME, resource.region(), rpo, scene.time("cache-failover"));
    path.gate(Gate::new("failover", resource.id(), on))
}

fn snapshots(resource: &Resource, scene: &Scene) -> Option<Path> {
    const NAME: &str = "daily snapshot of the cache";
    let home = resource.region();
    let days = match resource.get_or_default(&replication_group::SNAPSHOT_RETENTION_LIMIT) {
        Ok(days) if days >= 1 => days,
        Ok(_) => return None,
        Err(gap) => return Some(Path::unseen(NAME, home, gap)),
    };
    let rpo = Figure::new(
        Interval::new(0, BETWEEN_SNAPSHOTS),
        Grade::C,
        "longest gap between daily snapshots + window",
    )
    .from("snapshots kept", days, "elasticache:DescribeReplicationGroups");
    let id = resource.id();
    let steps = vec![format!(
        "aws elasticache create-replication-group --region {home} --replication-group-id {id}-restored \
         --replication-group-description restored --snapshot-name NEWEST"
    )];
    let restore = Restore::of(resource, "ElastiCache", "cache-restore");
    Some(Path::manual(NAME, home, rpo, scene.restore(&restore), steps))
}
