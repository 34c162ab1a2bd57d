//! The fast fake AWS, asked as the SDKs ask.
#![allow(clippy::unwrap_used, reason = "a test fails that way")]

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use stateward_testbed::{Fake, FakeOptions, Fault, Request, Rule, Throttle};

const PATIENCE: Duration = Duration::from_secs(20);

fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| rest.split(close).next()).collect()
}

fn ec2(fake: &Fake, region: &str, form: &str) -> String {
    let answer = Request::query_form("ec2", region, form).send(&fake.endpoint(), PATIENCE).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

#[test]
fn pages_hold_what_was_asked_for_and_everything_once() {
    let fake = Fake::start(FakeOptions { scale: 3, ..FakeOptions::default() });
    assert_eq!(fake.resources(), 615);
    let (mut ids, mut pages, mut token) = (Vec::new(), 0, String::new());
    loop {
        let next = if token.is_empty() { String::new() } else { format!("&NextToken={token}") };
        let text = ec2(&fake, "us-east-1", &format!("Action=DescribeInstances&MaxResults=25{next}"));
        let page = between(&text, "<instanceId>", "</instanceId>");
        assert!(page.len() <= 25);
        ids.extend(page.iter().map(|id| (*id).to_owned()));
        pages += 1;
        match between(&text, "<nextToken>", "</nextToken>").first() {
            Some(next) => token = (*next).to_owned(),
            None => break,
        }
    }
    assert_eq!((pages, ids.len()), (3, 60));
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 60);
    assert_eq!(fake.traffic().requests_for("ec2", "DescribeInstances"), 3);
}

#[test]
fn a_made_up_token_and_a_filter_that_is_not_applied_are_refused() {
    let fake = Fake::start(FakeOptions::default());
    let send =
        |form: &str| Request::query_form("ec2", "us-east-1", form).send(&fake.endpoint(), PATIENCE).unwrap();
    let token = send("Action=DescribeVpcs&NextToken=page-999");
    assert!(token.status == 400 && token.text().contains("InvalidNextToken"));
    assert!(fake.unknown().is_empty());
    assert_eq!(send("Action=DescribeVpcs&Filter.1.Name=is-default&Filter.1.Value.1=true").status, 501);
    assert_eq!(fake.unknown().first().unwrap(), "ec2:DescribeVpcs filtered by is-default");
}

#[test]
fn dynamodb_pages_by_the_last_name() {
    let fake = Fake::start(FakeOptions { scale: 30, ..FakeOptions::default() });
    let (mut names, mut last) = (BTreeSet::new(), Value::Null);
    loop {
        let body = serde_json::json!({ "ExclusiveStartTableName": last }).to_string();
        let request = Request::json("dynamodb", "eu-west-1", "DynamoDB_20120810.ListTables", &body);
        let answer = request.send(&fake.endpoint(), PATIENCE).unwrap();
        let page: Value = serde_json::from_slice(&answer.body).unwrap();
        for name in page["TableNames"].as_array().unwrap() {
            assert!(names.insert(name.as_str().unwrap().to_owned()), "{name} came twice");
        }
        last = page["LastEvaluatedTableName"].clone();
        if last.is_null() {
            break;
        }
    }
    assert_eq!(names.len(), 200);
    assert_eq!(fake.traffic().requests_for("dynamodb", "ListTables"), 2);
}

#[test]
fn each_region_has_a_key_that_aws_manages_beside_those_of_the_estate() {
    let fake = Fake::start(FakeOptions::default());
    let ask = |operation: &str, body: &str| {
        let request = Request::json("kms", "eu-west-1", &format!("TrentService.{operation}"), body);
        let answer = request.send(&fake.endpoint(), PATIENCE).unwrap();
        serde_json::from_slice::<Value>(&answer.body).unwrap()
    };
    let keys = ask("ListKeys", "{}")["Keys"].as_array().unwrap().clone();
    assert_eq!((keys.len(), fake.resources()), (4, 205));
    let aliases = ask("ListAliases", "{}");
    let managed =
        aliases["Aliases"].as_array().unwrap().iter().find(|alias| alias["AliasName"] == "alias/aws/ebs");
    let id = &managed.unwrap()["TargetKeyId"];
    assert!(keys.iter().any(|key| key["KeyId"] == *id));
    let body = serde_json::json!({ "KeyId": id }).to_string();
    assert_eq!(ask("DescribeKey", &body)["KeyMetadata"]["KeyManager"], "AWS");
}

