//! An SMTP relay on loopback that asks for STARTTLS and a password, and keeps what it gets.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::emulator::{environment, first_endpoint, project, tail};

/// A relay. It ends when it is dropped, or when the process that started it ends, however.
pub struct Relay {
    child: Child,
    folder: PathBuf,
    port: u16,
}

/// A message that the relay took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The address that it was sent from.
    pub from: String,
    /// The addresses that it was for.
    pub to: Vec<String>,
    /// Whether it came over TLS.
    pub tls: bool,
    /// The message as it came.
    pub text: String,
}

impl Relay {
    /// The name of the user that the relay knows.
    pub const USER: &'static str = "stateward";
    /// The password of that user: nowhere but in the environment.
    pub const PASSWORD: &'static str = "correct-horse-battery";

    /// Starts a relay on any port, or on one that an earlier relay had. What it keeps is in `folder`.
    ///
    /// # Panics
    /// When it cannot be set up: the message names the cause.
    pub fn start(folder: &Path, port: u16, options: &[&str]) -> Self {
        let scripts = project().join("localstack");
        let python = environment(&scripts);
        std::fs::create_dir_all(folder).expect("a folder for the relay");
        let log = folder.join("log");
        let mut child = Command::new(python)
            .arg(scripts.join("relay.py"))
            .args(["--until-stdin-closes", "--port", &port.to_string(), "--folder"])
            .arg(folder)
            .args(options)
            .env("RELAY_PASSWORD", Self::PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("the relay's log"))
            .spawn()
            .expect("the relay's Python could not be started");
        let out = child.stdout.take().expect("the relay's standard output");
        let Some(endpoint) = first_endpoint(out) else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the relay did not come up:\n{}", tail(&log));
        };
        let port = endpoint.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        Self { child, folder: folder.to_owned(), port }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority that its certificate is to be trusted by.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }
}

/// What relays kept in a folder, in the order in which it came.
///
/// # Panics
/// When the folder does not hold what a relay writes.
pub fn kept(folder: &Path) -> Vec<Kept> {
    let Ok(entries) = std::fs::read_dir(folder.join("mail")) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    paths.sort();
    let read = |path: &Path| std::fs::read_to_string(path).expect("a file of the relay");
    paths
        .iter()
        .map(|path| {
            let about: serde_json::Value =
                serde_json::from_str(&read(&path.with_extension("json"))).expect("JSON");
            let to = about["to"].as_array().expect("addresses").iter();
            Kept {
                from: about["from"].as_str().expect("an address").to_owned(),
                to: to.map(|one| one.as_str().expect("an address").to_owned()).collect(),
                tls: about["tls"] == true,
                text: read(path),
            }
        })
        .collect()
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
