//! Service Quotas: how much of something an account may have in a region. Live only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attr::Attr;
use crate::kind::{Exclusion, Kind};

use super::ec2::compute::instance;
use super::ec2::network::{eip, nat_gateway, vpc};
use super::rds::{cluster_instance, db_instance};
use super::{ecs, eks, elbv2};

/// A quota in its region: the value that applies, which an increase may have changed. Its id is service and code.
///
/// Terraform's `aws_servicequotas_service_quota` asks for an increase; what it declares is not compared with this.
pub mod quota {
    use super::*;

    /// The series of CloudWatch that tells how much is used.
    #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(default)]
    pub struct UsageMetric {
        /// `AWS/Usage`.
        pub namespace: String,
        /// `ResourceCount`.
        pub name: String,
        /// What tells it from the other series of that name.
        pub dimensions: BTreeMap<String, String>,
    }

    /// Whether an increase may be asked for.
    pub const ADJUSTABLE: Attr<bool> = Attr::live("adjustable");
    /// Its name.
    pub const NAME: Attr<String> = Attr::live("quota_name");
    /// Where its use is measured; none for most quotas.
    pub const USAGE_METRIC: Attr<UsageMetric> = Attr::live("usage_metric");
    /// How much there may be.
    pub const VALUE: Attr<f64> = Attr::live("value");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_service_quota",
        service: "servicequotas",
        after: &[
            "aws_db_instance",
            "aws_ecs_cluster",
            "aws_eip",
            "aws_eks_cluster",
            "aws_instance",
            "aws_lb",
            "aws_nat_gateway",
            "aws_rds_cluster_instance",
            "aws_vpc",
        ],
        listed_by: &["servicequotas:ListServiceQuotas"],
        attributes: &[ADJUSTABLE.any(), NAME.any(), USAGE_METRIC.any(), VALUE.any()],
        exclusion: |_| Some(Exclusion { rule: "N19", reason: "a limit that AWS sets" }),
        manageable: false,
        ..Kind::BASE
    };
}

/// How the use of a quota is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// The elastic addresses of AWS's pool that no service manages.
    Addresses,
    /// Load balancers of this type.
    Balancers(&'static str),
    /// Clusters of EKS.
    Clusters,
    /// Database instances, those of clusters too.
    Databases,
    /// The vCPUs of Fargate: CloudWatch alone knows.
    FargateVcpus,
    /// The NAT gateways of the zone that has most.
    Gateways,
    /// The vCPUs of instances and of reserved capacity: CloudWatch alone knows.
    InstanceVcpus,
    /// The account's own VPCs.
    Networks,
}

/// A quota that is looked at.
#[derive(Debug)]
pub struct Tracked {
    /// Its service, as Service Quotas writes it.
    pub service: &'static str,
    /// Its code.
    pub code: &'static str,
    /// Its name, where the service does not tell.
    pub name: &'static str,
    /// How its use is counted.
    pub count: Count,
    /// The kinds without which nothing of it can be used.
    pub of: &'static [&'static Kind],
}

impl Tracked {
    /// The id of the quota in its region.
    pub fn id(&self) -> String {
        format!("{}/{}", self.service, self.code)
    }
}

/// The quotas that are looked at: those that stop a failover, as far as their use can be told. To look at one more, add
/// its row, and how it is counted.
pub const TRACKED: &[Tracked] = &[
    Tracked {
        service: "ec2",
        code: "L-0263D0A3",
        name: "EC2-VPC Elastic IPs",
        count: Count::Addresses,
        of: &[&eip::KIND],
    },
    Tracked {
        service: "ec2",
        code: "L-1216C47A",
        name: "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
        count: Count::InstanceVcpus,
        of: &[&instance::KIND],
    },
    Tracked {
        service: "eks",
        code: "L-1194D53C",
        name: "Clusters",
        count: Count::Clusters,
        of: &[&eks::cluster::KIND],
    },
    Tracked {
        service: "elasticloadbalancing",
        code: "L-53DA6B97",
        name: "Application Load Balancers per Region",
        count: Count::Balancers("application"),
        of: &[&elbv2::load_balancer::KIND],
    },
    Tracked {
        service: "elasticloadbalancing",
        code: "L-69A177A2",
        name: "Network Load Balancers per Region",
        count: Count::Balancers("network"),
        of: &[&elbv2::load_balancer::KIND],
    },
    Tracked {
        service: "fargate",
        code: "L-3032A538",
        name: "Fargate On-Demand vCPU resource count",
        count: Count::FargateVcpus,
        of: &[&ecs::cluster::KIND, &eks::cluster::KIND],
    },
    Tracked {
        service: "rds",
        code: "L-7B6409FD",
        name: "DB instances",
        count: Count::Databases,
        of: &[&db_instance::KIND, &cluster_instance::KIND],
    },
    Tracked {
        service: "vpc",
        code: "L-F678F1CE",
        name: "VPCs per Region",
        count: Count::Networks,
        of: &[&vpc::KIND],
    },
    Tracked {
        service: "vpc",
        code: "L-FE5A380F",
        name: "NAT gateways per Availability Zone",
        count: Count::Gateways,
        of: &[&nat_gateway::KIND],
    },
];

/// The quota of an id.
pub fn tracked(id: &str) -> Option<&'static Tracked> {
    TRACKED.iter().find(|tracked| id.split_once('/') == Some((tracked.service, tracked.code)))
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&quota::KIND];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn quotas_are_read_after_all_that_decides_which() {
        let of: BTreeSet<&str> =
            TRACKED.iter().flat_map(|tracked| tracked.of).map(|kind| kind.name).collect();
        assert!(of.iter().eq(quota::KIND.after.iter()));
    }

    #[test]
    fn a_quota_is_found_by_its_id_and_stands_once() {
        let ids: BTreeSet<String> = TRACKED.iter().map(Tracked::id).collect();
        assert_eq!(ids.len(), TRACKED.len());
        for id in ids {
            assert_eq!(tracked(&id).map(Tracked::id), Some(id));
        }
        assert!(tracked("vpc/L-0263D0A3").is_none() && tracked("vpc").is_none());
    }
}
