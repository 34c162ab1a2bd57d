//! IAC-12: which Terraform writes the states.

use stateward_model::{Cause, Gap};

use crate::check::{Category, Check, Effort, Outcome, Severity, StateFacts, Subject, Verdict, View};

/// The check; it stands among those of its family.
pub(super) const IAC_12: Check = Check {
    id: "IAC-12",
    alias: "cli-version",
    title: "CLI version supported and consistent",
    component: "iac",
    category: Category::Iac,
    severity: Severity::Low,
    effort: Effort::Medium,
    subject: Subject::State(supported),
    reads: &[],
    page: include_str!("../../docs/checks/IAC-12.md"),
};

fn supported(state: &StateFacts, view: &View) -> Verdict {
    state.content()?;
    let written = &state.terraform_version;
    if state.format == 3 {
        let detail = format!("it has format 3, which Terraform before 0.12 writes (last: {written})");
        return Ok(Outcome::Fail(detail));
    }
    let Some(own) = minor(written) else {
        return Err(Gap::new("state", Cause::NotInState, "the state does not say which version wrote it"));
    };
    if own.0 == 0 {
        return Ok(Outcome::Fail(format!("written by {written}; versions before 1.0 get no more fixes")));
    }
    let newer = view.states.iter().filter(|other| minor(&other.terraform_version) > Some(own));
    if let Some(newest) = newer.max_by_key(|other| minor(&other.terraform_version)) {
        let detail = format!("written by {written}, and {} by {}", newest.uri, newest.terraform_version);
        return Ok(Outcome::Fail(detail));
    }
    view.states.iter().try_for_each(StateFacts::content)?;
    Ok(Outcome::Pass)
}

/// Major and minor number.
fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(minor("1.11.4") > minor("1.9.8"));
        assert_eq!(minor("1.12.0-beta2"), Some((1, 12)));
        assert_eq!((minor(""), minor("x.y"), minor("1")), (None, None, None));
    }
}
