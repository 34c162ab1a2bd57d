//! Sessions over canned answers, for tests of whole collectors.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use stateward_model::{Kind, Wanted};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::cloudtrail::TRAIL_CALLS;
use crate::guard::AllowList;
use crate::ledger::Ledger;
use crate::limiter::Limiter;
use crate::policy::all_calls;
use crate::session::{Patience, Session, Shared};

/// Status and body for a request.
type Answer = dyn Fn(&Asked) -> (u16, String) + Send + Sync;

/// What a request asks for.
pub(crate) struct Asked {
    /// Path and query.
    pub(crate) target: String,
    /// The operation, where the protocol names it in a header.
    pub(crate) operation: String,
    /// The body.
    pub(crate) body: String,
}

impl Asked {
    /// The operation of the query protocols, which name it in the body.
    pub(crate) fn action(&self) -> &str {
        let action = self.body.split('&').find_map(|pair| pair.strip_prefix("Action="));
        action.unwrap_or_default()
    }
}

struct Canned(Arc<Answer>);

impl fmt::Debug for Canned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canned")
    }
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri = request.uri();
        let target = uri.splitn(4, '/').nth(3).unwrap_or_default();
        let header = request.headers().get("x-amz-target").unwrap_or_default();
        let asked = Asked {
            target: format!("/{target}"),
            operation: header.rsplit('.').next().unwrap_or_default().to_owned(),
            body: request
                .body()
                .bytes()
                .map(|body| String::from_utf8_lossy(body).into_owned())
                .unwrap_or_default(),
        };
        let (status, body) = (self.0)(&asked);
        let page = body.starts_with("<!doctype html>");
        let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
        if page {
            response.headers_mut().insert("content-type", "text/html; charset=utf-8");
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// An account whose every request is answered by a function.
pub(crate) struct Account {
    /// What was called.
    ledger: Arc<Ledger>,
    home: Session,
    shared: Arc<Shared>,
    sdk: SdkConfig,
}

/// The account's id.
pub(crate) const ACCOUNT: &str = "123456789012";

impl Account {
    /// With its home in us-west-2.
    pub(crate) fn new(
        wanted: Wanted,
        answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let answer: Arc<Answer> = Arc::new(answer);
        let client = http_client_fn(move |_, _| SharedHttpConnector::new(Canned(answer.clone())));
        let credentials = Credentials::new("test", "test", None, None, "test");
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-west-2"))
            .endpoint_url("http://canned")
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(client)
            .build();
        let ledger = Arc::new(Ledger::default());
        let patience = Patience {
            attempt: Duration::from_secs(5),
            attempts: 1,
            throttled_attempts: 1,
            pause: Duration::ZERO,
            deadline: Instant::now() + Duration::from_secs(60),
        };
        let shared = Arc::new(Shared {
            ledger: ledger.clone(),
            slots: Arc::new(Semaphore::new(8)),
            wanted: Arc::new(wanted),
            patience,
            allow: AllowList::new(all_calls().iter().chain(TRAIL_CALLS).copied()),
            path_style: true,
            caller: format!("arn:aws:iam::{ACCOUNT}:user/auditor"),
            width: 8,
            observed_at: "2026-01-02T03:04:05Z".to_owned(),
            unused: OnceLock::new(),
        });
        let home = Session::new(ACCOUNT, "us-west-2", &sdk, shared.clone(), Limiter::default(), None);
        Self { ledger, home, shared, sdk }
    }

    /// The session of the home region.
    pub(crate) fn home(&self) -> &Session {
        &self.home
    }

    /// A session of another region.
    pub(crate) fn region(&self, region: &str) -> Session {
        let (shared, home) = (self.shared.clone(), self.home.clone());
        Session::new(ACCOUNT, region, &self.sdk, shared, Limiter::default(), Some(home))
    }

    /// How often an operation was sent.
    pub(crate) fn calls(&self, operation: &str) -> u64 {
        self.ledger
            .counts()
            .iter()
            .filter(|count| count.operation == operation)
            .map(|count| count.calls)
            .sum()
    }
}

/// Asks for these attributes of a kind.
pub(crate) fn wanting(kind: &Kind, paths: &[&str]) -> Wanted {
    let mut wanted = Wanted::default();
    wanted.kind(kind.name);
    for path in paths {
        wanted.attribute(kind.name, path);
    }
    wanted
}

/// Asks for everything of a kind.
pub(crate) fn wanting_all(kind: &Kind) -> Wanted {
    let paths: Vec<&str> = kind.attributes.iter().map(|attr| attr.path).collect();
    wanting(kind, &paths)
}
