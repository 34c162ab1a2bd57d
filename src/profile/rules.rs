//! The rules that a well-formed profile still has to obey.

use num_traits::Zero;

use super::values::Exact;
use super::{COMPONENT_KEYS, Profile, ProfileError, Role, WAIVER_DAYS, check_region, nearest};

/// The scoring model of this build.
const MODEL: &str = "stateward.score/1";
/// The published ceiling beside a critical failure (scoring.md §4).
const HIGHEST_CAP: i128 = 79;

type Rule = fn(&Profile) -> Result<(), ProfileError>;

/// Checks every rule, and returns the first that is broken.
pub(super) fn check(profile: &Profile) -> Result<(), ProfileError> {
    const RULES: [Rule; 11] = [
        regions,
        score,
        weights,
        thresholds,
        super::recovery::check,
        settings,
        checks,
        super::mail::check,
        super::schedule::check,
        waivers,
        ignore,
    ];
    RULES.iter().try_for_each(|rule| rule(profile))
}

fn require(
    holds: bool,
    profile: &Profile,
    path: &str,
    message: &str,
    help: &str,
) -> Result<(), ProfileError> {
    if holds {
        return Ok(());
    }
    Err(profile.layers.fault(path, format!("`{path}` {message}"), "this value", help))
}

fn within(value: Exact, low: i128, high: i128) -> bool {
    value >= Exact::from_integer(low) && value <= Exact::from_integer(high)
}

fn regions(profile: &Profile) -> Result<(), ProfileError> {
    let help = "add at least one [[regions]] with a name and a role";
    require(!profile.regions.is_empty(), profile, "regions", "names no region", help)?;
    for (index, region) in profile.regions.iter().enumerate() {
        let path = format!("regions[{index}].name");
        let earlier = &profile.regions[..index];
        if earlier.iter().any(|other| other.name == region.name) {
            let message = format!("region `{}` is listed twice", region.name);
            return Err(profile.layers.fault(&path, message, "again here", "keep one entry, with one role"));
        }
        if region.role == Role::Primary && earlier.iter().any(|other| other.role == Role::Primary) {
            let message = "two regions have the role `primary`".to_owned();
            let help = "give one of them `secondary`, `dr` or `other`";
            return Err(profile.layers.fault(&format!("regions[{index}].role"), message, "the second", help));
        }
        // `unlisted` vouches for a new name; a name of another shape is a typing error all the same.
        let vouched = region.unlisted && super::is_shaped_like_a_region(&region.name);
        if let (false, Err(unknown)) = (vouched, check_region(&region.name)) {
            return Err(profile.layers.fault(&path, unknown.to_string(), "not a region", &unknown.help));
        }
    }
    Ok(())
}

fn score(profile: &Profile) -> Result<(), ProfileError> {
    let score = &profile.score;
    let help = format!("this build computes `{MODEL}`");
    require(score.model == MODEL, profile, "score.model", "is not a model of this build", &help)?;
    let coverage = within(score.minimum_coverage, 1, 100);
    require(
        coverage,
        profile,
        "score.minimum_coverage",
        "is out of range",
        "write a percentage from 1 to 100",
    )?;
    let help = "write 1 or more: a component without checks is never assessed";
    require(score.minimum_checks >= 1, profile, "score.minimum_checks", "is too small", help)?;
    let message = "would let a critical failure pass the gate";
    let help =
        format!("write at most {HIGHEST_CAP}: the cap keeps the number from contradicting the decision");
    require(within(score.overall_cap, 0, HIGHEST_CAP), profile, "score.overall_cap", message, &help)?;
    let holds = score.overall_cap <= profile.criteria.overall;
    let message = "is below `score.overall_cap`, which would let a critical failure pass the gate";
    let help = "lower `score.overall_cap` to this threshold as well";
    require(holds, profile, "criteria.overall", message, help)?;
    let levels = &score.severity;
    let ordered = [
        ("high", levels.high, levels.critical),
        ("medium", levels.medium, levels.high),
        ("low", levels.low, levels.medium),
    ];
    let most = within(levels.critical, 1, 1_000);
    require(most, profile, "score.severity.critical", "is out of range", "write a number from 1 to 1000")?;
    for (name, weight, above) in ordered {
        let path = format!("score.severity.{name}");
        require(weight >= Exact::zero(), profile, &path, "is negative", "write 0 or more")?;
        let help = "a lower severity may not weigh more than a higher one";
        require(weight <= above, profile, &path, "weighs more than the severity above it", help)?;
    }
    Ok(())
}

