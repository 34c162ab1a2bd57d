//! What carries messages away: mail one way, as the profile says, and webhooks another.

use stateward::mail::post::{Parcel, Relay, Sent, is_webhook};
use stateward::profile::{MailTransport, Profile};
#[cfg(any(feature = "smtp", feature = "webhooks", feature = "aws"))]
use stateward::report::words;

use super::Outside;

/// Letters of an answer that are kept.
#[cfg(any(feature = "smtp", feature = "webhooks", feature = "aws"))]
const ANSWER: usize = 300;

/// What an answer says, on one line and without secrets.
#[cfg(any(feature = "smtp", feature = "webhooks", feature = "aws"))]
pub fn said(text: &str, secrets: &[String]) -> String {
    let hidden = secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
    words::one_line(&hidden).chars().take(ANSWER).collect()
}

/// A carrier, or why there is none.
type Carrier = Result<Box<dyn Relay>, String>;

/// Every carrier of a profile. One that cannot be set up is down, and says why with each message.
pub struct Carriers {
    mail: Carrier,
    webhooks: Carrier,
}

impl Carriers {
    /// The carriers as the profile describes them. Nothing is connected yet.
    pub fn open(profile: &Profile, outside: &Outside) -> Self {
        let down = |error: anyhow::Error| format!("{error:#}");
        Self {
            mail: mail(profile, outside).map_err(down),
            webhooks: webhooks(profile, outside).map_err(down),
        }
    }

    /// Why something that waits cannot leave at all as things are set up.
    pub fn fault(&self, waiting: &[Parcel]) -> Option<&str> {
        let mut pending = waiting.iter().flat_map(|parcel| &parcel.pending);
        pending.find_map(|to| self.carrier(to).as_ref().err()).map(String::as_str)
    }

    fn carrier(&self, to: &str) -> &Carrier {
        if is_webhook(to) { &self.webhooks } else { &self.mail }
    }
}

impl Relay for Carriers {
    fn send(&mut self, parcel: &Parcel, to: &str) -> Sent {
        let carrier = if is_webhook(to) { &mut self.webhooks } else { &mut self.mail };
        match carrier {
            Ok(carrier) => carrier.send(parcel, to),
            Err(why) => Sent::Down(why.clone()),
        }
    }
}

/// What receipts call the carrier of a message.
pub fn name(profile: &Profile, to: &str) -> &'static str {
    match profile.mail.transport {
        _ if is_webhook(to) => "webhook",
        MailTransport::Smtp => "smtp",
        MailTransport::Ses => "ses",
    }
}

fn mail(profile: &Profile, outside: &Outside) -> anyhow::Result<Box<dyn Relay>> {
    match profile.mail.transport {
        MailTransport::Smtp => smtp(profile, outside),
        MailTransport::Ses => ses(profile, outside),
    }
}

#[cfg(feature = "smtp")]
fn smtp(profile: &Profile, outside: &Outside) -> anyhow::Result<Box<dyn Relay>> {
    Ok(Box::new(super::relay::Smtp::open(&profile.mail, outside)?))
}

#[cfg(not(feature = "smtp"))]
fn smtp(_: &Profile, _: &Outside) -> anyhow::Result<Box<dyn Relay>> {
    anyhow::bail!(
        "this build leaves SMTP out\n  remedy: build it whole with `cargo build`, or write the messages with --dry-run DIR"
    )
}

#[cfg(feature = "aws")]
fn ses(profile: &Profile, outside: &Outside) -> anyhow::Result<Box<dyn Relay>> {
    Ok(Box::new(super::ses::Ses::open(profile, outside)?))
}

#[cfg(not(feature = "aws"))]
fn ses(_: &Profile, _: &Outside) -> anyhow::Result<Box<dyn Relay>> {
    anyhow::bail!(
        "this build leaves the AWS SDK out, and SES with it\n  remedy: build it whole with `cargo build`, or write the \
         messages with --dry-run DIR"
    )
}

#[cfg(feature = "webhooks")]
fn webhooks(profile: &Profile, outside: &Outside) -> anyhow::Result<Box<dyn Relay>> {
    Ok(Box::new(super::webhooks::Webhooks::open(&profile.mail, outside)?))
}

#[cfg(not(feature = "webhooks"))]
fn webhooks(_: &Profile, _: &Outside) -> anyhow::Result<Box<dyn Relay>> {
    anyhow::bail!(
        "this build leaves webhooks out\n  remedy: build it whole with `cargo build`, or write the messages with --dry-run DIR"
    )
}
