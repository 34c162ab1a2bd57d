//! Amazon EC2: networks and what guards them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attr::{Absent, AnyAttr, Attr, Equality, Equality::*, Nested};
use crate::gap::Gap;
use crate::kind::{Exclusion, Form, Kind, Satellite};
use crate::resource::Resource;

use crate::kinds::common::{ARN, TAGS, TAGS_ALL};

/// The VPC that it is in.
pub const VPC_ID: Attr<String> = Attr::new("vpc_id", Exact);
/// The account that owns it: another one's for what is shared with this account.
pub const OWNER_ID: Attr<String> = Attr::new("owner_id", Never("computed"));
/// Whether AWS made it with the account or with its VPC.
pub const IS_DEFAULT: Attr<bool> = Attr::live("is_default");

fn text(resource: &Resource, path: &str) -> Option<String> {
    resource.raw(path).ok()?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A member of a block as text; numbers are written out, emptiness is nothing.
fn member(block: &Value, name: &str) -> Option<String> {
    match block.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(block: &Value, name: &str) -> Option<i64> {
    member(block, name)?.parse().ok()
}

fn texts(block: &Value, name: &str) -> Vec<String> {
    let items = block.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn blocks(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The attributes of a declared part as one block.
fn as_block(part: &Resource) -> Value {
    let known = part.slots().filter_map(|(path, _)| Some((path.to_owned(), part.raw(path).ok()?.clone())));
    Value::Object(known.collect())
}

/// One form for one network: host bits cut off, IPv6 compressed (N22).
fn network(cidr: &str) -> String {
    cidr.parse::<ipnet::IpNet>().map_or_else(|_| cidr.to_lowercase(), |net| net.trunc().to_string())
}

/// Atoms that are plain text: an id, or an address range.
fn text_atoms(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
    blocks(value).to_vec()
}

/// A part that puts one id or range into a list of its owner.
const fn text_part(
    kind: &'static str,
    owner_id: fn(&Resource) -> Option<String>,
    attributes: &'static [&'static str],
    claims: fn(&Resource) -> Vec<(&'static str, Value)>,
) -> Satellite {
    Satellite { kind, owner_id, form: Form::Atoms { attributes, claims, atoms: text_atoms } }
}

fn claim(attribute: &'static str, part: &Resource, path: &str) -> Vec<(&'static str, Value)> {
    text(part, path).map(|text| (attribute, Value::String(text))).into_iter().collect()
}

/// The value of `path` of a part, where the owner holds it as it is.
fn as_it_is(part: &Resource, path: &str) -> Result<Value, Gap> {
    part.raw(path).cloned()
}

fn one(path: &'static str, value: &Value) -> Option<Map<String, Value>> {
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(Map::from_iter([(path.to_owned(), Value::String(text.to_owned()))]))
}

/// N17: what AWS puts into every account and VPC by itself.
pub fn default_network(resource: &Resource) -> Option<Exclusion> {
    let is_default = resource.get(&IS_DEFAULT).ok().flatten().unwrap_or(false);
    is_default.then_some(Exclusion { rule: "N17", reason: "part of the default network that AWS makes" })
}

/// N18: what another account owns and shares with this one, and what AWS owns and shows to everybody.
fn of_another_account(resource: &Resource) -> Option<Exclusion> {
    let owner = text(resource, OWNER_ID.path())?;
    match owner.as_str() {
        "AWS" => Some(Exclusion { rule: "N18", reason: "AWS's own" }),
        owner if owner != resource.account() => {
            Some(Exclusion { rule: "N18", reason: "shared by another account" })
        }
        _ => None,
    }
}

/// N20: what a Kubernetes controller or EKS made, by the tags that they write.
fn of_kubernetes(resource: &Resource) -> Option<Exclusion> {
    const KEYS: &[&str] = &[
        "aws:eks:cluster-name",
        "cluster.k8s.amazonaws.com/name",
        "elbv2.k8s.aws/cluster",
        "node.k8s.amazonaws.com/instance_id",
    ];
    let tags = resource.tags();
    let owned = |(key, value): (&String, &String)| {
        KEYS.contains(&key.as_str()) || (key.starts_with("kubernetes.io/cluster/") && value == "owned")
    };
    tags.iter().any(owned).then_some(Exclusion { rule: "N20", reason: "made by a Kubernetes controller" })
}

fn default_or_shared(resource: &Resource) -> Option<Exclusion> {
    default_network(resource).or_else(|| of_another_account(resource))
}

/// `aws_vpc`.
pub mod vpc {
    use super::*;

    pub use super::{IS_DEFAULT, OWNER_ID};

    /// Whether its IPv6 range comes from Amazon's pool.
    pub const ASSIGN_GENERATED_IPV6_CIDR_BLOCK: Attr<bool> =
        Attr::new("assign_generated_ipv6_cidr_block", Exact).absent(Absent::Zero);
    /// The primary IPv4 range.
    pub const CIDR_BLOCK: Attr<String> = Attr::new("cidr_block", Cidr);
    /// The DHCP options; `default` for none.
    pub const DHCP_OPTIONS_ID: Attr<String> = Attr::new("dhcp_options_id", Never("computed"));
    /// Whether instances get public host names.
    pub const ENABLE_DNS_HOSTNAMES: Attr<bool> =
        Attr::new("enable_dns_hostnames", Exact).absent(Absent::Zero).by(&["ec2:DescribeVpcAttribute"]);
    /// Whether the resolver answers.
    pub const ENABLE_DNS_SUPPORT: Attr<bool> =
        Attr::new("enable_dns_support", Exact).by(&["ec2:DescribeVpcAttribute"]);
    /// Whether the use of its addresses is measured.
    pub const ENABLE_NETWORK_ADDRESS_USAGE_METRICS: Attr<bool> =
        Attr::new("enable_network_address_usage_metrics", Exact)
            .absent(Absent::Zero)
            .by(&["ec2:DescribeVpcAttribute"]);
    /// `default` or `dedicated`.
    pub const INSTANCE_TENANCY: Attr<String> =
        Attr::new("instance_tenancy", Exact).absent(Absent::Default("\"default\""));
    /// The first IPv6 range; AWS may choose it.
    pub const IPV6_CIDR_BLOCK: Attr<String> = Attr::new("ipv6_cidr_block", Cidr).absent(Absent::Unclaimed);
    /// From where its IPv6 range is announced.
    pub const IPV6_CIDR_BLOCK_NETWORK_BORDER_GROUP: Attr<String> =
        Attr::new("ipv6_cidr_block_network_border_group", Exact).absent(Absent::Unclaimed);
    /// The IPAM pool of its IPv6 range.
    pub const IPV6_IPAM_POOL_ID: Attr<String> = Attr::new("ipv6_ipam_pool_id", Exact);
    /// Its IPv4 ranges beside the primary one.
    pub const SECONDARY_CIDR_BLOCKS: Attr<Vec<String>> = Attr::live("secondary_cidr_blocks");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_vpc",
        aliases: &["aws_default_vpc"],
        service: "ec2",
        listed_by: &["ec2:DescribeVpcs"],
        attributes: &[
            ARN.any(),
            ASSIGN_GENERATED_IPV6_CIDR_BLOCK.any(),
            CIDR_BLOCK.any(),
            DHCP_OPTIONS_ID.any(),
            ENABLE_DNS_HOSTNAMES.any(),
            ENABLE_DNS_SUPPORT.any(),
            ENABLE_NETWORK_ADDRESS_USAGE_METRICS.any(),
            INSTANCE_TENANCY.any(),
            IPV6_CIDR_BLOCK.any(),
            IPV6_CIDR_BLOCK_NETWORK_BORDER_GROUP.any(),
            IPV6_IPAM_POOL_ID.any(),
            IS_DEFAULT.any(),
            OWNER_ID.any(),
            SECONDARY_CIDR_BLOCKS.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        satellites: &[
            text_part(
                "aws_vpc_ipv4_cidr_block_association",
                |part| text(part, "vpc_id"),
                &["secondary_cidr_blocks"],
                |part| claim("secondary_cidr_blocks", part, "cidr_block"),
            ),
            Satellite {
                kind: "aws_vpc_dhcp_options_association",
                owner_id: |part| text(part, "vpc_id"),
                form: Form::Block {
                    attribute: "dhcp_options_id",
                    from_owner: |value| one("dhcp_options_id", value),
                    to_owner: |part| as_it_is(part, "dhcp_options_id"),
                },
            },
        ],
        exclusion: default_or_shared,
        ..Kind::BASE
    };
}

/// `aws_subnet`.
pub mod subnet {
    use super::*;

    pub use super::{IS_DEFAULT, OWNER_ID, VPC_ID};

    /// Whether interfaces get an IPv6 address.
    pub const ASSIGN_IPV6_ADDRESS_ON_CREATION: Attr<bool> =
        Attr::new("assign_ipv6_address_on_creation", Exact).absent(Absent::Zero);
    /// The zone by this account's name.
    pub const AVAILABILITY_ZONE: Attr<String> = Attr::new("availability_zone", Exact);
    /// The zone by its id, which is the same in all accounts.
    pub const AVAILABILITY_ZONE_ID: Attr<String> = Attr::new("availability_zone_id", Exact);
    /// Free IPv4 addresses.
    pub const AVAILABLE_IP_ADDRESS_COUNT: Attr<i64> = Attr::live("available_ip_address_count");
    /// The IPv4 range.
    pub const CIDR_BLOCK: Attr<String> = Attr::new("cidr_block", Cidr);
    /// The pool of customer-owned addresses (Outposts).
    pub const CUSTOMER_OWNED_IPV4_POOL: Attr<String> = Attr::new("customer_owned_ipv4_pool", Exact);
    /// Whether names without IPv6 address get a synthetic one.
    pub const ENABLE_DNS64: Attr<bool> = Attr::new("enable_dns64", Exact).absent(Absent::Zero);
    /// The position of local network interfaces (Outposts).
    pub const ENABLE_LNI_AT_DEVICE_INDEX: Attr<i64> =
        Attr::new("enable_lni_at_device_index", Exact).absent(Absent::Zero);
    /// Whether resource names get an A record.
    pub const ENABLE_RESOURCE_NAME_DNS_A_RECORD_ON_LAUNCH: Attr<bool> =
        Attr::new("enable_resource_name_dns_a_record_on_launch", Exact).absent(Absent::Zero);
    /// Whether resource names get an AAAA record.
    pub const ENABLE_RESOURCE_NAME_DNS_AAAA_RECORD_ON_LAUNCH: Attr<bool> =
        Attr::new("enable_resource_name_dns_aaaa_record_on_launch", Exact).absent(Absent::Zero);
    /// The IPv6 range.
    pub const IPV6_CIDR_BLOCK: Attr<String> = Attr::new("ipv6_cidr_block", Cidr);
    /// Whether it has IPv6 only.
    pub const IPV6_NATIVE: Attr<bool> = Attr::new("ipv6_native", Exact).absent(Absent::Zero);
    /// Whether interfaces get a customer-owned address (Outposts).
    pub const MAP_CUSTOMER_OWNED_IP_ON_LAUNCH: Attr<bool> =
        Attr::new("map_customer_owned_ip_on_launch", Exact).absent(Absent::Zero);
    /// Whether instances get a public address.
    pub const MAP_PUBLIC_IP_ON_LAUNCH: Attr<bool> =
        Attr::new("map_public_ip_on_launch", Exact).absent(Absent::Zero);
    /// The Outpost that it is on.
    pub const OUTPOST_ARN: Attr<String> = Attr::new("outpost_arn", Exact);
    /// `ip-name` or `resource-name`.
    pub const PRIVATE_DNS_HOSTNAME_TYPE_ON_LAUNCH: Attr<String> =
        Attr::new("private_dns_hostname_type_on_launch", Exact).absent(Absent::Unclaimed);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_subnet",
        aliases: &["aws_default_subnet"],
        service: "ec2",
        listed_by: &["ec2:DescribeSubnets"],
        attributes: &[
            ARN.any(),
            ASSIGN_IPV6_ADDRESS_ON_CREATION.any(),
            AVAILABILITY_ZONE.any(),
            AVAILABILITY_ZONE_ID.any(),
            AVAILABLE_IP_ADDRESS_COUNT.any(),
            CIDR_BLOCK.any(),
            CUSTOMER_OWNED_IPV4_POOL.any(),
            ENABLE_DNS64.any(),
            ENABLE_LNI_AT_DEVICE_INDEX.any(),
            ENABLE_RESOURCE_NAME_DNS_AAAA_RECORD_ON_LAUNCH.any(),
            ENABLE_RESOURCE_NAME_DNS_A_RECORD_ON_LAUNCH.any(),
            IPV6_CIDR_BLOCK.any(),
            IPV6_NATIVE.any(),
            IS_DEFAULT.any(),
            MAP_CUSTOMER_OWNED_IP_ON_LAUNCH.any(),
            MAP_PUBLIC_IP_ON_LAUNCH.any(),
            OUTPOST_ARN.any(),
            OWNER_ID.any(),
            PRIVATE_DNS_HOSTNAME_TYPE_ON_LAUNCH.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_ID.any(),
        ],
        exclusion: default_or_shared,
        ..Kind::BASE
    };
}

/// `aws_security_group`.
pub mod security_group {
    use super::*;

    pub use super::{OWNER_ID, VPC_ID};

    /// Ingress or egress that is allowed: one port range for several sources (or destinations).
    #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Rule {
        /// `tcp`, `udp`, `icmp`, `icmpv6`, the number of another protocol, or `-1` for all of them.
        pub protocol: String,
        /// First port, or ICMP type; -1 is every type. Says nothing unless the protocol is one of the four.
        pub from_port: Option<i64>,
        /// Last port, or ICMP code; -1 is every code.
        pub to_port: Option<i64>,
        /// IPv4 ranges.
        pub cidr_blocks: Vec<String>,
        /// IPv6 ranges.
        pub ipv6_cidr_blocks: Vec<String>,
        /// Prefix lists.
        pub prefix_list_ids: Vec<String>,
        /// Other security groups; those of another account with its id and a slash in front.
        pub security_groups: Vec<String>,
        /// Whether the group itself is a source.
        #[serde(rename = "self")]
        pub itself: bool,
        /// The description.
        pub description: Option<String>,
    }

    const RULE: &[Nested] = &[
        Nested::new("cidr_blocks", Set),
        Nested::new("from_port", Exact).absent(Absent::Zero),
        Nested::new("ipv6_cidr_blocks", Set),
        Nested::new("prefix_list_ids", Set),
        Nested::new("security_groups", Set),
        Nested::new("self", Exact).absent(Absent::Zero),
        Nested::new("to_port", Exact).absent(Absent::Zero),
    ];

    /// The description; it cannot change.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// What may go out.
    pub const EGRESS: Attr<Vec<Rule>> = Attr::new("egress", Set).nested(RULE);
    /// What may come in.
    pub const INGRESS: Attr<Vec<Rule>> = Attr::new("ingress", Set).nested(RULE);
    /// Its name; `default` is the group that AWS makes with a VPC.
    pub const NAME: Attr<String> = Attr::new("name", Exact);

    /// The name of a protocol where AWS has one, its number where it has none, `-1` for all.
    pub fn protocol(word: &str) -> String {
        let word = word.to_lowercase();
        match super::protocol_number(&word).as_str() {
            "1" => "icmp".into(),
            "6" => "tcp".into(),
            "17" => "udp".into(),
            "58" => "icmpv6".into(),
            number => number.to_owned(),
        }
    }

    /// The canonical atom of one source of a rule. Its key is in the form of the rule's import id; the description is
    /// apart, because AWS does not tell rules apart by it.
    fn atom(block: &Value, source: &str) -> Value {
        let protocol = protocol(&member(block, "protocol").unwrap_or_default());
        // For other protocols AWS allows all ports, whatever range was given; of ICMPv6 none means every type.
        let port = |name: &str| match protocol.as_str() {
            "tcp" | "udp" => number(block, name),
            "icmp" | "icmpv6" => Some(number(block, name).unwrap_or(-1)),
            _ => None,
        };
        let (from, to) = (port("from_port"), port("to_port"));
        json!({
            "key": format!("{protocol}_{}_{}_{source}", from.unwrap_or_default(), to.unwrap_or_default()),
            "protocol": protocol,
            "from_port": from,
            "to_port": to,
            "source": source,
            "description": member(block, "description"),
        })
    }

    fn block_atoms(group: &str, block: &Value) -> Vec<Value> {
        let networks = ["cidr_blocks", "ipv6_cidr_blocks"].into_iter().flat_map(|name| texts(block, name));
        let mut sources: Vec<String> = networks.map(|cidr| network(&cidr)).collect();
        sources.extend(texts(block, "prefix_list_ids"));
        // Ids of groups are unique; the account in front of one is left out on one side or the other.
        let bare = |id: String| id.rsplit('/').next().unwrap_or_default().to_owned();
        sources.extend(texts(block, "security_groups").into_iter().map(bare));
        sources.extend(member(block, "source_security_group_id").map(bare));
        if block.get("self").and_then(Value::as_bool) == Some(true) {
            sources.push(group.to_owned());
        }
        sources.sort();
        sources.dedup();
        sources.iter().map(|source| atom(block, source)).collect()
    }

    /// The atoms of a list of rules (N10).
    pub(super) fn rule_atoms(group: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
        let mut atoms = Vec::new();
        for atom in blocks(value).iter().flat_map(|block| block_atoms(group.id(), block)) {
            if !atoms.contains(&atom) {
                atoms.push(atom);
            }
        }
        atoms
    }

    /// What an `aws_security_group_rule` claims: an atom for each of its sources.
    pub(super) fn rule_claims(part: &Resource) -> Vec<(&'static str, Value)> {
        let group = text(part, "security_group_id").unwrap_or_default();
        let direction = if text(part, "type").as_deref() == Some("egress") { "egress" } else { "ingress" };
        block_atoms(&group, &as_block(part)).into_iter().map(|atom| (direction, atom)).collect()
    }

    /// What a rule with one source claims.
    pub(super) fn single_claim(direction: &'static str, part: &Resource) -> Vec<(&'static str, Value)> {
        let list = |path: &str| -> Vec<String> { text(part, path).into_iter().collect() };
        let block = json!({
            "protocol": text(part, "ip_protocol"),
            "from_port": part.raw("from_port").ok(),
            "to_port": part.raw("to_port").ok(),
            "cidr_blocks": list("cidr_ipv4"),
            "ipv6_cidr_blocks": list("cidr_ipv6"),
            "prefix_list_ids": list("prefix_list_id"),
            "security_groups": list("referenced_security_group_id"),
            "description": text(part, "description"),
        });
        block_atoms("", &block).into_iter().map(|atom| (direction, atom)).collect()
    }

    const fn rule_part(
        kind: &'static str,
        attributes: &'static [&'static str],
        claims: fn(&Resource) -> Vec<(&'static str, Value)>,
    ) -> Satellite {
        Satellite {
            kind,
            owner_id: |part| text(part, "security_group_id"),
            form: Form::Atoms { attributes, claims, atoms: rule_atoms },
        }
    }

    /// N17, N18, N20. The default group of every VPC stays visible to NET-05.
    fn excluded(group: &Resource) -> Option<Exclusion> {
        if text(group, "name").as_deref() == Some("default") {
            return Some(Exclusion { rule: "N17", reason: "the default group that AWS makes with a VPC" });
        }
        of_another_account(group).or_else(|| of_kubernetes(group))
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_security_group",
        aliases: &["aws_default_security_group"],
        service: "ec2",
        listed_by: &["ec2:DescribeSecurityGroups"],
        attributes: &[
            ARN.any(),
            DESCRIPTION.any(),
            EGRESS.any(),
            INGRESS.any(),
            NAME.any(),
            OWNER_ID.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_ID.any(),
        ],
        satellites: &[
            rule_part("aws_security_group_rule", &["ingress", "egress"], rule_claims),
            rule_part("aws_vpc_security_group_ingress_rule", &["ingress"], |part| {
                single_claim("ingress", part)
            }),
            rule_part("aws_vpc_security_group_egress_rule", &["egress"], |part| single_claim("egress", part)),
        ],
        exclusion: excluded,
        ..Kind::BASE
    };
}

/// The number of an IP protocol, from its number or its name; `-1` for all of them.
fn protocol_number(word: &str) -> String {
    let number = match word {
        "" | "all" => "-1",
        "icmp" => "1",
        "igmp" => "2",
        "ipv4" | "ip-in-ip" => "4",
        "tcp" => "6",
        "egp" => "8",
        "udp" => "17",
        "ipv6" => "41",
        "rsvp" => "46",
        "gre" => "47",
        "esp" => "50",
        "ah" => "51",
        "icmpv6" | "ipv6-icmp" => "58",
        "ospf" | "ospfigp" => "89",
        "pim" => "103",
        "vrrp" => "112",
        "l2tp" => "115",
        "sctp" => "132",
        other => other,
    };
    number.to_owned()
}

/// `aws_route_table`.
pub mod route_table {
    use super::*;

    pub use super::{OWNER_ID, VPC_ID};

    /// A route: one destination and one target. Local and propagated routes, and those of gateway endpoints, are not
    /// among them (N11): they follow from the VPC, the VPN gateway and the endpoint.
    #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Route {
        /// The IPv4 destination.
        pub cidr_block: Option<String>,
        /// The IPv6 destination.
        pub ipv6_cidr_block: Option<String>,
        /// The prefix list that is the destination.
        pub destination_prefix_list_id: Option<String>,
        /// A carrier gateway.
        pub carrier_gateway_id: Option<String>,
        /// A Cloud WAN core network.
        pub core_network_arn: Option<String>,
        /// An egress-only internet gateway.
        pub egress_only_gateway_id: Option<String>,
        /// An internet gateway (`igw-`), a VPN gateway (`vgw-`), or `local`.
        pub gateway_id: Option<String>,
        /// An instance, beside its interface; provider 3 and older.
        pub instance_id: Option<String>,
        /// A local gateway (Outposts).
        pub local_gateway_id: Option<String>,
        /// A NAT gateway.
        pub nat_gateway_id: Option<String>,
        /// A network interface.
        pub network_interface_id: Option<String>,
        /// An Oracle network.
        pub odb_network_arn: Option<String>,
        /// A transit gateway.
        pub transit_gateway_id: Option<String>,
        /// A Gateway Load Balancer endpoint.
        pub vpc_endpoint_id: Option<String>,
        /// A peering connection.
        pub vpc_peering_connection_id: Option<String>,
        /// `active`, or `blackhole` when the target does not exist or takes no traffic. Live only.
        pub state: Option<String>,
    }

    impl Route {
        /// Where it leads to: an address range or a prefix list.
        pub fn destination(&self) -> Option<&str> {
            first(&[&self.cidr_block, &self.ipv6_cidr_block, &self.destination_prefix_list_id])
        }

        /// Through what: the id or ARN of the target. An instance is seen as its interface.
        pub fn target(&self) -> Option<&str> {
            first(&[
                &self.carrier_gateway_id,
                &self.core_network_arn,
                &self.egress_only_gateway_id,
                &self.gateway_id,
                &self.local_gateway_id,
                &self.nat_gateway_id,
                &self.odb_network_arn,
                &self.transit_gateway_id,
                &self.vpc_endpoint_id,
                &self.vpc_peering_connection_id,
                &self.network_interface_id,
                &self.instance_id,
            ])
        }
    }

    fn first<'a>(all: &[&'a Option<String>]) -> Option<&'a str> {
        all.iter().filter_map(|text| text.as_deref()).find(|text| !text.is_empty())
    }

    const ROUTE_RULES: &[Nested] = &[
        Nested::new("instance_id", Never("the interface names the target")),
        Nested::new("state", Never("live only")),
    ];

    /// Whether it serves the subnets of its VPC that are associated with no table.
    pub const MAIN: Attr<bool> = Attr::live("main");
    /// VPN gateways whose routes it takes over.
    pub const PROPAGATING_VGWS: Attr<Vec<String>> = Attr::new("propagating_vgws", Set);
    /// Its routes.
    pub const ROUTE: Attr<Vec<Route>> = Attr::new("route", Set).nested(ROUTE_RULES);

    /// The canonical atom of a route: the destination is its identity, the target its value.
    fn atom(route: &Route) -> Option<Value> {
        let (destination, target) = (route.destination()?, route.target()?);
        // Terraform can adopt the local route; it belongs to the VPC all the same.
        (target != "local").then(|| json!({ "key": network(destination), "target": target }))
    }

    pub(super) fn route_atoms(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
        let routes = blocks(value).iter().filter_map(|block| Route::deserialize(block).ok());
        routes.filter_map(|route| atom(&route)).collect()
    }

    pub(super) fn route_claim(part: &Resource) -> Vec<(&'static str, Value)> {
        let Ok(mut route) = Route::deserialize(as_block(part)) else { return Vec::new() };
        route.cidr_block = text(part, "destination_cidr_block");
        route.ipv6_cidr_block = text(part, "destination_ipv6_cidr_block");
        atom(&route).map(|atom| ("route", atom)).into_iter().collect()
    }

    /// N17, N18. Which table AWS made with the VPC cannot be told once another one has become the main table.
    fn excluded(table: &Resource) -> Option<Exclusion> {
        if table.get(&MAIN).ok().flatten() == Some(true) {
            return Some(Exclusion { rule: "N17", reason: "the main route table of its VPC" });
        }
        of_another_account(table)
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_route_table",
        aliases: &["aws_default_route_table"],
        service: "ec2",
        listed_by: &["ec2:DescribeRouteTables"],
        attributes: &[
            ARN.any(),
            MAIN.any(),
            OWNER_ID.any(),
            PROPAGATING_VGWS.any(),
            ROUTE.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_ID.any(),
        ],
        satellites: &[
            Satellite {
                kind: "aws_route",
                owner_id: |part| text(part, "route_table_id"),
                form: Form::Atoms { attributes: &["route"], claims: route_claim, atoms: route_atoms },
            },
            Satellite {
                kind: "aws_main_route_table_association",
                owner_id: |part| text(part, "route_table_id"),
                form: Form::Block {
                    attribute: "main",
                    from_owner: |value| (value == &Value::Bool(true)).then(Map::new),
                    to_owner: |_| Ok(Value::Bool(true)),
                },
            },
            text_part(
                "aws_vpn_gateway_route_propagation",
                |part| text(part, "route_table_id"),
                &["propagating_vgws"],
                |part| claim("propagating_vgws", part, "vpn_gateway_id"),
            ),
        ],
        exclusion: excluded,
        ..Kind::BASE
    };
}

