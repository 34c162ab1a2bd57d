//! Everything that was read, with what could not be read, in one place to ask.

use std::borrow::Cow;
use std::collections::BTreeMap;

use stateward_model::{Address, Exclusion, Gap, Kind, Place, Reading, Resource, kinds};

use crate::live::{Listings, LiveSide};

/// Which of the two inventories a question is put to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// What the APIs said.
    Live,
    /// What the states say.
    Declared,
}

/// Resources by kind and identity, and for every kind and place whether it was read whole.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// By type first, since nearly every question is about one; then sorted by identity.
    resources: BTreeMap<Cow<'static, str>, Vec<Resource>>,
    listings: Listings,
}

impl Inventory {
    /// The live inventory: what the readings brought. A kind and place without a reading was not asked for.
    pub fn live(readings: Vec<Reading>) -> Self {
        let mut inventory = Self::default();
        let mut resources = Vec::new();
        for reading in readings {
            inventory.listings.insert(reading.kind, reading.place, reading.harvest.gaps, reading.observed_at);
            resources.extend(reading.harvest.resources);
        }
        inventory.fill(resources);
        inventory
    }

    /// Says where everything that was read at all should have been read (see [`Listings::expect`]).
    pub fn expect(&mut self, accounts: &[(String, Option<Gap>)], regions: &[String]) {
        self.listings.expect(accounts, regions);
    }

    /// The declared inventory: `gaps` are the states that could not be read, and while there is any, no kind is whole.
    pub fn declared(resources: Vec<Resource>, gaps: Vec<Gap>) -> Self {
        let mut inventory = Self { listings: Listings::declared(gaps), ..Self::default() };
        inventory.fill(resources);
        inventory
    }

    /// Of several resources with one identity the last stays.
    fn fill(&mut self, resources: Vec<Resource>) {
        for resource in resources {
            self.resources.entry(resource.address.kind.clone()).or_default().push(resource);
        }
        for of_kind in self.resources.values_mut() {
            of_kind.sort_by(|a, b| a.address.cmp(&b.address));
            // The sort is stable, and what is kept of two is the first: so the later one is put there.
            of_kind.dedup_by(|later, kept| {
                let same = later.address == kept.address;
                if same {
                    std::mem::swap(later, kept);
                }
                same
            });
        }
    }

    fn index(&self, address: &Address) -> Option<usize> {
        let of_kind = self.resources.get(&address.kind)?;
        of_kind.binary_search_by(|resource| resource.address.cmp(address)).ok()
    }

