//! Reads EC2 compute: one listing of instances and one of volumes per region serve every kind that needs them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ec2::types::{
    Image, Instance, InstanceNetworkInterface, InstanceStateName, KeyPairInfo, LaunchTemplate,
    LaunchTemplateBlockDeviceMapping, LaunchTemplateInstanceNetworkInterfaceSpecification,
    LaunchTemplateVersion, ResponseLaunchTemplateData, Snapshot, Tag, Volume,
};
use serde_json::{Value, json};
use stateward_model::compare::last_segment;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::ec2::compute::{
    BlockDevice, MetadataOptions, ami, encryption_by_default, instance, key_pair, launch_template, snapshot,
    volume,
};
use stateward_model::{Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::{harvest, put_tags, stamp};
use crate::session::{Collector, Pages, Session, put_gap};

/// A bucket of 100 requests for each operation, refilled with 20 a second.
const LIMITS: &str = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html";

const fn ec2(operation: &'static str) -> Call {
    Call::new("ec2", operation).quota(10, 50).docs(LIMITS)
}

pub(crate) static INSTANCES: Call = ec2("DescribeInstances");
static CREDITS: Call = ec2("DescribeInstanceCreditSpecifications");
static VOLUMES: Call = ec2("DescribeVolumes");
static SNAPSHOTS: Call = ec2("DescribeSnapshots");
static IMAGES: Call = ec2("DescribeImages");
static TEMPLATES: Call = ec2("DescribeLaunchTemplates");
static TEMPLATE_VERSIONS: Call = ec2("DescribeLaunchTemplateVersions");
static KEY_PAIRS: Call = ec2("DescribeKeyPairs");
static ENCRYPTION: Call = ec2("GetEbsEncryptionByDefault");
static DEFAULT_KEY: Call = ec2("GetEbsDefaultKmsKeyId");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &instance::KIND,
        calls: &[&INSTANCES, &CREDITS, &VOLUMES],
        collect: |s| Box::pin(collect_instances(s)),
    },
    Collector { kind: &volume::KIND, calls: &[&VOLUMES], collect: |s| Box::pin(collect_volumes(s)) },
    Collector { kind: &snapshot::KIND, calls: &[&SNAPSHOTS], collect: |s| Box::pin(snapshots(s)) },
    Collector { kind: &ami::KIND, calls: &[&IMAGES], collect: |s| Box::pin(images(s)) },
    Collector {
        kind: &launch_template::KIND,
        calls: &[&TEMPLATES, &TEMPLATE_VERSIONS],
        collect: |s| Box::pin(templates(s)),
    },
    Collector { kind: &key_pair::KIND, calls: &[&KEY_PAIRS], collect: |s| Box::pin(key_pairs(s)) },
    Collector {
        kind: &encryption_by_default::KIND,
        calls: &[&ENCRYPTION, &DEFAULT_KEY],
        collect: |s| Box::pin(encryption(s)),
    },
];

/// The value that both SDKs give a word for.
macro_rules! word {
    ($value:expr) => {
        $value.as_ref().map(|word| word.as_str().to_owned())
    };
}

/// Instance requirements in Terraform's shape. EC2 and Auto Scaling have types of their own with the same members.
macro_rules! requirements {
    ($r:expr) => {{
        macro_rules! range {
            ($value:expr) => {
                $value.as_ref().map(|range| serde_json::json!({ "min": range.min, "max": range.max }))
            };
        }
        macro_rules! words {
            ($value:expr) => {
                $value
                    .as_deref()
                    .unwrap_or_default()
                    .iter()
                    .map(|word| word.as_str().to_owned())
                    .collect::<Vec<String>>()
            };
        }
        let block = |range: Option<serde_json::Value>| range.into_iter().collect::<Vec<_>>();
        serde_json::json!({
            "accelerator_count": block(range!($r.accelerator_count)),
            "accelerator_manufacturers": words!($r.accelerator_manufacturers),
            "accelerator_names": words!($r.accelerator_names),
            "accelerator_total_memory_mib": block(range!($r.accelerator_total_memory_mib)),
            "accelerator_types": words!($r.accelerator_types),
            "allowed_instance_types": words!($r.allowed_instance_types),
            "bare_metal": $r.bare_metal.as_ref().map(|word| word.as_str().to_owned()),
            "baseline_ebs_bandwidth_mbps": block(range!($r.baseline_ebs_bandwidth_mbps)),
            "burstable_performance": $r.burstable_performance.as_ref().map(|word| word.as_str().to_owned()),
            "cpu_manufacturers": words!($r.cpu_manufacturers),
            "excluded_instance_types": words!($r.excluded_instance_types),
            "instance_generations": words!($r.instance_generations),
            "local_storage": $r.local_storage.as_ref().map(|word| word.as_str().to_owned()),
            "local_storage_types": words!($r.local_storage_types),
            "max_spot_price_as_percentage_of_optimal_on_demand_price":
                $r.max_spot_price_as_percentage_of_optimal_on_demand_price,
            "memory_gib_per_vcpu": block(range!($r.memory_gib_per_v_cpu)),
            "memory_mib": block(range!($r.memory_mib)),
            "network_bandwidth_gbps": block(range!($r.network_bandwidth_gbps)),
            "network_interface_count": block(range!($r.network_interface_count)),
            "on_demand_max_price_percentage_over_lowest_price":
                $r.on_demand_max_price_percentage_over_lowest_price,
            "require_hibernate_support": $r.require_hibernate_support,
            "spot_max_price_percentage_over_lowest_price": $r.spot_max_price_percentage_over_lowest_price,
            "total_local_storage_gb": block(range!($r.total_local_storage_gb)),
            "vcpu_count": block(range!($r.v_cpu_count)),
        })
    }};
}
pub(crate) use {requirements, word};

fn tags(list: Option<&[Tag]>) -> BTreeMap<String, String> {
    list.unwrap_or_default()
        .iter()
        .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())))
        .collect()
}

/// A resource with the tags that its listing tells; people call it by its Name tag.
fn tagged(
    s: &Session,
    kind: &'static str,
    id: Option<&str>,
    arn_type: &str,
    list: Option<&[Tag]>,
) -> Resource {
    let id = id.unwrap_or_default();
    // Snapshots and images are addressed without the account.
    let account = if matches!(arn_type, "snapshot" | "image") { "" } else { s.account() };
    let arn = format!("arn:{}:ec2:{}:{account}:{arn_type}/{id}", s.partition(), s.region());
    let tags = tags(list);
    let mut resource = Resource::new(s.place(), kind, id)
        .with_arn(arn.clone())
        .with_name(tags.get("Name").cloned().unwrap_or_default());
    resource.set(&ARN, arn);
    put_tags(&mut resource, Ok(tags));
    resource
}

