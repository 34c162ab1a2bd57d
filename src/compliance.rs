//! Which control of which framework a check supports, as data.
