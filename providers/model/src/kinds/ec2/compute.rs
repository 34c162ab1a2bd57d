//! Amazon EC2: instances, volumes, snapshots, images, launch templates.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attr::{Absent, Attr, Equality::*, Nested};
use crate::compare::hollow;
use crate::kind::{Exclusion, Form, Kind, Satellite};
use crate::resource::Resource;

use crate::kinds::common::{ARN, TAGS, TAGS_ALL};

/// How the instance metadata service answers; of instances, launch templates and launch configurations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetadataOptions {
    /// `enabled` or `disabled`; none is `enabled`.
    pub http_endpoint: Option<String>,
    /// `enabled` or `disabled`.
    pub http_protocol_ipv6: Option<String>,
    /// How many hops an answer may take.
    pub http_put_response_hop_limit: Option<i64>,
    /// `required` (a session token is needed) or `optional`; none is what the image or the account asks for.
    pub http_tokens: Option<String>,
    /// `enabled` or `disabled`.
    pub instance_metadata_tags: Option<String>,
}

/// Members that came with later provider versions: an older state makes no claim about them.
pub(crate) const METADATA_RULES: &[Nested] = &[
    Nested::new("http_protocol_ipv6", Exact).absent(Absent::Unclaimed),
    Nested::new("instance_metadata_tags", Exact).absent(Absent::Unclaimed),
];

/// A volume in the block device mapping of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockDevice {
    /// Whether it goes with the instance.
    pub delete_on_termination: Option<bool>,
    /// Where the instance sees it, `/dev/sdf`.
    pub device_name: String,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
    /// Provisioned I/O operations per second.
    pub iops: Option<i64>,
    /// Its key.
    pub kms_key_id: Option<String>,
    /// The snapshot it was made from.
    pub snapshot_id: Option<String>,
    /// Its tags.
    pub tags: std::collections::BTreeMap<String, String>,
    /// MiB/s of gp3.
    pub throughput: Option<i64>,
    /// Its id.
    pub volume_id: String,
    /// GiB.
    pub volume_size: Option<i64>,
    /// `gp3`, `io2`, …
    pub volume_type: Option<String>,
}

