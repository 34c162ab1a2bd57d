//! Which page a request is for.

use super::Refusal;
use super::query::{Form, is_id};

/// Statuses that a list of findings is narrowed down to; the first is what is not as it should be.
pub const STATUSES: [&str; 8] =
    ["open", "fail", "partial", "unknown", "waived", "pass", "not_applicable", "all"];
/// Severities, gravest first.
pub const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];
/// Classes of drift.
pub const CLASSES: [&str; 6] = ["changed", "missing", "unmanaged", "conflict", "ghost", "unknown"];
/// How drift stands to the run before.
pub const STANDINGS: [&str; 3] = ["new", "returned", "continuing"];
/// Commands whose runs are stored.
pub const COMMANDS: [&str; 3] = ["audit", "drift", "recover"];
/// What became of runs.
pub const OUTCOMES: [&str; 4] = ["finished", "running", "interrupted", "failed"];

/// Which run is looked at: one that is named, or the latest of an estate, or the latest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Its id, the beginning of it, `latest` or `latest~N`.
    pub run: Option<String>,
    /// The estate.
    pub estate: Option<String>,
}

/// Which findings are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingsAsked {
    /// Of which run.
    pub chosen: Chosen,
    /// One of [`STATUSES`].
    pub status: Option<&'static str>,
    /// One of [`SEVERITIES`].
    pub severity: Option<&'static str>,
    /// Key of the component.
    pub component: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// The check.
    pub check: Option<String>,
    /// Words that are searched for.
    pub words: Vec<String>,
    /// Only what is so since this run.
    pub only_new: bool,
    /// The page, from 1.
    pub page: usize,
}

/// Which differences are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriftAsked {
    /// Of which run.
    pub chosen: Chosen,
    /// One of [`CLASSES`].
    pub class: Option<&'static str>,
    /// The label.
    pub label: Option<String>,
    /// One of [`STANDINGS`].
    pub standing: Option<&'static str>,
    /// The region.
    pub region: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// Words that are searched for.
    pub words: Vec<String>,
    /// The page, from 1.
    pub page: usize,
}

/// Which runs are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunsAsked {
    /// One of [`COMMANDS`].
    pub command: Option<&'static str>,
    /// The estate.
    pub estate: Option<String>,
    /// One of [`OUTCOMES`].
    pub outcome: Option<&'static str>,
    /// The page, from 1.
    pub page: usize,
}

/// A page, or something else that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The overview.
    Overview(Chosen),
    /// The components.
    Components(Chosen),
    /// The regions.
    Regions(Chosen),
    /// A list of findings.
    Findings(FindingsAsked),
    /// One finding, by its fingerprint.
    Finding(Chosen, String),
    /// A list of differences.
    Drift(DriftAsked),
    /// One difference, by its fingerprint.
    Difference(Chosen, String),
    /// The verification of recovery.
    Recovery(Chosen),
    /// What could not be read.
    Unread(Chosen),
    /// The list of runs.
    Runs(RunsAsked),
    /// One run.
    Run(String),
    /// The result of a run in JSON.
    Result(String),
    /// How far a run has come, as events.
    Events(String),
    /// Two runs held against each other; without names the choice of them.
    Compare(Option<(String, String)>),
    /// The style sheet.
    Style,
    /// The script.
    Script,
    /// The picture beside the title.
    Icon,
    /// The form that takes the token.
    SignIn,
    /// The end of a session.
    SignOut,
}

/// The page of a path and its parameters.
///
/// # Errors
/// A path that there is none for, or parameters that cannot be meant.
pub fn route(path: &str, query: &str) -> Result<Route, Refusal> {
    let form = Form::read(query)?;
    let chosen = || -> Result<Chosen, Refusal> {
        Ok(Chosen { run: form.run("run")?, estate: form.one("estate")?.map(str::to_owned) })
    };
    let segments: Vec<&str> = path.strip_prefix('/').ok_or(Refusal::Absent)?.split('/').collect();
    let id = |text: &str| if is_id(text) { Ok(text.to_owned()) } else { Err(Refusal::Absent) };
    Ok(match segments.as_slice() {
        [""] => Route::Overview(chosen()?),
        ["components"] => Route::Components(chosen()?),
        ["regions"] => Route::Regions(chosen()?),
        ["findings"] => Route::Findings(findings(&form, chosen()?)?),
        ["findings", print] => Route::Finding(chosen()?, id(print)?),
        ["drift"] => Route::Drift(drift(&form, chosen()?)?),
        ["drift", print] => Route::Difference(chosen()?, id(print)?),
        ["recovery"] => Route::Recovery(chosen()?),
        ["unread"] => Route::Unread(chosen()?),
        ["runs"] => Route::Runs(runs(&form)?),
        ["runs", run] => Route::Run(id(run)?),
        ["runs", run, "result.json"] => Route::Result(id(run)?),
        ["runs", run, "events"] => Route::Events(id(run)?),
        ["compare"] => Route::Compare(match (form.run("old")?, form.run("new")?) {
            (Some(old), Some(new)) => Some((old, new)),
            (None, None) => None,
            _ => return Err(Refusal::Bad("two runs are compared: `old` and `new`".to_owned())),
        }),
        ["assets", "style.css"] => Route::Style,
        ["assets", "live.js"] => Route::Script,
        ["assets", "icon.svg"] => Route::Icon,
        ["sign-in"] => Route::SignIn,
        ["sign-out"] => Route::SignOut,
        _ => return Err(Refusal::Absent),
    })
}

