//! What is asked, how often, how much at once, and which faults strike it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::http::{Request, Response};
use crate::operation::{Asked, Protocol, asked};
use crate::server::Reply;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The caller lacks the permission.
    Deny,
    /// Too many requests.
    Throttle,
    /// The session's token has expired.
    Expire,
    /// Half of the real answer arrives, then the connection ends.
    Truncate,
    /// No answer ever.
    Hang,
    /// The connection ends without an answer.
    Reset,
    /// A page that is not the service's, as from a load balancer.
    Html(u16),
    /// The answer comes later. Further rules apply as well.
    Delay(Duration),
    /// Not a fault: this answer, in the protocol's wrapping, in the place of the real one. For what an emulator lacks.
    Answer(&'static str),
    /// Not a fault: the real answer, as from a service whose clock says this.
    Date(&'static str),
}

/// Which of the requests that a rule matches it strikes. Counted per rule, so the same run gives the same faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Each.
    Always,
    /// The n-th, the 2n-th, …
    Every(u64),
    /// So many of hundred, spread evenly.
    Percent(u64),
    /// The first n.
    First(u64),
    /// All after the first n.
    After(u64),
}

impl When {
    /// True when the `n`-th request (from 1) is struck.
    fn strikes(self, n: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Every(step) => step > 0 && n.is_multiple_of(step),
            Self::Percent(share) => n * share / 100 > (n - 1) * share / 100,
            Self::First(count) => n <= count,
            Self::After(count) => n > count,
        }
    }
}

/// A fault and where it strikes. What is not given matches everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    service: Option<String>,
    region: Option<String>,
    operation: Option<String>,
    text: Option<String>,
    when: When,
    fault: Fault,
}

impl Rule {
    /// The fault on every request.
    pub fn new(fault: Fault) -> Self {
        Self { service: None, region: None, operation: None, text: None, when: When::Always, fault }
    }

    /// Only for the service with this IAM name (`cloudwatch`, `elasticloadbalancing`, `s3control`).
    pub fn service(mut self, service: &str) -> Self {
        self.service = Some(service.to_owned());
        self
    }

    /// Only in this region.
    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Only for this operation, named as in the SDK.
    pub fn operation(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Only where the request's target or body holds this text: one bucket, one key.
    pub fn about(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }

    /// Only for some of the matching requests.
    pub fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    fn matches(&self, asked: &Asked, request: &Request) -> bool {
        let is =
            |wanted: &Option<String>, given: &str| wanted.as_deref().is_none_or(|wanted| wanted == given);
        let holds = |text: &str| {
            request.target.contains(text) || String::from_utf8_lossy(&request.body).contains(text)
        };
        is(&self.service, &asked.service)
            && is(&self.region, &asked.region)
            && is(&self.operation, &asked.operation)
            && self.text.as_deref().is_none_or(holds)
    }
}

/// How often something was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Requests, those that a fault struck included.
    pub requests: u64,
    /// Of them, those that a fault other than a delay or another answer struck.
    pub faults: u64,
}

/// Service, operation, region.
type Key = (String, String, String);

#[derive(Default)]
pub(crate) struct Record {
    rules: Vec<(Rule, u64)>,
    counts: BTreeMap<Key, Count>,
    in_flight: BTreeMap<String, usize>,
    most_in_flight: BTreeMap<String, usize>,
    most_regions: BTreeSet<String>,
}

impl Record {
    /// Counts a request and gives the delay and the fault that strike it.
    fn enter(&mut self, asked: &Asked, request: &Request) -> (Duration, Option<Fault>) {
        let (mut delay, mut fault) = (Duration::ZERO, None);
        for (rule, seen) in &mut self.rules {
            if !rule.matches(asked, request) {
                continue;
            }
            *seen += 1;
            if !rule.when.strikes(*seen) {
                continue;
            }
            match rule.fault {
                Fault::Delay(more) => delay += more,
                _ if fault.is_none() => fault = Some(rule.fault.clone()),
                _ => {}
            }
        }
        let key = (asked.service.clone(), asked.operation.clone(), asked.region.clone());
        let count = self.counts.entry(key).or_default();
        count.requests += 1;
        count.faults += u64::from(
            fault.as_ref().is_some_and(|fault| !matches!(fault, Fault::Answer(_) | Fault::Date(_))),
        );
        let now = self.in_flight.entry(asked.region.clone()).or_default();
        *now += 1;
        let most = self.most_in_flight.entry(asked.region.clone()).or_default();
        *most = (*most).max(*now);
        let regions: BTreeSet<String> = self
            .in_flight
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(region, _)| region.clone())
            .collect();
        if regions.len() > self.most_regions.len() {
            self.most_regions = regions;
        }
        (delay, fault)
    }

    fn leave(&mut self, region: &str) {
        if let Some(now) = self.in_flight.get_mut(region) {
            *now -= 1;
        }
    }
}

