//! IAC: Terraform states and drift.

use std::collections::BTreeSet;

use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::s3::{account_public_access_block, bucket};
use stateward_model::{Cause, GLOBAL, Gap, Kind, Place, Resource, StateVersion, kinds};

use super::pins::{IAC_13, IAC_14};
use super::versions::IAC_12;
use super::{named, policy_of, time_of};
use crate::check::{
    Category, Check, DriftFacts, Effort, Outcome, Reads, Severity, StateFacts, Subject, Verdict, View,
};
use crate::profile::Exact;

/// The family.
pub const CHECKS: &[Check] = &[
    IAC_01, IAC_02, IAC_03, IAC_04, IAC_05, IAC_06, IAC_07, IAC_08, IAC_09, IAC_10, IAC_12, IAC_13, IAC_14,
    IAC_16, IAC_17, IAC_18, IAC_19, IAC_20, IAC_21, IAC_22, IAC_23, IAC_24, IAC_25,
];

const NOT_IN_S3: Outcome = Outcome::NotApplicable("the state is not in S3");

/// Confirms that the object in S3 was fetched, whether or not it could be understood.
fn fetched(state: &StateFacts) -> Result<(), Gap> {
    if state.region.is_some() { Ok(()) } else { state.content() }
}

/// The bucket that holds a state.
fn bucket_of<'a>(name: &str, view: &View<'a>) -> Result<&'a Resource, Gap> {
    if let Some(found) = view.inventory.of(&bucket::KIND).find(|resource| resource.id() == name) {
        return Ok(found);
    }
    view.inventory.all(&bucket::KIND)?;
    Err(outside("s3:ListBuckets", format!("the bucket {name} is in none of the audited accounts")))
}

/// The table that locks a state.
fn table_of<'a>(name: &str, state: &StateFacts, view: &View<'a>) -> Result<&'a Resource, Gap> {
    let here = |resource: &&Resource| {
        resource.id() == name && state.region.as_deref().is_none_or(|region| resource.region() == region)
    };
    if let Some(found) = view.inventory.of(&table::KIND).find(here) {
        return Ok(found);
    }
    view.inventory.all(&table::KIND)?;
    let detail = format!("the table {name} is in none of the audited accounts and regions");
    Err(outside("dynamodb:ListTables", detail))
}

fn outside(call: &'static str, detail: String) -> Gap {
    Gap::new(call, Cause::NotRequested, detail)
}

const IAC_01: Check = Check {
    id: "IAC-01",
    alias: "state-remote",
    title: "State is remote",
    component: "iac",
    category: Category::Iac,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::State(remote),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-01.md"),
};

fn remote(state: &StateFacts, _: &View) -> Verdict {
    match &state.s3 {
        Some(_) => fetched(state).map(|()| Outcome::Pass),
        None if state.kept_by.is_some() => state.content().map(|()| Outcome::Pass),
        None if state.uri == "-" => Err(Gap::new(
            "state",
            Cause::NotRequested,
            "standard input does not tell where the state is kept",
        )),
        None => Ok(Outcome::Fail("the state is a local file".into())),
    }
}

const IAC_02: Check = Check {
    id: "IAC-02",
    alias: "state-bucket-versioning",
    title: "State bucket is versioned",
    component: "iac",
    category: Category::Backup,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::State(versioned),
    reads: &[Reads { kind: &bucket::KIND, attributes: &[bucket::VERSIONING.any()] }],
    page: include_str!("../../docs/checks/IAC-02.md"),
};

fn versioned(state: &StateFacts, view: &View) -> Verdict {
    let Some((name, _)) = &state.s3 else { return Ok(NOT_IN_S3) };
    let versioning = bucket_of(name, view)?.get_or_default(&bucket::VERSIONING)?;
    if versioning.iter().any(|block| block.enabled) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("versioning of {name} is not enabled: a damaged state cannot be brought back")))
}

const IAC_03: Check = Check {
    id: "IAC-03",
    alias: "state-encrypted",
    title: "State is encrypted",
    component: "iac",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::State(encrypted),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-03.md"),
};

