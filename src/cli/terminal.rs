//! Writing to standard output and standard error, and what exit code that means.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use crate::report::escape;

use super::Color;

/// The check could not be done.
const FAILED: u8 = 2;

/// Prints `text`. A reader that stopped reading (`| head`) is no error.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// One line on standard error; nothing can be done if that fails.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Says why there is no check and that there was none; exit code 2.
pub fn failed(message: &str) -> ExitCode {
    error(message);
    say("no check was performed");
    ExitCode::from(FAILED)
}

/// Says what went wrong; exit code 2.
pub(super) fn error(message: &str) -> ExitCode {
    for line in message.lines() {
        say(&format!("error: {}", escape::line(line)));
    }
    ExitCode::from(FAILED)
}

/// Help, version, or a mistake in the arguments.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    say("no check was performed");
    ExitCode::from(FAILED)
}

pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    io.into_iter().any(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Whether to colour what goes to standard output.
pub(super) fn colored(when: Color) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    match when {
        Color::Always => true,
        Color::Never => false,
        // https://no-color.org: any value that is not empty.
        Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        Color::Auto => set("FORCE_COLOR") || (io::stdout().is_terminal() && !dumb()),
    }
}

fn dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
