//! What Application Auto Scaling scales: services of ECS, tables of DynamoDB.

use stateward_model::kinds::appautoscaling::{
    RESOURCE_ID, SCALABLE_DIMENSION, SERVICE_NAMESPACE, id_of, policy, target,
};
use stateward_model::kinds::dynamodb::table;
use stateward_model::kinds::ecs::{last, service};
use stateward_model::{Gap, Resource};

use super::facts::not_in_state;
use super::{named, referred, told};
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::inventory::Side;

pub const ASC_12: Check = Check {
    id: "ASC-12",
    alias: "ecs-service-scaling",
    title: "ECS services have scalable targets",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&service::KIND, service_scales),
    reads: &[
        Reads {
            kind: &service::KIND,
            attributes: &[service::CLUSTER.any(), service::NAME.any(), service::SCHEDULING_STRATEGY.any()],
        },
        Reads { kind: &target::KIND, attributes: &[target::MAX_CAPACITY.any(), target::MIN_CAPACITY.any()] },
        Reads {
            kind: &policy::KIND,
            attributes: &[RESOURCE_ID.any(), SCALABLE_DIMENSION.any(), SERVICE_NAMESPACE.any()],
        },
    ],
    page: include_str!("../../docs/checks/ASC-12.md"),
};

const COUNT: &str = "ecs:service:DesiredCount";

fn service_scales(resource: &Resource, view: &View) -> Verdict {
    if resource.get(&service::SCHEDULING_STRATEGY)?.as_deref() == Some("DAEMON") {
        return Ok(Outcome::NotApplicable("one task runs on each instance: the instances are scaled"));
    }
    let cluster = told(resource.get(&service::CLUSTER)?, "ecs:DescribeServices")?;
    let name = told(resource.get(&service::NAME)?, "ecs:DescribeServices")?;
    let scaled = format!("service/{}/{name}", last(&cluster));
    let id = id_of("ecs", &scaled, COUNT);
    let Some(found) = referred(&target::KIND, &resource.address.place, &id, view)? else {
        return Ok(Outcome::Fail("nothing scales it: it has no scalable target".into()));
    };
    let least = told(found.get(&target::MIN_CAPACITY)?, "application-autoscaling:DescribeScalableTargets")?;
    let most = told(found.get(&target::MAX_CAPACITY)?, "application-autoscaling:DescribeScalableTargets")?;
    if most <= least {
        return Ok(Outcome::Fail(format!("it may have {least} tasks at least and {most} at most")));
    }
    match (has_policy(&scaled, resource, view)?, view.side) {
        (true, _) => Ok(Outcome::Pass),
        (false, Side::Live) => Ok(Outcome::Fail("no policy moves its number of tasks".into())),
        (false, Side::Declared) => Err(not_in_state(policy::KIND.name)),
    }
}

fn has_policy(scaled: &str, resource: &Resource, view: &View) -> Result<bool, Gap> {
    for found in view.inventory.all_in(&policy::KIND, &resource.address.place)? {
        let is_of_it = found.get(&SERVICE_NAMESPACE)?.as_deref() == Some("ecs")
            && found.get(&RESOURCE_ID)?.as_deref() == Some(scaled)
            && found.get(&SCALABLE_DIMENSION)?.as_deref() == Some(COUNT);
        if is_of_it {
            return Ok(true);
        }
    }
    Ok(false)
}

pub const ASC_13: Check = Check {
    id: "ASC-13",
    alias: "dynamodb-capacity",
    title: "DynamoDB capacity follows demand",
    component: "autoscaling",
    category: Category::Scaling,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&table::KIND, capacity_follows),
    reads: &[
        Reads { kind: &table::KIND, attributes: &[table::BILLING_MODE.any()] },
        Reads { kind: &target::KIND, attributes: &[] },
    ],
    page: include_str!("../../docs/checks/ASC-13.md"),
};

fn capacity_follows(resource: &Resource, view: &View) -> Verdict {
    if resource.get(&table::BILLING_MODE)?.as_deref() == Some("PAY_PER_REQUEST") {
        return Ok(Outcome::Pass);
    }
    let mut missing = Vec::new();
    for (what, dimension) in
        [("reads", "dynamodb:table:ReadCapacityUnits"), ("writes", "dynamodb:table:WriteCapacityUnits")]
    {
        let id = id_of("dynamodb", &format!("table/{}", resource.id()), dimension);
        if referred(&target::KIND, &resource.address.place, &id, view)?.is_none() {
            missing.push(what);
        }
    }
    if missing.is_empty() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("its capacity is provisioned, and nothing scales that for {}", named(&missing))))
}
