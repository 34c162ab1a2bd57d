//! Secrets, queues, warehouses and search.

use stateward_model::kinds::redshift;
use stateward_model::kinds::secretsmanager::secret as kind;
use stateward_model::kinds::sqs::queue as queues;
use stateward_model::{Cause, Gap, Resource};

use super::super::figure::{Figure, Grade, Interval};
use super::super::index::arn;
use super::super::path::{Fate, Gate, Path};
use super::super::scenario::Scenario;
use super::super::scene::{Restore, Scene};
use super::no_arn;

const SPANS: &str = "the service spans the zones of its region";

/// A secret.
pub fn secret(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    const NAME: &str = "replica of the secret";
    match scenario {
        Scenario::Region => {}
        Scenario::Corruption => {
            return Fate::Unaffected("earlier versions and a deleted secret stay for days".into());
        }
        _ => return Fate::Unaffected(SPANS.into()),
    }
    let replicas = match resource.get_or_default(&kind::REPLICA) {
        Ok(replicas) => replicas,
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
    };
    let Some(replica) = replicas.into_iter().find(|replica| replica.region == target) else {
        return Fate::Lost(Vec::new());
    };
    let status = replica.status.unwrap_or_default();
    let rpo = Figure::new(Interval::ZERO, Grade::B, "the replica has the same version").from(
        "status",
        &status,
        "secretsmanager:DescribeSecret",
    );
    let fault = (status != "InSync").then(|| format!("the replica is {status}"));
    let path = Path::automatic(NAME, target, rpo, scene.time("secret-switch"));
    let path = path.gate(Gate::new("status", resource.id(), Ok(fault)));
    Fate::Lost(vec![path.gate(scene.key_gate(Ok(replica.kms_key_id), &scene.place(resource, target)))])
}

/// A queue: what waits in it is lost with its region, and nothing copies it.
pub fn queue(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    const NAME: &str = "an empty queue of the same name";
    let region = match scenario {
        Scenario::Instance | Scenario::Zone => return Fate::Unaffected(SPANS.into()),
        Scenario::Region => target,
        _ => resource.region(),
    };
    let kept = match resource.get(&queues::MESSAGE_RETENTION_SECONDS) {
        // Four days, unless the queue says otherwise (SQS developer guide, "MessageRetentionPeriod").
        Ok(kept) => kept.and_then(|kept| u64::try_from(kept).ok()).unwrap_or(345_600),
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, region, gap)]),
    };
    let rpo = Figure::new(
        Interval::new(0, kept),
        Grade::C,
        "messages wait at most as long as the queue keeps them",
    )
    .from("retention of messages", format!("{kept} s"), "sqs:GetQueueAttributes");
    let steps = vec![format!("make queue {} in {region}, and let producers send again", resource.id())];
    Fate::Lost(vec![Path::manual(NAME, region, rpo, scene.time("queue-switch"), steps)])
}

/// A Redshift cluster.
pub fn warehouse(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    const OTHER_ZONE: &str = "compute of the warehouse in another zone";
    let home = resource.region();
    let region = if scenario == Scenario::Region { target } else { home };
    let mut paths = Vec::new();
    if matches!(scenario, Scenario::Instance | Scenario::Zone) {
        match resource.get_or_default(&redshift::cluster::MULTI_AZ) {
            Ok(false) => {}
            Ok(true) => {
                let detail = "how long it takes until another zone serves is not looked at";
                let gap = Gap::new("redshift:DescribeClusters", Cause::Unsupported, detail);
                paths.push(Path::unseen(OTHER_ZONE, home, gap));
            }
            Err(gap) => paths.push(Path::unseen(OTHER_ZONE, home, gap)),
        }
    }
    paths.extend(snapshot(resource, region, scene));
    let restore = Restore::of(resource, "Redshift", "warehouse-restore");
    match arn(resource) {
        Some(arn) => paths.extend(scene.backup(&restore, &arn, region)),
        None => paths.push(Path::unseen("recovery point of AWS Backup", region, no_arn(resource))),
    }
    Fate::Lost(paths)
}

/// The newest available snapshot of a warehouse in a region; in another one it was copied there.
fn snapshot(resource: &Resource, region: &str, scene: &Scene) -> Option<Path> {
    use redshift::snapshot::{CREATED_AT, ENCRYPTED, KIND, KMS_KEY_ID, STATUS};
    const NAME: &str = "snapshot of the warehouse";
    let place = scene.place(resource, region);
    if let Some(gap) = scene.unseen(&KIND, &place, &scene.index.warehouse_snapshots) {
        return Some(Path::unseen(NAME, region, gap));
    }
    let all = scene.index.warehouse_snapshots.of(resource.id()).iter();
    let here = all.filter(|snapshot| snapshot.address.place == place);
    let available = here.filter_map(|snapshot| {
        let available = snapshot.get(&STATUS).ok()?.as_deref() == Some("available");
        let taken = snapshot.get(&CREATED_AT).ok()??;
        // A warehouse of the same name may stand in the other region: its own snapshots are not copies of this one.
        let source = snapshot.get(&redshift::snapshot::SOURCE_REGION).ok()?;
        let of_it = region == resource.region() || source.as_deref() == Some(resource.region());
        (available && of_it).then_some((taken, *snapshot))
    });
    let (taken, newest) = available.max_by(|a, b| a.0.cmp(&b.0))?;
    let rpo = scene.age("the newest snapshot", &taken, "redshift:DescribeClusterSnapshots");
    let steps = vec![format!(
        "aws redshift restore-from-cluster-snapshot --region {region} --cluster-identifier {} --snapshot-identifier {}",
        resource.id(),
        newest.id()
    )];
    let restore = scene.restore(&Restore::of(resource, "Redshift", "warehouse-restore"));
    let key = match newest.get(&ENCRYPTED) {
        Ok(Some(true)) => newest.get(&KMS_KEY_ID),
        Ok(_) => Ok(None),
        Err(gap) => Err(gap),
    };
    Some(Path::manual(NAME, region, rpo, restore, steps).gate(scene.key_gate(key, &place)))
}

/// A search domain: its snapshots are not read.
pub fn search(_: &Resource, scenario: Scenario, target: &str, _: &Scene) -> Fate {
    let detail = match scenario {
        Scenario::Region => "manual snapshots and connections to other domains are not read",
        _ => "its snapshots are not read",
    };
    let gap = Gap::new("es:DescribeDomain", Cause::Unsupported, detail);
    Fate::Lost(vec![Path::unseen("snapshot of the domain", target, gap)])
}
