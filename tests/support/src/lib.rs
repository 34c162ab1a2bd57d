//! What the tests run against: the emulator with the recorded estate, a fault-injecting proxy, a fast fake AWS, an SMTP relay.
//!
//! All of it is synchronous from outside and brings its own threads, so that it serves plain tests, asynchronous tests
//! and tests that run the binary alike. A test bed that cannot be set up panics with the reason: a test that did not
//! run must not look like one that passed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test bed that fails has to fail the test")]

mod emulator;
mod fake;
mod http;
mod operation;
mod proxy;
mod relay;
mod server;
mod traffic;

pub use emulator::{Emulator, build_folder};
pub use fake::{Fake, Options as FakeOptions, Throttle};
pub use http::{Request, Response};
pub use operation::{Asked, Protocol, asked};
pub use proxy::Proxy;
pub use relay::{Kept, Relay, kept};
pub use traffic::{Count, Fault, Rule, Traffic, When};

/// The environment that the product needs to talk to `endpoint`, with made-up credentials and nothing else of AWS's.
pub fn aws_environment(endpoint: &str) -> Vec<(&'static str, String)> {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-west-2"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        // Whatever the developer has configured must not change what a test sees.
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}
