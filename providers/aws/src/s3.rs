//! Reads S3 and the account settings of S3 Control: one listing per account gives the buckets of every region.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::operation::get_bucket_acl::GetBucketAclOutput;
use aws_sdk_s3::operation::get_bucket_versioning::GetBucketVersioningOutput;
use aws_sdk_s3::operation::get_bucket_website::GetBucketWebsiteOutput;
use aws_sdk_s3::types::{
    Bucket, BucketVersioningStatus, CorsRule, DefaultRetention, Destination, ExpirationStatus, LifecycleRule,
    LoggingEnabled, MfaDeleteStatus, NoncurrentVersionTransition, ObjectLockConfiguration, ObjectLockRule,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, ReplicationConfiguration,
    ReplicationRule, ReplicationTimeValue, RoutingRule, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, SourceSelectionCriteria,
    SseKmsEncryptedObjectsStatus, Tag, Transition,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::future::join_all;
use serde_json::{Value, json};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::s3::{account_public_access_block, bucket};
use stateward_model::{Gap, Harvest, Resource, Slot};

use crate::call::Call;
use crate::rds::{put_tags, stamp};
use crate::session::{Collector, Session, put_gap};

/// `ListBuckets` allows 10,000 buckets a page. Only a listing that asks for pages tells the regions of its buckets.
const PAGE: i32 = 10_000;

/// How S3 says that a bucket does not exist; one that was listed has been deleted since.
const GONE: &str = "NoSuchBucket";

static LIST: Call = Call::new("s3", "ListBuckets").action("s3:ListAllMyBuckets");
static LOCATION: Call = Call::new("s3", "GetBucketLocation");
static VERSIONING: Call = Call::new("s3", "GetBucketVersioning");
static ENCRYPTION: Call = Call::new("s3", "GetBucketEncryption").action("s3:GetEncryptionConfiguration");
static LOGGING: Call = Call::new("s3", "GetBucketLogging");
static LIFECYCLE: Call =
    Call::new("s3", "GetBucketLifecycleConfiguration").action("s3:GetLifecycleConfiguration");
static REPLICATION: Call = Call::new("s3", "GetBucketReplication").action("s3:GetReplicationConfiguration");
static POLICY: Call = Call::new("s3", "GetBucketPolicy");
static POLICY_STATUS: Call = Call::new("s3", "GetBucketPolicyStatus");
static ACL: Call = Call::new("s3", "GetBucketAcl");
static CORS: Call = Call::new("s3", "GetBucketCors").action("s3:GetBucketCORS");
static WEBSITE: Call = Call::new("s3", "GetBucketWebsite");
static OBJECT_LOCK: Call =
    Call::new("s3", "GetObjectLockConfiguration").action("s3:GetBucketObjectLockConfiguration");
static ACCELERATION: Call =
    Call::new("s3", "GetBucketAccelerateConfiguration").action("s3:GetAccelerateConfiguration");
static REQUEST_PAYMENT: Call = Call::new("s3", "GetBucketRequestPayment");
static TAGGING: Call = Call::new("s3", "GetBucketTagging");
static ACCESS_BLOCK: Call = Call::new("s3", "GetPublicAccessBlock").action("s3:GetBucketPublicAccessBlock");
static OWNERSHIP: Call = Call::new("s3", "GetBucketOwnershipControls");
static ACCOUNT_ACCESS_BLOCK: Call =
    Call::new("s3control", "GetPublicAccessBlock").action("s3:GetAccountPublicAccessBlock");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &bucket::KIND,
        calls: &[
            &LIST,
            &LOCATION,
            &VERSIONING,
            &ENCRYPTION,
            &LOGGING,
            &LIFECYCLE,
            &REPLICATION,
            &POLICY,
            &POLICY_STATUS,
            &ACL,
            &CORS,
            &WEBSITE,
            &OBJECT_LOCK,
            &ACCELERATION,
            &REQUEST_PAYMENT,
            &TAGGING,
            &ACCESS_BLOCK,
            &OWNERSHIP,
        ],
        collect: |s| Box::pin(buckets(s)),
    },
    Collector {
        kind: &account_public_access_block::KIND,
        calls: &[&ACCOUNT_ACCESS_BLOCK],
        collect: |s| Box::pin(account_block(s)),
    },
];

/// A bucket and where it is.
#[derive(Debug, Clone, PartialEq)]
struct Placed {
    name: String,
    region: String,
    created: Option<DateTime>,
}

/// Every bucket of the account, and why there may be more.
#[derive(Debug, Default)]
struct Listing {
    buckets: Vec<Placed>,
    gaps: Vec<Gap>,
}

async fn listing(s: &Session) -> Arc<Listing> {
    let home = s.home();
    home.once("s3:ListBuckets", async {
        let pages = home
            .pages(
                &LIST,
                |token| home.s3().list_buckets().max_buckets(PAGE).set_continuation_token(token).send(),
                |out| (out.buckets.unwrap_or_default(), out.continuation_token),
            )
            .await;
        let mut listing = Listing { buckets: Vec::new(), gaps: pages.gap.into_iter().collect() };
        for placed in home.each(pages.items, |bucket| place(home, bucket)).await {
            match placed {
                Ok(placed) => listing.buckets.extend(placed),
                Err(gap) => listing.gaps.push(gap),
            }
        }
        listing
    })
    .await
}

