//! Reads networks and what guards them: one listing of each sort per region, shared by the kinds that need it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ec2::types::{
    Address, DhcpOptions, EgressOnlyInternetGateway, FlowLog, InternetGateway, IpPermission,
    ManagedPrefixList, NatGateway, NatGatewayState, NetworkAcl, NetworkAclEntry, NetworkInterface,
    RouteOrigin, RouteTable, SecurityGroup, Subnet, Tag, UserIdGroupPair, Vpc, VpcAttributeName, VpcEndpoint,
    VpcPeeringConnection, VpcPeeringConnectionVpcInfo, VpnConnection, VpnState,
};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::ec2::network::{
    OWNER_ID, VPC_ID, default_dhcp_options, dhcp_options, egress_only_internet_gateway, eip, flow_log,
    internet_gateway, nat_gateway, network_acl, network_acl_association, network_interface, prefix_list,
    route_table, route_table_association, security_group, subnet, vpc, vpc_endpoint, vpc_peering_connection,
    vpc_peering_connection_accepter, vpn_connection,
};
use stateward_model::{Attr, Cause, Gap, Harvest, Kind, Place, Resource};

use crate::call::Call;
use crate::rds::{put_tags, stamp};
use crate::session::{Collector, Pages, Session};

/// Most of the listings below allow 1000 items a page.
const PAGE: i32 = 1000;
/// Route tables, prefix lists and their entries: 100.
const SMALL_PAGE: i32 = 100;
/// Egress-only internet gateways: 255.
const EGRESS_ONLY_PAGE: i32 = 255;

const THROTTLING: &str = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html";

/// A paginated read: AWS allows 100 at once, and 20 a second from then on.
const fn paginated(operation: &'static str) -> Call {
    Call::new("ec2", operation).quota(10, 50).docs(THROTTLING)
}

/// A read that knows no pages: AWS allows 50 at once, and 10 a second from then on.
const fn unpaginated(operation: &'static str) -> Call {
    Call::new("ec2", operation).quota(5, 25).docs(THROTTLING)
}

static VPCS: Call = paginated("DescribeVpcs");
static VPC_ATTRIBUTE: Call = unpaginated("DescribeVpcAttribute");
static SUBNETS: Call = paginated("DescribeSubnets");
static SECURITY_GROUPS: Call = paginated("DescribeSecurityGroups");
static ROUTE_TABLES: Call = paginated("DescribeRouteTables");
static NETWORK_ACLS: Call = paginated("DescribeNetworkAcls");
static INTERNET_GATEWAYS: Call = paginated("DescribeInternetGateways");
static EGRESS_ONLY_GATEWAYS: Call = paginated("DescribeEgressOnlyInternetGateways");
static NAT_GATEWAYS: Call = paginated("DescribeNatGateways");
static ADDRESSES: Call = unpaginated("DescribeAddresses");
static VPC_ENDPOINTS: Call = paginated("DescribeVpcEndpoints");
static FLOW_LOGS: Call = paginated("DescribeFlowLogs");
static PEERING_CONNECTIONS: Call = paginated("DescribeVpcPeeringConnections");
static NETWORK_INTERFACES: Call = paginated("DescribeNetworkInterfaces");
static DHCP_OPTIONS: Call = paginated("DescribeDhcpOptions");
static VPN_CONNECTIONS: Call = unpaginated("DescribeVpnConnections");
static PREFIX_LISTS: Call = paginated("DescribeManagedPrefixLists");
static PREFIX_LIST_ENTRIES: Call = paginated("GetManagedPrefixListEntries");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector { kind: &vpc::KIND, calls: &[&VPCS, &VPC_ATTRIBUTE], collect: |s| Box::pin(vpcs(s)) },
    Collector { kind: &subnet::KIND, calls: &[&SUBNETS], collect: |s| Box::pin(subnets(s)) },
    Collector {
        kind: &security_group::KIND,
        calls: &[&SECURITY_GROUPS],
        collect: |s| Box::pin(security_groups(s)),
    },
    Collector { kind: &route_table::KIND, calls: &[&ROUTE_TABLES], collect: |s| Box::pin(route_tables(s)) },
    Collector {
        kind: &route_table_association::KIND,
        calls: &[&ROUTE_TABLES],
        collect: |s| Box::pin(route_table_associations(s)),
    },
    Collector { kind: &network_acl::KIND, calls: &[&NETWORK_ACLS], collect: |s| Box::pin(network_acls(s)) },
    Collector {
        kind: &network_acl_association::KIND,
        calls: &[&NETWORK_ACLS],
        collect: |s| Box::pin(network_acl_associations(s)),
    },
    Collector {
        kind: &internet_gateway::KIND,
        calls: &[&INTERNET_GATEWAYS, &VPCS],
        collect: |s| Box::pin(internet_gateways(s)),
    },
    Collector {
        kind: &egress_only_internet_gateway::KIND,
        calls: &[&EGRESS_ONLY_GATEWAYS],
        collect: |s| Box::pin(egress_only_internet_gateways(s)),
    },
    Collector { kind: &nat_gateway::KIND, calls: &[&NAT_GATEWAYS], collect: |s| Box::pin(nat_gateways(s)) },
    Collector { kind: &eip::KIND, calls: &[&ADDRESSES], collect: |s| Box::pin(addresses(s)) },
    Collector {
        kind: &vpc_endpoint::KIND,
        calls: &[&VPC_ENDPOINTS],
        collect: |s| Box::pin(vpc_endpoints(s)),
    },
    Collector { kind: &flow_log::KIND, calls: &[&FLOW_LOGS], collect: |s| Box::pin(flow_logs(s)) },
    Collector {
        kind: &vpc_peering_connection::KIND,
        calls: &[&PEERING_CONNECTIONS],
        collect: |s| Box::pin(peering_connections(s)),
    },
    Collector {
        kind: &vpc_peering_connection_accepter::KIND,
        calls: &[&PEERING_CONNECTIONS],
        collect: |s| Box::pin(peering_accepters(s)),
    },
    Collector {
        kind: &network_interface::KIND,
        calls: &[&NETWORK_INTERFACES],
        collect: |s| Box::pin(network_interfaces(s)),
    },
    Collector {
        kind: &dhcp_options::KIND,
        calls: &[&DHCP_OPTIONS],
        collect: |s| Box::pin(all_dhcp_options(s)),
    },
    Collector {
        kind: &default_dhcp_options::KIND,
        calls: &[&DHCP_OPTIONS],
        collect: |s| Box::pin(adopted_dhcp_options(s)),
    },
    Collector {
        kind: &vpn_connection::KIND,
        calls: &[&VPN_CONNECTIONS],
        collect: |s| Box::pin(vpn_connections(s)),
    },
    Collector {
        kind: &prefix_list::KIND,
        calls: &[&PREFIX_LISTS, &PREFIX_LIST_ENTRIES, &SECURITY_GROUPS],
        collect: |s| Box::pin(prefix_lists(s)),
    },
];

/// Where a listing was read.
struct Here {
    place: Place,
    partition: String,
}

