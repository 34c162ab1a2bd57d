//! Declared and recorded resources, packed in memory: a state of hundreds of megabytes is walked several times, and
//! never unpacked whole.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stateward_model::{Resource, kinds};

use crate::pack::{Depth, Head, Pack};

/// Resources that are packed at once. States of ordinary size stay below, and are never packed.
const BLOCK: usize = 256;

/// What is done to every resource that is taken off a shelf.
type Finish = Arc<dyn Fn(&mut Resource) + Send + Sync>;

/// A list of resources. Of a long one only the end is not packed.
#[derive(Clone, Default)]
pub struct Shelf {
    pack: Pack,
    open: Vec<Resource>,
    finish: Option<Finish>,
}

impl Shelf {
    /// Adds a resource at the end.
    pub fn push(&mut self, resource: Resource) {
        if self.open.len() + 1 == BLOCK || !self.pack.is_empty() {
            self.open.drain(..).for_each(|resource| self.pack.push(&resource));
            self.pack.push(&resource);
        } else {
            self.open.push(resource);
        }
    }

    /// Says that it is whole, so that what only adding needs can go.
    pub fn seal(&mut self) {
        self.pack.seal();
    }

    /// Does to every resource on it what could not be done before all of them were there.
    pub fn finish(&mut self, finish: impl Fn(&mut Resource) + Send + Sync + 'static) {
        self.open.iter_mut().for_each(&finish);
        if self.pack.is_empty() {
            return;
        }
        self.finish = Some(match self.finish.take() {
            Some(before) => Arc::new(move |resource| {
                before(resource);
                finish(resource);
            }),
            None => Arc::new(finish),
        });
    }

    /// Changes what is on it, all of it unpacked together.
    pub fn edit(&mut self, change: impl FnOnce(&mut Vec<Resource>)) {
        let mut all: Vec<Resource> = self.iter().collect();
        change(&mut all);
        *self = all.into_iter().collect();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pack.len() + self.open.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.pack.is_empty() && self.open.is_empty()
    }

    /// All resources in order, one of them in memory at a time.
    pub fn iter(&self) -> impl Iterator<Item = Resource> + '_ {
        self.each().map(Cow::into_owned)
    }

    /// All resources in order, borrowed as far as they are not packed.
    pub fn each(&self) -> impl Iterator<Item = Cow<'_, Resource>> + '_ {
        (0..self.len()).filter_map(|position| self.get(position))
    }

    /// All resources in order, those of a long list without their attributes.
    pub fn bare(&self) -> impl Iterator<Item = Cow<'_, Resource>> + '_ {
        self.sketched(|_| false)
    }

    /// All resources in order, those of a long list without their attributes but where `whole` wants them.
    pub fn sketched<'a>(
        &'a self,
        whole: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = Cow<'a, Resource>> + 'a {
        let packed = (0..self.pack.len()).filter_map(move |position| {
            let is_whole = self.pack.head(position).is_some_and(|head| whole(head.kind));
            self.unpack(position, if is_whole { Depth::Whole } else { Depth::Bare })
        });
        packed.map(Cow::Owned).chain(self.open.iter().map(Cow::Borrowed))
    }

    /// The resources of the kinds that `wanted` picks, in order.
    pub fn of_kinds<'a>(
        &'a self,
        wanted: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = Cow<'a, Resource>> + 'a {
        (0..self.len())
            .filter(move |position| self.head(*position).is_some_and(|head| wanted(head.kind)))
            .filter_map(|position| self.get(position))
    }

    /// The resource at a position.
    pub fn get(&self, position: usize) -> Option<Cow<'_, Resource>> {
        match position.checked_sub(self.pack.len()) {
            Some(open) => self.open.get(open).map(Cow::Borrowed),
            None => self.unpack(position, Depth::Whole).map(Cow::Owned),
        }
    }

    /// Who the resource at a position is. What was finished later is not seen here.
    pub fn head(&self, position: usize) -> Option<Head<'_>> {
        match position.checked_sub(self.pack.len()) {
            Some(open) => self.open.get(open).map(|resource| Head::of(&resource.address)),
            None => self.pack.head(position),
        }
    }

    /// The kinds of the resources, with the declared attributes that any of them carries.
    pub fn carried(&self) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        let mut carried: BTreeMap<&'static str, BTreeSet<&'static str>> = BTreeMap::new();
        for (kind, paths) in self.pack.carried() {
            carried.entry(kind.name).or_default().extend(paths);
        }
        for resource in &self.open {
            let Some(kind) = kinds::find(resource.kind()) else { continue };
            let paths = kind.attributes.iter().map(|attr| attr.path).filter(|path| resource.has(path));
            carried.entry(kind.name).or_default().extend(paths);
        }
        carried
    }

    fn unpack(&self, position: usize, depth: Depth) -> Option<Resource> {
        let mut resource = self.pack.get(position, depth)?;
        if let Some(finish) = &self.finish {
            finish(&mut resource);
        }
        Some(resource)
    }
}

