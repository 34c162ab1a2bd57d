//! EC2's answers.

use super::Reply::{Empty, Fixed, Make};
use super::estate::{ACCOUNT, Estate, Kind, REGIONS, Thing};
use super::wire::{list, maybe, tag};
use super::{Ask, Body, Refused, Row, Sizes};

const SIZES: Sizes = Sizes { limit: "MaxResults", token: "NextToken", default: usize::MAX, most: 1000 };
const MADE: &str = "2026-01-15T08:00:00.000Z";

pub(super) const ROWS: &[Row] = &[
    Row("ec2", "DescribeInstances", Make(instances)),
    Row("ec2", "DescribeVolumes", Make(volumes)),
    Row("ec2", "DescribeSecurityGroups", Make(groups)),
    Row("ec2", "DescribeSecurityGroupRules", Make(rules)),
    Row("ec2", "DescribeVpcs", Make(vpcs)),
    Row("ec2", "DescribeVpcAttribute", Make(vpc_attribute)),
    Row("ec2", "DescribeSubnets", Make(subnets)),
    Row("ec2", "DescribeRegions", Make(regions)),
    Row("ec2", "DescribeAvailabilityZones", Make(zones)),
    Row("ec2", "DescribeInstanceAttribute", Make(instance_attribute)),
    Row("ec2", "DescribeInstanceStatus", Empty(&["instanceStatusSet"])),
    Row("ec2", "DescribeInstanceCreditSpecifications", Empty(&["instanceCreditSpecificationSet"])),
    Row("ec2", "DescribeIamInstanceProfileAssociations", Empty(&["iamInstanceProfileAssociationSet"])),
    Row("ec2", "GetEbsEncryptionByDefault", Fixed("<ebsEncryptionByDefault>true</ebsEncryptionByDefault>")),
    Row("ec2", "GetEbsDefaultKmsKeyId", Fixed("<kmsKeyId>alias/aws/ebs</kmsKeyId>")),
    Row("ec2", "GetSnapshotBlockPublicAccessState", Fixed("<state>block-all-sharing</state>")),
    Row(
        "ec2",
        "GetImageBlockPublicAccessState",
        Fixed("<imageBlockPublicAccessState>block-new-sharing</imageBlockPublicAccessState>"),
    ),
    Row("ec2", "GetInstanceMetadataDefaults", Fixed("<accountLevel/>")),
    Row("ec2", "DescribeSnapshots", Empty(&["snapshotSet"])),
    Row("ec2", "DescribeImages", Empty(&["imagesSet"])),
    Row("ec2", "DescribeRouteTables", Empty(&["routeTableSet"])),
    Row("ec2", "DescribeNatGateways", Empty(&["natGatewaySet"])),
    Row("ec2", "DescribeInternetGateways", Empty(&["internetGatewaySet"])),
    Row("ec2", "DescribeEgressOnlyInternetGateways", Empty(&["egressOnlyInternetGatewaySet"])),
    Row("ec2", "DescribeVpcEndpoints", Empty(&["vpcEndpointSet"])),
    Row("ec2", "DescribeVpcPeeringConnections", Empty(&["vpcPeeringConnectionSet"])),
    Row("ec2", "DescribeFlowLogs", Empty(&["flowLogSet"])),
    Row("ec2", "DescribeLaunchTemplates", Empty(&["launchTemplates"])),
    Row("ec2", "DescribeLaunchTemplateVersions", Empty(&["launchTemplateVersionSet"])),
    Row("ec2", "DescribeAddresses", Empty(&["addressesSet"])),
    Row("ec2", "DescribeNetworkAcls", Empty(&["networkAclSet"])),
    Row("ec2", "DescribeNetworkInterfaces", Empty(&["networkInterfaceSet"])),
    Row("ec2", "DescribeDhcpOptions", Empty(&["dhcpOptionsSet"])),
    Row("ec2", "DescribeManagedPrefixLists", Empty(&["prefixListSet"])),
    Row("ec2", "DescribePrefixLists", Empty(&["prefixListSet"])),
    Row("ec2", "DescribeTransitGateways", Empty(&["transitGatewaySet"])),
    Row("ec2", "DescribeTransitGatewayVpcAttachments", Empty(&["transitGatewayVpcAttachments"])),
    Row("ec2", "DescribeVpnConnections", Empty(&["vpnConnectionSet"])),
    Row("ec2", "DescribeVpnGateways", Empty(&["vpnGatewaySet"])),
    Row("ec2", "DescribeKeyPairs", Empty(&["keySet"])),
    Row("ec2", "DescribePlacementGroups", Empty(&["placementGroupSet"])),
    Row("ec2", "DescribeFastSnapshotRestores", Empty(&["fastSnapshotRestoreSet"])),
];

