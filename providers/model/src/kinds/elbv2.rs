//! Elastic Load Balancing: application, network and gateway load balancers.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::kind::{Exclusion, Form, Kind, Satellite, by_id};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

type TagMap = std::collections::BTreeMap<String, String>;

const TAGS_CALL: &[&str] = &["elasticloadbalancing:DescribeTags"];

/// The tags of the resource itself.
pub const LB_TAGS: Attr<TagMap> = TAGS.by(TAGS_CALL);
/// All tags.
pub const LB_TAGS_ALL: Attr<TagMap> = TAGS_ALL.by(TAGS_CALL);

/// Where a redirect leads. A part that is not changed is written as `#{host}`, `#{path}` and so on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Redirect {
    /// The host.
    pub host: Option<String>,
    /// The path.
    pub path: Option<String>,
    /// The port.
    pub port: Option<String>,
    /// `HTTP`, `HTTPS` or `#{protocol}`.
    pub protocol: Option<String>,
    /// The query.
    pub query: Option<String>,
    /// `HTTP_301` or `HTTP_302`.
    pub status_code: Option<String>,
}

/// What a listener or a rule does with a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Action {
    /// `forward`, `redirect`, `fixed-response`, `authenticate-oidc`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The target group of a forward to a single one.
    pub target_group_arn: Option<String>,
    /// One block for a redirect.
    pub redirect: Vec<Redirect>,
    /// One block for a forward, to one or several target groups.
    pub forward: Vec<Value>,
    /// One block for an answer of the load balancer's own.
    pub fixed_response: Vec<Value>,
    /// One block for a log-in through Cognito.
    pub authenticate_cognito: Vec<Value>,
    /// One block for a log-in through an OpenID Connect provider.
    pub authenticate_oidc: Vec<Value>,
    /// One block for the check of a token.
    pub jwt_validation: Vec<Value>,
}

/// A forward to one target group may be written in two ways, and AWS answers with both: what the state leaves out it
/// makes no claim about. The order of actions is the order of the list.
const ACTION_RULES: &[Nested] = &[
    Nested::new("order", Never("the list is in this order")),
    Nested::new("target_group_arn", Exact).absent(Absent::Unclaimed),
    Nested::new("forward", Exact).absent(Absent::Unclaimed),
    Nested::new("forward.target_group", Set),
    Nested::new("forward.target_group.weight", Exact).absent(Absent::Default("1")),
    Nested::new("forward.stickiness", Exact).absent(Absent::Zero),
    Nested::new("redirect.host", Exact).absent(Absent::Default("\"#{host}\"")),
    Nested::new("redirect.path", Exact).absent(Absent::Default("\"/#{path}\"")),
    Nested::new("redirect.port", Exact).absent(Absent::Default("\"#{port}\"")),
    Nested::new("redirect.protocol", Exact).absent(Absent::Default("\"#{protocol}\"")),
    Nested::new("redirect.query", Exact).absent(Absent::Default("\"#{query}\"")),
    Nested::new("authenticate_oidc.client_secret", Never("never returned by the API")).secret(),
    Nested::new("jwt_validation.additional_claim", Never("not read")),
];

/// N20: the in-cluster controllers tag what they make.
fn of_kubernetes(resource: &Resource) -> Option<Exclusion> {
    let tags = resource.tags();
    let made = ["elbv2.k8s.aws/cluster", "kubernetes.io/service-name", "service.eks.amazonaws.com/stack"]
        .iter()
        .any(|key| tags.contains_key(*key));
    made.then_some(Exclusion { rule: "N20", reason: "made by a Kubernetes cluster for one of its services" })
}

