//! IAC-13 and IAC-14: which versions of providers and modules a configuration takes.

use stateward_model::{Cause, Gap};

use super::named;
use crate::check::{Category, Check, Effort, Outcome, Severity, Subject, Verdict, View};
use crate::drift::ignored::{ConfigFacts, ModuleFacts, PinFacts, ProviderFacts};
use crate::profile::any_matches;

/// Names that branches have everywhere.
const BRANCHES: [&str; 8] = ["main", "master", "develop", "development", "dev", "trunk", "default", "HEAD"];

fn pins(configuration: &ConfigFacts) -> Result<&PinFacts, Gap> {
    configuration.pins.as_ref().ok_or_else(|| {
        let detail = "what the configuration pins was not recorded";
        Gap::new("configuration", Cause::NotRequested, detail)
    })
}

/// That what was judged is all there is.
fn all_read(modules: &[String]) -> Result<(), Gap> {
    if modules.is_empty() {
        return Ok(());
    }
    let detail = format!("not in the folder (`terraform init` brings them): {}", named(modules));
    Err(Gap::new("configuration", Cause::Absent, detail))
}

/// The check; it stands among those of its family.
pub(super) const IAC_13: Check = Check {
    id: "IAC-13",
    alias: "providers-pinned",
    title: "Providers pinned and locked",
    component: "iac",
    category: Category::Iac,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Configuration(providers_pinned),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-13.md"),
};

fn providers_pinned(configuration: &ConfigFacts, view: &View) -> Verdict {
    let pins = pins(configuration)?;
    let allowed = &view.profile.providers.allowed;
    let mut faults: Vec<String> = Vec::new();
    for provider in &pins.providers {
        faults.extend(unbounded(provider));
        faults.extend(unlocked(provider, pins));
        if !allowed.is_empty() && !any_matches(allowed, &provider.source) {
            faults.push(format!("{} is no allowed source", provider.source));
        }
    }
    if pins.lock_file == Some(false) && !pins.providers.is_empty() {
        faults.push("there is no .terraform.lock.hcl".to_owned());
    }
    if !faults.is_empty() {
        return Ok(Outcome::Fail(faults.join("; ")));
    }
    all_read(&pins.unread_modules)?;
    if pins.providers.is_empty() {
        return Ok(Outcome::NotApplicable("the configuration uses no provider"));
    }
    if pins.lock_file.is_none() {
        return Err(Gap::new("configuration", Cause::Malformed, "the lock file cannot be read"));
    }
    Ok(Outcome::Pass)
}

fn unbounded(provider: &ProviderFacts) -> Option<String> {
    let source = &provider.source;
    if provider.constraints.is_empty() {
        return Some(format!("{source} has no version constraint"));
    }
    let bounded = provider.constraints.iter().any(|constraint| has_upper_bound(constraint));
    (!bounded).then(|| format!("{source} has no upper bound ({})", provider.constraints.join(", ")))
}

fn unlocked(provider: &ProviderFacts, pins: &PinFacts) -> Option<String> {
    match (pins.lock_file, provider.hashes) {
        (Some(true), None) => Some(format!("{} is not in the lock file", provider.source)),
        (Some(true), Some(0)) => Some(format!("{} has no hash in the lock file", provider.source)),
        _ => None,
    }
}

/// Whether a constraint keeps some later version out: all of its parts have to hold together.
fn has_upper_bound(constraint: &str) -> bool {
    constraint.split(',').map(str::trim).any(|part| {
        part.starts_with(['<', '~', '='])
            || part.starts_with(|letter: char| letter.is_ascii_digit() || letter == 'v')
    })
}

/// The check; it stands among those of its family.
pub(super) const IAC_14: Check = Check {
    id: "IAC-14",
    alias: "modules-pinned",
    title: "Modules pinned",
    component: "iac",
    category: Category::Iac,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Configuration(modules_pinned),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-14.md"),
};