impl Here {
    fn of(s: &Session) -> Self {
        Self { place: s.place(), partition: s.partition().to_owned() }
    }

    /// The ARN of something of EC2, which its listing often leaves out.
    fn arn(&self, owner: Option<&str>, rest: &str) -> String {
        let owner = owner.unwrap_or(&self.place.account);
        format!("arn:{}:ec2:{}:{owner}:{rest}", self.partition, self.place.region)
    }

    /// A resource with its tags, named by the Name tag.
    fn resource(&self, kind: &'static Kind, id: Option<&str>, tags: &[Tag]) -> Resource {
        let tags = tag_map(tags);
        let name = tags.get("Name").cloned().unwrap_or_default();
        let mut resource =
            Resource::new(self.place.clone(), kind.name, id.unwrap_or_default()).with_name(name);
        put_tags(&mut resource, Ok(tags));
        resource
    }
}

fn set_arn(r: &mut Resource, arn: String) {
    r.arn = Some(arn.clone());
    r.set(&ARN, arn);
}

fn tag_map(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()))).collect()
}

/// A harvest of what `resource` makes of each item; nothing for what does not count as existing.
fn harvest<T>(pages: &Pages<T>, resource: impl Fn(&T) -> Option<Resource>) -> Harvest {
    Harvest {
        resources: pages.items.iter().filter_map(resource).collect(),
        gaps: pages.gap.iter().cloned().collect(),
    }
}

async fn vpc_list(s: &Session) -> Arc<Pages<Vpc>> {
    s.once(
        "ec2:DescribeVpcs",
        s.pages(
            &VPCS,
            |token| s.ec2().describe_vpcs().max_results(PAGE).set_next_token(token).send(),
            |out| (out.vpcs.unwrap_or_default(), out.next_token),
        ),
    )
    .await
}

async fn vpcs(s: &Session) -> Harvest {
    let all = vpc_list(s).await;
    let here = Here::of(s);
    let resources = s
        .each(all.items.iter().map(|vpc| vpc_resource(&here, vpc)).collect(), |resource| {
            with_attributes(s, resource)
        })
        .await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

/// AWS tells each of these attributes in a call of its own, for one VPC at a time.
async fn with_attributes(s: &Session, mut r: Resource) -> Resource {
    let attributes: [(&Attr<bool>, VpcAttributeName); 3] = [
        (&vpc::ENABLE_DNS_HOSTNAMES, VpcAttributeName::EnableDnsHostnames),
        (&vpc::ENABLE_DNS_SUPPORT, VpcAttributeName::EnableDnsSupport),
        (&vpc::ENABLE_NETWORK_ADDRESS_USAGE_METRICS, VpcAttributeName::EnableNetworkAddressUsageMetrics),
    ];
    for (key, name) in attributes {
        if s.wants(&vpc::KIND, key) {
            let value = vpc_attribute(s, r.id(), &name).await;
            r.put(key, value);
        }
    }
    r
}

async fn vpc_attribute(s: &Session, id: &str, name: &VpcAttributeName) -> Result<bool, Gap> {
    let out = s
        .call(&VPC_ATTRIBUTE, || s.ec2().describe_vpc_attribute().vpc_id(id).attribute(name.clone()).send())
        .await?;
    let value = match name {
        VpcAttributeName::EnableDnsHostnames => out.enable_dns_hostnames,
        VpcAttributeName::EnableDnsSupport => out.enable_dns_support,
        _ => out.enable_network_address_usage_metrics,
    };
    value.and_then(|value| value.value).ok_or_else(|| {
        Gap::new(VPC_ATTRIBUTE.name(), Cause::Malformed, "the answer lacks the attribute that was asked for")
    })
}

fn vpc_resource(here: &Here, v: &Vpc) -> Resource {
    use vpc::*;
    let id = v.vpc_id.as_deref();
    let mut r = here.resource(&KIND, id, v.tags());
    set_arn(&mut r, here.arn(v.owner_id.as_deref(), &format!("vpc/{}", id.unwrap_or_default())));
    let ipv6 = v.ipv6_cidr_block_association_set().iter().find(|association| {
        let state = association.ipv6_cidr_block_state.as_ref().and_then(|state| state.state.as_ref());
        state.is_some_and(|state| state.as_str() == "associated")
    });
    let pool = ipv6.and_then(|association| association.ipv6_pool.as_deref());
    r.set(&ASSIGN_GENERATED_IPV6_CIDR_BLOCK, pool == Some("Amazon"))
        .set_opt(&CIDR_BLOCK, v.cidr_block.clone())
        .set_opt(&DHCP_OPTIONS_ID, v.dhcp_options_id.clone())
        .set_opt(&INSTANCE_TENANCY, v.instance_tenancy.as_ref().map(|tenancy| tenancy.as_str().to_owned()))
        .set_opt(&IPV6_CIDR_BLOCK, ipv6.and_then(|association| association.ipv6_cidr_block.clone()))
        .set_opt(
            &IPV6_CIDR_BLOCK_NETWORK_BORDER_GROUP,
            ipv6.and_then(|association| association.network_border_group.clone()),
        )
        .set_opt(&IPV6_IPAM_POOL_ID, pool.filter(|pool| *pool != "Amazon").map(str::to_owned))
        .set_opt(&IS_DEFAULT, v.is_default)
        .set_opt(&OWNER_ID, v.owner_id.clone())
        .set(&SECONDARY_CIDR_BLOCKS, secondary_ranges(v));
    r
}

fn secondary_ranges(v: &Vpc) -> Vec<String> {
    v.cidr_block_association_set()
        .iter()
        .filter(|association| {
            let state = association.cidr_block_state.as_ref().and_then(|state| state.state.as_ref());
            state.is_none_or(|state| matches!(state.as_str(), "associating" | "associated"))
        })
        .filter_map(|association| association.cidr_block.clone())
        .filter(|range| Some(range) != v.cidr_block.as_ref())
        .collect()
}

async fn subnets(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &SUBNETS,
            |token| s.ec2().describe_subnets().max_results(PAGE).set_next_token(token).send(),
            |out| (out.subnets.unwrap_or_default(), out.next_token),
        )
        .await;
    let here = Here::of(s);
    harvest(&pages, |subnet| Some(subnet_resource(&here, subnet)))
}

