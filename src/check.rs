//! Checks: what one is, what it may answer, and the findings it makes.
