//! Resources as bytes: a hundred thousand of them in the room of a few thousand unpacked, each to be had back by itself.
//!
//! Names that kinds declare are numbers. What recurs, a text or a whole value, is kept once and pointed to: most of an
//! estate is the same few regions, images, tags and blocks of settings over and over.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHasher};
use serde_json::{Map, Number, Value};
use stateward_model::{Declared, Gap, Kind, Place, Resource, Slot, kinds};

/// Bytes that are kept together; the last page is the only one that grows.
const PAGE: usize = 1 << 18;

/// Resources in the order they came.
#[derive(Clone, Default)]
pub struct Pack {
    words: Words,
    pages: Vec<Vec<u8>>,
    starts: Vec<Start>,
    /// By number of the kind and of the attribute: whether any resource carries it.
    carried: BTreeMap<usize, Vec<bool>>,
    /// What recurs so far; gone once the pack is sealed.
    seen: Option<Box<Seen>>,
}

#[derive(Clone, Copy)]
struct Start {
    page: u32,
    offset: u32,
}

/// Who a packed resource is, without unpacking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Head<'a> {
    /// The Terraform type name.
    pub kind: &'a str,
    /// The account id.
    pub account: &'a str,
    /// The region name.
    pub region: &'a str,
    /// The id inside kind and place.
    pub id: &'a str,
}

impl<'a> Head<'a> {
    /// Of a resource that is not packed.
    pub fn of(address: &'a stateward_model::Address) -> Self {
        Self {
            kind: &address.kind,
            account: &address.place.account,
            region: &address.place.region,
            id: &address.id,
        }
    }
}

/// How much of a resource to unpack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything.
    Whole,
    /// Everything but its attributes.
    Bare,
}

impl Pack {
    /// Adds a resource at the end.
    pub fn push(&mut self, resource: &Resource) {
        let seen = self.seen.get_or_insert_with(Box::default);
        let mut to = Writer { words: &mut self.words, seen, bytes: Vec::with_capacity(512) };
        to.resource(resource, &mut self.carried);
        let bytes = to.bytes;
        let full = self.pages.last().is_none_or(|page| page.len() + bytes.len() > PAGE);
        if full {
            if let Some(page) = self.pages.last_mut() {
                page.shrink_to_fit();
            }
            self.pages.push(Vec::new());
        }
        let page = self.pages.len() - 1;
        let Some(last) = self.pages.last_mut() else { return };
        let start = Start {
            page: u32::try_from(page).unwrap_or(u32::MAX),
            offset: u32::try_from(last.len()).unwrap_or(u32::MAX),
        };
        last.extend_from_slice(&bytes);
        self.starts.push(start);
        debug_assert_eq!(self.get(self.len() - 1, Depth::Whole).as_ref(), Some(resource), "packing loses");
    }

    /// Says that nothing will be added soon, so that what only adding needs can go.
    pub fn seal(&mut self) {
        self.seen = None;
        self.starts.shrink_to_fit();
        self.words.shrink();
        if let Some(page) = self.pages.last_mut() {
            page.shrink_to_fit();
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        let starts = self.starts.len() * size_of::<Start>();
        self.pages.iter().map(Vec::len).sum::<usize>() + starts + self.words.bytes()
    }

    /// The kinds of the resources, with the declared attributes that any of them carries.
    pub fn carried(&self) -> impl Iterator<Item = (&'static Kind, Vec<&'static str>)> + '_ {
        self.carried.iter().filter_map(|(number, carried)| {
            let kind = *KINDS.get(*number)?;
            let paths = kind.attributes.iter().zip(carried).filter(|(_, carried)| **carried);
            Some((kind, paths.map(|(attr, _)| attr.path).collect()))
        })
    }

    /// Who the resource at a position is.
    pub fn head(&self, position: usize) -> Option<Head<'_>> {
        self.reader(position)?.head()
    }

    /// The resource at a position.
    pub fn get(&self, position: usize, depth: Depth) -> Option<Resource> {
        self.reader(position)?.resource(depth)
    }

    fn reader(&self, position: usize) -> Option<Reader<'_>> {
        let start = self.starts.get(position)?;
        let page = self.pages.get(usize::try_from(start.page).ok()?)?;
        let bytes = page.get(usize::try_from(start.offset).ok()?..)?;
        Some(Reader { words: &self.words, bytes })
    }
}

/// What recurs, in the order in which it was first pointed to: texts apart from encoded values, so that a text need not be
/// looked through again whenever it is taken out.
#[derive(Clone, Default)]
struct Words {
    texts: String,
    text_ends: Vec<u32>,
    values: Vec<u8>,
    value_ends: Vec<u32>,
}

