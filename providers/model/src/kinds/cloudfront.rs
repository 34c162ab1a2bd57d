//! Amazon CloudFront: distributions. A global service, read once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Kind, Scope};

use super::common::{ARN, TAGS, TAGS_ALL};

const CONFIG: &[&str] = &["cloudfront:GetDistributionConfig"];

/// The tags of the resource itself.
pub const CDN_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["cloudfront:ListTagsForResource"]);
/// The tags.
pub const CDN_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["cloudfront:ListTagsForResource"]);

/// `aws_cloudfront_distribution`.
pub mod distribution {
    use super::*;

    /// What viewers are shown.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct ViewerCertificate {
        /// The certificate in ACM, of us-east-1.
        pub acm_certificate_arn: Option<String>,
        /// Whether it is that of `*.cloudfront.net`.
        pub cloudfront_default_certificate: Option<bool>,
        /// The certificate in IAM.
        pub iam_certificate_id: Option<String>,
        /// `TLSv1.2_2021`, …; for the default certificate always `TLSv1`.
        pub minimum_protocol_version: Option<String>,
        /// `sni-only`, `vip` or `static-ip`.
        pub ssl_support_method: Option<String>,
    }

    /// What is done with the requests for some paths, as far as checks read it.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Behavior {
        /// The paths; none for the default.
        pub path_pattern: Option<String>,
        /// `allow-all`, `https-only` or `redirect-to-https`.
        pub viewer_protocol_policy: String,
    }

    const BEHAVIOR_RULES: &[Nested] = &[
        Nested::new("allowed_methods", Set),
        Nested::new("cached_methods", Set),
        Nested::new("compress", Exact).absent(Absent::Zero),
        Nested::new("default_ttl", Exact).absent(Absent::Zero),
        Nested::new("forwarded_values", Exact).absent(Absent::Zero),
        Nested::new("forwarded_values.headers", Set),
        Nested::new("forwarded_values.cookies.whitelisted_names", Set),
        Nested::new("function_association", Set),
        Nested::new("grpc_config", Exact).absent(Absent::Zero),
        Nested::new("lambda_function_association", Set),
        Nested::new("max_ttl", Exact).absent(Absent::Zero),
        Nested::new("min_ttl", Exact).absent(Absent::Zero),
        Nested::new("smooth_streaming", Exact).absent(Absent::Zero),
    ];

    const ORIGIN_RULES: &[Nested] = &[
        Nested::new("connection_attempts", Exact).absent(Absent::Default("3")),
        Nested::new("connection_timeout", Exact).absent(Absent::Default("10")),
        Nested::new("custom_header", Set),
        Nested::new("custom_header.value", Never("may be a secret: dropped")).secret(),
        Nested::new("custom_origin_config.origin_keepalive_timeout", Exact).absent(Absent::Default("5")),
        Nested::new("custom_origin_config.origin_read_timeout", Exact).absent(Absent::Default("30")),
        Nested::new("custom_origin_config.origin_ssl_protocols", Set),
        Nested::new("custom_origin_config.ip_address_type", Exact).absent(Absent::Unclaimed),
        Nested::new("domain_name", Domain),
        Nested::new("origin_shield", Exact).absent(Absent::Zero),
        Nested::new("response_completion_timeout", Exact).absent(Absent::Zero),
        Nested::new("vpc_origin_config", Never("not read")),
    ];

    /// Domains of its own.
    pub const ALIASES: Attr<Vec<String>> = Attr::new("aliases", Set).nested(&[Nested::new("*", Domain)]);
    /// What it is for, in words.
    pub const COMMENT: Attr<String> = Attr::new("comment", Exact);
    /// What is answered in the place of errors.
    pub const CUSTOM_ERROR_RESPONSE: Attr<Value> = Attr::new("custom_error_response", Set).nested(&[
        Nested::new("error_caching_min_ttl", Exact).absent(Absent::Zero),
        Nested::new("response_code", Exact).absent(Absent::Zero),
    ]);
    /// What is done with all requests for which no other behaviour is meant.
    pub const DEFAULT_CACHE_BEHAVIOR: Attr<Vec<Behavior>> =
        Attr::new("default_cache_behavior", Exact).nested(BEHAVIOR_RULES);
    /// What is answered at the root.
    pub const DEFAULT_ROOT_OBJECT: Attr<String> = Attr::new("default_root_object", Exact).by(CONFIG);
    /// The domain of AWS under which it answers.
    pub const DOMAIN_NAME: Attr<String> = Attr::new("domain_name", Never("computed"));
    /// Whether it answers.
    pub const ENABLED: Attr<bool> = Attr::new("enabled", Exact);
    /// `http2`, …; the listing shouts it.
    pub const HTTP_VERSION: Attr<String> =
        Attr::new("http_version", CaseFold).absent(Absent::Default("\"http2\""));
    /// Whether it answers over IPv6.
    pub const IS_IPV6_ENABLED: Attr<bool> = Attr::new("is_ipv6_enabled", Exact).absent(Absent::Zero);
    /// Where its access logs go; empty where it has none.
    pub const LOGGING_CONFIG: Attr<Value> = Attr::new("logging_config", Exact)
        .nested(&[Nested::new("include_cookies", Exact).absent(Absent::Zero)])
        .by(CONFIG);
    /// Behaviours by path, in the order in which they are tried.
    pub const ORDERED_CACHE_BEHAVIOR: Attr<Vec<Behavior>> =
        Attr::new("ordered_cache_behavior", Exact).nested(BEHAVIOR_RULES);
    /// Where it fetches.
    pub const ORIGIN: Attr<Value> = Attr::new("origin", Set).nested(ORIGIN_RULES);
    /// Origins that stand in for each other.
    pub const ORIGIN_GROUP: Attr<Value> =
        Attr::new("origin_group", Set).nested(&[Nested::new("failover_criteria.status_codes", Set)]);
    /// Which edges it uses.
    pub const PRICE_CLASS: Attr<String> =
        Attr::new("price_class", Exact).absent(Absent::Default("\"PriceClass_All\""));
    /// The countries that it answers.
    pub const RESTRICTIONS: Attr<Value> =
        Attr::new("restrictions", Exact).nested(&[Nested::new("geo_restriction.locations", Set)]);
    /// Only an argument of the deletion.
    pub const RETAIN_ON_DELETE: Attr<bool> =
        Attr::new("retain_on_delete", Never("an argument of the deletion, never returned by the API"));
    /// Whether it is the one on which changes are tried.
    pub const STAGING: Attr<bool> = Attr::new("staging", Exact).absent(Absent::Zero);
    /// The certificate and the protocols of its viewers.
    pub const VIEWER_CERTIFICATE: Attr<Vec<ViewerCertificate>> =
        Attr::new("viewer_certificate", Exact).absent(Absent::Zero).nested(&[
            Nested::new("cloudfront_default_certificate", Exact).absent(Absent::Zero),
            Nested::new("minimum_protocol_version", Exact).absent(Absent::Default("\"TLSv1\"")),
        ]);
    /// The ARN of its web ACL, for WAF Classic an id; none where it has none.
    pub const WEB_ACL_ID: Attr<String> = Attr::new("web_acl_id", Exact);

    /// The kind; its id is the distribution's.
    pub static KIND: Kind = Kind {
        name: "aws_cloudfront_distribution",
        service: "cloudfront",
        scope: Scope::Global,
        listed_by: &["cloudfront:ListDistributions"],
        attributes: &[
            ALIASES.any(),
            ARN.any(),
            COMMENT.any(),
            CUSTOM_ERROR_RESPONSE.any(),
            DEFAULT_CACHE_BEHAVIOR.any(),
            DEFAULT_ROOT_OBJECT.any(),
            DOMAIN_NAME.any(),
            ENABLED.any(),
            HTTP_VERSION.any(),
            IS_IPV6_ENABLED.any(),
            LOGGING_CONFIG.any(),
            ORDERED_CACHE_BEHAVIOR.any(),
            ORIGIN.any(),
            ORIGIN_GROUP.any(),
            PRICE_CLASS.any(),
            RESTRICTIONS.any(),
            RETAIN_ON_DELETE.any(),
            STAGING.any(),
            CDN_TAGS.any(),
            CDN_TAGS_ALL.any(),
            VIEWER_CERTIFICATE.any(),
            WEB_ACL_ID.any(),
        ],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&distribution::KIND];

#[cfg(test)]
mod tests {
    use super::distribution::*;
    use crate::compare::{Comparison, compare};
    use serde_json::json;

    #[test]
    fn a_header_to_an_origin_is_compared_by_its_name() {
        let origin = |name: &str, value: serde_json::Value| {
            json!([{ "origin_id": "o", "domain_name": "o.example.com", "origin_path": "",
                "custom_header": [{ "name": name, "value": value }] }])
        };
        let declared = origin("X-Verify", json!("(sensitive, digest 00000000)"));
        let live = origin("X-Verify", json!(null));
        assert!(!matches!(compare(&ORIGIN.any(), &declared, &live), Comparison::Changed(_)));
        let renamed = origin("X-Other", json!(null));
        assert!(matches!(compare(&ORIGIN.any(), &declared, &renamed), Comparison::Changed(_)));
    }

    #[test]
    fn the_listing_shouts_the_version_of_http() {
        let attr = HTTP_VERSION.any();
        assert!(matches!(
            compare(&attr, &json!("http2and3"), &json!("HTTP2and3")),
            Comparison::Suppressed(_)
        ));
        assert!(matches!(compare(&attr, &json!("http2"), &json!("HTTP1.1")), Comparison::Changed(_)));
    }
}
