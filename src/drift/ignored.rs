//! What a configuration tells of its resources, and what of drift follows from it: `lifecycle.ignore_changes` (N29), and
//! arguments that it never sets (N5).
//!
//! The facts come from a folder of configuration or from a plan, and are part of the recording.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stateward_model::kind::Form;
use stateward_model::{Resource, kinds};

use super::{Class, Drift, Item, ItemChange, Label, Suppressed, in_order};
use crate::result::Definition;

/// The rule under which differences are counted that the configuration tells Terraform to ignore.
pub const IGNORED: &str = "N29";

/// What is said of a difference in an argument that the configuration never sets, where AWS may have chosen the value.
pub const SERVER_CHOSEN: &str = "possibly server-chosen: the configuration does not set it";

/// What one configuration tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigFacts {
    /// Its folder, or the plan's file.
    pub source: String,
    /// The URI of the state that its backend names, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Its resources.
    #[serde(default)]
    pub resources: Vec<ResourceFacts>,
    /// What it pins (IAC-13, IAC-14); none where that was not looked at: in a plan, and in older recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<PinFacts>,
    /// What its text alone does not tell, with file and line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a configuration pins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PinFacts {
    /// The providers of the modules that were read, sorted by source.
    pub providers: Vec<ProviderFacts>,
    /// Whether there is a lock file; none when it could not be read.
    pub lock_file: Option<bool>,
    /// Modules from elsewhere that the configuration's own modules call.
    pub modules: Vec<ModuleFacts>,
    /// Called modules whose text was not read, by address.
    pub unread_modules: Vec<String>,
    /// Those of them that belong to the configuration itself.
    pub unread_own_modules: Vec<String>,
}

/// A provider that a configuration uses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderFacts {
    /// `hashicorp/aws`; with its host where that is no public registry.
    pub source: String,
    /// Its version constraints in all modules.
    pub constraints: Vec<String>,
    /// Hashes in the lock file; none without an entry.
    pub hashes: Option<usize>,
}

/// A call of a module from elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModuleFacts {
    /// `module.vpc`.
    pub address: String,
    /// `registry`, `repository` or `archive`; empty when the source does not tell.
    pub origin: String,
    /// Its source without credentials and query.
    pub source: String,
    /// Its version constraint.
    pub version: Option<String>,
    /// The `ref` of its source.
    pub reference: Option<String>,
    /// Whether a checksum, a digest or the version of an object is part of the source.
    pub fixed: bool,
}

/// What a configuration tells of the instances at one address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceFacts {
    /// The address; a part of it without an index covers every instance: `module.web.aws_instance.app`.
    pub address: String,
    /// `ignore_changes` in Terraform's notation: `tags["Role"]`, `root_block_device[0].volume_size`; `all`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
    /// Paths of the arguments that are set, without indices; none when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Vec<String>>,
    /// Where its block stands; none where that was not looked at: in a plan, and in older recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Definition>,
}

/// What became of one configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Used {
    /// Its folder, or the plan's file.
    pub source: String,
    /// The states that it belongs to.
    pub states: Vec<String>,
    /// Its resources.
    pub resources: usize,
    /// Entries of `ignore_changes`.
    pub entries: usize,
    /// Differences that they ignore, with the address.
    pub honoured: Vec<(String, ItemChange)>,
    /// What its text alone does not tell.
    pub notes: Vec<String>,
}

/// Which configurations each state belongs to, by the state's URI. Several only where none covers it better.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Belonging(BTreeMap<String, Vec<usize>>);

