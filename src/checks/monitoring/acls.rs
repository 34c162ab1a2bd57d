//! Web ACLs: that what they decide is known afterwards.

use stateward_model::Resource;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::wafv2::{logging, web_acl};

use super::super::facts::arn_of;
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};

pub(super) const MON_19: Check = Check {
    id: "MON-19",
    alias: "web-acl-logs",
    title: "Web ACLs log",
    component: "monitoring",
    category: Category::Observability,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::Each(&web_acl::KIND, logs),
    reads: &[
        Reads { kind: &web_acl::KIND, attributes: &[ARN.any()] },
        Reads { kind: &logging::KIND, attributes: &[] },
    ],
    page: include_str!("../../../docs/checks/MON-19.md"),
};

fn logs(resource: &Resource, view: &View) -> Verdict {
    let arn = arn_of(resource)?;
    match view.inventory.lookup(&logging::KIND, &resource.address.place, &arn)? {
        Some(_) => Ok(Outcome::Pass),
        None => Ok(Outcome::Fail("it has no logging configuration".into())),
    }
}
