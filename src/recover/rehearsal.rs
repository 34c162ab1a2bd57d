//! What was rehearsed: restores, experiments and failovers, and which numbers may rest on them.

use std::collections::BTreeMap;

use stateward_model::kinds::backup::restore_job;
use stateward_model::kinds::fis::experiment;
use stateward_model::kinds::rds::event;
use stateward_model::{Gap, Resource};
use time::OffsetDateTime;

use super::figure::{Figure, Grade, Interval, Span};
use super::scene::Scene;
use crate::checks::facts::time_of;
use crate::result::RecoveryRehearsal;

const EVENTS: &str = "rds:DescribeEvents";
const RESTORES: &str = "backup:ListRestoreJobs";
const EXPERIMENTS: &str = "fis:ListExperiments";

/// Everything on record, the newest first.
pub fn rehearsals(scene: &Scene) -> Vec<RecoveryRehearsal> {
    let inventory = scene.view.inventory;
    let restores = inventory.of(&restore_job::KIND).filter_map(|job| restore(job, scene));
    let experiments = inventory.of(&experiment::KIND).filter_map(|found| run(found, scene));
    let mut all: Vec<RecoveryRehearsal> = restores.chain(experiments).collect();
    let mut sources: BTreeMap<(&str, String), Vec<&Resource>> = BTreeMap::new();
    for noted in inventory.of(&event::KIND) {
        if let Ok(Some(source)) = source(noted) {
            sources.entry((noted.region(), source)).or_default().push(noted);
        }
    }
    for ((region, _), events) in sources {
        all.extend(failovers(&events).into_iter().map(|it| it.told(region, scene)));
    }
    all.sort_by(|a, b| (&b.at, &a.sort, &a.region, &a.subject).cmp(&(&a.at, &b.sort, &b.region, &b.subject)));
    all
}

/// Why something from that time proves nothing any more, if so.
fn too_old(at: &str, scene: &Scene) -> Option<String> {
    let most = scene.view.profile.evidence.rehearsal.as_secs();
    match scene.seconds_since(at) {
        Ok(age) if age > most => Some(format!("{} ago", Span::Seconds(age))),
        Ok(_) => None,
        Err(gap) => Some(gap.to_string()),
    }
}

fn seconds(from: &str, to: &str) -> Option<u64> {
    u64::try_from((time_of(to).ok()? - time_of(from).ok()?).whole_seconds()).ok()
}

/// A restore of AWS Backup that came to an end, well or not.
fn restore(job: &Resource, scene: &Scene) -> Option<RecoveryRehearsal> {
    let status = job.get(&restore_job::STATUS).ok()??;
    let ended = job.get(&restore_job::COMPLETED_AT).ok()??;
    let begun = job.get(&restore_job::CREATED_AT).ok()??;
    let validation = job.get(&restore_job::VALIDATION_STATUS).ok().flatten();
    let tested = job.get(&restore_job::TESTING_PLAN_ARN).ok().flatten().is_some();
    let why = match (status.as_str(), validation.as_deref()) {
        ("COMPLETED", None | Some("SUCCESSFUL")) => too_old(&ended, scene),
        ("COMPLETED", Some("FAILED")) => Some("its validation failed".to_owned()),
        ("COMPLETED", Some(other)) => Some(format!("its validation is {other}")),
        (other, _) => Some(format!("it is {other}")),
    };
    let validated = if validation.as_deref() == Some("SUCCESSFUL") { ", validated" } else { "" };
    let what = if tested { "restore test" } else { "restore" };
    Some(RecoveryRehearsal {
        sort: "restore".to_owned(),
        what: format!("{what} {}{validated}", job.id()),
        subject: job.get(&restore_job::RESOURCE_TYPE).ok()?.unwrap_or_default(),
        region: job.region().to_owned(),
        took_s: seconds(&begun, &ended),
        at: ended,
        counts: why.is_none(),
        why,
        source: RESTORES.to_owned(),
    })
}

/// An experiment that was completed. It tells how long a fault lasted, and not how long users waited.
fn run(found: &Resource, scene: &Scene) -> Option<RecoveryRehearsal> {
    if found.get(&experiment::STATUS).ok()?.as_deref() != Some("completed") {
        return None;
    }
    let actions = found.get_or_default(&experiment::ACTIONS).unwrap_or_default();
    let ended = found.get(&experiment::ENDED_AT).ok().flatten();
    let at = ended.or(found.get(&experiment::CREATED_AT).ok().flatten())?;
    let zonal = found.get(&experiment::ZONAL);
    let why = match &zonal {
        Err(gap) => gap.to_string(),
        Ok(_) => too_old(&at, scene).unwrap_or_else(|| "it does not tell how long users waited".to_owned()),
    };
    let of_zone = if zonal == Ok(Some(true)) { " on a zone" } else { "" };
    Some(RecoveryRehearsal {
        sort: "experiment".to_owned(),
        what: format!("fault injection{of_zone}"),
        subject: if actions.is_empty() { found.id().to_owned() } else { actions.join(", ") },
        region: found.region().to_owned(),
        at,
        took_s: None,
        counts: false,
        why: Some(why),
        source: EXPERIMENTS.to_owned(),
    })
}

/// The source of an event as the index has it: `db-instance/orders`.
pub(super) fn source(noted: &Resource) -> Result<Option<String>, Gap> {
    let sort = noted.get_or_default(&event::SOURCE_TYPE)?;
    let name = noted.get(&event::SOURCE)?.filter(|name| !name.is_empty());
    Ok(name.map(|name| format!("{sort}/{name}")))
}