    /// Every resource, by type and identity.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values().flatten()
    }

    /// Every resource of a kind, whether or not all of them could be read.
    pub fn of(&self, kind: &Kind) -> impl Iterator<Item = &Resource> {
        self.resources.get(kind.name).into_iter().flatten()
    }

    /// The resource of an identity.
    pub fn find(&self, address: &Address) -> Option<&Resource> {
        self.resources.get(&address.kind)?.get(self.index(address)?)
    }

    /// The resource of a kind, place and id.
    pub fn by_id(&self, kind: &Kind, place: &Place, id: &str) -> Option<&Resource> {
        self.find(&Address { place: place.clone(), kind: kind.name.into(), id: id.to_owned() })
    }

    /// The resource, mutable, for folding parts into it.
    pub(crate) fn find_mut(&mut self, address: &Address) -> Option<&mut Resource> {
        let index = self.index(address)?;
        self.resources.get_mut(&address.kind)?.get_mut(index)
    }

    /// Where resources of a kind were looked for.
    pub fn places(&self, kind: &Kind) -> Vec<Place> {
        self.listings.places(kind)
    }

    /// Every place that was looked at, sorted.
    pub fn all_places(&self) -> Vec<Place> {
        self.listings.all_places()
    }

    /// The gaps of the listing of a kind in a place; `None` when nobody looked there.
    pub fn listing_gaps(&self, kind: &Kind, place: &Place) -> Option<&[Gap]> {
        self.listings.gaps(kind, place)
    }

    /// When the kind was read in the place, RFC 3339; empty on the declared side.
    pub fn observed_at(&self, kind: &str, place: &Place) -> &str {
        self.listings.observed_at(kind, place)
    }

    /// Whether the kind was read whole in the place, so that absence means "does not exist".
    ///
    /// # Errors
    /// The first gap of the listing, or that nobody asked.
    pub fn complete(&self, kind: &Kind, place: &Place) -> Result<(), Gap> {
        self.listings.complete(kind, place)
    }

    /// All resources of a kind in all places that were looked at.
    ///
    /// # Errors
    /// The gap of the first listing that was not whole; a part must not be taken for everything.
    pub fn all(&self, kind: &Kind) -> Result<Vec<&Resource>, Gap> {
        self.listings.complete_everywhere(kind)?;
        Ok(self.of(kind).collect())
    }

    /// All resources of a kind in one place.
    ///
    /// # Errors
    /// The gap of the listing when it was not whole.
    pub fn all_in(&self, kind: &Kind, place: &Place) -> Result<Vec<&Resource>, Gap> {
        self.complete(kind, place)?;
        Ok(self.of(kind).filter(|resource| &resource.address.place == place).collect())
    }

    /// The resource of a kind, place and id, where its absence is proved.
    ///
    /// # Errors
    /// The gap of the listing, when the resource was not found and the listing was not whole.
    pub fn lookup(&self, kind: &Kind, place: &Place, id: &str) -> Result<Option<&Resource>, Gap> {
        match self.by_id(kind, place, id) {
            Some(resource) => Ok(Some(resource)),
            None => self.complete(kind, place).map(|()| None),
        }
    }
}

impl LiveSide for Inventory {
    fn listings(&self) -> &Listings {
        &self.listings
    }

    fn len(&self) -> usize {
        self.resources.values().map(Vec::len).sum()
    }

    fn position(&self, address: &Address) -> Option<usize> {
        let before: usize =
            self.resources.range(..address.kind.clone()).map(|(_, of_kind)| of_kind.len()).sum();
        self.index(address).map(|index| before + index)
    }

    fn at(&self, mut position: usize) -> Option<Cow<'_, Resource>> {
        for of_kind in self.resources.values() {
            match of_kind.get(position) {
                Some(resource) => return Some(Cow::Borrowed(resource)),
                None => position -= of_kind.len(),
            }
        }
        None
    }

    fn of(&self, kind: &'static Kind) -> Box<dyn Iterator<Item = Cow<'_, Resource>> + '_> {
        Box::new(Inventory::of(self, kind).map(Cow::Borrowed))
    }

    fn count(&self, kind: &Kind) -> usize {
        self.resources.get(kind.name).map_or(0, Vec::len)
    }

    fn count_in(&self, region: &str) -> usize {
        self.resources().filter(|resource| resource.region() == region).count()
    }
}

/// Why a live resource is AWS's own or another controller's, by its kind's rule.
pub fn exclusion(resource: &Resource) -> Option<Exclusion> {
    kinds::find(resource.kind()).and_then(|kind| (kind.exclusion)(resource))
}

