//! Reads Terraform states as a stream into the vocabulary.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod backend;
mod cipher;
pub mod config;
mod door;
mod error;
mod flat;
mod legacy;
mod place;
mod plan;
mod read;

pub use backend::{
    Answer, Backend, Entry, Fetched, Hidden, Limits, Means, Objects, Pattern, Source, Told, Unread, find,
    object_uri, open, shown,
};
pub use cipher::Keys;
pub use error::StateError;
pub use place::Places;
pub use plan::{Action, Change, Drifted, Plan, read_plan};
pub use read::{Header, State, read_state, read_state_into, read_state_with};
