//! EBS volumes and EFS file systems.

use stateward_model::kinds::ec2::compute::{snapshot, volume};
use stateward_model::kinds::efs::{file_system, replication};
use stateward_model::{Place, Resource};

use super::super::figure::{Figure, Interval};
use super::super::index::arn;
use super::super::path::{Fate, Gate, Path};
use super::super::scenario::Scenario;
use super::super::scene::{Restore, Scene};
use super::no_arn;

const SNAPSHOT: &str = "snapshot of the volume";

/// A volume.
pub fn volume(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    let home = resource.region();
    let region = match scenario {
        Scenario::Instance => return Fate::Unaffected("the volume outlives its instance".into()),
        Scenario::Region => target,
        // Snapshots are kept in the region, whatever becomes of a zone or a volume.
        _ => home,
    };
    let mut paths: Vec<Path> = snapshots(resource, region, scene).into_iter().collect();
    paths.extend(backups(&restore(resource), region, scene));
    Fate::Lost(paths)
}

fn restore<'r>(resource: &'r Resource) -> Restore<'r> {
    Restore::of(resource, "EBS", "volume-restore").sized(resource.get(&volume::SIZE), "ec2:DescribeVolumes")
}

/// The newest snapshot in a region. A copy names the snapshot that it was made from, and that one its volume.
fn snapshots(resource: &Resource, region: &str, scene: &Scene) -> Option<Path> {
    let call = "ec2:DescribeSnapshots";
    let home = resource.region();
    let place = scene.place(resource, region);
    let lookup = &scene.index.volume_snapshots;
    let gap = scene.unseen(&snapshot::KIND, &place, lookup);
    if let Some(gap) = gap.or_else(|| scene.unseen(&snapshot::KIND, &resource.address.place, lookup)) {
        return Some(Path::unseen(SNAPSHOT, region, gap));
    }
    let own = lookup.of(resource.id()).iter().filter(|own| own.address.place == resource.address.place);
    let mut newest: Option<(String, &Resource)> = None;
    for source in own {
        let found: Vec<&Resource> = match region == home {
            true => vec![source],
            false => {
                lookup.of(source.id()).iter().filter(|copy| copy.address.place == place).copied().collect()
            }
        };
        // The data of a copy are those of its source.
        let Some(taken) = source.get(&snapshot::START_TIME).ok().flatten() else { continue };
        let whole =
            |copy: &&Resource| copy.get(&snapshot::STATE).ok().flatten().as_deref() == Some("completed");
        if let Some(copy) = found.into_iter().find(whole)
            && newest.as_ref().is_none_or(|(known, _)| *known < taken)
        {
            newest = Some((taken, copy));
        }
    }
    let (taken, copy) = newest?;
    let rpo = scene.age("the newest completed snapshot", &taken, call);
    let id = copy.id();
    let steps =
        vec![format!("aws ec2 create-volume --region {region} --availability-zone ZONE --snapshot-id {id}")];
    let path = Path::manual(SNAPSHOT, region, rpo, scene.restore(&restore(resource)), steps);
    Some(path.gate(scene.key_gate(copy.get(&snapshot::KMS_KEY_ID), &place)))
}

fn backups(restore: &Restore<'_>, region: &str, scene: &Scene) -> Vec<Path> {
    match arn(restore.resource) {
        Some(arn) => scene.backup(restore, &arn, region),
        None => vec![Path::unseen("recovery point of AWS Backup", region, no_arn(restore.resource))],
    }
}

/// A file system.
pub fn file_system(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    let home = resource.region();
    let restore = Restore::of(resource, "EFS", "efs-restore");
    match scenario {
        Scenario::Instance => Fate::Unaffected("the service does not run on one host".into()),
        Scenario::Zone => match resource.get(&file_system::AVAILABILITY_ZONE_NAME) {
            Ok(Some(zone)) if !zone.is_empty() => Fate::Lost(backups(&restore, home, scene)),
            Ok(_) => Fate::Unaffected("the file system spans the zones of its region".into()),
            Err(gap) => Fate::Lost(vec![Path::unseen("storage in several zones", home, gap)]),
        },
        Scenario::Region => {
            let mut paths: Vec<Path> = replica(resource, target, scene).into_iter().collect();
            paths.extend(backups(&restore, target, scene));
            Fate::Lost(paths)
        }
        _ => Fate::Lost(backups(&restore, home, scene)),
    }
}

fn replica(resource: &Resource, target: &str, scene: &Scene) -> Option<Path> {
    const NAME: &str = "replication of the file system";
    let call = "elasticfilesystem:DescribeReplicationConfigurations";
    let place: &Place = &resource.address.place;
    let found = match scene.view.inventory.lookup(&replication::KIND, place, resource.id()) {
        Ok(found) => found?,
        Err(gap) => return Some(Path::unseen(NAME, target, gap)),
    };
    let destinations = match found.get_or_default(&replication::DESTINATION) {
        Ok(destinations) => destinations,
        Err(gap) => return Some(Path::unseen(NAME, target, gap)),
    };
    let to = destinations.into_iter().find(|to| to.region == target)?;
    let status = to.status.unwrap_or_default();
    let rpo = match &to.last_replicated_timestamp {
        Some(synced) => scene.age("the last replication", synced, call),
        None => Figure::new(Interval::NEVER, super::super::figure::Grade::B, "nothing was replicated yet"),
    };
    let id = to.file_system_id.unwrap_or_default();
    let steps = vec![format!(
        "aws efs delete-replication-configuration --region {target} --source-file-system-id {}",
        resource.id()
    )];
    let fault = (status != "ENABLED").then(|| format!("the replication is {status}"));
    let path = Path::manual(NAME, format!("{target}/{id}"), rpo, scene.time("efs-failover"), steps);
    Some(path.gate(Gate::new("status", resource.id(), Ok(fault))))
}