/// The page of the things of a kind that the request asks for, with the ids it names.
fn page(
    estate: &Estate,
    ask: &Ask,
    kind: Kind,
    prefix: &str,
    ids: &str,
    lists: impl Fn(&[Thing]) -> String,
) -> Body {
    unfiltered(ask)?;
    let mut things = estate.of(kind, ask.region());
    let wanted = ask.list(ids);
    if !wanted.is_empty() {
        things.retain(|thing| wanted.contains(&thing.id(prefix).as_str()));
    }
    let (things, next) = ask.page(&things, SIZES)?;
    Ok(lists(things) + &maybe("nextToken", &next))
}

/// A filter that is not applied would give a wrong answer, so it gives none.
fn unfiltered(ask: &Ask) -> Result<(), Refused> {
    match ask.parameters.iter().find(|(name, _)| name.starts_with("Filter.") && name.ends_with(".Name")) {
        Some((_, filter)) => Err(Refused::Unknown(format!(" filtered by {filter}"))),
        None => Ok(()),
    }
}

fn tags(name: &str) -> String {
    let pairs = [("Name", name), ("Environment", "prod"), ("ManagedBy", "terraform")];
    list("tagSet", "item", &pairs, |(key, value)| tag("key", key) + &tag("value", value))
}

fn instances(estate: &Estate, ask: &Ask) -> Body {
    let (subnets, groups) = (estate.per_region(Kind::Subnet), estate.per_region(Kind::SecurityGroup));
    let vpcs = estate.per_region(Kind::Vpc);
    let one = |thing: &Thing| {
        let token = if thing.good { "required" } else { "optional" };
        let volume = tag("volumeId", root_volume(*thing))
            + "<status>attached</status>"
            + &tag("attachTime", MADE)
            + "<deleteOnTermination>true</deleteOnTermination>";
        let device = tag("item", "<deviceName>/dev/xvda</deviceName>".to_owned() + &tag("ebs", volume));
        let group = tag("groupId", thing.partner(groups).id("sg")) + "<groupName>group</groupName>";
        tag("instanceId", thing.id("i"))
            + "<imageId>ami-00000000000000001</imageId>"
            + "<instanceState><code>16</code><name>running</name></instanceState>"
            + "<privateDnsName>ip-10-0-0-1.internal</privateDnsName><dnsName/><amiLaunchIndex>0</amiLaunchIndex>"
            + "<instanceType>m5.large</instanceType>"
            + &tag("launchTime", MADE)
            + &tag(
                "placement",
                tag("availabilityZone", thing.zone()) + "<groupName/><tenancy>default</tenancy>",
            )
            + &tag("monitoring", tag("state", if thing.good { "enabled" } else { "disabled" }))
            + &tag("subnetId", thing.partner(subnets).id("subnet"))
            + &tag("vpcId", thing.partner(subnets).partner(vpcs).id("vpc"))
            + "<privateIpAddress>10.0.0.10</privateIpAddress><sourceDestCheck>true</sourceDestCheck>"
            + &tag("groupSet", tag("item", group))
            + "<architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType>"
            + "<rootDeviceName>/dev/xvda</rootDeviceName>"
            + &tag("blockDeviceMapping", device)
            + "<virtualizationType>hvm</virtualizationType>"
            + &tags(&format!("web-{}", thing.number))
            + "<hypervisor>xen</hypervisor><networkInterfaceSet/>"
            + &tag("ebsOptimized", thing.good.to_string())
            + "<enaSupport>true</enaSupport><cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore>"
            + "</cpuOptions><hibernationOptions><configured>false</configured></hibernationOptions>"
            + &tag(
                "metadataOptions",
                "<state>applied</state>".to_owned()
                    + &tag("httpTokens", token)
                    + "<httpPutResponseHopLimit>1</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>",
            )
            + "<enclaveOptions><enabled>false</enabled></enclaveOptions>"
    };
    page(estate, ask, Kind::Instance, "i", "InstanceId", |things| {
        list("reservationSet", "item", things, |thing| {
            tag("reservationId", thing.id("r"))
                + &tag("ownerId", ACCOUNT)
                + "<groupSet/>"
                + &tag("instancesSet", tag("item", one(thing)))
        })
    })
}

