//! A second look: what may not have settled is read again before its drift is believed (N28).

use std::collections::{BTreeMap, BTreeSet};

use stateward_model::{Place, Reading, Wanted, kinds};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::audit::{Question, coverage};
use crate::declared::States;
use crate::drift::{self, fresh};
use crate::packed::PackedSide;
use crate::snapshot::{RecordedReading, Snapshot};

/// The types and places of `snapshot` that must be read again, as of `now`. Without a state that was just written and an
/// object that was just made there is none, and nothing is compared to find that out.
pub fn unsettled(snapshot: &Snapshot, question: &Question, now: OffsetDateTime) -> BTreeSet<(String, Place)> {
    if !question.drift || snapshot.states.is_empty() {
        return BTreeSet::new();
    }
    let moment = |text: &String| OffsetDateTime::parse(text, &Rfc3339).ok();
    let written: BTreeMap<String, OffsetDateTime> = snapshot
        .states
        .iter()
        .filter_map(|state| {
            Some((state.facts.uri.clone(), state.facts.written_at.as_ref().and_then(moment)?))
        })
        .filter(|(_, moment)| fresh::is_fresh(*moment, now))
        .collect();
    let mut seen = snapshot.readings.iter().flat_map(|reading| reading.harvest.resources.each());
    let made = seen.any(|one| fresh::created_at(&one).is_some_and(|moment| fresh::is_fresh(moment, now)));
    if written.is_empty() && !made {
        return BTreeSet::new();
    }
    let mut live = PackedSide::new(snapshot.readings.clone());
    let accounts = snapshot.accounts.iter().map(|account| (account.id.clone(), account.gap.clone()));
    let regions: Vec<String> = question.profile.regions.iter().map(|region| region.name.clone()).collect();
    live.listings_mut().expect(&accounts.collect::<Vec<_>>(), &regions);
    let scope = coverage(question, &snapshot.accounts, &snapshot.states);
    fresh::fresh(&drift::reconcile(States(&snapshot.states), &live, &scope), &live, &written, now)
}

/// Of what was asked for, what is asked for again.
pub fn wanted_again(wanted: &Wanted, unsettled: &BTreeSet<(String, Place)>) -> Wanted {
    let mut again = Wanted::default();
    for (name, _) in unsettled {
        let Some(kind) = kinds::find(name) else { continue };
        again.kind(kind.name);
        for attr in kind.attributes.iter().filter(|attr| wanted.has(kind.name, attr.path)) {
            again.attribute(kind.name, attr.path);
        }
    }
    again
}