fn text(resource: &Resource, path: &str) -> Option<String> {
    resource.raw(path).ok()?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn has_tag(resource: &Resource, key: &str) -> bool {
    resource.tags().contains_key(key)
}

/// N20: what a cluster's storage driver made for a claim in it.
fn of_kubernetes(resource: &Resource) -> Option<Exclusion> {
    const MARKS: &[&str] = &["kubernetes.io/created-for/pvc/name", "ebs.csi.aws.com/cluster"];
    MARKS
        .iter()
        .any(|mark| has_tag(resource, mark))
        .then_some(Exclusion { rule: "N20", reason: "made by a Kubernetes cluster for one of its claims" })
}

/// N19: what AWS Backup or Data Lifecycle Manager made.
fn of_backup(resource: &Resource) -> Option<Exclusion> {
    if has_tag(resource, "aws:backup:source-resource") {
        return Some(Exclusion { rule: "N19", reason: "a recovery point of AWS Backup" });
    }
    has_tag(resource, "aws:dlm:lifecycle-policy-id")
        .then_some(Exclusion { rule: "N19", reason: "made by a policy of Data Lifecycle Manager" })
}

/// `aws_instance`: instances that are there, in any state but terminated.
pub mod instance {
    use super::*;

    /// The image.
    pub const AMI: Attr<String> = Attr::new("ami", Exact);
    /// Whether it was launched with a public address.
    pub const ASSOCIATE_PUBLIC_IP_ADDRESS: Attr<bool> = Attr::new(
        "associate_public_ip_address",
        Never("follows elastic addresses that come later, and stops with the instance"),
    );
    /// The scaling group that it is a member of.
    pub const AUTOSCALING_GROUP: Attr<String> = Attr::live("autoscaling_group_name");
    /// The zone.
    pub const AVAILABILITY_ZONE: Attr<String> = Attr::new("availability_zone", Exact);
    /// How it may burst. An instance that cannot burst has none, which is as good as `standard`: nothing is billed
    /// beyond it.
    pub const CREDIT_SPECIFICATION: Attr<Value> = Attr::new("credit_specification", Exact)
        .nested(&[Nested::new("cpu_credits", Exact).absent(Absent::Default("\"standard\""))])
        .by(&["ec2:DescribeInstanceCreditSpecifications"]);
    /// Whether a termination is refused.
    pub const DISABLE_API_TERMINATION: Attr<bool> =
        Attr::new("disable_api_termination", Never("told only by a call for each single instance"));
    /// Volumes besides the root volume. Those that are attached by resources of their own are compared there (N25).
    pub const EBS_BLOCK_DEVICE: Attr<Vec<BlockDevice>> =
        Attr::new("ebs_block_device", Set).absent(Absent::Zero).by(&["ec2:DescribeVolumes"]);
    /// Whether it has bandwidth of its own for volumes.
    pub const EBS_OPTIMIZED: Attr<bool> = Attr::new("ebs_optimized", Exact).absent(Absent::Zero);
    /// Whether it may run enclaves.
    pub const ENCLAVE_OPTIONS: Attr<Value> = Attr::new("enclave_options", Exact).absent(Absent::Zero);
    /// Whether it may hibernate.
    pub const HIBERNATION: Attr<bool> = Attr::new("hibernation", Exact).absent(Absent::Zero);
    /// The dedicated host.
    pub const HOST_ID: Attr<String> = Attr::new("host_id", Exact);
    /// The name of its instance profile.
    pub const IAM_INSTANCE_PROFILE: Attr<String> = Attr::new("iam_instance_profile", Reference);
    /// `running`, `stopped`, …
    pub const INSTANCE_STATE: Attr<String> = Attr::new("instance_state", Never("moves with time"));
    /// The type.
    pub const INSTANCE_TYPE: Attr<String> = Attr::new("instance_type", Exact);
    /// IPv6 addresses of its primary interface.
    pub const IPV6_ADDRESSES: Attr<Vec<String>> = Attr::new("ipv6_addresses", Set);
    /// The key pair.
    pub const KEY_NAME: Attr<String> = Attr::new("key_name", Exact);
    /// When it was last started, RFC 3339.
    pub const LAUNCH_TIME: Attr<String> = Attr::live("launch_time");
    /// Whether it recovers by itself when its host fails.
    pub const MAINTENANCE_OPTIONS: Attr<Value> = Attr::new("maintenance_options", Exact)
        .nested(&[Nested::new("auto_recovery", Exact).absent(Absent::Default("\"default\""))]);
    /// The metadata service.
    pub const METADATA_OPTIONS: Attr<Vec<MetadataOptions>> =
        Attr::new("metadata_options", Exact).nested(METADATA_RULES);
    /// Whether metrics come every minute.
    pub const MONITORING: Attr<bool> = Attr::new("monitoring", Exact).absent(Absent::Zero);
    /// The placement group.
    pub const PLACEMENT_GROUP: Attr<String> = Attr::new("placement_group", Exact);
    /// The partition of the placement group.
    pub const PLACEMENT_PARTITION_NUMBER: Attr<i64> =
        Attr::new("placement_partition_number", Exact).absent(Absent::Zero);
    /// Its primary interface.
    pub const PRIMARY_NETWORK_INTERFACE_ID: Attr<String> =
        Attr::new("primary_network_interface_id", Never("computed"));
    /// The private address.
    pub const PRIVATE_IP: Attr<String> = Attr::new("private_ip", Exact);
    /// The public address, elastic or not; none while it has none.
    pub const PUBLIC_IP: Attr<String> =
        Attr::new("public_ip", Never("changes with every start of the instance"));
    /// The root volume.
    pub const ROOT_BLOCK_DEVICE: Attr<Vec<BlockDevice>> = Attr::new("root_block_device", Exact)
        .absent(Absent::Zero)
        .nested(&[
            Nested::new("device_name", Never("computed")),
            Nested::new("volume_id", Never("computed")),
            Nested::new("snapshot_id", Never("follows the image")),
            Nested::new("kms_key_id", Reference),
            // With `volume_tags` in use, the state leaves them empty here.
            Nested::new("tags", Tags).absent(Absent::Unclaimed),
            Nested::new("tags_all", Never("compared through tags")),
        ])
        .by(&["ec2:DescribeVolumes"]);
    /// Further private addresses of its primary interface.
    pub const SECONDARY_PRIVATE_IPS: Attr<Vec<String>> = Attr::new("secondary_private_ips", Set);
    /// Whether it may only send and receive in its own name; off in a NAT instance.
    pub const SOURCE_DEST_CHECK: Attr<bool> =
        Attr::new("source_dest_check", Exact).absent(Absent::Default("true"));
    /// The subnet.
    pub const SUBNET_ID: Attr<String> = Attr::new("subnet_id", Exact);
    /// `default`, `dedicated` or `host`.
    pub const TENANCY: Attr<String> = Attr::new("tenancy", Exact).absent(Absent::Default("\"default\""));
    /// The VPC.
    pub const VPC_ID: Attr<String> = Attr::live("vpc_id");
    /// Security groups of its primary interface. Where they were given by name, the state leaves the ids empty.
    pub const VPC_SECURITY_GROUP_IDS: Attr<Vec<String>> =
        Attr::new("vpc_security_group_ids", Set).absent(Absent::Unclaimed);

    /// N19: members of a scaling group come and go with it.
    fn member(resource: &Resource) -> Option<Exclusion> {
        if has_tag(resource, "aws:autoscaling:groupName") {
            return Some(Exclusion { rule: "N19", reason: "a member of a scaling group" });
        }
        None
    }

    /// What must be equal of a volume: an attachment says less than a block, so that each is held to what it says.
    const DEVICE: &[&str] = &[
        "volume_id",
        "delete_on_termination",
        "encrypted",
        "iops",
        "kms_key_id",
        "throughput",
        "volume_size",
        "volume_type",
    ];

    /// The atoms of block devices: the device is the identity, what is said of the volume is the value.
    fn devices(_: &Resource, _: &'static str, value: &Value) -> Vec<Value> {
        let blocks = value.as_array().map(Vec::as_slice).unwrap_or_default();
        blocks
            .iter()
            .filter_map(|block| {
                let device = block.get("device_name")?.as_str().filter(|device| !device.is_empty())?;
                let mut atom = Map::from_iter([("key".to_owned(), json!(device))]);
                for name in DEVICE {
                    if let Some(value) = block.get(name).filter(|value| !hollow(value, Absent::Zero)) {
                        atom.insert((*name).to_owned(), value.clone());
                    }
                }
                Some(Value::Object(atom))
            })
            .collect()
    }

    fn attached(part: &Resource) -> Vec<(&'static str, Value)> {
        let (Some(device), Some(volume)) = (text(part, "device_name"), text(part, "volume_id")) else {
            return Vec::new();
        };
        vec![("ebs_block_device", json!({ "key": device, "volume_id": volume }))]
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_instance",
        service: "ec2",
        listed_by: &["ec2:DescribeInstances"],
        attributes: &[
            AMI.any(),
            ARN.any(),
            ASSOCIATE_PUBLIC_IP_ADDRESS.any(),
            AUTOSCALING_GROUP.any(),
            AVAILABILITY_ZONE.any(),
            CREDIT_SPECIFICATION.any(),
            DISABLE_API_TERMINATION.any(),
            EBS_BLOCK_DEVICE.any(),
            EBS_OPTIMIZED.any(),
            ENCLAVE_OPTIONS.any(),
            HIBERNATION.any(),
            HOST_ID.any(),
            IAM_INSTANCE_PROFILE.any(),
            INSTANCE_STATE.any(),
            INSTANCE_TYPE.any(),
            IPV6_ADDRESSES.any(),
            KEY_NAME.any(),
            LAUNCH_TIME.any(),
            MAINTENANCE_OPTIONS.any(),
            METADATA_OPTIONS.any(),
            MONITORING.any(),
            PLACEMENT_GROUP.any(),
            PLACEMENT_PARTITION_NUMBER.any(),
            PRIMARY_NETWORK_INTERFACE_ID.any(),
            PRIVATE_IP.any(),
            PUBLIC_IP.any(),
            ROOT_BLOCK_DEVICE.any(),
            SECONDARY_PRIVATE_IPS.any(),
            SOURCE_DEST_CHECK.any(),
            SUBNET_ID.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            TENANCY.any(),
            VPC_ID.any(),
            VPC_SECURITY_GROUP_IDS.any(),
        ],
        satellites: &[Satellite {
            kind: "aws_volume_attachment",
            owner_id: |part| text(part, "instance_id"),
            form: Form::Atoms { attributes: &["ebs_block_device"], claims: attached, atoms: devices },
        }],
        exclusion: member,
        ..Kind::BASE
    };
}

/// `aws_volume_attachment`: a volume at a device of an instance; its live side is the instance's block devices (N25).
pub mod volume_attachment {
    use super::*;

    /// Where the instance sees it.
    pub const DEVICE_NAME: Attr<String> = Attr::new("device_name", Exact);
    /// The instance.
    pub const INSTANCE_ID: Attr<String> = Attr::new("instance_id", Exact);
    /// The volume.
    pub const VOLUME_ID: Attr<String> = Attr::new("volume_id", Exact);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_volume_attachment",
        service: "ec2",
        attributes: &[DEVICE_NAME.any(), INSTANCE_ID.any(), VOLUME_ID.any()],
        ..Kind::BASE
    };
}