/// The traffic through a proxy or to a fake: rules of faults going in, counts coming out. Cheap to clone.
#[derive(Clone, Default)]
pub struct Traffic(Arc<Mutex<Record>>);

impl Traffic {
    pub(crate) fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let traffic = Self::default();
        traffic.set_rules(rules);
        traffic
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the rules and forgets what was counted.
    pub fn set_rules(&self, rules: impl IntoIterator<Item = Rule>) {
        let mut record = self.lock();
        let in_flight = std::mem::take(&mut record.in_flight);
        let rules = rules.into_iter().map(|rule| (rule, 0)).collect();
        *record = Record { in_flight, rules, ..Record::default() };
    }

    /// What was asked, by service, operation and region.
    pub fn counts(&self) -> BTreeMap<(String, String, String), Count> {
        self.lock().counts.clone()
    }

    /// All requests.
    pub fn requests(&self) -> u64 {
        self.lock().counts.values().map(|count| count.requests).sum()
    }

    /// Requests for one operation in all regions.
    pub fn requests_for(&self, service: &str, operation: &str) -> u64 {
        let record = self.lock();
        let of = record.counts.iter().filter(|(key, _)| key.0 == service && key.1 == operation);
        of.map(|(_, count)| count.requests).sum()
    }

    /// How many requests a fault struck, as [`Count::faults`] counts them.
    pub fn faults(&self) -> u64 {
        self.lock().counts.values().map(|count| count.faults).sum()
    }

    /// The most requests of one region that were under way at one moment.
    pub fn most_in_flight(&self, region: &str) -> usize {
        self.lock().most_in_flight.get(region).copied().unwrap_or(0)
    }

    /// The largest set of regions that had requests under way at one moment.
    pub fn regions_in_flight_together(&self) -> BTreeSet<String> {
        self.lock().most_regions.clone()
    }

    /// Counts a request, lets the rules strike, and gives the rest to `answer`.
    pub(crate) async fn serve(
        self,
        request: Request,
        answer: impl AsyncFnOnce(Request, &Asked) -> Option<Response>,
    ) -> Reply {
        let asked = asked(&request);
        let (delay, fault) = self.lock().enter(&asked, &request);
        let _in_flight = InFlight(self, asked.region.clone());
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        match fault {
            Some(Fault::Hang) => return Reply::Never,
            Some(Fault::Reset) => return Reply::Reset,
            Some(Fault::Html(status)) => {
                let page = format!("<html><head><title>{status}</title></head><body>It broke.</body></html>");
                return Reply::Answer(Response::new(status, "text/html", page));
            }
            Some(Fault::Deny) => return Reply::Answer(refusal(&asked, Refusal::Denied)),
            Some(Fault::Throttle) => return Reply::Answer(refusal(&asked, Refusal::Throttled)),
            Some(Fault::Expire) => return Reply::Answer(refusal(&asked, Refusal::Expired)),
            Some(Fault::Answer(body)) => return Reply::Answer(crate::fake::success(&asked, body)),
            Some(Fault::Truncate | Fault::Delay(_) | Fault::Date(_)) | None => {}
        }
        let date = match fault {
            Some(Fault::Date(date)) => Some(date),
            _ => None,
        };
        match answer(request, &asked).await {
            Some(mut response) if date.is_some() => {
                response.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("date"));
                Reply::Answer(response.with("Date", date.unwrap_or_default()))
            }
            Some(response) if fault == Some(Fault::Truncate) => Reply::Half(response),
            Some(response) => Reply::Answer(response),
            None => Reply::Reset,
        }
    }
}

