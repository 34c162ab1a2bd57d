//! Amazon Route 53: hosted zones, their records, health checks. A global service, read once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attr::{Absent, AnyAttr, Attr, Equality::*, Nested};
use crate::compare::domain_name;
use crate::kind::{Exclusion, Form, Kind, Satellite, Scope};
use crate::resource::Resource;

use super::common::{ARN, TAGS, TAGS_ALL};

/// The tags of the resource itself, read for ten resources at once.
pub const DNS_TAGS: Attr<BTreeMap<String, String>> = TAGS.by(&["route53:ListTagsForResources"]);
/// All tags, read for ten resources at once.
pub const DNS_TAGS_ALL: Attr<BTreeMap<String, String>> = TAGS_ALL.by(&["route53:ListTagsForResources"]);
/// The service that made it and keeps it, for example `servicediscovery.amazonaws.com`.
pub const LINKED_SERVICE: Attr<String> = Attr::live("linked_service");

fn of_a_service(resource: &Resource) -> Option<Exclusion> {
    let service = resource.get(&LINKED_SERVICE).ok().flatten().unwrap_or_default();
    (!service.is_empty()).then_some(Exclusion { rule: "N19", reason: "another service made and keeps it" })
}

/// `aws_route53_zone`.
pub mod zone {
    use super::*;

    /// A network that a private zone answers.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Vpc {
        /// Its id.
        pub vpc_id: String,
        /// Its region.
        pub vpc_region: Option<String>,
    }

    /// What it is for, in words.
    pub const COMMENT: Attr<String> = Attr::new("comment", Exact);
    /// The name servers that it shares with other zones.
    pub const DELEGATION_SET_ID: Attr<String> = Attr::new("delegation_set_id", Never("cannot change"));
    /// Whether records can be changed while us-east-1 is down.
    pub const ENABLE_ACCELERATED_RECOVERY: Attr<bool> =
        Attr::new("enable_accelerated_recovery", Exact).absent(Absent::Zero);
    /// Only an argument of the deletion.
    pub const FORCE_DESTROY: Attr<bool> =
        Attr::new("force_destroy", Never("an argument of the deletion, never returned by the API"));
    /// The domain.
    pub const NAME: Attr<String> = Attr::new("name", Domain);
    /// Whether only its networks see it.
    pub const PRIVATE: Attr<bool> = Attr::live("private_zone");
    /// How many records it has, those of the zone itself included.
    pub const RECORD_COUNT: Attr<i64> = Attr::live("resource_record_set_count");
    /// The networks that a private zone answers; empty for a public one.
    pub const VPC: Attr<Vec<Vpc>> = Attr::new("vpc", Set).by(&["route53:GetHostedZone"]);
    /// Its id: the identity.
    pub const ZONE_ID: Attr<String> = Attr::new("zone_id", Never("computed"));

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_route53_zone",
        service: "route53",
        scope: Scope::Global,
        listed_by: &["route53:ListHostedZones"],
        attributes: &[
            ARN.any(),
            COMMENT.any(),
            DELEGATION_SET_ID.any(),
            ENABLE_ACCELERATED_RECOVERY.any(),
            FORCE_DESTROY.any(),
            LINKED_SERVICE.any(),
            NAME.any(),
            PRIVATE.any(),
            RECORD_COUNT.any(),
            DNS_TAGS.any(),
            DNS_TAGS_ALL.any(),
            VPC.any(),
            ZONE_ID.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_route53_zone_association",
            owner_id: |part| part.raw("zone_id").ok()?.as_str().map(str::to_owned),
            form: Form::Atoms { attributes: &["vpc"], claims, atoms },
        }],
        exclusion: of_a_service,
        ..Kind::BASE
    };

    /// Ids of networks are unique, and old states leave the region out.
    fn atoms(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
        let id = |network: &Value| network.get("vpc_id").filter(|id| id.is_string()).cloned();
        value.as_array().into_iter().flatten().filter_map(id).collect()
    }

    fn claims(part: &Resource) -> Vec<(&'static str, Value)> {
        let id = part.raw("vpc_id").ok().filter(|id| id.is_string());
        id.map(|id| ("vpc", id.clone())).into_iter().collect()
    }
}

/// `aws_route53_zone_association`.
pub mod zone_association {
    use super::*;