/// `aws_ebs_volume`. A volume that is attached is excluded (N19), root volumes too: a check of attached volumes must
/// include what is excluded.
pub mod volume {
    use super::*;

    /// An instance that has the volume.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Attachment {
        /// The instance.
        pub instance_id: String,
        /// Where the instance sees it.
        pub device: String,
        /// `attached`, `attaching`, `detaching`, …
        pub state: Option<String>,
        /// Whether it goes with the instance.
        pub delete_on_termination: Option<bool>,
    }

    /// Who has it; empty when nobody does.
    pub const ATTACHMENTS: Attr<Vec<Attachment>> = Attr::live("attachments");
    /// The zone.
    pub const AVAILABILITY_ZONE: Attr<String> = Attr::new("availability_zone", Exact);
    /// When it was made, RFC 3339.
    pub const CREATE_TIME: Attr<String> = Attr::new("create_time", Never("computed"));
    /// Whether it is encrypted.
    pub const ENCRYPTED: Attr<bool> = Attr::new("encrypted", Exact).absent(Absent::Zero);
    /// Provisioned I/O operations per second.
    pub const IOPS: Attr<i64> = Attr::new("iops", Exact).absent(Absent::Zero);
    /// Its key.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Reference);
    /// Whether several instances may have it at once.
    pub const MULTI_ATTACH_ENABLED: Attr<bool> =
        Attr::new("multi_attach_enabled", Exact).absent(Absent::Zero);
    /// The outpost.
    pub const OUTPOST_ARN: Attr<String> = Attr::new("outpost_arn", Exact);
    /// GiB.
    pub const SIZE: Attr<i64> = Attr::new("size", Exact);
    /// The snapshot it was made from.
    pub const SNAPSHOT_ID: Attr<String> = Attr::new("snapshot_id", Exact);
    /// `available` (attached to nothing), `in-use`, `creating`, …
    pub const STATE: Attr<String> = Attr::live("state");
    /// MiB/s of gp3.
    pub const THROUGHPUT: Attr<i64> = Attr::new("throughput", Exact).absent(Absent::Zero);
    /// `gp3`, `io2`, …
    pub const TYPE: Attr<String> = Attr::new("type", Exact);
    /// MiB/s at which it is filled from its snapshot.
    pub const VOLUME_INITIALIZATION_RATE: Attr<i64> =
        Attr::new("volume_initialization_rate", Exact).absent(Absent::Zero);

    /// N19: attached volumes are judged with their instance, which tells of those that nobody declared.
    fn attached(resource: &Resource) -> Option<Exclusion> {
        let attachments = resource.get(&ATTACHMENTS).ok().flatten().unwrap_or_default();
        if !attachments.is_empty() {
            return Some(Exclusion { rule: "N19", reason: "a volume of an instance" });
        }
        of_kubernetes(resource)
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_ebs_volume",
        service: "ec2",
        listed_by: &["ec2:DescribeVolumes"],
        attributes: &[
            ARN.any(),
            ATTACHMENTS.any(),
            AVAILABILITY_ZONE.any(),
            CREATE_TIME.any(),
            ENCRYPTED.any(),
            IOPS.any(),
            KMS_KEY_ID.any(),
            MULTI_ATTACH_ENABLED.any(),
            OUTPOST_ARN.any(),
            SIZE.any(),
            SNAPSHOT_ID.any(),
            STATE.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            THROUGHPUT.any(),
            TYPE.any(),
            VOLUME_INITIALIZATION_RATE.any(),
        ],
        exclusion: attached,
        ..Kind::BASE
    };
}