/// `aws_route_table_association`: which table a subnet or a gateway uses. It has one at most, so that is its identity.
pub mod route_table_association {
    use super::*;

    /// The internet or VPN gateway whose incoming traffic follows the table.
    pub const GATEWAY_ID: Attr<String> = Attr::new("gateway_id", Exact);
    /// The table.
    pub const ROUTE_TABLE_ID: Attr<String> = Attr::new("route_table_id", Exact);
    /// The subnet.
    pub const SUBNET_ID: Attr<String> = Attr::new("subnet_id", Exact);

    /// The kind; its id is that of the subnet or the gateway. The main table's is `aws_route_table.main`.
    pub static KIND: Kind = Kind {
        name: "aws_route_table_association",
        service: "ec2",
        listed_by: &["ec2:DescribeRouteTables"],
        attributes: &[GATEWAY_ID.any(), ROUTE_TABLE_ID.any(), SUBNET_ID.any()],
        identity: |resource| text(resource, "subnet_id").or_else(|| text(resource, "gateway_id")),
        // https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/route_table_association#import
        import_id: |resource| {
            Some(format!("{}/{}", crate::kind::by_id(resource)?, text(resource, "route_table_id")?))
        },
        ..Kind::BASE
    };
}

/// `aws_network_acl`.
pub mod network_acl {
    use super::*;

