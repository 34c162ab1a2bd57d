//! Reads EFS: file systems, mount targets, access points, replication.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_efs::types::{
    AccessPointDescription, FileSystemDescription, LifecyclePolicy, MountTargetDescription,
    ReplicationConfigurationDescription, Tag,
};
use serde_json::{Value, json};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::efs::{access_point, file_system, mount_target, replication};
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::{harvest, put_tags, stamp};
use crate::session::{Collector, Pages, Session};

/// All listings of EFS give 100 items a page at most.
const PAGE: i32 = 100;

/// How EFS says that nobody set a policy.
const NONE: &[&str] = &["PolicyNotFound"];

static FILE_SYSTEMS: Call = Call::new("elasticfilesystem", "DescribeFileSystems");
static LIFECYCLE: Call = Call::new("elasticfilesystem", "DescribeLifecycleConfiguration");
static BACKUP: Call = Call::new("elasticfilesystem", "DescribeBackupPolicy");
static FILE_SYSTEM_POLICY: Call = Call::new("elasticfilesystem", "DescribeFileSystemPolicy");
static MOUNT_TARGETS: Call = Call::new("elasticfilesystem", "DescribeMountTargets");
static MOUNT_TARGET_GROUPS: Call = Call::new("elasticfilesystem", "DescribeMountTargetSecurityGroups");
static ACCESS_POINTS: Call = Call::new("elasticfilesystem", "DescribeAccessPoints");
static REPLICATIONS: Call = Call::new("elasticfilesystem", "DescribeReplicationConfigurations");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &file_system::KIND,
        calls: &[&FILE_SYSTEMS, &LIFECYCLE, &BACKUP, &FILE_SYSTEM_POLICY],
        collect: |s| Box::pin(file_systems(s)),
    },
    Collector {
        kind: &mount_target::KIND,
        calls: &[&FILE_SYSTEMS, &MOUNT_TARGETS, &MOUNT_TARGET_GROUPS],
        collect: |s| Box::pin(mount_targets(s)),
    },
    Collector {
        kind: &access_point::KIND,
        calls: &[&ACCESS_POINTS],
        collect: |s| Box::pin(access_points(s)),
    },
    Collector { kind: &replication::KIND, calls: &[&REPLICATIONS], collect: |s| Box::pin(replications(s)) },
];

async fn listed(s: &Session) -> Arc<Pages<FileSystemDescription>> {
    s.once(
        "elasticfilesystem:DescribeFileSystems",
        s.pages(
            &FILE_SYSTEMS,
            |marker| s.efs().describe_file_systems().max_items(PAGE).set_marker(marker).send(),
            |out| (out.file_systems.unwrap_or_default(), out.next_marker),
        ),
    )
    .await
}

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    list.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

async fn file_systems(s: &Session) -> Harvest {
    let all = listed(s).await;
    let resources = s.each(all.items.clone(), |item| file_system_resource(s, item)).await;
    Harvest { resources, gaps: all.gap.iter().cloned().collect() }
}

