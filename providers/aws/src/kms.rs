//! Reads KMS: one listing of keys and one of aliases per region serve both kinds.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_kms::types::{
    AliasListEntry, KeyListEntry, KeyManagerType, KeyMetadata, KeySpec, KeyState, MultiRegionKeyType,
    OriginType, Tag,
};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::kms::{alias, key};
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp};
use crate::session::{Collector, Pages, Session, put_gap};

/// The most that each of the listings gives on a page.
const KEYS_A_PAGE: i32 = 1000;
const ALIASES_A_PAGE: i32 = 100;
const TAGS_A_PAGE: i32 = 50;

/// The least of these quotas is 500 a second.
const QUOTAS: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html";

static LIST_KEYS: Call = Call::new("kms", "ListKeys").docs(QUOTAS);
static LIST_ALIASES: Call = Call::new("kms", "ListAliases").docs(QUOTAS);
static DESCRIBE: Call = Call::new("kms", "DescribeKey").quota(50, 100).docs(QUOTAS);
static ROTATION: Call = Call::new("kms", "GetKeyRotationStatus").quota(50, 100).docs(QUOTAS);
static KEY_POLICY: Call = Call::new("kms", "GetKeyPolicy").quota(50, 100).docs(QUOTAS);
static LIST_TAGS: Call = Call::new("kms", "ListResourceTags").quota(50, 100).docs(QUOTAS);

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &key::KIND,
        calls: &[&LIST_KEYS, &LIST_ALIASES, &DESCRIBE, &ROTATION, &KEY_POLICY, &LIST_TAGS],
        collect: |s| Box::pin(keys(s)),
    },
    Collector { kind: &alias::KIND, calls: &[&LIST_ALIASES], collect: |s| Box::pin(key_aliases(s)) },
];

async fn aliases(s: &Session) -> Arc<Pages<AliasListEntry>> {
    s.once(
        "kms:ListAliases",
        s.pages(
            &LIST_ALIASES,
            |marker| s.kms().list_aliases().limit(ALIASES_A_PAGE).set_marker(marker).send(),
            |out| (out.aliases.unwrap_or_default(), out.next_marker.filter(|_| out.truncated)),
        ),
    )
    .await
}

/// The names of aliases by the id of their key, sorted. Those that AWS keeps ready for its services have no key yet.
fn by_key(aliases: &[AliasListEntry]) -> BTreeMap<&str, Vec<String>> {
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for entry in aliases {
        if let (Some(key), Some(name)) = (&entry.target_key_id, &entry.alias_name) {
            names.entry(key).or_default().push(name.clone());
        }
    }
    names.values_mut().for_each(|names| names.sort());
    names
}

fn short(alias: &str) -> &str {
    alias.strip_prefix("alias/").unwrap_or(alias)
}

async fn keys(s: &Session) -> Harvest {
    let aliases = aliases(s).await;
    let names = by_key(&aliases.items);
    let pages = s
        .pages(
            &LIST_KEYS,
            |marker| s.kms().list_keys().limit(KEYS_A_PAGE).set_marker(marker).send(),
            |out| (out.keys.unwrap_or_default(), out.next_marker.filter(|_| out.truncated)),
        )
        .await;
    let resources = s
        .each(pages.items, |entry| {
            let own = entry.key_id.as_deref().and_then(|id| names.get(id)).cloned().unwrap_or_default();
            key_resource(s, entry, own, aliases.gap.as_ref())
        })
        .await;
    Harvest { resources: resources.into_iter().flatten().collect(), gaps: pages.gap.into_iter().collect() }
}

/// A key of the listing; none when it has been deleted since.
async fn key_resource(
    s: &Session,
    entry: KeyListEntry,
    names: Vec<String>,
    unlisted: Option<&Gap>,
) -> Option<Resource> {
    use key::KIND;
    let id = entry.key_id.clone().unwrap_or_default();
    let mut r = listed(s, entry, names, unlisted);
    if r.has(key::KEY_MANAGER.path()) {
        return Some(r);
    }
    let mut metadata = None;
    // Where the aliases could not be read, only the metadata tells whose key it is.
    if s.wants_call(&KIND, &DESCRIBE) || unlisted.is_some() {
        match describe(s, &id).await {
            Ok(found) => {
                let found = metadata.insert(found?);
                put_metadata(&mut r, found);
                if found.key_manager == Some(KeyManagerType::Aws) {
                    return Some(r);
                }
            }
            Err(gap) => put_gap(&mut r, &KIND, &DESCRIBE, &gap),
        }
    }
    if s.wants_call(&KIND, &ROTATION) {
        put_rotation(s, metadata.as_ref(), &mut r).await;
    }
    if s.wants_call(&KIND, &KEY_POLICY) {
        let read =
            s.call(&KEY_POLICY, || s.kms().get_key_policy().key_id(&id).policy_name("default").send()).await;
        r.put_opt(&key::POLICY, read.map(|out| out.policy));
    }
    if s.wants_call(&KIND, &LIST_TAGS) {
        let read = s
            .pages(
                &LIST_TAGS,
                |marker| {
                    s.kms().list_resource_tags().key_id(&id).limit(TAGS_A_PAGE).set_marker(marker).send()
                },
                |out| (out.tags.unwrap_or_default(), out.next_marker.filter(|_| out.truncated)),
            )
            .await;
        put_tags(&mut r, read.complete().map(tags));
    }
    Some(r)
}

