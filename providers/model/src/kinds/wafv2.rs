//! AWS WAF: web ACLs, what they protect, and where they log. Those for CloudFront are kept in us-east-1.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Kind};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

const READ: &[&str] = &["wafv2:GetWebACL"];

/// The tags of the resource itself.
pub const WAF_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["wafv2:ListTagsForResource"]);
/// The tags.
pub const WAF_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["wafv2:ListTagsForResource"]);

fn text(resource: &Resource, key: &Attr<String>) -> Option<String> {
    resource.get(key).ok().flatten().filter(|text| !text.is_empty())
}

/// `aws_wafv2_web_acl`.
pub mod web_acl {
    use super::*;

    /// One of its rules, as far as checks read it.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Rule {
        /// What happens to a request that matches, by its name: `allow`, `block`, `count`, `captcha`, `challenge`. None
        /// for groups of rules.
        pub action: Vec<Map<String, Value>>,
        /// Its name.
        pub name: String,
        /// For groups of rules, `none`, or `count`: nothing of the group then acts.
        pub override_action: Vec<Map<String, Value>>,
        /// Its place in the order.
        pub priority: i64,
        /// What it matches, by its name; of groups of rules, which they are.
        pub statement: Vec<Map<String, Value>>,
        /// What is measured of it.
        pub visibility_config: Vec<Visibility>,
    }

    /// What is measured of a rule or of all.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Visibility {
        /// Whether its metrics go to CloudWatch.
        pub cloudwatch_metrics_enabled: bool,
        /// The name of its metrics.
        pub metric_name: String,
        /// Whether requests that match are kept as samples.
        pub sampled_requests_enabled: bool,
    }

    /// Which action a block names says all that is compared; what it adds to requests and answers is not read. A block
    /// without anything in it says something here.
    const RULE_RULES: &[Nested] = &[
        Nested::new("action", Exact).absent(Absent::Distinct),
        Nested::new("action.allow", Exact).absent(Absent::Distinct),
        Nested::new("action.block", Exact).absent(Absent::Distinct),
        Nested::new("action.captcha", Exact),
        Nested::new("action.challenge", Exact),
        Nested::new("action.count", Exact).absent(Absent::Distinct),
        Nested::new("action.allow.custom_request_handling", Never("not read")),
        Nested::new("action.block.custom_response", Never("not read")),
        Nested::new("action.captcha.custom_request_handling", Never("not read")),
        Nested::new("action.challenge.custom_request_handling", Never("not read")),
        Nested::new("action.count.custom_request_handling", Never("not read")),
        Nested::new("captcha_config", Never("not read")),
        Nested::new("challenge_config", Never("not read")),
        Nested::new("override_action", Exact).absent(Absent::Distinct),
        Nested::new("override_action.count", Exact).absent(Absent::Distinct),
        Nested::new("override_action.none", Exact).absent(Absent::Distinct),
        Nested::new("rule_label", Never("not read")),
        Nested::new("statement", Never("not read whole")),
    ];

    /// Its capacity units.
    pub const CAPACITY: Attr<i64> = Attr::new("capacity", Never("computed")).by(READ);
    /// What happens to requests that no rule decides over: `allow` or `block`.
    pub const DEFAULT_ACTION: Attr<Vec<Map<String, Value>>> = Attr::new("default_action", Exact)
        .absent(Absent::Distinct)
        .nested(&[
            Nested::new("allow", Exact).absent(Absent::Distinct),
            Nested::new("block", Exact).absent(Absent::Distinct),
            Nested::new("allow.custom_request_handling", Never("not read")),
            Nested::new("block.custom_response", Never("not read")),
        ])
        .by(READ);
    /// What it is for, in words.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The rules.
    pub const RULE: Attr<Vec<Rule>> = Attr::new("rule", Set).nested(RULE_RULES).by(READ);
    /// `REGIONAL` or `CLOUDFRONT`.
    pub const SCOPE: Attr<String> = Attr::new("scope", Exact);
    /// Domains that accept its tokens.
    pub const TOKEN_DOMAINS: Attr<Vec<String>> = Attr::new("token_domains", Set).by(READ);
    /// What is measured of all.
    pub const VISIBILITY_CONFIG: Attr<Vec<Visibility>> =
        Attr::new("visibility_config", Exact).absent(Absent::Zero).by(READ);

    /// The kind; its id is the ACL's.
    pub static KIND: Kind = Kind {
        name: "aws_wafv2_web_acl",
        service: "wafv2",
        listed_by: &["wafv2:ListWebACLs"],
        attributes: &[
            ARN.any(),
            CAPACITY.any(),
            DEFAULT_ACTION.any(),
            DESCRIPTION.any(),
            NAME.any(),
            RULE.any(),
            SCOPE.any(),
            WAF_TAGS.any(),
            WAF_TAGS_ALL.any(),
            TOKEN_DOMAINS.any(),
            VISIBILITY_CONFIG.any(),
        ],
        // https://docs.aws.amazon.com/waf/latest/developerguide/get-started-fms-create-security-policy.html
        exclusion: |resource| {
            let name = text(resource, &NAME)?;
            name.starts_with("FMManagedWebACLV2")
                .then_some(Exclusion { rule: "N19", reason: "Firewall Manager made and keeps it" })
        },
        // https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/wafv2_web_acl#import
        import_id: |resource| {
            let scope = text(resource, &SCOPE)?;
            Some(format!("{}/{}/{scope}", crate::kind::by_id(resource)?, text(resource, &NAME)?))
        },
        ..Kind::BASE
    };
}

