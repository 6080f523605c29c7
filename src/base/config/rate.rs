//! Rate limits.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};

use super::Period;

/// A number of tries per period, written `5/5m`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    period: Period,
}

impl Rate {
    /// The maximum period.
    pub const MAX_PERIOD: Period = Period::days(7);

    /// Creates a rate of `count` tries per `period`.
    pub const fn new(count: u32, period: Period) -> Self {
        Self { count, period }
    }

    /// Returns the rate with another count and the same period.
    pub const fn with_count(self, count: u32) -> Self {
        Self { count, ..self }
    }

    /// Returns the number of tries.
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Returns the period.
    pub const fn period(self) -> Duration {
        self.period.get()
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, humantime::format_duration(self.period()))
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom(format!("`{text}` is not a rate such as `5/5m` or `30/1h`"));
        let (count, period) = text.split_once('/').ok_or_else(wrong)?;
        let count = count.trim().parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
        let period = humantime::parse_duration(period.trim()).map_err(|_| wrong())?;
        // Limits count in milliseconds.
        if period.as_millis() == 0 || period > Self::MAX_PERIOD.get() {
            return Err(D::Error::custom(format!("`{text}`: the time must be at least 1ms and at most 7d")));
        }
        Ok(Self { count, period: Period::millis(u64::try_from(period.as_millis()).unwrap_or(u64::MAX)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        let read = |text: &str| Rate::deserialize(serde_json::Value::from(text)).ok();
        assert_eq!(read("5/5m"), Some(Rate::new(5, Period::minutes(5))));
        assert_eq!(read("1 / 30s"), Some(Rate::new(1, Period::seconds(30))));
        for wrong in
            ["", "5", "5/", "/5m", "0/5m", "-1/5m", "5/0s", "5/999us", "5/8d", "5/soon", "99999999999/1m"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
