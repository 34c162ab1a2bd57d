//! A fast fake AWS for tests of scale and budget: an estate of 205 resources, or a multiple of it, over three regions.
//!
//! Page sizes are respected, every request is counted, and an operation that the table does not know is answered with
//! 501 and remembered, so that a test can assert that none was asked.

mod account;
mod analytics;
mod containers;
mod data;
mod ec2;
mod edge;
mod estate;
mod governance;
mod s3;
mod streams;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::aws_environment;
use crate::http::{Request, Response};
use crate::operation::Asked;
use crate::server::Server;
use crate::traffic::{Refusal, Rule, Traffic, error, refusal};
use estate::Estate;

pub(crate) use wire::{cbor, success};

/// A token bucket for each service and region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// Requests that flow back every second.
    pub per_second: f64,
    /// Requests at once.
    pub burst: f64,
}

/// How the fake behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// 0 takes a free one.
    pub port: u16,
    /// How many times the 205 resources.
    pub scale: usize,
    /// What each call takes.
    pub latency: Duration,
    /// None: it never throttles by itself.
    pub throttle: Option<Throttle>,
    /// Faults on top.
    pub rules: Vec<Rule>,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, scale: 1, latency: Duration::ZERO, throttle: None, rules: Vec::new() }
    }
}

struct State {
    estate: Estate,
    options: Options,
    buckets: Mutex<BTreeMap<(String, String), (f64, Instant)>>,
    throttled: Mutex<u64>,
    unknown: Mutex<BTreeSet<String>>,
}

/// The fake. It ends when it is dropped.
pub struct Fake {
    server: Server,
    traffic: Traffic,
    state: Arc<State>,
}

impl Fake {
    /// Starts.
    ///
    /// # Panics
    /// When the port cannot be listened on.
    pub fn start(options: Options) -> Self {
        let traffic = Traffic::new(options.rules.clone());
        let port = options.port;
        let state = Arc::new(State {
            estate: Estate::new(options.scale.max(1)),
            options,
            buckets: Mutex::default(),
            throttled: Mutex::default(),
            unknown: Mutex::default(),
        });
        let (shared, answering) = (traffic.clone(), state.clone());
        let server = Server::start(port, move |request| {
            let state = answering.clone();
            shared
                .clone()
                .serve(request, async move |request, asked| Some(state.answer(request, asked).await))
        });
        Self { server: server.expect("a port for the fake"), traffic, state }
    }

