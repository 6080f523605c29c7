//! The command `passwords`.

use std::{
    io::{BufReader, IsTerminal, stdin},
    path::PathBuf,
};

use clap::Subcommand;

use crate::{
    auth::breached::build::{Built, build},
    base::{console, failure::Failure},
};

/// Commands for lists of passwords. They read no configuration, which may name the file that is yet
/// to be made.
#[derive(Subcommand)]
pub enum PasswordsCommand {
    /// Builds the file for `passwords.breached` from a list on standard input.
    ///
    /// The list has a line SHA1:COUNT for each password, in any order, as the list of
    /// haveibeenpwned.com has; repeated ones are merged. The file has about 18 bits for each, and
    /// takes one other password in 65,536 for a breached one. It gets its name only once it is
    /// complete. Building takes about 50 MB of memory and, beside the file, 8 bytes for each
    /// password: each of the 1,024 parts of the file is built from all its keys in memory, so these
    /// are first dealt out to the parts on the disk.
    Build {
        /// The file, which is replaced if it was built by this command.
        file: PathBuf,
        /// Leaves out passwords that were seen fewer times.
        #[arg(long, default_value_t = 1)]
        at_least: u64,
    },
}

/// Runs one of them.
///
/// # Errors
/// A [`Failure`] that says what is wrong with the list, or what cannot be written.
pub fn run(command: PasswordsCommand) -> Result<(), Failure> {
    const BUFFER_BYTES: usize = 1024 * 1024;
    let PasswordsCommand::Build { file, at_least } = command;
    if stdin().is_terminal() {
        return Err(Failure::message(
            "there is no list on standard input: members-area passwords build FILE < LIST",
        ));
    }
    let list = BufReader::with_capacity(BUFFER_BYTES, stdin().lock());
    let Built { lines, passwords, bytes } =
        build(list, &file, at_least, |lines| console::note(format_args!("{lines} lines read")))?;
    console::print(format_args!(
        "Wrote {} with {passwords} of {lines} line(s), {bytes} bytes.",
        file.display()
    ));
    Ok(())
}