    /// The network.
    pub const VPC_ID: Attr<String> = Attr::new("vpc_id", Exact);
    /// The zone.
    pub const ZONE_ID: Attr<String> = Attr::new("zone_id", Exact);

    /// The kind; a part of `aws_route53_zone`, so nothing lists it.
    pub static KIND: Kind = Kind {
        name: "aws_route53_zone_association",
        service: "route53",
        scope: Scope::Global,
        attributes: &[VPC_ID.any(), ZONE_ID.any()],
        ..Kind::BASE
    };
}

/// `aws_route53_record`.
pub mod record {
    use super::*;

    /// The `alias` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Alias {
        /// Whether the health of the target decides over the record.
        pub evaluate_target_health: bool,
        /// The target's domain.
        pub name: String,
        /// The zone of the target.
        pub zone_id: String,
    }

    /// The `failover_routing_policy` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Failover {
        /// `PRIMARY` or `SECONDARY`.
        #[serde(rename = "type")]
        pub role: String,
    }

    /// The `weighted_routing_policy` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Weighted {
        /// Its share among the records of the name.
        pub weight: i64,
    }

    /// The `latency_routing_policy` block.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Latency {
        /// The region that the target is in.
        pub region: String,
    }

    /// Points to a resource of AWS in the place of values.
    pub const ALIAS: Attr<Vec<Alias>> = Attr::new("alias", Set).nested(&[Nested::new("name", Domain)]);
    /// Who gets it by address ranges.
    pub const CIDR_ROUTING_POLICY: Attr<Value> = Attr::new("cidr_routing_policy", Exact);
    /// Whether it answers first, or only when the first is ill.
    pub const FAILOVER_ROUTING_POLICY: Attr<Vec<Failover>> = Attr::new("failover_routing_policy", Exact);
    /// The whole name.
    pub const FQDN: Attr<String> = Attr::new("fqdn", Never("is the identity"));
    /// Who gets it by where they are.
    pub const GEOLOCATION_ROUTING_POLICY: Attr<Value> = Attr::new("geolocation_routing_policy", Exact);
    /// Who gets it by how far they are.
    pub const GEOPROXIMITY_ROUTING_POLICY: Attr<Value> = Attr::new("geoproximity_routing_policy", Exact)
        .nested(&[Nested::new("bias", Exact).absent(Absent::Zero), Nested::new("coordinates", Set)]);
    /// The health check that decides over it.
    pub const HEALTH_CHECK_ID: Attr<String> = Attr::new("health_check_id", Exact);
    /// Who gets it by the time that answers take.
    pub const LATENCY_ROUTING_POLICY: Attr<Vec<Latency>> = Attr::new("latency_routing_policy", Exact);
    /// Whether up to eight healthy records of the name are answered.
    pub const MULTIVALUE_ANSWER_ROUTING_POLICY: Attr<bool> =
        Attr::new("multivalue_answer_routing_policy", Exact).absent(Absent::Zero);
    /// The name as it was given: it may be short, so the whole one is the identity.
    pub const NAME: Attr<String> = Attr::new("name", Never("compared through fqdn"));
    /// The values, those of TXT without the outer quotes.
    pub const RECORDS: Attr<Vec<String>> = Attr::new("records", Set);
    /// Tells records of one name and type apart.
    pub const SET_IDENTIFIER: Attr<String> = Attr::new("set_identifier", Exact);
    /// Seconds that it may be remembered; none for an alias.
    pub const TTL: Attr<i64> = Attr::new("ttl", Exact).absent(Absent::Zero);
    /// `A`, `AAAA`, `CNAME`, …
    pub const TYPE: Attr<String> = Attr::new("type", Exact);
    /// How much of the requests it gets.
    pub const WEIGHTED_ROUTING_POLICY: Attr<Vec<Weighted>> = Attr::new("weighted_routing_policy", Exact);
    /// The zone.
    pub const ZONE_ID: Attr<String> = Attr::new("zone_id", Exact);
    /// The zone's name.
    pub const ZONE_NAME: Attr<String> = Attr::live("zone_name");
    /// The traffic policy that made it; none for all others.
    pub const TRAFFIC_POLICY_INSTANCE_ID: Attr<String> = Attr::live("traffic_policy_instance_id");

    /// The kind; its identity is the import id with the whole name.
    pub static KIND: Kind = Kind {
        name: "aws_route53_record",
        service: "route53",
        scope: Scope::Global,
        listed_by: &["route53:ListHostedZones", "route53:ListResourceRecordSets"],
        attributes: &[
            ALIAS.any(),
            CIDR_ROUTING_POLICY.any(),
            FAILOVER_ROUTING_POLICY.any(),
            FQDN.any(),
            GEOLOCATION_ROUTING_POLICY.any(),
            GEOPROXIMITY_ROUTING_POLICY.any(),
            HEALTH_CHECK_ID.any(),
            LATENCY_ROUTING_POLICY.any(),
            LINKED_SERVICE.any(),
            MULTIVALUE_ANSWER_ROUTING_POLICY.any(),
            NAME.any(),
            RECORDS.any(),
            SET_IDENTIFIER.any(),
            TRAFFIC_POLICY_INSTANCE_ID.any(),
            TTL.any(),
            TYPE.any(),
            WEIGHTED_ROUTING_POLICY.any(),
            ZONE_ID.any(),
            ZONE_NAME.any(),
        ],
        identity,
        exclusion: of_the_zone,
        refine: by_type,
        ..Kind::BASE
    };

    fn identity(resource: &Resource) -> Option<String> {
        let text = |key: &Attr<String>| resource.get(key).ok().flatten().filter(|text| !text.is_empty());
        let name = text(&FQDN).or_else(|| text(&NAME))?;
        Some(id_of(&text(&ZONE_ID)?, &name, &text(&TYPE)?, text(&SET_IDENTIFIER).as_deref()))
    }

    /// Values are compared as what they are: names, texts, addresses (N21, N22).
    fn by_type(record: &Resource, attr: AnyAttr) -> AnyAttr {
        const NAMES: &[Nested] = &[Nested::new("*", Domain)];
        const TEXTS: &[Nested] = &[Nested::new("*", Txt)];
        const ADDRESSES: &[Nested] = &[Nested::new("*", Cidr)];
        if attr.path != RECORDS.path() {
            return attr;
        }
        let nested = match record.get(&TYPE).ok().flatten().unwrap_or_default().as_str() {
            "CNAME" | "DNAME" | "MX" | "NS" | "PTR" | "SRV" => NAMES,
            "SPF" | "TXT" => TEXTS,
            "A" | "AAAA" => ADDRESSES,
            _ => attr.nested,
        };
        AnyAttr { nested, ..attr }
    }

    /// The identity of a record of a zone.
    pub fn id_of(zone_id: &str, name: &str, of_type: &str, set_identifier: Option<&str>) -> String {
        let id = format!("{zone_id}_{}_{of_type}", domain_name(name));
        set_identifier.map_or(id.clone(), |set| format!("{id}_{set}"))
    }

    /// What every zone has, and what other controllers keep.
    fn of_the_zone(resource: &Resource) -> Option<Exclusion> {
        let text = |key: &Attr<String>| resource.get(key).ok().flatten().unwrap_or_default();
        if !text(&TRAFFIC_POLICY_INSTANCE_ID).is_empty() {
            return Some(Exclusion { rule: "N19", reason: "a record that a traffic policy made" });
        }
        let apex =
            !text(&ZONE_NAME).is_empty() && domain_name(&text(&FQDN)) == domain_name(&text(&ZONE_NAME));
        if apex && matches!(text(&TYPE).as_str(), "NS" | "SOA") {
            return Some(Exclusion { rule: "N21", reason: "a record that every zone has" });
        }
        of_a_service(resource)
    }
}