fn weights(profile: &Profile) -> Result<(), ProfileError> {
    for (key, component) in profile.weights.each() {
        let path = format!("weights.{key}.weight");
        let help = "write 0 or more, and at most 1000; the score divides by the sum of the weights";
        require(component.weight >= Exact::zero(), profile, &path, "is negative", help)?;
        require(within(component.weight, 0, 1_000), profile, &path, "is too large", help)?;
    }
    let sum: Exact = profile.weights.each().iter().map(|(_, component)| component.weight).sum();
    let help = "give at least one component a weight above 0; the sum need not be 100";
    require(sum > Exact::zero(), profile, "weights", "sum to zero, so there is no overall score", help)
}

fn thresholds(profile: &Profile) -> Result<(), ProfileError> {
    for (key, threshold) in profile.criteria.each() {
        let holds = within(threshold, 0, 100) && threshold < Exact::from_integer(100);
        let help = "write a percentage from 0 up to, and without, 100: a score has to be above it";
        require(holds, profile, &format!("criteria.{key}"), "is out of range", help)?;
    }
    let availability = profile.objectives.availability;
    let holds = availability > Exact::zero() && availability < Exact::from_integer(100);
    let help = "write a percentage above 0 and below 100, like 99.9";
    require(holds, profile, "objectives.availability", "is out of range", help)
}

fn settings(profile: &Profile) -> Result<(), ProfileError> {
    for (path, zones) in [("zones.primary", profile.zones.primary), ("zones.other", profile.zones.other)] {
        require((1..=6).contains(&zones), profile, path, "is out of range", "write 1 to 6 zones")?;
    }
    let days = [
        ("backup.retention_days", profile.backup.retention_days),
        ("logs.retention_days", profile.logs.retention_days),
        ("logs.audit_retention_days", profile.logs.audit_retention_days),
    ];
    for (path, value) in days {
        require(value >= 1, profile, path, "is zero", "write a number of days, 1 or more")?;
    }
    for (index, account) in profile.accounts.known.iter().enumerate() {
        let holds = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let path = format!("accounts.known[{index}]");
        require(holds, profile, &path, "is not an account id", "write the 12 digits in quotes")?;
    }
    let tags = [
        ("network.public_instance_tags", &profile.network.public_instance_tags, "Role=bastion"),
        ("backup.cache_tags", &profile.backup.cache_tags, "Role=cache"),
    ];
    for (path, tags, example) in tags {
        for (index, tag) in tags.iter().enumerate() {
            let help = format!("write KEY=VALUE, like `{example}`");
            let holds = tag.as_str().contains('=');
            require(holds, profile, &format!("{path}[{index}]"), "has no `=`", &help)?;
        }
    }
    for (index, key) in profile.state.required_tags.iter().enumerate() {
        let path = format!("state.required_tags[{index}]");
        let help = "write a key of at most 128 characters, like `Owner`";
        let holds = !key.trim().is_empty() && key.chars().count() <= 128;
        require(holds, profile, &path, "is not a key that a tag can have", help)?;
        let help = "AWS alone writes tags that begin with `aws:`";
        require(!key.starts_with("aws:"), profile, &path, "cannot be set by anybody", help)?;
        let repeated = profile.state.required_tags[..index].contains(key);
        require(!repeated, profile, &path, "stands there twice", "keep one entry")?;
    }
    for name in profile.alarms.required.keys() {
        let path = format!("alarms.required.{name}");
        let known = crate::checks::watchable();
        let help = format!("MON-15 knows the metrics of {}", known.join(", "));
        let holds = known.contains(&name.as_str());
        require(holds, profile, &path, "is not a type that alarms can be required for", &help)?;
    }
    let weight = profile.environments.nonproduction_weight;
    let holds = weight == Exact::from_integer(1) || weight == Exact::new(1, 4);
    require(holds, profile, "environments.nonproduction_weight", "is not one of the two", "write 1 or 0.25")?;
    let shares = [
        ("drift.managed_share", profile.drift.managed_share),
        ("drift.changed_share", profile.drift.changed_share),
    ];
    for (path, share) in shares {
        require(within(share, 0, 100), profile, path, "is out of range", "write a percentage from 0 to 100")?;
    }
    let limits = &profile.collection;
    let holds = (1..=256).contains(&limits.concurrency);
    require(holds, profile, "collection.concurrency", "is out of range", "write 1 to 256")?;
    let help = "write a duration above zero, like `60s`";
    require(!limits.call_timeout.is_zero(), profile, "collection.call_timeout", "is zero", help)?;
    let holds = limits.attribution_lookups <= 10_000;
    let help = "write 0 to 10000; two a second are allowed";
    require(holds, profile, "collection.attribution_lookups", "is out of range", help)?;
    let help = "the whole collection needs at least the time of one call";
    let holds = limits.run_timeout >= limits.call_timeout;
    require(holds, profile, "collection.run_timeout", "is shorter than `collection.call_timeout`", help)?;
    for (service, rate) in &limits.rates {
        let path = format!("collection.rates.{service}");
        let help = "write 1 to 1000 requests per second";
        require((1..=1_000).contains(rate), profile, &path, "is out of range", help)?;
    }
    Ok(())
}