fn subnet_resource(here: &Here, n: &Subnet) -> Resource {
    use subnet::*;
    let id = n.subnet_id.as_deref();
    let mut r = here.resource(&KIND, id, n.tags());
    let arn = n.subnet_arn.clone();
    let arn =
        arn.unwrap_or_else(|| here.arn(n.owner_id.as_deref(), &format!("subnet/{}", id.unwrap_or_default())));
    set_arn(&mut r, arn);
    let ipv6 = n.ipv6_cidr_block_association_set().iter().find(|association| {
        let state = association.ipv6_cidr_block_state.as_ref().and_then(|state| state.state.as_ref());
        state.is_some_and(|state| state.as_str() == "associated")
    });
    let names = n.private_dns_name_options_on_launch.as_ref();
    r.set_opt(&ASSIGN_IPV6_ADDRESS_ON_CREATION, n.assign_ipv6_address_on_creation)
        .set_opt(&AVAILABILITY_ZONE, n.availability_zone.clone())
        .set_opt(&AVAILABILITY_ZONE_ID, n.availability_zone_id.clone())
        .set_opt(&AVAILABLE_IP_ADDRESS_COUNT, n.available_ip_address_count.map(i64::from))
        .set_opt(&CIDR_BLOCK, n.cidr_block.clone())
        .set_opt(&CUSTOMER_OWNED_IPV4_POOL, n.customer_owned_ipv4_pool.clone())
        .set_opt(&ENABLE_DNS64, n.enable_dns64)
        .set_opt(&ENABLE_LNI_AT_DEVICE_INDEX, n.enable_lni_at_device_index.map(i64::from))
        .set_opt(
            &ENABLE_RESOURCE_NAME_DNS_A_RECORD_ON_LAUNCH,
            names.and_then(|names| names.enable_resource_name_dns_a_record),
        )
        .set_opt(
            &ENABLE_RESOURCE_NAME_DNS_AAAA_RECORD_ON_LAUNCH,
            names.and_then(|names| names.enable_resource_name_dns_aaaa_record),
        )
        .set_opt(&IPV6_CIDR_BLOCK, ipv6.and_then(|association| association.ipv6_cidr_block.clone()))
        .set_opt(&IPV6_NATIVE, n.ipv6_native)
        .set_opt(&IS_DEFAULT, n.default_for_az)
        .set_opt(&MAP_CUSTOMER_OWNED_IP_ON_LAUNCH, n.map_customer_owned_ip_on_launch)
        .set_opt(&MAP_PUBLIC_IP_ON_LAUNCH, n.map_public_ip_on_launch)
        .set_opt(&OUTPOST_ARN, n.outpost_arn.clone())
        .set_opt(&OWNER_ID, n.owner_id.clone())
        .set_opt(
            &PRIVATE_DNS_HOSTNAME_TYPE_ON_LAUNCH,
            names.and_then(|names| names.hostname_type.as_ref()).map(|kind| kind.as_str().to_owned()),
        )
        .set_opt(&VPC_ID, n.vpc_id.clone());
    r
}

async fn security_group_list(s: &Session) -> Arc<Pages<SecurityGroup>> {
    s.once(
        "ec2:DescribeSecurityGroups",
        s.pages(
            &SECURITY_GROUPS,
            |token| s.ec2().describe_security_groups().max_results(PAGE).set_next_token(token).send(),
            |out| (out.security_groups.unwrap_or_default(), out.next_token),
        ),
    )
    .await
}

async fn security_groups(s: &Session) -> Harvest {
    let all = security_group_list(s).await;
    let here = Here::of(s);
    harvest(&all, |group| Some(group_resource(&here, group)))
}

fn group_resource(here: &Here, g: &SecurityGroup) -> Resource {
    use security_group::*;
    let id = g.group_id.as_deref();
    let mut r = here.resource(&KIND, id, g.tags());
    r.name = g.group_name.clone();
    let arn = g.security_group_arn.clone();
    let arn = arn.unwrap_or_else(|| {
        here.arn(g.owner_id.as_deref(), &format!("security-group/{}", id.unwrap_or_default()))
    });
    set_arn(&mut r, arn);
    r.set_opt(&DESCRIPTION, g.description.clone())
        .set(&EGRESS, rules(g, g.ip_permissions_egress()))
        .set(&INGRESS, rules(g, g.ip_permissions()))
        .set_opt(&NAME, g.group_name.clone())
        .set_opt(&OWNER_ID, g.owner_id.clone())
        .set_opt(&VPC_ID, g.vpc_id.clone());
    r
}

/// Sources with the same protocol, ports and description are one rule, as Terraform writes them.
fn rules(group: &SecurityGroup, permissions: &[IpPermission]) -> Vec<security_group::Rule> {
    use security_group::Rule;
    type Key = (String, i64, i64, Option<String>);
    let mut rules: BTreeMap<Key, Rule> = BTreeMap::new();
    for permission in permissions {
        let protocol = security_group::protocol(permission.ip_protocol().unwrap_or_default());
        let (from, to) = (permission.from_port.unwrap_or(0), permission.to_port.unwrap_or(0));
        let (from, to) = (i64::from(from), i64::from(to));
        let mut rule = |description: Option<&str>, add: &dyn Fn(&mut Rule)| {
            let description = description.filter(|text| !text.is_empty()).map(str::to_owned);
            let key = (protocol.clone(), from, to, description.clone());
            add(rules.entry(key).or_insert_with(|| Rule {
                protocol: protocol.clone(),
                from_port: Some(from),
                to_port: Some(to),
                description,
                ..Rule::default()
            }));
        };
        for range in permission.ip_ranges() {
            rule(range.description(), &|rule| rule.cidr_blocks.extend(range.cidr_ip.clone()));
        }
        for range in permission.ipv6_ranges() {
            rule(range.description(), &|rule| rule.ipv6_cidr_blocks.extend(range.cidr_ipv6.clone()));
        }
        for list in permission.prefix_list_ids() {
            rule(list.description(), &|rule| rule.prefix_list_ids.extend(list.prefix_list_id.clone()));
        }
        for pair in permission.user_id_group_pairs() {
            rule(pair.description(), &|rule| match &pair.group_id {
                id if *id == group.group_id => rule.itself = true,
                _ => rule.security_groups.extend(referenced_group(group, pair)),
            });
        }
    }
    rules.into_values().collect()
}

/// A group of another account is written with the account in front, as Terraform does.
fn referenced_group(group: &SecurityGroup, pair: &UserIdGroupPair) -> Option<String> {
    let id = pair.group_id.clone().or_else(|| pair.group_name.clone())?;
    match &pair.user_id {
        Some(user) if group.owner_id.as_ref().is_some_and(|owner| owner != user) => {
            Some(format!("{user}/{id}"))
        }
        _ => Some(id),
    }
}

async fn route_table_list(s: &Session) -> Arc<Pages<RouteTable>> {
    s.once(
        "ec2:DescribeRouteTables",
        s.pages(
            &ROUTE_TABLES,
            |token| s.ec2().describe_route_tables().max_results(SMALL_PAGE).set_next_token(token).send(),
            |out| (out.route_tables.unwrap_or_default(), out.next_token),
        ),
    )
    .await
}

async fn route_tables(s: &Session) -> Harvest {
    let all = route_table_list(s).await;
    let here = Here::of(s);
    harvest(&all, |table| Some(table_resource(&here, table)))
}

fn table_resource(here: &Here, t: &RouteTable) -> Resource {
    use route_table::*;
    let id = t.route_table_id.as_deref();
    let mut r = here.resource(&KIND, id, t.tags());
    set_arn(&mut r, here.arn(t.owner_id.as_deref(), &format!("route-table/{}", id.unwrap_or_default())));
    r.set(&MAIN, t.associations().iter().any(|association| association.main == Some(true)))
        .set_opt(&OWNER_ID, t.owner_id.clone())
        .set(
            &PROPAGATING_VGWS,
            t.propagating_vgws().iter().filter_map(|gateway| gateway.gateway_id.clone()).collect(),
        )
        .set(&ROUTE, t.routes().iter().filter_map(route).collect())
        .set_opt(&VPC_ID, t.vpc_id.clone());
    r
}

