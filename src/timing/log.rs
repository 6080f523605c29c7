//! Log output: to the console, and to a rotated file with a line for each request, security events,
//! and errors.

use std::{
    any::Any,
    io::{self, IsTerminal},
    panic::PanicHookInfo,
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{Level, Metadata, level_filters::LevelFilter};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    fmt::{self, MakeWriter, writer::MakeWriterExt},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::{layer, log_file, redact::Redacting, security};
use crate::base::{
    config::{self, LogFormat},
    failure::Failure,
};

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// Noise of libraries: tower-sessions warns about every expired cookie, axum-login logs every
/// refused login as an error (a failing database is logged where it fails).
const QUIET: [&str; 4] =
    ["tower_sessions_core=error", "tower_sessions=error", "axum_login=off", "hyper=warn"];

/// Starts logging. The guards write the remaining lines when dropped, so keep them until the end. A
/// separate thread writes; it drops lines rather than letting a full or slow disk delay requests.
///
/// # Errors
/// When the level is invalid, a configured file cannot be opened, or logging has already started.
pub fn begin(config: &config::Log) -> Result<Vec<WorkerGuard>, Failure> {
    let (console, guard) = NonBlockingBuilder::default().finish(io::stdout());
    let mut guards = vec![guard];
    // Colours for people, not for files and pipes.
    let has_colours = io::stdout().is_terminal();
    let of_console = filter(&config.level)?;
    let (file, missing) = match log_file::open(config) {
        Ok(file) => (file, None),
        // A read-only folder must not stop the site, unless the file was configured explicitly.
        Err(failure) if config.file == config::Log::default().file => (None, Some(failure)),
        Err(failure) => return Err(failure),
    };
    let file = file.map(|file| {
        let (file, guard) = NonBlockingBuilder::default().finish(file);
        guards.push(guard);
        file.with_filter(is_for_file)
    });
    let shows_all = config.level.parse().is_ok_and(|level: LevelFilter| level >= LevelFilter::INFO);
    let layers = match file {
        None => vec![lines(config.format, console, has_colours, of_console)],
        // Both get the same line, so it is formatted once: each request writes one.
        Some(file) if shows_all && !has_colours => {
            vec![lines(config.format, console.and(file), false, of_console)]
        }
        Some(file) => vec![
            lines(config.format, console, has_colours, of_console),
            lines(config.format, file, false, filter("info")?),
        ],
    };
    tracing_subscriber::registry()
        .with(layers)
        .try_init()
        .map_err(|error| Failure::start("start logging", into(error)))?;
    std::panic::set_hook(Box::new(log_panic));
    if let Some(failure) = missing {
        tracing::error!(error = %failure, "The log file could not be opened; set log.file, or leave it empty to log to the console only");
    }
    Ok(guards)
}

/// Returns whether a line goes to the file as well.
fn is_for_file(line: &Metadata<'_>) -> bool {
    let has_info = [layer::TARGET, security::TARGET].contains(&line.target());
    *line.level() <= if has_info { Level::INFO } else { Level::WARN }
}

/// Creates the layer that writes lines.
fn lines<W>(format: LogFormat, to: W, colours: bool, filter: EnvFilter) -> Boxed
where
    W: for<'line> MakeWriter<'line> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(Redacting(to));
    match format {
        LogFormat::Text => layer.with_ansi(colours).with_filter(filter).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).with_filter(filter).boxed(),
    }
}

fn filter(level: &str) -> Result<EnvFilter, Failure> {
    let mut filter = EnvFilter::try_new(level).map_err(|error| Failure::start("parse log.level", error))?;
    for directive in QUIET {
        filter = filter
            .add_directive(directive.parse().map_err(|error| Failure::start("set up the log", into(error)))?);
    }
    Ok(filter)
}

/// Logs a panic within the span of its request, if any.
fn log_panic(panic: &PanicHookInfo) {
    let at = panic.location().map(tracing::field::display);
    tracing::error!(panic = panic_text(panic.payload()), at, "A task panicked");
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("of unknown kind")
}

/// Starts logging for commands other than `serve`: warnings and errors to stderr.
pub fn begin_for_commands() {
    // Already started is fine.
    let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(io::stderr).try_init();
}

/// Formats a line that is printed at every log level.
pub fn plain_line(format: LogFormat, level: &str, sentence: &str) -> String {
    match format {
        LogFormat::Text => sentence.to_owned(),
        LogFormat::Json => {
            let timestamp = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
            let target = "members_area";
            serde_json::json!({ "timestamp": timestamp, "level": level, "message": sentence, "target": target })
                .to_string()
        }
    }
}

fn into(error: impl std::error::Error + Send + Sync + 'static) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error)
}
