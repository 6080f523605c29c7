//! The numbers of the admin's start page. Those that have to be counted are cached: a day that is
//! over for a day, all others for a minute.

use std::time::Duration;

use super::{Figure, Overview, store};
use crate::{
    activity::ActivityKind,
    admin::{
        mails::service as mails,
        timings::{Window, micros_in_words, service as timings},
        users::{
            filter::{Fact, ListPage, UserFilter},
            service as users,
        },
    },
    base::{
        clock::Millis,
        member::{Permission, Staff},
        moment::moment,
    },
    cache::Policy,
    shared::{
        error::AppError,
        moment::Moment,
        number::grouped,
        paths::{ADMIN_ACTIVITY, ADMIN_CACHE, MAILS, USERS},
    },
    site::RequestContext,
    ui::{
        Plot,
        chart::{
            Stretch,
            outline::{self, outline},
        },
    },
};

const DAY: Millis = 86_400_000;
/// Days in the chart.
const DAYS: usize = 30;
/// No day and no week is counted further.
const MAX_COUNTED: i64 = 100_000;
/// Routes in the list.
const ROUTES: usize = 5;

/// Returns what this member of staff may know.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn overview(context: &RequestContext, staff: &Staff) -> Result<Overview, AppError> {
    let mut found = Overview::default();
    if staff.require(Permission::ViewUser).is_ok() {
        found.figures.extend(of_users(context).await?);
    }
    if staff.require(Permission::ViewActivity).is_ok() {
        let days = logins(context).await?;
        let [logins, failed] = days.last().map(|day| day.1).unwrap_or_default();
        let of = |kind: ActivityKind| format!("{ADMIN_ACTIVITY}?kind={}", kind.name());
        found.figures.push(figure("Logins today", logins, of(ActivityKind::Login)));
        found.figures.push(figure("Failed logins today", failed, of(ActivityKind::LoginFailed)));
        found.logins = Some(plot(&days));
    }
    if staff.require(Permission::ViewMail).is_ok() {
        let (waiting, failed) = mails::counts(&context.site).await?;
        found.figures.push(figure("Emails waiting", waiting, MAILS.to_owned()));
        found.figures.push(figure("Emails failed", failed, format!("{MAILS}?stuck=1")));
    }
    if staff.require(Permission::ViewCache).is_ok() {
        let percent = context.site.cache.stats().await.totals.hit_percent();
        let value = percent.map_or("–".to_owned(), |percent| format!("{percent} %"));
        found.figures.push(Figure { label: "Cache hit ratio".into(), value, path: ADMIN_CACHE.into() });
    }
    if staff.require(Permission::ViewTiming).is_ok() {
        let mut lines = timings::report(&context.site, staff, Window::Hour).await?.lines;
        lines.sort_by_key(|line| std::cmp::Reverse(line.times[1]));
        lines.truncate(ROUTES);
        let row = |line: crate::admin::timings::TimingsLine| (line.route, micros_in_words(line.times[1]));
        found.slowest = Some(lines.into_iter().map(row).collect());
    }
    Ok(found)
}

fn figure(label: &str, count: i64, path: String) -> Figure {
    let value = if count >= MAX_COUNTED { format!("{}+", grouped(MAX_COUNTED)) } else { grouped(count) };
    Figure { label: label.to_owned(), value, path }
}

async fn of_users(context: &RequestContext) -> Result<[Figure; 3], AppError> {
    let (site, filter) = (&context.site, UserFilter::default());
    let unconfirmed = filter.with(Fact::Verified, Some(false));
    let (all, unconfirmed_facets) = (filter.facets(), unconfirmed.facets());
    let count = || async {
        let [members, unconfirmed] = users::totals(site, [&all, &unconfirmed_facets]).await?;
        let since = site.clock.now().saturating_sub(7 * DAY);
        let sql = store::joined_statement(&all, since, MAX_COUNTED);
        Ok(vec![members, store::count(&mut *site.db.read().await?, sql).await?, unconfirmed])
    };
    let policy = Policy::new("admin_users", 1, Duration::from_secs(60));
    let counts = context.public_cache().get_or_set(policy, &[], count).await?;
    let number = |at: usize| counts.get(at).copied().unwrap_or_default();
    let exact =
        |label: &str, count: i64, path: String| Figure { value: grouped(count), ..figure(label, 0, path) };
    Ok([
        exact("Members", number(0), USERS.to_owned()),
        figure("New in seven days", number(1), USERS.to_owned()),
        exact("Unconfirmed", number(2), format!("{USERS}{}", unconfirmed.to_query(&ListPage::First))),
    ])
}

/// Returns successful and failed logins of each of the last days, oldest first.
async fn logins(context: &RequestContext) -> Result<Vec<(Millis, [i64; 2])>, AppError> {
    let (site, cache) = (&context.site, context.public_cache());
    let today = site.clock.now().div_euclid(DAY);
    let mut days = Vec::with_capacity(DAYS);
    for day in (today + 1 - DAYS as i64)..=today {
        let count = || async {
            let mut connection = site.db.read().await?;
            let mut counts = Vec::new();
            for kind in [ActivityKind::Login, ActivityKind::LoginFailed] {
                let sql = store::activity_statement(kind.name(), day * DAY, (day + 1) * DAY, MAX_COUNTED);
                counts.push(store::count(&mut connection, sql).await?);
            }
            Ok(counts)
        };
        let ttl = Duration::from_secs(if day == today { 60 } else { 86_400 });
        let policy = Policy::new("admin_logins", 1, ttl);
        let counts: Vec<i64> = cache.get_or_set(policy, &[&day.to_string()], count).await?;
        // A shared cache holds what others have written too.
        let count = |at: usize| counts.get(at).map_or(0, |count| (*count).clamp(0, MAX_COUNTED));
        days.push((day * DAY, [0, 1].map(count)));
    }
    Ok(days)
}

/// Draws all logins, and the failed ones over them.
fn plot(days: &[(Millis, [i64; 2])]) -> Plot {
    let all = |(_, [logins, failed]): &(Millis, [i64; 2])| (logins + failed).unsigned_abs();
    let top = outline::top(days.iter().map(all).max().unwrap_or_default());
    let row = |(at, counts): &(Millis, [i64; 2])| Stretch {
        from: day(*at),
        numbers: counts.map(i64::unsigned_abs).into(),
    };
    Plot {
        outlines: vec![
            outline(days, DAYS, top, all),
            outline(days, DAYS, top, |(_, [_, failed])| failed.unsigned_abs()),
        ],
        top,
        stretches: days.iter().map(row).collect(),
    }
}

/// Returns the day without its time.
fn day(at: Millis) -> Moment {
    let Moment { iso, text } = moment(at);
    let before = |text: String, end: char| text.split(end).next().unwrap_or_default().to_owned();
    Moment { iso: before(iso, 'T'), text: before(text, ',') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_shown_without_its_time() {
        let day = day(1_795_330_923_004);
        assert_eq!((day.iso.as_str(), day.text.as_str()), ("2026-11-22", "22 November 2026"));
    }

    #[test]
    fn each_day_has_a_bar_and_a_row() {
        let mut days: Vec<_> = (0..30).map(|day| (day * DAY, [0, 0])).collect();
        days[29].1 = [15, 5];
        let plot = plot(&days);
        assert_eq!((plot.top, plot.stretches.len()), (20, 30));
        assert_eq!(plot.outlines, ["M0,160H696V0H720V160Z", "M0,160H696V120H720V160Z"]);
        assert_eq!(figure("x", MAX_COUNTED, String::new()).value, "100,000+");
    }
}
