//! AWS IAM: the credential report, the password policy, and what the auditor itself may do.

use serde::{Deserialize, Serialize};

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Exclusion, Kind, Scope};
use crate::resource::Resource;

use super::common::ARN;

fn a_record(_: &Resource) -> Option<Exclusion> {
    Some(Exclusion { rule: "N19", reason: "a fact that IAM tells" })
}

/// A line of the credential report, `aws_iam_credential_report`; no Terraform type makes it.
pub mod report {
    use super::*;

    /// The id of the line about the root user.
    pub const ROOT: &str = "<root_account>";

    /// One of the two access keys that a user may have.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct AccessKey {
        /// 1 or 2: the report does not tell ids.
        pub number: u8,
        /// Whether it works.
        pub active: bool,
        /// When it was made or replaced, RFC 3339.
        pub last_rotated: Option<String>,
        /// When it was used last, RFC 3339; none when it never was.
        pub last_used: Option<String>,
        /// The service that it was used with last, for example `s3`.
        pub last_used_service: Option<String>,
    }

    /// Its access keys, as far as it has any.
    pub const ACCESS_KEYS: Attr<Vec<AccessKey>> = Attr::live("access_keys");
    /// Whether it has a password for the console; null for root, of which the report does not say it.
    pub const PASSWORD_ENABLED: Attr<bool> = Attr::live("password_enabled");
    /// When the password was set, RFC 3339.
    pub const PASSWORD_LAST_CHANGED: Attr<String> = Attr::live("password_last_changed");
    /// When somebody signed in last, RFC 3339; null when nobody did.
    pub const PASSWORD_LAST_USED: Attr<String> = Attr::live("password_last_used");
    /// When the user was made, RFC 3339.
    pub const USER_CREATED: Attr<String> = Attr::live("user_creation_time");

    /// The kind; its id is the name of the user.
    pub static KIND: Kind = Kind {
        name: "aws_iam_credential_report",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:GenerateCredentialReport", "iam:GetCredentialReport"],
        attributes: &[
            ACCESS_KEYS.any(),
            PASSWORD_ENABLED.any(),
            PASSWORD_LAST_CHANGED.any(),
            PASSWORD_LAST_USED.any(),
            USER_CREATED.any(),
        ],
        exclusion: a_record,
        manageable: false,
        ..Kind::BASE
    };
}

/// `aws_iam_account_password_policy`. An account without one has none to list.
pub mod password_policy {
    use super::*;

    /// The id that Terraform gives the one of the account.
    pub const ID: &str = "iam-account-password-policy";

    /// Whether users may change their password.
    pub const ALLOW_USERS_TO_CHANGE_PASSWORD: Attr<bool> =
        Attr::new("allow_users_to_change_password", Exact).absent(Absent::Default("true"));
    /// Whether an expired password locks out.
    pub const HARD_EXPIRY: Attr<bool> = Attr::new("hard_expiry", Exact).absent(Absent::Zero);
    /// Days after which a password expires; 0 is never.
    pub const MAX_PASSWORD_AGE: Attr<i64> = Attr::new("max_password_age", Exact).absent(Absent::Zero);
    /// The least length.
    pub const MINIMUM_PASSWORD_LENGTH: Attr<i64> =
        Attr::new("minimum_password_length", Exact).absent(Absent::Default("6"));
    /// How many old passwords may not come again.
    pub const PASSWORD_REUSE_PREVENTION: Attr<i64> =
        Attr::new("password_reuse_prevention", Exact).absent(Absent::Zero);
    /// Whether a small letter is needed.
    pub const REQUIRE_LOWERCASE_CHARACTERS: Attr<bool> =
        Attr::new("require_lowercase_characters", Exact).absent(Absent::Zero);
    /// Whether a digit is needed.
    pub const REQUIRE_NUMBERS: Attr<bool> = Attr::new("require_numbers", Exact).absent(Absent::Zero);
    /// Whether a symbol is needed.
    pub const REQUIRE_SYMBOLS: Attr<bool> = Attr::new("require_symbols", Exact).absent(Absent::Zero);
    /// Whether a capital is needed.
    pub const REQUIRE_UPPERCASE_CHARACTERS: Attr<bool> =
        Attr::new("require_uppercase_characters", Exact).absent(Absent::Zero);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_iam_account_password_policy",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:GetAccountPasswordPolicy"],
        attributes: &[
            ALLOW_USERS_TO_CHANGE_PASSWORD.any(),
            HARD_EXPIRY.any(),
            MAX_PASSWORD_AGE.any(),
            MINIMUM_PASSWORD_LENGTH.any(),
            PASSWORD_REUSE_PREVENTION.any(),
            REQUIRE_LOWERCASE_CHARACTERS.any(),
            REQUIRE_NUMBERS.any(),
            REQUIRE_SYMBOLS.any(),
            REQUIRE_UPPERCASE_CHARACTERS.any(),
        ],
        identity: |_| Some(ID.to_owned()),
        ..Kind::BASE
    };
}

/// Who audits, `aws_caller_identity`: a data source of Terraform, and nothing that it makes.
pub mod caller {
    use super::*;

    /// Actions of a sample of writes that IAM would allow it.
    pub const ALLOWED_WRITES: Attr<Vec<String>> = Attr::live("allowed_writes");

    /// The kind; its id is the ARN of the user or role.
    pub static KIND: Kind = Kind {
        name: "aws_caller_identity",
        service: "iam",
        scope: Scope::Global,
        listed_by: &["iam:GetAccountAuthorizationDetails", "iam:SimulatePrincipalPolicy"],
        attributes: &[ARN.any(), ALLOWED_WRITES.any()],
        exclusion: a_record,
        manageable: false,
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&report::KIND, &password_policy::KIND, &caller::KIND];
