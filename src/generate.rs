//! The binary generates its own reference: the overview of the checks and their place in the book.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::check::Check;
use crate::{checks, compliance};

const BEGIN: &str = "<!-- checks: begin, written by `stateward generate checks` -->";
const END: &str = "<!-- checks: end -->";

/// Titles of the components by key, in the published order.
pub const COMPONENTS: [(&str, &str); 10] = [
    ("container", "Container Orchestration"),
    ("network", "Network Security"),
    ("storage", "Storage & Backup"),
    ("monitoring", "Monitoring & Observability"),
    ("cicd", "CI/CD Pipeline"),
    ("iac", "Infrastructure as Code"),
    ("multienv", "Multi-Environment"),
    ("dr", "Disaster Recovery"),
    ("autoscaling", "Auto-scaling"),
    ("cloud", "Cloud Integration"),
];

/// The title of a component's key.
pub fn component_title(key: &str) -> &str {
    COMPONENTS.iter().find(|(known, _)| *known == key).map_or(key, |(_, title)| title)
}

/// The marks between which the list of checks stands are not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "docs/SUMMARY.md lacks the marks '{BEGIN}' and '{END}'\n  remedy: put them around the place of the check pages"
)]
pub struct NoMarks;

/// The operations that a check's evidence comes from, sorted.
pub fn operations(check: &Check) -> BTreeSet<&'static str> {
    let listed = check.kinds().into_iter().chain(check.reads.iter().map(|reads| reads.kind));
    let listed = listed.flat_map(|kind| kind.listed_by.iter().copied());
    let read =
        check.reads.iter().flat_map(|reads| reads.attributes).flat_map(|attr| attr.read_by.iter().copied());
    listed.chain(read).collect()
}

/// The page of a check, with what the code knows of it.
pub fn explain(check: &Check) -> String {
    let mut text = String::new();
    let page = check.page.split("\n## Cases").next().unwrap_or(check.page).trim_end();
    text.push_str(page);
    text.push_str("\n\n## Calls\n\n");
    let calls = operations(check);
    if calls.is_empty() {
        text.push_str("None: it judges what the states and the comparison say.\n");
    }
    for call in calls {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "- `{call}`");
    }
    let controls = compliance::controls(check.id);
    if !controls.is_empty() {
        text.push_str("\n## Supporting evidence for\n\n");
        for (framework, list) in controls {
            let _ = writeln!(text, "- {}: {}", compliance::title(&framework), list.join(", "));
        }
    }
    text
}

/// docs/checks/README.md: all checks in one table a component.
pub fn overview() -> String {
    let mut text = String::from(
        "# Checks\n\nWritten by `stateward generate checks`. Each page says what is wrong, why it matters, how to repair \
         it, and\nholds cases that run as tests.\n",
    );
    for (key, title) in COMPONENTS {
        let of: Vec<&Check> = checks::all().filter(|check| check.component == key).collect();
        if of.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\n## {title}\n\n| Check | Severity | Category | Passes when |\n|---|---|---|---|\n"
        );
        for check in of {
            let (id, severity, category) = (check.id, check.severity.word(), check.category.word());
            let _ = writeln!(text, "| [{id}]({id}.md) | {severity} | {category} | {} |", check.title);
        }
    }
    text
}

/// docs/SUMMARY.md with the pages of the checks between its marks.
///
/// # Errors
/// [`NoMarks`].
pub fn summary(current: &str) -> Result<String, NoMarks> {
    let (before, rest) = current.split_once(BEGIN).ok_or(NoMarks)?;
    let (_, after) = rest.split_once(END).ok_or(NoMarks)?;
    let mut list = String::from("- [Checks](checks/README.md)\n");
    let mut pages: Vec<&Check> = checks::all().collect();
    pages.sort_by_key(|check| check.id);
    for check in pages {
        let _ = writeln!(list, "  - [{}: {}](checks/{}.md)", check.id, check.title, check.id);
    }
    Ok(format!("{before}{BEGIN}\n{list}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_keeps_what_is_around_the_marks() {
        let text = summary(&format!("a\n{BEGIN}\noutdated\n{END}\nb\n")).unwrap();
        assert!(text.starts_with("a\n") && text.ends_with("\nb\n") && !text.contains("outdated"));
        assert!(text.contains("](checks/STO-07.md)"));
        assert_eq!(summary(&text).unwrap(), text, "twice is the same as once");
        assert!(summary("without marks").is_err());
    }

    #[test]
    fn an_explanation_names_calls_and_controls_and_leaves_the_cases_out() {
        let text = explain(checks::find("s3-bucket-versioning").unwrap());
        assert!(text.contains("- `s3:GetBucketVersioning`") && text.contains("S3.14"));
        assert!(!text.contains("```json pass"));
    }

    #[test]
    fn every_check_feeds_a_known_component_and_stands_in_the_overview() {
        let overview = overview();
        for check in checks::all() {
            assert_ne!(component_title(check.component), check.component, "{}", check.id);
            assert!(overview.contains(&format!("[{}]", check.id)), "{}", check.id);
        }
    }
}
