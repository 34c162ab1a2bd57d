//! States as a stream: one instance at a time is in memory, and only declared attributes of it are kept. Format 4 is read
//! here, format 3 beside it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use stateward_model::{Declared, GLOBAL, Resource, secret};

use crate::cipher::{Envelope, Keys};
use crate::door::{Entry, sensitive_names};
use crate::error::StateError;
use crate::flat;
use crate::legacy::{Modules, provider_of};

/// What a state says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// The state's URI.
    pub uri: String,
    /// Format version.
    pub version: u64,
    /// The Terraform version that wrote it.
    pub terraform_version: String,
    /// Serial.
    pub serial: u64,
    /// Lineage.
    pub lineage: String,
    /// Managed instances.
    pub instances: usize,
    /// Resource types of managed instances, sorted.
    pub types: BTreeSet<String>,
    /// Paths whose value looks like a credential although the state does not flag it. Never values.
    pub secret_paths: Vec<String>,
    /// Check blocks and conditions whose result the state records.
    pub checks: usize,
    /// Those of them that failed or broke off.
    pub failed_checks: Vec<String>,
    /// Those of them whose result was not known.
    pub open_checks: Vec<String>,
}

/// A state in memory: only what kinds declare.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What it says of itself.
    pub header: Header,
    /// Its managed instances.
    pub resources: Vec<Resource>,
}

/// Reads a whole state.
///
/// # Errors
/// [`StateError`] naming the place and the remedy; nothing of a broken state is used.
pub fn read_state(uri: &str, reader: impl Read) -> Result<State, StateError> {
    let mut resources = Vec::new();
    let header = read_state_into(uri, reader, &mut |resource| resources.push(resource))?;
    Ok(State { header, resources })
}

/// Reads a state and hands every managed instance to `sink` as it comes.
///
/// # Errors
/// As [`read_state`]; what `sink` was given before the error must then be thrown away.
pub fn read_state_into(
    uri: &str,
    reader: impl Read,
    sink: &mut dyn FnMut(Resource),
) -> Result<Header, StateError> {
    read_state_with(uri, reader, &Keys::default(), sink)
}

/// As [`read_state_into`], with keys for a state that OpenTofu encrypted. Such a state is in memory while it is decrypted.
///
/// # Errors
/// As [`read_state`]; `StateError::encrypted` tells a state that no key opens from one that is broken.
pub fn read_state_with(
    uri: &str,
    reader: impl Read,
    keys: &Keys,
    sink: &mut dyn FnMut(Resource),
) -> Result<Header, StateError> {
    let (header, envelope) = read_document(uri, reader, keys, sink)?;
    if !envelope.found {
        check_version(uri, Some(header.version).filter(|version| *version > 0))?;
        return Ok(header);
    }
    let content = envelope.open(uri, keys)?;
    let (header, within) = read_document(uri, content.as_slice(), &Keys::default(), sink)?;
    if within.found {
        let what = "what this state holds encrypted is encrypted again";
        return Err(
            StateError::new(uri, what, "decrypt it first: `tofu state pull` prints it in clear").encrypted()
        );
    }
    check_version(uri, Some(header.version).filter(|version| *version > 0))?;
    Ok(header)
}

fn read_document(
    uri: &str,
    reader: impl Read,
    keys: &Keys,
    sink: &mut dyn FnMut(Resource),
) -> Result<(Header, Envelope), StateError> {
    let mut reader = std::io::BufReader::with_capacity(1 << 18, reader);
    if starts_empty(&mut reader) {
        let what = "the state is empty";
        return Err(StateError::new(
            uri,
            what,
            "check the path; `terraform state pull` writes a whole state",
        ));
    }
    let context = Context {
        header: RefCell::new(Header { uri: uri.to_owned(), ..Header::default() }),
        sink: RefCell::new(sink),
        refusal: RefCell::new(None),
        envelope: RefCell::new(Envelope::default()),
        wants_data: !keys.is_empty(),
    };
    let parsed = parse(reader, &context);
    if let Some(refusal) = context.refusal.into_inner() {
        return Err(refusal);
    }
    parsed.map_err(|error| explain(uri, &error))?;
    Ok((context.header.into_inner(), context.envelope.into_inner()))
}

/// Up to here a state is read whole before it is parsed, which takes half the time.
const SHORT: u64 = 24 << 20;

