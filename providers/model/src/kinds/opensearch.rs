//! Amazon OpenSearch Service: domains and their access policies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attr::{Absent, AnyAttr, Attr, Equality::*, Nested};
use crate::kind::{Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// The tags of the resource itself, read in a call of their own.
pub const DOMAIN_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["es:ListTags"]);
/// All tags, read in a call of their own.
pub const DOMAIN_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["es:ListTags"]);

/// `aws_opensearch_domain`, and `aws_elasticsearch_domain`, which older configurations call the same thing.
pub mod domain {
    use super::*;

    /// The `cluster_config` block, as far as checks read it.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct ClusterConfig {
        /// How many dedicated masters; none where there are none.
        pub dedicated_master_count: Option<i64>,
        /// Whether masters are nodes of their own.
        pub dedicated_master_enabled: Option<bool>,
        /// The type of the masters.
        pub dedicated_master_type: Option<String>,
        /// How many data nodes.
        pub instance_count: Option<i64>,
        /// The type of the data nodes.
        pub instance_type: Option<String>,
        /// Whether one of three zones stands by.
        pub multi_az_with_standby_enabled: Option<bool>,
        /// How many warm nodes.
        pub warm_count: Option<i64>,
        /// Whether there are warm nodes.
        pub warm_enabled: Option<bool>,
        /// The type of the warm nodes.
        pub warm_type: Option<String>,
        /// Over how many zones it is spread.
        pub zone_awareness_config: Vec<ZoneAwareness>,
        /// Whether it is spread over zones.
        pub zone_awareness_enabled: Option<bool>,
    }

    /// The `zone_awareness_config` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct ZoneAwareness {
        /// 2 or 3.
        pub availability_zone_count: Option<i64>,
    }

    /// A block with nothing but a switch.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Switch {
        /// Whether it is on.
        pub enabled: Option<bool>,
    }

    /// The `encrypt_at_rest` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct EncryptAtRest {
        /// Whether it is on.
        pub enabled: Option<bool>,
        /// Its key.
        pub kms_key_id: Option<String>,
    }

    /// The `domain_endpoint_options` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct EndpointOptions {
        /// A name of one's own.
        pub custom_endpoint: Option<String>,
        /// The certificate of that name.
        pub custom_endpoint_certificate_arn: Option<String>,
        /// Whether that name is used.
        pub custom_endpoint_enabled: Option<bool>,
        /// Whether plain HTTP is refused.
        pub enforce_https: Option<bool>,
        /// The TLS policy.
        pub tls_security_policy: Option<String>,
    }

    /// The `vpc_options` block; there is none for a domain outside of VPCs.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct VpcOptions {
        /// Security groups.
        pub security_group_ids: Vec<String>,
        /// Subnets.
        pub subnet_ids: Vec<String>,
    }

    const CLUSTER: &[Nested] = &[
        Nested::new("instance_count", Exact).absent(Absent::Default("1")),
        Nested::new("instance_type", Exact).absent(Absent::Unclaimed),
        Nested::new("node_options", Never("not read")),
        // The service keeps the spread of a domain whose zone awareness is off.
        Nested::new("zone_awareness_config", Exact).absent(Absent::Unclaimed),
        Nested::new("cold_storage_options", Never("not read")),
    ];
    /// The older type names instances `….elasticsearch`, and the service answers `….search`.
    const CLUSTER_OF_ELASTICSEARCH: &[Nested] = &[
        Nested::new("instance_count", Exact).absent(Absent::Default("1")),
        Nested::new("instance_type", Never("written in another form than it is read")),
        Nested::new("dedicated_master_type", Never("written in another form than it is read")),
        Nested::new("warm_type", Never("written in another form than it is read")),
        Nested::new("zone_awareness_config", Exact).absent(Absent::Unclaimed),
        Nested::new("cold_storage_options", Never("not read")),
    ];

    /// Who may call it, JSON; none where nothing but identity policies decide.
    pub const ACCESS_POLICIES: Attr<String> = Attr::new("access_policies", Policy);
    /// Data and master nodes.
    pub const CLUSTER_CONFIG: Attr<Vec<ClusterConfig>> =
        Attr::new("cluster_config", Exact).absent(Absent::Zero).nested(CLUSTER);
    /// How clients reach it.
    pub const DOMAIN_ENDPOINT_OPTIONS: Attr<Vec<EndpointOptions>> = Attr::new(
        "domain_endpoint_options",
        Exact,
    )
    .absent(Absent::Zero)
    .nested(&[Nested::new("tls_security_policy", Exact).absent(Absent::Unclaimed)]);
    /// Its name: the identity.
    pub const DOMAIN_NAME: Attr<String> = Attr::new("domain_name", Exact);
    /// Encryption of the storage.
    pub const ENCRYPT_AT_REST: Attr<Vec<EncryptAtRest>> = Attr::new("encrypt_at_rest", Exact)
        .absent(Absent::Zero)
        .nested(&[Nested::new("kms_key_id", Reference).absent(Absent::Unclaimed)]);
    /// The engine with its version (`OpenSearch_2.11`).
    pub const ENGINE_VERSION: Attr<String> = Attr::new("engine_version", Exact);
    /// Encryption between its nodes.
    pub const NODE_TO_NODE_ENCRYPTION: Attr<Vec<Switch>> =
        Attr::new("node_to_node_encryption", Exact).absent(Absent::Zero);
    /// Its place in a VPC.
    pub const VPC_OPTIONS: Attr<Vec<VpcOptions>> = Attr::new("vpc_options", Exact).nested(&[
        Nested::new("availability_zones", Never("computed")),
        Nested::new("security_group_ids", Set),
        Nested::new("subnet_ids", Set),
        Nested::new("vpc_id", Never("computed")),
    ]);

    /// The kind; its id is the domain's name.
    pub static KIND: Kind = Kind {
        name: "aws_opensearch_domain",
        aliases: &["aws_elasticsearch_domain"],
        service: "es",
        listed_by: &["es:ListDomainNames", "es:DescribeDomains"],
        attributes: &[
            ACCESS_POLICIES.any(),
            ARN.any(),
            CLUSTER_CONFIG.any(),
            DOMAIN_ENDPOINT_OPTIONS.any(),
            DOMAIN_NAME.any(),
            ENCRYPT_AT_REST.any(),
            ENGINE_VERSION.any(),
            NODE_TO_NODE_ENCRYPTION.any(),
            DOMAIN_TAGS.any(),
            DOMAIN_TAGS_ALL.any(),
            VPC_OPTIONS.any(),
        ],
        satellites: &[
            Satellite { kind: "aws_opensearch_domain_policy", owner_id: owner, form: POLICY_BLOCK },
            Satellite { kind: "aws_elasticsearch_domain_policy", owner_id: owner, form: POLICY_BLOCK },
        ],
        // A state has the ARN for its id, and the parts of a domain know only its name.
        identity: |resource| resource.get(&DOMAIN_NAME).ok().flatten().filter(|name| !name.is_empty()),
        refine: by_engine,
        ..Kind::BASE
    };

    const POLICY_BLOCK: Form = Form::Block {
        attribute: "access_policies",
        from_owner: |value| {
            let text = value.as_str().filter(|text| !text.is_empty())?;
            Some(Map::from_iter([("access_policies".to_owned(), json!(text))]))
        },
        to_owner: |part| part.raw("access_policies").cloned(),
    };

    fn owner(part: &Resource) -> Option<String> {
        part.raw("domain_name").ok().and_then(Value::as_str).map(str::to_owned)
    }

    fn by_engine(resource: &Resource, attr: AnyAttr) -> AnyAttr {
        match attr.path == CLUSTER_CONFIG.path() && !resource.has(ENGINE_VERSION.path()) {
            true => AnyAttr { nested: CLUSTER_OF_ELASTICSEARCH, ..attr },
            false => attr,
        }
    }
}

