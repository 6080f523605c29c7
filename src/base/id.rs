//! Row ids. The two databases generate them differently, so the program generates them.

use std::sync::atomic::{AtomicI64, Ordering};

use super::clock::{Millis, SKEW};

/// 2025-01-01 in milliseconds since 1970, so that 42 bits of milliseconds reach past the year 2160.
pub const EPOCH: Millis = 1_735_689_600_000;
const RANDOM_BITS: u32 = 21;

static LAST: AtomicI64 = AtomicI64::new(0);

/// Returns a new id: the time in the upper bits, so that ids sort by age and indexes grow at one
/// end; 21 random bits below, so that several instances on one database do not collide. Within one
/// process ids strictly increase, even when the clock goes back a little; when it goes back further
/// they follow the clock, or a process whose clock was once ahead would date all rows into the
/// future. Two instances collide with a chance of one in two million in the same millisecond; the
/// primary key then rejects the row.
pub fn new_id(now: Millis) -> i64 {
    let time = now.saturating_sub(EPOCH).clamp(0, (1 << 42) - 1);
    let fresh = (time << RANDOM_BITS) | i64::from(rand::random::<u32>() >> (32 - RANDOM_BITS));
    let previous = LAST
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(fresh, last)))
        .unwrap_or_else(|last| last);
    next(fresh, previous)
}

const fn next(fresh: i64, last: i64) -> i64 {
    if last >= fresh && last - fresh < SKEW << RANDOM_BITS { last.saturating_add(1) } else { fresh }
}

/// Returns a lower bound: rows created at `at` or later have no smaller id.
pub fn first_id_at(at: Millis) -> i64 {
    at.saturating_sub(EPOCH).clamp(0, (1 << 42) - 1) << RANDOM_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_increase_even_when_the_clock_goes_back_a_little() {
        let mut last = 0;
        for now in [EPOCH + 5_000, EPOCH + 4_000, 0, -1, EPOCH + 6_000, i64::MAX, i64::MAX] {
            let id = next(first_id_at(now), last);
            assert!(id > last && id >= first_id_at(now));
            last = id;
        }
    }

    #[test]
    fn a_clock_that_was_far_ahead_dates_no_later_row() {
        let (ahead, right) = (first_id_at(EPOCH + 400_000_000_000), first_id_at(EPOCH + 300_000_000_000));
        assert_eq!(next(right, ahead), right);
    }

    #[test]
    fn an_id_contains_its_time() {
        let (then, now) = (EPOCH + 5_000_000_000_000 / 2, EPOCH + 5_000_000_000_000 / 2 + 1);
        assert!(first_id_at(then) < first_id_at(now));
        assert_eq!(first_id_at(0), 0);
    }
}