async fn file_system_resource(s: &Session, fs: FileSystemDescription) -> Resource {
    use file_system::*;
    let id = fs.file_system_id.clone();
    let mut r = Resource::new(s.place(), KIND.name, id.clone())
        .with_name(fs.name.clone().unwrap_or_else(|| id.clone()));
    r.arn = fs.file_system_arn.clone();
    let protection = fs.file_system_protection.as_ref();
    let overwrite = protection.and_then(|protection| protection.replication_overwrite_protection.as_ref());
    r.set_opt(&ARN, fs.file_system_arn.clone())
        .set_opt(&AVAILABILITY_ZONE_NAME, fs.availability_zone_name.clone())
        .set_opt(&CREATED_AT, stamp(&fs.creation_time))
        .set(&CREATION_TOKEN, fs.creation_token.clone())
        .set_opt(&ENCRYPTED, fs.encrypted)
        .set_opt(&KMS_KEY_ID, fs.kms_key_id.clone())
        .set(&NUMBER_OF_MOUNT_TARGETS, i64::from(fs.number_of_mount_targets))
        .set(&PERFORMANCE_MODE, fs.performance_mode.as_str().to_owned())
        .set_opt(&PROTECTION, overwrite.map(|state| json!([{ "replication_overwrite": state.as_str() }])))
        .set_opt(&PROVISIONED_THROUGHPUT, fs.provisioned_throughput_in_mibps)
        .set(&STATE, fs.life_cycle_state.as_str().to_owned())
        .set_opt(&THROUGHPUT_MODE, fs.throughput_mode.as_ref().map(|mode| mode.as_str().to_owned()));
    put_tags(&mut r, Ok(tags(fs.tags())));
    if s.wants(&KIND, &LIFECYCLE_POLICY) {
        let read = s
            .call(&LIFECYCLE, || s.efs().describe_lifecycle_configuration().file_system_id(&id).send())
            .await;
        r.put(&LIFECYCLE_POLICY, read.map(|out| out.lifecycle_policies().iter().map(lifecycle).collect()));
    }
    if s.wants(&KIND, &BACKUP_POLICY) {
        let read = s
            .call_or_none(&BACKUP, NONE, || s.efs().describe_backup_policy().file_system_id(&id).send())
            .await;
        r.put(
            &BACKUP_POLICY,
            read.map(|out| {
                let policy = out.and_then(|out| out.backup_policy);
                policy
                    .map(|policy| Backup { status: policy.status.as_str().to_owned() })
                    .into_iter()
                    .collect()
            }),
        );
    }
    if s.wants(&KIND, &POLICY) {
        let read = s
            .call_or_none(&FILE_SYSTEM_POLICY, NONE, || {
                s.efs().describe_file_system_policy().file_system_id(&id).send()
            })
            .await;
        r.put_opt(&POLICY, read.map(|out| out.and_then(|out| out.policy)));
    }
    r
}

fn lifecycle(policy: &LifecyclePolicy) -> file_system::Lifecycle {
    file_system::Lifecycle {
        transition_to_archive: policy.transition_to_archive.as_ref().map(|rule| rule.as_str().to_owned()),
        transition_to_ia: policy.transition_to_ia.as_ref().map(|rule| rule.as_str().to_owned()),
        transition_to_primary_storage_class: policy
            .transition_to_primary_storage_class
            .as_ref()
            .map(|rule| rule.as_str().to_owned()),
    }
}

/// Mount targets are listed by file system; those of which the listing says that they have none are not asked.
async fn mount_targets(s: &Session) -> Harvest {
    let all = listed(s).await;
    let mounted = all.items.iter().filter(|fs| fs.number_of_mount_targets > 0);
    let ids: Vec<String> = mounted.map(|fs| fs.file_system_id.clone()).collect();
    let pages = s
        .each(ids, |id| async move {
            s.pages(
                &MOUNT_TARGETS,
                |marker| {
                    s.efs()
                        .describe_mount_targets()
                        .file_system_id(&id)
                        .max_items(PAGE)
                        .set_marker(marker)
                        .send()
                },
                |out| (out.mount_targets.unwrap_or_default(), out.next_marker),
            )
            .await
        })
        .await;
    let mut gaps: Vec<_> = all.gap.iter().cloned().collect();
    let mut targets = Vec::new();
    for pages in pages {
        targets.extend(pages.items);
        gaps.extend(pages.gap);
    }
    let resources = s.each(targets, |target| mount_target_resource(s, target)).await;
    Harvest { resources, gaps }
}

async fn mount_target_resource(s: &Session, target: MountTargetDescription) -> Resource {
    use mount_target::*;
    let id = target.mount_target_id.clone();
    let mut r = Resource::new(s.place(), KIND.name, id.clone()).with_name(id.clone());
    r.set_opt(&AVAILABILITY_ZONE_NAME, target.availability_zone_name.clone())
        .set(&FILE_SYSTEM_ID, target.file_system_id.clone())
        .set_opt(&IP_ADDRESS, target.ip_address.clone())
        .set_opt(&IPV6_ADDRESS, target.ipv6_address.clone())
        .set_opt(&NETWORK_INTERFACE_ID, target.network_interface_id.clone())
        .set(&STATE, target.life_cycle_state.as_str().to_owned())
        .set(&SUBNET_ID, target.subnet_id.clone());
    if s.wants(&KIND, &SECURITY_GROUPS) {
        let read = s
            .call(&MOUNT_TARGET_GROUPS, || {
                s.efs().describe_mount_target_security_groups().mount_target_id(&id).send()
            })
            .await;
        r.put(&SECURITY_GROUPS, read.map(|out| out.security_groups));
    }
    r
}