/// `aws_route53_health_check`.
pub mod health_check {
    use super::*;

    /// What the checkers of one region see.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Observation {
        /// Where the checker is.
        pub region: String,
        /// Whether its last request succeeded.
        pub success: bool,
        /// When that was, RFC 3339.
        pub checked_at: Option<String>,
    }

    /// How many of the checks that it sums up must be healthy.
    pub const CHILD_HEALTH_THRESHOLD: Attr<i64> =
        Attr::new("child_health_threshold", Exact).absent(Absent::Zero);
    /// The checks that it sums up.
    pub const CHILD_HEALTHCHECKS: Attr<Vec<String>> = Attr::new("child_healthchecks", Set);
    /// The alarm that it follows.
    pub const CLOUDWATCH_ALARM_NAME: Attr<String> = Attr::new("cloudwatch_alarm_name", Exact);
    /// The region of that alarm.
    pub const CLOUDWATCH_ALARM_REGION: Attr<String> = Attr::new("cloudwatch_alarm_region", Exact);
    /// Whether it is switched off, which counts as healthy.
    pub const DISABLED: Attr<bool> = Attr::new("disabled", Exact).absent(Absent::Zero);
    /// Whether the name is sent when TLS begins.
    pub const ENABLE_SNI: Attr<bool> = Attr::new("enable_sni", Exact).absent(Absent::Zero);
    /// How many requests in a row must fail.
    pub const FAILURE_THRESHOLD: Attr<i64> = Attr::new("failure_threshold", Exact).absent(Absent::Zero);
    /// The name that is asked.
    pub const FQDN: Attr<String> = Attr::new("fqdn", Domain);
    /// What the alarm's INSUFFICIENT_DATA counts as.
    pub const INSUFFICIENT_DATA_HEALTH_STATUS: Attr<String> =
        Attr::new("insufficient_data_health_status", Exact);
    /// Whether healthy counts as ill.
    pub const INVERT_HEALTHCHECK: Attr<bool> = Attr::new("invert_healthcheck", Exact).absent(Absent::Zero);
    /// The address that is asked.
    pub const IP_ADDRESS: Attr<String> = Attr::new("ip_address", Exact);
    /// Whether times are measured.
    pub const MEASURE_LATENCY: Attr<bool> = Attr::new("measure_latency", Exact).absent(Absent::Zero);
    /// The port.
    pub const PORT: Attr<i64> = Attr::new("port", Exact).absent(Absent::Zero);
    /// Only an argument of the creation.
    pub const REFERENCE_NAME: Attr<String> =
        Attr::new("reference_name", Never("an argument of the creation, never returned by the API"));
    /// Where the checkers are; empty for everywhere.
    pub const REGIONS: Attr<Vec<String>> = Attr::new("regions", Set);
    /// Seconds between requests.
    pub const REQUEST_INTERVAL: Attr<i64> = Attr::new("request_interval", Exact).absent(Absent::Zero);
    /// The path that is asked.
    pub const RESOURCE_PATH: Attr<String> = Attr::new("resource_path", Exact);
    /// The routing control that it follows.
    pub const ROUTING_CONTROL_ARN: Attr<String> = Attr::new("routing_control_arn", Exact);
    /// What the answer must hold.
    pub const SEARCH_STRING: Attr<String> = Attr::new("search_string", Exact);
    /// `HTTP`, `HTTPS_STR_MATCH`, `TCP`, `CALCULATED`, `CLOUDWATCH_METRIC`, `RECOVERY_CONTROL`, …
    pub const TYPE: Attr<String> = Attr::new("type", Exact);
    /// What the checkers see; empty for checks that send no requests of their own. Route 53 takes an endpoint for
    /// healthy when more than 18 % of them succeed.
    pub const OBSERVATIONS: Attr<Vec<Observation>> =
        Attr::live("observations").by(&["route53:GetHealthCheckStatus"]);

    /// The kind; its id is the check's.
    pub static KIND: Kind = Kind {
        name: "aws_route53_health_check",
        service: "route53",
        scope: Scope::Global,
        listed_by: &["route53:ListHealthChecks"],
        attributes: &[
            ARN.any(),
            CHILD_HEALTH_THRESHOLD.any(),
            CHILD_HEALTHCHECKS.any(),
            CLOUDWATCH_ALARM_NAME.any(),
            CLOUDWATCH_ALARM_REGION.any(),
            DISABLED.any(),
            ENABLE_SNI.any(),
            FAILURE_THRESHOLD.any(),
            FQDN.any(),
            INSUFFICIENT_DATA_HEALTH_STATUS.any(),
            INVERT_HEALTHCHECK.any(),
            IP_ADDRESS.any(),
            LINKED_SERVICE.any(),
            MEASURE_LATENCY.any(),
            OBSERVATIONS.any(),
            PORT.any(),
            REFERENCE_NAME.any(),
            REGIONS.any(),
            REQUEST_INTERVAL.any(),
            RESOURCE_PATH.any(),
            ROUTING_CONTROL_ARN.any(),
            SEARCH_STRING.any(),
            DNS_TAGS.any(),
            DNS_TAGS_ALL.any(),
            TYPE.any(),
        ],
        exclusion: of_a_service,
        ..Kind::BASE
    };
}

