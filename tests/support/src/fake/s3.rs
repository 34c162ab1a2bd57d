//! S3's answers.

use super::Reply::{Empty, Fixed, Make, Missing};
use super::estate::{ACCOUNT, Estate, Kind, Thing};
use super::wire::{list, maybe, tag};
use super::{Ask, Body, Refused, Row, Sizes};
use crate::operation::segment;

const SIZES: Sizes =
    Sizes { limit: "max-buckets", token: "continuation-token", default: usize::MAX, most: 10_000 };

pub(super) const ROWS: &[Row] = &[
    Row("s3", "ListBuckets", Make(buckets)),
    Row("s3", "HeadBucket", Make(|estate, ask| of(estate, ask, |_| String::new()))),
    Row("s3", "GetBucketLocation", Make(location)),
    Row("s3", "GetBucketVersioning", Make(versioning)),
    Row("s3", "GetBucketEncryption", Make(encryption)),
    Row("s3", "GetPublicAccessBlock", Make(public_access_block)),
    Row("s3", "GetBucketAcl", Make(acl)),
    Row("s3", "GetBucketTagging", Make(tagging)),
    Row("s3", "GetBucketOwnershipControls", Make(ownership)),
    Row("s3", "GetBucketLogging", Make(|estate, ask| of(estate, ask, |_| tag("BucketLoggingStatus", "")))),
    Row("s3", "GetBucketAccelerateConfiguration", Fixed("<AccelerateConfiguration/>")),
    Row("s3", "GetBucketNotificationConfiguration", Fixed("<NotificationConfiguration/>")),
    Row(
        "s3",
        "GetBucketRequestPayment",
        Fixed("<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"),
    ),
    Row("s3", "GetBucketCors", Missing(404, "NoSuchCORSConfiguration")),
    Row("s3", "GetBucketLifecycleConfiguration", Missing(404, "NoSuchLifecycleConfiguration")),
    Row("s3", "GetBucketPolicy", Missing(404, "NoSuchBucketPolicy")),
    Row("s3", "GetBucketPolicyStatus", Missing(404, "NoSuchBucketPolicy")),
    Row("s3", "GetBucketReplication", Missing(404, "ReplicationConfigurationNotFoundError")),
    Row("s3", "GetBucketWebsite", Missing(404, "NoSuchWebsiteConfiguration")),
    Row("s3", "GetObjectLockConfiguration", Missing(404, "ObjectLockConfigurationNotFoundError")),
    Row("s3control", "GetPublicAccessBlock", Missing(404, "NoSuchPublicAccessBlockConfiguration")),
    Row("s3control", "ListAccessPoints", Empty(&["AccessPointList"])),
];

fn name(thing: Thing) -> String {
    format!("acme-bucket-{:05}", thing.number)
}

fn buckets(estate: &Estate, ask: &Ask) -> Body {
    let mut all = estate.all(Kind::Bucket);
    if let Some(region) = ask.text("bucket-region") {
        all.retain(|thing| thing.region() == region);
    }
    if let Some(prefix) = ask.text("prefix") {
        all.retain(|thing| name(*thing).starts_with(&prefix));
    }
    let (page, next) = ask.page(&all, SIZES)?;
    let owner = tag("Owner", tag("ID", ACCOUNT));
    let buckets = list("Buckets", "Bucket", page, |thing| {
        tag("Name", name(*thing))
            + "<CreationDate>2026-01-15T08:00:00.000Z</CreationDate>"
            + &tag("BucketRegion", thing.region())
    });
    Ok(tag("ListAllMyBucketsResult", owner + &buckets + &maybe("ContinuationToken", &next)))
}

/// The answer about the bucket of the path, for those who ask in its region.
fn of(estate: &Estate, ask: &Ask, answer: impl Fn(Thing) -> String) -> Body {
    let wanted = segment(&ask.request, 0);
    let bucket = estate.all(Kind::Bucket).into_iter().find(|thing| name(*thing) == wanted);
    let bucket = bucket.ok_or(Refused::Error(404, "NoSuchBucket"))?;
    if bucket.region() != ask.region() {
        return Err(Refused::Elsewhere(bucket.region().to_owned()));
    }
    Ok(answer(bucket))
}

/// The one question that every region answers.
fn location(estate: &Estate, ask: &Ask) -> Body {
    let wanted = segment(&ask.request, 0);
    let bucket = estate.all(Kind::Bucket).into_iter().find(|thing| name(*thing) == wanted);
    let region = bucket.ok_or(Refused::Error(404, "NoSuchBucket"))?.region();
    // The first region's name is empty here, for historical reasons.
    Ok(tag("LocationConstraint", if region == "us-east-1" { "" } else { region }))
}

fn versioning(estate: &Estate, ask: &Ask) -> Body {
    of(estate, ask, |bucket| {
        tag("VersioningConfiguration", if bucket.good { "<Status>Enabled</Status>" } else { "" })
    })
}

fn encryption(estate: &Estate, ask: &Ask) -> Body {
    of(estate, ask, |bucket| {
        let algorithm = tag("SSEAlgorithm", if bucket.good { "aws:kms" } else { "AES256" });
        let rule = tag("ApplyServerSideEncryptionByDefault", algorithm)
            + "<BucketKeyEnabled>false</BucketKeyEnabled>";
        tag("ServerSideEncryptionConfiguration", tag("Rule", rule))
    })
}

fn public_access_block(estate: &Estate, ask: &Ask) -> Body {
    of(estate, ask, |bucket| {
        let names = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
        let all: String = names.iter().map(|name| tag(name, bucket.good.to_string())).collect();
        tag("PublicAccessBlockConfiguration", all)
    })
}

fn acl(estate: &Estate, ask: &Ask) -> Body {
    of(estate, ask, |_| {
        let grantee = format!(
            "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>{ACCOUNT}</ID></Grantee>"
        );
        let grant = tag("Grant", grantee + "<Permission>FULL_CONTROL</Permission>");
        tag("AccessControlPolicy", tag("Owner", tag("ID", ACCOUNT)) + &tag("AccessControlList", grant))
    })
}

fn tagging(estate: &Estate, ask: &Ask) -> Body {
    of(estate, ask, |_| {
        let pair = tag("Tag", "<Key>Environment</Key><Value>prod</Value>");
        tag("Tagging", tag("TagSet", pair))
    })
}

fn ownership(estate: &Estate, ask: &Ask) -> Body {
    of(estate, ask, |_| {
        let rule = tag("Rule", "<ObjectOwnership>BucketOwnerEnforced</ObjectOwnership>");
        tag("OwnershipControls", rule)
    })
}
