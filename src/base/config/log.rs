//! Settings of the log.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Period, Size};

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The format of the lines: `text` or `json`.
    pub format: LogFormat,
    /// The level on the console, in the syntax of `RUST_LOG`.
    pub level: String,
    /// The file for requests, security events and errors; empty: none.
    pub file: PathBuf,
    /// The size at which a new file is started.
    pub max_file: Size,
    /// The number of old files to keep.
    pub keep: u64,
    /// The duration from which a request is logged as a warning.
    pub slow_request: Period,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}
