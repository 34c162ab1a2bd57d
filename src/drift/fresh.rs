//! What may not have settled yet (N28): AWS answers for minutes after a change with what was before.

use std::collections::{BTreeMap, BTreeSet};

use stateward_model::{Place, Resource};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::{Class, Drift};
use crate::live::LiveSide;

/// How long after a change an answer may still show what was before.
const SETTLES: Duration = Duration::minutes(15);

/// When a live object was made, where its kind's answer tells.
pub fn created_at(resource: &Resource) -> Option<OffsetDateTime> {
    const NAMES: &[&str] = &[
        "creation_date",
        "instance_create_time",
        "cluster_create_time",
        "snapshot_create_time",
        "launch_time",
        "create_time",
        "create_date",
        "created_at",
        "created_time",
        "creation_time",
        "start_time",
    ];
    let text = NAMES.iter().find_map(|name| resource.raw(name).ok()?.as_str())?;
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// True when a moment is so near to `now` that answers may still change because of it.
pub fn is_fresh(moment: OffsetDateTime, now: OffsetDateTime) -> bool {
    (now - moment).abs() <= SETTLES
}

/// The types and places that must be read again before their drift is believed: those of a difference, or of a not-found,
/// on an object that was made within 15 minutes, or that a state written within 15 minutes declares. `written` tells when
/// each state was written, by its URI.
pub fn fresh(
    drift: &Drift,
    live: &dyn LiveSide,
    written: &BTreeMap<String, OffsetDateTime>,
    now: OffsetDateTime,
) -> BTreeSet<(String, Place)> {
    let mut again = BTreeSet::new();
    for item in &drift.items {
        let differs = matches!(item.class, Class::Changed | Class::Missing)
            || (item.class == Class::Unmanaged && item.owner.is_some());
        if !differs {
            continue;
        }
        let object = item.object.as_ref().map_or(&item.identity, |object| &object.address);
        let state = item.state.as_ref().and_then(|state| written.get(state));
        let applied = state.is_some_and(|moment| is_fresh(*moment, now));
        let made = || live.find(object).and_then(|object| created_at(&object));
        if applied || made().is_some_and(|moment| is_fresh(moment, now)) {
            again.insert((object.kind.clone().into_owned(), object.place.clone()));
        }
    }
    again
}
