//! Buckets: who reaches them, how they are encrypted, what survives a delete.

use stateward_model::kinds::kms::key;
use stateward_model::kinds::s3::account_public_access_block as account;
use stateward_model::kinds::s3::bucket;
use stateward_model::policy::{Condition, Document, Principal, Statement};
use stateward_model::{Cause, GLOBAL, Gap, Place, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{KeyOwner, arn_account, key_owner, not_in_state, partition};
use crate::inventory::Side;
use crate::profile::{BucketClass, any_matches};

/// The block above all buckets of the account.
pub const ACCOUNT_BLOCK: Reads = Reads {
    kind: &account::KIND,
    attributes: &[
        account::BLOCK_PUBLIC_ACLS.any(),
        account::BLOCK_PUBLIC_POLICY.any(),
        account::IGNORE_PUBLIC_ACLS.any(),
        account::RESTRICT_PUBLIC_BUCKETS.any(),
    ],
};

type Flag = fn(&bucket::PublicAccessBlock) -> bool;

/// The flags as AWS calls them, with what they are in a block.
const FLAGS: [(&str, Flag); 4] = [
    ("BlockPublicAcls", |block| block.block_public_acls),
    ("IgnorePublicAcls", |block| block.ignore_public_acls),
    ("BlockPublicPolicy", |block| block.block_public_policy),
    ("RestrictPublicBuckets", |block| block.restrict_public_buckets),
];

fn flags_off(block: &bucket::PublicAccessBlock) -> String {
    let off: Vec<&str> = FLAGS.iter().filter(|(_, on)| !on(block)).map(|(name, _)| *name).collect();
    off.join(", ")
}

pub const STO_01: Check = Check {
    id: "STO-01",
    alias: "s3-account-public-access-block",
    title: "Account-wide public access block on S3",
    component: "storage",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&account::KIND, account_block),
    reads: &[ACCOUNT_BLOCK],
    page: include_str!("../../../docs/checks/STO-01.md"),
};

fn account_block(resource: &Resource, _: &View) -> Verdict {
    let block = flags_of_account(resource)?;
    if block.is_complete() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("the account's public access block leaves {} off", flags_off(&block))))
}

fn flags_of_account(resource: &Resource) -> Result<bucket::PublicAccessBlock, Gap> {
    Ok(bucket::PublicAccessBlock {
        block_public_acls: resource.get_or_default(&account::BLOCK_PUBLIC_ACLS)?,
        block_public_policy: resource.get_or_default(&account::BLOCK_PUBLIC_POLICY)?,
        ignore_public_acls: resource.get_or_default(&account::IGNORE_PUBLIC_ACLS)?,
        restrict_public_buckets: resource.get_or_default(&account::RESTRICT_PUBLIC_BUCKETS)?,
    })
}

/// The block of the account that a bucket is in.
fn block_above(resource: &Resource, view: &View) -> Result<bucket::PublicAccessBlock, Gap> {
    let place = Place::new(resource.account(), GLOBAL);
    match view.inventory.lookup(&account::KIND, &place, resource.account())? {
        Some(found) => flags_of_account(found),
        None if view.side == Side::Declared => Err(not_in_state(account::KIND.name)),
        None => Ok(bucket::PublicAccessBlock::default()),
    }
}

/// Whether a flag is on for the bucket: the stricter of its own block and the account's counts.
fn blocked(resource: &Resource, view: &View, flag: Flag) -> Result<bool, Gap> {
    let own = resource.get_or_default(&bucket::PUBLIC_ACCESS_BLOCK).map(|blocks| blocks.iter().any(flag));
    if own == Ok(true) {
        return own;
    }
    match block_above(resource, view).map(|block| flag(&block)) {
        Ok(true) => Ok(true),
        above => own.and(above),
    }
}

pub const STO_02: Check = Check {
    id: "STO-02",
    alias: "s3-bucket-public-access-block",
    title: "Bucket-level public access block",
    component: "storage",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&bucket::KIND, bucket_block),
    reads: &[Reads { kind: &bucket::KIND, attributes: &[bucket::PUBLIC_ACCESS_BLOCK.any()] }, ACCOUNT_BLOCK],
    page: include_str!("../../../docs/checks/STO-02.md"),
};

