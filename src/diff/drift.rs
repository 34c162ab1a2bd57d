//! The change of drift: what is new, what returned, what was looked for in vain, and what could not be seen.

use stateward_model::kinds;

use crate::drift::time::{Memory, state_key};
use crate::result::{Difference, Document, Drift, DriftComparison, Past, StandingState};

/// The change of drift from `old` to `new`; none where one of them compared no state.
pub(super) fn change(old: &Document, new: &Document) -> Option<DriftComparison> {
    let (_, drift) = (old.drift.as_ref()?, new.drift.as_ref()?);
    let (was, is) = (Memory::of(old), Memory::of(new));
    let unseen = |print: &str| drift.unseen.iter().find(|past| past.fingerprint == print);
    // A result that was held against the other has looked closer than two results can be looked at.
    let held = drift.since.as_ref().is_some_and(|since| since.run == old.run.id && since.note.is_none());
    let mut change = DriftComparison::default();
    for (print, past) in is.stood().filter(|(print, _)| unseen(print).is_none()) {
        let state = match (is.state(print).filter(|_| held), was.has(print), was.had(print)) {
            (Some(state), ..) => state,
            (None, true, _) => StandingState::Continuing,
            (None, false, true) => StandingState::Returned,
            (None, false, false) => StandingState::New,
        };
        match state {
            StandingState::Continuing => change.continuing += 1,
            StandingState::Returned => change.returned.push(past.into()),
            StandingState::New => change.new.push(past.into()),
        }
    }
    let sight = Sight { new, drift };
    for (print, past) in was.stood() {
        if is.has(print) && unseen(print).is_none() {
            continue;
        }
        let fate = match unseen(print) {
            // Whatever it was held against, what it says it could not see is not resolved.
            Some(now) => Fate::Unseen(now.why.clone()),
            None if !held => sight.fate(past, &is),
            None if is.had(print) => Fate::Resolved,
            None => Fate::Superseded,
        };
        match fate {
            Fate::Resolved => change.resolved.push(past.into()),
            Fate::Unseen(why) => change.unseen.push(Difference { why: Some(why), ..past.into() }),
            Fate::Superseded => {}
        }
    }
    for list in [&mut change.new, &mut change.returned, &mut change.resolved, &mut change.unseen] {
        list.sort();
    }
    Some(change)
}

enum Fate {
    Resolved,
    Unseen(String),
    /// The same attribute differs in another way, which is listed.
    Superseded,
}

struct Sight<'a> {
    new: &'a Document,
    drift: &'a Drift,
}

impl Sight<'_> {
    /// What became of a difference that the later result does not list.
    fn fate(&self, past: &Past, is: &Memory) -> Fate {
        if let Some(why) = self.not_looked(past).or_else(|| self.not_read(past)) {
            return Fate::Unseen(why);
        }
        let same = |other: &Past| {
            other.address == past.address
                && other.owner == past.owner
                && other.id == past.id
                && other.path == past.path
                && other.class == past.class
        };
        let superseded =
            past.path.is_some() && past.owner.is_none() && is.stood().any(|(_, other)| same(other));
        if superseded { Fate::Superseded } else { Fate::Resolved }
    }

    /// Why the later result did not look for it.
    fn not_looked(&self, past: &Past) -> Option<String> {
        let scope = &self.new.scope;
        let known = |mut of: Box<dyn Iterator<Item = &str> + '_>, word: &str| of.any(|one| one == word);
        if !scope.accounts.is_empty()
            && !known(Box::new(scope.accounts.iter().map(|one| one.id.as_str())), &past.account)
        {
            return Some(format!("account {} was not looked at", past.account));
        }
        let regional = past.region != "global" && !scope.regions.is_empty();
        if regional && !known(Box::new(scope.regions.iter().map(|one| one.name.as_str())), &past.region) {
            return Some(format!("region {} was not looked at", past.region));
        }
        if let Some(state) = &past.state {
            let lineage = past.lineage.as_deref().unwrap_or(state);
            let same = |one: &&crate::result::State| {
                one.uri == *state || state_key(&one.uri, &one.lineage) == lineage
            };
            if !scope.states.iter().any(|one| same(&one)) {
                return Some(format!("{state} was not compared"));
            }
        }
        let service = kinds::find(&past.kind).map(|kind| kind.service);
        if let Some(service) = service.filter(|name| !scope.services.iter().any(|one| one.name == *name)) {
            return Some(format!("{service} was not read"));
        }
        let listed = self.drift.items.iter().any(|item| item.class == "unmanaged" && item.owner.is_none())
            || self.drift.summary.excluded > 0
            || self.new.run.command != "drift";
        let unlisted = past.class == "unmanaged" && past.owner.is_none() && !listed;
        unlisted.then(|| "nothing shows that unmanaged objects were listed".to_owned())
    }

    /// Why the later result could not see it.
    fn not_read(&self, past: &Past) -> Option<String> {
        if past.state.as_ref().is_some_and(|state| self.drift.unread_states.contains(state)) {
            return Some("its state could not be read".to_owned());
        }
        let about = past.address.as_ref().or(past.owner.as_ref());
        let unknown = self.drift.items.iter().find(|item| {
            item.class == "unknown"
                && ((about.is_some() && item.address.as_ref() == about) || item.id == past.id)
        });
        if let Some(item) = unknown {
            let reason = item.reasons.first().map_or("it could not be compared", String::as_str);
            return Some(reason.to_owned());
        }
        let errors = self.new.collection.errors.iter().filter(|error| !error.affects.attribution);
        let mut here = errors.filter(|error| {
            let place = [(&error.account, &past.account), (&error.region, &past.region)];
            error.affects.types.contains(&past.kind)
                && place.iter().all(|(one, other)| one == other || one.is_empty())
        });
        here.next().map(|error| {
            format!("{}:{} could not be read ({})", error.service, error.operation, error.reason)
        })
    }
}