/// `aws_ebs_snapshot`: snapshots of this account.
pub mod snapshot {
    use super::*;

    /// The description.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// Whether it is encrypted.
    pub const ENCRYPTED: Attr<bool> = Attr::new("encrypted", Never("cannot change"));
    /// Its key.
    pub const KMS_KEY_ID: Attr<String> = Attr::new("kms_key_id", Never("cannot change"));
    /// Whether everyone may make volumes of it.
    pub const PUBLIC: Attr<bool> = Attr::live("public").by(&["ec2:DescribeSnapshots"]);
    /// When it was begun, RFC 3339: the moment whose data it holds.
    pub const START_TIME: Attr<String> = Attr::live("start_time");
    /// `completed`, `pending`, `error`, `recoverable` or `recovering`.
    pub const STATE: Attr<String> = Attr::live("state");
    /// `standard` or `archive`.
    pub const STORAGE_TIER: Attr<String> =
        Attr::new("storage_tier", Exact).absent(Absent::Default("\"standard\""));
    /// The volume; of a copy, an id that means nothing.
    pub const VOLUME_ID: Attr<String> = Attr::new("volume_id", Never("cannot change"));
    /// GiB.
    pub const VOLUME_SIZE: Attr<i64> = Attr::new("volume_size", Never("cannot change"));

    /// N19: AWS writes the descriptions of snapshots that belong to an image.
    fn of_parent(resource: &Resource) -> Option<Exclusion> {
        const OF_IMAGES: &[&str] = &["Created by CreateImage(", "Copied for DestinationAmi "];
        let description = text(resource, "description").unwrap_or_default();
        if OF_IMAGES.iter().any(|words| description.starts_with(words)) {
            return Some(Exclusion { rule: "N19", reason: "a snapshot of an image" });
        }
        of_backup(resource).or_else(|| of_kubernetes(resource))
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_ebs_snapshot",
        aliases: &["aws_ebs_snapshot_copy", "aws_ebs_snapshot_import"],
        service: "ec2",
        listed_by: &["ec2:DescribeSnapshots"],
        attributes: &[
            ARN.any(),
            DESCRIPTION.any(),
            ENCRYPTED.any(),
            KMS_KEY_ID.any(),
            PUBLIC.any(),
            START_TIME.any(),
            STATE.any(),
            STORAGE_TIER.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            VOLUME_ID.any(),
            VOLUME_SIZE.any(),
        ],
        exclusion: of_parent,
        ..Kind::BASE
    };
}

