//! The METADATA annotation of a policy, as OPA and its linters know it: title, description, and under `custom` what is
//! Stateward's own.

use serde::Deserialize;
use stateward_model::{AnyAttr, Kind, kinds};

use super::Fault;
use crate::check::{Category, Effort, Severity};
use crate::generate::component_title;
use crate::profile::{COMPONENT_KEYS, nearest};

/// Prefixes of the catalogue's ids: what is free today may be taken by the next version.
const RESERVED: [&str; 10] = ["NET", "STO", "DR", "MON", "CON", "ASC", "CICD", "IAC", "ENV", "CLD"];

/// What a policy says of itself.
pub struct Metadata {
    pub id: String,
    pub alias: String,
    pub title: String,
    pub description: String,
    pub component: String,
    pub category: Category,
    pub severity: Severity,
    pub effort: Effort,
    pub kind: &'static Kind,
    pub attributes: Vec<&'static AnyAttr>,
    pub fix: String,
}

/// The annotation, with the keys that OPA knows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "OPA's own keys may stand there and say nothing here")]
struct Annotation {
    title: String,
    description: String,
    custom: Custom,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    authors: Option<serde_json::Value>,
    #[serde(default)]
    organizations: Option<serde_json::Value>,
    #[serde(default)]
    related_resources: Option<serde_json::Value>,
    #[serde(default)]
    schemas: Option<serde_json::Value>,
    #[serde(default)]
    entrypoint: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Custom {
    id: String,
    alias: Option<String>,
    severity: String,
    component: String,
    category: String,
    effort: Option<String>,
    r#type: String,
    attributes: Vec<String>,
    fix: String,
}

const REMEDY: &str = "put a METADATA annotation with title, description and custom (id, severity, component, category, \
                      type, attributes, fix) before the package; docs/custom-checks.md shows one";

/// Reads the annotation before the package.
pub fn read(file: &str, text: &str) -> Result<Metadata, Fault> {
    let missing = || Fault::new(file, 1, "the policy has no METADATA annotation before its package", REMEDY);
    let start = text.lines().position(|line| line.trim_end() == "# METADATA").ok_or_else(missing)?;
    let package = text.lines().position(|line| line.starts_with("package ")).ok_or_else(missing)?;
    if start > package {
        return Err(missing());
    }
    // As many empty lines before it as the file has, so that lines of errors are lines of the file.
    let mut yaml = "\n".repeat(start + 1);
    let block = text.lines().skip(start + 1).map_while(|line| line.strip_prefix('#'));
    let block: Vec<&str> = block.collect();
    yaml.push_str(&block.join("\n"));
    yaml.push('\n');
    let place = Place { file, first: start + 2, block: &block };
    let value = yaml_value(&yaml).map_err(|(line, problem)| {
        Fault::new(file, line, format!("the METADATA annotation: {problem}"), REMEDY)
    })?;
    let annotation: Annotation = serde_json::from_value(value).map_err(|error| {
        let problem = error.to_string();
        let word = problem.split('`').nth(1).unwrap_or_default();
        Fault::new(file, place.line(word), format!("the METADATA annotation: {problem}"), REMEDY)
    })?;
    place.metadata(annotation)
}

/// YAML as a JSON value; the line and the sentence of its error.
pub fn yaml_value(text: &str) -> Result<serde_json::Value, (Option<usize>, String)> {
    let value = regorus::Value::from_yaml_str(text).map_err(|error| {
        let sentence = error.to_string();
        let after = sentence.rsplit("line ").next().unwrap_or_default();
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        (digits.parse().ok(), sentence)
    })?;
    serde_json::to_value(&value).map_err(|error| (None, error.to_string()))
}

/// Where the annotation stands.
struct Place<'a> {
    file: &'a str,
    /// The line of its first key.
    first: usize,
    block: &'a [&'a str],
}

