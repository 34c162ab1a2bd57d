//! Amazon API Gateway: REST APIs with their stages, and HTTP and WebSocket APIs with theirs. Variables of stages are left
//! out: their values are secrets too often.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attr::{Absent, AnyAttr, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Form, Kind, Satellite};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

fn text(resource: &Resource, key: &Attr<String>) -> Option<String> {
    resource.get(key).ok().flatten().filter(|text| !text.is_empty())
}

/// The `access_log_settings` block of either sort of stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessLogs {
    /// The log group or delivery stream.
    pub destination_arn: Option<String>,
    /// What a line says.
    pub format: Option<String>,
}

/// Where access is logged; none where it is not.
pub const ACCESS_LOG_SETTINGS: Attr<Vec<AccessLogs>> = Attr::new("access_log_settings", Exact);
/// The certificate that it shows to what stands behind it.
pub const CLIENT_CERTIFICATE_ID: Attr<String> = Attr::new("client_certificate_id", Exact);
/// For people.
pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
/// Whether it answers under the name of its own domain alone.
pub const DISABLE_EXECUTE_API_ENDPOINT: Attr<bool> =
    Attr::new("disable_execute_api_endpoint", Exact).absent(Absent::Zero);
/// Its name.
pub const NAME: Attr<String> = Attr::new("name", Exact);

/// `aws_api_gateway_rest_api`.
pub mod rest_api {
    use super::*;

    /// The `endpoint_configuration` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Endpoint {
        /// `ipv4` or `dualstack`; newer providers have it.
        pub ip_address_type: Option<String>,
        /// `EDGE`, `REGIONAL` or `PRIVATE`.
        pub types: Vec<String>,
        /// The VPC endpoints of a private one.
        pub vpc_endpoint_ids: Vec<String>,
    }

    /// Where keys of callers are looked for: `HEADER` or `AUTHORIZER`.
    pub const API_KEY_SOURCE: Attr<String> =
        Attr::new("api_key_source", Exact).absent(Absent::Default("\"HEADER\""));
    /// What is not text.
    pub const BINARY_MEDIA_TYPES: Attr<Vec<String>> = Attr::new("binary_media_types", Set);
    /// From where it is reached.
    pub const ENDPOINT_CONFIGURATION: Attr<Vec<Endpoint>> =
        Attr::new("endpoint_configuration", Exact).absent(Absent::Unclaimed).nested(&[
            Nested::new("ip_address_type", Exact).absent(Absent::Unclaimed),
            Nested::new("vpc_endpoint_ids", Set),
        ]);
    /// From how many bytes answers are compressed; -1, or none, is never. Providers before 5 have a number here.
    pub const MINIMUM_COMPRESSION_SIZE: Attr<Value> =
        Attr::new("minimum_compression_size", Exact).absent(Absent::Default("-1"));
    /// Who may call it, JSON text; none where nothing but its methods decides.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy);

    /// The kind; its id is the API's.
    pub static KIND: Kind = Kind {
        name: "aws_api_gateway_rest_api",
        service: "apigateway",
        listed_by: &["apigateway:GetRestApis"],
        attributes: &[
            API_KEY_SOURCE.any(),
            ARN.any(),
            BINARY_MEDIA_TYPES.any(),
            DESCRIPTION.any(),
            DISABLE_EXECUTE_API_ENDPOINT.any(),
            ENDPOINT_CONFIGURATION.any(),
            MINIMUM_COMPRESSION_SIZE.any(),
            NAME.any(),
            POLICY.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_api_gateway_rest_api_policy",
            owner_id: |part| text(part, &rest_api_policy::REST_API_ID),
            form: Form::Block {
                attribute: "policy",
                from_owner: |value| {
                    let text = value.as_str().filter(|text| !text.is_empty())?;
                    Some(Map::from_iter([("policy".to_owned(), json!(text))]))
                },
                to_owner: |part| part.raw("policy").cloned(),
            },
        }],
        ..Kind::BASE
    };
}

/// `aws_api_gateway_rest_api_policy`.
pub mod rest_api_policy {
    use super::*;

