//! NET: network exposure and zones.

mod edge;

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde_json::Value;
use stateward_model::kinds::autoscaling::group;
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::ec2::compute::{MetadataOptions, instance, launch_template};
use stateward_model::kinds::ec2::network::security_group::Rule;
use stateward_model::kinds::ec2::network::{
    flow_log, nat_gateway, network_acl, network_interface, prefix_list, route_table, route_table_association,
    security_group, subnet, vpc, vpc_endpoint, vpc_peering_connection,
};
use stateward_model::kinds::elbv2::{Action, listener, listener_rule, load_balancer};
use stateward_model::{Cause, Gap, Resource};

use super::facts::known_tags;
use super::routing::{Way, is_everywhere, tier, way_out, zone_of};
use super::{blocks, named, referred, told};
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::inventory::Side;
use crate::profile::any_matches;

/// The family.
pub const CHECKS: &[Check] = &[
    NET_01,
    NET_02,
    NET_03,
    NET_04,
    NET_05,
    NET_06,
    NET_07,
    NET_08,
    NET_09,
    NET_10,
    NET_11,
    NET_12,
    NET_13,
    NET_14,
    NET_15,
    NET_16,
    edge::NET_17,
    edge::NET_18,
    edge::NET_19,
    NET_20,
    NET_21,
    NET_22,
    NET_23,
];

/// What the checks on open ports read.
const GROUPS: Reads = Reads {
    kind: &security_group::KIND,
    attributes: &[security_group::INGRESS.any(), security_group::OWNER_ID.any()],
};
const PREFIX_LISTS: Reads = Reads { kind: &prefix_list::KIND, attributes: &[prefix_list::ENTRY.any()] };

const FOREIGN: Outcome = Outcome::NotApplicable("another account owns it");

/// True for what another account shares with this one: it is judged there.
fn is_foreign(resource: &Resource) -> bool {
    let owner = resource.get(&security_group::OWNER_ID).ok().flatten();
    owner.is_some_and(|owner| !owner.is_empty() && owner != resource.account())
}

/// The sources of a rule that hold every address: ranges, or prefix lists with such a range. A prefix list that was not
/// read may be one.
fn open_sources(rule: &Rule, group: &Resource, view: &View) -> Vec<Result<String, Gap>> {
    let ranges = rule.cidr_blocks.iter().chain(&rule.ipv6_cidr_blocks);
    let mut open: Vec<Result<String, Gap>> =
        ranges.filter(|range| is_everywhere(range)).map(|range| Ok(range.clone())).collect();
    for id in &rule.prefix_list_ids {
        match holds_everything(id, group, view) {
            Ok(true) => open.push(Ok(id.clone())),
            Ok(false) => {}
            Err(gap) => open.push(Err(gap)),
        }
    }
    open
}

fn holds_everything(list: &str, group: &Resource, view: &View) -> Result<bool, Gap> {
    let Some(list) = referred(&prefix_list::KIND, &group.address.place, list, view)? else {
        return Ok(false);
    };
    Ok(list.get_or_default(&prefix_list::ENTRY)?.iter().any(|entry| is_everywhere(&entry.cidr)))
}

/// Judges the rules of a group that let everybody in. `what` says what is wrong with such a rule, if anything is.
fn judge_openings(group: &Resource, view: &View, what: impl Fn(&Rule) -> Option<String>) -> Verdict {
    if is_foreign(group) {
        return Ok(FOREIGN);
    }
    let (mut found, mut gap) = (BTreeSet::new(), None);
    for rule in group.get_or_default(&security_group::INGRESS)? {
        let Some(what) = what(&rule) else { continue };
        for source in open_sources(&rule, group, view) {
            match source {
                Ok(source) => {
                    found.insert(format!("{what} from {source}"));
                }
                Err(unread) => gap = gap.or(Some(unread)),
            }
        }
    }
    if !found.is_empty() {
        let found: Vec<String> = found.into_iter().collect();
        return Ok(Outcome::Fail(format!("open to the internet: {}", named(&found))));
    }
    gap.map_or(Ok(Outcome::Pass), Err)
}

/// First and last port of a rule of one of `protocols`; a rule of all protocols has all ports.
fn ports(rule: &Rule, protocols: &[&str]) -> Option<(i64, i64)> {
    const ALL: (i64, i64) = (0, 65_535);
    let protocol = security_group::protocol(&rule.protocol);
    if protocol == "-1" {
        return Some(ALL);
    }
    if !protocols.contains(&protocol.as_str()) {
        return None;
    }
    match (rule.from_port, rule.to_port) {
        (Some(from), Some(to)) if from >= 0 => Some((from, to)),
        _ => Some(ALL),
    }
}

/// The first of these ports that a rule of one of `protocols` reaches.
fn reached(rule: &Rule, protocols: &[&str], wanted: &[u16]) -> Option<u16> {
    let (from, to) = ports(rule, protocols)?;
    wanted.iter().copied().find(|port| (from..=to).contains(&i64::from(*port)))
}

const NET_01: Check = Check {
    id: "NET-01",
    alias: "sg-no-open-admin-port",
    title: "No administration port open to the internet",
    component: "network",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&security_group::KIND, administration_ports),
    reads: &[GROUPS, PREFIX_LISTS],
    page: include_str!("../../docs/checks/NET-01.md"),
};