fn text(resource: &Resource, path: &str) -> Option<String> {
    resource.raw(path).ok()?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `aws_lb`.
pub mod load_balancer {
    use super::*;

    /// Where its logs go.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Logs {
        /// The bucket.
        pub bucket: Option<String>,
        /// Whether it logs.
        pub enabled: bool,
        /// The prefix of keys.
        pub prefix: Option<String>,
    }

    const ATTRIBUTES_CALL: &[&str] = &["elasticloadbalancing:DescribeLoadBalancerAttributes"];

    const fn flag(path: &'static str) -> Attr<bool> {
        Attr::new(path, Exact).absent(Absent::Zero).by(ATTRIBUTES_CALL)
    }

    const fn word(path: &'static str, default: &'static str) -> Attr<String> {
        Attr::new(path, Exact).absent(Absent::Default(default)).by(ATTRIBUTES_CALL)
    }

    /// Access logs.
    pub const ACCESS_LOGS: Attr<Vec<Logs>> =
        Attr::new("access_logs", Exact).absent(Absent::Zero).by(ATTRIBUTES_CALL);
    /// The zones that it is enabled in.
    pub const AVAILABILITY_ZONES: Attr<Vec<String>> = Attr::live("availability_zones");
    /// Seconds that an idle client connection is kept.
    pub const CLIENT_KEEP_ALIVE: Attr<i64> =
        Attr::new("client_keep_alive", Exact).absent(Absent::Default("3600")).by(ATTRIBUTES_CALL);
    /// Connection logs.
    pub const CONNECTION_LOGS: Attr<Vec<Logs>> =
        Attr::new("connection_logs", Exact).absent(Absent::Zero).by(ATTRIBUTES_CALL);
    /// When it was made, RFC 3339.
    pub const CREATED_TIME: Attr<String> = Attr::live("created_time");
    /// The address pool of an outpost.
    pub const CUSTOMER_OWNED_IPV4_POOL: Attr<String> = Attr::new("customer_owned_ipv4_pool", Exact);
    /// What happens to requests that different parsers read differently.
    pub const DESYNC_MITIGATION_MODE: Attr<String> = word("desync_mitigation_mode", "\"defensive\"");
    /// Its host name.
    pub const DNS_NAME: Attr<String> = Attr::new("dns_name", Never("computed"));
    /// Which zones its name resolves to (network).
    pub const DNS_RECORD_CLIENT_ROUTING_POLICY: Attr<String> =
        word("dns_record_client_routing_policy", "\"any_availability_zone\"");
    /// Whether malformed header fields are dropped (application).
    pub const DROP_INVALID_HEADER_FIELDS: Attr<bool> = flag("drop_invalid_header_fields");
    /// Whether a node sends to targets of every zone. Always on in an application load balancer.
    pub const ENABLE_CROSS_ZONE_LOAD_BALANCING: Attr<bool> = flag("enable_cross_zone_load_balancing");
    /// Whether a delete is refused.
    pub const ENABLE_DELETION_PROTECTION: Attr<bool> = flag("enable_deletion_protection");
    /// Whether HTTP/2 is spoken.
    pub const ENABLE_HTTP2: Attr<bool> =
        Attr::new("enable_http2", Exact).absent(Absent::Default("true")).by(ATTRIBUTES_CALL);
    /// Whether targets are told the TLS version and cipher.
    pub const ENABLE_TLS_HEADERS: Attr<bool> = flag("enable_tls_version_and_cipher_suite_headers");
    /// Whether requests pass when the firewall does not answer.
    pub const ENABLE_WAF_FAIL_OPEN: Attr<bool> = flag("enable_waf_fail_open");
    /// Whether targets are told the client's port.
    pub const ENABLE_XFF_CLIENT_PORT: Attr<bool> = flag("enable_xff_client_port");
    /// Whether a zone can be shifted away.
    pub const ENABLE_ZONAL_SHIFT: Attr<bool> = flag("enable_zonal_shift");
    /// `on` or `off`: whether security groups hold for PrivateLink.
    pub const ENFORCE_INBOUND_ON_PRIVATE_LINK: Attr<String> =
        Attr::new("enforce_security_group_inbound_rules_on_private_link_traffic", Exact);
    /// Seconds until an idle connection is closed (application).
    pub const IDLE_TIMEOUT: Attr<i64> =
        Attr::new("idle_timeout", Exact).absent(Absent::Default("60")).by(ATTRIBUTES_CALL);
    /// False when it is reached from the internet.
    pub const INTERNAL: Attr<bool> = Attr::new("internal", Exact).absent(Absent::Zero);
    /// `ipv4`, `dualstack`, …
    pub const IP_ADDRESS_TYPE: Attr<String> =
        Attr::new("ip_address_type", Exact).absent(Absent::Default("\"ipv4\""));
    /// `application`, `network` or `gateway`.
    pub const LOAD_BALANCER_TYPE: Attr<String> =
        Attr::new("load_balancer_type", Exact).absent(Absent::Default("\"application\""));
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// Whether the host header is kept.
    pub const PRESERVE_HOST_HEADER: Attr<bool> = flag("preserve_host_header");
    /// Security groups.
    pub const SECURITY_GROUPS: Attr<Vec<String>> = Attr::new("security_groups", Set);
    /// `active`, `provisioning`, `active_impaired` or `failed`.
    pub const STATE: Attr<String> = Attr::live("state");
    /// The subnets, one a zone.
    pub const SUBNETS: Attr<Vec<String>> = Attr::new("subnets", Set);
    /// The VPC.
    pub const VPC_ID: Attr<String> = Attr::new("vpc_id", Never("computed"));
    /// What happens to a forwarded-for header.
    pub const XFF_HEADER_PROCESSING_MODE: Attr<String> = word("xff_header_processing_mode", "\"append\"");
    /// The hosted zone of its host name.
    pub const ZONE_ID: Attr<String> = Attr::new("zone_id", Never("computed"));

    /// The kind; its id is the ARN.
    pub static KIND: Kind = Kind {
        name: "aws_lb",
        aliases: &["aws_alb"],
        service: "elasticloadbalancing",
        listed_by: &["elasticloadbalancing:DescribeLoadBalancers"],
        attributes: &[
            ACCESS_LOGS.any(),
            ARN.any(),
            AVAILABILITY_ZONES.any(),
            CLIENT_KEEP_ALIVE.any(),
            CONNECTION_LOGS.any(),
            CREATED_TIME.any(),
            CUSTOMER_OWNED_IPV4_POOL.any(),
            DESYNC_MITIGATION_MODE.any(),
            DNS_NAME.any(),
            DNS_RECORD_CLIENT_ROUTING_POLICY.any(),
            DROP_INVALID_HEADER_FIELDS.any(),
            ENABLE_CROSS_ZONE_LOAD_BALANCING.any(),
            ENABLE_DELETION_PROTECTION.any(),
            ENABLE_HTTP2.any(),
            ENABLE_TLS_HEADERS.any(),
            ENABLE_WAF_FAIL_OPEN.any(),
            ENABLE_XFF_CLIENT_PORT.any(),
            ENABLE_ZONAL_SHIFT.any(),
            ENFORCE_INBOUND_ON_PRIVATE_LINK.any(),
            IDLE_TIMEOUT.any(),
            INTERNAL.any(),
            IP_ADDRESS_TYPE.any(),
            LOAD_BALANCER_TYPE.any(),
            NAME.any(),
            PRESERVE_HOST_HEADER.any(),
            SECURITY_GROUPS.any(),
            STATE.any(),
            SUBNETS.any(),
            LB_TAGS.any(),
            LB_TAGS_ALL.any(),
            VPC_ID.any(),
            XFF_HEADER_PROCESSING_MODE.any(),
            ZONE_ID.any(),
        ],
        exclusion: of_kubernetes,
        ..Kind::BASE
    };
}

