//! Reads CloudFront, once an account: distributions. The values of headers that origins get are dropped.

use aws_sdk_cloudfront::types::{
    CacheBehavior, CustomErrorResponse, DefaultCacheBehavior, DistributionConfig, DistributionSummary,
    ForwardedValues, FunctionAssociations, GrpcConfig, LambdaFunctionAssociations, Origin, OriginGroup,
    ViewerCertificate,
};
use serde_json::{Value, json};
use stateward_model::kinds::cloudfront::distribution;
use stateward_model::kinds::common::ARN;
use stateward_model::{Harvest, Resource, Slot};

use crate::call::Call;
use crate::rds::{put_tags, wants_tags};
use crate::session::{Collector, Session, put_gap};

/// `ListDistributions` allows 100 distributions a page.
const PAGE: i32 = 100;

static DISTRIBUTIONS: Call = Call::new("cloudfront", "ListDistributions");
static CONFIG: Call = Call::new("cloudfront", "GetDistributionConfig");
static LIST_TAGS: Call = Call::new("cloudfront", "ListTagsForResource");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &distribution::KIND,
    calls: &[&DISTRIBUTIONS, &CONFIG, &LIST_TAGS],
    collect: |s| Box::pin(distributions(s)),
}];

async fn distributions(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &DISTRIBUTIONS,
            |marker| s.cloudfront().list_distributions().max_items(PAGE).set_marker(marker).send(),
            |out| {
                let Some(list) = out.distribution_list else { return (Vec::new(), None) };
                (list.items.unwrap_or_default(), list.next_marker.filter(|_| list.is_truncated))
            },
        )
        .await;
    let resources = s.each(pages.items, |item| distribution_resource(s, item)).await;
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn distribution_resource(s: &Session, item: DistributionSummary) -> Resource {
    use distribution::*;
    let mut r = Resource::new(s.global(), KIND.name, item.id.clone())
        .with_arn(item.arn.clone())
        .with_name(item.domain_name.clone());
    put_summary(&mut r, &item);
    if s.wants_call(&KIND, &CONFIG) {
        let read = s.call(&CONFIG, || s.cloudfront().get_distribution_config().id(&item.id).send()).await;
        match read.map(|out| out.distribution_config) {
            Ok(config) => put_config(&mut r, config.as_ref()),
            Err(gap) => put_gap(&mut r, &KIND, &CONFIG, &gap),
        }
    }
    if wants_tags(s, &KIND) {
        let read =
            s.call(&LIST_TAGS, || s.cloudfront().list_tags_for_resource().resource(&item.arn).send()).await;
        let pairs = read.map(|out| {
            let tags = out.tags.and_then(|tags| tags.items).unwrap_or_default().into_iter();
            tags.map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()
        });
        put_tags(&mut r, pairs);
    }
    r
}

