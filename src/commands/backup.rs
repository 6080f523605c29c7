//! The commands `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;

use crate::base::{
    backup::{self, Checked, Restored},
    config::Config,
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
    println!("{} is a good copy of the database, with {accounts} account(s).", copy.file.display());
    Ok(())
}

/// Runs `restore`.
///
/// # Errors
/// A [`Failure`] when the copy does not pass its check, a site runs on the database, or there is
/// one already and `--force` is not given.
pub async fn restore(config: Config, copy: Copy) -> Result<(), Failure> {
    let Restored { accounts, kept } = backup::restore(&config.database, &copy.file, copy.force).await?;
    println!("The database is that of {}, with {accounts} account(s).", copy.file.display());
    println!(
        "All its sessions are ended, links in mails from before do not work any more, and mails that waited in it are not sent."
    );
    if let Some(kept) = kept {
        println!("The one of before is kept: {}", kept.display());
    }
    Ok(())
}