fn checks(profile: &Profile) -> Result<(), ProfileError> {
    for (index, id) in profile.checks.disable.iter().enumerate() {
        if profile.checks.disable[..index].contains(id) {
            let path = format!("checks.disable[{index}]");
            let message = format!("check `{id}` is disabled twice");
            return Err(profile.layers.fault(&path, message, "again here", "keep one entry"));
        }
    }
    Ok(())
}

fn waivers(profile: &Profile) -> Result<(), ProfileError> {
    for (index, waiver) in profile.waivers.iter().enumerate() {
        let at = format!("waivers[{index}]");
        let fault = |key: &str, message: String, label: &str, help: &str| {
            Err(profile.layers.fault(&format!("{at}{key}"), message, label, help))
        };
        match (&waiver.check, &waiver.resource, &waiver.component) {
            (Some(_), Some(_), None) => {}
            (None, None, Some(key)) if COMPONENT_KEYS.contains(&key.as_str()) => {}
            (None, None, Some(key)) => {
                let near = nearest(key, COMPONENT_KEYS.into_iter());
                let near = near.map(|near| format!("did you mean `{near}`?\n")).unwrap_or_default();
                let help = format!("{near}components: {}", COMPONENT_KEYS.join(", "));
                return fault(".component", format!("there is no component `{key}`"), "unknown", &help);
            }
            _ => {
                let message = "a waiver names a check with its resource, or a component".to_owned();
                let help = "write `check = \"STO-18\"` with `resource = \"aws_db_instance.main\"` (`*` for all), or \
                            `component = \"container\"` alone";
                return fault("", message, "this waiver", help);
            }
        }
        let said = [
            ("owner", &waiver.owner),
            ("approver", &waiver.approver),
            ("reason", &waiver.reason),
            ("ticket", &waiver.ticket),
        ];
        if let Some((key, _)) = said.iter().find(|(_, text)| text.trim().is_empty()) {
            let message = format!("a waiver needs its {key}");
            return fault(
                &format!(".{key}"),
                message,
                "empty",
                "an exception that nobody answers for is none",
            );
        }
        let days = (waiver.expires - waiver.granted).whole_days();
        if days < 0 {
            let message = "the waiver expires before it is granted".to_owned();
            return fault(".expires", message, "too early", "put `expires` after `granted`");
        }
        if days > WAIVER_DAYS {
            let message = format!("the waiver lasts {days} days; at most {WAIVER_DAYS} are allowed");
            let latest = waiver.granted + time::Duration::days(WAIVER_DAYS);
            let help = format!("the latest day is {latest}; renew the waiver with a new decision");
            return fault(".expires", message, "too late", &help);
        }
    }
    Ok(())
}

fn ignore(profile: &Profile) -> Result<(), ProfileError> {
    for (index, rule) in profile.ignore.iter().enumerate() {
        let at = format!("ignore[{index}]");
        let says_something = [&rule.kind, &rule.address, &rule.path]
            .into_iter()
            .flatten()
            .any(|pattern| !pattern.as_str().chars().all(|c| c == '*'));
        if !says_something {
            let message = "an ignore rule that names nothing would hide every difference".to_owned();
            let help = "narrow it with `type`, `address` or `path`";
            return Err(profile.layers.fault(&at, message, "this rule", help));
        }
        for (key, text) in [("reason", &rule.reason), ("owner", &rule.owner)] {
            let path = format!("{at}.{key}");
            let help = "an exception that nobody answers for is none";
            require(!text.trim().is_empty(), profile, &path, "is empty", help)?;
        }
        let name = rule.name(index);
        if profile.ignore[..index].iter().enumerate().any(|(i, other)| other.name(i) == name) {
            let message = format!("two ignore rules are called `{name}`");
            return Err(profile.layers.fault(
                &format!("{at}.id"),
                message,
                "again here",
                "give each rule its own id",
            ));
        }
    }
    Ok(())
}