/// An instance's root volume, which comes and goes with it and is not among the 40.
fn root_volume(instance: Thing) -> String {
    format!("vol-1{:016x}", instance.number)
}

fn volumes(estate: &Estate, ask: &Ask) -> Body {
    unfiltered(ask)?;
    let key = |thing: Thing| key_arn(thing.partner(estate.per_region(Kind::Key)));
    let mut volumes: Vec<(String, Thing, Option<Thing>)> = estate
        .of(Kind::Volume, ask.region())
        .into_iter()
        .map(|thing| (thing.id("vol"), thing, None))
        .collect();
    let instances = estate.of(Kind::Instance, ask.region());
    volumes.extend(instances.into_iter().map(|thing| (root_volume(thing), thing, Some(thing))));
    let wanted = ask.list("VolumeId");
    if !wanted.is_empty() {
        volumes.retain(|(id, _, _)| wanted.contains(&id.as_str()));
    }
    let (volumes, next) = ask.page(&volumes, SIZES)?;
    let one = |(id, thing, instance): &(String, Thing, Option<Thing>)| {
        let attached = instance.map_or_else(String::new, |instance| {
            let attachment = tag("volumeId", id)
                + &tag("instanceId", instance.id("i"))
                + "<device>/dev/xvda</device><status>attached</status>"
                + &tag("attachTime", MADE)
                + "<deleteOnTermination>true</deleteOnTermination>";
            tag("item", attachment)
        });
        let encryption = if thing.good { tag("kmsKeyId", key(*thing)) } else { String::new() };
        tag("volumeId", id)
            + "<size>100</size><snapshotId/>"
            + &tag("availabilityZone", thing.zone())
            + &tag("status", if instance.is_some() { "in-use" } else { "available" })
            + &tag("createTime", MADE)
            + &tag("attachmentSet", attached)
            + "<volumeType>gp3</volumeType><iops>3000</iops><throughput>125</throughput>"
            + &tag("encrypted", thing.good.to_string())
            + &encryption
            + "<multiAttachEnabled>false</multiAttachEnabled>"
            + &tags(&format!("data-{}", thing.number))
    };
    Ok(list("volumeSet", "item", volumes, one) + &maybe("nextToken", &next))
}

/// The ARN of a key, which KMS gives and others refer to.
pub(super) fn key_arn(key: Thing) -> String {
    format!("arn:aws:kms:{}:{ACCOUNT}:key/{}", key.region(), key.uuid())
}

fn range(thing: Thing) -> &'static str {
    if thing.good { "10.0.0.0/8" } else { "0.0.0.0/0" }
}

fn groups(estate: &Estate, ask: &Ask) -> Body {
    let vpcs = estate.per_region(Kind::Vpc);
    let permission = |protocol: &str, ports: &str, range: &str| {
        let ranges = tag("ipRanges", tag("item", tag("cidrIp", range)));
        let lists = "<groups/><ipv6Ranges/><prefixListIds/>";
        tag("item", tag("ipProtocol", protocol) + ports + &ranges + lists)
    };
    let one = |thing: &Thing| {
        let ports = "<fromPort>5432</fromPort><toPort>5432</toPort>";
        tag("ownerId", ACCOUNT)
            + &tag("groupId", thing.id("sg"))
            + &tag("groupName", format!("group-{}", thing.number))
            + "<groupDescription>made by the fake</groupDescription>"
            + &tag("vpcId", thing.partner(vpcs).id("vpc"))
            + &tag("ipPermissions", permission("tcp", ports, range(*thing)))
            + &tag("ipPermissionsEgress", permission("-1", "", "0.0.0.0/0"))
            + &tags(&format!("group-{}", thing.number))
    };
    page(estate, ask, Kind::SecurityGroup, "sg", "GroupId", |things| {
        list("securityGroupInfo", "item", things, one)
    })
}

