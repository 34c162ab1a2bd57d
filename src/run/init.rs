//! `stateward init`: looks around in a folder of Terraform, and writes a first profile. It asks nothing that it can find out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use stateward::check::StateFacts;
use stateward::init::{self, Found, Provider, Root, Told};
use stateward::profile::Profile;
use stateward_terraform::config::{self, Configuration};
use stateward_terraform::{Keys, Places, Source, StateError, find};

use super::output::{Beside, print};
use super::{Outside, cli, states};

/// How far below the folder root modules are looked for.
const DEPTH: usize = 4;
/// Folders that hold no root modules of one's own.
const NOT_ROOTS: [&str; 5] = ["modules", "node_modules", "vendor", "target", "examples"];

/// Looks around and writes the profile; the exit code.
///
/// # Errors
/// A configuration that cannot be read, or a file that is there already or cannot be written.
pub fn init(args: &cli::Init, outside: &Outside) -> anyhow::Result<u8> {
    let file = &args.output;
    if !args.dry_run && !args.force && file.exists() {
        bail!(
            "{}: this file is there already\n  remedy: name another with --output, replace it with --force, or look first \
             with --dry-run",
            file.display()
        );
    }
    let mut found = look(&args.folder, outside)?;
    if !args.offline {
        found.accounts.extend(of_credentials(&found, outside));
    }
    let text = init::profile(&found);
    let named = shown(file);
    // What is written loads, or it is not written.
    Profile::load(std::slice::from_ref(&named), |_| Ok(text.clone())).context(
        "the draft is no profile, which is a mistake of this program; write one by hand (docs/profiles.md)",
    )?;
    if args.dry_run {
        return print(&text);
    }
    Beside::open(file)?.write(text.as_bytes())?;
    outside.say(&format!(
        "{}: written; each value says where it was found. Look it over, then run:",
        file.display()
    ));
    print(&format!("{}\n", init::next(&found, &named)))
}

/// As the command line has to name it, so that it is taken for a file.
fn shown(file: &Path) -> String {
    let text = file.display().to_string();
    let is_file = text.contains('/') || text.ends_with(".toml");
    if is_file && file.components().count() > 1 { text } else { format!("./{text}") }
}

fn look(folder: &Path, outside: &Outside) -> anyhow::Result<Found> {
    if !folder.is_dir() {
        bail!(
            "{}: there is no such folder\n  remedy: name the folder of the Terraform configuration",
            folder.display()
        );
    }
    let mut found = Found::default();
    for (dir, configuration) in roots(folder, &mut found.notes)? {
        add(&dir, &configuration, &mut found, outside);
    }
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Some(value) = (outside.variable)(name) {
            found.ambient.push(Told { value, by: format!("{name} of the environment") });
        }
    }
    found.ambient.extend(shared_region(outside));
    found.estate = estate(folder, &found);
    Ok(found)
}

/// The folder itself where it holds a configuration, else the root modules below it.
fn roots(folder: &Path, notes: &mut Vec<String>) -> anyhow::Result<Vec<(PathBuf, Configuration)>> {
    if has_configuration(folder) {
        return Ok(vec![(folder.to_owned(), config::read(folder)?)]);
    }
    let mut dirs = Vec::new();
    below(folder, DEPTH, &mut dirs);
    let mut roots = Vec::new();
    for dir in dirs {
        match config::read(&dir) {
            // A module that others call has neither.
            Ok(configuration) if configuration.backend.is_some() || keeps_state(&dir) => {
                roots.push((dir, configuration))
            }
            Ok(_) => {}
            Err(error) => notes.push(format!("Left out, for it cannot be read: {}", of_error(&error))),
        }
    }
    Ok(roots)
}

fn of_error(error: &StateError) -> String {
    error.to_string().replace('\n', " ").split("  remedy").next().unwrap_or_default().trim_end().to_owned()
}

fn has_configuration(dir: &Path) -> bool {
    let ends = [".tf", ".tf.json", ".tofu", ".tofu.json"];
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .any(|name| !name.starts_with('.') && ends.iter().any(|end| name.ends_with(end)))
}

fn keeps_state(dir: &Path) -> bool {
    dir.join("terraform.tfstate").is_file() || dir.join(".terraform/terraform.tfstate").is_file()
}

