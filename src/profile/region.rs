//! Regions, the roles they play, and the table of names that AWS has published.

use serde::{Deserialize, Serialize};

use super::nearest;

/// The part a region plays in the estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Serves production; zone-spanning resources need three zones here.
    Primary,
    /// Serves production beside the primary region.
    Secondary,
    /// Where the workload is brought back when the primary region is lost.
    Dr,
    /// Audited without a part in recovery.
    Other,
}

impl Role {
    /// The word that profiles and reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Dr => "dr",
            Self::Other => "other",
        }
    }
}

/// One audited region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// The AWS name, for example `us-west-2`.
    pub name: String,
    /// Its part.
    pub role: Role,
    /// The name is newer than the built-in table, and the profile vouches for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlisted: bool,
}

/// Names of the AWS regions of all public partitions.
pub const KNOWN_REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// A region name that AWS does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` is not an AWS region")]
#[diagnostic(code(stateward::profile::unknown_region))]
pub struct UnknownRegion {
    /// The name as given.
    pub name: String,
    /// What to write instead.
    #[help]
    pub help: String,
}

/// Checks a region name against the table.
///
/// # Errors
/// [`UnknownRegion`] with the nearest name and the whole table.
pub fn check_region(name: &str) -> Result<(), UnknownRegion> {
    if KNOWN_REGIONS.contains(&name) {
        return Ok(());
    }
    let near = nearest(name, KNOWN_REGIONS.iter().copied());
    let near = near.map(|near| format!("did you mean `{near}`?\n")).unwrap_or_default();
    let newer = if is_shaped_like_a_region(name) {
        "\na region newer than this table: give it `unlisted = true` in [[regions]] of a profile"
    } else {
        ""
    };
    let help = format!("{near}known regions:\n{}{newer}", columns(KNOWN_REGIONS, 4));
    Err(UnknownRegion { name: name.to_owned(), help })
}

/// True for names built like `us-west-2` or `us-gov-east-1`.
pub fn is_shaped_like_a_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return false };
    let word = |part: &&str| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase());
    !middle.is_empty()
        && word(first)
        && middle.iter().all(word)
        && !last.is_empty()
        && last.len() <= 2
        && last.bytes().all(|b| b.is_ascii_digit())
}

/// The names in columns of equal width.
fn columns(names: &[&str], per_line: usize) -> String {
    let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
    let line = |row: &[&str]| {
        let cells: Vec<String> = row.iter().map(|name| format!("{name:width$}")).collect();
        format!("  {}", cells.join("  ").trim_end())
    };
    names.chunks(per_line).map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_region_is_shaped_like_one_and_the_table_is_sorted() {
        assert!(KNOWN_REGIONS.iter().all(|name| is_shaped_like_a_region(name)));
        assert!(KNOWN_REGIONS.is_sorted());
    }

    #[test]
    fn a_mistyped_region_gets_the_near_name() {
        let error = check_region("us-wset-2").unwrap_err();
        assert!(error.help.starts_with("did you mean `us-west-2`?"), "{}", error.help);
        assert!(error.help.contains("unlisted = true"));
        let error = check_region("Oregon").unwrap_err();
        assert!(!error.help.contains("unlisted"), "{}", error.help);
    }
}