/// `aws_route53_query_log`.
pub mod query_log {
    use super::*;

    /// The log group, of us-east-1.
    pub const CLOUDWATCH_LOG_GROUP_ARN: Attr<String> = Attr::new("cloudwatch_log_group_arn", Exact);
    /// The zone whose queries are logged.
    pub const ZONE_ID: Attr<String> = Attr::new("zone_id", Exact);

    /// The kind; its id is the configuration's.
    pub static KIND: Kind = Kind {
        name: "aws_route53_query_log",
        service: "route53",
        scope: Scope::Global,
        listed_by: &["route53:ListQueryLoggingConfigs"],
        attributes: &[ARN.any(), CLOUDWATCH_LOG_GROUP_ARN.any(), ZONE_ID.any()],
        ..Kind::BASE
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] =
    &[&zone::KIND, &zone_association::KIND, &record::KIND, &health_check::KIND, &query_log::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, compare};
    use crate::resource::{GLOBAL, Place};
    use serde_json::json;

    fn record(name: &str, of_type: &str) -> Resource {
        let mut record = Resource::new(Place::new("1", GLOBAL), "aws_route53_record", "x");
        record
            .set(&record::ZONE_ID, "Z1".to_owned())
            .set(&record::FQDN, name.to_owned())
            .set(&record::TYPE, of_type.to_owned())
            .set(&record::ZONE_NAME, "acme.example".to_owned());
        record
    }

