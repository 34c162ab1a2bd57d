//! Connecting to accounts and running their collectors, all regions together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use stateward_model::{
    Cause, CollectionError, GLOBAL, Gap, Harvest, Kind, OperationCount, Place, Reading, Scope, Wanted, kinds,
};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::call::Call;
use crate::cloudtrail::TRAIL_CALLS;
use crate::collectors;
use crate::doctor::Watch;
use crate::guard::AllowList;
use crate::ledger::Ledger;
use crate::limiter::Limiter;
use crate::policy::all_calls;
use crate::session::{Collector, Patience, Session, Shared};

static GET_CALLER_IDENTITY: Call = Call::new("sts", "GetCallerIdentity");

/// Calls that are made for every account whatever is asked.
pub(crate) static ACCOUNT_CALLS: &[&Call] = &[&GET_CALLER_IDENTITY];

/// How to reach AWS and how hard to try. Everything else comes from the SDK's own chain: environment, profiles, SSO,
/// web identity, container and instance credentials.
#[derive(Debug, Clone)]
pub struct Options {
    /// Regions to read; the first is also where account-wide facts are read.
    pub regions: Vec<String>,
    /// Accounts to enter through a role: id and role ARN. Empty: the account of the credentials themselves.
    pub roles: Vec<(String, String)>,
    /// An endpoint in the place of AWS's own, for emulators.
    pub endpoint_url: Option<String>,
    /// A named profile of the shared configuration.
    pub profile: Option<String>,
    /// Requests under way at once, over all regions.
    pub concurrency: usize,
    /// Requests per second by service prefix, in the place of the built-in rates.
    pub rates: BTreeMap<String, u32>,
    /// How long the collection may take before what is left becomes a gap.
    pub deadline: Duration,
    /// How long one attempt of a call may take.
    pub attempt: Duration,
    /// The first pause between attempts.
    pub pause: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            regions: Vec::new(),
            roles: Vec::new(),
            endpoint_url: None,
            profile: None,
            concurrency: 48,
            rates: BTreeMap::new(),
            deadline: Duration::from_secs(900),
            attempt: Duration::from_secs(20),
            pause: Duration::from_millis(100),
        }
    }
}

/// What became of an account that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountOutcome {
    /// The account id; the id asked for where it could not be entered; empty where not even that is known.
    pub id: String,
    /// The gap, where it could not be entered.
    pub gap: Option<Gap>,
}

/// What became of a region of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionOutcome {
    /// Where.
    pub place: Place,
    /// Listing calls that answered.
    pub read: usize,
    /// Listing calls that ended in a gap.
    pub failed: usize,
}

/// What a collection brought.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// One reading for each collector and place, sorted.
    pub readings: Vec<Reading>,
    /// Counts of calls, sorted.
    pub operations: Vec<OperationCount>,
    /// Calls that ended in a gap, sorted.
    pub errors: Vec<CollectionError>,
    /// Regions and what became of them, sorted.
    pub regions: Vec<RegionOutcome>,
    /// The most requests that were under way at once.
    pub most_in_flight: usize,
}

pub(crate) struct Entered {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) sdk: SdkConfig,
}

/// Connected accounts.
pub struct Aws {
    options: Options,
    pub(crate) entered: Vec<Entered>,
    pub(crate) watch: Watch,
    /// Every account that was asked for.
    pub accounts: Vec<AccountOutcome>,
    ledger: Arc<Ledger>,
    started: Instant,
}

