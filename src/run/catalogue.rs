//! `stateward checks` and `stateward generate`: what the binary says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::CommandFactory;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;
use serde_json::json;
use stateward::check::Check;
use stateward::plan::{Selection, UnknownWord};
use stateward::{checks, compliance, generate};
use tabled::builder::Builder;
use tabled::settings::Style;

use super::Outside;
use super::custom::Custom;
use super::output::{Beside, print};
use crate::cli::{self, Artifact, ChecksAction, Cli, ListFormat};

/// Prints the completions of a shell. They come from the definition of the command line and from the catalogue, so they
/// are always in step with both.
///
/// # Errors
/// A standard output that cannot be written.
pub fn completions(shell: Shell) -> anyhow::Result<u8> {
    let ids = || PossibleValuesParser::new(checks::all().map(|check| check.id));
    let mut command = Cli::command()
        .mut_subcommand("audit", |audit| audit.mut_arg("check", |check| check.value_parser(ids())))
        .mut_subcommand("checks", |list| list.mut_arg("id", |id| id.value_parser(ids())));
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "stateward", &mut script);
    print(&String::from_utf8(script).context("the completions are no text")?)
}

/// Lists the catalogue, or explains one check.
///
/// # Errors
/// A check that is not there.
pub fn checks(args: &cli::Checks, _: &Outside) -> anyhow::Result<u8> {
    if let Some(ChecksAction::Test { folder }) = &args.action {
        return Custom::test(folder);
    }
    let custom = Custom::open(args.checks.iter().map(PathBuf::as_path))?;
    let custom = custom.checks();
    let mut all: Vec<&Check> = checks::all().collect();
    all.extend(&custom);
    if let Some(name) = &args.id {
        let named =
            |check: &&&Check| check.id.eq_ignore_ascii_case(name) || check.alias.eq_ignore_ascii_case(name);
        let check = all.iter().find(named).ok_or_else(|| unknown(name, &all))?;
        return match args.format {
            ListFormat::Table => print(&generate::explain(check)),
            ListFormat::Json => {
                let mut described = describe(check);
                described["text"] = generate::explain(check).into();
                print(&format!("{described:#}\n"))
            }
        };
    }
    let selection = Selection {
        services: args.service.clone(),
        categories: args.category.clone(),
        components: args.component.clone(),
        frameworks: args.framework.clone(),
        ..Selection::default()
    };
    let grave = |check: &&Check| {
        args.severity.is_empty() || args.severity.iter().any(|word| word == check.severity.word())
    };
    let chosen: Vec<&Check> = selection.choose(&all, &[])?.into_iter().filter(grave).collect();
    match args.format {
        ListFormat::Json => {
            let list: Vec<serde_json::Value> = chosen.into_iter().map(describe).collect();
            print(&format!("{:#}\n", serde_json::Value::Array(list)))
        }
        ListFormat::Table => print(&table(&chosen)),
    }
}

fn unknown(name: &str, all: &[&Check]) -> anyhow::Error {
    let all = all.iter().flat_map(|check| [check.id, check.alias]);
    let lower = name.to_lowercase();
    let near = all
        .map(|known| (strsim::damerau_levenshtein(&known.to_lowercase(), &lower), known))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, known)| known.to_owned());
    let known = "those that `stateward checks` lists".to_owned();
    UnknownWord { what: "check", word: name.to_owned(), near, known }.into()
}

fn describe(check: &Check) -> serde_json::Value {
    // A custom check has no page in the source.
    let page = (!check.is_custom()).then(|| format!("docs/checks/{}.md", check.id));
    json!({
        "id": check.id,
        "alias": check.alias,
        "title": check.title,
        "component": check.component,
        "category": check.category.word(),
        "severity": check.severity.word(),
        "effort": check.effort as u8,
        "types": check.kinds().into_iter().map(|kind| kind.name).collect::<Vec<_>>(),
        "reads": reads(check),
        "operations": generate::operations(check),
        "page": page,
        "compliance": compliance::controls(check.id),
    })
}

/// The attributes that it reads, by type; those of live objects alone are among them.
fn reads(check: &Check) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut reads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for of in check.reads {
        reads.entry(of.kind.name).or_default().extend(of.attributes.iter().map(|attr| attr.path));
    }
    reads
}

fn table(chosen: &[&Check]) -> String {
    let mut rows = Builder::default();
    rows.push_record(["ID", "Severity", "Category", "Component", "Title"]);
    for check in chosen {
        rows.push_record([
            check.id,
            check.severity.word(),
            check.category.word(),
            check.component,
            check.title,
        ]);
    }
    let mut table = rows.build();
    table.with(Style::blank());
    let noun = if chosen.len() == 1 { "check" } else { "checks" };
    format!("{table}\n\n{} {noun}\n", chosen.len())
}

/// Writes the generated reference, or says what is not as it would be written.
///
/// # Errors
/// A file that cannot be written, or with `--check` one that is out of step.
pub fn generate(args: &cli::Generate, outside: &Outside) -> anyhow::Result<u8> {
    let mut stale = Vec::new();
    for (artifact, path, text) in files()? {
        if args.what.is_some_and(|what| what != artifact) {
            continue;
        }
        let path = std::path::Path::new(path);
        if std::fs::read_to_string(path).is_ok_and(|current| current == text) {
            continue;
        }
        if args.check {
            stale.push(path.display().to_string());
            continue;
        }
        Beside::open(path)?.write(text.as_bytes())?;
        outside.say(&format!("wrote {}", path.display()));
    }
    if stale.is_empty() {
        return Ok(0);
    }
    Err(anyhow!(
        "out of step: {}\n  remedy: run `stateward generate` in the project's root",
        stale.join(", ")
    ))
}

fn files() -> anyhow::Result<Vec<(Artifact, &'static str, String)>> {
    const SUMMARY: &str = "docs/SUMMARY.md";
    let summary = std::fs::read_to_string(SUMMARY)
        .context("docs/SUMMARY.md cannot be read; run this in the project's root")?;
    let mut files = vec![
        (Artifact::Schema, "docs/result.schema.json", stateward::result::Document::json_schema()?),
        (Artifact::Schema, "docs/comparison.schema.json", stateward::result::Comparison::json_schema()?),
        (Artifact::Checks, "docs/checks/README.md", generate::overview()),
        (Artifact::Checks, SUMMARY, generate::summary(&summary)?),
    ];
    files.extend(policy()?);
    Ok(files)
}

#[cfg(feature = "aws")]
fn policy() -> anyhow::Result<Option<(Artifact, &'static str, String)>> {
    let mut text =
        serde_json::to_string_pretty(&stateward_aws::policy_document(&stateward_aws::all_calls(), &[]))?;
    text.push('\n');
    Ok(Some((Artifact::Policy, "docs/iam-policy.json", text)))
}

/// The calls are declared in the AWS provider, which this build leaves out.
#[cfg(not(feature = "aws"))]
fn policy() -> anyhow::Result<Option<(Artifact, &'static str, String)>> {
    Ok(None)
}
