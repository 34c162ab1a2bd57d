//! A plan as `terraform show -json` prints it: what would exist after it is applied, what existed before, and what had
//! drifted. One resource at a time is in memory, and only declared attributes of it are kept.

mod configuration;
mod initial;
mod parts;
mod resolve;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use stateward_model::{Cause, Declared, GLOBAL, Gap, Kind, Resource, Scope, Slot, kinds, secret};

use crate::door::{Entry, sensitive_names};
use crate::error::StateError;
use crate::place::Places;
use configuration::{Configuration, config_address};
use resolve::Resolver;

/// What a plan does with one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing.
    Keep,
    /// It comes into being.
    Create,
    /// It is changed in place.
    Update,
    /// It is destroyed and made anew, in either order.
    Replace,
    /// It is destroyed.
    Delete,
    /// Terraform lets go of it, and it lives on.
    Forget,
}

impl Action {
    fn of(words: &[String]) -> Self {
        let has = |word: &str| words.iter().any(|given| given == word);
        match () {
            () if has("delete") && has("create") => Self::Replace,
            () if has("forget") && has("create") => Self::Create,
            () if has("create") => Self::Create,
            () if has("delete") => Self::Delete,
            () if has("update") => Self::Update,
            () if has("forget") => Self::Forget,
            () => Self::Keep,
        }
    }
}

/// What a plan does with one instance, and to which of its attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The Terraform type name.
    pub kind: String,
    /// What is done.
    pub action: Action,
    /// Top-level names whose value differs afterwards, or is known only then.
    pub attributes: BTreeSet<String>,
}

/// What Terraform found changed behind its back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drifted {
    /// The Terraform type name.
    pub kind: String,
    /// True when it is gone.
    pub deleted: bool,
    /// Top-level names whose value differs; of what is gone all.
    pub attributes: BTreeSet<String>,
}

/// A plan in memory.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Where it was read from.
    pub uri: String,
    /// The Terraform version that made it.
    pub terraform_version: String,
    /// When it was made, RFC 3339; empty where the plan does not say.
    pub planned_at: String,
    /// Whether nothing is left to do after it. A plan of some targets alone is not complete.
    pub complete: bool,
    /// What would exist after it is applied. What is known only then is a gap of [`Cause::NotYetKnown`].
    pub planned: Vec<Resource>,
    /// What existed when it was made, refreshed unless that was refused.
    pub prior: Vec<Resource>,
    /// What it does, by Terraform address.
    pub changes: BTreeMap<String, Change>,
    /// What had drifted, by Terraform address.
    pub drifted: BTreeMap<String, Drifted>,
    /// Paths of arguments that the configuration sets, without indices, by address without index keys.
    pub arguments: BTreeMap<String, BTreeSet<String>>,
}

impl Plan {
    /// The arguments that the configuration of an instance sets; none where the plan does not repeat it.
    pub fn arguments_of(&self, address: &str) -> Option<&BTreeSet<String>> {
        self.arguments.get(&config_address(address))
    }

    /// Addresses and attributes that drifted, that the configuration sets, and that the plan yet proposes to leave
    /// alone: only `ignore_changes` can have told Terraform to (N29).
    pub fn ignored(&self) -> Vec<(String, String)> {
        let mut ignored = Vec::new();
        for (address, drifted) in &self.drifted {
            let Some(change) = self.changes.get(address) else { continue };
            let Some(arguments) = self.arguments_of(address) else { continue };
            if drifted.deleted || !matches!(change.action, Action::Keep | Action::Update) {
                continue;
            }
            let left = drifted.attributes.iter().filter(|name| !change.attributes.contains(*name));
            let set = left.filter(|name| arguments.contains(*name));
            ignored.extend(set.map(|name| (address.clone(), name.clone())));
        }
        ignored
    }
}

/// Reads a whole plan.
///
/// # Errors
/// [`StateError`] naming the place and the remedy, for what is no plan in JSON, is cut short, or ended in an error.
pub fn read_plan(uri: &str, reader: impl Read) -> Result<Plan, StateError> {
    let mut reader = std::io::BufReader::with_capacity(1 << 18, reader);
    refuse_others(uri, &mut reader)?;
    let draft = RefCell::new(Draft::new(uri));
    let mut json = serde_json::Deserializer::from_reader(reader);
    let parsed = Document(&draft).deserialize(&mut json).and_then(|()| json.end());
    let mut draft = draft.into_inner();
    if let Some(refusal) = draft.refusal.take() {
        return Err(refusal);
    }
    parsed.map_err(|error| explain(uri, &error))?;
    draft.check()?;
    Ok(draft.finish())
}

const REMEDY: &str = "write it with `terraform plan -out FILE` and `terraform show -json FILE > plan.json`";

/// A saved plan is an archive, and an empty file is nothing.
fn refuse_others(uri: &str, reader: &mut impl std::io::BufRead) -> Result<(), StateError> {
    let start = reader.fill_buf().unwrap_or_default();
    if start.starts_with(b"PK\x03\x04") {
        let remedy = "print it with `terraform show -json FILE > plan.json`, and name that file";
        return Err(StateError::new(uri, "this is a saved plan in Terraform's own binary form", remedy));
    }
    match start.is_empty() {
        true => Err(StateError::new(uri, "the plan is empty", REMEDY)),
        false => Ok(()),
    }
}