    pub use super::{IS_DEFAULT, OWNER_ID, VPC_ID};

    /// An entry. The last one, which denies everything, is not among them.
    #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Entry {
        /// Entries are tried from the lowest number on, and the first that matches decides.
        pub rule_no: i64,
        /// `allow` or `deny`.
        pub action: String,
        /// The number of the protocol; `-1` is all of them.
        pub protocol: String,
        /// The IPv4 range.
        pub cidr_block: Option<String>,
        /// The IPv6 range.
        pub ipv6_cidr_block: Option<String>,
        /// First port, of TCP and UDP.
        pub from_port: Option<i64>,
        /// Last port.
        pub to_port: Option<i64>,
        /// ICMP type; -1 is every one.
        pub icmp_type: Option<i64>,
        /// ICMP code; -1 is every one.
        pub icmp_code: Option<i64>,
    }

    /// The numbers of the entries that nobody can change, of IPv4 and of IPv6.
    pub const LAST_ENTRIES: [i64; 2] = [32767, 32768];

    const ENTRY: &[Nested] = &[
        Nested::new("action", CaseFold),
        Nested::new("from_port", Exact).absent(Absent::Zero),
        Nested::new("icmp_code", Exact).absent(Absent::Zero),
        Nested::new("icmp_type", Exact).absent(Absent::Zero),
        Nested::new("protocol", Never("a name or a number; the atoms tell")),
        Nested::new("to_port", Exact).absent(Absent::Zero),
    ];

    /// Entries for what goes out.
    pub const EGRESS: Attr<Vec<Entry>> = Attr::new("egress", Set).nested(ENTRY);
    /// Entries for what comes in.
    pub const INGRESS: Attr<Vec<Entry>> = Attr::new("ingress", Set).nested(ENTRY);
    /// The subnets that it guards; a subnet that no other ACL claims has the default one.
    pub const SUBNET_IDS: Attr<Vec<String>> = Attr::new("subnet_ids", Set).absent(Absent::Unclaimed);

    /// The number of a protocol as entries have it, from its number or its name.
    pub fn protocol(word: &str) -> String {
        super::protocol_number(&word.to_lowercase())
    }

    /// The canonical atom of an entry: its number is its identity.
    fn atom(block: &Value, number_of: &str, action: &str) -> Option<Value> {
        let rule = number(block, number_of).filter(|rule| !LAST_ENTRIES.contains(rule))?;
        let protocol = protocol(&member(block, "protocol").unwrap_or_default());
        let has_ports = matches!(protocol.as_str(), "6" | "17");
        let is_icmp = matches!(protocol.as_str(), "1" | "58");
        let port = |name: &str| number(block, name).unwrap_or_default();
        let range = member(block, "cidr_block").or_else(|| member(block, "ipv6_cidr_block"));
        Some(json!({
            "key": rule.to_string(),
            "action": member(block, action).map(|action| action.to_lowercase()),
            "protocol": protocol,
            "range": range.map(|range| network(&range)),
            "from_port": has_ports.then(|| port("from_port")),
            "to_port": has_ports.then(|| port("to_port")),
            "icmp_type": is_icmp.then(|| port("icmp_type")),
            "icmp_code": is_icmp.then(|| port("icmp_code")),
        }))
    }

    pub(super) fn entry_atoms(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
        blocks(value).iter().filter_map(|block| atom(block, "rule_no", "action")).collect()
    }

    pub(super) fn entry_claim(part: &Resource) -> Vec<(&'static str, Value)> {
        let outward = part.raw("egress").ok().and_then(Value::as_bool) == Some(true);
        let direction = if outward { "egress" } else { "ingress" };
        let atom = atom(&as_block(part), "rule_number", "rule_action");
        atom.map(|atom| (direction, atom)).into_iter().collect()
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_network_acl",
        aliases: &["aws_default_network_acl"],
        service: "ec2",
        listed_by: &["ec2:DescribeNetworkAcls"],
        attributes: &[
            ARN.any(),
            EGRESS.any(),
            INGRESS.any(),
            IS_DEFAULT.any(),
            OWNER_ID.any(),
            SUBNET_IDS.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_ID.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_network_acl_rule",
            owner_id: |part| text(part, "network_acl_id"),
            form: Form::Atoms { attributes: &["ingress", "egress"], claims: entry_claim, atoms: entry_atoms },
        }],
        exclusion: default_or_shared,
        ..Kind::BASE
    };
}

/// `aws_network_acl_association`: which ACL guards a subnet. Each has exactly one, so the subnet is its identity.
pub mod network_acl_association {
    use super::*;

    /// The ACL.
    pub const NETWORK_ACL_ID: Attr<String> = Attr::new("network_acl_id", Exact);
    /// The subnet.
    pub const SUBNET_ID: Attr<String> = Attr::new("subnet_id", Exact);

    /// The kind; its id is the subnet's.
    pub static KIND: Kind = Kind {
        name: "aws_network_acl_association",
        service: "ec2",
        listed_by: &["ec2:DescribeNetworkAcls"],
        attributes: &[NETWORK_ACL_ID.any(), SUBNET_ID.any()],
        identity: |resource| text(resource, "subnet_id"),
        exclusion: |_| Some(Exclusion { rule: "N11", reason: "subnets count at the ACL" }),
        ..Kind::BASE
    };
}

/// `aws_internet_gateway`.
pub mod internet_gateway {
    use super::*;

    pub use super::{IS_DEFAULT, OWNER_ID, VPC_ID};

    /// The kind. The VPCs tell whether it is that of the default one.
    pub static KIND: Kind = Kind {
        name: "aws_internet_gateway",
        service: "ec2",
        listed_by: &["ec2:DescribeInternetGateways", "ec2:DescribeVpcs"],
        attributes: &[ARN.any(), IS_DEFAULT.any(), OWNER_ID.any(), TAGS.any(), TAGS_ALL.any(), VPC_ID.any()],
        satellites: &[Satellite {
            kind: "aws_internet_gateway_attachment",
            owner_id: |part| text(part, "internet_gateway_id"),
            form: Form::Block {
                attribute: "vpc_id",
                from_owner: |value| one("vpc_id", value),
                to_owner: |part| as_it_is(part, "vpc_id"),
            },
        }],
        exclusion: default_or_shared,
        ..Kind::BASE
    };
}