/// A route as Terraform holds it; none for those that follow from something else (N11).
fn route(route: &aws_sdk_ec2::types::Route) -> Option<route_table::Route> {
    let gateway = route.gateway_id.as_deref().unwrap_or_default();
    let is_endpoint = gateway.starts_with("vpce-");
    let is_implied = matches!(gateway, "local" | "VpcLattice")
        || (is_endpoint && route.destination_prefix_list_id.is_some())
        || matches!(route.origin, Some(RouteOrigin::EnableVgwRoutePropagation | RouteOrigin::Advertisement));
    (!is_implied).then(|| route_table::Route {
        cidr_block: route.destination_cidr_block.clone(),
        ipv6_cidr_block: route.destination_ipv6_cidr_block.clone(),
        destination_prefix_list_id: route.destination_prefix_list_id.clone(),
        carrier_gateway_id: route.carrier_gateway_id.clone(),
        core_network_arn: route.core_network_arn.clone(),
        egress_only_gateway_id: route.egress_only_internet_gateway_id.clone(),
        gateway_id: route.gateway_id.clone().filter(|_| !is_endpoint),
        instance_id: route.instance_id.clone(),
        local_gateway_id: route.local_gateway_id.clone(),
        nat_gateway_id: route.nat_gateway_id.clone(),
        network_interface_id: route.network_interface_id.clone(),
        odb_network_arn: route.odb_network_arn.clone(),
        transit_gateway_id: route.transit_gateway_id.clone(),
        vpc_endpoint_id: route.gateway_id.clone().filter(|_| is_endpoint),
        vpc_peering_connection_id: route.vpc_peering_connection_id.clone(),
        state: route.state.as_ref().map(|state| state.as_str().to_owned()),
    })
}

async fn route_table_associations(s: &Session) -> Harvest {
    let all = route_table_list(s).await;
    let here = Here::of(s);
    let resources = all.items.iter().flat_map(|table| table_associations(&here, table)).collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn table_associations(here: &Here, t: &RouteTable) -> Vec<Resource> {
    use route_table_association::*;
    let current = t.associations().iter().filter(|association| {
        let state = association.association_state.as_ref().and_then(|state| state.state.as_ref());
        state.is_none_or(|state| state.as_str() != "disassociated")
    });
    current
        .filter_map(|association| {
            let id = association.subnet_id.as_deref().or(association.gateway_id.as_deref())?;
            let mut r = Resource::new(here.place.clone(), KIND.name, id);
            r.set_opt(&GATEWAY_ID, association.gateway_id.clone())
                .set_opt(&ROUTE_TABLE_ID, t.route_table_id.clone())
                .set_opt(&SUBNET_ID, association.subnet_id.clone());
            Some(r)
        })
        .collect()
}

async fn network_acl_list(s: &Session) -> Arc<Pages<NetworkAcl>> {
    s.once(
        "ec2:DescribeNetworkAcls",
        s.pages(
            &NETWORK_ACLS,
            |token| s.ec2().describe_network_acls().max_results(PAGE).set_next_token(token).send(),
            |out| (out.network_acls.unwrap_or_default(), out.next_token),
        ),
    )
    .await
}

async fn network_acls(s: &Session) -> Harvest {
    let all = network_acl_list(s).await;
    let here = Here::of(s);
    harvest(&all, |acl| Some(acl_resource(&here, acl)))
}

fn acl_resource(here: &Here, a: &NetworkAcl) -> Resource {
    use network_acl::*;
    let id = a.network_acl_id.as_deref();
    let mut r = here.resource(&KIND, id, a.tags());
    set_arn(&mut r, here.arn(a.owner_id.as_deref(), &format!("network-acl/{}", id.unwrap_or_default())));
    let entries = |outward: bool| -> Vec<Entry> {
        a.entries().iter().filter(|e| e.egress.unwrap_or(false) == outward).filter_map(entry).collect()
    };
    r.set(&EGRESS, entries(true))
        .set(&INGRESS, entries(false))
        .set_opt(&IS_DEFAULT, a.is_default)
        .set_opt(&OWNER_ID, a.owner_id.clone())
        .set(&SUBNET_IDS, a.associations().iter().filter_map(|x| x.subnet_id.clone()).collect())
        .set_opt(&VPC_ID, a.vpc_id.clone());
    r
}

fn entry(e: &NetworkAclEntry) -> Option<network_acl::Entry> {
    let rule_no = i64::from(e.rule_number?);
    let ports = e.port_range.as_ref();
    let icmp = e.icmp_type_code.as_ref();
    (!network_acl::LAST_ENTRIES.contains(&rule_no)).then(|| network_acl::Entry {
        rule_no,
        action: e.rule_action.as_ref().map(|action| action.as_str().to_owned()).unwrap_or_default(),
        protocol: network_acl::protocol(e.protocol().unwrap_or_default()),
        cidr_block: e.cidr_block.clone(),
        ipv6_cidr_block: e.ipv6_cidr_block.clone(),
        from_port: ports.and_then(|ports| ports.from).map(i64::from),
        to_port: ports.and_then(|ports| ports.to).map(i64::from),
        icmp_type: icmp.and_then(|icmp| icmp.r#type).map(i64::from),
        icmp_code: icmp.and_then(|icmp| icmp.code).map(i64::from),
    })
}

async fn network_acl_associations(s: &Session) -> Harvest {
    use network_acl_association::*;
    let all = network_acl_list(s).await;
    let resources = all
        .items
        .iter()
        .flat_map(|acl| acl.associations().iter().map(move |association| (acl, association)))
        .filter_map(|(acl, association)| {
            let subnet = association.subnet_id.clone()?;
            let mut r = Resource::new(s.place(), KIND.name, subnet.clone());
            r.set_opt(&NETWORK_ACL_ID, acl.network_acl_id.clone()).set(&SUBNET_ID, subnet);
            Some(r)
        })
        .collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

async fn internet_gateways(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &INTERNET_GATEWAYS,
            |token| s.ec2().describe_internet_gateways().max_results(PAGE).set_next_token(token).send(),
            |out| (out.internet_gateways.unwrap_or_default(), out.next_token),
        )
        .await;
    let vpcs = vpc_list(s).await;
    let here = Here::of(s);
    harvest(&pages, |gateway| Some(internet_gateway_resource(&here, gateway, &vpcs)))
}

fn internet_gateway_resource(here: &Here, g: &InternetGateway, vpcs: &Pages<Vpc>) -> Resource {
    use internet_gateway::*;
    let id = g.internet_gateway_id.as_deref();
    let mut r = here.resource(&KIND, id, g.tags());
    set_arn(&mut r, here.arn(g.owner_id.as_deref(), &format!("internet-gateway/{}", id.unwrap_or_default())));
    let vpc_id = g.attachments().first().and_then(|attachment| attachment.vpc_id.clone());
    r.put(&IS_DEFAULT, serves_default(vpc_id.as_deref(), vpcs))
        .set_opt(&OWNER_ID, g.owner_id.clone())
        .set_opt(&VPC_ID, vpc_id);
    r
}

/// Whether the VPC is the default one; a gap where the listing of VPCs broke off before it.
fn serves_default(vpc_id: Option<&str>, vpcs: &Pages<Vpc>) -> Result<bool, Gap> {
    let Some(id) = vpc_id else { return Ok(false) };
    match vpcs.items.iter().find(|vpc| vpc.vpc_id.as_deref() == Some(id)) {
        Some(vpc) => Ok(vpc.is_default.unwrap_or(false)),
        None => vpcs.gap.clone().map_or(Ok(false), Err),
    }
}

async fn egress_only_internet_gateways(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &EGRESS_ONLY_GATEWAYS,
            |token| {
                s.ec2()
                    .describe_egress_only_internet_gateways()
                    .max_results(EGRESS_ONLY_PAGE)
                    .set_next_token(token)
                    .send()
            },
            |out| (out.egress_only_internet_gateways.unwrap_or_default(), out.next_token),
        )
        .await;
    let here = Here::of(s);
    harvest(&pages, |gateway| Some(egress_only_resource(&here, gateway)))
}

fn egress_only_resource(here: &Here, g: &EgressOnlyInternetGateway) -> Resource {
    let id = g.egress_only_internet_gateway_id.as_deref();
    let mut r = here.resource(&egress_only_internet_gateway::KIND, id, g.tags());
    r.set_opt(&VPC_ID, g.attachments().first().and_then(|attachment| attachment.vpc_id.clone()));
    r
}

async fn nat_gateways(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &NAT_GATEWAYS,
            |token| s.ec2().describe_nat_gateways().max_results(PAGE).set_next_token(token).send(),
            |out| (out.nat_gateways.unwrap_or_default(), out.next_token),
        )
        .await;
    let here = Here::of(s);
    harvest(&pages, |gateway| nat_resource(&here, gateway))
}