fn explain(uri: &str, error: &serde_json::Error) -> StateError {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "the plan breaks off: the document is truncated",
        serde_json::error::Category::Io => "the plan could not be read to its end",
        serde_json::error::Category::Syntax => "this is not a plan in JSON",
        serde_json::error::Category::Data => "this is not shaped like a plan in JSON",
    };
    StateError::new(uri, what, REMEDY).at(error.line(), error.column())
}

/// A change as `resource_changes` and `resource_drift` list it.
#[derive(Deserialize)]
struct Entered {
    address: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    provider_name: String,
    #[serde(default)]
    deposed: Option<String>,
    change: EnteredChange,
}

#[derive(Deserialize)]
struct EnteredChange {
    actions: Vec<String>,
    #[serde(default)]
    before: Value,
    #[serde(default)]
    after: Value,
    #[serde(default)]
    after_unknown: Value,
    #[serde(default)]
    after_sensitive: Value,
}

impl EnteredChange {
    /// Top-level names whose value differs between the two sides, or is not known yet.
    fn attributes(&self) -> BTreeSet<String> {
        let sides = [self.before.as_object(), self.after.as_object()];
        let unknown = self.after_unknown.as_object();
        let names = sides.iter().flatten().flat_map(|side| side.keys());
        let names: BTreeSet<&String> =
            names.chain(unknown.into_iter().flat_map(|names| names.keys())).collect();
        let differs = |name: &String| {
            let [before, after] =
                sides.map(|side| side.and_then(|side| side.get(name)).unwrap_or(&Value::Null));
            before != after || unknown.and_then(|names| names.get(name)).is_some_and(holds_true)
        };
        names.into_iter().filter(|name| differs(name)).cloned().collect()
    }
}

/// An instance as `prior_state` lists it.
#[derive(Deserialize)]
struct Standing {
    address: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    provider_name: String,
    #[serde(default)]
    schema_version: u64,
    #[serde(default)]
    values: Option<Map<String, Value>>,
    #[serde(default)]
    sensitive_values: Value,
    #[serde(default)]
    depends_on: Vec<String>,
    #[serde(default)]
    tainted: bool,
    #[serde(default)]
    deposed_key: Option<String>,
}

/// An instance that would exist, until the configuration has told what its unknown values refer to.
struct Coming {
    resource: Resource,
    action: Action,
    /// Top-level names that are known only after the plan is applied.
    unknown: BTreeSet<String>,
}

struct Draft {
    plan: Plan,
    coming: Vec<Coming>,
    configuration: Configuration,
    format_version: Option<String>,
    errored: bool,
    refreshed_only: bool,
    key: [u8; 32],
    refusal: Option<StateError>,
}

impl Draft {
    fn new(uri: &str) -> Self {
        Self {
            plan: Plan { uri: uri.to_owned(), complete: true, ..Plan::default() },
            coming: Vec::new(),
            configuration: Configuration::default(),
            format_version: None,
            errored: false,
            refreshed_only: true,
            key: secret::state_key("plan", uri),
            refusal: None,
        }
    }

    fn check(&self) -> Result<(), StateError> {
        let refuse = |what: String, remedy: &str| Err(StateError::new(&self.plan.uri, what, remedy));
        match self.format_version.as_deref().map(|version| version.split('.').next().unwrap_or_default()) {
            Some("0" | "1") => {}
            Some(_) => {
                let version = self.format_version.as_deref().unwrap_or_default();
                return refuse(
                    format!("this plan has format {version}, which is newer than this program knows (1)"),
                    "update stateward",
                );
            }
            None => return refuse("this document has no plan format version".to_owned(), REMEDY),
        }
        match self.errored {
            true => refuse(
                "this plan ended in an error, so it does not show what would exist".to_owned(),
                "mend what `terraform plan` complains about, and plan again",
            ),
            false => Ok(()),
        }
    }

    fn drifted(&mut self, entered: Entered) {
        if entered.mode != "managed" || entered.deposed.is_some() {
            return;
        }
        let deleted = Action::of(&entered.change.actions) == Action::Delete;
        let attributes = entered.change.attributes();
        self.plan.drifted.insert(entered.address, Drifted { kind: entered.kind, deleted, attributes });
    }

    fn changed(&mut self, entered: Entered) {
        self.refreshed_only = false;
        // An object of an unfinished replacement is destroyed by the plan; data is read, and nobody's resource.
        if entered.mode != "managed" || entered.deposed.is_some() {
            return;
        }
        let action = Action::of(&entered.change.actions);
        let change = Change { kind: entered.kind, action, attributes: entered.change.attributes() };
        if let Value::Object(after) = entered.change.after {
            let unknown = unknown_names(&entered.change.after_unknown);
            let declared = Declared {
                address: entered.address.clone(),
                provider: entered.provider_name,
                ..Declared::default()
            };
            let resource = self.admit(&change.kind, after, &entered.change.after_sensitive, declared);
            self.coming.push(Coming { resource, action, unknown });
        }
        self.plan.changes.insert(entered.address, change);
    }

