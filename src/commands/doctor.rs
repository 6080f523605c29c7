//! `doctor`: what an operator should know of an installation before others find it out.

use clap::Subcommand;

use crate::{
    base::{
        config::{CacheUrl, Config},
        failure::Failure,
    },
    doctor::{Report, Sandbox},
};

/// What is looked into.
#[derive(Subcommand)]
pub enum DoctorCommand {
    /// Whether anybody is shown what belongs to somebody else: asks every route as five visitors.
    ///
    /// It does so on a site that it makes for that, with the settings of this one and none of its data, and throws away. With a cache
    /// on a server it uses that server, under a name of its own. It prints a line for each finding, which says where and of whom, and
    /// never what; the exit status is then not 0.
    Isolation,
}

/// `doctor`
///
/// # Errors
/// When there is a finding, or nothing could be found out.
pub async fn run(config: Config, command: DoctorCommand) -> Result<(), Failure> {
    let DoctorCommand::Isolation = command;
    let trial = Sandbox::open(config).await?;
    let examined = tokio::select! {
        examined = examine(&trial) => examined,
        _ = tokio::signal::ctrl_c() => Err(Failure::message("stopped before the end")),
    };
    trial.close().await;
    let examination = examined?;
    for finding in &examination.findings {
        super::print_line(&finding.to_string());
    }
    // Where there were none, nothing is said of it either.
    super::print_line(&format!("{} answers came out of the page cache.", examination.kept));
    super::print_line(&examination.to_string());
    match examination.findings.len() {
        0 => Ok(()),
        count => Err(Failure::message(format!("{count} finding(s): somebody may see what they must not"))),
    }
}

async fn examine(trial: &Sandbox) -> Result<Report, Failure> {
    let has_cache = trial.site().config.cache.url != CacheUrl::Dummy;
    if has_cache {
        // Without it, nothing would be said of what it gives to whom.
        super::cache::answers(trial.site()).await?;
    }
    Ok(trial.examine(&trial.router()).await)
}