/// `aws_ami`: images of this account.
pub mod ami {
    use super::*;

    /// `x86_64`, `arm64`, …
    pub const ARCHITECTURE: Attr<String> = Attr::new("architecture", Never("cannot change"));
    /// When it was made, RFC 3339.
    pub const CREATION_DATE: Attr<String> = Attr::live("creation_date");
    /// The description.
    pub const DESCRIPTION: Attr<String> = Attr::new("description", Exact);
    /// `v2.0` where instances must use session tokens.
    pub const IMDS_SUPPORT: Attr<String> = Attr::new("imds_support", Exact);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Never("cannot change"));
    /// Whether everyone may launch it.
    pub const PUBLIC: Attr<bool> = Attr::new("public", Never("computed"));
    /// The snapshots behind its devices.
    pub const SNAPSHOT_IDS: Attr<Vec<String>> = Attr::live("snapshot_ids");
    /// The image that it is a copy of.
    pub const SOURCE_AMI_ID: Attr<String> = Attr::new("source_ami_id", Never("cannot change"));
    /// The region of that image.
    pub const SOURCE_AMI_REGION: Attr<String> = Attr::new("source_ami_region", Never("cannot change"));
    /// `available`, `pending`, `failed`, `disabled`, …
    pub const STATE: Attr<String> = Attr::live("state");

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_ami",
        aliases: &["aws_ami_copy", "aws_ami_from_instance"],
        service: "ec2",
        listed_by: &["ec2:DescribeImages"],
        attributes: &[
            ARCHITECTURE.any(),
            ARN.any(),
            CREATION_DATE.any(),
            DESCRIPTION.any(),
            IMDS_SUPPORT.any(),
            NAME.any(),
            PUBLIC.any(),
            SNAPSHOT_IDS.any(),
            SOURCE_AMI_ID.any(),
            SOURCE_AMI_REGION.any(),
            STATE.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        exclusion: of_backup,
        ..Kind::BASE
    };
}

/// What AWS fills in where a requirement is not said, and lists without order.
const REQUIREMENTS: &[Nested] = &[
    Nested::new("accelerator_manufacturers", Set).absent(Absent::Unclaimed),
    Nested::new("accelerator_names", Set).absent(Absent::Unclaimed),
    Nested::new("accelerator_types", Set).absent(Absent::Unclaimed),
    Nested::new("allowed_instance_types", Set).absent(Absent::Unclaimed),
    Nested::new("bare_metal", Exact).absent(Absent::Unclaimed),
    Nested::new("burstable_performance", Exact).absent(Absent::Unclaimed),
    Nested::new("cpu_manufacturers", Set).absent(Absent::Unclaimed),
    Nested::new("excluded_instance_types", Set).absent(Absent::Unclaimed),
    Nested::new("instance_generations", Set).absent(Absent::Unclaimed),
    Nested::new("local_storage", Exact).absent(Absent::Unclaimed),
    Nested::new("local_storage_types", Set).absent(Absent::Unclaimed),
];

/// `aws_launch_template`. What it says is what its latest version says, as Terraform has it.
pub mod launch_template {
    use super::*;

    /// One of the versions that somebody may launch: the default one, or the latest one.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default)]
    pub struct Version {
        /// Its number.
        pub version: i64,
        /// Whether it is what `$Default` means.
        pub is_default: bool,
        /// The image; none when the launch names it.
        pub image_id: Option<String>,
        /// The type; none when the launch names it.
        pub instance_type: Option<String>,
        /// The metadata service; empty when the image or the account decides.
        pub metadata_options: Vec<MetadataOptions>,
        /// Whether a primary interface gets a public address; none when the subnet decides.
        pub associate_public_ip_address: Option<bool>,
    }

    const VERSIONS_CALL: &[&str] = &["ec2:DescribeLaunchTemplateVersions"];

    const fn content<T>(path: &'static str, equality: crate::attr::Equality) -> Attr<T> {
        Attr::new(path, equality).absent(Absent::Zero).by(VERSIONS_CALL)
    }

