//! One file per check family, and the explicit list of all checks.
