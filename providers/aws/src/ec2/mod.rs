//! Reads EC2, in two files: networks, and what runs in them.

pub mod compute;
pub mod network;