/// `aws_lb_listener`.
pub mod listener {
    use super::*;

    /// The protocol negotiation of TLS listeners.
    pub const ALPN_POLICY: Attr<String> = Attr::new("alpn_policy", Exact).absent(Absent::Default("\"None\""));
    /// Certificates besides the default one.
    pub const CERTIFICATES: Attr<Vec<String>> =
        Attr::live("certificates").by(&["elasticloadbalancing:DescribeListenerCertificates"]);
    /// The default certificate.
    pub const CERTIFICATE_ARN: Attr<String> = Attr::new("certificate_arn", Exact);
    /// What happens to a request that no rule takes.
    pub const DEFAULT_ACTION: Attr<Vec<Action>> = Attr::new("default_action", Exact).nested(ACTION_RULES);
    /// The load balancer.
    pub const LOAD_BALANCER_ARN: Attr<String> = Attr::new("load_balancer_arn", Exact);
    /// Whether clients must show a certificate.
    pub const MUTUAL_AUTHENTICATION: Attr<Value> =
        Attr::new("mutual_authentication", Exact).absent(Absent::Zero).nested(&[
            Nested::new("mode", Exact).absent(Absent::Default("\"off\"")),
            Nested::new("advertise_trust_store_ca_names", Exact).absent(Absent::Default("\"off\"")),
        ]);
    /// The port.
    pub const PORT: Attr<i64> = Attr::new("port", Exact).absent(Absent::Zero);
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`, …
    pub const PROTOCOL: Attr<String> = Attr::new("protocol", Exact);
    /// Protocols and ciphers of HTTPS and TLS listeners.
    pub const SSL_POLICY: Attr<String> = Attr::new("ssl_policy", Exact);

    fn certificates(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
        value.as_array().cloned().unwrap_or_default()
    }

    /// The kind; its id is the ARN.
    pub static KIND: Kind = Kind {
        name: "aws_lb_listener",
        aliases: &["aws_alb_listener"],
        service: "elasticloadbalancing",
        listed_by: &["elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners"],
        attributes: &[
            ALPN_POLICY.any(),
            ARN.any(),
            CERTIFICATES.any(),
            CERTIFICATE_ARN.any(),
            DEFAULT_ACTION.any(),
            LOAD_BALANCER_ARN.any(),
            MUTUAL_AUTHENTICATION.any(),
            PORT.any(),
            PROTOCOL.any(),
            SSL_POLICY.any(),
            LB_TAGS.any(),
            LB_TAGS_ALL.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_lb_listener_certificate",
            owner_id: |part| text(part, "listener_arn"),
            form: Form::Atoms {
                attributes: &["certificates"],
                claims: |part| {
                    text(part, "certificate_arn")
                        .map(|arn| ("certificates", json!(arn)))
                        .into_iter()
                        .collect()
                },
                atoms: certificates,
            },
        }],
        exclusion: of_kubernetes,
        ..Kind::BASE
    };
}

/// `aws_lb_listener_certificate`: a certificate besides the default one.
pub mod listener_certificate {
    use super::*;

    /// The certificate.
    pub const CERTIFICATE_ARN: Attr<String> = Attr::new("certificate_arn", Exact);
    /// The listener.
    pub const LISTENER_ARN: Attr<String> = Attr::new("listener_arn", Exact);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_lb_listener_certificate",
        aliases: &["aws_alb_listener_certificate"],
        service: "elasticloadbalancing",
        attributes: &[CERTIFICATE_ARN.any(), LISTENER_ARN.any()],
        ..Kind::BASE
    };
}

/// `aws_lb_listener_rule`: rules of application load balancers, without the default ones, which are
/// [`listener::DEFAULT_ACTION`].
pub mod listener_rule {
    use super::*;

    /// What it does.
    pub const ACTION: Attr<Vec<Action>> = Attr::new("action", Exact).nested(ACTION_RULES);
    /// Which requests it takes.
    pub const CONDITION: Attr<Value> = Attr::new("condition", Set).nested(&[
        Nested::new("host_header.values", Set),
        Nested::new("host_header.regex_values", Set),
        Nested::new("http_header.values", Set),
        Nested::new("http_header.regex_values", Set),
        Nested::new("http_request_method.values", Set),
        Nested::new("path_pattern.values", Set),
        Nested::new("path_pattern.regex_values", Set),
        Nested::new("query_string", Set),
        Nested::new("source_ip.values", Set),
    ]);
    /// The listener.
    pub const LISTENER_ARN: Attr<String> = Attr::new("listener_arn", Exact);
    /// Its place among the rules of the listener.
    pub const PRIORITY: Attr<i64> = Attr::new("priority", Exact);

    /// The kind; its id is the ARN.
    pub static KIND: Kind = Kind {
        name: "aws_lb_listener_rule",
        aliases: &["aws_alb_listener_rule"],
        service: "elasticloadbalancing",
        listed_by: &[
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeRules",
        ],
        attributes: &[
            ACTION.any(),
            ARN.any(),
            CONDITION.any(),
            LISTENER_ARN.any(),
            PRIORITY.any(),
            LB_TAGS.any(),
            LB_TAGS_ALL.any(),
        ],
        exclusion: of_kubernetes,
        ..Kind::BASE
    };
}

/// `aws_lb_target_group`.
pub mod target_group {
    use super::*;

    /// A registered target.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Target {
        /// An instance, an address, a function or a load balancer.
        pub id: String,
        /// Its port.
        pub port: Option<i64>,
        /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`, …
        pub state: Option<String>,
        /// Why it is not healthy.
        pub reason: Option<String>,
        /// Its zone: of an instance the one that it runs in, of an address the one that the service says. None when it
        /// is not known, or all of them.
        pub availability_zone: Option<String>,
    }

    const ATTRIBUTES_CALL: &[&str] = &["elasticloadbalancing:DescribeTargetGroupAttributes"];

    const fn flag(path: &'static str) -> Attr<bool> {
        Attr::new(path, Exact).absent(Absent::Zero).by(ATTRIBUTES_CALL)
    }

    /// Whether connections are cut at the end of the deregistration.
    pub const CONNECTION_TERMINATION: Attr<bool> = flag("connection_termination");
    /// Seconds until a deregistered target is let go. The schema has it as text in later versions.
    pub const DEREGISTRATION_DELAY: Attr<Value> =
        Attr::new("deregistration_delay", Exact).absent(Absent::Default("300")).by(ATTRIBUTES_CALL);
    /// How health is checked.
    pub const HEALTH_CHECK: Attr<Value> = Attr::new("health_check", Exact).absent(Absent::Zero);
    /// `ipv4` or `ipv6`.
    pub const IP_ADDRESS_TYPE: Attr<String> =
        Attr::new("ip_address_type", Exact).absent(Absent::Default("\"ipv4\""));
    /// Whether headers are lists (functions).
    pub const LAMBDA_MULTI_VALUE_HEADERS_ENABLED: Attr<bool> = flag("lambda_multi_value_headers_enabled");
    /// The load balancers that send to it.
    pub const LOAD_BALANCER_ARNS: Attr<Vec<String>> = Attr::new("load_balancer_arns", Never("computed"));
    /// How a target is chosen.
    pub const LOAD_BALANCING_ALGORITHM_TYPE: Attr<String> = Attr::new("load_balancing_algorithm_type", Exact)
        .absent(Absent::Default("\"round_robin\""))
        .by(ATTRIBUTES_CALL);
    /// Whether targets that behave oddly get less.
    pub const LOAD_BALANCING_ANOMALY_MITIGATION: Attr<String> =
        Attr::new("load_balancing_anomaly_mitigation", Exact)
            .absent(Absent::Default("\"off\""))
            .by(ATTRIBUTES_CALL);
    /// Whether targets of every zone get requests: `true`, `false`, or as the load balancer has it.
    pub const LOAD_BALANCING_CROSS_ZONE_ENABLED: Attr<String> =
        Attr::new("load_balancing_cross_zone_enabled", Exact)
            .absent(Absent::Default("\"use_load_balancer_configuration\""))
            .by(ATTRIBUTES_CALL);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// The port of targets that name none.
    pub const PORT: Attr<i64> = Attr::new("port", Exact).absent(Absent::Zero);
    /// Whether targets see the client's address; a flag that the schema writes as text.
    pub const PRESERVE_CLIENT_IP: Attr<Value> =
        Attr::new("preserve_client_ip", Exact).absent(Absent::Unclaimed).by(ATTRIBUTES_CALL);
    /// `HTTP`, `HTTPS`, `TCP`, …
    pub const PROTOCOL: Attr<String> = Attr::new("protocol", Exact);
    /// `HTTP1`, `HTTP2` or `GRPC`.
    pub const PROTOCOL_VERSION: Attr<String> =
        Attr::new("protocol_version", Exact).absent(Absent::Default("\"HTTP1\""));
    /// Whether the proxy protocol is spoken.
    pub const PROXY_PROTOCOL_V2: Attr<bool> = flag("proxy_protocol_v2");
    /// Seconds in which a new target gets more and more.
    pub const SLOW_START: Attr<i64> = Attr::new("slow_start", Exact).absent(Absent::Zero).by(ATTRIBUTES_CALL);
    /// Whether a client stays with its target.
    pub const STICKINESS: Attr<Value> = Attr::new("stickiness", Exact)
        .absent(Absent::Unclaimed)
        .nested(&[
            Nested::new("cookie_duration", Exact).absent(Absent::Zero),
            Nested::new("enabled", Exact).absent(Absent::Zero),
        ])
        .by(ATTRIBUTES_CALL);
    /// What is registered, and how it fares.
    pub const TARGETS: Attr<Vec<Target>> =
        Attr::live("targets").by(&["elasticloadbalancing:DescribeTargetHealth", "ec2:DescribeInstances"]);
    /// `instance`, `ip`, `lambda` or `alb`.
    pub const TARGET_TYPE: Attr<String> =
        Attr::new("target_type", Exact).absent(Absent::Default("\"instance\""));
    /// The VPC.
    pub const VPC_ID: Attr<String> = Attr::new("vpc_id", Exact);

    /// A target with its port, and without it: a declared attachment may leave the port to the group.
    fn targets(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
        let targets = value.as_array().map(Vec::as_slice).unwrap_or_default();
        targets
            .iter()
            .filter_map(|target| {
                Some((target.get("id")?.as_str()?, target.get("port").and_then(Value::as_i64)))
            })
            .flat_map(|(id, port)| {
                [Some(target_atom(id, None)), port.map(|port| target_atom(id, Some(port)))]
            })
            .flatten()
            .collect()
    }

    fn target_atom(id: &str, port: Option<i64>) -> Value {
        json!({ "id": id, "port": port })
    }

    fn attachment(part: &Resource) -> Vec<(&'static str, Value)> {
        let port = part.raw("port").ok().and_then(Value::as_i64).filter(|port| *port != 0);
        text(part, "target_id").map(|id| ("targets", target_atom(&id, port))).into_iter().collect()
    }

    /// The kind; its id is the ARN.
    pub static KIND: Kind = Kind {
        name: "aws_lb_target_group",
        aliases: &["aws_alb_target_group"],
        service: "elasticloadbalancing",
        listed_by: &["elasticloadbalancing:DescribeTargetGroups"],
        attributes: &[
            ARN.any(),
            CONNECTION_TERMINATION.any(),
            DEREGISTRATION_DELAY.any(),
            HEALTH_CHECK.any(),
            IP_ADDRESS_TYPE.any(),
            LAMBDA_MULTI_VALUE_HEADERS_ENABLED.any(),
            LOAD_BALANCER_ARNS.any(),
            LOAD_BALANCING_ALGORITHM_TYPE.any(),
            LOAD_BALANCING_ANOMALY_MITIGATION.any(),
            LOAD_BALANCING_CROSS_ZONE_ENABLED.any(),
            NAME.any(),
            PORT.any(),
            PRESERVE_CLIENT_IP.any(),
            PROTOCOL.any(),
            PROTOCOL_VERSION.any(),
            PROXY_PROTOCOL_V2.any(),
            SLOW_START.any(),
            STICKINESS.any(),
            LB_TAGS.any(),
            LB_TAGS_ALL.any(),
            TARGETS.any(),
            TARGET_TYPE.any(),
            VPC_ID.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_lb_target_group_attachment",
            owner_id: |part| text(part, "target_group_arn"),
            form: Form::Atoms { attributes: &["targets"], claims: attachment, atoms: targets },
        }],
        exclusion: of_kubernetes,
        ..Kind::BASE
    };
}

