//! Settings of mail: the relay, who gets what, and how often.

use std::time::Duration;

use lettre::Address;
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

use super::values::{Pattern, duration, duration_or_none};
use super::{COMPONENT_KEYS, Level, Profile, ProfileError, nearest};

/// Characters of an estate's name: it stands in the subject.
const NAME: usize = 80;

/// How the connection to the relay is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// It begins in the clear, and nothing is said before it is encrypted.
    Starttls,
    /// It is encrypted from the first byte.
    Implicit,
    /// It is not; only to a relay on loopback.
    None,
}

/// A part of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailPart {
    /// State against live.
    Drift,
    /// The verdict and the findings.
    Brief,
}

/// What carries mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTransport {
    /// A relay that speaks SMTP.
    Smtp,
    /// The Simple Email Service of AWS.
    Ses,
}

/// What a webhook is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookForm {
    /// The message as `stateward.message/1`.
    Json,
    /// What incoming webhooks of Slack take, and of all who do as Slack does.
    Slack,
}

/// A webhook. Its address is often a secret, so that the profile only names the variable that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// What it is called in messages and receipts.
    pub name: String,
    /// What it is sent.
    #[serde(default = "json")]
    pub form: WebhookForm,
    /// The variable of the environment that holds its URL.
    pub url_variable: String,
    /// The variable of the environment that holds the key of the signature; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret_variable: String,
}

fn json() -> WebhookForm {
    WebhookForm::Json
}

/// Mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// What the subject calls the estate; empty where `history.estate` or the accounts say it.
    pub name: String,
    /// Who sends.
    pub from: String,
    /// Who gets answers; empty for the sender.
    pub reply_to: String,
    /// What carries it.
    pub transport: MailTransport,
    /// The region of SES; empty for the primary one.
    pub region: String,
    /// The configuration set of SES; empty for none.
    pub configuration_set: String,
    /// The relay's name; empty for none.
    pub relay: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// A PEM file with authorities that are trusted besides the system's.
    pub ca_file: String,
    /// The variable of the environment that holds the user; empty for no authentication.
    pub user_variable: String,
    /// The variable of the environment that holds the password.
    pub password_variable: String,
    /// How long the relay may take for one answer.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// What stands is told again after so long without a message; zero for never.
    #[serde(with = "duration")]
    pub digest: Duration,
    /// A sign of life after so long without a message; zero for never.
    #[serde(with = "duration")]
    pub heartbeat: Duration,
    /// How long a message is tried before it is laid aside.
    #[serde(with = "duration")]
    pub give_up: Duration,
    /// A folder with templates in the place of the built-in ones; empty for none.
    pub templates: String,
    /// The folder of messages that wait; empty for one beside the history.
    pub spool: String,
    /// Who gets what.
    pub recipients: Vec<MailRule>,
}

/// Addresses, and what they get. Whatever is not named lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailRule {
    /// The addresses; they share one message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// A webhook in the place of addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Only the drift, or only the brief.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<MailPart>,
    /// Components, by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// The least severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Level>,
    /// Regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Pattern>,
    /// Terraform addresses, or ids and ARNs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Pattern>,
    /// In the place of `mail.digest`.
    #[serde(default, with = "duration_or_none", skip_serializing_if = "Option::is_none")]
    pub digest: Option<Duration>,
    /// In the place of `mail.heartbeat`.
    #[serde(default, with = "duration_or_none", skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Duration>,
}

impl MailRule {
    /// Everything, to one address.
    pub fn everything(to: String) -> Self {
        Self { to: vec![to], ..Self::default() }
    }

    /// Who gets it: the addresses, or the name of the webhook.
    pub fn recipients(&self) -> Vec<String> {
        match &self.webhook {
            Some(webhook) => vec![webhook.name.clone()],
            None => self.to.clone(),
        }
    }

    /// Whether it narrows what is told.
    pub fn narrows(&self) -> bool {
        self.only.is_some()
            || self.severity.is_some()
            || ![self.components.is_empty(), self.regions.is_empty(), self.addresses.is_empty()]
                .into_iter()
                .all(|empty| empty)
    }
}

/// Why a text is no address that mail can be sent to.
pub fn not_an_address(text: &str) -> Option<String> {
    // What ends a line would begin a header.
    if text.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return Some("holds a blank or a control character".to_owned());
    }
    text.parse::<Address>().err().map(|error| format!("is no address ({error})"))
}

