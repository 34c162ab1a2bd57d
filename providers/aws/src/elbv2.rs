//! Reads application, network and gateway load balancers: balancers and target groups by one listing each, listeners by
//! balancer, rules by listener.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ec2::types::Instance;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, Listener, LoadBalancer, LoadBalancerTypeEnum, Rule, RuleCondition, TagDescription, TargetGroup,
    TargetHealthDescription,
};
use serde_json::{Value, json};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::elbv2::{
    self as model, Redirect, listener, listener_rule, load_balancer, target_group,
};
use stateward_model::{Gap, Harvest, Kind, Resource};

use crate::call::Call;
use crate::ec2::compute::{INSTANCES, block, instances, word};
use crate::rds::{put_tags, stamp, wants_tags};
use crate::session::{Collector, Pages, Session, put_gap};

/// The most that a page holds.
const PAGE: i32 = 400;
/// The most resources whose tags one request tells.
const TAG_BATCH: usize = 20;

/// All reads of an account and region share a bucket of 40 requests, refilled with 10 a second.
const LIMITS: &str =
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html";

const fn elb(operation: &'static str) -> Call {
    Call::new("elasticloadbalancing", operation).quota(3, 10).docs(LIMITS)
}

static BALANCERS: Call = elb("DescribeLoadBalancers");
static BALANCER_ATTRIBUTES: Call = elb("DescribeLoadBalancerAttributes");
static LISTENERS: Call = elb("DescribeListeners");
static LISTENER_CERTIFICATES: Call = elb("DescribeListenerCertificates");
static RULES: Call = elb("DescribeRules");
static TARGET_GROUPS: Call = elb("DescribeTargetGroups");
static TARGET_GROUP_ATTRIBUTES: Call = elb("DescribeTargetGroupAttributes");
static TARGET_HEALTH: Call = elb("DescribeTargetHealth");
static LIST_TAGS: Call = elb("DescribeTags");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &load_balancer::KIND,
        calls: &[&BALANCERS, &BALANCER_ATTRIBUTES, &LIST_TAGS],
        collect: |s| Box::pin(collect_balancers(s)),
    },
    Collector {
        kind: &listener::KIND,
        calls: &[&BALANCERS, &LISTENERS, &LISTENER_CERTIFICATES, &LIST_TAGS],
        collect: |s| Box::pin(collect_listeners(s)),
    },
    Collector {
        kind: &listener_rule::KIND,
        calls: &[&BALANCERS, &LISTENERS, &RULES, &LIST_TAGS],
        collect: |s| Box::pin(rules(s)),
    },
    Collector {
        kind: &target_group::KIND,
        calls: &[&TARGET_GROUPS, &TARGET_GROUP_ATTRIBUTES, &TARGET_HEALTH, &INSTANCES, &LIST_TAGS],
        collect: |s| Box::pin(target_groups(s)),
    },
];

/// Everything here is known by its ARN.
fn new_resource(s: &Session, kind: &Kind, arn: Option<&str>, name: Option<&str>) -> Resource {
    let arn = arn.unwrap_or_default();
    let mut resource =
        Resource::new(s.place(), kind.name, arn).with_arn(arn).with_name(name.unwrap_or_default());
    resource.set(&ARN, arn.to_owned());
    resource
}

/// Puts the tags on all resources, twenty a request.
async fn put_all_tags(s: &Session, kind: &Kind, resources: &mut [Resource]) {
    if !wants_tags(s, kind) || resources.is_empty() {
        return;
    }
    let arns: Vec<String> = resources.iter().map(|resource| resource.id().to_owned()).collect();
    let batches: Vec<Vec<String>> = arns.chunks(TAG_BATCH).map(<[String]>::to_vec).collect();
    let answers = s
        .each(batches, |batch| async move {
            s.call(&LIST_TAGS, || s.elbv2().describe_tags().set_resource_arns(Some(batch.clone())).send())
                .await
                .map(|out| tags_by_arn(out.tag_descriptions()))
        })
        .await;
    for (batch, answer) in resources.chunks_mut(TAG_BATCH).zip(answers) {
        for resource in batch {
            let own = answer.as_ref().map(|all| all.get(resource.id()).cloned().unwrap_or_default());
            put_tags(resource, own.map_err(Gap::clone));
        }
    }
}

fn tags_by_arn(descriptions: &[TagDescription]) -> BTreeMap<String, BTreeMap<String, String>> {
    descriptions
        .iter()
        .map(|description| {
            let tags = description
                .tags()
                .iter()
                .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())))
                .collect();
            (description.resource_arn.clone().unwrap_or_default(), tags)
        })
        .collect()
}

/// What the attribute operations answer with: pairs of names and values.
struct Attributes(BTreeMap<String, String>);

impl Attributes {
    fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).filter(|value| !value.is_empty()).cloned()
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.0.get(key).and_then(|value| value.parse().ok())
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.0.get(key).and_then(|value| value.parse().ok())
    }
}

