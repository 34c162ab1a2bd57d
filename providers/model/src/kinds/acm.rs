//! AWS Certificate Manager: certificates, what became of their validation and their renewal. Keys are never read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Kind};

use super::common::{ARN, TAGS, TAGS_ALL};

const DESCRIBED: &[&str] = &["acm:DescribeCertificate"];

/// The tags of the resource itself.
pub const ACM_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["acm:ListTagsForCertificate"]);
/// The tags.
pub const ACM_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["acm:ListTagsForCertificate"]);

/// `aws_acm_certificate`.
pub mod certificate {
    use super::*;

    /// The `options` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Options {
        /// `ENABLED` or `DISABLED`.
        pub certificate_transparency_logging_preference: Option<String>,
        /// Whether its key may be taken out of AWS: `ENABLED` or `DISABLED`.
        pub export: Option<String>,
    }

    const OPTION_RULES: &[Nested] = &[
        Nested::new("certificate_transparency_logging_preference", Exact)
            .absent(Absent::Default("\"ENABLED\"")),
        Nested::new("export", Exact).absent(Absent::Default("\"DISABLED\"")),
    ];

    /// The private authority that issued it; none for public and imported ones.
    pub const CERTIFICATE_AUTHORITY_ARN: Attr<String> =
        Attr::new("certificate_authority_arn", Exact).by(DESCRIBED);
    /// When it was asked for, RFC 3339; none for imported ones.
    pub const CREATED_AT: Attr<String> = Attr::live("created_at").by(DESCRIBED);
    /// Its first name.
    pub const DOMAIN_NAME: Attr<String> = Attr::new("domain_name", Domain);
    /// The ARNs of what uses it.
    pub const IN_USE_BY: Attr<Vec<String>> = Attr::live("in_use_by").by(DESCRIBED);
    /// `RSA_2048`, `EC_prime256v1`, …
    pub const KEY_ALGORITHM: Attr<String> = Attr::new("key_algorithm", Never("cannot change")).by(DESCRIBED);
    /// The service that made and keeps it: `CLOUDFRONT`.
    pub const MANAGED_BY: Attr<String> = Attr::live("managed_by");
    /// When it expires, RFC 3339; none before it is issued.
    pub const NOT_AFTER: Attr<String> = Attr::new("not_after", Never("moves with renewals")).by(DESCRIBED);
    /// The options of the certificate.
    pub const OPTIONS: Attr<Vec<Options>> =
        Attr::new("options", Exact).absent(Absent::Unclaimed).nested(OPTION_RULES).by(DESCRIBED);
    /// `PENDING_AUTO_RENEWAL`, `PENDING_VALIDATION`, `SUCCESS`, `FAILED`; none where no renewal has begun.
    pub const RENEWAL_STATUS: Attr<String> = Attr::live("renewal_status").by(DESCRIBED);
    /// `ISSUED`, `PENDING_VALIDATION`, `EXPIRED`, `FAILED`, …
    pub const STATUS: Attr<String> = Attr::new("status", Never("computed")).by(DESCRIBED);
    /// All its names, the first included.
    pub const SUBJECT_ALTERNATIVE_NAMES: Attr<Vec<String>> =
        Attr::new("subject_alternative_names", Set).nested(&[Nested::new("*", Domain)]).by(DESCRIBED);
    /// `AMAZON_ISSUED`, `IMPORTED` or `PRIVATE`.
    pub const TYPE: Attr<String> = Attr::new("type", Never("computed")).by(DESCRIBED);
    /// `DNS`, `EMAIL`, or `NONE` for what ACM does not validate.
    pub const VALIDATION_METHOD: Attr<String> =
        Attr::new("validation_method", Exact).absent(Absent::Default("\"NONE\"")).by(DESCRIBED);

    /// The kind; its id is the certificate's ARN.
    pub static KIND: Kind = Kind {
        name: "aws_acm_certificate",
        service: "acm",
        listed_by: &["acm:ListCertificates"],
        attributes: &[
            ARN.any(),
            CERTIFICATE_AUTHORITY_ARN.any(),
            CREATED_AT.any(),
            DOMAIN_NAME.any(),
            IN_USE_BY.any(),
            KEY_ALGORITHM.any(),
            MANAGED_BY.any(),
            NOT_AFTER.any(),
            OPTIONS.any(),
            RENEWAL_STATUS.any(),
            STATUS.any(),
            SUBJECT_ALTERNATIVE_NAMES.any(),
            ACM_TAGS.any(),
            ACM_TAGS_ALL.any(),
            TYPE.any(),
            VALIDATION_METHOD.any(),
        ],
        exclusion: |resource| {
            let keeper = resource.get(&MANAGED_BY).ok().flatten().unwrap_or_default();
            (!keeper.is_empty())
                .then_some(Exclusion { rule: "N19", reason: "another service made and keeps it" })
        },
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&certificate::KIND];

#[cfg(test)]
mod tests {
    use super::certificate::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::{Place, Resource};
    use serde_json::json;

    #[test]
    fn names_are_compared_as_domains_in_any_order() {
        let attr = SUBJECT_ALTERNATIVE_NAMES.any();
        let declared = json!(["shop.example.com", "Api.example.com"]);
        let same = json!(["api.example.com", "shop.example.com"]);
        assert!(matches!(compare(&attr, &declared, &same), Comparison::Suppressed(_)));
        assert!(matches!(compare(&attr, &declared, &json!(["shop.example.com"])), Comparison::Changed(_)));
    }

    #[test]
    fn what_a_service_keeps_is_excluded() {
        let mut live = Resource::new(Place::new("1", "us-east-1"), KIND.name, "arn");
        live.set_opt(&MANAGED_BY, None);
        assert_eq!((KIND.exclusion)(&live), None);
        live.set(&MANAGED_BY, "CLOUDFRONT".to_owned());
        assert_eq!((KIND.exclusion)(&live).map(|exclusion| exclusion.rule), Some("N19"));
    }
}