fn encrypted(state: &StateFacts, view: &View) -> Verdict {
    if state.s3.is_none() {
        return Ok(NOT_IN_S3);
    }
    fetched(state)?;
    match state.object_encryption.as_deref() {
        Some("aws:kms" | "aws:kms:dsse") => Ok(Outcome::Pass),
        Some("AES256") if !view.profile.state.kms_required => Ok(Outcome::Pass),
        Some("AES256") => {
            Ok(Outcome::Fail("encrypted with S3's own key (AES256), not with one of the key service".into()))
        }
        Some(other) => {
            Ok(Outcome::Fail(format!("encrypted by {other}, which is neither aws:kms nor AES256")))
        }
        None => Ok(Outcome::Fail("the object is not encrypted".into())),
    }
}

const IAC_04: Check = Check {
    id: "IAC-04",
    alias: "state-bucket-private",
    title: "State bucket is private",
    component: "iac",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Small,
    subject: Subject::State(private),
    reads: &[
        Reads {
            kind: &bucket::KIND,
            attributes: &[bucket::PUBLIC_ACCESS_BLOCK.any(), bucket::POLICY_IS_PUBLIC.any()],
        },
        Reads {
            kind: &account_public_access_block::KIND,
            attributes: &[
                account_public_access_block::BLOCK_PUBLIC_ACLS.any(),
                account_public_access_block::BLOCK_PUBLIC_POLICY.any(),
                account_public_access_block::IGNORE_PUBLIC_ACLS.any(),
                account_public_access_block::RESTRICT_PUBLIC_BUCKETS.any(),
            ],
        },
    ],
    page: include_str!("../../docs/checks/IAC-04.md"),
};

fn private(state: &StateFacts, view: &View) -> Verdict {
    let Some((name, _)) = &state.s3 else { return Ok(NOT_IN_S3) };
    let resource = bucket_of(name, view)?;
    let open = open_flags(resource, view)?;
    if !open.is_empty() {
        return Ok(Outcome::Fail(format!("public access to {name} is not blocked: {} off", open.join(", "))));
    }
    if resource.get_or_default(&bucket::POLICY_IS_PUBLIC)? {
        return Ok(Outcome::Fail(format!("the policy of {name} is public")));
    }
    Ok(Outcome::Pass)
}

/// The flags of public access blocking that neither the bucket nor its account sets: S3 applies the stricter of both.
fn open_flags(resource: &Resource, view: &View) -> Result<Vec<&'static str>, Gap> {
    let own = resource.get_or_default(&bucket::PUBLIC_ACCESS_BLOCK)?.into_iter().next().unwrap_or_default();
    if own.is_complete() {
        return Ok(Vec::new());
    }
    use account_public_access_block as block;
    let place = Place::new(resource.account(), GLOBAL);
    let account = view.inventory.lookup(&block::KIND, &place, resource.account())?;
    let set = |flag| account.map_or(Ok(false), |account| account.get_or_default(flag));
    let flags = [
        ("block_public_acls", own.block_public_acls || set(&block::BLOCK_PUBLIC_ACLS)?),
        ("block_public_policy", own.block_public_policy || set(&block::BLOCK_PUBLIC_POLICY)?),
        ("ignore_public_acls", own.ignore_public_acls || set(&block::IGNORE_PUBLIC_ACLS)?),
        ("restrict_public_buckets", own.restrict_public_buckets || set(&block::RESTRICT_PUBLIC_BUCKETS)?),
    ];
    Ok(flags.into_iter().filter(|(_, on)| !on).map(|(name, _)| name).collect())
}

const IAC_05: Check = Check {
    id: "IAC-05",
    alias: "state-bucket-tls-logged",
    title: "State bucket refuses plain HTTP and is logged",
    component: "iac",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::State(tls_and_logged),
    reads: &[Reads { kind: &bucket::KIND, attributes: &[bucket::POLICY.any(), bucket::LOGGING.any()] }],
    page: include_str!("../../docs/checks/IAC-05.md"),
};

fn tls_and_logged(state: &StateFacts, view: &View) -> Verdict {
    let Some((name, key)) = &state.s3 else { return Ok(NOT_IN_S3) };
    let resource = bucket_of(name, view)?;
    let policy = policy_of(resource.get(&bucket::POLICY)?.as_deref(), "s3:GetBucketPolicy")?;
    let arn = resource.arn.clone().unwrap_or_else(|| format!("arn:aws:s3:::{name}"));
    if !policy.refuses_plain_http(&arn) || !policy.refuses_plain_http(&format!("{arn}/{key}")) {
        return Ok(Outcome::Fail(format!("the policy of {name} does not refuse requests without TLS")));
    }
    if resource.get_or_default(&bucket::LOGGING)?.is_empty() {
        let detail = format!("{name} has no access logging; data events of a trail would do too");
        return Err(Gap::new("cloudtrail:GetEventSelectors", Cause::Unsupported, detail));
    }
    Ok(Outcome::Pass)
}