    fn stood(&mut self, standing: Standing) {
        if standing.mode != "managed" {
            return;
        }
        let declared = Declared {
            address: standing.address,
            provider: standing.provider_name,
            tainted: standing.tainted,
            deposed: standing.deposed_key,
            dependencies: standing.depends_on,
            schema_version: standing.schema_version,
            ..Declared::default()
        };
        let values = standing.values.unwrap_or_default();
        let resource = self.admit(&standing.kind, values, &standing.sensitive_values, declared);
        self.plan.prior.push(resource);
    }

    fn admit(
        &self,
        kind: &str,
        mut values: Map<String, Value>,
        marks: &Value,
        declared: Declared,
    ) -> Resource {
        let mut paths = Vec::new();
        sensitive_paths(marks, &mut Vec::new(), &mut paths);
        if !values.contains_key("id") {
            values.insert("id".to_owned(), Value::String(given_id(kind, &values, &declared.address)));
        }
        let declared = Declared {
            state: self.plan.uri.clone(),
            sensitive: sensitive_names(&paths).into_iter().collect(),
            ..declared
        };
        Entry { kind, attributes: &values, sensitive: &paths, key: &self.key }.admit(declared)
    }

    fn finish(mut self) -> Plan {
        let configuration = &self.configuration;
        self.plan.arguments = configuration.arguments();
        let prior = self.plan.prior.iter_mut();
        for resource in prior.chain(self.coming.iter_mut().map(|coming| &mut coming.resource)) {
            settle(resource, configuration);
        }
        self.resolve();
        self.carry_over();
        let mut places = Places::default();
        let mut accounts: BTreeMap<String, usize> = BTreeMap::new();
        for resource in self.plan.prior.iter().chain(&self.plan.planned) {
            places.observe(resource);
            if !resource.account().is_empty() {
                *accounts.entry(resource.account().to_owned()).or_default() += 1;
            }
        }
        let account = accounts.into_iter().max_by_key(|(_, count)| *count).map(|(id, _)| id);
        for resource in self.plan.prior.iter_mut().chain(&mut self.plan.planned) {
            places.settle(resource, account.as_deref().unwrap_or_default());
        }
        parts::join(&mut self.plan.planned, &self.plan.prior, &self.plan.changes);
        self.plan
    }

    /// Puts in the place of what is not known yet what it refers to, or else a gap.
    fn resolve(&mut self) {
        let resolver = Resolver::new(&self.configuration, self.coming.iter().map(|coming| &coming.resource));
        for mut coming in std::mem::take(&mut self.coming) {
            let Some(kind) = kinds::find(coming.resource.kind()) else {
                self.plan.planned.push(coming.resource);
                continue;
            };
            for attr in kind.attributes.iter().filter(|attr| !attr.live_only) {
                if !coming.unknown.contains(attr.path) {
                    continue;
                }
                let slot = match resolver.value(&coming.resource, attr.path) {
                    Some(value) => Slot::Known(value),
                    None => Slot::Unread(not_yet_known(attr.path)),
                };
                coming.resource.put_raw(attr.path, slot);
            }
            if coming.action != Action::Keep {
                identify(&mut coming.resource, kind);
            }
            self.plan.planned.push(coming.resource);
        }
        let contested = parts::contested(self.plan.planned.iter());
        let changes = &self.plan.changes;
        let is_new = |resource: &Resource| {
            let change = resource.declared.as_ref().and_then(|facts| changes.get(&facts.address));
            change.is_some_and(|change| matches!(change.action, Action::Create | Action::Replace))
        };
        let owners = parts::owners(self.plan.planned.iter());
        for resource in self.plan.planned.iter_mut().filter(|resource| is_new(resource)) {
            let address = resource.declared.as_ref().map(|facts| config_address(&facts.address));
            // Where the configuration is not known, neither is what it sets.
            let Some(set) = address.and_then(|address| self.plan.arguments.get(&address)) else { continue };
            let has_rules = owners.contains(resource.id());
            initial::fill(resource, set, &contested, has_rules);
        }
    }

    /// What the plan says nothing of stays as it is: everything, where only a refresh was planned, and what was not
    /// among the targets.
    fn carry_over(&mut self) {
        let changes = &self.plan.changes;
        let stays = |resource: &&Resource| {
            let facts = resource.declared.as_ref();
            facts.is_some_and(|facts| facts.deposed.is_none() && !changes.contains_key(&facts.address))
        };
        let kept = self.plan.prior.iter().filter(stays).cloned();
        if self.refreshed_only || !self.plan.complete {
            self.plan.planned.extend(kept);
        }
        let key = |resource: &Resource| resource.declared.as_ref().map(|facts| facts.address.clone());
        self.plan.planned.sort_by_key(key);
    }
}