/// A terminated instance has ceased to exist, although it is listed for an hour; so has one that is about to be.
fn is_there(i: &Instance) -> bool {
    let state = i.state.as_ref().and_then(|state| state.name.as_ref());
    !matches!(state, Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown))
}

/// The instances of the region.
pub(crate) async fn instances(s: &Session) -> Arc<Pages<Instance>> {
    s.once("ec2:DescribeInstances", async {
        let pages = s
            .pages(
                &INSTANCES,
                |token| s.ec2().describe_instances().max_results(1000).set_next_token(token).send(),
                |out| (out.reservations.unwrap_or_default(), out.next_token),
            )
            .await;
        let items = pages.items.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default());
        Pages { items: items.filter(is_there).collect(), gap: pages.gap }
    })
    .await
}

async fn volumes(s: &Session) -> Arc<Pages<Volume>> {
    s.once("ec2:DescribeVolumes", async {
        s.pages(
            &VOLUMES,
            |token| s.ec2().describe_volumes().max_results(500).set_next_token(token).send(),
            |out| (out.volumes.unwrap_or_default(), out.next_token),
        )
        .await
    })
    .await
}

async fn collect_instances(s: &Session) -> Harvest {
    use instance::*;
    let all = instances(s).await;
    let mut resources: Vec<Resource> = all.items.iter().map(|i| instance_resource(s, i)).collect();
    if s.wants_call(&KIND, &VOLUMES) && !resources.is_empty() {
        let volumes = volumes(s).await;
        let by_id = by_volume_id(&volumes);
        for (resource, i) in resources.iter_mut().zip(&all.items) {
            put_devices(resource, i, &by_id, volumes.gap.as_ref());
        }
    }
    if s.wants(&KIND, &CREDIT_SPECIFICATION) {
        let credits = credits(s, &all.items).await;
        for (resource, i) in resources.iter_mut().zip(&all.items) {
            resource.put(&CREDIT_SPECIFICATION, credit_block(i, &credits));
        }
    }
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn metadata_options(i: &Instance) -> Vec<MetadataOptions> {
    i.metadata_options
        .iter()
        .map(|options| MetadataOptions {
            http_endpoint: word!(options.http_endpoint),
            http_protocol_ipv6: word!(options.http_protocol_ipv6),
            http_put_response_hop_limit: options.http_put_response_hop_limit.map(i64::from),
            http_tokens: word!(options.http_tokens),
            instance_metadata_tags: word!(options.instance_metadata_tags),
        })
        .collect()
}

/// The interface at index 0: what an instance says of addresses and groups is about this one.
fn primary_interface(i: &Instance) -> Option<&InstanceNetworkInterface> {
    i.network_interfaces()
        .iter()
        .find(|interface| interface.attachment.as_ref().and_then(|a| a.device_index) == Some(0))
}

fn instance_resource(s: &Session, i: &Instance) -> Resource {
    use instance::*;
    let mut r = tagged(s, KIND.name, i.instance_id.as_deref(), "instance", i.tags.as_deref());
    let placement = i.placement.as_ref();
    let interface = primary_interface(i);
    let group = tags(i.tags.as_deref()).remove("aws:autoscaling:groupName");
    let secondary = interface.map(|interface| {
        let addresses = interface.private_ip_addresses().iter();
        addresses
            .filter(|address| address.primary == Some(false))
            .filter_map(|address| address.private_ip_address.clone())
            .collect()
    });
    let ipv6 = interface.map(|interface| {
        interface.ipv6_addresses().iter().filter_map(|address| address.ipv6_address.clone()).collect()
    });
    r.set_opt(&AMI, i.image_id.clone())
        .set(&ASSOCIATE_PUBLIC_IP_ADDRESS, interface.is_some_and(|interface| interface.association.is_some()))
        .set_opt(&AUTOSCALING_GROUP, group)
        .set_opt(&AVAILABILITY_ZONE, placement.and_then(|p| p.availability_zone.clone()))
        .set_opt(&EBS_OPTIMIZED, i.ebs_optimized)
        .set(
            &ENCLAVE_OPTIONS,
            json!(i.enclave_options.iter().map(|o| json!({ "enabled": o.enabled })).collect::<Vec<_>>()),
        )
        .set_opt(&HIBERNATION, i.hibernation_options.as_ref().and_then(|options| options.configured))
        .set_opt(&HOST_ID, placement.and_then(|p| p.host_id.clone()))
        .set_opt(
            &IAM_INSTANCE_PROFILE,
            i.iam_instance_profile.as_ref().and_then(|p| Some(last_segment(p.arn.as_deref()?).to_owned())),
        )
        .set_opt(&INSTANCE_STATE, i.state.as_ref().and_then(|state| word!(state.name)))
        .set_opt(&INSTANCE_TYPE, word!(i.instance_type))
        .set(&IPV6_ADDRESSES, ipv6.unwrap_or_default())
        .set_opt(&KEY_NAME, i.key_name.clone())
        .set_opt(&LAUNCH_TIME, i.launch_time.as_ref().and_then(stamp))
        .set(
            &MAINTENANCE_OPTIONS,
            json!(
                i.maintenance_options
                    .iter()
                    .map(|o| json!({ "auto_recovery": word!(o.auto_recovery) }))
                    .collect::<Vec<_>>()
            ),
        )
        .set(&METADATA_OPTIONS, metadata_options(i))
        .set_opt(
            &MONITORING,
            i.monitoring
                .as_ref()
                .and_then(|m| m.state.as_ref())
                .map(|state| matches!(state.as_str(), "enabled" | "pending")),
        )
        .set_opt(&PLACEMENT_GROUP, placement.and_then(|p| p.group_name.clone()))
        .set_opt(&PLACEMENT_PARTITION_NUMBER, placement.and_then(|p| p.partition_number).map(i64::from))
        .set_opt(
            &PRIMARY_NETWORK_INTERFACE_ID,
            interface.and_then(|interface| interface.network_interface_id.clone()),
        )
        .set_opt(&PRIVATE_IP, i.private_ip_address.clone())
        .set_opt(&PUBLIC_IP, i.public_ip_address.clone())
        .set(&SECONDARY_PRIVATE_IPS, secondary.unwrap_or_default())
        .set_opt(
            &SOURCE_DEST_CHECK,
            interface.and_then(|interface| interface.source_dest_check).or(i.source_dest_check),
        )
        .set_opt(&SUBNET_ID, i.subnet_id.clone())
        .set_opt(&TENANCY, placement.and_then(|p| word!(p.tenancy)))
        .set_opt(&VPC_ID, i.vpc_id.clone())
        .set(
            &VPC_SECURITY_GROUP_IDS,
            i.security_groups().iter().filter_map(|group| group.group_id.clone()).collect(),
        );
    r
}

fn by_volume_id(volumes: &Pages<Volume>) -> BTreeMap<&str, &Volume> {
    volumes.items.iter().filter_map(|volume| Some((volume.volume_id.as_deref()?, volume))).collect()
}

/// The block devices with what the listing of volumes says of them; the gap where a volume of the instance was not
/// reached by it.
fn put_devices(resource: &mut Resource, i: &Instance, volumes: &BTreeMap<&str, &Volume>, gap: Option<&Gap>) {
    use instance::*;
    let mapped = i.block_device_mappings().iter().filter_map(|mapping| {
        let ebs = mapping.ebs.as_ref()?;
        Some((mapping.device_name.clone()?, ebs, volumes.get(ebs.volume_id.as_deref()?).copied()))
    });
    let mut root = Vec::new();
    let mut others = Vec::new();
    for (device_name, ebs, volume) in mapped {
        if let (None, Some(gap)) = (volume, gap) {
            resource.put(&ROOT_BLOCK_DEVICE, Err(gap.clone())).put(&EBS_BLOCK_DEVICE, Err(gap.clone()));
            return;
        }
        let is_root = i.root_device_name.as_deref() == Some(device_name.as_str());
        let device = BlockDevice {
            delete_on_termination: ebs.delete_on_termination,
            device_name,
            encrypted: volume.and_then(|v| v.encrypted),
            iops: volume.and_then(|v| v.iops).map(i64::from),
            kms_key_id: volume.and_then(|v| v.kms_key_id.clone()),
            snapshot_id: volume.and_then(|v| v.snapshot_id.clone()),
            tags: tags(volume.and_then(|v| v.tags.as_deref())),
            throughput: volume.and_then(|v| v.throughput).map(i64::from),
            volume_id: ebs.volume_id.clone().unwrap_or_default(),
            volume_size: volume.and_then(|v| v.size).map(i64::from),
            volume_type: volume.and_then(|v| word!(v.volume_type)),
        };
        if is_root { root.push(device) } else { others.push(device) }
    }
    resource.set(&ROOT_BLOCK_DEVICE, root).set(&EBS_BLOCK_DEVICE, others);
}

/// Only burstable types have credits; to ask for another one is an error of the whole request.
fn may_burst(i: &Instance) -> bool {
    let family = i.instance_type.as_ref().map_or("", |kind| kind.as_str()).split('.').next();
    matches!(family, Some("t2" | "t3" | "t3a" | "t4g"))
}

/// How each burstable instance may burst, members of scaling groups aside: a thousand in one request.
async fn credits(s: &Session, all: &[Instance]) -> BTreeMap<String, Result<Option<String>, Gap>> {
    let ids: Vec<String> =
        all.iter().filter(|i| may_burst(i) && !is_member(i)).filter_map(|i| i.instance_id.clone()).collect();
    let batches: Vec<Vec<String>> = ids.chunks(1000).map(<[String]>::to_vec).collect();
    let answers = s
        .each(batches, |batch| async move {
            let read = s
                .call(&CREDITS, || {
                    s.ec2()
                        .describe_instance_credit_specifications()
                        .set_instance_ids(Some(batch.clone()))
                        .send()
                })
                .await;
            (batch, read)
        })
        .await;
    let mut credits = BTreeMap::new();
    for (batch, read) in answers {
        match read {
            Err(gap) => credits.extend(batch.into_iter().map(|id| (id, Err(gap.clone())))),
            Ok(out) => credits.extend(
                out.instance_credit_specifications
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|credit| Some((credit.instance_id?, Ok(credit.cpu_credits)))),
            ),
        }
    }
    credits
}

