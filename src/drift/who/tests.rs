//! Ranking: which event explains what, how sure it is, and that nothing is ever guessed.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use stateward_model::trail::{LookedUp, LookupBy, LookupOutcome, TrailResource, read_event};
use stateward_model::{Cause, Declared, Gap, Harvest, Place, Reading, Slot, kinds};
use time::macros::datetime;

use super::*;
use crate::drift::label;
use crate::inventory::Inventory;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn scene() -> Scene<'static> {
    Scene {
        as_of: NOW,
        written: BTreeMap::from([("s3://b/k".to_owned(), "2026-02-20T00:00:00Z".to_owned())]),
        home: "us-east-1".to_owned(),
        pipeline_roles: &[],
        pseudonyms: None,
    }
}

fn declared(kind: &'static str, id: &str, attributes: Value) -> Resource {
    let region = if kinds::find(kind).unwrap().scope == stateward_model::Scope::Global {
        "global"
    } else {
        "us-west-2"
    };
    let mut resource = Resource::new(Place::new("123456789012", region), kind, id);
    resource.declared =
        Some(Declared { address: format!("{kind}.x"), state: "s3://b/k".into(), ..Declared::default() });
    for (path, value) in attributes.as_object().unwrap() {
        resource.put_raw(path.clone(), Slot::Known(value.clone()));
    }
    resource
}

fn change(kind: &str, path: &str, declared: Value, live: Value) -> ItemChange {
    let label = label::of_change(kind, path, &declared, &live);
    ItemChange { path: path.into(), declared, live, label, sensitive: false, note: None }
}

fn changed(kind: &'static str, id: &str, changes: &[(&str, Value, Value)]) -> Item {
    let changes = changes.iter().map(|(path, was, is)| change(kind, path, was.clone(), is.clone())).collect();
    Item { changes, ..Item::managed(&declared(kind, id, json!({})), Class::Changed) }
}

fn missing(resource: &Resource) -> Item {
    Item::managed(resource, Class::Missing)
}

struct Call<'a> {
    name: &'a str,
    source: &'a str,
    at: &'a str,
    region: &'a str,
    resource: (&'a str, &'a str),
    parameters: Value,
}

impl Call<'_> {
    fn event(&self) -> TrailEvent {
        self.by(json!({"type": "IAMUser", "userName": "bob", "accountId": "123456789012"}))
    }

    fn by(&self, identity: Value) -> TrailEvent {
        let record = json!({
            "eventID": format!("{}-{}", self.name, self.at), "eventTime": self.at, "eventName": self.name,
            "eventSource": self.source, "awsRegion": self.region, "recipientAccountId": "123456789012",
            "userIdentity": identity, "requestParameters": self.parameters, "sourceIPAddress": "203.0.113.7",
            "userAgent": "console.amazonaws.com", "readOnly": false,
        });
        let (kind, name) = self.resource;
        read_event(&record, vec![TrailResource { kind: kind.into(), name: name.into() }]).unwrap()
    }
}

