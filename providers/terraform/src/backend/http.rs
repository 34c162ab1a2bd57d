//! States behind a URL, and the client that every service of this kind is asked with.

use std::fs::File;
use std::io::{Seek, Write};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode, Url};
use stateward_model::Cause;
use tokio::time::{Instant, sleep, timeout};

use super::address::{HTTP_PASSWORD, HTTP_USER, HttpAddress};
use super::{Answer, Backend, Entry, Fetched, Hidden, Limits, Means, Told, Unread};

/// Terraform's `http` backend.
pub(super) struct Http<'a> {
    address: &'a HttpAddress,
    url: Url,
    headers: HeaderMap,
    client: Client,
}

impl<'a> Http<'a> {
    pub(super) fn new(address: &'a HttpAddress, means: Means<'a>) -> Result<Self, Unread> {
        let url = Url::parse(&address.url.0).map_err(|fault| {
            Unread::new(Cause::Malformed, format!("this is not a URL: {fault}"), "write https://HOST/PATH")
        })?;
        let mut headers = HeaderMap::new();
        for (name, value) in means.headers.iter().chain(&address.headers) {
            put(&mut headers, name, value)?;
        }
        if !headers.contains_key(AUTHORIZATION) {
            let known = |name: &str| {
                let own = address.given.iter().find(|(key, _)| key == name).map(|(_, value)| value.0.clone());
                own.or_else(|| (means.variable)(name))
            };
            if let Some((name, value)) = credentials(&url, &known) {
                put(&mut headers, name, &value)?;
            }
        }
        Ok(Self { address, url, headers, client: Client::new(means)? })
    }
}

impl Backend for Http<'_> {
    fn list(&self) -> Answer<'_, Vec<Entry>> {
        let uri = self.address.shown.clone();
        Box::pin(std::future::ready(Ok(vec![Entry { uri, key: String::new(), version: None }])))
    }

    fn fetch<'a>(&'a self, _: &'a Entry) -> Answer<'a, Fetched> {
        Box::pin(async {
            let body = self.client.download(&self.url, &self.headers).await.map_err(explain)?;
            Ok(Fetched { body: Box::new(body), told: Told::default() })
        })
    }
}

fn explain(fault: Unread) -> Unread {
    let remedy = match fault.cause {
        Cause::Expired | Cause::Denied => {
            "set TF_HTTP_USERNAME and TF_HTTP_PASSWORD, or a header with --state-header; for GitLab, GITLAB_TOKEN and, \
             for a host of your own, GITLAB_HOST"
        }
        Cause::Absent => "check the address; GitLab answers so as well when the token may not read the state",
        _ => return fault,
    };
    Unread { remedy: remedy.to_owned(), ..fault }
}

fn put(headers: &mut HeaderMap, name: &str, value: &Hidden) -> Result<(), Unread> {
    let fault = || {
        let what = format!("the header {name} cannot be sent");
        Unread::new(Cause::Malformed, what, "a name has letters, digits and -; a value has no line breaks")
    };
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| fault())?;
    let mut value = HeaderValue::from_str(&value.0).map_err(|_| fault())?;
    value.set_sensitive(true);
    headers.insert(key, value);
    Ok(())
}