/// Where a bucket is; none when it has been deleted since it was listed.
async fn place(home: &Session, bucket: Bucket) -> Result<Option<Placed>, Gap> {
    let name = bucket.name.unwrap_or_default();
    let region = match bucket.bucket_region.filter(|region| !region.is_empty()) {
        Some(region) => region,
        None => {
            let read = home
                .call_or_none(&LOCATION, &[GONE], || home.s3().get_bucket_location().bucket(&name).send())
                .await
                .map_err(|gap| Gap { detail: format!("where is {name}? {}", gap.detail), ..gap })?;
            let Some(out) = read else { return Ok(None) };
            region_of(out.location_constraint.as_ref().map_or("", |constraint| constraint.as_str()))
        }
    };
    Ok(Some(Placed { name, region, created: bucket.creation_date }))
}

/// The two oldest regions are spelled in a way of their own (API reference of `GetBucketLocation`).
fn region_of(constraint: &str) -> String {
    match constraint {
        "" => "us-east-1",
        "EU" => "eu-west-1",
        other => other,
    }
    .to_owned()
}

async fn buckets(s: &Session) -> Harvest {
    let listing = listing(s).await;
    let own = listing.buckets.iter().filter(|placed| placed.region == s.region()).cloned().collect();
    let resources = s.each(own, |placed| bucket_resource(s, placed)).await;
    Harvest { resources: resources.into_iter().flatten().collect(), gaps: listing.gaps.clone() }
}

/// A read of one part of a bucket.
type Part<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One bucket, filled by several reads at once.
struct Filling<'a> {
    s: &'a Session,
    name: &'a str,
    resource: Mutex<Resource>,
    gone: AtomicBool,
}