    /// Volumes.
    pub const BLOCK_DEVICE_MAPPINGS: Attr<Value> =
        content("block_device_mappings", Set).nested(&[Nested::new("ebs.kms_key_id", Reference)]);
    /// Reserved capacity to use.
    pub const CAPACITY_RESERVATION_SPECIFICATION: Attr<Value> =
        content("capacity_reservation_specification", Exact);
    /// Cores and threads.
    pub const CPU_OPTIONS: Attr<Value> = content("cpu_options", Exact);
    /// How instances may burst.
    pub const CREDIT_SPECIFICATION: Attr<Value> = content("credit_specification", Exact);
    /// What `$Default` means.
    pub const DEFAULT_VERSION: Attr<i64> = Attr::new("default_version", Exact);
    /// The description of the latest version.
    pub const DESCRIPTION: Attr<String> = content("description", Exact);
    /// Whether a stop is refused.
    pub const DISABLE_API_STOP: Attr<bool> = content("disable_api_stop", Exact);
    /// Whether a termination is refused.
    pub const DISABLE_API_TERMINATION: Attr<bool> = content("disable_api_termination", Exact);
    /// Bandwidth for volumes; a flag that the schema writes as text.
    pub const EBS_OPTIMIZED: Attr<Value> = content("ebs_optimized", Exact);
    /// Whether instances may run enclaves.
    pub const ENCLAVE_OPTIONS: Attr<Value> = content("enclave_options", Exact);
    /// Whether instances may hibernate.
    pub const HIBERNATION_OPTIONS: Attr<Value> = content("hibernation_options", Exact);
    /// The instance profile.
    pub const IAM_INSTANCE_PROFILE: Attr<Value> = content("iam_instance_profile", Exact);
    /// The image.
    pub const IMAGE_ID: Attr<String> = content("image_id", Exact);
    /// What a shutdown from within does.
    pub const INSTANCE_INITIATED_SHUTDOWN_BEHAVIOR: Attr<String> =
        content("instance_initiated_shutdown_behavior", Exact);
    /// Spot or not.
    pub const INSTANCE_MARKET_OPTIONS: Attr<Value> = content("instance_market_options", Exact)
        .nested(&[Nested::new("spot_options.valid_until", Never("server-chosen where it is not given"))]);
    /// Types by what they must have.
    pub const INSTANCE_REQUIREMENTS: Attr<Value> =
        content("instance_requirements", Exact).nested(REQUIREMENTS);
    /// The type.
    pub const INSTANCE_TYPE: Attr<String> = content("instance_type", Exact);
    /// The kernel.
    pub const KERNEL_ID: Attr<String> = content("kernel_id", Exact);
    /// The key pair.
    pub const KEY_NAME: Attr<String> = content("key_name", Exact);
    /// What `$Latest` means.
    pub const LATEST_VERSION: Attr<i64> = Attr::new("latest_version", Never("its contents are compared"));
    /// Licences.
    pub const LICENSE_SPECIFICATION: Attr<Value> = content("license_specification", Set);
    /// Whether instances recover by themselves.
    pub const MAINTENANCE_OPTIONS: Attr<Value> = content("maintenance_options", Exact);
    /// The metadata service.
    pub const METADATA_OPTIONS: Attr<Vec<MetadataOptions>> =
        content("metadata_options", Exact).nested(METADATA_RULES);
    /// Whether metrics come every minute.
    pub const MONITORING: Attr<Value> = content("monitoring", Exact);
    /// Its name.
    pub const NAME: Attr<String> = Attr::new("name", Exact);
    /// Interfaces.
    pub const NETWORK_INTERFACES: Attr<Value> = content("network_interfaces", Exact).nested(&[
        Nested::new("security_groups", Set),
        Nested::new("ipv4_addresses", Set),
        Nested::new("ipv4_prefixes", Set),
        Nested::new("ipv6_addresses", Set),
        Nested::new("ipv6_prefixes", Set),
        Nested::new("connection_tracking_specification", Never("not read")),
        Nested::new("ena_srd_specification", Never("not read")),
    ]);
    /// Where instances are placed.
    pub const PLACEMENT: Attr<Value> = content("placement", Exact);
    /// Host names.
    pub const PRIVATE_DNS_NAME_OPTIONS: Attr<Value> = content("private_dns_name_options", Exact);
    /// The RAM disk.
    pub const RAM_DISK_ID: Attr<String> = content("ram_disk_id", Exact);
    /// Security groups by name.
    pub const SECURITY_GROUP_NAMES: Attr<Vec<String>> = content("security_group_names", Set);
    /// Tags of what is launched.
    pub const TAG_SPECIFICATIONS: Attr<Value> =
        content("tag_specifications", Set).nested(&[Nested::new("tags", Tags)]);
    /// The default version and the latest one; one entry where they are the same.
    pub const VERSIONS: Attr<Vec<Version>> = Attr::live("versions").by(VERSIONS_CALL);
    /// Security groups.
    pub const VPC_SECURITY_GROUP_IDS: Attr<Vec<String>> = content("vpc_security_group_ids", Set);

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_launch_template",
        service: "ec2",
        listed_by: &["ec2:DescribeLaunchTemplates"],
        attributes: &[
            ARN.any(),
            BLOCK_DEVICE_MAPPINGS.any(),
            CAPACITY_RESERVATION_SPECIFICATION.any(),
            CPU_OPTIONS.any(),
            CREDIT_SPECIFICATION.any(),
            DEFAULT_VERSION.any(),
            DESCRIPTION.any(),
            DISABLE_API_STOP.any(),
            DISABLE_API_TERMINATION.any(),
            EBS_OPTIMIZED.any(),
            ENCLAVE_OPTIONS.any(),
            HIBERNATION_OPTIONS.any(),
            IAM_INSTANCE_PROFILE.any(),
            IMAGE_ID.any(),
            INSTANCE_INITIATED_SHUTDOWN_BEHAVIOR.any(),
            INSTANCE_MARKET_OPTIONS.any(),
            INSTANCE_REQUIREMENTS.any(),
            INSTANCE_TYPE.any(),
            KERNEL_ID.any(),
            KEY_NAME.any(),
            LATEST_VERSION.any(),
            LICENSE_SPECIFICATION.any(),
            MAINTENANCE_OPTIONS.any(),
            METADATA_OPTIONS.any(),
            MONITORING.any(),
            NAME.any(),
            NETWORK_INTERFACES.any(),
            PLACEMENT.any(),
            PRIVATE_DNS_NAME_OPTIONS.any(),
            RAM_DISK_ID.any(),
            SECURITY_GROUP_NAMES.any(),
            TAGS.any(),
            TAGS_ALL.any(),
            TAG_SPECIFICATIONS.any(),
            VERSIONS.any(),
            VPC_SECURITY_GROUP_IDS.any(),
        ],
        exclusion: of_node_group,
        ..Kind::BASE
    };

    /// N19: EKS makes a template of its own for each managed node group.
    fn of_node_group(resource: &Resource) -> Option<Exclusion> {
        has_tag(resource, "eks:nodegroup-name")
            .then_some(Exclusion { rule: "N19", reason: "made by EKS for a node group" })
    }
}

