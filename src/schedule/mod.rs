//! When jobs run: cron expressions in a time zone, what is due, and what the metrics say of it.
//!
//! Nothing here reads the clock or draws a number: whoever asks brings both.

mod cron;
pub mod metrics;
mod plan;

pub use cron::{BadExpression, Expression, UnknownZone, zone};
pub use plan::{Event, Job, Plan, Start, overdue};
