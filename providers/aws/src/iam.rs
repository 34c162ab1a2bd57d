//! Reads IAM: one paged call brings roles, users, groups and policies with their documents and attachments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_iam::types::{
    AttachedPolicy, EntityType, GroupDetail, InstanceProfile, ManagedPolicyDetail, PolicyDetail, Role,
    RoleDetail, SummaryKeyType, Tag, UserDetail,
};
use stateward_model::compare::last_segment;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::iam::{
    InlinePolicy, account, group, group_membership, instance_profile, managed_policy, oidc_provider,
    policy_attachment, role, user,
};
use stateward_model::{Gap, Harvest, Kind, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp, wants_tags};
use crate::session::{Collector, Pages, Session};

/// All listings of IAM allow 1000 items a page.
const PAGE: i32 = 1000;

/// How IAM says that a thing does not exist.
pub(crate) const NONE: &[&str] = &["NoSuchEntity", "NoSuchEntityException"];

pub(crate) static DETAILS: Call = Call::new("iam", "GetAccountAuthorizationDetails").quota(5, 10);
static ROLES: Call = Call::new("iam", "ListRoles");
static PROFILES: Call = Call::new("iam", "ListInstanceProfiles");
static PROFILE: Call = Call::new("iam", "GetInstanceProfile");
static LIST_POLICY_TAGS: Call = Call::new("iam", "ListPolicyTags");
static LOGIN_PROFILE: Call = Call::new("iam", "GetLoginProfile");
static LIST_MFA_DEVICES: Call = Call::new("iam", "ListMFADevices");
static OIDC_PROVIDERS: Call = Call::new("iam", "ListOpenIDConnectProviders");
static OIDC_PROVIDER: Call = Call::new("iam", "GetOpenIDConnectProvider");
static SUMMARY: Call = Call::new("iam", "GetAccountSummary");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector { kind: &role::KIND, calls: &[&DETAILS, &ROLES], collect: |s| Box::pin(roles(s)) },
    Collector {
        kind: &user::KIND,
        calls: &[&DETAILS, &LOGIN_PROFILE, &LIST_MFA_DEVICES],
        collect: |s| Box::pin(users(s)),
    },
    Collector { kind: &group::KIND, calls: &[&DETAILS], collect: |s| Box::pin(groups(s)) },
    Collector {
        kind: &managed_policy::KIND,
        calls: &[&DETAILS, &LIST_POLICY_TAGS],
        collect: |s| Box::pin(policies(s)),
    },
    Collector {
        kind: &policy_attachment::KIND,
        calls: &[&DETAILS],
        collect: |s| Box::pin(policy_attachments(s)),
    },
    Collector {
        kind: &group_membership::KIND,
        calls: &[&DETAILS],
        collect: |s| Box::pin(group_memberships(s)),
    },
    Collector {
        kind: &instance_profile::KIND,
        calls: &[&PROFILES, &PROFILE],
        collect: |s| Box::pin(instance_profiles(s)),
    },
    Collector {
        kind: &oidc_provider::KIND,
        calls: &[&OIDC_PROVIDERS, &OIDC_PROVIDER],
        collect: |s| Box::pin(oidc_providers(s)),
    },
    Collector { kind: &account::KIND, calls: &[&SUMMARY], collect: |s| Box::pin(account_facts(s)) },
];

/// Everything that the one call brings.
#[derive(Debug, Default)]
pub(crate) struct Details {
    pub(crate) roles: Vec<RoleDetail>,
    users: Vec<UserDetail>,
    groups: Vec<GroupDetail>,
    policies: Vec<ManagedPolicyDetail>,
    pub(crate) gap: Option<Gap>,
}

impl Details {
    fn harvest(&self, resources: Vec<Resource>) -> Harvest {
        Harvest { resources, gaps: self.gap.iter().cloned().collect() }
    }
}

