//! A first profile out of what a folder of Terraform tells: each value with the place that it was found in.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::profile::{KNOWN_REGIONS, Role, is_shaped_like_a_region};
use crate::report::words::one_line;

/// Something that was found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The value.
    pub value: String,
    /// Where it was found, for people.
    pub by: String,
}

/// A provider of AWS as a configuration sets it up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provider {
    /// The alias; none for the one that resources take by themselves.
    pub alias: Option<String>,
    /// The region, where it is written out.
    pub region: Option<String>,
    /// File and line.
    pub at: String,
}

/// A root module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Root {
    /// Its folder.
    pub dir: String,
    /// The backend, and where it is set up.
    pub backend: String,
    /// The address of its state.
    pub state: Option<String>,
    /// Why the address is not known.
    pub no_state: Option<String>,
    /// Workspaces that are known beside the default one.
    pub workspaces: Vec<String>,
    /// The workspace that is chosen, where it is not the default one.
    pub workspace: Option<String>,
    /// Its providers of AWS.
    pub providers: Vec<Provider>,
    /// Regions that its state has resources in, the most used first.
    pub state_regions: Vec<String>,
}

/// All that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The root modules.
    pub roots: Vec<Root>,
    /// Accounts that the configuration or the credentials name.
    pub accounts: Vec<Told>,
    /// Accounts of resources in a state. They may be anybody's: a vendor's role has an ARN as well.
    pub seen_accounts: Vec<Told>,
    /// Regions that were named outside of Terraform: taken where Terraform tells none.
    pub ambient: Vec<Told>,
    /// Keys of tags that providers ignore.
    pub ignored_tags: Vec<Told>,
    /// Roles that providers take.
    pub roles: Vec<Told>,
    /// A name for the estate.
    pub estate: Option<Told>,
    /// What is worth knowing, and what could not be found.
    pub notes: Vec<String>,
}

/// A region of the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Region {
    name: String,
    role: Role,
    by: String,
    why: String,
}

/// Words in an alias that speak of recovery, and of a second region.
const RECOVERY: [&str; 5] = ["dr", "disaster", "recovery", "failover", "standby"];

fn role_of(alias: &str) -> Role {
    let lower = alias.to_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
    if words.any(|word| RECOVERY.contains(&word)) { Role::Dr } else { Role::Secondary }
}

/// The regions in the order in which they were found, each once, and at most one of them primary.
fn regions(found: &Found) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    let mut add = |name: &str, role: Role, by: String, why: String| {
        if regions.iter().any(|known| known.name == name) {
            return;
        }
        let taken = role == Role::Primary && regions.iter().any(|known| known.role == Role::Primary);
        let (role, why) = match taken {
            true => (Role::Other, "Another region is the primary one already.".to_owned()),
            false => (role, why),
        };
        regions.push(Region { name: name.to_owned(), role, by, why });
    };
    let providers = || found.roots.iter().flat_map(|root| &root.providers);
    for provider in providers().filter(|provider| provider.alias.is_none()) {
        let why = "Taken for the primary one: resources are in it unless they say otherwise.".to_owned();
        if let Some(region) = &provider.region {
            add(region, Role::Primary, format!("provider \"aws\", {}", provider.at), why);
        }
    }
    for provider in providers() {
        let (Some(alias), Some(region)) = (&provider.alias, &provider.region) else { continue };
        let role = role_of(alias);
        let by = format!("provider \"aws\" with the alias {alias}, {}", provider.at);
        add(region, role, by, "Taken from the alias; correct it where it is another.".to_owned());
    }
    for root in &found.roots {
        for region in &root.state_regions {
            let role = if regions_none(&found.roots) { Role::Primary } else { Role::Other };
            let by = format!("resources in the state of {}", root.dir);
            add(region, role, by, "No provider names it; correct it where it has a part.".to_owned());
        }
    }
    if let (Some(first), true) = (found.ambient.first(), regions_none(&found.roots)) {
        let nowhere = found.roots.iter().all(|root| root.state_regions.is_empty());
        if nowhere {
            let why = "Terraform names none, so this is taken for the primary one.".to_owned();
            add(&first.value, Role::Primary, first.by.clone(), why);
        }
    }
    regions
}

