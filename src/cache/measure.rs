//! What `script/bench` wants to know of the cache in memory (`measure-cache`; no command for operators).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Cache, Lease, Policy, PublicBytes, Ttl};
use crate::{
    base::{clock::Clock, failure::Failure},
    shared::error::AppError,
    timing::Recorder,
};

const MIB: u64 = 1024 * 1024;
const ENTRIES: u32 = 1_000_000;
const READS: u32 = 200_000;
const PASSING: u32 = 10_000_000;
const LIMIT: u64 = 64 * MIB;
const CALLERS: usize = 1000;

/// Measures, and gives what was found as JSON.
///
/// # Errors
/// Where the memory of the process cannot be read.
pub async fn measure() -> Result<Value, Failure> {
    // First, while the process is small.
    let passing = pass_through().await?;
    let (get, read) = median_reads().await;
    Ok(json!({
        "get_ns": get,
        "read_ns": read,
        "entries": ENTRIES,
        "passed_keys": PASSING,
        "limit_mib": LIMIT / MIB,
        "growth_mib": passing as f64 / MIB as f64,
        "concurrent_misses": CALLERS,
        "loads": loads_of_many().await,
    }))
}

/// The most bytes by which the process grew while many keys, each once, passed through a cache with a limit.
async fn pass_through() -> Result<u64, Failure> {
    let cache = Cache::new(Clock::default(), LIMIT);
    let before = resident()?;
    let mut most = before;
    for number in 0..PASSING {
        // As long as the short and the long things that a site keeps.
        keep(&cache, number, 64 + (number as usize * 7919) % 2000).await;
        if number % 50_000 == 0 {
            most = most.max(resident()?);
        }
    }
    Ok(most.max(resident()?) - before)
}

/// Nanoseconds of a read of an entry among very many, in no order, at the median: of the backend's own, and of one through a view,
/// which makes the key, looks at the times and the tags, and counts.
async fn median_reads() -> (u64, u64) {
    let cache = Cache::new(Clock::default(), 4 * 1024 * MIB);
    for number in 0..ENTRIES {
        keep(&cache, number, 200).await;
    }
    let recorder = Recorder::default();
    let view = cache.public(&recorder);
    let of_backend = median(|part| {
        let key = view.key(policy(), &[part]);
        timed(|| cache.core.link.backend.get_now(&key).is_some())
    });
    let through_view = median(|part| {
        let recorder = Recorder::default();
        let view = cache.public(&recorder);
        timed(|| view.get_now(policy(), &[part]).is_some())
    });
    (of_backend, through_view)
}

/// Of many reads. One that found nothing would be no measure: then there is none.
fn median(read: impl Fn(&str) -> Option<u64>) -> u64 {
    let part = |read: u32| part(read.wrapping_mul(2_654_435_761) % ENTRIES);
    let times: Option<Vec<u64>> = (0..READS).map(|number| read(&part(number))).collect();
    let Some(mut times) = times else { return u64::MAX };
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed(finds: impl FnOnce() -> bool) -> Option<u64> {
    let begun = Instant::now();
    let found = finds();
    let time = begun.elapsed();
    found.then(|| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

/// How often a value was computed that many wanted at once.
async fn loads_of_many() -> u32 {
    let (cache, loads) = (Cache::new(Clock::default(), LIMIT), Arc::new(AtomicU32::new(0)));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (cache, loads) = (cache.clone(), loads.clone());
            tokio::spawn(async move {
                let load = || async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok::<i64, AppError>(i64::from(loads.fetch_add(1, Ordering::Relaxed)))
                };
                cache.public(&Recorder::default()).get_or_set(policy(), &["wanted"], load).await
            })
        })
        .collect();
    for caller in callers {
        let _ = caller.await;
    }
    loads.load(Ordering::Relaxed)
}

async fn keep(cache: &Cache, number: u32, length: usize) {
    let recorder = Recorder::default();
    if let Lease::Owner(fill) = cache.public(&recorder).lease(policy(), &[&part(number)]).await {
        fill.keep(PublicBytes(vec![0_u8; length].into())).await;
    }
}

fn policy() -> Policy {
    Policy::new("measured", 1, Ttl::For(Duration::from_secs(3600)))
}

fn part(number: u32) -> String {
    format!("/members/page/{number:010}")
}

/// Bytes of this process in memory.
fn resident() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")
        .map_err(|error| Failure::start("read this process's memory", error))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| Failure::message("/proc says nothing of this process's memory"))
}
