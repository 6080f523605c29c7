//! Reads all figures.

use std::time::Duration;

use tokio::time::timeout;

use super::{super::readiness, text::Text};
use crate::{
    base::metrics::Counter,
    mail,
    shared::{error::AppError, login_method::LoginMethod},
    site::AppState,
    timing::lookup::Lookup,
};

/// Returns all metrics. What the database cannot tell in time is left out.
pub async fn collect(site: &AppState) -> String {
    let mut text = Text::default();
    requests(site, &mut text);
    logins(site, &mut text);
    in_database(site, &mut text).await;
    cache(site, &mut text).await;
    connections(site, &mut text);
    if let Some(bytes) = resident_memory() {
        text.gauge("process_resident_memory_bytes", "Memory of the process.").value(&[], bytes);
    }
    text.gauge("members_area_check_level", "What /readyz says: 0 ok, 1 degraded, 2 unknown, 3 down.");
    for check in readiness::report(site).await.0 {
        text.value(&[("check", check.name)], check.level as u8);
    }
    text.into_string()
}

fn requests(site: &AppState, text: &mut Text) {
    let name = |number| site.timings.route(number).unwrap_or("none");
    let mut routes: Vec<_> = site.requests.routes().map(|(number, route)| (name(number), route)).collect();
    routes.sort_unstable_by_key(|(name, _)| *name);
    text.counter(
        "members_area_http_requests_total",
        "Requests by pattern of the route, method and class of status.",
    );
    for (name, route) in &routes {
        for (method, class, count) in route.counts() {
            text.value(&[("route", name), ("method", method), ("status", class)], count);
        }
    }
    text.histogram(
        "members_area_http_request_duration_seconds",
        "How long requests took until the head of the response was ready.",
    );
    routes.iter().for_each(|(name, route)| text.durations(&[("route", name)], &route.durations));
    text.gauge("members_area_http_requests_in_flight", "Requests that are being answered.")
        .value(&[], site.requests.in_flight());
}

fn logins(site: &AppState, text: &mut Text) {
    let queue = site.hasher.queue();
    text.gauge("members_area_hash_queue_length", "Password hashes that wait to be computed.")
        .value(&[], queue.waiting());
    text.histogram("members_area_hash_queue_wait_seconds", "How long password hashes have waited.")
        .durations(&[], queue.waits());
    // Present from the start, so that the first login is a change.
    for method in LoginMethod::ALL {
        site.logins.with(&(method.name(), "accepted".to_owned()), |_: &Counter| {});
    }
    text.counter(
        "members_area_logins_total",
        "Logins by what was tried and the result, in the words of the log.",
    );
    site.logins.for_each(|(method, result), count| {
        text.value(&[("method", method), ("result", result)], count.get());
    });
    text.counter("members_area_rate_limited_total", "How often a rate limit was exhausted, by its name.");
    site.throttle.reached().for_each(|name, count| text.value(&[("limit", name)], count.get()));
}

async fn in_database(site: &AppState, text: &mut Text) {
    const TIMEOUT: Duration = Duration::from_secs(3);
    let asked = async {
        let sessions = site.sessions.count_all().await?;
        Ok::<_, AppError>((sessions, mail::service::backlog(site).await?))
    };
    let Ok(Ok((sessions, backlog))) = timeout(TIMEOUT, asked).await else { return };
    text.gauge("members_area_sessions", "Sessions that have not ended.").value(&[], sessions);
    text.gauge("members_area_mails_waiting", "Mails that are to be sent.").value(&[], backlog.count);
    let age = Duration::from_millis(backlog.age.unsigned_abs()).as_secs_f64();
    text.gauge("members_area_oldest_mail_age_seconds", "How long the oldest of them has waited.")
        .value(&[], age);
}

async fn cache(site: &AppState, text: &mut Text) {
    text.counter("members_area_cache_lookups_total", "Reads of the cache by name and result.");
    site.cache.lookups().for_each(|name, lookups| {
        for lookup in [Lookup::Hit, Lookup::Miss, Lookup::Stale] {
            text.value(&[("name", name), ("result", lookup.word())], lookups.count(lookup));
        }
    });
    let usage = site.cache.usage_by_name().await;
    text.gauge("members_area_cache_entries", "Entries of the cache by name.");
    usage.iter().for_each(|(name, (entries, _))| text.value(&[("name", name)], entries));
    text.gauge("members_area_cache_bytes", "Size of the entries of the cache by name.");
    usage.iter().for_each(|(name, (_, bytes))| text.value(&[("name", name)], bytes));
}

fn connections(site: &AppState, text: &mut Text) {
    let pools = site.db.connections();
    text.gauge("members_area_database_connections", "Connections to the database by pool and state.");
    for (pool, usage) in &pools {
        text.value(&[("pool", pool), ("state", "in_use")], usage.in_use);
        text.value(&[("pool", pool), ("state", "idle")], usage.idle);
    }
    text.gauge("members_area_database_connections_max", "The most connections in use at once, by pool.");
    pools.iter().for_each(|(pool, usage)| text.value(&[("pool", pool)], usage.most));
}

/// Returns the resident memory in bytes, where the system tells it as Linux does.
fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