/// One thing of a page of account authorization details.
enum Detail {
    Role(RoleDetail),
    User(UserDetail),
    Group(GroupDetail),
    Policy(ManagedPolicyDetail),
}

pub(crate) async fn details(s: &Session) -> Arc<Details> {
    let home = s.home();
    home.once("iam:GetAccountAuthorizationDetails", async {
        // AWS-managed policies are left out: their documents are the same in every account, and long.
        let kinds = [EntityType::Role, EntityType::User, EntityType::Group, EntityType::LocalManagedPolicy];
        let pages = home
            .pages(
                &DETAILS,
                |marker| {
                    home.iam()
                        .get_account_authorization_details()
                        .set_filter(Some(kinds.to_vec()))
                        .max_items(PAGE)
                        .set_marker(marker)
                        .send()
                },
                |out| {
                    let marker = out.marker.filter(|_| out.is_truncated);
                    let roles = out.role_detail_list.unwrap_or_default().into_iter().map(Detail::Role);
                    let users = out.user_detail_list.unwrap_or_default().into_iter().map(Detail::User);
                    let groups = out.group_detail_list.unwrap_or_default().into_iter().map(Detail::Group);
                    let policies = out.policies.unwrap_or_default().into_iter().map(Detail::Policy);
                    (roles.chain(users).chain(groups).chain(policies).collect(), marker)
                },
            )
            .await;
        let mut details = Details { gap: pages.gap, ..Details::default() };
        for item in pages.items {
            match item {
                Detail::Role(role) => details.roles.push(role),
                Detail::User(user) => details.users.push(user),
                Detail::Group(group) => details.groups.push(group),
                Detail::Policy(policy) => details.policies.push(policy),
            }
        }
        details
    })
    .await
}

fn new_resource(s: &Session, kind: &'static Kind, name: Option<&str>, arn: Option<&str>) -> Resource {
    let name = name.unwrap_or_default();
    let mut resource = Resource::new(s.global(), kind.name, name).with_name(name);
    resource.arn = arn.map(str::to_owned);
    resource
}

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    list.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

