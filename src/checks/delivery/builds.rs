//! Builds: what they are told, and what they may do.

use stateward_model::Resource;
use stateward_model::kinds::codebuild::project;

use super::super::named;
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::is_named_by;

pub(super) const CICD_03: Check = Check {
    id: "CICD-03",
    alias: "build-no-plain-secret",
    title: "Build projects keep secrets out of plain variables",
    component: "cicd",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Small,
    subject: Subject::Each(&project::KIND, no_plain_secret),
    reads: &[Reads {
        kind: &project::KIND,
        attributes: &[project::CREDENTIAL_VARIABLES.any(), project::ENVIRONMENT.any()],
    }],
    page: include_str!("../../../docs/checks/CICD-03.md"),
};

fn no_plain_secret(resource: &Resource, _: &View) -> Verdict {
    let environments = resource.get_or_default(&project::ENVIRONMENT)?;
    let plain: Vec<&str> = environments
        .iter()
        .flat_map(|environment| &environment.environment_variable)
        .filter(|variable| matches!(variable.kind.as_deref(), None | Some("" | "PLAINTEXT")))
        .map(|variable| variable.name.as_str())
        .collect();
    if plain.is_empty() {
        return Ok(Outcome::Pass);
    }
    let by_name: Vec<&str> = plain.iter().copied().filter(|name| names_a_credential(name)).collect();
    if !by_name.is_empty() {
        return Ok(Outcome::Fail(format!("plain variables are named like credentials: {}", named(&by_name))));
    }
    // A state keeps digests of the values, which have no shape.
    let by_value = resource.get_or_default(&project::CREDENTIAL_VARIABLES)?;
    if !by_value.is_empty() {
        return Ok(Outcome::Fail(format!(
            "plain variables hold what looks like credentials: {}",
            named(&by_value)
        )));
    }
    Ok(Outcome::Pass)
}

pub(super) const CICD_04: Check = Check {
    id: "CICD-04",
    alias: "build-not-privileged",
    title: "Privileged builds only where allowed",
    component: "cicd",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&project::KIND, not_privileged),
    reads: &[Reads { kind: &project::KIND, attributes: &[project::ENVIRONMENT.any()] }],
    page: include_str!("../../../docs/checks/CICD-04.md"),
};

fn not_privileged(resource: &Resource, view: &View) -> Verdict {
    let environments = resource.get_or_default(&project::ENVIRONMENT)?;
    let privileged = environments.iter().any(|environment| environment.privileged_mode == Some(true));
    if !privileged || is_named_by(&view.profile.delivery.image_builders, resource) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("its builds run privileged, and the profile does not name it as making images".into()))
}

/// Words that a credential's name ends in, also where they are written without a break (`DBPASSWORD`).
const SECRET: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "CREDENTIAL",
    "CREDENTIALS",
    "APIKEY",
];
/// What comes before `KEY` in a credential's name.
const KEYS: &[&str] = &["ACCESS", "API", "AUTH", "PRIVATE", "SECRET", "SIGNING"];
/// Last words of names that point to a credential, or say something about it.
const ABOUT: &[&str] = &[
    "ALIAS",
    "ARN",
    "AUDIENCE",
    "ENDPOINT",
    "EXPIRY",
    "FILE",
    "ID",
    "ISSUER",
    "LENGTH",
    "NAME",
    "PARAMETER",
    "PATH",
    "POLICY",
    "PREFIX",
    "REGION",
    "TTL",
    "TYPE",
    "URI",
    "URL",
    "VERSION",
];

/// Whether a variable's name says that it holds a credential.
fn names_a_credential(name: &str) -> bool {
    let words = words(name);
    let pair = |pair: &[String]| pair[1] == "KEY" && KEYS.contains(&pair[0].as_str());
    if words.len() >= 3 && words.ends_with(&["ACCESS", "KEY", "ID"].map(str::to_owned)) {
        return true;
    }
    let Some(last) = words.last() else { return false };
    if ABOUT.contains(&last.as_str()) {
        return false;
    }
    last == "PASS"
        || words.iter().any(|word| SECRET.iter().any(|secret| word.ends_with(secret)))
        || words.windows(2).any(pair)
}

/// The words of `DB_PASSWORD`, `db-password` and `dbPassword`, in capitals.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for letter in name.chars() {
        let breaks = !letter.is_alphanumeric() || (after_small && letter.is_uppercase());
        if breaks {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_uppercase());
        }
        after_small = letter.is_lowercase() || letter.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_credentials_are_told_from_names_about_them() {
        for credential in [
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "DB_PASSWORD",
            "dbPassword",
            "DBPASSWORD",
            "github-token",
            "GITHUB_TOKEN",
            "API_KEY",
            "apiKey",
            "STRIPE_SECRET",
            "SMTP_PASS",
            "SIGNING_KEY",
            "NPM_TOKEN_2",
        ] {
            assert!(names_a_credential(credential), "{credential}");
        }
        for plain in [
            "STAGE",
            "DB_SECRET_ARN",
            "SECRET_NAME",
            "TOKEN_URL",
            "PASSWORD_PARAMETER",
            "TOKENIZERS_PARALLELISM",
            "KMS_KEY_ID",
            "CACHE_KEY",
            "PASS_THROUGH",
            "KEY",
            "",
        ] {
            assert!(!names_a_credential(plain), "{plain}");
        }
    }
}
