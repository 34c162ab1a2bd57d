//! AWS Secrets Manager: what is known about secrets, never their values.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::gap::{Cause, Gap};
use crate::kind::{Exclusion, Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// `aws_secretsmanager_secret`.
pub mod secret {
    use super::*;

    /// A copy of the secret in another region.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Replica {
        /// The region.
        pub region: String,
        /// The key that encrypts it.
        pub kms_key_id: Option<String>,
        /// `InSync`, `InProgress` or `Failed`.
        pub status: Option<String>,
    }

    /// The `rotation_rules` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct RotationRules {
        /// Days between rotations.
        pub automatically_after_days: Option<i64>,
        /// How long a rotation may take.
        pub duration: Option<String>,
        /// When it happens, as a `cron()` or `rate()` expression.
        pub schedule_expression: Option<String>,
    }

    /// What `aws_secretsmanager_secret_rotation` declares.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Rotation {
        /// The function that rotates it; none where the service that owns it does.
        pub rotation_lambda_arn: Option<String>,
        /// How often.
        pub rotation_rules: Vec<RotationRules>,
    }

    /// A version of the value, without the value.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Version {
        /// Its id.
        pub version_id: String,
        /// Its labels, sorted.
        pub stages: Vec<String>,
        /// Whether rotation makes new versions by itself.
        pub rotated: bool,
    }

    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// What it is for, in words.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// The key that encrypts it; null for the AWS-managed one.
    pub const KMS_KEY_ID: Attr<String> =
        Attr::new("kms_key_id", Reference).absent(Absent::Default("\"alias/aws/secretsmanager\""));
    /// Whether it is rotated.
    pub const ROTATION_ENABLED: Attr<bool> = Attr::new("rotation_enabled", Exact).absent(Absent::Zero);
    /// The function that rotates it.
    pub const ROTATION_LAMBDA_ARN: Attr<String> = Attr::new("rotation_lambda_arn", Exact);
    /// How often.
    pub const ROTATION_RULES: Attr<Vec<RotationRules>> =
        Attr::new("rotation_rules", Exact).absent(Absent::Zero);
    /// Its resource policy, JSON text.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy).by(&["secretsmanager:GetResourcePolicy"]);
    /// Its copies in other regions.
    pub const REPLICA: Attr<Vec<Replica>> = Attr::new("replica", Set)
        .nested(&[
            Nested::new("kms_key_id", Reference).absent(Absent::Default("\"alias/aws/secretsmanager\"")),
            Nested::new("status", Never("computed")),
            Nested::new("status_message", Never("computed")),
            Nested::new("last_accessed_date", Never("computed")),
        ])
        .by(&["secretsmanager:DescribeSecret"]);
    /// How it is rotated, where that is declared apart; empty when it is not rotated.
    pub const ROTATION: Attr<Vec<Rotation>> = Attr::live("rotation");
    /// The versions of its value; empty when it has none.
    pub const VERSIONS: Attr<Vec<Version>> = Attr::live("versions");
    /// The service that owns it, for example `rds`.
    pub const OWNING_SERVICE: Attr<String> = Attr::live("owning_service");
    /// The region of the secret that this one is a copy of; null for a primary.
    pub const PRIMARY_REGION: Attr<String> = Attr::live("primary_region");
    /// When its value changed last, RFC 3339.
    pub const LAST_CHANGED: Attr<String> = Attr::live("last_changed_date");
    /// When it was rotated last, RFC 3339.
    pub const LAST_ROTATED: Attr<String> = Attr::live("last_rotated_date");
    /// The day it was read last, RFC 3339.
    pub const LAST_ACCESSED: Attr<String> = Attr::live("last_accessed_date");

    /// The kind. Secrets whose deletion is scheduled are not listed: they are gone for Terraform too.
    pub static KIND: Kind = Kind {
        name: "aws_secretsmanager_secret",
        service: "secretsmanager",
        listed_by: &["secretsmanager:ListSecrets"],
        attributes: &[
            ARN.any(),
            NAME.any(),
            DESCRIPTION.any(),
            KMS_KEY_ID.any(),
            ROTATION_ENABLED.any(),
            ROTATION_LAMBDA_ARN.any(),
            ROTATION_RULES.any(),
            POLICY.any(),
            REPLICA.any(),
            ROTATION.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VERSIONS.any(),
            OWNING_SERVICE.any(),
            PRIMARY_REGION.any(),
            LAST_CHANGED.any(),
            LAST_ROTATED.any(),
            LAST_ACCESSED.any(),
        ],
        satellites: &[
            Satellite {
                kind: "aws_secretsmanager_secret_version",
                owner_id,
                form: Form::Block {
                    attribute: "versions",
                    from_owner: current_version,
                    to_owner: version_of,
                },
            },
            Satellite {
                kind: "aws_secretsmanager_secret_policy",
                owner_id,
                form: Form::Block {
                    attribute: "policy",
                    from_owner: policy_from,
                    to_owner: |part| part.raw("policy").cloned(),
                },
            },
            Satellite {
                kind: "aws_secretsmanager_secret_rotation",
                owner_id,
                form: Form::Block {
                    attribute: "rotation",
                    from_owner: |value| value.as_array()?.first()?.as_object().cloned(),
                    to_owner: rotation_of,
                },
            },
        ],
        exclusion: of_another,
        ..Kind::BASE
    };

    /// Both the ARN and, in a version's id, the ARN with the version after `|`.
    fn owner_id(part: &Resource) -> Option<String> {
        let arn =
            |path: &str| part.raw(path).ok().and_then(Value::as_str).filter(|text| text.starts_with("arn:"));
        let id = arn("secret_arn").or_else(|| arn("secret_id")).or_else(|| arn("arn"));
        let id = id.unwrap_or_else(|| part.id());
        Some(id.split('|').next().unwrap_or(id).to_owned())
    }

    /// The version in force. Its id says whether the value was replaced, but only where nothing replaces it by itself
    /// and no labels of its own tell which version a resource means.
    fn current_version(value: &Value) -> Option<Map<String, Value>> {
        let versions: Vec<Version> = serde_json::from_value(value.clone()).ok()?;
        let known = |stage: &String| matches!(stage.as_str(), "AWSCURRENT" | "AWSPREVIOUS" | "AWSPENDING");
        let plain = versions.iter().all(|version| !version.rotated && version.stages.iter().all(known));
        let current = versions
            .iter()
            .find(|version| version.stages.iter().any(|stage| stage == "AWSCURRENT"))
            .or_else(|| versions.first())?;
        let mut block = Map::new();
        if plain {
            block.insert("version_id".into(), Value::from(current.version_id.as_str()));
        }
        Some(block)
    }

    fn version_of(part: &Resource) -> Result<Value, Gap> {
        let version = Version {
            version_id: part.raw("version_id")?.as_str().unwrap_or_default().to_owned(),
            stages: vec!["AWSCURRENT".into()],
            rotated: false,
        };
        serde_json::to_value([version])
            .map_err(|error| Gap::new("versions", Cause::Malformed, error.to_string()))
    }

    fn rotation_of(part: &Resource) -> Result<Value, Gap> {
        let known = |path| part.raw(path).cloned();
        Ok(json!([{
            "rotation_lambda_arn": known("rotation_lambda_arn")?,
            "rotation_rules": known("rotation_rules")?,
        }]))
    }

    fn policy_from(value: &Value) -> Option<Map<String, Value>> {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        Some(Map::from_iter([("policy".to_owned(), Value::from(text))]))
    }

    fn of_another(resource: &Resource) -> Option<Exclusion> {
        let text = |key| resource.get(key).ok().flatten().unwrap_or_default();
        if !text(&OWNING_SERVICE).is_empty() {
            return Some(Exclusion { rule: "N18", reason: "a secret that another service manages" });
        }
        let primary = text(&PRIMARY_REGION);
        (!primary.is_empty() && primary != resource.region())
            .then_some(Exclusion { rule: "N19", reason: "a copy of a secret in another region" })
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        #[test]
        fn the_current_version_is_named_only_where_nothing_else_makes_versions() {
            let plain = json!([
                { "version_id": "2", "stages": ["AWSCURRENT"] },
                { "version_id": "1", "stages": ["AWSPREVIOUS"] }
            ]);
            assert_eq!(current_version(&plain).unwrap()["version_id"], "2");
            let rotated = json!([{ "version_id": "2", "stages": ["AWSCURRENT"], "rotated": true }]);
            assert!(current_version(&rotated).unwrap().is_empty());
            let labelled = json!([{ "version_id": "2", "stages": ["AWSCURRENT", "blue"] }]);
            assert!(current_version(&labelled).unwrap().is_empty());
            assert!(current_version(&json!([])).is_none(), "no version at all is a missing one");
        }
    }
}