    #[test]
    fn a_record_is_known_by_its_whole_name_however_it_is_spelled() {
        let mut declared = record("*.Acme.example", "A");
        declared.set(&record::NAME, "*".to_owned());
        let id = record::id_of("Z1", "\\052.acme.example.", "A", None);
        assert_eq!((record::KIND.identity)(&declared), Some(id.clone()));
        declared.set(&record::SET_IDENTIFIER, "blue".to_owned());
        assert_eq!((record::KIND.identity)(&declared), Some(format!("{id}_blue")));
    }

    #[test]
    fn the_records_that_every_zone_has_are_excluded_and_no_others() {
        let rule = |record: &Resource| (record::KIND.exclusion)(record).map(|e| e.rule);
        assert_eq!(rule(&record("acme.example", "SOA")), Some("N21"));
        assert_eq!(rule(&record("team.acme.example", "NS")), None, "a delegation is somebody's");
        assert_eq!(rule(&record("acme.example", "A")), None);
        let mut linked = record("jobs.acme.example", "A");
        linked.set(&LINKED_SERVICE, "servicediscovery.amazonaws.com".to_owned());
        assert_eq!(rule(&linked), Some("N19"));
    }

    #[test]
    fn an_association_claims_its_network_of_the_zone() {
        let Form::Atoms { claims, atoms, .. } = zone::KIND.satellites[0].form else { panic!("atoms") };
        let mut part = Resource::new(Place::new("1", GLOBAL), "aws_route53_zone_association", "Z1:vpc-2");
        part.set(&zone_association::VPC_ID, "vpc-2".to_owned());
        let live = json!([{"vpc_id": "vpc-1", "vpc_region": "a"}, {"vpc_id": "vpc-2", "vpc_region": "b"}]);
        let present = atoms(&part, "vpc", &live);
        assert_eq!(present, [json!("vpc-1"), json!("vpc-2")]);
        assert_eq!(claims(&part), [("vpc", json!("vpc-2"))]);
    }

    #[test]
    fn the_target_of_an_alias_is_compared_as_a_domain() {
        let attr = record::ALIAS.any();
        let alias = |name: &str, health: bool| json!([{"name": name, "zone_id": "Z2", "evaluate_target_health": health}]);
        let one = alias("Web-1.us-west-2.elb.amazonaws.com", true);
        let same = alias("web-1.us-west-2.elb.amazonaws.com.", true);
        assert_eq!(compare(&attr, &one, &same), Comparison::Suppressed("N1"));
        let ill = alias("web-1.us-west-2.elb.amazonaws.com.", false);
        assert!(matches!(compare(&attr, &one, &ill), Comparison::Changed(_)));
    }
}
