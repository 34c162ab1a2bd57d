//! Streams, state machines and APIs, of which the fake has nothing.

use super::Reply::{Empty, Fixed};
use super::Row;

pub(super) const ROWS: &[Row] = &[
    Row("apigateway", "GetApis", Empty(&["items"])),
    Row("apigateway", "GetRestApis", Empty(&["item"])),
    Row("kinesis", "ListStreams", Fixed(r#"{"StreamNames":[],"HasMoreStreams":false}"#)),
    Row("states", "ListStateMachines", Empty(&["stateMachines"])),
];
