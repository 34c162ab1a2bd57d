//! Secrets, queues, warehouses and search.

use stateward_model::kinds::redshift;
use stateward_model::kinds::secretsmanager::secret as kind;
use stateward_model::kinds::sqs::queue as queues;
use stateward_model::{Cause, Gap, Resource};

use super::super::figure::{Figure, Grade, Interval};
use super::super::path::{Fate, Gate, Path};
use super::super::scenario::Scenario;
use super::super::scene::Scene;

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

/// A Redshift cluster: its snapshots are not read.
pub fn warehouse(resource: &Resource, scenario: Scenario, target: &str, _: &Scene) -> Fate {
    const NAME: &str = "snapshot of the warehouse";
    let copied = match resource.get_or_default(&redshift::cluster::SNAPSHOT_COPY) {
        Ok(copies) => copies.iter().any(|copy| copy.destination_region.as_deref() == Some(target)),
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
    };
    if scenario == Scenario::Region && !copied {
        return Fate::Lost(Vec::new());
    }
    let gap = Gap::new("redshift:DescribeClusterSnapshots", Cause::Unsupported, "its snapshots are not read");
    Fate::Lost(vec![Path::unseen(NAME, target, gap)])
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
