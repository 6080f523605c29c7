//! The commands `completions` and `man`, which describe the others.

use std::{fs, path::PathBuf};

use clap::Subcommand;
use clap_complete::Shell;

use crate::base::{console, failure::Failure};

/// Commands that need no site and read no configuration.
#[derive(Subcommand)]
pub enum ReferenceCommand {
    /// Prints a script that completes these commands in a shell.
    ///
    /// For bash: members-area completions bash
    /// >~/.local/share/bash-completion/completions/members-area
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Writes the manual pages, one for each command.
    ///
    /// For `man members-area`: members-area man ~/.local/share/man/man1
    Man {
        /// The folder, which is made if it does not exist.
        folder: PathBuf,
    },
}

/// Runs one of them; `program` is the whole command line.
///
/// # Errors
/// A [`Failure`] when the folder cannot be written.
pub fn run(mut program: clap::Command, command: ReferenceCommand) -> Result<(), Failure> {
    match command {
        ReferenceCommand::Completions { shell } => {
            let name = program.get_name().to_owned();
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut program, name, &mut script);
            console::list(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
        ReferenceCommand::Man { folder } => fs::create_dir_all(&folder)
            .and_then(|()| clap_mangen::generate_to(program, &folder))
            .map_err(|error| Failure::start(&format!("write manual pages to {}", folder.display()), error)),
    }
}