/// A deleted gateway is still listed for about an hour.
fn nat_resource(here: &Here, g: &NatGateway) -> Option<Resource> {
    use nat_gateway::*;
    if g.state == Some(NatGatewayState::Deleted) {
        return None;
    }
    let mut r = here.resource(&KIND, g.nat_gateway_id.as_deref(), g.tags());
    let all = g.nat_gateway_addresses();
    let primary = all.iter().find(|address| address.is_primary == Some(true)).or_else(|| all.first());
    let is_secondary = |address: &&aws_sdk_ec2::types::NatGatewayAddress| {
        primary.is_some_and(|primary| primary.private_ip != address.private_ip)
    };
    let secondary: Vec<_> = all.iter().filter(is_secondary).collect();
    let text = |word: Option<&str>| word.map(str::to_owned);
    r.set_opt(&ALLOCATION_ID, primary.and_then(|address| address.allocation_id.clone()))
        .set_opt(&AVAILABILITY_MODE, text(g.availability_mode.as_ref().map(|mode| mode.as_str())))
        .set_opt(&CONNECTIVITY_TYPE, text(g.connectivity_type.as_ref().map(|kind| kind.as_str())))
        .set_opt(&NETWORK_INTERFACE_ID, primary.and_then(|address| address.network_interface_id.clone()))
        .set_opt(&PRIVATE_IP, primary.and_then(|address| address.private_ip.clone()))
        .set_opt(&PUBLIC_IP, primary.and_then(|address| address.public_ip.clone()))
        .set(
            &SECONDARY_ALLOCATION_IDS,
            secondary.iter().filter_map(|address| address.allocation_id.clone()).collect(),
        )
        .set(
            &SECONDARY_PRIVATE_IP_ADDRESSES,
            secondary.iter().filter_map(|address| address.private_ip.clone()).collect(),
        )
        .set_opt(&STATE, text(g.state.as_ref().map(|state| state.as_str())))
        .set_opt(&SUBNET_ID, g.subnet_id.clone())
        .set_opt(&VPC_ID, g.vpc_id.clone());
    Some(r)
}

async fn addresses(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &ADDRESSES,
            |_| s.ec2().describe_addresses().send(),
            |out| (out.addresses.unwrap_or_default(), None),
        )
        .await;
    let here = Here::of(s);
    harvest(&pages, |address| Some(address_resource(&here, address)))
}

fn address_resource(here: &Here, a: &Address) -> Resource {
    use eip::*;
    let id = a.allocation_id.as_deref().or(a.public_ip.as_deref());
    let mut r = here.resource(&KIND, id, a.tags());
    if let Some(allocation) = &a.allocation_id {
        set_arn(&mut r, here.arn(None, &format!("elastic-ip/{allocation}")));
    }
    if r.name.is_none() {
        r.name = a.public_ip.clone();
    }
    let association = a.association_id.as_ref().map(|_| Association {
        instance_id: a.instance_id.clone(),
        network_interface_id: a.network_interface_id.clone(),
        private_ip_address: a.private_ip_address.clone(),
    });
    let domain = a.domain.as_ref().map(|domain| domain.as_str().to_owned());
    r.set_opt(&ALLOCATION_ID, a.allocation_id.clone())
        .set(&ASSOCIATION, association.into_iter().collect())
        .set_opt(&CUSTOMER_OWNED_IPV4_POOL, a.customer_owned_ipv4_pool.clone())
        .set(&VPC, domain.as_deref() == Some("vpc"))
        .set_opt(&DOMAIN, domain)
        .set_opt(&INSTANCE, a.instance_id.clone())
        .set_opt(&NETWORK_BORDER_GROUP, a.network_border_group.clone())
        .set_opt(&NETWORK_INTERFACE, a.network_interface_id.clone())
        .set_opt(&PRIVATE_IP, a.private_ip_address.clone())
        .set_opt(&PUBLIC_IP, a.public_ip.clone())
        .set_opt(&PUBLIC_IPV4_POOL, a.public_ipv4_pool.clone())
        .set_opt(&SERVICE_MANAGED, a.service_managed.as_ref().map(|service| service.as_str().to_owned()));
    r
}

async fn vpc_endpoints(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &VPC_ENDPOINTS,
            |token| s.ec2().describe_vpc_endpoints().max_results(PAGE).set_next_token(token).send(),
            |out| (out.vpc_endpoints.unwrap_or_default(), out.next_token),
        )
        .await;
    let here = Here::of(s);
    harvest(&pages, |endpoint| endpoint_resource(&here, endpoint))
}