async fn describe(s: &Session, id: &str) -> Result<Option<KeyMetadata>, Gap> {
    let read = s
        .call_or_none(&DESCRIBE, &["NotFoundException"], || s.kms().describe_key().key_id(id).send())
        .await?;
    let Some(out) = read else { return Ok(None) };
    let nothing = || Gap::new(DESCRIBE.name(), Cause::Malformed, "an answer without the key's metadata");
    out.key_metadata.ok_or_else(nothing).map(Some)
}

/// What the two listings tell of a key. A key with an alias that begins with `alias/aws/` is one that AWS manages: no
/// one else can make such a name (API reference of `CreateAlias`). It needs no call of its own.
fn listed(s: &Session, entry: KeyListEntry, names: Vec<String>, unlisted: Option<&Gap>) -> Resource {
    use key::*;
    let id = entry.key_id.unwrap_or_default();
    let name = names.first().map(|name| short(name).to_owned()).unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, id.clone()).with_name(name);
    r.arn = entry.key_arn.clone();
    if names.iter().any(|name| name.starts_with("alias/aws/")) {
        put_managed(&mut r);
    }
    r.set_opt(&ARN, entry.key_arn)
        .set(&KEY_ID, id)
        .put(&ALIASES, unlisted.map_or(Ok(names), |gap| Err(gap.clone())));
    r
}

/// What holds for every key that AWS manages: it is permanently enabled ("Enable and disable keys" in the KMS developer
/// guide), and the status of its rotation is always true (API reference of `GetKeyRotationStatus`).
fn put_managed(r: &mut Resource) {
    use key::*;
    r.set(&KEY_MANAGER, KeyManagerType::Aws.as_str().to_owned())
        .set(&KEY_STATE, KeyState::Enabled.as_str().to_owned())
        .set(&IS_ENABLED, true)
        .set(&ENABLED, true)
        .set(&ENABLE_KEY_ROTATION, true);
}

fn put_metadata(r: &mut Resource, m: &KeyMetadata) {
    use key::*;
    let spec = m.key_spec.as_ref().map(KeySpec::as_str);
    r.set_opt(&CREATION_DATE, m.creation_date.as_ref().and_then(stamp))
        .set_opt(&DELETION_DATE, m.deletion_date.as_ref().and_then(stamp))
        .set_opt(&DESCRIPTION, m.description.clone())
        .set(&ENABLED, m.enabled)
        .set(&IS_ENABLED, m.enabled)
        .set_opt(&KEY_MANAGER, m.key_manager.as_ref().map(|manager| manager.as_str().to_owned()))
        .set(&KEY_REGIONS, regions(m))
        .set_opt(&KEY_SPEC, spec.map(str::to_owned))
        .set_opt(&KEY_STATE, m.key_state.as_ref().map(|state| state.as_str().to_owned()))
        .set_opt(&KEY_USAGE, m.key_usage.as_ref().map(|usage| usage.as_str().to_owned()))
        .set_opt(&MULTI_REGION, m.multi_region)
        .set_opt(&ORIGIN, m.origin.as_ref().map(|origin| origin.as_str().to_owned()))
        .set_opt(&PRIMARY_KEY_ARN, primary(m))
        .set_opt(&VALID_TO, m.valid_to.as_ref().and_then(stamp));
    if m.key_manager == Some(KeyManagerType::Aws) {
        put_managed(r);
    }
}

fn regions(m: &KeyMetadata) -> Vec<String> {
    let Some(family) = &m.multi_region_configuration else { return Vec::new() };
    let members = family.primary_key.iter().chain(family.replica_keys());
    let mut regions: Vec<String> = members.filter_map(|member| member.region.clone()).collect();
    regions.sort();
    regions
}

fn primary(m: &KeyMetadata) -> Option<String> {
    let family = m.multi_region_configuration.as_ref()?;
    let is_replica = family.multi_region_key_type == Some(MultiRegionKeyType::Replica);
    family.primary_key.as_ref().filter(|_| is_replica)?.arn.clone()
}

