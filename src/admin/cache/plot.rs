//! The last hour as SVG outlines.

use std::fmt::Write;

use super::{
    Plot, Stretch,
    chart::{HEIGHT, WIDTH},
};
use crate::{
    base::{clock::Millis, moment::moment},
    cache::{POINTS, Point, STEP},
};

/// Length of a stretch: five minutes, in milliseconds.
const STRETCH: Millis = 300_000;

/// Draws the points, the latest at the right edge.
pub fn plot(points: &[Point]) -> Plot {
    let reads = |point: &Point| point.counts.hits + point.counts.stale + point.counts.misses;
    // At least 10, so that a few reads in an idle hour do not look like many.
    let top = points.iter().map(reads).max().unwrap_or_default().max(10);
    Plot {
        reads: outline(points, top, reads),
        misses: outline(points, top, |point| point.counts.misses),
        top,
        stretches: stretches(points),
    }
}

/// Returns a closed outline with one step for each point: `M0,160V80H2V20…Z`.
fn outline(points: &[Point], top: u64, count: impl Fn(&Point) -> u64) -> String {
    let step = WIDTH / POINTS as u64;
    let first = WIDTH.saturating_sub(points.len() as u64 * step);
    let mut path = format!("M{first},{HEIGHT}");
    let (mut before, mut x) = (HEIGHT, first);
    for point in points {
        let y = HEIGHT - (count(point) * HEIGHT).div_ceil(top).min(HEIGHT);
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

fn stretches(points: &[Point]) -> Vec<Stretch> {
    let mut found: Vec<(Millis, Stretch)> = Vec::new();
    for Point { at, counts } in points {
        let from = at - at.rem_euclid(STRETCH);
        if counts.hits + counts.stale + counts.misses + counts.computes == 0 {
            continue;
        }
        if found.last().is_none_or(|(last, _)| *last != from) {
            found.push((from, Stretch { from: moment(from), hits: 0, misses: 0, computes: 0 }));
        }
        if let Some((_, stretch)) = found.last_mut() {
            stretch.hits += counts.hits + counts.stale;
            stretch.misses += counts.misses;
            stretch.computes += counts.computes;
        }
    }
    found.into_iter().map(|(_, stretch)| stretch).collect()
}

const _: () = assert!(STRETCH % STEP == 0 && WIDTH.is_multiple_of(POINTS as u64));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Totals;

    fn point(at: Millis, hits: u64, misses: u64) -> Point {
        Point { at, counts: Totals { hits, misses, computes: misses, ..Default::default() } }
    }

    #[test]
    fn the_latest_point_is_at_the_right_edge_and_the_maximum_at_the_top() {
        let plot = plot(&[point(0, 20, 20), point(10_000, 0, 0), point(20_000, 10, 0)]);
        assert_eq!(plot.top, 40);
        assert_eq!(plot.reads, "M714,160H714V0H716V160H718V120H720V160Z");
        assert_eq!(plot.misses, "M714,160H714V80H716V160H720V160Z");
    }

    #[test]
    fn zero_is_a_line_at_the_bottom_and_a_single_read_is_visible() {
        assert_eq!(plot(&[]).reads, "M720,160H720V160Z");
        assert!(plot(&[point(0, 1, 0)]).reads.contains("V144"));
        assert!(plot(&[point(0, 0, 1), point(10_000, 100_000, 0)]).misses.contains("V159"));
    }

    #[test]
    fn the_table_sums_five_minutes_per_row() {
        let stretches =
            plot(&[point(0, 1, 2), point(290_000, 3, 0), point(600_000, 0, 0), point(900_000, 5, 1)])
                .stretches;
        let seen: Vec<_> = stretches
            .iter()
            .map(|each| (each.from.iso.as_str(), each.hits, each.misses, each.computes))
            .collect();
        assert_eq!(seen, [("1970-01-01T00:00:00.000Z", 4, 2, 2), ("1970-01-01T00:15:00.000Z", 5, 1, 1)]);
    }
}
