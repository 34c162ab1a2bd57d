//! The resources of a configuration with those of its modules: addresses, arguments that are set, and `ignore_changes`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use hcl_edit::expr::{Expression, Traversal, TraversalOperator};
use hcl_edit::structure::{Attribute, Block, Body};
use serde::Deserialize;
use serde_json::Value;

use super::guard;
use super::literal::{Given, Scope, text};
use super::pins;
use super::syntax::{self, File};
use super::{At, Configuration, ConfiguredResource, Instances, Note, at};
use crate::error::StateError;

/// Terraform's own modules nest a few levels; a chain of calls must come to an end.
const DEEPEST: usize = 32;
/// Calls of modules in all: a chain that calls twice at each level must not double for ever.
const MOST_CALLS: usize = 4_096;
/// Resources in all modules.
const MOST_RESOURCES: usize = 200_000;
/// Instances that are written out one by one.
const MOST_INSTANCES: usize = 10_000;

/// Reads the resources of the root module and of every module below it; without a folder, of the root alone.
pub(super) fn read(
    dir: Option<&Path>,
    files: Vec<File>,
    scope: &Scope,
    into: &mut Configuration,
) -> Result<(), StateError> {
    let installed = dir.map(installed).unwrap_or_default();
    let files = Rc::new(files);
    let read = dir.map(|dir| (plain(dir), Rc::clone(&files))).into_iter().collect();
    let root = dir.map(plain);
    let call = Call {
        dir: root.clone().unwrap_or_default(),
        key: String::new(),
        address: String::new(),
        above: Vec::new(),
        all: Some(vec![String::new()]),
        own: true,
    };
    Reader { root, installed, read, calls: 0, instances: 0, into }.module(&call, &files, scope)
}

/// Where `terraform init` put modules that come from elsewhere, by the dotted names of their calls.
fn installed(dir: &Path) -> BTreeMap<String, PathBuf> {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(rename = "Modules", default)]
        modules: Vec<Installed>,
    }
    #[derive(Deserialize)]
    struct Installed {
        #[serde(rename = "Key")]
        key: String,
        #[serde(rename = "Dir")]
        dir: PathBuf,
    }
    let text = std::fs::read_to_string(dir.join(".terraform/modules/modules.json")).unwrap_or_default();
    let manifest: Option<Manifest> = serde_json::from_str(&text).ok();
    let modules = manifest.map(|manifest| manifest.modules).unwrap_or_default();
    modules.into_iter().map(|one| (one.key, dir.join(one.dir))).collect()
}

/// A path without `.` and, where they cancel out, `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    if plain.as_os_str().is_empty() { PathBuf::from(".") } else { plain }
}

/// One call of a module.
struct Call {
    dir: PathBuf,
    /// The names of the calls down to it, with dots.
    key: String,
    /// `module.a.module.b`.
    address: String,
    /// The folders above it.
    above: Vec<PathBuf>,
    /// Its instances, `module.a["x"].module.b[0]`; none when they are not written out.
    all: Option<Vec<String>>,
    /// Whether it belongs to the configuration itself, as the root module and local modules do.
    own: bool,
}

struct Reader<'a> {
    root: Option<PathBuf>,
    installed: BTreeMap<String, PathBuf>,
    read: BTreeMap<PathBuf, Rc<Vec<File>>>,
    calls: usize,
    instances: usize,
    into: &'a mut Configuration,
}

