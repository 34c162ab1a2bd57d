//! Reads DynamoDB: a listing of names, and of each table what the run needs.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    ContinuousBackupsDescription, GlobalSecondaryIndexDescription, KeySchemaElement, KeyType,
    LocalSecondaryIndexDescription, PointInTimeRecoveryStatus, Projection, SseDescription, SseStatus,
    TableDescription, Tag, TimeToLiveDescription, TimeToLiveStatus,
};
use serde_json::{Value, json};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::dynamodb::table;
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp, wants_tags};
use crate::session::{Collector, Session, put_gap};

/// `ListTables` allows 100 names a page.
const PAGE: i32 = 100;

/// How DynamoDB says that a table does not exist; one that was listed has been deleted since.
const GONE: &[&str] = &["ResourceNotFoundException", "TableNotFoundException"];

static LIST_TABLES: Call = Call::new("dynamodb", "ListTables");
static DESCRIBE: Call = Call::new("dynamodb", "DescribeTable");
static TIME_TO_LIVE: Call = Call::new("dynamodb", "DescribeTimeToLive");
// Both may be called ten times a second.
static BACKUPS: Call = Call::new("dynamodb", "DescribeContinuousBackups").quota(8, 8).docs(
    "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeContinuousBackups.html",
);
static LIST_TAGS: Call = Call::new("dynamodb", "ListTagsOfResource")
    .quota(8, 8)
    .docs("https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTagsOfResource.html");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &table::KIND,
    calls: &[&LIST_TABLES, &DESCRIBE, &BACKUPS, &TIME_TO_LIVE, &LIST_TAGS],
    collect: |s| Box::pin(tables(s)),
}];

async fn tables(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &LIST_TABLES,
            |from| s.dynamodb().list_tables().limit(PAGE).set_exclusive_start_table_name(from).send(),
            |out| (out.table_names.unwrap_or_default(), out.last_evaluated_table_name),
        )
        .await;
    let resources = s.each(pages.items, |name| table_resource(s, name)).await;
    Harvest { resources: resources.into_iter().flatten().collect(), gaps: pages.gap.into_iter().collect() }
}

/// A table of the listing; none when it has been deleted since.
async fn table_resource(s: &Session, name: String) -> Option<Resource> {
    use table::{KIND, NAME};
    let arn = format!("arn:{}:dynamodb:{}:{}:table/{name}", s.partition(), s.region(), s.account());
    let mut r =
        Resource::new(s.place(), KIND.name, name.clone()).with_arn(arn.clone()).with_name(name.clone());
    r.set(&ARN, arn.clone()).set(&NAME, name.clone());
    if s.wants_call(&KIND, &DESCRIBE) {
        let read =
            s.call_or_none(&DESCRIBE, GONE, || s.dynamodb().describe_table().table_name(&name).send()).await;
        match inside(&DESCRIBE, read, |out| out.table) {
            Ok(found) => put_description(&mut r, &found?),
            Err(gap) => put_gap(&mut r, &KIND, &DESCRIBE, &gap),
        }
    }
    if s.wants_call(&KIND, &BACKUPS) {
        let read = s
            .call_or_none(&BACKUPS, GONE, || {
                s.dynamodb().describe_continuous_backups().table_name(&name).send()
            })
            .await;
        match inside(&BACKUPS, read, |out| out.continuous_backups_description) {
            Ok(found) => put_backups(&mut r, &found?),
            Err(gap) => put_gap(&mut r, &KIND, &BACKUPS, &gap),
        }
    }
    if s.wants_call(&KIND, &TIME_TO_LIVE) {
        let read = s
            .call_or_none(&TIME_TO_LIVE, GONE, || {
                s.dynamodb().describe_time_to_live().table_name(&name).send()
            })
            .await;
        match inside(&TIME_TO_LIVE, read, |out| out.time_to_live_description) {
            Ok(found) => r.set(&table::TTL, time_to_live(&found?)),
            Err(gap) => r.put(&table::TTL, Err(gap)),
        };
    }
    let all_tags = wants_tags(s, &KIND);
    let environment = s.wants(&KIND, &table::ENVIRONMENT_TAGS);
    if all_tags || (environment && !is_guarded(&r)) {
        let read = s
            .pages(
                &LIST_TAGS,
                |token| s.dynamodb().list_tags_of_resource().resource_arn(&arn).set_next_token(token).send(),
                |out| (out.tags.unwrap_or_default(), out.next_token),
            )
            .await;
        let read = read.complete().map(tags);
        if environment {
            r.put(&table::ENVIRONMENT_TAGS, read.clone());
        }
        if all_tags {
            put_tags(&mut r, read);
        }
    } else if environment {
        r.set_opt(&table::ENVIRONMENT_TAGS, None);
    }
    Some(r)
}