impl Aws {
    /// Loads the configuration and proves the identity of every account. An account that cannot be entered is an
    /// outcome, not an error: the others go on.
    pub async fn connect(options: Options) -> Self {
        let started = Instant::now();
        let ledger = Arc::new(Ledger::default());
        let base = base_config(&options).await;
        let mut aws = Self {
            options,
            entered: Vec::new(),
            watch: Watch::default(),
            accounts: Vec::new(),
            ledger,
            started,
        };
        if aws.options.roles.is_empty() {
            aws.enter(None, base).await;
            return aws;
        }
        for (id, role) in aws.options.roles.clone() {
            let provider = aws_config::sts::AssumeRoleProvider::builder(role)
                .session_name("stateward")
                .configure(&base)
                .build()
                .await;
            let provider = aws_credential_types::provider::SharedCredentialsProvider::new(provider);
            let sdk = base.clone().into_builder().credentials_provider(provider).build();
            aws.enter(Some(id), sdk).await;
        }
        aws
    }

    async fn enter(&mut self, asked: Option<String>, sdk: SdkConfig) {
        let wanted = Arc::new(Wanted::default());
        let session = self.session(
            asked.as_deref().unwrap_or_default(),
            self.home_region(),
            &sdk,
            self.shared(wanted, "", ""),
            None,
        );
        let ask = || {
            let request = session.sts().get_caller_identity().customize().interceptor(self.watch.clone());
            request.send()
        };
        let answer = session.call(&GET_CALLER_IDENTITY, ask).await;
        let (id, arn) = match answer {
            Ok(answer) => (answer.account.unwrap_or_default(), answer.arn.unwrap_or_default()),
            Err(gap) => {
                self.accounts.push(AccountOutcome { id: asked.unwrap_or_default(), gap: Some(gap) });
                return;
            }
        };
        if let Some(asked) = asked.filter(|asked| *asked != id) {
            let detail = format!("the role leads into account {id}, not {asked}");
            let gap = Gap::new(GET_CALLER_IDENTITY.name(), Cause::Denied, detail);
            self.accounts.push(AccountOutcome { id: asked, gap: Some(gap) });
            return;
        }
        self.accounts.push(AccountOutcome { id: id.clone(), gap: None });
        self.entered.push(Entered { id, arn, sdk });
    }

    pub(crate) fn home_region(&self) -> &str {
        self.options.regions.first().map_or("us-east-1", String::as_str)
    }

    fn shared(&self, wanted: Arc<Wanted>, caller: &str, observed_at: &str) -> Arc<Shared> {
        Arc::new(Shared {
            ledger: self.ledger.clone(),
            slots: Arc::new(Semaphore::new(self.options.concurrency.max(1))),
            wanted,
            patience: Patience {
                attempt: self.options.attempt,
                attempts: 3,
                throttled_attempts: 10,
                pause: self.options.pause,
                deadline: self.started + self.options.deadline,
            },
            allow: AllowList::new(all_calls().iter().chain(TRAIL_CALLS).copied()),
            path_style: self.options.endpoint_url.is_some(),
            caller: caller.to_owned(),
            width: self.options.concurrency.max(1),
            observed_at: observed_at.to_owned(),
            unused: OnceLock::new(),
        })
    }

    fn session(
        &self,
        account: &str,
        region: &str,
        sdk: &SdkConfig,
        shared: Arc<Shared>,
        home: Option<Session>,
    ) -> Session {
        let rates: HashMap<String, u32> = self.options.rates.clone().into_iter().collect();
        Session::new(account, region, sdk, shared, Limiter::new(rates), home)
    }

    /// A session of the first entered account, for reads outside the collectors (the state backend). `region` may be
    /// one that is not audited; without one, account-wide reads go to the home region.
    pub fn reader(&self, region: Option<&str>) -> Option<Session> {
        let account = self.entered.first()?;
        let region = region.unwrap_or_else(|| self.home_region());
        let shared = self.shared(Arc::new(Wanted::default()), &account.arn, "");
        Some(self.session(&account.id, region, &account.sdk, shared, None))
    }

    /// A session of an account that was entered, in a region that need not be audited.
    pub(crate) fn session_in(&self, account: &str, region: &str) -> Option<Session> {
        let entered = self.entered.iter().find(|entered| entered.id == account)?;
        let shared = self.shared(Arc::new(Wanted::default()), &entered.arn, "");
        let home = self.session(account, self.home_region(), &entered.sdk, shared.clone(), None);
        Some(match region == self.home_region() {
            true => home,
            false => self.session(account, region, &entered.sdk, shared, Some(home)),
        })
    }

