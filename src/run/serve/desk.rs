//! Comparisons: few at once, for anybody can ask for many, and the latest stay.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use stateward::dashboard::Refusal;

use super::archive::locked;

/// Comparisons under way at once.
const WORKERS: usize = 2;
/// Comparisons that are kept.
const KEPT: usize = 4;
/// How long a page waits for a comparison before it says that it is under way.
const WAIT: Duration = Duration::from_millis(200);

/// What became of a comparison.
#[derive(Debug, Clone)]
pub enum Compared<T> {
    /// It takes longer than a page may.
    UnderWay,
    /// It is made.
    Found(Arc<T>),
    /// There is none, and why.
    Failed(Refusal),
}

/// Comparisons by what is compared, the latest first. One that is under way stays until it has ended, so that each has one
/// worker and all workers are counted.
#[derive(Debug)]
pub struct Desk<T> {
    all: Mutex<VecDeque<(String, Compared<T>)>>,
    done: Condvar,
}

impl<T> Default for Desk<T> {
    fn default() -> Self {
        Self { all: Mutex::default(), done: Condvar::new() }
    }
}

impl<T: Clone + Send + Sync + 'static> Desk<T> {
    /// The comparison that the work makes, or that it is under way.
    pub fn compared(
        self: &Arc<Self>,
        key: &str,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Compared<T> {
        let mut all = locked(&self.all);
        if all.iter().all(|(known, _)| known != key) {
            let busy = all.iter().filter(|(_, found)| matches!(found, Compared::UnderWay)).count();
            if busy >= WORKERS {
                return Compared::Failed(Refusal::TooMany);
            }
            let (this, name) = (self.clone(), key.to_owned());
            let begun = std::thread::Builder::new().spawn(move || this.put(&name, work));
            if let Err(error) = begun {
                tracing::warn!("a comparison could not be begun: {error}");
                return Compared::Failed(Refusal::TooMany);
            }
            all.push_front((key.to_owned(), Compared::UnderWay));
            make_room(&mut all);
        }
        let until = Instant::now() + WAIT;
        loop {
            let found = all.iter().find(|(known, _)| known == key).map(|(_, found)| found.clone());
            let left = until.saturating_duration_since(Instant::now());
            match found {
                Some(Compared::UnderWay) if !left.is_zero() => {
                    all = match self.done.wait_timeout(all, left) {
                        Ok((all, _)) => all,
                        Err(poisoned) => poisoned.into_inner().0,
                    };
                }
                Some(Compared::Failed(refusal)) => {
                    // It may be better the next time.
                    all.retain(|(known, _)| known != key);
                    return Compared::Failed(refusal);
                }
                Some(found) => return found,
                None => return Compared::UnderWay,
            }
        }
    }

    fn put(&self, key: &str, work: impl FnOnce() -> Result<T, Refusal>) {
        // Nothing of what it worked on is looked at again.
        let found = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(found)) => Compared::Found(Arc::new(found)),
            Ok(Err(refusal)) => Compared::Failed(refusal),
            Err(_) => {
                tracing::error!("a comparison could not be made: {key}");
                Compared::Failed(Refusal::Broken)
            }
        };
        if let Some(at) = locked(&self.all).iter_mut().find(|(known, _)| known == key) {
            at.1 = found;
        }
        self.done.notify_all();
    }
}

/// Forgets the oldest of those that have ended.
fn make_room<T>(all: &mut VecDeque<(String, Compared<T>)>) {
    while all.len() > KEPT {
        let Some(oldest) = all.iter().rposition(|(_, found)| !matches!(found, Compared::UnderWay)) else {
            return;
        };
        all.remove(oldest);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    fn settled(desk: &Arc<Desk<u8>>, key: &str) -> Compared<u8> {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            match desk.compared(key, || panic!("it is known")) {
                Compared::UnderWay if Instant::now() < until => {}
                found => return found,
            }
        }
    }

    #[test]
    fn two_work_at_once_and_whoever_comes_later_is_told() {
        let desk = Arc::new(Desk::default());
        let begun = Arc::new(AtomicUsize::new(0));
        let mut waiting = Vec::new();
        for key in ["a", "b", "c", "d", "e", "f", "a", "b"] {
            let (go, held) = mpsc::channel::<()>();
            let begun = begun.clone();
            let found = desk.compared(key, move || {
                begun.fetch_add(1, Ordering::SeqCst);
                let _ = held.recv();
                Ok(7)
            });
            waiting.push(go);
            match key {
                "a" | "b" => assert!(matches!(found, Compared::UnderWay), "{key}: {found:?}"),
                _ => assert!(matches!(found, Compared::Failed(Refusal::TooMany)), "{key}: {found:?}"),
            }
        }
        drop(waiting);
        for key in ["a", "b"] {
            assert!(matches!(settled(&desk, key), Compared::Found(_)), "{key}");
        }
        assert_eq!(begun.load(Ordering::SeqCst), 2);
        assert!(matches!(desk.compared("c", || Ok(7)), Compared::Found(_) | Compared::UnderWay));
        assert!(matches!(settled(&desk, "c"), Compared::Found(_)), "there is room again");
    }

    #[test]
    fn what_is_under_way_stays_however_many_come_after_it() {
        let desk = Arc::new(Desk::default());
        let (go, held) = mpsc::channel::<()>();
        let slow = desk.compared("slow", move || {
            let _ = held.recv();
            Ok(7)
        });
        assert!(matches!(slow, Compared::UnderWay));
        for key in 0..3 * KEPT {
            let key = key.to_string();
            desk.compared(&key, || Ok(7));
            settled(&desk, &key);
            assert!(locked(&desk.all).len() <= KEPT);
        }
        assert!(matches!(desk.compared("slow", || panic!("it is begun twice")), Compared::UnderWay));
        drop(go);
        assert!(matches!(settled(&desk, "slow"), Compared::Found(_)));
    }

    #[test]
    fn work_that_panics_has_failed_and_leaves_its_place() {
        let desk = Arc::new(Desk::default());
        for _ in 0..2 * WORKERS {
            let found = match desk.compared("x", || panic!("on purpose")) {
                Compared::UnderWay => settled(&desk, "x"),
                found => found,
            };
            assert!(matches!(found, Compared::Failed(Refusal::Broken)), "{found:?}");
        }
        let found = match desk.compared("x", || Ok(7)) {
            Compared::UnderWay => settled(&desk, "x"),
            found => found,
        };
        assert!(matches!(found, Compared::Found(_)), "{found:?}");
    }
}
