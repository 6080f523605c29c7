//! The log of the whole process as JSON lines; a test finds its own by request id or user id.

use std::{
    io,
    sync::{Mutex, Once, PoisonError},
    time::{Duration, Instant},
};

use memchr::{memchr, memmem, memrchr};
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

/// Returns whether any line contains this text.
pub fn contains(text: &str) -> bool {
    contains_until(usize::MAX, text)
}

/// Returns the length of the log so far.
pub fn length() -> usize {
    LINES.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// Returns whether the log contained this text when it had this length.
pub fn contains_until(length: usize, text: &str) -> bool {
    let all = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    memmem::find(&all[..length.min(all.len())], text.as_bytes()).is_some()
}

/// The lines that contain this text and satisfy `fits`.
pub fn lines(text: &str, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    with_text(0, text).0.iter().filter_map(|line| serde_json::from_slice(line).ok()).filter(fits).collect()
}

/// Waits for a line that contains this text and satisfies `fits`. Each look searches only what is
/// new: nobody can log during a search, and the site of a test that waits stands still.
pub async fn until(text: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let (begun, mut searched) = (Instant::now(), 0);
    loop {
        let (found, end) = with_text(searched, text);
        let mut found = found.iter().filter_map(|line| serde_json::from_slice(line).ok());
        if let Some(line) = found.find(&fits) {
            return line;
        }
        searched = end;
        assert!(begun.elapsed() < super::PATIENCE, "no line: {text}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Returns the lines from there on that contain this text, and where the last whole line ends.
/// Copies only these: all tests together log hundreds of megabytes.
fn with_text(from: usize, text: &str) -> (Vec<Vec<u8>>, usize) {
    let all = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let whole = memrchr(b'\n', &all).map_or(0, |end| end + 1);
    let all = &all[..whole];
    let (mut found, mut at) = (Vec::new(), from);
    while let Some(place) = memmem::find(&all[at..], text.as_bytes()) {
        let begin = memrchr(b'\n', &all[..at + place]).map_or(0, |end| end + 1);
        let end = memchr(b'\n', &all[at + place..]).map_or(all.len(), |end| at + place + end);
        found.push(all[begin..end].to_vec());
        at = end;
    }
    (found, whole)
}

/// The log line of one request.
pub fn request(id: &str) -> Value {
    let mut found = lines(id, |line| line["request_id"] == id);
    assert_eq!(found.len(), 1, "one line a request, for {id}");
    found.remove(0)
}