/// `Basic` credentials.
fn basic(user: &str, password: &str) -> Hidden {
    Hidden(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// `Bearer` credentials.
pub(super) fn bearer(token: &str) -> Result<HeaderMap, Unread> {
    let mut headers = HeaderMap::new();
    put(&mut headers, AUTHORIZATION.as_str(), &Hidden(format!("Bearer {token}")))?;
    Ok(headers)
}

/// What is sent to prove who asks: Terraform's own variables, or else GitLab's for GitLab's states.
fn credentials(url: &Url, known: &dyn Fn(&str) -> Option<String>) -> Option<(&'static str, Hidden)> {
    if let Some(password) = known(HTTP_PASSWORD) {
        return Some(("authorization", basic(&known(HTTP_USER).unwrap_or_default(), &password)));
    }
    if let Some(user) = known(HTTP_USER) {
        return Some(("authorization", basic(&user, "")));
    }
    gitlab(url, known)
}

/// GitLab keeps a state at `/api/v4/projects/ID/terraform/state/NAME`. Its tokens go to its own host and to no other,
/// whatever address a configuration names.
fn gitlab(url: &Url, known: &dyn Fn(&str) -> Option<String>) -> Option<(&'static str, Hidden)> {
    if !url.path().contains("/api/v4/projects/") || !url.path().contains("/terraform/state/") {
        return None;
    }
    let own = ["GITLAB_HOST", "CI_SERVER_HOST"].iter().find_map(|name| known(name));
    let own = own.unwrap_or_else(|| "gitlab.com".to_owned());
    let own = own.split_once("://").map_or(own.as_str(), |(_, host)| host).trim_end_matches('/');
    let host = url.host_str().unwrap_or_default();
    let with_port = url.port().map(|port| format!("{host}:{port}"));
    if host != own && with_port.as_deref() != Some(own) {
        return None;
    }
    if let Some(token) = ["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN"].iter().find_map(|name| known(name)) {
        return Some(("private-token", Hidden(token)));
    }
    known("CI_JOB_TOKEN").map(|token| ("authorization", basic("gitlab-ci-token", &token)))
}

/// Gets documents: with patience, within limits, and without handing credentials on.
pub(super) struct Client {
    http: reqwest::Client,
    limits: Limits,
    spool: fn() -> std::io::Result<File>,
}

/// Where an answer goes.
enum Sink {
    Disk(File),
    Memory(Vec<u8>),
}

impl Sink {
    /// Forgets what an attempt before brought.
    fn restart(&mut self) -> std::io::Result<()> {
        match self {
            Self::Disk(file) => file.set_len(0).and_then(|()| file.rewind()),
            Self::Memory(text) => {
                text.clear();
                Ok(())
            }
        }
    }

    fn put(&mut self, chunk: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Disk(file) => file.write_all(chunk),
            Self::Memory(text) => text.write_all(chunk),
        }
    }

    /// Bytes that it may take.
    fn most(&self, limits: &Limits) -> u64 {
        match self {
            Self::Disk(_) => limits.bytes,
            Self::Memory(_) => SMALL,
        }
    }
}

/// Redirects that are followed.
const HOPS: usize = 5;

/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Bytes of an answer that is not a state.
const SMALL: u64 = 16 << 20;

/// What one attempt ended in.
enum Failure {
    /// It will not pass.
    Final(Unread),
    /// It may pass, after a pause of the server's choice if it named one, in seconds.
    Passing(Unread, Option<u32>),
}

impl Client {
    pub(super) fn new(means: Means) -> Result<Self, Unread> {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(means.limits.silence.min(Duration::from_secs(20)))
            .user_agent(concat!("stateward/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|fault| {
                Unread::new(Cause::Unreachable, innermost(&fault), "check the system's certificates")
            })?;
        Ok(Self { http, limits: means.limits, spool: means.spool })
    }

    /// A state, in a file that leaves nothing behind.
    pub(super) async fn download(&self, url: &Url, headers: &HeaderMap) -> Result<File, Unread> {
        let mut sink = Sink::Disk((self.spool)().map_err(disk)?);
        self.patiently(url, headers, &mut sink).await?;
        let Sink::Disk(mut file) = sink else { return Err(disk(std::io::ErrorKind::Other.into())) };
        file.rewind().map_err(disk)?;
        Ok(file)
    }

    /// A small document in JSON.
    pub(super) async fn json(&self, url: &Url, headers: &HeaderMap) -> Result<serde_json::Value, Unread> {
        let mut sink = Sink::Memory(Vec::new());
        self.patiently(url, headers, &mut sink).await?;
        let Sink::Memory(text) = sink else { return Err(disk(std::io::ErrorKind::Other.into())) };
        serde_json::from_slice(&text).map_err(|_| {
            let what = format!("the answer of {} is not JSON", host(url));
            Unread::new(Cause::Malformed, what, "check that the address is that of the service itself")
        })
    }

    /// Tries until it succeeds, will not pass, or patience is at its end.
    async fn patiently(&self, url: &Url, headers: &HeaderMap, sink: &mut Sink) -> Result<(), Unread> {
        let deadline = Instant::now() + self.limits.whole;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let left = deadline.saturating_duration_since(Instant::now());
            let (fault, asked) = match timeout(left, self.attempt(url, headers, sink)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(Failure::Final(fault))) => return Err(fault),
                Ok(Err(Failure::Passing(fault, asked))) => (fault, asked),
                Err(_) => {
                    let what = format!("it was not fetched within {} s", self.limits.whole.as_secs_f64());
                    return Err(Unread::new(Cause::Timeout, what, "give the run more time (`--timeout`)"));
                }
            };
            // What hung once will most likely hang again.
            let patience = self.limits.attempts;
            let most = if fault.cause == Cause::Timeout { patience.min(2) } else { patience };
            let doubled = self.limits.pause * 2_u32.saturating_pow(attempt.min(6) - 1);
            let pause =
                asked.map_or(doubled, |seconds| Duration::from_secs(seconds.into())).min(LONGEST_PAUSE);
            if attempt >= most || Instant::now() + pause >= deadline {
                return Err(fault);
            }
            sleep(pause).await;
        }
    }

    async fn attempt(&self, url: &Url, headers: &HeaderMap, sink: &mut Sink) -> Result<(), Failure> {
        sink.restart().map_err(disk).map_err(Failure::Final)?;
        let mut answer = self.follow(url, headers).await?;
        judge(&answer)?;
        let most = sink.most(&self.limits);
        let too_large = || {
            let what = format!("it is larger than the {most} bytes that are fetched at most");
            Failure::Final(Unread::new(Cause::Unsupported, what, "fetch it by other means and name the file"))
        };
        if answer.content_length().is_some_and(|length| length > most) {
            return Err(too_large());
        }
        let mut read: u64 = 0;
        loop {
            let chunk = match timeout(self.limits.silence, answer.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(_)) => return Err(passing(Cause::Malformed, "the answer broke off")),
                Err(_) => return Err(self.silent()),
            };
            read += chunk.len() as u64;
            if read > most {
                return Err(too_large());
            }
            sink.put(&chunk).map_err(disk).map_err(Failure::Final)?;
        }
    }

    /// Follows redirects. What proves who asks goes to the host that was named, and to no other.
    async fn follow(&self, url: &Url, headers: &HeaderMap) -> Result<Response, Failure> {
        let mut at = url.clone();
        for _ in 0..=HOPS {
            let mut request = self.http.get(at.clone());
            if at.origin() == url.origin() {
                request = request.headers(headers.clone());
            }
            let answer = match timeout(self.limits.silence, request.send()).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(fault)) => return Err(unreachable(&at, &fault)),
                Err(_) => return Err(self.silent()),
            };
            let status = answer.status();
            let moved = status.is_redirection() && status != StatusCode::NOT_MODIFIED;
            let Some(next) = answer.headers().get(LOCATION).filter(|_| moved) else { return Ok(answer) };
            at = next.to_str().ok().and_then(|next| at.join(next).ok()).ok_or_else(|| {
                Failure::Final(Unread::new(
                    Cause::Malformed,
                    "it redirects to what is no URL",
                    "check the address",
                ))
            })?;
            if !matches!(at.scheme(), "http" | "https") || (url.scheme() == "https" && at.scheme() != "https")
            {
                let what = format!("it redirects from https to {}", at.scheme());
                return Err(Failure::Final(Unread::new(Cause::Denied, what, "name the final address")));
            }
            // What a redirect writes there would be sent as credentials.
            let _ = at.set_username("").and_then(|()| at.set_password(None));
        }
        let what = format!("it redirects more than {HOPS} times");
        Err(Failure::Final(Unread::new(Cause::Malformed, what, "name the final address")))
    }

    fn silent(&self) -> Failure {
        let what = format!("no answer within {} s", self.limits.silence.as_secs_f64());
        passing(Cause::Timeout, &what)
    }
}