/// Whether checks look at a live resource. What AWS itself owns or is about to go is not judged; what another controller
/// made of the account's own (N19, N20: members of a scaling group, volumes of instances) is as exposed as the rest.
pub fn is_judged(resource: &Resource) -> bool {
    exclusion(resource).is_none_or(|exclusion| matches!(exclusion.rule, "N19" | "N20"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stateward_model::kinds::ec2::network::vpc;
    use stateward_model::{Cause, Harvest};

    fn reading(region: &str, ids: &[&str], gaps: Vec<Gap>) -> Reading {
        let place = Place::new("1", region);
        let resources = ids.iter().map(|id| Resource::new(place.clone(), vpc::KIND.name, *id)).collect();
        Reading {
            kind: vpc::KIND.name.into(),
            place,
            observed_at: "2026-01-01T00:00:00Z".into(),
            harvest: Harvest { resources, gaps },
        }
    }

    #[test]
    fn a_part_is_never_taken_for_the_whole() {
        let denied = Gap::new("ec2:DescribeVpcs", Cause::Denied, "");
        let inventory =
            Inventory::live(vec![reading("a", &["v1"], vec![]), reading("b", &["v2"], vec![denied.clone()])]);
        assert_eq!(inventory.all(&vpc::KIND), Err(denied));
        assert_eq!(inventory.all_in(&vpc::KIND, &Place::new("1", "a")).unwrap().len(), 1);
        assert_eq!(inventory.of(&vpc::KIND).count(), 2);
        let elsewhere = inventory.complete(&vpc::KIND, &Place::new("1", "c")).unwrap_err();
        assert_eq!(elsewhere.cause, Cause::NotRequested);
        let missing = inventory.lookup(&vpc::KIND, &Place::new("1", "b"), "v9");
        assert!(missing.is_err(), "absence in a broken listing proves nothing");
        assert_eq!(inventory.lookup(&vpc::KIND, &Place::new("1", "a"), "v9"), Ok(None));
    }

    #[test]
    fn where_nobody_looked_nothing_is_known() {
        let denied = Gap::new("sts:AssumeRole", Cause::Denied, "");
        let mut inventory = Inventory::live(vec![reading("a", &["v1"], vec![])]);
        let accounts = [("1".to_owned(), None), ("2".to_owned(), Some(denied.clone()))];
        inventory.expect(&accounts, &["a".to_owned(), "b".to_owned()]);
        assert_eq!(inventory.complete(&vpc::KIND, &Place::new("1", "a")), Ok(()));
        let elsewhere = inventory.complete(&vpc::KIND, &Place::new("1", "b")).unwrap_err();
        assert_eq!(elsewhere.cause, Cause::NotRequested);
        assert_eq!(inventory.complete(&vpc::KIND, &Place::new("2", "a")), Err(denied));
        assert_eq!(inventory.places(&vpc::KIND).len(), 4);
        let other = &stateward_model::kinds::ec2::network::subnet::KIND;
        assert!(inventory.places(other).is_empty(), "what nobody asked for stays so");
    }

    #[test]
    fn of_one_identity_the_last_resource_stays_and_positions_are_in_order() {
        let place = Place::new("1", "a");
        let named =
            |kind: &'static str, id: &str, name: &str| Resource::new(place.clone(), kind, id).with_name(name);
        let given = vec![
            named("aws_vpc", "b", "first"),
            named("aws_subnet", "s", "s"),
            named("aws_vpc", "a", "a"),
            named("aws_vpc", "b", "second"),
            named("aws_vpc", "b", "third"),
        ];
        let inventory = Inventory::declared(given, vec![]);
        let names: Vec<_> = inventory.resources().filter_map(|resource| resource.name.as_deref()).collect();
        assert_eq!(names, ["s", "a", "third"]);
        assert_eq!(inventory.len(), 3);
        for (position, resource) in inventory.resources().enumerate() {
            assert_eq!(inventory.position(&resource.address), Some(position));
            assert_eq!(inventory.at(position).as_deref(), Some(resource));
        }
        assert_eq!(inventory.at(3), None);
        assert_eq!(inventory.position(&named("aws_vpc", "c", "").address), None);
    }

    #[test]
    fn an_unread_state_leaves_no_kind_whole() {
        let gap = Gap::new("state", Cause::Malformed, "truncated");
        assert_eq!(Inventory::declared(vec![], vec![gap.clone()]).all(&vpc::KIND), Err(gap));
        assert_eq!(Inventory::declared(vec![], vec![]).all(&vpc::KIND), Ok(vec![]));
    }
}
