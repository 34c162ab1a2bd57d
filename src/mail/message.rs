//! A letter as a message of RFC 5322: text and HTML beside each other, in the thread of its estate.

use lettre::Address;
use lettre::address::AddressError;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use time::OffsetDateTime;

use super::{Estate, digest};
use crate::report::mail::Letter;

/// Why a letter could not be made a message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// An address that is none; the rules of the profile keep it away.
    #[error("`{address}` is no address that mail can be sent to: {detail}")]
    Address {
        /// The address.
        address: String,
        /// What is wrong.
        detail: String,
    },
    /// A header that cannot be written.
    #[error("the message cannot be written: {0}")]
    Header(String),
}

/// What stands on the envelope of a letter.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// The estate, whose messages are one thread.
    pub estate: &'a Estate,
    /// Who sends.
    pub from: &'a str,
    /// Who gets answers; empty for the sender.
    pub reply_to: &'a str,
    /// Who gets it.
    pub to: &'a [String],
    /// What the message is known by: the same for the same estate, run and recipients.
    pub key: &'a str,
    /// When it was made.
    pub at: OffsetDateTime,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// Its id, with its brackets.
    pub message_id: String,
    /// The address that it is sent from.
    pub from: String,
    /// Headers and body, as they are sent.
    pub text: String,
}

/// What a message is known by, so that it is made once.
pub fn key(estate: &Estate, run: &str, rule: &str) -> String {
    digest(&["message", &estate.key, run, rule])
}

/// Puts a letter into its envelope.
///
/// # Errors
/// [`MessageError`], which a checked profile never gives.
pub fn compose(letter: &Letter, stamp: &Stamp) -> Result<Composed, MessageError> {
    let from = mailbox(stamp.from)?;
    let domain = from.email.domain().to_owned();
    let message_id = format!("<{}@{domain}>", stamp.key);
    // No message bears this id: it holds together whatever answers to it.
    let thread = format!("<{}.thread@{domain}>", stamp.estate.key);
    let mut builder = Message::builder()
        .from(from.clone())
        .date(stamp.at.into())
        .message_id(Some(message_id.clone()))
        .in_reply_to(thread.clone())
        .references(thread)
        .subject(letter.subject.clone())
        .raw_header(raw("Auto-Submitted", "auto-generated")?)
        .raw_header(raw("X-Auto-Response-Suppress", "All")?);
    if !stamp.reply_to.is_empty() {
        builder = builder.reply_to(mailbox(stamp.reply_to)?);
    }
    for address in stamp.to {
        builder = builder.to(Mailbox::new(None, plain(address)?));
    }
    let part = |kind: ContentType, body: &str| SinglePart::builder().header(kind).body(body.to_owned());
    // The last part is the one that a client prefers.
    let parts = MultiPart::alternative()
        .boundary(format!("stateward-{}", stamp.key))
        .singlepart(part(ContentType::TEXT_PLAIN, &letter.text))
        .singlepart(part(ContentType::TEXT_HTML, &letter.html));
    let message = builder.multipart(parts).map_err(|error| MessageError::Header(error.to_string()))?;
    let text = String::from_utf8(message.formatted())
        .map_err(|_| MessageError::Header("it is not text".to_owned()))?;
    Ok(Composed { message_id, from: from.email.to_string(), text })
}

fn mailbox(text: &str) -> Result<Mailbox, MessageError> {
    let refused = |detail: String| MessageError::Address { address: text.escape_debug().to_string(), detail };
    if text.chars().any(char::is_control) {
        return Err(refused("it holds a control character".to_owned()));
    }
    text.parse().map_err(|error: AddressError| refused(error.to_string()))
}

/// An address alone, without a name.
fn plain(text: &str) -> Result<Address, MessageError> {
    let refused = |detail: String| MessageError::Address { address: text.escape_debug().to_string(), detail };
    if let Some(why) = crate::profile::not_an_address(text) {
        return Err(refused(why));
    }
    text.parse().map_err(|error: AddressError| refused(error.to_string()))
}

fn raw(name: &str, value: &str) -> Result<HeaderValue, MessageError> {
    let name = HeaderName::new_from_ascii(name.to_owned())
        .map_err(|error| MessageError::Header(error.to_string()))?;
    Ok(HeaderValue::new(name, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn estate() -> Estate {
        Estate { name: "prod".to_owned(), key: digest(&["estate", "prod"]) }
    }

    fn letter(subject: &str) -> Letter {
        Letter {
            subject: subject.to_owned(),
            text: "NO-GO: prod\n\n.\nGrüße, 0–1\n".to_owned(),
            html: format!("<!DOCTYPE html><p>{}</p>", "x".repeat(2_000)),
        }
    }

    fn composed(subject: &str) -> Composed {
        let estate = estate();
        let to = ["ops@acme.example".to_owned(), "dba@acme.example".to_owned()];
        let key = key(&estate, "run-1", "rule-1");
        let stamp = Stamp {
            estate: &estate,
            from: "Stateward <stateward@acme.example>",
            reply_to: "ops@acme.example",
            to: &to,
            key: &key,
            at: datetime!(2026-03-01 06:01:02 UTC),
        };
        compose(&letter(subject), &stamp).unwrap()
    }

    fn headers(text: &str) -> Vec<&str> {
        let head = text.split("\r\n\r\n").next().unwrap();
        head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).collect()
    }

    #[test]
    fn a_message_is_the_same_for_the_same_run_and_recipients() {
        let (one, two) = (composed("x"), composed("x"));
        assert_eq!(one, two);
        let text = &one.text;
        for line in [
            "From: Stateward <stateward@acme.example>",
            "To: ops@acme.example, dba@acme.example",
            "Reply-To: ops@acme.example",
            "Date: Sun, 01 Mar 2026 06:01:02 +0000",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(headers(text).contains(&line), "{line} in {text}");
        }
        assert!(text.contains(&format!("Message-ID: {}", one.message_id)));
        let other = key(&estate(), "run-2", "rule-1");
        assert!(!one.message_id.contains(&other));
        let thread = format!("<{}.thread@acme.example>", estate().key);
        assert!(
            text.contains(&format!("References: {thread}"))
                && text.contains(&format!("In-Reply-To: {thread}"))
        );
    }

    #[test]
    fn the_plain_part_comes_first_and_no_line_is_too_long() {
        let text = composed("x").text;
        let (plain, html) = (text.find("text/plain").unwrap(), text.find("text/html").unwrap());
        assert!(plain < html);
        assert!(text.contains("multipart/alternative"));
        for line in text.split("\r\n") {
            assert!(line.len() <= 998 && line.is_ascii() && !line.contains(['\r', '\n']), "{line}");
        }
    }

    #[test]
    fn nothing_that_is_found_begins_a_header() {
        let text = composed("prod\r\nBcc: evil@evil.example\r\n\r\nbody").text;
        assert!(!headers(&text).iter().any(|line| line.starts_with("Bcc")), "{text}");
        let estate = estate();
        for address in ["a@b.example\r\nBcc: c@d.example", "a@b.example\nx", "nobody", ""] {
            let to = [address.to_owned()];
            let stamp = Stamp {
                estate: &estate,
                from: "stateward@acme.example",
                reply_to: "",
                to: &to,
                key: "k",
                at: datetime!(2026-03-01 06:01:02 UTC),
            };
            assert!(compose(&letter("x"), &stamp).is_err(), "{address}");
        }
    }
}