/// True where both protections are known to be on.
fn is_guarded(r: &Resource) -> bool {
    let kept = r.get(&table::DELETION_PROTECTION_ENABLED).ok().flatten().unwrap_or(false);
    let recovery = r.get(&table::POINT_IN_TIME_RECOVERY).ok().flatten().unwrap_or_default();
    kept && recovery.iter().any(|block| block.enabled)
}

/// The one thing that an answer is about; none when the table is gone.
fn inside<O, T>(
    call: &Call,
    read: Result<Option<O>, Gap>,
    part: impl FnOnce(O) -> Option<T>,
) -> Result<Option<T>, Gap> {
    let Some(out) = read? else { return Ok(None) };
    let nothing = || Gap::new(call.name(), Cause::Malformed, "an answer without what was asked for");
    part(out).ok_or_else(nothing).map(Some)
}

fn put_description(r: &mut Resource, t: &TableDescription) {
    use table::*;
    let capacity = t.provisioned_throughput.as_ref();
    let billing = t.billing_mode_summary.as_ref().and_then(|summary| summary.billing_mode.as_ref());
    let class = t.table_class_summary.as_ref().and_then(|summary| summary.table_class.as_ref());
    let stream = t.stream_specification.as_ref();
    let view = stream.and_then(|stream| stream.stream_view_type.as_ref());
    let indexes: Vec<Value> = t.global_secondary_indexes().iter().map(global_index).collect();
    let local_indexes: Vec<Value> = t.local_secondary_indexes().iter().map(local_index).collect();
    let copies = replicas(r.region(), t);
    r.set(&ATTRIBUTE, definitions(t))
        // A table that was never changed to the other mode has no summary.
        .set(&BILLING_MODE, billing.map_or("PROVISIONED", |mode| mode.as_str()).to_owned())
        .set_opt(&CONSISTENCY, t.multi_region_consistency.as_ref().map(|mode| mode.as_str().to_owned()))
        .set_opt(&CREATION_DATE, t.creation_date_time.as_ref().and_then(stamp))
        .set_opt(&DELETION_PROTECTION_ENABLED, t.deletion_protection_enabled)
        .set(&GLOBAL_SECONDARY_INDEX, Value::Array(indexes))
        .set_opt(&HASH_KEY, key(t.key_schema(), &KeyType::Hash))
        .set_opt(&ITEM_COUNT, t.item_count)
        .set(&LOCAL_SECONDARY_INDEX, Value::Array(local_indexes))
        .set_opt(&RANGE_KEY, key(t.key_schema(), &KeyType::Range))
        .set_opt(&READ_CAPACITY, capacity.and_then(|capacity| capacity.read_capacity_units))
        .set(&REPLICA, copies)
        .set(&SERVER_SIDE_ENCRYPTION, t.sse_description.as_ref().map(encryption).into_iter().collect())
        .set_opt(&SIZE_BYTES, t.table_size_bytes)
        .set_opt(&STATUS, t.table_status.as_ref().map(|status| status.as_str().to_owned()))
        .set(&STREAM_ENABLED, stream.is_some_and(|stream| stream.stream_enabled))
        .set_opt(&STREAM_VIEW_TYPE, view.map(|view| view.as_str().to_owned()))
        .set_opt(&TABLE_CLASS, class.map(|class| class.as_str().to_owned()))
        .set_opt(&WRITE_CAPACITY, capacity.and_then(|capacity| capacity.write_capacity_units));
}

