//! Resources: identity, attributes that are known or are gaps, and where a declared one stands in its state.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attr::Attr;
use crate::gap::{Cause, Gap};
use crate::secret;

/// The region name that global services carry (N32).
pub const GLOBAL: &str = "global";

/// Where a resource lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The AWS account id.
    pub account: String,
    /// The region name, or [`GLOBAL`].
    pub region: String,
}

impl Place {
    /// `account` and `region`.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        Self { account: account.into(), region: region.into() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// Identity: two resources are the same thing exactly when their addresses are equal. A name is not an identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// Account and region.
    pub place: Place,
    /// The Terraform type name.
    pub kind: Cow<'static, str>,
    /// The id inside kind and place, in the form of the kind's import id.
    pub id: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.place, self.kind, self.id)
    }
}

/// A value that was read, or the gap that stands in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// Read; null means that it was read and there is none.
    Known(Value),
    /// Not read.
    Unread(Gap),
}

/// Where a declared resource stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Declared {
    /// The full Terraform address with module path and index key.
    pub address: String,
    /// The URI of the state that holds it.
    pub state: String,
    /// The provider address with its alias, as the state writes it.
    pub provider: String,
    /// Set when the state marks the object as tainted.
    pub tainted: bool,
    /// The deposed key, when this is a deposed object.
    pub deposed: Option<String>,
    /// Addresses it depends on.
    pub dependencies: Vec<String>,
    /// The schema version of the type that wrote it.
    pub schema_version: u64,
    /// Paths that the state marks as sensitive, top-level attribute names.
    pub sensitive: Vec<String>,
}

/// One resource, on the live or on the declared side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its identity.
    pub address: Address,
    /// Its ARN, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// What people call it: the Name tag or its own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Set on the declared side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Declared>,
    attributes: BTreeMap<Cow<'static, str>, Slot>,
}

impl Resource {
    /// A resource without attributes.
    pub fn new(place: Place, kind: impl Into<Cow<'static, str>>, id: impl Into<String>) -> Self {
        Self {
            address: Address { place, kind: kind.into(), id: id.into() },
            arn: None,
            name: None,
            declared: None,
            attributes: BTreeMap::new(),
        }
    }

    /// Sets its ARN.
    pub fn with_arn(mut self, arn: impl Into<String>) -> Self {
        self.arn = Some(arn.into());
        self
    }

    /// Sets what people call it; an empty name sets nothing.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        if !name.is_empty() {
            self.name = Some(name);
        }
        self
    }

    /// The id inside kind and place.
    pub fn id(&self) -> &str {
        &self.address.id
    }

    /// The region name.
    pub fn region(&self) -> &str {
        &self.address.place.region
    }

    /// The account id.
    pub fn account(&self) -> &str {
        &self.address.place.account
    }

    /// The Terraform type name.
    pub fn kind(&self) -> &str {
        &self.address.kind
    }

    /// Stores what was read for `key`, or the gap. A value that cannot be expressed as JSON becomes a gap.
    pub fn put<T: Serialize>(&mut self, key: &Attr<T>, value: Result<T, Gap>) -> &mut Self {
        let slot = match value {
            Ok(value) => match serde_json::to_value(value) {
                Ok(value) => Slot::Known(value),
                Err(error) => Slot::Unread(Gap::new(key.path(), Cause::Malformed, error.to_string())),
            },
            Err(gap) => Slot::Unread(gap),
        };
        self.attributes.insert(Cow::Borrowed(key.path()), slot);
        self
    }

    /// Stores a value that was read.
    pub fn set<T: Serialize>(&mut self, key: &Attr<T>, value: T) -> &mut Self {
        self.put(key, Ok(value))
    }

    /// Stores an optional value that was read; `None` is "read, and there is none".
    pub fn set_opt<T: Serialize>(&mut self, key: &Attr<T>, value: Option<T>) -> &mut Self {
        let slot = Slot::Known(value.and_then(|v| serde_json::to_value(v).ok()).unwrap_or(Value::Null));
        self.attributes.insert(Cow::Borrowed(key.path()), slot);
        self
    }

    /// Stores an optional value, or the gap.
    pub fn put_opt<T: Serialize>(&mut self, key: &Attr<T>, value: Result<Option<T>, Gap>) -> &mut Self {
        match value {
            Ok(value) => self.set_opt(key, value),
            Err(gap) => self.put(key, Err(gap)),
        }
    }

    /// Stores a raw slot under a schema name; for readers of states and snapshots.
    pub fn put_raw(&mut self, path: impl Into<Cow<'static, str>>, slot: Slot) -> &mut Self {
        self.attributes.insert(path.into(), slot);
        self
    }

    /// Puts `hide` in the place of every value that looks like a credential, wherever it stands.
    pub fn hide_credentials(&mut self, hide: &impl Fn(&Value) -> Value) {
        for slot in self.attributes.values_mut() {
            if let Slot::Known(value) = slot {
                secret::without_credentials(value, hide);
            }
        }
    }

    /// The value of `key`.
    ///
    /// # Errors
    /// The gap in its place; an attribute that was never stored is a gap too, so that "not read" cannot be taken
    /// for "none". A value of another type than declared is a gap of cause [`Cause::Malformed`].
    pub fn get<T: DeserializeOwned>(&self, key: &Attr<T>) -> Result<Option<T>, Gap> {
        match self.raw(key.path())? {
            Value::Null => Ok(None),
            value => T::deserialize(value).map(Some).map_err(|error| {
                Gap::new(
                    format!("{}.{}", self.kind(), key.path()),
                    Cause::Malformed,
                    format!("not of the declared type: {error}"),
                )
            }),
        }
    }

    /// The value of `key`, or its type's default when there is none.
    ///
    /// # Errors
    /// As [`Resource::get`].
    pub fn get_or_default<T: DeserializeOwned + Default>(&self, key: &Attr<T>) -> Result<T, Gap> {
        self.get(key).map(Option::unwrap_or_default)
    }

    /// The raw value under a schema name.
    ///
    /// # Errors
    /// The gap in its place.
    pub fn raw(&self, path: &str) -> Result<&Value, Gap> {
        match self.attributes.get(path) {
            Some(Slot::Known(value)) => Ok(value),
            Some(Slot::Unread(gap)) => Err(gap.clone()),
            None => Err(Gap::new(
                format!("{}.{path}", self.kind()),
                if self.declared.is_some() { Cause::NotInState } else { Cause::NotRequested },
                if self.declared.is_some() {
                    "the state does not carry this attribute"
                } else {
                    "no call asked for it"
                },
            )),
        }
    }

    /// True when something, value or gap, is stored under the name.
    pub fn has(&self, path: &str) -> bool {
        self.attributes.contains_key(path)
    }

    /// All slots by schema name, sorted.
    pub fn slots(&self) -> impl Iterator<Item = (&str, &Slot)> {
        self.attributes.iter().map(|(path, slot)| (path.as_ref(), slot))
    }

    /// The slot of a schema name.
    pub fn slot(&self, path: &str) -> Option<&Slot> {
        self.attributes.get(path)
    }

    /// The tags, from `tags_all` or else `tags`; empty when neither was read.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let map = |path: &str| match self.attributes.get(path) {
            Some(Slot::Known(Value::Object(map))) => Some(map),
            _ => None,
        };
        let Some(map) = map("tags_all").or_else(|| map("tags")) else { return BTreeMap::new() };
        map.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
    }
}
