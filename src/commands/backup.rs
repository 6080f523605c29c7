//! `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;

use crate::base::{
    backup::{self, Checked, Restored},
    config::Config,
    failure::Failure,
};

/// Which file.
#[derive(Args)]
pub struct Copy {
    /// The copy.
    file: PathBuf,
    /// Replaces what is there already.
    #[arg(long)]
    force: bool,
}

/// `backup`
///
/// # Errors
/// When the copy cannot be made, or is not good.
pub async fn backup(config: Config, copy: Copy) -> Result<(), Failure> {
    let Checked { accounts } = backup::backup(&config.database, &copy.file, copy.force).await?;
    println!("{} is a good copy of the database, with {accounts} account(s).", copy.file.display());
    Ok(())
}

/// `restore`
///
/// # Errors
/// When the copy is not good, or its place is not free.
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
