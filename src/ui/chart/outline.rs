//! Numbers over time as SVG outlines.

use std::fmt::Write;

use super::{HEIGHT, Stretch, WIDTH};
use crate::base::{clock::Millis, moment::moment};

/// The points of an hour.
pub const POINTS: usize = 360;
/// From one point to the next: ten seconds, in milliseconds.
pub const STEP: Millis = 10_000;
/// Length of a stretch: five minutes, in milliseconds.
const STRETCH: Millis = 300_000;

/// Returns the number at the upper edge: no smaller than the highest, and easy to read, as is its
/// half. At least 10, so that a few of something do not look like many.
pub fn top(highest: u64) -> u64 {
    let mut ten = 10_u64;
    loop {
        if let Some(top) =
            [1, 2, 4].map(|times| ten.saturating_mul(times)).into_iter().find(|top| *top >= highest)
        {
            return top;
        }
        ten = ten.saturating_mul(10);
    }
}

/// Returns a closed outline with one step for each point, the latest at the right edge; `slots` fit
/// side by side: `M0,160V80H2V20…Z`.
pub fn outline<T>(points: &[T], slots: usize, top: u64, value: impl Fn(&T) -> u64) -> String {
    let step = WIDTH / slots as u64;
    let first = WIDTH.saturating_sub(points.len() as u64 * step);
    let mut path = format!("M{first},{HEIGHT}");
    let (mut before, mut x) = (HEIGHT, first);
    for point in points {
        let y = HEIGHT - (value(point) * HEIGHT).div_ceil(top).min(HEIGHT);
        if y != before {
            // Writing to a string cannot fail.
            let _ = write!(path, "H{x}V{y}");
            before = y;
        }
        x += step;
    }
    let _ = write!(path, "H{x}V{HEIGHT}Z");
    path
}

/// Returns the numbers of every five minutes in which at least one is not 0. `join` makes one
/// number of two, for example their sum.
pub fn stretches<const N: usize>(
    points: impl IntoIterator<Item = (Millis, [u64; N])>,
    join: impl Fn(u64, u64) -> u64,
) -> Vec<Stretch> {
    let mut found: Vec<(Millis, [u64; N])> = Vec::new();
    for (at, numbers) in points {
        let from = at - at.rem_euclid(STRETCH);
        match found.last_mut().filter(|(last, _)| *last == from) {
            Some((_, sums)) => {
                for (sum, number) in sums.iter_mut().zip(numbers) {
                    *sum = join(*sum, number);
                }
            }
            None => found.push((from, numbers)),
        }
    }
    let stretch =
        |(from, numbers): (Millis, [u64; N])| Stretch { from: moment(from), numbers: numbers.into() };
    found.into_iter().filter(|(_, numbers)| numbers.iter().any(|number| *number > 0)).map(stretch).collect()
}

const _: () = assert!(STRETCH % STEP == 0 && WIDTH.is_multiple_of(POINTS as u64));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_point_is_at_the_right_edge_and_the_maximum_at_the_top() {
        let points = [(20, 20), (0, 0), (10, 0)];
        assert_eq!(
            outline(&points, POINTS, 40, |(hits, misses)| hits + misses),
            "M714,160H714V0H716V160H718V120H720V160Z"
        );
        assert_eq!(outline(&points, POINTS, 40, |(_, misses)| *misses), "M714,160H714V80H716V160H720V160Z");
    }

    #[test]
    fn zero_is_a_line_at_the_bottom_and_little_is_visible() {
        assert_eq!(outline(&[], POINTS, 10, |number: &u64| *number), "M720,160H720V160Z");
        assert!(outline(&[1], POINTS, 100_000, |number| *number).contains("V159"));
        assert!(outline(&[9], POINTS, 3, |number| *number).contains("V0"), "not above the edge");
    }

    #[test]
    fn the_upper_edge_is_a_round_number() {
        for (highest, edge) in
            [(0, 10), (10, 10), (11, 20), (21, 40), (41, 100), (399, 400), (401, 1_000), (u64::MAX, u64::MAX)]
        {
            assert_eq!(top(highest), edge, "{highest}");
        }
    }

    #[test]
    fn the_table_joins_five_minutes_per_row() {
        let points = [(0, [1, 2]), (290_000, [3, 0]), (600_000, [0, 0]), (900_000, [5, 1])];
        let seen = |join: fn(u64, u64) -> u64| -> Vec<(String, Vec<u64>)> {
            stretches(points, join).into_iter().map(|each| (each.from.iso, each.numbers)).collect()
        };
        let (first, last) = ("1970-01-01T00:00:00.000Z".to_owned(), "1970-01-01T00:15:00.000Z".to_owned());
        assert_eq!(seen(|a, b| a + b), [(first.clone(), vec![4, 2]), (last.clone(), vec![5, 1])]);
        assert_eq!(seen(u64::max), [(first, vec![3, 2]), (last, vec![5, 1])]);
    }
}
