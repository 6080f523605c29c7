//! What is written down.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Period, Size};

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// What the console gets, as in `RUST_LOG`.
    pub level: String,
    /// The log of requests, security events and errors; empty: none.
    pub file: PathBuf,
    /// A new file is begun at this size.
    pub max_file: Size,
    /// Old files kept.
    pub keep: u64,
    /// From here on a request is logged as a warning.
    pub slow_request: Period,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}
