//! Search domains and data warehouses.

use serde_json::Value;
use stateward_model::kinds::opensearch::domain;
use stateward_model::kinds::redshift::{cluster, workgroup};
use stateward_model::{Gap, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::{policy_of, told};

pub const STO_33: Check = Check {
    id: "STO-33",
    alias: "opensearch-encrypted",
    title: "OpenSearch encrypted at rest and between nodes",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&domain::KIND, domain_encrypted),
    reads: &[Reads {
        kind: &domain::KIND,
        attributes: &[
            domain::ENCRYPT_AT_REST.any(),
            domain::NODE_TO_NODE_ENCRYPTION.any(),
            domain::DOMAIN_ENDPOINT_OPTIONS.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/STO-33.md"),
};

fn domain_encrypted(resource: &Resource, _: &View) -> Verdict {
    let on = |flag: Option<bool>| flag == Some(true);
    let at_rest = resource.get_or_default(&domain::ENCRYPT_AT_REST)?;
    let between = resource.get_or_default(&domain::NODE_TO_NODE_ENCRYPTION)?;
    let endpoint = resource.get_or_default(&domain::DOMAIN_ENDPOINT_OPTIONS)?;
    let mut open = Vec::new();
    if !at_rest.iter().any(|block| on(block.enabled)) {
        open.push("the storage is not encrypted");
    }
    if !between.iter().any(|block| on(block.enabled)) {
        open.push("nodes talk to each other in clear");
    }
    if !endpoint.iter().any(|block| on(block.enforce_https)) {
        open.push("clients may use plain HTTP");
    }
    Ok(match open.is_empty() {
        true => Outcome::Pass,
        false => Outcome::Fail(open.join("; ")),
    })
}

pub const STO_34: Check = Check {
    id: "STO-34",
    alias: "opensearch-not-public",
    title: "OpenSearch is not public",
    component: "storage",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Medium,
    subject: Subject::Each(&domain::KIND, domain_not_public),
    reads: &[Reads {
        kind: &domain::KIND,
        attributes: &[domain::VPC_OPTIONS.any(), domain::ACCESS_POLICIES.any()],
    }],
    page: include_str!("../../../docs/checks/STO-34.md"),
};

fn domain_not_public(resource: &Resource, _: &View) -> Verdict {
    let in_vpc = |options: &domain::VpcOptions| !options.subnet_ids.is_empty();
    if resource.get_or_default(&domain::VPC_OPTIONS)?.iter().any(in_vpc) {
        return Ok(Outcome::Pass);
    }
    let policy = resource.get(&domain::ACCESS_POLICIES)?;
    if policy_of(policy.as_deref(), "es:DescribeDomains")?.is_public() {
        return Ok(Outcome::Fail("its endpoint is public, and its policy lets everybody in".into()));
    }
    Ok(Outcome::Pass)
}

pub const STO_35: Check = Check {
    id: "STO-35",
    alias: "redshift-protected",
    title: "Redshift encrypted, private and snapshotted",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::EachOf(&[&cluster::KIND, &workgroup::KIND], warehouse_protected),
    reads: &[
        Reads {
            kind: &cluster::KIND,
            attributes: &[
                cluster::ENCRYPTED.any(),
                cluster::PUBLICLY_ACCESSIBLE.any(),
                cluster::AUTOMATED_SNAPSHOT_RETENTION_PERIOD.any(),
            ],
        },
        Reads { kind: &workgroup::KIND, attributes: &[workgroup::PUBLICLY_ACCESSIBLE.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-35.md"),
};

fn warehouse_protected(resource: &Resource, view: &View) -> Verdict {
    // Clusters and workgroups have it under the same name.
    let public = resource.get_or_default(&cluster::PUBLICLY_ACCESSIBLE)?;
    let mut wrong = Vec::new();
    if public {
        wrong.push("it has a public address".to_owned());
    }
    if resource.kind() == cluster::KIND.name {
        if !is_encrypted(resource)? {
            wrong.push("it is not encrypted".to_owned());
        }
        // Where a state says nothing, the provider asks for one day.
        let kept = resource.get(&cluster::AUTOMATED_SNAPSHOT_RETENTION_PERIOD)?.unwrap_or(1);
        let needed = i64::from(view.profile.backup.retention_days);
        if kept < needed {
            wrong
                .push(format!("automated snapshots are kept for {kept} days; the profile asks for {needed}"));
        }
    }
    Ok(match wrong.is_empty() {
        true => Outcome::Pass,
        false => Outcome::Fail(wrong.join("; ")),
    })
}

fn is_encrypted(resource: &Resource) -> Result<bool, Gap> {
    let value = told(resource.get(&cluster::ENCRYPTED)?, "redshift:DescribeClusters")?;
    Ok(match value {
        Value::Bool(on) => on,
        other => other.as_str() == Some("true"),
    })
}
