//! A run as a process of its own: its memory comes back, and what it falls over does not take the scheduler with it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::Context;
use stateward::report::words;
use tracing::info;

/// Letters of the last error that are kept.
const REASON: usize = 500;
/// Bytes of a line: what is longer is cut into several.
const LINE: u64 = 16 * 1_024;

/// A process that was started, and is looked after.
pub struct Ward {
    child: Child,
    /// It ends when this is closed.
    stdin: Option<ChildStdin>,
    readers: Vec<JoinHandle<()>>,
    last_error: Arc<Mutex<String>>,
}

/// How a process ended.
pub struct Exit {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    how: String,
    said: String,
}

impl Exit {
    /// Whether all went well.
    pub fn is_good(&self) -> bool {
        self.code == Some(0)
    }

    /// Whether it was told to stop.
    pub fn is_stopped(&self) -> bool {
        matches!(self.code, Some(130 | 143))
    }

    /// What it said at last, or how it ended.
    pub fn words(&self) -> String {
        if self.said.is_empty() || self.code.is_none() { self.how.clone() } else { self.said.clone() }
    }
}

impl Ward {
    /// Starts this program with `arguments`; what it says goes into the log under `name`.
    ///
    /// # Errors
    /// A program that cannot be started.
    pub fn start(name: &str, arguments: &[String], run: Option<&str>) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program does not know where it is")?;
        let mut command = Command::new(&program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(run) = run {
            command.env(crate::run::SCHEDULED_RUN, run);
        }
        apart(&mut command);
        let mut child =
            command.spawn().with_context(|| format!("{}: cannot be started", program.display()))?;
        let last_error = Arc::new(Mutex::new(String::new()));
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let out = out.map(|out| read(name.to_owned(), out, None));
        let err = err.map(|err| read(name.to_owned(), err, Some(last_error.clone())));
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, readers: out.into_iter().chain(err).collect(), last_error })
    }

    /// How it ended; none while it goes on.
    pub fn exit(&mut self) -> Option<Exit> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(self.ended(Some(status))),
            Err(_) => Some(self.ended(None)),
        }
    }

    /// Tells it to stop.
    pub fn tell(&mut self) {
        self.stdin = None;
    }

    /// Ends it at once.
    pub fn kill(&mut self) -> Exit {
        // It may have ended by itself meanwhile.
        let _ = self.child.kill();
        let status = self.child.wait().ok();
        self.ended(status)
    }

    fn ended(&mut self, status: Option<ExitStatus>) -> Exit {
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        let said = self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let how = status.map_or_else(|| "nobody knows how it ended".to_owned(), |status| status.to_string());
        Exit { code: status.and_then(|status| status.code()), how, said }
    }
}

/// In a group of its own, so that what is typed at the scheduler's terminal does not reach it past the scheduler.
#[cfg(unix)]
fn apart(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn apart(_: &mut Command) {}

/// Takes what a process says into the log, line by line, and keeps the last error.
fn read(
    name: String,
    from: impl Read + Send + 'static,
    errors: Option<Arc<Mutex<String>>>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.by_ref().take(LINE).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = words::one_line(String::from_utf8_lossy(&line).trim_end());
            if let (Some(errors), Some(said)) = (&errors, text.strip_prefix("error: ")) {
                *errors.lock().unwrap_or_else(PoisonError::into_inner) = said.chars().take(REASON).collect();
            }
            if !text.is_empty() {
                info!(target: "schedule", job = %name, "| {text}");
            }
            line.clear();
        }
    })
}