impl Belonging {
    /// Finds where the declared instances belong. A state is that of the configuration which names it. One that none
    /// names (another workspace, a copy in a file) is that of the configuration which holds at least half of its
    /// instances, and more than others do: equal addresses in two root modules are different resources.
    pub fn of(configurations: &[ConfigFacts], declared: impl Iterator<Item = Resource>) -> Self {
        let known: Vec<BTreeSet<String>> = configurations
            .iter()
            .map(|one| one.resources.iter().map(|resource| without_indices(&resource.address)).collect())
            .collect();
        let mut counts: BTreeMap<String, (usize, Vec<usize>)> = BTreeMap::new();
        for facts in declared.filter_map(|resource| resource.declared) {
            let (all, covered) =
                counts.entry(facts.state).or_insert_with(|| (0, vec![0; configurations.len()]));
            *all += 1;
            let bare = without_indices(&facts.address);
            for (count, _) in covered.iter_mut().zip(&known).filter(|(_, known)| known.contains(&bare)) {
                *count += 1;
            }
        }
        let mut belonging = BTreeMap::new();
        for (state, (all, covered)) in counts {
            let named = |one: &ConfigFacts| one.state.as_deref() == Some(state.as_str());
            let mut mine: Vec<usize> =
                (0..configurations.len()).filter(|at| named(&configurations[*at])).collect();
            if mine.is_empty() {
                let best = covered.iter().copied().max().unwrap_or(0);
                let enough = best > 0 && best * 2 >= all;
                mine = (0..configurations.len()).filter(|at| enough && covered[*at] == best).collect();
            }
            belonging.insert(state, mine);
        }
        Self(belonging)
    }
}

/// Where the configurations define what the states manage.
#[derive(Default)]
pub struct Definitions<'a> {
    book: Book<'a>,
    belonging: Belonging,
}

impl<'a> Definitions<'a> {
    /// Makes the configurations ready to be asked.
    pub fn of(configurations: &'a [ConfigFacts], belonging: Belonging) -> Self {
        Self { book: Book::of(configurations), belonging }
    }

    /// Where the block of an address stands. Where two configurations cover the state equally well and disagree,
    /// neither is pointed at.
    pub fn find(&self, state: &str, address: &str) -> Option<&'a Definition> {
        let owners = self.belonging.0.get(state)?;
        let mut found = owners.iter().map(|at| self.book.find(*at, address)?.definition.as_ref());
        let first = found.next()??;
        found.all(|other| other == Some(first)).then_some(first)
    }
}

/// Addresses of a configuration, ready to be asked.
#[derive(Default)]
struct Book<'a>(Vec<BTreeMap<String, Vec<&'a ResourceFacts>>>);

impl<'a> Book<'a> {
    fn of(configurations: &'a [ConfigFacts]) -> Self {
        let book = |one: &'a ConfigFacts| {
            let mut book: BTreeMap<String, Vec<&ResourceFacts>> = BTreeMap::new();
            for resource in &one.resources {
                book.entry(without_indices(&resource.address)).or_default().push(resource);
            }
            book
        };
        Self(configurations.iter().map(book).collect())
    }

    fn find(&self, configuration: usize, address: &str) -> Option<&'a ResourceFacts> {
        let found = self.0.get(configuration)?.get(&without_indices(address))?;
        found.iter().find(|facts| covers_address(&facts.address, address)).copied()
    }
}

impl Drift {
    /// Marks the differences that the configurations tell Terraform to ignore, and those in arguments that they never
    /// set. What is left of an instance without any other difference is in sync, or unknown where it has gaps. A
    /// missing object stays missing, and an unmanaged part unmanaged: Terraform would make the one again, and
    /// `ignore_changes` claims nothing of the other.
    pub fn ignored_by(&mut self, configurations: &[ConfigFacts], belonging: &Belonging) -> Vec<Used> {
        let mut used: Vec<Used> = configurations.iter().map(unused).collect();
        for (state, owners) in &belonging.0 {
            owners.iter().for_each(|at| used[*at].states.push(state.clone()));
        }
        let book = Book::of(configurations);
        for mut item in std::mem::take(&mut self.items) {
            let owners =
                item.state.as_ref().and_then(|state| belonging.0.get(state)).map_or(&[][..], Vec::as_slice);
            let facts: Vec<&ResourceFacts> = match &item.address {
                Some(address) if item.class == Class::Changed => {
                    owners.iter().filter_map(|at| book.find(*at, address)).collect()
                }
                _ => Vec::new(),
            };
            // Where two configurations cover a state equally well, a difference is ignored when both ignore it.
            if facts.is_empty() || facts.len() != owners.len() {
                self.items.push(item);
                continue;
            }
            let address = item.address.clone().unwrap_or_default();
            for change in mark(&mut item, &facts) {
                let (rule, path) = (IGNORED.into(), change.path.as_str().into());
                self.suppressed.push(Suppressed { rule, address: address.as_str().into(), path });
                owners.iter().for_each(|at| used[*at].honoured.push((address.clone(), change.clone())));
            }
            self.settle(item);
        }
        self.items.sort_by(in_order);
        self.in_sync.sort();
        self.suppressed.sort();
        self.suppressed.dedup();
        used
    }
}