/// `aws_egress_only_internet_gateway`.
pub mod egress_only_internet_gateway {
    use super::*;

    pub use super::VPC_ID;

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_egress_only_internet_gateway",
        service: "ec2",
        listed_by: &["ec2:DescribeEgressOnlyInternetGateways"],
        attributes: &[TAGS.any(), TAGS_ALL.any(), VPC_ID.any()],
        ..Kind::BASE
    };
}

/// `aws_nat_gateway`: those that are not deleted.
pub mod nat_gateway {
    use super::*;

    /// The elastic IP address of a public one.
    pub const ALLOCATION_ID: Attr<String> = Attr::new("allocation_id", Exact);
    /// `zonal`, or `regional`: AWS spreads it over the zones by itself.
    pub const AVAILABILITY_MODE: Attr<String> =
        Attr::new("availability_mode", Exact).absent(Absent::Default("\"zonal\""));
    /// `public` or `private`.
    pub const CONNECTIVITY_TYPE: Attr<String> =
        Attr::new("connectivity_type", Exact).absent(Absent::Default("\"public\""));
    /// Its interface.
    pub const NETWORK_INTERFACE_ID: Attr<String> = Attr::new("network_interface_id", Never("computed"));
    /// Its private address; AWS may choose it.
    pub const PRIVATE_IP: Attr<String> = Attr::new("private_ip", Exact).absent(Absent::Unclaimed);
    /// Its public address.
    pub const PUBLIC_IP: Attr<String> = Attr::new("public_ip", Never("computed"));
    /// Further elastic IP addresses.
    pub const SECONDARY_ALLOCATION_IDS: Attr<Vec<String>> =
        Attr::new("secondary_allocation_ids", Set).absent(Absent::Unclaimed);
    /// Further private addresses.
    pub const SECONDARY_PRIVATE_IP_ADDRESSES: Attr<Vec<String>> =
        Attr::new("secondary_private_ip_addresses", Set).absent(Absent::Unclaimed);
    /// `pending`, `available`, `deleting` or `failed`.
    pub const STATE: Attr<String> = Attr::live("state");
    /// The subnet of a zonal one: its zone is where it fails.
    pub const SUBNET_ID: Attr<String> = Attr::new("subnet_id", Exact);
    /// The VPC; only a regional one declares it.
    pub const VPC_ID: Attr<String> = Attr::new("vpc_id", Exact).absent(Absent::Unclaimed);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_nat_gateway",
        service: "ec2",
        listed_by: &["ec2:DescribeNatGateways"],
        attributes: &[
            ALLOCATION_ID.any(),
            AVAILABILITY_MODE.any(),
            CONNECTIVITY_TYPE.any(),
            NETWORK_INTERFACE_ID.any(),
            PRIVATE_IP.any(),
            PUBLIC_IP.any(),
            SECONDARY_ALLOCATION_IDS.any(),
            SECONDARY_PRIVATE_IP_ADDRESSES.any(),
            STATE.any(),
            SUBNET_ID.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_ID.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_eip`.
pub mod eip {
    use super::*;

    /// What an address is associated with.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Association {
        /// The instance, where the interface belongs to one.
        pub instance_id: Option<String>,
        /// The interface.
        pub network_interface_id: Option<String>,
        /// The private address that it stands for.
        pub private_ip_address: Option<String>,
    }

    /// The id of the address in a VPC.
    pub const ALLOCATION_ID: Attr<String> = Attr::new("allocation_id", Never("computed"));
    /// What it is associated with; nothing when it is idle.
    pub const ASSOCIATION: Attr<Vec<Association>> = Attr::live("association");
    /// The pool of customer-owned addresses (Outposts).
    pub const CUSTOMER_OWNED_IPV4_POOL: Attr<String> = Attr::new("customer_owned_ipv4_pool", Exact);
    /// `vpc` or `standard`.
    pub const DOMAIN: Attr<String> = Attr::new("domain", Exact);
    /// The instance; it may be declared by an association of its own.
    pub const INSTANCE: Attr<String> = Attr::new("instance", Exact).absent(Absent::Unclaimed);
    /// From where it is announced.
    pub const NETWORK_BORDER_GROUP: Attr<String> =
        Attr::new("network_border_group", Exact).absent(Absent::Unclaimed);
    /// The interface; it may be declared by an association of its own.
    pub const NETWORK_INTERFACE: Attr<String> =
        Attr::new("network_interface", Exact).absent(Absent::Unclaimed);
    /// The private address that it stands for.
    pub const PRIVATE_IP: Attr<String> = Attr::new("private_ip", Never("computed"));
    /// The address.
    pub const PUBLIC_IP: Attr<String> = Attr::new("public_ip", Never("computed"));
    /// `amazon`, or a pool of the customer's own.
    pub const PUBLIC_IPV4_POOL: Attr<String> = Attr::new("public_ipv4_pool", Exact).absent(Absent::Unclaimed);
    /// The service that manages it (`alb`, `nlb`, `rds`, `rnat`); none for the customer's own.
    pub const SERVICE_MANAGED: Attr<String> = Attr::live("service_managed");
    /// Whether it is in a VPC (provider 4 and older).
    pub const VPC: Attr<bool> = Attr::new("vpc", Exact);

    fn of_a_service(address: &Resource) -> Option<Exclusion> {
        let service = address.get(&SERVICE_MANAGED).ok().flatten().unwrap_or_default();
        (!service.is_empty())
            .then_some(Exclusion { rule: "N18", reason: "managed by the service that uses it" })
    }

    /// The kind; outside of VPCs its id is the address.
    pub static KIND: Kind = Kind {
        name: "aws_eip",
        service: "ec2",
        listed_by: &["ec2:DescribeAddresses"],
        attributes: &[
            ALLOCATION_ID.any(),
            ARN.any(),
            ASSOCIATION.any(),
            CUSTOMER_OWNED_IPV4_POOL.any(),
            DOMAIN.any(),
            INSTANCE.any(),
            NETWORK_BORDER_GROUP.any(),
            NETWORK_INTERFACE.any(),
            PRIVATE_IP.any(),
            PUBLIC_IP.any(),
            PUBLIC_IPV4_POOL.any(),
            SERVICE_MANAGED.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_eip_association",
            owner_id: |part| text(part, "allocation_id").or_else(|| text(part, "public_ip")),
            form: Form::Block {
                attribute: "association",
                from_owner: |value| blocks(value).first()?.as_object().cloned(),
                to_owner: |part| {
                    let association = Association {
                        instance_id: text(part, "instance_id"),
                        network_interface_id: text(part, "network_interface_id"),
                        private_ip_address: text(part, "private_ip_address"),
                    };
                    Ok(json!([association]))
                },
            },
        }],
        exclusion: of_a_service,
        ..Kind::BASE
    };
}

/// `aws_vpc_endpoint`: those that are not deleted.
pub mod vpc_endpoint {
    use super::*;

    pub use super::{OWNER_ID, VPC_ID};

    /// How names resolve to it.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct DnsOptions {
        /// `ipv4`, `ipv6`, `dualstack` or `service-defined`.
        pub dns_record_ip_type: Option<String>,
        /// Whether only resolver endpoints get its private name.
        pub private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
    }

    const DNS: &[Nested] =
        &[Nested::new("private_dns_only_for_inbound_resolver_endpoint", Exact).absent(Absent::Zero)];

    /// When it was made, RFC 3339.
    pub const CREATED_AT: Attr<String> = Attr::live("creation_timestamp");
    /// How names resolve to it.
    pub const DNS_OPTIONS: Attr<Vec<DnsOptions>> =
        Attr::new("dns_options", Exact).absent(Absent::Unclaimed).nested(DNS);
    /// `ipv4`, `ipv6` or `dualstack`.
    pub const IP_ADDRESS_TYPE: Attr<String> = Attr::new("ip_address_type", Exact).absent(Absent::Unclaimed);
    /// What may be done through it.
    pub const POLICY: Attr<String> = Attr::new("policy", Equality::Policy).absent(Absent::Unclaimed);
    /// Whether the service's own names resolve to it.
    pub const PRIVATE_DNS_ENABLED: Attr<bool> = Attr::new("private_dns_enabled", Exact).absent(Absent::Zero);
    /// Whether a service made and manages it.
    pub const REQUESTER_MANAGED: Attr<bool> = Attr::new("requester_managed", Never("computed"));
    /// The tables with routes to a gateway endpoint.
    pub const ROUTE_TABLE_IDS: Attr<Vec<String>> = Attr::new("route_table_ids", Set);
    /// Security groups of its interfaces.
    pub const SECURITY_GROUP_IDS: Attr<Vec<String>> = Attr::new("security_group_ids", Set);
    /// The service behind it, for example `com.amazonaws.eu-west-1.s3`.
    pub const SERVICE_NAME: Attr<String> = Attr::new("service_name", Exact);
    /// The region of the service, where it is another one.
    pub const SERVICE_REGION: Attr<String> = Attr::new("service_region", Exact).absent(Absent::Unclaimed);
    /// `available`, `pending`, `pendingAcceptance`, …
    pub const STATE: Attr<String> = Attr::new("state", Never("moves with time"));
    /// The subnets of its interfaces.
    pub const SUBNET_IDS: Attr<Vec<String>> = Attr::new("subnet_ids", Set);
    /// `Gateway`, `Interface`, `GatewayLoadBalancer`, …
    pub const VPC_ENDPOINT_TYPE: Attr<String> =
        Attr::new("vpc_endpoint_type", Exact).absent(Absent::Default("\"Gateway\""));

    fn excluded(endpoint: &Resource) -> Option<Exclusion> {
        if endpoint.get(&REQUESTER_MANAGED).ok().flatten() == Some(true) {
            return Some(Exclusion { rule: "N18", reason: "managed by the service that made it" });
        }
        of_another_account(endpoint)
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_vpc_endpoint",
        service: "ec2",
        listed_by: &["ec2:DescribeVpcEndpoints"],
        attributes: &[
            ARN.any(),
            CREATED_AT.any(),
            DNS_OPTIONS.any(),
            IP_ADDRESS_TYPE.any(),
            OWNER_ID.any(),
            POLICY.any(),
            PRIVATE_DNS_ENABLED.any(),
            REQUESTER_MANAGED.any(),
            ROUTE_TABLE_IDS.any(),
            SECURITY_GROUP_IDS.any(),
            SERVICE_NAME.any(),
            SERVICE_REGION.any(),
            STATE.any(),
            SUBNET_IDS.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_ENDPOINT_TYPE.any(),
            VPC_ID.any(),
        ],
        satellites: &[
            text_part(
                "aws_vpc_endpoint_route_table_association",
                |part| text(part, "vpc_endpoint_id"),
                &["route_table_ids"],
                |part| claim("route_table_ids", part, "route_table_id"),
            ),
            text_part(
                "aws_vpc_endpoint_subnet_association",
                |part| text(part, "vpc_endpoint_id"),
                &["subnet_ids"],
                |part| claim("subnet_ids", part, "subnet_id"),
            ),
            text_part(
                "aws_vpc_endpoint_security_group_association",
                |part| text(part, "vpc_endpoint_id"),
                &["security_group_ids"],
                |part| claim("security_group_ids", part, "security_group_id"),
            ),
            Satellite {
                kind: "aws_vpc_endpoint_policy",
                owner_id: |part| text(part, "vpc_endpoint_id"),
                form: Form::Block {
                    attribute: "policy",
                    from_owner: |value| one("policy", value),
                    to_owner: |part| as_it_is(part, "policy"),
                },
            },
        ],
        exclusion: excluded,
        ..Kind::BASE
    };
}

/// `aws_flow_log`.
pub mod flow_log {
    use super::*;

    /// The form of the files in a bucket.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct DestinationOptions {
        /// `plain-text` or `parquet`.
        pub file_format: Option<String>,
        /// Whether prefixes are those of Hive.
        pub hive_compatible_partitions: Option<bool>,
        /// Whether there is a partition for each hour.
        pub per_hour_partition: Option<bool>,
    }

    const OPTIONS: &[Nested] = &[
        Nested::new("file_format", Exact).absent(Absent::Default("\"plain-text\"")),
        Nested::new("hive_compatible_partitions", Exact).absent(Absent::Zero),
        Nested::new("per_hour_partition", Exact).absent(Absent::Zero),
    ];

    /// The role that delivers into another account.
    pub const DELIVER_CROSS_ACCOUNT_ROLE: Attr<String> = Attr::new("deliver_cross_account_role", Exact);
    /// Why delivery fails (`Rate limited`, `Access error`, …); none when it does not.
    pub const DELIVER_LOGS_ERROR: Attr<String> = Attr::live("deliver_logs_error_message");
    /// `SUCCESS` or `FAILED`; none before the first delivery.
    pub const DELIVER_LOGS_STATUS: Attr<String> = Attr::live("deliver_logs_status");
    /// The form of the files in a bucket.
    pub const DESTINATION_OPTIONS: Attr<Vec<DestinationOptions>> =
        Attr::new("destination_options", Exact).absent(Absent::Unclaimed).nested(OPTIONS);
    /// The interface whose traffic it records.
    pub const ENI_ID: Attr<String> = Attr::new("eni_id", Exact);
    /// `ACTIVE`, …
    pub const FLOW_LOG_STATUS: Attr<String> = Attr::live("flow_log_status");
    /// The role that delivers.
    pub const IAM_ROLE_ARN: Attr<String> = Attr::new("iam_role_arn", Exact);
    /// The ARN of the log group, bucket or stream.
    pub const LOG_DESTINATION: Attr<String> = Attr::new("log_destination", Exact).absent(Absent::Unclaimed);
    /// `cloud-watch-logs`, `s3` or `kinesis-data-firehose`.
    pub const LOG_DESTINATION_TYPE: Attr<String> =
        Attr::new("log_destination_type", Exact).absent(Absent::Default("\"cloud-watch-logs\""));
    /// The fields of a record.
    pub const LOG_FORMAT: Attr<String> = Attr::new("log_format", Exact).absent(Absent::Unclaimed);
    /// The log group (provider 5 and older).
    pub const LOG_GROUP_NAME: Attr<String> = Attr::new("log_group_name", Exact).absent(Absent::Unclaimed);
    /// Seconds, 60 or 600.
    pub const MAX_AGGREGATION_INTERVAL: Attr<i64> =
        Attr::new("max_aggregation_interval", Exact).absent(Absent::Default("600"));
    /// The subnet whose traffic it records.
    pub const SUBNET_ID: Attr<String> = Attr::new("subnet_id", Exact);
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub const TRAFFIC_TYPE: Attr<String> = Attr::new("traffic_type", Exact);
    /// The transit gateway attachment whose traffic it records.
    pub const TRANSIT_GATEWAY_ATTACHMENT_ID: Attr<String> = Attr::new("transit_gateway_attachment_id", Exact);
    /// The transit gateway whose traffic it records.
    pub const TRANSIT_GATEWAY_ID: Attr<String> = Attr::new("transit_gateway_id", Exact);
    /// The VPC whose traffic it records.
    pub const VPC_ID: Attr<String> = Attr::new("vpc_id", Exact);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_flow_log",
        service: "ec2",
        listed_by: &["ec2:DescribeFlowLogs"],
        attributes: &[
            ARN.any(),
            DELIVER_CROSS_ACCOUNT_ROLE.any(),
            DELIVER_LOGS_ERROR.any(),
            DELIVER_LOGS_STATUS.any(),
            DESTINATION_OPTIONS.any(),
            ENI_ID.any(),
            FLOW_LOG_STATUS.any(),
            IAM_ROLE_ARN.any(),
            LOG_DESTINATION.any(),
            LOG_DESTINATION_TYPE.any(),
            LOG_FORMAT.any(),
            LOG_GROUP_NAME.any(),
            MAX_AGGREGATION_INTERVAL.any(),
            SUBNET_ID.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            TRAFFIC_TYPE.any(),
            TRANSIT_GATEWAY_ATTACHMENT_ID.any(),
            TRANSIT_GATEWAY_ID.any(),
            VPC_ID.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_vpc_peering_connection`: those that are not deleted, rejected, failed or expired.
pub mod vpc_peering_connection {
    use super::*;

    /// What one side lets the other do.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Options {
        /// Whether public names of this side resolve to private addresses from the other.
        pub allow_remote_vpc_dns_resolution: bool,
    }

    /// One of the two networks.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Side {
        /// The account.
        pub owner_id: String,
        /// The region.
        pub region: String,
        /// The VPC.
        pub vpc_id: String,
        /// Its IPv4 ranges; empty until the connection is accepted.
        pub cidr_blocks: Vec<String>,
    }