fn findings(form: &Form, chosen: Chosen) -> Result<FindingsAsked, Refusal> {
    let text = |name: &str| form.one(name).map(|value| value.map(str::to_owned));
    Ok(FindingsAsked {
        chosen,
        status: form.word("status", &STATUSES)?,
        severity: form.word("severity", &SEVERITIES)?,
        component: text("component")?,
        region: text("region")?,
        account: text("account")?,
        check: text("check")?,
        words: form.words("q")?,
        only_new: form.word("new", &["1"])?.is_some(),
        page: form.page()?,
    })
}

fn drift(form: &Form, chosen: Chosen) -> Result<DriftAsked, Refusal> {
    let text = |name: &str| form.one(name).map(|value| value.map(str::to_owned));
    Ok(DriftAsked {
        chosen,
        class: form.word("class", &CLASSES)?,
        label: text("label")?,
        standing: form.word("standing", &STANDINGS)?,
        region: text("region")?,
        account: text("account")?,
        words: form.words("q")?,
        page: form.page()?,
    })
}

fn runs(form: &Form) -> Result<RunsAsked, Refusal> {
    Ok(RunsAsked {
        command: form.word("of", &COMMANDS)?,
        estate: form.one("estate")?.map(str::to_owned),
        outcome: form.word("outcome", &OUTCOMES)?,
        page: form.page()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_has_its_address() {
        let here = Chosen::default();
        assert_eq!(route("/", ""), Ok(Route::Overview(here.clone())));
        assert_eq!(
            route("/regions", "run=abcd&estate=prod"),
            Ok(Route::Regions(Chosen { run: Some("abcd".into()), estate: Some("prod".into()) }))
        );
        assert_eq!(route("/findings/0123abcd", ""), Ok(Route::Finding(here.clone(), "0123abcd".into())));
        let Ok(Route::Findings(asked)) =
            route("/findings", "status=fail&severity=high&check=STO-18&q=a+b&new=1&page=3")
        else {
            panic!("no list of findings")
        };
        assert_eq!((asked.status, asked.severity), (Some("fail"), Some("high")));
        assert_eq!((asked.check.as_deref(), asked.words.len()), (Some("STO-18"), 2));
        assert_eq!((asked.only_new, asked.page), (true, 3));
        assert_eq!(route("/runs/abcd/events", ""), Ok(Route::Events("abcd".into())));
        assert_eq!(route("/compare", ""), Ok(Route::Compare(None)));
        assert_eq!(
            route("/compare", "old=latest~1&new=latest"),
            Ok(Route::Compare(Some(("latest~1".into(), "latest".into()))))
        );
    }

    #[test]
    fn nothing_leads_to_a_file() {
        for path in [
            "",
            "x",
            "//",
            "/..",
            "/../",
            "/assets/",
            "/assets/../../etc/passwd",
            "/assets/%2e%2e/%2e%2e/etc/passwd",
            "/assets/style.css/..",
            "/assets/..%2f..%2fetc%2fpasswd",
            "/runs/../../../etc/passwd",
            "/runs/..%2f..",
            "/runs/abcd/../../x",
            "/findings/%2e%2e",
            "/findings/..",
            "/drift/.",
            "/runs/",
            "/etc/passwd",
            "/.git/config",
            "/assets\\..\\..\\x",
            "/runs/abcd/result.json/..",
            "/findings/\u{e9}",
        ] {
            assert_eq!(route(path, ""), Err(Refusal::Absent), "{path}");
        }
    }

    #[test]
    fn parameters_that_cannot_be_meant_are_refused() {
        for (path, query) in [
            ("/findings", "status=broken"),
            ("/findings", "severity=severe"),
            ("/findings", "new=yes"),
            ("/findings", "page=0"),
            ("/drift", "class=x"),
            ("/drift", "standing=x"),
            ("/runs", "of=demo"),
            ("/runs", "outcome=x"),
            ("/compare", "old=abcd"),
            ("/", "run=a/b"),
        ] {
            assert!(matches!(route(path, query), Err(Refusal::Bad(_))), "{path}?{query}");
        }
    }
}