fn unused(one: &ConfigFacts) -> Used {
    Used {
        source: one.source.clone(),
        states: Vec::new(),
        resources: one.resources.len(),
        entries: one.resources.iter().map(|resource| resource.ignored.len()).sum(),
        honoured: Vec::new(),
        notes: one.notes.clone(),
    }
}

/// Labels the changes of one instance; those that are ignored.
fn mark(item: &mut Item, facts: &[&ResourceFacts]) -> Vec<ItemChange> {
    let mut honoured = Vec::new();
    let kind = item.identity.kind.clone();
    for change in item.changes.iter_mut().filter(|change| change.label.is_drift()) {
        if facts.iter().all(|facts| ignores(facts, &kind, change)) {
            change.label = Label::IgnoredByConfig;
            honoured.push(change.clone());
        } else if facts.iter().all(|facts| unset(facts, &change.path)) && server_chosen(&kind, &change.path) {
            change.note.get_or_insert_with(|| SERVER_CHOSEN.to_owned());
        }
    }
    honoured
}

fn ignores(facts: &ResourceFacts, kind: &str, change: &ItemChange) -> bool {
    let ignored = |path: &str| {
        facts.ignored.iter().any(|entry| entry == "all" || covers_path(entry, path, &change.live))
    };
    if ignored(&change.path) || code_of(kind, &change.path).iter().any(|name| ignored(name)) {
        return true;
    }
    let Some((_, satellite)) = kinds::satellite(kind) else { return false };
    match satellite.form {
        // A part's difference carries the path of its owner's list: what differs in it is the part's own argument.
        Form::Atoms { .. } => {
            let names = differing(&change.declared, &change.live);
            !names.is_empty() && names.iter().all(|name| arguments(name).iter().any(|name| ignored(name)))
        }
        Form::Block { .. } | Form::Whole { .. } => false,
    }
}

/// The arguments that say which code a function has, where its hash is in none: what is ignored there is deployed from
/// elsewhere. Not `filename`: where a package lies differs from machine to machine.
fn code_of(kind: &str, path: &str) -> &'static [&'static str] {
    match (kind, path) {
        ("aws_lambda_function", "code_sha256") => {
            &["source_code_hash", "image_uri", "s3_key", "s3_object_version"]
        }
        _ => &[],
    }
}

/// The members in which two atoms differ; an atom that is gone was one of several sources.
fn differing<'a>(declared: &'a Value, live: &'a Value) -> BTreeSet<&'a str> {
    match (declared, live) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys()).filter(|name| a.get(*name) != b.get(*name));
            names.map(String::as_str).collect()
        }
        _ => BTreeSet::from(["source"]),
    }
}

/// The arguments of rules, entries and attachments that a member of an atom is made of.
fn arguments<'a>(member: &'a &'a str) -> Vec<&'a str> {
    match *member {
        "source" => vec![
            "cidr_blocks",
            "ipv6_cidr_blocks",
            "prefix_list_ids",
            "source_security_group_id",
            "self",
            "cidr_ipv4",
            "cidr_ipv6",
            "prefix_list_id",
            "referenced_security_group_id",
        ],
        "protocol" => vec!["protocol", "ip_protocol"],
        name => vec![name],
    }
}

/// True when an entry of `ignore_changes` covers the path of a change.
fn covers_path(entry: &str, path: &str, live: &Value) -> bool {
    if reaches(entry, path) {
        return true;
    }
    // What the provider calls `tags_all` follows from `tags`, except for a default tag that was taken away.
    match path.strip_prefix("tags_all.") {
        Some(key) if !live.is_null() => reaches(entry, &format!("tags.{key}")),
        _ => false,
    }
}

