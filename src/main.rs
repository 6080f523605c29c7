//! The command line: parses, calls, prints.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use members_area::{
    base::{
        config::{Config, LogFormat},
        failure::Failure,
    },
    commands::{self, backup, cache, demo, doctor, group, moving, people, serve, user},
    timing,
};

/// A page is made of many small allocations; with glibc's allocator the warm dashboard misses its target in `script/bench`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The Members Area: accounts, sessions and cached pages on Leptos.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    /// The configuration file; without this, Leptos.toml in the current folder where there is one.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Without one, `serve`.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the site until Ctrl-C or SIGTERM, and then finishes running requests. This is also what is done without a command.
    Serve,
    /// Brings the database's schema up to date (`serve` does that itself for SQLite).
    Migrate,
    /// Makes a member who may do everything.
    Createsuperuser {
        /// Asks nothing: takes SUPERUSER_USERNAME, SUPERUSER_EMAIL and SUPERUSER_PASSWORD from the environment.
        #[arg(long)]
        noinput: bool,
    },
    /// Sets a member's password and ends all their sessions.
    ///
    /// A running site trusts a session from memory for `sessions.cache_ttl` (60 seconds) at most.
    Changepassword {
        /// Username or e-mail address; without it, the account that is called like you at this machine.
        username: Option<String>,
    },
    /// Copies a SQLite database to a file, while the site runs. (PostgreSQL has pg_dump.)
    ///
    /// The file has its name only when the copy is whole, written to the disk, and checked.
    Backup(backup::Copy),
    /// Puts a copy in the place of a SQLite database, while no site runs. (PostgreSQL has pg_restore.)
    ///
    /// The copy is checked first; the database of before is kept beside it.
    Restore(backup::Copy),
    /// Writes all accounts and groups to a file, a line of JSON each, to be taken in by another site of ours.
    ///
    /// With password hashes; without sessions, pictures and the record of activity (`backup` has those).
    Export(moving::Export),
    /// Takes accounts and groups in: from a file of `export`, or from another kind of site.
    ///
    /// Who is here already, by username, stays as they are. Everything is taken or nothing.
    Import(moving::Import),
    /// Lists and shows accounts, switches them on and off, puts them into groups.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Lists, shows, makes and deletes groups.
    #[command(subcommand)]
    Group(group::GroupCommand),
    /// Gives a user or a group a permission.
    ///
    /// On a running site it takes effect after `sessions.cache_ttl` (60 seconds) at the latest.
    Grant(group::Grant),
    /// Takes a permission back from a user or a group.
    ///
    /// On a running site it takes effect after `sessions.cache_ttl` (60 seconds) at the latest.
    Revoke(group::Grant),
    /// Looks into the cache, or empties it, where it is not in the memory of the running site.
    #[command(subcommand)]
    Cache(cache::CacheCommand),
    /// Deletes expired sessions (`serve` does that now and then).
    Clearsessions,
    /// Lists the mails that wait in the queue, and why they did not go out.
    Mails {
        /// Has all of them be tried again, by the running site or at its next start.
        #[arg(long)]
        retry: bool,
    },
    /// Deletes all that is over: expired sessions, old activity, accounts that were to be deleted (`serve` does that now and then).
    Sweep,
    /// Checks the configuration.
    Check {
        /// Also names every setting with which no site should go public; the exit status is then not 0.
        #[arg(long)]
        deploy: bool,
    },
    /// Looks into what this installation shows to whom.
    #[command(subcommand)]
    Doctor(doctor::DoctorCommand),
    /// Fills a development database with made-up members.
    Demo {
        /// How many.
        #[arg(long)]
        members: u64,
        /// Also opens a session for each, and writes one Cookie header value a line.
        #[arg(long)]
        sessions: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    // `cargo leptos watch` starts the program anew when the program has changed, so the settings are part of the one that it builds.
    #[cfg(debug_assertions)]
    std::hint::black_box(include_str!("../Leptos.toml"));
    let Arguments { config, command } = Arguments::parse();
    let command = command.unwrap_or(Command::Serve);
    let mut format = LogFormat::Text;
    let result = Config::load(config.as_deref()).and_then(|config| {
        // Whoever reads the lines of a site reads its last one, too.
        if matches!(command, Command::Serve) {
            format = config.log.format;
        }
        run(config, command)
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", timing::log::plain_line(format, "ERROR", &format!("members-area: {failure}")));
            ExitCode::FAILURE
        }
    }
}

fn run(config: Config, command: Command) -> Result<(), Failure> {
    // Two at least: with one, a page that waits for its own data can wait for ever (leptos issue 4647).
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
        commands::outlive_file_limits()?;
        match command {
            Command::Serve => serve::serve(config).await,
            Command::Migrate => commands::migrate(config).await,
            Command::Createsuperuser { noinput } => people::create_superuser(config, noinput).await,
            Command::Changepassword { username } => people::change_password(config, username).await,
            Command::Backup(copy) => backup::backup(config, copy).await,
            Command::Restore(copy) => backup::restore(config, copy).await,
            Command::Export(export) => moving::export(config, export).await,
            Command::Import(import) => moving::import(config, import).await,
            Command::User(command) => user::run(config, command).await,
            Command::Group(command) => group::run(config, command).await,
            Command::Grant(grant) => group::grant(config, grant, true).await,
            Command::Revoke(grant) => group::grant(config, grant, false).await,
            Command::Cache(command) => cache::run(config, command).await,
            Command::Clearsessions => commands::clear_sessions(config).await,
            Command::Mails { retry } => commands::mails(config, retry).await,
            Command::Sweep => commands::sweep(config).await,
            Command::Check { deploy } => commands::check(&config, deploy),
            Command::Doctor(command) => doctor::run(config, command).await,
            Command::Demo { members, sessions } => demo::demo(config, members, sessions.as_deref()).await,
        }
    });
    // Not for ever: what runs on threads of its own, such as a read of a disk that hangs, cannot be stopped.
    runtime.shutdown_timeout(Duration::from_secs(2));
    result
}