/// Provider and region of an instance, as its configuration says.
fn settle(resource: &mut Resource, configuration: &Configuration) {
    let is_global = kinds::find(resource.kind()).is_some_and(|kind| kind.scope == Scope::Global);
    let Some(facts) = &mut resource.declared else { return };
    let Some(provider) = configuration.provider_of(&facts.address) else { return };
    facts.provider = provider.name();
    let place = &mut resource.address.place;
    if place.region.is_empty() && !is_global {
        place.region = provider.region().unwrap_or_default();
    }
    if is_global {
        place.region = GLOBAL.to_owned();
    }
}

/// The identity of what is to come, now that what it refers to is known as far as it can be.
fn identify(resource: &mut Resource, kind: &Kind) {
    if let Some(id) = (kind.identity)(resource) {
        resource.address.id = id;
    }
}

fn not_yet_known(path: &str) -> Gap {
    Gap::new("plan", Cause::NotYetKnown, format!("{path} is known only after the plan is applied"))
}

/// Arguments that the provider makes the id of, so that it is known beforehand.
const NAMED_BY: &[(&str, &str)] = &[
    ("aws_autoscaling_group", "name"),
    ("aws_autoscaling_policy", "name"),
    ("aws_backup_vault", "name"),
    ("aws_cloudwatch_log_group", "name"),
    ("aws_cloudwatch_metric_alarm", "alarm_name"),
    ("aws_db_instance", "identifier"),
    ("aws_db_subnet_group", "name"),
    ("aws_dynamodb_table", "name"),
    ("aws_ecr_repository", "name"),
    ("aws_elasticache_subnet_group", "name"),
    ("aws_iam_group", "name"),
    ("aws_iam_instance_profile", "name"),
    ("aws_iam_role", "name"),
    ("aws_iam_user", "name"),
    ("aws_kms_alias", "name"),
    ("aws_rds_cluster", "cluster_identifier"),
    ("aws_rds_cluster_instance", "identifier"),
    ("aws_s3_bucket", "bucket"),
];

/// The id of an instance that has none yet: what it will be where that is known, or else its address, which stands for
/// it within the plan.
fn given_id(kind: &str, values: &Map<String, Value>, address: &str) -> String {
    let named = NAMED_BY.iter().find(|(name, _)| *name == kind).and_then(|(_, by)| values.get(*by)?.as_str());
    named.unwrap_or(address).to_owned()
}

/// Names inside of blocks that the provider fills in and nobody is judged by; deletes with a second factor are nothing
/// that a plan can turn on.
const COMPUTED_INSIDE: &[&str] = &[
    "arn",
    "association_id",
    "device_name",
    "id",
    "mfa_delete",
    "network_interface_id",
    "owner_id",
    "volume_id",
];

/// Top-level names whose value, or a part of it that matters, is known only after the plan is applied.
fn unknown_names(marks: &Value) -> BTreeSet<String> {
    fn matters(value: &Value) -> bool {
        match value {
            Value::Bool(unknown) => *unknown,
            Value::Array(items) => items.iter().any(matters),
            Value::Object(map) => map
                .iter()
                .filter(|(name, _)| !COMPUTED_INSIDE.contains(&name.as_str()))
                .any(|(_, value)| matters(value)),
            _ => false,
        }
    }
    let marks = marks.as_object().into_iter().flatten();
    marks.filter(|(_, value)| matters(value)).map(|(name, _)| name.clone()).collect()
}

fn holds_true(value: &Value) -> bool {
    match value {
        Value::Bool(unknown) => *unknown,
        Value::Array(items) => items.iter().any(holds_true),
        Value::Object(map) => map.values().any(holds_true),
        _ => false,
    }
}

/// The paths of everything that is marked with `true`, in the steps in which states write them.
fn sensitive_paths(marks: &Value, steps: &mut Vec<Value>, paths: &mut Vec<Value>) {
    match marks {
        Value::Bool(true) => paths.push(Value::Array(steps.clone())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                steps.push(json!({ "type": "index", "value": { "value": index, "type": "number" } }));
                sensitive_paths(item, steps, paths);
                steps.pop();
            }
        }
        Value::Object(map) => {
            for (name, item) in map {
                steps.push(json!({ "type": "get_attr", "value": name }));
                sensitive_paths(item, steps, paths);
                steps.pop();
            }
        }
        _ => {}
    }
}

