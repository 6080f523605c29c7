//! The commands `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;

use crate::base::{
    backup::{self, Checked, Restored},
    config::Config,
    console,
    failure::Failure,
};

/// Arguments of `backup` and `restore`.
#[derive(Args)]
pub struct Copy {
    /// The copy.
    file: PathBuf,
    /// Replaces an existing file.
    #[arg(long)]
    force: bool,
}

/// Runs `backup`.
///
/// # Errors
/// A [`Failure`] when the copy cannot be made or does not pass its check.
pub async fn backup(config: Config, copy: Copy) -> Result<(), Failure> {
    let Checked { accounts } = backup::backup(&config.database, &copy.file, copy.force).await?;
    console::print(format_args!(
        "Wrote {}, a verified copy of the database with {accounts} account(s).",
        copy.file.display()
    ));
    if let Some(key) = config.sealing_key_file()?.filter(|key| key.exists()) {
        console::print(format_args!(
            "The key {} is not in it: keep a copy of that in another place. Without it, no code of an \
             authenticator app can be checked.",
            key.display()
        ));
    }
    Ok(())
}

/// Runs `restore`.
///
/// # Errors
/// A [`Failure`] when the copy does not pass its check, a site runs on the database, or there is
/// one already and `--force` is not given.
pub async fn restore(config: Config, copy: Copy) -> Result<(), Failure> {
    let Restored { accounts, previous } = backup::restore(&config.database, &copy.file, copy.force).await?;
    console::print(format_args!(
        "Restored the database from {}, with {accounts} account(s).",
        copy.file.display()
    ));
    console::print(
        "All sessions were ended, links in earlier mails no longer work, and mails queued in the copy will not be sent.",
    );
    if let Some(previous) = previous {
        console::print(format_args!("The previous database was kept: {}", previous.display()));
    }
    Ok(())
}
