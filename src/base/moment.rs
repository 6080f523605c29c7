//! Formats timestamps.

use time::{OffsetDateTime, macros::format_description};

use super::clock::Millis;
use crate::shared::moment::Moment;

/// Formats a timestamp in UTC: to the second for people, to the millisecond for machines.
pub fn moment(at: Millis) -> Moment {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let iso = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let text =
        format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute]:[second] UTC");
    Moment { iso: at.format(&iso).unwrap_or_default(), text: at.format(&text).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_full_moment() {
        let moment = moment(1_795_330_923_004);
        assert_eq!(moment.iso, "2026-11-22T07:02:03.004Z");
        assert_eq!(moment.text, "22 November 2026, 07:02:03 UTC");
    }

    #[test]
    fn extreme_times_are_formatted() {
        for at in [i64::MIN, -1, 0, i64::MAX] {
            assert!(!moment(at).text.is_empty());
        }
    }
}