fn bucket_block(resource: &Resource, view: &View) -> Verdict {
    let own = resource.get_or_default(&bucket::PUBLIC_ACCESS_BLOCK)?;
    match own.first() {
        Some(block) if block.is_complete() => Ok(Outcome::Pass),
        Some(block) => {
            Ok(Outcome::Fail(format!("the bucket's public access block leaves {} off", flags_off(block))))
        }
        None if block_above(resource, view)?.is_complete() => Ok(Outcome::Pass),
        None => Ok(Outcome::Fail(
            "the bucket has no public access block, and the account's does not cover it".into(),
        )),
    }
}

const ACCESS: &[Reads] = &[
    Reads {
        kind: &bucket::KIND,
        attributes: &[
            bucket::POLICY.any(),
            bucket::POLICY_IS_PUBLIC.any(),
            bucket::ACL.any(),
            bucket::GRANT.any(),
            bucket::PUBLIC_ACCESS_BLOCK.any(),
        ],
    },
    ACCOUNT_BLOCK,
];

pub const STO_03: Check = Check {
    id: "STO-03",
    alias: "s3-not-publicly-readable",
    title: "No bucket is publicly readable",
    component: "storage",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Medium,
    subject: Subject::Each(&bucket::KIND, publicly_readable),
    reads: ACCESS,
    page: include_str!("../../../docs/checks/STO-03.md"),
};

/// Whether everybody may read the bucket.
///
/// # Errors
/// The gap of what decides it.
pub fn publicly_readable(resource: &Resource, view: &View) -> Verdict {
    if policy_is_public(resource, view)? && !blocked(resource, view, |block| block.restrict_public_buckets)? {
        return Ok(Outcome::Fail("the bucket policy is public, and no access block restricts it".into()));
    }
    if public_grants(resource)?.iter().any(bucket::Grant::reads)
        && !blocked(resource, view, |block| block.ignore_public_acls)?
    {
        return Ok(Outcome::Fail("the bucket ACL lets everyone read, and no access block ignores it".into()));
    }
    Ok(Outcome::Pass)
}

/// What S3 itself says of the policy; a state has only its text.
fn policy_is_public(resource: &Resource, view: &View) -> Result<bool, Gap> {
    match view.side {
        Side::Live => resource.get_or_default(&bucket::POLICY_IS_PUBLIC),
        Side::Declared => Ok(policy(resource)?.is_some_and(|policy| policy.is_public())),
    }
}

fn policy(resource: &Resource) -> Result<Option<Document>, Gap> {
    let Some(text) = resource.get(&bucket::POLICY)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    match Document::parse(&text) {
        Some(policy) => Ok(Some(policy)),
        None => Err(Gap::new("s3:GetBucketPolicy", Cause::Malformed, "the bucket policy is no policy")),
    }
}

/// What the ACL grants to everyone. A state of provider 3 names a canned ACL and leaves the grants empty.
fn public_grants(resource: &Resource) -> Result<Vec<bucket::Grant>, Gap> {
    let mut grants = resource.get_or_default(&bucket::GRANT)?;
    grants.retain(bucket::Grant::is_to_everyone);
    let canned: &[&str] = match resource.get(&bucket::ACL)?.as_deref() {
        Some("public-read" | "authenticated-read") => &["READ"],
        Some("public-read-write") => &["READ", "WRITE"],
        _ => return Ok(grants),
    };
    let permissions = canned.iter().map(|permission| (*permission).to_owned()).collect();
    grants.push(bucket::Grant { permissions, ..bucket::Grant::default() });
    Ok(grants)
}

pub const STO_04: Check = Check {
    id: "STO-04",
    alias: "s3-not-publicly-writable",
    title: "No bucket is publicly writable",
    component: "storage",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Medium,
    subject: Subject::Each(&bucket::KIND, publicly_writable),
    reads: &[
        Reads {
            kind: &bucket::KIND,
            attributes: &[
                bucket::POLICY.any(),
                bucket::ACL.any(),
                bucket::GRANT.any(),
                bucket::PUBLIC_ACCESS_BLOCK.any(),
            ],
        },
        ACCOUNT_BLOCK,
    ],
    page: include_str!("../../../docs/checks/STO-04.md"),
};

/// Whether everybody may change the bucket.
///
/// # Errors
/// The gap of what decides it.
pub fn publicly_writable(resource: &Resource, view: &View) -> Verdict {
    let policy = policy(resource)?;
    let open = policy
        .iter()
        .flat_map(Document::allowing)
        .find(|statement| statement.is_public() && writes(statement));
    if let Some(statement) = open
        && !blocked(resource, view, |block| block.restrict_public_buckets)?
    {
        let actions =
            if statement.other_actions { "all but some".into() } else { statement.actions.join(", ") };
        return Ok(Outcome::Fail(format!("the bucket policy lets everyone write (actions: {actions})")));
    }
    if public_grants(resource)?.iter().any(bucket::Grant::writes)
        && !blocked(resource, view, |block| block.ignore_public_acls)?
    {
        return Ok(Outcome::Fail(
            "the bucket ACL lets everyone write, and no access block ignores it".into(),
        ));
    }
    Ok(Outcome::Pass)
}