fn is_member(i: &Instance) -> bool {
    i.tags().iter().any(|tag| tag.key.as_deref() == Some("aws:autoscaling:groupName"))
}

fn credit_block(i: &Instance, credits: &BTreeMap<String, Result<Option<String>, Gap>>) -> Result<Value, Gap> {
    let found = credits.get(i.instance_id.as_deref().unwrap_or_default()).cloned().unwrap_or(Ok(None))?;
    Ok(json!([{ "cpu_credits": found }]))
}

async fn collect_volumes(s: &Session) -> Harvest {
    let all = volumes(s).await;
    let resources = all.items.iter().map(|v| volume_resource(s, v)).collect();
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

fn volume_resource(s: &Session, v: &Volume) -> Resource {
    use volume::*;
    let mut r = tagged(s, KIND.name, v.volume_id.as_deref(), "volume", v.tags.as_deref());
    let attachments = v
        .attachments()
        .iter()
        .map(|attachment| Attachment {
            instance_id: attachment.instance_id.clone().unwrap_or_default(),
            device: attachment.device.clone().unwrap_or_default(),
            state: word!(attachment.state),
            delete_on_termination: attachment.delete_on_termination,
        })
        .collect();
    r.set(&ATTACHMENTS, attachments)
        .set_opt(&AVAILABILITY_ZONE, v.availability_zone.clone())
        .set_opt(&CREATE_TIME, v.create_time.as_ref().and_then(stamp))
        .set_opt(&ENCRYPTED, v.encrypted)
        .set_opt(&IOPS, v.iops.map(i64::from))
        .set_opt(&KMS_KEY_ID, v.kms_key_id.clone())
        .set_opt(&MULTI_ATTACH_ENABLED, v.multi_attach_enabled)
        .set_opt(&OUTPOST_ARN, v.outpost_arn.clone())
        .set_opt(&SIZE, v.size.map(i64::from))
        .set_opt(&SNAPSHOT_ID, v.snapshot_id.clone())
        .set_opt(&STATE, word!(v.state))
        .set_opt(&THROUGHPUT, v.throughput.map(i64::from))
        .set_opt(&TYPE, word!(v.volume_type))
        .set_opt(&VOLUME_INITIALIZATION_RATE, v.volume_initialization_rate.map(i64::from));
    r
}

/// Own snapshots, or only those of them that everyone may restore.
async fn own_snapshots(s: &Session, public: bool) -> Pages<Snapshot> {
    let mut pages = s
        .pages(
            &SNAPSHOTS,
            |token| {
                s.ec2()
                    .describe_snapshots()
                    .owner_ids("self")
                    .set_restorable_by_user_ids(public.then(|| vec!["all".to_owned()]))
                    .max_results(1000)
                    .set_next_token(token)
                    .send()
            },
            |out| (out.snapshots.unwrap_or_default(), out.next_token),
        )
        .await;
    // Emulators may hand out snapshots of their stock images too.
    pages.items.retain(|snapshot| snapshot.owner_id.as_deref().is_none_or(|owner| owner == s.account()));
    pages
}

async fn snapshots(s: &Session) -> Harvest {
    use snapshot::*;
    let mut harvest = harvest(own_snapshots(s, false).await, |snapshot| snapshot_resource(s, snapshot));
    if s.wants(&KIND, &PUBLIC) && !harvest.resources.is_empty() {
        let public = own_snapshots(s, true).await.complete().map(|all| {
            all.into_iter().filter_map(|snapshot| snapshot.snapshot_id).collect::<BTreeSet<String>>()
        });
        for resource in &mut harvest.resources {
            let is_public = public.as_ref().map(|ids| ids.contains(resource.id())).map_err(Gap::clone);
            resource.put(&PUBLIC, is_public);
        }
    }
    harvest
}

fn snapshot_resource(s: &Session, snap: &Snapshot) -> Resource {
    use snapshot::*;
    let mut r = tagged(s, KIND.name, snap.snapshot_id.as_deref(), "snapshot", snap.tags.as_deref());
    r.set_opt(&DESCRIPTION, snap.description.clone())
        .set_opt(&ENCRYPTED, snap.encrypted)
        .set_opt(&KMS_KEY_ID, snap.kms_key_id.clone())
        .set_opt(&START_TIME, snap.start_time.as_ref().and_then(stamp))
        .set_opt(&STATE, word!(snap.state))
        .set_opt(&STORAGE_TIER, word!(snap.storage_tier))
        .set_opt(&VOLUME_ID, snap.volume_id.clone())
        .set_opt(&VOLUME_SIZE, snap.volume_size.map(i64::from));
    r
}

async fn images(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &IMAGES,
            |token| {
                s.ec2()
                    .describe_images()
                    .owners("self")
                    .include_disabled(true)
                    .max_results(1000)
                    .set_next_token(token)
                    .send()
            },
            |out| (out.images.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |image| image_resource(s, image))
}

fn image_resource(s: &Session, image: &Image) -> Resource {
    use ami::*;
    let mut r = tagged(s, KIND.name, image.image_id.as_deref(), "image", image.tags.as_deref())
        .with_name(image.name.clone().unwrap_or_default());
    let snapshots = image
        .block_device_mappings()
        .iter()
        .filter_map(|mapping| mapping.ebs.as_ref()?.snapshot_id.clone())
        .collect();
    r.set_opt(&ARCHITECTURE, word!(image.architecture))
        .set_opt(&CREATION_DATE, image.creation_date.clone())
        .set_opt(&DESCRIPTION, image.description.clone())
        .set_opt(&IMDS_SUPPORT, word!(image.imds_support))
        .set_opt(&NAME, image.name.clone())
        .set_opt(&PUBLIC, image.public)
        .set(&SNAPSHOT_IDS, snapshots)
        .set_opt(&SOURCE_AMI_ID, image.source_image_id.clone())
        .set_opt(&SOURCE_AMI_REGION, image.source_image_region.clone())
        .set_opt(&STATE, word!(image.state));
    r
}

async fn templates(s: &Session) -> Harvest {
    use launch_template::*;
    let pages = s
        .pages(
            &TEMPLATES,
            |token| s.ec2().describe_launch_templates().max_results(200).set_next_token(token).send(),
            |out| (out.launch_templates.unwrap_or_default(), out.next_token),
        )
        .await;
    let mut resources: Vec<Resource> = pages.items.iter().map(|t| template_resource(s, t)).collect();
    if s.wants_call(&KIND, &TEMPLATE_VERSIONS) && !resources.is_empty() {
        let versions = template_versions(s).await;
        for (resource, template) in resources.iter_mut().zip(&pages.items) {
            put_versions(resource, template, &versions);
        }
    }
    Harvest { resources, gaps: pages.gap.into_iter().collect() }
}

/// The latest and the default version of every template of the region.
async fn template_versions(s: &Session) -> Pages<LaunchTemplateVersion> {
    s.pages(
        &TEMPLATE_VERSIONS,
        |token| {
            s.ec2()
                .describe_launch_template_versions()
                .versions("$Latest")
                .versions("$Default")
                .max_results(200)
                .set_next_token(token)
                .send()
        },
        |out| (out.launch_template_versions.unwrap_or_default(), out.next_token),
    )
    .await
}

fn template_resource(s: &Session, template: &LaunchTemplate) -> Resource {
    use launch_template::*;
    let id = template.launch_template_id.as_deref();
    let mut r = tagged(s, KIND.name, id, "launch-template", template.tags.as_deref())
        .with_name(template.launch_template_name.clone().unwrap_or_default());
    r.set_opt(&DEFAULT_VERSION, template.default_version_number)
        .set_opt(&LATEST_VERSION, template.latest_version_number)
        .set_opt(&NAME, template.launch_template_name.clone());
    r
}

/// The contents of the latest version, and both versions in short. Where the listing broke off before it came to
/// either of them, all of it is a gap.
fn put_versions(resource: &mut Resource, template: &LaunchTemplate, all: &Pages<LaunchTemplateVersion>) {
    use launch_template::*;
    let mut own: BTreeMap<i64, &LaunchTemplateVersion> = BTreeMap::new();
    for version in &all.items {
        if version.launch_template_id == template.launch_template_id {
            own.insert(version.version_number.unwrap_or_default(), version);
        }
    }
    let reached = |number: Option<i64>| number.is_none_or(|number| own.contains_key(&number));
    let whole = reached(template.latest_version_number) && reached(template.default_version_number);
    if let Some(gap) = all.gap.as_ref().filter(|_| !whole) {
        return put_gap(resource, &KIND, &TEMPLATE_VERSIONS, gap);
    }
    let versions = own.values().map(|version| in_short(version)).collect();
    resource.set(&VERSIONS, versions);
    let latest = template.latest_version_number.and_then(|number| own.get(&number));
    let Some(version) = latest.or_else(|| own.values().next_back()) else { return };
    resource.set_opt(&DESCRIPTION, version.version_description.clone());
    if let Some(data) = &version.launch_template_data {
        put_template_data(resource, data);
    }
}

fn in_short(version: &LaunchTemplateVersion) -> launch_template::Version {
    let data = version.launch_template_data.as_ref();
    let primary = data.and_then(|data| {
        let mut interfaces = data.network_interfaces().iter();
        interfaces.find(|interface| interface.device_index.unwrap_or_default() == 0)
    });
    launch_template::Version {
        version: version.version_number.unwrap_or_default(),
        is_default: version.default_version.unwrap_or_default(),
        image_id: data.and_then(|data| data.image_id.clone()),
        instance_type: data.and_then(|data| word!(data.instance_type)),
        metadata_options: data.map(template_metadata).unwrap_or_default(),
        associate_public_ip_address: primary.and_then(|interface| interface.associate_public_ip_address),
    }
}

fn template_metadata(data: &ResponseLaunchTemplateData) -> Vec<MetadataOptions> {
    data.metadata_options
        .iter()
        .map(|options| MetadataOptions {
            http_endpoint: word!(options.http_endpoint),
            http_protocol_ipv6: word!(options.http_protocol_ipv6),
            http_put_response_hop_limit: options.http_put_response_hop_limit.map(i64::from),
            http_tokens: word!(options.http_tokens),
            instance_metadata_tags: word!(options.instance_metadata_tags),
        })
        .collect()
}

/// A list of one block, or of none.
pub(crate) fn block<T>(value: Option<&T>, shape: impl Fn(&T) -> Value) -> Value {
    Value::Array(value.map(shape).into_iter().collect())
}

fn put_template_data(r: &mut Resource, data: &ResponseLaunchTemplateData) {
    use launch_template::*;
    let mappings: Vec<Value> = data.block_device_mappings().iter().map(mapping).collect();
    let interfaces: Vec<Value> = data.network_interfaces().iter().map(interface).collect();
    let licences: Vec<Value> = data
        .license_specifications()
        .iter()
        .map(|l| json!({ "license_configuration_arn": l.license_configuration_arn }))
        .collect();
    let specifications: Vec<Value> = data
        .tag_specifications()
        .iter()
        .map(|t| json!({ "resource_type": word!(t.resource_type), "tags": tags(t.tags.as_deref()) }))
        .collect();
    r.set(&BLOCK_DEVICE_MAPPINGS, json!(mappings))
        .set(
            &CAPACITY_RESERVATION_SPECIFICATION,
            block(data.capacity_reservation_specification.as_ref(), |c| {
                json!({
                    "capacity_reservation_preference": word!(c.capacity_reservation_preference),
                    "capacity_reservation_target": block(c.capacity_reservation_target.as_ref(), |t| json!({
                        "capacity_reservation_id": t.capacity_reservation_id,
                        "capacity_reservation_resource_group_arn": t.capacity_reservation_resource_group_arn,
                    })),
                })
            }),
        )
        .set(
            &CPU_OPTIONS,
            block(data.cpu_options.as_ref(), |c| {
                json!({
                    "amd_sev_snp": word!(c.amd_sev_snp),
                    "core_count": c.core_count,
                    "nested_virtualization": word!(c.nested_virtualization),
                    "threads_per_core": c.threads_per_core,
                })
            }),
        )
        .set(
            &CREDIT_SPECIFICATION,
            block(data.credit_specification.as_ref(), |c| json!({ "cpu_credits": c.cpu_credits })),
        )
        .set_opt(&DISABLE_API_STOP, data.disable_api_stop)
        .set_opt(&DISABLE_API_TERMINATION, data.disable_api_termination)
        .set(&EBS_OPTIMIZED, json!(data.ebs_optimized))
        .set(&ENCLAVE_OPTIONS, block(data.enclave_options.as_ref(), |e| json!({ "enabled": e.enabled })))
        .set(
            &HIBERNATION_OPTIONS,
            block(data.hibernation_options.as_ref(), |h| json!({ "configured": h.configured })),
        )
        .set(
            &IAM_INSTANCE_PROFILE,
            block(data.iam_instance_profile.as_ref(), |p| json!({ "arn": p.arn, "name": p.name })),
        )
        .set_opt(&IMAGE_ID, data.image_id.clone())
        .set_opt(&INSTANCE_INITIATED_SHUTDOWN_BEHAVIOR, word!(data.instance_initiated_shutdown_behavior))
        .set(
            &INSTANCE_MARKET_OPTIONS,
            block(data.instance_market_options.as_ref(), |m| {
                json!({
                    "market_type": word!(m.market_type),
                    "spot_options": block(m.spot_options.as_ref(), |spot| json!({
                        "block_duration_minutes": spot.block_duration_minutes,
                        "instance_interruption_behavior": word!(spot.instance_interruption_behavior),
                        "max_price": spot.max_price,
                        "spot_instance_type": word!(spot.spot_instance_type),
                    })),
                })
            }),
        )
        .set(&INSTANCE_REQUIREMENTS, block(data.instance_requirements.as_ref(), |r| requirements!(r)))
        .set_opt(&INSTANCE_TYPE, word!(data.instance_type))
        .set_opt(&KERNEL_ID, data.kernel_id.clone())
        .set_opt(&KEY_NAME, data.key_name.clone())
        .set(&LICENSE_SPECIFICATION, json!(licences))
        .set(
            &MAINTENANCE_OPTIONS,
            block(data.maintenance_options.as_ref(), |m| json!({ "auto_recovery": word!(m.auto_recovery) })),
        )
        .set(&METADATA_OPTIONS, template_metadata(data))
        .set(&MONITORING, block(data.monitoring.as_ref(), |m| json!({ "enabled": m.enabled })))
        .set(&NETWORK_INTERFACES, json!(interfaces))
        .set(
            &PLACEMENT,
            block(data.placement.as_ref(), |p| {
                json!({
                    "affinity": p.affinity,
                    "availability_zone": p.availability_zone,
                    "group_id": p.group_id,
                    "group_name": p.group_name,
                    "host_id": p.host_id,
                    "host_resource_group_arn": p.host_resource_group_arn,
                    "partition_number": p.partition_number,
                    "spread_domain": p.spread_domain,
                    "tenancy": word!(p.tenancy),
                })
            }),
        )
        .set(
            &PRIVATE_DNS_NAME_OPTIONS,
            block(data.private_dns_name_options.as_ref(), |d| {
                json!({
                    "enable_resource_name_dns_a_record": d.enable_resource_name_dns_a_record,
                    "enable_resource_name_dns_aaaa_record": d.enable_resource_name_dns_aaaa_record,
                    "hostname_type": word!(d.hostname_type),
                })
            }),
        )
        .set_opt(&RAM_DISK_ID, data.ram_disk_id.clone())
        .set(&SECURITY_GROUP_NAMES, data.security_groups().to_vec())
        .set(&TAG_SPECIFICATIONS, json!(specifications))
        .set(&VPC_SECURITY_GROUP_IDS, data.security_group_ids().to_vec());
}

fn mapping(m: &LaunchTemplateBlockDeviceMapping) -> Value {
    json!({
        "device_name": m.device_name,
        "ebs": block(m.ebs.as_ref(), |ebs| json!({
            "delete_on_termination": ebs.delete_on_termination,
            "encrypted": ebs.encrypted,
            "iops": ebs.iops,
            "kms_key_id": ebs.kms_key_id,
            "snapshot_id": ebs.snapshot_id,
            "throughput": ebs.throughput,
            "volume_initialization_rate": ebs.volume_initialization_rate,
            "volume_size": ebs.volume_size,
            "volume_type": word!(ebs.volume_type),
        })),
        "no_device": m.no_device,
        "virtual_name": m.virtual_name,
    })
}

fn interface(n: &LaunchTemplateInstanceNetworkInterfaceSpecification) -> Value {
    let addresses = n.private_ip_addresses().iter();
    let ipv4: Vec<&String> = addresses.filter_map(|a| a.private_ip_address.as_ref()).collect();
    let ipv6: Vec<&String> = n.ipv6_addresses().iter().filter_map(|a| a.ipv6_address.as_ref()).collect();
    let ipv4_prefixes: Vec<&String> =
        n.ipv4_prefixes().iter().filter_map(|p| p.ipv4_prefix.as_ref()).collect();
    let ipv6_prefixes: Vec<&String> =
        n.ipv6_prefixes().iter().filter_map(|p| p.ipv6_prefix.as_ref()).collect();
    json!({
        "associate_carrier_ip_address": n.associate_carrier_ip_address,
        "associate_public_ip_address": n.associate_public_ip_address,
        "delete_on_termination": n.delete_on_termination,
        "description": n.description,
        "device_index": n.device_index,
        "interface_type": n.interface_type,
        "ipv4_address_count": n.secondary_private_ip_address_count,
        "ipv4_addresses": ipv4,
        "ipv4_prefix_count": n.ipv4_prefix_count,
        "ipv4_prefixes": ipv4_prefixes,
        "ipv6_address_count": n.ipv6_address_count,
        "ipv6_addresses": ipv6,
        "ipv6_prefix_count": n.ipv6_prefix_count,
        "ipv6_prefixes": ipv6_prefixes,
        "network_card_index": n.network_card_index,
        "network_interface_id": n.network_interface_id,
        "primary_ipv6": n.primary_ipv6,
        "private_ip_address": n.private_ip_address,
        "security_groups": n.groups(),
        "subnet_id": n.subnet_id,
    })
}

async fn key_pairs(s: &Session) -> Harvest {
    match s.call(&KEY_PAIRS, || s.ec2().describe_key_pairs().send()).await {
        Ok(out) => {
            let pairs = out.key_pairs.unwrap_or_default();
            let resources = pairs.iter().map(|pair| key_pair_resource(s, pair)).collect();
            Harvest { resources, gaps: Vec::new() }
        }
        Err(gap) => Harvest::failed(gap),
    }
}

fn key_pair_resource(s: &Session, pair: &KeyPairInfo) -> Resource {
    use key_pair::*;
    let name = pair.key_name.as_deref();
    let mut r =
        tagged(s, KIND.name, name, "key-pair", pair.tags.as_deref()).with_name(name.unwrap_or_default());
    r.set_opt(&FINGERPRINT, pair.key_fingerprint.clone())
        .set_opt(&KEY_NAME, pair.key_name.clone())
        .set_opt(&KEY_PAIR_ID, pair.key_pair_id.clone());
    r
}

async fn encryption(s: &Session) -> Harvest {
    use encryption_by_default::*;
    let enabled = match s.call(&ENCRYPTION, || s.ec2().get_ebs_encryption_by_default().send()).await {
        Ok(out) => out.ebs_encryption_by_default,
        Err(gap) => return Harvest::failed(gap),
    };
    let mut r = Resource::new(s.place(), KIND.name, ID);
    r.set_opt(&ENABLED, enabled);
    if s.wants(&KIND, &DEFAULT_KMS_KEY) {
        let read = s.call(&DEFAULT_KEY, || s.ec2().get_ebs_default_kms_key_id().send()).await;
        r.put_opt(&DEFAULT_KMS_KEY, read.map(|out| out.kms_key_id));
    }
    Harvest { resources: vec![r], gaps: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, Asked, wanting, wanting_all};
    use aws_sdk_ec2::types::{
        EbsInstanceBlockDevice, InstanceBlockDeviceMapping, InstanceState, InstanceType,
        LaunchTemplateEbsBlockDevice, LaunchTemplateHttpTokensState, LaunchTemplateInstanceMetadataOptions,
        MemoryMiB, VolumeType,
    };
    use stateward_model::{Cause, Place};

    fn device(name: &str, volume: &str) -> InstanceBlockDeviceMapping {
        let ebs = EbsInstanceBlockDevice::builder().volume_id(volume).delete_on_termination(true).build();
        InstanceBlockDeviceMapping::builder().device_name(name).ebs(ebs).build()
    }

    fn subject(kind: &'static str) -> Resource {
        Resource::new(Place::new("1", "us-west-2"), kind, "x")
    }

    fn denied() -> Gap {
        Gap::new("ec2:DescribeVolumes", Cause::Denied, "")
    }

    #[test]
    fn what_is_terminated_is_gone() {
        let in_state = |name| Instance::builder().state(InstanceState::builder().name(name).build()).build();
        assert!(is_there(&in_state(InstanceStateName::Stopped)));
        assert!(is_there(&Instance::builder().build()));
        assert!(!is_there(&in_state(InstanceStateName::Terminated)));
        assert!(!is_there(&in_state(InstanceStateName::ShuttingDown)));
    }

    #[test]
    fn devices_are_joined_with_their_volumes() {
        let i = Instance::builder()
            .root_device_name("/dev/xvda")
            .block_device_mappings(device("/dev/sdf", "vol-2"))
            .block_device_mappings(device("/dev/xvda", "vol-1"))
            .build();
        let volume = |id: &str, size| {
            Volume::builder().volume_id(id).size(size).volume_type(VolumeType::Gp3).encrypted(true).build()
        };
        let volumes = Pages { items: vec![volume("vol-1", 8), volume("vol-2", 100)], gap: None };
        let mut resource = subject(instance::KIND.name);
        put_devices(&mut resource, &i, &by_volume_id(&volumes), None);
        let root = resource.get(&instance::ROOT_BLOCK_DEVICE).unwrap().unwrap();
        let others = resource.get(&instance::EBS_BLOCK_DEVICE).unwrap().unwrap();
        assert_eq!((root.len(), others.len()), (1, 1));
        assert_eq!((root[0].volume_size, root[0].encrypted), (Some(8), Some(true)));
        assert_eq!((others[0].device_name.as_str(), others[0].volume_id.as_str()), ("/dev/sdf", "vol-2"));
        assert_eq!(others[0].volume_type.as_deref(), Some("gp3"));
    }

    #[test]
    fn a_volume_that_the_listing_did_not_reach_leaves_the_gap() {
        let i = Instance::builder()
            .root_device_name("/dev/xvda")
            .block_device_mappings(device("/dev/xvda", "vol-1"))
            .build();
        let mut resource = subject(instance::KIND.name);
        put_devices(&mut resource, &i, &BTreeMap::new(), Some(&denied()));
        assert_eq!(resource.get(&instance::ROOT_BLOCK_DEVICE), Err(denied()));
        assert_eq!(resource.get(&instance::EBS_BLOCK_DEVICE), Err(denied()));
    }

    #[test]
    fn only_burstable_instances_are_asked_how_they_burst() {
        let of = |kind| Instance::builder().instance_id("i-1").instance_type(kind).build();
        assert!(may_burst(&of(InstanceType::T3Large)) && may_burst(&of(InstanceType::T4gNano)));
        assert!(!may_burst(&of(InstanceType::M5Large)) && !may_burst(&of(InstanceType::T1Micro)));
        let credits = BTreeMap::from([("i-1".to_owned(), Ok(Some("unlimited".to_owned())))]);
        assert_eq!(
            credit_block(&of(InstanceType::T3Large), &credits),
            Ok(json!([{"cpu_credits": "unlimited"}]))
        );
        assert_eq!(
            credit_block(&of(InstanceType::M5Large), &BTreeMap::new()),
            Ok(json!([{"cpu_credits": null}]))
        );
        let refused = BTreeMap::from([("i-1".to_owned(), Err(denied()))]);
        assert_eq!(credit_block(&of(InstanceType::T3Large), &refused), Err(denied()));
    }

    fn version(number: i64, is_default: bool, image: &str) -> LaunchTemplateVersion {
        let options = LaunchTemplateInstanceMetadataOptions::builder()
            .http_tokens(LaunchTemplateHttpTokensState::Required)
            .build();
        let ebs = LaunchTemplateEbsBlockDevice::builder().volume_size(50).encrypted(true).build();
        LaunchTemplateVersion::builder()
            .launch_template_id("lt-1")
            .version_number(number)
            .default_version(is_default)
            .launch_template_data(
                ResponseLaunchTemplateData::builder()
                    .image_id(image)
                    .metadata_options(options)
                    .block_device_mappings(
                        LaunchTemplateBlockDeviceMapping::builder().device_name("/dev/xvda").ebs(ebs).build(),
                    )
                    .build(),
            )
            .build()
    }

    #[test]
    fn a_template_says_what_its_latest_version_says() {
        use launch_template::*;
        let template = LaunchTemplate::builder()
            .launch_template_id("lt-1")
            .latest_version_number(3)
            .default_version_number(1)
            .build();
        // The same version may come twice, once as the latest and once as the default.
        let items = vec![version(3, false, "ami-3"), version(1, true, "ami-1"), version(3, false, "ami-3")];
        let mut resource = subject(KIND.name);
        put_versions(&mut resource, &template, &Pages { items, gap: None });
        assert_eq!(resource.get(&IMAGE_ID).unwrap().as_deref(), Some("ami-3"));
        let mapping = resource.get(&BLOCK_DEVICE_MAPPINGS).unwrap().unwrap();
        assert_eq!(mapping[0]["ebs"][0]["volume_size"], 50);
        let versions = resource.get(&VERSIONS).unwrap().unwrap();
        assert_eq!(
            versions.iter().map(|v| (v.version, v.is_default)).collect::<Vec<_>>(),
            [(1, true), (3, false)]
        );
        assert_eq!(versions[0].metadata_options[0].http_tokens.as_deref(), Some("required"));
    }

    #[test]
    fn versions_that_a_broken_listing_did_not_reach_are_not_empty() {
        use launch_template::*;
        let template = LaunchTemplate::builder()
            .launch_template_id("lt-1")
            .latest_version_number(3)
            .default_version_number(1)
            .build();
        let half = || vec![version(3, false, "ami-3")];
        let mut resource = subject(KIND.name);
        put_versions(&mut resource, &template, &Pages { items: half(), gap: Some(denied()) });
        assert_eq!(resource.get(&IMAGE_ID), Err(denied()));
        assert_eq!(resource.get(&VERSIONS), Err(denied()));
    }

    #[test]
    fn requirements_are_written_in_terraforms_names() {
        let requirements = aws_sdk_ec2::types::InstanceRequirements::builder()
            .memory_mib(MemoryMiB::builder().min(4096).build())
            .allowed_instance_types("m5.*")
            .build();
        let value = requirements!(requirements);
        assert_eq!(value["memory_mib"], json!([{"min": 4096, "max": null}]));
        assert_eq!(value["allowed_instance_types"], json!(["m5.*"]));
        assert_eq!(value["vcpu_count"], json!([]));
    }

    fn answer(action: &str, content: &str) -> (u16, String) {
        (200, format!("<{action}Response>{content}</{action}Response>"))
    }

    fn refuse() -> (u16, String) {
        let error = "<Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error>";
        (403, format!("<Response><Errors>{error}</Errors></Response>"))
    }

    fn two_instances() -> String {
        let one = |id: &str, kind: &str, state: &str, group: &str| {
            format!(
                "<item><instancesSet><item><instanceId>{id}</instanceId><instanceType>{kind}</instanceType>\
                 <instanceState><name>{state}</name></instanceState><rootDeviceName>/dev/xvda</rootDeviceName>\
                 <blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-{id}</volumeId>\
                 </ebs></item></blockDeviceMapping>{group}</item></instancesSet></item>"
            )
        };
        let group = "<tagSet><item><key>aws:autoscaling:groupName</key><value>g</value></item></tagSet>";
        format!(
            "<reservationSet>{}{}{}</reservationSet>",
            one("i-1", "t3.large", "running", ""),
            one("i-2", "t3.large", "running", group),
            one("i-3", "t3.large", "terminated", "")
        )
    }

    fn estate(asked: &Asked) -> (u16, String) {
        match asked.action() {
            action @ "DescribeInstances" => answer(action, &two_instances()),
            action @ "DescribeVolumes" => answer(
                action,
                "<volumeSet><item><volumeId>vol-i-1</volumeId><size>8</size></item></volumeSet>",
            ),
            action => {
                // A member of a scaling group is not asked how it may burst.
                assert!(asked.body.contains("i-1") && !asked.body.contains("i-2"));
                let credit = "<item><instanceId>i-1</instanceId><cpuCredits>unlimited</cpuCredits></item>";
                answer(
                    action,
                    &format!("<instanceCreditSpecificationSet>{credit}</instanceCreditSpecificationSet>"),
                )
            }
        }
    }

    #[tokio::test]
    async fn instances_and_volumes_are_listed_once_for_all_kinds() {
        let account = Account::new(wanting_all(&instance::KIND), estate);
        let harvest = collect_instances(account.home()).await;
        let ids: Vec<&str> = harvest.resources.iter().map(Resource::id).collect();
        assert_eq!((ids, harvest.gaps), (vec!["i-1", "i-2"], vec![]));
        let first = &harvest.resources[0];
        let root = first.get(&instance::ROOT_BLOCK_DEVICE).unwrap().unwrap();
        assert_eq!(root[0].volume_size, Some(8));
        assert_eq!(
            first.get(&instance::CREDIT_SPECIFICATION).unwrap().unwrap()[0]["cpu_credits"],
            "unlimited"
        );
        assert!(
            instance::KIND
                .attributes
                .iter()
                .all(|attr| attr.path == "disable_api_termination" || first.has(attr.path))
        );
        assert_eq!(collect_volumes(account.home()).await.resources.len(), 1);
        assert_eq!((account.calls("DescribeInstances"), account.calls("DescribeVolumes")), (1, 1));
    }

    #[tokio::test]
    async fn refused_volumes_leave_their_gap_on_the_devices_alone() {
        let account = Account::new(wanting_all(&instance::KIND), |asked| match asked.action() {
            "DescribeVolumes" => refuse(),
            _ => estate(asked),
        });
        let harvest = collect_instances(account.home()).await;
        assert!(harvest.gaps.is_empty());
        let gaps: Vec<&str> = harvest.resources[0]
            .slots()
            .filter(|(_, slot)| matches!(slot, stateward_model::Slot::Unread(_)))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(gaps, ["ebs_block_device", "root_block_device"]);
        assert_eq!(collect_volumes(account.home()).await.gaps.len(), 1);
    }

    #[tokio::test]
    async fn nothing_is_asked_that_nobody_wants() {
        let account = Account::new(wanting(&instance::KIND, &["instance_type"]), estate);
        assert_eq!(collect_instances(account.home()).await.resources.len(), 2);
        let others = ["DescribeVolumes", "DescribeInstanceCreditSpecifications"];
        assert_eq!(others.map(|operation| account.calls(operation)), [0, 0]);
    }

    fn own_and_stock() -> String {
        let one = |id: &str, owner: &str| {
            format!("<item><snapshotId>{id}</snapshotId><ownerId>{owner}</ownerId></item>")
        };
        let own = one("snap-1", "123456789012") + &one("snap-2", "123456789012");
        format!("<snapshotSet>{own}{}</snapshotSet>", one("snap-9", "801119661308"))
    }

    #[tokio::test]
    async fn what_everyone_may_restore_is_told_by_a_second_listing() {
        let account = Account::new(wanting_all(&snapshot::KIND), |asked| {
            let shared = "<snapshotSet><item><snapshotId>snap-2</snapshotId></item></snapshotSet>";
            let content =
                if asked.body.contains("RestorableBy.1=all") { shared.into() } else { own_and_stock() };
            answer(asked.action(), &content)
        });
        let harvest = snapshots(account.home()).await;
        let public: Vec<_> =
            harvest.resources.iter().map(|r| (r.id(), r.get(&snapshot::PUBLIC).unwrap())).collect();
        assert_eq!(public, [("snap-1", Some(false)), ("snap-2", Some(true))]);
        let account = Account::new(wanting_all(&snapshot::KIND), |asked| {
            if asked.body.contains("RestorableBy.1=all") {
                return refuse();
            }
            answer(asked.action(), &own_and_stock())
        });
        let harvest = snapshots(account.home()).await;
        assert!(harvest.gaps.is_empty() && harvest.resources[0].get(&snapshot::PUBLIC).is_err());
    }

    #[tokio::test]
    async fn refused_versions_leave_their_gap_and_no_template_asks_for_none() {
        let listed = "<launchTemplates><item><launchTemplateId>lt-1</launchTemplateId>\
            <latestVersionNumber>1</latestVersionNumber></item></launchTemplates>";
        let account = Account::new(wanting_all(&launch_template::KIND), move |asked| match asked.action() {
            "DescribeLaunchTemplateVersions" => refuse(),
            action => answer(action, listed),
        });
        let harvest = templates(account.home()).await;
        assert!(harvest.gaps.is_empty());
        assert!(harvest.resources[0].get(&launch_template::IMAGE_ID).is_err());
        assert_eq!(harvest.resources[0].get(&launch_template::LATEST_VERSION), Ok(Some(1)));
        let account = Account::new(wanting_all(&launch_template::KIND), |asked| {
            answer(asked.action(), "<launchTemplates/>")
        });
        assert_eq!(templates(account.home()).await, Harvest::default());
        assert_eq!(account.calls("DescribeLaunchTemplateVersions"), 0);
    }

    #[tokio::test]
    async fn the_default_key_is_asked_for_apart() {
        let off = "<ebsEncryptionByDefault>false</ebsEncryptionByDefault>";
        let account =
            Account::new(wanting_all(&encryption_by_default::KIND), move |asked| match asked.action() {
                "GetEbsDefaultKmsKeyId" => refuse(),
                action => answer(action, off),
            });
        let harvest = encryption(account.home()).await;
        assert_eq!(harvest.resources[0].get(&encryption_by_default::ENABLED), Ok(Some(false)));
        assert!(harvest.resources[0].get(&encryption_by_default::DEFAULT_KMS_KEY).is_err());
        let account = Account::new(wanting(&encryption_by_default::KIND, &["enabled"]), move |asked| {
            answer(asked.action(), off)
        });
        encryption(account.home()).await;
        assert_eq!(account.calls("GetEbsDefaultKmsKeyId"), 0);
    }
}
