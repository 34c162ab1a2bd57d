//! Waivers and ignore rules: exceptions with an owner, a reason and an end.

use serde::{Deserialize, Serialize};
use time::Date;

use super::values::{Pattern, date, date_or_none};

/// A waiver lasts at most this many days (scoring.md §7).
pub const WAIVER_DAYS: i64 = 90;

/// An accepted failure. It lifts a cap or a block, and never makes anything pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The check by id, together with `resource`; or absent for a component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Which resources, by address, id or ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Pattern>,
    /// A component that is not assessed, by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approver: String,
    /// Why.
    pub reason: String,
    /// Where it was decided.
    pub ticket: String,
    /// The day it was granted.
    #[serde(with = "date")]
    pub granted: Date,
    /// The last day on which it holds; at most 90 days after `granted`.
    #[serde(with = "date")]
    pub expires: Date,
}

/// Whether an exception holds on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Granted, and not yet over.
    Active,
    /// Over: not applied, and reported.
    Expired,
    /// Granted later than the day in question: not applied, and reported.
    NotYet,
}

impl Waiver {
    /// Whether the waiver holds on `day`, the day of the as-of time in UTC.
    pub fn standing(&self, day: Date) -> Standing {
        if day > self.expires {
            return Standing::Expired;
        }
        if day < self.granted { Standing::NotYet } else { Standing::Active }
    }

    /// True when the waiver names this check and covers one of the resource's names (address, id, ARN).
    pub fn covers<'a>(&self, check: &str, names: impl IntoIterator<Item = &'a str>) -> bool {
        let (Some(waived), Some(pattern)) = (&self.check, &self.resource) else { return false };
        waived == check && names.into_iter().any(|name| pattern.matches(name))
    }

    /// True when the waiver names this component.
    pub fn covers_component(&self, key: &str) -> bool {
        self.component.as_deref() == Some(key)
    }
}

/// A difference that is known and not counted as drift. What it suppresses is counted, and a rule that suppresses
/// nothing is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IgnoreRule {
    /// The name that reports print. Without one the rule is called by its place, for example `ignore[0]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The Terraform type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Pattern>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Pattern>,
    /// The attribute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Pattern>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds; absent for a difference that is meant to stay.
    #[serde(default, with = "date_or_none", skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
}

impl IgnoreRule {
    /// The name of the rule at `index`.
    pub fn name(&self, index: usize) -> String {
        self.id.clone().unwrap_or_else(|| format!("ignore[{index}]"))
    }

    /// Whether the rule holds on `day`, the day of the as-of time in UTC.
    pub fn standing(&self, day: Date) -> Standing {
        match self.expires {
            Some(last) if day > last => Standing::Expired,
            _ => Standing::Active,
        }
    }

    /// True when the rule covers this attribute of this resource.
    pub fn covers(&self, kind: &str, address: &str, path: &str) -> bool {
        let covers = |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|p| p.matches(text));
        covers(&self.kind, kind) && covers(&self.address, address) && covers(&self.path, path)
    }
}