    /// The policy document.
    pub const POLICY: Attr<String> = Attr::new("policy", Policy);
    /// The API.
    pub const REST_API_ID: Attr<String> = Attr::new("rest_api_id", Never("names the owner"));

    /// The kind; a part of `aws_api_gateway_rest_api`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_api_gateway_rest_api_policy",
        service: "apigateway",
        attributes: &[POLICY.any(), REST_API_ID.any()],
        ..Kind::BASE
    };
}

/// The calls that read stages of REST APIs.
const REST_STAGES: &[&str] = &["apigateway:GetRestApis", "apigateway:GetStages"];

/// `aws_api_gateway_stage`.
pub mod stage {
    use super::*;

    /// Whether answers are cached.
    pub const CACHE_CLUSTER_ENABLED: Attr<bool> =
        Attr::new("cache_cluster_enabled", Exact).absent(Absent::Zero);
    /// How large the cache is, in GB. The service keeps it for a cache that is off.
    pub const CACHE_CLUSTER_SIZE: Attr<String> =
        Attr::new("cache_cluster_size", Exact).absent(Absent::Unclaimed);
    /// What is deployed.
    pub const DEPLOYMENT_ID: Attr<String> = Attr::new("deployment_id", Exact);
    /// The version of its documentation.
    pub const DOCUMENTATION_VERSION: Attr<String> = Attr::new("documentation_version", Exact);
    /// The API.
    pub const REST_API_ID: Attr<String> = Attr::new("rest_api_id", Exact);
    /// Its name.
    pub const STAGE_NAME: Attr<String> = Attr::new("stage_name", Exact);
    /// The web ACL before it.
    pub const WEB_ACL_ARN: Attr<String> =
        Attr::new("web_acl_arn", Never("declared by aws_wafv2_web_acl_association"));
    /// Whether requests are traced.
    pub const XRAY_TRACING_ENABLED: Attr<bool> =
        Attr::new("xray_tracing_enabled", Exact).absent(Absent::Zero);

    /// The kind; its id is what `terraform import` takes: the API and the name with a slash between them.
    pub static KIND: Kind = Kind {
        name: "aws_api_gateway_stage",
        service: "apigateway",
        listed_by: REST_STAGES,
        attributes: &[
            ACCESS_LOG_SETTINGS.any(),
            ARN.any(),
            CACHE_CLUSTER_ENABLED.any(),
            CACHE_CLUSTER_SIZE.any(),
            CLIENT_CERTIFICATE_ID.any(),
            DEPLOYMENT_ID.any(),
            DESCRIPTION.any(),
            DOCUMENTATION_VERSION.any(),
            REST_API_ID.any(),
            STAGE_NAME.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            WEB_ACL_ARN.any(),
            XRAY_TRACING_ENABLED.any(),
        ],
        identity: |resource| {
            Some(format!("{}/{}", text(resource, &REST_API_ID)?, text(resource, &STAGE_NAME)?))
        },
        ..Kind::BASE
    };
}

/// `aws_api_gateway_method_settings`: cache, logs and throttling of a stage, for all of its methods or for one.
pub mod method_settings {
    use super::*;

    /// The `settings` block.
    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Settings {
        /// Whether what is cached is encrypted.
        pub cache_data_encrypted: Option<bool>,
        /// Seconds that answers are cached.
        pub cache_ttl_in_seconds: Option<i64>,
        /// Whether answers are cached.
        pub caching_enabled: Option<bool>,
        /// Whether requests and answers are logged whole.
        pub data_trace_enabled: Option<bool>,
        /// `OFF`, `ERROR` or `INFO`.
        pub logging_level: Option<String>,
        /// Whether metrics are taken of each method.
        pub metrics_enabled: Option<bool>,
        /// Whether a caller must be permitted to go around the cache.
        pub require_authorization_for_cache_control: Option<bool>,
        /// Requests at once; -1 is the account's limit.
        pub throttling_burst_limit: Option<i64>,
        /// Requests a second; -1 is the account's limit.
        pub throttling_rate_limit: Option<f64>,
        /// What becomes of a caller who is not permitted to.
        pub unauthorized_cache_control_header_strategy: Option<String>,
    }