async fn access_points(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &ACCESS_POINTS,
            |token| s.efs().describe_access_points().max_results(PAGE).set_next_token(token).send(),
            |out| (out.access_points.unwrap_or_default(), out.next_token),
        )
        .await;
    harvest(pages, |point| access_point_resource(s, point))
}

fn access_point_resource(s: &Session, point: &AccessPointDescription) -> Resource {
    use access_point::*;
    let id = point.access_point_id.clone().unwrap_or_default();
    let name = point.name.clone().unwrap_or_else(|| id.clone());
    let mut r = Resource::new(s.place(), KIND.name, id).with_name(name);
    r.arn = point.access_point_arn.clone();
    r.set_opt(&ARN, point.access_point_arn.clone())
        .set_opt(&FILE_SYSTEM_ID, point.file_system_id.clone())
        .set(&POSIX_USER, posix_user(point))
        .set(&ROOT_DIRECTORY, root_directory(point))
        .set_opt(&STATE, point.life_cycle_state.as_ref().map(|state| state.as_str().to_owned()));
    put_tags(&mut r, Ok(tags(point.tags())));
    r
}

fn posix_user(point: &AccessPointDescription) -> Value {
    point
        .posix_user
        .iter()
        .map(|user| json!({ "gid": user.gid, "secondary_gids": user.secondary_gids(), "uid": user.uid }))
        .collect()
}

fn root_directory(point: &AccessPointDescription) -> Value {
    point
        .root_directory
        .iter()
        .map(|root| {
            let creation: Value = root
                .creation_info
                .iter()
                .map(|info| {
                    json!({
                        "owner_gid": info.owner_gid,
                        "owner_uid": info.owner_uid,
                        "permissions": info.permissions,
                    })
                })
                .collect();
            json!({ "creation_info": creation, "path": root.path })
        })
        .collect()
}

async fn replications(s: &Session) -> Harvest {
    let mut pages = s
        .pages(
            &REPLICATIONS,
            |token| {
                s.efs().describe_replication_configurations().max_results(PAGE).set_next_token(token).send()
            },
            |out| (out.replications.unwrap_or_default(), out.next_token),
        )
        .await;
    // A replication is listed in the regions of both of its ends.
    pages.items.retain(|item| item.source_file_system_region == s.region());
    harvest(pages, |item| replication_resource(s, item))
}

