//! S3.

use stateward_model::kinds::cloudwatch::metric;
use stateward_model::kinds::s3::bucket::{self, ReplicationRule};
use stateward_model::{Cause, Gap, Resource};

use super::super::figure::{Figure, Grade, Interval};
use super::super::path::{Fate, Gate, Path};
use super::super::scenario::Scenario;
use super::super::scene::{Lag, Restore, Scene};

/// What replication time control commits itself to, in seconds: <https://aws.amazon.com/s3/sla-rtc/>.
const PROMISED: u64 = 15 * 60;

/// A bucket. The service spans the zones of its region.
pub fn bucket(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    match scenario {
        Scenario::Instance | Scenario::Zone => {
            Fate::Unaffected("the service spans the zones of its region".into())
        }
        Scenario::Region => {
            let mut paths: Vec<Path> = replication(resource, target, scene).into_iter().collect();
            paths.extend(backups(resource, target, scene));
            Fate::Lost(paths)
        }
        _ => {
            let mut paths: Vec<Path> = versions(resource, scene).into_iter().collect();
            paths.extend(backups(resource, resource.region(), scene));
            Fate::Lost(paths)
        }
    }
}

fn backups(resource: &Resource, region: &str, scene: &Scene) -> Vec<Path> {
    let partition = crate::checks::facts::partition(resource.region());
    let arn = format!("arn:{partition}:s3:::{}", resource.id());
    scene.backup(&Restore::of(resource, "S3", "bucket-version-restore"), &arn, region)
}

fn versions(resource: &Resource, scene: &Scene) -> Option<Path> {
    const NAME: &str = "earlier versions of objects";
    let home = resource.region();
    match resource.get_or_default(&bucket::VERSIONING) {
        Ok(blocks) if blocks.iter().any(|block| block.enabled) => {}
        Ok(_) => return None,
        Err(gap) => return Some(Path::unseen(NAME, home, gap)),
    }
    let rpo = Figure::none("every version is kept until a lifecycle rule removes it").from(
        "versioning",
        "enabled",
        "s3:GetBucketVersioning",
    );
    let steps = vec![format!("restore the versions before the damage in bucket {}", resource.id())];
    let restore = scene.restore(&Restore::of(resource, "S3", "bucket-version-restore"));
    Some(Path::manual(NAME, home, rpo, restore, steps))
}

fn replication(resource: &Resource, target: &str, scene: &Scene) -> Option<Path> {
    const NAME: &str = "replication to another bucket";
    let rules: Vec<ReplicationRule> = match resource.get_or_default(&bucket::REPLICATION) {
        Ok(blocks) => {
            blocks.into_iter().flat_map(|block| block.rules).filter(ReplicationRule::covers_all).collect()
        }
        Err(gap) => return Some(Path::unseen(NAME, target, gap)),
    };
    let mut unknown = None;
    let mut chosen: Option<(&ReplicationRule, String)> = None;
    for rule in &rules {
        for to in &rule.destination {
            let name = to.bucket.rsplit(':').next().unwrap_or(&to.bucket);
            match scene.index.buckets.of(name).first() {
                Some(found) if found.region() == target => chosen = Some((rule, name.to_owned())),
                Some(_) => {}
                None => unknown = Some(name.to_owned()),
            }
        }
    }
    let Some((rule, to)) = chosen else {
        let name = unknown?;
        // A bucket of another account, or of a listing that was not whole.
        let gap = scene.view.inventory.all(&bucket::KIND).err().unwrap_or_else(|| {
            let detail = format!("the region of the destination {name} is not known");
            Gap::new("s3:GetBucketLocation", Cause::Unsupported, detail)
        });
        return Some(Path::unseen(NAME, target, gap));
    };
    let steps = vec![format!("point clients of bucket {} at {to}", resource.id())];
    let rpo = behind(resource, rule, &to, scene);
    let path = Path::manual(NAME, format!("{target}/{to}"), rpo, scene.time("bucket-switch"), steps);
    let versioned = resource.get_or_default(&bucket::VERSIONING).map(|blocks| {
        let on = blocks.iter().any(|block| block.enabled);
        (!on).then(|| "replication stands still: versioning is not enabled".to_owned())
    });
    let covered = resource.get_or_default(&bucket::ENCRYPTION).map(|blocks| {
        let rules = blocks.iter().flat_map(|block| &block.rule);
        let mut defaults = rules.flat_map(|rule| &rule.apply_server_side_encryption_by_default);
        let under_kms = defaults.any(|default| default.sse_algorithm.starts_with("aws:kms"));
        (under_kms && !rule.covers_kms_objects())
            .then(|| "its objects are encrypted with KMS, and the rule leaves such objects out".to_owned())
    });
    let replica_key = rule.destination.iter().find_map(|to| to.replica_kms_key_id.clone());
    Some(
        path.gate(Gate::new("versioning", resource.id(), versioned))
            .gate(Gate::new("encrypted objects", resource.id(), covered))
            .gate(Gate::new("failed objects", resource.id(), failures(resource, scene)))
            .gate(scene.key_gate(Ok(replica_key), &scene.place(resource, target))),
    )
}