    /// Optional and computed, each of them.
    const RULES: &[Nested] = &[
        Nested::new("cache_data_encrypted", Exact).absent(Absent::Unclaimed),
        Nested::new("cache_ttl_in_seconds", Exact).absent(Absent::Unclaimed),
        Nested::new("caching_enabled", Exact).absent(Absent::Unclaimed),
        Nested::new("data_trace_enabled", Exact).absent(Absent::Unclaimed),
        Nested::new("logging_level", Exact).absent(Absent::Unclaimed),
        Nested::new("metrics_enabled", Exact).absent(Absent::Unclaimed),
        Nested::new("require_authorization_for_cache_control", Exact).absent(Absent::Unclaimed),
        Nested::new("throttling_burst_limit", Exact).absent(Absent::Unclaimed),
        Nested::new("throttling_rate_limit", Exact).absent(Absent::Unclaimed),
        Nested::new("unauthorized_cache_control_header_strategy", Exact).absent(Absent::Unclaimed),
    ];

    /// The methods: `*/*`, or path and verb.
    pub const METHOD_PATH: Attr<String> = Attr::new("method_path", Exact);
    /// The API.
    pub const REST_API_ID: Attr<String> = Attr::new("rest_api_id", Exact);
    /// The settings.
    pub const SETTINGS: Attr<Vec<Settings>> = Attr::new("settings", Exact).nested(RULES);
    /// The stage.
    pub const STAGE_NAME: Attr<String> = Attr::new("stage_name", Exact);

    /// The kind; its id is what `terraform import` takes: API, stage and methods with slashes between them.
    pub static KIND: Kind = Kind {
        name: "aws_api_gateway_method_settings",
        service: "apigateway",
        listed_by: REST_STAGES,
        attributes: &[METHOD_PATH.any(), REST_API_ID.any(), SETTINGS.any(), STAGE_NAME.any()],
        identity: |resource| {
            let (api, stage) = (text(resource, &REST_API_ID)?, text(resource, &STAGE_NAME)?);
            let methods = text(resource, &METHOD_PATH)?;
            Some(format!("{api}/{stage}/{}", methods.trim_start_matches('/')))
        },
        ..Kind::BASE
    };
}

/// Whether API Gateway made it for itself; of HTTP APIs.
pub const MANAGED: Attr<bool> = Attr::live("api_gateway_managed");

fn of_the_service(resource: &Resource) -> Option<Exclusion> {
    (resource.get(&MANAGED).ok().flatten() == Some(true))
        .then_some(Exclusion { rule: "N18", reason: "API Gateway made it for itself" })
}

/// `aws_apigatewayv2_api`: HTTP and WebSocket APIs.
pub mod v2_api {
    use super::*;

    /// The `cors_configuration` block.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Cors {
        /// Whether browsers may send credentials along.
        pub allow_credentials: Option<bool>,
        /// Headers that callers may send.
        pub allow_headers: Vec<String>,
        /// Methods that they may use.
        pub allow_methods: Vec<String>,
        /// From where they may come.
        pub allow_origins: Vec<String>,
        /// Headers that they may read.
        pub expose_headers: Vec<String>,
        /// Seconds that browsers keep all this.
        pub max_age: Option<i64>,
    }

    /// Where keys of callers are looked for.
    pub const API_KEY_SELECTION_EXPRESSION: Attr<String> = Attr::new("api_key_selection_expression", Exact)
        .absent(Absent::Default("\"$request.header.x-api-key\""));
    /// Which pages of others may call it from a browser.
    pub const CORS_CONFIGURATION: Attr<Vec<Cors>> =
        Attr::new("cors_configuration", Exact).absent(Absent::Zero).nested(&[
            Nested::new("allow_headers", Set),
            Nested::new("allow_methods", Set),
            Nested::new("allow_origins", Set),
            Nested::new("expose_headers", Set),
        ]);
    /// `ipv4` or `dualstack`; newer providers have it.
    pub const IP_ADDRESS_TYPE: Attr<String> = Attr::new("ip_address_type", Exact).absent(Absent::Unclaimed);
    /// `HTTP` or `WEBSOCKET`.
    pub const PROTOCOL_TYPE: Attr<String> = Attr::new("protocol_type", Exact);
    /// What decides which route a request takes.
    pub const ROUTE_SELECTION_EXPRESSION: Attr<String> = Attr::new("route_selection_expression", Exact)
        .absent(Absent::Default("\"$request.method $request.path\""));
    /// The version, a text of its owner.
    pub const VERSION: Attr<String> = Attr::new("version", Exact);

    /// The kind; its id is the API's.
    pub static KIND: Kind = Kind {
        name: "aws_apigatewayv2_api",
        service: "apigateway",
        listed_by: &["apigateway:GetApis"],
        attributes: &[
            API_KEY_SELECTION_EXPRESSION.any(),
            ARN.any(),
            CORS_CONFIGURATION.any(),
            DESCRIPTION.any(),
            DISABLE_EXECUTE_API_ENDPOINT.any(),
            IP_ADDRESS_TYPE.any(),
            MANAGED.any(),
            NAME.any(),
            PROTOCOL_TYPE.any(),
            ROUTE_SELECTION_EXPRESSION.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VERSION.any(),
        ],
        exclusion: of_the_service,
        ..Kind::BASE
    };
}

