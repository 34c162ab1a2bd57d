//! Instances under the care of Systems Manager.

use stateward_model::Resource;
use stateward_model::kinds::ec2::compute::instance;
use stateward_model::kinds::ssm::managed_instance;

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::not_in_state;
use crate::checks::told;
use crate::inventory::Side;

pub const CLD_22: Check = Check {
    id: "CLD-22",
    alias: "instance-managed-patched",
    title: "Instances are managed and patched",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&instance::KIND, managed_and_patched),
    reads: &[
        Reads { kind: &instance::KIND, attributes: &[instance::INSTANCE_STATE.any()] },
        Reads {
            kind: &managed_instance::KIND,
            attributes: &[managed_instance::PING_STATUS.any(), managed_instance::PATCH_STATUS.any()],
        },
    ],
    page: include_str!("../../../docs/checks/CLD-22.md"),
};

fn managed_and_patched(resource: &Resource, view: &View) -> Verdict {
    if view.side == Side::Declared {
        return Err(not_in_state(managed_instance::KIND.name));
    }
    if resource.get(&instance::INSTANCE_STATE)?.is_some_and(|state| state != "running") {
        return Ok(Outcome::NotApplicable("it does not run, so its agent cannot report"));
    }
    let place = &resource.address.place;
    let Some(managed) = view.inventory.lookup(&managed_instance::KIND, place, resource.id())? else {
        return Ok(Outcome::Fail("Systems Manager does not know it: no agent reports".into()));
    };
    let ping = told(managed.get(&managed_instance::PING_STATUS)?, "ssm:DescribeInstanceInformation")?;
    if ping != "Online" {
        return Ok(Outcome::Fail(format!("its agent does not report: {ping}")));
    }
    match managed.get(&managed_instance::PATCH_STATUS)?.as_deref() {
        Some("COMPLIANT") => Ok(Outcome::Pass),
        Some(status) => Ok(Outcome::Fail(format!("its patches are {status}"))),
        None => Ok(Outcome::Fail("nothing has ever looked at its patches".into())),
    }
}
