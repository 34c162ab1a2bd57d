//! Volumes, snapshots, images and file systems.

use std::collections::BTreeSet;

use stateward_model::Resource;
use stateward_model::kinds::common::{ARN, TAGS, TAGS_ALL};
use stateward_model::kinds::ec2::compute::{ami, encryption_by_default, snapshot, volume, volume_attachment};
use stateward_model::kinds::efs::{file_system, mount_target};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::not_in_state;
use crate::checks::selection::{self, is_protected};
use crate::inventory::Side;

pub const STO_11: Check = Check {
    id: "STO-11",
    alias: "ebs-encryption-by-default",
    title: "EBS encryption by default in every audited region",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::EachIncludingExcluded(&encryption_by_default::KIND, encrypted_by_default),
    reads: &[Reads {
        kind: &encryption_by_default::KIND,
        attributes: &[encryption_by_default::ENABLED.any()],
    }],
    page: include_str!("../../../docs/checks/STO-11.md"),
};

fn encrypted_by_default(resource: &Resource, view: &View) -> Verdict {
    // An argument that is left out means true.
    let default = view.side == Side::Declared;
    if resource.get(&encryption_by_default::ENABLED)?.unwrap_or(default) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("new volumes in {} are not encrypted unless somebody asks", resource.region())))
}

pub const STO_12: Check = Check {
    id: "STO-12",
    alias: "ebs-volumes-encrypted",
    title: "Attached volumes are encrypted",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::EachIncludingExcluded(&volume::KIND, volume_encrypted),
    reads: &[
        Reads { kind: &volume::KIND, attributes: &[volume::ATTACHMENTS.any(), volume::ENCRYPTED.any()] },
        Reads { kind: &volume_attachment::KIND, attributes: &[volume_attachment::VOLUME_ID.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-12.md"),
};

fn volume_encrypted(resource: &Resource, view: &View) -> Verdict {
    let encrypted = resource.get_or_default(&volume::ENCRYPTED)?;
    if view.side == Side::Declared {
        return declared_volume(resource, encrypted, view);
    }
    let attachments = resource.get_or_default(&volume::ATTACHMENTS)?;
    let Some(attachment) = attachments.first() else {
        return Ok(Outcome::NotApplicable("attached to nothing"));
    };
    Ok(match encrypted {
        true => Outcome::Pass,
        false => Outcome::Fail(format!(
            "the volume {} of {} is not encrypted",
            attachment.device, attachment.instance_id
        )),
    })
}

/// In a state attachments are resources of their own, and may stand in another state.
fn declared_volume(resource: &Resource, encrypted: bool, view: &View) -> Verdict {
    if encrypted {
        return Ok(Outcome::Pass);
    }
    for attachment in view.inventory.of(&volume_attachment::KIND) {
        if attachment.get(&volume_attachment::VOLUME_ID)?.as_deref() == Some(resource.id()) {
            return Ok(Outcome::Fail("the volume is not encrypted".into()));
        }
    }
    Err(not_in_state("whether the volume is attached"))
}

pub const STO_13: Check = Check {
    id: "STO-13",
    alias: "snapshots-images-not-public",
    title: "No snapshot or image is shared with everyone",
    component: "storage",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Small,
    subject: Subject::EachOfIncludingExcluded(&[&snapshot::KIND, &ami::KIND], not_public),
    reads: &[
        Reads { kind: &snapshot::KIND, attributes: &[snapshot::PUBLIC.any()] },
        Reads { kind: &ami::KIND, attributes: &[ami::PUBLIC.any()] },
    ],
    page: include_str!("../../../docs/checks/STO-13.md"),
};

fn not_public(resource: &Resource, _: &View) -> Verdict {
    // Snapshots and images have the flag under the same name.
    if !resource.get_or_default(&ami::PUBLIC)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(match resource.kind() == ami::KIND.name {
        true => "every AWS account may launch the image and read its disks".into(),
        false => "every AWS account may make a volume of the snapshot and read it".into(),
    }))
}

pub const STO_14: Check = Check {
    id: "STO-14",
    alias: "ebs-snapshots-encrypted",
    title: "Snapshots are encrypted",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&snapshot::KIND, snapshot_encrypted),
    reads: &[Reads { kind: &snapshot::KIND, attributes: &[snapshot::ENCRYPTED.any()] }],
    page: include_str!("../../../docs/checks/STO-14.md"),
};

fn snapshot_encrypted(resource: &Resource, _: &View) -> Verdict {
    Ok(match resource.get_or_default(&snapshot::ENCRYPTED)? {
        true => Outcome::Pass,
        false => Outcome::Fail("the snapshot is not encrypted".into()),
    })
}

pub const STO_15: Check = Check {
    id: "STO-15",
    alias: "efs-encrypted",
    title: "EFS encrypted at rest",
    component: "storage",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Each(&file_system::KIND, file_system_encrypted),
    reads: &[Reads { kind: &file_system::KIND, attributes: &[file_system::ENCRYPTED.any()] }],
    page: include_str!("../../../docs/checks/STO-15.md"),
};

fn file_system_encrypted(resource: &Resource, _: &View) -> Verdict {
    Ok(match resource.get_or_default(&file_system::ENCRYPTED)? {
        true => Outcome::Pass,
        false => Outcome::Fail("the file system is not encrypted".into()),
    })
}

pub const STO_16: Check = Check {
    id: "STO-16",
    alias: "efs-backed-up",
    title: "EFS is backed up",
    component: "storage",
    category: Category::Backup,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&file_system::KIND, file_system_backed_up),
    reads: &[
        Reads {
            kind: &file_system::KIND,
            attributes: &[file_system::BACKUP_POLICY.any(), ARN.any(), TAGS.any(), TAGS_ALL.any()],
        },
        selection::PROTECTED,
        selection::READS,
    ],
    page: include_str!("../../../docs/checks/STO-16.md"),
};