const IAC_06: Check = Check {
    id: "IAC-06",
    alias: "state-locking",
    title: "Locking is in force",
    component: "iac",
    category: Category::Iac,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::State(locking),
    reads: &[Reads {
        kind: &table::KIND,
        attributes: &[table::STATUS.any(), table::HASH_KEY.any(), table::ATTRIBUTE.any()],
    }],
    page: include_str!("../../docs/checks/IAC-06.md"),
};

fn locking(state: &StateFacts, view: &View) -> Verdict {
    if state.s3.is_none() {
        return Ok(NOT_IN_S3);
    }
    let Some(name) = lock_table(state)? else { return Ok(Outcome::Pass) };
    let resource = table_of(name, state, view)?;
    let status = resource.get_or_default(&table::STATUS)?;
    if status != "ACTIVE" {
        return Ok(Outcome::Fail(format!("the lock table {name} is {status}, not ACTIVE")));
    }
    let key = resource.get_or_default(&table::HASH_KEY)?;
    let attributes = resource.get_or_default(&table::ATTRIBUTE)?;
    let text = attributes.iter().any(|attribute| attribute.name == "LockID" && attribute.of == "S");
    if key != "LockID" || !text {
        let message = format!("the key of the lock table {name} is {key}, not the string LockID");
        return Ok(Outcome::Fail(message));
    }
    Ok(Outcome::Pass)
}

/// The lock table of a state in S3; none where lock files are in use. That nothing was found does not prove that
/// nothing locks: a lock file leaves no trace in a bucket without versions, and a table may have any name.
fn lock_table(state: &StateFacts) -> Result<Option<&str>, Gap> {
    match state.lock.as_deref() {
        Some("lockfile") => Ok(None),
        Some(_) => match state.lock_table.as_deref() {
            Some(name) => Ok(Some(name)),
            None => Err(Gap::new("dynamodb:GetItem", Cause::NotRequested, "the lock table is not named")),
        },
        None => {
            fetched(state)?;
            Err(state.gaps.first().cloned().unwrap_or_else(|| {
                let detail = "neither a lock file nor a lock table was found";
                Gap::new("s3:HeadObject", Cause::NotRequested, detail)
            }))
        }
    }
}

const IAC_07: Check = Check {
    id: "IAC-07",
    alias: "state-lock-table-protected",
    title: "Lock table is protected",
    component: "iac",
    category: Category::Backup,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::State(lock_table_protected),
    reads: &[Reads {
        kind: &table::KIND,
        attributes: &[table::POINT_IN_TIME_RECOVERY.any(), table::DELETION_PROTECTION_ENABLED.any()],
    }],
    page: include_str!("../../docs/checks/IAC-07.md"),
};

fn lock_table_protected(state: &StateFacts, view: &View) -> Verdict {
    if state.s3.is_none() {
        return Ok(NOT_IN_S3);
    }
    let Some(name) = lock_table(state)? else {
        return Ok(Outcome::NotApplicable("the state is locked by a lock file"));
    };
    let resource = table_of(name, state, view)?;
    let recovery = resource.get_or_default(&table::POINT_IN_TIME_RECOVERY)?;
    let mut off = Vec::new();
    if !recovery.iter().any(|block| block.enabled) {
        off.push("point-in-time recovery");
    }
    if !resource.get_or_default(&table::DELETION_PROTECTION_ENABLED)? {
        off.push("deletion protection");
    }
    if off.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("the lock table {name} has no {}", off.join(" and no "))))
}

const IAC_08: Check = Check {
    id: "IAC-08",
    alias: "state-no-stale-lock",
    title: "No stale lock",
    component: "iac",
    category: Category::Iac,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::State(no_stale_lock),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-08.md"),
};

fn no_stale_lock(state: &StateFacts, view: &View) -> Verdict {
    const OLDEST: time::Duration = time::Duration::hours(1);
    if state.s3.is_none() {
        return Ok(NOT_IN_S3);
    }
    lock_table(state)?;
    if !state.locked {
        // A look that failed did not see that nobody holds the lock.
        return state.gaps.first().cloned().map_or(Ok(Outcome::Pass), Err);
    }
    let unsaid =
        || Gap::new("dynamodb:GetItem", Cause::Malformed, "the lock does not tell since when it is held");
    let since = state.locked_since.as_deref().ok_or_else(unsaid)?;
    if view.as_of - time_of(since, "dynamodb:GetItem")? <= OLDEST {
        return Ok(Outcome::Pass);
    }
    let holder = state.lock_holder.as_deref().unwrap_or("somebody");
    Ok(Outcome::Fail(format!("locked by {holder} since {since}")))
}