/// The region that comes first.
pub fn first_region(found: &Found) -> Option<String> {
    regions(found).into_iter().next().map(|region| region.name)
}

/// Whether no provider names a region.
fn regions_none(roots: &[Root]) -> bool {
    roots.iter().flat_map(|root| &root.providers).all(|provider| provider.region.is_none())
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The profile as a TOML file with comments.
pub fn profile(found: &Found) -> String {
    let mut text = String::from(
        "# A profile of stateward, drafted by `stateward init`. Each value says where it was found; what could not be found\n\
         # is left to the default profile. The book's page on profiles has every key, and\n\
         # `stateward audit --profile ./stateward.toml --print-profile` prints all of them with the layer that set them.\n",
    );
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let comment = |text: &str| format!("# {}", one_line(text));
    line(String::new());
    if found.roots.is_empty() {
        line(comment("No Terraform configuration with a state was found: name states with --state."));
    }
    for root in &found.roots {
        line(comment(&of_root(root)));
        if let Some(why) = &root.no_state {
            line(comment(&format!("  Its address is not known: {why}")));
        }
        if !root.workspaces.is_empty() {
            let chosen = root.workspace.as_deref().unwrap_or("default");
            line(comment(&format!("  Workspaces: {}; {chosen} is chosen.", root.workspaces.join(", "))));
        }
    }
    for note in &found.notes {
        line(comment(note));
    }
    for region in regions(found) {
        if !is_shaped_like_a_region(&region.name) {
            line(String::new());
            line(comment(&format!("Left out, for AWS has no such region: {} ({})", region.name, region.by)));
            continue;
        }
        line(String::new());
        line("[[regions]]".to_owned());
        line(comment(&region.by));
        line(format!("name = {}", quoted(&region.name)));
        line(comment(&format!("primary, secondary, dr or other. {}", region.why)));
        line(format!("role = {}", quoted(region.role.word())));
        if !KNOWN_REGIONS.contains(&region.name.as_str()) {
            line(comment("It is newer than the list of this program."));
            line("unlisted = true".to_owned());
        }
    }
    accounts(found, &mut line);
    if !found.ignored_tags.is_empty() {
        line(String::new());
        line("[drift]".to_owned());
        line("# Tags that the provider ignores, so that nobody calls them drift:".to_owned());
        list(&found.ignored_tags, std::iter::empty(), "ignore_tags", &mut line);
    }
    line(String::new());
    line("[history]".to_owned());
    line(
        "# Runs are stored in this file once the line is active; without it, only where --history names one."
            .to_owned(),
    );
    line("# file = \"stateward.db\"".to_owned());
    match &found.estate {
        Some(estate) => {
            line(comment(&format!("What people call the estate; from {}.", estate.by)));
            line(format!("estate = {}", quoted(&one_line(&estate.value))));
        }
        None => line("# No name for the estate was found: estate = \"…\"".to_owned()),
    }
    text
}

fn accounts(found: &Found, line: &mut impl FnMut(String)) {
    let own: BTreeSet<&str> = found.accounts.iter().map(|told| told.value.as_str()).collect();
    let seen = || found.seen_accounts.iter().filter(|told| !own.contains(told.value.as_str()));
    let distinct = own.len() + seen().map(|told| told.value.as_str()).collect::<BTreeSet<_>>().len();
    line(String::new());
    match distinct {
        0 => line("# No account id was found. The audited account is that of the credentials.".to_owned()),
        1 => {
            for told in found.accounts.iter().chain(&found.seen_accounts) {
                line(format!("# Account {}: {}.", one_line(&told.value), one_line(&told.by)));
            }
            line("# The audited account is that of the credentials, and needs no entry.".to_owned());
        }
        _ => {
            line("[accounts]".to_owned());
            line("# These may be trusted besides the audited one; take out what is not yours.".to_owned());
            if seen().next().is_some() {
                line(
                    "# Accounts that only a state names may be anybody's: make active what is yours."
                        .to_owned(),
                );
            }
            list(&found.accounts, seen(), "known", line);
        }
    }
    for role in &found.roles {
        line(format!(
            "# Terraform works as {} ({}); audit with a role that only reads: --account ID=ROLE_ARN.",
            one_line(&role.value),
            one_line(&role.by)
        ));
    }
}

/// A list with one value a line, each once; those that `may` belong to it as comments.
fn list<'a>(all: &'a [Told], may: impl Iterator<Item = &'a Told>, key: &str, line: &mut impl FnMut(String)) {
    line(format!("{key} = ["));
    let mut seen = BTreeSet::new();
    for told in all.iter().filter(|told| seen.insert(told.value.as_str())) {
        line(format!("  {}, # {}", quoted(&told.value), one_line(&told.by)));
    }
    for told in may.filter(|told| seen.insert(told.value.as_str())) {
        line(format!("  # {}, # {}", quoted(&told.value), one_line(&told.by)));
    }
    line("]".to_owned());
}

