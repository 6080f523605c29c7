//! The days of a filter as times.

use super::filter::{By, UserFilter};
use crate::base::{clock::Millis, time_zone::day};

/// Times within which users joined, or last logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The column: [`By::Joined`] or [`By::LastLogin`].
    pub by: By,
    /// The first time.
    pub from: Millis,
    /// The first time after them.
    pub before: Millis,
}

/// Returns the times within the days of the filter.
///
/// # Errors
/// What is wrong, in a sentence, if a day does not exist or the first is after the last.
pub fn of(filter: &UserFilter) -> Result<Vec<Range>, String> {
    let [joined_from, joined_to, seen_from, seen_to] = &filter.days;
    let ranges = [
        // Who never logged in has the time 0.
        range(By::LastLogin, "Last login", [seen_from, seen_to], 1)?,
        range(By::Joined, "Joined", [joined_from, joined_to], Millis::MIN)?,
    ];
    Ok(ranges.into_iter().flatten().collect())
}

fn range(by: By, name: &str, [from, to]: [&str; 2], least: Millis) -> Result<Option<Range>, String> {
    let day = |text: &str| match text {
        "" => Ok(None),
        text => {
            let wrong = || format!("{name}: “{text}” is not a date. Type the year first, as in 2026-12-31.");
            day(text).ok_or_else(wrong).map(Some)
        }
    };
    match (day(from)?, day(to)?) {
        (None, None) => Ok(None),
        (Some((from, _)), Some((to, _))) if from > to => {
            Err(format!("{name}: the first day is after the last."))
        }
        (from, to) => Ok(Some(Range {
            by,
            from: from.map_or(least, |(begin, _)| begin.max(least)),
            before: to.map_or(Millis::MAX, |(_, end)| end),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(query: &str) -> Result<Vec<Range>, String> {
        of(&UserFilter::from_query(query).0)
    }

    #[test]
    fn both_days_are_included() {
        assert_eq!(ranges(""), Ok(Vec::new()));
        let joined = Range { by: By::Joined, from: 86_400_000, before: 2 * 86_400_000 };
        assert_eq!(ranges("?joined_from=1970-01-02&joined_to=1970-01-02"), Ok(vec![joined]));
        let never_is_no_day = Range { by: By::LastLogin, from: 1, before: 86_400_000 };
        assert_eq!(ranges("?seen_to=1970-01-01"), Ok(vec![never_is_no_day]));
        assert_eq!(ranges("?joined_from=1970-01-02").expect("a range")[0].before, Millis::MAX);
    }

    #[test]
    fn nonsense_is_said() {
        for (query, expected) in [
            (
                "?joined_from=31.12.2026",
                "Joined: “31.12.2026” is not a date. Type the year first, as in 2026-12-31.",
            ),
            (
                "?seen_to=2026-02-31",
                "Last login: “2026-02-31” is not a date. Type the year first, as in 2026-12-31.",
            ),
            ("?joined_from=2026-02-02&joined_to=2026-02-01", "Joined: the first day is after the last."),
        ] {
            assert_eq!(ranges(query), Err(expected.to_owned()));
        }
    }
}