fn modules_pinned(configuration: &ConfigFacts, _: &View) -> Verdict {
    let pins = pins(configuration)?;
    let judged: Vec<(&ModuleFacts, Pin)> = pins.modules.iter().map(|call| (call, pin(call))).collect();
    let loose: Vec<String> = judged
        .iter()
        .filter_map(|(call, pin)| match pin {
            Pin::Loose(why) => Some(format!("{} {why}", call.address)),
            Pin::Fixed | Pin::Untold(_) => None,
        })
        .collect();
    if !loose.is_empty() {
        return Ok(Outcome::Fail(named(&loose)));
    }
    if let Some((call, Pin::Untold(why))) = judged.iter().find(|(_, pin)| matches!(pin, Pin::Untold(_))) {
        return Err(Gap::new("configuration", Cause::Unsupported, format!("{} {why}", call.address)));
    }
    all_read(&pins.unread_own_modules)?;
    if judged.is_empty() {
        return Ok(Outcome::NotApplicable("the configuration calls no module from elsewhere"));
    }
    Ok(Outcome::Pass)
}

/// How a module is pinned.
enum Pin {
    /// The same text every time.
    Fixed,
    /// Whatever is newest.
    Loose(String),
    /// The text does not tell.
    Untold(String),
}

fn pin(call: &ModuleFacts) -> Pin {
    match call.origin.as_str() {
        "registry" if call.version.is_some() => Pin::Fixed,
        "registry" => Pin::Loose("has no version".to_owned()),
        "repository" => match call.reference.as_deref() {
            None => Pin::Loose("has no ref".to_owned()),
            Some(name) if BRANCHES.contains(&name) => Pin::Loose(format!("follows the branch {name}")),
            Some(name) if is_digest(name) || is_version(name) => Pin::Fixed,
            Some(name) => Pin::Untold(format!("has the ref {name}, which may be a tag or a branch")),
        },
        "archive" if call.fixed => Pin::Fixed,
        "archive" => {
            Pin::Untold(format!("comes from {}, and nothing tells whether that changes", call.source))
        }
        _ => Pin::Untold("has a source that is not written out".to_owned()),
    }
}

/// A whole commit digest, SHA-1 or SHA-256. A short one is a name like any other.
fn is_digest(name: &str) -> bool {
    matches!(name.len(), 40 | 64) && name.chars().all(|letter| letter.is_ascii_hexdigit())
}

/// A name that nobody gives to a branch: `v1.2.0`, `vpc/1.2.0-rc1`, `vpc-v2.0.1`.
fn is_version(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    let from = last.find(|letter: char| letter.is_ascii_digit());
    let Some((before, version)) = from.map(|at| last.split_at(at)) else { return false };
    let numbers: Vec<&str> = version.split(['-', '+']).next().unwrap_or(version).split('.').collect();
    let marked = before.is_empty() || before.ends_with(['v', '-', '_']);
    let numeric = |part: &&str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_digit());
    marked && numbers.len() >= 3 && numbers.iter().all(numeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_with_an_upper_bound_are_known() {
        for bounded in ["~> 5.0", "5.1.0", "= 5.1.0", ">= 5.0, < 6.0", "<= 5.9", ">=5.0,<6"] {
            assert!(has_upper_bound(bounded), "{bounded}");
        }
        for open in [">= 5.0", "> 4", "!= 5.0.1", ">= 5.0, != 5.1.0", ""] {
            assert!(!has_upper_bound(open), "{open}");
        }
    }

    #[test]
    fn tags_of_versions_and_digests_are_told_from_other_names() {
        for fixed in ["v1.2.0", "1.2.0", "vpc/v1.2.0", "vpc-v2.0.1", "v1.2.0-rc.1", "vpc_1.2.3+build"] {
            assert!(is_version(fixed), "{fixed}");
        }
        for name in ["main", "release-1.2", "v2", "feature/a1.2.3", "1.2.x", "a.b.c", ""] {
            assert!(!is_version(name), "{name}");
        }
        assert!(is_digest(&"0123456789".repeat(4)) && !is_digest("0123456") && !is_digest(&"g".repeat(40)));
    }
}
