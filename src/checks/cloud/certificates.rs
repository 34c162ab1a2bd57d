//! Certificates: that they are valid, stay so, and have strong keys.

use stateward_model::kinds::acm::certificate;
use stateward_model::{Cause, Gap, Resource};

use super::super::facts::{age_of, span, time_of};
use super::super::told;
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};

const CALL: &str = "acm:DescribeCertificate";
const DAY: i64 = 86_400;
/// Days before the expiry from which it is too near.
const NEAR: i64 = 30;
/// Hours after which a validation that nobody answered fails: ACM gives up then.
const VALIDATION_HOURS: i64 = 72;

pub(super) const CLD_16: Check = Check {
    id: "CLD-16",
    alias: "certificate-valid",
    title: "Certificates are far from expiry and validated",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&certificate::KIND, far_from_expiry),
    reads: &[Reads {
        kind: &certificate::KIND,
        attributes: &[
            certificate::CREATED_AT.any(),
            certificate::NOT_AFTER.any(),
            certificate::RENEWAL_STATUS.any(),
            certificate::STATUS.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/CLD-16.md"),
};

fn far_from_expiry(resource: &Resource, view: &View) -> Verdict {
    match told(resource.get(&certificate::STATUS)?, CALL)?.as_str() {
        "ISSUED" => {}
        "PENDING_VALIDATION" => {
            let waits = age_of(&told(resource.get(&certificate::CREATED_AT)?, CALL)?, view)?;
            if waits <= VALIDATION_HOURS * 3_600 {
                return Ok(Outcome::NotApplicable("its validation has begun less than 72 hours ago"));
            }
            return Ok(Outcome::Fail(format!("waits for its validation since {}", span(waits))));
        }
        status => return Ok(Outcome::Fail(format!("is {status}"))),
    }
    let expires = time_of(&told(resource.get(&certificate::NOT_AFTER)?, CALL)?)?;
    let left = (expires - view.as_of).whole_seconds();
    if left <= 0 {
        return Ok(Outcome::Fail(format!("expired {} ago", span(-left))));
    }
    if left <= NEAR * DAY {
        return Ok(Outcome::Fail(format!("expires in {}; more than {NEAR} days are asked for", span(left))));
    }
    if resource.get_or_default(&certificate::RENEWAL_STATUS)? == "FAILED" {
        return Ok(Outcome::Fail(format!("its renewal failed, and it expires in {}", span(left))));
    }
    Ok(Outcome::Pass)
}

pub(super) const CLD_17: Check = Check {
    id: "CLD-17",
    alias: "certificate-key-strength",
    title: "Certificate keys are strong",
    component: "cloud",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&certificate::KIND, strong_key),
    reads: &[Reads { kind: &certificate::KIND, attributes: &[certificate::KEY_ALGORITHM.any()] }],
    page: include_str!("../../../docs/checks/CLD-17.md"),
};

fn strong_key(resource: &Resource, _: &View) -> Verdict {
    let algorithm = told(resource.get(&certificate::KEY_ALGORITHM)?, CALL)?;
    let (family, size) = algorithm.split_once(['_', '-']).unwrap_or((&algorithm, ""));
    match (family, size.parse::<u32>()) {
        ("EC", _) => Ok(Outcome::Pass),
        ("RSA", Ok(bits)) if bits >= 2048 => Ok(Outcome::Pass),
        ("RSA", Ok(bits)) => Ok(Outcome::Fail(format!("its key is RSA of {bits} bits; 2048 are needed"))),
        _ => Err(Gap::new(CALL, Cause::Malformed, format!("no known key algorithm: {algorithm}"))),
    }
}
