//! What the program prints. Unlike `println!`, nothing here panics when it cannot be written: the
//! work goes on, and [`check`] reports it at the end.

use std::{
    fmt::Display,
    io::{Error, ErrorKind, Write, stderr, stdout},
    sync::OnceLock,
};

use super::failure::Failure;

/// The first error of the output.
static FAILED: OnceLock<Error> = OnceLock::new();

/// Prints a line.
pub fn print(line: impl Display) {
    keep_error(writeln!(stdout(), "{line}"));
}

/// Prints text that a line follows, such as a question.
pub fn print_part(text: impl Display) {
    keep_error(write!(stdout(), "{text}").and_then(|()| stdout().flush()));
}

/// Prints a line of a list that may be long. Ends the program when the reader has closed the pipe,
/// as `head` does: only for commands that change nothing.
pub fn list(line: impl Display) {
    match writeln!(stdout(), "{line}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        written => keep_error(written),
    }
}

/// Prints a line to standard error. Nothing can be done when that fails.
pub fn note(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}

/// Reports whether everything was printed. A reader that closed the pipe wanted no more.
///
/// # Errors
/// A [`Failure`] when something could not be written, on a full disk for example.
pub fn check() -> Result<(), Failure> {
    match FAILED.get() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::message(format!("the output is not complete, it could not be written: {error}")))
        }
        _ => Ok(()),
    }
}

fn keep_error(written: Result<(), Error>) {
    if let Err(error) = written {
        let _ = FAILED.set(error);
    }
}