/// True when it allows anything but reading.
fn writes(statement: &Statement) -> bool {
    const READING: &[&str] = &["s3:get", "s3:list", "s3:describe"];
    let reads = |action: &String| READING.iter().any(|prefix| action.starts_with(prefix));
    statement.other_actions || !statement.actions.iter().all(reads)
}

pub const STO_05: Check = Check {
    id: "STO-05",
    alias: "s3-default-encryption",
    title: "Default encryption with the expected key",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&bucket::KIND, default_encryption),
    reads: &[
        Reads { kind: &bucket::KIND, attributes: &[bucket::ENCRYPTION.any(), bucket::POLICY.any()] },
        Reads { kind: &key::KIND, attributes: &[key::KEY_MANAGER.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-05.md"),
};

fn default_encryption(resource: &Resource, view: &View) -> Verdict {
    let encryption = resource.get_or_default(&bucket::ENCRYPTION)?;
    let rule = encryption.into_iter().flat_map(|block| block.rule);
    let default =
        rule.flat_map(|rule| rule.apply_server_side_encryption_by_default).next().unwrap_or_default();
    let with_kms = default.sse_algorithm.starts_with("aws:kms");
    let class = view.profile.storage.class(resource.id());
    if receives_balancer_logs(resource)? {
        return Ok(match with_kms {
            true => Outcome::Fail(format!(
                "a load balancer writes its access logs here, and its log delivery refuses {}",
                default.sse_algorithm
            )),
            false => Outcome::Pass,
        });
    }
    match class {
        BucketClass::Log => return Ok(Outcome::NotApplicable("classed as a log bucket by the profile")),
        BucketClass::Plain => return Ok(Outcome::NotApplicable("not classed as data by the profile")),
        BucketClass::Data => {}
    }
    if !with_kms {
        return Ok(Outcome::Fail(
            "new objects are encrypted with a key of S3 (AES256), not of a customer".into(),
        ));
    }
    let reference = default.kms_master_key_id.unwrap_or_default();
    if reference.is_empty() {
        return Ok(Outcome::Fail("new objects are encrypted with the key aws/s3 that AWS manages".into()));
    }
    Ok(match key_owner(&reference, &resource.address.place, view)? {
        KeyOwner::Customer => Outcome::Pass,
        KeyOwner::Aws => {
            Outcome::Fail(format!("new objects are encrypted with {reference}, which AWS manages"))
        }
        KeyOwner::Nobody => Outcome::Fail(format!("the key of new objects, {reference}, does not exist")),
    })
}

/// True when the policy admits the log delivery of Application or Classic Load Balancers.
fn receives_balancer_logs(resource: &Resource) -> Result<bool, Gap> {
    let Some(policy) = policy(resource)? else { return Ok(false) };
    let delivers = |statement: &Statement| {
        statement.covers_action("s3:PutObject")
            && (statement.principals.contains(&Principal::Service(BALANCER_LOGS.into()))
                || statement.accounts().iter().any(|account| BALANCER_ACCOUNTS.contains(account)))
    };
    Ok(policy.allowing().any(delivers))
}

const BALANCER_LOGS: &str = "logdelivery.elasticloadbalancing.amazonaws.com";

/// The accounts from which Elastic Load Balancing delivers in regions opened before August 2022.
///
/// Source: "Enable access logs for your Application Load Balancer", step 2.
const BALANCER_ACCOUNTS: &[&str] = &[
    "009996457667",
    "027434742980",
    "033677994240",
    "037604701340",
    "048591011584",
    "054676820928",
    "076674570225",
    "098369216593",
    "114774131450",
    "127311923021",
    "156460612806",
    "190560391635",
    "383597477331",
    "507241528517",
    "582318560864",
    "589379963580",
    "600734575887",
    "635631232127",
    "638102146993",
    "652711504416",
    "718504428378",
    "754344448648",
    "783225319266",
    "797873946194",
    "897822967062",
    "985666609251",
];

pub const STO_06: Check = Check {
    id: "STO-06",
    alias: "s3-refuse-plain-http",
    title: "Buckets refuse plain HTTP",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&bucket::KIND, refuse_plain_http),
    reads: &[Reads { kind: &bucket::KIND, attributes: &[bucket::POLICY.any()] }],
    page: include_str!("../../../docs/checks/STO-06.md"),
};

fn refuse_plain_http(resource: &Resource, _: &View) -> Verdict {
    let Some(policy) = policy(resource)? else {
        return Ok(Outcome::Fail("there is no bucket policy, so plain HTTP is answered".into()));
    };
    let arn = format!("arn:{}:s3:::{}", partition(resource.region()), resource.id());
    // A pattern covers all objects exactly when it covers the widest pattern itself.
    let objects = format!("{arn}/*");
    Ok(match (policy.refuses_plain_http(&arn), policy.refuses_plain_http(&objects)) {
        (true, true) => Outcome::Pass,
        (true, false) => {
            Outcome::Fail("plain HTTP is refused for the bucket, but not for its objects".into())
        }
        (false, true) => {
            Outcome::Fail("plain HTTP is refused for the objects, but not for the bucket".into())
        }
        (false, false) => Outcome::Fail("the bucket policy does not refuse plain HTTP to everyone".into()),
    })
}

pub const STO_07: Check = Check {
    id: "STO-07",
    alias: "s3-bucket-versioning",
    title: "Versioning on data buckets",
    component: "storage",
    category: Category::Backup,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&bucket::KIND, versioning),
    reads: &[Reads { kind: &bucket::KIND, attributes: &[bucket::VERSIONING.any()] }],
    page: include_str!("../../../docs/checks/STO-07.md"),
};

