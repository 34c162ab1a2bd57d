//! Amazon ECR: repositories with their policies, and what holds for the whole registry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// A filter of repositories or tags.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// A prefix or a pattern, after the type.
    pub filter: String,
    /// `PREFIX_MATCH` or `WILDCARD`.
    pub filter_type: String,
}

/// The registry: there is one in each account and region, and its id is the account's.
pub const REGISTRY_ID: Attr<String> = Attr::new("registry_id", Never("computed"));

/// `aws_ecr_repository`.
pub mod repository {
    use super::*;

    /// The `encryption_configuration` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Encryption {
        /// `AES256`, `KMS` or `KMS_DSSE`.
        pub encryption_type: Option<String>,
        /// The ARN of the key.
        pub kms_key: Option<String>,
    }

    /// The `image_scanning_configuration` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Scanning {
        /// Whether each image is scanned when it comes.
        pub scan_on_push: bool,
    }

    /// An image, without its layers.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Image {
        /// Its digest.
        pub digest: String,
        /// Its tags, sorted.
        pub tags: Vec<String>,
        /// When it came, RFC 3339.
        pub pushed_at: Option<String>,
    }

    /// How images are encrypted. It cannot change.
    pub const ENCRYPTION_CONFIGURATION: Attr<Vec<Encryption>> =
        Attr::new("encryption_configuration", Exact).absent(Absent::Unclaimed).nested(&[
            Nested::new("encryption_type", Exact).absent(Absent::Default("\"AES256\"")),
            Nested::new("kms_key", Reference).absent(Absent::Unclaimed),
        ]);
    /// Only an argument of the deletion.
    pub const FORCE_DELETE: Attr<bool> =
        Attr::new("force_delete", Never("an argument of the deletion, never returned by the API"));
    /// Whether images are scanned when they come, unless the registry scans by rules of its own.
    pub const IMAGE_SCANNING_CONFIGURATION: Attr<Vec<Scanning>> =
        Attr::new("image_scanning_configuration", Exact).absent(Absent::Zero);
    /// `MUTABLE`, `IMMUTABLE`, `MUTABLE_WITH_EXCLUSION` or `IMMUTABLE_WITH_EXCLUSION`.
    pub const IMAGE_TAG_MUTABILITY: Attr<String> =
        Attr::new("image_tag_mutability", Exact).absent(Absent::Default("\"MUTABLE\""));
    /// The tags that are left out of that.
    pub const IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER: Attr<Vec<Filter>> =
        Attr::new("image_tag_mutability_exclusion_filter", Set);
    /// Its name: the identity.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// Where clients push to and pull from.
    pub const REPOSITORY_URL: Attr<String> = Attr::new("repository_url", Never("computed"));
    /// The tags of the resource itself, read in a call of their own.
    pub const REPOSITORY_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["ecr:ListTagsForResource"]);
    /// All tags, read in a call of their own.
    pub const REPOSITORY_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["ecr:ListTagsForResource"]);
    /// What becomes of old images, JSON text; none when they stay for ever.
    pub const LIFECYCLE_POLICY: Attr<String> = Attr::live("lifecycle_policy").by(&["ecr:GetLifecyclePolicy"]);
    /// Who else may push and pull, JSON text; none when nobody may.
    pub const POLICY: Attr<String> = Attr::live("policy").by(&["ecr:GetRepositoryPolicy"]);
    /// Its images. What scans of them found is not among it: basic scanning no longer tells it here.
    pub const IMAGES: Attr<Vec<Image>> = Attr::live("images").by(&["ecr:DescribeImages"]);
    /// When it was made, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("created_at");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_ecr_repository",
        service: "ecr",
        listed_by: &["ecr:DescribeRepositories"],
        attributes: &[
            ARN.any(),
            CREATED_AT.any(),
            ENCRYPTION_CONFIGURATION.any(),
            FORCE_DELETE.any(),
            IMAGE_SCANNING_CONFIGURATION.any(),
            IMAGE_TAG_MUTABILITY.any(),
            IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER.any(),
            IMAGES.any(),
            LIFECYCLE_POLICY.any(),
            NAME.any(),
            POLICY.any(),
            REGISTRY_ID.any(),
            REPOSITORY_TAGS.any(),
            REPOSITORY_TAGS_ALL.any(),
            REPOSITORY_URL.any(),
        ],
        satellites: &[
            Satellite {
                kind: "aws_ecr_lifecycle_policy",
                owner_id,
                form: Form::Block {
                    attribute: "lifecycle_policy",
                    from_owner: policy_from,
                    to_owner: |part| part.raw("policy").cloned(),
                },
            },
            Satellite {
                kind: "aws_ecr_repository_policy",
                owner_id,
                form: Form::Block {
                    attribute: "policy",
                    from_owner: policy_from,
                    to_owner: |part| part.raw("policy").cloned(),
                },
            },
        ],
        ..Kind::BASE
    };

    fn owner_id(part: &Resource) -> Option<String> {
        part.raw("repository").ok()?.as_str().map(str::to_owned)
    }

    fn policy_from(value: &Value) -> Option<Map<String, Value>> {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        Some(Map::from_iter([("policy".to_owned(), Value::from(text))]))
    }
}

/// `aws_ecr_lifecycle_policy`.
pub mod lifecycle_policy {
    use super::*;

    /// JSON text. Its rules have priorities, so their order in the list means nothing.
    pub const POLICY: Attr<String> = Attr::new("policy", UnorderedJson);
    /// The repository.
    pub const REPOSITORY: Attr<String> = Attr::new("repository", Never("names the owner"));

