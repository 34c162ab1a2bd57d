//! Lambda: who may call functions, what runs them, and where.

use stateward_model::kinds::ec2::network::subnet;
use stateward_model::kinds::lambda::function;
use stateward_model::{Cause, Gap, Resource};
use time::Date;
use time::macros::date;

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::policy_of;

pub const CON_19: Check = Check {
    id: "CON-19",
    alias: "lambda-private-supported",
    title: "Lambda is private, supported and multi-zone",
    component: "container",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&function::KIND, private_and_supported),
    reads: &[
        Reads {
            kind: &function::KIND,
            attributes: &[
                function::PACKAGE_TYPE.any(),
                function::POLICY.any(),
                function::RUNTIME.any(),
                function::VPC_CONFIG.any(),
            ],
        },
        Reads { kind: &subnet::KIND, attributes: &[subnet::AVAILABILITY_ZONE.any()] },
    ],
    page: include_str!("../../../docs/checks/CON-19.md"),
};

/// What is known to be wrong is a failure, whatever else could not be read.
fn private_and_supported(resource: &Resource, view: &View) -> Verdict {
    let (mut faults, mut gap) = (Vec::new(), None);
    for answer in [exposure(resource), runtime(resource, view), zones(resource, view)] {
        match answer {
            Ok(fault) => faults.extend(fault),
            Err(found) => gap = gap.or(Some(found)),
        }
    }
    match gap {
        _ if !faults.is_empty() => Ok(Outcome::Fail(faults.join("; "))),
        Some(gap) => Err(gap),
        None => Ok(Outcome::Pass),
    }
}

fn exposure(resource: &Resource) -> Result<Option<String>, Gap> {
    let policy = policy_of(resource.get(&function::POLICY)?.as_deref(), "lambda:GetPolicy")?;
    let open = policy.allowing().find(|statement| statement.is_public());
    Ok(open.map(|statement| match statement.sid.as_str() {
        "" => "everybody may call it".to_owned(),
        sid => format!("everybody may call it, by the statement {sid}"),
    }))
}

fn runtime(resource: &Resource, view: &View) -> Result<Option<String>, Gap> {
    if resource.get(&function::PACKAGE_TYPE)?.as_deref() == Some("Image") {
        return Ok(None);
    }
    let runtime = resource.get_or_default(&function::RUNTIME)?;
    if runtime.is_empty() {
        return Ok(None);
    }
    let Some((_, ends)) = RUNTIMES.iter().find(|(name, _)| *name == runtime) else {
        let detail = format!("when {runtime} is deprecated is not known to this version");
        return Err(Gap::new("lambda:ListFunctions", Cause::Unsupported, detail));
    };
    Ok((view.as_of.date() >= *ends).then(|| format!("its runtime {runtime} is deprecated since {ends}")))
}

fn zones(resource: &Resource, view: &View) -> Result<Option<String>, Gap> {
    let networks = resource.get_or_default(&function::VPC_CONFIG)?;
    let Some(network) = networks.first().filter(|network| !network.subnet_ids.is_empty()) else {
        return Ok(None);
    };
    let zones = super::zones_of(&network.subnet_ids, resource, view)?;
    Ok((zones.len() < 2).then(|| {
        let zone = zones.into_iter().next().unwrap_or_default();
        format!("runs in {zone} alone")
    }))
}

/// From when runtimes are deprecated: "Supported runtimes" and "Deprecated runtimes" of the Lambda developer guide.
const RUNTIMES: &[(&str, Date)] = &[
    ("dotnet10", date!(2028 - 11 - 14)),
    ("dotnet6", date!(2024 - 12 - 20)),
    ("dotnet8", date!(2026 - 11 - 10)),
    ("dotnetcore1.0", date!(2019 - 06 - 27)),
    ("dotnetcore2.0", date!(2019 - 05 - 30)),
    ("dotnetcore2.1", date!(2022 - 01 - 05)),
    ("dotnetcore3.1", date!(2023 - 04 - 03)),
    ("go1.x", date!(2024 - 01 - 08)),
    ("java11", date!(2027 - 06 - 30)),
    ("java17", date!(2027 - 06 - 30)),
    ("java21", date!(2029 - 06 - 30)),
    ("java25", date!(2029 - 06 - 30)),
    ("java8", date!(2024 - 01 - 08)),
    ("java8.al2", date!(2027 - 06 - 30)),
    ("nodejs", date!(2016 - 10 - 31)),
    ("nodejs10.x", date!(2021 - 07 - 30)),
    ("nodejs12.x", date!(2023 - 03 - 31)),
    ("nodejs14.x", date!(2023 - 12 - 04)),
    ("nodejs16.x", date!(2024 - 06 - 12)),
    ("nodejs18.x", date!(2025 - 09 - 01)),
    ("nodejs20.x", date!(2026 - 04 - 30)),
    ("nodejs22.x", date!(2027 - 04 - 30)),
    ("nodejs24.x", date!(2028 - 04 - 30)),
    ("nodejs4.3", date!(2020 - 03 - 05)),
    ("nodejs4.3-edge", date!(2019 - 04 - 30)),
    ("nodejs6.10", date!(2019 - 08 - 12)),
    ("nodejs8.10", date!(2020 - 03 - 06)),
    ("provided", date!(2024 - 01 - 08)),
    ("provided.al2", date!(2026 - 07 - 31)),
    ("provided.al2023", date!(2029 - 06 - 30)),
    ("python2.7", date!(2021 - 07 - 15)),
    ("python3.10", date!(2026 - 10 - 31)),
    ("python3.11", date!(2027 - 06 - 30)),
    ("python3.12", date!(2028 - 10 - 31)),
    ("python3.13", date!(2029 - 06 - 30)),
    ("python3.14", date!(2029 - 06 - 30)),
    ("python3.6", date!(2022 - 07 - 18)),
    ("python3.7", date!(2023 - 12 - 04)),
    ("python3.8", date!(2024 - 10 - 14)),
    ("python3.9", date!(2025 - 12 - 15)),
    ("ruby2.5", date!(2021 - 07 - 30)),
    ("ruby2.7", date!(2023 - 12 - 07)),
    ("ruby3.2", date!(2026 - 03 - 31)),
    ("ruby3.3", date!(2027 - 03 - 31)),
    ("ruby3.4", date!(2028 - 03 - 31)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runtime_stands_once() {
        assert!(RUNTIMES.is_sorted_by(|one, other| one.0 < other.0));
    }
}