fn administration_ports(resource: &Resource, view: &View) -> Verdict {
    judge_openings(resource, view, |rule| {
        reached(rule, &["tcp"], &view.profile.network.administration_ports).map(|port| format!("port {port}"))
    })
}

const NET_02: Check = Check {
    id: "NET-02",
    alias: "sg-not-wide-open",
    title: "No security group open to the internet on every port",
    component: "network",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&security_group::KIND, every_port),
    reads: &[
        GROUPS,
        PREFIX_LISTS,
        Reads { kind: &network_interface::KIND, attributes: &[network_interface::SECURITY_GROUPS.any()] },
    ],
    page: include_str!("../../docs/checks/NET-02.md"),
};

fn every_port(resource: &Resource, view: &View) -> Verdict {
    let verdict = judge_openings(resource, view, |rule| {
        let (from, to) = ports(rule, &["tcp", "udp"])?;
        (from <= 1 && to >= 65_535).then(|| "every port".to_owned())
    })?;
    match verdict {
        Outcome::Fail(message) if is_attached(resource, view) == Ok(false) => {
            Ok(Outcome::FailAs(Severity::Medium, format!("{message}; but no interface has the group")))
        }
        other => Ok(other),
    }
}

/// Whether an interface has the group. A state does not know all interfaces, so there every group counts as attached.
fn is_attached(group: &Resource, view: &View) -> Result<bool, Gap> {
    if view.side == Side::Declared {
        return Ok(true);
    }
    let mut gap = view.inventory.complete(&network_interface::KIND, &group.address.place).err();
    let here = |resource: &&Resource| resource.address.place == group.address.place;
    for interface in view.inventory.of(&network_interface::KIND).filter(here) {
        match interface.get_or_default(&network_interface::SECURITY_GROUPS) {
            Ok(groups) if groups.iter().any(|id| id == group.id()) => return Ok(true),
            Ok(_) => {}
            Err(unread) => gap = Some(unread),
        }
    }
    gap.map_or(Ok(false), Err)
}

const NET_03: Check = Check {
    id: "NET-03",
    alias: "sg-no-open-data-port",
    title: "No data-store port open to the internet",
    component: "network",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&security_group::KIND, data_store_ports),
    reads: &[GROUPS, PREFIX_LISTS],
    page: include_str!("../../docs/checks/NET-03.md"),
};

fn data_store_ports(resource: &Resource, view: &View) -> Verdict {
    judge_openings(resource, view, |rule| {
        let ports = &view.profile.network.data_store_ports;
        reached(rule, &["tcp", "udp"], ports).map(|port| format!("port {port}"))
    })
}

const NET_04: Check = Check {
    id: "NET-04",
    alias: "sg-public-ports",
    title: "Internet ingress only on the declared public ports",
    component: "network",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&security_group::KIND, public_ports),
    reads: &[GROUPS, PREFIX_LISTS],
    page: include_str!("../../docs/checks/NET-04.md"),
};

fn public_ports(resource: &Resource, view: &View) -> Verdict {
    let allowed: BTreeSet<i64> = view.profile.network.public_ports.iter().copied().map(i64::from).collect();
    judge_openings(resource, view, |rule| {
        let (from, to) = ports(rule, &["tcp", "udp"])?;
        let count = i64::try_from(allowed.range(from..=to.max(from)).count()).unwrap_or(i64::MAX);
        let all_allowed = count > to - from;
        (!all_allowed).then(|| match (from, to) {
            (0, 65_535) => "every port".to_owned(),
            (from, to) if from == to => format!("port {from}"),
            (from, to) => format!("ports {from} to {to}"),
        })
    })
}

const NET_05: Check = Check {
    id: "NET-05",
    alias: "sg-default-closed",
    title: "Default security group allows nothing",
    component: "network",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&security_group::KIND, default_group),
    reads: &[Reads {
        kind: &security_group::KIND,
        attributes: &[
            security_group::NAME.any(),
            security_group::INGRESS.any(),
            security_group::EGRESS.any(),
            security_group::OWNER_ID.any(),
        ],
    }],
    page: include_str!("../../docs/checks/NET-05.md"),
};

fn default_group(resource: &Resource, _: &View) -> Verdict {
    if told(resource.get(&security_group::NAME)?, "ec2:DescribeSecurityGroups")? != "default" {
        return Ok(Outcome::NotApplicable("not the default group of a VPC"));
    }
    if is_foreign(resource) {
        return Ok(FOREIGN);
    }
    let ingress = resource.get_or_default(&security_group::INGRESS)?.len();
    let egress = resource.get_or_default(&security_group::EGRESS)?.len();
    if ingress + egress == 0 {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("holds {ingress} rules for ingress and {egress} for egress")))
}

const NET_06: Check = Check {
    id: "NET-06",
    alias: "nacl-no-open-admin-port",
    title: "Network ACLs do not admit administration ports from the world",
    component: "network",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&network_acl::KIND, acl_administration_ports),
    reads: &[Reads {
        kind: &network_acl::KIND,
        attributes: &[network_acl::INGRESS.any(), network_acl::OWNER_ID.any()],
    }],
    page: include_str!("../../docs/checks/NET-06.md"),
};

