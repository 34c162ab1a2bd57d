//! Reads API Gateway: APIs of both versions in two listings, and the stages of each. Variables of stages stay out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_sdk_apigateway::types::{CacheClusterStatus, EndpointConfiguration, MethodSetting, RestApi, Stage};
use aws_sdk_apigatewayv2::types as v2;
use serde_json::Value;
use stateward_model::kinds::apigateway::{
    ACCESS_LOG_SETTINGS, AccessLogs, CLIENT_CERTIFICATE_ID, DESCRIPTION, DISABLE_EXECUTE_API_ENDPOINT,
    MANAGED, NAME, method_settings, rest_api, stage, v2_api, v2_stage,
};
use stateward_model::kinds::common::ARN;
use stateward_model::{Gap, Harvest, Kind, Resource};

use crate::call::Call;
use crate::rds::{harvest, put_tags};
use crate::session::{Collector, Pages, Session};

/// REST APIs come 500 at once. How many of the others may be asked for is not documented.
const PAGE: i32 = 500;
/// All calls of an account share ten a second.
const QUOTAS: &str = "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html";

const fn call(operation: &'static str) -> Call {
    Call::new("apigateway", operation).action("apigateway:GET").quota(5, 20).docs(QUOTAS)
}

static REST_APIS: Call = call("GetRestApis");
static APIS: Call = call("GetApis");
/// Both versions call it so.
static STAGES: Call = call("GetStages");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector { kind: &rest_api::KIND, calls: &[&REST_APIS], collect: |s| Box::pin(rest_apis(s)) },
    Collector { kind: &stage::KIND, calls: &[&REST_APIS, &STAGES], collect: |s| Box::pin(stages(s)) },
    Collector {
        kind: &method_settings::KIND,
        calls: &[&REST_APIS, &STAGES],
        collect: |s| Box::pin(settings_of_methods(s)),
    },
    Collector { kind: &v2_api::KIND, calls: &[&APIS], collect: |s| Box::pin(apis(s)) },
    Collector { kind: &v2_stage::KIND, calls: &[&APIS, &STAGES], collect: |s| Box::pin(v2_stages(s)) },
];

async fn listed(s: &Session) -> Arc<Pages<RestApi>> {
    s.once(
        "apigateway:GetRestApis",
        s.pages(
            &REST_APIS,
            |token| s.apigateway().get_rest_apis().limit(PAGE).set_position(token).send(),
            |out| (out.items.unwrap_or_default(), out.position),
        ),
    )
    .await
}

/// Stages with the id of their API, and what could not be listed.
type Stages<T> = (Vec<(String, T)>, Vec<Gap>);

async fn listed_stages(s: &Session) -> Arc<Stages<Stage>> {
    s.once("apigateway:GetStages", async {
        let apis = listed(s).await;
        let ids = apis.items.iter().filter_map(|api| api.id.clone()).collect();
        let read = s
            .each(ids, |id: String| async move {
                let read = s.call(&STAGES, || s.apigateway().get_stages().rest_api_id(&id).send()).await;
                read.map(|out| (id, out.item.unwrap_or_default()))
            })
            .await;
        gathered(read, apis.gap.as_ref())
    })
    .await
}

fn gathered<T>(read: Vec<Result<(String, Vec<T>), Gap>>, gap: Option<&Gap>) -> Stages<T> {
    let (mut all, mut gaps) = (Vec::new(), gap.into_iter().cloned().collect::<Vec<_>>());
    for answer in read {
        match answer {
            Ok((id, stages)) => all.extend(stages.into_iter().map(|stage| (id.clone(), stage))),
            Err(gap) => gaps.push(gap),
        }
    }
    (all, gaps)
}

fn arn(s: &Session, path: &str) -> String {
    format!("arn:{}:apigateway:{}::{path}", s.partition(), s.region())
}

fn new_resource(s: &Session, kind: &Kind, id: &str, name: Option<&str>, arn: String) -> Resource {
    let mut r = Resource::new(s.place(), kind.name, id.to_owned()).with_arn(arn.clone());
    if let Some(name) = name {
        r = r.with_name(name.to_owned());
    }
    r.set(&ARN, arn);
    r
}

