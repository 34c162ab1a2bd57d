//! Reads live AWS accounts through one rate-limited, read-only door.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