    const OPTIONS: &[Nested] = &[
        Nested::new("allow_classic_link_to_remote_vpc", Never("EC2-Classic is gone")),
        Nested::new("allow_remote_vpc_dns_resolution", Exact).absent(Absent::Zero),
        Nested::new("allow_vpc_to_remote_classic_link", Never("EC2-Classic is gone")),
    ];

    /// `active`, `pending-acceptance`, `provisioning`, …
    pub const ACCEPT_STATUS: Attr<String> = Attr::new("accept_status", Never("moves with time"));
    /// What the accepting side lets the other do.
    pub const ACCEPTER: Attr<Vec<Options>> =
        Attr::new("accepter", Exact).absent(Absent::Unclaimed).nested(OPTIONS);
    /// The account of the other side.
    pub const PEER_OWNER_ID: Attr<String> = Attr::new("peer_owner_id", Exact).absent(Absent::Unclaimed);
    /// The region of the accepting side.
    pub const PEER_REGION: Attr<String> = Attr::new("peer_region", Exact).absent(Absent::Unclaimed);
    /// The VPC of the other side.
    pub const PEER_VPC_ID: Attr<String> = Attr::new("peer_vpc_id", Exact);
    /// What the requesting side lets the other do.
    pub const REQUESTER: Attr<Vec<Options>> =
        Attr::new("requester", Exact).absent(Absent::Unclaimed).nested(OPTIONS);
    /// The requesting and the accepting network, in this order.
    pub const SIDES: Attr<Vec<Side>> = Attr::live("sides");
    /// The VPC of this side.
    pub const VPC_ID: Attr<String> = Attr::new("vpc_id", Exact);

    /// A connection is listed at both ends, and counts at the requester's.
    fn requested_elsewhere(connection: &Resource) -> Option<Exclusion> {
        let sides = connection.get(&SIDES).ok().flatten().unwrap_or_default();
        let here = |side: &Side| side.owner_id == connection.account() && side.region == connection.region();
        sides
            .first()
            .is_some_and(|requester| !here(requester))
            .then_some(Exclusion { rule: "N19", reason: "counts where it was requested" })
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_vpc_peering_connection",
        service: "ec2",
        listed_by: &["ec2:DescribeVpcPeeringConnections"],
        attributes: &[
            ACCEPTER.any(),
            ACCEPT_STATUS.any(),
            PEER_OWNER_ID.any(),
            PEER_REGION.any(),
            PEER_VPC_ID.any(),
            REQUESTER.any(),
            SIDES.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_ID.any(),
        ],
        exclusion: requested_elsewhere,
        ..Kind::BASE
    };
}

/// `aws_vpc_peering_connection_accepter`: the accepting end of a connection.
pub mod vpc_peering_connection_accepter {
    use super::*;

    pub use super::vpc_peering_connection::{ACCEPT_STATUS, ACCEPTER, REQUESTER, SIDES, Side};

    /// The kind; its id is that of the connection.
    pub static KIND: Kind = Kind {
        name: "aws_vpc_peering_connection_accepter",
        service: "ec2",
        listed_by: &["ec2:DescribeVpcPeeringConnections"],
        attributes: &[
            ACCEPTER.any(),
            ACCEPT_STATUS.any(),
            REQUESTER.any(),
            SIDES.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        exclusion: |accepter| {
            let sides = accepter.get(&SIDES).ok().flatten().unwrap_or_default();
            let requester_owner = sides.first().map(|side| side.owner_id.clone()).unwrap_or_default();
            (requester_owner == accepter.account())
                .then_some(Exclusion { rule: "N19", reason: "counts where it was requested" })
        },
        ..Kind::BASE
    };
}

/// `aws_network_interface`.
pub mod network_interface {
    use super::*;

    /// What an interface is attached to.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Attachment {
        /// The id of the attachment.
        pub attachment_id: Option<String>,
        /// The instance; none for what a service attached.
        pub instance: Option<String>,
        /// Its position; 0 is the primary interface.
        pub device_index: Option<i64>,
        /// Whether it goes with the instance: then the instance has made it. Live only.
        pub delete_on_termination: Option<bool>,
    }

    const ATTACHED: &[Nested] = &[
        Nested::new("attachment_id", Never("computed")),
        Nested::new("delete_on_termination", Never("live only")),
        Nested::new("device_index", Exact).absent(Absent::Zero),
    ];

    /// What it is attached to; nothing when it is idle.
    pub const ATTACHMENT: Attr<Vec<Attachment>> =
        Attr::new("attachment", Set).absent(Absent::Unclaimed).nested(ATTACHED);
    /// The zone by this account's name.
    pub const AVAILABILITY_ZONE: Attr<String> = Attr::live("availability_zone");
    /// The description.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// `interface`, `efa`, or the service that it belongs to (`nat_gateway`, `lambda`, `vpc_endpoint`, …).
    pub const INTERFACE_TYPE: Attr<String> = Attr::new("interface_type", Exact).absent(Absent::Unclaimed);
    /// IPv6 addresses; AWS may choose them.
    pub const IPV6_ADDRESSES: Attr<Vec<String>> = Attr::new("ipv6_addresses", Set).absent(Absent::Unclaimed);
    /// The primary private address.
    pub const PRIVATE_IP: Attr<String> = Attr::new("private_ip", Exact).absent(Absent::Unclaimed);
    /// All private addresses.
    pub const PRIVATE_IPS: Attr<Vec<String>> = Attr::new("private_ips", Set).absent(Absent::Unclaimed);
    /// The public address of the primary private one.
    pub const PUBLIC_IP: Attr<String> = Attr::live("public_ip");
    /// Who made it, where a service did (`amazon-elb`, `amazon-rds`, or an account).
    pub const REQUESTER_ID: Attr<String> = Attr::live("requester_id");
    /// Whether a service made and manages it (N18).
    pub const REQUESTER_MANAGED: Attr<bool> = Attr::live("requester_managed");
    /// The security groups on it.
    pub const SECURITY_GROUPS: Attr<Vec<String>> = Attr::new("security_groups", Set);
    /// Whether traffic that is not its own is dropped.
    pub const SOURCE_DEST_CHECK: Attr<bool> =
        Attr::new("source_dest_check", Exact).absent(Absent::Default("true"));
    /// `available` or `in-use`.
    pub const STATUS: Attr<String> = Attr::live("status");
    /// The subnet.
    pub const SUBNET_ID: Attr<String> = Attr::new("subnet_id", Exact);
    /// The VPC.
    pub const VPC_ID: Attr<String> = Attr::live("vpc_id");

