//! EKS: who reaches the clusters, whether they are current, and where their nodes stand.

use stateward_model::kinds::ec2::network::subnet;
use stateward_model::kinds::eks::{addon, cluster, node_group};
use stateward_model::kinds::kms::{alias, key};
use stateward_model::{Cause, Gap, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{arn_account, find_key, not_in_state};
use crate::checks::{named, referred, told};
use crate::inventory::Side;

pub const CON_01: Check = Check {
    id: "CON-01",
    alias: "eks-endpoint-open",
    title: "EKS API endpoint is not open to the world",
    component: "container",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&cluster::KIND, endpoint),
    reads: &[Reads { kind: &cluster::KIND, attributes: &[cluster::VPC_CONFIG.any()] }],
    page: include_str!("../../../docs/checks/CON-01.md"),
};

fn endpoint(resource: &Resource, _: &View) -> Verdict {
    let networks = resource.get_or_default(&cluster::VPC_CONFIG)?;
    let network = told(networks.first(), "eks:DescribeCluster")?;
    if network.endpoint_public_access == Some(false) {
        return Ok(Outcome::Pass);
    }
    let ranges = network.public_access_cidrs.clone().unwrap_or_default();
    if ranges.is_empty() || ranges.iter().any(|range| range.ends_with("/0")) {
        return Ok(Outcome::Fail("its API is reached from the whole internet".into()));
    }
    Ok(Outcome::Pass)
}

pub const CON_02: Check = Check {
    id: "CON-02",
    alias: "eks-version",
    title: "EKS runs a version in standard support",
    component: "container",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Each(&cluster::KIND, version),
    reads: &[Reads {
        kind: &cluster::KIND,
        attributes: &[cluster::VERSION.any(), cluster::VERSION_STATUS.any()],
    }],
    page: include_str!("../../../docs/checks/CON-02.md"),
};

fn version(resource: &Resource, _: &View) -> Verdict {
    let status = told(resource.get(&cluster::VERSION_STATUS)?, "eks:DescribeClusterVersions")?;
    let version = resource.get_or_default(&cluster::VERSION)?;
    match status.as_str() {
        "STANDARD_SUPPORT" => Ok(Outcome::Pass),
        "EXTENDED_SUPPORT" => {
            let detail = format!("Kubernetes {version} is in extended support, which ends and costs extra");
            Ok(Outcome::FailAs(Severity::Medium, detail))
        }
        _ => Ok(Outcome::Fail(format!("Kubernetes {version} is no longer supported"))),
    }
}

pub const CON_03: Check = Check {
    id: "CON-03",
    alias: "eks-secrets-encryption",
    title: "Kubernetes secrets use envelope encryption",
    component: "container",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&cluster::KIND, secrets_encryption),
    reads: &[
        Reads { kind: &cluster::KIND, attributes: &[cluster::ENCRYPTION_CONFIG.any()] },
        Reads { kind: &key::KIND, attributes: &[key::KEY_STATE.any(), key::IS_ENABLED.any()] },
        Reads { kind: &alias::KIND, attributes: &[alias::TARGET_KEY_ID.any()] },
    ],
    page: include_str!("../../../docs/checks/CON-03.md"),
};

fn secrets_encryption(resource: &Resource, view: &View) -> Verdict {
    let configured = resource.get_or_default(&cluster::ENCRYPTION_CONFIG)?;
    // Secrets are all that there was to choose, and newer clusters need not say so.
    let covers = |it: &&cluster::Encryption| {
        it.resources.is_empty() || it.resources.iter().any(|covered| covered == "secrets")
    };
    let key = configured.iter().find(covers).and_then(|it| it.provider.first());
    let Some(arn) = key.map(|provider| &provider.key_arn) else {
        return Ok(Outcome::Fail("no key of the account encrypts its secrets".into()));
    };
    let place = &resource.address.place;
    if arn_account(arn).is_some_and(|account| account != place.account) {
        return Err(Gap::new("kms:DescribeKey", Cause::NotRequested, format!("{arn} is of another account")));
    }
    let Some(found) = find_key(arn, place, view)? else {
        return match view.side {
            Side::Declared => Err(not_in_state("aws_kms_key")),
            Side::Live => Ok(Outcome::Fail(format!("the key {arn} of its secrets does not exist"))),
        };
    };
    if view.side == Side::Declared {
        return Ok(match found.get(&key::IS_ENABLED)? {
            Some(false) => Outcome::Fail(format!("the key {arn} of its secrets is disabled")),
            _ => Outcome::Pass,
        });
    }
    match told(found.get(&key::KEY_STATE)?, "kms:DescribeKey")?.as_str() {
        "Enabled" => Ok(Outcome::Pass),
        state => Ok(Outcome::Fail(format!("the key {arn} of its secrets is {state}"))),
    }
}