/// Where a word lies.
fn span(ends: &[u32], number: usize) -> Option<std::ops::Range<usize>> {
    let end = usize::try_from(*ends.get(number)?).ok()?;
    let start = match number.checked_sub(1) {
        Some(before) => usize::try_from(*ends.get(before)?).ok()?,
        None => 0,
    };
    Some(start..end)
}

impl Words {
    fn text(&self, number: usize) -> Option<&str> {
        self.texts.get(span(&self.text_ends, number)?)
    }

    fn value(&self, number: usize) -> Option<&[u8]> {
        self.values.get(span(&self.value_ends, number)?)
    }

    fn push_text(&mut self, text: &str) -> Option<usize> {
        let end = u32::try_from(self.texts.len() + text.len()).ok()?;
        self.texts.push_str(text);
        self.text_ends.push(end);
        Some(self.text_ends.len() - 1)
    }

    fn push_value(&mut self, value: &[u8]) -> Option<usize> {
        let end = u32::try_from(self.values.len() + value.len()).ok()?;
        self.values.extend_from_slice(value);
        self.value_ends.push(end);
        Some(self.value_ends.len() - 1)
    }

    fn bytes(&self) -> usize {
        let ends = self.text_ends.len() + self.value_ends.len();
        self.texts.len() + self.values.len() + ends * size_of::<u32>()
    }

    fn shrink(&mut self) {
        self.texts.shrink_to_fit();
        self.text_ends.shrink_to_fit();
        self.values.shrink_to_fit();
        self.value_ends.shrink_to_fit();
    }
}

/// What is worth pointing to. A word is kept when it comes the second time while the first is still remembered, so that
/// ids, of which each comes once, take no room.
#[derive(Clone)]
struct Seen {
    texts: FxHashMap<u64, usize>,
    values: FxHashMap<u64, usize>,
    once: Vec<u64>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { texts: FxHashMap::default(), values: FxHashMap::default(), once: vec![0; Self::REMEMBERED] }
    }
}

impl Seen {
    const REMEMBERED: usize = 1 << 13;
    const SHORTEST: usize = 3;
    const LONGEST: usize = 4096;
    const MOST: usize = 1 << 18;

    /// The number of a text that recurs.
    fn text(&mut self, text: &str, words: &mut Words) -> Option<usize> {
        if !(Self::SHORTEST..=Self::LONGEST).contains(&text.len()) {
            return None;
        }
        let hash = quick_hash(text.as_bytes());
        if let Some(number) = self.texts.get(&hash) {
            return (words.text(*number) == Some(text)).then_some(*number);
        }
        if !self.recurs(hash) || self.texts.len() >= Self::MOST {
            return None;
        }
        let number = words.push_text(text)?;
        self.texts.insert(hash, number);
        Some(number)
    }

    /// The number of an encoded value that recurs.
    fn value(&mut self, value: &[u8], words: &mut Words) -> Option<usize> {
        if !(Self::SHORTEST..=Self::LONGEST).contains(&value.len()) {
            return None;
        }
        // A text and a value of the same bytes are two words.
        let hash = !quick_hash(value);
        if let Some(number) = self.values.get(&hash) {
            return (words.value(*number) == Some(value)).then_some(*number);
        }
        if !self.recurs(hash) || self.values.len() >= Self::MOST {
            return None;
        }
        let number = words.push_value(value)?;
        self.values.insert(hash, number);
        Some(number)
    }

    /// True when the word was there a while ago; if not, it is remembered.
    fn recurs(&mut self, hash: u64) -> bool {
        // Zero marks an empty place.
        let hash = hash | 1;
        let Some(place) = self.once.get_mut((hash >> 17) as usize % Self::REMEMBERED) else { return false };
        std::mem::replace(place, hash) == hash
    }
}

/// Two words may share it: then the second is not pointed to, and nothing else comes of it.
fn quick_hash(word: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(word);
    hasher.finish()
}

/// The kinds by number. Numbers hold within one run of one program, and are never written to a file.
static KINDS: LazyLock<Vec<&'static Kind>> = LazyLock::new(|| kinds::all().collect());
static NUMBERS: LazyLock<FxHashMap<&'static str, usize>> =
    LazyLock::new(|| KINDS.iter().enumerate().map(|(number, kind)| (kind.name, number)).collect());

