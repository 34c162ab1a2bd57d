//! CLD: identity, keys, certificates, services.

mod certificates;
pub mod credentials;
mod dns;
mod engines;
mod keys;
mod managed;

use stateward_model::kinds::ec2::compute::volume;
use stateward_model::kinds::ec2::network::eip;
use stateward_model::kinds::elbv2::{load_balancer, target_group};
use stateward_model::kinds::iam::{
    InlinePolicy, account, group, managed_policy, parts, policy_attachment, role, user,
};
use stateward_model::kinds::kms::key;
use stateward_model::kinds::rds::{cluster_instance, db_instance};
use stateward_model::kinds::secretsmanager::secret;
use stateward_model::kinds::{sns::topic, sqs::queue};
use stateward_model::policy::{Principal, Statement};
use stateward_model::{Attr, Cause, Gap, Kind, Resource};
use time::Duration;

use super::{named, policy_of, time_of, told};
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::inventory::Side;

/// The family.
pub const CHECKS: &[Check] = &[
    CLD_01,
    CLD_02,
    credentials::CLD_03,
    credentials::CLD_04,
    CLD_05,
    credentials::CLD_06,
    CLD_07,
    CLD_08,
    CLD_09,
    CLD_10,
    keys::CLD_11,
    CLD_12,
    keys::CLD_13,
    CLD_14,
    CLD_15,
    certificates::CLD_16,
    certificates::CLD_17,
    dns::CLD_18,
    dns::CLD_19,
    CLD_20,
    credentials::CLD_21,
    managed::CLD_22,
    engines::CLD_23,
    CLD_24,
    CLD_25,
    credentials::CLD_26,
];

const CLD_01: Check = Check {
    id: "CLD-01",
    alias: "root-no-access-key",
    title: "Root has no access key",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&account::KIND, root_access_key),
    reads: &[Reads { kind: &account::KIND, attributes: &[account::ROOT_ACCESS_KEYS.any()] }],
    page: include_str!("../../docs/checks/CLD-01.md"),
};

fn root_access_key(resource: &Resource, _: &View) -> Verdict {
    match told(resource.get(&account::ROOT_ACCESS_KEYS)?, "iam:GetAccountSummary")? {
        0 => Ok(Outcome::Pass),
        _ => Ok(Outcome::Fail("the root user has an access key".into())),
    }
}

const CLD_02: Check = Check {
    id: "CLD-02",
    alias: "root-mfa",
    title: "Root has MFA",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&account::KIND, root_mfa),
    reads: &[Reads {
        kind: &account::KIND,
        attributes: &[
            account::ROOT_MFA.any(),
            account::ROOT_PASSWORD.any(),
            account::ROOT_ACCESS_KEYS.any(),
            account::ROOT_SIGNING_CERTIFICATES.any(),
        ],
    }],
    page: include_str!("../../docs/checks/CLD-02.md"),
};

fn root_mfa(resource: &Resource, _: &View) -> Verdict {
    if told(resource.get(&account::ROOT_MFA)?, "iam:GetAccountSummary")? {
        return Ok(Outcome::Pass);
    }
    let no_password = resource.get(&account::ROOT_PASSWORD)? == Some(false);
    let no_key = resource.get(&account::ROOT_ACCESS_KEYS)? == Some(0);
    let no_certificate = resource.get(&account::ROOT_SIGNING_CERTIFICATES)?.unwrap_or_default() == 0;
    if no_password && no_key && no_certificate {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("the root user has credentials, and no MFA device".into()))
}

const CLD_05: Check = Check {
    id: "CLD-05",
    alias: "iam-console-mfa",
    title: "Console users have MFA",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&user::KIND, console_mfa),
    reads: &[Reads { kind: &user::KIND, attributes: &[user::CONSOLE_ACCESS.any(), user::MFA_DEVICES.any()] }],
    page: include_str!("../../docs/checks/CLD-05.md"),
};

fn console_mfa(resource: &Resource, _: &View) -> Verdict {
    if !told(resource.get(&user::CONSOLE_ACCESS)?, "iam:GetLoginProfile")? {
        return Ok(Outcome::NotApplicable("the user has no password for the console"));
    }
    if resource.get_or_default(&user::MFA_DEVICES)?.is_empty() {
        return Ok(Outcome::Fail("signs in to the console with a password alone".into()));
    }
    Ok(Outcome::Pass)
}

