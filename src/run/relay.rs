//! The SMTP relay: one pool of connections, encrypted before anything is said.

use std::io::ErrorKind;

use anyhow::{Context, bail};
use lettre::Transport;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{Error, SmtpTransport};
use stateward::mail::post::{Parcel, Relay, Sent};
use stateward::profile::{MailSettings, MailTls};

use super::Outside;
use super::carriers::said;

/// What a relay says that takes nothing from anybody before it knows who asks (RFC 4954 §6), or that is closing
/// (RFC 5321 §3.8).
const OF_EVERYBODY: [&str; 7] = ["421", "432", "454", "530", "534", "535", "538"];

/// The relay of the profile.
pub struct Smtp {
    transport: SmtpTransport,
    /// What an answer must not repeat.
    secrets: Vec<String>,
}

impl Smtp {
    /// The relay as the profile describes it. Nothing is connected yet.
    ///
    /// # Errors
    /// No relay, a variable that is not set, or authorities that cannot be read.
    pub fn open(settings: &MailSettings, outside: &Outside) -> anyhow::Result<Self> {
        if settings.relay.is_empty() {
            bail!(
                "there is no relay to send by\n  remedy: set `mail.relay` in the profile, or write the messages with --dry-run DIR"
            );
        }
        let mut builder = SmtpTransport::builder_dangerous(settings.relay.clone())
            .port(settings.port)
            .timeout(Some(settings.timeout))
            .tls(tls(settings)?);
        let mut secrets = Vec::new();
        if !settings.user_variable.is_empty() {
            let user = outside.secret("mail.user_variable", &settings.user_variable)?;
            let password = outside.secret("mail.password_variable", &settings.password_variable)?;
            secrets = vec![password.clone(), user.clone()];
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: builder.build(), secrets })
    }

    /// Connects, encrypts and logs in as for a message, and sends none.
    ///
    /// # Errors
    /// What the relay or the connection said.
    pub fn test(&self) -> Result<(), String> {
        match self.transport.test_connection() {
            Ok(true) => Ok(()),
            Ok(false) => Err("the relay answered, and is not ready".to_owned()),
            Err(error) => Err(self.say(&described(&error))),
        }
    }

    fn say(&self, text: &str) -> String {
        said(text, &self.secrets)
    }

    fn failure(&self, error: &Error) -> Sent {
        let text = self.say(&described(error));
        let of_everybody =
            error.status().is_some_and(|code| OF_EVERYBODY.contains(&code.to_string().as_str()));
        match (error.is_transient(), error.is_permanent()) {
            _ if of_everybody => Sent::Down(text),
            (true, _) => Sent::Later(text),
            (_, true) => Sent::Refused(text),
            _ => Sent::Down(text),
        }
    }
}

impl Relay for Smtp {
    fn send(&mut self, parcel: &Parcel, to: &str) -> Sent {
        let envelope = match (parcel.from.parse(), to.parse()) {
            (Ok(from), Ok(to)) => Envelope::new(Some(from), vec![to]),
            _ => return Sent::Refused("this is no address".to_owned()),
        };
        let sent = envelope
            .map_err(|error| error.to_string())
            .map(|envelope| self.transport.send_raw(&envelope, parcel.message.as_bytes()));
        match sent {
            Ok(Ok(response)) => {
                let said = response.message().collect::<Vec<_>>().join(" ");
                Sent::Accepted(self.say(&format!("{} {said}", response.code())))
            }
            Ok(Err(error)) => self.failure(&error),
            Err(error) => Sent::Refused(self.say(&error)),
        }
    }
}

/// An error with what led to it.
fn described(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let said = match inner.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            // As the system calls it, it would read like something else.
            Some(ErrorKind::WouldBlock | ErrorKind::TimedOut) => "no answer in time".to_owned(),
            _ => inner.to_string(),
        };
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = inner.source();
    }
    text
}

fn tls(settings: &MailSettings) -> anyhow::Result<Tls> {
    if settings.tls == MailTls::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(settings.relay.clone());
    if !settings.ca_file.is_empty() {
        let file = &settings.ca_file;
        let pem = std::fs::read(file)
            .with_context(|| format!("{file}: the authorities cannot be read; check `mail.ca_file`"))?;
        // A file without any certificate would be taken for one with none to add.
        let held = String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----");
        let authorities = Some(&pem).filter(|_| held).and_then(|pem| Certificate::from_pem(pem).ok());
        let authorities = authorities
            .with_context(|| format!("{file}: this holds no certificate in PEM; check `mail.ca_file`"))?;
        parameters = parameters.add_root_certificate(authorities);
    }
    let parameters = parameters.build().context("TLS cannot be set up")?;
    Ok(match settings.tls {
        MailTls::Implicit => Tls::Wrapper(parameters),
        _ => Tls::Required(parameters),
    })
}
