//! How deployments of ECS end that fail.

use stateward_model::kinds::codedeploy::group;
use stateward_model::kinds::ecs::{last, service};
use stateward_model::{Cause, Gap, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::not_in_state;
use crate::checks::told;
use crate::inventory::Side;

pub const CON_14: Check = Check {
    id: "CON-14",
    alias: "ecs-rollback",
    title: "Deployments roll back by themselves",
    component: "container",
    category: Category::Scaling,
    severity: Severity::Medium,
    effort: Effort::Small,
    subject: Subject::Each(&service::KIND, rolls_back),
    reads: &[
        Reads {
            kind: &service::KIND,
            attributes: &[
                service::CLUSTER.any(),
                service::DEPLOYMENT_CIRCUIT_BREAKER.any(),
                service::DEPLOYMENT_CONTROLLER.any(),
                service::NAME.any(),
            ],
        },
        Reads {
            kind: &group::KIND,
            attributes: &[group::AUTO_ROLLBACK_CONFIGURATION.any(), group::ECS_SERVICE.any()],
        },
    ],
    page: include_str!("../../../docs/checks/CON-14.md"),
};

fn rolls_back(resource: &Resource, view: &View) -> Verdict {
    let controllers = resource.get_or_default(&service::DEPLOYMENT_CONTROLLER)?;
    // Without a controller of its own, ECS deploys.
    match controllers.first().map_or("ECS", |controller| controller.r#type.as_str()) {
        "ECS" => breaker(resource),
        "CODE_DEPLOY" => code_deploy(resource, view),
        other => {
            let detail =
                format!("what happens to a failed deployment of the controller {other} is its own affair");
            Err(Gap::new("ecs:DescribeServices", Cause::Unsupported, detail))
        }
    }
}

fn breaker(resource: &Resource) -> Verdict {
    let breakers = resource.get_or_default(&service::DEPLOYMENT_CIRCUIT_BREAKER)?;
    let enabled = breakers.first().filter(|breaker| breaker.enable);
    Ok(match enabled.map(|breaker| breaker.rollback) {
        Some(true) => Outcome::Pass,
        Some(false) => {
            Outcome::Fail("the circuit breaker ends a failed deployment, and does not roll it back".into())
        }
        None => Outcome::Fail("it has no circuit breaker: a failed deployment goes on trying".into()),
    })
}

fn code_deploy(resource: &Resource, view: &View) -> Verdict {
    let cluster = told(resource.get(&service::CLUSTER)?, "ecs:DescribeServices")?;
    let name = told(resource.get(&service::NAME)?, "ecs:DescribeServices")?;
    let is_it = |of: &group::EcsService| of.cluster_name == last(&cluster) && of.service_name == name;
    let mut deployed_by = None;
    for found in view.inventory.all_in(&group::KIND, &resource.address.place)? {
        if !found.get_or_default(&group::ECS_SERVICE)?.iter().any(is_it) {
            continue;
        }
        let configured = found.get_or_default(&group::AUTO_ROLLBACK_CONFIGURATION)?;
        if configured
            .iter()
            .any(|it| it.enabled == Some(true) && it.events.iter().any(|event| event == FAILURE))
        {
            return Ok(Outcome::Pass);
        }
        deployed_by = Some(found.id());
    }
    match (deployed_by, view.side) {
        (Some(group), _) => {
            Ok(Outcome::Fail(format!("{group} of CodeDeploy does not roll a failed deployment back")))
        }
        (None, Side::Live) => Ok(Outcome::Fail("no deployment group of CodeDeploy deploys it".into())),
        (None, Side::Declared) => Err(not_in_state(group::KIND.name)),
    }
}

/// The event after which CodeDeploy has to roll back.
const FAILURE: &str = "DEPLOYMENT_FAILURE";
