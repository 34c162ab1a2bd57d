//! Reads Route 53, once an account: hosted zones, their records, health checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_route53::types::{
    AcceleratedRecoveryStatus, GeoLocation, GeoProximityLocation, HealthCheck, HealthCheckObservation,
    HealthCheckType, HostedZone, ResourceRecordSet, RrType, TagResourceType,
};
use serde_json::{Value, json};
use stateward_model::compare::domain_name;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::route53::{LINKED_SERVICE, health_check, query_log, record, zone};
use stateward_model::{Cause, Gap, Harvest, Kind, Resource};

use crate::call::Call;
use crate::rds::{harvest, put_tags, stamp, wants_tags};
use crate::session::{Collector, Pages, Session};

/// Zones and health checks come by the hundred, records by the three hundred.
const PAGE: i32 = 100;
const RECORDS_PAGE: i32 = 300;
/// Tags are read for so many resources at once.
const TAGGED: usize = 10;

/// Five requests a second for an account, whatever they ask.
const QUOTAS: &str = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html";

static ZONES: Call = Call::new("route53", "ListHostedZones").quota(2, 5).docs(QUOTAS);
static ZONE: Call = Call::new("route53", "GetHostedZone").quota(2, 5).docs(QUOTAS);
static RECORDS: Call = Call::new("route53", "ListResourceRecordSets").quota(3, 5).docs(QUOTAS);
static CHECKS: Call = Call::new("route53", "ListHealthChecks").quota(2, 5).docs(QUOTAS);
static STATUS: Call = Call::new("route53", "GetHealthCheckStatus").quota(2, 5).docs(QUOTAS);
static QUERY_LOGS: Call = Call::new("route53", "ListQueryLoggingConfigs").quota(2, 5).docs(QUOTAS);
static LIST_TAGS: Call = Call::new("route53", "ListTagsForResources").quota(2, 5).docs(QUOTAS);

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &zone::KIND,
        calls: &[&ZONES, &ZONE, &LIST_TAGS],
        collect: |s| Box::pin(hosted_zones(s)),
    },
    Collector { kind: &record::KIND, calls: &[&ZONES, &RECORDS], collect: |s| Box::pin(records(s)) },
    Collector {
        kind: &health_check::KIND,
        calls: &[&CHECKS, &STATUS, &LIST_TAGS],
        collect: |s| Box::pin(health_checks(s)),
    },
    Collector { kind: &query_log::KIND, calls: &[&QUERY_LOGS], collect: |s| Box::pin(query_logs(s)) },
];

async fn zones(s: &Session) -> Arc<Pages<HostedZone>> {
    s.once(
        "route53:ListHostedZones",
        s.pages(
            &ZONES,
            |marker| s.route53().list_hosted_zones().max_items(PAGE).set_marker(marker).send(),
            |out| (out.hosted_zones, out.next_marker.filter(|_| out.is_truncated)),
        ),
    )
    .await
}

/// `/hostedzone/Z1` is `Z1` everywhere else.
fn bare_id(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// What tags became of each id, or why they were not read.
type Tags = BTreeMap<String, Result<BTreeMap<String, String>, Gap>>;

async fn tags_of(s: &Session, kind: &Kind, tagged: TagResourceType, ids: Vec<String>) -> Tags {
    if !wants_tags(s, kind) {
        return Tags::new();
    }
    let chunks: Vec<Vec<String>> = ids.chunks(TAGGED).map(<[String]>::to_vec).collect();
    let read = s
        .each(chunks, |chunk| {
            let tagged = tagged.clone();
            async move {
                let read = s
                    .call(&LIST_TAGS, || {
                        s.route53()
                            .list_tags_for_resources()
                            .resource_type(tagged.clone())
                            .set_resource_ids(Some(chunk.clone()))
                            .send()
                    })
                    .await;
                (chunk, read)
            }
        })
        .await;
    let mut all = Tags::new();
    for (chunk, read) in read {
        match read {
            Ok(out) => {
                let gap = Gap::new(LIST_TAGS.name(), Cause::Malformed, "the answer leaves the resource out");
                all.extend(chunk.into_iter().map(|id| (id, Err(gap.clone()))));
                for set in out.resource_tag_sets {
                    let id = set.resource_id.clone().unwrap_or_default();
                    let pairs = set.tags().iter();
                    let pairs = pairs
                        .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())));
                    all.insert(id, Ok(pairs.collect()));
                }
            }
            Err(gap) => all.extend(chunk.into_iter().map(|id| (id, Err(gap.clone())))),
        }
    }
    all
}

