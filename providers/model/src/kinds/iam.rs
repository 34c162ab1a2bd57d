//! AWS IAM: roles, users, groups, policies and their attachments, and the account's own facts.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attr::{Absent, Attr, Equality, Equality::*, Nested};
use crate::kind::{Claim, Exclusion, Form, Kind, Satellite, Scope, by_id};
use crate::policy;
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// A policy that is written into a role, user or group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InlinePolicy {
    /// Its name.
    pub name: String,
    /// The document, JSON.
    pub policy: String,
}

const INLINE: &[Nested] = &[Nested::new("policy", Policy)];

fn text(resource: &Resource, path: &str) -> Option<String> {
    resource.raw(path).ok()?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The canonical atom of an inline policy: its name is its identity, its document by meaning is its value.
fn inline_atom(name: &str, document: &str) -> Value {
    let document = policy::canonical(document).unwrap_or_else(|| Value::String(document.to_owned()));
    json!({ "key": name, "policy": document })
}

/// The atoms of a list of inline policies. Provider 3 writes one with an empty name where there is none.
fn inline_atoms(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
    let blocks = value.as_array().map(Vec::as_slice).unwrap_or_default();
    blocks
        .iter()
        .filter_map(|block| {
            let name = block.get("name")?.as_str().filter(|name| !name.is_empty())?;
            Some(inline_atom(name, block.get("policy")?.as_str()?))
        })
        .collect()
}

fn text_atoms(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn inline_claim(part: &Resource) -> Vec<(&'static str, Value)> {
    let (Some(name), Some(document)) = (text(part, "name"), text(part, "policy")) else { return Vec::new() };
    vec![("inline_policy", inline_atom(&name, &document))]
}

fn attachment_claim(part: &Resource) -> Vec<(&'static str, Value)> {
    text(part, "policy_arn").map(|arn| ("managed_policy_arns", Value::String(arn))).into_iter().collect()
}

const fn inline_part(kind: &'static str, owner_id: fn(&Resource) -> Option<String>) -> Satellite {
    Satellite {
        kind,
        owner_id,
        form: Form::Atoms { attributes: &["inline_policy"], claims: inline_claim, atoms: inline_atoms },
    }
}

const fn attachment_part(kind: &'static str, owner_id: fn(&Resource) -> Option<String>) -> Satellite {
    Satellite {
        kind,
        owner_id,
        form: Form::Atoms {
            attributes: &["managed_policy_arns"],
            claims: attachment_claim,
            atoms: text_atoms,
        },
    }
}

/// A resource that lists all policies of one sort that a role, user or group has.
const fn whole_part(
    kind: &'static str,
    owner_id: fn(&Resource) -> Option<String>,
    attribute: &'static str,
) -> Satellite {
    let form = match attribute.as_bytes() {
        b"inline_policy" => Form::Whole { attribute, listed: "policy_names", members: names },
        _ => Form::Whole { attribute, listed: "policy_arns", members: |value| text_list(value) },
    };
    Satellite { kind, owner_id, form }
}

fn names(value: &Value) -> Vec<Value> {
    let name = |block: &Value| {
        block.get("name").filter(|name| name.as_str().is_some_and(|name| !name.is_empty())).cloned()
    };
    value.as_array().into_iter().flatten().filter_map(name).collect()
}

fn text_list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// N18: paths in which AWS keeps roles of its own.
fn aws_path(resource: &Resource) -> Option<Exclusion> {
    let path = text(resource, "path")?;
    if path.starts_with("/aws-service-role/") {
        return Some(Exclusion { rule: "N18", reason: "a service-linked role" });
    }
    path.starts_with("/aws-reserved/")
        .then_some(Exclusion { rule: "N18", reason: "a role that IAM Identity Center made" })
}

/// `aws_iam_role`.
pub mod role {
    use super::*;

    /// The trust policy.
    pub const ASSUME_ROLE_POLICY: Attr<String> = Attr::new("assume_role_policy", Policy);
    /// When it was made, RFC 3339.
    pub const CREATE_DATE: Attr<String> = Attr::new("create_date", Never("computed"));
    /// The description.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact).by(&["iam:ListRoles"]);
    /// Policies that are written into it.
    pub const INLINE_POLICY: Attr<Vec<InlinePolicy>> = Attr::new("inline_policy", Set).nested(INLINE);
    /// When it was last used, RFC 3339; none when it never was.
    pub const LAST_USED: Attr<String> = Attr::live("role_last_used");
    /// ARNs of attached policies.
    pub const MANAGED_POLICY_ARNS: Attr<Vec<String>> = Attr::new("managed_policy_arns", Set);
    /// Seconds.
    pub const MAX_SESSION_DURATION: Attr<i64> =
        Attr::new("max_session_duration", Exact).absent(Absent::Default("3600")).by(&["iam:ListRoles"]);
    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The path.
    pub const PATH: Attr<String> = Attr::new("path", Exact).absent(Absent::Default("\"/\""));
    /// The ARN of the policy that bounds it.
    pub const PERMISSIONS_BOUNDARY: Attr<String> = Attr::new("permissions_boundary", Exact);
    /// `AROA…`: never used again after a delete.
    pub const UNIQUE_ID: Attr<String> = Attr::new("unique_id", Never("computed"));

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_iam_role",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:GetAccountAuthorizationDetails"],
        attributes: &[
            ARN.any(),
            ASSUME_ROLE_POLICY.any(),
            CREATE_DATE.any(),
            DESCRIPTION.any(),
            INLINE_POLICY.any(),
            LAST_USED.any(),
            MANAGED_POLICY_ARNS.any(),
            MAX_SESSION_DURATION.any(),
            NAME.any(),
            PATH.any(),
            PERMISSIONS_BOUNDARY.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            UNIQUE_ID.any(),
        ],
        satellites: &[
            inline_part("aws_iam_role_policy", |part| text(part, "role")),
            attachment_part("aws_iam_role_policy_attachment", |part| text(part, "role")),
            whole_part("aws_iam_role_policies_exclusive", |part| text(part, "role_name"), "inline_policy"),
            whole_part(
                "aws_iam_role_policy_attachments_exclusive",
                |part| text(part, "role_name"),
                "managed_policy_arns",
            ),
        ],
        exclusion: aws_path,
        ..Kind::BASE
    };
}

