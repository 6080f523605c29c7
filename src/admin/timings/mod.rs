//! The timing page: how long the answers took, by route, and which were the slowest. Since the
//! start of this process, and of this process alone.

pub mod api;
pub mod pages;
mod slowest;

#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
pub mod service;

use serde::{Deserialize, Serialize};

use crate::{
    shared::{moment::Moment, named_enum::named_enum, part::Part, paths::ADMIN_TIMINGS},
    ui::Plot,
};

named_enum! {
    /// The time that the page looks back on.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Window(name) {
        /// Sixty seconds.
        Minute = "minute" => "Last minute",
        /// Sixty minutes.
        Hour = "hour" => "Last hour",
        /// Twenty-four hours.
        Day = "day" => "Last day",
    }
}

impl Window {
    /// Parses the query of the page's address; the last hour if it names no other.
    pub fn from_query(query: &str) -> Self {
        let mut named = form_urlencoded::parse(query.trim_start_matches('?').as_bytes())
            .filter(|(name, _)| name == "last")
            .filter_map(|(_, value)| Self::ALL.into_iter().find(|window| window.name() == value));
        named.next().unwrap_or(Self::Hour)
    }

    /// Returns the query that [`Self::from_query`] reads.
    pub fn to_query(self) -> String {
        match self {
            Self::Hour => String::new(),
            window => format!("?last={}", window.name()),
        }
    }

    /// Returns the page's address.
    pub fn address(self) -> String {
        format!("{ADMIN_TIMINGS}{}", self.to_query())
    }

    /// Returns its length in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }
}

/// Everything that the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimingsReport {
    /// When it was made.
    pub at: Moment,
    /// Answers per ten seconds of the last hour, with the columns from the cache, made, and errors.
    pub answers: Plot,
    /// The 95th percentile of the answers made in ten seconds, in milliseconds.
    pub durations: Plot,
    /// A line for each route with an answer, kept and made ones apart, by name.
    pub lines: Vec<TimingsLine>,
    /// The slowest requests, the slowest first.
    pub slowest: Vec<SlowRequest>,
}

/// The answers of one route. Times in microseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimingsLine {
    /// The route's pattern; "unknown" for all paths without a route.
    pub route: String,
    /// Whether the answers came from the page cache.
    pub is_cached: bool,
    /// How many there were.
    pub count: u64,
    /// How many of them had status 500 or above.
    pub errors: u64,
    /// The median, the 95th and the 99th percentile, and the longest.
    pub times: [u64; 4],
}

/// A slow request. Times in microseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowRequest {
    /// Its id, which is in the log.
    pub id: String,
    /// When its answer was ready.
    pub at: Moment,
    /// Method and route.
    pub what: String,
    /// The answer's status.
    pub status: u16,
    /// How long it took.
    pub took: u64,
    /// How many statements it sent to the database.
    pub queries: u64,
    /// How long each part took.
    pub parts: Vec<(Part, u64)>,
    /// The parts, as they followed each other.
    pub bars: Vec<Bar>,
}

/// A part of a request, in thousandths of its duration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// What it waited for.
    pub part: Part,
    /// Where it begins.
    pub from: u64,
    /// How long it is, at least 1.
    pub width: u64,
}

/// Formats a duration with three digits: "85 µs", "1.20 ms", "12.3 ms", "123 ms", "1.23 s". Uses
/// integers only, as `cache::bytes_in_words`.
pub fn micros_in_words(micros: u64) -> String {
    if micros < 1_000 {
        return format!("{micros} µs");
    }
    // A value that would round up to 1000 ms is written in seconds.
    let (unit, name) = if micros < 999_500 { (1_000, "ms") } else { (1_000_000, "s") };
    let scaled = |digits: u64| (micros * digits + unit / 2) / unit;
    match (scaled(100), scaled(10)) {
        (hundredths, _) if hundredths < 1_000 => {
            format!("{}.{:02} {name}", hundredths / 100, hundredths % 100)
        }
        (_, tenths) if tenths < 1_000 => format!("{}.{} {name}", tenths / 10, tenths % 10),
        _ => format!("{} {name}", scaled(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        for (micros, words) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_000, "1.00 ms"),
            (1_206, "1.21 ms"),
            (9_994, "9.99 ms"),
            (9_995, "10.0 ms"),
            (12_345, "12.3 ms"),
            (99_960, "100 ms"),
            (999_499, "999 ms"),
            (999_500, "1.00 s"),
            (61_000_000, "61.0 s"),
            (4_294_967_295, "4295 s"),
        ] {
            assert_eq!(micros_in_words(micros), words, "{micros}");
        }
    }

    #[test]
    fn a_window_round_trips_and_anything_else_is_the_last_hour() {
        for window in Window::ALL {
            assert_eq!(Window::from_query(&window.to_query()), window);
        }
        for query in ["", "?last=", "?last=week", "?other=day", "?%ff", "?last=Day"] {
            assert_eq!(Window::from_query(query), Window::Hour, "{query}");
        }
        assert_eq!(Window::Hour.address(), ADMIN_TIMINGS);
    }
}