/// `aws_key_pair`.
pub mod key_pair {
    use super::*;

    /// The fingerprint of the public key.
    pub const FINGERPRINT: Attr<String> = Attr::new("fingerprint", Exact);
    /// Its name: the identity.
    pub const KEY_NAME: Attr<String> = Attr::new("key_name", Exact);
    /// `key-…`: never used again after a delete.
    pub const KEY_PAIR_ID: Attr<String> = Attr::new("key_pair_id", Never("computed"));

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_key_pair",
        service: "ec2",
        listed_by: &["ec2:DescribeKeyPairs"],
        attributes: &[
            ARN.any(),
            FINGERPRINT.any(),
            KEY_NAME.any(),
            KEY_PAIR_ID.any(),
            TAGS.any(),
            TAGS_ALL.any(),
        ],
        ..Kind::BASE
    };
}

/// `aws_ebs_encryption_by_default`: a setting that every region has.
pub mod encryption_by_default {
    use super::*;

    /// The id of the one setting of a region: its import id.
    pub const ID: &str = "default";

    /// The key that new volumes get when they name none: an ARN, or the alias of AWS's own key.
    pub const DEFAULT_KMS_KEY: Attr<String> =
        Attr::live("default_kms_key").by(&["ec2:GetEbsDefaultKmsKeyId"]);
    /// Whether new volumes and copies of snapshots are encrypted although nobody asks.
    pub const ENABLED: Attr<bool> = Attr::new("enabled", Exact).absent(Absent::Default("true"));

    fn key_block(value: &Value) -> Option<Map<String, Value>> {
        value.as_str().map(|key| Map::from_iter([("key_arn".to_owned(), json!(key))]))
    }

    /// The kind.
    pub static KIND: Kind = Kind {
        name: "aws_ebs_encryption_by_default",
        service: "ec2",
        listed_by: &["ec2:GetEbsEncryptionByDefault"],
        attributes: &[DEFAULT_KMS_KEY.any(), ENABLED.any()],
        satellites: &[Satellite {
            kind: "aws_ebs_default_kms_key",
            owner_id: |_| Some(ID.to_owned()),
            form: Form::Block {
                attribute: "default_kms_key",
                from_owner: key_block,
                to_owner: |part| part.raw("key_arn").cloned(),
            },
        }],
        // Provider 3 stores an id that it makes up.
        identity: |_| Some(ID.to_owned()),
        exclusion: |resource| {
            let enabled = resource.get(&ENABLED).ok().flatten().unwrap_or(true);
            (!enabled)
                .then_some(Exclusion { rule: "N18", reason: "off, as AWS sets it in every new account" })
        },
        ..Kind::BASE
    };
}