#[test]
fn a_bucket_answers_only_in_its_region() {
    let fake = Fake::start(FakeOptions::default());
    let ask = |region: &str, target: &str| {
        Request::signed("s3", region, "GET", target).send(&fake.endpoint(), PATIENCE).unwrap()
    };
    let list = ask("us-east-1", "/?max-buckets=1000").text();
    assert_eq!(between(&list, "<Name>", "</Name>").len(), 30);
    assert_eq!(between(&list, "<BucketRegion>", "</BucketRegion>")[1], "us-east-1");
    assert_eq!(ask("us-east-1", "/acme-bucket-00001?versioning").status, 200);
    let elsewhere = ask("us-west-2", "/acme-bucket-00001?versioning");
    assert_eq!((elsewhere.status, elsewhere.header("x-amz-bucket-region")), (301, Some("us-east-1")));
    assert_eq!(ask("us-west-2", "/nobody?versioning").status, 404);
}

#[test]
fn what_it_does_not_know_is_refused_and_remembered() {
    let fake = Fake::start(FakeOptions::default());
    let request = Request::query_form("ec2", "us-west-2", "Action=DescribeFleets");
    assert_eq!(request.send(&fake.endpoint(), PATIENCE).unwrap().status, 501);
    assert_eq!(fake.unknown().into_iter().collect::<Vec<_>>(), ["ec2:DescribeFleets"]);
}

#[test]
fn buckets_refuse_per_service_and_region() {
    let throttle = Throttle { per_second: 0.001, burst: 5.0 };
    let fake = Fake::start(FakeOptions { throttle: Some(throttle), ..FakeOptions::default() });
    let status = |region: &str| {
        let request = Request::query_form("ec2", region, "Action=DescribeVpcs");
        request.send(&fake.endpoint(), PATIENCE).unwrap().status
    };
    let statuses: Vec<u16> = (0..7).map(|_| status("us-west-2")).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 503, 503]);
    assert_eq!(status("us-east-1"), 200);
    assert_eq!(fake.throttled(), 2);
}

#[test]
fn rules_of_faults_work_without_a_proxy() {
    let rules = vec![Rule::new(Fault::Deny).service("kms")];
    let fake = Fake::start(FakeOptions { rules, ..FakeOptions::default() });
    let request = Request::json("kms", "us-west-2", "TrentService.ListKeys", "{}");
    let answer = request.send(&fake.endpoint(), PATIENCE).unwrap();
    assert_eq!(answer.header("x-amzn-ErrorType"), Some("AccessDeniedException"));
    assert!(fake.unknown().is_empty());
}

#[test]
fn cloudwatch_is_answered_in_cbor() {
    let fake = Fake::start(FakeOptions::default());
    let target = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
    let request =
        Request::signed("monitoring", "us-west-2", "POST", target).with("smithy-protocol", "rpc-v2-cbor");
    let answer = request.send(&fake.endpoint(), PATIENCE).unwrap();
    assert_eq!(answer.header("smithy-protocol"), Some("rpc-v2-cbor"));
    assert_eq!(answer.body[0], 0xa2, "a map of two lists");
    assert_eq!(fake.traffic().requests_for("cloudwatch", "DescribeAlarms"), 1);
}

#[tokio::test]
async fn an_asynchronous_test_can_start_it() {
    let fake = Fake::start(FakeOptions::default());
    let request = Request::json("kms", "us-west-2", "TrentService.ListKeys", "{}");
    let endpoint = fake.endpoint();
    let asked = tokio::task::spawn_blocking(move || request.send(&endpoint, PATIENCE).unwrap());
    assert_eq!(asked.await.unwrap().status, 200);
}