const CLD_07: Check = Check {
    id: "CLD-07",
    alias: "iam-no-full-admin",
    title: "No full-administrator customer policy",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::EachOf(&[&managed_policy::KIND, &role::KIND, &user::KIND, &group::KIND], no_full_admin),
    reads: &[
        Reads {
            kind: &managed_policy::KIND,
            attributes: &[managed_policy::DOCUMENT.any(), managed_policy::ATTACHMENT_COUNT.any()],
        },
        Reads { kind: &role::KIND, attributes: &[role::INLINE_POLICY.any()] },
        Reads { kind: &user::KIND, attributes: &[user::INLINE_POLICY.any()] },
        Reads { kind: &group::KIND, attributes: &[group::INLINE_POLICY.any()] },
    ],
    page: include_str!("../../docs/checks/CLD-07.md"),
};

const DETAILS: &str = "iam:GetAccountAuthorizationDetails";

fn no_full_admin(resource: &Resource, view: &View) -> Verdict {
    if resource.kind() == managed_policy::KIND.name {
        let document = resource.get(&managed_policy::DOCUMENT)?;
        if !policy_of(document.as_deref(), DETAILS)?.is_administrator() {
            return Ok(Outcome::Pass);
        }
        if resource.get(&managed_policy::ATTACHMENT_COUNT)? == Some(0) {
            return Ok(Outcome::NotApplicable("attached to nobody"));
        }
        return Ok(Outcome::Fail("allows every action on every resource, and is attached".into()));
    }
    let policies = inline_policies(resource, view)?;
    if policies.is_empty() {
        return Ok(Outcome::NotApplicable("holds no policy of its own"));
    }
    for policy in policies {
        if policy_of(Some(&policy.policy), DETAILS)?.is_administrator() {
            let message = format!("its inline policy {} allows every action on every resource", policy.name);
            return Ok(Outcome::Fail(message));
        }
    }
    Ok(Outcome::Pass)
}

/// The policies that are written into a role, user or group. A state may declare them as resources of their own.
fn inline_policies(resource: &Resource, view: &View) -> Result<Vec<InlinePolicy>, Gap> {
    let own = resource.get_or_default(&role::INLINE_POLICY);
    let (kind, owner): (&Kind, &Attr<String>) = match resource.kind() {
        "aws_iam_role" => (&parts::ROLE_POLICY, &parts::ROLE),
        "aws_iam_user" => (&parts::USER_POLICY, &parts::USER),
        _ => (&parts::GROUP_POLICY, &parts::GROUP),
    };
    let policies = match own {
        Err(gap) if is_not_in_state(&gap, view) => declared_parts(resource, kind, owner, view)?
            .into_iter()
            .map(|part| {
                let name = part.get_or_default(&parts::NAME)?;
                Ok(InlinePolicy { name, policy: part.get_or_default(&parts::DOCUMENT)? })
            })
            .collect::<Result<Vec<InlinePolicy>, Gap>>()?,
        other => other?,
    };
    // Provider 3 writes a block with empty arguments where there is none.
    Ok(policies.into_iter().filter(|policy| !policy.policy.is_empty()).collect())
}

fn is_not_in_state(gap: &Gap, view: &View) -> bool {
    view.side == Side::Declared && gap.cause == Cause::NotInState
}

/// The parts of a role, user or group that states declare apart.
fn declared_parts<'a>(
    resource: &Resource,
    kind: &Kind,
    owner: &Attr<String>,
    view: &View<'a>,
) -> Result<Vec<&'a Resource>, Gap> {
    let mut parts = view.inventory.all(kind)?;
    parts.retain(|part| part.get(owner).ok().flatten().as_deref() == Some(resource.id()));
    Ok(parts)
}

const CLD_08: Check = Check {
    id: "CLD-08",
    alias: "iam-user-policies",
    title: "Users get rights through groups or roles",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::Low,
    effort: Effort::Medium,
    subject: Subject::Each(&user::KIND, no_policy_on_users),
    reads: &[Reads {
        kind: &user::KIND,
        attributes: &[user::INLINE_POLICY.any(), user::MANAGED_POLICY_ARNS.any()],
    }],
    page: include_str!("../../docs/checks/CLD-08.md"),
};

fn no_policy_on_users(resource: &Resource, view: &View) -> Verdict {
    let mut found: Vec<String> =
        inline_policies(resource, view)?.into_iter().map(|policy| policy.name).collect();
    found.extend(match resource.get_or_default(&user::MANAGED_POLICY_ARNS) {
        Err(gap) if is_not_in_state(&gap, view) => declared_attachments(resource, view)?,
        other => other?,
    });
    if found.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("holds policies of its own: {}", named(&found))))
}