/// `aws_lb_target_group_attachment`: a registered target.
pub mod target_group_attachment {
    use super::*;

    /// The port; none is the group's.
    pub const PORT: Attr<i64> = Attr::new("port", Exact).absent(Absent::Zero);
    /// The target group.
    pub const TARGET_GROUP_ARN: Attr<String> = Attr::new("target_group_arn", Exact);
    /// What is registered.
    pub const TARGET_ID: Attr<String> = Attr::new("target_id", Exact);

    /// The kind. Its id in a state is made up; the target within its group, and the port where one is said, is what
    /// tells it from others.
    pub static KIND: Kind = Kind {
        name: "aws_lb_target_group_attachment",
        aliases: &["aws_alb_target_group_attachment"],
        service: "elasticloadbalancing",
        attributes: &[PORT.any(), TARGET_GROUP_ARN.any(), TARGET_ID.any()],
        identity: by_id,
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &load_balancer::KIND,
    &listener::KIND,
    &listener_certificate::KIND,
    &listener_rule::KIND,
    &target_group::KIND,
    &target_group_attachment::KIND,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::{Place, Slot};

    fn resource(kind: &Kind, attributes: &[(&'static str, Value)]) -> Resource {
        let mut resource = Resource::new(Place::new("1", "us-west-2"), kind.name, "x");
        for (path, value) in attributes {
            resource.put_raw(*path, Slot::Known(value.clone()));
        }
        resource
    }

    #[test]
    fn a_forward_is_compared_in_the_way_the_state_writes_it() {
        let key = listener::DEFAULT_ACTION.any();
        let live = json!([{
            "type": "forward", "target_group_arn": "arn:a",
            "forward": [{"target_group": [{"arn": "arn:a", "weight": 1}], "stickiness": [{"enabled": false}]}],
        }]);
        let short = json!([{"type": "forward", "order": 1, "target_group_arn": "arn:a", "forward": []}]);
        assert!(!matches!(compare(&key, &short, &live), Comparison::Changed(_)));
        let long = json!([{"type": "forward", "target_group_arn": "", "forward": [{"target_group": [{"arn": "arn:a"}]}]}]);
        assert!(!matches!(compare(&key, &long, &live), Comparison::Changed(_)));
        let elsewhere = json!([{"type": "forward", "target_group_arn": "arn:b", "forward": []}]);
        let Comparison::Changed(changes) = compare(&key, &elsewhere, &live) else { panic!("must speak") };
        assert_eq!(changes[0].path, "default_action[0].target_group_arn");
        assert_eq!(changes.len(), 1);
    }

    #[test]
    fn a_redirect_that_says_less_is_the_same() {
        let key = listener_rule::ACTION.any();
        let declared = json!([{"type": "redirect", "redirect": [{"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"}]}]);
        let live = |protocol: &str| {
            json!([{"type": "redirect", "redirect": [{
                "host": "#{host}", "path": "/#{path}", "query": "#{query}", "port": "443", "protocol": protocol,
                "status_code": "HTTP_301",
            }]}])
        };
        assert!(!matches!(compare(&key, &declared, &live("HTTPS")), Comparison::Changed(_)));
        assert!(matches!(compare(&key, &declared, &live("HTTP")), Comparison::Changed(_)));
    }

    #[test]
    fn an_attachment_may_leave_the_port_to_the_group() {
        let Form::Atoms { claims, atoms, .. } = target_group::KIND.satellites[0].form else {
            panic!("atoms")
        };
        let owner = resource(&target_group::KIND, &[]);
        let present = atoms(&owner, "targets", &json!([{"id": "i-1", "port": 80, "state": "healthy"}]));
        let claim = |port: Value| {
            let part =
                resource(&target_group_attachment::KIND, &[("target_id", json!("i-1")), ("port", port)]);
            claims(&part)[0].1.clone()
        };
        assert!(present.contains(&claim(Value::Null)) && present.contains(&claim(json!(80))));
        assert!(present.contains(&claim(json!(0))) && !present.contains(&claim(json!(8080))));
    }

    #[test]
    fn what_a_cluster_made_is_excluded() {
        let tags = |key: &str| resource(&load_balancer::KIND, &[("tags_all", json!({ key: "x" }))]);
        assert_eq!(
            (load_balancer::KIND.exclusion)(&tags("elbv2.k8s.aws/cluster")).map(|e| e.rule),
            Some("N20")
        );
        assert_eq!((load_balancer::KIND.exclusion)(&tags("Name")), None);
    }
}