fn put_summary(r: &mut Resource, item: &DistributionSummary) {
    use distribution::*;
    let aliases = item.aliases.as_ref().and_then(|aliases| aliases.items.clone()).unwrap_or_default();
    let behaviors = item.cache_behaviors.as_ref().and_then(|all| all.items.as_deref()).unwrap_or_default();
    let errors =
        item.custom_error_responses.as_ref().and_then(|all| all.items.as_deref()).unwrap_or_default();
    let groups = item.origin_groups.as_ref().and_then(|all| all.items.as_deref()).unwrap_or_default();
    let origins = item.origins.as_ref().map(|all| all.items.as_slice()).unwrap_or_default();
    let countries = item.restrictions.as_ref().and_then(|all| all.geo_restriction.as_ref()).map(|geo| {
        json!({
            "geo_restriction": [{
                "locations": geo.items.clone().unwrap_or_default(),
                "restriction_type": geo.restriction_type.as_str(),
            }]
        })
    });
    r.set(&ALIASES, aliases)
        .set(&ARN, item.arn.clone())
        .set(&COMMENT, item.comment.clone())
        .set(&CUSTOM_ERROR_RESPONSE, errors.iter().map(error_response).collect())
        .set(&DOMAIN_NAME, item.domain_name.clone())
        .set(&ENABLED, item.enabled)
        .set(&HTTP_VERSION, item.http_version.as_str().to_owned())
        .set(&IS_IPV6_ENABLED, item.is_ipv6_enabled)
        .set(&ORIGIN, origins.iter().map(origin).collect())
        .set(&ORIGIN_GROUP, groups.iter().map(origin_group).collect())
        .set(&PRICE_CLASS, item.price_class.as_str().to_owned())
        .set(&RESTRICTIONS, countries.into_iter().collect())
        .set(&STAGING, item.staging)
        .set(&VIEWER_CERTIFICATE, item.viewer_certificate.iter().map(viewer_certificate).collect())
        .set_opt(&WEB_ACL_ID, Some(item.web_acl_id.clone()).filter(|id| !id.is_empty()));
    // More is compared of behaviours than checks have a name for.
    let default: Value = item.default_cache_behavior.iter().map(|read| behavior(&read.into())).collect();
    let ordered: Value = behaviors.iter().map(|read| behavior(&read.into())).collect();
    r.put_raw(DEFAULT_CACHE_BEHAVIOR.path(), Slot::Known(default))
        .put_raw(ORDERED_CACHE_BEHAVIOR.path(), Slot::Known(ordered));
}

fn put_config(r: &mut Resource, config: Option<&DistributionConfig>) {
    use distribution::*;
    let logging = config.and_then(|config| config.logging.as_ref()).filter(|logging| logging.enabled);
    let logging = logging.map(|logging| {
        json!({
            "bucket": logging.bucket,
            "include_cookies": logging.include_cookies,
            "prefix": logging.prefix,
        })
    });
    r.set_opt(&DEFAULT_ROOT_OBJECT, config.and_then(|config| config.default_root_object.clone()))
        .set(&LOGGING_CONFIG, logging.into_iter().collect());
}

fn viewer_certificate(read: &ViewerCertificate) -> distribution::ViewerCertificate {
    // As the provider has it: with the default certificate, the method says nothing.
    let own = read.acm_certificate_arn.is_some() || read.iam_certificate_id.is_some();
    let method = read.ssl_support_method.as_ref().filter(|_| own);
    distribution::ViewerCertificate {
        acm_certificate_arn: read.acm_certificate_arn.clone(),
        cloudfront_default_certificate: read.cloud_front_default_certificate,
        iam_certificate_id: read.iam_certificate_id.clone(),
        minimum_protocol_version: read.minimum_protocol_version.as_ref().map(|word| word.as_str().to_owned()),
        ssl_support_method: method.map(|word| word.as_str().to_owned()),
    }
}

/// What the default behaviour and those by path have in common.
struct Shared<'a> {
    path_pattern: Option<&'a str>,
    allowed: (Vec<&'a str>, Vec<&'a str>),
    cache_policy_id: Option<&'a str>,
    compress: Option<bool>,
    field_level_encryption_id: Option<&'a str>,
    forwarded: Option<&'a ForwardedValues>,
    functions: Option<&'a FunctionAssociations>,
    grpc: Option<&'a GrpcConfig>,
    key_groups: &'a [String],
    lambdas: Option<&'a LambdaFunctionAssociations>,
    origin_request_policy_id: Option<&'a str>,
    realtime_log_config_arn: Option<&'a str>,
    response_headers_policy_id: Option<&'a str>,
    signers: &'a [String],
    smooth_streaming: Option<bool>,
    target_origin_id: &'a str,
    /// Least, usual and most seconds.
    ttl: [Option<i64>; 3],
    viewer_protocol_policy: &'a str,
}

