//! The command line: parses arguments, calls the command, prints the result.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{CommandFactory, Parser, Subcommand};
use members_area::{
    base::{
        config::{Config, LogFormat, Origin},
        console,
        failure::Failure,
    },
    commands::{
        self, backup, cache, credentials, demo, doctor, group, healthcheck, import_export, passwords,
        reference, rekey, serve, user,
    },
    timing,
};

/// Rendering a page makes many small allocations; with glibc's allocator the warm dashboard misses
/// its target in `script/bench`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The Members Area: accounts, sessions and cached pages on Leptos.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    /// The configuration file; by default Leptos.toml in the current folder, if it exists.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// The command; by default `serve`.
    #[command(subcommand)]
    command: Option<AnyCommand>,
}

#[derive(Subcommand)]
enum AnyCommand {
    #[command(flatten)]
    Site(Command),
    /// Makes the file of breached passwords for `passwords.breached`.
    #[command(subcommand)]
    Passwords(passwords::PasswordsCommand),
    #[command(flatten)]
    Reference(reference::ReferenceCommand),
}

/// Commands that read the configuration.
#[derive(Subcommand)]
enum Command {
    /// Serves the site until Ctrl-C or SIGTERM, then finishes running requests. This is the default
    /// command.
    Serve,
    /// Updates the database schema (`serve` does that itself for SQLite).
    Migrate,
    /// Creates a member with all permissions.
    Createsuperuser {
        /// Asks nothing, but reads SUPERUSER_USERNAME, SUPERUSER_EMAIL and SUPERUSER_PASSWORD from
        /// the environment.
        #[arg(long)]
        noinput: bool,
    },
    /// Sets a member's password and ends all their sessions.
    ///
    /// A running site applies it within 2 seconds.
    Changepassword {
        /// Username or email address; by default the account with your user name on this machine.
        username: Option<String>,
    },
    /// Copies a SQLite database to a file, while the site runs. (For PostgreSQL use pg_dump.)
    ///
    /// The file gets its name only once the copy is complete, synced to disk and verified.
    Backup(backup::Copy),
    /// Replaces a SQLite database with a copy, while no site runs. (For PostgreSQL use pg_restore.)
    ///
    /// Verifies the copy first, and keeps the old database beside it.
    Restore(backup::Copy),
    /// Writes all accounts and groups to a file, one JSON object per line, for import into another
    /// installation.
    ///
    /// Includes password hashes, but no second factors, sessions, pictures or activity log
    /// (`backup` has those).
    Export(import_export::Export),
    /// Imports accounts and groups: from a file of `export`, or from another kind of site.
    ///
    /// Accounts whose username exists here stay unchanged. Imports everything or nothing.
    Import(import_export::Import),
    /// Lists, shows, activates and deactivates accounts, changes their groups, and removes second
    /// factors.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Lists, shows, creates and deletes groups.
    #[command(subcommand)]
    Group(group::GroupCommand),
    /// Grants a permission to a user or a group.
    ///
    /// A running site applies it within 2 seconds.
    Grant(group::Grant),
    /// Revokes a permission from a user or a group.
    ///
    /// A running site applies it within 2 seconds.
    Revoke(group::Grant),
    /// Lists all permissions, each with what it allows.
    Permissions,
    /// Inspects or clears the cache, unless it is in the memory of the running site.
    #[command(subcommand)]
    Cache(cache::CacheCommand),
    /// Deletes expired sessions (`serve` does that regularly).
    Clearsessions,
    /// Lists the queued mails, and why they were not sent.
    Mails {
        /// Retries all of them, by the running site or at its next start.
        #[arg(long)]
        retry: bool,
    },
    /// Deletes what has expired: sessions, old activity, accounts due for deletion (`serve` does
    /// that regularly).
    Sweep,
    /// Replaces the key that seals the secrets of second factors, and seals all of them again.
    ///
    /// Can be interrupted and run again: the old key is kept until all is done. A running site goes
    /// on.
    Rekey,
    /// Checks the configuration, and whether a site with it could serve requests, as `/readyz`
    /// reports.
    Check {
        /// Also says where a setting is weaker than a standard asks for, and lists settings that
        /// are unsafe on a public site; if there are any of those, the exit status is not 0.
        #[arg(long)]
        deploy: bool,
    },
    /// Asks the running site whether it is healthy; if it is not, the exit status is not 0.
    Healthcheck(healthcheck::HealthCheck),
    /// Checks what this installation shows to whom.
    #[command(subcommand)]
    Doctor(doctor::DoctorCommand),
    /// Fills a development database with demo members: with names, pictures, groups, devices and
    /// months of activity.
    ///
    /// They are demo000001 and so on, with the password "demo members only". Those who exist stay
    /// unchanged. Only the first thousand have pictures.
    Demo(demo::Demo),
}

