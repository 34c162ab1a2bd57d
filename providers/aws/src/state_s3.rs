//! Terraform's S3 backend, read only: the object, its encryption, its lock and its digest.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::date_time::Format;
use md5::{Digest, Md5};
use stateward_model::{Cause, Gap, StateHistory};

use crate::account::Aws;
use crate::call::Call;
use crate::session::Session;
use crate::state_versions::{LIST_VERSIONS, history};

static GET_BUCKET_LOCATION: Call = Call::new("s3", "GetBucketLocation").quota(50, 100);
pub(crate) static GET_OBJECT: Call = Call::new("s3", "GetObject").quota(50, 100);
static LIST_OBJECTS: Call = Call::new("s3", "ListObjectsV2").action("s3:ListBucket").quota(25, 50);
static HEAD_OBJECT: Call = Call::new("s3", "HeadObject").action("s3:GetObject").quota(50, 100);
static LIST_TABLES: Call = Call::new("dynamodb", "ListTables");
static GET_ITEM: Call = Call::new("dynamodb", "GetItem");

/// Calls that reading a state from S3 makes.
pub(crate) static STATE_CALLS: &[&Call] = &[
    &GET_BUCKET_LOCATION,
    &GET_OBJECT,
    &LIST_OBJECTS,
    &LIST_VERSIONS,
    &HEAD_OBJECT,
    &LIST_TABLES,
    &GET_ITEM,
];

/// How a state in S3 is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockKind {
    /// An item in a DynamoDB table (`dynamodb_table`).
    Table,
    /// An object beside the state (`use_lockfile`).
    File,
}

/// What S3 and the lock table say of a state.
#[derive(Debug, Clone, Default)]
pub struct StateObject {
    /// The region that the bucket lives in.
    pub region: String,
    /// The version of the object, where the bucket is versioned.
    pub version: Option<String>,
    /// `AES256` or `aws:kms`, as the object's own header says.
    pub encryption: Option<String>,
    /// When the object was written, seconds since 1970.
    pub written_at: Option<i64>,
    /// How it is locked, and the table's name; `None` where no lock was found.
    pub lock: Option<(LockKind, String)>,
    /// True while somebody holds the lock: the state may be in the middle of a change.
    pub locked: bool,
    /// Since when, seconds since 1970, where the lock tells.
    pub locked_since: Option<i64>,
    /// Who holds it and what for, where the lock tells.
    pub lock_holder: Option<String>,
    /// Whether the digest in the lock table is that of the object; `None` where there is none.
    pub digest_matches: Option<bool>,
    /// What could not be read about lock and digest.
    pub gaps: Vec<Gap>,
    /// Its versions, where they were asked for.
    pub history: Option<StateHistory>,
}

/// A reader in the region of the bucket, and that region.
async fn reader_of(aws: &Aws, bucket: &str) -> Result<(Session, String), Gap> {
    let Some(home) = aws.reader(None) else {
        return Err(Gap::new(GET_OBJECT.name(), Cause::Expired, "no account could be entered"));
    };
    let location = home
        .call_or_none(&GET_BUCKET_LOCATION, &["NoSuchBucket"], || {
            home.s3().get_bucket_location().bucket(bucket).send()
        })
        .await?
        .ok_or_else(|| {
            Gap::new(GET_BUCKET_LOCATION.name(), Cause::Absent, format!("there is no bucket {bucket}"))
        })?
        .location_constraint
        .map(|constraint| constraint.as_str().to_owned())
        .unwrap_or_default();
    // The two oldest regions are spelled so (API reference of GetBucketLocation).
    let region = match location.as_str() {
        "" => "us-east-1".to_owned(),
        "EU" => "eu-west-1".to_owned(),
        other => other.to_owned(),
    };
    Ok((aws.reader(Some(&region)).unwrap_or(home), region))
}

/// Keys that a listing is followed to: what holds more is no folder of states.
const MOST_KEYS: usize = 100_000;

/// The keys of `bucket` that begin with `prefix`, sorted.
///
/// # Errors
/// The gap that stands for all of them: a part is not the whole.
pub async fn list_states(aws: &Aws, bucket: &str, prefix: &str) -> Result<Vec<String>, Gap> {
    let (session, _) = reader_of(aws, bucket).await?;
    keys_of(&session, bucket, prefix).await
}