/// How far the copy is behind: as measured, or what replication time control commits itself to.
fn behind(resource: &Resource, rule: &ReplicationRule, to: &str, scene: &Scene) -> Figure {
    let controlled =
        rule.destination.iter().any(|to| to.replication_time.iter().any(|time| time.status == "Enabled"));
    let measured = latency(resource, to, scene);
    if measured.gap.is_none() || !controlled {
        return measured;
    }
    // What was promised stands where nothing was measured, and not where the measurement was refused.
    let unmeasured = measured.gap.as_ref().is_some_and(|gap| gap.cause == Cause::Unsupported);
    match unmeasured {
        true => Figure::new(
            Interval::new(0, PROMISED),
            Grade::C,
            "replication time control: 99.9 % of objects within 15 min",
        )
        .from("replication time control", "enabled", "s3:GetReplicationConfiguration"),
        false => measured,
    }
}

fn latency(resource: &Resource, to: &str, scene: &Scene) -> Figure {
    let lag = |place: &stateward_model::Place| {
        let of = Lag {
            key: &metric::BUCKET_LATENCY,
            value: resource.id(),
            place,
            unit: 1.0,
            pick: |figures| figures.maximum,
            word: "maximum",
            least: 0,
            steady: false,
        };
        scene.lag(&of, |series| {
            let dimensions = series.get_or_default(&metric::DIMENSIONS).unwrap_or_default();
            let is = |key: &str, name: &str| dimensions.get(key).is_some_and(|value| value == name);
            is("SourceBucket", resource.id()) && is("DestinationBucket", to)
        })
    };
    let here = lag(&resource.address.place);
    if here.gap.is_none() {
        return here;
    }
    // CloudWatch keeps the metric in the region of the destination or of the source, by the age of the rule.
    let Some(there) = scene.index.buckets.of(to).first() else { return here };
    let there = lag(&there.address.place);
    // A measurement that was refused outweighs one that was never made.
    let refused = |figure: &Figure| figure.gap.as_ref().is_some_and(|gap| gap.cause != Cause::Unsupported);
    match there.gap.is_none() || (refused(&there) && !refused(&here)) {
        true => there,
        false => here,
    }
}

fn failures(resource: &Resource, scene: &Scene) -> Result<Option<String>, Gap> {
    let key = &metric::BUCKET_FAILURES;
    if let Some(gap) = scene.unseen(&metric::KIND, &resource.address.place, &scene.index.series) {
        return Err(gap);
    }
    let mut worst = 0.0f64;
    for series in scene.index.series.of(&format!("{}/{}", key.path(), resource.id())) {
        worst = worst.max(series.get_or_default(key)?.maximum);
    }
    let shown = crate::checks::measured::shown(worst);
    Ok((worst > 0.0).then(|| format!("{shown} objects in five minutes could not be replicated")))
}
