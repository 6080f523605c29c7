//! The commands of the command line, which `main.rs` parses.

mod accounts;
pub mod backup;
pub mod cache;
pub mod credentials;
pub mod demo;
pub mod doctor;
pub mod group;
pub mod healthcheck;
pub mod import_export;
pub mod passwords;
mod progress;
pub mod reference;
pub mod rekey;
mod report;
mod second_factor;
pub mod serve;
pub mod user;

use std::net::{Ipv4Addr, SocketAddr};

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    auth::breached::BreachedPasswords,
    base::{
        clock::Clock,
        config::{self, Config, Origin},
        console,
        db::{Database, file},
        failure::Failure,
        moment::moment,
    },
    mail,
    server::{
        readiness,
        sweep::{self, Swept},
    },
    shared::error::AppError,
    site::AppState,
};

/// Opens the site without its listener, for commands that work on the database. Migrates an
/// embedded database first.
///
/// # Errors
/// A [`Failure`] that says what could not be opened.
pub async fn open(config: Config) -> Result<AppState, Failure> {
    let db = Database::connect(&config.database).await?;
    if db.is_embedded() {
        db.migrate().await?;
    } else {
        db.check_schema().await?;
    }
    AppState::new(config, Clock::default(), db, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}

/// Makes a write beyond the system's limit on file sizes fail like one to a full disk. By default,
/// the signal SIGXFSZ ends the program.
///
/// # Errors
/// A [`Failure`] when the signal cannot be handled.
pub fn ignore_file_size_signal() -> Result<(), Failure> {
    const SIGXFSZ: i32 = 25;
    // The handler stays installed for the life of the program, even with its stream dropped.
    signal(SignalKind::from_raw(SIGXFSZ))
        .map(drop)
        .map_err(|error| Failure::start("listen for the signal SIGXFSZ", error))
}

/// When a running site, another process that trusts its memory, notices the change
/// ([`crate::base::announcements::Lease`]).
const PROPAGATION_NOTICE: &str = "A running site applies this within 2 seconds.";

/// Runs `migrate`.
///
/// # Errors
/// A [`Failure`] when the database cannot be opened or a migration fails.
pub async fn migrate(config: Config) -> Result<(), Failure> {
    let db = Database::connect(&config.database).await?;
    db.migrate().await?;
    db.close().await;
    console::print("The database is up to date.");
    Ok(())
}

/// Runs `clearsessions`.
///
/// # Errors
/// A [`Failure`] when the database cannot be used.
pub async fn clear_sessions(config: Config) -> Result<(), Failure> {
    let site = open(config).await?;
    let swept = site
        .sessions
        .sweep(site.clock.now())
        .await
        .map_err(|error| Failure::start("delete expired sessions", error))?;
    site.db.close().await;
    console::print(format_args!("{swept} expired session(s) deleted."));
    Ok(())
}

/// Runs `mails`: lists the queue, one mail per line, or with `retry` schedules all for another try.
/// The output has addresses but no links or codes, which are only created when a mail is sent.
///
/// # Errors
/// A [`Failure`] when the database cannot be used.
pub async fn mails(config: Config, retry: bool) -> Result<(), Failure> {
    let outage = |error: AppError| Failure::start("read the mail queue", error);
    let site = open(config).await?;
    if retry {
        let count = mail::service::retry_all(&site).await.map_err(outage)?;
        console::print(format_args!("{count} mail(s) will be retried."));
    } else {
        let waiting = mail::service::waiting(&site).await.map_err(outage)?;
        for mail in &waiting {
            let error = if mail.last_error.is_empty() { "not tried yet" } else { mail.last_error.as_str() };
            let since = moment(mail.created_at).text;
            console::print(format_args!(
                "{}: {} to {}, since {since}, tries: {}, {error}",
                mail.id, mail.kind, mail.address, mail.tries
            ));
        }
        console::print(format_args!("{} mail(s) queued.", waiting.len()));
    }
    site.db.close().await;
    Ok(())
}

/// Runs `sweep`.
///
/// # Errors
/// A [`Failure`] when the database cannot be used.
pub async fn sweep(config: Config) -> Result<(), Failure> {
    let site = open(config).await?;
    let swept = sweep::sweep(&site).await.map_err(|error| Failure::start("delete expired data", error))?;
    site.db.close().await;
    let Swept { sessions, activity, accounts } = swept;
    console::print(format_args!(
        "Deleted {sessions} expired session(s), {activity} old activity line(s), {accounts} account(s)."
    ));
    Ok(())
}

/// Runs `check`: reads the file of breached passwords, prints which values come from variables, and
/// the findings, one per line, with `--deploy` those about deployment, after what is only to know.
/// Then reports what `/readyz` does.
///
/// # Errors
/// A [`Failure`] when there is a finding, the file cannot be used, or a site with these settings
/// could not serve requests.
pub async fn check(config: Config, origins: &[Origin], deploy: bool) -> Result<(), Failure> {
    BreachedPasswords::new(&config, &Clock::default())?.verify()?;
    for origin in origins {
        console::print(format_args!("{origin}."));
    }
    if let Some(note) = config::passkeys_note(&config) {
        console::print(note);
    }
    for note in deploy.then(|| config::deploy_notes(&config)).into_iter().flatten() {
        console::print(note);
    }
    let findings = if deploy { config::deploy_findings(&config) } else { Vec::new() };
    for finding in &findings {
        console::print(finding);
    }
    if !findings.is_empty() {
        return Err(Failure::message(format!("{} setting(s) are unsafe for deployment", findings.len())));
    }
    console::print("The configuration is valid.");
    report_readiness(config).await
}

/// Prints what `/readyz` reports. Creates and migrates nothing.
async fn report_readiness(config: Config) -> Result<(), Failure> {
    if config.database.url.is_embedded() && !file::path_of(&config.database.url)?.exists() {
        console::print("There is no database yet: `members-area serve` creates it.");
        return Ok(());
    }
    let db = Database::connect(&config.database).await?;
    let site = AppState::new(config, Clock::default(), db, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let report = readiness::check(&site).await;
    site.db.close().await;
    console::print_part(&report);
    match report.is_ready() {
        true => Ok(()),
        false => Err(Failure::message("a site with these settings could not serve requests")),
    }
}
