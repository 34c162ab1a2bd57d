//! Thin entry point: parse, run, exit code. The clock, the environment and the terminal are read here and nowhere else.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod cli;
mod run;

use std::hash::{BuildHasher, Hasher};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use cli::{Color, LogFormat, Talk};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(stop) => {
            // Help goes where it was asked for; a usage error is a message.
            let _ = match stop.code {
                0 => std::io::stdout().write_all(stop.text.as_bytes()),
                _ => std::io::stderr().write_all(stop.text.as_bytes()),
            };
            return ExitCode::from(stop.code);
        }
    };
    let outside = outside(&cli.talk);
    log(&cli.talk, outside.colour_messages);
    match run::run(cli.command, &outside) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {}", run::explain(&error, &outside));
            ExitCode::from(run::code(&error))
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the clock and the environment")]
fn outside(talk: &Talk) -> run::Outside {
    let out = std::io::stdout().is_terminal();
    let err = std::io::stderr().is_terminal();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = |terminal: bool| match talk.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && !no_colour,
    };
    // The scheduler names the run, so that it can tell which one became of its job.
    let is_id = |id: &String| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let scheduled = std::env::var(run::SCHEDULED_RUN).ok().filter(is_id);
    run::Outside {
        now: time::OffsetDateTime::now_utc(),
        endpoint: std::env::var("AWS_ENDPOINT_URL").ok().filter(|url| !url.is_empty()),
        run_id: scheduled.clone().unwrap_or_else(random_id),
        pseudonym_key: std::env::var("STATEWARD_PSEUDONYM_KEY").unwrap_or_default(),
        width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)).filter(|_| out),
        colour: colour(out),
        colour_messages: colour(err),
        progress: err && !talk.quiet,
        quiet: talk.quiet,
        scheduled: scheduled.is_some(),
        interrupt: run::Interrupt::default(),
        random: random_word,
        variable: |name| std::env::var(name).ok().filter(|value| !value.is_empty()),
    }
}

/// 128 random bits in hexadecimal, from the keys that the standard library draws from the system.
fn random_id() -> String {
    format!("{:016x}{:016x}", random_word(), random_word())
}

fn random_word() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

fn log(talk: &Talk, colour: bool) {
    // The SDK warns of every source of credentials that it tries; which of them counts, the run's own error says.
    let words = if talk.quiet {
        "error"
    } else {
        "warn,schedule=info,aws_config=error,aws_runtime=error,aws_smithy_runtime=error"
    };
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(EnvFilter::new(words))
        .with_ansi(colour)
        .with_target(false)
        .without_time();
    match talk.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