/// `aws_apigatewayv2_stage`.
pub mod v2_stage {
    use super::*;

    /// The `default_route_settings` block, and one of `route_settings`.
    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Settings {
        /// Whether requests and answers are logged whole.
        pub data_trace_enabled: Option<bool>,
        /// Whether metrics are taken of each route.
        pub detailed_metrics_enabled: Option<bool>,
        /// `OFF`, `ERROR` or `INFO`; of WebSocket APIs alone.
        pub logging_level: Option<String>,
        /// The route; none for the settings of all.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub route_key: Option<String>,
        /// Requests at once; 0 is the account's limit.
        pub throttling_burst_limit: Option<i64>,
        /// Requests a second; 0 is the account's limit.
        pub throttling_rate_limit: Option<f64>,
    }

    /// The API.
    pub const API_ID: Attr<String> = Attr::new("api_id", Exact);
    /// Whether changes of the API are deployed at once.
    pub const AUTO_DEPLOY: Attr<bool> = Attr::new("auto_deploy", Exact).absent(Absent::Zero);
    /// Settings of all routes.
    pub const DEFAULT_ROUTE_SETTINGS: Attr<Vec<Settings>> = Attr::new("default_route_settings", Exact)
        .absent(Absent::Zero)
        .nested(&[Nested::new("logging_level", Exact).absent(Absent::Unclaimed)]);
    /// What is deployed.
    pub const DEPLOYMENT_ID: Attr<String> = Attr::new("deployment_id", Exact).absent(Absent::Unclaimed);
    /// Settings of single routes.
    pub const ROUTE_SETTINGS: Attr<Vec<Settings>> = Attr::new("route_settings", Set)
        .absent(Absent::Zero)
        .nested(&[Nested::new("logging_level", Exact).absent(Absent::Default("\"OFF\""))]);

