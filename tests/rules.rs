//! Every rule of the catalogue: a case in which it must be silent, and one in which it must speak, through the comparison as
//! a whole. And neither the order of states, instances, sets and rules nor the form of a state changes what is found.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stateward::drift::{self, Class, Coverage, Drift, Item, reconcile, rules, who};
use stateward::inventory::Inventory;
use stateward::profile::{Pattern, Profile};
use stateward_model::trail::{LookedUp, LookupOutcome, Trail, TrailEvent, TrailResource, read_event};
use stateward_model::{Cause, Declared, GLOBAL, Gap, Harvest, Place, Reading, Resource, Scope, Slot, kinds};

const ACCOUNT: &str = "111111111111";
const REGION: &str = "us-west-2";

fn place(kind: &str) -> Place {
    match kinds::find(kind).map(|kind| kind.scope) {
        Some(Scope::Global) => Place::new(ACCOUNT, GLOBAL),
        _ => Place::new(ACCOUNT, REGION),
    }
}

fn resource(kind: &'static str, id: &str, attributes: Value) -> Resource {
    let name = kinds::find(kind).map_or(kind, |kind| kind.name);
    let mut resource = Resource::new(place(kind), name, id);
    for (path, value) in attributes.as_object().unwrap() {
        resource.put_raw(path.clone(), Slot::Known(value.clone()));
    }
    resource
}

/// An instance `KIND.ID` of the state `s`.
fn d(kind: &'static str, id: &str, attributes: Value) -> Resource {
    let mut resource = resource(kind, id, attributes);
    let address = format!("{kind}.{}", id.replace([':', '/'], "_"));
    resource.declared = Some(Declared { address, state: "s".into(), ..Declared::default() });
    resource
}

fn in_state(mut resource: Resource, state: &str, name: &str) -> Resource {
    let facts = resource.declared.as_mut().unwrap();
    facts.state = state.to_owned();
    facts.address = format!("{}.{name}", resource.address.kind);
    resource
}

fn of_schema(mut resource: Resource, version: u64) -> Resource {
    resource.declared.as_mut().unwrap().schema_version = version;
    resource
}

/// A live object.
fn l(kind: &'static str, id: &str, attributes: Value) -> Resource {
    resource(kind, id, attributes)
}

fn inventory(live: &[Resource]) -> Inventory {
    // Kinds that were not seen were looked for all the same.
    let mut readings: Vec<Reading> = kinds::all()
        .map(|kind| Reading {
            kind: kind.name.to_owned(),
            place: place(kind.name),
            observed_at: String::new(),
            harvest: Harvest::default(),
        })
        .collect();
    for resource in live {
        let reading = readings.iter_mut().find(|reading| reading.kind == resource.kind()).unwrap();
        reading.harvest.resources.push(resource.clone());
    }
    Inventory::live(readings)
}

fn scope() -> Coverage {
    Coverage {
        accounts: BTreeSet::from([ACCOUNT.to_owned()]),
        regions: BTreeSet::from([REGION.to_owned()]),
        unmanaged: kinds::all().filter(|kind| kind.manageable).map(|kind| kind.name.to_owned()).collect(),
        ignored_tags: vec![Pattern::new("cost:*")],
        pipeline_roles: vec![Pattern::new("deploy-*")],
        ..Coverage::default()
    }
}

fn compared(declared: &[Resource], live: &[Resource]) -> Drift {
    reconcile(|| declared.iter().cloned(), &inventory(live), &scope())
}

/// As an audit does that has asked CloudTrail about everything that differs, and got `events`.
fn attributed(mut drift: Drift, declared: &[Resource], live: &Inventory, events: &[TrailEvent]) -> Drift {
    let pipelines = scope().pipeline_roles;
    let scene = who::Scene {
        as_of: time::macros::datetime!(2026-03-01 12:00 UTC),
        written: Default::default(),
        home: REGION.to_owned(),
        pipeline_roles: &pipelines,
        pseudonyms: None,
    };
    let lookups = who::lookups(&drift, declared.iter().cloned(), &scene).into_iter();
    let read = lookups.map(|one| LookedUp {
        place: one.place,
        by: one.by,
        names: one.names,
        outcome: LookupOutcome::Read,
    });
    let trail = Trail { events: events.to_vec(), lookups: read.collect() };
    who::publications(&mut drift, live, &trail, &scene);
    drift
}

/// What `role` did to the function `f`.
fn did(role: &str, name: &str, at: &str, parameters: Value) -> TrailEvent {
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/run");
    let record = json!({
        "eventID": format!("{role}-{at}"), "eventTime": at, "eventName": name, "eventSource": "lambda.amazonaws.com",
        "awsRegion": REGION, "recipientAccountId": ACCOUNT, "requestParameters": parameters, "readOnly": false,
        "userIdentity": {"type": "AssumedRole", "arn": session, "accountId": ACCOUNT},
    });
    read_event(&record, vec![TrailResource { kind: "AWS::Lambda::Function".into(), name: "f".into() }])
        .unwrap()
}

fn word(class: Class) -> &'static str {
    match class {
        Class::InSync => "in_sync",
        Class::Changed => "changed",
        Class::Missing => "missing",
        Class::Unmanaged => "unmanaged",
        Class::Ghost => "ghost",
        Class::Conflict => "conflict",
        Class::Unknown => "unknown",
        Class::Excluded => "excluded",
    }
}

/// What was found, a line for each difference: class, who, path, label.
fn lines(drift: &Drift) -> Vec<String> {
    let of = |item: &Item| -> Vec<String> {
        let owner = item.owner.as_ref().map(|owner| format!("part of {owner}"));
        let who = item.address.clone().or(owner).unwrap_or_else(|| item.identity.id.clone());
        let class = word(item.class);
        if item.changes.is_empty() {
            return vec![format!("{class} {who}")];
        }
        let line =
            |change: &drift::ItemChange| format!("{class} {who} {} {}", change.path, change.label.word());
        item.changes.iter().map(line).collect()
    };
    drift.items.iter().flat_map(of).collect()
}

struct Case {
    rule: &'static str,
    what: &'static str,
    declared: Vec<Resource>,
    live: Vec<Resource>,
    /// What CloudTrail has, where it is asked.
    events: Option<Vec<TrailEvent>>,
    /// Empty where the rule must be silent.
    says: &'static [&'static str],
    /// Whether the rule's number stands among what was suppressed or excluded.
    counted: bool,
}

fn silent(
    rule: &'static str,
    what: &'static str,
    declared: impl Into<Vec<Resource>>,
    live: impl Into<Vec<Resource>>,
) -> Case {
    let (declared, live) = (declared.into(), live.into());
    Case { rule, what, declared, live, events: None, says: &[], counted: true }
}

/// Silent without having anything to count.
fn still(
    rule: &'static str,
    what: &'static str,
    declared: impl Into<Vec<Resource>>,
    live: impl Into<Vec<Resource>>,
) -> Case {
    Case { counted: false, ..silent(rule, what, declared, live) }
}

fn speaks(
    rule: &'static str,
    what: &'static str,
    declared: impl Into<Vec<Resource>>,
    live: impl Into<Vec<Resource>>,
    says: &'static [&'static str],
) -> Case {
    Case { says, counted: false, ..silent(rule, what, declared, live) }
}

impl Case {
    fn after(self, events: impl Into<Vec<TrailEvent>>) -> Self {
        Self { events: Some(events.into()), ..self }
    }

    fn found(&self) -> Drift {
        let found = compared(&self.declared, &self.live);
        match &self.events {
            Some(events) => attributed(found, &self.declared, &inventory(&self.live), events),
            None => found,
        }
    }
}

