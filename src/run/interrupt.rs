//! What becomes of a run that is told to stop: the history says so at once, and no file of it is half-written.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use stateward_store::{Ended, Store};

use super::output;
use super::{now, stamp};

/// By whom a process is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// From the keyboard.
    Interrupt,
    /// By the system, or whoever runs it.
    Terminate,
    /// By the scheduler, or because that is gone.
    Scheduler,
}

impl Stop {
    /// The exit code, as shells have it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate | Self::Scheduler => 143,
        }
    }

    /// Who it was, as the history has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::Scheduler => "the end of the scheduler",
        }
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// To stop.
    Stop(Stop),
    /// To read the profile again.
    #[cfg_attr(not(feature = "service"), allow(dead_code, reason = "only the scheduler is told so"))]
    Reload,
}

/// A run, and whether it may still be interrupted.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The history and the run that is noted in it.
    run: Option<(PathBuf, String)>,
    /// Its result is being written: it ends by itself.
    is_over: bool,
}

impl Interrupt {
    /// Ends the process when it is told to stop. `scheduled` runs have a scheduler at the other end of their standard input.
    ///
    /// # Errors
    /// A system that gives no signals.
    pub fn watch(&self, scheduled: bool) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let mut signals = {
            let _entered = runtime.enter();
            Signals::open(false)?
        };
        let interrupt = self.clone();
        std::thread::spawn(move || {
            runtime.block_on(async {
                let first = signals.stop().await;
                std::thread::spawn(move || interrupt.stop(first));
                // Whoever says it twice does not want to wait.
                let second = signals.stop().await;
                output::abandon();
                std::process::exit(i32::from(second.code()));
            });
        });
        if scheduled {
            let interrupt = self.clone();
            std::thread::spawn(move || {
                // Nothing is ever written there: it ends when the scheduler wants it to, or does itself.
                while std::io::stdin().read(&mut [0; 64]).is_ok_and(|read| read > 0) {}
                interrupt.stop(Stop::Scheduler);
            });
        }
        Ok(())
    }

    /// Notes the run in the history; a signal waits until that is done.
    pub fn begin<T>(&self, history: PathBuf, run: String, begin: impl FnOnce() -> T) -> T {
        let mut state = self.state();
        let begun = begin();
        state.run = Some((history, run));
        begun
    }

    /// From here on the run ends by itself: its result is there, and is worth more than the moment it takes to write it.
    pub fn settle(&self) {
        self.state().is_over = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, by: Stop) {
        // Held until the process ends, so that nothing is stored after the history says that it was interrupted.
        let state = self.state();
        if state.is_over {
            return;
        }
        let mut said = format!("interrupted by {}", by.word());
        if let Some((history, run)) = &state.run {
            let noted = Store::open_existing(history)
                .and_then(|mut store| store.end(run, Ended::Interrupted, by.word(), &stamp(now())));
            said += &match noted {
                Ok(()) => format!("; {} says so", history.display()),
                Err(error) => format!("; {error}"),
            };
        }
        output::abandon();
        let _ = writeln!(std::io::stderr(), "error: {said}");
        std::process::exit(i32::from(by.code()));
    }
}

/// The signals that a process of this program answers.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    reload: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Takes the signals; SIGHUP only where it is wanted.
    ///
    /// # Errors
    /// A system that gives none.
    pub fn open(reload: bool) -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let take = |kind| signal(kind).context("the system gives no signals");
        Ok(Self {
            interrupt: take(SignalKind::interrupt())?,
            terminate: take(SignalKind::terminate())?,
            reload: reload.then(|| take(SignalKind::hangup())).transpose()?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Told {
        let reload = async {
            match &mut self.reload {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Told::Stop(Stop::Interrupt),
            _ = self.terminate.recv() => Told::Stop(Stop::Terminate),
            _ = reload => Told::Reload,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Takes what the console sends.
    ///
    /// # Errors
    /// None here.
    pub fn open(_: bool) -> anyhow::Result<Self> {
        Ok(Self {})
    }

    /// The next one.
    pub async fn next(&mut self) -> Told {
        match tokio::signal::ctrl_c().await.context("the console sends no signals") {
            Ok(()) => Told::Stop(Stop::Interrupt),
            Err(_) => std::future::pending().await,
        }
    }
}

impl Signals {
    /// The next one that asks to stop.
    pub async fn stop(&mut self) -> Stop {
        loop {
            if let Told::Stop(stop) = self.next().await {
                return stop;
            }
        }
    }
}