    /// The kind; its id is what `terraform import` takes: the API and the name with a slash between them.
    pub static KIND: Kind = Kind {
        name: "aws_apigatewayv2_stage",
        service: "apigateway",
        listed_by: &["apigateway:GetApis", "apigateway:GetStages"],
        attributes: &[
            ACCESS_LOG_SETTINGS.any(),
            API_ID.any(),
            ARN.any(),
            AUTO_DEPLOY.any(),
            CLIENT_CERTIFICATE_ID.any(),
            DEFAULT_ROUTE_SETTINGS.any(),
            DEPLOYMENT_ID.any(),
            DESCRIPTION.any(),
            MANAGED.any(),
            NAME.any(),
            ROUTE_SETTINGS.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        identity: |resource| Some(format!("{}/{}", text(resource, &API_ID)?, text(resource, &NAME)?)),
        exclusion: of_the_service,
        refine: as_deployed,
        ..Kind::BASE
    };

    /// A stage that deploys by itself has another deployment after each change of its API.
    fn as_deployed(resource: &Resource, attr: AnyAttr) -> AnyAttr {
        let by_itself = resource.get(&AUTO_DEPLOY).ok().flatten() == Some(true);
        match by_itself && attr.path == DEPLOYMENT_ID.path() {
            true => AnyAttr { equality: Never("the stage deploys by itself"), ..attr },
            false => attr,
        }
    }
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &rest_api::KIND,
    &rest_api_policy::KIND,
    &stage::KIND,
    &method_settings::KIND,
    &v2_api::KIND,
    &v2_stage::KIND,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::Place;

    fn resource(kind: &Kind, attributes: &Value) -> Resource {
        let mut resource = Resource::new(Place::new("1", "r"), kind.name, "x");
        for (path, value) in attributes.as_object().unwrap() {
            resource.put_raw(path.clone(), crate::Slot::Known(value.clone()));
        }
        resource
    }

    fn differs(attr: &AnyAttr, declared: &Value, live: &Value) -> bool {
        matches!(compare(attr, declared, live), Comparison::Changed(_))
    }

    #[test]
    fn stages_of_one_name_are_told_apart_by_their_api() {
        let stage = resource(&stage::KIND, &json!({ "rest_api_id": "a1", "stage_name": "prod" }));
        assert_eq!((stage::KIND.identity)(&stage).as_deref(), Some("a1/prod"));
        let settings = json!({ "rest_api_id": "a1", "stage_name": "prod", "method_path": "/pay/POST" });
        let settings = resource(&method_settings::KIND, &settings);
        assert_eq!((method_settings::KIND.identity)(&settings).as_deref(), Some("a1/prod/pay/POST"));
        let stage = resource(&v2_stage::KIND, &json!({ "api_id": "b1", "name": "$default" }));
        assert_eq!((v2_stage::KIND.identity)(&stage).as_deref(), Some("b1/$default"));
        let nameless = resource(&v2_stage::KIND, &json!({ "api_id": "b1" }));
        assert_eq!((v2_stage::KIND.identity)(&nameless), None);
    }

    #[test]
    fn a_stage_that_deploys_by_itself_does_not_drift_by_that() {
        let attr = v2_stage::DEPLOYMENT_ID.any();
        let differs = |auto: bool| {
            let stage = resource(&v2_stage::KIND, &json!({ "auto_deploy": auto }));
            differs(&(v2_stage::KIND.refine)(&stage, attr), &json!("d1"), &json!("d2"))
        };
        assert!(differs(false) && !differs(true));
    }

    #[test]
    fn defaults_in_their_several_forms_are_no_change() {
        let size = rest_api::MINIMUM_COMPRESSION_SIZE.any();
        for declared in [json!(null), json!(-1), json!("-1"), json!("")] {
            assert!(!differs(&size, &declared, &json!(null)), "{declared}");
        }
        assert!(!differs(&size, &json!("1024"), &json!(1024)) && differs(&size, &json!(1024), &json!(null)));
        let routes = v2_stage::DEFAULT_ROUTE_SETTINGS.any();
        let of = |burst: i64, level: Value| {
            json!([{ "data_trace_enabled": false, "detailed_metrics_enabled": false, "logging_level": level,
                "throttling_burst_limit": burst, "throttling_rate_limit": 0 }])
        };
        assert!(!differs(&routes, &of(0, json!("")), &of(0, json!("OFF"))));
        assert!(!differs(&routes, &json!([]), &of(0, json!(null))));
        assert!(differs(&routes, &of(100, json!("OFF")), &of(0, json!("OFF"))));
        let settings = method_settings::SETTINGS.any();
        let rate = |rate: Value, encrypted: bool| json!([{ "throttling_rate_limit": rate, "cache_data_encrypted": encrypted }]);
        assert!(!differs(&settings, &rate(json!(100), true), &rate(json!(100.0), true)));
        assert!(!differs(
            &settings,
            &json!([{ "metrics_enabled": null }]),
            &json!([{ "metrics_enabled": true }])
        ));
        assert!(differs(&settings, &rate(json!(100), true), &rate(json!(100), false)));
    }

    #[test]
    fn what_the_service_made_for_itself_is_not_unmanaged() {
        let of = |managed: bool| resource(&v2_api::KIND, &json!({ "api_gateway_managed": managed }));
        assert_eq!((v2_api::KIND.exclusion)(&of(true)).unwrap().rule, "N18");
        assert_eq!((v2_api::KIND.exclusion)(&of(false)), None);
    }
}