fn of_root(root: &Root) -> String {
    let mut text = format!("Terraform in {}: {}", root.dir, root.backend);
    if let Some(state) = &root.state {
        // Writing into a string cannot fail.
        let _ = write!(text, ", state {state}");
    }
    text
}

/// A word of a command line as a shell takes it.
fn word(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@+,".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// The command to run next, with the profile in `file`.
pub fn next(found: &Found, file: &str) -> String {
    // A name without a slash would be that of a built-in profile, but for the ending.
    let mut command = format!("stateward audit --profile {}", word(file));
    let known: Vec<&Root> = found.roots.iter().filter(|root| root.state.is_some()).collect();
    for root in &known {
        let _ = write!(command, " --from {}", word(&root.dir));
    }
    if known.is_empty() {
        command.push_str(" --state URI");
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn told(value: &str, by: &str) -> Told {
        Told { value: value.to_owned(), by: by.to_owned() }
    }

    fn provider(alias: Option<&str>, region: &str) -> Provider {
        Provider {
            alias: alias.map(str::to_owned),
            region: Some(region.to_owned()),
            at: "main.tf:3".to_owned(),
        }
    }

    fn root(providers: Vec<Provider>) -> Root {
        Root {
            dir: "envs/prod".to_owned(),
            backend: "backend \"s3\", main.tf:1".to_owned(),
            state: Some("s3://acme/prod.tfstate".to_owned()),
            providers,
            ..Root::default()
        }
    }

    fn load(text: &str) -> Profile {
        let read = |_: &std::path::Path| Ok(text.to_owned());
        Profile::load(&["./stateward.toml".to_owned()], read)
            .unwrap_or_else(|error| panic!("{error:?}\n{text}"))
    }

    fn roles(profile: &Profile) -> Vec<(&str, &str)> {
        profile.regions.iter().map(|region| (region.name.as_str(), region.role.word())).collect()
    }

    #[test]
    fn nothing_found_is_a_profile_that_loads_and_says_so() {
        let text = profile(&Found::default());
        let loaded = load(&text);
        assert_eq!(loaded.regions, Profile::built_in_default().unwrap().regions);
        assert!(
            text.contains("No Terraform configuration") && text.contains("No account id was found"),
            "{text}"
        );
        assert_eq!(next(&Found::default(), "./s.toml"), "stateward audit --profile ./s.toml --state URI");
    }

    #[test]
    fn providers_give_the_regions_and_their_parts() {
        let providers = vec![
            provider(Some("dr-site"), "eu-west-1"),
            provider(Some("east"), "us-east-1"),
            provider(None, "us-west-2"),
            provider(Some("again"), "us-west-2"),
        ];
        let found = Found { roots: vec![root(providers)], ..Found::default() };
        let text = profile(&found);
        assert_eq!(
            roles(&load(&text)),
            [("us-west-2", "primary"), ("eu-west-1", "dr"), ("us-east-1", "secondary")]
        );
        assert!(text.contains("# provider \"aws\" with the alias dr-site, main.tf:3"), "{text}");
        assert_eq!(
            next(&found, "./stateward.toml"),
            "stateward audit --profile ./stateward.toml --from envs/prod"
        );
    }

    #[test]
    fn two_roots_have_one_primary_region() {
        let roots = ["us-west-2", "eu-central-1"].map(|region| root(vec![provider(None, region)]));
        let text = profile(&Found { roots: roots.into(), ..Found::default() });
        assert_eq!(roles(&load(&text)), [("us-west-2", "primary"), ("eu-central-1", "other")]);
    }

    #[test]
    fn a_state_and_the_surroundings_stand_in_for_providers_that_say_nothing() {
        let silent = Root { state_regions: vec!["eu-west-3".into(), "us-east-1".into()], ..root(vec![]) };
        let ambient = vec![told("ap-south-1", "AWS_REGION")];
        let by_state = Found { roots: vec![silent], ambient: ambient.clone(), ..Found::default() };
        assert_eq!(roles(&load(&profile(&by_state))), [("eu-west-3", "primary"), ("us-east-1", "other")]);
        let by_ambient = Found { roots: vec![root(vec![])], ambient, ..Found::default() };
        assert_eq!(roles(&load(&profile(&by_ambient))), [("ap-south-1", "primary")]);
    }

    #[test]
    fn several_accounts_are_known_and_one_needs_no_entry() {
        let mut found = Found { accounts: vec![told("111122223333", "main.tf:3")], ..Found::default() };
        let text = profile(&found);
        assert!(text.contains("# Account 111122223333: main.tf:3."), "{text}");
        assert!(load(&text).accounts.known.is_empty());
        found.accounts.push(told("444455556666", "main.tf:9"));
        found.accounts.push(told("444455556666", "twice"));
        assert_eq!(load(&profile(&found)).accounts.known.len(), 2);
    }

    #[test]
    fn what_only_a_state_names_is_trusted_by_nobody() {
        let state = ["111122223333", "999988887777"].map(|id| told(id, "3 resources in a state"));
        let mut found = Found { seen_accounts: state.to_vec(), ..Found::default() };
        let text = profile(&found);
        assert!(load(&text).accounts.known.is_empty(), "{text}");
        assert!(text.contains("  # \"999988887777\", # 3 resources in a state\n"), "{text}");
        found.accounts.push(told("111122223333", "main.tf:3"));
        let text = profile(&found);
        assert_eq!(load(&text).accounts.known, ["111122223333"], "{text}");
        assert!(text.contains("  # \"999988887777\""), "{text}");
        found.seen_accounts.truncate(1);
        assert!(profile(&found).contains("# Account 111122223333: main.tf:3."), "{}", profile(&found));
    }

    #[test]
    fn hostile_values_stay_values_and_comments_stay_comments() {
        let odd = "x\"]\n[criteria]\noverall = 0 #";
        let mut hostile = root(vec![Provider { region: Some(odd.to_owned()), ..provider(None, "") }]);
        hostile.dir = "it's a folder".to_owned();
        hostile.no_state = Some(odd.to_owned());
        let found = Found {
            roots: vec![hostile],
            accounts: vec![],
            ignored_tags: vec![told(odd, odd)],
            estate: Some(told(odd, odd)),
            notes: vec![odd.to_owned()],
            ..Found::default()
        };
        let text = profile(&found);
        let loaded = load(&text);
        assert_eq!(loaded.criteria.overall, Profile::built_in_default().unwrap().criteria.overall, "{text}");
        assert!(next(&found, "./s.toml").ends_with(r"--from 'it'\''s a folder'"));
    }

    #[test]
    fn a_region_newer_than_the_list_is_vouched_for() {
        let found = Found { roots: vec![root(vec![provider(None, "xx-north-9")])], ..Found::default() };
        assert!(load(&profile(&found)).regions[0].unlisted);
    }
}
