//! `audit --plan`: a plan in the place of states and estate. Nothing is read from AWS.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use stateward::audit::Question;
use stateward::drift::ignored::{ConfigFacts, ResourceFacts};
use stateward::proposal::{self, Proposal};
use stateward::result;
use stateward_terraform::{Action, Plan, read_plan};

use super::{Outputs, Outside, audit_code, configurations, finish, new_run, profile, selection};
use crate::cli;

/// Judges what the plan at `path` would leave behind; the exit code.
///
/// # Errors
/// A plan that cannot be used, a selection that it can say nothing to, an output that cannot be written.
pub fn audit(audit: &cli::Audit, path: &Path, outside: &Outside) -> anyhow::Result<u8> {
    let (profile, custom) = profile(&audit.profile, &[], None)?;
    let selection = selection(&audit.select);
    let custom = custom.checks();
    let question = Question::audit_with(&profile, &selection, &custom)?;
    let mut outputs = Outputs::open(&audit.output.reports)?;
    let plan = read(path)?;
    if plan.planned.is_empty() && plan.prior.is_empty() {
        bail!("{}: the plan holds no resource\n  remedy: plan a configuration that manages some", plan.uri);
    }
    let configurations = configurations::read(&audit.states.from, outside)?;
    let as_of = audit.source.as_of.unwrap_or(outside.now);
    let run = new_run("audit --plan", &question, as_of, outside);
    let Some(mut document) = proposal::evaluate(proposed(plan, configurations), &question, as_of, run) else {
        bail!(
            "the selection leaves no check that a plan can show; widen it, or look with `stateward checks`"
        );
    };
    finish(&mut document, &mut outputs, None, outside)?;
    Ok(audit_code(audit, &document))
}

/// Reads a plan; `-` is standard input.
///
/// # Errors
/// A file that cannot be opened, or that is no usable plan.
pub fn read(path: &Path) -> anyhow::Result<Plan> {
    let name = path.display().to_string();
    if name == "-" {
        return Ok(read_plan(&name, std::io::stdin().lock())?);
    }
    let file = std::fs::File::open(path)
        .with_context(|| format!("{name}: the plan cannot be opened; check the path"))?;
    Ok(read_plan(&name, file)?)
}

/// What the plan at `path` tells of its configuration: which arguments it sets, and which differences it leaves alone.
///
/// # Errors
/// As [`read`].
pub fn configuration(path: &Path) -> anyhow::Result<ConfigFacts> {
    let plan = read(path)?;
    let set = |address: &str| plan.arguments_of(address).map(|paths| paths.iter().cloned().collect());
    let mut ignored: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (address, attribute) in plan.ignored() {
        ignored.entry(address).or_default().push(attribute);
    }
    // The instance before its block: the first that covers an address is asked.
    let instances = ignored.into_iter().map(|(address, ignored)| {
        let set = set(&address);
        ResourceFacts { address, ignored, set, definition: None }
    });
    let blocks = plan.arguments.keys().map(|address| ResourceFacts {
        address: address.clone(),
        ignored: Vec::new(),
        set: set(address),
        definition: None,
    });
    Ok(ConfigFacts {
        resources: instances.chain(blocks).collect(),
        source: plan.uri.clone(),
        ..ConfigFacts::default()
    })
}

fn proposed(plan: Plan, configurations: Vec<ConfigFacts>) -> Proposal {
    let count = |action: Action| plan.changes.values().filter(|change| change.action == action).count();
    let facts = result::Proposal {
        uri: plan.uri.clone(),
        terraform_version: plan.terraform_version.clone(),
        planned_at: plan.planned_at.clone(),
        complete: plan.complete,
        create: count(Action::Create),
        update: count(Action::Update),
        replace: count(Action::Replace),
        delete: count(Action::Delete),
        forget: count(Action::Forget),
        unchanged: count(Action::Keep),
        not_judged: proposal::unknown_types(&plan.planned),
        ..result::Proposal::default()
    };
    Proposal { facts, planned: plan.planned, prior: plan.prior, configurations }
}
