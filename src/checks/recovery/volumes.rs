//! Copies of volumes in another region.

use std::collections::BTreeSet;

use stateward_model::kinds::backup::recovery_point;
use stateward_model::kinds::common::{ARN, TAGS, TAGS_ALL};
use stateward_model::kinds::ec2::compute::{snapshot, volume};
use stateward_model::{Cause, Gap, Place, Resource};

use super::copies::is_whole;
use super::lag::objective;
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{
    age_of, arn_of, copy_regions, in_production, known_tags, partition, records, span,
};
use crate::checks::storage::plans::holds_no_state;
use crate::checks::{named, told};

const SNAPSHOTS: &str = "ec2:DescribeSnapshots";

pub const DR_14: Check = Check {
    id: "DR-14",
    alias: "volumes-copied-elsewhere",
    title: "Volumes have recent copies elsewhere",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Medium,
    // Attached volumes are excluded as parts of their instances.
    subject: Subject::EachIncludingExcluded(&volume::KIND, volume_copied),
    reads: &[
        Reads {
            kind: &volume::KIND,
            attributes: &[ARN.any(), TAGS.any(), TAGS_ALL.any(), volume::ATTACHMENTS.any()],
        },
        Reads {
            kind: &recovery_point::KIND,
            attributes: &[
                recovery_point::RESOURCE_ARN.any(),
                recovery_point::STATUS.any(),
                recovery_point::CREATED_AT.any(),
            ],
        },
        Reads {
            kind: &snapshot::KIND,
            attributes: &[
                snapshot::DESCRIPTION.any(),
                snapshot::START_TIME.any(),
                snapshot::STATE.any(),
                TAGS.any(),
                TAGS_ALL.any(),
                snapshot::VOLUME_ID.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/DR-14.md"),
};

fn volume_copied(resource: &Resource, view: &View) -> Verdict {
    if let Some(reason) = holds_no_state(resource, view)? {
        return Ok(Outcome::NotApplicable(reason));
    }
    let regions = copy_regions(resource.region(), view)?;
    let rpo = objective(view);
    let ages = [age_of_point(resource, &regions, view), age_of_snapshot(resource, &regions, view)];
    if ages.iter().flatten().flatten().any(|age| *age <= rpo) {
        return Ok(Outcome::Pass);
    }
    if !in_production(resource, view)? {
        return Ok(Outcome::NotApplicable("its tags name an environment that is not production"));
    }
    let [point, snapshot] = ages;
    let newest = point?.into_iter().chain(snapshot?).min();
    let there = regions.join(", ");
    Ok(Outcome::Fail(match newest {
        Some(age) => {
            format!("its newest copy in {there} is {} old; the objective is {}", span(age), span(rpo))
        }
        None => format!("it has no completed copy in {there}"),
    }))
}

/// The age in seconds of the newest whole recovery point in `regions`, of the volume or of an instance that has it.
fn age_of_point(volume: &Resource, regions: &[&str], view: &View) -> Result<Option<i64>, Gap> {
    let arns = backed_up_as(volume)?;
    let mut newest = None;
    for point in view.inventory.of(&recovery_point::KIND).filter(|point| regions.contains(&point.region())) {
        let of_it = point.get(&recovery_point::RESOURCE_ARN)?.is_some_and(|arn| arns.contains(&arn));
        if of_it && is_whole(&point.get_or_default(&recovery_point::STATUS)?) {
            newest = newest.max(point.get(&recovery_point::CREATED_AT)?);
        }
    }
    let age = newest.map(|stamp| age_of(&stamp, view)).transpose()?;
    if age.is_none_or(|age| age > objective(view)) {
        records(&recovery_point::KIND, view)?;
    }
    Ok(age)
}

/// A backup of an instance holds all of its volumes.
fn backed_up_as(volume: &Resource) -> Result<BTreeSet<String>, Gap> {
    let Place { account, region } = &volume.address.place;
    let partition = partition(region);
    let instances = volume.get_or_default(&volume::ATTACHMENTS)?.into_iter().map(|attachment| {
        format!("arn:{partition}:ec2:{region}:{account}:instance/{}", attachment.instance_id)
    });
    Ok(instances.chain([arn_of(volume)?]).collect())
}

/// The age in seconds of the data of the newest completed snapshot in `regions` that was copied from one of the volume.
///
/// That a copy is of another volume is known only where its source is: a young copy without one may be of this volume.
fn age_of_snapshot(volume: &Resource, regions: &[&str], view: &View) -> Result<Option<i64>, Gap> {
    let rpo = objective(view);
    let (mut newest, mut unknown) = (None, Vec::new());
    for copy in view.inventory.of(&snapshot::KIND).filter(|copy| regions.contains(&copy.region())) {
        if copy.get_or_default(&snapshot::STATE)? != "completed" || is_recovery_point(copy)? {
            continue;
        }
        let taken = told(copy.get(&snapshot::START_TIME)?, SNAPSHOTS)?;
        match origin(copy, view)? {
            Some(first) if first.get(&snapshot::VOLUME_ID)?.as_deref() == Some(volume.id()) => {
                let age = age_of(&told(first.get(&snapshot::START_TIME)?, SNAPSHOTS)?, view)?;
                newest = Some(newest.map_or(age, |known: i64| known.min(age)));
            }
            Some(_) => {}
            // A copy is begun after its source.
            None if age_of(&taken, view)? <= rpo => unknown.push(copy.id()),
            None => {}
        }
    }
    if newest.is_some_and(|age| age <= rpo) {
        return Ok(newest);
    }
    records(&snapshot::KIND, view)?;
    if !unknown.is_empty() {
        let detail = format!("no description tells of which volume {} is a copy", named(&unknown));
        return Err(Gap::new(SNAPSHOTS, Cause::Unsupported, detail));
    }
    Ok(newest)
}

/// AWS Backup tells of its own snapshots.
fn is_recovery_point(snapshot: &Resource) -> Result<bool, Gap> {
    Ok(known_tags(snapshot)?.contains_key("aws:backup:source-resource"))
}

/// The snapshot that a chain of copies began with: its volume is real, that of a copy is not.
fn origin<'a>(copy: &'a Resource, view: &View<'a>) -> Result<Option<&'a Resource>, Gap> {
    const LONGEST: usize = 8;
    let mut found = copy;
    for _ in 0..LONGEST {
        let description = found.get_or_default(&snapshot::DESCRIPTION)?;
        let Some(source) = source_of(&description) else {
            let volume = found.get_or_default(&snapshot::VOLUME_ID)?;
            // All copies are said to be of this one.
            return Ok((volume != "vol-ffffffff").then_some(found));
        };
        let places = view.inventory.places(&snapshot::KIND);
        match places.iter().find_map(|place| view.inventory.by_id(&snapshot::KIND, place, source)) {
            Some(next) => found = next,
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// The id that the console, or the copying of an image, writes into the description of a copy.
fn source_of(description: &str) -> Option<&str> {
    let rest = description
        .strip_prefix("[Copied ")
        .or_else(|| description.split_once(" for SourceSnapshot ").map(|(_, rest)| rest))?;
    let id = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next()?;
    id.starts_with("snap-").then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_tell_the_source() {
        assert_eq!(source_of("[Copied snap-0a1b from us-west-2] nightly"), Some("snap-0a1b"));
        let of_image = "Copied for DestinationAmi ami-2 from SourceAmi ami-1 for SourceSnapshot snap-3. Task created on 1,577.";
        assert_eq!(source_of(of_image), Some("snap-3"));
        assert_eq!(source_of("Created by CreateImage(i-1) for ami-1"), None);
        assert_eq!(source_of("[Copied by hand]"), None);
        assert_eq!(source_of(""), None);
    }
}