    /// Where the product finds it.
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// The environment for the product.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        aws_environment(&self.endpoint())
    }

    /// The rules and the counts.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// How many requests its own buckets refused.
    pub fn throttled(&self) -> u64 {
        *self.state.throttled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it was asked and cannot answer, as `ec2:DescribeFleets`.
    pub fn unknown(&self) -> BTreeSet<String> {
        self.state.unknown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many resources the estate holds: 205 times the scale.
    pub fn resources(&self) -> usize {
        self.state.estate.resources()
    }

    /// The regions of the estate.
    pub fn regions() -> [&'static str; 3] {
        estate::REGIONS
    }
}

impl State {
    async fn answer(&self, request: Request, asked: &Asked) -> Response {
        if !self.options.latency.is_zero() {
            tokio::time::sleep(self.options.latency).await;
        }
        if !self.take_token(asked) {
            *self.throttled.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            return refusal(asked, Refusal::Throttled);
        }
        let ask = Ask::new(request, asked.clone());
        let row = tables().find(|row| row.0 == asked.service && row.1 == asked.operation);
        let reply = match row.map(|row| &row.2) {
            Some(Reply::Empty(lists)) => Ok(wire::empty(asked.protocol, lists)),
            Some(Reply::Fixed(text)) => Ok((*text).to_owned()),
            Some(Reply::Missing(status, code)) => Err(Refused::Error(*status, code)),
            Some(Reply::Make(make)) => make(&self.estate, &ask),
            None => Err(Refused::Unknown(String::new())),
        };
        match reply {
            Ok(body) => wire::success(asked, &body),
            Err(Refused::Error(status, code)) => error(asked, status, code, "there is none in the fake"),
            Err(Refused::Elsewhere(region)) => {
                error(asked, 301, "PermanentRedirect", "the bucket is in another region")
                    .with("x-amz-bucket-region", &region)
            }
            Err(Refused::Unknown(detail)) => {
                let name = format!("{}:{}{detail}", asked.service, asked.operation);
                self.unknown.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
                error(asked, 501, "NotImplemented", "the fake does not know this operation")
            }
        }
    }

    fn take_token(&self, asked: &Asked) -> bool {
        let Some(throttle) = self.options.throttle else { return true };
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (asked.service.clone(), asked.region.clone());
        let (tokens, last) = buckets.entry(key).or_insert((throttle.burst, now));
        let flowed = now.duration_since(*last).as_secs_f64() * throttle.per_second;
        *tokens = (*tokens + flowed).min(throttle.burst);
        *last = now;
        if *tokens < 1.0 {
            return false;
        }
        *tokens -= 1.0;
        true
    }
}

/// Why there is no body.
enum Refused {
    /// An error of the service: status and code.
    Error(u16, &'static str),
    /// The bucket is in this region.
    Elsewhere(String),
    /// Not in the table, or not in this form.
    Unknown(String),
}

/// What stands inside the protocol's wrapping: XML elements, or JSON text.
type Body = Result<String, Refused>;

/// How an operation is answered.
enum Reply {
    /// With lists of these names, all empty.
    Empty(&'static [&'static str]),
    /// Always with this.
    Fixed(&'static str),
    /// Always with this error: status and code.
    Missing(u16, &'static str),
    /// From the estate.
    Make(fn(&Estate, &Ask) -> Body),
}

/// Service, operation, answer. Adding an operation is adding a row.
struct Row(&'static str, &'static str, Reply);

fn tables() -> impl Iterator<Item = &'static Row> {
    [
        ec2::ROWS,
        s3::ROWS,
        data::ROWS,
        account::ROWS,
        analytics::ROWS,
        containers::ROWS,
        governance::ROWS,
        edge::ROWS,
        streams::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// A request, with its parameters at hand.
struct Ask {
    asked: Asked,
    request: Request,
    parameters: Vec<(String, String)>,
    json: Value,
}

impl Ask {
    fn new(request: Request, asked: Asked) -> Self {
        let mut parameters = request.form();
        parameters.extend(request.query());
        let json = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        Self { asked, request, parameters, json }
    }

    fn region(&self) -> &str {
        &self.asked.region
    }

    /// A parameter, of whatever protocol.
    fn text(&self, name: &str) -> Option<String> {
        if let Some((_, value)) = self.parameters.iter().find(|(key, _)| key == name) {
            return Some(value.clone());
        }
        match self.json.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// The values of `Name.1`, `Name.2`, …
    fn list(&self, name: &str) -> Vec<&str> {
        let numbered = |key: &str| {
            key.strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|rest| rest.parse::<u32>().is_ok())
        };
        self.parameters.iter().filter(|(key, _)| numbered(key)).map(|(_, value)| value.as_str()).collect()
    }

    /// One page of `items`, and the token of the next one.
    fn page<'a, T>(&self, items: &'a [T], sizes: Sizes) -> Result<(&'a [T], Option<String>), Refused> {
        let asked = match self.text(sizes.limit) {
            Some(text) => text.parse().map_err(|_| Refused::Error(400, "InvalidParameterValue"))?,
            None => sizes.default,
        };
        // A service gives fewer than asked when asked for more than it gives.
        let size = asked.clamp(1, sizes.most);
        let start = match self.text(sizes.token).filter(|token| !token.is_empty()) {
            Some(token) => token
                .strip_prefix("page-")
                .and_then(|start| start.parse().ok())
                .filter(|start| *start < items.len())
                .ok_or(Refused::Error(400, "InvalidNextToken"))?,
            None => 0,
        };
        let end = (start + size).min(items.len());
        let next = (end < items.len()).then(|| format!("page-{end}"));
        Ok((&items[start..end], next))
    }
}

/// How a list is paged.
#[derive(Clone, Copy)]
struct Sizes {
    limit: &'static str,
    token: &'static str,
    default: usize,
    most: usize,
}