fn acl_administration_ports(resource: &Resource, view: &View) -> Verdict {
    if is_foreign(resource) {
        return Ok(FOREIGN);
    }
    let mut entries = resource.get_or_default(&network_acl::INGRESS)?;
    entries.sort_by_key(|entry| entry.rule_no);
    for port in &view.profile.network.administration_ports {
        for range in [ipv4_range, ipv6_range] {
            let first = entries.iter().find(|entry| {
                range(entry).is_some_and(is_everywhere) && entry_has_port(entry, i64::from(*port))
            });
            if let Some(entry) = first.filter(|entry| entry.action.eq_ignore_ascii_case("allow")) {
                let source = range(entry).unwrap_or_default();
                let message = format!("entry {} admits port {port} from {source}", entry.rule_no);
                return Ok(Outcome::Fail(message));
            }
        }
    }
    Ok(Outcome::Pass)
}

fn ipv4_range(entry: &network_acl::Entry) -> Option<&str> {
    entry.cidr_block.as_deref()
}

fn ipv6_range(entry: &network_acl::Entry) -> Option<&str> {
    entry.ipv6_cidr_block.as_deref()
}

/// Whether an entry is about a TCP port.
fn entry_has_port(entry: &network_acl::Entry, port: i64) -> bool {
    match network_acl::protocol(&entry.protocol).as_str() {
        "-1" => true,
        "6" => {
            let (from, to) = (entry.from_port.unwrap_or(0), entry.to_port.unwrap_or(65_535));
            (from..=to).contains(&port)
        }
        _ => false,
    }
}

const NET_07: Check = Check {
    id: "NET-07",
    alias: "vpc-flow-logs",
    title: "Every VPC in use has flow logs delivering",
    component: "network",
    category: Category::Observability,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&vpc::KIND, flow_logs),
    reads: &[
        Reads { kind: &vpc::KIND, attributes: &[vpc::OWNER_ID.any()] },
        Reads { kind: &network_interface::KIND, attributes: &[network_interface::VPC_ID.any()] },
        Reads { kind: &subnet::KIND, attributes: &[subnet::VPC_ID.any()] },
        Reads {
            kind: &flow_log::KIND,
            attributes: &[
                flow_log::VPC_ID.any(),
                flow_log::SUBNET_ID.any(),
                flow_log::FLOW_LOG_STATUS.any(),
                flow_log::DELIVER_LOGS_STATUS.any(),
            ],
        },
    ],
    page: include_str!("../../docs/checks/NET-07.md"),
};

fn flow_logs(resource: &Resource, view: &View) -> Verdict {
    if is_foreign(resource) {
        return Ok(FOREIGN);
    }
    if view.side == Side::Live && !is_in_use(resource, view)? {
        return Ok(Outcome::NotApplicable("no network interface is in it"));
    }
    let place = &resource.address.place;
    let logs = view.inventory.all_in(&flow_log::KIND, place)?;
    let (mut covered, mut idle) = (BTreeSet::new(), Vec::new());
    for log in logs {
        let target = match log.get_or_default(&flow_log::VPC_ID)? {
            id if id.is_empty() => log.get_or_default(&flow_log::SUBNET_ID)?,
            id => id,
        };
        if delivers(log, view)? {
            covered.insert(target);
        } else if target == resource.id() {
            idle.push(log.id().to_owned());
        }
    }
    if covered.contains(resource.id()) {
        return Ok(Outcome::Pass);
    }
    let subnets = subnets_of(resource, view)?;
    if !subnets.is_empty() && subnets.iter().all(|subnet| covered.contains(subnet.id())) {
        return Ok(Outcome::Pass);
    }
    if idle.is_empty() {
        return Ok(Outcome::Fail("no flow log records its traffic".into()));
    }
    Ok(Outcome::Fail(format!("its flow log does not deliver: {}", named(&idle))))
}

/// Whether a flow log is active and delivers. A state cannot know; there it is taken to do what it was made for.
fn delivers(log: &Resource, view: &View) -> Result<bool, Gap> {
    if view.side == Side::Declared {
        return Ok(true);
    }
    let active = log.get_or_default(&flow_log::FLOW_LOG_STATUS)? == "ACTIVE";
    Ok(active && log.get_or_default(&flow_log::DELIVER_LOGS_STATUS)? == "SUCCESS")
}

fn is_in_use(vpc: &Resource, view: &View) -> Result<bool, Gap> {
    for interface in view.inventory.all_in(&network_interface::KIND, &vpc.address.place)? {
        if interface.get_or_default(&network_interface::VPC_ID)? == vpc.id() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn subnets_of<'a>(vpc: &Resource, view: &View<'a>) -> Result<Vec<&'a Resource>, Gap> {
    let mut subnets = Vec::new();
    for subnet in view.inventory.all_in(&subnet::KIND, &vpc.address.place)? {
        if subnet.get_or_default(&subnet::VPC_ID)? == vpc.id() {
            subnets.push(subnet);
        }
    }
    Ok(subnets)
}

/// What tells the way out of a subnet.
const ROUTES: Reads = Reads {
    kind: &route_table::KIND,
    attributes: &[route_table::ROUTE.any(), route_table::MAIN.any(), route_table::VPC_ID.any()],
};
const ASSOCIATIONS: Reads = Reads {
    kind: &route_table_association::KIND,
    attributes: &[route_table_association::ROUTE_TABLE_ID.any(), route_table_association::SUBNET_ID.any()],
};