impl Reader<'_> {
    fn module(&mut self, call: &Call, files: &[File], scope: &Scope) -> Result<(), StateError> {
        pins::providers(files, scope, &mut self.into.pins);
        for ((kind, name), parts) in blocks(files, "resource") {
            let Some(name) = name else { continue };
            self.resource(call, kind, name, &parts, scope);
        }
        for ((name, _), parts) in blocks(files, "module") {
            self.call(call, name, &parts, scope)?;
        }
        Ok(())
    }

    fn note(&mut self, at: At, text: String) {
        let note = Note { at, text };
        if !self.into.notes.contains(&note) {
            self.into.notes.push(note);
        }
    }

    fn resource(&mut self, call: &Call, kind: &str, name: &str, parts: &Parts, scope: &Scope) {
        if self.into.resources.len() >= MOST_RESOURCES {
            let file = parts.at().file;
            return self.note(
                At { file, line: None },
                "there are too many resources: not all are covered".to_owned(),
            );
        }
        let address = joined(&call.address, &format!("{kind}.{name}"));
        let instances = self.expanded(&address, &format!("{kind}.{name}"), call.all.as_deref(), parts, scope);
        let ignored = self.ignored(parts);
        let mut set = BTreeSet::new();
        arguments(&parts.bodies(), "", scope, &mut set);
        let provider = parts.argument("provider").and_then(|(_, attribute)| path_text(&attribute.value));
        self.into.resources.push(ConfiguredResource {
            address,
            kind: kind.to_owned(),
            name: name.to_owned(),
            instances,
            provider,
            ignored,
            set: set.into_iter().collect(),
            at: parts.at(),
        });
    }

    /// The instances of a resource or module: those of the module around it, each with the keys of its own.
    fn expanded(
        &mut self,
        address: &str,
        own: &str,
        around: Option<&[String]>,
        parts: &Parts,
        scope: &Scope,
    ) -> Instances {
        let keys = match keys(parts, scope) {
            Ok(keys) => keys,
            Err((at, argument)) => {
                let text = format!("`{argument}` is not written out: every instance of {own} is covered");
                self.note(at, text);
                return Instances::Any;
            }
        };
        let Some(around) = around else { return Instances::Any };
        let count = around.len().saturating_mul(keys.len());
        if self.instances.saturating_add(count) > MOST_INSTANCES {
            let text =
                format!("{address} and what follows has too many instances to list: every one is covered");
            self.note(parts.at(), text);
            return Instances::Any;
        }
        self.instances += count;
        let one = |module: &String, key: &String| joined(module, &format!("{own}{key}"));
        Instances::Known(
            around.iter().flat_map(|module| keys.iter().map(move |key| one(module, key))).collect(),
        )
    }

    fn call(&mut self, caller: &Call, name: &str, parts: &Parts, scope: &Scope) -> Result<(), StateError> {
        let address = joined(&caller.address, &format!("module.{name}"));
        let key = if caller.key.is_empty() { name.to_owned() } else { format!("{}.{name}", caller.key) };
        let own = self.origin(caller, &address, parts, scope);
        let Some(dir) = self.folder(caller, &key, parts, scope) else {
            self.unread(&address, own);
            let text = format!(
                "the source of {address} is not in this folder (`terraform init` brings it): its resources are not covered"
            );
            self.note(parts.at(), text);
            return Ok(());
        };
        self.calls += 1;
        let endless = caller.above.contains(&dir) || caller.dir == dir;
        if endless || caller.above.len() >= DEEPEST || self.calls > MOST_CALLS {
            self.unread(&address, own);
            let why = if endless { "calls itself" } else { "is called too deep, or too often" };
            self.note(parts.at(), format!("{address} {why}: it is not followed"));
            return Ok(());
        }
        let files = match self.read.get(&dir) {
            Some(files) => Rc::clone(files),
            None if !dir.is_dir() => {
                self.unread(&address, own);
                self.note(
                    parts.at(),
                    format!("the folder of {address} is not there: its resources are not covered"),
                );
                return Ok(());
            }
            None => {
                let files = Rc::new(syntax::folder(&dir)?);
                self.read.insert(dir.clone(), Rc::clone(&files));
                files
            }
        };
        let given = parts.given(scope);
        let all =
            match self.expanded(&address, &format!("module.{name}"), caller.all.as_deref(), parts, scope) {
                Instances::Known(all) => Some(all),
                Instances::Any => None,
            };
        let above = caller.above.iter().cloned().chain([caller.dir.clone()]).collect();
        let scope = Scope::of(&files, given);
        self.module(&Call { dir, key, address, above, all, own }, &files, &scope)
    }

    /// Notes where a module comes from that the configuration itself calls; whether it belongs to it.
    fn origin(&mut self, caller: &Call, address: &str, parts: &Parts, scope: &Scope) -> bool {
        let literal = |name: &str| {
            let value = scope.value(&parts.argument(name)?.1.value)?;
            value.as_str().map(str::to_owned)
        };
        let source = literal("source");
        if source.as_deref().is_some_and(pins::is_local) {
            return caller.own;
        }
        if caller.own {
            let call = pins::call(address.to_owned(), source.as_deref(), literal("version"), parts.at());
            self.into.pins.modules.push(call);
        }
        false
    }

    fn unread(&mut self, address: &str, own: bool) {
        self.into.pins.unread.push(address.to_owned());
        if own {
            self.into.pins.unread_own.push(address.to_owned());
        }
    }

    /// The folder of a called module: beside the caller, or where `terraform init` put it.
    fn folder(&self, caller: &Call, key: &str, parts: &Parts, scope: &Scope) -> Option<PathBuf> {
        let root = self.root.as_ref()?;
        let (_, source) = parts.argument("source")?;
        let source = scope.value(&source.value)?;
        let source = source.as_str()?;
        if pins::is_local(source) {
            return Some(plain(&caller.dir.join(source)));
        }
        let found = self.installed.get(key)?;
        Some(plain(found)).filter(|dir| dir != root)
    }

    fn ignored(&mut self, parts: &Parts) -> Vec<String> {
        let lifecycle = parts.parts.iter().rev().find_map(|(file, block)| {
            let mut blocks = block.body.get_blocks("lifecycle");
            blocks.find_map(|block| Some((*file, block.body.get_attribute("ignore_changes")?)))
        });
        let Some((file, attribute)) = lifecycle else { return Vec::new() };
        let mut ignored = BTreeSet::new();
        let entries: Vec<&Expression> = match &attribute.value {
            Expression::Array(items) => items.iter().collect(),
            single => vec![single],
        };
        for entry in entries {
            match path_text(entry) {
                Some(path) => {
                    ignored.insert(path);
                }
                None => self.note(at(file, attribute), "an entry of ignore_changes is not a path".to_owned()),
            }
        }
        ignored.into_iter().collect()
    }
}