fn policy(statements: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn allow(action: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": "*"})
}

fn trust(principal: &str) -> String {
    policy(json!([{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}]))
}

fn ssh(source: &str, words: &str) -> Value {
    json!({"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": [source], "ipv6_cidr_blocks": [],
           "prefix_list_ids": [], "security_groups": [], "self": false, "description": words})
}

fn rule_of(id: &str, source: &str) -> Resource {
    d(
        "aws_security_group_rule",
        id,
        json!({"security_group_id": "sg-1", "type": "ingress", "protocol": "tcp", "from_port": 22, "to_port": 22,
               "cidr_blocks": [source]}),
    )
}

fn versioned(enabled: bool) -> Value {
    json!([{"enabled": enabled, "mfa_delete": false, "status": if enabled { "Enabled" } else { "Suspended" }}])
}

fn split_versioning(id: &str) -> Resource {
    d(
        "aws_s3_bucket_versioning",
        id,
        json!({"bucket": "b", "versioning_configuration": [{"status": "Enabled", "mfa_delete": ""}]}),
    )
}

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const READ: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

fn role(arns: Value) -> Resource {
    l("aws_iam_role", "r", json!({"name": "r", "managed_policy_arns": arns, "inline_policy": []}))
}

fn attachment(policy: &str) -> Resource {
    d("aws_iam_role_policy_attachment", "r-1", json!({"role": "r", "policy_arn": policy}))
}

fn group_of_policies(role_names: Value) -> Value {
    json!({"policy_arn": ADMIN, "roles": role_names, "users": [], "groups": []})
}

fn database(version: &str, auto: bool, storage: i64) -> Value {
    json!({"identifier": "db", "engine_version": version, "auto_minor_version_upgrade": auto,
           "allocated_storage": storage, "max_allocated_storage": 200, "instance_class": "db.t3.small",
           "pending_modified_values": {}})
}

fn record(of_type: &str, values: Value) -> Value {
    json!({"zone_id": "Z1", "fqdn": "a.example.com", "name": "a", "type": of_type, "ttl": 60, "records": values,
           "zone_name": "example.com"})
}

fn queue_policy(account: &str) -> String {
    json!({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [{
        "Sid": "__owner_statement", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
        "Action": "SQS:*", "Resource": format!("arn:aws:sqs:us-west-2:{ACCOUNT}:q")}]})
    .to_string()
}

fn device(volume: &str, size: i64) -> Value {
    json!([{"device_name": "/dev/sdf", "volume_id": volume, "volume_size": size, "encrypted": true}])
}

fn sets_and_documents() -> Vec<Case> {
    let lb = |groups: Value| json!({"name": "lb", "security_groups": groups, "subnets": []});
    let role = |document: String| json!({"name": "r", "assume_role_policy": document});
    vec![
        silent("N1", "order", [d("aws_lb", "x", lb(json!(["a", "b"])))], [l("aws_lb", "x", lb(json!(["b", "a"])))]),
        speaks(
            "N1",
            "an element more",
            [d("aws_lb", "x", lb(json!(["a", "b"])))],
            [l("aws_lb", "x", lb(json!(["a", "b", "c"])))],
            &["changed aws_lb.x security_groups security-loosening"],
        ),
        silent(
            "N2",
            "one spelling and another",
            [d("aws_iam_role", "r", role(trust(ACCOUNT)))],
            [l(
                "aws_iam_role",
                "r",
                role(
                    json!({"Statement": {"Action": ["STS:AssumeRole"], "Sid": "", "Effect": "Allow",
                            "Principal": {"AWS": [format!("arn:aws:iam::{ACCOUNT}:root")]}}, "Version": "2012-10-17"})
                    .to_string(),
                ),
            )],
        ),
        speaks(
            "N2",
            "another action",
            [d("aws_iam_policy", "arn:p", json!({"name": "p", "policy": policy(allow("s3:Get*"))}))],
            [l("aws_iam_policy", "arn:p", json!({"name": "p", "policy": policy(allow("s3:*"))}))],
            &["changed aws_iam_policy.arn_p policy security-loosening"],
        ),
        still(
            "N3",
            "the id stood in the state already",
            [d("aws_iam_role", "r", role(trust("AROAEXAMPLEEXAMPLE12")))],
            [l("aws_iam_role", "r", role(trust("AROAEXAMPLEEXAMPLE12")))],
        ),
        speaks(
            "N3",
            "a principal was deleted",
            [d("aws_iam_role", "r", role(trust("arn:aws:iam::111111111111:role/gone")))],
            [l("aws_iam_role", "r", role(trust("AROAEXAMPLEEXAMPLE12")))],
            &["changed aws_iam_role.r assume_role_policy security-tightening"],
        ),
        silent(
            "N4",
            "null and a server's default",
            [d("aws_lb", "x", json!({"name": "lb", "idle_timeout": null, "ip_address_type": ""}))],
            [l("aws_lb", "x", json!({"name": "lb", "idle_timeout": 60, "ip_address_type": "ipv4"}))],
        ),
        speaks(
            "N4",
            "another value than the default",
            [d("aws_lb", "x", json!({"name": "lb", "idle_timeout": null}))],
            [l("aws_lb", "x", json!({"name": "lb", "idle_timeout": 90}))],
            &["changed aws_lb.x idle_timeout other"],
        ),
        still(
            "N5",
            "a computed attribute",
            [d("aws_db_instance", "db", json!({"latest_restorable_time": "1", "endpoint": "a", "port": 1}))],
            [l("aws_db_instance", "db", json!({"latest_restorable_time": "2", "endpoint": "b", "port": 1}))],
        ),
        speaks(
            "N5",
            "a real one beside it",
            [d("aws_db_instance", "db", json!({"latest_restorable_time": "1", "port": 1}))],
            [l("aws_db_instance", "db", json!({"latest_restorable_time": "2", "port": 2}))],
            &["changed aws_db_instance.db port other"],
        ),
        still(
            "N7",
            "a prefix",
            [d("aws_iam_role", "r-1", json!({"name": "r-1", "name_prefix": "r-"}))],
            [l("aws_iam_role", "r-1", json!({"name": "r-1", "name_prefix": ""}))],
        ),
        speaks(
            "N7",
            "the whole name",
            [d("aws_security_group", "sg-1", json!({"name": "web-1", "name_prefix": "web-"}))],
            [l("aws_security_group", "sg-1", json!({"name": "web-2"}))],
            &["changed aws_security_group.sg-1 name other"],
        ),
    ]
}

fn tags() -> Vec<Case> {
    let tagged = |tags: Value| json!({"cidr_block": "10.0.0.0/16", "tags_all": tags});
    let group = |tags: Value| json!({"name": "g", "max_size": 1, "tag": tags});
    let tag = |key: &str, value: &str| json!({"key": key, "value": value, "propagate_at_launch": true});
    vec![
        silent(
            "N6",
            "keys of AWS and of a controller",
            [d("aws_vpc", "v", tagged(json!({"a": "1"})))],
            [l("aws_vpc", "v", tagged(json!({"a": "1", "aws:x": "y", "kubernetes.io/cluster/c": "owned"})))],
        ),
        silent(
            "N6",
            "keys of the profile",
            [d("aws_vpc", "v", tagged(json!({"a": "1", "cost:team": "x"})))],
            [l("aws_vpc", "v", tagged(json!({"a": "1", "cost:centre": "y"})))],
        ),
        silent(
            "N6",
            "tag blocks",
            [d("aws_autoscaling_group", "g", group(json!([tag("a", "1"), tag("cost:a", "1")])))],
            [l(
                "aws_autoscaling_group",
                "g",
                group(json!([tag("eks:c", "x"), tag("a", "1"), tag("cost:a", "2")])),
            )],
        ),
        speaks(
            "N6",
            "a tag of one's own",
            [d("aws_vpc", "v", tagged(json!({"a": "1"})))],
            [l("aws_vpc", "v", tagged(json!({"a": "2", "b": "1"})))],
            &["changed aws_vpc.v tags_all.a tag", "changed aws_vpc.v tags_all.b tag"],
        ),
        speaks(
            "N6",
            "a tag block",
            [d("aws_autoscaling_group", "g", group(json!([tag("a", "1")])))],
            [l("aws_autoscaling_group", "g", group(json!([tag("a", "2")])))],
            &["changed aws_autoscaling_group.g tag.a.value tag"],
        ),
    ]
}

fn secrets() -> Vec<Case> {
    let key = stateward_model::secret::state_key("", "s");
    let digest = |text: &str| stateward_model::secret::digest(&key, &json!(text));
    vec![
        still(
            "N8",
            "the digest of the same value",
            [d("aws_db_instance", "db", json!({"username": digest("admin"), "port": 1}))],
            [l("aws_db_instance", "db", json!({"username": "admin", "port": 1}))],
        ),
        speaks(
            "N8",
            "the digest of another one",
            [d("aws_db_instance", "db", json!({"username": digest("admin"), "port": 1}))],
            [l("aws_db_instance", "db", json!({"username": "root", "port": 1}))],
            &["changed aws_db_instance.db username other"],
        ),
    ]
}

fn buckets() -> Vec<Case> {
    let bucket = |versioning: Value| json!({"bucket": "b", "versioning": versioning});
    let later =
        |versioning: Value| json!({"bucket": "b", "versioning": versioning, "object_lock_enabled": false});
    vec![
        still(
            "N9",
            "separate, with the copy that later providers keep on the bucket",
            [d("aws_s3_bucket", "b", later(versioned(true))), split_versioning("b")],
            [l("aws_s3_bucket", "b", later(versioned(true)))],
        ),
        still(
            "N9",
            "inline",
            [d("aws_s3_bucket", "b", bucket(json!([{"enabled": true, "mfa_delete": false}])))],
            [l("aws_s3_bucket", "b", bucket(versioned(true)))],
        ),
        speaks(
            "N9",
            "separate and changed: told once",
            [d("aws_s3_bucket", "b", later(versioned(true))), split_versioning("b")],
            [l("aws_s3_bucket", "b", later(versioned(false)))],
            &["changed aws_s3_bucket_versioning.b versioning_configuration[0].status security-loosening"],
        ),
        speaks(
            "N9",
            "both forms",
            [
                d("aws_s3_bucket", "b", bucket(json!([{"enabled": true, "mfa_delete": false}]))),
                split_versioning("b"),
            ],
            [l("aws_s3_bucket", "b", bucket(versioned(true)))],
            &["conflict aws_s3_bucket.b", "conflict aws_s3_bucket_versioning.b"],
        ),
    ]
}

fn atoms() -> Vec<Case> {
    let group = |rules: Value| json!({"name": "web", "ingress": rules, "egress": []});
    let table = |routes: Value| json!({"vpc_id": "v", "route": routes});
    let acl = |entries: Value| json!({"vpc_id": "v", "ingress": entries, "egress": []});
    let route = |to: &str| {
        d(
            "aws_route",
            "r",
            json!({"route_table_id": "rtb", "destination_cidr_block": "10.9.0.0/16", "gateway_id": to}),
        )
    };
    let entry = |action: &str| json!({"rule_no": 100, "action": action, "protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_block": "0.0.0.0/0"});
    let open = ssh("10.0.0.0/8", "");
    vec![
        still(
            "N10",
            "inline, separate and live rules",
            [d("aws_security_group", "sg-1", group(json!([open]))), rule_of("a", "10.0.0.0/8")],
            [l("aws_security_group", "sg-1", group(json!([open])))],
        ),
        speaks(
            "N10",
            "an inline list claims to be whole",
            [d("aws_security_group", "sg-1", group(json!([open])))],
            [l("aws_security_group", "sg-1", group(json!([open, ssh("0.0.0.0/0", "")])))],
            &["changed aws_security_group.sg-1 ingress security-loosening"],
        ),
        speaks(
            "N10",
            "beside separate rules an extra one is an unmanaged part",
            [d("aws_security_group", "sg-1", group(json!([]))), rule_of("a", "10.0.0.0/8")],
            [l("aws_security_group", "sg-1", group(json!([open, ssh("0.0.0.0/0", "")])))],
            &["unmanaged part of aws_security_group.sg-1 ingress security-loosening"],
        ),
        speaks(
            "N10",
            "one rule claimed twice",
            [
                d("aws_security_group", "sg-1", group(json!([]))),
                rule_of("a", "10.0.0.0/8"),
                rule_of("b", "10.0.0.0/8"),
            ],
            [l("aws_security_group", "sg-1", group(json!([open])))],
            &["conflict aws_security_group_rule.a", "conflict aws_security_group_rule.b"],
        ),
        still(
            "N11",
            "separate routes, and the local one",
            [d("aws_route_table", "rtb", table(json!([]))), route("igw-1")],
            [l(
                "aws_route_table",
                "rtb",
                table(
                    json!([{"cidr_block": "10.9.0.0/16", "gateway_id": "igw-1"}, {"cidr_block": "10.0.0.0/16", "gateway_id": "local"}]),
                ),
            )],
        ),
        speaks(
            "N11",
            "another target",
            [d("aws_route_table", "rtb", table(json!([]))), route("igw-1")],
            [l(
                "aws_route_table",
                "rtb",
                table(json!([{"cidr_block": "10.9.0.0/16", "gateway_id": "vgw-1"}])),
            )],
            &["changed aws_route.r route other"],
        ),
        still(
            "N11",
            "the last entry of an ACL",
            [d("aws_network_acl", "acl", acl(json!([entry("allow")])))],
            [l(
                "aws_network_acl",
                "acl",
                acl(
                    json!([entry("allow"), {"rule_no": 32767, "action": "deny", "protocol": "-1", "cidr_block": "0.0.0.0/0"}]),
                ),
            )],
        ),
        speaks(
            "N11",
            "an entry that turned",
            [d("aws_network_acl", "acl", acl(json!([entry("deny")])))],
            [l("aws_network_acl", "acl", acl(json!([entry("allow")])))],
            &["changed aws_network_acl.acl ingress security-loosening"],
        ),
        still(
            "N25",
            "a block and an attachment of the same volume",
            [
                d(
                    "aws_instance",
                    "i-1",
                    json!({"instance_type": "a", "ebs_block_device": device("vol-1", 8)}),
                ),
                d(
                    "aws_volume_attachment",
                    "va",
                    json!({"instance_id": "i-1", "device_name": "/dev/sdf", "volume_id": "vol-1"}),
                ),
            ],
            [l(
                "aws_instance",
                "i-1",
                json!({"instance_type": "a", "ebs_block_device": device("vol-1", 16)}),
            )],
        ),
        speaks(
            "N25",
            "another volume at the device",
            [
                d("aws_instance", "i-1", json!({"instance_type": "a"})),
                d(
                    "aws_volume_attachment",
                    "va",
                    json!({"instance_id": "i-1", "device_name": "/dev/sdf", "volume_id": "vol-1"}),
                ),
            ],
            [l("aws_instance", "i-1", json!({"instance_type": "a", "ebs_block_device": device("vol-2", 8)}))],
            &["changed aws_volume_attachment.va ebs_block_device other"],
        ),
        speaks(
            "N25",
            "a block without attachment is held to its size",
            [d("aws_instance", "i-1", json!({"instance_type": "a", "ebs_block_device": device("vol-1", 8)}))],
            [l(
                "aws_instance",
                "i-1",
                json!({"instance_type": "a", "ebs_block_device": device("vol-1", 16)}),
            )],
            &["changed aws_instance.i-1 ebs_block_device other"],
        ),
    ]
}

fn principals() -> Vec<Case> {
    let own = || d("aws_iam_role", "r", json!({"name": "r"}));
    let exclusive = |arns: Value| {
        d("aws_iam_role_policy_attachments_exclusive", "x", json!({"role_name": "r", "policy_arns": arns}))
    };
    let all_of = |roles: Value| d("aws_iam_policy_attachment", ADMIN, group_of_policies(roles));
    let shown = |roles: Value| l("aws_iam_policy_attachment", ADMIN, group_of_policies(roles));
    let user = |arns: Value| {
        l(
            "aws_iam_user",
            "u",
            json!({"name": "u", "managed_policy_arns": arns, "inline_policy": [], "groups": []}),
        )
    };
    vec![
        still("N12", "attached and declared", [own(), attachment(READ)], [role(json!([READ]))]),
        speaks(
            "N12",
            "an extra one, claimed by nobody",
            [own(), attachment(READ)],
            [role(json!([READ, ADMIN]))],
            &["unmanaged part of aws_iam_role.r managed_policy_arns security-loosening"],
        ),
        speaks(
            "N12",
            "an extra one of a user",
            [d("aws_iam_user", "u", json!({"name": "u"}))],
            [user(json!([ADMIN]))],
            &["unmanaged part of aws_iam_user.u managed_policy_arns security-loosening"],
        ),
        speaks(
            "N12",
            "an extra one, where a list claims to be whole: told there, and once",
            [own(), attachment(READ), exclusive(json!([READ]))],
            [role(json!([READ, ADMIN]))],
            &["changed aws_iam_role_policy_attachments_exclusive.x policy_arns security-loosening"],
        ),
        still(
            "N12",
            "an exclusive list beside what it lists",
            [own(), attachment(READ), exclusive(json!([READ]))],
            [role(json!([READ]))],
        ),
        still(
            "N12",
            "an exclusive attachment of a policy",
            [own(), all_of(json!(["r"]))],
            [role(json!([ADMIN])), shown(json!(["r"]))],
        ),
        speaks(
            "N12",
            "an extra one of a policy that is claimed for itself: told there, and once",
            [own(), all_of(json!(["other"]))],
            [role(json!([ADMIN])), shown(json!(["other", "r"]))],
            &[
                "changed aws_iam_policy_attachment.arn_aws_iam__aws_policy_AdministratorAccess roles security-loosening",
            ],
        ),
        speaks(
            "N12",
            "the same attachment twice",
            [own(), attachment(ADMIN), all_of(json!(["r"]))],
            [role(json!([ADMIN])), shown(json!(["r"]))],
            &[
                "conflict aws_iam_policy_attachment.arn_aws_iam__aws_policy_AdministratorAccess",
                "conflict aws_iam_role_policy_attachment.r-1",
            ],
        ),
        speaks(
            "N12",
            "an attachment that an exclusive list does not have",
            [own(), attachment(ADMIN), exclusive(json!([]))],
            [role(json!([ADMIN]))],
            &[
                "conflict aws_iam_role_policy_attachments_exclusive.x policy_arns security-loosening",
                "conflict aws_iam_role_policy_attachment.r-1",
            ],
        ),
    ]
}

fn controllers() -> Vec<Case> {
    let group = |size: i64, tags: Value| json!({"name": "g", "desired_capacity": size, "tag": tags});
    let tag = |key: &str| json!({"key": key, "value": "true", "propagate_at_launch": false});
    let scaler = |kind: &'static str, more: Value| {
        let mut all = json!({"autoscaling_group_name": "g"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        l(kind, "g/s", all)
    };
    let asg = |size: i64| d("aws_autoscaling_group", "g", group(size, json!([])));
    let policy = || scaler("aws_autoscaling_policy", json!({"name": "s"}));
    let policies = |live: Vec<Resource>| -> Vec<Resource> { live };
    let managed_policy =
        || d("aws_autoscaling_policy", "g/s", json!({"autoscaling_group_name": "g", "name": "s"}));
    let managed_schedule = || {
        d(
            "aws_autoscaling_schedule",
            "g/s",
            json!({"autoscaling_group_name": "g", "scheduled_action_name": "s"}),
        )
    };
    let tasks = |count: i64| json!({"name": "web", "cluster": "arn:aws:ecs:us-west-2:111111111111:cluster/main", "desired_count": count});
    let web = || d("aws_ecs_service", "arn:web", tasks(2));
    let table = |side: &dyn Fn(&'static str, &str, Value) -> Resource, reads: i64| {
        side("aws_dynamodb_table", "t", json!({"name": "t", "read_capacity": reads, "write_capacity": 5}))
    };
    let target = |service: &str, resource: &str, dimension: &str| {
        let all = json!({
            "service_namespace": service, "resource_id": resource, "scalable_dimension": dimension,
            "min_capacity": 1, "max_capacity": 9,
        });
        let id = format!("{service}/{resource}/{dimension}");
        [d("aws_appautoscaling_target", &id, all.clone()), l("aws_appautoscaling_target", &id, all)]
    };
    let [tasks_scaled, tasks_target] = target("ecs", "service/main/web", "ecs:service:DesiredCount");
    let [reads_scaled, reads_target] = target("dynamodb", "table/t", "dynamodb:table:ReadCapacityUnits");
    let db = |version: &str, auto: bool, storage: i64| {
        l("aws_db_instance", "db", database(version, auto, storage))
    };
    let pending = |class: &str, next: &str| {
        let mut all = database("13.7", true, 100);
        all["instance_class"] = json!(class);
        all["pending_modified_values"] = json!({"instance_class": next});
        l("aws_db_instance", "db", all)
    };
    let declared = || d("aws_db_instance", "db", database("13.7", true, 100));
    let cluster =
        |version: &str| json!({"cluster_identifier": "c", "engine": "aurora", "engine_version": version});
    let member = |auto: bool| json!({"identifier": "m", "cluster_identifier": "c", "engine": "aurora", "auto_minor_version_upgrade": auto});
    vec![
        silent(
            "N13",
            "a policy scales it",
            [asg(3), managed_policy()],
            policies(vec![l("aws_autoscaling_group", "g", group(5, json!([]))), policy()]),
        ),
        silent(
            "N13",
            "a schedule sizes it",
            [asg(3), managed_schedule()],
            [
                l("aws_autoscaling_group", "g", group(5, json!([]))),
                scaler(
                    "aws_autoscaling_schedule",
                    json!({"scheduled_action_name": "s", "desired_capacity": 5}),
                ),
            ],
        ),
        silent(
            "N13",
            "a cluster's autoscaler owns it",
            [asg(3)],
            [l("aws_autoscaling_group", "g", group(5, json!([tag("k8s.io/cluster-autoscaler/enabled")])))],
        ),
        silent(
            "N13",
            "a target scales the tasks of a service",
            [web(), tasks_scaled.clone()],
            [l("aws_ecs_service", "arn:web", tasks(5)), tasks_target.clone()],
        ),
        silent(
            "N13",
            "a target scales the throughput of a table",
            [table(&d, 5), reads_scaled.clone()],
            [table(&l, 7), reads_target.clone()],
        ),
        speaks(
            "N13",
            "beyond the bounds of the target",
            [web(), tasks_scaled],
            [l("aws_ecs_service", "arn:web", tasks(10)), tasks_target],
            &["changed aws_ecs_service.arn_web desired_count capacity"],
        ),
        speaks(
            "N13",
            "a target of something else",
            [web(), reads_scaled],
            [l("aws_ecs_service", "arn:web", tasks(5)), reads_target],
            &["changed aws_ecs_service.arn_web desired_count capacity"],
        ),
        speaks(
            "N13",
            "nothing scales it",
            [asg(3)],
            [l("aws_autoscaling_group", "g", group(5, json!([])))],
            &["changed aws_autoscaling_group.g desired_capacity capacity"],
        ),
        silent("N16", "a later minor version", [declared()], [db("13.9", true, 100)]),
        silent(
            "N16",
            "a prefix",
            [d("aws_db_instance", "db", database("13", false, 100))],
            [db("13.9", false, 100)],
        ),
        silent(
            "N16",
            "a cluster whose members upgrade themselves",
            [d("aws_rds_cluster", "c", cluster("13.7")), d("aws_rds_cluster_instance", "m", member(true))],
            [l("aws_rds_cluster", "c", cluster("13.9")), l("aws_rds_cluster_instance", "m", member(true))],
        ),
        speaks(
            "N16",
            "another major version",
            [declared()],
            [db("14.1", true, 100)],
            &["changed aws_db_instance.db engine_version version"],
        ),
        silent("N26", "storage grew within its limit", [declared()], [db("13.7", true, 150)]),
        silent("N26", "a change waits for the window", [declared()], [pending("db.t3.small", "db.t3.large")]),
        silent("N26", "what the state has is pending", [declared()], [pending("db.t3.large", "db.t3.small")]),
        speaks(
            "N26",
            "storage beyond its limit, and a class that nothing will set back",
            [declared()],
            [{
                let mut all = database("13.7", true, 300);
                all["instance_class"] = json!("db.t3.large");
                l("aws_db_instance", "db", all)
            }],
            &[
                "changed aws_db_instance.db allocated_storage capacity",
                "changed aws_db_instance.db instance_class capacity",
            ],
        ),
    ]
}

/// The ARN of a revision of the family `app`.
fn revision(number: u32) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/app:{number}")
}

fn revisions() -> Vec<Case> {
    const PIPELINE: &str = "arn:aws:sts::111111111111:assumed-role/deploy-app";
    let service = |definition: &str| json!({"name": "web", "task_definition": definition});
    let runs = |definition: &str| l("aws_ecs_service", "arn:web", service(definition));
    let web = || d("aws_ecs_service", "arn:web", service(&revision(7)));
    let registered = |number: u32, by: Value| {
        let arn = revision(number);
        let all = json!({"arn": &arn, "family": "app", "in_use": true, "registered_by": by});
        l("aws_ecs_task_definition", &arn, all)
    };
    let unread = |number: u32| {
        let mut revision = registered(number, Value::Null);
        let gap = Gap::new("ecs:DescribeTaskDefinition", Cause::Denied, "no");
        revision.put_raw("registered_by", Slot::Unread(gap));
        revision
    };
    let managed = || {
        let mut own =
            d("aws_ecs_task_definition", &revision(7), json!({"arn": revision(7), "family": "app"}));
        own.declared.as_mut().unwrap().address = "aws_ecs_task_definition.app".into();
        own
    };
    // What an audit of these services finds beside them has a state of its own.
    let known = |number: u32| {
        let mut known = d("aws_ecs_task_definition", &revision(number), json!({"family": "app"}));
        known.declared.as_mut().unwrap().address = format!("aws_ecs_task_definition.r{number}");
        known
    };
    let changed: &[&str] = &["changed aws_ecs_service.arn_web task_definition other"];
    vec![
        silent(
            "N14",
            "a service runs what a pipeline registered",
            [web(), known(8)],
            [runs(&revision(8)), registered(8, json!(PIPELINE))],
        ),
        silent(
            "N14",
            "a pipeline's revision of a managed family is not unmanaged",
            [managed()],
            [registered(7, Value::Null), registered(9, json!(PIPELINE))],
        ),
        still(
            "N14",
            "a managed revision beside idle ones: it never changes",
            [managed()],
            [registered(7, json!(PIPELINE)), {
                let mut idle = registered(6, Value::Null);
                idle.put_raw("in_use", Slot::Known(json!(false)));
                idle
            }],
        ),
        speaks(
            "N14",
            "registered by hand",
            [web(), known(8)],
            [runs(&revision(8)), registered(8, json!("arn:aws:iam::111111111111:user/deploy-ann"))],
            changed,
        ),
        speaks(
            "N14",
            "registered by another role",
            [web(), known(8)],
            [runs(&revision(8)), registered(8, json!("arn:aws:sts::111111111111:assumed-role/admin"))],
            changed,
        ),
        speaks(
            "N14",
            "who registered it is not known",
            [web(), known(8)],
            [runs(&revision(8)), unread(8)],
            changed,
        ),
        speaks(
            "N14",
            "an older revision",
            [web(), known(6)],
            [runs(&revision(6)), registered(6, json!(PIPELINE))],
            changed,
        ),
        speaks(
            "N14",
            "another family",
            [web(), known(8)],
            [runs(&revision(8).replace("/app:", "/other:")), registered(8, json!(PIPELINE))],
            changed,
        ),
        speaks(
            "N14",
            "a newer revision of a managed family that a person registered, and one of another family",
            [managed()],
            [
                registered(7, Value::Null),
                registered(8, json!("arn:aws:iam::111111111111:user/ann")),
                unread(9),
                {
                    let mut other = registered(1, json!(PIPELINE));
                    other.address.id = other.address.id.replace("/app:", "/other:");
                    other
                },
            ],
            &[
                "unmanaged arn:aws:ecs:us-west-2:111111111111:task-definition/app:8",
                "unmanaged arn:aws:ecs:us-west-2:111111111111:task-definition/app:9",
                "unmanaged arn:aws:ecs:us-west-2:111111111111:task-definition/other:1",
            ],
        ),
    ]
}

fn publications() -> Vec<Case> {
    const CODE: &str = "UpdateFunctionCode20150331v2";
    const CONFIGURATION: &str = "UpdateFunctionConfiguration20150331v2";
    const PUBLISHED: &str = "2026-02-28T10:00:00Z";
    let layer = |version: u32| format!("arn:aws:lambda:us-west-2:111111111111:layer:base:{version}");
    let function = |side: &dyn Fn(&'static str, &str, Value) -> Resource, code: &str, layers: Value| {
        let all = json!({
            "function_name": "f", "code_sha256": code, "source_code_hash": code, "layers": layers, "handler": "a.b",
            "last_modified": "2026-02-28T10:00:01.000+0000",
        });
        side("aws_lambda_function", "f", all)
    };
    let own = || function(&d, "b2xk", json!([layer(1)]));
    let now = |code: &str, version: u32| function(&l, code, json!([layer(version)]));
    let published = |role: &str, at: &str| did(role, CODE, at, json!({"functionName": "f", "dryRun": false}));
    let layered = |role: &str, version: u32| {
        did(role, CONFIGURATION, PUBLISHED, json!({"functionName": "f", "layers": [layer(version)]}))
    };
    let before = |hash: Value| {
        let all = json!({"function_name": "f", "source_code_hash": hash});
        d("aws_lambda_function", "f", all)
    };
    let code: &[&str] = &["changed aws_lambda_function.f code_sha256 other"];
    vec![
        silent("N15", "a pipeline published the code", [own()], [now("bmV3", 1)])
            .after([published("deploy-app", PUBLISHED)]),
        silent("N15", "a pipeline published after a person", [own()], [now("bmV3", 1)])
            .after([published("admin", "2026-02-27T10:00:00Z"), published("deploy-app", PUBLISHED)]),
        silent("N15", "a pipeline set a later version of the layer", [own()], [now("b2xk", 2)])
            .after([layered("deploy-app", 2)]),
        silent("N15", "as older providers write it", [before(json!("b2xk"))], [now("bmV3", 1)])
            .after([published("deploy-app", PUBLISHED)]),
        still("N15", "the same code", [own()], [now("b2xk", 1)]),
        still("N15", "a hash that a state does not hold", [before(json!(""))], [now("bmV3", 1)]),
        still(
            "N15",
            "a trigger of newer providers is no hash of the code",
            [{
                let mut own = own();
                own.put_raw("source_code_hash", Slot::Known(json!("v1.2.3")));
                own
            }],
            [now("b2xk", 1)],
        ),
        speaks("N15", "nobody asked", [own()], [now("bmV3", 1)], code),
        speaks(
            "N15",
            "as older providers write it, and nobody asked",
            [before(json!("b2xk"))],
            [now("bmV3", 1)],
            &["changed aws_lambda_function.f source_code_hash other"],
        ),
        speaks("N15", "no event tells", [own()], [now("bmV3", 1)], code).after([]),
        speaks("N15", "a person published last", [own()], [now("bmV3", 1)], code)
            .after([published("deploy-app", "2026-02-27T10:00:00Z"), published("admin", PUBLISHED)]),
        speaks("N15", "the pipeline only rehearsed", [own()], [now("bmV3", 1)], code).after([did(
            "deploy-app",
            CODE,
            PUBLISHED,
            json!({"functionName": "f", "dryRun": true}),
        )]),
        speaks(
            "N15",
            "touched so lately that an event may be on its way",
            [own()],
            [{
                let mut now = now("bmV3", 1);
                now.put_raw("last_modified", Slot::Known(json!("2026-03-01T11:50:00.000+0000")));
                now
            }],
            code,
        )
        .after([published("deploy-app", PUBLISHED)]),
        speaks(
            "N15",
            "an older version of the layer",
            [own()],
            [now("b2xk", 0)],
            &["changed aws_lambda_function.f layers[0] other"],
        )
        .after([layered("deploy-app", 0)]),
        speaks(
            "N15",
            "another layer than the pipeline set",
            [own()],
            [now("b2xk", 3)],
            &["changed aws_lambda_function.f layers[0] other"],
        )
        .after([did(
            "deploy-app",
            CONFIGURATION,
            PUBLISHED,
            json!({"functionName": "f", "timeout": 9}),
        )]),
        speaks(
            "N15",
            "the code is a pipeline's, the handler is not",
            [own()],
            [{
                let mut now = now("bmV3", 1);
                now.put_raw("handler", Slot::Known(json!("other.handler")));
                now
            }],
            &[
                "changed aws_lambda_function.f code_sha256 controller-owned",
                "changed aws_lambda_function.f handler other",
            ],
        )
        .after([published("deploy-app", PUBLISHED)]),
    ]
}

fn excluded() -> Vec<Case> {
    let vpc = |default: bool| l("aws_vpc", "v", json!({"is_default": default}));
    let role = |path: &str| l("aws_iam_role", "x", json!({"name": "x", "path": path}));
    let instance = |tags: Value| l("aws_instance", "i", json!({"tags_all": tags}));
    let balancer = |tags: Value| l("aws_lb", "lb", json!({"name": "lb", "tags_all": tags}));
    let apex = |of_type: &str, name: &str| {
        l(
            "aws_route53_record",
            "r",
            json!({"zone_id": "Z", "fqdn": name, "type": of_type, "zone_name": "example.com"}),
        )
    };
    let key = |state: &str| l("aws_kms_key", "k", json!({"key_state": state, "key_manager": "CUSTOMER"}));
    vec![
        silent("N17", "the default network", [], [vpc(true)]),
        still(
            "N17",
            "adopted",
            [d("aws_default_vpc", "v", json!({"cidr_block": null}))],
            [l("aws_vpc", "v", json!({"is_default": true, "cidr_block": null}))],
        ),
        speaks("N17", "another network", [], [vpc(false)], &["unmanaged v"]),
        silent("N18", "a service-linked role", [], [role("/aws-service-role/rds.amazonaws.com/")]),
        silent(
            "N18",
            "the log group of a function",
            [],
            [l("aws_cloudwatch_log_group", "/aws/lambda/f", json!({"name": "/aws/lambda/f"}))],
        ),
        speaks("N18", "another role", [], [role("/")], &["unmanaged x"]),
        silent(
            "N19",
            "a member of a scaling group",
            [],
            [instance(json!({"aws:autoscaling:groupName": "g"}))],
        ),
        speaks("N19", "an instance of its own", [], [instance(json!({"Name": "g"}))], &["unmanaged i"]),
        silent("N20", "made by a controller", [], [balancer(json!({"elbv2.k8s.aws/cluster": "c"}))]),
        speaks("N20", "made by hand", [], [balancer(json!({"Name": "c"}))], &["unmanaged lb"]),
        silent(
            "N21",
            "records that every zone has",
            [],
            [apex("SOA", "example.com"), apex("NS", "example.com.")],
        ),
        speaks("N21", "a delegation", [], [apex("NS", "team.example.com")], &["unmanaged r"]),
        silent("N28", "being deleted", [], [key("PendingDeletion")]),
        speaks("N28", "in use", [], [key("Enabled")], &["unmanaged k"]),
    ]
}

fn names_and_addresses() -> Vec<Case> {
    let r = |side: &dyn Fn(&'static str, &str, Value) -> Resource, of_type: &str, values: Value| {
        side("aws_route53_record", "Z1_a.example.com_X", record(of_type, values))
    };
    let text = |first: &str| json!([first, "spf"]);
    let volume = |key: &str| json!({"size": 8, "kms_key_id": key, "attachments": [{"instance_id": "i"}]});
    let key = "arn:aws:kms:us-west-2:111111111111:key/k-1";
    let alias = || {
        [
            d("aws_kms_alias", "alias/app", json!({"name": "alias/app", "target_key_id": "k-1"})),
            d("aws_ebs_volume", "vol-1", volume("alias/app")),
        ]
    };
    let behind = |key: &str| {
        [
            l("aws_kms_alias", "alias/app", json!({"name": "alias/app", "target_key_id": "k-1"})),
            l("aws_ebs_volume", "vol-1", volume(key)),
        ]
    };
    let block = |flag: bool| {
        d(
            "aws_s3_bucket_public_access_block",
            "b",
            json!({"bucket": "b", "block_public_acls": flag, "block_public_policy": flag, "ignore_public_acls": flag,
                   "restrict_public_buckets": flag}),
        )
    };
    let bucket = || l("aws_s3_bucket", "b", json!({"bucket": "b", "public_access_block": []}));
    let own = || d("aws_s3_bucket", "b", json!({"bucket": "b"}));
    let queue = |policy: Value| json!({"name": "q", "policy": policy});
    vec![
        silent(
            "N21",
            "a name with its dot",
            [r(&d, "CNAME", json!(["Web.example.com"]))],
            [r(&l, "CNAME", json!(["web.example.com."]))],
        ),
        silent(
            "N21",
            "a text cut in two ways",
            [r(&d, "TXT", text(r#"k=a""b"#))],
            [r(&l, "TXT", text(r#"k=a" "b"#))],
        ),
        speaks(
            "N21",
            "another text, and its case counts",
            [r(&d, "TXT", json!(["Abc"]))],
            [r(&l, "TXT", json!(["abc"]))],
            &[
                "changed aws_route53_record.Z1_a.example.com_X records other",
                "changed aws_route53_record.Z1_a.example.com_X records other",
            ],
        ),
        silent(
            "N22",
            "an IPv6 address",
            [r(&d, "AAAA", json!(["2001:DB8:0::1"]))],
            [r(&l, "AAAA", json!(["2001:db8::1"]))],
        ),
        silent(
            "N22",
            "host bits, spaces and numbers",
            [
                d("aws_vpc", "v", json!({"cidr_block": "10.0.0.7/16"})),
                d(
                    "aws_autoscaling_schedule",
                    "g/s",
                    json!({"autoscaling_group_name": "g", "recurrence": "0  5 * * mon "}),
                ),
            ],
            [
                l("aws_vpc", "v", json!({"cidr_block": "10.0.0.0/16"})),
                l(
                    "aws_autoscaling_schedule",
                    "g/s",
                    json!({"autoscaling_group_name": "g", "recurrence": "0 5 * * MON"}),
                ),
            ],
        ),
        speaks(
            "N22",
            "another network",
            [d("aws_vpc", "v", json!({"cidr_block": "10.0.0.0/16"}))],
            [l("aws_vpc", "v", json!({"cidr_block": "10.0.0.0/17"}))],
            &["changed aws_vpc.v cidr_block other"],
        ),
        silent(
            "N23",
            "an id and its ARN",
            [d("aws_ebs_volume", "vol-1", volume("k-1"))],
            [l("aws_ebs_volume", "vol-1", volume(key))],
        ),
        silent("N23", "an alias and the key behind it", alias(), behind(key)),
        speaks(
            "N23",
            "another key than the one behind the alias",
            alias(),
            behind("arn:aws:kms:us-west-2:111111111111:key/k-2"),
            &["changed aws_ebs_volume.vol-1 kms_key_id other"],
        ),
        silent("N24", "a block with every flag off", [own(), block(false)], [bucket()]),
        speaks(
            "N24",
            "a block that blocks",
            [own(), block(true)],
            [bucket()],
            &["missing aws_s3_bucket_public_access_block.b"],
        ),
        silent(
            "N24",
            "the default policy of a queue",
            [d("aws_sqs_queue", "q", queue(json!("")))],
            [l("aws_sqs_queue", "q", queue(json!(queue_policy(ACCOUNT))))],
        ),
        speaks(
            "N24",
            "a policy for another account",
            [d("aws_sqs_queue", "q", queue(json!("")))],
            [l("aws_sqs_queue", "q", queue(json!(queue_policy("222222222222"))))],
            &["changed aws_sqs_queue.q policy security-loosening"],
        ),
    ]
}

fn types_and_places() -> Vec<Case> {
    let lb = |timeout: i64| json!({"name": "lb", "idle_timeout": timeout});
    let role = |name: &str| l("aws_iam_role", name, json!({"name": name}));
    let mut elsewhere = d("aws_iam_role", "r", json!({"name": "r"}));
    elsewhere.address.place.region = GLOBAL.into();
    let vpc = |range: &str| json!({"cidr_block": range});
    vec![
        still("N27", "by its old name", [d("aws_alb", "x", lb(90))], [l("aws_lb", "x", lb(90))]),
        speaks(
            "N27",
            "by its old name, changed",
            [d("aws_alb", "x", lb(90))],
            [l("aws_lb", "x", lb(91))],
            &["changed aws_alb.x idle_timeout other"],
        ),
        still(
            "N31",
            "a newer schema and nothing different",
            [of_schema(d("aws_vpc", "v", vpc("10.0.0.0/16")), 9)],
            [l("aws_vpc", "v", vpc("10.0.0.0/16"))],
        ),
        still(
            "N31",
            "a renamed attribute",
            [d("aws_db_instance", "db", json!({"identifier": "db", "name": "app"}))],
            [l("aws_db_instance", "db", json!({"identifier": "db", "name": "app", "db_name": "app"}))],
        ),
        speaks(
            "N31",
            "a newer schema and a difference",
            [of_schema(d("aws_vpc", "v", vpc("10.0.0.0/16")), 9)],
            [l("aws_vpc", "v", vpc("10.1.0.0/16"))],
            &["unknown aws_vpc.v"],
        ),
        speaks(
            "N31",
            "a known schema and a difference",
            [of_schema(d("aws_vpc", "v", vpc("10.0.0.0/16")), 1)],
            [l("aws_vpc", "v", vpc("10.1.0.0/16"))],
            &["changed aws_vpc.v cidr_block other"],
        ),
        still("N32", "a global resource", [elsewhere.clone()], [role("r")]),
        still(
            "N32",
            "a part whose provider is regional",
            [elsewhere, {
                let mut part = attachment(READ);
                part.address.place.region = REGION.into();
                part
            }],
            [l(
                "aws_iam_role",
                "r",
                json!({"name": "r", "managed_policy_arns": [READ], "inline_policy": []}),
            )],
        ),
        speaks(
            "N32",
            "a region that is not audited",
            [{
                let mut elsewhere = d("aws_vpc", "v", vpc("10.0.0.0/16"));
                elsewhere.address.place.region = "eu-west-1".into();
                elsewhere
            }],
            [],
            &["ghost aws_vpc.v"],
        ),
    ]
}

fn cases() -> Vec<Case> {
    [
        sets_and_documents(),
        tags(),
        secrets(),
        buckets(),
        atoms(),
        principals(),
        controllers(),
        revisions(),
        publications(),
        excluded(),
        names_and_addresses(),
        types_and_places(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_rule_is_silent_where_it_must_be_and_speaks_where_it_must() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = case.found();
        let said = lines(&found);
        let excluded = found.excluded.iter().filter_map(|item| item.reason.as_deref());
        let counted = found.suppressed.iter().any(|one| one.rule == case.rule)
            || excluded.into_iter().any(|reason| reason.starts_with(&format!("{}:", case.rule)));
        if said != case.says || (case.counted && !counted) {
            wrong.push(format!(
                "{} {}: said {said:#?}, expected {:#?}; suppressed {:?}",
                case.rule, case.what, case.says, found.suppressed
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_of_the_catalogue_has_both_cases() {
    // Of the configuration, and of two audits.
    const ELSEWHERE: &[&str] = &["N29", "N30"];
    let cases = cases();
    for (number, rule) in rules::CATALOGUE.iter().enumerate() {
        assert_eq!(rule.id, format!("N{}", number + 1));
        let of = |quiet: bool| cases.iter().any(|case| case.rule == rule.id && case.says.is_empty() == quiet);
        assert!(ELSEWHERE.contains(&rule.id) || (of(true) && of(false)), "{}", rule.id);
    }
    assert!(cases.iter().all(|case| rules::find(case.rule).is_some()));
}

#[test]
fn the_catalogue_is_printed_in_the_book() {
    let book = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/drift.md")).unwrap();
    assert!(book.contains(&rules::table()), "docs/drift.md must hold:\n{}", rules::table());
}

#[test]
fn what_suppresses_or_excludes_is_counted_under_a_rule_of_the_catalogue() {
    for case in cases() {
        let found = case.found();
        for one in &found.suppressed {
            assert!(rules::find(&one.rule).is_some(), "{one:?}");
        }
        for item in &found.excluded {
            let rule = item.reason.as_deref().and_then(|reason| reason.split(':').next()).unwrap_or_default();
            assert!(rules::find(rule).is_some(), "{item:?}");
        }
    }
}

#[test]
fn a_deleted_principal_is_explained() {
    let role = |principal: &str| json!({"name": "r", "assume_role_policy": trust(principal)});
    let state = [d("aws_iam_role", "r", role("arn:aws:iam::111111111111:role/gone"))];
    let found = compared(&state, &[l("aws_iam_role", "r", role("AROAEXAMPLEEXAMPLE12"))]);
    let reason = found.items[0].reason.clone().unwrap();
    assert!(reason.starts_with("AROAEXAMPLEEXAMPLE12 is what AWS shows of a deleted principal"), "{reason}");
}

#[test]
fn a_conflict_names_both_addresses_and_the_part() {
    let policy = |state: &str| {
        let part = d("aws_s3_bucket_policy", "b", json!({"bucket": "b", "policy": policy(json!([]))}));
        in_state(part, state, state)
    };
    let found = compared(&[policy("t"), policy("s")], &[l("aws_s3_bucket", "b", json!({"policy": ""}))]);
    let reasons: Vec<_> = found.items.iter().filter(|item| item.class == Class::Conflict).collect();
    assert_eq!(reasons.len(), 2, "{:#?}", found.items);
    for item in reasons {
        assert_eq!(
            item.reason.as_deref(),
            Some(
                "policy of aws_s3_bucket b is claimed by aws_s3_bucket_policy.s in s and aws_s3_bucket_policy.t in t"
            )
        );
    }
    // Two stages of one secret are two parts, and no conflict.
    let version =
        |id: &str| d("aws_secretsmanager_secret_version", id, json!({"secret_id": "s", "version_id": id}));
    let live = l("aws_secretsmanager_secret", "s", json!({"versions": []}));
    let found = compared(&[version("1"), version("2")], &[live]);
    assert!(found.items.iter().all(|item| item.class != Class::Conflict), "{:#?}", found.items);
}

#[test]
fn loosening_comes_first() {
    let found = compared(
        &[
            d("aws_vpc", "a", json!({"cidr_block": "10.0.0.0/16"})),
            d("aws_db_instance", "z", json!({"storage_encrypted": true})),
            d("aws_flow_log", "gone", json!({"traffic_type": "ALL"})),
        ],
        &[
            l("aws_vpc", "a", json!({"cidr_block": "10.1.0.0/16"})),
            l("aws_db_instance", "z", json!({"storage_encrypted": false})),
        ],
    );
    assert_eq!(
        lines(&found),
        [
            "changed aws_db_instance.z storage_encrypted security-loosening",
            "missing aws_flow_log.gone",
            "changed aws_vpc.a cidr_block other",
        ]
    );
}

/// A generator of its own, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides.max(1) as u64).unwrap()
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.roll(last + 1));
        }
    }

    fn shuffled(&mut self, resource: &Resource, sets: &[&str]) -> Resource {
        let mut copy = resource.clone();
        for (path, slot) in resource.slots() {
            if let Slot::Known(Value::Array(items)) = slot
                && sets.contains(&path)
            {
                let mut items = items.clone();
                self.shuffle(&mut items);
                copy.put_raw(path.to_owned(), Slot::Known(Value::Array(items)));
            }
        }
        copy
    }
}

/// Lists of the cases whose order means nothing.
const SETS: &[&str] = &[
    "security_groups",
    "ingress",
    "egress",
    "route",
    "managed_policy_arns",
    "inline_policy",
    "records",
    "tag",
    "roles",
    "policy_arns",
    "ebs_block_device",
    "groups",
    "users",
];

#[test]
fn neither_the_order_of_states_nor_of_instances_nor_of_sets_changes_anything() {
    // All cases in one estate, each with ids of its own: one account with everything in it.
    let (mut declared, mut live, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for (number, case) in cases().into_iter().enumerate() {
        let own = |mut resource: Resource| {
            resource.address.place.account = format!("{number:012}");
            if let Some(facts) = &mut resource.declared {
                facts.address = format!("module.m{number}.{}", facts.address);
                facts.state = format!("state-{}", number % 3);
            }
            resource
        };
        declared.extend(case.declared.into_iter().map(own));
        live.extend(case.live.into_iter().map(own));
        events.extend(case.events.into_iter().flatten().map(|mut event| {
            event.place.account = format!("{number:012}");
            event
        }));
    }
    let run = |declared: &[Resource], live: &[Resource], events: &[TrailEvent]| {
        let mut scope = scope();
        scope.accounts = (0..1000).map(|number| format!("{number:012}")).collect();
        let mut readings: std::collections::BTreeMap<(String, Place), Vec<Resource>> = Default::default();
        for resource in declared.iter().chain(live) {
            let kind = kinds::find(resource.kind()).unwrap();
            let owner = kinds::satellite(kind.name).map_or(kind, |(owner, _)| owner);
            let region = if owner.scope == Scope::Global { GLOBAL } else { resource.region() };
            let place = Place::new(resource.account(), region);
            readings.entry((owner.name.to_owned(), place)).or_default();
        }
        for resource in live {
            let key = (resource.kind().to_owned(), resource.address.place.clone());
            readings.entry(key).or_default().push(resource.clone());
        }
        let readings = readings.into_iter().map(|((kind, place), resources)| Reading {
            kind,
            place,
            observed_at: String::new(),
            harvest: Harvest { resources, gaps: vec![] },
        });
        let inventory = Inventory::live(readings.collect());
        let found = reconcile(|| declared.iter().cloned(), &inventory, &scope);
        attributed(found, declared, &inventory, events)
    };
    let expected = run(&declared, &live, &events);
    assert!(expected.items.len() > 30 && expected.suppressed.len() > 20, "{}", expected.items.len());
    let bare = Drift { suppressed: Vec::new(), ..expected.clone() };
    for seed in 0..40 {
        let mut dice = Dice(seed);
        dice.shuffle(&mut declared);
        dice.shuffle(&mut live);
        dice.shuffle(&mut events);
        assert_eq!(run(&declared, &live, &events), expected, "seed {seed}");
        let declared: Vec<Resource> = declared.iter().map(|one| dice.shuffled(one, SETS)).collect();
        let live: Vec<Resource> = live.iter().map(|one| dice.shuffled(one, SETS)).collect();
        // What is equal but for its order is counted, so only the counts may differ.
        assert_eq!(Drift { suppressed: Vec::new(), ..run(&declared, &live, &events) }, bare, "seed {seed}");
    }
}

#[test]
fn the_order_of_ignore_rules_changes_nothing() {
    let state: Vec<Resource> =
        ["a", "b", "c"].map(|id| d("aws_vpc", id, json!({"cidr_block": "10.0.0.0/16"}))).into();
    let live = ["a", "b"].map(|id| l("aws_vpc", id, json!({"cidr_block": "10.1.0.0/16"})));
    let rules = [
        "[[ignore]]\nid = \"x\"\ntype = \"aws_vpc\"\npath = \"cidr_*\"\nreason = \"r\"\nowner = \"o\"\n",
        "[[ignore]]\nid = \"y\"\naddress = \"aws_vpc.a\"\nreason = \"r\"\nowner = \"o\"\n",
        "[[ignore]]\nid = \"z\"\naddress = \"aws_vpc.c\"\nreason = \"r\"\nowner = \"o\"\n",
        "[[ignore]]\nid = \"w\"\naddress = \"aws_vpc.nowhere\"\nreason = \"r\"\nowner = \"o\"\n",
    ];
    let outcome = |order: &[usize]| {
        let text: String = order.iter().map(|index| rules[*index]).collect();
        let profile = Profile::load(&["./p.toml".to_owned()], |_| Ok(text.clone())).unwrap();
        let mut found = compared(&state, &live);
        let day = time::Date::from_calendar_date(2026, time::Month::January, 1).unwrap();
        let mut idle = found.ignore(&profile, day);
        idle.sort();
        (found, idle)
    };
    let expected = outcome(&[0, 1, 2, 3]);
    assert_eq!(expected.1, ["w covers nothing"]);
    assert_eq!(
        expected.0.suppressed.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(),
        ["x", "x", "z"]
    );
    for order in [[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1], [1, 3, 2, 0]] {
        assert_eq!(outcome(&order), expected, "{order:?}");
    }
}

/// One estate as provider 3 writes it and as later ones do.
fn both_forms() -> [Vec<Resource>; 2] {
    let rule = |source: &str| rule_of(source, source);
    let document = policy(json!([{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]));
    let inline = vec![
        d(
            "aws_s3_bucket",
            "b",
            json!({
                "bucket": "b", "acl": "private", "grant": [], "versioning": [{"enabled": true, "mfa_delete": false}],
                "server_side_encryption_configuration": [{"rule": [{"apply_server_side_encryption_by_default":
                    [{"kms_master_key_id": "k-1", "sse_algorithm": "aws:kms"}], "bucket_key_enabled": false}]}],
                "logging": [{"target_bucket": "logs", "target_prefix": "a/"}],
                "lifecycle_rule": [{"id": "old", "enabled": true, "prefix": "x/", "tags": {}, "expiration":
                    [{"date": "", "days": 90, "expired_object_delete_marker": false}], "transition": []}],
                "cors_rule": [{"allowed_methods": ["GET"], "allowed_origins": ["*"], "allowed_headers": [],
                    "expose_headers": [], "max_age_seconds": 60}],
                "policy": document, "request_payer": "BucketOwner", "acceleration_status": "",
            }),
        ),
        d(
            "aws_s3_bucket_public_access_block",
            "b",
            json!({"bucket": "b", "block_public_acls": true,
            "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}),
        ),
        d(
            "aws_security_group",
            "sg-1",
            json!({"name": "web", "egress": [], "ingress":
            [ssh("10.0.0.0/8", ""), ssh("10.9.0.0/16", "")]}),
        ),
    ];
    let split = vec![
        d(
            "aws_s3_bucket",
            "b",
            json!({"bucket": "b", "acl": null, "object_lock_enabled": false,
            "versioning": [{"enabled": true, "mfa_delete": false}], "policy": document, "grant": []}),
        ),
        d(
            "aws_s3_bucket_acl",
            "b",
            json!({"bucket": "b", "acl": "private", "access_control_policy": [{"owner":
            [{"id": "me"}], "grant": [{"grantee": [{"id": "me", "type": "CanonicalUser", "uri": ""}],
            "permission": "FULL_CONTROL"}]}]}),
        ),
        d(
            "aws_s3_bucket_versioning",
            "b",
            json!({"bucket": "b", "versioning_configuration":
            [{"status": "Enabled", "mfa_delete": ""}]}),
        ),
        d(
            "aws_s3_bucket_server_side_encryption_configuration",
            "b",
            json!({"bucket": "b", "rule":
            [{"apply_server_side_encryption_by_default": [{"kms_master_key_id": "k-1", "sse_algorithm": "aws:kms"}],
              "bucket_key_enabled": null}]}),
        ),
        d(
            "aws_s3_bucket_logging",
            "b",
            json!({"bucket": "b", "target_bucket": "logs", "target_prefix": "a/"}),
        ),
        d(
            "aws_s3_bucket_lifecycle_configuration",
            "b",
            json!({"bucket": "b", "rule": [{"id": "old",
            "status": "Enabled", "prefix": "", "filter": [{"prefix": "x/"}], "expiration": [{"date": "", "days": 90,
            "expired_object_delete_marker": false}], "transition": []}]}),
        ),
        d(
            "aws_s3_bucket_cors_configuration",
            "b",
            json!({"bucket": "b", "cors_rule": [{"allowed_methods": ["GET"],
            "allowed_origins": ["*"], "allowed_headers": [], "expose_headers": [], "max_age_seconds": 60, "id": ""}]}),
        ),
        d("aws_s3_bucket_policy", "b", json!({"bucket": "b", "policy": document})),
        d(
            "aws_s3_bucket_public_access_block",
            "b",
            json!({"bucket": "b", "block_public_acls": true,
            "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}),
        ),
        d("aws_security_group", "sg-1", json!({"name": "web", "egress": [], "ingress": []})),
        rule("10.0.0.0/8"),
        rule("10.9.0.0/16"),
    ];
    [inline, split]
}

fn shown() -> Vec<(&'static str, Value)> {
    vec![
        ("bucket", json!("b")),
        ("acl", json!("private")),
        (
            "grant",
            json!([{"id": "me", "type": "CanonicalUser", "uri": "", "permissions": ["FULL_CONTROL"], "owner": true}]),
        ),
        ("versioning", versioned(true)),
        (
            "server_side_encryption_configuration",
            json!([{"rule": [{"apply_server_side_encryption_by_default":
            [{"kms_master_key_id": "k-1", "sse_algorithm": "aws:kms"}], "bucket_key_enabled": false}]}]),
        ),
        ("logging", json!([{"target_bucket": "logs", "target_prefix": "a/"}])),
        (
            "lifecycle_rule",
            json!([{"id": "old", "enabled": true, "prefix": "x/", "expiration": [{"days": 90}], "transition": []}]),
        ),
        ("cors_rule", json!([{"allowed_methods": ["GET"], "allowed_origins": ["*"], "max_age_seconds": 60}])),
        (
            "policy",
            json!(policy(json!([{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]))),
        ),
        ("request_payer", json!("BucketOwner")),
        ("acceleration_status", json!("")),
        ("object_lock_enabled", json!(false)),
        (
            "public_access_block",
            json!([{"block_public_acls": true, "block_public_policy": true,
            "ignore_public_acls": true, "restrict_public_buckets": true}]),
        ),
    ]
}

fn with(path: &str, value: &Value, rules: Value) -> Vec<Resource> {
    let mut bucket = l("aws_s3_bucket", "b", json!({}));
    for (name, shown) in shown() {
        bucket.put_raw(name, Slot::Known(if name == path { value.clone() } else { shown }));
    }
    vec![bucket, l("aws_security_group", "sg-1", json!({"name": "web", "ingress": rules, "egress": []}))]
}

#[test]
fn the_two_forms_of_one_estate_have_byte_identical_drift() {
    let rules = json!([ssh("10.0.0.0/8", ""), ssh("10.9.0.0/16", "")]);
    let everyone = stateward_model::kinds::s3::bucket::ALL_USERS;
    let owner = json!({"id": "me", "type": "CanonicalUser", "uri": "", "permissions": ["FULL_CONTROL"], "owner": true});
    let changes: Vec<(&str, Value, Value)> = vec![
        ("bucket", json!("b"), rules.clone()),
        ("versioning", versioned(false), rules.clone()),
        (
            "server_side_encryption_configuration",
            json!([{"rule": [{"apply_server_side_encryption_by_default":
            [{"kms_master_key_id": "", "sse_algorithm": "AES256"}], "bucket_key_enabled": false}]}]),
            rules.clone(),
        ),
        ("logging", json!([]), rules.clone()),
        ("logging", json!([{"target_bucket": "other", "target_prefix": "a/"}]), rules.clone()),
        ("lifecycle_rule", json!([]), rules.clone()),
        (
            "lifecycle_rule",
            json!([{"id": "old", "enabled": false, "prefix": "x/", "expiration": [{"days": 30}], "transition": []}]),
            rules.clone(),
        ),
        ("cors_rule", json!([]), rules.clone()),
        ("policy", json!(""), rules.clone()),
        (
            "policy",
            json!(policy(json!([{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]))),
            rules.clone(),
        ),
        ("public_access_block", json!([]), rules.clone()),
        (
            "public_access_block",
            json!([{"block_public_acls": false, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}]),
            rules.clone(),
        ),
        ("bucket", json!("b"), json!([ssh("10.0.0.0/8", "")])),
        ("bucket", json!("b"), json!([ssh("10.0.0.0/8", ""), ssh("10.9.0.0/16", ""), ssh("0.0.0.0/0", "")])),
        ("bucket", json!("b"), json!([ssh("10.0.0.0/8", "words"), ssh("10.9.0.0/16", "")])),
    ];
    let [inline, split] = both_forms();
    let text = |state: &[Resource], live: &[Resource]| {
        serde_json::to_string_pretty(&drift::canonical(&compared(state, live))).unwrap()
    };
    for (number, (path, value, rules)) in changes.iter().enumerate() {
        let live = with(path, value, rules.clone());
        let (one, other) = (text(&inline, &live), text(&split, &live));
        assert_eq!(one, other, "{path} → {value} {rules}");
        assert_eq!(one == "[]", number == 0, "{path} → {value}: {one}");
    }
    // An ACL shows in two attributes at once.
    let mut live = with("acl", &json!("public-read"), rules.clone());
    let grants = json!([owner, {"id": "", "type": "Group", "uri": everyone, "permissions": ["READ"]}]);
    live[0].put_raw("grant", Slot::Known(grants));
    assert_eq!(text(&inline, &live), text(&split, &live));
    assert!(text(&inline, &live).contains("public-read"));
    // Without the bucket and the group, only they are missing.
    assert_eq!(text(&inline, &[]), text(&split, &[]));
    assert_eq!(drift::canonical(&compared(&split, &[])).len(), 2);
    // What was refused is unknown in both.
    let mut live = with("bucket", &json!("b"), rules);
    let gap = Gap::new("s3:GetBucketLogging", Cause::Denied, "no");
    live[0].put_raw("logging", Slot::Unread(gap));
    assert_eq!(text(&inline, &live), text(&split, &live));
    assert!(text(&inline, &live).contains("unknown"));
}

/// The instances of a kept state of the corpus, in the account and region of the tests.
fn kept(name: &str) -> Vec<Resource> {
    let path = format!("{}/tests/fixtures/states/{name}", env!("CARGO_MANIFEST_DIR"));
    let state = stateward_terraform::read_state(name, std::fs::File::open(path).unwrap()).unwrap();
    let here = |mut resource: Resource| {
        resource.address.place = place(resource.kind());
        resource
    };
    state.resources.into_iter().map(here).collect()
}

#[test]
fn the_two_forms_of_the_corpus_have_byte_identical_drift() {
    let (inline, split) = (kept("hand-made-inline.tfstate"), kept("hand-made-split.tfstate"));
    let text = |state: &[Resource], live: &[Resource]| {
        serde_json::to_string_pretty(&drift::canonical(&compared(state, live))).unwrap()
    };
    // Live is what the owners say, with what only one form of a bucket shows.
    let owners = |edit: &dyn Fn(&mut Resource)| -> Vec<Resource> {
        let mut all = inline.clone();
        for resource in &mut all {
            resource.declared = None;
            let owner = split.iter().find(|other| other.address == resource.address).unwrap();
            if let (Ok(grants), Ok(lock)) = (owner.raw("grant"), owner.raw("object_lock_enabled")) {
                let mut grants = grants.clone();
                grants[0]["owner"] = json!(true);
                resource
                    .put_raw("grant", Slot::Known(grants))
                    .put_raw("object_lock_enabled", Slot::Known(lock.clone()));
            }
            edit(resource);
        }
        all
    };
    let unchanged = owners(&|_| {});
    assert_eq!((text(&inline, &unchanged), text(&split, &unchanged)), ("[]".to_owned(), "[]".to_owned()));
    let lists: Vec<(String, String)> = inline
        .iter()
        .flat_map(|owner| owner.slots().map(|(path, _)| (owner.kind().to_owned(), path.to_owned())))
        .filter(|(_, path)| {
            !["id", "arn", "bucket", "name", "acl", "grant", "tags", "tags_all"].contains(&path.as_str())
        })
        .collect();
    let mut seen = 0;
    for (kind, path) in lists {
        let live = owners(&|owner| {
            let gone = matches!(owner.raw(&path), Ok(Value::Array(items)) if !items.is_empty());
            if owner.kind() == kind && gone && path != "versioning" {
                owner.put_raw(path.clone(), Slot::Known(json!([])));
            }
        });
        let (one, other) = (text(&inline, &live), text(&split, &live));
        assert_eq!(one, other, "{kind}.{path}");
        seen += usize::from(one != "[]");
    }
    assert!(seen >= 8, "{seen}");
}
