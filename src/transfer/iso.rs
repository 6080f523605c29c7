//! Parses times as Python writes them.

use time::{Date, Month, PrimitiveDateTime, Time, UtcOffset};

use crate::base::clock::Millis;

/// Parses `2024-02-29T23:59:58.123456+02:00`, also with a space for the T, without a fraction, with
/// Z, or without a zone: Django's SQLite stores UTC without saying so. A date alone is its midnight
/// in UTC. Returns `None` if the text is not a time.
pub fn parse(text: &str) -> Option<Millis> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = parse_numbers(date, '-', [4, 2, 2])?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
    if rest.is_empty() {
        let at = date.midnight().assume_utc();
        return Millis::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok();
    }
    let (time, offset) = zone(rest.strip_prefix(['T', ' '])?)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = parse_numbers(time, ':', [2, 2, 2])?;
    let [hour, minute, second] = [hour, minute, second].map(|number| u8::try_from(number).unwrap_or(u8::MAX));
    let time = Time::from_hms_milli(hour, minute, second, millis(fraction)?).ok()?;
    let at = PrimitiveDateTime::new(date, time).assume_offset(offset);
    Millis::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// Splits off the zone and returns the time without it.
fn zone(text: &str) -> Option<(&str, UtcOffset)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, UtcOffset::UTC));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, UtcOffset::UTC));
    };
    let (time, offset) = text.split_at(at);
    let digits: String = offset[1..].chars().filter(|c| *c != ':').collect();
    if ![2, 4].contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let [hours, minutes] = [digits.get(..2), digits.get(2..)]
        .map(|part| part.and_then(|part| part.parse::<i8>().ok()).unwrap_or(0));
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    Some((time, UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?))
}

/// Returns the fraction in milliseconds, rounded down.
fn millis(fraction: &str) -> Option<u16> {
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{fraction:0<3}").get(..3)?.parse().ok()
}

fn parse_numbers(text: &str, between: char, lengths: [usize; 3]) -> Option<[u32; 3]> {
    let parts: Vec<&str> = text.split(between).collect();
    let is_good = |(part, length): (&&str, usize)| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if parts.len() != 3 || !parts.iter().zip(lengths).all(is_good) {
        return None;
    }
    let numbers: Vec<u32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::moment::moment;

    #[test]
    fn djangos_times() {
        for (text, iso) in [
            ("2024-02-29T23:59:58.123Z", "2024-02-29T23:59:58.123Z"),
            ("2024-02-29 23:59:58.123987", "2024-02-29T23:59:58.123Z"),
            ("2024-02-29T23:59:58", "2024-02-29T23:59:58.000Z"),
            ("2024-02-29T23:59:58+02:00", "2024-02-29T21:59:58.000Z"),
            ("2024-02-29T23:59:58.5-0330", "2024-03-01T03:29:58.500Z"),
            ("2024-02-29 23:59:58+00", "2024-02-29T23:59:58.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(parse(text).map(|at| moment(at).iso).as_deref(), Some(iso), "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2024",
            "2024-02-30T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-02-29T24:00:00Z",
            "2024-02-29T23:59Z",
            "2024-02-29T23:59:60Z",
            "24-02-29T23:59:58Z",
            "2024-02-29T23:59:58.Z",
            "2024-02-29T23:59:58+2",
            "2024-02-29T23:59:58+27:00",
            "+024-02-29T23:59:58Z",
            "2024-02-29T23:59:58.1234567890Z",
            "２０２４-02-29T23:59:58Z",
            "tomorrow and tomorrow",
            "2024-02-29T-1:00:00",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