const IAC_09: Check = Check {
    id: "IAC-09",
    alias: "state-digest",
    title: "Lock digest matches the state",
    component: "iac",
    category: Category::Iac,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::State(digest),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-09.md"),
};

fn digest(state: &StateFacts, _: &View) -> Verdict {
    if state.s3.is_none() {
        return Ok(NOT_IN_S3);
    }
    match state.digest_matches {
        Some(true) => Ok(Outcome::Pass),
        Some(false) => Ok(Outcome::Fail(
            "the digest in the lock table is not that of the object: one of them was replaced".into(),
        )),
        None => match lock_table(state)? {
            None => Ok(Outcome::NotApplicable("locked by a lock file, which comes without a digest")),
            Some(name) => Err(state.gaps.first().cloned().unwrap_or_else(|| {
                Gap::new("dynamodb:GetItem", Cause::Malformed, format!("{name} holds no digest of the state"))
            })),
        },
    }
}

/// The check that looks at the older versions of states, which are read for nothing else.
pub const OF_HISTORY: &str = "IAC-10";

const IAC_10: Check = Check {
    id: OF_HISTORY,
    alias: "state-serial-rises",
    title: "Serial never goes back and lineage never changes",
    component: "iac",
    category: Category::Iac,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::State(serial_rises),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-10.md"),
};

fn serial_rises(state: &StateFacts, _: &View) -> Verdict {
    if state.s3.is_none() {
        return Ok(NOT_IN_S3);
    }
    let Some(history) = &state.history else {
        fetched(state)?;
        let detail = "its versions were not looked at: an old one was named, or the recording has none";
        return Err(Gap::new("s3:ListObjectVersions", Cause::NotRequested, detail));
    };
    let pairs = history.versions.iter().zip(history.versions.iter().skip(1));
    if let Some(fault) = pairs.filter_map(|(newer, older)| step_fault(newer, older)).next() {
        return Ok(Outcome::Fail(fault));
    }
    if let Some(gap) = &history.gap {
        return Err(gap.clone());
    }
    Ok(match history.versions.len() {
        0 | 1 => Outcome::NotApplicable("S3 keeps one version of it, which has no predecessor"),
        _ => Outcome::Pass,
    })
}

/// What is wrong between two versions that follow each other.
fn step_fault(newer: &StateVersion, older: &StateVersion) -> Option<String> {
    let (from, to) = (older.serial, newer.serial);
    if newer.lineage != older.lineage {
        return Some(format!(
            "version {} replaced the lineage {} by {}: it is another state",
            newer.id, older.lineage, newer.lineage
        ));
    }
    if to < from {
        return Some(format!("version {} went back from serial {from} to {to}", newer.id));
    }
    // A copy onto itself, as to encrypt it anew, is the same state once more.
    (to == from && newer.bytes != older.bytes).then(|| {
        format!(
            "serial {to} was written twice with different content, the second time as version {}",
            newer.id
        )
    })
}

const IAC_16: Check = Check {
    id: "IAC-16",
    alias: "state-no-clear-secrets",
    title: "No secret in clear in outputs or non-sensitive attributes",
    component: "iac",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::State(no_clear_secrets),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-16.md"),
};

fn no_clear_secrets(state: &StateFacts, _: &View) -> Verdict {
    state.content()?;
    if state.secret_paths.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("looks like a credential and is not flagged: {}", named(&state.secret_paths))))
}

const IAC_17: Check = Check {
    id: "IAC-17",
    alias: "state-finished",
    title: "No tainted or deposed objects",
    component: "iac",
    category: Category::Iac,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::State(finished),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-17.md"),
};

fn finished(state: &StateFacts, _: &View) -> Verdict {
    state.content()?;
    let mut found = Vec::new();
    if !state.tainted.is_empty() {
        found.push(format!("tainted: {}", named(&state.tainted)));
    }
    if !state.deposed.is_empty() {
        found.push(format!("deposed: {}", named(&state.deposed)));
    }
    if found.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(found.join("; ")))
}

