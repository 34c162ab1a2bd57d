//! Findings and coverage → scorecard, in exact interval arithmetic.
