//! Builds short header values from names and numbers. They are on every response, and one `write!`
//! takes longer than everything around it.

use std::time::Duration;

use axum::http::HeaderValue;
use bytes::Bytes;

/// A header value under construction.
pub struct Text(Vec<u8>);

impl Text {
    /// Starts with `beginning`.
    pub fn of(beginning: &str) -> Self {
        let mut text = Vec::with_capacity(128);
        text.extend_from_slice(beginning.as_bytes());
        Self(text)
    }

    /// Appends text.
    #[must_use]
    pub fn then(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// Appends a number; negative ones count as zero.
    #[must_use]
    pub fn number(mut self, number: i64) -> Self {
        const DIGITS: usize = 20;
        let (mut digits, mut at, mut left) = ([0; DIGITS], DIGITS, number.max(0));
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&digits[at..]);
        self
    }

    /// Appends a duration as `Server-Timing` has it, in milliseconds with one decimal.
    #[must_use]
    pub fn duration(self, duration: Duration) -> Self {
        let tenths = i64::try_from((duration.as_micros() + 50) / 100).unwrap_or(i64::MAX);
        self.then(";dur=").number(tenths / 10).then(".").number(tenths % 10)
    }

    /// Appends 16 hexadecimal digits.
    #[must_use]
    pub fn hex(mut self, number: u64) -> Self {
        let digit = |nibble: u64| b"0123456789abcdef"[(nibble & 15) as usize];
        self.0.extend((0..16).rev().map(|place| digit(number >> (4 * place))));
        self
    }

    /// Returns the header value, or `None` if the text is not valid in a header.
    pub fn value(self) -> Option<HeaderValue> {
        HeaderValue::from_maybe_shared(Bytes::from(self.0)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_equals_write() {
        for number in [0, 1, 9, 10, 288, i64::MAX] {
            let value = Text::of("ttl=").number(number).value().expect("a header");
            assert_eq!(value, format!("ttl={number}").as_str());
        }
        assert_eq!(Text::of("").number(-1).value().expect("a header"), "0");
        for number in [0, 0xabc, u64::MAX] {
            assert_eq!(
                Text::of("").hex(number).value().expect("a header"),
                format!("{number:016x}").as_str()
            );
        }
        for (micros, expected) in
            [(0, "0.0"), (49, "0.0"), (50, "0.1"), (12_345, "12.3"), (999_999, "1000.0")]
        {
            let value = Text::of("total").duration(Duration::from_micros(micros)).value().expect("a header");
            assert_eq!(value, format!("total;dur={expected}").as_str());
        }
        assert!(Text::of("a").then("\n").value().is_none());
    }
}