const IAC_18: Check = Check {
    id: "IAC-18",
    alias: "state-checks-pass",
    title: "Check blocks pass",
    component: "iac",
    category: Category::Iac,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::State(checks_pass),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-18.md"),
};

fn checks_pass(state: &StateFacts, _: &View) -> Verdict {
    state.content()?;
    if !state.failed_checks.is_empty() {
        return Ok(Outcome::Fail(format!("did not hold at the last run: {}", named(&state.failed_checks))));
    }
    if !state.open_checks.is_empty() {
        let detail = format!("the last run could not tell: {}", named(&state.open_checks));
        return Err(Gap::new("state", Cause::NotInState, detail));
    }
    if state.checks == 0 {
        return Ok(Outcome::NotApplicable("the state records no check blocks or conditions"));
    }
    Ok(Outcome::Pass)
}

/// What drift found, or that nobody looked.
fn drift<'a>(view: &View<'a>) -> Result<&'a DriftFacts, Gap> {
    view.drift.ok_or_else(|| {
        Gap::new(
            "drift",
            Cause::NotRequested,
            "drift was not computed: no state was read, or none was asked for",
        )
    })
}

/// That an instance was not compared, or a state not read, leaves open what is there.
fn nothing_hidden(drift: &DriftFacts, view: &View) -> Result<(), Gap> {
    every_state(view)?;
    if drift.unknown > 0 {
        let detail = format!("{} managed instances could not be compared", drift.unknown);
        return Err(Gap::new("drift", Cause::Unsupported, detail));
    }
    Ok(())
}

/// A state that was not read may hold anything.
fn every_state(view: &View) -> Result<(), Gap> {
    view.states.iter().try_for_each(StateFacts::content)
}

const IAC_19: Check = Check {
    id: "IAC-19",
    alias: "managed-share",
    title: "Managed share of the estate",
    component: "iac",
    category: Category::Drift,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Estate(managed_share),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-19.md"),
};

fn managed_share(view: &View) -> Verdict {
    let drift = drift(view)?;
    let managed = drift.in_sync + drift.changed.len() + drift.conflicts.len();
    let total = managed + drift.unmanaged + drift.unknown;
    if total == 0 {
        return Ok(Outcome::NotApplicable("neither the states nor the estate hold anything manageable"));
    }
    let least = view.profile.drift.managed_share;
    let share = |part: usize| Exact::new(100 * count(part), count(total));
    let message = format!("{managed} of {total} manageable resources are managed");
    // An unread state may manage what looks unmanaged, so that only a share that is reached anyway is sure.
    let highest = if every_state(view).is_ok() { share(managed + drift.unknown) } else { share(total) };
    if highest < least {
        return Ok(grade(least, share(managed), message));
    }
    if share(managed) < least {
        nothing_hidden(drift, view)?;
    }
    every_listing(view)?;
    Ok(Outcome::Pass)
}

fn count(number: usize) -> i128 {
    i128::try_from(number).unwrap_or(i128::MAX)
}

/// Graded by how many times `numerator` is `denominator`.
fn grade(numerator: Exact, denominator: Exact, message: String) -> Outcome {
    let narrow = |number: i128| i64::try_from(number).unwrap_or(i64::MAX);
    let top = numerator.numer().saturating_mul(*denominator.denom());
    let bottom = denominator.numer().saturating_mul(*numerator.denom());
    Outcome::graded(narrow(top), narrow(bottom), message)
}

/// Behind a listing that failed there may be unmanaged objects.
fn every_listing(view: &View) -> Result<(), Gap> {
    let broken = |kind: &'static Kind| {
        let places = view.inventory.places(kind);
        places.iter().find_map(|place| view.inventory.listing_gaps(kind, place)?.first().cloned())
    };
    kinds::all().find_map(broken).map_or(Ok(()), Err)
}

const IAC_20: Check = Check {
    id: "IAC-20",
    alias: "no-managed-resource-missing",
    title: "No managed resource is missing",
    component: "iac",
    category: Category::Drift,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Estate(none_missing),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-20.md"),
};

fn none_missing(view: &View) -> Verdict {
    let drift = drift(view)?;
    if !drift.missing.is_empty() {
        return Ok(Outcome::Fail(format!("does not exist any more: {}", named(&drift.missing))));
    }
    nothing_hidden(drift, view)?;
    Ok(Outcome::Pass)
}

