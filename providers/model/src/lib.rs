//! The vocabulary of Stateward: kinds, typed attributes, resources, gaps and harvests. No I/O lives here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod attr;
pub mod compare;
pub mod gap;
pub mod kind;
pub mod kinds;
pub mod pattern;
pub mod policy;
pub mod provider;
pub mod resource;
pub mod schema;
pub mod secret;
pub mod state;
pub mod trail;

pub use attr::{Absent, AnyAttr, Attr, Equality, Nested};
pub use compare::{Change, Comparison, compare};
pub use gap::{Cause, Gap};
pub use kind::{Claim, Exclusion, Form, Kind, Satellite, Scope};
pub use provider::{CollectionError, Harvest, OperationCount, Reading, Wanted};
pub use resource::{Address, Declared, GLOBAL, Place, Resource, Slot};
pub use state::{StateHistory, StateVersion};