impl FromIterator<Resource> for Shelf {
    fn from_iter<I: IntoIterator<Item = Resource>>(resources: I) -> Self {
        let mut shelf = Self::default();
        for resource in resources {
            shelf.push(resource);
        }
        shelf.seal();
        shelf
    }
}

impl IntoIterator for Shelf {
    type Item = Resource;
    type IntoIter = Box<dyn Iterator<Item = Resource>>;

    fn into_iter(self) -> Self::IntoIter {
        if self.pack.is_empty() {
            return Box::new(self.open.into_iter());
        }
        Box::new((0..self.len()).filter_map(move |position| self.get(position).map(Cow::into_owned)))
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shelf of {} resources", self.len())
    }
}

impl PartialEq for Shelf {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Serialize for Shelf {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Shelf {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Resources;
        impl<'de> Visitor<'de> for Resources {
            type Value = Shelf;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of resources")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shelf, A::Error> {
                let mut shelf = Shelf::default();
                while let Some(resource) = seq.next_element()? {
                    shelf.push(resource);
                }
                shelf.seal();
                Ok(shelf)
            }
        }
        from.deserialize_seq(Resources)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use stateward_model::{Place, Slot};

    fn resources(count: usize) -> Vec<Resource> {
        let one = |number: usize| {
            let mut resource = Resource::new(Place::new("1", "r"), "aws_s3_bucket", format!("b{number}"));
            resource.put_raw("tags", Slot::Known(json!({ "Number": number.to_string() })));
            resource
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn what_is_put_in_comes_out_in_order() {
        for count in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
            let given = resources(count);
            let shelf: Shelf = given.iter().cloned().collect();
            assert_eq!(shelf.len(), count);
            assert_eq!(shelf.is_empty(), count == 0);
            assert_eq!(shelf.iter().collect::<Vec<_>>(), given);
            let text = serde_json::to_string(&shelf).unwrap();
            assert_eq!(text, serde_json::to_string(&given).unwrap(), "a shelf is written as a plain list");
            assert_eq!(serde_json::from_str::<Shelf>(&text).unwrap(), shelf);
        }
    }

    #[test]
    fn many_resources_take_little_room() {
        let shelf: Shelf = resources(64 * BLOCK).into_iter().collect();
        assert!(shelf.open.is_empty());
        assert!(shelf.pack.bytes() < 64 * BLOCK * 40, "{} bytes", shelf.pack.bytes());
    }

    #[test]
    fn what_is_edited_stays_edited() {
        for count in [3, BLOCK + 2] {
            let mut shelf: Shelf = resources(count).into_iter().collect();
            shelf.edit(|all| all.retain(|resource| resource.id() != "b1"));
            assert_eq!(
                (shelf.len(), shelf.get(1).map(|one| one.id().to_owned())),
                (count - 1, Some("b2".into()))
            );
        }
    }

    #[test]
    fn what_is_known_of_all_is_said_without_unpacking() {
        for count in [3, 2 * BLOCK] {
            let mut shelf: Shelf = resources(count).into_iter().collect();
            assert_eq!(shelf.carried(), BTreeMap::from([("aws_s3_bucket", BTreeSet::from(["tags"]))]));
            shelf.finish(|resource| resource.address.place.region = "settled".into());
            assert!(shelf.iter().all(|resource| resource.region() == "settled"), "{count}");
            assert!(shelf.bare().all(|resource| resource.region() == "settled"));
            assert_eq!(shelf.of_kinds(|kind| kind == "aws_s3_bucket").count(), count);
            assert_eq!(shelf.of_kinds(|kind| kind == "aws_vpc").count(), 0);
            assert_eq!(shelf.head(count - 1).map(|head| head.id.to_owned()), Some(format!("b{}", count - 1)));
        }
    }
}
