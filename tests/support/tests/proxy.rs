//! The fault-injecting proxy, in front of the fake.
#![allow(clippy::unwrap_used, reason = "a test fails that way")]

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use stateward_testbed::{Fake, FakeOptions, Fault, Proxy, Request, Response, Rule, When};

const PATIENCE: Duration = Duration::from_secs(20);

fn between(rules: Vec<Rule>) -> (Fake, Proxy) {
    let fake = Fake::start(FakeOptions::default());
    let proxy = Proxy::start(&fake.endpoint(), rules);
    (fake, proxy)
}

fn vpcs(region: &str) -> Request {
    Request::query_form("ec2", region, "Action=DescribeVpcs&Version=2016-11-15")
}

fn through(proxy: &Proxy, request: &Request) -> Response {
    request.send(&proxy.endpoint(), PATIENCE).unwrap()
}

#[test]
fn without_rules_it_passes_everything_on_unchanged_and_counts_it() {
    let (fake, proxy) = between(vec![]);
    let direct = vpcs("us-east-1").send(&fake.endpoint(), PATIENCE).unwrap();
    assert_eq!(through(&proxy, &vpcs("us-east-1")).body, direct.body);
    through(&proxy, &vpcs("eu-west-1"));
    assert_eq!(proxy.traffic().requests_for("ec2", "DescribeVpcs"), 2);
    let key = ("ec2".to_owned(), "DescribeVpcs".to_owned(), "eu-west-1".to_owned());
    assert_eq!(proxy.traffic().counts()[&key].requests, 1);
    assert_eq!(proxy.traffic().faults(), 0);
}

#[test]
fn a_rule_strikes_only_what_it_names() {
    let rule = Rule::new(Fault::Deny).service("ec2").region("us-east-1").operation("DescribeVpcs");
    let (_fake, proxy) = between(vec![rule]);
    assert_eq!(through(&proxy, &vpcs("us-east-1")).status, 403);
    assert_eq!(through(&proxy, &vpcs("eu-west-1")).status, 200);
    let subnets = Request::query_form("ec2", "us-east-1", "Action=DescribeSubnets");
    assert_eq!(through(&proxy, &subnets).status, 200);
    let keys = Request::json("kms", "us-east-1", "TrentService.ListKeys", "{}");
    assert_eq!(through(&proxy, &keys).status, 200);
    proxy.traffic().set_rules([Rule::new(Fault::Deny).about("acme-bucket-00003")]);
    let one = Request::signed("s3", "us-west-2", "GET", "/acme-bucket-00003?versioning");
    let other = Request::signed("s3", "us-west-2", "GET", "/acme-bucket-00006?versioning");
    assert_eq!((through(&proxy, &one).status, through(&proxy, &other).status), (403, 200));
}

#[test]
fn an_answer_stands_in_the_place_of_the_real_one_and_is_no_fault() {
    let answer = Rule::new(Fault::Answer("<vpcSet/>")).service("ec2").operation("DescribeVpcs");
    let (fake, proxy) = between(vec![answer]);
    let response = through(&proxy, &vpcs("us-east-1"));
    let body = String::from_utf8(response.body).unwrap();
    assert_eq!(response.status, 200);
    assert!(body.starts_with("<DescribeVpcsResponse>") && body.contains("<vpcSet/>"), "{body}");
    assert_eq!((proxy.traffic().requests(), proxy.traffic().faults()), (1, 0));
    assert_eq!(fake.traffic().requests(), 0);
}

