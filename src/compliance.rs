//! Which control of which framework a check supports, as data.
//!
//! The mappings were joined from public mapping files (CIS AWS Foundations, AWS Foundational Security Best Practices,
//! SOC 2, ISO/IEC 27001:2022 Annex A, PCI DSS 4.0, HIPAA security rule, GDPR). Passing a check is supporting evidence
//! for a control, never proof of it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Controls by framework.
pub type Controls = BTreeMap<String, Vec<String>>;

/// Frameworks by key, with the title that people know.
pub const FRAMEWORKS: [(&str, &str); 8] = [
    ("aws-fsbp", "AWS Foundational Security Best Practices"),
    ("cis-aws-3.0", "CIS AWS Foundations 3.0"),
    ("cis-aws-4.0.1", "CIS AWS Foundations 4.0.1"),
    ("gdpr", "GDPR"),
    ("hipaa", "HIPAA security rule"),
    ("iso-27001-2022", "ISO/IEC 27001:2022 Annex A"),
    ("pci-dss-4.0", "PCI DSS 4.0"),
    ("soc2", "SOC 2"),
];

// A table that does not parse would give no mapping at all; the tests below hold it.
static CONTROLS: LazyLock<BTreeMap<String, Controls>> =
    LazyLock::new(|| serde_json::from_str(include_str!("compliance.json")).unwrap_or_default());

/// The controls that the check of `id` supports; empty where no public mapping names one.
pub fn controls(id: &str) -> Controls {
    CONTROLS.get(id).cloned().unwrap_or_default()
}

/// The title of a framework's key.
pub fn title(framework: &str) -> &str {
    FRAMEWORKS.iter().find(|(key, _)| *key == framework).map_or(framework, |(_, title)| title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_known_frameworks_and_no_empty_list() {
        assert!(CONTROLS.len() > 100);
        for (id, controls) in CONTROLS.iter() {
            for (framework, list) in controls {
                assert!(FRAMEWORKS.iter().any(|(key, _)| key == framework), "{id}: {framework}");
                assert!(!list.is_empty(), "{id}: {framework}");
            }
        }
    }

    #[test]
    fn a_check_finds_its_controls() {
        let controls = controls("STO-07");
        assert_eq!(controls["aws-fsbp"], ["S3.14"]);
        assert!(super::controls("NONE-00").is_empty());
        assert_eq!(title("soc2"), "SOC 2");
    }
}
