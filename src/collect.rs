//! Runs collection jobs concurrently under a deadline and keeps the coverage ledger.