/// A deleted endpoint is still listed for a while. The API writes states with a small first letter, its model does not.
fn endpoint_resource(here: &Here, e: &VpcEndpoint) -> Option<Resource> {
    use vpc_endpoint::*;
    let state = e.state.as_ref().map(|state| small_first_letter(state.as_str()));
    if state.as_deref() == Some("deleted") {
        return None;
    }
    let id = e.vpc_endpoint_id.as_deref();
    let mut r = here.resource(&KIND, id, e.tags());
    set_arn(&mut r, here.arn(e.owner_id.as_deref(), &format!("vpc-endpoint/{}", id.unwrap_or_default())));
    let names = e.dns_options.as_ref().map(|options| DnsOptions {
        dns_record_ip_type: options.dns_record_ip_type.as_ref().map(|kind| kind.as_str().to_owned()),
        private_dns_only_for_inbound_resolver_endpoint: options
            .private_dns_only_for_inbound_resolver_endpoint,
    });
    r.set_opt(&CREATED_AT, e.creation_timestamp.as_ref().and_then(stamp))
        .set(&DNS_OPTIONS, names.into_iter().collect())
        .set_opt(&IP_ADDRESS_TYPE, e.ip_address_type.as_ref().map(|kind| kind.as_str().to_owned()))
        .set_opt(&OWNER_ID, e.owner_id.clone())
        .set_opt(&POLICY, e.policy_document.clone())
        .set_opt(&PRIVATE_DNS_ENABLED, e.private_dns_enabled)
        .set_opt(&REQUESTER_MANAGED, e.requester_managed)
        .set(&ROUTE_TABLE_IDS, e.route_table_ids().to_vec())
        .set(&SECURITY_GROUP_IDS, e.groups().iter().filter_map(|group| group.group_id.clone()).collect())
        .set_opt(&SERVICE_NAME, e.service_name.clone())
        .set_opt(&SERVICE_REGION, e.service_region.clone())
        .set_opt(&STATE, state)
        .set(&SUBNET_IDS, e.subnet_ids().to_vec())
        .set_opt(&VPC_ENDPOINT_TYPE, e.vpc_endpoint_type.as_ref().map(|kind| kind.as_str().to_owned()))
        .set_opt(&VPC_ID, e.vpc_id.clone());
    Some(r)
}

fn small_first_letter(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

async fn flow_logs(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &FLOW_LOGS,
            |token| s.ec2().describe_flow_logs().max_results(PAGE).set_next_token(token).send(),
            |out| (out.flow_logs.unwrap_or_default(), out.next_token),
        )
        .await;
    let here = Here::of(s);
    harvest(&pages, |log| Some(flow_log_resource(&here, log)))
}

fn flow_log_resource(here: &Here, l: &FlowLog) -> Resource {
    use flow_log::*;
    let id = l.flow_log_id.as_deref();
    let mut r = here.resource(&KIND, id, l.tags());
    set_arn(&mut r, here.arn(None, &format!("vpc-flow-log/{}", id.unwrap_or_default())));
    let watched = |prefix: &str| l.resource_id.clone().filter(|id| id.starts_with(prefix));
    let attachment = watched("tgw-attach-");
    let options = l.destination_options.as_ref().map(|options| DestinationOptions {
        file_format: options.file_format.as_ref().map(|format| format.as_str().to_owned()),
        hive_compatible_partitions: options.hive_compatible_partitions,
        per_hour_partition: options.per_hour_partition,
    });
    let destination_type = l.log_destination_type.as_ref().map(|kind| kind.as_str().to_owned());
    r.set_opt(&DELIVER_CROSS_ACCOUNT_ROLE, l.deliver_cross_account_role.clone())
        .set_opt(&DELIVER_LOGS_ERROR, l.deliver_logs_error_message.clone())
        .set_opt(&DELIVER_LOGS_STATUS, l.deliver_logs_status.clone())
        .set(&DESTINATION_OPTIONS, options.into_iter().collect())
        .set_opt(&ENI_ID, watched("eni-"))
        .set_opt(&FLOW_LOG_STATUS, l.flow_log_status.clone())
        .set_opt(&IAM_ROLE_ARN, l.deliver_logs_permission_arn.clone())
        // Terraform cuts the wildcard off that ends the ARN of a log group.
        .set_opt(
            &LOG_DESTINATION,
            l.log_destination.as_deref().map(|arn| arn.trim_end_matches(":*").to_owned()),
        )
        .set_opt(&LOG_DESTINATION_TYPE, destination_type)
        .set_opt(&LOG_FORMAT, l.log_format.clone())
        .set_opt(&LOG_GROUP_NAME, l.log_group_name.clone())
        .set_opt(&MAX_AGGREGATION_INTERVAL, l.max_aggregation_interval.map(i64::from))
        .set_opt(&SUBNET_ID, watched("subnet-"))
        .set_opt(&TRAFFIC_TYPE, l.traffic_type.as_ref().map(|kind| kind.as_str().to_owned()))
        .set_opt(&TRANSIT_GATEWAY_ID, watched("tgw-").filter(|_| attachment.is_none()))
        .set_opt(&TRANSIT_GATEWAY_ATTACHMENT_ID, attachment)
        .set_opt(&VPC_ID, watched("vpc-"));
    r
}

/// A connection that came to an end is still listed for a while.
async fn peering_list(s: &Session) -> Arc<Pages<VpcPeeringConnection>> {
    s.once("ec2:DescribeVpcPeeringConnections", async {
        let mut pages = s
            .pages(
                &PEERING_CONNECTIONS,
                |token| {
                    s.ec2().describe_vpc_peering_connections().max_results(PAGE).set_next_token(token).send()
                },
                |out| (out.vpc_peering_connections.unwrap_or_default(), out.next_token),
            )
            .await;
        pages.items.retain(is_alive);
        pages
    })
    .await
}

fn is_alive(connection: &VpcPeeringConnection) -> bool {
    let code = peering_status(connection);
    !matches!(code.as_deref(), Some("deleted" | "expired" | "failed" | "rejected"))
}

fn peering_status(connection: &VpcPeeringConnection) -> Option<String> {
    connection.status.as_ref()?.code.as_ref().map(|code| code.as_str().to_owned())
}

async fn peering_connections(s: &Session) -> Harvest {
    let all = peering_list(s).await;
    let here = Here::of(s);
    harvest(&all, |connection| Some(peering_resource(&here, connection)))
}

async fn peering_accepters(s: &Session) -> Harvest {
    let all = peering_list(s).await;
    let here = Here::of(s);
    harvest(&all, |connection| accepter_resource(&here, connection))
}

/// What both ends show.
fn peering_base(here: &Here, kind: &'static Kind, c: &VpcPeeringConnection) -> Resource {
    use vpc_peering_connection::*;
    let mut r = here.resource(kind, c.vpc_peering_connection_id.as_deref(), c.tags());
    let sides: Vec<Side> = [&c.requester_vpc_info, &c.accepter_vpc_info]
        .into_iter()
        .flatten()
        .map(|end| side(here, end))
        .collect();
    r.set_opt(&ACCEPT_STATUS, peering_status(c))
        .set(&ACCEPTER, options(c.accepter_vpc_info.as_ref()))
        .set(&REQUESTER, options(c.requester_vpc_info.as_ref()))
        .set(&SIDES, sides);
    r
}

