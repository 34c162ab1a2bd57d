//! Reads Service Quotas: of each service that the account uses, the values that apply in the region.

use std::collections::BTreeSet;

use aws_sdk_servicequotas::types::{MetricInfo, ServiceQuota};
use stateward_model::kinds::quotas::{TRACKED, Tracked, quota};
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::session::{Collector, Session};

/// `ListServiceQuotas` gives 100 quotas a page at most.
const PAGE: i32 = 100;

// It may be called ten times a second.
static QUOTAS: Call = Call::new("servicequotas", "ListServiceQuotas")
    .quota(8, 8)
    .docs("https://docs.aws.amazon.com/servicequotas/latest/userguide/reference_limits.html");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] =
    &[Collector { kind: &quota::KIND, calls: &[&QUOTAS], collect: |s| Box::pin(quotas(s)) }];

/// A service that is used in one region is asked about in all: where there is nothing yet, there may have to be.
async fn quotas(s: &Session) -> Harvest {
    let used = TRACKED.iter().filter(|tracked| tracked.of.iter().any(|kind| s.may_have(kind)));
    let services: BTreeSet<String> = used.map(|tracked| tracked.service.to_owned()).collect();
    let mut all = Harvest::default();
    for part in s.each(services.into_iter().collect(), |service| quotas_of(s, service)).await {
        all.resources.extend(part.resources);
        all.gaps.extend(part.gaps);
    }
    all.gaps.sort();
    all.gaps.dedup();
    all
}

async fn quotas_of(s: &Session, service: String) -> Harvest {
    let pages = s
        .pages(
            &QUOTAS,
            |token| {
                let request = s.servicequotas().list_service_quotas().service_code(&service);
                request.max_results(PAGE).set_next_token(token).send()
            },
            |out| (out.quotas.unwrap_or_default(), out.next_token),
        )
        .await;
    let whole = pages.gap.is_none();
    let own = TRACKED.iter().filter(|tracked| tracked.service == service);
    let resources = own
        .filter_map(|tracked| {
            let found = pages.items.iter().find(|item| item.quota_code.as_deref() == Some(tracked.code));
            (whole || found.is_some()).then(|| resource(s, tracked, found))
        })
        .collect();
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

fn resource(s: &Session, tracked: &Tracked, found: Option<&ServiceQuota>) -> Resource {
    use quota::*;
    let name = found.and_then(|item| item.quota_name.clone()).unwrap_or_else(|| tracked.name.to_owned());
    let mut r = Resource::new(s.place(), KIND.name, tracked.id()).with_name(name.clone());
    r.arn = found.and_then(|item| item.quota_arn.clone());
    r.set(&NAME, name).put(&VALUE, value(found));
    match found {
        Some(item) => r
            .set(&ADJUSTABLE, item.adjustable)
            .set_opt(&USAGE_METRIC, item.usage_metric.as_ref().and_then(usage_metric)),
        None => r.put(&ADJUSTABLE, Err(untold())).put(&USAGE_METRIC, Err(untold())),
    };
    r
}

/// The listing leaves out quotas of which only the default is known, and that may not be what applies.
fn untold() -> Gap {
    Gap::new(QUOTAS.name(), Cause::Unsupported, "the service does not tell which value applies")
}

fn value(found: Option<&ServiceQuota>) -> Result<f64, Gap> {
    let item = found.ok_or_else(untold)?;
    if let Some(code) = item.error_reason.as_ref().and_then(|reason| reason.error_code.as_ref()) {
        return Err(Gap::new(QUOTAS.name(), Cause::Unsupported, code.as_str()));
    }
    item.value.ok_or_else(untold)
}

fn usage_metric(metric: &MetricInfo) -> Option<quota::UsageMetric> {
    Some(quota::UsageMetric {
        namespace: metric.metric_namespace.clone()?,
        name: metric.metric_name.clone()?,
        dimensions: metric.metric_dimensions.clone().unwrap_or_default().into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{ACCOUNT, Account, wanting_all};
    use stateward_model::kinds::ec2::network::vpc;
    use stateward_model::{Place, Reading};

    const VPCS: &str = r#"{"ServiceCode":"vpc","QuotaCode":"L-F678F1CE","QuotaName":"VPCs per Region","Value":7.0,
        "Adjustable":true,"QuotaArn":"arn:aws:servicequotas:us-west-2:123456789012:vpc/L-F678F1CE","UsageMetric":{
        "MetricNamespace":"AWS/Usage","MetricName":"ResourceCount","MetricDimensions":{"Service":"VPC"}}}"#;

    /// A reading of one region that has a VPC, and of another that has none.
    fn readings() -> Vec<Reading> {
        let reading = |kind: &str, region: &str, ids: &[&str]| {
            let place = Place::new(ACCOUNT, region);
            let resources = ids.iter().map(|id| Resource::new(place.clone(), kind.to_owned(), *id)).collect();
            let harvest = Harvest { resources, gaps: Vec::new() };
            Reading { kind: kind.to_owned(), place, observed_at: String::new(), harvest }
        };
        let mut all =
            vec![reading(vpc::KIND.name, "us-west-2", &[]), reading(vpc::KIND.name, "r2", &["vpc-1"])];
        let others = quota::KIND.after.iter().filter(|kind| **kind != vpc::KIND.name);
        all.extend(others.map(|kind| reading(kind, "us-west-2", &[])));
        all
    }

    #[tokio::test]
    async fn only_services_that_the_account_uses_are_asked_about() {
        let account = Account::new(wanting_all(&quota::KIND), |asked| {
            assert!(asked.body.contains(r#""ServiceCode":"vpc""#), "{}", asked.body);
            (200, format!(r#"{{"Quotas":[{VPCS}]}}"#))
        });
        account.home().note_unused(&readings());
        let harvest = quotas(account.home()).await;
        assert_eq!((account.calls("ListServiceQuotas"), harvest.gaps.len()), (1, 0));
        let [vpcs, gateways] = harvest.resources.as_slice() else { panic!("two quotas") };
        assert_eq!(vpcs.id(), "vpc/L-F678F1CE");
        assert_eq!(vpcs.get(&quota::VALUE), Ok(Some(7.0)));
        assert_eq!(vpcs.get(&quota::USAGE_METRIC).unwrap().unwrap().dimensions["Service"], "VPC");
        assert_eq!(gateways.id(), "vpc/L-FE5A380F");
        let gap = gateways.get(&quota::VALUE).unwrap_err();
        assert_eq!(gap.cause, Cause::Unsupported, "a default is not what applies");
    }

    #[tokio::test]
    async fn where_nothing_is_known_all_services_are_asked_about_and_a_refusal_is_one_gap() {
        let account = Account::new(wanting_all(&quota::KIND), |_| {
            (400, r#"{"__type":"AccessDeniedException","Message":"no"}"#.to_owned())
        });
        let harvest = quotas(account.home()).await;
        let services: BTreeSet<&str> = TRACKED.iter().map(|tracked| tracked.service).collect();
        assert_eq!(account.calls("ListServiceQuotas") as usize, services.len());
        assert_eq!((harvest.resources.len(), harvest.gaps.len()), (0, 1));
    }

    #[test]
    fn a_quota_that_the_service_could_not_look_up_has_no_value() {
        use aws_sdk_servicequotas::types::{ErrorCode, ErrorReason};
        let reason = ErrorReason::builder().error_code(ErrorCode::DependencyAccessDeniedError).build();
        let item = ServiceQuota::builder().value(5.0).error_reason(reason).build();
        assert_eq!(value(Some(&item)).unwrap_err().detail, "DEPENDENCY_ACCESS_DENIED_ERROR");
    }
}