impl<'a> Filling<'a> {
    fn s3(&self) -> &'a aws_sdk_s3::Client {
        self.s.s3()
    }

    /// Makes the call, unless the run needs nothing of what it fills, and hands its answer to `fill`; the codes in
    /// `none` say "there is none".
    async fn part<T, E, F>(
        &self,
        call: &'static Call,
        none: &[&str],
        go: impl Fn() -> F,
        fill: impl FnOnce(&mut Resource, Option<T>),
    ) where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        if !self.s.wants_call(&bucket::KIND, call) {
            return;
        }
        let read = self.read(call, none, go).await;
        self.fill(call, read, fill);
    }

    async fn read<T, E, F>(
        &self,
        call: &'static Call,
        none: &[&str],
        go: impl Fn() -> F,
    ) -> Result<Option<T>, Gap>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let noticing = || {
            let answer = go();
            async {
                let answer = answer.await;
                if answer.as_ref().is_err_and(|error| error.code() == Some(GONE)) {
                    self.gone.store(true, Ordering::Relaxed);
                }
                answer
            }
        };
        self.s.call_or_none(call, &[none, &[GONE]].concat(), noticing).await
    }

    fn fill<T>(
        &self,
        call: &Call,
        read: Result<Option<T>, Gap>,
        fill: impl FnOnce(&mut Resource, Option<T>),
    ) {
        let mut resource = self.resource.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(answer) => fill(&mut resource, answer),
            Err(gap) => put_gap(&mut resource, &bucket::KIND, call, &gap),
        }
    }

    /// Where there is no policy, none can be public, and the second question need not be asked.
    async fn policies(&self) {
        let none = &["NoSuchBucketPolicy"];
        let mut proved_absent = false;
        if self.s.wants_call(&bucket::KIND, &POLICY) {
            let go = || self.s3().get_bucket_policy().bucket(self.name).send();
            let policy = self.read(&POLICY, none, go).await.map(|out| out.and_then(|out| out.policy));
            proved_absent = policy == Ok(None);
            self.fill(&POLICY, policy, |r, policy| {
                r.set_opt(&bucket::POLICY, policy);
            });
        }
        if !self.s.wants_call(&bucket::KIND, &POLICY_STATUS) {
            return;
        }
        let status = if proved_absent {
            Ok(None)
        } else {
            let go = || self.s3().get_bucket_policy_status().bucket(self.name).send();
            self.read(&POLICY_STATUS, none, go).await
        };
        self.fill(&POLICY_STATUS, status, |r, out| {
            let public = out.and_then(|out| out.policy_status).and_then(|status| status.is_public);
            r.set(&bucket::POLICY_IS_PUBLIC, public.unwrap_or(false));
        });
    }

    /// Object lock needs versioning, which can then not be suspended ("Object Lock considerations" in the S3 user guide).
    /// So a bucket that keeps no versions need not be asked for its lock.
    async fn versions(&self) {
        let mut proved_absent = false;
        if self.s.wants_call(&bucket::KIND, &VERSIONING) {
            let go = || self.s3().get_bucket_versioning().bucket(self.name).send();
            let read = self.read(&VERSIONING, &[], go).await.map(|out| out.as_ref().map(versioning));
            proved_absent = matches!(&read, Ok(Some(versioning)) if !versioning.enabled);
            self.fill(&VERSIONING, read, |r, versioning| {
                r.set(&bucket::VERSIONING, versioning.into_iter().collect());
            });
        }
        if !self.s.wants_call_for(&bucket::KIND, &OBJECT_LOCK, self.name) {
            return;
        }
        let read = if proved_absent {
            Ok(None)
        } else {
            let none = &["ObjectLockConfigurationNotFoundError"];
            let go = || self.s3().get_object_lock_configuration().bucket(self.name).send();
            self.read(&OBJECT_LOCK, none, go).await
        };
        self.fill(&OBJECT_LOCK, read, |r, out| {
            let found = out.and_then(|out| out.object_lock_configuration);
            let enabled = found.as_ref().is_some_and(|found| found.object_lock_enabled.is_some());
            r.set(&bucket::OBJECT_LOCK_ENABLED, enabled)
                .set(&bucket::OBJECT_LOCK, found.as_ref().map(object_lock).into_iter().collect());
        });
    }

    /// Who may reach what is in the bucket.
    fn access(&self) -> Vec<Part<'_>> {
        use bucket::{GRANT, OWNERSHIP_CONTROLS, PUBLIC_ACCESS_BLOCK};
        let (s3, name) = (self.s3(), self.name);
        vec![
            Box::pin(self.policies()),
            Box::pin(self.part(
                &ACL,
                &[],
                move || s3.get_bucket_acl().bucket(name).send(),
                |r, out| {
                    let grants = out.as_ref().map(grants).unwrap_or_default();
                    r.set_opt(&bucket::ACL, bucket::canned_acl(&grants).map(str::to_owned))
                        .set(&GRANT, grants);
                },
            )),
            Box::pin(self.part(
                &ACCESS_BLOCK,
                &["NoSuchPublicAccessBlockConfiguration"],
                move || s3.get_public_access_block().bucket(name).send(),
                |r, out| {
                    let found = out.and_then(|out| out.public_access_block_configuration);
                    r.set(&PUBLIC_ACCESS_BLOCK, found.as_ref().map(access_block).into_iter().collect());
                },
            )),
            Box::pin(self.part(
                &OWNERSHIP,
                &["OwnershipControlsNotFoundError"],
                move || s3.get_bucket_ownership_controls().bucket(name).send(),
                |r, out| {
                    let found = out.and_then(|out| out.ownership_controls);
                    r.set(&OWNERSHIP_CONTROLS, found.as_ref().map(ownership).unwrap_or_default());
                },
            )),
        ]
    }

    /// What happens to the objects in it.
    fn objects(&self) -> Vec<Part<'_>> {
        let (s3, name) = (self.s3(), self.name);
        vec![
            Box::pin(self.versions()),
            Box::pin(self.part(
                &ENCRYPTION,
                &["ServerSideEncryptionConfigurationNotFoundError"],
                move || s3.get_bucket_encryption().bucket(name).send(),
                |r, out| {
                    let found = out.and_then(|out| out.server_side_encryption_configuration);
                    r.set(&bucket::ENCRYPTION, found.as_ref().map(encryption).into_iter().collect());
                },
            )),
            Box::pin(self.part(
                &LIFECYCLE,
                &["NoSuchLifecycleConfiguration"],
                move || s3.get_bucket_lifecycle_configuration().bucket(name).send(),
                |r, out| {
                    let rules = out.and_then(|out| out.rules).unwrap_or_default();
                    // Whole, for drift; the key's own type holds what checks read.
                    let rules = rules.iter().map(lifecycle_rule).collect();
                    r.put_raw(bucket::LIFECYCLE_RULE.path(), Slot::Known(rules));
                },
            )),
            Box::pin(self.part(
                &REPLICATION,
                &["ReplicationConfigurationNotFoundError"],
                move || s3.get_bucket_replication().bucket(name).send(),
                |r, out| {
                    let found = out.and_then(|out| out.replication_configuration);
                    let block = found.as_ref().map(replication).into_iter().collect();
                    r.put_raw(bucket::REPLICATION.path(), Slot::Known(block));
                },
            )),
        ]
    }

    /// How it serves its users.
    fn settings(&self) -> Vec<Part<'_>> {
        use bucket::{ACCELERATION_STATUS, CORS_RULE, REQUEST_PAYER};
        let (s3, name) = (self.s3(), self.name);
        vec![
            Box::pin(self.part(
                &LOGGING,
                &[],
                move || s3.get_bucket_logging().bucket(name).send(),
                |r, out| {
                    let found = out.and_then(|out| out.logging_enabled);
                    r.set(&bucket::LOGGING, found.map(logging).into_iter().collect());
                },
            )),
            Box::pin(self.part(
                &CORS,
                &["NoSuchCORSConfiguration"],
                move || s3.get_bucket_cors().bucket(name).send(),
                |r, out| {
                    let rules = out.and_then(|out| out.cors_rules).unwrap_or_default();
                    r.set(&CORS_RULE, rules.iter().map(cors_rule).collect());
                },
            )),
            Box::pin(self.part(
                &WEBSITE,
                &["NoSuchWebsiteConfiguration"],
                move || s3.get_bucket_website().bucket(name).send(),
                |r, out| {
                    r.set(&bucket::WEBSITE, out.as_ref().map(website).into_iter().collect());
                },
            )),
            Box::pin(self.part(
                &ACCELERATION,
                &[],
                move || s3.get_bucket_accelerate_configuration().bucket(name).send(),
                |r, out| {
                    let status = out.and_then(|out| out.status).map(|status| status.as_str().to_owned());
                    r.set_opt(&ACCELERATION_STATUS, status);
                },
            )),
            Box::pin(self.part(
                &REQUEST_PAYMENT,
                &[],
                move || s3.get_bucket_request_payment().bucket(name).send(),
                |r, out| {
                    let payer = out.and_then(|out| out.payer).map(|payer| payer.as_str().to_owned());
                    r.set_opt(&REQUEST_PAYER, payer);
                },
            )),
            Box::pin(self.part(
                &TAGGING,
                &["NoSuchTagSet"],
                move || s3.get_bucket_tagging().bucket(name).send(),
                |r, out| put_tags(r, Ok(out.map(|out| tags(&out.tag_set)).unwrap_or_default())),
            )),
        ]
    }
}