const NET_08: Check = Check {
    id: "NET-08",
    alias: "subnet-no-auto-public-ip",
    title: "Private subnets do not hand out public addresses",
    component: "network",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&subnet::KIND, automatic_addresses),
    reads: &[
        Reads {
            kind: &subnet::KIND,
            attributes: &[
                subnet::MAP_PUBLIC_IP_ON_LAUNCH.any(),
                subnet::VPC_ID.any(),
                subnet::OWNER_ID.any(),
                subnet::IS_DEFAULT.any(),
                stateward_model::kinds::common::TAGS.any(),
                stateward_model::kinds::common::TAGS_ALL.any(),
            ],
        },
        ROUTES,
        ASSOCIATIONS,
    ],
    page: include_str!("../../docs/checks/NET-08.md"),
};

fn automatic_addresses(resource: &Resource, view: &View) -> Verdict {
    if !resource.get_or_default(&subnet::MAP_PUBLIC_IP_ON_LAUNCH)? {
        return Ok(Outcome::Pass);
    }
    if way_out(resource, view)? != Way::Internet {
        return Ok(Outcome::Fail("hands out public addresses without a route to the internet".into()));
    }
    let tags = known_tags(resource)?;
    let is_tagged = tags.iter().any(|(key, value)| {
        let names = ["name", "tier", "type"].contains(&key.to_lowercase().as_str());
        (names && value.to_lowercase().contains("public")) || key == "kubernetes.io/role/elb"
    });
    if is_tagged {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("hands out public addresses, and no tag says that it is a public subnet".into()))
}

const NET_09: Check = Check {
    id: "NET-09",
    alias: "instance-no-public-ip",
    title: "Instances carry no public address",
    component: "network",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&instance::KIND, public_address),
    reads: &[Reads {
        kind: &instance::KIND,
        attributes: &[
            instance::PUBLIC_IP.any(),
            stateward_model::kinds::common::ARN.any(),
            stateward_model::kinds::common::TAGS.any(),
            stateward_model::kinds::common::TAGS_ALL.any(),
        ],
    }],
    page: include_str!("../../docs/checks/NET-09.md"),
};

fn public_address(resource: &Resource, view: &View) -> Verdict {
    let address = resource.get_or_default(&instance::PUBLIC_IP)?;
    if address.is_empty() || is_meant_to_be_public(resource, view)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("has the public address {address}")))
}

/// Whether the profile names the instance as one that may be reached.
fn is_meant_to_be_public(resource: &Resource, view: &View) -> Result<bool, Gap> {
    let network = &view.profile.network;
    let tags = known_tags(resource)?;
    let arn = resource.arn.as_deref();
    let names = [Some(resource.id()), arn, tags.get("Name").map(String::as_str)];
    let by_name = names.into_iter().flatten().any(|name| any_matches(&network.public_instances, name));
    let by_tag =
        tags.iter().any(|(key, value)| any_matches(&network.public_instance_tags, &format!("{key}={value}")));
    Ok(by_name || by_tag)
}

const NET_10: Check = Check {
    id: "NET-10",
    alias: "instance-imdsv2",
    title: "Instance metadata needs a session token",
    component: "network",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&instance::KIND, metadata_tokens),
    reads: &[Reads { kind: &instance::KIND, attributes: &[instance::METADATA_OPTIONS.any()] }],
    page: include_str!("../../docs/checks/NET-10.md"),
};

fn metadata_tokens(resource: &Resource, _: &View) -> Verdict {
    let options = resource.get_or_default(&instance::METADATA_OPTIONS)?;
    if options.iter().any(needs_token) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("the metadata service answers without a session token (IMDSv1)".into()))
}

/// True when the metadata service answers to nobody without a token.
fn needs_token(options: &MetadataOptions) -> bool {
    options.http_tokens.as_deref() == Some("required") || options.http_endpoint.as_deref() == Some("disabled")
}

const NET_11: Check = Check {
    id: "NET-11",
    alias: "launch-template-imdsv2",
    title: "Launch templates require metadata tokens",
    component: "network",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&launch_template::KIND, template_tokens),
    reads: &[
        Reads {
            kind: &launch_template::KIND,
            attributes: &[
                launch_template::VERSIONS.any(),
                launch_template::NAME.any(),
                launch_template::METADATA_OPTIONS.any(),
            ],
        },
        Reads {
            kind: &group::KIND,
            attributes: &[group::LAUNCH_TEMPLATE.any(), group::MIXED_INSTANCES_POLICY.any()],
        },
    ],
    page: include_str!("../../docs/checks/NET-11.md"),
};