fn versioning(resource: &Resource, view: &View) -> Verdict {
    if view.profile.storage.class(resource.id()) == BucketClass::Log {
        return Ok(Outcome::NotApplicable("classed as a log bucket by the profile"));
    }
    let versioning = resource.get(&bucket::VERSIONING)?.unwrap_or_default();
    if versioning.iter().any(|block| block.enabled) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(
        "versioning is not enabled: a deleted or overwritten object cannot be brought back".into(),
    ))
}

pub const STO_08: Check = Check {
    id: "STO-08",
    alias: "s3-lifecycle-rules",
    title: "Lifecycle rules exist",
    component: "storage",
    category: Category::Cost,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::Each(&bucket::KIND, lifecycle_rules),
    reads: &[Reads {
        kind: &bucket::KIND,
        attributes: &[bucket::LIFECYCLE_RULE.any(), bucket::VERSIONING.any()],
    }],
    page: include_str!("../../../docs/checks/STO-08.md"),
};

fn lifecycle_rules(resource: &Resource, _: &View) -> Verdict {
    let mut rules = resource.get_or_default(&bucket::LIFECYCLE_RULE)?;
    rules.retain(|rule| rule.enabled);
    if rules.is_empty() {
        return Ok(Outcome::Fail("no lifecycle rule is on: what is stored stays for ever".into()));
    }
    if !resource.get_or_default(&bucket::VERSIONING)?.iter().any(|block| block.enabled) {
        return Ok(Outcome::Pass);
    }
    let some = |days: Option<i64>| days.is_some_and(|days| days > 0);
    let expires = |rule: &bucket::LifecycleRule| {
        rule.noncurrent_version_expiration.iter().any(|block| some(block.days))
    };
    let mut lacking = Vec::new();
    if !rules.iter().any(expires) {
        lacking.push("noncurrent versions never expire");
    }
    if !rules.iter().any(|rule| some(rule.abort_incomplete_multipart_upload_days)) {
        lacking.push("unfinished uploads are never removed");
    }
    Ok(match lacking.is_empty() {
        true => Outcome::Pass,
        false => Outcome::Fail(lacking.join("; ")),
    })
}

pub const STO_09: Check = Check {
    id: "STO-09",
    alias: "s3-immutable-backups",
    title: "Backup and audit buckets are immutable",
    component: "storage",
    category: Category::Backup,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&bucket::KIND, immutable),
    reads: &[Reads {
        kind: &bucket::KIND,
        attributes: &[bucket::OBJECT_LOCK.any(), bucket::VERSIONING.any()],
    }],
    page: include_str!("../../../docs/checks/STO-09.md"),
};