async fn balancers(s: &Session) -> Arc<Pages<LoadBalancer>> {
    s.once("elasticloadbalancing:DescribeLoadBalancers", async {
        s.pages(
            &BALANCERS,
            |marker| s.elbv2().describe_load_balancers().page_size(PAGE).set_marker(marker).send(),
            |out| (out.load_balancers.unwrap_or_default(), out.next_marker),
        )
        .await
    })
    .await
}

async fn collect_balancers(s: &Session) -> Harvest {
    let all = balancers(s).await;
    let resources = all.items.iter().map(|balancer| balancer_resource(s, balancer)).collect();
    let mut resources = s.each(resources, |resource| put_balancer_attributes(s, resource)).await;
    put_all_tags(s, &load_balancer::KIND, &mut resources).await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn balancer_resource(s: &Session, b: &LoadBalancer) -> Resource {
    use load_balancer::*;
    let mut r = new_resource(s, &KIND, b.load_balancer_arn.as_deref(), b.load_balancer_name.as_deref());
    r.set(
        &AVAILABILITY_ZONES,
        b.availability_zones().iter().filter_map(|zone| zone.zone_name.clone()).collect(),
    )
    .set_opt(&CREATED_TIME, b.created_time.as_ref().and_then(stamp))
    .set_opt(&CUSTOMER_OWNED_IPV4_POOL, b.customer_owned_ipv4_pool.clone())
    .set_opt(&DNS_NAME, b.dns_name.clone())
    .set_opt(
        &ENFORCE_INBOUND_ON_PRIVATE_LINK,
        b.enforce_security_group_inbound_rules_on_private_link_traffic.clone(),
    )
    .set_opt(&INTERNAL, b.scheme.as_ref().map(|scheme| scheme.as_str() == "internal"))
    .set_opt(&IP_ADDRESS_TYPE, word!(b.ip_address_type))
    .set_opt(&LOAD_BALANCER_TYPE, word!(b.r#type))
    .set_opt(&NAME, b.load_balancer_name.clone())
    .set(&SECURITY_GROUPS, b.security_groups().to_vec())
    .set_opt(&STATE, b.state.as_ref().and_then(|state| word!(state.code)))
    .set(&SUBNETS, b.availability_zones().iter().filter_map(|zone| zone.subnet_id.clone()).collect())
    .set_opt(&VPC_ID, b.vpc_id.clone())
    .set_opt(&ZONE_ID, b.canonical_hosted_zone_id.clone());
    r
}

async fn put_balancer_attributes(s: &Session, mut resource: Resource) -> Resource {
    let kind = &load_balancer::KIND;
    if !s.wants_call(kind, &BALANCER_ATTRIBUTES) {
        return resource;
    }
    let arn = resource.id().to_owned();
    let read = s
        .call(&BALANCER_ATTRIBUTES, || {
            s.elbv2().describe_load_balancer_attributes().load_balancer_arn(&arn).send()
        })
        .await;
    match read {
        Err(gap) => put_gap(&mut resource, kind, &BALANCER_ATTRIBUTES, &gap),
        Ok(out) => {
            let pairs = out.attributes.unwrap_or_default().into_iter();
            let pairs = pairs.filter_map(|pair| Some((pair.key?, pair.value.unwrap_or_default())));
            set_balancer_attributes(&mut resource, &Attributes(pairs.collect()));
        }
    }
    resource
}

fn logs(attributes: &Attributes, prefix: &str) -> Vec<load_balancer::Logs> {
    vec![load_balancer::Logs {
        bucket: attributes.text(&format!("{prefix}.s3.bucket")),
        enabled: attributes.flag(&format!("{prefix}.s3.enabled")).unwrap_or_default(),
        prefix: attributes.text(&format!("{prefix}.s3.prefix")),
    }]
}

fn set_balancer_attributes(r: &mut Resource, a: &Attributes) {
    use load_balancer::*;
    r.set(&ACCESS_LOGS, logs(a, "access_logs"))
        .set_opt(&CLIENT_KEEP_ALIVE, a.number("client_keep_alive.seconds"))
        .set(&CONNECTION_LOGS, logs(a, "connection_logs"))
        .set_opt(&DESYNC_MITIGATION_MODE, a.text("routing.http.desync_mitigation_mode"))
        .set_opt(&DNS_RECORD_CLIENT_ROUTING_POLICY, a.text("dns_record.client_routing_policy"))
        .set_opt(&DROP_INVALID_HEADER_FIELDS, a.flag("routing.http.drop_invalid_header_fields.enabled"))
        .set_opt(&ENABLE_CROSS_ZONE_LOAD_BALANCING, a.flag("load_balancing.cross_zone.enabled"))
        .set_opt(&ENABLE_DELETION_PROTECTION, a.flag("deletion_protection.enabled"))
        .set_opt(&ENABLE_HTTP2, a.flag("routing.http2.enabled"))
        .set_opt(&ENABLE_TLS_HEADERS, a.flag("routing.http.x_amzn_tls_version_and_cipher_suite.enabled"))
        .set_opt(&ENABLE_WAF_FAIL_OPEN, a.flag("waf.fail_open.enabled"))
        .set_opt(&ENABLE_XFF_CLIENT_PORT, a.flag("routing.http.xff_client_port.enabled"))
        .set_opt(&ENABLE_ZONAL_SHIFT, a.flag("zonal_shift.config.enabled"))
        .set_opt(&IDLE_TIMEOUT, a.number("idle_timeout.timeout_seconds"))
        .set_opt(&PRESERVE_HOST_HEADER, a.flag("routing.http.preserve_host_header.enabled"))
        .set_opt(&XFF_HEADER_PROCESSING_MODE, a.text("routing.http.xff_header_processing.mode"));
}

/// The listeners of all balancers of the region, and what could not be listed.
#[derive(Debug, Default)]
struct Listeners {
    all: Vec<Listener>,
    /// Those whose balancer routes by rules.
    with_rules: Vec<String>,
    gaps: Vec<Gap>,
}

async fn listeners(s: &Session) -> Arc<Listeners> {
    s.once("elasticloadbalancing:DescribeListeners", async {
        let balancers = balancers(s).await;
        let mut found = Listeners { gaps: balancers.gap.iter().cloned().collect(), ..Listeners::default() };
        let arns = balancers.items.iter().map(|b| b.load_balancer_arn.clone().unwrap_or_default()).collect();
        let pages = s.each(arns, |arn| listeners_of(s, arn)).await;
        for (pages, balancer) in pages.into_iter().zip(&balancers.items) {
            if balancer.r#type == Some(LoadBalancerTypeEnum::Application) {
                found.with_rules.extend(pages.items.iter().filter_map(|l| l.listener_arn.clone()));
            }
            found.all.extend(pages.items);
            found.gaps.extend(pages.gap);
        }
        found
    })
    .await
}

async fn listeners_of(s: &Session, arn: String) -> Pages<Listener> {
    s.pages(
        &LISTENERS,
        |marker| {
            s.elbv2().describe_listeners().load_balancer_arn(&arn).page_size(PAGE).set_marker(marker).send()
        },
        |out| (out.listeners.unwrap_or_default(), out.next_marker),
    )
    .await
}

async fn collect_listeners(s: &Session) -> Harvest {
    let found = listeners(s).await;
    let resources = found.all.iter().map(|listener| listener_resource(s, listener)).collect();
    let mut resources = s.each(resources, |resource| put_certificates(s, resource)).await;
    put_all_tags(s, &listener::KIND, &mut resources).await;
    Harvest { resources, gaps: found.gaps.clone() }
}

fn listener_resource(s: &Session, l: &Listener) -> Resource {
    use listener::*;
    let mut r = new_resource(s, &KIND, l.listener_arn.as_deref(), None);
    r.set_opt(&ALPN_POLICY, l.alpn_policy().first().cloned())
        .set_opt(&CERTIFICATE_ARN, l.certificates().first().and_then(|c| c.certificate_arn.clone()))
        .set(&DEFAULT_ACTION, actions(l.default_actions()))
        .set_opt(&LOAD_BALANCER_ARN, l.load_balancer_arn.clone())
        .set(
            &MUTUAL_AUTHENTICATION,
            block(l.mutual_authentication.as_ref(), |m| {
                json!({
                    "advertise_trust_store_ca_names": word!(m.advertise_trust_store_ca_names),
                    "ignore_client_certificate_expiry": m.ignore_client_certificate_expiry,
                    "mode": m.mode,
                    "trust_store_arn": m.trust_store_arn,
                })
            }),
        )
        .set_opt(&PORT, l.port.map(i64::from))
        .set_opt(&PROTOCOL, word!(l.protocol))
        .set_opt(&SSL_POLICY, l.ssl_policy.clone());
    r
}

/// Only listeners with a certificate can have more of them.
async fn put_certificates(s: &Session, mut resource: Resource) -> Resource {
    use listener::*;
    if !s.wants(&KIND, &CERTIFICATES) {
        return resource;
    }
    if resource.get(&CERTIFICATE_ARN).ok().flatten().is_none() {
        resource.set(&CERTIFICATES, Vec::new());
        return resource;
    }
    let arn = resource.id().to_owned();
    let read = s
        .pages(
            &LISTENER_CERTIFICATES,
            |marker| {
                s.elbv2()
                    .describe_listener_certificates()
                    .listener_arn(&arn)
                    .page_size(PAGE)
                    .set_marker(marker)
                    .send()
            },
            |out| (out.certificates.unwrap_or_default(), out.next_marker),
        )
        .await;
    let further = read.complete().map(|all| {
        let further = all.into_iter().filter(|certificate| certificate.is_default != Some(true));
        further.filter_map(|certificate| certificate.certificate_arn).collect::<Vec<String>>()
    });
    resource.put(&CERTIFICATES, further);
    resource
}

/// Actions in the order in which they are taken.
fn actions(list: &[Action]) -> Vec<model::Action> {
    let mut sorted: Vec<&Action> = list.iter().collect();
    sorted.sort_by_key(|action| action.order);
    sorted.into_iter().map(action).collect()
}

fn blocks<T>(value: Option<&T>, shape: impl Fn(&T) -> Value) -> Vec<Value> {
    value.map(shape).into_iter().collect()
}

/// The client secret of a log-in is never returned, and never asked for.
fn action(a: &Action) -> model::Action {
    model::Action {
        kind: word!(a.r#type).unwrap_or_default(),
        target_group_arn: a.target_group_arn.clone(),
        redirect: a
            .redirect_config
            .iter()
            .map(|redirect| Redirect {
                host: redirect.host.clone(),
                path: redirect.path.clone(),
                port: redirect.port.clone(),
                protocol: redirect.protocol.clone(),
                query: redirect.query.clone(),
                status_code: word!(redirect.status_code),
            })
            .collect(),
        forward: blocks(a.forward_config.as_ref(), |forward| {
            let groups: Vec<Value> = forward
                .target_groups()
                .iter()
                .map(|group| json!({ "arn": group.target_group_arn, "weight": group.weight }))
                .collect();
            json!({
                "stickiness": block(forward.target_group_stickiness_config.as_ref(), |s| json!({
                    "duration": s.duration_seconds,
                    "enabled": s.enabled,
                })),
                "target_group": groups,
            })
        }),
        fixed_response: blocks(a.fixed_response_config.as_ref(), |fixed| {
            json!({
                "content_type": fixed.content_type,
                "message_body": fixed.message_body,
                "status_code": fixed.status_code,
            })
        }),
        authenticate_cognito: blocks(a.authenticate_cognito_config.as_ref(), |c| {
            json!({
                "authentication_request_extra_params": c.authentication_request_extra_params,
                "on_unauthenticated_request": word!(c.on_unauthenticated_request),
                "scope": c.scope,
                "session_cookie_name": c.session_cookie_name,
                "session_timeout": c.session_timeout,
                "user_pool_arn": c.user_pool_arn,
                "user_pool_client_id": c.user_pool_client_id,
                "user_pool_domain": c.user_pool_domain,
            })
        }),
        authenticate_oidc: blocks(a.authenticate_oidc_config.as_ref(), |o| {
            json!({
                "authentication_request_extra_params": o.authentication_request_extra_params,
                "authorization_endpoint": o.authorization_endpoint,
                "client_id": o.client_id,
                "issuer": o.issuer,
                "on_unauthenticated_request": word!(o.on_unauthenticated_request),
                "scope": o.scope,
                "session_cookie_name": o.session_cookie_name,
                "session_timeout": o.session_timeout,
                "token_endpoint": o.token_endpoint,
                "user_info_endpoint": o.user_info_endpoint,
            })
        }),
        jwt_validation: blocks(
            a.jwt_validation_config.as_ref(),
            |jwt| json!({ "issuer": jwt.issuer, "jwks_endpoint": jwt.jwks_endpoint }),
        ),
    }
}

async fn rules(s: &Session) -> Harvest {
    let found = listeners(s).await;
    let pages = s.each(found.with_rules.clone(), |arn| rules_of(s, arn)).await;
    let mut harvest = Harvest { resources: Vec::new(), gaps: found.gaps.clone() };
    for (arn, pages) in pages {
        let own = pages.items.iter().filter(|rule| rule.is_default != Some(true));
        harvest.resources.extend(own.map(|rule| rule_resource(s, &arn, rule)));
        harvest.gaps.extend(pages.gap);
    }
    put_all_tags(s, &listener_rule::KIND, &mut harvest.resources).await;
    harvest
}

async fn rules_of(s: &Session, arn: String) -> (String, Pages<Rule>) {
    let pages = s
        .pages(
            &RULES,
            |marker| s.elbv2().describe_rules().listener_arn(&arn).page_size(PAGE).set_marker(marker).send(),
            |out| (out.rules.unwrap_or_default(), out.next_marker),
        )
        .await;
    (arn, pages)
}

fn rule_resource(s: &Session, listener: &str, rule: &Rule) -> Resource {
    use listener_rule::*;
    let mut r = new_resource(s, &KIND, rule.rule_arn.as_deref(), None);
    let conditions: Vec<Value> = rule.conditions().iter().map(condition).collect();
    r.set(&ACTION, actions(rule.actions()))
        .set(&CONDITION, json!(conditions))
        .set(&LISTENER_ARN, listener.to_owned())
        .set_opt(&PRIORITY, rule.priority.as_deref().and_then(|priority| priority.parse().ok()));
    r
}

fn condition(c: &RuleCondition) -> Value {
    let queries: Vec<Value> = c
        .query_string_config
        .iter()
        .flat_map(|config| config.values())
        .map(|pair| json!({ "key": pair.key, "value": pair.value }))
        .collect();
    json!({
        "host_header": block(c.host_header_config.as_ref(), |h| json!({
            "regex_values": h.regex_values(), "values": h.values(),
        })),
        "http_header": block(c.http_header_config.as_ref(), |h| json!({
            "http_header_name": h.http_header_name,
            "regex_values": h.regex_values(),
            "values": h.values(),
        })),
        "http_request_method":
            block(c.http_request_method_config.as_ref(), |m| json!({ "values": m.values() })),
        "path_pattern": block(c.path_pattern_config.as_ref(), |p| json!({
            "regex_values": p.regex_values(), "values": p.values(),
        })),
        "query_string": queries,
        "source_ip": block(c.source_ip_config.as_ref(), |ip| json!({ "values": ip.values() })),
    })
}

async fn target_groups(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &TARGET_GROUPS,
            |marker| s.elbv2().describe_target_groups().page_size(PAGE).set_marker(marker).send(),
            |out| (out.target_groups.unwrap_or_default(), out.next_marker),
        )
        .await;
    let resources = s.each(pages.items, |group| complete_group(s, group)).await;
    let mut harvest = Harvest { resources, gaps: pages.gap.into_iter().collect() };
    put_all_tags(s, &target_group::KIND, &mut harvest.resources).await;
    harvest
}

async fn complete_group(s: &Session, group: TargetGroup) -> Resource {
    use target_group::*;
    let mut resource = group_resource(s, &group);
    let arn = resource.id().to_owned();
    if s.wants_call(&KIND, &TARGET_GROUP_ATTRIBUTES) {
        let read = s
            .call(&TARGET_GROUP_ATTRIBUTES, || {
                s.elbv2().describe_target_group_attributes().target_group_arn(&arn).send()
            })
            .await;
        match read {
            Err(gap) => put_gap(&mut resource, &KIND, &TARGET_GROUP_ATTRIBUTES, &gap),
            Ok(out) => {
                let pairs = out.attributes.unwrap_or_default().into_iter();
                let pairs = pairs.filter_map(|pair| Some((pair.key?, pair.value.unwrap_or_default())));
                set_group_attributes(&mut resource, &Attributes(pairs.collect()));
            }
        }
    }
    if s.wants(&KIND, &TARGETS) {
        let read =
            s.call(&TARGET_HEALTH, || s.elbv2().describe_target_health().target_group_arn(&arn).send()).await;
        let targets = match read {
            Err(gap) => Err(gap),
            Ok(out) => located(s, targets(out.target_health_descriptions())).await,
        };
        resource.put(&TARGETS, targets);
    }
    resource
}

fn group_resource(s: &Session, g: &TargetGroup) -> Resource {
    use target_group::*;
    let mut r = new_resource(s, &KIND, g.target_group_arn.as_deref(), g.target_group_name.as_deref());
    let matcher = g.matcher.as_ref();
    let health_check = json!([{
        "enabled": g.health_check_enabled,
        "healthy_threshold": g.healthy_threshold_count,
        "interval": g.health_check_interval_seconds,
        "matcher": matcher.and_then(|matcher| matcher.http_code.as_ref().or(matcher.grpc_code.as_ref())),
        "path": g.health_check_path,
        "port": g.health_check_port,
        "protocol": word!(g.health_check_protocol),
        "timeout": g.health_check_timeout_seconds,
        "unhealthy_threshold": g.unhealthy_threshold_count,
    }]);
    r.set(&HEALTH_CHECK, health_check)
        .set_opt(&IP_ADDRESS_TYPE, word!(g.ip_address_type))
        .set(&LOAD_BALANCER_ARNS, g.load_balancer_arns().to_vec())
        .set_opt(&NAME, g.target_group_name.clone())
        .set_opt(&PORT, g.port.map(i64::from))
        .set_opt(&PROTOCOL, word!(g.protocol))
        .set_opt(&PROTOCOL_VERSION, g.protocol_version.clone())
        .set_opt(&TARGET_TYPE, word!(g.target_type))
        .set_opt(&VPC_ID, g.vpc_id.clone());
    r
}

fn set_group_attributes(r: &mut Resource, a: &Attributes) {
    use target_group::*;
    let kind = a.text("stickiness.type");
    let cookie = match kind.as_deref() {
        Some("app_cookie") => a.number("stickiness.app_cookie.duration_seconds"),
        _ => a.number("stickiness.lb_cookie.duration_seconds"),
    };
    let stickiness = json!([{
        "cookie_duration": cookie,
        "cookie_name": a.text("stickiness.app_cookie.cookie_name"),
        "enabled": a.flag("stickiness.enabled"),
        "type": kind,
    }]);
    r.set_opt(&CONNECTION_TERMINATION, a.flag("deregistration_delay.connection_termination.enabled"))
        .set(&DEREGISTRATION_DELAY, json!(a.number("deregistration_delay.timeout_seconds")))
        .set_opt(&LAMBDA_MULTI_VALUE_HEADERS_ENABLED, a.flag("lambda.multi_value_headers.enabled"))
        .set_opt(&LOAD_BALANCING_ALGORITHM_TYPE, a.text("load_balancing.algorithm.type"))
        .set_opt(&LOAD_BALANCING_ANOMALY_MITIGATION, a.text("load_balancing.algorithm.anomaly_mitigation"))
        .set_opt(&LOAD_BALANCING_CROSS_ZONE_ENABLED, a.text("load_balancing.cross_zone.enabled"))
        .set(&PRESERVE_CLIENT_IP, json!(a.flag("preserve_client_ip.enabled")))
        .set_opt(&PROXY_PROTOCOL_V2, a.flag("proxy_protocol_v2.enabled"))
        .set_opt(&SLOW_START, a.number("slow_start.duration_seconds"))
        .set(&STICKINESS, stickiness);
}

fn targets(descriptions: &[TargetHealthDescription]) -> Vec<target_group::Target> {
    descriptions
        .iter()
        .filter_map(|description| {
            let target = description.target.as_ref()?;
            let health = description.target_health.as_ref();
            Some(target_group::Target {
                id: target.id.clone()?,
                port: target.port.map(i64::from),
                state: health.and_then(|health| word!(health.state)),
                reason: health.and_then(|health| word!(health.reason)),
                availability_zone: target.availability_zone.clone().filter(|zone| zone != "all"),
            })
        })
        .collect()
}

/// The targets with the zones of the instances among them, which the health of a target does not tell.
async fn located(s: &Session, targets: Vec<target_group::Target>) -> Result<Vec<target_group::Target>, Gap> {
    if targets.iter().all(is_located) {
        return Ok(targets);
    }
    let all = instances(s).await;
    locate(targets, &all)
}

fn is_located(target: &target_group::Target) -> bool {
    target.availability_zone.is_some() || !target.id.starts_with("i-")
}

fn locate(
    mut targets: Vec<target_group::Target>,
    all: &Pages<Instance>,
) -> Result<Vec<target_group::Target>, Gap> {
    for target in targets.iter_mut().filter(|target| !is_located(target)) {
        let found = all.items.iter().find(|i| i.instance_id.as_deref() == Some(target.id.as_str()));
        if let (None, Some(gap)) = (found, &all.gap) {
            return Err(gap.clone());
        }
        target.availability_zone = found
            .and_then(|i| i.placement.as_ref())
            .and_then(|placement| placement.availability_zone.clone());
    }
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, Asked, wanting_all};
    use aws_sdk_ec2::types::Placement;
    use aws_sdk_elasticloadbalancingv2::types::{
        ActionTypeEnum, AuthenticateOidcActionConfig, ForwardActionConfig, HostHeaderConditionConfig,
        QueryStringConditionConfig, QueryStringKeyValuePair, RedirectActionConfig,
        RedirectActionStatusCodeEnum, TargetDescription, TargetGroupTuple, TargetHealth,
        TargetHealthStateEnum,
    };
    use stateward_model::{Cause, Place};

    fn attributes(pairs: &[(&str, &str)]) -> Attributes {
        Attributes(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn actions_are_in_order_and_without_secrets() {
        let oidc = AuthenticateOidcActionConfig::builder()
            .issuer("https://login")
            .authorization_endpoint("https://login/a")
            .token_endpoint("https://login/t")
            .user_info_endpoint("https://login/u")
            .client_id("client")
            .client_secret("hush")
            .build();
        let login = Action::builder()
            .r#type(ActionTypeEnum::AuthenticateOidc)
            .order(1)
            .authenticate_oidc_config(oidc)
            .build();
        let group = TargetGroupTuple::builder().target_group_arn("arn:tg").weight(1).build();
        let forward = Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .order(2)
            .target_group_arn("arn:tg")
            .forward_config(ForwardActionConfig::builder().target_groups(group).build())
            .build();
        let all = actions(&[forward, login]);
        assert_eq!(all.iter().map(|a| a.kind.as_str()).collect::<Vec<_>>(), ["authenticate-oidc", "forward"]);
        assert_eq!(all[1].forward[0]["target_group"], json!([{"arn": "arn:tg", "weight": 1}]));
        assert!(!serde_json::to_string(&all).unwrap().contains("hush"));
    }

    #[test]
    fn a_redirect_keeps_what_aws_says() {
        let redirect = RedirectActionConfig::builder()
            .protocol("HTTPS")
            .port("443")
            .status_code(RedirectActionStatusCodeEnum::Http301)
            .build();
        let all =
            actions(&[Action::builder().r#type(ActionTypeEnum::Redirect).redirect_config(redirect).build()]);
        assert_eq!(all[0].kind, "redirect");
        assert_eq!(all[0].redirect[0].protocol.as_deref(), Some("HTTPS"));
        assert_eq!(all[0].redirect[0].status_code.as_deref(), Some("HTTP_301"));
    }

    #[test]
    fn conditions_have_terraforms_shape() {
        let host = HostHeaderConditionConfig::builder().values("a.example").values("b.example").build();
        let value =
            condition(&RuleCondition::builder().field("host-header").host_header_config(host).build());
        assert_eq!(value["host_header"][0]["values"], json!(["a.example", "b.example"]));
        assert_eq!(value["path_pattern"], json!([]));
        let pair = QueryStringKeyValuePair::builder().key("v").value("2").build();
        let query = QueryStringConditionConfig::builder().values(pair).build();
        let value = condition(&RuleCondition::builder().query_string_config(query).build());
        assert_eq!(value["query_string"], json!([{"key": "v", "value": "2"}]));
    }

    #[test]
    fn stickiness_lasts_as_long_as_its_own_cookie() {
        let of = |pairs: &[(&str, &str)]| {
            let mut resource = Resource::new(Place::new("1", "r"), target_group::KIND.name, "arn");
            set_group_attributes(&mut resource, &attributes(pairs));
            resource.get(&target_group::STICKINESS).unwrap().unwrap()
        };
        let durations = [
            ("stickiness.lb_cookie.duration_seconds", "60"),
            ("stickiness.app_cookie.duration_seconds", "90"),
        ];
        let lb = of(&[durations[0], durations[1], ("stickiness.type", "lb_cookie")]);
        let app = of(&[durations[0], durations[1], ("stickiness.type", "app_cookie")]);
        assert_eq!((&lb[0]["cookie_duration"], &app[0]["cookie_duration"]), (&json!(60), &json!(90)));
    }

    #[test]
    fn an_attribute_that_is_not_there_is_not_false() {
        let mut resource = Resource::new(Place::new("1", "r"), load_balancer::KIND.name, "arn");
        set_balancer_attributes(&mut resource, &attributes(&[("deletion_protection.enabled", "true")]));
        assert_eq!(resource.get(&load_balancer::ENABLE_DELETION_PROTECTION), Ok(Some(true)));
        assert_eq!(resource.get(&load_balancer::DROP_INVALID_HEADER_FIELDS), Ok(None));
    }

    #[test]
    fn an_instance_is_where_it_runs() {
        let described = |id: &str, zone: Option<&str>| {
            TargetHealthDescription::builder()
                .target(
                    TargetDescription::builder()
                        .id(id)
                        .port(80)
                        .set_availability_zone(zone.map(str::to_owned))
                        .build(),
                )
                .target_health(TargetHealth::builder().state(TargetHealthStateEnum::Healthy).build())
                .build()
        };
        let all = || targets(&[described("i-1", None), described("10.0.0.1", Some("us-west-2b"))]);
        let placed = Instance::builder()
            .instance_id("i-1")
            .placement(Placement::builder().availability_zone("us-west-2a").build())
            .build();
        let read = Pages { items: vec![placed], gap: None };
        let zones: Vec<_> =
            locate(all(), &read).unwrap().into_iter().filter_map(|t| t.availability_zone).collect();
        assert_eq!(zones, ["us-west-2a", "us-west-2b"]);

        let gap = Gap::new("ec2:DescribeInstances", Cause::Denied, "");
        let broken = Pages { items: Vec::new(), gap: Some(gap.clone()) };
        assert_eq!(locate(all(), &broken), Err(gap));
        let gone = locate(all(), &Pages { items: Vec::new(), gap: None }).unwrap();
        assert_eq!(gone[0].availability_zone, None);
    }

    fn answer(action: &str, content: &str) -> (u16, String) {
        (200, format!("<{action}Response><{action}Result>{content}</{action}Result></{action}Response>"))
    }

    fn refuse() -> (u16, String) {
        let error = "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>";
        (403, format!("<ErrorResponse>{error}</ErrorResponse>"))
    }

    /// An application and a network load balancer with a listener each, and no rule but the default one.
    fn estate(asked: &Asked) -> (u16, String) {
        let balancer = |arn: &str, kind: &str| {
            format!(
                "<member><LoadBalancerArn>{arn}</LoadBalancerArn><Type>{kind}</Type>\
                 <Scheme>internet-facing</Scheme></member>"
            )
        };
        match asked.action() {
            action @ "DescribeLoadBalancers" => {
                let both = balancer("app", "application") + &balancer("net", "network");
                answer(action, &format!("<LoadBalancers>{both}</LoadBalancers>"))
            }
            action @ "DescribeListeners" => {
                let of = if asked.body.contains("LoadBalancerArn=app") { "app" } else { "net" };
                answer(
                    action,
                    &format!("<Listeners><member><ListenerArn>{of}/l</ListenerArn></member></Listeners>"),
                )
            }
            action @ "DescribeRules" => {
                let rule = |arn: &str, priority: &str, default: bool| {
                    format!(
                        "<member><RuleArn>{arn}</RuleArn><Priority>{priority}</Priority>\
                         <IsDefault>{default}</IsDefault></member>"
                    )
                };
                let all = rule("r/1", "10", false) + &rule("r/2", "default", true);
                answer(action, &format!("<Rules>{all}</Rules>"))
            }
            action @ "DescribeLoadBalancerAttributes" => answer(action, "<Attributes/>"),
            action => answer(action, "<TagDescriptions/>"),
        }
    }

    #[tokio::test]
    async fn only_balancers_that_route_by_rules_are_asked_for_them() {
        let account = Account::new(wanting_all(&listener_rule::KIND), estate);
        let harvest = rules(account.home()).await;
        let [rule] = harvest.resources.as_slice() else { panic!("one rule") };
        assert_eq!(rule.get(&listener_rule::LISTENER_ARN).unwrap().as_deref(), Some("app/l"));
        assert_eq!(rule.get(&listener_rule::PRIORITY), Ok(Some(10)));
        assert_eq!(collect_listeners(account.home()).await.resources.len(), 2);
        let asked = ["DescribeLoadBalancers", "DescribeListeners", "DescribeRules"];
        assert_eq!(asked.map(|operation| account.calls(operation)), [1, 2, 1]);
    }

    #[tokio::test]
    async fn listeners_that_could_not_be_listed_are_a_gap_of_the_listing() {
        let account = Account::new(wanting_all(&listener::KIND), |asked| match asked.action() {
            "DescribeListeners" if asked.body.contains("LoadBalancerArn=net") => refuse(),
            _ => estate(asked),
        });
        let harvest = collect_listeners(account.home()).await;
        assert_eq!((harvest.resources.len(), harvest.gaps.len()), (1, 1));
    }

    #[tokio::test]
    async fn refused_attributes_leave_their_gap_and_the_rest_stays() {
        let account = Account::new(wanting_all(&load_balancer::KIND), |asked| match asked.action() {
            "DescribeLoadBalancerAttributes" => refuse(),
            _ => estate(asked),
        });
        let harvest = collect_balancers(account.home()).await;
        assert!(harvest.gaps.is_empty());
        let balancer = &harvest.resources[0];
        assert!(balancer.get(&load_balancer::DROP_INVALID_HEADER_FIELDS).is_err());
        assert_eq!(balancer.get(&load_balancer::INTERNAL), Ok(Some(false)));
        assert!(load_balancer::KIND.attributes.iter().all(|attr| balancer.has(attr.path)));
    }

    #[tokio::test]
    async fn tags_are_asked_for_twenty_at_a_time() {
        let account = Account::new(wanting_all(&load_balancer::KIND), |asked| {
            let action = asked.action();
            if action == "DescribeTags" && asked.body.contains("lb-20") {
                return refuse();
            }
            let of = |wrap: fn(usize) -> String| (0..21).map(wrap).collect::<String>();
            match action {
                "DescribeTags" => {
                    let tagged = of(|n| {
                        format!(
                            "<member><ResourceArn>lb-{n}</ResourceArn><Tags><member><Key>n</Key>\
                             <Value>{n}</Value></member></Tags></member>"
                        )
                    });
                    answer(action, &format!("<TagDescriptions>{tagged}</TagDescriptions>"))
                }
                "DescribeLoadBalancers" => {
                    let all = of(|n| format!("<member><LoadBalancerArn>lb-{n}</LoadBalancerArn></member>"));
                    answer(action, &format!("<LoadBalancers>{all}</LoadBalancers>"))
                }
                _ => answer(action, "<Attributes/>"),
            }
        });
        let harvest = collect_balancers(account.home()).await;
        assert_eq!(account.calls("DescribeTags"), 2);
        assert_eq!(harvest.resources[7].tags()["n"], "7");
        assert!(harvest.resources[20].get(&model::LB_TAGS_ALL).is_err());
    }

    #[tokio::test]
    async fn a_target_group_is_complete_or_says_what_is_not() {
        let account = Account::new(wanting_all(&target_group::KIND), |asked| {
            let action = asked.action();
            match action {
                "DescribeTargetGroups" => {
                    let one = "<member><TargetGroupArn>tg</TargetGroupArn><Port>80</Port></member>";
                    answer(action, &format!("<TargetGroups>{one}</TargetGroups>"))
                }
                "DescribeTargetHealth" => {
                    let one = "<member><Target><Id>i-1</Id><Port>80</Port></Target></member>";
                    answer(action, &format!("<TargetHealthDescriptions>{one}</TargetHealthDescriptions>"))
                }
                "DescribeInstances" => (
                    403,
                    "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>"
                        .into(),
                ),
                "DescribeTags" => answer(action, "<TagDescriptions/>"),
                _ => answer(action, "<Attributes/>"),
            }
        });
        let harvest = target_groups(account.home()).await;
        let group = &harvest.resources[0];
        assert!(target_group::KIND.attributes.iter().all(|attr| group.has(attr.path)));
        let gap = group.get(&target_group::TARGETS).unwrap_err();
        assert_eq!(gap.call, "ec2:DescribeInstances");
        assert_eq!(group.get(&target_group::SLOW_START), Ok(None));
    }
}