fn passing(cause: Cause, what: &str) -> Failure {
    Failure::Passing(Unread::new(cause, what, "check server and network, and try again"), None)
}

fn disk(fault: std::io::Error) -> Unread {
    Unread::new(
        Cause::Unreachable,
        format!("the temporary file failed: {fault}"),
        "make room in the temporary folder",
    )
}

/// Host and port.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The cause behind an error; the outer ones name the URL.
fn innermost(fault: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = fault;
    while let Some(source) = inner.source() {
        inner = source;
    }
    if inner.downcast_ref::<reqwest::Error>().is_some() { "it failed".to_owned() } else { inner.to_string() }
}

fn unreachable(url: &Url, fault: &reqwest::Error) -> Failure {
    let (cause, what) = if fault.is_timeout() {
        (Cause::Timeout, format!("{} did not answer in time", host(url)))
    } else if fault.is_connect() {
        (Cause::Unreachable, format!("{} cannot be reached: {}", host(url), innermost(fault)))
    } else {
        (Cause::Unreachable, format!("the connection to {} failed: {}", host(url), innermost(fault)))
    };
    passing(cause, &what)
}

fn judge(answer: &Response) -> Result<(), Failure> {
    let status = answer.status().as_u16();
    let last = |cause: Cause, what: &str| {
        let remedy = "check the address and the credentials";
        Err(Failure::Final(Unread::new(cause, format!("{what} ({status})"), remedy)))
    };
    match status {
        200 => Ok(()),
        204 => last(Cause::Absent, "there is no state yet"),
        401 => {
            last(Cause::Expired, "the server asks for credentials, or does not accept those that were sent")
        }
        403 => last(Cause::Denied, "the server refuses to give it out"),
        404 | 410 => last(Cause::Absent, "there is no such state"),
        408 | 429 | 500..=599 => {
            let cause = if status == 429 { Cause::Throttled } else { Cause::Unreachable };
            let what = if status == 429 { "the server asks for patience" } else { "the server failed" };
            let remedy = "try again later";
            Err(Failure::Passing(Unread::new(cause, format!("{what} ({status})"), remedy), pause_of(answer)))
        }
        _ => last(Cause::Malformed, "an answer that is none to this question"),
    }
}

fn pause_of(answer: &Response) -> Option<u32> {
    answer.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()
}
