//! What runs on ECS: how its containers are fenced in, where its tasks stand, and what its images carry.

use std::collections::BTreeSet;

use stateward_model::kinds::ecs::{last, running_image, service, task, task_definition};
use stateward_model::kinds::eks::cluster;
use stateward_model::{Cause, Gap, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{age_of, records_in};
use crate::checks::named;
use crate::inventory::Side;

/// Days in which a critical finding may still be open.
const GRACE_DAYS: i64 = 14;

const SECONDS_A_DAY: i64 = 86_400;

/// Why nothing is known of the images that a cluster of EKS runs.
pub fn images_of_pods() -> Gap {
    let detail = "the images of its pods are known to its Kubernetes API alone";
    Gap::new("kubernetes", Cause::NotRequested, detail)
}

const SCAN: &str = "ecr:DescribeImageScanFindings";

pub const CON_16: Check = Check {
    id: "CON-16",
    alias: "running-image-findings",
    title: "Running images have no critical finding",
    component: "container",
    category: Category::Exposure,
    severity: Severity::Critical,
    effort: Effort::Medium,
    subject: Subject::EachOf(&[&running_image::KIND, &cluster::KIND], critical_findings),
    reads: &[Reads {
        kind: &running_image::KIND,
        attributes: &[
            running_image::CRITICAL_FINDINGS.any(),
            running_image::DIGEST.any(),
            running_image::REPOSITORY.any(),
            running_image::SCANNED_AT.any(),
            running_image::SCAN_STATUS.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/CON-16.md"),
};

fn critical_findings(resource: &Resource, view: &View) -> Verdict {
    if resource.kind() == cluster::KIND.name {
        return Err(images_of_pods());
    }
    let unsupported = |detail: &'static str| Err(Gap::new(SCAN, Cause::Unsupported, detail));
    if resource.get(&running_image::REPOSITORY)?.is_none() {
        return unsupported("the image is not in ECR, so ECR does not scan it");
    }
    if resource.get(&running_image::DIGEST)?.is_none() {
        return unsupported("ECS does not tell the digest of the image");
    }
    match resource.get(&running_image::SCAN_STATUS)?.as_deref() {
        Some("COMPLETE" | "ACTIVE") => {}
        Some(status) => return Err(Gap::new(SCAN, Cause::Unsupported, format!("its last scan is {status}"))),
        None => return unsupported("it was never scanned, or is no longer in its repository"),
    }
    let (mut old, mut undated) = (Vec::new(), false);
    let scanned = resource.get(&running_image::SCANNED_AT)?;
    for finding in resource.get_or_default(&running_image::CRITICAL_FINDINGS)? {
        // Basic scanning does not date what it finds. It is at least as old as the scan that found it.
        let dated = finding.since.is_some();
        let Some(since) = finding.since.or_else(|| scanned.clone()) else {
            undated = true;
            continue;
        };
        match age_of(&since, view)? > GRACE_DAYS * SECONDS_A_DAY {
            true => old.push(finding.name),
            false => undated |= !dated,
        }
    }
    if !old.is_empty() {
        let all = named(&old);
        return Ok(Outcome::Fail(format!("critical and known for more than {GRACE_DAYS} days: {all}")));
    }
    if undated {
        return unsupported("basic scanning does not tell since when it knows of its critical findings");
    }
    Ok(Outcome::Pass)
}

/// Judges the containers of a revision that something runs; `fault` says what is wrong with one.
fn containers(
    resource: &Resource,
    view: &View,
    fault: impl Fn(&task_definition::Container) -> Option<String>,
) -> Result<Option<Vec<String>>, Gap> {
    if view.side == Side::Live && resource.get(&task_definition::IN_USE)? == Some(false) {
        return Ok(None);
    }
    let containers = resource.get_or_default(&task_definition::CONTAINER_DEFINITIONS)?;
    Ok(Some(containers.iter().filter_map(|it| Some(format!("{}: {}", it.name, fault(it)?))).collect()))
}

fn judged(faults: Option<Vec<String>>) -> Outcome {
    match faults {
        None => Outcome::NotApplicable("no service and no task runs this revision"),
        Some(faults) if faults.is_empty() => Outcome::Pass,
        Some(faults) => Outcome::Fail(faults.join("; ")),
    }
}

/// Windows has neither a root user nor a file system that can be mounted read-only.
fn on_windows(resource: &Resource, view: &View) -> Result<bool, Gap> {
    if view.side == Side::Live {
        let system = resource.get_or_default(&task_definition::OPERATING_SYSTEM)?;
        return Ok(system.starts_with("WINDOWS"));
    }
    // Providers before runtime platforms have Linux alone.
    if !resource.has(task_definition::RUNTIME_PLATFORM.path()) {
        return Ok(false);
    }
    let platform = resource.get_or_default(&task_definition::RUNTIME_PLATFORM)?;
    let system = platform[0]["operating_system_family"].as_str().unwrap_or_default();
    Ok(system.starts_with("WINDOWS"))
}

pub const CON_09: Check = Check {
    id: "CON-09",
    alias: "ecs-unprivileged",
    title: "ECS tasks are unprivileged",
    component: "container",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&task_definition::KIND, unprivileged),
    reads: &[Reads {
        kind: &task_definition::KIND,
        attributes: &[
            task_definition::CONTAINER_DEFINITIONS.any(),
            task_definition::IN_USE.any(),
            task_definition::IPC_MODE.any(),
            task_definition::NETWORK_MODE.any(),
            task_definition::OPERATING_SYSTEM.any(),
            task_definition::PID_MODE.any(),
            task_definition::RUNTIME_PLATFORM.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/CON-09.md"),
};

fn unprivileged(resource: &Resource, view: &View) -> Verdict {
    let windows = || on_windows(resource, view);
    let Some(mut faults) = containers(resource, view, |container| match container.user.as_deref() {
        _ if container.privileged => Some("privileged".into()),
        Some(user) if is_root(user) => Some(format!("runs as {user}, which is root")),
        _ => None,
    })?
    else {
        return Ok(judged(None));
    };
    if !windows()? {
        let nameless = |it: &task_definition::Container| it.user.as_deref().is_none_or(str::is_empty);
        let without = containers(resource, view, |it| {
            (nameless(it) && !it.privileged)
                .then(|| "names no user, so it is root unless its image says otherwise".into())
        })?;
        faults.extend(without.unwrap_or_default());
    }
    for (mode, what) in [
        (&task_definition::PID_MODE, "processes"),
        (&task_definition::IPC_MODE, "inter-process communication"),
        (&task_definition::NETWORK_MODE, "network"),
    ] {
        if resource.get(mode)?.as_deref() == Some("host") {
            faults.push(format!("shares the {what} of its host"));
        }
    }
    Ok(judged(Some(faults)))
}

/// `root`, `0`, and either with a group.
fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), Some("root" | "0"))
}

pub const CON_10: Check = Check {
    id: "CON-10",
    alias: "ecs-read-only-root",
    title: "ECS root file systems read-only",
    component: "container",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&task_definition::KIND, read_only),
    reads: &[Reads {
        kind: &task_definition::KIND,
        attributes: &[
            task_definition::CONTAINER_DEFINITIONS.any(),
            task_definition::IN_USE.any(),
            task_definition::OPERATING_SYSTEM.any(),
            task_definition::RUNTIME_PLATFORM.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/CON-10.md"),
};

fn read_only(resource: &Resource, view: &View) -> Verdict {
    let writable = |it: &task_definition::Container| !it.readonly_root_filesystem;
    let faults =
        containers(resource, view, |it| writable(it).then(|| "can write to its root file system".into()))?;
    if faults.as_ref().is_some_and(|faults| !faults.is_empty()) && on_windows(resource, view)? {
        return Ok(Outcome::NotApplicable("Windows containers have no read-only root file system"));
    }
    Ok(judged(faults))
}

pub const CON_11: Check = Check {
    id: "CON-11",
    alias: "ecs-secrets",
    title: "ECS secrets are not environment text",
    component: "container",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&task_definition::KIND, plain_secrets),
    reads: &[Reads {
        kind: &task_definition::KIND,
        attributes: &[task_definition::CONTAINER_DEFINITIONS.any(), task_definition::IN_USE.any()],
    }],
    page: include_str!("../../../docs/checks/CON-11.md"),
};

fn plain_secrets(resource: &Resource, view: &View) -> Verdict {
    let faults = containers(resource, view, |container| {
        let secret = container.environment.iter().filter(|variable| variable.secret);
        let names: Vec<&str> = secret.map(|variable| variable.name.as_str()).collect();
        (!names.is_empty()).then(|| format!("in clear text: {}", named(&names)))
    })?;
    Ok(judged(faults))
}

pub const CON_12: Check = Check {
    id: "CON-12",
    alias: "ecs-no-public-address",
    title: "ECS services have no public address",
    component: "container",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&service::KIND, no_public_address),
    reads: &[Reads { kind: &service::KIND, attributes: &[service::NETWORK_CONFIGURATION.any()] }],
    page: include_str!("../../../docs/checks/CON-12.md"),
};

fn no_public_address(resource: &Resource, _: &View) -> Verdict {
    let networks = resource.get_or_default(&service::NETWORK_CONFIGURATION)?;
    let Some(network) = networks.first() else {
        return Ok(Outcome::NotApplicable("its tasks have no addresses of their own"));
    };
    if network.assign_public_ip {
        let subnets = named(&network.subnets);
        return Ok(Outcome::Fail(format!("its tasks get public addresses in {subnets}")));
    }
    Ok(Outcome::Pass)
}

pub const CON_13: Check = Check {
    id: "CON-13",
    alias: "ecs-zones",
    title: "ECS services survive a zone",
    component: "container",
    category: Category::MultiAz,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&service::KIND, survives_a_zone),
    reads: &[
        Reads {
            kind: &service::KIND,
            attributes: &[
                service::CLUSTER.any(),
                service::DESIRED_COUNT.any(),
                service::NAME.any(),
                service::SCHEDULING_STRATEGY.any(),
            ],
        },
        Reads {
            kind: &task::KIND,
            attributes: &[
                task::AVAILABILITY_ZONE.any(),
                task::CLUSTER_ARN.any(),
                task::GROUP.any(),
                task::LAST_STATUS.any(),
            ],
        },
    ],
    page: include_str!("../../../docs/checks/CON-13.md"),
};

fn survives_a_zone(resource: &Resource, view: &View) -> Verdict {
    let daemon = resource.get(&service::SCHEDULING_STRATEGY)?.as_deref() == Some("DAEMON");
    let desired = resource.get_or_default(&service::DESIRED_COUNT)?;
    if !daemon && desired == 0 {
        return Ok(Outcome::NotApplicable("it is to run no task"));
    }
    if !daemon && desired < 2 {
        return Ok(Outcome::Fail("it is to run one task alone".into()));
    }
    let group = format!("service:{}", resource.get_or_default(&service::NAME)?);
    let cluster = resource.get_or_default(&service::CLUSTER)?;
    let mut zones = BTreeSet::new();
    for task in records_in(&task::KIND, &resource.address.place, view)? {
        let of_it = task.get_or_default(&task::GROUP)? == group
            && last(&task.get_or_default(&task::CLUSTER_ARN)?) == last(&cluster);
        if of_it && task.get(&task::LAST_STATUS)?.as_deref() == Some("RUNNING") {
            zones.extend(task.get(&task::AVAILABILITY_ZONE)?);
        }
    }
    let zones: Vec<String> = zones.into_iter().collect();
    match zones.as_slice() {
        [] => Ok(Outcome::Fail("none of its tasks runs".into())),
        [zone] => Ok(Outcome::Fail(format!("all its tasks run in {zone}"))),
        _ => Ok(Outcome::Pass),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_by_name_and_number() {
        assert!(["root", "0", "0:0", "root:adm"].iter().all(|user| is_root(user)));
        assert!(!["1000", "app", "nobody:0", "10"].iter().any(|user| is_root(user)));
    }
}