fn joined(module: &str, own: &str) -> String {
    if module.is_empty() { own.to_owned() } else { format!("{module}.{own}") }
}

/// One block, and the blocks of override files that are laid over it.
struct Parts<'a> {
    parts: Vec<(&'a File, &'a Block)>,
}

impl<'a> Parts<'a> {
    fn argument(&self, name: &str) -> Option<(&'a File, &'a Attribute)> {
        self.parts.iter().rev().find_map(|(file, block)| Some((*file, block.body.get_attribute(name)?)))
    }

    fn at(&self) -> At {
        let (file, block) = self.parts[0];
        at(file, block)
    }

    fn bodies(&self) -> Vec<&'a Body> {
        self.parts.iter().map(|(_, block)| &block.body).collect()
    }

    /// What a call gives to the variables of its module.
    fn given(&self, scope: &Scope) -> BTreeMap<String, Given> {
        let attributes = self.parts.iter().flat_map(|(_, block)| block.body.attributes());
        attributes.map(|attribute| (attribute.key.to_string(), scope.given(&attribute.value))).collect()
    }
}

/// The blocks of a kind by their first two labels, in the order of the files.
fn blocks<'a>(files: &'a [File], kind: &str) -> BTreeMap<(&'a str, Option<&'a str>), Parts<'a>> {
    let mut blocks: BTreeMap<(&str, Option<&str>), Parts> = BTreeMap::new();
    for file in files {
        for block in file.body.blocks().filter(|block| block.has_ident(kind)) {
            let mut labels = block.labels.iter().map(|label| label.as_str());
            let Some(first) = labels.next() else { continue };
            let parts = blocks.entry((first, labels.next())).or_insert_with(|| Parts { parts: Vec::new() });
            parts.parts.push((file, block));
        }
    }
    blocks
}