pub const CON_04: Check = Check {
    id: "CON-04",
    alias: "eks-logs",
    title: "EKS control-plane logs on",
    component: "container",
    category: Category::Observability,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&cluster::KIND, logs),
    reads: &[Reads { kind: &cluster::KIND, attributes: &[cluster::ENABLED_CLUSTER_LOG_TYPES.any()] }],
    page: include_str!("../../../docs/checks/CON-04.md"),
};

fn logs(resource: &Resource, _: &View) -> Verdict {
    let kept = resource.get_or_default(&cluster::ENABLED_CLUSTER_LOG_TYPES)?;
    let is_off = |sort: &&str| !kept.iter().any(|kept| kept == sort);
    let off: Vec<&str> = ["api", "audit", "authenticator"].into_iter().filter(is_off).collect();
    if off.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("not logged: {}", off.join(", "))))
}

pub const CON_05: Check = Check {
    id: "CON-05",
    alias: "eks-node-zones",
    title: "Node groups span zones",
    component: "container",
    category: Category::MultiAz,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&node_group::KIND, zones),
    reads: &[
        Reads {
            kind: &node_group::KIND,
            attributes: &[node_group::SCALING_CONFIG.any(), node_group::SUBNET_IDS.any()],
        },
        Reads { kind: &subnet::KIND, attributes: &[subnet::AVAILABILITY_ZONE.any()] },
    ],
    page: include_str!("../../../docs/checks/CON-05.md"),
};

fn zones(resource: &Resource, view: &View) -> Verdict {
    let needed = i64::from(view.profile.zones_in(resource.region()));
    let zones = super::zones_of(&resource.get_or_default(&node_group::SUBNET_IDS)?, resource, view)?;
    let found = i64::try_from(zones.len()).unwrap_or(i64::MAX);
    if found < needed {
        let zones: Vec<String> = zones.into_iter().collect();
        return Ok(Outcome::Fail(format!("{needed} zones are needed; its subnets are in {}", named(&zones))));
    }
    let least = scaling(resource)?.min_size;
    if least < needed {
        return Ok(Outcome::Fail(format!(
            "may shrink to {least}, less than one node in each of {needed} zones"
        )));
    }
    Ok(Outcome::Pass)
}

fn scaling(resource: &Resource) -> Result<node_group::Scaling, Gap> {
    told(resource.get_or_default(&node_group::SCALING_CONFIG)?.pop(), "eks:DescribeNodegroup")
}

pub const CON_06: Check = Check {
    id: "CON-06",
    alias: "eks-node-health",
    title: "Node groups are healthy and current",
    component: "container",
    category: Category::Scaling,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&node_group::KIND, node_health),
    reads: &[
        Reads {
            kind: &node_group::KIND,
            attributes: &[
                node_group::CLUSTER_NAME.any(),
                node_group::ISSUES.any(),
                node_group::VERSION.any(),
            ],
        },
        Reads { kind: &cluster::KIND, attributes: &[cluster::VERSION.any()] },
    ],
    page: include_str!("../../../docs/checks/CON-06.md"),
};

fn node_health(resource: &Resource, view: &View) -> Verdict {
    if view.side == Side::Live {
        let issues = resource.get_or_default(&node_group::ISSUES)?;
        if !issues.is_empty() {
            return Ok(Outcome::Fail(format!("EKS reports {}", named(&issues))));
        }
    }
    let owner = owner(resource, &resource.get_or_default(&node_group::CLUSTER_NAME)?, view)?;
    let control = told(owner.get(&cluster::VERSION)?, "eks:DescribeCluster")?;
    let nodes = told(resource.get(&node_group::VERSION)?, "eks:DescribeNodegroup")?;
    let (Some(newest), Some(own)) = (minor(&control), minor(&nodes)) else {
        return Err(Gap::new("eks:DescribeNodegroup", Cause::Malformed, "not a version of Kubernetes"));
    };
    if newest > own + 1 {
        return Ok(Outcome::Fail(format!("its nodes run {nodes}, and the control plane {control}")));
    }
    match view.side {
        Side::Live => Ok(Outcome::Pass),
        Side::Declared => Err(not_in_state("health issues")),
    }
}