fn definitions(t: &TableDescription) -> Vec<table::Definition> {
    let definition = |found: &aws_sdk_dynamodb::types::AttributeDefinition| table::Definition {
        name: found.attribute_name.clone(),
        of: found.attribute_type.as_str().to_owned(),
    };
    t.attribute_definitions().iter().map(definition).collect()
}

fn key(schema: &[KeySchemaElement], of: &KeyType) -> Option<String> {
    schema.iter().find(|element| element.key_type == *of).map(|element| element.attribute_name.clone())
}

fn global_index(index: &GlobalSecondaryIndexDescription) -> Value {
    let capacity = index.provisioned_throughput.as_ref();
    json!({
        "name": index.index_name,
        "hash_key": key(index.key_schema(), &KeyType::Hash),
        "range_key": key(index.key_schema(), &KeyType::Range),
        "read_capacity": capacity.and_then(|capacity| capacity.read_capacity_units),
        "write_capacity": capacity.and_then(|capacity| capacity.write_capacity_units),
        "projection_type": projection_type(index.projection.as_ref()),
        "non_key_attributes": index.projection.as_ref().map(Projection::non_key_attributes),
    })
}

fn local_index(index: &LocalSecondaryIndexDescription) -> Value {
    json!({
        "name": index.index_name,
        "range_key": key(index.key_schema(), &KeyType::Range),
        "projection_type": projection_type(index.projection.as_ref()),
        "non_key_attributes": index.projection.as_ref().map(Projection::non_key_attributes),
    })
}

fn projection_type(projection: Option<&Projection>) -> Option<&str> {
    projection?.projection_type.as_ref().map(|of| of.as_str())
}

/// While the key changes (`UPDATING`) the table stays encrypted.
fn encryption(found: &SseDescription) -> table::Encryption {
    let on = [SseStatus::Enabled, SseStatus::Enabling, SseStatus::Updating];
    table::Encryption {
        enabled: found.status.as_ref().is_some_and(|status| on.contains(status)),
        kms_key_arn: found.kms_master_key_arn.clone(),
    }
}

/// The copies; the table of `region` itself is none.
fn replicas(region: &str, t: &TableDescription) -> Vec<table::Replica> {
    t.replicas()
        .iter()
        .filter_map(|found| Some((found, found.region_name.clone()?)))
        .filter(|(_, name)| name != region)
        .map(|(found, name)| table::Replica {
            region_name: name,
            kms_key_arn: found.kms_master_key_id.clone(),
            status: found.replica_status.as_ref().map(|status| status.as_str().to_owned()),
        })
        .collect()
}

fn put_backups(r: &mut Resource, found: &ContinuousBackupsDescription) {
    use table::*;
    let recovery = found.point_in_time_recovery_description.as_ref();
    let enabled = recovery.is_some_and(|recovery| {
        recovery.point_in_time_recovery_status == Some(PointInTimeRecoveryStatus::Enabled)
    });
    let days = recovery.and_then(|recovery| recovery.recovery_period_in_days).map(i64::from);
    let earliest = recovery.and_then(|recovery| recovery.earliest_restorable_date_time.as_ref());
    let latest = recovery.and_then(|recovery| recovery.latest_restorable_date_time.as_ref());
    r.set(&POINT_IN_TIME_RECOVERY, vec![PointInTimeRecovery { enabled, recovery_period_in_days: days }])
        .set_opt(&EARLIEST_RESTORABLE, earliest.and_then(stamp))
        .set_opt(&LATEST_RESTORABLE, latest.and_then(stamp));
}

fn time_to_live(found: &TimeToLiveDescription) -> Value {
    let on = [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling];
    let enabled = found.time_to_live_status.as_ref().is_some_and(|status| on.contains(status));
    json!([{ "attribute_name": found.attribute_name, "enabled": enabled }])
}