/// A policy document as IAM sends it: percent-encoded after RFC 3986.
fn document(text: Option<&str>) -> Option<String> {
    let text = text?;
    if text.trim_start().starts_with('{') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let encoded = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match encoded {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

fn inline(list: &[PolicyDetail]) -> Vec<InlinePolicy> {
    list.iter()
        .map(|policy| InlinePolicy {
            name: policy.policy_name.clone().unwrap_or_default(),
            policy: document(policy.policy_document.as_deref()).unwrap_or_default(),
        })
        .collect()
}

fn attached(list: &[AttachedPolicy]) -> Vec<String> {
    list.iter().filter_map(|policy| policy.policy_arn.clone()).collect()
}

async fn roles(s: &Session) -> Harvest {
    let details = details(s).await;
    let mut resources: Vec<Resource> = details.roles.iter().map(|detail| role_resource(s, detail)).collect();
    if s.wants(&role::KIND, &role::DESCRIPTION) || s.wants(&role::KIND, &role::MAX_SESSION_DURATION) {
        let listed = s
            .pages(
                &ROLES,
                |marker| s.iam().list_roles().max_items(PAGE).set_marker(marker).send(),
                |out| (out.roles, out.marker.filter(|_| out.is_truncated)),
            )
            .await;
        for resource in &mut resources {
            put_listed(resource, &listed);
        }
    }
    details.harvest(resources)
}

fn role_resource(s: &Session, detail: &RoleDetail) -> Resource {
    use role::*;
    let mut r = new_resource(s, &KIND, detail.role_name.as_deref(), detail.arn.as_deref());
    let last_used = detail.role_last_used.as_ref().and_then(|used| used.last_used_date.as_ref());
    let boundary = detail.permissions_boundary.as_ref();
    r.set_opt(&ARN, detail.arn.clone())
        .set_opt(&ASSUME_ROLE_POLICY, document(detail.assume_role_policy_document.as_deref()))
        .set_opt(&CREATE_DATE, detail.create_date.as_ref().and_then(stamp))
        .set(&INLINE_POLICY, inline(detail.role_policy_list()))
        .set_opt(&LAST_USED, last_used.and_then(stamp))
        .set(&MANAGED_POLICY_ARNS, attached(detail.attached_managed_policies()))
        .set_opt(&NAME, detail.role_name.clone())
        .set_opt(&PATH, detail.path.clone())
        .set_opt(&PERMISSIONS_BOUNDARY, boundary.and_then(|b| b.permissions_boundary_arn.clone()))
        .set_opt(&UNIQUE_ID, detail.role_id.clone());
    put_tags(&mut r, Ok(tags(detail.tags())));
    r
}

/// The authorization details leave out what `ListRoles` tells.
fn put_listed(resource: &mut Resource, listed: &Pages<Role>) {
    let found = listed.items.iter().find(|role| role.role_name == resource.id());
    let missing = listed.gap.clone().filter(|_| found.is_none());
    let (description, duration) = match missing {
        Some(gap) => (Err(gap.clone()), Err(gap)),
        None => (
            Ok(found.and_then(|role| role.description.clone())),
            Ok(found.and_then(|role| role.max_session_duration).map(i64::from)),
        ),
    };
    resource.put_opt(&role::DESCRIPTION, description).put_opt(&role::MAX_SESSION_DURATION, duration);
}

async fn users(s: &Session) -> Harvest {
    let details = details(s).await;
    let resources = s.each(details.users.clone(), |detail| user_resource(s, detail)).await;
    details.harvest(resources)
}

async fn user_resource(s: &Session, detail: UserDetail) -> Resource {
    use user::*;
    let name = detail.user_name.clone().unwrap_or_default();
    let mut r = new_resource(s, &KIND, Some(&name), detail.arn.as_deref());
    let boundary = detail.permissions_boundary.as_ref();
    r.set_opt(&ARN, detail.arn.clone())
        .set_opt(&CREATE_DATE, detail.create_date.as_ref().and_then(stamp))
        .set(&GROUPS, detail.group_list().to_vec())
        .set(&INLINE_POLICY, inline(detail.user_policy_list()))
        .set(&MANAGED_POLICY_ARNS, attached(detail.attached_managed_policies()))
        .set(&NAME, name.clone())
        .set_opt(&PATH, detail.path.clone())
        .set_opt(&PERMISSIONS_BOUNDARY, boundary.and_then(|b| b.permissions_boundary_arn.clone()))
        .set_opt(&UNIQUE_ID, detail.user_id.clone());
    put_tags(&mut r, Ok(tags(detail.tags())));
    if !s.wants(&KIND, &CONSOLE_ACCESS) && !s.wants(&KIND, &MFA_DEVICES) {
        return r;
    }
    let console = s
        .call_or_none(&LOGIN_PROFILE, NONE, || s.iam().get_login_profile().user_name(&name).send())
        .await
        .map(|profile| profile.is_some());
    let needs_devices = s.wants(&KIND, &MFA_DEVICES);
    match &console {
        Ok(true) if needs_devices => {
            let devices = s
                .pages(
                    &LIST_MFA_DEVICES,
                    |marker| s.iam().list_mfa_devices().user_name(&name).set_marker(marker).send(),
                    |out| (out.mfa_devices, out.marker.filter(|_| out.is_truncated)),
                )
                .await
                .complete();
            r.put(
                &MFA_DEVICES,
                devices.map(|all| all.into_iter().map(|device| device.serial_number).collect()),
            );
        }
        Err(gap) if needs_devices => {
            r.put(&MFA_DEVICES, Err(gap.clone()));
        }
        _ => {}
    }
    r.put(&CONSOLE_ACCESS, console);
    r
}

async fn groups(s: &Session) -> Harvest {
    let details = details(s).await;
    let resources = details.groups.iter().map(|detail| group_resource(s, &details, detail)).collect();
    details.harvest(resources)
}

fn members(details: &Details, group: &str) -> Vec<String> {
    let is_member = |user: &&UserDetail| user.group_list().iter().any(|name| name == group);
    details.users.iter().filter(is_member).filter_map(|user| user.user_name.clone()).collect()
}

fn group_resource(s: &Session, details: &Details, detail: &GroupDetail) -> Resource {
    use group::*;
    let name = detail.group_name.clone().unwrap_or_default();
    let mut r = new_resource(s, &KIND, Some(&name), detail.arn.as_deref());
    // Users may still be missing when the listing broke off.
    let users = match &details.gap {
        Some(gap) => Err(gap.clone()),
        None => Ok(members(details, &name)),
    };
    r.set_opt(&ARN, detail.arn.clone())
        .set(&INLINE_POLICY, inline(detail.group_policy_list()))
        .set(&MANAGED_POLICY_ARNS, attached(detail.attached_managed_policies()))
        .set(&NAME, name)
        .set_opt(&PATH, detail.path.clone())
        .set_opt(&UNIQUE_ID, detail.group_id.clone())
        .put(&USERS, users);
    r
}

async fn group_memberships(s: &Session) -> Harvest {
    use group_membership::*;
    let details = details(s).await;
    let resources = details
        .groups
        .iter()
        .filter_map(|detail| detail.group_name.clone())
        .map(|name| (members(&details, &name), name))
        .filter(|(users, _)| !users.is_empty())
        .map(|(users, name)| {
            let mut r = new_resource(s, &KIND, Some(&name), None);
            r.set(&GROUP, name).put(&USERS, whole(&details, users));
            r
        })
        .collect();
    details.harvest(resources)
}

/// The value, or the gap of a listing that broke off: a part of a list is not the list.
fn whole<T>(details: &Details, value: T) -> Result<T, Gap> {
    details.gap.clone().map_or(Ok(value), Err)
}

async fn policies(s: &Session) -> Harvest {
    let details = details(s).await;
    let resources = s.each(details.policies.clone(), |detail| policy_resource(s, detail)).await;
    details.harvest(resources)
}

async fn policy_resource(s: &Session, detail: ManagedPolicyDetail) -> Resource {
    use managed_policy::*;
    let arn = detail.arn.clone().unwrap_or_default();
    // Some emulators leave the name out here; it is the last segment of the ARN.
    let name = detail.policy_name.clone().unwrap_or_else(|| last_segment(&arn).to_owned());
    let mut r =
        Resource::new(s.global(), KIND.name, arn.clone()).with_arn(arn.clone()).with_name(name.clone());
    let current = detail.policy_version_list().iter().find(|version| version.is_default_version);
    r.set(&ARN, arn.clone())
        .set_opt(&ATTACHMENT_COUNT, detail.attachment_count.map(i64::from))
        .set_opt(&DESCRIPTION, detail.description.clone())
        .set_opt(&DOCUMENT, current.and_then(|version| document(version.document.as_deref())))
        .set(&NAME, name)
        .set_opt(&PATH, detail.path.clone())
        .set_opt(&POLICY_ID, detail.policy_id.clone());
    if wants_tags(s, &KIND) {
        let read = s
            .pages(
                &LIST_POLICY_TAGS,
                |marker| s.iam().list_policy_tags().policy_arn(&arn).set_marker(marker).send(),
                |out| (out.tags, out.marker.filter(|_| out.is_truncated)),
            )
            .await;
        put_tags(&mut r, read.complete().map(|list| tags(&list)));
    }
    r
}

/// Who has one policy.
#[derive(Debug, Default)]
struct Holders {
    roles: BTreeSet<String>,
    users: BTreeSet<String>,
    groups: BTreeSet<String>,
}

fn holders(details: &Details) -> BTreeMap<String, Holders> {
    let mut all: BTreeMap<String, Holders> = BTreeMap::new();
    for role in &details.roles {
        for arn in attached(role.attached_managed_policies()) {
            all.entry(arn).or_default().roles.extend(role.role_name.clone());
        }
    }
    for user in &details.users {
        for arn in attached(user.attached_managed_policies()) {
            all.entry(arn).or_default().users.extend(user.user_name.clone());
        }
    }
    for group in &details.groups {
        for arn in attached(group.attached_managed_policies()) {
            all.entry(arn).or_default().groups.extend(group.group_name.clone());
        }
    }
    all
}

async fn policy_attachments(s: &Session) -> Harvest {
    use policy_attachment::*;
    let details = details(s).await;
    let list = |names: BTreeSet<String>| whole(&details, names.into_iter().collect::<Vec<_>>());
    let resources = holders(&details)
        .into_iter()
        .map(|(arn, holders)| {
            let mut r = Resource::new(s.global(), KIND.name, arn.clone());
            r.set(&POLICY_ARN, arn)
                .put(&ROLES, list(holders.roles))
                .put(&USERS, list(holders.users))
                .put(&GROUPS, list(holders.groups));
            r
        })
        .collect();
    details.harvest(resources)
}

async fn instance_profiles(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &PROFILES,
            |marker| s.iam().list_instance_profiles().max_items(PAGE).set_marker(marker).send(),
            |out| (out.instance_profiles, out.marker.filter(|_| out.is_truncated)),
        )
        .await;
    let resources = s.each(pages.items, |profile| profile_resource(s, profile)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn profile_resource(s: &Session, profile: InstanceProfile) -> Resource {
    use instance_profile::*;
    let name = profile.instance_profile_name;
    let mut r = new_resource(s, &KIND, Some(&name), Some(&profile.arn));
    r.set(&ARN, profile.arn)
        .set_opt(&CREATE_DATE, stamp(&profile.create_date))
        .set(&NAME, name.clone())
        .set(&PATH, profile.path)
        .set_opt(&ROLE, profile.roles.first().map(|role| role.role_name.clone()))
        .set(&UNIQUE_ID, profile.instance_profile_id);
    if wants_tags(s, &KIND) {
        let read = s
            .call(&PROFILE, || s.iam().get_instance_profile().instance_profile_name(&name).send())
            .await
            .map(|out| tags(out.instance_profile.as_ref().map(InstanceProfile::tags).unwrap_or_default()));
        put_tags(&mut r, read);
    }
    r
}

async fn oidc_providers(s: &Session) -> Harvest {
    let read = s.call(&OIDC_PROVIDERS, || s.iam().list_open_id_connect_providers().send()).await;
    let list = match read {
        Ok(out) => out.open_id_connect_provider_list.unwrap_or_default(),
        Err(gap) => return Harvest::failed(gap),
    };
    let arns: Vec<String> = list.into_iter().filter_map(|entry| entry.arn).collect();
    let resources = s.each(arns, |arn| oidc_resource(s, arn)).await;
    Harvest { resources, gaps: Vec::new() }
}

async fn oidc_resource(s: &Session, arn: String) -> Resource {
    use oidc_provider::*;
    let issuer = arn.split_once("oidc-provider/").map(|(_, issuer)| issuer.to_owned());
    let mut r = Resource::new(s.global(), KIND.name, arn.clone())
        .with_arn(arn.clone())
        .with_name(issuer.clone().unwrap_or_default());
    r.set(&ARN, arn.clone()).set_opt(&URL, issuer);
    let wanted = s.wants(&KIND, &CLIENT_ID_LIST) || s.wants(&KIND, &THUMBPRINT_LIST) || wants_tags(s, &KIND);
    if !wanted {
        return r;
    }
    let read = s
        .call(&OIDC_PROVIDER, || {
            s.iam().get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send()
        })
        .await;
    r.put(&CLIENT_ID_LIST, read.as_ref().map(|out| out.client_id_list().to_vec()).map_err(Gap::clone))
        .put(&THUMBPRINT_LIST, read.as_ref().map(|out| out.thumbprint_list().to_vec()).map_err(Gap::clone));
    put_tags(&mut r, read.as_ref().map(|out| tags(out.tags())).map_err(Gap::clone));
    r
}

async fn account_facts(s: &Session) -> Harvest {
    use account::*;
    let summary = match s.call(&SUMMARY, || s.iam().get_account_summary().send()).await {
        Ok(out) => out.summary_map.unwrap_or_default(),
        Err(gap) => return Harvest::failed(gap),
    };
    let number = |key: SummaryKeyType| summary.get(&key).map(|value| i64::from(*value));
    let mut r = Resource::new(s.global(), KIND.name, s.account());
    r.set_opt(&ROOT_ACCESS_KEYS, number(SummaryKeyType::AccountAccessKeysPresent))
        .set_opt(&ROOT_MFA, number(SummaryKeyType::AccountMfaEnabled).map(|value| value != 0))
        .set_opt(&ROOT_PASSWORD, number(SummaryKeyType::AccountPasswordPresent).map(|value| value != 0))
        .set_opt(&ROOT_SIGNING_CERTIFICATES, number(SummaryKeyType::AccountSigningCertificatesPresent));
    Harvest { resources: vec![r], gaps: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_percent_decoded_once() {
        let encoded = "%7B%22Action%22%3A%22s3%3AGet%2A%22%2C%22Resource%22%3A%22a%2Bb%20%25c%C3%A9%22%7D";
        assert_eq!(
            document(Some(encoded)).as_deref(),
            Some("{\"Action\":\"s3:Get*\",\"Resource\":\"a+b %cé\"}")
        );
        assert_eq!(document(Some("{\"a\":\"%41\"}")).as_deref(), Some("{\"a\":\"%41\"}"));
        assert_eq!(document(None), None);
    }

    #[test]
    fn holders_of_a_policy_are_found_in_all_three_lists() {
        let policy = AttachedPolicy::builder().policy_arn("arn:p").build();
        let details = Details {
            roles: vec![
                RoleDetail::builder().role_name("r").attached_managed_policies(policy.clone()).build(),
                RoleDetail::builder().role_name("other").build(),
            ],
            users: vec![
                UserDetail::builder()
                    .user_name("u")
                    .group_list("g")
                    .attached_managed_policies(policy.clone())
                    .build(),
            ],
            groups: vec![GroupDetail::builder().group_name("g").attached_managed_policies(policy).build()],
            ..Details::default()
        };
        let all = holders(&details);
        assert_eq!(all.len(), 1);
        let found = &all["arn:p"];
        assert_eq!(found.roles, BTreeSet::from(["r".to_owned()]));
        assert_eq!(found.users, BTreeSet::from(["u".to_owned()]));
        assert_eq!(found.groups, BTreeSet::from(["g".to_owned()]));
        assert_eq!(members(&details, "g"), ["u"]);
    }

    #[test]
    fn a_role_that_a_broken_listing_did_not_reach_keeps_the_gap() {
        let gap = Gap::new("iam:ListRoles", stateward_model::Cause::Throttled, "");
        let listed = Pages { items: Vec::new(), gap: Some(gap) };
        let mut resource = Resource::new(stateward_model::Place::new("1", "global"), role::KIND.name, "r");
        put_listed(&mut resource, &listed);
        assert!(resource.get(&role::DESCRIPTION).is_err());
        let listed = Pages { items: Vec::new(), gap: None };
        put_listed(&mut resource, &listed);
        assert_eq!(resource.get(&role::DESCRIPTION), Ok(None));
    }
}