impl Place<'_> {
    /// The line of a key or value, else that of the annotation.
    fn line(&self, word: &str) -> usize {
        let found = self.block.iter().position(|line| !word.is_empty() && line.contains(word));
        self.first + found.unwrap_or(0)
    }

    fn fault(&self, word: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault::new(self.file, self.line(word), problem, remedy)
    }

    fn metadata(&self, annotation: Annotation) -> Result<Metadata, Fault> {
        let Annotation { title, description, custom, .. } = annotation;
        for (key, text) in [("title", &title), ("description", &description), ("fix", &custom.fix)] {
            if text.trim().is_empty() {
                return Err(self.fault(key, format!("`{key}` is empty"), "say it in a sentence at least"));
            }
        }
        let kind = self.kind(&custom.r#type)?;
        Ok(Metadata {
            alias: self.alias(&custom)?,
            id: self.id(&custom.id)?,
            title: title.split_whitespace().collect::<Vec<_>>().join(" "),
            description: description.trim().to_owned(),
            component: self
                .word("component", &custom.component, &COMPONENT_KEYS.map(|key| (key, key)))?
                .to_owned(),
            category: self.word("category", &custom.category, &CATEGORIES.map(|one| (one.word(), one)))?,
            severity: self.word("severity", &custom.severity, &SEVERITIES.map(|one| (one.word(), one)))?,
            effort: self.word("effort", custom.effort.as_deref().unwrap_or("medium"), &EFFORTS)?,
            attributes: self.attributes(kind, &custom.attributes)?,
            kind,
            fix: custom.fix.trim().to_owned(),
        })
    }

    fn word<T: Copy>(&self, key: &str, given: &str, known: &[(&str, T)]) -> Result<T, Fault> {
        let found = known.iter().find(|(word, _)| *word == given);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            self.fault(key, format!("there is no {key} `{given}`"), format!("choose of {}", words.join(", ")))
        })
    }

    fn id(&self, id: &str) -> Result<String, Fault> {
        let parts: Vec<&str> = id.split('-').collect();
        let plain = |part: &&str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        let letter = id.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
        if parts.len() < 2 || !letter || !parts.iter().all(plain) || id.len() > 40 {
            let problem = format!("`{id}` is not an id");
            return Err(self.fault("id", problem, "write capitals, digits and hyphens, like ACME-01"));
        }
        if RESERVED.contains(&parts[0]) {
            let problem = format!("ids that begin with {}- belong to the catalogue", parts[0]);
            return Err(self.fault("id", problem, "begin with a word of your own, like ACME-01"));
        }
        Ok(id.to_owned())
    }

    fn alias(&self, custom: &Custom) -> Result<String, Fault> {
        let Some(alias) = &custom.alias else { return Ok(custom.id.to_lowercase()) };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if alias.is_empty() || alias.len() > 60 || !alias.bytes().all(plain) {
            let problem = format!("`{alias}` is not an alias");
            return Err(self.fault(
                "alias",
                problem,
                "write small letters, digits and hyphens, like database-owner",
            ));
        }
        Ok(alias.clone())
    }

    fn kind(&self, name: &str) -> Result<&'static Kind, Fault> {
        if let Some((owner, _)) = kinds::satellite(name) {
            let problem = format!("`{name}` is a part of `{}`", owner.name);
            return Err(self.fault(
                "type",
                problem,
                format!("judge `{}`, which carries its values", owner.name),
            ));
        }
        let found = kinds::find(name).filter(|kind| kind.name == name && !kind.listed_by.is_empty());
        found.ok_or_else(|| {
            let known = kinds::all().filter(|kind| !kind.listed_by.is_empty()).map(|kind| kind.name);
            let near = nearest(name, known).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            self.fault(
                "type",
                format!("there is no type `{name}` that is read"),
                format!("{near}name a Terraform type that Stateward reads; `stateward checks --format json` names those of each check"),
            )
        })
    }

    fn attributes(&self, kind: &'static Kind, names: &[String]) -> Result<Vec<&'static AnyAttr>, Fault> {
        if names.is_empty() {
            let remedy = "list what the policy reads; without any it could not fail for a reason";
            return Err(self.fault("attributes", "no attribute is declared", remedy));
        }
        let mut found = Vec::new();
        for name in names {
            let attr = kind.attribute(name).ok_or_else(|| {
                let known: Vec<&str> = kind.attributes.iter().map(|attr| attr.path).collect();
                let near = nearest(name, known.iter().copied());
                let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                let remedy = format!("{near}attributes of {}: {}", kind.name, known.join(", "));
                self.fault(name, format!("{} has no attribute `{name}`", kind.name), remedy)
            })?;
            if found.contains(&attr) {
                return Err(self.fault(name, format!("`{name}` is declared twice"), "name it once"));
            }
            found.push(attr);
        }
        Ok(found)
    }
}

const SEVERITIES: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
const EFFORTS: [(&str, Effort); 3] =
    [("small", Effort::Small), ("medium", Effort::Medium), ("large", Effort::Large)];
// Without `drift`: that category is for what the comparison found, which a policy does not see.
const CATEGORIES: [Category; 10] = [
    Category::MultiAz,
    Category::Encryption,
    Category::Backup,
    Category::Dr,
    Category::Exposure,
    Category::Observability,
    Category::Scaling,
    Category::Delivery,
    Category::Iac,
    Category::Cost,
];

impl Metadata {
    /// The check's page, in the form of the catalogue's.
    pub fn page(&self, text: &str) -> String {
        let Self { id, alias, title, description, fix, .. } = self;
        let (category, severity) = (self.category.word(), self.severity.word());
        let component = component_title(&self.component);
        format!(
            "# {id}: {title}\n\n`{alias}` · {category} · {severity} · {component} · custom\n\n## Why\n\n{description}\n\n\
             ## Fix\n\n{fix}\n\n## Policy\n\n```rego\n{}\n```\n",
            text.trim_end()
        )
    }
}