    /// The types of interface that customers make; all others belong to a service.
    const OWN_TYPES: &[&str] = &["", "branch", "efa", "efa-only", "interface", "trunk"];

    /// N18, N19, N20: the flag first, then the type, then what the interface hangs on.
    fn excluded(interface: &Resource) -> Option<Exclusion> {
        let of_a_service = Exclusion { rule: "N18", reason: "made and managed by a service" };
        if interface.get(&REQUESTER_MANAGED).ok().flatten() == Some(true) {
            return Some(of_a_service);
        }
        let kind = interface.get(&INTERFACE_TYPE).ok().flatten().unwrap_or_default();
        if !OWN_TYPES.contains(&kind.as_str()) {
            return Some(of_a_service);
        }
        let attached = interface.get(&ATTACHMENT).ok().flatten().unwrap_or_default();
        let goes_with_its_instance = |attachment: &Attachment| {
            let is_primary = attachment.device_index == Some(0) && attachment.instance.is_some();
            is_primary || attachment.delete_on_termination == Some(true)
        };
        if attached.iter().any(goes_with_its_instance) {
            return Some(Exclusion { rule: "N19", reason: "an interface that its instance made" });
        }
        of_kubernetes(interface)
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_network_interface",
        service: "ec2",
        listed_by: &["ec2:DescribeNetworkInterfaces"],
        attributes: &[
            ARN.any(),
            ATTACHMENT.any(),
            AVAILABILITY_ZONE.any(),
            DESCRIPTION.any(),
            INTERFACE_TYPE.any(),
            IPV6_ADDRESSES.any(),
            PRIVATE_IP.any(),
            PRIVATE_IPS.any(),
            PUBLIC_IP.any(),
            REQUESTER_ID.any(),
            REQUESTER_MANAGED.any(),
            SECURITY_GROUPS.any(),
            SOURCE_DEST_CHECK.any(),
            STATUS.any(),
            SUBNET_ID.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VPC_ID.any(),
        ],
        satellites: &[
            text_part(
                "aws_network_interface_sg_attachment",
                |part| text(part, "network_interface_id"),
                &["security_groups"],
                |part| claim("security_groups", part, "security_group_id"),
            ),
            Satellite {
                kind: "aws_network_interface_attachment",
                owner_id: |part| text(part, "network_interface_id"),
                form: Form::Block {
                    attribute: "attachment",
                    from_owner: |value| {
                        let block = blocks(value).first()?;
                        Some(Map::from_iter([
                            ("instance_id".to_owned(), block.get("instance")?.clone()),
                            ("device_index".to_owned(), block.get("device_index")?.clone()),
                        ]))
                    },
                    to_owner: |part| {
                        let index = part.raw("device_index")?.as_i64();
                        let instance = text(part, "instance_id");
                        Ok(json!([Attachment { instance, device_index: index, ..Attachment::default() }]))
                    },
                },
            },
        ],
        exclusion: excluded,
        ..Kind::BASE
    };
}

/// `aws_vpc_dhcp_options`.
pub mod dhcp_options {
    use super::*;

    pub use super::OWNER_ID;

    /// The domain of host names.
    pub const DOMAIN_NAME: Attr<String> = Attr::new("domain_name", Exact);
    /// Name servers in their order, or `AmazonProvidedDNS`.
    pub const DOMAIN_NAME_SERVERS: Attr<Vec<String>> = Attr::new("domain_name_servers", Exact);
    /// Seconds that an IPv6 address is leased.
    pub const IPV6_ADDRESS_PREFERRED_LEASE_TIME: Attr<String> =
        Attr::new("ipv6_address_preferred_lease_time", Exact);
    /// NetBIOS name servers in their order.
    pub const NETBIOS_NAME_SERVERS: Attr<Vec<String>> = Attr::new("netbios_name_servers", Exact);
    /// 1, 2, 4 or 8.
    pub const NETBIOS_NODE_TYPE: Attr<String> = Attr::new("netbios_node_type", Exact);
    /// Time servers in their order.
    pub const NTP_SERVERS: Attr<Vec<String>> = Attr::new("ntp_servers", Exact);

    /// True for what AWS puts into a region with the default VPC: no flag says so, its content does.
    pub fn is_default(options: &Resource) -> bool {
        let domain = match options.region() {
            "us-east-1" => "ec2.internal".to_owned(),
            region => format!("{region}.compute.internal"),
        };
        let none =
            |path: &str| options.raw(path).is_ok_and(|value| crate::compare::hollow(value, Absent::Empty));
        let servers = options.get(&DOMAIN_NAME_SERVERS).ok().flatten().unwrap_or_default();
        options.get(&DOMAIN_NAME).ok().flatten().as_deref() == Some(domain.as_str())
            && servers == ["AmazonProvidedDNS"]
            && ["ntp_servers", "netbios_name_servers", "netbios_node_type"].into_iter().all(none)
    }

    fn excluded(options: &Resource) -> Option<Exclusion> {
        if is_default(options) {
            return Some(Exclusion {
                rule: "N17",
                reason: "the options that AWS makes with the default VPC",
            });
        }
        of_another_account(options)
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_vpc_dhcp_options",
        service: "ec2",
        listed_by: &["ec2:DescribeDhcpOptions"],
        attributes: &[
            ARN.any(),
            DOMAIN_NAME.any(),
            DOMAIN_NAME_SERVERS.any(),
            IPV6_ADDRESS_PREFERRED_LEASE_TIME.any(),
            NETBIOS_NAME_SERVERS.any(),
            NETBIOS_NODE_TYPE.any(),
            NTP_SERVERS.any(),
            OWNER_ID.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        exclusion: excluded,
        ..Kind::BASE
    };
}

/// `aws_default_vpc_dhcp_options`: a type of its own, because it writes the lists of the adopted options as text.
pub mod default_dhcp_options {
    use super::*;

    pub use super::OWNER_ID;

    /// The kind; its content is what makes it the default, so only tags are compared.
    pub static KIND: Kind = Kind {
        name: "aws_default_vpc_dhcp_options",
        service: "ec2",
        listed_by: &["ec2:DescribeDhcpOptions"],
        attributes: &[ARN.any(), OWNER_ID.any(), TAGS.any(), TAGS_ALL.any()],
        exclusion: |_| {
            Some(Exclusion { rule: "N17", reason: "the options that AWS makes with the default VPC" })
        },
        ..Kind::BASE
    };
}

/// `aws_vpn_connection`: those that are not deleted.
pub mod vpn_connection {
    use super::*;

    /// What AWS sees of one tunnel.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Telemetry {
        /// AWS's address of the tunnel.
        pub outside_ip_address: Option<String>,
        /// `UP` or `DOWN`.
        pub status: Option<String>,
        /// Why it is down.
        pub status_message: Option<String>,
        /// Since when, RFC 3339.
        pub last_status_change: Option<String>,
        /// Routes that came over it.
        pub accepted_route_count: Option<i64>,
    }

    /// The device of the customer.
    pub const CUSTOMER_GATEWAY_ID: Attr<String> = Attr::new("customer_gateway_id", Exact);
    /// Whether it goes over Global Accelerator.
    pub const ENABLE_ACCELERATION: Attr<bool> = Attr::new("enable_acceleration", Exact).absent(Absent::Zero);
    /// The customer's range.
    pub const LOCAL_IPV4_NETWORK_CIDR: Attr<String> =
        Attr::new("local_ipv4_network_cidr", Cidr).absent(Absent::Default("\"0.0.0.0/0\""));
    /// The customer's IPv6 range.
    pub const LOCAL_IPV6_NETWORK_CIDR: Attr<String> =
        Attr::new("local_ipv6_network_cidr", Cidr).absent(Absent::Default("\"::/0\""));
    /// `PublicIpv4` or `PrivateIpv4`.
    pub const OUTSIDE_IP_ADDRESS_TYPE: Attr<String> =
        Attr::new("outside_ip_address_type", Exact).absent(Absent::Default("\"PublicIpv4\""));
    /// AWS's range.
    pub const REMOTE_IPV4_NETWORK_CIDR: Attr<String> =
        Attr::new("remote_ipv4_network_cidr", Cidr).absent(Absent::Default("\"0.0.0.0/0\""));
    /// AWS's IPv6 range.
    pub const REMOTE_IPV6_NETWORK_CIDR: Attr<String> =
        Attr::new("remote_ipv6_network_cidr", Cidr).absent(Absent::Default("\"::/0\""));
    /// `available`, `pending`, `deleting`.
    pub const STATE: Attr<String> = Attr::live("state");
    /// Destinations of its static routes.
    pub const STATIC_ROUTES: Attr<Vec<String>> = Attr::live("static_routes");
    /// Whether routes are static rather than learned.
    pub const STATIC_ROUTES_ONLY: Attr<bool> = Attr::new("static_routes_only", Exact).absent(Absent::Zero);
    /// The transit gateway that it ends at.
    pub const TRANSIT_GATEWAY_ID: Attr<String> = Attr::new("transit_gateway_id", Exact);
    /// `ipv4` or `ipv6`.
    pub const TUNNEL_INSIDE_IP_VERSION: Attr<String> =
        Attr::new("tunnel_inside_ip_version", Exact).absent(Absent::Default("\"ipv4\""));
    /// `ipsec.1`.
    pub const TYPE: Attr<String> = Attr::new("type", Exact);
    /// What AWS sees of its tunnels.
    pub const VGW_TELEMETRY: Attr<Vec<Telemetry>> = Attr::new("vgw_telemetry", Never("moves with time"));
    /// The VPN gateway that it ends at.
    pub const VPN_GATEWAY_ID: Attr<String> = Attr::new("vpn_gateway_id", Exact);

    /// The kind. The tunnels' own options, among them the shared keys, do not enter.
    pub static KIND: Kind = Kind {
        name: "aws_vpn_connection",
        service: "ec2",
        listed_by: &["ec2:DescribeVpnConnections"],
        attributes: &[
            ARN.any(),
            CUSTOMER_GATEWAY_ID.any(),
            ENABLE_ACCELERATION.any(),
            LOCAL_IPV4_NETWORK_CIDR.any(),
            LOCAL_IPV6_NETWORK_CIDR.any(),
            OUTSIDE_IP_ADDRESS_TYPE.any(),
            REMOTE_IPV4_NETWORK_CIDR.any(),
            REMOTE_IPV6_NETWORK_CIDR.any(),
            STATE.any(),
            STATIC_ROUTES.any(),
            STATIC_ROUTES_ONLY.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            TRANSIT_GATEWAY_ID.any(),
            TUNNEL_INSIDE_IP_VERSION.any(),
            TYPE.any(),
            VGW_TELEMETRY.any(),
            VPN_GATEWAY_ID.any(),
        ],
        satellites: &[text_part(
            "aws_vpn_connection_route",
            |part| text(part, "vpn_connection_id"),
            &["static_routes"],
            |part| claim("static_routes", part, "destination_cidr_block"),
        )],
        ..Kind::BASE
    };
}