struct Document<'a>(&'a RefCell<Draft>);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl Document<'_> {
    fn refuse<E: serde::de::Error>(&self, what: &str) -> E {
        let uri = self.0.borrow().plan.uri.clone();
        self.0.borrow_mut().refusal = Some(StateError::new(&uri, what, REMEDY));
        E::custom("refused")
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a plan in JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "format_version" => {
                    let version = map.next_value()?;
                    self.0.borrow_mut().format_version = Some(version);
                    // Later formats may be shaped in another way: what version it is, is said first.
                    if self.0.borrow().check().is_err() {
                        let refusal = self.0.borrow().check().err();
                        self.0.borrow_mut().refusal = refusal;
                        return Err(serde::de::Error::custom("refused"));
                    }
                }
                "terraform_version" => {
                    let version = map.next_value::<Option<String>>()?.unwrap_or_default();
                    self.0.borrow_mut().plan.terraform_version = version;
                }
                "timestamp" => {
                    let time = map.next_value::<Option<String>>()?.unwrap_or_default();
                    self.0.borrow_mut().plan.planned_at = time;
                }
                "complete" => self.0.borrow_mut().plan.complete = map.next_value()?,
                "errored" => self.0.borrow_mut().errored = map.next_value()?,
                "variables" => {
                    let variables = map.next_value::<Option<BTreeMap<String, configuration::Variable>>>()?;
                    self.0.borrow_mut().configuration.variables = variables.unwrap_or_default();
                }
                "resource_drift" => map.next_value_seed(Each::new(&mut |entered: Entered| {
                    self.0.borrow_mut().drifted(entered);
                }))?,
                // The values of `planned_values` stand here too, and beside them what is not known yet.
                "resource_changes" => map.next_value_seed(Each::new(&mut |entered: Entered| {
                    self.0.borrow_mut().changed(entered);
                }))?,
                "prior_state" => map.next_value_seed(Tree(self.0))?,
                "configuration" => {
                    let parsed = map.next_value::<Option<configuration::Parsed>>()?.unwrap_or_default();
                    self.0.borrow_mut().configuration.take(parsed);
                }
                "serial" | "lineage" | "encrypted_data" => {
                    return Err(self.refuse("this is a Terraform state, and no plan"));
                }
                "values" => {
                    return Err(
                        self.refuse("this is a state as `terraform show -json` prints it, and no plan")
                    );
                }
                "@level" | "@message" => {
                    return Err(self.refuse("this is the log of `terraform plan -json`, and not the plan"));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A list, one element at a time; null is an empty one.
struct Each<'a, T>(&'a mut dyn FnMut(T), PhantomData<T>);

impl<'a, T> Each<'a, T> {
    fn new(take: &'a mut dyn FnMut(T)) -> Self {
        Self(take, PhantomData)
    }
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Each<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Each<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(one) = seq.next_element()? {
            (self.0)(one);
        }
        Ok(())
    }
}

/// `prior_state`, and every module within it.
struct Tree<'a>(&'a RefCell<Draft>);

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a module with its resources")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "values" | "root_module" => map.next_value_seed(Tree(self.0))?,
                "child_modules" => map.next_value_seed(Children(self.0))?,
                "resources" => map.next_value_seed(Each::new(&mut |standing: Standing| {
                    self.0.borrow_mut().stood(standing);
                }))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Children<'a>(&'a RefCell<Draft>);

