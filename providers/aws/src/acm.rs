//! Reads certificates of AWS Certificate Manager, never their keys.

use aws_sdk_acm::types::{CertificateDetail, CertificateSummary, CertificateType, Filters, KeyAlgorithm};
use stateward_model::kinds::acm::certificate;
use stateward_model::kinds::common::ARN;
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp, wants_tags};
use crate::session::{Collector, Session, put_gap};

/// `ListCertificates` allows 1000 certificates a page.
const PAGE: i32 = 1000;

const QUOTAS: &str = "https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html";

static CERTIFICATES: Call = Call::new("acm", "ListCertificates").quota(4, 8).docs(QUOTAS);
static CERTIFICATE: Call = Call::new("acm", "DescribeCertificate").quota(5, 10).docs(QUOTAS);
static LIST_TAGS: Call = Call::new("acm", "ListTagsForCertificate").quota(5, 10).docs(QUOTAS);

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &certificate::KIND,
    calls: &[&CERTIFICATES, &CERTIFICATE, &LIST_TAGS],
    collect: |s| Box::pin(certificates(s)),
}];

/// Unless it is told all of them, the listing leaves out certificates with other keys than RSA of 1024 or 2048 bits.
fn of_all_keys() -> Filters {
    let all = KeyAlgorithm::values().iter().map(|name| KeyAlgorithm::from(*name));
    Filters::builder().set_key_types(Some(all.collect())).build()
}

async fn certificates(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &CERTIFICATES,
            |token| {
                s.acm()
                    .list_certificates()
                    .includes(of_all_keys())
                    .max_items(PAGE)
                    .set_next_token(token)
                    .send()
            },
            |out| (out.certificate_summary_list.unwrap_or_default(), out.next_token),
        )
        .await;
    let resources = s.each(pages.items, |summary| certificate_resource(s, summary)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn certificate_resource(s: &Session, summary: CertificateSummary) -> Resource {
    use certificate::*;
    let arn = summary.certificate_arn.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, arn.clone())
        .with_arn(arn.clone())
        .with_name(summary.domain_name.clone().unwrap_or_default());
    r.set(&ARN, arn.clone())
        .set_opt(&DOMAIN_NAME, summary.domain_name.clone())
        .set_opt(&MANAGED_BY, summary.managed_by.as_ref().map(|keeper| keeper.as_str().to_owned()));
    if s.wants_call(&KIND, &CERTIFICATE) {
        let read = s.call(&CERTIFICATE, || s.acm().describe_certificate().certificate_arn(&arn).send()).await;
        match read {
            Ok(out) => {
                put_detail(&mut r, &out.certificate.unwrap_or_else(|| CertificateDetail::builder().build()))
            }
            Err(gap) => put_gap(&mut r, &KIND, &CERTIFICATE, &gap),
        }
    }
    if wants_tags(s, &KIND) {
        let read =
            s.call(&LIST_TAGS, || s.acm().list_tags_for_certificate().certificate_arn(&arn).send()).await;
        let pairs = read.map(|out| {
            let tags = out.tags.unwrap_or_default().into_iter();
            tags.map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()
        });
        put_tags(&mut r, pairs);
    }
    r
}