/// Folders with a configuration, sorted.
fn below(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) {
    if depth == 0 {
        return;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let mut dirs: Vec<PathBuf> = entries.filter(is_folder).map(|entry| entry.path()).collect();
    dirs.sort();
    for dir in dirs {
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || NOT_ROOTS.contains(&name.as_str()) {
            continue;
        }
        if has_configuration(&dir) {
            into.push(dir.clone());
        }
        below(&dir, depth - 1, into);
    }
}

fn add(dir: &Path, configuration: &Configuration, found: &mut Found, outside: &Outside) {
    let mut root = Root {
        dir: dir.display().to_string(),
        backend: backend(configuration),
        workspaces: workspaces(dir),
        workspace: workspace(dir, outside),
        ..Root::default()
    };
    match find(configuration, dir, &outside.variable) {
        Ok(source) => {
            root.state = Some(source.uri());
            if let Source::File(path) = &source {
                of_state(path, &mut root, found);
            }
        }
        Err(error) => root.no_state = Some(of_error(&error)),
    }
    for provider in configuration.providers.iter().filter(|provider| provider.name == "aws") {
        let at = provider.at.to_string();
        let block = |what: &str| format!("{what} of provider \"aws\", {at}");
        for id in provider.accounts.iter().filter(|id| is_account(id)) {
            found.accounts.push(Told { value: id.clone(), by: block("allowed_account_ids") });
        }
        for key in &provider.ignored_tags {
            found.ignored_tags.push(Told { value: key.clone(), by: block("ignore_tags") });
        }
        if let Some(role) = &provider.role_arn {
            found.roles.push(Told { value: role.clone(), by: block("assume_role") });
            if let Some(id) = role.split(':').nth(4).filter(|id| is_account(id)) {
                found.accounts.push(Told { value: id.to_owned(), by: block("assume_role") });
            }
        }
        for name in &provider.unresolved {
            found.notes.push(format!("{at}: `{name}` is not written out, so it was not taken."));
        }
        root.providers.push(Provider { alias: provider.alias.clone(), region: provider.region.clone(), at });
    }
    // The region of the bucket is mostly that of the estate: better than none.
    let bucket = configuration.backend.as_ref().filter(|backend| backend.kind == "s3");
    if let Some((backend, region)) = bucket.and_then(|backend| Some((backend, backend.text("region")?))) {
        found.ambient.push(Told {
            value: region.to_owned(),
            by: format!("the region of the state's bucket, {}", backend.place),
        });
    }
    found.roots.push(root);
}

fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())
}

fn backend(configuration: &Configuration) -> String {
    match &configuration.backend {
        Some(backend) if backend.kind == "cloud" => format!("a cloud block, {}", backend.place),
        Some(backend) => format!("backend \"{}\", {}", backend.kind, backend.place),
        None => "no backend block, so its state is a file beside it".to_owned(),
    }
}

/// Workspaces of the local backend beside the default one. Others list theirs only to whoever may read them.
fn workspaces(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir.join("terraform.tfstate.d")).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("terraform.tfstate").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn workspace(dir: &Path, outside: &Outside) -> Option<String> {
    let chosen = || {
        let text = std::fs::read_to_string(dir.join(".terraform/environment")).ok()?;
        Some(text.trim().to_owned())
    };
    (outside.variable)("TF_WORKSPACE").or_else(chosen).filter(|name| !name.is_empty() && name != "default")
}

/// Regions and accounts of the resources of a state on this machine. One that cannot be read is told, and no more.
fn of_state(path: &Path, root: &mut Root, found: &mut Found) {
    let name = path.display().to_string();
    let mut places = Places::default();
    let read = std::fs::File::open(path).map_err(|error| error.to_string()).and_then(|file| {
        states::read(&name, file, StateFacts::default(), &Keys::default(), &mut places)
            .map_err(|error| of_error(&error))
    });
    let state = match read {
        Ok(state) if state.gap.is_none() => state,
        Ok(_) => {
            return found
                .notes
                .push(format!("{name}: the state is encrypted, so nothing was taken from it."));
        }
        Err(error) => return found.notes.push(format!("The state could not be read: {error}")),
    };
    let (mut regions, mut accounts) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
    for resource in state.resources.bare() {
        let region = resource.region();
        if !region.is_empty() && region != stateward_model::GLOBAL {
            *regions.entry(region.to_owned()).or_default() += 1;
        }
        if is_account(resource.account()) {
            *accounts.entry(resource.account().to_owned()).or_default() += 1;
        }
    }
    let mut regions: Vec<(String, usize)> = regions.into_iter().collect();
    regions.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.clone()));
    root.state_regions = regions.into_iter().map(|(name, _)| name).collect();
    for (id, count) in accounts {
        found.seen_accounts.push(Told { value: id, by: format!("{count} resources in {name}") });
    }
}

