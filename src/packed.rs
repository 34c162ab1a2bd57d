//! A live side of any size: resources stay packed, and are found by a table of hashes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use rustc_hash::FxHasher;
use stateward_model::{Address, Kind, Resource};

use crate::live::{Listings, LiveSide};
use crate::pack::Head;
use crate::shelf::Shelf;
use crate::snapshot::RecordedReading;

/// The live side of a comparison: what the readings brought, packed.
pub struct PackedSide {
    listings: Listings,
    shelves: Vec<Shelf>,
    /// By kind and identity: the shelf, and the position on it.
    entries: Vec<(u32, u32)>,
    /// Which of the entries are of a kind.
    kinds: BTreeMap<String, Range<usize>>,
    /// Entries by hash of their identity; [`EMPTY`] where there is none.
    table: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

impl PackedSide {
    /// What the readings brought. A kind and place without a reading was not asked for. Of several resources with one
    /// identity the last stays.
    pub fn new(readings: Vec<RecordedReading>) -> Self {
        let mut side = Self {
            listings: Listings::default(),
            shelves: Vec::new(),
            entries: Vec::new(),
            kinds: BTreeMap::new(),
            table: Vec::new(),
        };
        for reading in readings {
            side.listings.insert(reading.kind, reading.place, reading.harvest.gaps, reading.observed_at);
            let (shelf, count) = (narrow(side.shelves.len()), narrow(reading.harvest.resources.len()));
            side.entries.extend((0..count).map(|position| (shelf, position)));
            side.shelves.push(reading.harvest.resources);
        }
        side.sort();
        side.index();
        side
    }

    /// Says where everything that was read at all should have been read (see [`Listings::expect`]).
    pub fn listings_mut(&mut self) -> &mut Listings {
        &mut self.listings
    }

    fn sort(&mut self) {
        let shelves = &self.shelves;
        let head = |entry: &(u32, u32)| head(shelves, *entry);
        self.entries.sort_by(|a, b| head(a).cmp(&head(b)));
        self.entries.dedup_by(|later, kept| {
            let same = head(later) == head(kept);
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        self.entries.shrink_to_fit();
    }

    fn index(&mut self) {
        self.table = vec![EMPTY; (self.entries.len() * 2).next_power_of_two()];
        for number in 0..self.entries.len() {
            let Some(head) = head(&self.shelves, self.entries[number]) else { continue };
            match self.kinds.get_mut(head.kind) {
                Some(range) => range.end = number + 1,
                None => {
                    self.kinds.insert(head.kind.to_owned(), number..number + 1);
                }
            }
        }
        for number in 0..self.entries.len() {
            let Some(hash) = self.head(number).map(|head| hash(&head)) else { continue };
            let mut place = hash & (self.table.len() - 1);
            while self.table[place] != EMPTY {
                place = (place + 1) & (self.table.len() - 1);
            }
            self.table[place] = narrow(number);
        }
    }

    fn head(&self, number: usize) -> Option<Head<'_>> {
        head(&self.shelves, *self.entries.get(number)?)
    }
}

/// Positions are kept short; there are never as many resources as would not fit.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(EMPTY)
}

fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn head(shelves: &[Shelf], (shelf, position): (u32, u32)) -> Option<Head<'_>> {
    shelves.get(wide(shelf))?.head(wide(position))
}

fn hash(head: &Head) -> usize {
    let mut hasher = FxHasher::default();
    head.hash(&mut hasher);
    hasher.finish() as usize
}

impl LiveSide for PackedSide {
    fn listings(&self) -> &Listings {
        &self.listings
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn position(&self, address: &Address) -> Option<usize> {
        let wanted = Head::of(address);
        let mut place = hash(&wanted) & (self.table.len() - 1);
        loop {
            let number = *self.table.get(place)?;
            if number == EMPTY {
                return None;
            }
            if self.head(wide(number)) == Some(wanted) {
                return Some(wide(number));
            }
            place = (place + 1) & (self.table.len() - 1);
        }
    }

    fn at(&self, position: usize) -> Option<Cow<'_, Resource>> {
        let (shelf, position) = *self.entries.get(position)?;
        self.shelves.get(wide(shelf))?.get(wide(position))
    }

    fn of(&self, kind: &'static Kind) -> Box<dyn Iterator<Item = Cow<'_, Resource>> + '_> {
        let range = self.kinds.get(kind.name).cloned().unwrap_or_default();
        Box::new(range.filter_map(|position| self.at(position)))
    }

    fn count(&self, kind: &Kind) -> usize {
        self.kinds.get(kind.name).map_or(0, Range::len)
    }

    fn count_in(&self, region: &str) -> usize {
        (0..self.len()).filter(|number| self.head(*number).is_some_and(|head| head.region == region)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use proptest::prelude::*;
    use stateward_model::{Harvest, Place, Reading};

    fn readings() -> impl Strategy<Value = Vec<Reading>> {
        let kind = prop_oneof![Just("aws_vpc"), Just("aws_subnet"), Just("aws_instance")];
        let reading = (kind, "[ab]", prop::collection::vec("[a-d]{1,2}", 0..400));
        prop::collection::vec(reading, 0..5).prop_map(|given| {
            let one = |(kind, region, ids): (&'static str, String, Vec<String>)| {
                let place = Place::new("1", region);
                let named = |(number, id): (usize, String)| {
                    Resource::new(place.clone(), kind, id).with_name(number.to_string())
                };
                let resources = ids.into_iter().enumerate().map(named).collect();
                let harvest = Harvest { resources, gaps: vec![] };
                Reading { kind: kind.into(), place, observed_at: String::new(), harvest }
            };
            given.into_iter().map(one).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_packed_side_answers_like_an_inventory(given in readings(), absent in "[a-e]{1,2}") {
            let plain = Inventory::live(given.clone());
            let packed = PackedSide::new(given.into_iter().map(RecordedReading::from).collect());
            prop_assert_eq!(packed.len(), plain.len());
            for (position, resource) in plain.resources().enumerate() {
                prop_assert_eq!(packed.position(&resource.address), Some(position));
                let unpacked = packed.at(position);
                prop_assert_eq!(unpacked.as_deref(), Some(resource));
            }
            for kind in stateward_model::kinds::all() {
                let of_kind: Vec<Resource> = packed.of(kind).map(Cow::into_owned).collect();
                prop_assert_eq!(of_kind.len(), packed.count(kind));
                prop_assert!(of_kind.iter().eq(plain.of(kind)));
            }
            for region in ["a", "b", "c"] {
                prop_assert_eq!(packed.count_in(region), plain.count_in(region));
            }
            let address = Resource::new(Place::new("1", "a"), "aws_vpc", absent).address;
            prop_assert_eq!(packed.position(&address), LiveSide::position(&plain, &address));
        }
    }
}