/// ARNs of the policies that states attach to a user.
fn declared_attachments(resource: &Resource, view: &View) -> Result<Vec<String>, Gap> {
    let mut found = Vec::new();
    for part in declared_parts(resource, &parts::USER_ATTACHMENT, &parts::USER, view)? {
        found.extend(part.get(&parts::POLICY_ARN)?);
    }
    for attachment in view.inventory.all(&policy_attachment::KIND)? {
        if attachment.get_or_default(&policy_attachment::USERS)?.iter().any(|name| name == resource.id()) {
            found.extend(attachment.get(&policy_attachment::POLICY_ARN)?);
        }
    }
    Ok(found)
}

const CLD_09: Check = Check {
    id: "CLD-09",
    alias: "iam-foreign-principals",
    title: "Foreign principals are known",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&role::KIND, foreign_principals),
    reads: &[Reads { kind: &role::KIND, attributes: &[role::ASSUME_ROLE_POLICY.any()] }],
    page: include_str!("../../docs/checks/CLD-09.md"),
};

fn foreign_principals(resource: &Resource, view: &View) -> Verdict {
    let trust = told(resource.get(&role::ASSUME_ROLE_POLICY)?, DETAILS)?;
    let trust = policy_of(Some(&trust), DETAILS)?;
    for statement in trust.allowing() {
        if statement.is_public() {
            return Ok(Outcome::Fail("anybody may assume this role: its trust policy names `*`".into()));
        }
        for account in trusted_accounts(statement) {
            if account == resource.account() || is_audited(account, view) {
                continue;
            }
            if !view.profile.accounts.known.iter().any(|known| known == account) {
                return Ok(Outcome::Fail(format!("trusts account {account}, which is not a known one")));
            }
            let own = statement.demanded("aws:PrincipalOrgID").is_some();
            if !own && statement.demanded("sts:ExternalId").is_none() {
                return Ok(Outcome::Fail(format!("trusts account {account} without an external id")));
            }
        }
    }
    Ok(Outcome::Pass)
}

/// The accounts that a statement names as principals, or to which it restricts everybody.
fn trusted_accounts(statement: &Statement) -> Vec<&str> {
    let mut accounts = statement.accounts();
    if statement.principals.contains(&Principal::Anyone) {
        let demanded = statement.demanded("aws:PrincipalAccount").unwrap_or_default();
        accounts.extend(demanded.iter().map(String::as_str));
        let arns = statement.demanded("aws:PrincipalArn").unwrap_or_default();
        accounts.extend(arns.iter().filter_map(|arn| arn.split(':').nth(4)));
    }
    accounts
}

fn is_audited(account: &str, view: &View) -> bool {
    match view.side {
        Side::Live => view.inventory.all_places().iter().any(|place| place.account == account),
        Side::Declared => view.inventory.resources().any(|resource| resource.account() == account),
    }
}

const CLD_10: Check = Check {
    id: "CLD-10",
    alias: "kms-key-rotation",
    title: "Customer keys rotate",
    component: "cloud",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&key::KIND, key_rotation),
    reads: &[Reads {
        kind: &key::KIND,
        attributes: &[
            key::KEY_MANAGER.any(),
            key::KEY_SPEC.any(),
            key::ORIGIN.any(),
            key::ENABLE_KEY_ROTATION.any(),
        ],
    }],
    page: include_str!("../../docs/checks/CLD-10.md"),
};

fn key_rotation(resource: &Resource, view: &View) -> Verdict {
    // Terraform's aws_kms_key makes keys of this origin only.
    if view.side == Side::Live && resource.get(&key::ORIGIN)?.is_some_and(|origin| origin != "AWS_KMS") {
        return Ok(Outcome::NotApplicable("its material does not come from AWS KMS, which cannot renew it"));
    }
    if resource.get(&key::KEY_SPEC)?.is_some_and(|spec| spec != "SYMMETRIC_DEFAULT") {
        return Ok(Outcome::NotApplicable("not a symmetric encryption key, so it cannot rotate"));
    }
    if resource.get_or_default(&key::ENABLE_KEY_ROTATION)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("automatic rotation is off".into()))
}

