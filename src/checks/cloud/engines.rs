//! Engine versions, and how long they are supported.

use stateward_model::kinds::elasticache::{engine_version, replication_group};
use stateward_model::kinds::rds::{cluster, db_instance, major_version};
use stateward_model::{Cause, Gap, Resource};

use super::super::facts::{records_in, time_of};
use super::super::told;
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};

pub const CLD_23: Check = Check {
    id: "CLD-23",
    alias: "engine-support",
    title: "Engines are in standard support",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::EachOf(&[&db_instance::KIND, &cluster::KIND, &replication_group::KIND], supported),
    reads: &[
        Reads {
            kind: &db_instance::KIND,
            attributes: &[db_instance::ENGINE.any(), db_instance::ENGINE_VERSION.any()],
        },
        Reads { kind: &cluster::KIND, attributes: &[cluster::ENGINE.any(), cluster::ENGINE_VERSION.any()] },
        Reads {
            kind: &replication_group::KIND,
            attributes: &[replication_group::ENGINE.any(), replication_group::ENGINE_VERSION.any()],
        },
        Reads {
            kind: &major_version::KIND,
            attributes: &[
                major_version::ENGINE.any(),
                major_version::SUPPORT.any(),
                major_version::VERSION.any(),
            ],
        },
        Reads {
            kind: &engine_version::KIND,
            attributes: &[engine_version::ENGINE.any(), engine_version::VERSION.any()],
        },
    ],
    page: include_str!("../../../docs/checks/CLD-23.md"),
};

/// From when ElastiCache supports a major version of Redis OSS for money alone. No call tells.
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/extended-support-versions.html>
const REDIS_PAID_FROM: &[(&str, &str)] =
    &[("4", "2026-02-01T00:00:00Z"), ("5", "2026-02-01T00:00:00Z"), ("6", "2027-02-01T00:00:00Z")];

fn supported(resource: &Resource, view: &View) -> Verdict {
    if resource.kind() == replication_group::KIND.name {
        return cache_supported(resource, view);
    }
    // Instances and clusters have both under the same names.
    let engine = told(resource.get(&db_instance::ENGINE)?, "rds:DescribeDBInstances")?;
    let version = told(resource.get(&db_instance::ENGINE_VERSION)?, "rds:DescribeDBInstances")?;
    let mut known = false;
    for offer in records_in(&major_version::KIND, &resource.address.place, view)? {
        if offer.get_or_default(&major_version::ENGINE)? != engine {
            continue;
        }
        known = true;
        let major = offer.get_or_default(&major_version::VERSION)?;
        if is_of(&version, &major) {
            let support = offer.get_or_default(&major_version::SUPPORT)?;
            return judged(&format!("{engine} {major}"), &support, view);
        }
    }
    match known {
        true => Ok(Outcome::Fail(format!("RDS does not offer {engine} {version} any more"))),
        false => {
            let detail = format!("RDS tells nothing of the support of {engine}");
            Err(Gap::new("rds:DescribeDBMajorEngineVersions", Cause::Unsupported, detail))
        }
    }
}

fn judged(name: &str, support: &[major_version::Support], view: &View) -> Verdict {
    // Engines of other makers have no support that RDS would sell.
    let Some(standard) = support.iter().find(|support| support.name.ends_with("-standard-support")) else {
        return Ok(Outcome::Pass);
    };
    let end = told(standard.end.as_deref(), "rds:DescribeDBMajorEngineVersions")?;
    if view.as_of <= time_of(end)? {
        return Ok(Outcome::Pass);
    }
    let day = end.split('T').next().unwrap_or(end);
    Ok(Outcome::Fail(format!("standard support of {name} ended on {day}; what comes after is paid for")))
}

fn cache_supported(resource: &Resource, view: &View) -> Verdict {
    let engine = told(resource.get(&replication_group::ENGINE)?, "elasticache:DescribeReplicationGroups")?;
    let version =
        told(resource.get(&replication_group::ENGINE_VERSION)?, "elasticache:DescribeCacheClusters")?;
    let major = version.split('.').next().unwrap_or(&version);
    if let Some((_, from)) = REDIS_PAID_FROM.iter().find(|(of, _)| engine == "redis" && *of == major)
        && view.as_of >= time_of(from)?
    {
        let day = from.split('T').next().unwrap_or(from);
        return Ok(Outcome::Fail(format!(
            "Redis OSS {version} is in extended support, paid for, since {day}"
        )));
    }
    for offer in records_in(&engine_version::KIND, &resource.address.place, view)? {
        let offered = offer.get_or_default(&engine_version::VERSION)?;
        if offer.get_or_default(&engine_version::ENGINE)? == engine
            && (is_of(&version, &offered) || is_of(&offered, &version))
        {
            return Ok(Outcome::Pass);
        }
    }
    Ok(Outcome::Fail(format!("ElastiCache does not offer {engine} {version} any more")))
}

/// Whether `version` is `major` or, after a dot, one of its versions.
fn is_of(version: &str, major: &str) -> bool {
    version.strip_prefix(major).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_belongs_to_its_major_at_a_dot() {
        assert!(is_of("16.3", "16") && is_of("8.0.mysql_aurora.3.04.0", "8.0") && is_of("16", "16"));
        assert!(!is_of("16.3", "1") && !is_of("8.4", "8.0"));
    }
}