async fn keys_of(session: &Session, bucket: &str, prefix: &str) -> Result<Vec<String>, Gap> {
    let (mut keys, mut token): (Vec<String>, Option<String>) = (Vec::new(), None);
    loop {
        let page = session
            .call(&LIST_OBJECTS, || {
                let request = session.s3().list_objects_v2().bucket(bucket).prefix(prefix);
                request.set_continuation_token(token.clone()).send()
            })
            .await?;
        keys.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
        if keys.len() > MOST_KEYS {
            let detail = format!("more than {MOST_KEYS} objects begin with {prefix}");
            return Err(Gap::new(LIST_OBJECTS.name(), Cause::Unsupported, detail));
        }
        let next = page.next_continuation_token.filter(|next| !next.is_empty());
        if next.is_none() {
            keys.sort();
            return Ok(keys);
        }
        if next == token {
            return Err(Gap::new(LIST_OBJECTS.name(), Cause::Malformed, "the same page token came twice"));
        }
        token = next;
    }
}

/// Fetches the state `key` of `bucket` into an unnamed temporary file, and looks at its lock and digest. An old `version`
/// has a digest of its own no more, and no history. `with_history` looks at the older versions too.
///
/// # Errors
/// The gap that stands for the object itself. What could not be read about lock and digest is in
/// [`StateObject::gaps`].
pub async fn fetch_state(
    aws: &Aws,
    bucket: &str,
    key: &str,
    version: Option<&str>,
    patience: Duration,
    with_history: bool,
) -> Result<(File, StateObject), Gap> {
    let (session, region) = reader_of(aws, bucket).await?;
    let mut object = StateObject { region, ..StateObject::default() };
    find_lock(&session, bucket, key, &mut object).await;
    let started = tokio::time::Instant::now();
    while object.locked && started.elapsed() < patience {
        tokio::time::sleep(Duration::from_millis(500)).await;
        object.gaps.clear();
        find_lock(&session, bucket, key, &mut object).await;
        // A lock that was seen and cannot be looked at any more is still a lock.
        object.locked |= !object.gaps.is_empty();
    }
    let mut last = None;
    for _ in 0..3 {
        match download(&session, bucket, key, version, &mut object).await {
            Ok((file, md5)) => {
                if let Some((LockKind::Table, table)) = object.lock.clone().filter(|_| version.is_none()) {
                    compare_digest(&session, &table, bucket, key, &md5, &mut object).await;
                }
                if with_history && version.is_none() {
                    object.history = Some(history(&session, bucket, key).await);
                }
                return Ok((file, object));
            }
            Err(gap) if gap.cause == Cause::Malformed => last = Some(gap),
            Err(gap) => return Err(gap),
        }
    }
    Err(last.unwrap_or_else(|| Gap::new(GET_OBJECT.name(), Cause::Malformed, "the object could not be read")))
}

async fn download(
    session: &Session,
    bucket: &str,
    key: &str,
    version: Option<&str>,
    object: &mut StateObject,
) -> Result<(File, String), Gap> {
    let absent =
        || Gap::new(GET_OBJECT.name(), Cause::Absent, format!("there is no object {key} in {bucket}"));
    let answer = session
        .call_or_none(&GET_OBJECT, &["NoSuchKey", "NoSuchBucket", "NoSuchVersion"], || {
            let request = session.s3().get_object().bucket(bucket).key(key);
            request.set_version_id(version.map(str::to_owned)).send()
        })
        .await?
        .ok_or_else(absent)?;
    object.version = answer.version_id;
    object.encryption = answer.server_side_encryption.map(|kind| kind.as_str().to_owned());
    object.written_at = answer.last_modified.map(|time| time.secs());
    spool(answer.body, answer.content_length).await
}

/// Bytes of a state that are fetched at most.
const MOST_BYTES: i64 = 2 << 30;

/// Writes the body to a file that has no name, so that nothing of it stays behind, and takes its MD5 on the way.
pub(crate) async fn spool(mut body: ByteStream, length: Option<i64>) -> Result<(File, String), Gap> {
    let broken = |detail: &str| Gap::new(GET_OBJECT.name(), Cause::Malformed, detail);
    let disk = |error: std::io::Error| Gap::new("temporary file", Cause::Unreachable, error.to_string());
    let too_large = || {
        let detail =
            format!("the state is larger than {} MiB; fetch it first and name the file", MOST_BYTES >> 20);
        Gap::new(GET_OBJECT.name(), Cause::Unsupported, detail)
    };
    if length.is_some_and(|length| length > MOST_BYTES) {
        return Err(too_large());
    }
    let mut file = tempfile::tempfile().map_err(disk)?;
    let mut md5 = Md5::new();
    let mut read: i64 = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| broken("the body of the state broke off"))?;
        read += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
        if read > MOST_BYTES {
            return Err(too_large());
        }
        md5.update(&chunk);
        file.write_all(&chunk).map_err(disk)?;
    }
    if length.is_some_and(|length| length != read) {
        return Err(broken("the body of the state is shorter than announced"));
    }
    file.seek(SeekFrom::Start(0)).map_err(disk)?;
    let digest: String = md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((file, digest))
}