/// `aws_ebs_default_kms_key`: the key of [`encryption_by_default`], declared apart.
pub mod default_kms_key {
    use super::*;

    /// The key.
    pub const KEY_ARN: Attr<String> = Attr::new("key_arn", Reference);

    /// The kind.
    pub static KIND: Kind =
        Kind { name: "aws_ebs_default_kms_key", service: "ec2", attributes: &[KEY_ARN.any()], ..Kind::BASE };
}

/// The kinds of this file.
pub const KINDS: &[&Kind] = &[
    &instance::KIND,
    &volume_attachment::KIND,
    &volume::KIND,
    &snapshot::KIND,
    &ami::KIND,
    &launch_template::KIND,
    &key_pair::KIND,
    &encryption_by_default::KIND,
    &default_kms_key::KIND,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Place, Slot};

    fn resource(kind: &Kind, attributes: &[(&'static str, Value)]) -> Resource {
        let mut resource = Resource::new(Place::new("1", "us-west-2"), kind.name, "x");
        for (path, value) in attributes {
            resource.put_raw(*path, Slot::Known(value.clone()));
        }
        resource
    }

    fn rule(kind: &Kind, attributes: &[(&'static str, Value)]) -> Option<&'static str> {
        (kind.exclusion)(&resource(kind, attributes)).map(|exclusion| exclusion.rule)
    }

    #[test]
    fn an_attachment_names_what_a_block_describes() {
        let Form::Atoms { claims, atoms, .. } = instance::KIND.satellites[0].form else { panic!("atoms") };
        let block = json!([{
            "device_name": "/dev/sdf", "volume_id": "vol-1", "volume_size": 100, "iops": 0, "kms_key_id": "",
            "encrypted": false, "snapshot_id": "snap-1", "tags": {"a": "b"}, "volume_type": "gp3",
        }]);
        let owner = resource(&instance::KIND, &[]);
        let present = atoms(&owner, "ebs_block_device", &block);
        let described =
            json!({"key": "/dev/sdf", "volume_id": "vol-1", "volume_size": 100, "volume_type": "gp3"});
        assert_eq!(present, vec![described]);
        let part = resource(
            &volume_attachment::KIND,
            &[("device_name", json!("/dev/sdf")), ("volume_id", json!("vol-1"))],
        );
        assert_eq!(
            claims(&part),
            vec![("ebs_block_device", json!({"key": "/dev/sdf", "volume_id": "vol-1"}))]
        );
    }

    #[test]
    fn what_belongs_to_a_parent_is_excluded_and_nothing_else() {
        let tags = |key: &str| [("tags_all", json!({ key: "x", "Name": "y" }))];
        assert_eq!(rule(&instance::KIND, &tags("aws:autoscaling:groupName")), Some("N19"));
        assert_eq!(rule(&instance::KIND, &tags("Role")), None);
        let attached = [("attachments", json!([{"instance_id": "i-1", "device": "/dev/sda1"}]))];
        assert_eq!(rule(&volume::KIND, &attached), Some("N19"));
        assert_eq!(rule(&volume::KIND, &[("attachments", json!([]))]), None);
        assert_eq!(rule(&volume::KIND, &tags("ebs.csi.aws.com/cluster")), Some("N20"));
        let described = |text: &str| [("description", json!(text))];
        assert_eq!(rule(&snapshot::KIND, &described("Created by CreateImage(i-1) for ami-1")), Some("N19"));
        assert_eq!(rule(&snapshot::KIND, &described("Created by hand")), None);
        assert_eq!(rule(&snapshot::KIND, &tags("aws:backup:source-resource")), Some("N19"));
        assert_eq!(rule(&ami::KIND, &tags("aws:dlm:lifecycle-policy-id")), Some("N19"));
        assert_eq!(rule(&launch_template::KIND, &tags("eks:nodegroup-name")), Some("N19"));
    }

    #[test]
    fn a_region_has_one_setting_of_encryption_whatever_id_a_state_makes_up() {
        let kind = &encryption_by_default::KIND;
        assert_eq!((kind.identity)(&resource(kind, &[])).as_deref(), Some("default"));
        assert_eq!(rule(kind, &[("enabled", json!(false))]), Some("N18"));
        assert_eq!(rule(kind, &[("enabled", json!(true))]), None);
        assert_eq!(rule(kind, &[]), None);
        let Form::Block { from_owner, to_owner, .. } = kind.satellites[0].form else { panic!("a block") };
        let block = from_owner(&json!("arn:k")).unwrap();
        let part = resource(&default_kms_key::KIND, &[("key_arn", block["key_arn"].clone())]);
        assert_eq!(to_owner(&part), Ok(json!("arn:k")));
        assert_eq!(from_owner(&Value::Null), None);
    }
}
