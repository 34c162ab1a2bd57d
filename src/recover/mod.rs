//! Recovery: if something were lost now, what data would be gone, how long would it take, and how do we know?

mod figure;
mod graph;
mod path;
mod scenario;

pub use figure::{Figure, Grade, Input, Interval, Span};
pub use graph::{Graph, Ready};
pub use path::{Choice, Fate, Fault, Gate, Path};
pub use scenario::Scenario;