/// Looks for a lock file beside the state, and for a lock table that knows it.
async fn find_lock(session: &Session, bucket: &str, key: &str, object: &mut StateObject) {
    object.locked = false;
    let file = format!("{key}.tflock");
    // In a bucket that keeps versions, the lock file of a run that has ended leaves a delete marker.
    let marker = AtomicBool::new(false);
    let head = session
        .call_or_none(&HEAD_OBJECT, &["NotFound", "NoSuchKey", "404"], || async {
            let answer = session.s3().head_object().bucket(bucket).key(&file).send().await;
            if answer.as_ref().err().is_some_and(is_delete_marker) {
                marker.store(true, Ordering::Relaxed);
            }
            answer
        })
        .await;
    match head {
        Ok(Some(head)) => {
            object.lock = Some((LockKind::File, file.clone()));
            object.locked = true;
            object.locked_since = head.last_modified.map(|time| time.secs());
            return file_holder(session, bucket, &file, object).await;
        }
        Ok(None) => {}
        Err(gap) => object.gaps.push(gap),
    }
    if let Some((LockKind::Table, table)) = object.lock.clone() {
        return table_lock(session, &table, bucket, key, object).await;
    }
    let tables = session
        .pages(
            &LIST_TABLES,
            |token| session.dynamodb().list_tables().set_exclusive_start_table_name(token).send(),
            |answer| (answer.table_names.unwrap_or_default(), answer.last_evaluated_table_name),
        )
        .await;
    object.gaps.extend(tables.gap);
    for table in tables.items.into_iter().filter(|name| may_hold_locks(name)) {
        match item(session, &table, &digest_id(bucket, key)).await {
            Ok(Some(_)) => {
                object.lock = Some((LockKind::Table, table.clone()));
                return table_lock(session, &table, bucket, key, object).await;
            }
            Ok(None) => {}
            Err(gap) => object.gaps.push(gap),
        }
    }
    if marker.into_inner() {
        object.lock = Some((LockKind::File, file));
    }
}

/// S3 says with a header that an object is not there because its newest version is a delete marker.
fn is_delete_marker<E>(error: &SdkError<E, HttpResponse>) -> bool {
    let header = error.raw_response().and_then(|answer| answer.headers().get("x-amz-delete-marker"));
    header == Some("true")
}

/// Who holds a lock file: its content tells, if it can be read in time.
async fn file_holder(session: &Session, bucket: &str, file: &str, object: &mut StateObject) {
    let read = session
        .call_or_none(&GET_OBJECT, &["NoSuchKey"], || {
            session.s3().get_object().bucket(bucket).key(file).send()
        })
        .await;
    let body = match read {
        Ok(Some(answer)) => answer.body.collect().await.map(|body| body.into_bytes()).unwrap_or_default(),
        Ok(None) => return object.locked = false,
        Err(gap) => return object.gaps.push(gap),
    };
    object.lock_holder = Info::of(&body).and_then(|info| info.holder());
}

/// What Terraform writes into a lock (its type `statemgr.LockInfo`).
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Info {
    operation: String,
    who: String,
    created: String,
}