    /// How many listings [`Aws::collect`] will make for `wanted`, for those who show progress.
    pub fn listings(&self, wanted: &Wanted) -> usize {
        let regions: BTreeSet<&String> = self.options.regions.iter().collect();
        let of_account: usize = collectors()
            .filter(|collector| wanted.has_kind(collector.kind.name))
            .map(|collector| if collector.kind.scope == Scope::Global { 1 } else { regions.len() })
            .sum();
        of_account * self.entered.len()
    }

    /// Reads what is wanted from all accounts and regions at once. `observed_at` is the time to write on the readings;
    /// `progress` hears of every reading as it comes in.
    pub async fn collect(
        &self,
        wanted: Wanted,
        observed_at: &str,
        progress: &(dyn Fn(&Reading) + Sync),
    ) -> Collected {
        let wanted = Arc::new(wanted);
        let sessions: Vec<(Session, bool)> = self.sessions(&wanted, observed_at);
        let mut readings = Vec::new();
        // What only supports the judgement of others comes second: where there are none of them, nobody asks. Last
        // comes what others decide the extent of.
        for stage in [Stage::Itself, Stage::Support, Stage::After] {
            if stage == Stage::After {
                sessions.iter().filter(|(_, home)| *home).for_each(|(one, _)| one.note_unused(&readings));
            }
            let mut jobs: FuturesUnordered<_> = sessions
                .iter()
                .flat_map(|(session, home)| collectors().map(move |collector| (session, *home, collector)))
                .filter(|(session, home, collector)| {
                    let subjects = wanted.supports(collector.kind.name);
                    stage == Stage::of(collector.kind, subjects.is_some())
                        && subjects.is_none_or(|subjects| any_of(subjects, &readings))
                        && session.wants_kind(collector.kind)
                        && (*home || collector.kind.scope != Scope::Global)
                })
                .map(|(session, _, collector)| reading(session, collector, observed_at))
                .collect();
            let mut found = Vec::new();
            while let Some(reading) = jobs.next().await {
                progress(&reading);
                found.push(reading);
            }
            drop(jobs);
            readings.extend(found);
        }
        readings.extend(sessions.iter().flat_map(|(session, home)| left_out(session, *home, observed_at)));
        self.gathered(readings)
    }

    /// One session an account and region, and whether it is the one that reads what the account has once.
    fn sessions(&self, wanted: &Arc<Wanted>, observed_at: &str) -> Vec<(Session, bool)> {
        let mut sessions = Vec::new();
        for account in &self.entered {
            let shared = self.shared(wanted.clone(), &account.arn, observed_at);
            let home = self.session(&account.id, self.home_region(), &account.sdk, shared.clone(), None);
            let regions: BTreeSet<&String> = self.options.regions.iter().collect();
            for region in regions {
                let is_home = region == self.home_region();
                let session = match is_home {
                    true => home.clone(),
                    false => {
                        self.session(&account.id, region, &account.sdk, shared.clone(), Some(home.clone()))
                    }
                };
                sessions.push((session, is_home));
            }
        }
        sessions
    }

    fn gathered(&self, mut readings: Vec<Reading>) -> Collected {
        readings.sort_by(|a, b| (&a.kind, &a.place).cmp(&(&b.kind, &b.place)));
        let mut regions: BTreeMap<Place, RegionOutcome> = BTreeMap::new();
        for reading in &mut readings {
            reading.harvest.resources.sort_by(|a, b| a.address.cmp(&b.address));
            if reading.place.region == GLOBAL {
                continue;
            }
            let outcome = regions.entry(reading.place.clone()).or_insert_with(|| RegionOutcome {
                place: reading.place.clone(),
                read: 0,
                failed: 0,
            });
            if reading.harvest.gaps.is_empty() {
                outcome.read += 1;
            } else {
                outcome.failed += 1;
            }
        }
        Collected {
            readings,
            operations: self.ledger.counts(),
            errors: self.ledger.errors(),
            regions: regions.into_values().collect(),
            most_in_flight: self.ledger.most_in_flight(),
        }
    }

