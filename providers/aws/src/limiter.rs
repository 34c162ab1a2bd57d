//! Token buckets, one per account, region and call, whose price adapts to throttling.
//!
//! governor's quotas are fixed, so what adapts is the price of a request: it doubles with every throttled answer, to
//! eight tokens at most, and halves after a run of successes.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::call::Call;

const DEAREST: u32 = 8;
const SUCCESSES_PER_DISCOUNT: u32 = 16;

struct Bucket {
    limiter: DefaultDirectRateLimiter,
    burst: u32,
    price: AtomicU32,
    successes: AtomicU32,
}

/// The buckets of one account and region.
#[derive(Default)]
pub struct Limiter {
    buckets: Mutex<HashMap<String, Arc<Bucket>>>,
    overrides: HashMap<String, u32>,
}

impl Limiter {
    /// Buckets whose rate per second is overridden for the services named.
    pub fn new(overrides: HashMap<String, u32>) -> Self {
        Self { buckets: Mutex::default(), overrides }
    }

    fn bucket(&self, call: &Call) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(&call.name()) {
            return bucket.clone();
        }
        let override_rate = self.overrides.get(call.service).copied();
        let per_second = override_rate.unwrap_or(call.per_second).max(1);
        let burst = override_rate.map_or(call.burst, |rate| call.burst.min(rate)).max(1);
        let quota = Quota::per_second(NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN))
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        let bucket = Arc::new(Bucket {
            limiter: RateLimiter::direct(quota),
            burst,
            price: AtomicU32::new(1),
            successes: AtomicU32::new(0),
        });
        buckets.insert(call.name(), bucket.clone());
        bucket
    }

    /// Waits until `call` may be sent.
    pub async fn acquire(&self, call: &Call) {
        let bucket = self.bucket(call);
        let mut price = bucket.price.load(Ordering::Relaxed).max(1);
        while price > 0 {
            // More than the bucket holds is refused, so a price above it is paid in parts.
            let part = price.min(bucket.burst);
            let _ = bucket.limiter.until_n_ready(NonZeroU32::new(part).unwrap_or(NonZeroU32::MIN)).await;
            price -= part;
        }
    }

    /// Says that the service throttled `call`.
    pub fn throttled(&self, call: &Call) {
        let bucket = self.bucket(call);
        bucket.successes.store(0, Ordering::Relaxed);
        let _ = bucket
            .price
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |price| Some((price * 2).min(DEAREST)));
    }

    /// Says that the service answered `call`.
    pub fn succeeded(&self, call: &Call) {
        let bucket = self.bucket(call);
        if bucket.price.load(Ordering::Relaxed) == 1 {
            return;
        }
        if bucket.successes.fetch_add(1, Ordering::Relaxed) + 1 >= SUCCESSES_PER_DISCOUNT {
            bucket.successes.store(0, Ordering::Relaxed);
            let _ = bucket
                .price
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |price| Some((price / 2).max(1)));
        }
    }

    /// Tokens that one request of `call` costs now.
    pub fn price(&self, call: &Call) -> u32 {
        self.bucket(call).price.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call = Call::new("ec2", "DescribeVpcs");

    #[test]
    fn the_price_doubles_to_eight_and_comes_back() {
        let limiter = Limiter::default();
        assert_eq!(limiter.price(&CALL), 1);
        for expected in [2, 4, 8, 8] {
            limiter.throttled(&CALL);
            assert_eq!(limiter.price(&CALL), expected);
        }
        for _ in 0..SUCCESSES_PER_DISCOUNT * 3 {
            limiter.succeeded(&CALL);
        }
        assert_eq!(limiter.price(&CALL), 1);
    }

    #[tokio::test]
    async fn a_small_bucket_lets_no_more_through_at_once_than_it_says() {
        const SLOW: Call = Call::new("cloudtrail", "LookupEvents").quota(2, 2);
        let limiter = Limiter::default();
        let started = std::time::Instant::now();
        for _ in 0..4 {
            limiter.acquire(&SLOW).await;
        }
        assert!(started.elapsed() >= std::time::Duration::from_millis(900), "{:?}", started.elapsed());
        for _ in 0..3 {
            limiter.throttled(&SLOW);
        }
        let dear = limiter.acquire(&SLOW);
        let paid = tokio::time::timeout(std::time::Duration::from_secs(30), dear).await;
        assert!(paid.is_ok(), "a price above what the bucket holds is paid all the same");
    }

    #[test]
    fn buckets_of_two_calls_are_apart() {
        let limiter = Limiter::default();
        limiter.throttled(&CALL);
        assert_eq!(limiter.price(&Call::new("ec2", "DescribeSubnets")), 1);
    }
}