/// Leaves the count of requests in flight when the request ends, however it ends.
struct InFlight(Traffic, String);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.lock().leave(&self.1);
    }
}

/// A refusal in the words of the service's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Denied,
    Throttled,
    Expired,
}

/// Status and code, after the services' documentation of common errors.
fn code(protocol: Protocol, refusal: Refusal) -> (u16, &'static str) {
    use Protocol::{Cbor, Ec2, Json, Query, RestJson, RestXml, S3};
    match (refusal, protocol) {
        (Refusal::Denied, Ec2) => (403, "UnauthorizedOperation"),
        (Refusal::Denied, Query | S3 | RestXml) => (403, "AccessDenied"),
        (Refusal::Denied, Json) => (400, "AccessDeniedException"),
        (Refusal::Denied, RestJson | Cbor) => (403, "AccessDeniedException"),
        (Refusal::Throttled, Ec2) => (503, "RequestLimitExceeded"),
        (Refusal::Throttled, Query | RestXml) => (400, "Throttling"),
        (Refusal::Throttled, S3) => (503, "SlowDown"),
        (Refusal::Throttled, Json | Cbor) => (400, "ThrottlingException"),
        (Refusal::Throttled, RestJson) => (429, "ThrottlingException"),
        (Refusal::Expired, Ec2) => (400, "RequestExpired"),
        (Refusal::Expired, Query | RestXml) => (403, "ExpiredToken"),
        (Refusal::Expired, S3) => (400, "ExpiredToken"),
        (Refusal::Expired, Json) => (400, "ExpiredTokenException"),
        (Refusal::Expired, RestJson | Cbor) => (403, "ExpiredTokenException"),
    }
}

pub(crate) fn refusal(asked: &Asked, refusal: Refusal) -> Response {
    let (status, code) = code(asked.protocol, refusal);
    error(asked, status, code, "injected by the test bed")
}

/// An error answer in the shape of the asked service's protocol.
pub(crate) fn error(asked: &Asked, status: u16, code: &str, message: &str) -> Response {
    let id = "00000000-0000-0000-0000-000000000000";
    let detail = format!("<Code>{code}</Code><Message>{message}</Message>");
    match asked.protocol {
        Protocol::Ec2 => Response::new(
            status,
            "text/xml;charset=UTF-8",
            format!(
                "<Response><Errors><Error>{detail}</Error></Errors><RequestID>{id}</RequestID></Response>"
            ),
        ),
        Protocol::Query | Protocol::RestXml => Response::new(
            status,
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>Sender</Type>{detail}</Error><RequestId>{id}</RequestId></ErrorResponse>"
            ),
        ),
        Protocol::S3 => Response::new(
            status,
            "application/xml",
            format!("<Error>{detail}<RequestId>{id}</RequestId></Error>"),
        ),
        Protocol::Json => {
            let body = serde_json::json!({"__type": code, "message": message}).to_string();
            Response::new(status, "application/x-amz-json-1.1", body).with("x-amzn-ErrorType", code)
        }
        Protocol::RestJson => {
            let body = serde_json::json!({"message": message}).to_string();
            Response::new(status, "application/json", body).with("x-amzn-ErrorType", code)
        }
        Protocol::Cbor => {
            let body = crate::fake::cbor(&serde_json::json!({"__type": code, "message": message}));
            Response::new(status, "application/cbor", body).with("smithy-protocol", "rpc-v2-cbor")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(when: When, of: u64) -> Vec<u64> {
        (1..=of).filter(|n| when.strikes(*n)).collect()
    }

    #[test]
    fn faults_strike_by_count_and_not_by_chance() {
        assert_eq!(struck(When::Percent(20), 20), vec![5, 10, 15, 20]);
        assert_eq!(struck(When::Percent(30), 10), vec![4, 7, 10]);
        assert_eq!(struck(When::Every(3), 9), vec![3, 6, 9]);
        assert_eq!(struck(When::First(2), 9), vec![1, 2]);
        assert_eq!(struck(When::After(7), 9), vec![8, 9]);
        assert_eq!(struck(When::Percent(0), 500), Vec::<u64>::new());
    }
}