/// `aws_iam_user`.
pub mod user {
    use super::*;

    pub use super::role::{NAME, PATH, PERMISSIONS_BOUNDARY, UNIQUE_ID};

    /// Whether it has a password for the console.
    pub const CONSOLE_ACCESS: Attr<bool> = Attr::live("console_access").by(&["iam:GetLoginProfile"]);
    /// When it was made, RFC 3339.
    pub const CREATE_DATE: Attr<String> = Attr::live("create_date");
    /// Names of its groups.
    pub const GROUPS: Attr<Vec<String>> = Attr::live("groups");
    /// Policies that are written into it.
    pub const INLINE_POLICY: Attr<Vec<InlinePolicy>> = Attr::live("inline_policy");
    /// ARNs of attached policies.
    pub const MANAGED_POLICY_ARNS: Attr<Vec<String>> = Attr::live("managed_policy_arns");
    /// Serial numbers of its MFA devices of every sort; read for users with console access.
    pub const MFA_DEVICES: Attr<Vec<String>> =
        Attr::live("mfa_devices").by(&["iam:GetLoginProfile", "iam:ListMFADevices"]);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_iam_user",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:GetAccountAuthorizationDetails"],
        attributes: &[
            ARN.any(),
            CONSOLE_ACCESS.any(),
            CREATE_DATE.any(),
            GROUPS.any(),
            INLINE_POLICY.any(),
            MANAGED_POLICY_ARNS.any(),
            MFA_DEVICES.any(),
            NAME.any(),
            PATH.any(),
            PERMISSIONS_BOUNDARY.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            UNIQUE_ID.any(),
        ],
        satellites: &[
            inline_part("aws_iam_user_policy", |part| text(part, "user")),
            attachment_part("aws_iam_user_policy_attachment", |part| text(part, "user")),
            whole_part("aws_iam_user_policies_exclusive", |part| text(part, "user_name"), "inline_policy"),
            whole_part(
                "aws_iam_user_policy_attachments_exclusive",
                |part| text(part, "user_name"),
                "managed_policy_arns",
            ),
            Satellite {
                kind: "aws_iam_user_group_membership",
                owner_id: |part| text(part, "user"),
                form: Form::Atoms {
                    attributes: &["groups"],
                    claims: |part| {
                        let groups = part.raw("groups").ok().and_then(Value::as_array).cloned();
                        groups.unwrap_or_default().into_iter().map(|group| ("groups", group)).collect()
                    },
                    atoms: text_atoms,
                },
            },
        ],
        ..Kind::BASE
    };
}