fn side(here: &Here, end: &VpcPeeringConnectionVpcInfo) -> vpc_peering_connection::Side {
    let mut cidr_blocks: Vec<String> =
        end.cidr_block_set().iter().filter_map(|range| range.cidr_block.clone()).collect();
    if cidr_blocks.is_empty() {
        cidr_blocks.extend(end.cidr_block.clone());
    }
    vpc_peering_connection::Side {
        owner_id: end.owner_id.clone().unwrap_or_default(),
        region: end.region.clone().unwrap_or_else(|| here.place.region.clone()),
        vpc_id: end.vpc_id.clone().unwrap_or_default(),
        cidr_blocks,
    }
}

fn options(end: Option<&VpcPeeringConnectionVpcInfo>) -> Vec<vpc_peering_connection::Options> {
    end.and_then(|end| end.peering_options.as_ref())
        .map(|options| vpc_peering_connection::Options {
            allow_remote_vpc_dns_resolution: options.allow_dns_resolution_from_remote_vpc.unwrap_or(false),
        })
        .into_iter()
        .collect()
}

/// Terraform takes the accepter's view only when the accepter is this account and the requester another one.
fn peering_resource(here: &Here, c: &VpcPeeringConnection) -> Resource {
    use vpc_peering_connection::*;
    let mut r = peering_base(here, &KIND, c);
    let (requester, accepter) = (c.requester_vpc_info.as_ref(), c.accepter_vpc_info.as_ref());
    let is_ours = |end: Option<&VpcPeeringConnectionVpcInfo>| {
        end.and_then(|end| end.owner_id.as_deref()) == Some(here.place.account.as_str())
    };
    let (own, peer) = match is_ours(accepter) && !is_ours(requester) {
        true => (accepter, requester),
        false => (requester, accepter),
    };
    r.set_opt(&PEER_OWNER_ID, peer.and_then(|end| end.owner_id.clone()))
        .set_opt(&PEER_REGION, accepter.and_then(|end| end.region.clone()))
        .set_opt(&PEER_VPC_ID, peer.and_then(|end| end.vpc_id.clone()))
        .set_opt(&VPC_ID, own.and_then(|end| end.vpc_id.clone()));
    r
}

fn accepter_resource(here: &Here, c: &VpcPeeringConnection) -> Option<Resource> {
    let accepter = side(here, c.accepter_vpc_info.as_ref()?);
    let is_here = accepter.owner_id == here.place.account && accepter.region == here.place.region;
    is_here.then(|| peering_base(here, &vpc_peering_connection_accepter::KIND, c))
}

async fn network_interfaces(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &NETWORK_INTERFACES,
            |token| s.ec2().describe_network_interfaces().max_results(PAGE).set_next_token(token).send(),
            |out| (out.network_interfaces.unwrap_or_default(), out.next_token),
        )
        .await;
    let here = Here::of(s);
    harvest(&pages, |interface| Some(interface_resource(&here, interface)))
}

fn interface_resource(here: &Here, n: &NetworkInterface) -> Resource {
    use network_interface::*;
    let id = n.network_interface_id.as_deref();
    let mut r = here.resource(&KIND, id, n.tag_set());
    set_arn(
        &mut r,
        here.arn(n.owner_id.as_deref(), &format!("network-interface/{}", id.unwrap_or_default())),
    );
    let attachment = n.attachment.as_ref().map(|attachment| Attachment {
        attachment_id: attachment.attachment_id.clone(),
        instance: attachment.instance_id.clone(),
        device_index: attachment.device_index.map(i64::from),
        delete_on_termination: attachment.delete_on_termination,
    });
    let private = n.private_ip_addresses().iter();
    r.set(&ATTACHMENT, attachment.into_iter().collect())
        .set_opt(&AVAILABILITY_ZONE, n.availability_zone.clone())
        .set_opt(&DESCRIPTION, n.description.clone())
        .set_opt(&INTERFACE_TYPE, n.interface_type.as_ref().map(|kind| kind.as_str().to_owned()))
        .set(
            &IPV6_ADDRESSES,
            n.ipv6_addresses().iter().filter_map(|address| address.ipv6_address.clone()).collect(),
        )
        .set_opt(&PRIVATE_IP, n.private_ip_address.clone())
        .set(&PRIVATE_IPS, private.filter_map(|address| address.private_ip_address.clone()).collect())
        .set_opt(&PUBLIC_IP, n.association.as_ref().and_then(|association| association.public_ip.clone()))
        .set_opt(&REQUESTER_ID, n.requester_id.clone())
        .set_opt(&REQUESTER_MANAGED, n.requester_managed)
        .set(&SECURITY_GROUPS, n.groups().iter().filter_map(|group| group.group_id.clone()).collect())
        .set_opt(&SOURCE_DEST_CHECK, n.source_dest_check)
        .set_opt(&STATUS, n.status.as_ref().map(|status| status.as_str().to_owned()))
        .set_opt(&SUBNET_ID, n.subnet_id.clone())
        .set_opt(&VPC_ID, n.vpc_id.clone());
    r
}

async fn dhcp_options_list(s: &Session) -> Arc<Pages<DhcpOptions>> {
    s.once(
        "ec2:DescribeDhcpOptions",
        s.pages(
            &DHCP_OPTIONS,
            |token| s.ec2().describe_dhcp_options().max_results(PAGE).set_next_token(token).send(),
            |out| (out.dhcp_options.unwrap_or_default(), out.next_token),
        ),
    )
    .await
}

async fn all_dhcp_options(s: &Session) -> Harvest {
    let all = dhcp_options_list(s).await;
    let here = Here::of(s);
    harvest(&all, |options| Some(dhcp_resource(&here, options)))
}

/// The same options under the type that adopts the default ones.
async fn adopted_dhcp_options(s: &Session) -> Harvest {
    let all = dhcp_options_list(s).await;
    let here = Here::of(s);
    harvest(&all, |options| {
        let is_default = dhcp_options::is_default(&dhcp_resource(&here, options));
        is_default.then(|| dhcp_base(&here, &default_dhcp_options::KIND, options))
    })
}

fn dhcp_base(here: &Here, kind: &'static Kind, o: &DhcpOptions) -> Resource {
    let id = o.dhcp_options_id.as_deref();
    let mut r = here.resource(kind, id, o.tags());
    set_arn(&mut r, here.arn(o.owner_id.as_deref(), &format!("dhcp-options/{}", id.unwrap_or_default())));
    r.set_opt(&OWNER_ID, o.owner_id.clone());
    r
}

fn dhcp_resource(here: &Here, o: &DhcpOptions) -> Resource {
    use dhcp_options::*;
    let mut r = dhcp_base(here, &KIND, o);
    let values = |key: &str| -> Vec<String> {
        let all = o.dhcp_configurations().iter().filter(|option| option.key() == Some(key));
        all.flat_map(|option| option.values()).filter_map(|value| value.value.clone()).collect()
    };
    r.set_opt(&DOMAIN_NAME, values("domain-name").into_iter().next())
        .set(&DOMAIN_NAME_SERVERS, values("domain-name-servers"))
        .set_opt(
            &IPV6_ADDRESS_PREFERRED_LEASE_TIME,
            values("ipv6-address-preferred-lease-time").into_iter().next(),
        )
        .set(&NETBIOS_NAME_SERVERS, values("netbios-name-servers"))
        .set_opt(&NETBIOS_NODE_TYPE, values("netbios-node-type").into_iter().next())
        .set(&NTP_SERVERS, values("ntp-servers"));
    r
}