/// `aws_secretsmanager_secret_version`: that there is a value, never the value.
pub mod secret_version {
    use super::*;

    /// The secret.
    pub const SECRET_ID: Attr<String> = Attr::new("secret_id", Reference);
    /// The version that the state wrote.
    pub const VERSION_ID: Attr<String> = Attr::new("version_id", Exact);

    /// The kind; a part of `aws_secretsmanager_secret`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_secretsmanager_secret_version",
        service: "secretsmanager",
        attributes: &[ARN.any(), SECRET_ID.any(), VERSION_ID.any()],
        ..Kind::BASE
    };
}

/// `aws_secretsmanager_secret_policy`.
pub mod secret_policy {
    use super::*;

    /// The secret.
    pub const SECRET_ARN: Attr<String> = Attr::new("secret_arn", Exact);
    /// JSON text.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy);

    /// The kind; a part of `aws_secretsmanager_secret`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_secretsmanager_secret_policy",
        service: "secretsmanager",
        attributes: &[SECRET_ARN.any(), POLICY.any()],
        ..Kind::BASE
    };
}

/// `aws_secretsmanager_secret_rotation`.
pub mod secret_rotation {
    use super::*;

    pub use super::secret::{ROTATION_LAMBDA_ARN, ROTATION_RULES};

    /// Only an argument of the call that turns it on.
    pub const ROTATE_IMMEDIATELY: Attr<bool> =
        Attr::new("rotate_immediately", Never("an argument of the change, never returned by the API"));
    /// The secret.
    pub const SECRET_ID: Attr<String> = Attr::new("secret_id", Never("names the owner"));

    /// The kind; a part of `aws_secretsmanager_secret`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_secretsmanager_secret_rotation",
        service: "secretsmanager",
        attributes: &[
            ROTATE_IMMEDIATELY.any(),
            ROTATION_LAMBDA_ARN.any(),
            ROTATION_RULES.any(),
            SECRET_ID.any(),
        ],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] =
    &[&secret::KIND, &secret_version::KIND, &secret_policy::KIND, &secret_rotation::KIND];