    /// What calls have cost so far.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

/// What is wanted and has no collector in a build without all themes: unknown, and the reason is told.
fn left_out<'a>(
    session: &'a Session,
    home: bool,
    observed_at: &'a str,
) -> impl Iterator<Item = Reading> + 'a {
    let unread = move |kind: &&'static Kind| {
        let here = home || kind.scope != Scope::Global;
        let listed = kind.listed_by.first().is_some_and(|_| session.wants_kind(kind));
        here && listed && !collectors().any(|collector| collector.kind.name == kind.name)
    };
    kinds::all().filter(unread).map(move |kind| {
        let call = kind.listed_by.first().copied().unwrap_or(kind.name);
        let gap = Gap::new(call, Cause::Unsupported, "this build leaves out the client of its service");
        let place = if kind.scope == Scope::Global { session.global() } else { session.place() };
        Reading {
            kind: kind.name.to_owned(),
            place,
            observed_at: observed_at.to_owned(),
            harvest: Harvest { resources: Vec::new(), gaps: vec![gap] },
        }
    })
}

async fn reading(session: &Session, collector: &Collector, observed_at: &str) -> Reading {
    let harvest: Harvest = (collector.collect)(session).await;
    let place = match collector.kind.scope {
        Scope::Global => session.global(),
        Scope::Regional => session.place(),
    };
    let kind = collector.kind.name.to_owned();
    Reading { kind, place, observed_at: observed_at.to_owned(), harvest }
}

/// When a kind is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Itself,
    Support,
    After,
}

impl Stage {
    fn of(kind: &Kind, supports: bool) -> Self {
        match kind.after.is_empty() {
            false => Self::After,
            true if supports => Self::Support,
            true => Self::Itself,
        }
    }
}

/// Whether a resource of one of the kinds was seen, or may be behind a gap.
fn any_of(kinds: &BTreeSet<String>, readings: &[Reading]) -> bool {
    let of = readings.iter().filter(|reading| kinds.contains(&reading.kind));
    of.into_iter().any(|reading| !reading.harvest.resources.is_empty() || !reading.harvest.gaps.is_empty())
}

/// The configuration of every client: one attempt, and the first of the regions.
pub(crate) async fn base_config(options: &Options) -> SdkConfig {
    let region = options.regions.first().cloned().unwrap_or_else(|| "us-east-1".to_owned());
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(4))
        .operation_attempt_timeout(options.attempt)
        .build();
    // One attempt: the door retries, and two retry controllers would fight.
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(aws_config::Region::new(region))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts);
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &options.endpoint_url {
        // Emulators listen on one address; the account prefix of S3 Control must not be looked up as a name.
        let client = Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .build_with_resolver(PrefixedAddress);
        loader = loader.endpoint_url(url).http_client(client);
    }
    loader.load().await
}

/// Resolves `123456789012.127.0.0.1`, the host that S3 Control makes of an address, to the address.
#[derive(Debug, Clone)]
struct PrefixedAddress;

impl ResolveDns for PrefixedAddress {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let bare = name.split_once('.').map_or(name, |(label, rest)| {
                if label.len() == 12 && label.bytes().all(|b| b.is_ascii_digit()) { rest } else { name }
            });
            if let Ok(address) = bare.parse::<IpAddr>() {
                return Ok(vec![address]);
            }
            match tokio::net::lookup_host((bare, 0)).await {
                Ok(addresses) => Ok(addresses.map(|address| address.ip()).collect()),
                Err(error) => Err(ResolveDnsError::new(error)),
            }
        })
    }
}