fn parse(mut reader: impl Read, context: &Context) -> Result<(), serde_json::Error> {
    let mut start = Vec::new();
    let length = reader.by_ref().take(SHORT).read_to_end(&mut start).map_err(serde_json::Error::io)?;
    if (length as u64) < SHORT {
        return parse_from(serde_json::Deserializer::from_slice(&start), context);
    }
    let whole = std::io::Cursor::new(start).chain(reader);
    parse_from(serde_json::Deserializer::from_reader(whole), context)
}

fn parse_from<'de, R: serde_json::de::Read<'de>>(
    mut json: serde_json::Deserializer<R>,
    context: &Context,
) -> Result<(), serde_json::Error> {
    Document(context).deserialize(&mut json).and_then(|()| json.end())
}

fn starts_empty(reader: &mut impl std::io::BufRead) -> bool {
    loop {
        let Ok(buffer) = reader.fill_buf() else { return false };
        if buffer.is_empty() {
            return true;
        }
        let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if blank < buffer.len() {
            return false;
        }
        reader.consume(blank);
    }
}

fn explain(uri: &str, error: &serde_json::Error) -> StateError {
    let (what, remedy) = match error.classify() {
        serde_json::error::Category::Eof => (
            "the state breaks off: the document is truncated".to_owned(),
            "fetch it again (`terraform state pull`), or restore the last whole version from the bucket's versions",
        ),
        serde_json::error::Category::Io => (
            "the state could not be read to its end".to_owned(),
            "check the disk or the connection, and try again",
        ),
        serde_json::error::Category::Syntax => (
            format!("this is not JSON: {}", bare(error)),
            "name a Terraform state (format 3 or 4), as `terraform state pull` prints it",
        ),
        serde_json::error::Category::Data => (
            format!("this is not shaped like a Terraform state: {}", bare(error)),
            "name a Terraform state (format 3 or 4); a plan or `terraform show -json` output is another format",
        ),
    };
    StateError::new(uri, what, remedy).at(error.line(), error.column())
}

/// The message without its trailing place, which is printed apart, and without anything quoted from the document.
fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    // From the first quote to the last: what is quoted may hold quotes itself.
    match (text.find('"'), text.rfind('"')) {
        (Some(first), Some(last)) => {
            format!("{}{}", &text[..first], &text[last + 1..]).replace("string ,", "a string,")
        }
        _ => text.to_owned(),
    }
}

fn check_version(uri: &str, version: Option<u64>) -> Result<(), StateError> {
    let (what, remedy) = match version {
        Some(3 | 4) => return Ok(()),
        Some(old @ 1..=2) => (
            format!("this state has format {old}, which no supported Terraform reads"),
            "upgrade it step by step with Terraform 0.11 (`terraform refresh` writes format 3, which can be read)",
        ),
        Some(new) => (
            format!("this state has format {new}, which is newer than this program knows (4)"),
            "update stateward",
        ),
        None => (
            "this document has no state format version".to_owned(),
            "name a Terraform state (format 3 or 4); a plan or `terraform show -json` output is another format",
        ),
    };
    Err(StateError::new(uri, what, remedy))
}

pub(crate) struct Context<'a> {
    header: RefCell<Header>,
    sink: RefCell<&'a mut dyn FnMut(Resource)>,
    refusal: RefCell<Option<StateError>>,
    envelope: RefCell<Envelope>,
    /// Whether encrypted content is kept, or read over.
    wants_data: bool,
}

impl Context<'_> {
    fn refuse<E: serde::de::Error>(&self, error: StateError) -> E {
        *self.refusal.borrow_mut() = Some(error);
        E::custom("refused")
    }
}