/// `aws_ec2_managed_prefix_list`.
pub mod prefix_list {
    use super::*;

    pub use super::OWNER_ID;

    /// One range of a list.
    #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Entry {
        /// The range.
        pub cidr: String,
        /// The description.
        pub description: Option<String>,
    }

    const ENTRY_RULES: &[Nested] = &[Nested::new("cidr", Cidr)];

    /// `IPv4` or `IPv6`.
    pub const ADDRESS_FAMILY: Attr<String> = Attr::new("address_family", Exact);
    /// Its ranges. Those of AWS's own lists are read where a security group refers to the list.
    pub const ENTRY: Attr<Vec<Entry>> = Attr::new("entry", Set)
        .nested(ENTRY_RULES)
        .by(&["ec2:GetManagedPrefixListEntries", "ec2:DescribeSecurityGroups"]);
    /// How many ranges it may hold: what references to it count for.
    pub const MAX_ENTRIES: Attr<i64> = Attr::new("max_entries", Exact);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// Grows with every change.
    pub const VERSION: Attr<i64> = Attr::new("version", Never("computed"));

    pub(super) fn entry_atoms(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
        blocks(value).iter().filter_map(entry_atom).collect()
    }

    fn entry_atom(block: &Value) -> Option<Value> {
        let cidr = network(&member(block, "cidr")?);
        Some(json!({ "key": cidr, "description": member(block, "description") }))
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_ec2_managed_prefix_list",
        service: "ec2",
        listed_by: &["ec2:DescribeManagedPrefixLists"],
        attributes: &[
            ADDRESS_FAMILY.any(),
            ARN.any(),
            ENTRY.any(),
            MAX_ENTRIES.any(),
            NAME.any(),
            OWNER_ID.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VERSION.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_ec2_managed_prefix_list_entry",
            owner_id: |part| text(part, "prefix_list_id"),
            form: Form::Atoms {
                attributes: &["entry"],
                claims: |part| entry_atom(&as_block(part)).map(|atom| ("entry", atom)).into_iter().collect(),
                atoms: entry_atoms,
            },
        }],
        exclusion: of_another_account,
        ..Kind::BASE
    };
}

/// The types whose resources are parts of others. Nothing lists them.
pub mod parts {
    use super::*;

    const PART: Kind = Kind { service: "ec2", ..Kind::BASE };

    const fn owner(path: &'static str) -> AnyAttr {
        Attr::<String>::new(path, Never("names the owner")).any()
    }

    const fn exact(path: &'static str) -> AnyAttr {
        Attr::<Value>::new(path, Exact).any()
    }

    /// What AWS chooses where the part does not.
    const fn chosen(path: &'static str) -> AnyAttr {
        Attr::<Value>::new(path, Exact).absent(Absent::Unclaimed).any()
    }

    const SINGLE_RULE: &[AnyAttr] = &[
        owner("security_group_id"),
        exact("cidr_ipv4"),
        exact("cidr_ipv6"),
        exact("description"),
        exact("from_port"),
        exact("ip_protocol"),
        exact("prefix_list_id"),
        exact("referenced_security_group_id"),
        exact("to_port"),
    ];

