//! One account and region to read from, and the one door that every call passes.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::StreamExt;
use stateward_model::{Attr, Cause, GLOBAL, Gap, Harvest, Kind, Place, Reading, Resource, Slot, Wanted};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

use crate::call::Call;
use crate::classify::{self, Failure, classify};
use crate::guard::AllowList;
use crate::ledger::{Event, Ledger};
use crate::limiter::Limiter;

/// A harvest on its way.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Harvest> + Send + 'a>>;

/// How resources of one kind are read.
#[derive(Clone, Copy)]
pub struct Collector {
    /// What it reads.
    pub kind: &'static Kind,
    /// Every call that it may make.
    pub calls: &'static [&'static Call],
    /// Reads.
    pub collect: for<'a> fn(&'a Session) -> Pending<'a>,
}

/// What a paged read brought, with the gap if it broke off.
#[derive(Debug)]
pub struct Pages<T> {
    /// What was read before it broke off, or everything.
    pub items: Vec<T>,
    /// Why it broke off.
    pub gap: Option<Gap>,
}

impl<T> Pages<T> {
    /// Everything, or the gap.
    ///
    /// # Errors
    /// The gap, when the read broke off: a part is not the whole.
    pub fn complete(self) -> Result<Vec<T>, Gap> {
        match self.gap {
            Some(gap) => Err(gap),
            None => Ok(self.items),
        }
    }
}

/// Leaves the gap of a call that was refused on exactly the attributes of the kind that it would have filled.
pub fn put_gap(resource: &mut Resource, kind: &Kind, call: &Call, gap: &Gap) {
    let name = call.name();
    for attr in kind.attributes.iter().filter(|attr| attr.read_by.contains(&name.as_str())) {
        resource.put_raw(attr.path, Slot::Unread(gap.clone()));
    }
}

/// How hard and how long a call is tried.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Seconds that one attempt may take.
    pub attempt: Duration,
    /// Attempts for failures that may pass.
    pub attempts: u32,
    /// Attempts while the service throttles: it asks for patience rather than for giving up.
    pub throttled_attempts: u32,
    /// First pause between attempts; it doubles.
    pub pause: Duration,
    /// When the run must have its report.
    pub deadline: Instant,
}

/// What all sessions of one account share.
pub(crate) struct Shared {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) wanted: Arc<Wanted>,
    pub(crate) patience: Patience,
    pub(crate) allow: AllowList,
    pub(crate) path_style: bool,
    /// The ARN that STS gives the credentials; empty before it was asked.
    pub(crate) caller: String,
    pub(crate) width: usize,
    /// The time of the run, RFC 3339; empty where nothing is collected.
    pub(crate) observed_at: String,
    /// Kinds that the account was proved to have none of, in any region; not there before that was looked at.
    pub(crate) unused: OnceLock<BTreeSet<String>>,
}

type Fact = Arc<OnceCell<Arc<dyn Any + Send + Sync>>>;

struct Inner {
    account: String,
    region: String,
    partition: String,
    sdk: SdkConfig,
    shared: Arc<Shared>,
    limiter: Limiter,
    facts: Mutex<HashMap<&'static str, Fact>>,
    breaker: Mutex<HashMap<&'static str, Failure>>,
    clients: Clients,
    home: Option<Session>,
}

/// One account and region. Cheap to clone.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