/// `aws_wafv2_web_acl_association`.
pub mod association {
    use super::*;

    /// What is protected.
    pub const RESOURCE_ARN: Attr<String> = Attr::new("resource_arn", Exact);
    /// By what.
    pub const WEB_ACL_ARN: Attr<String> = Attr::new("web_acl_arn", Exact);

    /// The kind; a resource has one web ACL at most, so that its ARN is the identity.
    pub static KIND: Kind = Kind {
        name: "aws_wafv2_web_acl_association",
        service: "wafv2",
        listed_by: &["wafv2:ListWebACLs", "wafv2:ListResourcesForWebACL"],
        attributes: &[RESOURCE_ARN.any(), WEB_ACL_ARN.any()],
        identity: |resource| text(resource, &RESOURCE_ARN),
        exclusion: |resource| {
            let acl = text(resource, &WEB_ACL_ARN)?;
            acl.contains("/webacl/FMManagedWebACLV2")
                .then_some(Exclusion { rule: "N19", reason: "Firewall Manager made and keeps it" })
        },
        // https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/wafv2_web_acl_association#import
        import_id: |resource| {
            Some(format!("{},{}", text(resource, &WEB_ACL_ARN)?, text(resource, &RESOURCE_ARN)?))
        },
        ..Kind::BASE
    };
}

/// `aws_wafv2_web_acl_logging_configuration`.
pub mod logging {
    use super::*;

    /// The log groups, buckets and streams that get the logs.
    pub const LOG_DESTINATION_CONFIGS: Attr<Vec<String>> = Attr::new("log_destination_configs", Set);
    /// Which requests are logged.
    pub const LOGGING_FILTER: Attr<Value> = Attr::new("logging_filter", Never("not read"));
    /// Whether Firewall Manager made and keeps it.
    pub const MANAGED: Attr<bool> = Attr::live("managed_by_firewall_manager");
    /// The web ACL that logs.
    pub const RESOURCE_ARN: Attr<String> = Attr::new("resource_arn", Exact);

    /// The kind; its id is the ARN of the web ACL.
    pub static KIND: Kind = Kind {
        name: "aws_wafv2_web_acl_logging_configuration",
        service: "wafv2",
        listed_by: &["wafv2:ListLoggingConfigurations"],
        attributes: &[LOG_DESTINATION_CONFIGS.any(), LOGGING_FILTER.any(), MANAGED.any(), RESOURCE_ARN.any()],
        exclusion: |resource| {
            (resource.get(&MANAGED).ok().flatten() == Some(true))
                .then_some(Exclusion { rule: "N19", reason: "Firewall Manager made and keeps it" })
        },
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&web_acl::KIND, &association::KIND, &logging::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::Place;
    use serde_json::json;

    #[test]
    fn imports_name_what_terraform_asks_for() {
        let mut acl = Resource::new(Place::new("1", "us-east-1"), web_acl::KIND.name, "a-1");
        assert_eq!((web_acl::KIND.import_id)(&acl), None);
        acl.set(&web_acl::NAME, "edge".to_owned()).set(&web_acl::SCOPE, "CLOUDFRONT".to_owned());
        assert_eq!((web_acl::KIND.import_id)(&acl).as_deref(), Some("a-1/edge/CLOUDFRONT"));
        let mut link = Resource::new(Place::new("1", "r"), association::KIND.name, "arn:lb");
        link.set(&association::RESOURCE_ARN, "arn:lb".to_owned());
        link.set(&association::WEB_ACL_ARN, "arn:acl".to_owned());
        assert_eq!((association::KIND.import_id)(&link).as_deref(), Some("arn:acl,arn:lb"));
        assert_eq!((association::KIND.identity)(&link).as_deref(), Some("arn:lb"));
    }

    #[test]
    fn a_rule_that_only_counts_from_now_on_is_a_change() {
        let rules = |action: serde_json::Value, statement: serde_json::Value| {
            json!([{ "name": "a", "priority": 1, "action": [action], "override_action": [],
                "statement": statement, "visibility_config": [{ "cloudwatch_metrics_enabled": true,
                "metric_name": "a", "sampled_requests_enabled": true }] }])
        };
        let block = json!({ "allow": [], "block": [{ "custom_response": [] }], "captcha": [], "challenge": [],
            "count": [] });
        let declared = rules(block, json!([{ "geo_match_statement": [{ "country_codes": ["AQ"] }] }]));
        let read = |action: &str| {
            let mut live = json!({ "allow": [], "block": [], "count": [] });
            live[action] = json!([{}]);
            rules(live, json!([]))
        };
        let same = compare(&web_acl::RULE.any(), &declared, &read("block"));
        assert!(!matches!(same, Comparison::Changed(_)), "{same:?}");
        assert!(matches!(compare(&web_acl::RULE.any(), &declared, &read("count")), Comparison::Changed(_)));
    }
}