/// Whether the material may be renewed by itself. Of asymmetric and HMAC keys, of imported material, of keys in a custom
/// store and of those pending deletion the status is false (API reference of `GetKeyRotationStatus`).
fn can_rotate(m: &KeyMetadata) -> bool {
    m.key_spec == Some(KeySpec::SymmetricDefault)
        && m.origin == Some(OriginType::AwsKms)
        && m.key_state != Some(KeyState::PendingDeletion)
}

async fn put_rotation(s: &Session, metadata: Option<&KeyMetadata>, r: &mut Resource) {
    use key::*;
    if metadata.is_some_and(|metadata| !can_rotate(metadata)) {
        r.set(&ENABLE_KEY_ROTATION, false).set_opt(&ROTATION_PERIOD, None);
        return;
    }
    let read = s.call(&ROTATION, || s.kms().get_key_rotation_status().key_id(r.id()).send()).await;
    match read {
        Ok(out) => {
            let period = out.rotation_period_in_days.filter(|_| out.key_rotation_enabled);
            r.set(&ENABLE_KEY_ROTATION, out.key_rotation_enabled)
                .set_opt(&ROTATION_PERIOD, period.map(i64::from));
        }
        Err(gap) => put_gap(r, &KIND, &ROTATION, &gap),
    }
}

fn tags(list: Vec<Tag>) -> BTreeMap<String, String> {
    list.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect()
}

