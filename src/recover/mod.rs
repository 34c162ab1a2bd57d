//! Recovery: if something were lost now, what data would be gone, how long would it take, and how do we know?
//!
//! Every number is an interval with a grade and its arithmetic. The worst case decides, what was not read leaves it open,
//! and what is assumed names who answers for it.

mod advice;
mod availability;
mod dns;
mod edges;
mod estate;
mod figure;
mod gates;
mod grants;
mod graph;
mod index;
pub(crate) mod names;
mod path;
mod paths;
mod reads;
mod rehearsal;
mod scenario;
mod scene;
mod since;
#[cfg(test)]
pub(crate) mod tests;
mod verdict;
mod verify;
mod write;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use estate::Declaration;
pub use figure::{Figure, Grade, Input, Interval, Span};
pub use graph::{Graph, Ready};
pub use path::{Choice, Effect, Fate, Fault, Gate, Path};
pub use reads::wanted;
pub use scenario::Scenario;
pub use scene::REHEARSED;
pub use since::since;
pub use verdict::{reasons, verdict};
pub use verify::{Verification, verify};

/// RFC 3339 in UTC.
fn stamp(time: OffsetDateTime) -> String {
    time.to_offset(time::UtcOffset::UTC).format(&Rfc3339).unwrap_or_default()
}
