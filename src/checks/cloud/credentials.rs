//! Passwords and access keys: whose, how old, and how long unused.

use stateward_model::kinds::contacts::alternate_contact;
use stateward_model::kinds::credentials::{caller, password_policy, report};
use stateward_model::kinds::iam::{account, user};
use stateward_model::{Cause, GLOBAL, Gap, Place, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{age_of, not_in_state, span};
use crate::checks::{named, told};
use crate::inventory::Side;

const DAY: i64 = 86_400;
const REPORT: &str = "iam:GetCredentialReport";

/// The line of a user in the report.
///
/// # Errors
/// The gap of the report, or that it is older than the user.
pub fn line_of<'a>(name: &str, account: &str, view: &View<'a>) -> Result<&'a Resource, Gap> {
    if view.side == Side::Declared {
        return Err(not_in_state(report::KIND.name));
    }
    let found = view.inventory.lookup(&report::KIND, &Place::new(account, GLOBAL), name)?;
    let detail = || format!("{name} is not in the credential report, which may be four hours old");
    found.ok_or_else(|| Gap::new(REPORT, Cause::Stale, detail()))
}

pub const CLD_03: Check = Check {
    id: "CLD-03",
    alias: "root-unused",
    title: "Root is not used",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&account::KIND, root_unused),
    reads: &[Reads {
        kind: &report::KIND,
        attributes: &[report::PASSWORD_LAST_USED.any(), report::ACCESS_KEYS.any()],
    }],
    page: include_str!("../../../docs/checks/CLD-03.md"),
};

/// Days in which root must not have been used.
const ROOT_DAYS: i64 = 90;

fn root_unused(resource: &Resource, view: &View) -> Verdict {
    let root = line_of(report::ROOT, resource.account(), view)?;
    let password = root.get(&report::PASSWORD_LAST_USED)?.map(|used| ("its password".to_owned(), used));
    let keys = root.get_or_default(&report::ACCESS_KEYS)?.into_iter();
    let keys = keys.filter_map(|key| Some((format!("its access key {}", key.number), key.last_used?)));
    for (what, used) in password.into_iter().chain(keys) {
        let age = age_of(&used, view)?;
        if age < ROOT_DAYS * DAY {
            return Ok(Outcome::Fail(format!("the root user was used with {what} {} ago", span(age))));
        }
    }
    Ok(Outcome::Pass)
}

pub const CLD_04: Check = Check {
    id: "CLD-04",
    alias: "iam-password-policy",
    title: "Password policy is strong",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&account::KIND, strong_passwords),
    reads: &[Reads {
        kind: &password_policy::KIND,
        attributes: &[
            password_policy::MINIMUM_PASSWORD_LENGTH.any(),
            password_policy::PASSWORD_REUSE_PREVENTION.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/CLD-04.md"),
};

const LENGTH: i64 = 14;
const REMEMBERED: i64 = 24;

fn strong_passwords(resource: &Resource, view: &View) -> Verdict {
    let place = Place::new(resource.account(), GLOBAL);
    let Some(policy) = view.inventory.lookup(&password_policy::KIND, &place, password_policy::ID)? else {
        if view.side == Side::Declared {
            return Err(not_in_state(password_policy::KIND.name));
        }
        return Ok(Outcome::Fail(
            "the account has no password policy of its own: 8 characters are enough".into(),
        ));
    };
    let length = policy.get_or_default(&password_policy::MINIMUM_PASSWORD_LENGTH)?;
    let remembered = policy.get_or_default(&password_policy::PASSWORD_REUSE_PREVENTION)?;
    let mut weak = Vec::new();
    if length < LENGTH {
        weak.push(format!("{length} characters are enough, {LENGTH} are needed"));
    }
    if remembered < REMEMBERED {
        weak.push(format!("{remembered} old passwords are remembered, {REMEMBERED} are needed"));
    }
    if weak.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(weak.join("; ")))
}

pub const CLD_06: Check = Check {
    id: "CLD-06",
    alias: "iam-unused-credentials",
    title: "Unused credentials are gone",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&user::KIND, no_unused_credentials),
    reads: &[Reads {
        kind: &report::KIND,
        attributes: &[
            report::PASSWORD_ENABLED.any(),
            report::PASSWORD_LAST_USED.any(),
            report::PASSWORD_LAST_CHANGED.any(),
            report::ACCESS_KEYS.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/CLD-06.md"),
};

/// Days after which a credential that nobody used should be gone.
const UNUSED_DAYS: i64 = 45;

fn no_unused_credentials(resource: &Resource, view: &View) -> Verdict {
    let line = line_of(resource.id(), resource.account(), view)?;
    let mut since = Vec::new();
    if told(line.get(&report::PASSWORD_ENABLED)?, REPORT)? {
        // One that was never used is as old as the password itself.
        let used = match line.get(&report::PASSWORD_LAST_USED)? {
            Some(used) => Some(used),
            None => line.get(&report::PASSWORD_LAST_CHANGED)?,
        };
        since.push(("its password".to_owned(), used));
    }
    for key in line.get_or_default(&report::ACCESS_KEYS)?.into_iter().filter(|key| key.active) {
        since.push((format!("its access key {}", key.number), key.last_used.or(key.last_rotated)));
    }
    if since.is_empty() {
        return Ok(Outcome::NotApplicable("the user has neither a password nor an active access key"));
    }
    let mut unused = Vec::new();
    for (what, used) in since {
        let age = age_of(&told(used, REPORT)?, view)?;
        if age >= UNUSED_DAYS * DAY {
            unused.push(format!("{what} for {}", span(age)));
        }
    }
    if unused.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("has not used {}", named(&unused))))
}

pub const CLD_21: Check = Check {
    id: "CLD-21",
    alias: "security-contact",
    title: "Security contact registered",
    component: "cloud",
    category: Category::Observability,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&account::KIND, security_contact),
    reads: &[Reads {
        kind: &alternate_contact::KIND,
        attributes: &[alternate_contact::ALTERNATE_CONTACT_TYPE.any()],
    }],
    page: include_str!("../../../docs/checks/CLD-21.md"),
};

fn security_contact(resource: &Resource, view: &View) -> Verdict {
    let place = Place::new(resource.account(), GLOBAL);
    match view.inventory.lookup(&alternate_contact::KIND, &place, "SECURITY")? {
        Some(_) => Ok(Outcome::Pass),
        None if view.side == Side::Declared => Err(not_in_state(alternate_contact::KIND.name)),
        None => Ok(Outcome::Fail("AWS knows nobody to write to about security but the owner of root".into())),
    }
}

pub const CLD_26: Check = Check {
    id: "CLD-26",
    alias: "auditor-read-only",
    title: "The auditor is read-only",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&caller::KIND, read_only),
    reads: &[Reads { kind: &caller::KIND, attributes: &[caller::ALLOWED_WRITES.any()] }],
    page: include_str!("../../../docs/checks/CLD-26.md"),
};

fn read_only(resource: &Resource, _: &View) -> Verdict {
    let allowed = told(resource.get(&caller::ALLOWED_WRITES)?, "iam:SimulatePrincipalPolicy")?;
    if allowed.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("this audit ran with credentials that may write: {}", named(&allowed))))
}