macro_rules! shared {
    ($read:ident, $path:expr) => {
        Shared {
            path_pattern: $path,
            allowed: $read.allowed_methods.as_ref().map_or_else(Default::default, |methods| {
                let cached = methods.cached_methods.as_ref().map(|cached| cached.items.as_slice());
                (
                    methods.items.iter().map(|method| method.as_str()).collect(),
                    cached.unwrap_or_default().iter().map(|method| method.as_str()).collect(),
                )
            }),
            cache_policy_id: $read.cache_policy_id.as_deref(),
            compress: $read.compress,
            field_level_encryption_id: $read.field_level_encryption_id.as_deref(),
            forwarded: $read.forwarded_values.as_ref(),
            functions: $read.function_associations.as_ref(),
            grpc: $read.grpc_config.as_ref(),
            key_groups: $read.trusted_key_groups.as_ref().map_or(&[], |groups| groups.items()),
            lambdas: $read.lambda_function_associations.as_ref(),
            origin_request_policy_id: $read.origin_request_policy_id.as_deref(),
            realtime_log_config_arn: $read.realtime_log_config_arn.as_deref(),
            response_headers_policy_id: $read.response_headers_policy_id.as_deref(),
            signers: $read.trusted_signers.as_ref().map_or(&[], |signers| signers.items()),
            smooth_streaming: $read.smooth_streaming,
            target_origin_id: &$read.target_origin_id,
            ttl: [$read.min_ttl, $read.default_ttl, $read.max_ttl],
            viewer_protocol_policy: $read.viewer_protocol_policy.as_str(),
        }
    };
}

#[allow(deprecated, reason = "distributions that never moved to cache policies have these values")]
impl<'a> From<&'a DefaultCacheBehavior> for Shared<'a> {
    fn from(read: &'a DefaultCacheBehavior) -> Self {
        shared!(read, None)
    }
}

#[allow(deprecated, reason = "distributions that never moved to cache policies have these values")]
impl<'a> From<&'a CacheBehavior> for Shared<'a> {
    fn from(read: &'a CacheBehavior) -> Self {
        shared!(read, Some(read.path_pattern.as_str()))
    }
}

fn behavior(read: &Shared) -> Value {
    let functions = read.functions.map(|all| all.items()).unwrap_or_default();
    let functions: Value = functions
        .iter()
        .map(|one| json!({ "event_type": one.event_type.as_str(), "function_arn": one.function_arn }))
        .collect();
    let lambdas = read.lambdas.map(|all| all.items()).unwrap_or_default();
    let lambdas: Value = lambdas
        .iter()
        .map(|one| {
            json!({
                "event_type": one.event_type.as_str(),
                "include_body": one.include_body.unwrap_or_default(),
                "lambda_arn": one.lambda_function_arn,
            })
        })
        .collect();
    let grpc: Value = read.grpc.iter().map(|grpc| json!({ "enabled": grpc.enabled })).collect();
    let [min_ttl, default_ttl, max_ttl] = read.ttl;
    let mut block = json!({
        "allowed_methods": read.allowed.0,
        "cache_policy_id": read.cache_policy_id,
        "cached_methods": read.allowed.1,
        "compress": read.compress,
        "default_ttl": default_ttl,
        "field_level_encryption_id": read.field_level_encryption_id,
        "forwarded_values": read.forwarded.iter().map(|values| forwarded(values)).collect::<Value>(),
        "function_association": functions,
        "grpc_config": grpc,
        "lambda_function_association": lambdas,
        "max_ttl": max_ttl,
        "min_ttl": min_ttl,
        "origin_request_policy_id": read.origin_request_policy_id,
        "realtime_log_config_arn": read.realtime_log_config_arn,
        "response_headers_policy_id": read.response_headers_policy_id,
        "smooth_streaming": read.smooth_streaming,
        "target_origin_id": read.target_origin_id,
        "trusted_key_groups": read.key_groups,
        "trusted_signers": read.signers,
        "viewer_protocol_policy": read.viewer_protocol_policy,
    });
    if let Some(pattern) = read.path_pattern {
        block["path_pattern"] = json!(pattern);
    }
    block
}