fn not_a_mailbox(text: &str) -> Option<String> {
    if text.chars().any(char::is_control) {
        return Some("holds a control character".to_owned());
    }
    text.parse::<Mailbox>().err().map(|error| format!("is no address ({error})"))
}

fn is_loopback(relay: &str) -> bool {
    relay == "localhost" || relay.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_host(relay: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    relay.parse::<std::net::IpAddr>().is_ok() || relay.split('.').all(label)
}

/// Letters, digits, `-`, `_` and `.`: never an `@`, by which addresses are told from webhooks.
fn is_name(name: &str) -> bool {
    (1..=NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn webhook(profile: &Profile, index: usize, hook: &Webhook) -> Result<(), ProfileError> {
    let at = format!("mail.recipients[{index}].webhook");
    let fault = |key: &str, message: &str, help: &str| {
        let path = format!("{at}.{key}");
        Err(profile.layers.fault(&path, format!("`{path}` {message}"), "this value", help))
    };
    if !is_name(&hook.name) {
        return fault("name", "is no name", "write letters, digits, `-`, `_` and `.`, like `ops-channel`");
    }
    let earlier = profile.mail.recipients[..index].iter().filter_map(|rule| rule.webhook.as_ref());
    if earlier.into_iter().any(|other| other.name == hook.name && other != hook) {
        return fault("name", "is that of another webhook", "give each a name of its own");
    }
    let variables = [("url_variable", &hook.url_variable), ("secret_variable", &hook.secret_variable)];
    for (key, name) in variables {
        let is_left_out = key == "secret_variable" && name.is_empty();
        if !is_left_out && (name.is_empty() || !is_variable(name)) {
            return Err(ProfileError::NotAVariable { path: format!("{at}.{key}") });
        }
    }
    Ok(())
}

/// Capitals alone, as such names are written: most passwords are none then.
fn is_variable(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The rules of the section.
pub(super) fn check(profile: &Profile) -> Result<(), ProfileError> {
    let mail = &profile.mail;
    let fault = |path: &str, message: &str, help: &str| {
        Err(profile.layers.fault(path, format!("`{path}` {message}"), "this value", help))
    };
    if mail.name.chars().any(char::is_control) || mail.name.chars().count() > NAME {
        return fault("mail.name", "does not fit into a subject", "write one line of at most 80 characters");
    }
    let example = "write an address like `stateward@example.com` or `Stateward <stateward@example.com>`";
    for (path, mailbox) in [("mail.from", &mail.from), ("mail.reply_to", &mail.reply_to)] {
        if let Some(why) = Some(mailbox).filter(|text| !text.is_empty()).and_then(|text| not_a_mailbox(text))
        {
            return fault(path, &why, example);
        }
    }
    let to_addresses = mail.recipients.iter().position(|rule| rule.webhook.is_none());
    if let Some(index) = to_addresses.filter(|_| mail.from.is_empty()) {
        let message = "there are recipients, and `mail.from` says of nobody that he sends".to_owned();
        let path = format!("mail.recipients[{index}]");
        return Err(profile.layers.fault(&path, message, "who writes to them?", example));
    }
    relay(profile)?;
    if !mail.region.is_empty() && !is_name(&mail.region) {
        return fault("mail.region", "is no region", "write one like `us-west-2`");
    }
    let help = "write a duration above zero, like `30s`";
    for (path, value) in [("mail.timeout", mail.timeout), ("mail.give_up", mail.give_up)] {
        if value.is_zero() {
            return fault(path, "is zero", help);
        }
    }
    mail.recipients.iter().enumerate().try_for_each(|(index, rule)| recipients(profile, index, rule))
}

fn relay(profile: &Profile) -> Result<(), ProfileError> {
    let mail = &profile.mail;
    let fault = |path: &str, message: &str, help: &str| {
        Err(profile.layers.fault(path, format!("`{path}` {message}"), "this value", help))
    };
    if !mail.relay.is_empty() && !is_host(&mail.relay) {
        return fault(
            "mail.relay",
            "is not the name of a host",
            "write the name alone, like `smtp.example.com`; the port has a key of its own",
        );
    }
    if mail.port == 0 {
        return fault("mail.port", "is zero", "write 587 for STARTTLS, or 465 for implicit TLS");
    }
    let variables =
        [("mail.user_variable", &mail.user_variable), ("mail.password_variable", &mail.password_variable)];
    for (path, name) in variables {
        if !is_variable(name) {
            return Err(ProfileError::NotAVariable { path: path.to_owned() });
        }
    }
    if mail.user_variable.is_empty() != mail.password_variable.is_empty() {
        let help = "name the variables of both user and password, or of none";
        let set = variables.into_iter().find(|(_, name)| !name.is_empty());
        return fault(set.map_or("mail", |(path, _)| path), "stands alone", help);
    }
    let is_clear = mail.tls == MailTls::None && !mail.relay.is_empty();
    if is_clear && !is_loopback(&mail.relay) {
        let help =
            "write \"starttls\" or \"implicit\"; only a relay on loopback may be spoken to in the clear";
        return fault("mail.tls", "would send what was found in the clear", help);
    }
    if is_clear && !mail.user_variable.is_empty() {
        return fault(
            "mail.tls",
            "would send the password in the clear",
            "write \"starttls\" or \"implicit\"",
        );
    }
    Ok(())
}

fn recipients(profile: &Profile, index: usize, rule: &MailRule) -> Result<(), ProfileError> {
    let at = format!("mail.recipients[{index}]");
    let fault = |path: &str, message: String, help: &str| {
        Err(profile.layers.fault(path, format!("`{path}` {message}"), "this value", help))
    };
    match &rule.webhook {
        Some(_) if !rule.to.is_empty() => {
            return fault(&at, "names addresses and a webhook".to_owned(), "write an entry for each");
        }
        Some(hook) => webhook(profile, index, hook)?,
        None if rule.to.is_empty() => {
            return fault(&format!("{at}.to"), "names nobody".to_owned(), "write at least one address");
        }
        None => {}
    }
    for (number, address) in rule.to.iter().enumerate() {
        let path = format!("{at}.to[{number}]");
        if let Some(why) = not_an_address(address) {
            return fault(&path, why, "write the address alone, like `ops@example.com`");
        }
        if rule.to[..number].iter().any(|other| other.eq_ignore_ascii_case(address)) {
            return fault(&path, "stands there twice".to_owned(), "keep one entry");
        }
    }
    for (number, key) in rule.components.iter().enumerate() {
        if !COMPONENT_KEYS.contains(&key.as_str()) {
            let near = nearest(key, COMPONENT_KEYS.into_iter());
            let near = near.map(|near| format!("did you mean `{near}`?\n")).unwrap_or_default();
            let help = format!("{near}components: {}", COMPONENT_KEYS.join(", "));
            return fault(&format!("{at}.components[{number}]"), "is no component".to_owned(), &help);
        }
    }
    if profile.mail.recipients[..index].contains(rule) {
        let help = "keep one of the two";
        return fault(&at, "says the same as an earlier entry".to_owned(), help);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{over, refused};
    use super::*;

    const SENDER: &str = "[mail]\nfrom = \"stateward@acme.example\"\n";

    #[test]
    fn a_whole_section_loads_and_prints_to_the_same() {
        let text = format!(
            "{SENDER}name = \"prod\"\nreply_to = \"Ops Team <ops@acme.example>\"\nrelay = \"smtp.acme.example\"\n\
             tls = \"implicit\"\nport = 465\nuser_variable = \"SMTP_USER\"\npassword_variable = \"SMTP_PASSWORD\"\n\
             [[mail.recipients]]\nto = [\"ops@acme.example\", \"dba@acme.example\"]\ncomponents = [\"storage\"]\n\
             severity = \"high\"\nregions = [\"us-*\"]\naddresses = [\"module.db.*\"]\nonly = \"drift\"\ndigest = \"12h\"\n"
        );
        let profile = over(&text).unwrap();
        assert_eq!(profile.mail.tls, MailTls::Implicit);
        assert_eq!(profile.mail.recipients[0].severity, Some(Level::High));
        assert!(profile.mail.recipients[0].narrows());
        assert!(!MailRule::everything("a@b.example".to_owned()).narrows());
        let again = over(&profile.to_toml()).unwrap();
        assert_eq!(again.mail.recipients, profile.mail.recipients);
        assert_eq!(profile.hash(), Profile::built_in_default().unwrap().hash(), "mail changes no verdict");
    }

    #[test]
    fn what_could_not_be_sent_is_refused_with_its_place() {
        let cases = [
            ("[mail]\nfrom = \"nobody\"", "is no address"),
            ("[mail]\nfrom = \"a@b.example\\r\\nBcc: c@d.example\"", "control character"),
            ("[mail]\nfrom = \"A <a@b.example> c\"", "is no address"),
            ("[mail]\nname = \"a\\nb\"", "does not fit"),
            ("[mail]\nrelay = \"smtp://x\"", "name of a host"),
            ("[mail]\nrelay = \"x.example:25\"", "name of a host"),
            ("[mail]\nport = 0", "is zero"),
            ("[mail]\ntls = \"ssl\"", "starttls"),
            ("[mail]\nrelay = \"x.example\"\ntls = \"none\"", "in the clear"),
            ("[mail]\nuser_variable = \"USER\"", "stands alone"),
            ("[mail]\ntimeout = \"0s\"", "is zero"),
            ("[mail]\npassword = \"x\"", "unknown key"),
            ("[[mail.recipients]]\nto = [\"a@b.example\"]", "mail.from"),
        ];
        for (text, expected) in cases {
            let said = refused(text);
            assert!(said.contains(expected) && said.contains("team.toml"), "{text}: {said}");
        }
        let rules = [
            ("to = []", "names nobody"),
            ("to = [\"a@b.example\", \"A@b.example\"]", "stands there twice"),
            ("to = [\"Ops <a@b.example>\"]", "the address alone"),
            ("to = [\"a@b.example\\nBcc: x@y.example\"]", "control character"),
            ("to = [\"a@b.example\"]\ncomponents = [\"storag\"]", "did you mean `storage`?"),
            ("to = [\"a@b.example\"]\nseverity = \"urgent\"", "critical"),
            ("to = [\"a@b.example\"]\n[[mail.recipients]]\nto = [\"a@b.example\"]", "an earlier entry"),
        ];
        for (text, expected) in rules {
            let said = refused(&format!("{SENDER}[[mail.recipients]]\n{text}"));
            assert!(said.contains(expected), "{text}: {said}");
        }
    }

    #[test]
    fn a_webhook_is_a_recipient_whose_url_stays_out_of_the_profile() {
        let text = "[mail]\ntransport = \"ses\"\nregion = \"eu-west-1\"\n[[mail.recipients]]\nseverity = \"high\"\n\
                    webhook = { name = \"ops\", form = \"slack\", url_variable = \"OPS_URL\", secret_variable = \"OPS_KEY\" }\n";
        let profile = over(text).unwrap();
        assert_eq!(profile.mail.recipients[0].recipients(), ["ops"], "and no sender is needed");
        assert_eq!(over(&profile.to_toml()).unwrap().mail.recipients, profile.mail.recipients);
        let hook = |fields: &str| format!("[[mail.recipients]]\nwebhook = {{ {fields} }}");
        let cases = [
            ("name = \"a@b\", url_variable = \"URL\"", "is no name"),
            ("name = \"\", url_variable = \"URL\"", "is no name"),
            ("name = \"ops\", url_variable = \"\"", "webhook.url_variable"),
            ("name = \"ops\", url_variable = \"URL\", form = \"teams\"", "slack"),
            ("name = \"ops\"", "url_variable"),
            ("name = \"ops\", url_variable = \"URL\" }\nto = [\"a@b.example\"]\n#{", "a webhook"),
            (
                "name = \"ops\", url_variable = \"URL\" }\n[[mail.recipients]]\nseverity = \"low\"\nwebhook = { name = \"ops\", \
                 url_variable = \"OTHER\"",
                "of another webhook",
            ),
        ];
        for (fields, expected) in cases {
            let said = refused(&hook(fields));
            assert!(said.contains(expected), "{fields}: {said}");
        }
        let said = refused(&hook("name = \"ops\", url_variable = \"https://hooks.example/T0/secret\""));
        assert!(said.contains("url_variable") && !said.contains("hooks.example"), "{said}");
        assert!(refused("[mail]\ntransport = \"pigeon\"").contains("smtp"));
        assert!(refused("[mail]\nregion = \"eu west\"").contains("is no region"));
    }

    #[test]
    fn a_password_in_clear_is_refused_and_not_repeated() {
        let said = refused("[mail]\nuser_variable = \"SMTP_USER\"\npassword_variable = \"hunter2\"");
        assert!(said.contains("mail.password_variable") && said.contains("SMTP_PASSWORD"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