async fn vpn_connections(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &VPN_CONNECTIONS,
            |_| s.ec2().describe_vpn_connections().send(),
            |out| (out.vpn_connections.unwrap_or_default(), None),
        )
        .await;
    let here = Here::of(s);
    harvest(&pages, |connection| vpn_resource(&here, connection))
}

/// A deleted connection is still listed for a while. The configuration and the tunnels' options hold the shared keys,
/// and are left where they are.
fn vpn_resource(here: &Here, c: &VpnConnection) -> Option<Resource> {
    use vpn_connection::*;
    if c.state == Some(VpnState::Deleted) {
        return None;
    }
    let id = c.vpn_connection_id.as_deref();
    let mut r = here.resource(&KIND, id, c.tags());
    set_arn(&mut r, here.arn(None, &format!("vpn-connection/{}", id.unwrap_or_default())));
    let options = c.options.as_ref();
    let static_routes = c.routes().iter().filter(|route| route.state != Some(VpnState::Deleted));
    let telemetry = c.vgw_telemetry().iter().map(|tunnel| Telemetry {
        outside_ip_address: tunnel.outside_ip_address.clone(),
        status: tunnel.status.as_ref().map(|status| status.as_str().to_owned()),
        status_message: tunnel.status_message.clone(),
        last_status_change: tunnel.last_status_change.as_ref().and_then(stamp),
        accepted_route_count: tunnel.accepted_route_count.map(i64::from),
    });
    r.set_opt(&CUSTOMER_GATEWAY_ID, c.customer_gateway_id.clone())
        .set_opt(&ENABLE_ACCELERATION, options.and_then(|options| options.enable_acceleration))
        .set_opt(&LOCAL_IPV4_NETWORK_CIDR, options.and_then(|o| o.local_ipv4_network_cidr.clone()))
        .set_opt(&LOCAL_IPV6_NETWORK_CIDR, options.and_then(|o| o.local_ipv6_network_cidr.clone()))
        .set_opt(&OUTSIDE_IP_ADDRESS_TYPE, options.and_then(|o| o.outside_ip_address_type.clone()))
        .set_opt(&REMOTE_IPV4_NETWORK_CIDR, options.and_then(|o| o.remote_ipv4_network_cidr.clone()))
        .set_opt(&REMOTE_IPV6_NETWORK_CIDR, options.and_then(|o| o.remote_ipv6_network_cidr.clone()))
        .set_opt(&STATE, c.state.as_ref().map(|state| state.as_str().to_owned()))
        .set(&STATIC_ROUTES, static_routes.filter_map(|route| route.destination_cidr_block.clone()).collect())
        .set_opt(&STATIC_ROUTES_ONLY, options.and_then(|options| options.static_routes_only))
        .set_opt(&TRANSIT_GATEWAY_ID, c.transit_gateway_id.clone())
        .set_opt(
            &TUNNEL_INSIDE_IP_VERSION,
            options
                .and_then(|options| options.tunnel_inside_ip_version.as_ref())
                .map(|version| version.as_str().to_owned()),
        )
        .set_opt(&TYPE, c.r#type.as_ref().map(|kind| kind.as_str().to_owned()))
        .set(&VGW_TELEMETRY, telemetry.collect())
        .set_opt(&VPN_GATEWAY_ID, c.vpn_gateway_id.clone());
    Some(r)
}

async fn prefix_lists(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &PREFIX_LISTS,
            |token| {
                s.ec2().describe_managed_prefix_lists().max_results(SMALL_PAGE).set_next_token(token).send()
            },
            |out| (out.prefix_lists.unwrap_or_default(), out.next_token),
        )
        .await;
    let here = Here::of(s);
    let resources: Vec<Resource> =
        pages.items.iter().filter_map(|list| prefix_list_resource(&here, list)).collect();
    let resources = if s.wants(&prefix_list::KIND, &prefix_list::ENTRY) {
        let groups = security_group_list(s).await;
        let referenced = referenced_lists(&groups.items);
        s.each(resources, |resource| with_entries(s, resource, &referenced, groups.gap.as_ref())).await
    } else {
        resources
    };
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

fn prefix_list_resource(here: &Here, l: &ManagedPrefixList) -> Option<Resource> {
    use prefix_list::*;
    if l.state.as_ref().is_some_and(|state| state.as_str() == "delete-complete") {
        return None;
    }
    let id = l.prefix_list_id.as_deref();
    let mut r = here.resource(&KIND, id, l.tags());
    r.name = l.prefix_list_name.clone();
    let arn = l.prefix_list_arn.clone();
    let arn = arn.unwrap_or_else(|| {
        here.arn(l.owner_id.as_deref(), &format!("prefix-list/{}", id.unwrap_or_default()))
    });
    set_arn(&mut r, arn);
    r.set_opt(&ADDRESS_FAMILY, l.address_family.clone())
        .set_opt(&MAX_ENTRIES, l.max_entries.map(i64::from))
        .set_opt(&NAME, l.prefix_list_name.clone())
        .set_opt(&OWNER_ID, l.owner_id.clone())
        .set_opt(&VERSION, l.version);
    Some(r)
}

/// The prefix lists that rules of security groups refer to.
fn referenced_lists(groups: &[SecurityGroup]) -> BTreeSet<String> {
    groups
        .iter()
        .flat_map(|group| group.ip_permissions().iter().chain(group.ip_permissions_egress()))
        .flat_map(IpPermission::prefix_list_ids)
        .filter_map(|list| list.prefix_list_id.clone())
        .collect()
}

/// AWS shows a dozen lists of its own in every region. They are read only where a rule refers to one; where the rules
/// could not be read, what is missing is their gap.
async fn with_entries(
    s: &Session,
    mut r: Resource,
    referenced: &BTreeSet<String>,
    unread_groups: Option<&Gap>,
) -> Resource {
    use prefix_list::*;
    let is_aws = r.get(&OWNER_ID).ok().flatten().as_deref() == Some("AWS");
    if is_aws && !referenced.contains(r.id()) {
        if let Some(gap) = unread_groups {
            r.put(&ENTRY, Err(gap.clone()));
        }
        return r;
    }
    let pages = s
        .pages(
            &PREFIX_LIST_ENTRIES,
            |token| {
                s.ec2()
                    .get_managed_prefix_list_entries()
                    .prefix_list_id(r.id())
                    .max_results(SMALL_PAGE)
                    .set_next_token(token)
                    .send()
            },
            |out| (out.entries.unwrap_or_default(), out.next_token),
        )
        .await;
    let entries = pages.complete().map(|entries| {
        let entries = entries.into_iter();
        entries
            .map(|entry| Entry { cidr: entry.cidr.unwrap_or_default(), description: entry.description })
            .collect()
    });
    r.put(&ENTRY, entries);
    r
}
