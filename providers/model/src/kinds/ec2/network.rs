//! Amazon EC2: networks and what guards them.

use crate::attr::{Absent, Attr, Equality::*};
use crate::kind::{Exclusion, Kind};
use crate::resource::Resource;

use crate::kinds::common::{ARN, TAGS, TAGS_ALL};

/// `aws_vpc`.
pub mod vpc {
    use super::*;

    /// The primary IPv4 range.
    pub const CIDR_BLOCK: Attr<String> = Attr::new("cidr_block", Cidr);
    /// `default` or `dedicated`.
    pub const INSTANCE_TENANCY: Attr<String> = Attr::new("instance_tenancy", Exact);
    /// Whether instances get public host names.
    pub const ENABLE_DNS_HOSTNAMES: Attr<bool> =
        Attr::new("enable_dns_hostnames", Exact).absent(Absent::Zero).by(&["ec2:DescribeVpcAttribute"]);
    /// Whether the resolver answers.
    pub const ENABLE_DNS_SUPPORT: Attr<bool> =
        Attr::new("enable_dns_support", Exact).by(&["ec2:DescribeVpcAttribute"]);
    /// Whether AWS made it when the account was opened.
    pub const IS_DEFAULT: Attr<bool> = Attr::live("is_default");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_vpc",
        aliases: &["aws_default_vpc"],
        service: "ec2",
        listed_by: &["ec2:DescribeVpcs"],
        attributes: &[
            ARN.any(),
            CIDR_BLOCK.any(),
            INSTANCE_TENANCY.any(),
            ENABLE_DNS_HOSTNAMES.any(),
            ENABLE_DNS_SUPPORT.any(),
            IS_DEFAULT.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        exclusion: default_network,
        ..Kind::BASE
    };
}

/// N17: what AWS puts into every account and VPC by itself.
pub fn default_network(resource: &Resource) -> Option<Exclusion> {
    let is_default = resource.get(&vpc::IS_DEFAULT).ok().flatten().unwrap_or(false);
    is_default.then_some(Exclusion { rule: "N17", reason: "part of the default network that AWS makes" })
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[&vpc::KIND];