async fn key_aliases(s: &Session) -> Harvest {
    let all = aliases(s).await;
    let resources = all.items.iter().map(|entry| alias_resource(s, entry)).collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn alias_resource(s: &Session, entry: &AliasListEntry) -> Resource {
    use alias::*;
    let name = entry.alias_name.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, name.clone()).with_name(short(&name));
    let key_arn = |id: &String| format!("arn:{}:kms:{}:{}:key/{id}", s.partition(), s.region(), s.account());
    r.arn = entry.alias_arn.clone();
    r.set_opt(&ARN, entry.alias_arn.clone())
        .set(&NAME, name)
        .set_opt(&TARGET_KEY_ARN, entry.target_key_id.as_ref().map(key_arn))
        .set_opt(&TARGET_KEY_ID, entry.target_key_id.clone());
    r
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::types::{MultiRegionConfiguration, MultiRegionKey};
    use serde_json::json;

    use super::*;
    use crate::canned::{Account, Asked, wanting, wanting_all};

    fn metadata(spec: KeySpec, origin: OriginType, state: KeyState) -> KeyMetadata {
        KeyMetadata::builder().key_id("k").key_spec(spec).origin(origin).key_state(state).build().unwrap()
    }

    #[test]
    fn only_symmetric_keys_with_material_of_kms_can_rotate() {
        let (own, symmetric) = (OriginType::AwsKms, KeySpec::SymmetricDefault);
        assert!(can_rotate(&metadata(symmetric.clone(), own.clone(), KeyState::Enabled)));
        assert!(can_rotate(&metadata(symmetric.clone(), own.clone(), KeyState::Disabled)));
        assert!(!can_rotate(&metadata(symmetric.clone(), own.clone(), KeyState::PendingDeletion)));
        assert!(!can_rotate(&metadata(symmetric, OriginType::External, KeyState::Enabled)));
        assert!(!can_rotate(&metadata(KeySpec::Rsa2048, own.clone(), KeyState::Enabled)));
        assert!(!can_rotate(&metadata(KeySpec::Hmac256, own, KeyState::Enabled)));
    }

    #[test]
    fn aliases_are_found_by_their_key_and_those_without_one_are_left_out() {
        let entry = |name: &str, key: Option<&str>| {
            AliasListEntry::builder().alias_name(name).set_target_key_id(key.map(str::to_owned)).build()
        };
        let all = [entry("alias/b", Some("k")), entry("alias/a", Some("k")), entry("alias/aws/ebs", None)];
        let names = by_key(&all);
        assert_eq!(names.len(), 1);
        assert_eq!(names["k"], ["alias/a", "alias/b"]);
    }

    #[test]
    fn a_copy_names_its_primary_and_both_name_their_regions() {
        let member =
            |region: &str| MultiRegionKey::builder().arn(format!("arn:{region}")).region(region).build();
        let of_type = |of: MultiRegionKeyType| {
            let family = MultiRegionConfiguration::builder()
                .multi_region_key_type(of)
                .primary_key(member("us-west-2"))
                .replica_keys(member("eu-west-1"))
                .build();
            KeyMetadata::builder().key_id("mrk-1").multi_region_configuration(family).build().unwrap()
        };
        let (first, copy) = (of_type(MultiRegionKeyType::Primary), of_type(MultiRegionKeyType::Replica));
        assert_eq!((primary(&first), primary(&copy)), (None, Some("arn:us-west-2".into())));
        assert_eq!(regions(&copy), ["eu-west-1", "us-west-2"]);
        let single = metadata(KeySpec::SymmetricDefault, OriginType::AwsKms, KeyState::Enabled);
        assert_eq!((regions(&single), primary(&single)), (Vec::new(), None));
    }

    const MANAGED: &str = "managed";
    const OWN: &str = "own";
    const ASYMMETRIC: &str = "asymmetric";

    /// A region with a key of AWS, one of the account, and one that cannot rotate.
    fn answer(asked: &Asked) -> (u16, String) {
        let about = |id: &str| asked.body.contains(&format!("\"{id}\""));
        let spec = if about(ASYMMETRIC) { "RSA_2048" } else { "SYMMETRIC_DEFAULT" };
        let manager = if about(MANAGED) { "AWS" } else { "CUSTOMER" };
        let body = match asked.operation.as_str() {
            "ListKeys" => {
                json!({ "Keys": [{ "KeyId": MANAGED }, { "KeyId": OWN }, { "KeyId": ASYMMETRIC }] })
            }
            "ListAliases" => json!({ "Aliases": [
                { "AliasName": "alias/aws/rds", "TargetKeyId": MANAGED },
                { "AliasName": "alias/app", "TargetKeyId": OWN },
            ] }),
            "DescribeKey" => json!({ "KeyMetadata": { "KeyId": "k", "KeyManager": manager, "KeySpec": spec,
                "Origin": "AWS_KMS", "KeyState": "Enabled", "Enabled": true } }),
            "GetKeyRotationStatus" => json!({ "KeyRotationEnabled": true, "RotationPeriodInDays": 365 }),
            "GetKeyPolicy" => json!({ "Policy": "{}" }),
            _ => json!({ "Tags": [] }),
        };
        (200, body.to_string())
    }

    #[tokio::test]
    async fn no_call_is_spent_on_keys_of_aws_nor_on_a_rotation_that_cannot_be() {
        let account = Account::new(wanting_all(&key::KIND), answer);
        let harvest = keys(account.home()).await;
        assert_eq!(harvest.gaps, []);
        let [managed, own, asymmetric] = harvest.resources.as_slice() else { panic!("three keys") };
        assert_eq!(managed.get(&key::KEY_MANAGER), Ok(Some("AWS".into())));
        assert!((key::KIND.exclusion)(managed).is_some() && (key::KIND.exclusion)(own).is_none());
        assert_eq!(own.name.as_deref(), Some("app"));
        assert_eq!(own.get(&key::ENABLE_KEY_ROTATION), Ok(Some(true)));
        assert_eq!(asymmetric.get(&key::ENABLE_KEY_ROTATION), Ok(Some(false)));
        let counts = ["DescribeKey", "GetKeyRotationStatus", "GetKeyPolicy", "ListResourceTags"]
            .map(|operation| account.calls(operation));
        assert_eq!(counts, [2, 1, 2, 2]);
    }

    #[tokio::test]
    async fn without_the_aliases_the_metadata_tells_whose_a_key_is() {
        let account = Account::new(wanting(&key::KIND, &[]), |asked| match asked.operation.as_str() {
            "ListAliases" => (400, r#"{"__type":"AccessDeniedException"}"#.into()),
            _ => answer(asked),
        });
        let harvest = keys(account.home()).await;
        assert_eq!(harvest.gaps, [], "the keys themselves were listed");
        let excluded = |r: &Resource| (key::KIND.exclusion)(r).is_some();
        assert_eq!(harvest.resources.iter().map(excluded).collect::<Vec<_>>(), [true, false, false]);
        assert!(harvest.resources.iter().all(|r| r.get(&key::ALIASES).is_err()));
        assert_eq!(key_aliases(account.home()).await.gaps.len(), 1);
    }

    #[tokio::test]
    async fn a_key_that_is_gone_is_none_and_a_refusal_stays_on_its_key() {
        let account = Account::new(wanting_all(&key::KIND), |asked| {
            match (asked.operation.as_str(), asked.body.contains("\"own\"")) {
                ("DescribeKey", true) => (400, r#"{"__type":"AccessDeniedException"}"#.into()),
                ("DescribeKey", false) => (400, r#"{"__type":"NotFoundException"}"#.into()),
                _ => answer(asked),
            }
        });
        let harvest = keys(account.home()).await;
        let [_, own] = harvest.resources.as_slice() else { panic!("one key is gone") };
        assert_eq!(own.get(&key::KEY_STATE).unwrap_err().cause, Cause::Denied);
        assert_eq!(own.get(&key::ENABLE_KEY_ROTATION), Ok(Some(true)), "the status itself was read");
        assert!(own.get(&key::POLICY).is_ok());
    }
}
