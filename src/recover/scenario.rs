//! What may happen: each objective is evaluated in each scenario.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// The host under a resource is lost.
    Instance,
    /// An availability zone is lost.
    Zone,
    /// The region is lost.
    Region,
    /// Data are damaged or deleted, by fault or by intent. Replication carries the damage along.
    Corruption,
    /// The account is in foreign hands: what it can reach is lost.
    Account,
    /// The keys that protect the data are gone.
    Key,
}

impl Scenario {
    /// Every scenario, in the order of reports.
    pub const ALL: [Self; 6] =
        [Self::Instance, Self::Zone, Self::Region, Self::Corruption, Self::Account, Self::Key];

    /// The word in profiles and results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Zone => "zone",
            Self::Region => "region",
            Self::Corruption => "corruption",
            Self::Account => "account",
            Self::Key => "key",
        }
    }

    /// As people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Instance => "Loss of an instance",
            Self::Zone => "Loss of a zone",
            Self::Region => "Loss of the region",
            Self::Corruption => "Damaged or deleted data",
            Self::Account => "Compromised account",
            Self::Key => "Loss of a key",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_result() {
        for scenario in Scenario::ALL {
            assert_eq!(serde_json::to_value(scenario).unwrap(), scenario.word());
        }
    }
}