fn template_tokens(resource: &Resource, view: &View) -> Verdict {
    if view.side == Side::Declared {
        let options = resource.get_or_default(&launch_template::METADATA_OPTIONS)?;
        return Ok(match options.iter().any(needs_token) {
            true => Outcome::Pass,
            false => Outcome::Fail("its latest version does not require a session token".into()),
        });
    }
    let versions = resource.get_or_default(&launch_template::VERSIONS)?;
    let mut open = BTreeSet::new();
    let mut gap = None;
    for wanted in std::iter::once("$Default".to_owned()).chain(launched_versions(resource, view)?) {
        let found = match wanted.as_str() {
            "" | "$Default" => versions.iter().find(|version| version.is_default),
            "$Latest" => versions.iter().max_by_key(|version| version.version),
            number => versions.iter().find(|version| version.version.to_string() == number),
        };
        match found {
            Some(version) if version.metadata_options.iter().any(needs_token) => {}
            Some(version) => {
                open.insert(version.version);
            }
            None => {
                let detail = format!("version {wanted} is in use, and was not read");
                gap = Some(Gap::new("ec2:DescribeLaunchTemplateVersions", Cause::NotRequested, detail));
            }
        }
    }
    if !open.is_empty() {
        let open: Vec<String> = open.iter().map(i64::to_string).collect();
        return Ok(Outcome::Fail(format!("does not require a session token in version {}", named(&open))));
    }
    gap.map_or(Ok(Outcome::Pass), Err)
}

/// The versions of a template that scaling groups launch, as they name them.
fn launched_versions(template: &Resource, view: &View) -> Result<BTreeSet<String>, Gap> {
    let name = template.get_or_default(&launch_template::NAME)?;
    let is_it = |id: Option<&str>, of: Option<&str>| id == Some(template.id()) || of == Some(name.as_str());
    let mut versions = BTreeSet::new();
    for user in view.inventory.all_in(&group::KIND, &template.address.place)? {
        for reference in user.get_or_default(&group::LAUNCH_TEMPLATE)? {
            if is_it(reference.id.as_deref(), reference.name.as_deref()) {
                versions.insert(reference.version.unwrap_or_default());
            }
        }
        let mixed = user.get_or_default(&group::MIXED_INSTANCES_POLICY)?;
        let templates: Vec<&Value> =
            blocks(&mixed).flat_map(|policy| blocks(&policy["launch_template"])).collect();
        let overrides = templates.iter().flat_map(|template| blocks(&template["override"]));
        for choice in templates.iter().copied().chain(overrides) {
            for reference in blocks(&choice["launch_template_specification"]) {
                let text = |path: &str| reference[path].as_str();
                if is_it(text("launch_template_id"), text("launch_template_name")) {
                    versions.insert(text("version").unwrap_or_default().to_owned());
                }
            }
        }
    }
    Ok(versions)
}

const NET_12: Check = Check {
    id: "NET-12",
    alias: "vpc-endpoints",
    title: "AWS services reached through VPC endpoints",
    component: "network",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&vpc::KIND, endpoints),
    reads: &[
        Reads { kind: &vpc::KIND, attributes: &[vpc::OWNER_ID.any()] },
        Reads { kind: &network_interface::KIND, attributes: &[network_interface::VPC_ID.any()] },
        Reads {
            kind: &vpc_endpoint::KIND,
            attributes: &[
                vpc_endpoint::VPC_ID.any(),
                vpc_endpoint::SERVICE_NAME.any(),
                vpc_endpoint::VPC_ENDPOINT_TYPE.any(),
                vpc_endpoint::STATE.any(),
            ],
        },
        Reads { kind: &table::KIND, attributes: &[] },
    ],
    page: include_str!("../../docs/checks/NET-12.md"),
};

fn endpoints(resource: &Resource, view: &View) -> Verdict {
    if is_foreign(resource) {
        return Ok(FOREIGN);
    }
    if view.side == Side::Live && !is_in_use(resource, view)? {
        return Ok(Outcome::NotApplicable("no network interface is in it"));
    }
    let place = &resource.address.place;
    let mut present = BTreeSet::new();
    for endpoint in view.inventory.all_in(&vpc_endpoint::KIND, place)? {
        let here = endpoint.get_or_default(&vpc_endpoint::VPC_ID)? == resource.id();
        if here && endpoint.get_or_default(&vpc_endpoint::STATE)? == "available" {
            let sort = endpoint.get_or_default(&vpc_endpoint::VPC_ENDPOINT_TYPE)?;
            present.insert((sort, endpoint.get_or_default(&vpc_endpoint::SERVICE_NAME)?));
        }
    }
    let has = |wanted: &str, service: &str| {
        let end = format!(".{service}");
        present.iter().any(|(sort, name)| sort == wanted && (name == service || name.ends_with(&end)))
    };
    let mut missing: Vec<String> = Vec::new();
    if !has("Gateway", "s3") {
        missing.push("a gateway endpoint for s3".into());
    }
    if !has("Gateway", "dynamodb") && !view.inventory.all_in(&table::KIND, place)?.is_empty() {
        missing.push("a gateway endpoint for dynamodb".into());
    }
    for service in &view.profile.network.interface_endpoints {
        if !has("Interface", service) {
            missing.push(format!("an interface endpoint for {service}"));
        }
    }
    if missing.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("has not: {}", named(&missing))))
}

const NET_13: Check = Check {
    id: "NET-13",
    alias: "endpoint-multi-az",
    title: "Interface endpoints span zones",
    component: "network",
    category: Category::MultiAz,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&vpc_endpoint::KIND, endpoint_zones),
    reads: &[
        Reads {
            kind: &vpc_endpoint::KIND,
            attributes: &[
                vpc_endpoint::VPC_ENDPOINT_TYPE.any(),
                vpc_endpoint::SUBNET_IDS.any(),
                vpc_endpoint::REQUESTER_MANAGED.any(),
                vpc_endpoint::OWNER_ID.any(),
            ],
        },
        ZONES,
    ],
    page: include_str!("../../docs/checks/NET-13.md"),
};