/// `aws_opensearch_domain_policy` and its older name.
pub mod domain_policy {
    use super::*;

    /// The policy document.
    pub const ACCESS_POLICIES: Attr<String> = Attr::new("access_policies", Policy);
    /// The domain.
    pub const DOMAIN_NAME: Attr<String> = Attr::new("domain_name", Never("names the owner"));

    /// The kind; a part of `aws_opensearch_domain`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_opensearch_domain_policy",
        service: "es",
        attributes: &[ACCESS_POLICIES.any(), DOMAIN_NAME.any()],
        ..Kind::BASE
    };
    /// The same under its older name.
    pub static ELASTICSEARCH: Kind = Kind { name: "aws_elasticsearch_domain_policy", ..KIND };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&domain::KIND, &domain_policy::KIND, &domain_policy::ELASTICSEARCH];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::{Place, Slot};

    #[test]
    fn a_domain_is_known_by_its_name_whatever_the_id_of_its_state() {
        let mut declared =
            Resource::new(Place::new("1", "r"), domain::KIND.name, "arn:aws:es:r:1:domain/logs");
        assert_eq!((domain::KIND.identity)(&declared), None);
        declared.set(&domain::DOMAIN_NAME, "logs".to_owned());
        assert_eq!((domain::KIND.identity)(&declared).as_deref(), Some("logs"));
    }

    #[test]
    fn instance_types_of_the_older_type_are_not_compared() {
        let mut older = Resource::new(Place::new("1", "r"), domain::KIND.name, "logs");
        let declared = json!([{ "instance_type": "r5.large.elasticsearch", "instance_count": 3 }]);
        let live = json!([{ "instance_type": "r5.large.search", "instance_count": 3 }]);
        let attr = domain::CLUSTER_CONFIG.any();
        let differs = |resource: &Resource| {
            matches!(
                compare(&(domain::KIND.refine)(resource, attr), &declared, &live),
                Comparison::Changed(_)
            )
        };
        assert!(!differs(&older));
        older.put_raw("engine_version", Slot::Known(json!("OpenSearch_2.11")));
        assert!(differs(&older));
    }
}