fn rules(estate: &Estate, ask: &Ask) -> Body {
    unfiltered(ask)?;
    let groups = estate.of(Kind::SecurityGroup, ask.region());
    let both: Vec<(Thing, bool)> =
        groups.into_iter().flat_map(|group| [(group, false), (group, true)]).collect();
    let (rules, next) = ask.page(&both, SIZES)?;
    let one = |(group, egress): &(Thing, bool)| {
        let ports = if *egress { -1 } else { 5432 };
        tag("securityGroupRuleId", format!("sgr-{}{:016x}", u8::from(*egress), group.number))
            + &tag("groupId", group.id("sg"))
            + &tag("groupOwnerId", ACCOUNT)
            + &tag("isEgress", egress.to_string())
            + &tag("ipProtocol", if *egress { "-1" } else { "tcp" })
            + &tag("fromPort", ports.to_string())
            + &tag("toPort", ports.to_string())
            + &tag("cidrIpv4", if *egress { "0.0.0.0/0" } else { range(*group) })
            + "<tagSet/>"
    };
    Ok(list("securityGroupRuleSet", "item", rules, one) + &maybe("nextToken", &next))
}

fn vpcs(estate: &Estate, ask: &Ask) -> Body {
    let one = |thing: &Thing| {
        tag("vpcId", thing.id("vpc"))
            + &tag("ownerId", ACCOUNT)
            + "<state>available</state><cidrBlock>10.0.0.0/16</cidrBlock><dhcpOptionsId>dopt-1</dhcpOptionsId>"
            + "<instanceTenancy>default</instanceTenancy><isDefault>false</isDefault>"
            + "<ipv6CidrBlockAssociationSet/><cidrBlockAssociationSet/>"
            + &tags(&format!("net-{}", thing.number))
    };
    page(estate, ask, Kind::Vpc, "vpc", "VpcId", |things| list("vpcSet", "item", things, one))
}

fn vpc_attribute(_: &Estate, ask: &Ask) -> Body {
    let attribute = ask.text("Attribute").ok_or(Refused::Error(400, "MissingParameter"))?;
    let id = ask.text("VpcId").ok_or(Refused::Error(400, "MissingParameter"))?;
    Ok(tag("vpcId", id) + &tag(&attribute, "<value>true</value>"))
}

fn instance_attribute(_: &Estate, ask: &Ask) -> Body {
    let id = ask.text("InstanceId").ok_or(Refused::Error(400, "MissingParameter"))?;
    let value = match ask.text("Attribute").as_deref() {
        Some("disableApiTermination") => {
            "<disableApiTermination><value>false</value></disableApiTermination>"
        }
        Some("disableApiStop") => "<disableApiStop><value>false</value></disableApiStop>",
        Some("instanceInitiatedShutdownBehavior") => {
            "<instanceInitiatedShutdownBehavior><value>stop</value></instanceInitiatedShutdownBehavior>"
        }
        other => return Err(Refused::Unknown(format!(" {}", other.unwrap_or_default()))),
    };
    Ok(tag("instanceId", id) + value)
}

fn subnets(estate: &Estate, ask: &Ask) -> Body {
    let vpcs = estate.per_region(Kind::Vpc);
    let one = |thing: &Thing| {
        let arn = format!("arn:aws:ec2:{}:{ACCOUNT}:subnet/{}", thing.region(), thing.id("subnet"));
        tag("subnetId", thing.id("subnet"))
            + &tag("subnetArn", arn)
            + "<state>available</state>"
            + &tag("ownerId", ACCOUNT)
            + &tag("vpcId", thing.partner(vpcs).id("vpc"))
            + "<cidrBlock>10.0.1.0/24</cidrBlock><availableIpAddressCount>250</availableIpAddressCount>"
            + &tag("availabilityZone", thing.zone())
            + "<defaultForAz>false</defaultForAz><mapPublicIpOnLaunch>false</mapPublicIpOnLaunch>"
            + "<assignIpv6AddressOnCreation>false</assignIpv6AddressOnCreation><ipv6CidrBlockAssociationSet/>"
            + &tags(&format!("subnet-{}", thing.number))
    };
    page(estate, ask, Kind::Subnet, "subnet", "SubnetId", |things| list("subnetSet", "item", things, one))
}

fn regions(_: &Estate, _: &Ask) -> Body {
    Ok(list("regionInfo", "item", &REGIONS, |region| {
        tag("regionName", region)
            + &tag("regionEndpoint", format!("ec2.{region}.amazonaws.com"))
            + "<optInStatus>opt-in-not-required</optInStatus>"
    }))
}

fn zones(_: &Estate, ask: &Ask) -> Body {
    Ok(list("availabilityZoneInfo", "item", &["a", "b", "c"], |letter| {
        tag("zoneName", format!("{}{letter}", ask.region()))
            + "<zoneState>available</zoneState>"
            + &tag("regionName", ask.region())
            + "<zoneType>availability-zone</zoneType><messageSet/>"
    }))
}