macro_rules! clients {
    ($($(#[$gate:meta])* $name:ident: $krate:ident),+ $(,)?) => {
        #[derive(Default)]
        struct Clients { $($(#[$gate])* $name: OnceLock<$krate::Client>,)+ s3: OnceLock<aws_sdk_s3::Client> }
        impl Session {
            $(
                $(#[$gate])*
                #[doc = concat!("The client of `", stringify!($krate), "` for this account and region.")]
                pub fn $name(&self) -> &$krate::Client {
                    self.0.clients.$name.get_or_init(|| {
                        let config = $krate::config::Builder::from(&self.0.sdk)
                            .interceptor(self.0.shared.allow.clone())
                            .build();
                        $krate::Client::from_conf(config)
                    })
                }
            )+
        }
    };
}

clients! {
    autoscaling: aws_sdk_autoscaling,
    backup: aws_sdk_backup,
    cloudtrail: aws_sdk_cloudtrail,
    cloudwatch: aws_sdk_cloudwatch,
    logs: aws_sdk_cloudwatchlogs,
    dynamodb: aws_sdk_dynamodb,
    ec2: aws_sdk_ec2,
    ecr: aws_sdk_ecr,
    efs: aws_sdk_efs,
    elasticache: aws_sdk_elasticache,
    elbv2: aws_sdk_elasticloadbalancingv2,
    iam: aws_sdk_iam,
    kms: aws_sdk_kms,
    rds: aws_sdk_rds,
    route53: aws_sdk_route53,
    s3control: aws_sdk_s3control,
    secretsmanager: aws_sdk_secretsmanager,
    sns: aws_sdk_sns,
    sqs: aws_sdk_sqs,
    sts: aws_sdk_sts,
    #[cfg(feature = "containers")]
    inspector2: aws_sdk_inspector2,
    #[cfg(feature = "data")]
    dlm: aws_sdk_dlm,
    #[cfg(feature = "data")]
    redshiftserverless: aws_sdk_redshiftserverless,
    #[cfg(feature = "delivery")]
    codebuild: aws_sdk_codebuild,
    #[cfg(feature = "delivery")]
    codedeploy: aws_sdk_codedeploy,
    #[cfg(feature = "delivery")]
    fis: aws_sdk_fis,
    #[cfg(feature = "governance")]
    contacts: aws_sdk_account,
    #[cfg(feature = "governance")]
    accessanalyzer: aws_sdk_accessanalyzer,
    #[cfg(feature = "containers")]
    applicationautoscaling: aws_sdk_applicationautoscaling,
    #[cfg(feature = "containers")]
    ecs: aws_sdk_ecs,
    #[cfg(feature = "containers")]
    eks: aws_sdk_eks,
    #[cfg(feature = "containers")]
    lambda: aws_sdk_lambda,
    #[cfg(feature = "data")]
    kinesis: aws_sdk_kinesis,
    #[cfg(feature = "data")]
    opensearch: aws_sdk_opensearch,
    #[cfg(feature = "data")]
    redshift: aws_sdk_redshift,
    #[cfg(feature = "edge")]
    acm: aws_sdk_acm,
    #[cfg(feature = "edge")]
    apigateway: aws_sdk_apigateway,
    #[cfg(feature = "edge")]
    apigatewayv2: aws_sdk_apigatewayv2,
    #[cfg(feature = "edge")]
    cloudfront: aws_sdk_cloudfront,
    #[cfg(feature = "edge")]
    wafv2: aws_sdk_wafv2,
    #[cfg(feature = "events")]
    eventbridge: aws_sdk_eventbridge,
    #[cfg(feature = "events")]
    sfn: aws_sdk_sfn,
    #[cfg(feature = "governance")]
    configservice: aws_sdk_config,
    #[cfg(feature = "governance")]
    guardduty: aws_sdk_guardduty,
    #[cfg(feature = "governance")]
    organizations: aws_sdk_organizations,
    #[cfg(feature = "governance")]
    tagging: aws_sdk_resourcegroupstagging,
    #[cfg(feature = "governance")]
    securityhub: aws_sdk_securityhub,
    #[cfg(feature = "governance")]
    servicequotas: aws_sdk_servicequotas,
    #[cfg(feature = "governance")]
    ssm: aws_sdk_ssm,
}

impl Session {
    pub(crate) fn new(
        account: &str,
        region: &str,
        sdk: &SdkConfig,
        shared: Arc<Shared>,
        limiter: Limiter,
        home: Option<Session>,
    ) -> Self {
        let sdk = sdk.clone().into_builder().region(aws_config::Region::new(region.to_owned())).build();
        Self(Arc::new(Inner {
            account: account.to_owned(),
            region: region.to_owned(),
            partition: partition_of(region).to_owned(),
            sdk,
            shared,
            limiter,
            facts: Mutex::default(),
            breaker: Mutex::default(),
            clients: Clients::default(),
            home,
        }))
    }

    /// The client of `aws_sdk_s3`, with path-style addresses where an endpoint was given.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.0.clients.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.0.sdk)
                .interceptor(self.0.shared.allow.clone())
                .force_path_style(self.0.shared.path_style)
                .build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }

    /// The account id.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// The region name.
    pub fn region(&self) -> &str {
        &self.0.region
    }

    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub fn partition(&self) -> &str {
        &self.0.partition
    }

    /// The ARN that STS gives the credentials.
    pub fn caller(&self) -> &str {
        &self.0.shared.caller
    }

    /// The first pause between attempts.
    pub(crate) fn pause(&self) -> Duration {
        self.0.shared.patience.pause
    }

    /// Account and region.
    pub fn place(&self) -> Place {
        Place::new(self.account(), self.region())
    }

    /// Account and `global`.
    pub fn global(&self) -> Place {
        Place::new(self.account(), GLOBAL)
    }

    /// The time of the run, in seconds since 1970. Nothing here reads a clock.
    pub fn observed_at(&self) -> Option<i64> {
        let time = DateTime::from_str(&self.0.shared.observed_at, Format::DateTimeWithOffset).ok()?;
        Some(time.secs())
    }

    /// The session that reads what the account has once.
    pub fn home(&self) -> &Session {
        self.0.home.as_ref().unwrap_or(self)
    }

    /// Notes what the account has none of, for kinds that are read after others.
    pub(crate) fn note_unused(&self, readings: &[Reading]) {
        let own = readings.iter().filter(|reading| reading.place.account == self.account());
        let (none, some): (Vec<&Reading>, Vec<&Reading>) =
            own.partition(|reading| reading.harvest.resources.is_empty() && reading.harvest.gaps.is_empty());
        let unused = none.into_iter().filter(|reading| some.iter().all(|other| other.kind != reading.kind));
        // It is set once a run, and a second time would say the same.
        _ = self.0.shared.unused.set(unused.map(|reading| reading.kind.clone()).collect());
    }

    /// False when the account has nothing of the kind in any region that was read. Only to be asked by the collectors of
    /// kinds that are read after it.
    pub fn may_have(&self, kind: &Kind) -> bool {
        !self.0.shared.unused.get().is_some_and(|unused| unused.contains(kind.name))
    }

    /// True when an enabled check or a compared type needs the attribute.
    pub fn wants<T>(&self, kind: &Kind, key: &Attr<T>) -> bool {
        self.0.shared.wanted.has(kind.name, key.path())
    }

    /// True when the run needs resources of the kind at all.
    pub fn wants_kind(&self, kind: &Kind) -> bool {
        self.0.shared.wanted.has_kind(kind.name)
    }

    /// True when the run needs an attribute of the kind that `call` fills.
    pub fn wants_call(&self, kind: &Kind, call: &Call) -> bool {
        let name = call.name();
        let filled = |path| self.0.shared.wanted.has(kind.name, path);
        kind.attributes.iter().any(|attr| attr.read_by.contains(&name.as_str()) && filled(attr.path))
    }

    /// True when the run needs an attribute of the resource `id` that `call` fills.
    pub fn wants_call_for(&self, kind: &Kind, call: &Call, id: &str) -> bool {
        let name = call.name();
        let filled = |path| self.0.shared.wanted.has_of(kind.name, path, id);
        kind.attributes.iter().any(|attr| attr.read_by.contains(&name.as_str()) && filled(attr.path))
    }

    /// The only door to AWS: waits for a token, sends, retries, classifies, counts, and names the gap.
    ///
    /// # Errors
    /// The gap that stands for what was not read.
    pub async fn call<T, E, F>(&self, call: &'static Call, go: impl Fn() -> F) -> Result<T, Gap>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        self.try_call(call, &[], go).await.and_then(|answer| {
            answer.ok_or_else(|| Gap::new(call.name(), Cause::Malformed, "an absence nobody asked about"))
        })
    }

    /// As [`Session::call`], where some error codes mean "read, and there is none".
    ///
    /// # Errors
    /// The gap that stands for what was not read.
    pub async fn call_or_none<T, E, F>(
        &self,
        call: &'static Call,
        absent_codes: &[&str],
        go: impl Fn() -> F,
    ) -> Result<Option<T>, Gap>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        self.try_call(call, absent_codes, go).await
    }

    async fn try_call<T, E, F>(
        &self,
        call: &'static Call,
        absent_codes: &[&str],
        go: impl Fn() -> F,
    ) -> Result<Option<T>, Gap>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let name = call.name();
        if !self.0.shared.allow.allows(call.operation) {
            return Err(Gap::new(name, Cause::Unsupported, "not on the allow list of read operations"));
        }
        if let Some(failure) = self.broken(call) {
            return Err(self.gap(call, failure));
        }
        let patience = self.0.shared.patience;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match self.attempt(call, attempt, &go).await {
                Ok(answer) => return Ok(Some(answer)),
                Err(Attempt::Answered(code)) if absent_codes.contains(&code.as_str()) => return Ok(None),
                Err(Attempt::Answered(code)) => Failure {
                    cause: Cause::Malformed,
                    code,
                    message: "an error that this call does not expect".into(),
                    retry: false,
                },
                Err(Attempt::Failed(code, _)) if absent_codes.contains(&code.as_str()) => return Ok(None),
                Err(Attempt::Failed(_, failure)) => failure,
            };
            let most = match failure.cause {
                Cause::Throttled => patience.throttled_attempts,
                // A call that hung once will most likely hang again; one more try is enough.
                Cause::Timeout => patience.attempts.min(2),
                _ => patience.attempts,
            };
            let pause = patience.pause * 2_u32.saturating_pow(attempt.min(6) - 1);
            let in_time = Instant::now() + pause < patience.deadline;
            if !failure.retry || attempt >= most || !in_time {
                self.trip(call, &failure);
                return Err(self.gap(call, failure));
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt<T, E, F>(
        &self,
        call: &'static Call,
        attempt: u32,
        go: &impl Fn() -> F,
    ) -> Result<T, Attempt>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let patience = self.0.shared.patience;
        let timed_out = |message: &str| {
            let failure = Failure {
                cause: Cause::Timeout,
                code: "TimedOut".into(),
                message: message.into(),
                retry: true,
            };
            Attempt::Failed(failure.code.clone(), failure)
        };
        let slot = async {
            self.0.limiter.acquire(call).await;
            self.0.shared.slots.acquire().await
        };
        // The semaphore is never closed, so the only failure here is the deadline of the run.
        let Ok(_slot) = tokio::time::timeout_at(patience.deadline, slot).await else {
            return Err(timed_out("the run's deadline passed before the call could be sent"));
        };
        self.count(call, Event::Sent);
        if attempt > 1 {
            self.count(call, Event::Retried);
        }
        let _under_way = self.0.shared.ledger.under_way();
        let limit = patience.deadline.min(Instant::now() + patience.attempt);
        match tokio::time::timeout_at(limit, go()).await {
            Err(_) => Err(timed_out("no answer within the deadline of the call")),
            Ok(Ok(answer)) => {
                self.0.limiter.succeeded(call);
                Ok(answer)
            }
            Ok(Err(error)) => {
                let failure = classify(&error, self.0.home.is_some());
                if failure.cause == Cause::Throttled {
                    self.0.limiter.throttled(call);
                    self.count(call, Event::Throttled);
                }
                let answered =
                    matches!(error, SdkError::ServiceError(_)) && failure.cause == Cause::Malformed;
                if answered {
                    Err(Attempt::Answered(failure.code))
                } else {
                    Err(Attempt::Failed(failure.code.clone(), failure))
                }
            }
        }
    }

    fn count(&self, call: &Call, event: Event) {
        self.0.shared.ledger.count(call, self.account(), self.region(), event);
    }

    /// Counts items that an answer held.
    pub(crate) fn items(&self, call: &Call, items: usize) {
        self.count(call, Event::Items(items as u64));
    }

    fn gap(&self, call: &'static Call, failure: Failure) -> Gap {
        self.count(call, Event::Failed);
        self.0.shared.ledger.error(call, self.account(), self.region(), &failure);
        Gap::new(call.name(), failure.cause, format!("{} in {}", detail(&failure), self.region()))
    }

    /// After a service of a region proved dead, or the credentials proved expired, further calls are not even sent: a
    /// dead region must not cost a time-out for each of its resources.
    fn broken(&self, call: &Call) -> Option<Failure> {
        let breaker = self.0.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker.get("*").or_else(|| breaker.get(call.service)).cloned()
    }

    fn trip(&self, call: &'static Call, failure: &Failure) {
        let key = match (failure.cause, failure.code.as_str()) {
            (Cause::Unreachable, "Unreachable") => call.service,
            // A service that the account has not subscribed to says nothing of the others.
            (Cause::Disabled, code) if classify::OF_A_SERVICE.contains(&code) => call.service,
            (Cause::Expired | Cause::Disabled, _) => "*",
            _ => return,
        };
        self.0.breaker.lock().unwrap_or_else(PoisonError::into_inner).insert(key, failure.clone());
    }

    /// Reads all pages. What was read before a failure is kept beside the gap; a token that comes again is a loop.
    pub async fn pages<T, O, E, F>(
        &self,
        call: &'static Call,
        go: impl Fn(Option<String>) -> F,
        split: impl Fn(O) -> (Vec<T>, Option<String>),
    ) -> Pages<T>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        let mut items = Vec::new();
        let mut token: Option<String> = None;
        loop {
            match self.call(call, || go(token.clone())).await {
                Err(gap) => return Pages { items, gap: Some(gap) },
                Ok(answer) => {
                    let (page, next) = split(answer);
                    self.items(call, page.len());
                    items.extend(page);
                    let next = next.filter(|next| !next.is_empty());
                    if next.is_none() {
                        return Pages { items, gap: None };
                    }
                    if next == token {
                        let gap = Gap::new(call.name(), Cause::Malformed, "the same page token came twice");
                        return Pages { items, gap: Some(gap) };
                    }
                    token = next;
                }
            }
        }
    }

    /// Reads a fact once per account and region, however many collectors want it.
    pub async fn once<T: Send + Sync + 'static>(
        &self,
        key: &'static str,
        read: impl Future<Output = T> + Send,
    ) -> Arc<T> {
        let cell = {
            let mut facts = self.0.facts.lock().unwrap_or_else(PoisonError::into_inner);
            facts.entry(key).or_default().clone()
        };
        // Boxed at once, so that the fact's future is stored once however often the method is used.
        let read: Pin<Box<dyn Future<Output = T> + Send + '_>> = Box::pin(read);
        let mut read = Some(read);
        loop {
            let fact = cell
                .get_or_init(|| async {
                    match read.take() {
                        Some(read) => Arc::new(read.await) as Arc<dyn Any + Send + Sync>,
                        None => Arc::new(()) as Arc<dyn Any + Send + Sync>,
                    }
                })
                .await;
            if let Ok(fact) = fact.clone().downcast::<T>() {
                return fact;
            }
            // Two facts of different types under one key: a mistake in a collector. Read it for this caller alone.
            if let Some(read) = read.take() {
                return Arc::new(read.await);
            }
        }
    }

    /// Runs `go` for every item, several at once, and keeps the order.
    pub async fn each<I, T, F>(&self, items: Vec<I>, go: impl Fn(I) -> F) -> Vec<T>
    where
        F: Future<Output = T>,
    {
        futures::stream::iter(items.into_iter().map(go)).buffered(self.0.shared.width).collect().await
    }
}

enum Attempt {
    /// The service answered with a code that no table knows; it may mean "none".
    Answered(String),
    /// Anything else that failed, with its code.
    Failed(String, Failure),
}

fn detail(failure: &Failure) -> String {
    if failure.message.is_empty() {
        failure.code.clone()
    } else {
        format!("{}: {}", failure.code, failure.message)
    }
}

/// The partition of a region, after the SDK's partition metadata.
pub fn partition_of(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("us-iso-") => "aws-iso",
        _ if region.starts_with("us-isob-") => "aws-iso-b",
        _ => "aws",
    }
}