fn group(name: &'static str, at: &'static str, port: u16, cidr: &str) -> TrailEvent {
    let parameters = json!({"groupId": "sg-1", "ipPermissions": {"items": [
        {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": {"items": [{"cidrIp": cidr}]}}]}});
    let resource = ("AWS::EC2::SecurityGroup", "sg-1");
    Call { name, source: "ec2.amazonaws.com", at, region: "us-west-2", resource, parameters }.event()
}

fn rule(port: u16, cidr: &str) -> Value {
    json!({"key": format!("tcp_{port}_{port}_{cidr}"), "protocol": "tcp", "from_port": port, "to_port": port, "source": cidr, "description": null})
}

fn opened(port: u16, cidr: &str) -> Item {
    changed("aws_security_group", "sg-1", &[("ingress", Value::Null, rule(port, cidr))])
}

fn ask_of(item: Item, states: Vec<Resource>, events: Vec<TrailEvent>, scene: &Scene) -> Who {
    let mut drift = Drift { items: vec![item], ..Drift::default() };
    let lookups = lookups(&drift, states.clone().into_iter(), scene);
    let looked = |one: Lookup| LookedUp {
        place: one.place,
        by: one.by,
        names: one.names,
        outcome: LookupOutcome::Read,
    };
    let trail = Trail { events, lookups: lookups.into_iter().map(looked).collect() };
    attribute(&mut drift, states.into_iter(), &trail, scene);
    drift.items.remove(0).who.unwrap()
}

fn ask(item: Item, events: Vec<TrailEvent>) -> Who {
    ask_of(item, vec![], events, &scene())
}

#[test]
fn the_request_that_held_the_rule_is_certain() {
    let who = ask(
        opened(22, "0.0.0.0/0"),
        vec![
            group("AuthorizeSecurityGroupIngress", "2026-02-25T10:00:00Z", 22, "0.0.0.0/0"),
            group("AuthorizeSecurityGroupIngress", "2026-02-28T10:00:00Z", 443, "0.0.0.0/0"),
        ],
    );
    assert_eq!(who.confidence, Confidence::Certain);
    let act = who.act.unwrap();
    assert_eq!((act.time.as_str(), act.actor.as_str()), ("2026-02-25T10:00:00Z", "bob"));
    assert_eq!(
        (act.event.as_str(), act.paths),
        ("AuthorizeSecurityGroupIngress", vec!["ingress".to_owned()])
    );
    assert_eq!((act.address.as_deref(), act.agent), (Some("203.0.113.7"), Agent::Console));
}

#[test]
fn another_rule_of_the_group_is_at_most_possible() {
    let other = vec![group("AuthorizeSecurityGroupIngress", "2026-02-28T10:00:00Z", 443, "0.0.0.0/0")];
    assert_eq!(ask(opened(22, "0.0.0.0/0"), other).confidence, Confidence::Possible);
    let egress = vec![group("AuthorizeSecurityGroupEgress", "2026-02-28T10:00:00Z", 22, "0.0.0.0/0")];
    assert_eq!(ask(opened(22, "0.0.0.0/0"), egress).confidence, Confidence::None, "out is not in");
    let revoked = vec![group("RevokeSecurityGroupIngress", "2026-02-28T10:00:00Z", 22, "0.0.0.0/0")];
    assert_eq!(
        ask(opened(22, "0.0.0.0/0"), revoked).confidence,
        Confidence::None,
        "taking away adds nothing"
    );
}

#[test]
fn a_rule_that_went_was_revoked() {
    let closed = changed("aws_security_group", "sg-1", &[("ingress", rule(22, "10.0.0.0/8"), Value::Null)]);
    let who =
        ask(closed, vec![group("RevokeSecurityGroupIngress", "2026-02-28T10:00:00Z", 22, "10.0.0.0/8")]);
    assert_eq!(who.confidence, Confidence::Certain);
    let part = declared(
        "aws_security_group_rule",
        "sgrule-1",
        json!({"type": "ingress", "security_group_id": "sg-1", "protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["10.0.0.0/8"]}),
    );
    let events = vec![group("RevokeSecurityGroupIngress", "2026-02-28T10:00:00Z", 22, "10.0.0.0/8")];
    let who = ask_of(missing(&part), vec![part.clone()], events, &scene());
    assert_eq!(who.confidence, Confidence::Certain, "{who:?}");
    let events = vec![group("RevokeSecurityGroupIngress", "2026-02-28T10:00:00Z", 443, "10.0.0.0/8")];
    assert_eq!(ask_of(missing(&part), vec![part], events, &scene()).confidence, Confidence::Possible);
}

#[test]
fn an_unmanaged_part_is_looked_up_by_its_owner() {
    let owner = declared("aws_security_group", "sg-1", json!({}));
    let mut part = Item::live(&owner, Class::Unmanaged);
    part.owner = Some("aws_security_group.x".into());
    part.state = Some("s3://b/k".into());
    part.identity.kind = "aws_security_group_rule".into();
    part.changes = vec![change("aws_security_group", "ingress", Value::Null, rule(22, "0.0.0.0/0"))];
    // It may have been there when the state was written.
    let events = vec![group("AuthorizeSecurityGroupIngress", "2026-01-05T10:00:00Z", 22, "0.0.0.0/0")];
    let who = ask_of(part, vec![owner], events, &scene());
    assert_eq!(who.confidence, Confidence::Certain, "{who:?}");
}

fn modified(at: &'static str, parameters: Value) -> TrailEvent {
    let resource = ("AWS::RDS::DBInstance", "orders");
    Call {
        name: "ModifyDBInstance",
        source: "rds.amazonaws.com",
        at,
        region: "us-west-2",
        resource,
        parameters,
    }
    .event()
}

#[test]
fn of_several_settings_those_count_that_the_request_names() {
    let item = || {
        changed(
            "aws_db_instance",
            "orders",
            &[
                ("backup_retention_period", json!(7), json!(1)),
                ("tags.a", json!("x"), json!("y")),
                ("publicly_accessible", json!(false), json!(true)),
            ],
        )
    };
    let public = json!({"dBInstanceIdentifier": "orders", "publiclyAccessible": true});
    let who = ask(item(), vec![modified("2026-02-25T10:00:00Z", public.clone())]);
    assert_eq!(who.confidence, Confidence::Certain);
    assert_eq!(who.act.unwrap().paths, ["publicly_accessible"]);
    let other = json!({"dBInstanceIdentifier": "orders", "publiclyAccessible": false});
    assert_eq!(ask(item(), vec![modified("2026-02-25T10:00:00Z", other)]).confidence, Confidence::Likely);
    let beside = json!({"dBInstanceIdentifier": "orders", "masterUserPassword": "correct-horse"});
    assert_eq!(ask(item(), vec![modified("2026-02-25T10:00:00Z", beside)]).confidence, Confidence::Possible);
    let both =
        vec![modified("2026-02-25T10:00:00Z", public.clone()), modified("2026-02-26T10:00:00Z", public)];
    assert_eq!(ask(item(), both).act.unwrap().time, "2026-02-26T10:00:00Z", "of two alike the later one");
}

#[test]
fn what_the_state_hides_is_never_confirmed() {
    let mut item = changed("aws_db_instance", "orders", &[("description", json!("a"), json!("b"))]);
    item.changes[0].sensitive = true;
    let who = ask(item, vec![modified("2026-02-25T10:00:00Z", json!({"description": "b"}))]);
    assert_eq!(who.confidence, Confidence::Likely);
}

#[test]
fn settings_that_a_call_is_named_for_go_by_its_name() {
    let call = |name: &'static str| Call {
        name,
        source: "kms.amazonaws.com",
        at: "2026-02-25T10:00:00Z",
        region: "us-west-2",
        resource: ("AWS::KMS::Key", "key-1"),
        parameters: json!({"keyId": "key-1"}),
    };
    let off = || changed("aws_kms_key", "key-1", &[("enable_key_rotation", json!(true), json!(false))]);
    assert_eq!(ask(off(), vec![call("DisableKeyRotation").event()]).confidence, Confidence::Certain);
    assert_eq!(ask(off(), vec![call("EnableKeyRotation").event()]).confidence, Confidence::None);
    let key = declared("aws_kms_key", "key-1", json!({}));
    assert_eq!(ask(missing(&key), vec![call("ScheduleKeyDeletion").event()]).confidence, Confidence::Certain);
}

#[test]
fn a_setting_of_the_account_is_found_without_a_resource() {
    let item =
        || changed("aws_ebs_encryption_by_default", "default", &[("enabled", json!(true), json!(false))]);
    let drift = Drift { items: vec![item()], ..Drift::default() };
    let lookups = lookups(&drift, std::iter::empty(), &scene());
    assert_eq!(lookups[0].by, LookupBy::Event);
    let call = Call {
        name: "DisableEbsEncryptionByDefault",
        source: "ec2.amazonaws.com",
        at: "2026-02-25T10:00:00Z",
        region: "us-west-2",
        resource: ("", ""),
        parameters: Value::Null,
    };
    assert_eq!(ask(item(), vec![call.event()]).confidence, Confidence::Certain);
}

#[test]
fn blocks_of_a_bucket_are_events_of_the_bucket() {
    let part = declared("aws_s3_bucket_public_access_block", "b-1", json!({"bucket": "b-1"}));
    let call = |name: &'static str, parameters: Value| Call {
        name,
        source: "s3.amazonaws.com",
        at: "2026-02-25T10:00:00Z",
        region: "us-west-2",
        resource: ("AWS::S3::Bucket", "b-1"),
        parameters,
    };
    let gone = call("DeleteBucketPublicAccessBlock", json!({"bucketName": "b-1", "publicAccessBlock": ""}));
    let who = ask_of(missing(&part), vec![part.clone()], vec![gone.event()], &scene());
    assert_eq!(who.confidence, Confidence::Certain, "{who:?}");
    let opened = change("aws_s3_bucket_public_access_block", "block_public_acls", json!(true), json!(false));
    let item = Item { changes: vec![opened], ..Item::managed(&part, Class::Changed) };
    let set = json!({"bucketName": "b-1", "PublicAccessBlockConfiguration": {"BlockPublicAcls": false, "BlockPublicPolicy": true}});
    let who = ask_of(item, vec![part], vec![call("PutBucketPublicAccessBlock", set).event()], &scene());
    assert_eq!(who.confidence, Confidence::Certain, "{who:?}");
}

#[test]
fn events_of_global_services_are_in_one_region() {
    let role = declared("aws_iam_role", "app", json!({}));
    let item = || {
        let admin = json!("arn:aws:iam::aws:policy/AdministratorAccess");
        let changes = vec![change("aws_iam_role", "managed_policy_arns", Value::Null, admin)];
        Item { changes, ..Item::managed(&role, Class::Changed) }
    };
    let drift = Drift { items: vec![item()], ..Drift::default() };
    assert_eq!(lookups(&drift, std::iter::empty(), &scene())[0].place.region, "us-east-1");
    let call = |kind: &'static str| Call {
        name: "AttachRolePolicy",
        source: "iam.amazonaws.com",
        at: "2026-02-25T10:00:00Z",
        region: "us-east-1",
        resource: (kind, "app"),
        parameters: json!({"roleName": "app", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    };
    assert_eq!(ask(item(), vec![call("AWS::IAM::Role").event()]).confidence, Confidence::Certain);
    assert_eq!(ask(item(), vec![call("AWS::IAM::Group").event()]).confidence, Confidence::None, "a namesake");
}

#[test]
fn a_record_is_told_from_its_neighbours_in_the_zone() {
    let item = || changed("aws_route53_record", "Z1_www.acme.example_A", &[("ttl", json!(300), json!(60))]);
    let call = |name: &str| {
        let parameters = json!({"hostedZoneId": "Z1", "changeBatch": {"changes": [{"action": "UPSERT", "resourceRecordSet": {"name": name, "type": "A", "tTL": 60}}]}});
        let resource = ("AWS::Route53::HostedZone", "Z1");
        Call {
            name: "ChangeResourceRecordSets",
            source: "route53.amazonaws.com",
            at: "2026-02-25T10:00:00Z",
            region: "us-east-1",
            resource,
            parameters,
        }
        .event()
    };
    assert_eq!(ask(item(), vec![call("www.acme.example.")]).confidence, Confidence::Certain);
    assert_eq!(ask(item(), vec![call("api.acme.example.")]).confidence, Confidence::None);
}

#[test]
fn what_is_unmanaged_was_made_by_somebody() {
    let bucket = Item::live(&declared("aws_s3_bucket", "b-9", json!({})), Class::Unmanaged);
    let call = |name: &'static str| Call {
        name,
        source: "s3.amazonaws.com",
        at: "2026-01-10T10:00:00Z",
        region: "us-west-2",
        resource: ("AWS::S3::Bucket", "b-9"),
        parameters: json!({"bucketName": "b-9"}),
    };
    assert_eq!(ask(bucket.clone(), vec![call("CreateBucket").event()]).confidence, Confidence::Certain);
    assert_eq!(ask(bucket, vec![call("PutBucketTagging").event()]).confidence, Confidence::None);
}

#[test]
fn a_pipeline_points_to_a_broken_apply() {
    let roles = [Pattern::new("deploy*")];
    let scene = Scene { pipeline_roles: &roles, ..scene() };
    let identity =
        json!({"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/deploy-prod/run-1"});
    let parameters = json!({"dBInstanceIdentifier": "orders", "backupRetentionPeriod": 1});
    let resource = ("AWS::RDS::DBInstance", "orders");
    let call = Call {
        name: "ModifyDBInstance",
        source: "rds.amazonaws.com",
        at: "2026-02-25T10:00:00Z",
        region: "us-west-2",
        resource,
        parameters,
    };
    let item = changed("aws_db_instance", "orders", &[("backup_retention_period", json!(7), json!(1))]);
    let who = ask_of(item, vec![], vec![call.by(identity)], &scene);
    assert!(who.reason.unwrap().contains("apply"));
    let act = who.act.unwrap();
    assert!(act.pipeline);
    assert_eq!((act.actor.as_str(), act.kind), ("deploy-prod/run-1", ActorKind::Role));
}

#[test]
fn pseudonyms_are_stable_and_keep_what_is_no_person() {
    let of = |key: &str| Scene { pseudonyms: Some(key_of(key, std::iter::empty())), ..scene() };
    let who = |scene: &Scene| {
        let events = vec![group("AuthorizeSecurityGroupIngress", "2026-02-25T10:00:00Z", 22, "0.0.0.0/0")];
        ask_of(opened(22, "0.0.0.0/0"), vec![], events, scene).act.unwrap()
    };
    let (one, again, other) = (who(&of("k")), who(&of("k")), who(&of("l")));
    assert_eq!(one, again);
    assert_ne!((&one.actor, &one.address), (&other.actor, &other.address));
    assert!(
        one.actor.starts_with("person-") && one.address.as_ref().unwrap().starts_with("address-"),
        "{one:?}"
    );
    let actor = |kind: ActorKind, name: &str, session: Option<&str>| Actor {
        kind,
        name: name.into(),
        session: session.map(str::to_owned),
        source_identity: None,
        invoked_by: None,
    };
    let scene = of("k");
    assert_eq!(called(&actor(ActorKind::Root, "root", None), &scene), "root");
    assert_eq!(
        called(&actor(ActorKind::Service, "autoscaling.amazonaws.com", None), &scene),
        "autoscaling.amazonaws.com"
    );
    let person = called(&actor(ActorKind::SsoUser, "Admin", Some("alice@acme.example")), &scene);
    assert!(person.ends_with(" (Admin)") && !person.contains("alice"), "{person}");
    assert_eq!(address_of("cloudformation.amazonaws.com", &scene), "cloudformation.amazonaws.com");
}

#[test]
fn why_nobody_was_found_is_said() {
    let reason = |outcome: Option<LookupOutcome>, written: bool| {
        let scene = Scene { written: if written { scene().written } else { BTreeMap::new() }, ..scene() };
        let mut drift = Drift { items: vec![opened(22, "0.0.0.0/0")], ..Drift::default() };
        let lookup = lookups(&drift, std::iter::empty(), &scene).remove(0);
        let lookups = outcome.map(|outcome| LookedUp {
            place: lookup.place,
            by: lookup.by,
            names: lookup.names,
            outcome,
        });
        let trail = Trail { events: vec![], lookups: lookups.into_iter().collect() };
        attribute(&mut drift, std::iter::empty(), &trail, &scene);
        let who = drift.items.remove(0).who.unwrap();
        assert_eq!((who.confidence, &who.act), (Confidence::None, &None));
        who.reason.unwrap()
    };
    assert!(reason(None, true).contains("not looked up"));
    assert!(reason(Some(LookupOutcome::Budget), true).contains("attribution_lookups"));
    assert!(reason(Some(LookupOutcome::Cut), true).contains("newest"));
    assert!(reason(Some(LookupOutcome::Read), true).contains("2026-02-20"));
    assert!(reason(Some(LookupOutcome::Read), false).contains("90 days"));
    let denied = Gap::new("cloudtrail:LookupEvents", Cause::Denied, "");
    assert!(reason(Some(LookupOutcome::Gap(denied)), true).contains("denied"));
}

#[test]
fn the_gravest_is_looked_up_first_and_each_resource_once() {
    let tag = changed("aws_vpc", "vpc-1", &[("tags.a", json!("x"), json!("y"))]);
    let gone = missing(&declared("aws_subnet", "subnet-1", json!({})));
    let drift = Drift {
        items: vec![tag, gone, opened(22, "0.0.0.0/0"), opened(23, "0.0.0.0/0")],
        ..Drift::default()
    };
    let found = lookups(&drift, std::iter::empty(), &scene());
    let names: Vec<&str> = found.iter().map(|one| one.names[0].as_str()).collect();
    assert_eq!(names, ["sg-1", "subnet-1", "vpc-1"]);
    assert_eq!(
        (found[0].since.as_str(), found[0].until.as_str()),
        ("2026-02-20T00:00:00Z", "2026-03-01T12:00:00Z")
    );
}

#[test]
fn events_outside_of_the_time_that_failed_or_that_read_explain_nothing() {
    let event = |at: &'static str| group("AuthorizeSecurityGroupIngress", at, 22, "0.0.0.0/0");
    let none = |event: TrailEvent| {
        assert_eq!(ask(opened(22, "0.0.0.0/0"), vec![event]).confidence, Confidence::None)
    };
    none(event("2026-02-19T23:59:59Z"));
    none(event("2026-03-01T12:00:01Z"));
    none(TrailEvent { error: Some("Client.UnauthorizedOperation".into()), ..event("2026-02-25T10:00:00Z") });
    none(TrailEvent { read_only: true, ..event("2026-02-25T10:00:00Z") });
    none(TrailEvent { place: Place::new("123456789012", "eu-west-1"), ..event("2026-02-25T10:00:00Z") });
    none(TrailEvent { place: Place::new("210987654321", "us-west-2"), ..event("2026-02-25T10:00:00Z") });
    none(TrailEvent { source: "rds.amazonaws.com".into(), ..event("2026-02-25T10:00:00Z") });
}

#[test]
fn every_type_with_something_to_guard_has_an_event_for_it() {
    // What only a new object can have otherwise.
    const FIXED: &[(&str, &str)] = &[
        ("*", "encrypted"),
        ("*", "storage_encrypted"),
        ("*", "kms_key_id"),
        ("*", "kms_key_arn"),
        ("aws_lb", "internal"),
        ("*", "at_rest_encryption_enabled"),
        ("*", "encryption_configuration"),
        ("aws_flow_log", "traffic_type"),
        ("aws_backup_selection", "resources"),
        ("aws_backup_selection", "not_resources"),
        ("aws_backup_selection", "selection_tag"),
    ];
    let mut asked = 0;
    let mut without: BTreeSet<String> = BTreeSet::new();
    for kind in kinds::all().filter(|kind| kind.manageable && !kind.listed_by.is_empty()) {
        let rows = table::rows(table::source(kind.service).unwrap());
        for path in label::guarded(kind) {
            let fixed =
                FIXED.iter().any(|(name, fixed)| (*name == "*" || *name == kind.name) && *fixed == path);
            let attribute = kind.attribute(path).unwrap();
            if fixed || matches!(attribute.equality, stateward_model::Equality::Never(_)) {
                continue;
            }
            asked += 1;
            if !rows.iter().any(|row| row.is_of(kind.name) && row.touches(path)) {
                without.insert(format!("{}.{path}", kind.name));
            }
        }
    }
    assert!(asked > 40, "{asked}");
    assert_eq!(without, BTreeSet::new());
}

fn any_event() -> impl Strategy<Value = TrailEvent> {
    let pairs: Vec<(&str, &str)> = table::SERVICES
        .iter()
        .flat_map(|service| service.rows.iter().map(move |row| (service.source, row.event)))
        .chain([("ec2.amazonaws.com", "SomethingNew"), ("ec2.amazonaws.com", "DescribeVpcs")])
        .collect();
    let id = prop_oneof![Just("sg-2"), Just("sg-11"), Just("SG-1"), Just("web"), Just("")];
    (proptest::sample::select(pairs), id, 1_u32..28, 0_u16..500).prop_map(|((source, name), id, day, port)| {
        let parameters = json!({"groupId": id, "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}});
        let at = format!("2026-02-{day:02}T10:00:00Z");
        Call { name, source, at: &at, region: "us-west-2", resource: ("", id), parameters }.event()
    })
}

proptest! {
    /// Never a guess: events on anything else, however alike, are nobody.
    #[test]
    fn without_an_event_on_the_resource_itself_it_is_nobody(
        events in proptest::collection::vec(any_event(), 0..30),
        port in 0_u16..500,
    ) {
        let mut item = opened(port, "0.0.0.0/0");
        item.name = Some("web".into());
        let who = ask(item, events);
        prop_assert_eq!(who.confidence, Confidence::None);
        prop_assert!(who.act.is_none() && who.reason.is_some());
    }

    /// The order in which events come means nothing.
    #[test]
    fn the_order_of_events_means_nothing(ports in proptest::collection::vec(20_u16..24, 1..6), shift in 0_usize..6) {
        let event = |(index, port): (usize, &u16)| {
            let at = ["2026-02-21T10:00:00Z", "2026-02-22T10:00:00Z", "2026-02-23T10:00:00Z", "2026-02-24T10:00:00Z", "2026-02-25T10:00:00Z", "2026-02-26T10:00:00Z"];
            group("AuthorizeSecurityGroupIngress", at[index], *port, "0.0.0.0/0")
        };
        let events: Vec<TrailEvent> = ports.iter().enumerate().map(event).collect();
        let mut turned = events.clone();
        turned.rotate_left(shift % events.len());
        prop_assert_eq!(ask(opened(22, "0.0.0.0/0"), events), ask(opened(22, "0.0.0.0/0"), turned));
    }
}

/// What became of a changed function whose code a pipeline published, with this outcome of the lookup.
fn published(outcome: Option<LookupOutcome>, roles: &[Pattern]) -> Drift {
    let item = changed("aws_lambda_function", "f", &[("code_sha256", json!("old"), json!("new"))]);
    let mut drift = Drift { items: vec![item], ..Drift::default() };
    drift.items[0].changes[0].note = Some("asked for".to_owned());
    let scene = Scene { pipeline_roles: roles, ..scene() };
    let mut function =
        declared("aws_lambda_function", "f", json!({"last_modified": "2026-02-25T10:00:00.000+0000"}));
    function.declared = None;
    let reading = Reading {
        kind: "aws_lambda_function".into(),
        place: function.address.place.clone(),
        observed_at: String::new(),
        harvest: Harvest { resources: vec![function], gaps: vec![] },
    };
    let event = Call {
        name: "UpdateFunctionCode20150331v2",
        source: "lambda.amazonaws.com",
        at: "2026-02-25T10:00:00Z",
        region: "us-west-2",
        resource: ("AWS::Lambda::Function", "f"),
        parameters: json!({"functionName": "f"}),
    };
    let role = "arn:aws:sts::123456789012:assumed-role/deploy/run";
    let event = event.by(json!({"type": "AssumedRole", "arn": role, "accountId": "123456789012"}));
    let lookups = lookups(&drift, std::iter::empty(), &scene).into_iter().zip(outcome);
    let looked = |(one, outcome): (Lookup, LookupOutcome)| LookedUp {
        place: one.place,
        by: one.by,
        names: one.names,
        outcome,
    };
    let trail = Trail { events: vec![event], lookups: lookups.map(looked).collect() };
    publications(&mut drift, &Inventory::live(vec![reading]), &trail, &scene);
    drift
}

#[test]
fn what_a_pipeline_published_is_its_own_where_all_events_were_looked_for() {
    let roles = [Pattern::new("deploy")];
    for outcome in [LookupOutcome::Read, LookupOutcome::Cut] {
        let drift = published(Some(outcome), &roles);
        assert!(drift.items.is_empty() && drift.in_sync == ["aws_lambda_function.x"], "{drift:#?}");
        assert_eq!(
            (drift.suppressed[0].rule.as_str(), drift.suppressed[0].path.as_str()),
            ("N15", "code_sha256")
        );
    }
    let gap = Gap::new("cloudtrail:LookupEvents", Cause::Denied, "no");
    for outcome in [None, Some(LookupOutcome::Budget), Some(LookupOutcome::Gap(gap))] {
        let drift = published(outcome, &roles);
        assert_eq!(drift.items[0].changes[0].label, Label::Other);
        assert_eq!((drift.items[0].class, &drift.items[0].changes[0].note), (Class::Changed, &None));
        assert!(drift.suppressed.is_empty());
    }
    // Without roles nobody is a pipeline, and the note that says what would tell stays.
    let drift = published(Some(LookupOutcome::Read), &[]);
    assert!(drift.items[0].changes[0].note.is_some());
    assert!(!published(Some(LookupOutcome::Read), &[Pattern::new("other")]).items.is_empty());
}
