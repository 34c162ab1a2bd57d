//! One file per output format; each is a pure function of the result.

pub(crate) mod ci;
pub mod comparison;
pub mod csv;
mod evidence;
pub mod explain;
pub mod github;
pub mod history;
pub mod html;
pub mod json;
pub mod jsonl;
pub mod junit;
pub mod mail;
pub mod markdown;
pub mod ocsf;
pub mod prose;
#[cfg(test)]
mod published;
pub mod recovery;
pub mod sarif;
pub mod table;
#[cfg(test)]
mod tests;
pub mod webhook;
pub(crate) mod who;
pub mod words;

use crate::result::Document;

/// How a report for people looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal; none is a file or a pipe.
    pub width: Option<usize>,
    /// Whether to colour.
    pub colour: bool,
}

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A template failed.
    #[error("the page could not be made: {0}")]
    Template(#[from] minijinja::Error),
    /// A value could not be written as JSON.
    #[error("the JSON could not be written: {0}")]
    Json(#[from] serde_json::Error),
    /// A row could not be written as CSV.
    #[error("the CSV could not be written: {0}")]
    Csv(#[from] ::csv::Error),
    /// An element could not be written as XML.
    #[error("the XML could not be written: {0}")]
    Xml(#[from] std::io::Error),
}

/// A format: a name on the command line and a pure function of the result.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The name on the command line.
    pub name: &'static str,
    /// The extension of a file of this format, without the dot.
    pub extension: &'static str,
    /// Makes the report.
    ///
    /// # Errors
    /// [`ReportError`], which a tested build never gives.
    pub render: fn(&Document, &Look) -> Result<String, ReportError>,
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}

/// Every format, in the order in which help texts name them. The first is the default.
pub const FORMATS: &[Format] = &[
    Format { name: "table", extension: "txt", render: table::render },
    Format { name: "json", extension: "json", render: json::render },
    Format { name: "jsonl", extension: "jsonl", render: jsonl::render },
    Format { name: "csv", extension: "csv", render: csv::render },
    Format { name: "markdown", extension: "md", render: markdown::render },
    Format { name: "html", extension: "html", render: html::render },
    Format { name: "sarif", extension: "sarif", render: sarif::render },
    Format { name: "junit", extension: "xml", render: junit::render },
    Format { name: "ocsf", extension: "jsonl", render: ocsf::render },
    Format { name: "github", extension: "md", render: github::render },
];

/// True for the formats that show a verification of recovery whole.
pub fn shows_recovery(format: &Format) -> bool {
    !matches!(format.name, "jsonl" | "csv")
}

/// The names of the formats that show a verification of recovery.
pub fn recovery_formats() -> String {
    let names: Vec<&str> = FORMATS.iter().filter(|it| shows_recovery(it)).map(|it| it.name).collect();
    names.join(", ")
}

/// The format of a name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