/// What tells the zone of a subnet.
const ZONES: Reads = Reads {
    kind: &subnet::KIND,
    attributes: &[subnet::AVAILABILITY_ZONE_ID.any(), subnet::AVAILABILITY_ZONE.any(), subnet::VPC_ID.any()],
};

fn endpoint_zones(resource: &Resource, view: &View) -> Verdict {
    if resource.get(&vpc_endpoint::VPC_ENDPOINT_TYPE)?.as_deref() != Some("Interface") {
        return Ok(Outcome::NotApplicable("not an interface endpoint: it has no place in a zone of its own"));
    }
    let mut zones = BTreeSet::new();
    for id in resource.get_or_default(&vpc_endpoint::SUBNET_IDS)? {
        let subnet = view.inventory.lookup(&subnet::KIND, &resource.address.place, &id)?;
        let listed = || Gap::new("ec2:DescribeSubnets", Cause::Malformed, format!("{id} is not listed"));
        zones.insert(zone_of(subnet.ok_or_else(listed)?)?);
    }
    match zones.len() {
        0 => Ok(Outcome::Fail("has an interface in no zone".into())),
        1 => {
            let zone = zones.first().map(String::as_str).unwrap_or_default();
            Ok(Outcome::Fail(format!("is in one zone alone ({zone})")))
        }
        _ => Ok(Outcome::Pass),
    }
}

const NET_14: Check = Check {
    id: "NET-14",
    alias: "alb-http-redirect",
    title: "Plain HTTP is redirected to HTTPS",
    component: "network",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&listener::KIND, http_redirect),
    reads: &[
        Reads {
            kind: &listener::KIND,
            attributes: &[
                listener::PROTOCOL.any(),
                listener::LOAD_BALANCER_ARN.any(),
                listener::DEFAULT_ACTION.any(),
            ],
        },
        Reads {
            kind: &listener_rule::KIND,
            attributes: &[listener_rule::LISTENER_ARN.any(), listener_rule::ACTION.any()],
        },
        Reads { kind: &load_balancer::KIND, attributes: &[load_balancer::INTERNAL.any()] },
    ],
    page: include_str!("../../docs/checks/NET-14.md"),
};

fn http_redirect(resource: &Resource, view: &View) -> Verdict {
    // Only application load balancers have listeners of this protocol.
    if resource.get_or_default(&listener::PROTOCOL)? != "HTTP" {
        return Ok(Outcome::NotApplicable("does not speak plain HTTP"));
    }
    let place = &resource.address.place;
    let arn = resource.get_or_default(&listener::LOAD_BALANCER_ARN)?;
    let balancer = view.inventory.lookup(&load_balancer::KIND, place, &arn)?;
    let listed = || {
        let detail = format!("{arn} is not listed");
        Gap::new("elasticloadbalancing:DescribeLoadBalancers", Cause::Malformed, detail)
    };
    if balancer.ok_or_else(listed)?.get_or_default(&load_balancer::INTERNAL)? {
        return Ok(Outcome::NotApplicable("its load balancer is not reached from the internet"));
    }
    if !only_redirects(&resource.get_or_default(&listener::DEFAULT_ACTION)?) {
        return Ok(Outcome::Fail("its default action answers plain HTTP with something else".into()));
    }
    for rule in view.inventory.all_in(&listener_rule::KIND, place)? {
        let own = rule.get_or_default(&listener_rule::LISTENER_ARN)? == resource.id();
        if own && !only_redirects(&rule.get_or_default(&listener_rule::ACTION)?) {
            return Ok(Outcome::Fail(format!("rule {} answers plain HTTP with something else", rule.id())));
        }
    }
    Ok(Outcome::Pass)
}

fn only_redirects(actions: &[Action]) -> bool {
    let to_https = |action: &Action| {
        action.kind == "redirect"
            && action.redirect.iter().any(|redirect| redirect.protocol.as_deref() == Some("HTTPS"))
    };
    !actions.is_empty() && actions.iter().all(to_https)
}

const NET_15: Check = Check {
    id: "NET-15",
    alias: "lb-tls-policy",
    title: "TLS policy on load balancers is current",
    component: "network",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&listener::KIND, tls_policy),
    reads: &[Reads {
        kind: &listener::KIND,
        attributes: &[listener::PROTOCOL.any(), listener::SSL_POLICY.any()],
    }],
    page: include_str!("../../docs/checks/NET-15.md"),
};

fn tls_policy(resource: &Resource, view: &View) -> Verdict {
    let protocol = resource.get_or_default(&listener::PROTOCOL)?;
    if !["HTTPS", "TLS"].contains(&protocol.as_str()) {
        return Ok(Outcome::NotApplicable("does not end TLS"));
    }
    let policy = told(resource.get(&listener::SSL_POLICY)?, "elasticloadbalancing:DescribeListeners")?;
    if view.profile.network.tls_policies.contains(&policy) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("uses {policy}, which is not on the list of approved policies")))
}

const NET_16: Check = Check {
    id: "NET-16",
    alias: "alb-drop-invalid-headers",
    title: "ALB drops malformed headers",
    component: "network",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&load_balancer::KIND, malformed_headers),
    reads: &[Reads {
        kind: &load_balancer::KIND,
        attributes: &[
            load_balancer::LOAD_BALANCER_TYPE.any(),
            load_balancer::DROP_INVALID_HEADER_FIELDS.any(),
        ],
    }],
    page: include_str!("../../docs/checks/NET-16.md"),
};

