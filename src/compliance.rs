//! Which control of which framework a check supports, as data.
//!
//! The mappings were joined from public mapping files (CIS AWS Foundations, AWS Foundational Security Best Practices,
//! SOC 2, ISO/IEC 27001:2022 Annex A, PCI DSS 4.0, HIPAA security rule, GDPR). Passing a check is supporting evidence
//! for a control, never proof of it.

mod evidence;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

pub use evidence::evidence;

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

/// The keys of [`FRAMEWORKS`].
pub const KEYS: [&str; FRAMEWORKS.len()] = {
    let mut keys = [""; FRAMEWORKS.len()];
    let mut at = 0;
    while at < keys.len() {
        keys[at] = FRAMEWORKS[at].0;
        at += 1;
    }
    keys
};

/// The controls of a framework, in its own order.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Which of its controls are listed.
    pub note: String,
    /// The controls.
    pub controls: Vec<Control>,
}

/// A control: its id, and its title where the framework's licence lets it be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<String>")]
pub struct Control {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Option<String>,
}

impl From<Vec<String>> for Control {
    fn from(words: Vec<String>) -> Self {
        let mut words = words.into_iter();
        Self { id: words.next().unwrap_or_default(), title: words.next() }
    }
}

static LISTINGS: LazyLock<BTreeMap<String, Listing>> =
    LazyLock::new(|| serde_json::from_str(include_str!("compliance/controls.json")).unwrap_or_default());

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

/// Whether the check of `id` supports a control of any of `frameworks`.
pub fn supports(id: &str, frameworks: &[String]) -> bool {
    CONTROLS.get(id).is_some_and(|controls| frameworks.iter().any(|key| controls.contains_key(key)))
}

/// The controls of a framework by its key.
pub fn listing(framework: &str) -> Option<&'static Listing> {
    LISTINGS.get(framework)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
    #[test]
    fn every_framework_lists_its_controls_once_and_all_that_are_mapped() {
        assert_eq!(LISTINGS.keys().map(String::as_str).collect::<Vec<_>>(), KEYS);
        for (key, listing) in LISTINGS.iter() {
            assert!(listing.note.ends_with('.'), "{key}");
            let ids: BTreeSet<&str> = listing.controls.iter().map(|control| control.id.as_str()).collect();
            assert_eq!(ids.len(), listing.controls.len(), "{key} lists a control twice");
            assert!(!ids.contains(""), "{key}");
            for (id, controls) in CONTROLS.iter() {
                for control in controls.get(key).into_iter().flatten() {
                    assert!(
                        ids.contains(control.as_str()),
                        "{id} supports {key} {control}, which is not listed"
                    );
                }
            }
        }
    }

    #[test]
    fn titles_stand_where_the_text_is_law_and_nowhere_else() {
        for (key, listing) in LISTINGS.iter() {
            let titled = listing.controls.iter().filter(|control| control.title.is_some()).count();
            let law = matches!(key.as_str(), "gdpr" | "hipaa");
            assert_eq!(titled, if law { listing.controls.len() } else { 0 }, "{key}");
        }
    }

    #[test]
    fn a_check_supports_the_frameworks_that_it_is_mapped_to() {
        let named = |key: &str| supports("STO-07", &[key.to_owned()]);
        assert!(named("aws-fsbp") && !named("cis-aws-4.0.1"));
        assert!(supports("STO-07", &["cis-aws-4.0.1".into(), "aws-fsbp".into()]));
        assert!(!supports("NONE-00", &["aws-fsbp".into()]) && !supports("STO-07", &[]));
    }
}
