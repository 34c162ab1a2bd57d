//! Errors that name the state, the place in it, and the remedy.

use std::fmt;

/// Why a state could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct StateError {
    /// The state's URI as it was given.
    pub uri: String,
    /// Line and column, both from 1, where there is a place.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// True when the state is whole, and encrypted so that its content cannot be seen.
    pub encrypted: bool,
}

impl StateError {
    /// An error without a place.
    pub fn new(uri: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { uri: uri.to_owned(), place: None, what: what.into(), remedy: remedy.into(), encrypted: false }
    }

    /// The error of a state whose content is encrypted.
    pub(crate) fn encrypted(mut self) -> Self {
        self.encrypted = true;
        self
    }

    /// The error at a place.
    pub fn at(mut self, line: usize, column: usize) -> Self {
        if line > 0 {
            self.place = Some((line, column));
        }
        self
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.uri)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}\n  remedy: {}", self.what, self.remedy)
    }
}