fn put_live_tags(r: &mut Resource, tags: &mut Tags) {
    if let Some(read) = tags.remove(r.id()) {
        put_tags(r, read);
    }
}

async fn hosted_zones(s: &Session) -> Harvest {
    let all = zones(s).await;
    let ids = all.items.iter().map(|zone| bare_id(&zone.id).to_owned()).collect();
    let mut tags = tags_of(s, &zone::KIND, TagResourceType::Hostedzone, ids).await;
    let mut resources = s.each(all.items.clone(), |zone| zone_resource(s, zone)).await;
    for resource in &mut resources {
        put_live_tags(resource, &mut tags);
    }
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

async fn zone_resource(s: &Session, item: HostedZone) -> Resource {
    use zone::*;
    let id = bare_id(&item.id).to_owned();
    let name = domain_name(&item.name);
    let arn = format!("arn:{}:route53:::hostedzone/{id}", s.partition());
    let mut r =
        Resource::new(s.global(), KIND.name, id.clone()).with_name(name.clone()).with_arn(arn.clone());
    let private = item.config.as_ref().is_some_and(|config| config.private_zone);
    let recovery = item.features.as_ref().and_then(|features| features.accelerated_recovery_status.as_ref());
    r.set(&ARN, arn)
        .set_opt(&COMMENT, item.config.as_ref().and_then(|config| config.comment.clone()))
        .set(
            &ENABLE_ACCELERATED_RECOVERY,
            matches!(
                recovery,
                Some(AcceleratedRecoveryStatus::Enabled | AcceleratedRecoveryStatus::Enabling)
            ),
        )
        .set_opt(&LINKED_SERVICE, linked(&item))
        .set(&NAME, name)
        .set(&PRIVATE, private)
        .set_opt(&RECORD_COUNT, item.resource_record_set_count)
        .set(&ZONE_ID, id.clone());
    if !private {
        r.set(&VPC, Vec::new());
    } else if s.wants(&KIND, &VPC) {
        let read = s.call(&ZONE, || s.route53().get_hosted_zone().id(&id).send()).await;
        r.put(&VPC, read.map(|out| out.vpcs().iter().map(network).collect()));
    }
    r
}

fn network(vpc: &aws_sdk_route53::types::Vpc) -> zone::Vpc {
    zone::Vpc {
        vpc_id: vpc.vpc_id.clone().unwrap_or_default(),
        vpc_region: vpc.vpc_region.as_ref().map(|region| region.as_str().to_owned()),
    }
}

fn linked(item: &HostedZone) -> Option<String> {
    item.linked_service.as_ref()?.service_principal.clone()
}

async fn records(s: &Session) -> Harvest {
    let all = zones(s).await;
    let read = s
        .each(all.items.clone(), |zone| async move {
            let id = bare_id(&zone.id);
            let pages = record_pages(s, id).await;
            let records: Vec<Resource> =
                pages.items.iter().map(|item| record_resource(s, &zone, item)).collect();
            (records, pages.gap)
        })
        .await;
    let mut harvest = Harvest { resources: Vec::new(), gaps: all.gap.iter().cloned().collect() };
    for (records, gap) in read {
        harvest.resources.extend(records);
        harvest.gaps.extend(gap);
    }
    harvest
}

/// Pages of records begin at a name, a type and, among records of both, an identifier. None of them holds a line break.
async fn record_pages(s: &Session, zone_id: &str) -> Pages<ResourceRecordSet> {
    s.pages(
        &RECORDS,
        |token| {
            let token = token.unwrap_or_default();
            let mut start = token.split('\n').map(str::to_owned).filter(|part| !part.is_empty());
            s.route53()
                .list_resource_record_sets()
                .hosted_zone_id(zone_id)
                .max_items(RECORDS_PAGE)
                .set_start_record_name(start.next())
                .set_start_record_type(start.next().map(|name| RrType::from(name.as_str())))
                .set_start_record_identifier(start.next())
                .send()
        },
        |out| {
            let next = out.next_record_name.filter(|_| out.is_truncated).map(|name| {
                let of_type = out.next_record_type.as_ref().map_or("", RrType::as_str);
                let identifier = out.next_record_identifier.as_deref().unwrap_or_default();
                format!("{name}\n{of_type}\n{identifier}")
            });
            (out.resource_record_sets, next)
        },
    )
    .await
}

fn record_resource(s: &Session, zone: &HostedZone, item: &ResourceRecordSet) -> Resource {
    use record::*;
    let zone_id = bare_id(&zone.id);
    let name = domain_name(&item.name);
    let id = id_of(zone_id, &name, item.r#type.as_str(), item.set_identifier.as_deref());
    let mut r = Resource::new(s.global(), KIND.name, id).with_name(name);
    put_record(&mut r, item);
    r.set(&ZONE_ID, zone_id.to_owned())
        .set(&ZONE_NAME, domain_name(&zone.name))
        .set_opt(&LINKED_SERVICE, linked(zone));
    r
}

fn put_record(r: &mut Resource, item: &ResourceRecordSet) {
    use record::*;
    let of_type = item.r#type.as_str();
    let name = domain_name(&item.name);
    let alias = item.alias_target.as_ref().map(|target| Alias {
        evaluate_target_health: target.evaluate_target_health,
        name: alias_name(&target.dns_name),
        zone_id: target.hosted_zone_id.clone(),
    });
    let cidr = item
        .cidr_routing_config
        .as_ref()
        .map(|cidr| json!({ "collection_id": cidr.collection_id, "location_name": cidr.location_name }));
    let failover = item.failover.as_ref().map(|role| Failover { role: role.as_str().to_owned() });
    let latency = item.region.as_ref().map(|region| Latency { region: region.as_str().to_owned() });
    r.set(&ALIAS, alias.into_iter().collect())
        .set(&CIDR_ROUTING_POLICY, cidr.into_iter().collect())
        .set(&FAILOVER_ROUTING_POLICY, failover.into_iter().collect())
        .set(&FQDN, name.clone())
        .set(&GEOLOCATION_ROUTING_POLICY, item.geo_location.iter().map(geolocation).collect())
        .set(&GEOPROXIMITY_ROUTING_POLICY, item.geo_proximity_location.iter().map(geoproximity).collect())
        .set_opt(&HEALTH_CHECK_ID, item.health_check_id.clone())
        .set(&LATENCY_ROUTING_POLICY, latency.into_iter().collect())
        .set_opt(&MULTIVALUE_ANSWER_ROUTING_POLICY, item.multi_value_answer)
        .set(&NAME, name)
        .set(&RECORDS, item.resource_records().iter().map(|value| unquoted(of_type, &value.value)).collect())
        .set_opt(&SET_IDENTIFIER, item.set_identifier.clone())
        .set_opt(&TRAFFIC_POLICY_INSTANCE_ID, item.traffic_policy_instance_id.clone())
        .set_opt(&TTL, item.ttl)
        .set(&TYPE, of_type.to_owned())
        .set(&WEIGHTED_ROUTING_POLICY, item.weight.map(|weight| Weighted { weight }).into_iter().collect());
}

/// The console writes `dualstack.` before the name of a balancer; Terraform takes it away.
fn alias_name(name: &str) -> String {
    let name = domain_name(name);
    name.strip_prefix("dualstack.").map_or(name.clone(), str::to_owned)
}

/// Terraform leaves the outer quotes of text records out.
fn unquoted(of_type: &str, value: &str) -> String {
    let inner = || value.strip_prefix('"')?.strip_suffix('"');
    match of_type {
        "TXT" | "SPF" => inner().unwrap_or(value).to_owned(),
        _ => value.to_owned(),
    }
}

fn geolocation(place: &GeoLocation) -> Value {
    json!({
        "continent": place.continent_code,
        "country": place.country_code,
        "subdivision": place.subdivision_code,
    })
}

fn geoproximity(place: &GeoProximityLocation) -> Value {
    let coordinates = place.coordinates.iter();
    let coordinates: Value =
        coordinates.map(|at| json!({ "latitude": at.latitude, "longitude": at.longitude })).collect();
    json!({
        "aws_region": place.aws_region,
        "bias": place.bias,
        "coordinates": coordinates,
        "local_zone_group": place.local_zone_group,
    })
}

async fn health_checks(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &CHECKS,
            |marker| s.route53().list_health_checks().max_items(PAGE).set_marker(marker).send(),
            |out| (out.health_checks, out.next_marker.filter(|_| out.is_truncated)),
        )
        .await;
    let ids = pages.items.iter().map(|check| check.id.clone()).collect();
    let mut tags = tags_of(s, &health_check::KIND, TagResourceType::Healthcheck, ids).await;
    let mut resources = s.each(pages.items, |check| health_check_resource(s, check)).await;
    for resource in &mut resources {
        put_live_tags(resource, &mut tags);
    }
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

async fn health_check_resource(s: &Session, check: HealthCheck) -> Resource {
    use health_check::*;
    let id = check.id.clone();
    let arn = format!("arn:{}:route53:::healthcheck/{id}", s.partition());
    let mut r = Resource::new(s.global(), KIND.name, id.clone()).with_arn(arn.clone());
    r.set(&ARN, arn);
    put_check(&mut r, &check);
    if !sends_requests(&check) {
        r.set(&OBSERVATIONS, Vec::new());
    } else if s.wants(&KIND, &OBSERVATIONS) {
        let read =
            s.call(&STATUS, || s.route53().get_health_check_status().health_check_id(&id).send()).await;
        r.put(&OBSERVATIONS, read.map(|out| out.health_check_observations.iter().map(observation).collect()));
    }
    r
}

/// Route 53 has no observations of checks that follow others, an alarm or a switch.
fn sends_requests(check: &HealthCheck) -> bool {
    let of_type = check.health_check_config.as_ref().map(|config| &config.r#type);
    !matches!(
        of_type,
        Some(
            HealthCheckType::Calculated
                | HealthCheckType::CloudwatchMetric
                | HealthCheckType::RecoveryControl
        )
    )
}

fn put_check(r: &mut Resource, check: &HealthCheck) {
    use health_check::*;
    let linked = check.linked_service.as_ref().and_then(|service| service.service_principal.clone());
    r.set_opt(&LINKED_SERVICE, linked);
    let Some(config) = &check.health_check_config else { return };
    let alarm = config.alarm_identifier.as_ref();
    let name = config.fully_qualified_domain_name.clone().or_else(|| config.ip_address.clone());
    r.name = name.or_else(|| alarm.map(|alarm| alarm.name.clone()));
    r.set_opt(&CHILD_HEALTH_THRESHOLD, config.health_threshold.map(i64::from))
        .set(&CHILD_HEALTHCHECKS, config.child_health_checks().to_vec())
        .set_opt(&CLOUDWATCH_ALARM_NAME, alarm.map(|alarm| alarm.name.clone()))
        .set_opt(&CLOUDWATCH_ALARM_REGION, alarm.map(|alarm| alarm.region.as_str().to_owned()))
        .set_opt(&DISABLED, config.disabled)
        .set_opt(&ENABLE_SNI, config.enable_sni)
        .set_opt(&FAILURE_THRESHOLD, config.failure_threshold.map(i64::from))
        .set_opt(&FQDN, config.fully_qualified_domain_name.clone())
        .set_opt(
            &INSUFFICIENT_DATA_HEALTH_STATUS,
            config.insufficient_data_health_status.as_ref().map(|status| status.as_str().to_owned()),
        )
        .set_opt(&INVERT_HEALTHCHECK, config.inverted)
        .set_opt(&IP_ADDRESS, config.ip_address.clone())
        .set_opt(&MEASURE_LATENCY, config.measure_latency)
        .set_opt(&PORT, config.port.map(i64::from))
        .set(&REGIONS, config.regions().iter().map(|region| region.as_str().to_owned()).collect())
        .set_opt(&REQUEST_INTERVAL, config.request_interval.map(i64::from))
        .set_opt(&RESOURCE_PATH, config.resource_path.clone())
        .set_opt(&ROUTING_CONTROL_ARN, config.routing_control_arn.clone())
        .set_opt(&SEARCH_STRING, config.search_string.clone())
        .set(&TYPE, config.r#type.as_str().to_owned());
}

/// The status is a sentence that begins with `Success` or `Failure`.
fn observation(seen: &HealthCheckObservation) -> health_check::Observation {
    let report = seen.status_report.as_ref();
    let status = report.and_then(|report| report.status.as_deref()).unwrap_or_default();
    health_check::Observation {
        region: seen.region.as_ref().map(|region| region.as_str().to_owned()).unwrap_or_default(),
        success: status.starts_with("Success"),
        checked_at: report.and_then(|report| report.checked_time.as_ref()).and_then(stamp),
    }
}

async fn query_logs(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &QUERY_LOGS,
            |token| s.route53().list_query_logging_configs().max_results(PAGE).set_next_token(token).send(),
            |out| (out.query_logging_configs, out.next_token),
        )
        .await;
    harvest(pages, |item| {
        use query_log::*;
        let arn = format!("arn:{}:route53:::queryloggingconfig/{}", s.partition(), item.id);
        let mut r = Resource::new(s.global(), KIND.name, item.id.clone()).with_arn(arn.clone());
        r.set(&ARN, arn)
            .set(&CLOUDWATCH_LOG_GROUP_ARN, item.cloud_watch_logs_log_group_arn.clone())
            .set(&ZONE_ID, item.hosted_zone_id.clone());
        r
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting, wanting_all};
    use aws_sdk_route53::types::{
        AliasTarget, HealthCheckConfig, ResourceRecord, ResourceRecordSetFailover, StatusReport,
    };
    use stateward_model::{GLOBAL, Place};

    fn read(item: &ResourceRecordSet) -> Resource {
        let mut r = Resource::new(Place::new("1", GLOBAL), record::KIND.name, "x");
        put_record(&mut r, item);
        r
    }

    #[test]
    fn an_alias_is_read_as_terraform_writes_it() {
        let target = AliasTarget::builder()
            .dns_name("dualstack.Web-1.us-west-2.elb.amazonaws.com.")
            .hosted_zone_id("Z1H1FL5HABSF5")
            .evaluate_target_health(true)
            .build()
            .unwrap();
        let item = ResourceRecordSet::builder()
            .name("\\052.acme.example.")
            .r#type(RrType::A)
            .set_identifier("us-west-2")
            .failover(ResourceRecordSetFailover::Primary)
            .alias_target(target)
            .build()
            .unwrap();
        let r = read(&item);
        assert_eq!(r.raw("fqdn"), Ok(&json!("*.acme.example")));
        let alias = r.get(&record::ALIAS).unwrap().unwrap().remove(0);
        assert_eq!(alias.name, "web-1.us-west-2.elb.amazonaws.com");
        assert_eq!(r.raw("failover_routing_policy"), Ok(&json!([{ "type": "PRIMARY" }])));
        assert_eq!((r.raw("ttl"), r.raw("records")), (Ok(&json!(null)), Ok(&json!([]))));
    }

    #[test]
    fn only_the_outer_quotes_of_text_go() {
        let value = ResourceRecord::builder().value(r#""v=spf1 " "-all""#).build().unwrap();
        let text = ResourceRecordSet::builder().name("a.").ttl(60).resource_records(value);
        let r = read(&text.clone().r#type(RrType::Txt).build().unwrap());
        assert_eq!(r.raw("records"), Ok(&json!([r#"v=spf1 " "-all"#])));
        let r = read(&text.r#type(RrType::Caa).build().unwrap());
        assert_eq!(r.raw("records"), Ok(&json!([r#""v=spf1 " "-all""#])));
    }

    #[test]
    fn only_checks_that_send_requests_have_observations() {
        let check = |of_type: HealthCheckType| {
            let config = HealthCheckConfig::builder().r#type(of_type).build().unwrap();
            let check = HealthCheck::builder().id("c").caller_reference("r").health_check_version(1);
            check.health_check_config(config).build().unwrap()
        };
        assert!(sends_requests(&check(HealthCheckType::HttpsStrMatch)));
        assert!(!sends_requests(&check(HealthCheckType::Calculated)));
        let seen = |status: &str| {
            let report = StatusReport::builder().status(status).build();
            observation(&HealthCheckObservation::builder().status_report(report).build()).success
        };
        assert!(seen("Success: HTTP Status Code 200, OK") && !seen("Failure: connection timed out"));
        assert!(!seen(""), "what was not said is no success");
    }

    #[test]
    fn zones_are_known_without_the_prefix() {
        assert_eq!(bare_id("/hostedzone/Z1"), "Z1");
        assert_eq!(bare_id("Z1"), "Z1");
    }

    const ONE_ZONE: &str = "<ListHostedZonesResponse><HostedZones><HostedZone><Id>/hostedzone/Z1</Id>\
        <Name>acme.example.</Name><CallerReference>r</CallerReference><Config><PrivateZone>true</PrivateZone>\
        </Config></HostedZone></HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>\
        </ListHostedZonesResponse>";

    fn refused() -> (u16, String) {
        let error = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>";
        (403, error.to_owned())
    }

    fn one_record(name: &str, more: &str) -> (u16, String) {
        let record = format!(
            "<ResourceRecordSet><Name>{name}</Name><Type>A</Type><SetIdentifier>a&amp;b</SetIdentifier>\
             <Weight>0</Weight></ResourceRecordSet>"
        );
        let answer = format!(
            "<ListResourceRecordSetsResponse><ResourceRecordSets>{record}</ResourceRecordSets>{more}\
             <MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"
        );
        (200, answer)
    }

    const MORE: &str = "<IsTruncated>true</IsTruncated><NextRecordName>b.acme.example.</NextRecordName>\
        <NextRecordType>A</NextRecordType><NextRecordIdentifier>a&amp;b</NextRecordIdentifier>";
    const NO_MORE: &str = "<IsTruncated>false</IsTruncated>";

    #[tokio::test]
    async fn the_next_page_of_records_begins_where_the_last_one_says() {
        let account = Account::new(wanting(&record::KIND, &[]), |asked| {
            if !asked.target.contains("/rrset") {
                (200, ONE_ZONE.to_owned())
            } else if asked.target.contains("name=b.acme.example.&type=A&identifier=a%26b") {
                one_record("b.acme.example.", NO_MORE)
            } else {
                one_record("a.acme.example.", MORE)
            }
        });
        let harvest = records(account.home()).await;
        let ids: Vec<&str> = harvest.resources.iter().map(Resource::id).collect();
        assert_eq!(ids, ["Z1_a.acme.example_A_a&b", "Z1_b.acme.example_A_a&b"]);
        assert_eq!(harvest.gaps, []);
        assert_eq!(account.calls("ListResourceRecordSets"), 2);
    }

    #[tokio::test]
    async fn a_zone_whose_records_are_refused_leaves_the_listing_incomplete() {
        let account =
            Account::new(wanting(&record::KIND, &[]), |asked| match asked.target.contains("/rrset") {
                true => refused(),
                false => (200, ONE_ZONE.to_owned()),
            });
        let harvest = records(account.home()).await;
        assert_eq!((harvest.resources.len(), harvest.gaps.len()), (0, 1));
        assert_eq!(harvest.gaps[0].cause, Cause::Denied);
    }

    #[tokio::test]
    async fn a_refusal_of_tags_leaves_networks_alone() {
        let networks = "<GetHostedZoneResponse><HostedZone><Id>/hostedzone/Z1</Id><Name>a.</Name>\
            <CallerReference>r</CallerReference></HostedZone><VPCs><VPC><VPCRegion>us-west-2</VPCRegion>\
            <VPCId>vpc-1</VPCId></VPC></VPCs></GetHostedZoneResponse>";
        let account = Account::new(wanting_all(&zone::KIND), move |asked| match asked.target.as_str() {
            target if target.contains("/tags/") => refused(),
            target if target.contains("/hostedzone/Z1") => (200, networks.to_owned()),
            _ => (200, ONE_ZONE.to_owned()),
        });
        let harvest = hosted_zones(account.home()).await;
        let [found] = harvest.resources.as_slice() else { panic!("one zone") };
        assert_eq!(found.raw("vpc"), Ok(&json!([{ "vpc_id": "vpc-1", "vpc_region": "us-west-2" }])));
        assert_eq!(found.raw("tags_all").unwrap_err().cause, Cause::Denied);
        assert_eq!(found.raw("name"), Ok(&json!("acme.example")));
        assert!(harvest.gaps.is_empty(), "the listing itself is whole");
    }
}