    /// `aws_security_group_rule`.
    pub static SECURITY_GROUP_RULE: Kind = Kind {
        name: "aws_security_group_rule",
        attributes: &[
            owner("security_group_id"),
            exact("cidr_blocks"),
            exact("description"),
            exact("from_port"),
            exact("ipv6_cidr_blocks"),
            exact("prefix_list_ids"),
            exact("protocol"),
            exact("self"),
            exact("source_security_group_id"),
            exact("to_port"),
            exact("type"),
        ],
        ..PART
    };
    /// `aws_vpc_security_group_ingress_rule`.
    pub static INGRESS_RULE: Kind =
        Kind { name: "aws_vpc_security_group_ingress_rule", attributes: SINGLE_RULE, ..PART };
    /// `aws_vpc_security_group_egress_rule`.
    pub static EGRESS_RULE: Kind =
        Kind { name: "aws_vpc_security_group_egress_rule", attributes: SINGLE_RULE, ..PART };
    /// `aws_route`.
    pub static ROUTE: Kind = Kind {
        name: "aws_route",
        attributes: &[
            owner("route_table_id"),
            exact("carrier_gateway_id"),
            exact("core_network_arn"),
            exact("destination_cidr_block"),
            exact("destination_ipv6_cidr_block"),
            exact("destination_prefix_list_id"),
            exact("egress_only_gateway_id"),
            exact("gateway_id"),
            exact("instance_id"),
            exact("local_gateway_id"),
            exact("nat_gateway_id"),
            exact("network_interface_id"),
            exact("odb_network_arn"),
            exact("transit_gateway_id"),
            exact("vpc_endpoint_id"),
            exact("vpc_peering_connection_id"),
        ],
        ..PART
    };
    /// `aws_main_route_table_association`.
    pub static MAIN_ROUTE_TABLE: Kind = Kind {
        name: "aws_main_route_table_association",
        attributes: &[owner("route_table_id"), owner("vpc_id")],
        ..PART
    };
    /// `aws_vpn_gateway_route_propagation`.
    pub static ROUTE_PROPAGATION: Kind = Kind {
        name: "aws_vpn_gateway_route_propagation",
        attributes: &[owner("route_table_id"), exact("vpn_gateway_id")],
        ..PART
    };
    /// `aws_network_acl_rule`.
    pub static NETWORK_ACL_RULE: Kind = Kind {
        name: "aws_network_acl_rule",
        attributes: &[
            owner("network_acl_id"),
            exact("cidr_block"),
            exact("egress"),
            exact("from_port"),
            exact("icmp_code"),
            exact("icmp_type"),
            exact("ipv6_cidr_block"),
            exact("protocol"),
            exact("rule_action"),
            exact("rule_number"),
            exact("to_port"),
        ],
        ..PART
    };
    /// `aws_internet_gateway_attachment`.
    pub static INTERNET_GATEWAY_ATTACHMENT: Kind = Kind {
        name: "aws_internet_gateway_attachment",
        attributes: &[owner("internet_gateway_id"), exact("vpc_id")],
        ..PART
    };
    /// `aws_eip_association`.
    pub static EIP_ASSOCIATION: Kind = Kind {
        name: "aws_eip_association",
        attributes: &[
            owner("allocation_id"),
            owner("public_ip"),
            chosen("instance_id"),
            chosen("network_interface_id"),
            chosen("private_ip_address"),
        ],
        ..PART
    };
    /// `aws_vpc_ipv4_cidr_block_association`.
    pub static VPC_CIDR: Kind = Kind {
        name: "aws_vpc_ipv4_cidr_block_association",
        attributes: &[owner("vpc_id"), exact("cidr_block")],
        ..PART
    };
    /// `aws_vpc_dhcp_options_association`.
    pub static VPC_DHCP_OPTIONS: Kind = Kind {
        name: "aws_vpc_dhcp_options_association",
        attributes: &[owner("vpc_id"), exact("dhcp_options_id")],
        ..PART
    };
    /// `aws_vpc_endpoint_route_table_association`.
    pub static ENDPOINT_ROUTE_TABLE: Kind = Kind {
        name: "aws_vpc_endpoint_route_table_association",
        attributes: &[owner("vpc_endpoint_id"), exact("route_table_id")],
        ..PART
    };
    /// `aws_vpc_endpoint_subnet_association`.
    pub static ENDPOINT_SUBNET: Kind = Kind {
        name: "aws_vpc_endpoint_subnet_association",
        attributes: &[owner("vpc_endpoint_id"), exact("subnet_id")],
        ..PART
    };
    /// `aws_vpc_endpoint_security_group_association`.
    pub static ENDPOINT_SECURITY_GROUP: Kind = Kind {
        name: "aws_vpc_endpoint_security_group_association",
        attributes: &[owner("vpc_endpoint_id"), exact("security_group_id")],
        ..PART
    };
    /// `aws_vpc_endpoint_policy`.
    pub static ENDPOINT_POLICY: Kind = Kind {
        name: "aws_vpc_endpoint_policy",
        attributes: &[owner("vpc_endpoint_id"), vpc_endpoint::POLICY.any()],
        ..PART
    };
    /// `aws_network_interface_sg_attachment`.
    pub static INTERFACE_SECURITY_GROUP: Kind = Kind {
        name: "aws_network_interface_sg_attachment",
        attributes: &[owner("network_interface_id"), exact("security_group_id")],
        ..PART
    };
    /// `aws_network_interface_attachment`.
    pub static INTERFACE_ATTACHMENT: Kind = Kind {
        name: "aws_network_interface_attachment",
        attributes: &[owner("network_interface_id"), exact("device_index"), exact("instance_id")],
        ..PART
    };
    /// `aws_vpn_connection_route`.
    pub static VPN_ROUTE: Kind = Kind {
        name: "aws_vpn_connection_route",
        attributes: &[owner("vpn_connection_id"), exact("destination_cidr_block")],
        ..PART
    };
    /// `aws_ec2_managed_prefix_list_entry`.
    pub static PREFIX_LIST_ENTRY: Kind = Kind {
        name: "aws_ec2_managed_prefix_list_entry",
        attributes: &[owner("prefix_list_id"), exact("cidr"), exact("description")],
        ..PART
    };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &vpc::KIND,
    &subnet::KIND,
    &security_group::KIND,
    &route_table::KIND,
    &route_table_association::KIND,
    &network_acl::KIND,
    &network_acl_association::KIND,
    &internet_gateway::KIND,
    &egress_only_internet_gateway::KIND,
    &nat_gateway::KIND,
    &eip::KIND,
    &vpc_endpoint::KIND,
    &flow_log::KIND,
    &vpc_peering_connection::KIND,
    &vpc_peering_connection_accepter::KIND,
    &network_interface::KIND,
    &dhcp_options::KIND,
    &default_dhcp_options::KIND,
    &vpn_connection::KIND,
    &prefix_list::KIND,
    &parts::SECURITY_GROUP_RULE,
    &parts::INGRESS_RULE,
    &parts::EGRESS_RULE,
    &parts::ROUTE,
    &parts::MAIN_ROUTE_TABLE,
    &parts::ROUTE_PROPAGATION,
    &parts::NETWORK_ACL_RULE,
    &parts::INTERNET_GATEWAY_ATTACHMENT,
    &parts::EIP_ASSOCIATION,
    &parts::VPC_CIDR,
    &parts::VPC_DHCP_OPTIONS,
    &parts::ENDPOINT_ROUTE_TABLE,
    &parts::ENDPOINT_SUBNET,
    &parts::ENDPOINT_SECURITY_GROUP,
    &parts::ENDPOINT_POLICY,
    &parts::INTERFACE_SECURITY_GROUP,
    &parts::INTERFACE_ATTACHMENT,
    &parts::VPN_ROUTE,
    &parts::PREFIX_LIST_ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Place, Slot};

    fn resource(kind: &'static str, id: &str, attributes: Value) -> Resource {
        let mut resource = Resource::new(Place::new("1", "us-east-1"), kind, id);
        for (path, value) in attributes.as_object().cloned().unwrap_or_default() {
            resource.put_raw(path, Slot::Known(value));
        }
        resource
    }

    fn group() -> Resource {
        resource("aws_security_group", "sg-1", json!({}))
    }

    fn sorted(atoms: Vec<Value>) -> Vec<Value> {
        let mut atoms = atoms;
        atoms.sort_by_key(Value::to_string);
        atoms
    }

    #[test]
    fn an_association_is_imported_by_both_of_its_ends() {
        let mut live = Resource::new(Place::new("1", "r"), route_table_association::KIND.name, "subnet-1");
        assert_eq!((route_table_association::KIND.import_id)(&live), None);
        live.set(&route_table_association::ROUTE_TABLE_ID, "rtb-1".to_owned());
        assert_eq!((route_table_association::KIND.import_id)(&live).as_deref(), Some("subnet-1/rtb-1"));
    }

    #[test]
    fn one_rule_resource_claims_an_atom_for_each_source() {
        let rule = resource(
            "aws_security_group_rule",
            "sgrule-1",
            json!({
                "type": "ingress", "security_group_id": "sg-1", "protocol": "TCP", "from_port": 443, "to_port": 443,
                "cidr_blocks": ["10.0.0.0/8", "192.168.0.0/16"], "ipv6_cidr_blocks": ["2001:DB8:0::/32"],
                "prefix_list_ids": ["pl-1"], "self": true, "source_security_group_id": "sg-1", "description": ""
            }),
        );
        let claims = security_group::rule_claims(&rule);
        assert!(claims.iter().all(|(direction, _)| *direction == "ingress"));
        let live = json!([
            {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["192.168.0.0/16"]},
            {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"], "self": true,
             "ipv6_cidr_blocks": ["2001:db8::/32"], "prefix_list_ids": ["pl-1"], "description": null},
        ]);
        let claimed: Vec<Value> = claims.into_iter().map(|(_, atom)| atom).collect();
        assert_eq!(claimed.len(), 5);
        assert_eq!(sorted(claimed), sorted(security_group::rule_atoms(&group(), "ingress", &live)));
    }

    #[test]
    fn a_rule_with_one_source_claims_what_a_block_shows() {
        let rule = resource(
            "aws_vpc_security_group_egress_rule",
            "sgr-1",
            json!({"security_group_id": "sg-1", "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0", "description": "all"}),
        );
        let live = json!([{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"], "description": "all"}]);
        let atoms = security_group::rule_atoms(&group(), "egress", &live);
        assert_eq!(security_group::single_claim("egress", &rule), vec![("egress", atoms[0].clone())]);
        let itself = resource(
            "aws_vpc_security_group_ingress_rule",
            "sgr-2",
            json!({"security_group_id": "sg-1", "ip_protocol": "6", "from_port": 1, "to_port": 2,
                   "referenced_security_group_id": "123456789012/sg-1"}),
        );
        let live = json!([{"protocol": "tcp", "from_port": 1, "to_port": 2, "self": true}]);
        let atoms = security_group::rule_atoms(&group(), "ingress", &live);
        assert_eq!(security_group::single_claim("ingress", &itself), vec![("ingress", atoms[0].clone())]);
    }

    #[test]
    fn rules_differ_by_port_and_source_and_keep_their_description_apart() {
        let atom = |block: Value| security_group::rule_atoms(&group(), "ingress", &json!([block]))[0].clone();
        let base = json!({"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["10.0.0.0/8"]});
        let with = |name: &str, value: Value| {
            let mut block = base.clone();
            block[name] = value;
            atom(block)
        };
        assert_eq!(atom(base.clone())["key"], "tcp_22_22_10.0.0.0/8");
        assert_ne!(with("to_port", json!(23))["key"], atom(base.clone())["key"]);
        assert_ne!(with("protocol", json!("udp"))["key"], atom(base.clone())["key"]);
        assert_ne!(with("cidr_blocks", json!(["0.0.0.0/0"]))["key"], atom(base.clone())["key"]);
        let described = with("description", json!("ssh"));
        assert_eq!(described["key"], atom(base.clone())["key"]);
        assert_ne!(described, atom(base));
    }

    #[test]
    fn a_route_is_known_by_its_destination() {
        let table = resource("aws_route_table", "rtb-1", json!({}));
        let part = resource(
            "aws_route",
            "r-1",
            json!({"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0", "destination_ipv6_cidr_block": "",
                   "gateway_id": "igw-1", "nat_gateway_id": "", "state": "active"}),
        );
        let live = json!([
            {"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1", "state": "active"},
            {"cidr_block": "10.0.0.0/16", "gateway_id": "local", "state": "active"},
            {"cidr_block": "10.1.0.0/16", "instance_id": "i-1", "network_interface_id": "eni-1", "state": "blackhole"},
        ]);
        let atoms = route_table::route_atoms(&table, "route", &live);
        assert_eq!(atoms.len(), 2, "the local route does not count");
        assert_eq!(route_table::route_claim(&part), vec![("route", atoms[0].clone())]);
        assert_eq!(atoms[1], json!({"key": "10.1.0.0/16", "target": "eni-1"}));
    }

    #[test]
    fn an_entry_is_known_by_its_number_however_its_protocol_is_written() {
        let acl = resource("aws_network_acl", "acl-1", json!({}));
        let part = resource(
            "aws_network_acl_rule",
            "nacl-1",
            json!({"network_acl_id": "acl-1", "egress": false, "rule_number": 100, "rule_action": "allow",
                   "protocol": "tcp", "cidr_block": "10.0.0.0/8", "from_port": 22, "to_port": 22, "icmp_type": ""}),
        );
        let live = json!([
            {"rule_no": 100, "action": "ALLOW", "protocol": "6", "cidr_block": "10.0.0.0/8", "from_port": 22,
             "to_port": 22, "icmp_type": 0, "icmp_code": 0, "ipv6_cidr_block": ""},
            {"rule_no": 32767, "action": "deny", "protocol": "-1", "cidr_block": "0.0.0.0/0"},
        ]);
        let atoms = network_acl::entry_atoms(&acl, "ingress", &live);
        assert_eq!(atoms.len(), 1, "the last entry does not count");
        assert_eq!(network_acl::entry_claim(&part), vec![("ingress", atoms[0].clone())]);
        let all = json!([{"rule_no": 100, "action": "allow", "protocol": "all", "cidr_block": "0.0.0.0/0", "from_port": 0}]);
        assert_eq!(network_acl::entry_atoms(&acl, "egress", &all)[0]["from_port"], Value::Null);
    }

    #[test]
    fn defaults_and_services_own_things_do_not_count() {
        let rule = |kind: &Kind, attributes: Value| {
            (kind.exclusion)(&resource(kind.name, "x", attributes)).map(|excluded| excluded.rule)
        };
        assert_eq!(rule(&vpc::KIND, json!({"is_default": true})), Some("N17"));
        assert_eq!(rule(&vpc::KIND, json!({"is_default": false, "owner_id": "1"})), None);
        assert_eq!(rule(&subnet::KIND, json!({"is_default": false, "owner_id": "2"})), Some("N18"));
        assert_eq!(rule(&security_group::KIND, json!({"name": "default"})), Some("N17"));
        assert_eq!(rule(&security_group::KIND, json!({"name": "web"})), None);
        let cluster = json!({"name": "k8s", "tags_all": {"elbv2.k8s.aws/cluster": "c"}});
        assert_eq!(rule(&security_group::KIND, cluster), Some("N20"));
        assert_eq!(rule(&route_table::KIND, json!({"main": true})), Some("N17"));
        assert_eq!(rule(&prefix_list::KIND, json!({"owner_id": "AWS"})), Some("N18"));
        assert_eq!(rule(&eip::KIND, json!({"service_managed": "alb"})), Some("N18"));
        assert_eq!(rule(&network_interface::KIND, json!({"requester_managed": true})), Some("N18"));
        assert_eq!(rule(&network_interface::KIND, json!({"interface_type": "nat_gateway"})), Some("N18"));
        let attached = |index: i64, goes: bool| {
            let attachment = json!({"instance": "i-1", "device_index": index, "delete_on_termination": goes});
            rule(&network_interface::KIND, json!({"interface_type": "interface", "attachment": [attachment]}))
        };
        assert_eq!(attached(1, true), Some("N19"));
        assert_eq!(attached(0, false), Some("N19"));
        assert_eq!(attached(1, false), None);
        assert_eq!(rule(&network_interface::KIND, json!({"interface_type": "interface"})), None);
        let dns = json!({"domain_name": "ec2.internal", "domain_name_servers": ["AmazonProvidedDNS"],
                         "ntp_servers": [], "netbios_name_servers": [], "netbios_node_type": null});
        assert_eq!(rule(&dhcp_options::KIND, dns), Some("N17"));
        let own = json!({"domain_name": "acme.internal", "domain_name_servers": ["AmazonProvidedDNS"]});
        assert_eq!(rule(&dhcp_options::KIND, own), None);
    }

    #[test]
    fn a_peering_counts_at_its_requester() {
        let sides = |account: &str, region: &str| {
            json!({"sides": [
                {"owner_id": account, "region": region, "vpc_id": "vpc-1"},
                {"owner_id": "1", "region": "us-east-1", "vpc_id": "vpc-2"},
            ]})
        };
        let rule = |kind: &Kind, attributes: Value| {
            (kind.exclusion)(&resource(kind.name, "pcx-1", attributes)).map(|excluded| excluded.rule)
        };
        assert_eq!(rule(&vpc_peering_connection::KIND, sides("1", "us-east-1")), None);
        assert_eq!(rule(&vpc_peering_connection::KIND, sides("1", "eu-west-1")), Some("N19"));
        assert_eq!(rule(&vpc_peering_connection_accepter::KIND, sides("1", "eu-west-1")), Some("N19"));
        assert_eq!(rule(&vpc_peering_connection_accepter::KIND, sides("2", "eu-west-1")), None);
    }

    #[test]
    fn an_association_is_known_by_what_it_associates() {
        let identity = |attributes: Value| {
            (route_table_association::KIND.identity)(&resource(
                "aws_route_table_association",
                "x",
                attributes,
            ))
        };
        assert_eq!(identity(json!({"subnet_id": "subnet-1", "gateway_id": null})), Some("subnet-1".into()));
        assert_eq!(identity(json!({"subnet_id": "", "gateway_id": "igw-1"})), Some("igw-1".into()));
    }

    #[test]
    fn every_part_names_an_attribute_of_its_owner() {
        for kind in KINDS {
            for satellite in kind.satellites {
                assert!(KINDS.iter().any(|part| part.name == satellite.kind), "{}", satellite.kind);
                let attributes: &[&str] = match &satellite.form {
                    Form::Block { attribute, .. } => &[*attribute],
                    Form::Atoms { attributes, .. } => attributes,
                    Form::Whole { attribute, .. } => std::slice::from_ref(attribute),
                };
                for path in attributes {
                    assert!(kind.attribute(path).is_some(), "{}.{path}", kind.name);
                }
            }
        }
    }
}