fn immutable(resource: &Resource, view: &View) -> Verdict {
    if !any_matches(&view.profile.storage.immutable_buckets, resource.id()) {
        return Ok(Outcome::NotApplicable("not among the profile's immutable buckets"));
    }
    let versioning = resource.get_or_default(&bucket::VERSIONING);
    if versioning.as_ref().is_ok_and(|blocks| blocks.iter().any(|block| block.enabled && block.mfa_delete)) {
        return Ok(Outcome::Pass);
    }
    let lock = resource.get_or_default(&bucket::OBJECT_LOCK)?;
    let mut retentions = lock.iter().flat_map(|lock| &lock.rule).flat_map(|rule| &rule.default_retention);
    let kept = |retention: &bucket::Retention| {
        retention.days.unwrap_or_default() > 0 || retention.years.unwrap_or_default() > 0
    };
    if retentions.any(kept) {
        return Ok(Outcome::Pass);
    }
    versioning?;
    Ok(Outcome::Fail(match lock.iter().any(|lock| lock.object_lock_enabled.as_deref() == Some("Enabled")) {
        true => "Object Lock is on, but has no default retention, and deletes need no second factor".into(),
        false => "neither Object Lock nor MFA delete keeps its objects from being deleted".into(),
    }))
}

pub const STO_10: Check = Check {
    id: "STO-10",
    alias: "s3-cross-account-grants",
    title: "Cross-account bucket grants are on the allow list",
    component: "storage",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&bucket::KIND, cross_account_grants),
    reads: &[Reads { kind: &bucket::KIND, attributes: &[bucket::POLICY.any()] }],
    page: include_str!("../../../docs/checks/STO-10.md"),
};

fn cross_account_grants(resource: &Resource, view: &View) -> Verdict {
    let Some(policy) = policy(resource)? else { return Ok(Outcome::Pass) };
    let known = |account: &str| {
        account == resource.account()
            || view.profile.accounts.known.iter().any(|known| known == account)
            || BALANCER_ACCOUNTS.contains(&account)
    };
    let mut strangers: Vec<String> = Vec::new();
    let mut nameless = false;
    for statement in policy.allowing() {
        if statement.everybody_else {
            strangers.push("everyone but those named".into());
            continue;
        }
        for principal in &statement.principals {
            match principal {
                Principal::Anyone => strangers.extend(admitted(statement, known)),
                // AWS shows a deleted user or role by its unique id; nobody can be that any more.
                Principal::Aws(name) if !name.contains(':') => {}
                // An origin access identity of CloudFront stands in an account of AWS.
                Principal::Aws(name) if name.contains(":iam::cloudfront:") => {}
                Principal::Aws(name) | Principal::Federated(name) => match arn_account(name) {
                    Some(account) if known(account) => {}
                    Some(account) => strangers.push(account.to_owned()),
                    None => strangers.push(name.clone()),
                },
                Principal::Service(_) => {}
                Principal::Other(_) => nameless = true,
            }
        }
    }
    strangers.sort();
    strangers.dedup();
    if !strangers.is_empty() {
        return Ok(Outcome::Fail(format!("the bucket policy grants to {}", strangers.join(", "))));
    }
    if nameless {
        let detail = "the policy names a canonical user, which does not tell its account";
        return Err(Gap::new("s3:GetBucketPolicy", Cause::Unsupported, detail));
    }
    Ok(Outcome::Pass)
}

/// Whom a statement for everyone admits that is not known: accounts and organisations of its conditions, or everyone.
/// A condition on a network or an endpoint names no account.
fn admitted(statement: &Statement, known: impl Fn(&str) -> bool) -> Vec<String> {
    const ACCOUNTS: &[&str] =
        &["aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "s3:dataaccesspointaccount"];
    const ARNS: &[&str] = &["aws:principalarn", "aws:sourcearn", "s3:dataaccesspointarn"];
    const ORGANISATIONS: &[&str] =
        &["aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"];
    let limits: Vec<&Condition> =
        statement.conditions.iter().filter(|condition| condition.limits_callers()).collect();
    if limits.is_empty() {
        return vec!["everyone".into()];
    }
    // All conditions have to hold, so that one that leaves only known accounts is enough.
    let of = |condition: &&Condition| -> Option<Vec<String>> {
        let key = condition.key.as_str();
        let account = |value: &String| match ARNS.contains(&key) {
            true => arn_account(value).map(str::to_owned),
            false => Some(value.clone()),
        };
        if ACCOUNTS.contains(&key) || ARNS.contains(&key) {
            let strangers = condition.values.iter().filter_map(account).filter(|account| !known(account));
            return Some(strangers.collect());
        }
        let organisations = || condition.values.iter().map(|value| format!("organisation {value}")).collect();
        ORGANISATIONS.contains(&key).then(organisations)
    };
    limits.iter().filter_map(of).min_by_key(Vec::len).unwrap_or_default()
}
