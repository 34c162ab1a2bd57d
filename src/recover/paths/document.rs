//! DynamoDB.

use stateward_model::Resource;
use stateward_model::kinds::cloudwatch::metric;
use stateward_model::kinds::dynamodb::table;

use super::super::figure::Figure;
use super::super::index::arn;
use super::super::path::{Fate, Gate, Path};
use super::super::scenario::Scenario;
use super::super::scene::{Lag, Restore, Scene};
use super::no_arn;

/// A table. The service spans the zones of its region.
pub fn table(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    match scenario {
        Scenario::Instance | Scenario::Zone => {
            Fate::Unaffected("the service spans the zones of its region".into())
        }
        Scenario::Region => {
            let mut paths: Vec<Path> = replica(resource, target, scene).into_iter().collect();
            paths.extend(backups(resource, target, scene));
            Fate::Lost(paths)
        }
        _ => {
            let mut paths: Vec<Path> = point_in_time(resource, scene).into_iter().collect();
            paths.extend(backups(resource, resource.region(), scene));
            Fate::Lost(paths)
        }
    }
}

fn restore<'r>(resource: &'r Resource) -> Restore<'r> {
    // How long a restore takes hangs on the distribution of the keys far more than on the size.
    Restore::of(resource, "DynamoDB", "dynamodb-restore")
}

fn replica(resource: &Resource, target: &str, scene: &Scene) -> Option<Path> {
    const NAME: &str = "replica of a global table";
    let replicas = match resource.get_or_default(&table::REPLICA) {
        Ok(replicas) => replicas,
        Err(gap) => return Some(Path::unseen(NAME, target, gap)),
    };
    let replica = replicas.iter().find(|replica| replica.region_name == target)?;
    let rpo = match resource.get(&table::CONSISTENCY) {
        Ok(Some(word)) if word == "STRONG" => Figure::none(
            "the copies of a strongly consistent global table are written to in step",
        )
        .from("multi-region consistency", word, "dynamodb:DescribeTable"),
        Ok(_) => scene.lag(
            &Lag {
                key: &metric::TABLE_LATENCY,
                value: resource.id(),
                place: &resource.address.place,
                unit: 1000.0,
                pick: |figures| figures.maximum,
                word: "maximum",
                least: 0,
                steady: false,
            },
            |series| {
                let dimensions = series.get_or_default(&metric::DIMENSIONS).unwrap_or_default();
                dimensions.get("ReceivingRegion").is_some_and(|region| region == target)
            },
        ),
        Err(gap) => return Some(Path::unseen(NAME, target, gap)),
    };
    let status = replica.status.clone().unwrap_or_default();
    let fault = (status != "ACTIVE").then(|| format!("the replica is {status}"));
    let steps = vec![format!("point clients of table {} at {target}", resource.id())];
    let path = Path::manual(NAME, target, rpo, scene.time("dynamodb-switch"), steps);
    let path = path.gate(Gate::new("status", resource.id(), Ok(fault)));
    let place = scene.place(resource, target);
    Some(path.gate(scene.key_gate(Ok(replica.kms_key_arn.clone()), &place)))
}

fn point_in_time(resource: &Resource, scene: &Scene) -> Option<Path> {
    const NAME: &str = "point-in-time restore";
    let home = resource.region();
    match resource.get_or_default(&table::POINT_IN_TIME_RECOVERY) {
        Ok(blocks) if blocks.iter().any(|block| block.enabled) => {}
        Ok(_) => return None,
        Err(gap) => return Some(Path::unseen(NAME, home, gap)),
    }
    let rpo = match resource.get(&table::LATEST_RESTORABLE) {
        Ok(Some(latest)) => {
            scene.age("the latest restorable time", &latest, "dynamodb:DescribeContinuousBackups")
        }
        Ok(None) => return None,
        Err(gap) => return Some(Path::unseen(NAME, home, gap)),
    };
    let id = resource.id();
    let steps = vec![format!(
        "aws dynamodb restore-table-to-point-in-time --region {home} --source-table-name {id} --target-table-name \
         {id}-restored --use-latest-restorable-time"
    )];
    Some(Path::manual(NAME, home, rpo, scene.restore(&restore(resource)), steps))
}

fn backups(resource: &Resource, region: &str, scene: &Scene) -> Vec<Path> {
    match arn(resource) {
        Some(arn) => scene.backup(&restore(resource), &arn, region),
        None => vec![Path::unseen("recovery point of AWS Backup", region, no_arn(resource))],
    }
}
