//! Where log lines go: everything to the console, requests also to a file that is begun anew when it is full.

use std::io::IsTerminal;

use logroller::{LogRollerBuilder, Rotation, RotationSize};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use super::layer::TARGET;
use crate::server::{
    config::{self, LogFormat},
    failure::Failure,
};

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// What libraries say that is noise here: tower-sessions warns of every cookie that has expired, axum-login opens a span on
/// each request.
const QUIET: [&str; 4] =
    ["tower_sessions_core=error", "tower_sessions=error", "axum_login=error", "hyper=warn"];

/// Begins to log. The guard writes what is left when it is dropped, so keep it until the end. Writing happens on a thread of
/// its own, and lines are dropped rather than that a full or slow disk holds up a request.
///
/// # Errors
/// When the level cannot be understood, the file cannot be opened, or logging has begun already.
pub fn begin(config: &config::Log) -> Result<Vec<WorkerGuard>, Failure> {
    let mut filter =
        EnvFilter::try_new(&config.level).map_err(|error| Failure::start("understand log.level", error))?;
    for directive in QUIET {
        filter = filter
            .add_directive(directive.parse().map_err(|error| Failure::start("set up the log", into(error)))?);
    }
    // Colours for people, not for files and pipes.
    let colours = std::io::stdout().is_terminal();
    let (console, guard) = NonBlockingBuilder::default().finish(std::io::stdout());
    let mut guards = vec![guard];
    let mut layers: Vec<Boxed> = Vec::new();
    layers.push(match config.format {
        LogFormat::Text => fmt::layer().with_ansi(colours).with_writer(console).with_filter(filter).boxed(),
        LogFormat::Json => {
            fmt::layer().json().flatten_event(true).with_writer(console).with_filter(filter).boxed()
        }
    });
    if !config.file.as_os_str().is_empty() {
        let (file, guard) = NonBlockingBuilder::default().finish(roller(config)?);
        guards.push(guard);
        let only_requests = Targets::new().with_target(TARGET, tracing::Level::INFO);
        layers.push(match config.format {
            LogFormat::Text => {
                fmt::layer().with_ansi(false).with_writer(file).with_filter(only_requests).boxed()
            }
            LogFormat::Json => {
                fmt::layer().json().flatten_event(true).with_writer(file).with_filter(only_requests).boxed()
            }
        });
    }
    tracing_subscriber::registry()
        .with(layers)
        .try_init()
        .map_err(|error| Failure::start("begin to log", into(error)))?;
    Ok(guards)
}

/// For commands that are no server: what goes wrong, to the terminal's error stream.
pub fn begin_for_commands() {
    // Already begun is as good.
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .try_init();
}

fn roller(config: &config::Log) -> Result<logroller::LogRoller, Failure> {
    let open = |error: logroller::LogRollerError| {
        Failure::start(&format!("open the request log {} (log.file)", config.file.display()), into(error))
    };
    let folder = config.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let name = config.file.file_name().unwrap_or_default();
    LogRollerBuilder::new(folder.unwrap_or_else(|| ".".as_ref()), name.as_ref())
        .rotation(Rotation::SizeBased(RotationSize::Bytes(config.max_file.bytes())))
        .max_keep_files(config.keep)
        .build()
        .map_err(open)
}

fn into(error: impl std::error::Error + Send + Sync + 'static) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error)
}
