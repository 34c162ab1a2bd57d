//! Everything that was read, with what could not be read, in one place to ask.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use stateward_model::{Address, Cause, Exclusion, Gap, Kind, Place, Reading, Resource, Scope, kinds};

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
    /// By type first: nearly every question is about one.
    resources: BTreeMap<Cow<'static, str>, BTreeMap<Address, Resource>>,
    coverage: BTreeMap<(String, Place), Coverage>,
    whole: Option<Vec<Gap>>,
}

#[derive(Debug, Clone)]
struct Coverage {
    gaps: Vec<Gap>,
    observed_at: String,
}

impl Inventory {
    /// The live inventory: what the readings brought. A kind and place without a reading was not asked for.
    pub fn live(readings: Vec<Reading>) -> Self {
        let mut inventory = Self::default();
        for reading in readings {
            let coverage = Coverage { gaps: reading.harvest.gaps, observed_at: reading.observed_at };
            inventory.coverage.insert((reading.kind, reading.place), coverage);
            inventory.extend(reading.harvest.resources);
        }
        inventory
    }

    /// Says where everything that was read at all should have been read: every account with the reason why it could not
    /// be entered, and every region. Where nobody looked, nothing is known, and that is a gap of the listing.
    pub fn expect(&mut self, accounts: &[(String, Option<Gap>)], regions: &[String]) {
        let read: BTreeSet<String> = self.coverage.keys().map(|(kind, _)| kind.clone()).collect();
        for kind in read {
            let is_global = kinds::find(&kind).is_some_and(|kind| kind.scope == Scope::Global);
            let regions: Vec<&str> = match is_global {
                true => vec![stateward_model::GLOBAL],
                false => regions.iter().map(String::as_str).collect(),
            };
            for (account, refused) in accounts {
                for region in &regions {
                    let place = Place::new(account.clone(), *region);
                    let unread = || {
                        let nobody = || {
                            Gap::new(kind.clone(), Cause::NotRequested, format!("nobody looked in {place}"))
                        };
                        Coverage {
                            gaps: vec![refused.clone().unwrap_or_else(nobody)],
                            observed_at: String::new(),
                        }
                    };
                    self.coverage.entry((kind.clone(), place.clone())).or_insert_with(unread);
                }
            }
        }
    }

    /// The declared inventory: `gaps` are the states that could not be read, and while there is any, no kind is whole.
    pub fn declared(resources: Vec<Resource>, gaps: Vec<Gap>) -> Self {
        let mut inventory = Self { whole: Some(gaps), ..Self::default() };
        inventory.extend(resources);
        inventory
    }

    fn extend(&mut self, resources: Vec<Resource>) {
        for resource in resources {
            let of_kind = self.resources.entry(resource.address.kind.clone()).or_default();
            of_kind.insert(resource.address.clone(), resource);
        }
    }

    /// Every resource, by type and identity.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values().flat_map(BTreeMap::values)
    }

    /// Every resource of a kind, whether or not all of them could be read.
    pub fn of(&self, kind: &Kind) -> impl Iterator<Item = &Resource> {
        self.resources.get(kind.name).into_iter().flat_map(BTreeMap::values)
    }

    /// The resource of an identity.
    pub fn find(&self, address: &Address) -> Option<&Resource> {
        self.resources.get(&address.kind)?.get(address)
    }

    /// The resource of a kind, place and id.
    pub fn by_id(&self, kind: &Kind, place: &Place, id: &str) -> Option<&Resource> {
        self.find(&Address { place: place.clone(), kind: kind.name.into(), id: id.to_owned() })
    }

    /// The resource, mutable, for folding parts into it.
    pub(crate) fn find_mut(&mut self, address: &Address) -> Option<&mut Resource> {
        self.resources.get_mut(&address.kind)?.get_mut(address)
    }

    /// Where resources of a kind were looked for.
    pub fn places(&self, kind: &Kind) -> Vec<Place> {
        self.coverage.keys().filter(|(name, _)| name == kind.name).map(|(_, place)| place.clone()).collect()
    }

    /// Every place that was looked at, sorted.
    pub fn all_places(&self) -> Vec<Place> {
        let places: BTreeSet<Place> = self.coverage.keys().map(|(_, place)| place.clone()).collect();
        places.into_iter().collect()
    }

    /// The gaps of the listing of a kind in a place; `None` when nobody looked there.
    pub fn listing_gaps(&self, kind: &Kind, place: &Place) -> Option<&[Gap]> {
        self.coverage.get(&(kind.name.to_owned(), place.clone())).map(|coverage| coverage.gaps.as_slice())
    }

    /// When the kind was read in the place, RFC 3339; empty on the declared side.
    pub fn observed_at(&self, kind: &str, place: &Place) -> &str {
        self.coverage
            .get(&(kind.to_owned(), place.clone()))
            .map_or("", |coverage| coverage.observed_at.as_str())
    }

    /// Whether the kind was read whole in the place, so that absence means "does not exist".
    ///
    /// # Errors
    /// The first gap of the listing, or that nobody asked.
    pub fn complete(&self, kind: &Kind, place: &Place) -> Result<(), Gap> {
        if let Some(gaps) = &self.whole {
            return gaps.first().cloned().map_or(Ok(()), Err);
        }
        let place = match kind.scope {
            Scope::Global => Place::new(place.account.clone(), stateward_model::GLOBAL),
            Scope::Regional => place.clone(),
        };
        match self.listing_gaps(kind, &place) {
            Some([]) => Ok(()),
            Some([gap, ..]) => Err(gap.clone()),
            None => Err(Gap::new(kind.name, Cause::NotRequested, format!("nobody looked in {place}"))),
        }
    }

    /// All resources of a kind in all places that were looked at.
    ///
    /// # Errors
    /// The gap of the first listing that was not whole; a part must not be taken for everything.
    pub fn all(&self, kind: &Kind) -> Result<Vec<&Resource>, Gap> {
        match &self.whole {
            Some(gaps) => gaps.first().cloned().map_or(Ok(()), Err)?,
            None => {
                let places = self.places(kind);
                if places.is_empty() {
                    return Err(Gap::new(kind.name, Cause::NotRequested, "no call asked for this kind"));
                }
                for place in &places {
                    self.complete(kind, place)?;
                }
            }
        }
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
    use stateward_model::Harvest;
    use stateward_model::kinds::ec2::network::vpc;

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
        let other = stateward_model::kinds::ec2::network::subnet::KIND.name;
        assert!(inventory.coverage.keys().all(|(kind, _)| kind != other), "what nobody asked for stays so");
    }

    #[test]
    fn an_unread_state_leaves_no_kind_whole() {
        let gap = Gap::new("state", Cause::Malformed, "truncated");
        assert_eq!(Inventory::declared(vec![], vec![gap.clone()]).all(&vpc::KIND), Err(gap));
        assert_eq!(Inventory::declared(vec![], vec![]).all(&vpc::KIND), Ok(vec![]));
    }
}
