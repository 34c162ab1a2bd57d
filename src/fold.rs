//! Merges satellite resources into their owners, on the declared and the live side.