impl<'de> DeserializeSeed<'de> for Children<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Children<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of modules")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Tree(self.0))?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plan made by hand: a network and a database that come into being, with a module between them.
    fn coming() -> Value {
        let created = |address: &str, kind: &str, after: Value, unknown: Value| {
            json!({
                "address": address, "mode": "managed", "type": kind, "name": "x",
                "provider_name": "registry.terraform.io/hashicorp/aws",
                "change": {
                    "actions": ["create"], "before": null, "after": after, "after_unknown": unknown,
                    "before_sensitive": false, "after_sensitive": { "password": true }
                }
            })
        };
        let subnet = |key: &str| {
            created(
                &format!("module.net.aws_subnet.this[\"{key}\"]"),
                "aws_subnet",
                json!({ "availability_zone": key, "cidr_block": "10.0.0.0/24" }),
                json!({ "id": true, "arn": true, "vpc_id": true }),
            )
        };
        json!({
            "format_version": "1.2", "terraform_version": "1.11.4", "timestamp": "2026-01-01T00:00:00Z",
            "complete": true, "errored": false,
            "variables": { "where": { "value": "eu-west-1" } },
            "planned_values": { "root_module": {} },
            "resource_changes": [
                created("module.net.aws_vpc.this", "aws_vpc", json!({ "cidr_block": "10.0.0.0/16" }),
                    json!({ "id": true, "arn": true })),
                subnet("eu-west-1a"), subnet("eu-west-1b"),
                created("aws_security_group.db", "aws_security_group", json!({ "name": "db", "ingress": [{}] }),
                    json!({ "id": true, "vpc_id": true, "ingress": [{ "security_groups": true }] })),
                created("aws_db_instance.orders", "aws_db_instance",
                    json!({ "identifier": "orders", "password": "hunter2hunter2", "storage_encrypted": false,
                            "vpc_security_group_ids": [null] }),
                    json!({ "id": true, "arn": true, "kms_key_id": true, "vpc_security_group_ids": [true] })),
                created("aws_instance.web", "aws_instance",
                    json!({ "root_block_device": [{ "encrypted": true }] }),
                    json!({ "id": true, "subnet_id": true, "root_block_device": [{ "volume_id": true }] })),
            ],
            "configuration": {
                "provider_config": {
                    "aws": { "name": "aws", "full_name": "registry.terraform.io/hashicorp/aws",
                             "expressions": { "region": { "references": ["var.where"] },
                                              "secret_key": { "constant_value": "hunter2hunter2" } } }
                },
                "root_module": {
                    "resources": [
                        { "address": "aws_security_group.db", "provider_config_key": "aws",
                          "expressions": { "ingress": {}, "vpc_id": { "references": ["module.net.vpc_id", "module.net"] } } },
                        { "address": "aws_db_instance.orders", "provider_config_key": "aws",
                          "expressions": { "vpc_security_group_ids": { "references":
                              ["aws_security_group.db.id", "aws_security_group.db"] } } },
                        { "address": "aws_instance.web", "provider_config_key": "aws",
                          "expressions": { "subnet_id": { "references": ["var.one", "module.net.vpc_id"] } } }
                    ],
                    "module_calls": {
                        "net": {
                            "expressions": {},
                            "module": {
                                "outputs": { "vpc_id": { "expression": { "references":
                                    ["aws_vpc.this.id", "aws_vpc.this"] } } },
                                "resources": [
                                    { "address": "aws_vpc.this", "provider_config_key": "aws" },
                                    { "address": "aws_subnet.this", "provider_config_key": "aws",
                                      "expressions": { "vpc_id": { "references":
                                          ["aws_vpc.this.id", "aws_vpc.this"] } } }
                                ]
                            }
                        }
                    }
                }
            }
        })
    }

    fn read(plan: &Value) -> Result<Plan, StateError> {
        read_plan("p.json", plan.to_string().as_bytes())
    }

    fn one<'a>(plan: &'a Plan, address: &str) -> &'a Resource {
        let stands = |one: &&Resource| one.declared.as_ref().is_some_and(|facts| facts.address == address);
        plan.planned.iter().find(stands).unwrap_or_else(|| panic!("no {address}"))
    }

    #[test]
    fn what_is_known_only_later_is_a_gap() {
        let plan = read(&coming()).unwrap();
        let database = one(&plan, "aws_db_instance.orders");
        assert_eq!(database.raw("storage_encrypted"), Ok(&json!(false)));
        assert_eq!(database.raw("kms_key_id").unwrap_err().cause, Cause::NotYetKnown);
        // A rule whose source is not known yet is no rule that could be judged.
        let group = one(&plan, "aws_security_group.db");
        assert_eq!(group.raw("ingress").unwrap_err().cause, Cause::NotYetKnown);
        // What the provider fills in beside the encryption does not hide the encryption.
        let instance = one(&plan, "aws_instance.web");
        assert_eq!(instance.raw("root_block_device"), Ok(&json!([{ "encrypted": true }])));
    }

    #[test]
    fn what_refers_to_something_new_refers_to_it_by_its_address() {
        let plan = read(&coming()).unwrap();
        let network = one(&plan, "module.net.aws_vpc.this");
        assert_eq!(network.id(), "module.net.aws_vpc.this");
        for address in ["module.net.aws_subnet.this[\"eu-west-1a\"]", "aws_security_group.db"] {
            assert_eq!(one(&plan, address).raw("vpc_id"), Ok(&json!(network.id())), "{address}");
        }
        let database = one(&plan, "aws_db_instance.orders");
        assert_eq!(database.id(), "orders", "the provider makes the id of the name");
        assert_eq!(database.raw("vpc_security_group_ids"), Ok(&json!(["aws_security_group.db"])));
        // Two references may be a condition: which it will be is not known.
        let gap = one(&plan, "aws_instance.web").raw("subnet_id").unwrap_err();
        assert_eq!(gap.cause, Cause::NotYetKnown);
    }

    /// A plan made by hand: a group that exists, and what becomes of its rules.
    fn rules(before: Value, changes: Value) -> Value {
        let group = json!({ "id": "sg-1", "name": "db", "ingress": before, "egress": [] });
        let mut all = vec![json!({
            "address": "aws_security_group.db", "mode": "managed", "type": "aws_security_group",
            "change": { "actions": ["no-op"], "before": group, "after": group, "after_unknown": {} }
        })];
        all.extend(changes.as_array().unwrap().iter().cloned());
        let standing = |one: &Value| {
            let values = one["change"]["before"].clone();
            json!({ "address": one["address"], "mode": "managed", "type": one["type"], "values": values })
        };
        let prior: Vec<Value> =
            all.iter().filter(|one| !one["change"]["before"].is_null()).map(standing).collect();
        json!({ "format_version": "1.2", "resource_changes": all,
                "prior_state": { "values": { "root_module": { "resources": prior } } } })
    }

    fn rule(actions: Value, before: Value, after: Value, unknown: Value) -> Value {
        json!({ "address": "aws_security_group_rule.x", "mode": "managed", "type": "aws_security_group_rule",
                "change": { "actions": actions, "before": before, "after": after, "after_unknown": unknown } })
    }

    fn open(cidrs: &[&str]) -> Value {
        json!({ "type": "ingress", "security_group_id": "sg-1", "protocol": "tcp", "from_port": 22, "to_port": 22,
                "cidr_blocks": cidrs, "ipv6_cidr_blocks": null, "prefix_list_ids": null, "self": false,
                "source_security_group_id": null, "description": "" })
    }

    fn sources(plan: &Value) -> Vec<String> {
        let plan = read(plan).unwrap();
        let rules = one(&plan, "aws_security_group.db").raw("ingress").unwrap().clone();
        let rules = rules.as_array().unwrap().iter().flat_map(|rule| rule["cidr_blocks"].as_array().unwrap());
        rules.map(|cidr| cidr.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_rule_that_comes_is_in_its_group_and_one_that_goes_is_not() {
        let before = json!([{ "protocol": "tcp", "from_port": 22, "to_port": 22, "description": "", "self": false,
            "cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"], "ipv6_cidr_blocks": [], "prefix_list_ids": [],
            "security_groups": [] }]);
        let comes = rule(json!(["create"]), Value::Null, open(&["0.0.0.0/0"]), json!({ "id": true }));
        assert_eq!(sources(&rules(json!([]), json!([comes]))), ["0.0.0.0/0"]);
        let goes = rule(json!(["delete"]), open(&["0.0.0.0/0"]), Value::Null, json!({}));
        assert_eq!(sources(&rules(before.clone(), json!([goes]))), ["10.0.0.0/8"]);
        let narrowed =
            rule(json!(["delete", "create"]), open(&["0.0.0.0/0"]), open(&["192.168.0.0/16"]), json!({}));
        assert_eq!(sources(&rules(before.clone(), json!([narrowed]))), ["10.0.0.0/8", "192.168.0.0/16"]);
        let stays = rule(json!(["no-op"]), open(&["0.0.0.0/0"]), open(&["0.0.0.0/0"]), json!({}));
        assert_eq!(sources(&rules(before, json!([stays]))), ["10.0.0.0/8", "0.0.0.0/0"]);
    }

    #[test]
    fn a_rule_whose_source_is_not_known_yet_leaves_its_group_open() {
        let mut after = open(&[]);
        after.as_object_mut().unwrap().remove("cidr_blocks");
        let comes = rule(json!(["create"]), Value::Null, after, json!({ "cidr_blocks": true }));
        let plan = read(&rules(json!([]), json!([comes]))).unwrap();
        let gap = one(&plan, "aws_security_group.db").raw("ingress").unwrap_err();
        assert_eq!(gap.cause, Cause::NotYetKnown);
    }

    #[test]
    fn a_rule_of_nobody_knows_which_group_leaves_every_new_group_open() {
        let mut plan = coming();
        let group = &mut plan["resource_changes"][3]["change"];
        group["after_unknown"]["ingress"] = json!(true);
        group["after"].as_object_mut().unwrap().remove("ingress");
        let block = &mut plan["configuration"]["root_module"]["resources"][0]["expressions"];
        block.as_object_mut().unwrap().remove("ingress");
        // Without a rule beside it, there may be some in `dynamic` blocks.
        let gap = one(&read(&plan).unwrap(), "aws_security_group.db").raw("ingress").unwrap_err();
        assert_eq!(gap.cause, Cause::NotYetKnown);
        let mut after = open(&["10.0.0.0/8"]);
        after["security_group_id"] = json!("aws_security_group.db");
        let rule =
            |after: &Value, unknown: Value| rule(json!(["create"]), Value::Null, after.clone(), unknown);
        let changes = plan["resource_changes"].as_array_mut().unwrap();
        changes.push(rule(&after, json!({})));
        assert_eq!(sources(&plan), ["10.0.0.0/8"]);
        after.as_object_mut().unwrap().remove("security_group_id");
        let rule = rule(&after, json!({ "security_group_id": true }));
        plan["resource_changes"].as_array_mut().unwrap().push(rule);
        let gap = one(&read(&plan).unwrap(), "aws_security_group.db").raw("ingress").unwrap_err();
        assert_eq!(gap.cause, Cause::NotYetKnown);
    }

    #[test]
    fn a_provider_tells_the_region_through_a_variable() {
        let plan = read(&coming()).unwrap();
        assert!(plan.planned.iter().all(|resource| resource.region() == "eu-west-1"), "{:#?}", plan.planned);
        let facts = one(&plan, "aws_db_instance.orders").declared.clone().unwrap();
        assert_eq!(facts.provider, "provider[\"registry.terraform.io/hashicorp/aws\"]");
    }

    #[test]
    fn no_secret_comes_in() {
        let plan = read(&coming()).unwrap();
        assert!(!format!("{plan:?}").contains("hunter2"));
        // Not even one that is marked inside of a block, by its place.
        let mut marked = coming();
        let change = &mut marked["resource_changes"][3]["change"];
        change["after"] = json!({ "ingress": [{ "description": "open" }, { "description": "hunter3" }] });
        change["after_unknown"] = json!({});
        change["after_sensitive"] = json!({ "ingress": [{}, { "description": true }] });
        let plan = read(&marked).unwrap();
        assert!(!format!("{plan:?}").contains("hunter3"));
        assert!(format!("{plan:?}").contains("open"));
    }

    #[test]
    fn what_is_deleted_or_only_read_will_not_be_there() {
        let mut plan = coming();
        plan["resource_changes"][0]["change"]["actions"] = json!(["delete"]);
        plan["resource_changes"][0]["change"]["after"] = Value::Null;
        plan["resource_changes"][3]["mode"] = json!("data");
        plan["resource_changes"][4]["deposed"] = json!("00000001");
        let plan = read(&plan).unwrap();
        let addresses: Vec<&str> =
            plan.planned.iter().filter_map(|one| Some(one.declared.as_ref()?.address.as_str())).collect();
        assert_eq!(
            addresses,
            [
                "aws_instance.web",
                "module.net.aws_subnet.this[\"eu-west-1a\"]",
                "module.net.aws_subnet.this[\"eu-west-1b\"]"
            ]
        );
        assert_eq!(plan.changes["module.net.aws_vpc.this"].action, Action::Delete);
    }

    #[test]
    fn actions_are_told_apart_whatever_their_order() {
        let of =
            |words: &[&str]| Action::of(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["delete", "create"]), Action::Replace);
        assert_eq!(of(&["create", "delete"]), Action::Replace);
        assert_eq!(of(&["create", "forget"]), Action::Create);
        assert_eq!(of(&["forget"]), Action::Forget);
        assert_eq!(of(&["no-op"]), Action::Keep);
        assert_eq!(of(&["update"]), Action::Update);
    }

    #[test]
    fn a_plan_of_some_targets_leaves_the_rest_as_it_is() {
        let mut plan = coming();
        plan["prior_state"] = json!({ "values": { "root_module": { "child_modules": [{ "resources": [
            { "address": "module.old.aws_sqs_queue.q", "mode": "managed", "type": "aws_sqs_queue", "name": "q",
              "values": { "id": "https://sqs.eu-west-1.amazonaws.com/1/q", "name": "q" } }
        ] }] } } });
        assert_eq!(read(&plan).unwrap().planned.len(), 6, "a whole plan names all that stays");
        plan["complete"] = json!(false);
        let plan = read(&plan).unwrap();
        assert_eq!(one(&plan, "module.old.aws_sqs_queue.q").id(), "q");
        assert_eq!(plan.planned.len(), 7);
    }

    #[test]
    fn what_drifted_and_is_set_and_yet_left_alone_is_ignored_by_configuration() {
        let drifted = |address: &str, before: Value, after: Value| {
            json!({ "address": address, "mode": "managed", "type": "aws_instance", "name": "x",
                    "change": { "actions": ["update"], "before": before, "after": after } })
        };
        let change = |address: &str, before: Value, after: Value, action: &str| {
            json!({ "address": address, "mode": "managed", "type": "aws_instance", "name": "x",
                    "change": { "actions": [action], "before": before, "after": after } })
        };
        let (was, is) =
            (json!({ "ami": "a", "tags": { "x": "1" } }), json!({ "ami": "b", "tags": { "x": "2" } }));
        let plan = json!({
            "format_version": "1.2",
            "resource_drift": [
                drifted("aws_instance.left[0]", was.clone(), is.clone()),
                drifted("aws_instance.mended", was.clone(), is.clone()),
                drifted("aws_instance.replaced", was.clone(), is.clone()),
            ],
            "resource_changes": [
                change("aws_instance.left[0]", is.clone(), is.clone(), "no-op"),
                change("aws_instance.mended", is.clone(), was, "update"),
                change("aws_instance.replaced", is.clone(), is, "delete"),
            ],
            "configuration": { "root_module": { "resources": [
                { "address": "aws_instance.left", "expressions": { "ami": {} } },
                { "address": "aws_instance.mended", "expressions": { "ami": {}, "tags": {} } },
                { "address": "aws_instance.replaced", "expressions": { "ami": {} } },
            ] } }
        });
        let ignored = read(&plan).unwrap().ignored();
        assert_eq!(ignored, [("aws_instance.left[0]".to_owned(), "ami".to_owned())]);
    }

    #[test]
    fn what_is_no_usable_plan_is_refused_with_a_remedy() {
        let cases = [
            ("", "the plan is empty"),
            ("PK\u{3}\u{4}rest", "binary form"),
            (
                r#"{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x"}"#,
                "Terraform state",
            ),
            (r#"{"format_version": "1.0", "values": {}}"#, "a state as `terraform show -json`"),
            ("{\"@level\":\"info\"}\n{\"@level\":\"info\"}", "the log of"),
            (r#"{"format_version": "9.0", "resource_changes": 7}"#, "newer"),
            (r#"{"format_version": "1.2", "errored": true}"#, "ended in an error"),
            (r#"{"format_version": "1.2", "resource_changes": ["hunter2"]}"#, "not shaped like a plan"),
            (r#"{"format_version": "1.2", "resource_ch"#, "truncated"),
            ("hello", "not a plan in JSON"),
            ("{}", "no plan format version"),
        ];
        for (text, words) in cases {
            let error = read_plan("p.json", text.as_bytes()).unwrap_err();
            assert!(error.what.contains(words), "{text}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
            assert!(!error.remedy.is_empty());
        }
    }

    #[test]
    fn a_plan_cut_anywhere_is_refused_and_breaks_nothing() {
        let whole = coming().to_string();
        for end in (1..whole.len()).step_by(7) {
            assert!(read_plan("p.json", &whole.as_bytes()[..end]).is_err(), "{end}");
        }
    }
}
