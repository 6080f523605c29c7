//! Time zones by their IANA names. The database of zones is part of the program, so that all
//! instances know the same ones.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::clock::Millis;

/// Shown where no other zone is known.
pub const UTC: &str = "UTC";

/// Returns the zone's name as the IANA writes it, or `None` for an unknown zone.
pub fn known(name: &str) -> Option<String> {
    zone(name)?.iana_name().map(str::to_owned)
}

/// Returns the names to choose from: the places, such as `Europe/Berlin`, in alphabetical order.
/// Names without a place, such as `EST5EDT`, are for old programs.
pub fn places() -> Vec<String> {
    const AREAS: [&str; 10] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ];
    let is_place = |name: &str| name.split_once('/').is_some_and(|(area, _)| AREAS.contains(&area));
    let names = jiff::tz::db().available().map(|name| name.to_string());
    let mut names: Vec<String> = names.filter(|name| is_place(name)).collect();
    names.sort_unstable();
    names
}

/// Returns how a time, given as RFC 3339, is shown in a zone: to the minute, without the zone's
/// name. `None` for what is no time.
pub fn shown(rfc3339: &str, zone_name: &str) -> Option<String> {
    let at: Timestamp = rfc3339.parse().ok()?;
    let local = at.to_zoned(zone(zone_name).unwrap_or(TimeZone::UTC));
    Some(local.strftime("%-d %B %Y, %H:%M").to_string())
}

/// Returns when a day, such as `2026-11-30`, begins and ends in UTC. `None` for what is no day.
pub fn day(text: &str) -> Option<(Millis, Millis)> {
    const LENGTH: usize = "2026-11-30".len();
    let day: Date = text.parse().ok().filter(|_| text.len() == LENGTH)?;
    let begin = |day: Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond());
    Some((begin(day)?, begin(day.tomorrow().ok()?)?))
}

fn zone(name: &str) -> Option<TimeZone> {
    // jiff also takes what the system's environment says, and looks names up in any case.
    jiff::tz::db().get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_utc() {
        assert_eq!(day("1970-01-01"), Some((0, 86_400_000)));
        assert_eq!(day("2024-02-29"), Some((1_709_164_800_000, 1_709_251_200_000)));
        for text in [
            "",
            "2026-02-29",
            "2026-2-3",
            "31.12.2026",
            "2026-11-30T10",
            "99999-01-01",
            "9999-12-31",
            "２０26-1",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn times_at_the_edges_of_summer_time() {
        for (zone, at, expected) in [
            // Berlin's clocks go from 02:00 to 03:00, and back from 03:00 to 02:00.
            ("Europe/Berlin", "2026-03-29T00:59:59.999Z", "29 March 2026, 01:59"),
            ("Europe/Berlin", "2026-03-29T01:00:00.000Z", "29 March 2026, 03:00"),
            ("Europe/Berlin", "2026-10-25T00:59:59.999Z", "25 October 2026, 02:59"),
            ("Europe/Berlin", "2026-10-25T01:00:00.000Z", "25 October 2026, 02:00"),
            ("Europe/Berlin", "2026-10-25T01:59:00.000Z", "25 October 2026, 02:59"),
            ("America/New_York", "2026-03-08T06:59:00.000Z", "8 March 2026, 01:59"),
            ("America/New_York", "2026-03-08T07:00:00.000Z", "8 March 2026, 03:00"),
            ("America/New_York", "2026-11-01T05:30:00.000Z", "1 November 2026, 01:30"),
            ("America/New_York", "2026-11-01T06:30:00.000Z", "1 November 2026, 01:30"),
            // Half an hour, in the southern summer.
            ("Australia/Lord_Howe", "2026-04-04T14:59:00.000Z", "5 April 2026, 01:59"),
            ("Australia/Lord_Howe", "2026-04-04T15:00:00.000Z", "5 April 2026, 01:30"),
            // Samoa had no 30 December 2011.
            ("Pacific/Apia", "2011-12-30T09:59:00.000Z", "29 December 2011, 23:59"),
            ("Pacific/Apia", "2011-12-30T10:00:00.000Z", "31 December 2011, 00:00"),
            ("Asia/Kathmandu", "2026-01-01T00:00:00.000Z", "1 January 2026, 05:45"),
            (UTC, "2026-11-22T07:02:03.004Z", "22 November 2026, 07:02"),
            ("nowhere", "2026-11-22T07:02:03.004Z", "22 November 2026, 07:02"),
        ] {
            assert_eq!(shown(at, zone).as_deref(), Some(expected), "{zone} {at}");
        }
        assert_eq!(shown("yesterday", UTC), None);
    }

    #[test]
    fn zones_are_known_by_their_names() {
        assert_eq!(known("europe/berlin").as_deref(), Some("Europe/Berlin"));
        for name in ["", "Berlin", "Europe/Atlantis", "../etc/passwd", "EST5EDT,M3.2.0,M11.1.0", "+01:00"] {
            assert_eq!(known(name), None, "{name}");
        }
    }

    #[test]
    fn places_can_be_chosen_and_nothing_else() {
        let places = places();
        assert!(places.len() > 400 && places.is_sorted(), "{}", places.len());
        for name in ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "Pacific/Apia"] {
            assert!(places.iter().any(|place| place == name), "{name}");
        }
        for place in &places {
            assert_eq!(known(place).as_deref(), Some(place.as_str()));
        }
    }
}