mod tag {
    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const WHOLE: u8 = 3;
    pub const NEGATIVE: u8 = 4;
    pub const FRACTION: u8 = 5;
    pub const TEXT: u8 = 6;
    pub const LIST: u8 = 7;
    pub const OBJECT: u8 = 8;
    pub const GAP: u8 = 9;
    pub const WORD: u8 = 10;
    /// Small numbers and short lists of options are most of what there is.
    pub const SMALL: u8 = 32;
}

mod flag {
    pub const ARN: u8 = 1;
    pub const NAME: u8 = 2;
    pub const DECLARED: u8 = 4;
    pub const TAINTED: u8 = 8;
    pub const DEPOSED: u8 = 16;
}

struct Writer<'a> {
    words: &'a mut Words,
    seen: &'a mut Seen,
    bytes: Vec<u8>,
}

impl Writer<'_> {
    fn resource(&mut self, resource: &Resource, carried: &mut BTreeMap<usize, Vec<bool>>) {
        let kind = NUMBERS.get(resource.kind()).copied();
        match kind {
            Some(number) => self.number(number + 1),
            None => {
                self.number(0);
                self.text(resource.kind());
            }
        }
        self.text(resource.account());
        self.text(resource.region());
        self.text(resource.id());
        let declared = resource.declared.as_ref();
        let flags = [
            (resource.arn.is_some(), flag::ARN),
            (resource.name.is_some(), flag::NAME),
            (declared.is_some(), flag::DECLARED),
            (declared.is_some_and(|facts| facts.tainted), flag::TAINTED),
            (declared.is_some_and(|facts| facts.deposed.is_some()), flag::DEPOSED),
        ];
        self.bytes.push(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum());
        resource.arn.iter().chain(&resource.name).for_each(|text| self.text(text));
        if let Some(facts) = declared {
            self.declared(facts);
        }
        let attributes =
            kind.and_then(|number| KINDS.get(number)).map(|kind| kind.attributes).unwrap_or_default();
        let mut carried =
            kind.map(|number| carried.entry(number).or_insert_with(|| vec![false; attributes.len()]));
        self.number(resource.slots().count());
        for (path, slot) in resource.slots() {
            match attributes.iter().position(|attr| attr.path == path) {
                Some(number) => {
                    if let Some(carried) = carried.as_mut().and_then(|carried| carried.get_mut(number)) {
                        *carried = true;
                    }
                    self.number(number + 1);
                }
                None => {
                    self.number(0);
                    self.text(path);
                }
            }
            self.slot(slot);
        }
    }

    fn declared(&mut self, facts: &Declared) {
        self.text(&facts.address);
        self.text(&facts.state);
        self.text(&facts.provider);
        facts.deposed.iter().for_each(|text| self.text(text));
        for list in [&facts.dependencies, &facts.sensitive] {
            self.number(list.len());
            list.iter().for_each(|text| self.text(text));
        }
        self.long(facts.schema_version);
    }

    fn slot(&mut self, slot: &Slot) {
        let start = self.bytes.len();
        match slot {
            Slot::Known(value) => self.value(value),
            Slot::Unread(gap) => {
                self.bytes.push(tag::GAP);
                self.text(&gap.call);
                self.text(&serde_json::to_string(&gap.cause).unwrap_or_default());
                self.text(&gap.detail);
            }
        }
        let Some(whole) = self.bytes.get(start..).filter(|whole| whole.len() > Seen::SHORTEST) else {
            return;
        };
        if let Some(number) = self.seen.value(whole, self.words) {
            self.bytes.truncate(start);
            self.bytes.push(tag::WORD);
            self.number(number);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.bytes.push(tag::NULL),
            Value::Bool(false) => self.bytes.push(tag::FALSE),
            Value::Bool(true) => self.bytes.push(tag::TRUE),
            Value::Number(number) => self.decimal(number),
            Value::String(text) => {
                self.bytes.push(tag::TEXT);
                self.text(text);
            }
            Value::Array(items) => {
                self.bytes.push(tag::LIST);
                self.number(items.len());
                items.iter().for_each(|item| self.value(item));
            }
            Value::Object(map) => {
                self.bytes.push(tag::OBJECT);
                self.number(map.len());
                for (name, value) in map {
                    self.text(name);
                    self.value(value);
                }
            }
        }
    }

    fn decimal(&mut self, number: &Number) {
        if let Some(whole) = number.as_u64() {
            match u8::try_from(whole).ok().and_then(|small| small.checked_add(tag::SMALL)) {
                Some(small) => self.bytes.push(small),
                None => {
                    self.bytes.push(tag::WHOLE);
                    self.long(whole);
                }
            }
        } else if let Some(negative) = number.as_i64() {
            self.bytes.push(tag::NEGATIVE);
            self.long(negative.unsigned_abs());
        } else {
            self.bytes.push(tag::FRACTION);
            self.bytes.extend(number.as_f64().unwrap_or_default().to_bits().to_le_bytes());
        }
    }

    /// The length, or the number of a word, told apart by the lowest bit.
    fn text(&mut self, text: &str) {
        match self.seen.text(text, self.words) {
            Some(number) => self.number(number << 1 | 1),
            None => {
                self.number(text.len() << 1);
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn number(&mut self, number: usize) {
        self.long(number as u64);
    }

    /// Seven bits a byte, the lowest first.
    fn long(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

struct Reader<'a> {
    words: &'a Words,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn head(&mut self) -> Option<Head<'a>> {
        let kind = match self.number()?.checked_sub(1) {
            Some(number) => KINDS.get(number)?.name,
            None => self.text()?,
        };
        Some(Head { kind, account: self.text()?, region: self.text()?, id: self.text()? })
    }

    fn resource(&mut self, depth: Depth) -> Option<Resource> {
        let head = self.head()?;
        let kind = NUMBERS.get(head.kind).and_then(|number| KINDS.get(*number));
        let place = Place::new(head.account, head.region);
        let mut resource = match kind {
            Some(kind) => Resource::new(place, kind.name, head.id),
            None => Resource::new(place, head.kind.to_owned(), head.id),
        };
        let flags = self.byte()?;
        let has = |flag| flags & flag != 0;
        if has(flag::ARN) {
            resource.arn = Some(self.text()?.to_owned());
        }
        if has(flag::NAME) {
            resource.name = Some(self.text()?.to_owned());
        }
        if has(flag::DECLARED) {
            resource.declared = Some(self.declared(has(flag::TAINTED), has(flag::DEPOSED))?);
        }
        if depth == Depth::Bare {
            return Some(resource);
        }
        let attributes = kind.map(|kind| kind.attributes).unwrap_or_default();
        for _ in 0..self.number()? {
            match self.number()?.checked_sub(1) {
                Some(number) => resource.put_raw(attributes.get(number)?.path, self.slot()?),
                None => {
                    let path = self.text()?.to_owned();
                    resource.put_raw(path, self.slot()?)
                }
            };
        }
        Some(resource)
    }

    fn declared(&mut self, tainted: bool, deposed: bool) -> Option<Declared> {
        let mut owned = || self.text().map(str::to_owned);
        let (address, state, provider) = (owned()?, owned()?, owned()?);
        let deposed = if deposed { Some(owned()?) } else { None };
        Some(Declared {
            address,
            state,
            provider,
            tainted,
            deposed,
            dependencies: self.texts()?,
            sensitive: self.texts()?,
            schema_version: self.long()?,
        })
    }

    fn texts(&mut self) -> Option<Vec<String>> {
        (0..self.number()?).map(|_| self.text().map(str::to_owned)).collect()
    }

    fn slot(&mut self) -> Option<Slot> {
        match *self.bytes.first()? {
            tag::GAP => {
                self.byte()?;
                let call = self.text()?.to_owned();
                let cause = serde_json::from_str(self.text()?).ok()?;
                Some(Slot::Unread(Gap::new(call, cause, self.text()?)))
            }
            tag::WORD => {
                self.byte()?;
                let bytes = self.words.value(self.number()?)?;
                Reader { words: self.words, bytes }.slot()
            }
            _ => self.value().map(Slot::Known),
        }
    }

    fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            tag::NULL => Value::Null,
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::WHOLE => self.long()?.into(),
            tag::NEGATIVE => 0i64.checked_sub_unsigned(self.long()?)?.into(),
            tag::FRACTION => {
                let (bits, rest) = self.bytes.split_first_chunk()?;
                self.bytes = rest;
                Number::from_f64(f64::from_bits(u64::from_le_bytes(*bits)))?.into()
            }
            tag::TEXT => self.text()?.into(),
            tag::LIST => (0..self.number()?).map(|_| self.value()).collect::<Option<Vec<Value>>>()?.into(),
            tag::OBJECT => {
                let mut map = Map::new();
                for _ in 0..self.number()? {
                    map.insert(self.text()?.to_owned(), self.value()?);
                }
                map.into()
            }
            small => small.checked_sub(tag::SMALL)?.into(),
        })
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        if length & 1 == 1 {
            return self.words.text(length >> 1);
        }
        let (text, rest) = self.bytes.split_at_checked(length >> 1)?;
        self.bytes = rest;
        std::str::from_utf8(text).ok()
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<usize> {
        usize::try_from(self.long()?).ok()
    }

    fn long(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use stateward_model::Cause;

    fn value() -> impl Strategy<Value = Value> {
        let text = "[a-z]{0,6}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (0u64..300).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            text.prop_map(Value::from),
            Just(json!("{\"Statement\":[\"ü\"]}")),
        ];
        leaf.prop_recursive(3, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(text, inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn slot() -> impl Strategy<Value = Slot> {
        let cause = prop_oneof![Just(Cause::Denied), Just(Cause::NotInState), Just(Cause::Stale)];
        let gap = (cause, "[a-z:]{0,5}", "[a-z ]{0,5}");
        let gap = gap.prop_map(|(cause, call, detail)| Slot::Unread(Gap::new(call, cause, detail)));
        prop_oneof![4 => value().prop_map(Slot::Known), 1 => gap]
    }

    fn facts() -> impl Strategy<Value = Declared> {
        let texts = || prop::collection::vec("[a-c]{0,4}", 0..3);
        let words = ("[a-z.]{0,9}", "[a-b]{4}", "[a-b]{4}", prop::option::of("[0-9]{0,3}"));
        (words, any::<bool>(), texts(), texts(), any::<u64>()).prop_map(
            |((address, state, provider, deposed), tainted, dependencies, sensitive, schema_version)| {
                Declared {
                    address,
                    state,
                    provider,
                    tainted,
                    deposed,
                    dependencies,
                    schema_version,
                    sensitive,
                }
            },
        )
    }

    fn resource() -> impl Strategy<Value = Resource> {
        let kind = prop_oneof![Just("aws_instance"), Just("aws_s3_bucket"), Just("aws_lex_bot"), Just("")];
        let path = prop_oneof![Just("tags"), Just("instance_type"), Just("bucket"), Just("nobody_knows")];
        let slots = prop::collection::btree_map(path, slot(), 0..4);
        let optional = || prop::option::of("[a-z:]{0,8}");
        (
            kind,
            "[0-9]{0,12}",
            "[a-b]{0,3}",
            ".{0,9}",
            optional(),
            optional(),
            prop::option::of(facts()),
            slots,
        )
            .prop_map(|(kind, account, region, id, arn, name, declared, slots)| {
                let mut resource = Resource::new(Place::new(account, region), kind, id);
                (resource.arn, resource.name, resource.declared) = (arn, name, declared);
                for (path, slot) in slots {
                    resource.put_raw(path, slot);
                }
                resource
            })
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(given in prop::collection::vec(resource(), 0..12), sealed in any::<bool>()) {
            let mut pack = Pack::default();
            // Twice, so that much of it recurs.
            given.iter().chain(&given).for_each(|resource| pack.push(resource));
            if sealed {
                pack.seal();
            }
            prop_assert_eq!(pack.len(), given.len() * 2);
            for (position, resource) in given.iter().chain(&given).enumerate() {
                let whole = pack.get(position, Depth::Whole);
                prop_assert_eq!(whole.as_ref(), Some(resource));
                prop_assert_eq!(pack.head(position), Some(Head::of(&resource.address)));
                let bare = pack.get(position, Depth::Bare).unwrap();
                prop_assert_eq!(bare.slots().count(), 0);
                prop_assert_eq!((bare.address, bare.declared), (resource.address.clone(), resource.declared.clone()));
            }
            prop_assert!(pack.get(pack.len(), Depth::Whole).is_none());
        }
    }

    #[test]
    fn pages_fill_and_what_recurs_is_kept_once() {
        let mut pack = Pack::default();
        let count = 20_000;
        for number in 0..count {
            let mut resource = Resource::new(
                Place::new("123456789012", "us-west-2"),
                "aws_instance",
                format!("i-{number:08}"),
            );
            let block = json!([{"http_endpoint": "enabled", "http_tokens": "required", "hop_limit": 2}]);
            resource.put_raw("metadata_options", Slot::Known(block));
            resource.put_raw("tags", Slot::Known(json!({"Environment": "production", "Owner": "platform"})));
            pack.push(&resource);
        }
        pack.seal();
        assert!(pack.pages.len() > 1);
        assert!(pack.bytes() < count * 32, "{} bytes", pack.bytes());
        let last = pack.get(count - 1, Depth::Whole).unwrap();
        assert_eq!(last.id(), "i-00019999");
        assert_eq!(last.raw("tags").unwrap()["Owner"], "platform");
    }
}