/// Puts the second readings of what had not settled in the place of the first. One that is not whole tells less than the
/// first, and is left out.
pub fn replace(readings: &mut [RecordedReading], again: Vec<Reading>, unsettled: &BTreeSet<(String, Place)>) {
    for second in again {
        let key = (second.kind.clone(), second.place.clone());
        if !unsettled.contains(&key) || !second.harvest.gaps.is_empty() {
            continue;
        }
        let first = readings.iter_mut().find(|first| first.kind == key.0 && first.place == key.1);
        if let Some(first) = first {
            *first = second.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::StateFacts;
    use crate::plan::Selection;
    use crate::profile::Profile;
    use crate::shelf::Shelf;
    use crate::snapshot::{RecordedAccount, RecordedState};
    use serde_json::json;
    use stateward_model::{Cause, Declared, Gap, Harvest, Resource, Slot};

    const NOW: &str = "2026-01-01T12:00:00Z";

    fn volume(size: Option<i64>, made: &str) -> Vec<Resource> {
        let mut volume = Resource::new(Place::new("1", "us-west-2"), "aws_ebs_volume", "vol-1");
        volume.put_raw("size", Slot::Known(json!(size)));
        volume.put_raw("create_time", Slot::Known(json!(made)));
        size.map(|_| volume).into_iter().collect()
    }

    fn reading(resources: Vec<Resource>) -> Reading {
        let harvest = Harvest { resources, gaps: vec![] };
        let place = Place::new("1", "us-west-2");
        Reading { kind: "aws_ebs_volume".into(), place, observed_at: NOW.into(), harvest }
    }

    fn snapshot(live: Vec<Resource>, written_at: &str) -> Snapshot {
        let mut declared = volume(Some(8), "").remove(0);
        let address = "aws_ebs_volume.it".to_owned();
        declared.declared = Some(Declared { address, state: "s".into(), ..Declared::default() });
        let facts =
            StateFacts { uri: "s".into(), written_at: Some(written_at.to_owned()), ..StateFacts::default() };
        let mut resources = Shelf::default();
        resources.push(declared);
        Snapshot {
            format: String::new(),
            recorded_by: String::new(),
            as_of: NOW.into(),
            accounts: vec![RecordedAccount { id: "1".into(), gap: None }],
            regions: vec![],
            readings: vec![reading(live).into()],
            operations: vec![],
            errors: vec![],
            wall_ms: 0,
            states: vec![RecordedState { facts, gap: None, outcome: "read".into(), resources }],
            configurations: vec![],
            trail: None,
        }
    }

    fn again(snapshot: &Snapshot) -> Vec<(String, Place)> {
        let profile = Profile::built_in_default().unwrap();
        let selection = Selection::default();
        let question = Question::drift(&profile, &selection, false).unwrap();
        let now = OffsetDateTime::parse(NOW, &Rfc3339).unwrap();
        unsettled(snapshot, &question, now).into_iter().collect()
    }

    const LONG_AGO: &str = "2025-12-01T00:00:00Z";
    const JUST_NOW: &str = "2026-01-01T11:50:00Z";

    #[test]
    fn only_what_differs_and_was_just_touched_is_read_again() {
        let volumes = [("aws_ebs_volume".to_owned(), Place::new("1", "us-west-2"))];
        assert_eq!(again(&snapshot(volume(Some(16), LONG_AGO), JUST_NOW)), volumes, "a state just written");
        assert_eq!(again(&snapshot(volume(Some(16), JUST_NOW), LONG_AGO)), volumes, "an object just made");
        assert_eq!(again(&snapshot(volume(None, ""), JUST_NOW)), volumes, "not there yet");
        assert_eq!(again(&snapshot(volume(Some(16), LONG_AGO), LONG_AGO)), [], "long settled");
        assert_eq!(again(&snapshot(volume(Some(8), JUST_NOW), JUST_NOW)), [], "no difference");
        assert_eq!(again(&snapshot(volume(None, ""), LONG_AGO)), [], "gone for long");
    }

    #[test]
    fn a_difference_that_vanishes_is_gone_and_one_that_stays_stays() {
        let mut first = snapshot(volume(None, ""), JUST_NOW);
        let unsettled: BTreeSet<_> = again(&first).into_iter().collect();
        let mut broken = reading(vec![]);
        broken.harvest.gaps = vec![Gap::new("ec2:DescribeVolumes", Cause::Throttled, "no")];
        replace(&mut first.readings, vec![broken], &unsettled);
        assert!(first.readings[0].harvest.gaps.is_empty(), "a broken second look tells less than the first");
        assert_eq!(again(&first).len(), 1);
        replace(&mut first.readings, vec![reading(volume(Some(8), JUST_NOW))], &unsettled);
        assert_eq!(again(&first), []);
        assert_eq!(first.readings[0].harvest.resources.len(), 1);
    }

    #[test]
    fn the_second_look_asks_for_no_more_than_the_first_did() {
        let mut wanted = Wanted::default();
        wanted.attribute("aws_ebs_volume", "size").attribute("aws_vpc", "cidr_block");
        let unsettled = BTreeSet::from([("aws_ebs_volume".to_owned(), Place::new("1", "us-west-2"))]);
        let second = wanted_again(&wanted, &unsettled);
        assert_eq!(second.kinds().collect::<Vec<_>>(), ["aws_ebs_volume"]);
        assert!(second.has("aws_ebs_volume", "size") && !second.has("aws_ebs_volume", "type"));
    }
}