fn owner<'a>(resource: &Resource, name: &str, view: &View<'a>) -> Result<&'a Resource, Gap> {
    let found = referred(&cluster::KIND, &resource.address.place, name, view)?;
    found.ok_or_else(|| Gap::new("eks:ListClusters", Cause::Malformed, format!("{name} is not listed")))
}

/// The minor number of a version of Kubernetes, which has been 1 in its major one for ever.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("1.")?.split('.').next()?.parse().ok()
}

pub const CON_07: Check = Check {
    id: "CON-07",
    alias: "eks-addons",
    title: "Add-ons are healthy and as declared",
    component: "container",
    category: Category::Drift,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&addon::KIND, addon_health),
    reads: &[Reads {
        kind: &addon::KIND,
        attributes: &[
            addon::ADDON_VERSION.any(),
            addon::COMPATIBLE.any(),
            addon::ISSUES.any(),
            addon::STATUS.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/CON-07.md"),
};

fn addon_health(resource: &Resource, _: &View) -> Verdict {
    let status = told(resource.get(&addon::STATUS)?, "eks:DescribeAddon")?;
    let issues = resource.get_or_default(&addon::ISSUES)?;
    if !issues.is_empty() {
        return Ok(Outcome::Fail(format!("is {status}; EKS reports {}", named(&issues))));
    }
    if status != "ACTIVE" {
        return Ok(Outcome::Fail(format!("is {status}")));
    }
    if told(resource.get(&addon::COMPATIBLE)?, "eks:DescribeAddonVersions")? {
        return Ok(Outcome::Pass);
    }
    let version = resource.get_or_default(&addon::ADDON_VERSION)?;
    Ok(Outcome::Fail(format!("{version} is not for the Kubernetes version of its cluster")))
}

pub const CON_08: Check = Check {
    id: "CON-08",
    alias: "eks-node-ssh",
    title: "Node SSH is not open",
    component: "container",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&node_group::KIND, node_ssh),
    reads: &[Reads { kind: &node_group::KIND, attributes: &[node_group::REMOTE_ACCESS.any()] }],
    page: include_str!("../../../docs/checks/CON-08.md"),
};

fn node_ssh(resource: &Resource, _: &View) -> Verdict {
    let access = resource.get_or_default(&node_group::REMOTE_ACCESS)?;
    let key = |it: &&node_group::RemoteAccess| it.ec2_ssh_key.as_deref().is_some_and(|key| !key.is_empty());
    let open =
        |it: &&node_group::RemoteAccess| it.source_security_group_ids.iter().flatten().next().is_none();
    match access.iter().filter(key).find(open) {
        Some(_) => Ok(Outcome::Fail("its nodes take SSH from every address".into())),
        None => Ok(Outcome::Pass),
    }
}

pub const ASC_10: Check = Check {
    id: "ASC-10",
    alias: "eks-node-growth",
    title: "Node groups can grow",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&node_group::KIND, growth),
    reads: &[
        Reads {
            kind: &node_group::KIND,
            attributes: &[node_group::CLUSTER_NAME.any(), node_group::SCALING_CONFIG.any()],
        },
        Reads { kind: &cluster::KIND, attributes: &[cluster::COMPUTE_CONFIG.any()] },
    ],
    page: include_str!("../../../docs/checks/ASC-10.md"),
};

fn growth(resource: &Resource, view: &View) -> Verdict {
    let scaling = scaling(resource)?;
    if scaling.max_size <= scaling.desired_size {
        return Ok(Outcome::Fail(format!("has {} nodes, the most that it may have", scaling.desired_size)));
    }
    let owner = owner(resource, &resource.get_or_default(&node_group::CLUSTER_NAME)?, view)?;
    if owner.get_or_default(&cluster::COMPUTE_CONFIG)?.iter().any(|it| it.enabled == Some(true)) {
        return Ok(Outcome::Pass);
    }
    let detail = "whether an autoscaler runs in the cluster is known to its Kubernetes API alone";
    Err(Gap::new("kubernetes", Cause::NotRequested, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_kubernetes_are_compared_by_their_minor_number() {
        assert_eq!((minor("1.33"), minor("1.9"), minor("2.1"), minor("")), (Some(33), Some(9), None, None));
    }
}