fn tags(list: Vec<Tag>) -> BTreeMap<String, String> {
    list.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::{
        AttributeDefinition, ContinuousBackupsStatus, PointInTimeRecoveryDescription, ProjectionType,
        ReplicaDescription, ReplicaStatus, ScalarAttributeType,
    };
    use aws_smithy_types::DateTime;
    use stateward_model::{Place, Slot};

    use super::*;
    use crate::canned::{Account, wanting, wanting_all};

    fn resource() -> Resource {
        Resource::new(Place::new("1", "us-west-2"), table::KIND.name, "t")
    }

    fn element(name: &str, of: KeyType) -> KeySchemaElement {
        KeySchemaElement::builder().attribute_name(name).key_type(of).build().unwrap()
    }

    #[test]
    fn a_description_has_the_shape_of_the_schema() {
        let projection = Projection::builder()
            .projection_type(ProjectionType::Include)
            .non_key_attributes("colour")
            .build();
        let index = GlobalSecondaryIndexDescription::builder()
            .index_name("by-owner")
            .key_schema(element("owner", KeyType::Hash))
            .projection(projection)
            .build();
        let definition = AttributeDefinition::builder()
            .attribute_name("id")
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap();
        let copy = |region: &str| {
            ReplicaDescription::builder().region_name(region).replica_status(ReplicaStatus::Active).build()
        };
        let description = TableDescription::builder()
            .attribute_definitions(definition)
            .key_schema(element("id", KeyType::Hash))
            .key_schema(element("at", KeyType::Range))
            .global_secondary_indexes(index)
            .replicas(copy("us-west-2"))
            .replicas(copy("eu-west-1"))
            .build();
        let mut r = resource();
        put_description(&mut r, &description);
        assert_eq!(r.get(&table::BILLING_MODE), Ok(Some("PROVISIONED".into())));
        assert_eq!(r.get(&table::HASH_KEY), Ok(Some("id".into())));
        assert_eq!(r.get(&table::RANGE_KEY), Ok(Some("at".into())));
        assert_eq!(r.get(&table::STREAM_ENABLED), Ok(Some(false)));
        assert_eq!(r.get(&table::SERVER_SIDE_ENCRYPTION), Ok(Some(Vec::new())));
        let replicas = r.get(&table::REPLICA).unwrap().unwrap();
        assert_eq!(replicas.len(), 1);
        assert_eq!(replicas[0].region_name, "eu-west-1");
        let index = &r.get(&table::GLOBAL_SECONDARY_INDEX).unwrap().unwrap()[0];
        assert_eq!(index["hash_key"], "owner");
        assert_eq!(index["non_key_attributes"], json!(["colour"]));
        assert_eq!(index["range_key"], Value::Null);
    }

    #[test]
    fn a_table_whose_key_changes_is_encrypted() {
        let with = |status: SseStatus| encryption(&SseDescription::builder().status(status).build()).enabled;
        assert!(with(SseStatus::Enabled) && with(SseStatus::Updating));
        assert!(!with(SseStatus::Disabling) && !with(SseStatus::Disabled));
    }

    #[test]
    fn recovery_is_on_only_when_the_answer_says_so() {
        let backups = |recovery: Option<PointInTimeRecoveryDescription>| {
            let description = ContinuousBackupsDescription::builder()
                .continuous_backups_status(ContinuousBackupsStatus::Enabled)
                .set_point_in_time_recovery_description(recovery)
                .build()
                .unwrap();
            let mut r = resource();
            put_backups(&mut r, &description);
            r
        };
        let on = PointInTimeRecoveryDescription::builder()
            .point_in_time_recovery_status(PointInTimeRecoveryStatus::Enabled)
            .latest_restorable_date_time(DateTime::from_secs(1_700_000_000))
            .build();
        let on = backups(Some(on));
        assert!(on.get(&table::POINT_IN_TIME_RECOVERY).unwrap().unwrap()[0].enabled);
        assert_eq!(on.get(&table::LATEST_RESTORABLE), Ok(Some("2023-11-14T22:13:20Z".into())));
        let off = backups(None);
        assert!(!off.get(&table::POINT_IN_TIME_RECOVERY).unwrap().unwrap()[0].enabled);
        assert_eq!(off.get(&table::LATEST_RESTORABLE), Ok(None));
    }

    #[test]
    fn an_answer_without_its_content_is_a_gap_and_a_table_that_is_gone_is_none() {
        let gap = inside(&DESCRIBE, Ok(Some(())), |()| None::<u8>).unwrap_err();
        assert_eq!(gap.cause, Cause::Malformed);
        assert_eq!(inside(&DESCRIBE, Ok(None), |()| Some(1)), Ok(None));
    }

    #[tokio::test]
    async fn a_table_that_is_gone_is_none_and_a_refusal_leaves_the_attributes_of_its_call() {
        let account = Account::new(wanting_all(&table::KIND), |asked| {
            let refusal = |code: &str| (400, json!({ "__type": code }).to_string());
            match (asked.operation.as_str(), asked.body.contains("gone")) {
                ("ListTables", _) => (200, r#"{"TableNames":["gone","kept"]}"#.into()),
                (_, true) => refusal("ResourceNotFoundException"),
                ("DescribeTable", _) => (200, r#"{"Table":{"TableName":"kept"}}"#.into()),
                ("DescribeContinuousBackups", _) => refusal("AccessDeniedException"),
                ("DescribeTimeToLive", _) => (200, r#"{"TimeToLiveDescription":{}}"#.into()),
                _ => (200, r#"{"Tags":[{"Key":"a","Value":"b"}]}"#.into()),
            }
        });
        let harvest = tables(account.home()).await;
        assert_eq!(harvest.gaps, []);
        let [kept] = harvest.resources.as_slice() else { panic!("one table is gone") };
        let unread: Vec<&str> =
            kept.slots().filter(|(_, slot)| matches!(slot, Slot::Unread(_))).map(|(path, _)| path).collect();
        assert_eq!(
            unread,
            ["earliest_restorable_date_time", "latest_restorable_date_time", "point_in_time_recovery"]
        );
        assert!(table::KIND.attributes.iter().all(|attr| kept.has(attr.path)));
        assert_eq!(kept.tags()["a"], "b");
        assert_eq!(account.calls("ListTagsOfResource"), 1, "nothing more is asked of a table that is gone");
    }

    #[tokio::test]
    async fn what_nobody_wants_is_not_read() {
        let account =
            Account::new(wanting(&table::KIND, &[table::POINT_IN_TIME_RECOVERY.path()]), |asked| match asked
                .operation
                .as_str()
            {
                "ListTables" => (200, r#"{"TableNames":["t"]}"#.into()),
                _ => {
                    (200, r#"{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED"}}"#.into())
                }
            });
        let harvest = tables(account.home()).await;
        assert_eq!(account.calls("DescribeContinuousBackups"), 1);
        assert_eq!(account.calls("DescribeTable") + account.calls("ListTagsOfResource"), 0);
        assert!(harvest.resources[0].get(&table::BILLING_MODE).is_err());
    }

    #[tokio::test]
    async fn tags_are_read_only_where_the_environment_decides_something() {
        let paths = [
            table::DELETION_PROTECTION_ENABLED.path(),
            table::POINT_IN_TIME_RECOVERY.path(),
            table::ENVIRONMENT_TAGS.path(),
        ];
        let account = Account::new(wanting(&table::KIND, &paths), |asked| {
            let guarded = asked.body.contains("guarded");
            let answer = match asked.operation.as_str() {
                "ListTables" => json!({ "TableNames": ["guarded", "open"] }),
                "DescribeTable" => json!({ "Table": { "DeletionProtectionEnabled": guarded } }),
                "DescribeContinuousBackups" => json!({ "ContinuousBackupsDescription": {
                    "ContinuousBackupsStatus": "ENABLED",
                    "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": "ENABLED" } } }),
                _ => json!({ "Tags": [{ "Key": "env", "Value": "dev" }] }),
            };
            (200, answer.to_string())
        });
        let harvest = tables(account.home()).await;
        let [guarded, open] = harvest.resources.as_slice() else { panic!("two tables") };
        assert_eq!(account.calls("ListTagsOfResource"), 1);
        assert_eq!(guarded.get(&table::ENVIRONMENT_TAGS), Ok(None));
        assert_eq!(open.get(&table::ENVIRONMENT_TAGS).unwrap().unwrap()["env"], "dev");
    }
}
