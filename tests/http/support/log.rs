//! What the whole process logs, as JSON lines; a test finds its own by request id or user id.

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
            // Everything that an operator could switch on: secrets must not be in it either.
            .with_env_filter(EnvFilter::new("debug,hyper=info,reqwest=info"))
            .with_writer(|| Lines)
            .init();
    });
}

pub fn text() -> String {
    String::from_utf8_lossy(&LINES.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// The lines that fit.
pub fn lines(fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    text()
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(fits)
        .collect()
}

/// The line of one request.
pub fn request(id: &str) -> Value {
    let mut found = lines(|line| line["request_id"] == id);
    assert_eq!(found.len(), 1, "one line a request, for {id}");
    found.remove(0)
}
