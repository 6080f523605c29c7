//! The command `doctor`: finds problems of an installation before others do.

use clap::Subcommand;

use crate::{
    base::{
        config::{CacheUrl, Config},
        console,
        failure::Failure,
    },
    doctor::{DoctorReport, Sandbox},
};

/// Subcommands of `doctor`.
#[derive(Subcommand)]
pub enum DoctorCommand {
    /// Checks whether anybody is shown another person's data, by requesting every route as five
    /// visitors.
    ///
    /// Uses a temporary site with the settings of this one and none of its data. If the cache is on
    /// a server, uses that server under a prefix of its own. Prints a line for each finding, which
    /// says where and whose data, but never the data itself; the exit status is then not 0.
    Isolation,
}

/// Runs `doctor`.
///
/// # Errors
/// A [`Failure`] when there is a finding, or the check could not be completed.
pub async fn run(config: Config, command: DoctorCommand) -> Result<(), Failure> {
    let DoctorCommand::Isolation = command;
    let sandbox = Sandbox::open(config).await?;
    let examined = tokio::select! {
        examined = examine(&sandbox) => examined,
        _ = tokio::signal::ctrl_c() => Err(Failure::message("interrupted before the check was complete")),
    };
    sandbox.close().await;
    let report = examined?;
    for finding in &report.findings {
        console::print(finding);
    }
    // With no answers from the page cache, the result says nothing about it.
    console::print(format_args!("{} answers came from the page cache.", report.from_page_cache));
    console::print(&report);
    match report.findings.len() {
        0 => Ok(()),
        count => {
            Err(Failure::message(format!("{count} finding(s): data may be visible to the wrong person")))
        }
    }
}

async fn examine(sandbox: &Sandbox) -> Result<DoctorReport, Failure> {
    let has_cache = sandbox.site().config.cache.url != CacheUrl::Dummy;
    if has_cache {
        // With the backend down, the check would say nothing about the cache.
        super::cache::answers(sandbox.site()).await?;
    }
    Ok(sandbox.examine(&sandbox.router()).await)
}
