//! The result document itself.

use super::{Look, ReportError};
use crate::result::Document;

/// The document as JSON text.
///
/// # Errors
/// None for a document of this program.
pub fn render(document: &Document, _: &Look) -> Result<String, ReportError> {
    Ok(document.to_json()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::sample;

    #[test]
    fn the_document_reads_back() {
        for (name, document) in sample::all() {
            let text = render(&document, &Look::default()).unwrap();
            assert_eq!(Document::from_json(name, &text).unwrap(), document, "{name}");
        }
    }
}