const IAC_21: Check = Check {
    id: "IAC-21",
    alias: "changed-share",
    title: "Changed share is small",
    component: "iac",
    category: Category::Drift,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Estate(changed_share),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-21.md"),
};

fn changed_share(view: &View) -> Verdict {
    let drift = drift(view)?;
    let changed = drift.changed.len();
    let compared = drift.in_sync + changed;
    let total = compared + drift.unknown;
    if total == 0 {
        nothing_hidden(drift, view)?;
        return Ok(Outcome::NotApplicable("no managed instance was there to compare"));
    }
    let most = view.profile.drift.changed_share;
    let share = |part: usize, whole: usize| Exact::new(100 * count(part), count(whole.max(1)));
    every_state(view)?;
    if share(changed, total) > most {
        // Eight times too many earn nothing; below that, what was not compared decides how much.
        if share(changed, total) < most * Exact::from_integer(8) {
            nothing_hidden(drift, view)?;
        }
        let message = format!("{changed} of {compared} compared resources changed");
        return Ok(grade(share(changed, compared), most, message));
    }
    if share(changed + drift.unknown, total) > most {
        nothing_hidden(drift, view)?;
    }
    Ok(Outcome::Pass)
}

const IAC_22: Check = Check {
    id: "IAC-22",
    alias: "no-loosening-drift",
    title: "No security-relevant drift",
    component: "iac",
    category: Category::Drift,
    severity: Severity::Critical,
    effort: Effort::Medium,
    subject: Subject::Estate(none_loosened),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-22.md"),
};

fn none_loosened(view: &View) -> Verdict {
    let drift = drift(view)?;
    if !drift.loosening.is_empty() {
        return Ok(Outcome::Fail(format!("changed so that protection shrank: {}", named(&drift.loosening))));
    }
    nothing_hidden(drift, view)?;
    Ok(Outcome::Pass)
}

const IAC_23: Check = Check {
    id: "IAC-23",
    alias: "no-ownership-conflict",
    title: "No ownership conflict between states",
    component: "iac",
    category: Category::Drift,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Estate(no_conflict),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-23.md"),
};

fn no_conflict(view: &View) -> Verdict {
    let drift = drift(view)?;
    if !drift.conflicts.is_empty() {
        return Ok(Outcome::Fail(format!("managed more than once: {}", named(&drift.conflicts))));
    }
    every_state(view)?;
    Ok(Outcome::Pass)
}

const IAC_24: Check = Check {
    id: "IAC-24",
    alias: "no-ghost-entries",
    title: "No ghost entries",
    component: "iac",
    category: Category::Drift,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::Estate(no_ghosts),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-24.md"),
};

fn no_ghosts(view: &View) -> Verdict {
    let drift = drift(view)?;
    if !drift.ghosts.is_empty() {
        let message = format!("outside of what is audited, or left over: {}", named(&drift.ghosts));
        return Ok(Outcome::Fail(message));
    }
    every_state(view)?;
    Ok(Outcome::Pass)
}

const IAC_25: Check = Check {
    id: "IAC-25",
    alias: "required-tags",
    title: "Mandatory tags present",
    component: "iac",
    category: Category::Iac,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::State(required_tags),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-25.md"),
};

fn required_tags(state: &StateFacts, view: &View) -> Verdict {
    if view.profile.state.required_tags.is_empty() {
        return Ok(Outcome::NotApplicable("the profile requires no tags"));
    }
    state.content()?;
    let nobody = || Gap::new("state", Cause::NotRequested, "nobody looked at the tags of its resources");
    let facts = state.tagged.as_ref().ok_or_else(nobody)?;
    if !facts.lacking.is_empty() {
        let keys = |keys: &BTreeSet<String>| keys.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let lacking: Vec<String> =
            facts.lacking.iter().map(|(address, lacking)| format!("{address} ({})", keys(lacking))).collect();
        let (some, all) = (lacking.len(), facts.known);
        return Ok(Outcome::Fail(format!("{some} of {all} lack required tags: {}", named(&lacking))));
    }
    if let Some(gap) = &facts.gap {
        let detail = format!("the tags of {} resources were not read: {}", facts.unread, gap.detail);
        return Err(Gap::new(gap.call.clone(), gap.cause, detail));
    }
    if facts.known == 0 {
        return Ok(Outcome::NotApplicable("nothing that it manages can carry tags"));
    }
    Ok(Outcome::Pass)
}
