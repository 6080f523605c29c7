//! Where log lines go: to the console, and to a file that is begun anew when it is full: a line for each request, what happened to
//! accounts, and whatever went wrong.

use std::{
    any::Any,
    io::{self, IsTerminal, Write},
    panic::PanicHookInfo,
};

use logroller::{LogRollerBuilder, Rotation, RotationSize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::{layer, redact::Redacting, security};
use crate::base::{
    config::{self, LogFormat},
    failure::Failure,
};

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// What libraries say that is noise here: tower-sessions warns of every cookie that has expired, axum-login calls every refused login
/// an error (a failing database is logged where it fails).
const QUIET: [&str; 4] =
    ["tower_sessions_core=error", "tower_sessions=error", "axum_login=off", "hyper=warn"];

/// Begins to log. The guard writes what is left when it is dropped, so keep it until the end. Writing happens on a thread of
/// its own, and lines are dropped rather than that a full or slow disk holds up a request.
///
/// # Errors
/// When the level cannot be understood, a file that was asked for cannot be opened, or logging has begun already.
pub fn begin(config: &config::Log) -> Result<Vec<WorkerGuard>, Failure> {
    let (console, guard) = NonBlockingBuilder::default().finish(io::stdout());
    let mut guards = vec![guard];
    // Colours for people, not for files and pipes.
    let mut layers = vec![lines(config.format, console, io::stdout().is_terminal(), filter(&config.level)?)];
    let (file, missing) = match open(config) {
        Ok(file) => (file, None),
        // A read-only folder is no reason not to serve, unless that file was asked for.
        Err(failure) if config.file == config::Log::default().file => (None, Some(failure)),
        Err(failure) => return Err(failure),
    };
    if let Some(file) = file {
        let (file, guard) = NonBlockingBuilder::default().finish(file);
        guards.push(guard);
        let filter = filter(&format!("warn,{}=info,{}=info", layer::TARGET, security::TARGET))?;
        layers.push(lines(config.format, file, false, filter));
    }
    tracing_subscriber::registry()
        .with(layers)
        .try_init()
        .map_err(|error| Failure::start("begin to log", into(error)))?;
    std::panic::set_hook(Box::new(log_panic));
    if let Some(failure) = missing {
        tracing::error!(error = %failure, "There is no log file; set log.file, or empty it to do without one");
    }
    Ok(guards)
}

/// Lines of one place, as they are written there.
fn lines(format: LogFormat, to: NonBlocking, colours: bool, filter: EnvFilter) -> Boxed {
    let layer = fmt::layer().with_writer(Redacting(to));
    match format {
        LogFormat::Text => layer.with_ansi(colours).with_filter(filter).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).with_filter(filter).boxed(),
    }
}

fn filter(level: &str) -> Result<EnvFilter, Failure> {
    let mut filter =
        EnvFilter::try_new(level).map_err(|error| Failure::start("understand log.level", error))?;
    for directive in QUIET {
        filter = filter
            .add_directive(directive.parse().map_err(|error| Failure::start("set up the log", into(error)))?);
    }
    Ok(filter)
}

/// A panic's line stands in the span of the request that it ends, where there is one.
fn log_panic(panic: &PanicHookInfo) {
    let at = panic.location().map(tracing::field::display);
    tracing::error!(panic = panic_text(panic.payload()), at, "Something panicked");
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("of unknown kind")
}

/// For commands that are no server: what goes wrong, to the terminal's error stream.
pub fn begin_for_commands() {
    // Already begun is as good.
    let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(io::stderr).try_init();
}

/// Returns a sentence that is said whatever the log shows, as a line of this format.
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

/// Opens `log.file`, for its owner and group to read; the folder is made. `None` where there is to be none.
fn open(config: &config::Log) -> Result<Option<Box<dyn Write + Send>>, Failure> {
    const MODE: u32 = 0o640;
    let what = || format!("open the log {} (log.file)", config.file.display());
    if config.file.as_os_str().is_empty() {
        return Ok(None);
    }
    // A device or a pipe is neither begun anew when it is full, nor ours to change.
    if config.file.metadata().is_ok_and(|file| !file.is_file()) {
        let file = std::fs::OpenOptions::new().append(true).open(&config.file);
        return file.map(|file| Some(Box::new(file) as _)).map_err(|error| Failure::start(&what(), error));
    }
    let folder = config.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let name = config.file.file_name().unwrap_or_default();
    let roller = LogRollerBuilder::new(folder.unwrap_or_else(|| ".".as_ref()), name.as_ref())
        .rotation(Rotation::SizeBased(RotationSize::Bytes(config.max_file.bytes())))
        .max_keep_files(config.keep)
        .file_mode(MODE)
        .build();
    roller.map(|roller| Some(Box::new(roller) as _)).map_err(|error| Failure::start(&what(), into(error)))
}

fn into(error: impl std::error::Error + Send + Sync + 'static) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error)
}