/// The index parts of the instances: one empty text without `count` and `for_each`.
fn keys(parts: &Parts, scope: &Scope) -> Result<Vec<String>, (At, &'static str)> {
    if let Some((file, attribute)) = parts.argument("count") {
        let unknown = || (at(file, attribute), "count");
        let count = scope.value(&attribute.value).ok_or_else(unknown)?;
        let count = text(&count).and_then(|text| text.parse::<usize>().ok()).ok_or_else(unknown)?;
        if count > MOST_INSTANCES {
            return Err(unknown());
        }
        return Ok((0..count).map(|index| format!("[{index}]")).collect());
    }
    if let Some((file, attribute)) = parts.argument("for_each") {
        let unknown = || (at(file, attribute), "for_each");
        let keys: Option<BTreeSet<String>> = match scope.value(&attribute.value).ok_or_else(unknown)? {
            Value::Object(map) => Some(map.keys().cloned().collect()),
            Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        let keys = keys.ok_or_else(unknown)?;
        return Ok(keys.into_iter().map(|key| format!("[{}]", Value::String(key))).collect());
    }
    Ok(vec![String::new()])
}

/// Arguments that every resource may have and that are no attributes of it.
const META: &[&str] =
    &["count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"];

/// The paths that blocks set, each where a value is given: what is inside of a value is set with it.
fn arguments(bodies: &[&Body], above: &str, scope: &Scope, set: &mut BTreeSet<String>) {
    let is_meta = |name: &str| above.is_empty() && META.contains(&name);
    let names = bodies.iter().flat_map(|body| body.attributes()).map(|attribute| attribute.key.as_str());
    for name in names.collect::<BTreeSet<&str>>().into_iter().filter(|name| !is_meta(name)) {
        let value = bodies.iter().rev().find_map(|body| body.get_attribute(name)).map(|found| &found.value);
        if value.is_some_and(|value| scope.certain(value) != Some(Value::Null)) {
            set.insert(format!("{above}{name}"));
        }
    }
    // An override file replaces all blocks of a kind at once.
    let mut nested: BTreeMap<&str, Vec<&Body>> = BTreeMap::new();
    for body in bodies {
        let mut here: BTreeMap<&str, Vec<&Body>> = BTreeMap::new();
        for block in body.blocks() {
            let (name, content) = match (block.ident.as_str(), block.labels.first()) {
                ("dynamic", Some(label)) => {
                    (label.as_str(), block.body.get_blocks("content").map(|block| &block.body).collect())
                }
                (name, _) => (name, vec![&block.body]),
            };
            here.entry(name).or_default().extend(content);
        }
        nested.extend(here);
    }
    for (name, inner) in nested.into_iter().filter(|(name, _)| !is_meta(name)) {
        for body in inner {
            arguments(&[body], &format!("{above}{name}."), scope, set);
        }
    }
}

/// A path in Terraform's notation, from a traversal or from the quoted form of older configurations and of JSON.
pub(super) fn path_text(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Variable(name) => Some(name.to_string()),
        Expression::Traversal(traversal) => traversal_text(traversal),
        Expression::Parenthesis(inner) => path_text(inner.inner()),
        Expression::String(text) => match text.as_str() {
            "*" => Some("all".to_owned()),
            // The counts of flat states.
            text if text.ends_with(".%") || text.ends_with(".#") => {
                path_text(&parsed(&text[..text.len() - 2])?)
            }
            text => path_text(&parsed(text)?),
        },
        _ => None,
    }
}

fn parsed(text: &str) -> Option<Expression> {
    if guard::too_deep(text).is_some() {
        return None;
    }
    let expression: Expression = text.parse().ok()?;
    // Text inside text would go round again.
    (!expression.is_str()).then_some(expression)
}

fn traversal_text(traversal: &Traversal) -> Option<String> {
    let Expression::Variable(root) = &traversal.expr else { return None };
    let mut path = root.to_string();
    // A member of a map reads the same with a dot.
    let map = matches!(path.as_str(), "tags" | "tags_all");
    for operator in &traversal.operators {
        match operator.value() {
            TraversalOperator::GetAttr(name) if map => path.push_str(&format!("[\"{}\"]", name.value())),
            TraversalOperator::GetAttr(name) => path.push_str(&format!(".{}", name.value())),
            TraversalOperator::LegacyIndex(index) => path.push_str(&format!("[{}]", index.value())),
            TraversalOperator::Index(Expression::String(key)) => {
                path.push_str(&format!("[\"{}\"]", key.value()))
            }
            TraversalOperator::Index(Expression::Number(index)) => {
                path.push_str(&format!("[{}]", index.value()))
            }
            _ => return None,
        }
    }
    Some(path)
}