/// True when `path` is what the entry names, or inside of it.
fn reaches(entry: &str, path: &str) -> bool {
    let (mut entry, mut path) = (entry, path);
    loop {
        if entry.is_empty() {
            return path.is_empty() || path.starts_with(['.', '[']);
        }
        if let Some(quoted) = entry.strip_prefix("[\"") {
            // A key of a map stands in the path of a change as it is, dots and all.
            let Some(end) = quoted.find("\"]") else { return false };
            let rest = &quoted[end + 2..];
            let Some(inner) = path.strip_prefix('.').and_then(|path| path.strip_prefix(&quoted[..end]))
            else {
                return false;
            };
            if rest.is_empty() {
                return inner.is_empty() || inner.starts_with('[');
            }
            (entry, path) = (rest, inner);
            continue;
        }
        let mark = usize::from(entry.starts_with(['.', '[']));
        let end = entry[mark..].find(['.', '[']).map_or(entry.len(), |at| at + mark);
        let Some(rest) = path.strip_prefix(&entry[..end]) else { return false };
        (entry, path) = (&entry[end..], rest);
    }
}

fn unset(facts: &ResourceFacts, path: &str) -> bool {
    let Some(set) = &facts.set else { return false };
    let plain = plain(path);
    let below = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    !set.iter().any(|set| below(set, &plain) || below(&plain, set))
}

/// A path without its indices.
fn plain(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => plain.push(letter),
            _ => {}
        }
    }
    plain
}