fn file_system_backed_up(resource: &Resource, view: &View) -> Verdict {
    let policy = resource.get_or_default(&file_system::BACKUP_POLICY);
    if policy.as_ref().is_ok_and(|blocks| blocks.iter().any(|block| block.status == "ENABLED")) {
        return Ok(Outcome::Pass);
    }
    if is_protected(resource, view)? {
        return Ok(Outcome::Pass);
    }
    policy?;
    Ok(Outcome::Fail("automatic backups are off, and AWS Backup has no recovery point of it".into()))
}

pub const STO_17: Check = Check {
    id: "STO-17",
    alias: "efs-several-zones",
    title: "EFS reachable from several zones",
    component: "storage",
    category: Category::MultiAz,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&file_system::KIND, file_system_zones),
    reads: &[
        Reads { kind: &file_system::KIND, attributes: &[file_system::AVAILABILITY_ZONE_NAME.any()] },
        Reads {
            kind: &mount_target::KIND,
            attributes: &[
                mount_target::FILE_SYSTEM_ID.any(),
                mount_target::AVAILABILITY_ZONE_NAME.any(),
                mount_target::STATE.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/STO-17.md"),
};

fn file_system_zones(resource: &Resource, view: &View) -> Verdict {
    let only = resource.get(&file_system::AVAILABILITY_ZONE_NAME)?.filter(|zone| !zone.is_empty());
    if let Some(zone) = only {
        return Ok(Outcome::Fail(format!("a One Zone file system: it is lost with {zone}")));
    }
    let mut zones = BTreeSet::new();
    for target in view.inventory.all_in(&mount_target::KIND, &resource.address.place)? {
        if target.get(&mount_target::FILE_SYSTEM_ID)?.as_deref() != Some(resource.id()) {
            continue;
        }
        let works =
            view.side == Side::Declared || target.get(&mount_target::STATE)?.as_deref() == Some("available");
        if works {
            zones.extend(target.get(&mount_target::AVAILABILITY_ZONE_NAME)?);
        }
    }
    Ok(match zones.len() {
        2.. => Outcome::Pass,
        count => Outcome::Fail(format!("its mount targets stand in {count} of 2 zones")),
    })
}
