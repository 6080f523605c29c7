//! The `Date` header. hyper's own stays on a future day once the system's clock was ahead for a
//! moment.

use std::sync::{Mutex, PoisonError};

use axum::http::HeaderValue;
use time::{OffsetDateTime, macros::format_description};

use super::clock::Millis;

/// The header for the last second requested.
pub struct Date(Mutex<(i64, HeaderValue)>);

impl Default for Date {
    fn default() -> Self {
        Self(Mutex::new((0, written(0))))
    }
}

impl Date {
    /// Returns the header for `now`. It is formatted once a second.
    pub fn at(&self, now: Millis) -> HeaderValue {
        let second = now.div_euclid(1000);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != second {
            *last = (second, written(second));
        }
        last.1.clone()
    }
}

fn written(second: i64) -> HeaderValue {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let at = OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let written = at.format(&format).ok().and_then(|written| HeaderValue::try_from(written).ok());
    written.unwrap_or(HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_clock_forward_and_back() {
        let date = Date::default();
        for (at, expected) in [
            (784_111_777_999, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_795_330_923_004, "Sun, 22 Nov 2026 07:02:03 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (Millis::MAX, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            assert_eq!(date.at(at), expected, "{at}");
        }
    }
}
