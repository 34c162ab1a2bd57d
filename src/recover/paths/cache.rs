//! ElastiCache.

use stateward_model::kinds::elasticache::replication_group;
use stateward_model::{Cause, Gap, Resource};

use super::super::figure::{Figure, Grade, Interval};
use super::super::path::{Fate, Gate, Path};
use super::super::scenario::Scenario;
use super::super::scene::{Restore, Scene};

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
            let detail = "global datastores and exported snapshots are not read";
            let gap = Gap::new("elasticache:DescribeGlobalReplicationGroups", Cause::Unsupported, detail);
            Fate::Lost(vec![Path::unseen("global datastore", target, gap)])
        }
        _ => Fate::Lost(snapshots(resource, scene).into_iter().collect()),
    }
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