fn forwarded(read: &ForwardedValues) -> Value {
    let cookies = read.cookies.iter().map(|cookies| {
        let names = cookies.whitelisted_names.as_ref().map(|names| names.items()).unwrap_or_default();
        json!({ "forward": cookies.forward.as_str(), "whitelisted_names": names })
    });
    json!({
        "cookies": cookies.collect::<Value>(),
        "headers": read.headers.as_ref().map(|headers| headers.items()).unwrap_or_default(),
        "query_string": read.query_string,
        "query_string_cache_keys":
            read.query_string_cache_keys.as_ref().map(|keys| keys.items()).unwrap_or_default(),
    })
}

fn error_response(read: &CustomErrorResponse) -> Value {
    let code = read.response_code.as_deref().and_then(|code| code.parse::<i64>().ok());
    json!({
        "error_caching_min_ttl": read.error_caching_min_ttl,
        "error_code": read.error_code,
        "response_code": code,
        "response_page_path": read.response_page_path,
    })
}

fn origin(read: &Origin) -> Value {
    let headers =
        read.custom_headers.as_ref().and_then(|headers| headers.items.as_deref()).unwrap_or_default();
    let headers: Value = headers.iter().map(|header| json!({ "name": header.header_name })).collect();
    let custom: Value = read
        .custom_origin_config
        .iter()
        .map(|config| {
            let protocols = config.origin_ssl_protocols.as_ref().map(|all| all.items.as_slice());
            let protocols: Vec<&str> =
                protocols.unwrap_or_default().iter().map(|protocol| protocol.as_str()).collect();
            json!({
                "http_port": config.http_port,
                "https_port": config.https_port,
                "ip_address_type": config.ip_address_type.as_ref().map(|word| word.as_str()),
                "origin_keepalive_timeout": config.origin_keepalive_timeout,
                "origin_protocol_policy": config.origin_protocol_policy.as_str(),
                "origin_read_timeout": config.origin_read_timeout,
                "origin_ssl_protocols": protocols,
            })
        })
        .collect();
    let shield: Value = read
        .origin_shield
        .iter()
        .map(|shield| json!({ "enabled": shield.enabled, "origin_shield_region": shield.origin_shield_region }))
        .collect();
    let identity = read.s3_origin_config.as_ref().map(|config| config.origin_access_identity.as_str());
    let bucket: Value = identity
        .filter(|identity| !identity.is_empty())
        .map(|identity| json!({ "origin_access_identity": identity }))
        .into_iter()
        .collect();
    json!({
        "connection_attempts": read.connection_attempts,
        "connection_timeout": read.connection_timeout,
        "custom_header": headers,
        "custom_origin_config": custom,
        "domain_name": read.domain_name,
        "origin_access_control_id": read.origin_access_control_id,
        "origin_id": read.id,
        "origin_path": read.origin_path,
        "origin_shield": shield,
        "response_completion_timeout": read.response_completion_timeout,
        "s3_origin_config": bucket,
    })
}