fn main() -> ExitCode {
    // `cargo leptos watch` restarts the program only when it has changed, so the settings are made
    // part of it.
    #[cfg(debug_assertions)]
    std::hint::black_box(include_str!("../Leptos.toml"));
    let Arguments { config, command } = Arguments::parse();
    let (mut format, mut is_serving) = (LogFormat::Text, false);
    let result = match command.unwrap_or(AnyCommand::Site(Command::Serve)) {
        AnyCommand::Passwords(command) => passwords::run(command),
        AnyCommand::Reference(command) => reference::run(Arguments::command(), command),
        AnyCommand::Site(command) => Config::load(config.as_deref()).and_then(|(config, origins)| {
            // Readers of a site's log lines get its last one in the same format.
            if matches!(command, Command::Serve) {
                (format, is_serving) = (config.log.format, true);
            }
            run(config, &origins, command)
        }),
    };
    // What a site prints is only how it starts.
    match result.and_then(|()| if is_serving { Ok(()) } else { console::check() }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console::note(timing::log::plain_line(format, "ERROR", &format!("members-area: {failure}")));
            ExitCode::FAILURE
        }
    }
}

fn run(config: Config, origins: &[Origin], command: Command) -> Result<(), Failure> {
    // At least two: with one, a page that waits for its own data can wait forever (leptos issue
    // 4647).
    let workers = match config.server.workers {
        0 => std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2)),
        workers => workers,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .map_err(|error| Failure::start("start the runtime", error))?;
    if !matches!(command, Command::Serve) {
        timing::log::begin_for_commands();
    }
    let result = runtime.block_on(async {
        commands::ignore_file_size_signal()?;
        match command {
            Command::Serve => serve::serve(config, origins).await,
            Command::Migrate => commands::migrate(config).await,
            Command::Createsuperuser { noinput } => credentials::create_superuser(config, noinput).await,
            Command::Changepassword { username } => credentials::change_password(config, username).await,
            Command::Backup(copy) => backup::backup(config, copy).await,
            Command::Restore(copy) => backup::restore(config, copy).await,
            Command::Export(export) => import_export::export(config, export).await,
            Command::Import(import) => import_export::import(config, import).await,
            Command::User(command) => user::run(config, command).await,
            Command::Group(command) => group::run(config, command).await,
            Command::Grant(grant) => group::grant(config, grant, true).await,
            Command::Revoke(grant) => group::grant(config, grant, false).await,
            Command::Permissions => {
                group::list_permissions();
                Ok(())
            }
            Command::Cache(command) => cache::run(config, command).await,
            Command::Clearsessions => commands::clear_sessions(config).await,
            Command::Mails { retry } => commands::mails(config, retry).await,
            Command::Sweep => commands::sweep(config).await,
            Command::Rekey => rekey::rekey(config).await,
            Command::Check { deploy } => commands::check(config, origins, deploy).await,
            Command::Healthcheck(check) => healthcheck::healthcheck(&config, check).await,
            Command::Doctor(command) => doctor::run(config, command).await,
            Command::Demo(what) => demo::demo(config, what).await,
        }
    });
    // Waits a limited time: blocking threads, such as one reading a hanging disk, cannot be
    // stopped.
    runtime.shutdown_timeout(Duration::from_secs(2));
    result
}