fn malformed_headers(resource: &Resource, _: &View) -> Verdict {
    let sort = resource.get_or_default(&load_balancer::LOAD_BALANCER_TYPE)?;
    if !sort.is_empty() && sort != "application" {
        return Ok(Outcome::NotApplicable("not an application load balancer: it does not read headers"));
    }
    if resource.get_or_default(&load_balancer::DROP_INVALID_HEADER_FIELDS)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("passes malformed header fields on to its targets".into()))
}

const NET_20: Check = Check {
    id: "NET-20",
    alias: "vpc-tier-zones",
    title: "Each tier has subnets in three zones",
    component: "network",
    category: Category::MultiAz,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Each(&vpc::KIND, tier_zones),
    reads: &[
        Reads { kind: &vpc::KIND, attributes: &[vpc::OWNER_ID.any(), vpc::IS_DEFAULT.any()] },
        Reads {
            kind: &subnet::KIND,
            attributes: &[
                subnet::AVAILABILITY_ZONE_ID.any(),
                subnet::AVAILABILITY_ZONE.any(),
                subnet::VPC_ID.any(),
                stateward_model::kinds::common::TAGS.any(),
                stateward_model::kinds::common::TAGS_ALL.any(),
            ],
        },
        ROUTES,
        ASSOCIATIONS,
    ],
    page: include_str!("../../docs/checks/NET-20.md"),
};

fn tier_zones(resource: &Resource, view: &View) -> Verdict {
    let mut tiers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for subnet in subnets_of(resource, view)? {
        tiers.entry(tier(subnet, view)?).or_default().insert(zone_of(subnet)?);
    }
    if tiers.is_empty() {
        return Ok(Outcome::NotApplicable("it has no subnet"));
    }
    let needed = usize::try_from(view.profile.zones_in(resource.region())).unwrap_or(usize::MAX);
    let short: Vec<String> = tiers
        .iter()
        .filter(|(_, zones)| zones.len() < needed)
        .map(|(tier, zones)| format!("{tier} in {}", zones.iter().cloned().collect::<Vec<_>>().join(" and ")))
        .collect();
    if short.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("{needed} zones are needed; {}", named(&short))))
}

const NET_21: Check = Check {
    id: "NET-21",
    alias: "nat-per-zone",
    title: "One NAT gateway per zone",
    component: "network",
    category: Category::MultiAz,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&subnet::KIND, nat_in_zone),
    reads: &[
        Reads {
            kind: &subnet::KIND,
            attributes: &[
                subnet::AVAILABILITY_ZONE_ID.any(),
                subnet::AVAILABILITY_ZONE.any(),
                subnet::VPC_ID.any(),
                subnet::OWNER_ID.any(),
                subnet::IS_DEFAULT.any(),
            ],
        },
        ROUTES,
        ASSOCIATIONS,
        Reads {
            kind: &nat_gateway::KIND,
            attributes: &[
                nat_gateway::AVAILABILITY_MODE.any(),
                nat_gateway::STATE.any(),
                nat_gateway::SUBNET_ID.any(),
            ],
        },
    ],
    page: include_str!("../../docs/checks/NET-21.md"),
};

fn nat_in_zone(resource: &Resource, view: &View) -> Verdict {
    let id = match way_out(resource, view)? {
        Way::Nat(id) => id,
        Way::Internet => {
            return Ok(Outcome::NotApplicable("a public subnet: it routes to an internet gateway"));
        }
        Way::Elsewhere => {
            return Ok(Outcome::NotApplicable("its default route leads through no NAT gateway"));
        }
        Way::None => return Ok(Outcome::NotApplicable("it has no default route")),
    };
    let place = &resource.address.place;
    let Some(gateway) = referred(&nat_gateway::KIND, place, &id, view)? else {
        return Ok(Outcome::Fail(format!("routes to {id}, which does not exist")));
    };
    if view.side == Side::Live {
        let state = gateway.get_or_default(&nat_gateway::STATE)?;
        if state != "available" {
            return Ok(Outcome::Fail(format!("routes to {id}, which is {state}")));
        }
    }
    // Providers before regional gateways do not know the attribute, and make zonal ones.
    let mode = gateway.get(&nat_gateway::AVAILABILITY_MODE);
    let mode = if view.side == Side::Declared { mode.unwrap_or_default() } else { mode? };
    if mode.as_deref() == Some("regional") {
        return Ok(Outcome::Pass);
    }
    let home = gateway.get_or_default(&nat_gateway::SUBNET_ID)?;
    let listed = || Gap::new("ec2:DescribeSubnets", Cause::Malformed, format!("{home} is not listed"));
    let there = zone_of(view.inventory.lookup(&subnet::KIND, place, &home)?.ok_or_else(listed)?)?;
    let here = zone_of(resource)?;
    if here == there {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("is in {here}, and goes out through {id} in {there}")))
}

const NET_22: Check = Check {
    id: "NET-22",
    alias: "route-no-blackhole",
    title: "No route leads nowhere",
    component: "network",
    category: Category::MultiAz,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&route_table::KIND, blackholes),
    reads: &[
        Reads {
            kind: &route_table::KIND,
            attributes: &[route_table::ROUTE.any(), route_table::MAIN.any(), route_table::OWNER_ID.any()],
        },
        ASSOCIATIONS,
    ],
    page: include_str!("../../docs/checks/NET-22.md"),
};

