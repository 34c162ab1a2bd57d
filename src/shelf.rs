//! Declared resources, packed in memory: a state of hundreds of megabytes is walked several times, and never unpacked
//! whole.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stateward_model::Resource;

/// Resources that are packed together. States of ordinary size stay below, and are never packed.
const BLOCK: usize = 256;

/// A list of resources. Full blocks of it are compressed.
#[derive(Clone, Default)]
pub struct Shelf {
    blocks: Vec<Vec<u8>>,
    open: Vec<Resource>,
}

impl Shelf {
    /// Adds a resource at the end.
    pub fn push(&mut self, resource: Resource) {
        self.open.push(resource);
        if self.open.len() < BLOCK {
            return;
        }
        // A block that cannot be packed stays as it is: memory is worse for it, and nothing is lost.
        if let Some(block) = pack(&self.open) {
            self.blocks.push(block);
            self.open.clear();
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.blocks.len() * BLOCK + self.open.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.open.is_empty()
    }

    /// All resources in order, one block in memory at a time.
    pub fn iter(&self) -> impl Iterator<Item = Resource> + '_ {
        self.blocks.iter().flat_map(|block| unpack(block)).chain(self.open.iter().cloned())
    }
}

fn pack(resources: &[Resource]) -> Option<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).ok()?;
    serde_json::to_writer(&mut encoder, resources).ok()?;
    let block = encoder.finish().ok()?;
    // What was packed must come back; this is the only place where it could still be kept.
    (unpack(&block).len() == resources.len()).then_some(block)
}

fn unpack(block: &[u8]) -> Vec<Resource> {
    let Ok(text) = zstd::decode_all(block) else { return Vec::new() };
    serde_json::from_slice(&text).unwrap_or_default()
}

impl FromIterator<Resource> for Shelf {
    fn from_iter<I: IntoIterator<Item = Resource>>(resources: I) -> Self {
        let mut shelf = Self::default();
        for resource in resources {
            shelf.push(resource);
        }
        shelf
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
        let packed: usize = shelf.blocks.iter().map(Vec::len).sum();
        assert!(packed < 64 * BLOCK * 40, "{packed} bytes");
    }
}