const CLD_12: Check = Check {
    id: "CLD-12",
    alias: "kms-key-policy-public",
    title: "No key policy is public",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Medium,
    subject: Subject::Each(&key::KIND, key_policy),
    reads: &[Reads { kind: &key::KIND, attributes: &[key::KEY_MANAGER.any(), key::POLICY.any()] }],
    page: include_str!("../../docs/checks/CLD-12.md"),
};

fn key_policy(resource: &Resource, _: &View) -> Verdict {
    // Every key has a policy: without one, nothing is known.
    let policy = told(resource.get(&key::POLICY)?, "kms:GetKeyPolicy")?;
    not_public(Some(&policy), "kms:GetKeyPolicy")
}

/// The verdict on a resource policy that must not let everybody in.
fn not_public(policy: Option<&str>, call: &'static str) -> Verdict {
    let policy = policy_of(policy, call)?;
    let Some(open) = policy.allowing().find(|statement| statement.is_public()) else {
        return Ok(Outcome::Pass);
    };
    let statement = if open.sid.is_empty() { String::new() } else { format!(" {}", open.sid) };
    let actions = named(&open.actions);
    Ok(Outcome::Fail(format!("statement{statement} lets everybody in, under no condition on who: {actions}")))
}

const CLD_14: Check = Check {
    id: "CLD-14",
    alias: "secret-rotation",
    title: "Secrets rotate and the last rotation worked",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&secret::KIND, secret_rotation),
    reads: &[Reads {
        kind: &secret::KIND,
        attributes: &[
            secret::ROTATION_ENABLED.any(),
            secret::ROTATION_RULES.any(),
            secret::LAST_ROTATED.any(),
            secret::OWNING_SERVICE.any(),
            secret::PRIMARY_REGION.any(),
        ],
    }],
    page: include_str!("../../docs/checks/CLD-14.md"),
};

const LIST_SECRETS: &str = "secretsmanager:ListSecrets";

fn secret_rotation(resource: &Resource, view: &View) -> Verdict {
    if !resource.get_or_default(&secret::ROTATION_ENABLED)? {
        return Ok(Outcome::Fail("rotation is off".into()));
    }
    let Some(last) = resource.get(&secret::LAST_ROTATED)? else {
        return Ok(Outcome::Fail("rotation is on, but has never happened".into()));
    };
    let rules = resource.get_or_default(&secret::ROTATION_RULES)?;
    let days = told(rules.first().and_then(|rule| rule.automatically_after_days), LIST_SECRETS)?;
    let age = view.as_of - time_of(&last, LIST_SECRETS)?;
    // A rotation may begin at any time of the window, which lasts a day at most.
    if age <= Duration::days(days.saturating_add(1)) {
        return Ok(Outcome::Pass);
    }
    let age = age.whole_days();
    Ok(Outcome::Fail(format!("rotated {age} days ago, and its rule asks for every {days} days")))
}

const CLD_15: Check = Check {
    id: "CLD-15",
    alias: "secret-unused",
    title: "Unused secrets removed",
    component: "cloud",
    category: Category::Cost,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::Each(&secret::KIND, secret_in_use),
    reads: &[Reads {
        kind: &secret::KIND,
        attributes: &[
            secret::LAST_ACCESSED.any(),
            secret::LAST_CHANGED.any(),
            secret::OWNING_SERVICE.any(),
            secret::PRIMARY_REGION.any(),
        ],
    }],
    page: include_str!("../../docs/checks/CLD-15.md"),
};

fn secret_in_use(resource: &Resource, view: &View) -> Verdict {
    const DAYS: i64 = 90;
    let age = |text: &str| Ok::<_, Gap>((view.as_of - time_of(text, LIST_SECRETS)?).whole_days());
    if let Some(accessed) = resource.get(&secret::LAST_ACCESSED)? {
        let days = age(&accessed)?;
        if days <= DAYS {
            return Ok(Outcome::Pass);
        }
        return Ok(Outcome::Fail(format!("last read {days} days ago")));
    }
    match resource.get(&secret::LAST_CHANGED)? {
        Some(changed) if age(&changed)? <= DAYS => {
            Ok(Outcome::NotApplicable("written in the last 90 days, and not read yet"))
        }
        _ => Ok(Outcome::Fail("never read".into())),
    }
}

const CLD_20: Check = Check {
    id: "CLD-20",
    alias: "topic-queue-public",
    title: "Topics and queues are not public",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachOf(&[&topic::KIND, &queue::KIND], topic_and_queue_policy),
    reads: &[
        Reads { kind: &topic::KIND, attributes: &[topic::POLICY.any()] },
        Reads { kind: &queue::KIND, attributes: &[queue::POLICY.any()] },
    ],
    page: include_str!("../../docs/checks/CLD-20.md"),
};

