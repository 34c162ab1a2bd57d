//! ASC: auto-scaling.

use std::collections::BTreeSet;

use serde_json::Value;
use stateward_model::kinds::autoscaling::{group, policy};
use stateward_model::kinds::cloudwatch::metric;
use stateward_model::kinds::rds::db_instance;
use stateward_model::{Gap, Resource};

use super::facts::age_of;
use super::measured::{Enough, series, shown};
use super::{blocks, named, told};
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};

/// The family.
pub const CHECKS: &[Check] = &[
    ASC_01,
    ASC_02,
    ASC_03,
    ASC_04,
    ASC_05,
    ASC_06,
    ASC_07,
    ASC_08,
    super::containers::clusters::ASC_10,
    super::scalable::ASC_12,
    super::scalable::ASC_13,
    ASC_14,
    super::quotas::ASC_15,
];

const ASC_01: Check = Check {
    id: "ASC-01",
    alias: "asg-zones",
    title: "Scaling groups span zones",
    component: "autoscaling",
    category: Category::MultiAz,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&group::KIND, zones),
    reads: &[Reads { kind: &group::KIND, attributes: &[group::AVAILABILITY_ZONES.any(), group::TAG.any()] }],
    page: include_str!("../../docs/checks/ASC-01.md"),
};

fn zones(resource: &Resource, view: &View) -> Verdict {
    let zones: BTreeSet<String> = resource.get_or_default(&group::AVAILABILITY_ZONES)?.into_iter().collect();
    let needed = usize::try_from(view.profile.zones_in(resource.region())).unwrap_or(usize::MAX);
    if zones.len() >= needed {
        return Ok(Outcome::Pass);
    }
    let zones: Vec<String> = zones.into_iter().collect();
    Ok(Outcome::Fail(format!("{needed} zones are needed; it is in {}", named(&zones))))
}

const ASC_02: Check = Check {
    id: "ASC-02",
    alias: "asg-elb-health",
    title: "Load-balanced groups use load-balancer health",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&group::KIND, balancer_health),
    reads: &[Reads {
        kind: &group::KIND,
        attributes: &[
            group::HEALTH_CHECK_TYPE.any(),
            group::TARGET_GROUP_ARNS.any(),
            group::LOAD_BALANCERS.any(),
            group::TAG.any(),
        ],
    }],
    page: include_str!("../../docs/checks/ASC-02.md"),
};

fn balancer_health(resource: &Resource, _: &View) -> Verdict {
    let targets = resource.get_or_default(&group::TARGET_GROUP_ARNS)?;
    let classic = resource.get_or_default(&group::LOAD_BALANCERS)?;
    if targets.is_empty() && classic.is_empty() {
        return Ok(Outcome::NotApplicable("behind no load balancer"));
    }
    let checks = resource.get_or_default(&group::HEALTH_CHECK_TYPE)?;
    if checks.split(',').any(|check| check.trim() == "ELB") {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail("an instance that the load balancer finds ill is not replaced".into()))
}

const ASC_03: Check = Check {
    id: "ASC-03",
    alias: "asg-launch-template",
    title: "Groups use launch templates",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::Low,
    effort: Effort::Medium,
    subject: Subject::Each(&group::KIND, launch_template),
    reads: &[Reads {
        kind: &group::KIND,
        attributes: &[group::LAUNCH_CONFIGURATION.any(), group::TAG.any()],
    }],
    page: include_str!("../../docs/checks/ASC-03.md"),
};

fn launch_template(resource: &Resource, _: &View) -> Verdict {
    let configuration = resource.get_or_default(&group::LAUNCH_CONFIGURATION)?;
    if configuration.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("launches from the launch configuration {configuration}")))
}

const ASC_04: Check = Check {
    id: "ASC-04",
    alias: "asg-scaling-policy",
    title: "A scaling policy exists and is enabled",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&group::KIND, scaling_policy),
    reads: &[
        Reads { kind: &group::KIND, attributes: &[group::TAG.any()] },
        Reads {
            kind: &policy::KIND,
            attributes: &[policy::AUTOSCALING_GROUP_NAME.any(), policy::ENABLED.any(), policy::NAME.any()],
        },
    ],
    page: include_str!("../../docs/checks/ASC-04.md"),
};

fn scaling_policy(resource: &Resource, view: &View) -> Verdict {
    let mut disabled = Vec::new();
    for policy in view.inventory.all_in(&policy::KIND, &resource.address.place)? {
        if policy.get_or_default(&policy::AUTOSCALING_GROUP_NAME)? != resource.id() {
            continue;
        }
        // States of providers that do not know the argument hold policies that act.
        if policy.has(policy::ENABLED.path()) && policy.get(&policy::ENABLED)? == Some(false) {
            disabled.push(policy.get_or_default(&policy::NAME)?);
            continue;
        }
        return Ok(Outcome::Pass);
    }
    if disabled.is_empty() {
        return Ok(Outcome::Fail("has no scaling policy".into()));
    }
    Ok(Outcome::Fail(format!("all its scaling policies are disabled: {}", named(&disabled))))
}

const ASC_05: Check = Check {
    id: "ASC-05",
    alias: "asg-room-to-grow",
    title: "There is room to grow",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&group::KIND, room_to_grow),
    reads: &[
        Reads {
            kind: &group::KIND,
            attributes: &[
                group::AVAILABILITY_ZONES.any(),
                group::MAX_SIZE.any(),
                group::MIN_SIZE.any(),
                group::TAG.any(),
            ],
        },
        Reads {
            kind: &metric::KIND,
            attributes: &[metric::DIMENSIONS.any(), metric::INSTANCES_IN_SERVICE.any()],
        },
    ],
    page: include_str!("../../docs/checks/ASC-05.md"),
};

