//! The vocabulary of Stateward: kinds, typed attributes, resources, gaps and harvests. No I/O lives here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
