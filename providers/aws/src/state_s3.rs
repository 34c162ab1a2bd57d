//! Terraform's S3 backend, read only: the object, its encryption, its lock and its digest.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use md5::{Digest, Md5};
use stateward_model::{Cause, Gap};

use crate::account::Aws;
use crate::call::Call;
use crate::session::Session;

static GET_BUCKET_LOCATION: Call = Call::new("s3", "GetBucketLocation").quota(50, 100);
static GET_OBJECT: Call = Call::new("s3", "GetObject").quota(50, 100);
static HEAD_OBJECT: Call = Call::new("s3", "HeadObject").action("s3:GetObject").quota(50, 100);
static LIST_TABLES: Call = Call::new("dynamodb", "ListTables");
static GET_ITEM: Call = Call::new("dynamodb", "GetItem");

/// Calls that reading a state from S3 makes.
pub(crate) static STATE_CALLS: &[&Call] =
    &[&GET_BUCKET_LOCATION, &GET_OBJECT, &HEAD_OBJECT, &LIST_TABLES, &GET_ITEM];

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
    /// Whether the digest in the lock table is that of the object; `None` where there is none.
    pub digest_matches: Option<bool>,
    /// What could not be read about lock and digest.
    pub gaps: Vec<Gap>,
}

/// Fetches the state `key` of `bucket` into an unnamed temporary file, and looks at its lock and digest.
///
/// # Errors
/// The gap that stands for the object itself. What could not be read about lock and digest is in
/// [`StateObject::gaps`].
pub async fn fetch_state(
    aws: &Aws,
    bucket: &str,
    key: &str,
    patience: Duration,
) -> Result<(File, StateObject), Gap> {
    let Some(home) = aws.reader(None) else {
        return Err(Gap::new(GET_OBJECT.name(), Cause::Expired, "no account could be entered"));
    };
    let location = home
        .call(&GET_BUCKET_LOCATION, || home.s3().get_bucket_location().bucket(bucket).send())
        .await?
        .location_constraint
        .map(|constraint| constraint.as_str().to_owned())
        .unwrap_or_default();
    // The two oldest regions are spelled so (API reference of GetBucketLocation).
    let region = match location.as_str() {
        "" => "us-east-1".to_owned(),
        "EU" => "eu-west-1".to_owned(),
        other => other.to_owned(),
    };
    let session = aws.reader(Some(&region)).unwrap_or(home);
    let mut object = StateObject { region, ..StateObject::default() };
    find_lock(&session, bucket, key, &mut object).await;
    let started = tokio::time::Instant::now();
    while object.locked && started.elapsed() < patience {
        tokio::time::sleep(Duration::from_millis(500)).await;
        find_lock(&session, bucket, key, &mut object).await;
    }
    let mut last = None;
    for _ in 0..3 {
        match download(&session, bucket, key, &mut object).await {
            Ok((file, md5)) => {
                if let Some((LockKind::Table, table)) = object.lock.clone() {
                    compare_digest(&session, &table, bucket, key, &md5, &mut object).await;
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
    object: &mut StateObject,
) -> Result<(File, String), Gap> {
    let answer =
        session.call(&GET_OBJECT, || session.s3().get_object().bucket(bucket).key(key).send()).await?;
    object.version = answer.version_id;
    object.encryption = answer.server_side_encryption.map(|kind| kind.as_str().to_owned());
    object.written_at = answer.last_modified.map(|time| time.secs());
    spool(answer.body, answer.content_length).await
}

/// Writes the body to a file that has no name, so that nothing of it stays behind, and takes its MD5 on the way.
async fn spool(mut body: ByteStream, length: Option<i64>) -> Result<(File, String), Gap> {
    let broken = |detail: &str| Gap::new(GET_OBJECT.name(), Cause::Malformed, detail);
    let disk = |error: std::io::Error| Gap::new("temporary file", Cause::Unreachable, error.to_string());
    let mut file = tempfile::tempfile().map_err(disk)?;
    let mut md5 = Md5::new();
    let mut read: i64 = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| broken("the body of the state broke off"))?;
        read += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
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
    let head = session
        .call_or_none(&HEAD_OBJECT, &["NotFound", "NoSuchKey", "404"], || {
            session.s3().head_object().bucket(bucket).key(&file).send()
        })
        .await;
    match head {
        Ok(Some(_)) => {
            object.lock = Some((LockKind::File, file));
            object.locked = true;
            return;
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
}

/// Lock tables are named for what they are; asking every table of an account for an item would be rude.
fn may_hold_locks(table: &str) -> bool {
    let name = table.to_lowercase();
    ["lock", "tfstate", "terraform", "tofu"].iter().any(|word| name.contains(word))
}

async fn table_lock(session: &Session, table: &str, bucket: &str, key: &str, object: &mut StateObject) {
    match item(session, table, &format!("{bucket}/{key}")).await {
        Ok(found) => object.locked = found.is_some(),
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
        Ok(found) => object.digest_matches = found.flatten().map(|stored| stored == md5),
        Err(gap) => object.gaps.push(gap),
    }
}

/// The id under which Terraform's S3 backend keeps the digest of a state.
fn digest_id(bucket: &str, key: &str) -> String {
    format!("{bucket}/{key}-md5")
}

/// The item of a lock id: `None` when there is none, else its digest if it has one.
async fn item(session: &Session, table: &str, id: &str) -> Result<Option<Option<String>>, Gap> {
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
    Ok(Some(item.get("Digest").and_then(|value| value.as_s().ok()).cloned()))
}