    /// The kind; a part of `aws_ecr_repository`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_ecr_lifecycle_policy",
        service: "ecr",
        attributes: &[POLICY.any(), REPOSITORY.any()],
        ..Kind::BASE
    };
}

/// `aws_ecr_repository_policy`.
pub mod repository_policy {
    use super::*;

    pub use super::lifecycle_policy::REPOSITORY;

    /// JSON text.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy);

    /// The kind; a part of `aws_ecr_repository`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_ecr_repository_policy",
        service: "ecr",
        attributes: &[POLICY.any(), REPOSITORY.any()],
        ..Kind::BASE
    };
}

/// `aws_ecr_replication_configuration`: where the registry copies its images to. There is none without a rule.
pub mod replication {
    use super::*;

    /// Where images go.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Destination {
        /// The region.
        pub region: String,
        /// The account.
        pub registry_id: String,
    }

    /// Which images go where.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Rule {
        /// Where they go.
        pub destination: Vec<Destination>,
        /// The repositories; empty for all.
        pub repository_filter: Vec<Filter>,
    }

    /// The `replication_configuration` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Configuration {
        /// The rules.
        pub rule: Vec<Rule>,
    }

    /// The rules.
    pub const REPLICATION_CONFIGURATION: Attr<Vec<Configuration>> =
        Attr::new("replication_configuration", Exact).nested(&[
            Nested::new("rule", Set),
            Nested::new("rule.destination", Set),
            Nested::new("rule.repository_filter", Set),
        ]);

    /// The kind; its id is the registry's.
    pub static KIND: Kind = Kind {
        name: "aws_ecr_replication_configuration",
        service: "ecr",
        listed_by: &["ecr:DescribeRegistry"],
        attributes: &[REGISTRY_ID.any(), REPLICATION_CONFIGURATION.any()],
        ..Kind::BASE
    };
}

/// `aws_ecr_registry_scanning_configuration`: which repositories are scanned, and how often.
pub mod registry_scanning {
    use super::*;

    /// Which repositories are scanned when.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Rule {
        /// `SCAN_ON_PUSH`, `CONTINUOUS_SCAN` or `MANUAL`.
        pub scan_frequency: String,
        /// The repositories.
        pub repository_filter: Vec<Filter>,
    }

    /// The rules.
    pub const RULE: Attr<Vec<Rule>> = Attr::new("rule", Set).nested(&[Nested::new("repository_filter", Set)]);
    /// `BASIC` or `ENHANCED`.
    pub const SCAN_TYPE: Attr<String> = Attr::new("scan_type", Exact);

    /// The kind; its id is the registry's.
    pub static KIND: Kind = Kind {
        name: "aws_ecr_registry_scanning_configuration",
        service: "ecr",
        listed_by: &["ecr:GetRegistryScanningConfiguration"],
        attributes: &[REGISTRY_ID.any(), RULE.any(), SCAN_TYPE.any()],
        exclusion: as_aws_made_it,
        ..Kind::BASE
    };

    fn as_aws_made_it(resource: &Resource) -> Option<Exclusion> {
        let rules = resource.get_or_default(&RULE).ok()?;
        let kind = resource.get_or_default(&SCAN_TYPE).ok()?;
        (rules.is_empty() && kind != "ENHANCED")
            .then_some(Exclusion { rule: "N18", reason: "the configuration that every registry has" })
    }
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &repository::KIND,
    &lifecycle_policy::KIND,
    &repository_policy::KIND,
    &replication::KIND,
    &registry_scanning::KIND,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::Place;
    use serde_json::json;

    #[test]
    fn only_a_registry_that_nobody_configured_is_aws_s_own() {
        let mut registry =
            Resource::new(Place::new("1", "r"), "aws_ecr_registry_scanning_configuration", "1");
        assert_eq!((registry_scanning::KIND.exclusion)(&registry), None, "not read is not unconfigured");
        registry.set(&registry_scanning::RULE, vec![]).set(&registry_scanning::SCAN_TYPE, "BASIC".to_owned());
        assert!((registry_scanning::KIND.exclusion)(&registry).is_some());
        registry.set(&registry_scanning::SCAN_TYPE, "ENHANCED".to_owned());
        assert!((registry_scanning::KIND.exclusion)(&registry).is_none());
    }

    #[test]
    fn the_order_of_rules_means_nothing() {
        let attr = replication::REPLICATION_CONFIGURATION.any();
        let rule = |regions: [&str; 2], filter: &str| {
            let destination: Vec<Value> =
                regions.iter().map(|region| json!({"region": region, "registry_id": "1"})).collect();
            json!({"destination": destination,
                   "repository_filter": [{"filter": filter, "filter_type": "PREFIX_MATCH"}]})
        };
        let declared = json!([{"rule": [rule(["a", "b"], "x"), rule(["a", "c"], "y")]}]);
        let live = json!([{"rule": [rule(["c", "a"], "y"), rule(["b", "a"], "x")]}]);
        assert_eq!(compare(&attr, &declared, &live), Comparison::Suppressed("N1"));
        let other = json!([{"rule": [rule(["c", "a"], "y")]}]);
        assert!(matches!(compare(&attr, &declared, &other), Comparison::Changed(_)));
    }

    #[test]
    fn lifecycle_rules_are_ordered_by_their_priority_alone() {
        let attr = lifecycle_policy::POLICY.any();
        let declared = json!(r#"{"rules":[{"rulePriority":2,"description":"b"},{"rulePriority":1}]}"#);
        let live = json!(r#"{"rules":[{"rulePriority":1},{"description":"b","rulePriority":2}]}"#);
        assert_eq!(compare(&attr, &declared, &live), Comparison::Suppressed("N2"));
    }
}