fn topic_and_queue_policy(resource: &Resource, _: &View) -> Verdict {
    if resource.kind() == topic::KIND.name {
        return not_public(resource.get(&topic::POLICY)?.as_deref(), "sns:GetTopicAttributes");
    }
    not_public(resource.get(&queue::POLICY)?.as_deref(), "sqs:GetQueueAttributes")
}

const CLD_24: Check = Check {
    id: "CLD-24",
    alias: "rds-minor-upgrades",
    title: "Minor upgrades are automatic or scheduled",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster_instance::KIND], minor_upgrades),
    reads: &[
        Reads {
            kind: &db_instance::KIND,
            attributes: &[
                db_instance::AUTO_MINOR_VERSION_UPGRADE.any(),
                db_instance::PENDING_MODIFIED_VALUES.any(),
            ],
        },
        Reads {
            kind: &cluster_instance::KIND,
            attributes: &[
                cluster_instance::AUTO_MINOR_VERSION_UPGRADE.any(),
                cluster_instance::PENDING_MODIFIED_VALUES.any(),
            ],
        },
    ],
    page: include_str!("../../docs/checks/CLD-24.md"),
};

fn minor_upgrades(resource: &Resource, view: &View) -> Verdict {
    if resource.get_or_default(&db_instance::AUTO_MINOR_VERSION_UPGRADE)? {
        return Ok(Outcome::Pass);
    }
    // What waits for the maintenance window is not in a state, and changes nothing there.
    let pending = match view.side {
        Side::Live => resource.get_or_default(&db_instance::PENDING_MODIFIED_VALUES)?,
        Side::Declared => serde_json::Map::new(),
    };
    if pending.contains_key("engine_version") {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("minor versions do not come by themselves, and no upgrade is scheduled".into()))
}

const CLD_25: Check = Check {
    id: "CLD-25",
    alias: "no-idle-resource",
    title: "No idle paid resource",
    component: "cloud",
    category: Category::Cost,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::EachOf(&[&eip::KIND, &volume::KIND, &load_balancer::KIND], in_use),
    reads: &[
        Reads { kind: &eip::KIND, attributes: &[eip::ASSOCIATION.any(), eip::SERVICE_MANAGED.any()] },
        Reads { kind: &volume::KIND, attributes: &[volume::STATE.any(), volume::CREATE_TIME.any()] },
        Reads {
            kind: &target_group::KIND,
            attributes: &[target_group::LOAD_BALANCER_ARNS.any(), target_group::TARGETS.any()],
        },
    ],
    page: include_str!("../../docs/checks/CLD-25.md"),
};

fn in_use(resource: &Resource, view: &View) -> Verdict {
    match resource.kind() {
        "aws_eip" => {
            if resource.get_or_default(&eip::ASSOCIATION)?.is_empty() {
                return Ok(Outcome::Fail("the address is associated with nothing".into()));
            }
            Ok(Outcome::Pass)
        }
        "aws_ebs_volume" => attached_or_young(resource, view),
        _ => has_targets(resource, view),
    }
}

fn attached_or_young(resource: &Resource, view: &View) -> Verdict {
    const DAYS: i64 = 14;
    if resource.get_or_default(&volume::STATE)? != "available" {
        return Ok(Outcome::Pass);
    }
    let created = told(resource.get(&volume::CREATE_TIME)?, "ec2:DescribeVolumes")?;
    let days = (view.as_of - time_of(&created, "ec2:DescribeVolumes")?).whole_days();
    if days <= DAYS {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("attached to nothing, and {days} days old")))
}

fn has_targets(resource: &Resource, view: &View) -> Verdict {
    let mut gap = None;
    for group in view.inventory.all_in(&target_group::KIND, &resource.address.place)? {
        let balancers = group.get_or_default(&target_group::LOAD_BALANCER_ARNS)?;
        if !balancers.iter().any(|arn| arn == resource.id()) {
            continue;
        }
        match group.get_or_default(&target_group::TARGETS) {
            Ok(targets) if targets.is_empty() => {}
            Ok(_) => return Ok(Outcome::Pass),
            Err(unread) => gap = gap.or(Some(unread)),
        }
    }
    gap.map_or(Ok(Outcome::Fail("no target is registered behind it".into())), Err)
}
