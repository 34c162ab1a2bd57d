//! Whether an audit would get through: who the credentials are, what time AWS has, whether endpoints answer, and what is
//! permitted. No call here is one that an audit does not make as well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use stateward_model::{Gap, Scope, Wanted};
use tokio::time::Instant;

use crate::account::Aws;
use crate::collectors;
use crate::credentials;
use crate::session::Collector;

/// The time that AWS has, as its answers say, beside the moment in which one came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Option<(i64, Instant)>>>);

impl Watch {
    /// Seconds since 1970, and when that was said.
    pub(crate) fn read(&self) -> Option<(i64, Instant)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "StatewardWatch"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let said = context.response().headers().get("date");
        let time = said.and_then(|text| DateTime::from_str(text, Format::HttpDate).ok());
        if let Some(time) = time {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((time.secs(), Instant::now()));
        }
        Ok(())
    }
}

/// What a service answered to one listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The account.
    pub account: String,
    /// The region, or `global`.
    pub region: String,
    /// The IAM prefix of the service.
    pub service: String,
    /// Why there is no answer, or no whole one: the listing's own reason before that of what it asks for beside.
    pub gap: Option<Gap>,
}

impl Aws {
    /// The time of AWS in seconds since 1970, as the first answer said, and the moment in which it came. A refusal says
    /// it as well.
    pub fn clock(&self) -> Option<(i64, Instant)> {
        self.watch.read()
    }

    /// The ARN of the credentials of an account that was entered.
    pub fn caller(&self, account: &str) -> Option<&str> {
        self.entered.iter().find(|entered| entered.id == account).map(|entered| entered.arn.as_str())
    }

    /// When the credentials of an account end, in seconds since 1970; none for those that do not say so.
    pub async fn expiry(&self, account: &str) -> Option<i64> {
        let entered = self.entered.iter().find(|entered| entered.id == account)?;
        let credentials = entered.sdk.credentials_provider()?.provide_credentials().await.ok()?;
        let since = credentials.expiry()?.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    }

    /// Of `actions`, those that the credentials of an account may not do, as IAM simulates it.
    ///
    /// # Errors
    /// The gap, where it cannot be simulated: then nothing is known.
    pub async fn denied(&self, account: &str, actions: &[String]) -> Result<Vec<String>, Gap> {
        let Some(session) = self.session_in(account, self.home_region()) else {
            return Err(Gap::new(
                credentials::SIMULATE.name(),
                stateward_model::Cause::Expired,
                "the account was not entered",
            ));
        };
        credentials::denied(&session, actions).await
    }

    /// Makes one listing of each service that `wanted` needs, in every region and account.
    pub async fn probe(&self, wanted: &Wanted) -> Vec<Answered> {
        let chosen = cheapest(wanted);
        let mut only = Wanted::default();
        for collector in chosen.values() {
            only.kind(collector.kind.name);
        }
        let collected = self.collect(only, "", &|_| ()).await;
        let mut answered = Vec::new();
        for reading in collected.readings {
            let Some(collector) = chosen.values().find(|one| one.kind.name == reading.kind) else { continue };
            let mut gaps = reading.harvest.gaps;
            let of_listing =
                gaps.iter().position(|gap| collector.kind.listed_by.contains(&gap.call.as_ref()));
            let first = of_listing.unwrap_or_default();
            answered.push(Answered {
                account: reading.place.account.clone(),
                region: reading.place.region.clone(),
                service: collector.kind.service.to_owned(),
                gap: (first < gaps.len()).then(|| gaps.swap_remove(first)),
            });
        }
        answered
    }
}

/// Of each service and scope the collector with the fewest calls.
fn cheapest(wanted: &Wanted) -> BTreeMap<(&'static str, bool), &'static Collector> {
    let mut chosen: BTreeMap<(&str, bool), &Collector> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for collector in
        collectors().filter(|one| wanted.has_kind(one.kind.name) && !one.kind.listed_by.is_empty())
    {
        let key = (collector.kind.service, collector.kind.scope == Scope::Global);
        let cost = |one: &Collector| (one.calls.len(), one.kind.name);
        let is_cheaper = chosen.get(&key).is_none_or(|known| cost(collector) < cost(known));
        if seen.insert(collector.kind.name) && is_cheaper {
            chosen.insert(key, collector);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_is_asked_by_its_cheapest_listing() {
        let mut wanted = Wanted::default();
        for kind in stateward_model::kinds::all() {
            wanted.kind(kind.name);
        }
        let all = cheapest(&wanted);
        assert!(all.len() > 20, "{}", all.len());
        for ((service, _), collector) in &all {
            assert_eq!(*service, collector.kind.service);
        }
        let mut one = Wanted::default();
        one.kind("aws_vpc");
        assert_eq!(cheapest(&one).keys().collect::<Vec<_>>(), [&("ec2", false)]);
        assert!(cheapest(&Wanted::default()).is_empty());
    }
}