/// The region of the AWS command line's own configuration.
fn shared_region(outside: &Outside) -> Option<Told> {
    let path = (outside.variable)("AWS_CONFIG_FILE").map(PathBuf::from);
    let path = path.or_else(|| Some(Path::new(&(outside.variable)("HOME")?).join(".aws/config")))?;
    let text = std::fs::read_to_string(&path).ok()?;
    let wanted = match (outside.variable)("AWS_PROFILE") {
        None => "default".to_owned(),
        Some(name) if name == "default" => name,
        Some(name) => format!("profile {name}"),
    };
    let mut here = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            here = section.trim() == wanted;
        } else if let Some((key, value)) =
            line.split_once('=').filter(|(key, _)| here && key.trim() == "region")
        {
            let by = format!("{} of [{wanted}] in {}", key.trim(), path.display());
            return Some(Told { value: value.trim().to_owned(), by });
        }
    }
    None
}

/// A name: that of the repository, or else of the folder, and of the workspace.
fn estate(folder: &Path, found: &Found) -> Option<Told> {
    let whole = folder.canonicalize().ok()?;
    let root = whole.ancestors().find(|dir| dir.join(".git").exists());
    let (name, by) = match root.and_then(|root| Some((root, remote(root)?))) {
        Some((root, name)) => {
            let rest = whole.strip_prefix(root).ok()?.to_string_lossy().into_owned();
            let name = if rest.is_empty() { name } else { format!("{name}/{rest}") };
            (name, "the remote `origin` of the repository and the folder's place in it".to_owned())
        }
        None => (whole.file_name()?.to_string_lossy().into_owned(), "the folder's name".to_owned()),
    };
    let workspace = found.roots.iter().find_map(|root| root.workspace.as_ref());
    Some(match workspace {
        Some(workspace) => {
            Told { value: format!("{name} {workspace}"), by: format!("{by}, and the workspace") }
        }
        None => Told { value: name, by },
    })
}

/// The last part of the address of `origin`, which is no secret; the rest may hold one.
fn remote(root: &Path) -> Option<String> {
    let git = root.join(".git");
    let git = match std::fs::read_to_string(&git) {
        // A work tree points to the repository's own folder.
        Ok(text) => {
            let own = root.join(text.trim().strip_prefix("gitdir:")?.trim());
            let common = std::fs::read_to_string(own.join("commondir")).ok()?;
            own.join(common.trim())
        }
        Err(_) => git,
    };
    let text = std::fs::read_to_string(git.join("config")).ok()?;
    let mut here = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            here = line == "[remote \"origin\"]";
        } else if let Some((_, url)) = line.split_once('=').filter(|(key, _)| here && key.trim() == "url") {
            let name = url.trim().trim_end_matches('/').rsplit(['/', ':']).next()?.trim_end_matches(".git");
            return Some(name.to_owned()).filter(|name| !name.is_empty());
        }
    }
    None
}

/// The account of the credentials, where there seem to be any: one read call. None is no error.
#[cfg(feature = "aws")]
fn of_credentials(found: &Found, outside: &Outside) -> Option<Told> {
    const SIGNS: [&str; 5] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let home = (outside.variable)("HOME").unwrap_or_default();
    let signs = SIGNS.iter().any(|name| (outside.variable)(name).is_some())
        || Path::new(&home).join(".aws/credentials").is_file();
    if !signs {
        return None;
    }
    let region = init::first_region(found).unwrap_or_else(|| "us-east-1".to_owned());
    let id = super::live::whose(region, outside)?;
    Some(Told { value: id, by: "the account of the credentials at hand (sts:GetCallerIdentity)".to_owned() })
}

#[cfg(not(feature = "aws"))]
fn of_credentials(_: &Found, _: &Outside) -> Option<Told> {
    None
}