fn blackholes(resource: &Resource, view: &View) -> Verdict {
    if is_foreign(resource) {
        return Ok(FOREIGN);
    }
    if view.side == Side::Declared {
        return Err(Gap::new("aws_route_table.route.state", Cause::NotInState, "a state does not know it"));
    }
    let dead: Vec<String> = resource
        .get_or_default(&route_table::ROUTE)?
        .iter()
        .filter(|route| route.state.as_deref() == Some("blackhole"))
        .map(|route| {
            let target = route.target().unwrap_or("a target that is gone");
            format!("{} through {target}", route.destination().unwrap_or("?"))
        })
        .collect();
    if dead.is_empty() {
        return Ok(Outcome::Pass);
    }
    if !resource.get_or_default(&route_table::MAIN)? && !is_associated(resource, view)? {
        return Ok(Outcome::NotApplicable("associated with nothing"));
    }
    Ok(Outcome::Fail(format!("leads nowhere: {}", named(&dead))))
}

fn is_associated(table: &Resource, view: &View) -> Result<bool, Gap> {
    for association in view.inventory.all_in(&route_table_association::KIND, &table.address.place)? {
        if association.get_or_default(&route_table_association::ROUTE_TABLE_ID)? == table.id() {
            return Ok(true);
        }
    }
    Ok(false)
}

const NET_23: Check = Check {
    id: "NET-23",
    alias: "peering-routes-narrow",
    title: "Peering routes are narrow",
    component: "network",
    category: Category::Exposure,
    severity: Severity::Low,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&route_table::KIND, peering_routes),
    reads: &[
        Reads {
            kind: &route_table::KIND,
            attributes: &[route_table::ROUTE.any(), route_table::VPC_ID.any(), route_table::OWNER_ID.any()],
        },
        Reads { kind: &vpc_peering_connection::KIND, attributes: &[vpc_peering_connection::SIDES.any()] },
    ],
    page: include_str!("../../docs/checks/NET-23.md"),
};

fn peering_routes(resource: &Resource, view: &View) -> Verdict {
    if is_foreign(resource) {
        return Ok(FOREIGN);
    }
    let own = resource.get_or_default(&route_table::VPC_ID)?;
    let routes = resource.get_or_default(&route_table::ROUTE)?;
    let through = |route: &route_table::Route| {
        let connection = route.vpc_peering_connection_id.clone().filter(|id| !id.is_empty())?;
        Some((route.destination()?.to_owned(), connection))
    };
    let peering: Vec<(String, String)> = routes.iter().filter_map(through).collect();
    if peering.is_empty() {
        return Ok(Outcome::NotApplicable("it has no route to a peering connection"));
    }
    for (destination, id) in peering {
        let place = &resource.address.place;
        let Some(connection) = referred(&vpc_peering_connection::KIND, place, &id, view)? else {
            continue;
        };
        let sides = connection.get_or_default(&vpc_peering_connection::SIDES)?;
        let peer = sides.iter().filter(|side| side.vpc_id != own).flat_map(|side| &side.cidr_blocks);
        if let Some(range) = peer.into_iter().find(|range| covers(&destination, range)) {
            return Ok(Outcome::Fail(format!(
                "the route {destination} through {id} spans the peer's {range}"
            )));
        }
    }
    Ok(Outcome::Pass)
}

/// True when the range `outer` holds the whole of `inner`.
fn covers(outer: &str, inner: &str) -> bool {
    match (outer.parse::<IpNet>(), inner.parse::<IpNet>()) {
        (Ok(outer), Ok(inner)) => outer.contains(&inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: &str, from: Option<i64>, to: Option<i64>) -> Rule {
        Rule { protocol: protocol.into(), from_port: from, to_port: to, ..Rule::default() }
    }

    #[test]
    fn ports_are_those_of_the_protocols_asked_for() {
        assert_eq!(ports(&rule("-1", None, None), &["tcp"]), Some((0, 65_535)));
        assert_eq!(ports(&rule("all", Some(0), Some(0)), &["tcp"]), Some((0, 65_535)));
        assert_eq!(ports(&rule("6", Some(22), Some(22)), &["tcp"]), Some((22, 22)));
        assert_eq!(ports(&rule("TCP", Some(0), Some(0)), &["tcp"]), Some((0, 0)));
        assert_eq!(ports(&rule("udp", Some(22), Some(22)), &["tcp"]), None);
        assert_eq!(ports(&rule("icmp", Some(8), Some(-1)), &["tcp", "udp"]), None);
        assert_eq!(reached(&rule("tcp", Some(0), Some(1024)), &["tcp"], &[3389, 22]), Some(22));
    }

    #[test]
    fn a_route_spans_a_network_that_lies_in_it() {
        assert!(covers("10.0.0.0/8", "10.1.0.0/16") && covers("10.1.0.0/16", "10.1.0.0/16"));
        assert!(!covers("10.1.2.0/24", "10.1.0.0/16") && !covers("pl-1", "10.1.0.0/16"));
        assert!(!covers("0.0.0.0/0", "fd00::/8"));
    }
}
