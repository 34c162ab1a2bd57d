//! Random estates.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// Four checks for each component, one of each severity, over all categories.
static CATALOGUE: LazyLock<Vec<&'static Check<'static>>> = LazyLock::new(|| {
    const CATEGORIES: [Category; 11] = [
        Category::Exposure,
        Category::Encryption,
        Category::MultiAz,
        Category::Backup,
        Category::Dr,
        Category::Observability,
        Category::Scaling,
        Category::Drift,
        Category::Iac,
        Category::Delivery,
        Category::Cost,
    ];
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];
    let rows = COMPONENT_KEYS.into_iter().flat_map(|key| severities.map(|severity| (key, severity)));
    rows.enumerate()
        .map(|(at, (key, severity))| {
            let id = format!("{}-{}", key.to_uppercase(), severity.word());
            check(Box::leak(id.into_boxed_str()), key, CATEGORIES[at % CATEGORIES.len()], severity)
        })
        .collect()
});

/// So many cases; the conditions of some properties are rare.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_global_rejects: 100 * cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// What one finding says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Pass,
    Fail,
    /// A failure that a rule downgrades.
    FailAs(Severity),
    Partial(i64, i64),
    Unknown,
    Blind,
    NotApplicable,
}

/// One finding: which check, in which of three regions, in production or not, and what it says.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub check: usize,
    pub region: usize,
    pub production: bool,
    pub says: Says,
}

const REGIONS: [&str; 3] = ["us-west-2", "us-east-1", "eu-west-1"];

pub fn findings(rows: &[Row]) -> Vec<Finding<'static>> {
    rows.iter().enumerate().map(|(at, row)| one(at, row)).collect()
}

fn one(at: usize, row: &Row) -> Finding<'static> {
    let check = CATALOGUE[row.check];
    let status = match row.says {
        Says::Pass => Status::Pass,
        Says::Fail | Says::FailAs(_) => Status::Fail,
        Says::Partial(..) => Status::Partial,
        Says::Unknown | Says::Blind => Status::Unknown,
        Says::NotApplicable => Status::NotApplicable,
    };
    let mut finding = finding(check, &format!("r{at}"), status);
    finding.target.identity.place.region = REGIONS[row.region].to_owned();
    finding.target.address = Some(format!("module.m{}.aws_thing.t[{at}]", row.region));
    finding.target.state = Some("prod.tfstate".to_owned());
    finding.blind = row.says == Says::Blind;
    if let Says::Partial(numerator, denominator) = row.says {
        finding.credit = Some((numerator, denominator));
    }
    if let Says::FailAs(severity) = row.says {
        finding.severity = severity.min(check.severity);
    }
    if !row.production {
        finding.tags.insert("Environment".into(), "test".into());
    }
    finding
}

/// Anything that a finding may say; `unknown` of twenty are unknown, and `failing` of twenty fail in some way.
pub fn says(unknown: u32, failing: u32) -> BoxedStrategy<Says> {
    let severity = prop_oneof![Just(Severity::Low), Just(Severity::Medium), Just(Severity::High)];
    let fails = prop_oneof![
        4 => Just(Says::Fail),
        1 => severity.prop_map(Says::FailAs),
        2 => (0_i64..12, 12_i64..20).prop_map(|(numerator, denominator)| Says::Partial(numerator, denominator)),
    ];
    let unread = prop_oneof![5 => Just(Says::Unknown), 1 => Just(Says::Blind)];
    prop_oneof![
        (20 - unknown - failing) => prop_oneof![9 => Just(Says::Pass), 1 => Just(Says::NotApplicable)],
        unknown.max(1) => unread,
        failing.max(1) => fails,
    ]
    .boxed()
}

fn row(checks: std::ops::Range<usize>, says: BoxedStrategy<Says>) -> impl Strategy<Value = Row> {
    let places = (0..REGIONS.len(), any::<bool>());
    (checks, places, says).prop_map(|(check, (region, production), says)| Row {
        check,
        region,
        production,
        says,
    })
}

/// A whole estate: at least one finding for every check.
pub fn whole(unknown: u32, failing: u32) -> impl Strategy<Value = Vec<Row>> {
    let every: Vec<_> = (0..40).map(|check| row(check..check + 1, says(unknown, failing))).collect();
    (every, proptest::collection::vec(row(0..40, says(unknown, failing)), 0..60)).prop_map(
        |(mut rows, more)| {
            rows.extend(more);
            rows
        },
    )
}

/// A few findings over the checks of network, storage and recovery.
pub fn small() -> impl Strategy<Value = Vec<Row>> {
    let checks = prop_oneof![Just(4..12), Just(28..32)];
    proptest::collection::vec(checks.prop_flat_map(|checks| row(checks, says(4, 6))), 1..12)
}

/// Profiles that differ in what they count as assessed, in the gate, and in the weight of test environments.
pub fn profile_layer() -> impl Strategy<Value = String> {
    let layers = (prop_oneof![Just(1), Just(60)], 1..=3, any::<bool>(), any::<bool>());
    layers.prop_map(|(coverage, checks, mapped, light)| {
        format!(
            "[score]\nminimum_coverage = {coverage}\nminimum_checks = {checks}\ngate = \"{}\"\n\
             [environments]\nnonproduction_weight = {}\n",
            if mapped { "mapped" } else { "min" },
            if light { "0.25" } else { "1" },
        )
    })
}

/// A waiver over checks and resources by pattern, in force at the time of the tests.
pub fn waiver(subject: &str) -> String {
    format!(
        "[[waivers]]\n{subject}\nowner = \"o\"\napprover = \"a\"\nreason = \"r\"\nticket = \"T-1\"\n\
         granted = 2026-02-01\nexpires = 2026-04-01\n"
    )
}

pub fn check_waiver(check: &str, resource: &str) -> String {
    waiver(&format!("check = \"{check}\"\nresource = \"{resource}\""))
}

pub fn component_waiver(key: &str) -> String {
    waiver(&format!("component = \"{key}\""))
}

/// The id of a check of the catalogue.
pub fn id(check: usize) -> &'static str {
    CATALOGUE[check].id
}
