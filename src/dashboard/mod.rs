//! The dashboard: pages as pure functions of stored runs, who may see them, and what an address asks for.
//!
//! What reads the history and speaks HTTP is `src/run/serve/`. Here a page comes of rows of the history and of the result
//! without its findings, so that its size and its cost do not grow with the estate.

pub mod access;
mod comparison;
mod drift;
mod findings;
mod outline;
mod overview;
mod places;
pub mod query;
mod recovery;
mod route;
mod runs;
mod shell;
#[cfg(test)]
mod tests;
mod trend;
mod unread;

use minijinja::Environment;

use crate::report::ReportError;
use crate::report::html;

pub use outline::Outline;
pub use overview::Overview;
pub use route::{Chosen, DriftAsked, FindingsAsked, Route, RunsAsked, route};
pub use runs::{outcome, progress};
pub use shell::{Section, Shell};

/// Rows on a page.
pub const ROWS: usize = 50;
/// Runs that a trend goes back.
pub const TREND: usize = 60;

/// The style sheet: that of the brief, and what only the dashboard has.
pub const STYLE: &str = concat!(include_str!("../report/html/style.css"), include_str!("html/board.css"));
/// The script that follows a run. Without it pages load again by themselves.
pub const SCRIPT: &str = include_str!("html/live.js");
/// The picture beside the title.
pub const ICON: &str = include_str!("html/icon.svg");

/// What pages may load and do: nothing from elsewhere, nothing inline.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Why a request gets no page. What is said here is for whoever asked; it names no file and no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Its parameters cannot be meant.
    Bad(String),
    /// There is no such page.
    Absent,
    /// There is no such run, finding or difference.
    Missing(String),
    /// Nobody has signed in.
    Stranger,
    /// The token is another.
    WrongToken,
    /// It came from a page of somebody else.
    Foreign,
    /// Only these methods are taken.
    Method(&'static str),
    /// It is too long.
    TooLarge,
    /// It is for another host.
    Misdirected,
    /// There are enough already.
    TooMany,
    /// The history cannot be used, and why.
    Unusable(String),
    /// Something went wrong that should not.
    Broken,
}

impl Refusal {
    /// The status of HTTP.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Bad(_) => 400,
            Self::Stranger | Self::WrongToken => 401,
            Self::Foreign => 403,
            Self::Absent | Self::Missing(_) => 404,
            Self::Method(_) => 405,
            Self::TooLarge => 413,
            Self::Misdirected => 421,
            Self::TooMany | Self::Unusable(_) => 503,
            Self::Broken => 500,
        }
    }

    fn words(&self) -> (&'static str, String) {
        match self {
            Self::Bad(why) => ("This cannot be meant", format!("{why}.")),
            Self::Absent => ("There is no such page", "The address leads nowhere.".to_owned()),
            Self::Missing(what) => ("It is not there", format!("{what}.")),
            Self::Stranger => ("Sign in", String::new()),
            Self::WrongToken => ("Sign in", "That is not the token.".to_owned()),
            Self::Foreign => ("Not from there", "The request came from another site.".to_owned()),
            Self::Method(allowed) => ("Only to look at", format!("This address takes {allowed}.")),
            Self::TooLarge => ("Too much", "The request is too large.".to_owned()),
            Self::Misdirected => (
                "Another host",
                "This dashboard answers to localhost, 127.0.0.1 and [::1]. For another name it has to listen on another \
                 address, with a token or with certificates of clients."
                    .to_owned(),
            ),
            Self::TooMany => ("Too many at once", "Try again in a moment.".to_owned()),
            Self::Unusable(why) => ("The history cannot be used", why.clone()),
            Self::Broken => {
                ("Something went wrong", "What it was stands in the log of the dashboard.".to_owned())
            }
        }
    }
}

/// The templates, parsed once.
#[derive(Debug)]
pub struct Pages(Environment<'static>);

/// The templates. Those that end in `.html` escape whatever they print.
const TEMPLATES: [(&str, &str); 16] = [
    ("board/page.html", include_str!("html/page.html")),
    ("board/macros.html", include_str!("html/macros.html")),
    ("board/overview.html", include_str!("html/overview.html")),
    ("board/components.html", include_str!("html/components.html")),
    ("board/regions.html", include_str!("html/regions.html")),
    ("board/findings.html", include_str!("html/findings.html")),
    ("board/finding.html", include_str!("html/finding.html")),
    ("board/drift.html", include_str!("html/drift.html")),
    ("board/difference.html", include_str!("html/difference.html")),
    ("board/recovery.html", include_str!("html/recovery.html")),
    ("board/unread.html", include_str!("html/unread.html")),
    ("board/runs.html", include_str!("html/runs.html")),
    ("board/run.html", include_str!("html/run.html")),
    ("board/compare.html", include_str!("html/compare.html")),
    ("board/sign-in.html", include_str!("html/sign-in.html")),
    ("board/message.html", include_str!("html/message.html")),
];

impl Pages {
    /// Parses the templates.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn new() -> Result<Self, ReportError> {
        let mut environment = html::environment()?;
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    fn render(
        &self,
        name: &str,
        shell: &Shell,
        title: &str,
        mut context: serde_json::Value,
    ) -> Result<String, ReportError> {
        if let Some(map) = context.as_object_mut() {
            map.extend(shell.context(title));
        }
        Ok(self.0.get_template(&format!("board/{name}.html"))?.render(html::value(context))?)
    }

    /// The page that says why there is none; nothing but words where not even that can be made.
    pub fn refusal(&self, refusal: &Refusal, shell: &Shell) -> String {
        let (title, said) = refusal.words();
        let name = match refusal {
            Refusal::Stranger | Refusal::WrongToken => "sign-in",
            _ => "message",
        };
        let wrong = *refusal == Refusal::WrongToken;
        let context = serde_json::json!({ "said": said, "wrong": wrong, "status": refusal.status() });
        self.render(name, shell, title, context).unwrap_or_else(|_| title.to_owned())
    }
}
