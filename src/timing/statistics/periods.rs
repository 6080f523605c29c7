//! The last day in periods that grow with their age: ten seconds within the last minute, five
//! minutes within the last hour, hours before it.

/// Seconds since 1970.
pub type Seconds = i64;

/// The length of the youngest periods.
pub const STEP: Seconds = 10;
const MINUTE: Seconds = 60;
const HOUR: Seconds = 3_600;
const DAY: Seconds = 86_400;

/// Something that is recorded for a period.
pub trait Merge: Default {
    /// Adds what was recorded for a neighbouring period.
    fn merge(&mut self, other: Self);
}

/// What was recorded in the last day, the oldest first.
#[derive(Debug)]
pub struct Periods<T>(Vec<Period<T>>);

#[derive(Debug)]
struct Period<T> {
    from: Seconds,
    until: Seconds,
    value: T,
}

impl<T> Default for Periods<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Merge> Periods<T> {
    /// Returns the period of this moment.
    pub fn at(&mut self, moment: Seconds) -> &mut T {
        let at = self.0.partition_point(|period| period.until <= moment);
        if self.0.get(at).is_none_or(|period| period.from > moment) {
            let from = moment - moment.rem_euclid(STEP);
            self.0.insert(at, Period { from, until: from + STEP, value: T::default() });
        }
        &mut self.0[at].value
    }

    /// Joins the periods that have become old enough, and drops those of more than a day ago, and
    /// those of a clock that was ahead.
    pub fn settle(&mut self, now: Seconds) {
        self.0.retain(|period| period.until > now - DAY && period.from <= now + STEP);
        let mut at = 1;
        while at < self.0.len() {
            let length = length(now - self.0[at].until);
            if self.0[at].from.div_euclid(length) != self.0[at - 1].from.div_euclid(length) {
                at += 1;
                continue;
            }
            let Period { until, value, .. } = self.0.remove(at);
            self.0[at - 1].until = until;
            self.0[at - 1].value.merge(value);
        }
    }

    /// Returns the periods of the last seconds. The first of them can have begun earlier.
    pub fn within(&self, seconds: Seconds, now: Seconds) -> impl Iterator<Item = &T> + Clone {
        self.0.iter().filter(move |period| period.until > now - seconds).map(|period| &period.value)
    }

    /// Returns all periods.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|period| &mut period.value)
    }

    /// Returns all periods.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|period| &period.value)
    }
}

/// Returns how long a period of this age is.
const fn length(age: Seconds) -> Seconds {
    if age <= MINUTE {
        STEP
    } else if age <= HOUR {
        5 * MINUTE
    } else {
        HOUR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Merge for u32 {
        fn merge(&mut self, other: Self) {
            *self += other;
        }
    }

    fn sum(periods: &Periods<u32>, seconds: Seconds, now: Seconds) -> u32 {
        periods.within(seconds, now).sum()
    }

    #[test]
    fn each_window_has_what_happened_in_it() {
        let (mut periods, end) = (Periods::<u32>::default(), 20 * DAY);
        for second in end - 2 * DAY..end {
            *periods.at(second) += 1;
            if second % 7 == 0 {
                periods.settle(second);
            }
        }
        periods.settle(end);
        assert_eq!(sum(&periods, MINUTE, end), 60);
        assert_eq!(sum(&periods, HOUR, end), 3_600);
        assert_eq!(sum(&periods, DAY, end), 86_400);
        assert!(periods.0.len() <= 6 + 13 + 25, "{}", periods.0.len());
        // Between two periods, a window has the whole of its first.
        periods.settle(end + 1_234);
        assert!((2_366..=2_666).contains(&sum(&periods, HOUR, end + 1_234)));
        periods.settle(end + DAY);
        assert_eq!(periods.0.len(), 0);
    }

    #[test]
    fn what_is_reported_late_is_added_to_its_own_period() {
        let mut periods = Periods::<u32>::default();
        for second in [50_000, 50_300, 50_400, 50_009, 53_950, 53_945] {
            *periods.at(second) += 1;
        }
        periods.settle(54_000);
        *periods.at(50_100) += 1;
        assert_eq!([MINUTE, HOUR, DAY].map(|window| sum(&periods, window, 54_000)), [2, 3, 7]);
        assert!(periods.0.is_sorted_by(|a, b| a.until <= b.from));
    }

    #[test]
    fn what_a_clock_ahead_has_recorded_is_dropped_once_it_is_right() {
        let mut periods = Periods::<u32>::default();
        *periods.at(900_000) += 1;
        *periods.at(500_000) += 1;
        periods.settle(500_003);
        assert_eq!(sum(&periods, MINUTE, 500_003), 1);
    }
}
