//! Reads Terraform states as a stream into the vocabulary.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
