//! CICD: the way changes take.

mod builds;
mod deployments;

use stateward_model::kinds::credentials::report;
use stateward_model::kinds::iam::{role, user};
use stateward_model::policy::{Principal, Statement, matches};
use stateward_model::{Cause, Gap, Resource};

use super::cloud::credentials::line_of;
use super::facts::{age_of, span};
use super::{named, policy_of, told};
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};

/// The family.
pub const CHECKS: &[Check] = &[CICD_01, CICD_02, builds::CICD_03, builds::CICD_04, deployments::CICD_06];

const CICD_01: Check = Check {
    id: "CICD-01",
    alias: "ci-role-bound",
    title: "Federated deploy roles are bound to a repository and a ref",
    component: "cicd",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Small,
    subject: Subject::Each(&role::KIND, bound_to_a_repository),
    reads: &[Reads { kind: &role::KIND, attributes: &[role::ASSUME_ROLE_POLICY.any()] }],
    page: include_str!("../../docs/checks/CICD-01.md"),
};

const CICD_02: Check = Check {
    id: "CICD-02",
    alias: "no-long-lived-keys",
    title: "Pipelines hold no long-lived keys",
    component: "cicd",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&user::KIND, no_long_lived_keys),
    reads: &[Reads { kind: &report::KIND, attributes: &[report::ACCESS_KEYS.any()] }],
    page: include_str!("../../docs/checks/CICD-02.md"),
};

/// Seconds after which a key should be replaced.
const OLD: i64 = 90 * 86_400;

fn no_long_lived_keys(resource: &Resource, view: &View) -> Verdict {
    let line = line_of(resource.id(), resource.account(), view)?;
    let keys = line.get_or_default(&report::ACCESS_KEYS)?;
    let active: Vec<&report::AccessKey> = keys.iter().filter(|key| key.active).collect();
    if active.is_empty() {
        return Ok(Outcome::NotApplicable("the user has no active access key"));
    }
    let mut old = Vec::new();
    for key in &active {
        let made = told(key.last_rotated.clone(), "iam:GetCredentialReport")?;
        let age = age_of(&made, view)?;
        if age >= OLD {
            old.push(format!("its access key {} is {} old", key.number, span(age)));
        }
    }
    if !old.is_empty() {
        return Ok(Outcome::Fail(named(&old)));
    }
    // IAM tells with which service a key was used, and not by which program.
    match active.iter().find(|key| key.last_used.is_some()) {
        None => Ok(Outcome::Pass),
        Some(key) => {
            let detail = format!("whether a pipeline uses access key {} only CloudTrail tells", key.number);
            Err(Gap::new("cloudtrail:LookupEvents", Cause::NotRequested, detail))
        }
    }
}

/// Issuers of identities for pipelines, as patterns, from the documentation of each service.
const ISSUERS: &[&str] = &[
    "token.actions.githubusercontent.com",
    "token.actions.githubusercontent.com/*",
    "*/_services/token",
    "*gitlab*",
    "api.bitbucket.org/2.0/workspaces/*",
    "oidc.circleci.com/org/*",
    "app.terraform.io",
    "agent.buildkite.com",
    "vstoken.dev.azure.com/*",
    "oidc.codefresh.io",
    "*.app.spacelift.io",
    "*.semaphoreci.com",
    "app.harness.io/ng/api/oidc/account/*",
];

/// The issuer of a provider of identities for pipelines.
fn pipeline_issuer(principal: &Principal) -> Option<&str> {
    let Principal::Federated(arn) = principal else { return None };
    let (_, issuer) = arn.split_once(":oidc-provider/")?;
    ISSUERS.iter().any(|pattern| matches(pattern, issuer)).then_some(issuer)
}

fn bound_to_a_repository(resource: &Resource, _: &View) -> Verdict {
    const CALL: &str = "iam:GetAccountAuthorizationDetails";
    let trust = told(resource.get(&role::ASSUME_ROLE_POLICY)?, CALL)?;
    let trust = policy_of(Some(&trust), CALL)?;
    let mut trusts_pipelines = false;
    for statement in trust.allowing() {
        for issuer in statement.principals.iter().filter_map(pipeline_issuer) {
            trusts_pipelines = true;
            if let Some(fault) = fault(statement, issuer) {
                return Ok(Outcome::Fail(format!("pipelines of {issuer} may assume it, and {fault}")));
            }
        }
    }
    if trusts_pipelines {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::NotApplicable("trusts no identity provider of a CI service"))
}

/// What a statement leaves open about who may come from an issuer.
fn fault(statement: &Statement, issuer: &str) -> Option<String> {
    let Some(audiences) = statement.demanded(&format!("{issuer}:aud")) else {
        return Some("no condition demands an audience (aud)".into());
    };
    if audiences.iter().any(|audience| audience.starts_with('*')) {
        return Some("any audience (aud) will do".into());
    }
    let Some(subjects) = statement.demanded(&format!("{issuer}:sub")) else {
        return Some("no condition demands a subject (sub), so any repository will do".into());
    };
    let open = subjects.iter().find(|subject| !names_an_owner(subject))?;
    Some(format!("the subject {open} leaves the owner open"))
}

/// True when a pattern of a subject fixes whose pipelines it means: before the first wildcard, the sort of the owner
/// and its whole name are written out (`repo:acme/…`, `organization:acme:…`, `org/ID/…`).
fn names_an_owner(subject: &str) -> bool {
    let Some((fixed, _)) = subject.split_once(['*', '?']) else { return !subject.is_empty() };
    // Bitbucket begins with the id of the repository itself.
    if let Some(rest) = fixed.strip_prefix('{') {
        return rest.contains("}:");
    }
    let mut parts: Vec<&str> = fixed.split([':', '/']).collect();
    // The part that the wildcard cuts is not whole.
    parts.pop();
    parts.iter().filter(|part| !part.is_empty()).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_named_only_in_full() {
        for bound in [
            "repo:acme/shop:ref:refs/heads/main",
            "repo:acme/*",
            "project_path:acme/shop:ref_type:branch:ref:*",
            "organization:acme:project:*",
            "org/0000/project/*",
            "sc://acme/shop/*",
            "{11111111-1111-1111-1111-111111111111}:*",
        ] {
            assert!(names_an_owner(bound), "{bound}");
        }
        for open in
            ["*", "repo:*", "repo:*/shop:ref:refs/heads/main", "repo:acm*", "organization:*", "{*", ""]
        {
            assert!(!names_an_owner(open), "{open}");
        }
    }

    #[test]
    fn clusters_are_no_pipelines() {
        let arn = |issuer: &str| Principal::Federated(format!("arn:aws:iam::1:oidc-provider/{issuer}"));
        assert!(pipeline_issuer(&arn("token.actions.githubusercontent.com")).is_some());
        assert!(pipeline_issuer(&arn("gitlab.acme.example")).is_some());
        assert!(pipeline_issuer(&arn("oidc.eks.us-west-2.amazonaws.com/id/ABC")).is_none());
        assert!(pipeline_issuer(&Principal::Federated("cognito-identity.amazonaws.com".into())).is_none());
    }
}
