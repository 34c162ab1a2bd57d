//! Thin entry point: parse, run, exit code.

fn main() {}
