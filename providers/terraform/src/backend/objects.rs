//! Objects of a bucket: one by its key, or those that a pattern picks.

use globset::{GlobBuilder, GlobMatcher};

/// Which objects of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Objects {
    /// One.
    One {
        /// The key.
        key: String,
        /// The version; none is the newest.
        version: Option<String>,
    },
    /// All that any of the patterns picks.
    Many {
        /// As it was written.
        named: String,
        /// What picks.
        patterns: Vec<Pattern>,
    },
}

/// Picks keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// What every key that it picks begins with.
    pub prefix: String,
    glob: String,
}

/// The end of a state's name.
const STATE: &str = ".tfstate";

impl Pattern {
    /// States below a folder: what ends in `.tfstate`.
    pub(crate) fn below(folder: &str) -> Self {
        Self { prefix: folder.to_owned(), glob: format!("{}**/*{STATE}", globset::escape(folder)) }
    }

    /// A glob as it was written; `**` at its end is a folder.
    pub(crate) fn glob(glob: &str) -> Self {
        if let Some(folder) = glob.strip_suffix("**").filter(|folder| !folder.contains(['*', '[', '{'])) {
            return Self::below(folder);
        }
        let fixed = glob.split(['*', '[', '{']).next().unwrap_or_default();
        Self { prefix: fixed.to_owned(), glob: glob.to_owned() }
    }

    /// Keys that differ in one segment: `head`, anything without a slash, `tail`.
    pub(crate) fn between(head: &str, tail: &str) -> Self {
        let glob = format!("{}*{}", globset::escape(head), globset::escape(tail));
        Self { prefix: head.to_owned(), glob }
    }

    /// One key, where it may be missing.
    pub(crate) fn exactly(key: &str) -> Self {
        Self { prefix: key.to_owned(), glob: globset::escape(key) }
    }

    /// Whether it can be understood.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.matcher().map(|_| ()).map_err(|error| error.kind().to_string())
    }

    fn matcher(&self) -> Result<GlobMatcher, globset::Error> {
        Ok(GlobBuilder::new(&self.glob)
            .literal_separator(true)
            .backslash_escape(false)
            .build()?
            .compile_matcher())
    }

    /// Of `keys`, those that it picks.
    pub fn pick(&self, keys: impl IntoIterator<Item = String>) -> Vec<String> {
        let Ok(matcher) = self.matcher() else { return Vec::new() };
        keys.into_iter().filter(|key| matcher.is_match(key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[&str] = &[
        "a.tfstate",
        "prod/a.tfstate",
        "prod/x/b.tfstate",
        "prod/x/b.tfstate.tflock",
        "prod/notes.txt",
        "product/c.tfstate",
    ];

    fn picked(pattern: &Pattern) -> Vec<String> {
        pattern.pick(KEYS.iter().map(|key| (*key).to_owned()).filter(|key| key.starts_with(&pattern.prefix)))
    }

    #[test]
    fn a_folder_holds_states_at_any_depth_and_nothing_else() {
        assert_eq!(picked(&Pattern::below("prod/")), ["prod/a.tfstate", "prod/x/b.tfstate"]);
        assert_eq!(Pattern::glob("prod/**"), Pattern::below("prod/"));
        assert_eq!(picked(&Pattern::below("")).len(), 4);
    }

    #[test]
    fn a_glob_stops_at_slashes() {
        assert_eq!(picked(&Pattern::glob("prod/*.tfstate")), ["prod/a.tfstate"]);
        assert_eq!(picked(&Pattern::glob("**/b.*")), ["prod/x/b.tfstate", "prod/x/b.tfstate.tflock"]);
        assert_eq!(Pattern::glob("prod/*.tfstate").prefix, "prod/");
        assert!(Pattern::glob("a[*").check().is_err());
    }

    #[test]
    fn names_with_marks_of_globs_are_names() {
        let pattern = Pattern::between("env:/[x]/", "/a{1}.tfstate");
        let keys = ["env:/[x]/dev/a{1}.tfstate", "env:/x/dev/a1.tfstate", "env:/[x]/dev/more/a{1}.tfstate"];
        assert_eq!(pattern.pick(keys.map(str::to_owned)), [keys[0]]);
        assert_eq!(Pattern::exactly("a*").pick(["a*", "ab"].map(str::to_owned)), ["a*"]);
    }
}