fn origin_group(read: &OriginGroup) -> Value {
    let codes = read.failover_criteria.as_ref().and_then(|criteria| criteria.status_codes.as_ref());
    let codes: Value = codes.iter().map(|codes| json!({ "status_codes": codes.items })).collect();
    let members = read.members.as_ref().map(|members| members.items.as_slice()).unwrap_or_default();
    let members: Value = members.iter().map(|member| json!({ "origin_id": member.origin_id })).collect();
    json!({ "failover_criteria": codes, "member": members, "origin_id": read.id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting, wanting_all};

    const LISTED: &str = "<DistributionList><Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated>\
        <Quantity>1</Quantity><Items><DistributionSummary><Id>E1</Id><ARN>arn:aws:cloudfront::1:distribution/E1</ARN>\
        <Status>Deployed</Status><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>\
        <DomainName>d1.cloudfront.net</DomainName><Aliases><Quantity>1</Quantity><Items><CNAME>www.example.com</CNAME>\
        </Items></Aliases><Origins><Quantity>1</Quantity><Items><Origin><Id>o</Id><DomainName>o.example.com</DomainName>\
        <CustomHeaders><Quantity>1</Quantity><Items><OriginCustomHeader><HeaderName>X-Verify</HeaderName>\
        <HeaderValue>hunter2</HeaderValue></OriginCustomHeader></Items></CustomHeaders></Origin></Items></Origins>\
        <DefaultCacheBehavior><TargetOriginId>o</TargetOriginId><ViewerProtocolPolicy>https-only</ViewerProtocolPolicy>\
        <AllowedMethods><Quantity>1</Quantity><Items><Method>GET</Method></Items><CachedMethods><Quantity>1</Quantity>\
        <Items><Method>GET</Method></Items></CachedMethods></AllowedMethods></DefaultCacheBehavior>\
        <CacheBehaviors><Quantity>1</Quantity><Items><CacheBehavior><PathPattern>/api/*</PathPattern>\
        <TargetOriginId>o</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy></CacheBehavior>\
        </Items></CacheBehaviors><Comment/><PriceClass>PriceClass_All</PriceClass><Enabled>true</Enabled>\
        <ViewerCertificate><CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate>\
        <SSLSupportMethod>vip</SSLSupportMethod><MinimumProtocolVersion>TLSv1</MinimumProtocolVersion>\
        </ViewerCertificate><WebACLId/><HttpVersion>HTTP2</HttpVersion><IsIPV6Enabled>true</IsIPV6Enabled>\
        <Staging>false</Staging></DistributionSummary></Items></DistributionList>";

    #[tokio::test]
    async fn the_listing_tells_what_viewers_may_use() {
        let wanted = wanting(&distribution::KIND, &["viewer_certificate", "default_cache_behavior"]);
        let account = Account::new(wanted, |_| (200, LISTED.into()));
        let harvest = distributions(account.home()).await;
        let found = &harvest.resources[0];
        let certificate = found.get(&distribution::VIEWER_CERTIFICATE).unwrap().unwrap().remove(0);
        assert_eq!(certificate.minimum_protocol_version.as_deref(), Some("TLSv1"));
        assert_eq!(certificate.ssl_support_method, None);
        let default = found.get(&distribution::DEFAULT_CACHE_BEHAVIOR).unwrap().unwrap().remove(0);
        assert_eq!(default.viewer_protocol_policy, "https-only");
        let ordered = found.get(&distribution::ORDERED_CACHE_BEHAVIOR).unwrap().unwrap().remove(0);
        assert_eq!(ordered.path_pattern.as_deref(), Some("/api/*"));
        assert_eq!(found.get(&distribution::WEB_ACL_ID), Ok(None));
        assert!(!format!("{harvest:?}").contains("hunter2"), "a header's value is dropped");
        assert_eq!(account.calls("GetDistributionConfig") + account.calls("ListTagsForResource"), 0);
    }

    #[tokio::test]
    async fn a_refused_configuration_leaves_a_gap_where_it_tells() {
        let account = Account::new(wanting_all(&distribution::KIND), |asked| {
            if asked.target.contains("/config") {
                return (
                    403,
                    "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>".into(),
                );
            }
            if asked.target.contains("/tagging") {
                return (200, "<Tags><Items><Tag><Key>a</Key><Value>b</Value></Tag></Items></Tags>".into());
            }
            (200, LISTED.into())
        });
        let found = distributions(account.home()).await.resources.remove(0);
        assert!(found.get(&distribution::LOGGING_CONFIG).is_err());
        assert_eq!(found.get(&distribution::ENABLED), Ok(Some(true)));
        assert_eq!(found.tags()["a"], "b");
    }
}