impl Info {
    fn of(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// `ada@laptop (OperationTypeApply)`.
    fn holder(&self) -> Option<String> {
        match (self.who.as_str(), self.operation.as_str()) {
            ("", _) => None,
            (who, "") => Some(who.to_owned()),
            (who, operation) => Some(format!("{who} ({operation})")),
        }
    }

    fn since(&self) -> Option<i64> {
        let time = aws_smithy_types::DateTime::from_str(&self.created, Format::DateTimeWithOffset).ok()?;
        Some(time.secs())
    }
}

/// What names of lock tables hold.
pub(crate) const LOCK_WORDS: [&str; 4] = ["lock", "tfstate", "terraform", "tofu"];

/// Lock tables are named for what they are; asking every table of an account for an item would be rude.
fn may_hold_locks(table: &str) -> bool {
    let name = table.to_lowercase();
    LOCK_WORDS.iter().any(|word| name.contains(word))
}

async fn table_lock(session: &Session, table: &str, bucket: &str, key: &str, object: &mut StateObject) {
    match item(session, table, &format!("{bucket}/{key}")).await {
        Ok(found) => {
            object.locked = found.is_some();
            let info = found.and_then(|item| Info::of(item.info?.as_bytes()));
            object.locked_since = info.as_ref().and_then(Info::since);
            object.lock_holder = info.as_ref().and_then(Info::holder);
        }
        Err(gap) => object.gaps.push(gap),
    }
}

async fn compare_digest(
    session: &Session,
    table: &str,
    bucket: &str,
    key: &str,
    md5: &str,
    object: &mut StateObject,
) {
    match item(session, table, &digest_id(bucket, key)).await {
        Ok(found) => {
            object.digest_matches = found.and_then(|item| item.digest).map(|stored| stored == md5);
        }
        Err(gap) => object.gaps.push(gap),
    }
}

/// The id under which Terraform's S3 backend keeps the digest of a state.
fn digest_id(bucket: &str, key: &str) -> String {
    format!("{bucket}/{key}-md5")
}

/// An item of a lock table.
#[derive(Debug, Default)]
struct Item {
    digest: Option<String>,
    info: Option<String>,
}

/// The item of a lock id; `None` when there is none.
async fn item(session: &Session, table: &str, id: &str) -> Result<Option<Item>, Gap> {
    let absent = &["ResourceNotFoundException", "ValidationException"];
    let answer = session
        .call_or_none(&GET_ITEM, absent, || {
            session
                .dynamodb()
                .get_item()
                .table_name(table)
                .key("LockID", AttributeValue::S(id.to_owned()))
                .consistent_read(true)
                .send()
        })
        .await?;
    let Some(item) = answer.and_then(|answer| answer.item) else { return Ok(None) };
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Ok(Some(Item { digest: text("Digest"), info: text("Info") }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Account;
    use aws_smithy_runtime_api::http::StatusCode;
    use serde_json::json;
    use stateward_model::Wanted;

    const INFO: &str = r#"{"ID":"f1","Operation":"OperationTypeApply","Info":"","Who":"ada@laptop","Version":"1.11.4","Created":"2026-01-02T03:04:05.678901234Z","Path":"b/k"}"#;

    #[test]
    fn a_lock_file_that_was_there_leaves_its_mark() {
        let answer = |marker: Option<&'static str>| {
            let mut answer = HttpResponse::new(StatusCode::try_from(404).unwrap(), "".into());
            if let Some(marker) = marker {
                answer.headers_mut().insert("x-amz-delete-marker", marker);
            }
            SdkError::service_error((), answer)
        };
        assert!(is_delete_marker(&answer(Some("true"))));
        assert!(!is_delete_marker(&answer(None)) && !is_delete_marker(&answer(Some("false"))));
    }

    #[tokio::test]
    async fn a_lock_tells_its_holder_and_since_when() {
        let account = Account::new(Wanted::default(), |asked| {
            assert_eq!(asked.operation, "GetItem");
            let item = if asked.body.contains("b/held") {
                json!({ "Item": { "LockID": { "S": "b/held" }, "Info": { "S": INFO } } })
            } else {
                json!({})
            };
            (200, item.to_string())
        });
        let mut object = StateObject::default();
        table_lock(account.home(), "locks", "b", "held", &mut object).await;
        assert!(object.locked);
        assert_eq!(object.locked_since, Some(1_767_323_045));
        assert_eq!(object.lock_holder.as_deref(), Some("ada@laptop (OperationTypeApply)"));
        table_lock(account.home(), "locks", "b", "free", &mut object).await;
        assert!(!object.locked && object.locked_since.is_none() && object.lock_holder.is_none());
        assert!(object.gaps.is_empty(), "{:?}", object.gaps);
    }

    #[tokio::test]
    async fn a_listing_goes_through_its_pages_and_is_whole_or_a_gap() {
        let page = |keys: &[&str], next: &str| {
            let contents: String = keys
                .iter()
                .map(|key| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>"))
                .collect();
            let next = if next.is_empty() {
                String::new()
            } else {
                format!("<NextContinuationToken>{next}</NextContinuationToken>")
            };
            format!(
                "<ListBucketResult><IsTruncated>{}</IsTruncated>{next}{contents}</ListBucketResult>",
                !next.is_empty()
            )
        };
        let account = Account::new(Wanted::default(), move |asked| {
            let second = asked.target.contains("continuation-token=two");
            if asked.target.contains("prefix=loop") {
                return (200, page(&["x"], "two"));
            }
            (200, if second { page(&["env:/dev/a"], "") } else { page(&["z", "b"], "two") })
        });
        let keys = keys_of(account.home(), "bucket", "env:/").await.unwrap();
        assert_eq!(keys, ["b", "env:/dev/a", "z"]);
        let gap = keys_of(account.home(), "bucket", "loop").await.unwrap_err();
        assert_eq!((gap.call.as_ref(), gap.cause), ("s3:ListObjectsV2", Cause::Malformed));
    }

    #[test]
    fn a_lock_of_another_tool_tells_nothing() {
        assert!(Info::of(b"locked").is_none());
        assert_eq!(Info::of(b"{}").and_then(|info| info.holder()), None);
    }
}