#[allow(deprecated, reason = "Terraform still has the preference, and AWS still answers with it")]
fn put_detail(r: &mut Resource, detail: &CertificateDetail) {
    use certificate::*;
    let options = detail.options.as_ref().map(|options| Options {
        certificate_transparency_logging_preference: options
            .certificate_transparency_logging_preference
            .as_ref()
            .map(|word| word.as_str().to_owned()),
        export: options.export.as_ref().map(|word| word.as_str().to_owned()),
    });
    let renewal = detail.renewal_summary.as_ref();
    r.set_opt(&CERTIFICATE_AUTHORITY_ARN, detail.certificate_authority_arn.clone())
        .set_opt(&CREATED_AT, detail.created_at.as_ref().and_then(stamp))
        .set(&IN_USE_BY, detail.in_use_by().to_vec())
        // The API writes `RSA-2048` where its model has `RSA_2048`, which Terraform keeps.
        .set_opt(&KEY_ALGORITHM, detail.key_algorithm.as_ref().map(|key| key.as_str().replace('-', "_")))
        .set_opt(&NOT_AFTER, detail.not_after.as_ref().and_then(stamp))
        .set(&OPTIONS, options.into_iter().collect())
        .set_opt(&RENEWAL_STATUS, renewal.map(|renewal| renewal.renewal_status.as_str().to_owned()))
        .set_opt(&STATUS, detail.status.as_ref().map(|status| status.as_str().to_owned()))
        .set(&SUBJECT_ALTERNATIVE_NAMES, detail.subject_alternative_names().to_vec())
        .set_opt(&TYPE, detail.r#type.as_ref().map(|of_type| of_type.as_str().to_owned()))
        .set(&VALIDATION_METHOD, validation_method(detail));
}

/// As the provider has it: of the first name, and `NONE` for what ACM did not validate.
fn validation_method(detail: &CertificateDetail) -> String {
    let issued = detail.r#type == Some(CertificateType::AmazonIssued);
    let mut methods =
        detail.domain_validation_options().iter().filter_map(|name| name.validation_method.as_ref());
    let method = methods.next().filter(|_| issued);
    method.map_or_else(|| "NONE".to_owned(), |method| method.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting, wanting_all};
    use stateward_model::Cause;

    const ONE: &str =
        r#"{"CertificateSummaryList":[{"CertificateArn":"arn:c","DomainName":"a.example.com"}]}"#;

    #[tokio::test]
    async fn certificates_of_all_keys_are_listed_and_only_then_described() {
        let account = Account::new(wanting(&certificate::KIND, &["domain_name"]), |asked| {
            assert!(
                asked.body.contains("EC_prime256v1") && asked.body.contains("RSA_4096"),
                "{}",
                asked.body
            );
            (200, ONE.into())
        });
        let harvest = certificates(account.home()).await;
        assert_eq!(harvest.resources[0].id(), "arn:c");
        assert_eq!(account.calls("DescribeCertificate") + account.calls("ListTagsForCertificate"), 0);
    }

    #[tokio::test]
    async fn a_certificate_is_read_as_terraform_writes_it() {
        let account = Account::new(wanting_all(&certificate::KIND), |asked| match asked.operation.as_str() {
            "ListCertificates" => (200, ONE.into()),
            "DescribeCertificate" => (
                200,
                r#"{"Certificate":{"CertificateArn":"arn:c","KeyAlgorithm":"RSA-2048","Status":"ISSUED",
                    "Type":"AMAZON_ISSUED","NotAfter":1767225600,"SubjectAlternativeNames":["a.example.com"],
                    "DomainValidationOptions":[{"DomainName":"a.example.com","ValidationMethod":"DNS"}]}}"#
                    .into(),
            ),
            _ => (200, r#"{"Tags":[{"Key":"a","Value":"b"}]}"#.into()),
        });
        let found = &certificates(account.home()).await.resources[0];
        assert_eq!(found.get(&certificate::KEY_ALGORITHM).unwrap().as_deref(), Some("RSA_2048"));
        assert_eq!(found.get(&certificate::VALIDATION_METHOD).unwrap().as_deref(), Some("DNS"));
        assert_eq!(found.get(&certificate::NOT_AFTER).unwrap().as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(found.get(&certificate::IN_USE_BY), Ok(Some(Vec::new())));
        assert_eq!(found.tags()["a"], "b");
        assert!(certificate::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }

    #[tokio::test]
    async fn a_refused_description_leaves_gaps_and_the_listing_whole() {
        let account = Account::new(wanting_all(&certificate::KIND), |asked| match asked.operation.as_str() {
            "ListCertificates" => (200, ONE.into()),
            "DescribeCertificate" => (400, r#"{"__type":"AccessDeniedException"}"#.into()),
            _ => (200, r#"{"Tags":[]}"#.into()),
        });
        let harvest = certificates(account.home()).await;
        assert_eq!(harvest.gaps, []);
        let gap = harvest.resources[0].get(&certificate::STATUS).unwrap_err();
        assert_eq!(gap.cause, Cause::Denied);
        assert_eq!(
            harvest.resources[0].get(&certificate::DOMAIN_NAME).unwrap().as_deref(),
            Some("a.example.com")
        );
    }
}