/// True when AWS chooses the argument's value where the configuration sets none (N5: optional and computed).
pub fn server_chosen(kind: &str, path: &str) -> bool {
    /// From the schema of the provider; `server_chosen.py` writes it.
    const TABLE: &str = include_str!("server_chosen.txt");
    /// Since version 4 of the provider these follow from resources of their own.
    const BUCKET: &[&str] = &[
        "acl",
        "cors_rule",
        "grant",
        "lifecycle_rule",
        "logging",
        "object_lock_configuration",
        "policy",
        "replication_configuration",
        "server_side_encryption_configuration",
        "versioning",
        "website",
    ];
    let plain = plain(path);
    if kind == "aws_s3_bucket" && BUCKET.contains(&plain.split('.').next().unwrap_or(&plain)) {
        return true;
    }
    let line = TABLE.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(' '));
    line.is_some_and(|paths| {
        paths.split(' ').any(|chosen| {
            plain.strip_prefix(chosen).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    })
}

/// The steps of an address: names with their indices. Keys may hold any text.
fn steps(address: &str) -> Vec<(&str, Option<&str>)> {
    let mut steps = Vec::new();
    let mut rest = address;
    while !rest.is_empty() {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        let mut index = None;
        rest = tail;
        if tail.starts_with('[') {
            let end = index_end(tail);
            index = Some(&tail[..end]);
            rest = &tail[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
        steps.push((name, index));
    }
    steps
}

/// The length of the index at the start: quotes and what they escape included.
fn index_end(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// An address without indices: that of the block in the configuration.
pub fn without_indices(address: &str) -> String {
    if !address.contains('[') {
        return address.to_owned();
    }
    let names: Vec<&str> = steps(address).into_iter().map(|(name, _)| name).collect();
    names.join(".")
}

/// True when the pattern covers the address: names equal, and indices where the pattern has them.
fn covers_address(pattern: &str, address: &str) -> bool {
    let (pattern, address) = (steps(pattern), steps(address));
    let mut pairs = pattern.iter().zip(&address);
    pattern.len() == address.len()
        && pairs.all(|(wanted, given)| wanted.0 == given.0 && (wanted.1.is_none() || wanted.1 == given.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{Class, Item};
    use serde_json::json;
    use stateward_model::{Address, Cause, Declared, Gap, Place};

    fn change(path: &str, declared: Value, live: Value) -> ItemChange {
        ItemChange { path: path.into(), declared, live, label: Label::Other, sensitive: false, note: None }
    }

    fn item(kind: &'static str, address: &str, changes: Vec<ItemChange>) -> Item {
        Item {
            class: Class::Changed,
            address: Some(address.into()),
            owner: None,
            state: Some("s".into()),
            provider: None,
            identity: Address { place: Place::new("1", "us-west-2"), kind: kind.into(), id: address.into() },
            arn: None,
            name: None,
            import_id: None,
            changes,
            gaps: vec![],
            reason: None,
            object: None,
            who: None,
        }
    }

    fn facts(address: &str, ignored: &[&str], set: &[&str]) -> ConfigFacts {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let one = ResourceFacts {
            address: address.into(),
            ignored: texts(ignored),
            set: Some(texts(set)),
            definition: None,
        };
        ConfigFacts { source: "infra".into(), resources: vec![one], ..ConfigFacts::default() }
    }

    fn instance(state: &str, address: &str) -> Resource {
        let mut resource = Resource::new(Place::new("1", "us-west-2"), "aws_x", address);
        resource.declared =
            Some(Declared { address: address.into(), state: state.into(), ..Declared::default() });
        resource
    }

    fn ignoring(items: Vec<Item>, configurations: &[ConfigFacts]) -> (Drift, Vec<Used>) {
        let instances = items.iter().map(|item| instance("s", item.address.as_deref().unwrap()));
        let belonging = Belonging::of(configurations, instances);
        let mut drift = Drift { items, ..Drift::default() };
        let used = drift.ignored_by(configurations, &belonging);
        (drift, used)
    }

    #[test]
    fn an_ignored_change_alone_leaves_the_instance_in_sync() {
        let name = "module.web[\"a.b\"].aws_instance.app[0]";
        let tag = || change("tags.Role", json!("web"), json!("app"));
        let configuration = [facts("module.web.aws_instance.app", &["tags[\"Role\"]"], &["tags"])];
        let (drift, used) = ignoring(vec![item("aws_instance", name, vec![tag()])], &configuration);
        assert!(drift.items.is_empty(), "{:?}", drift.items);
        assert_eq!(drift.in_sync, [name]);
        let suppressed = &drift.suppressed[0];
        assert_eq!((suppressed.rule.as_str(), suppressed.path.as_str()), ("N29", "tags.Role"));
        assert_eq!(
            (used[0].entries, used[0].honoured.len(), used[0].states.as_slice()),
            (1, 1, &["s".to_owned()][..])
        );
    }

    #[test]
    fn another_change_of_the_same_instance_stays_and_both_are_shown() {
        let changes = vec![
            change("tags.Role", json!("web"), json!("app")),
            change("instance_type", json!("a"), json!("b")),
        ];
        let configuration = [facts("aws_instance.app", &["tags"], &["instance_type", "tags"])];
        let (drift, _) = ignoring(vec![item("aws_instance", "aws_instance.app", changes)], &configuration);
        let labels: Vec<Label> = drift.items[0].changes.iter().map(|change| change.label).collect();
        assert_eq!(labels, [Label::IgnoredByConfig, Label::Other]);
        assert_eq!(drift.items[0].class, Class::Changed);
    }

    #[test]
    fn gaps_missing_objects_and_unmanaged_parts_are_not_explained_away() {
        let mut gap = item("aws_instance", "aws_instance.a", vec![change("ami", json!("a"), json!("b"))]);
        gap.gaps.push(Gap::new("x", Cause::Denied, "y"));
        let mut missing = item("aws_instance", "aws_instance.b", vec![]);
        missing.class = Class::Missing;
        let configuration = [ConfigFacts {
            resources: [facts("aws_instance.a", &["all"], &[]), facts("aws_instance.b", &["all"], &[])]
                .into_iter()
                .flat_map(|one| one.resources)
                .collect(),
            ..ConfigFacts::default()
        }];
        let (drift, _) = ignoring(vec![gap, missing], &configuration);
        let classes: Vec<Class> = drift.items.iter().map(|item| item.class).collect();
        assert_eq!(classes, [Class::Missing, Class::Unknown]);
        assert!(drift.in_sync.is_empty());
    }

    #[test]
    fn an_entry_covers_its_path_and_what_is_inside() {
        let cases = [
            ("tags", "tags.Role", true),
            ("tags", "tags_all.Role", true),
            ("tags", "tags_allowed", false),
            ("tags[\"Role\"]", "tags.Role", true),
            ("tags[\"Role\"]", "tags_all.Role", true),
            ("tags[\"a\"]", "tags.a.b", false),
            ("tags[\"a.b\"]", "tags.a.b", true),
            ("tags_all", "tags.Role", false),
            ("root_block_device[0].volume_size", "root_block_device[0].volume_size", true),
            ("root_block_device[0].volume_size", "root_block_device[0].volume_type", false),
            ("root_block_device[0].volume_size", "root_block_device", false),
            ("root_block_device", "root_block_device[0].volume_size", true),
            ("root_block_device", "root_block_device", true),
            ("ingress", "ingress", true),
            ("größe", "größe.x", true),
            ("é", "è", false),
            ("[", "[0]", false),
        ];
        for (entry, path, expected) in cases {
            assert_eq!(covers_path(entry, path, &json!("x")), expected, "{entry} {path}");
        }
        // A default tag that was taken away is put back by a plan, whatever `tags` ignores.
        assert!(!covers_path("tags", "tags_all.Team", &Value::Null));
    }

    #[test]
    fn a_part_ignores_by_the_names_of_its_own_arguments() {
        let rule = |source: &str, words: &str| json!({"key": "k", "source": source, "description": words});
        let kind = "aws_security_group_rule";
        let covered = |entry: &str, declared: Value, live: Value| {
            let facts = facts("aws_security_group_rule.a", &[entry], &[]);
            ignores(&facts.resources[0], kind, &change("ingress", declared, live))
        };
        assert!(covered("description", rule("10.0.0.0/8", "a"), rule("10.0.0.0/8", "b")));
        assert!(!covered("description", rule("10.0.0.0/8", "a"), rule("0.0.0.0/0", "b")));
        assert!(covered("cidr_blocks", rule("10.0.0.0/8", "a"), Value::Null));
        assert!(!covered("description", rule("10.0.0.0/8", "a"), Value::Null));
        assert!(covered("all", rule("10.0.0.0/8", "a"), Value::Null));
    }

    #[test]
    fn an_argument_that_is_not_set_may_be_the_servers_choice() {
        let changes = vec![
            change("source_dest_check", json!(true), json!(false)),
            change("availability_zone", json!("a"), json!("b")),
            change("root_block_device[0].volume_size", json!(8), json!(16)),
            change("root_block_device[0].volume_type", json!("gp2"), json!("gp3")),
            change("tags.Role", json!(null), json!("x")),
        ];
        let configuration = [facts("aws_instance.app", &[], &["ami", "root_block_device.volume_size"])];
        let (drift, used) = ignoring(vec![item("aws_instance", "aws_instance.app", changes)], &configuration);
        let noted: Vec<&str> = drift.items[0]
            .changes
            .iter()
            .filter(|change| change.note.is_some())
            .map(|change| change.path.as_str())
            .collect();
        assert_eq!(noted, ["availability_zone", "root_block_device[0].volume_type"]);
        assert!(used[0].honoured.is_empty());
    }

    #[test]
    fn a_configuration_belongs_to_the_states_that_it_covers_best() {
        let network = facts("aws_vpc.main", &["all"], &[]);
        let mut app = facts("aws_instance.app", &[], &[]);
        app.resources.push(ResourceFacts { address: "aws_vpc.main".into(), ..ResourceFacts::default() });
        let mut named = facts("aws_vpc.main", &[], &[]);
        named.state = Some("n".into());
        let all = [network, app, named];
        let instances = [
            ("app", "aws_instance.app[0]"),
            ("app", "aws_vpc.main"),
            ("net", "aws_vpc.main"),
            ("n", "aws_vpc.main"),
            ("other", "aws_subnet.a"),
            ("other", "aws_subnet.b"),
            ("other", "aws_vpc.main"),
        ];
        let Belonging(found) =
            Belonging::of(&all, instances.iter().map(|(state, address)| instance(state, address)));
        assert_eq!(found["app"], [1]);
        // All cover it whole: a difference is ignored when all ignore it.
        assert_eq!(found["net"], [0, 1, 2]);
        assert_eq!(found["n"], [2]);
        assert!(found["other"].is_empty());
        let mut vpc = item("aws_vpc", "aws_vpc.main", vec![change("cidr_block", json!("a"), json!("b"))]);
        vpc.state = Some("net".into());
        let mut drift = Drift { items: vec![vpc], ..Drift::default() };
        drift.ignored_by(&all, &Belonging(found));
        assert_eq!(drift.items.len(), 1);
    }

    #[test]
    fn the_code_of_a_function_is_ignored_by_the_arguments_that_say_which() {
        let facts = |entries: &[&str]| ResourceFacts {
            address: "aws_lambda_function.f".into(),
            ignored: entries.iter().map(|entry| (*entry).to_owned()).collect(),
            ..ResourceFacts::default()
        };
        let code = change("code_sha256", json!("old"), json!("new"));
        for entry in ["source_code_hash", "image_uri", "s3_key", "s3_object_version", "all"] {
            assert!(ignores(&facts(&[entry]), "aws_lambda_function", &code), "{entry}");
        }
        assert!(!ignores(&facts(&["filename", "layers"]), "aws_lambda_function", &code));
        assert!(!ignores(&facts(&["image_uri"]), "aws_instance", &code));
    }

    #[test]
    fn every_manageable_type_has_a_line_of_what_aws_chooses() {
        let names: Vec<&str> =
            include_str!("server_chosen.txt").lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(names.is_sorted());
        let manageable = kinds::all().filter(|kind| kind.manageable);
        let all = manageable.flat_map(|kind| kind.aliases.iter().chain([&kind.name]));
        let missing: Vec<&&str> = all.filter(|name| !names.contains(name)).collect();
        assert!(missing.is_empty(), "run server_chosen.py anew for {missing:?}");
        assert!(server_chosen("aws_lambda_function", "source_code_hash"));
        assert!(server_chosen("aws_ecs_service", "platform_version"));
        assert!(server_chosen("aws_eks_node_group", "launch_template[0].id"));
        assert!(
            !server_chosen("aws_ecs_service", "desired_count")
                && !server_chosen("aws_kinesis_stream", "name")
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_may_stand_in_entries_paths_and_addresses(a in ".*", b in ".*") {
            covers_path(&a, &b, &Value::Null);
            covers_address(&a, &b);
            without_indices(&a);
            server_chosen(&a, &b);
        }

        #[test]
        fn an_entry_covers_itself_and_what_is_below(
            path in "[a-z_]{1,6}(\\[[0-9]\\]|\\.[a-z_]{1,6}){0,4}",
            below in "(\\[[0-9]\\]|\\.[a-z_.]{1,6})?",
        ) {
            let inside = format!("{path}{below}");
            proptest::prop_assert!(reaches(&path, &inside));
            proptest::prop_assert_eq!(reaches(&inside, &path), below.is_empty());
            let longer = format!("{path}x");
            proptest::prop_assert!(path.ends_with(']') || !reaches(&path, &longer));
        }

        #[test]
        fn every_instance_is_covered_by_its_block(key in ".*", index in 0u8..9) {
            let address = format!("module.m[{}].aws_a.b[{index}]", Value::String(key));
            proptest::prop_assert_eq!(without_indices(&address), "module.m.aws_a.b");
            proptest::prop_assert!(covers_address("module.m.aws_a.b", &address));
            proptest::prop_assert!(covers_address(&address, &address));
        }
    }

    #[test]
    fn indices_hold_any_text() {
        assert_eq!(without_indices("module.a[\"x].y\\\"]\"].aws_b.c[0]"), "module.a.aws_b.c");
        assert!(covers_address("module.a.aws_b.c", "module.a[\"k\"].aws_b.c[\"z\"]"));
        assert!(covers_address("aws_b.c[0]", "aws_b.c[0]"));
        assert!(!covers_address("aws_b.c[0]", "aws_b.c[\"0\"]"));
        assert!(!covers_address("aws_b.c", "module.a.aws_b.c"));
    }
}
