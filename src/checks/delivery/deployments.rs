//! Deployments: how they end.

use stateward_model::kinds::codedeploy::{deployment, group};
use stateward_model::{Cause, Gap, Resource};

use super::super::facts::{age_of, in_production, records};
use super::super::told;
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};

pub(super) const CICD_06: Check = Check {
    id: "CICD-06",
    alias: "deployment-success-rate",
    title: "Deployment success rate",
    component: "cicd",
    category: Category::Delivery,
    severity: Severity::High,
    effort: Effort::Large,
    subject: Subject::Estate(success_rate),
    reads: &[
        Reads {
            kind: &deployment::KIND,
            attributes: &[
                deployment::APPLICATION.any(),
                deployment::COMPLETED_AT.any(),
                deployment::GROUP.any(),
                deployment::STATUS.any(),
            ],
        },
        Reads { kind: &group::KIND, attributes: &[group::GROUP_TAGS.any(), group::GROUP_TAGS_ALL.any()] },
    ],
    page: include_str!("../../../docs/checks/CICD-06.md"),
};

/// Days that are looked back on.
const DAYS: i64 = 30;
/// Fewer finished deployments than these say nothing.
const ENOUGH: u64 = 20;

/// How finished deployments ended.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    succeeded: u64,
    others: u64,
}

impl Tally {
    fn count(&mut self, succeeded: bool) {
        match succeeded {
            true => self.succeeded += 1,
            false => self.others += 1,
        }
    }

    fn all(self) -> u64 {
        self.succeeded + self.others
    }

    /// At least 99.5 %.
    fn is_good(self) -> bool {
        self.succeeded * 1000 >= self.all() * 995
    }
}

fn success_rate(view: &View) -> Verdict {
    let (mut production, mut open) = (Tally::default(), Tally::default());
    let mut gap = None;
    for found in records(&deployment::KIND, view)? {
        let Some(succeeded) = ended_well(found, view)? else { continue };
        match of_production(found, view) {
            Ok(true) => production.count(succeeded),
            Ok(false) => {}
            Err(unread) => {
                open.count(succeeded);
                gap = gap.or(Some(unread));
            }
        }
    }
    // Those whose environment is not known may all have been of production, or none, whichever is worse or better.
    let worst = Tally { others: production.others + open.others, ..production };
    let best = Tally { succeeded: production.succeeded + open.succeeded, ..production };
    if let Some(gap) = gap.filter(|_| production.all() < ENOUGH || worst.is_good() != best.is_good()) {
        return Err(gap);
    }
    if production.all() < ENOUGH {
        return Err(Gap::new(
            "codedeploy:ListDeployments",
            Cause::Absent,
            format!(
                "insufficient data: {} finished deployments to production in {DAYS} days, and {ENOUGH} are needed",
                production.all()
            ),
        ));
    }
    if production.is_good() {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!(
        "{} of {} finished deployments to production succeeded in {DAYS} days; 99.5 % are needed",
        production.succeeded,
        production.all()
    )))
}

/// Whether a deployment succeeded; none where it has not ended, or not in the last 30 days.
fn ended_well(found: &Resource, view: &View) -> Result<Option<bool>, Gap> {
    const CALL: &str = "codedeploy:BatchGetDeployments";
    let succeeded = match told(found.get(&deployment::STATUS)?, CALL)?.as_str() {
        "Succeeded" => true,
        "Failed" | "Stopped" => false,
        _ => return Ok(None),
    };
    // One that was stopped before it began has no end.
    let Some(ended) = found.get(&deployment::COMPLETED_AT)? else { return Ok(Some(succeeded)) };
    Ok((age_of(&ended, view)? <= DAYS * 86_400).then_some(succeeded))
}

fn of_production(found: &Resource, view: &View) -> Result<bool, Gap> {
    const CALL: &str = "codedeploy:BatchGetDeployments";
    let application = told(found.get(&deployment::APPLICATION)?, CALL)?;
    let name = told(found.get(&deployment::GROUP)?, CALL)?;
    let id = group::id_of(&application, &name);
    match view.inventory.lookup(&group::KIND, &found.address.place, &id)? {
        Some(group) => in_production(group, view),
        None => Err(Gap::new(
            "codedeploy:ListDeploymentGroups",
            Cause::Absent,
            format!("the deployment group {id} is gone, and with it its environment"),
        )),
    }
}