#[test]
fn refusals_are_in_the_words_of_each_protocol() {
    let requests = [
        (vpcs("us-west-2"), ["UnauthorizedOperation", "RequestLimitExceeded", "RequestExpired"]),
        (
            Request::query_form("rds", "us-west-2", "Action=DescribeDBInstances"),
            ["AccessDenied", "Throttling", "ExpiredToken"],
        ),
        (Request::signed("s3", "us-west-2", "GET", "/"), ["AccessDenied", "SlowDown", "ExpiredToken"]),
        (
            Request::signed("route53", "us-east-1", "GET", "/2013-04-01/hostedzone"),
            ["AccessDenied", "Throttling", "ExpiredToken"],
        ),
        (
            Request::json("dynamodb", "us-west-2", "DynamoDB_20120810.ListTables", "{}"),
            ["AccessDeniedException", "ThrottlingException", "ExpiredTokenException"],
        ),
        (
            Request::signed("elasticfilesystem", "us-west-2", "GET", "/2015-02-01/file-systems"),
            ["AccessDeniedException", "ThrottlingException", "ExpiredTokenException"],
        ),
        (
            Request::signed("monitoring", "us-west-2", "POST", "/service/G/operation/DescribeAlarms")
                .with("smithy-protocol", "rpc-v2-cbor"),
            ["AccessDeniedException", "ThrottlingException", "ExpiredTokenException"],
        ),
    ];
    let (_fake, proxy) = between(vec![]);
    for (request, codes) in requests {
        assert_eq!(through(&proxy, &request).status, 200, "{request:?}");
        for (fault, code) in [Fault::Deny, Fault::Throttle, Fault::Expire].into_iter().zip(codes) {
            proxy.traffic().set_rules([Rule::new(fault)]);
            let answer = through(&proxy, &request);
            let named = answer.text().contains(code) || answer.header("x-amzn-ErrorType") == Some(code);
            assert!(answer.status >= 400 && named, "{code}: {answer:?}");
        }
        proxy.traffic().set_rules([]);
    }
}

#[test]
fn a_share_of_the_requests_is_struck_evenly() {
    let (_fake, proxy) = between(vec![Rule::new(Fault::Throttle).when(When::Percent(20))]);
    let statuses: Vec<u16> = (0..50).map(|_| through(&proxy, &vpcs("us-west-2")).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 10);
    assert_eq!(proxy.traffic().faults(), 10);
    assert_eq!(proxy.traffic().requests(), 50);
}

#[test]
fn a_truncated_answer_breaks_off_and_a_reset_connection_gives_none() {
    let (_fake, proxy) = between(vec![Rule::new(Fault::Truncate)]);
    let cut = vpcs("us-west-2").send(&proxy.endpoint(), PATIENCE).unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
    proxy.traffic().set_rules([Rule::new(Fault::Reset)]);
    assert!(vpcs("us-west-2").send(&proxy.endpoint(), PATIENCE).is_err());
    proxy.traffic().set_rules([Rule::new(Fault::Html(502))]);
    let page = through(&proxy, &vpcs("us-west-2"));
    assert!(page.status == 502 && page.text().starts_with("<html>"));
}

#[test]
fn a_hanging_call_does_not_keep_others_or_the_end_waiting() {
    let started = Instant::now();
    let (_fake, proxy) = between(vec![Rule::new(Fault::Hang).region("us-east-1")]);
    let late = vpcs("us-east-1").send(&proxy.endpoint(), Duration::from_millis(200)).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    assert_eq!(through(&proxy, &vpcs("us-west-2")).status, 200);
    drop(proxy);
    assert!(started.elapsed() < PATIENCE);
}

#[test]
fn requests_in_flight_are_seen_per_region_and_together() {
    let (_fake, proxy) = between(vec![Rule::new(Fault::Delay(Duration::from_millis(400)))]);
    std::thread::scope(|scope| {
        for region in ["us-west-2", "us-west-2", "us-east-1", "eu-west-1"] {
            let proxy = &proxy;
            scope.spawn(move || assert_eq!(through(proxy, &vpcs(region)).status, 200));
        }
    });
    let traffic = proxy.traffic();
    assert_eq!(traffic.most_in_flight("us-west-2"), 2);
    assert_eq!(traffic.most_in_flight("us-east-1"), 1);
    assert_eq!(traffic.regions_in_flight_together().len(), 3);
    assert_eq!(traffic.faults(), 0, "a delay is no fault");
}

#[test]
fn a_dead_upstream_is_a_broken_connection() {
    let fake = Fake::start(FakeOptions::default());
    let proxy = Proxy::start(&fake.endpoint(), []);
    drop(fake);
    // The fake's listener closes on its own threads.
    let dead = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        vpcs("us-west-2").send(&proxy.endpoint(), PATIENCE).is_err()
    });
    assert!(dead);
}