fn room_to_grow(resource: &Resource, view: &View) -> Verdict {
    let zones: BTreeSet<String> = resource.get_or_default(&group::AVAILABILITY_ZONES)?.into_iter().collect();
    let least = resource.get_or_default(&group::MIN_SIZE)?;
    if usize::try_from(least).unwrap_or(0) < zones.len() {
        return Ok(Outcome::Fail(format!(
            "it keeps {least} instances at least, and stands in {} zones",
            zones.len()
        )));
    }
    let most = resource.get_or_default(&group::MAX_SIZE)?;
    let found = series(
        &metric::INSTANCES_IN_SERVICE,
        Some(&resource.address.place),
        Enough::Half,
        |dimensions| dimensions.get("AutoScalingGroupName").is_some_and(|name| name == resource.id()),
        view,
    )?;
    let peak = found.iter().map(|figures| figures.maximum).fold(0.0, f64::max);
    // Counts of instances are far below where a float would lose a whole number.
    if most as f64 * 2.0 >= peak * 3.0 {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!(
        "it had up to {} instances in the last 14 days, and may have {most}, less than 1.5 times as many",
        shown(peak)
    )))
}

const ASC_06: Check = Check {
    id: "ASC-06",
    alias: "asg-no-suspended-process",
    title: "No process is suspended",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&group::KIND, suspended),
    reads: &[Reads { kind: &group::KIND, attributes: &[group::SUSPENDED_PROCESSES.any(), group::TAG.any()] }],
    page: include_str!("../../docs/checks/ASC-06.md"),
};

fn suspended(resource: &Resource, _: &View) -> Verdict {
    let processes = resource.get_or_default(&group::SUSPENDED_PROCESSES)?;
    if processes.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("suspended: {}", processes.join(", "))))
}

const ASC_07: Check = Check {
    id: "ASC-07",
    alias: "asg-activities",
    title: "Recent scaling activities succeeded",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&group::KIND, recent_activities),
    reads: &[Reads { kind: &group::KIND, attributes: &[group::FAILED_ACTIVITIES.any(), group::TAG.any()] }],
    page: include_str!("../../docs/checks/ASC-07.md"),
};

/// Seconds in which no activity must have failed.
const RECENT: i64 = 7 * 86_400;

fn recent_activities(resource: &Resource, view: &View) -> Verdict {
    let mut recent = 0;
    let mut newest = None;
    for activity in told(resource.get(&group::FAILED_ACTIVITIES)?, "autoscaling:DescribeScalingActivities")? {
        let start = told(activity.start_time, "autoscaling:DescribeScalingActivities")?;
        if age_of(&start, view)? <= RECENT {
            recent += 1;
            newest = newest.or(activity.status_message.or(activity.description));
        }
    }
    match recent {
        0 => Ok(Outcome::Pass),
        count => {
            let why = newest.unwrap_or_else(|| "no reason is given".into());
            Ok(Outcome::Fail(format!("failed activities in 7 days: {count}; the newest: {why}")))
        }
    }
}

const ASC_08: Check = Check {
    id: "ASC-08",
    alias: "asg-instance-types",
    title: "Groups can use several instance types",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::Low,
    effort: Effort::Medium,
    subject: Subject::Each(&group::KIND, instance_types),
    reads: &[Reads {
        kind: &group::KIND,
        attributes: &[group::MIXED_INSTANCES_POLICY.any(), group::TAG.any()],
    }],
    page: include_str!("../../docs/checks/ASC-08.md"),
};

fn instance_types(resource: &Resource, _: &View) -> Verdict {
    let policy = resource.get_or_default(&group::MIXED_INSTANCES_POLICY)?;
    let overrides: Vec<&Value> = blocks(&policy)
        .flat_map(|policy| blocks(&policy["launch_template"]))
        .flat_map(|template| blocks(&template["override"]))
        .collect();
    if overrides.iter().any(|choice| blocks(&choice["instance_requirements"]).next().is_some()) {
        return Ok(Outcome::Pass);
    }
    let types: BTreeSet<&str> =
        overrides.iter().filter_map(|choice| choice["instance_type"].as_str()).collect();
    match types.len() {
        0 => Ok(Outcome::Fail("launches the one type that its template names".into())),
        1 => Ok(Outcome::Fail(format!("launches {} alone", types.first().copied().unwrap_or_default()))),
        _ => Ok(Outcome::Pass),
    }
}

const ASC_14: Check = Check {
    id: "ASC-14",
    alias: "rds-storage-autoscaling",
    title: "Database storage can grow",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&db_instance::KIND, storage_growth),
    reads: &[Reads {
        kind: &db_instance::KIND,
        attributes: &[db_instance::ALLOCATED_STORAGE.any(), db_instance::MAX_ALLOCATED_STORAGE.any()],
    }],
    page: include_str!("../../docs/checks/ASC-14.md"),
};

fn storage_growth(resource: &Resource, _: &View) -> Verdict {
    let allocated = storage(resource)?;
    let most = resource.get_or_default(&db_instance::MAX_ALLOCATED_STORAGE)?;
    if most.saturating_mul(10) >= allocated.saturating_mul(11) {
        return Ok(Outcome::Pass);
    }
    if most == 0 {
        return Ok(Outcome::Fail(format!("its {allocated} GiB of storage do not grow by themselves")));
    }
    Ok(Outcome::Fail(format!("its {allocated} GiB of storage may grow to {most} GiB only, less than 10 %")))
}

fn storage(resource: &Resource) -> Result<i64, Gap> {
    told(resource.get(&db_instance::ALLOCATED_STORAGE)?, "rds:DescribeDBInstances")
}