struct Document<'a, 'b>(&'a Context<'b>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a Terraform state")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let uri = self.0.header.borrow().uri.clone();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" => {
                    let version: u64 = map.next_value()?;
                    check_version(&uri, Some(version)).map_err(|error| self.0.refuse::<A::Error>(error))?;
                    self.0.header.borrow_mut().version = version;
                }
                "encrypted_data" => {
                    self.0.envelope.borrow_mut().found = true;
                    if self.0.wants_data {
                        self.0.envelope.borrow_mut().data = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                "encryption_version" => {
                    let mut envelope = self.0.envelope.borrow_mut();
                    envelope.found = true;
                    envelope.version = map.next_value()?;
                }
                "meta" => self.0.envelope.borrow_mut().meta = map.next_value()?,
                "terraform_version" => {
                    self.0.header.borrow_mut().terraform_version =
                        map.next_value::<Option<String>>()?.unwrap_or_default();
                }
                "serial" => {
                    self.0.header.borrow_mut().serial = map.next_value::<Option<u64>>()?.unwrap_or_default()
                }
                "lineage" => {
                    self.0.header.borrow_mut().lineage =
                        map.next_value::<Option<String>>()?.unwrap_or_default();
                }
                "outputs" => map.next_value_seed(Outputs(self.0, ""))?,
                "modules" if self.0.header.borrow().version != 4 => map.next_value_seed(Modules(self.0))?,
                "resources" if self.0.header.borrow().version != 3 => {
                    map.next_value_seed(Resources(self.0))?;
                }
                "check_results" => {
                    let results = map.next_value::<Option<Vec<CheckResult>>>()?.unwrap_or_default();
                    note_checks(&mut self.0.header.borrow_mut(), results);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// What a state says of a check block, or of the conditions of one object. Messages may quote values and stay out.
#[derive(Deserialize)]
struct CheckResult {
    #[serde(default)]
    config_addr: String,
    #[serde(default)]
    status: String,
}

fn note_checks(header: &mut Header, results: Vec<CheckResult>) {
    header.checks = results.len();
    for result in results {
        match result.status.as_str() {
            "pass" => {}
            "fail" | "error" => header.failed_checks.push(result.config_addr),
            _ => header.open_checks.push(result.config_addr),
        }
    }
}

/// Outputs are only looked at for unflagged credentials.
pub(crate) struct Outputs<'a, 'b, 'c>(pub(crate) &'a Context<'b>, pub(crate) &'c str);

#[derive(Deserialize)]
struct Output {
    #[serde(default)]
    value: Value,
    #[serde(default)]
    sensitive: bool,
}

impl<'de> DeserializeSeed<'de> for Outputs<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outputs<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the outputs of a state")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, output)) = map.next_entry::<String, Output>()? {
            if !output.sensitive && holds_secret(&name, &output.value) {
                let module = if self.1.is_empty() { String::new() } else { format!("{}.", self.1) };
                self.0.header.borrow_mut().secret_paths.push(format!("{module}output.{name}"));
            }
        }
        Ok(())
    }
}

struct Resources<'a, 'b>(&'a Context<'b>);

impl<'de> DeserializeSeed<'de> for Resources<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Resources<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the list of resources of a state")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(OneResource(self.0))?.is_some() {}
        Ok(())
    }
}

#[derive(Default, Clone)]
pub(crate) struct Block {
    pub(crate) module: String,
    pub(crate) mode: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) provider: String,
}

impl Block {
    fn address(&self, index: Option<&Value>) -> String {
        let mut address = String::new();
        if !self.module.is_empty() {
            address.push_str(&self.module);
            address.push('.');
        }
        address.push_str(&self.kind);
        address.push('.');
        address.push_str(&self.name);
        match index {
            Some(Value::Number(number)) => address.push_str(&format!("[{number}]")),
            Some(key @ Value::String(_)) => address.push_str(&format!("[{key}]")),
            _ => {}
        }
        address
    }
}

struct OneResource<'a, 'b>(&'a Context<'b>);

impl<'de> DeserializeSeed<'de> for OneResource<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneResource<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a resource of a state")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut block = Block::default();
        // Terraform writes the instances last. Should another writer not, they wait as text.
        let mut waiting: Vec<Box<RawValue>> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "module" => block.module = map.next_value()?,
                "mode" => block.mode = map.next_value()?,
                "type" => block.kind = map.next_value()?,
                "name" => block.name = map.next_value()?,
                "provider" => block.provider = map.next_value()?,
                "instances" if block.mode.is_empty() || block.provider.is_empty() => {
                    waiting = map.next_value()?;
                }
                "instances" => map.next_value_seed(Instances(self.0, &block))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        for text in waiting {
            let instance: Instance = serde_json::from_str(text.get()).map_err(serde::de::Error::custom)?;
            self.0.take(&block, instance);
        }
        Ok(())
    }
}

struct Instances<'a, 'b, 'c>(&'a Context<'b>, &'c Block);

impl<'de> DeserializeSeed<'de> for Instances<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Instances<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the instances of a resource")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.1.mode == "data" {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while let Some(instance) = seq.next_element::<Instance>()? {
            self.0.take(self.1, instance);
        }
        Ok(())
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Instance {
    pub(crate) index_key: Option<Value>,
    pub(crate) status: Option<String>,
    pub(crate) deposed: Option<String>,
    pub(crate) schema_version: u64,
    pub(crate) attributes: Option<Map<String, Value>>,
    pub(crate) attributes_flat: Option<BTreeMap<String, Value>>,
    pub(crate) sensitive_attributes: Option<Vec<Value>>,
    pub(crate) dependencies: Option<Vec<String>>,
    pub(crate) identity: Option<Identity>,
}

