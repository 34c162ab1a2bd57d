//! Webhooks: one request for each message, signed, and never to where an answer points.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use hmac::{Hmac, Mac};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use sha2::Sha256;
use stateward::mail::post::{Parcel, Relay, Sent};
use stateward::profile::{MailSettings, Webhook};
use tokio::runtime::Runtime;

use super::Outside;
use super::carriers::said;

/// The header of the signature: `t=SECONDS,v1=HEX`, the HMAC with SHA-256 of `SECONDS.BODY`.
const SIGNATURE: &str = "stateward-signature";
/// The header of the message's id, by which a message that comes twice is known.
const ID: &str = "stateward-message-id";
/// Bytes of an answer that are looked at.
const ANSWER: usize = 2_048;

struct Hook {
    url: Url,
    key: Option<String>,
}

/// The webhooks of the profile.
pub struct Webhooks {
    hooks: BTreeMap<String, Result<Hook, String>>,
    client: Client,
    runtime: Runtime,
}

impl Webhooks {
    /// The webhooks as the profile describes them. Nothing is connected yet; one whose variables are not set is down
    /// for itself alone.
    ///
    /// # Errors
    /// No client for HTTP can be set up.
    pub fn open(settings: &MailSettings, outside: &Outside) -> anyhow::Result<Self> {
        // A redirect would carry what was found to where nobody sent it.
        let client = Client::builder().redirect(Policy::none()).timeout(settings.timeout).build();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let hooks = settings.recipients.iter().filter_map(|rule| rule.webhook.as_ref());
        let hooks = hooks
            .map(|hook| (hook.name.clone(), opened(hook, outside).map_err(|error| format!("{error:#}"))));
        Ok(Self {
            hooks: hooks.collect(),
            client: client.map_err(reqwest::Error::without_url).context("HTTP cannot be set up")?,
            runtime,
        })
    }

    fn headers(parcel: &Parcel, hook: &Hook) -> anyhow::Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers
            .insert(USER_AGENT, HeaderValue::from_static(concat!("stateward/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ID, HeaderValue::from_str(&parcel.key)?);
        if let Some(key) = &hook.key {
            headers.insert(SIGNATURE, HeaderValue::from_str(&signature(key, seconds(), &parcel.message)?)?);
        }
        Ok(headers)
    }
}

impl Relay for Webhooks {
    fn send(&mut self, parcel: &Parcel, to: &str) -> Sent {
        let hook = match self.hooks.get(to) {
            Some(Ok(hook)) => hook,
            Some(Err(why)) => return Sent::Down(why.clone()),
            None => return Sent::Refused("the profile has no webhook of this name any more".to_owned()),
        };
        let headers = match Self::headers(parcel, hook) {
            Ok(headers) => headers,
            Err(error) => return Sent::Refused(format!("{error:#}")),
        };
        // Often the URL is a secret as a whole, and its path even more.
        let mut secrets = vec![hook.url.as_str().to_owned(), hook.url.path().to_owned()];
        secrets.retain(|secret| secret.len() > 1);
        secrets.extend(hook.key.clone());
        let request = self.client.post(hook.url.clone()).headers(headers).body(parcel.message.clone());
        let answer = self.runtime.block_on(async {
            let mut answer = request.send().await?;
            let status = answer.status();
            let mut body = Vec::new();
            // What cannot be read of an answer changes nothing of its status.
            while let Ok(Some(chunk)) = answer.chunk().await {
                body.extend_from_slice(&chunk);
                if body.len() >= ANSWER {
                    break;
                }
            }
            Ok((status, String::from_utf8_lossy(&body).into_owned()))
        });
        match answer {
            Ok((status, body)) => judged(status, &said(&format!("{status} {body}"), &secrets)),
            Err(error) => Sent::Down(said(&described(error), &secrets)),
        }
    }
}

/// Looks at what a webhook is set up with: its variables are set, and its URL is one that may be spoken to. Nothing is
/// sent.
///
/// # Errors
/// What is not as it has to be; never the URL.
pub fn check(hook: &Webhook, outside: &Outside) -> anyhow::Result<()> {
    opened(hook, outside).map(|_| ())
}

fn opened(hook: &Webhook, outside: &Outside) -> anyhow::Result<Hook> {
    let of = |key: &str| format!("mail.recipients, webhook `{}`, {key}", hook.name);
    let text = outside.secret(&of("url_variable"), &hook.url_variable)?;
    let Ok(url) = Url::parse(text.trim()) else {
        bail!("the variable that `{}` names holds no URL", of("url_variable"));
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback =
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) {
        bail!(
            "the URL that `{}` names is not https, and only loopback may be spoken to in the clear",
            of("url_variable")
        );
    }
    let key = match hook.secret_variable.as_str() {
        "" => None,
        name => Some(outside.secret(&of("secret_variable"), name)?),
    };
    Ok(Hook { url, key })
}

fn signature(key: &str, seconds: i64, body: &str) -> anyhow::Result<String> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key.as_bytes()).context("the key cannot sign")?;
    mac.update(format!("{seconds}.{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("t={seconds},v1={hex}"))
}

/// What a status means. A client's fault stays one until somebody changes something, and is tried again for that.
fn judged(status: StatusCode, text: &str) -> Sent {
    let text = text.to_owned();
    match status {
        status if status.is_success() => Sent::Accepted(text),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Sent::Later(text)
        }
        status if status.is_server_error() => Sent::Later(text),
        _ => Sent::Refused(text),
    }
}

/// An error with what led to it, without the URL.
fn described(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = inner.source();
    }
    text
}

/// The receiver holds the time of the signature against its own clock, so that it is that of the request.
#[allow(
    clippy::disallowed_methods,
    reason = "the time of a request, which nothing that is judged depends on"
)]
fn seconds() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_hmac_of_time_and_body() {
        // Worked out with `printf '1700000000.{}' | openssl dgst -sha256 -hmac key`.
        let expected = "t=1700000000,v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae";
        assert_eq!(signature("key", 1_700_000_000, "{}").unwrap(), expected);
    }

    #[test]
    fn what_may_pass_is_tried_again_soon_and_what_is_refused_holds_back_nobody() {
        for (status, expected) in
            [(200, "taken"), (204, "taken"), (408, "later"), (429, "later"), (503, "later")]
        {
            let sent = judged(StatusCode::from_u16(status).unwrap(), "x");
            let is = match sent {
                Sent::Accepted(_) => "taken",
                Sent::Later(_) => "later",
                _ => "other",
            };
            assert_eq!(is, expected, "{status}");
        }
        for status in [301, 400, 401, 403, 404, 410] {
            assert!(
                matches!(judged(StatusCode::from_u16(status).unwrap(), "x"), Sent::Refused(_)),
                "{status}"
            );
        }
    }
}
