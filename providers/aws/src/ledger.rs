//! Counts of calls and the list of those that ended in a gap.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use stateward_model::{CollectionError, OperationCount};

use crate::call::Call;
use crate::classify::Failure;

type Key = (&'static str, &'static str, String, String);

/// What happened to calls, for one run. Shared by all sessions.
#[derive(Default)]
pub struct Ledger {
    counts: Mutex<BTreeMap<Key, OperationCount>>,
    errors: Mutex<BTreeMap<(Key, String), CollectionError>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

/// One event of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A request goes out.
    Sent,
    /// A request goes out again.
    Retried,
    /// The service throttled.
    Throttled,
    /// The call ended in a gap.
    Failed,
    /// The answer held so many items.
    Items(u64),
}

impl Ledger {
    /// Counts `event`.
    pub fn count(&self, call: &Call, account: &str, region: &str, event: Event) {
        let key = (call.service, call.operation, account.to_owned(), region.to_owned());
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_insert_with(|| OperationCount {
            service: call.service.to_owned(),
            operation: call.operation.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            calls: 0,
            throttled: 0,
            retried: 0,
            failed: 0,
            items: 0,
        });
        match event {
            Event::Sent => count.calls += 1,
            Event::Retried => count.retried += 1,
            Event::Throttled => count.throttled += 1,
            Event::Failed => count.failed += 1,
            Event::Items(items) => count.items += items,
        }
    }

    /// Records a call that ended in a gap; equal failures of one operation in one place are one entry.
    pub fn error(&self, call: &Call, account: &str, region: &str, failure: &Failure) {
        let key = (call.service, call.operation, account.to_owned(), region.to_owned());
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.entry((key, failure.code.clone())).or_insert_with(|| CollectionError {
            service: call.service.to_owned(),
            operation: call.operation.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            cause: failure.cause,
            code: failure.code.clone(),
            message: failure.message.clone(),
            permission: call.iam_action(),
            types: touched(&call.name()),
        });
    }

    /// A request is under way until the guard is dropped.
    pub fn under_way(&self) -> UnderWay<'_> {
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_in_flight.fetch_max(now, Ordering::Relaxed);
        UnderWay(self)
    }

    /// The most requests that were under way at once.
    pub fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::Relaxed)
    }

    /// All counts, sorted.
    pub fn counts(&self) -> Vec<OperationCount> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// All errors, sorted.
    pub fn errors(&self) -> Vec<CollectionError> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// A request under way.
pub struct UnderWay<'a>(&'a Ledger);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The types whose listing or attributes the operation reads, by the kinds' own tables.
fn touched(name: &str) -> std::collections::BTreeSet<String> {
    stateward_model::kinds::all()
        .filter(|kind| {
            kind.listed_by.contains(&name) || kind.attributes.iter().any(|attr| attr.read_by.contains(&name))
        })
        .flat_map(|kind| {
            let parts = kind.satellites.iter().map(|satellite| satellite.kind);
            std::iter::once(kind.name).chain(parts).map(str::to_owned)
        })
        .collect()
}