/// `aws_iam_group`.
pub mod group {
    use super::*;

    pub use super::role::{NAME, PATH, UNIQUE_ID};
    pub use super::user::{INLINE_POLICY, MANAGED_POLICY_ARNS};

    /// Names of its users.
    pub const USERS: Attr<Vec<String>> = Attr::live("users");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_iam_group",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:GetAccountAuthorizationDetails"],
        attributes: &[
            ARN.any(),
            INLINE_POLICY.any(),
            MANAGED_POLICY_ARNS.any(),
            NAME.any(),
            PATH.any(),
            UNIQUE_ID.any(),
            USERS.any(),
        ],
        satellites: &[
            inline_part("aws_iam_group_policy", |part| text(part, "group")),
            attachment_part("aws_iam_group_policy_attachment", |part| text(part, "group")),
            whole_part("aws_iam_group_policies_exclusive", |part| text(part, "group_name"), "inline_policy"),
            whole_part(
                "aws_iam_group_policy_attachments_exclusive",
                |part| text(part, "group_name"),
                "managed_policy_arns",
            ),
        ],
        ..Kind::BASE
    };
}

/// `aws_iam_policy`: the customer's own managed policies.
pub mod managed_policy {
    use super::*;

    pub use super::role::{NAME, PATH};

    /// How many principals it is attached to.
    pub const ATTACHMENT_COUNT: Attr<i64> = Attr::new("attachment_count", Never("computed"));
    /// The description.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Never("cannot change"));
    /// The document of the default version.
    pub const DOCUMENT: Attr<String> = Attr::new("policy", Equality::Policy);
    /// `ANPA…`.
    pub const POLICY_ID: Attr<String> = Attr::new("policy_id", Never("computed"));
    /// The tags of the resource itself.
    pub const POLICY_TAGS: Attr<std::collections::BTreeMap<String, String>> =
        TAGS.by(&["iam:ListPolicyTags"]);
    /// The tags.
    pub const POLICY_TAGS_ALL: Attr<std::collections::BTreeMap<String, String>> =
        TAGS_ALL.by(&["iam:ListPolicyTags"]);

    /// The kind; its id is its ARN.
    pub static KIND: Kind = Kind {
        name: "aws_iam_policy",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:GetAccountAuthorizationDetails"],
        attributes: &[
            ARN.any(),
            ATTACHMENT_COUNT.any(),
            DESCRIPTION.any(),
            DOCUMENT.any(),
            NAME.any(),
            PATH.any(),
            POLICY_ID.any(),
            POLICY_TAGS.any(),
            POLICY_TAGS_ALL.any(),
        ],
        identity: |resource| text(resource, "arn").or_else(|| by_id(resource)),
        ..Kind::BASE
    };
}

/// `aws_iam_policy_attachment`: claims every attachment of one policy for itself (N12).
pub mod policy_attachment {
    use super::*;

    /// Groups that have it.
    pub const GROUPS: Attr<Vec<String>> = Attr::new("groups", Set);
    /// The policy's ARN: the identity.
    pub const POLICY_ARN: Attr<String> = Attr::new("policy_arn", Exact);
    /// Roles that have it.
    pub const ROLES: Attr<Vec<String>> = Attr::new("roles", Set);
    /// Users that have it.
    pub const USERS: Attr<Vec<String>> = Attr::new("users", Set);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_iam_policy_attachment",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:GetAccountAuthorizationDetails"],
        attributes: &[GROUPS.any(), POLICY_ARN.any(), ROLES.any(), USERS.any()],
        identity: |resource| text(resource, "policy_arn"),
        exclusion: |_| Some(Exclusion { rule: "N12", reason: "attachments count at the principal" }),
        claims,
        ..Kind::BASE
    };

    /// The attachments that it lists, each at its principal.
    fn claims(resource: &Resource) -> Vec<Claim> {
        let Some(arn) = text(resource, "policy_arn") else { return Vec::new() };
        let principals = [("roles", "aws_iam_role"), ("users", "aws_iam_user"), ("groups", "aws_iam_group")];
        let of = |(list, owner): (&str, &'static str)| {
            let listed = resource.raw(list).ok().and_then(Value::as_array).cloned().unwrap_or_default();
            let arn = arn.clone();
            listed.into_iter().filter_map(move |id| {
                let (id, atom) = (id.as_str()?.to_owned(), Value::String(arn.clone()));
                Some(Claim { owner, id, attribute: "managed_policy_arns", atom })
            })
        };
        principals.into_iter().flat_map(of).collect()
    }
}