fn replication_resource(s: &Session, item: &ReplicationConfigurationDescription) -> Resource {
    use replication::*;
    let source = item.source_file_system_id.clone();
    let mut r = Resource::new(s.place(), KIND.name, source.clone()).with_name(source.clone());
    let destinations = item
        .destinations
        .iter()
        .map(|destination| Destination {
            file_system_id: Some(destination.file_system_id.clone()),
            region: destination.region.clone(),
            status: Some(destination.status.as_str().to_owned()),
            last_replicated_timestamp: destination.last_replicated_timestamp.as_ref().and_then(stamp),
        })
        .collect();
    r.set(&DESTINATION, destinations)
        .set(&SOURCE_FILE_SYSTEM_ID, source)
        .set(&SOURCE_FILE_SYSTEM_REGION, item.source_file_system_region.clone());
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};
    use aws_sdk_efs::types::{CreationInfo, PosixUser, RootDirectory, TransitionToIaRules};
    use stateward_model::{Comparison, compare};

    #[test]
    fn a_lifecycle_of_one_step_is_the_block_of_any_provider_version() {
        let policy = LifecyclePolicy::builder().transition_to_ia(TransitionToIaRules::After30Days).build();
        let live = serde_json::to_value([lifecycle(&policy)]).unwrap();
        let attr = file_system::LIFECYCLE_POLICY.any();
        let old = json!([{ "transition_to_ia": "AFTER_30_DAYS" }]);
        assert!(!matches!(compare(&attr, &old, &live), Comparison::Changed(_)));
        let other = json!([{ "transition_to_ia": "AFTER_7_DAYS" }]);
        assert!(matches!(compare(&attr, &other, &live), Comparison::Changed(_)));
    }

    #[test]
    fn an_access_point_is_read_in_terraform_s_shape() {
        let info = CreationInfo::builder().owner_uid(0).owner_gid(1000).permissions("0755").build().unwrap();
        let point = AccessPointDescription::builder()
            .posix_user(PosixUser::builder().uid(0).gid(1000).build().unwrap())
            .root_directory(RootDirectory::builder().path("/data").creation_info(info).build())
            .build();
        assert_eq!(posix_user(&point), json!([{ "gid": 1000, "secondary_gids": [], "uid": 0 }]));
        assert_eq!(
            root_directory(&point),
            json!([{
                "creation_info": [{ "owner_gid": 1000, "owner_uid": 0, "permissions": "0755" }],
                "path": "/data",
            }])
        );
        let none = AccessPointDescription::builder().build();
        assert_eq!((posix_user(&none), root_directory(&none)), (json!([]), json!([])));
    }

    fn one_file_system(mount_targets: u32) -> String {
        json!({ "FileSystems": [{
            "OwnerId": "123456789012", "CreationToken": "t", "FileSystemId": "fs-1", "CreationTime": 0,
            "LifeCycleState": "available", "NumberOfMountTargets": mount_targets, "Encrypted": true,
            "SizeInBytes": { "Value": 0 }, "PerformanceMode": "generalPurpose",
            "Tags": [{ "Key": "a", "Value": "b" }],
        }] })
        .to_string()
    }

    #[tokio::test]
    async fn no_policy_is_none_and_a_refusal_is_not() {
        let account = Account::new(wanting_all(&file_system::KIND), |asked| match asked.target.as_str() {
            target if target.contains("/backup-policy") => (404, r#"{"code":"PolicyNotFound"}"#.into()),
            target if target.contains("/policy") => (403, r#"{"code":"AccessDeniedException"}"#.into()),
            target if target.contains("/lifecycle") => (200, r#"{"LifecyclePolicies":[]}"#.into()),
            _ => (200, one_file_system(0)),
        });
        let harvest = file_systems(account.home()).await;
        let [found] = harvest.resources.as_slice() else { panic!("one file system") };
        assert_eq!(found.get(&file_system::BACKUP_POLICY), Ok(Some(Vec::new())));
        assert!(found.get(&file_system::POLICY).is_err());
        assert_eq!(found.tags()["a"], "b");
        assert!(file_system::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }

    #[tokio::test]
    async fn a_file_system_without_mount_targets_is_not_asked_for_them() {
        let account = Account::new(wanting_all(&mount_target::KIND), |_| (200, one_file_system(0)));
        assert_eq!(mount_targets(account.home()).await, Harvest::default());
        assert_eq!((account.calls("DescribeFileSystems"), account.calls("DescribeMountTargets")), (1, 0));
    }

    #[tokio::test]
    async fn a_replication_belongs_to_the_region_of_its_source() {
        let account = Account::new(wanting_all(&replication::KIND), |_| {
            let answer = json!({ "Replications": [{
                "SourceFileSystemId": "fs-1", "SourceFileSystemRegion": "us-west-2", "CreationTime": 0,
                "SourceFileSystemArn": "arn:1", "OriginalSourceFileSystemArn": "arn:1",
                "Destinations": [{ "Status": "ENABLED", "FileSystemId": "fs-2", "Region": "us-east-1",
                    "LastReplicatedTimestamp": 60 }],
            }] });
            (200, answer.to_string())
        });
        let here = replications(account.home()).await;
        let destinations = here.resources[0].get(&replication::DESTINATION).unwrap().unwrap();
        assert_eq!(destinations[0].last_replicated_timestamp.as_deref(), Some("1970-01-01T00:01:00Z"));
        assert_eq!(replications(&account.region("us-east-1")).await, Harvest::default());
    }
}
