//! How far a run has come, written into the history at most once a second for whoever watches it.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stateward_store::Store;

use super::ledger::Ledger;
use super::{now, stamp};

/// How often it is written.
const STEP: Duration = Duration::from_secs(1);
/// How often what takes time to count is counted.
const COUNT: Duration = Duration::from_millis(500);

/// How far a run has come. Nothing that goes wrong with telling it is of any account to the run.
#[derive(Default)]
pub struct Progress(Option<Arc<Shared>>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Default)]
struct State {
    at: stateward_store::Progress,
    counted: Option<Instant>,
    is_over: bool,
}

impl Progress {
    /// Of a run that is stored; of another one nothing is told.
    pub fn of(ledger: Option<&Ledger>) -> Self {
        let Some((file, run)) = ledger.and_then(Ledger::under_way) else { return Self::default() };
        let shared = Arc::new(Shared::default());
        let writer = shared.clone();
        std::thread::spawn(move || writer.write(file, &run));
        Self(Some(shared))
    }

    /// Tells what the run is doing.
    pub fn phase(&self, phase: &str) {
        if let Some(mut state) = self.state() {
            phase.clone_into(&mut state.at.phase);
        }
    }

    /// Tells how many listings are to be read.
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "a build without AWS reads nothing live"))]
    pub fn expect(&self, listings: usize) {
        if let Some(mut state) = self.state() {
            (state.at.total, state.at.done) = (listings, 0);
        }
    }

    /// Tells that a listing is read; requests and gaps so far are counted now and then.
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "a build without AWS reads nothing live"))]
    pub fn step(&self, count: impl FnOnce() -> (u64, usize)) {
        let Some(mut state) = self.state() else { return };
        state.at.done += 1;
        if state.counted.is_none_or(|counted| counted.elapsed() >= COUNT) {
            (state.at.calls, state.at.gaps) = count();
            state.counted = Some(Instant::now());
        }
    }

    fn state(&self) -> Option<MutexGuard<'_, State>> {
        self.0.as_ref().map(|shared| locked(&shared.state))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            locked(&shared.state).is_over = true;
            shared.over.notify_all();
        }
    }
}

impl Shared {
    fn write(&self, file: PathBuf, run: &str) {
        let Ok(mut store) = Store::open_existing(&file) else { return };
        let mut told = stateward_store::Progress::default();
        loop {
            let mut state = locked(&self.state);
            if state.is_over {
                return;
            }
            if state.at != told {
                told = state.at.clone();
                drop(state);
                let now = stateward_store::Progress { at: stamp(now()), ..told.clone() };
                let _ = store.advance(run, &now);
                state = locked(&self.state);
            }
            drop(self.over.wait_timeout(state, STEP).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
