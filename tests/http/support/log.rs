//! The log of the whole process as JSON lines; a test finds its own by request id or user id.

use std::{
    io,
    sync::{Mutex, Once, PoisonError},
};

use serde_json::Value;
use tracing_subscriber::{EnvFilter, fmt};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static BEGIN: Once = Once::new();

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn begin() {
    BEGIN.call_once(|| {
        fmt()
            .json()
            .flatten_event(true)
            // More verbose than the default: secrets must not be in these lines either.
            .with_env_filter(EnvFilter::new(
                "info,members_area=debug,axum_login=debug,tower_sessions=debug,tower_sessions_core=debug,sqlx=debug",
            ))
            .with_writer(|| Lines)
            .init();
    });
}

pub fn text() -> String {
    String::from_utf8_lossy(&LINES.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// The lines that contain this text and satisfy `fits`.
pub fn lines(text: &str, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    let all = self::text();
    let with_text = all.lines().filter(|line| line.contains(text));
    with_text.filter_map(|line| serde_json::from_str(line).ok()).filter(fits).collect()
}

/// The log line of one request.
pub fn request(id: &str) -> Value {
    let mut found = lines(id, |line| line["request_id"] == id);
    assert_eq!(found.len(), 1, "one line a request, for {id}");
    found.remove(0)
}
