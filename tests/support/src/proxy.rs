//! A reverse proxy in front of an emulator that counts what is asked and injects faults by rule.

use std::sync::Arc;

use crate::aws_environment;
use crate::http::send;
use crate::server::Server;
use crate::traffic::{Rule, Traffic};

/// The proxy. It ends when it is dropped.
pub struct Proxy {
    server: Server,
    traffic: Traffic,
}

impl Proxy {
    /// Starts in front of `upstream` (`http://127.0.0.1:5603`). The first rule that strikes decides; delays add up.
    ///
    /// # Panics
    /// When no port can be listened on, or `upstream` is not an `http` URL.
    pub fn start(upstream: &str, rules: impl IntoIterator<Item = Rule>) -> Self {
        let address = upstream.strip_prefix("http://").expect("an http endpoint").trim_end_matches('/');
        let address: Arc<str> = address.into();
        let traffic = Traffic::new(rules);
        let shared = traffic.clone();
        let server = Server::start(0, move |request| {
            let address = address.clone();
            shared.clone().serve(request, async move |request, _| send(&address, &request).await.ok())
        });
        Self { server: server.expect("a port for the proxy"), traffic }
    }

    /// Where the product finds it.
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// The environment for the product.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        aws_environment(&self.endpoint())
    }

    /// The rules and the counts.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}
