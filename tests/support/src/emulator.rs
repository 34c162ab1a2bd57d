//! The recorded estate on moto, started for a test and gone with it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::aws_environment;

/// An emulator of its own port. It ends when it is dropped, or when the process that started it ends, however.
pub struct Emulator {
    child: Child,
    endpoint: String,
    folder: PathBuf,
}

/// Numbers the emulators of one process.
static STARTED: AtomicU32 = AtomicU32::new(0);

impl Emulator {
    /// Exactly what the recorded state describes.
    ///
    /// # Panics
    /// As all of these, when it cannot be set up: the message names the cause.
    pub fn estate() -> Self {
        Self::start(&["--estate"])
    }

    /// The same after the recorded twenty changes of `drift-applied.json`.
    pub fn drifted() -> Self {
        Self::start(&["--estate", "--drift"])
    }

    /// Nothing but what an account comes with.
    pub fn empty() -> Self {
        Self::start(&[])
    }

    /// [`Emulator::estate`], started once for all tests of a process that only read.
    pub fn shared_estate() -> &'static Self {
        static SHARED: OnceLock<Emulator> = OnceLock::new();
        SHARED.get_or_init(Self::estate)
    }

    /// [`Emulator::drifted`], started once for all tests of a process that only read.
    pub fn shared_drifted() -> &'static Self {
        static SHARED: OnceLock<Emulator> = OnceLock::new();
        SHARED.get_or_init(Self::drifted)
    }

    fn start(load: &[&str]) -> Self {
        let scripts = project().join("localstack");
        let python = environment(&scripts);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = build_folder().join("emulator").join(format!("test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the emulator");
        let log = folder.join("log");
        let mut child = Command::new(python)
            .arg(scripts.join("serve.py"))
            .args(["--port", "0", "--until-stdin-closes", "--folder"])
            .arg(&folder)
            .args(load)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("the emulator's log"))
            .spawn()
            .expect("the emulator's Python could not be started");
        let out = child.stdout.take().expect("the emulator's standard output");
        let Some(endpoint) = first_endpoint(out) else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the emulator did not come up:\n{}", tail(&log));
        };
        Self { child, endpoint, folder }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The environment for the product.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        aws_environment(&self.endpoint)
    }

    /// The recorded state, adapted to this emulator: the ids of its two queues are URLs and hold the port.
    /// It is also in the emulator at [`Emulator::state_url`].
    pub fn state(&self) -> PathBuf {
        self.folder.join("terraform.tfstate")
    }

    /// The same state in the bucket of Terraform's backend, with its digest in the lock table `acme-tflock`.
    pub fn state_url(&self) -> &'static str {
        "s3://acme-tfstate/platform/prod/terraform.tfstate"
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The root of the project, where `tests/fixtures` and `localstack` are.
pub(crate) fn project() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the project's root").to_owned()
}

/// Cargo's build folder: a test runs from `BUILD/PROFILE/deps/NAME`, wherever it was configured to be.
pub fn build_folder() -> PathBuf {
    let program = std::env::current_exe().expect("the path of the test");
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map_or_else(|| project().join("target"), Path::to_owned)
}

/// The Python that has moto; made on first use. A file lock lets parallel tests make it once.
pub(crate) fn environment(scripts: &Path) -> PathBuf {
    let made = Command::new("python3")
        .arg(scripts.join("environment.py"))
        .arg(build_folder())
        .output()
        .expect("the emulator needs python3 on the PATH");
    let failure = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(made.status.success(), "the emulator's environment could not be made:\n{failure}");
    PathBuf::from(String::from_utf8_lossy(&made.stdout).trim())
}

/// The endpoint out of the line that says that the emulator is ready; none when it ends before, or takes too long.
pub(crate) fn first_endpoint(out: ChildStdout) -> Option<String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(out).read_line(&mut line);
        let _ = sender.send(line);
    });
    let line = receiver.recv_timeout(Duration::from_secs(180)).ok()?;
    let ready: serde_json::Value = serde_json::from_str(&line).ok()?;
    ready["endpoint"].as_str().map(str::to_owned)
}

pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