/// `aws_iam_group_membership`: claims every member of one group for itself (N12).
pub mod group_membership {
    use super::*;

    /// The group: the identity.
    pub const GROUP: Attr<String> = Attr::new("group", Exact);
    /// Its users.
    pub const USERS: Attr<Vec<String>> = Attr::new("users", Set);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_iam_group_membership",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:GetAccountAuthorizationDetails"],
        attributes: &[GROUP.any(), USERS.any()],
        identity: |resource| text(resource, "group"),
        exclusion: |_| Some(Exclusion { rule: "N12", reason: "members count at the group" }),
        ..Kind::BASE
    };
}

/// `aws_iam_instance_profile`.
pub mod instance_profile {
    use super::*;

    pub use super::role::{CREATE_DATE, NAME, PATH, UNIQUE_ID};

    /// The role in it.
    pub const ROLE: Attr<String> = Attr::new("role", Exact);
    /// The tags of the resource itself.
    pub const PROFILE_TAGS: Attr<std::collections::BTreeMap<String, String>> =
        TAGS.by(&["iam:GetInstanceProfile"]);
    /// The tags.
    pub const PROFILE_TAGS_ALL: Attr<std::collections::BTreeMap<String, String>> =
        TAGS_ALL.by(&["iam:GetInstanceProfile"]);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_iam_instance_profile",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:ListInstanceProfiles"],
        attributes: &[
            ARN.any(),
            CREATE_DATE.any(),
            NAME.any(),
            PATH.any(),
            ROLE.any(),
            PROFILE_TAGS.any(),
            PROFILE_TAGS_ALL.any(),
            UNIQUE_ID.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_iam_openid_connect_provider`.
pub mod oidc_provider {
    use super::*;

    /// Audiences.
    pub const CLIENT_ID_LIST: Attr<Vec<String>> =
        Attr::new("client_id_list", Set).by(&["iam:GetOpenIDConnectProvider"]);
    /// Thumbprints of certificate authorities.
    pub const THUMBPRINT_LIST: Attr<Vec<String>> =
        Attr::new("thumbprint_list", Set).by(&["iam:GetOpenIDConnectProvider"]);
    /// The issuer, without scheme.
    pub const URL: Attr<String> = Attr::new("url", Never("part of the ARN; cannot change"));
    /// The tags of the resource itself.
    pub const PROVIDER_TAGS: Attr<std::collections::BTreeMap<String, String>> =
        TAGS.by(&["iam:GetOpenIDConnectProvider"]);
    /// The tags.
    pub const PROVIDER_TAGS_ALL: Attr<std::collections::BTreeMap<String, String>> =
        TAGS_ALL.by(&["iam:GetOpenIDConnectProvider"]);

    /// The kind; its id is its ARN.
    pub static KIND: Kind = Kind {
        name: "aws_iam_openid_connect_provider",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:ListOpenIDConnectProviders"],
        attributes: &[
            ARN.any(),
            CLIENT_ID_LIST.any(),
            THUMBPRINT_LIST.any(),
            URL.any(),
            PROVIDER_TAGS.any(),
            PROVIDER_TAGS_ALL.any(),
        ],
        ..Kind::BASE
    };
}

/// The account itself; live only, its id is the account's.
pub mod account {
    use super::*;

    /// How many access keys root has.
    pub const ROOT_ACCESS_KEYS: Attr<i64> = Attr::live("account_access_keys_present");
    /// Whether root has MFA.
    pub const ROOT_MFA: Attr<bool> = Attr::live("account_mfa_enabled");
    /// Whether root has a password; none where the service does not say.
    pub const ROOT_PASSWORD: Attr<bool> = Attr::live("account_password_present");
    /// How many signing certificates root has.
    pub const ROOT_SIGNING_CERTIFICATES: Attr<i64> = Attr::live("account_signing_certificates_present");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_account",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:GetAccountSummary"],
        attributes: &[
            ROOT_ACCESS_KEYS.any(),
            ROOT_MFA.any(),
            ROOT_PASSWORD.any(),
            ROOT_SIGNING_CERTIFICATES.any(),
        ],
        exclusion: |_| Some(Exclusion { rule: "N18", reason: "the account itself" }),
        manageable: false,
        ..Kind::BASE
    };
}

/// The types whose resources are parts of a role, user or group. Nothing lists them.
pub mod parts {
    use super::*;

    /// The role that it is a part of.
    pub const ROLE: Attr<String> = Attr::new("role", Never("names the owner"));
    /// The user that it is a part of.
    pub const USER: Attr<String> = Attr::new("user", Never("names the owner"));
    /// The group that it is a part of.
    pub const GROUP: Attr<String> = Attr::new("group", Never("names the owner"));
    /// Groups that a user is put into.
    pub const GROUPS: Attr<Vec<String>> = Attr::new("groups", Set);
    /// The name of an inline policy.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The document of an inline policy.
    pub const DOCUMENT: Attr<String> = Attr::new("policy", Equality::Policy);
    /// The ARN of an attached policy.
    pub const POLICY_ARN: Attr<String> = Attr::new("policy_arn", Exact);

    const PART: Kind = Kind { service: "iam", scope: Scope::Global, ..Kind::BASE };

    /// The role whose policies it lists.
    pub const ROLE_NAME: Attr<String> = Attr::new("role_name", Never("names the owner"));
    /// The user whose policies it lists.
    pub const USER_NAME: Attr<String> = Attr::new("user_name", Never("names the owner"));
    /// The group whose policies it lists.
    pub const GROUP_NAME: Attr<String> = Attr::new("group_name", Never("names the owner"));
    /// The names of all inline policies.
    pub const POLICY_NAMES: Attr<Vec<String>> = Attr::new("policy_names", Set);
    /// The ARNs of all attached policies.
    pub const POLICY_ARNS: Attr<Vec<String>> = Attr::new("policy_arns", Set);

    /// `aws_iam_role_policies_exclusive`.
    pub static ROLE_POLICIES: Kind = Kind {
        name: "aws_iam_role_policies_exclusive",
        attributes: &[ROLE_NAME.any(), POLICY_NAMES.any()],
        ..PART
    };
    /// `aws_iam_role_policy_attachments_exclusive`.
    pub static ROLE_ATTACHMENTS: Kind = Kind {
        name: "aws_iam_role_policy_attachments_exclusive",
        attributes: &[ROLE_NAME.any(), POLICY_ARNS.any()],
        ..PART
    };
    /// `aws_iam_user_policies_exclusive`.
    pub static USER_POLICIES: Kind = Kind {
        name: "aws_iam_user_policies_exclusive",
        attributes: &[USER_NAME.any(), POLICY_NAMES.any()],
        ..PART
    };
    /// `aws_iam_user_policy_attachments_exclusive`.
    pub static USER_ATTACHMENTS: Kind = Kind {
        name: "aws_iam_user_policy_attachments_exclusive",
        attributes: &[USER_NAME.any(), POLICY_ARNS.any()],
        ..PART
    };
    /// `aws_iam_group_policies_exclusive`.
    pub static GROUP_POLICIES: Kind = Kind {
        name: "aws_iam_group_policies_exclusive",
        attributes: &[GROUP_NAME.any(), POLICY_NAMES.any()],
        ..PART
    };
    /// `aws_iam_group_policy_attachments_exclusive`.
    pub static GROUP_ATTACHMENTS: Kind = Kind {
        name: "aws_iam_group_policy_attachments_exclusive",
        attributes: &[GROUP_NAME.any(), POLICY_ARNS.any()],
        ..PART
    };

    /// `aws_iam_role_policy`.
    pub static ROLE_POLICY: Kind =
        Kind { name: "aws_iam_role_policy", attributes: &[ROLE.any(), NAME.any(), DOCUMENT.any()], ..PART };
    /// `aws_iam_role_policy_attachment`.
    pub static ROLE_ATTACHMENT: Kind =
        Kind { name: "aws_iam_role_policy_attachment", attributes: &[ROLE.any(), POLICY_ARN.any()], ..PART };
    /// `aws_iam_user_policy`.
    pub static USER_POLICY: Kind =
        Kind { name: "aws_iam_user_policy", attributes: &[USER.any(), NAME.any(), DOCUMENT.any()], ..PART };
    /// `aws_iam_user_policy_attachment`.
    pub static USER_ATTACHMENT: Kind =
        Kind { name: "aws_iam_user_policy_attachment", attributes: &[USER.any(), POLICY_ARN.any()], ..PART };
    /// `aws_iam_user_group_membership`.
    pub static USER_GROUPS: Kind =
        Kind { name: "aws_iam_user_group_membership", attributes: &[USER.any(), GROUPS.any()], ..PART };
    /// `aws_iam_group_policy`.
    pub static GROUP_POLICY: Kind =
        Kind { name: "aws_iam_group_policy", attributes: &[GROUP.any(), NAME.any(), DOCUMENT.any()], ..PART };
    /// `aws_iam_group_policy_attachment`.
    pub static GROUP_ATTACHMENT: Kind = Kind {
        name: "aws_iam_group_policy_attachment",
        attributes: &[GROUP.any(), POLICY_ARN.any()],
        ..PART
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &role::KIND,
    &user::KIND,
    &group::KIND,
    &managed_policy::KIND,
    &policy_attachment::KIND,
    &group_membership::KIND,
    &instance_profile::KIND,
    &oidc_provider::KIND,
    &account::KIND,
    &parts::ROLE_POLICY,
    &parts::ROLE_ATTACHMENT,
    &parts::USER_POLICY,
    &parts::USER_ATTACHMENT,
    &parts::USER_GROUPS,
    &parts::GROUP_POLICY,
    &parts::GROUP_ATTACHMENT,
    &parts::ROLE_POLICIES,
    &parts::ROLE_ATTACHMENTS,
    &parts::USER_POLICIES,
    &parts::USER_ATTACHMENTS,
    &parts::GROUP_POLICIES,
    &parts::GROUP_ATTACHMENTS,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::{GLOBAL, Place};

    fn part(kind: &'static str) -> Resource {
        Resource::new(Place::new("1", GLOBAL), kind, "x")
    }

    #[test]
    fn an_inline_policy_claims_exactly_its_live_atom() {
        let mut declared = part("aws_iam_role_policy");
        declared.set(&parts::ROLE, "r".to_owned()).set(&parts::NAME, "n".to_owned()).set(
            &parts::DOCUMENT,
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["S3:Get*"],"Resource":["*"]}}"#
                .to_owned(),
        );
        let live = json!([{
            "name": "n",
            "policy": r#"{"Statement":[{"Resource":"*","Action":"s3:Get*","Effect":"Allow"}],"Version":"2012-10-17"}"#
        }]);
        let atoms = inline_atoms(&part("aws_iam_role"), "inline_policy", &live);
        assert_eq!(inline_claim(&declared), vec![("inline_policy", atoms[0].clone())]);
        let other = json!([{"name": "n", "policy": r#"{"Statement":[]}"#}]);
        assert_ne!(inline_atoms(&part("aws_iam_role"), "inline_policy", &other), atoms);
    }

    #[test]
    fn the_empty_block_of_provider_3_is_no_inline_policy() {
        let none = json!([{"name": "", "policy": ""}]);
        assert_eq!(inline_atoms(&part("aws_iam_role"), "inline_policy", &none), Vec::<Value>::new());
        assert_eq!(compare(&role::INLINE_POLICY.any(), &none, &json!([])), Comparison::Suppressed("N4"));
    }

    #[test]
    fn roles_of_aws_are_excluded_by_their_path() {
        let mut role = part("aws_iam_role");
        role.set(&role::PATH, "/".to_owned());
        assert!((role::KIND.exclusion)(&role).is_none());
        role.set(&role::PATH, "/aws-service-role/rds.amazonaws.com/".to_owned());
        assert!((role::KIND.exclusion)(&role).is_some());
    }
}