/// What the provider says that a resource is, from Terraform 1.12 on: the first of all that tell it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Identity {
    id: Option<Value>,
    arn: Option<Value>,
    account_id: Option<Value>,
    region: Option<Value>,
}

impl Identity {
    fn text(value: Option<Value>) -> Option<String> {
        match value {
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    fn complete(self, attributes: &mut Map<String, Value>) -> impl FnOnce(&mut Resource) + use<> {
        for (name, value) in [("id", self.id), ("arn", self.arn)] {
            if let Some(text) = Self::text(value) {
                attributes.insert(name.to_owned(), Value::String(text));
            }
        }
        let (account, region) = (Self::text(self.account_id), Self::text(self.region));
        |resource| {
            let place = &mut resource.address.place;
            if let Some(account) = account {
                place.account = account;
            }
            if let Some(region) = region.filter(|_| place.region != GLOBAL) {
                place.region = region;
            }
        }
    }
}

fn text_of(flat: BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let text = |value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    flat.into_iter().filter_map(|(path, value)| Some((path, text(value)?))).collect()
}

impl Context<'_> {
    pub(crate) fn take(&self, block: &Block, instance: Instance) {
        if block.mode == "data" {
            return;
        }
        let address = block.address(instance.index_key.as_ref());
        let mut attributes = match (instance.attributes, instance.attributes_flat) {
            (Some(attributes), _) => attributes,
            (None, Some(flat)) => flat::expand(&block.kind, &text_of(flat)),
            (None, None) => Map::new(),
        };
        let sensitive_paths = instance.sensitive_attributes.unwrap_or_default();
        let sensitive = sensitive_names(&sensitive_paths);
        self.note(block, &address, &attributes, &sensitive);
        let settle = instance.identity.unwrap_or_default().complete(&mut attributes);

        let declared = Declared {
            address,
            state: self.header.borrow().uri.clone(),
            provider: if block.provider.contains("provider.") {
                provider_of(&block.provider, &block.kind, &block.module)
            } else {
                block.provider.clone()
            },
            tainted: instance.status.as_deref() == Some("tainted"),
            deposed: instance.deposed,
            dependencies: instance.dependencies.unwrap_or_default(),
            schema_version: instance.schema_version,
            sensitive: sensitive.into_iter().collect(),
        };
        let entry = Entry {
            kind: &block.kind,
            attributes: &attributes,
            sensitive: &sensitive_paths,
            key: &self.digest_key(),
        };
        let mut resource = entry.admit(declared);
        settle(&mut resource);
        (self.sink.borrow_mut())(resource);
    }

    fn note(
        &self,
        block: &Block,
        address: &str,
        attributes: &Map<String, Value>,
        sensitive: &BTreeSet<String>,
    ) {
        let mut header = self.header.borrow_mut();
        header.instances += 1;
        if !header.types.contains(&block.kind) {
            header.types.insert(block.kind.clone());
        }
        for (name, value) in attributes {
            if !sensitive.contains(name) && holds_secret(name, value) {
                header.secret_paths.push(format!("{address}.{name}"));
            }
        }
    }

    /// The key of digests: equal within one state's lineage, so that two runs over it can be compared.
    fn digest_key(&self) -> [u8; 32] {
        let header = self.header.borrow();
        secret::state_key(&header.lineage, &header.uri)
    }
}

/// True when a value that nobody flagged is a credential by its name or by its form.
fn holds_secret(name: &str, value: &Value) -> bool {
    match value {
        Value::String(text) if text.is_empty() => false,
        Value::String(text) => is_secret_name(name) || secret::looks_secret(text),
        Value::Array(items) => items.iter().any(|item| holds_secret("", item)),
        Value::Object(map) => map.iter().any(|(name, value)| holds_secret(name, value)),
        _ => false,
    }
}

/// Argument names that hold a credential in the provider's schema (schema attributes marked sensitive).
fn is_secret_name(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "password",
        "master_password",
        "secret",
        "secret_string",
        "auth_token",
        "private_key",
        "secret_key",
        "access_key",
        "client_secret",
        "api_key",
    ];
    NAMES.contains(&name) || name.ends_with("_password")
}