/// What an event says of a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    Started,
    Done,
    Failed,
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html>, categories `failover` and
/// `global-failover`.
fn note(message: &str) -> Option<Note> {
    let message = message.to_ascii_lowercase();
    if !message.contains("failover") && !message.contains("switchover") {
        return None;
    }
    // A failover that is abandoned never began.
    if message.contains("abandoning") || message.contains("partial") {
        return None;
    }
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match () {
        () if says(&["failed"]) => Some(Note::Failed),
        () if says(&["completed", "complete ", "finished"]) => Some(Note::Done),
        () if says(&["started"]) => Some(Note::Started),
        () => None,
    }
}

/// A failover with its beginning and its end, as far as they are told.
struct Failover {
    source: String,
    begun: String,
    ended: Option<String>,
    failed: bool,
    global: bool,
}

/// The failovers of one source. An end without a beginning is none.
fn failovers(events: &[&Resource]) -> Vec<Failover> {
    let mut told: Vec<(OffsetDateTime, String, Note, bool, String)> = Vec::new();
    for noted in events {
        let (Ok(Some(at)), Ok(message)) = (noted.get(&event::AT), noted.get_or_default(&event::MESSAGE))
        else {
            continue;
        };
        let (Ok(time), Some(note)) = (time_of(&at), note(&message)) else { continue };
        let name = noted.get_or_default(&event::SOURCE).unwrap_or_default();
        let global = message.to_ascii_lowercase().starts_with("global");
        told.push((time, at, note, global, name));
    }
    told.sort_by_key(|it| it.0);
    let mut found: Vec<Failover> = Vec::new();
    for (_, at, note, global, source) in told {
        let open = found.iter_mut().rev().find(|it| it.global == global && it.ended.is_none() && !it.failed);
        match (note, open) {
            (Note::Started, _) => {
                found.push(Failover { source, begun: at, ended: None, failed: false, global });
            }
            (Note::Done, Some(open)) => open.ended = Some(at),
            (Note::Failed, Some(open)) => open.failed = true,
            (Note::Done | Note::Failed, None) => {}
        }
    }
    found
}

impl Failover {
    /// How long it took; a failed one took no time that counts.
    fn took(&self) -> Option<u64> {
        seconds(&self.begun, self.ended.as_ref()?)
    }

    fn told(self, region: &str, scene: &Scene) -> RecoveryRehearsal {
        let took_s = self.took();
        let at = self.ended.unwrap_or(self.begun);
        let why = match took_s {
            _ if self.failed => Some("it failed".to_owned()),
            None => Some("no end of it is on record".to_owned()),
            // Its events name the cluster that takes over, and so they stand in that region.
            Some(_) if self.global => {
                Some("of a global database, whose way back rests on the profile".to_owned())
            }
            Some(_) => too_old(&at, scene),
        };
        RecoveryRehearsal {
            sort: "failover".to_owned(),
            what: if self.global { "failover of a global database" } else { "failover" }.to_owned(),
            subject: self.source,
            region: region.to_owned(),
            at,
            took_s,
            counts: why.is_none(),
            why,
            source: EVENTS.to_owned(),
        }
    }
}

impl Scene<'_> {
    /// How long an instance or a cluster takes to fail over: as it did, or else as the profile takes it to be.
    pub fn failover(&self, resource: &Resource, time: &str) -> Figure {
        let place = &resource.address.place;
        let sort = if resource.kind() == "aws_rds_cluster" { "db-cluster" } else { "db-instance" };
        let of_it = self.index.events.of(&format!("{sort}/{}", resource.id())).iter().copied();
        let of_it: Vec<&Resource> = of_it.filter(|noted| noted.address.place == *place).collect();
        let done = failovers(&of_it).into_iter().filter(|it| !it.global && !it.failed);
        let fresh = done.filter(|it| it.ended.as_deref().is_some_and(|ended| too_old(ended, self).is_none()));
        let took: Vec<(u64, String)> =
            fresh.filter_map(|it| Some((it.took()?, it.ended.unwrap_or_default()))).collect();
        let ends = took.iter().map(|it| it.0).min().zip(took.iter().map(|it| it.0).max());
        if let Some((low, high)) = ends {
            let figure =
                Figure::new(Interval::new(low, high), Grade::A, "shortest to longest failover on record");
            return took.into_iter().fold(figure, |figure, (took, ended)| {
                figure.from(format!("failover until {ended}"), Span::Seconds(took), EVENTS)
            });
        }
        let figure = self.time(time);
        // Without the records nobody knows whether a failover took longer.
        match self.unseen(&event::KIND, place, &self.index.events) {
            Some(gap) => Figure { interval: figure.interval.opened(), gap: Some(gap), ..figure },
            None => figure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_rds_are_understood() {
        let said = [
            ("Multi-AZ instance failover started.", Some(Note::Started)),
            ("Multi-AZ instance failover completed", Some(Note::Done)),
            (
                "Multi-AZ failover to standby complete - DNS propagation may take a few minutes.",
                Some(Note::Done),
            ),
            ("Started cross AZ failover to DB instance: orders-2", Some(Note::Started)),
            ("Started same AZ failover to DB instance: orders-2", Some(Note::Started)),
            ("Completed failover to DB instance: orders-2", Some(Note::Done)),
            ("Global failover to DB cluster a in Region b started.", Some(Note::Started)),
            ("Global switchover to DB cluster a in Region b finished.", Some(Note::Done)),
            (
                "Cluster failover failed, check the health of your cluster instances and try again.",
                Some(Note::Failed),
            ),
            (
                "Abandoning user requested failover since a failover recently occurred on the database instance.",
                None,
            ),
            ("Recovered from partial failover.", None),
            ("DB instance restarted", None),
        ];
        for (message, expected) in said {
            assert_eq!(note(message), expected, "{message}");
        }
    }
}
