//! What a comparison asks of the live side, whichever way its resources are held.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use stateward_model::{Address, Cause, GLOBAL, Gap, Kind, Place, Resource, Scope, kinds};

/// For every kind and place whether it was read whole.
#[derive(Debug, Clone, Default)]
pub struct Listings {
    coverage: BTreeMap<(String, Place), Coverage>,
    /// On the declared side: the states that could not be read. While there is any, no kind is whole.
    whole: Option<Vec<Gap>>,
}

#[derive(Debug, Clone)]
struct Coverage {
    gaps: Vec<Gap>,
    observed_at: String,
}

impl Listings {
    /// Of states, of which `gaps` could not be read.
    pub fn declared(gaps: Vec<Gap>) -> Self {
        Self { whole: Some(gaps), ..Self::default() }
    }

    /// Takes note of what one listing said.
    pub fn insert(&mut self, kind: String, place: Place, gaps: Vec<Gap>, observed_at: String) {
        self.coverage.insert((kind, place), Coverage { gaps, observed_at });
    }

    /// Says where everything that was read at all should have been read: every account with the reason why it could not
    /// be entered, and every region. Where nobody looked, nothing is known, and that is a gap of the listing.
    pub fn expect(&mut self, accounts: &[(String, Option<Gap>)], regions: &[String]) {
        let read: BTreeSet<String> = self.coverage.keys().map(|(kind, _)| kind.clone()).collect();
        for kind in read {
            let is_global = kinds::find(&kind).is_some_and(|kind| kind.scope == Scope::Global);
            let regions: Vec<&str> = match is_global {
                true => vec![GLOBAL],
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
    pub fn gaps(&self, kind: &Kind, place: &Place) -> Option<&[Gap]> {
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
            Scope::Global => Place::new(place.account.clone(), GLOBAL),
            Scope::Regional => place.clone(),
        };
        match self.gaps(kind, &place) {
            Some([]) => Ok(()),
            Some([gap, ..]) => Err(gap.clone()),
            None => Err(Gap::new(kind.name, Cause::NotRequested, format!("nobody looked in {place}"))),
        }
    }

    /// Whether the kind was read whole in all places that were looked at.
    ///
    /// # Errors
    /// The gap of the first listing that was not whole; a part must not be taken for everything.
    pub fn complete_everywhere(&self, kind: &Kind) -> Result<(), Gap> {
        if let Some(gaps) = &self.whole {
            return gaps.first().cloned().map_or(Ok(()), Err);
        }
        let places = self.places(kind);
        if places.is_empty() {
            return Err(Gap::new(kind.name, Cause::NotRequested, "no call asked for this kind"));
        }
        places.iter().try_for_each(|place| self.complete(kind, place))
    }
}

/// What a comparison asks of the live side. A large one is packed, and unpacks what it is asked for.
pub trait LiveSide {
    /// What was looked for, and what could not be read.
    fn listings(&self) -> &Listings;

    /// How many resources there are.
    fn len(&self) -> usize;

    /// The position of an identity in the order of types and identities.
    fn position(&self, address: &Address) -> Option<usize>;

    /// The resource at a position.
    fn at(&self, position: usize) -> Option<Cow<'_, Resource>>;

    /// Every resource of a kind, whether or not all of them could be read.
    fn of(&self, kind: &'static Kind) -> Box<dyn Iterator<Item = Cow<'_, Resource>> + '_>;

    /// How many resources of a kind there are.
    fn count(&self, kind: &Kind) -> usize;

    /// How many resources a region holds.
    fn count_in(&self, region: &str) -> usize;

    /// True when there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the kind was read whole in the place, so that absence means "does not exist".
    ///
    /// # Errors
    /// The first gap of the listing, or that nobody asked.
    fn complete(&self, kind: &Kind, place: &Place) -> Result<(), Gap> {
        self.listings().complete(kind, place)
    }

    /// The gaps of the listing of a kind in a place; `None` when nobody looked there.
    fn listing_gaps(&self, kind: &Kind, place: &Place) -> Option<&[Gap]> {
        self.listings().gaps(kind, place)
    }

    /// The resource of an identity.
    fn find(&self, address: &Address) -> Option<Cow<'_, Resource>> {
        self.at(self.position(address)?)
    }

    /// The resource of a kind, place and id.
    fn by_id(&self, kind: &Kind, place: &Place, id: &str) -> Option<Cow<'_, Resource>> {
        self.find(&Address { place: place.clone(), kind: kind.name.into(), id: id.to_owned() })
    }

    /// The resource of a kind, place and id, where its absence is proved.
    ///
    /// # Errors
    /// The gap of the listing, when the resource was not found and the listing was not whole.
    fn lookup(&self, kind: &Kind, place: &Place, id: &str) -> Result<Option<Cow<'_, Resource>>, Gap> {
        match self.by_id(kind, place, id) {
            Some(resource) => Ok(Some(resource)),
            None => self.complete(kind, place).map(|()| None),
        }
    }
}