fn tags(of: Option<&HashMap<String, String>>) -> BTreeMap<String, String> {
    of.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

async fn rest_apis(s: &Session) -> Harvest {
    let all = listed(s).await;
    let resources = all.items.iter().map(|api| rest_api_resource(s, api)).collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn rest_api_resource(s: &Session, api: &RestApi) -> Resource {
    use rest_api::*;
    let id = api.id.clone().unwrap_or_default();
    let mut r = new_resource(s, &KIND, &id, api.name.as_deref(), arn(s, &format!("/restapis/{id}")));
    r.set_opt(&API_KEY_SOURCE, api.api_key_source.as_ref().map(|source| source.as_str().to_owned()))
        .set(&BINARY_MEDIA_TYPES, api.binary_media_types().to_vec())
        .set_opt(&DESCRIPTION, api.description.clone())
        .set(&DISABLE_EXECUTE_API_ENDPOINT, api.disable_execute_api_endpoint)
        .set(&ENDPOINT_CONFIGURATION, api.endpoint_configuration.iter().map(endpoint).collect())
        .set_opt(&MINIMUM_COMPRESSION_SIZE, api.minimum_compression_size.map(Value::from))
        .set_opt(&NAME, api.name.clone())
        .set_opt(&POLICY, api.policy.as_deref().map(unescaped).filter(|text| !text.is_empty()));
    put_tags(&mut r, Ok(tags(api.tags.as_ref())));
    r
}

fn endpoint(of: &EndpointConfiguration) -> rest_api::Endpoint {
    rest_api::Endpoint {
        ip_address_type: of.ip_address_type.as_ref().map(|kind| kind.as_str().to_owned()),
        types: of.types().iter().map(|kind| kind.as_str().to_owned()).collect(),
        vpc_endpoint_ids: of.vpc_endpoint_ids().to_vec(),
    }
}

/// The service writes the quotes of a policy with backslashes before them.
fn unescaped(policy: &str) -> String {
    serde_json::from_str(&format!("\"{policy}\"")).unwrap_or_else(|_| policy.to_owned())
}

async fn stages(s: &Session) -> Harvest {
    let all = listed_stages(s).await;
    let resources = all.0.iter().map(|(api, stage)| stage_resource(s, api, stage)).collect();
    Harvest { resources, gaps: all.1.clone() }
}

fn stage_resource(s: &Session, api: &str, of: &Stage) -> Resource {
    use stage::*;
    let name = of.stage_name.clone().unwrap_or_default();
    let arn = arn(s, &format!("/restapis/{api}/stages/{name}"));
    let mut r = new_resource(s, &KIND, &format!("{api}/{name}"), Some(&name), arn);
    let logs = of.access_log_settings.as_ref();
    r.set(
        &ACCESS_LOG_SETTINGS,
        logs.and_then(|logs| access_logs(logs.destination_arn.as_deref(), logs.format.as_deref()))
            .into_iter()
            .collect(),
    )
    .set(&CACHE_CLUSTER_ENABLED, is_cached(of))
    .set_opt(&CACHE_CLUSTER_SIZE, of.cache_cluster_size.as_ref().map(|size| size.as_str().to_owned()))
    .set_opt(&CLIENT_CERTIFICATE_ID, of.client_certificate_id.clone())
    .set_opt(&DEPLOYMENT_ID, of.deployment_id.clone())
    .set_opt(&DESCRIPTION, of.description.clone())
    .set_opt(&DOCUMENTATION_VERSION, of.documentation_version.clone())
    .set(&REST_API_ID, api.to_owned())
    .set(&STAGE_NAME, name)
    .set_opt(&WEB_ACL_ARN, of.web_acl_arn.clone())
    .set(&XRAY_TRACING_ENABLED, of.tracing_enabled);
    put_tags(&mut r, Ok(tags(of.tags.as_ref())));
    r
}

/// The service has no logs where it has settings of them without a destination.
fn access_logs(destination: Option<&str>, format: Option<&str>) -> Option<AccessLogs> {
    let arn = destination.filter(|arn| !arn.is_empty())?;
    Some(AccessLogs { destination_arn: Some(arn.to_owned()), format: format.map(str::to_owned) })
}

/// A cache that is being taken away still has its flag.
fn is_cached(of: &Stage) -> bool {
    of.cache_cluster_enabled && of.cache_cluster_status != Some(CacheClusterStatus::DeleteInProgress)
}

async fn settings_of_methods(s: &Session) -> Harvest {
    let all = listed_stages(s).await;
    let mut resources = Vec::new();
    for (api, stage) in &all.0 {
        let name = stage.stage_name.as_deref().unwrap_or_default();
        let settings: BTreeMap<_, _> = stage.method_settings.iter().flatten().collect();
        resources.extend(settings.into_iter().map(|(path, of)| settings_resource(s, (api, name), path, of)));
    }
    Harvest { resources, gaps: all.1.clone() }
}

fn settings_resource(s: &Session, (api, stage): (&str, &str), path: &str, of: &MethodSetting) -> Resource {
    use method_settings::*;
    let path = path.trim_start_matches('/');
    let mut r = Resource::new(s.place(), KIND.name, format!("{api}/{stage}/{path}"));
    let strategy = of.unauthorized_cache_control_header_strategy.as_ref();
    let settings = Settings {
        cache_data_encrypted: Some(of.cache_data_encrypted),
        cache_ttl_in_seconds: Some(i64::from(of.cache_ttl_in_seconds)),
        caching_enabled: Some(of.caching_enabled),
        data_trace_enabled: Some(of.data_trace_enabled),
        logging_level: of.logging_level.clone(),
        metrics_enabled: Some(of.metrics_enabled),
        require_authorization_for_cache_control: Some(of.require_authorization_for_cache_control),
        throttling_burst_limit: Some(i64::from(of.throttling_burst_limit)),
        throttling_rate_limit: Some(of.throttling_rate_limit),
        unauthorized_cache_control_header_strategy: strategy.map(|strategy| strategy.as_str().to_owned()),
    };
    r.set(&METHOD_PATH, path.to_owned())
        .set(&REST_API_ID, api.to_owned())
        .set(&SETTINGS, vec![settings])
        .set(&STAGE_NAME, stage.to_owned());
    r
}

async fn listed_apis(s: &Session) -> Arc<Pages<v2::Api>> {
    s.once(
        "apigateway:GetApis",
        s.pages(
            &APIS,
            |token| s.apigatewayv2().get_apis().set_next_token(token).send(),
            |out| (out.items.unwrap_or_default(), out.next_token),
        ),
    )
    .await
}

async fn apis(s: &Session) -> Harvest {
    let all = listed_apis(s).await;
    let resources = all.items.iter().map(|api| api_resource(s, api)).collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn api_resource(s: &Session, api: &v2::Api) -> Resource {
    use v2_api::*;
    let id = api.api_id.clone().unwrap_or_default();
    let mut r = new_resource(s, &KIND, &id, api.name.as_deref(), arn(s, &format!("/apis/{id}")));
    r.set_opt(&API_KEY_SELECTION_EXPRESSION, api.api_key_selection_expression.clone())
        .set(&CORS_CONFIGURATION, api.cors_configuration.iter().map(cors).collect())
        .set_opt(&DESCRIPTION, api.description.clone())
        .set_opt(&DISABLE_EXECUTE_API_ENDPOINT, api.disable_execute_api_endpoint)
        .set_opt(&IP_ADDRESS_TYPE, api.ip_address_type.as_ref().map(|kind| kind.as_str().to_owned()))
        .set_opt(&MANAGED, api.api_gateway_managed)
        .set_opt(&NAME, api.name.clone())
        .set_opt(&PROTOCOL_TYPE, api.protocol_type.as_ref().map(|of| of.as_str().to_owned()))
        .set_opt(&ROUTE_SELECTION_EXPRESSION, api.route_selection_expression.clone())
        .set_opt(&VERSION, api.version.clone());
    put_tags(&mut r, Ok(tags(api.tags.as_ref())));
    r
}

fn cors(of: &v2::Cors) -> v2_api::Cors {
    v2_api::Cors {
        allow_credentials: of.allow_credentials,
        allow_headers: of.allow_headers().to_vec(),
        allow_methods: of.allow_methods().to_vec(),
        allow_origins: of.allow_origins().to_vec(),
        expose_headers: of.expose_headers().to_vec(),
        max_age: of.max_age.map(i64::from),
    }
}

async fn v2_stages(s: &Session) -> Harvest {
    let apis = listed_apis(s).await;
    let ids = apis.items.iter().filter_map(|api| api.api_id.clone()).collect();
    let pages = s
        .each(ids, |id: String| async move {
            let pages = s
                .pages(
                    &STAGES,
                    |token| s.apigatewayv2().get_stages().api_id(&id).set_next_token(token).send(),
                    |out| (out.items.unwrap_or_default(), out.next_token),
                )
                .await;
            harvest(pages, |stage| v2_stage_resource(s, &id, stage))
        })
        .await;
    let mut all = Harvest { resources: Vec::new(), gaps: apis.gap.iter().cloned().collect() };
    for one in pages {
        all.resources.extend(one.resources);
        all.gaps.extend(one.gaps);
    }
    all
}

fn v2_stage_resource(s: &Session, api: &str, of: &v2::Stage) -> Resource {
    use v2_stage::*;
    let name = of.stage_name.clone().unwrap_or_default();
    let arn = arn(s, &format!("/apis/{api}/stages/{name}"));
    let mut r = new_resource(s, &KIND, &format!("{api}/{name}"), Some(&name), arn);
    let logs = of.access_log_settings.as_ref();
    let routes: BTreeMap<_, _> = of.route_settings.iter().flatten().collect();
    r.set(
        &ACCESS_LOG_SETTINGS,
        logs.and_then(|logs| access_logs(logs.destination_arn.as_deref(), logs.format.as_deref()))
            .into_iter()
            .collect(),
    )
    .set(&API_ID, api.to_owned())
    .set_opt(&AUTO_DEPLOY, of.auto_deploy)
    .set_opt(&CLIENT_CERTIFICATE_ID, of.client_certificate_id.clone())
    .set(
        &DEFAULT_ROUTE_SETTINGS,
        of.default_route_settings.iter().map(|settings| route_settings(None, settings)).collect(),
    )
    .set_opt(&DEPLOYMENT_ID, of.deployment_id.clone())
    .set_opt(&DESCRIPTION, of.description.clone())
    .set_opt(&MANAGED, of.api_gateway_managed)
    .set(&NAME, name)
    .set(
        &ROUTE_SETTINGS,
        routes.into_iter().map(|(key, settings)| route_settings(Some(key), settings)).collect(),
    );
    put_tags(&mut r, Ok(tags(of.tags.as_ref())));
    r
}

fn route_settings(key: Option<&String>, of: &v2::RouteSettings) -> v2_stage::Settings {
    v2_stage::Settings {
        data_trace_enabled: of.data_trace_enabled,
        detailed_metrics_enabled: of.detailed_metrics_enabled,
        logging_level: of.logging_level.as_ref().map(|level| level.as_str().to_owned()),
        route_key: key.cloned(),
        throttling_burst_limit: of.throttling_burst_limit.map(i64::from),
        throttling_rate_limit: of.throttling_rate_limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};
    use serde_json::json;
    use stateward_model::Cause;

    fn rest() -> Account {
        Account::new(wanting_all(&stage::KIND), |asked| match asked.target.as_str() {
            target if target.starts_with("/restapis/a2") => {
                (403, r#"{"__type":"AccessDeniedException","message":"no"}"#.into())
            }
            target if target.starts_with("/restapis/a1") => {
                let stage = json!({ "stageName": "prod", "deploymentId": "d1", "cacheClusterEnabled": true,
                    "cacheClusterStatus": "DELETE_IN_PROGRESS", "tracingEnabled": true,
                    "variables": { "dbPassword": "hunter2" }, "tags": { "team": "pay" },
                    "webAclArn": "arn:aws:wafv2:us-west-2:123456789012:regional/webacl/web/1",
                    "accessLogSettings": { "format": "$context.requestId",
                        "destinationArn": "arn:aws:logs:us-west-2:123456789012:log-group:api" },
                    "methodSettings": {
                        "*/*": { "loggingLevel": "INFO", "throttlingRateLimit": 100.0, "cacheDataEncrypted": true },
                        "pay/POST": { "throttlingBurstLimit": 5 } } });
                (200, json!({ "item": [stage, { "stageName": "test" }] }).to_string())
            }
            _ => {
                let policy = r#"{\"Version\":\"2012-10-17\",\"Statement\":[]}"#;
                let first = json!({ "id": "a1", "name": "orders", "policy": policy,
                    "endpointConfiguration": { "types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1"] } });
                (200, json!({ "item": [first, { "id": "a2", "name": "refunds" }] }).to_string())
            }
        })
    }

    #[tokio::test]
    async fn apis_and_stages_are_listed_once_for_all_that_need_them() {
        let account = rest();
        let apis = rest_apis(account.home()).await;
        let policy = apis.resources[0].get(&rest_api::POLICY).unwrap().unwrap();
        assert_eq!(policy, r#"{"Version":"2012-10-17","Statement":[]}"#);
        let endpoint = apis.resources[0].get(&rest_api::ENDPOINT_CONFIGURATION).unwrap().unwrap();
        assert_eq!(endpoint[0].types, ["PRIVATE"]);
        assert_eq!(apis.resources[1].get(&rest_api::POLICY), Ok(None));
        assert!(rest_api::KIND.attributes.iter().all(|attr| apis.resources[0].has(attr.path)));
        let found = stages(account.home()).await;
        let settings = settings_of_methods(account.home()).await;
        assert_eq!((account.calls("GetRestApis"), account.calls("GetStages")), (1, 2));
        for harvest in [&found, &settings] {
            assert_eq!((harvest.gaps.len(), harvest.gaps[0].cause), (1, Cause::Denied));
        }
        let ids: Vec<&str> = settings.resources.iter().map(Resource::id).collect();
        assert_eq!(ids, ["a1/prod/*/*", "a1/prod/pay/POST"]);
        let all = settings.resources[0].get(&method_settings::SETTINGS).unwrap().unwrap();
        assert_eq!((all[0].cache_data_encrypted, all[0].throttling_rate_limit), (Some(true), Some(100.0)));
    }

    #[tokio::test]
    async fn a_stage_is_read_without_its_variables() {
        let found = stages(rest().home()).await;
        let [prod, test] = found.resources.as_slice() else { panic!("two stages") };
        assert!(!serde_json::to_string(prod).unwrap().contains("hunter2"));
        assert_eq!(prod.arn.as_deref(), Some("arn:aws:apigateway:us-west-2::/restapis/a1/stages/prod"));
        assert_eq!((stage::KIND.identity)(prod).as_deref(), Some(prod.id()));
        let logs = prod.get(&ACCESS_LOG_SETTINGS).unwrap().unwrap();
        let group = "arn:aws:logs:us-west-2:123456789012:log-group:api";
        assert_eq!(logs[0].destination_arn.as_deref(), Some(group));
        assert_eq!(prod.get(&stage::CACHE_CLUSTER_ENABLED), Ok(Some(false)), "it is being taken away");
        assert_eq!(test.get(&ACCESS_LOG_SETTINGS), Ok(Some(Vec::new())));
        assert_eq!(prod.tags()["team"], "pay");
        assert!(stage::KIND.attributes.iter().all(|attr| test.has(attr.path)));
    }

    #[tokio::test]
    async fn apis_of_the_second_version_are_read_with_their_stages() {
        let account = Account::new(wanting_all(&v2_stage::KIND), |asked| match asked.target.as_str() {
            target if target.starts_with("/v2/apis/b1/stages") => {
                let stage = json!({ "stageName": "$default", "autoDeploy": true, "deploymentId": "d1",
                    "stageVariables": { "key": "hunter2" }, "defaultRouteSettings": { "throttlingBurstLimit": 5 },
                    "routeSettings": { "GET /orders": { "detailedMetricsEnabled": true } } });
                (200, json!({ "items": [stage] }).to_string())
            }
            target if target.starts_with("/v2/apis/b2/stages") => {
                (403, r#"{"__type":"AccessDeniedException","message":"no"}"#.into())
            }
            _ => {
                let cors = json!({ "allowOrigins": ["*"], "maxAge": 60 });
                let api = |id: &str| json!({ "apiId": id, "name": "shop", "protocolType": "HTTP", "corsConfiguration": cors });
                (200, json!({ "items": [api("b1"), api("b2")] }).to_string())
            }
        });
        let found = apis(account.home()).await;
        let cors = found.resources[0].get(&v2_api::CORS_CONFIGURATION).unwrap().unwrap();
        assert_eq!((cors[0].allow_origins.as_slice(), cors[0].max_age), (&["*".to_owned()][..], Some(60)));
        assert!(v2_api::KIND.attributes.iter().all(|attr| found.resources[0].has(attr.path)));
        let harvest = v2_stages(account.home()).await;
        assert_eq!((account.calls("GetApis"), account.calls("GetStages")), (1, 2));
        let [stage] = harvest.resources.as_slice() else { panic!("one stage") };
        assert_eq!((stage.id(), harvest.gaps.len()), ("b1/$default", 1));
        assert!(!serde_json::to_string(stage).unwrap().contains("hunter2"));
        let routes = stage.get(&v2_stage::ROUTE_SETTINGS).unwrap().unwrap();
        assert_eq!(routes[0].route_key.as_deref(), Some("GET /orders"));
        assert!(v2_stage::KIND.attributes.iter().all(|attr| stage.has(attr.path)));
    }

    #[test]
    fn a_policy_is_the_same_in_either_form() {
        let plain = r#"{"Statement":[{"Resource":"a\\b"}]}"#;
        assert_eq!(unescaped(plain), plain);
        assert_eq!(unescaped(r#"{\"Statement\":[]}"#), r#"{"Statement":[]}"#);
        assert_eq!(unescaped(""), "");
    }
}