/// A bucket of the listing; none when it has been deleted since.
async fn bucket_resource(s: &Session, placed: Placed) -> Option<Resource> {
    let name = placed.name.as_str();
    let arn = format!("arn:{}:s3:::{name}", s.partition());
    let mut r = Resource::new(s.place(), bucket::KIND.name, name).with_arn(arn.clone()).with_name(name);
    r.set(&ARN, arn)
        .set(&bucket::BUCKET, name.to_owned())
        .set(&bucket::REGION, placed.region)
        .set_opt(&bucket::CREATION_DATE, placed.created.as_ref().and_then(stamp));
    let filling = Filling { s, name, resource: Mutex::new(r), gone: AtomicBool::new(false) };
    let parts = [filling.access(), filling.objects(), filling.settings()];
    join_all(parts.into_iter().flatten()).await;
    if filling.gone.into_inner() {
        return None;
    }
    Some(filling.resource.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn access_block(found: &PublicAccessBlockConfiguration) -> bucket::PublicAccessBlock {
    bucket::PublicAccessBlock {
        block_public_acls: found.block_public_acls.unwrap_or(false),
        block_public_policy: found.block_public_policy.unwrap_or(false),
        ignore_public_acls: found.ignore_public_acls.unwrap_or(false),
        restrict_public_buckets: found.restrict_public_buckets.unwrap_or(false),
    }
}

fn ownership(found: &OwnershipControls) -> Vec<bucket::Ownership> {
    let rule = |rule: &OwnershipControlsRule| bucket::Ownership {
        object_ownership: rule.object_ownership.as_str().to_owned(),
    };
    found.rules.iter().map(rule).collect()
}

/// The grants of an access control list, one for each grantee.
fn grants(out: &GetBucketAclOutput) -> Vec<bucket::Grant> {
    let owner = out.owner.as_ref().and_then(|owner| owner.id.as_deref());
    let mut grants: Vec<bucket::Grant> = Vec::new();
    for grant in out.grants() {
        let (Some(to), Some(permission)) = (&grant.grantee, &grant.permission) else { continue };
        let permission = permission.as_str().to_owned();
        match grants.iter_mut().find(|known| known.id == to.id && known.uri == to.uri) {
            Some(known) => known.permissions.push(permission),
            None => grants.push(bucket::Grant {
                id: to.id.clone(),
                grantee: to.r#type.as_str().to_owned(),
                uri: to.uri.clone(),
                permissions: vec![permission],
                owner: owner.is_some() && to.id.as_deref() == owner,
            }),
        }
    }
    grants.iter_mut().for_each(|grant| grant.permissions.sort());
    grants
}

fn versioning(out: &GetBucketVersioningOutput) -> bucket::Versioning {
    // A bucket that was never versioned answers without a status.
    let status = out.status.as_ref().map_or("Disabled", |status| status.as_str());
    bucket::Versioning {
        enabled: out.status == Some(BucketVersioningStatus::Enabled),
        mfa_delete: out.mfa_delete == Some(MfaDeleteStatus::Enabled),
        status: status.to_owned(),
    }
}

fn encryption(found: &ServerSideEncryptionConfiguration) -> bucket::Encryption {
    let by_default = |by_default: &ServerSideEncryptionByDefault| bucket::DefaultEncryption {
        kms_master_key_id: by_default.kms_master_key_id.clone(),
        sse_algorithm: by_default.sse_algorithm.as_str().to_owned(),
    };
    let rule = |rule: &ServerSideEncryptionRule| bucket::EncryptionRule {
        apply_server_side_encryption_by_default: rule
            .apply_server_side_encryption_by_default
            .iter()
            .map(by_default)
            .collect(),
        bucket_key_enabled: rule.bucket_key_enabled,
    };
    bucket::Encryption { rule: found.rules.iter().map(rule).collect() }
}

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    list.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

/// The one tag or the several ones of a filter.
fn filter_tags(one: Option<&Tag>, several: &[Tag]) -> BTreeMap<String, String> {
    tags(one.map_or(several, std::slice::from_ref))
}

/// A day, as the schema writes it.
fn day(date: &DateTime) -> Option<String> {
    stamp(date)?.split_once('T').map(|(day, _)| day.to_owned())
}

/// Rules of the first version have a prefix of their own in the place of a filter.
fn lifecycle_rule(rule: &LifecycleRule) -> Value {
    #[allow(deprecated)]
    let own_prefix = rule.prefix.as_ref();
    let filter = rule.filter.as_ref();
    let and = filter.and_then(|filter| filter.and.as_ref());
    let prefix = filter.and_then(|filter| filter.prefix.as_ref()).or(and.and_then(|and| and.prefix.as_ref()));
    let greater = filter.and_then(|filter| filter.object_size_greater_than);
    let less = filter.and_then(|filter| filter.object_size_less_than);
    let expiration = rule.expiration.as_ref().map(|expiration| {
        json!({
            "date": expiration.date.as_ref().and_then(day),
            "days": expiration.days,
            "expired_object_delete_marker": expiration.expired_object_delete_marker,
        })
    });
    let transition = |to: &Transition| {
        json!({
            "date": to.date.as_ref().and_then(day),
            "days": to.days,
            "storage_class": to.storage_class.as_ref().map(|class| class.as_str()),
        })
    };
    let noncurrent_expiration = rule.noncurrent_version_expiration.as_ref().map(|expiration| {
        json!({
            "days": expiration.noncurrent_days,
            "newer_noncurrent_versions": expiration.newer_noncurrent_versions,
        })
    });
    let noncurrent_transition = |to: &NoncurrentVersionTransition| {
        json!({
            "days": to.noncurrent_days,
            "newer_noncurrent_versions": to.newer_noncurrent_versions,
            "storage_class": to.storage_class.as_ref().map(|class| class.as_str()),
        })
    };
    let abort = rule.abort_incomplete_multipart_upload.as_ref();
    json!({
        "id": rule.id,
        "enabled": rule.status == ExpirationStatus::Enabled,
        "prefix": prefix.or(own_prefix),
        "legacy_prefix": own_prefix.is_some_and(|prefix| !prefix.is_empty()),
        "tags": filter_tags(
            filter.and_then(|filter| filter.tag.as_ref()),
            and.map(|and| and.tags()).unwrap_or_default(),
        ),
        "object_size_greater_than": greater.or(and.and_then(|and| and.object_size_greater_than)),
        "object_size_less_than": less.or(and.and_then(|and| and.object_size_less_than)),
        "abort_incomplete_multipart_upload_days": abort.and_then(|abort| abort.days_after_initiation),
        "expiration": listed(expiration),
        "transition": rule.transitions().iter().map(transition).collect::<Vec<_>>(),
        "noncurrent_version_expiration": listed(noncurrent_expiration),
        "noncurrent_version_transition":
            rule.noncurrent_version_transitions().iter().map(noncurrent_transition).collect::<Vec<_>>(),
    })
}

/// A block: a list with one member, or with none.
fn listed(block: Option<Value>) -> Vec<Value> {
    block.into_iter().collect()
}

fn replication(found: &ReplicationConfiguration) -> Value {
    json!({ "role": found.role, "rules": found.rules.iter().map(replication_rule).collect::<Vec<_>>() })
}

/// Rules of the first version have a prefix of their own in the place of a filter.
fn replication_rule(rule: &ReplicationRule) -> Value {
    #[allow(deprecated)]
    let own_prefix = rule.prefix.as_ref();
    let filter = rule.filter.as_ref().map(|filter| {
        let and = filter.and.as_ref();
        let prefix = filter.prefix.as_ref().or(and.and_then(|and| and.prefix.as_ref()));
        let tags = filter_tags(filter.tag.as_ref(), and.map(|and| and.tags()).unwrap_or_default());
        json!({ "prefix": prefix, "tags": tags })
    });
    let deletes = rule.delete_marker_replication.as_ref().and_then(|deletes| deletes.status.as_ref());
    let existing = rule.existing_object_replication.as_ref();
    json!({
        "id": rule.id,
        "priority": rule.priority,
        "status": rule.status.as_str(),
        "prefix": own_prefix,
        "filter": listed(filter),
        "delete_marker_replication_status": deletes.map(|status| status.as_str()),
        "existing_object_replication":
            listed(existing.map(|existing| json!({ "status": existing.status.as_str() }))),
        "source_selection_criteria": listed(rule.source_selection_criteria.as_ref().map(selection)),
        "destination": listed(rule.destination.as_ref().map(destination)),
    })
}

fn selection(criteria: &SourceSelectionCriteria) -> Value {
    let encrypted = criteria.sse_kms_encrypted_objects.as_ref().map(|objects| objects.status.clone());
    let encrypted =
        encrypted.map(|status| json!({ "enabled": status == SseKmsEncryptedObjectsStatus::Enabled }));
    let replicas = criteria.replica_modifications.as_ref();
    json!({
        "sse_kms_encrypted_objects": listed(encrypted),
        "replica_modifications":
            listed(replicas.map(|replicas| json!({ "status": replicas.status.as_str() }))),
    })
}

fn destination(to: &Destination) -> Value {
    let minutes = |time: Option<&ReplicationTimeValue>| time.and_then(|time| time.minutes);
    let owner = to.access_control_translation.as_ref();
    let time = to
        .replication_time
        .as_ref()
        .map(|time| json!({ "status": time.status.as_str(), "minutes": minutes(time.time.as_ref()) }));
    let metrics = to.metrics.as_ref().map(|metrics| {
        json!({ "status": metrics.status.as_str(), "minutes": minutes(metrics.event_threshold.as_ref()) })
    });
    let key = to.encryption_configuration.as_ref();
    json!({
        "bucket": to.bucket,
        "account_id": to.account,
        "storage_class": to.storage_class.as_ref().map(|class| class.as_str()),
        "replica_kms_key_id": key.and_then(|key| key.replica_kms_key_id.as_ref()),
        "access_control_translation": listed(owner.map(|owner| json!({ "owner": owner.owner.as_str() }))),
        "replication_time": listed(time),
        "metrics": listed(metrics),
    })
}

fn object_lock(found: &ObjectLockConfiguration) -> bucket::ObjectLock {
    let retention = |retention: &DefaultRetention| bucket::Retention {
        mode: retention.mode.as_ref().map(|mode| mode.as_str().to_owned()),
        days: retention.days.map(i64::from),
        years: retention.years.map(i64::from),
    };
    let rule = |rule: &ObjectLockRule| bucket::ObjectLockRule {
        default_retention: rule.default_retention.iter().map(retention).collect(),
    };
    bucket::ObjectLock {
        object_lock_enabled: found.object_lock_enabled.as_ref().map(|on| on.as_str().to_owned()),
        rule: found.rule.iter().map(rule).collect(),
    }
}

fn logging(found: LoggingEnabled) -> bucket::Logging {
    bucket::Logging { target_bucket: found.target_bucket, target_prefix: Some(found.target_prefix) }
}

fn cors_rule(rule: &CorsRule) -> Value {
    json!({
        "id": rule.id,
        "allowed_headers": rule.allowed_headers(),
        "allowed_methods": rule.allowed_methods,
        "allowed_origins": rule.allowed_origins,
        "expose_headers": rule.expose_headers(),
        "max_age_seconds": rule.max_age_seconds,
    })
}

fn website(out: &GetBucketWebsiteOutput) -> Value {
    let redirect = out.redirect_all_requests_to.as_ref().map(|to| match &to.protocol {
        Some(protocol) => format!("{}://{}", protocol.as_str(), to.host_name),
        None => to.host_name.clone(),
    });
    let rules: Vec<Value> = out.routing_rules().iter().map(routing_rule).collect();
    json!({
        "index_document": out.index_document.as_ref().map(|document| &document.suffix),
        "error_document": out.error_document.as_ref().map(|document| &document.key),
        "redirect_all_requests_to": redirect,
        "routing_rules": if rules.is_empty() { Value::Null } else { Value::String(Value::Array(rules).to_string()) },
    })
}

/// A routing rule with the names of the API, which is how a configuration spells it.
fn routing_rule(rule: &RoutingRule) -> Value {
    let condition = rule.condition.as_ref().map(|condition| {
        filled([
            ("HttpErrorCodeReturnedEquals", &condition.http_error_code_returned_equals),
            ("KeyPrefixEquals", &condition.key_prefix_equals),
        ])
    });
    let redirect = rule.redirect.as_ref().map(|to| {
        filled([
            ("HostName", &to.host_name),
            ("HttpRedirectCode", &to.http_redirect_code),
            ("Protocol", &to.protocol.as_ref().map(|protocol| protocol.as_str().to_owned())),
            ("ReplaceKeyPrefixWith", &to.replace_key_prefix_with),
            ("ReplaceKeyWith", &to.replace_key_with),
        ])
    });
    let members = [("Condition", condition), ("Redirect", redirect)];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// An object of the members that have a value.
fn filled<const N: usize>(members: [(&str, &Option<String>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))).collect()
}

async fn account_block(s: &Session) -> Harvest {
    use account_public_access_block::*;
    let read = s
        .call_or_none(&ACCOUNT_ACCESS_BLOCK, &["NoSuchPublicAccessBlockConfiguration"], || {
            s.s3control().get_public_access_block().account_id(s.account()).send()
        })
        .await;
    let found = match read {
        Ok(out) => out.and_then(|out| out.public_access_block_configuration),
        Err(gap) => return Harvest::failed(gap),
    };
    let on = |flag: fn(&aws_sdk_s3control::types::PublicAccessBlockConfiguration) -> Option<bool>| {
        found.as_ref().and_then(flag).unwrap_or(false)
    };
    let mut r = Resource::new(s.global(), KIND.name, s.account());
    r.set(&ACCOUNT_ID, s.account().to_owned())
        .set(&BLOCK_PUBLIC_ACLS, on(|found| found.block_public_acls))
        .set(&BLOCK_PUBLIC_POLICY, on(|found| found.block_public_policy))
        .set(&IGNORE_PUBLIC_ACLS, on(|found| found.ignore_public_acls))
        .set(&RESTRICT_PUBLIC_BUCKETS, on(|found| found.restrict_public_buckets))
        .set(&CONFIGURED, found.is_some());
    Harvest { resources: vec![r], gaps: Vec::new() }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::{
        BucketVersioningStatus, Condition, DeleteMarkerReplication, DeleteMarkerReplicationStatus, Grant,
        Grantee, LifecycleExpiration, LifecycleRuleAndOperator, LifecycleRuleFilter, Owner, Permission,
        Protocol, Redirect, ReplicationRuleFilter, ReplicationRuleStatus, StorageClass,
        TransitionStorageClass, Type,
    };
    use stateward_model::{AnyAttr, Cause, Comparison, compare};

    use super::*;
    use crate::canned::{Account, wanting, wanting_all};

    /// What differs between what a state of provider 3 says and what was read.
    fn differences(attr: AnyAttr, declared: Value, live: Value) -> Vec<String> {
        match compare(&attr, &declared, &live) {
            Comparison::Changed(changes) => changes.into_iter().map(|change| change.path).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn the_two_oldest_regions_have_names_of_their_own() {
        assert_eq!(region_of(""), "us-east-1");
        assert_eq!(region_of("EU"), "eu-west-1");
        assert_eq!(region_of("eu-central-1"), "eu-central-1");
    }

    #[test]
    fn grants_are_gathered_by_grantee_and_the_owner_is_known() {
        let user = Grantee::builder().id("me").r#type(Type::CanonicalUser).build().unwrap();
        let everyone = Grantee::builder().uri(bucket::ALL_USERS).r#type(Type::Group).build().unwrap();
        let grant =
            |to: &Grantee, permission| Grant::builder().grantee(to.clone()).permission(permission).build();
        let out = GetBucketAclOutput::builder()
            .owner(Owner::builder().id("me").build())
            .grants(grant(&user, Permission::FullControl))
            .grants(grant(&everyone, Permission::Write))
            .grants(grant(&everyone, Permission::Read))
            .build();
        let grants = grants(&out);
        assert_eq!(grants.len(), 2);
        assert!(grants[0].owner && !grants[1].owner);
        assert_eq!(grants[1].permissions, ["READ", "WRITE"]);
        assert_eq!(bucket::canned_acl(&grants), Some("public-read-write"));
    }

    #[test]
    fn a_bucket_that_was_never_versioned_is_not_a_suspended_one() {
        let read = |status: Option<BucketVersioningStatus>| {
            versioning(&GetBucketVersioningOutput::builder().set_status(status).build())
        };
        assert_eq!(read(None).status, "Disabled");
        let suspended = read(Some(BucketVersioningStatus::Suspended));
        assert_eq!((suspended.enabled, suspended.status.as_str()), (false, "Suspended"));
        assert!(read(Some(BucketVersioningStatus::Enabled)).enabled);
    }

    #[test]
    fn a_lifecycle_rule_reads_as_a_state_writes_it() {
        let and = LifecycleRuleAndOperator::builder()
            .prefix("tmp/")
            .tags(Tag::builder().key("k").value("v").build().unwrap())
            .build();
        let midnight = DateTime::from_secs(1_767_225_600);
        let rule = |days: i32| {
            let later =
                Transition::builder().days(days).storage_class(TransitionStorageClass::Glacier).build();
            LifecycleRule::builder()
                .id("a")
                .status(ExpirationStatus::Enabled)
                .filter(LifecycleRuleFilter::builder().and(and.clone()).build())
                .expiration(LifecycleExpiration::builder().date(midnight).build())
                .transitions(later)
                .build()
                .unwrap()
        };
        let state = json!([{
            "id": "a", "enabled": true, "prefix": "tmp/", "tags": {"k": "v"},
            "abort_incomplete_multipart_upload_days": 0,
            "expiration": [{"date": "2026-01-01", "days": 0, "expired_object_delete_marker": false}],
            "noncurrent_version_expiration": [], "noncurrent_version_transition": [],
            "transition": [{"date": "", "days": 30, "storage_class": "GLACIER"}],
        }]);
        let attr = bucket::LIFECYCLE_RULE.any();
        let live = json!([lifecycle_rule(&rule(30))]);
        assert_eq!(differences(attr, state.clone(), live), Vec::<String>::new());
        let live = json!([lifecycle_rule(&rule(60))]);
        assert_eq!(differences(attr, state, live), ["lifecycle_rule[0].transition[0].days"]);
    }

    #[test]
    fn a_replication_rule_reads_as_a_state_writes_it() {
        let destination =
            Destination::builder().bucket("arn:aws:s3:::dr").storage_class(StorageClass::StandardIa);
        let deletes = DeleteMarkerReplication::builder().status(DeleteMarkerReplicationStatus::Disabled);
        let rule = ReplicationRule::builder()
            .id("all")
            .priority(1)
            .status(ReplicationRuleStatus::Enabled)
            .filter(ReplicationRuleFilter::builder().prefix("").build())
            .delete_marker_replication(deletes.build())
            .destination(destination.build().unwrap())
            .build()
            .unwrap();
        let found = ReplicationConfiguration::builder().role("r").rules(rule).build().unwrap();
        let state = json!([{ "role": "r", "rules": [{
            "id": "all", "prefix": "", "priority": 1, "status": "Enabled",
            "filter": [{"prefix": "", "tags": {}}], "source_selection_criteria": [],
            "destination": [{"access_control_translation": [], "account_id": "", "bucket": "arn:aws:s3:::dr",
                "replica_kms_key_id": "", "storage_class": "STANDARD_IA"}],
        }]}]);
        let live = json!([replication(&found)]);
        assert_eq!(differences(bucket::REPLICATION.any(), state, live.clone()), Vec::<String>::new());
        let read: Vec<bucket::Replication> = serde_json::from_value(live).unwrap();
        assert!(read[0].rules[0].covers_all());
    }

    #[test]
    fn routing_rules_are_spelled_as_a_configuration_spells_them() {
        let rule = RoutingRule::builder()
            .condition(Condition::builder().key_prefix_equals("docs/").build())
            .redirect(Redirect::builder().protocol(Protocol::Https).replace_key_prefix_with("d/").build())
            .build();
        let out = GetBucketWebsiteOutput::builder().routing_rules(rule).build();
        let state = json!([{ "index_document": "", "error_document": "", "redirect_all_requests_to": "",
            "routing_rules": r#"[{"Redirect":{"ReplaceKeyPrefixWith":"d/","Protocol":"https"},"Condition":{"KeyPrefixEquals":"docs/"}}]"# }]);
        assert_eq!(differences(bucket::WEBSITE.any(), state, json!([website(&out)])), Vec::<String>::new());
    }

    const LISTED: &str = "<ListAllMyBucketsResult><Buckets>\
        <Bucket><Name>here</Name><BucketRegion>us-west-2</BucketRegion></Bucket>\
        <Bucket><Name>there</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>\
        <Bucket><Name>lost</Name></Bucket></Buckets></ListAllMyBucketsResult>";

    fn refusal(status: u16, code: &str) -> (u16, String) {
        (status, format!("<Error><Code>{code}</Code></Error>"))
    }

    #[tokio::test]
    async fn one_listing_serves_all_regions_and_a_bucket_of_unknown_place_breaks_it_for_all() {
        let account =
            Account::new(wanting(&bucket::KIND, &[]), |asked| match asked.target.contains("location") {
                true => refusal(403, "AccessDenied"),
                false => (200, LISTED.into()),
            });
        let (home, other) = (account.home(), account.region("eu-west-1"));
        for (session, name) in [(home, "here"), (&other, "there")] {
            let harvest = buckets(session).await;
            assert_eq!(harvest.resources.iter().map(Resource::id).collect::<Vec<_>>(), [name]);
            assert_eq!(harvest.gaps.len(), 1);
            assert_eq!(harvest.gaps[0].cause, Cause::Denied);
            assert!(harvest.gaps[0].detail.contains("lost"), "{}", harvest.gaps[0].detail);
        }
        assert_eq!((account.calls("ListBuckets"), account.calls("GetBucketLocation")), (1, 1));
    }

    #[tokio::test]
    async fn a_bucket_that_is_gone_is_none_and_a_refusal_stays_on_its_bucket_and_attribute() {
        let account = Account::new(wanting_all(&bucket::KIND), |asked| {
            let target = asked.target.as_str();
            if target.starts_with("/?") {
                let names = ["gone", "shut", "open"].map(|name| {
                    format!("<Bucket><Name>{name}</Name><BucketRegion>us-west-2</BucketRegion></Bucket>")
                });
                let buckets = names.concat();
                return (
                    200,
                    format!("<ListAllMyBucketsResult><Buckets>{buckets}</Buckets></ListAllMyBucketsResult>"),
                );
            }
            match target {
                _ if target.starts_with("/gone") => refusal(404, "NoSuchBucket"),
                _ if target.starts_with("/shut") && target.contains("?encryption") => {
                    refusal(403, "AccessDenied")
                }
                _ if target.starts_with("/shut") && target.contains("?versioning") => (
                    200,
                    "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>".into(),
                ),
                _ if target.contains("?versioning") => (200, "<VersioningConfiguration/>".into()),
                _ if target.contains("?logging") => (200, "<BucketLoggingStatus/>".into()),
                _ if target.contains("?accelerate") => (200, "<AccelerateConfiguration/>".into()),
                _ if target.contains("?requestPayment") => (200, "<RequestPaymentConfiguration/>".into()),
                _ if target.contains("?acl") => (200, "<AccessControlPolicy/>".into()),
                _ => refusal(404, absence(target)),
            }
        });
        let harvest = buckets(account.home()).await;
        assert_eq!(harvest.gaps, []);
        let names: Vec<&str> = harvest.resources.iter().map(Resource::id).collect();
        assert_eq!(names, ["shut", "open"]);
        let unread = |r: &Resource| -> Vec<String> {
            r.slots()
                .filter(|(_, slot)| matches!(slot, Slot::Unread(_)))
                .map(|(path, _)| path.into())
                .collect()
        };
        assert_eq!(unread(&harvest.resources[0]), ["server_side_encryption_configuration"]);
        let open = &harvest.resources[1];
        assert_eq!(unread(open), Vec::<String>::new());
        assert!(bucket::KIND.attributes.iter().all(|attr| open.has(attr.path)));
        assert_eq!(open.get(&bucket::POLICY), Ok(None));
        assert_eq!(open.get(&bucket::POLICY_IS_PUBLIC), Ok(Some(false)));
        assert_eq!(open.get(&bucket::PUBLIC_ACCESS_BLOCK), Ok(Some(Vec::new())));
        assert_eq!(account.calls("GetBucketPolicyStatus"), 0, "no policy, so none that is public");
        assert_eq!(open.get(&bucket::OBJECT_LOCK_ENABLED), Ok(Some(false)));
        assert_eq!(
            account.calls("GetObjectLockConfiguration"),
            2,
            "of the one that keeps versions, and of the one that is gone"
        );
    }

    /// What S3 answers where a bucket has no such part.
    fn absence(target: &str) -> &'static str {
        let parts = [
            ("?encryption", "ServerSideEncryptionConfigurationNotFoundError"),
            ("?lifecycle", "NoSuchLifecycleConfiguration"),
            ("?replication", "ReplicationConfigurationNotFoundError"),
            ("?policy", "NoSuchBucketPolicy"),
            ("?cors", "NoSuchCORSConfiguration"),
            ("?website", "NoSuchWebsiteConfiguration"),
            ("?object-lock", "ObjectLockConfigurationNotFoundError"),
            ("?tagging", "NoSuchTagSet"),
            ("?publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
            ("?ownershipControls", "OwnershipControlsNotFoundError"),
        ];
        parts.iter().find(|(part, _)| target.contains(part)).map_or("InternalError", |(_, code)| code)
    }

    #[tokio::test]
    async fn an_account_without_a_block_has_all_its_flags_off_and_a_refusal_says_nothing_of_them() {
        let answered = |status: u16, code: &'static str| {
            Account::new(wanting_all(&account_public_access_block::KIND), move |_| {
                (status, format!("<ErrorResponse>{}</ErrorResponse>", refusal(status, code).1))
            })
        };
        let account = answered(404, "NoSuchPublicAccessBlockConfiguration");
        let found = &account_block(account.home()).await.resources[0];
        assert_eq!(found.get(&account_public_access_block::CONFIGURED), Ok(Some(false)));
        assert_eq!(found.get(&account_public_access_block::BLOCK_PUBLIC_ACLS), Ok(Some(false)));
        let harvest = account_block(answered(403, "AccessDenied").home()).await;
        assert_eq!((harvest.resources.len(), harvest.gaps.len()), (0, 1));
    }
}
