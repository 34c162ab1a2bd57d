//! Declared against live: join, equality, classes and labels.
