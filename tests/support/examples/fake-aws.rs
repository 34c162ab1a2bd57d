//! Runs the fake AWS until it is interrupted: `cargo run -p stateward-testbed --example fake-aws -- --scale 10`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    reason = "a tool for the command line"
)]

use std::process::ExitCode;
use std::time::Duration;

use stateward_testbed::{Fake, FakeOptions, Throttle};

const USAGE: &str = "usage: fake-aws [--port N] [--scale K] [--latency-ms M] [--throttle PER_SECOND] [--counts FILE]

--port N               on 127.0.0.1; 0 (the default) takes a free one
--scale K              K times the 205 resources
--latency-ms M         what each call takes
--throttle PER_SECOND  refuse more calls than this per service and region, after a burst of as many
--counts FILE          when standard input closes, write calls per service and operation to FILE as JSON, and end";

fn main() -> ExitCode {
    let mut options = FakeOptions::default();
    let mut counts = None;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let Some(value) = words.next() else { return misused() };
        let number = value.parse::<u32>();
        match (word.as_str(), number) {
            ("--port", Ok(port)) if port < 65_536 => options.port = port as u16,
            ("--scale", Ok(scale)) => options.scale = scale as usize,
            ("--latency-ms", Ok(latency)) => options.latency = Duration::from_millis(latency.into()),
            ("--throttle", Ok(rate)) => {
                options.throttle = Some(Throttle { per_second: rate.into(), burst: rate.into() });
            }
            ("--counts", _) => counts = Some(value),
            _ => return misused(),
        }
    }
    let fake = Fake::start(options);
    println!("{}", fake.endpoint());
    let Some(file) = counts else {
        loop {
            std::thread::park();
        }
    };
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("standard input");
    let mut calls = std::collections::BTreeMap::<String, u64>::new();
    for ((service, operation, _), count) in fake.traffic().counts() {
        *calls.entry(format!("{service}:{operation}")).or_default() += count.requests;
    }
    let report = serde_json::json!({
        "requests": fake.traffic().requests(),
        "throttled": fake.throttled(),
        "unknown": fake.unknown(),
        "calls": calls,
    });
    std::fs::write(file, format!("{report:#}\n")).expect("the file for the counts");
    ExitCode::SUCCESS
}

fn misused() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
