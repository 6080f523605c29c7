//! What the timing page shows of the statistics.

use super::{Bar, SlowRequest, TimingsLine, TimingsReport, Window};
use crate::{
    base::{member::Staff, moment::moment, spent::Stretch},
    shared::{error::AppError, part::Part, permission::Permission},
    site::AppState,
    timing::statistics::{self, TimingPoint},
    ui::{
        Plot,
        chart::outline::{self, outline, stretches},
    },
};

/// Returns the timings of a window.
///
/// # Errors
/// [`AppError::Forbidden`] without the permission; [`AppError::Internal`] when a thread panicked.
pub async fn report(site: &AppState, staff: &Staff, window: Window) -> Result<TimingsReport, AppError> {
    staff.require(Permission::ViewTiming)?;
    let timings = site.timings.clone();
    // With many routes it takes some milliseconds, in which this thread would answer nobody.
    let reading = tokio::task::spawn_blocking(move || timings.report(window.seconds()));
    let statistics::StatisticsReport { lines, slowest, points } = reading.await.map_err(|error| {
        tracing::error!(%error, "The timings could not be read");
        AppError::Internal
    })?;
    Ok(TimingsReport {
        at: moment(site.clock.now()),
        answers: answers(&points),
        durations: durations(&points),
        lines: lines.into_iter().map(line).collect(),
        slowest: slowest.into_iter().map(|(request, route)| slow_request(&request, &route)).collect(),
    })
}

fn line(line: statistics::RouteLine) -> TimingsLine {
    let statistics::RouteLine { route, is_cached, summary } = line;
    TimingsLine {
        route,
        is_cached,
        count: summary.count,
        errors: summary.errors,
        times: [summary.p50, summary.p95, summary.p99, summary.max],
    }
}

/// Draws all answers, and those that were made over them.
fn answers(points: &[TimingPoint]) -> Plot {
    let all = |point: &TimingPoint| point.kept + point.made;
    let top = outline::top(points.iter().map(all).max().unwrap_or_default());
    let numbers = |point: &TimingPoint| (point.at * 1_000, [point.kept, point.made, point.errors]);
    Plot {
        outlines: vec![
            outline(points, outline::POINTS, top, all),
            outline(points, outline::POINTS, top, |point| point.made),
        ],
        top,
        stretches: stretches(points.iter().map(numbers), |one, next| one + next),
    }
}

/// Draws the 95th percentile, up to a whole number of milliseconds whose half is whole, too.
fn durations(points: &[TimingPoint]) -> Plot {
    const MIN_TOP_US: u64 = 10_000;
    let top = points.iter().map(|point| point.p95).max().unwrap_or_default().max(MIN_TOP_US);
    let top = top.next_multiple_of(2_000);
    let numbers = |point: &TimingPoint| (point.at * 1_000, [point.p95.div_ceil(1_000)]);
    Plot {
        outlines: vec![outline(points, outline::POINTS, top, |point| point.p95)],
        top: top / 1_000,
        stretches: stretches(points.iter().map(numbers), u64::max),
    }
}

const _: () = assert!(statistics::POINTS == outline::POINTS && statistics::STEP * 1_000 == outline::STEP);

fn slow_request(request: &statistics::SlowRequest, route: &str) -> SlowRequest {
    let parts = Part::ALL.into_iter().zip(request.sums).filter(|(_, took)| *took > 0);
    SlowRequest {
        id: request.id.to_string(),
        at: moment(request.at),
        what: format!("{} {route}", request.method),
        status: request.status,
        took: request.took.into(),
        queries: request.queries.into(),
        parts: parts.map(|(part, took)| (part, took.into())).collect(),
        bars: request.stretches.iter().map(|stretch| bar(stretch, request.took)).collect(),
    }
}

/// Scales a stretch to thousandths of the request. What is still going on when the answer is ready
/// ends with it.
fn bar(stretch: &Stretch, took: u32) -> Bar {
    let thousandths = |micros: u32| u64::from(micros.min(took)) * 1_000 / u64::from(took.max(1));
    let from = thousandths(stretch.from).min(999);
    let until = thousandths(stretch.from.saturating_add(stretch.took));
    Bar { part: stretch.part, from, width: until.saturating_sub(from).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_within_their_request() {
        let bar = |from, took| {
            let bar = bar(&Stretch { part: Part::Database, from, took }, 2_000);
            (bar.from, bar.width)
        };
        assert_eq!(bar(0, 2_000), (0, 1_000));
        assert_eq!(bar(500, 500), (250, 250));
        assert_eq!(bar(500, 0), (250, 1), "visible");
        assert_eq!(bar(1_900, 5_000), (950, 50));
        assert_eq!(bar(2_000, 9), (999, 1));
        assert_eq!(bar(u32::MAX, u32::MAX), (999, 1));
    }

    #[test]
    fn the_chart_of_durations_has_whole_milliseconds() {
        let point = |p95| TimingPoint { at: 300, p95, made: 1, ..TimingPoint::default() };
        let plot = durations(&[point(14_001), point(7_999)]);
        assert_eq!((plot.top, plot.stretches[0].numbers.clone()), (16, vec![15]));
        assert_eq!(plot.outlines, ["M716,160H716V19H718V80H720V160Z"]);
        assert_eq!(durations(&[]).top, 10);
        let answers = answers(&[TimingPoint { kept: 3, errors: 1, ..point(1) }]);
        assert_eq!((answers.top, answers.stretches[0].numbers.clone()), (10, vec![3, 1, 1]));
    }
}
