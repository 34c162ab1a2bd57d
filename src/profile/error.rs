//! What can be wrong with a profile, said with the place, the reason and the remedy.

use std::fmt;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

/// A profile that cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum ProfileError {
    /// A name without a slash or `.toml` that no built-in profile has.
    #[error("there is no built-in profile `{name}`")]
    #[diagnostic(code(stateward::profile::unknown_profile))]
    UnknownProfile {
        /// The name as given.
        name: String,
        /// The near names, and all of them.
        #[help]
        help: String,
    },
    /// A profile file that could not be read.
    #[error("the profile `{path}` could not be read: {source}")]
    #[diagnostic(
        code(stateward::profile::unreadable),
        help(
            "check the path and its permissions; `--profile` takes a file or the name of a built-in profile"
        )
    )]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// An acceptance file that could not be read.
    #[error("the acceptances in `{path}` could not be read: {source}")]
    #[diagnostic(
        code(stateward::profile::unreadable),
        help("check the path and its permissions; `stateward drift --write-ignore FILE` drafts such a file")
    )]
    UnreadableAcceptances {
        /// The path as given.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A region name given outside a profile that AWS does not have.
    #[error(transparent)]
    #[diagnostic(transparent)]
    UnknownRegion(#[from] super::UnknownRegion),
    /// What should name a variable of the environment. It may be the secret itself, so that neither it nor its line is shown.
    #[error("`{path}` is not the name of a variable of the environment")]
    #[diagnostic(
        code(stateward::profile::rule),
        help(
            "write the name of the variable that holds it, in capitals, like `SMTP_PASSWORD`: the value itself does not \
             belong into a profile"
        )
    )]
    NotAVariable {
        /// The key.
        path: String,
    },
    /// Something inside a file.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Invalid(Box<Invalid>),
}

/// What sort of fault a place in a profile has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not TOML.
    Syntax,
    /// A key that profiles do not know.
    UnknownKey,
    /// A value of the wrong type or form, or a key that is missing.
    BadValue,
    /// Well formed, and against a rule.
    Rule,
}

/// A fault at a place in a file.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct Invalid {
    /// The sort of fault.
    pub fault: Fault,
    /// What is wrong, with the key.
    pub message: String,
    /// The file or built-in profile, with its text.
    pub source_code: NamedSource<String>,
    /// Where, in bytes.
    pub span: SourceSpan,
    /// The note at that place.
    pub label: String,
    /// The remedy.
    pub help: String,
}

// By hand, because the code depends on the fault.
impl Diagnostic for Invalid {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(match self.fault {
            Fault::Syntax => "stateward::profile::syntax",
            Fault::UnknownKey => "stateward::profile::unknown_key",
            Fault::BadValue => "stateward::profile::bad_value",
            Fault::Rule => "stateward::profile::rule",
        }))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source_code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        let label = miette::LabeledSpan::new_with_span(Some(self.label.clone()), self.span);
        Some(Box::new(std::iter::once(label)))
    }
}
